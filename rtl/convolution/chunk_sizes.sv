// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// chunk_sizes: the sizes of a job in chunks: how many a row has, what its last one holds, where the
// output chunks of a channel begin.
//
// Rows are those that the job transforms: of x in CONVOLVE, of h in PREPARE. With two outputs a
// pass, output chunks go in pairs; if their number is odd, the first is alone. head_o is the last
// output chunk of the channel's first group.
// In a stream, x is preceded by the past_o chunks whose spectra are in the ring. Chunks of X and
// output chunks are counted from the first of them, and the last of them is the first output chunk:
// it is computed again for its tail.
// Handshake: none; the outputs follow the arguments. Latency: 3 clocks, for head_kept_o and
// stored_o 4. Throughput: one set of arguments a clock, one small step a clock.

module chunk_sizes #(
  parameter int Chunk = 65536,       // samples of a chunk, a power of two
  parameter int MaxLengthLog2 = 22,  // longest row: 2^MaxLengthLog2 samples
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1,
  localparam int CountBits = sizes_pkg::chunk_count_bits(MaxLengthLog2, Chunk),
  localparam int StrideBits = sizes_pkg::row_stride_bits(MaxLengthLog2)
) (
  input  logic                  clk_i,
  /// 1: CONVOLVE, 0: PREPARE
  input  logic                  convolve_i,
  /// two output chunks a pass
  input  logic                  two_i,
  /// x continues a stream, after so many chunks
  input  logic                  stream_i,
  input  logic [31:0]           first_chunk_i,
  /// 1..65536
  input  logic [16:0]           channels_i,
  /// samples: 1..2^MaxLengthLog2
  input  logic [LengthBits-1:0] length_x_i,
  input  logic [LengthBits-1:0] length_h_i,
  /// channels - 1
  output logic [15:0]           last_channel_o,
  /// chunks in a row - 1
  output logic [CountBits-1:0]  last_chunk_o,
  /// chunks of X before the row's, the ring's row of the first of them (but for its upper bits),
  /// and the last output chunk
  output logic [CountBits-1:0]  past_o,
  output logic [CountBits-1:0]  first_row_o,
  output logic [CountBits-1:0]  last_output_o,
  /// samples of a row's last chunk: 1..Chunk
  output logic [ChunkLog2:0]    last_samples_o,
  /// pages of 4 KiB from row to row
  output logic [StrideBits-1:0] stride_o,
  /// chunks in a row of h, the same less 1, and whether there is just one
  output logic [CountBits-1:0]  h_chunks_o,
  output logic [CountBits-1:0]  last_h_chunk_o,
  output logic                  single_h_o,
  /// the last of a channel's first output chunks, and whether there is an H for it and X(0)
  output logic [CountBits-1:0]  head_o,
  output logic                  head_kept_o,
  /// chunks of X that a channel stores
  output logic [CountBits-1:0]  stored_o
);

  // Rows are at least as wide as a chunk here, so that the slices below exist.
  localparam int RowBits = CountBits + ChunkLog2;

  initial begin
    if (Chunk < 16 || !sizes_pkg::is_power_of_two(Chunk)) $fatal(1, "chunk_sizes: bad Chunk");
    if (MaxLengthLog2 < 1 || MaxLengthLog2 > 28) $fatal(1, "chunk_sizes: bad MaxLengthLog2");
  end

  logic [RowBits-1:0]   row_length_q;
  logic [RowBits-1:0]   length_h;
  logic [CountBits-1:0] chunks_q;
  logic                 alone;  // the first group has one output chunk

  assign length_h = RowBits'(length_h_i);
  assign alone    = !two_i || (chunks_q[0] == (past_o == '0));

  always_ff @(posedge clk_i) begin
    row_length_q   <= convolve_i ? RowBits'(length_x_i) : length_h;
    chunks_q       <= row_length_q[RowBits-1:ChunkLog2]
                      + CountBits'(row_length_q[ChunkLog2-1:0] != '0);
    last_chunk_o   <= chunks_q - 1'b1;
    // A row's last chunk is full when the length is a multiple of the chunk.
    last_samples_o <= {row_length_q[ChunkLog2-1:0] == '0, row_length_q[ChunkLog2-1:0]};
    stride_o       <= StrideBits'((32'(row_length_q) + 32'd1023) >> 10);
    last_channel_o <= 16'(channels_i - 1'b1);
    h_chunks_o     <= length_h[RowBits-1:ChunkLog2] + CountBits'(length_h[ChunkLog2-1:0] != '0);
    last_h_chunk_o <= h_chunks_o - 1'b1;
    single_h_o     <= (h_chunks_o == CountBits'(1));
    past_o         <= !stream_i ? '0
                      : (first_chunk_i >= 32'(h_chunks_o)) ? h_chunks_o
                      : first_chunk_i[CountBits-1:0];
    first_row_o    <= first_chunk_i[CountBits-1:0] - past_o;
    last_output_o  <= chunks_q + past_o - 1'b1;
    head_o         <= (past_o == '0) ? CountBits'(!alone) : past_o - CountBits'(alone);
    head_kept_o    <= (head_o <= last_h_chunk_o);
    stored_o       <= stream_i ? chunks_q
                      : last_chunk_o - CountBits'(two_i && last_chunk_o != '0);
  end

endmodule
