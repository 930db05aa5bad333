// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// sample_writer: takes chunks of float32 samples in strided lanes (lane l of beat t is sample
// l * ChunkBeats + t of its chunk) and writes them to linear memory, exactly the samples that
// exist.
//
// The mirror image of sample_reader: lanes_to_rows makes words of the beats, row by row; tile_flush
// collects them to tiles in a RAM and writes those.
//
// Handshake: valid/ready on commands and beats. Commands queue; beats may come before their
// command. Throughput: one beat a clock, with TileSlots - 1 tiles of time for the memory to take
// one. Latency: a tile, and about 4 * Lanes + 12 clocks to its first burst.

module sample_writer #(
  parameter int Lanes = 8,      // W: 2, 4, 8 or 16
  parameter int Chunk = 65536,  // C: a power of two, at least 2 * Lanes * Lanes
  parameter int TileSlots = sizes_pkg::TileSlots,  // 2 or 4 tiles held
  parameter int RowsLog2 = 0,   // log2 of the most rows of whose columns a chunk is a tile
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int SampleBits = $clog2(Chunk) + 1 + RowsLog2,
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  /// level: ask the memory for nothing more and abandon what is queued
  input  logic                 stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                 id_i,

  /// log2 of the rows of whose columns all chunks are tiles; changes only while nothing is queued
  input  logic [RowsBits-1:0]  rows_log2_i,

  input  logic                 cmd_valid_i,
  output logic                 cmd_ready_o,
  /// byte address of the chunk's first sample, a multiple of the bytes of a burst
  input  logic [63:0]          cmd_addr_i,
  /// samples to write from there on, rows * Chunk at most; the rest of its beats is dropped
  input  logic [SampleBits-1:0] cmd_samples_i,

  input  logic                 valid_i,
  output logic                 ready_o,
  /// lane l at [l*32 +: 32]
  input  logic [Lanes*32-1:0]  samples_i,

  /// every accepted command is finished and acknowledged; with stop_i: every burst presented is
  output logic                 idle_o,
  /// pulse: a burst was acknowledged with an error response
  output logic                 error_o,
  /// a burst is presented or unanswered
  output logic                 pending_o,
  /// pulse: there was a transfer on the port
  output logic                 progress_o,

  output logic                 m_axi_awvalid,
  input  logic                 m_axi_awready,
  output logic [63:0]          m_axi_awaddr,
  output logic [7:0]           m_axi_awlen,
  output logic [0:0]           m_axi_awid,
  output logic                 m_axi_wvalid,
  input  logic                 m_axi_wready,
  output logic [AxiBits-1:0]   m_axi_wdata,
  output logic [AxiBits/8-1:0] m_axi_wstrb,
  output logic                 m_axi_wlast,
  input  logic                 m_axi_bvalid,
  output logic                 m_axi_bready,
  input  logic [1:0]           m_axi_bresp,
  input  logic [0:0]           m_axi_bid
);

  localparam int Rows = sizes_pkg::tile_rows(Lanes, Chunk);  // of a tile
  localparam int LaneBits = $clog2(Lanes);
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1;

  logic                tile_free;
  logic                tile_take;
  logic                tile_done;
  logic                write;
  logic [LaneBits-1:0] lane;
  logic [RowBits-1:0]  row;
  logic [AxiBits-1:0]  word;

  lanes_to_rows #(
    .Lanes(Lanes),
    .Rows (Rows)
  ) u_lanes (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (valid_i),
    .ready_o    (ready_o),
    .samples_i  (samples_i),
    .tile_free_i(tile_free),
    .tile_take_o(tile_take),
    .tile_done_o(tile_done),
    .write_o    (write),
    .lane_o     (lane),
    .row_o      (row),
    .word_o     (word)
  );

  tile_flush #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .TileSlots(TileSlots),
    .RowsLog2 (RowsLog2)
  ) u_flush (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .rows_log2_i  (rows_log2_i),
    .cmd_valid_i  (cmd_valid_i),
    .cmd_ready_o  (cmd_ready_o),
    .cmd_addr_i   (cmd_addr_i),
    .cmd_samples_i(cmd_samples_i),
    .tile_free_o  (tile_free),
    .tile_take_i  (tile_take),
    .tile_done_i  (tile_done),
    .write_i      (write),
    .lane_i       (lane),
    .row_i        (row),
    .word_i       (word),
    .idle_o       (idle_o),
    .error_o      (error_o),
    .pending_o    (pending_o),
    .progress_o   (progress_o),
    .m_axi_awvalid(m_axi_awvalid),
    .m_axi_awready(m_axi_awready),
    .m_axi_awaddr (m_axi_awaddr),
    .m_axi_awlen  (m_axi_awlen),
    .m_axi_awid   (m_axi_awid),
    .m_axi_wvalid (m_axi_wvalid),
    .m_axi_wready (m_axi_wready),
    .m_axi_wdata  (m_axi_wdata),
    .m_axi_wstrb  (m_axi_wstrb),
    .m_axi_wlast  (m_axi_wlast),
    .m_axi_bvalid (m_axi_bvalid),
    .m_axi_bready (m_axi_bready),
    .m_axi_bresp  (m_axi_bresp),
    .m_axi_bid    (m_axi_bid)
  );

endmodule
