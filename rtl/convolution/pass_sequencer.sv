// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// pass_sequencer: executes passes of Chunk/Lanes beats. In every clock it decides whether a beat
// fires, takes its operands and drives the spectral MAC.
//
// A beat of a pass needs
//   normal:  h, if the pass fetches one, and the forward engine's beat (engine) or x; with `last`
//            space for the result, too; with `store` also the X writer's ready, as the engine's
//            beat is stored as well; for no output chunk: h only, which the MAC keeps for the next
//            pass;
//   flush:   space for the result only: the operands are zero;
//   prepare: the engine's beat and the H writer's ready; the MAC gets nothing.
// Handshake: valid/ready. The ready and valid outputs of the operands and stores are combinational
// functions of their valid and ready inputs, which must not depend on them; they are asserted
// together, in the clock in which the beat fires.
// Latency: 2 clocks from an accepted command to its first beat, when idle. mac_* belong to the
// operands of the same clock. Counter pulses come a clock later.
// Throughput: a beat per clock, also from pass to pass: the next command is prefetched.

module pass_sequencer #(
  parameter int Lanes = 8,     // words of a beat
  parameter int Chunk = 65536, // words of a pass
  parameter int Outputs = 1    // output chunks that a pass may add to
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic pass_valid_i,
  output logic pass_ready_o,
  /// the output chunks that it adds to, and of them those that it starts and those it completes
  input  logic [Outputs-1:0] pass_outputs_i,
  input  logic [Outputs-1:0] pass_first_i,
  input  logic [Outputs-1:0] pass_last_i,
  input  logic pass_h_i,
  input  logic pass_flush_i,
  input  logic pass_engine_i,
  input  logic pass_store_i,
  input  logic pass_prepare_i,
  input  logic pass_no_tail_i,
  input  logic engine_valid_i,
  output logic engine_ready_o,
  input  logic x_valid_i,
  output logic x_ready_o,
  input  logic h_valid_i,
  output logic h_ready_o,
  /// the engine's beat of this clock goes to the X writer
  output logic store_x_valid_o,
  input  logic store_x_ready_i,
  /// the engine's beat of this clock goes to the H writer
  output logic store_h_valid_o,
  input  logic store_h_ready_i,
  input  logic output_available_i,
  /// a beat that leaves the MAC enters the inverse engine
  output logic output_reserve_o,
  /// to which no tail is added: it is of a channel's first output chunk, or a flush
  output logic output_no_tail_o,
  /// of an output chunk that only its tail is needed of: the newest X came from memory
  output logic output_drop_o,
  output logic mac_valid_o,
  output logic [Outputs-1:0] mac_outputs_o,
  output logic [Outputs-1:0] mac_first_o,
  output logic [Outputs-1:0] mac_last_o,
  /// operand x is the engine's beat, not the reader's
  output logic mac_x_engine_o,
  /// both operands are zero
  output logic mac_zero_o,
  /// pulse: a MAC beat fired for an output chunk, flush not counted
  output logic mac_beat_o,
  // Stall cause (pulses, at most one per clock): an active pass fires no beat and waits for
  /// the forward engine
  output logic stall_samples_o,
  /// X from memory
  output logic stall_x_o,
  /// H
  output logic stall_h_o,
  /// a writer of spectra
  output logic stall_store_o,
  /// space for the result
  output logic stall_output_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BeatBits = (ChunkBeats > 1) ? $clog2(ChunkBeats) : 1;

  initial begin
    if (ChunkBeats < 2 || !sizes_pkg::is_power_of_two(ChunkBeats)) begin
      $fatal(1, "pass_sequencer: Chunk / Lanes must be a power of two, at least 2");
    end
  end

  // The command in waiting, as it came.
  logic wait_valid_q;
  logic wait_h_q;
  logic wait_flush_q;
  logic wait_engine_q;
  logic wait_store_q;
  logic wait_prepare_q;
  logic wait_no_tail_q;
  logic [Outputs-1:0] wait_outputs_q;
  logic [Outputs-1:0] wait_first_q;
  logic [Outputs-1:0] wait_last_q;
  logic wait_x;

  // The current pass: what its beats need and do.
  logic active_q;
  logic count_q;
  logic flush_q;
  logic prepare_q;
  logic need_engine_q;
  logic need_x_q;
  logic need_h_q;
  logic need_store_x_q;
  logic need_output_q;
  logic no_tail_q;
  logic [Outputs-1:0] outputs_q;
  logic [Outputs-1:0] first_q;
  logic [Outputs-1:0] last_q;

  logic [BeatBits-1:0] beat_q;
  logic                final_q;  // the pass's last beat is next
  logic                lack_engine;
  logic                lack_x;
  logic                lack_h;
  logic                lack_store;
  logic                lack_output;
  logic                fire;
  logic                advance;

  assign lack_engine = need_engine_q && !engine_valid_i;
  assign lack_x      = need_x_q && !x_valid_i;
  assign lack_h      = need_h_q && !h_valid_i;
  assign lack_store  = (need_store_x_q && !store_x_ready_i) || (prepare_q && !store_h_ready_i);
  assign lack_output = need_output_q && !output_available_i;
  assign fire        = active_q && !(lack_engine || lack_x || lack_h || lack_store || lack_output);

  assign wait_x       = !wait_flush_q && (wait_outputs_q != '0);
  assign pass_ready_o = !wait_valid_q;
  assign advance      = wait_valid_q && (!active_q || (fire && final_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wait_valid_q <= 1'b0;
      active_q     <= 1'b0;
      beat_q       <= '0;
      final_q      <= 1'b0;
    end else begin
      wait_valid_q <= wait_valid_q ? !advance : pass_valid_i;
      if (advance) active_q <= 1'b1;
      else if (fire && final_q) active_q <= 1'b0;
      if (fire) begin
        beat_q  <= beat_q + 1'b1;
        final_q <= (beat_q == BeatBits'(ChunkBeats - 2));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!wait_valid_q) begin
      wait_outputs_q <= pass_outputs_i;
      wait_first_q   <= pass_first_i;
      wait_last_q    <= pass_last_i;
      wait_h_q       <= pass_h_i;
      wait_flush_q   <= pass_flush_i;
      wait_engine_q  <= pass_engine_i;
      wait_store_q   <= pass_store_i;
      wait_prepare_q <= pass_prepare_i;
      wait_no_tail_q <= pass_no_tail_i;
    end
    if (advance) begin
      outputs_q      <= wait_outputs_q;
      first_q        <= wait_first_q;
      last_q         <= wait_last_q;
      flush_q        <= wait_flush_q;
      prepare_q      <= wait_prepare_q;
      no_tail_q      <= wait_no_tail_q;
      count_q        <= wait_x;
      need_engine_q  <= (wait_x && wait_engine_q) || wait_prepare_q;
      need_x_q       <= wait_x && !wait_engine_q;
      need_h_q       <= wait_h_q;
      need_store_x_q <= wait_store_q;
      need_output_q  <= (wait_last_q != '0);
    end
  end

  assign engine_ready_o   = fire && need_engine_q;
  assign x_ready_o        = fire && need_x_q;
  assign h_ready_o        = fire && need_h_q;
  assign store_x_valid_o  = fire && need_store_x_q;
  assign store_h_valid_o  = fire && prepare_q;
  assign output_reserve_o = fire && need_output_q;
  assign output_no_tail_o = no_tail_q;
  assign output_drop_o    = need_x_q;
  assign mac_valid_o      = fire && !prepare_q;
  assign mac_outputs_o    = outputs_q;
  assign mac_first_o      = first_q;
  assign mac_last_o       = last_q;
  assign mac_x_engine_o   = need_engine_q;
  assign mac_zero_o       = flush_q;

  // One cause a stalled clock: the first that lacks, from the data's source to its sink.
  always_ff @(posedge clk_i) begin
    mac_beat_o      <= fire && count_q;
    stall_samples_o <= active_q && lack_engine;
    stall_x_o       <= active_q && lack_x;
    stall_h_o       <= active_q && lack_h && !(lack_engine || lack_x);
    stall_store_o   <= active_q && lack_store && !(lack_engine || lack_x || lack_h);
    stall_output_o  <= active_q && lack_output && !(lack_engine || lack_x || lack_h || lack_store);
    if (!rst_ni) begin
      mac_beat_o      <= 1'b0;
      stall_samples_o <= 1'b0;
      stall_x_o       <= 1'b0;
      stall_h_o       <= 1'b0;
      stall_store_o   <= 1'b0;
      stall_output_o  <= 1'b0;
    end
  end

endmodule
