// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// chunk_controller: the schedule. For each channel and output chunk k it issues the passes
// X(i) * H(k-i), oldest X first (the last X comes straight from the forward engine), and the
// commands that every consumer needs for them. PREPARE transforms the chunks of h and stores them.
//
// With two outputs, a pass multiplies X(i) by H(k-i) for chunk k and by H(k+1-i), which the
// previous pass fetched, for chunk k+1. Output chunks are computed in pairs; if their number is
// odd, the first is alone. The last pass of a pair, X(k+1) by H(0), needs no new H and fetches the
// highest H of the next pair, even across channels. The first channel's is fetched in a separate
// pass, while x(0) is loaded.
//
// Handshake: start_i is a pulse. The arguments must remain stable until done_o, which then holds
// until the next start_i or reset. Every stream is valid/ready, out of a FIFO.
// Latency: 9 clocks from start_i to the first pass (two outputs: 7 to the pass for H alone, 11 or,
// without it, 10 to the first other pass). Throughput: a pass every 2 clocks within an output chunk
// or a pair, 4 clocks across chunks, 5 across channels.
//
// No deadlock, whatever the order in which consumers take their commands. Three processes fill the
// streams, and none waits for another: loads (a chunk_walker), outputs (another one), and passes
// together with their spectra commands. Loads and outputs have one consumer each and run ahead as
// far as it allows. The third process waits only while one of its own FIFOs is full. Its commands
// enter their FIFOs in order of execution, each pass together with everything that it needs. So the
// oldest incomplete pass has issued all its commands and completes, and with it the commands of its
// streams, which are the oldest in their FIFOs: the full FIFO moves. A kept H came with the
// previous pass. Whether an output chunk has a tail to add is a flag of the pass that completes it,
// so no stream has to keep up with the data that passes have sent on.

module chunk_controller #(
  parameter int Lanes = 8,           // words of a beat
  parameter int Chunk = 65536,       // samples of a chunk
  parameter int MaxLengthLog2 = 22,  // longest row: 2^MaxLengthLog2 samples
  parameter int Outputs = 1,         // output chunks that a pass may add to: 1 or 2
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  start_i,
  /// 1: CONVOLVE, 0: PREPARE
  input  logic                  convolve_i,
  /// 1..65536
  input  logic [16:0]           channels_i,
  /// samples: 1..2^MaxLengthLog2
  input  logic [LengthBits-1:0] length_x_i,
  input  logic [LengthBits-1:0] length_h_i,
  input  logic [63:0]           x_i,
  input  logic [63:0]           h_i,
  input  logic [63:0]           h_spectra_i,
  input  logic [63:0]           x_spectra_i,
  input  logic [63:0]           y_i,
  /// every command of the job was taken
  output logic                  done_o,
  // to sample_reader
  output logic                  load_valid_o,
  input  logic                  load_ready_i,
  output logic [63:0]           load_addr_o,
  output logic [ChunkLog2:0]    load_samples_o,
  // to the spectrum_reader of X
  output logic                  x_read_valid_o,
  input  logic                  x_read_ready_i,
  output logic [63:0]           x_read_addr_o,
  /// bursts written to X before this chunk's first
  output logic [31:0]           x_read_sequence_o,
  // to the spectrum_reader of H
  output logic                  h_read_valid_o,
  input  logic                  h_read_ready_i,
  output logic [63:0]           h_read_addr_o,
  // to the spectrum_writer of X
  output logic                  x_store_valid_o,
  input  logic                  x_store_ready_i,
  output logic [63:0]           x_store_addr_o,
  // to the spectrum_writer of H
  output logic                  h_store_valid_o,
  input  logic                  h_store_ready_i,
  output logic [63:0]           h_store_addr_o,
  // to pass_sequencer
  output logic                  pass_valid_o,
  input  logic                  pass_ready_i,
  output logic [Outputs-1:0]    pass_outputs_o,
  output logic [Outputs-1:0]    pass_first_o,
  output logic [Outputs-1:0]    pass_last_o,
  output logic                  pass_h_o,
  output logic                  pass_flush_o,
  output logic                  pass_engine_o,
  output logic                  pass_store_o,
  output logic                  pass_prepare_o,
  /// the output chunk that the pass completes is its channel's first: it has no tail to add
  output logic                  pass_no_tail_o,
  // to sample_writer
  output logic                  y_store_valid_o,
  input  logic                  y_store_ready_i,
  output logic [63:0]           y_store_addr_o,
  output logic [ChunkLog2:0]    y_store_samples_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int PageBeats = 512 / Lanes;
  localparam int MaxBurst = (PageBeats < 64) ? PageBeats : 64;
  localparam int BurstBeats = (ChunkBeats < MaxBurst) ? ChunkBeats : MaxBurst;
  localparam int BurstsLog2 = $clog2(ChunkBeats / BurstBeats);
  // Rows are at least as wide as a chunk here, so that the slices below exist.
  localparam int RowBits = (LengthBits > ChunkLog2) ? LengthBits : ChunkLog2 + 1;
  localparam int CountBits = RowBits - ChunkLog2;
  localparam int StrideBits = (LengthBits > 11) ? LengthBits - 10 : 1;
  localparam int SpectrumLog2 = ChunkLog2 + 3;
  localparam int FifoDepth = 8;
  localparam int FifoLog2 = $clog2(FifoDepth);

  initial begin
    if (Chunk < 16 || Chunk != (1 << ChunkLog2)) $fatal(1, "chunk_controller: bad Chunk");
    if (Lanes < 2 || Lanes > 16 || (Lanes & (Lanes - 1)) != 0 || ChunkBeats < 1) begin
      $fatal(1, "chunk_controller: bad Lanes");
    end
    if (Outputs < 1 || Outputs > 2) $fatal(1, "chunk_controller: bad Outputs");
    if (MaxLengthLog2 < 1 || MaxLengthLog2 > 28) $fatal(1, "chunk_controller: bad MaxLengthLog2");
  end

  // ---------------------------------------------------------------------------------------------
  // The job's sizes, one small step a clock.

  typedef enum logic [3:0] {
    StIdle,
    StLength,
    StCounts,
    StBegin,
    StHead,
    StBring,
    StRow,
    StFirst,
    StSum,
    StPass,
    StChunk,
    StChannel,
    StFlush,
    StDrain
  } state_e;

  state_e state_q;

  logic [RowBits-1:0]    row_length_q;    // of the rows that are transformed: x or h
  logic [63:0]           row_base_q;
  logic [RowBits-1:0]    length_h;
  logic [CountBits-1:0]  chunks_q;        // of such a row
  logic [CountBits-1:0]  h_chunks_q;      // of a row of h
  logic [ChunkLog2:0]    last_samples_q;
  logic [StrideBits-1:0] stride_q;
  logic [CountBits-1:0]  last_chunk_q;    // chunks_q - 1
  logic [CountBits-1:0]  last_h_chunk_q;
  logic                  single_q;        // one chunk of h: X is never stored
  logic [15:0]           last_channel_q;

  // Two outputs a pass.
  logic                  two;
  logic [CountBits-1:0]  step;            // output chunks that go together
  logic [CountBits-1:0]  head;            // the last of a channel's first output chunks
  logic                  head_kept_q;     // and whether there is an H for it and X(0)
  logic [CountBits-1:0]  stored_q;        // chunks of X that a channel stores

  assign length_h = RowBits'(length_h_i);
  assign two      = (Outputs == 2) && convolve_i;
  assign step     = two ? CountBits'(2) : CountBits'(1);
  assign head     = two ? CountBits'(last_chunk_q[0]) : '0;

  always_ff @(posedge clk_i) begin
    row_length_q   <= convolve_i ? RowBits'(length_x_i) : length_h;
    row_base_q     <= convolve_i ? x_i : h_i;
    chunks_q       <= row_length_q[RowBits-1:ChunkLog2]
                      + CountBits'(row_length_q[ChunkLog2-1:0] != '0);
    h_chunks_q     <= length_h[RowBits-1:ChunkLog2] + CountBits'(length_h[ChunkLog2-1:0] != '0);
    // A row's last chunk is full when the length is a multiple of the chunk.
    last_samples_q <= {row_length_q[ChunkLog2-1:0] == '0, row_length_q[ChunkLog2-1:0]};
    stride_q       <= StrideBits'((32'(row_length_q) + 32'd1023) >> 10);
    last_chunk_q   <= chunks_q - 1'b1;
    last_h_chunk_q <= h_chunks_q - 1'b1;
    single_q       <= (h_chunks_q == CountBits'(1));
    last_channel_q <= 16'(channels_i - 1'b1);
    head_kept_q    <= (head == '0) || !single_q;
    stored_q       <= last_chunk_q - CountBits'(two && last_chunk_q != '0);
  end

  // ---------------------------------------------------------------------------------------------
  // Loads and outputs.

  logic               begin_walks;
  logic               load_valid;
  logic               load_ready;
  logic [63:0]        load_addr;
  logic [ChunkLog2:0] load_samples;
  logic               loads_idle;
  logic               output_valid;
  logic               output_ready;
  logic [63:0]        output_addr;
  logic [ChunkLog2:0] output_samples;
  logic               outputs_idle;

  assign begin_walks = (state_q == StBegin);

  chunk_walker #(
    .Chunk     (Chunk),
    .CountBits (CountBits),
    .StrideBits(StrideBits),
    .Dummy     (1'b1)
  ) u_loads (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks),
    .last_channel_i(last_channel_q),
    .last_chunk_i  (last_chunk_q),
    .last_samples_i(last_samples_q),
    .base_i        (row_base_q),
    .stride_i      (stride_q),
    .valid_o       (load_valid),
    .ready_i       (load_ready),
    .addr_o        (load_addr),
    .samples_o     (load_samples),
    .idle_o        (loads_idle)
  );

  chunk_walker #(
    .Chunk     (Chunk),
    .CountBits (CountBits),
    .StrideBits(StrideBits),
    .Dummy     (1'b0)
  ) u_outputs (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks && convolve_i),
    .last_channel_i(last_channel_q),
    .last_chunk_i  (last_chunk_q),
    .last_samples_i(last_samples_q),
    .base_i        (y_i),
    .stride_i      (stride_q),
    .valid_o       (output_valid),
    .ready_i       (output_ready),
    .addr_o        (output_addr),
    .samples_o     (output_samples),
    .idle_o        (outputs_idle)
  );

  // ---------------------------------------------------------------------------------------------
  // Passes.

  logic [15:0]          channel_q;
  logic [CountBits-1:0] k_q;           // output chunk, the second of two
  logic [CountBits-1:0] oldest_q;      // its first i, of two the first one's
  logic [CountBits-1:0] newest_h_q;    // and the H that comes with it; -1: none
  logic [CountBits-1:0] i_q;           // chunk of X
  logic [CountBits-1:0] j_q;           // chunk of H that the pass brings: i + j = k, of two for
                                       // the first one; with the last X one of the next two
  logic [63:0]          h_row_q;       // the channel's H(0)
  logic [63:0]          h_next_row_q;  // the next one's
  logic [63:0]          h_base_q;      // that of j's channel
  logic [63:0]          h_base;
  logic [31:0]          sequence_q;    // bursts of X written in earlier channels
  logic [63:0]          x_addr_q;
  logic [63:0]          h_addr_q;
  logic [31:0]          x_sequence_q;
  logic                 first_q;       // the first pass of the output chunk, or of two
  logic                 last_q;
  logic                 last_k_q;
  logic                 oldest_x_q;    // it multiplies X(0)
  // Of two output chunks:
  logic                 late_q;        // the second one's first pass is not the first but
  logic                 second_q;      // the second one
  logic                 ahead_q;       // the last pass brings an H of the next two
  logic [CountBits-1:0] ahead_h;       // this one
  logic [CountBits-1:0] ahead_h_q;
  logic                 before_last_q; // the pass before the last: the first one's last
  logic                 newest;
  logic                 last_k;
  logic                 engine;
  logic                 store;
  logic                 use_x;
  logic                 use_h;
  logic                 room;
  logic                 issue;
  logic                 bring;
  logic                 flush;
  logic                 x_read_ready;
  logic                 h_read_ready;
  logic                 x_store_ready;
  logic                 h_store_ready;
  logic                 pass_ready;
  logic [FifoLog2:0]    load_level;
  logic [FifoLog2:0]    x_read_level;
  logic [FifoLog2:0]    h_read_level;
  logic [FifoLog2:0]    x_store_level;
  logic [FifoLog2:0]    h_store_level;
  logic [FifoLog2:0]    pass_level;
  logic [FifoLog2:0]    y_store_level;
  logic [FifoLog2:0]    levels;  // 0 when all FIFOs are empty

  assign levels = load_level | x_read_level | h_read_level | x_store_level | h_store_level
      | pass_level | y_store_level;

  assign newest  = (i_q == k_q);
  assign last_k  = (k_q == last_chunk_q);
  assign ahead_h = last_k ? head : k_q + CountBits'(2);
  assign h_base  = (Outputs == 2) ? h_base_q : h_row_q;
  assign engine  = convolve_i && (last_q || before_last_q);
  assign use_x   = convolve_i && !engine;
  assign use_h   = convolve_i && (!(two && last_q) || ahead_q);
  assign store   = engine && !last_k_q && !single_q;

  // A pass enters all FIFOs it needs at once, so no command is ever ahead of its pass.
  assign room = pass_ready && (!use_x || x_read_ready) && (!use_h || h_read_ready)
      && (!store || x_store_ready) && (convolve_i || h_store_ready);
  assign issue = (state_q == StPass) && room;
  assign bring = (state_q == StBring) && pass_ready && h_read_ready;
  assign flush = (state_q == StFlush);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StLength;
        StLength: state_q <= StCounts;
        StCounts: state_q <= StBegin;
        StBegin: state_q <= two ? StHead : StRow;
        StHead: state_q <= head_kept_q ? StBring : StRow;
        StBring: if (bring) state_q <= StRow;
        StRow: state_q <= StFirst;
        StFirst: state_q <= StSum;
        StSum: state_q <= StPass;
        StPass: begin
          if (room) begin
            if (convolve_i && !last_q) state_q <= StSum;
            else if (!last_k_q) state_q <= StChunk;
            else if (channel_q != last_channel_q) state_q <= StChannel;
            else state_q <= convolve_i ? StFlush : StDrain;
          end
        end
        StChunk: state_q <= StFirst;
        StChannel: state_q <= StRow;
        StFlush: if (pass_ready) state_q <= StDrain;
        StDrain: begin
          if (loads_idle && outputs_idle && levels == '0) state_q <= StIdle;
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      StBegin: begin
        channel_q  <= '0;
        h_row_q    <= h_spectra_i;
        sequence_q <= '0;
        h_base_q   <= h_spectra_i;
        j_q        <= head;
      end
      StRow: begin
        k_q        <= head;
        oldest_q   <= '0;
        newest_h_q <= two ? head - 1'b1 : '0;
      end
      StFirst: begin
        i_q       <= oldest_q;
        j_q       <= (two && oldest_q == k_q) ? ahead_h : newest_h_q;
        h_base_q  <= (two && oldest_q == k_q && last_k) ? h_next_row_q : h_row_q;
        first_q   <= 1'b1;
        second_q  <= 1'b0;
        last_k_q  <= last_k;
        late_q    <= (k_q > last_h_chunk_q);
        ahead_h_q <= ahead_h;
        ahead_q   <= last_k ? head_kept_q && channel_q != last_channel_q
                     : ahead_h <= last_h_chunk_q;
      end
      StSum: begin
        last_q        <= newest;
        oldest_x_q    <= (i_q == '0);
        before_last_q <= two && (i_q + 1'b1 == k_q);
      end
      StPass: begin
        if (room) begin
          i_q      <= i_q + 1'b1;
          j_q      <= (two && before_last_q) ? ahead_h_q : j_q - 1'b1;
          h_base_q <= (two && before_last_q && last_k_q) ? h_next_row_q : h_row_q;
          first_q  <= 1'b0;
          second_q <= first_q;
        end
      end
      StChunk: begin
        k_q <= k_q + step;
        // Either one more pair for each output chunk, or the oldest X has met the whole filter.
        // Chunks of h beyond those of x are never reached.
        if (newest_h_q == last_h_chunk_q) begin
          oldest_q <= oldest_q + step;
        end else if (two && newest_h_q + 1'b1 != last_h_chunk_q) begin
          newest_h_q <= newest_h_q + step;
        end else begin
          newest_h_q <= newest_h_q + 1'b1;
          if (two) oldest_q <= oldest_q + 1'b1;
        end
      end
      StChannel: begin
        channel_q  <= channel_q + 1'b1;
        h_row_q    <= h_next_row_q;
        // All chunks but the last, or the last two, of a channel were written.
        sequence_q <= sequence_q + (32'(stored_q) << BurstsLog2);
      end
      default: ;
    endcase
  end

  // Sums of registers alone, a clock behind them: StHead and StSum wait for them.
  always_ff @(posedge clk_i) begin
    x_addr_q     <= x_spectra_i
                    + {{(64 - CountBits - SpectrumLog2){1'b0}}, i_q, {SpectrumLog2{1'b0}}};
    x_sequence_q <= sequence_q + (32'(i_q) << BurstsLog2);
    h_addr_q     <= h_base
                    + {{(64 - CountBits - SpectrumLog2){1'b0}}, j_q, {SpectrumLog2{1'b0}}};
    h_next_row_q <= h_row_q
                    + {{(64 - CountBits - SpectrumLog2){1'b0}}, h_chunks_q, {SpectrumLog2{1'b0}}};
  end

  logic started_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) started_q <= 1'b0;
    else if (start_i) started_q <= 1'b1;
  end

  assign done_o = started_q && (state_q == StIdle);

  // ---------------------------------------------------------------------------------------------
  // The streams.

  fifo #(
    .Width(64 + ChunkLog2 + 1),
    .Depth(FifoDepth)
  ) u_load_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(load_valid),
    .ready_o(load_ready),
    .data_i ({load_samples, load_addr}),
    .valid_o(load_valid_o),
    .ready_i(load_ready_i),
    .data_o ({load_samples_o, load_addr_o}),
    .level_o(load_level)
  );

  fifo #(
    .Width(96),
    .Depth(FifoDepth)
  ) u_x_read_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(issue && use_x),
    .ready_o(x_read_ready),
    .data_i ({x_sequence_q, x_addr_q}),
    .valid_o(x_read_valid_o),
    .ready_i(x_read_ready_i),
    .data_o ({x_read_sequence_o, x_read_addr_o}),
    .level_o(x_read_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_h_read_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i((issue && use_h) || bring),
    .ready_o(h_read_ready),
    .data_i (h_addr_q),
    .valid_o(h_read_valid_o),
    .ready_i(h_read_ready_i),
    .data_o (h_read_addr_o),
    .level_o(h_read_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_x_store_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(issue && store),
    .ready_o(x_store_ready),
    .data_i (x_addr_q),
    .valid_o(x_store_valid_o),
    .ready_i(x_store_ready_i),
    .data_o (x_store_addr_o),
    .level_o(x_store_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_h_store_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(issue && !convolve_i),
    .ready_o(h_store_ready),
    .data_i (h_addr_q),
    .valid_o(h_store_valid_o),
    .ready_i(h_store_ready_i),
    .data_o (h_store_addr_o),
    .level_o(h_store_level)
  );

  // The pass: its output chunks, and what else it does.
  logic [Outputs-1:0] outputs;
  logic [Outputs-1:0] first;
  logic [Outputs-1:0] last;
  logic [5:0]         marks;  // h, flush, engine, store, prepare, no_tail

  if (Outputs == 1) begin : gen_one
    assign outputs = flush || convolve_i;
    assign first   = flush || (convolve_i && first_q);
    assign last    = flush || (convolve_i && last_q);

    logic unused;
    assign unused = late_q || second_q;
  end else begin : gen_two
    always_comb begin
      outputs = '0;
      first   = '0;
      last    = '0;
      if (flush) begin
        outputs = 2'b01;
        first   = 2'b01;
        last    = 2'b01;
      end else if (convolve_i && state_q != StBring) begin
        outputs = {!(late_q && first_q), !last_q};
        first   = {late_q ? second_q : first_q, first_q && !last_q};
        last    = {last_q, before_last_q};
      end
    end
  end

  always_comb begin
    // The zeros of a flush have no tail to add either: it would be one of samples beyond y.
    if (flush) marks = 6'b010001;
    else if (state_q == StBring) marks = 6'b100000;
    else if (convolve_i) marks = {use_h, 1'b0, engine, store, 1'b0, engine && oldest_x_q};
    else marks = 6'b000010;
  end

  fifo #(
    .Width(3 * Outputs + 6),
    .Depth(FifoDepth)
  ) u_pass_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(issue || bring || flush),
    .ready_o(pass_ready),
    .data_i ({outputs, first, last, marks}),
    .valid_o(pass_valid_o),
    .ready_i(pass_ready_i),
    .data_o ({pass_outputs_o, pass_first_o, pass_last_o, pass_h_o, pass_flush_o, pass_engine_o,
              pass_store_o, pass_prepare_o, pass_no_tail_o}),
    .level_o(pass_level)
  );

  fifo #(
    .Width(64 + ChunkLog2 + 1),
    .Depth(FifoDepth)
  ) u_y_store_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(output_valid),
    .ready_o(output_ready),
    .data_i ({output_samples, output_addr}),
    .valid_o(y_store_valid_o),
    .ready_i(y_store_ready_i),
    .data_o ({y_store_samples_o, y_store_addr_o}),
    .level_o(y_store_level)
  );

endmodule
