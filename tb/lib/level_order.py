# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Which words meet in which butterfly at which beat of a level: followed level by level from the
order of the lanes, apart from the closed form that the twiddle tables are made with."""

from __future__ import annotations

import numpy as np

from crocuta.models.cfp import IntArray


def pair_positions(level: int, lanes: int, chunk: int) -> tuple[IntArray, IntArray]:
    """The positions of the two words of unit u at beat t of a level, each as (beats, units).

    Each level pairs two lanes; one that is not wiring between lanes first exchanges lane bit 0
    with a time bit.
    """
    beats = chunk // lanes
    positions = np.arange(chunk).reshape(lanes, beats).T
    for later in range(lanes.bit_length(), level + 1):
        pairs = positions.reshape(-1, 2, chunk >> later, lanes // 2, 2)
        positions = pairs.swapaxes(1, 4).reshape(beats, lanes)
    pair_bit = max(0, lanes.bit_length() - 1 - level)
    first_lanes = [lane for lane in range(lanes) if not lane >> pair_bit & 1]
    first = positions[:, first_lanes]
    second = positions[:, [lane | 1 << pair_bit for lane in first_lanes]]
    assert (second - first == chunk >> level).all()
    return first, second


def blocks(level: int, lanes: int, chunk: int) -> IntArray:
    """The block that unit u works on at beat t of a level, as (beats, units)."""
    result: IntArray = pair_positions(level, lanes, chunk)[0] // (2 * (chunk >> level))
    return result
