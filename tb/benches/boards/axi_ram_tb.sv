// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_ram_tb: axi_ram with the AXI4 signals that it does not need and a master model drives.

module axi_ram_tb #(
  parameter int DataBits = 128,
  parameter int Beats = 256,
  localparam int HostAddrBits = $clog2(DataBits / 32 * Beats)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic                    host_valid_i,
  output logic                    host_ready_o,
  input  logic                    host_write_i,
  input  logic [HostAddrBits-1:0] host_addr_i,
  input  logic [31:0]             host_wdata_i,
  output logic                    host_rvalid_o,
  output logic [31:0]             host_rdata_o,
  input  logic                    s_axi_awvalid,
  output logic                    s_axi_awready,
  input  logic [63:0]             s_axi_awaddr,
  input  logic [7:0]              s_axi_awlen,
  input  logic [2:0]              s_axi_awsize,
  input  logic [1:0]              s_axi_awburst,
  input  logic [0:0]              s_axi_awid,
  input  logic                    s_axi_wvalid,
  output logic                    s_axi_wready,
  input  logic [DataBits-1:0]     s_axi_wdata,
  input  logic [DataBits/8-1:0]   s_axi_wstrb,
  input  logic                    s_axi_wlast,
  output logic                    s_axi_bvalid,
  input  logic                    s_axi_bready,
  output logic [1:0]              s_axi_bresp,
  output logic [0:0]              s_axi_bid,
  input  logic                    s_axi_arvalid,
  output logic                    s_axi_arready,
  input  logic [63:0]             s_axi_araddr,
  input  logic [7:0]              s_axi_arlen,
  input  logic [2:0]              s_axi_arsize,
  input  logic [1:0]              s_axi_arburst,
  input  logic [0:0]              s_axi_arid,
  output logic                    s_axi_rvalid,
  input  logic                    s_axi_rready,
  output logic [DataBits-1:0]     s_axi_rdata,
  output logic [1:0]              s_axi_rresp,
  output logic                    s_axi_rlast,
  output logic [0:0]              s_axi_rid
);

  logic unused_master;

  // Bursts are INCR, of whole beats.
  assign unused_master = ^{s_axi_awsize, s_axi_awburst, s_axi_wlast, s_axi_arsize, s_axi_arburst};

  axi_ram #(
    .DataBits(DataBits),
    .Beats   (Beats)
  ) u_axi_ram (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .host_valid_i (host_valid_i),
    .host_ready_o (host_ready_o),
    .host_write_i (host_write_i),
    .host_addr_i  (host_addr_i),
    .host_wdata_i (host_wdata_i),
    .host_rvalid_o(host_rvalid_o),
    .host_rdata_o (host_rdata_o),
    .s_axi_awvalid(s_axi_awvalid),
    .s_axi_awready(s_axi_awready),
    .s_axi_awaddr (s_axi_awaddr),
    .s_axi_awlen  (s_axi_awlen),
    .s_axi_awid   (s_axi_awid),
    .s_axi_wvalid (s_axi_wvalid),
    .s_axi_wready (s_axi_wready),
    .s_axi_wdata  (s_axi_wdata),
    .s_axi_wstrb  (s_axi_wstrb),
    .s_axi_bvalid (s_axi_bvalid),
    .s_axi_bready (s_axi_bready),
    .s_axi_bresp  (s_axi_bresp),
    .s_axi_bid    (s_axi_bid),
    .s_axi_arvalid(s_axi_arvalid),
    .s_axi_arready(s_axi_arready),
    .s_axi_araddr (s_axi_araddr),
    .s_axi_arlen  (s_axi_arlen),
    .s_axi_arid   (s_axi_arid),
    .s_axi_rvalid (s_axi_rvalid),
    .s_axi_rready (s_axi_rready),
    .s_axi_rdata  (s_axi_rdata),
    .s_axi_rresp  (s_axi_rresp),
    .s_axi_rlast  (s_axi_rlast),
    .s_axi_rid    (s_axi_rid)
  );

endmodule
