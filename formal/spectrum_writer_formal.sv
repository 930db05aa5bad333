// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_writer: its requests to the AXI master, as they appear on AW: the bursts of a chunk, one
// after another, all of one length, none across a 4 KiB boundary, each requested only when all its
// beats are in the FIFO, so W never waits for the datapath. Every chunk gets all its bursts.
// The data is abstracted away (see no_data/ram.sv).

`include "formal.svh"

module spectrum_writer_formal #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter bit Eager = 1'b0,  // for the covers: nothing waits except W, until the FIFO is full
  localparam int MantissaBits = 2,  // the words' widths do not matter here
  localparam int ExponentBits = 2,
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits),
  localparam int AxiBits = 64 * Lanes
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        stop_i,
  input logic        cmd_valid_i,
  input logic [63:0] cmd_addr_i,
  input logic        valid_i,
  input logic        awready_i,
  input logic        wready_i,
  input logic        bvalid_i,
  input logic [1:0]  bresp_i
);

  `RESET_FIRST

  localparam int BeatBytes = AxiBits / 8;
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int PageBeats = 4096 / BeatBytes;
  localparam int MaxBurst = (PageBeats < 64) ? PageBeats : 64;
  localparam int Beats = (ChunkBeats < MaxBurst) ? ChunkBeats : MaxBurst;
  localparam int Bursts = ChunkBeats / Beats;

  logic                 cmd_ready;
  logic                 ready;
  logic [31:0]          written;
  logic                 idle;
  logic                 error;
  logic                 pending;
  logic                 progress;
  logic                 awvalid;
  logic [63:0]          awaddr;
  logic [7:0]           awlen;
  logic [0:0]           awid;
  logic                 wvalid;
  logic [AxiBits-1:0]   wdata;
  logic [AxiBits/8-1:0] wstrb;
  logic                 wlast;
  logic                 bready;

  spectrum_writer #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_dut (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .stop_i       (stop_i),
    .id_i         (1'b0),
    .rows_log2_i  (1'b0),
    .cmd_valid_i  (cmd_valid_i),
    .cmd_ready_o  (cmd_ready),
    .cmd_addr_i   (cmd_addr_i),
    .valid_i      (valid_i),
    .ready_o      (ready),
    .beat_i       ({BeatBits{1'b0}}),
    .written_o    (written),
    .idle_o       (idle),
    .error_o      (error),
    .pending_o    (pending),
    .progress_o   (progress),
    .m_axi_awvalid(awvalid),
    .m_axi_awready(awready_i),
    .m_axi_awaddr (awaddr),
    .m_axi_awlen  (awlen),
    .m_axi_awid   (awid),
    .m_axi_wvalid (wvalid),
    .m_axi_wready (wready_i),
    .m_axi_wdata  (wdata),
    .m_axi_wstrb  (wstrb),
    .m_axi_wlast  (wlast),
    .m_axi_bvalid (bvalid_i),
    .m_axi_bready (bready),
    .m_axi_bresp  (bresp_i),
    .m_axi_bid    (1'b0)
  );

  // A chunk starts at a multiple of a burst: spectra are stored chunk by chunk from a multiple of
  // 4 KiB.
  `ASSUME(aligned, cmd_addr_i % 64'(Beats * BeatBytes) == '0)

  if (Eager) begin : gen_eager
    logic filled_q;

    always_ff @(posedge clk_i) filled_q <= rst_ni && (filled_q || valid_i && !ready);

    eager: assume property (@(posedge clk_i) rst_ni == started_q && !stop_i && cmd_valid_i
                            && cmd_addr_i == '0 && valid_i && awready_i && wready_i == filled_q
                            && !bvalid_i && bresp_i == '0);
  end

  // The next burst in order.
  logic [63:0] next_q;
  logic [31:0] left_q;  // bursts of the chunk not yet on AW
  logic        take;
  logic        shown_q;  // the burst on AW was already there in the previous clock
  logic        appears;

  assign take    = cmd_valid_i && cmd_ready;
  assign appears = awvalid && !shown_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q  <= '0;
      shown_q <= 1'b0;
    end else begin
      if (take) left_q <= 32'(Bursts);
      else if (appears) left_q <= left_q - 1'b1;
      shown_q <= awvalid && !awready_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) next_q <= cmd_addr_i;
    else if (appears) next_q <= next_q + 64'(Beats * BeatBytes);
  end

  `ASSERT(in_order, !appears || left_q != '0 && awaddr == next_q)
  `ASSERT(whole_bursts, !awvalid || 32'(awlen) + 32'd1 == 32'(Beats))
  `ASSERT(within_page,
          !awvalid || 16'(awaddr[11:0]) + (16'(awlen) + 1'b1) * 16'(BeatBytes) <= 16'd4096)
  `ASSERT(chunk_is_whole, !cmd_ready || left_q == 32'(appears))
  `ASSERT(never_waits_for_data, !u_dut.data_ready || u_dut.data_valid)

  // Helpers that close the induction: the FIFO holds the beats still owed to the master, the
  // complete bursts, and the beats of the burst that is being received.
  logic [15:0] owed;
  logic        pushed_q;

  assign owed = 16'(u_dut.u_master.active_q ? u_dut.u_master.left_q : 9'd0)
                + (u_dut.u_master.next_valid_q ? 16'(Beats) : 16'd0);

  always_ff @(posedge clk_i) pushed_q <= rst_ni && valid_i && ready;

  `ASSERT(helper_beats, 16'(u_dut.fifo_level) == owed + 16'(u_dut.beat_q)
          + 16'(Beats) * (16'(u_dut.complete_q) + 16'(u_dut.arrived_q)))
  `ASSERT(helper_complete, 16'(u_dut.complete_q) + 16'(u_dut.arrived_q) <= 16'd2)
  `ASSERT(helper_stored, 32'(u_dut.u_fifo.stored) <= 32'(2 * Beats))
  `ASSERT(helper_ready, u_dut.u_fifo.ready_q == (32'(u_dut.u_fifo.stored) != 32'(2 * Beats)))
  `ASSERT(helper_pushed, !pushed_q || u_dut.beat_q != '0 || u_dut.arrived_q)
  `ASSERT(helper_arrived, !u_dut.arrived_q || u_dut.beat_q == '0)
  `ASSERT(helper_fifo, u_dut.u_fifo.valid_q || 32'(u_dut.u_fifo.stored) == 32'(pushed_q))
  `ASSERT(helper_left, !u_dut.u_master.active_q || u_dut.u_master.left_q != '0
          && 32'(u_dut.u_master.left_q) <= 32'(Beats)
          && u_dut.u_master.last_q == (u_dut.u_master.left_q == 9'd1))
  `ASSERT(helper_next, !u_dut.u_master.next_valid_q
          || 32'(u_dut.u_master.next_beats_q) == 32'(Beats))
  `ASSERT(helper_bursts, u_dut.busy_q
          ? left_q == 32'(u_dut.gen_row.left_q) + 32'd1 + 32'(appears)
            && u_dut.gen_row.last_q == (u_dut.gen_row.left_q == '0)
          : left_q == 32'(appears))
  `ASSERT(helper_address, !(u_dut.busy_q || appears)
          || next_q % 64'(Beats * BeatBytes) == '0
             && (!u_dut.busy_q
                 || u_dut.gen_row.addr_q == next_q + (appears ? 64'(Beats * BeatBytes) : 64'd0)))
  `ASSERT(helper_aw, !awvalid || awaddr % 64'(Beats * BeatBytes) == '0
          && (!appears || awaddr == next_q))
  `ASSERT(helper_aw_shown, !shown_q || awvalid)

  `COVER(second_burst, appears && left_q == 32'(Bursts - 1) && Bursts > 1)
  `COVER(w_runs, wvalid && wlast && u_dut.data_ready)
  `COVER(fifo_full, valid_i && !ready)
  `COVER(next_follows, awvalid && u_dut.u_master.active_q)

endmodule
