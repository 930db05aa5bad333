// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// lane_bursts: splits chunks of linear float32 samples into the bursts of the strided lanes. Lane l
// of a chunk is the contiguous block of ChunkBeats samples from l * ChunkBeats on; a tile is
// TileBeats samples of every lane, and a lane's share of a tile is one burst of at most BurstBeats
// AXI beats of 2 * Lanes samples. Bursts are in tile order and, within a tile, in lane order; a
// burst covers only AXI beats that contain samples, possibly none.
//
// With RowsLog2 > 0, a chunk may also be a tile of the columns of P = 2^rows_log2_i rows of Chunk
// samples each. Lane l then has G = ChunkBeats / P consecutive samples of each row, in row 0 those
// from l * ChunkBeats on. The bursts follow row by row, and within a row in parts of at most
// TileBeats samples of every lane. If G < TileBeats, a lane's share of a tile consists of parts of
// several rows, with one burst each.
// Handshake: valid/ready; up to 5 commands queue. A tile begins only while tile_valid_i is high,
// and tile_take_o consumes it. Latency: 4 clocks from a command to its first burst. Throughput: one
// burst per clock, empty ones included, without gaps between tiles or chunks.

module lane_bursts #(
  parameter int Lanes = 8,      // W: 2, 4, 8 or 16
  parameter int Chunk = 65536,  // C: a power of two, at least 2 * Lanes * Lanes
  parameter int RowsLog2 = 0,   // log2 of the most rows, with 2 * Lanes samples per lane or more
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int SampleBits = $clog2(Chunk) + 1 + RowsLog2,
  localparam int LaneBits = $clog2(Lanes),
  localparam int LimitBits = $clog2(2 * Lanes),
  localparam int BeatSamples = 2 * Lanes,  // float32 in an AXI beat
  localparam int ChunkBeats = Chunk / Lanes,
  localparam int TileBeats = sizes_pkg::tile_beats(Lanes, Chunk),
  localparam int BurstBeats = TileBeats / BeatSamples,
  localparam int BeatBits = (BurstBeats > 1) ? $clog2(BurstBeats) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,

  /// log2 P; changes only while idle_o
  input  logic [RowsBits-1:0]  rows_log2_i,

  input  logic                 cmd_valid_i,
  output logic                 cmd_ready_o,
  /// byte address of the chunk's first sample, a multiple of the bytes of a burst
  input  logic [63:0]          cmd_addr_i,
  /// samples that exist from there on: 0..P * Chunk
  input  logic [SampleBits-1:0] cmd_samples_i,

  input  logic                 tile_valid_i,
  output logic                 tile_take_o,

  output logic                 burst_valid_o,
  input  logic                 burst_ready_i,
  output logic [63:0]          burst_addr_o,
  /// AXI beats: 0..BurstBeats
  output logic [8:0]           burst_beats_o,
  /// the burst has at least one beat
  output logic                 burst_some_o,
  /// the last beat holds only the first burst_limit_o samples
  output logic                 burst_partial_o,
  output logic [LimitBits-1:0] burst_limit_o,
  output logic [LaneBits-1:0]  burst_lane_o,
  /// the burst's first AXI beat, counted within the lane's share of the tile
  output logic [BeatBits-1:0]  burst_row_o,
  /// the tile's last burst
  output logic                 burst_last_o,

  /// no command is queued and no burst is left
  output logic                 idle_o
);

  localparam int Tiles = ChunkBeats / TileBeats;
  localparam int TileBits = (Tiles > 1) ? $clog2(Tiles) : 1;
  localparam int IndexBits = (RowsLog2 > 0) ? RowsLog2 : 1;  // of a row
  localparam int QueueDepth = 4;
  localparam int QueueBits = $clog2(QueueDepth);

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "lane_bursts: Lanes must be 2, 4, 8 or 16");
    end
    if (Chunk < 2 * Lanes * Lanes || !sizes_pkg::is_power_of_two(Chunk)) begin
      $fatal(1, "lane_bursts: Chunk must be a power of two, at least 2 * Lanes * Lanes");
    end
    if (RowsLog2 < 0 || (ChunkBeats >> RowsLog2) < BeatSamples) begin
      $fatal(1, "lane_bursts: RowsLog2 must leave 2 * Lanes samples of a row to a lane");
    end
  end

  // The current command is in the queue's output register.

  logic                  queue_valid;
  logic                  queue_pop;
  logic [63:0]           addr;
  logic [SampleBits-1:0] samples;
  logic [QueueBits:0]    queue_level;

  fifo #(
    .Width(64 + SampleBits),
    .Depth(QueueDepth)
  ) u_queue (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(cmd_valid_i),
    .ready_o(cmd_ready_o),
    .data_i ({cmd_addr_i, cmd_samples_i}),
    .valid_o(queue_valid),
    .ready_i(queue_pop),
    .data_o ({addr, samples}),
    .level_o(queue_level)
  );

  // Sizes of bursts and of the parts of a row, which depend on the number of rows.

  logic [8:0]           part_beats_q;  // AXI beats in a full burst
  logic [TileBits-1:0]  last_part_q;   // parts of a row - 1
  logic [IndexBits-1:0] last_index_q;  // rows - 1

  if (RowsLog2 > 0) begin : gen_rows
    logic [31:0] each;  // G

    assign each = 32'(ChunkBeats) >> rows_log2_i;

    always_ff @(posedge clk_i) begin
      part_beats_q <= (each < TileBeats) ? 9'(each / BeatSamples) : 9'(BurstBeats);
      last_part_q  <= (each < TileBeats) ? '0 : TileBits'(each / TileBeats - 32'd1);
      last_index_q <= ~({IndexBits{1'b1}} << rows_log2_i);
    end
  end else begin : gen_row
    assign part_beats_q = 9'(BurstBeats);
    assign last_part_q  = TileBits'(Tiles - 1);
    assign last_index_q = '0;

    logic unused;
    assign unused = &{1'b0, rows_log2_i};
  end

  // Every size is a power of two, so the divisions are bit fields of the number of samples. Lanes
  // of rows below full_lanes are full; lane full_lanes ends in part tile_limit, after beat_limit
  // whole beats and `limit` samples; the lanes above are empty.

  logic [RowsLog2+LaneBits:0] full_lanes;
  logic [TileBits-1:0]        tile_limit;
  logic [8:0]                 beat_limit;
  logic [LimitBits-1:0]       limit;

  assign full_lanes = (RowsLog2 + LaneBits + 1)'(32'(samples) / ChunkBeats);
  assign tile_limit = TileBits'((32'(samples) / TileBeats) % Tiles);
  assign beat_limit = 9'((32'(samples) / BeatSamples) % BurstBeats);
  assign limit      = LimitBits'(32'(samples) % BeatSamples);

  // Walk: one lane of one part a clock.

  logic [LaneBits-1:0]  lane_q;
  logic [TileBits-1:0]  part_q;
  logic [IndexBits-1:0] index_q;   // of the row
  logic [BeatBits-1:0]  row_q;     // the lane's share of the tile begins with this AXI beat
  logic [BeatBits:0]    row_next;
  logic [RowsLog2+LaneBits:0] place;  // the row's lane
  logic                 lane_last;
  logic                 part_last;
  logic                 chunk_last;
  logic                 tile_first;
  logic                 tile_last;
  logic                 walk;
  logic                 place_ready;

  assign row_next    = {1'b0, row_q} + (BeatBits + 1)'(part_beats_q);
  assign lane_last   = &lane_q;
  assign part_last   = (part_q == last_part_q);
  assign chunk_last  = part_last && (index_q == last_index_q);
  assign tile_first  = (lane_q == '0) && (row_q == '0);
  assign tile_last   = lane_last && (32'(row_next) == BurstBeats);
  assign walk        = queue_valid && place_ready && (!tile_first || tile_valid_i);
  assign tile_take_o = walk && tile_first;
  assign queue_pop   = walk && lane_last && chunk_last;
  assign place       = (RowsLog2 + LaneBits + 1)'({index_q, lane_q});

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      lane_q  <= '0;
      part_q  <= '0;
      index_q <= '0;
      row_q   <= '0;
    end else if (walk) begin
      lane_q <= lane_q + 1'b1;
      if (lane_last) begin
        part_q <= part_last ? '0 : part_q + 1'b1;
        row_q  <= (RowsLog2 == 0 || tile_last) ? '0 : row_next[BeatBits-1:0];
        if (part_last) index_q <= (RowsLog2 == 0 || chunk_last) ? '0 : index_q + 1'b1;
      end
    end
  end

  // Place: the address, and where the lane's end is.

  logic                  place_valid_q;
  logic [63:0]           place_addr_q;
  logic [LaneBits-1:0]   place_lane_q;
  logic [BeatBits-1:0]   place_row_q;
  logic                  place_last_q;
  logic                  place_full_q;
  logic                  place_end_q;
  logic [8:0]            place_beats_q;
  logic [LimitBits-1:0]  place_limit_q;
  logic [SampleBits-1:0] offset;
  logic                  burst_ready;

  assign offset      = SampleBits'(32'(place) * ChunkBeats + 32'(part_q) * TileBeats);
  assign place_ready = !place_valid_q || burst_ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_valid_q <= 1'b0;
    end else if (place_ready) begin
      place_valid_q <= walk;
    end
  end

  // A part that ends behind its samples, because the lane has no more of the row, is full.
  always_ff @(posedge clk_i) begin
    if (place_ready) begin
      place_addr_q  <= addr + 64'({offset, 2'b00});
      place_lane_q  <= lane_q;
      place_row_q   <= row_q;
      place_last_q  <= tile_last;
      place_full_q  <= ({place, part_q} < {full_lanes, tile_limit})
                       || ({place, part_q} == {full_lanes, tile_limit}
                           && beat_limit >= part_beats_q);
      place_end_q   <= ({place, part_q} == {full_lanes, tile_limit});
      place_beats_q <= beat_limit + 9'(limit != '0);
      place_limit_q <= limit;
    end
  end

  // Burst: the number of beats.

  logic                 burst_valid_q;
  logic [63:0]          burst_addr_q;
  logic [8:0]           burst_beats_q;
  logic                 burst_some_q;
  logic                 burst_partial_q;
  logic [LimitBits-1:0] burst_limit_q;
  logic [LaneBits-1:0]  burst_lane_q;
  logic [BeatBits-1:0]  burst_row_q;
  logic                 burst_last_q;
  logic [8:0]           beats;

  always_comb begin
    beats = '0;
    if (place_full_q) beats = part_beats_q;
    else if (place_end_q) beats = place_beats_q;
  end

  assign burst_ready = !burst_valid_q || burst_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      burst_valid_q <= 1'b0;
    end else if (burst_ready) begin
      burst_valid_q <= place_valid_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (burst_ready) begin
      burst_addr_q    <= place_addr_q;
      burst_beats_q   <= beats;
      burst_some_q    <= (beats != '0);
      burst_partial_q <= !place_full_q && place_end_q && (place_limit_q != '0);
      burst_limit_q   <= place_limit_q;
      burst_lane_q    <= place_lane_q;
      burst_row_q     <= place_row_q;
      burst_last_q    <= place_last_q;
    end
  end

  assign burst_valid_o   = burst_valid_q;
  assign burst_addr_o    = burst_addr_q;
  assign burst_beats_o   = burst_beats_q;
  assign burst_some_o    = burst_some_q;
  assign burst_partial_o = burst_partial_q;
  assign burst_limit_o   = burst_limit_q;
  assign burst_lane_o    = burst_lane_q;
  assign burst_row_o     = burst_row_q;
  assign burst_last_o    = burst_last_q;
  assign idle_o          = (queue_level == '0) && !place_valid_q && !burst_valid_q;

endmodule
