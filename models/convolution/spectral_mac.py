# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The spectral MAC: accumulating products of spectra, word by word."""

from __future__ import annotations

from crocuta.models.arithmetic.cfp_add import cfp_add
from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.arithmetic.cfp_normalise import Normalised
from crocuta.models.cfp import Cfp, Format, zeros


def spectral_mac(accumulator: Cfp | None, x: Cfp, h: Cfp, fmt: Format) -> Normalised:
    """accumulator + x * h, or zero + x * h in the first pass, when `accumulator` is None."""
    product = multiply(x, h, fmt)
    start = zeros(x.shape, fmt) if accumulator is None else accumulator
    total = cfp_add(start, product.word, fmt)
    return Normalised(total.word, product.saturated or total.saturated)
