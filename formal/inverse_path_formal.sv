// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// inverse_path, behind a MAC and around an engine of any latency: whatever they do, and however
// long samples wait to be taken, each chunk's own mark is present when its beats reach overlap_add;
// neither FIFO ever refuses a word; and no reservation waits forever for space, be it for its beat
// or for its mark. One chunk, picked at any time, is tracked: the chunks ahead of it are counted at
// its first reservation. Abstract models replace the engine and the arithmetic (see any_latency/
// and no_data/).

`include "formal.svh"

module inverse_path_formal #(
  parameter int Lanes = 16,
  parameter int Chunk = 512,
  localparam int Beats = Chunk / Lanes,
  localparam int CountBits = $clog2(Beats)
) (
  input logic clk_i,
  input logic rst_ni,
  input logic want_i,
  input logic no_tail_i,
  input logic drop_i,
  input logic total_i,
  input logic ready_i,
  input logic pick_i
);

  `RESET_FIRST

  // The words' widths do not matter: nothing reads them.
  localparam int MantissaBits = 14;
  localparam int ExponentBits = 8;
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits);

  logic                available;
  logic                reserve;
  logic                enter;
  logic                valid;
  logic [Lanes*32-1:0] samples;
  logic                chunk_done;
  logic                saturated;

  // The handshake: a beat is reserved only while there is space for it.
  assign reserve = want_i && available;

  inverse_path #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_dut (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .available_o (available),
    .reserve_i   (reserve),
    .no_tail_i   (no_tail_i),
    .drop_i      (drop_i),
    .valid_i     (enter),
    .beat_i      ({BeatBits{1'b0}}),
    .valid_o     (valid),
    .ready_i     (ready_i),
    .samples_o   (samples),
    .chunk_done_o(chunk_done),
    .saturated_o (saturated)
  );

  // The MAC delivers the totals of the reserved beats, each at any time after its reservation.
  logic [15:0] in_mac_q;

  assign enter = total_i && in_mac_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) in_mac_q <= '0;
    else in_mac_q <= in_mac_q + 16'(reserve) - 16'(enter);
  end

  // ---------------------------------------------------------------------------------------------
  // Where the beats are.

  // As in inverse_path.
  localparam int PathClocks = 24 * $clog2(Chunk) + 16;
  localparam int Credits = 1 << $clog2(PathClocks);
  localparam int MarksDepth = 1 << $clog2(2 + (PathClocks + Beats - 1) / Beats);

  logic [15:0] on_the_way;  // reserved, not yet at overlap_add
  logic [15:0] behind;      // in overlap_add and the conversion
  logic [15:0] waiting;     // in the FIFO
  logic [15:0] place;       // index in its chunk of the beat that reaches overlap_add next
  logic [15:0] reserved;    // index in its chunk of the beat that is reserved next
  logic [15:0] chunks;      // chunks with a beat reserved and their last not yet at overlap_add
  logic        z_valid;

  assign z_valid    = u_dut.z_valid;
  assign on_the_way = in_mac_q + u_dut.u_engine.inside_q;
  assign waiting    = 16'(u_dut.fifo_level);
  assign place      = 16'(u_dut.u_overlap_add.count_q);
  assign reserved   = 16'(u_dut.reserved_q);
  assign chunks     = 16'(u_dut.marks_level) + 16'(u_dut.mark_q);

  always_comb begin
    behind = '0;
    for (int n = 0; n < 12; n++) behind = behind + 16'(u_dut.u_overlap_add.u_valid.valid_q[n]);
    for (int n = 0; n < 5; n++) behind = behind + 16'(u_dut.u_samples_valid.valid_q[n]);
  end

  // The tracked chunk, and those ahead of it.
  logic        picked_q;
  logic [1:0]  mark_q;      // what was said of it: dropped, no tail
  logic [15:0] ahead_q;
  logic        picked_next;

  assign picked_next = picked_q && ahead_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) picked_q <= 1'b0;
    else if (!picked_q && pick_i && reserve && reserved == '0) picked_q <= 1'b1;
    else if (picked_next && u_dut.z_done) picked_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (!picked_q) begin
      mark_q    <= {drop_i, no_tail_i};
      ahead_q   <= chunks - 16'(u_dut.z_done);
    end else if (u_dut.z_done) begin
      ahead_q <= ahead_q - 1'b1;
    end
  end

  `ASSERT(mark_is_there, !z_valid || u_dut.mark_valid)
  `ASSERT(mark_of_its_chunk, !(z_valid && picked_next) || {u_dut.drop, u_dut.no_tail} == mark_q)
  `ASSERT(only_dropped_chunks_stay, chunk_done == (u_dut.z_done && !u_dut.drop)
          && valid == (u_dut.fifo_valid && !u_dut.fifo_drop))
  `ASSERT(marks_never_refused, !u_dut.mark_q || u_dut.mark_ready)
  `ASSERT(never_refused, !u_dut.samples_valid || u_dut.fifo_ready)
  // The beats in flight that need no later beat to push them out are enough to end a chunk.
  `ASSERT(room_for_a_mark_comes, u_dut.mark_ready
          || on_the_way >= 16'(Beats - 1) + 16'(Beats) - place)
  // Space is lacking only while a sample is about to come out or waits to be taken.
  `ASSERT(a_place_comes, u_dut.u_credits.free_q != '0 || waiting + behind != '0
          || on_the_way >= 16'(Beats))

  // ---------------------------------------------------------------------------------------------
  // Helpers that close the induction.

  logic [15:0] skip;
  logic [15:0] free;

  assign skip = 16'(u_dut.u_credits.skip_q);
  assign free = 16'(u_dut.u_credits.free_q);

  `ASSERT(helper_beats, on_the_way + behind + waiting + skip + free == 16'(Beats - 1 + Credits))
  `ASSERT(helper_small, in_mac_q <= 16'(Beats - 1 + Credits)
          && u_dut.u_engine.inside_q <= 16'(Beats - 1 + Credits) && waiting <= 16'(Credits)
          && skip <= 16'(Beats - 1) && free <= 16'(Credits) && chunks <= 16'(MarksDepth + 2))
  `ASSERT(helper_fill, on_the_way + skip >= 16'(Beats - 1)
          && (skip == '0 || free == 16'(Credits) && on_the_way + skip == 16'(Beats - 1)))
  `ASSERT(helper_available, !u_dut.places || free != '0)
  `ASSERT(helper_chunks, (chunks << CountBits)
          == on_the_way + place + ((16'(Beats) - reserved) & 16'(Beats - 1)))
  `ASSERT(helper_mark, !u_dut.mark_q || reserved == 16'd1)
  `ASSERT(helper_ready, u_dut.u_marks.ready_q == (u_dut.u_marks.stored != 16'(MarksDepth))
          && u_dut.u_marks.stored <= 16'(MarksDepth)
          && u_dut.u_fifo.ready_q == (u_dut.u_fifo.stored != 16'(Credits))
          && u_dut.u_fifo.stored <= 16'(Credits))
  // A mark reaches the FIFO's output three clocks after the reservation if it is the next one.
  `ASSERT(helper_mark_comes, u_dut.mark_valid || chunks == '0
          || chunks == 16'd1 && (u_dut.mark_q || reserved == 16'd1 || reserved == 16'd2))
  `ASSERT(helper_ahead, !picked_q || ahead_q < chunks)
  `ASSERT(helper_picked_in, !(picked_q && u_dut.mark_q && ahead_q == chunks - 1'b1)
          || {u_dut.drop_q, u_dut.no_tail_q} == mark_q)
  `ASSERT(helper_picked_out,
          !(picked_next && u_dut.mark_valid) || {u_dut.drop, u_dut.no_tail} == mark_q)
  for (genvar n = 0; n < MarksDepth; n++) begin : gen_mark
    logic [$clog2(MarksDepth)-1:0] from_read;
    assign from_read = ($clog2(MarksDepth))'(n) - u_dut.u_marks.rptr_q[$clog2(MarksDepth)-1:0];
    `ASSERT(helper_picked_inside, !picked_q || 16'(from_read) >= 16'(u_dut.u_marks.stored)
            || ahead_q != 16'(from_read) + 16'(u_dut.mark_valid)
            || u_dut.u_marks.u_ram.gen_narrow.words_q[n] == mark_q)
  end

  `COVER(picked_behind_others, picked_q && ahead_q == 16'd1 && mark_q == 2'b11)
  `COVER(chunk_after_chunk, picked_next && u_dut.z_done && u_dut.marks_level > 1)

endmodule
