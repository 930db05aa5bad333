// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_to_float: converts a real CFP word to a float32 sample. The conversion is exact, since a
// mantissa has at most 24 bits. Beyond float32's range it saturates at the largest finite value and
// reports it; below the smallest normal value it gives +0.
// Handshake: none. Latency: 5 clocks. Throughput: one sample a clock.

module cfp_to_float #(
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9
) (
  input  logic                    clk_i,
  input  logic [MantissaBits-1:0] mantissa_i,
  input  logic [ExponentBits-1:0] exponent_i,
  output logic [31:0]             float_o,
  /// the value was beyond float32's range
  output logic                    saturated_o
);

  initial if (MantissaBits > 24) $fatal(1, "cfp_to_float: MantissaBits must be at most 24");

  localparam int WideBits = (ExponentBits > 8 ? ExponentBits : 8) + 2;

  // Clock 1: sign and magnitude, the magnitude's lowest bit at bit 0 of 24.
  logic [23:0]                mantissa;
  logic [23:0]                magnitude_q;
  logic                       sign_q;
  logic signed [WideBits-1:0] exponent_q;

  assign mantissa = {{(25 - MantissaBits){mantissa_i[MantissaBits-1]}},
                     mantissa_i[MantissaBits-2:0]};

  always_ff @(posedge clk_i) begin
    magnitude_q <= mantissa_i[MantissaBits-1] ? -mantissa : mantissa;
    sign_q      <= mantissa_i[MantissaBits-1];
    // Biased exponent of a significand whose top bit is bit 23.
    exponent_q  <= {{(WideBits - ExponentBits){exponent_i[ExponentBits-1]}}, exponent_i}
                   + WideBits'(23 + 127);
  end

  // Clocks 2 and 3: left by 16 and 8, then by 4, 2 and 1, to bring the top bit to bit 23.
  logic [23:0]                by_16;
  logic [23:0]                by_8;
  logic [23:0]                by_4;
  logic [23:0]                by_2;
  logic [23:0]                by_1;
  logic                       shift_16;
  logic                       shift_8;
  logic                       shift_4;
  logic                       shift_2;
  logic                       shift_1;
  logic [23:0]                magnitude_q2;
  logic [1:0]                 shift_q2;
  logic                       sign_q2;
  logic signed [WideBits-1:0] exponent_q2;
  logic [23:0]                magnitude_q3;
  logic [4:0]                 shift_q3;
  logic                       sign_q3;
  logic signed [WideBits-1:0] exponent_q3;

  assign shift_16 = magnitude_q[23:8] == '0;
  assign by_16    = shift_16 ? magnitude_q << 16 : magnitude_q;
  assign shift_8  = by_16[23:16] == '0;
  assign by_8     = shift_8 ? by_16 << 8 : by_16;

  assign shift_4  = magnitude_q2[23:20] == '0;
  assign by_4     = shift_4 ? magnitude_q2 << 4 : magnitude_q2;
  assign shift_2  = by_4[23:22] == '0;
  assign by_2     = shift_2 ? by_4 << 2 : by_4;
  assign shift_1  = !by_2[23];
  assign by_1     = shift_1 ? by_2 << 1 : by_2;

  always_ff @(posedge clk_i) begin
    magnitude_q2 <= by_8;
    shift_q2     <= {shift_16, shift_8};
    sign_q2      <= sign_q;
    exponent_q2  <= exponent_q;
    magnitude_q3 <= by_1;
    shift_q3     <= {shift_q2, shift_4, shift_2, shift_1};
    sign_q3      <= sign_q2;
    exponent_q3  <= exponent_q2;
  end

  // Clock 4: the exponent. Clock 5: its limits.
  logic [22:0]                fraction_q4;
  logic                       zero_q4;
  logic                       sign_q4;
  logic signed [WideBits-1:0] exponent_q4;
  logic                       under;
  logic                       over;

  always_ff @(posedge clk_i) begin
    fraction_q4 <= magnitude_q3[22:0];
    zero_q4     <= !magnitude_q3[23];
    sign_q4     <= sign_q3;
    exponent_q4 <= exponent_q3 - WideBits'(shift_q3);
  end

  assign under = zero_q4 || exponent_q4 < WideBits'(1);
  assign over  = exponent_q4 > WideBits'(254);

  always_ff @(posedge clk_i) begin
    float_o     <= under ? 32'h0000_0000 :
                   over  ? {sign_q4, 31'h7F7F_FFFF} :
                           {sign_q4, exponent_q4[7:0], fraction_q4};
    saturated_o <= over && !zero_q4;
  end

endmodule
