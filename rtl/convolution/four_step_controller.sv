// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_controller: the schedule of a four-step kernel. A channel is P rows of a chunk, the
// fewest that hold the longer of x and h. Each engine takes the chunks of one channel after the
// other:
//
//   forward   tiles of x | flush | rows |                  tiles of x of the next channel ...
//   inverse                        rows | flush | tiles of y | rows of the next channel ...
//
// The tiles of x leave the forward engine for memory, at x_spectra_i, and come back as rows when
// all of them have been acknowledged. A row is twisted, transformed, multiplied by its H (PREPARE:
// stored as H) and transformed back; the rows of z go to memory, at z_spectra_i, and come back as
// tiles, the inverse columns of y. An engine holds its latest chunks until more beats follow, so a
// flush pushes out what must be in memory first. With one row there are no tiles, and nothing goes
// through memory.
//
// Handshake: start_i is a pulse. The arguments must remain stable until done_o, which then holds
// until the next start_i or reset. Every stream is valid/ready, out of a FIFO; written counts are
// those of bursts acknowledged since the job began, modulo 2^32. rows_log2_o is valid from the
// first command on.
// Latency: 9 clocks from start_i to the first command. Throughput: one command per clock and
// stream, or one in 3 clocks where a channel starts.
//
// No deadlock, in whatever order consumers take their commands. Four processes fill the streams:
// one for loads, one for outputs, and one per engine for its chunks, each chunk together with the
// memory commands that it needs. Loads and outputs run ahead as far as their consumers allow. An
// engine's process waits for two things. One is space in a FIFO of its own, whose oldest command
// can always proceed, since all that it needs was issued before it. The other is acknowledgements:
// the forward process waits for tiles of x that it has already issued with their flush, which need
// only loads; the inverse process for rows of z that it has already issued with their flush, which
// need the forward engine's rows and what follows the last of them. What follows is the next
// channel's tiles or the last flush, and the forward process issues both without waiting for the
// inverse one. No row of z is overwritten before it has been read: the next channel's rows enter
// the inverse engine, and so leave it, behind the tiles that read this channel's. The same holds
// for rows of x.

module four_step_controller #(
  parameter int Lanes = 8,           // words of a beat
  parameter int Chunk = 16384,       // C: samples of a row
  parameter int MaxLengthLog2 = 21,  // longest transform: 2^MaxLengthLog2 samples, C or more
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1,
  localparam int RowsLog2 = MaxLengthLog2 - ChunkLog2,
  localparam int RowBits = (RowsLog2 > 0) ? RowsLog2 : 1,
  localparam int RowsLog2Bits = $clog2(RowBits + 1)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic                    start_i,
  /// 1: CONVOLVE, 0: PREPARE
  input  logic                    convolve_i,
  /// 1..65536
  input  logic [16:0]             channels_i,
  /// samples: 1..2^MaxLengthLog2; PREPARE: the longest x that it is for
  input  logic [LengthBits-1:0]   length_x_i,
  /// CONVOLVE: what the filter was prepared for
  input  logic [LengthBits-1:0]   length_h_i,
  input  logic [63:0]             x_i,
  input  logic [63:0]             h_i,
  input  logic [63:0]             h_spectra_i,
  input  logic [63:0]             x_spectra_i,
  input  logic [63:0]             y_i,
  input  logic [63:0]             z_spectra_i,
  /// bursts that the writers of x and of z have had acknowledged
  input  logic [31:0]             x_written_i,
  input  logic [31:0]             z_written_i,
  /// log2 P
  output logic [RowsLog2Bits-1:0] rows_log2_o,
  /// every command of the job was taken
  output logic                    done_o,
  // to sample_reader: a tile, and the samples from its first one on
  output logic                    load_valid_o,
  input  logic                    load_ready_i,
  output logic [63:0]             load_addr_o,
  output logic [LengthBits-1:0]   load_samples_o,
  // the forward engine's next chunk: FLUSH 0, TILE 1, ROW 2, CHUNK 3
  output logic                    forward_valid_o,
  input  logic                    forward_ready_i,
  output logic [1:0]              forward_kind_o,
  output logic [RowBits-1:0]      forward_row_o,
  // to the spectrum_writer of x: a tile
  output logic                    x_store_valid_o,
  input  logic                    x_store_ready_i,
  output logic [63:0]             x_store_addr_o,
  // to the spectrum_reader of x: a row
  output logic                    x_read_valid_o,
  input  logic                    x_read_ready_i,
  output logic [63:0]             x_read_addr_o,
  // to the spectrum_writer of H
  output logic                    h_store_valid_o,
  input  logic                    h_store_ready_i,
  output logic [63:0]             h_store_addr_o,
  // to the spectrum_reader of H
  output logic                    h_read_valid_o,
  input  logic                    h_read_ready_i,
  output logic [63:0]             h_read_addr_o,
  // the inverse engine's next chunk
  output logic                    inverse_valid_o,
  input  logic                    inverse_ready_i,
  output logic [1:0]              inverse_kind_o,
  output logic [RowBits-1:0]      inverse_row_o,
  // to the spectrum_writer of z: a row
  output logic                    z_store_valid_o,
  input  logic                    z_store_ready_i,
  output logic [63:0]             z_store_addr_o,
  // to the spectrum_reader of z: a tile
  output logic                    z_read_valid_o,
  input  logic                    z_read_ready_i,
  output logic [63:0]             z_read_addr_o,
  // to sample_writer: a tile, and the samples from its first one on
  output logic                    y_store_valid_o,
  input  logic                    y_store_ready_i,
  output logic [63:0]             y_store_addr_o,
  output logic [LengthBits-1:0]   y_store_samples_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BurstBeats = sizes_pkg::spectrum_burst_beats(Lanes, Chunk);
  localparam int BurstsLog2 = $clog2(ChunkBeats / BurstBeats);  // of a row
  localparam int RowBytesLog2 = ChunkLog2 + 3;
  localparam int StrideBits = sizes_pkg::row_stride_bits(MaxLengthLog2);
  localparam int FifoDepth = 8;
  localparam int FifoLog2 = $clog2(FifoDepth);

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "four_step_controller: Lanes must be 2, 4, 8 or 16");
    end
    if (!sizes_pkg::is_power_of_two(Chunk) || Chunk < 2 * Lanes * Lanes) begin
      $fatal(1, "four_step_controller: Chunk must be a power of two, at least 2 * Lanes * Lanes");
    end
    if (MaxLengthLog2 < ChunkLog2 || MaxLengthLog2 > 2 * (ChunkLog2 - $clog2(Lanes)) - 1) begin
      $fatal(1, "four_step_controller: MaxLengthLog2: log2(Chunk) to 2 * log2(Chunk / Lanes) - 1");
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The job's sizes, one small step a clock.

  typedef enum logic [2:0] {StIdle, StLonger, StRows, StLog, StSizes, StBegin, StRun} state_e;

  state_e                  state_q;
  logic [LengthBits-1:0]   longer_q;
  logic [RowBits-1:0]      last_chunk_q;    // the number of the longer one's last chunk
  logic [RowBits-1:0]      last_row_q;      // P - 1: all ones from its top bit down
  logic [RowsLog2Bits-1:0] rows_log2_q;
  logic [RowsLog2Bits-1:0] rows_log2;
  logic [LengthBits-1:0]   tile_samples_q;  // G
  logic [RowBytesLog2:0]   tile_bytes_q;
  logic [31:0]             x_bursts_q;      // of a channel's tiles of x
  logic [31:0]             z_bursts_q;      // of its rows of z
  logic [LengthBits-1:0]   length_q;        // of the channels that are transformed: x or h
  logic [63:0]             base_q;
  logic [StrideBits-1:0]   stride_q;
  logic [15:0]             last_channel_q;

  always_comb begin
    rows_log2 = '0;
    for (int i = 0; i < RowBits; i++) begin
      if (last_chunk_q[i]) rows_log2 = RowsLog2Bits'(i + 1);
    end
  end

  always_ff @(posedge clk_i) begin
    longer_q       <= (length_x_i > length_h_i) ? length_x_i : length_h_i;
    last_chunk_q   <= RowBits'((32'(longer_q) - 32'd1) >> ChunkLog2);
    rows_log2_q    <= rows_log2;
    last_row_q     <= ~({RowBits{1'b1}} << rows_log2_q);
    tile_samples_q <= LengthBits'(ChunkBeats) >> rows_log2_q;
    tile_bytes_q   <= {1'b1, {RowBytesLog2{1'b0}}} >> rows_log2_q;
    // A burst of a tile has what it has of one row at most.
    x_bursts_q     <= 32'd1 << (32'(rows_log2_q) + ((32'(rows_log2_q) > BurstsLog2)
                                                    ? 32'(rows_log2_q) : BurstsLog2));
    z_bursts_q     <= 32'd1 << (32'(rows_log2_q) + BurstsLog2);
    length_q       <= convolve_i ? length_x_i : length_h_i;
    base_q         <= convolve_i ? x_i : h_i;
    stride_q       <= StrideBits'((32'(length_q) + 32'd1023) >> 10);
    last_channel_q <= 16'(channels_i - 1'b1);
  end

  assign rows_log2_o = rows_log2_q;

  // ---------------------------------------------------------------------------------------------
  // The processes.

  logic                  begin_walks;
  logic                  load_valid;
  logic                  load_ready;
  logic [63:0]           load_addr;
  logic [LengthBits-1:0] load_samples;
  logic                  loads_idle;
  logic                  output_valid;
  logic                  output_ready;
  logic [63:0]           output_addr;
  logic [LengthBits-1:0] output_samples;
  logic                  outputs_idle;
  logic                  forward_valid;
  logic                  forward_room;
  logic                  forward_tile;
  logic                  forward_row;
  logic                  forward_chunk;
  logic [RowBits-1:0]    forward_index;
  logic [63:0]           forward_addr;
  logic [63:0]           forward_h_addr;
  logic                  forward_idle;
  logic                  inverse_valid;
  logic                  inverse_room;
  logic                  inverse_tile;
  logic                  inverse_row;
  logic                  inverse_chunk;
  logic [RowBits-1:0]    inverse_index;
  logic [63:0]           inverse_addr;
  logic [63:0]           inverse_h_addr;
  logic                  inverse_idle;
  logic                  forward_ready;
  logic                  x_store_ready;
  logic                  x_read_ready;
  logic                  h_store_ready;
  logic                  h_read_ready;
  logic                  inverse_ready;
  logic                  z_store_ready;
  logic                  z_read_ready;
  logic                  h_store;   // the forward chunk is stored as H
  logic                  h_read;    // the inverse chunk's product needs H
  logic                  forward_issue;
  logic                  inverse_issue;
  logic [FifoLog2:0]     load_level;
  logic [FifoLog2:0]     forward_level;
  logic [FifoLog2:0]     x_store_level;
  logic [FifoLog2:0]     x_read_level;
  logic [FifoLog2:0]     h_store_level;
  logic [FifoLog2:0]     h_read_level;
  logic [FifoLog2:0]     inverse_level;
  logic [FifoLog2:0]     z_store_level;
  logic [FifoLog2:0]     z_read_level;
  logic [FifoLog2:0]     y_store_level;
  logic [FifoLog2:0]     levels;  // 0 when all FIFOs are empty

  assign begin_walks = (state_q == StBegin);
  assign levels = load_level | forward_level | x_store_level | x_read_level | h_store_level
      | h_read_level | inverse_level | z_store_level | z_read_level | y_store_level;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StLonger;
        StLonger: state_q <= StRows;
        StRows: state_q <= StLog;
        StLog: state_q <= StSizes;
        StSizes: state_q <= StBegin;
        StBegin: state_q <= StRun;
        StRun: begin
          if (loads_idle && outputs_idle && forward_idle && inverse_idle && levels == '0) begin
            state_q <= StIdle;
          end
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  logic started_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) started_q <= 1'b0;
    else if (start_i) started_q <= 1'b1;
  end

  assign done_o = started_q && (state_q == StIdle);

  tile_walker #(
    .LengthBits(LengthBits),
    .RowsLog2  (RowsLog2)
  ) u_loads (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks),
    .last_channel_i(last_channel_q),
    .last_tile_i   (last_row_q),
    .length_i      (length_q),
    .tile_samples_i(tile_samples_q),
    .base_i        (base_q),
    .stride_i      (stride_q),
    .valid_o       (load_valid),
    .ready_i       (load_ready),
    .addr_o        (load_addr),
    .samples_o     (load_samples),
    .idle_o        (loads_idle)
  );

  tile_walker #(
    .LengthBits(LengthBits),
    .RowsLog2  (RowsLog2)
  ) u_outputs (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks && convolve_i),
    .last_channel_i(last_channel_q),
    .last_tile_i   (last_row_q),
    .length_i      (length_q),
    .tile_samples_i(tile_samples_q),
    .base_i        (y_i),
    .stride_i      (stride_q),
    .valid_o       (output_valid),
    .ready_i       (output_ready),
    .addr_o        (output_addr),
    .samples_o     (output_samples),
    .idle_o        (outputs_idle)
  );

  transform_walker #(
    .RowsFirst   (1'b0),
    .RowsLog2    (RowsLog2),
    .RowBytesLog2(RowBytesLog2)
  ) u_forward (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks),
    .last_channel_i(last_channel_q),
    .last_row_i    (last_row_q),
    .tile_bytes_i  (tile_bytes_q),
    .base_i        (x_spectra_i),
    .h_base_i      (h_spectra_i),
    .bursts_i      (x_bursts_q),
    .written_i     (x_written_i),
    .valid_o       (forward_valid),
    .ready_i       (forward_room),
    .tile_o        (forward_tile),
    .row_o         (forward_row),
    .chunk_o       (forward_chunk),
    .index_o       (forward_index),
    .addr_o        (forward_addr),
    .h_addr_o      (forward_h_addr),
    .idle_o        (forward_idle)
  );

  transform_walker #(
    .RowsFirst   (1'b1),
    .RowsLog2    (RowsLog2),
    .RowBytesLog2(RowBytesLog2)
  ) u_inverse (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (begin_walks && convolve_i),
    .last_channel_i(last_channel_q),
    .last_row_i    (last_row_q),
    .tile_bytes_i  (tile_bytes_q),
    .base_i        (z_spectra_i),
    .h_base_i      (h_spectra_i),
    .bursts_i      (z_bursts_q),
    .written_i     (z_written_i),
    .valid_o       (inverse_valid),
    .ready_i       (inverse_room),
    .tile_o        (inverse_tile),
    .row_o         (inverse_row),
    .chunk_o       (inverse_chunk),
    .index_o       (inverse_index),
    .addr_o        (inverse_addr),
    .h_addr_o      (inverse_h_addr),
    .idle_o        (inverse_idle)
  );

  // A chunk enters all FIFOs it needs at once, so no command is ever ahead of its chunk.
  assign h_store      = !convolve_i && (forward_row || forward_chunk);
  assign h_read       = inverse_row || inverse_chunk;
  assign forward_room = forward_ready && (!forward_tile || x_store_ready)
      && (!forward_row || x_read_ready) && (!h_store || h_store_ready);
  assign inverse_room = inverse_ready && (!inverse_tile || z_read_ready)
      && (!inverse_row || z_store_ready) && (!h_read || h_read_ready);
  assign forward_issue = forward_valid && forward_room;
  assign inverse_issue = inverse_valid && inverse_room;

  // ---------------------------------------------------------------------------------------------
  // The streams.

  fifo #(
    .Width(64 + LengthBits),
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
    .Width(RowBits + 2),
    .Depth(FifoDepth)
  ) u_forward_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(forward_issue),
    .ready_o(forward_ready),
    .data_i ({forward_index, forward_row || forward_chunk,
              forward_tile || forward_chunk}),
    .valid_o(forward_valid_o),
    .ready_i(forward_ready_i),
    .data_o ({forward_row_o, forward_kind_o}),
    .level_o(forward_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_x_store_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(forward_issue && forward_tile),
    .ready_o(x_store_ready),
    .data_i (forward_addr),
    .valid_o(x_store_valid_o),
    .ready_i(x_store_ready_i),
    .data_o (x_store_addr_o),
    .level_o(x_store_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_x_read_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(forward_issue && forward_row),
    .ready_o(x_read_ready),
    .data_i (forward_addr),
    .valid_o(x_read_valid_o),
    .ready_i(x_read_ready_i),
    .data_o (x_read_addr_o),
    .level_o(x_read_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_h_store_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(forward_issue && h_store),
    .ready_o(h_store_ready),
    .data_i (forward_h_addr),
    .valid_o(h_store_valid_o),
    .ready_i(h_store_ready_i),
    .data_o (h_store_addr_o),
    .level_o(h_store_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_h_read_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(inverse_issue && h_read),
    .ready_o(h_read_ready),
    .data_i (inverse_h_addr),
    .valid_o(h_read_valid_o),
    .ready_i(h_read_ready_i),
    .data_o (h_read_addr_o),
    .level_o(h_read_level)
  );

  fifo #(
    .Width(RowBits + 2),
    .Depth(FifoDepth)
  ) u_inverse_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(inverse_issue),
    .ready_o(inverse_ready),
    .data_i ({inverse_index, inverse_row || inverse_chunk,
              inverse_tile || inverse_chunk}),
    .valid_o(inverse_valid_o),
    .ready_i(inverse_ready_i),
    .data_o ({inverse_row_o, inverse_kind_o}),
    .level_o(inverse_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_z_store_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(inverse_issue && inverse_row),
    .ready_o(z_store_ready),
    .data_i (inverse_addr),
    .valid_o(z_store_valid_o),
    .ready_i(z_store_ready_i),
    .data_o (z_store_addr_o),
    .level_o(z_store_level)
  );

  fifo #(
    .Width(64),
    .Depth(FifoDepth)
  ) u_z_read_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(inverse_issue && inverse_tile),
    .ready_o(z_read_ready),
    .data_i (inverse_addr),
    .valid_o(z_read_valid_o),
    .ready_i(z_read_ready_i),
    .data_o (z_read_addr_o),
    .level_o(z_read_level)
  );

  fifo #(
    .Width(64 + LengthBits),
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
