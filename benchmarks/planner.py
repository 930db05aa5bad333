# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 7: the planner's predictions, which need no build, against every point of other parts."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import lengths, memory, schedules, throughput
from benchmarks.kernel import KernelPoint
from benchmarks.memory import MemoryPoint
from benchmarks.points import Json, Point, Results
from benchmarks.report import COLOURS, Plot, Section, Table, at_most
from benchmarks.scale import Scale
from benchmarks.schedules import FourStepPoint
from crocuta.models import configs
from crocuta.planner.clocks import convolve_clocks, prepare_clocks

# Largest error of the planner against the measurement, in percent.
CLOCKS = 2.0
BLOCK_RAMS = 5.0
FOUR_STEP = "clocks, four-step"


def points(scale: Scale) -> list[Point]:
    """Every simulation and every synthesis."""
    found = [
        *throughput.points(scale),
        *lengths.points(scale),
        *memory.points(scale),
        *schedules.four_step_points(scale),
    ]
    return list(dict.fromkeys(found))


def _clocks(point: KernelPoint, result: Json) -> list[tuple[str, float, float]]:
    """(what, measured, planned) for a simulation's two jobs."""
    config, length, channels = point.loaded, point.length, point.channels
    return [
        (
            f"{point.label}: clocks to convolve",
            result["convolve"]["clocks"],
            convolve_clocks(config, length, length, channels).total,
        ),
        (
            f"{point.label}: clocks to prepare",
            result["prepare"]["clocks"],
            prepare_clocks(config, length, channels).total,
        ),
    ]


def _block_rams(point: MemoryPoint, result: Json) -> list[tuple[str, float, float]]:
    """(what, measured, planned) for a synthesis."""
    planned = memory.planned(configs.load(point.config))
    return [(f"{point.config}: BRAM36", result["bram36"], planned)]


def away(measured: float, planned: float) -> float:
    """The planner's error in percent of the measured value."""
    return 100 * (planned / measured - 1)


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    kinds: dict[str, tuple[float, list[tuple[str, float, float]]]] = {
        "clocks": (CLOCKS, []),
        FOUR_STEP: (CLOCKS, []),
        "BRAM36": (BLOCK_RAMS, []),
    }
    for point in points(scale):
        if isinstance(point, KernelPoint):
            kinds["clocks"][1].extend(_clocks(point, results[point]))
        elif isinstance(point, FourStepPoint):
            kinds[FOUR_STEP][1].extend(schedules.simulated(point, results[point]))
        elif isinstance(point, MemoryPoint):
            kinds["BRAM36"][1].extend(_block_rams(point, results[point]))
    checks = [
        at_most(f"{what}, the planner's error", abs(away(found, plan)), limit, " %", 2)
        for limit, rows in kinds.values()
        for what, found, plan in rows
    ]
    tables = [
        Table(
            f"Planned {kind}",
            ("point", "measured", "planned", "error"),
            [
                [what, f"{found:,.10g}", f"{plan:,.10g}", f"{away(found, plan):+.2f} %"]
                for what, found, plan in rows
            ],
        )
        for kind, (_, rows) in kinds.items()
    ]
    worst = [
        [
            kind,
            f"{len(rows)}",
            f"{max(abs(away(found, plan)) for _, found, plan in rows):.2f} %",
            f"{limit:g} %",
        ]
        for kind, (limit, rows) in kinds.items()
    ]
    summary = Table("", ("what", "figures", "largest error", "limit"), worst)
    notes = [
        "What `make plan` predicts against the other parts' measurements: the clocks of every"
        " convolution and of every filter's preparation, and the block RAMs of every synthesis.",
    ]

    def draw(figure: Figure) -> None:
        for axes, (kind, (limit, rows)), colour in zip(
            figure.subplots(1, len(kinds)), kinds.items(), COLOURS, strict=False
        ):
            _draw(axes, kind, limit, rows, colour)

    return Section(
        "planner",
        "The planner against measurement",
        checks,
        notes,
        [summary, *tables],
        [Plot("planner", draw, (13, 4.8))],
        {
            kind: [{"of": what, "measured": found, "planned": plan} for what, found, plan in rows]
            for kind, (_, rows) in kinds.items()
        },
        page=[summary],
    )


def _draw(
    axes: Axes, kind: str, limit: float, rows: Sequence[tuple[str, float, float]], colour: str
) -> None:
    """Plots the error of each prediction."""
    axes.semilogx(
        [found for _, found, _ in rows],
        [away(found, plan) for _, found, plan in rows],
        "o",
        color=colour,
    )
    for bound in (-limit, limit):
        axes.axhline(bound, color="#5c6670", linewidth=1, linestyle="--")
    axes.set_xlabel(f"{kind}, measured")
    axes.set_ylabel("planned, error (%)")
    axes.set_title(f"Planned {kind}: within {limit:g} %")
