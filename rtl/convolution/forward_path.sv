// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// forward_path: from samples to spectra: float32 to CFP, the forward engine, and a FIFO.
//
// A location in the FIFO is reserved before a beat enters, so the engine never has to stop. The
// engine holds a whole chunk: chunk k leaves while chunk k + 1, or a dummy chunk, enters.
// Handshake: valid/ready on both sides. Latency: Chunk/Lanes - 1 beats and the pipeline's clocks.
// Throughput: one beat a clock.

module forward_path #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter TwiddleDir = "",  // see fft_engine
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  output logic                ready_o,
  /// lane l at [l*32 +: 32]
  input  logic [Lanes*32-1:0] samples_i,
  output logic                valid_o,
  input  logic                ready_i,
  output logic [BeatBits-1:0] beat_o,
  /// pulse: an exponent overflowed
  output logic                saturated_o,
  /// pulse: a sample was a NaN or an infinity
  output logic                non_finite_o
);

  // More places than beats can be on their way, or the engine would wait for its own output.
  localparam int FifoDepth = 1 << $clog2(cfp_pkg::path_clocks(Chunk));

  logic                enter;
  logic                available;
  logic                words_valid;
  logic [BeatBits-1:0] words;
  logic [Lanes-1:0]    non_finite;
  logic                spectrum_valid;
  logic [BeatBits-1:0] spectrum;
  logic                columns;
  logic                fifo_ready;

  assign ready_o = available;
  assign enter   = valid_i && available;

  credit_counter #(
    .Credits(FifoDepth),
    .Skip   (Chunk / Lanes - 1)
  ) u_credits (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (enter),
    .release_i  (valid_o && ready_i),
    .available_o(available)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    float_to_cfp #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits)
    ) u_float_to_cfp (
      .clk_i       (clk_i),
      .float_i     (samples_i[lane*32+:32]),
      .word_o      (words[lane*WordBits+:WordBits]),
      .non_finite_o(non_finite[lane])
    );
  end

  valid_delay #(
    .Clocks(cfp_pkg::FloatToCfpClocks)
  ) u_words_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(enter),
    .valid_o(words_valid)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) non_finite_o <= 1'b0;
    else non_finite_o <= words_valid && |non_finite;
  end

  fft_engine #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .Inverse     (1'b0),
    .TwiddleDir  (TwiddleDir)
  ) u_engine (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (words_valid),
    .beat_i     (words),
    .columns_i  (1'b0),
    .valid_o    (spectrum_valid),
    .beat_o     (spectrum),
    .columns_o  (columns),
    .saturated_o(saturated_o)
  );

  // Always ready, as the credits are its places: never_refused in formal/forward_path_formal.sv.
  logic [$clog2(FifoDepth):0] fifo_level;

  fifo #(
    .Width(BeatBits),
    .Depth(FifoDepth),
    .Style("block")
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(spectrum_valid),
    .ready_o(fifo_ready),
    .data_i (spectrum),
    .valid_o(valid_o),
    .ready_i(ready_i),
    .data_o (beat_o),
    .level_o(fifo_level)
  );

  logic unused;
  assign unused = &{1'b0, fifo_ready, fifo_level, columns};

endmodule
