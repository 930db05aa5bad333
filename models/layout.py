# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How samples and spectra lie in memory: rows of whole pages, cut into chunks."""

from __future__ import annotations

from crocuta.models.configs import Config

SAMPLE_BYTES = 4
PAGE_BYTES = 4096
"""AXI bursts do not cross these, and rows begin at one."""


def chunk_count(config: Config, length: int) -> int:
    """The chunks of a row of `length` samples."""
    return -(-length // config.chunk)


def row_count(config: Config, length: int) -> int:
    """The rows, of a chunk each, of a four-step transform of `length` samples: a power of two."""
    return 1 << (chunk_count(config, length) - 1).bit_length()


def row_bytes(length: int) -> int:
    """The distance in bytes between the rows (channels) of x, h or y: whole pages."""
    return -(-length * SAMPLE_BYTES // PAGE_BYTES) * PAGE_BYTES
