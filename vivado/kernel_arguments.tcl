# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The kernel's arguments and control registers for Vitis: data for a packaging script to source.
# Written by `make registers` from registers/crocuta.rdl: edit that file.
#
# Offsets are in bytes in the address space of s_axi_control, sizes in bits as in ipx::add_register.
# port is the AXI4 master behind a pointer (ASSOCIATED_BUSIF), and empty for a number. Kernels that
# lack the master, or are of another schedule than the argument's, lack the argument. Descriptions
# are the first sentences of those in docs/registers.md.

set crocuta_address_bits 12

set crocuta_control_registers {
  {
    name CTRL offset 0x00 size 32
    description {Starts, ends and acknowledges a job, by Vitis' ap_ctrl_chain.}
    fields {
      {name AP_START offset 0 width 1 access read-write}
      {name AP_DONE offset 1 width 1 access read-only}
      {name AP_IDLE offset 2 width 1 access read-only}
      {name AP_READY offset 3 width 1 access read-only}
      {name AP_CONTINUE offset 4 width 1 access write-only}
      {name SW_RESET offset 8 width 1 access read-write}
    }
  }
  {
    name GIER offset 0x04 size 32
    description {Enables the interrupt line.}
    fields {
      {name Enable offset 0 width 1 access read-write}
    }
  }
  {
    name IP_IER offset 0x08 size 32
    description {Which events set interrupt_status.}
    fields {
      {name CHAN0_INT_EN offset 0 width 1 access read-write}
      {name CHAN1_INT_EN offset 1 width 1 access read-write}
    }
  }
  {
    name IP_ISR offset 0x0C size 32
    description {Enabled events that have occurred. An event wins over a toggle in the same clock.}
    fields {
      {name CHAN0_INT_ST offset 0 width 1 access read-write}
      {name CHAN1_INT_ST offset 1 width 1 access read-write}
    }
  }
}

set crocuta_arguments {
  {
    name mode offset 0x10 size 32 type uint port {}
    schedule {}
    description {The kind of job.}
  }
  {
    name channels offset 0x18 size 32 type uint port {}
    schedule {}
    description {Rows of x, h and y.}
  }
  {
    name length_x offset 0x20 size 32 type uint port {}
    schedule {}
    description {CONVOLVE: samples in a row of x and of y, 1 to 2^max_length_log2.}
  }
  {
    name length_h offset 0x28 size 32 type uint port {}
    schedule {}
    description {Samples in a row of h, 1 to 2^max_length_log2.}
  }
  {
    name x offset 0x30 size 64 type float* port {m_axi_samples}
    schedule {}
    description {CONVOLVE: input samples.}
  }
  {
    name h offset 0x38 size 64 type float* port {m_axi_samples}
    schedule {}
    description {PREPARE: the filter's samples.}
  }
  {
    name h_spectra offset 0x40 size 64 type ulong* port {m_axi_h_spectra}
    schedule {}
    description {The filter's spectra, written by PREPARE and read by CONVOLVE.}
  }
  {
    name x_spectra offset 0x48 size 64 type ulong* port {m_axi_x_spectra}
    schedule {}
    description {CONVOLVE: scratch memory for one row's spectra, or every row's ring.}
  }
  {
    name y offset 0x50 size 64 type float* port {m_axi_samples}
    schedule {}
    description {CONVOLVE: output samples.}
  }
  {
    name z_spectra offset 0x60 size 64 type ulong* port {m_axi_z_spectra}
    schedule {four-step}
    description {Four-step CONVOLVE: scratch memory for the rows of z.}
  }
  {
    name ring offset 0x68 size 32 type uint port {}
    schedule {chunked}
    description {Chunked CONVOLVE: not 0 if x continues a stream.}
  }
  {
    name first_chunk offset 0x70 size 32 type uint port {}
    schedule {chunked}
    description {Chunked CONVOLVE with a ring: chunks of the stream before x.}
  }
}
