// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// sizes_pkg: the sizes that several modules derive from Lanes, Chunk and MaxLengthLog2: bursts,
// tiles, counters of chunks, and what all AXI bursts have in common. tests/test_constants.py
// compares the sizes with those of the models and the planner.

package sizes_pkg;

  // No module uses all of them.
  // verilator lint_off UNUSEDPARAM

  // Bursts do not cross its multiples, and rows of samples begin at one.
  localparam int PageBytes = 4096;
  // A spectral word in memory, and a sample.
  localparam int WordBytes   = 8;
  localparam int SampleBytes = 4;
  // The longest burst of spectra.
  localparam int MaxBurstBeats = 64;
  // Beats of spectra that a spectrum_reader holds or has requested.
  localparam int ReaderBeats = 512;
  // Rows of the largest tile of samples, which are the beats of a lane's burst.
  localparam int MaxTileRows = 16;
  // Tiles that sample_reader and sample_writer hold.
  localparam int TileSlots = 4;

  // All bursts: addresses that count up, bufferable memory, data.
  localparam logic [1:0] BurstIncr  = 2'b01;
  localparam logic [3:0] BurstCache = 4'b0011;
  localparam logic [2:0] BurstProt  = 3'b000;

  // verilator lint_on UNUSEDPARAM

  function automatic bit is_power_of_two(int number);
    is_power_of_two = number > 0 && (number & (number - 1)) == 0;
  endfunction

  function automatic int min(int a, int b);
    min = (a < b) ? a : b;
  endfunction

  // Beats of a burst of spectra: within a page and a chunk.
  function automatic int spectrum_burst_beats(int lanes, int chunk);
    spectrum_burst_beats = min(min(MaxBurstBeats, PageBytes / (WordBytes * lanes)), chunk / lanes);
  endfunction

  // Beats of a tile of samples. Of each lane, 2 * lanes beats are a row: one AXI beat.
  function automatic int tile_beats(int lanes, int chunk);
    tile_beats = min(MaxTileRows * 2 * lanes, chunk / lanes);
  endfunction

  // Rows of a tile.
  function automatic int tile_rows(int lanes, int chunk);
    tile_rows = tile_beats(lanes, chunk) / (2 * lanes);
  endfunction

  // Bits of the number of chunks in a row: at least 1, however short rows are.
  function automatic int chunk_count_bits(int max_length_log2, int chunk);
    chunk_count_bits = (max_length_log2 < $clog2(chunk)) ? 1 : max_length_log2 + 1 - $clog2(chunk);
  endfunction

  // Bits of the pages from one row of samples to the next.
  function automatic int row_stride_bits(int max_length_log2);
    row_stride_bits = (max_length_log2 < 11) ? 1 : max_length_log2 - 9;
  endfunction

endpackage
