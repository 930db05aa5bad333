# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The float64 reference for the bit-exact models."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from crocuta.models.cfp import FloatArray


def causal_convolution(x: npt.NDArray[Any], h: npt.NDArray[Any]) -> FloatArray:
    """y[n] = sum over m <= n of h[m] x[n-m], n < len(x), in float64 with scipy's FFT.

    scipy.signal.fftconvolve computes the same, but importing scipy.signal takes a second.
    """
    x64, h64 = np.asarray(x, np.float64), np.asarray(h, np.float64)[: len(x)]
    n = scipy.fft.next_fast_len(len(x64) + len(h64), real=True)
    y: FloatArray = scipy.fft.irfft(scipy.fft.rfft(x64, n) * scipy.fft.rfft(h64, n), n)[: len(x64)]
    return y


def snr_db(reference: npt.NDArray[Any], measured: npt.NDArray[Any]) -> float:
    """Energy of `reference` over the energy of the difference, in dB; inf when they are equal."""
    energy, error = _norm(reference), _norm(reference - measured)
    if error == 0:
        return float("inf")
    return float(20 * np.log10(energy / error)) if energy > 0 else float("-inf")


def _norm(values: npt.NDArray[Any]) -> float:
    """The root of the energy. Scaled first: float64's smallest squares would be zero."""
    peak = float(np.abs(values).max(initial=0))
    return peak * float(np.linalg.norm(np.ravel(values) / peak)) if peak else 0.0
