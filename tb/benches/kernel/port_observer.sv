// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// port_observer: compares what the core says of one direction of a port, pending and progress, with
// what moves on it.
//
// A burst is pending from the clock in which it is presented until its last answer. The master says
// so for a clock longer, and reports whatever moves a clock later.
// Handshake: none; the module only observes.

module port_observer #(
  /// the port is pending for no other reason
  parameter bit OnlyBursts = 1,
  /// the master drives the port itself: what moves here is all its progress
  parameter bit Direct = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  /// AR or AW
  input  logic valid_i,
  input  logic ready_i,
  /// a beat of W moves; low for reads
  input  logic data_i,
  /// a beat of R or B with the core's ID moves
  input  logic answer_i,
  /// it ends its burst
  input  logic last_i,
  input  logic pending_i,
  input  logic progress_i,
  /// sticky: they differ
  output logic wrong_o
);

  integer open;  // bursts accepted and not answered
  logic   busy;
  logic   busy_q;
  logic   moved_q;
  logic   commanded_q;

  assign busy = valid_i || open != 0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open        <= 0;
      busy_q      <= 1'b0;
      moved_q     <= 1'b0;
      commanded_q <= 1'b0;
      wrong_o     <= 1'b0;
    end else begin
      open        <= open + 32'(valid_i && ready_i) - 32'(answer_i && last_i);
      busy_q      <= busy;
      moved_q     <= data_i || answer_i;
      commanded_q <= valid_i && ready_i;
      if (busy && !pending_i) wrong_o <= 1'b1;
      if (OnlyBursts && pending_i && !busy && !busy_q) wrong_o <= 1'b1;
      if (moved_q && !progress_i) wrong_o <= 1'b1;
      if (Direct && progress_i != (moved_q || commanded_q)) wrong_o <= 1'b1;
    end
  end

endmodule
