# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The control registers as data: names, offsets, fields. Everything else in tb takes them from
here; registers of 64 bits are two words, the low one first."""

from __future__ import annotations

from dataclasses import dataclass

from models.configs import Config

SIZE = 0x1000
"""Bytes of the whole map."""
VERSION = 0x0100
HIGH = "_high"
"""What the name of a 64-bit register's second word ends in."""


@dataclass(frozen=True)
class Field:
    """Some bits of a register."""

    name: str
    lsb: int
    bits: int
    access: str
    """UVM's name: RW, RO, WO, RC (cleared by reading), W1S (set by a written 1), W1T (toggled)."""
    reset: int = 0
    parameter: str = ""
    """The configuration's parameter that it holds instead of `reset`."""
    volatile: bool = False
    """Hardware changes it."""

    @property
    def mask(self) -> int:
        """Its bits in the register."""
        return ((1 << self.bits) - 1) << self.lsb

    def reset_value(self, config: Config) -> int:
        """After a reset."""
        return int(getattr(config, self.parameter)) if self.parameter else self.reset


@dataclass(frozen=True)
class Register:
    """A word of 32 bits."""

    name: str
    offset: int
    fields: tuple[Field, ...]

    def reset_value(self, config: Config) -> int:
        """After a reset."""
        return sum(field.reset_value(config) << field.lsb for field in self.fields)


def _argument(name: str, offset: int, bits: int = 32) -> list[Register]:
    words = [Register(name, offset, (Field("value", 0, 32, "RW"),))]
    if bits == 64:
        words += [Register(name + HIGH, offset + 4, (Field("value", 0, 32, "RW"),))]
    return words


def _counter(name: str, offset: int, bits: int = 64) -> list[Register]:
    words = [Register(name, offset, (Field("value", 0, 32, "RO", volatile=True),))]
    if bits == 64:
        high = (Field("value", 0, 32, "RO", volatile=True),)
        words += [Register(name + HIGH, offset + 4, high)]
    return words


REGISTERS = (
    Register(
        "control",
        0x00,
        (
            Field("start", 0, 1, "W1S", volatile=True),
            Field("done", 1, 1, "RO", volatile=True),
            Field("idle", 2, 1, "RO", reset=1, volatile=True),
            Field("ready", 3, 1, "RC", volatile=True),
            Field("continue", 4, 1, "WO"),
        ),
    ),
    Register("global_interrupt", 0x04, (Field("enable", 0, 1, "RW"),)),
    Register("interrupt_enable", 0x08, (Field("done", 0, 1, "RW"), Field("ready", 1, 1, "RW"))),
    Register(
        "interrupt_status",
        0x0C,
        (Field("done", 0, 1, "W1T", volatile=True), Field("ready", 1, 1, "W1T", volatile=True)),
    ),
    *_argument("mode", 0x10),
    *_argument("channels", 0x18),
    *_argument("length_x", 0x20),
    *_argument("length_h", 0x28),
    *_argument("x", 0x30, 64),
    *_argument("h", 0x38, 64),
    *_argument("h_spectra", 0x40, 64),
    *_argument("x_spectra", 0x48, 64),
    *_argument("y", 0x50, 64),
    Register(
        "status",
        0x80,
        (
            Field("saturated", 0, 1, "RO", volatile=True),
            Field("non_finite", 1, 1, "RO", volatile=True),
        ),
    ),
    Register("error", 0x84, (Field("code", 0, 4, "RO", volatile=True),)),
    Register("version", 0x88, (Field("value", 0, 32, "RO", reset=VERSION),)),
    Register(
        "identity",
        0x8C,
        (
            Field("chunk_log2", 0, 8, "RO", parameter="chunk_log2"),
            Field("lanes", 8, 8, "RO", parameter="lanes"),
            Field("mantissa_bits", 16, 8, "RO", parameter="mantissa_bits"),
            Field("exponent_bits", 24, 8, "RO", parameter="exponent_bits"),
        ),
    ),
    Register(
        "identity_2",
        0x90,
        (
            Field("twiddle_bits", 0, 8, "RO", parameter="twiddle_bits"),
            Field("max_length_log2", 8, 8, "RO", parameter="max_length_log2"),
        ),
    ),
    *_counter("chunks_done", 0x94, 32),
    *_counter("clocks", 0xA0),
    *_counter("mac_beats", 0xA8),
    *_counter("stall_samples", 0xB0),
    *_counter("stall_x", 0xB8),
    *_counter("stall_h", 0xC0),
    *_counter("stall_store", 0xC8),
    *_counter("stall_output", 0xD0),
)

OFFSETS = {register.name: register.offset for register in REGISTERS}
BY_OFFSET = {register.offset: register for register in REGISTERS}

ARGUMENTS = {
    name: (OFFSETS[name], 64 if name + HIGH in OFFSETS else 32)
    for name in (
        "mode",
        "channels",
        "length_x",
        "length_h",
        "x",
        "h",
        "h_spectra",
        "x_spectra",
        "y",
    )
}
"""A job's arguments by the names of its fields: offset and bits."""


def bit(register: str, field: str) -> int:
    """The mask of a field."""
    fields = BY_OFFSET[OFFSETS[register]].fields
    return next(each.mask for each in fields if each.name == field)
