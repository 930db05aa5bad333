// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// twist: multiplies the words of a row of a four-step transform by w_j^t, or with Inverse by the
// conjugate. After the columns, this turns row j into a chunk that the engine can transform; the
// inverse undoes it.
//
//   w_j^t = (lane l's constant of row j) * w_j^b          t = l * Chunk/Lanes + b
//
// w_j^b comes from a phase to which every beat adds row j's step. The phase's top two bits count
// quarter turns, the next bits index a coarse table and the last bits a fine one; the product of
// the two entries is the factor within the first quarter turn. The lanes' constants come from a
// third table, one per clock, while the row's first beat waits. Lane 0's constant is one.
// Handshake: valid-gated, gaps anywhere. Rows of Chunk/Lanes beats follow one another without
// markers, in any order of j, and from transforms of any number of rows; first_o marks a row's
// first beat, in the clock of its valid_i.
// Latency: 29 clocks, or 37 with 16 lanes. saturated_o follows the beat by one clock.
// Throughput: one beat per clock.

module twist #(
  parameter int Lanes = 8,
  parameter int Chunk = 16384,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int ColumnLevels = 7,  // log2 of the most rows
  parameter bit Inverse = 0,
  parameter TwiddleDir = "",       // the folder of twist_*.mem, from models/transform/rom_files.py
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int ColumnsBits = (ColumnLevels > 0) ? $clog2(ColumnLevels + 1) : 1,
  localparam int RowBits = (ColumnLevels > 0) ? ColumnLevels : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   valid_i,
  input  logic [BeatBits-1:0]    beat_i,
  /// with a row's first beat: log2 of the transform's rows, 1..ColumnLevels
  input  logic [ColumnsBits-1:0] columns_i,
  /// with a row's first beat: j
  input  logic [RowBits-1:0]     row_i,
  output logic                   first_o,
  output logic                   valid_o,
  output logic [BeatBits-1:0]    beat_o,
  /// an exponent of a beat overflowed
  output logic                   saturated_o
);

  localparam int LanesLog2 = $clog2(Lanes);
  localparam int ChunkLog2 = $clog2(Chunk);
  localparam int CountBits = ChunkLog2 - LanesLog2;
  // The phase counts in parts of a quarter turn, as many as the longest transform has words.
  localparam int QuarterBits = ChunkLog2 + ColumnLevels;
  localparam int FineBits = QuarterBits / 2;
  localparam int CoarseBits = QuarterBits - FineBits;
  localparam int LaneBits = ColumnLevels + LanesLog2;
  localparam int StepBits = ColumnLevels + 3;
  localparam int PartBits = TwiddleBits - 1;

  localparam int FactorClocks = cfp_pkg::FactorMultiplyClocks;
  localparam int RotateClocks = cfp_pkg::MultiplyClocks;
  // The beat's factor waits for the last lane's constant, which comes Lanes + 3 clocks after the
  // first beat and one before its use.
  localparam int WaitClocks = (Lanes > FactorClocks) ? Lanes - FactorClocks : 0;
  localparam int FirstClocks = 4 + FactorClocks + WaitClocks;      // to the lanes' products
  localparam int DataClocks = FirstClocks + FactorClocks + 1;      // to the rotators

  initial begin
    if (ColumnLevels < 1) $fatal(1, "twist: ColumnLevels must be at least 1");
    if (DataClocks + RotateClocks != cfp_pkg::twist_clocks(Lanes)) begin
      $fatal(1, "twist: its latency is not cfp_pkg's");
    end
    if (CountBits < FineBits || (1 << CountBits) < Lanes) begin
      $fatal(1, "twist: Chunk/Lanes must be at least Lanes and have more bits than the fine table");
    end
  end

  // Clock 1: the row's step, 4 * rev(j) + 1 - P in units of the longest transform.
  logic [CountBits-1:0]       count_q;
  logic                       first;
  logic [RowBits-1:0]         reversed;
  logic signed [StepBits-1:0] step;
  logic signed [StepBits-1:0] step_q;
  logic                       first_q;
  logic                       valid_q;

  assign first   = valid_i && (count_q == '0);
  assign first_o = first;

  for (genvar i = 0; i < RowBits; i++) begin : gen_reverse
    assign reversed[i] = row_i[RowBits-1-i];
  end

  assign step = {1'b0, reversed, 2'b00} + (StepBits'(1) << (ColumnLevels - int'(columns_i))) -
                (StepBits'(1) << ColumnLevels);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      valid_q <= 1'b0;
      first_q <= 1'b0;
    end else begin
      if (valid_i) count_q <= count_q + 1'b1;
      valid_q <= valid_i;
      first_q <= first;
    end
  end

  always_ff @(posedge clk_i) begin
    if (first) step_q <= step;
  end

  // Clock 2: the beat's phase.
  logic [QuarterBits+1:0] phase_q;

  always_ff @(posedge clk_i) begin
    if (first_q) phase_q <= '0;
    else if (valid_q) begin
      phase_q <= phase_q + {{(QuarterBits + 2 - StepBits){step_q[StepBits-1]}}, step_q};
    end
  end

  // Clocks 3 and 4: the tables and their output registers.
  logic [2*TwiddleBits-1:0] coarse;
  logic [2*TwiddleBits-1:0] fine;
  logic [2*TwiddleBits-1:0] coarse_q4;
  logic [2*TwiddleBits-1:0] fine_q4;

  ram #(
    .Width   (2 * TwiddleBits),
    .Depth   (1 << CoarseBits),
    .Style   (CoarseBits >= 8 ? "block" : "distributed"),
    .InitFile({TwiddleDir, "/twist_coarse.mem"})
  ) u_coarse (
    .clk_i  (clk_i),
    .write_i(1'b0),
    .waddr_i({CoarseBits{1'b0}}),
    .wdata_i({(2 * TwiddleBits){1'b0}}),
    .read_i (1'b1),
    .raddr_i(phase_q[QuarterBits-1-:CoarseBits]),
    .rdata_o(coarse)
  );

  ram #(
    .Width   (2 * TwiddleBits),
    .Depth   (1 << FineBits),
    .Style   (FineBits >= 8 ? "block" : "distributed"),
    .InitFile({TwiddleDir, "/twist_fine.mem"})
  ) u_fine (
    .clk_i  (clk_i),
    .write_i(1'b0),
    .waddr_i({FineBits{1'b0}}),
    .wdata_i({(2 * TwiddleBits){1'b0}}),
    .read_i (1'b1),
    .raddr_i(phase_q[FineBits-1:0]),
    .rdata_o(fine)
  );

  always_ff @(posedge clk_i) begin
    coarse_q4 <= coarse;
    fine_q4   <= fine;
  end

  // Clock 12: the beat's factor; with many lanes it waits.
  logic signed [TwiddleBits-1:0] factor_re;
  logic signed [TwiddleBits-1:0] factor_im;
  logic [2*TwiddleBits-1:0]      beat_factor;
  logic [1:0]                    beat_quarters;

  factor_multiply #(
    .FactorBits(TwiddleBits)
  ) u_beat_factor (
    .clk_i (clk_i),
    .a_re_i({1'b0, coarse_q4[0+:TwiddleBits]}),
    .a_im_i({1'b0, coarse_q4[TwiddleBits+:TwiddleBits]}),
    .b_re_i({1'b0, fine_q4[0+:TwiddleBits]}),
    .b_im_i({1'b0, fine_q4[TwiddleBits+:TwiddleBits]}),
    .re_o  (factor_re),
    .im_o  (factor_im)
  );

  if (WaitClocks > 0) begin : gen_wait
    delay #(
      .Width (2 * TwiddleBits),
      .Clocks(WaitClocks)
    ) u_wait (
      .clk_i (clk_i),
      .data_i({factor_im, factor_re}),
      .data_o(beat_factor)
    );
  end else begin : gen_no_wait
    assign beat_factor = {factor_im, factor_re};
  end

  delay #(
    .Width (2),
    .Clocks(FirstClocks + FactorClocks - 2)
  ) u_beat_quarters (
    .clk_i (clk_i),
    .data_i(phase_q[QuarterBits+1-:2]),
    .data_o(beat_quarters)
  );

  // The lanes' constants: from clock 2 on a phase a clock for lanes 1, 2, ..., in units of a lane's
  // part of a row; each constant waits in its lane for the row's first beat.
  logic [LaneBits+1:0]    lane_phase_q;
  logic [LaneBits+1:0]    lane_step;
  logic [2*PartBits-1:0]  lane_rdata;
  logic [2*PartBits-1:0]  lane_rdata_q4;
  logic [1:0]             lane_quarters_q3;
  logic [1:0]             lane_quarters_q4;
  logic [Lanes-1:1]       load_q;  // bit l: lane l's constant is in lane_rdata_q4
  logic                   load_q2;
  logic                   load_q3;
  logic                   row_starts;

  if (LaneBits + 2 > StepBits) begin : gen_extend
    assign lane_step = {{(LaneBits + 2 - StepBits){step_q[StepBits-1]}}, step_q};
  end else begin : gen_as_it_is
    assign lane_step = step_q[LaneBits+1:0];
  end

  always_ff @(posedge clk_i) begin
    lane_phase_q     <= first_q ? lane_step : lane_phase_q + lane_step;
    lane_quarters_q3 <= lane_phase_q[LaneBits+1-:2];
    lane_quarters_q4 <= lane_quarters_q3;
    lane_rdata_q4    <= lane_rdata;
    load_q2          <= first_q;
    load_q3          <= load_q2;
    load_q           <= (Lanes - 1)'({load_q, load_q3});
  end

  ram #(
    .Width   (2 * PartBits),
    .Depth   (1 << LaneBits),
    .Style   (LaneBits >= 8 ? "block" : "distributed"),
    .InitFile({TwiddleDir, "/twist_lane.mem"})
  ) u_lane (
    .clk_i  (clk_i),
    .write_i(1'b0),
    .waddr_i({LaneBits{1'b0}}),
    .wdata_i({(2 * PartBits){1'b0}}),
    .read_i (1'b1),
    .raddr_i(lane_phase_q[LaneBits-1:0]),
    .rdata_o(lane_rdata)
  );

  valid_delay #(
    .Clocks(FirstClocks - 2)
  ) u_row_starts (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(first_q),
    .valid_o(row_starts)
  );

  // Meanwhile, the words wait in a delay line.
  logic [BeatBits-1:0] words;
  logic [Lanes-1:0]    saturated;

  delay #(
    .Width (BeatBits),
    .Clocks(DataClocks)
  ) u_words (
    .clk_i (clk_i),
    .data_i(beat_i),
    .data_o(words)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    logic signed [TwiddleBits-1:0] re;
    logic signed [TwiddleBits-1:0] im;
    logic [1:0]                    quarters;
    logic [TwiddleBits-1:0]        re_q;
    logic [TwiddleBits-1:0]        im_q;
    logic                          negate_re;
    logic                          negate_im;

    if (lane == 0) begin : gen_one
      delay #(
        .Width (2 * TwiddleBits),
        .Clocks(FactorClocks)
      ) u_factor (
        .clk_i (clk_i),
        .data_i(beat_factor),
        .data_o({im, re})
      );

      assign quarters = beat_quarters;
    end else begin : gen_constant
      logic [2*PartBits-1:0] next_q;
      logic [1:0]            next_quarters_q;
      logic [2*PartBits-1:0] constant_q;
      logic [1:0]            constant_quarters_q;
      logic [1:0]            constant_quarters;

      always_ff @(posedge clk_i) begin
        if (load_q[lane]) begin
          next_q          <= lane_rdata_q4;
          next_quarters_q <= lane_quarters_q4;
        end
        if (row_starts) begin
          constant_q          <= next_q;
          constant_quarters_q <= next_quarters_q;
        end
      end

      factor_multiply #(
        .FactorBits(TwiddleBits)
      ) u_factor (
        .clk_i (clk_i),
        .a_re_i({2'b00, constant_q[0+:PartBits]}),
        .a_im_i({2'b00, constant_q[PartBits+:PartBits]}),
        .b_re_i({beat_factor[TwiddleBits-1], beat_factor[0+:TwiddleBits]}),
        .b_im_i({beat_factor[2*TwiddleBits-1], beat_factor[TwiddleBits+:TwiddleBits]}),
        .re_o  (re),
        .im_o  (im)
      );

      delay #(
        .Width (2),
        .Clocks(FactorClocks)
      ) u_quarters (
        .clk_i (clk_i),
        .data_i(constant_quarters_q),
        .data_o(constant_quarters)
      );

      assign quarters = beat_quarters + constant_quarters;
    end

    // One clock: the quarter turns, i * (re + i*im) = -im + i*re each, and the conjugate.
    assign negate_re = quarters[1] ^ quarters[0];
    assign negate_im = quarters[1] ^ Inverse;

    always_ff @(posedge clk_i) begin
      re_q <= ((quarters[0] ? im : re) ^ {TwiddleBits{negate_re}}) + TwiddleBits'(negate_re);
      im_q <= ((quarters[0] ? re : im) ^ {TwiddleBits{negate_im}}) + TwiddleBits'(negate_im);
    end

    cfp_multiply #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits),
      .FactorBits  (TwiddleBits),
      .ProductBits (MantissaBits + TwiddleBits)
    ) u_rotate (
      .clk_i       (clk_i),
      .a_i         (words[lane*WordBits+:WordBits]),
      .b_re_i      (re_q),
      .b_im_i      (im_q),
      .b_exponent_i(ExponentBits'(1 - TwiddleBits)),
      .product_o   (beat_o[lane*WordBits+:WordBits]),
      .saturated_o (saturated[lane])
    );
  end

  valid_delay #(
    .Clocks(DataClocks + RotateClocks - 1)
  ) u_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_q),
    .valid_o(valid_o)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else saturated_o <= valid_o && |saturated;
  end

endmodule
