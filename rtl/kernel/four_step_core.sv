// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_core: a four-step kernel without its registers: from the arguments of a job to the
// bursts on its memories.
//
//        x, h                tiles of x, then rows              H            y
//   sample_reader --> four_step_forward --> four_step_inverse --> sample_writer
//                        |        ^ rows      |        ^ tiles
//                 x writer (tiles), x reader  z writer (rows), z reader
//
// four_step_controller issues the schedule; every stream goes from one of its FIFOs to a port or to
// an engine's half. PREPARE stores the rows of the forward half as H.
// Handshake: start_i and the arguments as four_step_controller; AXI4 masters.
// Latency: about 3 P + 5 chunks of Chunk/Lanes clocks from start_i to the end of a job of one
// channel of P rows. Throughput: a channel more every 2 P + 1.5 chunks and some hundred clocks.

module four_step_core #(
  parameter int Lanes = 8,
  parameter int Chunk = 16384,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter int MaxLengthLog2 = 21,
  /// rows of the transform that stay on the chip: 0 to all 2^MaxLengthLog2 / Chunk
  parameter int Resident = 0,
  parameter TwiddleDir = "",
  localparam int AxiBits = 64 * Lanes,
  localparam int LengthBits = MaxLengthLog2 + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  /// level: no further burst is presented
  input  logic                  stop_i,
  /// the ID of all bursts; changes in reset only
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
  /// every command was taken
  output logic                  done_o,
  /// every port has completed its commands
  output logic                  idle_o,
  /// by port: samples, x, z, h; each reading first
  output logic [7:0]            error_o,
  output logic [7:0]            pending_o,
  output logic [7:0]            progress_o,
  output logic                  saturated_o,
  output logic                  non_finite_o,
  /// pulse: a tile of y is complete (PREPARE: a row of H)
  output logic                  chunk_done_o,
  /// a product's beat, or what holds one up: of several the first in data-path order
  output logic                  mac_beat_o,
  output logic                  stall_samples_o,
  output logic                  stall_x_o,
  output logic                  stall_h_o,
  output logic                  stall_store_o,
  output logic                  stall_output_o,

  output logic                  m_axi_samples_awvalid,
  input  logic                  m_axi_samples_awready,
  output logic [63:0]           m_axi_samples_awaddr,
  output logic [7:0]            m_axi_samples_awlen,
  output logic [0:0]            m_axi_samples_awid,
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
  output logic [0:0]            m_axi_samples_arid,
  input  logic                  m_axi_samples_rvalid,
  output logic                  m_axi_samples_rready,
  input  logic [AxiBits-1:0]    m_axi_samples_rdata,
  input  logic [1:0]            m_axi_samples_rresp,
  input  logic                  m_axi_samples_rlast,
  input  logic [0:0]            m_axi_samples_rid,

  output logic                  m_axi_x_spectra_awvalid,
  input  logic                  m_axi_x_spectra_awready,
  output logic [63:0]           m_axi_x_spectra_awaddr,
  output logic [7:0]            m_axi_x_spectra_awlen,
  output logic [0:0]            m_axi_x_spectra_awid,
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
  output logic [0:0]            m_axi_x_spectra_arid,
  input  logic                  m_axi_x_spectra_rvalid,
  output logic                  m_axi_x_spectra_rready,
  input  logic [AxiBits-1:0]    m_axi_x_spectra_rdata,
  input  logic [1:0]            m_axi_x_spectra_rresp,
  input  logic                  m_axi_x_spectra_rlast,
  input  logic [0:0]            m_axi_x_spectra_rid,

  output logic                  m_axi_z_spectra_awvalid,
  input  logic                  m_axi_z_spectra_awready,
  output logic [63:0]           m_axi_z_spectra_awaddr,
  output logic [7:0]            m_axi_z_spectra_awlen,
  output logic [0:0]            m_axi_z_spectra_awid,
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
  output logic [0:0]            m_axi_z_spectra_arid,
  input  logic                  m_axi_z_spectra_rvalid,
  output logic                  m_axi_z_spectra_rready,
  input  logic [AxiBits-1:0]    m_axi_z_spectra_rdata,
  input  logic [1:0]            m_axi_z_spectra_rresp,
  input  logic                  m_axi_z_spectra_rlast,
  input  logic [0:0]            m_axi_z_spectra_rid,

  output logic                  m_axi_h_spectra_awvalid,
  input  logic                  m_axi_h_spectra_awready,
  output logic [63:0]           m_axi_h_spectra_awaddr,
  output logic [7:0]            m_axi_h_spectra_awlen,
  output logic [0:0]            m_axi_h_spectra_awid,
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
  output logic [0:0]            m_axi_h_spectra_arid,
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
  localparam int RowsLog2 = MaxLengthLog2 - ChunkLog2;
  localparam int RowsBits = $clog2(RowsLog2 + 1);
  localparam int SampleBits = ChunkLog2 + 1 + RowsLog2;

  initial begin
    if (RowsLog2 < 1) $fatal(1, "four_step_core: MaxLengthLog2 must be more than log2(Chunk)");
  end

  logic [RowsBits-1:0]   rows_log2;
  logic [31:0]           x_written;
  logic [31:0]           z_written;
  logic [31:0]           h_written;
  logic [7:0]            idle;
  logic [LengthBits-1:0] load_samples;
  logic [LengthBits-1:0] y_store_samples;
  logic [1:0]            forward_kind;
  logic [RowsLog2-1:0]   forward_row;
  logic [1:0]            inverse_kind;
  logic [RowsLog2-1:0]   inverse_row;
  logic load_valid;
  logic load_ready;
  logic [63:0] load_addr;
  logic forward_valid;
  logic forward_ready;
  logic x_store_valid;
  logic x_store_ready;
  logic [63:0] x_store_addr;
  logic x_read_valid;
  logic x_read_ready;
  logic [63:0] x_read_addr;
  logic h_store_valid;
  logic h_store_ready;
  logic [63:0] h_store_addr;
  logic h_read_valid;
  logic h_read_ready;
  logic [63:0] h_read_addr;
  logic inverse_valid;
  logic inverse_ready;
  logic z_store_valid;
  logic z_store_ready;
  logic [63:0] z_store_addr;
  logic z_read_valid;
  logic z_read_ready;
  logic [63:0] z_read_addr;
  logic y_store_valid;
  logic y_store_ready;
  logic [63:0] y_store_addr;

  four_step_controller #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2)
  ) u_controller (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .start_i          (start_i),
    .convolve_i       (convolve_i),
    .channels_i       (channels_i),
    .length_x_i       (length_x_i),
    .length_h_i       (length_h_i),
    .x_i              (x_i),
    .h_i              (h_i),
    .h_spectra_i      (h_spectra_i),
    .x_spectra_i      ((Resident > 0) ? 64'd0 : x_spectra_i),
    .y_i              (y_i),
    .z_spectra_i      ((Resident > 0) ? 64'd0 : z_spectra_i),
    .x_written_i      (x_written),
    .z_written_i      (z_written),
    .rows_log2_o      (rows_log2),
    .done_o           (done_o),
    .load_valid_o     (load_valid),
    .load_ready_i     (load_ready),
    .load_addr_o      (load_addr),
    .load_samples_o   (load_samples),
    .forward_valid_o  (forward_valid),
    .forward_ready_i  (forward_ready),
    .forward_kind_o   (forward_kind),
    .forward_row_o    (forward_row),
    .x_store_valid_o  (x_store_valid),
    .x_store_ready_i  (x_store_ready),
    .x_store_addr_o   (x_store_addr),
    .x_read_valid_o   (x_read_valid),
    .x_read_ready_i   (x_read_ready),
    .x_read_addr_o    (x_read_addr),
    .h_store_valid_o  (h_store_valid),
    .h_store_ready_i  (h_store_ready),
    .h_store_addr_o   (h_store_addr),
    .h_read_valid_o   (h_read_valid),
    .h_read_ready_i   (h_read_ready),
    .h_read_addr_o    (h_read_addr),
    .inverse_valid_o  (inverse_valid),
    .inverse_ready_i  (inverse_ready),
    .inverse_kind_o   (inverse_kind),
    .inverse_row_o    (inverse_row),
    .z_store_valid_o  (z_store_valid),
    .z_store_ready_i  (z_store_ready),
    .z_store_addr_o   (z_store_addr),
    .z_read_valid_o   (z_read_valid),
    .z_read_ready_i   (z_read_ready),
    .z_read_addr_o    (z_read_addr),
    .y_store_valid_o  (y_store_valid),
    .y_store_ready_i  (y_store_ready),
    .y_store_addr_o   (y_store_addr),
    .y_store_samples_o(y_store_samples)
  );

  // ---------------------------------------------------------------------------------------------
  // The engines' halves, and what goes between them.

  logic                samples_valid;
  logic                samples_ready;
  logic [Lanes*32-1:0] samples;
  logic                x_valid;
  logic                x_ready;
  logic [BeatBits-1:0] x_beat;
  logic                tile_valid;
  logic                tile_ready;
  logic                row_valid;
  logic                row_ready;
  logic [BeatBits-1:0] beat;
  logic                product_valid;
  logic                product_ready;
  logic                h_store_beat_ready;
  logic                h_valid;
  logic                h_ready;
  logic [BeatBits-1:0] h_beat;
  logic                z_valid;
  logic                z_ready;
  logic [BeatBits-1:0] z_beat;
  logic                z_row_valid;
  logic                z_row_ready;
  logic [BeatBits-1:0] z_row;
  logic                y_valid;
  logic                y_ready;
  logic [Lanes*32-1:0] y;
  logic                forward_saturated;
  logic                inverse_saturated;
  logic                wait_samples;
  logic                wait_x;
  logic                wait_z;
  logic                wait_h;

  four_step_forward #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .ColumnLevels(RowsLog2),
    .TwiddleDir  (TwiddleDir)
  ) u_forward (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .rows_log2_i    (rows_log2),
    .command_valid_i(forward_valid),
    .command_ready_o(forward_ready),
    .kind_i         (forward_kind),
    .row_i          (forward_row),
    .samples_valid_i(samples_valid),
    .samples_ready_o(samples_ready),
    .samples_i      (samples),
    .x_valid_i      (x_valid),
    .x_ready_o      (x_ready),
    .x_i            (x_beat),
    .tile_valid_o   (tile_valid),
    .tile_ready_i   (tile_ready),
    .row_valid_o    (row_valid),
    .row_ready_i    (row_ready),
    .beat_o         (beat),
    .wait_samples_o (wait_samples),
    .wait_x_o       (wait_x),
    .saturated_o    (forward_saturated),
    .non_finite_o   (non_finite_o)
  );

  // The spectrum's rows: to the product, or to memory as H.
  assign product_valid = row_valid && convolve_i;
  assign row_ready     = convolve_i ? product_ready : h_store_beat_ready;

  four_step_inverse #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .ColumnLevels(RowsLog2),
    .TwiddleDir  (TwiddleDir)
  ) u_inverse (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .rows_log2_i    (rows_log2),
    .command_valid_i(inverse_valid),
    .command_ready_o(inverse_ready),
    .kind_i         (inverse_kind),
    .row_i          (inverse_row),
    .x_valid_i      (product_valid),
    .x_ready_o      (product_ready),
    .x_i            (beat),
    .h_valid_i      (h_valid),
    .h_ready_o      (h_ready),
    .h_i            (h_beat),
    .z_valid_i      (z_valid),
    .z_ready_o      (z_ready),
    .z_i            (z_beat),
    .row_valid_o    (z_row_valid),
    .row_ready_i    (z_row_ready),
    .row_o          (z_row),
    .samples_valid_o(y_valid),
    .samples_ready_i(y_ready),
    .samples_o      (y),
    .wait_z_o       (wait_z),
    .wait_h_o       (wait_h),
    .saturated_o    (inverse_saturated)
  );

  assign saturated_o = forward_saturated || inverse_saturated;

  // ---------------------------------------------------------------------------------------------
  // What job_control counts.

  localparam int CountBits = $clog2(Chunk / Lanes);

  logic                 chunk_beat;
  logic [CountBits-1:0] chunk_count_q;
  logic                 product;
  logic                 store_waits;
  logic                 output_waits;

  assign chunk_beat   = convolve_i ? (y_valid && y_ready) : (row_valid && row_ready);
  assign product      = product_valid && product_ready;
  assign store_waits  = (tile_valid && !tile_ready) || (z_row_valid && !z_row_ready)
      || (row_valid && !convolve_i && !h_store_beat_ready);
  assign output_waits = y_valid && !y_ready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      chunk_count_q   <= '0;
      chunk_done_o    <= 1'b0;
      mac_beat_o      <= 1'b0;
      stall_samples_o <= 1'b0;
      stall_x_o       <= 1'b0;
      stall_h_o       <= 1'b0;
      stall_store_o   <= 1'b0;
      stall_output_o  <= 1'b0;
    end else begin
      if (chunk_beat) chunk_count_q <= chunk_count_q + 1'b1;
      chunk_done_o    <= chunk_beat && chunk_count_q == '1;
      mac_beat_o      <= product;
      stall_samples_o <= !product && wait_samples;
      stall_x_o       <= !product && !wait_samples && (wait_x || wait_z);
      stall_h_o       <= !product && !wait_samples && !wait_x && !wait_z && wait_h;
      stall_store_o   <= !product && !wait_samples && !wait_x && !wait_z && !wait_h && store_waits;
      stall_output_o  <= !product && !wait_samples && !wait_x && !wait_z && !wait_h && !store_waits
          && output_waits;
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The ports.

  sample_reader #(
    .Lanes   (Lanes),
    .Chunk   (Chunk),
    .RowsLog2(RowsLog2)
  ) u_sample_reader (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (load_valid),
    .cmd_ready_o   (load_ready),
    .cmd_addr_i    (load_addr),
    .idle_o        (idle[0]),
    .error_o       (error_o[0]),
    .pending_o     (pending_o[0]),
    .progress_o    (progress_o[0]),
    .rows_log2_i   (rows_log2),
    .cmd_samples_i (SampleBits'(load_samples)),
    .valid_o       (samples_valid),
    .ready_i       (samples_ready),
    .samples_o     (samples),
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

  sample_writer #(
    .Lanes   (Lanes),
    .Chunk   (Chunk),
    .RowsLog2(RowsLog2)
  ) u_sample_writer (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (y_store_valid),
    .cmd_ready_o   (y_store_ready),
    .cmd_addr_i    (y_store_addr),
    .idle_o        (idle[1]),
    .error_o       (error_o[1]),
    .pending_o     (pending_o[1]),
    .progress_o    (progress_o[1]),
    .rows_log2_i   (rows_log2),
    .cmd_samples_i (SampleBits'(y_store_samples)),
    .valid_i       (y_valid),
    .ready_o       (y_ready),
    .samples_i     (y),
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
  // The rows of x and z that stay on the chip, between these ports and AXI.

  logic                 x_awvalid;
  logic                 x_awready;
  logic [63:0]          x_awaddr;
  logic [7:0]           x_awlen;
  logic [0:0]           x_awid;
  logic                 x_wvalid;
  logic                 x_wready;
  logic [AxiBits-1:0]   x_wdata;
  logic [AxiBits/8-1:0] x_wstrb;
  logic                 x_wlast;
  logic                 x_bvalid;
  logic                 x_bready;
  logic [1:0]           x_bresp;
  logic [0:0]           x_bid;
  logic                 x_arvalid;
  logic                 x_arready;
  logic [63:0]          x_araddr;
  logic [7:0]           x_arlen;
  logic [0:0]           x_arid;
  logic                 x_rvalid;
  logic                 x_rready;
  logic [AxiBits-1:0]   x_rdata;
  logic [1:0]           x_rresp;
  logic                 x_rlast;
  logic [0:0]           x_rid;
  logic                 z_awvalid;
  logic                 z_awready;
  logic [63:0]          z_awaddr;
  logic [7:0]           z_awlen;
  logic [0:0]           z_awid;
  logic                 z_wvalid;
  logic                 z_wready;
  logic [AxiBits-1:0]   z_wdata;
  logic [AxiBits/8-1:0] z_wstrb;
  logic                 z_wlast;
  logic                 z_bvalid;
  logic                 z_bready;
  logic [1:0]           z_bresp;
  logic [0:0]           z_bid;
  logic                 z_arvalid;
  logic                 z_arready;
  logic [63:0]          z_araddr;
  logic [7:0]           z_arlen;
  logic [0:0]           z_arid;
  logic                 z_rvalid;
  logic                 z_rready;
  logic [AxiBits-1:0]   z_rdata;
  logic [1:0]           z_rresp;
  logic                 z_rlast;
  logic [0:0]           z_rid;
  logic                 x_write_pending;
  logic                 z_write_pending;
  logic                 x_outside_idle;
  logic                 z_outside_idle;

  resident_rows #(
    .Lanes   (Lanes),
    .Chunk   (Chunk),
    .WordBits(WordBits),
    .RowsLog2(RowsLog2),
    .Resident(Resident)
  ) u_resident (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .stop_i          (stop_i),
    .convolve_i      (convolve_i),
    .rows_log2_i     (rows_log2),
    .x_spectra_i     (x_spectra_i),
    .z_spectra_i     (z_spectra_i),
    .x_outside_idle_o(x_outside_idle),
    .z_outside_idle_o(z_outside_idle),
    .s_axi_x_awvalid (x_awvalid),
    .s_axi_x_awready (x_awready),
    .s_axi_x_awaddr  (x_awaddr),
    .s_axi_x_awlen   (x_awlen),
    .s_axi_x_awid    (x_awid),
    .s_axi_x_wvalid  (x_wvalid),
    .s_axi_x_wready  (x_wready),
    .s_axi_x_wdata   (x_wdata),
    .s_axi_x_wstrb   (x_wstrb),
    .s_axi_x_wlast   (x_wlast),
    .s_axi_x_bvalid  (x_bvalid),
    .s_axi_x_bready  (x_bready),
    .s_axi_x_bresp   (x_bresp),
    .s_axi_x_bid     (x_bid),
    .s_axi_x_arvalid (x_arvalid),
    .s_axi_x_arready (x_arready),
    .s_axi_x_araddr  (x_araddr),
    .s_axi_x_arlen   (x_arlen),
    .s_axi_x_arid    (x_arid),
    .s_axi_x_rvalid  (x_rvalid),
    .s_axi_x_rready  (x_rready),
    .s_axi_x_rdata   (x_rdata),
    .s_axi_x_rresp   (x_rresp),
    .s_axi_x_rlast   (x_rlast),
    .s_axi_x_rid     (x_rid),
    .s_axi_z_awvalid (z_awvalid),
    .s_axi_z_awready (z_awready),
    .s_axi_z_awaddr  (z_awaddr),
    .s_axi_z_awlen   (z_awlen),
    .s_axi_z_awid    (z_awid),
    .s_axi_z_wvalid  (z_wvalid),
    .s_axi_z_wready  (z_wready),
    .s_axi_z_wdata   (z_wdata),
    .s_axi_z_wstrb   (z_wstrb),
    .s_axi_z_wlast   (z_wlast),
    .s_axi_z_bvalid  (z_bvalid),
    .s_axi_z_bready  (z_bready),
    .s_axi_z_bresp   (z_bresp),
    .s_axi_z_bid     (z_bid),
    .s_axi_z_arvalid (z_arvalid),
    .s_axi_z_arready (z_arready),
    .s_axi_z_araddr  (z_araddr),
    .s_axi_z_arlen   (z_arlen),
    .s_axi_z_arid    (z_arid),
    .s_axi_z_rvalid  (z_rvalid),
    .s_axi_z_rready  (z_rready),
    .s_axi_z_rdata   (z_rdata),
    .s_axi_z_rresp   (z_rresp),
    .s_axi_z_rlast   (z_rlast),
    .s_axi_z_rid     (z_rid),
    .m_axi_x_awvalid (m_axi_x_spectra_awvalid),
    .m_axi_x_awready (m_axi_x_spectra_awready),
    .m_axi_x_awaddr  (m_axi_x_spectra_awaddr),
    .m_axi_x_awlen   (m_axi_x_spectra_awlen),
    .m_axi_x_awid    (m_axi_x_spectra_awid),
    .m_axi_x_wvalid  (m_axi_x_spectra_wvalid),
    .m_axi_x_wready  (m_axi_x_spectra_wready),
    .m_axi_x_wdata   (m_axi_x_spectra_wdata),
    .m_axi_x_wstrb   (m_axi_x_spectra_wstrb),
    .m_axi_x_wlast   (m_axi_x_spectra_wlast),
    .m_axi_x_bvalid  (m_axi_x_spectra_bvalid),
    .m_axi_x_bready  (m_axi_x_spectra_bready),
    .m_axi_x_bresp   (m_axi_x_spectra_bresp),
    .m_axi_x_bid     (m_axi_x_spectra_bid),
    .m_axi_x_arvalid (m_axi_x_spectra_arvalid),
    .m_axi_x_arready (m_axi_x_spectra_arready),
    .m_axi_x_araddr  (m_axi_x_spectra_araddr),
    .m_axi_x_arlen   (m_axi_x_spectra_arlen),
    .m_axi_x_arid    (m_axi_x_spectra_arid),
    .m_axi_x_rvalid  (m_axi_x_spectra_rvalid),
    .m_axi_x_rready  (m_axi_x_spectra_rready),
    .m_axi_x_rdata   (m_axi_x_spectra_rdata),
    .m_axi_x_rresp   (m_axi_x_spectra_rresp),
    .m_axi_x_rlast   (m_axi_x_spectra_rlast),
    .m_axi_x_rid     (m_axi_x_spectra_rid),
    .m_axi_z_awvalid (m_axi_z_spectra_awvalid),
    .m_axi_z_awready (m_axi_z_spectra_awready),
    .m_axi_z_awaddr  (m_axi_z_spectra_awaddr),
    .m_axi_z_awlen   (m_axi_z_spectra_awlen),
    .m_axi_z_awid    (m_axi_z_spectra_awid),
    .m_axi_z_wvalid  (m_axi_z_spectra_wvalid),
    .m_axi_z_wready  (m_axi_z_spectra_wready),
    .m_axi_z_wdata   (m_axi_z_spectra_wdata),
    .m_axi_z_wstrb   (m_axi_z_spectra_wstrb),
    .m_axi_z_wlast   (m_axi_z_spectra_wlast),
    .m_axi_z_bvalid  (m_axi_z_spectra_bvalid),
    .m_axi_z_bready  (m_axi_z_spectra_bready),
    .m_axi_z_bresp   (m_axi_z_spectra_bresp),
    .m_axi_z_bid     (m_axi_z_spectra_bid),
    .m_axi_z_arvalid (m_axi_z_spectra_arvalid),
    .m_axi_z_arready (m_axi_z_spectra_arready),
    .m_axi_z_araddr  (m_axi_z_spectra_araddr),
    .m_axi_z_arlen   (m_axi_z_spectra_arlen),
    .m_axi_z_arid    (m_axi_z_spectra_arid),
    .m_axi_z_rvalid  (m_axi_z_spectra_rvalid),
    .m_axi_z_rready  (m_axi_z_spectra_rready),
    .m_axi_z_rdata   (m_axi_z_spectra_rdata),
    .m_axi_z_rresp   (m_axi_z_spectra_rresp),
    .m_axi_z_rlast   (m_axi_z_spectra_rlast),
    .m_axi_z_rid     (m_axi_z_spectra_rid)
  );

  // A burst that waits for the memory on the chip is none that AXI owes an answer to.
  assign pending_o[3] = x_write_pending && !x_outside_idle;
  assign pending_o[5] = z_write_pending && !z_outside_idle;

  // What is read was acknowledged: the controller waits for it.

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Interlock   (1'b0),
    .RowsLog2    (0)
  ) u_x_reader (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (x_read_valid),
    .cmd_ready_o   (x_read_ready),
    .cmd_addr_i    (x_read_addr),
    .idle_o        (idle[2]),
    .error_o       (error_o[2]),
    .pending_o     (pending_o[2]),
    .progress_o    (progress_o[2]),
    .rows_log2_i   (1'b0),
    .cmd_sequence_i(32'd0),
    .written_i     (32'd0),
    .valid_o       (x_valid),
    .ready_i       (x_ready),
    .beat_o        (x_beat),
    .m_axi_arvalid (x_arvalid),
    .m_axi_arready (x_arready),
    .m_axi_araddr  (x_araddr),
    .m_axi_arlen   (x_arlen),
    .m_axi_arid    (x_arid),
    .m_axi_rvalid  (x_rvalid),
    .m_axi_rready  (x_rready),
    .m_axi_rdata   (x_rdata),
    .m_axi_rresp   (x_rresp),
    .m_axi_rlast   (x_rlast),
    .m_axi_rid     (x_rid)
  );

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .RowsLog2    (RowsLog2)
  ) u_x_writer (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (x_store_valid),
    .cmd_ready_o   (x_store_ready),
    .cmd_addr_i    (x_store_addr),
    .idle_o        (idle[3]),
    .error_o       (error_o[3]),
    .pending_o     (x_write_pending),
    .progress_o    (progress_o[3]),
    .rows_log2_i   (rows_log2),
    .valid_i       (tile_valid),
    .ready_o       (tile_ready),
    .beat_i        (beat),
    .written_o     (x_written),
    .m_axi_awvalid (x_awvalid),
    .m_axi_awready (x_awready),
    .m_axi_awaddr  (x_awaddr),
    .m_axi_awlen   (x_awlen),
    .m_axi_awid    (x_awid),
    .m_axi_wvalid  (x_wvalid),
    .m_axi_wready  (x_wready),
    .m_axi_wdata   (x_wdata),
    .m_axi_wstrb   (x_wstrb),
    .m_axi_wlast   (x_wlast),
    .m_axi_bvalid  (x_bvalid),
    .m_axi_bready  (x_bready),
    .m_axi_bresp   (x_bresp),
    .m_axi_bid     (x_bid)
  );

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Interlock   (1'b0),
    .RowsLog2    (RowsLog2)
  ) u_z_reader (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (z_read_valid),
    .cmd_ready_o   (z_read_ready),
    .cmd_addr_i    (z_read_addr),
    .idle_o        (idle[4]),
    .error_o       (error_o[4]),
    .pending_o     (pending_o[4]),
    .progress_o    (progress_o[4]),
    .rows_log2_i   (rows_log2),
    .cmd_sequence_i(32'd0),
    .written_i     (32'd0),
    .valid_o       (z_valid),
    .ready_i       (z_ready),
    .beat_o        (z_beat),
    .m_axi_arvalid (z_arvalid),
    .m_axi_arready (z_arready),
    .m_axi_araddr  (z_araddr),
    .m_axi_arlen   (z_arlen),
    .m_axi_arid    (z_arid),
    .m_axi_rvalid  (z_rvalid),
    .m_axi_rready  (z_rready),
    .m_axi_rdata   (z_rdata),
    .m_axi_rresp   (z_rresp),
    .m_axi_rlast   (z_rlast),
    .m_axi_rid     (z_rid)
  );

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .RowsLog2    (0)
  ) u_z_writer (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (z_store_valid),
    .cmd_ready_o   (z_store_ready),
    .cmd_addr_i    (z_store_addr),
    .idle_o        (idle[5]),
    .error_o       (error_o[5]),
    .pending_o     (z_write_pending),
    .progress_o    (progress_o[5]),
    .rows_log2_i   (1'b0),
    .valid_i       (z_row_valid),
    .ready_o       (z_row_ready),
    .beat_i        (z_row),
    .written_o     (z_written),
    .m_axi_awvalid (z_awvalid),
    .m_axi_awready (z_awready),
    .m_axi_awaddr  (z_awaddr),
    .m_axi_awlen   (z_awlen),
    .m_axi_awid    (z_awid),
    .m_axi_wvalid  (z_wvalid),
    .m_axi_wready  (z_wready),
    .m_axi_wdata   (z_wdata),
    .m_axi_wstrb   (z_wstrb),
    .m_axi_wlast   (z_wlast),
    .m_axi_bvalid  (z_bvalid),
    .m_axi_bready  (z_bready),
    .m_axi_bresp   (z_bresp),
    .m_axi_bid     (z_bid)
  );

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .Interlock   (1'b0),
    .RowsLog2    (0)
  ) u_h_reader (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (h_read_valid),
    .cmd_ready_o   (h_read_ready),
    .cmd_addr_i    (h_read_addr),
    .idle_o        (idle[6]),
    .error_o       (error_o[6]),
    .pending_o     (pending_o[6]),
    .progress_o    (progress_o[6]),
    .rows_log2_i   (1'b0),
    .cmd_sequence_i(32'd0),
    .written_i     (32'd0),
    .valid_o       (h_valid),
    .ready_i       (h_ready),
    .beat_o        (h_beat),
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

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .RowsLog2    (0)
  ) u_h_writer (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (id_i),
    .cmd_valid_i   (h_store_valid),
    .cmd_ready_o   (h_store_ready),
    .cmd_addr_i    (h_store_addr),
    .idle_o        (idle[7]),
    .error_o       (error_o[7]),
    .pending_o     (pending_o[7]),
    .progress_o    (progress_o[7]),
    .rows_log2_i   (1'b0),
    .valid_i       (row_valid && !convolve_i),
    .ready_o       (h_store_beat_ready),
    .beat_i        (beat),
    .written_o     (h_written),
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

  assign idle_o = &idle;

  logic unused;
  assign unused = &{1'b0, h_written};

endmodule
