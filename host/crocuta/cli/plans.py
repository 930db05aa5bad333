# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Output of `python -m crocuta plan`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from crocuta.planner.planner import NAMES, Demand, Device, Plan

WIDTH = 160


def show(
    console: Console,
    target: Device,
    demand: Demand,
    fitting: Sequence[Plan],
    faster: Sequence[Plan],
    rows: int,
) -> None:
    """Prints the first rows of the ranking, the limit and the choice."""
    # Wrap lines on a narrow terminal rather than truncate figures.
    console.width = max(console.width, WIDTH)
    console.print(ranking(target, demand, fitting[:rows]))
    console.print(f"\n{why(target, demand, faster)}")
    console.print(memory(target, demand, fitting[0]))
    console.print(chosen(fitting[0]))


def ranking(target: Device, demand: Demand, plans: Sequence[Plan]) -> Table:
    """The plans that fit, fastest first."""
    names = NAMES[target.family]
    clock = demand.clock_mhz or target.clock_mhz
    table = Table(
        title=f"{demand.length:,} samples by {demand.filter_length:,} taps"
        f"{f', {demand.channels} channels' if demand.channels > 1 else ''} on {target.name}",
        title_justify="left",
        box=None,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("", justify="right")
    table.add_column("CONFIG")
    for heading in (
        "schedule",
        "W",
        "C",
        "outputs",
        "bits",
        "passes",
        "clocks",
        f"ms at {clock:g} MHz",
        names["bram"],
        "MB",
        names["dsp"],
        names["lut"],
        "SNR",
        "channels",
        "limit",
    ):
        table.add_column(heading, justify="right")
    for number, plan in enumerate(plans, start=1):
        config = plan.config
        table.add_row(
            f"{number}",
            config.name,
            config.schedule,
            f"{config.lanes}",
            f"{config.chunk:,}",
            f"{config.outputs}",
            f"{config.mantissa_bits}/{config.twiddle_bits}",
            f"{plan.passes:,}",
            f"{plan.clocks:,}",
            f"{plan.ms:,.3f}",
            f"{plan.bram:g}",
            f"{plan.mb:.2f}",
            f"{plan.dsp:,}",
            f"{plan.lut:,}",
            f"{plan.snr_db:.1f}",
            f"{plan.channels:,}",
            f"{names[plan.binds]} {100 * plan.part:.0f} %",
        )
    return table


def why(target: Device, demand: Demand, faster: Sequence[Plan]) -> str:
    """A sentence on the limit that rules out a faster configuration."""
    names, limits = NAMES[target.family], target.limits(demand.bram)
    if not faster:
        return "No other configuration is faster: more lanes or larger chunks do not help."
    near = min(faster, key=lambda plan: plan.part)
    need = getattr(near, near.binds)
    return (
        f"{len(faster)} would be faster but do not fit; the smallest of them,"
        f" {near.config.name} in {near.clocks:,} clocks, needs {need:,g} {names[near.binds]} of"
        f" {limits[near.binds]:,}."
    )


def memory(target: Device, demand: Demand, plan: Plan) -> str:
    """A sentence on the channels that the board's memories hold, and the resulting number of
    jobs."""
    where = f"{target.name}'s memory ({target.memory['about']})"
    if plan.channels == 0:
        return f"{where} does not hold one channel: shorten x or the filter, or take another board."
    most = f"{plan.channels:,} channels" if plan.channels > 1 else "1 channel"
    jobs = -(-demand.channels // plan.channels)
    split = f": {demand.channels:,} take {jobs:,} jobs" if jobs > 1 else ""
    return f"{where} holds {most} at once, each with a filter of its own{split}."


def chosen(plan: Plan) -> str:
    """A line with the chosen configuration and an example of its use."""
    name = plan.config.name
    return f"CONFIG={name}, for instance: make synth CONFIG={name}"


def _row(plan: Plan) -> dict[str, Any]:
    values = asdict(plan)
    config = values.pop("config")
    return {"config": plan.config.name, "settings": config, **values}


def to_json(
    target: Device, demand: Demand, fitting: Sequence[Plan], faster: Sequence[Plan]
) -> bytes:
    """Everything as JSON."""
    report = {
        "device": asdict(target),
        "demand": asdict(demand),
        "limits": target.limits(demand.bram),
        "chosen": fitting[0].config.name,
        "plans": [_row(plan) for plan in fitting],
        "faster_but_too_large": [_row(plan) for plan in faster],
    }
    return (json.dumps(report, indent=1) + "\n").encode()
