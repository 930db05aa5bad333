// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// mode_delay: delays a chunk's mode by as much as a commutator delays the chunk's beats, so that
// the mode leaves together with them.
//
// It samples the mode once per chunk, with beat Distance, which pushes the chunk's first beat out
// of the commutator, and with every beat that bypasses and so empties the commutator.
// Handshake: valid-gated, gaps anywhere. Latency: Distance beats and Clocks clocks.
// Throughput: one beat per clock.

module mode_delay #(
  parameter int ModeBits = 3,
  parameter int ChunkBeats = 8192,  // beats of a chunk: a power of two
  parameter int Distance = 4096,    // beats: 1..ChunkBeats-1
  parameter int Clocks = 3          // at least 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  input  logic [ModeBits-1:0] mode_i,
  input  logic                bypass_i,
  output logic [ModeBits-1:0] mode_o
);

  localparam int CountBits = $clog2(ChunkBeats);

  initial begin
    if (ChunkBeats < 2 || (1 << CountBits) != ChunkBeats) begin
      $fatal(1, "mode_delay: ChunkBeats must be a power of two");
    end
    if (Distance < 1 || Distance >= ChunkBeats) begin
      $fatal(1, "mode_delay: Distance must be 1..ChunkBeats-1");
    end
  end

  logic [CountBits-1:0] count_q;
  logic [ModeBits-1:0]  mode_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_q <= '0;
    else if (valid_i) count_q <= bypass_i ? '0 : count_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && (bypass_i || count_q == CountBits'(Distance))) mode_q <= mode_i;
  end

  if (Clocks > 1) begin : gen_delay
    delay #(
      .Width (ModeBits),
      .Clocks(Clocks - 1)
    ) u_delay (
      .clk_i (clk_i),
      .data_i(mode_q),
      .data_o(mode_o)
    );
  end else begin : gen_now
    assign mode_o = mode_q;
  end

endmodule
