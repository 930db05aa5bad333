# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Clock and reset of the small benches: inputs change after a rising edge, checks read at the
falling edge, where both simulators have settled to the same values."""

from __future__ import annotations

from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from cocotb.utils import get_sim_time

PERIOD_NS = 10


def clock_now() -> int:
    """The number of the current clock."""
    return int(get_sim_time("ns")) // PERIOD_NS


def start_clock(dut: Any, **inputs: int) -> None:
    """Starts clk_i with half a period low, so that the inputs have values before the first edge."""
    for name, value in inputs.items():
        getattr(dut, name).value = value
    Clock(dut.clk_i, PERIOD_NS, unit="ns").start(start_high=False)


async def drive(dut: Any, **inputs: int) -> None:
    """Sets the inputs after the next rising edge and returns when the outputs have settled."""
    await RisingEdge(dut.clk_i)
    for name, value in inputs.items():
        getattr(dut, name).value = value
    await FallingEdge(dut.clk_i)
