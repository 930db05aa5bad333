// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// four_step_waves: a four-step kernel's streams as real numbers, in data-path order, and the names
// of the chunks in its engines.
//
// Bound into four_step_core in builds with waves only. Combinational, no handshake.

module four_step_waves #(
  parameter int Lanes = 8,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits)
) (
  input logic                samples_valid,
  input logic [Lanes*32-1:0] samples,
  input logic                tile_valid,
  input logic                row_valid,
  input logic [BeatBits-1:0] beat,
  input logic                x_valid,
  input logic [BeatBits-1:0] x_beat,
  input logic                h_valid,
  input logic [BeatBits-1:0] h_beat,
  input logic                z_row_valid,
  input logic [BeatBits-1:0] z_row,
  input logic                z_valid,
  input logic [BeatBits-1:0] z_beat,
  input logic                y_valid,
  input logic [Lanes*32-1:0] y,
  /// the kinds of the chunks that enter the engines
  input logic [1:0]          forward_enters,
  input logic [1:0]          inverse_enters
);

  // The file has the names, for viewers.
  typedef enum logic [1:0] {
    FLUSH = four_step_pkg::KindFlush,
    TILE  = four_step_pkg::KindTile,
    ROW   = four_step_pkg::KindRow,
    CHUNK = four_step_pkg::KindChunk
  } kind_e;

  kind_e forward_kind;
  kind_e inverse_kind;

  assign forward_kind = kind_e'(forward_enters);
  assign inverse_kind = kind_e'(inverse_enters);

  float_wave #(.Lanes(Lanes)) u_samples (.valid_i(samples_valid), .samples_i(samples));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_x_tile (.valid_i(tile_valid), .beat_i(beat));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_x_row (.valid_i(x_valid), .beat_i(x_beat));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_spectrum (.valid_i(row_valid), .beat_i(beat));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_h (.valid_i(h_valid), .beat_i(h_beat));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_z_row (.valid_i(z_row_valid), .beat_i(z_row));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_z_tile (.valid_i(z_valid), .beat_i(z_beat));
  float_wave #(.Lanes(Lanes)) u_y (.valid_i(y_valid), .samples_i(y));

endmodule

bind four_step_core four_step_waves #(
  .Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits)
) u_waves (.forward_enters(u_forward.kind), .inverse_enters(u_inverse.kind), .*);
