# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Counts a kernel's jobs, clocks and bytes moved."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.kernel import POINTERS, Bank, Buffer, JobReport, Kernel, Meanwhile, Progress
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode


@dataclasses.dataclass
class Meter:
    """What a kernel did while this meter ran."""

    jobs: Counter[Job] = dataclasses.field(default_factory=Counter)
    """The number of jobs of each shape, with addresses left out."""
    clocks: dict[Mode, int | None] = dataclasses.field(
        default_factory=lambda: dict.fromkeys(Mode, 0)
    )
    """Clocks per mode; None if the backend does not count them."""
    uploaded: int = 0
    """Bytes written to the kernel's memories."""
    downloaded: int = 0
    """Bytes read from them."""
    progress: Progress | None = None
    """Called during each job, if the backend reports progress."""

    def add(self, other: Meter) -> None:
        """Adds what another meter counted."""
        self.jobs.update(other.jobs)
        for mode, clocks in other.clocks.items():
            self._add_clocks(mode, clocks)
        self.uploaded += other.uploaded
        self.downloaded += other.downloaded

    def add_job(self, job: Job, report: JobReport) -> None:
        """Counts a job that has ended."""
        placeless: dict[str, Any] = dict.fromkeys(POINTERS, 0)
        self.jobs[dataclasses.replace(job, **placeless)] += 1
        self._add_clocks(job.mode, report.counters.clocks if report.counters else None)

    def _add_clocks(self, mode: Mode, clocks: int | None) -> None:
        before = self.clocks[mode]
        self.clocks[mode] = None if before is None or clocks is None else before + clocks


class _Buffer:
    """A `Buffer` that reports transfers to the meters."""

    def __init__(self, buffer: Buffer, meters: list[Meter]) -> None:
        self._buffer = buffer
        self._meters = meters
        self.address = buffer.address

    def upload(self, data: npt.NDArray[Any], offset: int = 0) -> None:
        """Copies an array to consecutive bytes from `offset`."""
        self._buffer.upload(data, offset)
        for meter in self._meters:
            meter.uploaded += data.nbytes

    def download(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of its first `count` items."""
        found = self._buffer.download(count, dtype)
        for meter in self._meters:
            meter.downloaded += count * np.dtype(dtype).itemsize
        return found

    def free(self) -> None:
        """Releases the memory."""
        self._buffer.free()


class MeteredKernel:
    """A `crocuta.kernel.Kernel` that reports to meters."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._meters: list[Meter] = []

    @property
    def config(self) -> Config:
        """The kernel's configuration."""
        return self.kernel.config

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if it is simulated clock by clock."""
        return self.kernel.simulator

    @property
    def clocks(self) -> int | None:
        """Clocks since the kernel was created, if it is simulated clock by clock."""
        return self.kernel.clocks

    @property
    def at_rest(self) -> bool:
        """Whether no job is running that could still write to the memories."""
        return self.kernel.at_rest

    @property
    def has_rings(self) -> bool:
        """Whether a job may continue a stream."""
        return self.kernel.has_rings

    def allocate(self, bank: Bank, size: int) -> Buffer:
        """See `crocuta.kernel.Kernel.allocate`."""
        return _Buffer(self.kernel.allocate(bank, size), self._meters)

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """See `crocuta.kernel.Kernel.execute`."""
        watching = [each for each in (progress, *(m.progress for m in self._meters)) if each]

        def show(done: int, total: int) -> None:
            for each in watching:
                each(done, total)

        report = self.kernel.execute(job, show if watching else None, timeout, meanwhile)
        for meter in self._meters:
            meter.add_job(job, report)
        return report

    def close(self) -> None:
        """Releases everything; the kernel is unusable afterwards."""
        self.kernel.close()

    @contextmanager
    def metered(self, progress: Progress | None = None) -> Iterator[Meter]:
        """Counts what the kernel does in a `with` block; `progress` follows each job."""
        meter = Meter(progress=progress)
        self._meters.append(meter)
        try:
            yield meter
        finally:
            # By identity, because two meters with the same counts compare equal.
            self._meters[:] = [each for each in self._meters if each is not meter]
