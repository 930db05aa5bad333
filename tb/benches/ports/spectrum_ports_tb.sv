// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_ports_tb: spectrum_reader and spectrum_writer on one axi_memory, the reader waiting for
// the writer.
// Handshake, latency and throughput: those of the two.

module spectrum_ports_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int Words = 4096,
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits),
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                stop_i,
  input  logic                read_valid_i,
  output logic                read_ready_o,
  input  logic [63:0]         read_addr_i,
  input  logic [31:0]         read_sequence_i,
  output logic                valid_o,
  input  logic                ready_i,
  output logic [BeatBits-1:0] beat_o,
  output logic                read_idle_o,
  output logic                read_error_o,
  output logic                read_pending_o,
  output logic                read_progress_o,
  input  logic                write_valid_i,
  output logic                write_ready_o,
  input  logic [63:0]         write_addr_i,
  input  logic                valid_i,
  output logic                ready_o,
  input  logic [BeatBits-1:0] beat_i,
  output logic [31:0]         written_o,
  output logic                write_idle_o,
  output logic                write_error_o,
  output logic                write_pending_o,
  output logic                write_progress_o,
  input  logic [15:0]         latency_i,
  input  logic [15:0]         bandwidth_i,
  input  logic [15:0]         stall_i,
  input  logic [31:0]         seed_i,
  input  logic                inject_read_i,
  input  logic [63:0]         inject_read_addr_i,
  input  logic                inject_write_i,
  input  logic [63:0]         inject_write_addr_i,
  output logic [63:0]         beats_read_o,
  output logic [63:0]         beats_written_o,
  output logic                protocol_error_o
);

  logic                   arvalid;
  logic                   arready;
  logic [63:0]            araddr;
  logic [7:0]             arlen;
  logic [2:0]             arsize;
  logic [1:0]             arburst;
  logic [0:0]             arid;
  logic [3:0]             arcache;
  logic [2:0]             arprot;
  logic                   rvalid;
  logic                   rready;
  logic [AxiBits-1:0]     rdata;
  logic [1:0]             rresp;
  logic                   rlast;
  logic [0:0]             rid;
  logic                   awvalid;
  logic                   awready;
  logic [63:0]            awaddr;
  logic [7:0]             awlen;
  logic [2:0]             awsize;
  logic [1:0]             awburst;
  logic [0:0]             awid;
  logic [3:0]             awcache;
  logic [2:0]             awprot;
  logic                   wvalid;
  logic                   wready;
  logic [AxiBits-1:0]     wdata;
  logic [AxiBits/8-1:0]   wstrb;
  logic                   wlast;
  logic                   bvalid;
  logic                   bready;
  logic [1:0]             bresp;
  logic [0:0]             bid;
  logic [3:0]       protocol_breach;

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_reader (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (1'b1),
    .cmd_valid_i   (read_valid_i),
    .cmd_ready_o   (read_ready_o),
    .cmd_addr_i    (read_addr_i),
    .cmd_sequence_i(read_sequence_i),
    .written_i     (written_o),
    .valid_o       (valid_o),
    .ready_i       (ready_i),
    .beat_o        (beat_o),
    .idle_o        (read_idle_o),
    .error_o       (read_error_o),
    .pending_o     (read_pending_o),
    .progress_o    (read_progress_o),
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

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_writer (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (1'b1),
    .cmd_valid_i  (write_valid_i),
    .cmd_ready_o  (write_ready_o),
    .cmd_addr_i   (write_addr_i),
    .valid_i      (valid_i),
    .ready_o      (ready_o),
    .beat_i       (beat_i),
    .written_o    (written_o),
    .idle_o       (write_idle_o),
    .error_o      (write_error_o),
    .pending_o    (write_pending_o),
    .progress_o   (write_progress_o),
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
    .read_error_i      (inject_read_i),
    .read_error_addr_i (inject_read_addr_i),
    .write_error_i     (inject_write_i),
    .write_error_addr_i(inject_write_addr_i),
    .response_i        (2'b10),
    .quiet_i           (1'b0),
    .load_i            (1'b0),
    .dump_i            (1'b0),
    .file_i            (2048'd0),
    .beats_read_o      (beats_read_o),
    .beats_written_o   (beats_written_o),
    .protocol_error_o  (protocol_error_o),
    .protocol_breach_o (protocol_breach),
    .s_axi_awvalid      (awvalid),
    .s_axi_awready      (awready),
    .s_axi_awaddr       (awaddr),
    .s_axi_awlen        (awlen),
    .s_axi_awsize       (awsize),
    .s_axi_awburst      (awburst),
    .s_axi_awid         (awid),
    .s_axi_awcache      (awcache),
    .s_axi_awprot       (awprot),
    .s_axi_wvalid       (wvalid),
    .s_axi_wready       (wready),
    .s_axi_wdata        (wdata),
    .s_axi_wstrb        (wstrb),
    .s_axi_wlast        (wlast),
    .s_axi_bvalid       (bvalid),
    .s_axi_bready       (bready),
    .s_axi_bresp        (bresp),
    .s_axi_bid          (bid),
    .s_axi_arvalid      (arvalid),
    .s_axi_arready      (arready),
    .s_axi_araddr       (araddr),
    .s_axi_arlen        (arlen),
    .s_axi_arsize       (arsize),
    .s_axi_arburst      (arburst),
    .s_axi_arid         (arid),
    .s_axi_arcache      (arcache),
    .s_axi_arprot       (arprot),
    .s_axi_rvalid       (rvalid),
    .s_axi_rready       (rready),
    .s_axi_rdata        (rdata),
    .s_axi_rresp        (rresp),
    .s_axi_rlast        (rlast),
    .s_axi_rid          (rid)
  );

  logic unused_breach;
  assign unused_breach = ^protocol_breach;

endmodule
