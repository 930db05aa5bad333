// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// rom_tb: a ram used as a ROM. Its write port is tied low here and not by the bench, because random
// initial values may bring a clock edge in Verilator before the bench drives anything.

module rom_tb #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter Style = "distributed",
  parameter InitFile = "",
  localparam int AddrBits = $clog2(Depth)
) (
  input  logic                clk_i,
  input  logic                read_i,
  input  logic [AddrBits-1:0] raddr_i,
  output logic [Width-1:0]    rdata_o
);

  ram #(
    .Width   (Width),
    .Depth   (Depth),
    .Style   (Style),
    .InitFile(InitFile)
  ) u_ram (
    .clk_i  (clk_i),
    .write_i(1'b0),
    .waddr_i('0),
    .wdata_i('0),
    .read_i (read_i),
    .raddr_i(raddr_i),
    .rdata_o(rdata_o)
  );

endmodule
