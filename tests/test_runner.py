# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The runner fails when it should, and its command line says what was wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import configs
from models.configs import ROOT
from tb import runner
from tb.benches import Bench, fixed

TINY = configs.load("tiny")


def bench(name: str, code: str, path: Path, **parameters: int | str) -> Bench:
    """A FIFO bench of `code`, importable by the simulator."""
    (path / f"{name}.py").write_text(code)
    return Bench("fifo", name, "", fixed(**parameters), variant=name)


def run(failing: Bench, path: Path, sim: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(path)
    with pytest.raises(runner.BenchFailure) as failure:
        runner.run(failing, TINY, sim, 1)
    return str(failure.value)


@pytest.mark.parametrize("sim", ["verilator", "icarus"])
def test_failed_test_is_a_failure(
    sim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import cocotb\n@cocotb.test()\nasync def wrong(dut):\n    assert dut.ready_o.value == 5\n"
    )
    message = run(bench("runner_fails", code, tmp_path), tmp_path, sim, monkeypatch)
    assert "1 of 1 tests (wrong)" in message
    assert "sim.log" in message
    assert "SEED=1" in message


def test_no_test_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = run(
        bench("runner_empty", "import cocotb\n", tmp_path), tmp_path, "icarus", monkeypatch
    )
    assert "runner_empty" in message


def test_crash_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import cocotb, os\n@cocotb.test()\nasync def crash(dut):\n    os._exit(3)\n"
    message = run(bench("runner_crash", code, tmp_path), tmp_path, "icarus", monkeypatch)
    assert "stopped before its results were written" in message


@pytest.mark.parametrize(
    ("sim", "top", "parameters"),
    [
        ("verilator", "fifo", {"Depth": 3}),
        ("verilator", "ram", {"Style": "ultra"}),
        ("icarus", "fifo", {"Depth": 3}),
        ("icarus", "fifo", {"Depth": 12}),
        ("icarus", "ram", {"Width": 0}),
        ("icarus", "ram", {"Style": "ultra"}),
    ],
)
def test_bad_parameters_stop_the_simulation(
    sim: str, top: str, parameters: dict[str, int | str]
) -> None:
    variant = "bad-" + "-".join(f"{name}{value}" for name, value in parameters.items())
    with pytest.raises(runner.BenchFailure):
        runner.run(
            Bench(top, f"tb.bench_{top}", "", fixed(**parameters), variant=variant), TINY, sim, 1
        )
    logs = (runner.BUILD / sim / "tiny" / f"{top}-{variant}").rglob("*.log")
    assert any(f"{top}: " in log.read_text() for log in logs), "the module's own message is missing"


def test_unchanged_design_is_not_compiled_again() -> None:
    cell = Bench("credit_counter", "tb.bench_credit_counter", "", fixed(Credits=5), variant="again")
    runner.run(cell, TINY, "icarus", 1)
    compiled = ROOT / "build" / "sim" / "icarus" / "tiny" / "credit_counter-again" / "sim.vvp"
    before = compiled.stat().st_mtime_ns
    runner.run(cell, TINY, "icarus", 2)
    assert compiled.stat().st_mtime_ns == before
    changed = Bench("credit_counter", cell.module, "", fixed(Credits=6), variant="again")
    runner.run(changed, TINY, "icarus", 2)
    assert compiled.stat().st_mtime_ns != before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "There is no test 'nothing'; choose one of: "),
        (["cells", "--sim", "spice"], "There is no simulator 'spice'; choose one of: "),
        (["cells", "--config", "huge"], "There is no configuration 'huge'; choose one of: "),
        (["cells", "--seed", "x"], "SEED must be a whole number, not 'x'."),
    ],
)
def test_bad_names_give_one_sentence(arguments: list[str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tb.sim", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_without_a_name_the_tests_are_listed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tb.sim"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cells" in done.stdout
    assert "credit_counter" in done.stdout
