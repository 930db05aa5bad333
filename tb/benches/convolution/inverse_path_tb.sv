// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// inverse_path_tb: inverse_path behind a stand-in for the pass_sequencer and the spectral MAC: a
// beat that is taken reserves its place in that clock and enters MacClocks later.
// Handshake: valid/ready on both sides. Latency and throughput: those of inverse_path, and
// MacClocks.

module inverse_path_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int MacClocks = 18,
  parameter TwiddleDir = "",
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  output logic                ready_o,
  input  logic                no_tail_i,
  input  logic                drop_i,
  input  logic [BeatBits-1:0] beat_i,
  output logic                valid_o,
  input  logic                ready_i,
  output logic [Lanes*32-1:0] samples_o,
  output logic                chunk_done_o,
  output logic                saturated_o
);

  logic                reserve;
  logic                total_valid;
  logic [BeatBits-1:0] total;

  assign reserve = valid_i && ready_o;

  valid_delay #(
    .Clocks(MacClocks)
  ) u_total_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(reserve),
    .valid_o(total_valid)
  );

  delay #(
    .Width (BeatBits),
    .Clocks(MacClocks)
  ) u_total (
    .clk_i (clk_i),
    .data_i(beat_i),
    .data_o(total)
  );

  inverse_path #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .TwiddleDir  (TwiddleDir)
  ) u_dut (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .available_o (ready_o),
    .reserve_i   (reserve),
    .no_tail_i   (no_tail_i),
    .drop_i      (drop_i),
    .valid_i     (total_valid),
    .beat_i      (total),
    .valid_o     (valid_o),
    .ready_i     (ready_i),
    .samples_o   (samples_o),
    .chunk_done_o(chunk_done_o),
    .saturated_o (saturated_o)
  );

endmodule
