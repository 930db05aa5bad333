# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a four-step transform that stay on the chip: which ones, where the others lie, and
the interlock that keeps a word until it was read.

The first `resident` rows of Z, and in their places those of Z'. The ports address row j of Z at
byte 8 * chunk * j and row j of Z' `rows` rows behind it; in memory the other rows lie one after
the other from x_spectra, those of Z and then those of Z'.
"""

from __future__ import annotations

import numpy as np

from crocuta.models.configs import Config
from crocuta.models.layout import WORD_BYTES
from crocuta.models.ports.spectrum_ports import Slots, bursts


def resident_rows(config: Config, rows: int) -> int:
    """The rows of a transform of `rows` rows that stay on the chip: its first ones."""
    return min(rows, config.resident)


def memory_address(config: Config, addr: int, rows: int, x_spectra: int) -> int | None:
    """The byte address in memory of what the ports address at `addr`; None: it is on the chip."""
    size = config.chunk * WORD_BYTES
    part, row = divmod(addr // size, rows)
    if row < config.resident:
        return None
    return x_spectra + addr - (part + 1) * config.resident * size


class Interlock:
    """When a beat of Z may be written to the chip: as many may be written and not yet read as a
    channel has, because tiles are written and read in one order."""

    def __init__(self, beats: int) -> None:
        self.beats, self.lead = beats, 0

    @property
    def open(self) -> bool:
        """Whether the next beat may be written."""
        return self.lead < self.beats

    def write(self, beats: int = 1) -> None:
        """Beats of Z are written."""
        self.lead += beats

    def read(self, beats: int = 1) -> None:
        """Beats of Z' are read."""
        self.lead -= beats


class ResidentRows:
    """Both memories behind the ports of a job, whose `rows` are P."""

    def __init__(self, config: Config, memory: Slots, x_spectra: int, rows: int) -> None:
        self.config, self.memory, self.x_spectra, self.rows = config, memory, x_spectra, rows
        self.chip = np.zeros(config.resident * config.chunk, np.uint64)

    def _part(self, addr: int, beats: int) -> Slots:
        """A burst's slots, in the memory that has them."""
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
