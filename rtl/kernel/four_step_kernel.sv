// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_kernel: the top of a kernel with schedule four-step: each row of samples convolved as
// one transform.
//
//   s_axi_control -- control_registers -- job_control -- four_step_core -- m_axi_samples (x, h, y)
//                                                                       -- m_axi_x_spectra
//                                                                       -- m_axi_z_spectra
//                                                                       -- m_axi_h_spectra
//
// Registers, jobs and error codes are those of crocuta_kernel; docs/four_step.md has what differs
// in a job's arguments. The rows of z lie behind those of x, at x_spectra, so z's port needs no
// pointer of its own, and its errors are those of x's. Only these two ports access this memory.
// Handshake: an AMD Vitis kernel: AXI4-Lite with the ap_ctrl_chain registers, AXI4 masters,
// synchronous active-low reset. Latency and throughput: those of four_step_core, and some 30 clocks
// from the start to the core's.

module four_step_kernel
  import crocuta_pkg::*;
  import sizes_pkg::*;
#(
  parameter int Lanes = 8,           // W: 2, 4, 8 or 16
  parameter int Chunk = 16384,       // C: 2^6..2^17, at least 32 * Lanes and 2 * Lanes * Lanes
  parameter int MantissaBits = 18,   // M: 14..24
  parameter int ExponentBits = 9,    // E: 8..10
  parameter int TwiddleBits = 25,    // T: 12..27
  parameter int MaxLengthLog2 = 21,  // log2(Chunk) + 1..2 * log2(Chunk/Lanes) - 1, 28 at most
  parameter int Resident = 0,        // rows that stay on the chip: 0 to all
  parameter TwiddleDir = "",         // the folder of the right-angle tables
  localparam int AxiBits = 64 * Lanes
) (
  input  logic                  ap_clk,
  input  logic                  ap_rst_n,
  // Vitis asks for exactly this name.
  // verilator lint_off SYMRSVDWORD
  output logic                  interrupt,
  // verilator lint_on SYMRSVDWORD

  input  logic                  s_axi_control_awvalid,
  output logic                  s_axi_control_awready,
  input  logic [11:0]           s_axi_control_awaddr,
  input  logic                  s_axi_control_wvalid,
  output logic                  s_axi_control_wready,
  input  logic [31:0]           s_axi_control_wdata,
  input  logic [3:0]            s_axi_control_wstrb,
  output logic                  s_axi_control_bvalid,
  input  logic                  s_axi_control_bready,
  output logic [1:0]            s_axi_control_bresp,
  input  logic                  s_axi_control_arvalid,
  output logic                  s_axi_control_arready,
  input  logic [11:0]           s_axi_control_araddr,
  output logic                  s_axi_control_rvalid,
  input  logic                  s_axi_control_rready,
  output logic [31:0]           s_axi_control_rdata,
  output logic [1:0]            s_axi_control_rresp,

  // x and h in, y out
  output logic                  m_axi_samples_awvalid,
  input  logic                  m_axi_samples_awready,
  output logic [63:0]           m_axi_samples_awaddr,
  output logic [7:0]            m_axi_samples_awlen,
  output logic [2:0]            m_axi_samples_awsize,
  output logic [1:0]            m_axi_samples_awburst,
  output logic [0:0]            m_axi_samples_awid,
  output logic [3:0]            m_axi_samples_awcache,
  output logic [2:0]            m_axi_samples_awprot,
  output logic                  m_axi_samples_wvalid,
  input  logic                  m_axi_samples_wready,
  output logic [AxiBits-1:0]    m_axi_samples_wdata,
  output logic [AxiBits/8-1:0]  m_axi_samples_wstrb,
  output logic                  m_axi_samples_wlast,
  input  logic                  m_axi_samples_bvalid,
  output logic                  m_axi_samples_bready,
  input  logic [1:0]            m_axi_samples_bresp,
  input  logic [0:0]            m_axi_samples_bid,
  output logic                  m_axi_samples_arvalid,
  input  logic                  m_axi_samples_arready,
  output logic [63:0]           m_axi_samples_araddr,
  output logic [7:0]            m_axi_samples_arlen,
  output logic [2:0]            m_axi_samples_arsize,
  output logic [1:0]            m_axi_samples_arburst,
  output logic [0:0]            m_axi_samples_arid,
  output logic [3:0]            m_axi_samples_arcache,
  output logic [2:0]            m_axi_samples_arprot,
  input  logic                  m_axi_samples_rvalid,
  output logic                  m_axi_samples_rready,
  input  logic [AxiBits-1:0]    m_axi_samples_rdata,
  input  logic [1:0]            m_axi_samples_rresp,
  input  logic                  m_axi_samples_rlast,
  input  logic [0:0]            m_axi_samples_rid,

  // tiles of columns of x: written by tiles, read by rows
  output logic                  m_axi_x_spectra_awvalid,
  input  logic                  m_axi_x_spectra_awready,
  output logic [63:0]           m_axi_x_spectra_awaddr,
  output logic [7:0]            m_axi_x_spectra_awlen,
  output logic [2:0]            m_axi_x_spectra_awsize,
  output logic [1:0]            m_axi_x_spectra_awburst,
  output logic [0:0]            m_axi_x_spectra_awid,
  output logic [3:0]            m_axi_x_spectra_awcache,
  output logic [2:0]            m_axi_x_spectra_awprot,
  output logic                  m_axi_x_spectra_wvalid,
  input  logic                  m_axi_x_spectra_wready,
  output logic [AxiBits-1:0]    m_axi_x_spectra_wdata,
  output logic [AxiBits/8-1:0]  m_axi_x_spectra_wstrb,
  output logic                  m_axi_x_spectra_wlast,
  input  logic                  m_axi_x_spectra_bvalid,
  output logic                  m_axi_x_spectra_bready,
  input  logic [1:0]            m_axi_x_spectra_bresp,
  input  logic [0:0]            m_axi_x_spectra_bid,
  output logic                  m_axi_x_spectra_arvalid,
  input  logic                  m_axi_x_spectra_arready,
  output logic [63:0]           m_axi_x_spectra_araddr,
  output logic [7:0]            m_axi_x_spectra_arlen,
  output logic [2:0]            m_axi_x_spectra_arsize,
  output logic [1:0]            m_axi_x_spectra_arburst,
  output logic [0:0]            m_axi_x_spectra_arid,
  output logic [3:0]            m_axi_x_spectra_arcache,
  output logic [2:0]            m_axi_x_spectra_arprot,
  input  logic                  m_axi_x_spectra_rvalid,
  output logic                  m_axi_x_spectra_rready,
  input  logic [AxiBits-1:0]    m_axi_x_spectra_rdata,
  input  logic [1:0]            m_axi_x_spectra_rresp,
  input  logic                  m_axi_x_spectra_rlast,
  input  logic [0:0]            m_axi_x_spectra_rid,

  // rows of z: written by rows, read by tiles of columns
  output logic                  m_axi_z_spectra_awvalid,
  input  logic                  m_axi_z_spectra_awready,
  output logic [63:0]           m_axi_z_spectra_awaddr,
  output logic [7:0]            m_axi_z_spectra_awlen,
  output logic [2:0]            m_axi_z_spectra_awsize,
  output logic [1:0]            m_axi_z_spectra_awburst,
  output logic [0:0]            m_axi_z_spectra_awid,
  output logic [3:0]            m_axi_z_spectra_awcache,
  output logic [2:0]            m_axi_z_spectra_awprot,
  output logic                  m_axi_z_spectra_wvalid,
  input  logic                  m_axi_z_spectra_wready,
  output logic [AxiBits-1:0]    m_axi_z_spectra_wdata,
  output logic [AxiBits/8-1:0]  m_axi_z_spectra_wstrb,
  output logic                  m_axi_z_spectra_wlast,
  input  logic                  m_axi_z_spectra_bvalid,
  output logic                  m_axi_z_spectra_bready,
  input  logic [1:0]            m_axi_z_spectra_bresp,
  input  logic [0:0]            m_axi_z_spectra_bid,
  output logic                  m_axi_z_spectra_arvalid,
  input  logic                  m_axi_z_spectra_arready,
  output logic [63:0]           m_axi_z_spectra_araddr,
  output logic [7:0]            m_axi_z_spectra_arlen,
  output logic [2:0]            m_axi_z_spectra_arsize,
  output logic [1:0]            m_axi_z_spectra_arburst,
  output logic [0:0]            m_axi_z_spectra_arid,
  output logic [3:0]            m_axi_z_spectra_arcache,
  output logic [2:0]            m_axi_z_spectra_arprot,
  input  logic                  m_axi_z_spectra_rvalid,
  output logic                  m_axi_z_spectra_rready,
  input  logic [AxiBits-1:0]    m_axi_z_spectra_rdata,
  input  logic [1:0]            m_axi_z_spectra_rresp,
  input  logic                  m_axi_z_spectra_rlast,
  input  logic [0:0]            m_axi_z_spectra_rid,

  // rows of H: written by PREPARE, read by CONVOLVE
  output logic                  m_axi_h_spectra_awvalid,
  input  logic                  m_axi_h_spectra_awready,
  output logic [63:0]           m_axi_h_spectra_awaddr,
  output logic [7:0]            m_axi_h_spectra_awlen,
  output logic [2:0]            m_axi_h_spectra_awsize,
  output logic [1:0]            m_axi_h_spectra_awburst,
  output logic [0:0]            m_axi_h_spectra_awid,
  output logic [3:0]            m_axi_h_spectra_awcache,
  output logic [2:0]            m_axi_h_spectra_awprot,
  output logic                  m_axi_h_spectra_wvalid,
  input  logic                  m_axi_h_spectra_wready,
  output logic [AxiBits-1:0]    m_axi_h_spectra_wdata,
  output logic [AxiBits/8-1:0]  m_axi_h_spectra_wstrb,
  output logic                  m_axi_h_spectra_wlast,
  input  logic                  m_axi_h_spectra_bvalid,
  output logic                  m_axi_h_spectra_bready,
  input  logic [1:0]            m_axi_h_spectra_bresp,
  input  logic [0:0]            m_axi_h_spectra_bid,
  output logic                  m_axi_h_spectra_arvalid,
  input  logic                  m_axi_h_spectra_arready,
  output logic [63:0]           m_axi_h_spectra_araddr,
  output logic [7:0]            m_axi_h_spectra_arlen,
  output logic [2:0]            m_axi_h_spectra_arsize,
  output logic [1:0]            m_axi_h_spectra_arburst,
  output logic [0:0]            m_axi_h_spectra_arid,
  output logic [3:0]            m_axi_h_spectra_arcache,
  output logic [2:0]            m_axi_h_spectra_arprot,
  input  logic                  m_axi_h_spectra_rvalid,
  output logic                  m_axi_h_spectra_rready,
  input  logic [AxiBits-1:0]    m_axi_h_spectra_rdata,
  input  logic [1:0]            m_axi_h_spectra_rresp,
  input  logic                  m_axi_h_spectra_rlast,
  input  logic [0:0]            m_axi_h_spectra_rid
);

  localparam int LengthBits = MaxLengthLog2 + 1;

  // models/configs.py has these rules and those of the core: check_kernel.
  initial begin
    if (Chunk < 32 * Lanes || Chunk < 2 * Lanes * Lanes) begin
      $fatal(1, "four_step_kernel: Chunk must be at least 32 * Lanes and 2 * Lanes * Lanes");
    end
    if (MaxLengthLog2 > 28) $fatal(1, "four_step_kernel: MaxLengthLog2 must be 28 or less");
  end

  logic clk;
  logic core_rst_n;
  logic stop;

  assign clk = ap_clk;

  // ---------------------------------------------------------------------------------------------
  // Host side: registers and jobs.

  logic                 job_start;
  logic                 job_abort;
  logic                 job_latch;
  logic                 job_done;
  logic                 job_idle;
  logic [31:0]          job_mode;
  logic [31:0]          job_channels;
  logic [31:0]          job_length_x;
  logic [31:0]          job_length_h;
  logic [63:0]          job_x;
  logic [63:0]          job_h;
  logic [63:0]          job_h_spectra;
  logic [63:0]          job_x_spectra;
  logic [63:0]          job_y;
  logic [63:0]          job_z_spectra;
  logic [31:0]          job_ring;
  logic [31:0]          job_first_chunk;
  logic [31:0]          watchdog;
  logic                 status_saturated;
  logic                 status_non_finite;
  logic                 status_unanswered;
  logic [ErrorBits-1:0] status_error;
  logic [31:0]          chunks_done;
  logic [63:0]          clocks;
  logic [63:0]          mac_beats;
  logic [63:0]          stall_samples;
  logic [63:0]          stall_x;
  logic [63:0]          stall_h;
  logic [63:0]          stall_store;
  logic [63:0]          stall_output;

  control_registers #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MantissaBits (MantissaBits),
    .ExponentBits (ExponentBits),
    .TwiddleBits  (TwiddleBits),
    .MaxLengthLog2(MaxLengthLog2),
    .FourStep     (1'b1)
  ) u_control_registers (
    .clk_i          (clk),
    .rst_ni         (ap_rst_n),
    .s_axi_awvalid_i(s_axi_control_awvalid),
    .s_axi_awready_o(s_axi_control_awready),
    .s_axi_awaddr_i (s_axi_control_awaddr),
    .s_axi_wvalid_i (s_axi_control_wvalid),
    .s_axi_wready_o (s_axi_control_wready),
    .s_axi_wdata_i  (s_axi_control_wdata),
    .s_axi_wstrb_i  (s_axi_control_wstrb),
    .s_axi_bvalid_o (s_axi_control_bvalid),
    .s_axi_bready_i (s_axi_control_bready),
    .s_axi_bresp_o  (s_axi_control_bresp),
    .s_axi_arvalid_i(s_axi_control_arvalid),
    .s_axi_arready_o(s_axi_control_arready),
    .s_axi_araddr_i (s_axi_control_araddr),
    .s_axi_rvalid_o (s_axi_control_rvalid),
    .s_axi_rready_i (s_axi_control_rready),
    .s_axi_rdata_o  (s_axi_control_rdata),
    .s_axi_rresp_o  (s_axi_control_rresp),
    .interrupt_o    (interrupt),
    .start_o        (job_start),
    .abort_o        (job_abort),
    .latch_i        (job_latch),
    .done_i         (job_done),
    .idle_i         (job_idle),
    .job_mode_o     (job_mode),
    .job_channels_o (job_channels),
    .job_length_x_o (job_length_x),
    .job_length_h_o (job_length_h),
    .job_x_o        (job_x),
    .job_h_o        (job_h),
    .job_h_spectra_o(job_h_spectra),
    .job_x_spectra_o(job_x_spectra),
    .job_y_o        (job_y),
    .job_z_spectra_o(job_z_spectra),
    .job_ring_o     (job_ring),
    .job_first_chunk_o(job_first_chunk),
    .watchdog_o     (watchdog),
    .saturated_i    (status_saturated),
    .non_finite_i   (status_non_finite),
    .unanswered_i   (status_unanswered),
    .error_i        (status_error),
    .chunks_done_i  (chunks_done),
    .clocks_i       (clocks),
    .mac_beats_i    (mac_beats),
    .stall_samples_i(stall_samples),
    .stall_x_i      (stall_x),
    .stall_h_i      (stall_h),
    .stall_store_i  (stall_store),
    .stall_output_i (stall_output)
  );

  logic       controller_start;
  logic       controller_done;
  logic       ports_idle;
  logic       axi_id;
  logic [7:0] port_error;     // by port: samples, x, z, h; each reading first
  logic [7:0] port_pending;
  logic [7:0] port_progress;
  logic [5:0] error;          // in the order of the error codes
  logic [5:0] pending;
  logic       saturated;
  logic       non_finite;
  logic       chunk_done;
  logic       mac_beat;
  logic       wait_samples;
  logic       wait_x;
  logic       wait_h;
  logic       wait_store;
  logic       wait_output;

  // x and z share their codes.
  assign error   = {port_error[7:6], port_error[3:2] | port_error[5:4], port_error[1:0]};
  assign pending = {port_pending[7:6], port_pending[3:2] | port_pending[5:4], port_pending[1:0]};

  job_control #(
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2),
    .FourStep     (1'b1)
  ) u_job_control (
    .clk_i                (clk),
    .rst_ni               (ap_rst_n),
    .start_i              (job_start),
    .abort_i              (job_abort),
    .watchdog_i           (watchdog),
    .latch_o              (job_latch),
    .done_o               (job_done),
    .idle_o               (job_idle),
    .mode_i               (job_mode),
    .channels_i           (job_channels),
    .length_x_i           (job_length_x),
    .length_h_i           (job_length_h),
    .x_i                  (job_x[11:0]),
    .h_i                  (job_h[11:0]),
    .h_spectra_i          (job_h_spectra[11:0]),
    .x_spectra_i          (job_x_spectra[11:0]),
    .y_i                  (job_y[11:0]),
    .z_spectra_i          (job_z_spectra[11:0]),
    .ring_i               (job_ring),
    .first_chunk_i        (job_first_chunk),
    .core_rst_no          (core_rst_n),
    .stop_o               (stop),
    .controller_start_o   (controller_start),
    .controller_done_i    (controller_done),
    .ports_idle_i         (ports_idle),
    .pending_i            (pending),
    .progress_i           (port_progress != '0),
    .axi_id_o             (axi_id),
    .error_samples_read_i (error[0]),
    .error_samples_write_i(error[1]),
    .error_x_read_i       (error[2]),
    .error_x_write_i      (error[3]),
    .error_h_read_i       (error[4]),
    .error_h_write_i      (error[5]),
    .saturated_i          (saturated),
    .non_finite_i         (non_finite),
    .chunk_done_i         (chunk_done),
    .mac_beat_i           (mac_beat),
    .stall_samples_i      (wait_samples),
    .stall_x_i            (wait_x),
    .stall_h_i            (wait_h),
    .stall_store_i        (wait_store),
    .stall_output_i       (wait_output),
    .saturated_o          (status_saturated),
    .non_finite_o         (status_non_finite),
    .unanswered_o         (status_unanswered),
    .error_o              (status_error),
    .chunks_done_o        (chunks_done),
    .clocks_o             (clocks),
    .mac_beats_o          (mac_beats),
    .stall_samples_o      (stall_samples),
    .stall_x_o            (stall_x),
    .stall_h_o            (stall_h),
    .stall_store_o        (stall_store),
    .stall_output_o       (stall_output)
  );

  // ---------------------------------------------------------------------------------------------
  // The engines and the ports.

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
    .clk_i                  (clk),
    .rst_ni                 (core_rst_n),
    .stop_i                 (stop),
    .id_i                   (axi_id),
    .start_i                (controller_start),
    .convolve_i             (job_mode[0]),
    .channels_i             (job_channels[16:0]),
    .length_x_i             (job_length_x[LengthBits-1:0]),
    .length_h_i             (job_length_h[LengthBits-1:0]),
    .x_i                    (job_x),
    .h_i                    (job_h),
    .h_spectra_i            (job_h_spectra),
    .x_spectra_i            (job_x_spectra),
    .y_i                    (job_y),
    .z_spectra_i            (job_z_spectra),
    .done_o                 (controller_done),
    .idle_o                 (ports_idle),
    .error_o                (port_error),
    .pending_o              (port_pending),
    .progress_o             (port_progress),
    .saturated_o            (saturated),
    .non_finite_o           (non_finite),
    .chunk_done_o           (chunk_done),
    .mac_beat_o             (mac_beat),
    .stall_samples_o        (wait_samples),
    .stall_x_o              (wait_x),
    .stall_h_o              (wait_h),
    .stall_store_o          (wait_store),
    .stall_output_o         (wait_output),
    .m_axi_samples_awvalid  (m_axi_samples_awvalid),
    .m_axi_samples_awready  (m_axi_samples_awready),
    .m_axi_samples_awaddr   (m_axi_samples_awaddr),
    .m_axi_samples_awlen    (m_axi_samples_awlen),
    .m_axi_samples_awid     (m_axi_samples_awid),
    .m_axi_samples_wvalid   (m_axi_samples_wvalid),
    .m_axi_samples_wready   (m_axi_samples_wready),
    .m_axi_samples_wdata    (m_axi_samples_wdata),
    .m_axi_samples_wstrb    (m_axi_samples_wstrb),
    .m_axi_samples_wlast    (m_axi_samples_wlast),
    .m_axi_samples_bvalid   (m_axi_samples_bvalid),
    .m_axi_samples_bready   (m_axi_samples_bready),
    .m_axi_samples_bresp    (m_axi_samples_bresp),
    .m_axi_samples_bid      (m_axi_samples_bid),
    .m_axi_samples_arvalid  (m_axi_samples_arvalid),
    .m_axi_samples_arready  (m_axi_samples_arready),
    .m_axi_samples_araddr   (m_axi_samples_araddr),
    .m_axi_samples_arlen    (m_axi_samples_arlen),
    .m_axi_samples_arid     (m_axi_samples_arid),
    .m_axi_samples_rvalid   (m_axi_samples_rvalid),
    .m_axi_samples_rready   (m_axi_samples_rready),
    .m_axi_samples_rdata    (m_axi_samples_rdata),
    .m_axi_samples_rresp    (m_axi_samples_rresp),
    .m_axi_samples_rlast    (m_axi_samples_rlast),
    .m_axi_samples_rid      (m_axi_samples_rid),
    .m_axi_x_spectra_awvalid(m_axi_x_spectra_awvalid),
    .m_axi_x_spectra_awready(m_axi_x_spectra_awready),
    .m_axi_x_spectra_awaddr (m_axi_x_spectra_awaddr),
    .m_axi_x_spectra_awlen  (m_axi_x_spectra_awlen),
    .m_axi_x_spectra_awid   (m_axi_x_spectra_awid),
    .m_axi_x_spectra_wvalid (m_axi_x_spectra_wvalid),
    .m_axi_x_spectra_wready (m_axi_x_spectra_wready),
    .m_axi_x_spectra_wdata  (m_axi_x_spectra_wdata),
    .m_axi_x_spectra_wstrb  (m_axi_x_spectra_wstrb),
    .m_axi_x_spectra_wlast  (m_axi_x_spectra_wlast),
    .m_axi_x_spectra_bvalid (m_axi_x_spectra_bvalid),
    .m_axi_x_spectra_bready (m_axi_x_spectra_bready),
    .m_axi_x_spectra_bresp  (m_axi_x_spectra_bresp),
    .m_axi_x_spectra_bid    (m_axi_x_spectra_bid),
    .m_axi_x_spectra_arvalid(m_axi_x_spectra_arvalid),
    .m_axi_x_spectra_arready(m_axi_x_spectra_arready),
    .m_axi_x_spectra_araddr (m_axi_x_spectra_araddr),
    .m_axi_x_spectra_arlen  (m_axi_x_spectra_arlen),
    .m_axi_x_spectra_arid   (m_axi_x_spectra_arid),
    .m_axi_x_spectra_rvalid (m_axi_x_spectra_rvalid),
    .m_axi_x_spectra_rready (m_axi_x_spectra_rready),
    .m_axi_x_spectra_rdata  (m_axi_x_spectra_rdata),
    .m_axi_x_spectra_rresp  (m_axi_x_spectra_rresp),
    .m_axi_x_spectra_rlast  (m_axi_x_spectra_rlast),
    .m_axi_x_spectra_rid    (m_axi_x_spectra_rid),
    .m_axi_z_spectra_awvalid(m_axi_z_spectra_awvalid),
    .m_axi_z_spectra_awready(m_axi_z_spectra_awready),
    .m_axi_z_spectra_awaddr (m_axi_z_spectra_awaddr),
    .m_axi_z_spectra_awlen  (m_axi_z_spectra_awlen),
    .m_axi_z_spectra_awid   (m_axi_z_spectra_awid),
    .m_axi_z_spectra_wvalid (m_axi_z_spectra_wvalid),
    .m_axi_z_spectra_wready (m_axi_z_spectra_wready),
    .m_axi_z_spectra_wdata  (m_axi_z_spectra_wdata),
    .m_axi_z_spectra_wstrb  (m_axi_z_spectra_wstrb),
    .m_axi_z_spectra_wlast  (m_axi_z_spectra_wlast),
    .m_axi_z_spectra_bvalid (m_axi_z_spectra_bvalid),
    .m_axi_z_spectra_bready (m_axi_z_spectra_bready),
    .m_axi_z_spectra_bresp  (m_axi_z_spectra_bresp),
    .m_axi_z_spectra_bid    (m_axi_z_spectra_bid),
    .m_axi_z_spectra_arvalid(m_axi_z_spectra_arvalid),
    .m_axi_z_spectra_arready(m_axi_z_spectra_arready),
    .m_axi_z_spectra_araddr (m_axi_z_spectra_araddr),
    .m_axi_z_spectra_arlen  (m_axi_z_spectra_arlen),
    .m_axi_z_spectra_arid   (m_axi_z_spectra_arid),
    .m_axi_z_spectra_rvalid (m_axi_z_spectra_rvalid),
    .m_axi_z_spectra_rready (m_axi_z_spectra_rready),
    .m_axi_z_spectra_rdata  (m_axi_z_spectra_rdata),
    .m_axi_z_spectra_rresp  (m_axi_z_spectra_rresp),
    .m_axi_z_spectra_rlast  (m_axi_z_spectra_rlast),
    .m_axi_z_spectra_rid    (m_axi_z_spectra_rid),
    .m_axi_h_spectra_awvalid(m_axi_h_spectra_awvalid),
    .m_axi_h_spectra_awready(m_axi_h_spectra_awready),
    .m_axi_h_spectra_awaddr (m_axi_h_spectra_awaddr),
    .m_axi_h_spectra_awlen  (m_axi_h_spectra_awlen),
    .m_axi_h_spectra_awid   (m_axi_h_spectra_awid),
    .m_axi_h_spectra_wvalid (m_axi_h_spectra_wvalid),
    .m_axi_h_spectra_wready (m_axi_h_spectra_wready),
    .m_axi_h_spectra_wdata  (m_axi_h_spectra_wdata),
    .m_axi_h_spectra_wstrb  (m_axi_h_spectra_wstrb),
    .m_axi_h_spectra_wlast  (m_axi_h_spectra_wlast),
    .m_axi_h_spectra_bvalid (m_axi_h_spectra_bvalid),
    .m_axi_h_spectra_bready (m_axi_h_spectra_bready),
    .m_axi_h_spectra_bresp  (m_axi_h_spectra_bresp),
    .m_axi_h_spectra_bid    (m_axi_h_spectra_bid),
    .m_axi_h_spectra_arvalid(m_axi_h_spectra_arvalid),
    .m_axi_h_spectra_arready(m_axi_h_spectra_arready),
    .m_axi_h_spectra_araddr (m_axi_h_spectra_araddr),
    .m_axi_h_spectra_arlen  (m_axi_h_spectra_arlen),
    .m_axi_h_spectra_arid   (m_axi_h_spectra_arid),
    .m_axi_h_spectra_rvalid (m_axi_h_spectra_rvalid),
    .m_axi_h_spectra_rready (m_axi_h_spectra_rready),
    .m_axi_h_spectra_rdata  (m_axi_h_spectra_rdata),
    .m_axi_h_spectra_rresp  (m_axi_h_spectra_rresp),
    .m_axi_h_spectra_rlast  (m_axi_h_spectra_rlast),
    .m_axi_h_spectra_rid    (m_axi_h_spectra_rid)
  );

  // ---------------------------------------------------------------------------------------------
  // What all bursts have in common; their beats are whole.

  localparam logic [2:0] BurstSize = 3'($clog2(AxiBits / 8));

  assign m_axi_samples_awsize        = BurstSize;
  assign m_axi_samples_awburst       = BurstIncr;
  assign m_axi_samples_awcache       = BurstCache;
  assign m_axi_samples_awprot        = BurstProt;
  assign m_axi_samples_arsize        = BurstSize;
  assign m_axi_samples_arburst       = BurstIncr;
  assign m_axi_samples_arcache       = BurstCache;
  assign m_axi_samples_arprot        = BurstProt;
  assign m_axi_x_spectra_awsize      = BurstSize;
  assign m_axi_x_spectra_awburst     = BurstIncr;
  assign m_axi_x_spectra_awcache     = BurstCache;
  assign m_axi_x_spectra_awprot      = BurstProt;
  assign m_axi_x_spectra_arsize      = BurstSize;
  assign m_axi_x_spectra_arburst     = BurstIncr;
  assign m_axi_x_spectra_arcache     = BurstCache;
  assign m_axi_x_spectra_arprot      = BurstProt;
  assign m_axi_z_spectra_awsize      = BurstSize;
  assign m_axi_z_spectra_awburst     = BurstIncr;
  assign m_axi_z_spectra_awcache     = BurstCache;
  assign m_axi_z_spectra_awprot      = BurstProt;
  assign m_axi_z_spectra_arsize      = BurstSize;
  assign m_axi_z_spectra_arburst     = BurstIncr;
  assign m_axi_z_spectra_arcache     = BurstCache;
  assign m_axi_z_spectra_arprot      = BurstProt;
  assign m_axi_h_spectra_awsize      = BurstSize;
  assign m_axi_h_spectra_awburst     = BurstIncr;
  assign m_axi_h_spectra_awcache     = BurstCache;
  assign m_axi_h_spectra_awprot      = BurstProt;
  assign m_axi_h_spectra_arsize      = BurstSize;
  assign m_axi_h_spectra_arburst     = BurstIncr;
  assign m_axi_h_spectra_arcache     = BurstCache;
  assign m_axi_h_spectra_arprot      = BurstProt;

  // The registers keep 32 bits of what the checks of job_control leave fewer of.
  logic unused;
  assign unused = &{1'b0, job_mode[31:1], job_channels[31:17],
                    job_length_x[31:LengthBits], job_length_h[31:LengthBits]};

endmodule
