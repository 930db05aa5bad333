// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// inverse_path: from the spectral MAC's totals to samples: the inverse engine, overlap-add, CFP to
// float32, and a FIFO.
//
// A location in the FIFO is reserved (reserve_i, only while available_o) before a beat's operands
// enter the MAC, so nothing in this path ever has to stop. The engine holds a whole chunk: chunk k
// leaves while chunk k + 1, or a flush, enters. The flag that a chunk has a tail to add comes with
// the reservation of its first beat and is kept until its last beat has reached overlap_add. Data
// leaves the engine only after its reservation, so the flag is always present; and no beat is
// available without space for a flag. With it comes another one: the chunk is dropped behind
// overlap_add, because only its tail is needed.
// Handshake: valid-gated in, valid/ready out.
// Latency: Chunk/Lanes - 1 beats and the pipeline's clocks. Throughput: one beat a clock.

module inverse_path #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int TwiddleBits = 25,
  parameter TwiddleDir = "",  // see fft_engine
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  output logic                available_o,
  input  logic                reserve_i,
  /// with the reservation of a chunk's first beat: no tail is added to the chunk
  input  logic                no_tail_i,
  /// and it is not sent on
  input  logic                drop_i,
  input  logic                valid_i,
  input  logic [BeatBits-1:0] beat_i,
  output logic                valid_o,
  input  logic                ready_i,
  /// lane l at [l*32 +: 32]
  output logic [Lanes*32-1:0] samples_o,
  /// pulse: the last beat of a chunk that is sent on has left the engine
  output logic                chunk_done_o,
  /// pulse: an exponent overflowed, or a sample was beyond float32's range
  output logic                saturated_o
);

  localparam int RealBits = MantissaBits + ExponentBits;
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int CountBits = $clog2(ChunkBeats);
  // More clocks than a beat takes from its reservation to overlap_add when it does not wait.
  localparam int PathClocks = cfp_pkg::path_clocks(Chunk);
  localparam int FifoDepth = 1 << $clog2(PathClocks);
  // A mark for each chunk that is on its way at the full rate: the one that is reserved, the one
  // that the engine holds, and what fits into the pipelines. From 2 on any depth is right.
  localparam int MarksDepth = 1 << $clog2(2 + (PathClocks + ChunkBeats - 1) / ChunkBeats);

  logic                      z_valid;
  logic [BeatBits-1:0]       z;
  logic                      columns;
  logic                      engine_saturated;
  logic                      places;
  logic [CountBits-1:0]      reserved_q;  // beats of a chunk
  logic                      mark_q;
  logic                      no_tail_q;
  logic                      drop_q;
  logic                      mark_ready;
  logic                      mark_valid;
  logic                      no_tail;
  logic                      drop;
  logic                      z_done;
  logic                      y_valid;
  logic [Lanes*RealBits-1:0] y;
  logic                      overlap_saturated;
  logic                      samples_valid;
  logic [Lanes*32-1:0]       samples;
  logic [Lanes-1:0]          convert_saturated;
  logic                      samples_drop;
  logic                      fifo_ready;
  logic                      fifo_valid;
  logic                      fifo_drop;
  logic                      fifo_pop;

  credit_counter #(
    .Credits(FifoDepth),
    .Skip   (ChunkBeats - 1)
  ) u_credits (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .reserve_i  (reserve_i),
    .release_i  (fifo_valid && fifo_pop),
    .available_o(places)
  );

  assign available_o = places && mark_ready;

  // reserve_i comes late. The next chunk's mark is chunks away, so ready is right in time for it.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      reserved_q <= '0;
      mark_q     <= 1'b0;
    end else begin
      if (reserve_i) reserved_q <= reserved_q + 1'b1;
      mark_q <= reserve_i && (reserved_q == '0);
    end
  end

  always_ff @(posedge clk_i) begin
    no_tail_q <= no_tail_i;
    drop_q    <= drop_i;
  end

  logic [$clog2(MarksDepth):0] marks_level;

  fifo #(
    .Width(2),
    .Depth(MarksDepth)
  ) u_marks (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(mark_q),
    .ready_o(mark_ready),
    .data_i ({drop_q, no_tail_q}),
    .valid_o(mark_valid),
    .ready_i(z_done),
    .data_o ({drop, no_tail}),
    .level_o(marks_level)
  );

  fft_engine #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits),
    .TwiddleBits (TwiddleBits),
    .Inverse     (1'b1),
    .TwiddleDir  (TwiddleDir)
  ) u_engine (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .valid_i    (valid_i),
    .beat_i     (beat_i),
    .columns_i  (1'b0),
    .valid_o    (z_valid),
    .beat_o     (z),
    .columns_o  (columns),
    .saturated_o(engine_saturated)
  );

  overlap_add #(
    .Lanes       (Lanes),
    .Chunk       (Chunk),
    .MantissaBits(MantissaBits),
    .ExponentBits(ExponentBits)
  ) u_overlap_add (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .valid_i     (z_valid),
    .no_tail_i   (no_tail),
    .beat_i      (z),
    .chunk_done_o(z_done),
    .valid_o     (y_valid),
    .beat_o      (y),
    .saturated_o (overlap_saturated)
  );

  assign chunk_done_o = z_done && !drop;

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    cfp_to_float #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits)
    ) u_cfp_to_float (
      .clk_i      (clk_i),
      .mantissa_i (y[lane*RealBits+:MantissaBits]),
      .exponent_i (y[lane*RealBits+MantissaBits+:ExponentBits]),
      .float_o    (samples[lane*32+:32]),
      .saturated_o(convert_saturated[lane])
    );
  end

  valid_delay #(
    .Clocks(cfp_pkg::CfpToFloatClocks)
  ) u_samples_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(y_valid),
    .valid_o(samples_valid)
  );

  delay #(
    .Width (1),
    .Clocks(cfp_pkg::OverlapClocks + cfp_pkg::CfpToFloatClocks)
  ) u_samples_drop (
    .clk_i (clk_i),
    .data_i(drop),
    .data_o(samples_drop)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else begin
      saturated_o <= engine_saturated || overlap_saturated ||
                     (samples_valid && !samples_drop && |convert_saturated);
    end
  end

  // Always ready, as the credits are its places: never_refused in formal/inverse_path_formal.sv.
  logic [$clog2(FifoDepth):0] fifo_level;

  fifo #(
    .Width(Lanes * 32 + 1),
    .Depth(FifoDepth),
    .Style("block")
  ) u_fifo (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(samples_valid),
    .ready_o(fifo_ready),
    .data_i ({samples_drop, samples}),
    .valid_o(fifo_valid),
    .ready_i(fifo_pop),
    .data_o ({fifo_drop, samples_o}),
    .level_o(fifo_level)
  );

  assign valid_o  = fifo_valid && !fifo_drop;
  assign fifo_pop = ready_i || fifo_drop;

  logic unused;
  assign unused = &{1'b0, fifo_ready, fifo_level, mark_valid, marks_level, columns};

endmodule
