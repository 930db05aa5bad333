# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The testplans cover every test, and joining them with results reports whatever is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from flow import testplan
from flow.testplan import Plan, TestplanError

POINT = """
[[points]]
name = "%s"
stage = "V1"
feature = "f"
stimulus = "s"
checks = "c"
tests = [%s]
coverage = [%s]
"""
RESULTS = """<testsuites><testsuite name="x">
<testcase classname="tb.bench_a" name="good"/>
<testcase classname="tb.bench_a" name="each/n=1"/>
<testcase classname="tb.bench_a" name="each/n=2">%s</testcase>
<testcase classname="tb.bench_a" name="left"><skipped/></testcase>
</testsuite></testsuites>"""
COVERAGE = """
top: {at_least: 1, type: item, size: 4, coverage: 2}
top.gap: {at_least: 1, weight: 1, size: 2, 'bins:_hits': {0: %d, 1: 0}}
top.kind: {at_least: 3, weight: 1, size: 2, 'bins:_hits': {a: 2, b: 1}}
"""
EXISTING = ["bench_a.good", "bench_a.each"]


def plans(tmp_path: Path, **points: tuple[str, str]) -> dict[str, Plan]:
    """The plan "cells" with one point per argument: its tests and its coverage."""
    text = 'about = "a"\n'
    text += "".join(POINT % (name, tests, cover) for name, (tests, cover) in points.items())
    (tmp_path / "cells.toml").write_text(text)
    return testplan.load(tmp_path)


def run(tmp_path: Path, number: int, end: str = "", hits: int | None = None) -> None:
    directory = tmp_path / "runs" / str(number)
    directory.mkdir(parents=True)
    (directory / "results.xml").write_text(RESULTS % end)
    if hits is not None:
        (directory / "coverage.yaml").write_text(COVERAGE % hits)


def test_the_plans_and_the_benches_agree() -> None:
    assert testplan.plan_problems(testplan.load(), testplan.existing_tests()) == []


def test_every_point_has_coverage() -> None:
    missing = [
        f"{name}.{point.name}"
        for name, plan in testplan.load().items()
        for point in plan.points
        if not point.coverage
    ]
    assert not missing, "no coverage shows that these happened"


def test_tests_are_found_in_the_source(tmp_path: Path) -> None:
    path = tmp_path / "bench_a.py"
    path.write_text(
        "@cocotb.test()\n@cocotb.parametrize(n=[1, 2])\nasync def each(dut): pass\n"
        "@cocotb.test\nasync def plain(dut): pass\n"
        "@pyuvm.test(timeout_time=5)\nclass Frames(Base): pass\n"
        "@test()\nclass Gaps(Base): pass\n"
        "@dataclass\nclass Other: pass\n"
        "async def helper(dut): pass\n"
    )
    names = ["each", "plain", "Frames", "Gaps"]
    assert testplan.tests_of(path) == [f"bench_a.{name}" for name in names]


def test_each_lapse_of_a_plan_is_a_problem(tmp_path: Path) -> None:
    found = plans(
        tmp_path, one=('"bench_a.good", "bench_a.gone"', '"p", "p"'), two=('"bench_a.good"', "")
    )
    found["nothing"] = found["cells"]
    problems = testplan.plan_problems(found, EXISTING)
    assert problems[0] == "There is no test nothing in tb/registry.py."
    assert problems[1:3] == [
        "cells.one plans bench_a.gone, which does not exist.",
        "cells.one names p twice.",
    ]
    assert problems[-1] == "bench_a.each is in no testplan."
    doubled = plans(tmp_path, one=('"bench_a.good", "bench_a.each"', ""))
    doubled["cells"].points.append(doubled["cells"].points[0])
    assert testplan.plan_problems(doubled, EXISTING) == ["cells: two points are called one."]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('about = "a"', "points: Field required."),
        ("about =", "is not TOML"),
        ('about = "a"' + POINT % ("x", "", ""), "points.0.tests: List should have at least 1"),
        ('about = "a"' + POINT % ("x", '"t"', "") + "other = 1", "points.0.other: Extra"),
        ('about = "a"' + (POINT % ("x", '"t"', "")).replace("V1", "V4"), "points.0.stage: "),
    ],
)
def test_a_bad_plan_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(TestplanError) as error:
        testplan.load(tmp_path)
    assert "bad.toml" in str(error.value)
    assert sentence in str(error.value)


def test_join_without_a_problem(tmp_path: Path) -> None:
    found = plans(tmp_path, one=('"bench_a.good", "bench_a.each"', '"top.gap", "top.kind"'))
    run(tmp_path, 1, hits=0)
    run(tmp_path, 2, hits=1)
    run(tmp_path, 3)
    report = testplan.join(found, EXISTING, [tmp_path / "runs"])
    assert report.problems == []
    assert report.runs == 3
    point = report.blocks[0].points[0]
    assert [(test.name, test.passed, test.failed) for test in point.tests] == [
        ("bench_a.good", 3, 0),
        ("bench_a.each", 6, 0),
    ]
    # 1 + 1 hits of bin 0; 4 and 2 of the 3 that "kind" needs.
    assert [(item.hit, item.bins, item.holes) for item in point.coverage] == [
        (1, 2, ["1"]),
        (1, 2, ["b"]),
    ]


def test_each_lapse_of_results_is_a_problem(tmp_path: Path) -> None:
    found = plans(
        tmp_path,
        one=('"bench_a.good", "bench_a.each"', '"top.gap", "top.other"'),
        two=('"bench_a.left"', ""),
    )
    run(tmp_path, 1, hits=0)
    run(tmp_path, 2, "<failure/>", hits=0)
    report = testplan.join(found, [*EXISTING, "bench_a.left"], [tmp_path / "runs"])
    assert report.problems == [
        "cells.one: bench_a.each failed 1 of 4 times.",
        "cells.one: nothing hit the coverage point top.gap.",
        "cells.one: no run has the coverage point top.other.",
        "cells.two: bench_a.left did not run.",
        "The coverage point top.kind is in no testplan.",
    ]


def test_unreadable_results_are_one_sentence(tmp_path: Path) -> None:
    run(tmp_path, 1)
    path = tmp_path / "runs" / "1" / "coverage.yaml"
    path.write_text("top.gap: {'bins:_hits': [1]}")
    with pytest.raises(TestplanError, match="is not from cocotb-coverage"):
        testplan.join({}, [], [tmp_path])
    path.with_name("results.xml").write_text("<testsuites>")
    with pytest.raises(TestplanError, match="is not a JUnit file"):
        testplan.join({}, [], [tmp_path])


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testplan, "PLANS", tmp_path)
    monkeypatch.setattr(testplan, "REPORT", tmp_path / "report")
    monkeypatch.setattr(testplan, "existing_tests", lambda: EXISTING)
    found = plans(tmp_path, one=('"bench_a.good", "bench_a.each"', '"top.gap", "top.kind"'))
    monkeypatch.setattr(testplan, "load", lambda: found)
    app = Typer()
    app.command()(testplan.main)
    run(tmp_path, 1, hits=1)
    done = CliRunner().invoke(app, [str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    assert "1 points in 1 testplans, no problems." in done.stdout
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["blocks"][0]["points"][0]["tests"][0]["passed"] == 1
    assert "bench_a.good 1 / 1" in (tmp_path / "report" / "index.html").read_text()
    run(tmp_path, 2, "<failure/>", hits=1)
    assert CliRunner().invoke(app, [str(tmp_path / "runs")]).exit_code == 1
    assert "bench_a.each failed 1 of 4" in (tmp_path / "report" / "index.html").read_text()
    done = CliRunner().invoke(app, [str(tmp_path / "nothing")])
    assert done.exit_code == 2
    assert done.stderr.startswith("There are no results in ")
