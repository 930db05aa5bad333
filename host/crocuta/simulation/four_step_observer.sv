// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_observer: predicts the counters of a four-step kernel's job from the streams of its two
// engines alone.
//
// A clock with a product's beat counts as a MAC beat. Any other counts as a stall for the first of:
// the forward engine lacks samples; it lacks a row of x, or the inverse one a tile of z; the
// product lacks H alone; tiles of x, rows of z or rows of H wait for their port; y waits for its
// port. A chunk is done in the clock after its last beat of y, or of a row of H.
// Handshake: none; the module only observes. Latency: counts_o are those of two clocks ago, as in
// the kernel's own counters. Throughput: every clock.

module four_step_observer #(
  parameter int ChunkBeats = 32,  // beats of a chunk
  parameter int Limits = 6        // signals of limits_i
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  /// the job's arguments are latched: everything restarts
  input  logic              latch_i,
  input  logic              convolve_i,
  // The engines' chunks.
  input  logic              forward_valid_i,
  input  logic              forward_ready_i,
  input  logic [1:0]        forward_kind_i,
  input  logic              forward_place_i,
  input  logic              forward_restart_i,
  input  logic              inverse_valid_i,
  input  logic              inverse_ready_i,
  input  logic [1:0]        inverse_kind_i,
  input  logic              inverse_place_i,
  input  logic              inverse_restart_i,
  // Their streams in, and out.
  input  logic              samples_valid_i,
  input  logic              samples_ready_i,
  input  logic              x_valid_i,
  input  logic              x_ready_i,
  input  logic              z_valid_i,
  input  logic              z_ready_i,
  input  logic              h_valid_i,
  input  logic              h_ready_i,
  input  logic              product_valid_i,
  input  logic              product_ready_i,
  input  logic              tile_valid_i,
  input  logic              tile_ready_i,
  input  logic              row_valid_i,
  input  logic              row_ready_i,
  input  logic              z_row_valid_i,
  input  logic              z_row_ready_i,
  input  logic              y_valid_i,
  input  logic              y_ready_i,
  /// the core's pulse
  input  logic              chunk_done_i,
  /// these levels are at their limits
  input  logic [Limits-1:0] limits_i,
  /// 32 bits each: MAC beats, stalls for samples, x, h, store and output, from bit 0
  output logic [191:0]      counts_o,
  /// the limits reached in the job
  output logic [Limits-1:0] limits_o,
  /// a beat was taken too early, too late or incompletely, or a chunk was not done in time
  output logic              wrong_o
);

  localparam int Counts = 6;

  logic [3:0]        forward_lacks;
  logic [3:0]        inverse_lacks;
  logic              forward_wrong;
  logic              inverse_wrong;
  logic              operands;
  logic [Counts-1:0] causes;
  logic [31:0]       counts_now [Counts];
  logic [31:0]       counts_before [Counts];
  logic [Counts-1:0] first;
  logic              live;  // since the core's reset, so not in a job that was refused
  logic              chunk_beat;
  integer            chunk_beats;  // of the chunk that is not done
  logic              chunk_done;
  integer            n;

  assign chunk_beat = convolve_i ? (y_valid_i && y_ready_i) : (row_valid_i && row_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || latch_i) begin
      chunk_beats <= 0;
      chunk_done  <= 1'b0;
    end else begin
      if (chunk_beat) chunk_beats <= (chunk_beats == ChunkBeats - 1) ? 0 : chunk_beats + 1;
      chunk_done <= chunk_beat && chunk_beats == ChunkBeats - 1;
    end
  end

  assign operands = product_valid_i && h_valid_i;

  // In the order of their kinds: FLUSH, TILE, ROW, CHUNK.
  feed_observer #(
    .ChunkBeats(ChunkBeats)
  ) u_forward (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .command_valid_i(forward_valid_i),
    .command_ready_i(forward_ready_i),
    .kind_i         (forward_kind_i),
    .restart_i      (forward_restart_i),
    .place_i        (forward_place_i),
    .source_i       ({samples_valid_i, x_valid_i, samples_valid_i, 1'b0}),
    .taken_i        ({samples_valid_i && samples_ready_i && u_forward.kind[1],
                      x_valid_i && x_ready_i,
                      samples_valid_i && samples_ready_i && !u_forward.kind[1], 1'b0}),
    .lacks_o        (forward_lacks),
    .wrong_o        (forward_wrong)
  );

  feed_observer #(
    .ChunkBeats(ChunkBeats),
    .Inverse   (1'b1)
  ) u_inverse (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .command_valid_i(inverse_valid_i),
    .command_ready_i(inverse_ready_i),
    .kind_i         (inverse_kind_i),
    .restart_i      (inverse_restart_i),
    .place_i        (inverse_place_i),
    .source_i       ({operands, operands, z_valid_i, 1'b0}),
    .taken_i        ({operands && product_ready_i && u_inverse.kind[0],
                      operands && product_ready_i && !u_inverse.kind[0],
                      z_valid_i && z_ready_i, 1'b0}),
    .lacks_o        (inverse_lacks),
    .wrong_o        (inverse_wrong)
  );

  assign causes = {
    y_valid_i && !y_ready_i,
    (tile_valid_i && !tile_ready_i) || (z_row_valid_i && !z_row_ready_i)
        || (!convolve_i && row_valid_i && !row_ready_i),
    (inverse_lacks[2] || inverse_lacks[3]) && product_valid_i,
    forward_lacks[2] || inverse_lacks[1],
    forward_lacks[1] || forward_lacks[3],
    product_valid_i && product_ready_i
  };

  assign first = live ? causes & (~causes + 1'b1) : '0;

  always_ff @(posedge clk_i) begin
    for (n = 0; n < Counts; n = n + 1) begin
      if (!rst_ni || latch_i) begin
        counts_now[n]    <= '0;
        counts_before[n] <= '0;
      end else begin
        counts_before[n] <= counts_now[n];
        if (first[n]) counts_now[n] <= counts_now[n] + 1;
      end
    end
    if (!rst_ni) live <= 1'b1;
    else if (latch_i) live <= 1'b0;
    if (!rst_ni || latch_i) begin
      limits_o <= '0;
      wrong_o  <= 1'b0;
    end else begin
      limits_o <= limits_o | limits_i;
      // The product takes x and H together.
      wrong_o  <= wrong_o || forward_wrong || inverse_wrong
          || product_ready_i != h_ready_i || (product_ready_i && !operands)
          || (live && chunk_done_i != chunk_done);
    end
  end

  for (genvar i = 0; i < Counts; i++) begin : gen_count
    assign counts_o[32*i+:32] = counts_before[i];
  end

endmodule
