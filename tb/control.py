# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A host on the AXI4-Lite bus, for the benches of the whole kernel, and the offsets it uses."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from models.chunk_controller import Job
from tb.registers import ARGUMENTS, OFFSETS, bit

CONTROL, GLOBAL_ENABLE = OFFSETS["control"], OFFSETS["global_interrupt"]
ENABLE, STATUS = OFFSETS["interrupt_enable"], OFFSETS["interrupt_status"]
START, DONE, IDLE, READY, CONTINUE = (
    bit("control", name) for name in ("start", "done", "idle", "ready", "continue")
)
FLAGS, ERROR, VERSION = OFFSETS["status"], OFFSETS["error"], OFFSETS["version"]
IDENTITY, IDENTITY_2 = OFFSETS["identity"], OFFSETS["identity_2"]
CHUNKS_DONE, CLOCKS, MAC_BEATS = OFFSETS["chunks_done"], OFFSETS["clocks"], OFFSETS["mac_beats"]
STALLS = tuple(OFFSETS[f"stall_{name}"] for name in ("samples", "x", "h", "store", "output"))


class Host:
    """Reads and writes the registers."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        logging.getLogger(f"cocotb.{dut._name}.s_axi").setLevel(logging.WARNING)
        bus = AxiLiteBus.from_prefix(dut, "s_axi")
        self.axi = AxiLiteMaster(bus, dut.clk_i, dut.rst_ni, reset_active_level=False)

    async def reset(self) -> None:
        """A few clocks of reset."""
        self.dut.rst_ni.value = 0
        for _ in range(4):
            await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 1
        await RisingEdge(self.dut.clk_i)

    async def read(self, offset: int, bits: int = 32) -> int:
        """A register of 32 or 64 bits."""
        answer = await self.axi.read(offset, bits // 8)
        assert answer.resp == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, offset: int, value: int, bits: int = 32) -> None:
        """A register of 32 or 64 bits."""
        answer = await self.axi.write(offset, value.to_bytes(bits // 8, "little"))
        assert answer.resp == 0

    async def arguments(self, job: Job) -> None:
        """Writes all of a job's arguments."""
        for name, value in dataclasses.asdict(job).items():
            offset, bits = ARGUMENTS[name]
            await self.write(offset, int(value), bits)
