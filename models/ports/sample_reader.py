# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The strided lanes of linear samples: what the sample reader reads and delivers.

A chunk is C consecutive samples, or a *tile* of the columns of a four-step transform's `rows` rows,
which has C / rows samples of each row. A lane of a tile has G = C / (lanes * rows) consecutive
samples of each row: lane l of beat i * G + g is sample i * C + l * C / lanes + g, counted from the
tile's first one. A chunk of consecutive samples is a tile with one row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crocuta.models.layout import SAMPLE_BYTES, tile_beats

Samples = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.int64]


def positions(lanes: int, chunk: int, rows: int = 1) -> Positions:
    """The index, from the chunk's first sample, of the sample at each (beat, lane)."""
    each = chunk // lanes // rows
    row, lane, beat = np.ogrid[:rows, :lanes, :each]
    found: Positions = row * chunk + lane * (chunk // lanes) + beat
    return found.transpose(0, 2, 1).reshape(-1, lanes)


def read_chunk(
    memory: Samples, addr: int, samples: int, lanes: int, chunk: int, rows: int = 1
) -> Samples:
    """One chunk in strided lanes, with zeros for samples that do not exist.

    Args:
        memory: float32 bit patterns, the first at byte address 0.
        addr: byte address of the chunk's first sample.
        samples: how many samples exist from there on, 0..rows * chunk.

    Returns:
        (chunk / lanes, lanes), the samples at `positions`.
    """
    where = positions(lanes, chunk, rows)
    linear = np.zeros(rows * chunk, np.uint32)
    first = addr // SAMPLE_BYTES
    linear[:samples] = memory[first : first + samples]
    return linear[where]


def bursts(addr: int, samples: int, lanes: int, chunk: int, rows: int = 1) -> list[tuple[int, int]]:
    """The (byte address, AXI beats) of a chunk's bursts, in order: row by row, within a row part by
    part, and within a part lane by lane. An AXI beat is 2 * lanes samples; beats without any sample
    that exists are left out."""
    beat_samples = 2 * lanes
    lane_samples = chunk // lanes // rows
    burst_samples = tile_beats(lanes, chunk // rows)
    found = []
    for row in range(rows):
        for part in range(0, lane_samples, burst_samples):
            for lane in range(lanes):
                first = row * chunk + lane * (chunk // lanes) + part
                exist = min(max(samples - first, 0), burst_samples)
                if exist:
                    found.append((addr + first * SAMPLE_BYTES, -(-exist // beat_samples)))
    return found
