// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// crocuta_board: the kernel for a board without external memory: three on-chip memories behind its
// ports, and a UART for the host.
//
//      rx --> uart_bridge --registers--> crocuta_kernel <--> axi_ram: spectra of x
//      tx <--           |                      ^     ^
//                       |                      |     '-----> axi_ram: spectra of h
//                       '--memory--> axi_ram: x, h, y
//
// uart_bridge.sv defines the protocol on the UART. Each memory starts at address 0.

module crocuta_board #(
  parameter int Lanes = 2,
  parameter int Chunk = 4096,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 18,
  parameter int MaxLengthLog2 = 22,
  parameter int Outputs = 1,
  parameter TwiddleDir = "",
  parameter int SamplesBeats = 4096,  // capacity of the memory of x, h and y
  parameter int SpectraBeats = 4096,  // capacity of each memory of spectra
  parameter int ClocksPerBit = 80     // UART bit time after reset
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_i,
  output logic       tx_o,
  /// a job is done and not yet acknowledged
  output logic       interrupt_o
);

  localparam int AxiBits = 64 * Lanes;
  localparam int SamplesWords = AxiBits / 32 * SamplesBeats;
  localparam int HostAddrBits = $clog2(SamplesWords);

  logic                         host_valid;
  logic                         host_ready;
  logic                         host_write;
  logic [HostAddrBits-1:0]      host_addr;
  logic [31:0]                  host_wdata;
  logic                         host_rvalid;
  logic [31:0]                  host_rdata;
  logic                         control_awvalid;
  logic                         control_awready;
  logic [11:0]                  control_awaddr;
  logic                         control_wvalid;
  logic                         control_wready;
  logic [31:0]                  control_wdata;
  logic [3:0]                   control_wstrb;
  logic                         control_bvalid;
  logic                         control_bready;
  logic [1:0]                   control_bresp;
  logic                         control_arvalid;
  logic                         control_arready;
  logic [11:0]                  control_araddr;
  logic                         control_rvalid;
  logic                         control_rready;
  logic [31:0]                  control_rdata;
  logic [1:0]                   control_rresp;

  logic                         samples_awvalid;
  logic                         samples_awready;
  logic [63:0]                  samples_awaddr;
  logic [7:0]                   samples_awlen;
  logic [0:0]                   samples_awid;
  logic                         samples_wvalid;
  logic                         samples_wready;
  logic [AxiBits-1:0]           samples_wdata;
  logic [AxiBits/8-1:0]         samples_wstrb;
  logic                         samples_bvalid;
  logic                         samples_bready;
  logic [1:0]                   samples_bresp;
  logic [0:0]                   samples_bid;
  logic                         samples_arvalid;
  logic                         samples_arready;
  logic [63:0]                  samples_araddr;
  logic [7:0]                   samples_arlen;
  logic [0:0]                   samples_arid;
  logic                         samples_rvalid;
  logic                         samples_rready;
  logic [AxiBits-1:0]           samples_rdata;
  logic [1:0]                   samples_rresp;
  logic                         samples_rlast;
  logic [0:0]                   samples_rid;

  logic                         x_spectra_awvalid;
  logic                         x_spectra_awready;
  logic [63:0]                  x_spectra_awaddr;
  logic [7:0]                   x_spectra_awlen;
  logic [0:0]                   x_spectra_awid;
  logic                         x_spectra_wvalid;
  logic                         x_spectra_wready;
  logic [AxiBits-1:0]           x_spectra_wdata;
  logic [AxiBits/8-1:0]         x_spectra_wstrb;
  logic                         x_spectra_bvalid;
  logic                         x_spectra_bready;
  logic [1:0]                   x_spectra_bresp;
  logic [0:0]                   x_spectra_bid;
  logic                         x_spectra_arvalid;
  logic                         x_spectra_arready;
  logic [63:0]                  x_spectra_araddr;
  logic [7:0]                   x_spectra_arlen;
  logic [0:0]                   x_spectra_arid;
  logic                         x_spectra_rvalid;
  logic                         x_spectra_rready;
  logic [AxiBits-1:0]           x_spectra_rdata;
  logic [1:0]                   x_spectra_rresp;
  logic                         x_spectra_rlast;
  logic [0:0]                   x_spectra_rid;

  logic                         h_spectra_awvalid;
  logic                         h_spectra_awready;
  logic [63:0]                  h_spectra_awaddr;
  logic [7:0]                   h_spectra_awlen;
  logic [0:0]                   h_spectra_awid;
  logic                         h_spectra_wvalid;
  logic                         h_spectra_wready;
  logic [AxiBits-1:0]           h_spectra_wdata;
  logic [AxiBits/8-1:0]         h_spectra_wstrb;
  logic                         h_spectra_bvalid;
  logic                         h_spectra_bready;
  logic [1:0]                   h_spectra_bresp;
  logic [0:0]                   h_spectra_bid;
  logic                         h_spectra_arvalid;
  logic                         h_spectra_arready;
  logic [63:0]                  h_spectra_araddr;
  logic [7:0]                   h_spectra_arlen;
  logic [0:0]                   h_spectra_arid;
  logic                         h_spectra_rvalid;
  logic                         h_spectra_rready;
  logic [AxiBits-1:0]           h_spectra_rdata;
  logic [1:0]                   h_spectra_rresp;
  logic                         h_spectra_rlast;
  logic [0:0]                   h_spectra_rid;

  uart_bridge #(
    .ClocksPerBit(ClocksPerBit),
    .MemWords    (SamplesWords)
  ) u_bridge (
    .clk_i                (clk_i),
    .rst_ni               (rst_ni),
    .rx_i                 (rx_i),
    .tx_o                 (tx_o),
    .mem_valid_o          (host_valid),
    .mem_ready_i          (host_ready),
    .mem_write_o          (host_write),
    .mem_addr_o           (host_addr),
    .mem_wdata_o          (host_wdata),
    .mem_rvalid_i         (host_rvalid),
    .mem_rdata_i          (host_rdata),
    .m_axi_control_awvalid(control_awvalid),
    .m_axi_control_awready(control_awready),
    .m_axi_control_awaddr (control_awaddr),
    .m_axi_control_wvalid (control_wvalid),
    .m_axi_control_wready (control_wready),
    .m_axi_control_wdata  (control_wdata),
    .m_axi_control_wstrb  (control_wstrb),
    .m_axi_control_bvalid (control_bvalid),
    .m_axi_control_bready (control_bready),
    .m_axi_control_bresp  (control_bresp),
    .m_axi_control_arvalid(control_arvalid),
    .m_axi_control_arready(control_arready),
    .m_axi_control_araddr (control_araddr),
    .m_axi_control_rvalid (control_rvalid),
    .m_axi_control_rready (control_rready),
    .m_axi_control_rdata  (control_rdata),
    .m_axi_control_rresp  (control_rresp)
  );

  // Waived: the open ports are burst attributes that are constant here, and the host ports of
  // memories that the host does not access.
  // verilator lint_off PINCONNECTEMPTY

  crocuta_kernel #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MantissaBits (MantissaBits),
    .ExponentBits (ExponentBits),
    .TwiddleBits  (TwiddleBits),
    .MaxLengthLog2(MaxLengthLog2),
    .Outputs      (Outputs),
    .TwiddleDir   (TwiddleDir)
  ) u_kernel (
    .ap_clk                 (clk_i),
    .ap_rst_n               (rst_ni),
    .interrupt              (interrupt_o),
    .s_axi_control_awvalid  (control_awvalid),
    .s_axi_control_awready  (control_awready),
    .s_axi_control_awaddr   (control_awaddr),
    .s_axi_control_wvalid   (control_wvalid),
    .s_axi_control_wready   (control_wready),
    .s_axi_control_wdata    (control_wdata),
    .s_axi_control_wstrb    (control_wstrb),
    .s_axi_control_bvalid   (control_bvalid),
    .s_axi_control_bready   (control_bready),
    .s_axi_control_bresp    (control_bresp),
    .s_axi_control_arvalid  (control_arvalid),
    .s_axi_control_arready  (control_arready),
    .s_axi_control_araddr   (control_araddr),
    .s_axi_control_rvalid   (control_rvalid),
    .s_axi_control_rready   (control_rready),
    .s_axi_control_rdata    (control_rdata),
    .s_axi_control_rresp    (control_rresp),
    .m_axi_samples_awvalid  (samples_awvalid),
    .m_axi_samples_awready  (samples_awready),
    .m_axi_samples_awaddr   (samples_awaddr),
    .m_axi_samples_awlen    (samples_awlen),
    .m_axi_samples_awsize   (),
    .m_axi_samples_awburst  (),
    .m_axi_samples_awid     (samples_awid),
    .m_axi_samples_awcache  (),
    .m_axi_samples_awprot   (),
    .m_axi_samples_wvalid   (samples_wvalid),
    .m_axi_samples_wready   (samples_wready),
    .m_axi_samples_wdata    (samples_wdata),
    .m_axi_samples_wstrb    (samples_wstrb),
    .m_axi_samples_wlast    (),
    .m_axi_samples_bvalid   (samples_bvalid),
    .m_axi_samples_bready   (samples_bready),
    .m_axi_samples_bresp    (samples_bresp),
    .m_axi_samples_bid      (samples_bid),
    .m_axi_samples_arvalid  (samples_arvalid),
    .m_axi_samples_arready  (samples_arready),
    .m_axi_samples_araddr   (samples_araddr),
    .m_axi_samples_arlen    (samples_arlen),
    .m_axi_samples_arsize   (),
    .m_axi_samples_arburst  (),
    .m_axi_samples_arid     (samples_arid),
    .m_axi_samples_arcache  (),
    .m_axi_samples_arprot   (),
    .m_axi_samples_rvalid   (samples_rvalid),
    .m_axi_samples_rready   (samples_rready),
    .m_axi_samples_rdata    (samples_rdata),
    .m_axi_samples_rresp    (samples_rresp),
    .m_axi_samples_rlast    (samples_rlast),
    .m_axi_samples_rid      (samples_rid),
    .m_axi_x_spectra_awvalid(x_spectra_awvalid),
    .m_axi_x_spectra_awready(x_spectra_awready),
    .m_axi_x_spectra_awaddr (x_spectra_awaddr),
    .m_axi_x_spectra_awlen  (x_spectra_awlen),
    .m_axi_x_spectra_awsize (),
    .m_axi_x_spectra_awburst(),
    .m_axi_x_spectra_awid   (x_spectra_awid),
    .m_axi_x_spectra_awcache(),
    .m_axi_x_spectra_awprot (),
    .m_axi_x_spectra_wvalid (x_spectra_wvalid),
    .m_axi_x_spectra_wready (x_spectra_wready),
    .m_axi_x_spectra_wdata  (x_spectra_wdata),
    .m_axi_x_spectra_wstrb  (x_spectra_wstrb),
    .m_axi_x_spectra_wlast  (),
    .m_axi_x_spectra_bvalid (x_spectra_bvalid),
    .m_axi_x_spectra_bready (x_spectra_bready),
    .m_axi_x_spectra_bresp  (x_spectra_bresp),
    .m_axi_x_spectra_bid    (x_spectra_bid),
    .m_axi_x_spectra_arvalid(x_spectra_arvalid),
    .m_axi_x_spectra_arready(x_spectra_arready),
    .m_axi_x_spectra_araddr (x_spectra_araddr),
    .m_axi_x_spectra_arlen  (x_spectra_arlen),
    .m_axi_x_spectra_arsize (),
    .m_axi_x_spectra_arburst(),
    .m_axi_x_spectra_arid   (x_spectra_arid),
    .m_axi_x_spectra_arcache(),
    .m_axi_x_spectra_arprot (),
    .m_axi_x_spectra_rvalid (x_spectra_rvalid),
    .m_axi_x_spectra_rready (x_spectra_rready),
    .m_axi_x_spectra_rdata  (x_spectra_rdata),
    .m_axi_x_spectra_rresp  (x_spectra_rresp),
    .m_axi_x_spectra_rlast  (x_spectra_rlast),
    .m_axi_x_spectra_rid    (x_spectra_rid),
    .m_axi_h_spectra_awvalid(h_spectra_awvalid),
    .m_axi_h_spectra_awready(h_spectra_awready),
    .m_axi_h_spectra_awaddr (h_spectra_awaddr),
    .m_axi_h_spectra_awlen  (h_spectra_awlen),
    .m_axi_h_spectra_awsize (),
    .m_axi_h_spectra_awburst(),
    .m_axi_h_spectra_awid   (h_spectra_awid),
    .m_axi_h_spectra_awcache(),
    .m_axi_h_spectra_awprot (),
    .m_axi_h_spectra_wvalid (h_spectra_wvalid),
    .m_axi_h_spectra_wready (h_spectra_wready),
    .m_axi_h_spectra_wdata  (h_spectra_wdata),
    .m_axi_h_spectra_wstrb  (h_spectra_wstrb),
    .m_axi_h_spectra_wlast  (),
    .m_axi_h_spectra_bvalid (h_spectra_bvalid),
    .m_axi_h_spectra_bready (h_spectra_bready),
    .m_axi_h_spectra_bresp  (h_spectra_bresp),
    .m_axi_h_spectra_bid    (h_spectra_bid),
    .m_axi_h_spectra_arvalid(h_spectra_arvalid),
    .m_axi_h_spectra_arready(h_spectra_arready),
    .m_axi_h_spectra_araddr (h_spectra_araddr),
    .m_axi_h_spectra_arlen  (h_spectra_arlen),
    .m_axi_h_spectra_arsize (),
    .m_axi_h_spectra_arburst(),
    .m_axi_h_spectra_arid   (h_spectra_arid),
    .m_axi_h_spectra_arcache(),
    .m_axi_h_spectra_arprot (),
    .m_axi_h_spectra_rvalid (h_spectra_rvalid),
    .m_axi_h_spectra_rready (h_spectra_rready),
    .m_axi_h_spectra_rdata  (h_spectra_rdata),
    .m_axi_h_spectra_rresp  (h_spectra_rresp),
    .m_axi_h_spectra_rlast  (h_spectra_rlast),
    .m_axi_h_spectra_rid    (h_spectra_rid)
  );

  axi_ram #(
    .DataBits(AxiBits),
    .Beats   (SamplesBeats)
  ) u_samples (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .host_valid_i (host_valid),
    .host_ready_o (host_ready),
    .host_write_i (host_write),
    .host_addr_i  (host_addr),
    .host_wdata_i (host_wdata),
    .host_rvalid_o(host_rvalid),
    .host_rdata_o (host_rdata),
    .s_axi_awvalid(samples_awvalid),
    .s_axi_awready(samples_awready),
    .s_axi_awaddr (samples_awaddr),
    .s_axi_awlen  (samples_awlen),
    .s_axi_awid   (samples_awid),
    .s_axi_wvalid (samples_wvalid),
    .s_axi_wready (samples_wready),
    .s_axi_wdata  (samples_wdata),
    .s_axi_wstrb  (samples_wstrb),
    .s_axi_bvalid (samples_bvalid),
    .s_axi_bready (samples_bready),
    .s_axi_bresp  (samples_bresp),
    .s_axi_bid    (samples_bid),
    .s_axi_arvalid(samples_arvalid),
    .s_axi_arready(samples_arready),
    .s_axi_araddr (samples_araddr),
    .s_axi_arlen  (samples_arlen),
    .s_axi_arid   (samples_arid),
    .s_axi_rvalid (samples_rvalid),
    .s_axi_rready (samples_rready),
    .s_axi_rdata  (samples_rdata),
    .s_axi_rresp  (samples_rresp),
    .s_axi_rlast  (samples_rlast),
    .s_axi_rid    (samples_rid)
  );

  axi_ram #(
    .DataBits(AxiBits),
    .Beats   (SpectraBeats)
  ) u_x_spectra (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .host_valid_i (1'b0),
    .host_ready_o (),
    .host_write_i (1'b0),
    .host_addr_i  ('0),
    .host_wdata_i ('0),
    .host_rvalid_o(),
    .host_rdata_o (),
    .s_axi_awvalid(x_spectra_awvalid),
    .s_axi_awready(x_spectra_awready),
    .s_axi_awaddr (x_spectra_awaddr),
    .s_axi_awlen  (x_spectra_awlen),
    .s_axi_awid   (x_spectra_awid),
    .s_axi_wvalid (x_spectra_wvalid),
    .s_axi_wready (x_spectra_wready),
    .s_axi_wdata  (x_spectra_wdata),
    .s_axi_wstrb  (x_spectra_wstrb),
    .s_axi_bvalid (x_spectra_bvalid),
    .s_axi_bready (x_spectra_bready),
    .s_axi_bresp  (x_spectra_bresp),
    .s_axi_bid    (x_spectra_bid),
    .s_axi_arvalid(x_spectra_arvalid),
    .s_axi_arready(x_spectra_arready),
    .s_axi_araddr (x_spectra_araddr),
    .s_axi_arlen  (x_spectra_arlen),
    .s_axi_arid   (x_spectra_arid),
    .s_axi_rvalid (x_spectra_rvalid),
    .s_axi_rready (x_spectra_rready),
    .s_axi_rdata  (x_spectra_rdata),
    .s_axi_rresp  (x_spectra_rresp),
    .s_axi_rlast  (x_spectra_rlast),
    .s_axi_rid    (x_spectra_rid)
  );

  axi_ram #(
    .DataBits(AxiBits),
    .Beats   (SpectraBeats)
  ) u_h_spectra (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .host_valid_i (1'b0),
    .host_ready_o (),
    .host_write_i (1'b0),
    .host_addr_i  ('0),
    .host_wdata_i ('0),
    .host_rvalid_o(),
    .host_rdata_o (),
    .s_axi_awvalid(h_spectra_awvalid),
    .s_axi_awready(h_spectra_awready),
    .s_axi_awaddr (h_spectra_awaddr),
    .s_axi_awlen  (h_spectra_awlen),
    .s_axi_awid   (h_spectra_awid),
    .s_axi_wvalid (h_spectra_wvalid),
    .s_axi_wready (h_spectra_wready),
    .s_axi_wdata  (h_spectra_wdata),
    .s_axi_wstrb  (h_spectra_wstrb),
    .s_axi_bvalid (h_spectra_bvalid),
    .s_axi_bready (h_spectra_bready),
    .s_axi_bresp  (h_spectra_bresp),
    .s_axi_bid    (h_spectra_bid),
    .s_axi_arvalid(h_spectra_arvalid),
    .s_axi_arready(h_spectra_arready),
    .s_axi_araddr (h_spectra_araddr),
    .s_axi_arlen  (h_spectra_arlen),
    .s_axi_arid   (h_spectra_arid),
    .s_axi_rvalid (h_spectra_rvalid),
    .s_axi_rready (h_spectra_rready),
    .s_axi_rdata  (h_spectra_rdata),
    .s_axi_rresp  (h_spectra_rresp),
    .s_axi_rlast  (h_spectra_rlast),
    .s_axi_rid    (h_spectra_rid)
  );

  // verilator lint_on PINCONNECTEMPTY

endmodule
