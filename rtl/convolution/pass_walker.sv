// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// pass_walker: issues the passes of a job, each together with the spectra commands that it needs.
//
// For each channel and output chunk k a CONVOLVE job has the passes X(i) * H(k-i), oldest X first
// (the last X comes straight from the forward engine), and a flush at its end. PREPARE has a pass
// for every chunk of h, which stores the chunk's spectrum.
//
// With two outputs, a pass multiplies X(i) by H(k-i) for chunk k and by H(k+1-i), which the
// previous pass fetched, for chunk k+1. Output chunks are computed in pairs; if their number is
// odd, the first is alone. The last pass of a pair, X(k+1) by H(0), needs no new H and fetches the
// highest H of the next pair, even across channels. The first channel's is fetched in a separate
// pass, before all others.
//
// In a stream, the first past_i chunks of X are of earlier jobs: they come from memory, and of
// their output chunks only the last is computed, for its tail. X is in a ring of ring_i rows a
// channel.
//
// Handshake: start_i is a pulse, allowed while idle_o is high; the arguments must remain stable
// until idle_o rises again. The streams are valid/ready, but a pass and its commands are issued in
// the same clock, so the valids depend on the readies and the readies must not depend on the
// valids. x_addr_o, x_sequence_o and h_addr_o belong to the commands issued in the same clock.
// Latency: 4 clocks from start_i to the first pass (two_i: 2 to the pass for H alone, 6 or, without
// it, 5 to the first other pass). Throughput: a pass every 2 clocks within an output chunk or a
// pair, 4 clocks across chunks, 5 across channels.

module pass_walker #(
  parameter int Lanes = 8,      // words of a beat
  parameter int Chunk = 65536,  // samples of a chunk, a power of two
  parameter int CountBits = 7,  // bits of the number of chunks in a row
  parameter int Outputs = 1     // output chunks that a pass may add to: 1 or 2
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 start_i,
  /// 1: CONVOLVE, 0: PREPARE
  input  logic                 convolve_i,
  /// two output chunks per pass
  input  logic                 two_i,
  /// the job's sizes: see chunk_sizes
  input  logic [15:0]          last_channel_i,
  input  logic [CountBits-1:0] past_i,
  input  logic [CountBits-1:0] first_row_i,
  input  logic [CountBits-1:0] last_output_i,
  input  logic [CountBits-1:0] h_chunks_i,
  input  logic [CountBits-1:0] last_h_chunk_i,
  input  logic                 single_h_i,
  input  logic [CountBits-1:0] head_i,
  input  logic                 head_kept_i,
  input  logic [CountBits-1:0] stored_i,
  /// rows of a channel's ring, a power of two; 0: x is no stream's, and all channels use the same
  /// rows
  input  logic [CountBits-1:0] ring_i,
  input  logic [63:0]          h_spectra_i,
  input  logic [63:0]          x_spectra_i,
  /// the pass reads X, or stores it, at x_addr_o
  output logic                 x_read_valid_o,
  input  logic                 x_read_ready_i,
  output logic                 x_store_valid_o,
  input  logic                 x_store_ready_i,
  output logic [63:0]          x_addr_o,
  /// bursts written to X before this chunk's first; negative if an earlier job wrote it
  output logic [31:0]          x_sequence_o,
  /// the pass reads H, or stores it, at h_addr_o
  output logic                 h_read_valid_o,
  input  logic                 h_read_ready_i,
  output logic                 h_store_valid_o,
  input  logic                 h_store_ready_i,
  output logic [63:0]          h_addr_o,
  /// the pass: see pass_sequencer
  output logic                 pass_valid_o,
  input  logic                 pass_ready_i,
  output logic [Outputs-1:0]   pass_outputs_o,
  output logic [Outputs-1:0]   pass_first_o,
  output logic [Outputs-1:0]   pass_last_o,
  output logic                 pass_h_o,
  output logic                 pass_flush_o,
  output logic                 pass_engine_o,
  output logic                 pass_store_o,
  output logic                 pass_prepare_o,
  /// no tail is added to the output chunk that the pass completes: it is its channel's first, or
  /// of the past
  output logic                 pass_no_tail_o,
  /// all passes have been taken
  output logic                 idle_o
);

  localparam int ChunkLog2 = $clog2(Chunk);
  localparam int ChunkBeats = Chunk / Lanes;
  localparam int BurstBeats = sizes_pkg::spectrum_burst_beats(Lanes, Chunk);
  localparam int BurstsLog2 = $clog2(ChunkBeats / BurstBeats);
  localparam int SpectrumLog2 = ChunkLog2 + 3;

  initial begin
    if (Chunk < 16 || !sizes_pkg::is_power_of_two(Chunk)) $fatal(1, "pass_walker: bad Chunk");
    if (Lanes < 2 || Lanes > 16 || !sizes_pkg::is_power_of_two(Lanes) || ChunkBeats < 1) begin
      $fatal(1, "pass_walker: bad Lanes");
    end
    if (Outputs < 1 || Outputs > 2) $fatal(1, "pass_walker: bad Outputs");
  end

  typedef enum logic [3:0] {
    StIdle,
    StHead,
    StBring,
    StRow,
    StFirst,
    StSum,
    StPass,
    StChunk,
    StChannel,
    StFlush
  } state_e;

  state_e state_q;

  logic [CountBits-1:0] step;          // output chunks that go together
  logic [15:0]          channel_q;
  logic [CountBits-1:0] k_q;           // output chunk, the second of two
  logic [CountBits-1:0] oldest_q;      // its first i, of two the first one's
  logic [CountBits-1:0] newest_h_q;    // and the H that comes with it; -1: none
  logic [CountBits-1:0] i_q;           // chunk of X
  logic [CountBits-1:0] row_q;         // its row, but for the turns around the ring
  logic [CountBits-1:0] row_mask_q;
  logic [CountBits-1:0] j_q;           // chunk of H that the pass brings: i + j = k, of two for
                                       // the first one; with the last X one of the next two
  logic [63:0]          h_row_q;       // the channel's H(0)
  logic [63:0]          h_next_row_q;  // the next one's
  logic [63:0]          h_base_q;      // that of j's channel
  logic [63:0]          h_base;
  logic [63:0]          x_ring_q;      // the channel's row 0
  logic [31:0]          sequence_q;    // bursts of X written before the channel's chunk 0
  logic [63:0]          x_addr_q;
  logic [63:0]          h_addr_q;
  logic [31:0]          x_sequence_q;
  logic                 first_q;       // the first pass of the output chunk, or of two
  logic                 last_q;
  logic                 last_k_q;
  logic                 oldest_x_q;    // it multiplies X(0)
  logic                 latest_past_q; // it multiplies the last X of the past
  // Of two output chunks:
  logic                 late_q;        // the second one's first pass is not the first but
  logic                 second_q;      // the second one
  logic                 ahead_q;       // the last pass brings an H of the next two
  logic [CountBits-1:0] ahead_h;       // this one
  logic [CountBits-1:0] ahead_h_q;
  logic                 before_last_q; // the pass before the last: the first one's last
  logic                 alone_q;       // the second one is the past's last: the first one is not
                                       // computed
  logic                 newest;
  logic                 last_k;
  logic                 complete;
  logic                 engine;
  logic                 store;
  logic                 use_x;
  logic                 use_h;
  logic                 room;
  logic                 issue;
  logic                 bring;
  logic                 flush;

  assign step    = two_i ? CountBits'(2) : CountBits'(1);
  assign newest  = (i_q == k_q);
  assign last_k  = (k_q == last_output_i);
  assign ahead_h = last_k ? head_i : k_q + CountBits'(2);
  assign h_base  = (Outputs == 2) ? h_base_q : h_row_q;
  assign complete = convolve_i && (last_q || (before_last_q && !alone_q));
  assign engine  = complete && !latest_past_q;
  assign use_x   = convolve_i && !engine;
  assign use_h   = convolve_i && (!(two_i && last_q) || ahead_q);
  assign store   = engine && (ring_i != '0 || (!last_k_q && !single_h_i));

  // A pass enters all FIFOs it needs at once, so no command is ever ahead of its pass.
  assign room = pass_ready_i && (!use_x || x_read_ready_i) && (!use_h || h_read_ready_i)
      && (!store || x_store_ready_i) && (convolve_i || h_store_ready_i);
  assign issue = (state_q == StPass) && room;
  assign bring = (state_q == StBring) && pass_ready_i && h_read_ready_i;
  assign flush = (state_q == StFlush);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= two_i ? StHead : StRow;
        StHead: state_q <= head_kept_i ? StBring : StRow;
        StBring: if (bring) state_q <= StRow;
        StRow: state_q <= StFirst;
        StFirst: state_q <= StSum;
        StSum: state_q <= StPass;
        StPass: begin
          if (room) begin
            if (convolve_i && !last_q) state_q <= StSum;
            else if (!last_k_q) state_q <= StChunk;
            else if (channel_q != last_channel_i) state_q <= StChannel;
            else state_q <= convolve_i ? StFlush : StIdle;
          end
        end
        StChunk: state_q <= StFirst;
        StChannel: state_q <= StRow;
        StFlush: if (pass_ready_i) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      StIdle: begin
        channel_q  <= '0;
        h_row_q    <= h_spectra_i;
        sequence_q <= -(32'(past_i) << BurstsLog2);
        x_ring_q   <= x_spectra_i;
        h_base_q   <= h_spectra_i;
        j_q        <= head_i;
      end
      StRow: begin
        k_q        <= head_i;
        oldest_q   <= '0;
        newest_h_q <= two_i ? head_i - 1'b1 : head_i;
      end
      StFirst: begin
        i_q       <= oldest_q;
        row_q     <= oldest_q + first_row_i;
        alone_q   <= two_i && (k_q + 1'b1 == past_i);
        j_q       <= (two_i && oldest_q == k_q) ? ahead_h : newest_h_q;
        h_base_q  <= (two_i && oldest_q == k_q && last_k) ? h_next_row_q : h_row_q;
        first_q   <= 1'b1;
        second_q  <= 1'b0;
        last_k_q  <= last_k;
        late_q    <= (k_q > last_h_chunk_i);
        ahead_h_q <= ahead_h;
        ahead_q   <= last_k ? head_kept_i && channel_q != last_channel_i
                     : ahead_h <= last_h_chunk_i;
      end
      StSum: begin
        last_q        <= newest;
        oldest_x_q    <= (i_q == '0);
        latest_past_q <= (i_q + 1'b1 == past_i);
        before_last_q <= two_i && (i_q + 1'b1 == k_q);
      end
      StPass: begin
        if (room) begin
          i_q      <= i_q + 1'b1;
          row_q    <= row_q + 1'b1;
          j_q      <= (two_i && before_last_q) ? ahead_h_q : j_q - 1'b1;
          h_base_q <= (two_i && before_last_q && last_k_q) ? h_next_row_q : h_row_q;
          first_q  <= 1'b0;
          second_q <= first_q;
        end
      end
      StChunk: begin
        k_q <= k_q + step;
        // Either one more pair for each output chunk, or the oldest X has met the whole filter.
        // Chunks of h beyond those of x are never reached.
        if (newest_h_q == last_h_chunk_i) begin
          oldest_q <= oldest_q + step;
        end else if (two_i && newest_h_q + 1'b1 != last_h_chunk_i) begin
          newest_h_q <= newest_h_q + step;
        end else begin
          newest_h_q <= newest_h_q + 1'b1;
          if (two_i) oldest_q <= oldest_q + 1'b1;
        end
      end
      StChannel: begin
        channel_q  <= channel_q + 1'b1;
        h_row_q    <= h_next_row_q;
        x_ring_q   <= x_ring_q
                      + {{(64 - CountBits - SpectrumLog2){1'b0}}, ring_i, {SpectrumLog2{1'b0}}};
        sequence_q <= sequence_q + (32'(stored_i) << BurstsLog2);
      end
      default: ;
    endcase
  end

  // Sums of registers alone, a clock behind them: StHead and StSum wait for them.
  always_ff @(posedge clk_i) begin
    row_mask_q   <= ring_i - 1'b1;
    x_addr_q     <= x_ring_q + {{(64 - CountBits - SpectrumLog2){1'b0}}, row_q & row_mask_q,
                                {SpectrumLog2{1'b0}}};
    x_sequence_q <= sequence_q + (32'(i_q) << BurstsLog2);
    h_addr_q     <= h_base
                    + {{(64 - CountBits - SpectrumLog2){1'b0}}, j_q, {SpectrumLog2{1'b0}}};
    h_next_row_q <= h_row_q
                    + {{(64 - CountBits - SpectrumLog2){1'b0}}, h_chunks_i, {SpectrumLog2{1'b0}}};
  end

  // The pass: its output chunks, and what else it does.

  if (Outputs == 1) begin : gen_one
    assign pass_outputs_o = flush || convolve_i;
    assign pass_first_o   = flush || (convolve_i && first_q);
    assign pass_last_o    = flush || (convolve_i && last_q);

    logic unused;
    assign unused = late_q || second_q || alone_q;
  end else begin : gen_two
    always_comb begin
      pass_outputs_o = '0;
      pass_first_o   = '0;
      pass_last_o    = '0;
      if (flush) begin
        pass_outputs_o = 2'b01;
        pass_first_o   = 2'b01;
        pass_last_o    = 2'b01;
      end else if (convolve_i && state_q != StBring) begin
        pass_outputs_o = {!(late_q && first_q), !last_q && !alone_q};
        pass_first_o   = {late_q ? second_q : first_q, first_q && !last_q && !alone_q};
        pass_last_o    = {last_q, before_last_q && !alone_q};
      end
    end
  end

  always_comb begin
    pass_h_o       = 1'b0;
    pass_flush_o   = 1'b0;
    pass_engine_o  = 1'b0;
    pass_store_o   = 1'b0;
    pass_prepare_o = 1'b0;
    pass_no_tail_o = 1'b0;
    if (flush) begin
      pass_flush_o   = 1'b1;
      // The zeros of a flush have no tail to add either: it would be one of samples beyond y.
      pass_no_tail_o = 1'b1;
    end else if (state_q == StBring) begin
      pass_h_o = 1'b1;
    end else if (convolve_i) begin
      pass_h_o       = use_h;
      pass_engine_o  = engine;
      pass_store_o   = store;
      pass_no_tail_o = complete && (oldest_x_q || latest_past_q);
    end else begin
      pass_prepare_o = 1'b1;
    end
  end

  assign x_read_valid_o  = issue && use_x;
  assign x_store_valid_o = issue && store;
  assign x_addr_o        = x_addr_q;
  assign x_sequence_o    = x_sequence_q;
  assign h_read_valid_o  = (issue && use_h) || bring;
  assign h_store_valid_o = issue && !convolve_i;
  assign h_addr_o        = h_addr_q;
  assign pass_valid_o    = issue || bring || flush;
  assign idle_o          = (state_q == StIdle);

endmodule
