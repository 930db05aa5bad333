# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The product of a CFP word and a complex integer: the rotator's and the spectral MAC's product."""

from __future__ import annotations

import numpy as np

from crocuta.models.arithmetic.cfp_normalise import Normalised, cfp_normalise
from crocuta.models.cfp import Cfp, Format, IntArray


def cfp_multiply(
    a: Cfp,
    b_re: IntArray,
    b_im: IntArray,
    b_exponent: IntArray | int,
    in_bits: int,
    fmt: Format,
) -> Normalised:
    """a * (b_re + i*b_im) * 2**b_exponent, rounded once.

    `in_bits` is the width of the exact product's parts.
    """
    re = a.re.astype(np.int64) * b_re - a.im.astype(np.int64) * b_im
    im = a.re.astype(np.int64) * b_im + a.im.astype(np.int64) * b_re
    return cfp_normalise(re, im, a.exponent + b_exponent, in_bits, fmt)


def rotate(b: Cfp, t_re: IntArray, t_im: IntArray, twiddle_bits: int, fmt: Format) -> Normalised:
    """The rotator: b * t with |t| <= 1 given as T-bit integers over 2**(T-1)."""
    # |b * t| <= sqrt(2) * 2**(M-1): M + T bits hold each part of the product.
    return cfp_multiply(b, t_re, t_im, 1 - twiddle_bits, fmt.mantissa_bits + twiddle_bits, fmt)


def multiply(x: Cfp, h: Cfp, fmt: Format) -> Normalised:
    """x * h for two CFP words."""
    return cfp_multiply(x, h.re, h.im, h.exponent, 2 * fmt.mantissa_bits + 1, fmt)
