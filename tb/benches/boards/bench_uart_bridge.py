# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""uart_bridge between a host on the line, a memory and a register slave, all in this bench: every
answer, every access and its order, and the reaction to each kind of bad input."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cocotb
from cocotb.clock import Clock
from cocotb.task import Task
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, Timer

from tb.agents.agent import read
from tb.agents.uart import DONE, OWN, REFUSED, REGISTERS, Uart, UartTimeout, command
from tb.lib.clock import PERIOD_NS, clock_now
from tb.lib.coverage import covered, seldom

REG_WORDS = 1024
DUE_BITS = 30
"""Time limit for the start of an answer and for each next byte, if nothing stalls for long."""
SKEW = 0.02
LINE_CLOCKS = 3
CHANNELS = ("aw", "w", "ar")
READYS = ("mem_ready_i", *(f"m_axi_control_{channel}ready" for channel in CHANNELS))

Space = Literal["memory", "registers"]

SPACES = ("memory", "registers", "own")
KINDS = ("write", "read")
WORDS = ("1", "2 to 256", "more")
RATES = ("4", "5", "8", "13", "260")
REFUSALS = ("command", "count", "address", "range", "clocks per bit")
PARTS = ("nothing", "head", "words")
SAMPLE_COMMAND = seldom(
    "uart_bridge.command", {"space": SPACES, "kind": KINDS}, {"space_x_kind": ("space", "kind")}
)
SAMPLE_BURST = seldom(
    "uart_bridge.burst", {"kind": KINDS, "words": WORDS}, {"kind_x_words": ("kind", "words")}
)
SAMPLE_RATE = seldom("uart_bridge.rate", {"clocks_per_bit": RATES})
SAMPLE_SKEW = seldom(
    "uart_bridge.host_clock",
    {"skew": ("slow", "fast"), "clocks_per_bit": ("4", "8")},
    {"skew_x_clocks_per_bit": ("skew", "clocks_per_bit")},
)
SAMPLE_REFUSED = seldom("uart_bridge.refused", {"because_of": REFUSALS})
SAMPLE_RESPONSE = seldom(
    "uart_bridge.register_error",
    {"response": ("slverr", "decerr"), "kind": KINDS},
    {"response_x_kind": ("response", "kind")},
)
SAMPLE_STOP = seldom("uart_bridge.stopped", {"after": PARTS[1:]})
SAMPLE_FRAME = seldom("uart_bridge.bad_frame", {"after": (*PARTS, "a line that hangs")})
SAMPLE_STRAY = seldom("uart_bridge.stray_byte", {"while": ("answering", "writing", "reading")})
SAMPLE_RESET = seldom("uart_bridge.reset", {"command": ("under way", "done")})


def part(length: int) -> str:
    """The part of a command in which a given number of bytes ends; its head has seven."""
    return PARTS[(length > 0) + (length > 7)]


class Access(NamedTuple):
    """An access that the bridge requests."""

    space: Space
    write: bool
    word: int
    data: int
    """0 of a read."""


@dataclass
class Stalls:
    """Maximum clocks until a request is accepted, and from there to its answer, and the minimum."""

    accept: int = 0
    answer: int = 0
    answer_least: int = 0


def anything(count: int) -> list[int]:
    """Random words."""
    return [random.getrandbits(32) for _ in range(count)]


class Bench:
    """The bridge's environment. The bridge must make the accesses in `expected`, in order."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.clocks_at_first = int(dut.ClocksPerBit.value)
        self.silence_bits = 1 << int(dut.SilenceLog2.value)
        self.memory = anything(int(dut.MemWords.value))
        self.registers = anything(REG_WORDS)
        self.refused: dict[int, int] = {}
        """Words of the registers, and their responses."""
        self.stalls = Stalls()
        self.gap = 0.0
        self.expected: deque[Access] = deque()
        self.compared = 0
        self.tasks: list[Task[None]] = []
        self.clocks_per_bit = self.clocks_at_first
        self.uart = Uart(dut.rx_i, dut.tx_o, 0.0)
        for name, value in {"rst_ni": 0, "rx_i": 1, **dict.fromkeys(READYS, 0)}.items():
            getattr(dut, name).value = value
        # A byte takes many clocks in which nothing else happens: let the simulator drive the clock.
        Clock(dut.clk_i, PERIOD_NS, unit="ns", impl="gpi").start(start_high=False)

    # ---------------------------------------------------------------------------------------------
    # The memory and the registers behind the bridge

    async def reset(self, clocks: int = 2, skew: float = 0.0) -> None:
        """Resets; both sides forget everything in flight."""
        dut = self.dut
        for task in self.tasks:
            task.cancel()
        self.uart.close()
        self.expected.clear()
        await RisingEdge(dut.clk_i)
        dut.rst_ni.value = 0
        dut.rx_i.value = 1
        for name in ("mem_rvalid_i", "m_axi_control_bvalid", "m_axi_control_rvalid"):
            getattr(dut, name).value = 0
        await ClockCycles(dut.clk_i, clocks)
        dut.rst_ni.value = 1
        await FallingEdge(dut.clk_i)
        for name in ("mem_valid_o", *(f"m_axi_control_{channel}valid" for channel in CHANNELS)):
            assert not read(getattr(dut, name)), f"{name} after a reset"
        assert read(dut.tx_o), "tx_o is low after a reset"
        plays = (self._play_memory, self._play_writes, self._play_reads)
        self.tasks = [cocotb.start_soon(play()) for play in plays]
        self.uart = Uart(dut.rx_i, dut.tx_o, 0.0, skew)
        self.rate(self.clocks_at_first)
        # The bridge accepts a start bit only after it has seen the line high. Start anywhere
        # between two edges.
        await ClockCycles(dut.clk_i, LINE_CLOCKS)
        await Timer(random.randrange(1, 1000 * PERIOD_NS), "ps")

    def rate(self, clocks_per_bit: int) -> None:
        """Sets the host's rate."""
        SAMPLE_RATE(str(clocks_per_bit))
        self.clocks_per_bit = clocks_per_bit
        self.uart.bit_ns = clocks_per_bit * PERIOD_NS

    def _observe(self, access: Access) -> None:
        assert self.expected, f"clock {clock_now()}: {access} was not expected"
        wanted = self.expected.popleft()
        assert access == wanted, f"clock {clock_now()}: {access} instead of {wanted}"
        self.compared += 1

    async def _accept(self, valid: Any, ready: Any, payload: Sequence[Any]) -> list[int]:
        """Accepts one transfer after a stall; ready may come before valid."""
        dut = self.dut
        stall = random.randint(0, self.stalls.accept)
        early = stall == 0 and random.random() < 0.5
        ready.value = int(early)
        if not read(valid):
            await RisingEdge(valid)
        await FallingEdge(dut.clk_i)
        standing = [read(signal) for signal in payload]
        # A read has no data: the field is arbitrary.
        payload = payload[: len(payload) - (valid is dut.mem_valid_o and not standing[0])]
        if not early:
            for _ in range(stall):
                await FallingEdge(dut.clk_i)
                assert read(valid), f"{valid._path} was withdrawn"
            await RisingEdge(dut.clk_i)
            ready.value = 1
            await FallingEdge(dut.clk_i)
        assert read(valid), f"{valid._path} was withdrawn"
        stands = [read(signal) for signal in payload]
        assert stands == standing[: len(payload)], f"{valid._path}: it changed"
        await RisingEdge(dut.clk_i)
        ready.value = 0
        await FallingEdge(dut.clk_i)
        assert not read(valid), f"{valid._path}: a second request before the first is answered"
        return standing

    async def _answer(self, valid: Any, values: dict[Any, int]) -> None:
        """Presents one answer for one clock after a wait, with random data around it."""
        dut, least = self.dut, self.stalls.answer_least
        await ClockCycles(dut.clk_i, 1 + random.randint(least, max(least, self.stalls.answer)))
        valid.value = 1
        for signal, value in values.items():
            signal.value = value
        await RisingEdge(dut.clk_i)
        valid.value = 0
        for signal, value in values.items():
            signal.value = ~value & (1 << len(signal)) - 1

    async def _play_memory(self) -> None:
        dut = self.dut
        payload = (dut.mem_write_o, dut.mem_addr_o, dut.mem_wdata_o)
        while True:
            write, word, data = await self._accept(dut.mem_valid_o, dut.mem_ready_i, payload)
            self._observe(Access("memory", bool(write), word, data if write else 0))
            if write:
                self.memory[word] = data
            else:
                await self._answer(dut.mem_rvalid_i, {dut.mem_rdata_i: self.memory[word]})

    async def _channel(self, name: str, *payload: str) -> list[int]:
        valid, ready, *signals = (
            getattr(self.dut, f"m_axi_control_{name}{part}")
            for part in ("valid", "ready", *payload)
        )
        return await self._accept(valid, ready, signals)

    async def _play_writes(self) -> None:
        dut = self.dut
        while True:
            address = cocotb.start_soon(self._channel("aw", "addr"))
            try:
                data, strobe = await self._channel("w", "data", "strb")
                (byte,) = await address
            finally:  # a reset ends both
                address.cancel()
            assert strobe == 0xF
            assert byte % 4 == 0
            self._observe(Access("registers", True, byte // 4, data))
            response = self.refused.get(byte // 4, 0)
            if not response:
                self.registers[byte // 4] = data
            assert read(dut.m_axi_control_bready)
            await self._answer(dut.m_axi_control_bvalid, {dut.m_axi_control_bresp: response})

    async def _play_reads(self) -> None:
        dut = self.dut
        while True:
            (byte,) = await self._channel("ar", "addr")
            assert byte % 4 == 0
            self._observe(Access("registers", False, byte // 4, 0))
            assert read(dut.m_axi_control_rready)
            answer = {
                dut.m_axi_control_rdata: self.registers[byte // 4],
                dut.m_axi_control_rresp: self.refused.get(byte // 4, 0),
            }
            await self._answer(dut.m_axi_control_rvalid, answer)

    # ---------------------------------------------------------------------------------------------
    # The host

    def expect(self, write: bool, address: int, words: Sequence[int]) -> None:
        """Expects these accesses."""
        if words:
            place = SPACES[2 if address >= OWN else bool(address & REGISTERS)]
            SAMPLE_COMMAND(place, KINDS[not write])
            SAMPLE_BURST(KINDS[not write], WORDS[(len(words) > 1) + (len(words) > 256)])
        if address >= OWN:
            return
        space: Space = "registers" if address & REGISTERS else "memory"
        first = (address & ~REGISTERS) // 4
        for offset, word in enumerate(words):
            self.expected.append(Access(space, write, first + offset, word if write else 0))

    def held(self, address: int, count: int) -> list[int]:
        """The current contents."""
        if address >= OWN:
            return [self.clocks_per_bit]
        held = self.registers if address & REGISTERS else self.memory
        first = (address & ~REGISTERS) // 4
        return held[first : first + count]

    async def write(self, address: int, words: Sequence[int]) -> None:
        """Sends a write that must succeed."""
        self.expect(True, address, words)
        await self.uart.send(command(b"W", address, len(words), words), self.gap)
        await self.answered(DONE)

    async def read(self, address: int, count: int) -> None:
        """Sends a read that must return the current contents."""
        words = self.held(address, count)
        self.expect(False, address, words)
        await self.uart.send(command(b"R", address, count), self.gap)
        await self.answered(b"".join(word.to_bytes(4, "little") for word in words))

    async def answered(self, wanted: bytes) -> None:
        """Checks the next bytes, and that all accesses for them have been made."""
        clocks = self.stalls.accept + self.stalls.answer + self.stalls.answer_least
        due = DUE_BITS + clocks / self.clocks_per_bit
        got = await self.uart.receive(len(wanted), due)
        assert got == wanted, f"{got.hex(' ')} instead of {wanted.hex(' ')}"
        assert not self.expected, f"answered before {len(self.expected)} accesses were made"
        self.compared += len(wanted)

    async def anything_else(self) -> None:
        """Sends a random command that must succeed."""
        space = random.choice(("memory", "registers", "own"))
        if space == "own":
            await self.read(OWN, 1)
            return
        base, size = (0, len(self.memory)) if space == "memory" else (REGISTERS, REG_WORDS)
        count = random.choice((1, 1, 2, random.randint(3, 8)))
        # Both ends often.
        first = random.choice((0, size - count, random.randint(0, size - count)))
        if random.random() < 0.5:
            await self.write(base + 4 * first, anything(count))
        else:
            await self.read(base + 4 * first, count)

    async def silence(self) -> None:
        """Keeps the line quiet until the bridge accepts commands again."""
        await self.uart.bits(self.silence_bits * (1 + SKEW) + 2)

    async def nothing_comes(self, bits: float) -> None:
        """Checks that no byte comes for a number of bits."""
        try:
            got = await self.uart.receive(1, bits)
        except UartTimeout:
            return
        raise AssertionError(f"{got.hex()} came without a command")

    async def finish(self) -> None:
        """Checks that nothing more comes, nothing is missing, and everything was written."""
        await self.nothing_comes(2 * DUE_BITS)
        assert not self.expected, f"{len(self.expected)} accesses never came"
        assert not self.uart.received
        assert self.compared, "nothing was compared"


async def started(dut: Any, skew: float = 0.0) -> Bench:
    """The bench after a reset."""
    bench = Bench(dut)
    await bench.reset(skew=skew)
    return bench


@cocotb.test()
@covered
async def traffic(dut: Any) -> None:
    """Reads and writes everywhere, with gaps and stalls, in close succession."""
    bench = await started(dut)
    # An access must end before the next byte can arrive, 10 bits after the last.
    most = 5 * bench.clocks_per_bit - 10
    for stalls, gap in ((Stalls(), 0.0), (Stalls(3, 3), 0.0), (Stalls(most, most), 12.0)):
        bench.stalls, bench.gap = stalls, gap
        for _ in range(12):
            await bench.anything_else()
    await bench.finish()


@cocotb.test()
@covered
async def long_bursts(dut: Any) -> None:
    """Counts of more than 8 bits, at the fastest rate, without a lost bit time between bytes."""
    bench = await started(dut)
    await change_rate(bench, 4)
    count = random.randint(257, 270)
    first = 4 * random.randint(0, len(bench.memory) - count)
    begin = clock_now()
    await bench.write(first, anything(count))
    # The head, the words and the K; 10 bits a byte.
    assert clock_now() - begin < (7 + 4 * count + 3) * 40
    begin = clock_now()
    await bench.read(first, count)
    # Plus one clock per byte and a few per word.
    assert clock_now() - begin < (7 + 4 * count + 3) * 40 + 4 * count + 8 * count
    await bench.finish()


async def change_rate(bench: Bench, clocks_per_bit: int) -> None:
    """Changes the rate, effective after the K."""
    await bench.write(OWN, [clocks_per_bit])
    await bench.uart.bits(1)
    bench.rate(clocks_per_bit)


@cocotb.test()
@covered
async def rates(dut: Any) -> None:
    """The bridge's own register: rates of more than 8 bits; a reset restores the initial rate."""
    bench = await started(dut)
    for clocks_per_bit in (5, 260, 4, 13):
        await change_rate(bench, clocks_per_bit)
        await bench.read(OWN, 1)
    await bench.reset()
    await bench.read(OWN, 1)
    await bench.finish()


@cocotb.test()
@cocotb.parametrize(skew=[-SKEW, SKEW])
@covered
async def clock_error(dut: Any, skew: float) -> None:
    """A host whose clock is 2 % off, at the initial and at the fastest rate."""
    bench = await started(dut, skew)
    for clocks_per_bit in (bench.clocks_at_first, 4):
        await change_rate(bench, clocks_per_bit)
        SAMPLE_SKEW("fast" if skew > 0 else "slow", str(clocks_per_bit))
        for word in (0, 0xFFFF_FFFF, random.getrandbits(32)):
            await bench.write(0, [word])
            await bench.read(0, 1)
    await bench.finish()


def refusals(mem_words: int) -> dict[str, bytes]:
    """Commands that end with the byte that makes them invalid, and have no effect at all."""
    end, top = 4 * mem_words, 4 * REG_WORDS
    heads = {
        "no words": (0, 0),
        "no registers": (REGISTERS, 0),
        "within a word": (random.randint(0, mem_words - 1) * 4 + random.randint(1, 3), 1),
        "within a register": (REGISTERS + 2, 1),
        "behind the memory": (end, 1),
        "far behind the memory": (1 << random.randint(14, 29), 1),
        "beyond the memory": (end - 8, 3),
        "far beyond the memory": (end - 4, 65535),
        "bit 30 alone": (1 << 30, 1),
        "behind the registers": (REGISTERS + top, 1),
        "far behind the registers": (REGISTERS + (1 << random.randint(14, 29)), 1),
        "beyond the registers": (REGISTERS + top - 4, 2),
        "beside the divisor": (OWN + 4, 1),
        "beyond the divisor": (OWN, 2),
        "far from the divisor": (OWN + (1 << random.randint(14, 29)), 1),
    }
    letter = random.choice(range(256))
    while letter in b"RW":
        letter = random.choice(range(256))
    found = {"an unknown command": bytes([letter])}
    for about, (address, count) in heads.items():
        found[about] = command(random.choice((b"R", b"W")), address, count)
    for clocks in (0, 3, 0x10008, 0x8000_0008):
        found[f"{clocks:#x} clocks per bit"] = command(b"W", OWN, 1, [clocks])
    return found


def because(about: str) -> str:
    """The error in one of the commands."""
    starts = {"an unknown": 0, "no ": 1, "beyond": 3, "far beyond": 3, "0x": 4}
    return REFUSALS[next((kind for start, kind in starts.items() if about.startswith(start)), 2)]


async def refused(bench: Bench) -> None:
    """An E at once; everything is dropped until the line has been quiet; then a command works."""
    await bench.answered(REFUSED)
    if random.random() < 0.5:
        # After half of the quiet time, it starts anew.
        await bench.uart.bits(bench.silence_bits / 2)
        await bench.uart.send(random.choice((command(b"R", 0, 1), b"W", b"\0\xff")))
        await bench.nothing_comes(bench.silence_bits / 2)
        await bench.uart.send(b"R")
    await bench.silence()
    await bench.anything_else()


@cocotb.test()
@covered
async def bad_commands(dut: Any) -> None:
    """Each kind of command for something that does not exist."""
    bench = await started(dut)
    for about, data in refusals(len(bench.memory)).items():
        dut._log.info("%s", about)
        SAMPLE_REFUSED(because(about))
        await bench.uart.send(data)
        await refused(bench)
    await bench.finish()


@cocotb.test()
@covered
async def refusing_registers(dut: Any) -> None:
    """An error from the registers ends the command; everything before it takes effect."""
    bench = await started(dut)
    bench.stalls = Stalls(5, 5)
    for write in (False, True):
        for response in (2, 3):
            count, bad = 3, random.randint(0, 2)
            SAMPLE_RESPONSE(("slverr", "decerr")[response - 2], KINDS[not write])
            first = random.randint(0, REG_WORDS - count)
            address = REGISTERS + 4 * first
            bench.refused = {first + bad: response}
            words = anything(count) if write else bench.held(address, count)
            bench.expect(write, address, words[: bad + 1])
            if write:
                before = bench.registers[first + bad]
                await bench.uart.send(command(b"W", address, count, words[: bad + 1]))
                await refused_after(bench, b"")
                assert bench.registers[first : first + bad] == words[:bad]
                assert bench.registers[first + bad] == before
            else:
                await bench.uart.send(command(b"R", address, count))
                answer = b"".join(word.to_bytes(4, "little") for word in words[:bad])
                await refused_after(bench, answer)
    await bench.finish()


async def refused_after(bench: Bench, answer: bytes) -> None:
    """Sends these bytes and expects an E; then a command must work."""
    await bench.answered(answer + REFUSED)
    bench.refused = {}
    await bench.silence()
    await bench.anything_else()


@cocotb.test()
@covered
async def commands_that_stop(dut: Any) -> None:
    """A command whose bytes stop is dropped; one that merely pauses is not."""
    bench = await started(dut)
    words = anything(3)
    whole = command(b"W", 0, 3, words)
    for length in (1, 3, 5, 6, 7, 9, 11, 18):
        bench.expect(True, 0, words[: max(0, length - 7) // 4])
        await bench.uart.send(whole[:length])
        SAMPLE_STOP(part(length))
        await bench.nothing_comes(bench.silence_bits * (1 - SKEW) - 12)
        await bench.answered(REFUSED)
        # The line has been quiet, so the next command counts at once.
        await bench.anything_else()
    bench.expect(True, 0, words)
    for byte in whole:
        await bench.uart.bits(bench.silence_bits * (1 - SKEW) - 12)
        await bench.uart.send(bytes([byte]))
    await bench.answered(DONE)
    # Pauses of any length between commands.
    await bench.nothing_comes(3 * bench.silence_bits)
    await bench.anything_else()
    await bench.finish()


@cocotb.test()
@covered
async def bad_frames(dut: Any) -> None:
    """A missing stop bit anywhere ends the command; a short low is not a start bit."""
    bench = await started(dut)
    words = anything(3)
    whole = command(b"W", 0, 3, words)
    for length in (0, 1, 4, 5, 6, 7, 13, 18):
        bench.expect(True, 0, words[: max(0, length - 7) // 4])
        await bench.uart.send(whole[:length])
        await bench.uart.send_broken(whole[length])
        SAMPLE_FRAME(part(length))
        await refused(bench)
    # A line stuck low is one bad frame, however long.
    dut.rx_i.value = 0
    await bench.answered(REFUSED)
    await bench.nothing_comes(2 * bench.silence_bits)
    SAMPLE_FRAME("a line that hangs")
    dut.rx_i.value = 1
    await bench.silence()
    await bench.anything_else()
    # A glitch between bytes, shorter than half a bit.
    await bench.uart.bits(2)
    dut.rx_i.value = 0
    await bench.uart.bits(0.3)
    dut.rx_i.value = 1
    await bench.uart.bits(2)
    await bench.anything_else()
    await bench.finish()


@cocotb.test()
@covered
async def stray_bytes(dut: Any) -> None:
    """A byte before the previous answer has ended: E in place of the answer's next byte."""
    bench = await started(dut)
    # During a long answer.
    words = bench.held(0, 4)
    for word in range(2):
        bench.expect(False, 4 * word, words[word : word + 1])
    await bench.uart.send(command(b"R", 0, 4))
    got = await bench.uart.receive(5, DUE_BITS)
    await bench.uart.send(b"R")
    got += await bench.uart.receive(2, DUE_BITS)
    assert got == b"".join(word.to_bytes(4, "little") for word in words)[:6] + REFUSED
    assert not bench.expected
    SAMPLE_STRAY("answering")
    await bench.silence()
    await bench.anything_else()
    # During a slow access, which still completes: a word that is not the last, the last one, and a
    # read one.
    for words, count, answer in (([1], 2, b""), ([2, 3], 2, DONE), ([], 1, b"")):
        bench.stalls = Stalls(answer_least=20 * bench.clocks_per_bit)
        bench.expect(bool(words), REGISTERS, words or [0])
        await bench.uart.send(command(b"W" if words else b"R", REGISTERS, count, words[:1]))
        if words[1:]:
            await bench.uart.bits(2 * DUE_BITS)
            await bench.uart.send(words[1].to_bytes(4, "little"))
        await bench.uart.send(b"R")
        await bench.answered(answer + REFUSED)
        SAMPLE_STRAY("writing" if words else "reading")
        bench.stalls = Stalls()
        await bench.silence()
        await bench.anything_else()
    await bench.finish()


@cocotb.test()
@covered
async def resets(dut: Any) -> None:
    """A reset at any moment of a command: nothing is left over, and the initial rate returns."""
    bench = await started(dut)
    # In total less than one byte time at the fastest rate.
    bench.stalls = Stalls(12, 12)
    for _ in range(12):
        if random.random() < 0.3:
            await change_rate(bench, 4)
        task = cocotb.start_soon(bench.anything_else())
        await ClockCycles(dut.clk_i, random.randint(1, 16 * 10 * bench.clocks_per_bit))
        SAMPLE_RESET("done" if task.done() else "under way")
        if not task.done():
            task.cancel()
        await bench.reset(random.randint(1, 3))
        await bench.anything_else()
    await bench.finish()
