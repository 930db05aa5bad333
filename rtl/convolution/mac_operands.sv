// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// mac_operands: chooses the words of X and H that a beat of a pass multiplies, and registers them.
//
// X comes straight from the forward engine or from memory. The first beats of a job only push
// chunks through the pipelines: zero_i replaces both operands by complex zeros.
// Handshake: valid-gated, gaps anywhere. Latency: 1 clock. Throughput: one beat a clock.

module mac_operands #(
  parameter int Lanes = 8,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int Outputs = 1,
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  input  logic [Outputs-1:0]  outputs_i,
  input  logic [Outputs-1:0]  first_i,
  input  logic [Outputs-1:0]  last_i,
  input  logic                x_engine_i,
  input  logic                zero_i,
  input  logic [BeatBits-1:0] engine_i,
  input  logic [BeatBits-1:0] x_i,
  input  logic [BeatBits-1:0] h_i,
  output logic                valid_o,
  output logic [Outputs-1:0]  outputs_o,
  output logic [Outputs-1:0]  first_o,
  output logic [Outputs-1:0]  last_o,
  output logic [BeatBits-1:0] x_o,
  output logic [BeatBits-1:0] h_o
);

  localparam logic [WordBits-1:0] Zero = cfp_pkg::Zero[63-:WordBits];

  initial begin
    if (Lanes < 2 || Outputs < 1 || Outputs > 2) begin
      $fatal(1, "mac_operands: Lanes must be at least 2, and Outputs 1 or 2");
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_o <= 1'b0;
    else valid_o <= valid_i;
  end

  always_ff @(posedge clk_i) begin
    outputs_o <= outputs_i;
    first_o   <= first_i;
    last_o    <= last_i;
    x_o       <= zero_i ? {Lanes{Zero}} : x_engine_i ? engine_i : x_i;
    h_o       <= zero_i ? {Lanes{Zero}} : h_i;
  end

endmodule
