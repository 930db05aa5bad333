# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The twist's coarse and fine tables, and the factor that one entry of each gives.

A phase is an integer in units of 1 / (4 N) turn, where N = 2**max_length_log2 is the longest
transform. Its top two bits count quarter turns; the upper half of the others indexes the coarse
table, the lower half the fine one. Entries lie in the first quarter turn. Each part has T unsigned
bits and may be exactly one, as nearly all real parts of the fine table are, so that they do not
make factors too small. Products are rounded to T signed bits, and so saturate just below one. They
are computed in the first quarter turn and rotated by whole quarters at the end, so no part is ever
-2**(T-1), which cannot be negated in T bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.arithmetic.factor_multiply import factor_multiply
from crocuta.models.cfp import IntArray
from crocuta.models.configs import Config
from crocuta.models.transform.twiddle_rom import Twiddles


class TwistRom(NamedTuple):
    """Both tables; entries are integers over 2**(T-1)."""

    coarse: Twiddles
    fine: Twiddles


def fine_bits(config: Config) -> int:
    """Bits of a phase that index the fine table; the coarse one has as many, or one more."""
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
    """The factors of the lanes' first words, whose phases are multiples of C/W and have no fine
    part: entries of the coarse table within a quarter turn, saturated to T signed bits."""
    coarse = twist_rom(config).coarse
    step = config.chunk_beats >> fine_bits(config)
    assert step >= 1  # as G >= 2: see Config.rows_log2_limit
    most = (1 << (config.twiddle_bits - 1)) - 1
    return Twiddles(*(np.minimum(part[::step], most) for part in coarse))


def product(a: Twiddles, b: Twiddles, config: Config) -> Twiddles:
    """a * b of two factors in the first quarter turn, each part rounded once to T bits."""
    return Twiddles(*factor_multiply(a.re, a.im, b.re, b.im, config.twiddle_bits))


def factors(phases: IntArray, config: Config) -> tuple[Twiddles, IntArray]:
    """The factors of phases, taken modulo a turn: factors in the first quarter turn, and the number
    of quarter turns by which each must still be rotated."""
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
