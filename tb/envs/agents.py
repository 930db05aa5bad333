# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of the agents themselves: drivers of both sides against each other, and monitors
against what the sequences sent."""

from __future__ import annotations

import random

from cocotbext.axi import AxiLiteBus, AxiLiteRam
from pyuvm import uvm_scoreboard

from tb.agents.agent import Listener, configure
from tb.agents.axi_lite import OKAY, AxiLiteAccess, AxiLiteAgent, AxiLiteConfig
from tb.agents.beat import BeatAgent, BeatConfig
from tb.agents.reset import Reset
from tb.envs.base import BlockEnv
from tb.envs.scoreboard import Expected, Scoreboard
from tb.lib.profiles import pauses

WORDS = 64


class MemoryScoreboard(uvm_scoreboard):
    """Checks, from the monitor's reports, that reads return what was written."""

    def build_phase(self) -> None:
        """Listens on `observe`."""
        self.words = dict.fromkeys(range(WORDS), 0)
        self.compared = 0
        self.observe = Listener("observe", self, self._observe)

    def _observe(self, access: AxiLiteAccess) -> None:
        assert access.response == OKAY
        word = access.address // 4
        if access.write:
            mask = sum(0xFF << 8 * i for i in range(4) if access.strobe >> i & 1)
            self.words[word] = self.words[word] & ~mask | access.data & mask
            return
        wanted = self.words[word]
        assert access.data == wanted, f"word {word} is {access.data:#x} instead of {wanted:#x}"
        self.compared += 1

    drained = True

    def flush(self, clock: int) -> None:
        """A reset does not clear the memory; the effect of an access that it cuts short is
        unknown."""

    def check_phase(self) -> None:
        """Checks that something was read."""
        assert self.compared, f"{self.get_name()}: nothing was compared"


class AgentsEnv(BlockEnv):
    """A source and a sink of beats, and a host on cocotbext-axi's AXI4-Lite memory."""

    block = "agents"

    def build_phase(self) -> None:
        """Creates the agents, their counterparts and the scoreboards."""
        super().build_phase()
        self.streams: dict[str, BeatAgent] = {}
        for role in ("source", "sink"):
            ports = f"{role}_{{}}_{{}}".format
            valid, ready = ("i", "o") if role == "source" else ("o", "i")
            config = BeatConfig(
                self.dut,
                f"agents.{role}",
                valid=ports("valid", valid),
                ready=ports("ready", ready),
                data=(ports("data", valid), ports("last", valid)),
                role="source" if role == "source" else "sink",
            )
            configure(self, role, config)
            self.streams[role] = BeatAgent.create(role, self)
        configure(self, "host", AxiLiteConfig(self.dut, "agents.axi_lite", "s_axil"))
        self.host = AxiLiteAgent.create("host", self)
        bus = AxiLiteBus.from_prefix(self.dut, "m_axil")
        self.ram = AxiLiteRam(
            bus, self.dut.clk_i, self.dut.rst_ni, reset_active_level=False, size=4 * WORDS
        )
        self.stall = "none"
        for channel in (
            self.ram.write_if.aw_channel,
            self.ram.write_if.w_channel,
            self.ram.write_if.b_channel,
            self.ram.read_if.ar_channel,
            self.ram.read_if.r_channel,
        ):
            channel.set_pause_generator(pauses(lambda: self.stall))
        self.boards = {role: Scoreboard.create(f"{role}_scoreboard", self) for role in self.streams}
        self.memory = MemoryScoreboard.create("memory_scoreboard", self)
        self.scoreboards = [*self.boards.values()]
        self.resets: list[Reset] = []
        self.reset_ended = Listener("reset_ended", self, self.resets.append)

    def connect_phase(self) -> None:
        """Connects the monitors to the scoreboards."""
        super().connect_phase()
        for role, agent in self.streams.items():
            agent.port.connect(self.boards[role].observe)
        self.host.port.connect(self.memory.observe)
        self.reset.port.connect(self.reset_ended)

    def expect(self, beats: list[tuple[int, ...]]) -> None:
        """Expects beats in this order from both monitors."""
        for board in self.boards.values():
            for values in beats:
                board.expect.write(Expected(values))

    def beats(self, count: int) -> list[tuple[int, ...]]:
        """Random ones."""
        width = len(self.dut.source_data_i)
        return [(random.getrandbits(width), random.getrandbits(1)) for _ in range(count)]
