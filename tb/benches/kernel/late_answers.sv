// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// late_answers: puts answers to bursts from before a reset between those of a memory, on a channel R
// or B. They carry the other ID, an error and noise, and come at random.
// Handshake: valid/ready on both sides; an answer once offered stays. While one of these is offered,
// the memory waits. Latency: 0.

module late_answers #(
  parameter int DataBits = 128,
  localparam int NoiseBits = 32
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  /// level: such answers come, one in every 16 clocks in which nothing is offered, on average
  input  logic                 late_i,
  /// sampled in reset
  input  logic [NoiseBits-1:0] seed_i,
  /// the ID of the core's bursts
  input  logic                 id_i,
  input  logic                 memory_valid_i,
  output logic                 memory_ready_o,
  input  logic [DataBits-1:0]  memory_data_i,
  input  logic [1:0]           memory_resp_i,
  input  logic                 memory_last_i,
  input  logic                 memory_id_i,
  output logic                 valid_o,
  input  logic                 ready_i,
  output logic [DataBits-1:0]  data_o,
  output logic [1:0]           resp_o,
  output logic                 last_o,
  output logic                 id_o
);

  logic                 late_q;  // one is offered
  logic [NoiseBits-1:0] noise_q;
  logic [NoiseBits-1:0] noise;

  // xorshift32
  always_comb begin
    noise = noise_q;
    noise = noise ^ (noise << 13);
    noise = noise ^ (noise >> 17);
    noise = noise ^ (noise << 5);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      late_q  <= 1'b0;
      noise_q <= seed_i | 32'd1;
    end else begin
      if (!late_q || ready_i) noise_q <= noise;
      late_q <= late_q ? !ready_i : late_i && noise[7:4] == '0 && (!memory_valid_i || ready_i);
    end
  end

  assign memory_ready_o = ready_i && !late_q;
  assign valid_o        = memory_valid_i || late_q;
  assign data_o         = late_q ? {(DataBits / NoiseBits){noise_q}} : memory_data_i;
  assign resp_o         = late_q ? 2'b10 : memory_resp_i;
  assign last_o         = late_q ? noise_q[8] : memory_last_i;
  assign id_o           = late_q ? !id_i : memory_id_i;

endmodule
