// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_feed before an engine whose levels and commutator hold beats as fft_engine's do, and of
// which a beat that is pushed out takes any time to the FIFO: the FIFO has a place for every beat,
// zeros never leave and are never ahead of other beats, neither a restart nor a row that bypasses
// the commutator loses anything but zeros, and every chunk begins where the engine begins one.

`include "formal.svh"

module engine_feed_formal #(
  parameter int ChunkBeats = 4,
  parameter bit Inverse = 0,
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
  logic       columns;
  logic       enter;
  logic       waits;
  logic       first;
  logic       restart;

  localparam int LevelBeats = ChunkBeats - 1;
  localparam int HalfBeats = ChunkBeats / 2;

  logic [7:0] real_q;      // beats in the engine that are no zeros
  logic [7:0] levels_q;    // all beats in the levels
  logic [7:0] restored_q;  // all beats in the commutator
  logic [7:0] on_way_q;    // between the engine and the FIFO
  logic [7:0] waiting_q;   // in the FIFO
  logic [7:0] place_q;     // beats of the engine's chunk that have entered
  logic       zero;        // the beat that enters
  logic       tile_q;      // forward: a tile has begun to enter
  logic [7:0] ahead_q;     // forward: beats in the levels ahead of the first tile
  logic [7:0] tail_q;      // inverse: beats in the commutator that are no zeros
  logic       to_levels;
  logic       from_levels;
  logic       restores;    // forward: a beat goes from the levels to the commutator
  logic       push;
  logic       leave;
  logic       release_now;

  assign zero        = kind == four_step_pkg::KindFlush;
  assign to_levels   = enter && (!Inverse || !columns || restored_q == 8'(HalfBeats));
  assign from_levels = to_levels && levels_q == 8'(LevelBeats);
  assign restores    = !Inverse && from_levels && tile_q && ahead_q == '0;
  assign push        = from_levels && (!restores || restored_q == 8'(HalfBeats));
  assign leave       = arrives_i && on_way_q != '0;
  assign release_now = taken_i && waiting_q != '0;

  engine_feed #(
    .ChunkBeats(ChunkBeats),
    .Inverse   (Inverse),
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
    .columns_o      (columns),
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
      on_way_q  <= '0;
      waiting_q <= '0;
    end else begin
      on_way_q  <= on_way_q + 8'(push) - 8'(leave);
      waiting_q <= waiting_q + 8'(leave) - 8'(release_now);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || restart) begin
      real_q     <= '0;
      levels_q   <= '0;
      restored_q <= '0;
      place_q    <= '0;
      tile_q     <= 1'b0;
      ahead_q    <= '0;
      tail_q     <= '0;
    end else if (enter) begin
      real_q   <= real_q + 8'(!zero) - 8'(push);
      levels_q <= levels_q + 8'(to_levels) - 8'(from_levels);
      if (Inverse) begin
        restored_q <= columns ? restored_q + 8'(!to_levels) : '0;
        if (!columns) tail_q <= '0;
        else tail_q <= tail_q + 8'(!zero) - 8'(to_levels && tail_q != '0);
      end else begin
        restored_q <= restored_q + 8'(restores && !push);
        tile_q     <= tile_q || kind == four_step_pkg::KindTile;
        if (!tile_q) ahead_q <= levels_q - 8'(from_levels);
        else if (from_levels && ahead_q != '0) ahead_q <= ahead_q - 1'b1;
      end
      if (!zero) place_q <= (place_q == 8'(ChunkBeats - 1)) ? '0 : place_q + 1'b1;
    end
  end

  // Zeros in the levels, and in the commutator before them.
  logic [7:0] level_zeros;
  logic [7:0] waiting_zeros;

  assign level_zeros   = levels_q + restored_q - real_q - waiting_zeros;
  assign waiting_zeros = Inverse ? restored_q - tail_q : '0;

  `ASSERT(never_refused, !leave || waiting_q < 8'(Places))
  `ASSERT(no_zero_leaves, !push || real_q != '0)
  `ASSERT(no_zero_in_front, !enter || zero || level_zeros == '0)
  `ASSERT(no_zero_before_a_tile, !enter || kind != four_step_pkg::KindTile || waiting_zeros == '0)
  `ASSERT(nothing_lost, !restart || (real_q == '0 && on_way_q == '0 && !enter))
  `ASSERT(nothing_bypassed, !enter || columns || tail_q == '0)
  `ASSERT(of_its_kind, !enter || zero || columns == (kind == four_step_pkg::KindTile))
  `ASSERT(zeros_of_the_kind_before, Inverse || !enter || !zero || columns == tile_q)
  `ASSERT(as_the_engine_counts, !enter || zero || first == (place_q == '0))
  `ASSERT(with_its_source, !enter || zero || source_valid_i)
  // It waits only for a command, for its source, for a place or for the last beats of a FLUSH.
  `ASSERT(a_place_comes, u_dut.available || on_way_q != '0 || waiting_q != '0
          || $past(on_way_q != '0 || waiting_q != '0) || !$past(rst_ni))
  `ASSERT(a_flush_ends, !u_dut.drain_q || restart || on_way_q != '0 || !$past(u_dut.drain_q)
          || $past(on_way_q != '0))

  `COVER(flushed, restart && waiting_q == 8'd3)
  `COVER(flush_of_nothing,
         u_dut.next && u_dut.waiting_kind_q == four_step_pkg::KindFlush && u_dut.nothing)
  `COVER(after_a_flush, push && !zero && $past(rst_ni, 3))
  `COVER(full, waiting_q == 8'(Places) && !u_dut.available)
  `COVER(chunk_after_chunk, enter && first && $past(enter) && !zero)
  `COVER(tile_after_row, enter && first && kind == four_step_pkg::KindTile && real_q != '0
         && $past(kind) == four_step_pkg::KindRow)
  if (Inverse) begin : gen_inverse
    `COVER(row_after_tile,
           enter && first && kind == four_step_pkg::KindRow && $past(enter) && $past(columns))
  end

endmodule
