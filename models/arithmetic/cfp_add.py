# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The sum of two CFP words."""

from __future__ import annotations

from crocuta.models.arithmetic.cfp_align import cfp_align
from crocuta.models.arithmetic.cfp_normalise import Normalised, cfp_normalise
from crocuta.models.cfp import GUARD_BITS, Cfp, Format


def cfp_add(a: Cfp, b: Cfp, fmt: Format) -> Normalised:
    """a + b, rounded once."""
    al = cfp_align(a, b)
    in_bits = fmt.mantissa_bits + GUARD_BITS + 1
    return cfp_normalise(al.a_re + al.b_re, al.a_im + al.b_im, al.exponent, in_bits, fmt)
