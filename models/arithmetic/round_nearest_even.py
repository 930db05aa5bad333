# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Rounding to nearest, ties to even: the engine's only rounding."""

from __future__ import annotations

import numpy as np

from crocuta.models.cfp import IntArray


def round_nearest_even(value: IntArray, drop_bits: int, out_bits: int) -> IntArray:
    """Round off the `drop_bits` (>= 1) low bits of signed integers.

    Results that overflow `out_bits` signed bits in rounding saturate.
    """
    kept_lsb = value >> drop_bits & 1
    rounded = (value + ((1 << (drop_bits - 1)) - 1) + kept_lsb) >> drop_bits
    limited: IntArray = np.minimum(rounded, (1 << (out_bits - 1)) - 1)
    return limited
