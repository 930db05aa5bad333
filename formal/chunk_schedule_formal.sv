// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// chunk_controller: the commands that enter its streams, for all lengths, channels and pointers and
// any behaviour of the readies. Counters separate from the RTL's define the order: passes run
// through the channels, in a channel through the output chunks k, and in an output chunk through
// X(i), i = max(0, k - ph + 1) to k, with H(k - i); loads and outputs run through the channels and
// their chunks. With two outputs per pass, k is the second of two output chunks, or the very first
// one if their number is odd, and i starts with what the first of the two needs. Every command is
// compared with the counters. In addition, one pair (channel, i, j), which may be any, is tracked:
// if j < ph and i + j < p it is multiplied exactly once, for output chunk i + j, otherwise never.
// Exactly the first and the last pass of an output chunk are marked. The second output's H is the
// one fetched by the previous pass. In a stream, output chunks and X are counted from the oldest X
// of earlier jobs: they begin with the last output chunk before x, and X is in its channel's ring.
// Wires replace the FIFOs (see through/fifo.sv).

`include "formal.svh"

module chunk_schedule_formal #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MaxLengthLog2 = 22,
  parameter int Outputs = 1,
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1,
  localparam int N = ((LengthBits > ChunkLog2) ? LengthBits - ChunkLog2 : 1) + 1
) (
  input logic                  clk_i,
  input logic                  rst_ni,
  input logic                  start_i,
  input logic                  convolve_i,
  input logic [16:0]           channels_i,
  input logic [LengthBits-1:0] length_x_i,
  input logic [LengthBits-1:0] length_h_i,
  input logic [63:0]           x_i,
  input logic [63:0]           h_i,
  input logic [63:0]           h_spectra_i,
  input logic [63:0]           x_spectra_i,
  input logic [63:0]           y_i,
  input logic [N-2:0]          ring_i,
  input logic [31:0]           first_chunk_i,
  input logic                  load_ready_i,
  input logic                  x_read_ready_i,
  input logic                  h_read_ready_i,
  input logic                  x_store_ready_i,
  input logic                  h_store_ready_i,
  input logic                  pass_ready_i,
  input logic                  y_store_ready_i
);

  `RESET_FIRST

  // Sizes as in the schedule's model: a chunk's spectrum is Chunk words of 8 bytes, read in bursts
  // of at most 64 beats and 4 KiB.
  localparam int SpectrumLog2 = ChunkLog2 + 3;
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int PageBeats = 4096 / (8 * Lanes);
  localparam int BurstBeats = (ChunkBeats <= 64 && ChunkBeats <= PageBeats) ? ChunkBeats :
                              (PageBeats <= 64) ? PageBeats : 64;
  localparam int Bursts = ChunkBeats / BurstBeats;

  typedef logic [N-1:0] count_t;

  logic               done;
  logic               load_valid;
  logic [63:0]        load_addr;
  logic [ChunkLog2:0] load_samples;
  logic               x_read_valid;
  logic [63:0]        x_read_addr;
  logic [31:0]        x_read_sequence;
  logic               h_read_valid;
  logic [63:0]        h_read_addr;
  logic               x_store_valid;
  logic [63:0]        x_store_addr;
  logic               h_store_valid;
  logic [63:0]        h_store_addr;
  logic               pass_valid;
  logic [Outputs-1:0] pass_outputs;
  logic [Outputs-1:0] pass_first;
  logic [Outputs-1:0] pass_last;
  logic               pass_h;
  logic               pass_flush;
  logic               pass_engine;
  logic               pass_store;
  logic               pass_prepare;
  logic               pass_no_tail;
  logic               y_store_valid;
  logic [63:0]        y_store_addr;
  logic [ChunkLog2:0] y_store_samples;

  chunk_controller #(
    .Lanes        (Lanes),
    .Chunk        (Chunk),
    .MaxLengthLog2(MaxLengthLog2),
    .Outputs      (Outputs)
  ) u_dut (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .start_i          (start_i),
    .convolve_i       (convolve_i),
    .channels_i       (channels_i),
    .length_x_i       (length_x_i),
    .length_h_i       (length_h_i),
    .x_i              (x_i),
    .h_i              (h_i),
    .h_spectra_i      (h_spectra_i),
    .x_spectra_i      (x_spectra_i),
    .y_i              (y_i),
    .ring_i           (ring_i),
    .first_chunk_i    (first_chunk_i),
    .done_o           (done),
    .load_valid_o     (load_valid),
    .load_ready_i     (load_ready_i),
    .load_addr_o      (load_addr),
    .load_samples_o   (load_samples),
    .x_read_valid_o   (x_read_valid),
    .x_read_ready_i   (x_read_ready_i),
    .x_read_addr_o    (x_read_addr),
    .x_read_sequence_o(x_read_sequence),
    .h_read_valid_o   (h_read_valid),
    .h_read_ready_i   (h_read_ready_i),
    .h_read_addr_o    (h_read_addr),
    .x_store_valid_o  (x_store_valid),
    .x_store_ready_i  (x_store_ready_i),
    .x_store_addr_o   (x_store_addr),
    .h_store_valid_o  (h_store_valid),
    .h_store_ready_i  (h_store_ready_i),
    .h_store_addr_o   (h_store_addr),
    .pass_valid_o     (pass_valid),
    .pass_ready_i     (pass_ready_i),
    .pass_outputs_o   (pass_outputs),
    .pass_first_o     (pass_first),
    .pass_last_o      (pass_last),
    .pass_h_o         (pass_h),
    .pass_flush_o     (pass_flush),
    .pass_engine_o    (pass_engine),
    .pass_store_o     (pass_store),
    .pass_prepare_o   (pass_prepare),
    .pass_no_tail_o   (pass_no_tail),
    .y_store_valid_o  (y_store_valid),
    .y_store_ready_i  (y_store_ready_i),
    .y_store_addr_o   (y_store_addr),
    .y_store_samples_o(y_store_samples)
  );

  // ---------------------------------------------------------------------------------------------
  // The environment.

  logic running_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) running_q <= 1'b0;
    else if (start_i) running_q <= 1'b1;
    else if (done) running_q <= 1'b0;
  end

  // job_control starts a job only after the previous one has ended.
  `ASSUME(one_job, !start_i || !running_q)
  // The argument registers do not change during a job.
  `ASSUME(arguments_stay, !running_q || $stable({convolve_i, channels_i, length_x_i, length_h_i})
          && $stable({x_i, h_i, h_spectra_i, x_spectra_i, y_i, ring_i, first_chunk_i}))
  // job_control rejects a job with other arguments before it starts anything; PREPARE has no x.
  `ASSUME(channels_in_range, channels_i >= 17'd1 && channels_i <= 17'd65536)
  `ASSUME(length_x_in_range, !convolve_i
          || length_x_i >= LengthBits'(1) && 32'(length_x_i) <= 32'(1) << MaxLengthLog2)
  `ASSUME(length_h_in_range,
          length_h_i >= LengthBits'(1) && 32'(length_h_i) <= 32'(1) << MaxLengthLog2)

  // ---------------------------------------------------------------------------------------------
  // The sizes of the job.

  logic [31:0] row_length;   // samples per row to load
  count_t      n;            // chunks of such a row
  logic        stream;
  count_t      past;         // chunks of X before it
  count_t      p;            // both together
  count_t      ph;           // chunks of a row of h
  logic [63:0] row_bytes;    // whole pages
  logic [31:0] tail;         // samples in a row's last chunk

  function automatic count_t chunks(logic [31:0] length);
    chunks = count_t'((length + 32'(Chunk) - 32'd1) >> ChunkLog2);
  endfunction

  assign row_length = convolve_i ? 32'(length_x_i) : 32'(length_h_i);
  assign n          = chunks(row_length);
  assign stream     = convolve_i && ring_i != '0;
  assign past       = !stream ? '0 : (first_chunk_i >= 32'(ph)) ? ph : count_t'(first_chunk_i);
  assign p          = past + n;
  assign ph         = chunks(32'(length_h_i));
  assign row_bytes  = 64'((row_length * 32'd4 + 32'd4095) >> 12) << 12;
  assign tail       = row_length - (32'(n - 1'b1) << ChunkLog2);

  `ASSUME(ring_is_none_or_fits, !convolve_i || (ring_i == '0 ? first_chunk_i == '0
          : (ring_i & (ring_i - 1'b1)) == '0 && n + ph <= count_t'(ring_i)))

  // ---------------------------------------------------------------------------------------------
  // Loads and outputs: channel, chunk, and the row's address.

  typedef enum logic [1:0] {Chunks, Dummy, Finished} walk_e;

  walk_e       load_q;
  logic [16:0] load_channel_q;
  count_t      load_chunk_q;
  logic [63:0] load_row_q;
  logic        load;
  walk_e       out_q;
  logic [16:0] out_channel_q;
  count_t      out_chunk_q;
  logic [63:0] out_row_q;
  logic        out;

  assign load = load_valid && load_ready_i;
  assign out  = y_store_valid && y_store_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      load_q         <= Chunks;
      load_channel_q <= '0;
      load_chunk_q   <= '0;
      load_row_q     <= convolve_i ? x_i : h_i;
      out_q          <= convolve_i ? Chunks : Finished;
      out_channel_q  <= '0;
      out_chunk_q    <= '0;
      out_row_q      <= y_i;
    end else begin
      if (load) begin
        if (load_q == Dummy) begin
          load_q <= Finished;
        end else if (load_chunk_q != n - 1'b1) begin
          load_chunk_q <= load_chunk_q + 1'b1;
        end else begin
          load_chunk_q   <= '0;
          load_row_q     <= load_row_q + row_bytes;
          load_channel_q <= load_channel_q + 1'b1;
          if (load_channel_q + 1'b1 == channels_i) load_q <= Dummy;
        end
      end
      if (out) begin
        if (out_chunk_q != n - 1'b1) begin
          out_chunk_q <= out_chunk_q + 1'b1;
        end else begin
          out_chunk_q   <= '0;
          out_row_q     <= out_row_q + row_bytes;
          out_channel_q <= out_channel_q + 1'b1;
          if (out_channel_q + 1'b1 == channels_i) out_q <= Finished;
        end
      end
    end
  end

  logic [31:0] load_want;
  logic [31:0] out_want;

  assign load_want = (load_chunk_q == n - 1'b1) ? tail : 32'(Chunk);
  assign out_want  = (out_chunk_q == n - 1'b1) ? tail : 32'(Chunk);

  `ASSERT(loads_end, !load_valid || running_q && load_q != Finished)
  `ASSERT(load_is_next, !(load_valid && load_q == Chunks)
          || load_addr == load_row_q + (64'(load_chunk_q) << (ChunkLog2 + 2))
             && 32'(load_samples) == load_want)
  `ASSERT(dummy_is_empty, !(load_valid && load_q == Dummy)
          || load_addr == '0 && load_samples == '0)
  `ASSERT(outputs_end, !y_store_valid || running_q && out_q == Chunks)
  `ASSERT(output_is_next, !y_store_valid
          || y_store_addr == out_row_q + (64'(out_chunk_q) << (ChunkLog2 + 2))
             && 32'(y_store_samples) == out_want)

  // ---------------------------------------------------------------------------------------------
  // Passes.

  typedef enum logic [1:0] {Head, Passes, Flush, End} pass_e;

  logic        two;         // two outputs per pass
  count_t      step;        // output chunks per pass
  count_t      from;        // the first output chunk of a channel
  count_t      head;        // the last one of its first group
  logic        head_kept;   // H(head) is multiplied with X(0), so it must be present before
  count_t      stored;      // chunks of X that a channel stores
  pass_e       pass_q;
  logic [16:0] c_q;
  count_t      k_q;
  count_t      i_q;
  count_t      fresh_q;     // the channel's next chunk from the forward engine
  logic [63:0] x_ring_q;    // address of the channel's row 0 of X
  logic [63:0] x_addr;      // that of X(i)
  logic [63:0] h_row_q;     // address of the channel's H(0)
  logic [31:0] written_q;   // bursts of X stored before the channel's X(0)
  logic        pass;
  logic        engine;
  logic        store;
  logic        bring;       // H must be fetched from memory
  logic [63:0] bring_addr;
  logic [1:0]  outputs;
  logic [1:0]  first;
  logic [1:0]  last;

  // The address of one of the channel's X.
  function automatic logic [63:0] x_of(count_t i);
    logic [N-2:0] row;
    row  = stream ? ((N - 1)'(first_chunk_i) - (N - 1)'(past) + (N - 1)'(i)) & (ring_i - 1'b1)
                  : (N - 1)'(i);
    x_of = x_ring_q + (64'(row) << SpectrumLog2);
  endfunction

  // The first X for the group of output chunks that ends with k, and for k itself.
  function automatic count_t oldest(count_t k, count_t h_chunks, logic both);
    oldest = (k < h_chunks) ? '0 : both ? k - h_chunks : k - h_chunks + 1'b1;
  endfunction

  assign two       = (Outputs == 2) && convolve_i;
  assign step      = two ? count_t'(2) : count_t'(1);
  assign from      = (past == '0) ? '0 : past - 1'b1;
  assign head      = from + count_t'(two && p[0] == from[0]);
  assign head_kept = two && head < ph;
  assign stored    = stream ? n : !two ? n - 1'b1 : (n == count_t'(1)) ? '0 : n - count_t'(2);
  assign pass      = pass_valid && pass_ready_i;
  assign engine    = convolve_i && (i_q == k_q || two && i_q + 1'b1 == k_q) && i_q >= past;
  assign store     = engine && (stream || k_q != p - 1'b1 && ph != count_t'(1));
  assign x_addr    = x_of(i_q);

  always_comb begin
    if (!two) begin
      outputs    = 2'(convolve_i);
      first      = 2'(convolve_i && i_q == oldest(k_q, ph, two));
      last       = 2'(convolve_i && i_q == k_q);
      bring      = convolve_i;
      bring_addr = h_row_q + (64'(k_q - i_q) << SpectrumLog2);
    end else begin
      outputs = {k_q - i_q < ph, i_q != k_q && k_q >= past};
      first   = outputs & {i_q == oldest(k_q, ph, 1'b0), i_q == oldest(k_q, ph, 1'b1)};
      last    = {i_q == k_q, i_q + 1'b1 == k_q && k_q >= past};
      if (pass_q == Head) begin
        bring      = 1'b1;
        bring_addr = h_row_q + (64'(head) << SpectrumLog2);
      end else if (i_q != k_q) begin
        bring      = 1'b1;
        bring_addr = h_row_q + (64'(k_q - 1'b1 - i_q) << SpectrumLog2);
      end else if (k_q != p - 1'b1) begin
        bring      = k_q + count_t'(2) < ph;
        bring_addr = h_row_q + (64'(k_q + count_t'(2)) << SpectrumLog2);
      end else begin
        bring      = head_kept && c_q + 1'b1 != channels_i;
        bring_addr = h_row_q + (64'(ph) << SpectrumLog2) + (64'(head) << SpectrumLog2);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      pass_q    <= head_kept ? Head : Passes;
      c_q       <= '0;
      k_q       <= head;
      i_q       <= '0;
      fresh_q   <= past;
      h_row_q   <= h_spectra_i;
      x_ring_q  <= x_spectra_i;
      written_q <= 32'd0 - 32'(past) * 32'(Bursts);
    end else if (pass) begin
      if (pass_q == Passes && engine) fresh_q <= fresh_q + 1'b1;
      if (pass_q == Head) begin
        pass_q <= Passes;
      end else if (pass_q == Flush) begin
        pass_q <= End;
      end else if (convolve_i && i_q != k_q) begin
        i_q <= i_q + 1'b1;
      end else if (k_q != p - 1'b1) begin
        k_q <= k_q + step;
        i_q <= oldest(k_q + step, ph, two);
      end else begin
        k_q       <= head;
        i_q       <= '0;
        fresh_q   <= past;
        c_q       <= c_q + 1'b1;
        h_row_q   <= h_row_q + (64'(ph) << SpectrumLog2);
        if (stream) x_ring_q <= x_ring_q + (64'(ring_i) << SpectrumLog2);
        written_q <= written_q + 32'(stored) * 32'(Bursts);
        if (c_q + 1'b1 == channels_i) pass_q <= convolve_i ? Flush : End;
      end
    end
  end

  `ASSERT(passes_end, !pass_valid || running_q && pass_q != End)
  `ASSERT(head_is_first, !(pass_valid && pass_q == Head) || pass_h && pass_outputs == '0
          && pass_first == '0 && pass_last == '0
          && !pass_flush && !pass_prepare && !pass_engine && !pass_store)
  `ASSERT(pass_is_next, !(pass_valid && pass_q == Passes) || !pass_flush
          && pass_prepare == !convolve_i
          && 2'(pass_outputs) == outputs && 2'(pass_first) == first && 2'(pass_last) == last
          && pass_h == bring && pass_engine == engine && pass_store == store)
  // The previous output chunk's tail is added to every output chunk except a channel's first and
  // that of the past.
  `ASSERT(tail_of_the_one_before, !(pass_valid && pass_q == Passes) || pass_no_tail
          == (last[0] && k_q - count_t'(two) == from && (from == '0 || past != '0)
              || last[1] && k_q == from))
  `ASSERT(flush_is_last, !(pass_valid && pass_q == Flush) || pass_flush && 2'(pass_outputs) == 2'b01
          && 2'(pass_first) == 2'b01 && 2'(pass_last) == 2'b01 && pass_no_tail
          && !pass_h && !pass_engine && !pass_store && !pass_prepare)

  // A pass comes with all the commands that it needs, and no command comes without its pass.
  `ASSERT(x_with_pass, (x_read_valid && x_read_ready_i)
          == (pass && pass_q == Passes && convolve_i && !engine))
  `ASSERT(h_with_pass, (h_read_valid && h_read_ready_i)
          == (pass && (pass_q == Passes || pass_q == Head) && bring))
  `ASSERT(x_store_with_pass, (x_store_valid && x_store_ready_i)
          == (pass && pass_q == Passes && store))
  `ASSERT(h_store_with_pass, (h_store_valid && h_store_ready_i)
          == (pass && pass_q == Passes && !convolve_i))
  `ASSERT(x_is_next, !x_read_valid || x_read_addr == x_addr
          && x_read_sequence == written_q + 32'(i_q) * 32'(Bursts))
  `ASSERT(h_is_next, !h_read_valid || h_read_addr == bring_addr)
  `ASSERT(x_store_is_next, !x_store_valid || x_store_addr == x_addr)
  `ASSERT(h_store_is_next, !h_store_valid || h_store_addr == h_row_q + (64'(k_q) << SpectrumLog2))

  // ---------------------------------------------------------------------------------------------
  // One pair of one channel, identified at the ports: X from the engine is the next one; otherwise
  // the address identifies X, and always H. Output 1's H is that of the previous pass.

  logic [16:0] pair_c_q;
  count_t      pair_i_q;
  count_t      pair_j_q;
  logic [63:0] pair_h;
  logic [N:0]  pair_k;
  logic [N:0]  pair_last;    // the last output chunk of its group
  logic        kept_q;       // the previous pass fetched an H,
  logic [63:0] kept_addr_q;  // from this address
  logic        seen_q;
  logic        hit_x;
  logic [1:0]  hit;
  logic        wanted;
  logic        behind;       // the passes are past the pair's place

  // Never assigned anything else, so it is an arbitrary but fixed pair.
  always_ff @(posedge clk_i) begin
    pair_c_q <= pair_c_q;
    pair_i_q <= pair_i_q;
    pair_j_q <= pair_j_q;
  end

  assign pair_h    = h_row_q + (64'(pair_j_q) << SpectrumLog2);
  assign pair_k    = (N + 1)'(pair_i_q) + (N + 1)'(pair_j_q);
  assign pair_last = pair_k + (N + 1)'(two && pair_k[0] != head[0]);
  assign wanted    = convolve_i && pair_c_q < channels_i && pair_j_q < ph
                     && pair_k < (N + 1)'(p) && pair_k >= (N + 1)'(from);
  assign hit_x     = pass && !pass_flush && !pass_prepare && c_q == pair_c_q
                     && (pass_engine ? fresh_q == pair_i_q
                         : pair_i_q < p && x_read_addr == x_of(pair_i_q));
  assign hit[0]    = hit_x && pass_outputs[0] && pass_h && h_read_addr == pair_h;
  assign hit[1]    = hit_x && pass_outputs[Outputs-1] && Outputs == 2 && kept_q
                     && kept_addr_q == pair_h;
  assign behind    = pass_q == Flush || pass_q == End || c_q > pair_c_q || c_q == pair_c_q
                     && ((N + 1)'(k_q) > pair_last
                         || (N + 1)'(k_q) == pair_last && i_q > pair_i_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      seen_q <= 1'b0;
      kept_q <= 1'b0;
    end else begin
      if (hit != '0) seen_q <= 1'b1;
      if (pass) kept_q <= pass_h;
    end
    if (pass) kept_addr_q <= h_read_addr;
  end

  `ASSERT(pair_only_if_wanted, hit == '0 || wanted)
  `ASSERT(pair_at_most_once, hit == '0 || !seen_q && hit != 2'b11)
  `ASSERT(pair_in_its_output, (!hit[0] || (N + 1)'(k_q) == pair_k + (N + 1)'(two))
          && (!hit[1] || (N + 1)'(k_q) == pair_k))
  `ASSERT(pair_at_least_once, !(running_q && done) || seen_q == wanted)
  `ASSERT(output_1_has_an_h, !(pass && pass_q == Passes && outputs[1]) || kept_q)
  `ASSERT(all_at_the_end,
          !(running_q && done) || pass_q == End && load_q == Finished && out_q == Finished)

  // ---------------------------------------------------------------------------------------------
  // Helpers that close the induction: the controller's position, in terms of its own registers.

  // The states of chunk_controller and of its pass_walker, as one sequence, and of a chunk_walker.
  localparam int StIdle = 0, StLength = 1, StCounts = 2, StBegin = 3, StHead = 4, StBring = 5,
                 StRow = 6, StFirst = 7, StSum = 8, StPass = 9, StChunk = 10, StChannel = 11,
                 StFlush = 12, StDrain = 13;
  localparam int WalkIdle = 0, WalkSum = 1, WalkGive = 2, WalkRow = 3, WalkDummy = 4;

  logic [3:0] state;
  logic [2:0] load_state;
  logic [2:0] out_state;
  logic       begun;    // the walkers have started
  logic       passing;  // between two passes
  logic       in_chunk;
  count_t     k_last;   // the previous pass's output chunk, in StChunk

  assign state      = u_dut.u_passes.state_q != '0 ? u_dut.u_passes.state_q + 4'(StBegin)
                      : 32'(u_dut.state_q) <= StBegin ? 4'(u_dut.state_q) : 4'(StDrain);
  assign load_state = u_dut.u_loads.state_q;
  assign out_state  = u_dut.u_outputs.state_q;
  assign begun      = state >= StHead;
  assign passing    = state >= StHead && state <= StChannel;
  assign in_chunk   = state == StFirst || state == StSum || state == StPass;
  assign k_last     = k_q - step;

  `ASSERT(helper_state, state <= StDrain && running_q == (state != StIdle || (running_q && done))
          && (!running_q || u_dut.started_q))
  `ASSERT(helper_walk, 32'(u_dut.state_q) <= StBegin + 1
          && 32'(u_dut.u_passes.state_q) <= StFlush - StBegin
          && (u_dut.u_passes.state_q == '0 || 32'(u_dut.state_q) == StBegin + 1))
  `ASSERT(helper_sizes_1, !(running_q && !done) || 32'(u_dut.u_sizes.row_length_q) == row_length
          && u_dut.row_base_q == (convolve_i ? x_i : h_i)
          && count_t'(u_dut.u_sizes.h_chunks_o) == ph
          && 17'(u_dut.u_sizes.last_channel_o) == channels_i - 1'b1)
  `ASSERT(helper_sizes_2, !(state >= StCounts) || count_t'(u_dut.u_sizes.chunks_q) == n
          && count_t'(u_dut.u_sizes.past_o) == past
          && 32'(u_dut.u_sizes.last_samples_o) == tail
          && 64'(u_dut.u_sizes.stride_o) << 12 == row_bytes
          && count_t'(u_dut.u_sizes.last_h_chunk_o) == ph - 1'b1
          && u_dut.u_sizes.single_h_o == (ph == count_t'(1)))
  `ASSERT(helper_sizes_3, !(state >= StBegin) || count_t'(u_dut.u_sizes.last_chunk_o) == n - 1'b1
          && count_t'(u_dut.u_sizes.last_output_o) == p - 1'b1
          && count_t'(u_dut.u_sizes.head_o) == head
          && u_dut.u_sizes.first_row_o == (N - 1)'(first_chunk_i) - (N - 1)'(past)
          && u_dut.u_passes.row_mask_q == (stream ? ring_i : '0) - 1'b1)
  `ASSERT(helper_sizes, n != '0 && ph != '0 && tail >= 32'd1 && tail <= 32'(Chunk))
  `ASSERT(helper_not_begun, begun || !running_q || done
          || load_q == Chunks && load_channel_q == '0 && load_chunk_q == '0
             && load_row_q == (convolve_i ? x_i : h_i)
             && out_q == (convolve_i ? Chunks : Finished) && out_channel_q == '0
             && out_chunk_q == '0 && out_row_q == y_i
             && pass_q == (head_kept ? Head : Passes) && c_q == '0 && k_q == head && i_q == '0
             && fresh_q == past && !kept_q && x_ring_q == x_spectra_i
             && h_row_q == h_spectra_i && written_q == 32'd0 - 32'(past) * 32'(Bursts))
  `ASSERT(helper_walkers_wait, begun || load_state == WalkIdle && out_state == WalkIdle)

  `ASSERT(helper_load_place, !running_q || load_chunk_q < n
          && (load_q == Finished || load_q == Dummy
              || load_q == Chunks && load_channel_q < channels_i))
  `ASSERT(helper_load_end, !begun || (load_state == WalkIdle) == (load_q == Finished)
          && (load_state == WalkDummy) == (load_q == Dummy))
  `ASSERT(helper_load_walk, !(load_state == WalkSum || load_state == WalkGive)
          || count_t'(u_dut.u_loads.chunk_q) == load_chunk_q
             && 17'(u_dut.u_loads.channel_q) == load_channel_q
             && u_dut.u_loads.row_q == load_row_q)
  `ASSERT(helper_load_give, load_state != WalkGive
          || u_dut.u_loads.last_q == (load_chunk_q == n - 1'b1)
             && u_dut.u_loads.addr_q == load_row_q + (64'(load_chunk_q) << (ChunkLog2 + 2))
             && 32'(u_dut.u_loads.samples_q) == load_want)
  `ASSERT(helper_load_row, load_state != WalkRow || load_chunk_q == '0
          && 17'(u_dut.u_loads.channel_q) + 1'b1 == load_channel_q
          && u_dut.u_loads.row_q + row_bytes == load_row_q)
  `ASSERT(helper_load_states, load_state <= WalkDummy && out_state <= WalkRow)

  `ASSERT(helper_out_place, !running_q || out_chunk_q < n
          && (out_q == Finished || out_q == Chunks && out_channel_q < channels_i))
  `ASSERT(helper_out_end, !begun || (out_state == WalkIdle) == (out_q == Finished))
  `ASSERT(helper_out_walk, !(out_state == WalkSum || out_state == WalkGive)
          || count_t'(u_dut.u_outputs.chunk_q) == out_chunk_q
             && 17'(u_dut.u_outputs.channel_q) == out_channel_q
             && u_dut.u_outputs.row_q == out_row_q)
  `ASSERT(helper_out_give, out_state != WalkGive
          || u_dut.u_outputs.last_q == (out_chunk_q == n - 1'b1)
             && u_dut.u_outputs.addr_q == out_row_q + (64'(out_chunk_q) << (ChunkLog2 + 2))
             && 32'(u_dut.u_outputs.samples_q) == out_want)
  `ASSERT(helper_out_row, out_state != WalkRow || out_chunk_q == '0
          && 17'(u_dut.u_outputs.channel_q) + 1'b1 == out_channel_q
          && u_dut.u_outputs.row_q + row_bytes == out_row_q)

  `ASSERT(helper_pass_state, !begun
          || (state == StHead ? pass_q == (head_kept ? Head : Passes)
              : state == StBring ? pass_q == Head
              : passing ? pass_q == Passes : state == StFlush ? pass_q == Flush : pass_q == End))
  `ASSERT(helper_head, !begun || u_dut.u_sizes.head_kept_o == (head_kept || !two)
          && count_t'(u_dut.u_sizes.stored_o) == stored)
  `ASSERT(helper_two, !(state == StHead || state == StBring) || two)
  `ASSERT(helper_head_h, !(state == StHead || state == StBring)
          || count_t'(u_dut.u_passes.j_q) == head && u_dut.u_passes.h_base == h_row_q)
  `ASSERT(helper_bring, state != StBring
          || u_dut.u_passes.h_addr_q == h_row_q + (64'(head) << SpectrumLog2))
  `ASSERT(helper_start, !(state == StHead || state == StBring) || c_q == '0
          && k_q == head && i_q == '0)
  `ASSERT(helper_pass_place, !passing || c_q < channels_i && k_q < p && k_q >= head
          && i_q >= oldest(k_q, ph, two) && i_q <= k_q && (convolve_i || i_q == '0)
          && (!two || k_q[0] == head[0]))
  `ASSERT(helper_fresh, !(passing && convolve_i)
          || fresh_q == (engine ? i_q : k_q < past + count_t'(two) ? past
                         : two ? k_q - 1'b1 : k_q))
  `ASSERT(helper_kept, !(passing && pass_q == Passes && two && outputs[1])
          || kept_q && kept_addr_q == h_row_q + (64'(k_q - i_q) << SpectrumLog2))
  `ASSERT(helper_flush_mode, state != StFlush || convolve_i)
  `ASSERT(helper_channel, !passing || (state == StChannel
          ? 17'(u_dut.u_passes.channel_q) + 1'b1 == c_q && k_q == head
            && u_dut.u_passes.h_row_q + (64'(ph) << SpectrumLog2) == h_row_q
            && u_dut.u_passes.x_ring_q + (64'(stream ? ring_i : '0) << SpectrumLog2) == x_ring_q
            && u_dut.u_passes.sequence_q + 32'(stored) * 32'(Bursts) == written_q
          : 17'(u_dut.u_passes.channel_q) == c_q && u_dut.u_passes.h_row_q == h_row_q
            && u_dut.u_passes.x_ring_q == x_ring_q
            && u_dut.u_passes.sequence_q == written_q))
  `ASSERT(helper_row, !(state == StRow || state == StChannel) || k_q == head && i_q == '0)
  `ASSERT(helper_next_row, !(state >= StFirst && state <= StChannel)
          || u_dut.u_passes.h_next_row_q == u_dut.u_passes.h_row_q + (64'(ph) << SpectrumLog2))
  `ASSERT(helper_output, !in_chunk || count_t'(u_dut.u_passes.k_q) == k_q
          && count_t'(u_dut.u_passes.oldest_q) == oldest(k_q, ph, two)
          && u_dut.u_passes.newest_h_q == (N - 1)'(k_q - oldest(k_q, ph, two) - count_t'(two)))
  `ASSERT(helper_next_output, state != StChunk || k_q >= head + step && i_q == oldest(k_q, ph, two)
          && count_t'(u_dut.u_passes.k_q) == k_last
          && count_t'(u_dut.u_passes.oldest_q) == oldest(k_last, ph, two)
          && u_dut.u_passes.newest_h_q
             == (N - 1)'(k_last - oldest(k_last, ph, two) - count_t'(two)))
  `ASSERT(helper_first, state != StFirst || i_q == oldest(k_q, ph, two))
  `ASSERT(helper_pair, !(state == StSum || state == StPass) || count_t'(u_dut.u_passes.i_q) == i_q
          && u_dut.u_passes.row_q
             == (N - 1)'(i_q) + (N - 1)'(first_chunk_i) - (N - 1)'(past)
          && u_dut.u_passes.alone_q == (two && k_q + 1'b1 == past)
          && u_dut.u_passes.j_q == (two && i_q == k_q ? u_dut.u_passes.ahead_h_q
                           : (N - 1)'(k_q - i_q - count_t'(two)))
          && u_dut.u_passes.h_base
             == (two && i_q == k_q && k_q == p - 1'b1 ? u_dut.u_passes.h_next_row_q : h_row_q)
          && u_dut.u_passes.first_q == (i_q == oldest(k_q, ph, two))
          && u_dut.u_passes.last_k_q == (k_q == p - 1'b1)
          && (!two || u_dut.u_passes.late_q == (k_q >= ph)
                      && u_dut.u_passes.second_q == (i_q == oldest(k_q, ph, two) + 1'b1)
                      && u_dut.u_passes.ahead_q == (k_q != p - 1'b1 ? k_q + count_t'(2) < ph
                                           : head_kept && c_q + 1'b1 != channels_i)
                      && u_dut.u_passes.ahead_h_q
                         == (N - 1)'(k_q != p - 1'b1 ? k_q + count_t'(2) : head)))
  `ASSERT(helper_pass, state != StPass || u_dut.u_passes.last_q == (i_q == k_q)
          && u_dut.u_passes.oldest_x_q == (i_q == '0)
          && u_dut.u_passes.before_last_q == (two && i_q + 1'b1 == k_q)
          && u_dut.u_passes.latest_past_q == (i_q + 1'b1 == past)
          && (!convolve_i || u_dut.u_passes.x_addr_q == x_addr)
          && (convolve_i ? !bring || u_dut.u_passes.h_addr_q == bring_addr
              : u_dut.u_passes.h_addr_q == h_row_q + (64'(k_q) << SpectrumLog2))
          && u_dut.u_passes.x_sequence_q == written_q + 32'(i_q) * 32'(Bursts))
  `ASSERT(helper_seen, !running_q || seen_q == (wanted && behind))

  `COVER(convolved, running_q && done && convolve_i && p == count_t'(2) && ph == count_t'(2)
         && seen_q && channels_i == 17'd2)
  `COVER(filter_shorter, running_q && done && convolve_i && p == count_t'(3) && ph == count_t'(2))
  `COVER(filter_longer, running_q && done && convolve_i && p == count_t'(1) && ph > count_t'(2))
  `COVER(prepared, running_q && done && !convolve_i && ph == count_t'(2) && channels_i == 17'd2)
  `COVER(waited, pass_q == Passes && state == StPass && !pass_valid && $past(rst_ni && !pass_valid))
  `COVER(odd, running_q && done && convolve_i && p == count_t'(3) && ph == count_t'(3))
  `COVER(again, start_i && u_dut.started_q)
  `COVER(continued, running_q && done && stream && past == count_t'(2) && n == count_t'(2)
         && seen_q && pair_i_q == '0)

endmodule
