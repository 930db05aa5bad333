// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// crocuta_kernel: the top: causal convolutions of rows of float32 samples in memory.
//
//              m_axi_samples                                        m_axi_samples
//                x, h |                                                   ^ y
//              sample_reader                                        sample_writer
//                     v                                                   |
//               forward_path --+----------------> spectral_mac --> inverse_path
//                              |          X ^         ^ H
//                  spectrum_writer  spectrum_reader  spectrum_reader
//                              v            |         |
//                          m_axi_x_spectra, m_axi_h_spectra
//
// chunk_controller issues the schedule as commands, pass_sequencer fires the beats, and job_control
// runs the jobs that the host starts through control_registers. PREPARE turns the rows of h into
// spectra; CONVOLVE convolves the rows of x with them. Registers and error codes:
// docs/registers.md. A row of samples begins at a multiple of 4 KiB, as does every pointer.
// Handshake: an AMD Vitis kernel: AXI4-Lite with the ap_ctrl_chain registers, AXI4 masters,
// synchronous active-low reset. Latency and throughput: CONVOLVE takes about
// Chunk/Lanes * (P * (P + 1) / 2) clocks a channel for P chunks of x and as many of h, with two
// outputs a pass Chunk/Lanes * floor((P + 1)^2 / 4), and about two passes at the beginning and end
// of a job; PREPARE Chunk/Lanes clocks a chunk, and one pass.

module crocuta_kernel
  import crocuta_pkg::*;
  import sizes_pkg::*;
#(
  parameter int Lanes = 8,           // W: 2, 4, 8 or 16
  parameter int Chunk = 65536,       // C: 2^6..2^17, at least 32 * Lanes and 2 * Lanes * Lanes
  parameter int MantissaBits = 18,   // M: 14..24
  parameter int ExponentBits = 9,    // E: 8..10
  parameter int TwiddleBits = 25,    // T: 12..27
  parameter int MaxLengthLog2 = 22,  // longest row of samples: 4..28
  parameter int Outputs = 1,         // output chunks a pass adds to: 1 or 2
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

  // spectra of x: written once, read in every pass
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

  // spectra of h: written by PREPARE, read in every pass
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

  localparam int WordBits = 2 * MantissaBits + ExponentBits;
  localparam int BeatBits = Lanes * WordBits;
  localparam int ChunkLog2 = $clog2(Chunk);
  localparam int LengthBits = MaxLengthLog2 + 1;
  localparam int CountBits = chunk_count_bits(MaxLengthLog2, Chunk);

  // models/configs.py has these rules and those of the engines: check_kernel.
  initial begin
    if (Chunk < 32 * Lanes || Chunk < 2 * Lanes * Lanes) begin
      $fatal(1, "crocuta_kernel: Chunk must be at least 32 * Lanes and 2 * Lanes * Lanes");
    end
    if (MaxLengthLog2 < 4 || MaxLengthLog2 > 28) begin
      $fatal(1, "crocuta_kernel: MaxLengthLog2 must be 4..28");
    end
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
    .MaxLengthLog2(MaxLengthLog2)
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

  logic controller_start;
  logic controller_done;
  logic ports_idle;
  logic samples_read_idle;
  logic samples_write_idle;
  logic x_read_idle;
  logic x_write_idle;
  logic h_read_idle;
  logic h_write_idle;
  logic [5:0] pending;   // by port, in the order of the error codes
  logic [5:0] progress;
  logic axi_id;
  logic samples_read_error;
  logic samples_write_error;
  logic x_read_error;
  logic x_write_error;
  logic h_read_error;
  logic h_write_error;
  logic forward_saturated;
  logic mac_saturated;
  logic inverse_saturated;
  logic non_finite;
  logic chunk_done;
  logic mac_beat;
  logic wait_samples;
  logic wait_x;
  logic wait_h;
  logic wait_store;
  logic wait_output;

  assign ports_idle = samples_read_idle && samples_write_idle && x_read_idle && x_write_idle &&
                      h_read_idle && h_write_idle;

  job_control #(
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2)
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
    .z_spectra_i          ('0),
    .ring_i               (job_ring),
    .first_chunk_i        (job_first_chunk),
    .core_rst_no          (core_rst_n),
    .stop_o               (stop),
    .controller_start_o   (controller_start),
    .controller_done_i    (controller_done),
    .ports_idle_i         (ports_idle),
    .pending_i            (pending),
    .progress_i           (progress != '0),
    .axi_id_o             (axi_id),
    .error_samples_read_i (samples_read_error),
    .error_samples_write_i(samples_write_error),
    .error_x_read_i       (x_read_error),
    .error_x_write_i      (x_write_error),
    .error_h_read_i       (h_read_error),
    .error_h_write_i      (h_write_error),
    .saturated_i          (forward_saturated || mac_saturated || inverse_saturated),
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
  // The schedule: commands to everything below.

  logic                 load_valid;
  logic                 load_ready;
  logic [63:0]          load_addr;
  logic [ChunkLog2:0]   load_samples;
  logic                 x_read_valid;
  logic                 x_read_ready;
  logic [63:0]          x_read_addr;
  logic [31:0]          x_read_sequence;
  logic                 h_read_valid;
  logic                 h_read_ready;
  logic [63:0]          h_read_addr;
  logic                 x_store_valid;
  logic                 x_store_ready;
  logic [63:0]          x_store_addr;
  logic                 h_store_valid;
  logic                 h_store_ready;
  logic [63:0]          h_store_addr;
  logic                 pass_valid;
  logic                 pass_ready;
  logic [Outputs-1:0]   pass_outputs;
  logic [Outputs-1:0]   pass_first;
  logic [Outputs-1:0]   pass_last;
  logic                 pass_h;
  logic                 pass_flush;
  logic                 pass_engine;
  logic                 pass_store;
  logic                 pass_prepare;
  logic                 pass_no_tail;
  logic                 y_store_valid;
  logic                 y_store_ready;
  logic [63:0]          y_store_addr;
  logic [ChunkLog2:0]   y_store_samples;

  chunk_controller #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2),
    .Outputs      (Outputs)
  ) u_chunk_controller (
    .clk_i            (clk),
    .rst_ni           (core_rst_n),
    .start_i          (controller_start),
    .convolve_i       (job_mode[0]),
    .channels_i       (job_channels[16:0]),
    .length_x_i       (job_length_x[LengthBits-1:0]),
    .length_h_i       (job_length_h[LengthBits-1:0]),
    .x_i              (job_x),
    .h_i              (job_h),
    .h_spectra_i      (job_h_spectra),
    .x_spectra_i      (job_x_spectra),
    .y_i              (job_y),
    .ring_i           (job_ring[CountBits-1:0]),
    .first_chunk_i    (job_first_chunk),
    .done_o           (controller_done),
    .load_valid_o     (load_valid),
    .load_ready_i     (load_ready),
    .load_addr_o      (load_addr),
    .load_samples_o   (load_samples),
    .x_read_valid_o   (x_read_valid),
    .x_read_ready_i   (x_read_ready),
    .x_read_addr_o    (x_read_addr),
    .x_read_sequence_o(x_read_sequence),
    .h_read_valid_o   (h_read_valid),
    .h_read_ready_i   (h_read_ready),
    .h_read_addr_o    (h_read_addr),
    .x_store_valid_o  (x_store_valid),
    .x_store_ready_i  (x_store_ready),
    .x_store_addr_o   (x_store_addr),
    .h_store_valid_o  (h_store_valid),
    .h_store_ready_i  (h_store_ready),
    .h_store_addr_o   (h_store_addr),
    .pass_valid_o     (pass_valid),
    .pass_ready_i     (pass_ready),
    .pass_outputs_o   (pass_outputs),
    .pass_first_o     (pass_first),
    .pass_last_o      (pass_last),
    .pass_h_o         (pass_h),
    .pass_flush_o     (pass_flush),
    .pass_engine_o    (pass_engine),
    .pass_store_o     (pass_store),
    .pass_prepare_o   (pass_prepare),
    .pass_no_tail_o   (pass_no_tail),
    .y_store_valid_o  (y_store_valid),
    .y_store_ready_i  (y_store_ready),
    .y_store_addr_o   (y_store_addr),
    .y_store_samples_o(y_store_samples)
  );

  // ---------------------------------------------------------------------------------------------
  // Samples in, and their spectra.

  logic                samples_valid;
  logic                samples_ready;
  logic [Lanes*32-1:0] samples;
  logic                spectrum_valid;
  logic                spectrum_ready;
  logic [BeatBits-1:0] spectrum;

  sample_reader #(
    .Lanes(Lanes),
    .Chunk(Chunk)
  ) u_sample_reader (
    .clk_i        (clk),
    .rst_ni       (core_rst_n),
    .stop_i       (stop),
    .id_i         (axi_id),
    .rows_log2_i  (1'b0),
    .cmd_valid_i  (load_valid),
    .cmd_ready_o  (load_ready),
    .cmd_addr_i   (load_addr),
    .cmd_samples_i(load_samples),
    .valid_o      (samples_valid),
    .ready_i      (samples_ready),
    .samples_o    (samples),
    .idle_o       (samples_read_idle),
    .error_o      (samples_read_error),
    .pending_o    (pending[0]),
    .progress_o   (progress[0]),
    .m_axi_arvalid (m_axi_samples_arvalid),
    .m_axi_arready (m_axi_samples_arready),
    .m_axi_araddr  (m_axi_samples_araddr),
    .m_axi_arlen   (m_axi_samples_arlen),
    .m_axi_arid    (m_axi_samples_arid),
    .m_axi_rvalid  (m_axi_samples_rvalid),
    .m_axi_rready  (m_axi_samples_rready),
    .m_axi_rdata   (m_axi_samples_rdata),
    .m_axi_rresp   (m_axi_samples_rresp),
    .m_axi_rlast   (m_axi_samples_rlast),
    .m_axi_rid     (m_axi_samples_rid)
  );

  forward_path #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .TwiddleDir  (TwiddleDir)
  ) u_forward_path (
    .clk_i       (clk),
    .rst_ni      (core_rst_n),
    .valid_i     (samples_valid),
    .ready_o     (samples_ready),
    .samples_i   (samples),
    .valid_o     (spectrum_valid),
    .ready_i     (spectrum_ready),
    .beat_o      (spectrum),
    .saturated_o (forward_saturated),
    .non_finite_o(non_finite)
  );

  // ---------------------------------------------------------------------------------------------
  // Spectra to and from memory.

  logic                x_store_beat_valid;
  logic                x_store_beat_ready;
  logic                h_store_beat_valid;
  logic                h_store_beat_ready;
  logic [31:0]         x_written;
  logic [31:0]         h_written;
  logic                x_valid;
  logic                x_ready;
  logic [BeatBits-1:0] x_beat;
  logic                h_valid;
  logic                h_ready;
  logic [BeatBits-1:0] h_beat;

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_x_writer (
    .clk_i      (clk),
    .rst_ni     (core_rst_n),
    .stop_i     (stop),
    .id_i       (axi_id),
    .rows_log2_i(1'b0),
    .cmd_valid_i(x_store_valid),
    .cmd_ready_o(x_store_ready),
    .cmd_addr_i (x_store_addr),
    .valid_i    (x_store_beat_valid),
    .ready_o    (x_store_beat_ready),
    .beat_i     (spectrum),
    .written_o  (x_written),
    .idle_o     (x_write_idle),
    .error_o    (x_write_error),
    .pending_o  (pending[3]),
    .progress_o (progress[3]),
    .m_axi_awvalid (m_axi_x_spectra_awvalid),
    .m_axi_awready (m_axi_x_spectra_awready),
    .m_axi_awaddr  (m_axi_x_spectra_awaddr),
    .m_axi_awlen   (m_axi_x_spectra_awlen),
    .m_axi_awid    (m_axi_x_spectra_awid),
    .m_axi_wvalid  (m_axi_x_spectra_wvalid),
    .m_axi_wready  (m_axi_x_spectra_wready),
    .m_axi_wdata   (m_axi_x_spectra_wdata),
    .m_axi_wstrb   (m_axi_x_spectra_wstrb),
    .m_axi_wlast   (m_axi_x_spectra_wlast),
    .m_axi_bvalid  (m_axi_x_spectra_bvalid),
    .m_axi_bready  (m_axi_x_spectra_bready),
    .m_axi_bresp   (m_axi_x_spectra_bresp),
    .m_axi_bid     (m_axi_x_spectra_bid)
  );

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Interlock   (1'b1)
  ) u_x_reader (
    .clk_i         (clk),
    .rst_ni        (core_rst_n),
    .stop_i        (stop),
    .id_i          (axi_id),
    .rows_log2_i   (1'b0),
    .cmd_valid_i   (x_read_valid),
    .cmd_ready_o   (x_read_ready),
    .cmd_addr_i    (x_read_addr),
    .cmd_sequence_i(x_read_sequence),
    .written_i     (x_written),
    .valid_o       (x_valid),
    .ready_i       (x_ready),
    .beat_o        (x_beat),
    .idle_o        (x_read_idle),
    .error_o       (x_read_error),
    .pending_o     (pending[2]),
    .progress_o    (progress[2]),
    .m_axi_arvalid (m_axi_x_spectra_arvalid),
    .m_axi_arready (m_axi_x_spectra_arready),
    .m_axi_araddr  (m_axi_x_spectra_araddr),
    .m_axi_arlen   (m_axi_x_spectra_arlen),
    .m_axi_arid    (m_axi_x_spectra_arid),
    .m_axi_rvalid  (m_axi_x_spectra_rvalid),
    .m_axi_rready  (m_axi_x_spectra_rready),
    .m_axi_rdata   (m_axi_x_spectra_rdata),
    .m_axi_rresp   (m_axi_x_spectra_rresp),
    .m_axi_rlast   (m_axi_x_spectra_rlast),
    .m_axi_rid     (m_axi_x_spectra_rid)
  );

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_h_writer (
    .clk_i      (clk),
    .rst_ni     (core_rst_n),
    .stop_i     (stop),
    .id_i       (axi_id),
    .rows_log2_i(1'b0),
    .cmd_valid_i(h_store_valid),
    .cmd_ready_o(h_store_ready),
    .cmd_addr_i (h_store_addr),
    .valid_i    (h_store_beat_valid),
    .ready_o    (h_store_beat_ready),
    .beat_i     (spectrum),
    .written_o  (h_written),
    .idle_o     (h_write_idle),
    .error_o    (h_write_error),
    .pending_o  (pending[5]),
    .progress_o (progress[5]),
    .m_axi_awvalid (m_axi_h_spectra_awvalid),
    .m_axi_awready (m_axi_h_spectra_awready),
    .m_axi_awaddr  (m_axi_h_spectra_awaddr),
    .m_axi_awlen   (m_axi_h_spectra_awlen),
    .m_axi_awid    (m_axi_h_spectra_awid),
    .m_axi_wvalid  (m_axi_h_spectra_wvalid),
    .m_axi_wready  (m_axi_h_spectra_wready),
    .m_axi_wdata   (m_axi_h_spectra_wdata),
    .m_axi_wstrb   (m_axi_h_spectra_wstrb),
    .m_axi_wlast   (m_axi_h_spectra_wlast),
    .m_axi_bvalid  (m_axi_h_spectra_bvalid),
    .m_axi_bready  (m_axi_h_spectra_bready),
    .m_axi_bresp   (m_axi_h_spectra_bresp),
    .m_axi_bid     (m_axi_h_spectra_bid)
  );

  // H was written by an earlier job: nothing to wait for.
  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Interlock   (1'b0)
  ) u_h_reader (
    .clk_i         (clk),
    .rst_ni        (core_rst_n),
    .stop_i        (stop),
    .id_i          (axi_id),
    .rows_log2_i   (1'b0),
    .cmd_valid_i   (h_read_valid),
    .cmd_ready_o   (h_read_ready),
    .cmd_addr_i    (h_read_addr),
    .cmd_sequence_i(32'd0),
    .written_i     (32'd0),
    .valid_o       (h_valid),
    .ready_i       (h_ready),
    .beat_o        (h_beat),
    .idle_o        (h_read_idle),
    .error_o       (h_read_error),
    .pending_o     (pending[4]),
    .progress_o    (progress[4]),
    .m_axi_arvalid (m_axi_h_spectra_arvalid),
    .m_axi_arready (m_axi_h_spectra_arready),
    .m_axi_araddr  (m_axi_h_spectra_araddr),
    .m_axi_arlen   (m_axi_h_spectra_arlen),
    .m_axi_arid    (m_axi_h_spectra_arid),
    .m_axi_rvalid  (m_axi_h_spectra_rvalid),
    .m_axi_rready  (m_axi_h_spectra_rready),
    .m_axi_rdata   (m_axi_h_spectra_rdata),
    .m_axi_rresp   (m_axi_h_spectra_rresp),
    .m_axi_rlast   (m_axi_h_spectra_rlast),
    .m_axi_rid     (m_axi_h_spectra_rid)
  );

  // ---------------------------------------------------------------------------------------------
  // The passes.

  logic                output_available;
  logic                output_reserve;
  logic                output_no_tail;
  logic                output_drop;
  logic                fire_valid;
  logic [Outputs-1:0]  fire_outputs;
  logic [Outputs-1:0]  fire_first;
  logic [Outputs-1:0]  fire_last;
  logic                fire_x_engine;
  logic                fire_zero;
  logic                mac_valid;
  logic [Outputs-1:0]  mac_outputs;
  logic [Outputs-1:0]  mac_first;
  logic [Outputs-1:0]  mac_last;
  logic [BeatBits-1:0] mac_x;
  logic [BeatBits-1:0] mac_h;
  logic                total_valid;
  logic [BeatBits-1:0] total;

  pass_sequencer #(
    .Lanes  (Lanes),
    .Chunk  (Chunk),
    .Outputs(Outputs)
  ) u_pass_sequencer (
    .clk_i             (clk),
    .rst_ni            (core_rst_n),
    .pass_valid_i      (pass_valid),
    .pass_ready_o      (pass_ready),
    .pass_outputs_i    (pass_outputs),
    .pass_first_i      (pass_first),
    .pass_last_i       (pass_last),
    .pass_h_i          (pass_h),
    .pass_flush_i      (pass_flush),
    .pass_engine_i     (pass_engine),
    .pass_store_i      (pass_store),
    .pass_prepare_i    (pass_prepare),
    .pass_no_tail_i    (pass_no_tail),
    .engine_valid_i    (spectrum_valid),
    .engine_ready_o    (spectrum_ready),
    .x_valid_i         (x_valid),
    .x_ready_o         (x_ready),
    .h_valid_i         (h_valid),
    .h_ready_o         (h_ready),
    .store_x_valid_o   (x_store_beat_valid),
    .store_x_ready_i   (x_store_beat_ready),
    .store_h_valid_o   (h_store_beat_valid),
    .store_h_ready_i   (h_store_beat_ready),
    .output_available_i(output_available),
    .output_reserve_o  (output_reserve),
    .output_no_tail_o  (output_no_tail),
    .output_drop_o     (output_drop),
    .mac_valid_o       (fire_valid),
    .mac_outputs_o     (fire_outputs),
    .mac_first_o       (fire_first),
    .mac_last_o        (fire_last),
    .mac_x_engine_o    (fire_x_engine),
    .mac_zero_o        (fire_zero),
    .mac_beat_o        (mac_beat),
    .stall_samples_o   (wait_samples),
    .stall_x_o         (wait_x),
    .stall_h_o         (wait_h),
    .stall_store_o     (wait_store),
    .stall_output_o    (wait_output)
  );

  mac_operands #(
    .Lanes       (Lanes),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Outputs     (Outputs)
  ) u_mac_operands (
    .clk_i     (clk),
    .rst_ni    (core_rst_n),
    .valid_i   (fire_valid),
    .outputs_i (fire_outputs),
    .first_i   (fire_first),
    .last_i    (fire_last),
    .x_engine_i(fire_x_engine),
    .zero_i    (fire_zero),
    .engine_i  (spectrum),
    .x_i       (x_beat),
    .h_i       (h_beat),
    .valid_o   (mac_valid),
    .outputs_o (mac_outputs),
    .first_o   (mac_first),
    .last_o    (mac_last),
    .x_o       (mac_x),
    .h_o       (mac_h)
  );

  spectral_mac #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Outputs     (Outputs)
  ) u_spectral_mac (
    .clk_i      (clk),
    .rst_ni     (core_rst_n),
    .valid_i    (mac_valid),
    .outputs_i  (mac_outputs),
    .first_i    (mac_first),
    .last_i     (mac_last),
    .x_i        (mac_x),
    .h_i        (mac_h),
    .valid_o    (total_valid),
    .beat_o     (total),
    .saturated_o(mac_saturated)
  );

  // ---------------------------------------------------------------------------------------------
  // Samples out.

  logic                y_valid;
  logic                y_ready;
  logic [Lanes*32-1:0] y;
  logic                output_done;

  inverse_path #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .TwiddleDir  (TwiddleDir)
  ) u_inverse_path (
    .clk_i       (clk),
    .rst_ni      (core_rst_n),
    .available_o (output_available),
    .reserve_i   (output_reserve),
    .no_tail_i   (output_no_tail),
    .drop_i      (output_drop),
    .valid_i     (total_valid),
    .beat_i      (total),
    .valid_o     (y_valid),
    .ready_i     (y_ready),
    .samples_o   (y),
    .chunk_done_o(output_done),
    .saturated_o (inverse_saturated)
  );

  // Progress: an output chunk in CONVOLVE, a filter chunk in PREPARE.
  always_ff @(posedge clk) begin
    chunk_done <= output_done || (h_store_valid && h_store_ready);
  end

  sample_writer #(
    .Lanes(Lanes),
    .Chunk(Chunk)
  ) u_sample_writer (
    .clk_i        (clk),
    .rst_ni       (core_rst_n),
    .stop_i       (stop),
    .id_i         (axi_id),
    .rows_log2_i  (1'b0),
    .cmd_valid_i  (y_store_valid),
    .cmd_ready_o  (y_store_ready),
    .cmd_addr_i   (y_store_addr),
    .cmd_samples_i(y_store_samples),
    .valid_i      (y_valid),
    .ready_o      (y_ready),
    .samples_i    (y),
    .idle_o       (samples_write_idle),
    .error_o      (samples_write_error),
    .pending_o    (pending[1]),
    .progress_o   (progress[1]),
    .m_axi_awvalid (m_axi_samples_awvalid),
    .m_axi_awready (m_axi_samples_awready),
    .m_axi_awaddr  (m_axi_samples_awaddr),
    .m_axi_awlen   (m_axi_samples_awlen),
    .m_axi_awid    (m_axi_samples_awid),
    .m_axi_wvalid  (m_axi_samples_wvalid),
    .m_axi_wready  (m_axi_samples_wready),
    .m_axi_wdata   (m_axi_samples_wdata),
    .m_axi_wstrb   (m_axi_samples_wstrb),
    .m_axi_wlast   (m_axi_samples_wlast),
    .m_axi_bvalid  (m_axi_samples_bvalid),
    .m_axi_bready  (m_axi_samples_bready),
    .m_axi_bresp   (m_axi_samples_bresp),
    .m_axi_bid     (m_axi_samples_bid)
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
  assign unused = &{1'b0, h_written, job_mode[31:1], job_channels[31:17], job_z_spectra,
                    job_length_x[31:LengthBits], job_length_h[31:LengthBits],
                    job_ring[31:CountBits]};

endmodule
