// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_interlock: keeps the next channel's tiles of x from overwriting beats of z in on-chip
// memory that have not been read. Tiles are written and read in the same order, so a counter is
// enough: the next beat's location is free if fewer than beats_i, the beats of a channel, are
// written and unread.
// Handshake: write_i only while open_o is high; read_i only for a beat that has been written.
// Latency: 1 clock from read_i to open_o. Throughput: a write and a read per clock.

module resident_interlock #(
  parameter int Places = 1024,  // the most beats of a channel
  localparam int CountBits = $clog2(Places + 1)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  /// beats of a channel: 1..Places; changes only while no written beat is unread
  input  logic [CountBits-1:0] beats_i,
  input  logic                 write_i,
  input  logic                 read_i,
  output logic                 open_o
);

  initial if (Places < 1) $fatal(1, "resident_interlock: Places must be at least 1");

  logic [CountBits-1:0] lead_q;   // beats written and not yet read
  logic [CountBits-1:0] lead_d;
  logic [CountBits-1:0] last_q;   // beats_i - 1
  logic                 open_q;
  logic                 open_d;

  // Each comparison is of lead_q: write_i and read_i come late, and only choose.
  always_comb begin
    lead_d = lead_q;
    open_d = (lead_q != beats_i);
    if (write_i && !read_i) begin
      lead_d = lead_q + 1'b1;
      open_d = (lead_q != last_q);
    end
    if (!write_i && read_i) begin
      lead_d = lead_q - 1'b1;
      open_d = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      lead_q <= '0;
      open_q <= 1'b0;
    end else begin
      lead_q <= lead_d;
      open_q <= open_d;
    end
  end

  always_ff @(posedge clk_i) last_q <= beats_i - 1'b1;

  assign open_o = open_q;

endmodule
