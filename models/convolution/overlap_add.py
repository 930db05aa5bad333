# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Overlap-add: y_k = Re z_k + Im z_(k-1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.arithmetic.cfp_add import cfp_add
from crocuta.models.cfp import Cfp, Format, IntArray, zeros


class Overlapped(NamedTuple):
    """The output chunk, the tail for the next one, and whether an exponent overflowed."""

    y: Cfp
    tail: Cfp
    saturated: bool


def real_word(mantissa: IntArray, exponent: IntArray, fmt: Format) -> Cfp:
    """One part of a complex word as a real word; a zero gets zero's exponent."""
    return Cfp(
        mantissa,
        np.zeros_like(mantissa),
        np.where(mantissa != 0, exponent, fmt.exponent_min).astype(np.int32),
    )


def overlap_add(z: Cfp, tail: Cfp | None, fmt: Format) -> Overlapped:
    """Add the tail of the previous chunk (None: the first of a channel) to the real part of z."""
    before = zeros(z.shape, fmt) if tail is None else tail
    total = cfp_add(real_word(z.re, z.exponent, fmt), before, fmt)
    return Overlapped(total.word, real_word(z.im, z.exponent, fmt), total.saturated)
