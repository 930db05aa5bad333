// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// lanes_to_rows: turns beats of one sample of every lane into the words of a tile, 2 * Lanes
// samples of one lane each: the mirror image of rows_to_lanes.
//
// A FIFO per lane gives lane l a skew of 2 * l clocks, so the lanes complete their words in turn,
// one every second clock. A row of 2 * Lanes beats starts only when all of it is in the
// FIFOs and its tile has a slot, so nothing between the FIFOs and the words ever stops.
//
// Handshake: valid/ready on beats. tile_take_o, only while tile_free_i, begins a tile; its Rows
// rows of Lanes words come in order, and tile_done_o follows the last word by 1 clock. Latency:
// 2 * Lanes + 4 clocks from the last beat of a row to its first word. Throughput: one beat a clock.

module lanes_to_rows #(
  parameter int Lanes = 8,  // W: 2, 4, 8 or 16
  parameter int Rows = 16,  // of a tile: 1 or more
  localparam int BeatSamples = 2 * Lanes,  // float32 in a word, beats in a row
  localparam int LaneBits = $clog2(Lanes),
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,

  input  logic                 valid_i,
  output logic                 ready_o,
  /// lane l at [l*32 +: 32]
  input  logic [Lanes*32-1:0]  samples_i,

  /// there is a slot for a tile
  input  logic                 tile_free_i,
  output logic                 tile_take_o,
  /// pulse: all words of the oldest tile have been written
  output logic                 tile_done_o,

  output logic                 write_o,
  output logic [LaneBits-1:0]  lane_o,
  output logic [RowBits-1:0]   row_o,
  /// the first sample lowest
  output logic [BeatSamples*32-1:0] word_o
);

  localparam int WordBits = 32 * BeatSamples;
  localparam int StepBits = $clog2(BeatSamples);
  localparam int FifoDepth = (Lanes < 4) ? 32 : 8 * Lanes;
  localparam int CountBits = $clog2(FifoDepth);

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "lanes_to_rows: Lanes must be 2, 4, 8 or 16");
    end
    if (Rows < 1) $fatal(1, "lanes_to_rows: Rows must be at least 1");
  end

  // Rows in the lanes' FIFOs that have not started. The last lane's FIFO is emptied last.

  logic [Lanes-1:0]     lane_ready;
  logic                 push;
  logic [StepBits-1:0]  push_count_q;
  logic                 row_pushed_q;
  logic                 row_start;
  logic [CountBits-1:0] rows_q;
  logic [CountBits-1:0] rows_d;
  logic                 row_waits_q;
  logic                 unused_lane_ready;

  assign ready_o           = lane_ready[Lanes-1];
  assign push              = valid_i && ready_o;
  assign unused_lane_ready = &lane_ready;

  always_comb begin
    rows_d = rows_q;
    if (row_pushed_q && !row_start) rows_d = rows_q + 1'b1;
    if (!row_pushed_q && row_start) rows_d = rows_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      push_count_q <= '0;
      row_pushed_q <= 1'b0;
      rows_q       <= '0;
      row_waits_q  <= 1'b0;
    end else begin
      if (push) push_count_q <= push_count_q + 1'b1;
      row_pushed_q <= push && (&push_count_q);
      rows_q       <= rows_d;
      row_waits_q  <= (rows_d != '0);
    end
  end

  // Collect: rows of 2 * Lanes steps; the first one of a tile takes a slot.

  logic                row_active_q;
  logic                rows_left_q;  // the tile has rows that have not started
  logic [RowBits-1:0]  row_q;        // the next row
  logic                row_last;
  logic [StepBits-1:0] step_q;
  logic                step_last;

  assign step_last   = &step_q;
  assign row_last    = (row_q == RowBits'(Rows - 1));
  assign row_start   = (!row_active_q || step_last) && row_waits_q
                       && (rows_left_q || tile_free_i);
  assign tile_take_o = row_start && !rows_left_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_active_q <= 1'b0;
      rows_left_q  <= 1'b0;
      row_q        <= '0;
      step_q       <= '0;
    end else begin
      if (row_start) row_active_q <= 1'b1;
      else if (step_last) row_active_q <= 1'b0;
      if (row_active_q) step_q <= step_q + 1'b1;
      if (row_start) begin
        row_q       <= row_last ? '0 : row_q + 1'b1;
        rows_left_q <= !row_last;
      end
    end
  end

  // Lanes: lane l takes its samples 2 * l clocks after lane 0 and has its word 2 * l clocks later.

  logic [2*Lanes-2:0]             take;
  logic [2*Lanes-2:1]             take_q;
  logic [Lanes-1:0][WordBits-1:0] words;

  assign take = {take_q, row_active_q};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) take_q <= '0;
    else take_q <= take[2*Lanes-3:0];
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic [31:0]                sample;
    logic [WordBits-1:0]        word_q;
    logic                       unused_valid;
    logic [$clog2(FifoDepth):0] unused_level;

    fifo #(
      .Width(32),
      .Depth(FifoDepth)
    ) u_fifo (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(push),
      .ready_o(lane_ready[l]),
      .data_i (samples_i[l*32+:32]),
      .valid_o(unused_valid),
      .ready_i(take[2*l]),
      .data_o (sample),
      .level_o(unused_level)
    );

    // The first sample ends up lowest.
    always_ff @(posedge clk_i) begin
      if (take[2*l]) word_q <= {sample, word_q[WordBits-1:32]};
    end

    assign words[l] = word_q;
  end

  // Store: the words of a row, one every second clock, beginning when lane 0 has its word.

  logic                store_active_q;
  logic [StepBits-1:0] store_step_q;
  logic [RowBits-1:0]  store_row_q;
  logic                store_row_last;
  logic [LaneBits-1:0] store_lane;
  logic                write_q;
  logic [LaneBits-1:0] write_lane_q;
  logic [RowBits-1:0]  write_row_q;
  logic [WordBits-1:0] write_word_q;
  logic                tile_done_q;

  assign store_lane     = store_step_q[StepBits-1:1];
  assign store_row_last = (store_row_q == RowBits'(Rows - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      store_active_q <= 1'b0;
      store_step_q   <= '0;
      store_row_q    <= '0;
      write_q        <= 1'b0;
      tile_done_q    <= 1'b0;
    end else begin
      if (step_last) store_active_q <= 1'b1;
      else if (&store_step_q) store_active_q <= 1'b0;
      if (store_active_q) store_step_q <= store_step_q + 1'b1;
      if (&store_step_q) store_row_q <= store_row_last ? '0 : store_row_q + 1'b1;
      write_q     <= store_active_q && !store_step_q[0];
      tile_done_q <= (&store_step_q) && store_row_last;
    end
  end

  always_ff @(posedge clk_i) begin
    write_lane_q <= store_lane;
    write_row_q  <= store_row_q;
    write_word_q <= words[store_lane];
  end

  assign write_o     = write_q;
  assign lane_o      = write_lane_q;
  assign row_o       = write_row_q;
  assign word_o      = write_word_q;
  assign tile_done_o = tile_done_q;

endmodule
