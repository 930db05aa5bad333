// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_reader: prefetches whole chunks of spectral words from memory, one 64-bit slot per word,
// in bursts that never cross 4 KiB.
// With Interlock, a burst of a chunk that is still being written waits until the writer of the same
// memory has had that part acknowledged: burst b of a command is requested only when at least
// cmd_sequence_i + b + 1 bursts have been (written_i, modulo 2^32).
// Handshake: cmd valid/ready, one chunk per command; valid/ready on the beats. Space in the FIFO is
// reserved before a burst is requested.
// Latency: 4 clocks from a command to m_axi_arvalid, 3 clocks from an R beat to valid_o.
// Throughput: one beat a clock, also across commands; one burst every 3 clocks at most.

module spectrum_reader #(
  parameter int Lanes = 8,          // words of a beat: a power of two, 1..16
  parameter int Chunk = 65536,      // words of a chunk: a power of two
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  /// beats prefetched: a power of two, at least 2 bursts
  parameter int FifoDepth = sizes_pkg::ReaderBeats,
  parameter bit Interlock = 1'b1,   // wait for written_i
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  /// no further burst is requested
  input  logic                stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                id_i,
  input  logic                cmd_valid_i,
  output logic                cmd_ready_o,
  /// first byte of the chunk, a multiple of the bytes of a burst
  input  logic [63:0]         cmd_addr_i,
  /// bursts the writer had to write before the first of this chunk
  input  logic [31:0]         cmd_sequence_i,
  /// bursts the writer has had acknowledged
  input  logic [31:0]         written_i,
  output logic                valid_o,
  input  logic                ready_i,
  output logic [BeatBits-1:0] beat_o,
  /// nothing outstanding and, unless stopped, no command in work (beats may wait in the FIFO)
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
  output logic [2:0]          m_axi_arsize,
  output logic [1:0]          m_axi_arburst,
  output logic [0:0]          m_axi_arid,
  output logic [3:0]          m_axi_arcache,
  output logic [2:0]          m_axi_arprot,
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
  localparam int LeftBits = $clog2(Bursts + 1);
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
    Idle,     // no command
    Compare,  // the burst's sequence number is set: its comparison is made
    Issue     // the comparison counts
  } state_e;

  state_e              state_q;
  state_e              state_d;
  logic [63:0]         addr_q;
  logic [31:0]         sequence_q;
  logic [31:0]         ahead;
  logic                stored_q;     // the burst's data is in memory
  logic [LeftBits-1:0] left_q;       // bursts of the command not yet requested
  logic                last_q;       // left_q == 1
  logic [PopBits-1:0]  pop_q;        // beat within the burst that leaves the FIFO
  logic                release_q;    // a whole burst has left the FIFO
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

  assign cmd_ready_o  = (state_q == Idle);
  assign take         = cmd_valid_i && cmd_ready_o;
  assign master_valid = (state_q == Issue) && room && (stored_q || !Interlock);
  assign issue        = master_valid && master_ready;
  assign pop          = valid_o && ready_i;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:    if (cmd_valid_i) state_d = Compare;
      Compare: state_d = Issue;
      Issue: begin
        if (issue && last_q) state_d = Idle;
        else if (issue) state_d = Compare;
      end
      default: state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q   <= Idle;
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
    if (take) begin
      addr_q     <= cmd_addr_i;
      sequence_q <= cmd_sequence_i;
      left_q     <= LeftBits'(Bursts);
      last_q     <= (Bursts == 1);
    end else if (issue) begin
      addr_q     <= addr_q + 64'(BurstBytes);
      sequence_q <= sequence_q + 1'b1;
      left_q     <= left_q - 1'b1;
      last_q     <= (left_q == LeftBits'(2));
    end
  end

  // Places are counted in bursts: they are reserved and, but for the burst that is leaving, held
  // by whole bursts.
  credit_counter #(
    .Credits(FifoDepth / BurstBeats)
  ) u_room (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (issue),
    .release_i  (release_q),
    .available_o(room)
  );

  axi_read_master #(
    .DataBits(AxiBits)
  ) u_master (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .cmd_valid_i  (master_valid),
    .cmd_ready_o  (master_ready),
    .cmd_addr_i   (addr_q),
    .cmd_beats_i  (9'(BurstBeats)),
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
    .m_axi_arsize (m_axi_arsize),
    .m_axi_arburst(m_axi_arburst),
    .m_axi_arid   (m_axi_arid),
    .m_axi_arcache(m_axi_arcache),
    .m_axi_arprot (m_axi_arprot),
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
  assign idle_o    = master_idle && (stop_i || state_q == Idle);

  // The room was reserved in advance, the bursts are counted at the other end, and of the
  // difference only the sign counts.
  logic unused_signals;
  assign unused_signals = ^{data_last, fifo_ready, fifo_level, ahead[30:0]};

endmodule
