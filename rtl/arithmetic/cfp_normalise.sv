// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_normalise: brings a wide complex result (re + i*im) * 2^exponent into the CFP format.
//
// The shift is lazy: left by the redundant sign bits that both parts have, but at most 3, so a
// four-way multiplexer suffices; the next operation's normaliser makes up for the rest. The low
// bits are then rounded away. Zero gets the most negative exponent; exponent overflow saturates
// each nonzero part and is reported; exponent underflow gives zero.
// Handshake: none. Latency: 4 clocks. Throughput: one word a clock.

module cfp_normalise #(
  parameter int InBits = 21,  // bits of the signed parts that come in: MantissaBits + 2 or more
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int InExponentBits = ExponentBits + 3,
  localparam int WordBits = 2 * MantissaBits + ExponentBits
) (
  input  logic                             clk_i,
  input  logic signed [InBits-1:0]         re_i,
  input  logic signed [InBits-1:0]         im_i,
  /// exponent of the parts' lowest bit
  input  logic signed [InExponentBits-1:0] exponent_i,
  output logic [WordBits-1:0]              word_o,
  /// the exponent of word_o overflowed
  output logic                             saturated_o
);

  localparam int DropBits = InBits - MantissaBits;
  localparam logic signed [InExponentBits-1:0] ExponentMax = (1 << (ExponentBits - 1)) - 1;
  localparam logic signed [InExponentBits-1:0] ExponentMin = -(1 << (ExponentBits - 1));

  initial if (DropBits < 2) $fatal(1, "cfp_normalise: InBits must be at least MantissaBits + 2");

  // Clock 1: how far to shift. Bit i of same: the top i + 2 bits of both parts equal their signs.
  logic [2:0]                       same;
  logic [1:0]                       shift_q;
  logic [InBits-1:0]                re_q;
  logic [InBits-1:0]                im_q;
  logic signed [InExponentBits-1:0] exponent_q;

  for (genvar i = 0; i < 3; i++) begin : gen_same
    assign same[i] = (re_i[InBits-1-:i+2] == {(i + 2){re_i[InBits-1]}}) &&
                     (im_i[InBits-1-:i+2] == {(i + 2){im_i[InBits-1]}});
  end

  always_ff @(posedge clk_i) begin
    shift_q    <= {same[1], same[2] || (same[0] && !same[1])};
    re_q       <= re_i;
    im_q       <= im_i;
    exponent_q <= exponent_i + InExponentBits'(DropBits);
  end

  // Clock 2: shift, and fold everything below the half bit into one sticky bit.
  logic [InBits-1:0]                re_shifted;
  logic [InBits-1:0]                im_shifted;
  logic [MantissaBits+1:0]          re_q2;
  logic [MantissaBits+1:0]          im_q2;
  logic signed [InExponentBits-1:0] exponent_q2;

  assign re_shifted = re_q << shift_q;
  assign im_shifted = im_q << shift_q;

  always_ff @(posedge clk_i) begin
    re_q2       <= {re_shifted[InBits-1:DropBits-1], |re_shifted[DropBits-2:0]};
    im_q2       <= {im_shifted[InBits-1:DropBits-1], |im_shifted[DropBits-2:0]};
    exponent_q2 <= exponent_q - InExponentBits'(shift_q);
  end

  // Clock 3: round.
  logic [MantissaBits-1:0] re_rounded;
  logic [MantissaBits-1:0] im_rounded;
  logic [MantissaBits-1:0] re_q3;
  logic [MantissaBits-1:0] im_q3;
  logic [ExponentBits-1:0] exponent_q3;
  logic                    overflow_q3;
  logic                    underflow_q3;

  round_nearest_even #(
    .OutBits(MantissaBits)
  ) u_round_re (
    .value_i  (re_q2),
    .rounded_o(re_rounded)
  );

  round_nearest_even #(
    .OutBits(MantissaBits)
  ) u_round_im (
    .value_i  (im_q2),
    .rounded_o(im_rounded)
  );

  always_ff @(posedge clk_i) begin
    re_q3        <= re_rounded;
    im_q3        <= im_rounded;
    exponent_q3  <= exponent_q2[ExponentBits-1:0];
    overflow_q3  <= exponent_q2 > ExponentMax;
    underflow_q3 <= exponent_q2 < ExponentMin;
  end

  // Clock 4: the special cases.
  logic                    re_nonzero;
  logic                    im_nonzero;
  logic                    zero;
  logic [MantissaBits-1:0] re_final;
  logic [MantissaBits-1:0] im_final;
  logic [ExponentBits-1:0] exponent_final;

  // The largest mantissa of each part's sign.
  logic [MantissaBits-1:0] re_limit;
  logic [MantissaBits-1:0] im_limit;

  assign re_limit   = {re_q3[MantissaBits-1], {(MantissaBits - 1){!re_q3[MantissaBits-1]}}};
  assign im_limit   = {im_q3[MantissaBits-1], {(MantissaBits - 1){!im_q3[MantissaBits-1]}}};
  assign re_nonzero = re_q3 != '0;
  assign im_nonzero = im_q3 != '0;
  assign zero       = underflow_q3 || !(re_nonzero || im_nonzero);

  always_comb begin
    re_final       = re_q3;
    im_final       = im_q3;
    exponent_final = exponent_q3;
    if (zero) begin
      re_final       = '0;
      im_final       = '0;
      exponent_final = cfp_pkg::Zero[63-:ExponentBits];
    end else if (overflow_q3) begin
      if (re_nonzero) re_final = re_limit;
      if (im_nonzero) im_final = im_limit;
      exponent_final = {1'b0, {(ExponentBits - 1){1'b1}}};
    end
  end

  always_ff @(posedge clk_i) begin
    word_o      <= {exponent_final, im_final, re_final};
    saturated_o <= overflow_q3 && !zero;
  end

endmodule
