# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The forward and inverse engine: a tree of roots, natural order in, tree order out.

A chunk's spectrum is kept in tree order (position = the block index of the last level, the first
split most significant). `to_beats` and `from_beats` convert to the order in which the lanes
carry it and in which it lies in memory.

The first levels alone, applied to several rows of a chunk each, transform the rows' columns. The
engine does so tile by tile. A tile is a chunk with C/P words of each of P rows: G = C/(W*P)
consecutive words of each lane, in the order (row, lane, word). Its transform consists of the first
log2(P) levels of that chunk's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocuta.models.arithmetic.cfp_butterfly import cfp_butterfly
from crocuta.models.arithmetic.cfp_multiply import rotate
from crocuta.models.cfp import Cfp, ComplexArray, Format, IntArray
from crocuta.models.configs import Config
from crocuta.models.transform.twiddle_rom import block_turns, twiddle_rom


class Transformed(NamedTuple):
    """A chunk after a transform, and whether any exponent overflowed on the way."""

    words: Cfp
    saturated: bool


def _merge(first: Cfp, second: Cfp, shape: tuple[int, ...]) -> Cfp:
    """Joins the first and the second half of each block again."""
    return Cfp(
        *(
            np.stack(pair, axis=-2).reshape(shape)
            for pair in (
                (first.re, second.re),
                (first.im, second.im),
                (first.exponent, second.exponent),
            )
        )
    )


def forward(chunks: Cfp, config: Config, levels: int | None = None) -> Transformed:
    """The forward transform of chunks of shape (..., C), natural order in, tree order out.

    With `levels`, only the first ones, on blocks of any power-of-two size instead of C. The result
    is 2**levels smaller blocks: the blocks are in tree order, the words in each in natural order.
    """
    fmt = Format.of(config)
    words, saturated = chunks, False
    size = chunks.shape[-1]
    for level in range(1, (config.chunk_log2 if levels is None else levels) + 1):
        t = twiddle_rom(level, config.right_angle, config.twiddle_bits)
        blocks = words.reshape(-1, len(t.re), 2, size >> level)
        turned = rotate(blocks[:, :, 1], t.re[:, None], t.im[:, None], config.twiddle_bits, fmt)
        plus, minus, over = cfp_butterfly(blocks[:, :, 0], turned.word, fmt)
        saturated = saturated or turned.saturated or over
        words = _merge(plus, minus, chunks.shape)
    return Transformed(words, saturated)


def inverse(spectra: Cfp, config: Config, levels: int | None = None) -> Transformed:
    """The inverse transform of spectra of shape (..., C), tree order in, natural order out.

    The scaling by 1/C is an exact exponent subtraction at the end; words that it takes below the
    smallest exponent become zero. With `levels`, the inverse of that many levels of `forward`,
    scaled by 1/2**levels.
    """
    fmt = Format.of(config)
    words, saturated = spectra, False
    size = spectra.shape[-1]
    count = config.chunk_log2 if levels is None else levels
    for level in range(count, 0, -1):
        t = twiddle_rom(level, config.right_angle, config.twiddle_bits)
        blocks = words.reshape(-1, len(t.re), 2, size >> level)
        plus, minus, over = cfp_butterfly(blocks[:, :, 0], blocks[:, :, 1], fmt)
        turned = rotate(minus, t.re[:, None], -t.im[:, None], config.twiddle_bits, fmt)
        saturated = saturated or over or turned.saturated
        words = _merge(plus, turned.word, spectra.shape)
    exponent = words.exponent - np.int32(count)
    alive = exponent >= fmt.exponent_min
    return Transformed(
        Cfp(words.re * alive, words.im * alive, np.where(alive, exponent, fmt.exponent_min)),
        saturated,
    )


def to_lanes(chunk: Cfp, config: Config) -> Cfp:
    """A chunk in natural order as (beats, lanes): lane l at beat t holds n = l * C/W + t."""
    return chunk.map(lambda part: part.reshape(config.lanes, config.chunk_beats).T)


def from_lanes(beats: Cfp) -> Cfp:
    """The inverse of `to_lanes`."""
    return beats.map(lambda part: part.T.ravel())


def to_beats(spectrum: Cfp, config: Config) -> Cfp:
    """A spectrum in tree order as (beats, lanes), the order in which the engine delivers it.

    Lane bit 0 holds bit 0 of the position, the other lane bits its top bits, time the rest.
    """
    pairs, beats = config.lanes // 2, config.chunk_beats
    return spectrum.map(
        lambda part: part.reshape(pairs, beats, 2).transpose(1, 0, 2).reshape(beats, config.lanes)
    )


def from_beats(beats: Cfp, config: Config) -> Cfp:
    """The inverse of `to_beats`."""
    pairs, count = config.lanes // 2, config.chunk_beats
    return beats.map(lambda part: part.reshape(count, pairs, 2).transpose(1, 0, 2).ravel())


def step_rows(rows: int) -> IntArray:
    """The row j of each step of G beats, in the order in which a tile leaves the forward engine and
    enters the inverse one: the step's index rotated left by one bit."""
    steps = np.arange(rows)
    return (steps << 1 | steps >> max(0, rows.bit_length() - 2)) & (rows - 1)


def tile_to_lanes(tile: Cfp, rows: int, config: Config) -> Cfp:
    """A tile of the columns of `rows` rows as (beats, lanes), the order in which it enters the
    forward engine: beat i * G + g holds word g of every lane of row i."""
    return tile.map(
        lambda part: part.reshape(rows, config.lanes, -1).swapaxes(1, 2).reshape(-1, config.lanes)
    )


def tile_from_lanes(beats: Cfp, rows: int, config: Config) -> Cfp:
    """The inverse of `tile_to_lanes`."""
    return beats.map(lambda part: part.reshape(rows, -1, config.lanes).swapaxes(1, 2).ravel())


def tile_to_steps(tile: Cfp, rows: int, config: Config) -> Cfp:
    """A transformed tile as (beats, lanes), the order in which the forward engine delivers it: step
    by step, each with all lanes' G words of one row j (see `step_rows`)."""
    order = step_rows(rows)
    steps = tile.map(lambda part: part.reshape(rows, -1)[order].ravel())
    return tile_to_lanes(steps, rows, config)


def tile_from_steps(beats: Cfp, rows: int, config: Config) -> Cfp:
    """The inverse of `tile_to_steps`."""
    order = np.argsort(step_rows(rows))
    steps = tile_from_lanes(beats, rows, config)
    return steps.map(lambda part: part.reshape(rows, -1)[order].ravel())


def tree_bins(config: Config) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The bin of numpy's FFT that each position in tree order holds.

    With right_angle it is the bin of fft(x * exp(i*pi*n / (2C))).
    """
    turns = block_turns(config.chunk_log2 + 1, config.right_angle)
    offset = 0.25 / config.chunk if config.right_angle else 0.0
    return np.rint((offset - turns) * config.chunk).astype(np.int64) % config.chunk


def reference_forward(chunk: ComplexArray, config: Config) -> ComplexArray:
    """The float64 transform in tree order, by numpy's FFT, to check `forward` against."""
    n = np.arange(config.chunk)
    twist = np.exp(0.5j * np.pi * n / config.chunk) if config.right_angle else 1.0
    return np.fft.fft(chunk * twist)[tree_bins(config)]
