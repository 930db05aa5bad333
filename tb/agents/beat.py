# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent of a stream of beats: valid, data and optionally ready. A source sends beats with gaps,
a sink stalls, and a passive agent only monitors.

Inputs change after a rising edge; the levels at the following falling edge decide a transfer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, ValueChange
from cocotb_bus.bus import Bus
from pyuvm import (
    uvm_analysis_port,
    uvm_driver,
    uvm_monitor,
    uvm_sequence,
    uvm_sequence_item,
    uvm_subscriber,
)

from tb.agents.agent import Agent, read
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup
from tb.lib.profiles import idle_clocks

CLOSED, ONE = "closed", "one"
"""What a sink may do besides the profiles: accept nothing, or exactly one beat, which finishes the
item."""


@dataclass(frozen=True)
class BeatConfig:
    """The ports of a stream, and the agent's role."""

    dut: Any
    coverage: str | None
    """The covergroup's name; None for a pulse, whose gaps mean nothing."""
    valid: str
    data: tuple[str, ...]
    ready: str | None = None
    role: Literal["source", "sink", "passive"] = "passive"

    @property
    def active(self) -> bool:
        """Whether the agent drives anything."""
        return self.role == "source" or (self.role == "sink" and self.ready is not None)

    def bus(self) -> Bus:
        """The ports by role: valid, ready, data0, data1, ..."""
        names = {"valid": self.valid} | {f"data{i}": name for i, name in enumerate(self.data)}
        if self.ready is not None:
            names["ready"] = self.ready
        return Bus(self.dut, None, names)


class BeatItem(uvm_sequence_item):
    """Beats to send one after another, with a value per data port; or a sink's stall profile."""

    def __init__(
        self,
        name: str = "beats",
        beats: Sequence[tuple[int, ...]] = (),
        profile: str = "none",
    ) -> None:
        super().__init__(name)
        self.beats = beats
        self.profile = profile
        self.cut_short = False
        """Whether a reset came before the last beat."""


class BeatSequence(uvm_sequence):
    """One item: for a source, beats with the pauses of a profile; for a sink, a new profile."""

    def __init__(self, profile: str, beats: Sequence[tuple[int, ...]] = ()) -> None:
        super().__init__("beats")
        self.item = BeatItem(beats=beats, profile=profile)

    async def body(self) -> None:
        """Returns when the last beat has been accepted, a reset cuts the beats short, or the sink
        has adopted the profile."""
        await self.start_item(self.item)
        await self.finish_item(self.item)


class Beat(NamedTuple):
    """A transferred beat."""

    clock: int
    values: tuple[int, ...]
    wait: int = 0
    """Clocks that it waited to be accepted."""


class BeatDriver(uvm_driver):
    """Source: presents each beat until it is accepted. Between beats the data is the complement of
    the last beat, and in reset it is random with valid high, which exposes a design that takes data
    when it must not. Sink: drives ready according to the newest item's profile.
    """

    async def run_phase(self) -> None:
        """Drives from the first clock."""
        config = self.cdb_get("config")
        self.dut = config.dut
        self.bus = config.bus()
        if config.role == "sink":
            await self._stall()
        else:
            self.data = [getattr(self.bus, f"data{i}") for i in range(len(config.data))]
            self.bus.valid.value = 0
            cocotb.start_soon(self._leave_reset())
            await self._send()

    async def _leave_reset(self) -> None:
        """Presents no beat in the clock in which the reset ends."""
        while True:
            await RisingEdge(self.dut.rst_ni)
            self.bus.valid.value = 0

    def _put(self, values: Sequence[int]) -> None:
        for port, value in zip(self.data, values, strict=True):
            port.value = value

    async def _send(self) -> None:
        masks = [(1 << len(port)) - 1 for port in self.data]
        last: Sequence[int] = [0] * len(masks)
        item, waiting, idle = None, iter(()), 0
        pauses: Iterator[int] = iter(())
        held = False  # a presented beat was not accepted
        quiet = False  # nothing was presented in the previous clock
        # Looked up once: an attribute of the bus or the top costs as much time as reading a value.
        clk, rst_n, valid = self.dut.clk_i, self.dut.rst_ni, self.bus.valid
        ready = getattr(self.bus, "ready", None)
        while True:
            await RisingEdge(clk)
            if not read(rst_n):
                if item is not None:
                    item.cut_short = True
                    self.seq_item_port.item_done()
                item, held, quiet, idle = None, False, False, 0
                valid.value = 1
                self._put([random.getrandbits(len(port)) for port in self.data])
                continue
            if item is None and not held:
                found, item = self.seq_item_port.try_next_item()
                if found:
                    waiting, pauses = iter(item.beats), idle_clocks(item.profile)
                    left = len(item.beats)
                    idle = next(pauses)
            if not held:
                present = item is not None and idle == 0
                if present:
                    valid.value = 1
                    last = next(waiting)
                    self._put(last)
                elif not quiet:
                    valid.value = 0
                    self._put([value ^ mask for value, mask in zip(last, masks, strict=True)])
                quiet = not present
                idle = max(0, idle - quiet)
            else:
                present = True
            if not present:
                continue
            await FallingEdge(clk)
            if not read(rst_n):
                continue
            held = ready is not None and not read(ready)
            if not held:
                left -= 1
                idle = next(pauses)
                if not left:
                    item = None
                    self.seq_item_port.item_done()

    async def _stall(self) -> None:
        profile, pauses, pause = "none", idle_clocks("none"), 0
        clk, last = self.dut.clk_i, None
        while True:
            await RisingEdge(clk)
            found, item = self.seq_item_port.try_next_item()
            if found:
                profile = item.profile
                if profile not in (CLOSED, ONE):
                    pauses = idle_clocks(profile)
                    pause = next(pauses)
            ready = profile == ONE or (profile != CLOSED and pause == 0)
            if ready != last:
                self.bus.ready.value = int(ready)
                last = ready
            if found:
                # Not earlier: the sequence begins to wait for the end after it has sent the item.
                await FallingEdge(clk)
                while profile == ONE and not read(self.bus.valid):
                    await FallingEdge(clk)
                self.seq_item_port.item_done()
            if profile == ONE:
                profile = CLOSED
            elif profile != CLOSED:
                pause = next(pauses) if ready else pause - 1


class BeatMonitor(uvm_monitor):
    """Writes every transferred beat. X on valid, on ready or in a beat fails, and so does a beat
    that is withdrawn or changed before it was accepted."""

    def build_phase(self) -> None:
        """The port of the beats."""
        self.port = uvm_analysis_port("port", self)
        self.standing: tuple[int, ...] | None = None

    async def run_phase(self) -> None:
        """Samples every clock in which valid is not low."""
        config = self.cdb_get("config")
        bus, clk, rst_n = config.bus(), config.dut.clk_i, config.dut.rst_ni
        valid, ready = bus.valid, getattr(bus, "ready", None)
        data = [getattr(bus, f"data{i}") for i in range(len(config.data))]
        wait = 0
        while True:
            await FallingEdge(clk)
            if not read(rst_n):
                self.standing, wait = None, 0
                continue
            if not read(valid):
                assert self.standing is None, f"{config.valid} fell before the beat was accepted"
                await ValueChange(valid)
                continue
            values = tuple([read(port) for port in data])
            unchanged = self.standing in (None, values)
            assert unchanged, f"{config.data} changed before the beat was accepted"
            if ready is None or read(ready):
                self.port.write(Beat(clock_now(), values, wait))
                self.standing, wait = None, 0
            else:
                self.standing, wait = values, wait + 1

    def check_phase(self) -> None:
        """Checks that no beat is left waiting, which no scoreboard would have seen."""
        assert self.standing is None, f"{self.get_full_name()}: {self.standing} was never accepted"


class BeatCoverage(uvm_subscriber):
    """Coverage of the clocks between beats."""

    GAPS = ("0", "1", "2..7", "8 and more")

    def build_phase(self) -> None:
        """Creates one covergroup per agent."""
        name = self.cdb_get("config").coverage
        self.sample = None if name is None else covergroup(name, {"gap": self.GAPS})
        self.last: int | None = None

    def write(self, beat: Beat) -> None:
        """Samples a transferred beat."""
        if self.sample is not None and self.last is not None:
            gap = beat.clock - self.last - 1
            self.sample(self.GAPS[(gap > 0) + (gap > 1) + (gap > 7)])
        self.last = beat.clock


class BeatAgent(Agent):
    """The agent of one stream of beats."""

    driver_class = BeatDriver
    monitor_class = BeatMonitor
    coverage_class = BeatCoverage
