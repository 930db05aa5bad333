// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// control_registers_tb: control_registers and job_control as the kernel joins them, with the bus
// names the AXI driver looks for; the bench plays the core.

module control_registers_tb
  import crocuta_pkg::*;
#(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int MaxLengthLog2 = 22,
  parameter bit FourStep = 1'b0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        s_axi_awvalid,
  output logic        s_axi_awready,
  input  logic [11:0] s_axi_awaddr,
  input  logic        s_axi_wvalid,
  output logic        s_axi_wready,
  input  logic [31:0] s_axi_wdata,
  input  logic [3:0]  s_axi_wstrb,
  output logic        s_axi_bvalid,
  input  logic        s_axi_bready,
  output logic [1:0]  s_axi_bresp,
  input  logic        s_axi_arvalid,
  output logic        s_axi_arready,
  input  logic [11:0] s_axi_araddr,
  output logic        s_axi_rvalid,
  input  logic        s_axi_rready,
  output logic [31:0] s_axi_rdata,
  output logic [1:0]  s_axi_rresp,
  output logic        interrupt_o,
  /// the job's arguments in the order of their registers, the mode in the high bits: one value is
  /// quicker to follow than twelve
  output logic [575:0] arguments_o,
  output logic        core_rst_no,
  output logic        stop_o,
  output logic        controller_start_o,
  input  logic        controller_done_i,
  input  logic        ports_idle_i,
  /// the ports with bursts outstanding, in the order of their codes
  input  logic [5:0]  pending_i,
  input  logic        progress_i,
  output logic        axi_id_o,
  /// the ports' errors, in the order of their codes
  input  logic [5:0]  error_i,
  input  logic        saturated_i,
  input  logic        non_finite_i,
  /// chunks done, MAC beats and the five stalls, in the order of their registers
  input  logic [6:0]  pulses_i
);

  logic [31:0]          mode;
  logic [31:0]          channels;
  logic [31:0]          length_x;
  logic [31:0]          length_h;
  logic [63:0]          x;
  logic [63:0]          h;
  logic [63:0]          h_spectra;
  logic [63:0]          x_spectra;
  logic [63:0]          y;
  logic [63:0]          z_spectra;
  logic [31:0]          ring;
  logic [31:0]          first_chunk;
  logic                 start;
  logic                 abort;
  logic [31:0]          watchdog;
  logic                 latch;
  logic                 done;
  logic                 idle;
  logic                 saturated;
  logic                 non_finite;
  logic                 unanswered;
  logic [ErrorBits-1:0] error;
  logic [31:0]          chunks_done;
  logic [63:0]          clocks;
  logic [63:0]          mac_beats;
  logic [63:0]          stall_samples;
  logic [63:0]          stall_x;
  logic [63:0]          stall_h;
  logic [63:0]          stall_store;
  logic [63:0]          stall_output;

  assign arguments_o = {mode, channels, length_x, length_h, x, h, h_spectra, x_spectra, y,
                        z_spectra, ring, first_chunk};

  control_registers #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MantissaBits (MantissaBits),
    .ExponentBits (ExponentBits),
    .TwiddleBits  (TwiddleBits),
    .MaxLengthLog2(MaxLengthLog2),
    .FourStep     (FourStep)
  ) u_registers (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .s_axi_awvalid_i(s_axi_awvalid),
    .s_axi_awready_o(s_axi_awready),
    .s_axi_awaddr_i (s_axi_awaddr),
    .s_axi_wvalid_i (s_axi_wvalid),
    .s_axi_wready_o (s_axi_wready),
    .s_axi_wdata_i  (s_axi_wdata),
    .s_axi_wstrb_i  (s_axi_wstrb),
    .s_axi_bvalid_o (s_axi_bvalid),
    .s_axi_bready_i (s_axi_bready),
    .s_axi_bresp_o  (s_axi_bresp),
    .s_axi_arvalid_i(s_axi_arvalid),
    .s_axi_arready_o(s_axi_arready),
    .s_axi_araddr_i (s_axi_araddr),
    .s_axi_rvalid_o (s_axi_rvalid),
    .s_axi_rready_i (s_axi_rready),
    .s_axi_rdata_o  (s_axi_rdata),
    .s_axi_rresp_o  (s_axi_rresp),
    .interrupt_o    (interrupt_o),
    .start_o        (start),
    .abort_o        (abort),
    .latch_i        (latch),
    .done_i         (done),
    .idle_i         (idle),
    .job_mode_o     (mode),
    .job_channels_o (channels),
    .job_length_x_o (length_x),
    .job_length_h_o (length_h),
    .job_x_o        (x),
    .job_h_o        (h),
    .job_h_spectra_o(h_spectra),
    .job_x_spectra_o(x_spectra),
    .job_y_o        (y),
    .job_z_spectra_o(z_spectra),
    .job_ring_o     (ring),
    .job_first_chunk_o(first_chunk),
    .watchdog_o     (watchdog),
    .saturated_i    (saturated),
    .non_finite_i   (non_finite),
    .unanswered_i   (unanswered),
    .error_i        (error),
    .chunks_done_i  (chunks_done),
    .clocks_i       (clocks),
    .mac_beats_i    (mac_beats),
    .stall_samples_i(stall_samples),
    .stall_x_i      (stall_x),
    .stall_h_i      (stall_h),
    .stall_store_i  (stall_store),
    .stall_output_i (stall_output)
  );

  job_control #(
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2),
    .FourStep     (FourStep)
  ) u_job_control (
    .clk_i                (clk_i),
    .rst_ni               (rst_ni),
    .start_i              (start),
    .abort_i              (abort),
    .watchdog_i           (watchdog),
    .latch_o              (latch),
    .done_o               (done),
    .idle_o               (idle),
    .mode_i               (mode),
    .channels_i           (channels),
    .length_x_i           (length_x),
    .length_h_i           (length_h),
    .x_i                  (x[11:0]),
    .h_i                  (h[11:0]),
    .h_spectra_i          (h_spectra[11:0]),
    .x_spectra_i          (x_spectra[11:0]),
    .y_i                  (y[11:0]),
    .z_spectra_i          (z_spectra[11:0]),
    .ring_i               (ring),
    .first_chunk_i        (first_chunk),
    .core_rst_no          (core_rst_no),
    .stop_o               (stop_o),
    .controller_start_o   (controller_start_o),
    .controller_done_i    (controller_done_i),
    .ports_idle_i         (ports_idle_i),
    .pending_i            (pending_i),
    .progress_i           (progress_i),
    .axi_id_o             (axi_id_o),
    .error_samples_read_i (error_i[0]),
    .error_samples_write_i(error_i[1]),
    .error_x_read_i       (error_i[2]),
    .error_x_write_i      (error_i[3]),
    .error_h_read_i       (error_i[4]),
    .error_h_write_i      (error_i[5]),
    .saturated_i          (saturated_i),
    .non_finite_i         (non_finite_i),
    .chunk_done_i         (pulses_i[0]),
    .mac_beat_i           (pulses_i[1]),
    .stall_samples_i      (pulses_i[2]),
    .stall_x_i            (pulses_i[3]),
    .stall_h_i            (pulses_i[4]),
    .stall_store_i        (pulses_i[5]),
    .stall_output_i       (pulses_i[6]),
    .saturated_o          (saturated),
    .non_finite_o         (non_finite),
    .unanswered_o         (unanswered),
    .error_o              (error),
    .chunks_done_o        (chunks_done),
    .clocks_o             (clocks),
    .mac_beats_o          (mac_beats),
    .stall_samples_o      (stall_samples),
    .stall_x_o            (stall_x),
    .stall_h_o            (stall_h),
    .stall_store_o        (stall_store),
    .stall_output_o       (stall_output)
  );

endmodule
