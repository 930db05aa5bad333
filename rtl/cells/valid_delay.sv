// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// valid_delay: delays the valid bit that accompanies a feed-forward pipeline.
// Handshake: none. Latency: Clocks. Throughput: one bit a clock.

module valid_delay #(
  parameter int Clocks = 1  // at least 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic valid_i,
  output logic valid_o
);

  initial if (Clocks < 1) $fatal(1, "valid_delay: Clocks must be at least 1");

  logic [Clocks-1:0] valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= Clocks'({valid_q, valid_i});
  end

  assign valid_o = valid_q[Clocks-1];

endmodule
