# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Several devices of one machine, used as one: each computes a part of the channels."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

import numpy as np
import numpy.typing as npt

from crocuta import device as devices
from crocuta.device import Device, Filter, add_reports
from crocuta.errors import InputError
from crocuta.kernel import JobReport, Progress
from crocuta.meter import Meter
from crocuta.models.configs import Config
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.samples import H_SHAPES, X_SHAPES, check_channels, to_array
from crocuta.stream import KeptSamples, Stream

T = TypeVar("T")


class AnyFilter(Protocol):
    """What `Filter` and `ManyFilter` have in common."""

    @property
    def closed(self) -> bool:
        """Whether its memory was released."""

    @property
    def longest(self) -> int:
        """The longest x it serves, in samples."""

    def close(self) -> None:
        """Releases its memory."""


class AnyDevice(Protocol):
    """What `Device` and `Devices` have in common."""

    @property
    def config(self) -> Config:
        """The kernels' configuration."""

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if the kernels are simulated clock by clock."""

    @property
    def report(self) -> JobReport:
        """Flags and counters of the latest convolution."""

    def metered(self, progress: Progress | None = None) -> AbstractContextManager[Meter]:
        """See `Device.metered`."""

    def prepare(
        self,
        h: npt.ArrayLike | Iterable[npt.ArrayLike],
        length: int | None = None,
        shape: tuple[int, int] | None = None,
    ) -> Any:
        """See `Device.prepare`; returns an `AnyFilter`."""

    def convolve(
        self, x: npt.ArrayLike, filter: Any, progress: Progress | None = None
    ) -> SampleArray:
        """See `Device.convolve`."""

    def close(self) -> None:
        """Releases the devices and the memory of their filters."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def spread(count: int, parts: int) -> list[slice]:
    """Cuts `count` items into at most `parts` consecutive slices, as equal as possible."""
    parts = min(count, parts)
    edges = [count * part // parts for part in range(parts + 1)]
    return [slice(*pair) for pair in itertools.pairwise(edges)]


class _Stopped(Exception):
    """Ends the other devices' jobs after one has failed."""


class JointProgress:
    """Merges the progress of parts that run side by side into one progress function."""

    def __init__(self, progress: Progress | None, rows: int) -> None:
        self._progress = progress
        self._rows = rows
        self._done: dict[object, int] = {}
        self._lock = threading.Lock()
        self.stopped = False

    def of(self, part: object, rows: int) -> Progress | None:
        """The progress function for a part with `rows` of all rows."""
        progress = self._progress
        if progress is None:
            return None

        def show(done: int, total: int) -> None:
            with self._lock:
                if self.stopped:
                    raise _Stopped
                self._done[part] = done
                progress(sum(self._done.values()), total * self._rows // rows)

        return show


@dataclass(frozen=True)
class ManyFilter:
    """A filter spread over several devices, made by `Devices.prepare`."""

    owner: object
    channels: int
    taps: int
    parts: tuple[tuple[slice, Filter], ...]
    """For each device, its channels and their filter. A single channel is on every device."""

    @property
    def closed(self) -> bool:
        """Whether its memory was released."""
        return any(filter.closed for _, filter in self.parts)

    @property
    def longest(self) -> int:
        """The longest x it serves, in samples."""
        return min(filter.longest for _, filter in self.parts)

    @property
    def report(self) -> JobReport:
        """Flags and counters of the jobs that prepared it, summed over the devices."""
        return add_reports([filter.report for _, filter in self.parts])

    def close(self) -> None:
        """Releases its memory."""
        for _, filter in self.parts:
            filter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Devices:
    """Several devices with the interface of one, made by `open_many`.

    Filters and x are divided by channel. If all channels share one filter, every device has it and
    convolves a part of x's rows. The results have the same bits as those of a single device.
    """

    def __init__(self, opened: Sequence[Device]) -> None:
        self.devices = tuple(opened)
        self._reports: tuple[JobReport, ...] = ()
        self._pool = ThreadPoolExecutor(len(opened), "crocuta")

    @property
    def config(self) -> Config:
        """The kernels' configuration."""
        return self.devices[0].config

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if the kernels are simulated clock by clock."""
        return self.devices[0].simulator

    @property
    def reports(self) -> tuple[JobReport, ...]:
        """Flags and counters of the latest convolution, for each device that took part."""
        return self._reports

    @property
    def report(self) -> JobReport:
        """Flags and counters of the latest convolution, summed over the devices."""
        return add_reports(list(self._reports)) if self._reports else JobReport()

    @contextmanager
    def metered(self, progress: Progress | None = None) -> Iterator[Meter]:
        """Counts what the devices do in a `with` block; the sum is ready at its end. Each device
        reports the progress of its own jobs to `progress`."""
        total = Meter()
        with ExitStack() as stack:
            meters = [stack.enter_context(each.metered(progress)) for each in self.devices]
            yield total
        for meter in meters:
            total.add(meter)

    def prepare(
        self,
        h: npt.ArrayLike | Iterable[npt.ArrayLike],
        length: int | None = None,
        shape: tuple[int, int] | None = None,
    ) -> ManyFilter:
        """A filter, ready for `convolve`; see `Device.prepare`. An iterable is read once, so the
        devices then prepare their parts one after the other."""
        if shape is not None:
            return self._prepare_rows(cast(Iterable[npt.ArrayLike], h), length, shape)
        rows = np.atleast_2d(
            to_array("h", cast(npt.ArrayLike, h), H_SHAPES, 1 << self.config.max_length_log2)
        )
        count = len(rows)
        slices = spread(count, len(self.devices))
        if count == 1:
            slices = [slice(0, 1)] * len(self.devices)
        parts = self._together(
            [
                functools.partial(device.prepare, rows[part], length)
                for device, part in zip(self.devices, slices, strict=False)
            ]
        )
        return ManyFilter(self, count, rows.shape[1], tuple(zip(slices, parts, strict=True)))

    def _prepare_rows(
        self, h: Iterable[npt.ArrayLike], length: int | None, shape: tuple[int, int]
    ) -> ManyFilter:
        channels, taps = shape
        if channels == 1:
            return self.prepare(np.stack([np.asarray(row) for row in h]), length)
        rows = iter(h)
        with ExitStack() as stack:
            parts: list[tuple[slice, Filter]] = []
            for device, part in zip(
                self.devices, spread(channels, len(self.devices)), strict=False
            ):
                count = part.stop - part.start
                last = part.stop == channels
                some = rows if last else itertools.islice(rows, count)
                parts.append(
                    (part, stack.enter_context(device.prepare(some, length, (count, taps))))
                )
            stack.pop_all()
        return ManyFilter(self, channels, taps, tuple(parts))

    def convolve(
        self, x: npt.ArrayLike, filter: ManyFilter, progress: Progress | None = None
    ) -> SampleArray:
        """y[n] = sum over m <= n of h[m] x[n-m]; see `Device.convolve`.

        `progress` is called by the devices' threads, one at a time.
        """
        self._check_filter(filter)
        if progress is not None and not callable(progress):
            raise InputError("progress must be a function of two numbers, done and total.")
        array = to_array("x", x, X_SHAPES, 1 << self.config.max_length_log2)
        check_channels(array.shape, filter.channels)
        rows = array.reshape(-1, filter.channels, array.shape[-1])
        shared = filter.channels == 1
        slices = (
            spread(len(rows), len(self.devices)) if shared else [part for part, _ in filter.parts]
        )
        y = np.empty(rows.shape, np.float32)
        joint = JointProgress(progress, rows.shape[0] * rows.shape[1])

        def convolved(index: int, part: slice) -> JobReport:
            device, (_, own) = self.devices[index], filter.parts[index]
            where = (part, slice(None)) if shared else (slice(None), part)
            try:
                x_part = rows[where]
                y[where] = device.convolve(x_part, own, joint.of(index, x_part[..., 0].size))
            except BaseException:
                joint.stopped = True
                raise
            return device.report

        self._reports = tuple(
            self._together(
                [functools.partial(convolved, index, part) for index, part in enumerate(slices)]
            )
        )
        return y.reshape(array.shape)

    def stream(self, filter: ManyFilter, chunks: int = 1) -> Stream:
        """A stream of x in blocks; see `Device.stream`."""
        self._check_filter(filter)
        return Stream(
            lambda sequences, chunks: KeptSamples(
                functools.partial(self.convolve, filter=filter), self.config, filter.taps
            ),
            self.config,
            channels=filter.channels,
            taps=filter.taps,
            chunks=chunks,
        )

    def _check_filter(self, filter: ManyFilter) -> None:
        """Raises InputError unless these devices prepared it."""
        if not isinstance(filter, ManyFilter) or filter.owner is not self:
            raise InputError(
                "The filter is not of these devices: prepare it with their prepare(h)."
            )

    def _together(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Runs each call in its own thread and returns the results. An error is raised only when
        all calls have ended."""
        futures = [self._pool.submit(call) for call in calls]
        errors = [error for future in futures if (error := future.exception())]
        if errors:
            raise next((e for e in errors if not isinstance(e, _Stopped)), errors[0])
        return [future.result() for future in futures]

    def close(self) -> None:
        """Releases the devices and the memory of their filters."""
        for each in self.devices:
            each.close()
        self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def check_backends(backends: object) -> None:
    """Raises InputError unless it is a list of devices as `open_many` takes them."""
    if (
        isinstance(backends, str)
        or not isinstance(backends, Sequence)
        or not backends
        or not all(isinstance(each, str | Mapping) for each in backends)
    ):
        raise InputError(
            "Give a list of devices, as in open_many([{'backend': 'xdma', 'card': 0}, ...])."
        )


def open_many(
    backends: Sequence[str | Mapping[str, Any]], config: str = "u200", **options: Any
) -> Devices:
    """Opens several devices of one configuration and spreads the channels over them.

    Args:
        backends: for each device, its backend's name or its own arguments of `crocuta.open`, as in
            [{"backend": "xdma", "card": number} for number in range(4)].
        config: the configuration of all devices.
        options: arguments of `crocuta.open` that all devices share.

    Raises:
        InputError: the list is empty, or an argument is wrong.
        KernelError: a device cannot be opened; those already open are closed again.
    """
    check_backends(backends)
    with ExitStack() as stack:
        opened = []
        for each in backends:
            own = {"backend": each} if isinstance(each, str) else dict(each)
            if "config" in own:
                raise InputError("All devices have one configuration: give open_many(config=).")
            opened.append(stack.enter_context(devices.open(config=config, **{**options, **own})))
        stack.pop_all()
    return Devices(opened)
