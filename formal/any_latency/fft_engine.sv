// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fft_engine, for proofs about when beats come out, not about their contents: an engine with any
// latency, which may differ from beat to beat. Like the real one, it retains a chunk less one beat:
// a beat may leave only while at least a chunk's beats are inside.

module fft_engine #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter bit Inverse = 0,
  parameter int ColumnLevels = 0,
  parameter TwiddleDir = "",
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  input  logic [BeatBits-1:0] beat_i,
  input  logic                columns_i,
  output logic                valid_o,
  output logic [BeatBits-1:0] beat_o,
  output logic                columns_o,
  output logic                saturated_o
);

  // Undriven: any value in any clock.
  logic any_now;
  logic any_saturated;

  logic [15:0] inside_q;

  assign valid_o     = any_now && inside_q >= 16'(Chunk / Lanes);
  assign beat_o      = '0;
  assign columns_o   = 1'b0;
  assign saturated_o = any_saturated;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) inside_q <= '0;
    else inside_q <= inside_q + 16'(valid_i) - 16'(valid_o);
  end

  logic unused;
  assign unused = ^{beat_i, columns_i, ColumnLevels[0], TwiddleBits[0], Inverse, TwiddleDir[0]};

endmodule
