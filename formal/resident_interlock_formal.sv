// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_interlock with one word of the on-chip memory, picked at any place, and any number of
// beats a channel: channel by channel all places are written in one order and read in the same,
// and a place is written again only when it was read. Reads are of what was written. Nothing waits
// longer than it has to: while fewer beats are ahead than a channel has, the next may be written.

`include "formal.svh"

module resident_interlock_formal #(
  parameter int Places = 12,
  localparam int CountBits = $clog2(Places + 1)
) (
  input logic clk_i,
  input logic rst_ni,
  input logic want_write_i,
  input logic want_read_i
);

  `RESET_FIRST

  // Any number of beats and any place, the same ones throughout.
  logic [CountBits-1:0] beats_q;
  logic [CountBits-1:0] place_q;

  always_ff @(posedge clk_i) begin
    beats_q <= beats_q;
    place_q <= place_q;
  end

  // The job's rows decide it.
  `ASSUME(beats_in_range, beats_q >= CountBits'(1) && beats_q <= CountBits'(Places))
  `ASSUME(a_place, place_q < beats_q)

  logic open;
  logic write;
  logic read;

  // The writer keeps the handshake, and the controller lets a tile be read when all of its rows are
  // written, so what is read was written.
  logic [CountBits:0]   ahead_q;   // beats written and not read
  logic [CountBits-1:0] wplace_q;  // the place that is written next
  logic [CountBits-1:0] rplace_q;  // and read
  logic                 kept_q;    // the place holds what was not read
  logic                 ever_q;    // and was written at all

  assign write = want_write_i && open;
  assign read  = want_read_i && ahead_q != '0;

  resident_interlock #(
    .Places(Places)
  ) u_dut (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .beats_i(beats_q),
    .write_i(write),
    .read_i (read),
    .open_o (open)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ahead_q  <= '0;
      wplace_q <= '0;
      rplace_q <= '0;
      kept_q   <= 1'b0;
      ever_q   <= 1'b0;
    end else begin
      ahead_q <= ahead_q + (CountBits + 1)'(write) - (CountBits + 1)'(read);
      if (write) wplace_q <= (wplace_q + 1'b1 == beats_q) ? '0 : wplace_q + 1'b1;
      if (read) rplace_q <= (rplace_q + 1'b1 == beats_q) ? '0 : rplace_q + 1'b1;
      if (write && wplace_q == place_q) begin
        kept_q <= 1'b1;
        ever_q <= 1'b1;
      end else if (read && rplace_q == place_q) begin
        kept_q <= 1'b0;
      end
    end
  end

  `ASSERT(nothing_is_overwritten, !(write && wplace_q == place_q && kept_q))
  `ASSERT(what_is_read_was_written, !(read && rplace_q == place_q && !kept_q))
  `ASSERT(never_in_one_clock, !(write && read && wplace_q == rplace_q))
  `ASSERT(never_too_far, ahead_q <= (CountBits + 1)'(beats_q))
  `ASSERT_NEXT(open_at_once, 1'b1, open == (ahead_q < (CountBits + 1)'(beats_q)))

  `COVER(full, ahead_q == (CountBits + 1)'(beats_q) && want_write_i && beats_q > CountBits'(2))
  `COVER(written_again, write && wplace_q == place_q && ever_q)
  `COVER(both, write && read && place_q == wplace_q)
  `COVER(least, write && ever_q && beats_q == CountBits'(1))
  `COVER(most, ahead_q == (CountBits + 1)'(Places))

endmodule
