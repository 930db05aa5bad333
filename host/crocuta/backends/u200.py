# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Where a kernel's data are on an Alveo U200, which has four DDR4 memories: for its builds, in
flow/build.py, and for the backend `xdma`."""

from __future__ import annotations

from typing import NamedTuple

from crocuta.kernel import Bank, banks
from crocuta.models.configs import Config

MEMORY_BYTES = 1 << 34
"""The size of one of the card's memories. In the design without a shell, memory N begins at N times
this, for the DMA engines and for the kernel."""
REGISTERS = 0
"""The address of the kernel's registers in that design, in the BAR behind /dev/xdma0_user."""


class Place(NamedTuple):
    """A part of the address space."""

    base: int
    size: int


def memories(config: Config) -> dict[Bank, int]:
    """The number of the card's memory behind each of the kernel's ports.

    Each port has a memory to itself. A kernel that keeps all rows of its transforms on the chip
    has only two ports; both have memory 0, since one of four such kernels on a card gets no more.
    """
    used = banks(config)
    return {bank: int(bank) if Bank.X_SPECTRA in used else 0 for bank in used}


def places(config: Config) -> dict[Bank, Place]:
    """The addresses of each of the kernel's memories; ports that share one have equal parts of
    it."""
    numbers = memories(config)
    found: dict[Bank, Place] = {}
    for bank, number in numbers.items():
        sharing = [other for other in numbers if numbers[other] == number]
        size = MEMORY_BYTES // len(sharing)
        found[bank] = Place(number * MEMORY_BYTES + sharing.index(bank) * size, size)
    return found
