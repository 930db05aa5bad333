// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// uart_rx: receives bytes from a serial line: 8 data bits, least significant first, no parity, one
// stop bit.
// Handshake: valid_o and error_o are pulses, never both; the byte is valid only in the clock of the
// pulse. A start bit that has gone by its middle is treated as a glitch. After a missing stop bit
// the line must go high before the next start bit counts.
// Latency: 3 clocks from the middle of the stop bit on the line to the pulse. Throughput: bytes
// without gaps, even from a sender 2 % too fast or too slow.

module uart_rx (
  input  logic        clk_i,
  input  logic        rst_ni,
  /// at least 4
  input  logic [15:0] clocks_per_bit_i,
  input  logic        rx_i,
  output logic        valid_o,
  output logic [7:0]  data_o,
  /// the stop bit is missing
  output logic        error_o,
  /// the line is high and no byte is being received
  output logic        quiet_o,
  /// pulse: once per bit time while the line is quiet
  output logic        bit_o
);

  // The start bit, the data bits and the stop bit.
  localparam int Bits = 10;

  logic [2:0]  line_q;  // two registers against metastability, and the clock before
  logic [15:0] count_q;
  logic [3:0]  left_q;  // bits still to sample; 0 between bytes
  logic [7:0]  data_q;
  logic        valid_q;
  logic        error_q;
  logic        quiet_q;
  logic        bit_q;
  logic        start;
  logic        middle;

  assign start  = (left_q == '0) && line_q[2] && !line_q[1];
  assign middle = (count_q == 16'd1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      // As if the line had been low, so that a line that is already low does not start a byte.
      line_q  <= '0;
      count_q <= 16'd1;
      left_q  <= '0;
      valid_q <= 1'b0;
      error_q <= 1'b0;
      quiet_q <= 1'b0;
      bit_q   <= 1'b0;
    end else begin
      line_q  <= {line_q[1:0], rx_i};
      valid_q <= 1'b0;
      error_q <= 1'b0;
      quiet_q <= (left_q == '0) && line_q[2] && line_q[1];
      bit_q   <= (left_q == '0) && middle;
      count_q <= middle ? clocks_per_bit_i : count_q - 1'b1;
      if (start) begin
        count_q <= {1'b0, clocks_per_bit_i[15:1]};
        left_q  <= 4'(Bits);
      end else if (middle && left_q != '0) begin
        left_q <= left_q - 1'b1;
        if (left_q == 4'(Bits) && line_q[1]) left_q <= '0;
        valid_q <= (left_q == 4'd1) && line_q[1];
        error_q <= (left_q == 4'd1) && !line_q[1];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (middle && left_q > 4'd1) data_q <= {line_q[1], data_q[7:1]};
  end

  assign valid_o = valid_q;
  assign data_o  = data_q;
  assign error_o = error_q;
  assign quiet_o = quiet_q;
  assign bit_o   = bit_q;

endmodule
