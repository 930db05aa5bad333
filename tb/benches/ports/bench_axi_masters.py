# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The AXI4 masters against cocotbext-axi's memory: random bursts and pauses, byte strobes, every
response, the limit of outstanding bursts, stop and reset in the middle."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Container, Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from cocotbext.axi import AxiReadBus, AxiResp, AxiSlaveRead, AxiSlaveWrite, AxiWriteBus

from crocuta.models import configs
from tb.lib.clock import start_clock
from tb.lib.coverage import covered, covergroup, seldom
from tb.lib.profiles import pauses
from tb.lib.valid_ready import Sink, Source

BYTES = configs.load(os.environ["CROCUTA_CONFIG"]).axi_bits // 8
PAGES = max(8, BYTES // 8)
"""Enough for a short burst for each response at each beat."""
LIMIT = 40_000
LATE = ("late_r_i", "late_last_i", "late_b_i")

WAYS = ("reads", "writes", "both") * 2
"""What may be in progress when a test stops or resets."""

Burst = tuple[int, int]
"""Address and number of beats."""


class Refusal(Exception):
    """An access that gets a response other than OKAY."""


class Memory:
    """The target of both slaves; an access to an address in `bad` gets the response given there."""

    def __init__(self) -> None:
        """Starts with all accesses allowed."""
        self.data = bytearray(random.randbytes(PAGES * 4096))
        self.bad: dict[int, AxiResp] = {}
        self.refused = {"read": AxiResp.SLVERR, "write": AxiResp.SLVERR}
        """The last refusal of each kind."""

    def check(self, kind: str, address: int, length: int) -> None:
        """Raises if the access must get a response other than OKAY."""
        for bad, response in self.bad.items():
            if address <= bad < address + length:
                self.refused[kind] = response
                raise Refusal

    async def read(self, address: int, length: int) -> bytes:
        """Called by AxiSlaveRead."""
        self.check("read", address, length)
        return bytes(self.data[address : address + length])

    async def write(self, address: int, data: bytes) -> None:
        """Called by AxiSlaveWrite."""
        self.check("write", address, len(data))
        self.data[address : address + len(data)] = data

    def answers(self, channel: Any, kind: str, field: str) -> None:
        """Makes a response channel give the refusal's own response, because the slave knows only
        SLVERR."""
        send = channel.send

        async def answer(transaction: Any) -> None:
            if getattr(transaction, field) != AxiResp.OKAY:
                setattr(transaction, field, self.refused[kind])
            await send(transaction)

        channel.send = answer


def late_pauses(clocks: int) -> Iterator[bool]:
    """Pauses of so many clocks that alternate with a few clocks without one."""
    while True:
        yield from [True] * clocks
        yield from [False] * random.randint(1, 12)


class Cover:
    """Coverage of the port."""

    WAYS = ("read", "write")
    RESPONSES = ("okay", "exokay", "slverr", "decerr")
    PLACES = ("alone", "first", "inside", "last")
    LENGTHS = ("one", "two", "some", "a page")
    LEVELS = ("none", "some", "all")
    MOMENTS = ("nothing", "reads", "writes", "both")

    def __init__(self, most: int) -> None:
        """Creates the covergroups; `most` bursts may be outstanding in each direction."""
        self.most = most
        self.responses: set[tuple[str, int]] = set()
        self.outstanding = (0, 0)
        self._burst = covergroup(
            "axi_masters.burst",
            {"way": self.WAYS, "beats": self.LENGTHS},
            {"way_x_beats": ("way", "beats")},
        )
        self._read = covergroup(
            "axi_masters.read",
            {"response": self.RESPONSES, "beat": self.PLACES},
            {"response_x_beat": ("response", "beat")},
        )
        self._write = covergroup("axi_masters.write", {"response": self.RESPONSES})
        self._outstanding = covergroup(
            "axi_masters.outstanding",
            {"way": self.WAYS, "bursts": self.LEVELS},
            {"way_x_bursts": ("way", "bursts")},
        )
        self._late = seldom(
            "axi_masters.late",
            {"way": self.WAYS, "outstanding": self.LEVELS[:2]},
            {"way_x_outstanding": ("way", "outstanding")},
        )
        self._moment = {
            what: covergroup(f"axi_masters.{what}", {"outstanding": self.MOMENTS[1:]})
            for what in ("stop", "reset")
        }

    def burst(self, way: int, beats: int) -> None:
        """Samples a presented address."""
        page = beats * BYTES == 4096 or beats == 256
        self._burst(self.WAYS[way], self.LENGTHS[(beats > 1) + (beats > 2) + page * (beats > 2)])

    def beat(self, response: int, number: int, last: bool) -> None:
        """Samples a beat of a read burst."""
        begun = number > 0
        place = ("last" if begun else "alone") if last else ("inside" if begun else "first")
        self._read(self.RESPONSES[response], place)
        self.responses.add(("read", response))

    def answer(self, response: int) -> None:
        """Samples the response to a written burst."""
        self._write(self.RESPONSES[response])
        self.responses.add(("write", response))

    def clock(self, outstanding: tuple[int, int]) -> None:
        """Samples how many bursts of each direction are presented or outstanding."""
        if outstanding == self.outstanding:
            return
        self.outstanding = outstanding
        for way, count in zip(self.WAYS, outstanding, strict=True):
            self._outstanding(way, self.LEVELS[(count > 0) + (count == self.most)])

    def late(self, way: int) -> None:
        """Samples an answer to a burst from before the last reset."""
        self._late(self.WAYS[way], self.LEVELS[self.outstanding[way] > 0])

    @property
    def ways(self) -> str:
        """The directions with bursts presented or outstanding."""
        reads, writes = map(bool, self.outstanding)
        return self.MOMENTS[reads + 2 * writes]

    def moment(self, what: str) -> None:
        """Samples a stop or a reset."""
        self._moment[what](self.ways)


class Bench:
    """The two masters, their requesters, the slaves, and the rules that always hold."""

    def __init__(self, dut: Any) -> None:
        """Starts everything, in reset."""
        self.dut = dut
        for name in ("cocotb.axi_masters_tb", "cocotb.axi_masters_tb.m_axi"):
            logging.getLogger(name).setLevel(logging.ERROR)
        start_clock(dut)
        dut.rst_ni.value = 0
        dut.stop_i.value = 0
        dut.id_i.value = random.getrandbits(1)
        for name in LATE:
            getattr(dut, name).value = 0
        self.late = 0.0
        """Probability per clock of an answer to a burst from before the last reset."""
        self.late_answers = 0
        self.memory = Memory()
        self.reads = Source(dut, "read_valid_i", "read_ready_o", ("read_addr_i", "read_beats_i"))
        self.writes = Source(
            dut, "write_valid_i", "write_ready_o", ("write_addr_i", "write_beats_i")
        )
        self.beats = Source(dut, "data_valid_i", "data_ready_o", ("data_i", "strb_i"))
        self.read = Sink(dut, "data_valid_o", None, ("data_o", "data_last_o", "read_error_o"))
        self.done = Sink(dut, "done_o", None, ("write_error_o",))
        self.slave_read = AxiSlaveRead(
            AxiReadBus.from_prefix(dut, "m_axi"), dut.clk_i, dut.rst_ni, self.memory, False
        )
        self.slave_write = AxiSlaveWrite(
            AxiWriteBus.from_prefix(dut, "m_axi"), dut.clk_i, dut.rst_ni, self.memory, False
        )
        self.memory.answers(self.slave_read.r_channel, "read", "rresp")
        self.memory.answers(self.slave_write.b_channel, "write", "bresp")
        self.watched = 0
        self.outstanding_seen = 0
        self.most = int(dut.MaxOutstanding.value)
        self.cover = Cover(self.most)
        self.forget()
        cocotb.start_soon(self.watch())
        cocotb.start_soon(self.answer_late())

    def forget(self) -> None:
        """Starts with nothing expected."""
        self.wanted: list[tuple[int, int, int]] = []
        """Expected read beats: data, last, error; no data for a beat in error."""
        self.acknowledged: list[tuple[int]] = []
        """Whether each written burst is acknowledged with an error."""
        self.read.clear()
        self.done.clear()

    def compare(self) -> None:
        """Checks that everything that has come was expected next."""
        got, wanted = self.read.items, self.wanted[: len(self.read.items)]
        assert len(got) == len(wanted), f"{len(got)} beats were read, {len(wanted)} requested"
        for number, (beat, want) in enumerate(zip(got, wanted, strict=True)):
            right = beat[1:] == want[1:] and (want[2] or beat[0] == want[0])
            assert right, f"beat {number} is {beat} instead of {want}"
        assert self.done.items == self.acknowledged[: len(self.done.items)], self.done.items

    async def reset(self, clocks: int = 3) -> None:
        """Resets masters and slaves. What came before must be correct, everything in flight is
        lost, and later bursts have another ID."""
        await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 0
        self.dut.id_i.value = 1 - int(self.dut.id_i.value)
        for source in (self.reads, self.writes, self.beats):
            source.clear()
        await ClockCycles(self.dut.clk_i, clocks)
        self.dut.rst_ni.value = 1
        self.compare()
        self.forget()
        await RisingEdge(self.dut.clk_i)

    def pause(self, profile: str, late: bool = False) -> None:
        """Sets the pauses on every channel; `late`: long ones before answers."""
        answers = (self.slave_read.r_channel, self.slave_write.b_channel)
        for channel in (
            self.slave_read.ar_channel,
            self.slave_write.aw_channel,
            self.slave_write.w_channel,
            *answers,
        ):
            channel.clear_pause_generator()
            channel.pause = False
            if late and channel in answers:
                channel.set_pause_generator(late_pauses(random.randint(20, 60)))
            else:
                channel.set_pause_generator(pauses(lambda: profile))

    async def answer_late(self) -> None:
        """Sends random answers with the ID from before the last reset, at any time."""
        while True:
            await RisingEdge(self.dut.clk_i)
            for name in LATE:
                late = random.random() < self.late
                getattr(self.dut, name).value = int(late)
                self.late_answers += late

    async def watch(self) -> None:
        """Checks for stable addresses, data no earlier than its address, the limit of outstanding
        bursts, and the report of every transfer a clock later."""
        dut = self.dut
        names = ("addr", "len", "id")
        fields = [[getattr(dut, f"m_axi_{way}{name}") for name in names] for way in ("ar", "aw")]
        channels = [
            [(getattr(dut, f"m_axi_{c}valid"), getattr(dut, f"m_axi_{c}ready")) for c in side]
            for side in (("ar", "r"), ("aw", "w", "b"))
        ]
        progress = [dut.read_progress_o, dut.write_progress_o]
        moved = [False, False]
        valids = [dut.m_axi_arvalid, dut.m_axi_awvalid]
        readies = [dut.m_axi_arready, dut.m_axi_awready]
        idles = [dut.read_idle_o, dut.write_idle_o]
        held: list[list[int] | None] = [None, None]
        presented = [0, 0]
        promised = sent = answered = returned = number = 0
        while True:
            await FallingEdge(dut.clk_i)
            if dut.rst_ni.value != 1:
                held = [None, None]
                presented = [0, 0]
                promised = sent = answered = returned = number = 0
                moved = [False, False]
                continue
            assert [bool(told.value) for told in progress] == moved, "progress_o"
            moved = [
                any(valid.value == ready.value == 1 for valid, ready in side) for side in channels
            ]
            identifier = int(dut.id_i.value)
            for side in range(2):
                if valids[side].value != 1:
                    assert held[side] is None, "an address went away before it was accepted"
                    continue
                now = [int(field.value) for field in fields[side]]
                previous = held[side]
                if previous is None:
                    presented[side] += 1
                    self.cover.burst(side, now[1] + 1)
                    promised += now[1] + 1 if side else 0
                    assert now[0] % BYTES == 0 and now[2] == identifier
                else:
                    assert now == previous, "an address changed before it was accepted"
                held[side] = None if readies[side].value == 1 else now
            assert dut.m_axi_rready.value != dut.late_r_i.value
            assert dut.m_axi_bready.value != dut.late_b_i.value
            if dut.m_axi_wvalid.value == 1:
                # The address of this beat must have been presented by now.
                assert sent < promised, "a W beat came before its AW"
                sent += int(dut.m_axi_wready.value == 1)
            outstanding = (presented[0] - returned, presented[1] - answered)
            assert max(outstanding) <= self.most, outstanding
            for count, idle in zip(outstanding, idles, strict=True):
                assert count == 0 or idle.value == 0, "idle with a burst outstanding"
            self.outstanding_seen = max(self.outstanding_seen, min(outstanding))
            self.cover.clock(outstanding)
            for way, late in enumerate((dut.late_r_i, dut.late_b_i)):
                if late.value == 1:
                    self.cover.late(way)
            if dut.m_axi_rvalid.value == dut.m_axi_rready.value == 1:
                last = bool(dut.m_axi_rlast.value)
                self.cover.beat(int(dut.m_axi_rresp.value), number, last)
                number = 0 if last else number + 1
                returned += last
            if dut.m_axi_bvalid.value == dut.m_axi_bready.value == 1:
                self.cover.answer(int(dut.m_axi_bresp.value))
                answered += 1
            self.watched += 1

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits, with a time limit."""
        for _ in range(LIMIT):
            await FallingEdge(self.dut.clk_i)
            if condition():
                return
        raise AssertionError(f"still waiting for {what}")

    async def until_counts(self, beats: int, done: int) -> None:
        """Waits for a number of read beats and acknowledged bursts, checks that no more follow, and
        compares them all."""
        await self.until(
            lambda: len(self.read.items) >= beats and len(self.done.items) >= done,
            f"{beats} beats and {done} acknowledgements",
        )
        await self.until_idle()
        await ClockCycles(self.dut.clk_i, 3)
        assert (len(self.read.items), len(self.done.items)) == (beats, done)
        self.compare()
        self.forget()

    async def until_idle(self) -> None:
        """Whether both masters are idle."""
        dut = self.dut
        await self.until(lambda: dut.read_idle_o.value == 1 and dut.write_idle_o.value == 1, "idle")

    def ask(self, bursts: list[Burst]) -> int:
        """Queues bursts to read the memory's current contents; returns the expected beats."""
        beats = expected(self.memory, bursts)
        self.wanted += beats
        self.reads.send(bursts)
        return len(beats)

    def offer(self, bursts: list[Burst], strobes: bool = True) -> list[tuple[int, int]]:
        """Queues bursts with random beats for writing; returns the beats (data, strobes)."""
        bad = self.memory.bad
        self.acknowledged += [
            (int(any(a <= each < a + length * BYTES for each in bad)),) for a, length in bursts
        ]
        beats = [
            (
                random.getrandbits(8 * BYTES),
                random.getrandbits(BYTES) if strobes and random.random() < 0.5 else 2**BYTES - 1,
            )
            for _, length in bursts
            for _ in range(length)
        ]
        self.beats.send(beats)
        self.writes.send(bursts)
        return beats


def random_burst(low: int = 0, high: int = PAGES) -> Burst:
    """A burst within one of the pages low..high-1; short ones as often as long ones."""
    page_beats = 4096 // BYTES
    length = min(random.choice((1, 2, 3, random.randint(1, 256))), page_beats)
    start = random.randint(0, page_beats - length)
    return random.randrange(low, high) * 4096 + start * BYTES, length


def some_bursts(ways: str) -> tuple[list[Burst], list[Burst]]:
    """Bursts to read and to write, or in one direction only. The first ones are long, so that
    something is in flight for a while."""
    bursts = []
    for half in (1, 0):
        begin = half * PAGES * 2048
        long = [(begin, min(random.randint(30, 64), 4096 // BYTES)) for _ in range(3)]
        bursts.append(
            long + [random_burst(half * PAGES // 2, (half + 1) * PAGES // 2) for _ in range(7)]
        )
    reads, writes = bursts
    return ([] if ways == "writes" else reads), ([] if ways == "reads" else writes)


def store(
    image: bytearray,
    bursts: list[Burst],
    beats: list[tuple[int, int]],
    bad: Container[int] = (),
) -> None:
    """The memory's contents after the writes."""
    remaining = iter(beats)
    for address, length in bursts:
        for n in range(length):
            data, strobes = next(remaining)
            for byte in range(BYTES):
                if strobes >> byte & 1 and address + n * BYTES not in bad:
                    image[address + n * BYTES + byte] = data >> 8 * byte & 0xFF


def expected(memory: Memory, bursts: list[Burst]) -> list[tuple[int, int, int]]:
    """The beats that reading the bursts returns: data, last, error."""
    return [
        (
            int.from_bytes(memory.data[place : place + BYTES], "little"),
            int(n == length - 1),
            int(place in memory.bad),
        )
        for address, length in bursts
        for n, place in enumerate(range(address, address + length * BYTES, BYTES))
    ]


@cocotb.test()
@covered
async def random_bursts(dut: Any) -> None:
    """Writes to one half and reads from the other, then reads everything back."""
    bench = Bench(dut)
    await bench.reset()
    compared = 0
    for stalls, gaps in (
        ("none", "none"),
        ("heavy", "none"),
        ("none", "heavy"),
        ("bursty", "light"),
    ):
        bench.pause(stalls)
        bench.reads.profile = bench.writes.profile = bench.beats.profile = gaps
        image = bytearray(bench.memory.data)
        page = min(4096 // BYTES, 256)
        writes = [(0, page), *(random_burst(0, PAGES // 2) for _ in range(11))]
        store(image, writes, bench.offer(writes))
        count = bench.ask([*(random_burst(PAGES // 2) for _ in range(11)), (PAGES * 2048, page)])
        await bench.until_counts(count, 12)
        assert bench.memory.data == image
        compared += count
        count = bench.ask(writes)
        await bench.until_counts(count, 0)
        compared += count
    assert compared > 500 and bench.watched > 500, (compared, bench.watched)


@cocotb.test()
@covered
async def error_responses(dut: Any) -> None:
    """Exactly the beats and bursts in error are reported, and all bursts complete."""
    bench = Bench(dut)
    await bench.reset()
    bench.pause("light")
    for _ in range(3):
        writes = [random_burst() for _ in range(8)]
        reads = [random_burst() for _ in range(8)]
        beats = {a + n * BYTES for a, length in writes + reads for n in range(length)}
        bench.memory.bad = dict.fromkeys(random.sample(sorted(beats), 5), AxiResp.SLVERR)
        await bench.until_counts(bench.ask(reads), 0)
        # Full strobes, since an access without a byte would not touch the address.
        bench.offer(writes, strobes=False)
        await bench.until_counts(0, 8)


@cocotb.test()
@cocotb.parametrize(late=[False, True])
@covered
async def every_response(dut: Any, late: bool) -> None:
    """Each response other than OKAY, at each beat of short bursts among good bursts, is an error of
    that beat or burst alone; answers come at once, or late and to many bursts."""
    bench = Bench(dut)
    await bench.reset()
    bench.pause(random.choice(("none", "light")), late)
    slot = 8 * BYTES
    places = iter(random.sample(range(0, PAGES * 4096, slot), PAGES * 4096 // slot))
    bursts = []
    for response in (AxiResp.EXOKAY, AxiResp.SLVERR, AxiResp.DECERR):
        for length in (1, 2, 3, 4, 7):
            for beat in range(length):
                address = next(places)
                bursts.append((address, length))
                bench.memory.bad[address + beat * BYTES] = response
    bursts += [(next(places), random.randint(1, 8)) for _ in range(8)]
    random.shuffle(bursts)
    count = bench.ask(bursts)
    await bench.until_counts(count, 0)
    image = bytearray(bench.memory.data)
    beats = bench.offer(bursts, strobes=False)
    store(image, bursts, beats, bench.memory.bad)
    await bench.until_counts(0, len(bursts))
    assert bench.memory.data == image
    assert bench.cover.responses == {(way, code) for way in ("read", "write") for code in range(4)}


@cocotb.test()
@covered
async def outstanding_limit(dut: Any) -> None:
    """With no answer at all, exactly MaxOutstanding bursts are presented; then all complete."""
    bench = Bench(dut)
    await bench.reset()
    # The slaves accept commands but do not answer.
    bench.slave_read.r_channel.pause = True
    bench.slave_write.b_channel.pause = True
    bench.slave_read.ar_channel.queue_occupancy_limit = 64
    bench.slave_write.aw_channel.queue_occupancy_limit = 64
    bench.slave_write.w_channel.queue_occupancy_limit = 1024
    bursts = [(n * 4096, 3) for n in range(PAGES // 2)]
    count = bench.ask([(address + PAGES * 2048, length) for address, length in bursts] * 2)
    bench.offer(bursts * 2)
    await ClockCycles(dut.clk_i, 200)
    assert bench.reads.sent == bench.writes.sent == bench.most
    assert bench.outstanding_seen == bench.most
    assert dut.read_idle_o.value == 0 and dut.write_idle_o.value == 0
    bench.slave_read.r_channel.pause = False
    bench.slave_write.b_channel.pause = False
    await bench.until_counts(count, PAGES)


@cocotb.test()
@covered
async def stop(dut: Any) -> None:
    """A stop in the middle: everything presented completes, nothing follows; then it continues."""
    bench = Bench(dut)
    await bench.reset()
    compared = 0
    for ways in WAYS:
        bench.pause(random.choice(("none", "heavy")))
        image = bytearray(bench.memory.data)
        reads, writes = some_bursts(ways)
        bench.reads.sent = bench.writes.sent = 0
        store(image, writes, bench.offer(writes))
        count = bench.ask(reads)
        await ClockCycles(dut.clk_i, random.randint(1, 40))
        await bench.until(lambda ways=ways: bench.cover.ways == ways, ways)  # type: ignore[misc]
        bench.cover.moment("stop")
        await RisingEdge(dut.clk_i)
        dut.stop_i.value = 1
        await FallingEdge(dut.clk_i)
        await RisingEdge(dut.clk_i)
        sent = bench.reads.sent, bench.writes.sent
        await ClockCycles(dut.clk_i, 3)
        await bench.until_idle()
        await ClockCycles(dut.clk_i, 20)
        assert (bench.reads.sent, bench.writes.sent) == sent
        assert dut.read_ready_o.value == 0 and dut.write_ready_o.value == 0
        assert len(bench.read.items) == sum(length for _, length in reads[: sent[0]])
        assert len(bench.done.items) == sent[1]
        dut.stop_i.value = 0
        await bench.until_counts(count, len(writes))
        assert bench.memory.data == image
        compared += count
    assert compared > 100


@cocotb.test()
@covered
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset at any moment nothing is left over, and bursts run as usual."""
    bench = Bench(dut)
    await bench.reset()
    compared = 0
    for ways in WAYS:
        bench.pause("light")
        reads, writes = some_bursts(ways)
        bench.offer(writes)
        bench.ask(reads)
        await ClockCycles(dut.clk_i, random.randint(1, 40))
        await bench.until(lambda ways=ways: bench.cover.ways == ways, ways)  # type: ignore[misc]
        bench.cover.moment("reset")
        await bench.reset(random.randint(1, 3))
        await FallingEdge(dut.clk_i)
        assert dut.read_idle_o.value == 1 and dut.write_idle_o.value == 1
        assert dut.m_axi_arvalid.value == 0 and dut.m_axi_awvalid.value == 0
        assert dut.m_axi_wvalid.value == 0 and not bench.read.items and not bench.done.items
        image = bytearray(bench.memory.data)
        writes = [random_burst(0, PAGES // 2) for _ in range(3)]
        store(image, writes, bench.offer(writes))
        count = bench.ask([random_burst(PAGES // 2) for _ in range(3)])
        await bench.until_counts(count, 3)
        assert bench.memory.data == image
        compared += count
    assert compared > 0


@cocotb.test()
@covered
async def late_answers(dut: Any) -> None:
    """Answers to bursts cut off by a reset, at any time after it, cause no beat, no acknowledgement
    and no error, even while nothing else is in flight."""
    bench = Bench(dut)
    await bench.reset()
    compared = 0
    for late, profile in ((0.5, "none"), (0.1, "light"), (0.9, "heavy")):
        bench.pause("light")
        bench.offer([random_burst(0, PAGES // 2) for _ in range(10)])
        bench.ask([random_burst(PAGES // 2) for _ in range(10)])
        await ClockCycles(dut.clk_i, random.randint(1, 80))
        await bench.reset(random.randint(1, 3))
        bench.late = late
        await ClockCycles(dut.clk_i, 20)
        assert dut.read_idle_o.value == 1 and dut.write_idle_o.value == 1
        assert not bench.read.items and not bench.done.items
        bench.pause(profile)
        image = bytearray(bench.memory.data)
        writes = [random_burst(0, PAGES // 2) for _ in range(6)]
        store(image, writes, bench.offer(writes))
        count = bench.ask([random_burst(PAGES // 2) for _ in range(6)])
        await bench.until_counts(count, 6)
        assert bench.memory.data == image
        compared += count
    assert compared > 0 and bench.late_answers > 100
