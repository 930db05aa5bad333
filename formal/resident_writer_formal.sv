// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_writer between an AXI write master, an AXI slave and an on-chip memory, for one burst
// picked among all: its W beats go where its row is, all of them and no others, to consecutive
// places of the on-chip memory or behind an AW of the right address. No burst after one for the
// on-chip memory is presented to AXI before that is complete: W outside never waits for what
// happens in here. As many bursts are answered as have been completed, and none before.

`include "formal.svh"

module resident_writer_formal #(
  parameter int Resident = 3,
  parameter int Bursts = 3,
  localparam int Lanes = 1,
  localparam int Chunk = 4,
  localparam int RowsLog2 = 2,
  localparam int WordBits = 2,
  localparam int AddrBits = $clog2(Resident * Chunk)
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        open_i,
  input logic        grant_i,
  input logic        awvalid_i,
  input logic [63:0] awaddr_i,
  input logic        wvalid_i,
  input logic        awready_i,
  input logic        wready_i,
  input logic        bvalid_i,
  input logic        pick_i
);

  `RESET_FIRST

  // The same throughout: the length of all bursts, and the job's base address.
  logic [7:0]  awlen_q;
  logic [63:0] base_q;

  always_ff @(posedge clk_i) begin
    awlen_q <= awlen_q;
    base_q  <= base_q;
  end

  `ASSUME(short_bursts, awlen_q < 8'd2)
  `ASSUME(aligned, awaddr_i[2:0] == '0 && (awlen_q == '0 || !awaddr_i[3]))

  logic                write;
  logic [AddrBits-1:0] waddr;
  logic [WordBits-1:0] wdata;
  logic                outside_idle;
  logic                s_awready;
  logic                s_wready;
  logic                s_wlast;
  logic                s_bvalid;
  logic [1:0]          s_bresp;
  logic [0:0]          s_bid;
  logic                m_awvalid;
  logic [63:0]         m_awaddr;
  logic [7:0]          m_awlen;
  logic [0:0]          m_awid;
  logic                m_wvalid;
  logic [63:0]         m_wdata;
  logic [7:0]          m_wstrb;
  logic                m_wlast;
  logic                m_bready;

  resident_writer #(
    .Lanes   (Lanes),
    .Chunk   (Chunk),
    .WordBits(WordBits),
    .RowsLog2(RowsLog2),
    .Resident(Resident),
    .Bursts  (Bursts)
  ) u_dut (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .base_i        (base_q),
    .open_i        (open_i),
    .write_o       (write),
    .grant_i       (grant_i),
    .waddr_o       (waddr),
    .wdata_o       (wdata),
    .outside_idle_o(outside_idle),
    .s_axi_awvalid (awvalid_i),
    .s_axi_awready (s_awready),
    .s_axi_awaddr  (awaddr_i),
    .s_axi_awlen   (awlen_q),
    .s_axi_awid    (1'b0),
    .s_axi_wvalid  (wvalid_i),
    .s_axi_wready  (s_wready),
    .s_axi_wdata   ('0),
    .s_axi_wstrb   ('1),
    .s_axi_wlast   (s_wlast),
    .s_axi_bvalid  (s_bvalid),
    .s_axi_bready  (1'b1),
    .s_axi_bresp   (s_bresp),
    .s_axi_bid     (s_bid),
    .m_axi_awvalid (m_awvalid),
    .m_axi_awready (awready_i),
    .m_axi_awaddr  (m_awaddr),
    .m_axi_awlen   (m_awlen),
    .m_axi_awid    (m_awid),
    .m_axi_wvalid  (m_wvalid),
    .m_axi_wready  (wready_i),
    .m_axi_wdata   (m_wdata),
    .m_axi_wstrb   (m_wstrb),
    .m_axi_wlast   (m_wlast),
    .m_axi_bvalid  (bvalid_i),
    .m_axi_bready  (m_bready),
    .m_axi_bresp   (2'b00),
    .m_axi_bid     (1'b0)
  );

  // What the master and the slave have done.
  localparam int N = $clog2(Bursts + 2);

  logic                take;
  logic                here;         // its row is on the chip
  logic [RowsLog2-1:0] row;
  logic                beat;         // of W, at the master
  logic                complete;     // with it a burst
  logic                out_complete;
  logic                answered;
  logic [N-1:0]        open_q;       // bursts taken and not answered
  logic [N-1:0]        owed_q;       // bursts taken whose W is not complete
  logic [N-1:0]        outside_q;    // those of them outside
  logic [N-1:0]        out_q;        // of those outside, complete and not answered
  logic [7:0]          wbeat_q;

  assign take         = awvalid_i && s_awready;
  assign row          = awaddr_i[5+:RowsLog2];
  assign here         = (32'(row) < Resident);
  assign beat         = wvalid_i && s_wready;
  assign complete     = beat && s_wlast;
  assign out_complete = m_wvalid && wready_i && m_wlast;
  assign answered     = s_bvalid;
  assign s_wlast      = (wbeat_q == awlen_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q    <= '0;
      owed_q    <= '0;
      out_q     <= '0;
      outside_q <= '0;
      wbeat_q   <= '0;
    end else begin
      open_q    <= open_q + N'(take) - N'(answered);
      owed_q    <= owed_q + N'(take) - N'(complete);
      out_q     <= out_q + N'(out_complete) - N'(bvalid_i);
      outside_q <= outside_q + N'(take && !here) - N'(out_complete);
      if (beat) wbeat_q <= complete ? '0 : wbeat_q + 1'b1;
    end
  end

  // axi_write_master: AW and W stay, W of a burst whose AW is presented or accepted, a limited
  // number of bursts. An AXI slave answers what it has got whole, its AW included.
  `ASSUME(limited, !awvalid_i || open_q < N'(Bursts))
  `ASSUME(w_after_aw, !wvalid_i || owed_q != '0 || awvalid_i)
  `ASSUME(answers_what_is_whole,
          !bvalid_i || out_q > N'(m_awvalid && outside_q == '0))

  logic        aw_stays_q;
  logic        w_stays_q;
  logic [63:0] awaddr_q;

  always_ff @(posedge clk_i) begin
    aw_stays_q <= rst_ni && awvalid_i && !s_awready;
    w_stays_q  <= rst_ni && wvalid_i && !s_wready;
    awaddr_q   <= awaddr_i;
  end

  `ASSUME(aw_stays, !aw_stays_q || (awvalid_i && awaddr_i == awaddr_q))
  `ASSUME(w_stays, !w_stays_q || wvalid_i)

  // One burst, any one.
  logic                picked_q;   // it was taken
  logic                here_q;     // its row is on the chip
  logic [AddrBits-1:0] place_q;    // its next place there
  logic [N-1:0]        before_q;   // bursts before it whose W is not complete
  logic                working_q;  // its W is not complete
  logic                pick;
  logic                mine;

  assign pick = take && pick_i && !picked_q;
  assign mine = picked_q && working_q && before_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      picked_q  <= 1'b0;
      working_q <= 1'b0;
      before_q  <= '0;
    end else begin
      if (pick) begin
        picked_q  <= 1'b1;
        working_q <= 1'b1;
        before_q  <= owed_q - N'(complete);
      end else if (complete && working_q) begin
        if (before_q != '0) before_q <= before_q - 1'b1;
        else working_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (pick) begin
      here_q  <= here;
      place_q <= AddrBits'(32'(row) * Chunk + 32'(awaddr_i[4:3]));
    end else if (beat) begin
      if (mine) place_q <= place_q + 1'b1;
    end
  end

  `ASSERT(nothing_before_its_aw, owed_q != '0 || !(m_wvalid || write))
  `ASSERT(here_or_outside, !mine || (here_q ? !m_wvalid : !write))
  `ASSERT(each_beat_once, beat == ((m_wvalid && wready_i) || (write && grant_i)))
  `ASSERT(its_place, !(mine && write) || waddr == place_q)
  `ASSERT(outside_never_waits, !(picked_q && working_q && here_q) || (!m_awvalid || before_q != '0))
  `ASSERT(only_what_is_open, !write || open_i)
  `ASSERT(no_answer_too_early, !answered || open_q > owed_q)
  `ASSERT(no_answer_is_lost, open_q - owed_q == out_q || s_bvalid)
  `ASSERT_NEXT(m_aw_as_it_should, take && !here,
               m_awvalid && m_awaddr == $past(awaddr_i) + base_q && m_awlen == awlen_q)
  `ASSERT_NEXT(m_aw_stays, m_awvalid && !awready_i,
               m_awvalid && m_awaddr == $past(m_awaddr))
  `ASSERT_NEXT(here_at_once, picked_q && working_q && here_q && before_q == '0 && wvalid_i && !beat,
               write || !open_i)
  `ASSERT(idle, !(open_q == '0) || (outside_idle && !m_awvalid && !m_wvalid && !write && !s_bvalid))

  `COVER(here_behind_outside, mine && here_q && $past(mine == 1'b0 && m_wvalid))
  `COVER(outside_behind_here, mine && !here_q && m_wvalid && $past(write))
  `COVER(waits, mine && here_q && !open_i && wvalid_i && awvalid_i)
  `COVER(two_answers, s_bvalid && bvalid_i && open_q == owed_q + N'(2))

  logic unused;
  assign unused = &{1'b0, wdata, s_bresp, s_bid, m_awid, m_wdata, m_wstrb, m_bready};

endmodule
