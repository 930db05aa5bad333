# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The twist of a four-step transform: what makes a row, after the columns, an ordinary chunk.

Of P rows of C words, N = P * C, row j is a polynomial modulo z^C - r_j. With z = w_j * u it is one
modulo u^C - i: coefficient t is multiplied by w_j^t, whose angle in turns is

    step_j * t / (4 N)          step_j = 4 * rev(j) + 1 - P         rev: the bits of j reversed

Lane l of beat b holds t = l * C/W + b, so w_j^t is the lane's constant of this row times w_j^b,
which all lanes share. Both come from one table lookup: `twist_rom`'s factor of a phase. The phase
of w_j^b is a counter that adds the row's step every beat. Lane 0's constant is one: there w_j^b
itself is the factor.
"""

from __future__ import annotations

import numpy as np

from crocuta.models.arithmetic.cfp_multiply import rotate
from crocuta.models.cfp import Cfp, Format, IntArray
from crocuta.models.configs import Config
from crocuta.models.transform.fft_engine import Transformed
from crocuta.models.transform.twiddle_rom import Twiddles
from crocuta.models.transform.twist_rom import factors, product, quarter_turns


def row_steps(rows: int, config: Config) -> IntArray:
    """The phase from one word to the next of every row of a transform of `rows` rows."""
    bits = config.rows_max.bit_length() - 1
    reversed_rows = np.zeros(rows, np.int64)
    for bit in range(bits):  # as if of the most rows there are: so no shift depends on their number
        reversed_rows |= (np.arange(rows) >> bit & 1) << (bits - 1 - bit)
    spare = config.rows_max // rows
    # Of fewer rows the reversed bits lie `spare` higher, as the unit of the phase is smaller.
    return 4 * reversed_rows + spare - config.rows_max


def lane_constants(steps: IntArray, config: Config) -> tuple[Twiddles, IntArray]:
    """w_j^(l*C/W) by (row, lane), as a factor in the first quarter turn and quarter turns."""
    return factors(steps[:, None] * (np.arange(config.lanes) * config.chunk_beats), config)


def beat_factors(steps: IntArray, config: Config) -> tuple[Twiddles, IntArray]:
    """w_j^b by (row, beat), the same way."""
    return factors(steps[:, None] * np.arange(config.chunk_beats), config)


def twist_factors(rows: slice, of: int, config: Config) -> Twiddles:
    """w_j^t by (row, t) for some of a transform's `of` rows: T-bit integers over 2**(T-1)."""
    steps = row_steps(of, config)[rows]
    lanes, lane_quarters = lane_constants(steps, config)
    beats, beat_quarters = beat_factors(steps, config)
    found = product(
        Twiddles(lanes.re[:, :, None], lanes.im[:, :, None]),
        Twiddles(beats.re[:, None], beats.im[:, None]),
        config,
    )
    found.re[:, 0], found.im[:, 0] = beats.re, beats.im
    turned = quarter_turns(found, lane_quarters[:, :, None] + beat_quarters[:, None])
    return Twiddles(*(part.reshape(len(steps), config.chunk) for part in turned))


def twist(words: Cfp, rows: slice, of: int, config: Config) -> Transformed:
    """The words (rows, C) of some of the `of` rows behind the columns, as chunks for the engine."""
    w = twist_factors(rows, of, config)
    done = rotate(words, w.re, w.im, config.twiddle_bits, Format.of(config))
    return Transformed(done.word, done.saturated)


def untwist(words: Cfp, rows: slice, of: int, config: Config) -> Transformed:
    """The inverse of `twist`: by the conjugate."""
    w = twist_factors(rows, of, config)
    done = rotate(words, w.re, -w.im, config.twiddle_bits, Format.of(config))
    return Transformed(done.word, done.saturated)
