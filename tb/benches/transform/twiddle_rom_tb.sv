// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// twiddle_rom_tb: the twiddle ROMs of all levels, forward and conjugate, side by side.

module twiddle_rom_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int TwiddleBits = 25,
  parameter int ColumnLevels = 0,
  parameter TwiddleDir = "",
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int RomBits = Lanes * TwiddleBits
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           valid_i,
  input  logic                           columns_i,
  output logic                           valid_o,
  /// from the low end: level 1's {im, re}, its conjugate's, level 2's, ...
  output logic [2*ChunkLog2*RomBits-1:0] beat_o
);

  for (genvar i = 0; i < 2 * ChunkLog2; i++) begin : gen_rom
    twiddle_rom #(
      .Lanes       (Lanes),
      .Chunk       (Chunk),
      .TwiddleBits (TwiddleBits),
      .Level       (i / 2 + 1),
      .Conjugate   (i % 2 == 1),
      .ColumnLevels(ColumnLevels),
      .TwiddleDir  (TwiddleDir)
    ) u_twiddle_rom (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (valid_i),
      .columns_i(columns_i && ColumnLevels > 0),
      .re_o     (beat_o[i*RomBits+:RomBits/2]),
      .im_o     (beat_o[i*RomBits+RomBits/2+:RomBits/2])
    );
  end

  valid_delay #(
    .Clocks(3)
  ) u_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_i),
    .valid_o(valid_o)
  );

endmodule
