# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel of either schedule: its convolution, and how much of memory a job uses.

A four-step job's transform has P rows, the fewest that hold the longer of x and h. So PREPARE takes
the longest x as length_x, and CONVOLVE what its filter was prepared for as length_h.
"""

from __future__ import annotations

from crocuta.models.configs import FOUR_STEP, Config
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel import crocuta_kernel, four_step_kernel
from crocuta.models.kernel.crocuta_kernel import Progress, Result, SampleArray, Spectra
from crocuta.models.layout import chunk_count, row_count


def prepare(samples: SampleArray, config: Config, length: int) -> Spectra:
    """The spectra of one channel of a filter, for any x of up to `length` samples.

    Raises:
        ConfigError: there is no such kernel.
        ValueError: four-step: the longest of samples and `length` is longer than the kernel's.
    """
    if config.schedule == FOUR_STEP:
        return four_step_kernel.prepare(samples, config, max(len(samples), length))
    return crocuta_kernel.prepare(samples, config)


def convolve(
    x: SampleArray, filter_spectra: Spectra, config: Config, progress: Progress | None = None
) -> Result:
    """The causal convolution of one channel's x with a prepared filter, bit-exact.

    `progress` is called with the output chunks (four-step: the rows) done and their number.

    Raises:
        ValueError: four-step: x is longer than what the filter was prepared for.
    """
    if config.schedule == FOUR_STEP:
        return four_step_kernel.convolve(x, filter_spectra, config, progress)
    return crocuta_kernel.convolve(x, filter_spectra, config, progress)


def transform_rows(config: Config, job: Job) -> int:
    """P: the rows of a four-step job's transform."""
    return row_count(config, max(job.length_x, job.length_h))


def filter_chunks(config: Config, job: Job) -> int:
    """The chunks of spectra that one channel of the job's filter has."""
    if config.schedule == FOUR_STEP:
        return transform_rows(config, job)
    return chunk_count(config, job.length_h)


def output_chunks(config: Config, job: Job) -> int:
    """The chunks in which one channel of y leaves the kernel; four-step: the tiles of its columns.
    PREPARE has none."""
    if job.mode == Mode.PREPARE:
        return 0
    if config.schedule == FOUR_STEP:
        return transform_rows(config, job)
    return chunk_count(config, job.length_x)


def scratch_bytes(config: Config, job: Job) -> int:
    """The bytes at x_spectra that a job writes and reads again: one channel's spectra of x.

    Four-step: the rows between columns and rows of the forward transform, and after them, for
    CONVOLVE, those of the inverse; without those that stay on the chip.
    """
    if config.schedule == FOUR_STEP:
        rows = transform_rows(config, job)
        in_memory = max(0, rows - config.resident) if rows > 1 else 0
        return in_memory * spectrum_bytes(config) * (2 if job.mode == Mode.CONVOLVE else 1)
    if job.mode == Mode.PREPARE:
        return 0
    return chunk_count(config, job.length_x) * spectrum_bytes(config)
