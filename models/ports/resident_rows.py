# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a four-step transform that stay on the chip: which ones, where the others are in
memory, and the interlock that protects a word until it has been read.

The first `resident` rows of x stay on the chip, and rows of z overwrite them. The ports address row
j of x at byte 8 * chunk * j, and row j of z `rows` rows after it. In memory, the other rows are
contiguous from x_spectra: first those of x, then those of z.
"""

from __future__ import annotations

import numpy as np

from crocuta.models.configs import Config
from crocuta.models.layout import WORD_BYTES
from crocuta.models.ports.spectrum_ports import Slots, bursts


def resident_rows(config: Config, rows: int) -> int:
    """How many of a transform's `rows` rows stay on the chip: the first ones."""
    return min(rows, config.resident)


def memory_address(config: Config, addr: int, rows: int, x_spectra: int) -> int | None:
    """The byte address in memory for the ports' address `addr`; None if it is on the chip."""
    size = config.chunk * WORD_BYTES
    part, row = divmod(addr // size, rows)
    if row < config.resident:
        return None
    return x_spectra + addr - (part + 1) * config.resident * size


class Interlock:
    """Decides when a beat of x may be written to the chip. Tiles are written and read in the same
    order, so at most the `beats` of one channel may be written and unread."""

    def __init__(self, beats: int) -> None:
        self.beats, self.lead = beats, 0

    @property
    def open(self) -> bool:
        """Whether the next beat may be written."""
        return self.lead < self.beats

    def write(self, beats: int = 1) -> None:
        """Counts beats that are written: those of x."""
        self.lead += beats

    def read(self, beats: int = 1) -> None:
        """Counts beats that are read: those of z."""
        self.lead -= beats


class ResidentRows:
    """The on-chip and the AXI memory behind the ports of a job with P = `rows`."""

    def __init__(self, config: Config, memory: Slots, x_spectra: int, rows: int) -> None:
        self.config, self.memory, self.x_spectra, self.rows = config, memory, x_spectra, rows
        self.chip = np.zeros(config.resident * config.chunk, np.uint64)

    def _part(self, addr: int, beats: int) -> Slots:
        """The slots of a burst, as a view of the memory that holds them."""
        at, memory = memory_address(self.config, addr, self.rows, self.x_spectra), self.memory
        if at is None:
            at, memory = addr % (self.rows * self.config.chunk * WORD_BYTES), self.chip
        return memory[at // WORD_BYTES :][: beats * self.config.lanes]

    def read_chunk(self, addr: int, rows: int = 1) -> Slots:
        """As `spectrum_ports.read_chunk`."""
        parts = [self._part(*burst) for burst in bursts(self.config, addr, rows)]
        return np.concatenate(parts).reshape(self.config.chunk_beats, self.config.lanes)

    def write_chunk(self, addr: int, beats: Slots, rows: int = 1) -> None:
        """As `spectrum_ports.write_chunk`."""
        left = beats.ravel()
        for burst in bursts(self.config, addr, rows):
            part = self._part(*burst)
            part[:] = left[: len(part)]
            left = left[len(part) :]
