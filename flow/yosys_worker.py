# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Runs yosys for flow.synth in a separate process, because an error in yosys ends its process.

`python -m flow.yosys_worker < JOB.json` runs one of three jobs. `elaborate` cuts a design into
netlists of one unit each; `synthesise` maps such netlists to UltraScale+ cells and counts them;
`check` looks at the whole design for what the cuts would hide: loops and drivers across units.
yosys writes its log to stdout.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from pyosys import libyosys

Json = dict[str, Any]

# Only arrays marked as memories, as in ram.sv, become memories; others are shift registers.
READ = ("read_slang", "--std", "1800-2017", "--no-implicit-memories")
CHECKS = "check -assert -nolatches"
BATCH = "batch"
SYNTHESISE = f"synth_xilinx -family xcup -uram -noiopad -noclkbuf -top {BATCH} -run"
FLOW = (
    f"{SYNTHESISE} begin:map_luts",
    # What synth_xilinx does at map_luts, but by abc with the costs of the LUTs and multiplexers:
    # the time abc9 takes grows with the square of the modules in the design.
    "opt_expr -mux_undef -noclkinv",
    "abc -luts 2:2,3,6:5,10,20",
    "clean",
    "xilinx_srl -fixed -minlen 3",
    "techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6",
    "xilinx_dffopt",
    "opt_lut_ins -tech xilinx",
    f"{SYNTHESISE} finalize:edif",
)


class Unit(NamedTuple):
    """A unit as instantiated somewhere in the design. Equal units are synthesised once."""

    module: str
    parameters: tuple[tuple[str, str], ...]
    tied: tuple[tuple[str, int, str], ...]  # constant input bits: port, bit, value
    unused: tuple[tuple[str, int], ...]  # output bits that nothing reads

    def key(self) -> str:
        """The unit's key in the plan."""
        return digest(list(self))[:16]


def digest(data: object) -> str:
    """The SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def parameter(value: str) -> str:
    """A parameter from a JSON netlist, as read_slang's -G takes it."""
    return f"{len(value)}'b{value}" if re.fullmatch(r"[01]+", value) else f'"{value.rstrip(" ")}"'


def read_slang(
    design: libyosys.Design, job: Json, module: str, parameters: list[str], cut: list[str]
) -> None:
    """Elaborates `module` with the modules `cut` as black boxes."""
    arguments = [*READ, *job["files"], "--top", module]
    for assignment in parameters:
        arguments += ["-G", assignment]
    for name in cut:
        arguments += ["--blackboxed-module", name]
    design.run_pass(arguments)


def through_json(design: libyosys.Design, path: Path) -> Json:
    """The design as yosys writes it."""
    design.run_pass(["write_json", str(path)])
    netlist: Json = json.loads(path.read_text(encoding="utf-8"))
    return netlist


def specialise(module: Json, unit: Unit) -> None:
    """Applies the unit's constant inputs to its netlist, and removes unused outputs."""
    constants = {
        module["ports"][port]["bits"][bit]: value
        for port, bit, value in unit.tied
        if port in module["ports"]
    }
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            cell["connections"][port] = [constants.get(bit, bit) for bit in bits]
    for port in module["ports"].values():
        if port["direction"] == "output":
            port["bits"] = [constants.get(bit, bit) for bit in port["bits"]]
    for name, bit in unit.unused:
        module["ports"][name]["bits"][bit] = "x"
    # An output port is its own net, too.
    for name, port in module["ports"].items():
        if port["direction"] == "output":
            module["netnames"][name]["bits"] = port["bits"]


def children(module: Json, cut: list[str]) -> list[tuple[str, Unit]]:
    """The units inside a unit, by cell name, with their constant inputs and unused outputs."""
    used = {bit for port in module["ports"].values() for bit in port["bits"]}
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] != "output":
                used.update(bits)
    found = []
    for name, cell in module["cells"].items():
        if cell["type"] in cut:
            tied, unused = [], []
            for port, bits in sorted(cell["connections"].items()):
                output = cell["port_directions"][port] == "output"
                for index, bit in enumerate(bits):
                    if output and bit not in used:
                        unused.append((port, index))
                    elif not output and isinstance(bit, str):
                        tied.append((port, index, bit))
            parameters = tuple(sorted(cell["parameters"].items()))
            found.append((name, Unit(cell["type"], parameters, tuple(tied), tuple(unused))))
    return found


def normalise(top: str, module: Json, boxes: list[str]) -> Json:
    """Makes netlists of equal hardware equal, by removing source locations and generated names.

    The cells `boxes` become black boxes whose type depends only on their ports, so that units that
    differ only in the units inside them share one netlist.
    """
    modules: Json = {}
    for name in boxes:
        cell = module["cells"][name]
        widths = {port: len(bits) for port, bits in cell["connections"].items()}
        ports = {
            port: {"direction": cell["port_directions"][port], "bits": []}
            for port in sorted(widths)
        }
        net = 2
        for port in ports:
            ports[port]["bits"] = list(range(net, net + widths[port]))
            net += widths[port]
        cell["type"] = f"{cell['type']}${digest([widths, cell['port_directions']])[:8]}"
        cell["parameters"] = {}
        modules[cell["type"]] = {
            "attributes": {"blackbox": "1"}, "ports": ports, "cells": {}, "netnames": {}
        }  # fmt: skip
    for kind in ("cells", "netnames", "memories"):
        renamed = {}
        for index, (name, item) in enumerate(module.get(kind, {}).items()):
            item["attributes"].pop("src", None)
            hidden = name.startswith("$")
            if kind != "netnames" or not hidden or item["attributes"]:
                renamed[f"${kind}${index}" if hidden and kind != "memories" else name] = item
        module[kind] = renamed
    # yosys maps only RAMs to distributed memory; it builds a ROM in LUTs as logic.
    written = {
        cell["parameters"]["MEMID"]
        for cell in module["cells"].values()
        if cell["type"].startswith("$memwr")
    }
    for name, memory in module["memories"].items():
        if f"\\{name}" not in written and memory["attributes"].get("ram_style") == "distributed":
            memory["attributes"] |= {"ram_style": "logic", "rom_style": "logic"}
    module["attributes"] = {}
    modules[top] = module
    return {"modules": modules}


def elaborate(job: Json) -> Json:
    """The plan: every unit from the top down, with its netlist and the units inside it, counted.

    Writes the netlists into the job's directory as HASH.json.
    """
    directory = Path(job["directory"])
    scratch = directory / f"scratch-{os.getpid()}.json"
    cut = list(job["units"])
    # By module and parameters: the netlist before it is specialised for its surroundings.
    general: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
    units: Json = {}
    top = Unit(job["top"], tuple(sorted(job["parameters"].items())), (), ())
    waiting = [top]
    while waiting:
        unit = waiting.pop()
        if unit.key() in units:
            continue
        name = unit.module
        if unit[:2] not in general:
            settings = [
                f"{key}={value if unit is top else parameter(value)}"
                for key, value in unit.parameters
            ]
            design = libyosys.Design()
            read_slang(design, job, name, settings, [other for other in cut if other != name])
            general[unit[:2]] = json.dumps(through_json(design, scratch))
        netlist = json.loads(general[unit[:2]])
        specialise(netlist["modules"][name], unit)
        scratch.write_text(json.dumps(netlist), encoding="utf-8")
        design = libyosys.Design()
        design.run_pass(["read_json", str(scratch)])
        design.run_pass("opt_clean; opt_expr; opt_mem; opt_clean")
        module = through_json(design, scratch)["modules"][name]
        found = children(module, cut)
        netlist = normalise(name, module, [cell for cell, _ in found])
        key = digest(netlist)
        path = directory / f"{key}.json"
        path.write_text(json.dumps(netlist), encoding="utf-8")
        units[unit.key()] = {
            "module": name,
            "parameters": dict(unit.parameters),
            "netlist": key,
            "children": Counter(child.key() for _, child in found),
        }
        waiting += [child for _, child in found]
    scratch.unlink()
    return {"top": top.key(), "units": units}


def together(job: Json) -> Json:
    """Combines many netlists into one design: a top module with one instance of each, kept."""
    modules: Json = {}
    cells: Json = {}
    for key, item in job["netlists"].items():
        found = json.loads(Path(item["path"]).read_text(encoding="utf-8"))["modules"]
        unit = found.pop(item["module"])
        modules |= {key: unit, **found}
        cells[f"u_{key}"] = {
            "type": key,
            "parameters": {},
            "attributes": {"keep": "1"},
            "port_directions": {name: port["direction"] for name, port in unit["ports"].items()},
            "connections": {},
        }
    modules[BATCH] = {"attributes": {}, "ports": {}, "cells": cells, "netnames": {}}
    return {"modules": modules}


def synthesise(job: Json) -> Json:
    """The cells of each netlist, counted by type, black boxes included.

    The netlists are synthesised as one design, because reading yosys' libraries takes longer than
    synthesising most of them.
    """
    scratch = Path(job["result"]).with_suffix(".scratch")
    scratch.write_text(json.dumps(together(job)), encoding="utf-8")
    design = libyosys.Design()
    design.run_pass(["read_json", str(scratch)])
    design.run_pass(CHECKS)
    for command in FLOW:
        design.run_pass(command)
    design.run_pass("check -assert -noinit")
    design.run_pass(["tee", "-q", "-o", str(scratch), "stat", "-json"])
    modules = json.loads(scratch.read_text(encoding="utf-8"))["modules"]
    scratch.unlink()
    return {key: modules[f"\\{key}"]["num_cells_by_type"] for key in job["netlists"]}


def check(job: Json) -> Json:
    """Checks the whole design in one piece for loops, multiple drivers and latches across units."""
    design = libyosys.Design()
    settings = [f"{name}={value}" for name, value in job["parameters"].items()]
    read_slang(design, job, job["top"], settings, [])
    design.run_pass(CHECKS)
    return {}


JOBS = {"elaborate": elaborate, "synthesise": synthesise, "check": check}

if __name__ == "__main__":
    work: Json = json.loads(sys.stdin.read())
    result = Path(work["result"])
    part = result.with_suffix(f".part-{os.getpid()}")
    part.write_text(json.dumps(JOBS[work["job"]](work)), encoding="utf-8")
    # Replace the file in one step, because a result is kept and reused from then on.
    part.replace(result)
