// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_pkg: what a chunk is to the engines of a four-step kernel, as four_step_controller
// commands it. tests/test_constants.py compares it with the model.

package four_step_pkg;

  // No module uses all of them.
  // verilator lint_off UNUSEDPARAM

  // Zeros, which nobody takes.
  localparam logic [1:0] KindFlush = 2'd0;
  // A tile of columns.
  localparam logic [1:0] KindTile  = 2'd1;
  // A row, twisted.
  localparam logic [1:0] KindRow   = 2'd2;
  // The only row: neither twisted nor in memory.
  localparam logic [1:0] KindChunk = 2'd3;

  // verilator lint_on UNUSEDPARAM

endpackage
