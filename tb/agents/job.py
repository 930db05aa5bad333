# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent of a schedule's job: arguments, the start pulse, and done."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, Literal, NamedTuple

from cocotb.triggers import FallingEdge, RisingEdge
from pyuvm import uvm_analysis_port, uvm_driver, uvm_monitor, uvm_sequence_item, uvm_subscriber

from crocuta.models.convolution.chunk_controller import Job, Mode
from tb.agents.agent import Agent, read
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup


def arguments_of(dut: Any) -> tuple[str, ...]:
    """The arguments that the design has ports for: those of its schedule."""
    names = [field.name for field in dataclasses.fields(Job)]
    return tuple(name for name in names if hasattr(dut, f"{name}_i"))


class JobConfig(NamedTuple):
    """The job's ports, and whether the agent drives them."""

    dut: Any
    coverage: str
    """The covergroup's name."""
    active: bool = True


class JobItem(uvm_sequence_item):
    """A job to start, some clocks after the previous one; finished when done rises."""

    def __init__(self, job: Job, pause: int = 0) -> None:
        super().__init__("job")
        self.job = job
        self.pause = pause
        self.cut_short = False
        """Whether a reset came before the end."""


class JobEvent(NamedTuple):
    """A job's start or end."""

    clock: int
    kind: Literal["start", "done"]
    job: Job


class JobDriver(uvm_driver):
    """Presents the arguments with the start pulse and holds them until the end. Between jobs they
    are random, because the design must not use them."""

    async def run_phase(self) -> None:
        """Performs item after item."""
        self.dut = self.cdb_get("config").dut
        self.dut.start_i.value = 0
        scrambled = False
        while True:
            await RisingEdge(self.dut.clk_i)
            item: JobItem | None = None
            if read(self.dut.rst_ni):
                _, item = self.seq_item_port.try_next_item()
            if not scrambled and (item is None or item.pause):
                self._scramble()
                scrambled = True
            if item is None:
                continue
            for _ in range(item.pause):
                await RisingEdge(self.dut.clk_i)
            await self._run(item)
            scrambled = False
            self.seq_item_port.item_done()

    async def _run(self, item: JobItem) -> None:
        for name in arguments_of(self.dut):
            getattr(self.dut, f"{name}_i").value = getattr(item.job, name)
        self.dut.convolve_i.value = int(item.job.mode == Mode.CONVOLVE)
        self.dut.start_i.value = 1
        await FallingEdge(self.dut.clk_i)
        item.cut_short = not read(self.dut.rst_ni)
        await RisingEdge(self.dut.clk_i)
        self.dut.start_i.value = 0
        while not item.cut_short:
            await FallingEdge(self.dut.clk_i)
            item.cut_short = not read(self.dut.rst_ni)
            if read(self.dut.done_o):
                break

    def _scramble(self) -> None:
        for name in (*arguments_of(self.dut), "convolve"):
            port = getattr(self.dut, f"{name}_i")
            port.value = random.getrandbits(len(port))


class JobMonitor(uvm_monitor):
    """Writes each start with its arguments, and each end. done may fall only at a start, and rise
    only at the end of a job."""

    def build_phase(self) -> None:
        """The port of the events."""
        self.port = uvm_analysis_port("port", self)

    async def run_phase(self) -> None:
        """Samples every clock."""
        dut = self.cdb_get("config").dut
        job: Job | None = None
        done = started = False
        while True:
            await FallingEdge(dut.clk_i)
            if not read(dut.rst_ni):
                job, done, started = None, False, False
                continue
            now = bool(read(dut.done_o))
            assert not (started and now), f"done_o in the clock after a start at {clock_now()}"
            assert now or started or not done, f"done_o fell by itself at clock {clock_now()}"
            if now and not done:
                assert job is not None, f"done_o without a job at clock {clock_now()}"
                self.port.write(JobEvent(clock_now(), "done", job))
            done, started = now, bool(read(dut.start_i))
            if started:
                values = {name: read(getattr(dut, f"{name}_i")) for name in arguments_of(dut)}
                job = Job(Mode(read(dut.convolve_i)), **values)
                self.port.write(JobEvent(clock_now(), "start", job))


class JobCoverage(uvm_subscriber):
    """Coverage of the clocks from one job's end to the next one's start."""

    PAUSES = ("none before", "at once", "later")

    def build_phase(self) -> None:
        """One covergroup."""
        self.sample = covergroup(self.cdb_get("config").coverage, {"pause": self.PAUSES})
        self.end: int | None = None

    def write(self, event: JobEvent) -> None:
        """Samples a start or an end."""
        if event.kind == "done":
            self.end = event.clock
            return
        pause = 0 if self.end is None else 1 + (event.clock > self.end + 1)
        self.sample(self.PAUSES[pause])
        self.end = None


class JobAgent(Agent):
    """The agent of the job."""

    driver_class = JobDriver
    monitor_class = JobMonitor
    coverage_class = JobCoverage
