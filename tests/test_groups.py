# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs of a few channels at a time: the same bits, transfers beside the jobs, within the memory
that there is; filters from generators; and outputs that were not written."""

from __future__ import annotations

import random
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import crocuta
from crocuta import groups
from crocuta.backends import model_kernel
from crocuta.backends.model_kernel import ModelKernel
from crocuta.backends.rtl_kernel import BASES, RtlKernel
from crocuta.errors import InputError, JobError, OutOfMemory
from crocuta.kernel import Bank
from crocuta.memory import HostMemory
from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import Mode
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import PAGE_BYTES
from crocuta.registers import Register
from tests.standins import Card, Pyxrt

# The devices of test_device.py, whose build these tests share.
from tests.test_device import (  # noqa: F401
    card,
    device,
    modelled,
    rows,
    rtl,
    same,
    sentence,
    shared,
    xrt,
)

TINY = configs.load("tiny")


@pytest.fixture
def four(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four channels a job, if a row is a page."""
    monkeypatch.setattr(groups, "GROUP_BYTES", 4 * PAGE_BYTES)


# -------------------------------------------------------------------------------------------------
# Groups


def test_groups_have_the_bits_of_one_job(
    device: crocuta.Device, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    h, x = rows(seed, 6, 90), rows(seed + 1, 2, 6, 70)
    expected = modelled(x, h)
    # Three channels a job, but four of these filters fill a page.
    monkeypatch.setattr(groups, "GROUP_BYTES", 3 * PAGE_BYTES)
    steps: list[tuple[int, int]] = []
    with device.metered() as meter:
        filter = device.prepare(h)
        same(device.convolve(x, filter, lambda *step: steps.append(step)), expected)
    jobs = sorted((job.mode, job.channels, count) for job, count in meter.jobs.items())
    assert jobs == [(Mode.PREPARE, 2, 1), (Mode.PREPARE, 4, 1), (Mode.CONVOLVE, 2, 2), (1, 4, 2)]
    assert steps == sorted(steps)
    assert {total for _, total in steps} <= {2 * 6 * 2}
    assert not steps or steps[-1] == (24, 24)
    same(device.convolve(x[0, 0], device.prepare(h[0])), modelled(x[0, 0], h[0]))


@pytest.mark.parametrize(("taps", "step"), [(64, 8), (65, 4), (192, 8), (512, 1), (600, 4)])
def test_filters_of_a_job_begin_at_a_page(taps: int, step: int) -> None:
    assert groups.quantum(-(-taps // 64) * 64 * 8) == step


@pytest.mark.parametrize(
    ("group_pages", "memory_pages"), [(7, 100), (100, 12), (100, 20), (100, 40)]
)
def test_every_job_begins_with_a_filter_at_a_page(
    seed: int, monkeypatch: pytest.MonkeyPatch, group_pages: int, memory_pages: int
) -> None:
    """Whether groups or the memory limit a job's channels: four of these filters fill a page."""
    h, x = rows(seed, 11, 90), rows(seed + 1, 11, 70)
    expected = modelled(x, h)
    monkeypatch.setattr(groups, "GROUP_BYTES", group_pages * PAGE_BYTES)
    sizes = (memory_pages * PAGE_BYTES, 1 << 16, 1 << 16)
    monkeypatch.setattr(model_kernel, "memory_bytes", lambda config: sizes)
    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(h)
        with device.metered() as meter:
            same(device.convolve(x, filter), expected)
    channels = sorted(job.channels for job in meter.jobs.elements())
    assert channels == ([11] if memory_pages == 40 else [3, 4, 4])


def test_a_four_step_job_has_enough_channels(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first channel takes more clocks than each of the others, so the limit in bytes, which
    would leave one channel per job, holds only for more than eight."""
    monkeypatch.setattr(groups, "GROUP_BYTES", PAGE_BYTES)
    h, x = rows(seed, 10, 512), rows(seed + 1, 10, 512)
    with crocuta.open("model", "tiny-long") as device, device.metered() as meter:
        y = device.convolve(x, device.prepare(h))
    jobs = sorted((job.mode, job.channels) for job in meter.jobs.elements())
    assert jobs == [(Mode.PREPARE, 2), (Mode.PREPARE, 8), (Mode.CONVOLVE, 2), (Mode.CONVOLVE, 8)]
    with crocuta.open("model", "tiny-long") as device:
        for channel in (0, 7, 8, 9):
            same(device.convolve(x[channel], device.prepare(h[channel])), y[channel])


def test_transfers_are_beside_the_jobs(four: None, monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    names = {x: f"x{index}" for index, x in enumerate((1.0, 2.0, 3.0))}
    wait, upload, download = ModelKernel.wait, HostMemory.upload, HostMemory.download

    def logged_wait(self: ModelKernel, poll: Any) -> None:
        log.append("job")
        wait(self, poll)

    def logged_upload(self: HostMemory, address: int, data: npt.NDArray[Any]) -> None:
        if self.base == 0:
            log.append(names.get(float(data.ravel()[0]), "marks"))
        upload(self, address, data)

    def logged_download(self: HostMemory, address: int, count: int, dtype: Any) -> Any:
        log.append("y")
        return download(self, address, count, dtype)

    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(np.ones((4, 70)))
        monkeypatch.setattr(ModelKernel, "wait", logged_wait)
        monkeypatch.setattr(HostMemory, "upload", logged_upload)
        monkeypatch.setattr(HostMemory, "download", logged_download)
        x = np.broadcast_to(np.array([1.0, 2.0, 3.0])[:, None, None], (3, 4, 100))
        device.convolve(x, filter)
    # What is moved "before" a job's wait is moved while it runs: it has been started.
    first = ["x0", "marks"]
    assert log == [*first, "x1", "marks", "job", "y", "x2", "marks", "job", "y", "job", "y"]


def test_a_small_memory_has_small_groups(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    h, x = rows(seed, 8, 512), rows(seed + 1, 8, 200)
    expected = modelled(x, h)
    # Pages of samples: x and y of a channel take one each.
    for pages, jobs in ((16, 1), (15, 4), (8, 4), (7, 8), (4, 8), (3, 8), (2, 8)):
        sizes = (pages * PAGE_BYTES, 1 << 16, 1 << 16)
        monkeypatch.setattr(model_kernel, "memory_bytes", lambda config, sizes=sizes: sizes)
        with crocuta.open("model", "tiny") as device:
            filter = device.prepare(h)
            with device.metered() as meter:
                same(device.convolve(x, filter), expected)
        assert meter.jobs.total() == jobs
    sizes = (PAGE_BYTES, 1 << 16, 1 << 16)
    monkeypatch.setattr(model_kernel, "memory_bytes", lambda config: sizes)
    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(h)  # needs one array alone
        with pytest.raises(OutOfMemory):
            device.convolve(x, filter)


def test_an_error_in_progress_ends_between_the_groups(four: None) -> None:
    x, h = rows(1, 12, 100), rows(2, 12, 64)
    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(h)

        def progress(done: int, total: int) -> None:
            if done > total // 3:
                raise RuntimeError("enough")

        with device.metered() as meter, pytest.raises(RuntimeError, match="enough"):
            device.convolve(x, filter, progress)
        assert meter.jobs.total() == 1
        same(device.convolve(x, filter), modelled(x, h))


# -------------------------------------------------------------------------------------------------
# Filters from generators


def test_a_generator_is_never_in_memory_as_a_whole(four: None, seed: int) -> None:
    alive: weakref.WeakValueDictionary[int, SampleArray] = weakref.WeakValueDictionary()
    most = 0

    def channels() -> Iterator[SampleArray]:
        nonlocal most
        for index in range(30):
            row = rows(seed + index, 300)
            alive[id(row)] = row
            most = max(most, len(alive))
            yield row
            del row

    x = rows(seed, 30, 200)
    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(channels(), shape=(30, 300))
        assert 4 <= most <= 8
        array = device.prepare(np.stack(list(channels())))
        assert (filter.channels, filter.taps) == (30, 300)
        assert np.array_equal(filter.gains, array.gains)
        same(device.convolve(x, filter), device.convolve(x, array))


class Stops(Exception):
    """What a user's generator raises."""


def stopping() -> Iterator[SampleArray]:
    yield from rows(1, 6, 70)
    raise Stops


BAD_CHANNELS: dict[str, tuple[Any, Any, str]] = {
    "few": (rows(1, 9, 70), (10, 70), "h ends after 9 channels, but shape= says that they are 10."),
    "many": (rows(1, 11, 70), (10, 70), "h goes on after the 10 channels that shape= says."),
    "taps": (
        [*rows(1, 6, 70), *rows(1, 4, 71)],
        (10, 70),
        "h's channel 6 has 71 taps, but shape= says that they are 70.",
    ),
    "NaN": (
        [*rows(1, 6, 70), np.full(70, np.nan)],
        (10, 70),
        "h's channel 6 holds NaN or infinity,",
    ),
    "axes": (rows(1, 10, 2, 70), (10, 70), "h's channel 0 has shape (2, 70): give one of (taps,)"),
    "number": (3, (10, 70), "h must be an iterable of channels if it has a shape=, not int."),
    "shape": (rows(1, 10, 70), 700, "shape must be (channels, taps), not 700."),
    "empty": (rows(1, 10, 70), (0, 70), "h has 0 channels, but it must have 1 to 65536."),
    "raises": (None, (10, 70), ""),
}


@pytest.mark.parametrize("case", BAD_CHANNELS)
def test_bad_channels_are_refused(four: None, case: str) -> None:
    channels, shape, problem = BAD_CHANNELS[case]
    with crocuta.open("model", "tiny") as device:
        with pytest.raises(Stops if case == "raises" else InputError) as refused:
            device.prepare(stopping() if case == "raises" else channels, shape=shape)
        if problem:
            assert str(refused.value).startswith(problem)
            assert str(refused.value).endswith(".")
        kernel = device._kernel.kernel
        assert isinstance(kernel, ModelKernel)
        assert not any(pages._used for pages in kernel._pages.values()), "memory was not given back"
        same(
            device.convolve(rows(1, 70), device.prepare(rows(2, 70))),
            modelled(rows(1, 70), rows(2, 70)),
        )


# -------------------------------------------------------------------------------------------------
# Marks


def test_marks_cover_the_ends(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        count, row = rng.randint(1, 40), rng.choice((1, 2, 16, 17, 30, 100)) * PAGE_BYTES
        marked = np.zeros(count * row // PAGE_BYTES, int)
        for offset, size in groups.marks(count, row, in_order=True):
            assert offset % PAGE_BYTES == size % PAGE_BYTES == 0
            marked[offset // PAGE_BYTES :][: size // PAGE_BYTES] += 1
        assert marked.max() == 1
        assert marked[-groups.MARKED_PAGES :].all()
        assert marked.reshape(count, -1)[:, -1].all()
        assert marked.sum() <= max(count * 16, groups.MARKED_PAGES + count)
        assert list(groups.marks(count, row, in_order=False)) == [(0, count * row)]


def test_long_outputs_are_not_uploaded() -> None:
    x = rows(1, 2, 100_000)
    with crocuta.open("float", "tiny") as device:
        filter = device.prepare(rows(2, 2, 10))
        with device.metered() as meter:
            device.convolve(x, filter)
    assert meter.uploaded < 1.25 * x.nbytes
    assert meter.downloaded < 1.01 * x.nbytes


LONG = 34_500
"""A row of 34 pages, some of which are not marked."""


def test_an_end_that_was_not_written_is_found(card: Card) -> None:
    with crocuta.open("xdma", "tiny") as device:
        filter = device.prepare(rows(1, 5))
        card.changes = {Register.LENGTH_X: LONG - 3}
        with pytest.raises(JobError) as stopped:
            device.convolve(rows(2, LONG), filter)
        assert "all of y, and 3 outputs or more are missing: " in sentence(stopped)


@pytest.mark.parametrize("page", [0, -2, -1])
def test_a_failed_burst_is_found_at_the_end(
    rtl: RtlKernel,
    xrt: Pyxrt,
    page: int,
) -> None:
    """XRT does not show the kernel's error."""
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin") as device:
        filter = device.prepare(rows(1, 5))
        pages = -(-LONG * 4 // PAGE_BYTES)
        first = 1 + pages  # behind the page for unused pointers, and x
        rtl.set_error(
            Bank.SAMPLES,
            write=True,
            address=BASES[Bank.SAMPLES] + (first + page % pages) * PAGE_BYTES + 64,
        )
        with pytest.raises(JobError, match="before it had written all of y"):
            device.convolve(rows(2, LONG), filter)
