# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The sign-off: what it uses of the reports, and when it refuses."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from crocuta.models.configs import ROOT
from flow import formal, resources, signoff, stale
from flow.digest import verification_digest
from flow.jobs import select
from tb.registry import SIMS

Reports = dict[str, dict[str, Any]]


def attempts(seeds: int, sims: tuple[str, ...] = SIMS) -> list[dict[str, Any]]:
    """Those of a regression that passed."""
    jobs = [job for job in select(seeds, 1) if job.sim in sims]
    return [
        {"kind": job.kind, "seed": job.seed, "failure": "", "inputs": f"of {job.kind}"}
        for job in jobs
    ]


@pytest.fixture(autouse=True)
def inputs(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What benches and soaks depend on, which takes seconds to find out: stand-ins to change."""
    found = {job.kind: f"of {job.kind}" for job in select(1, 1)} | {
        "soak": "of soaks",
        "coverage": "of coverage",
    }
    monkeypatch.setattr(signoff, "inputs_of", lambda _: found)
    monkeypatch.setattr("flow.evidence.of_soak", lambda: found["soak"])
    monkeypatch.setattr("flow.evidence.of_coverage", lambda _: found["coverage"])
    return found


@pytest.fixture
def reports() -> Reports:
    """The reports of a complete verification."""
    percent = {"line": 98.0, "branch": 95.5, "toggle": 90.0, "functional": 100.0}
    found: Reports = {
        "regress": {
            "ok": True,
            "seed": 1,
            "revision": "0123456789ab",
            "seconds": 10.0,
            "workers": 2,
            "attempts": attempts(20),
            "pytest": {"passed": 5, "failed": 0, "ok": True},
        },
        "testplan": {
            "blocks": [{"block": "fft", "points": [{"stage": "V1"}]}],
            "runs": 25,
            "problems": [],
        },
        "coverage": {
            **percent,
            "only": "",
            "inputs": "of coverage",
            "targets": {"line": 98.0, "branch": 95.0, "toggle": 90.0, "functional": 100.0},
        },
        "formal": {
            "totals": {"tasks": 1, "passed": 1, "unbounded": 1, "asserts": 2, "covers": 1},
            "tasks": [{"name": task.name} for task in formal.tasks()],
        },
        "mutation": {
            "mutants": 400,
            "killed": 397,
            "hung": 2,
            "survived": 1,
            "percent": 99.75,
            "target": 97.0,
            "only": "",
            "left": 0,
            "survivors": [{"reason": "It computes the same."}],
            "all": [],
            "lapsed": [],
        },
        "soak": {
            "seed": 1,
            "only": "",
            "inputs": "of soaks",
            "seconds": 100.0,
            "jobs": 10000,
            "cases": 5000,
            "clocks": 1000000,
            "designs": 30,
            "ends": {"done": 10000},
            "acts": {},
            "target": 10000,
            "failures": [],
            "sessions": [{"config": "tiny", "jobs": 10000}, {"config": "small", "jobs": 0}],
        },
    }
    return {name: {"design": verification_digest(), **report} for name, report in found.items()}


def sign(reports: Reports, path: Path) -> tuple[int, str, str]:
    """The exit status, the output, and the page."""
    for name, report in reports.items():
        (path / "build" / name).mkdir(parents=True)
        (path / "build" / name / "summary.json").write_text(json.dumps(report))
    app = typer.Typer()
    app.command()(signoff.main)
    result = CliRunner().invoke(app, ["--build", str(path / "build"), "--docs", str(path / "docs")])
    page = path / "docs" / "signoff.md"
    return result.exit_code, result.output, page.read_text() if page.is_file() else ""


def test_a_complete_verification_is_signed_off(reports: Reports, tmp_path: Path) -> None:
    status, _, page = sign(reports, tmp_path)
    assert status == 0
    assert "**no**" not in page
    for link in ("regression", "testplan", "coverage", "formal", "mutation", "soak"):
        assert f"(signoff/{link}.json)" in page
        assert json.loads((tmp_path / "docs" / "signoff" / f"{link}.json").read_text())


def test_a_regression_can_run_what_the_sign_off_lacks(
    reports: Reports, tmp_path: Path, inputs: dict[str, str]
) -> None:
    """Other seeds of the kinds that have too few, as many as they need."""
    docs = tmp_path / "docs"
    everything = select(20, 2)
    assert signoff.lacking(everything, docs) == everything  # nothing has run
    kinds = sorted({job.kind for job in everything if not job.bench.exhaustive})
    short, changed = kinds[:2]
    runs = reports["regress"]["attempts"]
    gone = [each for each in runs if each["kind"] == short][:2]
    reports["regress"]["attempts"] = [each for each in runs if each not in gone]
    assert sign({"regress": reports["regress"]}, tmp_path)[0] == 1
    left = signoff.lacking(everything, docs)
    assert [job.kind for job in left] == [short] * 2
    # Their own seeds again: only those that are missing.
    again = signoff.lacking(select(20, 1), docs)
    assert {job.seed for job in again} == {each["seed"] for each in gone}
    inputs[changed] = "another bench"
    left = signoff.lacking(everything, docs)
    assert {job.kind for job in left} == {short, changed}
    wanted = [job for job in everything if job.kind == changed]
    assert [job for job in left if job.kind == changed] == wanted


SPOILERS: dict[str, Callable[[Reports], Any]] = {
    "a failed job": lambda r: r["regress"]["attempts"].append(
        {**r["regress"]["attempts"][0], "failure": "no"}
    ),
    "too few seeds": lambda r: r["regress"].update(attempts=attempts(19)),
    "a kind of job that did not run": lambda r: r["regress"]["attempts"].pop(),
    "no Icarus": lambda r: r["regress"].update(attempts=attempts(20, ("verilator",))),
    "no pytest": lambda r: r["regress"].update(pytest=None),
    "a plan's problem": lambda r: r["testplan"].update(problems=["fft: none"]),
    "little coverage": lambda r: r["coverage"].update(toggle=89.99),
    "coverage by one test": lambda r: r["coverage"].update(only="fft"),
    "a proof that was not run": lambda r: r["formal"]["tasks"].pop(),
    "a failed proof": lambda r: r["formal"]["totals"].update(passed=0),
    "vacuous proofs": lambda r: r["formal"]["totals"].update(covers=0),
    "few faults found": lambda r: r["mutation"].update(percent=96.9),
    "faults of one module": lambda r: r["mutation"].update(only="twist.sv"),
    "few faults": lambda r: r["mutation"].update(mutants=399),
    "a fault that was not tried": lambda r: r["mutation"].update(left=1),
    "an open survivor": lambda r: r["mutation"]["survivors"][0].update(reason=""),
    "jobs on a chosen kernel": lambda r: r["soak"].update(only="tiny"),
    "few jobs": lambda r: r["soak"].update(jobs=9999),
    "a job that failed": lambda r: r["soak"].update(failures=[{}]),
}


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_target_that_does_not_hold_fails(
    spoil: Callable[[Reports], Any], reports: Reports, tmp_path: Path
) -> None:
    spoil(reports)
    status, _, page = sign(reports, tmp_path)
    assert status == 1
    assert "**no**" in page


@pytest.mark.parametrize("name", ["testplan", "coverage", "formal", "mutation", "soak"])
def test_a_report_that_is_missing_or_of_another_design_does_not_count(
    name: str, reports: Reports, tmp_path: Path
) -> None:
    (part,) = (part for part in signoff.PARTS if part.directory == name)
    another = {"design": "0123456789ab", "inputs": "others"}
    older = {**reports, name: reports[name] | another}
    missing = {key: report for key, report in reports.items() if key != name}
    for number, few in enumerate((older, missing)):
        status, _, page = sign(few, tmp_path / str(number))
        assert status == 1
        assert f"| {part.name} | | not run yet | **no** | | `{part.command}` |" in page
        assert f"lacks something: run `{part.command}`, then" in signoff.lapse(
            tmp_path / str(number) / "docs"
        )


def test_what_is_kept_counts_while_it_stands(
    reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: dict[str, str]
) -> None:
    docs = tmp_path / "docs"
    first, second = dict(list(reports.items())[:2]), dict(list(reports.items())[2:])
    assert sign(first, tmp_path)[0] == 1
    shutil.rmtree(tmp_path / "build")
    status, _, page = sign(second, tmp_path)
    assert status == 0
    assert "**no**" not in page
    assert signoff.lapse(docs) == ""
    # What ran last is what counts, even if an earlier run was better.
    shutil.rmtree(tmp_path / "build")
    reports["soak"]["failures"] = [{}]
    assert sign({"soak": reports["soak"]}, tmp_path)[0] == 1
    shutil.rmtree(tmp_path / "build")
    # A change to one bench, say, leaves the runs of all others.
    monkeypatch.setattr(signoff, "verification_digest", lambda: "0123456789ab")
    kinds = len(inputs) - 2
    inputs[next(iter(inputs))] = "another"
    status, _, page = sign({}, tmp_path)
    assert status == 1
    assert page.count("not run yet") == len(signoff.PARTS) - 3
    assert f"0 failed; {kinds - 1} of {kinds} kinds of job" in page
    assert "| 0 passed, 0 failed | **no** |" in page
    assert "| 10000 jobs on 30 designs, 1 failures | **no** |" in page
    for left, name in ((2, "coverage"), (1, "soak")):
        inputs[name] = "another"
        assert sign({}, tmp_path)[2].count("not run yet") == len(signoff.PARTS) - left


def test_regressions_with_other_seeds_add_up(
    reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(jobs: list[dict[str, Any]], seed: int) -> str:
        """Signs one of several regressions off, and returns the page."""
        report = {**reports["regress"], "attempts": jobs, "seed": seed, "pytest": None}
        shutil.rmtree(tmp_path / "build", ignore_errors=True)
        return sign({"regress": report}, tmp_path)[2]

    every = attempts(20)
    sign(reports | {"regress": {**reports["regress"], "attempts": every[:-10]}}, tmp_path)
    page = run(every[-12:-2], 2)
    kinds = len({each["kind"] for each in every})
    assert f"0 failed; {kinds - 1} of {kinds} kinds of job" in page
    page = run([{**every[-2], "failure": "too late"}, every[-1]], 3)
    assert f"1 failed; {kinds - 1} of {kinds} kinds of job" in page
    page = run([every[-2]], 4)
    assert f"0 failed; {kinds} of {kinds} kinds of job have their seeds |" in page
    assert "**no**" not in page
    kept = json.loads((tmp_path / "docs" / "signoff" / "regression.json").read_text())
    assert list(kept["runs"]) == ["1", "2", "3", "4"]
    assert kept["pytest"]["passed"] == 5
    assert sum(len(runs["passed"]) for runs in kept["kinds"].values()) == len(every)
    # A seed that fails today does not count for having passed before.
    root = tmp_path / "é"
    monkeypatch.setattr(signoff, "ROOT", root)
    page = run([{**every[-2], "failure": f"too late: see {root}/build/sim.log"}], 5)
    assert f"1 failed; {kinds - 1} of {kinds} kinds of job" in page
    # What is kept names no checkout.
    text = (tmp_path / "docs" / "signoff" / "regression.json").read_text()
    assert '"too late: see build/sim.log"' in text and str(tmp_path) not in text


def test_soaks_with_other_seeds_add_up(reports: Reports, tmp_path: Path) -> None:
    soak = reports["soak"]
    few = {**soak, "jobs": 6000, "designs": 20}
    assert sign(reports | {"soak": few}, tmp_path)[0] == 1
    for seed, jobs, status in ((1, 7000, 1), (2, 2999, 1), (2, 3000, 0)):
        shutil.rmtree(tmp_path / "build")
        assert sign({"soak": {**few, "seed": seed, "jobs": jobs}}, tmp_path)[0] == status
    page = (tmp_path / "docs" / "signoff.md").read_text()
    assert "| 10000 jobs on 40 designs, 0 failures | yes |" in page
    # A chosen kernel's jobs do not count, but its failures do.
    shutil.rmtree(tmp_path / "build")
    chosen = {**few, "seed": 3, "only": "tiny", "failures": [{}]}
    page = sign({"soak": chosen}, tmp_path)[2]
    assert "| 10000 jobs on 40 designs, 1 failures | **no** |" in page


def test_stale_pages_are_notices(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signoff, "verification_digest", lambda: "0123456789ab")
    for module in (resources, stale):
        monkeypatch.setattr(module, "design_digest", lambda: "0123456789ab")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    stale.main()
    table, figures, page = capsys.readouterr().out.splitlines()
    assert table.startswith("Notice: The RTL changed since docs/resources.md was made: ")
    assert figures.startswith("Notice: docs/performance.md is about earlier designs (throughput, ")
    assert page.startswith("Notice: docs/signoff.md is about an earlier design")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    stale.main()
    assert capsys.readouterr().out.startswith("::notice::The RTL changed")


def test_a_page_that_does_not_say_what_it_is_about_is_a_lapse(
    reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(reports, tmp_path)
    docs = tmp_path / "docs"
    assert signoff.lapse(docs) == ""
    monkeypatch.setattr(signoff, "verification_digest", lambda: "0123456789ab")
    assert "is about an earlier design" in signoff.lapse(docs)
    signoff.main(docs=docs, outdated=True)
    assert "is about an earlier design" in signoff.lapse(docs)
    assert (docs / "signoff.md").read_text().startswith("# Sign-off\n\n**Outdated**: ")
    assert f"{verification_digest()}, not 0123456789ab" in signoff.lapse(docs)
    monkeypatch.setattr(signoff, "verification_digest", verification_digest)
    assert "is wrong" in signoff.lapse(docs)
    soak = docs / "signoff" / "soak.json"
    kept_soak = soak.read_text()
    soak.unlink()
    assert "lacks something: run `make soak`, then" in signoff.lapse(docs)
    soak.write_text(kept_soak)
    kept = docs / "signoff" / "formal.json"
    kept.write_text(json.dumps({"design": "0123456789ab"}))
    assert "lacks something: run `make formal`, then" in signoff.lapse(docs)


@pytest.mark.parametrize(
    ("changed", "noticed"),
    [
        ("rtl/cells/fifo.sv", True),
        ("boards/ecp5/uart_rx.sv", True),
        ("tb/benches/transform/bench_fft.py", True),
        ("tb/agents/beat.py", True),
        ("host/crocuta/simulation/axi_memory.sv", True),
        ("tb/testplans/fft.toml", True),
        ("host/crocuta/simulation/rtl_kernel.cpp", True),
        ("host/crocuta/backends/rtl_kernel.py", True),
        ("flow/coverage_exclusions.toml", True),
        ("flow/mutants.py", True),
        ("flow/soak_driver.py", True),
        ("models/cfp.py", True),
        ("host/crocuta/design/sources.py", True),
        ("formal/fifo_formal.sv", True),
        ("formal/through/fifo.sv", True),
        ("formal/any_bursts/lane_bursts.sv", True),
        ("formal/any_latency/fft_engine.sv", True),
        ("formal/tasks.toml", True),
        ("registers/crocuta.rdl", True),
        ("models/configs.toml", True),
        ("flow/mutation_survivors.toml", False),
        ("docs/verification.md", False),
    ],
)
def test_what_is_verified_and_what_verifies_it_is_in_the_digest(
    changed: str, noticed: bool, copy: Path
) -> None:
    before = verification_digest(copy)
    path = copy / changed
    kept = path.read_text()
    path.write_text(kept + "x")
    assert (verification_digest(copy) != before) == noticed
    path.write_text(kept)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that the digest may depend on."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("boards", "docs", "flow", "formal", "host", "models", "registers", "rtl", "tb"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, root / name, ignore=ignored, symlinks=True)
    shutil.copy(ROOT / "requirements.txt", root)
    return root


def test_comments_of_the_rtl_are_not_in_the_digest(copy: Path) -> None:
    before = verification_digest(copy)
    path = copy / "rtl" / "cells" / "fifo.sv"
    path.write_text(path.read_text() + "\n  // The end.\n")
    assert verification_digest(copy) == before


def test_the_nightly_run_has_commands_that_exist_and_other_seeds_every_night() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())
    entries = workflow["jobs"]["night"]["strategy"]["matrix"]["include"]
    commands = {entry["name"]: entry["command"] for entry in entries}
    assert set(commands) == {"formal", "regress", "random", "mutation", "soak"}
    targets = re.findall("^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for name, command in commands.items():
        assert command.split()[:1] == ["make"] and command.split()[1] in targets
        assert name == "formal" or "SEED=$NIGHT" in command
    assert workflow["jobs"]["night"]["env"]["NIGHT"] == "${{ github.run_number }}"
