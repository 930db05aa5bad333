# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Devices: the same bits from every backend, and one sentence for every error.

The cards are stand-ins with the RTL behind them (standins.py); all of the host's code is real.
"""

from __future__ import annotations

import copy
import errno
import fcntl
import functools
import gc
import json
import pickle
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
import serial
from typer.testing import CliRunner

import crocuta
from crocuta.backends import (
    model_kernel,
    register_kernel,
    u200,
    uart_kernel,
    xdma_kernel,
    xrt_kernel,
)
from crocuta.backends.rtl_kernel import BASES, RtlKernel
from crocuta.backends.timing import Timing
from crocuta.backends.uart_kernel import BOARD
from crocuta.backends.xdma_kernel import DEVICES
from crocuta.backends.xrt_kernel import XrtKernel
from crocuta.cli.app import app
from crocuta.device import SaturationWarning
from crocuta.errors import InputError, JobError, JobTimeout, KernelError, MemoryLost, OutOfMemory
from crocuta.kernel import Bank, banks, patience
from crocuta.memory import Pages
from crocuta.meter import Meter
from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import PAGE_BYTES
from crocuta.registers import Control, ErrorCode, Register
from tests.standins import Board, Card, Pyxrt, State, uart_board, xdma_card

TINY = configs.load("tiny")
CARDS = ("xrt", "xrt without hw_context", "xdma")
BACKENDS = ("model", "rtl", *CARDS, "uart")


@pytest.fixture(scope="module")
def shared() -> Iterator[RtlKernel]:
    with RtlKernel(TINY) as kernel:
        yield kernel


@pytest.fixture
def rtl(shared: RtlKernel) -> RtlKernel:
    """The simulated kernel behind the stand-ins, after a reset."""
    for bank in shared.memories:
        shared.set_timing(bank, Timing())
        for write in (False, True):
            shared.set_error(bank, write=write, address=None)
    shared.reset()
    return shared


@pytest.fixture
def card(rtl: RtlKernel, tmp_path: Path) -> Iterator[Card]:
    """A card behind the XDMA driver."""
    with xdma_card(rtl, tmp_path) as card:
        yield card


@pytest.fixture
def board(rtl: RtlKernel) -> Iterator[Board]:
    """A board behind a serial port."""
    with uart_board(rtl) as board:
        yield board


@pytest.fixture
def xrt(rtl: RtlKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pyxrt:
    """A card behind XRT, and its xclbin."""
    return install(Pyxrt(rtl, hw_context=True), tmp_path, monkeypatch)


def install(pyxrt: Pyxrt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pyxrt:
    monkeypatch.setitem(sys.modules, "pyxrt", pyxrt)
    monkeypatch.chdir(tmp_path)
    Path("crocuta.xclbin").write_bytes(b"xclbin2\0" + bytes(100))
    return pyxrt


@pytest.fixture(params=BACKENDS)
def device(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[crocuta.Device]:
    """A device of each backend."""
    with ExitStack() as stack:
        backend, port = request.param, None
        if backend == "uart":
            port = stack.enter_context(uart_board(request.getfixturevalue("rtl"))).port
        if backend in CARDS:
            rtl = request.getfixturevalue("rtl")
            if backend == "xdma":
                stack.enter_context(xdma_card(rtl, tmp_path)).most = 1000
            else:
                install(Pyxrt(rtl, hw_context=backend == "xrt"), tmp_path, monkeypatch)
        xclbin = Path("crocuta.xclbin") if "xrt" in backend else None
        opened = crocuta.open(backend.split()[0], "tiny", xclbin=xclbin, port=port)
        yield stack.enter_context(opened)


def rows(seed: int, *shape: int) -> SampleArray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def modelled(x: npt.ArrayLike, h: npt.ArrayLike) -> SampleArray:
    with crocuta.open("model", "tiny") as model:
        return model.convolve(x, model.prepare(h))


def assert_works(device: crocuta.Device) -> None:
    """Checks that the device's next job succeeds, with the right bits."""
    x, h = rows(1, 2, 70), rows(2, 2, 30)
    same(device.convolve(x, device.prepare(h)), modelled(x, h))


def same(found: SampleArray, expected: SampleArray) -> None:
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


NAMES = (
    *("x ", "h ", "filter ", "progress "),
    *("config ", "timeout ", "card ", "xclbin ", "port ", "crocuta.xclbin", "/"),
)
"""Lower-case words that a sentence may start with: arguments and files."""


def sentence(error: pytest.ExceptionInfo[BaseException]) -> str:
    """The error's message, which must be one sentence."""
    text = str(error.value)
    assert text[0].isupper() or text.startswith(NAMES), text
    assert text.endswith("."), text
    assert "\n" not in text
    return text


# -------------------------------------------------------------------------------------------------
# What it is for


def test_every_backend_has_the_same_bits(device: crocuta.Device, seed: int) -> None:
    h, long = rows(seed, 3, 150), rows(seed + 1, 700)
    with device.prepare(h) as three, device.prepare(long) as one:
        for length in (1, 64, 257):
            x = rows(seed + length, 3, length)
            same(device.convolve(x, three), modelled(x, h))
            same(device.convolve(x[0], one), modelled(x[0], long))
            # One filter for all channels, a batch for one filter a channel and for one in all.
            batch = np.stack([x, x[::-1]])
            each = np.stack([modelled(row, long) for row in x])
            same(device.convolve(x, one), each)
            same(device.convolve(batch[:1], three), modelled(x, h)[np.newaxis])
            if length == 64:
                same(device.convolve(batch, three)[1], modelled(x[::-1], h))
                same(device.convolve(batch, one), np.stack([each, each[::-1]]))


def test_doubles_lists_and_strided_arrays_are_taken(device: crocuta.Device, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(200, 2))
    filter = device.prepare([0.5, -0.25, 1e-3])
    for found in (x[:, 1], x[::-2, 0], x[:, 0].astype(">f8"), x[:, 1].tolist()):
        same(device.convolve(found, filter), modelled(found, [0.5, -0.25, 1e-3]))


def test_what_float32_holds_is_taken(seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2, size=99)
    y = modelled(bits.astype(np.float32), [2.0, 1.0])
    for kind in (np.int64, ">i4", np.uint8, np.bool_, np.float16, ml_dtypes.bfloat16):
        same(modelled(bits.astype(kind), [2, 1]), y)
    same(modelled(Tensor(bits), [2, 1]), y)
    same(modelled(bits.tolist(), [2, 1]), y)
    large = [1 << 62, -(1 << 63), (1 << 24) + 2, 0]
    same(modelled(large, [1]), modelled(np.array(large, np.float32), [1]))


def test_what_a_job_took(rtl: RtlKernel, card: Card, xrt: Pyxrt, seed: int) -> None:
    counts = {}
    steps: list[tuple[int, int]] = []
    for backend in ("rtl", "model", "xdma", "xrt"):
        steps.clear()
        with crocuta.open(backend, "tiny", xclbin="crocuta.xclbin") as device:
            filter = device.prepare(rows(seed, 2, 100))
            device.convolve(
                rows(seed, 2, 300), filter, lambda done, total: steps.append((done, total))
            )
            counts[backend] = [done.counters for done in (filter.report, device.report)]
            if backend != "xrt":
                assert steps[-1] == (10, 10)
                assert device.report.saturated is False
    prepared, convolved = counts["rtl"]
    assert prepared and convolved
    assert convolved.mac_beats == 2 * (1 + 4 * 2) * TINY.chunk_beats
    assert counts["xdma"] == [prepared, convolved]
    assert counts["model"] == counts["xrt"] == [None, None]


def test_underflow_is_a_warning() -> None:
    """Of what is not negligible beside the rest, and nothing else is one."""
    one, h = np.ones(10), np.r_[1.0, np.full(9, 1e-44)]
    with crocuta.open("model", "tiny") as device:
        for x, taps, match in (
            (np.full(100, 1e-39, np.float32), one * 1e10, "100 of x are smaller than 1.2e-38"),
            (np.full(100, 1e-50), one * 1e30, "100 of x are smaller than 1.2e-38 and became zero"),
            (np.full(100, 1e30), one * 1e-300, "10 of h are smaller than 1.2e-38 and became zero"),
            (np.full(100, 1e-30), one * 1e-9, "outputs of a channel are smaller than 1.2e-38"),
        ):
            with pytest.warns(crocuta.UnderflowWarning, match=match) as caught:
                y = device.convolve(x, device.prepare(taps))
            assert {warning.filename for warning in caught} == {__file__}
            assert not y.any()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            device.convolve(np.ones(100), device.prepare(h))  # a negligible tail
            device.convolve(np.zeros(100), device.prepare(one))
            assert_works(device)
    with (
        crocuta.open("model", "tiny+exponent_bits-8") as device,
        pytest.warns(crocuta.UnderflowWarning, match=r"100 of x are smaller than 1\.9e-34"),
    ):
        device.convolve(np.full(100, 1e-35), device.prepare(one))
    assert issubclass(crocuta.SaturationWarning, crocuta.RangeWarning)


def test_saturation_is_a_warning(card: Card) -> None:
    big = np.full(100, np.finfo(np.float32).max)
    for backend in ("model", "rtl", "xdma"):
        with crocuta.open(backend, "tiny") as device:
            with pytest.warns(SaturationWarning, match="scale the input down") as caught:
                y = device.convolve(big, device.prepare(np.full(100, 1e3)))
            assert caught[-1].filename == __file__
            assert np.isfinite(y).all()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert_works(device)


def test_threads_share_a_device(seed: int) -> None:
    with crocuta.open("rtl", "tiny") as device, ThreadPoolExecutor(4) as pool:

        def job(index: int) -> SampleArray:
            with device.prepare(rows(seed + index, 80)) as filter:
                return device.convolve(rows(seed + 8 + index, 90), filter)

        for index, y in enumerate(pool.map(job, range(8))):
            same(y, modelled(rows(seed + 8 + index, 90), rows(seed + index, 80)))


# -------------------------------------------------------------------------------------------------
# Bad input


def holding(value: float, dtype: str = "f4") -> npt.NDArray[Any]:
    array = np.ones((2, 10), dtype)
    array[1, 7] = value
    return array


class Tensor:
    """The attributes that identify a PyTorch tensor, and the array that numpy gets from it."""

    detach = cpu = numpy = None

    def __init__(self, answer: npt.NDArray[Any] | Exception) -> None:
        self.answer = answer

    def __array__(self, *_: object, **__: object) -> npt.NDArray[Any]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


BAD_ARRAYS: dict[str, tuple[object, str]] = {
    "integers": (np.full(10, (1 << 24) + 1), "holds an integer that float32 cannot hold exactly,"),
    "wide": (
        np.ones(10, np.longdouble),
        "which float32 cannot hold exactly: convert with .astype(",
    ),
    "complex": (
        np.ones(10, np.complex64),
        "holds complex64, and the kernel convolves real samples",
    ),
    "objects": (
        np.array([None, 1.0]),
        "holds Python objects, not numbers: convert with .astype(nu",
    ),
    "records": (np.ones(3, [("re", "f4"), ("im", "f4")]), "one of their fields, 're' or 'im'."),
    "text": ("samples", "holds text: give numbers, as float32 or float64."),
    "dates": (np.ones(3, "M8[s]"), "holds datetime64[s], which float32 cannot hold"),
    "masked": (np.ma.masked_less(np.arange(9.0), 3), "is a masked array: fill the masked samples"),
    "None": (None, "holds Python objects"),
    "scalar": (np.float32(1), "has shape (): give one of "),
    "many axes": (np.ones((1, 2, 3, 4), np.float32), "has shape (1, 2, 3, 4): give one of "),
    "empty": (np.ones(0, np.float32), "has 0 samples, but it must have 1 to 4194304."),
    "no samples": (np.ones((3, 0), np.float32), "has 0 samples"),
    "no channels": (np.ones((0, 3), np.float32), "has 0 channels, but it must have 1 to 65536."),
    "channels": (np.ones((65537, 1), np.float32), "has 65537 channels"),
    "too long": (np.ones((1 << 22) + 1, np.float32), "has 4194305 samples"),
    "NaN": (holding(np.nan), "holds NaN or infinity, first at index (1, 7)."),
    "infinity": (holding(-np.inf)[1], "holds NaN or infinity, first at index 7."),
    "beyond float32": (holding(1e39, "f8"), "holds a number beyond float32's range, first at"),
    "ragged": ([[1.0], [1.0, 2.0]], "cannot be made a numpy array"),
    "tensor": (
        Tensor(TypeError("can't convert cuda:0 device type tensor to numpy")),
        ".detach().cpu().float().numpy().",
    ),
    "bfloat16 tensor": (
        Tensor(TypeError("Got unsupported ScalarType BFloat16")),
        ".detach().cpu().float().numpy().",
    ),
    "integer tensor": (
        Tensor(np.full(3, 1 << 24 | 1)),
        "holds an integer that float32 cannot hold exactly, first at index 0.",
    ),
    "wide tensor": (
        Tensor(np.ones(3, np.longdouble)),
        "cannot hold exactly: convert with .float().",
    ),
}


@pytest.fixture
def quiet_card(card: Card) -> Iterator[tuple[Card, crocuta.Device, crocuta.Filter]]:
    """A card, whose accesses are noted, a device on it, and a filter of that."""
    with crocuta.open("xdma", "tiny") as device:
        yield card, device, device.prepare(rows(3, 2, 20))


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays_are_refused_and_nothing_is_written(quiet_card: Any, case: str) -> None:
    card, device, filter = quiet_card
    array, problem = BAD_ARRAYS[case]
    before = list(card.accesses)
    for name, call in (("h", device.prepare), ("x", lambda x: device.convolve(x, filter))):
        with pytest.raises(InputError) as refused:
            call(array)
        text = sentence(refused)
        assert text.startswith(f"{name} ")
        assert problem in text
    assert card.accesses == before


def test_bad_filters_are_refused(quiet_card: Any) -> None:
    card, device, filter = quiet_card
    x = rows(4, 2, 50)
    closed = device.prepare(rows(3, 2, 20))
    closed.close()
    closed.close()
    before = list(card.accesses)
    with crocuta.open("model", "tiny") as other:
        for bad, problem in (
            (other.prepare(rows(3, 2, 20)), "The filter is another device's"),
            (closed, "The filter is closed: prepare it again."),
            (rows(3, 2, 20), "filter must be what this device's prepare(h) made, not ndarray."),
            (None, "filter must be what this device's prepare(h) made, not NoneType."),
        ):
            with pytest.raises(InputError) as refused:
                device.convolve(x, bad)
            assert sentence(refused).startswith(problem)
    for bad_x in (x[:1], x[0], rows(4, 3, 50), rows(4, 2, 3, 50)):
        with pytest.raises(InputError, match="channels and the filter has 2: give one filter for"):
            device.convolve(bad_x, filter)
    with pytest.raises(InputError, match="progress must be a function of two numbers"):
        device.convolve(x, filter, 7)
    assert card.accesses == before
    same(device.convolve(x, filter), modelled(x, rows(3, 2, 20)))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            {"backend": "gpu"},
            "There is no backend 'gpu'; choose one of: rtl, model, float, xrt, xdma, uart.",
        ),
        ({"config": "huge"}, "There is no configuration 'huge'; choose one of: "),
        ({"backend": "model", "timeout": 0}, "The timeout must be more than 0 seconds, not 0."),
        ({"backend": "model", "timeout": float("nan")}, "The timeout must be more than 0 seconds"),
        (
            {"config": None},
            "config must be a configuration's name, such as 'u200', not None.",
        ),
        ({"backend": None}, "There is no backend None; choose one of: "),
        ({"backend": "model", "timeout": "3"}, "timeout must be a number of seconds, not '3'."),
        ({"backend": "model", "timeout": True}, "timeout must be a number of seconds, not True."),
        (
            {"backend": "xdma", "card": "0"},
            "card must be a card's number, 0 for the first, not '0'",
        ),
        ({"backend": "xdma", "card": -1}, "card must be a card's number, 0 for the first, not -1."),
        ({"backend": "xrt", "xclbin": 3}, "xclbin must be a file's name, not 3."),
        ({"backend": "uart", "port": 3}, "port must be a port's name, not 3."),
        ({"backend": "xrt"}, "The backend xrt needs xclbin=, the file that `make xclbin` built."),
        ({"backend": "uart"}, "The backend uart needs port=, the board's, such as /dev/ttyUSB0."),
    ],
)
def test_bad_options_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as refused:
        crocuta.open(**arguments)
    assert sentence(refused).startswith(problem)


def test_devices_and_filters_are_not_copied() -> None:
    with crocuta.open("model", "tiny") as device:
        for thing, problem in (
            (device, "A device cannot be copied or pickled: open one in each process."),
            (
                device.prepare([1.0]),
                "A filter lies in its device's memory: copy or pickle its taps",
            ),
        ):
            for copying in (copy.copy, copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError) as refused:
                    copying(thing)
                assert sentence(refused).startswith(problem)


def _call(use: Callable[[], object], *_: int) -> None:
    use()


def test_a_progress_function_that_raises_or_uses_the_device(device: crocuta.Device) -> None:
    """The error reaches the caller, the job ends, and the next one works."""
    x, h = rows(1, 2, 200), rows(2, 2, 30)
    filter = device.prepare(h)
    calls: list[int] = []

    def fails(done: int, total: int) -> None:
        calls.append(done)
        raise ZeroDivisionError("mine")

    busy = "The device is in the middle of a job: its progress function must not use it."
    uses: list[Callable[[], object]] = [
        lambda: device.convolve(x, filter),
        lambda: device.prepare(h),
        filter.close,
        device.close,
    ]
    if isinstance(device._kernel.kernel, XrtKernel):  # it never calls progress
        assert_works(device)
        return
    with pytest.raises(ZeroDivisionError, match="mine"):
        device.convolve(np.stack([x, x]), filter, fails)
    assert len(calls) == 1
    for use in uses:
        with pytest.raises(KernelError) as refused:
            device.convolve(x, filter, functools.partial(_call, use))
        assert sentence(refused) == busy
        same(device.convolve(x, filter), modelled(x, h))
    assert not filter.closed


def test_progress_over_a_batch() -> None:
    with crocuta.open("model", "tiny") as device:
        steps: list[tuple[int, int]] = []
        batch = rows(1, 2, 3, 130)
        device.convolve(
            batch, device.prepare(rows(2, 9)), lambda done, total: steps.append((done, total))
        )
        assert {total for _, total in steps} == {18}
        assert sorted({done for done, _ in steps}) == list(range(1, 19))
        assert device.report.counters is None


def test_a_meter_counts_jobs_clocks_and_bytes(device: crocuta.Device) -> None:
    """The counts include nothing done before or after, and nothing twice."""
    x, h = rows(1, 2, 3, 70), rows(2, 3, 30)
    device.convolve(x, device.prepare(h))
    with device.metered() as outer, device.metered() as meter:
        filter = device.prepare(h)
        with device.metered() as inner:
            y = device.convolve(x, filter)
    device.convolve(x, filter)
    same(y, modelled(x, h))
    prepare, convolve = Job(Mode.PREPARE, 3, 0, 30), Job(Mode.CONVOLVE, 3, 70, 30)
    assert sum(inner.jobs.values()) == inner.jobs[convolve] >= 1
    assert meter.jobs == outer.jobs == inner.jobs + Counter([prepare])
    assert inner.uploaded >= x.nbytes and inner.downloaded >= y.nbytes
    assert meter.uploaded - inner.uploaded >= h.nbytes
    counted = device.report.counters
    assert inner.clocks[Mode.CONVOLVE] == (counted.clocks if counted else None)
    assert meter.clocks[Mode.PREPARE] == (
        filter.report.counters.clocks if filter.report.counters else None
    )
    total = Meter()
    total.add(inner)
    total.add(inner)
    assert total.uploaded == 2 * inner.uploaded and total.jobs[convolve] == 2 * inner.jobs[convolve]
    assert total.clocks[Mode.PREPARE] == 0


def test_counters_of_a_batch_are_added(rtl: RtlKernel) -> None:
    with crocuta.open("rtl", "tiny") as device:
        filter = device.prepare(rows(2, 9))
        device.convolve(rows(1, 130), filter)
        once = device.report.counters
        device.convolve(rows(1, 3, 130), filter)
        assert once
        assert device.report.counters
        assert device.report.counters.mac_beats == 3 * once.mac_beats
        assert device.report.counters.clocks >= 3 * once.mac_beats
        assert device.report.saturated is False


def test_a_closed_device_says_so(device: crocuta.Device) -> None:
    filter = device.prepare(rows(1, 20))
    device.close()
    device.close()
    assert filter.closed
    for call in (lambda: device.prepare(rows(1, 20)), lambda: device.convolve(rows(1, 20), filter)):
        with pytest.raises(KernelError) as refused:
            call()
        assert sentence(refused) == "This device is closed: open another one with crocuta.open()."


# -------------------------------------------------------------------------------------------------
# Memory


def test_pages_do_not_overlap(seed: int) -> None:
    choose = random.Random(seed)
    pages = Pages(5 * PAGE_BYTES, 40 * PAGE_BYTES, Bank.X_SPECTRA)
    taken: dict[int, set[int]] = {}
    refused = 0
    for _ in range(500):
        if taken and choose.random() < 0.45:
            address = choose.choice(list(taken))
            pages.give_back(address)
            del taken[address]
            continue
        size = choose.randrange(1, 8 * PAGE_BYTES)
        need = -(-size // PAGE_BYTES)
        used = set().union(*taken.values())
        gaps = "".join("x" if page in used else " " for page in range(5, 45)).split("x")
        largest = max(map(len, gaps))
        if need > largest:
            refused += 1
            with pytest.raises(OutOfMemory) as error:
                pages.take(size)
            assert error.value.missing == (need - largest) * PAGE_BYTES
            continue
        address = pages.take(size)
        assert address % PAGE_BYTES == 0
        taken[address] = {address // PAGE_BYTES + index for index in range(need)}
        assert taken[address] <= set(range(5, 45)) - used
    assert refused


def fill(device: crocuta.Device) -> list[crocuta.Filter]:
    """Filters with one page of spectra each, until one with eight pages no longer fits."""
    filters: list[crocuta.Filter] = []
    with pytest.raises(OutOfMemory) as full:
        while True:
            filters.append(device.prepare(rows(1, 8 * 64)))
    assert full.value.missing == PAGE_BYTES
    assert sentence(full).startswith(
        f"The job needs {PAGE_BYTES} bytes in one piece of the memory of h_spectra, which has 0"
        f" left of {8 * PAGE_BYTES}: {PAGE_BYTES} are missing; close filters, or give fewer"
    )
    return filters


@pytest.mark.parametrize("backend", ["model", "xrt"])
def test_memory_that_runs_out(backend: str, xrt: Pyxrt, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = (6 * PAGE_BYTES, 2 * PAGE_BYTES, 8 * PAGE_BYTES)
    if backend == "model":
        monkeypatch.setattr(model_kernel, "memory_bytes", lambda config: sizes)
    with crocuta.open(backend, "tiny", xclbin="crocuta.xclbin") as device:
        if backend == "xrt":
            monkeypatch.setattr(
                device._kernel.kernel, "_sizes", dict(zip(banks(TINY), sizes, strict=True))
            )
        filters = fill(device)
        filters.pop().close()  # closing one frees space
        filters.append(device.prepare(rows(1, 500)))
        filters.pop()  # dropping the last reference frees space
        filters.append(device.prepare(rows(1, 400)))
        same(device.convolve(rows(2, 99), filters[-1]), modelled(rows(2, 99), rows(1, 400)))
        # Neither y nor a longer x's spectra have room; all that was taken is given back.
        for x, bank in ((rows(2, 2, 2000), "samples"), (rows(2, 64 * 17), "x_spectra")):
            filters.clear()
            filter = device.prepare(rows(1, len(x) if x.ndim == 2 else 1, 20))
            with pytest.raises(OutOfMemory, match=f"the memory of {bank}, which has"):
                device.convolve(x, filter)
        del filter
        assert len(fill(device)) == (8 if backend == "model" else 7)


def test_memory_that_xrt_does_not_give(xrt: Pyxrt) -> None:
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin") as device:
        xrt.fails = "bo"
        with pytest.raises(KernelError) as refused:
            device.prepare(rows(1, 20))
        assert sentence(refused) == (
            "XRT has no 4096 bytes of the memory of samples left: close what uses it; XRT says:"
            " [XRT] ERROR: bo failed: Invalid argument."
        )


def test_the_designs_addresses() -> None:
    """The shell-less design's map: whole pages, no overlapping memories, none beyond its own."""
    for name, numbers in (("u200", [0, 1, 2]), ("u200-long", [0, 1, 2, 3]), ("u200-card", [0, 0])):
        config = configs.load_model(name)
        assert list(u200.memories(config).values()) == numbers
        ends = []
        for bank, (base, size) in u200.places(config).items():
            assert base % PAGE_BYTES == size % PAGE_BYTES == 0 < size
            first, last = (at // u200.MEMORY_BYTES for at in (base, base + size - 1))
            assert first == last == u200.memories(config)[bank]
            ends.append((base, base + size))
        ends.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))


# -------------------------------------------------------------------------------------------------
# Time


LEFT = {
    Register.MODE: Mode.PREPARE,
    Register.CHANNELS: 64,
    Register.LENGTH_H: 4096,
    Register.H: 0x10_FFFF_F000,
    Register.H + 4: 0,
    Register.H_SPECTRA: 0x30_FFFF_F000,
    Register.H_SPECTRA + 4: 0,
}
"""A long job, left behind by its program."""
LOST = {
    ErrorCode.SAMPLES_READ_TIMEOUT: Bank.SAMPLES,
    ErrorCode.X_WRITE_TIMEOUT: Bank.X_SPECTRA,
    ErrorCode.H_READ_TIMEOUT: Bank.H_SPECTRA,
    ErrorCode.H_WRITE_TIMEOUT: Bank.H_SPECTRA,
}
"""The outcomes of a memory that has stopped answering."""


def test_simulation_times_out_and_works_on() -> None:
    x, h = rows(1, 20), rows(2, 20)
    with crocuta.open("rtl", "tiny", timeout=1e-6) as device:
        filter = device.prepare(h)
        for _ in range(2):
            with pytest.raises(JobTimeout) as late:
                device.convolve(rows(1, 20_000), filter)
            assert sentence(late) == (
                "The job was not finished in 1e-06 s and was aborted: the device still works; give"
                " a longer timeout= if the job needs one."
            )
            same(device.convolve(x, filter), modelled(x, h))
            assert_works(device)


def test_xdma_times_out_and_works_on(rtl: RtlKernel, card: Card) -> None:
    x, h = rows(1, 20_000), rows(2, 20)
    with crocuta.open("xdma", "tiny", timeout=0.05) as device:
        filter = device.prepare(h)
        rtl.set_timing(Bank.H_SPECTRA, Timing(bandwidth=10))
        with pytest.raises(JobTimeout, match=r"in 0\.05 s and was aborted"):
            device.convolve(x, filter)
        rtl.set_timing(Bank.H_SPECTRA, Timing())
        same(device.convolve(x[:20], filter), modelled(x[:20], h))
    with crocuta.open("xdma", "tiny") as device:
        assert_works(device)


def test_a_job_that_an_interrupted_program_left_is_aborted(rtl: RtlKernel, card: Card) -> None:
    for leftover in (Control.START, Control.START | Control.CONTINUE):
        for register, value in LEFT.items():
            rtl.write(register, value)
        rtl.write(Register.CONTROL, leftover)
        with crocuta.open("xdma", "tiny") as device:
            assert_works(device)
    rtl.write(Register.CONTROL, Control.START)
    while not rtl.read(Register.CONTROL) & Control.DONE:
        rtl.run(1000)
    with crocuta.open("xdma", "tiny") as device:
        assert_works(device)


def test_a_job_that_another_program_aborts(rtl: RtlKernel, card: Card) -> None:
    def abort(done: int, total: int) -> None:
        if done < total:
            rtl.write(Register.CONTROL, Control.SW_RESET)

    with crocuta.open("xdma", "tiny") as device:
        filter = device.prepare(rows(1, 20))
        with pytest.raises(JobError, match="another program aborted the job") as aborted:
            device.convolve(rows(1, 20_000), filter, abort)
        assert aborted.value.code == ErrorCode.ABORTED
        assert_works(device)


@pytest.mark.parametrize("code", LOST)
def test_a_memory_that_does_not_answer(
    rtl: RtlKernel, card: Card, monkeypatch: pytest.MonkeyPatch, code: ErrorCode
) -> None:
    """The error names it, the device and a new one accept no job, and a reset cures everything."""
    bank = LOST[code]
    monkeypatch.setattr(register_kernel.PolledKernel, "abort_seconds", 60.0)
    rtl.write(Register.WATCHDOG, 3000)
    with crocuta.open("xdma", "tiny") as device:
        filter = device.prepare(rows(1, 300))
        rtl.set_timing(bank, Timing(bandwidth=0))
        with pytest.raises(MemoryLost) as gone:
            if code == ErrorCode.H_WRITE_TIMEOUT:
                device.prepare(rows(1, 300))
            else:
                device.convolve(rows(1, 3000), filter)
        assert gone.value.code == code
        text = sentence(gone)
        assert text.startswith(f"The kernel stopped with error {code.value}: the memory of ")
        assert text.endswith("reset the kernel and its memories together, then open it again.")
        with pytest.raises(KernelError, match="close the device and"):
            device.prepare(rows(1, 20))
    assert "has not answered an earlier job: load the card's bitstream" in refused("xdma", "tiny")
    # The kernel rejects what the host did not check.
    for register, value in LEFT.items():
        rtl.write(register, value)
    rtl.write(Register.CONTROL, Control.START)
    while not rtl.read(Register.CONTROL) & Control.DONE:
        rtl.run(100)
    assert rtl.read(Register.ERROR) == ErrorCode.UNANSWERED
    rtl.set_timing(bank, Timing())
    rtl.reset()
    with crocuta.open("xdma", "tiny") as device:
        assert_works(device)


def test_a_memory_that_answers_late(
    rtl: RtlKernel, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once all bursts have been answered, jobs run again without a reset; an abort that meets
    unanswered ones says so."""
    monkeypatch.setattr(register_kernel.PolledKernel, "abort_seconds", 60.0)
    rtl.write(Register.WATCHDOG, 50_000)
    with crocuta.open("xdma", "tiny", timeout=0.02) as device:
        filter = device.prepare(rows(1, 300))
        rtl.set_timing(Bank.H_SPECTRA, Timing(bandwidth=0))
        with pytest.raises(MemoryLost) as gone:
            device.convolve(rows(1, 3000), filter)
        assert gone.value.code == ErrorCode.H_READ_TIMEOUT
    rtl.set_timing(Bank.H_SPECTRA, Timing())
    rtl.run(2000)
    with crocuta.open("xdma", "tiny") as device:
        assert_works(device)


def test_xrt_times_out(xrt: Pyxrt) -> None:
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin", timeout=0.02) as device:
        filter = device.prepare(rows(1, 20))
        gc.collect()
        before = xrt.buffers
        xrt.state = State.ERT_CMD_STATE_TIMEOUT
        with pytest.raises(JobTimeout, match=r"in 0\.02 s and may go on: close this device"):
            device.convolve(rows(1, 20), filter)
        xrt.state = None
        with pytest.raises(KernelError, match="close the device"):
            device.prepare(rows(1, 20))
        # The kernel may still write to x's spectra and y, so their memory is not reused.
        gc.collect()
        assert xrt.buffers == before + 3
    gc.collect()
    assert xrt.buffers == 0


def test_xrt_aborts_where_its_module_can(rtl: RtlKernel, xrt: Pyxrt) -> None:
    xrt.aborts = True
    x, h = rows(1, 20_000), rows(2, 20)
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin", timeout=0.3) as device:
        filter = device.prepare(h)
        rtl.set_timing(Bank.H_SPECTRA, Timing(bandwidth=10))
        with pytest.raises(JobTimeout, match=r"in 0\.3 s and was aborted"):
            device.convolve(x, filter)
        assert xrt.log.count("abort") == 1
        rtl.set_timing(Bank.H_SPECTRA, Timing())
        same(device.convolve(x[:20], filter), modelled(x[:20], h))


@pytest.mark.parametrize("backend", ["model", "rtl", "xdma"])
def test_an_interrupted_job_is_aborted(card: Card, backend: str) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    x, h = rows(1, 20), rows(2, 20)
    with crocuta.open(backend, "tiny") as device:
        filter = device.prepare(h)
        with pytest.raises(KeyboardInterrupt):
            device.convolve(rows(1, 20_000), filter, interrupt)
        same(device.convolve(x, filter), modelled(x, h))


def test_a_cards_patience_grows_with_the_job() -> None:
    u200 = configs.load("u200")
    one = configs.load("u200+outputs-1")
    assert 10 < patience(u200, Job(Mode.PREPARE, 1, length_h=1)) < 11
    longest = Job(Mode.CONVOLVE, 1, 1 << 22, 1 << 22)
    assert 18 < patience(u200, longest) < 20
    assert 27 < patience(one, longest) < 29
    assert patience(one, Job(Mode.CONVOLVE, 65536, 1 << 22, 1 << 22)) > 65536 * 17


# -------------------------------------------------------------------------------------------------
# Errors of the kernel


REFUSED = {
    ErrorCode.MODE: (Register.MODE, 7, "use host software that matches its version"),
    ErrorCode.CHANNELS: (Register.CHANNELS, 0, "must be 1 to 65536: split the batch"),
    ErrorCode.LENGTH_X: (Register.LENGTH_X, 0, "must have 1 to 4194304 samples: shorten it"),
    ErrorCode.LENGTH_H: (Register.LENGTH_H, 0, "must have 1 to 4194304 taps: shorten it"),
    ErrorCode.POINTER: (Register.H_SPECTRA, 8, "a multiple of 4096 bytes: align it"),
    ErrorCode.RING: (Register.RING, 1, "too few rows: use host software that matches its version"),
}
STOPPED = {
    ErrorCode.SAMPLES_READ: (Bank.SAMPLES, False, "reading x or h failed: check that their"),
    ErrorCode.SAMPLES_WRITE: (Bank.SAMPLES, True, "writing y failed: check that its buffer"),
    ErrorCode.X_READ: (Bank.X_SPECTRA, False, "reading the spectra of x failed: check where"),
    ErrorCode.X_WRITE: (Bank.X_SPECTRA, True, "writing the spectra of x failed: check where"),
    ErrorCode.H_READ: (Bank.H_SPECTRA, False, "reading the filter's spectra failed: check where"),
    ErrorCode.H_WRITE: (Bank.H_SPECTRA, True, "writing the filter's spectra failed: check where"),
}


def test_every_code_is_tried() -> None:
    others = {ErrorCode.NONE, ErrorCode.ABORTED, ErrorCode.UNANSWERED}
    assert {*REFUSED, *STOPPED, *register_kernel.TIMEOUTS} | others == set(ErrorCode)
    assert set(LOST) <= set(register_kernel.TIMEOUTS)


@pytest.mark.parametrize("code", REFUSED)
def test_refused_jobs_say_why_and_the_next_one_runs(card: Card, code: ErrorCode) -> None:
    register, value, remedy = REFUSED[code]
    with crocuta.open("xdma", "tiny") as device:
        filter = device.prepare(rows(1, 90))
        # A fault on the way to the registers, because the host itself never requests this.
        card.changes = {register: value}
        with pytest.raises(JobError) as refused:
            device.convolve(rows(2, 200), filter)
        assert refused.value.code == code
        text = sentence(refused)
        assert text.startswith(f"The kernel stopped with error {code.value}: ")
        assert remedy in text
        card.changes = {}
        same(device.convolve(rows(2, 200), filter), modelled(rows(2, 200), rows(1, 90)))


@pytest.mark.parametrize("code", STOPPED)
@pytest.mark.parametrize("backend", ["xdma", "xrt"])
def test_stopped_jobs_say_why_and_the_next_one_runs(
    rtl: RtlKernel, card: Card, xrt: Pyxrt, backend: str, code: ErrorCode
) -> None:
    bank, write, remedy = STOPPED[code]
    with crocuta.open(backend, "tiny", xclbin="crocuta.xclbin") as device:
        filter = device.prepare(rows(1, 90))
        # The page of y, of the second filter's spectra, or of what else lies first in its memory;
        # XRT's first page of each memory is for unused pointers.
        page = (code in (ErrorCode.SAMPLES_WRITE, ErrorCode.H_WRITE)) + (backend == "xrt")
        rtl.set_error(bank, write=write, address=BASES[bank] + page * PAGE_BYTES + 64)
        with pytest.raises(JobError) as stopped:
            if code == ErrorCode.H_WRITE:
                device.prepare(rows(3, 90))
            else:
                device.convolve(rows(2, 200), filter)
        text = sentence(stopped)
        if backend == "xrt":
            assert stopped.value.code is None
            assert text.startswith("The kernel stopped before it had written ")
        else:
            assert stopped.value.code == code
            assert text.startswith(f"The kernel stopped with error {code.value}: {remedy}")
        rtl.set_error(bank, write=write, address=None)
        same(device.convolve(rows(2, 200), filter), modelled(rows(2, 200), rows(1, 90)))


def test_outputs_that_were_not_written_are_found(card: Card) -> None:
    with crocuta.open("xdma", "tiny") as device:
        filter = device.prepare(rows(1, 90))
        card.changes = {Register.LENGTH_X: 197}
        with pytest.raises(JobError) as stopped:
            device.convolve(rows(2, 200), filter)
        assert sentence(stopped).startswith(
            "The kernel stopped before it had written all of y, and 3 outputs or more are missing: "
        )
        card.changes = {}
        same(device.convolve(rows(2, 200), filter), modelled(rows(2, 200), rows(1, 90)))


# -------------------------------------------------------------------------------------------------
# Cards that are not there, or not right


def refused(*arguments: Any, **options: Any) -> str:
    """The error message on opening a device."""
    with pytest.raises(KernelError) as error:
        crocuta.open(*arguments, **options)
    return sentence(error)


def test_without_xrt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyxrt", None)
    assert refused("xrt", "tiny", xclbin="a.xclbin") == (
        "There is no Python module pyxrt: install XRT, and run `source /opt/xilinx/xrt/setup.sh`"
        " before Python."
    )
    monkeypatch.delitem(sys.modules, "pyxrt")
    (tmp_path / "pyxrt.py").write_text("raise ImportError('undefined symbol: PyX')")
    monkeypatch.syspath_prepend(tmp_path)
    text = refused("xrt", "tiny", xclbin="a.xclbin")
    assert "pyxrt does not load: undefined symbol: PyX; use the Python version" in text


def test_an_xrt_too_old(xrt: Pyxrt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(xrt.xclbin, "get_mems")
    assert refused("xrt", "tiny", xclbin="crocuta.xclbin") == (
        "This pyxrt cannot say how large the card's memories are: install XRT 2021.2 or newer."
    )


def test_emulation_keeps_no_pace(
    rtl: RtlKernel, xrt: Pyxrt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vitis' emulation has no time limit, unlike a card."""
    monkeypatch.setattr(xrt_kernel, "patience", lambda config, job: 0.0)
    wait, late = xrt.run.wait, [State.ERT_CMD_STATE_TIMEOUT] * 3
    monkeypatch.setattr(
        xrt.run, "wait", lambda run, limit: late.pop() if late else wait(run, limit)
    )
    with pytest.raises(JobTimeout):
        crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin")
    rtl.reset()
    late += [State.ERT_CMD_STATE_TIMEOUT] * 3
    monkeypatch.setenv("XCL_EMULATION_MODE", "hw_emu")
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin") as device:
        assert_works(device)
    assert not late


def test_the_way_xrt_is_opened(rtl: RtlKernel, xrt: Pyxrt, monkeypatch: Any, tmp_path: Any) -> None:
    steps = ["device", "xclbin", "register_xclbin", "hw_context", "kernel", "bo"]
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin"):
        assert xrt.log[:6] == steps
    old = install(Pyxrt(rtl, hw_context=False), tmp_path, monkeypatch)
    with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin"):
        assert old.log[:5] == ["device", "xclbin", "load_xclbin", "kernel", "bo"]


def test_xrts_errors(xrt: Pyxrt) -> None:
    with pytest.raises(InputError) as missing:
        crocuta.open("xrt", "tiny", xclbin="no.xclbin")
    assert str(missing.value) == "no.xclbin does not exist: `make xclbin` builds one."
    text = refused("xrt", "tiny", xclbin="crocuta.xclbin", card=3)
    assert text.startswith(
        "XRT has no card 3 to open: `xrt-smi examine` (before XRT 2024.2 `xbutil examine`) lists"
        " them; XRT says: No"
    )
    for step in ("xclbin", "register_xclbin", "hw_context", "kernel"):
        xrt.fails = step
        text = refused("xrt", "tiny", xclbin="crocuta.xclbin")
        assert text == (
            "crocuta.xclbin cannot be loaded: build it for this card's platform; XRT says: [XRT]"
            f" ERROR: {step} failed: Invalid argument."
        )
    xrt.fails = ""
    Path("crocuta.xclbin").write_text("text")
    assert "Invalid xclbin: no magic." in refused("xrt", "tiny", xclbin="crocuta.xclbin")


def test_xrt_fails_in_a_job(rtl: RtlKernel, xrt: Pyxrt) -> None:
    for step, problem in (
        ("sync", "The card's memory cannot be written; XRT says: "),
        ("start", "XRT does not run the job; XRT says: "),
    ):
        with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin") as device:
            xrt.fails = step
            with pytest.raises(KernelError) as failed:
                device.prepare(rows(1, 20))
            assert sentence(failed).startswith(problem)
            xrt.fails = ""
            with pytest.raises(KernelError, match="close the device"):
                device.prepare(rows(1, 20))
    for state in (State.ERT_CMD_STATE_ERROR, State.ERT_CMD_STATE_ABORT):
        with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin") as device:
            xrt.state = state
            with pytest.raises(KernelError, match=f"state State.{state.name}: reset the card"):
                device.prepare(rows(1, 20))
            xrt.state = None
        rtl.reset()
        with crocuta.open("xrt", "tiny", xclbin="crocuta.xclbin") as device:
            assert_works(device)


@pytest.mark.parametrize("config", ["small", "edge-ecp5", "u200"])
def test_a_kernel_of_another_configuration(xrt: Pyxrt, card: Card, config: str) -> None:
    text = refused("xrt", config, xclbin="crocuta.xclbin")
    assert text.startswith(f"The kernel in the xclbin is not of configuration {config}, or does")
    assert refused("xdma", config).startswith(f"The kernel is not of configuration {config}: ")


def test_a_kernel_that_computes_something_else(xrt: Pyxrt, monkeypatch: Any) -> None:
    """One bit of a mantissa: XRT's check of the configuration checks the whole kernel."""
    download = xrt.bo.read

    def flipped(bo: Any, size: int, skip: int) -> Any:
        data = download(bo, size, skip)
        data[100] ^= 1
        return data

    monkeypatch.setattr(xrt.bo, "read", flipped)
    assert "is not of configuration tiny, or does not work" in refused(
        "xrt", "tiny", xclbin="crocuta.xclbin"
    )


def test_without_the_xdma_driver(card: Card, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xdma_kernel, "DEVICES", DEVICES)
        assert refused("xdma", "tiny", card=7) == (
            "There is no /dev/xdma7_user: load AMD's xdma driver, with the bitstream on the card."
        )
    (tmp_path / "xdma0_c2h_0").unlink()
    assert refused("xdma", "tiny").startswith(f"There is no {tmp_path}/xdma0_c2h_0: load AMD's")
    (tmp_path / "xdma0_h2c_0").unlink()
    (tmp_path / "xdma0_h2c_0").mkdir()
    assert refused("xdma", "tiny").startswith(
        f"The driver reports an error on {tmp_path}/xdma0_h2c_0: is a"
    )


def test_without_the_right_to_the_card(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, mode: str) -> object:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(xdma_kernel, "FileIO", denied)
    assert "xdma0_user: give permission with a udev rule" in refused("xdma", "tiny")


def test_a_card_that_another_program_has(card: Card, tmp_path: Path) -> None:
    with (tmp_path / "xdma0_user").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        text = refused("xdma", "tiny")
        assert text.startswith(f"Another program uses {tmp_path}/xdma0_user: wait until it has")
    with crocuta.open("xdma", "tiny") as device:
        assert "Another program uses" in refused("xdma", "tiny")
        assert_works(device)


def test_a_card_that_falls_off_the_bus(card: Card) -> None:
    card.answers = False
    assert "Nothing answers on" in refused("xdma", "tiny")
    card.answers = True

    def fall(done: int, total: int) -> None:
        card.answers = False

    with crocuta.open("xdma", "tiny") as device:
        filter = device.prepare(rows(1, 20))
        with pytest.raises(KernelError) as gone:
            device.convolve(rows(1, 20_000), filter, fall)
        assert "load the card's bitstream, then rescan the PCIe bus" in sentence(gone)


def test_transfers_that_fail(card: Card) -> None:
    for failure, most, problem in (
        (errno.EIO, 1000, "xdma0_h2c_0: input/output error; see dmesg"),
        (None, 0, "xdma0_h2c_0 moved no bytes at address 0x0: reset"),
    ):
        with crocuta.open("xdma", "tiny") as device:
            card.failure, card.most = failure, most
            with pytest.raises(KernelError, match=problem) as failed:
                device.prepare(rows(1, 20))
            sentence(failed)
            with pytest.raises(KernelError, match="close the device"):
                device.prepare(rows(1, 20))
            card.failure, card.most = None, 1000
    with crocuta.open("xdma", "tiny") as device:
        assert_works(device)


# -------------------------------------------------------------------------------------------------
# Boards behind a serial port


def test_the_boards_memories() -> None:
    """The memories of edge-ecp5's board: whole pages, with space for x, h and y of at least one
    chunk and for the spectra of two."""
    edge = configs.load("edge-ecp5")
    for bank in banks(edge):
        first, size = uart_kernel.extent(bank)
        assert first % PAGE_BYTES == size % PAGE_BYTES == 0
        assert size == (4 * 4 * edge.chunk if bank == Bank.SAMPLES else 2 * 8 * edge.chunk)
    assert BOARD["samples_base"] + BOARD["samples_size"] <= 1 << 30
    assert (BOARD["registers_base"], BOARD["bridge_base"]) == (2 << 30, 3 << 30)


def test_a_job_on_a_board(board: Board, seed: int) -> None:
    x, h = rows(seed, 2, 300), rows(seed + 1, 2, 100)
    steps: list[tuple[int, int]] = []
    with crocuta.open("uart", "tiny", port=board.port) as device:
        filter = device.prepare(h)
        same(device.convolve(x, filter, lambda *step: steps.append(step)), modelled(x, h))
        assert steps[-1] == (10, 10)
        assert device.report.saturated is False
        assert device.report.counters
        assert device.report.counters.mac_beats == 2 * (1 + 4 * 2) * TINY.chunk_beats
        with pytest.raises(OutOfMemory, match="of the memory of samples, which has 65536 left of"):
            device.convolve(rows(seed, 2, 40 * 1024), filter)
        assert_works(device)
    counts = [count for _, address, count in board.commands if address < 1 << 30]
    assert max(counts) == uart_kernel.TRANSFER_BYTES // 4
    # The bridge drops a command that the operating system sends in parts.
    assert 7 + 4 * max(counts) < 4096


def test_ports_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = tmp_path / "port"
    assert refused("uart", "tiny", port=str(port)) == (
        f"There is no port {port}: plug the board in, or look for its other name."
    )
    port.touch()
    text = refused("uart", "tiny", port=str(port))
    assert text.startswith(f"{port} does not work as a serial port: Could not configure port")

    def denied(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port")

    monkeypatch.setattr(serial, "Serial", denied)
    text = refused("uart", "tiny", port=str(port))
    assert text.startswith(f"This user may not open {port}: give permission, on most")


def test_a_port_that_another_program_has(board: Board) -> None:
    with crocuta.open("uart", "tiny", port=board.port) as device:
        text = refused("uart", "tiny", port=board.port)
        assert text == f"Another program uses {board.port}: wait until it has closed its device."
        assert_works(device)
    with crocuta.open("uart", "tiny", port=board.port) as device:
        assert_works(device)


def test_lines_that_answer_nothing_or_nonsense(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    mangles: list[tuple[Callable[[bytes], bytes], str]] = [
        (lambda answer: b"", f"Nothing answers on {board.port}: check that it is the board's"),
        (lambda answer: answer[:-1], f"{board.port} answered with 3 bytes that make no"),
        (lambda answer: bytes(len(answer)), "There is no kernel where its registers should be: l"),
    ]
    for mangle, problem in mangles:
        board.mangle = mangle
        with monkeypatch.context() as patch:
            patch.setattr(uart_kernel, "ANSWER_SECONDS", 1.0)
            assert refused("uart", "tiny", port=board.port).startswith(problem)
    board.mangle = bytes
    with crocuta.open("uart", "tiny", port=board.port) as device:
        board.mangle = lambda answer: b"X"
        with pytest.raises(KernelError, match="answered with 1 bytes that make no sense"):
            device.prepare(rows(1, 20))
        board.mangle = bytes
        with pytest.raises(KernelError, match="close the device and"):
            device.prepare(rows(1, 20))


def test_a_board_that_refuses(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uart_kernel, "QUIET_SECONDS", 5 * board.QUIET_SECONDS)
    small = {**BOARD, "samples_size": PAGE_BYTES}

    def shrink(done: int, total: int) -> None:
        if done == total:
            board.addresses = small
            monkeypatch.setattr(uart_kernel, "ANSWER_SECONDS", 2.0)

    # y follows one page after x.
    with crocuta.open("uart", "tiny", port=board.port) as device:
        filter = device.prepare(rows(1, 20))
        board.addresses = small
        with pytest.raises(KernelError, match="refused to write 2048 bytes at 0x1000: ") as failed:
            device.convolve(rows(1, 64), filter)
        sentence(failed)
    board.addresses = BOARD
    with crocuta.open("uart", "tiny", port=board.port) as device:
        filter = device.prepare(rows(1, 20))
        with pytest.raises(KernelError, match="refused to read 2048 bytes at 0x1000: ") as failed:
            device.convolve(rows(1, 64), filter, shrink)
        sentence(failed)
    board.addresses = BOARD
    monkeypatch.setattr(uart_kernel, "ANSWER_SECONDS", 60.0)
    with crocuta.open("uart", "tiny", port=board.port) as device:
        assert_works(device)


@pytest.mark.parametrize("left", [b"W", b"R\0\0\0", b"W\0\0\0\0\1\0xyz", b"?", b"R\0\0\0\0\1\0"])
def test_what_an_interrupted_program_left_is_forgotten(
    board: Board, monkeypatch: pytest.MonkeyPatch, left: bytes
) -> None:
    monkeypatch.setattr(uart_kernel, "QUIET_SECONDS", 5 * board.QUIET_SECONDS)
    with serial.Serial(board.port) as port:
        port.write(left)
    with crocuta.open("uart", "tiny", port=board.port) as device:
        assert_works(device)


def test_a_board_that_is_unplugged(board: Board) -> None:
    with crocuta.open("uart", "tiny", port=board.port) as device:
        filter = device.prepare(rows(1, 20))
        with pytest.raises(KernelError) as gone:
            device.convolve(rows(1, 4000), filter, lambda done, total: board.unplug())
        assert f"{board.port} does not work as a serial port: " in sentence(gone)


def test_a_board_times_out_and_works_on(rtl: RtlKernel, board: Board) -> None:
    x, h = rows(1, 4000), rows(2, 20)
    with crocuta.open("uart", "tiny", port=board.port, timeout=0.05) as device:
        filter = device.prepare(h)
        rtl.set_timing(Bank.H_SPECTRA, Timing(bandwidth=10))
        with pytest.raises(JobTimeout, match=r"in 0\.05 s and was aborted"):
            device.convolve(x, filter)
        rtl.set_timing(Bank.H_SPECTRA, Timing())
        same(device.convolve(x[:20], filter), modelled(x[:20], h))


def test_an_interrupt_within_a_command_of_a_board(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host waits for a quiet line, then aborts the job, and the device still works."""
    monkeypatch.setattr(uart_kernel, "QUIET_SECONDS", 5 * board.QUIET_SECONDS)
    x, h = rows(1, 300), rows(2, 20)
    with crocuta.open("uart", "tiny", port=board.port) as device:
        filter = device.prepare(h)
        read = serial.Serial.read

        def interrupted(port: serial.Serial, size: int) -> bytes:
            if size != 4:  # not an answer to `K`, nor a transfer
                return bytes(read(port, size))
            monkeypatch.setattr(serial.Serial, "read", read)
            raise KeyboardInterrupt

        monkeypatch.setattr(serial.Serial, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            device.convolve(x, filter)
        same(device.convolve(x, filter), modelled(x, h))


def test_a_board_of_another_configuration(board: Board) -> None:
    text = refused("uart", "edge-ecp5", port=board.port)
    assert text.startswith("The kernel is not of configuration edge-ecp5: choose the one")


def test_the_command_line_takes_boards(board: Board, tmp_path: Path, seed: int) -> None:
    x, h, y = (tmp_path / name for name in ("x.npy", "h.npy", "y.npy"))
    np.save(x, rows(seed, 300))
    np.save(h, rows(seed + 1, 100))
    arguments = ["conv", *map(str, (x, h)), "-o", str(y), "--config", "tiny", "--backend", "uart"]
    done = CliRunner().invoke(app, [*arguments, "--port", board.port])
    assert done.exit_code == 0, (done.output, done.exception)
    same(np.load(y), modelled(np.load(x), np.load(h)))
    assert "a board, through its serial port" in " ".join(done.stdout.split())
    missing = CliRunner().invoke(app, [*arguments, "--port", "/dev/none"])
    assert missing.exit_code == 1
    assert "There is no port /dev/none" in missing.stderr
    unnamed = CliRunner().invoke(app, arguments)
    assert unnamed.exit_code == 2
    assert "needs port=" in unnamed.stderr


def test_the_command_line_takes_cards(card: Card, tmp_path: Path, seed: int) -> None:
    x, h, y, report = (tmp_path / name for name in ("x.npy", "h.npy", "y.npy", "report.json"))
    np.save(x, rows(seed, 300))
    np.save(h, rows(seed + 1, 100))
    arguments = ["conv", *map(str, (x, h)), "-o", str(y), "--config", "tiny", "--backend"]
    done = CliRunner().invoke(app, [*arguments, "xdma", "--report", str(report)])
    assert done.exit_code == 0, (done.output, done.exception)
    same(np.load(y), modelled(np.load(x), np.load(h)))
    found = json.loads(report.read_text())
    assert found["bit_exact"] is True
    assert found["simulator"] is found["memory"] is found["sim_clocks"] is None
    assert found["clocks_convolve"] > found["mac_beats"] == 9 * TINY.chunk_beats
    assert "a card, through XDMA" in " ".join(done.stdout.split())  # lines may be folded
    missing = CliRunner().invoke(app, [*arguments, "xdma", "--card", "5"])
    assert missing.exit_code == 1
    assert "xdma5_user: load AMD's xdma driver" in missing.stderr
    assert missing.stdout == ""
