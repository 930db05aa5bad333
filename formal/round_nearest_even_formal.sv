// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// round_nearest_even: the result is the nearest integer, or the even one of two, judged by
// distances rather than bits. A value with Fraction fractional bits is converted to the rounder's
// input format, with all bits below one half ORed into one, and the result is compared with the
// value itself.

`include "formal.svh"

module round_nearest_even_formal #(
  parameter int OutBits = 6,
  parameter int Fraction = 4,  // at least 2: below one half there is more than one bit to OR
  localparam int ValueBits = OutBits + Fraction
) (
  input logic                        clk_i,
  input logic                        rst_ni,
  input logic signed [ValueBits-1:0] value_i
);

  // Wide enough for every sum and difference below.
  typedef logic signed [ValueBits+2:0] wide_t;

  localparam wide_t One = wide_t'(1) <<< Fraction;
  localparam wide_t Largest = (wide_t'(1) <<< (OutBits - 1)) - wide_t'(1);

  logic signed [OutBits-1:0] rounded;
  wide_t                     value;
  wide_t                     result;
  wide_t                     distance;  // between result and value, in units of 1 / One

  round_nearest_even #(
    .OutBits(OutBits)
  ) u_round (
    .value_i  ({value_i[ValueBits-1:Fraction-1], |value_i[Fraction-2:0]}),
    .rounded_o(rounded)
  );

  assign value    = wide_t'(value_i);
  assign result   = wide_t'(rounded);
  assign distance = (result * One > value) ? result * One - value : value - result * One;

  logic saturates;  // the nearest integer does not fit in OutBits bits

  assign saturates = 2 * value >= (2 * Largest + 1) * One;

  `ASSERT(nearest, saturates || 2 * distance <= One)
  `ASSERT(ties_to_even, saturates || 2 * distance != One || !rounded[0])
  `ASSERT(saturated, !saturates || result == Largest)

  `COVER(tie_up, !saturates && 2 * distance == One && result * One > value)
  `COVER(tie_down, !saturates && 2 * distance == One && result * One < value)
  `COVER(negative_tie, value_i < 0 && 2 * distance == One)
  `COVER(saturation, saturates)
  `COVER(barely_above_half, !saturates && 2 * distance == One - 2 && result * One > value)

endmodule
