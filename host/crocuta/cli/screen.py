# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Terminal output of a run: progress on stderr, results on stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from crocuta.cli.runs import Run
from crocuta.kernel import ASSUMED_CLOCK_MHZ
from crocuta.models.configs import CHUNKED, FOUR_STEP
from crocuta.models.kernel.crocuta_kernel import SampleArray

console = Console(highlight=False, soft_wrap=True)
WHERE = {
    "model": "the model",
    "xrt": "a card, through XRT",
    "xdma": "a card, through XDMA",
    "uart": "a board, through its serial port",
}
"""Where a kernel that is not simulated runs, by backend."""
PARTS = {CHUNKED: "chunks", FOUR_STEP: "rows"}
"""What a kernel transforms at a time, by schedule."""
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class ProgressScreen:
    """Implements `crocuta.cli.runs.Screen`: one line per step, with its time."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=errors,
        )
        self._chunks: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, description: str) -> Iterator[None]:
        """A step without a progress count."""
        task = self._progress.add_task(description, total=None, note="")
        yield
        self._progress.update(task, total=1, completed=1)

    @contextmanager
    def compiling(self) -> Iterator[None]:
        """A context in which the RTL is compiled."""
        with self.step("Compiling the RTL, once"):
            yield

    def progress(self, done: int, total: int) -> None:
        """Reports output chunks done, and their total."""
        if self._chunks is None:
            self._chunks = self._progress.add_task("Convolving", total=total, note="")
        note = f"chunk {done} of {total}"
        self._progress.update(self._chunks, completed=done, note=note)

    @contextmanager
    def layers(self, convolutions: int, backend: str) -> Iterator[Callable[[int, int, int], None]]:
        """A model's layers on a backend: yields a function of the convolutions that are done, and
        of the chunks of the current job, done and in total."""
        task = self._progress.add_task(f"Convolving ({backend})", total=convolutions, note="")

        def show(ended: int, done: int, total: int) -> None:
            note = f"convolution {min(ended + 1, convolutions)} of {convolutions}"
            if total > 1:
                note += f", chunk {done} of {total}"
            self._progress.update(task, completed=ended, note=note)

        yield show


def _sizes(array: SampleArray) -> str:
    return " x ".join(f"{size:,}" for size in array.shape)


def results(run: Run) -> Table:
    """The results of a run as a two-column table."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    report = run.report()
    table.add_row("x, filter", f"{_sizes(run.x)} samples, {_sizes(run.h)} taps")
    table.add_row(
        "kernel",
        f"{run.config.name}: {PARTS[run.config.schedule]} of {run.config.chunk:,},"
        f" {run.config.lanes} lanes,"
        f" {run.config.mantissa_bits}-bit mantissas, in {run.simulator or WHERE[run.backend]}",
    )
    counters = run.convolve.counters
    if counters:
        table.add_row(
            "clocks",
            f"{report['clocks_prepare']:,} to prepare the filter,"
            f" {counters.clocks:,} to convolve ({counters.mac_beats:,} MAC beats)",
        )
        table.add_row(
            "speed",
            f"{report['samples_per_clock']:.3f} samples per clock:"
            f" {counters.clocks / ASSUMED_CLOCK_MHZ / 1000:.3f} ms at an assumed"
            f" {ASSUMED_CLOCK_MHZ} MHz",
        )
    if run.simulator:
        table.add_row("simulation", f"{report['sim_clocks_per_s']:,.0f} clocks per second")
    if run.mismatches is not None:
        table.add_row(
            "against the model",
            f"[green]all {run.x.size:,} outputs equal, bit for bit"
            if run.mismatches == 0
            else f"[red]{run.mismatches:,} of {run.x.size:,} outputs differ",
        )
    snr = "equal" if report["snr_db"] is None else f"{run.snr_db:.1f} dB SNR"
    table.add_row("against float64", snr)
    errors = run.errors
    table.add_row(
        "worst chunk",
        f"{errors.worst}: rms error {errors.rms[errors.worst]:.3g}, {errors.relative_db:.1f} dB of"
        f" its level (bound {errors.bound_db:.1f} dB); the quieter half of a chunk's outputs is at"
        f" least {errors.quiet_db:.1f} dB above the error",
    )
    for warning in report["warnings"]:
        table.add_row("warning", f"[yellow]{warning}")
    table.add_row("time", f"{run.wall_s:.1f} s, of which compiling {run.compile_s:.1f} s")
    return table


def layer_table(report: dict[str, Any]) -> Group:
    """What the layers of a model took, from the report of `crocuta hyenadna`."""
    counted = report["total"]["convolve_clocks"] is not None
    clocks = "convolve_clocks" if counted else "predicted_convolve_clocks"
    mhz = report["assumed_clock_mhz"]
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    for heading in (
        "jobs",
        "clocks" if counted else "clocks, predicted",
        f"ms at an assumed {mhz} MHz",
        "seconds",
        "MB moved",
        "SNR",
    ):
        table.add_column(heading, justify="right")
    names = [f"layer {number}" for number, _ in enumerate(report["layers"], 1)]
    for name, layer in zip((*names, "all"), (*report["layers"], report["total"]), strict=True):
        known = layer[clocks] is not None
        moved = layer["uploaded_bytes"] + layer["downloaded_bytes"]
        table.add_row(
            name,
            str(layer["jobs"]),
            f"{layer[clocks]:,}" if known else "",
            f"{layer[clocks] / mhz / 1000:,.3f}" if known else "",
            f"{layer['convolution_s']:,.1f}",
            f"{moved / 1e6:,.1f}",
            f"{layer['snr_db']:.1f} dB" if layer.get("snr_db") else "",
        )
    table.add_row("host", "", "", "", f"{report['host_s']:,.1f}", "", "")
    for record, decibels in zip(report["records"], report.get("snr_db", []), strict=False):
        found = "equal" if decibels is None else f"{decibels:.1f} dB"
        table.add_row(record["name"], "", "", "", "", "", found)
    lines = [f"[yellow]{warning}" for warning in report["warnings"]]
    if "mismatches" in report:
        equal = report["mismatches"] == 0
        lines.append(
            "[green]all hidden states equal to the model's, bit for bit"
            if equal
            else "[red]hidden states differ from the model's"
        )
    return Group(table, *lines)
