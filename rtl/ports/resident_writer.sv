// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_writer: routes a writer's bursts, those of rows below Resident to on-chip memory and all
// others to AXI, where base_i is added to their addresses. A burst is presented to AXI only when
// all earlier bursts to on-chip memory are complete, so its W never waits for the on-chip memory. A
// burst to on-chip memory begins when all earlier W beats have left.
// Handshake: AXI4 on both sides; bready must stay high. write_o is a request, granted by grant_i in
// the same clock; its burst can be acknowledged from the next clock on.
// Latency: 1 clock on AW, none on W and B. Throughput: one beat per clock.

module resident_writer #(
  parameter int Lanes = 8,         // words of a beat
  parameter int Chunk = 16384,     // words of a row: a power of two
  parameter int WordBits = 45,
  parameter int RowsLog2 = 7,      // log2 of the most rows: 1 or more
  parameter int Resident = 64,     // rows in the on-chip memory: 1..2^RowsLog2
  parameter int Bursts = 32,       // the most that the writer has outstanding
  localparam int AxiBits = 64 * Lanes,
  localparam int AddrBits = $clog2(Resident * (Chunk / Lanes))
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  /// what is added to an address for AXI; must not change while a burst is inside
  input  logic [63:0]               base_i,
  /// the on-chip memory may be written
  input  logic                      open_i,
  output logic                      write_o,
  input  logic                      grant_i,
  output logic [AddrBits-1:0]       waddr_o,
  output logic [Lanes*WordBits-1:0] wdata_o,
  /// no burst is presented to AXI or unanswered there
  output logic                      outside_idle_o,
  input  logic                      s_axi_awvalid,
  output logic                      s_axi_awready,
  input  logic [63:0]               s_axi_awaddr,
  input  logic [7:0]                s_axi_awlen,
  input  logic [0:0]                s_axi_awid,
  input  logic                      s_axi_wvalid,
  output logic                      s_axi_wready,
  input  logic [AxiBits-1:0]        s_axi_wdata,
  input  logic [AxiBits/8-1:0]      s_axi_wstrb,
  input  logic                      s_axi_wlast,
  output logic                      s_axi_bvalid,
  input  logic                      s_axi_bready,
  output logic [1:0]                s_axi_bresp,
  output logic [0:0]                s_axi_bid,
  output logic                      m_axi_awvalid,
  input  logic                      m_axi_awready,
  output logic [63:0]               m_axi_awaddr,
  output logic [7:0]                m_axi_awlen,
  output logic [0:0]                m_axi_awid,
  output logic                      m_axi_wvalid,
  input  logic                      m_axi_wready,
  output logic [AxiBits-1:0]        m_axi_wdata,
  output logic [AxiBits/8-1:0]      m_axi_wstrb,
  output logic                      m_axi_wlast,
  input  logic                      m_axi_bvalid,
  output logic                      m_axi_bready,
  input  logic [1:0]                m_axi_bresp,
  input  logic [0:0]                m_axi_bid
);

  localparam int BeatBytesLog2 = $clog2(8 * Lanes);
  localparam int RowBytesLog2 = $clog2(8 * Chunk);
  localparam int CountBits = $clog2(Bursts + 1);

  initial begin
    if (RowsLog2 < 1 || Resident < 1 || Resident > 1 << RowsLog2) begin
      $fatal(1, "resident_writer: Resident must be 1 to 2^RowsLog2, and RowsLog2 1 or more");
    end
  end

  logic [RowsLog2-1:0]  row;
  logic                 here;      // the burst is of a row in the on-chip memory
  logic                 take;
  logic                 aw_q;      // a burst is presented to AXI
  logic [63:0]          awaddr_q;
  logic [7:0]           awlen_q;
  logic [CountBits-1:0] owed_q;    // bursts presented to AXI whose W has not left
  logic [CountBits-1:0] open_q;    // bursts presented to AXI that have not been answered
  logic                 owed_any_q;
  logic                 chip_q;    // a burst to on-chip memory is being written
  logic [AddrBits-1:0]  waddr_q;
  logic [CountBits-1:0] acks_q;    // its kind's bursts, written and not yet acknowledged
  logic                 fire;
  logic                 chip_last;
  logic                 begin_out;
  logic                 end_out;
  logic                 answer;
  logic                 ack;
  logic [CountBits-1:0] owed_d;

  assign row  = s_axi_awaddr[RowBytesLog2+:RowsLog2];
  assign here = ({1'b0, row} < (RowsLog2 + 1)'(Resident));

  assign s_axi_awready = !aw_q && (!chip_q || chip_last);
  assign take          = s_axi_awvalid && s_axi_awready;
  assign begin_out     = take && !here;
  assign end_out       = m_axi_wvalid && m_axi_wready && m_axi_wlast;
  assign answer        = m_axi_bvalid && (m_axi_bid == s_axi_awid);
  assign owed_d        = owed_q + CountBits'(begin_out) - CountBits'(end_out);

  assign write_o   = chip_q && !owed_any_q && s_axi_wvalid && open_i;
  assign fire      = write_o && grant_i;
  assign chip_last = fire && s_axi_wlast;
  assign ack       = (acks_q != '0) && !m_axi_bvalid && s_axi_bready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      aw_q       <= 1'b0;
      chip_q     <= 1'b0;
      owed_q     <= '0;
      owed_any_q <= 1'b0;
      open_q     <= '0;
      acks_q     <= '0;
    end else begin
      aw_q       <= begin_out || (aw_q && !m_axi_awready);
      chip_q     <= (take && here) || (chip_q && !chip_last);
      owed_q     <= owed_d;
      owed_any_q <= (owed_d != '0);
      open_q     <= open_q + CountBits'(begin_out) - CountBits'(answer);
      acks_q     <= acks_q + CountBits'(chip_last) - CountBits'(ack);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      awaddr_q <= s_axi_awaddr + base_i;
      awlen_q  <= s_axi_awlen;
      waddr_q  <= AddrBits'({row, s_axi_awaddr[RowBytesLog2-1:BeatBytesLog2]});
    end else if (fire) begin
      waddr_q <= waddr_q + 1'b1;
    end
  end

  assign waddr_o = waddr_q;
  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    assign wdata_o[l*WordBits+:WordBits] = s_axi_wdata[l*64+:WordBits];
  end

  assign outside_idle_o = (open_q == '0);

  assign m_axi_awvalid = aw_q;
  assign m_axi_awaddr  = awaddr_q;
  assign m_axi_awlen   = awlen_q;
  assign m_axi_awid    = s_axi_awid;
  assign m_axi_wvalid  = s_axi_wvalid && owed_any_q;
  assign m_axi_wdata   = s_axi_wdata;
  assign m_axi_wstrb   = s_axi_wstrb;
  assign m_axi_wlast   = s_axi_wlast;
  assign m_axi_bready  = s_axi_bready;

  assign s_axi_wready = owed_any_q ? m_axi_wready : fire;
  assign s_axi_bvalid = m_axi_bvalid || (acks_q != '0);
  assign s_axi_bresp  = m_axi_bvalid ? m_axi_bresp : 2'b00;
  assign s_axi_bid    = m_axi_bvalid ? m_axi_bid : s_axi_awid;

  // The on-chip memory is written whole, and its bursts end with wlast.
  logic unused;
  assign unused = &{1'b0, s_axi_awaddr[BeatBytesLog2-1:0]};

endmodule
