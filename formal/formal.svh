// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// The proofs' property macros. All are sampled at the rising edge of clk_i and disabled while
// rst_ni is low.

`ifndef FORMAL_SVH
`define FORMAL_SVH

`define ASSERT(name, condition) \
  name: assert property (@(posedge clk_i) disable iff (!rst_ni) (condition));

// `now` holds in every clock after one in which `before` held, with no reset in either.
`define ASSERT_NEXT(name, before, now) \
  name: assert property (@(posedge clk_i) disable iff (!rst_ni) \
      ($past(rst_ni && (before)) -> (now)));

`define ASSUME(name, condition) \
  name: assume property (@(posedge clk_i) disable iff (!rst_ni) (condition));

`define COVER(name, condition) \
  name: cover property (@(posedge clk_i) disable iff (!rst_ni) (condition));

// The first clock is in reset, as the design requires; later ones may be.
`define RESET_FIRST \
  logic started_q = 1'b0; \
  always_ff @(posedge clk_i) started_q <= 1'b1; \
  reset_first: assume property (@(posedge clk_i) (started_q || !rst_ni));

`endif
