# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make synth CONFIG=u200`: the UltraScale+ resources of a configuration, counted by yosys.

The design is cut into units at the modules in UNITS; everything else belongs to the unit around it.
Each distinct unit is synthesised once, with the units inside it as black boxes, and again only when
its netlist changes. The design's cells are the sum over units of cells times instances. Constant
inputs and unused outputs are applied to a unit before its synthesis, so the cuts hide little that
synthesis in one piece would find, and what they do hide can only raise the figures.

Figures: lut (logic, LUT RAM and shift registers; a LUT6 used as two LUTs counts as two), ff, dsp
(DSP48E2), bram36 (two RAMB18E2 count as one), uram. yosys leaves pipeline registers and adders
beside a DSP48E2, where Vivado packs them into it: lut and ff are too high by these.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crocuta import stops
from crocuta.design.sources import design_files, rtl_file
from crocuta.errors import BuildError
from crocuta.models import configs
from crocuta.models.configs import ROOT, Config
from crocuta.models.files import write_generated
from crocuta.models.transform import rom_files

# Total size of the JSON netlists that one yosys process handles together.
BATCH_BYTES = 3 << 20
BUILD = ROOT / "build" / "synth"

# The design is cut at modules that are large or used in several places. Their ports are registered
# or nearly so, so synthesis across them would gain little.
UNITS = (
    "forward_path",
    "inverse_path",
    "four_step_forward",
    "four_step_inverse",
    "twist",
    "factor_multiply",
    "fft_engine",
    "fft_level",
    "commutator",
    "twiddle_rom",
    "cfp_multiply",
    "cfp_butterfly",
    "cfp_add",
    "float_to_cfp",
    "cfp_to_float",
    "spectral_mac",
    "overlap_add",
    "sample_reader",
    "sample_writer",
    "spectrum_reader",
    "spectrum_writer",
    "chunk_controller",
    "pass_sequencer",
    "four_step_controller",
    "job_control",
    "control_registers",
)

# The figures, and their names in the output.
FIGURES = {
    "lut": "LUT",
    "ff": "FF",
    "dsp": "DSP48E2",
    "bram36": "BRAM36",
    "uram": "URAM",
    "lut_ram": "LUT as RAM",
    "lut_srl": "LUT as SRL",
}

# LUTs per distributed-memory cell.
LUT_RAMS = {
    "RAM32X1S": 1,
    "RAM32X1D": 2,
    "RAM32M": 4,
    "RAM32M16": 8,
    "RAM64X1S": 1,
    "RAM64X1D": 2,
    "RAM64M": 4,
    "RAM64M8": 8,
    "RAM128X1S": 2,
    "RAM128X1D": 4,
    "RAM256X1S": 4,
    "RAM256X1D": 8,
    "RAM512X1S": 8,
}
SHIFT_REGISTERS = {"SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1}
CELLS: dict[str, dict[str, float]] = {
    "DSP48E2": {"dsp": 1},
    "RAMB36E2": {"bram36": 1},
    "RAMB18E2": {"bram36": 0.5},
    "URAM288": {"uram": 1},
    # Belongs to a slice whose LUTs are already counted.
    "CARRY4": {},
    "CARRY8": {},
    "MUXF7": {},
    "MUXF8": {},
    "MUXF9": {},
    # An inverter merges into the LUT that follows, or becomes one.
    "INV": {"lut": 1},
}
CELLS |= {f"LUT{inputs}": {"lut": 1} for inputs in range(1, 7)}
CELLS |= {name: {"ff": 1} for name in ("FDRE", "FDSE", "FDCE", "FDPE")}
CELLS |= {name: {"lut": n, "lut_ram": n} for name, n in LUT_RAMS.items()}
CELLS |= {name: {"lut": n, "lut_srl": n} for name, n in SHIFT_REGISTERS.items()}

Json = dict[str, Any]
Figures = dict[str, float]
console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = 120


class SynthesisError(RuntimeError):
    """yosys reported an error, or a cell of unknown size; the message says where."""


def units(top: str) -> list[str]:
    """The units that a top module consists of."""
    modules = {path.stem for path in design_files(top)}
    return [name for name in UNITS if name in modules]


def digest(data: object) -> str:
    """The SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def tool() -> str:
    """Inputs, other than the netlist, that determine the result of synthesis."""
    worker = (ROOT / "flow" / "yosys_worker.py").read_text(encoding="utf-8")
    return f"pyosys {version('pyosys')} {worker}"


def load(path: Path) -> Json:
    """A JSON file."""
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content


def relative(path: Path) -> str:
    """A path relative to the directory where yosys runs: its JSON cannot hold an accent, which the
    checkout's path may have."""
    return os.path.relpath(path, ROOT)


class Synthesis:
    """One configuration of one top module on its way through yosys; results stay in build/."""

    def __init__(self, config: Config, top: str) -> None:
        self.config = config
        self.top = top
        self.directory = BUILD / config.name / top
        self.cells_directory = BUILD / "cells"
        for directory in (self.directory, self.cells_directory):
            directory.mkdir(parents=True, exist_ok=True)
        tables = rom_files.write(config, BUILD / config.name / "twiddles")
        files = design_files(top)
        # Parameters that the top does not have are ignored.
        parameters = {name: str(value) for name, value in config.parameters().items()}
        parameters["TwiddleDir"] = f'"{relative(tables)}"'
        self.job = {"top": top, "parameters": parameters, "files": [*map(relative, files)]}
        contents = [
            [relative(path), hashlib.sha256(path.read_bytes()).hexdigest()]
            for path in [*files, *sorted(tables.glob("*.mem"))]
        ]
        self.key = digest([tool(), self.job, UNITS, contents])
        self.tool_key = digest(tool())[:8]
        self.plan = self.directory / f"plan-{self.key}.json"
        self.checked = self.directory / f"check-{self.key}.json"

    def netlist(self, key: str) -> Path:
        """The path of a netlist from the plan until it is synthesised."""
        return self.directory / f"{key}.json"

    def cells(self, key: str) -> Path:
        """The path of a netlist's cell counts, shared by all configurations."""
        return self.cells_directory / f"{key[:32]}-{self.tool_key}.json"

    def waiting(self, plan: Json) -> dict[str, str]:
        """The netlists without cell counts so far, as {key: module}."""
        keys = {unit["netlist"]: unit["module"] for unit in plan["units"].values()}
        return {key: module for key, module in keys.items() if not self.cells(key).exists()}

    def batches(self, waiting: Mapping[str, str]) -> list[dict[str, str]]:
        """The netlists in batches of similar work, the largest first."""
        sizes = {key: self.netlist(key).stat().st_size for key in waiting}
        batches: list[dict[str, str]] = []
        room = 0
        for key in sorted(waiting, key=lambda key: -sizes[key]):
            if room < sizes[key]:
                batches.append({})
                room = BATCH_BYTES
            batches[-1][key] = waiting[key]
            room -= sizes[key]
        return batches

    def elaborated(self) -> Json:
        """yosys_worker.elaborate's plan, made anew if it or one of its netlists is missing."""
        with contextlib.suppress(FileNotFoundError):
            plan = load(self.plan)
            self.batches(self.waiting(plan))
            return plan
        self.call("elaborate", self.top, self.plan, units=UNITS, directory=str(self.directory))
        return load(self.plan)

    def call(self, job: str, module: str, result: Path, **work: Any) -> None:
        """Runs one job of yosys_worker in a separate process; its log is next to `result`."""
        log = result.with_suffix(".log")
        with log.open("w", encoding="utf-8") as file:
            done = subprocess.run(
                [sys.executable, "-m", "flow.yosys_worker"],
                cwd=ROOT,
                input=json.dumps({**self.job, **work, "job": job, "result": str(result)}),
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if done.returncode != 0:
            lines = [line.strip() for line in log.read_text(encoding="utf-8").splitlines()]
            # The check's own error states only the number of warnings.
            problems = [line for line in lines if line.startswith("Warning:") or "ERROR:" in line]
            problem = (problems or lines[-1:] or ["no output"])[0].rstrip(":")
            raise SynthesisError(f"yosys could not {job} {module}: {problem} (see {log})")

    def synthesise(self, batch: Mapping[str, str]) -> int:
        """Writes cells(key) from netlist(key) for all keys in the batch; returns their number."""
        result = self.cells_directory / f"{digest(batch)[:32]}.json"
        names = ", ".join(sorted(set(batch.values())))
        netlists = {
            key: {"module": module, "path": str(self.netlist(key))} for key, module in batch.items()
        }
        self.call("synthesise", names, result, netlists=netlists)
        for key, cells in load(result).items():
            part = self.cells(key).with_suffix(f".part-{os.getpid()}")
            part.write_text(json.dumps(cells), encoding="utf-8")
            # Atomic, because the file is kept and trusted from then on.
            part.replace(self.cells(key))
            self.netlist(key).unlink(missing_ok=True)
        result.unlink()
        return len(batch)

    def check(self) -> int:
        """Checks for problems across the cuts; returns 0, the number of netlists done."""
        if not self.checked.exists():
            self.call("check", self.top, self.checked)
        return 0

    def run(self, step: Callable[[int, int], None]) -> Json:
        """Runs the plan's jobs, one per processor, and returns the plan.

        Calls `step` with the number of netlists done and the number of all.
        """
        plan = self.elaborated()
        waiting = self.waiting(plan)
        done = 0
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(self.check)]
            jobs += [pool.submit(self.synthesise, batch) for batch in self.batches(waiting)]
            try:
                for job in as_completed(jobs):
                    done += job.result()
                    step(done, len(waiting))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return plan

    def own_figures(self, plan: Json) -> dict[str, Figures]:
        """Each unit's resources, without the units inside it."""
        return {
            key: figures(load(self.cells(unit["netlist"])), unit["module"])
            for key, unit in plan["units"].items()
        }


def figures(cells: Mapping[str, int], module: str) -> Figures:
    """The resources of a unit's cells; raises SynthesisError for a cell of unknown size."""
    total: Figures = dict.fromkeys(FIGURES, 0)
    for cell, count in cells.items():
        # UNIT$HASH: a unit inside this one, counted on its own.
        if cell.partition("$")[0] not in UNITS:
            if cell not in CELLS:
                raise SynthesisError(f"{module} contains {cell}, whose size is unknown")
            for figure, size in CELLS[cell].items():
                total[figure] += size * count
    return total


def added(items: Iterable[tuple[int, Figures]]) -> Figures:
    """The sum of figures, each multiplied by its count."""
    total: Figures = dict.fromkeys(FIGURES, 0)
    for count, item in items:
        for figure, value in item.items():
            total[figure] += count * value
    return total


def shown_parameters(unit: Json) -> dict[str, str | int]:
    """The parameters of a unit's module, without the derived ones."""
    text = rtl_file(unit["module"]).read_text(encoding="utf-8")
    names = re.findall(r"^ *parameter +(?:\w+ +)?(\w+) *=", text, flags=re.MULTILINE)
    values = {name: unit["parameters"][name] for name in names if name in unit["parameters"]}
    return {
        name: int(value, 2) if re.fullmatch("[01]+", value) else value
        for name, value in values.items()
        if name != "TwiddleDir"
    }


def report(plan: Json, own: Mapping[str, Figures]) -> Json:
    """The totals, the blocks as a tree of paths, and the modules with their variants."""
    units = plan["units"]
    instances: Counter[str] = Counter()
    paths: dict[tuple[str, ...], list[tuple[int, str]]] = {}

    def walk(key: str, count: int, above: tuple[str, ...]) -> None:
        path = (*above, units[key]["module"])
        instances[key] += count
        paths.setdefault(path, []).append((count, key))
        for child, number in sorted(units[key]["children"].items(), key=lambda item: item[0]):
            walk(child, count * number, path)

    walk(plan["top"], 1, ())
    blocks = [
        {
            "path": list(path),
            "instances": sum(count for count, _ in paths[path]),
            **added(
                (count, own[key])
                for other, uses in paths.items()
                if other[: len(path)] == path
                for count, key in uses
            ),
        }
        for path in sorted(paths)
    ]
    variants: dict[tuple[str, str], list[str]] = {}
    for key in instances:
        variants.setdefault((units[key]["module"], units[key]["netlist"]), []).append(key)
    modules = [
        {
            "module": module,
            "parameters": [shown_parameters(units[key]) for key in keys],
            "instances": sum(instances[key] for key in keys),
            **own[keys[0]],
            "total": added((instances[key], own[key]) for key in keys),
        }
        for (module, _), keys in sorted(variants.items(), key=lambda item: item[0][0])
    ]
    total = added((count, own[key]) for key, count in instances.items())
    return {**total, "blocks": blocks, "modules": modules}


def measured(synthesis: Synthesis) -> tuple[Json, Path]:
    """Synthesises with a progress bar; returns the report and its path."""
    name, top = synthesis.config.name, synthesis.top
    errors = Console(stderr=True)
    # One invocation at a time: another would write the same files.
    with (
        FileLock(BUILD / "lock"),
        Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress,
    ):
        task = progress.add_task(f"{top} at {name}", total=None)
        plan = synthesis.run(lambda done, of: progress.update(task, completed=done, total=of))
    result = report(plan, synthesis.own_figures(plan))
    result = {"config": name, "top": top, "tool": f"pyosys {version('pyosys')}", **result}
    path = BUILD / f"{name if top == synthesis.config.top else f'{name}-{top}'}.json"
    write_generated(path, json.dumps(result, indent=1) + "\n")
    return result, path


def number(value: float) -> str:
    """A figure in the table's format."""
    return f"{value:,.1f}".removesuffix(".0") if value else "-"


def show(result: Json, config: Config) -> None:
    """Prints the blocks as a table; each row includes the rows under it."""
    table = Table(title=f"{result['top']} at {config.name}, UltraScale+", box=SIMPLE)
    table.add_column("block", no_wrap=True)
    for heading in ("instances", *FIGURES.values()):
        table.add_column(heading, justify="right")
    for block in result["blocks"]:
        indent = "  " * (len(block["path"]) - 1)
        numbers = [number(block[figure]) for figure in FIGURES]
        table.add_row(f"{indent}{block['path'][-1]}", str(block["instances"]), *numbers)
    console.print(table)


def over_budget(result: Json, config: Config) -> list[str]:
    """A sentence for each figure above the configuration's limit."""
    limits = {"bram36": config.bram36_max, "uram": config.uram_max}
    return [
        f"{config.name} needs {number(result[figure])} {FIGURES[figure]}, "
        f"more than its limit of {limit} ({figure}_max in models/configs.toml)."
        for figure, limit in limits.items()
        if limit is not None and result[figure] > limit
    ]


def fail(message: str, code: int) -> typer.Exit:
    """Prints an error message on stderr and returns the exception to raise."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
    return typer.Exit(code)


def main(
    config: Annotated[str, typer.Argument(help="a configuration in models/configs.toml")],
    top: Annotated[str, typer.Option(help="a module of the kernel instead of all of it")] = "",
) -> None:
    """Synthesises a configuration, writes build/synth/CONFIG.json and checks its budget."""
    try:
        chosen = configs.load_model(config)
        synthesis = Synthesis(chosen, top or chosen.top)
    except (configs.ConfigError, BuildError) as error:
        message = str(error).rstrip(".")
        raise fail(f"{message[0].upper()}{message[1:]}.", 2) from None
    start = time.monotonic()
    try:
        result, path = measured(synthesis)
    except SynthesisError as error:
        raise fail(f"{error}.", 1) from None
    show(result, chosen)
    console.print(f"{time.monotonic() - start:.0f} s; details in {path.relative_to(ROOT)}")
    problems = over_budget(result, chosen)
    if problems:
        raise fail(" ".join(problems), 1)


if __name__ == "__main__":
    stops.run(main)
