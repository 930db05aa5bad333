# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.signoff`: collects the verification reports into docs/signoff.md.

Reads the reports that the commands in the list write to build/ and keeps the essence of each in
docs/signoff/, where it counts as long as design and benches remain what they were: the commands
need not all run on one machine or in one day, and regressions with other seeds add up. Fails if a
report is missing or a target is missed. When design or benches change later, the page must say that
it is outdated: `--outdated` marks it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from crocuta import stops
from crocuta.models.configs import ROOT
from crocuta.models.files import write_generated
from flow.digest import verification_digest
from flow.regress import select

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


@dataclass(frozen=True)
class Item:
    """A row of the checklist."""

    what: str
    target: str
    measured: str
    held: bool


def read(path: Path, design: str) -> Report | None:
    """A report, or None if there is none or it is about another design."""
    if not path.is_file():
        return None
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return report if report.get("design") == design else None


def found(build: Path, kept: Path, part: Part, design: str) -> Report | None:
    """The essence of a part's reports about this design: of the last run on this machine, and of
    what an earlier sign-off kept; None if there is neither."""
    report = read(build / part.directory / "summary.json", design)
    before = read(kept / f"{part.name}.json", design)
    if report is None:
        return before
    report = {"design": design, **part.essence(report)}
    return part.join(before, report) if part.join and before else report


def regression(report: Report) -> Report:
    """The seeds that passed, by kind of job, and the jobs that failed."""
    seeds: dict[str, list[int]] = {}
    for each in report["attempts"]:
        passed = seeds.setdefault(each["kind"], [])
        if not each["failure"]:
            passed.append(each["seed"])
    pytest = report["pytest"]
    names = ("passed", "failed", "ok")
    return {
        "runs": {str(report["seed"]): {n: report[n] for n in ("revision", "seconds", "workers")}},
        "pytest": {name: pytest[name] for name in names} if pytest else None,
        "failed": {
            f"{each['kind']} {each['seed']}": each["failure"]
            for each in report["attempts"]
            if each["failure"]
        },
        "passed": {kind: sorted(passed) for kind, passed in sorted(seeds.items())},
    }


def join_regressions(before: Report, now: Report) -> Report:
    """Several regressions together: any seed counts once."""
    passed = {
        kind: sorted({*before["passed"].get(kind, ()), *now["passed"].get(kind, ())})
        for kind in sorted({*before["passed"], *now["passed"]})
    }
    again = {f"{kind} {seed}" for kind, seeds in now["passed"].items() for seed in seeds}
    failed = {name: why for name, why in before["failed"].items() if name not in again}
    return {
        **now,
        "runs": before["runs"] | now["runs"],
        "pytest": now["pytest"] or before["pytest"],
        "failed": failed | now["failed"],
        "passed": passed,
    }


def check_regression(kept: Report) -> list[Item]:
    """Whether all jobs passed, over enough seeds, in both simulators."""
    passed = {kind: len(seeds) for kind, seeds in kept["passed"].items()}
    needed = Counter(job.kind for job in select(LEAST_SEEDS, 0))
    lacking = [kind for kind, seeds in needed.items() if passed.get(kind, 0) < seeds]
    in_icarus = sum(seeds for kind, seeds in passed.items() if kind.endswith(".icarus"))
    lack = f"; {len(lacking)} have fewer, such as {lacking[0]}" if lacking else ""
    pytest = kept["pytest"] or {"passed": 0, "failed": 0, "ok": False}
    return [
        Item(
            "Regression",
            f"{LEAST_SEEDS} seeds of every bench, a quarter of them in Icarus, no failure",
            f"{in_icarus} jobs in Icarus, {sum(passed.values()) - in_icarus} in Verilator passed,"
            f" {len(kept['failed'])} failed; {len(needed) - len(lacking)} of {len(needed)} kinds of"
            f" job have their seeds{lack}",
            not lacking and not kept["failed"],
        ),
        Item(
            "Models against float64, tools, command line",
            "no failure",
            f"{pytest['passed']} passed, {pytest['failed']} failed",
            pytest["ok"],
        ),
    ]


def testplan(report: Report) -> Report:
    """Counts the points of the testplans."""
    points = [point for block in report["blocks"] for point in block["points"]]
    return {
        "blocks": {block["block"]: len(block["points"]) for block in report["blocks"]},
        "points": len(points),
        "stages": dict(sorted(Counter(point["stage"] for point in points).items())),
        "runs": report["runs"],
        "problems": report["problems"],
    }


def check_testplan(kept: Report) -> list[Item]:
    """Whether every point of every testplan was met."""
    problems = len(kept["problems"])
    return [
        Item(
            "Testplans",
            "every point's tests ran and passed, every coverage point hit",
            f"{kept['points']} points of {len(kept['blocks'])} plans, {problems} problems",
            not problems,
        )
    ]


def check_coverage(kept: Report) -> list[Item]:
    """Whether the four percentages are reached."""
    return [
        Item(f"Coverage, {kind}", f"{target:g} %", f"{kept[kind]:.2f} %", kept[kind] >= target)
        for kind, target in kept["targets"].items()
    ]


def check_formal(kept: Report) -> list[Item]:
    """Whether every proof holds and none is vacuous."""
    totals = kept["totals"]
    return [
        Item(
            "Formal",
            "every proof holds, every cover is reached",
            f"{totals['passed']} of {totals['tasks']} ({totals['unbounded']} unbounded),"
            f" {totals['asserts']} assertions, {totals['covers']} covers",
            totals["passed"] == totals["tasks"] and totals["covers"] > 0,
        )
    ]


def mutation(report: Report) -> Report:
    """All but the verdicts of those that were killed."""
    return {name: value for name, value in report.items() if name not in ("all", "bench_seconds")}


def check_mutation(kept: Report) -> list[Item]:
    """Whether the benches killed enough mutants and the other ones are explained."""
    open_ = sum(not survivor["reason"] for survivor in kept["survivors"])
    enough = kept["mutants"] >= LEAST_MUTANTS and kept["percent"] >= kept["target"]
    enough = enough and not kept["only"] and not kept["left"]  # all modules, all benches
    return [
        Item(
            "Faults found by the benches",
            f"{kept['target']:g} % of at least {LEAST_MUTANTS}, survivors explained",
            f"{kept['killed']} of {kept['killed'] + kept['survived']},"
            f" {kept['percent']:.1f} %; {kept['hung']} more hung; {open_} not explained",
            enough and not open_,
        )
    ]


def soak(report: Report) -> Report:
    """All but the sessions, whose configurations it lists."""
    kept = {name: value for name, value in report.items() if name != "sessions"}
    kept["configurations"] = sorted({each["config"] for each in report["sessions"] if each["jobs"]})
    return kept


def check_soak(kept: Report) -> list[Item]:
    """Whether enough random jobs ran on random kernels and none failed."""
    return [
        Item(
            "Random kernels, jobs and disturbances",
            f"{kept['target']} jobs, no failure",
            f"{kept['jobs']} jobs on {kept['designs']} designs, {len(kept['failures'])} failures",
            kept["jobs"] >= kept["target"] and not kept["failures"],
        )
    ]


class Part(NamedTuple):
    """A command whose report is a part of the sign-off."""

    directory: str
    """Where in build/ its report is."""
    name: str
    """Under which name its essence is kept in docs/signoff/."""
    command: str
    essence: Callable[[Report], Report]
    check: Callable[[Report], list[Item]]
    """Compares the essence with the targets."""
    join: Callable[[Report, Report], Report] | None = None
    """Adds a run to earlier ones; None: the last one counts."""


PARTS = (
    Part(
        "regress",
        "regression",
        f"make regress SEEDS={LEAST_SEEDS}",
        regression,
        check_regression,
        join_regressions,
    ),
    Part("testplan", "testplan", "make testplan", testplan, check_testplan),
    Part("coverage", "coverage", "make coverage", dict, check_coverage),
    Part("formal", "formal", "make formal", dict, check_formal),
    Part("mutation", "mutation", f"make mutate COUNT={LEAST_MUTANTS}", mutation, check_mutation),
    Part("soak", "soak", "make soak", soak, check_soak),
)


def page(parts: Mapping[Part, list[Item]], design: str) -> str:
    """docs/signoff.md; a part without items has no report about this design."""
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
    for part, items in parts.items():
        evidence = f"[{part.name}.json](signoff/{part.name}.json) | `{part.command}` |"
        lines += [
            f"| {i.what} | {i.target} | {i.measured} | {'yes' if i.held else '**no**'} | {evidence}"
            for i in items
        ]
        if not items:
            lines.append(f"| {part.name} | | not run yet | **no** | | `{part.command}` |")
    return "\n".join(lines) + "\n"


def lapse(docs: Path = DOCS) -> str:
    """Why the committed page is wrong or out of date, or "" if it is neither."""
    page = (docs / "signoff.md").read_text(encoding="utf-8")
    now = verification_digest()
    design = re.search(r"^Design `(\w+)`", page, re.MULTILINE)
    if design is None or design[1] != now:
        return (
            f"docs/signoff.md is about an earlier design, or earlier benches, models or proofs:"
            f" {design[1] if design else 'none'}, not {now}. Run the commands that it lists, then"
            " `make signoff`."
        )
    for part in PARTS:
        if read(docs / "signoff" / f"{part.name}.json", now) is None:
            return f"docs/signoff.md lacks `{part.command}`: run it, then `make signoff`."
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
    design, kept = verification_digest(), docs / "signoff"
    reports = {part: found(build, kept, part, design) for part in PARTS}
    parts = {part: part.check(report) if report else [] for part, report in reports.items()}
    for part, report in reports.items():
        path = kept / f"{part.name}.json"
        if report:
            write_generated(path, json.dumps(report, indent=1) + "\n")
    write_generated(docs / "signoff.md", page(parts, design))
    table = Table("check", "target", "measured", "holds", box=None)
    for part, items in parts.items():
        for item in items:
            holds = "[green]yes[/]" if item.held else "[red]NO[/]"
            table.add_row(item.what, item.target, item.measured, holds)
        if not items:
            table.add_row(part.name, "", f"not run yet: `{part.command}`", "[red]NO[/]")
    console.print(table)
    console.print(f"Written: {docs / 'signoff.md'}")
    if not all(items and all(item.held for item in items) for items in parts.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
