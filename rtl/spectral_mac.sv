// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectral_mac: multiplies spectra and accumulates the products of an output chunk's passes.
//
// A pass is Chunk/Lanes beats. The first pass starts from zero, the last one sends the totals out;
// the accumulator is one chunk of words.
// Handshake: valid-gated, gaps anywhere; first_i and last_i belong to the beat. Latency: 17 clocks
// to valid_o (last pass only). Throughput: one beat a clock.

module spectral_mac #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  input  logic                first_i,
  input  logic                last_i,
  input  logic [BeatBits-1:0] x_i,
  input  logic [BeatBits-1:0] h_i,
  output logic                valid_o,
  output logic [BeatBits-1:0] beat_o,
  /// an exponent of a beat overflowed
  output logic                saturated_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int AddrBits = $clog2(ChunkBeats);
  localparam int MultiplyClocks = 8;
  localparam int AddClocks = 9;
  // From the accumulator's read to the adder: the RAM, its output register, the choice of zero.
  localparam int ReadClocks = 3;
  localparam int ReadStart = MultiplyClocks - ReadClocks;
  localparam logic [WordBits-1:0] Zero = {1'b1, {(WordBits - 1){1'b0}}};

  // A word is read again a pass later at the earliest, by when it has to be written back.
  initial if (ChunkBeats < 2 * AddClocks) $fatal(1, "spectral_mac: Chunk must be 18 beats or more");

  logic [AddrBits-1:0] count_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_q <= '0;
    else if (valid_i) count_q <= count_q + 1'b1;
  end

  // The beat's valid bit and what it is part of, at the points of the pipeline that need them.
  logic                read_valid;
  logic                multiply_valid;
  logic                add_valid;
  logic                first;
  logic                last;
  logic [AddrBits-1:0] read_addr;
  logic [AddrBits-1:0] write_addr;
  logic                read_first;
  logic                first_q;

  valid_delay #(
    .Clocks(ReadStart)
  ) u_read_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(valid_i),
    .valid_o(read_valid)
  );

  valid_delay #(
    .Clocks(ReadClocks)
  ) u_multiply_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(read_valid),
    .valid_o(multiply_valid)
  );

  valid_delay #(
    .Clocks(AddClocks)
  ) u_add_valid (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(multiply_valid),
    .valid_o(add_valid)
  );

  delay #(
    .Width (AddrBits + 1),
    .Clocks(ReadStart)
  ) u_read_addr (
    .clk_i (clk_i),
    .data_i({count_q, first_i}),
    .data_o({read_addr, read_first})
  );

  delay #(
    .Width (AddrBits),
    .Clocks(ReadClocks + AddClocks)
  ) u_write_addr (
    .clk_i (clk_i),
    .data_i(read_addr),
    .data_o(write_addr)
  );

  delay #(
    .Width (1),
    .Clocks(MultiplyClocks + AddClocks)
  ) u_last (
    .clk_i (clk_i),
    .data_i(last_i),
    .data_o(last)
  );

  delay #(
    .Width (1),
    .Clocks(ReadClocks - 1)
  ) u_first (
    .clk_i (clk_i),
    .data_i(read_first),
    .data_o(first)
  );

  logic [BeatBits-1:0] products;
  logic [BeatBits-1:0] accumulator;
  logic [BeatBits-1:0] accumulator_q;
  logic [BeatBits-1:0] start_q;
  logic [BeatBits-1:0] totals;
  logic [Lanes-1:0]    multiply_saturated;
  logic [Lanes-1:0]    add_saturated;

  ram #(
    .Width(BeatBits),
    .Depth(ChunkBeats),
    .Style(ChunkBeats >= 128 ? "block" : "distributed")
  ) u_accumulator (
    .clk_i  (clk_i),
    .write_i(add_valid),
    .waddr_i(write_addr),
    .wdata_i(totals),
    .read_i (read_valid),
    .raddr_i(read_addr),
    .rdata_o(accumulator)
  );

  assign first_q = first;

  always_ff @(posedge clk_i) begin
    accumulator_q <= accumulator;
    start_q       <= first_q ? {Lanes{Zero}} : accumulator_q;
  end

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    cfp_multiply #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits),
      .FactorBits  (MantissaBits),
      .ProductBits (2 * MantissaBits + 1)
    ) u_multiply (
      .clk_i       (clk_i),
      .a_i         (x_i[lane*WordBits+:WordBits]),
      .b_re_i      (h_i[lane*WordBits+:MantissaBits]),
      .b_im_i      (h_i[lane*WordBits+MantissaBits+:MantissaBits]),
      .b_exponent_i(h_i[lane*WordBits+2*MantissaBits+:ExponentBits]),
      .product_o   (products[lane*WordBits+:WordBits]),
      .saturated_o (multiply_saturated[lane])
    );

    cfp_add #(
      .MantissaBits(MantissaBits),
      .ExponentBits(ExponentBits)
    ) u_add (
      .clk_i      (clk_i),
      .a_i        (start_q[lane*WordBits+:WordBits]),
      .b_i        (products[lane*WordBits+:WordBits]),
      .sum_o      (totals[lane*WordBits+:WordBits]),
      .saturated_o(add_saturated[lane])
    );
  end

  assign valid_o = add_valid && last;
  assign beat_o  = totals;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else begin
      saturated_o <= (multiply_valid && |multiply_saturated) || (add_valid && |add_saturated);
    end
  end

endmodule
