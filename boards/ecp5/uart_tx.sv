// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// uart_tx: sends bytes on a serial line: 8 data bits, least significant first, no parity, one stop
// bit.
// Handshake: valid/ready; ready_o does not depend on valid_i and is low until the stop bit has
// ended.
// Latency: 1 clock from an accepted byte to its start bit. Throughput: one byte per 10 bit times
// and one clock.

module uart_tx (
  input  logic        clk_i,
  input  logic        rst_ni,
  /// at least 4
  input  logic [15:0] clocks_per_bit_i,
  input  logic        valid_i,
  output logic        ready_o,
  input  logic [7:0]  data_i,
  output logic        tx_o
);

  // The start bit, the data bits and the stop bit.
  localparam int Bits = 10;

  logic [15:0] count_q;
  logic [3:0]  left_q;  // bits not yet sent completely
  logic [8:0]  data_q;  // the bit on the line, then the bits that follow
  logic        last;

  assign ready_o = (left_q == '0);
  assign last    = (count_q == 16'd1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q <= '0;
      data_q <= '1;
    end else if (ready_o) begin
      if (valid_i) begin
        left_q <= 4'(Bits);
        data_q <= {data_i, 1'b0};
      end
    end else if (last) begin
      left_q <= left_q - 1'b1;
      data_q <= {1'b1, data_q[8:1]};
    end
  end

  always_ff @(posedge clk_i) begin
    count_q <= (ready_o || last) ? clocks_per_bit_i : count_q - 1'b1;
  end

  assign tx_o = data_q[0];

endmodule
