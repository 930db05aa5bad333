// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// lane_bursts, for proofs of its consumers: bursts of any length and end, at any time, within what
// is proven about lane_bursts: they come lane by lane, a tile's only after the tile has been
// accepted, and each waits until it is accepted. Commands may be accepted at any time.

module lane_bursts #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int RowsLog2 = 0,  // one row alone
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int SampleBits = $clog2(Chunk) + 1 + RowsLog2,
  localparam int LaneBits = $clog2(Lanes),
  localparam int LimitBits = $clog2(2 * Lanes),
  localparam int ChunkBeats = Chunk / Lanes,
  localparam int TileBeats = (ChunkBeats < 32 * Lanes) ? ChunkBeats : 32 * Lanes,
  localparam int BeatBits = (TileBeats > 2 * Lanes) ? $clog2(TileBeats / (2 * Lanes)) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [RowsBits-1:0]  rows_log2_i,
  input  logic                 cmd_valid_i,
  output logic                 cmd_ready_o,
  input  logic [63:0]          cmd_addr_i,
  input  logic [SampleBits-1:0] cmd_samples_i,
  input  logic                 tile_valid_i,
  output logic                 tile_take_o,
  output logic                 burst_valid_o,
  input  logic                 burst_ready_i,
  output logic [63:0]          burst_addr_o,
  output logic [8:0]           burst_beats_o,
  output logic                 burst_some_o,
  output logic                 burst_partial_o,
  output logic [LimitBits-1:0] burst_limit_o,
  output logic [LaneBits-1:0]  burst_lane_o,
  output logic [BeatBits-1:0]  burst_row_o,
  output logic                 burst_last_o,
  output logic                 idle_o
);

  // Undriven: any value in any clock. Each is read in one place only, because two places would see
  // two values.
  logic                 any_ready;
  logic                 any_idle;
  logic                 any_take;
  logic                 any_burst;
  logic [63:0]          any_addr;
  logic [8:0]           any_beats;
  logic                 any_partial;
  logic [LimitBits-1:0] any_limit;

  logic [1:0]           ahead_q;  // accepted tiles whose first burst has not come yet
  logic                 valid_q;
  logic [63:0]          addr_q;
  logic [8:0]           beats_q;
  logic                 partial_q;
  logic [LimitBits-1:0] limit_q;
  logic [LaneBits-1:0]  lane_q;   // of the next burst
  logic [LaneBits-1:0]  burst_lane_q;
  logic                 step;

  assign step        = (!valid_q || burst_ready_i) && any_burst && (lane_q != '0 || ahead_q != '0);
  assign tile_take_o = any_take && tile_valid_i && ahead_q != 2'd3;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ahead_q <= '0;
      valid_q <= 1'b0;
      lane_q  <= '0;
    end else begin
      ahead_q <= ahead_q + 2'(tile_take_o) - 2'(step && lane_q == '0);
      valid_q <= step || (valid_q && !burst_ready_i);
      if (step) lane_q <= lane_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      addr_q       <= any_addr;
      beats_q      <= any_beats;
      partial_q    <= any_partial;
      limit_q      <= any_limit;
      burst_lane_q <= lane_q;
    end
  end

  assign cmd_ready_o     = any_ready;
  assign burst_valid_o   = valid_q;
  assign burst_addr_o    = addr_q;
  assign burst_beats_o   = beats_q;
  assign burst_some_o    = (beats_q != '0);
  assign burst_partial_o = partial_q;
  assign burst_limit_o   = limit_q;
  assign burst_lane_o    = burst_lane_q;
  assign burst_row_o     = '0;
  assign burst_last_o    = &burst_lane_q;
  assign idle_o          = any_idle && !valid_q;

  logic unused;
  assign unused = ^{cmd_valid_i, cmd_addr_i, cmd_samples_i, rows_log2_i};

endmodule
