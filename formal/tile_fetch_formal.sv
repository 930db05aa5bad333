// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_fetch, within the bound of its task: whatever the lengths of its bursts (see
// any_bursts/lane_bursts.sv), the consumer reads every AXI beat in its tile, lane and row until it
// releases the tile, and `keep` marks exactly the samples that exist. A tile is offered once all
// its beats have arrived, and never before. AR is as the bursts say; no FIFO overflows; errors are
// reported; once stopped, nothing new is issued.
//
// For order and content the proof tracks one row of one burst, both picked at any time, and one bit
// of its beat: the RAM treats all bits alike.

`include "formal.svh"

module tile_fetch_formal #(
  parameter int Lanes = 2,
  parameter int Chunk = 16,
  parameter int TileSlots = 2,
  localparam int AxiBits = 64 * Lanes,
  localparam int BeatSamples = 2 * Lanes,
  localparam int ChunkBeats = Chunk / Lanes,
  localparam int TileBeats = (ChunkBeats < 16 * BeatSamples) ? ChunkBeats : 16 * BeatSamples,
  localparam int Rows = TileBeats / BeatSamples,
  localparam int LaneBits = $clog2(Lanes),
  localparam int RowBits = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int LimitBits = $clog2(BeatSamples)
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic                stop_i,
  input logic                take_i,
  input logic                release_i,
  input logic                read_i,
  input logic [LaneBits-1:0] lane_i,
  input logic [RowBits-1:0]  row_i,
  input logic                arready_i,
  input logic                rvalid_i,
  input logic                rbit_i,
  input logic [1:0]          rresp_i,
  input logic                rlast_i,
  input logic                rid_i,
  input logic                pick_i,
  input logic [RowBits-1:0]  pick_row_i
);

  `RESET_FIRST

  localparam int Bursts = TileSlots * Lanes;
  localparam int CountBits = $clog2(Bursts * Rows + 1) + 1;
  localparam int LengthBits = $clog2(Rows + 1);
  localparam int TileBits = $clog2(TileSlots + 1) + 1;

  logic                   cmd_ready;
  logic                   tile_valid;
  logic                   take;
  logic                   tile_release;
  logic                   read;
  logic [AxiBits-1:0]     word;
  logic [BeatSamples-1:0] keep;
  logic                   idle;
  logic                   error;
  logic                   progress;
  logic                   arvalid;
  logic [63:0]            araddr;
  logic [7:0]             arlen;
  logic [0:0]             arid;
  logic                   rready;

  tile_fetch #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .TileSlots(TileSlots)
  ) u_dut (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (1'b0),
    .rows_log2_i   (1'b0),
    .cmd_valid_i   (1'b0),
    .cmd_ready_o   (cmd_ready),
    .cmd_addr_i    (64'd0),
    .cmd_samples_i ('0),
    .tile_valid_o  (tile_valid),
    .tile_take_i   (take),
    .tile_release_i(tile_release),
    .read_i        (read),
    .lane_i        (lane_i),
    .row_i         (row_i),
    .word_o        (word),
    .keep_o        (keep),
    .idle_o        (idle),
    .error_o       (error),
    .progress_o    (progress),
    .m_axi_arvalid (arvalid),
    .m_axi_arready (arready_i),
    .m_axi_araddr  (araddr),
    .m_axi_arlen   (arlen),
    .m_axi_arid    (arid),
    .m_axi_rvalid  (rvalid_i),
    .m_axi_rready  (rready),
    .m_axi_rdata   ({AxiBits{rbit_i}}),
    .m_axi_rresp   (rresp_i),
    .m_axi_rlast   (rlast_i),
    .m_axi_rid     (rid_i)
  );

  // Bursts passed to the master, or skipped because they have no beats.
  logic burst_take;
  logic tile_issued;

  assign burst_take  = u_dut.burst_valid && u_dut.burst_ready;
  assign tile_issued = burst_take && u_dut.burst_last;

  // Proven about lane_bursts: a burst has at most as many beats as a tile has rows, a partial one
  // has at least one, and none crosses a 4 KiB boundary.
  `ASSUME(bursts_of_a_tile, !u_dut.burst_valid || u_dut.burst_beats <= 9'(Rows)
          && (u_dut.burst_some || !u_dut.burst_partial))
  `ASSUME(bursts_within_page, !(u_dut.burst_valid && u_dut.burst_some)
          || 16'(u_dut.burst_addr[11:0]) + 16'(u_dut.burst_beats) * 16'(8 * Lanes) <= 16'd4096)

  // The consumer, which behaves like rows_to_lanes: it takes tiles that are offered, reads the one
  // that it took last until it releases it, never in two consecutive clocks, and keeps the row.
  logic [TileBits-1:0] held_q;  // tiles taken and not released
  logic                read_q;

  assign take         = take_i && tile_valid;
  assign tile_release = release_i && held_q != '0;
  assign read         = read_i && held_q != '0 && !read_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q <= '0;
      read_q <= 1'b0;
    end else begin
      held_q <= held_q + TileBits'(take) - TileBits'(tile_release);
      read_q <= read;
    end
  end

  `ASSUME(row_stays, !read_q || row_i == $past(row_i))

  // The slave: lengths of the accepted bursts, the oldest first, and the beats that it has sent of
  // the oldest. Answers with the other ID belong to bursts before the reset.
  logic [Bursts:0][LengthBits-1:0] accepted_beats_q;
  logic [$clog2(Bursts+1):0]       accepted_q;
  logic [LengthBits-1:0]           sent_q;
  logic                            answer;
  logic                            accept;
  logic                            answered;

  assign accept   = arvalid && arready_i;
  assign answer   = rvalid_i && !rid_i;
  assign answered = answer && rlast_i;

  // A slave sends beats only of accepted bursts (AXI4 A3.3), in order, because there is only one
  // ID.
  `ASSUME(only_what_was_asked, !answer || accepted_q != '0)
  // RLAST marks the last beat of a burst and no other (AXI4 A3.2.2).
  `ASSUME(last_where_due, !answer || rlast_i == (sent_q + 1'b1 == accepted_beats_q[0]))

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      accepted_q <= '0;
      sent_q     <= '0;
    end else begin
      accepted_q <= accepted_q + ($clog2(Bursts+1)+1)'(accept) - ($clog2(Bursts+1)+1)'(answered);
      if (answer) sent_q <= rlast_i ? '0 : sent_q + 1'b1;
    end
  end

  for (genvar i = 0; i <= Bursts; i++) begin : gen_accepted
    always_ff @(posedge clk_i) begin
      if (accept && 32'(accepted_q) - 32'(answered) == i) begin
        accepted_beats_q[i] <= LengthBits'(arlen + 1'b1);
      end else if (answered && i < Bursts) begin
        accepted_beats_q[i] <= accepted_beats_q[(i < Bursts) ? i + 1 : i];
      end
    end
  end

  // In flight: beats of accepted bursts that have not come, tiles whose bursts have all been
  // accepted and that the consumer has not taken, slots that are reserved.
  logic [CountBits-1:0] beats_q;
  logic [TileBits-1:0]  issued_q;
  logic [TileBits-1:0]  reserved_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beats_q    <= '0;
      issued_q   <= '0;
      reserved_q <= '0;
    end else begin
      beats_q    <= beats_q + (burst_take ? CountBits'(u_dut.burst_beats) : '0)
                    - CountBits'(answer);
      issued_q   <= issued_q + TileBits'(tile_issued) - TileBits'(take);
      reserved_q <= reserved_q + TileBits'(u_dut.tile_take) - TileBits'(tile_release);
    end
  end

  // The tracked row: its burst, the number of beats still to come before its own, and the number of
  // tiles still to be taken before its own.
  logic                 picked_q;
  logic [LaneBits-1:0]  lane_q;
  logic [RowBits-1:0]   row_q;
  logic [8:0]           burst_beats_q;
  logic                 partial_q;
  logic [LimitBits-1:0] limit_q;
  logic                 last_lane_q;
  logic [CountBits-1:0] before_q;  // beats before its own
  logic                 bit_q;
  logic                 arrived_q;
  logic [CountBits-1:0] rest_q;    // beats still to come of its burst and of earlier ones
  logic [TileBits-1:0]  ahead_q;   // tiles before its own
  logic                 open_q;    // the consumer's last tile is its tile
  logic                 closed_q;  // the consumer's last tile is a later one
  logic                 exists;    // its burst has a beat for it

  assign exists = 9'(row_q) < burst_beats_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      picked_q  <= 1'b0;
      arrived_q <= 1'b0;
      open_q    <= 1'b0;
      closed_q  <= 1'b0;
    end else begin
      if (burst_take && pick_i) picked_q <= 1'b1;
      if (picked_q && exists && answer && before_q == '0) arrived_q <= 1'b1;
      if (picked_q && take && !closed_q) begin
        if (open_q) closed_q <= 1'b1;
        open_q <= !open_q && ahead_q == '0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (burst_take && !picked_q) begin
      lane_q        <= u_dut.burst_lane;
      row_q         <= pick_row_i;
      burst_beats_q <= u_dut.burst_beats;
      partial_q     <= u_dut.burst_partial;
      limit_q       <= u_dut.burst_limit;
      last_lane_q   <= u_dut.burst_last;
      before_q      <= beats_q - CountBits'(answer) + CountBits'(pick_row_i);
      rest_q        <= beats_q - CountBits'(answer) + CountBits'(u_dut.burst_beats);
      ahead_q       <= issued_q - TileBits'(take);
    end else if (picked_q) begin
      if (answer && before_q != '0) before_q <= before_q - 1'b1;
      if (answer && rest_q != '0) rest_q <= rest_q - 1'b1;
      if (answer && !arrived_q && before_q == '0) bit_q <= rbit_i;
      if (take && ahead_q != '0) ahead_q <= ahead_q - 1'b1;
    end
  end

  // Two clocks from a read to its word. The next tile may follow in between.
  logic [1:0]             hit_q;
  logic                   full;
  logic [BeatSamples-1:0] kept;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) hit_q <= '0;
    else hit_q <= {hit_q[0], read && open_q && lane_i == lane_q && row_i == row_q};
  end

  assign full = exists && !(partial_q && 9'(row_q) + 1'b1 == burst_beats_q);

  always_comb begin
    kept = {BeatSamples{full}};
    if (exists && !full) kept = ~({BeatSamples{1'b1}} << limit_q);
  end

  `ASSERT(word_of_its_place, !hit_q[1] || !exists || word[0] == bit_q)
  `ASSERT(keeps_what_exists, !hit_q[1] || keep == kept)
  `ASSERT(complete_when_taken, !(picked_q && take && ahead_q == '0 && !open_q && !closed_q)
          || rest_q == '0 && (!exists || arrived_q))

  // A tile whose beats have all come is offered within 4 clocks, and stays offered until taken.
  logic       all_there;
  logic [2:0] waits_q;

  assign all_there = picked_q && last_lane_q && rest_q == '0 && ahead_q == '0 && !open_q
  && !closed_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !all_there) waits_q <= '0;
    else if (waits_q != 3'd4) waits_q <= waits_q + 1'b1;
  end

  `ASSERT(complete_is_offered, waits_q != 3'd4 || !all_there || tile_valid)
  `ASSERT_NEXT(offer_waits, tile_valid && !take, tile_valid)
  `ASSERT(only_issued_is_offered, !tile_valid || issued_q != '0)

  `ASSERT(places_never_refused, !u_dut.u_places.valid_i || u_dut.u_places.ready_o)
  `ASSERT(place_is_there, !u_dut.data_valid || u_dut.unused_place_valid)
  `ASSERT(tiles_never_refused, !u_dut.u_tiles.valid_i || u_dut.u_tiles.ready_o)
  `ASSERT(slots, reserved_q <= TileBits'(TileSlots) && held_q <= reserved_q
          && 32'(beats_q) <= Bursts * Rows)
  `ASSERT_NEXT(slot_comes_back, 1'b1,
               u_dut.slot_available == (reserved_q < TileBits'(TileSlots)))

  // AR: the bursts that have beats, one clock later.
  logic        presented_q;
  logic [63:0] addr_q;
  logic [8:0]  length_q;
  logic        stopped_q;

  always_ff @(posedge clk_i) begin
    presented_q <= rst_ni && burst_take && u_dut.burst_beats != '0;
    stopped_q   <= rst_ni && stop_i;
    if (burst_take && u_dut.burst_beats != '0) begin
      addr_q   <= u_dut.burst_addr;
      length_q <= u_dut.burst_beats;
    end
  end

  logic ar_shown_q;  // the burst on AR was already there in the previous clock
  always_ff @(posedge clk_i) ar_shown_q <= rst_ni && arvalid && !arready_i;

  `ASSERT(bursts_come_out, arvalid == (presented_q || ar_shown_q))
  `ASSERT(as_the_burst_says, !arvalid || araddr == addr_q && 9'(arlen) + 1'b1 == length_q)
  `ASSERT(within_page, !arvalid
          || 16'(araddr[11:0]) + (16'(arlen) + 1'b1) * 16'(8 * Lanes) <= 16'd4096)
  `ASSERT(nothing_new_when_stopped, !(stopped_q && arvalid) || ar_shown_q)
  `ASSERT_NEXT(error_of_its_beat, 1'b1, error == $past(answer && rresp_i != '0))
  `ASSERT(idle_is_empty, !idle || beats_q == '0 && !arvalid && accepted_q == '0)

  `COVER(last_row_read, hit_q[1] && exists && 32'(row_q) == Rows - 1 && lane_q != '0)
  `COVER(partial_word, hit_q[1] && exists && partial_q && keep != '0 && !keep[BeatSamples-1])
  `COVER(no_beat, hit_q[1] && !exists && keep == '0)
  `COVER(all_slots, reserved_q == TileBits'(TileSlots) && 32'(beats_q) == Bursts * Rows)
  `COVER(stops_with_bursts_out, stop_i && !idle && u_dut.burst_valid)

endmodule
