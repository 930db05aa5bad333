# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Streams: blocks of any length give the bits of one convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import crocuta
from crocuta.backends import model_kernel
from crocuta.backends.model_kernel import ModelKernel
from crocuta.errors import InputError, JobError, OutOfMemory
from crocuta.kernel import Bank
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import PAGE_BYTES
from crocuta.stream import KeptSamples

# The devices of test_device.py, whose build these tests share.
from tests.test_device import card, device, modelled, rows, rtl, same, shared, xrt  # noqa: F401


def streamed(
    stream: crocuta.Stream, x: npt.NDArray[np.generic], cuts: Sequence[int]
) -> SampleArray:
    """All outputs, of x cut there."""
    with stream:
        parts = [stream.push(block) for block in np.split(x, cuts, axis=-1)]
        for part in parts:
            assert part.dtype == np.float32
            assert part.shape[:-1] == x.shape[:-1]
        return np.concatenate([*parts, stream.flush()], axis=-1)


def random_cuts(length: int, count: int, seed: int) -> list[int]:
    return sorted(int(cut) for cut in np.random.default_rng(seed).integers(0, length + 1, count))


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_thousand_blocks_equal_one_convolution(outputs: int, seed: int) -> None:
    x, h = rows(seed, 4000), rows(seed + 1, 150)
    with crocuta.open("model", f"tiny+outputs-{outputs}") as device:
        filter = device.prepare(h)
        cuts = random_cuts(len(x), 999, seed)
        same(streamed(device.stream(filter), x, cuts), device.convolve(x, filter))


def test_every_backend_streams(device: crocuta.Device, seed: int) -> None:
    x, h = rows(seed, 3, 500), rows(seed + 1, 3, 100)
    with device.prepare(h) as filter:
        same(streamed(device.stream(filter), x, [0, 63, 64, 300, 300, 499]), modelled(x, h))


@pytest.mark.parametrize("config", ["tiny", "tiny+outputs-2"])
def test_the_kernel_keeps_the_past(config: str, seed: int) -> None:
    """Jobs have the new samples only, and streams and other jobs take turns."""
    x, h = rows(seed, 2, 2, 1500), rows(seed + 1, 2, 150)
    other_x, other_h = rows(seed + 2, 1500), rows(seed + 3, 300)
    with crocuta.open("model", config) as device:
        filter, other = device.prepare(h), device.prepare(other_h)
        one, two = device.stream(filter), device.stream(other, chunks=3)
        parts: list[list[SampleArray]] = [[], []]
        with device.metered() as meter:
            for start in range(0, 1500, 100):
                parts[0].append(one.push(x[..., start : start + 100]))
                parts[1].append(two.push(other_x[start : start + 100]))
                if start == 700:
                    same(device.convolve(other_x, other), modelled(other_x, other_h))
            parts[0].append(one.flush())
            parts[1].append(two.flush())
        same(np.concatenate(parts[0], axis=-1), modelled(x, h))
        same(np.concatenate(parts[1], axis=-1), modelled(other_x, other_h))
        lengths = dict.fromkeys((150, 300), 0)
        for job, count in meter.jobs.items():
            if job.ring:
                lengths[job.length_h] += count * job.channels * job.length_x
        assert lengths == {150: 2 * 2 * 1500, 300: 1500}
        assert not device._kernel.kernel._pages[Bank.X_SPECTRA]._used  # type: ignore[attr-defined]


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_without_room_for_a_ring_jobs_repeat_the_past(
    pages: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rings are as small as they have to be; three channels of eight chunks take three pages."""
    x, h = rows(seed, 3, 700), rows(seed + 1, 3, 130)
    sizes = (1 << 16, pages * PAGE_BYTES, 1 << 16)
    monkeypatch.setattr(model_kernel, "memory_bytes", lambda config: sizes)
    with crocuta.open("model", "tiny") as device, device.metered() as meter:
        found = streamed(device.stream(device.prepare(h)), x, [100, 300])
    monkeypatch.undo()
    same(found, modelled(x, h))
    assert any(job.ring for job in meter.jobs) == (pages == 4)


def test_a_closed_device_has_freed_its_rings() -> None:
    with crocuta.open("model", "tiny") as device:
        stream = device.stream(device.prepare(np.ones(100)))
        stream.push(np.ones(100))
    with pytest.raises(crocuta.KernelError, match="This device is closed"):
        stream.push(np.ones(100))
    stream.__exit__(None, None, None)


@pytest.mark.parametrize("taps", [1, 64, 65, 900])
def test_there_is_no_limit_on_the_length(taps: int, seed: int) -> None:
    x, h = rows(seed, 1500), rows(seed + 1, taps)
    with crocuta.open("model", "tiny+max_length_log2-10") as device:
        filter = device.prepare(h)
        same(streamed(device.stream(filter), x, [1, 100, 1200]), modelled(x, h))


def test_batches_and_a_filter_for_all_channels(seed: int) -> None:
    x, h = rows(seed, 2, 2, 200), rows(seed + 1, 80)
    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(h)
        expected = device.convolve(x, filter)
        same(streamed(device.stream(filter), x, [70]), expected)
        same(streamed(device.stream(filter), x.astype(np.float64), [150]), expected)


def test_outputs_come_as_soon_as_chunks_are_complete() -> None:
    with (
        crocuta.open("model", "tiny") as device,
        device.stream(device.prepare(np.ones(70))) as stream,
    ):
        assert stream.push(np.ones((2, 0))).shape == (2, 0)
        assert stream.push(np.ones((2, 63))).shape == (2, 0)
        assert (stream.samples, stream.pending) == (0, 63)
        assert stream.push(np.ones((2, 2))).shape == (2, 64)
        assert (stream.samples, stream.pending) == (64, 1)
        assert stream.push(np.ones((2, 0))).shape == (2, 0)
        assert stream.push(np.ones((2, 200))).shape == (2, 192)
        assert stream.flush().shape == (2, 9)
        assert stream.samples == 265


def test_it_keeps_no_more_than_it_needs() -> None:
    with crocuta.open("float", "tiny") as device:
        stream = device.stream(device.prepare(np.ones(100)))
        for _ in range(5):
            stream.push(np.ones(1000))
            assert isinstance(stream._past, KeptSamples) and stream._past.samples is not None
            kept = [stream._past.samples, *stream._blocks]
            assert all(part.base is None for part in kept)
            assert sum(part.size for part in kept) < 128 + 64
            assert not stream._outputs


def test_short_blocks_are_not_copied_again_and_again() -> None:
    """What a block costs does not depend on the filter's length."""
    with crocuta.open("float", "tiny") as device:
        stream = device.stream(device.prepare(np.ones(10_000)))
        stream.push(np.ones(20_000))
        assert isinstance(stream._past, KeptSamples)
        past = stream._past.samples
        for _ in range(10):
            stream.push(np.ones(1))
        assert stream._past.samples is past


@pytest.mark.parametrize("chunks", [2, 7, 100])
def test_a_job_waits_for_as_many_chunks_as_it_should(chunks: int, seed: int) -> None:
    x, h = rows(seed, 3000), rows(seed + 1, 150)
    expected = modelled(x, h)
    with crocuta.open("model", "tiny") as device:
        stream = device.stream(device.prepare(h), chunks=chunks)
        with device.metered() as meter:
            parts = [stream.push(block) for block in np.array_split(x, 100)]
        assert {part.size % 64 for part in parts} == {0}
        assert all(part.size == 0 or part.size >= chunks * 64 for part in parts)
        assert meter.jobs.total() == len(x) // 64 // chunks
        assert stream.pending == len(x) - len(x) // 64 // chunks * chunks * 64
        same(np.concatenate([*parts, stream.flush()]), expected)


def test_a_small_memory_takes_short_jobs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, h = rows(seed, 5000), rows(seed + 1, 100)
    sizes = (4 * PAGE_BYTES, 1 << 16, 1 << 16)
    monkeypatch.setattr(model_kernel, "memory_bytes", lambda config: sizes)
    with crocuta.open("model", "tiny") as device:
        filter = device.prepare(h)
        with pytest.raises(OutOfMemory):
            device.convolve(x, filter)
        found = streamed(device.stream(filter), x, [2500])
    monkeypatch.undo()
    same(found, modelled(x, h))


def test_a_failed_job_loses_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, h = rows(seed, 300), rows(seed + 1, 100)

    def fail(*_: object) -> None:
        raise JobError("The kernel stopped early.")

    with crocuta.open("model", "tiny") as device:
        stream = device.stream(device.prepare(h))
        parts = [stream.push(x[:100])]
        with monkeypatch.context() as patch:
            patch.setattr(ModelKernel, "execute", fail)
            with pytest.raises(JobError):
                stream.push(x[100:200])
        assert stream.pending == 136
        parts += [stream.push(x[200:]), stream.flush()]
    same(np.concatenate(parts), modelled(x, h))


def test_a_failure_after_other_jobs_loses_none_of_their_outputs(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block that takes several jobs, one of which fails."""
    x, h = rows(seed, 4000), rows(seed + 1, 100)
    execute, jobs = ModelKernel.execute, 0

    def fail(self: ModelKernel, *arguments: Any) -> Any:
        nonlocal jobs
        jobs += 1
        if jobs == 3:
            raise JobError("The kernel stopped early.")
        return execute(self, *arguments)

    with crocuta.open("model", "tiny+max_length_log2-10") as device:
        stream = device.stream(device.prepare(h))
        monkeypatch.setattr(ModelKernel, "execute", fail)
        with pytest.raises(JobError):
            stream.push(x)
        assert (stream.samples, stream.pending) == (0, 4000)
        first = stream.push(x[:0])
        assert (stream.samples, stream.pending) == (3968, 32)
        same(np.concatenate([first, stream.flush()]), modelled(x, h))


def test_several_devices_have_streams(seed: int) -> None:
    x, h = rows(seed, 2, 3, 200), rows(seed + 1, 3, 80)
    with crocuta.open_many(["model"] * 2, "tiny") as devices, crocuta.open("model", "tiny") as one:
        stream = devices.stream(devices.prepare(h), chunks=2)
        same(streamed(stream, x, [70, 71]), modelled(x, h))
        with pytest.raises(InputError, match="The filter is not of these devices"):
            devices.stream(one.prepare(h))  # type: ignore[arg-type]


def test_bad_blocks_and_filters_are_refused() -> None:
    with crocuta.open("model", "tiny+max_length_log2-10") as device:
        filter = device.prepare(rows(1, 2, 100))
        stream = device.stream(filter)
        stream.push(rows(2, 2, 10))
        for block, problem in (
            (rows(2, 3, 10), "x has 3 channels and the filter has 2"),
            (
                rows(2, 1, 2, 10),
                "block has shape (1, 2, 10), but earlier ones had (2, 'any length')",
            ),
            (np.full((2, 5), np.nan), "block holds NaN or infinity, first at index (0, 0)."),
            ("samples", "block holds text"),
            ([[1.0, 2.0], [3.0]], "block cannot be made a numpy array: "),
            (np.zeros((3, 0)), "block has shape (3, 0), but earlier ones had (2, 'any length')"),
            (3.0, "block has shape (): give one of "),
        ):
            with pytest.raises(InputError) as refused:
                stream.push(block)
            assert str(refused.value).startswith(problem)
            assert stream.pending == 10
        assert stream.flush().shape == (2, 10)
        for call in (stream.flush, lambda: stream.push(rows(2, 2, 10))):
            with pytest.raises(InputError, match="The stream has ended: open another one with"):
                call()
        with pytest.raises(InputError, match="Nothing was pushed into the stream"):
            device.stream(filter).flush()
        with pytest.raises(InputError, match="filter must be what this device's prepare"):
            device.stream(rows(1, 5))  # type: ignore[arg-type]
        for chunks in (0, 1.0, True, "2"):
            with pytest.raises(InputError, match="chunks must be a number of at least 1, not"):
                device.stream(filter, chunks)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="may have at most 960: one chunk less than the long"):
            device.stream(device.prepare(rows(1, 961)))
        filter.close()
        with pytest.raises(InputError, match="The filter is closed: prepare it again"):
            device.stream(filter).push(rows(2, 2, 100))
