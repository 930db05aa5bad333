// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// lanes_to_rows: whatever the beats and the tiles do, a beat enters all lanes' FIFOs or none; no
// FIFO is read while it is empty; every 2 * Lanes beats give one row of Lanes words, lane after
// lane and row after row, in their clocks; a tile is taken only when there is a slot, and is done
// once, after its last word. What the words hold is left to the benches.
//
// After a row's start nothing stops: the clocks in which rows started say in which state all of it
// is.

`include "formal.svh"

module lanes_to_rows_formal #(
  parameter int Lanes = 2,
  parameter int Rows = 3,
  localparam int BeatSamples = 2 * Lanes,
  localparam int LaneBits = $clog2(Lanes),
  localparam int StepBits = $clog2(BeatSamples),
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             valid_i,
  input logic [Lanes-1:0] beat_i,
  input logic             tile_free_i
);

  `RESET_FIRST

  localparam int FifoDepth = (Lanes < 4) ? 32 : 8 * Lanes;
  localparam int Clocks = 2 * BeatSamples + 1;  // from a row's start until after its last word

  logic                              ready;
  logic                              take;
  logic                              done;
  logic                              write;
  logic [LaneBits-1:0]               lane;
  logic [RowBits-1:0]                row;
  logic [BeatSamples*32-1:0]         word;
  logic [Lanes-1:0][31:0]            samples;

  for (genvar l = 0; l < Lanes; l++) begin : gen_sample
    assign samples[l] = {32{beat_i[l]}};
  end

  lanes_to_rows #(
    .Lanes(Lanes),
    .Rows (Rows)
  ) u_dut (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (valid_i),
    .ready_o    (ready),
    .samples_i  (samples),
    .tile_free_i(tile_free_i),
    .tile_take_o(take),
    .tile_done_o(done),
    .write_o    (write),
    .lane_o     (lane),
    .row_o      (row),
    .word_o     (word)
  );

  // started_before_q[k]: a row started k clocks ago. The DUT chooses when; all else follows from
  // it.
  logic [Clocks:1]    started_before_q;
  logic [7:0]         beats_q;   // accepted, of rows that have not started
  logic [RowBits-1:0] next_q;    // row of the tile that starts next
  logic [RowBits-1:0] store_q;   // row of the tile whose words come next
  logic               done_q;
  logic               pushed_q;
  logic               start;
  logic               push;
  logic               stored_row;

  assign start      = u_dut.row_start;
  assign push       = valid_i && ready;
  assign stored_row = started_before_q[2*BeatSamples];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      started_before_q <= '0;
      beats_q          <= '0;
      next_q           <= '0;
      store_q          <= '0;
      done_q           <= 1'b0;
      pushed_q         <= 1'b0;
    end else begin
      started_before_q <= {started_before_q[Clocks-1:1], start};
      beats_q          <= beats_q + 8'(push) - (start ? 8'(BeatSamples) : 8'd0);
      if (start) next_q <= (32'(next_q) == Rows - 1) ? '0 : next_q + 1'b1;
      if (stored_row) store_q <= (32'(store_q) == Rows - 1) ? '0 : store_q + 1'b1;
      done_q           <= stored_row && 32'(store_q) == Rows - 1;
      pushed_q         <= push;
    end
  end

  logic                active;
  logic [StepBits-1:0] step;
  logic                storing;
  logic [StepBits-1:0] store_step;
  logic                write_due;
  logic [LaneBits-1:0] lane_due;

  always_comb begin
    active     = 1'b0;
    step       = '0;
    storing    = 1'b0;
    store_step = '0;
    write_due  = 1'b0;
    lane_due   = '0;
    for (int k = 1; k <= BeatSamples; k++) begin
      if (started_before_q[k]) begin
        active = 1'b1;
        step   = StepBits'(k - 1);
      end
      if (started_before_q[BeatSamples+k]) begin
        storing    = 1'b1;
        store_step = StepBits'(k - 1);
      end
    end
    for (int l = 0; l < Lanes; l++) begin
      if (started_before_q[BeatSamples+2+2*l]) begin
        write_due = 1'b1;
        lane_due  = LaneBits'(l);
      end
    end
  end

  `ASSERT(only_whole_rows, !start || beats_q >= 8'(BeatSamples))
  `ASSERT(one_row_at_a_time, !start || !active || started_before_q[BeatSamples])
  `ASSERT(taken_when_free, take == (start && next_q == '0) && (!take || tile_free_i))
  `ASSERT(words_in_order, write == write_due && (!write || lane == lane_due && row == store_q))
  `ASSERT(done_once, done == done_q)
  `ASSERT(waits_only_when_full, ready || 32'(beats_q) + 2 * BeatSamples + 2 * Lanes >= FifoDepth)

  for (genvar k = 1; k + BeatSamples - 1 <= Clocks; k++) begin : gen_window
    `ASSERT(helper_apart, $onehot0(started_before_q[k+:BeatSamples]))
  end
  `ASSERT(helper_step, u_dut.row_active_q == active && u_dut.step_q == step
          && u_dut.store_active_q == storing && u_dut.store_step_q == store_step)
  `ASSERT(helper_row, u_dut.row_q == next_q && 32'(next_q) < Rows
          && u_dut.rows_left_q == (next_q != '0)
          && u_dut.store_row_q == store_q && 32'(store_q) < Rows
          && (!write_due || u_dut.write_row_q == store_q))
  `ASSERT(helper_beats, beats_q == (8'(u_dut.rows_q) << StepBits) + 8'(u_dut.push_count_q)
          + (u_dut.row_pushed_q ? 8'(BeatSamples) : 8'd0)
          && u_dut.row_waits_q == (u_dut.rows_q != '0)
          && (!u_dut.row_pushed_q || u_dut.push_count_q == '0)
          && (!pushed_q || u_dut.row_pushed_q || u_dut.push_count_q != '0))

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic       take_due;
    logic [7:0] to_take;
    logic [5:0] stored;

    assign take_due = |started_before_q[2*l+1+:BeatSamples];

    always_comb begin
      to_take = '0;
      for (int k = 1; k <= 2 * l; k++) begin
        if (started_before_q[k]) to_take = to_take + 8'(BeatSamples);
      end
      for (int i = 0; i < BeatSamples; i++) begin
        if (started_before_q[2*l+1+i]) to_take = to_take + 8'(BeatSamples - i);
      end
    end

    assign stored = 6'(u_dut.gen_lane[l].u_fifo.wptr_q - u_dut.gen_lane[l].u_fifo.rptr_q);

    `ASSERT(all_or_none, !push || u_dut.lane_ready[l])
    `ASSERT(never_empty, !u_dut.take[2*l] || u_dut.gen_lane[l].unused_valid)
    `ASSERT(helper_take, u_dut.take[2*l] == take_due)
    `ASSERT(helper_level, 8'(stored) + 8'(u_dut.gen_lane[l].u_fifo.valid_q) == beats_q + to_take)
    `ASSERT(helper_fifo, 32'(stored) <= FifoDepth
            && u_dut.gen_lane[l].u_fifo.ready_q == (32'(stored) != FifoDepth)
            && (!pushed_q || stored != '0)
            && (u_dut.gen_lane[l].u_fifo.valid_q || stored == 6'(pushed_q)))
  end
  for (genvar k = 1; k <= 2 * Lanes - 2; k++) begin : gen_take
    `ASSERT(helper_take, u_dut.take_q[k] == |started_before_q[k+1+:BeatSamples])
  end

  `COVER(full, !ready && valid_i)
  `COVER(back_to_back, start && active && push)
  `COVER(second_tile, take && done)

endmodule
