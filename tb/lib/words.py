# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Random CFP words for the benches: ordinary ones and those at the edges of the format."""

from __future__ import annotations

import numpy as np

from crocuta.models.cfp import Cfp, Format

KINDS = ("samples", "spectrum", "any", "sparse", "edges", "tiny", "huge", "zero")
"""The kinds of words.

samples: real, of similar sizes; spectrum: complex, of similar sizes; any: of all sizes that stay
clear of overflow, some parts zero; sparse: mostly zero; edges: the largest, smallest and unit
mantissas; tiny: exponents down to the smallest; huge: exponents up to the largest; zero: nothing
else.
"""


def random_words(rng: np.random.Generator, kind: str, count: int, fmt: Format) -> Cfp:
    """`count` random words of one of KINDS; every zero has zero's exponent."""
    low, high = -fmt.mantissa_max - 1, fmt.mantissa_max
    e_min, e_max = fmt.exponent_min, fmt.exponent_max
    mantissas = rng.integers(low, high, (2, count), endpoint=True)
    exponent = rng.integers(-20, -14, count, endpoint=True)
    if kind == "samples":
        mantissas[1] = 0
    elif kind == "any":
        # Unnormalised mantissas too: the normaliser is lazy.
        mantissas >>= rng.integers(0, fmt.mantissa_bits, count)
        mantissas *= rng.random((2, count)) < 0.9
        exponent = rng.integers(e_min // 4, e_max // 4, count)
    elif kind == "sparse":
        mantissas *= rng.random(count) < 0.05
        mantissas[rng.integers(0, 2)] *= rng.random(count) < 0.5
    elif kind == "edges":
        mantissas = rng.choice(np.array([low, low + 1, -1, 0, 1, high - 1, high]), (2, count))
        exponent = rng.integers(-2, 2, count)
    elif kind == "tiny":
        exponent = e_min + rng.integers(0, 30, count)
    elif kind == "huge":
        exponent = e_max - rng.integers(0, 4, count)
    elif kind == "zero":
        mantissas[:] = 0
    elif kind != "spectrum":
        raise ValueError(f"there is no kind of words {kind!r}")
    alive = (mantissas != 0).any(axis=0)
    return Cfp(mantissas[0], mantissas[1], np.where(alive, exponent, e_min).astype(np.int32))
