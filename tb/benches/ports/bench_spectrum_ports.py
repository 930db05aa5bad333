# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""spectrum_reader and spectrum_writer on one memory: bit-exact round trips, reads that wait for the
writes they need, one beat a clock, stop, reset and error responses."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from crocuta.models import configs
from tb.lib.clock import clock_now, start_clock
from tb.lib.coverage import ANSWERS, covered, seldom
from tb.lib.valid_ready import Sink, Source

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
CONFIG = dataclasses.replace(CONFIG, chunk=int(os.environ.get("SPECTRUM_CHUNK", CONFIG.chunk)))
BEATS = CONFIG.chunk_beats
BEAT_BYTES = CONFIG.axi_bits // 8
CHUNK_BYTES = BEATS * BEAT_BYTES
BURST = min(64, 4096 // BEAT_BYTES, BEATS)
BURSTS = BEATS // BURST
SLOTS = 8  # chunks in the memory, see tb/registry.py
FIFO_DEPTH = 512
MANY = 8 if BEATS <= 64 else 3  # rounds of a random test
LIMIT = 60_000

MEMORIES = ("fast", "slow", "stalling")
MOMENTS = ("before", "within", "after")
SAMPLE_MEMORY = seldom("spectrum_ports.memory", {"kind": MEMORIES, "gaps": ANSWERS})
SAMPLE_READ = seldom("spectrum_ports.read", {"waits": ANSWERS})
SAMPLE_COUNTER = seldom("spectrum_ports.counter", {"wraps": ANSWERS})
SAMPLE_RATE = seldom("spectrum_ports.rate", {"way": ("write", "read", "both")})
SAMPLE_FIFO = seldom("spectrum_ports.fifo", {"level": ("empty", "full")})
SAMPLE_IDLE = seldom(
    "spectrum_ports.idle",
    {"holds": ("read", "write", "beats"), "stopped": ANSWERS},
    {"holds_x_stopped": ("holds", "stopped")},
)
SAMPLE_MOMENT = {
    what: seldom(f"spectrum_ports.{what}", {"of_writing": MOMENTS}) for what in ("stop", "reset")
}
TIMES = ("once", "twice")
SAMPLE_ERROR = seldom("spectrum_ports.error", {"way": ("write", "read"), "times": TIMES})

Chunk = list[int]
"""The beats of a chunk."""


def random_chunk() -> Chunk:
    """A chunk of words of any bits."""
    return [random.getrandbits(CONFIG.beat_bits) for _ in range(BEATS)]


def in_slots(beat: int) -> int:
    """The word of memory that holds a beat: each lane's word in 64 bits, zeros above."""
    mask = (1 << CONFIG.word_bits) - 1
    return sum(
        (beat >> lane * CONFIG.word_bits & mask) << 64 * lane for lane in range(CONFIG.lanes)
    )


class Bench:
    """The ports, driven and checked."""

    def __init__(self, dut: Any) -> None:
        """Starts everything, in reset."""
        self.dut = dut
        start_clock(dut)
        for name in ("rst_ni", "stop_i", "stall_i", "inject_read_i", "inject_write_i", "ready_i"):
            getattr(dut, name).value = 0
        dut.inject_read_addr_i.value = 0
        dut.inject_write_addr_i.value = 0
        dut.latency_i.value = 60
        dut.bandwidth_i.value = 1000
        dut.seed_i.value = random.getrandbits(32)
        self.reads = Source(dut, "read_valid_i", "read_ready_o", ("read_addr_i", "read_sequence_i"))
        self.writes = Source(dut, "write_valid_i", "write_ready_o", ("write_addr_i",))
        self.beats = Source(dut, "valid_i", "ready_o", ("beat_i",))
        self.out = Sink(dut, "valid_o", "ready_i", ("beat_o",))
        self.read_errors = Sink(dut, "read_error_o", None, ())
        self.write_errors = Sink(dut, "write_error_o", None, ())
        self.memory: list[Chunk | None] = [None] * SLOTS
        self.sequence = 0  # bursts given to the writer since reset
        self.compared = 0
        self.wanted: Chunk = []
        """What the reads that were requested bring, and has not been compared."""
        self.injects = False
        """Whether errors are to be expected."""

    def compare(self) -> None:
        """What has come out so far is what was requested, and no error without cause."""
        got = [beat for (beat,) in self.out.items]
        assert len(got) <= len(self.wanted), f"{len(got)} beats instead of {len(self.wanted)}"
        for n, (a, b) in enumerate(zip(got, self.wanted, strict=False)):
            assert a == b, f"beat {n}: {a:x}, not {b:x}"
        if not self.injects:
            assert not self.read_errors.items and not self.write_errors.items, "an error"

    def profile(
        self, latency: int = 60, bandwidth: int = 1000, stall: int = 0, gap: float = 0.0
    ) -> None:
        """The memory's behaviour, and the random gaps of everything around it."""
        self.dut.latency_i.value = latency
        self.dut.bandwidth_i.value = bandwidth
        self.dut.stall_i.value = stall
        self.reads.gap = self.writes.gap = self.beats.gap = self.out.stall = gap
        SAMPLE_MEMORY(MEMORIES[2 if stall else bandwidth < 1000], ANSWERS[gap > 0])

    async def in_writing(self, number: int, what: str) -> None:
        """Waits for a moment before, within or after the writing of what is queued."""
        moment = number % len(MOMENTS)
        if moment == 0:
            await ClockCycles(self.dut.clk_i, random.randint(1, 4))
        else:
            least = 1 if moment == 1 else self.sequence * BURST
            await self.until(lambda: self.counter("beats_written_o") >= least, "writing")
            if moment == 2:
                await ClockCycles(self.dut.clk_i, random.randint(1, BEATS))
        written = self.counter("beats_written_o")
        SAMPLE_MOMENT[what](MOMENTS[(written > 0) + (written == self.sequence * BURST)])

    async def reset(self, clocks: int = 2) -> None:
        """Resets; the memory keeps its contents, of which some may be half written."""
        await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 0
        self.dut.stop_i.value = 0
        for source in (self.reads, self.writes, self.beats):
            source.clear()
        await ClockCycles(self.dut.clk_i, clocks)
        self.dut.rst_ni.value = 1
        self.compare()
        self.wanted.clear()
        for sink in (self.out, self.read_errors, self.write_errors):
            sink.clear()
        self.sequence = 0
        await RisingEdge(self.dut.clk_i)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits, not for ever."""
        for _ in range(LIMIT):
            await FallingEdge(self.dut.clk_i)
            if condition():
                return
        raise AssertionError(f"still waiting for {what}")

    async def until_out(self, beats: int) -> None:
        """So many beats have come out."""
        await self.until(lambda: len(self.out.items) >= beats, f"{beats} beats")

    async def until_idle(self) -> None:
        """Both ports idle, and idle for good."""
        dut = self.dut
        await self.until(lambda: dut.read_idle_o.value == 1 and dut.write_idle_o.value == 1, "idle")
        for _ in range(20):
            await FallingEdge(dut.clk_i)
            assert dut.read_idle_o.value == 1
            assert dut.write_idle_o.value == 1
            assert dut.read_pending_o.value == dut.write_pending_o.value == 0
            assert dut.rvalid.value == 0
            assert dut.bvalid.value == 0
        assert dut.protocol_error_o.value == 0

    def write(self, slot: int) -> int:
        """Queues a random chunk for a slot; returns the sequence number of its first burst."""
        chunk = random_chunk()
        self.memory[slot] = chunk
        self.writes.send([(slot * CHUNK_BYTES,)])
        self.beats.send((beat,) for beat in chunk)
        first = self.sequence
        self.sequence += BURSTS
        return first

    def read(self, slot: int, sequence: int) -> Chunk:
        """Queues the reading of a slot; returns the beats it has to bring."""
        self.reads.send([(slot * CHUNK_BYTES, sequence & 0xFFFF_FFFF)])
        SAMPLE_READ(ANSWERS[sequence >= self.counter("written_o")])
        chunk = self.memory[slot]
        assert chunk is not None
        self.wanted += chunk
        return chunk

    async def expect(self, beats: Chunk) -> None:
        """Exactly these beats come out, and nothing after them."""
        await self.until_out(len(beats))
        await self.until_idle()
        got = [beat for (beat,) in self.out.items]
        assert len(got) == len(beats)
        for n, (a, b) in enumerate(zip(got, beats, strict=True)):
            assert a == b, f"beat {n}: {a:x}, not {b:x}"
        self.compare()
        self.compared += len(beats)
        self.out.clear()
        self.wanted.clear()

    def counter(self, name: str) -> int:
        """A counter of the top."""
        return int(getattr(self.dut, name).value)


PROFILES: tuple[dict[str, Any], ...] = (
    {},
    {"latency": 2},
    {"latency": 200, "bandwidth": 700},
    {"stall": 300},
    {"gap": 0.4},
    {"latency": 17, "bandwidth": 350, "stall": 200, "gap": 0.2},
)


@cocotb.test()
@covered
async def round_trips(dut: Any) -> None:
    """Chunks written in any order and read in another, under all kinds of memory."""
    bench = Bench(dut)
    await bench.reset()
    for profile in PROFILES:
        bench.profile(**profile)
        slots = random.sample(range(SLOTS), MANY // 2 + 1)
        first = [bench.write(slot) for slot in slots]
        order = [random.randrange(len(slots)) for _ in range(MANY // 2 + 1)]
        await bench.expect([beat for n in order for beat in bench.read(slots[n], first[n])])
        assert bench.counter("written_o") == bench.sequence
        for slot in slots:
            chunk = bench.memory[slot]
            assert chunk is not None
            for n in random.sample(range(BEATS), 8):
                word = int(dut.u_memory.mem[slot * BEATS + n].value)
                assert word == in_slots(chunk[n]), f"slot {slot} beat {n}: {word:x}"
    assert bench.compared == len(PROFILES) * (MANY // 2 + 1) * BEATS
    assert not bench.read_errors.items
    assert not bench.write_errors.items


@cocotb.test()
@covered
async def interlock(dut: Any) -> None:
    """Reads requested before their chunk is even there bring the new data, however late it is."""
    bench = Bench(dut)
    await bench.reset()
    # Old contents everywhere, so that a read that is too early brings something else.
    slots = range(MANY)
    for slot in slots:
        bench.write(slot)
    await bench.until(lambda: bench.counter("written_o") == bench.sequence, "the old contents")
    for profile in ({"latency": 300}, {"latency": 90, "stall": 200, "gap": 0.3}, {"latency": 2}):
        bench.profile(**profile)
        expected: Chunk = []
        for _ in range(MANY):
            slot = random.choice(slots)
            # The command of the read is there first; a slot is written again only after that.
            sequence = bench.sequence
            chunk = random_chunk()
            bench.memory[slot] = chunk
            expected += bench.read(slot, sequence)
            await ClockCycles(dut.clk_i, random.randint(0, 40))
            bench.writes.send([(slot * CHUNK_BYTES,)])
            bench.beats.send((beat,) for beat in chunk)
            bench.sequence += BURSTS
            # Only then may the slot be overwritten.
            await bench.until_out(len(expected))
        await bench.expect(expected)
    assert bench.compared == 3 * MANY * BEATS


@cocotb.test()
@covered
async def interlock_by_bursts(dut: Any) -> None:
    """A burst is read as soon as it is acknowledged and not before, across the counter's end."""
    bench = Bench(dut)
    await bench.reset()
    bench.profile(latency=100)
    start = 2**32 - BURSTS - BURSTS // 2
    await RisingEdge(dut.clk_i)
    dut.u_writer.written_q.value = start
    await RisingEdge(dut.clk_i)
    bench.sequence = start
    for _ in range(3):
        chunk = random_chunk()
        bench.memory[0] = chunk
        sequence = bench.sequence
        SAMPLE_COUNTER(ANSWERS[sequence < 2**32 <= sequence + BURSTS])
        bench.read(0, sequence)
        bench.writes.send([(0,)])
        for b in range(BURSTS):
            await ClockCycles(dut.clk_i, 200)
            assert len(bench.out.items) == b * BURST
            asked = clock_now()
            bench.beats.send((beat,) for beat in chunk[b * BURST : (b + 1) * BURST])
            await bench.until_out((b + 1) * BURST)
            assert bench.counter("written_o") == (sequence + b + 1) % 2**32
            # In, its acknowledgement, the read's latency, out; and a few clocks.
            assert clock_now() - asked <= 3 * BURST + 2 * 100 + 20
        bench.sequence += BURSTS
        await bench.expect(chunk)
    assert bench.counter("written_o") == (start + 3 * BURSTS) % 2**32


@cocotb.test()
@covered
async def throughput(dut: Any) -> None:
    """One beat a clock at a latency of 60, reading, writing and both sharing the memory."""
    bench = Bench(dut)
    await bench.reset()
    rounds = max(4, 1024 // BEATS)
    total = rounds * BEATS

    async def span(counter: str) -> int:
        """Clocks from the first to the last of `total` further beats of a counter."""
        before = bench.counter(counter)
        await bench.until(lambda: bench.counter(counter) > before, "the first beat")
        first = clock_now()
        await bench.until(lambda: bench.counter(counter) == before + total, "the last beat")
        return clock_now() - first + 1

    for n in range(rounds):
        bench.write(n % SLOTS)
    written = await span("beats_written_o")
    await bench.until_idle()
    expected: Chunk = []
    for n in range(rounds):
        expected += bench.read(n % SLOTS, 0)
    read = await span("beats_read_o")
    await bench.until_out(total)
    out = bench.out.clocks[-1] - bench.out.clocks[0] + 1
    await bench.expect(expected)
    old = list(bench.memory)
    for n in range(rounds):
        bench.read(n % (SLOTS // 2), 0)
        bench.write(SLOTS // 2 + n % (SLOTS // 2))
    begin = clock_now()
    writing = cocotb.start_soon(span("beats_written_o"))
    await span("beats_read_o")
    await writing
    both = clock_now() - begin
    await bench.until_out(total)
    chunks = [old[n % (SLOTS // 2)] for n in range(rounds)]
    await bench.expect([beat for chunk in chunks if chunk is not None for beat in chunk])
    dut._log.info(
        "%d beats: written in %d clocks, read in %d, out in %d; %d of both in %d",
        total, written, read, out, 2 * total, both,
    )  # fmt: skip
    assert written == total
    SAMPLE_RATE("write")
    assert read == total
    SAMPLE_RATE("read")
    assert out == total
    # The start: the first burst is collected and the read's latency passes.
    assert both <= 2 * total + BURST + 60 + 20
    SAMPLE_RATE("both")


@cocotb.test()
@covered
async def prefetch_stops(dut: Any) -> None:
    """With nobody taking beats, the reader fills its FIFO with whole bursts and asks no further."""
    bench = Bench(dut)
    await bench.reset()
    for slot in range(SLOTS):
        bench.write(slot)
    await bench.until(lambda: bench.counter("written_o") == bench.sequence, "the contents")
    # A reset between two beats of a burst: room is counted from the start again after it.
    bench.read(0, 0)
    await bench.until_out(BURST // 2)
    await bench.reset()
    for closed_at in (0, BURST // 2 + 1, random.randint(1, 3 * BURST)):
        before = bench.counter("beats_read_o")
        bench.out.closed = closed_at == 0
        expected: Chunk = []
        # A FIFO full, the three bursts that may leave it, and one that then has to wait.
        for n in range(FIFO_DEPTH // BEATS + 5):
            expected += bench.read(n % SLOTS, -BURSTS)
        await bench.until_out(closed_at)
        bench.out.closed = True
        await ClockCycles(dut.clk_i, 2 * FIFO_DEPTH + 200)
        taken = len(bench.out.items)
        held = bench.counter("beats_read_o") - before - taken
        SAMPLE_FIFO("full" if held > FIFO_DEPTH - BURST else "empty")
        assert FIFO_DEPTH - BURST < held <= FIFO_DEPTH, held
        assert dut.read_idle_o.value == 0
        bench.out.closed = False
        await bench.expect(expected)
        SAMPLE_FIFO("empty")
    assert bench.compared > 2 * FIFO_DEPTH


@cocotb.test()
@covered
async def idle(dut: Any) -> None:
    """A port with a command that cannot go on, or with beats it holds, is idle only if stopped."""
    bench = Bench(dut)
    await bench.reset()
    chunk = random_chunk()
    for what in ("read", "write", "beats"):
        if what == "read":
            bench.reads.send([(0, 0)])
        elif what == "write":
            bench.writes.send([(0,)])
        else:
            bench.beats.send([(chunk[0],)])
        await ClockCycles(dut.clk_i, 10)
        for stopped in (0, 1, 0):
            dut.stop_i.value = stopped
            SAMPLE_IDLE(what, ANSWERS[stopped])
            await ClockCycles(dut.clk_i, 2)
            await FallingEdge(dut.clk_i)
            assert dut.read_idle_o.value == int(what != "read" or stopped)
            assert dut.write_idle_o.value == int(what == "read" or stopped)
        await bench.reset()
        await bench.until_idle()
    # The beat that the reset took away does not count: a burst is requested when all of it is in.
    bench.writes.send([(0,)])
    bench.beats.send((beat,) for beat in chunk[: BURST - 1])
    for _ in range(2 * BURST + 10):
        await FallingEdge(dut.clk_i)
        assert dut.awvalid.value == 0
    bench.beats.send((beat,) for beat in chunk[BURST - 1 :])
    await bench.until(lambda: bench.counter("written_o") == BURSTS, "the chunk")
    await bench.until_idle()


@cocotb.test()
@covered
async def stop(dut: Any) -> None:
    """Stopped at any moment: both ports become idle with only whole bursts done."""
    bench = Bench(dut)
    await bench.reset()
    stopped_early = 0
    for number in range(MANY):
        bench.profile(**random.choice(PROFILES))
        for n in range(3):
            bench.read(n, bench.write(n))
        await bench.in_writing(number, "stop")
        dut.stop_i.value = 1
        await ClockCycles(dut.clk_i, 2)
        await bench.until_idle()
        beats_read = bench.counter("beats_read_o")
        beats_written = bench.counter("beats_written_o")
        assert beats_read % BURST == 0
        assert beats_written == bench.counter("written_o") * BURST
        stopped_early += beats_written < 3 * BEATS
        await bench.reset()
        await bench.expect(bench.read(0, bench.write(0)))
    assert stopped_early > 0


@cocotb.test()
@covered
async def error_responses(dut: Any) -> None:
    """A bad beat is reported once for each time it is read, or written, and nothing stops."""
    bench = Bench(dut)
    await bench.reset()
    bench.injects = True
    for chunks in (1, 2, 2):
        bench.profile(**random.choice(PROFILES))
        bad = (chunks - 1) * CHUNK_BYTES + random.randrange(BEATS) * BEAT_BYTES
        dut.inject_read_addr_i.value = bad
        dut.inject_read_i.value = 1
        first = [bench.write(slot) for slot in (0, 1)]
        expected = bench.read(0, first[0]) + bench.read(1, first[1]) + bench.read(0, first[0])
        await bench.expect(expected)
        times = 2 if bad < CHUNK_BYTES else 1
        assert len(bench.read_errors.items) == times
        SAMPLE_ERROR("read", TIMES[times - 1])
        assert not bench.write_errors.items
        dut.inject_read_i.value = 0
        dut.inject_write_addr_i.value = bad
        dut.inject_write_i.value = 1
        for slot in (0, 1, 2):
            bench.write(slot)
        await bench.until(lambda: bench.counter("written_o") == bench.sequence, "all answers")
        await bench.until_idle()
        assert len(bench.write_errors.items) == 1
        SAMPLE_ERROR("write", "once")
        dut.inject_write_i.value = 0
        bench.read_errors.clear()
        bench.write_errors.clear()


@cocotb.test()
@covered
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset at any moment nothing is left over, and chunks go through as ever."""
    bench = Bench(dut)
    await bench.reset()
    for number in range(MANY):
        bench.profile(**random.choice(PROFILES))
        for n in range(4):
            bench.read(n, bench.write(n))
        await bench.in_writing(number, "reset")
        await bench.reset(random.randint(1, 3))
        assert bench.counter("written_o") == 0
        slot = random.randrange(SLOTS)
        await bench.expect(bench.read(slot, bench.write(slot)))
    assert bench.compared == MANY * BEATS
