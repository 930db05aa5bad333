# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 6: clocks against the bounds set by multipliers, DDR4 and on-chip memory."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from benchmarks import lengths, throughput
from benchmarks.kernel import KernelPoint
from benchmarks.points import Json, Point, Results
from benchmarks.report import COLOURS, Check, Plot, Section, Table
from benchmarks.scale import Scale
from benchmarks.software import U200_BYTES
from crocuta.kernel import ASSUMED_CLOCK_MHZ

BOUNDS = {
    "compute": "compute",
    "ddr": "DDR4",
    "on_chip": "on-chip memory",
}


def points(scale: Scale) -> list[Point]:
    """The points of the first two parts."""
    return [*throughput.points(scale), *lengths.points(scale)]


def moved(result: Json) -> int:
    """Bytes that a convolution reads and writes off chip, over all ports."""
    return int(sum(result["beats"].values()) * result["beat_bytes"])


def bounds(result: Json) -> dict[str, float]:
    """A lower bound on the clocks for each resource alone.

    Compute: one product for each word of each pair of chunks, at the MAC's W per clock and output
    chunk of a pass. DDR4: the bytes that the kernel moved, at the card's peak bandwidth. On chip:
    the busiest memory, which is either the accumulators (one per output chunk of a pass, which
    reads and writes W words per clock) or the commutators and the overlap memory, which every chunk
    passes once at W words per clock.
    """
    beats = result["chunk"] // result["lanes"]
    chunks = result["channels"] * result["chunks"]
    least = result["pairs"] * beats / result["outputs"]
    return {
        "compute": least,
        "ddr": moved(result) / (U200_BYTES / (ASSUMED_CLOCK_MHZ * 1e6)),
        "on_chip": max(least, chunks * beats),
    }


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    rows, shown, data = [], [], []
    largest = max(scale.chunks)
    main_jobs = {
        make(scale, series, largest)
        for make in (throughput.single, throughput.sustained)
        for series in scale.series
    }
    checks: list[Check] = []
    for point in dict.fromkeys(points(scale)):
        assert isinstance(point, KernelPoint)
        result = results[point]
        found = bounds(result)
        clocks = result["convolve"]["clocks"]
        least = max(found.values())
        checks.append(
            Check(
                f"{point.label}: clocks not below any bound",
                clocks >= least,
                f"{clocks:,} clocks, bound {least:,.0f}",
            )
        )
        rows.append(
            [
                point.label,
                f"{clocks:,}",
                *(f"{value:,.0f}" for value in found.values()),
                f"{100 * least / clocks:.1f} %",
                f"{intensity(result):.3f}",
                f"{100 * found['ddr'] / clocks:.1f} %",
            ]
        )
        if point in main_jobs:
            shown.append(rows[-1])
        data.append(
            {"label": point.label, "clocks": clocks, "bytes": moved(result), "bounds": found,
             "products_a_byte": intensity(result)}
        )  # fmt: skip
    bytes_a_clock = U200_BYTES / (ASSUMED_CLOCK_MHZ * 1e6)
    notes = [
        "Compute: W complex products per clock for each output chunk of a pass. DDR4: the bytes"
        f" moved, counted at the ports, at 4 x 19.2 GB/s, {bytes_a_clock:g} bytes per clock at the"
        f" assumed {ASSUMED_CLOCK_MHZ} MHz; a card's memory reaches less than its peak. On chip:"
        " the accumulators, read and written once per product, so by design this bound equals the"
        " multipliers'. The rest is fill, memory latency, and passes with fewer products than they"
        " have room for.",
        "Each port uses one channel of DDR4: X, H and the samples have one each, the fourth is"
        " unused. The kernel itself therefore moves at most 3 x 64 bytes per clock.",
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        reached = [
            (intensity(results[point]), lengths.products(results[point]), point)
            for point in dict.fromkeys(points(scale))
            if isinstance(point, KernelPoint) and point.channels == 1
        ]
        products = scale.main.lanes * scale.main.outputs
        low, high = min(item[0] for item in reached), max(item[0] for item in reached)
        x = np.geomspace(low / 4, high * 4, 200)
        axes.loglog(x, np.minimum(products, x * bytes_a_clock), color=COLOURS[0],
                    label="DDR4 of a U200, and the multipliers")  # fmt: skip
        ports = 3 * scale.main.axi_bits // 8
        axes.loglog(x, np.minimum(products, x * ports), color=COLOURS[3], linestyle="--",
                    label="the kernel's three ports")  # fmt: skip
        for colour, outputs in zip((COLOURS[1], COLOURS[2]), (1, 2), strict=True):
            shown = [item for item in reached if item[2].loaded.outputs == outputs]
            if shown:
                words = throughput.each_pass({"outputs": outputs})
                axes.plot([item[0] for item in shown], [item[1] for item in shown], "o",
                          color=colour, label=f"{words}: every chunk size and length")  # fmt: skip
                axes.axhline(scale.main.lanes * outputs, color=colour, linewidth=1, linestyle=":")
        axes.set_yticks([2.0**n for n in range(-1, products.bit_length())])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
        axes.minorticks_off()
        axes.set_xlabel("word products per byte of off-chip memory")
        axes.set_ylabel("word products per clock")
        axes.set_title(f"Roofline, at an assumed {ASSUMED_CLOCK_MHZ} MHz")
        axes.legend(loc="lower right")

    headings = (
        "point",
        "clocks",
        *BOUNDS.values(),
        "bound reached",
        "products per byte",
        "DDR4 used",
    )
    title = "Clocks, and the lower bound of each resource"
    return Section(
        "roofline",
        "Roofline",
        checks,
        notes,
        [Table(title, headings, rows)],
        [Plot("roofline", draw)],
        {"ddr_bytes_a_second": U200_BYTES, "points": data},
        page=[Table(title, headings, shown)],
    )


def intensity(result: Json) -> float:
    """Word products per byte moved off chip."""
    return float(result["pairs"] * result["chunk"] / moved(result))
