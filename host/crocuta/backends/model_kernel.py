# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `model`: the golden model with the kernel's registers and memories.

It computes the hardware's bits in numpy, without clocks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from crocuta.backends.register_kernel import RegisterKernel
from crocuta.errors import KernelError
from crocuta.kernel import Bank, JobReport, Meanwhile, Progress, banks
from crocuta.memory import HostMemory, memory_bytes
from crocuta.models import cfp
from crocuta.models.cfp import Cfp, Format
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, past_chunks, spectrum_bytes
from crocuta.models.kernel import crocuta_kernel, schedules
from crocuta.models.kernel.crocuta_kernel import SampleArray, Spectra
from crocuta.models.layout import PAGE_BYTES, chunk_count, row_bytes
from crocuta.models.transform import fft_engine
from crocuta.registers import (
    MAX_CHANNELS,
    VERSION,
    WIDE,
    Control,
    ErrorCode,
    Register,
    Status,
    identity,
)


class ModelKernel(RegisterKernel):
    """See `crocuta.kernel.Kernel`. `sizes` are the memories' sizes in bytes, in the order of
    `banks`."""

    memories: dict[Bank, HostMemory]

    def __init__(self, config: Config, sizes: tuple[int, ...] | None = None) -> None:
        config.check_kernel()
        self.config = config
        self.memories = {
            bank: HostMemory(np.zeros(size, np.uint8), base=bank << 36)
            for bank, size in zip(banks(config), sizes or memory_bytes(config), strict=True)
        }
        self._words: dict[int, int] = {Register.VERSION: VERSION}
        self._words[Register.IDENTITY], self._words[Register.IDENTITY2] = identity(config)

    def close(self) -> None:
        """Releases the memories."""
        del self.memories

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """See `crocuta.kernel.Kernel.execute`; there are no counters."""
        report = super().execute(job, progress, timeout, meanwhile)
        return dataclasses.replace(report, counters=None)

    def read(self, offset: int) -> int:
        """Reads the 32-bit register at a byte offset."""
        return self._words.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Writes a 32-bit register; a job started here runs in `wait`."""
        if offset == Register.CONTROL and value & Control.SW_RESET:
            if self.read(Register.CONTROL) & Control.START:
                self._words[Register.ERROR] = ErrorCode.ABORTED
            value = Control.IDLE
        self._words[offset] = value

    def pause(self) -> None:
        """Does nothing: there is nothing to wait for."""

    def wait(self, poll: Callable[[], None]) -> None:
        """Runs the started job, calling `poll` after every output chunk.

        Raises:
            KernelError: no job was started.
        """
        if not self.read(Register.CONTROL) & Control.START:
            raise KernelError("No job was started: write CONTROL before waiting.")
        for register in (Register.STATUS, Register.CHUNKS_DONE):
            self._words[register] = 0
        error = self._argument_error()
        self._words[Register.ERROR] = error
        if error == ErrorCode.NONE:
            for channel in range(self._argument(Register.CHANNELS)):
                if self._argument(Register.MODE) == Mode.PREPARE:
                    self._prepare(channel)
                else:
                    self._convolve(channel, poll)
        self._words[Register.CONTROL] = Control.DONE

    def _argument(self, register: Register) -> int:
        high = self.read(register + 4) if register in WIDE else 0
        return self.read(register) | high << 32

    def _argument_error(self) -> ErrorCode:
        """The error code that job_control would give, with its order of precedence."""
        mode = self._argument(Register.MODE)
        convolve = mode == Mode.CONVOLVE
        four_step = self.config.four_step
        longest = 1 << self.config.max_length_log2
        pointers = {Register.H_SPECTRA} | (
            {Register.X, Register.X_SPECTRA, Register.Y} if convolve else {Register.H}
        )
        if four_step:
            pointers |= {Register.X_SPECTRA} | ({Register.Z_SPECTRA} if convolve else set())
        for wrong, code in (
            (mode not in tuple(Mode), ErrorCode.MODE),
            (not 1 <= self._argument(Register.CHANNELS) <= MAX_CHANNELS, ErrorCode.CHANNELS),
            (
                (convolve or four_step) and not 1 <= self._argument(Register.LENGTH_X) <= longest,
                ErrorCode.LENGTH_X,
            ),
            (not 1 <= self._argument(Register.LENGTH_H) <= longest, ErrorCode.LENGTH_H),
            (any(self._argument(pointer) % PAGE_BYTES for pointer in pointers), ErrorCode.POINTER),
            (convolve and not four_step and not self._ring_fits(), ErrorCode.RING),
        ):
            if wrong:
                return code
        return ErrorCode.NONE

    def _ring_fits(self) -> bool:
        """Whether the ring is none, or one that has room for the job."""
        ring = self._argument(Register.RING)
        if ring == 0:
            return self._argument(Register.FIRST_CHUNK) == 0
        rows = sum(
            chunk_count(self.config, self._argument(length))
            for length in (Register.LENGTH_X, Register.LENGTH_H)
        )
        longest = (1 << self.config.max_length_log2) // self.config.chunk
        return ring & (ring - 1) == 0 and rows <= ring <= longest

    def _row(self, register: Register, channel: int, length: int) -> SampleArray:
        """A view of the samples of one channel."""
        address = self._argument(register) + channel * row_bytes(length)
        return self.memories[Bank.SAMPLES].view(address, length, np.float32)

    def _job(self) -> Job:
        """The job that the registers describe."""
        names = [field.name for field in dataclasses.fields(Job) if field.name != "mode"]
        return Job(
            Mode(self._argument(Register.MODE)),
            **{name: self._argument(Register[name.upper()]) for name in names},
        )

    def _spectra_address(self, channel: int) -> int:
        size = schedules.filter_chunks(self.config, self._job()) * spectrum_bytes(self.config)
        return self._argument(Register.H_SPECTRA) + channel * size

    def _words_at(self, bank: Bank, addresses: Sequence[int]) -> Cfp:
        """The chunks of spectra at these addresses."""
        config = self.config
        beats = np.stack(
            [self.memories[bank].view(address, config.chunk, np.uint64) for address in addresses]
        ).reshape(-1, config.chunk_beats, config.lanes)
        words = cfp.unpack(beats, Format.of(config))
        return cfp.stack(
            [fft_engine.from_beats(words[chunk], config) for chunk in range(len(addresses))]
        )

    def _flag(self, saturated: bool, non_finite: bool) -> None:
        self._words[Register.STATUS] |= (Status.SATURATED if saturated else 0) | (
            Status.NON_FINITE if non_finite else 0
        )

    def _prepare(self, channel: int) -> None:
        h = self._row(Register.H, channel, self._argument(Register.LENGTH_H))
        spectra = schedules.prepare(h, self.config, self._argument(Register.LENGTH_X))
        slots = crocuta_kernel.spectra_slots(spectra.words, self.config)
        self.memories[Bank.H_SPECTRA].upload(self._spectra_address(channel), slots)
        self._flag(spectra.saturated, spectra.non_finite)

    def _convolve(self, channel: int, poll: Callable[[], None]) -> None:
        config = self.config
        length = self._argument(Register.LENGTH_X)
        job = self._job()
        past = past_chunks(config, job)
        # Chunks of h past the end of x are never multiplied with any of it.
        count = min(
            schedules.filter_chunks(config, job), past + schedules.output_chunks(config, job)
        )
        size = spectrum_bytes(config)
        address = self._spectra_address(channel)
        words = self._words_at(Bank.H_SPECTRA, range(address, address + count * size, size))
        filter_spectra = Spectra(words, saturated=False, non_finite=False)
        x = self._row(Register.X, channel, length)

        def chunk_done(done: int, count: int) -> None:
            self._words[Register.CHUNKS_DONE] = channel * count + done
            poll()

        if job.ring:
            xs = crocuta_kernel.prepare(x, config)
            ring = job.x_spectra + channel * job.ring * size
            first = job.first_chunk - past
            rows = [
                ring + n % job.ring * size for n in range(first, first + past + len(xs.words.re))
            ]
            memory = self.memories[Bank.X_SPECTRA]
            for row, slots in zip(
                rows[past:], crocuta_kernel.spectra_slots(xs.words, config), strict=True
            ):
                memory.upload(row, slots)
            if past:
                before = self._words_at(Bank.X_SPECTRA, rows[:past])
                xs = xs._replace(words=crocuta_kernel.concatenate([before, xs.words]))
            result = crocuta_kernel.convolve_spectra(xs, length, filter_spectra, config, chunk_done)
        else:
            result = schedules.convolve(x, filter_spectra, config, chunk_done)
        self._row(Register.Y, channel, length)[:] = result.y
        self._flag(result.saturated, result.non_finite)
