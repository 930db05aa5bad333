// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// delay: delays a data word by a fixed number of clocks. It has no reset, so it maps to
// shift-register LUTs.
// Handshake: none. Latency: Clocks. Throughput: one word a clock.

module delay #(
  parameter int Width = 45,  // bits of the word
  parameter int Clocks = 1   // at least 1
) (
  input  logic             clk_i,
  input  logic [Width-1:0] data_i,
  output logic [Width-1:0] data_o
);

  initial if (Width < 1 || Clocks < 1) $fatal(1, "delay: Width and Clocks must be at least 1");

  // Packed: Icarus 11 now and then fails to follow a continuous assignment from a word of an
  // unpacked array.
  logic [Clocks-1:0][Width-1:0] stage_q;

  always_ff @(posedge clk_i) stage_q <= (Clocks * Width)'({stage_q, data_i});

  assign data_o = stage_q[Clocks-1];

endmodule
