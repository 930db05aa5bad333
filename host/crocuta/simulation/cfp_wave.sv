// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// cfp_wave: a beat of CFP words as real numbers, for wave viewers.
//
// The variables are there to be viewed; no logic reads them. Combinational, no handshake.

module cfp_wave #(
  parameter int Lanes = 8,
  parameter int MantissaBits = 18,
  parameter int ExponentBits = 9,
  localparam int WordBits = 2 * MantissaBits + ExponentBits
) (
  input logic                      valid_i,
  input logic [Lanes*WordBits-1:0] beat_i
);

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    real re;
    real im;

    logic [WordBits-1:0] word;
    assign word = beat_i[lane*WordBits+:WordBits];

    // Invalid beats show as 0.
    always_comb begin
      re = 0.0;
      im = 0.0;
      if (valid_i) begin
        re = $itor($signed(word[MantissaBits-1:0])) *
             2.0 ** $itor($signed(word[WordBits-1-:ExponentBits]));
        im = $itor($signed(word[2*MantissaBits-1:MantissaBits])) *
             2.0 ** $itor($signed(word[WordBits-1-:ExponentBits]));
      end
    end
  end

endmodule
