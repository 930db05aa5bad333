// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// crocuta_pkg: the constants the host and the kernel share: modes, error codes, register offsets.
// Written by `make registers` from registers/crocuta.rdl: edit that file.

package crocuta_pkg;

  // No module uses all of them.
  // verilator lint_off UNUSEDPARAM

  // The version register: 8 bits each of major, minor and patch.
  localparam int Version = 32'h0000_0300;

  // The mode register.
  localparam int ModePrepare  = 0;
  localparam int ModeConvolve = 1;

  // Maximum values of arguments.
  localparam int MaxChannels = 65536;

  // The error register: why the last job ended early.
  localparam int ErrorBits                = 5;
  localparam int ErrorNone                = 0;
  localparam int ErrorMode                = 1;
  localparam int ErrorChannels            = 2;
  localparam int ErrorLengthX             = 3;
  localparam int ErrorLengthH             = 4;
  localparam int ErrorPointer             = 5;
  localparam int ErrorRing                = 6;
  localparam int ErrorSamplesRead         = 7;
  localparam int ErrorSamplesWrite        = 8;
  localparam int ErrorXRead               = 9;
  localparam int ErrorXWrite              = 10;
  localparam int ErrorHRead               = 11;
  localparam int ErrorHWrite              = 12;
  localparam int ErrorAborted             = 13;
  localparam int ErrorUnanswered          = 14;
  localparam int ErrorSamplesReadTimeout  = 15;
  localparam int ErrorSamplesWriteTimeout = 16;
  localparam int ErrorXReadTimeout        = 17;
  localparam int ErrorXWriteTimeout       = 18;
  localparam int ErrorHReadTimeout        = 19;
  localparam int ErrorHWriteTimeout       = 20;

  // Byte offsets of the registers. A 64-bit register has its low word first.
  localparam int RegControl         = 'h00;
  localparam int RegGlobalInterrupt = 'h04;
  localparam int RegInterruptEnable = 'h08;
  localparam int RegInterruptStatus = 'h0C;
  localparam int RegMode            = 'h10;
  localparam int RegChannels        = 'h18;
  localparam int RegLengthX         = 'h20;
  localparam int RegLengthH         = 'h28;
  localparam int RegX               = 'h30;
  localparam int RegH               = 'h38;
  localparam int RegHSpectra        = 'h40;
  localparam int RegXSpectra        = 'h48;
  localparam int RegY               = 'h50;
  localparam int RegWatchdog        = 'h58;
  localparam int RegZSpectra        = 'h60;
  localparam int RegRing            = 'h68;
  localparam int RegFirstChunk      = 'h70;
  localparam int RegStatus          = 'h80;
  localparam int RegError           = 'h84;
  localparam int RegVersion         = 'h88;
  localparam int RegIdentity        = 'h8C;
  localparam int RegIdentity2       = 'h90;
  localparam int RegChunksDone      = 'h94;
  localparam int RegClocks          = 'hA0;
  localparam int RegMacBeats        = 'hA8;
  localparam int RegStallSamples    = 'hB0;
  localparam int RegStallX          = 'hB8;
  localparam int RegStallH          = 'hC0;
  localparam int RegStallStore      = 'hC8;
  localparam int RegStallOutput     = 'hD0;

  // verilator lint_on UNUSEDPARAM

endpackage
