// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_reader: answers a reader's bursts in order, those of rows below Resident from on-chip
// memory and all others from AXI, where base_i is added to their addresses.
// Handshake: AXI4 on both sides; the slave's rready must stay high. read_o is a request, granted by
// grant_i in the same clock; its data arrives on rdata_i ReadClocks later.
// Latency: 1 clock on AR; 3 + ReadClocks clocks from AR to the first beat from on-chip memory.
// Throughput: one beat per clock; a burst from AXI after one from on-chip memory loses ReadClocks
// clocks.

module resident_reader #(
  parameter int Lanes = 8,         // words of a beat
  parameter int Chunk = 16384,     // words of a row: a power of two
  parameter int WordBits = 45,
  parameter int RowsLog2 = 7,      // log2 of the most rows: 1 or more
  parameter int Resident = 64,     // rows in the on-chip memory: 1..2^RowsLog2
  parameter int ReadClocks = 3,
  parameter int Bursts = 32,       // the most that the reader has outstanding: a power of two
  localparam int AxiBits = 64 * Lanes,
  localparam int AddrBits = $clog2(Resident * (Chunk / Lanes))
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  /// what is added to an address for AXI; must not change while a burst is inside
  input  logic [63:0]               base_i,
  output logic                      read_o,
  input  logic                      grant_i,
  output logic [AddrBits-1:0]       raddr_o,
  input  logic [Lanes*WordBits-1:0] rdata_i,
  input  logic                      s_axi_arvalid,
  output logic                      s_axi_arready,
  input  logic [63:0]               s_axi_araddr,
  input  logic [7:0]                s_axi_arlen,
  input  logic [0:0]                s_axi_arid,
  output logic                      s_axi_rvalid,
  output logic [AxiBits-1:0]        s_axi_rdata,
  output logic [1:0]                s_axi_rresp,
  output logic                      s_axi_rlast,
  output logic [0:0]                s_axi_rid,
  output logic                      m_axi_arvalid,
  input  logic                      m_axi_arready,
  output logic [63:0]               m_axi_araddr,
  output logic [7:0]                m_axi_arlen,
  output logic [0:0]                m_axi_arid,
  input  logic                      m_axi_rvalid,
  output logic                      m_axi_rready,
  input  logic [AxiBits-1:0]        m_axi_rdata,
  input  logic [1:0]                m_axi_rresp,
  input  logic                      m_axi_rlast,
  input  logic [0:0]                m_axi_rid
);

  localparam int BeatBytesLog2 = $clog2(8 * Lanes);
  localparam int RowBytesLog2 = $clog2(8 * Chunk);
  localparam int DrainBits = $clog2(ReadClocks + 1);

  initial begin
    if (RowsLog2 < 1 || Resident < 1 || Resident > 1 << RowsLog2) begin
      $fatal(1, "resident_reader: Resident must be 1 to 2^RowsLog2, and RowsLog2 1 or more");
    end
    if (ReadClocks < 1) $fatal(1, "resident_reader: ReadClocks must be at least 1");
  end

  logic [RowsLog2-1:0]     row;
  logic                    here;      // the burst is of a row in the on-chip memory
  logic                    take;
  logic                    ar_q;      // a burst is presented to AXI
  logic [63:0]             araddr_q;
  logic [7:0]              arlen_q;
  logic                    room;
  logic                    head;      // there is a burst to answer
  logic                    head_here;
  logic [AddrBits-1:0]     head_addr;
  logic [7:0]              head_len;
  logic                    pop;
  logic [7:0]              beat_q;    // of the burst that is read
  logic                    fire;
  logic                    last;
  logic [DrainBits-1:0]    drain_q;   // clocks until the last beat read has come
  logic                    turn;      // AXI answers
  logic                    mine;      // the answer is not to a burst from before a reset
  logic                    chip_valid;
  logic                    chip_last;
  logic [AxiBits-1:0]      chip_data;
  logic [$clog2(Bursts):0] level;

  assign row  = s_axi_araddr[RowBytesLog2+:RowsLog2];
  assign here = ({1'b0, row} < (RowsLog2 + 1)'(Resident));

  assign s_axi_arready = !ar_q && room;
  assign take          = s_axi_arvalid && s_axi_arready;

  // The bursts in their order.
  fifo #(
    .Width(1 + AddrBits + 8),
    .Depth(Bursts)
  ) u_order (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(take),
    .ready_o(room),
    .data_i ({here, AddrBits'({row, s_axi_araddr[RowBytesLog2-1:BeatBytesLog2]}), s_axi_arlen}),
    .valid_o(head),
    .ready_i(pop),
    .data_o ({head_here, head_addr, head_len}),
    .level_o(level)
  );

  assign read_o  = head && head_here;
  assign raddr_o = head_addr + AddrBits'(beat_q);
  assign fire    = read_o && grant_i;
  assign last    = (beat_q == head_len);
  assign mine    = (m_axi_rid == s_axi_arid);
  assign turn    = head && !head_here && (drain_q == '0);
  assign pop     = head_here ? fire && last : turn && mine && m_axi_rvalid && m_axi_rlast;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ar_q    <= 1'b0;
      beat_q  <= '0;
      drain_q <= '0;
    end else begin
      ar_q <= (take && !here) || (ar_q && !m_axi_arready);
      if (fire) beat_q <= last ? '0 : beat_q + 1'b1;
      if (fire) drain_q <= DrainBits'(ReadClocks);
      else if (drain_q != '0) drain_q <= drain_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      araddr_q <= s_axi_araddr + base_i;
      arlen_q  <= s_axi_arlen;
    end
  end

  valid_delay #(
    .Clocks(ReadClocks)
  ) u_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(fire),
    .valid_o(chip_valid)
  );

  delay #(
    .Width (1),
    .Clocks(ReadClocks)
  ) u_last (
    .clk_i (clk_i),
    .data_i(last),
    .data_o(chip_last)
  );

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    assign chip_data[l*64+:64] = 64'(rdata_i[l*WordBits+:WordBits]);
  end

  assign m_axi_arvalid = ar_q;
  assign m_axi_araddr  = araddr_q;
  assign m_axi_arlen   = arlen_q;
  assign m_axi_arid    = s_axi_arid;
  assign m_axi_rready  = turn || (m_axi_rvalid && !mine);

  assign s_axi_rvalid = chip_valid || (turn && m_axi_rvalid);
  assign s_axi_rdata  = chip_valid ? chip_data : m_axi_rdata;
  assign s_axi_rresp  = chip_valid ? 2'b00 : m_axi_rresp;
  assign s_axi_rlast  = chip_valid ? chip_last : m_axi_rlast;
  assign s_axi_rid    = chip_valid ? s_axi_arid : m_axi_rid;

  logic unused;
  assign unused = &{1'b0, level, s_axi_araddr[BeatBytesLog2-1:0]};

endmodule
