// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fft_round_trip_tb: the forward engine straight into the inverse one.

module fft_round_trip_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int ColumnLevels = 0,
  parameter TwiddleDir = "",
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits),
  localparam int ColumnsBits = (ColumnLevels > 0) ? $clog2(ColumnLevels + 1) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   valid_i,
  input  logic [BeatBits-1:0]    beat_i,
  input  logic [ColumnsBits-1:0] columns_i,
  output logic                   valid_o,
  output logic [BeatBits-1:0]    beat_o,
  output logic [ColumnsBits-1:0] columns_o,
  output logic                   saturated_o
);

  logic                   spectrum_valid;
  logic [BeatBits-1:0]    spectrum;
  logic [ColumnsBits-1:0] spectrum_columns;
  logic                   forward_saturated;
  logic                   inverse_saturated;

  fft_engine #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .Inverse     (1'b0),
    .ColumnLevels(ColumnLevels),
    .TwiddleDir  (TwiddleDir)
  ) u_forward (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (valid_i),
    .beat_i     (beat_i),
    .columns_i  (columns_i),
    .valid_o    (spectrum_valid),
    .beat_o     (spectrum),
    .columns_o  (spectrum_columns),
    .saturated_o(forward_saturated)
  );

  fft_engine #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .Inverse     (1'b1),
    .ColumnLevels(ColumnLevels),
    .TwiddleDir  (TwiddleDir)
  ) u_inverse (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (spectrum_valid),
    .beat_i     (spectrum),
    .columns_i  (spectrum_columns),
    .valid_o    (valid_o),
    .beat_o     (beat_o),
    .columns_o  (columns_o),
    .saturated_o(inverse_saturated)
  );

  assign saturated_o = forward_saturated || inverse_saturated;

endmodule
