// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// control_registers: the AXI4-Lite slave with the ap_ctrl_chain registers of docs/registers.md.
//
// CTRL: bit 0 ap_start: set by writing 1, clears when the job's arguments have been latched;
//       bit 1 ap_done: the job ended; set until bit 4 is written; no other job starts before that;
//       bit 2 ap_idle: no job is running, pending or unacknowledged;
//       bit 3 ap_ready: the arguments have been latched, the next may be written; clears when
//             CTRL is read;
//       bit 4 ap_continue: acknowledges ap_done; reads 0;
//       bit 8 sw_reset: writing 1 aborts the current job; reads 1 until the kernel is idle.
//             From the clock of the write until then, ap_start, ap_done, ap_ready and ISR are held
//             at 0: a pending start is dropped, an ap_done needs no acknowledge, the aborted job
//             ends without one, and a start written with or during it is ignored.
//             Without a job it clears after a clock, and writing it again has no effect.
// ISR:  bit 0 ap_done, bit 1 ap_ready: set by the event when enabled in IER; writing 1 toggles.
// z_spectra exists only in four-step kernels, ring and first_chunk only in chunked ones; elsewhere
// their addresses are unused.
// Counters may be read during a job, but the two words of one are then from different clocks.
// Handshake: AXI4-Lite, one write and one read at a time; AW and W in any order. Every access
// answers OKAY; unknown addresses read 0. No READY is high in reset, where a transfer would be
// lost. Toward job_control: start_o and abort_o are levels, latch_i and done_i are pulses; job_*
// hold from the clock after latch_i to the next latch_i; watchdog_o follows its register.
// Latency: 2 clocks from AR to R, 2 clocks from the later of AW and W to B. Throughput: an access
// every 3 clocks.

module control_registers
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
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 s_axi_awvalid_i,
  output logic                 s_axi_awready_o,
  input  logic [11:0]          s_axi_awaddr_i,
  input  logic                 s_axi_wvalid_i,
  output logic                 s_axi_wready_o,
  input  logic [31:0]          s_axi_wdata_i,
  input  logic [3:0]           s_axi_wstrb_i,
  output logic                 s_axi_bvalid_o,
  input  logic                 s_axi_bready_i,
  output logic [1:0]           s_axi_bresp_o,
  input  logic                 s_axi_arvalid_i,
  output logic                 s_axi_arready_o,
  input  logic [11:0]          s_axi_araddr_i,
  output logic                 s_axi_rvalid_o,
  input  logic                 s_axi_rready_i,
  output logic [31:0]          s_axi_rdata_o,
  output logic [1:0]           s_axi_rresp_o,
  output logic                 interrupt_o,
  // from and to job_control
  output logic                 start_o,
  output logic                 abort_o,
  input  logic                 latch_i,
  input  logic                 done_i,
  input  logic                 idle_i,
  output logic [31:0]          job_mode_o,
  output logic [31:0]          job_channels_o,
  output logic [31:0]          job_length_x_o,
  output logic [31:0]          job_length_h_o,
  output logic [63:0]          job_x_o,
  output logic [63:0]          job_h_o,
  output logic [63:0]          job_h_spectra_o,
  output logic [63:0]          job_x_spectra_o,
  output logic [63:0]          job_y_o,
  output logic [63:0]          job_z_spectra_o,
  output logic [31:0]          job_ring_o,
  output logic [31:0]          job_first_chunk_o,
  output logic [31:0]          watchdog_o,
  input  logic                 saturated_i,
  input  logic                 non_finite_i,
  input  logic                 unanswered_i,
  input  logic [ErrorBits-1:0] error_i,
  input  logic [31:0]          chunks_done_i,
  input  logic [63:0]          clocks_i,
  input  logic [63:0]          mac_beats_i,
  input  logic [63:0]          stall_samples_i,
  input  logic [63:0]          stall_x_i,
  input  logic [63:0]          stall_h_i,
  input  logic [63:0]          stall_store_i,
  input  logic [63:0]          stall_output_i
);

  localparam int ChunkLog2 = $clog2(Chunk);

  initial begin
    if (!sizes_pkg::is_power_of_two(Chunk)) begin
      $fatal(1, "control_registers: Chunk must be a power of two");
    end
  end

  // What the host finds after a reset: 56 ms at 300 MHz.
  localparam logic [31:0] WatchdogReset = 32'h0100_0000;

  // Every register is a whole word.
  logic [3:0] unused_byte_address;
  assign unused_byte_address = {s_axi_awaddr_i[1:0], s_axi_araddr_i[1:0]};

  // ---------------------------------------------------------------------------------------------
  // Writes: address and data wait for each other, then both are taken in one clock.

  logic        aw_held_q;
  logic [9:0]  aw_word_q;
  logic        w_held_q;
  logic [31:0] w_data_q;
  logic [3:0]  w_strb_q;
  logic        b_valid_q;
  logic        write;
  logic [31:0] write_mask;

  assign s_axi_awready_o = rst_ni && !aw_held_q;
  assign s_axi_wready_o  = rst_ni && !w_held_q;
  assign s_axi_bvalid_o  = b_valid_q;
  assign s_axi_bresp_o   = 2'b00;

  assign write = aw_held_q && w_held_q && !b_valid_q;
  assign write_mask = {{8{w_strb_q[3]}}, {8{w_strb_q[2]}}, {8{w_strb_q[1]}}, {8{w_strb_q[0]}}};

  always_ff @(posedge clk_i) begin
    if (!aw_held_q) aw_word_q <= s_axi_awaddr_i[11:2];
    if (!w_held_q) begin
      w_data_q <= s_axi_wdata_i;
      w_strb_q <= s_axi_wstrb_i;
    end
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q  <= 1'b0;
      b_valid_q <= 1'b0;
    end else begin
      aw_held_q <= aw_held_q ? !write : s_axi_awvalid_i;
      w_held_q  <= w_held_q ? !write : s_axi_wvalid_i;
      b_valid_q <= write || (b_valid_q && !s_axi_bready_i);
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The arguments as the host writes them, and the watchdog behind them.

  localparam int FirstWord = RegMode / 4;
  localparam int Words = RegFirstChunk / 4 + 1 - FirstWord;

  // One 32-bit register per word from RegMode to RegFirstChunk; the gaps, and those of kernels with
  // the other schedule, stay zero.
  logic [32*Words-1:0] argument;

  for (genvar i = 0; i < Words; i++) begin : gen_argument
    localparam int Offset = 4 * (FirstWord + i);
    if (Offset == RegMode + 4 || Offset == RegChannels + 4 || Offset == RegLengthX + 4
        || Offset == RegLengthH + 4 || Offset == RegWatchdog + 4 || Offset == RegRing + 4
        || (!FourStep && (Offset == RegZSpectra || Offset == RegZSpectra + 4))
        || (FourStep && Offset >= RegRing)) begin : gen_gap
      assign argument[32*i+:32] = '0;
    end else begin : gen_word
      logic [31:0] word_q;
      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          word_q <= (Offset == RegWatchdog) ? WatchdogReset : '0;
        end else if (write && aw_word_q == 10'(FirstWord + i)) begin
          word_q <= (word_q & ~write_mask) | (w_data_q & write_mask);
        end
      end
      assign argument[32*i+:32] = word_q;
    end
  end

  // The running job's own copy, so that the host may write the next one's.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      job_mode_o     <= '0;
      job_channels_o <= '0;
      job_length_x_o <= '0;
      job_length_h_o <= '0;
      job_ring_o     <= '0;
    end else if (latch_i) begin
      job_mode_o     <= argument[8*(RegMode-RegMode)+:32];
      job_channels_o <= argument[8*(RegChannels-RegMode)+:32];
      job_length_x_o <= argument[8*(RegLengthX-RegMode)+:32];
      job_length_h_o <= argument[8*(RegLengthH-RegMode)+:32];
      job_ring_o     <= argument[8*(RegRing-RegMode)+:32];
    end
    if (latch_i) begin
      job_x_o           <= argument[8*(RegX-RegMode)+:64];
      job_h_o           <= argument[8*(RegH-RegMode)+:64];
      job_h_spectra_o   <= argument[8*(RegHSpectra-RegMode)+:64];
      job_x_spectra_o   <= argument[8*(RegXSpectra-RegMode)+:64];
      job_y_o           <= argument[8*(RegY-RegMode)+:64];
      job_z_spectra_o   <= argument[8*(RegZSpectra-RegMode)+:64];
      job_first_chunk_o <= argument[8*(RegFirstChunk-RegMode)+:32];
    end
  end

  assign watchdog_o = argument[8*(RegWatchdog-RegMode)+:32];

  // ---------------------------------------------------------------------------------------------
  // ap_ctrl_chain and interrupts.

  logic       write_control;
  logic       write_reset;
  logic       abort;
  logic       read_control;
  logic       start_q;
  logic       abort_q;
  logic       done_q;
  logic       ready_q;
  logic       global_enable_q;
  logic [1:0] enable_q;
  logic [1:0] status_q;
  logic [1:0] toggle;

  assign write_control = write && (aw_word_q == 10'(RegControl / 4)) && w_strb_q[0];
  assign write_reset = write && (aw_word_q == 10'(RegControl / 4)) && w_strb_q[1] && w_data_q[8];
  assign abort = write_reset || abort_q;
  assign toggle = (write && (aw_word_q == 10'(RegInterruptStatus / 4)) && w_strb_q[0])
      ? w_data_q[1:0] : 2'b00;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      start_q         <= 1'b0;
      abort_q         <= 1'b0;
      done_q          <= 1'b0;
      ready_q         <= 1'b0;
      global_enable_q <= 1'b0;
      enable_q        <= '0;
      status_q        <= '0;
    end else begin
      // idle_i comes after done_i, so that of an aborted job is not seen either.
      abort_q <= write_reset || (abort_q && !idle_i);
      // An event wins over the host's clearing in the same clock, or it would be lost.
      start_q <= !abort && ((write_control && w_data_q[0]) || (start_q && !latch_i));
      done_q  <= !abort && (done_i || (done_q && !(write_control && w_data_q[4])));
      ready_q <= !abort && (latch_i || (ready_q && !read_control));
      if (write && w_strb_q[0]) begin
        if (aw_word_q == 10'(RegGlobalInterrupt / 4)) global_enable_q <= w_data_q[0];
        if (aw_word_q == 10'(RegInterruptEnable / 4)) enable_q <= w_data_q[1:0];
      end
      status_q <= abort ? '0 : (status_q ^ toggle) | (enable_q & {latch_i, done_i});
    end
  end

  assign start_o     = start_q && !done_q;
  assign abort_o     = abort_q;
  assign interrupt_o = global_enable_q && (status_q != '0);

  // ---------------------------------------------------------------------------------------------
  // Reads: the address is registered, so that the wide selection has a whole clock.

  logic        ar_held_q;
  logic [9:0]  ar_word_q;
  logic        r_valid_q;
  logic [31:0] r_data_q;
  logic [31:0] read_data;
  logic        idle;

  assign s_axi_arready_o = rst_ni && !ar_held_q && !r_valid_q;
  assign s_axi_rvalid_o  = r_valid_q;
  assign s_axi_rdata_o   = r_data_q;
  assign s_axi_rresp_o   = 2'b00;

  assign idle         = idle_i && !start_q && !done_q && !abort_q;
  assign read_control = ar_held_q && (ar_word_q == 10'(RegControl / 4));

  always_comb begin
    read_data = '0;
    unique case (ar_word_q)
      10'(RegControl / 4): begin
        read_data = {23'b0, abort_q, 4'b0, ready_q, idle, done_q, start_q};
      end
      10'(RegGlobalInterrupt / 4): read_data = {31'b0, global_enable_q};
      10'(RegInterruptEnable / 4): read_data = {30'b0, enable_q};
      10'(RegInterruptStatus / 4): read_data = {30'b0, status_q};
      10'(RegStatus / 4):          read_data = {29'b0, unanswered_i, non_finite_i, saturated_i};
      10'(RegError / 4):           read_data = {{(32 - ErrorBits){1'b0}}, error_i};
      10'(RegVersion / 4):         read_data = 32'(Version);
      10'(RegIdentity / 4): begin
        read_data = {8'(ExponentBits), 8'(MantissaBits), 8'(Lanes), 8'(ChunkLog2)};
      end
      10'(RegIdentity2 / 4): begin
        read_data = {15'b0, FourStep, 8'(MaxLengthLog2), 8'(TwiddleBits)};
      end
      10'(RegChunksDone / 4):      read_data = chunks_done_i;
      10'(RegClocks / 4):          read_data = clocks_i[31:0];
      10'(RegClocks / 4 + 1):      read_data = clocks_i[63:32];
      10'(RegMacBeats / 4):        read_data = mac_beats_i[31:0];
      10'(RegMacBeats / 4 + 1):    read_data = mac_beats_i[63:32];
      10'(RegStallSamples / 4):    read_data = stall_samples_i[31:0];
      10'(RegStallSamples / 4 + 1): read_data = stall_samples_i[63:32];
      10'(RegStallX / 4):          read_data = stall_x_i[31:0];
      10'(RegStallX / 4 + 1):      read_data = stall_x_i[63:32];
      10'(RegStallH / 4):          read_data = stall_h_i[31:0];
      10'(RegStallH / 4 + 1):      read_data = stall_h_i[63:32];
      10'(RegStallStore / 4):      read_data = stall_store_i[31:0];
      10'(RegStallStore / 4 + 1):  read_data = stall_store_i[63:32];
      10'(RegStallOutput / 4):     read_data = stall_output_i[31:0];
      10'(RegStallOutput / 4 + 1): read_data = stall_output_i[63:32];
      default: begin
        for (int i = 0; i < Words; i++) begin
          if (ar_word_q == 10'(FirstWord + i)) read_data = argument[32*i+:32];
        end
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!ar_held_q) ar_word_q <= s_axi_araddr_i[11:2];
    if (ar_held_q) r_data_q <= read_data;
    if (!rst_ni) begin
      ar_held_q <= 1'b0;
      r_valid_q <= 1'b0;
    end else begin
      ar_held_q <= s_axi_arvalid_i && s_axi_arready_o;
      r_valid_q <= ar_held_q || (r_valid_q && !s_axi_rready_i);
    end
  end

endmodule
