// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_bursts: the bursts of a tile come row by row, the step's number turned left by one bit being
// the row, and within a row one after the other; each lies where its row and its beats say, none
// crosses a 4 KiB boundary, groups are bursts of BurstBeats beats together, and the last one is the
// tile's last.

`include "formal.svh"

module tile_bursts_formal #(
  parameter int Lanes = 8,
  parameter int Chunk = 16384,
  parameter int RowsLog2 = 7,
  parameter int BurstBeats = 64,
  localparam int RowsBits = $clog2(RowsLog2 + 1)
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        take_i,
  input logic [63:0] addr_i,
  input logic        step_i
);

  `RESET_FIRST

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BeatBytes = 8 * Lanes;

  // Any number of rows of several, the same for all tiles: it changes only while nothing is queued.
  logic [RowsBits-1:0] rows_log2_q;
  logic [31:0]         each;   // beats of a row
  logic [31:0]         burst;  // beats of a burst
  logic [31:0]         rows;

  always_ff @(posedge clk_i) rows_log2_q <= rows_log2_q;
  `ASSUME(rows_in_range, rows_log2_q != '0 && 32'(rows_log2_q) <= 32'(RowsLog2))

  assign rows  = 32'(1) << rows_log2_q;
  assign each  = 32'(ChunkBeats) >> rows_log2_q;
  assign burst = (each < 32'(BurstBeats)) ? each : 32'(BurstBeats);

  logic        ready;
  logic [63:0] addr;
  logic [8:0]  beats;
  logic        first;
  logic        whole;
  logic        last;

  tile_bursts #(
    .Lanes     (Lanes),
    .Chunk     (Chunk),
    .RowsLog2  (RowsLog2),
    .BurstBeats(BurstBeats)
  ) u_dut (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .rows_log2_i(rows_log2_q),
    .take_i     (take_i),
    .addr_i     (addr_i),
    .ready_o    (ready),
    .step_i     (step_i),
    .addr_o     (addr),
    .beats_o    (beats),
    .first_o    (first),
    .whole_o    (whole),
    .last_o     (last)
  );

  // The tile in work: its address, the step, the beats of the row before the burst, and the beats
  // of the group before it.
  logic        busy_q;
  logic [63:0] base_q;
  logic [31:0] step_q;
  logic [31:0] beat_q;
  logic [31:0] group_q;
  logic [31:0] row;
  logic        row_ends;
  logic        tile_ends;

  // The step's top bit becomes the row's lowest one.
  assign row       = (step_q << 1 | step_q >> (rows_log2_q - 1'b1)) & (rows - 32'd1);
  assign row_ends  = beat_q + burst == each;
  assign tile_ends = row_ends && step_q == rows - 32'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
    end else if (take_i) begin
      busy_q  <= 1'b1;
      base_q  <= addr_i;
      step_q  <= '0;
      beat_q  <= '0;
      group_q <= '0;
    end else if (step_i) begin
      if (tile_ends) busy_q <= 1'b0;
      beat_q  <= row_ends ? '0 : beat_q + burst;
      group_q <= (group_q + burst == 32'(BurstBeats)) ? '0 : group_q + burst;
      if (row_ends) step_q <= step_q + 1'b1;
    end
  end

  // The ports take a tile when the one before is done, and go on only while it is ready.
  `ASSUME(one_tile, !take_i || !busy_q)
  `ASSUME(step_in_tile, !step_i || busy_q && ready)
  // The rows of x and of z begin at multiples of 4 KiB (the host's pointers), or right behind a
  // whole number of rows; tiles at multiples of what they have of a row.
  `ASSUME(aligned, (addr_i[11:0] & (12'(each * 32'(BeatBytes)) - 12'd1)) == '0)

  `ASSERT(address, !(busy_q && ready)
          || addr == base_q + 64'(row) * 64'(8 * Chunk) + 64'(beat_q) * 64'(BeatBytes))
  `ASSERT(length, !(busy_q && ready) || 32'(beats) == burst)
  `ASSERT(within_page, !(busy_q && ready)
          || 16'(addr[11:0]) + 16'(beats) * 16'(BeatBytes) <= 16'd4096)
  `ASSERT(groups, !(busy_q && ready) || first == (group_q == '0)
          && whole == (group_q + burst == 32'(BurstBeats)))
  `ASSERT(ends, !(busy_q && ready) || last == tile_ends)
  `ASSERT(whole_tiles, !(busy_q && ready && last) || whole)
  `ASSERT_NEXT(soon_ready, !ready && !take_i && !step_i, ready)

  // Where the next row is, a clock before it counts.
  logic [31:0] next_row;
  assign next_row = ((step_q + 32'd1) << 1 | (step_q + 32'd1) >> (rows_log2_q - 1'b1))
                    & (rows - 32'd1);

  `ASSERT(helper_sizes, 32'(u_dut.beats_q) == burst
          && (32'(u_dut.last_part_q) + 32'd1) * burst == each
          && (32'(u_dut.last_sub_q) + 32'd1) * burst == 32'(BurstBeats)
          && 32'(u_dut.last_step_q) == rows - 32'd1
          && 32'(u_dut.last_even_q) == (rows >> 1) - 32'd1)
  `ASSERT(helper_place, !busy_q || 32'(u_dut.step_q) == step_q && step_q < rows
          && 32'(u_dut.part_q) * burst == beat_q && beat_q < each
          && 32'(u_dut.sub_q) * burst == group_q && group_q < 32'(BurstBeats)
          && (group_q == '0 || each < 32'(BurstBeats)))
  `ASSERT(helper_groups, !busy_q || each >= 32'(BurstBeats)
          || group_q == (step_q * each & 32'(BurstBeats - 1)))
  `ASSERT(helper_address, !busy_q
          || u_dut.row_q == base_q + 64'(row) * 64'(8 * Chunk)
             && u_dut.addr_q == u_dut.row_q + 64'(beat_q) * 64'(BeatBytes)
             && u_dut.odd_q == base_q + 64'(8 * Chunk)
             && (base_q[11:0] & (12'(each * 32'(BeatBytes)) - 12'd1)) == '0)
  `ASSERT(helper_next, !(busy_q && ready) || step_q == rows - 32'd1
          || u_dut.next_q == base_q + 64'(next_row) * 64'(8 * Chunk))

  `COVER(odd_row, busy_q && ready && row[0] && rows > 32'd2)
  `COVER(tile, busy_q && ready && last)
  `COVER(several_a_row, busy_q && beat_q != '0)
  `COVER(several_a_group, busy_q && group_q != '0)

endmodule
