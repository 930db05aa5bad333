# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent of a pass's resources: operands, writers and space for results, which come and go, and
everything that pass_sequencer does with them."""

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
"""Inputs that signal a resource, and the output that consumes it."""
PULSES = (
    "mac_beat_o",
    "stall_samples_o",
    "stall_x_o",
    "stall_h_o",
    "stall_store_o",
    "stall_output_o",
)
OUTPUTS = ("pass_ready_o", "mac_valid_o", *TAKES.values(), *PULSES)
"""The outputs that are valid in every clock."""
MAC = ("mac_outputs_o", "mac_first_o", "mac_last_o", "mac_x_engine_o", "mac_zero_o")
"""The outputs that are valid with mac_valid_o."""


class OperandsConfig(NamedTuple):
    """The operands' ports, and whether the agent drives them."""

    dut: Any
    coverage: str
    """The covergroup's name."""
    active: bool = True


class OperandsItem(uvm_sequence_item):
    """New profiles for some inputs: from tb/lib/profiles.py, or CLOSED."""

    def __init__(self, profiles: Mapping[str, str]) -> None:
        super().__init__("operands")
        self.profiles = profiles


class OperandsSequence(uvm_sequence):
    """Sets the profiles of inputs from now on."""

    def __init__(self, **profiles: str) -> None:
        super().__init__("operands")
        self.item = OperandsItem(profiles)

    async def body(self) -> None:
        """Returns when the first clock with the new profiles has begun."""
        await self.start_item(self.item)
        await self.finish_item(self.item)


class OperandsDriver(uvm_driver):
    """Drives each input in every clock, even in reset, whatever is consumed, so an operand may also
    disappear before its beat fires."""

    async def run_phase(self) -> None:
        """Runs from the first clock."""
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
    """Writes the signals of each clock outside reset; X on a valid output fails."""

    def build_phase(self) -> None:
        """The ports: `inputs`, then `port`: OUTPUTS, plus MAC with mac_valid_o and
        output_no_tail_o and output_drop_o with output_reserve_o."""
        self.inputs = uvm_analysis_port("inputs", self)
        self.port = uvm_analysis_port("port", self)

    async def run_phase(self) -> None:
        """Samples every clock."""
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
                values += [read(dut.output_no_tail_o), read(dut.output_drop_o)]
            self.inputs.write(Beat(clock, tuple([read(port) for port in inputs])))
            self.port.write(Beat(clock, tuple(values)))


class OperandsCoverage(uvm_subscriber):
    """Coverage of which operands were consumed, and with how many others."""

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
        """Samples a clock: what it consumed, and whether the previous clock did, too."""
        first = OUTPUTS.index("engine_ready_o")
        taken = beat.values[first : first + len(TAKES)]
        for name, now, before in zip(TAKES, taken, self.before, strict=True):
            if now:
                self.sample(name, ANSWERS[before])
        self.before = taken


class OperandsAgent(Agent):
    """The agent of a pass's resources."""

    driver_class = OperandsDriver
    monitor_class = OperandsMonitor
    coverage_class = OperandsCoverage
