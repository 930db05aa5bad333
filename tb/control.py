# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What the benches of the control registers share: offsets, and a host on the AXI4-Lite bus."""

from __future__ import annotations

import dataclasses
import logging
import random
from collections.abc import Iterator
from typing import Any

from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from models.chunk_controller import Job
from tb.clock import start_clock

CONTROL, GLOBAL_ENABLE, ENABLE, STATUS = 0x00, 0x04, 0x08, 0x0C
START, DONE, IDLE, READY, CONTINUE = 0x01, 0x02, 0x04, 0x08, 0x10
# Argument -> (offset, bits): one entry a field of Job, by the same name.
ARGUMENTS = {
    "mode": (0x10, 32),
    "channels": (0x18, 32),
    "length_x": (0x20, 32),
    "length_h": (0x28, 32),
    "x": (0x30, 64),
    "h": (0x38, 64),
    "h_spectra": (0x40, 64),
    "x_spectra": (0x48, 64),
    "y": (0x50, 64),
}
FLAGS, ERROR, VERSION, IDENTITY, IDENTITY_2, CHUNKS_DONE = 0x80, 0x84, 0x88, 0x8C, 0x90, 0x94
CLOCKS, MAC_BEATS = 0xA0, 0xA8
STALLS = (0xB0, 0xB8, 0xC0, 0xC8, 0xD0)


class Host:
    """Reads and writes the registers."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        logging.getLogger(f"cocotb.{dut._name}.s_axi").setLevel(logging.WARNING)
        bus = AxiLiteBus.from_prefix(dut, "s_axi")
        self.axi = AxiLiteMaster(bus, dut.clk_i, dut.rst_ni, reset_active_level=False)

    async def start(self) -> None:
        """Clock and reset, with a core that does nothing."""
        start_clock(self.dut)
        for name in ("controller_done_i", "error_i", "saturated_i", "non_finite_i", "count_i"):
            getattr(self.dut, name).value = 0
        self.dut.ports_idle_i.value = 1
        await self.reset()

    async def reset(self) -> None:
        """A few clocks of reset."""
        self.dut.rst_ni.value = 0
        for _ in range(4):
            await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 1
        await RisingEdge(self.dut.clk_i)

    def pauses(self, chance: float) -> None:
        """Random gaps on every channel of the bus, so that AW and W come in any order."""

        def pattern() -> Iterator[bool]:
            while True:
                yield random.random() < chance

        write, read = self.axi.write_if, self.axi.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel):
            channel.set_pause_generator(pattern())
        for channel in (read.ar_channel, read.r_channel):
            channel.set_pause_generator(pattern())

    async def read(self, offset: int, bits: int = 32) -> int:
        """A register of 32 or 64 bits."""
        answer = await self.axi.read(offset, bits // 8)
        assert answer.resp == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, offset: int, value: int, bits: int = 32) -> None:
        """A register of 32 or 64 bits."""
        await self.write_bytes(offset, value.to_bytes(bits // 8, "little"))

    async def write_bytes(self, offset: int, data: bytes) -> None:
        """Any bytes: the strobes of the others are 0."""
        answer = await self.axi.write(offset, data)
        assert answer.resp == 0

    async def arguments(self, job: Job) -> None:
        """Writes all of a job's arguments."""
        for name, value in dataclasses.asdict(job).items():
            offset, bits = ARGUMENTS[name]
            await self.write(offset, int(value), bits)
