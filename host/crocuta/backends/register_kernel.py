# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Runs jobs on kernels whose registers the host can access."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from types import TracebackType
from typing import Self

from crocuta.errors import JobError, JobTimeout, KernelError, MemoryLost
from crocuta.kernel import Bank, Counters, JobReport, Meanwhile, Progress, arguments, patience
from crocuta.memory import Memory, PageBuffer, Pages
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job
from crocuta.models.kernel.schedules import output_chunks
from crocuta.registers import (
    COUNTERS,
    MAX_CHANNELS,
    VERSION,
    WIDE,
    Control,
    ErrorCode,
    GlobalInterrupt,
    InterruptEnable,
    InterruptStatus,
    Register,
    Status,
    identity,
)

POLL_SECONDS = 100e-6
ABORT_SECONDS = 2.0
"""Time limit for an abort on a card, in seconds: longer than the kernel's watchdog."""
LOST = "no longer answers: reset the kernel and its memories together, then open it again."
REMEDIES = {
    ErrorCode.MODE: "it does not know the mode: use host software that matches its version.",
    ErrorCode.CHANNELS: f"the number of channels must be 1 to {MAX_CHANNELS}: split the batch.",
    ErrorCode.LENGTH_X: "x must have 1 to {longest} samples: shorten it.",
    ErrorCode.LENGTH_H: "the filter must have 1 to {longest} taps: shorten it.",
    ErrorCode.POINTER: "a buffer does not start at a multiple of 4096 bytes: align it.",
    ErrorCode.RING: "a stream's ring has too few rows: use host software that matches its version.",
    ErrorCode.SAMPLES_READ: "reading x or h failed: check that their buffers are in its memory.",
    ErrorCode.SAMPLES_WRITE: "writing y failed: check that its buffer is in its memory.",
    ErrorCode.X_READ: "reading the spectra of x failed: check where their buffer is.",
    ErrorCode.X_WRITE: "writing the spectra of x failed: check where their buffer is.",
    ErrorCode.H_READ: "reading the filter's spectra failed: check where their buffer is.",
    ErrorCode.H_WRITE: "writing the filter's spectra failed: check where their buffer is.",
    ErrorCode.ABORTED: "another program aborted the job: let only one program use the device.",
}
TIMEOUTS = {
    ErrorCode.UNANSWERED: "a memory has not answered an earlier job and",
    ErrorCode.SAMPLES_READ_TIMEOUT: "the memory of x and h, which it reads,",
    ErrorCode.SAMPLES_WRITE_TIMEOUT: "the memory of y, which it writes,",
    ErrorCode.X_READ_TIMEOUT: "the memory of the spectra of x, which it reads,",
    ErrorCode.X_WRITE_TIMEOUT: "the memory of the spectra of x, which it writes,",
    ErrorCode.H_READ_TIMEOUT: "the memory of the filter's spectra, which it reads,",
    ErrorCode.H_WRITE_TIMEOUT: "the memory of the filter's spectra, which it writes,",
}
"""The codes after which bursts are outstanding, with the memory they wait for."""


class RegisterKernel(ABC):
    """A `crocuta.kernel.Kernel` whose registers and memories the host can access."""

    config: Config
    simulator: str | None = None

    @property
    def clocks(self) -> int | None:
        """See `crocuta.kernel.Kernel.clocks`."""
        return None

    @property
    def has_rings(self) -> bool:
        """See `crocuta.kernel.Kernel.has_rings`."""
        return not self.config.four_step

    memories: Mapping[Bank, Memory]
    """Those of `banks`."""
    at_rest: bool = True
    """See `crocuta.kernel.Kernel.at_rest`."""
    abort_seconds: float = math.inf
    """Time limit for an abort, in seconds."""

    @abstractmethod
    def read(self, offset: int) -> int:
        """Reads the 32-bit register at a byte offset."""

    @abstractmethod
    def write(self, offset: int, value: int) -> None:
        """Writes a 32-bit register."""

    @abstractmethod
    def wait(self, poll: Callable[[], None]) -> None:
        """Returns when the job has ended, calling `poll` from time to time.

        Raises:
            KernelError: the kernel does not respond.
        """

    @abstractmethod
    def pause(self) -> None:
        """Lets the kernel run for a short time."""

    def abort(self) -> None:
        """Aborts the current job, if there is one; discard what it has written.

        Raises:
                MemoryLost: a memory does not answer, so the job's bursts are still outstanding.
                KernelError: the job does not end within `abort_seconds`.
        """
        self.write(Register.CONTROL, Control.SW_RESET)
        deadline = time.monotonic() + self.abort_seconds
        while self.read(Register.CONTROL) & Control.SW_RESET:
            if time.monotonic() > deadline:
                raise KernelError(
                    f"The kernel has not aborted a job in {self.abort_seconds:g} s: reset it and"
                    " its memories together, then open it again."
                )
            self.pause()
        if self.read(Register.STATUS) & Status.UNANSWERED:
            code = ErrorCode(self.read(Register.ERROR))
            raise lost(code if code in TIMEOUTS else ErrorCode.UNANSWERED)
        self.at_rest = True

    @abstractmethod
    def close(self) -> None:
        """Releases all resources; the kernel is unusable afterwards."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def _pages(self) -> dict[Bank, Pages]:
        return {
            bank: Pages(memory.base, memory.size, bank) for bank, memory in self.memories.items()
        }

    def allocate(self, bank: Bank, size: int) -> PageBuffer:
        """See `crocuta.kernel.Kernel.allocate`."""
        return PageBuffer(self.memories[bank], self._pages[bank], size)

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """See `crocuta.kernel.Kernel.execute`."""
        return run(self, job, progress, timeout, meanwhile)


class PolledKernel(RegisterKernel):
    """A `crocuta.kernel.Kernel` in hardware, which runs independently of this program; its
    registers are polled until a job has ended."""

    poll_seconds: float = POLL_SECONDS
    """Pause between two polls of the registers, in seconds."""
    abort_seconds = ABORT_SECONDS

    def wait(self, poll: Callable[[], None]) -> None:
        """Returns when the job has ended, calling `poll` from time to time."""
        # Idle without done: another program has aborted the job.
        while not self.read(Register.CONTROL) & (Control.DONE | Control.IDLE):
            poll()
            self.pause()

    def pause(self) -> None:
        """Lets the kernel run for a short time."""
        time.sleep(self.poll_seconds)

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """See `crocuta.kernel.Kernel.execute`."""
        limit = patience(self.config, job) if timeout is None else timeout
        return super().execute(job, progress, limit, meanwhile)

    def abort_leftover(self, where: str, remedy: str) -> None:
        """Aborts a job left behind by an interrupted program.

        Raises:
            KernelError: the job does not end, or a memory does not answer.
        """
        try:
            self.abort()
        except MemoryLost:
            raise KernelError(
                f"A memory of the kernel {where} has not answered an earlier job: {remedy}."
            ) from None
        except KernelError:
            if not self.read(Register.CONTROL) & Control.SW_RESET:
                raise
            raise KernelError(
                f"The kernel {where} does not end an interrupted program's job: {remedy}."
            ) from None


def check_identity(
    kernel: RegisterKernel,
    remedy: str = "load its bitstream, then rescan the PCIe bus",
) -> None:
    """Raises KernelError unless the kernel matches this software's version and configuration."""
    version = kernel.read(Register.VERSION)
    if version in (0, 0xFFFF_FFFF):
        raise KernelError(f"There is no kernel where its registers should be: {remedy}.")
    if version >> 16 != VERSION >> 16:
        raise KernelError(
            f"The kernel's interface is {version >> 16}.{version >> 8 & 255}, this software's"
            f" {VERSION >> 16}.{VERSION >> 8 & 255}: use kernel and software of one release."
        )
    found = kernel.read(Register.IDENTITY), kernel.read(Register.IDENTITY2)
    if found != identity(kernel.config):
        raise KernelError(
            f"The kernel is not of configuration {kernel.config.name}: choose the one that its"
            f" identity registers name (0x{found[0]:08x}, 0x{found[1]:08x})."
        )


def lost(code: ErrorCode) -> MemoryLost:
    """The error for a job that ended with one of TIMEOUTS."""
    return MemoryLost(f"The kernel stopped with error {code.value}: {TIMEOUTS[code]} {LOST}", code)


def run(
    kernel: RegisterKernel,
    job: Job,
    progress: Progress | None = None,
    timeout: float | None = None,
    meanwhile: Meanwhile | None = None,
) -> JobReport:
    """Runs one job to its end; see `crocuta.kernel.Kernel.execute`."""
    for name in arguments(kernel.config):
        register = Register[name.upper()]
        value = getattr(job, name)
        kernel.write(register, value & 0xFFFF_FFFF)
        if register in WIDE:
            kernel.write(register + 4, value >> 32)
    total = job.channels * output_chunks(kernel.config, job)
    limit = math.inf if timeout is None else timeout
    deadline = time.monotonic() + limit

    def show() -> None:
        if progress and total:
            progress(kernel.read(Register.CHUNKS_DONE), total)

    def poll() -> None:
        show()
        if time.monotonic() > deadline:
            raise JobTimeout(limit)

    kernel.write(Register.GLOBAL_INTERRUPT, GlobalInterrupt.ENABLE)
    kernel.write(Register.INTERRUPT_ENABLE, InterruptEnable.DONE)
    kernel.at_rest = False
    try:
        kernel.write(Register.CONTROL, Control.START)
        if meanwhile:
            meanwhile()
        kernel.wait(poll)
    except JobTimeout:
        kernel.abort()
        raise
    except KernelError:
        raise
    except BaseException:  # a keyboard interrupt, or an exception in `progress`
        with suppress(KernelError):
            kernel.abort()
        raise
    kernel.write(Register.INTERRUPT_STATUS, InterruptStatus.DONE)
    show()
    error = ErrorCode(kernel.read(Register.ERROR))
    status = kernel.read(Register.STATUS)
    counters = Counters(
        *(kernel.read(register) | kernel.read(register + 4) << 32 for register in COUNTERS)
    )
    kernel.write(Register.CONTROL, Control.CONTINUE)
    if error in TIMEOUTS:
        raise lost(error)
    kernel.at_rest = True
    if error != ErrorCode.NONE:
        remedy = REMEDIES[error].format(longest=1 << kernel.config.max_length_log2)
        raise JobError(f"The kernel stopped with error {error.value}: {remedy}", error)
    return JobReport(bool(status & Status.SATURATED), bool(status & Status.NON_FINITE), counters)
