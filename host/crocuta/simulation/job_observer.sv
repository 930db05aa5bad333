// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// job_observer: computes a job's counters independently of the kernel, from the ports of
// pass_sequencer: the passes that it accepts and the beats that it takes.
//
// A pass becomes active two clocks after it was accepted, or when the previous pass has had its
// last beat if that is later, and stays active until its own last beat. In each of these clocks,
// either everything that the pass needs is available and a beat is taken, or no beat is taken and
// the clock counts as a stall for the first thing missing, in the order samples, x, h, store,
// output. Anything else is an error. A job that is refused, with the core still at work on one that
// timed out, has no passes: only those since the core's reset count.
// Handshake: none; the module only observes. Latency: counts_o lags by two clocks, as the kernel's
// own counters do.

module job_observer #(
  parameter int ChunkBeats = 32, // beats of a pass
  parameter int Outputs = 1,     // output chunks that a pass may add to
  parameter int Limits = 6        // signals of limits_i
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  /// a job's arguments are latched: all counts restart
  input  logic               latch_i,
  // The passes.
  input  logic               pass_valid_i,
  input  logic               pass_ready_i,
  input  logic [Outputs-1:0] pass_outputs_i,
  input  logic [Outputs-1:0] pass_last_i,
  input  logic               pass_h_i,
  input  logic               pass_flush_i,
  input  logic               pass_engine_i,
  input  logic               pass_store_i,
  input  logic               pass_prepare_i,
  // What a beat may need, and what it takes.
  input  logic               engine_valid_i,
  input  logic               engine_ready_i,
  input  logic               x_valid_i,
  input  logic               x_ready_i,
  input  logic               h_valid_i,
  input  logic               h_ready_i,
  input  logic               store_x_ready_i,
  input  logic               store_x_valid_i,
  input  logic               store_h_ready_i,
  input  logic               store_h_valid_i,
  input  logic               output_available_i,
  input  logic               output_reserve_i,
  input  logic               mac_valid_i,
  /// one bit per buffer or stream: it is full
  input  logic [Limits-1:0]  limits_i,
  /// 32 bits each: MAC beats, stalls for samples, x, h, store and output, from bit 0
  output logic [191:0]       counts_o,
  /// bits of limits_i seen since the first pass
  output logic [Limits-1:0]  limits_o,
  /// a beat was taken too early, too late or incompletely
  output logic               wrong_o
);

  localparam int Depth = 4;  // more than the passes that can be accepted and unfinished

  // What a pass needs: samples, x, h, a writer of x, a writer of h, space for the result.
  localparam int Needs = 6;
  logic [Needs-1:0] needs;
  logic [Needs-1:0] present;
  logic [Needs-1:0] taken;
  logic [Needs-1:0] missing;
  logic             multiplies;
  logic             to_mac;

  always_comb begin
    needs = '0;
    if (pass_prepare_i) begin
      needs[0] = 1'b1;
      needs[4] = 1'b1;
    end else if (pass_flush_i) begin
      needs[5] = 1'b1;
    end else begin
      if (pass_outputs_i != '0) begin
        needs[0] = pass_engine_i;
        needs[1] = !pass_engine_i;
      end
      needs[2] = pass_h_i;
      needs[3] = pass_store_i;
      needs[5] = (pass_last_i != '0);
    end
  end

  assign multiplies = !pass_prepare_i && !pass_flush_i && (pass_outputs_i != '0);
  assign to_mac     = !pass_prepare_i;
  assign present    = {output_available_i, store_h_ready_i, store_x_ready_i, h_valid_i, x_valid_i,
                       engine_valid_i};
  assign taken      = {output_reserve_i, store_h_valid_i, store_x_valid_i, h_ready_i, x_ready_i,
                       engine_ready_i};

  // The accepted passes, the oldest at head_q.
  logic [Needs-1:0] needs_q      [Depth];
  logic             multiplies_q [Depth];
  logic             to_mac_q     [Depth];
  integer           head_q;
  integer           tail_q;
  integer           beats_q;      // beats taken by the oldest pass
  integer           ready_q;      // passes accepted two or more clocks ago
  logic             in_work;
  logic             beat;
  logic             live;         // since the core's reset, so not in a job that was refused

  assign in_work = (head_q != ready_q);
  assign missing = needs_q[head_q % Depth] & ~present;
  assign beat    = (taken != '0) || mac_valid_i;

  logic [31:0] beats_now;
  logic [31:0] stalls_now [5];
  logic [31:0] beats_before;
  logic [31:0] stalls_before [5];
  integer      n;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) live <= 1'b1;
    else if (latch_i) live <= 1'b0;
    if (!rst_ni || latch_i || !live) begin
      head_q       <= 0;
      tail_q       <= 0;
      ready_q      <= 0;
      beats_q      <= 0;
      beats_now    <= '0;
      beats_before <= '0;
      limits_o     <= '0;
      wrong_o      <= 1'b0;
      for (n = 0; n < 5; n = n + 1) begin
        stalls_now[n]    <= '0;
        stalls_before[n] <= '0;
      end
    end else begin
      if (tail_q != 0) limits_o <= limits_o | limits_i;
      ready_q <= tail_q;
      if (pass_valid_i && pass_ready_i) begin
        needs_q[tail_q % Depth]      <= needs;
        multiplies_q[tail_q % Depth] <= multiplies;
        to_mac_q[tail_q % Depth]     <= to_mac;
        tail_q                       <= tail_q + 1;
      end
      beats_before <= beats_now;
      for (n = 0; n < 5; n = n + 1) stalls_before[n] <= stalls_now[n];
      if (!in_work) begin
        if (beat) wrong_o <= 1'b1;
      end else if (beat) begin
        if (missing != '0 || taken != needs_q[head_q % Depth] ||
            mac_valid_i != to_mac_q[head_q % Depth]) begin
          wrong_o <= 1'b1;
        end
        if (multiplies_q[head_q % Depth]) beats_now <= beats_now + 1;
        beats_q <= (beats_q == ChunkBeats - 1) ? 0 : beats_q + 1;
        if (beats_q == ChunkBeats - 1) head_q <= head_q + 1;
      end else if (missing[0]) stalls_now[0] <= stalls_now[0] + 1;
      else if (missing[1]) stalls_now[1] <= stalls_now[1] + 1;
      else if (missing[2]) stalls_now[2] <= stalls_now[2] + 1;
      else if (missing[3] || missing[4]) stalls_now[3] <= stalls_now[3] + 1;
      else if (missing[5]) stalls_now[4] <= stalls_now[4] + 1;
      else wrong_o <= 1'b1;
    end
  end

  assign counts_o = {stalls_before[4], stalls_before[3], stalls_before[2], stalls_before[1],
                     stalls_before[0], beats_before};

endmodule
