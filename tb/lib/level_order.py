# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Which words meet in which butterfly at which beat of a level: followed level by level from the
order of the lanes, apart from the closed form that the twiddle tables are made with."""

from __future__ import annotations

import numpy as np

from crocuta.models.cfp import IntArray


def pair_positions(
    level: int, lanes: int, chunk: int, columns: int = 0
) -> tuple[IntArray, IntArray]:
    """The positions of the two words of unit u at beat t of a level, each as (beats, units).

    Each level pairs two lanes; one that is not wiring between lanes first exchanges lane bit 0
    with a time bit. With `columns` the chunk is a tile, in the order (row, lane, word), and the
    engine's level is one of its column levels.
    """
    beats = chunk // lanes
    rows = 1 << columns
    tile = np.arange(chunk).reshape(rows, lanes, beats // rows)
    positions = tile.swapaxes(1, 2).reshape(beats, lanes)
    for later in range(lanes.bit_length(), level + 1):
        pairs = positions.reshape(-1, 2, chunk >> later, lanes // 2, 2)
        positions = pairs.swapaxes(1, 4).reshape(beats, lanes)
    pair_bit = max(0, lanes.bit_length() - 1 - level)
    apart = chunk >> (level - lanes.bit_length() + 1 if columns else level)
    first_lanes = [lane for lane in range(lanes) if not lane >> pair_bit & 1]
    first = positions[:, first_lanes]
    second = positions[:, [lane | 1 << pair_bit for lane in first_lanes]]
    assert (second - first == apart).all()
    return first, second


def blocks(level: int, lanes: int, chunk: int, columns: int = 0) -> IntArray:
    """The block that unit u works on at beat t of a level, as (beats, units)."""
    first, second = pair_positions(level, lanes, chunk, columns)
    result: IntArray = first // (2 * (second - first))
    return result
