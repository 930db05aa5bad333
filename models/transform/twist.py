# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The twist of a four-step transform, which turns a row, after the columns, into an ordinary chunk.

Of P rows of C words, N = P * C, row j is a polynomial modulo z^C - r_j. With z = w_j * u it is one
modulo u^C - i: coefficient t is multiplied by w_j^t, whose angle in turns is

    step_j * t / (4 N)          step_j = 4 * rev(j) + 1 - P         rev: the bits of j reversed

Lane l of beat b holds t = l * C/W + b, so w_j^t is the lane's constant of this row times w_j^b,
which all lanes share. Both are `twist_rom`'s factor of a phase. The phase of w_j^b is a counter to
which every beat adds the row's step. Lane 0's constant is one, so its factor is w_j^b itself.
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
    """For each of a transform's `rows` rows, the phase step from one word to the next: (rows,)."""
    bits = config.rows_max.bit_length() - 1
    reversed_rows = np.zeros(rows, np.int64)
    for bit in range(bits):  # always reversed as for the most rows, so that no shift depends on P
        reversed_rows |= (np.arange(rows) >> bit & 1) << (bits - 1 - bit)
    spare = config.rows_max // rows
    # In units of the longest transform, the step is `spare` times 4 * rev(j) + 1 - P; the bits
    # reversed above are `spare` times rev(j) already.
    return 4 * reversed_rows + spare - config.rows_max


def lane_constants(steps: IntArray, config: Config) -> tuple[Twiddles, IntArray]:
    """w_j^(l*C/W), (rows, lanes): factors in the first quarter turn, and the quarter turns left."""
    return factors(steps[:, None] * (np.arange(config.lanes) * config.chunk_beats), config)


def beat_factors(steps: IntArray, config: Config) -> tuple[Twiddles, IntArray]:
    """w_j^b, (rows, beats), in the same form as `lane_constants`."""
    return factors(steps[:, None] * np.arange(config.chunk_beats), config)


def twist_factors(rows: slice, of: int, config: Config) -> Twiddles:
    """w_j^t, (rows, C), for some of a transform's `of` rows: T-bit integers over 2**(T-1)."""
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
    """Turns the words (rows, C) of some of the `of` rows, after the columns, into chunks."""
    w = twist_factors(rows, of, config)
    done = rotate(words, w.re, w.im, config.twiddle_bits, Format.of(config))
    return Transformed(done.word, done.saturated)


def untwist(words: Cfp, rows: slice, of: int, config: Config) -> Transformed:
    """The inverse of `twist`, by the conjugate factors."""
    w = twist_factors(rows, of, config)
    done = rotate(words, w.re, -w.im, config.twiddle_bits, Format.of(config))
    return Transformed(done.word, done.saturated)
