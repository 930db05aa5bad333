# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The four-step kernel end to end: float32 arrays in and out.

A sequence is one transform of N = P * C words in P rows of C. The first p = log2 P levels of the
tree on N words transform the columns; then each row is twisted and transformed like a chunk. One
product per word gives the whole convolution modulo z^N - i, whose real part is the causal result.
The interface is that of `crocuta_kernel`. A filter's spectra serve any x of at most N samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Cfp, Format, zeros
from crocuta.models.configs import FOUR_STEP, Config
from crocuta.models.convolution.overlap_add import real_word
from crocuta.models.kernel.crocuta_kernel import (
    GROUP_WORDS,
    Progress,
    Result,
    SampleArray,
    Spectra,
)
from crocuta.models.layout import row_count
from crocuta.models.transform import fft_engine
from crocuta.models.transform.fft_engine import Transformed
from crocuta.models.transform.twist import twist, untwist


def prepare(samples: SampleArray, config: Config, length: int | None = None) -> Spectra:
    """The spectra of a filter's rows, or of any sequence's: (P, C), each row in tree order.

    Args:
        samples: float32, one channel. Samples beyond the transform, which no output needs, are
            ignored.
        config: a four-step configuration.
        length: samples of the longest x that the filter is to serve; by default those of `samples`.

    Raises:
        ConfigError: the configuration has another schedule.
        ValueError: the transform would have more rows than the kernel allows.
    """
    config.check_schedule(FOUR_STEP)
    rows = row_count(config, len(samples) if length is None else length)
    if rows > config.rows_max:
        raise ValueError(f"a transform of {rows} rows is longer than the kernel's longest")
    padded = np.zeros((rows, config.chunk), np.float32)
    kept = samples[: padded.size]
    padded.ravel()[: len(kept)] = kept
    converted = float_to_cfp(padded, Format.of(config))
    words, saturated = converted.words, False
    if rows > 1:  # a single row is transformed like any chunk
        words, saturated = columns(words, config)
    for group in _groups(rows, config.chunk):
        row = words[group]
        if rows > 1:
            row, over = twist(row, group, rows, config)
            saturated |= over
        row, over = fft_engine.forward(row, config)
        saturated |= over
        _put(words, group, row)
    return Spectra(words, saturated, converted.non_finite)


def convolve(
    x: SampleArray, filter_spectra: Spectra, config: Config, progress: Progress | None = None
) -> Result:
    """The causal convolution of one channel's x with a prepared filter, bit-exact.

    `progress` is called with the rows done and the number of all rows.

    Raises:
        ValueError: x is longer than what the filter was prepared for.
    """
    fmt = Format.of(config)
    rows = len(filter_spectra.words.re)
    if len(x) > rows * config.chunk:
        raise ValueError(f"the filter was prepared for at most {rows * config.chunk} samples")
    spectra = prepare(x, config, rows * config.chunk)
    words, saturated = spectra.words, spectra.saturated
    for group in _groups(rows, config.chunk):
        row, over = multiply(words[group], filter_spectra.words[group], fmt)
        saturated |= over
        row, over = fft_engine.inverse(row, config)
        saturated |= over
        if rows > 1:
            row, over = untwist(row, group, rows, config)
            saturated |= over
        _put(words, group, row)
        if progress:
            progress(group.stop, rows)
    if rows > 1:
        words, over = inverse_columns(words, config)
        saturated |= over
    samples = cfp_to_float(real_word(words.re, words.exponent, fmt), fmt)
    return Result(
        samples.samples.ravel()[: len(x)], saturated | samples.saturated, spectra.non_finite
    )


def columns(words: Cfp, config: Config) -> Transformed:
    """Transforms the columns of words (P, C): from rows i of the sequence to rows j of the tree."""
    return _columns(words, config, fft_engine.forward)


def inverse_columns(words: Cfp, config: Config) -> Transformed:
    """The inverse of `columns`, scaled by 1/P."""
    return _columns(words, config, fft_engine.inverse)


def _columns(
    words: Cfp, config: Config, transform: Callable[[Cfp, Config, int], Transformed]
) -> Transformed:
    """Transforms groups of columns. As in the engine, a group is one block: row after row."""
    rows = len(words.re)
    found, saturated = zeros(words.shape, Format.of(config)), False
    # Copy the parts, because `zeros` shares one array between re and im.
    found = found.map(np.array)
    for group in _groups(config.chunk, rows):
        some = words[:, group]
        done = transform(some.reshape(1, some.re.size), config, rows.bit_length() - 1)
        saturated |= done.saturated
        _put(found, (slice(None), group), done.words.reshape(*some.shape))
    return Transformed(found, saturated)


def _groups(count: int, size: int) -> Iterator[slice]:
    """Cuts 0..count-1 into groups of about GROUP_WORDS words, for items of `size` words each."""
    step = max(1, GROUP_WORDS // size)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def _put(words: Cfp, where: Any, part: Cfp) -> None:
    """Assigns `part` to words[where]."""
    words.re[where], words.im[where], words.exponent[where] = part.re, part.im, part.exponent
