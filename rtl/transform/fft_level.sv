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
// A tile of columns passes the levels that are not its own unchanged: see fft_engine.
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
  parameter int ColumnLevels = 0,  // see fft_engine
  parameter TwiddleDir = "",   // see twiddle_rom
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int ColumnsBits = (ColumnLevels > 0) ? $clog2(ColumnLevels + 1) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   valid_i,
  input  logic [BeatBits-1:0]    beat_i,
  /// the column levels of the beat's chunk, 0: a row
  input  logic [ColumnsBits-1:0] columns_i,
  output logic                   valid_o,
  output logic [BeatBits-1:0]    beat_o,
  output logic [ColumnsBits-1:0] columns_o,
  /// an exponent of a beat overflowed
  output logic                   saturated_o
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
  logic                         rom_columns;
  logic [BeatBits-1:0]          results;

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
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .TwiddleBits (TwiddleBits),
    .Level       (Level),
    .Conjugate   (Inverse),
    .ColumnLevels(ColumnLevels),
    .TwiddleDir  (TwiddleDir)
  ) u_twiddle_rom (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (rom_valid),
    .columns_i(rom_columns),
    .re_o     (t_re),
    .im_o     (t_im)
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
      assign results[LaneA*WordBits+:WordBits] = waited;
      assign results[LaneB*WordBits+:WordBits] = rotated;
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

      assign results[LaneA*WordBits+:WordBits] = sum;
      assign results[LaneB*WordBits+:WordBits] = difference;
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

  if (ColumnLevels > 0) begin : gen_columns
    // Whose columns this level does; 0 or less: it pairs lanes, as in rows alone.
    localparam int Stage = Level - LanesLog2;

    logic passes;
    logic first_passes;
    logic last_passes;

    assign passes = (columns_i != '0) && (Stage < 1 || int'(columns_i) < Stage);

    delay #(
      .Width (1),
      .Clocks(FirstClocks)
    ) u_first_passes (
      .clk_i (clk_i),
      .data_i(passes),
      .data_o(first_passes)
    );

    delay #(
      .Width (1),
      .Clocks(Latency - FirstClocks)
    ) u_last_passes (
      .clk_i (clk_i),
      .data_i(first_passes),
      .data_o(last_passes)
    );

    delay #(
      .Width (ColumnsBits),
      .Clocks(Latency)
    ) u_columns (
      .clk_i (clk_i),
      .data_i(columns_i),
      .data_o(columns_o)
    );

    if (RomStart > 0) begin : gen_rom_columns_late
      delay #(
        .Width (1),
        .Clocks(RomStart)
      ) u_rom_columns (
        .clk_i (clk_i),
        .data_i(|columns_i),
        .data_o(rom_columns)
      );
    end else begin : gen_rom_columns_now
      assign rom_columns = |columns_i;
    end

    if (Stage == 1) begin : gen_always
      // The level of all columns.
      assign beat_o = results;
    end else begin : gen_pass
      logic [BeatBits-1:0] passed;

      delay #(
        .Width (BeatBits),
        .Clocks(Latency)
      ) u_pass (
        .clk_i (clk_i),
        .data_i(beat_i),
        .data_o(passed)
      );

      assign beat_o = last_passes ? passed : results;
    end

    assign rotate_valid    = Inverse ? valid_o && !last_passes : first_valid && !first_passes;
    assign butterfly_valid = Inverse ? first_valid && !first_passes : valid_o && !last_passes;
  end else begin : gen_rows
    assign rom_columns     = 1'b0;
    assign columns_o       = '0;
    assign beat_o          = results;
    assign rotate_valid    = Inverse ? valid_o : first_valid;
    assign butterfly_valid = Inverse ? first_valid : valid_o;

    logic unused;
    assign unused = &{1'b0, columns_i};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else begin
      saturated_o <= (rotate_valid && |rotate_saturated) ||
                     (butterfly_valid && |butterfly_saturated);
    end
  end

endmodule
