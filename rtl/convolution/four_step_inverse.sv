// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_inverse: the inverse half of a four-step kernel: multiplies rows of the spectrum by H
// and transforms and untwists them into rows of z, and transforms tiles of z's columns into
// samples.
//
//   x, h -- product --.                 .-- untwist ---------.
//                     +--> engine ------+                    +--> FIFO --> rows, for memory
//   tiles of z -------'                 '-- CFP to float ----'        '--> samples
//
// Both paths into the engine have the same latency, and so have both paths out of it, so chunks of
// any kind enter and leave in the order of their commands. For FLUSH see engine_feed. A CHUNK, the
// only row, enters as a product and leaves as samples. Samples are the real parts of words.
// Handshake: valid/ready everywhere; row_valid_o and samples_valid_o are never high together.
// Latency: the beats that fft_engine holds, and the clocks of product, engine, untwist and FIFO.
// Throughput: one beat per clock.

module four_step_inverse #(
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
  /// words of a ROW or a CHUNK, taken together with those of H
  input  logic                    x_valid_i,
  output logic                    x_ready_o,
  input  logic [BeatBits-1:0]     x_i,
  input  logic                    h_valid_i,
  output logic                    h_ready_o,
  input  logic [BeatBits-1:0]     h_i,
  /// words of a TILE
  input  logic                    z_valid_i,
  output logic                    z_ready_o,
  input  logic [BeatBits-1:0]     z_i,
  /// words of a ROW
  output logic                    row_valid_o,
  input  logic                    row_ready_i,
  output logic [BeatBits-1:0]     row_o,
  /// samples of a TILE or a CHUNK; lane l at [l*32 +: 32]
  output logic                    samples_valid_o,
  input  logic                    samples_ready_i,
  output logic [Lanes*32-1:0]     samples_o,
  /// the engine has a place for a beat of a tile, or for a product that lacks H alone
  output logic                    wait_z_o,
  output logic                    wait_h_o,
  /// pulse: an exponent overflowed, or a sample was beyond float32's range
  output logic                    saturated_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int ProductClocks = cfp_pkg::MultiplyClocks;
  localparam int ConvertClocks = cfp_pkg::CfpToFloatClocks;
  localparam int TwistClocks = cfp_pkg::twist_clocks(Lanes);
  // More clocks than a beat takes if it never waits.
  localparam int PathClocks = cfp_pkg::path_clocks(Chunk) + TwistClocks;
  localparam int FifoDepth = 1 << $clog2(PathClocks);
  // A location for the index of each row that can be in flight at the full rate.
  localparam int RowsDepth = 1 << $clog2(3 + (PathClocks + ChunkBeats - 1) / ChunkBeats);

  logic [1:0]              kind;
  logic [ColumnLevels-1:0] row;
  logic                    is_columns;
  logic                    is_tile;
  logic                    is_product;
  logic                    source_valid;
  logic                    enter;
  logic                    waits;
  logic                    first;
  logic                    restart;
  logic                    leave;
  logic                    taken;
  logic                    rows_ready;

  assign is_tile    = kind == four_step_pkg::KindTile;
  assign is_product = kind != four_step_pkg::KindTile && kind != four_step_pkg::KindFlush;
  // A row's first beat stores the row's index.
  assign source_valid = is_tile ? z_valid_i : x_valid_i && h_valid_i && (rows_ready || !first);
  assign z_ready_o    = enter && is_tile;
  assign x_ready_o    = enter && is_product;
  assign h_ready_o    = enter && is_product;
  assign wait_z_o     = waits && is_tile;
  assign wait_h_o     = waits && is_product && x_valid_i && !h_valid_i;

  engine_feed #(
    .ChunkBeats(ChunkBeats),
    .Inverse   (1'b1),
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

  // The path of products, and that of tiles and of the zeros of a FLUSH.
  logic                   entered;
  logic                   late_columns;
  logic                   product_valid;
  logic [BeatBits-1:0]    product;
  logic [BeatBits-1:0]    z;
  logic [Lanes-1:0]       product_saturated;
  logic [ColumnsBits-1:0] columns;

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_product
    cfp_multiply #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits),
      .FactorBits  (MantissaBits),
      .ProductBits (2 * MantissaBits + 1)
    ) u_multiply (
      .clk_i       (clk_i),
      .a_i         (x_i[lane*WordBits+:WordBits]),
      .b_re_i      (h_i[lane*WordBits+:MantissaBits]),
      .b_im_i      (h_i[lane*WordBits+MantissaBits+:MantissaBits]),
      .b_exponent_i(h_i[lane*WordBits+2*MantissaBits+:ExponentBits]),
      .product_o   (product[lane*WordBits+:WordBits]),
      .saturated_o (product_saturated[lane])
    );
  end

  valid_delay #(
    .Clocks(ProductClocks)
  ) u_entered (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(enter),
    .valid_o(entered)
  );

  delay #(
    .Width (2),
    .Clocks(ProductClocks)
  ) u_kind (
    .clk_i (clk_i),
    .data_i({is_columns, is_product}),
    .data_o({late_columns, product_valid})
  );

  delay #(
    .Width (BeatBits),
    .Clocks(ProductClocks)
  ) u_z (
    .clk_i (clk_i),
    .data_i(is_tile ? z_i : '0),
    .data_o(z)
  );

  // The engine, which is reset at the end of a FLUSH.
  logic                   engine_rst_n;
  logic                   engine_valid;
  logic [BeatBits-1:0]    engine_beat;
  logic [ColumnsBits-1:0] engine_columns;
  logic                   engine_saturated;

  assign columns      = late_columns ? rows_log2_i : '0;
  assign engine_rst_n = rst_ni && !restart;

  fft_engine #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .Inverse     (1'b1),
    .ColumnLevels(ColumnLevels),
    .TwiddleDir  (TwiddleDir)
  ) u_engine (
    .clk_i      (clk_i),
    .rst_ni     (engine_rst_n),
    .valid_i    (entered),
    .beat_i     (product_valid ? product : z),
    .columns_i  (columns),
    .valid_o    (engine_valid),
    .beat_o     (engine_beat),
    .columns_o  (engine_columns),
    .saturated_o(engine_saturated)
  );

  // Rows are untwisted. Each row's index waits in a FIFO for the row's first beat.
  logic                       is_row;
  logic                       row_begins;
  logic [ColumnLevels-1:0]    row_number;
  logic                       row_known;
  logic                       untwisted_valid;
  logic [BeatBits-1:0]        untwisted;
  logic                       untwist_saturated;
  logic [$clog2(RowsDepth):0] rows_level;

  assign is_row = engine_valid && engine_columns == '0 && rows_log2_i != '0;

  fifo #(
    .Width(ColumnLevels),
    .Depth(RowsDepth)
  ) u_rows (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(enter && first && kind == four_step_pkg::KindRow),
    .ready_o(rows_ready),
    .data_i (row),
    .valid_o(row_known),
    .ready_i(row_begins),
    .data_o (row_number),
    .level_o(rows_level)
  );

  twist #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .ColumnLevels(ColumnLevels),
    .Inverse     (1'b1),
    .TwiddleDir  (TwiddleDir)
  ) u_untwist (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (is_row),
    .beat_i     (engine_beat),
    .columns_i  (rows_log2_i),
    .row_i      (row_number),
    .first_o    (row_begins),
    .valid_o    (untwisted_valid),
    .beat_o     (untwisted),
    .saturated_o(untwist_saturated)
  );

  // Samples: the real parts.
  logic [Lanes*32-1:0] converted;
  logic [Lanes-1:0]    convert_saturated;
  logic                converted_valid;
  logic [Lanes*32-1:0] samples;
  logic                samples_valid;

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_convert
    cfp_to_float #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits)
    ) u_cfp_to_float (
      .clk_i      (clk_i),
      .mantissa_i (engine_beat[lane*WordBits+:MantissaBits]),
      .exponent_i (engine_beat[lane*WordBits+2*MantissaBits+:ExponentBits]),
      .float_o    (converted[lane*32+:32]),
      .saturated_o(convert_saturated[lane])
    );
  end

  valid_delay #(
    .Clocks(ConvertClocks)
  ) u_converted (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(engine_valid && !is_row),
    .valid_o(converted_valid)
  );

  valid_delay #(
    .Clocks(TwistClocks - ConvertClocks)
  ) u_samples_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(converted_valid),
    .valid_o(samples_valid)
  );

  delay #(
    .Width (Lanes * 32),
    .Clocks(TwistClocks - ConvertClocks)
  ) u_samples (
    .clk_i (clk_i),
    .data_i(converted),
    .data_o(samples)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else begin
      saturated_o <= engine_saturated || untwist_saturated ||
                     (entered && product_valid && |product_saturated) ||
                     (converted_valid && |convert_saturated);
    end
  end

  // Always ready, because a credit reserves a location. So is the FIFO of the beats' kinds.
  logic                       fifo_ready;
  logic                       fifo_valid;
  logic                       kinds_ready;
  logic                       kinds_valid;
  logic                       fifo_row;
  logic [BeatBits-1:0]        fifo_beat;
  logic [$clog2(FifoDepth):0] fifo_level;
  logic [$clog2(FifoDepth):0] kinds_level;

  assign leave = untwisted_valid || samples_valid;

  fifo #(
    .Width(BeatBits),
    .Depth(FifoDepth),
    .Style("block")
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(leave),
    .ready_o(fifo_ready),
    .data_i (untwisted_valid ? untwisted : BeatBits'(samples)),
    .valid_o(fifo_valid),
    .ready_i(taken),
    .data_o (fifo_beat),
    .level_o(fifo_level)
  );

  fifo #(
    .Width(1),
    .Depth(FifoDepth)
  ) u_kinds (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(leave),
    .ready_o(kinds_ready),
    .data_i (untwisted_valid),
    .valid_o(kinds_valid),
    .ready_i(taken),
    .data_o (fifo_row),
    .level_o(kinds_level)
  );

  assign row_o           = fifo_beat;
  assign samples_o       = fifo_beat[Lanes*32-1:0];
  assign row_valid_o     = fifo_valid && fifo_row;
  assign samples_valid_o = fifo_valid && !fifo_row;
  assign taken           = (row_valid_o && row_ready_i) || (samples_valid_o && samples_ready_i);

  logic unused;
  assign unused = &{1'b0, row_known, rows_level, fifo_ready, fifo_level, kinds_ready, kinds_valid,
                    kinds_level};

endmodule
