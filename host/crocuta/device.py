# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of numpy arrays on a device: `open` one, `prepare` a filter, `convolve`."""

from __future__ import annotations

import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError, JobError, JobTimeout, KernelError, OutOfMemory
from crocuta.kernel import Bank, Buffer, Done, Kernel, Progress
from crocuta.model_kernel import ModelKernel
from crocuta.samples import to_array
from crocuta.uart_kernel import UartKernel
from crocuta.xdma_kernel import XdmaKernel
from crocuta.xrt_kernel import XrtKernel
from models import configs
from models.chunk_controller import Job, Mode, chunks, spectrum_bytes
from models.configs import Config
from models.crocuta_kernel import SampleArray, row_bytes, sample_rows

BACKENDS = ("rtl", "model", "xrt", "xdma", "uart")


class SaturationWarning(UserWarning):
    """A number was too large for the kernel, and the result is wrong there."""


class Filter:
    """A filter as its device keeps it: made once by `Device.prepare`, used any number of times.

    It takes memory of the device until it or the device is closed or nothing refers to it.
    """

    def __init__(self, device: Device, h: SampleArray, spectra: Buffer, done: Done) -> None:
        self.device = device
        self.channels, self.taps = h.shape
        self.address = spectra.address
        self.done = done
        """Flags and counters of the job that prepared it."""
        self._free = weakref.finalize(self, spectra.free)
        self._free.atexit = False

    @property
    def closed(self) -> bool:
        """Whether its memory was given back."""
        return not self._free.alive

    def close(self) -> None:
        """Gives its memory back."""
        self._free()

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
    """A kernel and its memory. Threads may share it: one job runs at a time."""

    def __init__(self, kernel: Kernel, timeout: float | None = None) -> None:
        self._kernel = kernel
        self._timeout = timeout
        self._filters: weakref.WeakSet[Filter] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._unusable: str | None = None
        self._lost: ExitStack | None = None  # buffers of a job that may still run
        self._done = Done()

    @property
    def config(self) -> Config:
        """The kernel's configuration."""
        return self._kernel.config

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if the kernel is simulated clock by clock."""
        return self._kernel.simulator

    @property
    def done(self) -> Done:
        """Flags and counters of the last convolution."""
        return self._done

    def prepare(self, h: npt.ArrayLike) -> Filter:
        """A filter, ready for `convolve`.

        Args:
            h: float32 or float64, (taps,) or (channels, taps).

        Raises:
            InputError: h is something else; nothing was done.
            KernelError: it does not fit the device's memory, or the job failed.
        """
        config = self._kernel.config
        rows = np.atleast_2d(to_array("h", h, 1 << config.max_length_log2))
        channels, taps = rows.shape
        size = channels * chunks(config, taps) * spectrum_bytes(config)
        with self._job() as buffers:
            samples = self._allocate(buffers, Bank.SAMPLES, channels * row_bytes(taps))
            spectra = self._allocate(buffers, Bank.H_SPECTRA, size)
            samples.upload(sample_rows(rows))
            done = self._kernel.execute(
                Job(
                    Mode.PREPARE,
                    channels,
                    length_h=taps,
                    h=samples.address,
                    h_spectra=spectra.address,
                ),
                timeout=self._timeout,
            )
            buffers.pop_all()  # the spectra stay
            samples.free()
            filter = Filter(self, rows, spectra, done)
            self._filters.add(filter)
        _warn("the filter", done)
        return filter

    def convolve(
        self, x: npt.ArrayLike, filter: Filter, progress: Progress | None = None
    ) -> SampleArray:
        """y[n] = sum over m <= n of h[m] x[n-m], as float32 in the shape of x.

        Args:
            x: float32 or float64, (length,) or (channels, length), with the filter's channels.
            filter: what this device's `prepare` made.
            progress: called now and then with the output chunks done and their number.

        Raises:
            InputError: x or the filter is something else; nothing was done.
            KernelError: the arrays do not fit the device's memory, or the job failed.
        """
        config = self._kernel.config
        if not isinstance(filter, Filter):
            raise InputError("The filter is none: make it with this device's prepare(h).")
        if filter.device is not self:
            raise InputError("The filter is another device's: prepare it on this one.")
        array = to_array("x", x, 1 << config.max_length_log2)
        rows = np.atleast_2d(array)
        channels, length = rows.shape
        if channels != filter.channels:
            raise InputError(
                f"x has {channels} channels and the filter has {filter.channels}: give one filter"
                " a channel."
            )
        size = channels * row_bytes(length)
        with self._job() as buffers:
            if filter.closed:
                raise InputError("The filter is closed: prepare it again.")
            x_buffer = self._allocate(buffers, Bank.SAMPLES, size)
            y_buffer = self._allocate(buffers, Bank.SAMPLES, size)
            x_spectra = self._allocate(
                buffers, Bank.X_SPECTRA, chunks(config, length) * spectrum_bytes(config)
            )
            x_buffer.upload(sample_rows(rows))
            # What is still NaN afterwards was never written. Memory with error correction also
            # wants to be written as a whole before the kernel writes parts of its words.
            y_buffer.upload(np.full(size // 4, np.nan, np.float32))
            done = self._kernel.execute(
                Job(
                    Mode.CONVOLVE,
                    channels,
                    length,
                    filter.taps,
                    x=x_buffer.address,
                    h_spectra=filter.address,
                    x_spectra=x_spectra.address,
                    y=y_buffer.address,
                ),
                progress,
                self._timeout,
            )
            image = y_buffer.download(size // 4, np.float32)
        y = np.ascontiguousarray(image.reshape(channels, -1)[:, :length]).reshape(array.shape)
        missing = int(np.isnan(y).sum())
        if missing:
            raise JobError(
                f"The kernel stopped before it had written {missing} of {y.size} outputs: check the"
                " card's memory and its bitstream."
            )
        self._done = done
        _warn("x with the filter", done)
        return y

    def _allocate(self, buffers: ExitStack, bank: Bank, size: int) -> Buffer:
        """A buffer that is freed with the others."""
        buffer = self._kernel.allocate(bank, size)
        buffers.callback(buffer.free)
        return buffer

    @contextmanager
    def _job(self) -> Iterator[ExitStack]:
        """For a job and its buffers, which are freed unless the kernel may still write to them."""
        with self._lock, ExitStack() as buffers:
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
        """Gives the device and its filters' memory back."""
        with self._lock:
            closed = "This device is closed: open another one with crocuta.open()."
            if self._unusable == closed:
                return
            self._unusable = closed
            for filter in list(self._filters):
                filter.close()
            self._lost = None
            self._kernel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _warn(what: str, done: Done) -> None:
    if done.saturated:
        warnings.warn(
            f"A number was too large for {what} and saturated: scale the input down.",
            SaturationWarning,
            stacklevel=3,
        )


def check_backend(backend: str) -> None:
    """Raises InputError unless there is such a backend."""
    if backend not in BACKENDS:
        raise InputError(f"There is no backend {backend!r}; choose one of: {', '.join(BACKENDS)}.")


@contextmanager
def _compiling() -> Iterator[None]:
    print("Compiling the kernel's RTL, once; that takes minutes.", file=sys.stderr)
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
    """A device; close it, or use it in a `with` statement.

    Args:
        backend: "rtl", the hardware simulated clock by clock; "model", its bits from numpy;
            "xrt", a card with a Vitis shell; "xdma", a card with the design without a shell;
            "uart", a board behind a serial port.
        config: the kernel's configuration, a name in configs.toml.
        timeout: seconds that a job may take. A card gets a generous time unless told; a simulation
            may take as long as it moves.
        card: which of several cards.
        xclbin: for "xrt", the file to load.
        port: for "uart", the serial port, e.g. "/dev/ttyUSB0".
        compiling: the context in which the RTL is compiled, when it must be.

    Raises:
        InputError: there is no such backend or configuration.
        KernelError: the kernel cannot be had.
    """
    check_backend(backend)
    if timeout is not None and not timeout > 0:
        raise InputError(f"The timeout must be more than 0 seconds, not {timeout}.")
    try:
        loaded = configs.load(config)
    except configs.ConfigError as error:
        raise InputError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    return Device(_kernel(backend, loaded, card, xclbin, port, compiling), timeout)


def _kernel(
    backend: str,
    config: Config,
    card: int,
    xclbin: str | PathLike[str] | None,
    port: str | None,
    compiling: Callable[[], AbstractContextManager[object]],
) -> Kernel:
    if backend == "model":
        return ModelKernel(config)
    if backend == "xdma":
        return XdmaKernel(config, card)
    if backend == "xrt":
        if xclbin is None:
            raise InputError("The backend xrt needs xclbin=, the file that `make xclbin` built.")
        return XrtKernel(config, Path(xclbin), card)
    if backend == "uart":
        if port is None:
            raise InputError("The backend uart needs port=, the board's, such as /dev/ttyUSB0.")
        return UartKernel(config, port)
    # Only here: a computer with a card needs no simulator.
    from crocuta.rtl_kernel import RtlKernel

    return RtlKernel(config, announce=compiling)
