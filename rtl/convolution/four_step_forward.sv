// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_forward: the forward half of a four-step kernel: transforms tiles of samples into tiles
// of columns, and twists and transforms the rows of those into rows of the spectrum.
//
//   samples -- float to CFP --.
//                             +--> engine --> FIFO --> tiles, for memory
//   rows ------- twist -------'                  '---> rows, and CHUNKs (P = 1)
//
// Both paths into the engine have the same latency, so chunks of any kind enter and leave in the
// order of their commands. For FLUSH see engine_feed.
// Handshake: valid/ready everywhere; beat_o belongs to whichever of tile_valid_o and row_valid_o is
// high, never both. Latency: the beats that fft_engine holds, and the clocks of twist, engine and
// FIFO. Throughput: one beat per clock.

module four_step_forward #(
  parameter int Lanes = 8,
  parameter int Chunk = 16384,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int ColumnLevels = 7,  // log2 of the most rows
  parameter TwiddleDir = "",       // see fft_engine
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int ColumnsBits = $clog2(ColumnLevels + 1)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  /// log2 of the transform's rows P; must not change while a command or a beat is inside
  input  logic [ColumnsBits-1:0]  rows_log2_i,
  /// commands: the kind of the next chunk (see four_step_pkg), and for a ROW its index
  input  logic                    command_valid_i,
  output logic                    command_ready_o,
  input  logic [1:0]              kind_i,
  input  logic [ColumnLevels-1:0] row_i,
  /// samples of a TILE or a CHUNK; lane l at [l*32 +: 32]
  input  logic                    samples_valid_i,
  output logic                    samples_ready_o,
  input  logic [Lanes*32-1:0]     samples_i,
  /// words of a ROW
  input  logic                    x_valid_i,
  output logic                    x_ready_o,
  input  logic [BeatBits-1:0]     x_i,
  /// beat_o belongs to a TILE
  output logic                    tile_valid_o,
  input  logic                    tile_ready_i,
  /// beat_o belongs to a ROW or a CHUNK
  output logic                    row_valid_o,
  input  logic                    row_ready_i,
  output logic [BeatBits-1:0]     beat_o,
  /// the engine has a place for a beat of samples, or of a row, and there is none
  output logic                    wait_samples_o,
  output logic                    wait_x_o,
  /// pulse: an exponent overflowed
  output logic                    saturated_o,
  /// pulse: a sample was a NaN or an infinity
  output logic                    non_finite_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int ConvertClocks = cfp_pkg::FloatToCfpClocks;
  localparam int TwistClocks = cfp_pkg::twist_clocks(Lanes);
  // More locations than beats can be in flight, or the engine would wait for its own output.
  localparam int FifoDepth = 1 << $clog2(cfp_pkg::path_clocks(Chunk) + TwistClocks);

  logic [1:0]              kind;
  logic [ColumnLevels-1:0] row;
  logic                    is_columns;
  logic                    is_row;
  logic                    is_sample;
  logic                    source_valid;
  logic                    enter;
  logic                    waits;
  logic                    first;
  logic                    restart;
  logic                    leave;
  logic                    taken;

  assign is_row          = kind == four_step_pkg::KindRow;
  assign is_sample       = kind != four_step_pkg::KindRow && kind != four_step_pkg::KindFlush;
  assign source_valid    = is_row ? x_valid_i : samples_valid_i;
  assign samples_ready_o = enter && is_sample;
  assign x_ready_o       = enter && is_row;
  assign wait_samples_o  = waits && is_sample;
  assign wait_x_o        = waits && is_row;

  engine_feed #(
    .ChunkBeats(ChunkBeats),
    .Inverse   (1'b0),
    .Places    (FifoDepth),
    .RowBits   (ColumnLevels)
  ) u_feed (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .command_valid_i(command_valid_i),
    .command_ready_o(command_ready_o),
    .kind_i         (kind_i),
    .row_i          (row_i),
    .kind_o         (kind),
    .row_o          (row),
    .columns_o      (is_columns),
    .source_valid_i (source_valid),
    .enter_o        (enter),
    .waits_o        (waits),
    .first_o        (first),
    .leave_i        (leave),
    .release_i      (taken),
    .restart_o      (restart)
  );

  // The path of samples, and of the zeros of a FLUSH.
  logic [Lanes*32-1:0] samples;
  logic [Lanes*32-1:0] late_samples;
  logic [BeatBits-1:0] converted;
  logic [Lanes-1:0]    non_finite;

  assign samples = is_sample ? samples_i : '0;

  delay #(
    .Width (Lanes * 32),
    .Clocks(TwistClocks - ConvertClocks)
  ) u_samples (
    .clk_i (clk_i),
    .data_i(samples),
    .data_o(late_samples)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    float_to_cfp #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits)
    ) u_float_to_cfp (
      .clk_i       (clk_i),
      .float_i     (late_samples[lane*32+:32]),
      .word_o      (converted[lane*WordBits+:WordBits]),
      .non_finite_o(non_finite[lane])
    );
  end

  // The path of rows.
  logic                twisted_valid;
  logic [BeatBits-1:0] twisted;
  logic                twist_saturated;
  logic                row_begins;

  twist #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .ColumnLevels(ColumnLevels),
    .Inverse     (1'b0),
    .TwiddleDir  (TwiddleDir)
  ) u_twist (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (enter && is_row),
    .beat_i     (x_i),
    .columns_i  (rows_log2_i),
    .row_i      (row),
    .first_o    (row_begins),
    .valid_o    (twisted_valid),
    .beat_o     (twisted),
    .saturated_o(twist_saturated)
  );

  // The engine, which is reset at the end of a FLUSH.
  logic                   entered;
  logic                   late_columns;
  logic [ColumnsBits-1:0] columns;
  logic                   engine_rst_n;
  logic                   engine_valid;
  logic [BeatBits-1:0]    engine_beat;
  logic [ColumnsBits-1:0] engine_columns;
  logic                   engine_saturated;

  valid_delay #(
    .Clocks(TwistClocks)
  ) u_entered (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(enter),
    .valid_o(entered)
  );

  delay #(
    .Width (1),
    .Clocks(TwistClocks)
  ) u_columns (
    .clk_i (clk_i),
    .data_i(is_columns),
    .data_o(late_columns)
  );

  assign columns      = late_columns ? rows_log2_i : '0;
  assign engine_rst_n = rst_ni && !restart;

  fft_engine #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .Inverse     (1'b0),
    .ColumnLevels(ColumnLevels),
    .TwiddleDir  (TwiddleDir)
  ) u_engine (
    .clk_i      (clk_i),
    .rst_ni     (engine_rst_n),
    .valid_i    (entered),
    .beat_i     (twisted_valid ? twisted : converted),
    .columns_i  (columns),
    .valid_o    (engine_valid),
    .beat_o     (engine_beat),
    .columns_o  (engine_columns),
    .saturated_o(engine_saturated)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      saturated_o  <= 1'b0;
      non_finite_o <= 1'b0;
    end else begin
      saturated_o  <= engine_saturated || twist_saturated;
      non_finite_o <= entered && !twisted_valid && |non_finite;
    end
  end

  // Always ready, because a credit reserves a location. So is the FIFO of the beats' kinds.
  logic                       fifo_ready;
  logic                       fifo_valid;
  logic                       kinds_ready;
  logic                       kinds_valid;
  logic                       fifo_tile;
  logic [$clog2(FifoDepth):0] fifo_level;
  logic [$clog2(FifoDepth):0] kinds_level;

  assign leave = engine_valid;

  fifo #(
    .Width(BeatBits),
    .Depth(FifoDepth),
    .Style("block")
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(engine_valid),
    .ready_o(fifo_ready),
    .data_i (engine_beat),
    .valid_o(fifo_valid),
    .ready_i(taken),
    .data_o (beat_o),
    .level_o(fifo_level)
  );

  fifo #(
    .Width(1),
    .Depth(FifoDepth)
  ) u_kinds (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(engine_valid),
    .ready_o(kinds_ready),
    .data_i (engine_columns != '0),
    .valid_o(kinds_valid),
    .ready_i(taken),
    .data_o (fifo_tile),
    .level_o(kinds_level)
  );

  assign tile_valid_o = fifo_valid && fifo_tile;
  assign row_valid_o  = fifo_valid && !fifo_tile;
  assign taken        = (tile_valid_o && tile_ready_i) || (row_valid_o && row_ready_i);

  logic unused;
  assign unused = &{1'b0, first, row_begins, fifo_ready, fifo_level, kinds_ready, kinds_valid,
                    kinds_level};

endmodule
