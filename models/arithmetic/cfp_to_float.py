# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Real CFP words to float32 samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crocuta.models.cfp import Cfp, Format


class Samples(NamedTuple):
    """The samples, and whether any was beyond float32's range."""

    samples: npt.NDArray[np.float32]
    saturated: bool


def cfp_to_float(words: Cfp, fmt: Format) -> Samples:
    """The real parts of CFP words as float32: exact, as M <= 24.

    Beyond float32's range a value saturates at the largest finite one; below the smallest normal
    one it becomes +0.
    """
    assert fmt.mantissa_bits <= 24, "a float32 significand has 24 bits"
    magnitude = np.abs(words.re).astype(np.int64)
    # frexp gives magnitude = fraction * 2**bits with fraction in [0.5, 1): bits - 1 is its top bit.
    top = np.frexp(magnitude.astype(np.float64))[1] - 1
    biased = words.exponent + top + 127
    significand = magnitude << np.maximum(23 - top, 0) & 0x7FFFFF
    over = (biased > 254) & (magnitude != 0)
    bits = biased.astype(np.int64) << 23 | significand
    bits = np.where(over, 0x7F7FFFFF, bits)
    bits = np.where(
        (magnitude == 0) | (biased < 1), 0, bits | (words.re < 0).astype(np.int64) << 31
    )
    return Samples(bits.astype(np.uint32).view(np.float32), bool(over.any()))
