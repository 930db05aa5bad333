// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// tile_flush, within the bound of its task: whatever the lengths of its bursts (see
// any_bursts/lane_bursts.sv), every word of a tile that its burst covers leaves exactly once, on
// its own W beat, with strobes for exactly the samples that exist. AW is as the bursts say, and
// none comes before its tile is done; no FIFO overflows; W waits at most a few clocks for the RAM
// and never for the datapath; errors are reported; once stopped, nothing new is issued.
//
// For order and content the proof tracks one word, picked at any time, and one bit of it: the RAM
// treats all bits alike.

`include "formal.svh"

module tile_flush_formal #(
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
  input logic                done_i,
  input logic                write_i,
  input logic [LaneBits-1:0] lane_i,
  input logic [RowBits-1:0]  row_i,
  input logic                bit_i,
  input logic                awready_i,
  input logic                wready_i,
  input logic                bvalid_i,
  input logic [1:0]          bresp_i,
  input logic                bid_i,
  input logic                pick_i
);

  `RESET_FIRST

  localparam int Bursts = TileSlots * Lanes;
  localparam int CountBits = $clog2(Bursts * Rows + 4) + 1;
  localparam int TileBits = $clog2(TileSlots + 1) + 1;

  logic                 cmd_ready;
  logic                 tile_free;
  logic                 take;
  logic                 done;
  logic                 write;
  logic                 idle;
  logic                 error;
  logic                 pending;
  logic                 progress;
  logic                 awvalid;
  logic [63:0]          awaddr;
  logic [7:0]           awlen;
  logic [0:0]           awid;
  logic                 wvalid;
  logic [AxiBits-1:0]   wdata;
  logic [AxiBits/8-1:0] wstrb;
  logic                 wlast;
  logic                 bready;

  tile_flush #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .TileSlots(TileSlots)
  ) u_dut (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (1'b0),
    .rows_log2_i  (1'b0),
    .cmd_valid_i  (1'b0),
    .cmd_ready_o  (cmd_ready),
    .cmd_addr_i   (64'd0),
    .cmd_samples_i('0),
    .tile_free_o  (tile_free),
    .tile_take_i  (take),
    .tile_done_i  (done),
    .write_i      (write),
    .lane_i       (lane_i),
    .row_i        (row_i),
    .word_i       ({AxiBits{bit_i}}),
    .idle_o       (idle),
    .error_o      (error),
    .pending_o    (pending),
    .progress_o   (progress),
    .m_axi_awvalid (awvalid),
    .m_axi_awready (awready_i),
    .m_axi_awaddr  (awaddr),
    .m_axi_awlen   (awlen),
    .m_axi_awid    (awid),
    .m_axi_wvalid  (wvalid),
    .m_axi_wready  (wready_i),
    .m_axi_wdata   (wdata),
    .m_axi_wstrb   (wstrb),
    .m_axi_wlast   (wlast),
    .m_axi_bvalid  (bvalid_i),
    .m_axi_bready  (bready),
    .m_axi_bresp   (bresp_i),
    .m_axi_bid     (bid_i)
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

  // The producer, which behaves like lanes_to_rows: it takes free slots, and writes the words of
  // the oldest tile that it has taken and not ended.
  logic [TileBits-1:0] open_q;  // tiles taken and not ended

  assign take  = take_i && tile_free;
  assign done  = done_i && open_q != '0;
  assign write = write_i && open_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) open_q <= '0;
    else open_q <= open_q + TileBits'(take) - TileBits'(done);
  end

  // In flight: ended tiles whose bursts have not all been accepted, W beats of accepted bursts that
  // have not left, accepted bursts not yet acknowledged, bursts whose last beat has left and that
  // are not yet acknowledged, slots that are reserved.
  logic [TileBits-1:0]  tiles_q;
  logic [CountBits-1:0] beats_q;
  logic [CountBits-1:0] taken_q;
  logic [CountBits-1:0] written_q;
  logic [CountBits-1:0] shown_q;    // unacknowledged bursts whose AW was accepted
  logic [TileBits-1:0]  reserved_q;
  logic                 gone;
  logic                 answer;

  assign gone   = wvalid && wready_i;
  assign answer = bvalid_i && !bid_i;

  // A slave answers a burst after its AW and its last W beat (AXI4 A3.3); answers with the other ID
  // belong to bursts before the reset.
  `ASSUME(answers_what_was_written, !answer || written_q != '0 && shown_q != '0)

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tiles_q    <= '0;
      beats_q    <= '0;
      taken_q    <= '0;
      written_q  <= '0;
      shown_q    <= '0;
      reserved_q <= '0;
    end else begin
      tiles_q    <= tiles_q + TileBits'(done) - TileBits'(tile_issued);
      beats_q    <= beats_q + (burst_take ? CountBits'(u_dut.burst_beats) : '0) - CountBits'(gone);
      taken_q    <= taken_q + CountBits'(burst_take && u_dut.burst_some) - CountBits'(answer);
      written_q  <= written_q + CountBits'(gone && wlast) - CountBits'(answer);
      shown_q    <= shown_q + CountBits'(awvalid && awready_i) - CountBits'(answer);
      reserved_q <= reserved_q + TileBits'(take) - TileBits'(u_dut.slot_release_q);
    end
  end

  // The tracked word: its place; the number of tiles that leave before its own; then the burst that
  // may cover it, and the number of W beats that leave before it.
  logic                 picked_q;
  logic                 ended_q;   // its tile has ended
  logic [LaneBits-1:0]  lane_q;
  logic [RowBits-1:0]   row_q;
  logic                 bit_q;
  logic [TileBits-1:0]  ahead_q;
  logic                 burst_q;   // its burst has been accepted
  logic [8:0]           burst_beats_q;
  logic                 partial_q;
  logic [LimitBits-1:0] limit_q;
  logic [CountBits-1:0] before_q;
  logic                 left_q;    // it has left
  logic                 its_burst;
  logic                 exists;
  logic                 here;      // it is on W
  logic                 full;
  logic [BeatSamples-1:0] kept;

  assign its_burst = burst_take && picked_q && ended_q && !burst_q && ahead_q == '0
                     && u_dut.burst_lane == lane_q;
  assign exists    = burst_q && 9'(row_q) < burst_beats_q;
  assign here      = exists && !left_q && before_q == '0 && wvalid;
  assign full      = !(partial_q && 9'(row_q) + 1'b1 == burst_beats_q);
  assign kept      = full ? {BeatSamples{1'b1}} : ~({BeatSamples{1'b1}} << limit_q);

  // The producer writes each place in a tile once.
  `ASSUME(once, !(picked_q && !ended_q && write) || lane_i != lane_q || row_i != row_q)

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      picked_q <= 1'b0;
      ended_q  <= 1'b0;
      burst_q  <= 1'b0;
      left_q   <= 1'b0;
    end else begin
      if (write && pick_i) picked_q <= 1'b1;
      if (done && (picked_q || write && pick_i)) ended_q <= 1'b1;
      if (its_burst) burst_q <= 1'b1;
      if (here && wready_i) left_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!picked_q) begin
      lane_q  <= lane_i;
      row_q   <= row_i;
      bit_q   <= bit_i;
      ahead_q <= tiles_q - TileBits'(tile_issued);
    end else if (tile_issued && ahead_q != '0) begin
      ahead_q <= ahead_q - 1'b1;
    end
    if (its_burst) begin
      burst_beats_q <= u_dut.burst_beats;
      partial_q     <= u_dut.burst_partial;
      limit_q       <= u_dut.burst_limit;
      before_q      <= beats_q - CountBits'(gone) + CountBits'(row_q);
    end else if (gone && before_q != '0) begin
      before_q <= before_q - 1'b1;
    end
  end

  `ASSERT(word_of_its_place, !here || wdata[0] == bit_q)
  for (genvar i = 0; i < BeatSamples; i++) begin : gen_strobe
    `ASSERT(strobes_what_exists, !here || wstrb[i*4+:4] == {4{kept[i]}})
  end
  `ASSERT(last_of_its_burst, !here || wlast == (9'(row_q) + 1'b1 == burst_beats_q))
  `ASSERT(only_what_was_asked, !wvalid || beats_q != '0)

  // W: no beat before its AW; the RAM is at most four clocks behind.
  logic [2:0] waits_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !u_dut.data_ready || u_dut.data_valid_q) waits_q <= '0;
    else if (waits_q != 3'd5) waits_q <= waits_q + 1'b1;
  end

  `ASSERT(never_waits_for_datapath, waits_q != 3'd5)

  `ASSERT(only_after_its_tile, !burst_take || tiles_q != '0)
  `ASSERT(drain_never_refused, !u_dut.u_drain.valid_i || u_dut.u_drain.ready_o)
  `ASSERT(slots, reserved_q <= TileBits'(TileSlots) && open_q <= reserved_q
          && 32'(tiles_q) <= TileSlots - 32'(open_q))
  `ASSERT_NEXT(slot_comes_back, 1'b1, tile_free == (reserved_q < TileBits'(TileSlots)))

  // AW: the bursts that have beats, one clock later.
  logic        presented_q;
  logic [63:0] addr_q;
  logic [8:0]  length_q;
  logic        stopped_q;
  logic        aw_shown_q;  // the burst on AW was already there in the previous clock

  always_ff @(posedge clk_i) begin
    presented_q <= rst_ni && burst_take && u_dut.burst_beats != '0;
    stopped_q   <= rst_ni && stop_i;
    aw_shown_q  <= rst_ni && awvalid && !awready_i;
    if (burst_take && u_dut.burst_beats != '0) begin
      addr_q   <= u_dut.burst_addr;
      length_q <= u_dut.burst_beats;
    end
  end

  `ASSERT(bursts_come_out, awvalid == (presented_q || aw_shown_q))
  `ASSERT(as_the_burst_says, !awvalid || awaddr == addr_q && 9'(awlen) + 1'b1 == length_q)
  `ASSERT(within_page, !awvalid
          || 16'(awaddr[11:0]) + (16'(awlen) + 1'b1) * 16'(8 * Lanes) <= 16'd4096)
  `ASSERT(nothing_new_when_stopped, !(stopped_q && awvalid) || aw_shown_q)
  `ASSERT_NEXT(error_of_its_burst, 1'b1, error == $past(answer && bresp_i != '0))
  `ASSERT(idle_is_empty, !idle || taken_q == '0 && beats_q == '0 && !awvalid && !wvalid)

  `COVER(last_row, here && wlast && 32'(row_q) == Rows - 1 && lane_q != '0)
  `COVER(partial_word, here && !full && kept != '0 && bit_q)
  `COVER(not_covered, picked_q && burst_q && !exists && beats_q != '0)
  `COVER(all_slots, tiles_q == TileBits'(TileSlots) && !tile_free)
  `COVER(stops_with_bursts_out, stop_i && !idle && wvalid && u_dut.burst_valid)

endmodule
