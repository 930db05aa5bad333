# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""axi_memory, on which other benches rely: contents against cocotbext-axi's master, files, latency,
bandwidth, injected errors, and every protocol check provoked."""

from __future__ import annotations

import dataclasses
import itertools
import os
import random
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cocotb
import pytest
import pyuvm
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from cocotb.types import Logic
from cocotbext.axi import AxiBus, AxiResp

from crocuta.models import configs
from crocuta.models.layout import PAGE_BYTES
from tb.agents.axi_memory import (
    ERRORS,
    FIELDS,
    HELD,
    AxiMemoryConfig,
    Behaviour,
    BehaviourSequence,
    PortWatch,
    all_pairs,
)
from tb.agents.handshakes import CHANNELS
from tb.envs.axi_memory import AccessSequence, AxiMemoryEnv
from tb.envs.base import BlockTest
from tb.lib.clock import clock_now, start_clock
from tb.lib.coverage import covered, covergroup
from tb.lib.valid_ready import Sink, Source

BYTES = configs.load(os.environ["CROCUTA_CONFIG"]).axi_bits // 8
SIZE = BYTES.bit_length() - 1
MEMORY_BYTES = 8 * 4096  # see tb/registry.py
WORDS = MEMORY_BYTES // BYTES
FILE_BYTES = 256
INCR = 1
LIMIT = 60_000

LATENCIES = (2, 3, 60, 1000)
PER_MILLE = (1000, 750, 333)
SEEDS = {"one": 1, "the same": 1, "another": 2}
BREACHES = (
    "none",
    "crossing",
    "type",
    "size",
    "aligned",
    "range",
    "address",
    "data",
    "last",
)
"""breach_e of the memory, in its order."""
sample_file = covergroup("axi_memory.files", {"way": ("load", "dump")})
sample_latency = covergroup(
    "axi_memory.latency",
    {"channel": ("r", "b"), "clocks": [str(clocks) for clocks in LATENCIES]},
    {"channel_x_clocks": ("channel", "clocks")},
)
sample_bandwidth = covergroup(
    "axi_memory.bandwidth",
    {"traffic": ("reads", "writes", "both"), "per_mille": [str(beats) for beats in PER_MILLE]},
    {"traffic_x_per_mille": ("traffic", "per_mille")},
)
sample_seed = covergroup("axi_memory.stalls", {"seed": list(SEEDS)})
sample_injected = covergroup(
    "axi_memory.injected",
    {"direction": ("read", "write"), "address": ("refused", "beside it")},
    {"direction_x_address": ("direction", "address")},
)
sample_queue = covergroup("axi_memory.queued", {"channel": ("ar", "aw")})
sample_breach = covergroup("axi_memory.breach", {"code": BREACHES[1:]})
sample_stability = covergroup("axi_memory.stability", {"code": ("address", "data")})

# breach_e of the memory
CROSSING, TYPE, SIZE_BREACH, ALIGNED, RANGE, ADDRESS, DATA, LAST = range(1, 9)


async def prepare(dut: Any, latency: int = 10) -> None:
    """Starts the clock, sets the settings and resets, with the slave's inputs idle."""
    start_clock(dut)
    for channel in ("aw", "ar"):
        for name in ("valid", "addr", "len", "size", "burst", "id", "cache", "prot"):
            getattr(dut, f"s_axi_{channel}{name}").value = 0
    for name in ("wvalid", "wdata", "wstrb", "wlast", "bready", "rready"):
        getattr(dut, f"s_axi_{name}").value = 0
    dut.response_i.value = 2
    dut.hold_i.value = 0
    for name in ("read_error_i", "write_error_i", "quiet_i", "load_i", "dump_i", "file_i"):
        getattr(dut, name).value = 0
    dut.read_error_addr_i.value = 0
    dut.write_error_addr_i.value = 0
    dut.latency_i.value = latency
    dut.bandwidth_i.value = 1000
    dut.stall_i.value = 0
    dut.seed_i.value = random.getrandbits(32)
    await reset(dut)


async def reset(dut: Any) -> None:
    """Resets; the contents remain."""
    dut.rst_ni.value = 0
    await ClockCycles(dut.clk_i, 2)
    dut.rst_ni.value = 1
    await RisingEdge(dut.clk_i)


class AccessTest(BlockTest):
    """Random accesses; the environment compares everything that is read."""

    env_class = AxiMemoryEnv

    def build_phase(self) -> None:
        """The ports that no agent drives."""
        super().build_phase()
        self.dut.quiet_i.value = 0
        self.dut.file_i.value = 0

    async def access(self, address: int, data: bytes | None = None, size: int = 0) -> Any:
        """Performs one access; returns the master's answer."""
        sequence = AccessSequence(address, data, size)
        await sequence.start(self.env.accesses)
        return sequence.answer

    async def behave(self, behaviour: Behaviour) -> None:
        """Sets the memory's behaviour."""
        await BehaviourSequence(behaviour).start(self.env.memory.sequencer)


@pyuvm.test()
class RandomAccesses(AccessTest):
    """Writes with odd first and last bytes, and reads, under every behaviour of the memory."""

    async def main(self) -> None:
        """Runs every pair of classes of latency, bandwidth and stalls, between resets of any
        length."""
        lengths = itertools.cycle((1, 2, 3, 7))
        for behaviour in all_pairs():
            await self.behave(behaviour)
            self.env.master.profile = random.choice(("none", "light", "heavy"))
            quarter = MEMORY_BYTES // 4
            tasks = [cocotb.start_soon(self.mix(n * quarter, quarter)) for n in range(4)]
            for task in tasks:
                await task
            await self.reset(next(lengths))
        longest = min(256, PAGE_BYTES // BYTES) * BYTES
        assert (await self.access(0, random.randbytes(longest))).resp == AxiResp.OKAY
        assert (await self.access(0, size=longest)).resp == AxiResp.OKAY

    async def mix(self, low: int, size: int) -> None:
        """Accesses a part of the memory, each read after its write."""
        high = low + size
        for _ in range(2):
            start = random.randrange(low, high) // BYTES * BYTES
            data = random.randbytes(random.randint(1, min(700, high - start)))
            # Whole words except the last one; AXI uses strobes for unaligned ends.
            assert (await self.access(start, data)).resp == AxiResp.OKAY
            length = -(-len(data) // BYTES) * BYTES
            start = max(low, start - BYTES * random.randint(0, 20))
            assert (await self.access(start, size=length)).resp == AxiResp.OKAY


@pyuvm.test()
class RefusedAccesses(AccessTest):
    """Errors anywhere: the master sees them, and only the refused beat is not written."""

    async def main(self) -> None:
        """Accesses addresses around the bad beats."""
        for response in (*ERRORS, *ERRORS, *ERRORS):
            places = [random.randrange(WORDS // 4) * BYTES for _ in range(2)]
            behaviour = dataclasses.replace(Behaviour.random(stall="seldom"), response=response)
            await self.behave(
                dataclasses.replace(behaviour, read_error=places[0], write_error=places[1])
            )
            around = [
                (random.choice(places), random.randint(0, 4), random.randint(1, 8))
                for _ in range(4)
            ]
            # The refused beat is the first, one in the middle, and the last.
            around += [(place, *each) for place in places for each in ((0, 2), (1, 3), (1, 2))]
            for place, before, beats in around:
                start = max(0, place - BYTES * before)
                data = random.randbytes(BYTES * beats)
                for error, size in ((places[1], 0), (places[0], len(data))):
                    answer = await self.access(start, None if size else data, size)
                    bad = start <= error < start + len(data)
                    assert answer.resp == (behaviour.response if bad else AxiResp.OKAY)


@pyuvm.test()
class HeldAccesses(AccessTest):
    """A blocked channel transfers nothing while accesses in the other direction continue, and
    afterwards everything continues as before."""

    async def main(self) -> None:
        """Blocks each channel during accesses."""
        bytes_held = 4 * BYTES
        for channel in CHANNELS:
            writes = channel in ("aw", "w", "b")
            # No reset in between: the memory keeps its state.
            await self.behave(Behaviour(latency=random.randint(2, 9), hold=channel))
            held = cocotb.start_soon(
                self.access(0, random.randbytes(bytes_held))
                if writes
                else self.access(0, size=bytes_held)
            )
            other = cocotb.start_soon(
                self.access(PAGE_BYTES, size=bytes_held)
                if writes
                else self.access(PAGE_BYTES, random.randbytes(bytes_held))
            )
            await ClockCycles(self.dut.clk_i, HELD + 100)
            assert other.done(), f"{channel} holds back more than itself"
            assert not held.done(), f"{channel} was not held"
            await self.behave(Behaviour())
            assert (await held).resp == (await other).resp == AxiResp.OKAY
            await self.access(0, size=bytes_held)


@cocotb.test()
@covered
async def files(dut: Any) -> None:
    """Contents are loaded from one file and dumped to another."""
    await prepare(dut)
    words = [random.getrandbits(8 * BYTES) for _ in range(WORDS)]
    source, target = Path("load.mem"), Path("dump.mem")  # Icarus accepts no accents in a path
    source.write_text("".join(f"{word:x}\n" for word in words))
    target.unlink(missing_ok=True)
    for way, path in (("load", source), ("dump", target)):
        strobe = getattr(dut, f"{way}_i")
        name = str(path).encode()
        assert len(name) <= FILE_BYTES
        dut.file_i.value = int.from_bytes(name, "big")
        strobe.value = 1
        await RisingEdge(dut.clk_i)
        strobe.value = 0
        await RisingEdge(dut.clk_i)
        sample_file(way)
    assert [int(dut.mem[n].value) for n in range(WORDS)] == words
    lines = [line for line in target.read_text().splitlines() if not line.startswith("//")]
    assert [int(line, 16) for line in lines] == words


class Raw:
    """The slave's channels driven one by one."""

    def __init__(self, dut: Any) -> None:
        """Drives all five channels from now on."""
        fields = ("addr", "len", "size", "burst")
        self.ar, self.aw = (
            Source(
                dut,
                f"s_axi_{channel}valid",
                f"s_axi_{channel}ready",
                tuple(f"s_axi_{channel}{name}" for name in fields),
            )
            for channel in ("ar", "aw")
        )
        data = ("s_axi_wdata", "s_axi_wstrb", "s_axi_wlast")
        self.w = Source(dut, "s_axi_wvalid", "s_axi_wready", data)
        self.r = Sink(
            dut, "s_axi_rvalid", "s_axi_rready", ("s_axi_rdata", "s_axi_rresp", "s_axi_rlast")
        )
        self.b = Sink(dut, "s_axi_bvalid", "s_axi_bready", ("s_axi_bresp",))
        self.dut = dut

    def read(self, addr: int, beats: int) -> None:
        """Requests a read burst."""
        self.ar.send([(addr, beats - 1, SIZE, INCR)])

    def write(self, addr: int, words: list[int]) -> None:
        """Writes a burst."""
        self.aw.send([(addr, len(words) - 1, SIZE, INCR)])
        self.w.send((word, 2**BYTES - 1, int(n == len(words) - 1)) for n, word in enumerate(words))

    async def until(self, beats: int, answers: int) -> None:
        """Waits for a number of R beats and B responses since the last clear."""
        for _ in range(LIMIT):
            await FallingEdge(self.dut.clk_i)
            if len(self.r.items) >= beats and len(self.b.items) >= answers:
                break
        assert (len(self.r.items), len(self.b.items)) == (beats, answers)


@cocotb.test()
@covered
async def latency(dut: Any) -> None:
    """Exactly latency_i clocks to the first R beat and to B."""
    await prepare(dut)
    raw = Raw(dut)
    handshakes = {"ar": (0, ""), "w": (0, "")}

    async def watch(channel: str) -> None:
        """The clock of the last handshake of a channel."""
        valid = getattr(dut, f"s_axi_{channel}valid")
        ready = getattr(dut, f"s_axi_{channel}ready")
        while True:
            await FallingEdge(dut.clk_i)
            if valid.value == 1 and ready.value == 1:
                handshakes[channel] = (clock_now(), channel)

    for channel in handshakes:
        cocotb.start_soon(watch(channel))
    for clocks in LATENCIES:
        dut.latency_i.value = clocks
        raw.read(0, 5)
        await raw.until(5, 0)
        assert raw.r.clocks[0] - handshakes["ar"][0] == clocks
        assert raw.r.clocks[-1] - raw.r.clocks[0] == 4
        raw.write(0, [1, 2, 3])
        await raw.until(5, 1)
        assert raw.b.clocks[0] - handshakes["w"][0] == clocks
        for channel in ("r", "b"):
            sample_latency(channel, str(clocks))
        raw.r.clear()
        raw.b.clear()


@cocotb.test()
@covered
async def bandwidth(dut: Any) -> None:
    """Reads and writes share exactly the bandwidth in bandwidth_i, half each if both want all."""
    await prepare(dut, latency=60)
    raw = Raw(dut)
    length = 4096 // BYTES // 2

    def counters() -> tuple[int, int]:
        """Beats read and written."""
        return int(dut.beats_read_o.value), int(dut.beats_written_o.value)

    for per_mille in PER_MILLE:
        dut.bandwidth_i.value = per_mille
        for reads, writes in ((True, False), (False, True), (True, True)):
            bursts = 1000 // length
            begin = counters()
            for _ in range(bursts):
                if reads:
                    raw.read(random.randrange(16) * length * BYTES, length)
                if writes:
                    addr = random.randrange(16) * length * BYTES
                    raw.write(addr, [random.getrandbits(8 * BYTES) for _ in range(length)])
            total = bursts * length
            wanted = total * (reads + writes)
            moved = 0
            first = clock_now()
            for _ in range(LIMIT):
                await FallingEdge(dut.clk_i)
                before = moved
                read, written = (now - then for now, then in zip(counters(), begin, strict=True))
                moved = read + written
                if before == 0 and moved:
                    first = clock_now()
                if reads and writes and moved == wanted // 2:
                    # The writes start earlier, by the latency of the first read.
                    assert abs(written - read) <= 66
                if moved == wanted:
                    break
            span = clock_now() - first + 1
            dut._log.info("%d per mille: %d beats in %d clocks", per_mille, wanted, span)
            # An idle memory accumulates credit for two beats.
            assert abs(span - wanted * 1000 / per_mille) <= 4 * 1000 / per_mille
            await raw.until(total * reads, bursts * writes)
            assert (read, written) == (total * reads, total * writes)
            traffic = "both" if reads and writes else "reads" if reads else "writes"
            sample_bandwidth(traffic, str(per_mille))
            raw.r.clear()
            raw.b.clear()
    assert dut.protocol_error_o.value == 0


@cocotb.test()
@covered
async def stalls(dut: Any) -> None:
    """stall_i sets the probability of a stall, and the seed makes it repeatable."""
    await prepare(dut, latency=2)
    raw = Raw(dut)
    spans = []
    for name, seed in SEEDS.items():
        dut.stall_i.value = 250
        dut.seed_i.value = seed
        length = 4096 // BYTES // 2
        # Queued beforehand, so that the first burst is pending when the reset ends.
        for _ in range(4096 // length):
            raw.read(0, length)
        await reset(dut)
        await raw.until(4096, 0)
        spans.append(raw.r.clocks[-1] - raw.r.clocks[0])
        sample_seed(name)
        raw.r.clear()
    dut._log.info("4096 beats in %s clocks", spans)
    assert spans[0] == spans[1]
    # Deviation of the number of stalls in 4096 / 0.75 clocks: 43.
    assert all(abs(span - 4096 / 0.75) < 6 * 43 for span in spans)


@cocotb.test()
@covered
async def injected_errors(dut: Any) -> None:
    """Only the beat at the address fails, and a failed beat is not written."""
    await prepare(dut)
    raw = Raw(dut)
    dut.write_error_i.value = 1
    dut.write_error_addr_i.value = 5 * BYTES
    old = int(dut.mem[5].value)
    words = [random.getrandbits(8 * BYTES) for _ in range(12)]
    for n in range(3):
        raw.write(n * 4 * BYTES, words[4 * n : 4 * n + 4])
    await raw.until(0, 3)
    assert raw.b.items == [(0,), (2,), (0,)]
    for (response,) in raw.b.items:
        sample_injected("write", "refused" if response else "beside it")
    words[5] = old
    dut.read_error_i.value = 1
    dut.read_error_addr_i.value = 7 * BYTES
    raw.read(0, 12)
    await raw.until(12, 3)
    assert raw.r.items == [(word, 2 * (n == 7), int(n == 11)) for n, word in enumerate(words)]
    for _, response, _ in raw.r.items:
        sample_injected("read", "refused" if response else "beside it")
    dut.read_error_i.value = 0
    dut.write_error_i.value = 0
    raw.read(0, 12)
    raw.write(0, words)
    await raw.until(24, 4)
    assert raw.r.items[12:] == [(word, 0, int(n == 11)) for n, word in enumerate(words)]
    assert raw.b.items[3] == (0,)
    assert dut.protocol_error_o.value == 0


@cocotb.test()
@covered
async def queues(dut: Any) -> None:
    """More than 32 bursts of each kind are accepted before the first is answered."""
    await prepare(dut, latency=1000)
    raw = Raw(dut)
    for n in range(40):
        raw.read(n * BYTES, 1)
        raw.write(n * BYTES, [n])
    await ClockCycles(dut.clk_i, 400)
    assert raw.ar.sent == raw.aw.sent == raw.w.sent == 40
    assert not raw.r.items
    assert not raw.b.items
    await raw.until(40, 40)
    for channel in ("ar", "aw"):
        sample_queue(channel)


CONFIG_OF_PORT: dict[str, Any] = {
    "coverage": "",
    "beat_bytes": BYTES,
    "longest": 256,
    "max_outstanding": 64,
}


class Rules:
    """The agent's rules in parallel with the memory's own checks, and their first finding."""

    def __init__(self, dut: Any) -> None:
        """Starts checking."""
        self.dut = dut
        bus = AxiBus.from_prefix(dut, "s_axi")
        config = AxiMemoryConfig(dut, prefix="s_axi", contents=dut.mem, **CONFIG_OF_PORT)
        self.watch = PortWatch(config, bus)
        self.breach = ""
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        while True:
            await FallingEdge(self.dut.clk_i)
            if not self.dut.rst_ni.value:
                self.watch.reset()
                self.breach = ""
            elif not self.breach:
                try:
                    self.watch.clock()
                except AssertionError as error:
                    self.breach = str(error)


@cocotb.test()
@covered
async def protocol_checks(dut: Any) -> None:
    """The memory and the agent's rules both identify each protocol violation, and report none
    without one."""
    await prepare(dut)
    dut.quiet_i.value = 1
    raw, rules = Raw(dut), Rules(dut)
    page = 4096 // BYTES
    bursts = {
        CROSSING: ((4096 - BYTES, 1, SIZE, INCR), "crosses 4 KiB"),
        TYPE: ((0, 3, SIZE, 2), "is not INCR"),
        SIZE_BREACH: ((0, 3, SIZE - 1, INCR), "has beats of"),
        ALIGNED: ((1, 0, SIZE, INCR), "starts within a word"),
        RANGE: ((MEMORY_BYTES, 0, SIZE, INCR), "is not in memory"),
    }
    for code, (burst, words) in bursts.items():
        for channel in (raw.ar, raw.aw):
            await reset(dut)
            assert dut.protocol_error_o.value == 0
            channel.send([burst])
            await ClockCycles(dut.clk_i, 8)
            assert dut.protocol_error_o.value == 1
            assert int(dut.protocol_breach_o.value) == code
            assert words in rules.breach, rules.breach
            sample_breach(BREACHES[code])
    # The last burst of a page and the last of the memory are legal.
    await reset(dut)
    for channel in (raw.ar, raw.aw):
        channel.send([(0, min(256, page) - 1, SIZE, INCR), (MEMORY_BYTES - BYTES, 0, SIZE, INCR)])
    await ClockCycles(dut.clk_i, 8)
    assert dut.protocol_error_o.value == 0
    assert not rules.breach
    # WLAST too early, and missing.
    for beats, lasts in ((3, (0, 1)), (2, (0, 0))):
        await reset(dut)
        raw.aw.send([(0, beats - 1, SIZE, INCR)])
        raw.w.send((1, 2**BYTES - 1, last) for last in lasts)
        await ClockCycles(dut.clk_i, 12)
        assert int(dut.protocol_breach_o.value) == LAST
        assert "WLAST is" in rules.breach, rules.breach
        sample_breach(BREACHES[LAST])
    await reset(dut)
    assert dut.protocol_error_o.value == 0


class Wire:
    """A signal that is a plain number, or X, as far as the rules read it."""

    def __init__(self, name: str) -> None:
        self._path, self._handle = name, self
        self.value: int | Logic = 0

    def get_signal_val_binstr(self) -> str:
        """Its bits."""
        return f"{self.value:b}" if isinstance(self.value, int) else str(self.value)


class Script:
    """A port whose signals are plain numbers, to play what no master or memory does."""

    def __init__(self) -> None:
        """Starts idle."""
        for name, fields in FIELDS.items():
            channel = SimpleNamespace()
            for field in ("valid", "ready", *fields):
                setattr(channel, name + field, Wire(name + field))
            setattr(self, name, channel)
        self.write = self.read = self
        memory = AxiMemoryConfig(None, prefix="port", contents=range(WORDS), **CONFIG_OF_PORT)
        self.rules = PortWatch(dataclasses.replace(memory, longest=4, max_outstanding=2), self)

    def play(self, *clocks: Mapping[str, int | Logic]) -> str:
        """Plays each clock's signals, all others 0; returns the violation in the last clock, if
        any."""
        for number, values in enumerate(clocks):
            for name, fields in FIELDS.items():
                for field in ("valid", "ready", *fields):
                    getattr(getattr(self, name), name + field).value = values.get(name + field, 0)
            try:
                self.rules.clock()
            except AssertionError as error:
                assert number == len(clocks) - 1, f"too early: {error}"
                return str(error)
        return ""


@cocotb.test()
@covered
async def rules_of_answers(_: Any) -> None:
    """The agent's rules that this memory never breaks: responses, limits, unknown values."""
    x = Logic("X")
    burst = {"size": SIZE, "burst": INCR, "valid": 1, "ready": 1}
    ar, aw = ({channel + name: n for name, n in burst.items()} for channel in ("ar", "aw"))
    w, b, r = ({f"{channel}valid": 1, f"{channel}ready": 1} for channel in "wbr")
    two = ar | {"arlen": 1}
    breaches: dict[str, tuple[Mapping[str, int | Logic], ...]] = {
        "a read beat without a request": (ar, r | {"rlast": 1}, r | {"rlast": 1}),
        "RLAST is 1 at beat 1": (two, r | {"rlast": 1}),
        "RLAST is 0 at beat 2": (two, r, r),
        "RID is 1": (ar, r | {"rlast": 1, "rid": 1}),
        "BID is 0": (aw | {"awid": 1}, w | {"wlast": 1}, b),
        "a response without a write": (aw, w | {"wlast": 1}, b, b),
        "a write beat without an address": (aw, w | {"wlast": 1}, w),
        "3 bursts outstanding on ar": (ar, ar, ar | {"arready": 0}),
        "3 bursts outstanding on aw": (aw, aw, aw | {"awready": 0}),
        "is too long": (ar | {"arlen": 4},),
        "has CACHE, PROT (1, 0)": (aw | {"awcache": 1},),
        "has CACHE, PROT (0, 2)": (ar | {"arprot": 2},),
        "arvalid is X": ({"arvalid": x},),
        "wready is X": ({"wready": x},),
        "rdata is X": (ar, r | {"rlast": 1, "rdata": x}),
        "wvalid: it was withdrawn": (w | {"wready": 0}, {}),
        "bvalid: it changed": (aw, w | {"wlast": 1}, b | {"bready": 0}, b | {"bresp": 2}),
    }
    sample_rule = covergroup("axi_memory.rules", {"rule": list(breaches)})
    for words, clocks in breaches.items():
        found = Script().play(*clocks)
        assert words in found, f"{words!r} was not noticed, but {found!r}"
        sample_rule(words)
    # A response before the last beat, and one in the same clock.
    assert "a response without a write" in Script().play(aw | {"awlen": 1}, w, b)
    assert "a response without a write" in Script().play(aw, w | b | {"wlast": 1})
    # In the first clock of a reset something may still be valid.
    script = Script()
    assert not script.play(ar | {"arready": 0})
    script.rules.reset(0)
    with pytest.raises(AssertionError, match="arvalid in reset"):
        script.rules.reset(1)
    # Every legal transfer at once.
    assert not Script().play(
        aw | two, w | ar | aw | {"wlast": 1}, r | b | {"rdata": 5}, r | {"rlast": 1}
    )


@cocotb.test()
@covered
async def changed_before_accepted(dut: Any) -> None:
    """An address or a beat that changes or disappears before it is accepted is a violation."""
    await prepare(dut)
    dut.quiet_i.value = 1
    for code, names in (
        (ADDRESS, ("arvalid", "araddr", "arlen", "awvalid", "awaddr", "awburst")),
        (DATA, ("wvalid", "wdata", "wstrb", "wlast")),
    ):
        for name in names:
            rules = Rules(dut)
            dut.stall_i.value = 1000
            dut.bandwidth_i.value = 0
            await reset(dut)
            await ClockCycles(dut.clk_i, 2)
            prefix = name[:2] if name[0] == "a" else "w"
            getattr(dut, f"s_axi_{prefix}valid").value = 1
            await ClockCycles(dut.clk_i, 4)
            assert dut.protocol_error_o.value == 0
            signal = getattr(dut, f"s_axi_{name}")
            old = int(signal.value)
            signal.value = old ^ 1
            await ClockCycles(dut.clk_i, 3)
            assert int(dut.protocol_breach_o.value) == code, name
            assert "before it was accepted" in rules.breach, f"{name}: {rules.breach}"
            sample_breach(BREACHES[code])
            sample_stability(BREACHES[code])
            getattr(dut, f"s_axi_{prefix}valid").value = 0
            signal.value = 0 if name.endswith("valid") else old
