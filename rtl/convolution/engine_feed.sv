// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_feed: feeds an engine of a four-step kernel, chunk by chunk in the order of the commands.
// A beat that pushes another one out enters only if the FIFO behind the engine has room for it.
//
// The engine's levels hold a chunk less one beat until later beats push them out. The commutator
// that restores the order of columns holds half a chunk more (see fft_engine):
//   forward: from the first tile since reset on, it holds the latest beats that left the levels.
//   inverse: it holds a tile's latest beats. Before a row, half a chunk of zeros pushes them into
//            the levels.
// A FLUSH feeds as many zeros as beats are held. When the last beat that they push out has arrived
// in the FIFO, restart_o resets the engine: the zeros are discarded, and the next chunk enters an
// empty engine. If the engine is empty already, a FLUSH does nothing.
// Handshake: commands are valid/ready; one can wait while another runs. enter_o is high only while
// source_valid_i, except for zeros, which are of kind FLUSH. leave_i and release_i are pulses.
// Latency: 2 clocks from an accepted command to its first beat. Throughput: one beat per clock,
// also from chunk to chunk.

module engine_feed #(
  parameter int ChunkBeats = 2048,  // a power of two, at least 4
  parameter bit Inverse = 0,
  parameter int Places = 512,       // locations in the FIFO
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
  /// they are those of a tile, or zeros behind one
  output logic               columns_o,
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

  localparam int LevelBeats = ChunkBeats - 1;
  localparam int HalfBeats = ChunkBeats / 2;
  localparam int CountBits = $clog2(LevelBeats + HalfBeats + 1);
  localparam int PlaceBits = $clog2(Places + 1);

  initial begin
    if (ChunkBeats < 4 || !sizes_pkg::is_power_of_two(ChunkBeats)) begin
      $fatal(1, "engine_feed: ChunkBeats must be a power of two, at least 4");
    end
  end

  logic                 waiting_q;  // a command waits for the running one
  logic [1:0]           waiting_kind_q;
  logic [RowBits-1:0]   waiting_row_q;
  logic                 running_q;
  logic [1:0]           kind_q;
  logic [RowBits-1:0]   row_q;
  logic                 first_q;
  logic                 half_q;     // what runs are the zeros before a row
  logic [CountBits-1:0] left_q;     // beats of the running chunk after the next one
  logic [CountBits-1:0] fill_q;     // beats that will enter and push none out
  logic                 full_q;     // fill_q is 0: the next beat pushes one out
  logic                 empty_q;    // nothing is in the engine
  logic                 columns_q;  // the commutator is not bypassed
  logic                 drain_q;    // all zeros of a FLUSH have entered
  logic                 restart_q;
  logic [PlaceBits-1:0] on_way_q;   // beats pushed out and not yet in the FIFO
  logic                 available;
  logic                 last;
  logic                 fills;      // the beat is the first to enter the empty commutator or,
                                    // forward, to push one into it
  logic                 push;
  logic                 ends;
  logic                 next;
  logic                 half;       // a row is next, but zeros before it
  logic                 nothing;
  logic                 flush;

  assign flush           = kind_q == four_step_pkg::KindFlush;
  assign enter_o         = running_q && !drain_q && available &&
                           (source_valid_i || flush);
  assign waits_o         = running_q && !drain_q && available && !source_valid_i && !flush;
  assign last            = enter_o && left_q == '0;
  assign fills           = enter_o && kind_q == four_step_pkg::KindTile && !columns_q &&
                           (Inverse ? first_q : left_q == '0);
  assign push            = enter_o && full_q && !fills;
  assign ends            = restart_q || (last && (!flush || half_q));
  assign next            = waiting_q && (!running_q || ends);
  assign half            = Inverse && columns_q && !half_q && !restart_q &&
                           (waiting_kind_q == four_step_pkg::KindRow ||
                            waiting_kind_q == four_step_pkg::KindChunk);
  assign nothing         = empty_q && !enter_o;
  assign command_ready_o = !waiting_q;
  assign kind_o          = kind_q;
  assign row_o           = row_q;
  assign columns_o       = kind_q == four_step_pkg::KindTile || (flush && columns_q);
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
      half_q    <= 1'b0;
      drain_q   <= 1'b0;
      restart_q <= 1'b0;
      on_way_q  <= '0;
    end else begin
      waiting_q <= !command_ready_o ? !next || half : command_valid_i;

      if (next) begin
        running_q <= !(waiting_kind_q == four_step_pkg::KindFlush && (nothing || restart_q));
        half_q    <= half;
      end else if (ends) running_q <= 1'b0;

      if (restart_q) drain_q <= 1'b0;
      else if (last && flush && !half_q) drain_q <= 1'b1;
      restart_q <= drain_q && !restart_q && on_way_q == '0;

      on_way_q <= on_way_q + PlaceBits'(push) - PlaceBits'(leave_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || restart_q) begin
      fill_q    <= CountBits'(LevelBeats);
      full_q    <= 1'b0;
      empty_q   <= 1'b1;
      columns_q <= 1'b0;
    end else if (fills) begin
      // Inverse, the levels may be empty too.
      fill_q    <= full_q || !Inverse ? CountBits'(HalfBeats - 1) :
                                        CountBits'(LevelBeats + HalfBeats - 1);
      full_q    <= 1'b0;
      empty_q   <= 1'b0;
      columns_q <= 1'b1;
    end else if (enter_o) begin
      if (!full_q) begin
        fill_q <= fill_q - 1'b1;
        full_q <= fill_q == CountBits'(1);
      end
      empty_q <= 1'b0;
      if (last && half_q) columns_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (command_ready_o) begin
      waiting_kind_q <= kind_i;
      waiting_row_q  <= row_i;
    end
    if (next) begin
      kind_q  <= half ? four_step_pkg::KindFlush : waiting_kind_q;
      row_q   <= waiting_row_q;
      first_q <= 1'b1;
      if (half) left_q <= CountBits'(HalfBeats - 1);
      else if (waiting_kind_q != four_step_pkg::KindFlush) left_q <= CountBits'(ChunkBeats - 1);
      else if (columns_q || fills) left_q <= CountBits'(LevelBeats + HalfBeats - 1);
      else left_q <= CountBits'(LevelBeats - 1);
    end else if (enter_o) begin
      first_q <= 1'b0;
      left_q  <= left_q - 1'b1;
    end
  end

endmodule
