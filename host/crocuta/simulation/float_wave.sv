// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// float_wave: a beat of float32 samples as real numbers, for wave viewers.
//
// The variables are there to be viewed; no logic reads them. Combinational, no handshake.

module float_wave #(
  parameter int Lanes = 8
) (
  input logic                valid_i,
  input logic [Lanes*32-1:0] samples_i
);

  for (genvar lane = 0; lane < Lanes; lane++) begin : gen_lane
    real value;

    logic [31:0] word;
    assign word = samples_i[lane*32+:32];

    // Invalid beats show as 0. So do subnormals, which the kernel treats as 0.
    always_comb begin
      value = 0.0;
      if (valid_i && word[30:23] != 0) begin
        value = (word[31] ? -1.0 : 1.0) * $itor({8'd0, 1'b1, word[22:0]}) *
                2.0 ** ($itor({24'd0, word[30:23]}) - 150.0);
      end
    end
  end

endmodule
