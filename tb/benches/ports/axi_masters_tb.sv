// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_masters_tb: axi_read_master and axi_write_master as the two halves of one AXI4 port. With
// late_r_i and late_b_i an answer to a burst that a reset has cut off comes instead of the slave's.
// Handshake, latency and throughput: those of the masters.

module axi_masters_tb #(
  parameter int DataBits = 128,
  parameter int MaxOutstanding = 4
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  stop_i,
  input  logic                  id_i,
  input  logic                  late_r_i,
  input  logic                  late_last_i,
  input  logic                  late_b_i,
  input  logic                  read_valid_i,
  output logic                  read_ready_o,
  input  logic [63:0]           read_addr_i,
  input  logic [8:0]            read_beats_i,
  output logic                  data_valid_o,
  output logic [DataBits-1:0]   data_o,
  output logic                  data_last_o,
  output logic                  read_idle_o,
  output logic                  read_error_o,
  output logic                  read_progress_o,
  input  logic                  write_valid_i,
  output logic                  write_ready_o,
  input  logic [63:0]           write_addr_i,
  input  logic [8:0]            write_beats_i,
  input  logic                  data_valid_i,
  output logic                  data_ready_o,
  input  logic [DataBits-1:0]   data_i,
  input  logic [DataBits/8-1:0] strb_i,
  output logic                  done_o,
  output logic                  write_idle_o,
  output logic                  write_error_o,
  output logic                  write_progress_o,
  output logic                  m_axi_arvalid,
  input  logic                  m_axi_arready,
  output logic [63:0]           m_axi_araddr,
  output logic [7:0]            m_axi_arlen,
  output logic [2:0]            m_axi_arsize,
  output logic [1:0]            m_axi_arburst,
  output logic [0:0]            m_axi_arid,
  output logic [3:0]            m_axi_arcache,
  output logic [2:0]            m_axi_arprot,
  input  logic                  m_axi_rvalid,
  output logic                  m_axi_rready,
  input  logic [DataBits-1:0]   m_axi_rdata,
  input  logic [1:0]            m_axi_rresp,
  input  logic                  m_axi_rlast,
  input  logic [0:0]            m_axi_rid,
  output logic                  m_axi_awvalid,
  input  logic                  m_axi_awready,
  output logic [63:0]           m_axi_awaddr,
  output logic [7:0]            m_axi_awlen,
  output logic [2:0]            m_axi_awsize,
  output logic [1:0]            m_axi_awburst,
  output logic [0:0]            m_axi_awid,
  output logic [3:0]            m_axi_awcache,
  output logic [2:0]            m_axi_awprot,
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

  logic rready;
  logic bready;

  assign m_axi_rready = rready && !late_r_i;
  assign m_axi_bready = bready && !late_b_i;

  axi_read_master #(
    .DataBits      (DataBits),
    .MaxOutstanding(MaxOutstanding)
  ) u_read (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .cmd_valid_i  (read_valid_i),
    .cmd_ready_o  (read_ready_o),
    .cmd_addr_i   (read_addr_i),
    .cmd_beats_i  (read_beats_i),
    .data_valid_o (data_valid_o),
    .data_o       (data_o),
    .data_last_o  (data_last_o),
    .idle_o       (read_idle_o),
    .error_o      (read_error_o),
    .progress_o   (read_progress_o),
    .m_axi_arvalid(m_axi_arvalid),
    .m_axi_arready(m_axi_arready),
    .m_axi_araddr (m_axi_araddr),
    .m_axi_arlen  (m_axi_arlen),
    .m_axi_arid   (m_axi_arid),
    .m_axi_rvalid (m_axi_rvalid || late_r_i),
    .m_axi_rready (rready),
    .m_axi_rdata  (late_r_i ? ~m_axi_rdata : m_axi_rdata),
    .m_axi_rresp  (late_r_i ? 2'b10 : m_axi_rresp),
    .m_axi_rlast  (late_r_i ? late_last_i : m_axi_rlast),
    .m_axi_rid    (late_r_i ? !id_i : m_axi_rid)
  );

  axi_write_master #(
    .DataBits      (DataBits),
    .MaxOutstanding(MaxOutstanding)
  ) u_write (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (id_i),
    .cmd_valid_i  (write_valid_i),
    .cmd_ready_o  (write_ready_o),
    .cmd_addr_i   (write_addr_i),
    .cmd_beats_i  (write_beats_i),
    .data_valid_i (data_valid_i),
    .data_ready_o (data_ready_o),
    .data_i       (data_i),
    .strb_i       (strb_i),
    .done_o       (done_o),
    .idle_o       (write_idle_o),
    .error_o      (write_error_o),
    .progress_o   (write_progress_o),
    .m_axi_awvalid(m_axi_awvalid),
    .m_axi_awready(m_axi_awready),
    .m_axi_awaddr (m_axi_awaddr),
    .m_axi_awlen  (m_axi_awlen),
    .m_axi_awid   (m_axi_awid),
    .m_axi_wvalid (m_axi_wvalid),
    .m_axi_wready (m_axi_wready),
    .m_axi_wdata  (m_axi_wdata),
    .m_axi_wstrb  (m_axi_wstrb),
    .m_axi_wlast  (m_axi_wlast),
    .m_axi_bvalid (m_axi_bvalid || late_b_i),
    .m_axi_bready (bready),
    .m_axi_bresp  (late_b_i ? 2'b10 : m_axi_bresp),
    .m_axi_bid    (late_b_i ? !id_i : m_axi_bid)
  );

  // The masters leave what all bursts have in common to crocuta_kernel.
  assign m_axi_arsize  = 3'($clog2(DataBits / 8));
  assign m_axi_arburst = 2'b01;
  assign m_axi_arcache = 4'b0000;
  assign m_axi_arprot  = 3'b000;
  assign m_axi_awsize  = 3'($clog2(DataBits / 8));
  assign m_axi_awburst = 2'b01;
  assign m_axi_awcache = 4'b0000;
  assign m_axi_awprot  = 3'b000;

endmodule
