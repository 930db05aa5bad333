// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// transform_walker: issues the chunks of one engine of a four-step kernel, in order, for all
// channels: the tiles of columns, a FLUSH, and the rows; with RowsFirst the rows, a FLUSH, and the
// tiles. Another FLUSH follows the last channel. With one row (last_row_i = 0), a channel is a
// single CHUNK.
//
// The results of a channel's first half go to memory in bursts, and its second half is read from
// there. The second half therefore waits until all bursts_i of the first have been acknowledged,
// which written_i counts modulo 2^32.
// Handshake: start_i is a pulse, allowed while idle_o is high; the arguments must remain stable
// until idle_o rises again. Commands are valid/ready; valid_o does not depend on ready_i.
// Latency: 2 clocks from start_i to valid_o, and 2 clocks from the last acknowledgement to the
// second half. Throughput: a command per clock, 3 clocks for the first one of a channel.

module transform_walker #(
  parameter bit RowsFirst = 1'b0,
  parameter int RowsLog2 = 7,       // log2 of the most rows: 0 or more
  parameter int RowBytesLog2 = 17,  // log2 of a row's bytes in memory
  localparam int RowBits = (RowsLog2 > 0) ? RowsLog2 : 1
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               start_i,
  /// channels - 1
  input  logic [15:0]        last_channel_i,
  /// rows - 1
  input  logic [RowBits-1:0] last_row_i,
  /// bytes from tile to tile
  input  logic [RowBytesLog2:0] tile_bytes_i,
  /// byte address of the rows in memory, the same for every channel
  input  logic [63:0]        base_i,
  /// byte address of the first channel's H; the other channels' follow
  input  logic [63:0]        h_base_i,
  /// bursts written by a channel's first half, and bursts acknowledged since reset
  input  logic [31:0]        bursts_i,
  input  logic [31:0]        written_i,
  output logic               valid_o,
  input  logic               ready_i,
  /// at most one is high; none: a FLUSH
  output logic               tile_o,
  output logic               row_o,
  /// a CHUNK: the only row
  output logic               chunk_o,
  /// a row's index
  output logic [RowBits-1:0] index_o,
  /// byte address of the row, or of the tile's first beat in row 0
  output logic [63:0]        addr_o,
  /// byte address of the row's H
  output logic [63:0]        h_addr_o,
  /// all commands have been taken
  output logic               idle_o
);

  typedef enum logic [2:0] {StIdle, StChannel, StFirst, StFlush, StWait, StSecond, StNext, StEnd}
      state_e;

  state_e             state_q;
  logic [15:0]        channel_q;
  logic [RowBits-1:0] index_q;
  logic               last_index_q;
  logic               last_channel_q;
  logic               single_q;
  logic [63:0]        addr_q;
  logic [63:0]        h_addr_q;
  logic [RowBytesLog2:0] step_q;      // bytes from one chunk of the half to the next
  logic [31:0]        target_q;       // written_i when this channel's first half is in memory
  logic [31:0]        behind_q;       // written_i - target_q
  logic               rows;           // the current half is that of rows
  logic               half;           // a half is being issued

  localparam logic [RowBytesLog2:0] RowBytes = {1'b1, {RowBytesLog2{1'b0}}};

  assign half = (state_q == StFirst) || (state_q == StSecond);
  assign rows = RowsFirst ? (state_q == StFirst) : (state_q == StSecond);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StChannel;
        StChannel: state_q <= StFirst;
        StFirst: begin
          if (ready_i && last_index_q) begin
            if (!single_q) state_q <= StFlush;
            else state_q <= last_channel_q ? StEnd : StNext;
          end
        end
        StFlush: if (ready_i) state_q <= StWait;
        StWait: if (!behind_q[31]) state_q <= StSecond;
        StSecond: if (ready_i && last_index_q) state_q <= last_channel_q ? StEnd : StNext;
        StNext: state_q <= StChannel;
        StEnd: if (ready_i) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    behind_q <= written_i - target_q;
    single_q <= (last_row_i == '0);
    unique case (state_q)
      StIdle: begin
        channel_q <= '0;
        target_q  <= '0;
        h_addr_q  <= h_base_i;
      end
      StChannel: begin
        index_q        <= '0;
        last_index_q   <= (last_row_i == '0);
        last_channel_q <= (channel_q == last_channel_i);
        addr_q         <= base_i;
        step_q         <= RowsFirst ? RowBytes : tile_bytes_i;
        target_q       <= target_q + bursts_i;
      end
      StFirst, StSecond: begin
        if (ready_i) begin
          index_q      <= index_q + 1'b1;
          last_index_q <= (index_q + 1'b1 == last_row_i);
          addr_q       <= addr_q + 64'(step_q);
          if (rows || single_q) h_addr_q <= h_addr_q + 64'(RowBytes);
        end
      end
      StWait: begin
        index_q      <= '0;
        last_index_q <= 1'b0;
        addr_q       <= base_i;
        step_q       <= RowsFirst ? tile_bytes_i : RowBytes;
      end
      StNext: channel_q <= channel_q + 1'b1;
      default: ;
    endcase
  end

  assign valid_o  = half || (state_q == StFlush) || (state_q == StEnd);
  assign tile_o   = half && !single_q && !rows;
  assign row_o    = half && !single_q && rows;
  assign chunk_o  = half && single_q;
  assign index_o  = row_o ? index_q : '0;
  assign addr_o   = addr_q;
  assign h_addr_o = h_addr_q;
  assign idle_o   = (state_q == StIdle);

  // Only the sign of the difference matters.
  logic unused;
  assign unused = &{1'b0, behind_q[30:0]};

endmodule
