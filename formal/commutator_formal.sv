// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// commutator: every word leaves in the beat and the lane that the definition gives: lane bit 0 and
// the time bit that counts Distance beats are exchanged in blocks that are switched, and unchanged
// in the others, and each beat leaves Distance beats after its place. One word, picked at any time
// in any lane, is tracked; because it may be any word, this holds for all. Every beat except the
// first Distance ones pushes a beat out, Latency clocks later. A beat that bypasses the commutator
// pushes out itself, and what has not been pushed out by then never is.

`include "formal.svh"

module commutator_formal #(
  parameter int Lanes = 2,
  parameter int WordBits = 1,  // words only pass through, so one bit is enough
  parameter int Distance = 2,
  parameter bit Passes = 1,    // 0: every block is switched
  parameter bit Bypass = 0,
  localparam int Latency = (Distance >= 4) ? 3 : 1,
  localparam int LaneBits = $clog2(Lanes),
  localparam int TimeBits = $clog2(2 * Distance),
  localparam int WaitBits = $clog2(2 * Distance + Latency + 1) + 1
) (
  input logic                      clk_i,
  input logic                      rst_ni,
  input logic                      valid_i,
  input logic [Lanes*WordBits-1:0] beat_i,
  input logic                      switch_i,
  input logic                      bypass_i,
  input logic                      pick_i,
  input logic [LaneBits-1:0]       pick_lane_i
);

  `RESET_FIRST

  // Incoming beats modulo the exchange's period, and whether the first Distance of them are in.
  logic [TimeBits-1:0] time_q;
  logic                primed_q;
  logic                time_bit;
  logic                pushes;
  // Whether the block is switched: settled at its first beat. The commutator hears of it in the
  // second half, and in the first anything.
  logic                switched_q;
  logic                switched;
  logic                bypassed;

  assign time_bit = time_q[TimeBits-1];
  assign switched = !Passes || ((time_q == '0) ? switch_i : switched_q);
  assign bypassed = Bypass && bypass_i;
  assign pushes   = valid_i && (primed_q || bypassed);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      time_q   <= '0;
      primed_q <= 1'b0;
    end else if (valid_i && bypassed) begin
      time_q   <= '0;
      primed_q <= 1'b0;
    end else if (valid_i) begin
      time_q <= time_q + 1'b1;
      if (time_q == TimeBits'(Distance - 1)) primed_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) switched_q <= switched;
  end

  logic                      out_valid;
  logic [Lanes*WordBits-1:0] out;

  commutator #(
    .Lanes   (Lanes),
    .WordBits(WordBits),
    .Distance(Distance),
    .Bypass  (Bypass)
  ) u_commutator (
    .clk_i   (clk_i),
    .rst_ni  (rst_ni),
    .valid_i (valid_i),
    .beat_i  (beat_i),
    .switch_i(!Passes || (time_bit ? switched_q : switch_i)),
    .bypass_i(bypass_i),
    .valid_o (out_valid),
    .beat_o  (out)
  );

  // Beats pushed out but not yet at the output.
  logic [Latency-1:0]  way_q;
  logic [WaitBits-1:0] on_way;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) way_q <= '0;
    else way_q <= Latency'({way_q, pushes});
  end

  assign on_way = WaitBits'($countones(way_q));

  // The tracked word and the beats that come out before its own. The last of the beats pushed so
  // far is the one Distance before the newest. The word's beat is Distance ahead of its own place
  // for lane bit 1 at time bit 0, and Distance behind it for lane bit 0 at time bit 1.
  logic                picked_q;
  logic [WordBits-1:0] word_q;
  logic [LaneBits-1:0] lane_q;
  logic [WaitBits-1:0] before_q;
  logic [WaitBits-1:0] to_go;
  logic                leaves;
  logic                early_q;  // it came among the first Distance beats
  logic                passed_q; // its block was not switched
  logic                past_q;   // it bypassed the commutator

  always_comb begin
    to_go = WaitBits'(Distance);
    if (switched && pick_lane_i[0] && !time_bit) to_go = WaitBits'(2 * Distance);
    if (switched && !pick_lane_i[0] && time_bit) to_go = '0;
  end

  assign leaves = picked_q && out_valid && before_q == '0;

  // None of the first Distance beats pushes one out: the first output beat comes in the word's
  // place.
  logic [TimeBits-1:0] unprimed;

  assign unprimed = primed_q ? '0 : TimeBits'(Distance) - time_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      picked_q <= 1'b0;
    end else if (!picked_q) begin
      picked_q <= pick_i && valid_i;
    end else if (leaves || (valid_i && bypassed && before_q >= on_way)) begin
      picked_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!picked_q) begin
      word_q   <= beat_i[pick_lane_i*WordBits+:WordBits];
      lane_q   <= switched && !bypassed ? LaneBits'({pick_lane_i >> 1, time_bit}) : pick_lane_i;
      passed_q <= !switched;
      early_q  <= !primed_q;
      before_q <= on_way - WaitBits'(out_valid) + (bypassed ? '0 : to_go - WaitBits'(unprimed));
      past_q   <= bypassed;
    end else if (out_valid) begin
      before_q <= before_q - 1'b1;
    end
  end

  `ASSERT(comes_when_pushed, out_valid == way_q[Latency-1])
  `ASSERT(word_in_its_place, !leaves || out[lane_q*WordBits+:WordBits] == word_q)

  `COVER(early_word, leaves && !lane_q[0] && $past(out_valid))
  `COVER(late_word, leaves && lane_q[0] && $past(!out_valid))
  `COVER(first_beats, leaves && early_q)
  if (Passes) begin : gen_passes
    `COVER(passed_even, leaves && passed_q && !lane_q[0])
    `COVER(passed_odd, leaves && passed_q && lane_q[0])
  end
  if (Bypass) begin : gen_bypass
    `COVER(bypassing, leaves && past_q && $past(out_valid))
    `COVER(after_a_bypass, leaves && !past_q && $past(bypassed && valid_i, Distance + Latency + 1))
  end
  `COVER(back_to_back, &way_q && out_valid && picked_q)

endmodule
