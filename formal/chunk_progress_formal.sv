// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// chunk_controller with its FIFOs never stops by itself. The three walkers that fill the streams do
// not wait for one another: while loads remain, one is offered within WalkClocks, whatever happens
// to the other streams; the same holds for outputs, and within PassClocks for passes and their
// spectra commands. A pass waits only for a full FIFO, whose consumer therefore has a command to
// take. When every command has been taken, the job is over. Together with chunk_schedule_formal,
// which counts the commands, this means that every job ends if every command is eventually taken.
// With EndClocks the search covers the end itself: jobs of at most two channels of two chunks,
// whose consumers let a command wait at most one clock, end within EndClocks.

`include "formal.svh"

module chunk_progress_formal #(
  parameter int Lanes = 2,
  parameter int Chunk = 16,
  parameter int MaxLengthLog2 = 6,
  parameter int EndClocks = 0,
  parameter int Outputs = 1,
  localparam int WalkClocks = 6,
  localparam int PassClocks = 7 + Outputs,
  localparam int ChunkLog2 = $clog2(Chunk),
  localparam int LengthBits = MaxLengthLog2 + 1,
  localparam int CountBits = sizes_pkg::chunk_count_bits(MaxLengthLog2, Chunk)
) (
  input logic                  clk_i,
  input logic                  rst_ni,
  input logic                  start_i,
  input logic                  convolve_i,
  input logic [16:0]           channels_i,
  input logic [LengthBits-1:0] length_x_i,
  input logic [LengthBits-1:0] length_h_i,
  input logic [CountBits-1:0]  ring_i,
  input logic [31:0]           first_chunk_i,
  input logic [6:0]            ready_i
);

  `RESET_FIRST

  logic               done;
  logic [6:0]         valid;
  logic [63:0]        load_addr;
  logic [ChunkLog2:0] load_samples;
  logic [63:0]        x_read_addr;
  logic [31:0]        x_read_sequence;
  logic [63:0]        h_read_addr;
  logic [63:0]        x_store_addr;
  logic [63:0]        h_store_addr;
  logic [3*Outputs+5:0] marks;
  logic [63:0]        y_store_addr;
  logic [ChunkLog2:0] y_store_samples;

  // Indices of the streams in valid and ready_i.
  localparam int Load = 0, XRead = 1, HRead = 2, XStore = 3, HStore = 4, Pass = 5, YStore = 6;

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
    .x_i              ('0),
    .h_i              ('0),
    .h_spectra_i      ('0),
    .x_spectra_i      ('0),
    .y_i              ('0),
    .ring_i           (ring_i),
    .first_chunk_i    (first_chunk_i),
    .done_o           (done),
    .load_valid_o     (valid[Load]),
    .load_ready_i     (ready_i[Load]),
    .load_addr_o      (load_addr),
    .load_samples_o   (load_samples),
    .x_read_valid_o   (valid[XRead]),
    .x_read_ready_i   (ready_i[XRead]),
    .x_read_addr_o    (x_read_addr),
    .x_read_sequence_o(x_read_sequence),
    .h_read_valid_o   (valid[HRead]),
    .h_read_ready_i   (ready_i[HRead]),
    .h_read_addr_o    (h_read_addr),
    .x_store_valid_o  (valid[XStore]),
    .x_store_ready_i  (ready_i[XStore]),
    .x_store_addr_o   (x_store_addr),
    .h_store_valid_o  (valid[HStore]),
    .h_store_ready_i  (ready_i[HStore]),
    .h_store_addr_o   (h_store_addr),
    .pass_valid_o     (valid[Pass]),
    .pass_ready_i     (ready_i[Pass]),
    .pass_outputs_o   (marks[6+:Outputs]),
    .pass_first_o     (marks[6+Outputs+:Outputs]),
    .pass_last_o      (marks[6+2*Outputs+:Outputs]),
    .pass_h_o         (marks[0]),
    .pass_flush_o     (marks[1]),
    .pass_engine_o    (marks[2]),
    .pass_store_o     (marks[3]),
    .pass_prepare_o   (marks[4]),
    .pass_no_tail_o   (marks[5]),
    .y_store_valid_o  (valid[YStore]),
    .y_store_ready_i  (ready_i[YStore]),
    .y_store_addr_o   (y_store_addr),
    .y_store_samples_o(y_store_samples)
  );

  // The environment, as in chunk_schedule_formal.
  logic running_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) running_q <= 1'b0;
    else if (start_i) running_q <= 1'b1;
    else if (done) running_q <= 1'b0;
  end

  // job_control starts a job only after the previous one has ended.
  `ASSUME(one_job, !start_i || !running_q)
  // The argument registers do not change during a job.
  `ASSUME(arguments_stay,
          !running_q || $stable({convolve_i, channels_i, length_x_i, length_h_i})
          && $stable({ring_i, first_chunk_i}))

  // States of chunk_controller and of its walkers.
  localparam int StIdle = 0, StBegin = 3;
  localparam int WalkIdle = 0, WalkBring = 2, WalkPass = 6;

  logic       ahead;    // the walkers have not begun
  logic [3:0] walk;     // the passes' state
  logic       to_load;  // loads remain
  logic       to_put;   // outputs remain
  logic       to_pass;  // passes remain

  assign ahead   = u_dut.state_q != StIdle && u_dut.state_q <= StBegin;
  assign walk    = u_dut.u_passes.state_q;
  assign to_load = u_dut.u_loads.state_q != WalkIdle || ahead;
  assign to_put  = u_dut.u_outputs.state_q != WalkIdle || convolve_i && ahead;
  assign to_pass = walk != WalkIdle || ahead;

  // Consecutive clocks in which a command remained but none was offered.
  logic [3:0] no_load_q;
  logic [3:0] no_put_q;
  logic [3:0] no_pass_q;
  logic [3:0] no_end_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      no_load_q <= '0;
      no_put_q  <= '0;
      no_pass_q <= '0;
      no_end_q  <= '0;
    end else begin
      no_load_q <= (to_load && !valid[Load]) ? no_load_q + 1'b1 : '0;
      no_put_q  <= (to_put && !valid[YStore]) ? no_put_q + 1'b1 : '0;
      no_pass_q <= (to_pass && valid[Pass:XRead] == '0) ? no_pass_q + 1'b1 : '0;
      no_end_q  <= (running_q && !done && !to_load && !to_put && !to_pass && valid == '0)
                   ? no_end_q + 1'b1 : '0;
    end
  end

  // Each ready is a register of its own; stating this shortens the search considerably.
  `ASSERT(helper_ready,
          {u_dut.u_load_fifo.ready_q, u_dut.u_x_read_fifo.ready_q, u_dut.u_h_read_fifo.ready_q,
           u_dut.u_x_store_fifo.ready_q, u_dut.u_h_store_fifo.ready_q, u_dut.u_pass_fifo.ready_q,
           u_dut.u_y_store_fifo.ready_q}
          == ~{u_dut.u_load_fifo.stored[3], u_dut.u_x_read_fifo.stored[3],
               u_dut.u_h_read_fifo.stored[3], u_dut.u_x_store_fifo.stored[3],
               u_dut.u_h_store_fifo.stored[3], u_dut.u_pass_fifo.stored[3],
               u_dut.u_y_store_fifo.stored[3]})
  `ASSERT(loads_come, no_load_q <= 4'(WalkClocks))
  `ASSERT(outputs_come, no_put_q <= 4'(WalkClocks))
  `ASSERT(passes_come, no_pass_q <= 4'(PassClocks))
  `ASSERT(comes_to_an_end, no_end_q <= 4'd2)
  `ASSERT(quiet_when_done, !done || valid == '0 && !to_load && !to_put)
  `ASSERT_NEXT(done_stays, done && !start_i, done)
  `ASSERT(waits_for_a_full_fifo,
          !(walk == WalkPass && !u_dut.u_passes.issue || walk == WalkBring && !u_dut.u_passes.bring)
          || u_dut.pass_level >= 4'd8 && valid[Pass] || u_dut.x_read_level >= 4'd8 && valid[XRead]
          || u_dut.h_read_level >= 4'd8 && valid[HRead]
          || u_dut.x_store_level >= 4'd8 && valid[XStore]
          || u_dut.h_store_level >= 4'd8 && valid[HStore])

  `COVER(ended, running_q && done)
  `COVER(only_loads_taken, running_q && $past(rst_ni && valid[Load] && ready_i[Load])
         && no_pass_q == '0 && valid[Pass] && valid[YStore])
  // The bounds are tight: smaller ones would fail.
  `COVER(slowest_load, no_load_q == 4'(WalkClocks))
  `COVER(slowest_output, no_put_q == 4'(WalkClocks))
  `COVER(slowest_pass, no_pass_q == 4'(PassClocks))

  if (EndClocks > 0) begin : gen_end
    // Keeps the search finite: small jobs, and consumers that delay a command by at most one clock.
    `ASSUME(small_jobs, channels_i >= 17'd1 && channels_i <= 17'd2 && length_x_i != '0
            && length_h_i != '0 && 32'(length_x_i) <= 32'(2 * Chunk)
            && 32'(length_h_i) <= 32'(2 * Chunk) && ring_i == '0)
    `ASSUME(fair, ((valid & ~ready_i) & $past(valid & ~ready_i)) == '0)

    logic [7:0] clocks_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni || !running_q) clocks_q <= '0;
      else clocks_q <= clocks_q + 1'b1;
    end

    `ASSERT(ends_in_time, clocks_q <= 8'(EndClocks))
    // The bound is tight: a smaller one would fail.
    `COVER(slowest, clocks_q == 8'(EndClocks))
    `COVER(two_channels, running_q && done && channels_i == 17'd2 && convolve_i)
  end else begin : gen_any
    // A full FIFO needs a longer job, which the cover search reaches and the proof does not need.
    `COVER(pass_waits, walk == WalkPass && !u_dut.u_passes.issue)
  end

endmodule
