// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_feed before an engine that holds HeldBeats beats and of which a beat that is pushed out takes
// any time to the FIFO: the FIFO has a place for every beat, zeros never leave, a restart finds an
// engine in which nothing is left but zeros, and every chunk begins where the engine begins one.

`include "formal.svh"

module engine_feed_formal #(
  parameter int ChunkBeats = 4,
  parameter int HeldBeats = 5,
  parameter int Places = 4
) (
  input logic       clk_i,
  input logic       rst_ni,
  input logic       command_valid_i,
  input logic [1:0] kind_i,
  input logic       row_i,
  input logic       source_valid_i,
  input logic       arrives_i,
  input logic       taken_i
);

  `RESET_FIRST

  logic       command_ready;
  logic [1:0] kind;
  logic       row;
  logic       enter;
  logic       waits;
  logic       first;
  logic       restart;

  logic [7:0] real_q;     // beats in the engine that are no zeros
  logic [7:0] inside_q;   // all beats in the engine
  logic [7:0] on_way_q;   // between the engine and the FIFO
  logic [7:0] waiting_q;  // in the FIFO
  logic [7:0] place_q;    // beats of the engine's chunk that have entered
  logic       push;
  logic       leave;
  logic       release_now;

  assign push        = enter && inside_q == 8'(HeldBeats);
  assign leave       = arrives_i && on_way_q != '0;
  assign release_now = taken_i && waiting_q != '0;

  engine_feed #(
    .ChunkBeats(ChunkBeats),
    .HeldBeats (HeldBeats),
    .Places    (Places),
    .RowBits   (1)
  ) u_dut (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .command_valid_i(command_valid_i),
    .command_ready_o(command_ready),
    .kind_i         (kind_i),
    .row_i          (row_i),
    .kind_o         (kind),
    .row_o          (row),
    .source_valid_i (source_valid_i),
    .enter_o        (enter),
    .waits_o        (waits),
    .first_o        (first),
    .leave_i        (leave),
    .release_i      (release_now),
    .restart_o      (restart)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      real_q    <= '0;
      inside_q  <= '0;
      on_way_q  <= '0;
      waiting_q <= '0;
      place_q   <= '0;
    end else begin
      real_q    <= restart ? '0 : real_q + 8'(enter && kind != four_step_pkg::KindFlush) - 8'(push);
      inside_q  <= restart ? '0 : inside_q + 8'(enter && !push);
      on_way_q  <= on_way_q + 8'(push) - 8'(leave);
      waiting_q <= waiting_q + 8'(leave) - 8'(release_now);
      if (restart) place_q <= '0;
      else if (enter) place_q <= (place_q == 8'(ChunkBeats - 1)) ? '0 : place_q + 1'b1;
    end
  end

  `ASSERT(never_refused, !leave || waiting_q < 8'(Places))
  `ASSERT(no_zero_leaves, !push || real_q != '0)
  `ASSERT(nothing_lost, !restart || (real_q == '0 && on_way_q == '0 && !enter))
  `ASSERT(as_the_engine_counts, !(enter && kind != four_step_pkg::KindFlush) || first == (place_q == '0))
  `ASSERT(with_its_source, !enter || kind == four_step_pkg::KindFlush || source_valid_i)
  // It waits only for a command, for its source, for a place or for the last beats of a FLUSH.
  `ASSERT(a_place_comes, u_dut.available || on_way_q != '0 || waiting_q != '0
          || $past(on_way_q != '0 || waiting_q != '0) || !$past(rst_ni))
  `ASSERT(a_flush_ends, !u_dut.drain_q || restart || on_way_q != '0 || !$past(u_dut.drain_q)
          || $past(on_way_q != '0))

  `COVER(flushed, restart && waiting_q == 8'd3)
  `COVER(flush_of_nothing, u_dut.next && u_dut.waiting_kind_q == four_step_pkg::KindFlush && u_dut.nothing)
  `COVER(after_a_flush, push && kind != four_step_pkg::KindFlush && $past(rst_ni, 3))
  `COVER(full, waiting_q == 8'(Places) && !u_dut.available)
  `COVER(chunk_after_chunk, enter && first && $past(enter) && kind != four_step_pkg::KindFlush)

endmodule
