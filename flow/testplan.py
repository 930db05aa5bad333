# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.testplan`: joins the testplans with results and functional coverage.

tb/testplans/TEST.toml is the plan of a TEST in the registry. Its points state what is checked, by
which tests, and which coverage proves that it happened. Results come from the runs' results.xml
files, and coverage from the coverage.yaml beside each, as cocotb-coverage exports it.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from xml.etree import ElementTree

import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.table import Table

from crocuta import stops
from crocuta.models.configs import ROOT
from flow import runner
from flow.digest import verification_digest
from flow.pages import write_page
from tb.registry import BENCHES, Bench

PLANS = ROOT / "tb" / "testplans"
RESULTS = ROOT / "build" / "regress" / "runs"
REPORT = ROOT / "build" / "testplan"
HOLES_SHOWN = 12

Text = Annotated[str, Field(min_length=1)]

console = Console(highlight=False, soft_wrap=True)


class TestplanError(Exception):
    """A plan or a result that cannot be read."""

    __test__ = False  # for pytest


class Point(BaseModel):
    """One thing to verify."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    feature: Text
    """The feature of the design under test."""
    stimulus: Text
    """The stimulus that exercises it."""
    checks: Text
    """What is compared."""
    stage: Literal["V1", "V2", "V3"]
    """V1: the block does its work; V2: every feature; V3: performance and rare corners."""
    tests: Annotated[list[Text], Field(min_length=1)]
    """bench_MODULE.TEST; a parametrized test counts as one."""
    coverage: list[Text]
    """Functional coverage points and crosses, by their names in coverage.yaml."""


class Plan(BaseModel):
    """The testplan of one TEST of the registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: Text
    points: Annotated[list[Point], Field(min_length=1)]


@dataclass
class Outcome:
    """The outcome of a test over all runs."""

    passed: int = 0
    failed: int = 0


@dataclass
class Coverage:
    """The bins of a coverage point over all runs."""

    at_least: int = 1
    hits: Counter[str] = field(default_factory=Counter)

    def holes(self) -> list[str]:
        """The bins that were not hit often enough."""
        return [name for name, count in self.hits.items() if count < self.at_least]


def load(directory: Path = PLANS) -> dict[str, Plan]:
    """The plans in a directory by file name; raises TestplanError if one is malformed."""
    plans = {}
    for path in sorted(directory.glob("*.toml")):
        try:
            with path.open("rb") as file:
                plans[path.stem] = Plan.model_validate(tomllib.load(file))
        except tomllib.TOMLDecodeError as error:
            raise TestplanError(f"{path} is not TOML: {error}.") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise TestplanError(f"{path}, {where}: {first['msg']}.") from None
    return plans


def tests_of(module: Path) -> list[str]:
    """bench_MODULE.TEST for each test in a bench module's source."""
    return [f"{module.stem}.{name}" for name in runner.declared_tests(module)]


def existing_tests(benches: Mapping[str, Iterable[Bench]] = BENCHES) -> list[str]:
    """All tests in the registry's modules."""
    modules = {bench.module for group in benches.values() for bench in group}
    sources = sorted(ROOT / f"{module.replace('.', '/')}.py" for module in modules)
    return [test for source in sources for test in tests_of(source)]


def twice(names: Iterable[str]) -> list[str]:
    """The names that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def plan_problems(
    plans: Mapping[str, Plan], existing: Sequence[str], blocks: Iterable[str] = BENCHES
) -> list[str]:
    """Problems in the plans themselves, before any results."""
    problems = [f"There is no test {name} in tb/registry.py." for name in plans.keys() - {*blocks}]
    planned = set()
    for name, plan in plans.items():
        names = [point.name for point in plan.points]
        problems += [f"{name}: two points are called {point}." for point in twice(names)]
        for point in plan.points:
            planned.update(point.tests)
            problems += [
                f"{name}.{point.name} plans {test}, which does not exist."
                for test in point.tests
                if test not in existing
            ]
            problems += [
                f"{name}.{point.name} names {item} twice."
                for item in twice(point.tests) + twice(point.coverage)
            ]
    problems += [f"{test} is in no testplan." for test in existing if test not in planned]
    return problems


def result_files(directories: Iterable[Path]) -> list[Path]:
    """The results.xml files anywhere below the directories."""
    return sorted(path for directory in directories for path in directory.rglob("results.xml"))


def read_results(files: Iterable[Path]) -> dict[str, Outcome]:
    """How often each bench_MODULE.TEST passed and failed; a skipped test counts as neither."""
    outcomes: dict[str, Outcome] = {}
    for path in files:
        try:
            cases = list(ElementTree.parse(path).getroot().iter("testcase"))
        except ElementTree.ParseError as error:
            raise TestplanError(f"{path} is not a JUnit file: {error}.") from None
        for case in cases:
            module = case.get("classname", "").rsplit(".", 1)[-1]
            outcome = outcomes.setdefault(
                f"{module}.{case.get('name', '').split('/')[0]}", Outcome()
            )
            if case.find("failure") is not None or case.find("error") is not None:
                outcome.failed += 1
            elif case.find("skipped") is None:
                outcome.passed += 1
    return outcomes


def read_coverage(files: Iterable[Path]) -> dict[str, Coverage]:
    """The coverage points in the coverage.yaml files, with their hits summed."""
    merged: dict[str, Coverage] = {}
    for path in files:
        try:
            items = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}
            for name, item in items.items():
                if "bins:_hits" in item:  # the others only summarise the items below them
                    point = merged.setdefault(name, Coverage())
                    point.at_least = int(item["at_least"])
                    point.hits.update({str(k): int(n) for k, n in item["bins:_hits"].items()})
        except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise TestplanError(f"{path} is not from cocotb-coverage: {error}.") from None
    return merged


def join_problems(
    plans: Mapping[str, Plan], outcomes: Mapping[str, Outcome], coverage: Mapping[str, Coverage]
) -> Iterator[str]:
    """Planned tests and coverage without results, and unplanned coverage."""
    planned: set[str] = set()
    for name, plan in plans.items():
        for point in plan.points:
            where = f"{name}.{point.name}"
            for test in point.tests:
                outcome = outcomes.get(test, Outcome())
                if outcome.failed:
                    runs = outcome.passed + outcome.failed
                    yield f"{where}: {test} failed {outcome.failed} of {runs} times."
                elif not outcome.passed:
                    yield f"{where}: {test} did not run."
            planned.update(point.coverage)
            for item in point.coverage:
                if item not in coverage:
                    yield f"{where}: no run has the coverage point {item}."
                elif not coverage[item].hits.total():
                    yield f"{where}: nothing hit the coverage point {item}."
    for item in sorted(coverage.keys() - planned):
        yield f"The coverage point {item} is in no testplan."


@dataclass
class CoverageRow:
    """A coverage point in the report."""

    name: str
    bins: int
    hit: int
    holes: list[str]


@dataclass
class TestRow:
    """A test in the report."""

    __test__ = False  # for pytest

    name: str
    passed: int
    failed: int


@dataclass
class PointRow:
    """A point in the report."""

    name: str
    stage: str
    feature: str
    stimulus: str
    checks: str
    tests: list[TestRow]
    coverage: list[CoverageRow]

    @property
    def passed(self) -> bool:
        """Whether all its tests ran and none ever failed."""
        return all(test.passed and not test.failed for test in self.tests)


@dataclass
class BlockRow:
    """A plan in the report."""

    block: str
    about: str
    points: list[PointRow]


@dataclass
class Report:
    """Plans, results and coverage, joined."""

    results: str
    runs: int
    problems: list[str]
    blocks: list[BlockRow]


def coverage_row(name: str, coverage: Coverage) -> CoverageRow:
    """A coverage point with its first holes."""
    bins, holes = len(coverage.hits), coverage.holes()
    shown = holes[:HOLES_SHOWN] + (["..."] if len(holes) > HOLES_SHOWN else [])
    return CoverageRow(name, bins, bins - len(holes), shown)


def join(plans: Mapping[str, Plan], existing: Sequence[str], directories: Sequence[Path]) -> Report:
    """Joins plans, results and coverage into a report."""
    files = result_files(directories)
    outcomes = read_results(files)
    beside = (path.with_name("coverage.yaml") for path in files)
    coverage = read_coverage(path for path in beside if path.is_file())
    problems = plan_problems(plans, existing)
    problems += join_problems(plans, outcomes, coverage)
    blocks = []
    for name, plan in plans.items():
        rows = []
        for point in plan.points:
            tests = [TestRow(test, **asdict(outcomes.get(test, Outcome()))) for test in point.tests]
            items = [coverage_row(item, coverage.get(item, Coverage())) for item in point.coverage]
            texts = point.model_dump(exclude={"tests", "coverage"})
            rows.append(PointRow(**texts, tests=tests, coverage=items))
        blocks.append(BlockRow(name, plan.about, rows))
    return Report(", ".join(map(str, directories)), len(files), problems, blocks)


def show(report: Report) -> None:
    """Prints the table and the problems."""
    table = Table("block", "V1", "V2", "V3", "tests", "runs", "failed", "coverage bins", box=None)
    for block in report.blocks:
        stages = {}
        for stage in ("V1", "V2", "V3"):
            points = [point for point in block.points if point.stage == stage]
            done = sum(point.passed for point in points)
            stages[stage] = f"[{'green' if done == len(points) else 'red'}]{done}/{len(points)}[/]"
        tests = {test.name: test for point in block.points for test in point.tests}.values()
        items = {item.name: item for point in block.points for item in point.coverage}.values()
        table.add_row(
            block.block,
            *stages.values(),
            str(len(tests)),
            str(sum(test.passed + test.failed for test in tests)),
            str(sum(test.failed for test in tests)),
            f"{sum(item.hit for item in items)}/{sum(item.bins for item in items)}",
        )
    console.print(table)
    for problem in report.problems:
        console.print(problem, style="red", markup=False)


def main(
    results: Annotated[
        list[Path] | None, typer.Argument(help="directories of runs; default: last regression")
    ] = None,
    static: Annotated[bool, typer.Option("--static", help="check only the plans")] = False,
) -> None:
    """Joins the testplans with the results and coverage of runs."""
    directories = results or [RESULTS]
    try:
        plans, existing = load(), existing_tests()
        if static:
            report = Report("", 0, plan_problems(plans, existing), [])
        else:
            for path in directories:
                if not path.is_dir():
                    raise TestplanError(f"There are no results in {path}: run `make regress`.")
            report = join(plans, existing, directories)
    except TestplanError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    if static:
        for problem in report.problems:
            console.print(problem, style="red", markup=False)
    else:
        show(report)
        REPORT.mkdir(parents=True, exist_ok=True)
        document = {"design": verification_digest(), **asdict(report)}
        text = json.dumps(document, indent=1) + "\n"
        (REPORT / "summary.json").write_text(text, encoding="utf-8")
        write_page("testplan.html", REPORT / "index.html", report=report)
        console.print(f"Report: {REPORT / 'index.html'}")
    points = sum(len(plan.points) for plan in plans.values())
    if report.problems:
        console.print(f"{points} points, {len(report.problems)} problems.", style="red")
        raise typer.Exit(1)
    console.print(f"{points} points in {len(plans)} testplans, no problems.")


if __name__ == "__main__":
    stops.run(main)
