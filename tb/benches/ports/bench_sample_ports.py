# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""sample_reader and sample_writer on one memory against the numpy models: every beat, every burst
address and length, and the whole memory afterwards."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge

from crocuta.models.layout import SAMPLE_BYTES
from crocuta.models.ports import sample_reader, sample_writer
from crocuta.models.ports.sample_reader import Samples, bursts
from tb.lib.clock import start_clock
from tb.lib.coverage import ANSWERS, covered, seldom

LATENCY = 60
PIPELINE = 28
"""Clocks from a free slot to its first burst and from the memory to the lanes."""
EVERY = 13
"""How many numbers of samples `Ports.lengths` gives."""
OUTSTANDING = 16
"""Bursts that the masters have on their way at most."""
STALLED_FOR = 3000
"""Clocks without any handshake after which a test gives up."""

SIZES = ("none", "one", "some", "all")
WAYS = ("load", "store")
SAMPLE_LENGTH = seldom(
    "sample_ports.chunk",
    {"way": WAYS, "samples": SIZES},
    {"way_x_samples": ("way", "samples")},
    {"way_x_samples": [("store", "none")]},  # a dummy chunk is read alone
)
STREAMS = ("load", "store", "in", "out")
SAMPLE_STREAM = seldom(
    "sample_ports.stream",
    {"name": STREAMS, "offered": ANSWERS, "taken": ANSWERS},
    {"name_x_offered_x_taken": ("name", "offered", "taken")},
    # What is offered alone is taken, and of the output only what is taken is seen.
    {"name_x_offered_x_taken": [(None, "no", "yes"), ("out", "yes", "no")]},
)
SAMPLE_RATE = seldom("sample_ports.rate", {"writer": ("by itself", "behind the reader")})
SAMPLE_MOMENT = {
    what: seldom(f"sample_ports.{what}", {"reading": ANSWERS, "writing": ANSWERS})
    for what in ("stop", "reset")
}
SAMPLE_ERROR = seldom("sample_ports.error", {"way": ("read", "write")})

Chunk = tuple[int, int]
"""The byte address of a chunk and the number of its samples that exist."""


def packed(row: Samples) -> int:
    """Samples as one number, the first lowest."""
    return int.from_bytes(row.astype("<u4").tobytes(), "little")


class Ports:
    """Drives the ports, keeps what has to come, and compares it."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.lanes = int(dut.Lanes.value)
        self.chunk = int(dut.Chunk.value)
        self.words = int(dut.Words.value)
        self.align = min(4096, self.chunk * SAMPLE_BYTES)
        self.rng = np.random.default_rng(random.getrandbits(32))
        self.memory = self.random_samples(self.words * 2 * self.lanes)
        self.density = 1.0  # chance of a valid or ready in a clock
        self.open = True  # whether the sink takes anything
        self.clocks = 0
        self.compared = 0
        self.reads = 0
        self.written = 0
        self.errors = {"reader": 0, "writer": 0}
        self.injects = False  # whether errors are to be expected
        self.forget()

    def forget(self) -> None:
        """Nothing is queued, on its way or expected."""
        self.loads: deque[Chunk] = deque()
        self.stores: deque[Chunk] = deque()
        self.sends: deque[int] = deque()
        self.beats: deque[int] = deque()
        self.read_bursts: deque[Chunk] = deque()
        self.write_bursts: deque[Chunk] = deque()
        self.store_debt = 0  # bursts of accepted store commands without a response
        self.presented_debt = 0  # bursts accepted by the memory without a response
        self.r_debt = 0  # beats asked for and not yet there
        self.out_times: list[int] = []

    def random_samples(self, count: int) -> Samples:
        """Any bit patterns: nothing here computes with them."""
        return self.rng.integers(0, 1 << 32, count, np.uint32)

    def chunk_addr(self, half: int) -> int:
        """A chunk address in the lower or upper half of the memory."""
        half_bytes = self.words * 8 * self.lanes // 2
        places = (half_bytes - self.chunk * SAMPLE_BYTES) // self.align + 1
        return half * half_bytes + random.randrange(places) * self.align

    def lengths(self) -> list[int]:
        """Numbers of samples of every kind, in random order."""
        word, beats, chunk = 2 * self.lanes, self.chunk // self.lanes, self.chunk
        found = [1, word - 1, word, word + 1, beats - 1, beats, beats + 1, chunk - 1, chunk]
        found += [random.randint(1, chunk) for _ in range(4)]
        random.shuffle(found)
        return found

    def size_of(self, samples: int) -> str:
        """What part of a chunk so many samples are."""
        return SIZES[(samples > 0) + (samples > 1) + (samples == self.chunk)]

    def load(self, addr: int, samples: int) -> None:
        """Queues a load and what has to come of it."""
        SAMPLE_LENGTH("load", self.size_of(samples))
        self.loads.append((addr, samples))
        self.read_bursts.extend(bursts(addr, samples, self.lanes, self.chunk))
        rows = sample_reader.read_chunk(self.memory, addr, samples, self.lanes, self.chunk)
        self.beats.extend(packed(row) for row in rows)

    def store(self, addr: int, samples: int, rows: Samples | None = None) -> None:
        """Queues a store of random samples (or of `rows`, which come from the reader)."""
        SAMPLE_LENGTH("store", self.size_of(samples))
        self.stores.append((addr, samples))
        self.write_bursts.extend(bursts(addr, samples, self.lanes, self.chunk))
        if rows is None:
            count = self.chunk // self.lanes
            rows = self.random_samples(self.chunk).reshape(count, self.lanes)
            self.sends.extend(packed(row) for row in rows)
        sample_writer.write_chunk(self.memory, addr, samples, rows)

    async def reset(self, clocks: int = 3, **settings: int) -> None:
        """Resets everything; settings are inputs that stay."""
        dut = self.dut
        self.forget()
        await RisingEdge(dut.clk_i)
        dut.rst_ni.value = 0
        inputs = {"stop_i": 0, "loop_i": 0, "latency_i": 2, "bandwidth_i": 1000, "stall_i": 0}
        inputs |= {"read_error_i": 0, "read_error_addr_i": 0}
        inputs |= {"write_error_i": 0, "write_error_addr_i": 0}
        inputs |= {"load_valid_i": 0, "store_valid_i": 0, "in_valid_i": 0, "out_ready_i": 0}
        inputs |= {"load_addr_i": 0, "load_samples_i": 0, "store_addr_i": 0, "store_samples_i": 0}
        inputs |= {"in_samples_i": 0, "seed_i": random.getrandbits(32)} | settings
        for name, value in inputs.items():
            getattr(dut, name).value = value
        for _ in range(clocks):
            await RisingEdge(dut.clk_i)
        for index, row in enumerate(self.memory.reshape(self.words, -1)):
            dut.u_memory.mem[index].value = packed(row)
        dut.rst_ni.value = 1
        await FallingEdge(dut.clk_i)
        assert dut.reader_idle_o.value == 1
        assert dut.writer_idle_o.value == 1

    def drive(self) -> None:
        """The inputs of one clock."""
        dut = self.dut
        dut.load_valid_i.value = int(bool(self.loads) and random.random() < self.density)
        if self.loads:
            dut.load_addr_i.value, dut.load_samples_i.value = self.loads[0]
        dut.store_valid_i.value = int(bool(self.stores) and random.random() < self.density)
        if self.stores:
            dut.store_addr_i.value, dut.store_samples_i.value = self.stores[0]
        dut.in_valid_i.value = int(bool(self.sends) and random.random() < self.density)
        if self.sends:
            dut.in_samples_i.value = self.sends[0]
        dut.out_ready_i.value = int(self.open and random.random() < self.density)

    def sample(self) -> bool:
        """Checks the handshakes of one clock; says whether there was one."""
        dut = self.dut
        moved = False
        if dut.writer_idle_o.value == 1:
            debt = self.presented_debt if dut.stop_i.value == 1 else self.store_debt
            assert debt == 0, f"the writer is idle and waits for {debt} responses"
        assert self.presented_debt == 0 or dut.writer_pending_o.value == 1
        assert self.r_debt == 0 or dut.reader_pending_o.value == 1
        if dut.reader_idle_o.value == 1:
            assert self.r_debt == 0, f"the reader is idle and waits for {self.r_debt} beats"
        if dut.load_valid_i.value == 1 and dut.load_ready_o.value == 1:
            self.loads.popleft()
            moved = True
        if dut.store_valid_i.value == 1 and dut.store_ready_o.value == 1:
            self.store_debt += len(bursts(*self.stores.popleft(), self.lanes, self.chunk))
            moved = True
        if dut.in_valid_i.value == 1 and dut.in_ready_o.value == 1:
            self.sends.popleft()
            moved = True
        if dut.out_o.value == 1:
            assert self.beats, "a beat nobody asked for"
            expected = self.beats.popleft()
            assert int(dut.out_samples_o.value) == expected, f"beat {self.compared}"
            self.compared += 1
            self.out_times.append(self.clocks)
            moved = True
        if dut.ar_o.value == 1:
            got = int(dut.ar_addr_o.value), int(dut.ar_len_o.value) + 1
            assert self.read_bursts, f"burst {got} read, nothing expected"
            assert got == self.read_bursts.popleft()
            self.r_debt += got[1]
            moved = True
        if dut.aw_o.value == 1:
            got = int(dut.aw_addr_o.value), int(dut.aw_len_o.value) + 1
            assert self.write_bursts, f"burst {got} written, nothing expected"
            assert got == self.write_bursts.popleft()
            self.presented_debt += 1
            moved = True
        if dut.r_o.value == 1:
            self.r_debt -= 1
            self.reads += 1
            moved = True
        if dut.b_o.value == 1:
            self.presented_debt -= 1
            self.store_debt -= 1
            self.written += 1
            moved = True
        self.errors["reader"] += int(dut.reader_error_o.value)
        self.errors["writer"] += int(dut.writer_error_o.value)
        assert self.injects or not any(self.errors.values()), f"an error: {self.errors}"
        self.cover()
        assert dut.protocol_error_o.value == 0
        return moved

    def cover(self) -> None:
        """The streams of one clock."""
        dut = self.dut
        for name in ("load", "store", "in"):
            offered = getattr(dut, f"{name}_valid_i").value == 1
            taken = offered and getattr(dut, f"{name}_ready_o").value == 1
            SAMPLE_STREAM(name, ANSWERS[offered], ANSWERS[taken])
        out = ANSWERS[dut.out_o.value == 1]
        SAMPLE_STREAM("out", out, out)

    def moment(self, what: str) -> None:
        """A stop or a reset now."""
        SAMPLE_MOMENT[what](ANSWERS[self.r_debt > 0], ANSWERS[self.presented_debt > 0])

    async def clock(self) -> bool:
        """One clock; says whether anything moved."""
        await RisingEdge(self.dut.clk_i)
        self.drive()
        await FallingEdge(self.dut.clk_i)
        self.clocks += 1
        return self.sample()

    def work_left(self) -> bool:
        """Something queued or expected has not happened."""
        queues = (self.loads, self.stores, self.sends, self.beats)
        return any(queues) or bool(self.read_bursts) or bool(self.write_bursts)

    async def finish(self) -> None:
        """Runs until nothing is left and the ports are idle, then compares the memory."""
        dut = self.dut
        still = 0
        while self.work_left() or not (dut.writer_idle_o.value == dut.reader_idle_o.value == 1):
            still = 0 if await self.clock() else still + 1
            assert still < STALLED_FOR, (
                f"stuck with {len(self.loads)} loads, {len(self.stores)} stores, "
                f"{len(self.sends)} beats to send, {len(self.beats)} to come, "
                f"{len(self.read_bursts)} bursts to read, {len(self.write_bursts)} to write"
            )
        assert self.store_debt == self.presented_debt == self.r_debt == 0
        assert dut.reader_pending_o.value == dut.writer_pending_o.value == 0
        self.compare_memory()
        for _ in range(3):
            assert not await self.clock()

    def memory_words(self) -> Samples:
        """The memory as it is."""
        size = 8 * self.lanes
        mem = self.dut.u_memory.mem
        data = b"".join(int(mem[n].value).to_bytes(size, "little") for n in range(self.words))
        return np.frombuffer(data, "<u4").astype(np.uint32)

    def compare_memory(self) -> None:
        """Every sample of the memory, those that nothing may touch included."""
        wrong = np.flatnonzero(self.memory_words() != self.memory)
        assert not len(wrong), f"{len(wrong)} samples differ, the first at {int(wrong[0]) * 4:#x}"


async def started(dut: Any, **settings: int) -> Ports:
    """The ports after reset."""
    start_clock(dut)
    ports = Ports(dut)
    await ports.reset(**settings)
    return ports


def queue(ports: Ports, count: int) -> None:
    """`count` loads and stores of different lengths, with dummy chunks between the loads."""
    rounds = -(-count // EVERY)
    for samples in (ports.lengths() * rounds)[:count]:
        ports.load(ports.chunk_addr(0), samples)
        for _ in range(random.choice((0, 0, 0, 1, 2))):
            ports.load(0, 0)
    for samples in (ports.lengths() * rounds)[:count]:
        ports.store(ports.chunk_addr(1), samples)


@cocotb.test()
@cocotb.parametrize(
    (
        ("profile", "density", "count"),
        [
            ({"latency_i": 2}, 1.0, EVERY),
            ({"latency_i": LATENCY}, 1.0, EVERY),
            ({"latency_i": 20, "bandwidth_i": 300}, 0.8, 6),
            ({"latency_i": 9, "stall_i": 500}, 0.4, 6),
        ],
    )
)
@covered
async def lengths(dut: Any, profile: dict[str, int], density: float, count: int) -> None:
    """Chunks of different lengths back to back, both ways at once."""
    ports = await started(dut, **profile)
    ports.density = density
    queue(ports, count)
    await ports.finish()
    assert ports.compared >= count * ports.chunk // ports.lanes
    assert ports.reads > 0
    assert ports.written > 0
    assert ports.errors == {"reader": 0, "writer": 0}


@cocotb.test()
@covered
async def slow_memory(dut: Any) -> None:
    """A memory so slow that every slot is in use and the engine's side always waits."""
    ports = await started(dut, latency_i=10, bandwidth_i=200)
    chunk_words = ports.chunk // (2 * ports.lanes)
    queue(ports, min(max(3, 500 // chunk_words), 60))
    await ports.finish()


@cocotb.test()
@covered
async def density_changes(dut: Any) -> None:
    """Stretches of full speed and of long pauses, so that everything fills up and runs dry."""
    ports = await started(dut, latency_i=LATENCY, stall_i=100)
    queue(ports, 4)
    still = 0
    while ports.work_left():
        ports.density = random.choice((1.0, 1.0, 0.02, 0.5))
        moved = False
        for _ in range(random.randint(1, 8 * ports.lanes * ports.lanes)):
            moved = await ports.clock() or moved
        still = 0 if moved else still + 1
        assert still < STALLED_FOR
    ports.density = 1.0
    await ports.finish()


@cocotb.test()
@covered
async def dummies_read_nothing(dut: Any) -> None:
    """Dummy chunks alone: zeros, and no access to the memory."""
    ports = await started(dut)
    for _ in range(4):
        ports.load(ports.chunk_addr(0), 0)
    await ports.finish()
    assert ports.compared == 4 * ports.chunk // ports.lanes
    assert ports.reads == 0


def beat_clocks(ports: Ports) -> float:
    """Clocks per beat of the beats seen, the first tiles left out."""
    times = ports.out_times[len(ports.out_times) // 4 :]
    return (times[-1] - times[0]) / (len(times) - 1)


@cocotb.test()
@cocotb.parametrize(loop=[0, 1])
@covered
async def full_rate(dut: Any, loop: int) -> None:
    """A beat a clock from a memory of 60 clocks latency: the reader alone, and the reader into the
    writer, which together fill the port. Nothing is lost when the slots cover the latency."""
    ports = await started(dut, latency_i=LATENCY, loop_i=loop)
    beats = ports.chunk // ports.lanes
    tile = min(beats, 32 * ports.lanes)
    for _ in range(max(6, 1200 // beats)):
        addr = ports.chunk_addr(0)
        ports.load(addr, ports.chunk)
        if loop:
            linear = ports.memory[addr // 4 : addr // 4 + ports.chunk]
            rows = linear.reshape(ports.lanes, beats).T.copy()
            ports.store(ports.chunk_addr(1), ports.chunk, rows)
    await ports.finish()
    clocks = beat_clocks(ports)
    slots = int(dut.TileSlots.value)
    limit = 1.01
    if LATENCY + 2 * tile > slots * tile:  # the slots do not cover the latency
        limit = (LATENCY + PIPELINE + 2 * tile) / (slots * tile)
    # Small tiles have short bursts, and too few of them on their way to cover it.
    limit = max(limit, (LATENCY + 4) * ports.lanes / (OUTSTANDING * tile))
    dut._log.info(f"loop={loop}: {clocks:.4f} clocks per beat with {slots} tiles of {tile} beats")
    assert clocks <= limit, f"{clocks:.4f} clocks per beat, more than {limit:.4f}"
    SAMPLE_RATE("behind the reader" if loop else "by itself")


@cocotb.test()
@covered
async def stop(dut: Any) -> None:
    """stop_i in the middle: what is on the bus completes, nothing follows, and after a reset the
    ports work again."""
    ports = await started(dut)
    for _ in range(3):
        await ports.reset(latency_i=random.choice((2, LATENCY)), stall_i=random.choice((0, 300)))
        half = ports.words * 4 * ports.lanes
        old = ports.memory.copy()
        for number in range(4):
            ports.load(ports.chunk_addr(0), ports.chunk)
            ports.store(half + number * ports.chunk * SAMPLE_BYTES, ports.chunk - number)
        for _ in range(random.randint(1, 3 * ports.chunk // ports.lanes)):
            await ports.clock()
        ports.moment("stop")
        dut.stop_i.value = 1
        still = 0
        while not (dut.reader_idle_o.value == dut.writer_idle_o.value == 1):
            still = 0 if await ports.clock() else still + 1
            assert still < STALLED_FOR
        before = len(ports.read_bursts), len(ports.write_bursts)
        for _ in range(2 * LATENCY):
            await ports.clock()
            assert dut.reader_idle_o.value == dut.writer_idle_o.value == 1
        assert before == (len(ports.read_bursts), len(ports.write_bursts))
        actual = ports.memory_words()
        assert np.all((actual == old) | (actual == ports.memory)), "a sample that is not one"
    await ports.reset(latency_i=5)
    queue(ports, 4)
    await ports.finish()


@cocotb.test()
@covered
async def error_responses(dut: Any) -> None:
    """A refused beat each way: one pulse a beat read and one a burst written, all else is done."""
    ports = await started(dut)
    beat_bytes = 8 * ports.lanes
    for _ in range(3):
        ports.injects, ports.errors = True, {"reader": 0, "writer": 0}
        addr = ports.chunk_addr(0), ports.chunk_addr(1)
        refused = []
        for start in addr:
            first, beats = random.choice(bursts(start, ports.chunk, ports.lanes, ports.chunk))
            refused.append(first + random.randrange(beats) * beat_bytes)
        await ports.reset(
            latency_i=random.choice((2, LATENCY)),
            read_error_i=1,
            read_error_addr_i=refused[0],
            write_error_i=1,
            write_error_addr_i=refused[1],
        )
        index = refused[1] // SAMPLE_BYTES
        kept = ports.memory[index : index + 2 * ports.lanes].copy()
        for start in (addr[0], addr[0]):
            ports.load(start, ports.chunk)
        ports.store(addr[1], ports.chunk)
        ports.memory[index : index + 2 * ports.lanes] = kept
        await ports.finish()
        assert ports.errors == {"reader": 2, "writer": 1}
        SAMPLE_ERROR("read")
        SAMPLE_ERROR("write")


@cocotb.test()
@covered
async def reset_in_the_middle(dut: Any) -> None:
    """A reset at any time forgets everything; what comes after it is right."""
    ports = await started(dut, latency_i=LATENCY)
    for _ in range(5):
        ports.density = random.choice((1.0, 0.5))
        queue(ports, 4)
        for _ in range(random.randint(1, 5 * ports.chunk // ports.lanes)):
            await ports.clock()
        ports.moment("reset")
        await ports.reset(
            clocks=random.randint(1, 3),
            latency_i=random.choice((2, 10, LATENCY)),
            stall_i=random.choice((0, 300)),
        )
    ports.density = 1.0
    queue(ports, 4)
    await ports.finish()


@cocotb.test()
@covered
async def reset_after_a_row(dut: Any) -> None:
    """A reset in the clock in which a row's place is given back leaves no place too many: behind a
    sink that takes nothing, what was read stays whole."""
    ports = await started(dut)
    row = 2 * ports.lanes  # beats out of a row of tiles
    for rows in (1, random.randint(2, 8)):
        for _ in range(3):
            ports.load(ports.chunk_addr(0), ports.chunk)
        taken = ports.compared + min(rows * row, 2 * ports.chunk // ports.lanes // row * row)
        while ports.compared < taken:
            await ports.clock()
        await ports.reset(clocks=1)
        for _ in range(4):
            ports.load(ports.chunk_addr(0), ports.chunk)
        ports.open = False
        for _ in range(1000):
            await ports.clock()
        ports.open = True
        await ports.finish()
