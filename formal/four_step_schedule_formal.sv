// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_controller: what enters its streams, for all lengths, channels and pointers and
// whatever the readies and the acknowledgements do. The order is said by counters, apart from the
// RTL's: loads and outputs go through the channels and their tiles; the forward engine's chunks
// through tiles, a flush and rows of each channel, the inverse one's through rows, a flush and
// tiles, and both end with a flush; with one row a channel is one chunk. Every command is compared
// with them. Of any one chunk of any one channel, each of its four commands comes exactly once: the
// tile of x is stored, the row of x read, the row of z stored, the tile of z read. A row of x is
// read when all tiles of its channel were acknowledged, a tile of z when all rows were; and a row
// of z is stored only when the tiles of the channel before were read, a tile of x when its rows
// were. No deadlock: each process has a command within a few clocks while any is to come, unless it
// waits for acknowledgements of what is all issued, with the flush that pushes it out; and it keeps
// it only while a FIFO that it needs is full. The FIFOs are taken out (see through/fifo.sv).

`include "formal.svh"

module four_step_schedule_formal #(
  parameter int Lanes = 8,
  parameter int Chunk = 16384,
  parameter int MaxLengthLog2 = 21,
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1,
  localparam int RowsLog2 = MaxLengthLog2 - ChunkLog2,
  localparam int RowBits = (RowsLog2 > 0) ? RowsLog2 : 1,
  localparam int RowsLog2Bits = $clog2(RowBits + 1)
) (
  input logic                  clk_i,
  input logic                  rst_ni,
  input logic                  start_i,
  input logic [31:0]           x_written_i,
  input logic [31:0]           z_written_i,
  input logic                  load_ready_i,
  input logic                  forward_ready_i,
  input logic                  x_store_ready_i,
  input logic                  x_read_ready_i,
  input logic                  h_store_ready_i,
  input logic                  h_read_ready_i,
  input logic                  inverse_ready_i,
  input logic                  z_store_ready_i,
  input logic                  z_read_ready_i,
  input logic                  y_store_ready_i
);

  `RESET_FIRST

  localparam int RowBytesLog2 = ChunkLog2 + 3;
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int PageBeats = 4096 / (8 * Lanes);
  localparam int BurstBeats = (ChunkBeats <= 64 && ChunkBeats <= PageBeats) ? ChunkBeats :
                              (PageBeats <= 64) ? PageBeats : 64;
  localparam int N = RowBits + 1;

  typedef logic [N-1:0] count_t;

  // The job's arguments: see below.
  logic                  convolve_q;
  logic [16:0]           channels_q;
  logic [LengthBits-1:0] length_x_q;
  logic [LengthBits-1:0] length_h_q;
  logic [63:0]           x_q;
  logic [63:0]           h_q;
  logic [63:0]           h_spectra_q;
  logic [63:0]           x_spectra_q;
  logic [63:0]           y_q;
  logic [63:0]           z_spectra_q;

  always_ff @(posedge clk_i) begin
    convolve_q  <= convolve_q;
    channels_q  <= channels_q;
    length_x_q  <= length_x_q;
    length_h_q  <= length_h_q;
    x_q         <= x_q;
    h_q         <= h_q;
    h_spectra_q <= h_spectra_q;
    x_spectra_q <= x_spectra_q;
    y_q         <= y_q;
    z_spectra_q <= z_spectra_q;
  end

  logic                    done;
  logic [RowsLog2Bits-1:0] rows_log2;
  logic                    load_valid;
  logic [63:0]             load_addr;
  logic [LengthBits-1:0]   load_samples;
  logic                    forward_valid;
  logic [1:0]              forward_kind;
  logic [RowBits-1:0]      forward_row;
  logic                    x_store_valid;
  logic [63:0]             x_store_addr;
  logic                    x_read_valid;
  logic [63:0]             x_read_addr;
  logic                    h_store_valid;
  logic [63:0]             h_store_addr;
  logic                    h_read_valid;
  logic [63:0]             h_read_addr;
  logic                    inverse_valid;
  logic [1:0]              inverse_kind;
  logic [RowBits-1:0]      inverse_row;
  logic                    z_store_valid;
  logic [63:0]             z_store_addr;
  logic                    z_read_valid;
  logic [63:0]             z_read_addr;
  logic                    y_store_valid;
  logic [63:0]             y_store_addr;
  logic [LengthBits-1:0]   y_store_samples;

  four_step_controller #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2)
  ) u_dut (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .start_i          (start_i),
    .convolve_i       (convolve_q),
    .channels_i       (channels_q),
    .length_x_i       (length_x_q),
    .length_h_i       (length_h_q),
    .x_i              (x_q),
    .h_i              (h_q),
    .h_spectra_i      (h_spectra_q),
    .x_spectra_i      (x_spectra_q),
    .y_i              (y_q),
    .z_spectra_i      (z_spectra_q),
    .x_written_i      (x_written_i),
    .z_written_i      (z_written_i),
    .rows_log2_o      (rows_log2),
    .done_o           (done),
    .load_valid_o     (load_valid),
    .load_ready_i     (load_ready_i),
    .load_addr_o      (load_addr),
    .load_samples_o   (load_samples),
    .forward_valid_o  (forward_valid),
    .forward_ready_i  (forward_ready_i),
    .forward_kind_o   (forward_kind),
    .forward_row_o    (forward_row),
    .x_store_valid_o  (x_store_valid),
    .x_store_ready_i  (x_store_ready_i),
    .x_store_addr_o   (x_store_addr),
    .x_read_valid_o   (x_read_valid),
    .x_read_ready_i   (x_read_ready_i),
    .x_read_addr_o    (x_read_addr),
    .h_store_valid_o  (h_store_valid),
    .h_store_ready_i  (h_store_ready_i),
    .h_store_addr_o   (h_store_addr),
    .h_read_valid_o   (h_read_valid),
    .h_read_ready_i   (h_read_ready_i),
    .h_read_addr_o    (h_read_addr),
    .inverse_valid_o  (inverse_valid),
    .inverse_ready_i  (inverse_ready_i),
    .inverse_kind_o   (inverse_kind),
    .inverse_row_o    (inverse_row),
    .z_store_valid_o  (z_store_valid),
    .z_store_ready_i  (z_store_ready_i),
    .z_store_addr_o   (z_store_addr),
    .z_read_valid_o   (z_read_valid),
    .z_read_ready_i   (z_read_ready_i),
    .z_read_addr_o    (z_read_addr),
    .y_store_valid_o  (y_store_valid),
    .y_store_ready_i  (y_store_ready_i),
    .y_store_addr_o   (y_store_addr),
    .y_store_samples_o(y_store_samples)
  );

  // ---------------------------------------------------------------------------------------------
  // The environment. The registers behind the arguments are not written during a job. Here they are
  // never written, which spares the search a copy of all sizes for each clock: all jobs of a trace
  // are alike, any that there may be.

  logic running_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) running_q <= 1'b0;
    else if (start_i) running_q <= 1'b1;
    else if (done) running_q <= 1'b0;
  end

  // job_control starts a job only when the one before has ended.
  `ASSUME(one_job, !start_i || !running_q)
  // job_control ends a job with other arguments before it starts anything.
  `ASSUME(channels_qn_range, channels_q >= 17'd1 && channels_q <= 17'd65536)
  `ASSUME(length_x_qn_range,
          length_x_q >= LengthBits'(1) && 32'(length_x_q) <= 32'(1) << MaxLengthLog2)
  `ASSUME(length_h_qn_range,
          length_h_q >= LengthBits'(1) && 32'(length_h_q) <= 32'(1) << MaxLengthLog2)

  // ---------------------------------------------------------------------------------------------
  // The sizes of the job.

  logic [31:0] longer;
  logic [31:0] length;       // of the channels that are loaded
  logic [5:0]  p;            // log2 P
  count_t      rows;         // P
  logic [63:0] stride;       // bytes from channel to channel, whole pages
  logic [31:0] tile_samples;
  logic [63:0] tile_bytes;
  logic [31:0] x_bursts;     // that write a channel
  logic [31:0] z_bursts;
  logic        one;

  always_comb begin
    p = '0;
    for (int i = 0; i < RowsLog2; i++) begin
      if (longer > (32'(Chunk) << i)) p = 6'(i + 1);
    end
  end

  assign longer       = (length_x_q > length_h_q) ? 32'(length_x_q) : 32'(length_h_q);
  assign length       = convolve_q ? 32'(length_x_q) : 32'(length_h_q);
  assign rows         = count_t'(1) << p;
  assign one          = (p == '0);
  assign stride       = 64'((length * 32'd4 + 32'd4095) >> 12) << 12;
  assign tile_samples = 32'(ChunkBeats) >> p;
  assign tile_bytes   = 64'(tile_samples) * 64'(8 * Lanes);
  // A tile has G beats of each row, a row has C / W: in bursts of BurstBeats at most.
  assign x_bursts = (tile_samples > 32'(BurstBeats)) ? 32'(ChunkBeats / BurstBeats) << p
                                                     : 32'(1) << (2 * 32'(p));
  assign z_bursts = 32'(ChunkBeats / BurstBeats) << p;

  // ---------------------------------------------------------------------------------------------
  // Loads and outputs: channel, tile, the address, and the samples from there on.

  logic [16:0] load_channel_q;
  count_t      load_tile_q;
  logic [63:0] load_row_q;
  logic [63:0] load_addr_q;
  logic [31:0] load_left_q;
  logic        loading;
  logic [16:0] out_channel_q;
  count_t      out_tile_q;
  logic [63:0] out_row_q;
  logic [63:0] out_addr_q;
  logic [31:0] out_left_q;
  logic        putting;

  assign loading = running_q && load_channel_q != channels_q;
  assign putting = running_q && convolve_q && out_channel_q != channels_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      load_channel_q <= '0;
      load_tile_q    <= '0;
      load_row_q     <= convolve_q ? x_q : h_q;
      load_addr_q    <= convolve_q ? x_q : h_q;
      load_left_q    <= length;
      out_channel_q  <= '0;
      out_tile_q     <= '0;
      out_row_q      <= y_q;
      out_addr_q     <= y_q;
      out_left_q     <= length;
    end else begin
      if (load_valid && load_ready_i) begin
        if (load_tile_q + 1'b1 != rows) begin
          load_tile_q   <= load_tile_q + 1'b1;
          load_addr_q   <= load_addr_q + 64'(tile_samples * 32'd4);
          load_left_q  <= (load_left_q > tile_samples) ? load_left_q - tile_samples : '0;
        end else begin
          load_tile_q    <= '0;
          load_row_q     <= load_row_q + stride;
          load_addr_q    <= load_row_q + stride;
          load_left_q    <= length;
          load_channel_q <= load_channel_q + 1'b1;
        end
      end
      if (y_store_valid && y_store_ready_i) begin
        if (out_tile_q + 1'b1 != rows) begin
          out_tile_q   <= out_tile_q + 1'b1;
          out_addr_q   <= out_addr_q + 64'(tile_samples * 32'd4);
          out_left_q  <= (out_left_q > tile_samples) ? out_left_q - tile_samples : '0;
        end else begin
          out_tile_q    <= '0;
          out_row_q     <= out_row_q + stride;
          out_addr_q    <= out_row_q + stride;
          out_left_q    <= length;
          out_channel_q <= out_channel_q + 1'b1;
        end
      end
    end
  end

  `ASSERT(loads_end, !load_valid || loading)
  `ASSERT(load_is_next, !load_valid || load_addr == load_addr_q && 32'(load_samples) == load_left_q)
  `ASSERT(outputs_end, !y_store_valid || putting)
  `ASSERT(output_is_next,
          !y_store_valid || y_store_addr == out_addr_q && 32'(y_store_samples) == out_left_q)

  // ---------------------------------------------------------------------------------------------
  // The chunks of both engines.

  typedef enum logic [2:0] {First, Between, Second, Last, Finished} half_e;

  half_e       f_q;
  logic [16:0] f_channel_q;
  count_t      f_index_q;
  logic [63:0] f_addr_q;
  logic [63:0] f_h_q;
  logic        f_take;
  half_e       i_q;
  logic [16:0] i_channel_q;
  count_t      i_index_q;
  logic [63:0] i_addr_q;
  logic [63:0] i_h_q;
  logic        i_take;

  assign f_take = forward_valid && forward_ready_i;
  assign i_take = inverse_valid && inverse_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      f_q         <= First;
      f_channel_q <= '0;
      f_index_q   <= '0;
      f_addr_q    <= x_spectra_q;
      f_h_q       <= h_spectra_q;
    end else if (f_take) begin
      if (f_q == First && one || f_q == Second) f_h_q <= f_h_q + (64'(1) << RowBytesLog2);
      if ((f_q == First || f_q == Second) && f_index_q + 1'b1 != rows) begin
        f_index_q <= f_index_q + 1'b1;
        if (f_q == First) f_addr_q <= f_addr_q + tile_bytes;
        if (f_q == Second) f_addr_q <= f_addr_q + (64'(1) << RowBytesLog2);
      end else begin
        f_index_q <= '0;
        f_addr_q  <= x_spectra_q;
        if (f_q == First && !one) begin
          f_q <= Between;
        end else if (f_q == Between) begin
          f_q <= Second;
        end else if (f_q == Last) begin
          f_q <= Finished;
        end else begin
          f_channel_q <= f_channel_q + 1'b1;
          f_q         <= (f_channel_q + 1'b1 == channels_q) ? Last : First;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      i_q         <= convolve_q ? First : Finished;
      i_channel_q <= '0;
      i_index_q   <= '0;
      i_addr_q    <= z_spectra_q;
      i_h_q       <= h_spectra_q;
    end else if (i_take) begin
      if (i_q == First) i_h_q <= i_h_q + (64'(1) << RowBytesLog2);
      if ((i_q == First || i_q == Second) && i_index_q + 1'b1 != rows) begin
        i_index_q <= i_index_q + 1'b1;
        if (i_q == First) i_addr_q <= i_addr_q + (64'(1) << RowBytesLog2);
        if (i_q == Second) i_addr_q <= i_addr_q + tile_bytes;
      end else begin
        i_index_q <= '0;
        i_addr_q  <= z_spectra_q;
        if (i_q == First && !one) begin
          i_q <= Between;
        end else if (i_q == Between) begin
          i_q <= Second;
        end else if (i_q == Last) begin
          i_q <= Finished;
        end else begin
          i_channel_q <= i_channel_q + 1'b1;
          i_q         <= (i_channel_q + 1'b1 == channels_q) ? Last : First;
        end
      end
    end
  end

  // FLUSH 0, TILE 1, ROW 2, CHUNK 3.
  logic [1:0] f_kind;
  logic [1:0] i_kind;

  always_comb begin
    f_kind = 2'd0;
    i_kind = 2'd0;
    if (f_q == First) f_kind = one ? 2'd3 : 2'd1;
    if (f_q == Second) f_kind = 2'd2;
    if (i_q == First) i_kind = one ? 2'd3 : 2'd2;
    if (i_q == Second) i_kind = 2'd1;
  end

  `ASSERT(forward_ends, !forward_valid || running_q && f_q != Finished)
  `ASSERT(forward_is_next, !forward_valid || forward_kind == f_kind
          && 32'(forward_row) == ((f_kind == 2'd2) ? 32'(f_index_q) : 32'd0))
  `ASSERT(inverse_ends, !inverse_valid || running_q && i_q != Finished)
  `ASSERT(inverse_is_next, !inverse_valid || inverse_kind == i_kind
          && 32'(inverse_row) == ((i_kind == 2'd2) ? 32'(i_index_q) : 32'd0))
  `ASSERT(rows_are_known, !(load_valid || forward_valid || inverse_valid || y_store_valid)
          || 6'(rows_log2) == p)

  // A chunk comes with all it needs, and nothing comes without its chunk.
  `ASSERT(x_store_with_tile, (x_store_valid && x_store_ready_i) == (f_take && f_kind == 2'd1))
  `ASSERT(x_read_with_row, (x_read_valid && x_read_ready_i) == (f_take && f_kind == 2'd2))
  `ASSERT(h_store_with_row,
          (h_store_valid && h_store_ready_i) == (f_take && f_kind[1] && !convolve_q))
  `ASSERT(h_read_with_row, (h_read_valid && h_read_ready_i) == (i_take && i_kind[1]))
  `ASSERT(z_store_with_row, (z_store_valid && z_store_ready_i) == (i_take && i_kind == 2'd2))
  `ASSERT(z_read_with_tile, (z_read_valid && z_read_ready_i) == (i_take && i_kind == 2'd1))
  `ASSERT(x_store_is_next, !x_store_valid || x_store_addr == f_addr_q)
  `ASSERT(x_read_is_next, !x_read_valid || x_read_addr == f_addr_q)
  `ASSERT(h_store_is_next, !h_store_valid || h_store_addr == f_h_q)
  `ASSERT(h_read_is_next, !h_read_valid || h_read_addr == i_h_q)
  `ASSERT(z_store_is_next, !z_store_valid || z_store_addr == i_addr_q)
  `ASSERT(z_read_is_next, !z_read_valid || z_read_addr == i_addr_q)
  `ASSERT(all_came, !(running_q && done) || f_q == Finished && i_q == Finished && !loading
          && !putting)

  // ---------------------------------------------------------------------------------------------
  // Acknowledgements: bursts that a channel's stores have made, in all channels so far.

  logic [31:0] x_before_q;  // of all channels before the one in work
  logic [31:0] z_before_q;
  logic [31:0] x_whole;     // and with it
  logic [31:0] z_whole;
  logic [31:0] x_past_q;    // what was acknowledged a clock ago
  logic [31:0] z_past_q;
  logic        f_ends;      // the channel's last chunk is taken
  logic        i_ends;
  logic [31:0] x_ahead;
  logic [31:0] z_ahead;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      x_before_q <= '0;
      z_before_q <= '0;
    end else begin
      if (f_ends) x_before_q <= x_whole;
      if (i_ends) z_before_q <= z_whole;
    end
  end

  always_ff @(posedge clk_i) begin
    x_past_q <= x_written_i;
    z_past_q <= z_written_i;
  end

  assign f_ends  = f_take && f_index_q + 1'b1 == rows && (f_q == Second || f_q == First && one);
  assign i_ends  = i_take && i_index_q + 1'b1 == rows && (i_q == Second || i_q == First && one);
  assign x_whole = x_before_q + x_bursts;
  assign z_whole = z_before_q + z_bursts;
  assign x_ahead = x_written_i - x_whole;
  assign z_ahead = z_written_i - z_whole;

  // The writers count acknowledged bursts: never more than have been commanded, never fewer than
  // before.
  `ASSUME(x_written_grows, !running_q || x_written_i == x_past_q
          || x_written_i == x_past_q + 32'd1)
  `ASSUME(z_written_grows, !running_q || z_written_i == z_past_q
          || z_written_i == z_past_q + 32'd1)
  `ASSUME(x_written_in_reach, !running_q || x_ahead == '0 || x_ahead >= 32'h8000_0000)
  `ASSUME(z_written_in_reach, !running_q || z_ahead == '0 || z_ahead >= 32'h8000_0000)
  `ASSUME(x_written_since_the_start, !start_i || x_written_i == '0)
  `ASSUME(z_written_since_the_start, !start_i || z_written_i == '0)

  `ASSERT(row_after_its_tiles, !x_read_valid || x_ahead == '0)
  `ASSERT(tile_after_its_rows, !z_read_valid || z_ahead == '0)

  // ---------------------------------------------------------------------------------------------
  // Any one chunk of any one channel: each of its commands once, in this order with the others'.

  logic [16:0] pick_channel_q;
  count_t      pick_index_q;
  logic        picked;
  logic [1:0]  x_stores_q;
  logic [1:0]  x_reads_q;
  logic [1:0]  z_stores_q;
  logic [1:0]  z_reads_q;

  // Never assigned anything else, so it is any chunk, for good.
  always_ff @(posedge clk_i) begin
    pick_channel_q <= pick_channel_q;
    pick_index_q   <= pick_index_q;
  end

  assign picked = pick_channel_q < channels_q && pick_index_q < rows && !one;

  function automatic logic [1:0] more(logic [1:0] count);
    more = (count == 2'd3) ? 2'd3 : count + 2'd1;
  endfunction

  // The channel and the place are counted at each stream by itself.
  logic [16:0] xs_channel_q;
  count_t      xs_index_q;
  logic [16:0] xr_channel_q;
  count_t      xr_index_q;
  logic [16:0] zs_channel_q;
  count_t      zs_index_q;
  logic [16:0] zr_channel_q;
  count_t      zr_index_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      {xs_channel_q, xs_index_q, x_stores_q} <= '0;
      {xr_channel_q, xr_index_q, x_reads_q}  <= '0;
      {zs_channel_q, zs_index_q, z_stores_q} <= '0;
      {zr_channel_q, zr_index_q, z_reads_q}  <= '0;
    end else begin
      if (x_store_valid && x_store_ready_i) begin
        xs_index_q <= (xs_index_q + 1'b1 == rows) ? '0 : xs_index_q + 1'b1;
        if (xs_index_q + 1'b1 == rows) xs_channel_q <= xs_channel_q + 1'b1;
        if (xs_channel_q == pick_channel_q && xs_index_q == pick_index_q) begin
          x_stores_q <= more(x_stores_q);
        end
      end
      if (x_read_valid && x_read_ready_i) begin
        xr_index_q <= (xr_index_q + 1'b1 == rows) ? '0 : xr_index_q + 1'b1;
        if (xr_index_q + 1'b1 == rows) xr_channel_q <= xr_channel_q + 1'b1;
        if (xr_channel_q == pick_channel_q && xr_index_q == pick_index_q) begin
          x_reads_q <= more(x_reads_q);
        end
      end
      if (z_store_valid && z_store_ready_i) begin
        zs_index_q <= (zs_index_q + 1'b1 == rows) ? '0 : zs_index_q + 1'b1;
        if (zs_index_q + 1'b1 == rows) zs_channel_q <= zs_channel_q + 1'b1;
        if (zs_channel_q == pick_channel_q && zs_index_q == pick_index_q) begin
          z_stores_q <= more(z_stores_q);
        end
      end
      if (z_read_valid && z_read_ready_i) begin
        zr_index_q <= (zr_index_q + 1'b1 == rows) ? '0 : zr_index_q + 1'b1;
        if (zr_index_q + 1'b1 == rows) zr_channel_q <= zr_channel_q + 1'b1;
        if (zr_channel_q == pick_channel_q && zr_index_q == pick_index_q) begin
          z_reads_q <= more(z_reads_q);
        end
      end
    end
  end

  `ASSERT(every_tile_once, !(running_q && done && picked) || x_stores_q == 2'd1
          && (!convolve_q || z_reads_q == 2'd1))
  `ASSERT(every_row_once, !(running_q && done && picked) || x_reads_q == 2'd1
          && (!convolve_q || z_stores_q == 2'd1))
  `ASSERT(no_other, !(running_q && done) || picked
          || {x_stores_q, x_reads_q, z_stores_q, z_reads_q} == '0)
  // Memory is written again only when all of the channel before was read: channel c's rows of z
  // when its tiles were, and with them what enters the inverse engine after them.
  `ASSERT(z_read_before_overwritten, !z_store_valid || zr_channel_q == zs_channel_q)
  `ASSERT(x_read_before_overwritten, !x_store_valid || xr_channel_q == xs_channel_q)
  `ASSERT(z_stored_before_read, !z_read_valid || zs_channel_q == zr_channel_q + 1'b1)
  `ASSERT(x_stored_before_read, !x_read_valid || xs_channel_q == xr_channel_q + 1'b1)

  // ---------------------------------------------------------------------------------------------
  // Progress. Commands are there within Clocks of their turn, but for those that wait for memory;
  // what these wait for is all issued, with the flush.

  localparam int BeginClocks = 7;  // from the start
  localparam int WalkClocks = 2;   // between channels

  logic [3:0] age_q;  // clocks since the start
  logic [3:0] no_load_q;
  logic [3:0] no_put_q;
  logic [3:0] no_forward_q;
  logic [3:0] no_inverse_q;

  function automatic logic [3:0] longer_by_one(logic [3:0] count);
    longer_by_one = (count == 4'd15) ? 4'd15 : count + 4'd1;
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      age_q        <= '0;
      no_load_q    <= '0;
      no_put_q     <= '0;
      no_forward_q <= '0;
      no_inverse_q <= '0;
    end else begin
      age_q        <= longer_by_one(age_q);
      no_load_q    <= (loading && !load_valid) ? longer_by_one(no_load_q) : '0;
      no_put_q     <= (putting && !y_store_valid) ? longer_by_one(no_put_q) : '0;
      no_forward_q <= (running_q && f_q != Finished && !u_dut.forward_valid
                       && !(f_q == Second && f_index_q == '0 && x_ahead != '0))
                      ? longer_by_one(no_forward_q) : '0;
      no_inverse_q <= (running_q && i_q != Finished && !u_dut.inverse_valid
                       && !(i_q == Second && i_index_q == '0 && z_ahead != '0))
                      ? longer_by_one(no_inverse_q) : '0;
    end
  end

  `ASSERT(loads_come, no_load_q <= ((age_q <= 4'(BeginClocks)) ? age_q : 4'(WalkClocks)))
  `ASSERT(outputs_come, no_put_q <= ((age_q <= 4'(BeginClocks)) ? age_q : 4'(WalkClocks)))
  `ASSERT(forward_comes, no_forward_q <= ((age_q <= 4'(BeginClocks)) ? age_q : 4'(WalkClocks)))
  `ASSERT(inverse_comes, no_inverse_q <= ((age_q <= 4'(BeginClocks)) ? age_q : 4'(WalkClocks)))
  `ASSERT(forward_waits_for_a_fifo, !(u_dut.forward_valid && !forward_valid) || !forward_ready_i
          || f_kind == 2'd1 && !x_store_ready_i || f_kind == 2'd2 && !x_read_ready_i
          || f_kind[1] && !convolve_q && !h_store_ready_i)
  `ASSERT(inverse_waits_for_a_fifo, !(u_dut.inverse_valid && !inverse_valid) || !inverse_ready_i
          || i_kind == 2'd1 && !z_read_ready_i || i_kind == 2'd2 && !z_store_ready_i
          || i_kind[1] && !h_read_ready_i)

  // ---------------------------------------------------------------------------------------------
  // The RTL's registers, for the induction.

  // State numbers of four_step_controller, tile_walker and transform_walker.
  localparam int StLonger = 1, StRows = 2, StLog = 3, StSizes = 4, StBegin = 5, StRun = 6;
  localparam int TileIdle = 0, TileChannel = 1, TileGive = 2, TileNext = 3;
  localparam int Idle = 0, Channel = 1, InFirst = 2, Flush = 3, Wait = 4, InSecond = 5, Next = 6,
                 Ending = 7;

  logic [2:0] state;
  logic [1:0] loads;
  logic [1:0] outs;
  logic [2:0] f;
  logic [2:0] i;
  logic       early;  // no process has begun

  assign state = u_dut.state_q;
  assign loads = u_dut.u_loads.state_q;
  assign outs  = u_dut.u_outputs.state_q;
  assign f     = u_dut.u_forward.state_q;
  assign i     = u_dut.u_inverse.state_q;
  assign early = state >= 3'(StLonger) && state <= 3'(StBegin);

  `ASSERT(helper_running, state <= 3'(StRun) && (running_q || state == '0)
          && (!running_q || state != '0 || done) && (!running_q || u_dut.started_q))
  `ASSERT(helper_walks, state == 3'(StRun)
          || loads == 2'(TileIdle) && outs == 2'(TileIdle) && f == 3'(Idle) && i == 3'(Idle))
  `ASSERT(helper_longer, state < 3'(StRows) || 32'(u_dut.longer_q) == longer)
  `ASSERT(helper_last_chunk,
          state < 3'(StLog) || 32'(u_dut.last_chunk_q) == (longer - 32'd1) >> ChunkLog2)
  `ASSERT(helper_log, state < 3'(StSizes) || 6'(u_dut.rows_log2_q) == p)
  `ASSERT(helper_sizes, state < 3'(StBegin) || count_t'(u_dut.last_row_q) + 1'b1 == rows
          && 32'(u_dut.tile_samples_q) == tile_samples && 64'(u_dut.tile_bytes_q) == tile_bytes
          && u_dut.x_bursts_q == x_bursts && u_dut.z_bursts_q == z_bursts)
  `ASSERT(helper_arguments, state < 3'(StRows) || 32'(u_dut.length_q) == length
          && u_dut.base_q == (convolve_q ? x_q : h_q)
          && 17'(u_dut.last_channel_q) + 17'd1 == channels_q)
  `ASSERT(helper_stride, state < 3'(StLog) || 64'(u_dut.stride_q) << 12 == stride)
  `ASSERT(helper_single, state < 3'(StRun)
          || u_dut.u_forward.single_q == one && u_dut.u_inverse.single_q == one)

  // Loads and outputs.
  `ASSERT(helper_loads_first, !early || load_channel_q == '0 && load_tile_q == '0
          && load_row_q == (convolve_q ? x_q : h_q) && load_addr_q == load_row_q
          && load_left_q == length)
  `ASSERT(helper_loads_place, !running_q || load_tile_q < rows && load_channel_q <= channels_q)
  `ASSERT(helper_loads_idle, state != 3'(StRun) || loads != 2'(TileIdle)
          || load_channel_q == channels_q && load_tile_q == '0)
  `ASSERT(helper_loads_channel, loads != 2'(TileChannel) || load_tile_q == '0
          && load_channel_q == 17'(u_dut.u_loads.channel_q) && load_channel_q < channels_q
          && load_row_q == u_dut.u_loads.channel_addr_q && load_addr_q == load_row_q
          && load_left_q == length)
  `ASSERT(helper_loads_give, loads != 2'(TileGive)
          || load_tile_q == count_t'(u_dut.u_loads.tile_q)
          && load_channel_q == 17'(u_dut.u_loads.channel_q) && load_channel_q < channels_q
          && load_row_q == u_dut.u_loads.channel_addr_q && load_addr_q == u_dut.u_loads.addr_q
          && 32'(u_dut.u_loads.samples_q) == load_left_q
          && u_dut.u_loads.last_tile_q == (load_tile_q + 1'b1 == rows)
          && u_dut.u_loads.last_channel_q == (load_channel_q + 1'b1 == channels_q))
  `ASSERT(helper_loads_next, loads != 2'(TileNext) || load_tile_q == '0
          && load_channel_q == 17'(u_dut.u_loads.channel_q) + 17'd1 && load_channel_q < channels_q
          && load_row_q == u_dut.u_loads.channel_addr_q + stride && load_addr_q == load_row_q
          && load_left_q == length)
  `ASSERT(helper_outs_first, !early || out_channel_q == '0 && out_tile_q == '0
          && out_row_q == y_q && out_addr_q == y_q && out_left_q == length)
  `ASSERT(helper_outs_place, !running_q || out_tile_q < rows && out_channel_q <= channels_q)
  `ASSERT(helper_outs_idle, state != 3'(StRun) || outs != 2'(TileIdle)
          || (!convolve_q || out_channel_q == channels_q) && out_tile_q == '0)
  `ASSERT(helper_outs_convolve, convolve_q || outs == 2'(TileIdle))
  `ASSERT(helper_outs_channel, outs != 2'(TileChannel) || out_tile_q == '0
          && out_channel_q == 17'(u_dut.u_outputs.channel_q) && out_channel_q < channels_q
          && out_row_q == u_dut.u_outputs.channel_addr_q && out_addr_q == out_row_q
          && out_left_q == length)
  `ASSERT(helper_outs_give, outs != 2'(TileGive)
          || out_tile_q == count_t'(u_dut.u_outputs.tile_q)
          && out_channel_q == 17'(u_dut.u_outputs.channel_q) && out_channel_q < channels_q
          && out_row_q == u_dut.u_outputs.channel_addr_q && out_addr_q == u_dut.u_outputs.addr_q
          && 32'(u_dut.u_outputs.samples_q) == out_left_q
          && u_dut.u_outputs.last_tile_q == (out_tile_q + 1'b1 == rows)
          && u_dut.u_outputs.last_channel_q == (out_channel_q + 1'b1 == channels_q))
  `ASSERT(helper_outs_next, outs != 2'(TileNext) || out_tile_q == '0
          && out_channel_q == 17'(u_dut.u_outputs.channel_q) + 17'd1 && out_channel_q < channels_q
          && out_row_q == u_dut.u_outputs.channel_addr_q + stride && out_addr_q == out_row_q
          && out_left_q == length)

  // The forward engine's.
  `ASSERT(helper_f_first, !early || f_q == First && f_channel_q == '0
          && f_index_q == '0 && f_addr_q == x_spectra_q && f_h_q == h_spectra_q
          && x_before_q == '0)
  `ASSERT(helper_f_idle, state != 3'(StRun) || f != 3'(Idle) || f_q == Finished)
  `ASSERT(helper_f_bounds, !running_q || f_channel_q <= channels_q
          && f_index_q < rows && (f_index_q == '0 || f_q == First || f_q == Second)
          && (f_q < Last) == (f_channel_q < channels_q && (1'b1 || f_q != Finished)))
  `ASSERT(helper_f_place, f == 3'(Idle) || f == 3'(Ending) || f_channel_q
          == 17'(u_dut.u_forward.channel_q) + 17'(f == 3'(Next))
          && f_h_q == u_dut.u_forward.h_addr_q)
  `ASSERT(helper_f_target, f == 3'(Idle) || f == 3'(Ending)
          || u_dut.u_forward.target_q
             == ((f == 3'(Channel) || f == 3'(Next)) ? x_before_q : x_whole))
  `ASSERT(helper_f_last, !(f >= 3'(InFirst) && f <= 3'(InSecond))
          || u_dut.u_forward.last_channel_q == (f_channel_q + 1'b1 == channels_q))
  `ASSERT(helper_f_start, !(f == 3'(Channel) || f == 3'(Next))
          || f_q == First && f_index_q == '0 && f_addr_q == x_spectra_q)
  `ASSERT(helper_f_halves, !(f == 3'(InFirst) || f == 3'(InSecond))
          || f_q == ((f == 3'(InFirst)) ? First : Second)
          && f_index_q == count_t'(u_dut.u_forward.index_q) && f_addr_q == u_dut.u_forward.addr_q
          && u_dut.u_forward.last_index_q == (f_index_q + 1'b1 == rows)
          && 64'(u_dut.u_forward.step_q)
             == ((f == 3'(InFirst)) ? tile_bytes : 64'(1) << RowBytesLog2))
  `ASSERT(helper_f_many, !(f >= 3'(Flush) && f <= 3'(InSecond)) || !one)
  `ASSERT(helper_f_flush, f != 3'(Flush) || f_q == Between && f_index_q == '0)
  `ASSERT(helper_f_wait, f != 3'(Wait)
          || f_q == Second && f_index_q == '0 && f_addr_q == x_spectra_q)
  `ASSERT(helper_f_behind, !(f == 3'(Flush) || f == 3'(Wait))
          || u_dut.u_forward.behind_q == x_past_q - x_whole
             && (u_dut.u_forward.behind_q == '0 || u_dut.u_forward.behind_q[31]))
  `ASSERT(helper_f_written, f != 3'(InSecond) || x_ahead == '0)
  `ASSERT(helper_f_end, f != 3'(Ending) || f_q == Last)

  // The inverse engine's.
  `ASSERT(helper_i_first, !early || i_q == (convolve_q ? First : Finished) && i_channel_q == '0
          && i_index_q == '0 && i_addr_q == z_spectra_q && i_h_q == h_spectra_q
          && z_before_q == '0)
  `ASSERT(helper_i_idle, state != 3'(StRun) || i != 3'(Idle) || i_q == Finished)
  `ASSERT(helper_i_bounds, !running_q || i_channel_q <= channels_q
          && i_index_q < rows && (i_index_q == '0 || i_q == First || i_q == Second)
          && (i_q < Last) == (i_channel_q < channels_q && (convolve_q || i_q != Finished)))
  `ASSERT(helper_i_place, i == 3'(Idle) || i == 3'(Ending) || i_channel_q
          == 17'(u_dut.u_inverse.channel_q) + 17'(i == 3'(Next))
          && i_h_q == u_dut.u_inverse.h_addr_q)
  `ASSERT(helper_i_target, i == 3'(Idle) || i == 3'(Ending)
          || u_dut.u_inverse.target_q
             == ((i == 3'(Channel) || i == 3'(Next)) ? z_before_q : z_whole))
  `ASSERT(helper_i_last, !(i >= 3'(InFirst) && i <= 3'(InSecond))
          || u_dut.u_inverse.last_channel_q == (i_channel_q + 1'b1 == channels_q))
  `ASSERT(helper_i_start, !(i == 3'(Channel) || i == 3'(Next))
          || i_q == First && i_index_q == '0 && i_addr_q == z_spectra_q)
  `ASSERT(helper_i_halves, !(i == 3'(InFirst) || i == 3'(InSecond))
          || i_q == ((i == 3'(InFirst)) ? First : Second)
          && i_index_q == count_t'(u_dut.u_inverse.index_q) && i_addr_q == u_dut.u_inverse.addr_q
          && u_dut.u_inverse.last_index_q == (i_index_q + 1'b1 == rows)
          && 64'(u_dut.u_inverse.step_q)
             == ((i == 3'(InFirst)) ? 64'(1) << RowBytesLog2 : tile_bytes))
  `ASSERT(helper_i_many, !(i >= 3'(Flush) && i <= 3'(InSecond)) || !one)
  `ASSERT(helper_i_flush, i != 3'(Flush) || i_q == Between && i_index_q == '0)
  `ASSERT(helper_i_wait, i != 3'(Wait)
          || i_q == Second && i_index_q == '0 && i_addr_q == z_spectra_q)
  `ASSERT(helper_i_behind, !(i == 3'(Flush) || i == 3'(Wait))
          || u_dut.u_inverse.behind_q == z_past_q - z_whole
             && (u_dut.u_inverse.behind_q == '0 || u_dut.u_inverse.behind_q[31]))
  `ASSERT(helper_i_written, i != 3'(InSecond) || z_ahead == '0)
  `ASSERT(helper_i_end, i != 3'(Ending) || i_q == Last)
  `ASSERT(helper_i_convolve, convolve_q || i == 3'(Idle) && (!running_q || i_q == Finished))

  // The picked chunk.
  `ASSERT(helper_one, !(running_q && one) || {xs_channel_q, xs_index_q, xr_channel_q, xr_index_q,
          zs_channel_q, zs_index_q, zr_channel_q, zr_index_q} == '0)
  `ASSERT(helper_xs, !running_q || one || xs_index_q == ((f_q == First) ? f_index_q : '0)
          && xs_channel_q == f_channel_q + 17'(f_q == Between || f_q == Second))
  `ASSERT(helper_xr, !running_q || one || xr_index_q == ((f_q == Second) ? f_index_q : '0)
          && xr_channel_q == f_channel_q)
  `ASSERT(helper_zs, !running_q || one || !convolve_q
          || zs_index_q == ((i_q == First) ? i_index_q : '0)
          && zs_channel_q == i_channel_q + 17'(i_q == Between || i_q == Second))
  `ASSERT(helper_zr, !running_q || one || !convolve_q
          || zr_index_q == ((i_q == Second) ? i_index_q : '0) && zr_channel_q == i_channel_q)
  `ASSERT(helper_no_z, !running_q || convolve_q
          || {zs_channel_q, zs_index_q, zr_channel_q, zr_index_q} == '0)
  `ASSERT(helper_x_stores, !running_q || x_stores_q == 2'(pick_index_q < rows
          && (pick_channel_q < xs_channel_q
              || pick_channel_q == xs_channel_q && pick_index_q < xs_index_q)))
  `ASSERT(helper_x_reads, !running_q || x_reads_q == 2'(pick_index_q < rows
          && (pick_channel_q < xr_channel_q
              || pick_channel_q == xr_channel_q && pick_index_q < xr_index_q)))
  `ASSERT(helper_z_stores, !running_q || z_stores_q == 2'(pick_index_q < rows
          && (pick_channel_q < zs_channel_q
              || pick_channel_q == zs_channel_q && pick_index_q < zs_index_q)))
  `ASSERT(helper_z_reads, !running_q || z_reads_q == 2'(pick_index_q < rows
          && (pick_channel_q < zr_channel_q
              || pick_channel_q == zr_channel_q && pick_index_q < zr_index_q)))

  // Progress.
  `ASSERT(helper_age, !running_q || (early ? age_q == 4'(state) - 4'd1 : age_q >= 4'd5))
  `ASSERT(helper_early, !early || no_load_q == age_q && no_put_q == (convolve_q ? age_q : '0)
          && no_forward_q == age_q && no_inverse_q == (convolve_q ? age_q : '0))
  `ASSERT(helper_no_load, state != 3'(StRun) || loads == 2'(TileIdle)
          || no_load_q <= 4'(loads == 2'(TileChannel)) + 4'd2 * 4'(loads == 2'(TileGive))
          || no_load_q == age_q && age_q == 4'd4 + 4'(loads) && loads != 2'(TileNext))
  `ASSERT(helper_no_put, state != 3'(StRun) || outs == 2'(TileIdle)
          || no_put_q <= 4'(outs == 2'(TileChannel)) + 4'd2 * 4'(outs == 2'(TileGive))
          || no_put_q == age_q && age_q == 4'd4 + 4'(outs) && outs != 2'(TileNext))
  `ASSERT(helper_no_forward, state != 3'(StRun) || f == 3'(Idle)
          || no_forward_q <= 4'(f == 3'(Channel)) + 4'd2 * 4'(f == 3'(InFirst))
             + 4'd2 * 4'(f == 3'(InSecond)) + 4'(f == 3'(Wait) && !u_dut.u_forward.behind_q[31])
          || no_forward_q == age_q && age_q == 4'd4 + 4'(f) && f <= 3'(InFirst))
  `ASSERT(helper_no_inverse, state != 3'(StRun) || i == 3'(Idle)
          || no_inverse_q <= 4'(i == 3'(Channel)) + 4'd2 * 4'(i == 3'(InFirst))
             + 4'd2 * 4'(i == 3'(InSecond)) + 4'(i == 3'(Wait) && !u_dut.u_inverse.behind_q[31])
          || no_inverse_q == age_q && age_q == 4'd4 + 4'(i) && i <= 3'(InFirst))

  // A job of one row and one of two, to their ends, with a wait for memory.
  `COVER(ended, running_q && done && convolve_q && channels_q == 17'd2)
  `COVER(waits_for_x, f == 3'(Wait) && u_dut.u_forward.behind_q[31])
  `COVER(second_half, f == 3'(InSecond))
  `COVER(tiles_of_y, z_read_valid)
  `COVER(second_channel_of_rows, f_q == Second && f_channel_q == 17'd1 && !one)
  // The bounds are met: they could not be smaller.
  `COVER(slowest_load, no_load_q == 4'(WalkClocks) && load_channel_q == 17'd1)
  `COVER(slowest_forward, no_forward_q == 4'(WalkClocks) && f_channel_q == 17'd1)
  `COVER(slowest_begin, no_forward_q == 4'd6)

endmodule
