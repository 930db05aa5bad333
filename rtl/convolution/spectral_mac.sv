// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// spectral_mac: multiplies spectra and accumulates the products of output chunks' passes.
//
// A pass is Chunk/Lanes beats. It adds X * H to each of the Outputs chunks of words selected by
// outputs_i; the first pass of a chunk starts from zero, and the last one emits the totals. Output
// 0 uses the incoming H, output 1 the H of the previous pass, which is kept until then. A pass with
// no output only brings an H.
// Handshake: valid-gated, gaps anywhere; the flags belong to the beat. Latency: 17 clocks to
// valid_o (last pass only), 20 with two outputs. Throughput: one beat a clock.

module spectral_mac #(
  parameter int Lanes = 8,
  parameter int Chunk = 65536,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  parameter int Outputs = 1,  // output chunks: 1 or 2
  localparam int WordBits = 2 * MantissaBits + ExponentBits,
  localparam int BeatBits = Lanes * WordBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                valid_i,
  /// the output chunks that the product is added to
  input  logic [Outputs-1:0]  outputs_i,
  input  logic [Outputs-1:0]  first_i,
  /// one of them at most
  input  logic [Outputs-1:0]  last_i,
  input  logic [BeatBits-1:0] x_i,
  input  logic [BeatBits-1:0] h_i,
  output logic                valid_o,
  output logic [BeatBits-1:0] beat_o,
  /// an exponent of a beat overflowed
  output logic                saturated_o
);

  localparam int ChunkBeats = Chunk / Lanes;
  localparam int AddrBits = $clog2(ChunkBeats);
  // Until the kept H is there: the RAM and its output register.
  localparam int KeptClocks = (Outputs > 1) ? 2 : 0;
  // From the accumulator's read to the adder: the RAM, its output register, the choice of zero.
  localparam int ReadClocks = 3;
  localparam int ReadStart = KeptClocks + cfp_pkg::MultiplyClocks - ReadClocks;
  localparam logic [WordBits-1:0] Zero = cfp_pkg::Zero[63-:WordBits];

  initial begin
    // A word is read again a pass later at the earliest, by when it has to be written back.
    if (ChunkBeats < 2 * cfp_pkg::AddClocks) begin
      $fatal(1, "spectral_mac: Chunk must be 18 beats or more");
    end
    if (Outputs < 1 || Outputs > 2) $fatal(1, "spectral_mac: Outputs must be 1 or 2");
  end

  logic [AddrBits-1:0] count_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_q <= '0;
    else if (valid_i) count_q <= count_q + 1'b1;
  end

  // ---------------------------------------------------------------------------------------------
  // The operands: X, and an H for each output.

  logic [BeatBits-1:0]         x;
  logic [Outputs*BeatBits-1:0] h;

  if (Outputs == 1) begin : gen_direct
    assign x = x_i;
    assign h = h_i;
  end else begin : gen_kept
    logic                valid_q;
    logic [AddrBits-1:0] addr_q;
    logic [BeatBits-1:0] x_q;
    logic [BeatBits-1:0] x_q2;
    logic [BeatBits-1:0] h_q;
    logic [BeatBits-1:0] h_q2;
    logic [BeatBits-1:0] kept;
    logic [BeatBits-1:0] kept_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_q <= 1'b0;
      else valid_q <= valid_i;
    end

    always_ff @(posedge clk_i) begin
      addr_q <= count_q;
      x_q    <= x_i;
      x_q2   <= x_q;
      h_q    <= h_i;
      h_q2   <= h_q;
      kept_q <= kept;
    end

    // Each location is read, then overwritten by the incoming beat.
    ram #(
      .Width(BeatBits),
      .Depth(ChunkBeats),
      .Style(ChunkBeats >= 128 ? "block" : "distributed")
    ) u_kept (
      .clk_i  (clk_i),
      .write_i(valid_q),
      .waddr_i(addr_q),
      .wdata_i(h_q),
      .read_i (valid_i),
      .raddr_i(count_q),
      .rdata_o(kept)
    );

    assign x = x_q2;
    assign h = {kept_q, h_q2};
  end

  // ---------------------------------------------------------------------------------------------
  // The accumulators. The beat's address at the points of the pipeline that need it.

  logic [AddrBits-1:0] read_addr;
  logic [AddrBits-1:0] write_addr;

  delay #(
    .Width (AddrBits),
    .Clocks(ReadStart)
  ) u_read_addr (
    .clk_i (clk_i),
    .data_i(count_q),
    .data_o(read_addr)
  );

  delay #(
    .Width (AddrBits),
    .Clocks(ReadClocks + cfp_pkg::AddClocks)
  ) u_write_addr (
    .clk_i (clk_i),
    .data_i(read_addr),
    .data_o(write_addr)
  );

  logic [Outputs-1:0]          total_valid;
  logic [Outputs*BeatBits-1:0] totals;
  logic [Outputs-1:0]          saturated;

  for (genvar n = 0; n < Outputs; n++) begin : gen_output
    // The beat's valid bit and marks, likewise.
    logic                read_valid;
    logic                multiply_valid;
    logic                add_valid;
    logic                first;
    logic                last;
    logic [BeatBits-1:0] products;
    logic [BeatBits-1:0] accumulator;
    logic [BeatBits-1:0] accumulator_q;
    logic [BeatBits-1:0] start_q;
    logic [Lanes-1:0]    multiply_saturated;
    logic [Lanes-1:0]    add_saturated;

    valid_delay #(
      .Clocks(ReadStart)
    ) u_read_valid (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(valid_i && outputs_i[n]),
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
      .Clocks(cfp_pkg::AddClocks)
    ) u_add_valid (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(multiply_valid),
      .valid_o(add_valid)
    );

    delay #(
      .Width (1),
      .Clocks(ReadStart + ReadClocks - 1)
    ) u_first (
      .clk_i (clk_i),
      .data_i(first_i[n]),
      .data_o(first)
    );

    delay #(
      .Width (1),
      .Clocks(KeptClocks + cfp_pkg::MultiplyClocks + cfp_pkg::AddClocks)
    ) u_last (
      .clk_i (clk_i),
      .data_i(last_i[n]),
      .data_o(last)
    );

    ram #(
      .Width(BeatBits),
      .Depth(ChunkBeats),
      .Style(ChunkBeats >= 128 ? "block" : "distributed")
    ) u_accumulator (
      .clk_i  (clk_i),
      .write_i(add_valid),
      .waddr_i(write_addr),
      .wdata_i(totals[n*BeatBits+:BeatBits]),
      .read_i (read_valid),
      .raddr_i(read_addr),
      .rdata_o(accumulator)
    );

    always_ff @(posedge clk_i) begin
      accumulator_q <= accumulator;
      start_q       <= first ? {Lanes{Zero}} : accumulator_q;
    end

    for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
      localparam int At = n * BeatBits + lane * WordBits;

      cfp_multiply #(
        .MantissaBits(MantissaBits),
        .ExponentBits(ExponentBits),
        .FactorBits  (MantissaBits),
        .ProductBits (2 * MantissaBits + 1)
      ) u_multiply (
        .clk_i       (clk_i),
        .a_i         (x[lane*WordBits+:WordBits]),
        .b_re_i      (h[At+:MantissaBits]),
        .b_im_i      (h[At+MantissaBits+:MantissaBits]),
        .b_exponent_i(h[At+2*MantissaBits+:ExponentBits]),
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
        .sum_o      (totals[At+:WordBits]),
        .saturated_o(add_saturated[lane])
      );
    end

    assign total_valid[n] = add_valid && last;
    assign saturated[n]   = (multiply_valid && |multiply_saturated)
                            || (add_valid && |add_saturated);
  end

  if (Outputs == 1) begin : gen_total
    assign valid_o = total_valid;
    assign beat_o  = totals;
  end else begin : gen_choice
    always_ff @(posedge clk_i) begin
      if (!rst_ni) valid_o <= 1'b0;
      else valid_o <= |total_valid;
    end

    always_ff @(posedge clk_i) begin
      beat_o <= total_valid[1] ? totals[BeatBits+:BeatBits] : totals[0+:BeatBits];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) saturated_o <= 1'b0;
    else saturated_o <= |saturated;
  end

endmodule
