# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The butterfly: sum and difference of two CFP words."""

from __future__ import annotations

from typing import NamedTuple

from crocuta.models.arithmetic.cfp_align import cfp_align
from crocuta.models.arithmetic.cfp_normalise import cfp_normalise
from crocuta.models.cfp import GUARD_BITS, Cfp, Format


class Butterfly(NamedTuple):
    """Sum, difference, and whether an exponent overflowed."""

    sum: Cfp
    difference: Cfp
    saturated: bool


def cfp_butterfly(a: Cfp, b: Cfp, fmt: Format) -> Butterfly:
    """(a + b, a - b), each rounded once, from one alignment."""
    al = cfp_align(a, b)
    in_bits = fmt.mantissa_bits + GUARD_BITS + 1
    plus = cfp_normalise(al.a_re + al.b_re, al.a_im + al.b_im, al.exponent, in_bits, fmt)
    minus = cfp_normalise(al.a_re - al.b_re, al.a_im - al.b_im, al.exponent, in_bits, fmt)
    return Butterfly(plus.word, minus.word, plus.saturated or minus.saturated)
