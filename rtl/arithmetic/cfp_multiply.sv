// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_multiply: a CFP word times (b_re + i*b_im) * 2^b_exponent, rounded once: the rotator's
// product by a twiddle and the spectral MAC's product of two words.
//
// Four real products, each pair in a cascade of two DSP48E2 with every register of the column used:
// the second product's operands wait a clock for the first one's sum.
// Handshake: none. Latency: 8 clocks. Throughput: one product a clock.

module cfp_multiply #(
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int FactorBits = 25,   // bits of b's parts
  parameter int ProductBits = 43,  // bits that hold each part of the exact product
  localparam int WordBits = 2 * MantissaBits + ExponentBits
) (
  input  logic                           clk_i,
  input  logic [WordBits-1:0]            a_i,
  input  logic signed [FactorBits-1:0]   b_re_i,
  input  logic signed [FactorBits-1:0]   b_im_i,
  input  logic signed [ExponentBits-1:0] b_exponent_i,
  output logic [WordBits-1:0]            product_o,
  /// the exponent of product_o overflowed
  output logic                           saturated_o
);

  localparam int RealBits = MantissaBits + FactorBits;
  localparam int SignBits = ProductBits - RealBits + 1;  // copies of a real product's sign

  initial if (ProductBits < RealBits || ProductBits > RealBits + 1) begin
    $fatal(1, "cfp_multiply: ProductBits must be MantissaBits + FactorBits, or one more");
  end

  logic signed [MantissaBits-1:0] a_re_q;
  logic signed [MantissaBits-1:0] a_im_q;
  logic signed [MantissaBits-1:0] a_im_q2;
  logic signed [FactorBits-1:0]   b_re_q;
  logic signed [FactorBits-1:0]   b_im_q;
  logic signed [FactorBits-1:0]   b_re_q2;
  logic signed [FactorBits-1:0]   b_im_q2;
  logic signed [RealBits-1:0]     re_re_q2;
  logic signed [RealBits-1:0]     re_im_q2;
  logic signed [RealBits-1:0]     re_re_q3;
  logic signed [RealBits-1:0]     re_im_q3;
  logic signed [RealBits-1:0]     im_im_q3;
  logic signed [RealBits-1:0]     im_re_q3;
  logic signed [ProductBits-1:0]  re_q4;
  logic signed [ProductBits-1:0]  im_q4;
  logic signed [ExponentBits-1:0] a_exponent_q;
  logic signed [ExponentBits-1:0] b_exponent_q;
  logic signed [ExponentBits+2:0] exponent_q2;
  logic signed [ExponentBits+2:0] exponent_q3;
  logic signed [ExponentBits+2:0] exponent_q4;

  always_ff @(posedge clk_i) begin
    a_re_q <= a_i[MantissaBits-1:0];
    a_im_q <= a_i[2*MantissaBits-1:MantissaBits];
    b_re_q <= b_re_i;
    b_im_q <= b_im_i;

    re_re_q2 <= a_re_q * b_re_q;
    re_im_q2 <= a_re_q * b_im_q;
    a_im_q2  <= a_im_q;
    b_re_q2  <= b_re_q;
    b_im_q2  <= b_im_q;

    re_re_q3 <= re_re_q2;
    re_im_q3 <= re_im_q2;
    im_im_q3 <= a_im_q2 * b_im_q2;
    im_re_q3 <= a_im_q2 * b_re_q2;

    re_q4 <= {{SignBits{re_re_q3[RealBits-1]}}, re_re_q3[RealBits-2:0]}
             - {{SignBits{im_im_q3[RealBits-1]}}, im_im_q3[RealBits-2:0]};
    im_q4 <= {{SignBits{re_im_q3[RealBits-1]}}, re_im_q3[RealBits-2:0]}
             + {{SignBits{im_re_q3[RealBits-1]}}, im_re_q3[RealBits-2:0]};
  end

  always_ff @(posedge clk_i) begin
    a_exponent_q <= a_i[WordBits-1:2*MantissaBits];
    b_exponent_q <= b_exponent_i;
    exponent_q2  <= {{3{a_exponent_q[ExponentBits-1]}}, a_exponent_q}
                    + {{3{b_exponent_q[ExponentBits-1]}}, b_exponent_q};
    exponent_q3  <= exponent_q2;
    exponent_q4  <= exponent_q3;
  end

  cfp_normalise #(
    .InBits      (ProductBits),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_normalise (
    .clk_i      (clk_i),
    .re_i       (re_q4),
    .im_i       (im_q4),
    .exponent_i (exponent_q4),
    .word_o     (product_o),
    .saturated_o(saturated_o)
  );

endmodule
