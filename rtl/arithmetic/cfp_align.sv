// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_align: brings two CFP words to one exponent, so that they can be added.
//
// The word of the smaller exponent is shifted right, keeping 2 guard bits; everything shifted out
// is ORed into the last kept bit (sticky), so that the rounding that follows still knows on which
// side of a tie the value lies.
// Handshake: none. Latency: 4 clocks. Throughput: one pair of words a clock.

module cfp_align #(
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int GuardBits = 2,
  localparam int OutBits = MantissaBits + GuardBits,
  localparam int OutExponentBits = ExponentBits + 1,
  localparam int WordBits = 2 * MantissaBits + ExponentBits
) (
  input  logic                              clk_i,
  input  logic [WordBits-1:0]               a_i,
  input  logic [WordBits-1:0]               b_i,
  output logic signed [OutBits-1:0]         a_re_o,
  output logic signed [OutBits-1:0]         a_im_o,
  output logic signed [OutBits-1:0]         b_re_o,
  output logic signed [OutBits-1:0]         b_im_o,
  /// exponent of the parts' lowest bit
  output logic signed [OutExponentBits-1:0] exponent_o
);

  initial if (OutBits > 31) $fatal(1, "cfp_align: MantissaBits must be at most 29");

  localparam int PartsBits = 2 * MantissaBits;

  // Clock 1: both differences of the exponents.
  logic [ExponentBits:0] a_exponent;
  logic [ExponentBits:0] b_exponent;
  logic [ExponentBits:0] a_minus_b_q;
  logic [ExponentBits:0] b_minus_a_q;
  logic [WordBits-1:0]   a_q;
  logic [WordBits-1:0]   b_q;

  assign a_exponent = {a_i[WordBits-1], a_i[WordBits-1:PartsBits]};
  assign b_exponent = {b_i[WordBits-1], b_i[WordBits-1:PartsBits]};

  always_ff @(posedge clk_i) begin
    a_minus_b_q <= a_exponent - b_exponent;
    b_minus_a_q <= b_exponent - a_exponent;
    a_q         <= a_i;
    b_q         <= b_i;
  end

  // Clock 2: which one is small, and by how much; beyond 31 every bit is shifted out anyway.
  logic                                a_small;
  logic        [ExponentBits:0]        distance;
  logic                                a_small_q2;
  logic        [4:0]                   amount_q2;
  logic        [PartsBits-1:0]         small_q2;
  logic        [PartsBits-1:0]         large_q2;
  logic signed [OutExponentBits-1:0]   exponent_q2;

  assign a_small  = a_minus_b_q[ExponentBits];
  assign distance = a_small ? b_minus_a_q : a_minus_b_q;

  always_ff @(posedge clk_i) begin
    a_small_q2  <= a_small;
    amount_q2   <= distance[4:0] | {5{|distance[ExponentBits:5]}};
    small_q2    <= a_small ? a_q[PartsBits-1:0] : b_q[PartsBits-1:0];
    large_q2    <= a_small ? b_q[PartsBits-1:0] : a_q[PartsBits-1:0];
    exponent_q2 <= a_small ? {b_q[WordBits-1], b_q[WordBits-1:PartsBits]}
                           : {a_q[WordBits-1], a_q[WordBits-1:PartsBits]};
  end

  // Clock 3: shift by 0, 8, 16 or 24. Clock 4: by 0..7, and back to a and b.
  logic                              a_small_q3;
  logic        [2:0]                 amount_q3;
  logic        [PartsBits-1:0]       large_q3;
  logic signed [OutExponentBits-1:0] exponent_q3;

  always_ff @(posedge clk_i) begin
    a_small_q3  <= a_small_q2;
    amount_q3   <= amount_q2[2:0];
    large_q3    <= large_q2;
    exponent_q3 <= exponent_q2 - OutExponentBits'(GuardBits);
    exponent_o  <= exponent_q3;
  end

  for (genvar part = 0; part < 2; part++) begin : gen_part
    logic signed [OutBits-1:0] small_wide;
    logic        [OutBits-1:0] coarse_mask;
    logic        [6:0]         fine_mask;
    logic signed [OutBits-1:0] coarse_q3;
    logic                      sticky_q3;
    logic signed [OutBits-1:0] fine;
    logic        [OutBits-1:0] small_part;
    logic        [OutBits-1:0] large_part;
    logic        [OutBits-1:0] a_q4;
    logic        [OutBits-1:0] b_q4;

    assign small_wide  = {small_q2[part*MantissaBits+:MantissaBits], {GuardBits{1'b0}}};
    assign coarse_mask = ~({OutBits{1'b1}} << {amount_q2[4:3], 3'b000});
    assign fine_mask   = ~(7'h7F << amount_q3);

    always_ff @(posedge clk_i) begin
      coarse_q3 <= small_wide >>> {amount_q2[4:3], 3'b000};
      sticky_q3 <= |(small_wide & coarse_mask);
    end

    assign fine       = coarse_q3 >>> amount_q3;
    assign small_part = {fine[OutBits-1:1], fine[0] | sticky_q3 | (|(coarse_q3[6:0] & fine_mask))};
    assign large_part = {large_q3[part*MantissaBits+:MantissaBits], {GuardBits{1'b0}}};

    always_ff @(posedge clk_i) begin
      a_q4 <= a_small_q3 ? small_part : large_part;
      b_q4 <= a_small_q3 ? large_part : small_part;
    end
  end

  assign a_re_o = gen_part[0].a_q4;
  assign b_re_o = gen_part[0].b_q4;
  assign a_im_o = gen_part[1].a_q4;
  assign b_im_o = gen_part[1].b_q4;

endmodule
