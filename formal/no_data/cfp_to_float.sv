// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_to_float, for proofs that do not depend on data: every result is 0.

module cfp_to_float #(
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9
) (
  input  logic                    clk_i,
  input  logic [MantissaBits-1:0] mantissa_i,
  input  logic [ExponentBits-1:0] exponent_i,
  output logic [31:0]             float_o,
  output logic                    saturated_o
);

  assign float_o     = '0;
  assign saturated_o = 1'b0;

  logic unused;
  assign unused = ^{clk_i, mantissa_i, exponent_i};

endmodule
