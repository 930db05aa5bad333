# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 1: throughput against chunk size, which the paper finds proportional.

What is judged is sustained throughput: channels back to back, as the first chunk's way in and the
last one's way out, 2 C / W clocks, are paid once a job. A single channel is shown beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from benchmarks.kernel import LOSSES, KernelPoint, losses
from benchmarks.points import Json, Point, Results
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_least
from benchmarks.scale import Scale
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, passes

SHARE = 97.0  # percent of what the schedule's passes allow that each point shall reach
SLOPE = 0.95
# Where the passes alone have less: how far from their slope. FILL at the three largest of seven
# chunk sizes and nothing elsewhere would take 0.006.
SLOPE_MARGIN = 0.01
FILL = 0.02
"""The way in and out, beside the passes, at most: so many channels are taken."""


def channels(config: Config, length: int) -> int:
    """The least power of two that brings the clocks of the way in and out, those of two passes,
    to FILL of the passes' or below."""
    alone = passes(config, Job(Mode.CONVOLVE, 1, length, length))
    count = 1
    while FILL * count * alone < 2:
        count *= 2
    return count


def single(scale: Scale, series: str, chunk: int) -> KernelPoint:
    """The main job on one channel."""
    return KernelPoint(scale.config(series, chunk).name, scale.length)


def sustained(scale: Scale, series: str, chunk: int) -> KernelPoint:
    """The main job on as many channels as fill and drain need."""
    config = scale.config(series, chunk)
    return KernelPoint(config.name, scale.length, channels(config, scale.length))


def points(scale: Scale) -> list[Point]:
    """The main job at every chunk size of every series, on one channel and sustained."""
    found: list[Point] = [
        make(scale, series, chunk)
        for series in scale.series
        for chunk in scale.chunks
        for make in (single, sustained)
    ]
    return list(dict.fromkeys(found))


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


def _reached(series: str, result: Json) -> Check:
    """Whether a point reaches its share; if not, what kept it from that."""
    check = at_least(
        f"{series}, C = {result['chunk']:,}: sustained samples a clock, of what the passes allow",
        share(result),
        SHARE,
        " %",
    )
    if check.met:
        return check
    return Check(check.what, False, f"{check.found}; clocks lost: {_where(result)}")


def slope_target(ideal: float) -> float:
    """What the slope shall be where the passes alone have `ideal`: no schedule is faster than its
    passes, so it is at most a margin below them."""
    return min(SLOPE, ideal - SLOPE_MARGIN)


def _slope(series: str, slope: float, ideal: float) -> Check:
    """Whether throughput goes with the chunk size as far as the passes do."""
    what = f"{series}: slope of log throughput over log C"
    target = slope_target(ideal)
    if target < SLOPE:
        what += (
            f" ({SLOPE} is beyond its passes, whose slope is {ideal:.4f}; so at most"
            f" {SLOPE_MARGIN} below that)"
        )
    return at_least(what, slope, target, digits=4)


def section(scale: Scale, results: Results) -> Section:
    """The part's outcome."""
    checks: list[Check] = []
    tables: list[Table] = []
    data: Json = {"series": {}}
    curves: dict[str, tuple[list[Json], list[Json], float, float]] = {}
    for series in scale.series:
        alone = [results[single(scale, series, chunk)] for chunk in scale.chunks]
        found = [results[sustained(scale, series, chunk)] for chunk in scale.chunks]
        slope, factor, residuals = power_law(scale.chunks, [rate(result) for result in found])
        ideal, _, _ = power_law(scale.chunks, [allowed(result) for result in found])
        of_one, _, _ = power_law(scale.chunks, [rate(result) for result in alone])
        checks += [_reached(series, result) for result in found]
        checks.append(_slope(series, slope, ideal))
        least = min(min(losses(result).values()) for result in (*alone, *found))
        checks.append(
            Check(f"{series}: no clock is accounted for twice", least >= 0, f"least loss {least}")
        )
        curves[series] = (found, alone, slope, factor)
        tables += _tables(series, found, alone, residuals)
        data["series"][series] = {
            "slope": slope,
            "slope_of_passes_alone": ideal,
            "slope_of_one_channel": of_one,
            "samples_a_clock_at_chunk_1": factor,
            "points": [
                {**_figures(result), "residual_percent": residual, "one_channel": _figures(one)}
                for result, one, residual in zip(found, alone, residuals, strict=True)
            ],
        }
    notes = [
        f"{scale.length:,} samples by as many taps, Gaussian noise; each point's outputs equal the"
        " model's, bit for bit. Sustained: so many channels back to back, a power of two, that the"
        f" first chunk's way in and the last one's way out, 2 C / W clocks a job, are at most"
        f" {100 * FILL:g} % of the passes' clocks. Allowed: samples over C / W clocks for each of"
        " the schedule's passes.",
        *(_explained(series, *curves[series][:2], data) for series in scale.series),
    ]

    def draw(figure: Figure) -> None:
        axes, beside = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        for colour, (series, (found, alone, slope, factor)) in zip(
            COLOURS, curves.items(), strict=False
        ):
            rates = [rate(result) for result in found]
            line = [factor * chunk**slope for chunk in scale.chunks]
            label = f"{series}, {each_pass(found[0])}: slope {slope:.3f}"
            axes.loglog(scale.chunks, rates, "o", color=colour, label=label)
            axes.loglog(scale.chunks, line, color=colour, linewidth=1)
            less = [one for one, result in zip(alone, found, strict=True) if one != result]
            axes.loglog(
                [one["chunk"] for one in less], [rate(one) for one in less], "o", color=colour,
                fillstyle="none",
            )  # fmt: skip
            away = [100 * (rate / fit - 1) for rate, fit in zip(rates, line, strict=True)]
            beside.plot(scale.chunks, away, "o", color=colour)
            axes.loglog(
                scale.chunks, [allowed(result) for result in found], "_", color="#5c6670",
                markersize=16,
            )  # fmt: skip
        # What is the same for all series, once.
        axes.plot([], [], "o", color="#5c6670", fillstyle="none",
                  label="one channel alone, where that is less")  # fmt: skip
        axes.plot([], [], "_", color="#5c6670", markersize=16, label="what the passes allow")
        axes.set_xticks(scale.chunks, [f"{chunk:,}" for chunk in scale.chunks])
        axes.minorticks_off()
        shown = [result for found, alone, *_ in curves.values() for result in (*found, *alone)]
        low, high = min(map(rate, shown)), max(map(allowed, shown))
        ticks = [2.0**n for n in range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)]
        axes.set_yticks(ticks, [f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
        beside.axhline(0, color="#9aa3ab", linewidth=1)
        beside.set_ylabel("beside\nthe line (%)")
        beside.set_xlabel("chunk size C (samples)")
        axes.set_ylabel("samples a clock")
        axes.set_title(
            f"Sustained throughput against chunk size: {scale.length:,} samples and taps"
        )
        axes.legend(loc="upper left")

    return Section(
        "throughput",
        "Throughput against chunk size",
        checks,
        notes,
        tables,
        [Plot("throughput", draw, (8, 5.4))],
        data,
        page=tables,
    )


def each_pass(result: Json) -> str:
    """What a pass does, in words."""
    outputs = result["outputs"]
    return "one output chunk a pass" if outputs == 1 else "two output chunks a pass"


def _figures(result: Json) -> Json:
    """A point's figures."""
    return {
        "samples_a_clock": rate(result),
        "allowed": allowed(result),
        "share_percent": share(result),
        "lost": losses(result),
        **result,
    }


def _explained(series: str, found: Sequence[Json], alone: Sequence[Json], data: Json) -> str:
    """The slope of a series, and why it is no more."""
    item, first, last = data["series"][series], found[0], found[-1]
    wide = last["chunk"] / first["chunk"]
    return (
        f"{series}: throughput goes with C to the power {item['slope']:.4f}, that of its passes"
        f" alone with {item['slope_of_passes_alone']:.4f}, that of one channel with"
        f" {item['slope_of_one_channel']:.4f}. The passes are not in proportion to 1 / C²: C ="
        f" {first['chunk']:,} takes {_passes(first):,} a channel, C = {last['chunk']:,}"
        f" {_passes(last):,}, and so {allowed(last) / allowed(first):.1f} times the samples a clock"
        f" at {wide:g} times the chunk. At the largest one channel reaches"
        f" {share(alone[-1]):.1f} % of what the passes allow, {last['channels']} channels"
        f" {share(last):.1f} %."
    )


def _passes(result: Json) -> int:
    """The passes of each channel."""
    beats = result["chunk"] // result["lanes"]
    return int(result["schedule_beats"] // (beats * result["channels"]))


def _tables(
    series: str, found: Sequence[Json], alone: Sequence[Json], residuals: Sequence[float]
) -> list[Table]:
    rows = [
        [
            f"{result['chunk']:,}",
            f"{result['chunks']}",
            f"{_passes(result):,}",
            f"{one['convolve']['clocks']:,}",
            f"{share(one):.1f} %",
            f"{result['channels']}",
            f"{result['convolve']['clocks']:,}",
            f"{rate(result):.4f}",
            f"{allowed(result):.4f}",
            f"{share(result):.1f} %",
            f"{residual:+.1f} %",
        ]
        for result, one, residual in zip(found, alone, residuals, strict=True)
    ]
    causes = [name for name in LOSSES if any(losses(result)[name] for result in alone)]
    lost = [
        [f"{result['chunk']:,}", *(f"{losses(result)[name]:,}" for name in causes)]
        for result in alone
    ]
    headings = (
        "C",
        "P",
        "passes a channel",
        "clocks of one channel",
        "of the passes",
        "channels",
        "clocks",
        "samples a clock",
        "allowed",
        "of it",
        "beside the line",
    )
    return [
        Table(series, headings, rows),
        Table(
            f"{series}: clocks of one channel beside the passes",
            ("C", *(LOSSES[name] for name in causes)),
            lost,
        ),
    ]
