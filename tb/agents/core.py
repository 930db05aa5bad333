# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent that plays the core for control_registers_tb: it drives the ends of jobs, errors and
counter pulses, and observes the core's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cocotb.triggers import FallingEdge, RisingEdge
from pyuvm import uvm_analysis_port, uvm_driver, uvm_monitor, uvm_sequence_item, uvm_subscriber

from tb.agents.agent import Agent, read, signals
from tb.agents.beat import Beat
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup
from tb.lib.registers import ARGUMENTS


class CoreInputs(NamedTuple):
    """The core's outputs in one clock."""

    controller_done: int = 0
    ports_idle: int = 1
    error: int = 0
    saturated: int = 0
    non_finite: int = 0
    pulses: int = 0
    """One bit per counter, in the bench's order."""
    pending: int = 0
    """One bit per port that waits for its memory, in the order of the error codes."""
    progress: int = 0


class CoreOutputs(NamedTuple):
    """What the core and the host see in one clock."""

    interrupt: int
    core_rst_n: int
    stop: int
    controller_start: int


INPUTS = tuple(f"{name}_i" for name in CoreInputs._fields)
OUTPUTS = ("interrupt_o", "core_rst_no", "stop_o", "controller_start_o")


def packed(arguments: Mapping[str, int]) -> int:
    """A job's arguments as the core sees them."""
    value = 0
    for name, (_, bits) in ARGUMENTS.items():
        value = value << bits | arguments[name]
    return value


class CoreConfig(NamedTuple):
    """The core's ports, and whether the agent drives them."""

    dut: Any
    coverage: str
    """The covergroup's name."""
    active: bool = True


class CoreItem(uvm_sequence_item):
    """New values of some inputs, and the clocks that they hold before the item is finished."""

    def __init__(self, inputs: dict[str, int], clocks: int = 1) -> None:
        super().__init__("core")
        self.inputs = inputs
        self.clocks = clocks


class CoreDriver(uvm_driver):
    """Sets the inputs after a rising edge, initially to those of an idle core."""

    async def run_phase(self) -> None:
        """Performs item after item."""
        dut = self.cdb_get("config").dut
        for name, value in zip(INPUTS, CoreInputs(), strict=True):
            getattr(dut, name).value = value
        while True:
            item = await self.seq_item_port.get_next_item()
            await RisingEdge(dut.clk_i)
            for name, value in item.inputs.items():
                getattr(dut, f"{name}_i").value = value
            for _ in range(item.clocks - 1):
                await RisingEdge(dut.clk_i)
            self.seq_item_port.item_done()


class CoreMonitor(uvm_monitor):
    """Writes the signals of each clock outside reset at its end; X fails."""

    def build_phase(self) -> None:
        """The ports: `inputs`, then `port`: the outputs, with the arguments from a start until the
        core is reset."""
        self.inputs = uvm_analysis_port("inputs", self)
        self.port = uvm_analysis_port("port", self)

    async def run_phase(self) -> None:
        """Samples every clock."""
        dut = self.cdb_get("config").dut
        inputs, outputs = signals(dut, INPUTS), signals(dut, OUTPUTS)
        shown = False
        while True:
            await FallingEdge(dut.clk_i)
            clock = clock_now()
            if not read(dut.rst_ni):
                shown = False
                continue
            told = CoreOutputs(*map(read, outputs))
            tells = CoreInputs(*map(read, inputs))
            shown = (shown or bool(told.controller_start)) and bool(told.core_rst_n)
            job = (read(dut.arguments_o),) if shown else ()
            await RisingEdge(dut.clk_i)
            self.inputs.write(Beat(clock, tells))
            self.port.write(Beat(clock, told + job))


class CoreCoverage(uvm_subscriber):
    """Coverage of the core's resets, starts and stops."""

    EVENTS = ("reset", "start", "stop")

    def build_phase(self) -> None:
        """One covergroup."""
        self.sample = covergroup(self.cdb_get("config").coverage, {"event": self.EVENTS})

    def write(self, beat: Beat) -> None:
        """Samples the outputs of a clock."""
        _, core_rst_n, stop, start = beat.values[: len(OUTPUTS)]
        for event, seen in zip(self.EVENTS, (not core_rst_n, start, stop), strict=True):
            if seen:
                self.sample(event)


class CoreAgent(Agent):
    """The agent on the core's side."""

    driver_class = CoreDriver
    monitor_class = CoreMonitor
    coverage_class = CoreCoverage
