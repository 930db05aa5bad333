// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// kernel_tb: the kernel of either schedule with a memory on each of its AXI4 masters. A bench has
// only to serve the registers and the interrupt: in cocotb, or in C++ as
// host/crocuta/simulation/rtl_kernel.cpp does. A chunked kernel has no port to the memory of z.
//
// Each memory has a base address below, as a card's DDR4 channels do. The bases lie one page below
// a multiple of 4 GiB, so the addresses of any job of more than a page carry into the upper 32
// bits. All addresses at the ports are those that the kernel uses. Each memory's settings and
// results are those of axi_memory; a reset leaves the contents alone. The *_handshakes_o hold
// {valid, ready} of AR, R, AW, W and B, from bit 0, for benches that sample them all; the *_active_o
// are low in clocks in which there is nothing to sample: no valid, no X, no reset.
// Latency and throughput: those of the kernel and of axi_memory.

module kernel_tb #(
  parameter int Lanes = 2,
  parameter int Chunk = 64,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int MaxLengthLog2 = 22,
  parameter int Outputs = 1,       // of a chunked kernel
  parameter bit FourStep = 1'b0,   // the schedule
  parameter int Resident = 0,      // rows of a four-step kernel that stay on the chip
  parameter TwiddleDir = "",
  // AXI beats in each memory: powers of two. The defaults hold x, h and y of 64 chunks each, that
  // is 2^22 samples at Chunk = 65536.
  parameter int SamplesWords = 128 * Chunk / Lanes,
  parameter int SpectraWords = 64 * Chunk / Lanes,
  localparam int ZWords = FourStep ? SpectraWords : 2,
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  output logic                      interrupt_o,
  // The kernel's registers.
  input  logic                      s_axi_control_awvalid,
  output logic                      s_axi_control_awready,
  input  logic [11:0]               s_axi_control_awaddr,
  input  logic                      s_axi_control_wvalid,
  output logic                      s_axi_control_wready,
  input  logic [31:0]               s_axi_control_wdata,
  input  logic [3:0]                s_axi_control_wstrb,
  output logic                      s_axi_control_bvalid,
  input  logic                      s_axi_control_bready,
  output logic [1:0]                s_axi_control_bresp,
  input  logic                      s_axi_control_arvalid,
  output logic                      s_axi_control_arready,
  input  logic [11:0]               s_axi_control_araddr,
  output logic                      s_axi_control_rvalid,
  input  logic                      s_axi_control_rready,
  output logic [31:0]               s_axi_control_rdata,
  output logic [1:0]                s_axi_control_rresp,
  output logic [9:0]                s_axi_control_handshakes_o,
  output logic                      s_axi_control_active_o,
  // The memory of x, h and y.
  input  logic [15:0]               samples_latency_i,
  input  logic [15:0]               samples_bandwidth_i,
  input  logic [15:0]               samples_stall_i,
  input  logic [31:0]               samples_seed_i,
  input  logic [4:0]                samples_hold_i,
  input  logic                      samples_read_error_i,
  input  logic [63:0]               samples_read_error_addr_i,
  input  logic                      samples_write_error_i,
  input  logic [63:0]               samples_write_error_addr_i,
  input  logic [1:0]                samples_response_i,
  input  logic                      samples_load_i,
  input  logic                      samples_dump_i,
  output logic [63:0]               samples_beats_read_o,
  output logic [63:0]               samples_beats_written_o,
  output logic                      samples_protocol_error_o,
  output logic [3:0]                samples_protocol_breach_o,
  output logic [9:0]                samples_handshakes_o,
  output logic                      samples_active_o,
  // The memory of the chunks of x.
  input  logic [15:0]               x_spectra_latency_i,
  input  logic [15:0]               x_spectra_bandwidth_i,
  input  logic [15:0]               x_spectra_stall_i,
  input  logic [31:0]               x_spectra_seed_i,
  input  logic [4:0]                x_spectra_hold_i,
  input  logic                      x_spectra_read_error_i,
  input  logic [63:0]               x_spectra_read_error_addr_i,
  input  logic                      x_spectra_write_error_i,
  input  logic [63:0]               x_spectra_write_error_addr_i,
  input  logic [1:0]                x_spectra_response_i,
  input  logic                      x_spectra_load_i,
  input  logic                      x_spectra_dump_i,
  output logic [63:0]               x_spectra_beats_read_o,
  output logic [63:0]               x_spectra_beats_written_o,
  output logic                      x_spectra_protocol_error_o,
  output logic [3:0]                x_spectra_protocol_breach_o,
  output logic [9:0]                x_spectra_handshakes_o,
  output logic                      x_spectra_active_o,
  // The memory of the rows of z.
  input  logic [15:0]               z_spectra_latency_i,
  input  logic [15:0]               z_spectra_bandwidth_i,
  input  logic [15:0]               z_spectra_stall_i,
  input  logic [31:0]               z_spectra_seed_i,
  input  logic [4:0]                z_spectra_hold_i,
  input  logic                      z_spectra_read_error_i,
  input  logic [63:0]               z_spectra_read_error_addr_i,
  input  logic                      z_spectra_write_error_i,
  input  logic [63:0]               z_spectra_write_error_addr_i,
  input  logic [1:0]                z_spectra_response_i,
  input  logic                      z_spectra_load_i,
  input  logic                      z_spectra_dump_i,
  output logic [63:0]               z_spectra_beats_read_o,
  output logic [63:0]               z_spectra_beats_written_o,
  output logic                      z_spectra_protocol_error_o,
  output logic [3:0]                z_spectra_protocol_breach_o,
  output logic [9:0]                z_spectra_handshakes_o,
  output logic                      z_spectra_active_o,
  // The memory of the filter's chunks.
  input  logic [15:0]               h_spectra_latency_i,
  input  logic [15:0]               h_spectra_bandwidth_i,
  input  logic [15:0]               h_spectra_stall_i,
  input  logic [31:0]               h_spectra_seed_i,
  input  logic [4:0]                h_spectra_hold_i,
  input  logic                      h_spectra_read_error_i,
  input  logic [63:0]               h_spectra_read_error_addr_i,
  input  logic                      h_spectra_write_error_i,
  input  logic [63:0]               h_spectra_write_error_addr_i,
  input  logic [1:0]                h_spectra_response_i,
  input  logic                      h_spectra_load_i,
  input  logic                      h_spectra_dump_i,
  output logic [63:0]               h_spectra_beats_read_o,
  output logic [63:0]               h_spectra_beats_written_o,
  output logic                      h_spectra_protocol_error_o,
  output logic [3:0]                h_spectra_protocol_breach_o,
  output logic [9:0]                h_spectra_handshakes_o,
  output logic                      h_spectra_active_o,
  // The pulse at a job's end, and the observer's results for the current job.
  output logic                      observed_done_o,
  output logic [191:0]              observed_counts_o,
  output logic [5:0]                observed_limits_o,
  output logic                      observed_wrong_o,
  // Common to the memories.
  input  logic                      quiet_i,
  /// file name for load and dump: see axi_memory
  input  logic [2047:0]             file_i
);

  localparam logic [63:0] SamplesBase  = 64'h0000_0010_ffff_f000;
  localparam logic [63:0] XSpectraBase = 64'h0000_0020_ffff_f000;
  localparam logic [63:0] HSpectraBase = 64'h0000_0030_ffff_f000;
  localparam logic [63:0] ZSpectraBase = 64'h0000_0040_ffff_f000;

  logic                    samples_awvalid;
  logic                    samples_awready;
  logic [63:0]             samples_awaddr;
  logic [7:0]              samples_awlen;
  logic [2:0]              samples_awsize;
  logic [1:0]              samples_awburst;
  logic [0:0]              samples_awid;
  logic [3:0]              samples_awcache;
  logic [2:0]              samples_awprot;
  logic                    samples_wvalid;
  logic                    samples_wready;
  logic [AxiBits-1:0]      samples_wdata;
  logic [AxiBits/8-1:0]    samples_wstrb;
  logic                    samples_wlast;
  logic                    samples_bvalid;
  logic                    samples_bready;
  logic [1:0]              samples_bresp;
  logic [0:0]              samples_bid;
  logic                    samples_arvalid;
  logic                    samples_arready;
  logic [63:0]             samples_araddr;
  logic [7:0]              samples_arlen;
  logic [2:0]              samples_arsize;
  logic [1:0]              samples_arburst;
  logic [0:0]              samples_arid;
  logic [3:0]              samples_arcache;
  logic [2:0]              samples_arprot;
  logic                    samples_rvalid;
  logic                    samples_rready;
  logic [AxiBits-1:0]      samples_rdata;
  logic [1:0]              samples_rresp;
  logic                    samples_rlast;
  logic [0:0]              samples_rid;

  logic                    x_spectra_awvalid;
  logic                    x_spectra_awready;
  logic [63:0]             x_spectra_awaddr;
  logic [7:0]              x_spectra_awlen;
  logic [2:0]              x_spectra_awsize;
  logic [1:0]              x_spectra_awburst;
  logic [0:0]              x_spectra_awid;
  logic [3:0]              x_spectra_awcache;
  logic [2:0]              x_spectra_awprot;
  logic                    x_spectra_wvalid;
  logic                    x_spectra_wready;
  logic [AxiBits-1:0]      x_spectra_wdata;
  logic [AxiBits/8-1:0]    x_spectra_wstrb;
  logic                    x_spectra_wlast;
  logic                    x_spectra_bvalid;
  logic                    x_spectra_bready;
  logic [1:0]              x_spectra_bresp;
  logic [0:0]              x_spectra_bid;
  logic                    x_spectra_arvalid;
  logic                    x_spectra_arready;
  logic [63:0]             x_spectra_araddr;
  logic [7:0]              x_spectra_arlen;
  logic [2:0]              x_spectra_arsize;
  logic [1:0]              x_spectra_arburst;
  logic [0:0]              x_spectra_arid;
  logic [3:0]              x_spectra_arcache;
  logic [2:0]              x_spectra_arprot;
  logic                    x_spectra_rvalid;
  logic                    x_spectra_rready;
  logic [AxiBits-1:0]      x_spectra_rdata;
  logic [1:0]              x_spectra_rresp;
  logic                    x_spectra_rlast;
  logic [0:0]              x_spectra_rid;

  logic                    z_spectra_awvalid;
  logic                    z_spectra_awready;
  logic [63:0]             z_spectra_awaddr;
  logic [7:0]              z_spectra_awlen;
  logic [2:0]              z_spectra_awsize;
  logic [1:0]              z_spectra_awburst;
  logic [0:0]              z_spectra_awid;
  logic [3:0]              z_spectra_awcache;
  logic [2:0]              z_spectra_awprot;
  logic                    z_spectra_wvalid;
  logic                    z_spectra_wready;
  logic [AxiBits-1:0]      z_spectra_wdata;
  logic [AxiBits/8-1:0]    z_spectra_wstrb;
  logic                    z_spectra_wlast;
  logic                    z_spectra_bvalid;
  logic                    z_spectra_bready;
  logic [1:0]              z_spectra_bresp;
  logic [0:0]              z_spectra_bid;
  logic                    z_spectra_arvalid;
  logic                    z_spectra_arready;
  logic [63:0]             z_spectra_araddr;
  logic [7:0]              z_spectra_arlen;
  logic [2:0]              z_spectra_arsize;
  logic [1:0]              z_spectra_arburst;
  logic [0:0]              z_spectra_arid;
  logic [3:0]              z_spectra_arcache;
  logic [2:0]              z_spectra_arprot;
  logic                    z_spectra_rvalid;
  logic                    z_spectra_rready;
  logic [AxiBits-1:0]      z_spectra_rdata;
  logic [1:0]              z_spectra_rresp;
  logic                    z_spectra_rlast;
  logic [0:0]              z_spectra_rid;

  logic                    h_spectra_awvalid;
  logic                    h_spectra_awready;
  logic [63:0]             h_spectra_awaddr;
  logic [7:0]              h_spectra_awlen;
  logic [2:0]              h_spectra_awsize;
  logic [1:0]              h_spectra_awburst;
  logic [0:0]              h_spectra_awid;
  logic [3:0]              h_spectra_awcache;
  logic [2:0]              h_spectra_awprot;
  logic                    h_spectra_wvalid;
  logic                    h_spectra_wready;
  logic [AxiBits-1:0]      h_spectra_wdata;
  logic [AxiBits/8-1:0]    h_spectra_wstrb;
  logic                    h_spectra_wlast;
  logic                    h_spectra_bvalid;
  logic                    h_spectra_bready;
  logic [1:0]              h_spectra_bresp;
  logic [0:0]              h_spectra_bid;
  logic                    h_spectra_arvalid;
  logic                    h_spectra_arready;
  logic [63:0]             h_spectra_araddr;
  logic [7:0]              h_spectra_arlen;
  logic [2:0]              h_spectra_arsize;
  logic [1:0]              h_spectra_arburst;
  logic [0:0]              h_spectra_arid;
  logic [3:0]              h_spectra_arcache;
  logic [2:0]              h_spectra_arprot;
  logic                    h_spectra_rvalid;
  logic                    h_spectra_rready;
  logic [AxiBits-1:0]      h_spectra_rdata;
  logic [1:0]              h_spectra_rresp;
  logic                    h_spectra_rlast;
  logic [0:0]              h_spectra_rid;

  if (FourStep) begin : gen_four_step
    four_step_kernel #(
      .Lanes        (Lanes),
      .Chunk        (Chunk),
      .MantissaBits (MantissaBits),
      .ExponentBits (ExponentBits),
      .TwiddleBits  (TwiddleBits),
      .MaxLengthLog2(MaxLengthLog2),
      .Resident     (Resident),
      .TwiddleDir   (TwiddleDir)
    ) u_kernel (
      .ap_clk                 (clk_i),
      .ap_rst_n               (rst_ni),
      .interrupt              (interrupt_o),
      .s_axi_control_awvalid  (s_axi_control_awvalid),
      .s_axi_control_awready  (s_axi_control_awready),
      .s_axi_control_awaddr   (s_axi_control_awaddr),
      .s_axi_control_wvalid   (s_axi_control_wvalid),
      .s_axi_control_wready   (s_axi_control_wready),
      .s_axi_control_wdata    (s_axi_control_wdata),
      .s_axi_control_wstrb    (s_axi_control_wstrb),
      .s_axi_control_bvalid   (s_axi_control_bvalid),
      .s_axi_control_bready   (s_axi_control_bready),
      .s_axi_control_bresp    (s_axi_control_bresp),
      .s_axi_control_arvalid  (s_axi_control_arvalid),
      .s_axi_control_arready  (s_axi_control_arready),
      .s_axi_control_araddr   (s_axi_control_araddr),
      .s_axi_control_rvalid   (s_axi_control_rvalid),
      .s_axi_control_rready   (s_axi_control_rready),
      .s_axi_control_rdata    (s_axi_control_rdata),
      .s_axi_control_rresp    (s_axi_control_rresp),
      .m_axi_samples_awvalid  (samples_awvalid),
      .m_axi_samples_awready  (samples_awready),
      .m_axi_samples_awaddr   (samples_awaddr),
      .m_axi_samples_awlen    (samples_awlen),
      .m_axi_samples_awsize   (samples_awsize),
      .m_axi_samples_awburst  (samples_awburst),
      .m_axi_samples_awid     (samples_awid),
      .m_axi_samples_awcache  (samples_awcache),
      .m_axi_samples_awprot   (samples_awprot),
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
      .m_axi_samples_arsize   (samples_arsize),
      .m_axi_samples_arburst  (samples_arburst),
      .m_axi_samples_arid     (samples_arid),
      .m_axi_samples_arcache  (samples_arcache),
      .m_axi_samples_arprot   (samples_arprot),
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
      .m_axi_x_spectra_awsize (x_spectra_awsize),
      .m_axi_x_spectra_awburst(x_spectra_awburst),
      .m_axi_x_spectra_awid   (x_spectra_awid),
      .m_axi_x_spectra_awcache(x_spectra_awcache),
      .m_axi_x_spectra_awprot (x_spectra_awprot),
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
      .m_axi_x_spectra_arsize (x_spectra_arsize),
      .m_axi_x_spectra_arburst(x_spectra_arburst),
      .m_axi_x_spectra_arid   (x_spectra_arid),
      .m_axi_x_spectra_arcache(x_spectra_arcache),
      .m_axi_x_spectra_arprot (x_spectra_arprot),
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
      .m_axi_z_spectra_awsize (z_spectra_awsize),
      .m_axi_z_spectra_awburst(z_spectra_awburst),
      .m_axi_z_spectra_awid   (z_spectra_awid),
      .m_axi_z_spectra_awcache(z_spectra_awcache),
      .m_axi_z_spectra_awprot (z_spectra_awprot),
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
      .m_axi_z_spectra_arsize (z_spectra_arsize),
      .m_axi_z_spectra_arburst(z_spectra_arburst),
      .m_axi_z_spectra_arid   (z_spectra_arid),
      .m_axi_z_spectra_arcache(z_spectra_arcache),
      .m_axi_z_spectra_arprot (z_spectra_arprot),
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
      .m_axi_h_spectra_awsize (h_spectra_awsize),
      .m_axi_h_spectra_awburst(h_spectra_awburst),
      .m_axi_h_spectra_awid   (h_spectra_awid),
      .m_axi_h_spectra_awcache(h_spectra_awcache),
      .m_axi_h_spectra_awprot (h_spectra_awprot),
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
      .m_axi_h_spectra_arsize (h_spectra_arsize),
      .m_axi_h_spectra_arburst(h_spectra_arburst),
      .m_axi_h_spectra_arid   (h_spectra_arid),
      .m_axi_h_spectra_arcache(h_spectra_arcache),
      .m_axi_h_spectra_arprot (h_spectra_arprot),
      .m_axi_h_spectra_rvalid (h_spectra_rvalid),
      .m_axi_h_spectra_rready (h_spectra_rready),
      .m_axi_h_spectra_rdata  (h_spectra_rdata),
      .m_axi_h_spectra_rresp  (h_spectra_rresp),
      .m_axi_h_spectra_rlast  (h_spectra_rlast),
      .m_axi_h_spectra_rid    (h_spectra_rid)
    );

    assign observed_done_o = u_kernel.job_done;

    four_step_observer #(
      .ChunkBeats(Chunk / Lanes)
    ) u_observer (
      .clk_i            (clk_i),
      .rst_ni           (u_kernel.core_rst_n),
      .latch_i          (u_kernel.job_latch),
      .convolve_i       (u_kernel.u_core.convolve_i),
      .forward_valid_i  (u_kernel.u_core.forward_valid),
      .forward_ready_i  (u_kernel.u_core.forward_ready),
      .forward_kind_i   (u_kernel.u_core.forward_kind),
      .inverse_valid_i  (u_kernel.u_core.inverse_valid),
      .inverse_ready_i  (u_kernel.u_core.inverse_ready),
      .inverse_kind_i   (u_kernel.u_core.inverse_kind),
      .forward_place_i  (u_kernel.u_core.u_forward.u_feed.available),
      .inverse_place_i  (u_kernel.u_core.u_inverse.u_feed.available),
      .forward_restart_i(u_kernel.u_core.u_forward.restart),
      .inverse_restart_i(u_kernel.u_core.u_inverse.restart),
      .samples_valid_i  (u_kernel.u_core.samples_valid),
      .samples_ready_i  (u_kernel.u_core.samples_ready),
      .x_valid_i        (u_kernel.u_core.x_valid),
      .x_ready_i        (u_kernel.u_core.x_ready),
      .h_valid_i        (u_kernel.u_core.h_valid),
      .h_ready_i        (u_kernel.u_core.h_ready),
      .z_valid_i        (u_kernel.u_core.z_valid),
      .z_ready_i        (u_kernel.u_core.z_ready),
      .product_valid_i  (u_kernel.u_core.product_valid),
      .product_ready_i  (u_kernel.u_core.product_ready),
      .tile_valid_i     (u_kernel.u_core.tile_valid),
      .tile_ready_i     (u_kernel.u_core.tile_ready),
      .row_valid_i      (u_kernel.u_core.row_valid),
      .row_ready_i      (u_kernel.u_core.row_ready),
      .z_row_valid_i    (u_kernel.u_core.z_row_valid),
      .z_row_ready_i    (u_kernel.u_core.z_row_ready),
      .y_valid_i        (u_kernel.u_core.y_valid),
      .y_ready_i        (u_kernel.u_core.y_ready),
      .chunk_done_i     (u_kernel.u_core.chunk_done_o),
      // Places behind the engines, then the controller's streams.
      .limits_i         ({!u_kernel.u_core.u_controller.forward_ready,
                          !u_kernel.u_core.u_controller.h_store_ready,
                          !u_kernel.u_core.u_controller.h_read_ready,
                          !u_kernel.u_core.u_controller.load_ready,
                          !u_kernel.u_core.u_inverse.u_feed.available,
                          !u_kernel.u_core.u_forward.u_feed.available}),
      .counts_o         (observed_counts_o),
      .limits_o         (observed_limits_o),
      .wrong_o          (observed_wrong_o)
    );
  end else begin : gen_chunked
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
      .s_axi_control_awvalid  (s_axi_control_awvalid),
      .s_axi_control_awready  (s_axi_control_awready),
      .s_axi_control_awaddr   (s_axi_control_awaddr),
      .s_axi_control_wvalid   (s_axi_control_wvalid),
      .s_axi_control_wready   (s_axi_control_wready),
      .s_axi_control_wdata    (s_axi_control_wdata),
      .s_axi_control_wstrb    (s_axi_control_wstrb),
      .s_axi_control_bvalid   (s_axi_control_bvalid),
      .s_axi_control_bready   (s_axi_control_bready),
      .s_axi_control_bresp    (s_axi_control_bresp),
      .s_axi_control_arvalid  (s_axi_control_arvalid),
      .s_axi_control_arready  (s_axi_control_arready),
      .s_axi_control_araddr   (s_axi_control_araddr),
      .s_axi_control_rvalid   (s_axi_control_rvalid),
      .s_axi_control_rready   (s_axi_control_rready),
      .s_axi_control_rdata    (s_axi_control_rdata),
      .s_axi_control_rresp    (s_axi_control_rresp),
      .m_axi_samples_awvalid  (samples_awvalid),
      .m_axi_samples_awready  (samples_awready),
      .m_axi_samples_awaddr   (samples_awaddr),
      .m_axi_samples_awlen    (samples_awlen),
      .m_axi_samples_awsize   (samples_awsize),
      .m_axi_samples_awburst  (samples_awburst),
      .m_axi_samples_awid     (samples_awid),
      .m_axi_samples_awcache  (samples_awcache),
      .m_axi_samples_awprot   (samples_awprot),
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
      .m_axi_samples_arsize   (samples_arsize),
      .m_axi_samples_arburst  (samples_arburst),
      .m_axi_samples_arid     (samples_arid),
      .m_axi_samples_arcache  (samples_arcache),
      .m_axi_samples_arprot   (samples_arprot),
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
      .m_axi_x_spectra_awsize (x_spectra_awsize),
      .m_axi_x_spectra_awburst(x_spectra_awburst),
      .m_axi_x_spectra_awid   (x_spectra_awid),
      .m_axi_x_spectra_awcache(x_spectra_awcache),
      .m_axi_x_spectra_awprot (x_spectra_awprot),
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
      .m_axi_x_spectra_arsize (x_spectra_arsize),
      .m_axi_x_spectra_arburst(x_spectra_arburst),
      .m_axi_x_spectra_arid   (x_spectra_arid),
      .m_axi_x_spectra_arcache(x_spectra_arcache),
      .m_axi_x_spectra_arprot (x_spectra_arprot),
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
      .m_axi_h_spectra_awsize (h_spectra_awsize),
      .m_axi_h_spectra_awburst(h_spectra_awburst),
      .m_axi_h_spectra_awid   (h_spectra_awid),
      .m_axi_h_spectra_awcache(h_spectra_awcache),
      .m_axi_h_spectra_awprot (h_spectra_awprot),
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
      .m_axi_h_spectra_arsize (h_spectra_arsize),
      .m_axi_h_spectra_arburst(h_spectra_arburst),
      .m_axi_h_spectra_arid   (h_spectra_arid),
      .m_axi_h_spectra_arcache(h_spectra_arcache),
      .m_axi_h_spectra_arprot (h_spectra_arprot),
      .m_axi_h_spectra_rvalid (h_spectra_rvalid),
      .m_axi_h_spectra_rready (h_spectra_rready),
      .m_axi_h_spectra_rdata  (h_spectra_rdata),
      .m_axi_h_spectra_rresp  (h_spectra_rresp),
      .m_axi_h_spectra_rlast  (h_spectra_rlast),
      .m_axi_h_spectra_rid    (h_spectra_rid)
    );

    assign observed_done_o = u_kernel.job_done;

    job_observer #(
      .ChunkBeats(Chunk / Lanes),
      .Outputs   (Outputs),
      .Limits    (6)
    ) u_observer (
      .clk_i             (clk_i),
      .rst_ni            (u_kernel.core_rst_n),
      .latch_i           (u_kernel.job_latch),
      .pass_valid_i      (u_kernel.pass_valid),
      .pass_ready_i      (u_kernel.pass_ready),
      .pass_outputs_i    (u_kernel.pass_outputs),
      .pass_last_i       (u_kernel.pass_last),
      .pass_h_i          (u_kernel.pass_h),
      .pass_flush_i      (u_kernel.pass_flush),
      .pass_engine_i     (u_kernel.pass_engine),
      .pass_store_i      (u_kernel.pass_store),
      .pass_prepare_i    (u_kernel.pass_prepare),
      .engine_valid_i    (u_kernel.spectrum_valid),
      .engine_ready_i    (u_kernel.spectrum_ready),
      .x_valid_i         (u_kernel.x_valid),
      .x_ready_i         (u_kernel.x_ready),
      .h_valid_i         (u_kernel.h_valid),
      .h_ready_i         (u_kernel.h_ready),
      .store_x_ready_i   (u_kernel.x_store_beat_ready),
      .store_x_valid_i   (u_kernel.x_store_beat_valid),
      .store_h_ready_i   (u_kernel.h_store_beat_ready),
      .store_h_valid_i   (u_kernel.h_store_beat_valid),
      .output_available_i(u_kernel.output_available),
      .output_reserve_i  (u_kernel.output_reserve),
      .mac_valid_i       (u_kernel.fire_valid),
      // From bit 0: no location left behind the forward and the inverse engine, then streams of the
      // controller that are not ready.
      .limits_i          ({!u_kernel.u_chunk_controller.pass_ready,
                           !u_kernel.u_chunk_controller.h_store_ready,
                           !u_kernel.u_chunk_controller.h_read_ready,
                           !u_kernel.u_chunk_controller.load_ready,
                           !u_kernel.output_available, !u_kernel.samples_ready}),
      .counts_o          (observed_counts_o),
      .limits_o          (observed_limits_o),
      .wrong_o           (observed_wrong_o)
    );

    // No port: nothing moves.
    assign z_spectra_awvalid    = '0;
    assign z_spectra_awaddr     = '0;
    assign z_spectra_awlen      = '0;
    assign z_spectra_awsize     = '0;
    assign z_spectra_awburst    = '0;
    assign z_spectra_awid       = '0;
    assign z_spectra_awcache    = '0;
    assign z_spectra_awprot     = '0;
    assign z_spectra_wvalid     = '0;
    assign z_spectra_wdata      = '0;
    assign z_spectra_wstrb      = '0;
    assign z_spectra_wlast      = '0;
    assign z_spectra_bready     = '0;
    assign z_spectra_arvalid    = '0;
    assign z_spectra_araddr     = '0;
    assign z_spectra_arlen      = '0;
    assign z_spectra_arsize     = '0;
    assign z_spectra_arburst    = '0;
    assign z_spectra_arid       = '0;
    assign z_spectra_arcache    = '0;
    assign z_spectra_arprot     = '0;
    assign z_spectra_rready     = '0;
  end

  localparam logic [9:0] Valids = 10'b10_10_10_10_10;

  assign s_axi_control_handshakes_o = {
    s_axi_control_bvalid, s_axi_control_bready, s_axi_control_wvalid, s_axi_control_wready,
    s_axi_control_awvalid, s_axi_control_awready, s_axi_control_rvalid, s_axi_control_rready,
    s_axi_control_arvalid, s_axi_control_arready
  };
  assign samples_handshakes_o = {
    samples_bvalid, samples_bready, samples_wvalid, samples_wready,
    samples_awvalid, samples_awready, samples_rvalid, samples_rready,
    samples_arvalid, samples_arready
  };
  assign x_spectra_handshakes_o = {
    x_spectra_bvalid, x_spectra_bready, x_spectra_wvalid, x_spectra_wready,
    x_spectra_awvalid, x_spectra_awready, x_spectra_rvalid, x_spectra_rready,
    x_spectra_arvalid, x_spectra_arready
  };
  assign z_spectra_handshakes_o = {
    z_spectra_bvalid, z_spectra_bready, z_spectra_wvalid, z_spectra_wready,
    z_spectra_awvalid, z_spectra_awready, z_spectra_rvalid, z_spectra_rready,
    z_spectra_arvalid, z_spectra_arready
  };
  assign h_spectra_handshakes_o = {
    h_spectra_bvalid, h_spectra_bready, h_spectra_wvalid, h_spectra_wready,
    h_spectra_awvalid, h_spectra_awready, h_spectra_rvalid, h_spectra_rready,
    h_spectra_arvalid, h_spectra_arready
  };

  assign s_axi_control_active_o = !rst_ni || |(s_axi_control_handshakes_o & Valids) ||
                                  (^s_axi_control_handshakes_o === 1'bx);
  assign samples_active_o = !rst_ni || |(samples_handshakes_o & Valids) ||
                            (^samples_handshakes_o === 1'bx);
  assign x_spectra_active_o = !rst_ni || |(x_spectra_handshakes_o & Valids) ||
                              (^x_spectra_handshakes_o === 1'bx);
  assign z_spectra_active_o = !rst_ni || |(z_spectra_handshakes_o & Valids) ||
                              (^z_spectra_handshakes_o === 1'bx);
  assign h_spectra_active_o = !rst_ni || |(h_spectra_handshakes_o & Valids) ||
                              (^h_spectra_handshakes_o === 1'bx);

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (SamplesWords)
  ) u_samples (
    .clk_i             (clk_i),
    .rst_ni            (rst_ni),
    .latency_i         (samples_latency_i),
    .bandwidth_i       (samples_bandwidth_i),
    .stall_i           (samples_stall_i),
    .seed_i            (samples_seed_i),
    .hold_i            (samples_hold_i),
    .read_error_i      (samples_read_error_i),
    .read_error_addr_i (samples_read_error_addr_i - SamplesBase),
    .write_error_i     (samples_write_error_i),
    .write_error_addr_i(samples_write_error_addr_i - SamplesBase),
    .response_i        (samples_response_i),
    .load_i            (samples_load_i),
    .dump_i            (samples_dump_i),
    .file_i            (file_i),
    .quiet_i           (quiet_i),
    .beats_read_o      (samples_beats_read_o),
    .beats_written_o   (samples_beats_written_o),
    .protocol_error_o  (samples_protocol_error_o),
    .protocol_breach_o (samples_protocol_breach_o),
    .s_axi_awvalid     (samples_awvalid),
    .s_axi_awready     (samples_awready),
    .s_axi_awaddr      (samples_awaddr - SamplesBase),
    .s_axi_awlen       (samples_awlen),
    .s_axi_awsize      (samples_awsize),
    .s_axi_awburst     (samples_awburst),
    .s_axi_awid        (samples_awid),
    .s_axi_awcache     (samples_awcache),
    .s_axi_awprot      (samples_awprot),
    .s_axi_wvalid      (samples_wvalid),
    .s_axi_wready      (samples_wready),
    .s_axi_wdata       (samples_wdata),
    .s_axi_wstrb       (samples_wstrb),
    .s_axi_wlast       (samples_wlast),
    .s_axi_bvalid      (samples_bvalid),
    .s_axi_bready      (samples_bready),
    .s_axi_bresp       (samples_bresp),
    .s_axi_bid         (samples_bid),
    .s_axi_arvalid     (samples_arvalid),
    .s_axi_arready     (samples_arready),
    .s_axi_araddr      (samples_araddr - SamplesBase),
    .s_axi_arlen       (samples_arlen),
    .s_axi_arsize      (samples_arsize),
    .s_axi_arburst     (samples_arburst),
    .s_axi_arid        (samples_arid),
    .s_axi_arcache     (samples_arcache),
    .s_axi_arprot      (samples_arprot),
    .s_axi_rvalid      (samples_rvalid),
    .s_axi_rready      (samples_rready),
    .s_axi_rdata       (samples_rdata),
    .s_axi_rresp       (samples_rresp),
    .s_axi_rlast       (samples_rlast),
    .s_axi_rid         (samples_rid)
  );

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (SpectraWords)
  ) u_x_spectra (
    .clk_i             (clk_i),
    .rst_ni            (rst_ni),
    .latency_i         (x_spectra_latency_i),
    .bandwidth_i       (x_spectra_bandwidth_i),
    .stall_i           (x_spectra_stall_i),
    .seed_i            (x_spectra_seed_i),
    .hold_i            (x_spectra_hold_i),
    .read_error_i      (x_spectra_read_error_i),
    .read_error_addr_i (x_spectra_read_error_addr_i - XSpectraBase),
    .write_error_i     (x_spectra_write_error_i),
    .write_error_addr_i(x_spectra_write_error_addr_i - XSpectraBase),
    .response_i        (x_spectra_response_i),
    .load_i            (x_spectra_load_i),
    .dump_i            (x_spectra_dump_i),
    .file_i            (file_i),
    .quiet_i           (quiet_i),
    .beats_read_o      (x_spectra_beats_read_o),
    .beats_written_o   (x_spectra_beats_written_o),
    .protocol_error_o  (x_spectra_protocol_error_o),
    .protocol_breach_o (x_spectra_protocol_breach_o),
    .s_axi_awvalid     (x_spectra_awvalid),
    .s_axi_awready     (x_spectra_awready),
    .s_axi_awaddr      (x_spectra_awaddr - XSpectraBase),
    .s_axi_awlen       (x_spectra_awlen),
    .s_axi_awsize      (x_spectra_awsize),
    .s_axi_awburst     (x_spectra_awburst),
    .s_axi_awid        (x_spectra_awid),
    .s_axi_awcache     (x_spectra_awcache),
    .s_axi_awprot      (x_spectra_awprot),
    .s_axi_wvalid      (x_spectra_wvalid),
    .s_axi_wready      (x_spectra_wready),
    .s_axi_wdata       (x_spectra_wdata),
    .s_axi_wstrb       (x_spectra_wstrb),
    .s_axi_wlast       (x_spectra_wlast),
    .s_axi_bvalid      (x_spectra_bvalid),
    .s_axi_bready      (x_spectra_bready),
    .s_axi_bresp       (x_spectra_bresp),
    .s_axi_bid         (x_spectra_bid),
    .s_axi_arvalid     (x_spectra_arvalid),
    .s_axi_arready     (x_spectra_arready),
    .s_axi_araddr      (x_spectra_araddr - XSpectraBase),
    .s_axi_arlen       (x_spectra_arlen),
    .s_axi_arsize      (x_spectra_arsize),
    .s_axi_arburst     (x_spectra_arburst),
    .s_axi_arid        (x_spectra_arid),
    .s_axi_arcache     (x_spectra_arcache),
    .s_axi_arprot      (x_spectra_arprot),
    .s_axi_rvalid      (x_spectra_rvalid),
    .s_axi_rready      (x_spectra_rready),
    .s_axi_rdata       (x_spectra_rdata),
    .s_axi_rresp       (x_spectra_rresp),
    .s_axi_rlast       (x_spectra_rlast),
    .s_axi_rid         (x_spectra_rid)
  );

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (ZWords)
  ) u_z_spectra (
    .clk_i             (clk_i),
    .rst_ni            (rst_ni),
    .latency_i         (z_spectra_latency_i),
    .bandwidth_i       (z_spectra_bandwidth_i),
    .stall_i           (z_spectra_stall_i),
    .seed_i            (z_spectra_seed_i),
    .hold_i            (z_spectra_hold_i),
    .read_error_i      (z_spectra_read_error_i),
    .read_error_addr_i (z_spectra_read_error_addr_i - ZSpectraBase),
    .write_error_i     (z_spectra_write_error_i),
    .write_error_addr_i(z_spectra_write_error_addr_i - ZSpectraBase),
    .response_i        (z_spectra_response_i),
    .load_i            (z_spectra_load_i),
    .dump_i            (z_spectra_dump_i),
    .file_i            (file_i),
    .quiet_i           (quiet_i),
    .beats_read_o      (z_spectra_beats_read_o),
    .beats_written_o   (z_spectra_beats_written_o),
    .protocol_error_o  (z_spectra_protocol_error_o),
    .protocol_breach_o (z_spectra_protocol_breach_o),
    .s_axi_awvalid     (z_spectra_awvalid),
    .s_axi_awready     (z_spectra_awready),
    .s_axi_awaddr      (z_spectra_awaddr - ZSpectraBase),
    .s_axi_awlen       (z_spectra_awlen),
    .s_axi_awsize      (z_spectra_awsize),
    .s_axi_awburst     (z_spectra_awburst),
    .s_axi_awid        (z_spectra_awid),
    .s_axi_awcache     (z_spectra_awcache),
    .s_axi_awprot      (z_spectra_awprot),
    .s_axi_wvalid      (z_spectra_wvalid),
    .s_axi_wready      (z_spectra_wready),
    .s_axi_wdata       (z_spectra_wdata),
    .s_axi_wstrb       (z_spectra_wstrb),
    .s_axi_wlast       (z_spectra_wlast),
    .s_axi_bvalid      (z_spectra_bvalid),
    .s_axi_bready      (z_spectra_bready),
    .s_axi_bresp       (z_spectra_bresp),
    .s_axi_bid         (z_spectra_bid),
    .s_axi_arvalid     (z_spectra_arvalid),
    .s_axi_arready     (z_spectra_arready),
    .s_axi_araddr      (z_spectra_araddr - ZSpectraBase),
    .s_axi_arlen       (z_spectra_arlen),
    .s_axi_arsize      (z_spectra_arsize),
    .s_axi_arburst     (z_spectra_arburst),
    .s_axi_arid        (z_spectra_arid),
    .s_axi_arcache     (z_spectra_arcache),
    .s_axi_arprot      (z_spectra_arprot),
    .s_axi_rvalid      (z_spectra_rvalid),
    .s_axi_rready      (z_spectra_rready),
    .s_axi_rdata       (z_spectra_rdata),
    .s_axi_rresp       (z_spectra_rresp),
    .s_axi_rlast       (z_spectra_rlast),
    .s_axi_rid         (z_spectra_rid)
  );

  axi_memory #(
    .DataBits(AxiBits),
    .Words   (SpectraWords)
  ) u_h_spectra (
    .clk_i             (clk_i),
    .rst_ni            (rst_ni),
    .latency_i         (h_spectra_latency_i),
    .bandwidth_i       (h_spectra_bandwidth_i),
    .stall_i           (h_spectra_stall_i),
    .seed_i            (h_spectra_seed_i),
    .hold_i            (h_spectra_hold_i),
    .read_error_i      (h_spectra_read_error_i),
    .read_error_addr_i (h_spectra_read_error_addr_i - HSpectraBase),
    .write_error_i     (h_spectra_write_error_i),
    .write_error_addr_i(h_spectra_write_error_addr_i - HSpectraBase),
    .response_i        (h_spectra_response_i),
    .load_i            (h_spectra_load_i),
    .dump_i            (h_spectra_dump_i),
    .file_i            (file_i),
    .quiet_i           (quiet_i),
    .beats_read_o      (h_spectra_beats_read_o),
    .beats_written_o   (h_spectra_beats_written_o),
    .protocol_error_o  (h_spectra_protocol_error_o),
    .protocol_breach_o (h_spectra_protocol_breach_o),
    .s_axi_awvalid     (h_spectra_awvalid),
    .s_axi_awready     (h_spectra_awready),
    .s_axi_awaddr      (h_spectra_awaddr - HSpectraBase),
    .s_axi_awlen       (h_spectra_awlen),
    .s_axi_awsize      (h_spectra_awsize),
    .s_axi_awburst     (h_spectra_awburst),
    .s_axi_awid        (h_spectra_awid),
    .s_axi_awcache     (h_spectra_awcache),
    .s_axi_awprot      (h_spectra_awprot),
    .s_axi_wvalid      (h_spectra_wvalid),
    .s_axi_wready      (h_spectra_wready),
    .s_axi_wdata       (h_spectra_wdata),
    .s_axi_wstrb       (h_spectra_wstrb),
    .s_axi_wlast       (h_spectra_wlast),
    .s_axi_bvalid      (h_spectra_bvalid),
    .s_axi_bready      (h_spectra_bready),
    .s_axi_bresp       (h_spectra_bresp),
    .s_axi_bid         (h_spectra_bid),
    .s_axi_arvalid     (h_spectra_arvalid),
    .s_axi_arready     (h_spectra_arready),
    .s_axi_araddr      (h_spectra_araddr - HSpectraBase),
    .s_axi_arlen       (h_spectra_arlen),
    .s_axi_arsize      (h_spectra_arsize),
    .s_axi_arburst     (h_spectra_arburst),
    .s_axi_arid        (h_spectra_arid),
    .s_axi_arcache     (h_spectra_arcache),
    .s_axi_arprot      (h_spectra_arprot),
    .s_axi_rvalid      (h_spectra_rvalid),
    .s_axi_rready      (h_spectra_rready),
    .s_axi_rdata       (h_spectra_rdata),
    .s_axi_rresp       (h_spectra_rresp),
    .s_axi_rlast       (h_spectra_rlast),
    .s_axi_rid         (h_spectra_rid)
  );

endmodule
