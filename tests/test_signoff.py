# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The sign-off: what it takes from the reports, and when it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from models.files import design_digest
from tb import signoff

Reports = dict[str, dict[str, Any]]


def attempts(sim: str, seeds: int) -> list[dict[str, Any]]:
    return [
        {"kind": f"fft.x.{sim}", "sim": sim, "failure": "", "tests": {"Gaps": True}}
        for _ in range(seeds)
    ]


@pytest.fixture
def reports() -> Reports:
    """Reports of a verification that is complete."""
    percent = {"line": 98.0, "branch": 95.5, "toggle": 90.0, "functional": 100.0}
    found: Reports = {
        "regress": {
            "ok": True,
            "seed": 1,
            "seconds": 10.0,
            "workers": 2,
            "attempts": attempts("verilator", 20) + attempts("icarus", 5),
            "pytest": {"passed": 5, "failed": 0, "ok": True},
        },
        "testplan": {
            "blocks": [{"block": "fft", "points": [{"stage": "V1"}]}],
            "runs": 25,
            "problems": [],
        },
        "coverage": {
            **percent,
            "targets": {"line": 98.0, "branch": 95.0, "toggle": 90.0, "functional": 100.0},
        },
        "formal": {
            "totals": {"tasks": 1, "passed": 1, "unbounded": 1, "asserts": 2, "covers": 1},
            "tasks": [],
        },
        "mutation": {
            "mutants": 200,
            "killed": 199,
            "percent": 99.5,
            "target": 95.0,
            "survived": [{"reason": "It computes the same."}],
            "all": [],
        },
    }
    return {name: {"design": design_digest(), **report} for name, report in found.items()}


def sign(reports: Reports, path: Path) -> tuple[int, str, str]:
    """The exit status, what was said, and the page."""
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
    for link in ("regression", "testplan", "coverage", "formal", "mutation"):
        assert f"(signoff/{link}.json)" in page
        kept = json.loads((tmp_path / "docs" / "signoff" / f"{link}.json").read_text())
        assert kept["design"] == design_digest()


SPOILERS: dict[str, Callable[[Reports], Any]] = {
    "a failed job": lambda r: (
        r["regress"].update(ok=False),
        r["regress"]["attempts"][0].update(failure="no"),
    ),
    "too few seeds": lambda r: r["regress"].update(attempts=attempts("verilator", 19)),
    "no Icarus": lambda r: r["regress"].update(attempts=attempts("verilator", 20)),
    "no pytest": lambda r: r["regress"].update(pytest=None),
    "a plan's problem": lambda r: r["testplan"].update(problems=["fft: none"]),
    "little coverage": lambda r: r["coverage"].update(toggle=89.99),
    "a failed proof": lambda r: r["formal"]["totals"].update(passed=0),
    "vacuous proofs": lambda r: r["formal"]["totals"].update(covers=0),
    "few faults found": lambda r: r["mutation"].update(percent=94.9),
    "few faults": lambda r: r["mutation"].update(mutants=199),
    "an open survivor": lambda r: r["mutation"]["survived"][0].update(reason=""),
}


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_target_that_does_not_hold_fails(
    spoil: Callable[[Reports], Any], reports: Reports, tmp_path: Path
) -> None:
    spoil(reports)
    status, _, page = sign(reports, tmp_path)
    assert status == 1
    assert "**no**" in page


@pytest.mark.parametrize("name", ["regress", "testplan", "coverage", "formal", "mutation"])
def test_a_report_that_is_missing_or_of_another_design_is_refused(
    name: str, reports: Reports, tmp_path: Path
) -> None:
    older = {**reports, name: {**reports[name], "design": "0123456789ab"}}
    status, said, page = sign(older, tmp_path / "older")
    assert (status, page) == (2, "")
    assert "about another design" in said.replace("\n", " ")
    missing = {key: report for key, report in reports.items() if key != name}
    status, said, page = sign(missing, tmp_path / "missing")
    assert (status, page) == (2, "")
    assert f"{name}/summary.json" in said.replace("\n", "")
