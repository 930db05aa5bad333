# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs on any kernel: arrays in, arrays out, and the counters of what it took."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from crocuta.kernel import Bank, Kernel, KernelError
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
from models.chunk_controller import Job, Mode, chunks, spectrum_bytes
from models.crocuta_kernel import SampleArray, row_bytes, sample_rows

Progress = Callable[[int, int], None]
"""Called with the output chunks done and their number."""

REMEDIES = {
    ErrorCode.MODE: "it does not know the mode: use the host software of the kernel's version.",
    ErrorCode.CHANNELS: f"the number of channels must be 1 to {MAX_CHANNELS}: split the batch.",
    ErrorCode.LENGTH_X: "x must have 1 to {longest} samples: shorten it.",
    ErrorCode.LENGTH_H: "the filter must have 1 to {longest} taps: shorten it.",
    ErrorCode.POINTER: "a buffer does not start at a multiple of 4096 bytes: align it.",
    ErrorCode.SAMPLES_READ: "reading x or h failed: check that their buffers are in its memory.",
    ErrorCode.SAMPLES_WRITE: "writing y failed: check that its buffer is in its memory.",
    ErrorCode.X_READ: "reading the spectra of x failed: check where their buffer is.",
    ErrorCode.X_WRITE: "writing the spectra of x failed: check where their buffer is.",
    ErrorCode.H_READ: "reading the filter's spectra failed: check where their buffer is.",
    ErrorCode.H_WRITE: "writing the filter's spectra failed: check where their buffer is.",
}


class JobError(KernelError):
    """A job that the kernel ended early; `code` says why."""

    def __init__(self, code: ErrorCode, longest: int) -> None:
        super().__init__(
            f"The kernel stopped with error {code.value}: {REMEDIES[code].format(longest=longest)}"
        )
        self.code = code


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
class Done:
    """A job that ended well: its sticky flags and its counters."""

    saturated: bool
    nonfinite: bool
    counters: Counters


@dataclasses.dataclass(frozen=True)
class Convolution:
    """y, in the shape of x, and the two jobs that made it."""

    y: SampleArray
    prepare: Done
    convolve: Done


def check_identity(kernel: Kernel) -> None:
    """Raises KernelError unless the kernel is of this software's version and of its config."""
    version = kernel.read(Register.VERSION)
    if version >> 16 != VERSION >> 16:
        raise KernelError(
            f"The kernel's interface is {version >> 16}.{version >> 8 & 255}, this software's"
            f" {VERSION >> 16}.{VERSION >> 8 & 255}: use those of one release."
        )
    found = kernel.read(Register.IDENTITY), kernel.read(Register.IDENTITY2)
    if found != identity(kernel.config):
        raise KernelError(
            f"The kernel is not of configuration {kernel.config.name}: choose the one that its"
            f" identity registers tell (0x{found[0]:08x}, 0x{found[1]:08x})."
        )


def run(kernel: Kernel, job: Job, progress: Progress | None = None) -> Done:
    """Runs one job to its end.

    Raises:
        JobError: the kernel refused or stopped it.
        KernelError: the kernel does nothing any more.
    """
    for field in dataclasses.fields(job):
        register = Register[field.name.upper()]
        value = getattr(job, field.name)
        kernel.write(register, value & 0xFFFF_FFFF)
        if register in WIDE:
            kernel.write(register + 4, value >> 32)
    total = job.channels * chunks(kernel.config, job.length_x) if job.mode == Mode.CONVOLVE else 0

    def poll() -> None:
        if progress and total:
            progress(kernel.read(Register.CHUNKS_DONE), total)

    kernel.write(Register.GLOBAL_INTERRUPT, GlobalInterrupt.ENABLE)
    kernel.write(Register.INTERRUPT_ENABLE, InterruptEnable.DONE)
    kernel.write(Register.CONTROL, Control.START)
    kernel.wait(poll)
    kernel.write(Register.INTERRUPT_STATUS, InterruptStatus.DONE)
    poll()
    error = ErrorCode(kernel.read(Register.ERROR))
    status = kernel.read(Register.STATUS)
    counters = Counters(
        *(kernel.read(register) | kernel.read(register + 4) << 32 for register in COUNTERS)
    )
    kernel.write(Register.CONTROL, Control.CONTINUE)
    if error != ErrorCode.NONE:
        raise JobError(error, 1 << kernel.config.max_length_log2)
    return Done(bool(status & Status.SATURATED), bool(status & Status.NON_FINITE), counters)


def convolve(
    kernel: Kernel, x: SampleArray, h: SampleArray, progress: Progress | None = None
) -> Convolution:
    """y[n] = sum over m <= n of h[m] x[n-m]: PREPARE the filter, then CONVOLVE.

    Args:
        x: float32, (length,) or (channels, length).
        h: float32, (taps,) or (channels, taps): one filter for each channel.

    Raises:
        KernelError: the arrays do not fit the kernel's memories, or a job failed.
    """
    config = kernel.config
    rows_x, rows_h = np.atleast_2d(x), np.atleast_2d(h)
    if len(rows_x) != len(rows_h):
        raise KernelError(
            f"x has {len(rows_x)} channels and h has {len(rows_h)}: give one filter a channel."
        )
    channels, length_x = rows_x.shape
    length_h = rows_h.shape[1]
    samples, x_spectra, h_spectra = kernel.memories
    h_address = samples.base + channels * row_bytes(length_x)
    y_address = h_address + channels * row_bytes(length_h)
    for memory, bank, need in (
        (samples, Bank.SAMPLES, y_address + channels * row_bytes(length_x) - samples.base),
        (x_spectra, Bank.X_SPECTRA, chunks(config, length_x) * spectrum_bytes(config)),
        (h_spectra, Bank.H_SPECTRA, channels * chunks(config, length_h) * spectrum_bytes(config)),
    ):
        if need > memory.size:
            raise KernelError(
                f"The job needs {need} bytes of the memory of {bank.name.lower()}, which has"
                f" {memory.size}: give fewer channels or shorter arrays."
            )
    job = Job(
        Mode.PREPARE,
        channels,
        length_x,
        length_h,
        x=samples.base,
        h=h_address,
        h_spectra=h_spectra.base,
        x_spectra=x_spectra.base,
        y=y_address,
    )
    samples.upload(job.h, sample_rows(rows_h))
    prepared = run(kernel, job)
    samples.upload(job.x, sample_rows(rows_x))
    convolved = run(kernel, dataclasses.replace(job, mode=Mode.CONVOLVE), progress)
    rows = samples.download(job.y, channels * row_bytes(length_x) // 4, np.float32)
    y = rows.reshape(channels, -1)[:, :length_x].reshape(x.shape)
    return Convolution(y, prepared, convolved)
