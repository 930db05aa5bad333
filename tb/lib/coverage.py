# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Functional coverage with cocotb-coverage: covergroups that know all their bins, and a file of
hits next to each simulation's results."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from cocotb.triggers import Trigger
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db

Bins = Sequence[str]
ANSWERS = ("no", "yes")
FILE = "coverage.yaml"


def covergroup(
    name: str,
    points: Mapping[str, Bins],
    crosses: Mapping[str, Sequence[str]] | None = None,
    ignore: Mapping[str, Sequence[Sequence[str | None]]] | None = None,
) -> Callable[..., None]:
    """Returns a covergroup's sampling function, which takes one bin per point, in order.

    Args:
        name: the group; a point's full name is GROUP.POINT.
        points: bins by point.
        crosses: the points of each cross, by name.
        ignore: impossible bins of a cross; None stands for any bin.

    Raises:
        ValueError: the function was called with a bin that does not exist.
    """

    def check(*values: str) -> None:
        for value, (point, bins) in zip(values, points.items(), strict=True):
            if value not in bins:
                raise ValueError(f"{name}.{point} has no bin {value!r}")

    cover = [
        CoverPoint(f"{name}.{point}", xf=lambda *values, i=i: values[i], bins=list(bins))
        for i, (point, bins) in enumerate(points.items())
    ]
    cover += [
        CoverCross(
            f"{name}.{cross}",
            items=[f"{name}.{item}" for item in items],
            ign_bins=list((ignore or {}).get(cross, ())),
        )
        for cross, items in (crosses or {}).items()
    ]
    # Points outermost, because a cross reads what its points have just hit.
    sample: Callable[..., None] = check
    for item in reversed(cover):
        sample = item(sample)
    return sample


def seldom(
    name: str,
    points: Mapping[str, Bins],
    crosses: Mapping[str, Sequence[str]] | None = None,
    ignore: Mapping[str, Sequence[Sequence[str | None]]] | None = None,
) -> Callable[..., None]:
    """A covergroup that counts each combination of bins once per simulation, for sampling in every
    clock: counting takes longer than simulating a clock."""
    sample = covergroup(name, points, crosses, ignore)
    seen: set[tuple[str, ...]] = set()

    def first(*values: str) -> None:
        if values not in seen:
            seen.add(values)
            sample(*values)

    return first


def export() -> None:
    """Writes all hits of this simulation next to its results."""
    coverage_db.export_to_yaml(str(Path(os.environ["COCOTB_RESULTS_FILE"]).with_name(FILE)))


Test = Callable[..., Coroutine[Trigger, None, None]]


def covered(test: Test) -> Test:
    """Decorator below @cocotb.test() for a test without UVM that writes its hits."""

    @functools.wraps(test)
    async def run(*args: Any, **kwargs: Any) -> None:
        await test(*args, **kwargs)
        export()

    return run
