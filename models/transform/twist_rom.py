# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The twist's two tables, coarse and fine, and the factor that one entry of each makes.

A phase is a whole number in units of 1 / (4 N) turn, N = 2**max_length_log2 the longest transform:
its top two bits are quarter turns, the others index a coarse table by their upper half and a fine
one by their lower. Entries are in the first quarter turn, unsigned and of T bits a part: a part may
be one, as the fine table's nearly all are, so that no factor is short of it. Products are rounded
to signed T bits and so saturate just below one. They are made in the first quarter turn and turned
by whole quarters at the end: no part is ever -2**(T-1), the T-bit number without a negative.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.arithmetic.factor_multiply import factor_multiply
from crocuta.models.cfp import IntArray
from crocuta.models.configs import Config
from crocuta.models.transform.twiddle_rom import Twiddles


class TwistRom(NamedTuple):
    """Both tables."""

    coarse: Twiddles
    fine: Twiddles


def fine_bits(config: Config) -> int:
    """The bits of a phase that index the fine table; the coarse one has as many or one more."""
    return config.max_length_log2 // 2


def twist_rom(config: Config) -> TwistRom:
    """The tables: round(w * 2**(T-1))."""
    fine, quarter = fine_bits(config), 1 << config.max_length_log2
    scale = 1 << (config.twiddle_bits - 1)

    def entries(phases: IntArray) -> Twiddles:
        angle = 0.5 * np.pi * phases / quarter
        return Twiddles(
            *(np.rint(part(angle) * scale).astype(np.int64) for part in (np.cos, np.sin))
        )

    return TwistRom(
        entries(np.arange(quarter >> fine, dtype=np.int64) << fine),
        entries(np.arange(1 << fine, dtype=np.int64)),
    )


def lane_rom(config: Config) -> Twiddles:
    """The factors of a quarter turn's multiples of a lane's part of a row, which have no fine part:
    entries of the coarse table as T-bit factors."""
    coarse = twist_rom(config).coarse
    step = config.chunk_beats >> fine_bits(config)
    assert step >= 1  # as G >= 2: see Config.rows_log2_limit
    most = (1 << (config.twiddle_bits - 1)) - 1
    return Twiddles(*(np.minimum(part[::step], most) for part in coarse))


def product(a: Twiddles, b: Twiddles, config: Config) -> Twiddles:
    """a * b of two factors in the first quarter turn, each part rounded to T bits once."""
    return Twiddles(*factor_multiply(a.re, a.im, b.re, b.im, config.twiddle_bits))


def factors(phases: IntArray, config: Config) -> tuple[Twiddles, IntArray]:
    """The factors of phases, taken modulo a turn: those in the first quarter turn, and the quarter
    turns that they are still to be turned by."""
    fine, bits = fine_bits(config), config.max_length_log2
    rom = twist_rom(config)
    upper = phases >> fine & ((1 << (bits - fine)) - 1)
    lower = phases & ((1 << fine) - 1)
    found = product(
        Twiddles(rom.coarse.re[upper], rom.coarse.im[upper]),
        Twiddles(rom.fine.re[lower], rom.fine.im[lower]),
        config,
    )
    return found, phases >> bits & 3


def quarter_turns(factor: Twiddles, quarters: IntArray) -> Twiddles:
    """The factor times i**quarters: parts exchanged and negated."""
    odd, half = quarters & 1 == 1, quarters & 2 == 2
    re = np.where(odd, -factor.im, factor.re)
    im = np.where(odd, factor.re, factor.im)
    return Twiddles(np.where(half, -re, re), np.where(half, -im, im))
