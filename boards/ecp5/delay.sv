// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// delay: rtl/cells/delay.sv for an FPGA without shift-register LUTs: a long delay is a ring buffer
// in LUT RAM, read one word ahead of the write.
// Handshake: none. Latency: Clocks. Throughput: one word per clock.

module delay #(
  parameter int Width = 45,  // bits per word
  parameter int Clocks = 1   // at least 1
) (
  input  logic             clk_i,
  input  logic [Width-1:0] data_i,
  output logic [Width-1:0] data_o
);

  // For shorter delays, registers are cheaper than a ring buffer with its pointer.
  localparam int RingClocks = 4;
  localparam int RingBits = Width * Clocks;

  initial if (Width < 1 || Clocks < 1) $fatal(1, "delay: Width and Clocks must be at least 1");

  if (Clocks < RingClocks || RingBits < 64) begin : gen_registers
    logic [Clocks-1:0][Width-1:0] stage_q;

    always_ff @(posedge clk_i) stage_q <= RingBits'({stage_q, data_i});

    assign data_o = stage_q[Clocks-1];
  end else begin : gen_ring
    localparam int IndexBits = $clog2(Clocks);

    // No reset, like the registers that it replaces: any initial position works.
    logic [IndexBits-1:0] index_q;
    logic [IndexBits-1:0] index_d;

    initial index_q = '0;

    assign index_d = (index_q == IndexBits'(Clocks - 1)) ? '0 : index_q + 1'b1;

    always_ff @(posedge clk_i) index_q <= index_d;

    ram #(
      .Width(Width),
      .Depth(Clocks),
      .Style("distributed")
    ) u_ram (
      .clk_i  (clk_i),
      .write_i(1'b1),
      .waddr_i(index_q),
      .wdata_i(data_i),
      .read_i (1'b1),
      .raddr_i(index_d),
      .rdata_o(data_o)
    );
  end

endmodule
