// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_pkg: the kinds of chunks that the engines of a four-step kernel are commanded to
// process. tests/test_constants.py compares them with the model's.

package four_step_pkg;

  // No module uses all of them.
  // verilator lint_off UNUSEDPARAM

  // Zeros that push the previous chunks out of the engine and are then discarded.
  localparam logic [1:0] KindFlush = 2'd0;
  // A tile of columns.
  localparam logic [1:0] KindTile  = 2'd1;
  // A row of several, twisted before the forward transform and untwisted after the inverse.
  localparam logic [1:0] KindRow   = 2'd2;
  // The only row: neither twisted nor stored in memory.
  localparam logic [1:0] KindChunk = 2'd3;

  // verilator lint_on UNUSEDPARAM

endpackage
