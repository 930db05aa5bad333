# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel of either schedule: its convolution, and how much memory a job uses.

A four-step job's transform has P rows, the fewest that hold the longer of x and h. So that both of
its jobs have the same P, PREPARE takes the length of the longest x as length_x, and CONVOLVE takes
the length that its filter was prepared for as length_h.
"""

from __future__ import annotations

from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel import crocuta_kernel, four_step_kernel
from crocuta.models.kernel.crocuta_kernel import Progress, Result, SampleArray, Spectra
from crocuta.models.layout import chunk_count, row_count


def prepare(samples: SampleArray, config: Config, length: int) -> Spectra:
    """The spectra of one channel of a filter, for any x of up to `length` samples.

    Raises:
        ConfigError: no kernel has this configuration.
        ValueError: four-step: `samples` or `length` is longer than the kernel allows.
    """
    if config.four_step:
        return four_step_kernel.prepare(samples, config, max(len(samples), length))
    return crocuta_kernel.prepare(samples, config)


def convolve(
    x: SampleArray, filter_spectra: Spectra, config: Config, progress: Progress | None = None
) -> Result:
    """The causal convolution of one channel's x with a prepared filter, bit-exact.

    `progress` is called with the output chunks (four-step: the rows) done and the number of all.

    Raises:
        ValueError: four-step: x is longer than what the filter was prepared for.
    """
    if config.four_step:
        return four_step_kernel.convolve(x, filter_spectra, config, progress)
    return crocuta_kernel.convolve(x, filter_spectra, config, progress)


def transform_rows(config: Config, job: Job) -> int:
    """P, the number of rows of a four-step job's transform."""
    return row_count(config, max(job.length_x, job.length_h))


def filter_chunks(config: Config, job: Job) -> int:
    """The chunks of spectra in one channel of the job's filter."""
    if config.four_step:
        return transform_rows(config, job)
    return chunk_count(config, job.length_h)


def output_chunks(config: Config, job: Job) -> int:
    """The chunks in which one channel of y leaves the kernel, or the tiles of columns of a
    four-step kernel. PREPARE has none."""
    if job.mode == Mode.PREPARE:
        return 0
    if config.four_step:
        return transform_rows(config, job)
    return chunk_count(config, job.length_x)


def scratch_bytes(config: Config, job: Job) -> int:
    """The bytes at x_spectra that a job writes and reads back: one channel's spectra of x.

    Four-step: the rows of x, except for those that stay on the chip.
    """
    if config.four_step:
        rows = transform_rows(config, job)
        in_memory = max(0, rows - config.resident) if rows > 1 else 0
        return in_memory * spectrum_bytes(config)
    if job.mode == Mode.PREPARE:
        return 0
    return chunk_count(config, job.length_x) * spectrum_bytes(config)


def z_bytes(config: Config, job: Job) -> int:
    """The bytes at z_spectra that a four-step CONVOLVE writes and reads back: as many rows of z as
    of x. No other job has any."""
    convolve = config.four_step and job.mode == Mode.CONVOLVE
    return scratch_bytes(config, job) if convolve else 0
