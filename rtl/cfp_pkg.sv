// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_pkg: what the modules around the arithmetic on complex floating-point words have to know of
// it. tests/test_constants.py compares it with the models and the planner.

package cfp_pkg;

  // No module uses all of them.
  // verilator lint_off UNUSEDPARAM

  // A complex zero: the most negative exponent, then the mantissas. A word takes as many bits from
  // the top as it has, the exponent alone likewise.
  localparam logic [63:0] Zero = 64'h8000_0000_0000_0000;

  // Latencies in clocks.
  localparam int FloatToCfpClocks     = 3;
  localparam int AddClocks            = 9;
  localparam int OverlapClocks        = AddClocks + 3;  // overlap_add: the tail is read before
  localparam int ButterflyClocks      = AddClocks;
  localparam int MultiplyClocks       = 8;
  localparam int CfpToFloatClocks     = 5;
  localparam int FactorMultiplyClocks = 8;

  // verilator lint_on UNUSEDPARAM

  // More clocks than a beat takes through an engine and what is around it, when it does not wait.
  function automatic int path_clocks(int chunk);
    path_clocks = 24 * $clog2(chunk) + 16;
  endfunction

  // From a word to its product with the twist's factor.
  function automatic int twist_clocks(int lanes);
    twist_clocks = 29 + ((lanes > 8) ? lanes - 8 : 0);
  endfunction

endpackage
