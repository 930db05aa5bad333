// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// twiddle_rom: the twiddles of one level for the beats that come in, one for each butterfly unit.
//
// The ROM holds only first-quadrant twiddles, one row for each pair of blocks; the second block's
// twiddle is i times the first's. A level between lanes has one row, and each unit's quarter turn
// is fixed; in a later level both follow the beat's time in the chunk.
// In a tile of columns a level after the lanes' does what the tree's level Level - log2(Lanes) does
// for columns alone: one twiddle for all units, from a table of its own. The row's top time bit,
// which holds a lane bit of the sample there, does not count.
// Handshake: valid-gated; the twiddles are meant for the data delayed by the latency.
// Latency: 3 clocks. Throughput: one beat a clock.

module twiddle_rom #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int TwiddleBits = 25,
  parameter int Level = 1,     // 1..log2(Chunk)
  parameter bit Conjugate = 0, // 1: conj(t), for the inverse
  parameter int ColumnLevels = 0,  // see fft_engine
  parameter TwiddleDir = "",   // the folder of level_NN.mem and column_NN.mem, from
                               // models/transform/twiddle_rom.py
  localparam int Units = Lanes / 2
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         valid_i,
  /// the beat belongs to a tile of columns
  input  logic                         columns_i,
  /// unit u's parts at [u*TwiddleBits +: TwiddleBits]
  output logic [Units*TwiddleBits-1:0] re_o,
  output logic [Units*TwiddleBits-1:0] im_o
);

  localparam int LanesLog2 = $clog2(Lanes);
  localparam int ChunkLog2 = $clog2(Chunk);
  localparam int PartBits = TwiddleBits - 1;
  localparam int Rows = (Level > LanesLog2) ? (1 << (Level - LanesLog2 - 1)) : 1;
  localparam int RowBits = Units * 2 * PartBits;
  localparam int AddrBits = (Rows > 1) ? $clog2(Rows) : 1;
  localparam logic [7:0] Tens = 8'h30 + 8'(Level / 10);
  localparam logic [7:0] Ones = 8'h30 + 8'(Level % 10);
  // The tree's level of which this one does the columns, if 1..ColumnLevels.
  localparam int Stage = Level - LanesLog2;

  initial begin
    if (Level < 1 || Level > ChunkLog2) $fatal(1, "twiddle_rom: Level must be 1..log2(Chunk)");
  end

  logic [AddrBits-1:0] row;
  logic [Units-1:0]    quarter;

  if (Level <= LanesLog2) begin : gen_lanes
    assign row = '0;
    for (genvar unit = 0; unit < Units; unit++) begin : gen_unit
      assign quarter[unit] = 1'(unit >> (LanesLog2 - Level));
    end

    logic unused;
    assign unused = &{1'b0, rst_ni, valid_i};
  end else begin : gen_time
    // Beats until the last of a pair of blocks is ChunkBeats / Rows; the counter's top bits are the
    // row and, below it, the block of the pair.
    localparam int CountBits = ChunkLog2 - LanesLog2;

    logic [CountBits-1:0] count_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) count_q <= '0;
      else if (valid_i) count_q <= count_q + 1'b1;
    end

    if (Rows > 1) begin : gen_rows
      assign row = count_q[CountBits-1-:AddrBits];
    end else begin : gen_row
      assign row = '0;
    end
    // The first column level has one block; its time bit is the lane's.
    assign quarter = {Units{count_q[ChunkLog2-Level] && !(columns_i && Stage == 1)}};
  end

  // Clocks 1 and 2: the ROM and its output register.
  logic [RowBits-1:0] rdata;
  logic [RowBits-1:0] rdata_q2;
  logic [Units-1:0]   quarter_q;
  logic [Units-1:0]   quarter_q2;

  ram #(
    .Width   (RowBits),
    .Depth   (Rows),
    .Style   (Rows >= 256 ? "block" : "distributed"),
    .InitFile({TwiddleDir, "/level_", Tens, Ones, ".mem"})
  ) u_rom (
    .clk_i  (clk_i),
    .write_i(1'b0),
    .waddr_i({AddrBits{1'b0}}),
    .wdata_i({RowBits{1'b0}}),
    .read_i (1'b1),
    .raddr_i(row),
    .rdata_o(rdata)
  );

  if (Stage >= 1 && Stage <= ColumnLevels) begin : gen_columns
    localparam int ColumnRows = (Stage > 1) ? (1 << (Stage - 2)) : 1;
    localparam int ColumnAddrBits = (ColumnRows > 1) ? $clog2(ColumnRows) : 1;
    localparam logic [7:0] StageTens = 8'h30 + 8'(Stage / 10);
    localparam logic [7:0] StageOnes = 8'h30 + 8'(Stage % 10);

    logic [ColumnAddrBits-1:0] column_row;
    logic [2*PartBits-1:0]     column_rdata;
    logic                      columns_q;

    assign column_row = (ColumnRows > 1) ? row[ColumnAddrBits-1:0] : '0;

    ram #(
      .Width   (2 * PartBits),
      .Depth   (ColumnRows),
      .Style   ("distributed"),
      .InitFile({TwiddleDir, "/column_", StageTens, StageOnes, ".mem"})
    ) u_column_rom (
      .clk_i  (clk_i),
      .write_i(1'b0),
      .waddr_i({ColumnAddrBits{1'b0}}),
      .wdata_i({(2 * PartBits){1'b0}}),
      .read_i (1'b1),
      .raddr_i(column_row),
      .rdata_o(column_rdata)
    );

    always_ff @(posedge clk_i) begin
      columns_q <= columns_i;
      rdata_q2  <= columns_q ? {Units{column_rdata}} : rdata;
    end
  end else begin : gen_rows_alone
    always_ff @(posedge clk_i) rdata_q2 <= rdata;

    logic unused_columns;
    assign unused_columns = columns_i;
  end

  always_ff @(posedge clk_i) begin
    quarter_q  <= quarter;
    quarter_q2 <= quarter_q;
  end

  // Clock 3: the quarter turn, i * (re + i*im) = -im + i*re, and the conjugate.
  for (genvar unit = 0; unit < Units; unit++) begin : gen_turn
    logic [TwiddleBits-1:0] re;
    logic [TwiddleBits-1:0] im;
    logic [TwiddleBits-1:0] turned_im;

    assign re        = {1'b0, rdata_q2[2*unit*PartBits+:PartBits]};
    assign im        = {1'b0, rdata_q2[(2*unit+1)*PartBits+:PartBits]};
    assign turned_im = quarter_q2[unit] ? re : im;

    always_ff @(posedge clk_i) begin
      re_o[unit*TwiddleBits+:TwiddleBits] <= quarter_q2[unit] ? -im : re;
      im_o[unit*TwiddleBits+:TwiddleBits] <= Conjugate ? -turned_im : turned_im;
    end
  end

endmodule
