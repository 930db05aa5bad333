// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_writer: writes whole chunks of spectral words to memory, one 64-bit slot per word, zero
// extended, in bursts that never cross 4 KiB.
// A burst is requested only when all of it is in the FIFO, so W never waits for the datapath.
// With RowsLog2 > 0 a chunk is a tile of the columns of 2^rows_log2_i rows: see tile_bursts.
// Handshake: cmd valid/ready, one chunk a command; valid/ready on the beats, which may come before
// their command.
// Latency: 3 clocks from the last beat of a burst to m_axi_awvalid, 2 more to m_axi_wvalid.
// Throughput: one beat a clock, also across commands.

module spectrum_writer #(
  parameter int Lanes = 8,          // words of a beat: a power of two, 1..16
  parameter int Chunk = 65536,      // words of a chunk: a power of two
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int RowsLog2 = 0,       // log2 of the most rows of whose columns a chunk is a tile
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int AxiBits = 64 * Lanes,
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  /// no further burst is requested; those requested are completed
  input  logic                 stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                 id_i,
  /// with RowsLog2 > 0: changes only while idle_o
  input  logic [RowsBits-1:0]  rows_log2_i,
  input  logic                 cmd_valid_i,
  output logic                 cmd_ready_o,
  /// first byte of the chunk (of a tile: in row 0), a multiple of the bytes of a burst
  input  logic [63:0]          cmd_addr_i,
  input  logic                 valid_i,
  output logic                 ready_o,
  input  logic [BeatBits-1:0]  beat_i,
  /// bursts acknowledged since reset, modulo 2^32
  output logic [31:0]          written_o,
  /// everything acknowledged and, unless stopped, no command unfinished and no beat in the FIFO
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

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BurstBeats = sizes_pkg::spectrum_burst_beats(Lanes, Chunk);
  localparam int BurstBytes = BurstBeats * AxiBits / 8;
  localparam int Bursts = ChunkBeats / BurstBeats;
  localparam int MaxOutstanding = (RowsLog2 > 0) ? 32 : 16;  // those of a tile may be short
  localparam int BeatCountBits = $clog2(BurstBeats);
  localparam int FifoDepth = 2 * BurstBeats;

  initial begin
    if (Lanes < 1 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "spectrum_writer: Lanes must be a power of two, 1 to 16");
    end
    if (!sizes_pkg::is_power_of_two(Chunk) || ChunkBeats < 2) begin
      $fatal(1, "spectrum_writer: Chunk must be a power of two and at least two beats");
    end
    if (MantissaBits < 2 || ExponentBits < 2 || WordBits > 64) begin
      $fatal(1, "spectrum_writer: a word has to fit its 64-bit slot");
    end
  end

  logic                       busy_q;      // a command is being processed
  logic [63:0]                addr;
  logic [8:0]                 beats;
  logic                       last;        // the command's last burst
  logic                       settled;     // the burst is known
  logic                       whole;       // with it, all of BurstBeats beats are requested
  logic [BeatCountBits-1:0]   beat_q;      // beat within the burst that enters the FIFO
  logic                       arrived_q;   // a burst has become complete in the FIFO
  logic [1:0]                 complete_q;  // BurstBeats beats each, in the FIFO, not yet requested
  logic [31:0]                written_q;
  logic                       push;
  logic                       take;
  logic                       issue;
  logic                       leave;
  logic                       master_valid;
  logic                       master_ready;
  logic                       master_idle;
  logic                       done;
  logic                       data_valid;
  logic                       data_ready;
  logic [BeatBits-1:0]        beat;
  logic [AxiBits-1:0]         data;
  logic [$clog2(FifoDepth):0] fifo_level;

  assign cmd_ready_o  = !busy_q;
  assign take         = cmd_valid_i && cmd_ready_o;
  assign push         = valid_i && ready_o;
  assign master_valid = busy_q && (complete_q != '0) && settled;
  assign issue        = master_valid && master_ready;
  assign leave        = issue && whole;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q     <= 1'b0;
      beat_q     <= '0;
      arrived_q  <= 1'b0;
      complete_q <= '0;
      written_q  <= '0;
    end else begin
      busy_q    <= take || (busy_q && !(issue && last));
      arrived_q <= push && (&beat_q);
      if (push) beat_q <= beat_q + 1'b1;
      if (arrived_q && !leave) complete_q <= complete_q + 1'b1;
      if (!arrived_q && leave) complete_q <= complete_q - 1'b1;
      if (done) written_q <= written_q + 1'b1;
    end
  end

  if (RowsLog2 == 0) begin : gen_row
    localparam int LeftBits = (Bursts > 1) ? $clog2(Bursts) : 1;

    logic [63:0]         addr_q;
    logic [LeftBits-1:0] left_q;  // bursts of the command after this one
    logic                last_q;  // there is none

    always_ff @(posedge clk_i) begin
      if (take) begin
        addr_q <= cmd_addr_i;
        left_q <= LeftBits'(Bursts - 1);
        last_q <= (Bursts == 1);
      end else if (issue) begin
        addr_q <= addr_q + 64'(BurstBytes);
        left_q <= left_q - 1'b1;
        last_q <= (left_q == LeftBits'(1));
      end
    end

    assign addr    = addr_q;
    assign beats   = 9'(BurstBeats);
    assign last    = last_q;
    assign settled = 1'b1;
    assign whole   = 1'b1;

    logic unused;
    assign unused = &{1'b0, rows_log2_i};
  end else begin : gen_tile
    logic first;

    tile_bursts #(
      .Lanes     (Lanes),
      .Chunk     (Chunk),
      .RowsLog2  (RowsLog2),
      .BurstBeats(BurstBeats)
    ) u_bursts (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .rows_log2_i(rows_log2_i),
      .take_i     (take),
      .addr_i     (cmd_addr_i),
      .ready_o    (settled),
      .step_i     (issue),
      .addr_o     (addr),
      .beats_o    (beats),
      .first_o    (first),
      .whole_o    (whole),
      .last_o     (last)
    );

    logic unused;
    assign unused = &{1'b0, first};
  end

  fifo #(
    .Width(BeatBits),
    .Depth(FifoDepth),
    .Style("distributed")
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_i),
    .ready_o(ready_o),
    .data_i (beat_i),
    .valid_o(data_valid),
    .ready_i(data_ready),
    .data_o (beat),
    .level_o(fifo_level)
  );

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    assign data[l*64+:64] = 64'(beat[l*WordBits+:WordBits]);
  end

  axi_write_master #(
    .DataBits      (AxiBits),
    .MaxOutstanding(MaxOutstanding)
  ) u_master (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .cmd_valid_i  (master_valid),
    .cmd_ready_o  (master_ready),
    .cmd_addr_i   (addr),
    .cmd_beats_i  (beats),
    .data_valid_i (data_valid),
    .data_ready_o (data_ready),
    .data_i       (data),
    .strb_i       ({AxiBits / 8{1'b1}}),
    .done_o       (done),
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

  assign written_o = written_q;
  assign pending_o = !master_idle;
  assign idle_o    = master_idle && (stop_i || (!busy_q && fifo_level == '0));

endmodule
