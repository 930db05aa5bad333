// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// chunk_walker: issues one command per chunk, in order, for all chunks of all channels of a linear
// array of samples.
// Handshake: start_i is a pulse, allowed while idle_o is high; the arguments must remain stable
// until idle_o rises again. Commands are valid/ready; valid_o does not depend on ready_i.
// Latency: 2 clocks from start_i to valid_o. Throughput: a command every 2 clocks, 3 clocks for the
// first one of a channel.

module chunk_walker #(
  parameter int Chunk = 65536,   // samples of a chunk, a power of two
  parameter int CountBits = 7,   // bits of the number of chunks in a row
  parameter int StrideBits = 13, // bits of the row stride in pages of 4 KiB
  parameter bit Dummy = 1'b0,    // end with a dummy chunk, which has no samples
  localparam int ChunkLog2 = $clog2(Chunk)
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  start_i,
  /// channels - 1
  input  logic [15:0]           last_channel_i,
  /// chunks in a row - 1
  input  logic [CountBits-1:0]  last_chunk_i,
  /// samples of a row's last chunk: 1..Chunk
  input  logic [ChunkLog2:0]    last_samples_i,
  /// byte address of the first row
  input  logic [63:0]           base_i,
  /// pages of 4 KiB from row to row
  input  logic [StrideBits-1:0] stride_i,
  output logic                  valid_o,
  input  logic                  ready_i,
  /// byte address of the chunk's first sample (0 in the dummy)
  output logic [63:0]           addr_o,
  /// samples that exist: 1..Chunk, 0 in the dummy
  output logic [ChunkLog2:0]    samples_o,
  /// all commands have been taken
  output logic                  idle_o
);

  typedef enum logic [2:0] {StIdle, StSum, StGive, StRow, StDummy} state_e;

  state_e               state_q;
  logic [15:0]          channel_q;
  logic [CountBits-1:0] chunk_q;
  logic [63:0]          row_q;
  logic [63:0]          addr_q;
  logic [ChunkLog2:0]   samples_q;
  logic                 last_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StSum;
        StSum: state_q <= StGive;
        StGive: begin
          if (ready_i) begin
            if (!last_q) state_q <= StSum;
            else if (channel_q != last_channel_i) state_q <= StRow;
            else state_q <= Dummy ? StDummy : StIdle;
          end
        end
        StRow: state_q <= StSum;
        StDummy: if (ready_i) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      StIdle: begin
        channel_q <= '0;
        chunk_q   <= '0;
        row_q     <= base_i;
      end
      StSum: begin
        addr_q    <= row_q
                     + {{(62 - CountBits - ChunkLog2){1'b0}}, chunk_q, {(ChunkLog2 + 2){1'b0}}};
        last_q    <= (chunk_q == last_chunk_i);
        samples_q <= (chunk_q == last_chunk_i) ? last_samples_i : (ChunkLog2 + 1)'(Chunk);
      end
      StGive: begin
        if (ready_i) chunk_q <= chunk_q + 1'b1;
      end
      StRow: begin
        channel_q <= channel_q + 1'b1;
        chunk_q   <= '0;
        row_q     <= row_q + {{(52 - StrideBits){1'b0}}, stride_i, 12'b0};
      end
      default: ;
    endcase
  end

  assign valid_o   = (state_q == StGive) || (state_q == StDummy);
  assign addr_o    = (state_q == StDummy) ? '0 : addr_q;
  assign samples_o = (state_q == StDummy) ? '0 : samples_q;
  assign idle_o    = (state_q == StIdle);

endmodule
