// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// rows_to_lanes: turns the words of a tile, 2 * Lanes samples of one lane each, into beats of one
// sample of every lane.
//
// Lanes words feed a row of 2 * Lanes beats: one word is read every second clock, lane after lane,
// and the lane sends its samples on, one a clock. Lane l is therefore 2 * l clocks behind
// lane 0, and a FIFO per lane removes the skew. A row starts only when the FIFOs have space for all
// of it, so nothing between the words and the FIFOs ever stops.
//
// Handshake: valid/ready on beats. tile_take_o, only while tile_valid_i, begins a tile; its Rows
// rows are read in order, and tile_release_o follows the clock after its last step. word_i and
// keep_i belong to the read_o of 2 clocks before; lane_o and row_o stay for two clocks. Latency:
// 2 * Lanes + 5 clocks from tile_take_o to the tile's first beat. Throughput: one beat a clock.

module rows_to_lanes #(
  parameter int Lanes = 8,  // W: 2, 4, 8 or 16
  parameter int Rows = 16,  // of a tile: 1 or more
  localparam int BeatSamples = 2 * Lanes,  // float32 in a word, beats in a row
  localparam int LaneBits = $clog2(Lanes),
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,

  input  logic                tile_valid_i,
  output logic                tile_take_o,
  output logic                tile_release_o,

  output logic                read_o,
  output logic [LaneBits-1:0] lane_o,
  output logic [RowBits-1:0]  row_o,
  /// the first sample lowest
  input  logic [BeatSamples*32-1:0] word_i,
  /// which samples of the word exist: the others leave as 0
  input  logic [BeatSamples-1:0] keep_i,

  output logic                valid_o,
  input  logic                ready_i,
  /// lane l at [l*32 +: 32]
  output logic [Lanes*32-1:0] samples_o
);

  localparam int StepBits = $clog2(BeatSamples);
  localparam int FifoDepth = (Lanes < 4) ? 32 : 8 * Lanes;

  initial begin
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes)) begin
      $fatal(1, "rows_to_lanes: Lanes must be 2, 4, 8 or 16");
    end
    if (Rows < 1) $fatal(1, "rows_to_lanes: Rows must be at least 1");
  end

  // Rows of 2 * Lanes steps, two for each lane.

  logic                row_active_q;
  logic                rows_left_q;  // the tile has rows that have not started
  logic [StepBits-1:0] step_q;
  logic [RowBits-1:0]  row_q;
  logic                step_last;
  logic                row_start;
  logic                row_available;
  logic                tile_release_q;
  logic                load_q;
  logic [LaneBits-1:0] load_lane_q;

  assign step_last = &step_q;
  assign row_start = (!row_active_q || step_last) && row_available
                     && (rows_left_q || tile_valid_i);

  assign tile_take_o    = row_start && !rows_left_q;
  assign tile_release_o = tile_release_q;
  assign read_o         = row_active_q && !step_q[0];
  assign lane_o         = step_q[StepBits-1:1];
  assign row_o          = row_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_active_q   <= 1'b0;
      rows_left_q    <= 1'b0;
      step_q         <= '0;
      row_q          <= '0;
      tile_release_q <= 1'b0;
      load_q         <= 1'b0;
    end else begin
      if (row_start) row_active_q <= 1'b1;
      else if (step_last) row_active_q <= 1'b0;
      if (row_active_q) step_q <= step_q + 1'b1;
      if (tile_take_o) begin
        row_q       <= '0;
        rows_left_q <= (Rows > 1);
      end else if (row_start) begin
        row_q       <= row_q + 1'b1;
        rows_left_q <= (row_q != RowBits'(Rows - 2));
      end
      tile_release_q <= row_active_q && step_last && !rows_left_q;
      load_q         <= row_active_q && step_q[0];
    end
  end

  always_ff @(posedge clk_i) load_lane_q <= lane_o;

  // Lanes: a word is held while its samples go into the lane's FIFO, one a clock.

  logic [Lanes-1:0] lane_valid;
  logic             pop;

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic                         load;
    logic [BeatSamples-1:0][31:0] word_q;
    logic [BeatSamples-1:0]       keep_q;
    logic                         run_q;
    logic [StepBits-1:0]          index_q;
    logic                         push_q;
    logic [31:0]                  sample_q;
    logic                         exists_q;
    logic                         unused_ready;
    logic [$clog2(FifoDepth):0]   unused_level;

    assign load = load_q && (load_lane_q == LaneBits'(l));

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        run_q   <= 1'b0;
        index_q <= '0;
        push_q  <= 1'b0;
      end else begin
        if (load) run_q <= 1'b1;
        else if (&index_q) run_q <= 1'b0;
        if (run_q) index_q <= index_q + 1'b1;
        push_q <= run_q;
      end
    end

    always_ff @(posedge clk_i) begin
      if (load) begin
        word_q <= word_i;
        keep_q <= keep_i;
      end
      sample_q <= word_q[index_q];
      exists_q <= keep_q[index_q];
    end

    fifo #(
      .Width(32),
      .Depth(FifoDepth)
    ) u_fifo (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(push_q),
      .ready_o(unused_ready),
      .data_i (exists_q ? sample_q : 32'b0),
      .valid_o(lane_valid[l]),
      .ready_i(pop),
      .data_o (samples_o[l*32+:32]),
      .level_o(unused_level)
    );
  end

  // The last lane's samples are the last to come.

  logic [StepBits-1:0] pop_count_q;
  logic                row_release_q;
  logic                unused_lane_valid;

  assign valid_o           = lane_valid[Lanes-1];
  assign pop               = valid_o && ready_i;
  assign unused_lane_valid = &lane_valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      pop_count_q   <= '0;
      row_release_q <= 1'b0;
    end else begin
      if (pop) pop_count_q <= pop_count_q + 1'b1;
      row_release_q <= pop && (&pop_count_q);
    end
  end

  credit_counter #(
    .Credits(FifoDepth / BeatSamples)
  ) u_rows (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (row_start),
    .release_i  (row_release_q),
    .available_o(row_available)
  );

endmodule
