# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How samples and spectra lie in memory: rows of whole pages, cut into chunks, moved in bursts.

rtl/sizes_pkg.sv has the same constants and functions."""

from __future__ import annotations

from crocuta.models.configs import Config

SAMPLE_BYTES = 4
WORD_BYTES = 8
"""A spectral word in memory."""
PAGE_BYTES = 4096
"""AXI bursts do not cross these, and rows begin at one."""
MAX_BURST_BEATS = 64
"""The longest burst of spectra."""
MAX_TILE_ROWS = 16
"""The rows of the largest tile of samples, which are the beats of a lane's burst."""


def spectrum_burst_beats(lanes: int, chunk: int) -> int:
    """The beats of a burst of spectra: within a page and a chunk."""
    return min(MAX_BURST_BEATS, PAGE_BYTES // (WORD_BYTES * lanes), chunk // lanes)


def tile_beats(lanes: int, chunk: int) -> int:
    """The beats of a tile of samples. Of each lane, 2 * lanes beats are a row: one AXI beat."""
    return min(MAX_TILE_ROWS * 2 * lanes, chunk // lanes)


def chunk_count(config: Config, length: int) -> int:
    """The chunks of a row of `length` samples."""
    return -(-length // config.chunk)


def row_count(config: Config, length: int) -> int:
    """The rows, of a chunk each, of a four-step transform of `length` samples: a power of two."""
    return 1 << (chunk_count(config, length) - 1).bit_length()


def row_bytes(length: int) -> int:
    """The distance in bytes between the rows (channels) of x, h or y: whole pages."""
    return -(-length * SAMPLE_BYTES // PAGE_BYTES) * PAGE_BYTES
