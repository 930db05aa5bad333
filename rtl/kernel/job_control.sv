// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// job_control: runs one job after another: latches and checks its arguments, resets the core,
// starts the controller, waits for the end or stops at an AXI error or an abort, and counts.
//
// A bad argument ends the job at once, before the core is touched. An AXI error or abort_i raises
// stop_o, which holds back new bursts; the job ends, with the code of what stopped it first, once
// nothing is outstanding. In the same clock, an AXI error wins over an abort, completion over an
// abort, and an abort over a bad argument. stop_o stays high until the reset at the start of the
// next job that runs.
// The watchdog: if bursts are outstanding and nothing moves on any port for watchdog_i clocks (0:
// disabled), the job ends, stopping or not, with the code of the first waiting port.
// Its bursts stay outstanding, and with stop_o the ports complete them if the memory ever answers;
// until then unanswered_o is high, and every job ends with that code before the core is reset.
// A reset forgets the bursts. Answers to them after the reset must not be mistaken for answers to
// later bursts, so axi_id_o, which all bursts carry, changes with the first job after each reset.
// Handshake: start_i is a level; latch_o is a pulse at whose clock edge the registers take over
// the arguments (they are read from the next clock on), done_o is a pulse at the end. start_i is
// sampled from the clock after done_o on. abort_i is a level until idle_o.
// Latency: 3 clocks from latch_o to done_o with a bad argument, 19 clocks to controller_start_o
// otherwise; QuietClocks + 1 from the end of all work to done_o.
// Throughput: one job at a time. Counter inputs are pulses, one count a clock each.

module job_control
  import crocuta_pkg::*;
#(
  parameter int Chunk = 65536,       // samples of a chunk, a power of two
  parameter int MaxLengthLog2 = 22,  // longest row: 2^MaxLengthLog2 samples
  parameter bit FourStep = 1'b0,     // z_spectra, in PREPARE length_x and x_spectra; no ring
  localparam int Ports = 6
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // from and to the registers
  input  logic                 start_i,
  input  logic                 abort_i,
  /// clocks without a transfer that end a job; 0: none do
  input  logic [31:0]          watchdog_i,
  output logic                 latch_o,
  output logic                 done_o,
  output logic                 idle_o,
  input  logic [31:0]          mode_i,
  input  logic [31:0]          channels_i,
  input  logic [31:0]          length_x_i,
  input  logic [31:0]          length_h_i,
  // of the pointers only the part that has to be zero
  input  logic [11:0]          x_i,
  input  logic [11:0]          h_i,
  input  logic [11:0]          h_spectra_i,
  input  logic [11:0]          x_spectra_i,
  input  logic [11:0]          y_i,
  input  logic [11:0]          z_spectra_i,
  input  logic [31:0]          ring_i,
  input  logic [31:0]          first_chunk_i,
  // to the core
  /// reset of everything but the registers and this module; low for 4 clocks before a job
  output logic                 core_rst_no,
  /// no further burst is presented
  output logic                 stop_o,
  /// pulse
  output logic                 controller_start_o,
  /// all commands were taken
  input  logic                 controller_done_i,
  /// every port has completed its commands; while stop_o: it has no burst presented or outstanding
  input  logic                 ports_idle_i,
  /// a burst is presented or unanswered, by port, in the order of their codes
  input  logic [Ports-1:0]     pending_i,
  /// pulse: there was a transfer on a port
  input  logic                 progress_i,
  /// the ID of all bursts; changes while the core is in reset
  output logic                 axi_id_o,
  // pulses from the core
  input  logic                 error_samples_read_i,
  input  logic                 error_samples_write_i,
  input  logic                 error_x_read_i,
  input  logic                 error_x_write_i,
  input  logic                 error_h_read_i,
  input  logic                 error_h_write_i,
  input  logic                 saturated_i,
  input  logic                 non_finite_i,
  input  logic                 chunk_done_i,
  input  logic                 mac_beat_i,
  input  logic                 stall_samples_i,
  input  logic                 stall_x_i,
  input  logic                 stall_h_i,
  input  logic                 stall_store_i,
  input  logic                 stall_output_i,
  // what is known of the last or running job
  output logic                 saturated_o,
  output logic                 non_finite_o,
  output logic                 unanswered_o,
  output logic [ErrorBits-1:0] error_o,
  output logic [31:0]          chunks_done_o,
  output logic [63:0]          clocks_o,
  output logic [63:0]          mac_beats_o,
  output logic [63:0]          stall_samples_o,
  output logic [63:0]          stall_x_o,
  output logic [63:0]          stall_h_o,
  output logic [63:0]          stall_store_o,
  output logic [63:0]          stall_output_o
);

  // Core reset: 4 clocks, then as many as the kernel needs to spread its end.
  localparam int ResetClocks = 4;
  localparam int BeginClocks = 16;
  localparam int ChunkLog2 = $clog2(Chunk);
  localparam int CountBits = sizes_pkg::chunk_count_bits(MaxLengthLog2, Chunk);
  // An idle signal may be a few clocks behind: it has to hold for this long.
  localparam int QuietClocks = 8;

  initial begin
    if (MaxLengthLog2 < 1 || MaxLengthLog2 > 30) $fatal(1, "job_control: bad MaxLengthLog2");
    if (!sizes_pkg::is_power_of_two(Chunk)) $fatal(1, "job_control: bad Chunk");
  end

  typedef enum logic [2:0] {StIdle, StLatch, StCheck, StJudge, StReset, StStart, StRun, StStop}
      state_e;

  state_e               state_q;
  logic [3:0]           count_q;
  logic                 convolve;
  logic                 bad_mode_q;
  logic                 bad_channels_q;
  logic                 bad_length_x_q;
  logic                 bad_length_h_q;
  logic                 bad_pointer_q;
  logic                 bad_ring_q;
  logic [CountBits-1:0] ring;
  logic [CountBits:0]   ring_needed;  // its rows
  logic [ErrorBits-1:0] argument_error;
  logic [ErrorBits-1:0] judgement;
  logic [ErrorBits-1:0] port_error;
  logic [ErrorBits-1:0] error_q;
  logic [Ports-1:0]     pending_q;
  logic                 finished_q;
  logic [ErrorBits-1:0] timeout_error;
  logic                 quiet;
  logic                 expired;
  logic                 done_q;
  logic                 stop_q;
  logic                 core_rst_n_q;

  // ---------------------------------------------------------------------------------------------
  // Arguments.

  assign convolve = (mode_i == 32'(ModeConvolve));

  always_ff @(posedge clk_i) begin
    bad_mode_q     <= !convolve && (mode_i != 32'(ModePrepare));
    bad_channels_q <= (channels_i == '0) || (channels_i > 32'(MaxChannels));
    bad_length_x_q <= (convolve || FourStep)
                      && ((length_x_i == '0) || (length_x_i > (32'd1 << MaxLengthLog2)));
    bad_length_h_q <= (length_h_i == '0) || (length_h_i > (32'd1 << MaxLengthLog2));
    bad_pointer_q  <= (h_spectra_i != '0) || ((convolve || FourStep) && x_spectra_i != '0)
                      || (convolve && FourStep && z_spectra_i != '0)
                      || (convolve ? ((x_i | y_i) != '0) : (h_i != '0));
    bad_ring_q     <= convolve && !FourStep
                      && (ring_i == '0 ? first_chunk_i != '0
                          : (ring_i >> CountBits) != '0 || (ring & (ring - 1'b1)) != '0
                            || {1'b0, ring} < ring_needed);
  end

  // Of lengths beyond the limit, which are worse, not all bits count.
  assign ring        = ring_i[CountBits-1:0];
  assign ring_needed = (CountBits + 1)'(length_x_i >> ChunkLog2)
                       + (CountBits + 1)'(length_h_i >> ChunkLog2)
                       + (CountBits + 1)'(length_x_i[ChunkLog2-1:0] != '0)
                       + (CountBits + 1)'(length_h_i[ChunkLog2-1:0] != '0);

  always_comb begin
    if (bad_mode_q) argument_error = ErrorBits'(ErrorMode);
    else if (bad_channels_q) argument_error = ErrorBits'(ErrorChannels);
    else if (bad_length_x_q) argument_error = ErrorBits'(ErrorLengthX);
    else if (bad_length_h_q) argument_error = ErrorBits'(ErrorLengthH);
    else if (bad_pointer_q) argument_error = ErrorBits'(ErrorPointer);
    else if (bad_ring_q) argument_error = ErrorBits'(ErrorRing);
    else argument_error = ErrorBits'(ErrorNone);
  end

  // Of a job that has not begun. The core is not reset while its ports have bursts outstanding.
  always_comb begin
    if (abort_i) judgement = ErrorBits'(ErrorAborted);
    else if (argument_error != ErrorBits'(ErrorNone)) judgement = argument_error;
    else if (pending_q != '0) judgement = ErrorBits'(ErrorUnanswered);
    else judgement = ErrorBits'(ErrorNone);
  end

  always_comb begin
    if (error_samples_read_i) port_error = ErrorBits'(ErrorSamplesRead);
    else if (error_samples_write_i) port_error = ErrorBits'(ErrorSamplesWrite);
    else if (error_x_read_i) port_error = ErrorBits'(ErrorXRead);
    else if (error_x_write_i) port_error = ErrorBits'(ErrorXWrite);
    else if (error_h_read_i) port_error = ErrorBits'(ErrorHRead);
    else if (error_h_write_i) port_error = ErrorBits'(ErrorHWrite);
    else port_error = ErrorBits'(ErrorNone);
  end

  // ---------------------------------------------------------------------------------------------
  // The watchdog. Its inputs come from all over the kernel.

  logic        run;
  logic        waits;
  logic        progress_q;
  logic [31:0] left_q;      // clocks it still waits
  logic        expired_q;

  assign run   = (state_q == StRun) || (state_q == StStop);
  assign waits = run && (pending_q != '0) && !progress_q;

  always_ff @(posedge clk_i) begin
    pending_q  <= pending_i;
    progress_q <= progress_i;
    if (!waits) left_q <= watchdog_i;
    else if (left_q != '0) left_q <= left_q - 1'b1;
    expired_q <= waits && (left_q == 32'd1);
  end

  // The answer may come in the very clock.
  assign expired = expired_q && (pending_q != '0);

  always_comb begin
    if (pending_q[0]) timeout_error = ErrorBits'(ErrorSamplesReadTimeout);
    else if (pending_q[1]) timeout_error = ErrorBits'(ErrorSamplesWriteTimeout);
    else if (pending_q[2]) timeout_error = ErrorBits'(ErrorXReadTimeout);
    else if (pending_q[3]) timeout_error = ErrorBits'(ErrorXWriteTimeout);
    else if (pending_q[4]) timeout_error = ErrorBits'(ErrorHReadTimeout);
    else timeout_error = ErrorBits'(ErrorHWriteTimeout);
  end

  // ---------------------------------------------------------------------------------------------
  // The bursts' ID. It tells those before a reset from those after it, so it has none itself. It
  // changes while the core is in reset, with the first job that begins after this module's.
  logic axi_id_q;
  logic first_q;
  logic released;

  initial axi_id_q = 1'b1;

  assign released = (state_q == StReset) && (count_q == 4'(ResetClocks - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_q <= 1'b1;
    else if (released) first_q <= 1'b0;
    if (released && first_q) axi_id_q <= !axi_id_q;
  end

  assign axi_id_o = axi_id_q;

  // ---------------------------------------------------------------------------------------------
  // The job.

  assign quiet = finished_q && (count_q == 4'(QuietClocks - 1));

  // ports_idle_i comes from all over the kernel.
  always_ff @(posedge clk_i) begin
    finished_q <= ports_idle_i && (controller_done_i || state_q == StStop);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q      <= StIdle;
      count_q      <= '0;
      done_q       <= 1'b0;
      stop_q       <= 1'b0;
      core_rst_n_q <= 1'b0;
      error_q      <= ErrorBits'(ErrorNone);
    end else begin
      done_q       <= 1'b0;
      core_rst_n_q <= 1'b1;
      unique case (state_q)
        // done_q: the registers have not taken notice yet.
        StIdle: if (start_i && !done_q) state_q <= StLatch;
        StLatch: begin
          error_q <= ErrorBits'(ErrorNone);
          state_q <= StCheck;
        end
        StCheck: begin
          count_q <= '0;
          state_q <= StJudge;
        end
        StJudge: begin
          error_q <= judgement;
          if (judgement != ErrorBits'(ErrorNone)) begin
            done_q  <= 1'b1;
            state_q <= StIdle;
          end else begin
            state_q <= StReset;
          end
        end
        StReset: begin
          count_q      <= count_q + 1'b1;
          core_rst_n_q <= (count_q >= 4'(ResetClocks));
          if (released) stop_q <= 1'b0;
          if (count_q == 4'(BeginClocks - 1)) begin
            // The reset of the core is not cut short.
            if (abort_i) begin
              error_q <= ErrorBits'(ErrorAborted);
              done_q  <= 1'b1;
              state_q <= StIdle;
            end else begin
              state_q <= StStart;
            end
          end
        end
        StStart: begin
          count_q <= '0;
          state_q <= StRun;
        end
        StRun: begin
          count_q <= finished_q ? count_q + 1'b1 : '0;
          if (expired) begin
            error_q <= timeout_error;
            stop_q  <= 1'b1;
            done_q  <= 1'b1;
            state_q <= StIdle;
          end else if (port_error != ErrorBits'(ErrorNone)) begin
            error_q <= port_error;
            stop_q  <= 1'b1;
            count_q <= '0;
            state_q <= StStop;
          end else if (quiet) begin
            done_q  <= 1'b1;
            state_q <= StIdle;
          end else if (abort_i) begin
            error_q <= ErrorBits'(ErrorAborted);
            stop_q  <= 1'b1;
            count_q <= '0;
            state_q <= StStop;
          end
        end
        StStop: begin
          count_q <= finished_q ? count_q + 1'b1 : '0;
          if (expired) error_q <= timeout_error;
          if (expired || quiet) begin
            done_q  <= 1'b1;
            state_q <= StIdle;
          end
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  assign latch_o            = (state_q == StLatch);
  assign done_o             = done_q;
  assign idle_o             = (state_q == StIdle) && !done_q;
  assign core_rst_no        = core_rst_n_q;
  assign stop_o             = stop_q;
  assign controller_start_o = (state_q == StStart);
  assign error_o            = error_q;
  assign unanswered_o       = (state_q == StIdle) && (pending_q != '0);

  // ---------------------------------------------------------------------------------------------
  // Flags and counters.

  logic clear;

  assign clear = !rst_ni || (state_q == StLatch);

  always_ff @(posedge clk_i) begin
    if (clear) begin
      saturated_o     <= 1'b0;
      non_finite_o    <= 1'b0;
      chunks_done_o   <= '0;
      clocks_o        <= '0;
      mac_beats_o     <= '0;
      stall_samples_o <= '0;
      stall_x_o       <= '0;
      stall_h_o       <= '0;
      stall_store_o   <= '0;
      stall_output_o  <= '0;
    end else begin
      if (state_q != StIdle) clocks_o <= clocks_o + 1'b1;
      if (run && saturated_i) saturated_o <= 1'b1;
      if (run && non_finite_i) non_finite_o <= 1'b1;
      if (run && chunk_done_i) chunks_done_o <= chunks_done_o + 1'b1;
      if (run && mac_beat_i) mac_beats_o <= mac_beats_o + 1'b1;
      if (run && stall_samples_i) stall_samples_o <= stall_samples_o + 1'b1;
      if (run && stall_x_i) stall_x_o <= stall_x_o + 1'b1;
      if (run && stall_h_i) stall_h_o <= stall_h_o + 1'b1;
      if (run && stall_store_i) stall_store_o <= stall_store_o + 1'b1;
      if (run && stall_output_i) stall_output_o <= stall_output_o + 1'b1;
    end
  end

endmodule
