# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Several devices of one machine as one: each has a part of the channels."""

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
from crocuta.stream import Stream

T = TypeVar("T")


class AnyFilter(Protocol):
    """A filter of a device, of several, or of a cluster."""

    @property
    def closed(self) -> bool:
        """Whether its memory was given back."""

    @property
    def longest(self) -> int:
        """The longest x it serves, in samples."""

    def close(self) -> None:
        """Gives its memory back."""


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
        """Flags and counters of the last convolution."""

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
        """Gives everything back."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def spread(count: int, parts: int) -> list[slice]:
    """Consecutive slices of `count` items, at most `parts` of them, as equal as possible."""
    parts = min(count, parts)
    edges = [count * part // parts for part in range(parts + 1)]
    return [slice(*pair) for pair in itertools.pairwise(edges)]


class _Stopped(Exception):
    """Ends the other devices' jobs after one has failed."""


class JointProgress:
    """One progress function for parts that go on side by side."""

    def __init__(self, progress: Progress | None, rows: int) -> None:
        self._progress = progress
        self._rows = rows
        self._done: dict[object, int] = {}
        self._lock = threading.Lock()
        self.stopped = False

    def of(self, part: object, rows: int) -> Progress | None:
        """The progress function of a part with so many of the rows."""
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
    """A filter as several devices keep it, made by `Devices.prepare`."""

    owner: object
    channels: int
    taps: int
    parts: tuple[tuple[slice, Filter], ...]
    """The channels of each device, in the devices' order; all of them if all share one filter."""

    @property
    def closed(self) -> bool:
        """Whether its memory was given back."""
        return any(filter.closed for _, filter in self.parts)

    @property
    def longest(self) -> int:
        """The longest x it serves, in samples."""
        return min(filter.longest for _, filter in self.parts)

    @property
    def report(self) -> JobReport:
        """Flags and counters of the jobs that prepared it, added up."""
        return add_reports([filter.report for _, filter in self.parts])

    def close(self) -> None:
        """Gives its memory back."""
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

    Filters and x are divided by channels; if all channels share a filter, every device has it and
    takes a part of x's rows. The bits are those of one device.
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
        """Flags and counters of the last convolution, for each device that had a part of it."""
        return self._reports

    @property
    def report(self) -> JobReport:
        """Their sum."""
        return add_reports(list(self._reports)) if self._reports else JobReport()

    @contextmanager
    def metered(self, progress: Progress | None = None) -> Iterator[Meter]:
        """A context in which all that the devices do is counted: at its end, their meters are
        added up. `progress` gets the jobs of all, as they come."""
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
        """A filter, ready for `convolve`; see `Device.prepare`. What is prepared from an iterable
        goes to one device after the other."""
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
            functools.partial(self.convolve, filter=filter),
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
        """The results of calls, each in a thread of its own. All end before an error goes on."""
        futures = [self._pool.submit(call) for call in calls]
        errors = [error for future in futures if (error := future.exception())]
        if errors:
            raise next((e for e in errors if not isinstance(e, _Stopped)), errors[0])
        return [future.result() for future in futures]

    def close(self) -> None:
        """Gives the devices and their filters' memory back."""
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
    """Several devices of one configuration as one, with the channels spread over them.

    Args:
        backends: for each device its backend's name, or the arguments of `crocuta.open` that are
            its own, as in [{"backend": "xdma", "card": number} for number in range(4)].
        config: the configuration of all.
        options: of `crocuta.open`, for all.

    Raises:
        InputError: there are none, or an argument is wrong.
        KernelError: a kernel cannot be had; those that were opened are closed again.
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
