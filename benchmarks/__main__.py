# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: measures missing points, writes build/bench/, and fails if a target is missed."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import (
    accuracy,
    lengths,
    memory,
    planner,
    report,
    roofline,
    schedules,
    software,
    throughput,
)
from benchmarks.points import Results, Store, measured
from benchmarks.scale import FULL, QUICK, Scale
from crocuta import stops
from crocuta.errors import InputError, KernelError
from crocuta.models.configs import ROOT
from crocuta.models.files import write_generated
from flow.digest import design_digest
from flow.synth import SynthesisError

PARTS = {
    "throughput": throughput,
    "lengths": lengths,
    "memory": memory,
    "accuracy": accuracy,
    "software": software,
    "roofline": roofline,
    "planner": planner,
    "schedules": schedules,
}
BUILD = ROOT / "build" / "bench"
DOCS = ROOT / "docs"
HEADLINES = ("throughput", "lengths", "schedules")
"""The plots that README.md and the pages show, from the full benchmark only."""
KEPT = "Stopped: the next run continues with the points measured so far."

console = Console(highlight=False, soft_wrap=True)


def part_of(name: str) -> ModuleType:
    """The part called `name`; raises InputError if there is none."""
    if name not in PARTS:
        raise InputError(f"There is no part {name!r}; choose one of: {', '.join(PARTS)}.")
    return PARTS[name]


def run(scale: Scale, names: Sequence[str], directory: Path, jobs: int, quick: bool) -> list[str]:
    """Measures and writes the parts; returns a sentence for each target that was missed.

    A run that is not `quick` also writes the parts' tables and headline plots into docs/.
    """
    parts = {name: part_of(name) for name in names}
    points = {name: part.points(scale) for name, part in parts.items()}
    results = measured(points, Store(directory / "points"), jobs, console)
    shown: list[dict[str, Any]] = []
    missed = []
    for name, part in parts.items():
        make_section: Callable[[Scale, Results], report.Section] = part.section
        section = make_section(scale, results)
        command = f"make bench PART={name}" + " QUICK=1" * quick
        shown.append(report.write(section, directory, command))
        if not quick:
            publish(section, command)
        missed += [f"{check.what}: {check.found}." for check in section.missed]
        met = len(section.checks) - len(section.missed)
        console.print(f"{section.title}: {met} of {len(section.checks)} targets met")
    about = {
        "design": design_digest(),
        "machine": f"{software.processor()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "simulation": speeds(results),
    }
    page = report.write_index(directory, shown, about)
    console.print(f"Report: {page}")
    return missed


def publish(section: report.Section, command: str) -> None:
    """Writes a part's tables, and the plots that the pages show, into docs/."""
    if section.page:
        path = DOCS / "performance.md"
        page = report.filled(path.read_text(encoding="utf-8"), section, command)
        write_generated(path, page)
    if section.name in HEADLINES:
        for plot in section.plots:
            report.write_headline(plot, DOCS / f"bench_{plot.name}.svg")


def speeds(results: Results) -> str:
    """How fast the RTL was simulated, in clocks per second of wall time and of CPU time."""
    found = [result["simulation"] for result in results.values() if "simulation" in result]
    if not found:
        return "none"
    clocks = sum(item["clocks"] for item in found)
    seconds = sum(item["seconds"] for item in found)
    cpu = sum(item["cpu_seconds"] for item in found)
    return (
        f"{clocks:,} clocks, {clocks / seconds:,.0f} per second of wall time and"
        f" {clocks / cpu:,.0f} per second of CPU time"
    )


def main(
    quick: Annotated[bool, typer.Option(help="A subset, on a small configuration.")] = False,
    part: Annotated[str, typer.Option(help=f"One of {', '.join(PARTS)}; default: all.")] = "",
    jobs: Annotated[int, typer.Option(help="Simulations in parallel.", min=1)] = 2,
) -> None:
    """Measures missing points, writes tables and plots, and checks the targets."""
    directory = BUILD / "quick" if quick else BUILD
    began = time.monotonic()
    names = [part] if part else list(PARTS)
    problem: str
    try:
        with stops.last(lambda: print(KEPT, file=sys.stderr)):
            missed = run(QUICK if quick else FULL, names, directory, jobs, quick)
    except InputError as error:
        problem, code = str(error), 2
    except (KernelError, SynthesisError) as error:
        problem, code = str(error), 1
    else:
        console.print(f"{time.monotonic() - began:.0f} s")
        for sentence in missed:
            console.print(f"Missed: {sentence}", style="red", markup=False)
        raise typer.Exit(1 if missed else 0)
    Console(stderr=True, highlight=False, soft_wrap=True).print(problem, style="red", markup=False)
    raise typer.Exit(code)


if __name__ == "__main__":
    stops.run(main)
