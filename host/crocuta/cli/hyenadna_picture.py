# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The picture of `python -m crocuta hyenadna`."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crocuta.cli.hyenadna import Inputs, Run
from crocuta.cli.picture import BLUE, GREY, RED, STYLE
from crocuta.hyena.dna import Record

BINS = 1000
"""Columns of the picture at most."""


def draw(inputs: Inputs, run: Run) -> bytes:
    """A PNG: the first record's bases and hidden states, and where clocks and time went."""
    with rc_context(STYLE):
        figure = Figure(figsize=(12.8, 9), dpi=130, layout="constrained")
        record, states = inputs.records[0], run.hidden[0]
        figure.suptitle(
            f"HyenaDNA on {record.name}: {len(record.bases):,} bases,"
            f" {inputs.model.config.n_layer} layers of {states.shape[1]} channels",
            fontsize=15, fontweight="bold", x=0.012, ha="left",
        )  # fmt: skip
        axes = figure.subplot_mosaic([["bases", "bases"], ["states", "states"], ["clocks", "time"]])
        edges = np.unique(np.linspace(0, len(record.bases), BINS + 1).astype(int))
        _draw_bases(axes["bases"], record, edges)
        image = _means(states, edges).T
        scale = float(np.abs(image).max()) or 1.0
        axes["states"].imshow(
            image, aspect="auto", cmap="RdBu", vmin=-scale, vmax=scale, interpolation="nearest",
            extent=(0, len(record.bases), image.shape[0], 0),
        )  # fmt: skip
        axes["states"].set_title("Hidden states, averaged over each column's bases")
        axes["states"].set_ylabel("channel")
        axes["states"].grid(visible=False)
        _draw_clocks(axes["clocks"], run)
        _draw_time(axes["time"], run)
        file = BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()


def _means(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Means of consecutive rows, from each edge to the next."""
    sums = np.add.reduceat(values, edges[:-1], axis=0, dtype=np.float64)
    means: np.ndarray = sums / np.diff(edges).reshape(-1, *[1] * (values.ndim - 1))
    return means


def _draw_bases(axes: Axes, record: Record, edges: np.ndarray) -> None:
    strong = _means((record.bases == 1) | (record.bases == 2), edges)
    axes.plot(edges[:-1], strong, color=BLUE, linewidth=0.8)
    axes.set_title("Share of C and G")
    axes.set_xlabel("base")
    axes.set_xlim(0, len(record.bases))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _draw_clocks(axes: Axes, run: Run) -> None:
    layers = run.report["layers"]
    counted = all(layer["convolve_clocks"] is not None for layer in layers)
    prefix = "" if counted else "predicted_"
    if all(layer[f"{prefix}convolve_clocks"] is not None for layer in layers):
        left = np.zeros(len(layers))
        for kind, colour, label in (
            ("prepare", RED, "prepare the filters, once"), ("convolve", BLUE, "convolve"),
        ):  # fmt: skip
            clocks = [layer[f"{prefix}{kind}_clocks"] for layer in layers]
            axes.barh(range(len(layers)), clocks, left=left, color=colour, label=label)
            left += clocks
        axes.legend(loc="upper right", ncols=2)
    axes.set_yticks(range(len(layers)), [f"layer {index + 1}" for index in range(len(layers))])
    axes.set_ylim(len(layers) - 0.4, -1.2)  # room for the legend, above the first layer
    axes.set_title("Clocks of the device" + ("" if counted else ", predicted"))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _draw_time(axes: Axes, run: Run) -> None:
    seconds = {
        f"convolutions ({run.report['backend']})": run.report["total"]["convolution_s"],
        "everything else, on the host": run.report["host_s"],
    }
    axes.barh(list(seconds), list(seconds.values()), color=[BLUE, GREY])
    axes.invert_yaxis()
    axes.set_title("Seconds of this run")
