// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// rows_to_lanes: whatever the tiles, the words and the consumer do, every sample of every row
// leaves once, in its beat and lane, as 0 if it does not exist; no FIFO refuses a sample; a beat
// has a sample of every lane, 2 * Lanes + 5 clocks after its row's start unless earlier beats wait;
// tiles are taken only when offered, their rows are read in order, and each is released once, after
// its last read.
//
// For order and content the proof tracks one sample, of any row, lane and index. All bits of a
// sample are alike (see one_bit/ram.sv). Between the reads and the FIFOs nothing stops: the clocks
// in which rows started say in which state all of it is.

`include "formal.svh"

module rows_to_lanes_formal #(
  parameter int Lanes = 2,
  parameter int Rows = 3,
  localparam int BeatSamples = 2 * Lanes,
  localparam int LaneBits = $clog2(Lanes),
  localparam int IndexBits = $clog2(BeatSamples),
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1
) (
  input logic                   clk_i,
  input logic                   rst_ni,
  input logic                   tile_valid_i,
  input logic [BeatSamples-1:0] word_i,
  input logic [BeatSamples-1:0] keep_i,
  input logic                   ready_i,
  input logic                   pick_i
);

  `RESET_FIRST

  localparam int FifoDepth = (Lanes < 4) ? 32 : 8 * Lanes;
  localparam int Credits = FifoDepth / BeatSamples;
  localparam int Clocks = 4 * Lanes + 3;  // from a row's start until all of it is in the FIFOs

  logic                take;
  logic                tile_release;
  logic                read;
  logic [LaneBits-1:0] lane;
  logic [RowBits-1:0]  row;
  logic                valid;
  logic [Lanes*32-1:0] samples;

  logic [BeatSamples-1:0][31:0] word;
  for (genvar i = 0; i < BeatSamples; i++) begin : gen_word
    assign word[i] = {32{word_i[i]}};
  end

  rows_to_lanes #(
    .Lanes(Lanes),
    .Rows (Rows)
  ) u_dut (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .tile_valid_i  (tile_valid_i),
    .tile_take_o   (take),
    .tile_release_o(tile_release),
    .read_o        (read),
    .lane_o        (lane),
    .row_o         (row),
    .word_i        (word),
    .keep_i        (keep_i),
    .valid_o       (valid),
    .ready_i       (ready_i),
    .samples_o     (samples)
  );

  // started_before_q[k]: a row started k clocks ago. The DUT chooses when; all else follows from
  // it.
  logic [Clocks:1]    started_before_q;
  logic [RowBits-1:0] row_q;       // of the tile, started last
  logic               left_q;      // the tile has rows that have not started
  logic               released_q;  // the tile's last read was two clocks ago
  logic [7:0]         beats_q;     // of rows started that have not left
  logic               start;
  logic               beat;

  assign start = u_dut.row_start;
  assign beat  = valid && ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      started_before_q <= '0;
      row_q            <= '0;
      left_q           <= 1'b0;
      released_q       <= 1'b0;
      beats_q          <= '0;
    end else begin
      started_before_q <= {started_before_q[Clocks-1:1], start};
      if (start) begin
        row_q  <= left_q ? row_q + 1'b1 : '0;
        left_q <= left_q ? (32'(row_q) + 2 != Rows) : (Rows > 1);
      end
      released_q <= started_before_q[BeatSamples] && !left_q;
      beats_q    <= beats_q + (start ? 8'(BeatSamples) : 8'd0) - 8'(beat);
    end
  end

  // Reads: one every second clock, lane after lane.
  logic [LaneBits-1:0] lane_due;
  logic                read_due;
  logic                active;
  logic [IndexBits-1:0] step;

  always_comb begin
    active = 1'b0;
    step   = '0;
    for (int k = 1; k <= BeatSamples; k++) begin
      if (started_before_q[k]) begin
        active = 1'b1;
        step   = IndexBits'(k - 1);
      end
    end
    read_due = active && !step[0];
    lane_due = step[IndexBits-1:1];
  end

  `ASSERT(taken_when_offered, take == (start && !left_q) && (!take || tile_valid_i))
  `ASSERT(reads_in_order, read == read_due && (!active || lane == lane_due && row == row_q))
  `ASSERT(released_once, tile_release == released_q)
  `ASSERT(one_row_at_a_time, !start || !active || started_before_q[BeatSamples])
  `ASSERT(every_lane, !valid || (&u_dut.lane_valid))
  `ASSERT(no_beat_without_row, !valid || beats_q != '0)
  `ASSERT(comes_in_time, !started_before_q[2*Lanes+5] || valid)
  `ASSERT(space_for_all, 32'(beats_q) <= FifoDepth)
  `ASSERT_NEXT(beat_waits, valid && !ready_i, valid && $stable(samples))
  // A row starts as soon as it can.
  `ASSERT_NEXT(starts, 1'b1, start || active && !started_before_q[BeatSamples]
               || !left_q && !tile_valid_i || $past(u_dut.u_rows.free_d == '0))

  // The tracked sample, and the number of beats that leave before its own.
  logic                 picked_q;
  logic                 asked_q;  // its word has been read
  logic [1:0]           way_q;    // the read of its word, 1 and 2 clocks ago
  logic                 known_q;  // its word has come
  logic                 bit_q;
  logic [LaneBits-1:0]  lane_q;
  logic [IndexBits-1:0] index_q;
  logic [7:0]           ahead_q;
  logic                 its_read;
  logic                 leaves;

  assign its_read = picked_q && !asked_q && read && lane == lane_q;
  assign leaves   = picked_q && ahead_q == '0 && beat;

  always_ff @(posedge clk_i) begin
    lane_q  <= lane_q;
    index_q <= index_q;
    if (way_q[1]) bit_q <= word_i[index_q] && keep_i[index_q];
    if (!picked_q) ahead_q <= beats_q - 8'(beat) + 8'(index_q);
    else if (beat) ahead_q <= ahead_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      picked_q <= 1'b0;
      asked_q  <= 1'b0;
      way_q    <= '0;
      known_q  <= 1'b0;
    end else if (leaves) begin
      picked_q <= 1'b0;
      asked_q  <= 1'b0;
      way_q    <= '0;
      known_q  <= 1'b0;
    end else begin
      if (start && pick_i) picked_q <= 1'b1;
      if (its_read) asked_q <= 1'b1;
      way_q <= {way_q[0], its_read};
      if (way_q[1]) known_q <= 1'b1;
    end
  end

  `ASSERT(leaves_in_its_place, !leaves || known_q && samples[lane_q*32+:32] == {32{bit_q}})
  `ASSERT(helper_tracked, !picked_q || ahead_q < beats_q)
  `ASSERT(helper_idle, picked_q || !asked_q && way_q == '0 && !known_q)
  `ASSERT(helper_known, way_q == '0 ? asked_q == known_q
          : asked_q && !known_q && way_q != 2'b11)

  // The DUT's registers, all of which follow from when the rows started.
  for (genvar k = 1; k + BeatSamples - 1 <= Clocks; k++) begin : gen_window
    `ASSERT(helper_apart, $onehot0(started_before_q[k+:BeatSamples]))
  end
  `ASSERT(helper_step, u_dut.row_active_q == active && u_dut.step_q == step)
  `ASSERT(helper_row, u_dut.rows_left_q == left_q && u_dut.row_q == row_q
          && 32'(row_q) < Rows && (!left_q || 32'(row_q) + 1 < Rows))
  `ASSERT(helper_credits, u_dut.u_rows.skip_q == '0 && 32'(u_dut.u_rows.free_q) <= Credits
          && (!u_dut.u_rows.available_q || u_dut.u_rows.free_q != '0)
          && 8'(Credits * BeatSamples) - (8'(u_dut.u_rows.free_q) << IndexBits)
             == beats_q + 8'(u_dut.pop_count_q)
                + (u_dut.row_release_q ? 8'(BeatSamples) : 8'd0))

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int Loads = 2 * l + 3;  // clocks from the row's start

    logic                 load;
    logic                 run;
    logic [IndexBits-1:0] index;
    logic                 push;
    logic                 pushed;
    logic [7:0]           to_push;  // samples of the lane that are not yet in its FIFO
    logic [7:0]           level;
    logic [5:0]           stored;
    logic [7:0]           place;    // samples of the lane before the tracked one, not in the FIFO
    logic [7:0]           running;  // samples of the word that is held and not yet sent
    logic [4:0]           address;
    logic [IndexBits-1:0] position;

    assign load   = started_before_q[Loads];
    assign run    = |started_before_q[Loads+1+:BeatSamples];
    assign push   = |started_before_q[Loads+2+:BeatSamples];
    assign pushed = |started_before_q[Loads+3+:BeatSamples];

    always_comb begin
      index   = '0;
      to_push = 8'(push);
      for (int k = 1; k <= Loads; k++) begin
        if (started_before_q[k]) to_push = to_push + 8'(BeatSamples);
      end
      for (int i = 0; i < BeatSamples; i++) begin
        if (started_before_q[Loads+1+i]) begin
          index   = IndexBits'(i);
          to_push = to_push + 8'(BeatSamples - i);
        end
      end
    end

    assign stored   = 6'(u_dut.gen_lane[l].u_fifo.wptr_q - u_dut.gen_lane[l].u_fifo.rptr_q);
    assign level    = 8'(stored) + 8'(u_dut.gen_lane[l].u_fifo.valid_q);
    assign place    = ahead_q - level;
    assign running  = run ? 8'(BeatSamples) - 8'(index) : '0;
    assign address  = 5'(u_dut.gen_lane[l].u_fifo.rptr_q) + 5'(ahead_q)
                      - 5'(u_dut.gen_lane[l].u_fifo.valid_q);
    assign position = index + IndexBits'(place) - IndexBits'(push);

    `ASSERT(never_refused, !u_dut.gen_lane[l].push_q || u_dut.gen_lane[l].unused_ready)
    `ASSERT(helper_lane, u_dut.gen_lane[l].run_q == run && u_dut.gen_lane[l].index_q == index
            && u_dut.gen_lane[l].push_q == push && u_dut.gen_lane[l].load == load)
    `ASSERT(helper_level, beats_q == level + to_push)
    `ASSERT(helper_fifo, 32'(stored) <= FifoDepth
            && u_dut.gen_lane[l].u_fifo.ready_q == (32'(stored) != FifoDepth)
            && (!pushed || stored != '0)
            && (u_dut.gen_lane[l].u_fifo.valid_q || stored == 6'(pushed)))
    // The tracked sample: in the FIFO, before it, in the word held, or still to come.
    `ASSERT(helper_in_fifo, !(picked_q && 32'(lane_q) == l && ahead_q < level)
            || known_q && ((ahead_q == '0 && u_dut.gen_lane[l].u_fifo.valid_q)
               ? u_dut.gen_lane[l].u_fifo.u_ram.rdata_q == bit_q
               : u_dut.gen_lane[l].u_fifo.u_ram.bits_q[address] == bit_q))
    `ASSERT(helper_pushed, !(picked_q && 32'(lane_q) == l && ahead_q == level && push)
            || known_q && (u_dut.gen_lane[l].exists_q && u_dut.gen_lane[l].sample_q[0]) == bit_q)
    `ASSERT(helper_held, !(picked_q && 32'(lane_q) == l && ahead_q >= level + 8'(push)
                           && place - 8'(push) < running)
            || known_q && position == index_q
               && (u_dut.gen_lane[l].keep_q[index_q]
                   && u_dut.gen_lane[l].word_q[index_q][0]) == bit_q)
    `ASSERT(helper_to_come, !(picked_q && 32'(lane_q) == l && ahead_q >= level + 8'(push)
                              && place - 8'(push) >= running)
            || !known_q && (load && place - 8'(push) - running < 8'(BeatSamples)
               ? way_q == 2'b10 && place - 8'(push) - running == 8'(index_q)
               : place - 8'(push) - running == 8'(index_q) + (load ? 8'(BeatSamples) : 8'd0)
                 && way_q == {1'b0, started_before_q[Loads-1]}
                 && |started_before_q[Loads-1:1]))
    // All bits of a sample are alike.
    `ASSERT(helper_alike, !push || u_dut.gen_lane[l].sample_q == '0
            || u_dut.gen_lane[l].sample_q == '1)
    for (genvar i = 0; i < BeatSamples; i++) begin : gen_alike
      `ASSERT(helper_alike, !run || u_dut.gen_lane[l].word_q[i] == '0
              || u_dut.gen_lane[l].word_q[i] == '1)
    end
  end

  `COVER(one_leaves, leaves && bit_q && ahead_q == '0 && 32'(lane_q) == Lanes - 1 && index_q == '1)
  `COVER(full, 32'(beats_q) == FifoDepth && valid)
  `COVER(back_to_back, beat && start && beats_q > 8'(BeatSamples))
  `COVER(second_tile, take && tile_release)

endmodule
