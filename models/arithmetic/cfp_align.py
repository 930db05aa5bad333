# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Aligns two CFP words to a common exponent, so that they can be added."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.cfp import GUARD_BITS, Cfp, IntArray


class Aligned(NamedTuple):
    """Two words' parts as integers of M + G bits over one exponent."""

    a_re: IntArray
    a_im: IntArray
    b_re: IntArray
    b_im: IntArray
    exponent: IntArray


def cfp_align(a: Cfp, b: Cfp) -> Aligned:
    """Shift the word with the smaller exponent right, keeping G guard bits.

    Everything shifted out is ORed into the last kept bit (sticky), so that the rounding that
    follows still knows on which side of a tie the value lies.
    """

    def shift(part: IntArray, amount: IntArray) -> IntArray:
        wide = part << GUARD_BITS
        kept = wide >> amount
        jammed: IntArray = kept | ((kept << amount) != wide)
        return jammed

    # No mantissa has 30 bits, so a shift by 30 already leaves only the sign and the sticky bit.
    difference = a.exponent - b.exponent
    a_shift = np.clip(-difference, 0, 30)
    b_shift = np.clip(difference, 0, 30)
    return Aligned(
        shift(a.re, a_shift),
        shift(a.im, a_shift),
        shift(b.re, b_shift),
        shift(b.im, b_shift),
        np.maximum(a.exponent, b.exponent) - np.int32(GUARD_BITS),
    )
