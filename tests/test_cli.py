# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: right results, and one sentence with exit status 2 for every bad input."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from crocuta import runs
from crocuta.__main__ import app
from crocuta.rtl_kernel import RtlKernel
from typer.testing import CliRunner, Result

from models import configs, reference
from models.configs import ROOT

Array = npt.NDArray[Any]


def crocuta(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result, sentence: str) -> None:
    """One sentence, nothing else, and status 2."""
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
    "text": (written(lambda: b"1 2 3\n" * 20), "x.npy is not a .npy file"),
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
    "two dimensions": (saved(np.ones((3, 4), np.float32)), "x.npy has shape (3, 4)"),
    "integers": (saved(np.arange(9)), "x.npy holds int64, not float32 or float64"),
    "float16": (saved(np.ones(9, np.float16)), "x.npy holds float16"),
    "complex": (saved(np.ones(9, np.complex64)), "x.npy holds complex64"),
    "objects": (saved(np.array([{}, None], object)), "x.npy holds object"),
    "records": (saved(np.ones(3, [("a", "f4")])), "not float32 or float64"),
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


@pytest.mark.parametrize("case", BAD_X)
def test_bad_input_is_refused(folder: Path, case: str) -> None:
    np.savez("x.npz", np.ones(4, np.float32))
    make, sentence = BAD_X[case]
    make()
    before = files(folder)
    for first, second in (("x.npy", "h.npy"), ("h.npy", "x.npy")):
        refused(crocuta("conv", first, second, "-o", "y.npy", "--report", "r.json"), sentence)
    assert files(folder) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["-o", "y.npy", "--backend", "gpu"],
            "There is no backend 'gpu'; choose one of: rtl, model, xrt, xdma, uart.",
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
    exact = np.convolve(x.astype(np.float32), h.astype(np.float64))[:length_x]
    # One output may be small by chance, so its error is held against what the inputs can make.
    assert np.abs(y - exact).max() < 1e-5 * np.linalg.norm(x) * np.linalg.norm(h)
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


def test_saturation_is_reported(folder: Path) -> None:
    x = np.full(100, np.finfo(np.float32).max)
    y, report = convolved("model", "tiny", x, np.full(100, 1e3))
    assert report["saturated"] is True
    assert np.isfinite(y).all()


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


def test_help_and_the_module_itself(tmp_path: Path) -> None:
    """Through a process of its own, as a user does."""

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
