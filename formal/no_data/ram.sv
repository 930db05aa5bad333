// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// ram, for proofs that do not depend on data: every read returns 0.

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

  assign rdata_o = '0;

  logic unused;
  assign unused = ^{clk_i, write_i, waddr_i, wdata_i, read_i, raddr_i};

endmodule
