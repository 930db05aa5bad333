// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// commutator: exchanges lane bit 0 with the time bit that counts Distance beats, in every pair of
// lanes: delays the odd lanes by Distance beats, switches, and delays the even lanes by as much.
//
//   even ----------------> | switch | -- delay Distance --> even
//   odd --delay Distance-> |        | --------------------> odd
//
// A block of 2 * Distance beats whose switch_i is low passes unchanged, with the same delay.
// With Bypass, a beat whose bypass_i is high passes at once, in as many clocks, and empties the
// commutator: what it still holds is lost.
// Both delays of all lanes share one address, so one wide RAM holds them: Lanes * Distance words.
// An incoming beat pushes out the beat Distance before it; the first Distance beats after reset
// push out nothing.
// Handshake: valid-gated, gaps anywhere. Latency: Distance beats and 3 clocks (Distance >= 4) or
// 1 clock. Throughput: one beat a clock.

module commutator #(
  parameter int Lanes = 8,
  parameter int WordBits = 45,
  parameter int Distance = 4096,  // beats: a power of two
  parameter bit Bypass = 0
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      valid_i,
  input  logic [Lanes*WordBits-1:0] beat_i,
  /// the same in every beat of the block's second half; in the first it does not matter
  input  logic                      switch_i,
  input  logic                      bypass_i,
  output logic                      valid_o,
  output logic [Lanes*WordBits-1:0] beat_o
);

  localparam int Pairs = Lanes / 2;
  localparam int HalfBits = Pairs * WordBits;
  localparam int CountBits = $clog2(2 * Distance);

  initial if (Lanes < 2 || Lanes % 2 != 0 || Distance != (1 << (CountBits - 1))) begin
    $fatal(1, "commutator: Lanes must be even and Distance a power of two");
  end

  // Which beat of 2 * Distance this is, and whether the delays hold beats since reset.
  logic [CountBits-1:0] count_q;
  logic                 primed_q;
  logic                 swap;
  logic                 bypass;

  assign swap   = count_q[CountBits-1] && switch_i;
  assign bypass = Bypass && bypass_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q  <= '0;
      primed_q <= 1'b0;
    end else if (valid_i && bypass) begin
      count_q  <= '0;
      primed_q <= 1'b0;
    end else if (valid_i) begin
      count_q <= count_q + 1'b1;
      if (count_q == CountBits'(Distance - 1)) primed_q <= 1'b1;
    end
  end

  logic [HalfBits-1:0] even;
  logic [HalfBits-1:0] odd;

  for (genvar pair = 0; pair < Pairs; pair++) begin : gen_split
    assign even[pair*WordBits+:WordBits] = beat_i[2*pair*WordBits+:WordBits];
    assign odd[pair*WordBits+:WordBits]  = beat_i[(2*pair+1)*WordBits+:WordBits];
  end

  logic [HalfBits-1:0] even_out_q;
  logic [HalfBits-1:0] odd_out_q;
  logic                valid_out_q;

  if (Distance >= 4) begin : gen_ram
    // Clock 1 and 2: the RAM and its output register; the beat waits beside them. What a bypassing
    // beat writes is overwritten before it is read.
    localparam int AddrBits = CountBits - 1;

    logic [2*HalfBits-1:0] rdata;
    logic [HalfBits-1:0]   even_q;
    logic [HalfBits-1:0]   odd_q;
    logic [AddrBits-1:0]   addr_q;
    logic                  swap_q;
    logic                  bypass_q;
    logic                  valid_q;
    logic                  emit_q;
    logic [2*HalfBits-1:0] rdata_q2;
    logic [HalfBits-1:0]   even_q2;
    logic [HalfBits-1:0]   odd_q2;
    logic [AddrBits-1:0]   addr_q2;
    logic                  swap_q2;
    logic                  bypass_q2;
    logic                  valid_q2;
    logic                  emit_q2;
    logic [HalfBits-1:0]   odd_delayed;
    logic [HalfBits-1:0]   even_switched;

    ram #(
      .Width(2 * HalfBits),
      .Depth(Distance),
      .Style(Distance >= 128 ? "block" : "distributed")
    ) u_ram (
      .clk_i  (clk_i),
      .write_i(valid_q2),
      .waddr_i(addr_q2),
      .wdata_i({odd_q2, even_switched}),
      .read_i (valid_i),
      .raddr_i(count_q[AddrBits-1:0]),
      .rdata_o(rdata)
    );

    always_ff @(posedge clk_i) begin
      even_q    <= even;
      odd_q     <= odd;
      addr_q    <= count_q[AddrBits-1:0];
      swap_q    <= swap;
      bypass_q  <= bypass;
      rdata_q2  <= rdata;
      even_q2   <= even_q;
      odd_q2    <= odd_q;
      addr_q2   <= addr_q;
      swap_q2   <= swap_q;
      bypass_q2 <= bypass_q;
    end

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        valid_q  <= 1'b0;
        valid_q2 <= 1'b0;
        emit_q   <= 1'b0;
        emit_q2  <= 1'b0;
      end else begin
        valid_q  <= valid_i;
        valid_q2 <= valid_q;
        emit_q   <= valid_i && (primed_q || bypass);
        emit_q2  <= emit_q;
      end
    end

    assign odd_delayed   = rdata_q2[2*HalfBits-1:HalfBits];
    assign even_switched = swap_q2 ? odd_delayed : even_q2;

    always_ff @(posedge clk_i) begin
      even_out_q <= bypass_q2 ? even_q2 : rdata_q2[HalfBits-1:0];
      odd_out_q  <= bypass_q2 ? odd_q2 : swap_q2 ? even_q2 : odd_delayed;
    end

    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_out_q <= 1'b0;
      else valid_out_q <= emit_q2;
    end
  end else begin : gen_registers
    // One or two beats: too short for a RAM to come back in time.
    logic [HalfBits-1:0] odd_q  [Distance];
    logic [HalfBits-1:0] even_q [Distance];

    always_ff @(posedge clk_i) begin
      if (valid_i) begin
        odd_q[0]  <= odd;
        even_q[0] <= swap ? odd_q[Distance-1] : even;
        for (int i = 1; i < Distance; i++) begin
          odd_q[i]  <= odd_q[i-1];
          even_q[i] <= even_q[i-1];
        end
        even_out_q <= bypass ? even : even_q[Distance-1];
        odd_out_q  <= bypass ? odd : swap ? even : odd_q[Distance-1];
      end
    end

    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_out_q <= 1'b0;
      else valid_out_q <= valid_i && (primed_q || bypass);
    end
  end

  for (genvar pair = 0; pair < Pairs; pair++) begin : gen_join
    assign beat_o[2*pair*WordBits+:WordBits]     = even_out_q[pair*WordBits+:WordBits];
    assign beat_o[(2*pair+1)*WordBits+:WordBits] = odd_out_q[pair*WordBits+:WordBits];
  end

  assign valid_o = valid_out_q;

endmodule
