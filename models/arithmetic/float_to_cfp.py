# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Float32 samples to CFP words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crocuta.models.arithmetic.round_nearest_even import round_nearest_even
from crocuta.models.cfp import Cfp, Format


class Converted(NamedTuple):
    """The words, and whether a NaN or an infinity was among the samples."""

    words: Cfp
    non_finite: bool


def smallest_sample(fmt: Format) -> float:
    """The smallest magnitude that is not flushed to zero."""
    return float(2.0 ** max(-126, fmt.exponent_min + fmt.mantissa_bits - 2))


def float_to_cfp(samples: npt.NDArray[np.float32], fmt: Format) -> Converted:
    """Real float32 samples as normalised CFP words, rounded to nearest even.

    Subnormals become zero; NaN and infinity become zero and are reported.
    """
    bits = samples.view(np.uint32).astype(np.int64)
    biased = bits >> 23 & 0xFF
    finite = biased != 255
    significand = bits & 0x7FFFFF | 0x800000
    drop_bits = 25 - fmt.mantissa_bits
    magnitude = round_nearest_even(significand, drop_bits, fmt.mantissa_bits + 1)
    carried = magnitude >> (fmt.mantissa_bits - 1)
    magnitude = magnitude >> carried
    exponent = biased - 150 + drop_bits + carried
    alive = finite & (biased != 0) & (exponent >= fmt.exponent_min)
    re = np.where(alive, np.where(bits >> 31 != 0, -magnitude, magnitude), 0)
    exponent = np.where(alive, exponent, fmt.exponent_min).astype(np.int32)
    return Converted(Cfp(re, np.zeros_like(re), exponent), not bool(finite.all()))
