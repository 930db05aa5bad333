# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent of what a pass takes: operands, writers and places for results that come and go, and
everything that pass_sequencer makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from cocotb.triggers import FallingEdge, RisingEdge
from pyuvm import (
    uvm_analysis_port,
    uvm_driver,
    uvm_monitor,
    uvm_sequence,
    uvm_sequence_item,
    uvm_subscriber,
)

from tb.agents.agent import Agent, read, signals
from tb.agents.beat import CLOSED, Beat
from tb.lib.clock import clock_now
from tb.lib.coverage import ANSWERS, seldom
from tb.lib.profiles import pauses

TAKES = {
    "engine_valid_i": "engine_ready_o",
    "x_valid_i": "x_ready_o",
    "h_valid_i": "h_ready_o",
    "store_x_ready_i": "store_x_valid_o",
    "store_h_ready_i": "store_h_valid_o",
    "output_available_i": "output_reserve_o",
}
"""What may be there, and the output that takes it."""
PULSES = (
    "mac_beat_o",
    "stall_samples_o",
    "stall_x_o",
    "stall_h_o",
    "stall_store_o",
    "stall_output_o",
)
OUTPUTS = ("pass_ready_o", "mac_valid_o", *TAKES.values(), *PULSES)
"""The outputs that mean something in every clock."""
MAC = ("mac_outputs_o", "mac_first_o", "mac_last_o", "mac_x_engine_o", "mac_zero_o")
"""The outputs that mean something with mac_valid_o."""


class OperandsConfig(NamedTuple):
    """Where the operands are, and whether the agent drives them."""

    dut: Any
    coverage: str
    """The covergroup's name."""
    active: bool = True


class OperandsItem(uvm_sequence_item):
    """The profiles of some inputs from now on: of tb/lib/profiles.py, or CLOSED."""

    def __init__(self, profiles: Mapping[str, str]) -> None:
        super().__init__("operands")
        self.profiles = profiles


class OperandsSequence(uvm_sequence):
    """How the inputs come and go from now on."""

    def __init__(self, **profiles: str) -> None:
        super().__init__("operands")
        self.item = OperandsItem(profiles)

    async def body(self) -> None:
        """Returns when the first clock with the new profiles has begun."""
        await self.start_item(self.item)
        await self.finish_item(self.item)


class OperandsDriver(uvm_driver):
    """Sets each input clock by clock, in reset too; it does not look at what is taken, so that an
    operand may also go away before its beat fires."""

    async def run_phase(self) -> None:
        """From the first clock on."""
        dut = self.cdb_get("config").dut
        profiles = dict.fromkeys(TAKES, "none")
        ways = {name: pauses(partial(profiles.__getitem__, name)) for name in TAKES}
        ports = dict(zip(TAKES, signals(dut, tuple(TAKES)), strict=True))
        levels: dict[str, int] = {}
        while True:
            await RisingEdge(dut.clk_i)
            found, item = self.seq_item_port.try_next_item()
            if found:
                profiles.update(item.profiles)
            for name, port in ports.items():
                level = int(profiles[name] != CLOSED and not next(ways[name]))
                if levels.get(name) != level:
                    port.value = levels[name] = level
            if found:
                # Not earlier: the sequence begins to wait for the end after it has sent the item.
                await FallingEdge(dut.clk_i)
                self.seq_item_port.item_done()


class OperandsMonitor(uvm_monitor):
    """Writes what stood in each clock out of reset; X on an output that means something fails."""

    def build_phase(self) -> None:
        """The ports: `inputs`, and then `port`: OUTPUTS, with mac_valid_o also MAC, and with
        output_reserve_o also output_no_tail_o."""
        self.inputs = uvm_analysis_port("inputs", self)
        self.port = uvm_analysis_port("port", self)

    async def run_phase(self) -> None:
        """Clock by clock."""
        dut = self.cdb_get("config").dut
        inputs, outputs, mac = (signals(dut, names) for names in (tuple(TAKES), OUTPUTS, MAC))
        valid, reserve = OUTPUTS.index("mac_valid_o"), OUTPUTS.index("output_reserve_o")
        while True:
            await FallingEdge(dut.clk_i)
            if not read(dut.rst_ni):
                continue
            clock = clock_now()
            values = [read(output) for output in outputs]
            told = values[valid], values[reserve]
            if told[0]:
                values += [read(output) for output in mac]
            if told[1]:
                values.append(read(dut.output_no_tail_o))
            self.inputs.write(Beat(clock, tuple([read(port) for port in inputs])))
            self.port.write(Beat(clock, tuple(values)))


class OperandsCoverage(uvm_subscriber):
    """Which operands were taken with how many others."""

    def build_phase(self) -> None:
        """One covergroup."""
        name = self.cdb_get("config").coverage
        self.sample = seldom(
            name,
            {"operand": tuple(TAKES), "clock_before": ANSWERS},
            {"operand_x_clock_before": ("operand", "clock_before")},
        )
        self.before = (0,) * len(TAKES)

    def write(self, beat: Beat) -> None:
        """A clock: what was taken in it, and whether it was in the one before."""
        first = OUTPUTS.index("engine_ready_o")
        taken = beat.values[first : first + len(TAKES)]
        for name, now, before in zip(TAKES, taken, self.before, strict=True):
            if now:
                self.sample(name, ANSWERS[before])
        self.before = taken


class OperandsAgent(Agent):
    """The agent of all that a pass takes."""

    driver_class = OperandsDriver
    monitor_class = OperandsMonitor
    coverage_class = OperandsCoverage
