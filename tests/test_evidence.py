# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What the outcomes of benches and soaks depend on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest

from crocuta.models.configs import ROOT
from flow import evidence
from tb.registry import BENCHES, Bench
from tests.interpreter import printed

OVERLAP_ADD = BENCHES["overlap_add"][0]
KERNEL = BENCHES["kernel"][0]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The files that the last digest was made of, relative to the project."""
    found: set[str] = set()

    def digest(paths: Iterable[Path], text: str = "") -> str:
        found.clear()
        found.update(str(path.resolve().relative_to(ROOT)) for path in paths)
        return text

    monkeypatch.setattr(evidence, "digest", digest)
    return found


def test_a_bench_depends_on_what_it_simulates_and_imports(files: set[str]) -> None:
    evidence.of_bench(OVERLAP_ADD, "tiny", "verilator")
    assert {
        "flow/runner.py",
        "flow/verilator.vlt",
        "host/crocuta/design/verilator.py",
        "models/arithmetic/cfp_add.py",
        "models/convolution/overlap_add.py",
        "requirements.txt",
        "rtl/arithmetic/cfp_add.sv",
        "rtl/convolution/overlap_add.sv",
        "tb/agents/beat.py",
        "tb/benches/convolution/bench_overlap_add.py",
        "tb/envs/overlap_add.py",
    } <= files
    others = ("tb/registry.py", "bench_fft.py", "fft_engine", "axi_", "host/crocuta/device.py")
    assert not [name for name in files for other in others if other in name]
    evidence.of_bench(OVERLAP_ADD, "tiny", "icarus")
    assert "flow/verilator.vlt" not in files
    evidence.of_bench(KERNEL, "tiny", "verilator")
    assert "host/crocuta/simulation/axi_memory.sv" in files
    assert "host/crocuta/simulation/job_observer.sv" in files


@pytest.mark.parametrize("bench", [OVERLAP_ADD, KERNEL], ids=lambda bench: bench.module_name)
def test_a_bench_depends_on_all_that_python_loads(bench: Bench) -> None:
    """The names found in its text are those that are loaded when it runs."""
    simulated = "import cocotb; cocotb.SIM_NAME = 'Verilator'"
    listed = f"{simulated}; import sys, {bench.module}; print(*sys.modules)"
    modules = printed(listed, CROCUTA_CONFIG="tiny").split()
    loaded = {name for name in modules if name.startswith("tb.")}
    paths = {evidence.path_of(name) for name in loaded - {evidence.REGISTRY}}
    code = {path for path in paths if path and path.name != "__init__.py"}
    assert len(code) > 5
    assert code <= evidence.behind(bench.module)


def test_a_bench_depends_on_its_own_entry_alone(tmp_path: Path) -> None:
    def of(bench: Bench, config: str = "tiny", sim: str = "verilator") -> str:
        return evidence.of_bench(bench, config, sim)

    def sizes(config: object) -> dict[str, int | str]:
        return {"Width": 5, "InitFile": str(tmp_path / "tables-1" / "ram.mem")}

    alike = dataclasses.replace(OVERLAP_ADD, configs=("small",), long=(("tiny", "icarus"),))
    assert of(alike) == of(OVERLAP_ADD)
    digests = [
        of(OVERLAP_ADD),
        of(OVERLAP_ADD, "small"),
        of(OVERLAP_ADD, "tiny+outputs-2"),
        of(OVERLAP_ADD, sim="icarus"),
        of(dataclasses.replace(OVERLAP_ADD, env={"BENCH_SLOTS": "2"})),
        of(dataclasses.replace(OVERLAP_ADD, parameters=sizes)),
        of(dataclasses.replace(OVERLAP_ADD, module="tb.benches.transform.bench_fft")),
    ]
    assert len(set(digests)) == len(digests)


def test_no_bench_imports_the_registry() -> None:
    """Of which only the bench's own entry counts."""
    modules = [bench.module for benches in BENCHES.values() for bench in benches]
    modules += [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for module in modules
        for path in evidence.behind(module)
        if path.is_relative_to(ROOT / "tb")
    ]
    assert not [each for each in modules if evidence.REGISTRY in evidence.imports(each)]


def test_every_bench_has_its_own(files: set[str]) -> None:
    """Even those that share a module or a top."""
    texts = [
        evidence.of_bench(bench, bench.configs[0], bench.sims[0])
        for benches in BENCHES.values()
        for bench in benches
    ]
    assert len(set(texts)) == len(texts)


def test_coverage_depends_on_its_benches_and_on_what_counts_it(files: set[str]) -> None:
    before = evidence.of_coverage({"fft": "1", "cells": "2"})
    assert before == evidence.of_coverage({"cells": "2", "fft": "1"})
    assert before != evidence.of_coverage({"fft": "1", "cells": "3"})
    assert before != evidence.of_coverage({"fft": "1"})
    assert {"flow/coverage.py", "flow/coverage_exclusions.toml", "flow/testplan.py"} <= files
    assert not [name for name in files if name.startswith(("tb", "rtl", "formal"))]
    assert "flow/evidence.py" not in files


def test_a_soak_depends_on_the_design_and_on_what_drives_it(files: set[str]) -> None:
    evidence.of_soak()
    assert {
        "flow/soak_driver.py",
        "host/crocuta/backends/rtl_kernel.py",
        "host/crocuta/simulation/kernel_tb.sv",
        "host/crocuta/simulation/rtl_kernel.cpp",
        "models/kernel/four_step_kernel.py",
        "rtl/cells/fifo.sv",
    } <= files
    assert not [name for name in files if name.startswith(("tb/benches", "formal", "boards"))]
