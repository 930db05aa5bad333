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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from os import PathLike
from types import TracebackType
from typing import NoReturn, Self

import numpy as np
import numpy.typing as npt

from crocuta import backends
from crocuta.backends import Options
from crocuta.errors import InputError, JobError, JobTimeout, KernelError, OutOfMemory
from crocuta.kernel import Bank, Buffer, Counters, JobReport, Kernel, Progress
from crocuta.meter import Meter, MeteredKernel
from crocuta.models import configs
from crocuta.models.arithmetic.float_to_cfp import smallest_sample
from crocuta.models.cfp import Format
from crocuta.models.configs import FOUR_STEP, Config
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel.crocuta_kernel import SampleArray, sample_rows
from crocuta.models.kernel.schedules import filter_chunks, scratch_bytes, transform_rows
from crocuta.models.layout import row_bytes
from crocuta.samples import H_SHAPES, X_SHAPES, check_channels, to_array


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
        self, device: Device, h: SampleArray, longest: int, spectra: Buffer, report: JobReport
    ) -> None:
        self.device = device
        self.channels, self.taps = h.shape
        self.longest = longest
        """The longest x that it serves, in samples."""
        self.gains = np.abs(h).sum(axis=1, dtype=np.float64)
        """The sum of |h| per channel: no output exceeds it times the largest |x|."""
        self.address = spectra.address
        self.report = report
        """Flags and counters of the job that prepared it."""
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

    def prepare(self, h: npt.ArrayLike, length: int | None = None) -> Filter:
        """Prepares a filter for `convolve`.

        Args:
            h: (taps,), one filter for every channel of x, or (channels, taps), one per channel. A
                type whose numbers float32 can hold, or float64, which is rounded.
            length: the longest x to convolve, in samples; default: as long as h. A chunked kernel's
                filter serves an x of any length; a four-step kernel's serves those that fit the
                same transform, up to `Filter.longest`.

        Raises:
            InputError: an argument is invalid; nothing has been done.
            KernelError: the filter does not fit the device's memory, or the job failed.
        """
        config = self._kernel.config
        most = 1 << config.max_length_log2
        rows = np.atleast_2d(to_array("h", h, H_SHAPES, most))
        channels, taps = rows.shape
        job = Job(Mode.PREPARE, channels, length_h=taps)
        longest = most
        if length is not None and (
            not isinstance(length, numbers.Integral)
            or isinstance(length, bool)
            or not 1 <= length <= most
        ):
            raise InputError(f"length must be a number of samples, 1 to {most}, not {length!r}.")
        if config.schedule == FOUR_STEP:
            job = dataclasses.replace(job, length_x=taps if length is None else int(length))
            longest = transform_rows(config, job) * config.chunk
        size = channels * filter_chunks(config, job) * spectrum_bytes(config)
        with self._job() as buffers:
            samples = self._allocate(buffers, Bank.SAMPLES, channels * row_bytes(taps))
            spectra = self._allocate(buffers, Bank.H_SPECTRA, size)
            scratch = self._scratch(buffers, job)
            job = dataclasses.replace(
                job,
                h=samples.address,
                h_spectra=spectra.address,
                x_spectra=scratch.address if scratch else 0,
            )
            samples.upload(sample_rows(rows))
            report = self._kernel.execute(job, timeout=self._timeout)
            buffers.pop_all()  # the spectra stay
            samples.free()
            if scratch:
                scratch.free()
            filter = Filter(self, rows, longest, spectra, report)
            self._filters.add(filter)
        _warn("the filter", report)
        _warn_small("h", h, config)
        return filter

    def convolve(
        self, x: npt.ArrayLike, filter: Filter, progress: Progress | None = None
    ) -> SampleArray:
        """y[n] = sum over m <= n of h[m] x[n-m], as float32 in the shape of x.

        The kernel computes as many channels per job as the filter has. The sequences of a batch,
        and the channels that share a one-channel filter, take one job each.

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
        config = self._kernel.config
        if not isinstance(filter, Filter):
            raise InputError(
                f"filter must be what this device's prepare(h) made, not {type(filter).__name__}."
            )
        if filter.device is not self:
            raise InputError("The filter is another device's: prepare it on this one.")
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
        y = np.empty(rows.shape, np.float32)
        watch = _Watch(progress, len(rows))
        parts: list[JobReport] = []
        size = filter.channels * row_bytes(length)
        with self._job() as buffers:
            if filter.closed:
                raise InputError("The filter is closed: prepare it again.")
            x_buffer = self._allocate(buffers, Bank.SAMPLES, size)
            y_buffer = self._allocate(buffers, Bank.SAMPLES, size)
            job = Job(
                Mode.CONVOLVE,
                filter.channels,
                length,
                filter.longest if config.schedule == FOUR_STEP else filter.taps,
                x=x_buffer.address,
                h_spectra=filter.address,
                y=y_buffer.address,
            )
            scratch = self._scratch(buffers, job)
            if scratch:
                job = dataclasses.replace(job, x_spectra=scratch.address)
            for index, channels in enumerate(rows):
                x_buffer.upload(sample_rows(channels))
                # What is still NaN afterwards was never written. ECC memory also needs a full write
                # before the kernel writes parts of its words.
                y_buffer.upload(np.full(size // 4, np.nan, np.float32))
                parts.append(self._kernel.execute(job, watch.during(index), self._timeout))
                image = y_buffer.download(size // 4, np.float32)
                y[index] = image.reshape(filter.channels, -1)[:, :length]
                if watch.error:
                    break
        watch.raise_error()
        missing = int(np.isnan(y).sum())
        if missing:
            raise JobError(
                f"The kernel stopped before it had written {missing} of {y.size} outputs: check the"
                " card's memory and its bitstream."
            )
        self._report = _sum(parts)
        _warn("x with the filter", self._report)
        _warn_small("x", x, config)
        _warn_small_output(rows, filter)
        return y.reshape(array.shape)

    def _allocate(self, buffers: ExitStack, bank: Bank, size: int) -> Buffer:
        """A buffer that `buffers` frees."""
        buffer = self._kernel.allocate(bank, size)
        buffers.callback(buffer.free)
        return buffer

    def _scratch(self, buffers: ExitStack, job: Job) -> Buffer | None:
        """A buffer for the spectra of x that `buffers` frees, or None if the job needs none."""
        size = scratch_bytes(self._kernel.config, job)
        return self._allocate(buffers, Bank.X_SPECTRA, size) if size else None

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
            for filter in list(self._filters):
                filter._free()
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


class _Watch:
    """A caller's progress function over several jobs. It holds back exceptions until the job has
    ended, because a kernel with an abandoned job could not be used again."""

    def __init__(self, progress: Progress | None, jobs: int) -> None:
        self._progress = progress
        self._jobs = jobs
        self.error: Exception | None = None

    def during(self, job: int) -> Progress | None:
        """The progress function for one of the jobs."""
        progress = self._progress
        if progress is None:
            return None

        def show(done: int, total: int) -> None:
            if self.error is None:
                try:
                    progress(job * total + done, self._jobs * total)
                except Exception as error:
                    self.error = error

        return show

    def raise_error(self) -> None:
        """Raises the exception that the function raised, if any."""
        if self.error is not None:
            raise self.error


def _sum(parts: list[JobReport]) -> JobReport:
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


def _warn(what: str, report: JobReport) -> None:
    if report.saturated:
        warnings.warn(
            f"A number was too large for {what} and saturated: scale the input down.",
            SaturationWarning,
            stacklevel=3,
        )


def _warn_small(name: str, samples: npt.ArrayLike, config: Config) -> None:
    """Warns if samples became zero that are not negligible compared with the largest one."""
    least = smallest_sample(Format.of(config))
    magnitudes = np.abs(np.asarray(samples, np.float64))
    count = np.count_nonzero((magnitudes > 0) & (magnitudes < least))
    if count and magnitudes.max() < least * 2.0**config.mantissa_bits:
        warnings.warn(
            f"{count:,} of {name} are smaller than {least:.2g} and became zero: scale {name} up.",
            UnderflowWarning,
            stacklevel=3,
        )


def _warn_small_output(x: SampleArray, filter: Filter) -> None:
    """Warns if the outputs of a channel are all too small for float32."""
    most = np.abs(x).max(axis=-1).astype(np.float64) * filter.gains
    if ((most > 0) & (most < np.finfo(np.float32).tiny)).any():
        warnings.warn(
            "The outputs of a channel are smaller than 1.2e-38 and became zero: scale x or h up.",
            UnderflowWarning,
            stacklevel=3,
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
