# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The float64 reference: the check that guards the bit-exact models themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal

from models.cfp import FloatArray


def causal_convolution(x: npt.NDArray[Any], h: npt.NDArray[Any]) -> FloatArray:
    """y[n] = sum over m <= n of h[m] x[n-m], n < len(x), in float64 (scipy's FFT convolution)."""
    x64, h64 = np.asarray(x, np.float64), np.asarray(h, np.float64)
    y: FloatArray = scipy.signal.fftconvolve(x64, h64[: len(x64)])[: len(x64)]
    return y


def snr_db(reference: npt.NDArray[Any], measured: npt.NDArray[Any]) -> float:
    """Energy of `reference` over the energy of the difference, in dB; inf when they are equal."""
    error = np.sum(np.abs(reference - measured) ** 2)
    energy = np.sum(np.abs(reference) ** 2)
    if error == 0:
        return float("inf")
    return float(10 * np.log10(energy / error)) if energy > 0 else float("-inf")
