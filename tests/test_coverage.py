# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Merging of coverage, and the rules for exclusions."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from flow import coverage
from flow.coverage import CoverageError, Exclusion, Point
from tests.interpreter import printed

SOURCE = {"fifo.sv": ["module fifo;", "  if (bad) $fatal(1);", "  assign a = b ? c : d;"]}
REASON = "A sentence long enough to say something."


def entry(kind: str, line: int, what: str, count: int, instance: str = "top.u_a") -> str:
    fields = {"f": "/x/rtl/fifo.sv", "l": line, "n": 3, "t": kind, "page": f"v_{kind}/fifo"}
    fields |= {"o": what, "h": instance}
    body = "".join(f"\x01{key}\x02{value}" for key, value in fields.items())
    return f"C '{body}' {count}\n"


def hits(*lines: str) -> Counter[Point]:
    result: Counter[Point] = Counter()
    for point, count in coverage.read_points(["# SystemC::Coverage-3\n", *lines]):
        result[point] += count
    return result


def test_instances_of_one_place_are_one_point() -> None:
    found = hits(entry("branch", 3, "cond_then", 0), entry("branch", 3, "cond_then", 5, "top.u_b"))
    assert found == Counter({Point("branch", "fifo.sv", 3, 3, "cond_then"): 5})


def test_a_bench_is_not_covered() -> None:
    assert not hits(entry("line", 1, "block", 3).replace("/rtl/", "/tb/"))


def test_tallies_and_exclusions() -> None:
    found = hits(
        entry("line", 2, "elsif", 0),
        entry("line", 3, "block", 7),
        entry("branch", 3, "cond_then", 7),
        entry("branch", 3, "cond_else", 0),
    )
    exclusion = Exclusion(kinds=["line"], source=r"\$fatal", tag="unreachable", reason=REASON)
    merged = coverage.merge(found, [exclusion], SOURCE)
    assert merged.tallies["", "line"] == coverage.Tally(total=1, hit=1, excluded=1)
    assert merged.tallies["fifo.sv", "branch"] == coverage.Tally(total=2, hit=1)
    assert merged.tallies["", "branch"].percent == 50


@pytest.mark.parametrize("source", ["no such text", "module fifo"])
def test_a_useless_exclusion_is_an_error(source: str) -> None:
    found = hits(entry("line", 1, "block", 1), entry("line", 2, "block", 0))
    exclusion = Exclusion(kinds=["line"], source=source, tag="external", reason=REASON)
    with pytest.raises(CoverageError, match="excludes nothing"):
        coverage.merge(found, [exclusion], SOURCE)


@pytest.mark.parametrize(
    "change", [{"tag": "lazy"}, {"reason": "because"}, {"kinds": []}, {"kind": "line"}]
)
def test_exclusions_are_checked(change: dict[str, object]) -> None:
    good = {"kinds": ["line"], "tag": "unreachable", "reason": REASON}
    Exclusion.model_validate(good)
    with pytest.raises(ValidationError):
        Exclusion.model_validate(good | change)


def test_the_projects_exclusions_can_be_read() -> None:
    exclusions = coverage.read_exclusions()
    assert exclusions
    for exclusion in exclusions:
        for pattern in (exclusion.files, exclusion.source, exclusion.what):
            re.compile(pattern)


def test_functional_coverage_adds_up(tmp_path: Path) -> None:
    for number in range(2):
        directory = tmp_path / f"run{number}"
        directory.mkdir()
        first, second = (1, 0) if number else (0, 0)
        (directory / "coverage.yaml").write_text(
            f"fifo.full:\n  at_least: 1\n  bins:_hits:\n    'yes': {first}\n    'no': {second}\n"
        )
    hit, bins, holes = coverage.functional(tmp_path)
    assert (hit, bins, holes) == (1, 2, ["fifo.full: no"])


def test_order_does_not_matter(seed: int) -> None:
    lines = [entry("toggle", 3, f"a[{i}]:0->1", i % 3) for i in range(9)]
    shuffled = random.Random(seed).sample(lines, len(lines))
    assert hits(*lines) == hits(*shuffled)


def test_a_report_leaves_the_regression_from_which_the_next_one_goes_on() -> None:
    """Both write a summary.json."""
    directory = printed("from flow import regress; print(regress.DIRECTORY)", RTL_COVERAGE="1")
    assert Path(directory.strip()) == coverage.RUNS != coverage.DIRECTORY
