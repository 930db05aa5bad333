// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// ecp5_85k: the top of the bitstream for a ULX3S with an LFE5U-85F: the board's oscillator, reset
// and pins around crocuta_board, which has the configuration's parameters. ecppll generates `pll`
// for the target's clock.
//
// In plain Verilog, because yosys' own Verilog reader, not slang, reads it together with `pll`.

module ecp5_85k (
  input  wire       clk_25mhz_i,
  // holds everything in reset while pressed
  input  wire       button_i,
  input  wire       rx_i,
  output wire       tx_o,
  // from the right: out of reset, job done but not acknowledged, receiving a bit, sending a bit
  output wire [3:0] led_o
);

  wire       clk;
  wire       locked;
  reg  [2:0] run_q;
  wire       interrupt;

  pll u_pll (
    .clkin  (clk_25mhz_i),
    .clkout0(clk),
    .locked (locked)
  );

  // Synchroniser; it has no reset because it generates the reset.
  always @(posedge clk) run_q <= {run_q[1:0], locked && !button_i};

  crocuta_board u_board (
    .clk_i      (clk),
    .rst_ni     (run_q[2]),
    .rx_i       (rx_i),
    .tx_o       (tx_o),
    .interrupt_o(interrupt)
  );

  assign led_o = {!tx_o, !rx_i, interrupt, run_q[2]};

endmodule
