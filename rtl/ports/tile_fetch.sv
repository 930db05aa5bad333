// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_fetch: prefetches chunks of linear float32 samples from memory, tile by tile and across the
// chunk boundaries, into the TileSlots slots of one RAM, where every lane has its own words. A tile
// is TileBeats beats of every lane; a word is an AXI beat, 2 * Lanes samples of one lane.
//
// Bursts are requested only for a free slot, so R never waits. A tile becomes available when all
// its beats have arrived. Its words can be read from tile_take_i until the next tile is taken;
// tile_release_i frees the oldest slot.
//
// Handshake: commands are valid/ready, and queue. tile_take_i only while tile_valid_o;
// tile_release_i once for every tile taken, after its last read. row_i and lane_i must remain
// stable for one clock after read_i, and read_i must be low in that clock. Latency: 2 clocks from
// read_i to word_o and keep_o, which are valid in that clock only; 3 clocks from a tile's last beat
// on R to tile_valid_o. Throughput: one AXI beat per clock in, one word every second clock out.

module tile_fetch #(
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
  input  logic                clk_i,
  input  logic                rst_ni,
  /// level: request nothing more from the memory
  input  logic                stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                id_i,

  /// log2 of the rows of whose columns all chunks are tiles; changes only while nothing is queued
  input  logic [RowsBits-1:0] rows_log2_i,

  input  logic                cmd_valid_i,
  output logic                cmd_ready_o,
  /// byte address of the chunk's first sample, a multiple of the bytes of a burst
  input  logic [63:0]         cmd_addr_i,
  /// samples that exist from there on, at most rows * Chunk; 0: a dummy chunk, without bursts
  input  logic [SampleBits-1:0] cmd_samples_i,

  /// the next tile is complete
  output logic                tile_valid_o,
  input  logic                tile_take_i,
  input  logic                tile_release_i,

  input  logic                read_i,
  input  logic [LaneBits-1:0] lane_i,
  input  logic [RowBits-1:0]  row_i,
  output logic [AxiBits-1:0]  word_o,
  /// which samples of the word exist
  output logic [BeatSamples-1:0] keep_o,

  /// nothing is presented to or expected from the memory
  output logic                idle_o,
  /// pulse: a beat came with an error response
  output logic                error_o,
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

  localparam int SlotBits = $clog2(TileSlots);
  localparam int StepBits = $clog2(BeatSamples);
  // Bursts per lane and tile: several, if a row has less than a tile's samples of a lane.
  localparam int Parts = (RowsLog2 == 0 || TileBeats <= (ChunkBeats >> RowsLog2))
                         ? 1 : TileBeats / (ChunkBeats >> RowsLog2);
  localparam int Bursts = TileSlots * Lanes * Parts;  // the most between issue and drain
  localparam int RamDepth = TileSlots * Lanes * BurstBeats;
  localparam int MaxOutstanding = (Parts > 1) ? 64 : 16;  // 64 keep the rate with one-beat bursts
  localparam int RamBits = $clog2(RamDepth);
  localparam int SequenceBits = $clog2(Bursts) + 2;

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "tile_fetch: Lanes must be 2, 4, 8 or 16");
    end
    if (Chunk < 2 * Lanes * Lanes || !sizes_pkg::is_power_of_two(Chunk)) begin
      $fatal(1, "tile_fetch: Chunk must be a power of two, at least 2 * Lanes * Lanes");
    end
    if (TileSlots != 2 && TileSlots != 4) $fatal(1, "tile_fetch: TileSlots must be 2 or 4");
  end

  // Issue: one burst a lane and tile, for tiles that have a slot.

  logic                slot_available;
  logic                tile_take;
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
  logic                master_ready;
  logic                unused_bursts_idle;

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
    .tile_valid_i   (slot_available),
    .tile_take_o    (tile_take),
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
    .idle_o         (unused_bursts_idle)
  );

  credit_counter #(
    .Credits(TileSlots)
  ) u_slots (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (tile_take),
    .release_i  (tile_release_i),
    .available_o(slot_available)
  );

  assign burst_ready = master_ready || !burst_some;
  assign burst_take  = burst_valid && burst_ready;

  logic [SlotBits-1:0]     issue_slot_q;
  logic [SequenceBits-1:0] issued_q;  // bursts requested
  logic [SequenceBits-1:0] issued_d;

  assign issued_d = issued_q + SequenceBits'(burst_take && burst_some);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      issue_slot_q <= '0;
      issued_q     <= '0;
    end else begin
      issued_q <= issued_d;
      if (burst_take && burst_last) issue_slot_q <= issue_slot_q + 1'b1;
    end
  end

  logic               data_valid;
  logic [AxiBits-1:0] data;
  logic               data_last;

  axi_read_master #(
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
    .data_valid_o (data_valid),
    .data_o       (data),
    .data_last_o  (data_last),
    .idle_o       (idle_o),
    .error_o      (error_o),
    .progress_o   (progress_o),
    .m_axi_arvalid(m_axi_arvalid),
    .m_axi_arready(m_axi_arready),
    .m_axi_araddr (m_axi_araddr),
    .m_axi_arlen  (m_axi_arlen),
    .m_axi_arid   (m_axi_arid),
    .m_axi_rvalid (m_axi_rvalid),
    .m_axi_rready (m_axi_rready),
    .m_axi_rdata  (m_axi_rdata),
    .m_axi_rresp  (m_axi_rresp),
    .m_axi_rlast  (m_axi_rlast),
    .m_axi_rid    (m_axi_rid)
  );

  // Fill: the data goes where the oldest burst belongs. Neither FIFO can be full: they have a
  // place for every burst and tile of all slots. The data comes 3 clocks after its burst was
  // handed to the master at the earliest, one after the FIFO shows where it belongs.

  logic                    unused_place_ready;
  logic                    unused_place_valid;
  logic [SlotBits-1:0]     place_slot;
  logic [LaneBits-1:0]     place_lane;
  logic [RowBits-1:0]      place_row;
  logic [$clog2(Bursts):0] unused_place_level;
  logic [RowBits-1:0]      fill_row_q;
  logic [SequenceBits-1:0] filled_q;  // bursts that have arrived

  fifo #(
    .Width(SlotBits + LaneBits),
    .Depth(Bursts)
  ) u_places (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(burst_take && burst_some),
    .ready_o(unused_place_ready),
    .data_i ({issue_slot_q, burst_lane}),
    .valid_o(unused_place_valid),
    .ready_i(data_valid && data_last),
    .data_o ({place_slot, place_lane}),
    .level_o(unused_place_level)
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
      .valid_i(burst_take && burst_some),
      .ready_o(ready),
      .data_i (burst_row),
      .valid_o(valid),
      .ready_i(data_valid && data_last),
      .data_o (place_row),
      .level_o(level)
    );

    logic unused;
    assign unused = &{1'b0, ready, valid, level};
  end else begin : gen_whole
    assign place_row = '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fill_row_q <= '0;
      filled_q   <= '0;
    end else if (data_valid) begin
      fill_row_q <= data_last ? '0 : fill_row_q + 1'b1;
      if (data_last) filled_q <= filled_q + 1'b1;
    end
  end

  // Tiles in issue order, each with the number of bursts that make it complete: the tile may have
  // no burst at all.

  logic                    unused_tile_ready;
  logic                    tile_valid;
  logic [SequenceBits-1:0] tile_sequence;
  logic [SequenceBits-1:0] tile_ahead;
  logic                    tile_complete_q;
  logic [SlotBits:0]       unused_tile_level;

  fifo #(
    .Width(SequenceBits),
    .Depth(TileSlots)
  ) u_tiles (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(burst_take && burst_last),
    .ready_o(unused_tile_ready),
    .data_i (issued_d),
    .valid_o(tile_valid),
    .ready_i(tile_take_i),
    .data_o (tile_sequence),
    .level_o(unused_tile_level)
  );

  assign tile_ahead   = filled_q - tile_sequence;
  assign tile_valid_o = tile_complete_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tile_complete_q <= 1'b0;
    end else begin
      tile_complete_q <= tile_valid && !tile_ahead[SequenceBits-1] && !tile_take_i;
    end
  end

  // Reads are from the slot of the latest tile taken.

  logic [SlotBits-1:0] slot_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) slot_q <= '1;
    else if (tile_take_i) slot_q <= slot_q + 1'b1;
  end

  logic [RamBits-1:0] waddr;
  logic [RamBits-1:0] raddr;

  assign waddr = RamBits'((32'(place_slot) * Lanes + 32'(place_lane)) * BurstBeats
                          + 32'(place_row + fill_row_q));
  assign raddr = RamBits'((32'(slot_q) * Lanes + 32'(lane_i)) * BurstBeats + 32'(row_i));

  ram #(
    .Width(AxiBits),
    .Depth(RamDepth),
    .Style("block")
  ) u_ram (
    .clk_i  (clk_i),
    .write_i(data_valid),
    .waddr_i(waddr),
    .wdata_i(data),
    .read_i (read_i),
    .raddr_i(raddr),
    .rdata_o(word_o)
  );

  // Which samples of the word exist: where no beat was read, the RAM holds old words. The samples
  // that exist come first in a lane's share of a tile, however many bursts it has.

  logic [RowBits:0]    ends_beats;
  logic                ends_partial;
  logic [StepBits-1:0] ends_limit;
  logic                word_full_q;
  logic                word_partial_q;
  logic [StepBits-1:0] word_limit_q;
  logic                word_last;

  ram #(
    .Width(RowBits + 1 + 1 + StepBits),
    .Depth(TileSlots * Lanes),
    .Style("distributed")
  ) u_ends (
    .clk_i  (clk_i),
    .write_i(burst_take && (burst_some || burst_row == '0)),
    .waddr_i({issue_slot_q, burst_lane}),
    .wdata_i({(RowBits + 1)'(burst_row) + burst_beats[RowBits:0], burst_partial, burst_limit}),
    .read_i (read_i),
    .raddr_i({slot_q, lane_i}),
    .rdata_o({ends_beats, ends_partial, ends_limit})
  );

  assign word_last = ({1'b0, row_i} + 1'b1 == ends_beats);

  always_ff @(posedge clk_i) begin
    word_full_q    <= ({1'b0, row_i} < ends_beats) && !(word_last && ends_partial);
    word_partial_q <= word_last && ends_partial;
    word_limit_q   <= ends_limit;
  end

  assign keep_o = {BeatSamples{word_full_q}}
                  | ({BeatSamples{word_partial_q}} & ~({BeatSamples{1'b1}} << word_limit_q));

endmodule
