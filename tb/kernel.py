# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What the kernel's benches share: the host's side of kernel_tb, its memories, and jobs checked
against the model."""

from __future__ import annotations

import dataclasses
import logging
import random
from typing import Any

import cocotb
import numpy as np
import numpy.typing as npt
from cocotb.triggers import ClockCycles, FallingEdge, First, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from models import crocuta_kernel as model
from models.chunk_controller import PAGE_BYTES, Job, Mode
from models.configs import Config
from tb import control
from tb.clock import start_clock

# Where kernel_tb puts the memories.
BASES = {
    "samples": 0x0010_FFFF_F000,
    "x_spectra": 0x0020_FFFF_F000,
    "h_spectra": 0x0030_FFFF_F000,
}
GUARD = 0xA5  # the byte that memory holds where nothing may be written
SATURATED, NON_FINITE = 1, 2

SampleArray = npt.NDArray[np.float32]


class Memory:
    """The contents of one axi_memory, and its settings."""

    def __init__(self, dut: Any, name: str, config: Config) -> None:
        self.dut = dut
        self.name = name
        self.base = BASES[name]
        self.beat_bytes = config.axi_bits // 8
        self.words = getattr(dut, f"u_{name}").mem

    def set(self, **settings: int) -> None:
        """Settings of axi_memory: latency, bandwidth, stall, seed, read_error, ..."""
        for setting, value in settings.items():
            getattr(self.dut, f"{self.name}_{setting}_i").value = value

    def get(self, result: str) -> int:
        """A result of axi_memory: beats_read, beats_written, protocol_error."""
        return int(getattr(self.dut, f"{self.name}_{result}_o").value)

    def write(self, address: int, data: bytes) -> None:
        """Writes whole words at the kernel's address."""
        first = (address - self.base) // self.beat_bytes
        for index in range(0, len(data), self.beat_bytes):
            word = int.from_bytes(data[index : index + self.beat_bytes], "little")
            self.words[first + index // self.beat_bytes].value = word

    def read(self, address: int, size: int) -> bytes:
        """Reads whole words at the kernel's address."""
        first = (address - self.base) // self.beat_bytes
        return b"".join(
            int(self.words[first + index].value).to_bytes(self.beat_bytes, "little")
            for index in range(-(-size // self.beat_bytes))
        )[:size]


class Host(control.Host):
    """The registers of the whole kernel."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        logging.getLogger(f"cocotb.{dut._name}.s_axi_control").setLevel(logging.WARNING)
        bus = AxiLiteBus.from_prefix(dut, "s_axi_control")
        self.axi = AxiLiteMaster(bus, dut.clk_i, dut.rst_ni, reset_active_level=False)


@dataclasses.dataclass
class Convolution:
    """One CONVOLVE job with the PREPARE job before it, and where its data lies."""

    x: SampleArray
    """(channels, length_x)"""
    h: SampleArray
    """(channels, length_h)"""
    x_address: int
    h_address: int
    y_address: int

    def job(self, mode: Mode) -> Job:
        """The arguments."""
        return Job(
            mode,
            channels=len(self.x),
            length_x=self.x.shape[1],
            length_h=self.h.shape[1],
            x=self.x_address,
            h=self.h_address,
            h_spectra=BASES["h_spectra"],
            x_spectra=BASES["x_spectra"],
            y=self.y_address,
        )


class Kernel:
    """kernel_tb, driven as a host drives a card."""

    def __init__(self, dut: Any, config: Config) -> None:
        self.dut = dut
        self.config = config
        self.host = Host(dut)
        self.memories = {name: Memory(dut, name, config) for name in BASES}
        self.compared = 0

    async def start(self) -> None:
        """Clock, reset, interrupts on, memories of 60 clocks latency and full bandwidth."""
        start_clock(self.dut, rst_ni=0)
        self.dut.quiet_i.value = 0
        self.dut.file_i.value = 0
        for memory in self.memories.values():
            memory.set(
                latency=60,
                bandwidth=1000,
                stall=0,
                seed=random.getrandbits(32),
                read_error=0,
                read_error_addr=0,
                write_error=0,
                write_error_addr=0,
                load=0,
                dump=0,
            )
        await self.reset()

    async def reset(self) -> None:
        """Resets everything but the memories' contents."""
        await self.host.reset()
        await self.host.write(control.GLOBAL_ENABLE, 1)
        await self.host.write(control.ENABLE, 1)

    def random_profile(self) -> None:
        """Each memory gets a behaviour of its own."""
        for memory in self.memories.values():
            memory.set(
                latency=random.choice((2, 20, 60, 150)),
                bandwidth=random.choice((1000, 1000, 850, 400)),
                stall=random.choice((0, 0, 50, 400)),
            )

    async def launch(self, job: Job) -> None:
        """Writes the arguments and starts."""
        await self.host.arguments(job)
        await self.host.write(control.CONTROL, control.START)

    async def finish(self, limit: int) -> int:
        """Waits for the interrupt, acknowledges the job and returns its error code."""
        if not int(self.dut.interrupt_o.value):
            late = ClockCycles(self.dut.clk_i, limit)
            reached = await First(RisingEdge(self.dut.interrupt_o), late)
            assert reached is not late, f"no interrupt within {limit} clocks"
        error = await self.host.read(control.ERROR)
        await self.host.write(control.STATUS, 1)
        await self.host.write(control.CONTROL, control.CONTINUE)
        for memory in self.memories.values():
            assert not memory.get("protocol_error"), f"{memory.name}: AXI protocol"
        return error

    async def run(self, job: Job, limit: int = 1_000_000) -> int:
        """One job from start to acknowledge."""
        await self.launch(job)
        return await self.finish(limit)

    def place(self, x: SampleArray, h: SampleArray) -> Convolution:
        """Puts x and h into memory, and guard bytes where y and what follows it will be."""
        samples = self.memories["samples"]
        address = samples.base
        addresses = []
        for rows in (x, h):
            data = model.sample_rows(rows).tobytes()
            samples.write(address, data)
            addresses.append(address)
            address += len(data)
        samples.write(address, bytes([GUARD]) * (len(x) * model.row_bytes(x.shape[1])))
        return Convolution(x, h, addresses[0], addresses[1], address)

    def check(self, convolution: Convolution) -> int:
        """Compares spectra of h and y with the model, bit for bit; returns the expected flags."""
        x, h = convolution.x, convolution.h
        flags = 0
        stride = model.row_bytes(x.shape[1])
        for channel in range(len(x)):
            spectra = model.prepare(h[channel], self.config)
            slots = model.spectra_slots(spectra.words, self.config).tobytes()
            address = BASES["h_spectra"] + channel * len(slots)
            assert self.memories["h_spectra"].read(address, len(slots)) == slots, (
                f"spectra of h, channel {channel}"
            )
            expected = model.convolve(x[channel], spectra, self.config)
            row = self.memories["samples"].read(convolution.y_address + channel * stride, stride)
            used = 4 * x.shape[1]
            got = np.frombuffer(row[:used], np.uint32)
            wrong = np.flatnonzero(got != expected.y.view(np.uint32))
            assert not len(wrong), (
                f"channel {channel}: {len(wrong)} of {len(got)} outputs differ, first {wrong[0]}"
            )
            assert row[used:] == bytes([GUARD]) * (stride - used), "written beyond the row"
            flags |= SATURATED * expected.saturated | NON_FINITE * expected.nonfinite
            self.compared += len(got)
        return flags

    async def convolve(self, x: SampleArray, h: SampleArray) -> None:
        """PREPARE and CONVOLVE, everything compared."""
        convolution = self.place(x, h)
        assert await self.run(convolution.job(Mode.PREPARE)) == 0
        assert await self.run(convolution.job(Mode.CONVOLVE)) == 0
        expected = self.check(convolution)
        if self.config.chunk_beats:
            assert await self.host.read(control.FLAGS) == expected, "sticky flags"

    def pages(self, samples: int) -> int:
        """The pages of a row."""
        return -(-samples * 4 // PAGE_BYTES)


async def settle(dut: Any) -> None:
    """To the middle of a clock, where all values have settled."""
    await FallingEdge(dut.clk_i)


def log_seed() -> None:
    """The seed repeats the run: SEED= sets it."""
    cocotb.log.info("seed %d", cocotb.RANDOM_SEED)
