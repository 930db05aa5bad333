# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""axi_ram, a board's on-chip memory, between cocotbext-axi's master and a host in this bench: the
contents word by word from both sides, refused bursts, rates, and no READY in reset."""

from __future__ import annotations

import logging
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from cocotbext.axi import AxiBus, AxiMaster, AxiResp

from crocuta.models.layout import PAGE_BYTES
from tb.lib.clock import clock_now, start_clock
from tb.lib.coverage import covered, seldom
from tb.lib.profiles import PROFILES, pauses

WORD_BYTES = 4
HOST_LATENCY = 3
READYS = ("s_axi_awready", "s_axi_wready", "s_axi_arready", "host_ready_o")
ACCESS = seldom(
    "axi_ram.access",
    {
        "way": ("axi_write", "axi_read", "host_write", "host_read"),
        "answer": ("okay", "refused"),
    },
    {"way_x_answer": ("way", "answer")},
    {"way_x_answer": [("host_write", "refused"), ("host_read", "refused")]},
)
RESET = seldom("axi_ram.reset", {"port": READYS})


class Memory:
    """The memory's ports, and its expected contents."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.beat_bytes = len(dut.s_axi_wdata) // 8
        self.size = int(dut.Beats.value) * self.beat_bytes
        self.contents = bytearray(self.size)
        self.profile = "none"
        self.compared = 0
        self.held_in_reset = 0
        start_clock(dut, rst_ni=0, host_valid_i=0, host_write_i=0, host_addr_i=0, host_wdata_i=0)
        logging.getLogger(f"cocotb.{dut._name}.s_axi").setLevel(logging.ERROR)
        bus = AxiBus.from_prefix(dut, "s_axi")
        self.master = AxiMaster(bus, dut.clk_i, dut.rst_ni, reset_active_level=False)
        halves = {"read_if": ("ar", "r"), "write_if": ("aw", "w", "b")}
        for half, channels in halves.items():
            for channel in channels:
                port = getattr(getattr(self.master, half), f"{channel}_channel")
                port.set_pause_generator(pauses(lambda: self.profile))
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        await RisingEdge(self.dut.clk_i)  # the clock may start with a falling edge
        while True:
            await FallingEdge(self.dut.clk_i)
            if self.dut.rst_ni.value == 0:
                self.held_in_reset += 1
                for name in READYS:
                    assert getattr(self.dut, name).value == 0, f"{name} is high in reset"
                    RESET(name)

    async def reset(self, clocks: int = 3) -> None:
        """Resets while the host keeps requesting; nothing may be accepted meanwhile."""
        await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 0
        self.dut.host_valid_i.value = 1
        for _ in range(clocks):
            self.dut.host_write_i.value = random.getrandbits(1)
            await RisingEdge(self.dut.clk_i)
        self.dut.host_valid_i.value = 0
        self.dut.rst_ni.value = 1

    async def fill(self) -> None:
        """Writes random contents, a page at a time."""
        for address in range(0, self.size, PAGE_BYTES):
            await self.write(address, random.randbytes(min(PAGE_BYTES, self.size - address)))

    async def write(self, address: int, data: bytes) -> None:
        """Writes whole words through AXI."""
        answer = await self.master.write(address, data)
        ok = address + len(data) <= self.size
        assert answer.resp == (AxiResp.OKAY if ok else AxiResp.SLVERR)
        ACCESS("axi_write", "okay" if ok else "refused")
        if ok:
            self.contents[address : address + len(data)] = data

    async def read(self, address: int, size: int) -> None:
        """Reads whole words through AXI and compares."""
        answer = await self.master.read(address, size)
        ok = address + size <= self.size
        assert answer.resp == (AxiResp.OKAY if ok else AxiResp.SLVERR)
        ACCESS("axi_read", "okay" if ok else "refused")
        if ok:
            assert answer.data == self.contents[address : address + size], f"AXI read at {address}"
            self.compared += size

    async def host(self, address: int, word: bytes | None) -> None:
        """Writes a word from the host's side; None: reads one and compares."""
        dut = self.dut
        await RisingEdge(dut.clk_i)
        dut.host_valid_i.value = 1
        dut.host_write_i.value = int(word is not None)
        dut.host_addr_i.value = address // WORD_BYTES
        dut.host_wdata_i.value = int.from_bytes(word or bytes(WORD_BYTES), "little")
        await FallingEdge(dut.clk_i)
        while dut.host_ready_o.value == 0:
            await FallingEdge(dut.clk_i)
        taken = clock_now()
        await RisingEdge(dut.clk_i)
        dut.host_valid_i.value = 0
        ACCESS("host_read" if word is None else "host_write", "okay")
        if word is not None:
            self.contents[address : address + WORD_BYTES] = word
            return
        expected = self.contents[address : address + WORD_BYTES]
        await FallingEdge(dut.clk_i)
        while dut.host_rvalid_o.value == 0:
            await FallingEdge(dut.clk_i)
        assert clock_now() - taken == HOST_LATENCY
        assert int(dut.host_rdata_o.value) == int.from_bytes(expected, "little")
        self.compared += WORD_BYTES

    def place(self, low: int, high: int) -> tuple[int, int]:
        """A random range within low..high and within one page: address and size, in whole words."""
        address = random.randrange(low, high, WORD_BYTES)
        room = min(high, address // PAGE_BYTES * PAGE_BYTES + PAGE_BYTES) - address
        return address, random.randint(1, room // WORD_BYTES) * WORD_BYTES


async def started(dut: Any) -> Memory:
    """A memory after its reset, with random contents."""
    memory = Memory(dut)
    await memory.reset()
    await memory.fill()
    return memory


@cocotb.test()
@covered
async def round_trips(dut: Any) -> None:
    """Each side reads what either has written, under every profile of pauses."""
    memory = await started(dut)
    for profile in PROFILES:
        memory.profile = profile
        for _ in range(12):
            address, size = memory.place(0, memory.size)
            await memory.write(address, random.randbytes(size))
            await memory.host(random.randrange(0, memory.size, WORD_BYTES), random.randbytes(4))
            await memory.host(address, None)
            await memory.read(*memory.place(0, memory.size))
    assert memory.compared


@cocotb.test()
@covered
async def both_sides_at_once(dut: Any) -> None:
    """The host's accesses wait for clocks that bursts leave free, and disturb none of them."""
    memory = await started(dut)
    half = memory.size // 2
    done = 0

    async def bursts() -> None:
        nonlocal done
        for _ in range(30):
            memory.profile = random.choice(PROFILES)
            address, size = memory.place(0, half)
            await memory.write(address, random.randbytes(size))
            await memory.read(address, size)
        done = 1

    running = cocotb.start_soon(bursts())
    while not done:
        address = random.randrange(half, memory.size, WORD_BYTES)
        await memory.host(address, random.randbytes(WORD_BYTES))
        await memory.host(address, None)
    await running
    for address in range(0, memory.size, PAGE_BYTES):
        await memory.read(address, PAGE_BYTES)


@cocotb.test()
@covered
async def refused_bursts(dut: Any) -> None:
    """Accesses beyond the memory are refused and change nothing."""
    memory = await started(dut)
    for bit in range(memory.size.bit_length() - 1, 64, 5):
        address = (1 << bit) + random.randrange(0, memory.size, memory.beat_bytes)
        await memory.write(address, random.randbytes(memory.beat_bytes))
        await memory.read(address, memory.beat_bytes)
        await memory.read(*memory.place(0, memory.size))
    for address in range(0, memory.size, PAGE_BYTES):
        await memory.read(address, PAGE_BYTES)


@cocotb.test()
@covered
async def rates(dut: Any) -> None:
    """One beat per clock in both directions, without gaps between bursts."""
    memory = await started(dut)
    beats: dict[str, list[int]] = {"r": [], "w": []}

    async def count() -> None:
        while True:
            await FallingEdge(dut.clk_i)
            for channel, clocks in beats.items():
                valid = getattr(dut, f"s_axi_{channel}valid").value
                if valid == 1 and getattr(dut, f"s_axi_{channel}ready").value == 1:
                    clocks.append(clock_now())

    counting = cocotb.start_soon(count())
    size = 16 * memory.beat_bytes
    for way in ("w", "r"):
        tasks = []
        for burst in range(4):
            address = burst * size
            access = (
                memory.read(address, size) if way == "r" else memory.write(address, bytes(size))
            )
            tasks.append(cocotb.start_soon(access))
        for task in tasks:
            await task
    counting.cancel()
    for channel, clocks in beats.items():
        assert len(clocks) == 64, channel
        assert clocks[-1] - clocks[0] == 63, f"{channel}: {clocks}"


@cocotb.test()
@covered
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset during bursts nothing is pending, and what they did not touch is unchanged."""
    memory = await started(dut)
    for _ in range(8):
        memory.profile = random.choice(PROFILES)
        address, size = memory.place(0, memory.size // 2)
        writing = cocotb.start_soon(memory.master.write(address, random.randbytes(size)))
        reading = cocotb.start_soon(memory.master.read(*memory.place(0, memory.size)))
        await Timer(10 * random.randint(3, 60), "ns")
        before = memory.held_in_reset
        await memory.reset(random.randint(1, 4))
        assert memory.held_in_reset > before
        for task in (writing, reading):
            task.cancel()
        memory.profile = "none"
        await memory.write(address // PAGE_BYTES * PAGE_BYTES, random.randbytes(PAGE_BYTES))
        await memory.host(memory.size - WORD_BYTES, None)
    for address in range(0, memory.size, PAGE_BYTES):
        await memory.read(address, PAGE_BYTES)
