// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// fft_level: one level of the transform: Lanes / 2 butterflies and rotators.
//
//   forward                                inverse
//   a --delay---- butterfly --> a + t*b    p -- butterfly ---delay----> p + m
//   b --rotator-|           --> a - t*b    m -|           --rotator---> (p - m)*conj(t)
//
// Levels 1..log2(Lanes) pair lanes that differ in lane bit log2(Lanes) - Level; later levels pair
// lanes 2u and 2u + 1, which a commutator has brought together.
// Handshake: valid-gated, gaps anywhere. Latency: 20 clocks forward, 17 inverse.
// Throughput: one beat a clock.

module fft_level #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int Level = 1,     // 1..log2(Chunk)
  parameter bit Inverse = 0,
  parameter TwiddleDir = "",   // see twiddle_rom
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
  localparam int Units = Lanes / 2;
  localparam int RomClocks = 3;
  localparam int RotateClocks = cfp_pkg::MultiplyClocks;
  localparam int ButterflyClocks = cfp_pkg::ButterflyClocks;
  localparam int Latency = ButterflyClocks + RotateClocks + (Inverse ? 0 : RomClocks);
  // Where, within this level, the rotators take their operands: the ROM is asked so much earlier.
  localparam int RomStart = Inverse ? ButterflyClocks - RomClocks : 0;
  // The lane bit in which a unit's two lanes differ.
  localparam int PairBit = (Level < LanesLog2) ? LanesLog2 - Level : 0;

  logic                         rom_valid;
  logic [Units*TwiddleBits-1:0] t_re;
  logic [Units*TwiddleBits-1:0] t_im;
  logic [Units-1:0]             rotate_saturated;
  logic [Units-1:0]             butterfly_saturated;
  logic                         rotate_valid;
  logic                         butterfly_valid;

  if (RomStart > 0) begin : gen_rom_late
    valid_delay #(
      .Clocks(RomStart)
    ) u_rom_valid (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(valid_i),
      .valid_o(rom_valid)
    );
  end else begin : gen_rom_now
    assign rom_valid = valid_i;
  end

  twiddle_rom #(
    .Lanes      (Lanes),
    .Chunk      (Chunk),
    .TwiddleBits(TwiddleBits),
    .Level      (Level),
    .Conjugate  (Inverse),
    .TwiddleDir (TwiddleDir)
  ) u_twiddle_rom (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(rom_valid),
    .re_o   (t_re),
    .im_o   (t_im)
  );

  for (genvar unit = 0; unit < Units; unit++) begin : gen_unit
    localparam int LaneA = ((unit >> PairBit) << (PairBit + 1)) | (unit & ((1 << PairBit) - 1));
    localparam int LaneB = LaneA | (1 << PairBit);

    logic [WordBits-1:0] rotate_in;
    logic [WordBits-1:0] rotated;
    logic [WordBits-1:0] waiting_in;
    logic [WordBits-1:0] waited;
    logic [WordBits-1:0] sum;
    logic [WordBits-1:0] difference;

    cfp_multiply #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits),
      .FactorBits  (TwiddleBits),
      .ProductBits (MantissaBits + TwiddleBits)
    ) u_rotate (
      .clk_i       (clk_i),
      .a_i         (rotate_in),
      .b_re_i      (t_re[unit*TwiddleBits+:TwiddleBits]),
      .b_im_i      (t_im[unit*TwiddleBits+:TwiddleBits]),
      .b_exponent_i(ExponentBits'(1 - TwiddleBits)),
      .product_o   (rotated),
      .saturated_o (rotate_saturated[unit])
    );

    delay #(
      .Width (WordBits),
      .Clocks(RotateClocks + (Inverse ? 0 : RomClocks))
    ) u_wait (
      .clk_i (clk_i),
      .data_i(waiting_in),
      .data_o(waited)
    );

    if (Inverse) begin : gen_inverse
      cfp_butterfly #(
        .MantissaBits(MantissaBits),
        .ExponentBits(ExponentBits)
      ) u_butterfly (
        .clk_i       (clk_i),
        .a_i         (beat_i[LaneA*WordBits+:WordBits]),
        .b_i         (beat_i[LaneB*WordBits+:WordBits]),
        .sum_o       (sum),
        .difference_o(difference),
        .saturated_o (butterfly_saturated[unit])
      );

      assign waiting_in                         = sum;
      assign rotate_in                          = difference;
      assign beat_o[LaneA*WordBits+:WordBits] = waited;
      assign beat_o[LaneB*WordBits+:WordBits] = rotated;
    end else begin : gen_forward
      delay #(
        .Width (WordBits),
        .Clocks(RomClocks)
      ) u_wait_rom (
        .clk_i (clk_i),
        .data_i(beat_i[LaneB*WordBits+:WordBits]),
        .data_o(rotate_in)
      );

      assign waiting_in = beat_i[LaneA*WordBits+:WordBits];

      cfp_butterfly #(
        .MantissaBits(MantissaBits),
        .ExponentBits(ExponentBits)
      ) u_butterfly (
        .clk_i       (clk_i),
        .a_i         (waited),
        .b_i         (rotated),
        .sum_o       (sum),
        .difference_o(difference),
        .saturated_o (butterfly_saturated[unit])
      );

      assign beat_o[LaneA*WordBits+:WordBits] = sum;
      assign beat_o[LaneB*WordBits+:WordBits] = difference;
    end
  end

  // The flags count only while they belong to a beat.
  localparam int FirstClocks = Inverse ? ButterflyClocks : RomClocks + RotateClocks;
  logic first_valid;

  valid_delay #(
    .Clocks(FirstClocks)
  ) u_first_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_i),
    .valid_o(first_valid)
  );

  valid_delay #(
    .Clocks(Latency - FirstClocks)
  ) u_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(first_valid),
    .valid_o(valid_o)
  );

  assign rotate_valid    = Inverse ? valid_o : first_valid;
  assign butterfly_valid = Inverse ? first_valid : valid_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else begin
      saturated_o <= (rotate_valid && |rotate_saturated) ||
                     (butterfly_valid && |butterfly_saturated);
    end
  end

endmodule
