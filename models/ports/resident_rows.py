# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a four-step transform that stay on the chip: which ones, where the others are in
memory, and the interlock that protects a word until it has been read.

The first `resident` rows of x stay on the chip, and rows of z overwrite them. The ports address row
j of x or z at byte 8 * chunk * j. In memory, the other rows are contiguous from x_spectra and from
z_spectra.
"""

from __future__ import annotations

import numpy as np

from crocuta.models.configs import Config
from crocuta.models.layout import WORD_BYTES
from crocuta.models.ports.spectrum_ports import Slots, bursts


def resident_rows(config: Config, rows: int) -> int:
    """How many of a transform's `rows` rows stay on the chip: the first ones."""
    return min(rows, config.resident)


def memory_address(config: Config, addr: int, base: int) -> int | None:
    """The byte address in memory for a port's address `addr`, with the rows in memory from `base`,
    x_spectra or z_spectra; None if it is on the chip."""
    beyond = addr - config.resident * config.chunk * WORD_BYTES
    return base + beyond if beyond >= 0 else None


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
    """The rows of x or z as their ports address them: the first ones on the chip, in `chip`, which
    x and z share, and the others in `memory` from the byte address `base`."""

    def __init__(self, config: Config, chip: Slots, memory: Slots, base: int) -> None:
        self.config, self.chip, self.memory, self.base = config, chip, memory, base

    def _part(self, addr: int, beats: int) -> Slots:
        """The slots of a burst, as a view of the memory that holds them."""
        at = memory_address(self.config, addr, self.base)
        part = self.chip[addr // WORD_BYTES :] if at is None else self.memory[at // WORD_BYTES :]
        return part[: beats * self.config.lanes]

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
