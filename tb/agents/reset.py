# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The reset's agent: any number of clocks, at any time."""

from __future__ import annotations

from typing import Any, NamedTuple

from cocotb.triggers import FallingEdge, RisingEdge
from pyuvm import uvm_analysis_port, uvm_driver, uvm_monitor, uvm_sequence_item, uvm_subscriber

from tb.agents.agent import Agent, read
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup


class ResetConfig(NamedTuple):
    """The reset's port, and whether the agent drives it."""

    dut: Any
    coverage: str
    """The covergroup's name."""
    active: bool = True
    shortest: int = 1
    """The shortest reset that the block supports, in clocks."""


class ResetItem(uvm_sequence_item):
    """A reset of the given length in clocks."""

    def __init__(self, name: str = "reset", clocks: int = 2) -> None:
        super().__init__(name)
        self.clocks = clocks


class Reset(NamedTuple):
    """A completed reset."""

    clock: int
    clocks: int


class ResetDriver(uvm_driver):
    """Drives rst_ni low after a rising edge, and high again after a later one."""

    async def run_phase(self) -> None:
        """Performs item after item."""
        dut = self.cdb_get("config").dut
        while True:
            item = await self.seq_item_port.get_next_item()
            await RisingEdge(dut.clk_i)
            dut.rst_ni.value = 0
            for _ in range(item.clocks):
                await RisingEdge(dut.clk_i)
            dut.rst_ni.value = 1
            await FallingEdge(dut.clk_i)
            self.seq_item_port.item_done()


class ResetMonitor(uvm_monitor):
    """Reports every reset twice: at its first clock (None) and after its end."""

    def build_phase(self) -> None:
        """The ports: `began` at the first clock of a reset, `port` after the last."""
        self.port = uvm_analysis_port("port", self)
        self.began = uvm_analysis_port("began", self)

    async def run_phase(self) -> None:
        """Samples every clock of a reset."""
        dut = self.cdb_get("config").dut
        clk, rst_n = dut.clk_i, dut.rst_ni
        clocks = 0
        while True:
            await FallingEdge(clk)
            if not read(rst_n):
                if not clocks:
                    self.began.write(clock_now())
                clocks += 1
                continue
            if clocks:
                self.port.write(Reset(clock_now(), clocks))
                clocks = 0
            await FallingEdge(rst_n)


class ResetCoverage(uvm_subscriber):
    """Coverage of the length of resets."""

    CLOCKS = ("one", "two", "more")

    def build_phase(self) -> None:
        """Creates one covergroup per agent."""
        config = self.cdb_get("config")
        self.sample = covergroup(config.coverage, {"clocks": self.CLOCKS[config.shortest - 1 :]})

    def write(self, reset: Reset) -> None:
        """Samples a completed reset."""
        self.sample(self.CLOCKS[min(reset.clocks, 3) - 1])


class ResetAgent(Agent):
    """The agent of rst_ni."""

    driver_class = ResetDriver
    monitor_class = ResetMonitor
    coverage_class = ResetCoverage
