// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// forward_path around an engine of any latency: however long words wait to be taken, the FIFO never
// refuses one, and no beat waits for space forever.
// Abstract models replace the engine and the conversion (see any_latency/ and no_data/).

`include "formal.svh"

module forward_path_formal #(
  parameter int Lanes = 16,
  parameter int Chunk = 512,
  localparam int Beats = Chunk / Lanes
) (
  input logic clk_i,
  input logic rst_ni,
  input logic valid_i,
  input logic ready_i
);

  `RESET_FIRST

  // The words' widths do not matter: nothing reads them.
  localparam int MantissaBits = 14;
  localparam int ExponentBits = 8;

  logic                                            in_ready;
  logic                                            valid;
  logic [Lanes*(2*MantissaBits+ExponentBits)-1:0] words;
  logic                                            saturated;
  logic                                            non_finite;

  forward_path #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_dut (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .valid_i     (valid_i),
    .ready_o     (in_ready),
    .samples_i   ('0),
    .valid_o     (valid),
    .ready_i     (ready_i),
    .beat_o      (words),
    .saturated_o (saturated),
    .non_finite_o(non_finite)
  );

  // As in forward_path.
  localparam int Credits = 1 << $clog2(24 * $clog2(Chunk) + 16);

  logic [15:0] converting;  // in the conversion
  logic [15:0] held;        // in the engine
  logic [15:0] waiting;     // in the FIFO
  logic [15:0] skip;
  logic [15:0] free;

  assign converting = 16'(u_dut.u_words_valid.valid_q[0]) + 16'(u_dut.u_words_valid.valid_q[1])
                   + 16'(u_dut.u_words_valid.valid_q[2]);
  assign held       = u_dut.u_engine.inside_q;
  assign waiting    = 16'(u_dut.fifo_level);
  assign skip       = 16'(u_dut.u_credits.skip_q);
  assign free       = 16'(u_dut.u_credits.free_q);

  `ASSERT(never_refused, !u_dut.spectrum_valid || u_dut.fifo_ready)
  // Space is lacking only while a beat is about to leave the engine or waits to be taken.
  `ASSERT(a_place_comes, free != '0 || waiting != '0 || converting + held >= 16'(Beats))

  `ASSERT(helper_beats, converting + held + waiting + skip + free == 16'(Beats - 1 + Credits))
  `ASSERT(helper_small, held <= 16'(Beats - 1 + Credits) && waiting <= 16'(Credits)
          && skip <= 16'(Beats - 1) && free <= 16'(Credits))
  `ASSERT(helper_fill, converting + held + skip >= 16'(Beats - 1)
          && (skip == '0 || free == 16'(Credits) && converting + held + skip == 16'(Beats - 1)))
  `ASSERT(helper_available, !u_dut.available || free != '0)
  `ASSERT(helper_ready, u_dut.u_fifo.ready_q == (u_dut.u_fifo.stored != 16'(Credits))
          && u_dut.u_fifo.stored <= 16'(Credits))

  `COVER(word_waits, valid && !ready_i && waiting == 16'd2)
  `COVER(words_leave, valid && ready_i && $past(rst_ni && valid && ready_i))

endmodule
