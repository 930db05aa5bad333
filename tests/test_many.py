# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Several devices as one, in this process and over a Dask cluster: the bits of one device, even if
one fails or a worker dies."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from distributed import Client, LocalCluster

import crocuta
import crocuta.cluster
from crocuta import backends
from crocuta.backends import model_kernel
from crocuta.errors import InputError, JobError, JobTimeout, KernelError, MemoryLost, OutOfMemory
from crocuta.many import spread
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import PAGE_BYTES
from crocuta.registers import ErrorCode


def rows(seed: int, *shape: int) -> SampleArray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def one(x: SampleArray, h: SampleArray) -> SampleArray:
    """What a single device makes of it."""
    with crocuta.open("model", "tiny") as device:
        return device.convolve(x, device.prepare(h))


def same(found: SampleArray, expected: SampleArray) -> None:
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


SHAPES = [
    ((200,), (70,)),
    ((5, 200), (70,)),
    ((5, 200), (5, 70)),
    ((3, 2, 100), (130,)),
    ((2, 7, 100), (7, 130)),
    ((3, 2, 100), (2, 30)),
]
"""Of x and h; more devices than channels among them."""


@pytest.fixture(scope="module")
def three() -> Iterator[crocuta.Devices]:
    with crocuta.open_many(["model"] * 3, "tiny") as devices:
        yield devices


@pytest.mark.parametrize(("shape_x", "shape_h"), SHAPES)
def test_devices_compute_the_bits_of_one(
    three: crocuta.Devices, shape_x: tuple[int, ...], shape_h: tuple[int, ...], seed: int
) -> None:
    x, h = rows(seed, *shape_x), rows(seed + 1, *shape_h)
    seen: list[tuple[int, int]] = []
    with three.prepare(h) as filter:
        found = three.convolve(x, filter, lambda *both: seen.append(both))
        same(found, one(x, h))
        assert not filter.closed
    assert filter.closed and filter.taps == h.shape[-1]
    assert len({total for _, total in seen}) == 1 and max(seen)[0] == seen[0][1]
    parts = len(h) if h.ndim > 1 else x.size // x.shape[-1]
    assert len(three.reports) == min(3, parts)
    assert three.report.saturated is False


def test_simulated_devices_share_the_work(seed: int) -> None:
    """Clocks of each, which run side by side."""
    x, h = rows(seed, 4, 200), rows(seed + 1, 4, 70)
    with crocuta.open_many(["rtl", {"backend": "rtl"}], config="tiny") as devices:
        same(devices.convolve(x, devices.prepare(h)), one(x, h))
        clocks = [report.counters.clocks for report in devices.reports if report.counters]
        total = devices.report.counters
    assert len(clocks) == 2 and total and total.clocks == sum(clocks)
    assert max(clocks) < 0.6 * total.clocks


def test_a_failing_device_stops_the_others(
    three: crocuta.Devices, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    x, h = rows(seed, 6, 6400), rows(seed + 1, 6, 100)
    filter = three.prepare(h)

    def divides(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        three.convolve(x, filter, divides)
    convolve, middle = crocuta.Device.convolve, three.devices[1]
    calls: list[int] = []

    def fails(device: crocuta.Device, *arguments: Any) -> SampleArray:
        if device is middle:
            raise JobError("The kernel stopped.")
        return convolve(device, *arguments)

    with monkeypatch.context() as patch, pytest.raises(JobError, match="The kernel stopped"):
        patch.setattr(crocuta.Device, "convolve", fails)
        three.convolve(x, filter, lambda done, total: calls.append(done))
    assert len(calls) < 400, "the others did not go on to the end"
    same(three.convolve(x, filter), one(x, h))


def test_filters_from_a_generator(three: crocuta.Devices, seed: int) -> None:
    x, h = rows(seed, 7, 200), rows(seed + 1, 7, 70)
    for some in (h, h[:1]):
        filter = three.prepare((row for row in some), 200, some.shape)
        assert (filter.channels, filter.taps) == some.shape
        same(three.convolve(x, filter), one(x, some))
    for wrong in (h[:6], np.concatenate([h, h])):
        with pytest.raises(InputError, match="channels"):
            three.prepare((row for row in wrong), 200, h.shape)
    same(three.convolve(x, three.prepare(h)), one(x, h))


def test_a_meter_of_several(three: crocuta.Devices, seed: int) -> None:
    x, h = rows(seed, 6, 200), rows(seed + 1, 6, 70)
    seen: list[tuple[int, int]] = []
    with three.metered(lambda *both: seen.append(both)) as meter:
        three.convolve(x, three.prepare(h))
    assert {job.channels for job in meter.jobs} == {2} and sum(meter.jobs.values()) == 6
    assert meter.uploaded >= x.nbytes + h.nbytes and meter.downloaded >= x.nbytes
    assert seen


def test_arguments_of_many(three: crocuta.Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    filter = three.prepare(rows(1, 2, 9))
    with pytest.raises(InputError, match="x has 3 channels and the filter has 2"):
        three.convolve(rows(1, 3, 9), filter)
    with pytest.raises(InputError, match="h has shape"):
        three.prepare(rows(1, 2, 3, 4))
    with (
        crocuta.open("model", "tiny") as device,
        pytest.raises(InputError, match="The filter is not of these devices: prepare it"),
    ):
        three.convolve(rows(1, 9), device.prepare(rows(1, 9)))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="progress must be a function"):
        three.convolve(rows(1, 2, 9), filter, 3)  # type: ignore[arg-type]
    filter.close()
    with pytest.raises(InputError, match="The filter is closed: prepare it again"):
        three.convolve(rows(1, 2, 9), filter)
    several: tuple[Any, ...] = ("model", [], {"backend": "model"}, 3, [3], None)
    for wrong in several:
        with pytest.raises(InputError, match="Give a list of devices, as in open_many"):
            crocuta.open_many(wrong)
    with pytest.raises(InputError, match="All devices have one configuration"):
        crocuta.open_many([{"backend": "model", "config": "tiny"}])
    made: list[Any] = []
    make = backends.make

    def noted(*arguments: Any) -> Any:
        made.append(make(*arguments))
        return made[-1]

    monkeypatch.setattr(backends, "make", noted)
    with pytest.raises(InputError, match="There is no backend 'gpu'"):
        crocuta.open_many(["model", "gpu"], "tiny")
    assert len(made) == 1 and not hasattr(made[0], "memories"), "closed again"


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("parts", [1, 2, 3, 16])
def test_spread(count: int, parts: int) -> None:
    slices = spread(count, parts)
    items = list(range(count))
    assert [item for each in slices for item in items[each]] == items
    sizes = [len(items[each]) for each in slices]
    assert len(sizes) == min(count, parts) and max(sizes) - min(sizes) <= 1


def test_errors_travel_between_processes() -> None:
    for error in (
        KernelError("No card."),
        JobError("It stopped.", ErrorCode.ABORTED),
        OutOfMemory("samples", 9, 1, 5),
        JobTimeout(3.0),
        MemoryLost("A memory is gone.", ErrorCode.UNANSWERED),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error) and vars(again) == vars(error)


# -------------------------------------------------------------------------------------------------
# Clusters


@pytest.fixture(scope="module")
def dask_client() -> Iterator[Client]:
    """Two workers, each a process of its own."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as local,
        Client(local) as client,
    ):
        yield client


@pytest.fixture
def cluster(dask_client: Client) -> Iterator[crocuta.cluster.Cluster]:
    dask_client.wait_for_workers(2, timeout=60)
    with crocuta.cluster.open(dask_client, "model", "tiny") as cluster:
        yield cluster


def kill(client: Client, address: str) -> None:
    """Kills a worker, which its nanny starts again."""
    os.kill(client.run(os.getpid, workers=[address])[address], signal.SIGKILL)


@pytest.mark.parametrize(("shape_x", "shape_h"), SHAPES)
def test_a_cluster_computes_the_bits_of_one(
    cluster: crocuta.cluster.Cluster, shape_x: tuple[int, ...], shape_h: tuple[int, ...], seed: int
) -> None:
    x, h = rows(seed, *shape_x), rows(seed + 1, *shape_h)
    seen: list[tuple[int, int]] = []
    with cluster.prepare(h) as filter:
        assert sum(usage.prepared for usage in cluster.workers.values()) == len(filter.parts)
        for _ in range(2):
            same(cluster.convolve(x, filter, lambda *both: seen.append(both)), one(x, h))
        count = x.size // x.shape[-1]
        assert seen[-1] == (count, count) and {total for _, total in seen} == {count}
        # Nothing was prepared twice: parts were convolved where they are.
        assert sum(usage.prepared for usage in cluster.workers.values()) == len(filter.parts)
        assert sum(usage.convolved for usage in cluster.workers.values()) == len(seen)
    with pytest.raises(InputError, match="The filter is closed: prepare it again"):
        cluster.convolve(x, filter)


def test_a_worker_that_dies_changes_no_result(
    cluster: crocuta.cluster.Cluster, dask_client: Client, seed: int
) -> None:
    """One is killed at rest, one in the middle of a convolution."""
    x, h = rows(seed, 2, 8, 3000), rows(seed + 1, 8, 900)
    expected = one(x, h)
    filter = cluster.prepare(h)
    assert len(cluster.workers) == 2, "both have a part"
    before = sum(usage.prepared for usage in cluster.workers.values())
    kill(dask_client, sorted(cluster.workers)[0])
    same(cluster.convolve(x, filter), expected)
    dask_client.wait_for_workers(2, timeout=60)

    killed: list[str] = []

    def kills(done: int, total: int) -> None:
        busy = [address for address, tasks in dask_client.processing().items() if tasks]
        if not killed and done < total and busy:
            killed.append(busy[0])
            kill(dask_client, busy[0])

    same(cluster.convolve(x, filter, kills), expected)
    assert killed
    assert sum(usage.prepared for usage in cluster.workers.values()) > before
    assert all(usage.meter.jobs and usage.seconds > 0 for usage in cluster.workers.values())


def test_filters_that_do_not_fit_together(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take turns in the device's memory."""
    x, taps = rows(seed, 5, 100), [rows(seed + n, 5, 512) for n in range(3)]
    expected = [one(x, h) for h in taps]
    # Spectra of 6 of the 15 channels, in a worker of this process, which sees the patch.
    sizes = (1 << 16, 1 << 16, 6 * PAGE_BYTES)
    monkeypatch.setattr(model_kernel, "memory_bytes", lambda config: sizes)
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as local,
        crocuta.cluster.open(local, "model", "tiny") as cluster,
    ):
        filters = [cluster.prepare(h) for h in taps]
        parts = sum(len(filter.parts) for filter in filters)
        for _ in range(2):
            for filter, wanted in zip(filters, expected, strict=True):
                same(cluster.convolve(x, filter), wanted)
        assert sum(usage.prepared for usage in cluster.workers.values()) > parts


def test_workers_with_several_devices_each(dask_client: Client, seed: int) -> None:
    x, h = rows(seed, 9, 200), rows(seed + 1, 9, 70)
    several: list[str | dict[str, Any]] = ["model", {"backend": "model"}]
    with crocuta.cluster.open(dask_client, several, "tiny") as cluster:
        filter = cluster.prepare(h)
        for _ in range(2):
            same(cluster.convolve(x, filter), one(x, h))
        usages = list(cluster.workers.values())
        assert sum(usage.prepared for usage in usages) == len(filter.parts)
        parts = sum(sum(usage.meter.jobs.values()) for usage in usages)
        assert parts > 3 * len(filter.parts), "each part is divided once more"


def test_what_goes_wrong_on_a_cluster(
    cluster: crocuta.cluster.Cluster, dask_client: Client
) -> None:
    filter = cluster.prepare(rows(1, 2, 9))
    with pytest.raises(InputError, match="x has 3 channels and the filter has 2"):
        cluster.convolve(rows(1, 3, 9), filter)
    with pytest.raises(InputError, match="progress must be a function"):
        cluster.convolve(rows(1, 2, 9), filter, 3)  # type: ignore[arg-type]
    with (
        crocuta.cluster.open(dask_client, "model", "small") as other,
        pytest.raises(InputError, match="The filter is not of this cluster"),
    ):
        other.convolve(rows(1, 2, 9), filter)
    with pytest.warns(crocuta.RangeWarning, match="A number was too large for x with the filter"):
        cluster.convolve(np.full((2, 90), 3e38), cluster.prepare(np.full((2, 9), 3e38)))
    same(cluster.convolve(rows(1, 2, 9), filter), one(rows(1, 2, 9), rows(1, 2, 9)))
    with (
        crocuta.cluster.open(dask_client, "xdma", "tiny", card=7) as none,
        pytest.raises(KernelError, match="/dev/xdma7_user"),
    ):
        none.prepare(rows(1, 9))
    with pytest.raises(KernelError, match="This cluster is closed: open it again"):
        none.prepare(rows(1, 9))
    with pytest.raises(InputError, match="There is no backend 'gpu'"):
        crocuta.cluster.open(dask_client, "gpu")
    with pytest.raises(InputError, match="There is no configuration 'huge'"):
        crocuta.cluster.open(dask_client, "model", "huge")
    with pytest.raises(InputError, match="Give a list of devices"):
        crocuta.cluster.open(dask_client, [3])  # type: ignore[list-item]
    with pytest.raises(InputError, match="Name a scheduler"):
        crocuta.cluster.open(None, "model", "tiny")


def test_clusters_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crocuta.cluster, "WAIT_S", 0.5)
    with pytest.raises(KernelError, match=r"There is no Dask scheduler at tcp://127\.0\.0\.1:9: "):
        crocuta.cluster.open("tcp://127.0.0.1:9", "model", "tiny")
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(KernelError, match=r"The scheduler has no worker after 0.5 s: start some"),
    ):
        crocuta.cluster.open(empty, "model", "tiny")
