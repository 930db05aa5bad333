# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.coverage`: runs the benches with coverage enabled, merges their databases, and
reports line, branch, toggle and functional coverage.

Verilator writes one coverage.dat per simulation. A point is a place in the source, covered when any
instance of it was hit. flow/coverage_exclusions.toml lists what cannot or need not be covered, with
reasons; an exclusion that matches nothing, or only points that were hit, is an error.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.table import Table

from crocuta import stops
from crocuta.design.sources import rtl_files
from crocuta.models.configs import ROOT
from flow import evidence, regress_report
from flow.digest import verification_digest
from flow.pages import write_page
from flow.testplan import read_coverage
from tb.registry import SMALLEST

DIRECTORY = ROOT / "build" / "coverage"
RUNS = DIRECTORY / "regress"
"""What flow.regress writes while RTL_COVERAGE is set, with a summary of its own to resume from."""
EXCLUSIONS = Path(__file__).with_name("coverage_exclusions.toml")
TARGETS = {"line": 98.0, "branch": 95.0, "toggle": 90.0, "functional": 100.0}
"""Minimum percentages."""
SIM, CONFIGS = "verilator", ",".join(SMALLEST)
"""What the benches run on, and at."""
SHOWN = 25

console = Console(highlight=False, soft_wrap=True)


class CoverageError(Exception):
    """A regression that failed, or a missing or faulty file."""


class Point(NamedTuple):
    """A coverage point: a place in the RTL's source."""

    kind: str
    """line, branch or toggle."""
    file: str
    """Below rtl/."""
    line: int
    column: int
    what: str
    """E.g. cond_then, or a signal's bit and edge."""


class Exclusion(BaseModel):
    """Points left out of the totals, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str = ".*"
    """A regular expression that matches the whole file name."""
    kinds: list[Literal["line", "branch", "toggle"]] = Field(min_length=1)
    source: str = ".*"
    """A regular expression to search for in the point's source line."""
    what: str = ".*"
    """A regular expression that matches all of `what`."""
    tag: Literal["unreachable", "unsupported", "external"]
    reason: str = Field(min_length=20)

    def fits(self, point: Point, source: str) -> bool:
        """Whether it excludes `point`, given the point's source line."""
        return (
            point.kind in self.kinds
            and re.fullmatch(self.files, point.file) is not None
            and re.search(self.source, source) is not None
            and re.fullmatch(self.what, point.what) is not None
        )


@dataclass
class Tally:
    """The points of one kind in one file, or in all."""

    total: int = 0
    hit: int = 0
    excluded: int = 0

    @property
    def percent(self) -> float:
        """Percentage hit of the points that count; 100 if none do."""
        return 100.0 * self.hit / self.total if self.total else 100.0


@dataclass
class Merged:
    """All points, hits and exclusions."""

    hits: Counter[Point]
    excluded: dict[Point, Exclusion]
    tallies: dict[tuple[str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By file ("" for all) and kind."""


def read_points(lines: Iterable[str]) -> Iterator[tuple[Point, int]]:
    """The points of a coverage.dat that lie in rtl/, with their hits."""
    for text in lines:
        if not text.startswith("C '"):
            continue
        entry, _, count = text.rpartition("' ")
        pairs = dict(part.split("\x02", 1) for part in entry[3:].split("\x01") if part)
        path = Path(pairs["f"])
        kind = pairs["page"].removeprefix("v_").split("/")[0]
        if "rtl" in path.parts:
            point = Point(kind, path.name, int(pairs["l"]), int(pairs["n"]), pairs["o"])
            yield point, int(count)


def read_exclusions(path: Path = EXCLUSIONS) -> list[Exclusion]:
    """The exclusions in a file; raises CoverageError if one is malformed."""
    with path.open("rb") as file:
        entries = tomllib.load(file).get("exclusions", [])
    try:
        return [Exclusion.model_validate(entry) for entry in entries]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CoverageError(f"{path}: {where}: {first['msg']}.") from None


def merge(
    hits: Counter[Point], exclusions: Sequence[Exclusion], source: Mapping[str, Sequence[str]]
) -> Merged:
    """Points, exclusions and tallies.

    Raises:
        CoverageError: an exclusion matches no point that was missed.
    """
    merged = Merged(hits, {})
    used: list[Exclusion] = []
    for point, count in hits.items():
        counts = [merged.tallies[name, point.kind] for name in ("", point.file)]
        fitting = None
        if not count:
            text = source[point.file][point.line - 1]
            fitting = next((e for e in exclusions if e.fits(point, text)), None)
        if fitting is not None:
            merged.excluded[point] = fitting
            used.append(fitting)
        for tally in counts:
            tally.excluded += fitting is not None
            tally.total += fitting is None
            tally.hit += count > 0
    useless = [e for e in exclusions if not any(e is other for other in used)]
    if useless:
        raise CoverageError(
            f"An exclusion in {EXCLUSIONS.name} excludes nothing: {useless[0].reason!r}."
        )
    return merged


def functional(directory: Path) -> tuple[int, int, list[str]]:
    """Bins hit, total bins and names of empty bins, from the coverage.yaml files in a directory."""
    points = read_coverage(sorted(directory.rglob("coverage.yaml")))
    holes = [f"{name}: {hole}" for name, point in sorted(points.items()) for hole in point.holes()]
    bins = sum(len(point.hits) for point in points.values())
    return bins - len(holes), bins, holes


def run_benches(seeds: int, seed: str, test: str, jobs: int, again: bool) -> None:
    """Runs the benches in Verilator at SMALLEST and its variations, such as the kernel's corners,
    or those that an interrupted run left; raises CoverageError if a test fails."""
    command = [sys.executable, "-m", "flow.regress", "--sim", SIM, "--config", CONFIGS]
    command += ["--seeds", str(seeds), "--seed", seed, "--test", test, "--jobs", str(jobs)]
    command += ["--again"] if again else []
    environment = {**os.environ, "RTL_COVERAGE": "1"}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise CoverageError("The regression failed, and coverage counts only if all tests pass.")


def annotated(merged: Merged, source: Mapping[str, Sequence[str]]) -> list[dict[str, object]]:
    """Every file's lines for the page, with notes on what was missed or excluded."""
    notes: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    for point, count in merged.hits.items():
        if not count:
            exclusion = merged.excluded.get(point)
            style = "bad" if exclusion is None else "none"
            text = point.what if exclusion is None else f"{point.what} ({exclusion.tag})"
            notes[point.file, point.line].append((style, f"{point.kind} {text}"))
    lines_hit: Counter[tuple[str, int]] = Counter()
    for point, count in merged.hits.items():
        if point.kind != "toggle":
            lines_hit[point.file, point.line] += count
    files: list[dict[str, object]] = []
    for name, lines in sorted(source.items()):
        tallies = {kind: merged.tallies[name, kind] for kind in ("line", "branch", "toggle")}
        files.append(
            {
                "name": name,
                "tallies": tallies,
                "worst": min(tally.percent for tally in tallies.values()),
                "lines": [
                    (number, text, lines_hit.get((name, number)), sorted(notes[name, number]))
                    for number, text in enumerate(lines, 1)
                ],
            }
        )
    return files


def show(merged: Merged, bins: tuple[int, int, list[str]], percent: Mapping[str, float]) -> None:
    """Prints the tables."""
    table = Table("file", "line", "branch", "toggle", "excluded", box=None)
    for name in sorted({file for file, _ in merged.tallies if file}):
        tallies = [merged.tallies[name, kind] for kind in ("line", "branch", "toggle")]
        excluded = sum(tally.excluded for tally in tallies)
        table.add_row(name, *(f"{tally.percent:.1f}" for tally in tallies), str(excluded))
    console.print(table)
    missing = sorted(p for p, n in merged.hits.items() if not n and p not in merged.excluded)
    code = [p for p in missing if p.kind != "toggle"]
    for point in code[:SHOWN]:
        console.print(f"  not hit: {point.file}:{point.line} {point.kind} {point.what}")
    for hole in bins[2][:SHOWN]:
        console.print(f"  empty bin: {hole}", markup=False)
    for kind, least in TARGETS.items():
        style = "green" if percent[kind] >= least else "red"
        console.print(f"{kind}: {percent[kind]:.2f} % (target {least:g} %)", style=style)


def main(
    seeds: Annotated[int, typer.Option(min=1, help="seeds per bench")] = 1,
    seed: Annotated[str, typer.Option(help="base seed, from which all others derive")] = "",
    test: Annotated[str, typer.Option(help="only this test; targets are not checked")] = "",
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one per core")] = 0,
    again: Annotated[bool, typer.Option(help="resume an interrupted run")] = False,
    report_only: Annotated[bool, typer.Option(help="merge the results of an earlier run")] = False,
) -> None:
    """Measures coverage into build/coverage: summary.json and index.html."""
    try:
        if not report_only:
            run_benches(seeds, seed, test, jobs, again)
        files = sorted(RUNS.rglob("coverage.dat"))
        if not files:
            raise CoverageError(f"There is no coverage.dat below {RUNS}: run `make coverage`.")
        hits: Counter[Point] = Counter()
        for path in files:
            with path.open(encoding="utf-8") as file:
                for point, count in read_points(file):
                    hits[point] += count
        source = {path.name: path.read_text(encoding="utf-8").splitlines() for path in rtl_files()}
        merged = merge(hits, [] if test else read_exclusions(), source)
        ran = regress_report.read(RUNS)
        if ran is None:
            raise CoverageError(f"There is no summary.json in {RUNS}: run `make coverage`.")
    except CoverageError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    bins = functional(RUNS)
    percent = {kind: merged.tallies["", kind].percent for kind in ("line", "branch", "toggle")}
    percent["functional"] = 100.0 * bins[0] / bins[1] if bins[1] else 0.0
    missed = [] if test else [kind for kind in TARGETS if percent[kind] < TARGETS[kind]]
    reached = {name for name, _ in merged.tallies}
    packages = {name for name in source if name.endswith("_pkg.sv")}
    unseen = [] if test else sorted(source.keys() - reached - packages)
    summary = {
        **{kind: round(value, 3) for kind, value in percent.items()},
        "targets": TARGETS,
        "only": test,
        "design": verification_digest(),
        "inputs": evidence.of_coverage({each.kind: each.inputs for each in ran.attempts}),
        "simulations": len(files),
        "points": {kind: vars(merged.tallies["", kind]) for kind in ("line", "branch", "toggle")},
        "functional_bins": {"total": bins[1], "hit": bins[0], "holes": bins[2]},
        "exclusions": [
            {"tag": tag, "reason": reason, "points": count}
            for (tag, reason), count in Counter(
                (exclusion.tag, exclusion.reason) for exclusion in merged.excluded.values()
            ).items()
        ],
        "files_without_points": unseen,
    }
    (DIRECTORY / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    write_page(
        "coverage.html",
        DIRECTORY / "index.html",
        percent=percent,
        targets=TARGETS,
        files=annotated(merged, source),
        holes=bins[2],
    )
    show(merged, bins, percent)
    console.print(f"Report: {DIRECTORY / 'index.html'}", markup=False)
    if missed or unseen:
        if unseen:
            console.print(f"Files without a point: {', '.join(unseen)}", style="red")
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
