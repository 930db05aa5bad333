# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The layout of samples and spectra in memory: rows of whole pages, cut into chunks and bursts.

rtl/sizes_pkg.sv has the same constants and functions."""

from __future__ import annotations

from crocuta.models.configs import Config

SAMPLE_BYTES = 4
WORD_BYTES = 8
"""Bytes of a spectral word in memory."""
PAGE_BYTES = 4096
"""AXI bursts do not cross multiples of this, and rows of samples begin at one."""
MAX_BURST_BEATS = 64
"""Beats of the longest burst of spectra."""
MAX_TILE_ROWS = 16
"""Rows of the largest tile of samples, each an AXI beat of a lane's burst."""


def spectrum_burst_beats(lanes: int, chunk: int) -> int:
    """The beats of a burst of spectra, which stays within a page and a chunk."""
    return min(MAX_BURST_BEATS, PAGE_BYTES // (WORD_BYTES * lanes), chunk // lanes)


def tile_beats(lanes: int, chunk: int) -> int:
    """The beats of a tile of samples. 2 * lanes beats of one lane form a row, one AXI beat."""
    return min(MAX_TILE_ROWS * 2 * lanes, chunk // lanes)


def chunk_count(config: Config, length: int) -> int:
    """The number of chunks in a row of `length` samples."""
    return -(-length // config.chunk)


def row_count(config: Config, length: int) -> int:
    """The number of rows, a chunk each, of a four-step transform of `length` samples: a power of
    two."""
    return 1 << (chunk_count(config, length) - 1).bit_length()


def row_bytes(length: int) -> int:
    """The distance in bytes between the rows (channels) of x, h or y: whole pages."""
    return -(-length * SAMPLE_BYTES // PAGE_BYTES) * PAGE_BYTES
