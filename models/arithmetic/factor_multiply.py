# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The product of two complex factors, from which the twist computes its own."""

from __future__ import annotations

from crocuta.models.arithmetic.round_nearest_even import round_nearest_even
from crocuta.models.cfp import IntArray


def factor_multiply(
    a_re: IntArray, a_im: IntArray, b_re: IntArray, b_im: IntArray, bits: int
) -> tuple[IntArray, IntArray]:
    """re and im of a * b, integers over 2**(bits-1), each rounded once to `bits` signed bits and
    saturated just below one."""
    re = a_re * b_re - a_im * b_im
    im = a_re * b_im + a_im * b_re
    return round_nearest_even(re, bits - 1, bits), round_nearest_even(im, bits - 1, bits)
