# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What is mutated and what is not, and that the right bench kills a mutant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crocuta.models.configs import ROOT
from flow import mutate
from tb.registry import BENCHES

MODULE = """module m #(parameter int Width = 8 + 1) (
  input  logic             clk_i,
  input  logic [Width-1:0] a_i,
  output logic             b_o
);
  initial if (Width < 1) $fatal(1, "m: Width");
  logic b_q;
  if (Width > 3) begin : gen_wide
    always_ff @(posedge clk_i) begin
      if (a_i[0]) b_q <= a_i[2] ? !a_i[1] : 1'b0;
    end
  end
  assign b_o = b_q && (a_i == (Width)'(3));
endmodule
"""


def mutated(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    path = tmp_path / "m.sv"
    path.write_text(text)
    return [(mutant.line, mutant.change) for mutant in mutate.mutants_of(path)]


def test_every_operator_of_the_logic_and_nothing_static(tmp_path: Path) -> None:
    assert mutated(tmp_path, MODULE) == [
        (10, "'a_i[0]' becomes '!(a_i[0])'"),
        (10, "'0' becomes '1'"),
        (10, "\"b_q <= a_i[2] ? !a_i[1] : 1'b0\" becomes 'b_q <= b_q'"),
        (10, '"!a_i[1] : 1\'b0" becomes "1\'b0 : !a_i[1]"'),
        (10, "'a_i[2]' becomes '!(a_i[2])'"),
        (10, "'2' becomes '3'"),
        (10, "'!' becomes ''"),
        (10, "'1' becomes '2'"),
        (10, '"1\'b0" becomes "1\'b1"'),
        (13, "'&&' becomes '||'"),
        (13, "'==' becomes '!='"),
        (13, "'3' becomes '4'"),
    ]


def test_mutants_of_the_rtl_change_one_place() -> None:
    path = ROOT / "rtl" / "cells" / "fifo.sv"
    source = path.read_text()
    mutants = mutate.mutants_of(path)
    assert len(mutants) > 20
    for mutant in mutants:
        assert source[: mutant.start] + mutant.text + source[mutant.end :] != source
        assert "$fatal" not in source.splitlines()[mutant.line - 1]


def test_files_share_the_mutants() -> None:
    pool = {
        name: mutate.mutants_of(ROOT / "rtl" / "cells" / name) for name in ("fifo.sv", "delay.sv")
    }
    chosen = mutate.choose(pool, 8, 1)
    assert len(set(chosen)) == 8
    assert chosen == mutate.choose(pool, 8, 1) != mutate.choose(pool, 8, 2)
    assert {mutant.file for mutant in chosen} == set(pool)


def test_a_survivor_needs_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "SURVIVORS", tmp_path / "survivors.toml")
    verdicts = [mutate.Verdict("fifo.sv", n, "x", "y", killed_by="cells") for n in range(39)]
    verdicts += [
        mutate.Verdict("fifo.sv", 40, "a = b;", "'b' becomes 'c'"),
        mutate.Verdict("fifo.sv", 41, "x", "y", invalid="cells"),
    ]
    (tmp_path / "survivors.toml").write_text("")
    assert not mutate.report(verdicts, 1, 2.0)
    (tmp_path / "survivors.toml").write_text(
        '[[survivors]]\nfile = "fifo.sv"\nsource = "a = b;"\n'
        "change = \"'b' becomes 'c'\"\nreason = \"b and c are the same\"\n"
    )
    assert mutate.report(verdicts, 1, 2.0)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["mutants"], summary["killed"], summary["invalid"]) == (40, 39, 1)
    assert summary["survived"][0]["reason"] == "b and c are the same"
    verdicts += [mutate.Verdict("fifo.sv", 42, "a = b;", "'b' becomes 'c'")] * 3
    assert not mutate.report(verdicts, 1, 2.0), "under the target"


def test_a_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    # Only the module's own benches: the others take minutes.
    monkeypatch.setattr(mutate, "BENCHES", {"cells": BENCHES["cells"]})
    result = CliRunner().invoke(
        _command(), ["--file", "credit_counter.sv", "--count", "2", "--jobs", "1", "--seed", "1"]
    )
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["mutants"], summary["killed"]) == (2, 2), result.output
    assert result.exit_code == 0
    # Again: mutants that were killed do not run; a survivor and all others in its place do.
    summary["all"][0]["killed_by"] = ""
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    command = ["--file", "credit_counter.sv", "--count", "2", "--jobs", "1", "--seed", "1"]
    result = CliRunner().invoke(_command(), [*command, "--again"])
    assert result.output.count("killed by") == 1
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["mutants"], summary["killed"]) == (2, 2), result.output
    (tmp_path / "summary.json").write_text(json.dumps({**summary, "design": "0123456789ab"}))
    result = CliRunner().invoke(_command(), [*command, "--again"])
    assert result.exit_code == 2
    assert "another design" in result.output


def test_an_unknown_file_is_said() -> None:
    result = CliRunner().invoke(_command(), ["--file", "no_such.sv"])
    assert result.exit_code == 2
    assert "nothing to mutate" in result.output


def _command() -> typer.Typer:
    app = typer.Typer()
    app.command()(mutate.main)
    return app
