// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// feed_observer: which chunk should be entering an engine of a four-step kernel, from the commands
// that its feed accepts and the beats that it takes, and what that chunk lacks.
//
// A chunk begins two clocks after its command was accepted, once the previous one has had all its
// beats; a FLUSH lasts until it restarts the engine, and does nothing to one that holds nothing.
// In the inverse engine, half a chunk of zeros comes before a row that follows a tile.
// Handshake: none; the module only observes. Latency: 0. Throughput: every clock.

module feed_observer #(
  parameter int ChunkBeats = 32,
  parameter bit Inverse = 0,
  localparam int Kinds = 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             command_valid_i,
  input  logic             command_ready_i,
  input  logic [1:0]       kind_i,
  input  logic             restart_i,
  /// the engine has a place for a beat
  input  logic             place_i,
  /// by kind: there is a beat; a FLUSH takes none
  input  logic [Kinds-1:0] source_i,
  /// by kind: it is taken
  input  logic [Kinds-1:0] taken_i,
  /// by kind: there is a place and no beat
  output logic [Kinds-1:0] lacks_o,
  /// a beat was taken of another kind, or without a place, or not taken
  output logic             wrong_o
);

  logic       waiting;
  logic [1:0] waiting_kind;
  logic       running;
  logic [1:0] kind;
  integer     beats;
  logic       holds;  // the engine has had a beat since its restart
  logic       tiles;  // its commutator holds half a chunk of tiles
  logic       zeros;  // what runs are the zeros that push it out
  logic       flush;
  logic       due;
  logic       ends;
  logic       next;
  logic       next_zeros;

  assign flush   = (kind == four_step_pkg::KindFlush);
  assign due     = running && !flush && place_i;
  assign ends    = running && (zeros ? place_i && beats == 1 :
                               flush ? restart_i : due && source_i[kind] && beats == 1);
  assign next    = !running || ends;
  assign next_zeros = Inverse && waiting && tiles && !zeros && !restart_i && waiting_kind[1];
  assign lacks_o = (due && !source_i[kind]) ? Kinds'(1) << kind : '0;
  assign wrong_o = rst_ni && (taken_i != ((due && source_i[kind]) ? Kinds'(1) << kind : '0));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waiting <= 1'b0;
      running <= 1'b0;
      holds   <= 1'b0;
      tiles   <= 1'b0;
      zeros   <= 1'b0;
      kind    <= '0;
      beats   <= 0;
    end else begin
      if (command_valid_i && command_ready_i) begin
        waiting      <= 1'b1;
        waiting_kind <= kind_i;
      end else if (next && !next_zeros) waiting <= 1'b0;
      if (next) begin
        running <= waiting && (waiting_kind != four_step_pkg::KindFlush
                               || ((holds || taken_i != '0) && !restart_i));
        zeros   <= next_zeros;
        kind    <= next_zeros ? four_step_pkg::KindFlush : waiting_kind;
        beats   <= next_zeros ? ChunkBeats / 2 : ChunkBeats;
      end else if (taken_i != '0 || (zeros && place_i)) beats <= beats - 1;
      if (taken_i != '0) holds <= 1'b1;
      else if (restart_i) holds <= 1'b0;
      if (taken_i[four_step_pkg::KindTile]) tiles <= 1'b1;
      else if (restart_i || (zeros && ends)) tiles <= 1'b0;
    end
  end

endmodule
