// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_core_tb: a four-step kernel's core with a memory on each of its ports, and what observes
// its streams, its ports and its pulses.

module four_step_core_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int MaxLengthLog2 = 9,
  parameter int Resident = 0,
  parameter TwiddleDir = "",
  parameter int Words = 1024,  // beats of each memory: a power of two
  localparam int AxiBits = 64 * Lanes,
  localparam int LengthBits = MaxLengthLog2 + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  stop_i,
  input  logic                  id_i,
  input  logic                  start_i,
  input  logic                  convolve_i,
  input  logic [16:0]           channels_i,
  input  logic [LengthBits-1:0] length_x_i,
  input  logic [LengthBits-1:0] length_h_i,
  input  logic [63:0]           x_i,
  input  logic [63:0]           h_i,
  input  logic [63:0]           h_spectra_i,
  input  logic [63:0]           x_spectra_i,
  input  logic [63:0]           y_i,
  input  logic [63:0]           z_spectra_i,
  // The memories' settings: samples, x, z, h.
  input  logic [15:0]           latency_i,
  input  logic [63:0]           bandwidth_i,
  input  logic [63:0]           stall_i,
  input  logic [31:0]           seed_i,
  // Of each memory, its reads and its writes: the channels that are held, and the beat with an
  // error response. The order is that of the core's error_o.
  input  logic [7:0]            hold_i,
  input  logic [7:0]            fault_i,
  input  logic [63:0]           fault_addr_i,
  input  logic [1:0]            response_i,
  /// answers to bursts from before the reset come on all ports
  input  logic                  late_i,
  output logic [3:0]            protocol_error_o,
  output logic                  done_o,
  output logic                  idle_o,
  output logic [7:0]            error_o,
  output logic [7:0]            pending_o,
  output logic [7:0]            progress_o,
  // Since reset:
  output logic                  saturated_o,
  output logic                  non_finite_o,
  /// 64 bits by direction of a port, in the order of error_o: the beats that moved
  output logic [511:0]          beats_o,
  /// pulses: chunk_done_o, mac_beat_o, stall_samples_o, _x_o, _h_o, _store_o and _output_o
  output logic [223:0]          totals_o,
  /// the same but the first, as four_step_observer predicts them
  output logic [191:0]          counts_o,
  /// by direction of a port: pending_o or progress_o was wrong; then the streams, see
  /// four_step_observer
  output logic [8:0]            wrong_o,
  /// a valid or a ready of a port was X; only Icarus can tell
  output logic                  unknown_o
);

  logic                        samples_awvalid;
  logic                        samples_awready;
  logic [63:0]                 samples_awaddr;
  logic [7:0]                  samples_awlen;
  logic [2:0]                  samples_awsize;
  logic [1:0]                  samples_awburst;
  logic [0:0]                  samples_awid;
  logic [3:0]                  samples_awcache;
  logic [2:0]                  samples_awprot;
  logic                        samples_wvalid;
  logic                        samples_wready;
  logic [AxiBits-1:0]          samples_wdata;
  logic [AxiBits/8-1:0]        samples_wstrb;
  logic                        samples_wlast;
  logic                        samples_bvalid;
  logic                        samples_bready;
  logic [1:0]                  samples_bresp;
  logic [0:0]                  samples_bid;
  logic                        samples_arvalid;
  logic                        samples_arready;
  logic [63:0]                 samples_araddr;
  logic [7:0]                  samples_arlen;
  logic [2:0]                  samples_arsize;
  logic [1:0]                  samples_arburst;
  logic [0:0]                  samples_arid;
  logic [3:0]                  samples_arcache;
  logic [2:0]                  samples_arprot;
  logic                        samples_rvalid;
  logic                        samples_rready;
  logic [AxiBits-1:0]          samples_rdata;
  logic [1:0]                  samples_rresp;
  logic                        samples_rlast;
  logic [0:0]                  samples_rid;
  logic                        x_spectra_awvalid;
  logic                        x_spectra_awready;
  logic [63:0]                 x_spectra_awaddr;
  logic [7:0]                  x_spectra_awlen;
  logic [2:0]                  x_spectra_awsize;
  logic [1:0]                  x_spectra_awburst;
  logic [0:0]                  x_spectra_awid;
  logic [3:0]                  x_spectra_awcache;
  logic [2:0]                  x_spectra_awprot;
  logic                        x_spectra_wvalid;
  logic                        x_spectra_wready;
  logic [AxiBits-1:0]          x_spectra_wdata;
  logic [AxiBits/8-1:0]        x_spectra_wstrb;
  logic                        x_spectra_wlast;
  logic                        x_spectra_bvalid;
  logic                        x_spectra_bready;
  logic [1:0]                  x_spectra_bresp;
  logic [0:0]                  x_spectra_bid;
  logic                        x_spectra_arvalid;
  logic                        x_spectra_arready;
  logic [63:0]                 x_spectra_araddr;
  logic [7:0]                  x_spectra_arlen;
  logic [2:0]                  x_spectra_arsize;
  logic [1:0]                  x_spectra_arburst;
  logic [0:0]                  x_spectra_arid;
  logic [3:0]                  x_spectra_arcache;
  logic [2:0]                  x_spectra_arprot;
  logic                        x_spectra_rvalid;
  logic                        x_spectra_rready;
  logic [AxiBits-1:0]          x_spectra_rdata;
  logic [1:0]                  x_spectra_rresp;
  logic                        x_spectra_rlast;
  logic [0:0]                  x_spectra_rid;
  logic                        z_spectra_awvalid;
  logic                        z_spectra_awready;
  logic [63:0]                 z_spectra_awaddr;
  logic [7:0]                  z_spectra_awlen;
  logic [2:0]                  z_spectra_awsize;
  logic [1:0]                  z_spectra_awburst;
  logic [0:0]                  z_spectra_awid;
  logic [3:0]                  z_spectra_awcache;
  logic [2:0]                  z_spectra_awprot;
  logic                        z_spectra_wvalid;
  logic                        z_spectra_wready;
  logic [AxiBits-1:0]          z_spectra_wdata;
  logic [AxiBits/8-1:0]        z_spectra_wstrb;
  logic                        z_spectra_wlast;
  logic                        z_spectra_bvalid;
  logic                        z_spectra_bready;
  logic [1:0]                  z_spectra_bresp;
  logic [0:0]                  z_spectra_bid;
  logic                        z_spectra_arvalid;
  logic                        z_spectra_arready;
  logic [63:0]                 z_spectra_araddr;
  logic [7:0]                  z_spectra_arlen;
  logic [2:0]                  z_spectra_arsize;
  logic [1:0]                  z_spectra_arburst;
  logic [0:0]                  z_spectra_arid;
  logic [3:0]                  z_spectra_arcache;
  logic [2:0]                  z_spectra_arprot;
  logic                        z_spectra_rvalid;
  logic                        z_spectra_rready;
  logic [AxiBits-1:0]          z_spectra_rdata;
  logic [1:0]                  z_spectra_rresp;
  logic                        z_spectra_rlast;
  logic [0:0]                  z_spectra_rid;
  logic                        h_spectra_awvalid;
  logic                        h_spectra_awready;
  logic [63:0]                 h_spectra_awaddr;
  logic [7:0]                  h_spectra_awlen;
  logic [2:0]                  h_spectra_awsize;
  logic [1:0]                  h_spectra_awburst;
  logic [0:0]                  h_spectra_awid;
  logic [3:0]                  h_spectra_awcache;
  logic [2:0]                  h_spectra_awprot;
  logic                        h_spectra_wvalid;
  logic                        h_spectra_wready;
  logic [AxiBits-1:0]          h_spectra_wdata;
  logic [AxiBits/8-1:0]        h_spectra_wstrb;
  logic                        h_spectra_wlast;
  logic                        h_spectra_bvalid;
  logic                        h_spectra_bready;
  logic [1:0]                  h_spectra_bresp;
  logic [0:0]                  h_spectra_bid;
  logic                        h_spectra_arvalid;
  logic                        h_spectra_arready;
  logic [63:0]                 h_spectra_araddr;
  logic [7:0]                  h_spectra_arlen;
  logic [2:0]                  h_spectra_arsize;
  logic [1:0]                  h_spectra_arburst;
  logic [0:0]                  h_spectra_arid;
  logic [3:0]                  h_spectra_arcache;
  logic [2:0]                  h_spectra_arprot;
  logic                        h_spectra_rvalid;
  logic                        h_spectra_rready;
  logic [AxiBits-1:0]          h_spectra_rdata;
  logic [1:0]                  h_spectra_rresp;
  logic                        h_spectra_rlast;
  logic [0:0]                  h_spectra_rid;

  logic [6:0] counted;
  logic       saturated;
  logic       non_finite;

  four_step_core #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MantissaBits (MantissaBits),
    .ExponentBits (ExponentBits),
    .TwiddleBits  (TwiddleBits),
    .MaxLengthLog2(MaxLengthLog2),
    .Resident     (Resident),
    .TwiddleDir   (TwiddleDir)
  ) u_core (
    .clk_i                  (clk_i),
    .rst_ni                 (rst_ni),
    .start_i                (start_i),
    .convolve_i             (convolve_i),
    .channels_i             (channels_i),
    .length_x_i             (length_x_i),
    .length_h_i             (length_h_i),
    .x_i                    (x_i),
    .h_i                    (h_i),
    .h_spectra_i            (h_spectra_i),
    .x_spectra_i            (x_spectra_i),
    .y_i                    (y_i),
    .z_spectra_i            (z_spectra_i),
    .done_o                 (done_o),
    .idle_o                 (idle_o),
    .error_o                (error_o),
    .pending_o              (pending_o),
    .saturated_o            (saturated),
    .non_finite_o           (non_finite),
    .stop_i                 (stop_i),
    .id_i                   (id_i),
    .progress_o             (progress_o),
    .chunk_done_o           (counted[0]),
    .mac_beat_o             (counted[1]),
    .stall_samples_o        (counted[2]),
    .stall_x_o              (counted[3]),
    .stall_h_o              (counted[4]),
    .stall_store_o          (counted[5]),
    .stall_output_o         (counted[6]),
    .m_axi_samples_awvalid  (samples_awvalid),
    .m_axi_samples_awready  (samples_awready),
    .m_axi_samples_awaddr   (samples_awaddr),
    .m_axi_samples_awlen    (samples_awlen),
    .m_axi_samples_awid     (samples_awid),
    .m_axi_samples_wvalid   (samples_wvalid),
    .m_axi_samples_wready   (samples_wready),
    .m_axi_samples_wdata    (samples_wdata),
    .m_axi_samples_wstrb    (samples_wstrb),
    .m_axi_samples_wlast    (samples_wlast),
    .m_axi_samples_bvalid   (samples_bvalid),
    .m_axi_samples_bready   (samples_bready),
    .m_axi_samples_bresp    (samples_bresp),
    .m_axi_samples_bid      (samples_bid),
    .m_axi_samples_arvalid  (samples_arvalid),
    .m_axi_samples_arready  (samples_arready),
    .m_axi_samples_araddr   (samples_araddr),
    .m_axi_samples_arlen    (samples_arlen),
    .m_axi_samples_arid     (samples_arid),
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
    .m_axi_x_spectra_awid   (x_spectra_awid),
    .m_axi_x_spectra_wvalid (x_spectra_wvalid),
    .m_axi_x_spectra_wready (x_spectra_wready),
    .m_axi_x_spectra_wdata  (x_spectra_wdata),
    .m_axi_x_spectra_wstrb  (x_spectra_wstrb),
    .m_axi_x_spectra_wlast  (x_spectra_wlast),
    .m_axi_x_spectra_bvalid (x_spectra_bvalid),
    .m_axi_x_spectra_bready (x_spectra_bready),
    .m_axi_x_spectra_bresp  (x_spectra_bresp),
    .m_axi_x_spectra_bid    (x_spectra_bid),
    .m_axi_x_spectra_arvalid(x_spectra_arvalid),
    .m_axi_x_spectra_arready(x_spectra_arready),
    .m_axi_x_spectra_araddr (x_spectra_araddr),
    .m_axi_x_spectra_arlen  (x_spectra_arlen),
    .m_axi_x_spectra_arid   (x_spectra_arid),
    .m_axi_x_spectra_rvalid (x_spectra_rvalid),
    .m_axi_x_spectra_rready (x_spectra_rready),
    .m_axi_x_spectra_rdata  (x_spectra_rdata),
    .m_axi_x_spectra_rresp  (x_spectra_rresp),
    .m_axi_x_spectra_rlast  (x_spectra_rlast),
    .m_axi_x_spectra_rid    (x_spectra_rid),
    .m_axi_z_spectra_awvalid(z_spectra_awvalid),
    .m_axi_z_spectra_awready(z_spectra_awready),
    .m_axi_z_spectra_awaddr (z_spectra_awaddr),
    .m_axi_z_spectra_awlen  (z_spectra_awlen),
    .m_axi_z_spectra_awid   (z_spectra_awid),
    .m_axi_z_spectra_wvalid (z_spectra_wvalid),
    .m_axi_z_spectra_wready (z_spectra_wready),
    .m_axi_z_spectra_wdata  (z_spectra_wdata),
    .m_axi_z_spectra_wstrb  (z_spectra_wstrb),
    .m_axi_z_spectra_wlast  (z_spectra_wlast),
    .m_axi_z_spectra_bvalid (z_spectra_bvalid),
    .m_axi_z_spectra_bready (z_spectra_bready),
    .m_axi_z_spectra_bresp  (z_spectra_bresp),
    .m_axi_z_spectra_bid    (z_spectra_bid),
    .m_axi_z_spectra_arvalid(z_spectra_arvalid),
    .m_axi_z_spectra_arready(z_spectra_arready),
    .m_axi_z_spectra_araddr (z_spectra_araddr),
    .m_axi_z_spectra_arlen  (z_spectra_arlen),
    .m_axi_z_spectra_arid   (z_spectra_arid),
    .m_axi_z_spectra_rvalid (z_spectra_rvalid),
    .m_axi_z_spectra_rready (z_spectra_rready),
    .m_axi_z_spectra_rdata  (z_spectra_rdata),
    .m_axi_z_spectra_rresp  (z_spectra_rresp),
    .m_axi_z_spectra_rlast  (z_spectra_rlast),
    .m_axi_z_spectra_rid    (z_spectra_rid),
    .m_axi_h_spectra_awvalid(h_spectra_awvalid),
    .m_axi_h_spectra_awready(h_spectra_awready),
    .m_axi_h_spectra_awaddr (h_spectra_awaddr),
    .m_axi_h_spectra_awlen  (h_spectra_awlen),
    .m_axi_h_spectra_awid   (h_spectra_awid),
    .m_axi_h_spectra_wvalid (h_spectra_wvalid),
    .m_axi_h_spectra_wready (h_spectra_wready),
    .m_axi_h_spectra_wdata  (h_spectra_wdata),
    .m_axi_h_spectra_wstrb  (h_spectra_wstrb),
    .m_axi_h_spectra_wlast  (h_spectra_wlast),
    .m_axi_h_spectra_bvalid (h_spectra_bvalid),
    .m_axi_h_spectra_bready (h_spectra_bready),
    .m_axi_h_spectra_bresp  (h_spectra_bresp),
    .m_axi_h_spectra_bid    (h_spectra_bid),
    .m_axi_h_spectra_arvalid(h_spectra_arvalid),
    .m_axi_h_spectra_arready(h_spectra_arready),
    .m_axi_h_spectra_araddr (h_spectra_araddr),
    .m_axi_h_spectra_arlen  (h_spectra_arlen),
    .m_axi_h_spectra_arid   (h_spectra_arid),
    .m_axi_h_spectra_rvalid (h_spectra_rvalid),
    .m_axi_h_spectra_rready (h_spectra_rready),
    .m_axi_h_spectra_rdata  (h_spectra_rdata),
    .m_axi_h_spectra_rresp  (h_spectra_rresp),
    .m_axi_h_spectra_rlast  (h_spectra_rlast),
    .m_axi_h_spectra_rid    (h_spectra_rid)
  );

  logic               samples_memory_bvalid;
  logic               samples_memory_bready;
  logic [1:0]         samples_memory_bresp;
  logic [0:0]         samples_memory_bid;
  logic               samples_memory_rvalid;
  logic               samples_memory_rready;
  logic [AxiBits-1:0] samples_memory_rdata;
  logic [1:0]         samples_memory_rresp;
  logic               samples_memory_rlast;
  logic [0:0]         samples_memory_rid;
  logic [31:0]        samples_unused_bdata;
  logic               samples_unused_blast;
  logic               x_spectra_memory_bvalid;
  logic               x_spectra_memory_bready;
  logic [1:0]         x_spectra_memory_bresp;
  logic [0:0]         x_spectra_memory_bid;
  logic               x_spectra_memory_rvalid;
  logic               x_spectra_memory_rready;
  logic [AxiBits-1:0] x_spectra_memory_rdata;
  logic [1:0]         x_spectra_memory_rresp;
  logic               x_spectra_memory_rlast;
  logic [0:0]         x_spectra_memory_rid;
  logic [31:0]        x_spectra_unused_bdata;
  logic               x_spectra_unused_blast;
  logic               z_spectra_memory_bvalid;
  logic               z_spectra_memory_bready;
  logic [1:0]         z_spectra_memory_bresp;
  logic [0:0]         z_spectra_memory_bid;
  logic               z_spectra_memory_rvalid;
  logic               z_spectra_memory_rready;
  logic [AxiBits-1:0] z_spectra_memory_rdata;
  logic [1:0]         z_spectra_memory_rresp;
  logic               z_spectra_memory_rlast;
  logic [0:0]         z_spectra_memory_rid;
  logic [31:0]        z_spectra_unused_bdata;
  logic               z_spectra_unused_blast;
  logic               h_spectra_memory_bvalid;
  logic               h_spectra_memory_bready;
  logic [1:0]         h_spectra_memory_bresp;
  logic [0:0]         h_spectra_memory_bid;
  logic               h_spectra_memory_rvalid;
  logic               h_spectra_memory_rready;
  logic [AxiBits-1:0] h_spectra_memory_rdata;
  logic [1:0]         h_spectra_memory_rresp;
  logic               h_spectra_memory_rlast;
  logic [0:0]         h_spectra_memory_rid;
  logic [31:0]        h_spectra_unused_bdata;
  logic               h_spectra_unused_blast;
  logic [5:0]         unused_limits;

  logic [3:0] samples_breach;

  // The core leaves what all bursts have in common to the kernel.
  assign samples_awsize = 3'($clog2(AxiBits / 8));
  assign samples_awburst = 2'b01;
  assign samples_awcache = 4'b0000;
  assign samples_awprot = 3'b000;
  assign samples_arsize = 3'($clog2(AxiBits / 8));
  assign samples_arburst = 2'b01;
  assign samples_arcache = 4'b0000;
  assign samples_arprot = 3'b000;
  assign x_spectra_awsize = 3'($clog2(AxiBits / 8));
  assign x_spectra_awburst = 2'b01;
  assign x_spectra_awcache = 4'b0000;
  assign x_spectra_awprot = 3'b000;
  assign x_spectra_arsize = 3'($clog2(AxiBits / 8));
  assign x_spectra_arburst = 2'b01;
  assign x_spectra_arcache = 4'b0000;
  assign x_spectra_arprot = 3'b000;
  assign z_spectra_awsize = 3'($clog2(AxiBits / 8));
  assign z_spectra_awburst = 2'b01;
  assign z_spectra_awcache = 4'b0000;
  assign z_spectra_awprot = 3'b000;
  assign z_spectra_arsize = 3'($clog2(AxiBits / 8));
  assign z_spectra_arburst = 2'b01;
  assign z_spectra_arcache = 4'b0000;
  assign z_spectra_arprot = 3'b000;
  assign h_spectra_awsize = 3'($clog2(AxiBits / 8));
  assign h_spectra_awburst = 2'b01;
  assign h_spectra_awcache = 4'b0000;
  assign h_spectra_awprot = 3'b000;
  assign h_spectra_arsize = 3'($clog2(AxiBits / 8));
  assign h_spectra_arburst = 2'b01;
  assign h_spectra_arcache = 4'b0000;
  assign h_spectra_arprot = 3'b000;

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (Words)
  ) u_samples (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .latency_i          (latency_i),
    .bandwidth_i        (bandwidth_i[0+:16]),
    .stall_i            (stall_i[0+:16]),
    .seed_i             (seed_i + 32'd0),
    .hold_i             ({{3{hold_i[1]}}, {2{hold_i[0]}}}),
    .read_error_i       (fault_i[0]),
    .read_error_addr_i  (fault_addr_i),
    .write_error_i      (fault_i[1]),
    .write_error_addr_i (fault_addr_i),
    .response_i         (response_i),
    .quiet_i            (1'b0),
    .load_i             (1'b0),
    .dump_i             (1'b0),
    .file_i             ('0),
    .beats_read_o       (beats_o[0+:64]),
    .beats_written_o    (beats_o[64+:64]),
    .protocol_error_o   (protocol_error_o[0]),
    .protocol_breach_o  (samples_breach),
    .s_axi_awvalid      (samples_awvalid),
    .s_axi_awready      (samples_awready),
    .s_axi_awaddr       (samples_awaddr),
    .s_axi_awlen        (samples_awlen),
    .s_axi_awsize       (samples_awsize),
    .s_axi_awburst      (samples_awburst),
    .s_axi_awid         (samples_awid),
    .s_axi_awcache      (samples_awcache),
    .s_axi_awprot       (samples_awprot),
    .s_axi_wvalid       (samples_wvalid),
    .s_axi_wready       (samples_wready),
    .s_axi_wdata        (samples_wdata),
    .s_axi_wstrb        (samples_wstrb),
    .s_axi_wlast        (samples_wlast),
    .s_axi_bvalid       (samples_memory_bvalid),
    .s_axi_bready       (samples_memory_bready),
    .s_axi_bresp        (samples_memory_bresp),
    .s_axi_bid          (samples_memory_bid),
    .s_axi_arvalid      (samples_arvalid),
    .s_axi_arready      (samples_arready),
    .s_axi_araddr       (samples_araddr),
    .s_axi_arlen        (samples_arlen),
    .s_axi_arsize       (samples_arsize),
    .s_axi_arburst      (samples_arburst),
    .s_axi_arid         (samples_arid),
    .s_axi_arcache      (samples_arcache),
    .s_axi_arprot       (samples_arprot),
    .s_axi_rvalid       (samples_memory_rvalid),
    .s_axi_rready       (samples_memory_rready),
    .s_axi_rdata        (samples_memory_rdata),
    .s_axi_rresp        (samples_memory_rresp),
    .s_axi_rlast        (samples_memory_rlast),
    .s_axi_rid          (samples_memory_rid)
  );

  logic [3:0] x_spectra_breach;

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (Words)
  ) u_x_spectra (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .latency_i          (latency_i),
    .bandwidth_i        (bandwidth_i[16+:16]),
    .stall_i            (stall_i[16+:16]),
    .seed_i             (seed_i + 32'd1),
    .hold_i             ({{3{hold_i[3]}}, {2{hold_i[2]}}}),
    .read_error_i       (fault_i[2]),
    .read_error_addr_i  (fault_addr_i),
    .write_error_i      (fault_i[3]),
    .write_error_addr_i (fault_addr_i),
    .response_i         (response_i),
    .quiet_i            (1'b0),
    .load_i             (1'b0),
    .dump_i             (1'b0),
    .file_i             ('0),
    .beats_read_o       (beats_o[128+:64]),
    .beats_written_o    (beats_o[192+:64]),
    .protocol_error_o   (protocol_error_o[1]),
    .protocol_breach_o  (x_spectra_breach),
    .s_axi_awvalid      (x_spectra_awvalid),
    .s_axi_awready      (x_spectra_awready),
    .s_axi_awaddr       (x_spectra_awaddr),
    .s_axi_awlen        (x_spectra_awlen),
    .s_axi_awsize       (x_spectra_awsize),
    .s_axi_awburst      (x_spectra_awburst),
    .s_axi_awid         (x_spectra_awid),
    .s_axi_awcache      (x_spectra_awcache),
    .s_axi_awprot       (x_spectra_awprot),
    .s_axi_wvalid       (x_spectra_wvalid),
    .s_axi_wready       (x_spectra_wready),
    .s_axi_wdata        (x_spectra_wdata),
    .s_axi_wstrb        (x_spectra_wstrb),
    .s_axi_wlast        (x_spectra_wlast),
    .s_axi_bvalid       (x_spectra_memory_bvalid),
    .s_axi_bready       (x_spectra_memory_bready),
    .s_axi_bresp        (x_spectra_memory_bresp),
    .s_axi_bid          (x_spectra_memory_bid),
    .s_axi_arvalid      (x_spectra_arvalid),
    .s_axi_arready      (x_spectra_arready),
    .s_axi_araddr       (x_spectra_araddr),
    .s_axi_arlen        (x_spectra_arlen),
    .s_axi_arsize       (x_spectra_arsize),
    .s_axi_arburst      (x_spectra_arburst),
    .s_axi_arid         (x_spectra_arid),
    .s_axi_arcache      (x_spectra_arcache),
    .s_axi_arprot       (x_spectra_arprot),
    .s_axi_rvalid       (x_spectra_memory_rvalid),
    .s_axi_rready       (x_spectra_memory_rready),
    .s_axi_rdata        (x_spectra_memory_rdata),
    .s_axi_rresp        (x_spectra_memory_rresp),
    .s_axi_rlast        (x_spectra_memory_rlast),
    .s_axi_rid          (x_spectra_memory_rid)
  );

  logic [3:0] z_spectra_breach;

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (Words)
  ) u_z_spectra (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .latency_i          (latency_i),
    .bandwidth_i        (bandwidth_i[32+:16]),
    .stall_i            (stall_i[32+:16]),
    .seed_i             (seed_i + 32'd2),
    .hold_i             ({{3{hold_i[5]}}, {2{hold_i[4]}}}),
    .read_error_i       (fault_i[4]),
    .read_error_addr_i  (fault_addr_i),
    .write_error_i      (fault_i[5]),
    .write_error_addr_i (fault_addr_i),
    .response_i         (response_i),
    .quiet_i            (1'b0),
    .load_i             (1'b0),
    .dump_i             (1'b0),
    .file_i             ('0),
    .beats_read_o       (beats_o[256+:64]),
    .beats_written_o    (beats_o[320+:64]),
    .protocol_error_o   (protocol_error_o[2]),
    .protocol_breach_o  (z_spectra_breach),
    .s_axi_awvalid      (z_spectra_awvalid),
    .s_axi_awready      (z_spectra_awready),
    .s_axi_awaddr       (z_spectra_awaddr),
    .s_axi_awlen        (z_spectra_awlen),
    .s_axi_awsize       (z_spectra_awsize),
    .s_axi_awburst      (z_spectra_awburst),
    .s_axi_awid         (z_spectra_awid),
    .s_axi_awcache      (z_spectra_awcache),
    .s_axi_awprot       (z_spectra_awprot),
    .s_axi_wvalid       (z_spectra_wvalid),
    .s_axi_wready       (z_spectra_wready),
    .s_axi_wdata        (z_spectra_wdata),
    .s_axi_wstrb        (z_spectra_wstrb),
    .s_axi_wlast        (z_spectra_wlast),
    .s_axi_bvalid       (z_spectra_memory_bvalid),
    .s_axi_bready       (z_spectra_memory_bready),
    .s_axi_bresp        (z_spectra_memory_bresp),
    .s_axi_bid          (z_spectra_memory_bid),
    .s_axi_arvalid      (z_spectra_arvalid),
    .s_axi_arready      (z_spectra_arready),
    .s_axi_araddr       (z_spectra_araddr),
    .s_axi_arlen        (z_spectra_arlen),
    .s_axi_arsize       (z_spectra_arsize),
    .s_axi_arburst      (z_spectra_arburst),
    .s_axi_arid         (z_spectra_arid),
    .s_axi_arcache      (z_spectra_arcache),
    .s_axi_arprot       (z_spectra_arprot),
    .s_axi_rvalid       (z_spectra_memory_rvalid),
    .s_axi_rready       (z_spectra_memory_rready),
    .s_axi_rdata        (z_spectra_memory_rdata),
    .s_axi_rresp        (z_spectra_memory_rresp),
    .s_axi_rlast        (z_spectra_memory_rlast),
    .s_axi_rid          (z_spectra_memory_rid)
  );

  logic [3:0] h_spectra_breach;

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (Words)
  ) u_h_spectra (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .latency_i          (latency_i),
    .bandwidth_i        (bandwidth_i[48+:16]),
    .stall_i            (stall_i[48+:16]),
    .seed_i             (seed_i + 32'd3),
    .hold_i             ({{3{hold_i[7]}}, {2{hold_i[6]}}}),
    .read_error_i       (fault_i[6]),
    .read_error_addr_i  (fault_addr_i),
    .write_error_i      (fault_i[7]),
    .write_error_addr_i (fault_addr_i),
    .response_i         (response_i),
    .quiet_i            (1'b0),
    .load_i             (1'b0),
    .dump_i             (1'b0),
    .file_i             ('0),
    .beats_read_o       (beats_o[384+:64]),
    .beats_written_o    (beats_o[448+:64]),
    .protocol_error_o   (protocol_error_o[3]),
    .protocol_breach_o  (h_spectra_breach),
    .s_axi_awvalid      (h_spectra_awvalid),
    .s_axi_awready      (h_spectra_awready),
    .s_axi_awaddr       (h_spectra_awaddr),
    .s_axi_awlen        (h_spectra_awlen),
    .s_axi_awsize       (h_spectra_awsize),
    .s_axi_awburst      (h_spectra_awburst),
    .s_axi_awid         (h_spectra_awid),
    .s_axi_awcache      (h_spectra_awcache),
    .s_axi_awprot       (h_spectra_awprot),
    .s_axi_wvalid       (h_spectra_wvalid),
    .s_axi_wready       (h_spectra_wready),
    .s_axi_wdata        (h_spectra_wdata),
    .s_axi_wstrb        (h_spectra_wstrb),
    .s_axi_wlast        (h_spectra_wlast),
    .s_axi_bvalid       (h_spectra_memory_bvalid),
    .s_axi_bready       (h_spectra_memory_bready),
    .s_axi_bresp        (h_spectra_memory_bresp),
    .s_axi_bid          (h_spectra_memory_bid),
    .s_axi_arvalid      (h_spectra_arvalid),
    .s_axi_arready      (h_spectra_arready),
    .s_axi_araddr       (h_spectra_araddr),
    .s_axi_arlen        (h_spectra_arlen),
    .s_axi_arsize       (h_spectra_arsize),
    .s_axi_arburst      (h_spectra_arburst),
    .s_axi_arid         (h_spectra_arid),
    .s_axi_arcache      (h_spectra_arcache),
    .s_axi_arprot       (h_spectra_arprot),
    .s_axi_rvalid       (h_spectra_memory_rvalid),
    .s_axi_rready       (h_spectra_memory_rready),
    .s_axi_rdata        (h_spectra_memory_rdata),
    .s_axi_rresp        (h_spectra_memory_rresp),
    .s_axi_rlast        (h_spectra_memory_rlast),
    .s_axi_rid          (h_spectra_memory_rid)
  );

  late_answers #(
    .DataBits(AxiBits)
  ) u_samples_r (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd7919),
    .id_i          (id_i),
    .memory_valid_i(samples_memory_rvalid),
    .memory_ready_o(samples_memory_rready),
    .memory_data_i (samples_memory_rdata),
    .memory_resp_i (samples_memory_rresp),
    .memory_last_i (samples_memory_rlast),
    .memory_id_i   (samples_memory_rid),
    .valid_o       (samples_rvalid),
    .ready_i       (samples_rready),
    .data_o        (samples_rdata),
    .resp_o        (samples_rresp),
    .last_o        (samples_rlast),
    .id_o          (samples_rid)
  );

  late_answers #(
    .DataBits(32)
  ) u_samples_b (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd15838),
    .id_i          (id_i),
    .memory_valid_i(samples_memory_bvalid),
    .memory_ready_o(samples_memory_bready),
    .memory_data_i (32'd0),
    .memory_resp_i (samples_memory_bresp),
    .memory_last_i (1'b1),
    .memory_id_i   (samples_memory_bid),
    .valid_o       (samples_bvalid),
    .ready_i       (samples_bready),
    .data_o        (samples_unused_bdata),
    .resp_o        (samples_bresp),
    .last_o        (samples_unused_blast),
    .id_o          (samples_bid)
  );

  port_observer #(
    .OnlyBursts(1'b0),
    .Direct    (1'b1)
  ) u_samples_reads (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (samples_arvalid),
    .ready_i   (samples_arready),
    .data_i    (1'b0),
    .answer_i  (samples_rvalid && samples_rready && samples_rid == id_i),
    .last_i    (samples_rlast),
    .pending_i (pending_o[0]),
    .progress_i(progress_o[0]),
    .wrong_o   (wrong_o[0])
  );

  port_observer #(
    .OnlyBursts(1'b1),
    .Direct    (1'b1)
  ) u_samples_writes (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (samples_awvalid),
    .ready_i   (samples_awready),
    .data_i    (samples_wvalid && samples_wready),
    .answer_i  (samples_bvalid && samples_bready && samples_bid == id_i),
    .last_i    (1'b1),
    .pending_i (pending_o[1]),
    .progress_i(progress_o[1]),
    .wrong_o   (wrong_o[1])
  );

  late_answers #(
    .DataBits(AxiBits)
  ) u_x_spectra_r (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd23757),
    .id_i          (id_i),
    .memory_valid_i(x_spectra_memory_rvalid),
    .memory_ready_o(x_spectra_memory_rready),
    .memory_data_i (x_spectra_memory_rdata),
    .memory_resp_i (x_spectra_memory_rresp),
    .memory_last_i (x_spectra_memory_rlast),
    .memory_id_i   (x_spectra_memory_rid),
    .valid_o       (x_spectra_rvalid),
    .ready_i       (x_spectra_rready),
    .data_o        (x_spectra_rdata),
    .resp_o        (x_spectra_rresp),
    .last_o        (x_spectra_rlast),
    .id_o          (x_spectra_rid)
  );

  late_answers #(
    .DataBits(32)
  ) u_x_spectra_b (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd31676),
    .id_i          (id_i),
    .memory_valid_i(x_spectra_memory_bvalid),
    .memory_ready_o(x_spectra_memory_bready),
    .memory_data_i (32'd0),
    .memory_resp_i (x_spectra_memory_bresp),
    .memory_last_i (1'b1),
    .memory_id_i   (x_spectra_memory_bid),
    .valid_o       (x_spectra_bvalid),
    .ready_i       (x_spectra_bready),
    .data_o        (x_spectra_unused_bdata),
    .resp_o        (x_spectra_bresp),
    .last_o        (x_spectra_unused_blast),
    .id_o          (x_spectra_bid)
  );

  port_observer #(
    .OnlyBursts(Resident == 0),
    .Direct    (Resident == 0)
  ) u_x_spectra_reads (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (x_spectra_arvalid),
    .ready_i   (x_spectra_arready),
    .data_i    (1'b0),
    .answer_i  (x_spectra_rvalid && x_spectra_rready && x_spectra_rid == id_i),
    .last_i    (x_spectra_rlast),
    .pending_i (pending_o[2]),
    .progress_i(progress_o[2]),
    .wrong_o   (wrong_o[2])
  );

  port_observer #(
    .OnlyBursts(1'b1),
    .Direct    (Resident == 0)
  ) u_x_spectra_writes (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (x_spectra_awvalid),
    .ready_i   (x_spectra_awready),
    .data_i    (x_spectra_wvalid && x_spectra_wready),
    .answer_i  (x_spectra_bvalid && x_spectra_bready && x_spectra_bid == id_i),
    .last_i    (1'b1),
    .pending_i (pending_o[3]),
    .progress_i(progress_o[3]),
    .wrong_o   (wrong_o[3])
  );

  late_answers #(
    .DataBits(AxiBits)
  ) u_z_spectra_r (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd39595),
    .id_i          (id_i),
    .memory_valid_i(z_spectra_memory_rvalid),
    .memory_ready_o(z_spectra_memory_rready),
    .memory_data_i (z_spectra_memory_rdata),
    .memory_resp_i (z_spectra_memory_rresp),
    .memory_last_i (z_spectra_memory_rlast),
    .memory_id_i   (z_spectra_memory_rid),
    .valid_o       (z_spectra_rvalid),
    .ready_i       (z_spectra_rready),
    .data_o        (z_spectra_rdata),
    .resp_o        (z_spectra_rresp),
    .last_o        (z_spectra_rlast),
    .id_o          (z_spectra_rid)
  );

  late_answers #(
    .DataBits(32)
  ) u_z_spectra_b (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd47514),
    .id_i          (id_i),
    .memory_valid_i(z_spectra_memory_bvalid),
    .memory_ready_o(z_spectra_memory_bready),
    .memory_data_i (32'd0),
    .memory_resp_i (z_spectra_memory_bresp),
    .memory_last_i (1'b1),
    .memory_id_i   (z_spectra_memory_bid),
    .valid_o       (z_spectra_bvalid),
    .ready_i       (z_spectra_bready),
    .data_o        (z_spectra_unused_bdata),
    .resp_o        (z_spectra_bresp),
    .last_o        (z_spectra_unused_blast),
    .id_o          (z_spectra_bid)
  );

  port_observer #(
    .OnlyBursts(Resident == 0),
    .Direct    (Resident == 0)
  ) u_z_spectra_reads (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (z_spectra_arvalid),
    .ready_i   (z_spectra_arready),
    .data_i    (1'b0),
    .answer_i  (z_spectra_rvalid && z_spectra_rready && z_spectra_rid == id_i),
    .last_i    (z_spectra_rlast),
    .pending_i (pending_o[4]),
    .progress_i(progress_o[4]),
    .wrong_o   (wrong_o[4])
  );

  port_observer #(
    .OnlyBursts(1'b1),
    .Direct    (Resident == 0)
  ) u_z_spectra_writes (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (z_spectra_awvalid),
    .ready_i   (z_spectra_awready),
    .data_i    (z_spectra_wvalid && z_spectra_wready),
    .answer_i  (z_spectra_bvalid && z_spectra_bready && z_spectra_bid == id_i),
    .last_i    (1'b1),
    .pending_i (pending_o[5]),
    .progress_i(progress_o[5]),
    .wrong_o   (wrong_o[5])
  );

  late_answers #(
    .DataBits(AxiBits)
  ) u_h_spectra_r (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd55433),
    .id_i          (id_i),
    .memory_valid_i(h_spectra_memory_rvalid),
    .memory_ready_o(h_spectra_memory_rready),
    .memory_data_i (h_spectra_memory_rdata),
    .memory_resp_i (h_spectra_memory_rresp),
    .memory_last_i (h_spectra_memory_rlast),
    .memory_id_i   (h_spectra_memory_rid),
    .valid_o       (h_spectra_rvalid),
    .ready_i       (h_spectra_rready),
    .data_o        (h_spectra_rdata),
    .resp_o        (h_spectra_rresp),
    .last_o        (h_spectra_rlast),
    .id_o          (h_spectra_rid)
  );

  late_answers #(
    .DataBits(32)
  ) u_h_spectra_b (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .late_i        (late_i),
    .seed_i        (seed_i ^ 32'd63352),
    .id_i          (id_i),
    .memory_valid_i(h_spectra_memory_bvalid),
    .memory_ready_o(h_spectra_memory_bready),
    .memory_data_i (32'd0),
    .memory_resp_i (h_spectra_memory_bresp),
    .memory_last_i (1'b1),
    .memory_id_i   (h_spectra_memory_bid),
    .valid_o       (h_spectra_bvalid),
    .ready_i       (h_spectra_bready),
    .data_o        (h_spectra_unused_bdata),
    .resp_o        (h_spectra_bresp),
    .last_o        (h_spectra_unused_blast),
    .id_o          (h_spectra_bid)
  );

  port_observer #(
    .OnlyBursts(1'b1),
    .Direct    (1'b1)
  ) u_h_spectra_reads (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (h_spectra_arvalid),
    .ready_i   (h_spectra_arready),
    .data_i    (1'b0),
    .answer_i  (h_spectra_rvalid && h_spectra_rready && h_spectra_rid == id_i),
    .last_i    (h_spectra_rlast),
    .pending_i (pending_o[6]),
    .progress_i(progress_o[6]),
    .wrong_o   (wrong_o[6])
  );

  port_observer #(
    .OnlyBursts(1'b1),
    .Direct    (1'b1)
  ) u_h_spectra_writes (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .valid_i   (h_spectra_awvalid),
    .ready_i   (h_spectra_awready),
    .data_i    (h_spectra_wvalid && h_spectra_wready),
    .answer_i  (h_spectra_bvalid && h_spectra_bready && h_spectra_bid == id_i),
    .last_i    (1'b1),
    .pending_i (pending_o[7]),
    .progress_i(progress_o[7]),
    .wrong_o   (wrong_o[7])
  );

  // ---------------------------------------------------------------------------------------------
  // What the core says of its work.

  four_step_observer #(
    .ChunkBeats(Chunk / Lanes)
  ) u_observer (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .latch_i          (1'b0),
    .convolve_i       (convolve_i),
    .forward_valid_i   (u_core.forward_valid),
    .forward_ready_i   (u_core.forward_ready),
    .forward_kind_i    (u_core.forward_kind),
    .inverse_valid_i   (u_core.inverse_valid),
    .inverse_ready_i   (u_core.inverse_ready),
    .inverse_kind_i    (u_core.inverse_kind),
    .forward_place_i   (u_core.u_forward.u_feed.available),
    .inverse_place_i   (u_core.u_inverse.u_feed.available),
    .forward_restart_i (u_core.u_forward.restart),
    .inverse_restart_i (u_core.u_inverse.restart),
    .samples_valid_i   (u_core.samples_valid),
    .samples_ready_i   (u_core.samples_ready),
    .x_valid_i         (u_core.x_valid),
    .x_ready_i         (u_core.x_ready),
    .h_valid_i         (u_core.h_valid),
    .h_ready_i         (u_core.h_ready),
    .z_valid_i         (u_core.z_valid),
    .z_ready_i         (u_core.z_ready),
    .product_valid_i   (u_core.product_valid),
    .product_ready_i   (u_core.product_ready),
    .tile_valid_i      (u_core.tile_valid),
    .tile_ready_i      (u_core.tile_ready),
    .row_valid_i       (u_core.row_valid),
    .row_ready_i       (u_core.row_ready),
    .z_row_valid_i     (u_core.z_row_valid),
    .z_row_ready_i     (u_core.z_row_ready),
    .y_valid_i         (u_core.y_valid),
    .y_ready_i         (u_core.y_ready),
    .chunk_done_i      (u_core.chunk_done_o),
    .limits_i         ('0),
    .counts_o         (counts_o),
    .limits_o         (unused_limits),
    .wrong_o          (wrong_o[8])
  );

  logic [39:0] handshakes;

  assign handshakes = {
    samples_awvalid, samples_awready, samples_wvalid, samples_wready, samples_bvalid,
    samples_bready, samples_arvalid, samples_arready, samples_rvalid, samples_rready,
    x_spectra_awvalid, x_spectra_awready, x_spectra_wvalid, x_spectra_wready, x_spectra_bvalid,
    x_spectra_bready, x_spectra_arvalid, x_spectra_arready, x_spectra_rvalid, x_spectra_rready,
    z_spectra_awvalid, z_spectra_awready, z_spectra_wvalid, z_spectra_wready, z_spectra_bvalid,
    z_spectra_bready, z_spectra_arvalid, z_spectra_arready, z_spectra_rvalid, z_spectra_rready,
    h_spectra_awvalid, h_spectra_awready, h_spectra_wvalid, h_spectra_wready, h_spectra_bvalid,
    h_spectra_bready, h_spectra_arvalid, h_spectra_arready, h_spectra_rvalid, h_spectra_rready
  };

  integer n;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      totals_o     <= '0;
      saturated_o  <= 1'b0;
      non_finite_o <= 1'b0;
      unknown_o    <= 1'b0;
    end else begin
      for (n = 0; n < 7; n = n + 1) begin
        if (counted[n]) totals_o[32*n+:32] <= totals_o[32*n+:32] + 1'b1;
      end
      saturated_o  <= saturated_o || saturated;
      non_finite_o <= non_finite_o || non_finite;
      // A memory drives no payload before its first answer: no handshake may depend on it.
      if (^handshakes === 1'bx) unknown_o <= 1'b1;
    end
  end

  logic unused;
  assign unused = &{1'b0, unused_limits,
                    samples_unused_bdata,
                    samples_unused_blast,
                    x_spectra_unused_bdata,
                    x_spectra_unused_blast,
                    z_spectra_unused_bdata,
                    z_spectra_unused_blast,
                    h_spectra_unused_bdata,
                    h_spectra_unused_blast,
                    samples_breach,
                    x_spectra_breach,
                    z_spectra_breach,
                    h_spectra_breach};

endmodule
