# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.signoff`: collects the verification reports into docs/signoff.md.

Reads the reports that the commands in the list write to build/ and keeps the essence of each in
docs/signoff/, where it counts as long as what it depends on remains what it was: the commands need
not all run on one machine or in one day, regressions and soaks with other seeds add up, and a
change to one bench costs only the runs of that bench. Fails if a report is missing or a target is
missed. When design or benches change later, the page must say that it is outdated: `--outdated`
marks it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from crocuta import stops
from crocuta.models.configs import ROOT
from crocuta.models.files import write_generated
from flow import coverage, evidence, formal
from flow.digest import verification_digest
from flow.jobs import Job, inputs_of, select

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


def read(path: Path) -> Report | None:
    """A report, or None if there is none."""
    if not path.is_file():
        return None
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return report


def standing(kept: Path, part: Part) -> Report | None:
    """What still stands of what an earlier sign-off kept of a part, or None."""
    before = read(kept / f"{part.name}.json")
    return part.stands(before) if before else None


def found(build: Path, kept: Path, part: Part) -> Report | None:
    """The essence of a part's reports, as far as it stands: of the last run on this machine, and of
    what an earlier sign-off kept; None if there is neither."""
    report, before = read(build / part.directory / "summary.json"), standing(kept, part)
    now = part.stands(part.essence(report)) if report else None
    return part.join(before, now) if part.join and before and now else now or before


def of_today(essence: Report) -> Report | None:
    """It, if neither the design nor anything that verifies it has changed since."""
    return essence if essence.get("design") == verification_digest() else None


def regression(report: Report) -> Report:
    """The seeds that passed and the failures, by kind of job, with what their outcome depends on
    (see flow.evidence)."""
    kinds: dict[str, Report] = {}
    for each in report["attempts"]:
        new = {"inputs": each["inputs"], "passed": [], "failed": {}}
        kind = kinds.setdefault(each["kind"], new)
        if each["failure"]:
            kind["failed"][str(each["seed"])] = each["failure"]
        else:
            kind["passed"].append(each["seed"])
    pytest = report["pytest"]
    names = ("passed", "failed", "ok")
    return {
        "runs": {str(report["seed"]): {n: report[n] for n in ("revision", "seconds", "workers")}},
        "pytest": {"design": report["design"]} | {name: pytest[name] for name in names}
        if pytest
        else None,
        "kinds": dict(sorted(kinds.items())),
    }


def regression_stands(kept: Report) -> Report:
    """The kinds of job that nothing has changed since, and pytest if nothing at all has."""
    inputs = inputs_of(select(1, 0))
    kinds = {
        kind: runs for kind, runs in kept["kinds"].items() if runs["inputs"] == inputs.get(kind)
    }
    pytest = kept["pytest"]
    return {**kept, "pytest": pytest and of_today(pytest), "kinds": kinds}


def join_regressions(before: Report, now: Report) -> Report:
    """Several regressions together: any seed counts once, and as it ended last."""
    kinds = dict(before["kinds"])
    for kind, runs in now["kinds"].items():
        older = kinds.get(kind, {"passed": [], "failed": {}})
        failed = {
            seed: why for seed, why in older["failed"].items() if int(seed) not in runs["passed"]
        } | runs["failed"]
        passed = {*older["passed"], *runs["passed"]} - {int(seed) for seed in runs["failed"]}
        kinds[kind] = {"inputs": runs["inputs"], "passed": sorted(passed), "failed": failed}
    return {
        "runs": before["runs"] | now["runs"],
        "pytest": now["pytest"] or before["pytest"],
        "kinds": dict(sorted(kinds.items())),
    }


def seeds_needed(kept: Report) -> Counter[str]:
    """How many seeds more every kind of job needs; 0 or less: none."""
    needed = Counter(job.kind for job in select(LEAST_SEEDS, 0))
    runs = kept["kinds"].items()
    needed.subtract({kind: len(each["passed"]) for kind, each in runs if kind in needed})
    return needed


def check_regression(kept: Report) -> list[Item]:
    """Whether all jobs passed, over enough seeds, in both simulators."""
    passed = {kind: len(runs["passed"]) for kind, runs in kept["kinds"].items()}
    needed = seeds_needed(kept)
    failed = sum(len(runs["failed"]) for runs in kept["kinds"].values())
    lack_some = [kind for kind, seeds in needed.items() if seeds > 0]
    in_icarus = sum(seeds for kind, seeds in passed.items() if kind.endswith(".icarus"))
    lack = f"; {len(lack_some)} have fewer, such as {lack_some[0]}" if lack_some else ""
    pytest = kept["pytest"] or {"passed": 0, "failed": 0, "ok": False}
    return [
        Item(
            "Regression",
            f"{LEAST_SEEDS} seeds of every bench, a quarter of them in Icarus, no failure",
            f"{in_icarus} jobs in Icarus, {sum(passed.values()) - in_icarus} in Verilator passed,"
            f" {failed} failed; {len(needed) - len(lack_some)} of {len(needed)} kinds of"
            f" job have their seeds{lack}",
            not lack_some and not failed,
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
        "design": report["design"],
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
    """Whether the four percentages are reached, by all benches."""
    part = f" of {kept['only']} alone" if kept["only"] else ""
    return [
        Item(
            f"Coverage, {kind}",
            f"{target:g} %",
            f"{kept[kind]:.2f} %{part}",
            kept[kind] >= target and not part,
        )
        for kind, target in kept["targets"].items()
    ]


def coverage_stands(kept: Report) -> Report | None:
    """It, if none of the benches that ran has changed since, nor any been added."""
    kinds = inputs_of(select(1, 0, sim=coverage.SIM, config=coverage.CONFIGS))
    return kept if kept.get("inputs") == evidence.of_coverage(kinds) else None


def check_formal(kept: Report) -> list[Item]:
    """Whether every proof was run and holds, and none is vacuous."""
    totals = kept["totals"]
    unproved = {task.name for task in formal.tasks()} - {task["name"] for task in kept["tasks"]}
    left = f"; {len(unproved)} not run" if unproved else ""
    return [
        Item(
            "Formal",
            "every proof holds, every cover is reached",
            f"{totals['passed']} of {totals['tasks']} ({totals['unbounded']} unbounded),"
            f" {totals['asserts']} assertions, {totals['covers']} covers{left}",
            totals["passed"] == totals["tasks"] and totals["covers"] > 0 and not unproved,
        )
    ]


def mutation(report: Report) -> Report:
    """All but the benches' seconds, and of each verdict what it says."""
    kept = {name: value for name, value in report.items() if name != "benches"}
    for name in ("all", "lapsed"):
        kept[name] = [{n: v for n, v in verdict.items() if v} for verdict in report[name]]
    kept["survivors"] = [
        {n: v for n, v in verdict.items() if n != "passed"} for verdict in report["survivors"]
    ]
    return kept


def check_mutation(kept: Report) -> list[Item]:
    """Whether the benches killed enough mutants and the other ones are explained."""
    open_ = sum(not survivor["reason"] for survivor in kept["survivors"])
    left = f"; {kept['left']} not tried" if kept["left"] else ""
    enough = kept["mutants"] >= LEAST_MUTANTS and kept["percent"] >= kept["target"]
    enough = enough and not kept["only"] and not kept["left"]  # all modules, all benches
    return [
        Item(
            "Faults found by the benches",
            f"{kept['target']:g} % of at least {LEAST_MUTANTS}, survivors explained",
            f"{kept['killed']} of {kept['killed'] + kept['survived']},"
            f" {kept['percent']:.1f} %; {kept['hung']} more hung; {open_} not explained{left}",
            enough and not open_,
        )
    ]


def soak(report: Report) -> Report:
    """All but the sessions, whose configurations it lists, by the soak's seed."""
    names = ("only", "seconds", "jobs", "cases", "clocks", "designs", "ends", "acts", "failures")
    ran = {each["config"] for each in report["sessions"] if each["jobs"]}
    run = {name: report[name] for name in names} | {"configurations": sorted(ran)}
    return {
        "inputs": report["inputs"],
        "target": report["target"],
        "runs": {str(report["seed"]): run},
    }


def soak_stands(kept: Report) -> Report | None:
    """It, if nothing that it depends on has changed since."""
    return kept if kept["inputs"] == evidence.of_soak() else None


def join_soaks(before: Report, now: Report) -> Report:
    """Several soaks together; of a seed, the last, which may have been continued."""
    return {**now, "runs": before["runs"] | now["runs"]}


def check_soak(kept: Report) -> list[Item]:
    """Whether enough random jobs ran on random kernels, and none failed, on a chosen one either."""
    every = kept["runs"].values()
    runs = [run for run in every if not run["only"]]
    jobs, designs = (sum(run[name] for run in runs) for name in ("jobs", "designs"))
    failures = sum(len(run["failures"]) for run in every)
    return [
        Item(
            "Random kernels, jobs and disturbances",
            f"{kept['target']} jobs, no failure",
            f"{jobs} jobs on {designs} designs, {failures} failures",
            jobs >= kept["target"] and not failures,
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
    stands: Callable[[Report], Report | None] = of_today
    """As much of an essence as today's design and benches would give again."""
    join: Callable[[Report, Report], Report] | None = None
    """Adds a run to earlier ones; None: the last one counts."""


REGRESSION = Part(
    "regress",
    "regression",
    f"make regress SEEDS={LEAST_SEEDS}",
    regression,
    check_regression,
    regression_stands,
    join_regressions,
)
PARTS = (
    REGRESSION,
    Part("testplan", "testplan", "make testplan", testplan, check_testplan),
    Part("coverage", "coverage", "make coverage", dict, check_coverage, coverage_stands),
    Part("formal", "formal", "make formal", dict, check_formal),
    Part("mutation", "mutation", f"make mutate COUNT={LEAST_MUTANTS}", mutation, check_mutation),
    Part("soak", "soak", "make soak", soak, check_soak, soak_stands, join_soaks),
)


def lacking(jobs: Sequence[Job], docs: Path = DOCS) -> list[Job]:
    """Those of a regression's jobs that docs/signoff/ lacks: no seed twice, and of each kind no
    more than it needs. A regression on this machine counts once the sign-off has kept it."""
    kept = standing(docs / "signoff", REGRESSION) or {"kinds": {}}
    passed = {kind: runs["passed"] for kind, runs in kept["kinds"].items()}
    needed = seeds_needed(kept)
    left = []
    for job in jobs:
        if needed[job.kind] > 0 and job.seed not in passed.get(job.kind, ()):
            needed[job.kind] -= 1
            left.append(job)
    return left


def page(parts: Mapping[Part, list[Item]], design: str) -> str:
    """docs/signoff.md; a part without items has no report that stands."""
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
        source = f"[{part.name}.json](signoff/{part.name}.json) | `{part.command}` |"
        lines += [
            f"| {i.what} | {i.target} | {i.measured} | {'yes' if i.held else '**no**'} | {source}"
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
    reports = {part: standing(docs / "signoff", part) for part in PARTS}
    missing = [
        f"`{part.command}`"
        for part, report in reports.items()
        if report is None or not all(item.held for item in part.check(report))
    ]
    run = f"run {', '.join(missing)}, then" if missing else "run"
    if design is None or design[1] != now:
        return (
            f"docs/signoff.md is about an earlier design, or earlier benches, models or proofs:"
            f" {design[1] if design else 'none'}, not {now}: {run} `make signoff`."
        )
    if missing:
        return f"docs/signoff.md lacks something: {run} `make signoff`."
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
    kept = docs / "signoff"
    reports = {part: found(build, kept, part) for part in PARTS}
    parts = {part: part.check(report) if report else [] for part, report in reports.items()}
    # What is kept is the same in any checkout, whose path may have letters that JSON escapes.
    checkout = json.dumps(f"{ROOT}/").strip('"')
    for part, report in reports.items():
        path = kept / f"{part.name}.json"
        if report:
            text = json.dumps(report, indent=1).replace(checkout, "")
            write_generated(path, f"{text}\n")
    write_generated(docs / "signoff.md", page(parts, verification_digest()))
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
