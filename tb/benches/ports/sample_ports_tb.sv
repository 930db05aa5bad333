// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// sample_ports_tb: the sample reader and the sample writer on one port of one memory, as in the
// kernel. With loop_i the writer takes what the reader brings.

module sample_ports_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int TileSlots = 4,
  parameter int Words = 1024,  // AXI beats in the memory
  localparam int AxiBits = 64 * Lanes,
  localparam int SampleBits = $clog2(Chunk) + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  stop_i,
  input  logic                  loop_i,
  // The memory's settings.
  input  logic [15:0]           latency_i,
  input  logic [15:0]           bandwidth_i,
  input  logic [15:0]           stall_i,
  input  logic [31:0]           seed_i,
  input  logic                  read_error_i,
  input  logic [63:0]           read_error_addr_i,
  input  logic                  write_error_i,
  input  logic [63:0]           write_error_addr_i,
  output logic                  protocol_error_o,
  output logic                  ar_o,
  output logic [63:0]           ar_addr_o,
  output logic [7:0]            ar_len_o,
  output logic                  aw_o,
  output logic [63:0]           aw_addr_o,
  output logic [7:0]            aw_len_o,
  output logic                  r_o,
  output logic                  w_last_o,
  output logic                  b_o,
  // The reader.
  input  logic                  load_valid_i,
  output logic                  load_ready_o,
  input  logic [63:0]           load_addr_i,
  input  logic [SampleBits-1:0] load_samples_i,
  input  logic                  out_ready_i,
  output logic [Lanes*32-1:0]   out_samples_o,
  output logic                  out_o,
  output logic                  reader_idle_o,
  output logic                  reader_error_o,
  output logic                  reader_pending_o,
  output logic                  reader_progress_o,
  // The writer.
  input  logic                  store_valid_i,
  output logic                  store_ready_o,
  input  logic [63:0]           store_addr_i,
  input  logic [SampleBits-1:0] store_samples_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [Lanes*32-1:0]   in_samples_i,
  output logic                  writer_idle_o,
  output logic                  writer_error_o,
  output logic                  writer_pending_o,
  output logic                  writer_progress_o
);

  // Where the memory begins: a carry into the upper half of an address is within the samples read.
  localparam logic [63:0] Base = 64'h0000_0013_0000_0000 - 64'(Words * AxiBits / 32);

  logic                 awvalid;
  logic                 awready;
  logic [63:0]          awaddr;
  logic [7:0]           awlen;
  logic [2:0]           awsize;
  logic [1:0]           awburst;
  logic [0:0]           awid;
  logic [3:0]           awcache;
  logic [2:0]           awprot;
  logic                 wvalid;
  logic                 wready;
  logic [AxiBits-1:0]   wdata;
  logic [AxiBits/8-1:0] wstrb;
  logic                 wlast;
  logic                 bvalid;
  logic                 bready;
  logic [1:0]           bresp;
  logic [0:0]           bid;
  logic                 arvalid;
  logic                 arready;
  logic [63:0]          araddr;
  logic [7:0]           arlen;
  logic [2:0]           arsize;
  logic [1:0]           arburst;
  logic [0:0]           arid;
  logic [3:0]           arcache;
  logic [2:0]           arprot;
  logic                 rvalid;
  logic                 rready;
  logic [AxiBits-1:0]   rdata;
  logic [1:0]           rresp;
  logic                 rlast;
  logic [0:0]           rid;
  logic                 out_valid;
  logic                 out_ready;
  logic                 writer_ready;

  assign ar_o       = arvalid && arready;
  assign ar_addr_o  = araddr - Base;
  assign ar_len_o   = arlen;
  assign aw_o       = awvalid && awready;
  assign aw_addr_o  = awaddr - Base;
  assign aw_len_o   = awlen;
  assign r_o        = rvalid && rready;
  assign w_last_o   = wvalid && wready && wlast;
  assign b_o        = bvalid && bready;
  assign out_ready  = loop_i ? writer_ready : out_ready_i;
  assign out_o      = out_valid && out_ready;
  assign in_ready_o = writer_ready && !loop_i;

  sample_reader #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .TileSlots(TileSlots)
  ) u_reader (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (1'b1),
    .cmd_valid_i  (load_valid_i),
    .cmd_ready_o  (load_ready_o),
    .cmd_addr_i   (load_addr_i + Base),
    .cmd_samples_i(load_samples_i),
    .valid_o      (out_valid),
    .ready_i      (out_ready),
    .samples_o    (out_samples_o),
    .idle_o       (reader_idle_o),
    .error_o      (reader_error_o),
    .pending_o    (reader_pending_o),
    .progress_o   (reader_progress_o),
    .m_axi_arvalid(arvalid),
    .m_axi_arready(arready),
    .m_axi_araddr (araddr),
    .m_axi_arlen  (arlen),
    .m_axi_arsize (arsize),
    .m_axi_arburst(arburst),
    .m_axi_arid   (arid),
    .m_axi_arcache(arcache),
    .m_axi_arprot (arprot),
    .m_axi_rvalid (rvalid),
    .m_axi_rready (rready),
    .m_axi_rdata  (rdata),
    .m_axi_rresp  (rresp),
    .m_axi_rlast  (rlast),
    .m_axi_rid    (rid)
  );

  sample_writer #(
    .Lanes    (Lanes),
    .Chunk    (Chunk),
    .TileSlots(TileSlots)
  ) u_writer (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (1'b1),
    .cmd_valid_i  (store_valid_i),
    .cmd_ready_o  (store_ready_o),
    .cmd_addr_i   (store_addr_i + Base),
    .cmd_samples_i(store_samples_i),
    .valid_i      (loop_i ? out_valid : in_valid_i),
    .ready_o      (writer_ready),
    .samples_i    (loop_i ? out_samples_o : in_samples_i),
    .idle_o       (writer_idle_o),
    .error_o      (writer_error_o),
    .pending_o    (writer_pending_o),
    .progress_o   (writer_progress_o),
    .m_axi_awvalid(awvalid),
    .m_axi_awready(awready),
    .m_axi_awaddr (awaddr),
    .m_axi_awlen  (awlen),
    .m_axi_awsize (awsize),
    .m_axi_awburst(awburst),
    .m_axi_awid   (awid),
    .m_axi_awcache(awcache),
    .m_axi_awprot (awprot),
    .m_axi_wvalid (wvalid),
    .m_axi_wready (wready),
    .m_axi_wdata  (wdata),
    .m_axi_wstrb  (wstrb),
    .m_axi_wlast  (wlast),
    .m_axi_bvalid (bvalid),
    .m_axi_bready (bready),
    .m_axi_bresp  (bresp),
    .m_axi_bid    (bid)
  );

  logic [63:0] unused_beats_read;
  logic [63:0] unused_beats_written;
  logic [3:0]  unused_breach;

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (Words)
  ) u_memory (
    .clk_i             (clk_i),
    .rst_ni            (rst_ni),
    .latency_i         (latency_i),
    .bandwidth_i       (bandwidth_i),
    .stall_i           (stall_i),
    .seed_i            (seed_i),
    .hold_i            (5'd0),
    .read_error_i      (read_error_i),
    .read_error_addr_i (read_error_addr_i),
    .write_error_i     (write_error_i),
    .write_error_addr_i(write_error_addr_i),
    .response_i        (2'b10),
    .quiet_i           (1'b0),
    .load_i            (1'b0),
    .dump_i            (1'b0),
    .file_i            ('0),
    .beats_read_o      (unused_beats_read),
    .beats_written_o   (unused_beats_written),
    .protocol_error_o  (protocol_error_o),
    .protocol_breach_o (unused_breach),
    .s_axi_awvalid     (awvalid),
    .s_axi_awready     (awready),
    .s_axi_awaddr      (aw_addr_o),
    .s_axi_awlen       (awlen),
    .s_axi_awsize      (awsize),
    .s_axi_awburst     (awburst),
    .s_axi_awid        (awid),
    .s_axi_awcache     (awcache),
    .s_axi_awprot      (awprot),
    .s_axi_wvalid      (wvalid),
    .s_axi_wready      (wready),
    .s_axi_wdata       (wdata),
    .s_axi_wstrb       (wstrb),
    .s_axi_wlast       (wlast),
    .s_axi_bvalid      (bvalid),
    .s_axi_bready      (bready),
    .s_axi_bresp       (bresp),
    .s_axi_bid         (bid),
    .s_axi_arvalid     (arvalid),
    .s_axi_arready     (arready),
    .s_axi_araddr      (ar_addr_o),
    .s_axi_arlen       (arlen),
    .s_axi_arsize      (arsize),
    .s_axi_arburst     (arburst),
    .s_axi_arid        (arid),
    .s_axi_arcache     (arcache),
    .s_axi_arprot      (arprot),
    .s_axi_rvalid      (rvalid),
    .s_axi_rready      (rready),
    .s_axi_rdata       (rdata),
    .s_axi_rresp       (rresp),
    .s_axi_rlast       (rlast),
    .s_axi_rid         (rid)
  );

endmodule
