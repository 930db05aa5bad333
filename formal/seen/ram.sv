// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// ram, for proofs about the words inside: a single vector, because hierarchical names cannot reach
// into an array. Wide RAMs hold samples, on which these proofs do not depend: their reads return 0.

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

  if (Width <= 8) begin : gen_narrow
    logic [Depth-1:0][Width-1:0] words_q;
    logic [Width-1:0]            rdata_q;

    always_ff @(posedge clk_i) begin
      if (write_i) words_q[waddr_i] <= wdata_i;
      if (read_i) rdata_q <= words_q[raddr_i];
    end

    assign rdata_o = rdata_q;
  end else begin : gen_wide
    assign rdata_o = '0;

    logic unused;
    assign unused = ^{clk_i, write_i, waddr_i, wdata_i, read_i, raddr_i};
  end

endmodule
