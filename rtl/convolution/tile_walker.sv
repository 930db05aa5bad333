// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_walker: issues one command per tile of columns, in order, for all tiles of all channels of a
// linear array of samples. Each tile begins tile_samples_i after the previous one. Its command
// gives the number of samples from there to the end of the channel, which may be zero.
// Handshake: start_i is a pulse, allowed while idle_o is high; the arguments must remain stable
// until idle_o rises again. Commands are valid/ready; valid_o does not depend on ready_i.
// Latency: 2 clocks from start_i to valid_o. Throughput: a command per clock, 3 clocks for the
// first one of a channel.

module tile_walker #(
  parameter int LengthBits = 22,  // bits of a channel's number of samples
  parameter int RowsLog2 = 7,     // log2 of the most tiles in a channel: 0 or more
  localparam int TileBits = (RowsLog2 > 0) ? RowsLog2 : 1,
  localparam int StrideBits = (LengthBits > 11) ? LengthBits - 10 : 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  start_i,
  /// channels - 1
  input  logic [15:0]           last_channel_i,
  /// tiles of a channel - 1
  input  logic [TileBits-1:0]   last_tile_i,
  /// samples of a channel
  input  logic [LengthBits-1:0] length_i,
  /// samples from tile to tile
  input  logic [LengthBits-1:0] tile_samples_i,
  /// byte address of the first channel
  input  logic [63:0]           base_i,
  /// pages of 4 KiB from channel to channel
  input  logic [StrideBits-1:0] stride_i,
  output logic                  valid_o,
  input  logic                  ready_i,
  /// byte address of the tile's first sample
  output logic [63:0]           addr_o,
  /// samples of the channel from there on
  output logic [LengthBits-1:0] samples_o,
  /// all commands have been taken
  output logic                  idle_o
);

  typedef enum logic [1:0] {StIdle, StChannel, StGive, StNext} state_e;

  state_e                state_q;
  logic [15:0]           channel_q;
  logic [TileBits-1:0]   tile_q;
  logic [63:0]           channel_addr_q;
  logic [63:0]           addr_q;
  logic [LengthBits-1:0] samples_q;
  logic                  last_tile_q;
  logic                  last_channel_q;
  logic [LengthBits:0]   left;

  assign left = {1'b0, samples_q} - {1'b0, tile_samples_i};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StChannel;
        StChannel: state_q <= StGive;
        StGive: begin
          if (ready_i && last_tile_q) state_q <= last_channel_q ? StIdle : StNext;
        end
        StNext: state_q <= StChannel;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      StIdle: begin
        channel_q      <= '0;
        channel_addr_q <= base_i;
      end
      StChannel: begin
        tile_q         <= '0;
        last_tile_q    <= (last_tile_i == '0);
        last_channel_q <= (channel_q == last_channel_i);
        addr_q         <= channel_addr_q;
        samples_q      <= length_i;
      end
      StGive: begin
        if (ready_i) begin
          tile_q      <= tile_q + 1'b1;
          last_tile_q <= (tile_q + 1'b1 == last_tile_i);
          addr_q      <= addr_q + {{(62 - LengthBits){1'b0}}, tile_samples_i, 2'b00};
          samples_q   <= left[LengthBits] ? '0 : left[LengthBits-1:0];
        end
      end
      StNext: begin
        channel_q      <= channel_q + 1'b1;
        channel_addr_q <= channel_addr_q + {{(52 - StrideBits){1'b0}}, stride_i, 12'b0};
      end
      default: ;
    endcase
  end

  assign valid_o   = (state_q == StGive);
  assign addr_o    = addr_q;
  assign samples_o = samples_q;
  assign idle_o    = (state_q == StIdle);

endmodule
