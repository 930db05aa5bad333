# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The demonstration's picture."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crocuta.cli.runs import Run
from crocuta.hyena import BASES
from crocuta.kernel import ASSUMED_CLOCK_MHZ, Counters
from crocuta.models.layout import chunk_count

BLUE, RED, GREY = "#1b5e83", "#c8553d", "#5c6670"
BASE_COLOURS = ("#2a9d8f", "#e9a23b", "#6d5a9c", "#c8553d", GREY)
SHOWN_BASES = 80
TITLE = "E. coli's genome through a HyenaDNA filter: the Crocuta kernel, {}"
STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa3ab",
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.grid": True,
    "grid.color": "#e6e9ec",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
COUNTS = (
    ("computing", None, BLUE),
    ("waiting for x or h samples", "samples", "#e9a23b"),
    ("waiting for X spectra", "x", RED),
    ("waiting for H spectra", "h", "#6d5a9c"),
    ("waiting to store spectra", "store", "#2a9d8f"),
    ("waiting for space behind", "output", "#8c6d46"),
    ("start, fill and drain", None, "#c9ced3"),
)


def draw(run: Run, bases: npt.NDArray[np.uint8], chosen: str) -> bytes:
    """A PNG: input, filter, output, error spectrum and, of a simulation, where the clocks went.

    Args:
            bases: the input's bases, as indices into crocuta.hyena.BASES.
            chosen: a description of the filter.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(12.8, 10), dpi=130, layout="constrained")
        clocked = run.convolve.counters is not None
        title = TITLE.format("clock by clock" if clocked else "its bits from numpy")
        figure.suptitle(title, fontsize=15, fontweight="bold", x=0.012, ha="left")
        axes = figure.subplot_mosaic(
            [
                ["input", "filter"],
                ["output", "output"],
                ["spectrum", "clocks" if clocked else "spectrum"],
            ]
        )
        _draw_input(axes["input"], run, bases)
        _draw_row(axes["filter"], run.h, f"Filter: {len(run.h):,} taps ({chosen})", "tap")
        y = run.y
        _draw_row(axes["output"], y, f"Output of the kernel: {len(y):,} samples", "position")
        _draw_spectrum(axes["spectrum"], run)
        if clocked:
            _draw_clocks(axes["clocks"], run)
        file = BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()


def _draw_input(axes: Axes, run: Run, bases: npt.NDArray[np.uint8]) -> None:
    shown = min(SHOWN_BASES, len(run.x))
    n = np.arange(shown)
    axes.step(n, run.x[:shown], where="mid", color="#c9ced3", linewidth=1)
    for index, base in enumerate(BASES):
        here = bases[:shown] == index
        if here.any():
            axes.scatter(n[here], run.x[:shown][here], s=16, color=BASE_COLOURS[index], label=base)
    axes.set_title(f"Input: {len(run.x):,} embedded bases (the first {shown})")
    axes.set_xlabel("position")
    axes.margins(y=0.25)
    axes.legend(ncols=len(BASES), loc="upper right", handletextpad=0, columnspacing=0.8)


def _draw_row(axes: Axes, row: npt.NDArray[np.floating[Any]], title: str, label: str) -> None:
    """Draws a long row as the range of its values in each pixel column."""
    step = max(1, len(row) // 1500)
    starts = np.arange(0, len(row), step)
    low, high = np.minimum.reduceat(row, starts), np.maximum.reduceat(row, starts)
    axes.fill_between(starts, low, high, color=BLUE, alpha=0.3, linewidth=0)
    axes.plot(starts, (low + high) / 2, color=BLUE, linewidth=0.8)
    axes.set_title(title)
    axes.set_xlabel(label)
    axes.set_xlim(0, len(row))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _draw_spectrum(axes: Axes, run: Run) -> None:
    error = run.y - run.exact
    for signal, name, colour in ((run.exact, "output", BLUE), (error, "error", RED)):
        frequency, power = scipy.signal.welch(
            signal, nperseg=min(16384, len(signal)), detrend=False
        )
        with np.errstate(divide="ignore"):
            axes.plot(
                frequency[1:], 10 * np.log10(power[1:]), color=colour, linewidth=1, label=name
            )
    axes.axvline(1 / 3, color="#c9ced3", linewidth=1, zorder=0)
    axes.annotate("codons: period 3", (0.31, 0.62), xycoords=("data", "axes fraction"), ha="right")
    axes.set_xscale("log")
    axes.set_title(f"Error against float64: {run.snr_db:.1f} dB below the output")
    axes.set_xlabel("frequency (cycles per sample)")
    axes.set_ylabel("power density (dB)")
    axes.legend(loc="best")


def _draw_clocks(axes: Axes, run: Run) -> None:
    prepared, convolved = run.prepare.counters, run.convolve.counters
    assert prepared and convolved, "only simulated runs are drawn"
    prepare_beats = chunk_count(run.config, len(run.h)) * run.config.chunk_beats
    labelled: set[str] = set()
    for bar, (counters, computing) in enumerate(
        ((convolved, convolved.mac_beats), (prepared, prepare_beats))
    ):
        left = 0
        for (name, _, colour), clocks in zip(COUNTS, _parts(counters, computing), strict=True):
            if clocks <= 0:
                continue
            label = None if name in labelled else name
            labelled.add(name)
            axes.barh(bar, clocks, left=left, height=0.55, color=colour, label=label)
            if clocks > 0.12 * convolved.clocks:
                axes.text(
                    left + clocks / 2, bar, f"{clocks:,}", color="white", ha="center", va="center"
                )
            left += clocks
    axes.set_yticks([0, 1], ["CONVOLVE", "PREPARE"])
    axes.set_ylim(-0.5, 2.6)
    axes.grid(axis="y", visible=False)
    total = prepared.clocks + convolved.clocks
    milliseconds = total / ASSUMED_CLOCK_MHZ / 1000
    speed = f"{milliseconds:.2f} ms at an assumed {ASSUMED_CLOCK_MHZ} MHz"
    axes.set_title(f"{run.config.name}: {total:,} clocks, {speed}")
    axes.set_xlabel("clocks")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.legend(loc="upper right", ncols=2, fontsize=8.5)


def _parts(counters: Counters, computing: int) -> list[int]:
    """The clocks of each of COUNTS; the last one is the remainder."""
    stalls = counters.stalls()
    parts = [computing, *(stalls[cause] for _, cause, _ in COUNTS[1:-1] if cause)]
    return [*parts, counters.clocks - sum(parts)]
