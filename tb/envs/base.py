# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Base classes of all blocks' environments and tests."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge
from pyuvm import uvm_env, uvm_factory, uvm_sequence, uvm_test

from tb.agents.agent import Listener, configure
from tb.agents.reset import ResetAgent, ResetConfig, ResetItem
from tb.envs.scoreboard import PulseScoreboard, Scoreboard
from tb.lib import coverage
from tb.lib.clock import start_clock


class BlockEnv(uvm_env):
    """A block's environment: the reset's agent, and scoreboards that a reset flushes."""

    block: str
    """The name of the RTL module and of its coverage."""

    def build_phase(self) -> None:
        """Subclasses add agents, a predictor and scoreboards."""
        self.dut: Any = cocotb.top
        configure(self, "reset", ResetConfig(self.dut, f"{self.block}.reset"))
        self.reset = ResetAgent.create("reset", self)
        self.scoreboards: list[Scoreboard | PulseScoreboard] = []
        self.reset_began = Listener("reset_began", self, self.on_reset)

    def connect_phase(self) -> None:
        """Subclasses connect the rest."""
        self.reset.monitor.began.connect(self.reset_began)

    def on_reset(self, clock: int) -> None:
        """Handles the first clock of a reset."""
        for scoreboard in self.scoreboards:
            scoreboard.flush(clock)

    async def drain(self, limit: int, more: int) -> None:
        """Waits for everything expected, then `more` clocks in which nothing may follow."""
        for _ in range(limit):
            if all(scoreboard.drained for scoreboard in self.scoreboards):
                break
            await FallingEdge(self.dut.clk_i)
        for _ in range(more):
            await FallingEdge(self.dut.clk_i)


class ResetSequence(uvm_sequence):
    """One reset."""

    def __init__(self, name: str = "reset", clocks: int = 2) -> None:
        super().__init__(name)
        self.clocks = clocks

    async def body(self) -> None:
        """Sends it."""
        item = ResetItem(clocks=self.clocks)
        await self.start_item(item)
        await self.finish_item(item)


class BlockTest(uvm_test):
    """A test: clock, reset, its own `main`, and the drain."""

    env_class: type[BlockEnv]
    drain_limit = 2000
    drain_more = 20

    def override(self, factory: uvm_factory) -> None:
        """Sets this test's factory overrides of components and sequences."""

    def build_phase(self) -> None:
        """Creates the environment."""
        factory = uvm_factory()
        factory.clear_overrides()
        self.override(factory)
        self.dut: Any = cocotb.top
        self.rng = np.random.default_rng(random.getrandbits(64))
        self.env: Any = self.env_class.create("env", self)

    async def main(self) -> None:
        """The test itself; starts in the first clock after a reset."""
        raise NotImplementedError

    async def reset(self, clocks: int = 2) -> None:
        """Resets the block."""
        await ResetSequence(clocks=clocks).start(self.env.reset.sequencer)

    async def run_phase(self) -> None:
        """Runs `main` between a reset and the drain."""
        self.raise_objection()
        cocotb.log.info("seed %d", cocotb.RANDOM_SEED)
        start_clock(self.dut, rst_ni=0)
        await self.reset()
        await self.main()
        await self.env.drain(self.drain_limit, self.drain_more)
        self.drop_objection()

    def report_phase(self) -> None:
        """Writes the coverage next to the results, and logs how much was compared."""
        coverage.export()
        for scoreboard in self.env.scoreboards:
            cocotb.log.info("%s: %d compared", scoreboard.get_name(), scoreboard.compared)
