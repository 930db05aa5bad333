// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// overlap_add: y_k = Re z_k + Im z_(k-1): adds the tail of the previous chunk to each chunk.
//
// The tail memory holds one chunk of real words, {exponent, mantissa}.
// Handshake: valid-gated, gaps anywhere. no_tail_i is high with all beats of a channel's first
// chunk, which has no previous one; chunk_done_o is high with a chunk's last input beat.
// Latency: 12 clocks. Throughput: one beat a clock.

module overlap_add #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int RealBits = MantissaBits + ExponentBits
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      valid_i,
  input  logic                      no_tail_i,
  input  logic [Lanes*WordBits-1:0] beat_i,
  output logic                      chunk_done_o,
  output logic                      valid_o,
  /// lane l's {exponent, mantissa} at [l*RealBits +: RealBits]
  output logic [Lanes*RealBits-1:0] beat_o,
  /// an exponent of a beat overflowed
  output logic                      saturated_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int AddrBits = $clog2(ChunkBeats);
  localparam logic [ExponentBits-1:0] ExponentMin = cfp_pkg::Zero[63-:ExponentBits];

  initial if (ChunkBeats < 4) $fatal(1, "overlap_add: Chunk must be 4 beats or more");

  logic [AddrBits-1:0] count_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_q <= '0;
    else if (valid_i) count_q <= count_q + 1'b1;
  end

  assign chunk_done_o = valid_i && (&count_q);

  // Clock 1: split the parts; a part that is zero gets zero's exponent. Clock 2: the RAM's output
  // register. Clock 3: the choice of no tail.
  logic [Lanes*RealBits-1:0] high_q;
  logic [Lanes*RealBits-1:0] low_q;
  logic [Lanes*RealBits-1:0] low_q2;
  logic [Lanes*RealBits-1:0] low_q3;
  logic [Lanes*RealBits-1:0] tail;
  logic [Lanes*RealBits-1:0] tail_q2;
  logic [Lanes*RealBits-1:0] tail_q3;
  logic [AddrBits-1:0]       addr_q;
  logic                      valid_q;
  logic                      no_tail_q;
  logic                      no_tail_q2;
  logic                      sum_valid;
  logic [Lanes-1:0]          saturated;

  ram #(
    .Width(Lanes * RealBits),
    .Depth(ChunkBeats),
    .Style(ChunkBeats >= 128 ? "block" : "distributed")
  ) u_tail (
    .clk_i  (clk_i),
    .write_i(valid_q),
    .waddr_i(addr_q),
    .wdata_i(high_q),
    .read_i (valid_i),
    .raddr_i(count_q),
    .rdata_o(tail)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i;
  end

  always_ff @(posedge clk_i) begin
    addr_q     <= count_q;
    no_tail_q  <= no_tail_i;
    no_tail_q2 <= no_tail_q;
    low_q2     <= low_q;
    low_q3     <= low_q2;
    tail_q2    <= tail;
    tail_q3    <= no_tail_q2 ? {Lanes{ExponentMin, {MantissaBits{1'b0}}}} : tail_q2;
  end

  valid_delay #(
    .Clocks(cfp_pkg::OverlapClocks)
  ) u_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_i),
    .valid_o(sum_valid)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    logic [WordBits-1:0]     word;
    logic [MantissaBits-1:0] re;
    logic [MantissaBits-1:0] im;
    logic [ExponentBits-1:0] exponent;
    logic [WordBits-1:0]     sum;

    assign word     = beat_i[lane*WordBits+:WordBits];
    assign re       = word[MantissaBits-1:0];
    assign im       = word[2*MantissaBits-1:MantissaBits];
    assign exponent = word[WordBits-1-:ExponentBits];

    always_ff @(posedge clk_i) begin
      low_q[lane*RealBits+:RealBits]  <= {(re != '0) ? exponent : ExponentMin, re};
      high_q[lane*RealBits+:RealBits] <= {(im != '0) ? exponent : ExponentMin, im};
    end

    cfp_add #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits)
    ) u_add (
      .clk_i(clk_i),
      .a_i({
        low_q3[lane*RealBits+MantissaBits+:ExponentBits],
        {MantissaBits{1'b0}},
        low_q3[lane*RealBits+:MantissaBits]
      }),
      .b_i({
        tail_q3[lane*RealBits+MantissaBits+:ExponentBits],
        {MantissaBits{1'b0}},
        tail_q3[lane*RealBits+:MantissaBits]
      }),
      .sum_o(sum),
      .saturated_o(saturated[lane])
    );

    assign beat_o[lane*RealBits+:RealBits] = {sum[WordBits-1-:ExponentBits], sum[MantissaBits-1:0]};

    // The imaginary parts of the sum are zero.
    logic unused;
    assign unused = &{1'b0, sum[2*MantissaBits-1:MantissaBits]};
  end

  assign valid_o = sum_valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else saturated_o <= sum_valid && |saturated;
  end

endmodule
