// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// chunk_controller: the schedule: turns a job into commands, a stream for each consumer.
//
// chunk_sizes counts the job's chunks; then three walkers run side by side: pass_walker issues the
// passes and their spectra commands, two chunk_walkers the loads and the stores of y.
//
// Handshake: start_i is a pulse. The arguments must remain stable until done_o, which then holds
// until the next start_i or reset. Every stream is valid/ready, out of a FIFO.
// Latency: 9 clocks from start_i to the first pass (two outputs: 7 to the pass for H alone, 11 or,
// without it, 10 to the first other pass). Throughput: a pass every 2 clocks within an output chunk
// or a pair, 4 clocks across chunks, 5 across channels.
//
// No deadlock, whatever the order in which consumers take their commands. No walker waits for
// another. Loads and outputs have one consumer each and run ahead as far as it allows. pass_walker
// waits only while one of its own FIFOs is full. Its commands enter their FIFOs in order of
// execution, each pass together with everything that it needs. So the oldest incomplete pass has
// issued all its commands and completes, and with it the commands of its streams, which are the
// oldest in their FIFOs: the full FIFO moves. A kept H came with the previous pass. Whether an
// output chunk has a tail to add is a flag of the pass that completes it, so no stream has to keep
// up with the data that passes have sent on.

module chunk_controller #(
  parameter int Lanes = 8,           // words of a beat
  parameter int Chunk = 65536,       // samples of a chunk
  parameter int MaxLengthLog2 = 22,  // longest row: 2^MaxLengthLog2 samples
  parameter int Outputs = 1,         // output chunks that a pass may add to: 1 or 2
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1,
  localparam int CountBits = sizes_pkg::chunk_count_bits(MaxLengthLog2, Chunk)
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
  /// CONVOLVE: rows of X that a channel of a stream keeps, a power of two, and the chunks of the
  /// stream before x; 0: x is no stream's
  input  logic [CountBits-1:0]  ring_i,
  input  logic [31:0]           first_chunk_i,
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
  /// bursts written to X before this chunk's first; negative if an earlier job wrote it
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
  /// no tail is added to the output chunk that the pass completes: it is its channel's first, or
  /// of the past and completed for its own tail alone, without pass_engine_o
  output logic                  pass_no_tail_o,
  // to sample_writer
  output logic                  y_store_valid_o,
  input  logic                  y_store_ready_i,
  output logic [63:0]           y_store_addr_o,
  output logic [ChunkLog2:0]    y_store_samples_o
);

  localparam int StrideBits = sizes_pkg::row_stride_bits(MaxLengthLog2);
  localparam int FifoDepth = 8;
  localparam int FifoLog2 = $clog2(FifoDepth);

  // ---------------------------------------------------------------------------------------------
  // A job: its sizes first, one small step a clock, then the walkers until all is taken.

  typedef enum logic [2:0] {StIdle, StLength, StCounts, StBegin, StWalk} state_e;

  state_e            state_q;
  logic              started_q;
  logic              begin_walks;
  logic              loads_idle;
  logic              outputs_idle;
  logic              passes_idle;
  logic [FifoLog2:0] load_level;
  logic [FifoLog2:0] x_read_level;
  logic [FifoLog2:0] h_read_level;
  logic [FifoLog2:0] x_store_level;
  logic [FifoLog2:0] h_store_level;
  logic [FifoLog2:0] pass_level;
  logic [FifoLog2:0] y_store_level;
  logic [FifoLog2:0] levels;  // 0 when all FIFOs are empty

  assign levels = load_level | x_read_level | h_read_level | x_store_level | h_store_level
      | pass_level | y_store_level;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StLength;
        StLength: state_q <= StCounts;
        StCounts: state_q <= StBegin;
        StBegin: state_q <= StWalk;
        StWalk: begin
          if (loads_idle && outputs_idle && passes_idle && levels == '0) state_q <= StIdle;
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) started_q <= 1'b0;
    else if (start_i) started_q <= 1'b1;
  end

  assign begin_walks = (state_q == StBegin);
  assign done_o      = started_q && (state_q == StIdle);

  logic                  two;  // output chunks a pass
  logic [15:0]           last_channel;
  logic [CountBits-1:0]  ring;
  logic [CountBits-1:0]  last_chunk;
  logic [CountBits-1:0]  past;
  logic [CountBits-1:0]  first_row;
  logic [CountBits-1:0]  last_output;
  logic [ChunkLog2:0]    last_samples;
  logic [StrideBits-1:0] stride;
  logic [CountBits-1:0]  h_chunks;
  logic [CountBits-1:0]  last_h_chunk;
  logic                  single_h;
  logic [CountBits-1:0]  head;
  logic                  head_kept;
  logic [CountBits-1:0]  stored;

  assign two  = (Outputs == 2) && convolve_i;
  assign ring = convolve_i ? ring_i : '0;

  chunk_sizes #(
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2)
  ) u_sizes (
    .clk_i         (clk_i),
    .convolve_i    (convolve_i),
    .two_i         (two),
    .stream_i      (ring != '0),
    .first_chunk_i (first_chunk_i),
    .channels_i    (channels_i),
    .length_x_i    (length_x_i),
    .length_h_i    (length_h_i),
    .last_channel_o(last_channel),
    .last_chunk_o  (last_chunk),
    .past_o        (past),
    .first_row_o   (first_row),
    .last_output_o (last_output),
    .last_samples_o(last_samples),
    .stride_o      (stride),
    .h_chunks_o    (h_chunks),
    .last_h_chunk_o(last_h_chunk),
    .single_h_o    (single_h),
    .head_o        (head),
    .head_kept_o   (head_kept),
    .stored_o      (stored)
  );

  // ---------------------------------------------------------------------------------------------
  // Loads and outputs.

  logic [63:0]        row_base_q;
  logic               load_valid;
  logic               load_ready;
  logic [63:0]        load_addr;
  logic [ChunkLog2:0] load_samples;
  logic               output_valid;
  logic               output_ready;
  logic [63:0]        output_addr;
  logic [ChunkLog2:0] output_samples;

  always_ff @(posedge clk_i) begin
    row_base_q <= convolve_i ? x_i : h_i;
  end

  chunk_walker #(
    .Chunk     (Chunk),
    .CountBits (CountBits),
    .StrideBits(StrideBits),
    .Dummy     (1'b1)
  ) u_loads (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks),
    .last_channel_i(last_channel),
    .last_chunk_i  (last_chunk),
    .last_samples_i(last_samples),
    .base_i        (row_base_q),
    .stride_i      (stride),
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
    .last_channel_i(last_channel),
    .last_chunk_i  (last_chunk),
    .last_samples_i(last_samples),
    .base_i        (y_i),
    .stride_i      (stride),
    .valid_o       (output_valid),
    .ready_i       (output_ready),
    .addr_o        (output_addr),
    .samples_o     (output_samples),
    .idle_o        (outputs_idle)
  );

  // ---------------------------------------------------------------------------------------------
  // Passes.

  logic               x_read_valid;
  logic               x_read_ready;
  logic               x_store_valid;
  logic               x_store_ready;
  logic [63:0]        x_addr;
  logic [31:0]        x_sequence;
  logic               h_read_valid;
  logic               h_read_ready;
  logic               h_store_valid;
  logic               h_store_ready;
  logic [63:0]        h_addr;
  logic               pass_valid;
  logic               pass_ready;
  logic [Outputs-1:0] pass_outputs;
  logic [Outputs-1:0] pass_first;
  logic [Outputs-1:0] pass_last;
  logic               pass_h;
  logic               pass_flush;
  logic               pass_engine;
  logic               pass_store;
  logic               pass_prepare;
  logic               pass_no_tail;

  pass_walker #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .CountBits(CountBits),
    .Outputs  (Outputs)
  ) u_passes (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .start_i        (begin_walks),
    .convolve_i     (convolve_i),
    .two_i          (two),
    .last_channel_i (last_channel),
    .past_i         (past),
    .first_row_i    (first_row),
    .last_output_i  (last_output),
    .h_chunks_i     (h_chunks),
    .last_h_chunk_i (last_h_chunk),
    .single_h_i     (single_h),
    .head_i         (head),
    .head_kept_i    (head_kept),
    .stored_i       (stored),
    .ring_i         (ring),
    .h_spectra_i    (h_spectra_i),
    .x_spectra_i    (x_spectra_i),
    .x_read_valid_o (x_read_valid),
    .x_read_ready_i (x_read_ready),
    .x_store_valid_o(x_store_valid),
    .x_store_ready_i(x_store_ready),
    .x_addr_o       (x_addr),
    .x_sequence_o   (x_sequence),
    .h_read_valid_o (h_read_valid),
    .h_read_ready_i (h_read_ready),
    .h_store_valid_o(h_store_valid),
    .h_store_ready_i(h_store_ready),
    .h_addr_o       (h_addr),
    .pass_valid_o   (pass_valid),
    .pass_ready_i   (pass_ready),
    .pass_outputs_o (pass_outputs),
    .pass_first_o   (pass_first),
    .pass_last_o    (pass_last),
    .pass_h_o       (pass_h),
    .pass_flush_o   (pass_flush),
    .pass_engine_o  (pass_engine),
    .pass_store_o   (pass_store),
    .pass_prepare_o (pass_prepare),
    .pass_no_tail_o (pass_no_tail),
    .idle_o         (passes_idle)
  );

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
    .valid_i(x_read_valid),
    .ready_o(x_read_ready),
    .data_i ({x_sequence, x_addr}),
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
    .valid_i(h_read_valid),
    .ready_o(h_read_ready),
    .data_i (h_addr),
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
    .valid_i(x_store_valid),
    .ready_o(x_store_ready),
    .data_i (x_addr),
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
    .valid_i(h_store_valid),
    .ready_o(h_store_ready),
    .data_i (h_addr),
    .valid_o(h_store_valid_o),
    .ready_i(h_store_ready_i),
    .data_o (h_store_addr_o),
    .level_o(h_store_level)
  );

  fifo #(
    .Width(3 * Outputs + 6),
    .Depth(FifoDepth)
  ) u_pass_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(pass_valid),
    .ready_o(pass_ready),
    .data_i ({pass_outputs, pass_first, pass_last, pass_h, pass_flush, pass_engine, pass_store,
              pass_prepare, pass_no_tail}),
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
