// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// credit_counter as it is used: a pipeline that cannot stall, followed by a FIFO of depth Credits.
// The FIFO never has to refuse a word, and no credit is ever lost: a reservation is possible
// exactly while fewer than Credits are in use.

`include "formal.svh"

module credit_counter_formal #(
  parameter int Credits = 4,
  parameter int Skip = 3,
  parameter int Clocks = 3,  // latency of the pipeline
  localparam int CountBits = $clog2(Credits + 2) + 1,
  localparam int SkipBits = $clog2(Skip + 2)
) (
  input logic clk_i,
  input logic rst_ni,
  input logic want_i,
  input logic ready_i
);

  `RESET_FIRST

  logic available;
  logic enter;
  logic comes_out;
  logic arrive;
  logic fifo_ready;
  logic fifo_valid;
  logic leave;

  // The handshake: a beat enters only while a credit is available.
  assign enter = want_i && available;
  assign leave = fifo_valid && ready_i;

  credit_counter #(
    .Credits(Credits),
    .Skip   (Skip)
  ) u_credits (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (enter),
    .release_i  (leave),
    .available_o(available)
  );

  // The pipeline always retains Skip beats: each beat after the first Skip pushes one out.
  logic [SkipBits-1:0] entered_q;

  assign comes_out = enter && entered_q == SkipBits'(Skip);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) entered_q <= '0;
    else if (enter && entered_q != SkipBits'(Skip)) entered_q <= entered_q + 1'b1;
  end

  valid_delay #(
    .Clocks(Clocks)
  ) u_pipeline (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(comes_out),
    .valid_o(arrive)
  );

  logic                     unused_data;
  logic [$clog2(Credits):0] unused_level;

  fifo #(
    .Width(1),
    .Depth(Credits)
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(arrive),
    .ready_o(fifo_ready),
    .data_i (1'b0),
    .valid_o(fifo_valid),
    .ready_i(ready_i),
    .data_o (unused_data),
    .level_o(unused_level)
  );

  logic [CountBits-1:0] reserved_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) reserved_q <= '0;
    else reserved_q <= reserved_q + CountBits'(comes_out) - CountBits'(leave);
  end

  `ASSERT(never_refused, !arrive || fifo_ready)
  `ASSERT(never_too_many, reserved_q <= CountBits'(Credits))
  `ASSERT_NEXT(available_exactly, 1'b1, available == (reserved_q < CountBits'(Credits)))

  `COVER(all_reserved, !available && reserved_q == CountBits'(Credits) && want_i)
  `COVER(released, available && $past(rst_ni && !available && reserved_q == CountBits'(Credits)))
  `COVER(all_in_fifo, unused_level == ($clog2(Credits) + 1)'(Credits))
  `COVER(enters_at_release, comes_out && leave && reserved_q == CountBits'(Credits - 1))

endmodule
