# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How the channels of a convolution are divided among jobs, and how a job's output is marked before
it runs.

The samples of one job are moved while another runs, so long convolutions of many channels become
several jobs. Together they have the bits and, but for a job's start, the clocks of a single one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack

from crocuta.errors import OutOfMemory
from crocuta.kernel import Bank, Buffer, Kernel
from crocuta.models.layout import PAGE_BYTES

GROUP_BYTES = 1 << 24
"""The rows of x or h in one job take no more than this, unless one alone does."""
SHORT_ROW_BYTES = 1 << 16
"""Marking rows up to this long as a whole takes no longer than marking their ends one by one."""
MARKED_PAGES = 32
"""At the end of an output: more than the 16 bursts that the kernel has outstanding at most."""


def quantum(spectra_bytes: int) -> int:
    """Channels whose spectra fill whole pages, where one channel's take so many bytes: a job's
    filters begin at a page."""
    return PAGE_BYTES // math.gcd(PAGE_BYTES, spectra_bytes)


def allocated(buffers: ExitStack, kernel: Kernel, bank: Bank, size: int) -> Buffer:
    """A buffer that is freed with the others."""
    buffer = kernel.allocate(bank, size)
    buffers.callback(buffer.free)
    return buffer


def slots(
    buffers: ExitStack,
    kernel: Kernel,
    arrays: int,
    row: int,
    *,
    channels: int,
    step: int,
    repeats: int = 1,
) -> tuple[list[list[Buffer]], int]:
    """Memory for the samples of jobs: per job, `arrays` buffers with rows of `row` bytes.

    Two sets, so that one is filled and emptied while the kernel works on the other; one if there is
    only one job or no room for two.

    Args:
        buffers: frees them.
        kernel: has the memory.
        arrays: the buffers of each job.
        row: bytes of a channel's samples.
        channels: of the filter.
        step: a job's channels are a multiple of it.
        repeats: how often each channel is computed.

    Returns:
        The sets, and the channels of a job.

    Raises:
        OutOfMemory: not even `step` channels fit.
    """
    count = min(channels, max(step, GROUP_BYTES // row // step * step))
    sets = 2
    while True:
        jobs = repeats * -(-channels // count)
        try:
            with ExitStack() as taken:
                made = [
                    [allocated(taken, kernel, Bank.SAMPLES, count * row) for _ in range(arrays)]
                    for _ in range(min(sets, jobs))
                ]
                buffers.enter_context(taken.pop_all())
                return made, count
        except OutOfMemory:
            if count > step:
                count = max(step, count // 2 // step * step)
            elif min(sets, jobs) > 1:
                sets = 1
            else:
                raise


def marks(rows: int, row: int, *, in_order: bool) -> Iterator[tuple[int, int]]:
    """The parts of an output image to overwrite before a job, as first byte and count.

    If the kernel stops early, the end is unwritten: even if the burst that failed was not the last,
    those behind it were outstanding at that time. Where the kernel writes a part of a memory word,
    at the end of a row, memory with error correction must have been written before.

    Args:
        rows: of the image.
        row: bytes of each.
        in_order: whether the kernel writes the image from beginning to end.
    """
    size = rows * row
    end = MARKED_PAGES * PAGE_BYTES
    if row <= SHORT_ROW_BYTES or size <= end or not in_order:
        yield 0, size
        return
    for index in range(rows):
        if (index + 1) * row <= size - end:
            yield (index + 1) * row - PAGE_BYTES, PAGE_BYTES
    yield size - end, end
