# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Writes strided lanes to linear memory, as the sample writer does, with the bursts of
`crocuta.models.ports.sample_reader.bursts`."""

from __future__ import annotations

from crocuta.models.layout import SAMPLE_BYTES
from crocuta.models.ports.sample_reader import Samples, positions


def write_chunk(memory: Samples, addr: int, samples: int, beats: Samples, rows: int = 1) -> None:
    """Writes the samples of one chunk that exist; the rest of `memory` is unchanged.

    Args:
        memory: float32 patterns, the first at byte address 0; changed in place.
        addr: byte address of the chunk's first sample.
        samples: how many samples exist from there on, 0..rows * chunk.
        beats: the whole chunk in strided lanes, (chunk / lanes, lanes).
        rows: those of the four-step transform of whose columns the chunk is a tile.
    """
    lanes = beats.shape[1]
    where = positions(lanes, beats.size, rows)
    exist = where < samples
    memory[addr // SAMPLE_BYTES + where[exist]] = beats[exist]
