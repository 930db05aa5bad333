// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_reader: prefetches whole chunks of spectral words from memory, one 64-bit slot per word,
// in bursts that never cross 4 KiB.
// With Interlock, a burst of a chunk that is still being written waits until the writer of the same
// memory has had that part acknowledged: burst b of a command is requested only when at least
// cmd_sequence_i + b + 1 bursts have been (written_i, modulo 2^32).
// With RowsLog2 > 0 a chunk is a tile of the columns of 2^rows_log2_i rows: see tile_bursts.
// Handshake: cmd valid/ready, one chunk per command; valid/ready on the beats. Space in the FIFO is
// reserved before a burst is requested.
// Latency: 4 clocks from a command to m_axi_arvalid, 3 clocks from an R beat to valid_o.
// Throughput: one beat a clock, also across commands; one burst every 3 clocks at most.

module spectrum_reader #(
  parameter int Lanes = 8,          // words of a beat: a power of two, 1..16
  parameter int Chunk = 65536,      // words of a chunk: a power of two
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int RowsLog2 = 0,       // log2 of the most rows of whose columns a chunk is a tile
  /// beats prefetched: a power of two, at least 2 bursts
  parameter int FifoDepth = sizes_pkg::ReaderBeats,
  parameter bit Interlock = 1'b1,   // wait for written_i
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int AxiBits = 64 * Lanes,
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  /// no further burst is requested
  input  logic                stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                id_i,
  /// with RowsLog2 > 0: changes only while idle_o
  input  logic [RowsBits-1:0] rows_log2_i,
  input  logic                cmd_valid_i,
  output logic                cmd_ready_o,
  /// first byte of the chunk (of a tile: in row 0), a multiple of the bytes of a burst
  input  logic [63:0]         cmd_addr_i,
  /// bursts the writer had to write before the first of this chunk
  input  logic [31:0]         cmd_sequence_i,
  /// bursts the writer has had acknowledged
  input  logic [31:0]         written_i,
  output logic                valid_o,
  input  logic                ready_i,
  output logic [BeatBits-1:0] beat_o,
  /// nothing outstanding and, unless stopped, no command unfinished (beats may wait in the FIFO)
  output logic                idle_o,
  /// pulse: a beat came with an error response; it still goes out
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

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BurstBeats = sizes_pkg::spectrum_burst_beats(Lanes, Chunk);
  localparam int BurstBytes = BurstBeats * AxiBits / 8;
  localparam int Bursts = ChunkBeats / BurstBeats;
  localparam int MaxOutstanding = (RowsLog2 > 0) ? 32 : 16;  // those of a tile may be short
  localparam int PopBits = $clog2(BurstBeats);

  initial begin
    if (Lanes < 1 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "spectrum_reader: Lanes must be a power of two, 1 to 16");
    end
    if (!sizes_pkg::is_power_of_two(Chunk) || ChunkBeats < 2) begin
      $fatal(1, "spectrum_reader: Chunk must be a power of two and at least two beats");
    end
    if (MantissaBits < 2 || ExponentBits < 2 || WordBits > 64) begin
      $fatal(1, "spectrum_reader: a word has to fit its 64-bit slot");
    end
    if (FifoDepth < 2 * BurstBeats) begin
      $fatal(1, "spectrum_reader: FifoDepth must hold two bursts");
    end
  end

  typedef enum logic [1:0] {
    StIdle,     // no command
    StCompare,  // the burst's sequence number is set: its comparison is made
    StIssue     // the comparison counts
  } state_e;

  state_e              state_q;
  state_e              state_d;
  logic [63:0]         addr;
  logic [8:0]          beats;
  logic                first;        // BurstBeats beats begin with the burst
  logic                last;         // the command's last burst
  logic [31:0]         sequence_q;
  logic [31:0]         ahead;
  logic                stored_q;     // the burst's data is in memory
  logic [PopBits-1:0]  pop_q;        // of BurstBeats beats, the one that leaves the FIFO
  logic                release_q;    // all of them have left it
  logic                pop;
  logic                take;
  logic                issue;
  logic                room;
  logic                master_valid;
  logic                master_ready;
  logic                master_idle;
  logic                data_valid;
  logic [AxiBits-1:0]  data;
  logic                data_last;
  logic [BeatBits-1:0] beat;
  logic                fifo_ready;
  logic [$clog2(FifoDepth):0] fifo_level;

  // written_i - (sequence + 1), as one sum
  assign ahead = written_i + ~sequence_q;

  assign cmd_ready_o  = (state_q == StIdle);
  assign take         = cmd_valid_i && cmd_ready_o;
  assign master_valid = (state_q == StIssue) && (room || !first) && (stored_q || !Interlock);
  assign issue        = master_valid && master_ready;
  assign pop          = valid_o && ready_i;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StIdle:    if (cmd_valid_i) state_d = StCompare;
      StCompare: state_d = StIssue;
      StIssue: begin
        if (issue && last) state_d = StIdle;
        else if (issue) state_d = StCompare;
      end
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q   <= StIdle;
      pop_q     <= '0;
      release_q <= 1'b0;
    end else begin
      state_q   <= state_d;
      if (pop) pop_q <= pop_q + 1'b1;
      release_q <= pop && (&pop_q);
    end
  end

  always_ff @(posedge clk_i) begin
    stored_q <= !ahead[31];
    if (take) sequence_q <= cmd_sequence_i;
    else if (issue) sequence_q <= sequence_q + 1'b1;
  end

  if (RowsLog2 == 0) begin : gen_row
    localparam int LeftBits = (Bursts > 1) ? $clog2(Bursts) : 1;

    logic [63:0]         addr_q;
    logic [LeftBits-1:0] left_q;  // bursts of the command after this one
    logic                last_q;  // there is none; StCompare takes the clock that this needs

    always_ff @(posedge clk_i) begin
      if (take) begin
        addr_q <= cmd_addr_i;
        left_q <= LeftBits'(Bursts - 1);
      end else if (issue) begin
        addr_q <= addr_q + 64'(BurstBytes);
        left_q <= left_q - 1'b1;
      end
      last_q <= (left_q == '0);
    end

    assign addr  = addr_q;
    assign beats = 9'(BurstBeats);
    assign first = 1'b1;
    assign last  = last_q;

    logic unused;
    assign unused = &{1'b0, rows_log2_i};
  end else begin : gen_tile
    logic settled;
    logic whole;

    // Settled when it counts, by the same clock.
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
    assign unused = &{1'b0, settled, whole};
  end

  // Places are counted by BurstBeats beats, a burst of a row or several of a tile: they are
  // reserved and, but for those that are leaving, held by all of them.
  credit_counter #(
    .Credits(FifoDepth / BurstBeats)
  ) u_room (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (issue && first),
    .release_i  (release_q),
    .available_o(room)
  );

  axi_read_master #(
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
    .data_valid_o (data_valid),
    .data_o       (data),
    .data_last_o  (data_last),
    .idle_o       (master_idle),
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

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    assign beat[l*WordBits+:WordBits] = data[l*64+:WordBits];
    if (WordBits < 64) begin : gen_unused
      logic unused_data;
      assign unused_data = ^data[l*64+WordBits+:64-WordBits];
    end
  end

  fifo #(
    .Width(BeatBits),
    .Depth(FifoDepth),
    .Style("block")
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(data_valid),
    .ready_o(fifo_ready),
    .data_i (beat),
    .valid_o(valid_o),
    .ready_i(ready_i),
    .data_o (beat_o),
    .level_o(fifo_level)
  );

  assign pending_o = !master_idle;
  assign idle_o    = master_idle && (stop_i || state_q == StIdle);

  // The room was reserved in advance, the bursts are counted at the other end, and of the
  // difference only the sign counts.
  logic unused_signals;
  assign unused_signals = ^{data_last, fifo_ready, fifo_level, ahead[30:0]};

endmodule
