// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// float_to_cfp: converts a float32 sample to a normalised CFP word, rounded to nearest even.
// Subnormals become zero; NaN and infinity become zero and are reported.
// Handshake: none. Latency: 3 clocks. Throughput: one sample a clock.

module float_to_cfp #(
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int WordBits = 2 * MantissaBits + ExponentBits
) (
  input  logic                clk_i,
  input  logic [31:0]         float_i,
  output logic [WordBits-1:0] word_o,
  /// the sample of word_o was a NaN or an infinity
  output logic                non_finite_o
);

  initial if (MantissaBits > 24 || ExponentBits < 8) begin
    $fatal(1, "float_to_cfp: MantissaBits must be at most 24 and ExponentBits at least 8");
  end

  // The significand 1.f has 24 bits, a mantissa's magnitude MantissaBits - 1.
  localparam int DropBits = 25 - MantissaBits;
  // The exponent of a normalised mantissa's lowest bit, less the float's biased exponent.
  localparam int Offset = DropBits - 150;
  localparam int WideBits = ExponentBits + 2;
  localparam logic signed [WideBits-1:0] ExponentMin = -(1 << (ExponentBits - 1));

  // Clock 1: round the magnitude. Two spare bits above it keep the rounding from saturating.
  logic [23:0]              significand;
  logic [MantissaBits+2:0]  to_round;
  logic [MantissaBits:0]    rounded;
  logic [MantissaBits-1:0]  magnitude_q;
  logic [7:0]               biased_q;
  logic                     sign_q;

  assign significand = {1'b1, float_i[22:0]};

  if (DropBits > 1) begin : gen_sticky
    assign to_round = {2'b00, significand[23:DropBits-1], |significand[DropBits-2:0]};
  end else begin : gen_no_sticky
    assign to_round = {2'b00, significand, 1'b0};
  end

  round_nearest_even #(
    .OutBits(MantissaBits + 1)
  ) u_round (
    .value_i  (to_round),
    .rounded_o(rounded)
  );

  always_ff @(posedge clk_i) begin
    magnitude_q <= rounded[MantissaBits-1:0];
    biased_q    <= float_i[30:23];
    sign_q      <= float_i[31];
  end

  // Clock 2: a magnitude that rounding carried to the next power of two.
  logic                       carried;
  logic [MantissaBits-1:0]    magnitude_q2;
  logic signed [WideBits-1:0] exponent_q2;
  logic                       sign_q2;
  logic                       zero_q2;
  logic                       non_finite_q2;

  assign carried = magnitude_q[MantissaBits-1];

  always_ff @(posedge clk_i) begin
    magnitude_q2  <= carried ? (magnitude_q >> 1) : magnitude_q;
    exponent_q2   <= WideBits'(biased_q) + WideBits'(Offset) + WideBits'(carried);
    sign_q2       <= sign_q;
    zero_q2       <= biased_q == 8'h00 || biased_q == 8'hFF;
    non_finite_q2 <= biased_q == 8'hFF;
  end

  // Clock 3: the sign.
  logic                    zero;
  logic [MantissaBits-1:0] mantissa;

  assign zero     = zero_q2 || exponent_q2 < ExponentMin;
  assign mantissa = sign_q2 ? -magnitude_q2 : magnitude_q2;

  always_ff @(posedge clk_i) begin
    word_o       <= zero ? cfp_pkg::Zero[63-:WordBits]
                         : {exponent_q2[ExponentBits-1:0], {MantissaBits{1'b0}}, mantissa};
    non_finite_o <= non_finite_q2;
  end

  logic unused;
  assign unused = &{1'b0, rounded[MantissaBits]};

endmodule
