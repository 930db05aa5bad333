// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_read_master: turns burst commands into AXI4 INCR read bursts and delivers their beats in
// order.
// Handshake: cmd valid/ready, one burst per command. The data has no ready: the requester must have
// reserved space for a whole burst (m_axi_rready is constantly 1), and must never request a burst
// that crosses 4 KiB. R beats with an ID other than id_i belong to bursts from before a reset and
// are dropped, as are all beats in reset.
// Latency: 1 clock from a command to m_axi_arvalid, 1 clock from an R beat to data_valid_o.
// Throughput: one command every 2 clocks, one beat a clock.

module axi_read_master #(
  parameter int DataBits = 512,      // bits of a beat: a power of two, 8..1024
  parameter int MaxOutstanding = 16  // bursts requested and not yet complete
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  /// no further burst is presented; one already presented stays until it is accepted
  input  logic                stop_i,
  /// the ID of every burst; changes in reset only
  input  logic                id_i,
  input  logic                cmd_valid_i,
  output logic                cmd_ready_o,
  input  logic [63:0]         cmd_addr_i,
  /// beats of the burst: 1..256
  input  logic [8:0]          cmd_beats_i,
  output logic                data_valid_o,
  output logic [DataBits-1:0] data_o,
  output logic                data_last_o,
  /// nothing presented, nothing outstanding, the last beat handed out
  output logic                idle_o,
  /// pulse: the beat handed out in this clock came with RRESP != OKAY
  output logic                error_o,
  /// pulse: an AR was accepted or an R beat came, in the clock before
  output logic                progress_o,
  output logic                m_axi_arvalid,
  input  logic                m_axi_arready,
  output logic [63:0]         m_axi_araddr,
  output logic [7:0]          m_axi_arlen,
  output logic [0:0]          m_axi_arid,
  input  logic                m_axi_rvalid,
  output logic                m_axi_rready,
  input  logic [DataBits-1:0] m_axi_rdata,
  input  logic [1:0]          m_axi_rresp,
  input  logic                m_axi_rlast,
  input  logic [0:0]          m_axi_rid
);

  initial begin
    if (DataBits < 8 || DataBits > 1024 || !sizes_pkg::is_power_of_two(DataBits)) begin
      $fatal(1, "axi_read_master: DataBits must be a power of two, 8 to 1024");
    end
    if (MaxOutstanding < 1) $fatal(1, "axi_read_master: MaxOutstanding must be at least 1");
  end

  localparam int CountBits = $clog2(MaxOutstanding + 1);

  logic                 arvalid_q;
  logic [63:0]          araddr_q;
  logic [7:0]           arlen_q;
  logic                 rvalid_q;
  logic                 rlast_q;
  logic                 rerror_q;
  logic [DataBits-1:0]  rdata_q;
  logic [CountBits-1:0] count_q;  // bursts taken as a command and not yet handed out whole
  logic [CountBits-1:0] count_d;
  logic                 room_q;
  logic                 idle_q;
  logic                 take;
  logic                 finish;
  logic                 answer;
  logic                 progress_q;

  // All that is outstanding has one identifier: it comes back in order.
  assign answer = m_axi_rvalid && (m_axi_rid == id_i);

  // The ready of the slave does not reach cmd_ready_o: the slot has to be seen empty first.
  assign cmd_ready_o = !arvalid_q && room_q && !stop_i;
  assign take        = cmd_valid_i && cmd_ready_o;
  assign finish      = rvalid_q && rlast_q;

  always_comb begin
    count_d = count_q;
    if (take && !finish) count_d = count_q + 1'b1;
    if (!take && finish) count_d = count_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      arvalid_q  <= 1'b0;
      rvalid_q   <= 1'b0;
      count_q    <= '0;
      room_q     <= 1'b0;
      idle_q     <= 1'b1;
      progress_q <= 1'b0;
    end else begin
      arvalid_q  <= take || (arvalid_q && !m_axi_arready);
      rvalid_q   <= answer;
      count_q    <= count_d;
      room_q     <= (count_d != CountBits'(MaxOutstanding));
      idle_q     <= (count_d == '0);
      progress_q <= answer || (arvalid_q && m_axi_arready);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      araddr_q <= cmd_addr_i;
      arlen_q  <= 8'(cmd_beats_i - 1'b1);
    end
    rlast_q  <= m_axi_rlast;
    rerror_q <= (m_axi_rresp != 2'b00);
    rdata_q  <= m_axi_rdata;
  end

  assign data_valid_o = rvalid_q;
  assign data_o       = rdata_q;
  assign data_last_o  = rlast_q;
  assign idle_o       = idle_q;
  assign error_o      = rvalid_q && rerror_q;
  assign progress_o   = progress_q;

  assign m_axi_arvalid = arvalid_q;
  assign m_axi_araddr  = araddr_q;
  assign m_axi_arlen   = arlen_q;
  assign m_axi_arid    = id_i;
  assign m_axi_rready  = 1'b1;

endmodule
