// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fifo: every word comes out exactly once, intact and in order, and the level is correct.
// One word, picked at any time, is tracked: the words ahead of it are counted when it enters, and
// leave before it. Because any word may be picked, this proves the order of all.

`include "formal.svh"

module fifo_formal #(
  parameter int Width = 2,  // words only pass through, so two bits stand for any width
  parameter int Depth = 4,
  localparam int LevelBits = $clog2(Depth) + 1
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             valid_i,
  input logic [Width-1:0] data_i,
  input logic             ready_i,
  input logic             pick_i
);

  `RESET_FIRST

  logic                 in_ready;
  logic                 out_valid;
  logic [Width-1:0]     out;
  logic [LevelBits-1:0] level;

  fifo #(
    .Width(Width),
    .Depth(Depth)
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_i),
    .ready_o(in_ready),
    .data_i (data_i),
    .valid_o(out_valid),
    .ready_i(ready_i),
    .data_o (out),
    .level_o(level)
  );

  // One bit wider than the level, so that one word too many would show.
  logic [LevelBits:0] held_q;
  logic [LevelBits:0] ahead_q;
  logic               picked_q;
  logic [Width-1:0]   word_q;
  logic               write;
  logic               read;
  logic               picked_next;

  assign write       = valid_i && in_ready;
  assign read        = out_valid && ready_i;
  assign picked_next = picked_q && ahead_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q   <= '0;
      picked_q <= 1'b0;
    end else begin
      held_q <= held_q + (LevelBits + 1)'(write) - (LevelBits + 1)'(read);
      if (!picked_q && pick_i && write) picked_q <= 1'b1;
      else if (picked_next && read) picked_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!picked_q) begin
      word_q  <= data_i;
      ahead_q <= held_q - (LevelBits + 1)'(read);
    end else if (read) begin
      ahead_q <= ahead_q - 1'b1;
    end
  end

  `ASSERT(level_is_right, (LevelBits + 1)'(level) == held_q)
  `ASSERT(no_underflow, !out_valid || held_q != '0)
  `ASSERT(no_overflow, held_q <= (LevelBits + 1)'(Depth + 1))
  `ASSERT(room_is_given,
          in_ready == (held_q < (LevelBits + 1)'(Depth) + (LevelBits + 1)'(out_valid)))
  `ASSERT(order_is_kept, !(picked_next && out_valid) || out == word_q)
  `ASSERT_NEXT(word_waits, out_valid && !ready_i, out_valid && $stable(out))
  `ASSERT_NEXT(word_comes, held_q > (LevelBits + 1)'(read), out_valid)

  `COVER(full, held_q == (LevelBits + 1)'(Depth + 1) && valid_i && !in_ready)
  `COVER(picked_behind_all, picked_q && ahead_q == (LevelBits + 1)'(Depth))
  `COVER(picked_leaves, picked_next && read && held_q == (LevelBits + 1)'(2))

endmodule
