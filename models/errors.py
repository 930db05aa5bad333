# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The error of a convolution, chunk by chunk, against a bound that holds for any input.

The SNR over a whole output guarantees nothing: it is low when the filter removes what is loud in x,
and high when one loud chunk hides the errors of quiet ones. What does hold for every input is

    rms error of output chunk k <= bound * level of k
    level of k = sum over i + j in {k, k-1} of rms(x_i) * max |H_j|

with x_i the chunks of x and H_j the spectra of the chunks of h: the loudest that these can make
chunk k. docs/accuracy.md derives `error_bound`. A four-step transform is one chunk, as long as
all its rows: docs/four_step.md derives its `four_step_bound`.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.models.cfp import FloatArray
from crocuta.models.configs import Config

REFERENCE_ERROR = 2.0**-46
"""Error of the float64 reference, relative to the highest level: one FFT computes all of it."""


def error_bound(config: Config, pairs: int) -> float:
    """The bound: rms error of a chunk over its level, for at most `pairs` pairs of chunks.

    Rounding changes a word by at most 2^(1.5-M), relatively. Each of k levels of the three
    transforms rounds all words after the sum and half of them after the rotation; the inputs, the
    product, the overlap's sum and every pair's sum round once more. All of these add up as
    independent errors do. Twiddles are off by at most 2^(0.5-T), on half the words of every level;
    the transforms of x, of h and back use the same twiddles, so these errors may add in phase.
    """
    k = config.chunk_log2
    word = 2.0 ** (1.5 - config.mantissa_bits)
    twiddle = 2.0 ** (0.5 - config.twiddle_bits)
    return math.sqrt(word**2 * (4.5 * k + pairs + 4) + twiddle**2 * 4.5 * k)


def four_step_bound(config: Config, rows: int) -> float:
    """The same of a four-step transform of so many rows: its rms error over its level.

    The three transforms have log2 of all words levels; x, h and the product round once more. With
    more than one row each transform twists every word: one rounding more, and a factor that came of
    four table entries and three roundings, each off by 2^(0.5-T) at most.
    """
    levels = config.chunk_log2 + rows.bit_length() - 1
    twisted = rows > 1
    word = 2.0 ** (1.5 - config.mantissa_bits)
    twiddle = 2.0 ** (0.5 - config.twiddle_bits)
    return math.sqrt(
        word**2 * (4.5 * levels + 3 + 3 * twisted) + twiddle**2 * (4.5 * levels + 63 * twisted)
    )


def chunk_rms(samples: npt.NDArray[Any], chunk: int) -> FloatArray:
    """The root mean square of each chunk, the last one padded with zeros."""
    rows = _chunks(samples, chunk)
    peak = np.abs(rows).max(axis=1, initial=0, keepdims=True)
    # Scaled first, because the squares of float64's small numbers would be zero.
    scaled = np.divide(rows, peak, out=np.zeros_like(rows), where=peak > 0)
    rms: FloatArray = peak[:, 0] * np.sqrt(np.mean(scaled**2, axis=1))
    return rms


def levels(
    x: npt.NDArray[Any], h: npt.NDArray[Any], config: Config, rows: int = 1
) -> tuple[FloatArray, float]:
    """The level of each output chunk, and the highest that any place in x could make.

    A four-step kernel's transform of `rows` rows is one chunk.
    """
    from scipy.signal import convolve  # takes a second, which not every command has to wait

    chunk = config.chunk * rows
    # Chunks of h behind the end of x meet none of it, but a transform has all that fits into it.
    taps = _chunks(h[: -(-len(x) // chunk) * chunk], chunk)
    twist = np.exp(0.5j * np.pi * np.arange(chunk) / chunk)
    gains = np.array([np.abs(np.fft.fft(row * twist)).max() for row in taps])
    rms = chunk_rms(x, chunk)
    # With many chunks scipy uses an FFT, as for the reference.
    low = np.maximum(convolve(rms, gains)[: len(rms)], 0)
    return low + np.concatenate([[0.0], low[:-1]]), float(rms.max() * gains.sum())


def _chunks(samples: npt.NDArray[Any], chunk: int) -> FloatArray:
    rows = np.zeros((-(-len(samples) // chunk), chunk))
    rows.ravel()[: len(samples)] = samples
    return rows


@dataclasses.dataclass(frozen=True)
class Errors:
    """The errors of one channel's y against float64, by output chunk."""

    rms: FloatArray
    level: FloatArray
    bound: float
    reference: float
    """Error of the float64 reference itself."""
    quiet: FloatArray
    """The median of the nonzero |y| in each chunk; NaN where all are zero."""

    @property
    def limit(self) -> FloatArray:
        """The bound, plus the error of the reference itself."""
        return self.bound * self.level + self.reference

    @property
    def excess(self) -> float:
        """The worst chunk's error relative to its limit: at most 1 if the bound holds."""
        return float(self._excess.max())

    @property
    def within_bound(self) -> bool:
        """Whether every chunk is within its bound."""
        return self.excess <= 1

    @property
    def worst(self) -> int:
        """The chunk whose error is largest relative to its limit."""
        return int(np.argmax(self._excess))

    @property
    def _excess(self) -> FloatArray:
        return self.rms / np.maximum(self.limit, np.finfo(np.float64).tiny)

    @property
    def relative_db(self) -> float:
        """The worst chunk's error relative to its level, in dB; -inf if there is no error."""
        return _db(self.rms[self.worst], self.level[self.worst])

    @property
    def bound_db(self) -> float:
        """The bound in dB."""
        return _db(self.bound, 1)

    @property
    def quiet_db(self) -> float:
        """The lowest ratio of median |y| to rms error of any chunk, in dB."""
        ratios = [
            _db(quiet, rms) for quiet, rms in zip(self.quiet, self.rms, strict=True) if quiet > 0
        ]
        return min(ratios, default=math.inf)


def _db(value: float, beside: float) -> float:
    if beside == 0:
        return math.inf
    return 20 * math.log10(value / beside) if value > 0 else -math.inf


def errors(
    exact: FloatArray,
    y: npt.NDArray[Any],
    x: npt.NDArray[Any],
    h: npt.NDArray[Any],
    config: Config,
    rows: int = 1,
) -> Errors:
    """The errors of y against `exact`, the float64 convolution of one channel's x and h, which are
    float32 or float64 as given by the user. `rows` is what a four-step filter was prepared for."""
    chunk = config.chunk * rows
    level, highest = levels(x, h, config, rows)
    silence = REFERENCE_ERROR * highest
    quiet = [
        float(np.median(loud)) if (loud := row[row > silence]).size else math.nan
        for row in (np.abs(exact[start : start + chunk]) for start in range(0, len(exact), chunk))
    ]
    if config.four_step:
        bound = four_step_bound(config, rows)
    else:
        bound = error_bound(config, min(len(level), -(-len(h) // chunk)))
    return Errors(
        rms=chunk_rms(y.astype(np.float64) - exact, chunk),
        level=level,
        bound=bound,
        reference=silence,
        quiet=np.array(quiet),
    )
