# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The twiddle tables, level by level in tree order.

The transform splits z^C - r = (z^(C/2) - t)(z^(C/2) + t), t = sqrt(r), k times, from r = i (or
r = 1 for a plain FFT). With angles in turns, a block of angle th has the twiddle angle th/2 and
children of angles th/2 and th/2 + 1/2. So the second child's twiddle is i times the first's:
a table holds only the first children's, all in the first quadrant, as T-1 bit unsigned parts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.cfp import FloatArray, IntArray
from crocuta.models.configs import Config


class Twiddles(NamedTuple):
    """Twiddles as signed integers over 2**(T-1)."""

    re: IntArray
    im: IntArray


def block_turns(level: int, right_angle: bool) -> FloatArray:
    """The angles, in turns, of the roots of the 2**(level-1) blocks that `level` splits."""
    turns = np.array([0.25 if right_angle else 0.0])
    for _ in range(1, level):
        turns = np.stack([turns / 2, turns / 2 + 0.5], axis=1).ravel()
    return turns


def twiddle_rom(level: int, right_angle: bool, twiddle_bits: int) -> Twiddles:
    """The twiddles of `level` (1..k) by block index: round(t * 2**(T-1)), clipped to T bits."""
    first = 2 * np.pi * block_turns(level, right_angle)[::2] / 2
    scale = 1 << (twiddle_bits - 1)
    re, im = (
        np.minimum(np.rint(part * scale).astype(np.int64), scale - 1)
        for part in (np.cos(first), np.sin(first))
    )
    if level == 1:
        return Twiddles(re, im)
    # Odd blocks: a quarter turn further, i * (re + i*im) = -im + i*re.
    return Twiddles(
        np.stack([re, -im], axis=1).ravel(),
        np.stack([im, re], axis=1).ravel(),
    )


def column_heap(levels: int, twiddle_bits: int) -> Twiddles:
    """The twiddles of levels 1..`levels` in one table, for columns of any number of rows up to
    2**levels: block j of level s is entry 2**(s-1) + j. Entry 0 is not used."""
    parts = [twiddle_rom(level, True, twiddle_bits) for level in range(1, levels + 1)]
    unused = np.zeros(1, np.int64)
    return Twiddles(
        np.concatenate([unused, *(part.re for part in parts)]),
        np.concatenate([unused, *(part.im for part in parts)]),
    )


def level_rows(level: int, config: Config) -> Twiddles:
    """The contents of the ROM of `level`: (rows, lanes / 2) first-quadrant twiddles.

    Column u is butterfly unit u. A level between lanes has one row: each unit's block index is
    fixed. A later level has a row for each pair of blocks that pass one unit in turn.
    """
    w, units = config.lanes_log2, np.arange(config.lanes // 2)
    if level <= w:
        blocks = (units >> (w - level))[None, :]
    else:
        rows = np.arange(max(1, 1 << (level - w - 1)))
        blocks = (units[None, :] << (level - w)) + 2 * rows[:, None]
    table = twiddle_rom(level, config.right_angle, config.twiddle_bits)
    even = blocks & ~1
    return Twiddles(table.re[even], table.im[even])


def column_rows(level: int, config: Config) -> Twiddles:
    """The contents of the ROM of the column level `level`: the first-quadrant twiddle of each pair
    of its blocks, from the heap, as (rows, 1): the units share it."""
    heap = column_heap(config.column_levels, config.twiddle_bits)
    even = np.arange(1 << (level - 1), 1 << level, 2)
    return Twiddles(heap.re[even, None], heap.im[even, None])
