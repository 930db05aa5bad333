# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 1: throughput against chunk size, which the paper finds to be proportional.

The targets are for sustained throughput, with channels back to back: filling with the first chunk
and draining the last takes 2 C / W clocks once per job. A single channel is shown for comparison.
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

SHARE = 97.0  # percent of the limit set by the schedule's passes that each point must reach
SLOPE = 0.95
# If the slope of the passes alone is lower: the margin below it. FILL at the three largest of seven
# chunk sizes and nothing elsewhere would cost 0.006.
SLOPE_MARGIN = 0.01
FILL = 0.02
"""Fill and drain as a fraction of the passes' clocks, at most; sets the number of channels."""


def channels(config: Config, length: int) -> int:
    """The smallest power of two that keeps fill and drain, as long as two passes, within FILL of
    the passes' clocks."""
    alone = passes(config, Job(Mode.CONVOLVE, 1, length, length))
    count = 1
    while FILL * count * alone < 2:
        count *= 2
    return count


def single(scale: Scale, series: str, chunk: int) -> KernelPoint:
    """The main job on one channel."""
    return KernelPoint(scale.config(series, chunk).name, scale.length)


def sustained(scale: Scale, series: str, chunk: int) -> KernelPoint:
    """The main job on enough channels to amortise fill and drain."""
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
    """A straight line fitted in log-log: slope, value at chunk 1, residuals in percent."""
    x, y = np.log(chunks), np.log(values)
    slope, offset = np.polyfit(x, y, 1)
    residuals = 100 * (np.exp(y - (slope * x + offset)) - 1)
    return float(slope), float(np.exp(offset)), [float(value) for value in residuals]


def rate(result: Json) -> float:
    """Samples per clock."""
    return float(result["samples"] / result["convolve"]["clocks"])


def allowed(result: Json) -> float:
    """Samples per clock if every clock belonged to one of the schedule's passes."""
    return float(result["samples"] / result["schedule_beats"])


def share(result: Json) -> float:
    """`rate` in percent of `allowed`."""
    return 100 * rate(result) / allowed(result)


def _where(result: Json) -> str:
    """Where the MAC's idle clocks went, the largest loss first."""
    lost = sorted(losses(result).items(), key=lambda item: -item[1])
    return ", ".join(f"{clocks:,} {LOSSES[name]}" for name, clocks in lost if clocks)


def _reached(series: str, result: Json) -> Check:
    """Checks that a point reaches its share; the finding of a missed one says where clocks went."""
    check = at_least(
        f"{series}, C = {result['chunk']:,}: sustained samples per clock, of the passes' limit",
        share(result),
        SHARE,
        " %",
    )
    if check.met:
        return check
    return Check(check.what, False, f"{check.found}; clocks lost: {_where(result)}")


def slope_target(ideal: float) -> float:
    """The slope to reach if the passes alone have slope `ideal`: no schedule is faster than its
    passes, so the target is never above a margin below them."""
    return min(SLOPE, ideal - SLOPE_MARGIN)


def _slope(series: str, slope: float, ideal: float) -> Check:
    """Checks that throughput scales with the chunk size as far as the passes do."""
    what = f"{series}: slope of log throughput over log C"
    target = slope_target(ideal)
    if target < SLOPE:
        what += (
            f" ({SLOPE} is out of reach of its passes, whose slope is {ideal:.4f}; so within"
            f" {SLOPE_MARGIN} of that)"
        )
    return at_least(what, slope, target, digits=4)


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
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
            Check(f"{series}: no clock is counted twice", least >= 0, f"smallest loss {least}")
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
        " model's, bit for bit. Sustained: enough channels back to back (a power of two) that fill"
        f" and drain, 2 C / W clocks per job, take at most {100 * FILL:g} % of the passes' clocks."
        " Limit: samples divided by C / W clocks for each of the schedule's passes.",
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
        # Legend entries that all series share.
        axes.plot([], [], "o", color="#5c6670", fillstyle="none",
                  label="one channel alone, where lower")  # fmt: skip
        axes.plot([], [], "_", color="#5c6670", markersize=16, label="limit of the passes")
        axes.set_xticks(scale.chunks, [f"{chunk:,}" for chunk in scale.chunks])
        axes.minorticks_off()
        shown = [result for found, alone, *_ in curves.values() for result in (*found, *alone)]
        low, high = min(map(rate, shown)), max(map(allowed, shown))
        ticks = [2.0**n for n in range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)]
        axes.set_yticks(ticks, [f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
        beside.axhline(0, color="#9aa3ab", linewidth=1)
        beside.set_ylabel("off the\nfit (%)")
        beside.set_xlabel("chunk size C (samples)")
        axes.set_ylabel("samples per clock")
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
    """The number of output chunks of a pass, in words."""
    outputs = result["outputs"]
    return "one output chunk per pass" if outputs == 1 else "two output chunks per pass"


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
    """The slope of a series, and what limits it."""
    item, first, last = data["series"][series], found[0], found[-1]
    wide = last["chunk"] / first["chunk"]
    return (
        f"{series}: throughput scales with C to the power {item['slope']:.4f}; for the passes alone"
        f" the exponent is {item['slope_of_passes_alone']:.4f}, for one channel"
        f" {item['slope_of_one_channel']:.4f}. The number of passes is not proportional to 1 / C²:"
        f" C = {first['chunk']:,} takes {_passes(first):,} per channel and C = {last['chunk']:,}"
        f" {_passes(last):,}, so {wide:g} times the chunk gives"
        f" {allowed(last) / allowed(first):.1f} times the samples per clock. At the largest chunk"
        f" one channel reaches {share(alone[-1]):.1f} % of the passes' limit, and"
        f" {last['channels']} channels {share(last):.1f} %."
    )


def _passes(result: Json) -> int:
    """Passes per channel."""
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
        "passes per channel",
        "clocks, one channel",
        "share of limit",
        "channels",
        "clocks",
        "samples per clock",
        "limit",
        "share of limit",
        "off the fit",
    )
    return [
        Table(series, headings, rows),
        Table(
            f"{series}: clocks of one channel outside the passes",
            ("C", *(LOSSES[name] for name in causes)),
            lost,
        ),
    ]
