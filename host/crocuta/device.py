# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of numpy arrays on a device: `open` one, `prepare` a filter, `convolve`."""

from __future__ import annotations

import dataclasses
import numbers
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from itertools import islice
from os import PathLike
from types import TracebackType
from typing import Any, NoReturn, Protocol, Self, cast

import numpy as np
import numpy.typing as npt

from crocuta import backends
from crocuta.backends import Options
from crocuta.errors import InputError, JobError, JobTimeout, KernelError, OutOfMemory
from crocuta.groups import allocated, marks, quantum, slots
from crocuta.kernel import Bank, Buffer, Counters, JobReport, Kernel, Progress
from crocuta.meter import Meter, MeteredKernel
from crocuta.models import configs
from crocuta.models.arithmetic.float_to_cfp import smallest_sample
from crocuta.models.cfp import FloatArray, Format
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel.crocuta_kernel import SampleArray, sample_rows
from crocuta.models.kernel.schedules import (
    filter_chunks,
    output_chunks,
    scratch_bytes,
    transform_rows,
    z_bytes,
)
from crocuta.models.layout import PAGE_BYTES, SAMPLE_BYTES, chunk_count, row_bytes
from crocuta.samples import H_SHAPES, X_SHAPES, check_channels, check_shape, to_array
from crocuta.stream import KeptSamples, Past, Stream


class RangeWarning(UserWarning):
    """A number was too large or too small for the kernel, and the result is wrong there."""


class SaturationWarning(RangeWarning):
    """It was too large, and saturated."""


class UnderflowWarning(RangeWarning):
    """It was too small, and became zero."""


class Filter:
    """A filter in its device's memory: prepared once by `Device.prepare`, used any number of times.

    It occupies the memory until it or the device is closed, or nothing refers to it any more. A
    filter of one channel serves every channel of x.
    """

    def __init__(
        self,
        device: Device,
        shape: tuple[int, int],
        longest: int,
        gains: FloatArray,
        spectra: Buffer,
        report: JobReport,
    ) -> None:
        self.device = device
        self.channels, self.taps = shape
        self.longest = longest
        """The longest x that it serves, in samples."""
        self.gains = gains
        """The sum of |h| per channel: no output exceeds it times the largest |x|."""
        self.address = spectra.address
        self.report = report
        """Flags and counters of the jobs that prepared it."""
        self._free = weakref.finalize(self, spectra.free)
        self._free.atexit = False

    @property
    def closed(self) -> bool:
        """Whether its memory has been released."""
        return not self._free.alive

    def close(self) -> None:
        """Releases its memory, once the device's current job has ended.

        Raises:
            KernelError: called from that job's progress function.
        """
        with self.device._alone():
            self._free()

    def __reduce__(self) -> NoReturn:
        raise TypeError("A filter lies in its device's memory: copy or pickle its taps instead.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Device:
    """A kernel and its memory. Threads may share it: one call runs at a time."""

    def __init__(self, kernel: Kernel, timeout: float | None = None) -> None:
        self._kernel = MeteredKernel(kernel)
        self._timeout = timeout
        self._filters: weakref.WeakSet[Filter] = weakref.WeakSet()
        self._rings: weakref.WeakSet[_Ring] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._busy = False  # whether the thread with the lock is in a job
        self._unusable: str | None = None
        self._lost: ExitStack | None = None  # buffers of a job that may still run
        self._report = JobReport()

    @property
    def config(self) -> Config:
        """The kernel's configuration."""
        return self._kernel.config

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if the kernel is simulated clock by clock."""
        return self._kernel.simulator

    @property
    def report(self) -> JobReport:
        """Flags and counters of the last convolution: the sum of its jobs."""
        return self._report

    def metered(self, progress: Progress | None = None) -> AbstractContextManager[Meter]:
        """A context in which everything that the device does is counted, in any thread.

        Args:
            progress: called from time to time during each job with the number of output chunks
                done and their total. It must neither raise nor use the device.
        """
        return self._kernel.metered(progress)

    def prepare(
        self,
        h: npt.ArrayLike | Iterable[npt.ArrayLike],
        length: int | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Filter:
        """Prepares a filter for `convolve`.

        Args:
            h: (taps,), one filter for every channel of x, or (channels, taps), one per channel. A
                type whose numbers float32 can hold, or float64, which is rounded. With `shape`, an
                iterable of the channels' taps, such as a generator: only a few channels are in the
                host's memory at a time.
            length: the longest x to convolve, in samples; default: as long as h. A chunked kernel's
                filter serves an x of any length; a four-step kernel's serves those that fit the
                same transform, up to `Filter.longest`.
            shape: (channels, taps) of an iterable.

        Raises:
            InputError: an argument is invalid; nothing has been done.
            KernelError: the filter does not fit the device's memory, or the job failed.
        """
        config = self._kernel.config
        most = 1 << config.max_length_log2
        source: _Rows
        if shape is None:
            source = _Array(to_array("h", cast(npt.ArrayLike, h), H_SHAPES, most), h)
        else:
            source = _Channels(h, shape, most)
        channels, taps = source.shape
        job = Job(Mode.PREPARE, channels, length_h=taps)
        longest = most
        if length is not None and (
            not isinstance(length, numbers.Integral)
            or isinstance(length, bool)
            or not 1 <= length <= most
        ):
            raise InputError(f"length must be a number of samples, 1 to {most}, not {length!r}.")
        if config.four_step:
            job = dataclasses.replace(job, length_x=taps if length is None else int(length))
            longest = transform_rows(config, job) * config.chunk
        channel_bytes = filter_chunks(config, job) * spectrum_bytes(config)
        gains: list[FloatArray] = []
        small = _Small(config)
        parts: list[JobReport] = []
        failure: list[Exception] = []
        with self._job() as buffers:
            moved = buffers.enter_context(ExitStack())
            samples, count = slots(
                moved,
                self._kernel,
                1,
                row_bytes(taps),
                channels=channels,
                step=quantum(channel_bytes),
            )
            spectra = self._allocate(buffers, Bank.H_SPECTRA, channels * channel_bytes)
            scratch = self._scratch(moved, job)
            firsts = range(0, channels, count)

            def put(index: int) -> None:
                """Uploads the taps of a job, if there is one. What a user's generator raises waits
                for the end of the job that runs."""
                try:
                    if index == len(firsts):
                        source.check_end()
                        return
                    rows, given = source.take(min(count, channels - firsts[index]))
                except Exception as error:
                    failure.append(error)
                    return
                gains.append(np.abs(rows).sum(axis=1, dtype=np.float64))
                small.add(given)
                samples[index % len(samples)][0].upload(sample_rows(rows))

            put(0)
            for index, first in enumerate(firsts):
                if failure:
                    break
                part = dataclasses.replace(
                    job,
                    channels=min(count, channels - first),
                    h=samples[index % len(samples)][0].address,
                    h_spectra=spectra.address + first * channel_bytes,
                    **scratch,
                )
                ahead = partial(put, index + 1) if len(samples) > 1 else None
                parts.append(self._kernel.execute(part, None, self._timeout, ahead))
                if not ahead:
                    put(index + 1)
            if not failure:
                moved.close()
                buffers.pop_all()  # the spectra stay
                filter = Filter(
                    self, source.shape, longest, np.concatenate(gains), spectra, add_reports(parts)
                )
                self._filters.add(filter)
        if failure:
            raise failure[0]
        _warn("the filter", filter.report)
        small.warn("h")
        return filter

    def convolve(
        self, x: npt.ArrayLike, filter: Filter, progress: Progress | None = None
    ) -> SampleArray:
        """y[n] = sum over m <= n of h[m] x[n-m], as float32 in the shape of x.

        A job computes as many of the filter's channels as fit the device's memory, or fewer, so
        that the next and the previous job's samples are transferred while it runs. The sequences of
        a batch, and the channels that share a one-channel filter, take jobs of their own. One
        preparation serves them all.

        Args:
            x: (length,), (channels, length) or (batch, channels, length). If the filter has more
                than one channel, x must have as many. Types as for `prepare`.
            filter: a filter from this device's `prepare`.
            progress: called from time to time with the number of output chunks done and their
                total. If it raises, the error is passed on once the current job has ended.

        Raises:
            InputError: an argument is invalid; nothing has been done.
            KernelError: the arrays do not fit the device's memory, or a job failed.
        """
        return self._convolve(x, filter, progress)

    def _convolve(
        self,
        x: npt.ArrayLike,
        filter: Filter,
        progress: Progress | None = None,
        ring: _Ring | None = None,
    ) -> SampleArray:
        """See `convolve`. With a ring, x continues its stream."""
        config = self._kernel.config
        self._check_filter(filter)
        if progress is not None and not callable(progress):
            raise InputError("progress must be a function of two numbers, done and total.")
        array = to_array("x", x, X_SHAPES, 1 << config.max_length_log2)
        check_channels(array.shape, filter.channels)
        length = array.shape[-1]
        if length > filter.longest:
            raise InputError(
                f"x has {length} samples and the filter serves at most {filter.longest}: prepare it"
                f" with length={length}."
            )
        rows = array.reshape(-1, filter.channels, length)
        given = np.asarray(x).reshape(rows.shape)
        y = np.empty(rows.shape, np.float32)
        small = _Small(config)
        parts: list[JobReport] = []
        job = Job(
            Mode.CONVOLVE,
            filter.channels,
            length,
            filter.longest if config.four_step else filter.taps,
            ring=ring.rows if ring else 0,
            first_chunk=ring.first_chunk if ring else 0,
        )
        channel_bytes = filter_chunks(config, job) * spectrum_bytes(config)
        chunks = output_chunks(config, job)
        watch = _Watch(progress, chunks * rows.shape[0] * rows.shape[1])
        row = row_bytes(length)
        missing = 0
        with self._job() as buffers:
            if filter.closed:
                raise InputError("The filter is closed: prepare it again.")
            samples, count = slots(
                buffers,
                self._kernel,
                2,
                row,
                channels=filter.channels,
                step=quantum(channel_bytes),
                repeats=len(rows),
            )
            scratch = {} if ring else self._scratch(buffers, job)
            groups = [
                (sequence, slice(first, min(first + count, filter.channels)))
                for sequence in range(len(rows))
                for first in range(0, filter.channels, count)
            ]

            def put(index: int) -> None:
                """Uploads the samples of a job, if there is one, and marks its output."""
                if index < len(groups):
                    x_buffer, y_buffer = samples[index % len(samples)]
                    part = rows[groups[index]]
                    small.add(given[groups[index]])
                    x_buffer.upload(sample_rows(part))
                    # What is still NaN afterwards was never written.
                    in_order = not config.four_step
                    for offset, size in marks(len(part), row, in_order=in_order):
                        y_buffer.upload(np.full(size // SAMPLE_BYTES, np.nan, np.float32), offset)

            def take(index: int) -> None:
                """Downloads the output of a job, if there is one."""
                nonlocal missing
                if index >= 0:
                    part = y[groups[index]]
                    image = samples[index % len(samples)][1].download(
                        len(part) * row // SAMPLE_BYTES, np.float32
                    )
                    part[:] = image.reshape(len(part), -1)[:, :length]
                    missing += int(np.isnan(part).sum())

            def between(index: int) -> None:
                """Transfers samples while a job runs."""
                take(index - 1)
                put(index + 1)

            put(0)
            done = 0
            for index, (sequence, part) in enumerate(groups):
                x_buffer, y_buffer = samples[index % len(samples)]
                if ring:
                    scratch = {"x_spectra": ring.address(sequence, part.start)}
                one = dataclasses.replace(
                    job,
                    channels=part.stop - part.start,
                    x=x_buffer.address,
                    h_spectra=filter.address + part.start * channel_bytes,
                    y=y_buffer.address,
                    **scratch,
                )
                during = partial(between, index) if len(samples) > 1 else None
                parts.append(self._kernel.execute(one, watch.during(done), self._timeout, during))
                done += one.channels * chunks
                if watch.error:
                    break
                if not during:
                    take(index)
                    put(index + 1)
            else:
                if len(samples) > 1:
                    take(len(groups) - 1)
        watch.raise_error()
        if missing:
            raise JobError(
                f"The kernel stopped before it had written all of y, and {missing} outputs or more"
                " are missing: check the card's memory and its bitstream."
            )
        self._report = add_reports(parts)
        _warn("x with the filter", self._report, stacklevel=4)
        small.warn("x", stacklevel=4)
        largest = np.abs(rows).max(axis=-1).astype(np.float64)
        if ring:
            largest = ring.largest = np.maximum(largest, ring.largest)
        _warn_small_output(largest, filter)
        return y.reshape(array.shape)

    def stream(self, filter: Filter, chunks: int = 1) -> Stream:
        """A stream of x in blocks, as long as you like: see `Stream.push` and `Stream.flush`.

        All outputs together have the bits of one convolution, if the kernel could do it. The kernel
        keeps the spectra that it needs of the past in its memory until the stream ends; if there is
        no room for them, or it cannot, every job convolves the past again.

        Args:
            filter: what this device's `prepare` made, at least a chunk shorter than the longest.
            chunks: new ones of each job, at least. With more, outputs come later and take fewer
                clocks.

        Raises:
            InputError: an argument is something else, or the kernel transforms sequences as a
                whole.
        """
        self._check_filter(filter)
        return Stream(
            partial(self._past, filter),
            self.config,
            channels=filter.channels,
            taps=filter.taps,
            chunks=chunks,
        )

    def _past(self, filter: Filter, sequences: int, chunks: int) -> Past:
        """What a stream of so many sequences, in jobs of about so many chunks, keeps."""
        config = self._kernel.config
        size, past = spectrum_bytes(config), chunk_count(config, filter.taps)
        # Every channel's ring begins at a page.
        least = max(past + 1, PAGE_BYTES // size)
        rows = 1 << (max(least, past + chunks) - 1).bit_length()
        rows = min(rows, (1 << config.max_length_log2) // config.chunk)
        with self._job() as buffers:
            while self._kernel.has_rings and rows >= least:
                try:
                    channels = sequences * filter.channels
                    memory = self._allocate(buffers, Bank.X_SPECTRA, channels * rows * size)
                except OutOfMemory:
                    rows //= 2
                else:
                    buffers.pop_all()  # the ring stays
                    ring = _Ring(self, filter, memory, rows, rows - past)
                    self._rings.add(ring)
                    return ring
        return KeptSamples(partial(self.convolve, filter=filter), config, filter.taps)

    def _check_filter(self, filter: Filter) -> None:
        """Raises InputError unless it is one of this device."""
        if not isinstance(filter, Filter):
            raise InputError(
                f"filter must be what this device's prepare(h) made, not {type(filter).__name__}."
            )
        if filter.device is not self:
            raise InputError("The filter is another device's: prepare it on this one.")

    def _allocate(self, buffers: ExitStack, bank: Bank, size: int) -> Buffer:
        """A buffer that `buffers` frees."""
        return allocated(buffers, self._kernel, bank, size)

    def _scratch(self, buffers: ExitStack, job: Job) -> dict[str, Any]:
        """The pointers to a job's scratch memory, by argument. `buffers` frees it."""
        config = self._kernel.config
        sizes = {
            Bank.X_SPECTRA: scratch_bytes(config, job),
            Bank.Z_SPECTRA: z_bytes(config, job),
        }
        return {
            bank.name.lower(): self._allocate(buffers, bank, size).address
            for bank, size in sizes.items()
            if size
        }

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A context in which this thread alone uses the device.

        Raises:
            KernelError: this thread is already in such a context.
        """
        with self._lock:
            if self._busy:
                raise KernelError(
                    "The device is in the middle of a job: its progress function must not use it."
                )
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    @contextmanager
    def _job(self) -> Iterator[ExitStack]:
        """A context for jobs: frees their buffers unless the kernel may still write to them."""
        with self._alone(), ExitStack() as buffers:
            if self._unusable:
                raise KernelError(self._unusable)
            try:
                yield buffers
            except (InputError, JobError, OutOfMemory):
                raise
            except BaseException as error:
                broken = isinstance(error, KernelError) and not isinstance(error, JobTimeout)
                if self._kernel.at_rest and not broken:
                    raise
                self._lost = buffers.pop_all()
                self._unusable = (
                    "An earlier job on this device did not come to its end: close the device and"
                    " open it again."
                )
                raise

    def close(self) -> None:
        """Releases the device and its filters' memory, once its current job has ended.

        Raises:
            KernelError: called from that job's progress function.
        """
        with self._alone():
            closed = "This device is closed: open another one with crocuta.open()."
            if self._unusable == closed:
                return
            self._unusable = closed
            owners: list[Filter | _Ring] = [*self._filters, *self._rings]
            for owner in owners:
                owner._free()
            self._lost = None
            self._kernel.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("A device cannot be copied or pickled: open one in each process.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Ring:
    """A `Past` of spectra in the kernel's memory: a ring of rows for every channel.

    A job that fails has changed no row that the next one reads: the next one repeats it.
    """

    def __init__(
        self, device: Device, filter: Filter, memory: Buffer, rows: int, most: int
    ) -> None:
        self._device = device
        self._filter = filter
        self._address = memory.address
        self.rows = rows
        self.most = most
        self.first_chunk = 0
        """Chunks of the stream so far, but for turns around the ring."""
        self.largest: FloatArray | float = 0.0
        """The largest |x| of each channel so far."""
        self._free = weakref.finalize(self, memory.free)
        self._free.atexit = False

    def address(self, sequence: int, channel: int) -> int:
        """The address of a channel's ring."""
        number = sequence * self._filter.channels + channel
        return self._address + number * self.rows * spectrum_bytes(self._device.config)

    def convolve(self, x: SampleArray) -> SampleArray:
        """See `Past.convolve`."""
        y = self._device._convolve(x, self._filter, ring=self)
        self.first_chunk += chunk_count(self._device.config, x.shape[-1])
        if self.first_chunk >= 2 * self.rows:
            self.first_chunk = self.rows + self.first_chunk % self.rows
        return y

    def close(self) -> None:
        """Releases the memory, once the device's current job has ended."""
        with self._device._alone():
            self._free()


class _Rows(Protocol):
    """A filter's taps, read as they are needed."""

    shape: tuple[int, int]

    def take(self, count: int) -> tuple[SampleArray, npt.NDArray[Any]]:
        """The next channels: as float32, and as the user passed them."""

    def check_end(self) -> None:
        """Raises InputError if there are more."""


class _Array:
    """See `_Rows`: the rows of an array."""

    def __init__(self, rows: SampleArray, given: Any) -> None:
        self._rows = np.atleast_2d(rows)
        self._given = np.atleast_2d(np.asarray(given))
        self.shape: tuple[int, int] = self._rows.shape
        self._next = 0

    def take(self, count: int) -> tuple[SampleArray, npt.NDArray[Any]]:
        """The next channels: as float32, and as the user passed them."""
        part = slice(self._next, self._next + count)
        self._next = part.stop
        return self._rows[part], self._given[part]

    def check_end(self) -> None:
        """There are no more."""


class _Channels:
    """See `_Rows`: those of an iterable that yields one channel after the other.

    Raises:
        InputError: it is none, or the shape is none of a filter.
    """

    def __init__(self, channels: Any, shape: tuple[int, int], longest: int) -> None:
        if not isinstance(channels, Iterable):
            raise InputError(
                f"h must be an iterable of channels if it has a shape=, not"
                f" {type(channels).__name__}."
            )
        if (
            not isinstance(shape, tuple)
            or len(shape) != 2
            or not all(isinstance(size, numbers.Integral) for size in shape)
        ):
            raise InputError(f"shape must be (channels, taps), not {shape!r}.")
        check_shape("h", shape, H_SHAPES, longest)
        self.shape = shape
        self._longest = longest
        self._iterator = iter(channels)
        self._taken = 0

    def take(self, count: int) -> tuple[SampleArray, npt.NDArray[Any]]:
        """The next channels: as float32, and as the user passed them."""
        single: list[SampleArray] = []
        given: list[npt.NDArray[Any]] = []
        for row in islice(self._iterator, count):
            name = f"h's channel {self._taken}"
            array = to_array(name, row, ("(taps,)",), self._longest)
            if len(array) != self.shape[1]:
                raise InputError(
                    f"{name} has {len(array)} taps, but shape= says that they are {self.shape[1]}."
                )
            single.append(array)
            given.append(np.asarray(row))
            self._taken += 1
        if len(single) < count:
            raise InputError(
                f"h ends after {self._taken} channels, but shape= says that they are"
                f" {self.shape[0]}."
            )
        return np.stack(single), np.stack(given)

    def check_end(self) -> None:
        """Raises InputError if there are more."""
        if next(self._iterator, None) is not None:
            raise InputError(f"h goes on after the {self.shape[0]} channels that shape= says.")


class _Watch:
    """A caller's progress function over several jobs. It holds back exceptions until the job has
    ended, because a kernel with an abandoned job could not be used again."""

    def __init__(self, progress: Progress | None, chunks: int) -> None:
        self._progress = progress
        self._chunks = chunks
        self.error: Exception | None = None

    def during(self, before: int) -> Progress | None:
        """The progress function for a job that comes after so many chunks."""
        progress = self._progress
        if progress is None:
            return None

        def show(done: int, total: int) -> None:
            if self.error is None:
                try:
                    progress(before + done, self._chunks)
                except Exception as error:
                    self.error = error

        return show

    def raise_error(self) -> None:
        """Raises the exception that the function raised, if any."""
        if self.error is not None:
            raise self.error


def add_reports(parts: list[JobReport]) -> JobReport:
    """The combined flags and counters of several jobs."""
    if len(parts) == 1:
        return parts[0]
    counters = [dataclasses.astuple(part.counters) for part in parts if part.counters]
    return JobReport(
        _any([part.saturated for part in parts]),
        _any([part.non_finite for part in parts]),
        Counters(*map(sum, zip(*counters, strict=True))) if counters else None,
    )


def _any(flags: list[bool | None]) -> bool | None:
    return None if None in flags else any(flags)


def _warn(what: str, report: JobReport, stacklevel: int = 3) -> None:
    if report.saturated:
        warnings.warn(
            f"A number was too large for {what} and saturated: scale the input down.",
            SaturationWarning,
            stacklevel=stacklevel,
        )


class _Small:
    """Whether samples become zero that are not negligible beside the largest."""

    def __init__(self, config: Config) -> None:
        self._least = smallest_sample(Format.of(config))
        self._negligible_beside = self._least * 2.0**config.mantissa_bits
        self._count = 0
        self._largest = 0.0

    def add(self, samples: npt.NDArray[Any]) -> None:
        """Adds samples as the user gave them: float32 may not hold the small ones."""
        magnitudes = np.abs(np.asarray(samples, np.float64))
        self._count += int(np.count_nonzero((magnitudes > 0) & (magnitudes < self._least)))
        self._largest = max(self._largest, float(magnitudes.max()))

    def warn(self, name: str, stacklevel: int = 3) -> None:
        """Warns if there are such."""
        if self._count and self._largest < self._negligible_beside:
            warnings.warn(
                f"{self._count:,} of {name} are smaller than {self._least:.2g} and became zero:"
                f" scale {name} up.",
                UnderflowWarning,
                stacklevel=stacklevel,
            )


def _warn_small_output(largest: FloatArray, filter: Filter) -> None:
    """Warns if the outputs of a channel are all too small for float32, given its largest |x|."""
    most = largest * filter.gains
    if ((most > 0) & (most < np.finfo(np.float32).tiny)).any():
        warnings.warn(
            "The outputs of a channel are smaller than 1.2e-38 and became zero: scale x or h up.",
            UnderflowWarning,
            stacklevel=4,
        )


@contextmanager
def _compiling() -> Iterator[None]:
    print("Compiling the kernel's RTL; this takes minutes, but only once.", file=sys.stderr)
    yield


def open(
    backend: str = "rtl",
    config: str = "u200",
    *,
    timeout: float | None = None,
    card: int = 0,
    xclbin: str | PathLike[str] | None = None,
    port: str | None = None,
    compiling: Callable[[], AbstractContextManager[object]] = _compiling,
) -> Device:
    """Opens a device; close it, or use it in a `with` statement.

    Args:
        backend: "rtl", the hardware simulated clock by clock; "model", the same bits from numpy;
            "float", scipy's FFT convolution, for development and comparison; "xrt", a card with a
            Vitis shell; "xdma", a card with the shell-less design; "uart", a board on a serial
            port.
        config: the kernel's configuration: a name in models/configs.toml, or a variation of one.
        timeout: time limit of a job in seconds. By default a card has a generous limit, and a
            simulation may take any time as long as it makes progress.
        card: the card's number, if there are several.
        xclbin: for "xrt", the file to load.
        port: for "uart", the serial port, e.g. "/dev/ttyUSB0".
        compiling: a context that is entered while the RTL compiles, if it has to.

    Raises:
        InputError: there is no such backend or configuration, the backend does not support the
            configuration, or an option has the wrong type.
        KernelError: the kernel is unavailable.
    """
    backends.check(backend)
    for name, value, kinds, wanted in (
        ("config", config, str, "a configuration's name, such as 'u200'"),
        ("timeout", timeout, (numbers.Real, type(None)), "a number of seconds"),
    ):
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise InputError(f"{name} must be {wanted}, not {value!r}.")
    if timeout is not None and not timeout > 0:
        raise InputError(f"The timeout must be more than 0 seconds, not {timeout}.")
    options = Options(card=card, xclbin=xclbin, port=port, compiling=compiling)
    try:
        kernel = backends.make(backend, configs.load_model(config), options)
    except configs.ConfigError as error:
        raise InputError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    return Device(kernel, timeout)
