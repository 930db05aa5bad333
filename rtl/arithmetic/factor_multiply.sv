// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// factor_multiply: the product of two complex factors, each part rounded once to FactorBits signed
// bits and saturated just below one.
//
// The parts are signed fractions over 2^(FactorBits-1). Those of the factors have one bit more than
// the results, so that a factor can be exactly one. Each part of the product is a cascade of four
// DSP48E2s; b's parts are split into LowBits unsigned bits and the signed bits above them, because
// a DSP48E2 multiplies 27 bits by 18. Handshake: none. Latency: 8 clocks. Throughput: one product
// per clock.

module factor_multiply #(
  parameter int FactorBits = 25  // 12..27
) (
  input  logic                         clk_i,
  input  logic signed [FactorBits:0]   a_re_i,
  input  logic signed [FactorBits:0]   a_im_i,
  input  logic signed [FactorBits:0]   b_re_i,
  input  logic signed [FactorBits:0]   b_im_i,
  output logic signed [FactorBits-1:0] re_o,
  output logic signed [FactorBits-1:0] im_o
);

  localparam int InBits = FactorBits + 1;
  localparam int LowBits = (FactorBits >= 18) ? 17 : FactorBits / 2;
  localparam int LowProductBits = InBits + LowBits + 1;
  localparam int LowSumBits = LowProductBits + 1;
  localparam int HighProductBits = InBits + InBits - LowBits;
  // Bits of a part of the product, which stays below eight; its lowest bits are the low sum's.
  localparam int SumBits = HighProductBits + LowBits;
  localparam int KeptBits = SumBits - (FactorBits - 1);

  initial begin
    if (FactorBits < 12 || FactorBits > 27) $fatal(1, "factor_multiply: FactorBits must be 12..27");
  end

  // The operands, and later clocks' copies for the second, third and fourth product.
  logic signed [InBits-1:0]         a_re_q;
  logic signed [InBits-1:0]         a_im_q;
  logic signed [InBits-1:0]         b_re_q;
  logic signed [InBits-1:0]         b_im_q;
  logic signed [InBits-1:0]         a_re_q2;
  logic signed [InBits-1:0]         a_im_q2;
  logic signed [InBits-1:0]         b_re_q2;
  logic signed [InBits-1:0]         b_im_q2;
  logic signed [InBits-1:0]         a_re_q3;
  logic signed [InBits-1:0]         a_im_q3;
  logic signed [InBits-LowBits-1:0] b_re_high_q3;
  logic signed [InBits-LowBits-1:0] b_im_high_q3;
  logic signed [InBits-1:0]         a_im_q4;
  logic signed [InBits-LowBits-1:0] b_re_high_q4;
  logic signed [InBits-LowBits-1:0] b_im_high_q4;

  always_ff @(posedge clk_i) begin
    a_re_q       <= a_re_i;
    a_im_q       <= a_im_i;
    b_re_q       <= b_re_i;
    b_im_q       <= b_im_i;
    a_re_q2      <= a_re_q;
    a_im_q2      <= a_im_q;
    b_re_q2      <= b_re_q;
    b_im_q2      <= b_im_q;
    a_re_q3      <= a_re_q2;
    a_im_q3      <= a_im_q2;
    b_re_high_q3 <= b_re_q2[InBits-1:LowBits];
    b_im_high_q3 <= b_im_q2[InBits-1:LowBits];
    a_im_q4      <= a_im_q3;
    b_re_high_q4 <= b_re_high_q3;
    b_im_high_q4 <= b_im_high_q3;
  end

  // Clocks 2 to 4: the products of the low parts, signed by a zero above them.
  logic signed [LowBits:0] b_re_low;
  logic signed [LowBits:0] b_im_low;
  logic signed [LowBits:0] b_re_low2;
  logic signed [LowBits:0] b_im_low2;

  assign b_re_low  = {1'b0, b_re_q[LowBits-1:0]};
  assign b_im_low  = {1'b0, b_im_q[LowBits-1:0]};
  assign b_re_low2 = {1'b0, b_re_q2[LowBits-1:0]};
  assign b_im_low2 = {1'b0, b_im_q2[LowBits-1:0]};

  logic signed [LowProductBits-1:0] re_re_low_q2;
  logic signed [LowProductBits-1:0] re_im_low_q2;
  logic signed [LowProductBits-1:0] re_re_low_q3;
  logic signed [LowProductBits-1:0] re_im_low_q3;
  logic signed [LowProductBits-1:0] im_im_low_q3;
  logic signed [LowProductBits-1:0] im_re_low_q3;
  logic signed [LowSumBits-1:0]     re_low_q4;
  logic signed [LowSumBits-1:0]     im_low_q4;

  always_ff @(posedge clk_i) begin
    re_re_low_q2 <= a_re_q * b_re_low;
    re_im_low_q2 <= a_re_q * b_im_low;
    re_re_low_q3 <= re_re_low_q2;
    re_im_low_q3 <= re_im_low_q2;
    im_im_low_q3 <= a_im_q2 * b_im_low2;
    im_re_low_q3 <= a_im_q2 * b_re_low2;
    re_low_q4    <= {re_re_low_q3[LowProductBits-1], re_re_low_q3}
                    - {im_im_low_q3[LowProductBits-1], im_im_low_q3};
    im_low_q4    <= {re_im_low_q3[LowProductBits-1], re_im_low_q3}
                    + {im_re_low_q3[LowProductBits-1], im_re_low_q3};
  end

  // Clocks 4 to 6: those of the high parts, added to what the low ones carry.
  logic signed [HighProductBits-1:0] re_re_high_q4;
  logic signed [HighProductBits-1:0] re_im_high_q4;
  logic signed [HighProductBits-1:0] im_im_high_q5;
  logic signed [HighProductBits-1:0] im_re_high_q5;
  logic [HighProductBits-1:0]        re_high_q5;
  logic [HighProductBits-1:0]        im_high_q5;
  logic [HighProductBits-1:0]        re_high_q6;
  logic [HighProductBits-1:0]        im_high_q6;
  logic [LowBits-1:0]                re_tail_q5;
  logic [LowBits-1:0]                im_tail_q5;
  logic [LowBits-1:0]                re_tail_q6;
  logic [LowBits-1:0]                im_tail_q6;
  logic [HighProductBits-1:0]        re_carry;
  logic [HighProductBits-1:0]        im_carry;

  assign re_carry = {{(SumBits - LowSumBits){re_low_q4[LowSumBits-1]}},
                     re_low_q4[LowSumBits-1:LowBits]};
  assign im_carry = {{(SumBits - LowSumBits){im_low_q4[LowSumBits-1]}},
                     im_low_q4[LowSumBits-1:LowBits]};

  always_ff @(posedge clk_i) begin
    re_re_high_q4 <= a_re_q3 * b_re_high_q3;
    re_im_high_q4 <= a_re_q3 * b_im_high_q3;
    im_im_high_q5 <= a_im_q4 * b_im_high_q4;
    im_re_high_q5 <= a_im_q4 * b_re_high_q4;
    re_high_q5    <= re_carry + re_re_high_q4;
    im_high_q5    <= im_carry + re_im_high_q4;
    re_high_q6    <= re_high_q5 - im_im_high_q5;
    im_high_q6    <= im_high_q5 + im_re_high_q5;
    re_tail_q5    <= re_low_q4[LowBits-1:0];
    im_tail_q5    <= im_low_q4[LowBits-1:0];
    re_tail_q6    <= re_tail_q5;
    im_tail_q6    <= im_tail_q5;
  end

  // Clock 7: all that is below the half bit in one. Clock 8: rounded.
  logic [2*SumBits-1:0]    sums;
  logic [2*FactorBits-1:0] parts_q;

  assign sums = {im_high_q6, im_tail_q6, re_high_q6, re_tail_q6};

  for (genvar part = 0; part < 2; part++) begin : gen_part
    logic [SumBits-1:0]  sum;
    logic [KeptBits+1:0] value_q;
    logic [KeptBits-1:0] rounded;

    assign sum = sums[part*SumBits+:SumBits];

    always_ff @(posedge clk_i) value_q <= {sum[SumBits-1:FactorBits-2], |sum[FactorBits-3:0]};

    round_nearest_even #(
      .OutBits(KeptBits)
    ) u_round (
      .value_i  (value_q),
      .rounded_o(rounded)
    );

    // One and more: just below it.
    always_ff @(posedge clk_i) begin
      parts_q[part*FactorBits+:FactorBits] <=
          (!rounded[KeptBits-1] && |rounded[KeptBits-2:FactorBits-1]) ?
          {1'b0, {(FactorBits - 1){1'b1}}} : rounded[FactorBits-1:0];
    end
  end

  assign re_o = parts_q[0+:FactorBits];
  assign im_o = parts_q[FactorBits+:FactorBits];

endmodule
