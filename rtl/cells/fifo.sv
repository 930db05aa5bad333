// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fifo: a synchronous first-word-fall-through FIFO over one RAM, whose output register is the
// FIFO's last location.
// Handshake: valid/ready, ready_o independent of valid_i, valid_o independent of ready_i.
// Latency: 2 clocks from an accepted word to valid_o. Throughput: one word a clock.

module fifo #(
  parameter int Width = 8,          // bits of a word
  parameter int Depth = 16,         // words in the RAM: a power of two, at least 2
  parameter Style = "distributed",  // the memory to infer, see ram
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
  /// words held, the output register's included: 0..Depth+1
  output logic [AddrBits:0] level_o
);

  initial begin
    if (Depth < 2 || !sizes_pkg::is_power_of_two(Depth)) begin
      $fatal(1, "fifo: Depth must be a power of two, at least 2");
    end
  end

  // One bit more than an address, so that full and empty differ.
  logic [AddrBits:0] wptr_q;
  logic [AddrBits:0] rptr_q;
  logic [AddrBits:0] stored;
  logic              valid_q;
  logic              ready_q;  // the RAM has a place: a register, as users decide by it
  logic              write;
  logic              read;

  assign stored  = wptr_q - rptr_q;
  assign ready_o = ready_q;
  assign write   = valid_i && ready_o;
  assign read    = (stored != '0) && (!valid_q || ready_i);
  assign valid_o = valid_q;
  assign level_o = stored + (AddrBits + 1)'(valid_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wptr_q  <= '0;
      rptr_q  <= '0;
      valid_q <= 1'b0;
      ready_q <= 1'b1;
    end else begin
      if (write) wptr_q <= wptr_q + 1'b1;
      if (read) rptr_q <= rptr_q + 1'b1;
      valid_q <= read || (valid_q && !ready_i);
      ready_q <= read || (ready_q && !(write && stored == (AddrBits + 1)'(Depth - 1)));
    end
  end

  ram #(
    .Width(Width),
    .Depth(Depth),
    .Style(Style)
  ) u_ram (
    .clk_i  (clk_i),
    .write_i(write),
    .waddr_i(wptr_q[AddrBits-1:0]),
    .wdata_i(data_i),
    .read_i (read),
    .raddr_i(rptr_q[AddrBits-1:0]),
    .rdata_o(data_o)
  );

endmodule
