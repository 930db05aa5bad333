# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make netlist`: netlists of the arithmetic and the kernel pass, miscompiled ones do not.

yosys stands in for Vivado: its netlists have the same ports, and some UltraScale+ cells.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pyosys
import pytest
import typer
from typer.testing import CliRunner

from crocuta.design.sources import design_files, rtl_file
from crocuta.models import configs
from crocuta.models.configs import ROOT
from crocuta.models.transform import rom_files
from flow import build, netlist
from tests.test_vivado import program

TINY = configs.load("tiny")
CELLS = {cell.name: cell for cell in build.cells(TINY)}
MODELS = Path(pyosys.__file__).parent / "share" / "xilinx" / "cells_sim.v"
XCUP = "synth_xilinx -family xcup -nodsp -noiopad -noclkbuf -flatten"


def synthesise(cell: build.Cell, files: list[Path], directory: Path, command: str) -> Path:
    """A netlist of a cell by yosys."""
    wrapper = directory / "wrapper.v"
    wrapper.write_text(cell.verilog(), encoding="utf-8")
    path = directory / f"{cell.name}.v"
    sources = " ".join(map(str, [wrapper, *files]))
    (directory / "synthesis.ys").write_text(
        f"read_slang --std 1800-2017 --top {cell.name} {sources}\n"
        f"{command} -top {cell.name}\n"
        f"write_verilog -noattr {path}\n",
        encoding="utf-8",
    )
    yosys = [sys.executable, str(ROOT / "flow" / "formal_yosys.py")]
    yosys += ["-ql", "yosys.log", "synthesis.ys"]
    subprocess.run(yosys, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return path


def changed(files: list[Path], module: str, pattern: str, text: str, directory: Path) -> list[Path]:
    """The files, with one module's replaced by a faulty version."""
    source, count = re.subn(pattern, text, rtl_file(module).read_text(encoding="utf-8"))
    assert count == 1
    faulty = directory / f"{module}.sv"
    faulty.write_text(source, encoding="utf-8")
    return [faulty if path.stem == module else path for path in files]


@pytest.mark.parametrize("name", CELLS)
def test_cells(name: str, tmp_path: Path, seed: int) -> None:
    cell = CELLS[name]
    path = synthesise(cell, design_files(cell.module), tmp_path, "prep -flatten")
    trace = netlist.cell_trace(cell, seed)
    assert netlist.replay(name, trace, path, tmp_path, "icarus") > 100_000


@pytest.mark.parametrize(
    ("name", "pattern", "text"),
    [
        ("cell_multiply_words", r"signed( \[FactorBits-1:0\] +b_re_q;)", r"\1"),
        ("cell_multiply_by_twiddle", r"signed( \[MantissaBits-1:0\] a_im_q2;)", r"\1"),
        ("cell_float_to_cfp", r"(sign_q +<= )float_i\[31\];", r"\g<1>1'b0;"),
    ],
)
def test_a_lost_sign_is_found(
    name: str,
    pattern: str,
    text: str,
    tmp_path: Path,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cell = CELLS[name]
    files = changed(design_files(cell.module), cell.module, pattern, text, tmp_path)
    path = synthesise(cell, files, tmp_path, "prep -flatten")
    with pytest.raises(typer.Exit):
        netlist.replay(name, netlist.cell_trace(cell, seed), path, tmp_path, "icarus")
    output = {port for port, _ in netlist.cell_trace(cell, seed).outputs}
    difference = r"clock \d+: (\w+) is [0-9a-f]+ instead of [0-9a-f]+"
    pattern = rf"{path} does not match the design \({difference}\)"
    found = re.match(pattern, capsys.readouterr().err)
    assert found is not None
    assert found[1] in output


def test_the_fpgas_cells(tmp_path: Path, seed: int) -> None:
    """Mapped to UltraScale+ LUTs, carries and registers, and with the sign's register tied to 0."""
    cell = CELLS["cell_float_to_cfp"]
    path = synthesise(cell, design_files(cell.module), tmp_path, XCUP)
    trace = netlist.cell_trace(cell, seed)
    text = path.read_text(encoding="utf-8")
    assert {"LUT6", "FDRE", "CARRY4"} & set(re.findall(r"^ +([A-Z]\w+) ", text, re.MULTILINE))
    netlist.replay(cell.name, trace, path, tmp_path, "icarus", [MODELS])
    assert text.count("(float_i[31])") == 1
    path.write_text(text.replace("(float_i[31])", "(1'b0)"), encoding="utf-8")
    with pytest.raises(typer.Exit):
        netlist.replay(cell.name, trace, path, tmp_path, "icarus", [MODELS])


def test_kernel(tmp_path: Path, seed: int) -> None:
    """The kernel's own RTL reproduces its recording."""
    trace = netlist.kernel_trace(TINY, tmp_path, seed)
    assert len(trace.rows) > 1000
    tables = rom_files.write(TINY, tmp_path / "twiddles")
    top = tmp_path / f"{build.TOP}.v"
    top.write_text(build.top_verilog(TINY, tables), encoding="utf-8")
    files = design_files(TINY.top)
    assert netlist.replay(build.TOP, trace, top, tmp_path, "icarus", files) > 500_000


def test_what_is_never_compared_is_an_error(tmp_path: Path) -> None:
    trace = netlist.Trace("clk_i", [("a", 1)], [("b", 2)], [(0, 1, 0), (1, 1, 1)])
    with pytest.raises(AssertionError, match="an output is never compared"):
        netlist.replay("top", trace, tmp_path / "top.v", tmp_path, "icarus")


# -- The command -----------------------------------------------------------------------------------

TOOL = """echo "$(basename $0) $@" >> {log}
if [ $(basename $0) = xsim ]; then
  rows=$(sed -n 's/.*row < \\([0-9]*\\) .*/\\1/p' replay.v)
  echo "{answer}" | sed "s/ROWS/$rows/"
fi
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Netlists as `make ooc` writes them, and a short recording of the kernel."""
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    netlists = tmp_path / "build" / "tiny" / "ooc" / "netlists"
    netlists.mkdir(parents=True)
    for name in (build.TOP, *CELLS):
        (netlists / f"{name}.v").write_text(
            f"module {name};\nendmodule\nmodule glbl ();\nendmodule"
        )
    trace = netlist.Trace("ap_clk", [("a", 1)], [("b", 1)], [(0, 1, 0), (1, 1, 1)])
    monkeypatch.setattr(netlist, "kernel_trace", lambda config, directory, seed: trace)
    return tmp_path


def tools(folder: Path, answer: str) -> None:
    """xvlog, xelab and an xsim that prints the given text, on PATH."""
    for name in ("xvlog", "xelab", "xsim"):
        program(folder, name, TOOL.format(log=folder / "log", answer=answer))


def test_command(folder: Path) -> None:
    tools(folder, "PASS ROWS")
    result = CliRunner().invoke(netlist.app, ["--config", "tiny"])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in (folder / "log").read_text(encoding="utf-8").splitlines()]
    netlists = folder / "build" / "tiny" / "ooc" / "netlists"
    for name, at in zip((*CELLS, build.TOP), range(0, len(lines), 3), strict=True):
        assert lines[at : at + 3] == [
            ["xvlog", "replay.v", str(netlists / f"{name}.v")],
            ["xelab", "-L", "unisims_ver", "replay", "glbl", "-s", "replay"],
            ["xsim", "replay", "-runall"],
        ]
    assert result.stdout.count("bits equal") == len(CELLS) + 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("clock 12: product_o is 0 instead of 1", r"(clock 12: product_o is 0 instead of 1)"),
        ("PASS 0", "(no result, see "),
        ("", "(no result, see "),
    ],
)
def test_command_finds_a_difference(folder: Path, answer: str, sentence: str) -> None:
    tools(folder, answer)
    result = CliRunner().invoke(netlist.app, ["--config", "tiny"])
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_one_sentence(folder: Path) -> None:
    def refused(*arguments: str) -> str:
        result = CliRunner().invoke(netlist.app, arguments)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
        return result.stderr

    assert "There is no xvlog on PATH" in refused("--config", "tiny")
    assert "choose one of: xsim, icarus" in refused("--config", "tiny", "--sim", "vcs")
    assert "run `make ooc CONFIG=small` first" in refused("--config", "small")
