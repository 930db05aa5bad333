// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fifo, for proofs about what enters FIFOs and in which order: a wire. A consumer that may be ready
// at any time covers a FIFO of any depth with any consumer, since to its producer a FIFO is no more
// than a ready. The real fifo is proven to keep the order. The level is arbitrary, too.

module fifo #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter Style = "distributed",
  localparam int AddrBits = $clog2(Depth)
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              valid_i,
  output logic              ready_o,
  input  logic [Width-1:0]  data_i,
  output logic              valid_o,
  input  logic              ready_i,
  output logic [Width-1:0]  data_o,
  output logic [AddrBits:0] level_o
);

  assign ready_o = ready_i;
  assign valid_o = valid_i;
  assign data_o  = data_i;

  // Undriven: any value in any clock.
  logic [AddrBits:0] any_level;
  assign level_o = any_level;

  logic unused;
  assign unused = clk_i && rst_ni;

endmodule
