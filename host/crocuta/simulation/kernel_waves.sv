// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// kernel_waves: the kernel's streams as real numbers, in data-path order.
//
// Bound into crocuta_kernel in builds with waves only. Combinational, no handshake.

module kernel_waves #(
  parameter int Lanes = 8,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int BeatBits = Lanes * (2 * MantissaBits + ExponentBits)
) (
  input logic                samples_valid,
  input logic [Lanes*32-1:0] samples,
  input logic                spectrum_valid,
  input logic [BeatBits-1:0] spectrum,
  input logic                x_valid,
  input logic [BeatBits-1:0] x_beat,
  input logic                h_valid,
  input logic [BeatBits-1:0] h_beat,
  input logic                mac_valid,
  input logic [BeatBits-1:0] mac_x,
  input logic [BeatBits-1:0] mac_h,
  input logic                total_valid,
  input logic [BeatBits-1:0] total,
  input logic                y_valid,
  input logic [Lanes*32-1:0] y
);

  float_wave #(.Lanes(Lanes)) u_samples (.valid_i(samples_valid), .samples_i(samples));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_spectrum (.valid_i(spectrum_valid), .beat_i(spectrum));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_x (.valid_i(x_valid), .beat_i(x_beat));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_h (.valid_i(h_valid), .beat_i(h_beat));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_mac_x (.valid_i(mac_valid), .beat_i(mac_x));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_mac_h (.valid_i(mac_valid), .beat_i(mac_h));
  cfp_wave #(.Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits))
    u_total (.valid_i(total_valid), .beat_i(total));
  float_wave #(.Lanes(Lanes)) u_y (.valid_i(y_valid), .samples_i(y));

endmodule

bind crocuta_kernel kernel_waves #(
  .Lanes(Lanes), .MantissaBits(MantissaBits), .ExponentBits(ExponentBits)
) u_waves (.*);
