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
//
// With ColumnLevels, columns_i makes a chunk a row (0: all of the above) or a tile of the columns
// of P = 2^columns_i rows. Both may follow each other. Forward, a tile's beat i * G + g brings lane
// l's sample l * Chunk/Lanes + g of row i, G = Chunk/Lanes/P, the others of each row being in other
// tiles; out comes the same of the P rows j of the tree, in beat s * G + g with j being s rotated
// left by one bit. Inverse: the reverse, scaled by 1 / P. The first columns_i commutators and their
// levels do this; all other levels pass a tile, and other commutators only delay it. After them,
// lane bit 0 is j's last bit, and one more commutator, of half a chunk, exchanges it for the
// sample's. It comes last forward and first inverse: ColumnLevels > 0 adds its Chunk/Lanes/2 beats
// and its clocks to the latency, but to that of rows which bypass it only the clocks. Forward, rows
// do so until a tile has come since reset, and are delayed after one. Inverse, all do:
// Chunk/Lanes/2 beats of zeros, of the mode of the tile, must push the rest of the tile into the
// levels before a row follows it.

module fft_engine #(
  parameter int Lanes = 8,           // 2, 4, 8 or 16
  parameter int Chunk = 65536,       // 2^4..2^17
  parameter int MantissaBits = 18,   // 14..24
  parameter int ExponentBits = 9,    // 8..10
  parameter int TwiddleBits = 25,    // 12..27
  parameter bit Inverse = 0,
  parameter int ColumnLevels = 0,    // log2 of the most rows whose columns it transforms
  parameter TwiddleDir = "",         // the folder of this configuration's tables
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits,
  localparam int ColumnsBits = (ColumnLevels > 0) ? $clog2(ColumnLevels + 1) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   valid_i,
  input  logic [BeatBits-1:0]    beat_i,
  /// the same in all beats of a chunk: log2 of the rows whose columns it is a tile of, 0: a row
  input  logic [ColumnsBits-1:0] columns_i,
  output logic                   valid_o,
  output logic [BeatBits-1:0]    beat_o,
  output logic [ColumnsBits-1:0] columns_o,
  /// an exponent of a beat overflowed
  output logic                   saturated_o
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
    if (ColumnLevels < 0 || ColumnLevels > ChunkLog2 - LanesLog2) begin
      $fatal(1, "fft_engine: ColumnLevels must be 0..log2(Chunk/Lanes)");
    end
  end

  localparam int ChunkBeats = Chunk / Lanes;

  // Stage s feeds stage s + 1; it is level s + 1 forward and level k - s inverse.
  logic [ChunkLog2:0]                   valid;
  logic [(ChunkLog2+1)*BeatBits-1:0]    beats;
  logic [(ChunkLog2+1)*ColumnsBits-1:0] columns;
  logic [ChunkLog2-1:0]                 saturated;

  for (genvar s = 0; s < ChunkLog2; s++) begin : gen_stage
    localparam int Level = Inverse ? ChunkLog2 - s : s + 1;
    localparam int Distance = Chunk >> Level;
    localparam int CommutatorClocks = (Distance >= 4) ? 3 : 1;

    logic                   level_valid_in;
    logic                   level_valid_out;
    logic [BeatBits-1:0]    level_beat_in;
    logic [BeatBits-1:0]    level_beat_out;
    logic [ColumnsBits-1:0] level_columns_in;
    logic [ColumnsBits-1:0] level_columns_out;

    fft_level #(
      .Lanes       (Lanes),
      .Chunk       (Chunk),
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits),
      .TwiddleBits (TwiddleBits),
      .Level       (Level),
      .Inverse     (Inverse),
      .ColumnLevels(ColumnLevels),
      .TwiddleDir  (TwiddleDir)
    ) u_level (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .valid_i    (level_valid_in),
      .beat_i     (level_beat_in),
      .columns_i  (level_columns_in),
      .valid_o    (level_valid_out),
      .beat_o     (level_beat_out),
      .columns_o  (level_columns_out),
      .saturated_o(saturated[s])
    );

    if (Level <= LanesLog2) begin : gen_wiring
      assign level_valid_in                        = valid[s];
      assign level_beat_in                         = beats[s*BeatBits+:BeatBits];
      assign level_columns_in                      = columns[s*ColumnsBits+:ColumnsBits];
      assign valid[s+1]                            = level_valid_out;
      assign beats[(s+1)*BeatBits+:BeatBits]       = level_beat_out;
      assign columns[(s+1)*ColumnsBits+:ColumnsBits] = level_columns_out;
    end else begin : gen_commutator
      logic                   valid_in;
      logic                   valid_out;
      logic [BeatBits-1:0]    beat_in;
      logic [BeatBits-1:0]    beat_out;
      logic [ColumnsBits-1:0] columns_in;
      logic [ColumnsBits-1:0] columns_out;
      logic                   switches;

      commutator #(
        .Lanes   (Lanes),
        .WordBits(WordBits),
        .Distance(Distance)
      ) u_commutator (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .valid_i (valid_in),
        .beat_i  (beat_in),
        .switch_i(switches),
        .bypass_i(1'b0),
        .valid_o (valid_out),
        .beat_o  (beat_out)
      );

      if (ColumnLevels > 0) begin : gen_mode
        mode_delay #(
          .ModeBits  (ColumnsBits),
          .ChunkBeats(ChunkBeats),
          .Distance  (Distance),
          .Clocks    (CommutatorClocks)
        ) u_mode (
          .clk_i   (clk_i),
          .rst_ni  (rst_ni),
          .valid_i (valid_in),
          .mode_i  (columns_in),
          .bypass_i(1'b0),
          .mode_o  (columns_out)
        );

        assign switches = (columns_in == '0) || (int'(columns_in) >= Level - LanesLog2);
      end else begin : gen_always
        assign columns_out = columns_in;
        assign switches    = 1'b1;
      end

      if (Inverse) begin : gen_after
        assign level_valid_in                          = valid[s];
        assign level_beat_in                           = beats[s*BeatBits+:BeatBits];
        assign level_columns_in                        = columns[s*ColumnsBits+:ColumnsBits];
        assign valid_in                                = level_valid_out;
        assign beat_in                                 = level_beat_out;
        assign columns_in                              = level_columns_out;
        assign valid[s+1]                              = valid_out;
        assign beats[(s+1)*BeatBits+:BeatBits]         = beat_out;
        assign columns[(s+1)*ColumnsBits+:ColumnsBits] = columns_out;
      end else begin : gen_before
        assign valid_in                                = valid[s];
        assign beat_in                                 = beats[s*BeatBits+:BeatBits];
        assign columns_in                              = columns[s*ColumnsBits+:ColumnsBits];
        assign level_valid_in                          = valid_out;
        assign level_beat_in                           = beat_out;
        assign level_columns_in                        = columns_out;
        assign valid[s+1]                              = level_valid_out;
        assign beats[(s+1)*BeatBits+:BeatBits]         = level_beat_out;
        assign columns[(s+1)*ColumnsBits+:ColumnsBits] = level_columns_out;
      end
    end
  end

  // Before and after the stages.
  logic                   transformed_valid;
  logic [BeatBits-1:0]    transformed;
  logic [ColumnsBits-1:0] transformed_columns;

  if (ColumnLevels > 0) begin : gen_restore
    localparam int Distance = ChunkBeats / 2;
    localparam int CommutatorClocks = (Distance >= 4) ? 3 : 1;

    logic                   valid_in;
    logic                   valid_out;
    logic [BeatBits-1:0]    beat_in;
    logic [BeatBits-1:0]    beat_out;
    logic [ColumnsBits-1:0] columns_in;
    logic [ColumnsBits-1:0] columns_out;
    logic                   bypass;

    if (Inverse) begin : gen_rows_bypass
      assign bypass = columns_in == '0;
    end else begin : gen_first_rows_bypass
      logic tiles_q;  // a tile has come since reset

      always_ff @(posedge clk_i) begin
        if (!rst_ni) tiles_q <= 1'b0;
        else if (valid_in && columns_in != '0) tiles_q <= 1'b1;
      end

      assign bypass = !tiles_q && columns_in == '0;
    end

    commutator #(
      .Lanes   (Lanes),
      .WordBits(WordBits),
      .Distance(Distance),
      .Bypass  (1'b1)
    ) u_commutator (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .valid_i (valid_in),
      .beat_i  (beat_in),
      .switch_i(columns_in != '0),
      .bypass_i(bypass),
      .valid_o (valid_out),
      .beat_o  (beat_out)
    );

    mode_delay #(
      .ModeBits  (ColumnsBits),
      .ChunkBeats(ChunkBeats),
      .Distance  (Distance),
      .Clocks    (CommutatorClocks)
    ) u_mode (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .valid_i (valid_in),
      .mode_i  (columns_in),
      .bypass_i(bypass),
      .mode_o  (columns_out)
    );

    if (Inverse) begin : gen_first
      assign valid_in               = valid_i;
      assign beat_in                = beat_i;
      assign columns_in             = columns_i;
      assign valid[0]               = valid_out;
      assign beats[0+:BeatBits]     = beat_out;
      assign columns[0+:ColumnsBits] = columns_out;
      assign transformed_valid      = valid[ChunkLog2];
      assign transformed            = beats[ChunkLog2*BeatBits+:BeatBits];
      assign transformed_columns    = columns[ChunkLog2*ColumnsBits+:ColumnsBits];
    end else begin : gen_last
      assign valid[0]               = valid_i;
      assign beats[0+:BeatBits]     = beat_i;
      assign columns[0+:ColumnsBits] = columns_i;
      assign valid_in               = valid[ChunkLog2];
      assign beat_in                = beats[ChunkLog2*BeatBits+:BeatBits];
      assign columns_in             = columns[ChunkLog2*ColumnsBits+:ColumnsBits];
      assign transformed_valid      = valid_out;
      assign transformed            = beat_out;
      assign transformed_columns    = columns_out;
    end
  end else begin : gen_rows
    assign valid[0]                = valid_i;
    assign beats[0+:BeatBits]      = beat_i;
    assign columns[0+:ColumnsBits] = columns_i;
    assign transformed_valid       = valid[ChunkLog2];
    assign transformed             = beats[ChunkLog2*BeatBits+:BeatBits];
    assign transformed_columns     = columns[ChunkLog2*ColumnsBits+:ColumnsBits];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else saturated_o <= |saturated;
  end

  if (Inverse) begin : gen_scale
    // 1 / Chunk, or 1 / P, is an exponent subtraction; what it carries below the smallest exponent
    // is zero.
    localparam logic [ExponentBits-1:0] ExponentMin = cfp_pkg::Zero[63-:ExponentBits];

    logic                   valid_q;
    logic [BeatBits-1:0]    beat_q;
    logic [ColumnsBits-1:0] columns_q;
    logic [ExponentBits:0]  scale;

    assign scale = (transformed_columns == '0) ? (ExponentBits + 1)'(ChunkLog2) :
                                                 (ExponentBits + 1)'(transformed_columns);

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      logic [WordBits-1:0]   word;
      logic [ExponentBits:0] exponent;

      assign word     = transformed[lane*WordBits+:WordBits];
      assign exponent = {word[WordBits-1], word[WordBits-1-:ExponentBits]} - scale;

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
      else valid_q <= transformed_valid;
    end

    always_ff @(posedge clk_i) columns_q <= transformed_columns;

    assign valid_o   = valid_q;
    assign beat_o    = beat_q;
    assign columns_o = columns_q;
  end else begin : gen_no_scale
    assign valid_o   = transformed_valid;
    assign beat_o    = transformed;
    assign columns_o = transformed_columns;
  end

endmodule
