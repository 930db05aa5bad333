// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// ram, for proofs in which all bits of a word are equal: it stores one bit of each word, in a
// single vector, because hierarchical names cannot reach into an array. The RAM treats all bits
// alike.

module ram #(
  parameter int Width = 36,
  parameter int Depth = 1024,
  parameter Style = "block",
  parameter InitFile = "",
  localparam int AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                clk_i,
  input  logic                write_i,
  input  logic [AddrBits-1:0] waddr_i,
  input  logic [Width-1:0]    wdata_i,
  input  logic                read_i,
  input  logic [AddrBits-1:0] raddr_i,
  output logic [Width-1:0]    rdata_o
);

  logic [Depth-1:0] bits_q;
  logic             rdata_q;

  always_ff @(posedge clk_i) begin
    if (write_i) bits_q[waddr_i] <= wdata_i[0];
    if (read_i) rdata_q <= bits_q[raddr_i];
  end

  assign rdata_o = {Width{rdata_q}};

  logic unused;
  assign unused = ^wdata_i;

endmodule
