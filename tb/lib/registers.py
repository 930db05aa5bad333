# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The control registers as data, read from registers/crocuta.rdl, for everything else in tb. A
64-bit register is two words, the low one first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from systemrdl.node import FieldNode, RegNode

from crocuta.models.configs import Config
from tb.lib.register_map import access, codes, field_of, read_map, reset_of

WORD_BITS = 32
HIGH = "_high"
"""Suffix of the name of a 64-bit register's second word."""


@dataclass(frozen=True)
class Field:
    """A field of a register."""

    name: str
    lsb: int
    bits: int
    access: str
    """UVM's name: RW, RO, WO, RC (cleared by reading), W1S (set by a written 1), W1T (toggled)."""
    reset: int = 0
    parameter: str = ""
    """The configuration parameter that defines its value instead of `reset`."""
    volatile: bool = False
    """Whether hardware changes it."""

    @property
    def mask(self) -> int:
        """The mask of its bits in the register."""
        return ((1 << self.bits) - 1) << self.lsb

    def reset_value(self, config: Config) -> int:
        """The value after a reset."""
        return int(getattr(config, self.parameter)) if self.parameter else self.reset


@dataclass(frozen=True)
class Register:
    """A 32-bit word."""

    name: str
    offset: int
    fields: tuple[Field, ...]
    schedule: str | None = None
    """The only schedule whose kernels have it; None: all do."""

    def exists(self, config: Config) -> bool:
        """Whether a kernel has it."""
        return self.schedule in (None, config.schedule)

    def reset_value(self, config: Config) -> int:
        """The value after a reset."""
        return sum(field.reset_value(config) << field.lsb for field in self.fields)


def _field(node: FieldNode, word: int) -> Field:
    """The part of a field that lies in one word of its register."""
    first, last = WORD_BITS * word, WORD_BITS * (word + 1) - 1
    low, high = max(node.lsb, first), min(node.msb, last)
    bits = high - low + 1
    return Field(
        node.inst_name,
        low - first,
        bits,
        access(node),
        reset_of(node) >> (low - node.lsb) & ((1 << bits) - 1),
        node.get_property("parameter") or "",
        node.is_volatile and node.is_sw_readable,
    )


def _words(node: RegNode) -> Iterator[Register]:
    for word in range(node.get_property("regwidth") // WORD_BITS):
        fields = tuple(
            _field(field, word)
            for field in node.fields()
            if field.lsb // WORD_BITS <= word <= field.msb // WORD_BITS
        )
        name = node.inst_name + (HIGH if word else "")
        offset = node.absolute_address + WORD_BITS // 8 * word
        yield Register(name, offset, fields, node.get_property("schedule"))


MAP = read_map()
SIZE = 1 << MAP.get_property("address_bits")
"""Size of the whole map in bytes."""
REGISTERS = tuple(word for node in MAP.registers() for word in _words(node))
OFFSETS = {register.name: register.offset for register in REGISTERS}
BY_OFFSET = {register.offset: register for register in REGISTERS}
ARGUMENTS = {
    node.inst_name: (node.absolute_address, node.get_property("regwidth"))
    for node in MAP.registers()
    if node.get_property("argument")
}
"""Offset and bits of a job's arguments, by field name."""
ERRORS = tuple(codes(field_of(MAP, "error.code")))
"""The error codes by name, each at its value."""


def bit(register: str, field: str) -> int:
    """The mask of a field."""
    fields = BY_OFFSET[OFFSETS[register]].fields
    return next(each.mask for each in fields if each.name == field)
