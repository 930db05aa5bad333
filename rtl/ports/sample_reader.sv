// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// sample_reader: reads chunks of linear float32 samples and delivers them in strided lanes: lane l
// of beat t is sample l * ChunkBeats + t of its chunk; samples beyond the row are 0.
//
// tile_fetch prefetches tiles of TileBeats beats into a RAM; rows_to_lanes drains them, row by row.
//
// Handshake: valid/ready on commands and beats. Commands queue. Throughput: one beat a clock, with
// TileSlots - 1 tiles of time to hide the memory's latency. Latency: memory latency and about
// 2 * Lanes + 20 clocks, and the time the lanes' first bursts take.

module sample_reader #(
  parameter int Lanes = 8,      // W: 2, 4, 8 or 16
  parameter int Chunk = 65536,  // C: a power of two, at least 2 * Lanes * Lanes
  parameter int TileSlots = sizes_pkg::TileSlots,  // 2 or 4 tiles held
  parameter int RowsLog2 = 0,   // log2 of the most rows of whose columns a chunk is a tile
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int SampleBits = $clog2(Chunk) + 1 + RowsLog2,
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  /// level: ask the memory for nothing more
  input  logic                stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                id_i,

  /// log2 of the rows of whose columns all chunks are tiles; changes only while nothing is queued
  input  logic [RowsBits-1:0] rows_log2_i,

  input  logic                cmd_valid_i,
  output logic                cmd_ready_o,
  /// byte address of the chunk's first sample, a multiple of the bytes of a burst
  input  logic [63:0]         cmd_addr_i,
  /// samples that exist from there on, rows * Chunk at most; 0: a dummy without a memory access
  input  logic [SampleBits-1:0] cmd_samples_i,

  output logic                valid_o,
  input  logic                ready_i,
  /// lane l at [l*32 +: 32]
  output logic [Lanes*32-1:0] samples_o,

  /// nothing is presented to or expected from the memory
  output logic                idle_o,
  /// pulse: a beat came with an error response
  output logic                error_o,
  /// a burst is presented or unanswered
  output logic                pending_o,
  /// pulse: there was a transfer on the port
  output logic                progress_o,

  output logic                m_axi_arvalid,
  input  logic                m_axi_arready,
  output logic [63:0]         m_axi_araddr,
  output logic [7:0]          m_axi_arlen,
  output logic [0:0]          m_axi_arid,
  input  logic                m_axi_rvalid,
  output logic                m_axi_rready,
  input  logic [AxiBits-1:0]  m_axi_rdata,
  input  logic [1:0]          m_axi_rresp,
  input  logic                m_axi_rlast,
  input  logic [0:0]          m_axi_rid
);

  localparam int BeatSamples = 2 * Lanes;  // float32 in an AXI beat, engine beats in a row
  localparam int Rows = sizes_pkg::tile_rows(Lanes, Chunk);  // of a tile
  localparam int LaneBits = $clog2(Lanes);
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1;

  logic                   tile_valid;
  logic                   tile_take;
  logic                   tile_release;
  logic                   read;
  logic [LaneBits-1:0]    lane;
  logic [RowBits-1:0]     row;
  logic [AxiBits-1:0]     word;
  logic [BeatSamples-1:0] keep;

  tile_fetch #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .TileSlots(TileSlots),
    .RowsLog2 (RowsLog2)
  ) u_fetch (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .rows_log2_i   (rows_log2_i),
    .cmd_valid_i   (cmd_valid_i),
    .cmd_ready_o   (cmd_ready_o),
    .cmd_addr_i    (cmd_addr_i),
    .cmd_samples_i (cmd_samples_i),
    .tile_valid_o  (tile_valid),
    .tile_take_i   (tile_take),
    .tile_release_i(tile_release),
    .read_i        (read),
    .lane_i        (lane),
    .row_i         (row),
    .word_o        (word),
    .keep_o        (keep),
    .idle_o        (idle_o),
    .error_o       (error_o),
    .progress_o    (progress_o),
    .m_axi_arvalid (m_axi_arvalid),
    .m_axi_arready (m_axi_arready),
    .m_axi_araddr  (m_axi_araddr),
    .m_axi_arlen   (m_axi_arlen),
    .m_axi_arid    (m_axi_arid),
    .m_axi_rvalid  (m_axi_rvalid),
    .m_axi_rready  (m_axi_rready),
    .m_axi_rdata   (m_axi_rdata),
    .m_axi_rresp   (m_axi_rresp),
    .m_axi_rlast   (m_axi_rlast),
    .m_axi_rid     (m_axi_rid)
  );

  rows_to_lanes #(
    .Lanes(Lanes),
    .Rows (Rows)
  ) u_lanes (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .tile_valid_i  (tile_valid),
    .tile_take_o   (tile_take),
    .tile_release_o(tile_release),
    .read_o        (read),
    .lane_o        (lane),
    .row_o         (row),
    .word_i        (word),
    .keep_i        (keep),
    .valid_o       (valid_o),
    .ready_i       (ready_i),
    .samples_o     (samples_o)
  );

  assign pending_o = !idle_o;

endmodule
