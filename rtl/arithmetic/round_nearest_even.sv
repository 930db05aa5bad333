// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// round_nearest_even: rounds off the fraction of a signed value, to nearest, ties to even; it
// saturates if rounding overflows.
// Handshake: none. Latency: 0 (combinational: one incrementer). Throughput: one value a clock.

module round_nearest_even #(
  parameter int OutBits = 18  // bits of the signed result
) (
  /// {value to keep, the bit worth one half, the OR of all bits below it}
  input  logic [OutBits+1:0] value_i,
  output logic [OutBits-1:0] rounded_o
);

  initial if (OutBits < 2) $fatal(1, "round_nearest_even: OutBits must be at least 2");

  logic [OutBits-1:0] kept;
  logic [OutBits-1:0] sum;
  logic               round_up;

  assign kept      = value_i[OutBits+1:2];
  assign round_up  = value_i[1] && (value_i[0] || kept[0]);
  assign sum       = kept + OutBits'(round_up);
  assign rounded_o = (!kept[OutBits-1] && sum[OutBits-1]) ? {1'b0, {(OutBits - 1){1'b1}}} : sum;

endmodule
