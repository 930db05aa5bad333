// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectrum_reader: its requests to the AXI master, as they appear on AR: the bursts of a chunk, one
// after another, all of one length, none across a 4 KiB boundary, and none before its data has been
// acknowledged to the writer. The FIFO has space for every beat that arrives, and every chunk gets
// all its bursts. The data is abstracted away (see no_data/ram.sv).

`include "formal.svh"

module spectrum_reader_formal #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int FifoDepth = 512,
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
  input logic [31:0] cmd_sequence_i,
  input logic [31:0] written_i,
  input logic        ready_i,
  input logic        arready_i,
  input logic        rvalid_i,
  input logic [1:0]  rresp_i,
  input logic        rlast_i
);

  `RESET_FIRST

  localparam int BeatBytes = AxiBits / 8;
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int PageBeats = 4096 / BeatBytes;
  localparam int MaxBurst = (PageBeats < 64) ? PageBeats : 64;
  localparam int Beats = (ChunkBeats < MaxBurst) ? ChunkBeats : MaxBurst;
  localparam int Bursts = ChunkBeats / Beats;

  logic                cmd_ready;
  logic                valid;
  logic [BeatBits-1:0] beat;
  logic                idle;
  logic                error;
  logic                pending;
  logic                progress;
  logic                arvalid;
  logic [63:0]         araddr;
  logic [7:0]          arlen;
  logic [0:0]          arid;
  logic                rready;

  spectrum_reader #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .FifoDepth   (FifoDepth)
  ) u_dut (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .stop_i        (stop_i),
    .id_i          (1'b0),
    .rows_log2_i   (1'b0),
    .cmd_valid_i   (cmd_valid_i),
    .cmd_ready_o   (cmd_ready),
    .cmd_addr_i    (cmd_addr_i),
    .cmd_sequence_i(cmd_sequence_i),
    .written_i     (written_i),
    .valid_o       (valid),
    .ready_i       (ready_i),
    .beat_o        (beat),
    .idle_o        (idle),
    .error_o       (error),
    .pending_o     (pending),
    .progress_o    (progress),
    .m_axi_arvalid (arvalid),
    .m_axi_arready (arready_i),
    .m_axi_araddr  (araddr),
    .m_axi_arlen   (arlen),
    .m_axi_arid    (arid),
    .m_axi_rvalid  (rvalid_i),
    .m_axi_rready  (rready),
    .m_axi_rdata   ({AxiBits{1'b0}}),
    .m_axi_rresp   (rresp_i),
    .m_axi_rlast   (rlast_i),
    .m_axi_rid     (1'b0)
  );

  // A chunk starts at a multiple of a burst: spectra are stored chunk by chunk from a multiple of
  // 4 KiB.
  `ASSUME(aligned, cmd_addr_i % 64'(Beats * BeatBytes) == '0)

  // The slave: bursts accepted and not yet completely answered, and the beats sent of the oldest.
  logic [7:0] accepted_q;
  logic [8:0] sent_q;
  logic       accept;

  assign accept = arvalid && arready_i;

  // A slave sends beats only of accepted bursts (AXI4 A3.3), in order, because there is only one
  // ID.
  `ASSUME(only_what_was_asked, !rvalid_i || accepted_q != '0)
  // RLAST marks the last beat of a burst and no other (AXI4 A3.2.2); all bursts have one length
  // (whole_bursts).
  `ASSUME(last_where_due, !rvalid_i || rlast_i == (32'(sent_q) == 32'(Beats - 1)))
  // written_i counts up from 0 after a reset, by at most one acknowledgement per clock.
  `ASSUME(counts_up, written_i == ($past(rst_ni) ? $past(written_i) : '0)
          || $past(rst_ni) && written_i == $past(written_i) + 1'b1)

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      accepted_q <= '0;
      sent_q     <= '0;
    end else begin
      accepted_q <= accepted_q + 8'(accept) - 8'(rvalid_i && rlast_i);
      if (rvalid_i) sent_q <= rlast_i ? '0 : sent_q + 1'b1;
    end
  end

  // The next burst in order, and the number of bursts that must have been written before it.
  logic [63:0] next_q;
  logic [31:0] sequence_q;
  logic [31:0] left_q;   // bursts of the chunk not yet on AR
  logic        take;
  logic        shown_q;  // the burst on AR was already there in the previous clock
  logic        appears;
  logic [31:0] margin;   // bursts written, not counting this one

  assign take    = cmd_valid_i && cmd_ready;
  assign appears = arvalid && !shown_q;
  assign margin  = written_i - sequence_q - 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      left_q  <= '0;
      shown_q <= 1'b0;
    end else begin
      if (take) left_q <= 32'(Bursts);
      else if (appears) left_q <= left_q - 1'b1;
      shown_q <= arvalid && !arready_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      next_q     <= cmd_addr_i;
      sequence_q <= cmd_sequence_i;
    end else if (appears) begin
      next_q     <= next_q + 64'(Beats * BeatBytes);
      sequence_q <= sequence_q + 1'b1;
    end
  end

  // The counters are compared modulo 2^32: neither is ever 2^30 ahead of the other, because both
  // are in the same channel or in adjacent ones, which have at most 2^24 bursts each.
  `ASSUME(near, take == 1'b0
          || (written_i - cmd_sequence_i) + 32'h4000_0000 < 32'h8000_0000 - 32'(Bursts))
  `ASSUME(near_while_waiting, left_q == '0 || margin + 32'h4000_0000 < 32'h8000_0000)

  `ASSERT(in_order, !appears || left_q != '0 && araddr == next_q)
  `ASSERT(whole_bursts, !arvalid || 32'(arlen) + 32'd1 == 32'(Beats))
  `ASSERT(within_page,
          !arvalid || 16'(araddr[11:0]) + (16'(arlen) + 1'b1) * 16'(BeatBytes) <= 16'd4096)
  `ASSERT(chunk_is_whole, !cmd_ready || left_q == 32'(appears))
  `ASSERT(written_before, !appears || !margin[31])
  `ASSERT(room_for_every_beat, !u_dut.data_valid || u_dut.fifo_ready)

  // Helpers that close the induction: every reserved place belongs to a beat yet to come, to one in
  // the FIFO, or to one that has left while others of its burst have not.
  localparam int Places = FifoDepth / Beats;
  logic [15:0] to_come;
  logic [15:0] handed;  // beats of the oldest burst that the master has passed on

  assign to_come = 16'(Beats) * 16'(u_dut.u_master.count_q) - handed;

  always_comb begin
    handed = 16'(sent_q);
    if (u_dut.data_valid) handed = u_dut.data_last ? 16'(Beats - 1) : 16'(sent_q) - 1'b1;
  end

  `ASSERT(helper_places, 16'(Beats) * (16'(Places) - 16'(u_dut.u_room.free_q))
          == to_come + 16'(u_dut.fifo_level) + 16'(u_dut.pop_q) + 16'(Beats) * 16'(u_dut.release_q))
  `ASSERT(helper_room, 32'(u_dut.u_room.free_q) <= 32'(Places)
          && (!u_dut.room || u_dut.u_room.free_q != '0))
  `ASSERT(helper_count, 16'(u_dut.u_master.count_q) == 16'(accepted_q) + 16'(arvalid)
          + 16'(u_dut.data_valid && u_dut.data_last) && 16'(u_dut.u_master.count_q) <= 16'd16
          && (!u_dut.u_master.room_q || 16'(u_dut.u_master.count_q) < 16'd16))
  `ASSERT(helper_sent, sent_q == '0 || accepted_q != '0 && 32'(sent_q) < 32'(Beats))
  `ASSERT(helper_handed, !u_dut.data_valid
          || (u_dut.data_last ? sent_q == '0 : sent_q != '0))
  `ASSERT(helper_fifo, 32'(u_dut.u_fifo.stored) <= 32'(FifoDepth))
  `ASSERT(helper_ready, u_dut.u_fifo.ready_q == (32'(u_dut.u_fifo.stored) != 32'(FifoDepth)))
  `ASSERT(helper_skip, u_dut.u_room.skip_q == '0)
  `ASSERT(helper_state, u_dut.state_q != 2'd3)
  `ASSERT(helper_bursts, u_dut.state_q != 2'd0
          ? left_q == 32'(u_dut.gen_row.left_q) + 32'd1 + 32'(appears)
            && (u_dut.state_q == 2'd1
                || u_dut.gen_row.last_q == (u_dut.gen_row.left_q == '0))
          : left_q == 32'(appears))
  `ASSERT(helper_address, !(u_dut.state_q != 2'd0 || appears)
          || next_q % 64'(Beats * BeatBytes) == '0
             && (u_dut.state_q == 2'd0
                 || u_dut.gen_row.addr_q == next_q + (appears ? 64'(Beats * BeatBytes) : 64'd0)
                    && u_dut.sequence_q == sequence_q + 32'(appears)))
  `ASSERT(helper_stored, !(u_dut.state_q == 2'd2 && u_dut.stored_q)
          || 32'(margin - 32'(appears)) < 32'h8000_0000)
  `ASSERT(helper_ar, !arvalid || araddr % 64'(Beats * BeatBytes) == '0
          && (!appears || araddr == next_q))
  `ASSERT(helper_ar_shown, !shown_q || arvalid)

  `COVER(second_burst, appears && left_q == 32'(Bursts - 1))
  `COVER(waits_for_writer, u_dut.state_q == 2'd2 && !u_dut.stored_q && u_dut.room)
  `COVER(no_room, u_dut.state_q == 2'd2 && u_dut.stored_q && !u_dut.room)
  `COVER(beats_leave, valid && ready_i && u_dut.data_valid)

endmodule
