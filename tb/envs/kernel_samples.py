# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of samples for the kernel: kinds of data, lengths around every boundary, and the class of a
row."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt

from crocuta.models.configs import Config
from crocuta.models.kernel.crocuta_kernel import SampleArray

KINDS = (
    "ordinary",
    "tone",
    "constant",
    "impulse",
    "loud impulse",
    "alternating",
    "subnormal",
    "wide",
    "zeros",
    "huge",
    "not finite",
)
"""loud impulse: the product of two overflows float32 in one sample, so that one lane alone raises
the flag; alternating: full scale; wide: very different magnitudes; huge: products overflow float32;
not finite: some NaN or infinity, or one."""
HARMFUL = ("loud impulse", "alternating", "huge", "not finite")
HARMLESS = tuple(kind for kind in KINDS if kind not in HARMFUL)
"""The kinds that raise no flag."""
BOUNDS = ("1", "below C", "C - 1", "C", "C + 1", "below 2C", "2C", "beyond")
"""Classes of lengths."""
TAILS = ("whole chunk", "whole lanes", "whole beats", "inside a beat")
"""Positions in a chunk at which a row may end."""
ENDS = ("one sample", "whole rows", "a part", "one fewer", "inside a part", "one more", "all")
"""Where the samples of a four-step transform end, in rows and in what a tile of columns holds of a
row. One fewer, one more: than whole rows. Of an end and its mirror image in this list, at least one
needs all the rows."""
ONE_ROW_LACKS = ("whole rows", "one more")
WIDE_BITS = 30
TONE_SHARE = 0.7
"""A row is a tone if three adjacent bins have this share of its energy."""
HUGE = 1e37
LOUD = 2.0**64
MAX = float(np.finfo(np.float32).max)
TINY = float(np.finfo(np.float32).tiny)


def samples(rng: np.random.Generator, kind: str, channels: int, length: int) -> SampleArray:
    """Random rows of one of KINDS, as far as their length permits."""
    shape = (channels, length)
    noise = rng.normal(size=shape)
    n = np.arange(length)
    if kind == "ordinary":
        values = rng.choice([0, 1]) + rng.choice([0.1, 1.0]) * noise
    elif kind == "tone":
        values = np.cos(2 * np.pi * rng.uniform(0.1, 0.4) * n + noise[:, :1])
    elif kind == "constant":
        values = np.broadcast_to(noise[:, :1], shape)
    elif kind == "impulse":
        values = (n == rng.integers(length)) * noise[:, :1]
    elif kind == "loud impulse":
        values = (n == rng.integers(length)) * np.copysign(LOUD * rng.uniform(1.01, 1.4), noise)
    elif kind == "alternating":
        values = np.broadcast_to(MAX * (-1.0) ** n, shape)
    elif kind == "subnormal":
        values = np.where(rng.random(shape) < 0.5, noise, noise * TINY / 8)
        values[:, 0] = TINY / 3
    elif kind == "wide":
        values = noise * 2.0 ** rng.integers(-60, 60, shape)
    elif kind == "zeros":
        values = np.zeros(shape)
    elif kind == "huge":
        values = np.copysign(rng.uniform(HUGE, MAX, shape), noise)
    elif kind == "not finite":
        bad = rng.random(shape) < rng.choice([0, 0.2])
        bad[np.arange(channels), rng.integers(length, size=channels)] = True
        values = np.where(bad, rng.choice([np.nan, np.inf, -np.inf], shape), noise)
    else:
        raise ValueError(f"there is no kind of samples called {kind!r}")
    return np.asarray(values, np.float32)


def impulse(length: int, place: int, value: float) -> SampleArray:
    """A row that is zero except for one sample."""
    row = np.zeros((1, length), np.float32)
    row[0, place] = value
    return row


def _is_tone(row: npt.NDArray[np.float64]) -> bool:
    energy = np.abs(np.fft.rfft(row - row.mean())) ** 2
    peak = int(energy.argmax())
    total = float(energy.sum())
    return len(row) >= 32 and float(energy[max(0, peak - 1) : peak + 2].sum()) > TONE_SHARE * total


def kind_of(row: SampleArray) -> str:
    """The kind of a given row."""
    if not np.isfinite(row).all():
        return "not finite"
    size = np.abs(row[row != 0]).astype(np.float64)
    if not len(size):
        return "zeros"
    if len(row) > 1 and len(size) == 1:
        return "loud impulse" if LOUD <= size[0] < HUGE else "impulse"
    if len(row) > 1 and (row == row[0]).all():
        return "constant"
    if size.min() < TINY:
        return "subnormal"
    if (size == MAX).all() and len(size) == len(row) and (row[1:] == -row[:-1]).all():
        return "alternating"
    if size.min() >= HUGE:
        return "huge"
    if size.max() / size.min() > 2.0**WIDE_BITS:
        return "wide"
    return "tone" if _is_tone(row.astype(np.float64)) else "ordinary"


def bound_of(length: int, config: Config) -> str:
    """The class of a length."""
    c = config.chunk
    exact = {1: "1", c - 1: "C - 1", c: "C", c + 1: "C + 1", 2 * c: "2C"}
    between = "below C" if length < c else "below 2C" if length < 2 * c else "beyond"
    return exact.get(length, between)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % n for n in range(2, int(number**0.5) + 1))


def length_in(bound: str, config: Config) -> int:
    """A random length of a class, at most 3C + 1; wide classes favour primes and both ends."""
    c = config.chunk
    exact = {"1": 1, "C - 1": c - 1, "C": c, "C + 1": c + 1, "2C": 2 * c}
    if bound in exact:
        return exact[bound]
    low, high = {
        "below C": (2, c - 2),
        "below 2C": (c + 2, 2 * c - 1),
        "beyond": (2 * c + 1, 3 * c + 1),
    }[bound]
    number = random.randint(low, high)
    prime = next((n for n in range(number, high + 1) if _is_prime(n)), high)
    return random.choice((low, high, prime, number))


def tail_of(length: int, config: Config) -> str:
    """The position in its last chunk at which a row ends."""
    for step, name in zip(
        (config.chunk, config.chunk_beats, 2 * config.lanes), TAILS[:-1], strict=True
    ):
        if length % step == 0:
            return name
    return TAILS[-1]


def end_of(length: int, rows: int, config: Config) -> str:
    """Where `length` samples end in a transform of so many rows."""
    c = config.chunk
    if length in (1, rows * c):
        return "one sample" if length == 1 else "all"
    rest = length % c
    if rest in (0, 1, c - 1):
        return {0: "whole rows", 1: "one more"}.get(rest, "one fewer")
    return "inside a part" if rest % (config.chunk_beats // rows) else "a part"


def length_at(end: str, rows: int, config: Config) -> int:
    """A random length with this end, in the last half of the rows if there is one."""
    c, part = config.chunk, config.chunk_beats // rows
    before = c * random.randrange(rows // 2, rows)
    if end == "inside a part":
        rest = random.choice([n for n in range(2, c - 1) if n % part])
    elif end == "a part":
        rest = random.choice([n for n in range(part, c, part) if n not in (1, c - 1)])
    else:
        rest = {"whole rows": 0, "one more": 1}.get(end, c - 1)
    return {"one sample": 1, "all": rows * c}.get(end, before + rest)


def ends_of(rows: int) -> tuple[str, ...]:
    """The ENDS of a transform of so many rows."""
    return tuple(end for end in ENDS if rows > 1 or end not in ONE_ROW_LACKS)
