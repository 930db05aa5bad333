// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// Models of the ECP5 cells to which yosys maps a design, for the simulation of netlists, as far as
// it uses them; a netlist that needs more is an error. Registers start at their initial values from
// the bitstream, and memories without contents at 0.

`timescale 1ns / 1ps

module LUT4 (input A, B, C, D, output Z);
  parameter [15:0] INIT = 16'b0;
  assign Z = INIT[{D, C, B, A}];
endmodule

module PFUMX (input ALUT, BLUT, C0, output Z);
  assign Z = C0 ? ALUT : BLUT;
endmodule

module L6MUX21 (input D0, D1, SD, output Z);
  assign Z = SD ? D1 : D0;
endmodule

// Two bits of a carry chain.
module CCU2C (input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT);
  parameter [15:0] INIT0 = 16'b0, INIT1 = 16'b0;
  parameter INJECT1_0 = "YES", INJECT1_1 = "YES";

  wire propagate0 = INIT0[{D0, C0, B0, A0}];
  wire propagate1 = INIT1[{D1, C1, B1, A1}];
  wire carry;
  assign S0 = propagate0 ^ CIN;
  assign carry = propagate0 ? CIN : INIT0[{B0, A0}];
  assign S1 = propagate1 ^ carry;
  assign COUT = propagate1 ? carry : INIT1[{B1, A1}];

  initial #1 if (INJECT1_0 != "NO" || INJECT1_1 != "NO") begin
    $display("CCU2C: a carry that is injected");
    $fatal;
  end
endmodule

module TRELLIS_FF (input CLK, CE, LSR, DI, M, output reg Q);
  parameter GSR = "ENABLED", CEMUX = "1", CLKMUX = "CLK", LSRMUX = "LSR";
  parameter SRMODE = "LSR_OVER_CE", REGSET = "RESET", LSRMODE = "LSR";
  localparam Value = REGSET == "SET";

  wire enable = CEMUX == "1" ? 1'b1 : CEMUX == "INV" ? ~CE : CE;
  wire reset = LSRMUX == "INV" ? ~LSR : LSR;

  initial Q = Value;
  // An unconnected reset is inactive.
  always @(posedge CLK) if (reset === 1'b1) Q <= Value; else if (enable) Q <= DI;

  initial #1 if (CLKMUX != "CLK" || SRMODE != "LSR_OVER_CE" || LSRMODE != "LSR") begin
    $display("TRELLIS_FF: an inverted clock, an asynchronous reset or a preload");
    $fatal;
  end
endmodule

module TRELLIS_DPR16X4 (input [3:0] DI, WAD, RAD, input WRE, WCK, output [3:0] DO);
  parameter WCKMUX = "WCK", WREMUX = "WRE";
  parameter [63:0] INITVAL = 64'b0;

  reg [3:0] mem [0:15];
  integer i;

  initial for (i = 0; i < 16; i = i + 1) mem[i] = INITVAL[4*i+:4] === 4'bx ? 4'b0 : INITVAL[4*i+:4];
  always @(posedge WCK) if (WREMUX == "1" || (WREMUX == "INV" ? !WRE : WRE)) mem[WAD] <= DI;
  assign DO = mem[RAD];

  initial #1 if (WCKMUX != "WCK") begin
    $display("TRELLIS_DPR16X4: an inverted clock");
    $fatal;
  end
endmodule

// The simulation's clock is the PLL's output.
module EHXPLLL (
  input CLKI, CLKFB, PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG, STDBY, PLLWAKESYNC,
    RST, ENCLKOP,
  output CLKOP, LOCK, CLKINTFB
);
  parameter PLLRST_ENA = "", INTFB_WAKE = "", STDBY_ENABLE = "", DPHASE_SOURCE = "";
  parameter OUTDIVIDER_MUXA = "", OUTDIVIDER_MUXB = "", OUTDIVIDER_MUXC = "", OUTDIVIDER_MUXD = "";
  parameter CLKI_DIV = 1, CLKOP_ENABLE = "", CLKOP_DIV = 1, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0;
  parameter FEEDBK_PATH = "", CLKFB_DIV = 1;

  assign CLKOP = CLKI;
  assign LOCK = 1'b1;
endmodule

// An 18 by 18 bit multiplier, without registers.
module MULT18X18D (
  input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0, B17,
    B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0, C17, C16, C15,
    C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0, SIGNEDA, SIGNEDB,
    SOURCEA, SOURCEB,
  output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19,
    P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1,
    A0};
  wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1,
    B0};
  wire signed [37:0] product = $signed({SIGNEDA & A17, a}) * $signed({SIGNEDB & B17, b});

  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19,
    P18, P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = product[35:0];

  initial #1 if (SOURCEA !== 1'b0 || SOURCEB !== 1'b0) begin
    $display("MULT18X18D: operands that are shifted in");
    $fatal;
  end
endmodule

// A RAM of 1,024 words of 18 bits, of more but narrower words, or with one port of 512 words of 36
// bits. A port either writes or reads. Words narrower than a 9-bit byte use its low 8 bits.
module DP16KD (
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
    DIA4, DIA3, DIA2, DIA1, DIA0, ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5,
    ADA4, ADA3, ADA2, ADA1, ADA0, CLKA, CEA, OCEA, WEA, RSTA, CSA2, CSA1, CSA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
    DIB4, DIB3, DIB2, DIB1, DIB0, ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5,
    ADB4, ADB3, ADB2, ADB1, ADB0, CLKB, CEB, OCEB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
    DOA4, DOA3, DOA2, DOA1, DOA0, DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10,
    DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18, REGMODE_A = "NOREG", REGMODE_B = "NOREG";
  parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC", GSR = "AUTO";
  parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000", CLKAMUX = "CLKA", CLKBMUX = "CLKB";
  parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
  parameter [319:0] INITVAL_00 = 320'b0, INITVAL_01 = 320'b0, INITVAL_02 = 320'b0, INITVAL_03 = 320'b0;
  parameter [319:0] INITVAL_04 = 320'b0, INITVAL_05 = 320'b0, INITVAL_06 = 320'b0, INITVAL_07 = 320'b0;
  parameter [319:0] INITVAL_08 = 320'b0, INITVAL_09 = 320'b0, INITVAL_0A = 320'b0, INITVAL_0B = 320'b0;
  parameter [319:0] INITVAL_0C = 320'b0, INITVAL_0D = 320'b0, INITVAL_0E = 320'b0, INITVAL_0F = 320'b0;
  parameter [319:0] INITVAL_10 = 320'b0, INITVAL_11 = 320'b0, INITVAL_12 = 320'b0, INITVAL_13 = 320'b0;
  parameter [319:0] INITVAL_14 = 320'b0, INITVAL_15 = 320'b0, INITVAL_16 = 320'b0, INITVAL_17 = 320'b0;
  parameter [319:0] INITVAL_18 = 320'b0, INITVAL_19 = 320'b0, INITVAL_1A = 320'b0, INITVAL_1B = 320'b0;
  parameter [319:0] INITVAL_1C = 320'b0, INITVAL_1D = 320'b0, INITVAL_1E = 320'b0, INITVAL_1F = 320'b0;
  parameter [319:0] INITVAL_20 = 320'b0, INITVAL_21 = 320'b0, INITVAL_22 = 320'b0, INITVAL_23 = 320'b0;
  parameter [319:0] INITVAL_24 = 320'b0, INITVAL_25 = 320'b0, INITVAL_26 = 320'b0, INITVAL_27 = 320'b0;
  parameter [319:0] INITVAL_28 = 320'b0, INITVAL_29 = 320'b0, INITVAL_2A = 320'b0, INITVAL_2B = 320'b0;
  parameter [319:0] INITVAL_2C = 320'b0, INITVAL_2D = 320'b0, INITVAL_2E = 320'b0, INITVAL_2F = 320'b0;
  parameter [319:0] INITVAL_30 = 320'b0, INITVAL_31 = 320'b0, INITVAL_32 = 320'b0, INITVAL_33 = 320'b0;
  parameter [319:0] INITVAL_34 = 320'b0, INITVAL_35 = 320'b0, INITVAL_36 = 320'b0, INITVAL_37 = 320'b0;
  parameter [319:0] INITVAL_38 = 320'b0, INITVAL_39 = 320'b0, INITVAL_3A = 320'b0, INITVAL_3B = 320'b0;
  parameter [319:0] INITVAL_3C = 320'b0, INITVAL_3D = 320'b0, INITVAL_3E = 320'b0, INITVAL_3F = 320'b0;

  // Each value holds 16 words of 18 bits, each padded to 20 bits.
  localparam [20479:0] Init = {INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B,
    INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34,
    INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D,
    INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26,
    INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F,
    INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
    INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11,
    INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
    INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03,
    INITVAL_02, INITVAL_01, INITVAL_00};

  wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4,
    ADA3, ADA2, ADA1, ADA0};
  wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4,
    ADB3, ADB2, ADB1, ADB0};
  wire [35:0] data_a = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8,
    DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0, DIA17, DIA16, DIA15, DIA14, DIA13, DIA12,
    DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};

  wire [35:0] data_b = {18'b0, data_a[35:18]};

  // Words of 9 bits.
  reg [8:0] mem [0:2047];
  integer i;

  initial begin
    for (i = 0; i < 2048; i = i + 1) mem[i] = Init[20*(i/2)+9*(i%2)+:9];
    #1;
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CSDECODE_A != "0b000" ||
        CSDECODE_B != "0b000" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB" ||
        WRITEMODE_A != "NORMAL" || WRITEMODE_B != "NORMAL" ||
        {RSTA, RSTB, CSA2, CSA1, CSA0, CSB2, CSB1, CSB0} !== 8'b0) begin
      $display("DP16KD: output registers, resets, selects, other clocks or other modes");
      $fatal;
    end
  end

  // The word of `width` bits at an address, which counts bits and, from 9 on, passes over ninths.
  function [35:0] word(input integer width, input [13:0] address);
    case (width)
      36:      word = {mem[{address[13:5], 2'd3}], mem[{address[13:5], 2'd2}],
                       mem[{address[13:5], 2'd1}], mem[{address[13:5], 2'd0}]};
      18:      word = {18'b0, mem[{address[13:4], 1'd1}], mem[{address[13:4], 1'd0}]};
      9:       word = {27'b0, mem[address[13:3]]};
      4:       word = mem[address[13:3]][4*address[2]+:4];
      2:       word = mem[address[13:3]][2*address[2:1]+:2];
      default: word = mem[address[13:3]][address[2:0]];
    endcase
  endfunction

  wire [1:0] clk = {CLKB, CLKA};
  wire [1:0] enable = {CEB, CEA};
  wire [1:0] write = {WEB, WEA};

  for (genvar p = 0; p < 2; p = p + 1) begin : gen_port
    localparam Width = p == 0 ? DATA_WIDTH_A : DATA_WIDTH_B;
    wire [13:0] address = p == 0 ? address_a : address_b;
    wire [35:0] data = p == 0 ? data_a : data_b;
    reg [35:0] read;
    integer i;

    always @(posedge clk[p]) if (enable[p]) begin
      if (write[p] === 1'b1) begin
        case (Width)
          36: for (i = 0; i < 4; i = i + 1) begin
            if (address[i]) mem[{address[13:5], 2'b0}+i] <= data[9*i+:9];
          end
          18: for (i = 0; i < 2; i = i + 1) begin
            if (address[i]) mem[{address[13:4], 1'b0}+i] <= data[9*i+:9];
          end
          9:  mem[address[13:3]] <= data[8:0];
          4:  mem[address[13:3]][4*address[2]+:4] <= data[3:0];
          2:  mem[address[13:3]][2*address[2:1]+:2] <= data[1:0];
          default: mem[address[13:3]][address[2:0]] <= data[0];
        endcase
      end else if (write[p] !== 1'b0) begin
        for (i = 0; i < 2048; i = i + 1) mem[i] <= 9'bx;
      end else begin
        read <= word(Width, address);
      end
    end
  end

  wire [35:0] read_a = gen_port[0].read;
  wire [35:0] read_b = gen_port[1].read;

  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6,
    DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = DATA_WIDTH_B == 36 ? read_b[17:0] : read_a[17:0];
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6,
    DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = DATA_WIDTH_B == 36 ? read_b[35:18] : read_b[17:0];
endmodule
