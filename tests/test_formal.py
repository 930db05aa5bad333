# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make formal`: a proof that holds, one that must fail, and a malformed list of tasks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from crocuta.models.configs import ROOT
from flow import formal


def task(name: str) -> formal.Task:
    """A task of tasks.toml."""
    return next(task for task in formal.tasks() if task.name == name)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A separate directory for SymbiYosys' output."""
    monkeypatch.setattr(formal, "BUILD", tmp_path)
    monkeypatch.setattr(formal, "SIGNED", tmp_path / "signoff" / "formal.json")
    return tmp_path


@pytest.mark.usefixtures("build")
def test_proof_holds() -> None:
    """The rounder's proof, its covers, and the summary."""
    result = formal.prove(task("round_nearest_even"))
    assert result.problems == ()
    entry = formal.entry(result)
    assert (entry["status"], entry["mode"]) == ("PASS", "unbounded")
    assert "ties_to_even" in entry["asserts"]
    assert all(clock is not None for clock in entry["covers"].values())


def test_fault_fails(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rounder that rounds every tie up: the report names the assertion and the counterexample."""
    good = (ROOT / "rtl" / "arithmetic" / "round_nearest_even.sv").read_text(encoding="utf-8")
    bad = good.replace("value_i[1] && (value_i[0] || kept[0])", "value_i[1]")
    assert bad != good
    (build / "round_nearest_even.sv").write_text(bad, encoding="utf-8")
    top = formal.FORMAL / "round_nearest_even_formal.sv"
    files = (build / "round_nearest_even.sv", top)
    monkeypatch.setattr(formal, "design_files", lambda *_: files)
    run = formal.run(task("round_nearest_even"), cover=False)
    assert run.status == "FAIL"
    assert any("ties_to_even" in failure for failure in run.failures)
    assert run.traces


@pytest.mark.usefixtures("build")
def test_unreached_cover_fails() -> None:
    """An unreachable cover fails its task."""
    result = formal.prove(dataclasses.replace(task("fifo-2"), cover_depth=2))
    assert any(problem.startswith("cover ") for problem in result.problems)
    assert formal.report([formal.entry(result)], 1.0)["totals"]["failed"] == 1


def test_a_proof_stands_until_what_it_depends_on_changes(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another parameter or property, other RTL or a failure: the proof runs again. It stands if it
    was signed off on another machine, too."""

    def stands(task: formal.Task) -> bool:
        return formal.stands(formal.kept().get(task.name), task)

    chosen = task("round_nearest_even")
    good = formal.prove_and_keep(chosen)
    assert formal.kept() == {chosen.name: good}
    assert stands(chosen)
    for change in ({"induction": 3}, {"parameters": {"Width": 9}}, {"cover_depth": 9}):
        assert not stands(dataclasses.replace(chosen, **change))
    (build / "other.sv").write_text("module other; endmodule\n")
    files = formal.files_of(chosen)
    monkeypatch.setattr(formal, "files_of", lambda _: [*files, build / "other.sv"])
    assert not stands(chosen)
    monkeypatch.setattr(formal, "files_of", lambda _: files)
    assert stands(chosen)
    formal.SIGNED.parent.mkdir()
    formal.SIGNED.write_text(json.dumps(formal.report([good], 1.0)))
    path = build / "round_nearest_even.json"
    path.write_text(path.read_text().replace('"PASS"', '"FAIL"', 1))
    assert not stands(chosen)
    path.unlink()
    assert stands(chosen)


def test_faulty_task(tmp_path: Path) -> None:
    """The message names the malformed table."""
    path = tmp_path / "tasks.toml"
    path.write_text("[odd]\nmodule = 'fifo'\nabout = ''\ncover_depth = 1\nbounds = 3\n")
    with pytest.raises(formal.FormalError, match="Task odd of"):
        formal.tasks(path)
