# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Divides the channels of a convolution among jobs, and marks a job's output before it runs.

While the kernel works on one job, the host moves the samples of another, so a long convolution of
many channels becomes several jobs. Together they compute the bits of a single job and take its
clocks, plus the start of each job.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack

from crocuta.errors import OutOfMemory
from crocuta.kernel import Bank, Buffer, Kernel
from crocuta.models.layout import PAGE_BYTES

GROUP_BYTES = 1 << 24
"""Upper limit for the rows of x or h in one job, unless a single row is longer."""
FOUR_STEP_CHANNELS = 8
"""Channels of a four-step job for which there is no such limit: its first channel takes up to half
as many clocks again as each of the others."""
SHORT_ROW_BYTES = 1 << 16
"""Rows up to this long are marked as a whole: marking their ends one by one would take as long."""
MARKED_PAGES = 32
"""Pages marked at the end of an output: more than the kernel's 16 outstanding bursts can span."""


def quantum(spectra_bytes: int) -> int:
    """The fewest channels whose spectra, of `spectra_bytes` each, fill whole pages. The filters of
    a job must start at a page, so its channels are a multiple of this."""
    return PAGE_BYTES // math.gcd(PAGE_BYTES, spectra_bytes)


def allocated(buffers: ExitStack, kernel: Kernel, bank: Bank, size: int) -> Buffer:
    """A new buffer, which `buffers` will free."""
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
    """Allocates memory for the samples of jobs: `arrays` buffers per job, with rows of `row` bytes.

    There are two sets, so that the host fills and empties one while the kernel works on the other;
    one set, if there is only one job or no room for two.

    Args:
        buffers: will free the buffers.
        kernel: allocates them.
        arrays: buffers per job.
        row: bytes of a channel's samples.
        channels: channels of the filter.
        step: the channels of a job are a multiple of this.
        repeats: sequences of x that each channel convolves.

    Returns:
        The sets of buffers, and the channels per job.

    Raises:
        OutOfMemory: not even `step` channels fit.
    """
    least = -(-FOUR_STEP_CHANNELS // step) * step if kernel.config.four_step else step
    count = min(channels, max(least, GROUP_BYTES // row // step * step))
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
    """The parts of an output image to overwrite before a job, as (first byte, number of bytes).

    If the kernel stops early, the marks at the end remain: even if the burst that failed was not
    the last, all those after it were outstanding then. The end of every row is marked too, because
    the kernel may write only part of a memory word there, and memory with error correction must
    have been initialised before such a write.

    Args:
        rows: rows of the image.
        row: bytes per row.
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
