# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make bitstream TARGET=ecp5-85k`: an ECP5-85 with open tools, to a .bit and a routed clock rate.

yosys maps boards/ecp5/ecp5_85k.v with the kernel at one configuration to the FPGA's cells,
nextpnr-ecp5 places and routes them, and ecppack writes the bitstream. A native nextpnr-ecp5 on PATH
takes precedence over the one in .venv, which is WebAssembly and slower. All products go to
build/ecp5/TARGET/CONFIG/; a netlist there is reused if the design has not changed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crocuta.backends import uart_kernel
from crocuta.design.sources import design_files
from crocuta.models.configs import ROOT, Config, ConfigError
from crocuta.models.files import write_generated
from crocuta.models.transform import rom_files
from flow import ecp5_netlist
from flow.synth import fail
from tb.registry import BOARD_MODULES

BOARD = ROOT / "boards" / "ecp5"
BUILD = ROOT / "build" / "ecp5"
TOP = "ecp5_85k"
DESIGN = "crocuta_board"
OSCILLATOR_MHZ = 25
SOURCES = tuple(BOARD / f"{name}.sv" for name in BOARD_MODULES)

CELLS = {
    "TRELLIS_COMB": "LUT4",
    "TRELLIS_FF": "FF",
    "MULT18X18D": "MULT18X18D",
    "DP16KD": "DP16KD",
}

Json = dict[str, Any]
console = Console(highlight=False, soft_wrap=True)


@dataclasses.dataclass(frozen=True)
class Target:
    """A board with an LFE5U-85F, and the design's clock on it."""

    name: str
    speed: int
    """The FPGA's speed grade."""
    clock_mhz: int
    """The PLL's output clock, which the routed design must reach."""


TARGETS = (Target("ecp5-85k", 6, 75), Target("ecp5-85k-8", 8, 100))


def parameters(config: Config, target: Target, tables: Path) -> dict[str, int | str]:
    """Parameters of crocuta_board."""
    return {
        **config.parameters(),
        "TwiddleDir": str(tables),
        "SamplesBeats": uart_kernel.BOARD["samples_size"] * 8 // config.axi_bits,
        "SpectraBeats": uart_kernel.BOARD["x_spectra_size"] * 8 // config.axi_bits,
        "ClocksPerBit": round(target.clock_mhz * 1e6 / uart_kernel.BOARD["baud"]),
    }


def run(command: Sequence[str], directory: Path, what: str) -> None:
    """Runs a tool with its log in `directory`; exits with its first error if it fails."""
    log = directory / f"{what}.log"
    with console.status(f"{what} ..."), log.open("w", encoding="utf-8") as file:
        start = time.monotonic()
        done = subprocess.run(command, cwd=directory, stdout=file, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if "ERROR" in line] or lines[-1:] or ["no output"]
        raise fail(f"{what} failed: {errors[0].strip()} (see {log}).", 1)
    console.print(f"  {what:24} {time.monotonic() - start:6.0f} s")


def tool(name: str) -> str:
    """The native tool on PATH if there is one, otherwise the one in .venv."""
    native = shutil.which(name)
    if native:
        return native
    return str(Path(sys.executable).parent / f"yowasp-{name}")


def map_design(
    directory: Path,
    design: str,
    settings: Mapping[str, int | str],
    files: Sequence[Path],
    top: str,
    beside: Sequence[Path] = (),
) -> None:
    """Maps `design`, or the plain-Verilog wrapper `top` in `beside` around it, to ECP5 cells.

    Writes netlist.json for nextpnr and the same netlist as TOP.v for simulation. Reuses both if
    the sources have not changed.
    """
    values = " ".join(
        f"-G {name}={value}" if isinstance(value, int) else f'-G {name}="{value}"'
        for name, value in settings.items()
    )
    script = "\n".join(
        [
            f"read_slang --std 1800-2017 --no-implicit-memories {values} --top {design} "
            + " ".join(str(path) for path in files),
            *(f"read_verilog {path}" for path in beside),
            # As synth_ecp5, but small tables become logic: LUT RAM has no initial contents.
            f"synth_ecp5 -top {top} -run begin:map_ram",
            "setattr -unset ram_style -unset rom_style "
            "t:$mem_v2 r:WR_PORTS=0 %i a:ram_style=distributed %i",
            # LUT RAM is 16 words deep: memories much deeper than that are smaller in block RAM.
            'setattr -set ram_style "block" '
            "t:$mem_v2 r:WR_PORTS=1 %i r:SIZE>=64 %i a:ram_style=distributed %i",
            f"synth_ecp5 -top {top} -run map_ram:map_ffs",
            # Registers whose reset few others share pack badly: only the widely shared resets stay.
            "dfflegalize -minsrst 256 -cell $_DFF_?_ 01 -cell $_DFFE_??_ 01 -cell $_SDFF_?P?_ r "
            "-cell $_SDFFE_?P??_ r",
            f"synth_ecp5 -top {top} -run map_ffs:",
            "check -assert -noinit",
            "write_json netlist.json",
            f"write_verilog -noattr -noexpr {top}.v",
            "",
        ]
    )
    tables = sorted(Path(str(settings.get("TwiddleDir", directory))).glob("*.mem"))
    digest = hashlib.sha256(f"{version('pyosys')} {script}".encode())
    for path in [*files, *beside, *tables]:
        digest.update(path.read_bytes())
    kept = directory / "netlist.stamp"
    if kept.exists() and kept.read_text(encoding="utf-8") == digest.hexdigest():
        console.print("  synthesis                reused")
        return
    kept.unlink(missing_ok=True)
    write_generated(directory / "synthesis.ys", script)
    yosys = [sys.executable, str(ROOT / "flow" / "formal_yosys.py")]
    run([*yosys, "-ql", "yosys.log", "synthesis.ys"], directory, "synthesis")
    kept.write_text(digest.hexdigest(), encoding="utf-8")


def synthesise(config: Config, target: Target, directory: Path) -> None:
    """Maps the whole board."""
    tables = rom_files.write(config, directory / "twiddles")
    beside = [BOARD / f"{TOP}.v", directory / "pll.v"]
    files = design_files(DESIGN, SOURCES)
    map_design(directory, DESIGN, parameters(config, target, tables), files, TOP, beside)


def prepare(directory: Path) -> None:
    """Writes design.json: netlist.json with macros placed and high-fan-out registers duplicated."""
    design: Json = json.loads((directory / "netlist.json").read_text(encoding="utf-8"))
    module = design["modules"][TOP]
    copies = ecp5_netlist.copy_registers(module)
    fixed = ecp5_netlist.fix_macros(module)
    (directory / "design.json").write_text(json.dumps(design), encoding="utf-8")
    console.print(f"  {copies} register copies added, {fixed} macros placed")


def refinement(nextpnr: str) -> list[str]:
    """The options that refine a placement on all cores, if this nextpnr has them."""
    known = subprocess.run([nextpnr, "--help"], capture_output=True, text=True)
    if "--parallel-refine" not in known.stdout + known.stderr:
        return []
    return ["--parallel-refine", "--threads", str(os.cpu_count())]


def place(target: Target, directory: Path) -> Json:
    """Places and routes; writes crocuta.config and returns nextpnr's report."""
    nextpnr = tool("nextpnr-ecp5")
    options = ["--85k", "--package", "CABGA381", "--speed", str(target.speed), "--seed", "1"]
    options += ["--freq", str(target.clock_mhz), "--timing-allow-fail"]
    options += ["--json", "design.json", "--lpf", f"{TOP}.lpf"]
    options += ["--textcfg", "crocuta.config", "--report", "report.json"]
    shutil.copy(BOARD / f"{TOP}.lpf", directory)
    options += refinement(nextpnr)
    run([nextpnr, *options], directory, "place and route")
    report: Json = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    return report


def clock_rate(report: Json) -> float:
    """The routed rate in MHz of the slowest clock, which is the kernel's."""
    return min(float(clock["achieved"]) for clock in report["fmax"].values())


def longest_path(report: Json) -> str:
    """The longest path within the kernel's clock: its first and last cell and its delay."""
    inner = [path for path in report["critical_paths"] if path["from"] == path["to"]]
    steps = inner[0]["path"]
    delays = sum(float(step["delay"]) for step in steps)
    return f"{steps[0]['from']['cell']} to {steps[-1]['to']['cell']}, {delays:.1f} ns"


def build(config: Config, target: Target) -> None:
    """Builds build/ecp5/TARGET/CONFIG/crocuta.bit, or exits if the design misses its clock or the
    board does not take it."""
    try:
        config.check_board()
    except ConfigError as error:
        raise fail(f"C{str(error)[1:]}.", 2) from None
    directory = BUILD / target.name / config.name
    directory.mkdir(parents=True, exist_ok=True)
    bitstream = directory / "crocuta.bit"
    bitstream.unlink(missing_ok=True)
    console.print(f"{config.name} for {target.name}, speed grade {target.speed}:")
    pll = ["-i", str(OSCILLATOR_MHZ), "-o", str(target.clock_mhz), "--module", "pll"]
    names = ["--clkin_name", "clkin", "--clkout0_name", "clkout0", "-f", "pll.v"]
    run([tool("ecppll"), *pll, *names], directory, "PLL")
    synthesise(config, target, directory)
    prepare(directory)
    report = place(target, directory)
    rate = clock_rate(report)
    summary = {
        "target": target.name,
        "config": config.name,
        "speed_grade": target.speed,
        "clock_mhz": target.clock_mhz,
        "fmax_mhz": round(rate, 2),
        "longest_path": longest_path(report),
        "cells": {name: report["utilization"][cell] for cell, name in CELLS.items()},
        "passed": rate >= target.clock_mhz,
    }
    write_generated(directory / "summary.json", json.dumps(summary, indent=1) + "\n")
    table = Table(box=None)
    for heading in ("", "used", "of"):
        table.add_column(heading, justify="right" if heading else "left")
    for cell, name in CELLS.items():
        use = report["utilization"][cell]
        table.add_row(name, f"{use['used']:,}", f"{use['available']:,}")
    console.print(table)
    console.print(f"  longest path: {summary['longest_path']}")
    if rate < target.clock_mhz:
        raise fail(
            f"{target.name} routed at {rate:.1f} MHz, short of its {target.clock_mhz} MHz; no "
            f"bitstream was written. The paths are in {directory / 'place and route.log'}.",
            1,
        )
    run([tool("ecppack"), "--compress", "crocuta.config", "crocuta.bit"], directory, "packing")
    console.print(f"Routed at {rate:.1f} MHz, clocked at {target.clock_mhz} MHz: {bitstream}.")
