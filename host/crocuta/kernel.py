# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What every backend offers: memory for a job's arrays, and running it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, Protocol

import numpy.typing as npt

from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, mac_beats
from crocuta.models.layout import chunk_count

Progress = Callable[[int, int], None]
"""Called with the output chunks done and their number."""
Meanwhile = Callable[[], None]
"""Moves other jobs' samples; what it raises leaves the job running."""
ASSUMED_CLOCK_MHZ = 300
"""The rate at which clocks are given as time. No Vivado run has confirmed it."""


class Bank(enum.IntEnum):
    """The memories, each behind a port of its own."""

    SAMPLES = 0
    """x, h and y."""
    X_SPECTRA = 1
    H_SPECTRA = 2


@dataclasses.dataclass(frozen=True)
class Counters:
    """A job in clocks; stalls are those of the MAC, by what it waited for."""

    clocks: int
    mac_beats: int
    stall_samples: int
    stall_x: int
    stall_h: int
    stall_store: int
    stall_output: int

    def stalls(self) -> dict[str, int]:
        """The stalls by what lacked: samples, x, h, store, output."""
        prefix = "stall_"
        return {
            name.removeprefix(prefix): clocks
            for name, clocks in dataclasses.asdict(self).items()
            if name.startswith(prefix)
        }


@dataclasses.dataclass(frozen=True)
class JobReport:
    """What a job that ended well reports: its sticky flags and its counters, None where the backend
    cannot read them."""

    saturated: bool | None = None
    non_finite: bool | None = None
    counters: Counters | None = None


class Buffer(Protocol):
    """A piece of one of a kernel's memories."""

    @property
    def address(self) -> int:
        """The address of its first byte as the kernel sees it, a multiple of 4 KiB."""

    def upload(self, data: npt.NDArray[Any], offset: int = 0) -> None:
        """Copies an array to its bytes from `offset` on, a multiple of 4 KiB."""

    def download(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of its first `count` items."""

    def free(self) -> None:
        """Gives it back."""


class Kernel(Protocol):
    """One kernel: simulated, modelled or on a card."""

    @property
    def config(self) -> Config:
        """The configuration it was built in."""

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if it is simulated clock by clock."""

    @property
    def clocks(self) -> int | None:
        """Clocks since the kernel was made, if it is simulated clock by clock."""

    @property
    def at_rest(self) -> bool:
        """No job runs that might still write to its memories."""

    def allocate(self, bank: Bank, size: int) -> Buffer:
        """A buffer of at least `size` bytes.

        Raises:
            OutOfMemory: there is no room for it.
        """

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """Runs one job to its end; a card's has `patience` where no timeout is given. A job that
        times out or is interrupted is aborted. `meanwhile` is called once, while the job runs.

        Raises:
            JobError: the kernel refused or stopped it.
            JobTimeout: it has not ended in `timeout` seconds.
            MemoryLost: a memory does not answer the kernel any more.
            KernelError: the kernel does nothing any more.
        """

    def close(self) -> None:
        """Gives everything back; the kernel is of no use afterwards."""


def patience(config: Config, job: Job) -> float:
    """Seconds that a card gets for a job: 10, and a microsecond for each beat of its schedule."""
    loads = job.channels * chunk_count(config, max(job.length_x, job.length_h)) * config.chunk_beats
    return 10 + 1e-6 * (loads + mac_beats(config, job))
