# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel end to end: float32 arrays in, float32 arrays out, and its image of memory.

A job is PREPARE (a filter to its spectra) or CONVOLVE. Spectra live in memory as 64-bit slots in
beat order; sample rows start at multiples of 4 KiB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crocuta.models import cfp
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Cfp, Format
from crocuta.models.configs import CHUNKED, Config
from crocuta.models.convolution.overlap_add import overlap_add
from crocuta.models.convolution.spectral_mac import spectral_mac
from crocuta.models.layout import SAMPLE_BYTES, chunk_count, row_bytes
from crocuta.models.transform import fft_engine

GROUP_WORDS = 1 << 16  # words per step: enough to keep numpy busy, few enough for caches

SampleArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]


class Spectra(NamedTuple):
    """The spectra of one channel's chunks, (chunks, C) in tree order, and its sticky flags."""

    words: Cfp
    saturated: bool
    non_finite: bool


class Result(NamedTuple):
    """One channel's output and the sticky flags of the job."""

    y: SampleArray
    saturated: bool
    non_finite: bool


def _groups(first: int, count: int, config: Config) -> Iterator[slice]:
    """Chunks first..count-1 in groups of about GROUP_WORDS words."""
    step = max(1, GROUP_WORDS // config.chunk)
    for start in range(first, count, step):
        yield slice(start, min(start + step, count))


def concatenate(parts: list[Cfp]) -> Cfp:
    """Words along their first axis."""
    return Cfp(
        np.concatenate([part.re for part in parts]),
        np.concatenate([part.im for part in parts]),
        np.concatenate([part.exponent for part in parts]),
    )


def prepare(samples: SampleArray, config: Config) -> Spectra:
    """The spectra of the chunks of one channel's samples (of a filter, or of a sequence).

    Raises:
        ConfigError: the configuration is not a valid kernel.
    """
    config.check_schedule(CHUNKED)
    fmt = Format.of(config)
    chunks = np.zeros((chunk_count(config, len(samples)), config.chunk), np.float32)
    chunks.ravel()[: len(samples)] = samples
    converted = float_to_cfp(chunks, fmt)
    parts = [
        fft_engine.forward(converted.words[group], config)
        for group in _groups(0, len(chunks), config)
    ]
    return Spectra(
        concatenate([part.words for part in parts]),
        any(part.saturated for part in parts),
        converted.non_finite,
    )


def convolve(
    x: SampleArray, filter_spectra: Spectra, config: Config, progress: Progress | None = None
) -> Result:
    """The causal convolution of one channel's x with a prepared filter, bit-exact.

    `progress` is called with the output chunks done and their total.
    """
    return convolve_spectra(prepare(x, config), len(x), filter_spectra, config, progress)


def convolve_spectra(
    xs: Spectra,
    length: int,
    filter_spectra: Spectra,
    config: Config,
    progress: Progress | None = None,
) -> Result:
    """The same for an x that is given as its spectra and its length in samples.

    There may be more chunks than the length has: the first ones are then of earlier jobs of the
    same stream, and only the others' outputs are returned.
    """
    fmt = Format.of(config)
    count = len(xs.words.re)
    past = count - chunk_count(config, length)
    pairs = min(len(filter_spectra.words.re), count)
    saturated = xs.saturated
    tail: Cfp | None = None
    y = np.zeros((count - past, config.chunk), np.float32)
    # The last output chunk of the past is computed again for its tail.
    for group in _groups(max(0, past - 1), count, config):
        k = np.arange(group.start, group.stop)
        oldest = np.maximum(0, k - pairs + 1)
        passes = k - oldest + 1
        accumulator: Cfp | None = None
        for step in range(int(passes[-1])):
            # The number of passes never falls from one output chunk to the next, so the active ones
            # are the last of the group. All started in step 0, with a cleared accumulator.
            active = slice(int(np.searchsorted(passes, step, side="right")), None)
            i = oldest[active] + step
            product = spectral_mac(
                None if accumulator is None else accumulator[active],
                xs.words[i],
                filter_spectra.words[k[active] - i],
                fmt,
            )
            saturated |= product.saturated
            if accumulator is None:
                accumulator = product.word
            else:
                for whole, part in zip(
                    (accumulator.re, accumulator.im, accumulator.exponent),
                    (product.word.re, product.word.im, product.word.exponent),
                    strict=True,
                ):
                    whole[active] = part
        assert accumulator is not None
        z = fft_engine.inverse(accumulator, config)
        saturated |= z.saturated
        for row, chunk in enumerate(range(group.start, group.stop)):
            overlapped = overlap_add(z.words[row], tail, fmt)
            tail = overlapped.tail
            saturated |= overlapped.saturated
            if chunk < past:
                continue
            samples = cfp_to_float(overlapped.y, fmt)
            y[chunk - past] = samples.samples
            saturated |= samples.saturated
            if progress:
                progress(chunk - past + 1, count - past)
    return Result(y.ravel()[:length], saturated, xs.non_finite)


def spectra_slots(spectra: Cfp, config: Config) -> npt.NDArray[np.uint64]:
    """Spectra (chunks, C) in tree order as memory slots (chunks, beats, lanes)."""
    fmt = Format.of(config)
    return np.stack(
        [
            cfp.pack(fft_engine.to_beats(spectra[chunk], config), fmt)
            for chunk in range(len(spectra.re))
        ]
    )


def sample_rows(channels: npt.NDArray[np.float32]) -> SampleArray:
    """Samples (channels, length) as the flat memory image: each row padded to 4 KiB."""
    rows = np.zeros((len(channels), row_bytes(channels.shape[1]) // SAMPLE_BYTES), np.float32)
    rows[:, : channels.shape[1]] = channels
    return rows.ravel()
