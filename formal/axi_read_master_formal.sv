// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_read_master with any requester and any AXI4 slave that keep their contracts: AR is as
// commanded, stable until accepted, and crosses no 4 KiB boundary; at most MaxOutstanding bursts
// are outstanding; the beats passed on are those of the commands, burst by burst, with the last of
// each marked; idle is high exactly when nothing is outstanding.

`include "formal.svh"

module axi_read_master_formal #(
  parameter int DataBits = 8,
  parameter int MaxOutstanding = 3,
  localparam int CountBits = $clog2(MaxOutstanding + 1) + 1
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic                stop_i,
  input logic                id_i,
  input logic                cmd_valid_i,
  input logic [63:0]         cmd_addr_i,
  input logic [8:0]          cmd_beats_i,
  input logic                arready_i,
  input logic                rvalid_i,
  input logic [DataBits-1:0] rdata_i,
  input logic [1:0]          rresp_i,
  input logic                rlast_i,
  input logic                rid_i
);

  `RESET_FIRST

  localparam int Bytes = DataBits / 8;

  logic                cmd_ready;
  logic                data_valid;
  logic [DataBits-1:0] data;
  logic                data_last;
  logic                idle;
  logic                error;
  logic                progress;
  logic                arvalid;
  logic [63:0]         araddr;
  logic [7:0]          arlen;
  logic [0:0]          arid;
  logic                rready;

  axi_read_master #(
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
    .data_valid_o (data_valid),
    .data_o       (data),
    .data_last_o  (data_last),
    .idle_o       (idle),
    .error_o      (error),
    .progress_o   (progress),
    .m_axi_arvalid(arvalid),
    .m_axi_arready(arready_i),
    .m_axi_araddr (araddr),
    .m_axi_arlen  (arlen),
    .m_axi_arid   (arid),
    .m_axi_rvalid (rvalid_i),
    .m_axi_rready (rready),
    .m_axi_rdata  (rdata_i),
    .m_axi_rresp  (rresp_i),
    .m_axi_rlast  (rlast_i),
    .m_axi_rid    (rid_i)
  );

  // job_control changes the ID only in reset.
  `ASSUME(one_id, !$past(rst_ni) || $stable(id_i))

  // A beat of a burst since the reset; answers to earlier bursts may come at any time, without
  // effect.
  logic answer;

  assign answer = rvalid_i && rid_i == id_i;

  logic take;
  logic accept;
  logic finish;

  assign take   = cmd_valid_i && cmd_ready;
  assign accept = arvalid && arready_i;
  assign finish = data_valid && data_last;

  // The requester asks for 1 to 256 beats, the range of arlen.
  `ASSUME(some_beats, cmd_beats_i >= 9'd1 && cmd_beats_i <= 9'd256)
  // The requester asks for no burst across a 4 KiB boundary: the master's contract, which
  // lane_bursts and the spectrum ports are proven to keep.
  `ASSUME(within_page, 16'(cmd_addr_i[11:0]) + 16'(Bytes) * 16'(cmd_beats_i) <= 16'd4096)

  // The slave's side: the lengths of the bursts accepted and not yet answered, the oldest first,
  // and the number of beats of the oldest that it has sent.
  logic [CountBits-1:0]         accepted_q;
  logic [MaxOutstanding:0][8:0] accepted_beats_q;
  logic [8:0]                   sent_q;
  logic                         answered;

  assign answered = answer && rlast_i;

  // A slave sends beats only of accepted bursts (AXI4 A3.3), in order, because there is only one
  // ID.
  `ASSUME(only_what_was_asked, !answer || accepted_q != '0)
  // RLAST marks the last beat of a burst and no other (AXI4 A3.2.2).
  `ASSUME(last_where_due, !answer || rlast_i == (sent_q + 1'b1 == accepted_beats_q[0]))

  // The requester's side: accepted commands whose beats have not all been passed on, and for the
  // oldest the beats due and the beats received. AR carries the commands' lengths (presented,
  // stays, nothing_else), so the beats due are read there.
  logic [CountBits-1:0] taken_q;
  logic [8:0]           due_q;
  logic [8:0]           handed_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      accepted_q <= '0;
      taken_q    <= '0;
      sent_q     <= '0;
      handed_q   <= '0;
    end else begin
      accepted_q <= accepted_q + CountBits'(accept) - CountBits'(answered);
      taken_q    <= taken_q + CountBits'(take) - CountBits'(finish);
      if (answer) sent_q <= rlast_i ? '0 : sent_q + 1'b1;
      if (data_valid) handed_q <= data_last ? '0 : handed_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (answered) accepted_beats_q <= accepted_beats_q >> 9;
    if (accept) accepted_beats_q[accepted_q-CountBits'(answered)] <= 9'(arlen) + 1'b1;
    if (answer) due_q <= accepted_beats_q[0];
  end

  // AR.
  `ASSERT_NEXT(presented, take,
               arvalid && araddr == $past(cmd_addr_i) && 9'(arlen) + 1'b1 == $past(cmd_beats_i))
  `ASSERT_NEXT(stays, arvalid && !arready_i, arvalid && $stable({araddr, arlen}))
  `ASSERT_NEXT(nothing_else, !take && !(arvalid && !arready_i), !arvalid)
  `ASSERT(one_identifier, arid == id_i)
  `ASSERT(crosses_no_page,
          !arvalid || 16'(araddr[11:0]) + 16'(Bytes) * (16'(arlen) + 1'b1) <= 16'd4096)
  `ASSERT(outstanding_at_most, accepted_q + CountBits'(arvalid) <= CountBits'(MaxOutstanding))
  `ASSERT(taken_at_most, taken_q <= CountBits'(MaxOutstanding))
  `ASSERT(ready_exactly, !cmd_ready || !stop_i && !arvalid && taken_q != CountBits'(MaxOutstanding))
  `ASSERT_NEXT(ready_whenever, 1'b1,
               cmd_ready || stop_i || arvalid || taken_q == CountBits'(MaxOutstanding))

  // R: never stalled, and every beat is passed on a clock later.
  `ASSERT(never_stalls, rready)
  `ASSERT_NEXT(handed_on, 1'b1, data_valid == $past(answer))
  `ASSERT_NEXT(handed_whole, answer, data == $past(rdata_i) && data_last == $past(rlast_i)
               && error == $past(rresp_i != 2'b00))
  `ASSERT(no_error_alone, !error || data_valid)
  `ASSERT(beats_of_commands, !data_valid || taken_q != '0)
  `ASSERT(lengths_of_commands,
          !data_valid || data_last == (handed_q + 1'b1 == due_q))

  `ASSERT_NEXT(tells_progress, 1'b1, progress == $past(accept || answer))
  // Stopped: nothing new is issued, and each answer counts down until the master is idle.
  `ASSERT(nothing_new, !stop_i || !take)
  `ASSERT_NEXT(drains, stop_i && finish, taken_q == $past(taken_q) - 1'b1)
  `ASSERT_NEXT(does_not_grow, stop_i, taken_q <= $past(taken_q))

  // Idle.
  `ASSERT(idle_exactly, idle == (taken_q == '0))
  `ASSERT(idle_is_quiet, !idle || !arvalid && accepted_q == '0 && !data_valid)

  // Helpers that close the induction: how the master's registers relate to the counts above.
  `ASSERT(helper_count, u_master.count_q == 32'(taken_q)
          && (!u_master.room_q || taken_q < CountBits'(MaxOutstanding)))
  `ASSERT(helper_bursts, taken_q == accepted_q + CountBits'(arvalid) + CountBits'(finish))
  `ASSERT(helper_between, data_valid || handed_q == sent_q)
  `ASSERT(helper_handing, !data_valid
          || handed_q < due_q && sent_q == (data_last ? 9'd0 : handed_q + 1'b1))
  `ASSERT(helper_due,
          sent_q == '0 || accepted_q != '0 && due_q == accepted_beats_q[0] && sent_q < due_q)
  for (genvar n = 0; n < MaxOutstanding; n++) begin : gen_lengths
    `ASSERT(helper_some_beats, CountBits'(n) >= accepted_q || accepted_beats_q[n] != '0)
  end

  `COVER(as_many_as_may_be, accepted_q == CountBits'(MaxOutstanding))
  `COVER(blocked, taken_q == CountBits'(MaxOutstanding) && cmd_valid_i && !arvalid && !stop_i)
  `COVER(waits, arvalid && $past(rst_ni && arvalid && !arready_i))
  `COVER(back_to_back, data_valid && data_last && answer && rlast_i && handed_q == '0)
  `COVER(long_burst, finish && handed_q == 9'd3)
  `COVER(idle_again, idle && $past(rst_ni && !idle))
  `COVER(late_answer, rvalid_i && !answer && accepted_q != '0)
  `COVER(drained, idle && stop_i && $past(rst_ni && stop_i && !idle))
  `COVER(stopped, stop_i && cmd_valid_i && arvalid)
  `COVER(to_the_end_of_the_page,
         arvalid && arlen != '0 && 16'(araddr[11:0]) + 16'(Bytes) * (16'(arlen) + 1'b1) == 16'd4096)

endmodule
