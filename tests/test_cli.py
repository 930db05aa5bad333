# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: correct results, and one sentence with exit status 2 for every bad input."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import psutil
import pytest
from typer.testing import CliRunner, Result

from crocuta import __version__
from crocuta.backends.rtl_kernel import RtlKernel
from crocuta.cli import demo as demonstration
from crocuta.cli import runs
from crocuta.cli.app import app
from crocuta.cli.waves import kernel_scope, recorded, signals
from crocuta.design import cache
from crocuta.design.rtl_build import SIMULATION
from crocuta.device import Device
from crocuta.errors import KernelError
from crocuta.models import cfp, configs, reference
from crocuta.models.configs import ROOT
from crocuta.models.errors import errors
from crocuta.models.kernel import crocuta_kernel

Array = npt.NDArray[Any]


def crocuta(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def model(*arguments: object) -> Result:
    """A convolution on the fastest backend."""
    return crocuta("conv", *arguments, "--backend", "model", "--config", "tiny")


def refused(result: Result, sentence: str) -> None:
    """Checks for one sentence, nothing else, and status 2."""
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith(".\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a good x.npy and h.npy."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    np.save("x.npy", rng.normal(size=500).astype(np.float32))
    np.save("h.npy", rng.normal(size=90).astype(np.float32))
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def truncated(array: Array) -> bytes:
    np.save("whole.npy", array)
    whole = Path("whole.npy")
    content = whole.read_bytes()
    whole.unlink()
    return content[:-4]


def saved(array: Array) -> Callable[[], object]:
    return lambda: np.save("x.npy", array)


def written(content: Callable[[], bytes]) -> Callable[[], object]:
    return lambda: Path("x.npy").write_bytes(content())


def with_value(value: float, dtype: type[np.floating[Any]] = np.float32) -> Array:
    array = np.ones(10, dtype)
    array[7] = value
    return array


def directory() -> None:
    Path("x.npy").unlink()
    Path("x.npy").mkdir()


BAD_X: dict[str, tuple[Callable[[], object], str]] = {
    "missing": (Path("x.npy").unlink, "x.npy does not exist."),
    "directory": (directory, "x.npy is a directory"),
    "empty file": (written(bytes), "x.npy is empty."),
    "no numpy": (written(lambda: b"1 2 3\n" * 20), "x.npy is not a .npy file"),
    "zip": (lambda: Path("x.npz").rename("x.npy"), "x.npy is not a .npy file"),
    "magic only": (written(lambda: b"\x93NUMPY\x01\x00"), "x.npy is not a .npy file"),
    "bad header": (
        written(lambda: b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': (((" * 9 + b"\n"),
        "x.npy is not a .npy file",
    ),
    "truncated": (
        written(lambda: truncated(np.ones(50, np.float32))),
        "x.npy ends after 49 of its 50 samples.",
    ),
    "no samples": (saved(np.zeros(0, np.float32)), "x.npy has 0 samples"),
    "scalar": (saved(np.array(1.0)), "x.npy has shape ()"),
    "four dimensions": (saved(np.ones((1, 2, 3, 4), np.float32)), "x.npy has shape (1, 2, 3, 4)"),
    "integers": (
        saved(np.array([1, 2, 1 << 60, (1 << 60) + 1])),
        "x.npy holds an integer that float32 cannot hold exactly, first at index 3.",
    ),
    "complex": (saved(np.ones(9, np.complex64)), "x.npy holds complex64, and the kernel convolves"),
    "objects": (saved(np.array([{}, None], object)), "x.npy holds Python objects, not numbers"),
    "text": (saved(np.array(["1", "2"])), "x.npy holds text: give numbers"),
    "records": (saved(np.ones(3, [("a", "f4"), ("b", "f4")])), "one of their fields, 'a' or 'b'"),
    "bfloat16": (saved(np.ones(3, ml_dtypes.bfloat16)), "as it saves bfloat16: convert with .asty"),
    "wide": (saved(np.ones(3, np.longdouble)), "which float32 cannot hold exactly: convert with"),
    "no channels": (saved(np.ones((0, 5), np.float32)), "x.npy has 0 channels"),
    "NaN": (saved(with_value(np.nan)), "x.npy holds NaN or infinity, first at index 7."),
    "infinity": (saved(with_value(-np.inf, np.float64)), "x.npy holds NaN or infinity"),
    "beyond float32": (
        saved(with_value(1e39, np.float64)),
        "x.npy holds a number beyond float32's range, first at index 7.",
    ),
    "too long": (
        saved(np.zeros((1 << 22) + 1, np.float32)),
        "x.npy has 4194305 samples, but it must have 1 to 4194304.",
    ),
}


def test_make_help_names_every_configuration() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f": {' '.join(configs.names())}\n" in done.stdout


@pytest.mark.parametrize("case", BAD_X)
def test_bad_input_is_refused(folder: Path, case: str) -> None:
    np.savez("x.npz", np.ones(4, np.float32))
    make, sentence = BAD_X[case]
    make()
    before = files(folder)
    for first, second in (("x.npy", "h.npy"), ("h.npy", "x.npy")):
        refused(model(first, second, "-o", "y.npy", "--report", "r.json"), sentence)
    assert files(folder) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["-o", "y.npy", "--backend", "gpu"],
            "There is no backend 'gpu'; choose one of: rtl, model, float, xrt, xdma, uart.",
        ),
        (["-o", "y.npy", "--config", "huge"], "There is no configuration 'huge'; choose one of: "),
        (["-o", "."], ". is a directory"),
        (["-o", "no/y.npy"], "no/y.npy cannot be written: no such file or directory."),
        (["-o", "x.npy/y.npy"], "x.npy/y.npy cannot be written: not a directory."),
        (["-o", "y" * 300], "cannot be written: file name too long."),
        (["-o", "y.npy", "--report", "no/r.json"], "no/r.json cannot be written"),
    ],
)
def test_bad_options_are_refused(folder: Path, options: list[str], sentence: str) -> None:
    before = files(folder)
    refused(crocuta("conv", "x.npy", "h.npy", *options), sentence)
    assert files(folder) == before


def test_version(folder: Path) -> None:
    result = crocuta("--version")
    assert (result.exit_code, result.stdout) == (0, f"crocuta {__version__}\n")


def test_failure_leaves_the_old_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("y.npy").write_bytes(b"old")

    def interrupted(*arguments: object) -> runs.Run:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "run", interrupted)
    before = files(folder)
    assert crocuta("conv", "x.npy", "h.npy", "-o", "y.npy").exit_code != 0
    assert files(folder) == before
    assert Path("y.npy").read_bytes() == b"old"


def convolved(backend: str, config: str, x: Array, h: Array) -> tuple[Array, dict[str, Any]]:
    """y and the report of a run that must succeed."""
    np.save("x.npy", x)
    np.save("h.npy", h)
    result = crocuta(
        "conv", "x.npy", "h.npy", "-o", "y.npy", "--report", "r.json",
        "--backend", backend, "--config", config,
    )  # fmt: skip
    assert result.exit_code == 0, (result.output, result.exception)
    y = np.load("y.npy", allow_pickle=False)
    assert y.dtype == np.float32
    assert y.shape == x.shape
    report = json.loads(Path("r.json").read_text(), parse_constant=pytest.fail)
    return y, report


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f4", ">f8"])
@pytest.mark.parametrize(("length_x", "length_h"), [(1, 1), (1, 300), (64, 64), (1000, 130)])
def test_model_backend(folder: Path, seed: int, dtype: str, length_x: int, length_h: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = (rng.normal(size=length).astype(dtype) for length in (length_x, length_h))
    y, report = convolved("model", "tiny", x, h)
    config, x32, h32 = configs.load("tiny"), x.astype(np.float32), h.astype(np.float32)
    modelled = crocuta_kernel.convolve(x32, crocuta_kernel.prepare(h32, config), config).y
    np.testing.assert_array_equal(y.view(np.uint32), modelled.view(np.uint32))
    exact = reference.causal_convolution(x32, h32)
    assert errors(exact, y, x32, h32, config).within_bound
    assert report["backend"] == "model"
    assert report["simulator"] is None
    for field in ("clocks_total", "clocks_prepare", "clocks_convolve", "mac_beats", "bit_exact"):
        assert report[field] is None
    assert report["length_x"] == length_x
    assert report["length_h"] == length_h


def test_model_backend_at_the_default_configuration(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=70_000), rng.normal(size=3_000)
    y, report = convolved("model", "u200", x, h)
    assert reference.snr_db(reference.causal_convolution(x, h), y) > 80
    assert report["chunk"] == 65536
    assert report["lanes"] == 8
    assert report["mantissa_bits"] == 18


def test_zeros_give_zeros_and_a_valid_report(folder: Path) -> None:
    y, report = convolved("model", "tiny", np.zeros(100), np.zeros(7))
    assert not y.any()
    assert report["snr_db"] is None


FULL = np.full
WRONG: dict[str, tuple[Array, Array, str]] = {
    "saturated": (
        FULL(100, np.finfo(np.float32).max),
        FULL(100, 1e3),
        "A number was too large and saturated: scale x or h down.",
    ),
    "subnormal x": (
        FULL(100, 1e-39, np.float32),
        FULL(10, 1e10),
        "100 samples of x are smaller than 1.2e-38 and became zero: scale up.",
    ),
    "x below float32": (
        FULL(100, 1e-50),
        FULL(10, 1e30),
        "100 samples of x are smaller than 1.2e-38 and became zero: scale up.",
    ),
    "h below float32": (
        FULL(100, 1e30),
        FULL(10, 1e-50),
        "10 taps of h are smaller than 1.2e-38 and became zero: scale up.",
    ),
    "subnormal y": (
        FULL(100, 1e-30),
        FULL(10, 1e-9),
        "100 outputs are smaller than 1.2e-38 and became zero: scale up.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_result_is_said_to_be_wrong(folder: Path, case: str) -> None:
    """y and the report exist, the message says what to do, and the status is not 0."""
    x, h, sentence = WRONG[case]
    np.save("x.npy", x)
    np.save("h.npy", h)
    result = crocuta(
        "conv", "x.npy", "h.npy", "-o", "y.npy", "--report", "r.json",
        "--backend", "model", "--config", "tiny",
    )  # fmt: skip
    assert result.exit_code == 1, (result.output, result.exception)
    assert result.stderr.splitlines()[-1] == f"y is wrong. {sentence}"
    report = json.loads(Path("r.json").read_text(), parse_constant=pytest.fail)
    assert report["warnings"] == [sentence]
    assert report["within_bound"] is False
    assert report["saturated"] is (case == "saturated")
    assert report["snr_db"] is not None and report["snr_db"] < 20
    assert np.isfinite(np.load("y.npy")).all()


def test_exponents_of_eight_bits_lose_what_float32_holds(folder: Path) -> None:
    np.save("x.npy", FULL(100, 1e-35))
    np.save("h.npy", FULL(10, 1.0))
    for config, code in (("tiny", 0), ("tiny+exponent_bits-8", 1)):
        result = crocuta(
            "conv", "x.npy", "h.npy", "-o", "y.npy", "--backend", "model", "--config", config
        )
        assert result.exit_code == code, result.output
    sentence = "y is wrong. 100 samples of x are smaller than 1.9e-34 and became zero: scale up."
    assert result.stderr.splitlines()[-1] == sentence


def test_inaccurate_but_as_promised(folder: Path) -> None:
    """The filter removes the loud part of x: a warning, and status 0."""
    n = np.arange(3000)
    y, report = convolved("model", "tiny", (-1.0) ** n, np.ones(1000))
    assert report["within_bound"] is True
    (warning,) = report["warnings"]
    assert re.match(r"Half of a chunk's outputs are at most \d+ dB above the error, where", warning)
    assert report["snr_db"] > report["quiet_db"] - 20
    x = np.random.default_rng(3).normal(size=3000)
    y, report = convolved("model", "tiny", x, np.ones(10))
    assert report["within_bound"] is True and report["warnings"] == []
    assert report["worst_chunk_error_db"] < report["error_bound_db"] < -80
    errors = (y - np.convolve(x, np.ones(10))[:3000])[report["worst_chunk"] * 64 :][:64]
    rms = float(np.sqrt(np.mean(errors**2)))
    assert report["worst_chunk_rms_error"] == pytest.approx(rms, rel=1e-3)


@pytest.mark.parametrize(
    ("config", "length_x", "length_h"),
    [
        ("tiny", 1, 1),
        ("tiny", 129, 400),
        ("tiny", 2000, 77),
        ("small", 1024, 1),
        ("small", 5000, 5000),
    ],
)
def test_rtl_backend(folder: Path, seed: int, config: str, length_x: int, length_h: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = (rng.normal(size=length).astype(np.float32) for length in (length_x, length_h))
    y, report = convolved("rtl", config, x, h)
    modelled, _ = convolved("model", config, x, h)
    np.testing.assert_array_equal(y.view(np.uint32), modelled.view(np.uint32))
    assert report["bit_exact"] is True
    assert report["mismatches"] == 0
    assert report["simulator"].startswith("Verilator ")
    assert report["clocks_total"] == report["clocks_prepare"] + report["clocks_convolve"]
    assert report["sim_clocks"] > report["clocks_total"]
    loaded = configs.load(config)
    p, ph = (math.ceil(length / loaded.chunk) for length in (length_x, length_h))
    passes = sum(min(k + 1, ph) for k in range(p))
    assert report["mac_beats"] == passes * loaded.chunk_beats
    assert report["clocks_convolve"] >= report["mac_beats"]
    assert report["samples_per_clock"] == pytest.approx(
        length_x / report["clocks_convolve"], abs=1e-6
    )
    assert report["assumed_clock_mhz"] == 300
    assert report["memory"] == {"latency": 60, "bandwidth": 1000, "stall": 0, "seed": 1}
    for stalls in report["stalls"].values():
        assert set(stalls) == {"samples", "x", "h", "store", "output"}


def test_wrong_output_of_the_kernel_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = RtlKernel.write

    def wrong_length(kernel: RtlKernel, offset: int, value: int) -> None:
        written(kernel, offset, 89 if value == 90 else value)

    monkeypatch.setattr(RtlKernel, "write", wrong_length)
    result = crocuta("conv", "x.npy", "h.npy", "-o", "y.npy", "--config", "tiny", "--report", "r")
    assert result.exit_code == 1
    sentence = r"The kernel is wrong: \d+ of 500 outputs differ from the model\.\n$"
    assert re.search(sentence, result.stderr)
    assert json.loads(Path("r").read_text())["bit_exact"] is False


def test_demo(folder: Path) -> None:
    result = crocuta("demo", "--bases", 3000, "--config", "small", "--directory", "out")
    assert result.exit_code == 0, (result.output, result.exception)
    report = json.loads(Path("out/report.json").read_text(), parse_constant=pytest.fail)
    assert report["bit_exact"] is True
    assert report["length_x"] == report["length_h"] == 3000
    assert report["snr_db"] > 75
    assert report["seeds"] == {"embedding": 1, "filter": 1, "memory": 1}
    assert Path("out/demo.png").read_bytes().startswith(b"\x89PNG")
    assert files(folder / "out") == {"report.json", "demo.png"}


@pytest.mark.parametrize(
    ("config", "bases"), [("small-long", 32_768), ("tiny-long+resident-3", 512), ("u200", 450_002)]
)
def test_the_demo_uses_as_many_bases_as_the_configuration_takes(
    folder: Path, config: str, bases: int
) -> None:
    result = crocuta("demo", "--config", config, "--backend", "model", "--directory", "out")
    assert result.exit_code == 0, (result.output, result.exception)
    assert json.loads(Path("out/report.json").read_text())["length_x"] == bases


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--bases", 0], "--bases must be 1 to 4194304, not 0."),
        (["--bases", 4_194_305], "--bases must be 1 to 4194304, not 4194305."),
        (["--channel", 256], "--channel must be 0 to 255, not 256."),
        (["--seed", -1], "--seed must be 0 to 4294967295, not -1."),
        (["--config", "none"], "There is no configuration 'none'"),
        (["--directory", "x.npy"], "x.npy cannot be made: file exists."),
    ],
)
def test_bad_demo_options_are_refused(folder: Path, options: list[object], sentence: str) -> None:
    before = files(folder)
    refused(crocuta("demo", *options), sentence)
    assert files(folder) == before


# -------------------------------------------------------------------------------------------------
# Shapes


@pytest.mark.parametrize(
    ("shape_x", "shape_h"),
    [
        ((200,), (1, 70)),
        ((3, 200), (70,)),
        ((3, 200), (3, 70)),
        ((2, 3, 100), (130,)),
        ((2, 3, 100), (3, 130)),
        ((2, 1, 100), (1, 30)),
    ],
)
def test_channels_and_batches(
    folder: Path, seed: int, shape_x: tuple[int, ...], shape_h: tuple[int, ...]
) -> None:
    """Each channel has its own filter, or all share one; both references do the same."""
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=shape_x), rng.normal(size=shape_h)
    y, report = convolved("model", "tiny", np.asfortranarray(x), h)
    single = x.astype(np.float32)
    filters = np.broadcast_to(np.atleast_2d(h), (*np.atleast_2d(x).shape[:-1], shape_h[-1]))
    rows = zip(single.reshape(-1, shape_x[-1]), filters.reshape(-1, shape_h[-1]), strict=True)
    expected = np.stack([np.convolve(*row)[: shape_x[-1]] for row in rows]).reshape(shape_x)
    assert reference.snr_db(expected, y) > 70
    assert report["snr_db"] == pytest.approx(reference.snr_db(expected, y), abs=0.1)
    assert (report["shape_x"], report["shape_h"]) == (list(shape_x), list(shape_h))
    modelled = runs.modelled(single, h.astype(np.float32), configs.load("tiny"))
    np.testing.assert_array_equal(y, modelled)


def test_channels_in_the_simulated_hardware(folder: Path, seed: int) -> None:
    """All channels are compared with the model, and one that differs is found."""
    rng = np.random.default_rng(seed)
    x, h = (rng.normal(size=shape).astype(np.float32) for shape in ((2, 2, 90), (2, 40)))
    y, report = convolved("rtl", "tiny", x, h)
    assert report["bit_exact"] is True
    assert report["samples_per_clock"] == pytest.approx(360 / report["clocks_convolve"], abs=1e-6)
    assert report["mac_beats"] == 4 * 2 * configs.load("tiny").chunk_beats
    wrong = y.copy()
    wrong[1, 1, 5] += 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Device, "convolve", lambda *_: wrong)
        result = crocuta("conv", "x.npy", "h.npy", "-o", "y.npy", "--config", "tiny")
    assert "The kernel is wrong: 1 of 360 outputs differ from the model.\n" in result.stderr


@pytest.mark.parametrize(
    ("shape_x", "shape_h", "sentence"),
    [
        ((3, 50), (2, 9), "x has 3 channels and the filter has 2: give one filter for all"),
        ((50,), (2, 9), "x has 1 channels and the filter has 2"),
        ((4, 3, 50), (4, 9), "x has 3 channels and the filter has 4"),
        ((3, 50), (2, 3, 9), "h.npy has shape (2, 3, 9): give one of (taps,) or (channels, taps)"),
        ((0, 3, 50), (9,), "x.npy has 0 sequences, but it must have at least 1."),
    ],
)
def test_shapes_that_do_not_fit(
    folder: Path, shape_x: tuple[int, ...], shape_h: tuple[int, ...], sentence: str
) -> None:
    np.save("x.npy", np.ones(shape_x, np.float32))
    np.save("h.npy", np.ones(shape_h, np.float32))
    before = files(folder)
    refused(model("x.npy", "h.npy", "-o", "y.npy"), sentence)
    assert files(folder) == before


@pytest.mark.parametrize(
    "dtype", [np.int16, np.uint8, np.bool_, np.float16, np.int64, np.dtype(">i4")]
)
def test_numbers_that_float32_holds_are_taken(folder: Path, dtype: npt.DTypeLike) -> None:
    x = np.array([1, 0, 1, 1, 0], dtype)
    y, _ = convolved("model", "tiny", x, np.array([2, 1], np.int32))
    np.testing.assert_allclose(y, [2, 1, 2, 3, 1], atol=1e-3)


# -------------------------------------------------------------------------------------------------
# Outputs


def good(output: object, *more: object) -> bytes:
    """The bytes of y that such an output must contain."""
    result = model("x.npy", "h.npy", "-o", output, *more)
    assert result.exit_code == 0, (result.output, result.exception)
    expected = io.BytesIO()
    np.save(expected, runs.modelled(np.load("x.npy"), np.load("h.npy"), configs.load("tiny")))
    return expected.getvalue()


def test_a_regular_file_keeps_mode_and_links(folder: Path) -> None:
    for name in ("plain.npy", "linked.npy", "two.npy"):
        Path(name).write_bytes(b"an old file, longer than the new one" * 999)
        Path(name).chmod(0o600)
    Path("other.npy").hardlink_to("two.npy")
    Path("link.npy").symlink_to("linked.npy")
    Path("new.npy").symlink_to("target.npy")
    for output, holds in (
        ("plain.npy", "plain.npy"),
        ("link.npy", "linked.npy"),
        ("two.npy", "other.npy"),
    ):
        assert good(output) == Path(holds).read_bytes()
        assert stat.S_IMODE(Path(holds).stat().st_mode) == 0o600
    assert Path("two.npy").samefile("other.npy")
    assert good("new.npy") == Path("target.npy").read_bytes()
    assert Path("link.npy").is_symlink()
    assert Path("new.npy").is_symlink()
    umask = os.umask(0o027)
    try:
        good("fresh.npy")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(Path("fresh.npy").stat().st_mode) == 0o640
    assert not [name for name in files(folder) if "part" in name]


def test_a_file_is_replaced_as_a_whole(folder: Path) -> None:
    """A program with the old file open continues to read its old contents."""
    Path("y.npy").write_bytes(b"old")
    with Path("y.npy").open("rb") as old:
        assert good("y.npy") == Path("y.npy").read_bytes()
        assert old.read() == b"old"


def test_other_kinds_are_written_to(folder: Path) -> None:
    os.mkfifo("fifo")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(Path("fifo").read_bytes)
        assert good("fifo") == read.result(timeout=30)
    assert stat.S_ISFIFO(Path("fifo").stat().st_mode)
    Path("null").symlink_to("/dev/null")
    good("null", "--report", "/dev/null")
    assert Path("null").is_symlink()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    here, there = os.pipe()
    with os.fdopen(here, "rb") as pipe:
        expected = good(f"/dev/fd/{there}")
        os.close(there)
        assert pipe.read() == expected


def untouched(path: Path) -> tuple[int, ...]:
    """Everything that a write would change. Not st_atime: following a link is a read of it."""
    state = path.lstat()
    return state.st_ino, state.st_mode, state.st_nlink, state.st_size, state.st_mtime_ns


@pytest.mark.parametrize(
    ("output", "report", "sentence"),
    [
        ("y.npy", "y.npy", "--report and -o are one file: name another one."),
        ("y.npy", "./sub/../y.npy", "--report and -o are one file"),
        ("y.npy", "link", "--report and -o are one file"),
        ("old", "hard", "--report and -o are one file"),
        ("x.npy", "r.json", "-o and the input x.npy are one file"),
        ("y.npy", "h.npy", "--report and the input h.npy are one file"),
        ("linked-x", "r.json", "-o and the input x.npy are one file"),
        ("sub", "r.json", "sub is a directory: name a file in it."),
        ("new/", "r.json", "new/ is a directory: name a file in it."),
        ("y.npy", "new/", "new/ is a directory: name a file in it."),
        ("", "r.json", "The name of a file to write is empty."),
        ("read-only", "r.json", "read-only cannot be written: it is read-only."),
        ("socket", "r.json", "socket cannot be written: it is a socket."),
        ("loop", "r.json", "loop cannot be written: too many levels of symbolic links."),
    ],
)
def test_outputs_that_cannot_be(folder: Path, output: str, report: str, sentence: str) -> None:
    Path("sub").mkdir()
    Path("link").symlink_to("y.npy")
    Path("old").write_bytes(b"old")
    Path("hard").hardlink_to("old")
    Path("linked-x").symlink_to("x.npy")
    Path("loop").symlink_to("loop")
    Path("read-only").write_bytes(b"old")
    Path("read-only").chmod(0o444)
    before = {name: untouched(Path(name)) for name in files(folder)}
    with socket.socket(socket.AF_UNIX) as bound, pytest.MonkeyPatch.context() as patch:
        bound.bind("socket")
        patch.setattr(runs, "run", lambda *_, **__: pytest.fail("it ran"))
        refused(model("x.npy", "h.npy", "-o", output, "--report", report), sentence)
    Path("socket").unlink()
    assert {name: untouched(Path(name)) for name in files(folder)} == before


def test_the_demo_leaves_no_directory_of_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> runs.Run:
        raise KernelError("The kernel hangs.")

    monkeypatch.setattr(demonstration, "run", fails)
    before = files(folder)
    result = crocuta("demo", "--config", "tiny", "--bases", 9, "--directory", "a/b")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "The kernel hangs.")
    assert files(folder) == before


# -------------------------------------------------------------------------------------------------
# As a process, in all kinds of environments


def process(
    *arguments: str, before: tuple[str, ...] = (), **options: Any
) -> subprocess.Popen[bytes]:
    """The command line with its own standard streams."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'host'}:{ROOT}", **options.pop("env", {})}
    command = [*before, sys.executable, "-m", "crocuta", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, env=env, **streams)


TINY_MODEL = ("--backend", "model", "--config", "tiny")


def test_pipes_in_and_out(folder: Path) -> None:
    """x from a pipe, y to another one; messages then go to the other stream."""
    run = process(
        "conv", "/dev/stdin", "h.npy", "-o", "/dev/stdout", *TINY_MODEL, stdin=subprocess.PIPE
    )
    y, shown = run.communicate(Path("x.npy").read_bytes(), timeout=60)
    assert run.returncode == 0, shown
    assert y == good("y.npy")
    assert b"500 samples, 90 taps" in shown


def test_a_full_disk(folder: Path) -> None:
    """A limit on the file size simulates a full disk: first for y, then only for the report."""
    old = b"old"
    Path("y.npy").write_bytes(old)
    Path("hard.npy").write_bytes(old)
    Path("other.npy").hardlink_to("hard.npy")
    before = files(folder)
    for output in ("y.npy", "hard.npy"):
        run = process(
            "conv", "x.npy", "h.npy", "-o", output, *TINY_MODEL, before=("prlimit", "--fsize=1000")
        )
        _, shown = run.communicate(timeout=60)
        assert run.returncode == 1
        last = shown.decode().splitlines()[-1]
        assert last == f"{output} cannot be written: file too large."
        assert Path(output).read_bytes() == old
    assert files(folder) == before


def test_a_screen_that_is_full(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        run = process("conv", "x.npy", "h.npy", "-o", "y.npy", *TINY_MODEL, stdout=full)
        _, shown = run.communicate(timeout=60)
    assert run.returncode == 1
    assert shown.decode().splitlines()[-1] == (
        "The results cannot be shown: no space left on device."
    )


def test_little_memory(folder: Path) -> None:
    np.save("x.npy", np.ones((64, 1 << 20), np.float32))
    run = process(
        "conv", "x.npy", "h.npy", "-o", "y.npy", *TINY_MODEL,
        before=("prlimit", f"--as={600 << 20}"), env={"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    _, shown = run.communicate(timeout=60)
    assert run.returncode == 1
    assert shown.decode().splitlines()[-1] == (
        "There is not enough memory: give shorter arrays, or free some memory."
    )
    assert b"Traceback" not in shown
    assert not Path("y.npy").exists()


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONIOENCODING": "ascii", "TERM": "dumb"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"NO_COLOR": "1", "TERM": ""},
    ],
)
def test_plain_terminals(folder: Path, surroundings: dict[str, str]) -> None:
    """On any kind of terminal: no traceback, and plain ASCII if the terminal knows nothing else."""
    Path("ä").mkdir()
    first, second = os.openpty()
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'host'}:{ROOT}", **surroundings}
    conv = [sys.executable, "-m", "crocuta", "conv", "x.npy", "h.npy", "-o", "ä/y.npy"]
    for arguments in ([*conv, *TINY_MODEL], [*conv[:-1], "ä/none/y.npy", *TINY_MODEL]):
        run = subprocess.Popen(arguments, env=env, stdin=second, stdout=second, stderr=second)
        run.wait(timeout=60)
        shown = os.read(first, 1 << 16)
        assert b"Traceback" not in shown, shown
        assert run.returncode == (2 if "ä/none/y.npy" in arguments else 0), shown
        if "NO_COLOR" in surroundings:
            assert not re.search(rb"\x1b\[[34]\d", shown)
        else:
            shown.decode("ascii")
    os.close(first)
    os.close(second)


def test_without_a_network(folder: Path) -> None:
    """Without even a loopback interface, which the references' process does not need."""
    alone = ("unshare", "--user", "--map-root-user", "--net")
    if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system makes no network namespaces")
    run = process("conv", "x.npy", "h.npy", "-o", "y.npy", "--config", "tiny", before=alone)
    shown = run.communicate(timeout=300)
    assert run.returncode == 0, shown


# -------------------------------------------------------------------------------------------------
# Waves


def test_waves_that_cannot_be(folder: Path) -> None:
    np.save("long.npy", np.ones(1 << 18, np.float32))
    before = files(folder)
    waves = ("-o", "y.npy", "--waves", "w.fst")
    refused(model("x.npy", "h.npy", *waves), "Only the backend rtl has waves.")
    refused(crocuta("conv", "long.npy", "long.npy", *waves, "--config", "tiny"), "would take about")
    refused(crocuta("conv", "long.npy", "long.npy", *waves), "fewer samples and taps, or a smaller")
    four_step = crocuta("conv", "long.npy", "long.npy", *waves, "--config", "u200-long")
    refused(four_step, "a smaller configuration such as tiny-long.")
    elsewhere = ("-o", "y.npy", "--waves", "no/w.fst", "--config", "tiny")
    refused(
        crocuta("conv", "x.npy", "h.npy", *elsewhere), "no/w.gtkw cannot be written: no such file"
    )
    assert files(folder) == before


def test_waves_are_kept_when_the_kernel_fails(folder: Path) -> None:
    """Waves get the given name, with signal lists next to them and no other files; a signal leaves
    nothing."""
    tiny = configs.load("tiny")
    errors: list[tuple[BaseException, set[str]]] = [
        (KeyboardInterrupt(), set()),
        (KernelError("It hangs."), {"w.fst", "w.gtkw", "w.sucl"}),
    ]
    for error, left in errors:
        before = files(folder)
        with pytest.raises(type(error)), recorded(Path("w.fst"), tiny) as part:
            part.write_bytes(b"waves")
            raise error
        assert files(folder) - before == left
    assert Path("w.fst").read_bytes() == b"waves"


@pytest.mark.parametrize("name", ["tiny", "small+outputs-2", "tiny-long", "small-long+resident-3"])
def test_signal_lists_name_what_there_is(name: str) -> None:
    config = configs.load_model(name)
    top = "kernel/four_step_core" if config.four_step else "kernel/crocuta_kernel"
    bound = SIMULATION / f"{'four_step' if config.four_step else 'kernel'}_waves.sv"
    sources = {
        "u_waves": bound,
        "u_forward": ROOT / "rtl" / "convolution" / "four_step_forward.sv",
        "u_inverse": ROOT / "rtl" / "convolution" / "four_step_inverse.sv",
        "u_resident": ROOT / "rtl" / "ports" / "resident_rows.sv",
    }
    found = signals(config)
    assert ("rows on the chip" in found) == (config.resident > 0)
    for listed in found.values():
        for signal_name in listed:
            path = signal_name.removeprefix(f"{kernel_scope(config)}.").split(".")
            if "gen_lane" in signal_name:
                module = "float_wave" if path[-1] == "value" else "cfp_wave"
                assert re.search(rf"{module} #\(.*\)\s+{path[1]} \(", bound.read_text()), path
                assert f"real {path[-1]};" in (SIMULATION / f"{module}.sv").read_text()
                continue
            source = sources[path[0]] if len(path) > 1 else ROOT / "rtl" / f"{top}.sv"
            wanted = rf"^ +(logic|kind_e) +(\[.*\] +)?{path[-1]};"
            assert re.search(wanted, source.read_text(), re.MULTILINE), path
        lanes = sum("gen_lane" in signal_name for signal_name in listed)
        assert lanes in (0, config.lanes, 2 * config.lanes)


def test_waves_show_words_as_numbers(folder: Path, seed: int) -> None:
    """cfp_wave and float_wave in Icarus, against the model's values of random words."""
    rng = np.random.default_rng(seed)
    lanes, mantissa, exponent = 2, 18, 9
    words = cfp.Cfp(
        rng.integers(-(1 << 17), 1 << 17, size=(20, lanes)),
        rng.integers(-(1 << 17), 1 << 17, size=(20, lanes)),
        rng.integers(-256, 256, size=(20, lanes)).astype(np.int32),
    )
    samples = rng.normal(size=(20, lanes)).astype(np.float32)
    samples[0] = np.array([-0.0, np.finfo(np.float32).max], np.float32)
    slots = cfp.pack(words, cfp.Format(mantissa, exponent))
    width = 2 * mantissa + exponent
    beats = [sum(int(word) << width * lane for lane, word in enumerate(beat)) for beat in slots]
    rows = [sum(int(bits) << 32 * lane for lane, bits in enumerate(row)) for row in
            samples.view(np.uint32)]  # fmt: skip
    body = "".join(
        f"    beat = {lanes * width}'h{beat:x}; row = {32 * lanes}'h{row:x}; #1;\n"
        + "".join(
            f'    $display("%.17e %.17e %.17e", u_cfp.gen_lane[{lane}].re,'
            f" u_cfp.gen_lane[{lane}].im, u_float.gen_lane[{lane}].value);\n"
            for lane in range(lanes)
        )
        for beat, row in zip(beats, rows, strict=True)
    )
    Path("top.sv").write_text(
        f"module top;\n  logic [{lanes * width - 1}:0] beat;\n  logic [{32 * lanes - 1}:0] row;\n"
        f"  cfp_wave #(.Lanes({lanes})) u_cfp (.valid_i(1'b1), .beat_i(beat));\n"
        f"  float_wave #(.Lanes({lanes})) u_float (.valid_i(1'b1), .samples_i(row));\n"
        f"  initial begin\n{body}  end\nendmodule\n"
    )
    sources = [str(SIMULATION / name) for name in ("cfp_wave.sv", "float_wave.sv")]
    subprocess.run(["iverilog", "-g2012", "-o", "top", "top.sv", *sources], check=True)
    shown = subprocess.run(["vvp", "top"], check=True, capture_output=True, text=True).stdout
    found = np.array([line.split() for line in shown.splitlines()], float)
    values = words.to_complex().ravel()
    np.testing.assert_array_equal(found[:, 0], values.real)
    np.testing.assert_array_equal(found[:, 1], values.imag)
    np.testing.assert_array_equal(found[:, 2], samples.ravel())


STOPPED_BUILD = "tiny+mantissa_bits-15+twiddle_bits-21"
"""A configuration that no other test compiles."""


@pytest.mark.parametrize(
    ("number", "config", "while_it_has"),
    [
        (signal.SIGTERM, "tiny", "python"),
        (signal.SIGINT, "tiny", "python"),
        (signal.SIGHUP, "tiny", "python"),
        (signal.SIGTERM, STOPPED_BUILD, "make"),
    ],
)
def test_signals_leave_nothing(
    folder: Path, number: signal.Signals, config: str, while_it_has: str
) -> None:
    """Neither files nor processes are left, not even those that compile or compute references."""
    np.save("x.npy", np.ones(1 << 19, np.float32))
    np.save("h.npy", np.ones(1 << 14, np.float32))
    before = files(folder)
    run = process(
        "conv", "x.npy", "h.npy", "-o", "y.npy", "--report", "r.json", "--config", config,
        start_new_session=True,
    )  # fmt: skip
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        children = psutil.Process(run.pid).children(recursive=True)
        with suppress(psutil.Error):
            if any(while_it_has in child.name() for child in children):
                break
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(run.pid, number)
    _, shown = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    assert shown.decode().splitlines()[-1] == f"Stopped by {number.name}: nothing was written."
    assert b"Traceback" not in shown, shown
    assert children
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert files(folder) == before
    if config == STOPPED_BUILD:
        for place in ("entries", "unfinished"):
            assert not list((cache.root() / place).glob(f"rtl-{config}-*"))


def test_help_and_the_module_itself(tmp_path: Path) -> None:
    """Runs it in a separate process, as a user does."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "crocuta", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "100", "PYTHONPATH": f"{ROOT / 'host'}:{ROOT}"},
        )

    helped = run("--help")
    assert helped.returncode == 0
    assert "conv" in helped.stdout
    assert "demo" in helped.stdout
    failed = run("conv", "x.npy", "h.npy", "-o", "y.npy")
    assert failed.returncode == 2
    assert failed.stderr == "x.npy does not exist.\n"
    assert failed.stdout == ""
    assert not list(tmp_path.iterdir())
