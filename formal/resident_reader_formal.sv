// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_reader between an AXI read master, an AXI slave and an on-chip memory, for one burst
// picked among all: its beats come in its turn, as many as asked for and the last one marked, from
// the memory where its row is; those from the chip are of consecutive places, which the data tells:
// each word is its address. No beat of either memory is lost, and bursts for AXI have an AR of the
// right address.

`include "formal.svh"

module resident_reader_formal #(
  parameter int Resident = 3,
  parameter int Bursts = 2,
  parameter int ReadClocks = 2,
  localparam int Lanes = 1,
  localparam int Chunk = 4,
  localparam int RowsLog2 = 2,
  localparam int AddrBits = $clog2(Resident * Chunk),
  localparam int WordBits = AddrBits
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        grant_i,
  input logic        arvalid_i,
  input logic [63:0] araddr_i,
  input logic        arready_i,
  input logic        rvalid_i,
  input logic        pick_i
);

  `RESET_FIRST

  // The same throughout: the length of all bursts, and the job's base address.
  logic [7:0]  arlen_q;
  logic [63:0] base_q;

  always_ff @(posedge clk_i) begin
    arlen_q <= arlen_q;
    base_q  <= base_q;
  end

  `ASSUME(short_bursts, arlen_q < 8'd2)
  `ASSUME(aligned, araddr_i[2:0] == '0 && (arlen_q == '0 || !araddr_i[3]))

  logic                read;
  logic [AddrBits-1:0] raddr;
  logic [AddrBits-1:0] rdata;
  logic                s_arready;
  logic                s_rvalid;
  logic [63:0]         s_rdata;
  logic [1:0]          s_rresp;
  logic                s_rlast;
  logic [0:0]          s_rid;
  logic                m_arvalid;
  logic [63:0]         m_araddr;
  logic [7:0]          m_arlen;
  logic [0:0]          m_arid;
  logic                m_rready;
  logic                m_rlast;

  resident_reader #(
    .Lanes     (Lanes),
    .Chunk     (Chunk),
    .WordBits  (WordBits),
    .RowsLog2  (RowsLog2),
    .Resident  (Resident),
    .ReadClocks(ReadClocks),
    .Bursts    (Bursts)
  ) u_dut (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .base_i       (base_q),
    .read_o       (read),
    .grant_i      (grant_i),
    .raddr_o      (raddr),
    .rdata_i      (rdata),
    .s_axi_arvalid(arvalid_i),
    .s_axi_arready(s_arready),
    .s_axi_araddr (araddr_i),
    .s_axi_arlen  (arlen_q),
    .s_axi_arid   (1'b0),
    .s_axi_rvalid (s_rvalid),
    .s_axi_rdata  (s_rdata),
    .s_axi_rresp  (s_rresp),
    .s_axi_rlast  (s_rlast),
    .s_axi_rid    (s_rid),
    .m_axi_arvalid(m_arvalid),
    .m_axi_arready(arready_i),
    .m_axi_araddr (m_araddr),
    .m_axi_arlen  (m_arlen),
    .m_axi_arid   (m_arid),
    .m_axi_rvalid (rvalid_i),
    .m_axi_rready (m_rready),
    .m_axi_rdata  ('1),
    .m_axi_rresp  (2'b01),
    .m_axi_rlast  (m_rlast),
    .m_axi_rid    (1'b0)
  );

  // The on-chip memory: each word is its address.
  delay #(
    .Width (AddrBits),
    .Clocks(ReadClocks)
  ) u_memory (
    .clk_i (clk_i),
    .data_i(raddr),
    .data_o(rdata)
  );

  // An AXI slave answers what it has accepted, burst by burst.
  localparam int N = $clog2(Bursts + 4);

  logic         take;
  logic [N-1:0] open_q;    // bursts taken whose last beat has not come
  logic [N-1:0] owed_q;    // bursts that the slave has accepted and not answered whole
  logic [7:0]   rbeat_q;   // of the slave's burst
  logic [7:0]   sbeat_q;   // of the burst that comes to the master
  logic         answer;
  logic         last;

  assign take    = arvalid_i && s_arready;
  assign answer  = rvalid_i && m_rready;
  assign m_rlast = (rbeat_q == arlen_q);
  assign last    = s_rvalid && (sbeat_q == arlen_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q  <= '0;
      owed_q  <= '0;
      rbeat_q <= '0;
      sbeat_q <= '0;
    end else begin
      open_q <= open_q + N'(take) - N'(last);
      owed_q <= owed_q + N'(m_arvalid && arready_i) - N'(answer && m_rlast);
      if (answer) rbeat_q <= m_rlast ? '0 : rbeat_q + 1'b1;
      if (s_rvalid) sbeat_q <= last ? '0 : sbeat_q + 1'b1;
    end
  end

  `ASSUME(answers_what_it_has, !rvalid_i || owed_q != '0)

  logic        ar_stays_q;
  logic [63:0] araddr_q;

  always_ff @(posedge clk_i) begin
    ar_stays_q <= rst_ni && arvalid_i && !s_arready;
    araddr_q   <= araddr_i;
  end

  `ASSUME(ar_stays, !ar_stays_q || (arvalid_i && araddr_i == araddr_q))

  // One burst, any one.
  logic                picked_q;
  logic                here_q;
  logic [AddrBits-1:0] place_q;    // its next place on the chip
  logic [N-1:0]        before_q;   // bursts before it that have not come whole
  logic                working_q;  // it has not
  logic                pick;
  logic                mine;
  logic [RowsLog2-1:0] row;

  assign pick = take && pick_i && !picked_q;
  assign row  = araddr_i[5+:RowsLog2];
  assign mine = picked_q && working_q && before_q == '0 && s_rvalid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      picked_q  <= 1'b0;
      working_q <= 1'b0;
      before_q  <= '0;
    end else begin
      if (pick) begin
        picked_q  <= 1'b1;
        working_q <= 1'b1;
        before_q  <= open_q - N'(last);
      end else if (last && working_q) begin
        if (before_q != '0) before_q <= before_q - 1'b1;
        else working_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (pick) begin
      here_q  <= (32'(row) < Resident);
      place_q <= AddrBits'(32'(row) * Chunk + 32'(araddr_i[4:3]));
    end else if (mine) begin
      place_q <= place_q + 1'b1;
    end
  end

  `ASSERT(nothing_unasked, !s_rvalid || open_q != '0)
  `ASSERT(last_is_marked, !s_rvalid || s_rlast == (sbeat_q == arlen_q))
  `ASSERT(from_the_chip, !(mine && here_q) || (s_rresp == 2'b00 && s_rdata == 64'(place_q)))
  `ASSERT(from_axi, !(mine && !here_q) || (s_rresp == 2'b01 && answer))
  `ASSERT(no_answer_is_lost, !answer || (s_rvalid && s_rresp == 2'b01))
  `ASSERT_NEXT(m_ar_as_it_should, take && !(32'(row) < Resident),
               m_arvalid && m_araddr == $past(araddr_i) + base_q && m_arlen == arlen_q)
  `ASSERT_NEXT(m_ar_stays, m_arvalid && !arready_i, m_arvalid && m_araddr == $past(m_araddr))

  `COVER(here_behind_axi, mine && here_q && $past(s_rvalid && s_rresp == 2'b01, ReadClocks + 1))
  `COVER(axi_behind_here, mine && !here_q && $past(s_rvalid && s_rresp == 2'b00))
  `COVER(full_rate, mine && here_q && $past(s_rvalid && !mine) && arlen_q != '0)
  `COVER(not_granted, read && !grant_i && picked_q)

  logic unused;
  assign unused = &{1'b0, s_rid, m_arid};

endmodule
