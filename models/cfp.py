# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Complex floating point with a shared exponent (CFP): the engine's number format.

One word is two signed M-bit mantissas and one signed E-bit exponent; its value is
(re + i*im) * 2**exponent. A complex zero carries the most negative exponent, so that it never
decides an alignment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.models.configs import Config

IntArray = npt.NDArray[np.signedinteger[Any]]
FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

GUARD_BITS = 2  # G: kept below the mantissa while two words are aligned and added


@dataclasses.dataclass(frozen=True)
class Format:
    """The widths of a CFP word, in bits."""

    mantissa_bits: int
    exponent_bits: int

    @classmethod
    def of(cls, config: Config) -> Format:
        """The format of a configuration."""
        return cls(config.mantissa_bits, config.exponent_bits)

    @property
    def mantissa_max(self) -> int:
        """The largest mantissa; the smallest is -mantissa_max - 1."""
        return (1 << (self.mantissa_bits - 1)) - 1

    @property
    def exponent_max(self) -> int:
        """The largest exponent."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def exponent_min(self) -> int:
        """The smallest exponent, and the exponent of zero."""
        return -(1 << (self.exponent_bits - 1))


@dataclasses.dataclass(frozen=True)
class Cfp:
    """CFP words: three integer arrays of one shape."""

    re: IntArray
    im: IntArray
    exponent: IntArray

    @property
    def shape(self) -> tuple[int, ...]:
        """The arrays' shape."""
        return self.re.shape

    def map(self, function: Callable[[IntArray], IntArray]) -> Cfp:
        """The words with each of the three arrays put through a reordering `function`."""
        return Cfp(function(self.re), function(self.im), function(self.exponent))

    def __getitem__(self, index: Any) -> Cfp:
        return self.map(lambda part: part[index])

    def reshape(self, *shape: int) -> Cfp:
        """The words in another shape."""
        return self.map(lambda part: part.reshape(shape))

    def to_complex(self) -> ComplexArray:
        """The words' values as complex128, exact within float64's range."""
        return np.ldexp(self.re.astype(np.float64), self.exponent) + 1j * np.ldexp(
            self.im.astype(np.float64), self.exponent
        )


def zeros(shape: int | tuple[int, ...], fmt: Format) -> Cfp:
    """Words of value zero."""
    zero = np.zeros(shape, np.int64)
    return Cfp(zero, zero, np.full(shape, fmt.exponent_min, np.int32))


def stack(words: list[Cfp]) -> Cfp:
    """Words of equal shapes along a new first axis."""
    return Cfp(
        np.stack([word.re for word in words]),
        np.stack([word.im for word in words]),
        np.stack([word.exponent for word in words]),
    )


def pack(words: Cfp, fmt: Format) -> npt.NDArray[np.uint64]:
    """The 64-bit memory slots of words: {0, exponent, im, re}, re in the low bits."""
    m, e = fmt.mantissa_bits, fmt.exponent_bits
    re, im = (part.astype(np.int64) & ((1 << m) - 1) for part in (words.re, words.im))
    exponent = words.exponent.astype(np.int64) & ((1 << e) - 1)
    slots: npt.NDArray[np.uint64] = (re | im << m | exponent << 2 * m).astype(np.uint64)
    return slots


def unpack(slots: npt.NDArray[np.uint64], fmt: Format) -> Cfp:
    """The words in 64-bit memory slots; the inverse of `pack`."""
    m, e = fmt.mantissa_bits, fmt.exponent_bits
    raw = slots.astype(np.int64)

    def field(low: int, bits: int) -> IntArray:
        value = raw >> low & ((1 << bits) - 1)
        return value - ((value >> (bits - 1)) << bits)

    return Cfp(field(0, m), field(m, m), field(2 * m, e).astype(np.int32))
