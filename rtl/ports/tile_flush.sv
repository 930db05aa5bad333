// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_flush: writes tiles of float32 samples from one RAM of TileSlots slots to linear memory,
// exactly the samples that exist. A tile is TileBeats beats of every lane; a word is an AXI beat,
// 2 * Lanes samples of one lane.
//
// A tile's bursts are requested once the whole tile is in the RAM, so W never waits for the
// datapath. The tile's slot is free again when its last word has left the RAM.
//
// Handshake: commands are valid/ready, and queue; tiles may come before their command. tile_take_i,
// only while tile_free_o, reserves the slot of the next tile. Its words are written after that, and
// after those of the previous tile; tile_done_i follows its last word.
// Latency: 4 clocks from tile_done_i to the tile's first burst on AW. Throughput: one word per
// clock in, one AXI beat per clock out.

module tile_flush #(
  parameter int Lanes = 8,      // W: 2, 4, 8 or 16
  parameter int Chunk = 65536,  // C: a power of two, at least 2 * Lanes * Lanes
  parameter int TileSlots = sizes_pkg::TileSlots,  // 2 or 4 tiles held
  parameter int RowsLog2 = 0,   // log2 of the most rows of whose columns a chunk is a tile
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int SampleBits = $clog2(Chunk) + 1 + RowsLog2,
  localparam int AxiBits = 64 * Lanes,
  localparam int BeatSamples = 2 * Lanes,  // float32 in an AXI beat, engine beats in a row
  localparam int ChunkBeats = Chunk / Lanes,
  localparam int TileBeats = sizes_pkg::tile_beats(Lanes, Chunk),
  localparam int BurstBeats = sizes_pkg::tile_rows(Lanes, Chunk),  // AXI beats, rows of a tile
  localparam int LaneBits = $clog2(Lanes),
  localparam int RowBits = (BurstBeats > 1) ? $clog2(BurstBeats) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  /// level: request nothing more from the memory and abandon what is queued
  input  logic                 stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                 id_i,

  /// log2 of the rows of whose columns all chunks are tiles; changes only while nothing is queued
  input  logic [RowsBits-1:0]  rows_log2_i,

  input  logic                 cmd_valid_i,
  output logic                 cmd_ready_o,
  /// byte address of the chunk's first sample, a multiple of the bytes of a burst
  input  logic [63:0]          cmd_addr_i,
  /// samples to write from there on, at most rows * Chunk; the rest of its tiles is dropped
  input  logic [SampleBits-1:0] cmd_samples_i,

  /// there is a slot for a tile
  output logic                 tile_free_o,
  input  logic                 tile_take_i,
  input  logic                 tile_done_i,

  input  logic                 write_i,
  input  logic [LaneBits-1:0]  lane_i,
  input  logic [RowBits-1:0]   row_i,
  input  logic [AxiBits-1:0]   word_i,

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

  localparam int SlotBits = $clog2(TileSlots);
  localparam int StepBits = $clog2(BeatSamples);
  // Bursts per lane and tile: several, if a row has less than a tile's samples of a lane.
  localparam int Parts = (RowsLog2 == 0 || TileBeats <= (ChunkBeats >> RowsLog2))
                         ? 1 : TileBeats / (ChunkBeats >> RowsLog2);
  localparam int Bursts = TileSlots * Lanes * Parts;  // the most whose data is in the RAM
  localparam int RamDepth = TileSlots * Lanes * BurstBeats;
  localparam int MaxOutstanding = (Parts > 1) ? 64 : 16;  // 64 keep the rate with one-beat bursts
  localparam int RamBits = $clog2(RamDepth);

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "tile_flush: Lanes must be 2, 4, 8 or 16");
    end
    if (Chunk < 2 * Lanes * Lanes || !sizes_pkg::is_power_of_two(Chunk)) begin
      $fatal(1, "tile_flush: Chunk must be a power of two, at least 2 * Lanes * Lanes");
    end
    if (TileSlots != 2 && TileSlots != 4) $fatal(1, "tile_flush: TileSlots must be 2 or 4");
  end

  logic slot_release_q;

  credit_counter #(
    .Credits(TileSlots)
  ) u_slots (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (tile_take_i),
    .release_i  (slot_release_q),
    .available_o(tile_free_o)
  );

  // Tiles in the RAM whose bursts have not been requested.

  logic                tile_issue;
  logic [SlotBits:0]   tiles_q;
  logic [SlotBits:0]   tiles_d;
  logic                tile_waits_q;

  always_comb begin
    tiles_d = tiles_q;
    if (tile_done_i && !tile_issue) tiles_d = tiles_q + 1'b1;
    if (!tile_done_i && tile_issue) tiles_d = tiles_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tiles_q      <= '0;
      tile_waits_q <= 1'b0;
    end else begin
      tiles_q      <= tiles_d;
      tile_waits_q <= (tiles_d != '0);
    end
  end

  logic                burst_valid;
  logic                burst_ready;
  logic                burst_take;
  logic [63:0]         burst_addr;
  logic [8:0]          burst_beats;
  logic                burst_some;
  logic                burst_partial;
  logic [StepBits-1:0] burst_limit;
  logic [LaneBits-1:0] burst_lane;
  logic [RowBits-1:0]  burst_row;
  logic                burst_last;
  logic                bursts_idle;
  logic                master_ready;
  logic                master_idle;

  lane_bursts #(
    .Lanes   (Lanes),
    .Chunk   (Chunk),
    .RowsLog2(RowsLog2)
  ) u_bursts (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .rows_log2_i    (rows_log2_i),
    .cmd_valid_i    (cmd_valid_i),
    .cmd_ready_o    (cmd_ready_o),
    .cmd_addr_i     (cmd_addr_i),
    .cmd_samples_i  (cmd_samples_i),
    .tile_valid_i   (tile_waits_q),
    .tile_take_o    (tile_issue),
    .burst_valid_o  (burst_valid),
    .burst_ready_i  (burst_ready),
    .burst_addr_o   (burst_addr),
    .burst_beats_o  (burst_beats),
    .burst_some_o   (burst_some),
    .burst_partial_o(burst_partial),
    .burst_limit_o  (burst_limit),
    .burst_lane_o   (burst_lane),
    .burst_row_o    (burst_row),
    .burst_last_o   (burst_last),
    .idle_o         (bursts_idle)
  );

  assign burst_ready = master_ready || !burst_some;
  assign burst_take  = burst_valid && burst_ready;

  // Drain: the data of the bursts the master has taken, in their order. The FIFO cannot be full:
  // it has a place for every burst in the RAM. A tile's last lane passes even without a beat,
  // because it frees the slot.

  logic [SlotBits-1:0]     burst_slot_q;
  logic                    unused_drain_ready;
  logic                    drain_valid;
  logic                    drain_pop;
  logic [SlotBits-1:0]     drain_slot;
  logic [LaneBits-1:0]     drain_lane;
  logic [RowBits-1:0]      drain_end;    // rows of the burst - 1
  logic [RowBits-1:0]      drain_first;  // its first one
  logic                    drain_some;
  logic                    drain_partial;
  logic [StepBits-1:0]     drain_limit;
  logic                    drain_last;
  logic [$clog2(Bursts):0] unused_drain_level;
  logic [RowBits-1:0]      drain_row_q;
  logic                    drain_row_last;
  logic                    read;
  logic                    data_valid_q;
  logic                    data_ready;
  logic [AxiBits-1:0]      data;
  logic [BeatSamples-1:0]  exists_q;  // the samples of the beat
  logic [AxiBits/8-1:0]    strb;
  logic [RamBits-1:0]      raddr;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) burst_slot_q <= '0;
    else if (burst_take && burst_last) burst_slot_q <= burst_slot_q + 1'b1;
  end

  fifo #(
    .Width(SlotBits + LaneBits + RowBits + 1 + 1 + StepBits + 1),
    .Depth(Bursts)
  ) u_drain (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(burst_take && (burst_some || burst_last)),
    .ready_o(unused_drain_ready),
    .data_i ({burst_slot_q, burst_lane, RowBits'(burst_beats - 1'b1), burst_some, burst_partial,
              burst_limit, burst_last}),
    .valid_o(drain_valid),
    .ready_i(drain_pop),
    .data_o ({drain_slot, drain_lane, drain_end, drain_some, drain_partial, drain_limit,
              drain_last}),
    .level_o(unused_drain_level)
  );

  // The row of the tile with which each of these bursts begins: 0 where a lane has one burst of it.
  if (Parts > 1) begin : gen_parts
    logic                    ready;
    logic                    valid;
    logic [$clog2(Bursts):0] level;

    fifo #(
      .Width(RowBits),
      .Depth(Bursts)
    ) u_rows (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(burst_take && (burst_some || burst_last)),
      .ready_o(ready),
      .data_i (burst_row),
      .valid_o(valid),
      .ready_i(drain_pop),
      .data_o (drain_first),
      .level_o(level)
    );

    logic unused;
    assign unused = &{1'b0, ready, valid, level};
  end else begin : gen_whole
    assign drain_first = '0;

    logic unused;
    assign unused = &{1'b0, burst_row};
  end

  assign drain_row_last = (drain_row_q == drain_end);
  assign read           = drain_valid && drain_some && (!data_valid_q || data_ready);
  assign drain_pop      = drain_valid && (!drain_some || (read && drain_row_last));
  assign raddr          = RamBits'((32'(drain_slot) * Lanes + 32'(drain_lane)) * BurstBeats
                                   + 32'(drain_first + drain_row_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      drain_row_q    <= '0;
      data_valid_q   <= 1'b0;
      slot_release_q <= 1'b0;
    end else begin
      if (read) drain_row_q <= drain_row_last ? '0 : drain_row_q + 1'b1;
      data_valid_q   <= read || (data_valid_q && !data_ready);
      slot_release_q <= drain_pop && drain_last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      exists_q <= ~((drain_row_last && drain_partial) ? {BeatSamples{1'b1}} << drain_limit
                                                      : {BeatSamples{1'b0}});
    end
  end

  for (genvar i = 0; i < BeatSamples; i++) begin : gen_strb
    assign strb[i*4+:4] = {4{exists_q[i]}};
  end

  // The slot that is written: tiles come in order.

  logic [SlotBits-1:0] slot_q;
  logic [RamBits-1:0]  waddr;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) slot_q <= '0;
    else if (tile_done_i) slot_q <= slot_q + 1'b1;
  end

  assign waddr = RamBits'((32'(slot_q) * Lanes + 32'(lane_i)) * BurstBeats + 32'(row_i));

  ram #(
    .Width(AxiBits),
    .Depth(RamDepth),
    .Style("block")
  ) u_ram (
    .clk_i  (clk_i),
    .write_i(write_i),
    .waddr_i(waddr),
    .wdata_i(word_i),
    .read_i (read),
    .raddr_i(raddr),
    .rdata_o(data)
  );

  logic unused_done;

  axi_write_master #(
    .DataBits      (AxiBits),
    .MaxOutstanding(MaxOutstanding)
  ) u_master (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .cmd_valid_i  (burst_valid && burst_some),
    .cmd_ready_o  (master_ready),
    .cmd_addr_i   (burst_addr),
    .cmd_beats_i  (burst_beats),
    .data_valid_i (data_valid_q),
    .data_ready_o (data_ready),
    .data_i       (data),
    .strb_i       (strb),
    .done_o       (unused_done),
    .idle_o       (master_idle),
    .error_o      (error_o),
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

  assign pending_o = !master_idle;
  assign idle_o    = master_idle && (stop_i || bursts_idle);

endmodule
