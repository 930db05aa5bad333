// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// lane_bursts: splits chunks of linear float32 samples into the bursts of the strided lanes. Lane l
// of a chunk is the contiguous block of ChunkBeats samples from l * ChunkBeats on; a tile is
// TileBeats samples of every lane, and a lane's share of a tile is one burst of at most BurstBeats
// AXI beats of 2 * Lanes samples. Bursts are in tile order and, within a tile, in lane order; a
// burst covers only AXI beats that contain samples, possibly none.
// Handshake: valid/ready; commands queue (5 of them). A tile begins only while tile_valid_i, which
// tile_take_o consumes. Latency: 4 clocks from a command to its first burst. Throughput: one burst
// a clock, the empty ones included, with no gap between tiles and chunks.

module lane_bursts #(
  parameter int Lanes = 8,      // W: 2, 4, 8 or 16
  parameter int Chunk = 65536,  // C: a power of two, at least 2 * Lanes * Lanes
  localparam int LaneBits = $clog2(Lanes),
  localparam int LimitBits = $clog2(2 * Lanes)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,

  input  logic                 cmd_valid_i,
  output logic                 cmd_ready_o,
  /// byte address of the chunk's first sample, a multiple of min(4096, Chunk * 4)
  input  logic [63:0]          cmd_addr_i,
  /// samples of the chunk that exist: 0..Chunk
  input  logic [$clog2(Chunk):0] cmd_samples_i,

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
  /// the tile's last lane
  output logic                 burst_last_o,

  /// no command is queued and no burst is left
  output logic                 idle_o
);

  localparam int BeatSamples = 2 * Lanes;  // float32 in an AXI beat
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int TileBeats = sizes_pkg::tile_beats(Lanes, Chunk);
  localparam int BurstBeats = TileBeats / BeatSamples;
  localparam int Tiles = ChunkBeats / TileBeats;
  localparam int TileBits = (Tiles > 1) ? $clog2(Tiles) : 1;
  localparam int SampleBits = $clog2(Chunk) + 1;
  localparam int QueueDepth = 4;
  localparam int QueueBits = $clog2(QueueDepth);

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "lane_bursts: Lanes must be 2, 4, 8 or 16");
    end
    if (Chunk < 2 * Lanes * Lanes || !sizes_pkg::is_power_of_two(Chunk)) begin
      $fatal(1, "lane_bursts: Chunk must be a power of two, at least 2 * Lanes * Lanes");
    end
  end

  // The command in work is the queue's output register.

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

  // Every size is a power of two: the divisions are bit fields of the number of samples. Lanes
  // below full_lanes are full; lane full_lanes ends in tile tile_limit, after beat_limit whole
  // beats and `limit` samples; the lanes above are empty.

  logic [LaneBits:0]    full_lanes;
  logic [TileBits-1:0]  tile_limit;
  logic [8:0]           beat_limit;
  logic [LimitBits-1:0] limit;

  assign full_lanes = (LaneBits + 1)'(32'(samples) / ChunkBeats);
  assign tile_limit = TileBits'((32'(samples) / TileBeats) % Tiles);
  assign beat_limit = 9'((32'(samples) / BeatSamples) % BurstBeats);
  assign limit      = LimitBits'(32'(samples) % BeatSamples);

  // Walk: one lane of one tile a clock.

  logic [LaneBits-1:0] lane_q;
  logic [TileBits-1:0] tile_q;
  logic                lane_last;
  logic                tile_last;
  logic                walk;
  logic                place_ready;

  assign lane_last   = &lane_q;
  assign tile_last   = (tile_q == TileBits'(Tiles - 1));
  assign walk        = queue_valid && place_ready && (lane_q != '0 || tile_valid_i);
  assign tile_take_o = walk && (lane_q == '0);
  assign queue_pop   = walk && lane_last && tile_last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      lane_q <= '0;
      tile_q <= '0;
    end else if (walk) begin
      lane_q <= lane_q + 1'b1;
      if (lane_last) tile_q <= tile_last ? '0 : tile_q + 1'b1;
    end
  end

  // Place: the address, and where the lane's end is.

  logic                 place_valid_q;
  logic [63:0]          place_addr_q;
  logic [LaneBits-1:0]  place_lane_q;
  logic                 place_last_q;
  logic                 place_full_q;
  logic                 place_end_q;
  logic [8:0]           place_beats_q;
  logic [LimitBits-1:0] place_limit_q;
  logic [SampleBits-1:0] offset;
  logic                 burst_ready;

  assign offset      = SampleBits'(32'(lane_q) * ChunkBeats + 32'(tile_q) * TileBeats);
  assign place_ready = !place_valid_q || burst_ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_valid_q <= 1'b0;
    end else if (place_ready) begin
      place_valid_q <= walk;
    end
  end

  always_ff @(posedge clk_i) begin
    if (place_ready) begin
      place_addr_q  <= addr + 64'({offset, 2'b00});
      place_lane_q  <= lane_q;
      place_last_q  <= lane_last;
      place_full_q  <= ({1'b0, lane_q, tile_q} < {full_lanes, tile_limit});
      place_end_q   <= ({1'b0, lane_q, tile_q} == {full_lanes, tile_limit});
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
  logic                 burst_last_q;
  logic [8:0]           beats;

  always_comb begin
    beats = '0;
    if (place_full_q) beats = 9'(BurstBeats);
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
  assign burst_last_o    = burst_last_q;
  assign idle_o          = (queue_level == '0) && !place_valid_q && !burst_valid_q;

endmodule
