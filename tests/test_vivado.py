# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The FPGA flows without Vivado: tclsh runs them with a recorder that knows Vivado's commands."""

from __future__ import annotations

import functools
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from pyslang import driver
from typer.testing import CliRunner, Result

from crocuta.backends import u200
from crocuta.design.sources import rtl_file, rtl_files
from crocuta.kernel import POINTERS, Bank, banks
from crocuta.kernel import arguments as kernel_arguments
from crocuta.models import configs
from crocuta.models.configs import ROOT, Config
from crocuta.models.transform import rom_files
from crocuta.registers import VERSION, Register, identity
from flow import build, vivado_commands

CONFIG = "tiny"
CONFIGS = ("tiny", "tiny-long", "tiny-long+resident-8")
"""A chunked kernel, a four-step one, and one with all rows on the chip: the numbers of memories."""
BOARDS = "xilinx.com:au200:part0:1.2 xilinx.com:au200:part0:1.3 xilinx.com:au200:part0:1.10"
KERNEL_XML = """<?xml version="1.0" encoding="UTF-8"?>
<root versionMajor="1" versionMinor="6">
  <kernel name="crocuta" language="ip_c" vlnv="crocuta:kernel:crocuta:1.0" workGroupSize="1"
      interrupt="true" hwControlProtocol="ap_ctrl_chain">
    <ports><port name="s_axi_control" mode="slave" range="0x1000" dataWidth="32"/></ports>
  </kernel>
</root>
"""
"""The kind of file that package_xo generates."""
GOOD: dict[str, object] = {
    "heading": "WNS(ns)",
    "setup": "0.012",
    "hold": "0.009",
    "pulse": "1.100",
    "unclocked": "0",
    "routable": 100,
    "routed": 100,
    "routing_errors": 0,
    "skew": 0,
    "unsafe": 0,
    "unsafe_elsewhere": 0,
    "clocks": "kernel_clock",
    "cdc": 0,
    "cdc_elsewhere": 0,
    "methodology": 0,
    "methodology_elsewhere": 0,
    "latches": 0,
    "latches_elsewhere": 0,
    "critical": 0,
    "errors": 0,
    "fails": "nothing",
    "version": "2023.2",
    "boards": BOARDS,
    "targets": "cable0 cable1",
    "held": "",
    "ips": "xilinx.com:ip:xlconstant:1.1",
    "devices": "xcu200_0",
    "kernel_xml": KERNEL_XML,
}

TIMING = """
1. checking no_clock ({unclocked})
| Design Timing Summary
| ---------------------

    {heading}      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)  \
THS Failing Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints  \
TPWS Total Endpoints
    -------      -------  ---------------------  -------------------      -------      -------  \
---------------------  -------------------     --------     --------  ----------------------  \
--------------------
      {setup}        0.000                      0                 9000      {hold}        0.000  \
                    0                 9000        {pulse}        0.000                       0  \
               900

| Intra Clock Table
Clock             WNS(ns)      TNS(ns)      WHS(ns)      THS(ns)     WPWS(ns)     TPWS(ns)
-----             -------      -------      -------      -------     --------     --------
ap_clk             -9.000        0.000       -9.000        0.000       -9.000        0.000
"""
ROUTE = """
   # of logical nets.......................... :        9000 :
       # of nets not needing routing.......... :        8000 :
       # of routable nets..................... :        {routable} :
           # of fully routed nets............. :        {routed} :
       # of nets with routing errors.......... :           {routing_errors} :
"""

INTERACTION = """
{kernel}        pipe_clk         rise - rise   0.812   0.000       0      12   Timed (unsafe)
"""
SAFE = """
kernel_clock    pipe_clk         rise - rise   0.812   0.000       0      12   Datapath Only
clkout1         kernel_clock     rise - rise   0.812   0.000       0      12   Asynchronous Groups
"""

PORTS = functools.cache(build.kernel_ports)


class Call(NamedTuple):
    """A command that a flow issued."""

    name: str
    words: tuple[str, ...]

    def option(self, name: str) -> str:
        return self.words[self.words.index(name) + 1]


class Vivado:
    """The recorder on PATH, its answers and its recordings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trace = folder / "trace"
        self.answers = dict(GOOD)

    def prepare(self) -> None:
        def repeated(name: str, text: str) -> tuple[str, str]:
            """Counts in the kernel and in the whole design."""
            inside, outside = (int(str(self.answers[n])) for n in (name, f"{name}_elsewhere"))
            return text * inside, text * (inside + outside)

        cdc = repeated("cdc", "CDC-1  Critical  1-bit unknown CDC circuitry\n")
        methodology = repeated("methodology", "TIMING-6 ")
        latches = repeated("latches", "a_latch ")
        pairs = INTERACTION.format(kernel="kernel_clock") * int(str(self.answers["unsafe"]))
        pairs += INTERACTION.format(kernel="clkout1") * int(str(self.answers["unsafe_elsewhere"]))
        answers = {
            "report_timing_summary": TIMING.format_map(self.answers),
            "report_route_status": ROUTE.format_map(self.answers),
            "report_bus_skew": "Slack (VIOLATED) :  -0.1ns\n" * int(str(self.answers["skew"])),
            "report_clock_interaction": pairs + SAFE,
            "get_clocks": self.answers["clocks"],
            "report_cdc": cdc[1],
            "kernel report_cdc": cdc[0],
            "methodology": methodology[1],
            "kernel methodology": methodology[0],
            "latches": latches[1],
            "kernel latches": latches[0],
            "CRITICAL WARNING": self.answers["critical"],
            "ERROR": self.answers["errors"],
            "fails": self.answers["fails"],
            "get_board_parts": self.answers["boards"],
            "get_hw_targets": self.answers["targets"],
            "held": self.answers["held"],
            "get_ipdefs": self.answers["ips"],
            "get_hw_devices": self.answers["devices"],
            "get_cells": "cell_a cell_b cell_c",
            "version": self.answers["version"],
            "ipx::current_core": "core",
            "kernel_xml": self.answers["kernel_xml"],
        }
        lines = [f"dict set answers {{{name}}} {{{value}}}" for name, value in answers.items()]
        (self.folder / "answers.tcl").write_text("\n".join(lines), encoding="utf-8")
        self.trace.unlink(missing_ok=True)

    def calls(self) -> list[Call]:
        if not self.trace.exists():
            return []
        records = self.trace.read_text(encoding="utf-8").split("\x1e")[:-1]
        return [Call(words[0], tuple(words[1:])) for words in (r.split("\x1f") for r in records)]

    def run(self, *arguments: str) -> Result:
        self.prepare()
        return CliRunner().invoke(build.app, arguments)

    def named(self, name: str) -> list[Call]:
        return [call for call in self.calls() if call.name == name]


def schema() -> str:
    """The commands as a Tcl dictionary."""
    entries = []
    for name, spec in vivado_commands.commands.items():
        switches = " ".join(
            f"{switch} {{value {int(rule['value'] is not None)}}}"
            for switch, rule in spec["switches"].items()
        )
        required = [switch for switch, rule in spec["switches"].items() if rule["required"]]
        positionals = spec["positionals"]
        endless = any(rule["value"]["type"] == "variadic" for rule in positionals)
        least = sum(rule["required"] for rule in positionals)
        most = 1000 if endless else len(positionals)
        entries.append(
            f"{name} {{switches {{{switches}}} required {{{' '.join(required)}}}"
            f" least {least} most {most}}}"
        )
    return "set schema {\n" + "\n".join(entries) + "\n}\n"


def program(folder: Path, name: str, script: str) -> None:
    """Puts a shell script on PATH."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def vivado(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vivado:
    """The recorder as vivado on PATH; results go to the test's own directory."""
    recorder = ROOT / "tests" / "vivado_recorder.tcl"
    program(tmp_path, "vivado", f'exec tclsh {recorder} "$@"')
    (tmp_path / "schema.tcl").write_text(schema(), encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(build, "kernel_ports", PORTS)
    monkeypatch.setattr(build, "PLATFORMS", tmp_path / "platforms")
    for name in ("PLATFORM_REPO_PATHS", "XILINX_VITIS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECORDER_SCHEMA", str(tmp_path / "schema.tcl"))
    monkeypatch.setenv("RECORDER_ANSWERS", str(tmp_path / "answers.tcl"))
    monkeypatch.setenv("RECORDER_TRACE", str(tmp_path / "trace"))
    return Vivado(tmp_path)


def ok(result: Result) -> None:
    assert result.exit_code == 0, (result.output, result.exception)


def order(vivado: Vivado, *names: str) -> None:
    """Checks that the flow issued these commands in this order."""
    given = iter(call.name for call in vivado.calls())
    for name in names:
        assert name in given, f"no {name} in its place"


# -- The kernel on its own -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*configs.names(), "tiny-long+resident-8"])
def test_top_is_the_kernel_with_its_parameters(name: str, tmp_path: Path) -> None:
    config = configs.load(name)
    top = tmp_path / "crocuta.v"
    top.write_text(build.top_verilog(config, tmp_path / "tables"), encoding="utf-8")
    slang = driver.Driver()
    slang.addStandardArgs()
    files = " ".join(f'"{path}"' for path in [*rtl_files(), top])
    assert slang.parseCommandLine(f"slang --std 1800-2017 {files}")
    assert slang.processOptions()
    assert slang.parseAllSources()
    compilation = slang.createCompilation()
    (instance,) = (i for i in compilation.getRoot().topInstances if i.name == build.TOP)
    assert not [d for d in compilation.getAllDiagnostics() if d.isError()]
    kernel = next(m for m in instance.body if m.name == "kernel")
    values = {p.name: int(p.value.value) for p in kernel.body.parameters}
    path = str(tmp_path / "tables").encode()
    parameters = {**config.parameters(), "TwiddleDir": int.from_bytes(path)}
    assert {name: values[name] for name in parameters} == parameters
    ports = {port.name: port for port in instance.body.portList}
    # Ports to memories that the kernel does not use end inside.
    closed = {
        port.name
        for port in kernel.body.portList
        for bank in set(Bank).difference(banks(config))
        if port.name.startswith(f"{build.master(bank)}_")
    }
    assert bool(closed) == (config.resident > 0)
    assert set(ports) == {port.name for port in kernel.body.portList} - closed
    for port in kernel.body.portList:
        if port.name not in closed:
            assert ports[port.name].type.bitWidth == port.type.bitWidth
            assert ports[port.name].direction == port.direction


def test_ooc(vivado: Vivado, capfd: pytest.CaptureFixture[str]) -> None:
    ok(vivado.run("ooc", "--config", CONFIG))
    order(
        vivado,
        *("set_part", "read_verilog", "read_verilog", "read_xdc", "synth_design"),
        *("write_checkpoint", "read_xdc", "opt_design", "place_design", "phys_opt_design"),
        *("write_checkpoint", "route_design", "write_checkpoint", "write_verilog"),
        *("report_timing_summary", "report_route_status", "report_cdc", "report_utilization"),
        *("report_methodology",),
        *("report_qor_assessment", "report_qor_suggestions", "get_msg_config"),
    )
    call = vivado.named("synth_design")[-1]
    assert call.option("-top") == build.TOP
    assert call.option("-part") == "xcu200-fsgd2104-2-e"
    assert call.option("-mode") == "out_of_context"
    assert len(vivado.named("phys_opt_design")) == 1
    said = capfd.readouterr().out
    assert f"make netlist CONFIG={CONFIG} compares the netlists in " in said
    folder = build.BUILD / CONFIG
    results = {path.name for path in (folder / "ooc").iterdir()}
    assert {"synthesised.dcp", "placed.dcp", "routed.dcp", "timing_summary.rpt"} <= results
    summary = json.loads((folder / "ooc" / "summary.json").read_text(encoding="utf-8"))
    assert summary["passed"] is True
    assert summary["failures"] == []
    assert summary["config"] == CONFIG
    assert summary["gate"]["setup_slack_ns"] == 0.012
    assert summary["gate"]["hold_slack_ns"] == 0.009
    assert summary["gate"]["pulse_width_slack_ns"] == 1.1
    assert summary["cells"]["dsp48e2"] == 3


def test_ooc_optimises_again_after_a_route_that_misses(vivado: Vivado) -> None:
    vivado.answers["setup"] = "-0.001"
    assert vivado.run("ooc", "--config", CONFIG).exit_code == 1
    order(vivado, "route_design", "phys_opt_design", "report_route_status")


def test_ooc_leaves_netlists(vivado: Vivado) -> None:
    """Netlists of each synthesised arithmetic module and of the routed kernel."""
    ok(vivado.run("ooc", "--config", CONFIG))
    names = [cell.name for cell in build.cells(configs.load(CONFIG))]
    calls = [call for call in vivado.calls() if call.name in ("synth_design", "write_verilog")]
    folder = build.BUILD / CONFIG / "ooc" / "netlists"
    steps = []
    for call in calls:
        if call.name == "synth_design":
            steps.append(call.option("-top"))
            assert call.option("-mode") == "out_of_context"
        else:
            assert call.option("-mode") == "funcsim"
            steps.append(call.words[-1])
    expected = [step for name in sorted(names) for step in (name, str(folder / f"{name}.v"))]
    assert steps == [*expected, build.TOP, str(folder / f"{build.TOP}.v")]
    assert {path.stem for path in folder.iterdir()} == {*names, build.TOP}
    # A cell has none of the ports in the constraints, and is closed before the kernel is read.
    order(vivado, *(["synth_design", "write_verilog", "close_design"] * len(names)), "read_xdc")
    assert len(vivado.named("close_design")) == len(names)


@pytest.mark.parametrize("name", ["tiny", "edge-ecp5", "tiny-long"])
def test_cells_are_the_kernels(name: str) -> None:
    """Each cell's wrapper elaborates, and the kernel contains that module with those parameters."""
    config = configs.load(name)
    text = "\n".join(cell.verilog() for cell in build.cells(config))
    assert len(re.findall(r"^module cell_", text, re.MULTILINE)) == len(build.cells(config))
    assert len(build.cells(config)) == (5 if config.four_step else 6)
    found: set[tuple[str, tuple[tuple[str, int], ...]]] = set()
    slang = driver.Driver()
    slang.addStandardArgs()
    parameters = " ".join(f"-G {key}={value}" for key, value in config.parameters().items())
    files = " ".join(f'"{path}"' for path in rtl_files())
    assert slang.parseCommandLine(f"slang --std 1800-2017 --top {config.top} {parameters} {files}")
    assert slang.processOptions()
    assert slang.parseAllSources()
    modules = {cell.module for cell in build.cells(config)}

    def visit(symbol: object) -> None:
        definition = getattr(getattr(symbol, "definition", None), "name", "")
        body = getattr(symbol, "body", None)
        if definition in modules and body is not None:
            values = {p.name: int(p.value.value) for p in body.parameters if not p.isLocalParam}
            found.add((definition, tuple(sorted(values.items()))))

    slang.createCompilation().getRoot().visit(visit)
    for cell in build.cells(config):
        assert (cell.module, tuple(sorted(cell.parameters.items()))) in found


def read(vivado: Vivado, commands: tuple[str, ...]) -> list[Path]:
    """The files that these commands read, in order."""
    return [
        Path(path)
        for call in vivado.calls()
        if call.name in commands
        for path in call.words[-1].split()
    ]


@pytest.mark.parametrize("flow", ["ooc", "xo", "bitstream"])
def test_the_design_is_all_of_rtl(vivado: Vivado, flow: str) -> None:
    ok(vivado.run(flow, "--config", CONFIG))
    design = read(vivado, ("read_verilog",) if flow == "ooc" else ("add_files",))
    cells = sorted((build.BUILD / CONFIG / "cells").glob("*.v")) if flow == "ooc" else []
    assert design == [*rtl_files(), *cells, build.BUILD / CONFIG / "crocuta.v"]
    assert set(rtl_files()) == set((ROOT / "rtl").rglob("*.sv"))
    tables = re.search(r'TwiddleDir\("(.*)"\)', design[-1].read_text(encoding="utf-8"))
    assert tables is not None
    levels = configs.load(CONFIG).chunk_log2
    assert len(list(Path(tables[1]).glob("level_*.mem"))) == levels


def test_every_constraint_file_is_read(vivado: Vivado) -> None:
    files = []
    for flow in ("ooc", "bitstream"):
        ok(vivado.run(flow, "--config", CONFIG))
        files += read(vivado, ("read_xdc",))
    assert sorted(files) == sorted((ROOT / "constraints").glob("*.xdc"))


# -- The gate --------------------------------------------------------------------------------------

BAD = {
    "setup": ("-0.001", "setup slack ns: -0.001"),
    "hold": ("-0.020", "hold slack ns: -0.020"),
    "pulse": ("-0.100", "pulse width slack ns: -0.100"),
    "unclocked": (3, "pins without clock: 3"),
    "routed": (98, "unrouted nets: 2"),
    "routing_errors": (1, "nets with routing errors: 1"),
    "cdc": (2, "critical cdc: 2"),
    "methodology": (4, "critical methodology: 4"),
    "errors": (6, "errors: 6"),
    "skew": (1, "bus skew violations: 1"),
    "unsafe": (2, "unsafe clock pairs: 2"),
    "latches": (3, "latches: 3"),
}
UNKNOWN = {
    "heading": ("?", "no report gave setup slack ns"),
    "setup": ("NA", "no report gave setup slack ns"),
    "hold": ("inf", "no report gave hold slack ns"),
    "pulse": ("", "no report gave pulse width slack ns"),
    "unclocked": ("?", "no report gave pins without clock"),
    "routable": ("?", "no report gave unrouted nets"),
    "routing_errors": ("?", "no report gave nets with routing errors"),
    "errors": ("{}", "no report gave errors"),
    "clocks": ("", "no report gave unsafe clock pairs"),
}
STRICT = {
    "critical": (5, "critical warnings: 5"),
    "cdc_elsewhere": (2, "critical cdc: 2"),
    "methodology_elsewhere": (4, "critical methodology: 4"),
    "latches_elsewhere": (1, "latches: 1"),
}
"""Figures that count only for the kernel alone: findings in AMD's IPs cannot be fixed."""


@pytest.mark.parametrize(
    ("flow", "answer", "value", "sentence"),
    [
        (flow, name, *bad)
        for flow, kinds in (("ooc", (BAD, UNKNOWN, STRICT)), ("bitstream", (BAD, UNKNOWN)))
        for cases in kinds
        for name, bad in cases.items()
    ],
)
def test_gate(
    vivado: Vivado,
    flow: str,
    answer: str,
    value: object,
    sentence: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    vivado.answers[answer] = value
    result = vivado.run(flow, "--config", CONFIG)
    assert result.exit_code == 1
    assert sentence in capfd.readouterr().err
    folder = build.BUILD / CONFIG / flow
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["passed"] is False
    assert sentence in summary["failures"]
    assert not vivado.named("write_bitstream")
    assert not {path.suffix for path in folder.iterdir()} & {".bit", ".mcs"}


def test_the_ips_findings_are_shown_and_let_the_card_pass(vivado: Vivado) -> None:
    for name, (value, _) in STRICT.items():
        vivado.answers[name] = value
    vivado.answers["unsafe_elsewhere"] = 3
    result = vivado.run("bitstream", "--config", CONFIG)
    ok(result)
    shown = re.findall(r"^  (\w+ \w+) +(\d+)  in the whole card, not gated$", result.stdout, re.M)
    assert shown == [
        ("critical warnings", "5"),
        ("critical cdc", "2"),
        ("critical methodology", "4"),
    ]
    folder = build.BUILD / CONFIG / "bitstream"
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["passed"] is True
    assert summary["seen"] == {
        "critical_warnings": 5,
        "critical_cdc": 2,
        "critical_methodology": 4,
    }
    assert (folder / "crocuta.bit").exists()


@pytest.mark.parametrize(
    ("flow", "step"),
    [
        *(("ooc", step) for step in ("read_verilog", "synth_design", "opt_design", "place_design")),
        *(("ooc", step) for step in ("route_design", "write_checkpoint", "get_msg_config")),
        *(("bitstream", step) for step in ("validate_bd_design", "generate_target")),
        *(("bitstream", step) for step in ("synth_design", "route_design", "write_bitstream")),
        *(("xo", step) for step in ("ipx::check_integrity", "package_xo")),
    ],
)
def test_a_step_that_fails_ends_the_build(vivado: Vivado, flow: str, step: str) -> None:
    folder = build.BUILD / CONFIG / flow
    folder.mkdir(parents=True)
    for stale in ("summary.json", "crocuta.bit", "crocuta.mcs", "crocuta.xo"):
        (folder / stale).touch()
    vivado.answers["fails"] = step
    result = vivado.run(flow, "--config", CONFIG)
    assert result.exit_code == 1, result.output
    assert "vivado failed" in result.stderr
    names = {path.name for path in folder.iterdir()}
    assert not names & {"crocuta.bit", "crocuta.mcs", "crocuta.xo"}


# -- The whole card --------------------------------------------------------------------------------

# The IPs' pins that the block design uses, and those that must be connected.
PINS = {
    "util_ds_buf": {"CLK_IN_D", "IBUF_OUT", "IBUF_DS_ODIV2"},
    "xdma": {
        *("sys_clk", "sys_clk_gt", "sys_rst_n", "usr_irq_req", "axi_aclk", "axi_aresetn"),
        *("pcie_mgt", "M_AXI", "M_AXI_LITE"),
    },
    "xlconstant": {"dout"},
    "ilconstant": {"dout"},
    "proc_sys_reset": {
        *("slowest_sync_clk", "ext_reset_in"),
        *("peripheral_reset", "peripheral_aresetn", "interconnect_aresetn"),
    },
    "ddr4": {
        *("sys_rst", "c0_ddr4_ui_clk", "c0_ddr4_ui_clk_sync_rst", "c0_ddr4_aresetn"),
        *("C0_SYS_CLK", "C0_DDR4", "C0_DDR4_S_AXI", "C0_DDR4_S_AXI_CTRL"),
    },
    "axi_register_slice": {"aclk", "aresetn", "S_AXI", "M_AXI"},
}
UNUSED = {"proc_sys_reset": {"peripheral_reset", "peripheral_aresetn", "interconnect_aresetn"}}
KERNEL_UNUSED = {"interrupt"}
KINDS = {"get_bd_pins", "get_bd_intf_pins"}


def kernel_interfaces(config: str) -> set[str]:
    """The kernel's pins in a block design: its AXI interfaces and the pins outside them."""
    names = {name for _, name, _ in PORTS(configs.load(config))}
    axi = {match[0] for name in names if (match := re.match(r"[ms]_axi_.*(?=_)", name))}
    return axi | {name for name in names if not re.match(r"[ms]_axi_", name)}


class Design(NamedTuple):
    """The block design that the flow has built."""

    config: Config
    kinds: dict[str, str]
    properties: dict[str, dict[str, str]]
    used: set[str]
    segments: dict[tuple[str, str], tuple[int, int]]
    links: dict[str, str]
    """Interface connections, from master to slave."""
    nets: dict[str, str]
    """The driver of each driven pin."""


def drawn(vivado: Vivado, config: str = CONFIG) -> Design:
    kinds: dict[str, str] = {}
    properties: dict[str, dict[str, str]] = {}
    used = set()
    segments = {}
    links = {}
    nets: dict[str, str] = {}
    for call in vivado.calls():
        if call.name == "create_bd_cell":
            kinds[call.words[-1]] = call.option("-vlnv").split(":")[2]
        elif call.name == "set_property" and call.words[0] == "-dict":
            words = call.words[1].split()
            # A later call wins, but the order within one call is not documented.
            values = dict(zip(words[::2], words[1::2], strict=True))
            properties[call.words[2]] = properties.get(call.words[2], {}) | values
        elif call.name in KINDS:
            used.add(call.words[0])
        elif call.name == "assign_bd_address":
            key = (call.option("-target_address_space"), call.words[-1])
            segments[key] = (int(call.option("-offset"), 0), int(call.option("-range"), 0))
        elif call.name == "connect_bd_intf_net":
            links[call.words[0]] = call.words[1]
        elif call.name == "connect_bd_net":
            nets |= dict.fromkeys(call.words[1:], call.words[0])
    return Design(configs.load(config), kinds, properties, used, segments, links, nets)


def smartconnect_pins(properties: dict[str, str]) -> set[str]:
    pins = {"aclk", "aresetn"}
    pins |= {f"aclk{n}" for n in range(1, int(properties["CONFIG.NUM_CLKS"]))}
    pins |= {f"S{n:02}_AXI" for n in range(int(properties["CONFIG.NUM_SI"]))}
    return pins | {f"M{n:02}_AXI" for n in range(int(properties["CONFIG.NUM_MI"]))}


@pytest.fixture(params=CONFIGS)
def design(vivado: Vivado, request: pytest.FixtureRequest) -> Design:
    ok(vivado.run("bitstream", "--config", request.param))
    return drawn(vivado, request.param)


def test_bitstream(vivado: Vivado) -> None:
    ok(vivado.run("bitstream", "--config", CONFIG, "--target", "u200"))
    order(
        vivado,
        *("ipx::package_project", "ipx::save_core", "create_project", "set_property"),
        *("update_ip_catalog", "create_bd_design", "validate_bd_design", "save_bd_design"),
        *("generate_target", "make_wrapper", "read_verilog", "read_xdc", "synth_design"),
        *("read_xdc", "opt_design", "place_design", "route_design", "report_cdc"),
        *("get_msg_config", "write_bitstream", "write_cfgmem"),
    )
    (call,) = vivado.named("synth_design")
    assert "-mode" not in call.words
    properties = {call.words[0]: call.words[1] for call in vivado.named("set_property")}
    directives = {
        call.name: call.option("-directive")
        for call in vivado.calls()
        if "-directive" in call.words
    }
    assert directives == {
        "place_design": "ExtraTimingOpt",
        "phys_opt_design": "Explore",
        "route_design": "NoTimingRelaxation",
    }
    assert properties["board_part"] == "xilinx.com:au200:part0:1.10"
    assert properties["synth_checkpoint_mode"] == "None"
    assert Path(properties["ip_repo_paths"]) == Path(
        vivado.named("ipx::package_project")[0].option("-root_dir")
    )
    (call,) = vivado.named("write_cfgmem")
    bit = build.BUILD / CONFIG / "bitstream" / "crocuta.bit"
    assert call.option("-loadbit") == f"up 0x01002000 {bit}"


def test_every_pin_exists_and_is_connected(design: Design) -> None:
    expected = set()
    for cell, kind in design.kinds.items():
        if kind == "smartconnect":
            pins = unused = smartconnect_pins(design.properties[cell])
            unused = set()
        elif cell == "kernel":
            pins, unused = kernel_interfaces(design.config.name), KERNEL_UNUSED
        else:
            pins, unused = PINS[kind], UNUSED.get(kind, set())
        known = {f"{cell}/{pin}" for pin in pins}
        assert {pin for pin in design.used if pin.split("/")[0] == cell} <= known
        expected |= {f"{cell}/{pin}" for pin in pins - unused}
    assert expected <= design.used
    assert {pin.split("/")[0] for pin in design.used} == set(design.kinds)


SLRS = {"0": 0, "1": 1, "2": 1, "3": 2}
"""The SLR of each memory's pins."""


def slr_of(cell: str) -> int:
    """The SLR of a cell: a memory's, the kernel's, or PCIe's."""
    memory = re.match(r"memory(\d)", cell)
    return SLRS[memory[1]] if memory else 0 if cell == "kernel" else 1


def test_every_bus_between_slrs_is_registered(design: Design) -> None:
    """No bus connects cells of different SLRs without a register slice between them."""
    crossings = set()
    for master, slave in design.links.items():
        ends = {pin.split("/")[0] for pin in (master, slave)} & set(design.kinds)
        if len(ends) < 2:
            continue  # a port of the card
        slices = {cell for cell in ends if design.kinds[cell] == "axi_register_slice"}
        if not slices:
            assert len({slr_of(cell) for cell in ends}) == 1, f"{master} to {slave}"
        crossings |= slices
    for cell in crossings:
        (master,) = (m for m, slave in design.links.items() if slave == f"{cell}/S_AXI")
        slave = design.links[f"{cell}/M_AXI"]
        ends = {pin.split("/")[0] for pin in (master, slave)}
        assert len({slr_of(end) for end in ends}) == 2, f"{cell} crosses nothing"
        assert design.properties[cell]["CONFIG.REG_AW"] == "15"
    # Control, ECC and host to memory 0; from the kernel to 1, 2, 3; ECC and host to memory 3.
    assert len(crossings) == {1: 3, 3: 5, 4: 8}[len(numbers(design.config))]


def clocks_of(design: Design, cell: str) -> list[str]:
    """The nets that clock a cell's interfaces."""
    kind = design.kinds[cell]
    own = {"xdma": "axi_aclk", "ddr4": "c0_ddr4_ui_clk"}
    if kind in own:
        return [f"{cell}/{own[kind]}"]
    if kind == "smartconnect":
        count = int(design.properties[cell]["CONFIG.NUM_CLKS"])
        return [design.nets[f"{cell}/aclk{n or ''}"] for n in range(count)]
    return [design.nets[f"{cell}/{'ap_clk' if cell == 'kernel' else 'aclk'}"]]


def test_smartconnects_have_each_clock_once(design: Design) -> None:
    """Clocks of everything connected; a clock that came in twice would be converted to itself."""
    for cell in (cell for cell, kind in design.kinds.items() if kind == "smartconnect"):
        clocks = clocks_of(design, cell)
        assert len(set(clocks)) == len(clocks), cell
        used = set()
        for ends in ({pin.split("/")[0] for pin in link} for link in design.links.items()):
            if cell in ends:
                (other,) = ends - {cell}
                shared = set(clocks) & set(clocks_of(design, other))
                assert shared, f"{cell} has no clock of {other}"
                used |= shared
        assert used == set(clocks), cell


def test_memories_have_no_inputs_for_self_refresh(vivado: Vivado, design: Design) -> None:
    """The board's preset enables them; settings in the same call may be applied before it."""
    for n in numbers(design.config):
        given = [
            call.words for call in vivado.named("set_property") if call.words[-1] == f"memory{n}"
        ]
        board, own = (words[1] for words in given)
        assert f"ddr4_sdram_c{n}" in board
        assert "SELF_REFRESH" not in board
        for name in ("SELF_REFRESH", "SAVE_RESTORE"):
            assert design.properties[f"memory{n}"][f"CONFIG.C0.DDR4_{name}"] == "false"
            assert name in own


@pytest.mark.parametrize(
    ("ips", "vlnv"),
    [
        ("xilinx.com:ip:xlconstant:1.1", "xilinx.com:ip:xlconstant"),
        ("", "xilinx.com:inline_hdl:ilconstant:1.0"),
    ],
)
def test_no_interrupt(vivado: Vivado, ips: str, vlnv: str) -> None:
    vivado.answers["ips"] = ips
    ok(vivado.run("bitstream", "--config", CONFIG))
    design = drawn(vivado)
    assert design.nets["pcie/usr_irq_req"] == "no_interrupt/dout"
    (cell,) = (c for c in vivado.named("create_bd_cell") if c.words[-1] == "no_interrupt")
    assert cell.option("-vlnv") == vlnv
    assert cell.option("-type") == vlnv.split(":")[1]
    assert design.properties["no_interrupt"]["CONFIG.CONST_VAL"] == "0"


def arguments() -> list[dict[str, str]]:
    """The contents of vivado/kernel_arguments.tcl, read by Tcl."""
    script = f"source {ROOT / 'vivado' / 'kernel_arguments.tcl'}\n" + (
        "foreach a $crocuta_arguments {foreach k {name offset size type port} "
        '{puts -nonewline "[dict get $a $k]|"}; puts {}}'
    )
    done = subprocess.run(["tclsh"], input=script, text=True, capture_output=True, check=True)
    keys = ("name", "offset", "size", "type", "port")
    return [dict(zip(keys, line.split("|"), strict=False)) for line in done.stdout.splitlines()]


def port_of(bank: Bank) -> str:
    return f"m_axi_{bank.name.lower()}"


def numbers(config: Config) -> list[int]:
    """The card's memories that a kernel uses."""
    return sorted(set(u200.memories(config).values()))


def test_address_map(design: Design) -> None:
    """The block design's addresses are those that the backend `xdma` uses."""
    block = "C0_DDR4_MEMORY_MAP/C0_DDR4_ADDRESS_BLOCK"
    expected = {("pcie/M_AXI_LITE", "kernel/s_axi_control/reg0"): (u200.REGISTERS, 4096)}
    for n in numbers(design.config):
        whole = n << 34, 1 << 34
        expected["pcie/M_AXI", f"memory{n}/{block}"] = whole
        control = f"memory{n}/C0_DDR4_MEMORY_MAP_CTRL/C0_REG"
        expected["pcie/M_AXI_LITE", control] = ((n + 1) << 16, 4096)
    for bank, n in u200.memories(design.config).items():
        base, size = expected["pcie/M_AXI", f"memory{n}/{block}"]
        expected[f"kernel/{port_of(bank)}", f"memory{n}/{block}"] = (base, size)
        place = u200.places(design.config)[bank]
        assert base <= place.base and place.base + place.size <= base + size
    assert design.segments == expected
    # The kernel's registers fit, and everything fits the PCIe window of 1 MB.
    address_bits = next(
        bits for _, name, bits in PORTS(configs.load(CONFIG)) if name == "s_axi_control_awaddr"
    )
    assert 1 << address_bits == 4096
    assert max(Register) < 4096
    assert max(at for (space, _), (at, _) in expected.items() if "LITE" in space) < 1 << 20


def end_of(design: Design, pin: str) -> str:
    """The end of a master's bus, through register slices and the memories' SmartConnects."""
    way_out = {"axi_register_slice": "M_AXI", "smartconnect": "M00_AXI"}
    while (cell := design.links[pin].split("/")[0]) and design.kinds[cell] in way_out:
        pin = f"{cell}/{way_out[design.kinds[cell]]}"
    return design.links[pin]


def test_buses_end_where_the_addresses_say(design: Design) -> None:
    for bank, n in u200.memories(design.config).items():
        assert end_of(design, f"kernel/{port_of(bank)}") == f"memory{n}/C0_DDR4_S_AXI"
    for n in numbers(design.config):
        assert end_of(design, f"host/M{n:02}_AXI") == f"memory{n}/C0_DDR4_S_AXI"
        assert end_of(design, f"control/M{n + 1:02}_AXI") == f"memory{n}/C0_DDR4_S_AXI_CTRL"
    assert end_of(design, "control/M00_AXI") == "kernel/s_axi_control"
    assert design.links["pcie/M_AXI"] == "host/S00_AXI"
    assert design.links["pcie/M_AXI_LITE"] == "control/S00_AXI"


def test_the_page_says_what_the_first_registers_read() -> None:
    page = (ROOT / "docs" / "build.md").read_text(encoding="utf-8")
    first, second = identity(configs.load("u200"))
    reads = re.findall(r"reg_rw /dev/xdma0_user (0x\w+) w +#.* (0x\w{8})", page)
    assert [(int(at, 16), int(value, 16)) for at, value in reads] == [
        (Register.VERSION, VERSION),
        (Register.IDENTITY, first),
        (Register.IDENTITY2, second),
    ]


def test_no_board_files(vivado: Vivado, capfd: pytest.CaptureFixture[str]) -> None:
    vivado.answers["boards"] = ""
    result = vivado.run("bitstream", "--config", CONFIG)
    assert result.exit_code == 2
    sentence = capfd.readouterr().err
    assert sentence.startswith("The U200's board files are missing: name their folder by set_param")
    assert sentence.count("\n") == 1
    assert result.stderr == ""
    assert not vivado.named("create_project")


def test_constraints_name_what_there_is(vivado: Vivado) -> None:
    ports = {name for _, name, _ in PORTS(configs.load(CONFIG))}
    ok(vivado.run("ooc", "--config", CONFIG))
    named = [call.words[0] for call in vivado.named("get_ports")]
    assert named
    assert set(named) <= ports
    (clock,) = vivado.named("create_clock")
    assert clock.words[-1] == "ap_clk"
    assert float(clock.option("-period")) == pytest.approx(1000 / 300, abs=0.001)
    ok(vivado.run("bitstream", "--config", CONFIG))
    cells = set(drawn(vivado).kinds)
    names = [
        name
        for call in vivado.named("get_cells")
        if not call.words[0].startswith("-")
        for name in call.words[0].split()
    ]
    assert len(names) > 1
    for name in names:
        top, _, cell = name.partition("/")
        assert f"{top.removesuffix('_i')}_wrapper" == vivado.named("synth_design")[0].option("-top")
        assert cell in cells
    (kernel,) = {call.words[0] for call in vivado.named("get_pins")}
    assert kernel == f"{names[0]}/ap_clk"


def test_the_floorplan_agrees_with_the_crossings(vivado: Vivado, design: Design) -> None:
    """Each SmartConnect is assigned to the SLR on its side of the register slices."""
    told = {
        cell.partition("/")[2]: call.words[1]
        for call in vivado.named("set_property")
        if call.words[0] == "USER_SLR_ASSIGNMENT"
        for cell in call.words[2].split()
    }
    connects = {cell for cell, kind in design.kinds.items() if kind == "smartconnect"}
    assert told == {cell: f"SLR{slr_of(cell)}" for cell in connects}


@pytest.mark.parametrize("flow", ["ooc", "bitstream"])
def test_what_no_build_survives_is_an_error(vivado: Vivado, flow: str) -> None:
    ok(vivado.run(flow, "--config", CONFIG))
    order(vivado, "set_msg_config", "set_msg_config", "set_msg_config", "synth_design")
    raised = {c.option("-id"): c.option("-new_severity") for c in vivado.named("set_msg_config")}
    assert raised == dict.fromkeys(
        ("Common 17-1548", "Synth 8-4445", "Vivado 12-1433"),
        "ERROR",
    )


@pytest.mark.parametrize(
    ("flow", "config", "table"),
    [
        ("xo", "tiny", "level_06.mem"),
        ("bitstream", "tiny", "level_01.mem"),
        ("xo", "tiny-long", "column_03.mem"),
        ("xo", "tiny-long", "twist_fine.mem"),
    ],
)
def test_a_table_that_is_missing(
    vivado: Vivado,
    flow: str,
    config: str,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Vivado would only warn, and build an empty ROM."""
    write = rom_files.write

    def all_but_one(config: configs.Config, directory: Path) -> Path:
        write(config, directory)
        (directory / table).unlink()
        return directory

    monkeypatch.setattr(rom_files, "write", all_but_one)
    assert vivado.run(flow, "--config", config).exit_code == 1
    folder = build.BUILD / config / "twiddles"
    assert f"There is no table {folder / table}: rebuild" in capfd.readouterr().err
    assert not vivado.named("ipx::package_project")


# -- Vitis -----------------------------------------------------------------------------------------


def test_xo(vivado: Vivado) -> None:
    ok(vivado.run("xo", "--config", CONFIG))
    order(
        vivado,
        *("create_project", "add_files", "ipx::package_project", "ipx::infer_bus_interface"),
        *("ipx::associate_bus_interfaces", "ipx::add_memory_map", "ipx::add_address_block"),
        *("ipx::add_register", "ipx::create_xgui_files", "ipx::update_checksums"),
        *("ipx::check_integrity", "ipx::save_core", "close_project", "package_xo", "package_xo"),
    )
    first, last = vivado.named("package_xo")
    assert first.option("-ctrl_protocol") == "ap_ctrl_chain"
    # The second one replaces the object by one with the completed kernel.xml.
    assert "-force" in last.words
    assert last.option("-kernel_xml") == first.option("-output_kernel_xml")
    root = vivado.named("ipx::package_project")[0].option("-root_dir")
    for call in (first, last):
        assert call.option("-kernel_name") == build.TOP
        assert call.option("-ip_directory") == root
        assert call.option("-xo_path") == str(build.BUILD / CONFIG / "xo" / "crocuta.xo")


@pytest.mark.parametrize(
    "generated",
    [
        KERNEL_XML,
        KERNEL_XML.replace(' hwControlProtocol="ap_ctrl_chain"', ""),
        KERNEL_XML.replace("interrupt=", 'swReset="false" interrupt='),
    ],
    ids=["without a reset", "without a protocol", "with no reset"],
)
def test_xrt_learns_that_the_kernel_has_a_software_reset(vivado: Vivado, generated: str) -> None:
    vivado.answers["kernel_xml"] = generated
    ok(vivado.run("xo", "--config", CONFIG))
    path = vivado.named("package_xo")[-1].option("-kernel_xml")
    (before,) = ElementTree.fromstring(generated.encode())
    (after,) = ElementTree.parse(path).getroot()
    declared = {"swReset": "true", "hwControlProtocol": "ap_ctrl_chain"}
    assert after.attrib == before.attrib | declared
    assert [child.tag for child in after] == [child.tag for child in before] == ["ports"]


def test_a_kernel_xml_without_a_kernel_fails(
    vivado: Vivado, capfd: pytest.CaptureFixture[str]
) -> None:
    vivado.answers["kernel_xml"] = "<root><kernels/></root>"
    assert vivado.run("xo", "--config", CONFIG).exit_code == 1
    assert "package_xo did not write one kernel to" in capfd.readouterr().err
    assert len(vivado.named("package_xo")) == 1


@pytest.mark.parametrize("name", CONFIGS)
def test_packaged_interfaces_are_the_kernels(vivado: Vivado, name: str) -> None:
    config = configs.load(name)
    ok(vivado.run("xo", "--config", name))
    buses = {
        call.option("-busif")
        for call in vivado.named("ipx::associate_bus_interfaces")
        if "-busif" in call.words
    }
    signals = {call.words[0] for call in vivado.named("ipx::infer_bus_interface")}
    assert buses | signals == kernel_interfaces(name)
    widths = {
        call.words[2]: call.words[1]
        for call in vivado.named("set_property")
        if call.words[-1].endswith("/DATA_WIDTH")
    }
    assert widths == {
        f"core/{port_of(bank)}/DATA_WIDTH": str(config.axi_bits) for bank in banks(config)
    }
    (bits,) = {width for _, name, width in PORTS(config) if re.fullmatch("m_axi_.*_rdata", name)}
    assert bits == config.axi_bits
    # The packaged properties match the masters' behaviour.
    for master in ("read", "write"):
        text = rtl_file(f"axi_{master}_master").read_text(encoding="utf-8")
        depth = re.search(r"MaxOutstanding = (\d+)", text)
        assert depth is not None
        promised = {
            call.words[1]
            for call in vivado.named("set_property")
            if call.words[-1].endswith(f"/NUM_{master.upper()}_OUTSTANDING")
        }
        assert promised == {depth[1]}


@pytest.mark.parametrize("name", CONFIGS)
def test_packaged_registers_are_the_kernels(vivado: Vivado, name: str) -> None:
    """Its arguments in the order in which the host passes them, and each pointer's master."""
    config = configs.load(name)
    ok(vivado.run("xo", "--config", name))
    registers: dict[str, dict[str, str]] = {
        call.words[0]: {} for call in vivado.named("ipx::add_register")
    }
    for call in vivado.named("set_property"):
        name, value, of = call.words if len(call.words) == 3 else ("", "", "")
        path = of.split("/")
        if path[:2] == ["core", "s_axi_control"] and len(path) >= 4:
            key = "/".join([*path[4:], name])
            registers[path[3]][key] = value
    control = {"CTRL": 0x00, "GIER": 0x04, "IP_IER": 0x08, "IP_ISR": 0x0C}
    expected = {each: int(Register[each.upper()]) for each in kernel_arguments(config)}
    found = {n: int(r["address_offset"], 0) for n, r in registers.items()}
    assert list(found.items()) == [*control.items(), *expected.items()]
    for each, register in registers.items():
        assert register["size"] == ("64" if each in POINTERS else "32")
        port = port_of(POINTERS[each]) if each in POINTERS else None
        assert register.get("ASSOCIATED_BUSIF/value") == port
    assert registers["CTRL"]["AP_CONTINUE/bit_offset"] == "4"


def test_arguments_are_the_rtls() -> None:
    package = (ROOT / "rtl" / "crocuta_pkg.sv").read_text(encoding="utf-8")
    offsets = {
        name: int(value, 16) for name, value in re.findall(r"int Reg(\w+) += 'h(\w+);", package)
    }
    kernel = {name for _, name, _ in PORTS(configs.load("tiny-long"))}
    for argument in arguments():
        name = "".join(part.capitalize() for part in argument["name"].split("_"))
        assert int(argument["offset"], 0) == offsets[name]
        assert argument["type"].endswith("*") == bool(argument["port"])
        assert not argument["port"] or f"{argument['port']}_araddr" in kernel
    assert {argument["port"] for argument in arguments()} == {*map(port_of, Bank), ""}


@pytest.mark.parametrize(
    ("name", "memories"),
    [
        ("u200", {"samples": 0, "x_spectra": 1, "h_spectra": 2}),
        ("u200-long", {"samples": 0, "x_spectra": 1, "h_spectra": 2, "z_spectra": 3}),
        ("u200-card", {"samples": 0, "h_spectra": 0}),
    ],
)
def test_link_gives_each_port_its_memory(name: str, memories: dict[str, int]) -> None:
    assert [line for line in build.link_settings(configs.load(name)).splitlines() if line] == [
        "kernel_frequency=0:300",
        "[connectivity]",
        "nk=crocuta:1:crocuta_1",
        "slr=crocuta_1:SLR0",
        *(f"sp=crocuta_1.m_axi_{port}:DDR[{n}]" for port, n in memories.items()),
    ]


def vitis(
    vivado: Vivado, status: int = 0, metadata: str = 'swReset="true"'
) -> Callable[[], list[list[str]]]:
    """Puts v++, emconfigutil and the platform in place; returns a function for their command
    lines. The xclbin contains `metadata`."""
    (build.PLATFORMS / build.PLATFORM).mkdir(parents=True)
    (build.PLATFORMS / build.PLATFORM / f"{build.PLATFORM}.xpfm").touch()
    log = vivado.folder / "vitis"
    script = f'echo "$(basename $0)" "$@" >> {log}\n'
    program(
        vivado.folder,
        "v++",
        script + "while [ $# -gt 0 ]; do\n"
        f'[ "$1" = --output ] && echo \'<kernel {metadata}>\' > "$2"; shift; done\n'
        f"exit {status}",
    )
    program(vivado.folder, "emconfigutil", script + "touch emconfig.json")
    return lambda: [line.split() for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("mode", build.MODES)
def test_xclbin(vivado: Vivado, mode: str) -> None:
    lines = vitis(vivado)
    result = vivado.run("xclbin", "--config", CONFIG, "--mode", mode)
    ok(result)
    link, package, *emulation = lines()
    folder = build.BUILD / CONFIG / mode
    linked, done = str(folder / "crocuta.link.xclbin"), str(folder / "crocuta.xclbin")
    common = ["--target", mode, "--platform", "xilinx_u200_gen3x16_xdma_2_202110_1"]
    assert link[:6] == ["v++", "--link", *common]
    settings = Path(link[link.index("--config") + 1])
    assert settings.read_text(encoding="utf-8") == build.link_settings(configs.load(CONFIG))
    assert link[-3:] == ["--output", linked, str(build.BUILD / CONFIG / "xo" / "crocuta.xo")]
    assert ("-g" in link) == (mode == "hw_emu")
    # Emulation has no implementation, so no strategy.
    assert (build.STRATEGY in link) == (mode == "hw")
    assert package[:6] == ["v++", "--package", *common]
    assert package[6:] == ["--package.out_dir", str(folder), "--output", done, linked]
    assert [words[0] for words in emulation] == ["emconfigutil"] * (mode == "hw_emu")
    hint = f"XCL_EMULATION_MODE=hw_emu EMCONFIG_PATH={folder}"
    assert (hint if mode == "hw_emu" else f"`xclbinutil --info --input {done}`") in result.stdout
    assert "sw_reset_kernels" not in result.stdout


@pytest.mark.parametrize("metadata", ['swReset="false"', ""])
def test_an_xclbin_without_a_software_reset(vivado: Vivado, metadata: str) -> None:
    vitis(vivado, metadata=metadata)
    result = vivado.run("xclbin", "--config", CONFIG)
    ok(result)
    assert 'sw_reset_kernels="/crocuta/" in section [Runtime] of xrt.ini.' in result.stdout


def test_link_fails(vivado: Vivado) -> None:
    lines = vitis(vivado, status=1)
    result = vivado.run("xclbin", "--config", CONFIG)
    assert result.exit_code == 1
    assert "v++ failed" in result.stderr
    assert len(lines()) == 1


def test_a_link_without_tables_fails(vivado: Vivado) -> None:
    """v++ only warns if it does not find a table."""
    lines = vitis(vivado)
    script = (vivado.folder / "bin" / "v++").read_text(encoding="utf-8")
    warning = "CRITICAL WARNING: [Synth 8-4445] could not open $readmem data file 'level_01.mem'"
    runs = "temp/link/vivado/vpl/prj/prj.runs/crocuta_synth_1"
    warning = warning.replace("$", "\\$")
    log = f'mkdir -p {runs}; echo "{warning}" > {runs}/runme.log'
    program(vivado.folder, "v++", f"{log}\n{script}")
    result = vivado.run("xclbin", "--config", CONFIG)
    assert result.exit_code == 1
    assert result.stderr.startswith("v++ did not find the twiddle tables and built empty ROMs: see")
    assert len(lines()) == 1


@pytest.mark.parametrize("place", ["PLATFORM_REPO_PATHS", "XILINX_VITIS", "a path"])
def test_where_platforms_are(
    vivado: Vivado, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vitis(vivado)
    monkeypatch.setattr(build, "PLATFORMS", tmp_path / "nowhere")
    result = vivado.run("xclbin", "--config", CONFIG)
    assert result.exit_code == 2
    assert result.stderr == (
        f"There is no platform {build.PLATFORM}: install its development package, or add its"
        " directory to PLATFORM_REPO_PATHS.\n"
    )
    assert not vivado.calls()
    name = build.PLATFORM
    if place == "a path":
        missing = vivado.run("xclbin", "--config", CONFIG, "--platform", "nothing.xpfm")
        assert missing.exit_code == 2
        assert missing.stderr.startswith("There is no nothing.xpfm: PLATFORM names a platform, or")
        name = str(tmp_path / "platforms" / build.PLATFORM / f"{build.PLATFORM}.xpfm")
    elif place == "XILINX_VITIS":
        monkeypatch.setenv(place, str(tmp_path))
    else:
        monkeypatch.setenv(place, f"/nowhere:{tmp_path / 'platforms'}")
    ok(vivado.run("xclbin", "--config", CONFIG, "--platform", name))


@pytest.mark.parametrize("command", ["ooc", "bitstream", "program", "xo", "xclbin"])
def test_an_old_vivado(vivado: Vivado, command: str) -> None:
    vitis(vivado)
    vivado.answers["version"] = "2021.2"
    result = vivado.run(command, "--config", CONFIG)
    assert result.exit_code == 2
    assert result.stderr == "Vivado 2021.2 is too old: the flows need 2022.1 or newer.\n"
    assert not vivado.calls()


def test_a_product_that_is_not_there_fails(vivado: Vivado) -> None:
    vitis(vivado)
    program(vivado.folder, "v++", "exit 0")
    result = vivado.run("xclbin", "--config", CONFIG)
    assert result.exit_code == 1
    assert "did not write" in result.stderr


# -- Cards -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "product"), [("program", "bit"), ("flash", "mcs")])
def test_card(vivado: Vivado, action: str, product: str, capfd: pytest.CaptureFixture[str]) -> None:
    result = vivado.run(action, "--config", CONFIG)
    assert result.exit_code == 2
    assert "make bitstream CONFIG=tiny" in result.stderr
    assert not vivado.calls()
    ok(vivado.run("bitstream", "--config", CONFIG))
    result = vivado.run(action, "--config", CONFIG)
    ok(result)
    order(vivado, "open_hw_manager", "connect_hw_server", "open_hw_target", "program_hw_devices")
    path = str(build.BUILD / CONFIG / "bitstream" / f"crocuta.{product}")
    key = "PROGRAM.FILES" if action == "flash" else "PROGRAM.FILE"
    assert (key, path) in {call.words[:2] for call in vivado.named("set_property")}
    assert len(vivado.named("program_hw_cfgmem")) == (action == "flash")
    assert ("a Vitis platform in its flash is lost" in result.stdout) == (action == "flash")
    assert len(vivado.named("open_hw_target")) == 1

    def no_card() -> None:
        capfd.readouterr()
        result = vivado.run(action, "--config", CONFIG)
        assert result.exit_code == 2
        sentence = capfd.readouterr().err
        assert sentence.startswith("No U200 found: ")
        assert sentence.count("\n") == 1
        assert result.stderr == ""

    # Another program is using the first cable, then both.
    vivado.answers["held"] = "cable0"
    ok(vivado.run(action, "--config", CONFIG))
    assert [call.words[0] for call in vivado.named("open_hw_target")] == ["cable0", "cable1"]
    vivado.answers["held"] = "cable0 cable1"
    no_card()
    vivado.answers |= {"held": "", "devices": ""}
    no_card()
    assert len(vivado.named("open_hw_target")) == len(vivado.named("close_hw_target")) == 2


# -- What the user gets wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("ooc --config nothing", "There is no configuration 'nothing'"),
        ("bitstream --target nothing", "There is no target 'nothing'; choose one of: u200, ecp5"),
        ("xclbin --mode nothing", "There is no mode 'nothing'; choose one of: hw, hw_emu."),
        ("ooc", "There is no vivado on PATH"),
        ("bitstream", "There is no vivado on PATH"),
        ("program", "There is no vivado on PATH"),
        ("flash", "There is no vivado on PATH"),
        ("xo", "There is no vivado on PATH"),
        ("xclbin", "There is no vivado and no v++ on PATH"),
        ("xclbin --mode hw_emu", "There is no vivado and no v++ and no emconfigutil on PATH"),
    ],
)
def test_one_sentence(
    command: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(build.app, command.split())
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


# -- The checks themselves -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("synth_desing -top x -part y", 'invalid command name "synth_desing"'),
        ("synth_design -topp x -part y", "synth_design has no option -topp"),
        ("synth_design -top x", "synth_design needs -part"),
        ("synth_design -top x -top y -part z", "synth_design has -top twice"),
        ("synth_design -part z -top", "synth_design needs a value after -top"),
        ("synth_design -part z -top {}", "synth_design has an empty value after -top"),
        ("set_part", "set_part has 0 arguments"),
        ("set_part a b", "set_part has 2 arguments"),
        ("set_property a b", "set_property a b"),
        ("set_property -dict {a b c} d", "a name without a value"),
        ("read_verilog {nothing.sv}", "there is no file nothing.sv"),
        ("add_files {nothing.sv}", "there is no file nothing.sv"),
        ("source nothing.tcl", "there is no file nothing.tcl"),
        ("set file [open c.xdc w]; puts $file {if 1 {}}; close $file; read_xdc c.xdc", "if"),
        ("set file [open c.xdc w]; puts $file opt_design; close $file; read_xdc c.xdc", "opt_"),
        ("lmap a {1 2} {}", 'invalid command name "lmap"'),
        ("format %09X 0x800000000", "format %09X cuts 0x800000000 off"),
        ("program_hw_devices d; program_hw_cfgmem m", "program_hw_cfgmem after program_hw_devices"),
    ],
)
def test_recorder_refuses(vivado: Vivado, script: str, problem: str) -> None:
    vivado.prepare()
    path = vivado.folder / "script.tcl"
    path.write_text(script, encoding="utf-8")
    command = ["vivado", "-mode", "batch", "-source", str(path)]
    done = subprocess.run(command, cwd=vivado.folder, text=True, capture_output=True)
    assert done.returncode == 1
    assert problem in done.stderr


@pytest.mark.parametrize("option", ["-moder", "-mode gui"])
def test_recorder_refuses_a_command_line(vivado: Vivado, option: str) -> None:
    vivado.prepare()
    done = subprocess.run(["vivado", *option.split()], text=True, capture_output=True)
    assert done.returncode == 1


def test_tclint_finds_a_misspelt_option(tmp_path: Path) -> None:
    path = tmp_path / "script.tcl"
    path.write_text("synth_design -top x -part y -flaten_hierarchy none\n", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "tclint"), "--trust-plugins", "--commands"]
    command += [str(ROOT / "flow" / "vivado_commands.py"), str(path)]
    done = subprocess.run(command, text=True, capture_output=True)
    assert done.returncode == 1
    assert "-flaten_hierarchy" in done.stdout


def test_schema_is_used(vivado: Vivado) -> None:
    """Every command in the schema occurs in some flow: none is left over from an earlier one."""
    used: set[str] = set()
    for flow in ("ooc", "bitstream", "xo", "program", "flash"):
        ok(vivado.run(flow, "--config", CONFIG))
        used |= {call.name for call in vivado.calls()}
    vivado.answers["devices"] = ""
    vivado.run("program", "--config", CONFIG)
    used |= {call.name for call in vivado.calls()}
    assert set(vivado_commands.commands) == used - {"vivado"}
