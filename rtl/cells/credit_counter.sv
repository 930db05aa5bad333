// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// credit_counter: reserves a location in the FIFO behind a feed-forward pipeline before a beat
// enters, so that the pipeline never has to stop.
// Handshake: reserve_i only while available_o. Latency: available_o follows one clock later.
// Throughput: one reserve and one release a clock.

module credit_counter #(
  parameter int Credits = 512,  // places in the FIFO
  parameter int Skip = 0        // first beats after reset that only fill the engine: they bring
                                // nothing out and take no place
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic reserve_i,
  input  logic release_i,
  output logic available_o
);

  initial if (Credits < 1 || Skip < 0) $fatal(1, "credit_counter: Credits must be at least 1");

  localparam int CountBits = $clog2(Credits + 1);
  localparam int SkipBits = $clog2(Skip + 2);

  logic [CountBits-1:0] free_q;
  logic [CountBits-1:0] free_d;
  logic [SkipBits-1:0]  skip_q;
  logic                 take;
  logic                 available_q;
  logic                 available_d;

  assign take = reserve_i && (skip_q == '0);

  // Each comparison is of free_q: reserve_i comes late, and only chooses.
  always_comb begin
    free_d      = free_q;
    available_d = (free_q != '0);
    if (take && !release_i) begin
      free_d      = free_q - 1'b1;
      available_d = (free_q != CountBits'(1));
    end
    if (!take && release_i) begin
      free_d      = free_q + 1'b1;
      available_d = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      free_q      <= CountBits'(Credits);
      skip_q      <= SkipBits'(Skip);
      available_q <= 1'b0;
    end else begin
      free_q      <= free_d;
      available_q <= available_d;
      if (reserve_i && skip_q != '0) skip_q <= skip_q - 1'b1;
    end
  end

  assign available_o = available_q;

endmodule
