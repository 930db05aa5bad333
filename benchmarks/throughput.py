# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 1: throughput against chunk size, which the paper finds proportional."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from benchmarks.kernel import LOSSES, KernelPoint, losses
from benchmarks.points import Json, Point, Results
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_least
from benchmarks.scale import Scale

SHARE = 97.0  # percent of what the schedule's passes allow that each point shall reach
SLOPE = 0.95


def points(scale: Scale) -> list[Point]:
    """The main job at every chunk size of every series, and at the largest one after another."""
    found: list[Point] = [
        KernelPoint(scale.config(series, chunk).name, scale.length)
        for series in scale.series
        for chunk in scale.chunks
    ]
    return [*found, *(_several(scale, series) for series in scale.series)]


def _several(scale: Scale, series: str) -> KernelPoint:
    name = scale.config(series, max(scale.chunks)).name
    return KernelPoint(name, scale.length, scale.channels)


def power_law(chunks: Sequence[int], values: Sequence[float]) -> tuple[float, float, list[float]]:
    """The line through the points in log-log: slope, value at chunk 1, residuals in percent."""
    x, y = np.log(chunks), np.log(values)
    slope, offset = np.polyfit(x, y, 1)
    residuals = 100 * (np.exp(y - (slope * x + offset)) - 1)
    return float(slope), float(np.exp(offset)), [float(value) for value in residuals]


def rate(result: Json) -> float:
    """Samples a clock."""
    return float(result["samples"] / result["convolve"]["clocks"])


def allowed(result: Json) -> float:
    """Samples a clock if every clock were one of the schedule's passes."""
    return float(result["samples"] / result["schedule_beats"])


def share(result: Json) -> float:
    """What is reached of `allowed`, in percent."""
    return 100 * rate(result) / allowed(result)


def _where(result: Json) -> str:
    """Where the clocks went that are not the MAC's, the most first."""
    lost = sorted(losses(result).items(), key=lambda item: -item[1])
    return ", ".join(f"{clocks:,} {LOSSES[name]}" for name, clocks in lost if clocks)


def _check(series: str, result: Json) -> Check:
    """Whether a point reaches its share; if not, what kept it from that."""
    check = at_least(
        f"{series}, C = {result['chunk']:,}: samples a clock, of what the passes allow",
        share(result),
        SHARE,
        " %",
    )
    if check.met:
        return check
    return Check(check.what, False, f"{check.found}; clocks lost: {_where(result)}")


def section(scale: Scale, results: Results) -> Section:
    """The part's outcome."""
    checks: list[Check] = []
    tables: list[Table] = []
    data: Json = {"series": {}}
    curves = {}
    for series in scale.series:
        found = [
            results[KernelPoint(scale.config(series, chunk).name, scale.length)]
            for chunk in scale.chunks
        ]
        several = results[_several(scale, series)]
        slope, factor, residuals = power_law(scale.chunks, [rate(result) for result in found])
        ideal, _, _ = power_law(scale.chunks, [allowed(result) for result in found])
        checks += [_check(series, result) for result in found]
        checks.append(
            at_least(f"{series}: slope of log throughput over log C", slope, SLOPE, digits=4)
        )
        curves[series] = (found, slope, factor)
        tables += _tables(series, scale, found, several, residuals)
        data["series"][series] = {
            "slope": slope,
            "slope_of_passes_alone": ideal,
            "samples_a_clock_at_chunk_1": factor,
            "points": [
                {
                    "samples_a_clock": rate(result),
                    "allowed": allowed(result),
                    "share_percent": share(result),
                    "residual_percent": residual,
                    "lost": losses(result),
                    **result,
                }
                for result, residual in zip(found, residuals, strict=True)
            ],
            "several_channels": {"share_percent": share(several), **several},
        }
    notes = [
        f"{scale.length:,} samples by as many taps, one channel, Gaussian noise; each point's"
        " outputs equal the model's, bit for bit. Allowed: samples over C / W clocks for each of"
        " the schedule's passes, fill not counted.",
        *(
            f"{series}: throughput goes with C to the power {item['slope']:.3f}; the passes alone"
            f" go with {item['slope_of_passes_alone']:.3f}, as P(P+1)/2 passes of C / W clocks are"
            " not quite in proportion to 1 / C when chunks are few."
            f" With {scale.channels} channels one after another the largest chunk reaches"
            f" {item['several_channels']['share_percent']:.1f} % of what the passes allow: the"
            " load of the first chunk and the way out of the last are paid once a job."
            for series, item in data["series"].items()
        ),
    ]

    def draw(figure: Figure) -> None:
        axes, beside = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        for colour, (series, (found, slope, factor)) in zip(COLOURS, curves.items(), strict=False):
            label = f"{series}: measured, slope {slope:.3f}"
            rates = [rate(result) for result in found]
            axes.loglog(scale.chunks, rates, "o", color=colour, label=label)
            line = [factor * chunk**slope for chunk in scale.chunks]
            axes.loglog(scale.chunks, line, color=colour, linewidth=1)
            away = [100 * (rate / fit - 1) for rate, fit in zip(rates, line, strict=True)]
            beside.plot(scale.chunks, away, "o", color=colour)
            axes.loglog(
                scale.chunks,
                [allowed(result) for result in found],
                "_",
                color="#5c6670",
                markersize=14,
                label=f"{series}: what its passes allow",
            )
        axes.set_xticks(scale.chunks, [f"{chunk:,}" for chunk in scale.chunks])
        axes.minorticks_off()
        low = min(rate(result) for found, _, _ in curves.values() for result in found)
        high = max(allowed(result) for found, _, _ in curves.values() for result in found)
        ticks = [2.0**n for n in range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        beside.axhline(0, color="#9aa3ab", linewidth=1)
        beside.set_ylabel("beside\nthe fit (%)")
        beside.set_xlabel("chunk size C (samples)")
        axes.set_ylabel("samples a clock")
        axes.set_title(f"Throughput against chunk size: {scale.length:,} samples and taps")
        axes.legend(loc="upper left")

    return Section(
        "throughput",
        "Throughput against chunk size",
        checks,
        notes,
        tables,
        [Plot("throughput", draw, (8, 5.4))],
        data,
    )


def _tables(
    series: str, scale: Scale, found: Sequence[Json], several: Json, residuals: Sequence[float]
) -> list[Table]:
    rows = []
    for result, residual in [*zip(found, residuals, strict=True), (several, math.nan)]:
        channels = result["samples"] // scale.length
        name = f"{result['chunk']:,}" + (f", {channels} channels" if channels > 1 else "")
        rows.append(
            [
                name,
                f"{result['chunks']}",
                f"{result['schedule_beats']:,}",
                f"{result['convolve']['clocks']:,}",
                f"{rate(result):.4f}",
                f"{allowed(result):.4f}",
                f"{share(result):.1f} %",
                "-" if math.isnan(residual) else f"{residual:+.1f} %",
            ]
        )
    lost = [
        [f"{result['chunk']:,}", *(f"{clocks:,}" for clocks in losses(result).values())]
        for result in found
    ]
    headings = ("chunk", "P", "clocks of passes", "clocks", "samples a clock", "allowed", "share")
    return [
        Table(f"{series}", (*headings, "beside the fit"), rows),
        Table(f"{series}: clocks beside the passes", ("chunk", *LOSSES.values()), lost),
    ]
