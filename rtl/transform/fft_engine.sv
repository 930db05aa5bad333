// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fft_engine: transforms chunks, Lanes samples per clock, in a feed-forward pipeline of all
// log2(Chunk) levels.
//
//   forward: level 1 .. level w (wiring between lanes), then commutator + level for w + 1 .. k
//   inverse: the mirror image, level k .. 1
//
// Forward: in, lane l at beat t holds sample l * Chunk/Lanes + t; out, the spectrum in tree order:
// lane bit 0 holds bit 0 of the position, the other lane bits its top bits, time the bits between.
// Inverse: the reverse, scaled by 1 / Chunk. The twiddle tables alone determine the roots of the
// tree: modulo z^Chunk - i (convolution) or z^Chunk - 1 (a plain FFT).
// Handshake: valid-gated, gaps anywhere; chunks of Chunk/Lanes beats follow one another without
// markers. An incoming beat pushes out the beat Chunk/Lanes - 1 before it, so the last chunk leaves
// only when a dummy chunk follows it; the first Chunk/Lanes - 1 beats after reset push out nothing.
// Latency: Chunk/Lanes - 1 beats, and 20 clocks per level forward or 17 inverse, 3 per commutator
// or 1 where its Distance is 1 or 2, and 1 for the inverse's scaling: a beat leaves exactly this
// many clocks after the beat that pushes it out. saturated_o reports beats in the pipeline, before
// they leave it. Throughput: one beat per clock.

module fft_engine #(
  parameter int Lanes = 8,           // 2, 4, 8 or 16
  parameter int Chunk = 65536,       // 2^4..2^17
  parameter int MantissaBits = 18,   // 14..24
  parameter int ExponentBits = 9,    // 8..10
  parameter int TwiddleBits = 25,    // 12..27
  parameter bit Inverse = 0,
  parameter TwiddleDir = "",         // the folder of this configuration's tables
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  input  logic [BeatBits-1:0] beat_i,
  output logic                valid_o,
  output logic [BeatBits-1:0] beat_o,
  /// an exponent of a beat overflowed
  output logic                saturated_o
);

  localparam int LanesLog2 = $clog2(Lanes);
  localparam int ChunkLog2 = $clog2(Chunk);

  initial begin
    if (Lanes < 2 || Lanes > 16 || (1 << LanesLog2) != Lanes) begin
      $fatal(1, "fft_engine: Lanes must be 2, 4, 8 or 16");
    end
    if (ChunkLog2 < 4 || ChunkLog2 > 17 || !sizes_pkg::is_power_of_two(Chunk)) begin
      $fatal(1, "fft_engine: Chunk must be a power of two in 16..131072");
    end
    if (MantissaBits < 14 || MantissaBits > 24) begin
      $fatal(1, "fft_engine: MantissaBits must be 14..24");
    end
    if (ExponentBits < 8 || ExponentBits > 10) begin
      $fatal(1, "fft_engine: ExponentBits must be 8..10");
    end
    if (TwiddleBits < 12 || TwiddleBits > 27) begin
      $fatal(1, "fft_engine: TwiddleBits must be 12..27");
    end
  end

  // Stage s feeds stage s + 1; it is level s + 1 forward and level k - s inverse.
  logic [ChunkLog2:0]               valid;
  logic [(ChunkLog2+1)*BeatBits-1:0] beats;
  logic [ChunkLog2-1:0]             saturated;

  assign valid[0]             = valid_i;
  assign beats[0+:BeatBits] = beat_i;

  for (genvar s = 0; s < ChunkLog2; s++) begin : gen_stage
    localparam int Level = Inverse ? ChunkLog2 - s : s + 1;
    localparam int Distance = Chunk >> Level;

    logic                level_valid_in;
    logic                level_valid_out;
    logic [BeatBits-1:0] level_beat_in;
    logic [BeatBits-1:0] level_beat_out;

    fft_level #(
      .Lanes       (Lanes),
      .Chunk       (Chunk),
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits),
      .TwiddleBits (TwiddleBits),
      .Level       (Level),
      .Inverse     (Inverse),
      .TwiddleDir  (TwiddleDir)
    ) u_level (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .valid_i    (level_valid_in),
      .beat_i     (level_beat_in),
      .valid_o    (level_valid_out),
      .beat_o     (level_beat_out),
      .saturated_o(saturated[s])
    );

    if (Level <= LanesLog2) begin : gen_wiring
      assign level_valid_in                      = valid[s];
      assign level_beat_in                       = beats[s*BeatBits+:BeatBits];
      assign valid[s+1]                          = level_valid_out;
      assign beats[(s+1)*BeatBits+:BeatBits]     = level_beat_out;
    end else if (Inverse) begin : gen_commutator_after
      commutator #(
        .Lanes   (Lanes),
        .WordBits(WordBits),
        .Distance(Distance)
      ) u_commutator (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .valid_i(level_valid_out),
        .beat_i (level_beat_out),
        .valid_o(valid[s+1]),
        .beat_o (beats[(s+1)*BeatBits+:BeatBits])
      );

      assign level_valid_in = valid[s];
      assign level_beat_in  = beats[s*BeatBits+:BeatBits];
    end else begin : gen_commutator_before
      commutator #(
        .Lanes   (Lanes),
        .WordBits(WordBits),
        .Distance(Distance)
      ) u_commutator (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .valid_i(valid[s]),
        .beat_i (beats[s*BeatBits+:BeatBits]),
        .valid_o(level_valid_in),
        .beat_o (level_beat_in)
      );

      assign valid[s+1]                      = level_valid_out;
      assign beats[(s+1)*BeatBits+:BeatBits] = level_beat_out;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else saturated_o <= |saturated;
  end

  if (Inverse) begin : gen_scale
    // 1 / Chunk is an exponent subtraction; what it carries below the smallest exponent is zero.
    localparam logic [ExponentBits-1:0] ExponentMin = cfp_pkg::Zero[63-:ExponentBits];

    logic                valid_q;
    logic [BeatBits-1:0] beat_q;

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      logic [WordBits-1:0]   word;
      logic [ExponentBits:0] exponent;

      assign word     = beats[ChunkLog2*BeatBits+lane*WordBits+:WordBits];
      assign exponent = {word[WordBits-1], word[WordBits-1-:ExponentBits]} -
                        (ExponentBits + 1)'(ChunkLog2);

      always_ff @(posedge clk_i) begin
        // Two unequal top bits: the difference does not fit ExponentBits.
        beat_q[lane*WordBits+:WordBits] <=
            (exponent[ExponentBits] != exponent[ExponentBits-1]) ?
            {ExponentMin, {(2 * MantissaBits){1'b0}}} :
            {exponent[ExponentBits-1:0], word[2*MantissaBits-1:0]};
      end
    end

    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_q <= 1'b0;
      else valid_q <= valid[ChunkLog2];
    end

    assign valid_o = valid_q;
    assign beat_o  = beat_q;
  end else begin : gen_no_scale
    assign valid_o = valid[ChunkLog2];
    assign beat_o  = beats[ChunkLog2*BeatBits+:BeatBits];
  end

endmodule
