// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_write_master: turns burst commands and a stream of beats into AXI4 INCR write bursts.
// Handshake: cmd and data valid/ready, one burst per command. The requester must offer a command
// only when all the data of its burst is available, so that a burst, once presented, always
// completes, and must never request a burst that crosses 4 KiB. No W beat comes before its AW is
// presented. B responses with an ID other than id_i belong to bursts from before a reset and are
// dropped, as are all responses in reset.
// Latency: 1 clock from a command to m_axi_awvalid, 1 clock from a beat to m_axi_wvalid.
// Throughput: one command every 2 clocks with one burst of AW ahead of W; one beat a clock without
// a gap between bursts of 4 beats or more.

module axi_write_master #(
  parameter int DataBits = 512,      // bits of a beat: a power of two, 8..1024
  parameter int MaxOutstanding = 16  // bursts requested and not yet acknowledged
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  /// no further burst is presented; those presented are completed
  input  logic                  stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                  id_i,
  input  logic                  cmd_valid_i,
  output logic                  cmd_ready_o,
  input  logic [63:0]           cmd_addr_i,
  /// beats of the burst: 1..256
  input  logic [8:0]            cmd_beats_i,
  input  logic                  data_valid_i,
  output logic                  data_ready_o,
  input  logic [DataBits-1:0]   data_i,
  input  logic [DataBits/8-1:0] strb_i,
  /// pulse: one burst acknowledged, with whatever response
  output logic                  done_o,
  /// every burst taken has been acknowledged
  output logic                  idle_o,
  /// pulse, with done_o: BRESP != OKAY
  output logic                  error_o,
  /// pulse: an AW or a W beat was accepted or a B came, in the clock before
  output logic                  progress_o,
  output logic                  m_axi_awvalid,
  input  logic                  m_axi_awready,
  output logic [63:0]           m_axi_awaddr,
  output logic [7:0]            m_axi_awlen,
  output logic [0:0]            m_axi_awid,
  output logic                  m_axi_wvalid,
  input  logic                  m_axi_wready,
  output logic [DataBits-1:0]   m_axi_wdata,
  output logic [DataBits/8-1:0] m_axi_wstrb,
  output logic                  m_axi_wlast,
  input  logic                  m_axi_bvalid,
  output logic                  m_axi_bready,
  input  logic [1:0]            m_axi_bresp,
  input  logic [0:0]            m_axi_bid
);

  initial begin
    if (DataBits < 8 || DataBits > 1024 || !sizes_pkg::is_power_of_two(DataBits)) begin
      $fatal(1, "axi_write_master: DataBits must be a power of two, 8 to 1024");
    end
    if (MaxOutstanding < 1) $fatal(1, "axi_write_master: MaxOutstanding must be at least 1");
  end

  localparam int CountBits = $clog2(MaxOutstanding + 1);
  localparam int BeatBits = DataBits + DataBits / 8 + 1;

  logic                 awvalid_q;
  logic [63:0]          awaddr_q;
  logic [7:0]           awlen_q;
  logic                 next_valid_q;   // a burst whose AW is presented waits for its turn on W
  logic [8:0]           next_beats_q;
  logic                 active_q;       // a burst takes beats
  logic [8:0]           left_q;         // beats it still takes
  logic                 last_q;         // left_q == 1
  logic                 skid_valid_q;
  logic [BeatBits-1:0]  skid_q;
  logic                 wvalid_q;
  logic [BeatBits-1:0]  w_q;
  logic [BeatBits-1:0]  beat;
  logic                 done_q;
  logic                 error_q;
  logic [CountBits-1:0] count_q;        // bursts taken as a command and not yet acknowledged
  logic [CountBits-1:0] count_d;
  logic                 room_q;
  logic                 idle_q;
  logic                 take;
  logic                 fire;
  logic                 turn;
  logic                 w_free;
  logic                 answer;
  logic                 progress_q;

  // All that is outstanding has one identifier: every answer counts for the oldest burst.
  assign answer = m_axi_bvalid && (m_axi_bid == id_i);

  // The ready of the slave does not reach cmd_ready_o: the slot has to be seen empty first.
  assign cmd_ready_o = !awvalid_q && !next_valid_q && room_q && !stop_i;
  assign take        = cmd_valid_i && cmd_ready_o;

  // Nor does m_axi_wready reach data_ready_o: the skid register catches the beat that was on its
  // way when the slave stalled.
  assign data_ready_o = active_q && !skid_valid_q;
  assign fire         = data_valid_i && data_ready_o;
  assign turn         = next_valid_q && (!active_q || (fire && last_q));
  assign beat         = {last_q, strb_i, data_i};
  assign w_free       = !wvalid_q || m_axi_wready;

  always_comb begin
    count_d = count_q;
    if (take && !done_q) count_d = count_q + 1'b1;
    if (!take && done_q) count_d = count_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      awvalid_q    <= 1'b0;
      next_valid_q <= 1'b0;
      active_q     <= 1'b0;
      skid_valid_q <= 1'b0;
      wvalid_q     <= 1'b0;
      done_q       <= 1'b0;
      count_q      <= '0;
      room_q       <= 1'b0;
      idle_q       <= 1'b1;
      progress_q   <= 1'b0;
    end else begin
      awvalid_q    <= take || (awvalid_q && !m_axi_awready);
      next_valid_q <= take || (next_valid_q && !turn);
      active_q     <= turn || (active_q && !(fire && last_q));
      skid_valid_q <= (skid_valid_q || fire) && !w_free;
      wvalid_q     <= skid_valid_q || fire || (wvalid_q && !m_axi_wready);
      done_q       <= answer;
      count_q      <= count_d;
      room_q       <= (count_d != CountBits'(MaxOutstanding));
      idle_q       <= (count_d == '0);
      progress_q   <= answer || (awvalid_q && m_axi_awready) || (wvalid_q && m_axi_wready);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      awaddr_q     <= cmd_addr_i;
      awlen_q      <= 8'(cmd_beats_i - 1'b1);
      next_beats_q <= cmd_beats_i;
    end
    if (turn) begin
      left_q <= next_beats_q;
      last_q <= (next_beats_q == 9'd1);
    end else if (fire) begin
      left_q <= left_q - 1'b1;
      last_q <= (left_q == 9'd2);
    end
    if (!skid_valid_q) skid_q <= beat;
    if (w_free) w_q <= skid_valid_q ? skid_q : beat;
    error_q <= (m_axi_bresp != 2'b00);
  end

  assign done_o  = done_q;
  assign idle_o  = idle_q;
  assign error_o = done_q && error_q;

  assign progress_o = progress_q;

  assign m_axi_awvalid = awvalid_q;
  assign m_axi_awaddr  = awaddr_q;
  assign m_axi_awlen   = awlen_q;
  assign m_axi_awid    = id_i;
  assign m_axi_wvalid  = wvalid_q;
  assign m_axi_wdata   = w_q[DataBits-1:0];
  assign m_axi_wstrb   = w_q[DataBits+:DataBits/8];
  assign m_axi_wlast   = w_q[BeatBits-1];
  assign m_axi_bready  = 1'b1;

endmodule
