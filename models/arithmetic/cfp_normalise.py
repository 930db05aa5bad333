# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Normalising and rounding a wide result to a CFP word."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.arithmetic.round_nearest_even import round_nearest_even
from crocuta.models.cfp import Cfp, Format, IntArray

MAX_SHIFT = 3  # four positions of the mantissa: one four-way multiplexer


class Normalised(NamedTuple):
    """A CFP word and whether any of its exponents overflowed."""

    word: Cfp
    saturated: bool


def cfp_normalise(
    re: IntArray, im: IntArray, exponent: IntArray, in_bits: int, fmt: Format
) -> Normalised:
    """Bring (re + i*im) * 2**exponent, signed integers of `in_bits`, into the CFP format.

    The shift is lazy: left by the redundant sign bits that both parts have, but at most MAX_SHIFT;
    the next operation's normaliser makes up for the rest. The low `in_bits` - M bits are then
    rounded off. Zero gets the most negative exponent, exponent overflow saturates each nonzero
    part, and exponent underflow gives zero.
    """
    drop_bits = in_bits - fmt.mantissa_bits
    magnitude = (re ^ (re >> 63)) | (im ^ (im >> 63))
    shift = np.zeros(magnitude.shape, np.int32)
    for redundant in range(1, MAX_SHIFT + 1):
        shift += magnitude < 1 << (in_bits - 1 - redundant)
    re = round_nearest_even(re << shift, drop_bits, fmt.mantissa_bits)
    im = round_nearest_even(im << shift, drop_bits, fmt.mantissa_bits)
    exponent = exponent + np.int32(drop_bits) - shift

    nonzero = (re | im) != 0
    overflow = (exponent > fmt.exponent_max) & nonzero
    saturated = bool(overflow.any())
    if saturated:
        re, im = (
            np.where(
                overflow & (part != 0),
                np.where(part < 0, -fmt.mantissa_max - 1, fmt.mantissa_max),
                part,
            )
            for part in (re, im)
        )
        exponent = np.minimum(exponent, fmt.exponent_max)
    alive = nonzero & (exponent >= fmt.exponent_min)
    if not alive.all():
        re, im = re * alive, im * alive
        exponent = np.where(alive, exponent, fmt.exponent_min)
    return Normalised(Cfp(re, im, exponent.astype(np.int32)), saturated)
