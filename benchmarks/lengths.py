# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 2: throughput against length; the paper loses 7 % at its longest sequences."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from benchmarks.kernel import LOSSES, KernelPoint, losses
from benchmarks.points import Json, Point, Results
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_most
from benchmarks.scale import Scale
from benchmarks.throughput import each_pass

LOSS = 1.0  # percent, from the best length to the longest
PAPER_LOSS = 7.0


def points(scale: Scale) -> list[Point]:
    """Every length of every curve."""
    return [point for series, chunk in scale.lengths for point in curve(scale, series, chunk)]


def curve(scale: Scale, series: str, chunk: int) -> list[KernelPoint]:
    """One curve's points."""
    name = scale.config(series, chunk).name
    return [KernelPoint(name, length) for length in scale.lengths[series, chunk]]


def products(result: Json) -> float:
    """Useful products per clock: a product is one word of a pair of chunks, and the MAC does W per
    clock for each output chunk of a pass."""
    return float(result["pairs"] * result["chunk"] / result["convolve"]["clocks"])


def loss(values: list[float]) -> float:
    """How far the last value is below the best, in percent."""
    return float(100 * (1 - values[-1] / max(values)))


def padding(result: Json) -> float:
    """The percentage of sample products that involve zero padding after the end of a row."""
    row = result["chunks"] * result["chunk"]
    length = result["samples"]
    return float(100 * (1 - length * (length + 1) / (row * (row + 1))))


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    checks: list[Check] = []
    tables: list[Table] = []
    short: list[Table] = []
    curves = {}
    data: Json = {"paper_loss_percent": PAPER_LOSS, "series": {}}
    for series, chunk in scale.lengths:
        found = [results[point] for point in curve(scale, series, chunk)]
        name = f"{series}, C = {chunk:,}"
        values = [products(result) for result in found]
        curves[name] = found, values
        longest = scale.lengths[series, chunk][-1]
        checks.append(
            at_most(
                f"{name}: useful products per clock, loss from the best length to {longest:,}",
                loss(values),
                LOSS,
                " %",
                digits=2,
            )
        )
        tables.append(_table(name, found, LOSSES))
        short.append(_table(name, found, {}))
        data["series"][name] = {
            "loss_percent": loss(values),
            "points": [
                {
                    "products_a_clock": value,
                    "padding_percent": padding(result),
                    "lost": losses(result),
                    **result,
                }
                for result, value in zip(found, values, strict=True)
            ],
        }
    notes = [
        "A product is one word of a pair of chunks; a pair has C. The MAC does at most W per clock"
        " for each output chunk of a pass. Products with the zeros after the end of a row count as"
        " useful here; the tables show how many there are.",
        f"The paper loses {PAPER_LOSS:g} % at its longest sequences. Here the share of useful"
        " clocks grows with the length, because a job pays for fill and drain only once.",
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        limits: dict[int, str] = {}
        for colour, (name, (found, values)) in zip(COLOURS, curves.items(), strict=False):
            lanes, outputs = found[0]["lanes"], found[0]["outputs"]
            limits[lanes * outputs] = f"{lanes} lanes, {each_pass(found[0])}"
            label = f"{name}: {loss(values):.2f} % loss at the longest"
            lengths = [result["samples"] for result in found]
            axes.semilogx(lengths, values, "o-", color=colour, label=label)
        for most, words in limits.items():
            axes.axhline(most, color="#5c6670", linewidth=1, linestyle="--")
            axes.annotate(
                f"at most {most}: {words}", (0.01, most), xycoords=("axes fraction", "data"),
                va="bottom",
            )  # fmt: skip
        axes.set_ylim(0, max(limits) * 1.1)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_xlabel("samples and taps")
        axes.set_ylabel("useful products per clock")
        axes.set_title("Useful products per clock against length")
        figure.legend(loc="outside lower center", fontsize=9.5)

    return Section(
        "lengths",
        "Throughput against length",
        checks,
        notes,
        tables,
        [Plot("lengths", draw, (8, 5.2))],
        data,
        page=short,
    )


def _table(name: str, found: list[Json], causes: Mapping[str, str]) -> Table:
    """A curve's points, with the clocks lost to each of `causes` from LOSSES."""
    rows = [
        [
            f"{result['samples']:,}",
            f"{result['chunks']}",
            f"{result['convolve']['clocks']:,}",
            f"{result['convolve']['clocks'] - result['schedule_beats']:,}",
            *(f"{losses(result)[cause]:,}" for cause in causes),
            f"{products(result):.3f}",
            f"{padding(result):.1f} %",
        ]
        for result in found
    ]
    headings = ("length", "P", "clocks", "outside the passes", *causes.values())
    return Table(name, (*headings, "products per clock", "zeros"), rows)
