# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The order in which the ports of spectra move a chunk: its bursts, and where its beats lie.

A row is a chunk of consecutive beats. A *tile* of the columns of a four-step transform's `rows`
rows has G = chunk_beats / rows beats of each, one after the other, in the order in which the
engine's last column level delivers them behind the restoring commutator: the tile's step s belongs
to row s rotated left by one bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crocuta.models.configs import Config
from crocuta.models.layout import WORD_BYTES, spectrum_burst_beats
from crocuta.models.transform.fft_engine import step_rows

Slots = npt.NDArray[np.uint64]


def bursts(config: Config, addr: int, rows: int = 1) -> list[tuple[int, int]]:
    """The (byte address, beats) of a chunk's bursts in their order: a row's if `rows` is 1.

    Args:
        addr: byte address of the row's first beat, or of the tile's first in row 0.
    """
    beat_bytes = config.lanes * WORD_BYTES
    each = config.chunk_beats // rows
    burst = spectrum_burst_beats(config.lanes, config.chunk // rows)
    return [
        (addr + (row * config.chunk_beats + beat) * beat_bytes, burst)
        for row in step_rows(rows).tolist()
        for beat in range(0, each, burst)
    ]


def read_chunk(config: Config, memory: Slots, addr: int, rows: int = 1) -> Slots:
    """A chunk's beats (chunk_beats, lanes) of 64-bit slots, burst by burst.

    Args:
        memory: slots, the first at byte address 0.
    """
    parts = [
        memory[start // WORD_BYTES :][: beats * config.lanes]
        for start, beats in bursts(config, addr, rows)
    ]
    return np.concatenate(parts).reshape(config.chunk_beats, config.lanes)


def write_chunk(config: Config, memory: Slots, addr: int, beats: Slots, rows: int = 1) -> None:
    """Writes a chunk's beats where `read_chunk` finds them."""
    left = beats.ravel()
    for start, count in bursts(config, addr, rows):
        words = count * config.lanes
        memory[start // WORD_BYTES :][:words] = left[:words]
        left = left[words:]
