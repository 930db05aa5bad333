// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_write_master with any requester and any AXI4 slave that keep their contracts: AW is as
// commanded, stable until accepted, and crosses no 4 KiB boundary; each burst takes as many beats
// as commanded and puts them on W in order, the last one marked, each stable until accepted; no W
// beat comes before its AW; at most MaxOutstanding bursts are outstanding; idle is high exactly
// when nothing is outstanding. One beat, picked at any time, is tracked from the requester to W.

`include "formal.svh"

module axi_write_master_formal #(
  parameter int DataBits = 8,
  parameter int MaxOutstanding = 3,
  localparam int Bytes = DataBits / 8,
  localparam int BeatBits = 1 + Bytes + DataBits,
  localparam int CountBits = $clog2(MaxOutstanding + 1) + 1
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic                stop_i,
  input logic                id_i,
  input logic                bid_i,
  input logic                cmd_valid_i,
  input logic [63:0]         cmd_addr_i,
  input logic [8:0]          cmd_beats_i,
  input logic                data_valid_i,
  input logic [DataBits-1:0] data_i,
  input logic [Bytes-1:0]    strb_i,
  input logic                pick_i,
  input logic                awready_i,
  input logic                wready_i,
  input logic                bvalid_i,
  input logic [1:0]          bresp_i
);

  `RESET_FIRST

  logic                cmd_ready;
  logic                data_ready;
  logic                done;
  logic                idle;
  logic                error;
  logic                progress;
  logic                awvalid;
  logic [63:0]         awaddr;
  logic [7:0]          awlen;
  logic [0:0]          awid;
  logic                wvalid;
  logic [DataBits-1:0] wdata;
  logic [Bytes-1:0]    wstrb;
  logic                wlast;
  logic                bready;

  axi_write_master #(
    .DataBits      (DataBits),
    .MaxOutstanding(MaxOutstanding)
  ) u_master (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .cmd_valid_i  (cmd_valid_i),
    .cmd_ready_o  (cmd_ready),
    .cmd_addr_i   (cmd_addr_i),
    .cmd_beats_i  (cmd_beats_i),
    .data_valid_i (data_valid_i),
    .data_ready_o (data_ready),
    .data_i       (data_i),
    .strb_i       (strb_i),
    .done_o       (done),
    .idle_o       (idle),
    .error_o      (error),
    .progress_o   (progress),
    .m_axi_awvalid(awvalid),
    .m_axi_awready(awready_i),
    .m_axi_awaddr (awaddr),
    .m_axi_awlen  (awlen),
    .m_axi_awid   (awid),
    .m_axi_wvalid (wvalid),
    .m_axi_wready (wready_i),
    .m_axi_wdata  (wdata),
    .m_axi_wstrb  (wstrb),
    .m_axi_wlast  (wlast),
    .m_axi_bvalid (bvalid_i),
    .m_axi_bready (bready),
    .m_axi_bresp  (bresp_i),
    .m_axi_bid    (bid_i)
  );

  // job_control changes the ID only in reset.
  `ASSUME(one_id, !$past(rst_ni) || $stable(id_i))

  // A response to a burst since the reset; answers to earlier bursts may come at any time, without
  // effect.
  logic answer;

  assign answer = bvalid_i && bid_i == id_i;

  logic take;
  logic fire;
  logic accept;
  logic send;

  assign take   = cmd_valid_i && cmd_ready;
  assign fire   = data_valid_i && data_ready;
  assign accept = awvalid && awready_i;
  assign send   = wvalid && wready_i;

  // The requester asks for 1 to 256 beats, the range of awlen.
  `ASSUME(some_beats, cmd_beats_i >= 9'd1 && cmd_beats_i <= 9'd256)
  // The requester asks for no burst across a 4 KiB boundary: the master's contract, which
  // lane_bursts and the spectrum ports are proven to keep.
  `ASSUME(within_page, 16'(cmd_addr_i[11:0]) + 16'(Bytes) * 16'(cmd_beats_i) <= 16'd4096)

  // The slave's side: unanswered bursts whose address it has accepted, and unanswered bursts whose
  // beats it has all accepted.
  logic [CountBits-1:0] addressed_q;
  logic [CountBits-1:0] written_q;

  // A slave answers a burst after it has accepted both its address and its last beat (AXI4 A3.3.1),
  // in order, because there is only one ID.
  `ASSUME(answers_after, !answer || addressed_q != '0 && written_q != '0)

  // The requester's side: accepted commands not yet acknowledged; those among them that still take
  // beats, at most two, with their lengths; and the beats that the older one has taken.
  logic [CountBits-1:0] taken_q;
  logic [1:0]           hungry_q;
  logic [1:0][8:0]      lengths_q;
  logic [8:0]           given_q;
  logic                 last;

  assign last = given_q + 1'b1 == lengths_q[0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addressed_q <= '0;
      written_q   <= '0;
      taken_q     <= '0;
      hungry_q    <= '0;
      given_q     <= '0;
    end else begin
      addressed_q <= addressed_q + CountBits'(accept) - CountBits'(answer);
      written_q   <= written_q + CountBits'(send && wlast) - CountBits'(answer);
      taken_q     <= taken_q + CountBits'(take) - CountBits'(done);
      hungry_q    <= hungry_q + 2'(take) - 2'(fire && last);
      if (fire) given_q <= last ? '0 : given_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (fire && last) lengths_q[0] <= lengths_q[1];
    if (take) begin
      if (hungry_q == 2'(fire && last)) lengths_q[0] <= cmd_beats_i;
      else lengths_q[1] <= cmd_beats_i;
    end
  end

  // The beats between the requester and W, and the tracked one.
  logic [1:0]          held_q;
  logic [1:0]          ahead_q;
  logic                picked_q;
  logic [BeatBits-1:0] beat_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q   <= '0;
      picked_q <= 1'b0;
    end else begin
      held_q <= held_q + 2'(fire) - 2'(send);
      if (!picked_q) picked_q <= pick_i && fire;
      else if (send && ahead_q == '0) picked_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!picked_q) begin
      beat_q  <= {last, strb_i, data_i};
      ahead_q <= held_q - 2'(send);
    end else if (send) begin
      ahead_q <= ahead_q - 1'b1;
    end
  end

  // AW.
  `ASSERT_NEXT(presented, take,
               awvalid && awaddr == $past(cmd_addr_i) && 9'(awlen) + 1'b1 == $past(cmd_beats_i))
  `ASSERT_NEXT(aw_stays, awvalid && !awready_i, awvalid && $stable({awaddr, awlen}))
  `ASSERT_NEXT(nothing_else, !take && !(awvalid && !awready_i), !awvalid)
  `ASSERT(one_identifier, awid == id_i)
  `ASSERT(crosses_no_page,
          !awvalid || 16'(awaddr[11:0]) + 16'(Bytes) * (16'(awlen) + 1'b1) <= 16'd4096)
  `ASSERT(outstanding_at_most, addressed_q + CountBits'(awvalid) <= CountBits'(MaxOutstanding))
  `ASSERT(taken_at_most, taken_q <= CountBits'(MaxOutstanding))
  `ASSERT(ready_only, !cmd_ready || !stop_i && !awvalid && taken_q != CountBits'(MaxOutstanding))
  // AW is at most one burst ahead of W: a command is accepted once the previous one takes its
  // beats.
  `ASSERT_NEXT(ready_whenever, hungry_q < 2'd2 && !awvalid && !stop_i && !take,
               cmd_ready || stop_i || awvalid || taken_q == CountBits'(MaxOutstanding)
               || hungry_q != '0 && $past(!data_ready))

  // W.
  `ASSERT(beats_of_commands, !data_ready || hungry_q != '0)
  `ASSERT(beat_in_its_place,
          !(picked_q && ahead_q == '0) || wvalid && {wlast, wstrb, wdata} == beat_q)
  `ASSERT(comes_at_once, wvalid == (held_q != '0))
  `ASSERT_NEXT(w_stays, wvalid && !wready_i, wvalid && $stable({wlast, wstrb, wdata}))
  `ASSERT(after_its_address, !wvalid || addressed_q + CountBits'(awvalid) > written_q)
  `ASSERT_NEXT(beats_are_wanted, hungry_q != '0 && !data_ready && held_q < 2'd2, data_ready)

  // B and idle.
  `ASSERT(never_stalls, bready)
  `ASSERT_NEXT(acknowledged, 1'b1,
               done == $past(answer) && error == $past(answer && bresp_i != 2'b00))
  `ASSERT_NEXT(tells_progress, 1'b1, progress == $past(accept || send || answer))
  // Stopped: nothing new is issued, and each answer counts down until the master is idle.
  `ASSERT(nothing_new, !stop_i || !take)
  `ASSERT_NEXT(drains, stop_i && done, taken_q == $past(taken_q) - 1'b1)
  `ASSERT_NEXT(does_not_grow, stop_i, taken_q <= $past(taken_q))
  `ASSERT(idle_exactly, idle == (taken_q == '0))
  `ASSERT(idle_is_quiet, !idle || !awvalid && !wvalid && !data_ready && held_q == '0
          && addressed_q == '0 && written_q == '0)

  // Helpers that close the induction: how the master's registers relate to the counts above.
  logic [CountBits-1:0] lasts;

  assign lasts = CountBits'(wvalid && wlast)
                 + CountBits'(u_master.skid_valid_q && u_master.skid_q[BeatBits-1]);

  `ASSERT(helper_count, 32'(u_master.count_q) == 32'(taken_q)
          && (!u_master.room_q || taken_q < CountBits'(MaxOutstanding)))
  `ASSERT(helper_addresses, taken_q == CountBits'(awvalid) + addressed_q + CountBits'(done))
  `ASSERT(helper_no_wrap, written_q <= CountBits'(MaxOutstanding))
  `ASSERT(helper_beats, taken_q == CountBits'(hungry_q) + lasts + written_q + CountBits'(done))
  `ASSERT(helper_held, held_q == 2'(wvalid) + 2'(u_master.skid_valid_q)
          && (wvalid || !u_master.skid_valid_q))
  `ASSERT(helper_newest, held_q == '0
          || (u_master.skid_valid_q ? u_master.skid_q[BeatBits-1] : wlast) == (given_q == '0))
  `ASSERT(helper_hungry, hungry_q == 2'(u_master.active_q) + 2'(u_master.next_valid_q))
  `ASSERT(helper_active, !u_master.active_q
          || given_q < lengths_q[0] && u_master.left_q == lengths_q[0] - given_q
             && u_master.last_q == last)
  `ASSERT(helper_next, !u_master.next_valid_q
          || u_master.next_beats_q == lengths_q[u_master.active_q] && u_master.next_beats_q != '0)
  `ASSERT(helper_start, u_master.active_q || given_q == '0)
  `ASSERT(helper_picked, !picked_q || ahead_q < held_q
          && (ahead_q == '0 || u_master.skid_q == beat_q))

  `COVER(as_many_as_may_be, addressed_q == CountBits'(MaxOutstanding))
  `COVER(blocked, taken_q == CountBits'(MaxOutstanding) && cmd_valid_i && !awvalid && !stop_i)
  `COVER(aw_waits, awvalid && $past(rst_ni && awvalid && !awready_i))
  `COVER(skid_used, held_q == 2'd2 && $past(rst_ni && wvalid && !wready_i && fire))
  `COVER(picked_behind, picked_q && ahead_q == 2'd1 && send)
  `COVER(back_to_back, fire && last && $past(rst_ni && fire && last))
  `COVER(next_burst_at_once, fire && !last && lengths_q[0] > 9'd3 && $past(rst_ni && fire && last))
  `COVER(answered_with_error, error)
  `COVER(idle_again, idle && $past(rst_ni && !idle))
  `COVER(late_answer, bvalid_i && !answer && addressed_q != '0)
  `COVER(drained, idle && stop_i && $past(rst_ni && stop_i && !idle))
  `COVER(stopped, stop_i && cmd_valid_i && hungry_q != '0)

endmodule
