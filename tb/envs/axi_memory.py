# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of axi_memory: cocotbext-axi's master on its port, and an image of the memory
that every read is compared with."""

from __future__ import annotations

import logging
from typing import Any

import cocotb
from cocotbext.axi import AxiBus, AxiMaster, AxiResp
from pyuvm import (
    uvm_driver,
    uvm_scoreboard,
    uvm_sequence,
    uvm_sequence_item,
    uvm_sequencer,
)

from tb.agents.agent import Listener, configure, read
from tb.agents.axi_memory import AxiMemoryAgent, AxiMemoryConfig, Burst
from tb.envs.base import BlockEnv
from tb.lib.profiles import pauses

CHANNELS = ("aw", "w", "b", "ar", "r")
MAX_BEATS = 256


class AccessItem(uvm_sequence_item):
    """A write of some bytes, or a read of a number of them."""

    def __init__(self, address: int, data: bytes | None = None, size: int = 0) -> None:
        super().__init__("access")
        self.address = address
        self.data = data
        self.size = size


class AccessSequence(uvm_sequence):
    """One access; `answer` is the master's, when it has ended."""

    def __init__(self, address: int, data: bytes | None = None, size: int = 0) -> None:
        super().__init__("access")
        self.item = AccessItem(address, data, size)
        self.answer: Any = None

    async def body(self) -> None:
        """Passes it to the driver, which performs several at a time, and waits for its end."""
        await self.start_item(self.item)
        await self.finish_item(self.item)
        self.answer = await self.item.task


class MasterDriver(uvm_driver):
    """cocotbext-axi's master, which splits accesses into bursts; `profile` sets how often one of
    its channels pauses."""

    async def run_phase(self) -> None:
        """Starts every access at once."""
        dut = self.get_parent().dut
        self.profile = "none"
        logging.getLogger(f"cocotb.{dut._name}.s_axi").setLevel(logging.ERROR)
        master = AxiMaster(
            AxiBus.from_prefix(dut, "s_axi"), dut.clk_i, dut.rst_ni, reset_active_level=False
        )
        for name in CHANNELS:
            half = master.read_if if name in ("ar", "r") else master.write_if
            getattr(half, f"{name}_channel").set_pause_generator(pauses(lambda: self.profile))
        while True:
            item = await self.seq_item_port.get_next_item()
            access = (
                master.read(item.address, item.size)
                if item.data is None
                else master.write(item.address, item.data)
            )
            item.task = cocotb.start_soon(access)
            self.seq_item_port.item_done()


class ContentsScoreboard(uvm_scoreboard):
    """Compares what bursts read with an image of what they wrote, byte by byte."""

    agent: AxiMemoryAgent

    def build_phase(self) -> None:
        """One port: complete bursts."""
        self.observe = Listener("observe", self, self._burst)
        self.compared = 0

    @property
    def drained(self) -> bool:
        """Whether nothing is outstanding."""
        return bool(self.agent.monitor.idle)

    def flush(self, clock: int) -> None:
        """Handles a reset: copies the memory's contents to the image."""
        self.image = bytearray(self.agent.memory.read(self.agent.config.base, self.size))

    @property
    def size(self) -> int:
        """Compares the bytes that a burst read."""
        return self.agent.memory.size

    def _burst(self, burst: Burst) -> None:
        config = self.agent.config
        for number, data in enumerate(burst.data):
            start = burst.request.address - config.base + number * config.beat_bytes
            beat = data.to_bytes(config.beat_bytes, "little")
            if burst.request.write:
                if not self._refused(burst, start):
                    for place in range(config.beat_bytes):
                        if burst.strobes[number] >> place & 1:
                            self.image[start + place] = beat[place]
                continue
            stored = self.image[start : start + config.beat_bytes]
            assert beat == stored, f"read {beat.hex()} instead of {stored.hex()} at {start:#x}"
            self.compared += 1

    def _refused(self, burst: Burst, address: int) -> bool:
        """Updates the image; a write response does not tell which of the beats failed."""
        config = self.agent.config
        bad = burst.responses[0] != AxiResp.OKAY
        return bool(bad) and config.base + address == int(
            read(config.setting("write_error_addr_i"))
        )

    def check_phase(self) -> None:
        """Compares the whole memory."""
        assert self.agent.memory.read(self.agent.config.base, self.size) == self.image
        assert self.compared, "nothing was read"


class AxiMemoryEnv(BlockEnv):
    """The memory's agent, a master, and the image."""

    block = "axi_memory"

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        beat_bytes = int(self.dut.DataBits.value) // 8
        port = AxiMemoryConfig(
            self.dut,
            f"{self.block}.port",
            "s_axi",
            self.dut.mem,
            beat_bytes,
            longest=min(MAX_BEATS, 4096 // beat_bytes),
            max_outstanding=int(self.dut.QueueDepth.value),
            waiting=CHANNELS,
            attributes=(0b0011, 0b010),  # what cocotbext-axi's master gives by default
        )
        configure(self, "memory", port)
        self.memory = AxiMemoryAgent.create("memory", self)
        self.master = MasterDriver.create("master", self)
        self.accesses = uvm_sequencer.create("accesses", self)
        self.contents = ContentsScoreboard.create("contents", self)
        self.scoreboards: list[Any] = [self.contents]

    def connect_phase(self) -> None:
        """Connects accesses to the master, and bursts to the image."""
        super().connect_phase()
        self.master.seq_item_port.connect(self.accesses.seq_item_export)
        self.memory.port.connect(self.contents.observe)
        self.contents.agent = self.memory
