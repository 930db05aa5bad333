# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel's registers, for the host; docs/registers.md documents them.

Written by `make registers` from registers/crocuta.rdl: edit that file.
"""

from __future__ import annotations

import enum

from crocuta.models.configs import Config


class Register(enum.IntEnum):
    """Byte offsets; a 64-bit register has its low word first."""

    CONTROL = 0x00
    GLOBAL_INTERRUPT = 0x04
    INTERRUPT_ENABLE = 0x08
    INTERRUPT_STATUS = 0x0C
    MODE = 0x10
    CHANNELS = 0x18
    LENGTH_X = 0x20
    LENGTH_H = 0x28
    X = 0x30
    H = 0x38
    H_SPECTRA = 0x40
    X_SPECTRA = 0x48
    Y = 0x50
    WATCHDOG = 0x58
    Z_SPECTRA = 0x60
    RING = 0x68
    FIRST_CHUNK = 0x70
    STATUS = 0x80
    ERROR = 0x84
    VERSION = 0x88
    IDENTITY = 0x8C
    IDENTITY2 = 0x90
    CHUNKS_DONE = 0x94
    CLOCKS = 0xA0
    MAC_BEATS = 0xA8
    STALL_SAMPLES = 0xB0
    STALL_X = 0xB8
    STALL_H = 0xC0
    STALL_STORE = 0xC8
    STALL_OUTPUT = 0xD0


WIDE = frozenset(
    (
        Register.X,
        Register.H,
        Register.H_SPECTRA,
        Register.X_SPECTRA,
        Register.Y,
        Register.Z_SPECTRA,
        Register.CLOCKS,
        Register.MAC_BEATS,
        Register.STALL_SAMPLES,
        Register.STALL_X,
        Register.STALL_H,
        Register.STALL_STORE,
        Register.STALL_OUTPUT,
    )
)
"""The 64-bit registers."""
COUNTERS = (
    Register.CLOCKS,
    Register.MAC_BEATS,
    Register.STALL_SAMPLES,
    Register.STALL_X,
    Register.STALL_H,
    Register.STALL_STORE,
    Register.STALL_OUTPUT,
)
"""The 64-bit counters of the last job."""


class Control(enum.IntFlag):
    """Bits of CONTROL."""

    START = 1
    DONE = 2
    IDLE = 4
    READY = 8
    CONTINUE = 16
    SW_RESET = 256


class GlobalInterrupt(enum.IntFlag):
    """Bits of GLOBAL_INTERRUPT."""

    ENABLE = 1


class InterruptEnable(enum.IntFlag):
    """Bits of INTERRUPT_ENABLE."""

    DONE = 1
    READY = 2


class InterruptStatus(enum.IntFlag):
    """Bits of INTERRUPT_STATUS."""

    DONE = 1
    READY = 2


class Status(enum.IntFlag):
    """Bits of STATUS."""

    SATURATED = 1
    NON_FINITE = 2
    UNANSWERED = 4


class ErrorCode(enum.IntEnum):
    """Values of ERROR: why the last job ended early."""

    NONE = 0
    MODE = 1
    CHANNELS = 2
    LENGTH_X = 3
    LENGTH_H = 4
    POINTER = 5
    RING = 6
    SAMPLES_READ = 7
    SAMPLES_WRITE = 8
    X_READ = 9
    X_WRITE = 10
    H_READ = 11
    H_WRITE = 12
    ABORTED = 13
    UNANSWERED = 14
    SAMPLES_READ_TIMEOUT = 15
    SAMPLES_WRITE_TIMEOUT = 16
    X_READ_TIMEOUT = 17
    X_WRITE_TIMEOUT = 18
    H_READ_TIMEOUT = 19
    H_WRITE_TIMEOUT = 20


MAX_CHANNELS = 65536
VERSION = 0x0000_0300


def identity(config: Config) -> tuple[int, int]:
    """Returns the values of IDENTITY and IDENTITY2 in a kernel of this configuration."""
    return (
        config.chunk_log2
        | config.lanes << 8
        | config.mantissa_bits << 16
        | config.exponent_bits << 24,
        config.twiddle_bits | config.max_length_log2 << 8 | config.four_step << 16,
    )
