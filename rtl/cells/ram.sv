// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// ram: the design's only memory primitive: a simple dual-port RAM, or a ROM if InitFile is given
// and write_i is tied low.
// Handshake: none. Latency: 1 clock from read_i; rdata_o holds while read_i is low.
// Throughput: one read and one write a clock, never of the same address in the same clock.

module ram #(
  parameter int Width = 36,          // bits of a word
  parameter int Depth = 1024,        // words
  /// the memory to infer: "block", "distributed", or "ultra", which has no initial words
  parameter Style = "block",
  parameter InitFile = "",           // $readmemh file with the initial words, or none
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

  initial begin
    if (Width < 1 || Depth < 1) $fatal(1, "ram: Width and Depth must be at least 1");
    // Waived: strings of different lengths are compared on purpose.
    // verilator lint_off WIDTHEXPAND
    if (Style != "block" && Style != "distributed" && Style != "ultra") begin
      $fatal(1, "ram: Style must be block, distributed or ultra");
    end
    if (Style == "ultra" && InitFile != "") begin
      $fatal(1, "ram: an UltraRAM has no initial words: InitFile must be empty");
    end
    // verilator lint_on WIDTHEXPAND
  end

  logic [Width-1:0] rdata_q;

  // An attribute has to be a literal for every tool to honour it, hence one copy per style.
  // Waived: strings of different lengths are compared on purpose.
  // verilator lint_off WIDTHEXPAND
  if (Style == "ultra") begin : gen_ultra
    (* ram_style = "ultra", no_rw_check *) logic [Width-1:0] mem [0:Depth-1];
    always_ff @(posedge clk_i) begin
      if (write_i) mem[waddr_i] <= wdata_i;
      if (read_i) rdata_q <= mem[raddr_i];
    end
  end else if (Style == "block") begin : gen_block
  // verilator lint_on WIDTHEXPAND
    (* ram_style = "block", rom_style = "block", no_rw_check *) logic [Width-1:0] mem [0:Depth-1];
    if (InitFile != "") begin : gen_init
      initial $readmemh(InitFile, mem);
    end
    always_ff @(posedge clk_i) begin
      if (write_i) mem[waddr_i] <= wdata_i;
      if (read_i) rdata_q <= mem[raddr_i];
    end
  end else begin : gen_distributed
    (* ram_style = "distributed", rom_style = "distributed", no_rw_check *)
    logic [Width-1:0] mem [0:Depth-1];
    if (InitFile != "") begin : gen_init
      initial $readmemh(InitFile, mem);
    end
    always_ff @(posedge clk_i) begin
      if (write_i) mem[waddr_i] <= wdata_i;
      if (read_i) rdata_q <= mem[raddr_i];
    end
  end

  assign rdata_o = rdata_q;

endmodule
