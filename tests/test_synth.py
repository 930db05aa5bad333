# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Synthesis counts known designs correctly, loses nothing at its cuts, and reports errors."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from crocuta.design.sources import rtl_file
from crocuta.models import configs
from crocuta.models.configs import Config
from flow import synth

TINY = configs.load("tiny")


def run(*arguments: str) -> Result:
    app = Typer()
    app.command()(synth.main)
    return CliRunner().invoke(app, arguments)


def use(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configs, "load_model", lambda name: config)


def result(name: str) -> synth.Json:
    loaded: synth.Json = json.loads((synth.BUILD / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def test_kernel() -> None:
    done = run("tiny")
    assert done.exit_code == 0, done.output
    found = result("tiny")
    by_module: dict[str, list[synth.Json]] = {}
    for module in found["modules"]:
        by_module.setdefault(module["module"], []).append(module)
    assert set(by_module) == {*synth.units(TINY.top), TINY.top}
    for figure in synth.FIGURES:
        assert found[figure] == sum(module["total"][figure] for module in found["modules"])
        assert found[figure] == found["blocks"][0][figure]
    # One product, a rotator's or the spectral MAC's, is four DSP48E2.
    levels, lanes = TINY.chunk_log2, TINY.lanes
    products = by_module["cfp_multiply"]
    assert [module["dsp"] for module in products] == [4] * len(products)
    assert sum(module["instances"] for module in products) == 2 * levels * lanes // 2 + lanes
    assert found["dsp"] == 4 * (2 * levels * lanes // 2 + lanes)
    assert sum(module["instances"] for module in by_module["cfp_butterfly"]) == 2 * levels
    assert found["bram36"] > 0
    assert found["uram"] == 0
    assert found["lut"] > found["lut_ram"] + found["lut_srl"] > 0
    assert "crocuta_kernel" in done.stdout


def test_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    run("tiny")
    used = result("tiny")["bram36"]
    use(dataclasses.replace(TINY, bram36_max=int(used) - 1, uram_max=0), monkeypatch)
    done = run("tiny")
    assert done.exit_code == 1
    sentence = f"tiny needs {used:g} BRAM36, more than its limit of {int(used) - 1}"
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    use(dataclasses.replace(TINY, bram36_max=int(used) + 1, uram_max=0), monkeypatch)
    assert run("tiny").exit_code == 0


def test_block_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    # The accumulator, 512 words of 2 * 45 bits: 72 columns fill a RAMB36E2, and 18 a RAMB18E2.
    use(dataclasses.replace(TINY, name="test-deep", chunk=1024), monkeypatch)
    assert run("test-deep", "--top", "spectral_mac").exit_code == 0
    assert result("test-deep-spectral_mac")["bram36"] == 1.5


def test_ultra_memories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URAM288 is 4,096 words of 72 bits: two columns of three."""
    file = tmp_path / "deep.sv"
    file.write_text("""
module deep(input logic clk_i, input logic write_i, input logic [13:0] waddr_i,
            input logic [143:0] wdata_i, input logic read_i, input logic [13:0] raddr_i,
            output logic [143:0] rdata_o);
  ram #(.Width(144), .Depth(12288), .Style("ultra")) u_ram (.*);
endmodule
""")
    monkeypatch.setattr(synth, "BUILD", tmp_path)
    monkeypatch.setattr(synth, "design_files", lambda top: [rtl_file("ram"), file])
    synthesis = synth.Synthesis(TINY, "deep")
    (found,) = synthesis.own_figures(synthesis.run(lambda done, of: None)).values()
    assert found["uram"] == 6 and found["bram36"] == 0 and found["lut_ram"] == 0


def test_cuts_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # The adders of overlap_add have imaginary parts of zero, which a cut must not hide.
    figures = {}
    for name, units in (("test-cut", ("cfp_add",)), ("test-whole", ())):
        use(dataclasses.replace(TINY, name=name), monkeypatch)
        monkeypatch.setattr(synth, "UNITS", units)
        assert run(name, "--top", "overlap_add").exit_code == 0
        figures[name] = result(f"{name}-overlap_add")
    cut, whole = figures["test-cut"], figures["test-whole"]
    assert [module["module"] for module in cut["modules"]] == ["cfp_add", "overlap_add"]
    assert [module["module"] for module in whole["modules"]] == ["overlap_add"]
    assert cut["lut_ram"] == whole["lut_ram"] > 0
    # Logic that two units could share is counted in both. abc finds a few LUTs more or fewer
    # depending on the order of its cells, which the names of the files change.
    assert whole["ff"] <= cut["ff"] < 1.05 * whole["ff"]
    assert 0.98 * whole["lut"] <= cut["lut"] < 1.05 * whole["lut"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["huge"], "There is no configuration 'huge'; choose one of: "),
        (["tiny", "--top", "nothing"], "Neither rtl/ nor the bench's sources contain a module "),
    ],
)
def test_bad_names_give_one_sentence(arguments: list[str], sentence: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("assign y = !(y && a);", "Warning: found logic loop"),
        ("always_comb if (a) y = b;", "Warning: found logic loop"),
        ("always_latch if (a) y = b;", "Warning: "),
        ("assign y = a; assign y = b;", "Warning: multiple conflicting drivers"),
        ("assign y = c;", "use of undeclared identifier 'c'"),
    ],
)
def test_faults_in_the_design(
    body: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bad.sv"
    file.write_text(f"module bad(input logic a, input logic b, output logic y); {body} endmodule\n")
    monkeypatch.setattr(synth, "BUILD", tmp_path)
    monkeypatch.setattr(synth, "design_files", lambda top: [file])
    done = run("tiny", "--top", "bad")
    assert done.exit_code == 1
    assert problem in done.stderr
    assert done.stderr.startswith("yosys could not ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "tiny-bad.json").exists()


def test_unknown_cells_are_not_ignored() -> None:
    assert synth.figures({"LUT6": 2, "cfp_add$12345678": 1}, "x")["lut"] == 2
    for cell in ("RAMB72", "$mem_v2", "$paramod$ram"):
        with pytest.raises(synth.SynthesisError, match="size is unknown"):
            synth.figures({cell: 1}, "x")
