# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.signoff`: collects the verification reports into docs/signoff.md.

Reads the reports that the commands in the list write to build/ and keeps the essence of each in
docs/signoff/. Fails if a report is missing, if it is about another design or other benches, or if a
target is missed. When either changes later, the page must say that it is outdated: `--outdated`
marks it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from crocuta import stops
from crocuta.models.configs import ROOT
from crocuta.models.files import write_generated
from flow.digest import verification_digest

BUILD = ROOT / "build"
DOCS = ROOT / "docs"
LEAST_SEEDS = 20
LEAST_MUTANTS = 400

TITLE = "# Sign-off"
OUTDATED = """\
**Outdated**: what is signed off here, or what verified it, has changed since; the figures are those
of the design named below."""

console = Console(highlight=False, soft_wrap=True)
Report = dict[str, Any]


class SignoffError(Exception):
    """A report that is missing, or about another design."""


@dataclass(frozen=True)
class Item:
    """A row of the checklist."""

    what: str
    target: str
    measured: str
    held: bool
    report: str
    """Name of the report kept in docs/signoff/."""
    command: str


def load(path: Path, command: str, design: str) -> Report:
    """A report; raises SignoffError if it is missing or out of date."""
    if not path.is_file():
        raise SignoffError(f"There is no {path}: run `{command}`.")
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    if report.get("design") != design:
        raise SignoffError(
            f"{path} is about another design, or about other benches, models or proofs:"
            f" run `{command}` again."
        )
    return report


def regression(report: Report) -> tuple[list[Item], Report]:
    """Checks that all jobs passed, over enough seeds, in both simulators."""
    attempts = report["attempts"]
    seeds = Counter((attempt["kind"], attempt["sim"]) for attempt in attempts)
    most = {sim: max(n for (_, on), n in seeds.items() if on == sim) for _, sim in seeds}
    failed = sum(bool(attempt["failure"]) for attempt in attempts)
    pytest = report["pytest"] or {"passed": 0, "failed": 0, "ok": False}
    command = f"make regress SEEDS={most.get('verilator', 0)}"
    counts = {sim: sum(attempt["sim"] == sim for attempt in attempts) for sim in sorted(most)}
    tests = sum(len(attempt["tests"]) for attempt in attempts)
    kept = {
        "design": report["design"],
        "seed": report["seed"],
        "ok": report["ok"],
        "jobs": counts,
        "seeds": most,
        "failed": failed,
        "tests_in_benches": tests,
        "pytest_passed": pytest["passed"],
        "pytest_failed": pytest["failed"],
        "seconds": round(report["seconds"]),
        "workers": report["workers"],
    }
    ran = ", ".join(f"{count} in {sim.capitalize()}" for sim, count in counts.items())
    enough = most.get("verilator", 0) >= LEAST_SEEDS and "icarus" in most
    return [
        Item(
            "Regression",
            f"{LEAST_SEEDS} seeds, both simulators, no failure",
            f"{most.get('verilator', 0)} seeds ({most.get('icarus', 0)} in Icarus):"
            f" {ran}, {failed} failed; {tests} tests in them",
            bool(report["ok"]) and enough,
            "regression",
            command,
        ),
        Item(
            "Models against float64, tools, command line",
            "no failure",
            f"{pytest['passed']} passed, {pytest['failed']} failed",
            bool(pytest["ok"]),
            "regression",
            command,
        ),
    ], kept


def testplan(report: Report) -> tuple[list[Item], Report]:
    """Checks that every point of every testplan was met."""
    points = [point for block in report["blocks"] for point in block["points"]]
    problems = len(report["problems"])
    kept = {
        "design": report["design"],
        "blocks": {block["block"]: len(block["points"]) for block in report["blocks"]},
        "points": len(points),
        "stages": dict(sorted(Counter(point["stage"] for point in points).items())),
        "runs": report["runs"],
        "problems": report["problems"],
    }
    return [
        Item(
            "Testplans",
            "every point's tests ran and passed, every coverage point hit",
            f"{len(points)} points of {len(report['blocks'])} plans, {problems} problems",
            not problems,
            "testplan",
            "make testplan",
        )
    ], kept


def coverage(report: Report) -> tuple[list[Item], Report]:
    """Checks the four percentages."""
    items = [
        Item(
            f"Coverage, {kind}",
            f"{target:g} %",
            f"{report[kind]:.2f} %",
            report[kind] >= target,
            "coverage",
            "make coverage",
        )
        for kind, target in report["targets"].items()
    ]
    return items, report


def formal(report: Report) -> tuple[list[Item], Report]:
    """Checks that every proof holds and none is vacuous."""
    totals = report["totals"]
    names = ("name", "module", "about", "parameters", "mode", "bound", "engine", "status")
    kept = {
        "design": report["design"],
        "totals": totals,
        "tasks": [
            {name: task[name] for name in names}
            | {"asserts": len(task["asserts"]), "covers": len(task["covers"])}
            for task in report["tasks"]
        ],
    }
    return [
        Item(
            "Formal",
            "every proof holds, every cover is reached",
            f"{totals['passed']} of {totals['tasks']} ({totals['unbounded']} unbounded),"
            f" {totals['asserts']} assertions, {totals['covers']} covers",
            totals["passed"] == totals["tasks"] and totals["covers"] > 0,
            "formal",
            "make formal",
        )
    ], kept


def mutation(report: Report) -> tuple[list[Item], Report]:
    """Checks that the benches killed enough mutants and the other ones are explained."""
    open_ = sum(not survivor["reason"] for survivor in report["survivors"])
    kept = {name: value for name, value in report.items() if name not in ("all", "bench_seconds")}
    enough = report["mutants"] >= LEAST_MUTANTS and report["percent"] >= report["target"]
    enough = enough and not report["only"] and not report["left"]  # all modules, all benches
    return [
        Item(
            "Faults found by the benches",
            f"{report['target']:g} % of at least {LEAST_MUTANTS}, survivors explained",
            f"{report['killed']} of {report['killed'] + report['survived']},"
            f" {report['percent']:.1f} %; {report['hung']} more hung; {open_} not explained",
            enough and not open_,
            "mutation",
            f"make mutate COUNT={LEAST_MUTANTS}",
        )
    ], kept


def soak(report: Report) -> tuple[list[Item], Report]:
    """Checks that enough random jobs ran on random kernels and none failed."""
    kept = {name: value for name, value in report.items() if name != "sessions"}
    kept["configurations"] = sorted({each["config"] for each in report["sessions"] if each["jobs"]})
    return [
        Item(
            "Random kernels, jobs and disturbances",
            f"{report['target']} jobs, no failure",
            f"{report['jobs']} jobs on {report['designs']} designs,"
            f" {len(report['failures'])} failures",
            report["jobs"] >= report["target"] and not report["failures"],
            "soak",
            "make soak",
        )
    ], kept


PARTS = (
    ("regress", "regression", "make regress SEEDS=20", regression),
    ("testplan", "testplan", "make testplan", testplan),
    ("coverage", "coverage", "make coverage", coverage),
    ("formal", "formal", "make formal", formal),
    ("mutation", "mutation", f"make mutate COUNT={LEAST_MUTANTS}", mutation),
    ("soak", "soak", "make soak", soak),
)


def page(items: list[Item], design: str) -> str:
    """docs/signoff.md."""
    lines = [
        TITLE,
        "",
        f"Design `{design}`, a digest of `rtl/`, `boards/` and of the benches, models and proofs",
        "that verify them. Written by `make signoff` from the reports of the commands below;",
        "[verification](verification.md) explains them.",
        "",
        "| check | target | measured | holds | evidence | command |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {i.what} | {i.target} | {i.measured} | {'yes' if i.held else '**no**'}"
        f" | [{i.report}.json](signoff/{i.report}.json) | `{i.command}` |"
        for i in items
    ]
    return "\n".join(lines) + "\n"


def lapse(docs: Path = DOCS) -> str:
    """Why the committed page is wrong or out of date, or "" if it is neither."""
    page = (docs / "signoff.md").read_text(encoding="utf-8")
    reports = {command: docs / "signoff" / f"{name}.json" for _, name, command, _ in PARTS}
    missing = [command for command, path in reports.items() if not path.is_file()]
    kept = [path for path in reports.values() if path.is_file()]
    designs = {json.loads(path.read_text(encoding="utf-8"))["design"] for path in kept}
    if len(designs) != 1 or f"`{min(designs)}`" not in page:
        return (
            f"docs/signoff.md and the reports in docs/signoff/ are of different designs:"
            f" {', '.join(sorted(designs))}."
        )
    design, now = min(designs), verification_digest()
    if design != now:
        return (
            f"docs/signoff.md is about an earlier design, or earlier benches, models or proofs:"
            f" {design}, not {now}. Run the commands that it lists, then `make signoff`."
        )
    if missing:
        return f"docs/signoff.md lacks the report of `{missing[0]}`: run it, then `make signoff`."
    return f"{OUTDATED.split(':')[0]} is wrong: run `make signoff`." if OUTDATED in page else ""


def mark(docs: Path) -> None:
    """Marks the page as outdated."""
    page = docs / "signoff.md"
    text = page.read_text(encoding="utf-8")
    if OUTDATED not in text:
        write_generated(page, text.replace(TITLE, f"{TITLE}\n\n{OUTDATED}", 1))


def main(
    build: Annotated[Path, typer.Option(help="directory of the reports")] = BUILD,
    docs: Annotated[Path, typer.Option(help="output directory of signoff.md")] = DOCS,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="only mark the page as outdated")
    ] = False,
) -> None:
    """Writes docs/signoff.md and docs/signoff/, and fails if a target is missed."""
    if outdated:
        mark(docs)
        return
    design = verification_digest()
    items: list[Item] = []
    reports: dict[str, Report] = {}
    try:
        for directory, name, command, part in PARTS:
            found, reports[name] = part(load(build / directory / "summary.json", command, design))
            items += found
    except SignoffError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    for name, report in reports.items():
        write_generated(docs / "signoff" / f"{name}.json", json.dumps(report, indent=1) + "\n")
    write_generated(docs / "signoff.md", page(items, design))
    table = Table("check", "target", "measured", "holds", box=None)
    for item in items:
        holds = "[green]yes[/]" if item.held else "[red]NO[/]"
        table.add_row(item.what, item.target, item.measured, holds)
    console.print(table)
    console.print(f"Written: {docs / 'signoff.md'}")
    if not all(item.held for item in items):
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
