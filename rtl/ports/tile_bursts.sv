// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_bursts: generates the bursts of a tile of columns in memory, as address and length. The tile
// has G = Chunk/Lanes / P beats of each of P = 2^rows_log2_i rows, and rows are Chunk words of 8
// bytes apart. Rows come in the order of the engine's columns, first the even ones, then the odd
// ones; the beats of a row come in bursts of at most BurstBeats. Consecutive bursts of BurstBeats
// beats in total form a group.
// Handshake: take_i begins a tile; step_i, allowed while ready_o is high, moves to the next burst.
// Latency: 2 clocks from take_i to ready_o. Throughput: a burst every 2 clocks.

module tile_bursts #(
  parameter int Lanes = 8,       // words of a beat
  parameter int Chunk = 16384,   // words of a row: a power of two
  parameter int RowsLog2 = 7,    // log2 of the most rows: 1 or more
  parameter int BurstBeats = 64, // a power of two
  localparam int RowsBits = $clog2(RowsLog2 + 1)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  /// log2 P; changes only between tiles
  input  logic [RowsBits-1:0] rows_log2_i,
  input  logic                take_i,
  /// byte address of the tile's first beat in row 0, a multiple of the bytes of a burst
  input  logic [63:0]         addr_i,
  output logic                ready_o,
  input  logic                step_i,
  output logic [63:0]         addr_o,
  output logic [8:0]          beats_o,
  /// the first and the last burst of a group
  output logic                first_o,
  output logic                whole_o,
  /// this is the tile's last burst
  output logic                last_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BeatBytes = 8 * Lanes;
  localparam int Parts = ChunkBeats / BurstBeats;  // the most bursts of a row, reached with P = 1
  localparam int PartsLog2 = $clog2(Parts);
  localparam int PartBits = (Parts > 1) ? $clog2(Parts) : 1;
  localparam int SubBits = (BurstBeats > 1) ? $clog2(BurstBeats) : 1;

  initial begin
    if (RowsLog2 < 1 || (ChunkBeats >> RowsLog2) < 1) begin
      $fatal(1, "tile_bursts: RowsLog2 must be 1 or more, and leave a beat of each row");
    end
  end

  // Sizes that depend on the number of rows.

  logic [31:0]         each;
  logic [8:0]          beats_q;
  logic [PartBits-1:0] last_part_q;  // bursts per row - 1
  logic [SubBits-1:0]  last_sub_q;   // bursts per group - 1
  logic [RowsLog2-1:0] last_step_q;  // rows - 1
  logic [RowsLog2-1:0] last_even_q;  // even rows - 1

  assign each = 32'(ChunkBeats) >> rows_log2_i;

  always_ff @(posedge clk_i) begin
    beats_q     <= (each < BurstBeats) ? 9'(each) : 9'(BurstBeats);
    last_part_q <= (each < BurstBeats) ? '0 : PartBits'(each / BurstBeats - 32'd1);
    // A shift, as a division by each would be a divider.
    last_sub_q  <= (each < BurstBeats) ? ~({SubBits{1'b1}} << (int'(rows_log2_i) - PartsLog2)) : '0;
    last_step_q <= ~({RowsLog2{1'b1}} << rows_log2_i);
    last_even_q <= ~({RowsLog2{1'b1}} << rows_log2_i) >> 1;
  end

  logic [63:0]         addr_q;
  logic [63:0]         row_q;   // address of the current row's first beat
  logic [63:0]         odd_q;   // that of row 1's
  logic [63:0]         next_q;  // that of the next row's
  logic [RowsLog2-1:0] step_q;
  logic [PartBits-1:0] part_q;
  logic [SubBits-1:0]  sub_q;
  logic                fresh_q;
  logic                row_ends;

  assign row_ends = (part_q == last_part_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) fresh_q <= 1'b0;
    else fresh_q <= take_i || step_i;
  end

  always_ff @(posedge clk_i) begin
    next_q <= (step_q == last_even_q) ? odd_q : row_q + 64'(16 * Chunk);
    if (take_i) begin
      addr_q <= addr_i;
      row_q  <= addr_i;
      odd_q  <= addr_i + 64'(8 * Chunk);
      step_q <= '0;
      part_q <= '0;
      sub_q  <= '0;
    end else if (step_i) begin
      sub_q  <= (sub_q == last_sub_q) ? '0 : sub_q + 1'b1;
      part_q <= row_ends ? '0 : part_q + 1'b1;
      addr_q <= row_ends ? next_q : addr_q + 64'(32'(beats_q) * BeatBytes);
      if (row_ends) begin
        row_q  <= next_q;
        step_q <= step_q + 1'b1;
      end
    end
  end

  assign ready_o = !fresh_q;
  assign addr_o  = addr_q;
  assign beats_o = beats_q;
  assign first_o = (sub_q == '0);
  assign whole_o = (sub_q == last_sub_q);
  assign last_o  = row_ends && (step_q == last_step_q);

endmodule
