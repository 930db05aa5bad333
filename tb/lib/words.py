# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""CFP words for the benches: random ones, both ordinary and at the limits of the format, and the
packing of lanes into beats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crocuta.models.cfp import Cfp, Format, pack, unpack

KINDS = ("samples", "spectrum", "any", "sparse", "edges", "tiny", "huge", "zero")
"""The kinds of words.

samples: real, of similar magnitudes; spectrum: complex, of similar magnitudes; any: all magnitudes
that stay clear of overflow, some parts zero; sparse: mostly zero; edges: the largest, smallest and
unit mantissas; tiny: exponents down to the smallest; huge: exponents up to the largest; zero: all
zero.
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
        # Includes unnormalised mantissas, because the normaliser is lazy.
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


def beat_ints(beats: Cfp, fmt: Format) -> list[int]:
    """Packs words of shape (beats, lanes) into one integer per beat, lane 0 in the low bits."""
    bits = 2 * fmt.mantissa_bits + fmt.exponent_bits
    total = [0] * beats.shape[0]
    for lane, column in enumerate(pack(beats, fmt).T.tolist()):
        total = [value | word << lane * bits for value, word in zip(total, column, strict=True)]
    return total


def beat_words(beats: Sequence[int], lanes: int, fmt: Format) -> Cfp:
    """Unpacks beats into words of shape (beats, lanes): the inverse of `beat_ints`."""
    bits = 2 * fmt.mantissa_bits + fmt.exponent_bits
    mask = (1 << bits) - 1
    rows = [[beat >> lane * bits & mask for lane in range(lanes)] for beat in beats]
    return unpack(np.array(rows, np.uint64), fmt)
