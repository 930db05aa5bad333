# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The ECP5 flow: netlists of its cells against the models, the pins, and the gate.

Place and route itself takes far too long for a test: see `make bitstream TARGET=ecp5-85k`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crocuta.backends import uart_kernel
from crocuta.design.sources import design_files
from crocuta.models import configs
from flow import build, ecp5, ecp5_netlist, runner
from tb.registry import Bench, arithmetic, fixed

EDGE = configs.load("edge-ecp5")
MAPPED = (
    # Every kind of cell except the PLL: multipliers, carries, block RAM, LUT RAM and registers.
    (
        "MULT18X18D",
        arithmetic("cfp_multiply", "a netlist", 14, "netlist", FactorBits=14, ProductBits=29),
    ),
    (
        "DP16KD",
        Bench(
            top="ram",
            module="tb.benches.cells.bench_ram",
            about="a netlist",
            parameters=fixed(Width=45, Depth=512, Style="block"),
            variant="netlist",
        ),
    ),
    (
        "TRELLIS_DPR16X4",
        Bench(
            top="delay",
            module="tb.benches.cells.bench_delay",
            about="a netlist",
            parameters=fixed(Width=27, Clocks=19),
            variant="netlist",
        ),
    ),
)


@pytest.mark.parametrize(("cell", "bench"), MAPPED)
def test_netlist(cell: str, bench: Bench, tmp_path: Path, seed: int) -> None:
    """A module, mapped to ECP5 cells, matches its model."""
    sources = design_files(bench.top, ecp5.SOURCES)
    parameters = bench.parameters(EDGE)
    ecp5.map_design(tmp_path, bench.top, parameters, sources, bench.top)
    path = tmp_path / f"{bench.top}.v"
    text = path.read_text(encoding="utf-8")
    assert re.search(rf"^ +{cell} ", text, flags=re.MULTILINE), f"no {cell} in the netlist"
    # A netlist no longer has parameters, which the benches read.
    values = " ".join(
        f"parameter {name} = {json.dumps(value)};" for name, value in parameters.items()
    )
    header = re.search(rf"^module {bench.top}\(.*?\);", text, flags=re.DOTALL | re.MULTILINE)
    assert header
    path.write_text(f"{text[: header.end()]} {values}{text[header.end() :]}", encoding="utf-8")
    cells = str(ecp5.BOARD / "cells_sim.v")
    mapped = dataclasses.replace(
        bench, configs=(EDGE.name,), sims=("icarus",), sources=(str(path), cells)
    )
    runner.run(mapped, EDGE, "icarus", seed)


def test_pins_and_ports() -> None:
    """Each port of the top has exactly one pin, and each pin a port."""
    top = (ecp5.BOARD / f"{ecp5.TOP}.v").read_text(encoding="utf-8")
    ports = set()
    for width, name in re.findall(r"^  (?:in|out)put +wire +(?:\[(\d+):0\] )?(\w+)", top, re.M):
        ports |= {f"{name}[{bit}]" for bit in range(int(width) + 1)} if width else {name}
    constraints = (ecp5.BOARD / f"{ecp5.TOP}.lpf").read_text(encoding="utf-8")
    pins = dict(re.findall(r'^LOCATE COMP "(.*)" SITE "(\w+)";$', constraints, re.M))
    assert set(pins) == ports
    assert len(set(pins.values())) == len(pins)
    levels = dict(re.findall(r'^IOBUF PORT "(.*)" IO_TYPE=(\w+) ', constraints, re.M))
    assert levels == dict.fromkeys(ports, "LVCMOS33")
    assert f'FREQUENCY PORT "clk_25mhz_i" {ecp5.OSCILLATOR_MHZ} MHZ;' in constraints


def test_board_is_the_one_the_host_software_knows() -> None:
    """Both memories of spectra have the same size, all start at 0, and the quiet time matches."""
    facts = uart_kernel.BOARD
    assert facts["x_spectra_size"] == facts["h_spectra_size"]
    assert {facts[f"{bank}_base"] for bank in ("samples", "x_spectra", "h_spectra")} == {0}
    bridge = (ecp5.BOARD / "uart_bridge.sv").read_text(encoding="utf-8")
    assert f"parameter int SilenceLog2 = {facts['silence_log2']}," in bridge
    for target in ecp5.TARGETS:
        parameters = ecp5.parameters(EDGE, target, Path("tables"))
        assert parameters["SamplesBeats"] == facts["samples_size"] // 16
        clocks = parameters["ClocksPerBit"]
        assert isinstance(clocks, int)
        assert clocks * facts["baud"] == target.clock_mhz * 1_000_000, "the line's rate is not met"


TOOL = """#!{python}
import json, pathlib, sys
name, words = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
if words == ["--help"]:
    sys.exit("  --parallel-refine   use all cores")
with open("{calls}", "a") as calls:
    calls.write(json.dumps([name, words]) + "\\n")
if name == "ecppll":
    pathlib.Path("pll.v").write_text("module pll; endmodule")
if name == "nextpnr-ecp5":
    pathlib.Path("crocuta.config").write_text("routed")
    use = {{"used": 1, "available": 2}}
    step = {{"delay": 1.5, "from": {{"cell": "a"}}, "to": {{"cell": "b"}}}}
    pathlib.Path("report.json").write_text(json.dumps({{
        "fmax": {{"clk": {{"achieved": {fmax}, "constraint": 80}}}},
        "utilization": {{cell: use for cell in {cells}}},
        "critical_paths": [{{"from": "posedge clk", "to": "posedge clk", "path": [step]}}],
    }}))
    sys.exit({status})
if name == "ecppack":
    pathlib.Path(words[-1]).write_bytes(b"bits")
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the slow tools on PATH; returns the directory of their products."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ecp5, "BUILD", tmp_path / "build")

    def synthesise(config: configs.Config, target: ecp5.Target, directory: Path) -> None:
        netlist: ecp5.Json = {"modules": {ecp5.TOP: {"cells": {}}}}
        (directory / "netlist.json").write_text(json.dumps(netlist))

    monkeypatch.setattr(ecp5, "synthesise", synthesise)
    install(tmp_path)
    return tmp_path


def install(directory: Path, fmax: float = 81.0, status: int = 0) -> None:
    for name in ("ecppll", "nextpnr-ecp5", "ecppack"):
        path = directory / name
        path.write_text(
            TOOL.format(
                python=sys.executable,
                calls=directory / "calls",
                fmax=fmax,
                cells=list(ecp5.CELLS),
                status=status,
            )
        )
        path.chmod(0o755)


def test_gate_passes(tools: Path) -> None:
    result = CliRunner().invoke(build.app, ["bitstream", "--target", "ecp5-85k"])
    assert result.exit_code == 0, result.output
    assert "Routed at 81.0 MHz" in result.output
    directory = tools / "build" / "ecp5-85k" / "edge-ecp5"
    assert (directory / "crocuta.bit").read_bytes() == b"bits"
    summary = json.loads((directory / "summary.json").read_text())
    assert summary["passed"] and summary["fmax_mhz"] == 81 and summary["config"] == "edge-ecp5"
    calls = [json.loads(line) for line in (tools / "calls").read_text().splitlines()]
    assert [name for name, _ in calls] == ["ecppll", "nextpnr-ecp5", "ecppack"]
    words = calls[1][1]
    assert words[words.index("--speed") + 1] == "6" and "--85k" in words
    assert words[words.index("--parallel-refine") + 1] == "--threads"


@pytest.mark.parametrize(
    ("target", "fmax", "status", "sentence"),
    [
        ("ecp5-85k", 74.9, 0, "routed at 74.9 MHz, short of its 75 MHz"),
        ("ecp5-85k-8", 99.9, 0, "routed at 99.9 MHz, short of its 100 MHz"),
        ("ecp5-85k", 90.0, 1, "place and route failed"),
    ],
)
def test_gate_refuses(tools: Path, target: str, fmax: float, status: int, sentence: str) -> None:
    """No bitstream is left, not even an earlier build's."""
    directory = tools / "build" / target / "edge-ecp5"
    directory.mkdir(parents=True)
    (directory / "crocuta.bit").write_bytes(b"old")
    install(tools, fmax, status)
    result = CliRunner().invoke(build.app, ["bitstream", "--target", target])
    assert result.exit_code == 1
    assert sentence in " ".join(result.stderr.split())
    assert not (directory / "crocuta.bit").exists()


def test_a_board_takes_no_four_step_kernel() -> None:
    arguments = ["bitstream", "--target", "ecp5-85k", "--config", "tiny-long"]
    result = CliRunner().invoke(build.app, arguments)
    assert result.exit_code == 2
    assert result.stderr == (
        "Configuration tiny-long: the ECP5 boards have no memory for the rows of z of a four-step"
        " kernel: choose a chunked one, such as edge-ecp5.\n"
    )


def test_failed_synthesis_leaves_no_bitstream(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tools / "build" / "ecp5-85k" / "edge-ecp5"
    directory.mkdir(parents=True)
    (directory / "crocuta.bit").write_bytes(b"old")

    def synthesise(config: configs.Config, target: ecp5.Target, directory: Path) -> None:
        ecp5.run([sys.executable, "-c", "exit('ERROR: no such module')"], directory, "synthesis")

    monkeypatch.setattr(ecp5, "synthesise", synthesise)
    result = CliRunner().invoke(build.app, ["bitstream", "--target", "ecp5-85k"])
    assert result.exit_code == 1
    assert "synthesis failed: ERROR: no such module" in " ".join(result.stderr.split())
    assert not (directory / "crocuta.bit").exists()


def test_tools_of_the_environment_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for name in ("ecppll", "nextpnr-ecp5", "ecppack"):
        assert os.access(ecp5.tool(name), os.X_OK), name


def cell(kind: str, **connections: list[int | str]) -> dict[str, Any]:
    """A cell of yosys' JSON; its outputs are called Q and Z."""
    return {
        "type": kind,
        "attributes": {},
        "connections": connections,
        "port_directions": {port: "output" if port in "QZ" else "input" for port in connections},
    }


def driven_by(cells: dict[str, dict[str, Any]]) -> dict[int | str, str]:
    """The cell that drives each bit."""
    return {
        bit: name
        for name, one in cells.items()
        for port in "QZ"
        for bit in one["connections"].get(port, [])
    }


def test_copies_of_registers_drive_the_same() -> None:
    """A copy drives every input that the register or its inverter drove."""
    cells = {
        "reset_q": cell("TRELLIS_FF", DI=[3], Q=[4]),
        "reset": cell("LUT4", A=[4], B=["0"], Z=[5]),
        "top_q": cell("TRELLIS_FF", LSR=[5], DI=[5], Q=[6]),
    }
    for module, size in (("u_a.u_b", 150), ("u_a.u_c", 60), ("u_a.u_c.u_d", 3)):
        for n in range(size):
            data = cell("TRELLIS_FF", LSR=[5], DI=[6 if n < 9 else 3], Q=[1000 + len(cells)])
            cells[f"u_board.u_kernel.{module}.data_q{n}"] = data
    count = len(cells)
    assert ecp5_netlist.copy_registers({"cells": cells}) == 1
    assert len(cells) == count + 2, "a register and its inverter"
    drivers = driven_by(cells)
    used = set()
    for name, one in cells.items():
        if "LSR" in one["connections"]:
            inverter = drivers[one["connections"]["LSR"][0]]
            source = drivers[cells[inverter]["connections"]["A"][0]]
            assert inverter.startswith("reset") and source.startswith("reset_q")
            assert cells[source]["connections"]["DI"] == [3]
            used.add((".u_c." in name, inverter, source))
    assert len(used) == 2, "one pair for u_c and what is in it, one for the rest"
    once = json.dumps(cells)
    assert ecp5_netlist.copy_registers({"cells": cells}) == 0 and json.dumps(cells) == once


def test_a_register_is_copied_for_itself_and_for_its_inverter() -> None:
    cells = {
        "run_q": cell("TRELLIS_FF", DI=[3], Q=[4]),
        "stop": cell("LUT4", A=[4], Z=[5]),
    }
    for module in ("u_a.u_b", "u_a.u_c"):
        for n in range(150):
            data = cell("TRELLIS_FF", CE=[4], LSR=[5], DI=[3], Q=[1000 + len(cells)])
            cells[f"u_board.{module}.data_q{n}"] = data
    assert ecp5_netlist.copy_registers({"cells": cells}) == 2
    drivers = driven_by(cells)
    for one in cells.values():
        if "CE" in one["connections"]:
            assert drivers[one["connections"]["CE"][0]].startswith("run_q")
            inverter = drivers[one["connections"]["LSR"][0]]
            assert inverter.startswith("stop")
            assert drivers[cells[inverter]["connections"]["A"][0]].startswith("run_q")


def test_macros_are_where_the_fpga_has_them() -> None:
    """Each cell has a place of its own and of its kind, and the levels follow one another."""
    cells = {}
    for path, units in (("forward_path.u_engine.gen_stage", 12), ("spectral_mac.gen_lane", 2)):
        for n in range(units):
            for part in ("re_re", "re_im", "im_re", "im_im"):
                cells[f"u_board.u_kernel.u_{path}[{n}].u_rotate.{part}"] = cell("MULT18X18D")
            cells[f"u_board.u_kernel.u_{path}[{n}].u_rom.mem"] = cell("DP16KD")
    for n in range(60):
        cells[f"u_board.u_kernel.u_sample_reader.u_ram.mem.{n}"] = cell("DP16KD")
    cells["u_board.u_samples.u_ram"] = cell("DP16KD")
    assert ecp5_netlist.fix_macros({"cells": cells}) == 56 + 14 + 60
    places = {name: one["attributes"].get("BEL") for name, one in cells.items()}
    assert places.pop("u_board.u_samples.u_ram") is None
    assert len(set(places.values())) == len(places)
    levels = []
    for name, place in places.items():
        x, y, bel = str(place).replace("X", "").replace("Y", "").split("/")
        if cells[name]["type"] == "DP16KD":
            assert int(y) in (22, 46, 70, 82) and re.fullmatch("EBR[0-3]", bel)
        else:
            assert int(y) in (10, 34, 58) and re.fullmatch("MULT18_[0145]", bel)
        if name.endswith("re_re") and "forward" in name:
            levels.append((int(y), int(x) if int(y) != 34 else -int(x)))
    assert levels == sorted(levels) and len(levels) == 12


@pytest.mark.parametrize(("levels", "products"), [(40, 4), (2, 5)])
def test_too_many_multipliers_are_left_to_the_placer(levels: int, products: int) -> None:
    name = "u_board.u_kernel.u_forward_path.u_engine.gen_stage[{}].u_rotate.re_re{}"
    cells = {
        name.format(n, product): cell("MULT18X18D")
        for n in range(levels)
        for product in range(products)
    }
    assert ecp5_netlist.fix_macros({"cells": cells}) == 0
