# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The interface of every backend: memory for a job's arrays, and running the job."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, Protocol

import numpy.typing as npt

from crocuta.models.configs import CHUNKED, FOUR_STEP, Config
from crocuta.models.convolution.chunk_controller import Job, mac_beats
from crocuta.models.layout import chunk_count

Progress = Callable[[int, int], None]
"""Called with the number of output chunks done and their total."""
Meanwhile = Callable[[], None]
"""Transfers other jobs' samples; if it raises, the job continues to run."""
ASSUMED_CLOCK_MHZ = 300
"""The rate that converts clocks to time. No Vivado run has confirmed it."""


class Bank(enum.IntEnum):
    """The memories, each with a port of its own."""

    SAMPLES = 0
    """x, h and y."""
    X_SPECTRA = 1
    H_SPECTRA = 2
    Z_SPECTRA = 3
    """A four-step kernel's rows of z."""


POINTERS = {
    "x": Bank.SAMPLES,
    "h": Bank.SAMPLES,
    "h_spectra": Bank.H_SPECTRA,
    "x_spectra": Bank.X_SPECTRA,
    "y": Bank.SAMPLES,
    "z_spectra": Bank.Z_SPECTRA,
}
"""The memory to which each pointer in a job's arguments belongs."""
SCHEDULES = {"z_spectra": FOUR_STEP, "ring": CHUNKED, "first_chunk": CHUNKED}
"""The arguments that only kernels of one schedule have."""


def banks(config: Config) -> tuple[Bank, ...]:
    """The memories that a kernel uses: without those of x and z if all rows of a four-step
    transform stay on the chip."""
    if not config.four_step:
        return Bank.SAMPLES, Bank.X_SPECTRA, Bank.H_SPECTRA
    return (Bank.SAMPLES, Bank.H_SPECTRA) if config.resident == config.rows_max else tuple(Bank)


def arguments(config: Config) -> tuple[str, ...]:
    """A job's arguments to a kernel, in order: those of its schedule, without pointers to memories
    that it does not use."""
    used = banks(config)

    def exists(name: str) -> bool:
        only = SCHEDULES.get(name, config.schedule)
        return only == config.schedule and (name not in POINTERS or POINTERS[name] in used)

    return tuple(field.name for field in dataclasses.fields(Job) if exists(field.name))


@dataclasses.dataclass(frozen=True)
class Counters:
    """A job's clock counters; stalls are clocks in which the MAC waited, by cause."""

    clocks: int
    mac_beats: int
    stall_samples: int
    stall_x: int
    stall_h: int
    stall_store: int
    stall_output: int

    def stalls(self) -> dict[str, int]:
        """The stalls by cause: samples, x, h, store, output."""
        prefix = "stall_"
        return {
            name.removeprefix(prefix): clocks
            for name, clocks in dataclasses.asdict(self).items()
            if name.startswith(prefix)
        }


@dataclasses.dataclass(frozen=True)
class JobReport:
    """The sticky flags and counters of a job that completed; None where the backend cannot read
    them."""

    saturated: bool | None = None
    non_finite: bool | None = None
    counters: Counters | None = None


class Buffer(Protocol):
    """A block of one of a kernel's memories."""

    @property
    def address(self) -> int:
        """The address of its first byte in the kernel's address space, a multiple of 4 KiB."""

    def upload(self, data: npt.NDArray[Any], offset: int = 0) -> None:
        """Copies an array to consecutive bytes from `offset`, a multiple of 4 KiB."""

    def download(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of its first `count` items."""

    def free(self) -> None:
        """Releases it."""


class Kernel(Protocol):
    """One kernel: simulated, modelled or on a card."""

    @property
    def config(self) -> Config:
        """The configuration that it was built with."""

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if it is simulated clock by clock."""

    @property
    def clocks(self) -> int | None:
        """Clocks since the kernel was created, if it is simulated clock by clock."""

    @property
    def at_rest(self) -> bool:
        """Whether no job is running that might still write to its memories."""

    @property
    def has_rings(self) -> bool:
        """Whether a job may continue a stream: see `Job.ring`."""

    def allocate(self, bank: Bank, size: int) -> Buffer:
        """A buffer of at least `size` bytes.

        Raises:
            OutOfMemory: it does not fit.
        """

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """Runs one job to its end. Without a timeout, a card's job is limited by `patience`. A job
        that times out or is interrupted is aborted. `meanwhile` is called once during the job.

        Raises:
            JobError: the kernel rejected or stopped the job.
            JobTimeout: it did not end within `timeout` seconds.
            MemoryLost: a memory no longer answers the kernel.
            KernelError: the kernel no longer responds.
        """

    def close(self) -> None:
        """Releases everything; the kernel is unusable afterwards."""


def patience(config: Config, job: Job) -> float:
    """A card's default time limit in seconds: 10, plus a microsecond per beat of the schedule."""
    loads = job.channels * chunk_count(config, max(job.length_x, job.length_h)) * config.chunk_beats
    return 10 + 1e-6 * (loads + mac_beats(config, job))
