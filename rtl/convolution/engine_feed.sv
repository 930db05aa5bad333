// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_feed: decides which beat enters an engine of a four-step kernel, and when: chunk by chunk as
// commanded, only with a place in the FIFO behind the engine for the beat that it pushes out.
//
// An engine holds HeldBeats beats, which the next ones push out. A FLUSH feeds as many of zeros: they
// bring out all that came before, and nothing comes of them, for when the last beat has arrived in
// the FIFO, restart_o resets the engine. So the next chunk begins an engine that holds nothing. A
// FLUSH with nothing to bring out does nothing.
// Handshake: valid/ready commands, of which one waits while another runs. enter_o only while
// source_valid_i, except zeros. leave_i and release_i are pulses.
// Latency: 2 clocks from an accepted command to its first beat. Throughput: one beat a clock, across
// chunks too.

module engine_feed #(
  parameter int ChunkBeats = 2048,
  parameter int HeldBeats = 3071,  // at least ChunkBeats - 1
  parameter int Places = 512,      // in the FIFO
  parameter int RowBits = 7
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               command_valid_i,
  output logic               command_ready_o,
  /// FLUSH 0, TILE 1, ROW 2, CHUNK 3
  input  logic [1:0]         kind_i,
  /// a ROW's number
  input  logic [RowBits-1:0] row_i,
  /// the kind of the chunk whose beats enter now, and its row
  output logic [1:0]         kind_o,
  output logic [RowBits-1:0] row_o,
  /// there is a beat of this kind; a FLUSH needs none
  input  logic               source_valid_i,
  /// it enters in this clock
  output logic               enter_o,
  /// it would, but there is no beat of this kind
  output logic               waits_o,
  /// with enter_o: the first one of its chunk
  output logic               first_o,
  /// a beat that was pushed out has arrived in the FIFO
  input  logic               leave_i,
  /// a beat was taken from the FIFO
  input  logic               release_i,
  /// pulse: the engine is to forget all beats
  output logic               restart_o
);

  localparam int CountBits = $clog2(HeldBeats + 1);
  localparam int PlaceBits = $clog2(Places + 1);

  initial begin
    if (HeldBeats < ChunkBeats - 1) begin
      $fatal(1, "engine_feed: HeldBeats must be at least ChunkBeats - 1");
    end
  end

  logic                 waiting_q;  // a command after the one that runs
  logic [1:0]           waiting_kind_q;
  logic [RowBits-1:0]   waiting_row_q;
  logic                 running_q;
  logic [1:0]           kind_q;
  logic [RowBits-1:0]   row_q;
  logic                 first_q;
  logic [CountBits-1:0] left_q;     // beats of the running chunk that follow
  logic [CountBits-1:0] held_q;     // beats in the engine, up to HeldBeats
  logic                 full_q;     // HeldBeats of them: the next one pushes a beat out
  logic                 drain_q;    // all zeros have entered
  logic                 restart_q;
  logic [PlaceBits-1:0] on_way_q;   // beats pushed out and not yet in the FIFO
  logic                 available;
  logic                 last;
  logic                 push;
  logic                 next;
  logic                 nothing;
  logic                 flush;

  assign flush           = kind_q == four_step_pkg::KindFlush;
  assign enter_o         = running_q && !drain_q && available &&
                           (source_valid_i || flush);
  assign waits_o         = running_q && !drain_q && available && !source_valid_i && !flush;
  assign last            = enter_o && left_q == '0;
  assign push            = enter_o && full_q;
  assign next            = waiting_q && (!running_q || restart_q ||
                                         (last && !flush));
  assign nothing         = held_q == '0 && !enter_o;
  assign command_ready_o = !waiting_q;
  assign kind_o          = kind_q;
  assign row_o           = row_q;
  assign first_o         = first_q;
  assign restart_o       = restart_q;

  credit_counter #(
    .Credits(Places),
    .Skip   (0)
  ) u_credits (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (push),
    .release_i  (release_i),
    .available_o(available)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
      running_q <= 1'b0;
      held_q    <= '0;
      full_q    <= 1'b0;
      drain_q   <= 1'b0;
      restart_q <= 1'b0;
      on_way_q  <= '0;
    end else begin
      waiting_q <= !command_ready_o ? !next : command_valid_i;

      if (next) begin
        running_q <= !(waiting_kind_q == four_step_pkg::KindFlush && (nothing || restart_q));
      end else if (restart_q || (last && !flush)) running_q <= 1'b0;

      if (restart_q) drain_q <= 1'b0;
      else if (last && flush) drain_q <= 1'b1;
      restart_q <= drain_q && !restart_q && on_way_q == '0;

      if (restart_q) begin
        held_q <= '0;
        full_q <= 1'b0;
      end else if (enter_o && !full_q) begin
        held_q <= held_q + 1'b1;
        full_q <= held_q == CountBits'(HeldBeats - 1);
      end

      on_way_q <= on_way_q + PlaceBits'(push) - PlaceBits'(leave_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (command_ready_o) begin
      waiting_kind_q <= kind_i;
      waiting_row_q  <= row_i;
    end
    if (next) begin
      kind_q  <= waiting_kind_q;
      row_q   <= waiting_row_q;
      first_q <= 1'b1;
      left_q  <= (waiting_kind_q == four_step_pkg::KindFlush) ? CountBits'(HeldBeats - 1) :
                                                 CountBits'(ChunkBeats - 1);
    end else if (enter_o) begin
      first_q <= 1'b0;
      left_q  <= left_q - 1'b1;
    end
  end

endmodule
