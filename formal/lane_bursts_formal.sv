// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// lane_bursts: the bursts of a chunk come row by row, within a row part by part, and within a part
// lane by lane. Row, lane and part give each burst's address, and a division of the samples left
// from there gives its number of AXI beats; none crosses a 4 KiB boundary. A tile is as many parts
// as fill it. A chunk of consecutive samples has one row. A wire replaces the command queue (see
// through/fifo.sv).

`include "formal.svh"

module lane_bursts_formal #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int RowsLog2 = 0,
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int SampleBits = $clog2(Chunk) + 1 + RowsLog2,
  localparam int LaneBits = $clog2(Lanes),
  localparam int LimitBits = $clog2(2 * Lanes)
) (
  input logic                   clk_i,
  input logic                   rst_ni,
  input logic                   cmd_valid_i,
  input logic [63:0]            cmd_addr_i,
  input logic [SampleBits-1:0]  cmd_samples_i,
  input logic                   tile_valid_i,
  input logic                   burst_ready_i
);

  `RESET_FIRST

  localparam int BeatSamples = 2 * Lanes;  // of 4 bytes
  localparam int LaneSamples = Chunk / Lanes;
  localparam int TileSamples = (LaneSamples < 16 * BeatSamples) ? LaneSamples : 16 * BeatSamples;
  localparam int BeatBits = (TileSamples > BeatSamples) ? $clog2(TileSamples / BeatSamples) : 1;

  logic                 cmd_ready;
  logic                 tile_take;
  logic                 burst_valid;
  logic [63:0]          burst_addr;
  logic [8:0]           burst_beats;
  logic                 burst_some;
  logic                 burst_partial;
  logic [LimitBits-1:0] burst_limit;
  logic [LaneBits-1:0]  burst_lane;
  logic [BeatBits-1:0]  burst_row;
  logic                 burst_last;
  logic                 idle;

  // Any number of rows, the same for all commands: it changes only while nothing is queued.
  logic [RowsBits-1:0] rows_log2_q;
  logic [31:0]         each;   // samples that a lane has of a row
  logic [31:0]         burst;  // and that a full burst has
  logic [31:0]         align;
  logic [31:0]         parts;
  logic [31:0]         rows;

  always_ff @(posedge clk_i) rows_log2_q <= rows_log2_q;
  `ASSUME(rows_in_range, 32'(rows_log2_q) <= 32'(RowsLog2))

  assign rows  = 32'(1) << rows_log2_q;
  assign each  = 32'(LaneSamples) >> rows_log2_q;
  assign burst = (each < 32'(TileSamples)) ? each : 32'(TileSamples);
  assign parts = (each < 32'(TileSamples)) ? 32'(1) : each / 32'(TileSamples);
  // Rows begin at multiples of 4 KiB (the host's pointers and the rows' padding), chunks at
  // multiples of Chunk samples from there, and tiles of columns at multiples of a lane's part.
  assign align = (rows_log2_q == '0) ? 32'(Chunk) * 32'd4 : each * 32'd4;

  lane_bursts #(
    .Lanes   (Lanes),
    .Chunk   (Chunk),
    .RowsLog2(RowsLog2)
  ) u_dut (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .rows_log2_i    (rows_log2_q),
    .cmd_valid_i    (cmd_valid_i),
    .cmd_ready_o    (cmd_ready),
    .cmd_addr_i     (cmd_addr_i),
    .cmd_samples_i  (cmd_samples_i),
    .tile_valid_i   (tile_valid_i),
    .tile_take_o    (tile_take),
    .burst_valid_o  (burst_valid),
    .burst_ready_i  (burst_ready_i),
    .burst_addr_o   (burst_addr),
    .burst_beats_o  (burst_beats),
    .burst_some_o   (burst_some),
    .burst_partial_o(burst_partial),
    .burst_limit_o  (burst_limit),
    .burst_lane_o   (burst_lane),
    .burst_row_o    (burst_row),
    .burst_last_o   (burst_last),
    .idle_o         (idle)
  );

  // The command here is the queue's output: a FIFO holds its word until it is taken.
  logic waiting_q;
  always_ff @(posedge clk_i) waiting_q <= rst_ni && cmd_valid_i && !cmd_ready;
  `ASSUME(command_waits, !waiting_q || cmd_valid_i && $stable({cmd_addr_i, cmd_samples_i}))
  `ASSUME(aligned, (cmd_addr_i[11:0] & (12'(align) - 12'd1)) == '0)
  // A channel holds at most all samples of its rows: chunk_controller's load_is_next and
  // output_is_next, and those of four_step_controller.
  `ASSUME(fits, 32'(cmd_samples_i) <= rows << $clog2(Chunk))

  // The next burst in order, and its two clocks to the output.
  typedef struct packed {
    logic [63:0] addr;
    logic [31:0] beats;
    logic [31:0] rest;   // samples in the last beat, if it is not full
    logic [31:0] lane;
    logic [31:0] row;    // of the tile
    logic        last;   // of the tile
  } burst_t;

  logic [31:0] index_q;  // row of the chunk
  logic [31:0] part_q;
  logic [31:0] lane_q;
  logic [31:0] row_q;    // of the tile
  logic        lane_last;
  logic        chunk_last;
  logic        tile_last;
  logic [31:0] start;    // index in the channel of the burst's first sample
  logic [31:0] samples;  // number of its samples
  logic        step;
  logic [1:0]  held_q;   // steps whose bursts have not been taken
  burst_t      next;
  burst_t      middle_q;
  burst_t      out_q;

  always_comb begin
    start = index_q * 32'(Chunk) + lane_q * 32'(LaneSamples) + part_q * 32'(TileSamples);
    samples = '0;
    if (32'(cmd_samples_i) > start) samples = 32'(cmd_samples_i) - start;
    if (samples > burst) samples = burst;
    next.addr  = cmd_addr_i + 64'(start) * 64'd4;
    next.beats = (samples + 32'(BeatSamples) - 32'd1) / 32'(BeatSamples);
    next.rest  = samples % 32'(BeatSamples);
    next.lane  = lane_q;
    next.row   = row_q;
    next.last  = lane_last && tile_last;
  end

  assign lane_last  = lane_q == 32'(Lanes - 1);
  assign chunk_last = part_q == parts - 32'd1 && index_q == rows - 32'd1;
  assign tile_last  = row_q * 32'(BeatSamples) + burst == 32'(TileSamples);

  // The walk may choose when to step, but not what a step is.
  assign step = u_dut.walk;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      index_q <= '0;
      part_q  <= '0;
      lane_q  <= '0;
      row_q   <= '0;
    end else if (step) begin
      lane_q <= lane_last ? '0 : lane_q + 1'b1;
      if (lane_last) begin
        row_q  <= tile_last ? '0 : row_q + burst / 32'(BeatSamples);
        part_q <= (part_q == parts - 32'd1) ? '0 : part_q + 1'b1;
        if (part_q == parts - 32'd1) index_q <= chunk_last ? '0 : index_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= '0;
    else held_q <= held_q + 2'(step) - 2'(burst_valid && burst_ready_i);
  end

  always_ff @(posedge clk_i) begin
    if (u_dut.place_ready) middle_q <= next;
    if (u_dut.burst_ready) out_q <= middle_q;
  end

  `ASSERT(address, !burst_valid || burst_addr == out_q.addr)
  `ASSERT(beats, !burst_valid || 32'(burst_beats) == out_q.beats
          && burst_some == (out_q.beats != '0))
  `ASSERT(limit, !burst_valid || burst_partial == (out_q.rest != '0)
          && (!burst_partial || 32'(burst_limit) == out_q.rest))
  `ASSERT(lane, !burst_valid || 32'(burst_lane) == out_q.lane
          && 32'(burst_row) == out_q.row && burst_last == out_q.last)
  `ASSERT(within_page, !(burst_valid && burst_some)
          || 16'(burst_addr[11:0]) + 16'(burst_beats) * 16'(8 * Lanes) <= 16'd4096)
  `ASSERT(command_ends, (cmd_valid_i && cmd_ready)
          == (step && lane_last && chunk_last))
  `ASSERT(tile_begins, tile_take == (step && lane_q == '0 && row_q == '0)
          && (!tile_take || tile_valid_i))
  `ASSERT(only_with_command, !step || cmd_valid_i)
  `ASSERT_NEXT(burst_waits, burst_valid && !burst_ready_i, burst_valid
               && $stable({burst_addr, burst_beats, burst_partial, burst_limit, burst_lane,
                  burst_row}))
  // One step per clock, unless a burst waits or there is no tile or command.
  `ASSERT(no_gap, step || !cmd_valid_i || !tile_valid_i && lane_q == '0 && row_q == '0
          || burst_valid && !burst_ready_i)
  // Every step's burst comes out, once, within two clocks.
  `ASSERT(none_lost_none_twice, held_q == 2'(u_dut.place_valid_q) + 2'(burst_valid))
  `ASSERT_NEXT(step_comes_out, held_q > 2'(burst_valid && burst_ready_i), burst_valid)
  `ASSERT(idle_is_empty, !idle || held_q == '0)

  `ASSERT(helper_place, 32'(u_dut.lane_q) == lane_q && lane_q < 32'(Lanes)
          && 32'(u_dut.part_q) == part_q && part_q < parts && 32'(u_dut.row_q) == row_q
          && row_q * 32'(BeatSamples) < 32'(TileSamples)
          && (row_q * 32'(BeatSamples) & (burst - 32'd1)) == '0
          && 32'(u_dut.index_q) == index_q && index_q < rows)
  `ASSERT(helper_sizes, 32'(u_dut.part_beats_q) * 32'(BeatSamples) == burst
          && 32'(u_dut.last_part_q) == parts - 32'd1 && 32'(u_dut.last_index_q) == rows - 32'd1)
  `ASSERT(helper_middle, !u_dut.place_valid_q || u_dut.place_addr_q == middle_q.addr
          && 32'(u_dut.place_lane_q) == middle_q.lane
          && u_dut.place_last_q == middle_q.last && 32'(u_dut.place_row_q) == middle_q.row
          && 32'(u_dut.beats) == middle_q.beats
          && (middle_q.rest != '0)
             == (!u_dut.place_full_q && u_dut.place_end_q && u_dut.place_limit_q != '0)
          && (middle_q.rest == '0 || 32'(u_dut.place_limit_q) == middle_q.rest)
          && (middle_q.beats == '0 || 16'(middle_q.addr[11:0])
              + 16'(middle_q.beats) * 16'(8 * Lanes) <= 16'd4096))

  `COVER(full_page, burst_valid && burst_beats == 9'(TileSamples / BeatSamples)
         && 16'(burst_addr[11:0]) + 16'(burst_beats) * 16'(8 * Lanes) == 16'd4096)
  `COVER(partial, burst_valid && burst_partial && burst_lane != '0 && burst_beats > 9'd1)
  `COVER(empty, burst_valid && !burst_some)
  `COVER(second_tile, step && (part_q == 32'd1 || index_q == 32'd1))
  `COVER(stalled, burst_valid && !burst_ready_i && u_dut.place_valid_q && cmd_valid_i)

endmodule
