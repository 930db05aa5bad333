// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_feed: feeds an engine of a four-step kernel, chunk by chunk in the order of the commands. A
// beat that pushes another one out enters only if the FIFO behind the engine has a location for it.
//
// An engine holds HeldBeats beats until later beats push them out. A FLUSH feeds that many beats of
// zeros. When the last beat that they push out has arrived in the FIFO, restart_o resets the engine:
// the zeros are discarded, and the next chunk enters an empty engine. If the engine is empty already,
// a FLUSH does nothing.
// Handshake: commands are valid/ready; one can wait while another runs. enter_o is high only while
// source_valid_i, except for the zeros of a FLUSH. leave_i and release_i are pulses.
// Latency: 2 clocks from an accepted command to its first beat. Throughput: one beat per clock, also
// from chunk to chunk.

module engine_feed #(
  parameter int ChunkBeats = 2048,
  parameter int HeldBeats = 3071,  // at least ChunkBeats - 1
  parameter int Places = 512,      // locations in the FIFO
  parameter int RowBits = 7
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               command_valid_i,
  output logic               command_ready_o,
  /// the kind of the chunk: see four_step_pkg
  input  logic [1:0]         kind_i,
  /// the index of a ROW
  input  logic [RowBits-1:0] row_i,
  /// kind and row of the chunk whose beats enter now
  output logic [1:0]         kind_o,
  output logic [RowBits-1:0] row_o,
  /// a beat of kind_o is available; ignored in a FLUSH
  input  logic               source_valid_i,
  /// a beat enters in this clock
  output logic               enter_o,
  /// it would, but there is no beat of this kind
  output logic               waits_o,
  /// with enter_o: it is the first beat of its chunk
  output logic               first_o,
  /// a beat that was pushed out has arrived in the FIFO
  input  logic               leave_i,
  /// a beat was taken from the FIFO
  input  logic               release_i,
  /// pulse: resets the engine
  output logic               restart_o
);

  localparam int CountBits = $clog2(HeldBeats + 1);
  localparam int PlaceBits = $clog2(Places + 1);

  initial begin
    if (HeldBeats < ChunkBeats - 1) begin
      $fatal(1, "engine_feed: HeldBeats must be at least ChunkBeats - 1");
    end
  end

  logic                 waiting_q;  // a command waits for the running one
  logic [1:0]           waiting_kind_q;
  logic [RowBits-1:0]   waiting_row_q;
  logic                 running_q;
  logic [1:0]           kind_q;
  logic [RowBits-1:0]   row_q;
  logic                 first_q;
  logic [CountBits-1:0] left_q;     // beats of the running chunk after the next one
  logic [CountBits-1:0] held_q;     // beats in the engine, up to HeldBeats
  logic                 full_q;     // held_q is HeldBeats: the next beat pushes one out
  logic                 drain_q;    // all zeros of a FLUSH have entered
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
