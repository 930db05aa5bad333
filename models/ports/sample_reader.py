# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The strided lanes of linear samples: what the sample reader reads and delivers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crocuta.models.layout import SAMPLE_BYTES

Samples = npt.NDArray[np.uint32]
BURST_BEATS = 16
"""The longest burst of one lane, unless the whole chunk of a lane is shorter."""


def read_chunk(memory: Samples, addr: int, samples: int, lanes: int, chunk: int) -> Samples:
    """One chunk in strided lanes, zeros where samples do not exist.

    Args:
        memory: float32 patterns, the first at byte address 0.
        addr: byte address of the chunk's first sample.
        samples: how many samples of the chunk exist, 0..chunk.

    Returns:
        (chunk / lanes, lanes): lane l of beat t is sample l * chunk / lanes + t.
    """
    linear = np.zeros(chunk, np.uint32)
    first = addr // SAMPLE_BYTES
    linear[:samples] = memory[first : first + samples]
    return linear.reshape(lanes, chunk // lanes).T


def bursts(addr: int, samples: int, lanes: int, chunk: int) -> list[tuple[int, int]]:
    """The (byte address, AXI beats) of a chunk's bursts in their order: tile by tile, then lane by
    lane. An AXI beat is 2 * lanes samples; only beats with a sample that exists are moved."""
    beat_samples = 2 * lanes
    lane_samples = chunk // lanes
    burst_samples = min(lane_samples, BURST_BEATS * beat_samples)
    found = []
    for tile in range(0, lane_samples, burst_samples):
        for lane in range(lanes):
            first = lane * lane_samples + tile
            exist = min(max(samples - first, 0), burst_samples)
            if exist:
                found.append((addr + first * SAMPLE_BYTES, -(-exist // beat_samples)))
    return found
