# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The devices of several machines, used as one through dask.distributed.

    import crocuta.cluster

    with crocuta.cluster.open("tcp://scheduler:8786", "xdma") as cluster:
        y = cluster.convolve(x, cluster.prepare(h))

Each worker process opens one device. Tasks prepare the channels of a filter in parts, and their
results stay on the workers that computed them, so a convolution moves only x and y. If a worker
dies, Dask computes what was lost on another one: the scheduler keeps taps and samples for as long
as they may be needed.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import dask
import numpy as np
import numpy.typing as npt
from distributed import Client, Future, KilledWorker, get_worker, wait
from distributed.client import FutureCancelledError

import crocuta
from crocuta import backends
from crocuta.device import RangeWarning
from crocuta.errors import InputError, JobError, KernelError, OutOfMemory
from crocuta.kernel import Progress
from crocuta.many import AnyDevice, AnyFilter, check_backends, spread
from crocuta.meter import Meter
from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.samples import H_SHAPES, X_SHAPES, check_channels, to_array

PARTS = 2
"""Parts of a filter per worker: more would balance the load better, fewer make longer jobs."""
WAIT_S = 10.0
"""How long to wait for a scheduler, and then for its first worker."""
PATIENCE_S = 120.0
"""How long to wait for a worker when none is left."""
POLL_S = 1.0


# -------------------------------------------------------------------------------------------------
# On the workers


Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Spec:
    """How a worker opens its device."""

    backends: str | tuple[Options, ...]
    """A backend's name, or the options of several devices."""
    config: str
    options: Options

    def open(self) -> AnyDevice:
        """Opens the device."""
        if isinstance(self.backends, str):
            return crocuta.open(self.backends, self.config, **dict(self.options))
        return crocuta.open_many(
            [dict(each) for each in self.backends], self.config, **dict(self.options)
        )


@dataclass
class Usage:
    """What a worker did."""

    worker: str
    """Its address."""
    meter: Meter = field(default_factory=Meter)
    """Jobs, clocks and bytes."""
    prepared: int = 0
    """Parts of filters prepared, including repeated preparations."""
    convolved: int = 0
    """Parts of convolutions computed."""
    seconds: float = 0.0
    """Wall-clock time these took on the worker."""
    warnings: tuple[str, ...] = ()

    def add(self, other: Usage) -> None:
        """Adds another record of the same worker, without its warnings."""
        self.meter.add(other.meter)
        self.prepared += other.prepared
        self.convolved += other.convolved
        self.seconds += other.seconds


class Prepared:
    """Taps, with their spectra on the device of the worker that holds this object.

    Only the taps are pickled: a worker that receives a copy prepares them again.
    """

    def __init__(self, spec: Spec, taps: SampleArray, length: int | None) -> None:
        self.spec = spec
        self.taps = taps
        self.length = length
        self.filter: AnyFilter | None = None
        self.device: AnyDevice | None = None
        """The device that holds the filter."""
        self.usage: Usage | None = None
        """What the preparation took, until it has been reported to the client."""

    def __getstate__(self) -> tuple[Any, ...]:
        return self.spec, self.taps, self.length

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.spec, self.taps, self.length = state
        self.filter = self.device = self.usage = None

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.taps.nbytes


class _Host:
    """The device of a worker process."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._device: AnyDevice | None = None
        self._lock = threading.Lock()
        self._ready: OrderedDict[int, weakref.ref[Prepared]] = OrderedDict()
        """Objects with spectra on the device, the least recently used first."""

    def run(self, work: Callable[[AnyDevice, Usage], SampleArray | None]) -> tuple[Any, Usage]:
        """Runs `work` with the device, opened first if necessary. A device that fails is closed."""
        usage = Usage(_address())
        with self._lock, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RangeWarning)
            if self._device is None:
                self._device = self._spec.open()
            began = time.perf_counter()
            try:
                with self._device.metered() as meter:
                    result = work(self._device, usage)
            except (InputError, JobError, OutOfMemory):
                raise
            except KernelError:
                self._close()
                raise
            usage.seconds = time.perf_counter() - began
            usage.meter = meter
        found = (str(each.message) for each in caught if issubclass(each.category, RangeWarning))
        usage.warnings = tuple(found)
        return result, usage

    def filter(self, prepared: Prepared, device: AnyDevice, usage: Usage) -> AnyFilter:
        """The filter on the device, prepared first if it is not there. If memory runs out, the
        least recently used filters are closed."""
        found = prepared.filter
        if found is None or found.closed or prepared.device is not device:
            while True:
                try:
                    found = device.prepare(prepared.taps, prepared.length)
                    break
                except OutOfMemory:
                    if not self._make_room():
                        raise
            prepared.filter, prepared.device = found, device
            usage.prepared += 1
        self._ready[id(prepared)] = weakref.ref(prepared)
        self._ready.move_to_end(id(prepared))
        return found

    def _make_room(self) -> bool:
        """Closes the least recently used filter; returns false if there is none."""
        while self._ready:
            _, oldest = self._ready.popitem(last=False)
            prepared = oldest()
            if prepared and prepared.filter and not prepared.filter.closed:
                prepared.filter.close()
                return True
        return False

    def _close(self) -> None:
        if self._device:
            self._device.close()
        self._device = None
        self._ready.clear()

    def close(self) -> None:
        """Closes the device."""
        with self._lock:
            self._close()


_hosts: dict[Spec, _Host] = {}
_hosts_lock = threading.Lock()


def _host(spec: Spec) -> _Host:
    with _hosts_lock:
        return _hosts.setdefault(spec, _Host(spec))


def _address() -> str:
    return str(get_worker().address)


def _prepare(spec: Spec, taps: SampleArray, length: int | None) -> Prepared:
    """A task that prepares a part of a filter on this worker's device."""
    prepared, host = Prepared(spec, taps, length), _host(spec)

    def work(device: AnyDevice, usage: Usage) -> None:
        host.filter(prepared, device, usage)

    _, prepared.usage = host.run(work)
    return prepared


def _usage(prepared: Prepared) -> Usage | None:
    """A task that reports what a preparation took, once."""
    usage, prepared.usage = prepared.usage, None
    return usage


def _convolve(prepared: Prepared, x: SampleArray) -> tuple[SampleArray, Usage]:
    """A task that computes a part of a convolution."""
    host = _host(prepared.spec)

    def work(device: AnyDevice, usage: Usage) -> SampleArray:
        filter = host.filter(prepared, device, usage)
        usage.convolved = 1
        return device.convolve(x, filter)

    y, usage = host.run(work)
    earlier = _usage(prepared)  # there is one if Dask repeated the preparation after a worker died
    if earlier:
        usage.add(earlier)
    return y, usage


def _version() -> str:
    return crocuta.__version__


def _close(spec: Spec) -> None:
    with _hosts_lock:
        host = _hosts.pop(spec, None)
    if host:
        host.close()


# -------------------------------------------------------------------------------------------------
# On the client


class ClusterFilter:
    """A filter spread over a cluster's workers, made by `Cluster.prepare`."""

    def __init__(
        self, cluster: Cluster, shape: tuple[int, int], parts: list[tuple[slice, Future[Any]]]
    ) -> None:
        self.cluster = cluster
        self.channels, self.taps = shape
        self.parts = parts
        """Slices of the channels, and the tasks that prepared them."""

    @property
    def closed(self) -> bool:
        """Whether its memory was released."""
        return not self.parts

    def close(self) -> None:
        """Releases its memory on the workers."""
        for _, future in self.parts:
            future.release()
        self.parts = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Cluster:
    """The devices of a cluster's workers, with the interface of one device; made by `open`."""

    def __init__(self, client: Client, spec: Spec, config: Config, owned: bool) -> None:
        self.config = config
        """The kernels' configuration."""
        self.workers: dict[str, Usage] = {}
        """What each worker has done so far, by address, including workers that died."""
        self._client = client
        self._spec = spec
        self._owned = owned
        self._closed = False

    def prepare(self, h: npt.ArrayLike, length: int | None = None) -> ClusterFilter:
        """A filter, ready for `convolve`; see `Device.prepare`. The channels are spread over the
        workers; a filter of one channel is on every worker.

        Raises:
            InputError: h is not as described there; nothing was done.
            KernelError: a worker's device failed, or there is no worker.
        """
        self._check_open()
        rows = np.atleast_2d(to_array("h", h, H_SHAPES, 1 << self.config.max_length_log2))
        addresses = sorted(self._addresses())
        if len(rows) == 1:
            slices = [slice(0, 1)] * len(addresses)
        else:
            slices = spread(len(rows), PARTS * len(addresses))
        parts = []
        for (number, part), address in zip(
            enumerate(slices), itertools.cycle(addresses), strict=False
        ):
            task = self._submit("prepare", number, _prepare, self._spec, rows[part], length,
                                workers=[address], allow_other_workers=True)  # fmt: skip
            parts.append((part, task))
        usages = [
            self._submit("usage", number, _usage, task) for number, (_, task) in enumerate(parts)
        ]
        filter = ClusterFilter(self, (rows.shape[0], rows.shape[1]), parts)
        try:
            for future in self._ended(usages):
                usage = self._result(future)
                if usage:
                    self._note(usage)
        except BaseException:
            filter.close()
            raise
        return filter

    def convolve(
        self, x: npt.ArrayLike, filter: ClusterFilter, progress: Progress | None = None
    ) -> SampleArray:
        """y[n] = sum over m <= n of h[m] x[n-m]; see `Device.convolve`.

        If a worker dies, another one prepares and computes its parts again.

        Args:
            x: as for `Device.convolve`.
            filter: from this cluster's `prepare`.
            progress: called after each part with the rows of x done and the number of all rows.

        Raises:
            InputError: an argument is wrong; nothing was done.
            KernelError: a worker's device failed, or workers kept dying.
        """
        self._check_open()
        if not isinstance(filter, ClusterFilter) or filter.cluster is not self:
            raise InputError(
                "The filter is not of this cluster: prepare it with this cluster's prepare(h)."
            )
        if progress is not None and not callable(progress):
            raise InputError("progress must be a function of two numbers, done and total.")
        array = to_array("x", x, X_SHAPES, 1 << self.config.max_length_log2)
        check_channels(array.shape, filter.channels)
        if filter.closed:
            raise InputError("The filter is closed: prepare it again.")
        rows = array.reshape(-1, filter.channels, array.shape[-1])
        y = np.empty(rows.shape, np.float32)
        tasks: dict[Future[Any], tuple[slice, slice]] = {}
        if filter.channels == 1:
            places = [(part, slice(None)) for part in spread(len(rows), PARTS * len(filter.parts))]
        else:
            places = [(slice(None), part) for part, _ in filter.parts]
        kept = itertools.cycle(task for _, task in filter.parts)
        for (number, place), prepared in zip(enumerate(places), kept, strict=False):
            part = np.ascontiguousarray(rows[place])
            tasks[self._submit("convolve", number, _convolve, prepared, part)] = place
        done, total = 0, rows.shape[0] * rows.shape[1]
        for future in self._ended(list(tasks)):
            found, usage = self._result(future)
            place = tasks[future]
            y[place] = found
            self._note(usage)
            done += found.shape[0] * found.shape[1]
            if progress:
                progress(done, total)
        return y.reshape(array.shape)

    def _submit(
        self, kind: str, number: int, work: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Future[Any]:
        """Submits a task. It contains its arrays, so that Dask can repeat it on another worker."""
        key = f"crocuta-{kind}-{uuid.uuid4().hex[:12]}-{number}"
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1PB"}):
            return self._client.submit(work, *arguments, key=key, pure=False, **options)

    def _ended(self, futures: list[Future[Any]]) -> Iterator[Future[Any]]:
        """Yields the futures as they end.

        Raises:
            KernelError: the scheduler is gone, or there has been no worker for PATIENCE_S.
        """
        pending = set(futures)
        last = time.monotonic()
        while pending:
            try:
                ended = wait(pending, timeout=POLL_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                ended = set()
            except (OSError, FutureCancelledError) as error:
                raise KernelError(f"The cluster is gone: {_reason(error)}.") from None
            yield from ended
            pending -= ended
            if ended or self._addresses(wait_for_one=False):
                last = time.monotonic()
            elif time.monotonic() - last > PATIENCE_S:
                raise KernelError("The cluster has lost all its workers: start new ones.")

    def _result(self, future: Future[Any]) -> Any:
        """A task's result; an error is raised as one with a clear sentence."""
        try:
            return future.result()
        except (InputError, KernelError):
            raise
        except KilledWorker as error:
            raise KernelError(
                f"Workers died {error.allowed_failures + 1} times in a row with one task: see their"
                " logs."
            ) from None
        except MemoryError:
            raise
        except Exception as error:  # anything that Dask or a worker's environment may raise
            raise KernelError(f"A worker failed: {_reason(error)}.") from None

    def _addresses(self, wait_for_one: bool = True) -> list[str]:
        """The addresses of the workers."""
        found = list(self._client.scheduler_info(n_workers=-1)["workers"])
        if not found and wait_for_one:
            try:
                self._client.wait_for_workers(1, timeout=WAIT_S)
            except TimeoutError:
                raise KernelError(
                    f"The scheduler has no worker after {WAIT_S:g} s: start some, as with `dask"
                    " worker`."
                ) from None
            return self._addresses()
        return found

    def _note(self, usage: Usage) -> None:
        """Records what a worker did, and repeats its device's warnings here."""
        self.workers.setdefault(usage.worker, Usage(usage.worker)).add(usage)
        for sentence in usage.warnings:
            warnings.warn(sentence, RangeWarning, stacklevel=4)

    def _check_open(self) -> None:
        if self._closed:
            raise KernelError("This cluster is closed: open it again with crocuta.cluster.open().")

    def close(self) -> None:
        """Closes the workers' devices. The Dask cluster keeps running."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError, FutureCancelledError):  # it may be gone
            self._client.run(_close, self._spec, on_error="ignore")
        if self._owned:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def open(
    scheduler: Any,
    backend: str | Sequence[str | Mapping[str, Any]] = "rtl",
    config: str = "u200",
    **options: Any,
) -> Cluster:
    """Opens a device on every worker of a Dask cluster.

    Args:
        scheduler: a scheduler's address, a distributed.Client or a cluster such as LocalCluster.
            Workers need this version of crocuta.
        backend: the backend of each worker's device, or a list as for `crocuta.open_many` if each
            worker has several devices.
        config: the configuration of all devices.
        options: arguments of `crocuta.open`, the same on all workers.

    Raises:
        InputError: the backend or the configuration does not exist.
        KernelError: the scheduler cannot be reached, has no worker, or has a worker without this
            version of crocuta.
    """
    each_own: str | tuple[Options, ...]
    if scheduler is None:  # dask would start a cluster of its own
        raise InputError("Name a scheduler, as in crocuta.cluster.open('tcp://scheduler:8786').")
    if isinstance(backend, str):
        backends.check(backend)
        each_own = backend
    else:
        check_backends(backend)
        each_own = tuple(
            (("backend", each),) if isinstance(each, str) else tuple(sorted(each.items()))
            for each in backend
        )
    try:
        loaded = configs.load(config)
    except configs.ConfigError as error:
        raise InputError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    try:
        own = None if isinstance(scheduler, Client) else Client(scheduler, timeout=WAIT_S)
    except (OSError, ValueError) as error:
        raise KernelError(f"There is no Dask scheduler at {scheduler}: {_reason(error)}.") from None
    client: Client = own or scheduler
    spec = Spec(each_own, config, tuple(sorted(options.items())))
    cluster = Cluster(client, spec, loaded, owned=own is not None)
    try:
        cluster._addresses()
        for worker, found in client.run(_version, on_error="return").items():
            if found != crocuta.__version__:
                raise KernelError(
                    f"The worker {worker} has no crocuta {crocuta.__version__}, but {found!r}:"
                    " install this version there."
                )
    except BaseException:
        cluster.close()
        raise
    return cluster
