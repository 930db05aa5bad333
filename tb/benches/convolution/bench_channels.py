# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The controllers with the largest number of channels, to the end of the job. Agents and
scoreboards would take minutes for its 65,536 channels; here consumers are always ready, and every
command is compared as it comes."""

from __future__ import annotations

import dataclasses
import os
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from crocuta.models import configs
from crocuta.models.convolution import chunk_controller, four_step_controller
from crocuta.models.convolution.chunk_controller import Job, Mode
from tb.agents.agent import read
from tb.agents.job import arguments_of
from tb.lib.clock import clock_now, start_clock

CHANNELS = 1 << 16
CLOCKS = 16 * CHANNELS
"""More than any of the jobs takes."""
CONFIG = configs.load_model(os.environ["CROCUTA_CONFIG"])
MODEL = four_step_controller if CONFIG.four_step else chunk_controller


class Stream:
    """A stream of commands and what must come on it."""

    def __init__(self, dut: Any, name: str, command: type, expected: list[Any]) -> None:
        fields = [field.name for field in dataclasses.fields(command)]
        self.name = name
        self.valid = getattr(dut, f"{name}_valid_o")
        self.ports = [getattr(dut, f"{name}_{field}_o") for field in fields]
        self.masks = [(1 << len(port)) - 1 for port in self.ports]
        self.expected = expected
        self.compared = 0

    def sample(self) -> None:
        """Compares the command of this clock, if there is one."""
        if not read(self.valid):
            return
        assert self.compared < len(self.expected), f"{self.name}: a command too many"
        command = dataclasses.astuple(self.expected[self.compared])
        wanted = [int(value) & mask for value, mask in zip(command, self.masks, strict=True)]
        found = [read(port) for port in self.ports]
        assert found == wanted, f"{self.name}, command {self.compared}: {found}, not {wanted}"
        self.compared += 1


async def run(dut: Any, job: Job) -> None:
    """Runs a job whose consumers are always ready, and compares all its commands."""
    expected = MODEL.streams(CONFIG, job)
    streams = [Stream(dut, name, kind, expected[name]) for name, kind in MODEL.STREAMS.items()]
    await RisingEdge(dut.clk_i)
    for name in arguments_of(dut):
        getattr(dut, f"{name}_i").value = getattr(job, name)
    dut.convolve_i.value = int(job.mode == Mode.CONVOLVE)
    dut.start_i.value = 1
    await RisingEdge(dut.clk_i)
    dut.start_i.value = 0
    begin = clock_now()
    for _ in range(CLOCKS):
        await FallingEdge(dut.clk_i)
        for stream in streams:
            stream.sample()
        if read(dut.done_o):
            break
    else:
        raise AssertionError(f"not done after {CLOCKS} clocks")
    for stream in streams:
        left = len(stream.expected) - stream.compared
        assert not left, f"{stream.name}: {left} of {len(stream.expected)} commands did not come"
    compared = sum(stream.compared for stream in streams)
    assert compared >= 3 * CHANNELS, "too few commands for so many channels"
    dut._log.info("%d commands compared in %d clocks", compared, clock_now() - begin)


@cocotb.test()
async def all_channels(dut: Any) -> None:
    """65,536 rows of one sample, prepared and convolved."""
    inputs = {f"{name}_ready_i": 1 for name in MODEL.STREAMS}
    if CONFIG.four_step:
        inputs |= {"x_written_i": 0, "z_written_i": 0}  # a single row writes neither
    start_clock(dut, rst_ni=0, start_i=0, **inputs)
    for _ in range(2):
        await RisingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    for mode in Mode:
        pages = [random.randrange(1 << 40) << 12 for _ in range(5)]
        await run(dut, Job(mode, CHANNELS, 1, 1, *pages))
