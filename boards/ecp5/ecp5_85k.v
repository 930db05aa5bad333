// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// ecp5_85k: the top of the bitstream for a ULX3S with an LFE5U-85F: the board's oscillator, reset
// and pins around crocuta_board, whose parameters are those of the configuration. `pll` is what
// ecppll writes for the clock that is asked for.
//
// In plain Verilog, because yosys' own reader joins it with that.

module ecp5_85k (
  input  wire       clk_25mhz_i,
  // restarts everything while it is pressed
  input  wire       button_i,
  input  wire       rx_i,
  output wire       tx_o,
  // from the right: out of reset, a job is done and not acknowledged, a bit comes, a bit goes
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

  // Into the clock's domain; no reset, for this makes it.
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
