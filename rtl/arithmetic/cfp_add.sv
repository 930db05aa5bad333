// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_add: the sum of two CFP words, rounded once.
// Handshake: none. Latency: 9 clocks. Throughput: one sum a clock.

module cfp_add #(
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int WordBits = 2 * MantissaBits + ExponentBits
) (
  input  logic                clk_i,
  input  logic [WordBits-1:0] a_i,
  input  logic [WordBits-1:0] b_i,
  output logic [WordBits-1:0] sum_o,
  /// the exponent of sum_o overflowed
  output logic                saturated_o
);

  localparam int AlignedBits = MantissaBits + 2;

  logic signed [AlignedBits-1:0]  a_re;
  logic signed [AlignedBits-1:0]  a_im;
  logic signed [AlignedBits-1:0]  b_re;
  logic signed [AlignedBits-1:0]  b_im;
  logic signed [ExponentBits:0]   exponent;
  logic signed [AlignedBits:0]    re_q;
  logic signed [AlignedBits:0]    im_q;
  logic signed [ExponentBits+2:0] exponent_q;

  cfp_align #(
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_align (
    .clk_i     (clk_i),
    .a_i       (a_i),
    .b_i       (b_i),
    .a_re_o    (a_re),
    .a_im_o    (a_im),
    .b_re_o    (b_re),
    .b_im_o    (b_im),
    .exponent_o(exponent)
  );

  always_ff @(posedge clk_i) begin
    re_q       <= {a_re[AlignedBits-1], a_re} + {b_re[AlignedBits-1], b_re};
    im_q       <= {a_im[AlignedBits-1], a_im} + {b_im[AlignedBits-1], b_im};
    exponent_q <= {{2{exponent[ExponentBits]}}, exponent};
  end

  cfp_normalise #(
    .InBits      (AlignedBits + 1),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_normalise (
    .clk_i      (clk_i),
    .re_i       (re_q),
    .im_i       (im_q),
    .exponent_i (exponent_q),
    .word_o     (sum_o),
    .saturated_o(saturated_o)
  );

endmodule
