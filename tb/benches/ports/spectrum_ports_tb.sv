// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_ports_tb: the spectrum reader and the spectrum writer on one port of one memory, the
// reader waiting for the writer, as in the kernel.

module spectrum_ports_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int RowsLog2 = 0,  // log2 of the most rows of whose columns a chunk is a tile
  parameter int Words = 256,  // AXI beats in the memory
  localparam int RowsBits = (RowsLog2 > 0) ? $clog2(RowsLog2 + 1) : 1,
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits),
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                stop_i,
  /// with RowsLog2 > 0; changes only while both are idle
  input  logic [RowsBits-1:0] rows_log2_i,
  // The memory's settings.
  input  logic [15:0]         latency_i,
  input  logic [15:0]         bandwidth_i,
  input  logic [15:0]         stall_i,
  input  logic [31:0]         seed_i,
  input  logic [4:0]          hold_i,
  input  logic                read_error_i,
  input  logic [63:0]         read_error_addr_i,
  input  logic                write_error_i,
  input  logic [63:0]         write_error_addr_i,
  input  logic [1:0]          response_i,
  input  logic                load_i,
  input  logic                dump_i,
  output logic                protocol_error_o,
  output logic [3:0]          protocol_breach_o,
  /// the port's {valid, ready} of AR, R, AW, W, B from bit 0
  output logic [9:0]          handshakes_o,
  /// {error, pending, idle} of the reader, and of the writer from bit 3
  output logic [5:0]          states_o,
  // The reader.
  input  logic                load_valid_i,
  output logic                load_ready_o,
  input  logic [63:0]         load_addr_i,
  input  logic [31:0]         load_sequence_i,
  output logic                out_valid_o,
  input  logic                out_ready_i,
  output logic [BeatBits-1:0] out_beat_o,
  output logic                reader_progress_o,
  // The writer.
  input  logic                store_valid_i,
  output logic                store_ready_o,
  input  logic [63:0]         store_addr_i,
  input  logic                in_valid_i,
  output logic                in_ready_o,
  input  logic [BeatBits-1:0] in_beat_i,
  output logic [31:0]         written_o,
  output logic                writer_progress_o
);

  // Where the memory begins: a carry into the top bits of an address is in its middle.
  localparam logic [63:0] Base = 64'hA000_0000_0000_0000 - 64'(Words * AxiBits / 16);

  logic                 port_awvalid;
  logic                 port_awready;
  logic [63:0]          port_awaddr;
  logic [7:0]           port_awlen;
  logic [0:0]           port_awid;
  logic                 port_wvalid;
  logic                 port_wready;
  logic [AxiBits-1:0]   port_wdata;
  logic [AxiBits/8-1:0] port_wstrb;
  logic                 port_wlast;
  logic                 port_bvalid;
  logic                 port_bready;
  logic [1:0]           port_bresp;
  logic [0:0]           port_bid;
  logic                 port_arvalid;
  logic                 port_arready;
  logic [63:0]          port_araddr;
  logic [7:0]           port_arlen;
  logic [0:0]           port_arid;
  logic                 port_rvalid;
  logic                 port_rready;
  logic [AxiBits-1:0]   port_rdata;
  logic [1:0]           port_rresp;
  logic                 port_rlast;
  logic [0:0]           port_rid;
  logic                 reader_idle;
  logic                 reader_pending;
  logic                 reader_error;
  logic                 writer_idle;
  logic                 writer_pending;
  logic                 writer_error;

  assign handshakes_o = {
    port_bvalid, port_bready, port_wvalid, port_wready, port_awvalid, port_awready,
    port_rvalid, port_rready, port_arvalid, port_arready
  };
  assign states_o     = {
    writer_error, writer_pending, writer_idle, reader_error, reader_pending, reader_idle
  };

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .RowsLog2    (RowsLog2)
  ) u_reader (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (1'b1),
    .rows_log2_i   (rows_log2_i),
    .cmd_valid_i   (load_valid_i),
    .cmd_ready_o   (load_ready_o),
    .cmd_addr_i    (load_addr_i),
    .cmd_sequence_i(load_sequence_i),
    .written_i     (written_o),
    .valid_o       (out_valid_o),
    .ready_i       (out_ready_i),
    .beat_o        (out_beat_o),
    .idle_o        (reader_idle),
    .error_o       (reader_error),
    .pending_o     (reader_pending),
    .progress_o    (reader_progress_o),
    .m_axi_arvalid(port_arvalid),
    .m_axi_arready(port_arready),
    .m_axi_araddr (port_araddr),
    .m_axi_arlen  (port_arlen),
    .m_axi_arid   (port_arid),
    .m_axi_rvalid (port_rvalid),
    .m_axi_rready (port_rready),
    .m_axi_rdata  (port_rdata),
    .m_axi_rresp  (port_rresp),
    .m_axi_rlast  (port_rlast),
    .m_axi_rid    (port_rid)
  );

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .RowsLog2    (RowsLog2)
  ) u_writer (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (1'b1),
    .rows_log2_i  (rows_log2_i),
    .cmd_valid_i  (store_valid_i),
    .cmd_ready_o  (store_ready_o),
    .cmd_addr_i   (store_addr_i),
    .valid_i      (in_valid_i),
    .ready_o      (in_ready_o),
    .beat_i       (in_beat_i),
    .written_o    (written_o),
    .idle_o       (writer_idle),
    .error_o      (writer_error),
    .pending_o    (writer_pending),
    .progress_o   (writer_progress_o),
    .m_axi_awvalid(port_awvalid),
    .m_axi_awready(port_awready),
    .m_axi_awaddr (port_awaddr),
    .m_axi_awlen  (port_awlen),
    .m_axi_awid   (port_awid),
    .m_axi_wvalid (port_wvalid),
    .m_axi_wready (port_wready),
    .m_axi_wdata  (port_wdata),
    .m_axi_wstrb  (port_wstrb),
    .m_axi_wlast  (port_wlast),
    .m_axi_bvalid (port_bvalid),
    .m_axi_bready (port_bready),
    .m_axi_bresp  (port_bresp),
    .m_axi_bid    (port_bid)
  );

  logic [63:0] unused_beats_read;
  logic [63:0] unused_beats_written;

  // The ports leave what all bursts have in common to crocuta_kernel.
  logic [2:0] port_awsize;
  logic [1:0] port_awburst;
  logic [3:0] port_awcache;
  logic [2:0] port_awprot;
  logic [2:0] port_arsize;
  logic [1:0] port_arburst;
  logic [3:0] port_arcache;
  logic [2:0] port_arprot;

  assign port_awsize  = 3'($clog2(AxiBits / 8));
  assign port_awburst = 2'b01;
  assign port_awcache = 4'b0000;
  assign port_awprot  = 3'b000;
  assign port_arsize  = 3'($clog2(AxiBits / 8));
  assign port_arburst = 2'b01;
  assign port_arcache = 4'b0000;
  assign port_arprot  = 3'b000;

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
    .hold_i            (hold_i),
    .read_error_i      (read_error_i),
    .read_error_addr_i (read_error_addr_i - Base),
    .write_error_i     (write_error_i),
    .write_error_addr_i(write_error_addr_i - Base),
    .response_i        (response_i),
    .quiet_i           (1'b0),
    .load_i            (load_i),
    .dump_i            (dump_i),
    .file_i            ('0),
    .beats_read_o      (unused_beats_read),
    .beats_written_o   (unused_beats_written),
    .protocol_error_o  (protocol_error_o),
    .protocol_breach_o (protocol_breach_o),
    .s_axi_awvalid     (port_awvalid),
    .s_axi_awready     (port_awready),
    .s_axi_awaddr      (port_awaddr - Base),
    .s_axi_awlen       (port_awlen),
    .s_axi_awsize      (port_awsize),
    .s_axi_awburst     (port_awburst),
    .s_axi_awid        (port_awid),
    .s_axi_awcache     (port_awcache),
    .s_axi_awprot      (port_awprot),
    .s_axi_wvalid      (port_wvalid),
    .s_axi_wready      (port_wready),
    .s_axi_wdata       (port_wdata),
    .s_axi_wstrb       (port_wstrb),
    .s_axi_wlast       (port_wlast),
    .s_axi_bvalid      (port_bvalid),
    .s_axi_bready      (port_bready),
    .s_axi_bresp       (port_bresp),
    .s_axi_bid         (port_bid),
    .s_axi_arvalid     (port_arvalid),
    .s_axi_arready     (port_arready),
    .s_axi_araddr      (port_araddr - Base),
    .s_axi_arlen       (port_arlen),
    .s_axi_arsize      (port_arsize),
    .s_axi_arburst     (port_arburst),
    .s_axi_arid        (port_arid),
    .s_axi_arcache     (port_arcache),
    .s_axi_arprot      (port_arprot),
    .s_axi_rvalid      (port_rvalid),
    .s_axi_rready      (port_rready),
    .s_axi_rdata       (port_rdata),
    .s_axi_rresp       (port_rresp),
    .s_axi_rlast       (port_rlast),
    .s_axi_rid         (port_rid)
  );

endmodule
