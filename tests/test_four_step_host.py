# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The host's side of four-step kernels: filters and the lengths they are prepared for, memory, the
command line."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import crocuta
from crocuta.backends.model_kernel import ModelKernel
from crocuta.backends.rtl_kernel import BASES
from crocuta.backends.xrt_kernel import XrtKernel
from crocuta.cli.app import app
from crocuta.device import Device
from crocuta.errors import JobError, OutOfMemory
from crocuta.kernel import Bank, arguments, banks
from crocuta.memory import HostMemory
from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.errors import four_step_bound
from crocuta.models.kernel import four_step_kernel
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.kernel.schedules import (
    filter_chunks,
    output_chunks,
    scratch_bytes,
    transform_rows,
    z_bytes,
)
from crocuta.models.reference import causal_convolution, snr_db
from crocuta.planner import accuracy
from crocuta.registers import Control, ErrorCode, Register
from tests.standins import Pyxrt, xdma_card

TINY = configs.load_model("tiny-long")
CARD = configs.load_model("u200-card")


def samples(rng: np.random.Generator, *shape: int) -> SampleArray:
    return rng.normal(size=shape).astype(np.float32)


def modelled(x: SampleArray, h: SampleArray, length: int) -> SampleArray:
    spectra = four_step_kernel.prepare(h, TINY, max(length, len(h)))
    return four_step_kernel.convolve(x, spectra, TINY).y


@pytest.mark.parametrize(
    ("taps", "length", "longest"),
    [(1, None, 64), (64, None, 64), (65, None, 128), (7, 1, 64), (7, 129, 256), (300, 5, 512)],
)
def test_a_filter_serves_what_its_transform_holds(
    taps: int, length: int | None, longest: int, seed: int
) -> None:
    """Any x of up to P rows gets the bits of a transform of P rows; one more sample is refused."""
    rng = np.random.default_rng([seed, taps])
    h = samples(rng, taps)
    with crocuta.open("model", "tiny-long") as device:
        filter = device.prepare(h, length)
        assert filter.longest == longest
        for count in (1, longest // 2 + 1, longest):
            x = samples(rng, count)
            y = device.convolve(x, filter)
            assert y.tobytes() == modelled(x, h, longest).tobytes()
        most = 1 << TINY.max_length_log2
        refusal = (
            f"serves at most {longest}: prepare it with length={longest + 1}."
            if longest < most
            else f"x has {longest + 1} samples, but it must have 1 to {most}."
        )
        with pytest.raises(crocuta.InputError, match=refusal):
            device.convolve(samples(rng, longest + 1), filter)
        assert device.convolve(x, filter).tobytes() == y.tobytes()


def test_channels_and_batches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = samples(rng, 2, 3, 200), samples(rng, 3, 90)
    seen: list[tuple[int, int]] = []
    with crocuta.open("model", "tiny-long") as device:
        filter = device.prepare(h, length=200)
        y = device.convolve(x, filter, lambda done, of: seen.append((done, of)))
        for item in range(2):
            for channel in range(3):
                expected = modelled(x[item, channel], h[channel], 200)
                assert y[item, channel].tobytes() == expected.tobytes()
    assert seen[-1] == (24, 24)
    assert seen == sorted(seen)


@pytest.mark.parametrize("config", ["tiny", "tiny-long"])
@pytest.mark.parametrize("length", [0, -1, 1.5, True, "9", (1 << 22) + 1])
def test_lengths_that_are_none(config: str, length: Any, seed: int) -> None:
    with crocuta.open("model", config) as device:
        with pytest.raises(crocuta.InputError, match="length must be a number of samples, 1 to"):
            device.prepare(np.ones(3), length)
        counted: Any = np.int64(9)
        device.prepare(np.ones(3), counted)


def test_a_chunked_filter_serves_any_length(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = samples(rng, 500), samples(rng, 70)
    with crocuta.open("model", "tiny") as device:
        plain, told = device.prepare(h), device.prepare(h, length=3)
        assert plain.longest == told.longest == 1 << 22
        assert np.array_equal(device.convolve(x, plain), device.convolve(x, told))


def test_memory_is_given_back(seed: int) -> None:
    """A job's samples and scratch are freed, and a filter's spectra when it is closed."""
    kernel = ModelKernel(TINY)
    device = Device(kernel)
    rng = np.random.default_rng(seed)

    def used() -> list[int]:
        return [len(kernel._pages[bank]._used) for bank in Bank]

    filter = device.prepare(samples(rng, 100), length=400)
    assert used() == [0, 0, 1, 0]
    device.convolve(samples(rng, 300), filter)
    assert used() == [0, 0, 1, 0]
    filter.close()
    assert used() == [0, 0, 0, 0]
    device.close()


def test_what_a_job_takes() -> None:
    chunk = spectrum_bytes(TINY)
    for lengths, rows in (((1, 64), 1), ((65, 1), 2), ((3, 257), 8)):
        job = Job(Mode.CONVOLVE, 2, *lengths)
        assert transform_rows(TINY, job) == filter_chunks(TINY, job) == rows
        assert output_chunks(TINY, job) == rows
        # x and z of every row; one row needs neither, and PREPARE has no z.
        prepare = Job(Mode.PREPARE, 2, *lengths)
        scratch = rows * chunk if rows > 1 else 0
        assert scratch_bytes(TINY, job) == z_bytes(TINY, job) == scratch
        assert output_chunks(TINY, prepare) == 0
        assert (scratch_bytes(TINY, prepare), z_bytes(TINY, prepare)) == (scratch, 0)
    whole = Job(Mode.CONVOLVE, 1, 1 << 19, 1 << 19)
    assert scratch_bytes(CARD, whole) == z_bytes(CARD, whole) == 0  # all rows stay on the chip
    half = configs.load_model("u200-card+resident-32")
    assert scratch_bytes(half, whole) == z_bytes(half, whole) == 32 * spectrum_bytes(half)
    tiny = configs.load("tiny")
    assert scratch_bytes(tiny, Job(Mode.PREPARE, 1, 0, 200)) == 0
    assert scratch_bytes(tiny, Job(Mode.CONVOLVE, 1, 200, 3)) == 4 * spectrum_bytes(tiny)
    assert z_bytes(tiny, Job(Mode.CONVOLVE, 1, 200, 3)) == 0


def test_pointers_of_a_kernel() -> None:
    """z has its own, and a kernel that keeps all rows on the chip has none to rows."""
    names = ("mode", "channels", "length_x", "length_h", "x", "h", "h_spectra")
    assert arguments(configs.load("tiny")) == (*names, "x_spectra", "y", "ring", "first_chunk")
    assert arguments(TINY) == (*names, "x_spectra", "y", "z_spectra")
    assert arguments(CARD) == (*names, "y")
    assert arguments(configs.load_model("u200-card+resident-63")) == arguments(TINY)


def test_arguments_that_the_kernel_refuses() -> None:
    """Arguments of PREPARE that a chunked kernel ignores."""
    kernel = ModelKernel(TINY)
    for job, code in (
        (Job(Mode.PREPARE, 1, length_x=0, length_h=9), ErrorCode.LENGTH_X),
        (Job(Mode.PREPARE, 1, length_x=513, length_h=9), ErrorCode.LENGTH_X),
        (Job(Mode.PREPARE, 1, length_x=9, length_h=9, x_spectra=64), ErrorCode.POINTER),
        (Job(Mode.CONVOLVE, 1, length_x=9, length_h=9, z_spectra=64), ErrorCode.POINTER),
    ):
        with pytest.raises(JobError) as refused:
            kernel.execute(job)
        assert refused.value.code == code
    ModelKernel(configs.load("tiny")).execute(Job(Mode.PREPARE, 1, 0, 9, x_spectra=64))


@pytest.mark.parametrize(
    ("backend", "config", "sentence"),
    [
        (
            "uart",
            "tiny-long",
            r"boards have no memory for the rows of z of a four-step",
        ),
        ("xdma", "tiny-long+max_length_log2-6", r"of one row: choose the backend model"),
        ("rtl", "tiny-long+max_length_log2-6", r"of one row: choose the backend model"),
    ],
)
def test_kernels_that_there_are_not(backend: str, config: str, sentence: str) -> None:
    with pytest.raises(crocuta.InputError, match=sentence):
        crocuta.open(backend, config)


class Modelled(ModelKernel):
    """The model behind a card's stand-in, in place of simulated RTL."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, (1 << 22,) * len(banks(config)))
        self.memories = {
            bank: HostMemory(memory.contents, BASES[bank]) for bank, memory in self.memories.items()
        }

    def run(self, clocks: int) -> bool:
        """Runs a job that was started to its end; returns whether one has ended."""
        if self.read(Register.CONTROL) & Control.START:
            self.wait(lambda: None)
        return bool(self.read(Register.CONTROL) & Control.DONE)


@pytest.mark.parametrize("backend", ["xdma", "xrt"])
@pytest.mark.parametrize("resident", [0, 3, 8])
def test_cards(
    backend: str, resident: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A kernel whose rows are in memory, on the chip, or in both: each pointer is in the memory of
    its port, as the stand-ins check, and with all rows on the chip only two ports have one."""
    name = f"tiny-long+resident-{resident}" if resident else "tiny-long"
    rtl: Any = Modelled(configs.load(name))
    rng = np.random.default_rng(seed)
    x, h = samples(rng, 2, 400), samples(rng, 2, 90)
    with ExitStack() as stack:
        if backend == "xdma":
            stack.enter_context(xdma_card(rtl, tmp_path))
        else:
            monkeypatch.setitem(sys.modules, "pyxrt", Pyxrt(rtl, hw_context=True))
            (tmp_path / "crocuta.xclbin").write_bytes(b"xclbin2\0")
        xclbin = tmp_path / "crocuta.xclbin"
        device = stack.enter_context(crocuta.open(backend, name, xclbin=xclbin))
        y = device.convolve(x, device.prepare(h, length=400))
        assert len(rtl.memories) == (2 if resident == 8 else 4)
        for channel in range(2):
            assert y[channel].tobytes() == modelled(x[channel], h[channel], 400).tobytes()
        for bank in (Bank.X_SPECTRA, Bank.Z_SPECTRA):
            if bank in rtl.memories:
                assert (rtl.memories[bank].contents != 0xA5).any()


def test_ports_that_share_a_memory_share_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XRT has one number for both, and says how large it is."""
    rtl: Any = Modelled(configs.load("tiny-long+resident-8"))
    pyxrt = Pyxrt(rtl, hw_context=True)
    groups = pyxrt.kernel.group_id
    monkeypatch.setitem(sys.modules, "pyxrt", pyxrt)
    monkeypatch.setattr(pyxrt.kernel, "group_id", lambda kernel, argument: groups(kernel, 4))
    (tmp_path / "crocuta.xclbin").write_bytes(b"xclbin2\0")
    monkeypatch.setattr(XrtKernel, "_check_config", lambda self: None)
    kernel = XrtKernel(rtl.config, tmp_path / "crocuta.xclbin")
    size = rtl.memories[Bank.SAMPLES].size
    first = kernel.allocate(Bank.SAMPLES, size // 2)
    with pytest.raises(OutOfMemory) as full:
        kernel.allocate(Bank.H_SPECTRA, size // 2)
    assert full.value.missing == 2 * 4096  # what both hold in place of unused pointers
    first.free()
    kernel.allocate(Bank.H_SPECTRA, size // 2)


def test_the_expected_snr(seed: int) -> None:
    """The law of the chunked kernel's points, with the transform as one chunk, holds here too."""
    config = configs.load_model("small-long")
    rng = np.random.default_rng(seed)
    x, h = samples(rng, 1 << 15), samples(rng, 1 << 15)
    y = four_step_kernel.convolve(x, four_step_kernel.prepare(h, config), config).y
    measured = snr_db(causal_convolution(x, h), y)
    assert abs(accuracy.snr(config, 1 << 15) - measured) < 1


# The command line.


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_conv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(seed)
    x, h = samples(rng, 2, 400), samples(rng, 20)
    np.save("x.npy", x)
    np.save("h.npy", h)
    shown = run(
        "conv", "x.npy", "h.npy", "-o", "y.npy", "--report", "r.json",
        "--backend", "model", "--config", "tiny-long",
    )  # fmt: skip
    assert "tiny-long: rows of 64" in shown
    y, report = np.load("y.npy"), json.loads(Path("r.json").read_text())
    assert y[1].tobytes() == modelled(x[1], h, 400).tobytes()
    assert report["schedule"] == "four-step"
    assert report["within_bound"] is True and report["worst_chunk"] == 0
    assert report["error_bound_db"] == pytest.approx(20 * np.log10(four_step_bound(TINY, 8)))
    run("conv", "x.npy", "h.npy", "-o", "z.npy", "--report", "s.json",
                    "--config", "tiny-long")  # fmt: skip
    assert np.load("z.npy").tobytes() == y.tobytes()
    report = json.loads(Path("s.json").read_text())
    assert report["schedule"] == "four-step" and report["bit_exact"] is True
    assert report["mac_beats"] == 2 * 8 * TINY.chunk_beats
    np.save("x.npy", samples(rng, 513))
    refused = CliRunner().invoke(
        app,
        ["conv", "x.npy", "h.npy", "-o", "z.npy", "--config", "tiny-long", "--backend", "model"],
    )
    assert refused.exit_code == 2 and refused.stderr.count("\n") == 1
    assert "513 samples, but it must have 1 to 512" in refused.stderr


def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("demo", "--bases", 3000, "--config", "small-long", "--backend", "model", "--directory", "o")
    report = json.loads(Path("o/report.json").read_text())
    assert report["schedule"] == "four-step" and report["snr_db"] > 80
    assert report["bit_exact"] is None  # of a model, which there is nothing to compare with
    assert Path("o/demo.png").read_bytes().startswith(b"\x89PNG")
    for backend, config, sentence in (
        ("rtl", "tiny-long+max_length_log2-6", "no RTL of a four-step kernel of one row"),
        ("xrt", "small-long", "--backend must be rtl or model, not 'xrt'."),
    ):
        refused = CliRunner().invoke(
            app, ["demo", "--config", config, "--backend", backend, "--directory", "p"]
        )
        assert refused.exit_code == 2 and sentence in refused.stderr
        assert not Path("p").exists()
