# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""sample_reader and sample_writer on one memory in their environment: every beat, every burst
address and length, and the whole memory afterwards."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cocotb
import pyuvm
from cocotb.triggers import ClockCycles, Event
from pyuvm import uvm_factory

from crocuta.models.layout import SAMPLE_BYTES
from crocuta.models.ports.sample_reader import bursts
from tb.agents.agent import Listener
from tb.agents.axi_memory import ERRORS, Behaviour, BehaviourSequence
from tb.agents.beat import CLOSED, Beat
from tb.envs.ports import (
    OUTSTANDING,
    STALLED_FOR,
    LateStoreSequence,
    PortsSequence,
    PortsTest,
    StreamSequence,
    StretchedSequence,
)
from tb.envs.sample_ports import Command, SamplePortsEnv
from tb.lib.coverage import seldom

LATENCY = 60
PIPELINE = 28
"""Clocks from a free slot to its first burst, plus those from the memory to the lanes."""
EVERY = 13
"""How many numbers of samples `SamplePortsTest.lengths` returns."""

SAMPLE_RATE = seldom("sample_ports.rate", {"writer": ("by itself", "behind the reader")})


class SamplePortsTest(PortsTest):
    """Commands of samples."""

    env_class = SamplePortsEnv

    def address(self, half: int) -> int:
        """A chunk's address in the lower or upper half of the memory."""
        chunk_bytes = self.env.chunk * SAMPLE_BYTES
        align = min(4096, chunk_bytes)
        half_bytes = self.env.memory.memory.size // 2
        places = (half_bytes - chunk_bytes) // align + 1
        return int(self.env.base + half * half_bytes + random.randrange(places) * align)

    def lengths(self, count: int) -> list[int]:
        """Numbers of samples of every kind, in random order."""
        chunk, beats, word = self.env.chunk, self.env.chunk_beats, 2 * self.env.lanes
        found: list[int] = []
        while len(found) < count:
            some = [1, word - 1, word, word + 1, beats - 1, beats, beats + 1, chunk - 1, chunk]
            some += [random.randint(1, chunk) for _ in range(EVERY - len(some))]
            random.shuffle(some)
            found += some
        return found[:count]

    def mixed(self, count: int) -> tuple[list[Command], list[Command]]:
        """`count` loads and stores of different lengths, with dummy chunks between the loads."""
        loads: list[Command] = []
        for samples in self.lengths(count):
            loads.append((self.address(0), samples))
            loads += [(self.env.base, 0)] * random.choice((0, 0, 0, 1, 2))
        return loads, [(self.address(1), samples) for samples in self.lengths(count)]

    def sequence(
        self,
        loads: Sequence[Command],
        stores: Sequence[Command] = (),
        profile: str = "none",
        *,
        sink: str | None = None,
        beats: bool = True,
    ) -> Any:
        """Loads and stores, the stores with random beats unless these come from the reader."""
        env, sequence = self.env, PortsSequence.create("ports")
        sequence.profile, sequence.sink_profile = profile, sink
        sequence.beats |= {"load": list(loads), "store": list(stores)}
        if beats:
            rows = env.noise(len(stores) * env.chunk).reshape(-1, env.lanes)
            sequence.beats["in"] = [(row,) for row in env.packed(rows)]
        return cocotb.start_soon(sequence.start(env.sequencer))


class Lengths(SamplePortsTest):
    """Chunks of different lengths back to back, both ways at once."""

    behaviour: Behaviour
    profile = "none"
    count = EVERY

    async def main(self) -> None:
        """As many loads as stores."""
        env = self.env
        await BehaviourSequence(self.behaviour).start(env.memory.sequencer)
        await self.finish(self.sequence(*self.mixed(self.count), self.profile))
        assert env.beats.compared >= self.count * env.chunk_beats
        assert not any(board.observed for board in env.errors.values())


@pyuvm.test()
class LengthsNearMemory(Lengths):
    """A memory that answers at once."""

    behaviour = Behaviour(latency=2)


@pyuvm.test()
class LengthsFarMemory(Lengths):
    """A memory with a long latency."""

    behaviour = Behaviour(latency=LATENCY)


@pyuvm.test()
class LengthsNarrowMemory(Lengths):
    """A memory with a third of the bandwidth, and some pauses on the streams."""

    behaviour = Behaviour(latency=20, bandwidth=300)
    profile = "light"
    count = 6


@pyuvm.test()
class LengthsStallingMemory(Lengths):
    """A memory that stalls half the time, and many pauses on the streams."""

    behaviour = Behaviour(latency=9, stall=500)
    profile = "heavy"
    count = 6


class LateRowSequence(StreamSequence):
    """A long pause before the last row of one tile in each chunk that is written."""

    async def body(self) -> None:
        """Leaves the other streams unchanged."""
        if self.get_name() != "in":
            await super().body()
            return
        dut: Any = cocotb.top
        lanes, chunk = int(dut.Lanes.value), int(dut.Chunk.value)
        beats, row = chunk // lanes, 2 * lanes
        tile = min(beats, 16 * row)
        for first in range(0, len(self.beats), beats):
            end = first + tile * random.randint(1, beats // tile)
            cut = end - random.randint(1, row - 1)
            await self.send(self.beats[first:cut], self.profile)
            await ClockCycles(dut.clk_i, LATENCY)
            await self.send(self.beats[cut : first + beats], self.profile)


@pyuvm.test()
class LateRows(Lengths):
    """A tile whose last row is late: nothing of it is written before that row arrives."""

    behaviour = Behaviour(latency=2)
    count = 4

    def override(self, factory: uvm_factory) -> None:
        """Every stream's sequence pauses where it may."""
        super().override(factory)
        factory.set_type_override_by_type(StreamSequence, LateRowSequence)


@pyuvm.test()
class BeatsFirst(Lengths):
    """Tiles in all of the writer's slots before its first command."""

    behaviour = Behaviour(latency=2)
    count = 4

    def override(self, factory: uvm_factory) -> None:
        """The commands are late."""
        super().override(factory)
        factory.set_type_override_by_type(StreamSequence, LateStoreSequence)


@pyuvm.test()
class SlowMemory(SamplePortsTest):
    """A memory so slow that all slots are in use and the engine's side always waits."""

    async def main(self) -> None:
        """Enough chunks to fill every slot several times."""
        await self.behave(latency=10, bandwidth=200)
        words = self.env.chunk // (2 * self.env.lanes)
        await self.finish(self.sequence(*self.mixed(min(max(3, 500 // words), 60))))


@pyuvm.test()
class DensityChanges(SamplePortsTest):
    """Periods of full speed and of long pauses, so that everything fills up and runs dry."""

    def override(self, factory: uvm_factory) -> None:
        """Every stream's sequence is stretched."""
        super().override(factory)
        factory.set_type_override_by_type(StreamSequence, StretchedSequence)

    async def main(self) -> None:
        """Stretches to the last beat, and the rest at full speed."""
        await self.behave(latency=LATENCY, stall=100)
        running = self.sequence(*self.mixed(4))
        await self.env.until(running.done, STALLED_FOR)
        await self.sink("none")
        await self.finish(running)


@pyuvm.test()
class DummiesReadNothing(SamplePortsTest):
    """Only dummy chunks: zeros, and no access to the memory."""

    silent = ("read_bursts", "write_bursts")

    async def main(self) -> None:
        """Four of them."""
        await self.finish(self.sequence([(self.address(0), 0) for _ in range(4)]))
        assert self.env.beats.compared == 4 * self.env.chunk_beats


class Rate(SamplePortsTest):
    """One beat per clock from a memory with 60 clocks of latency. No clock is lost if the slots
    cover the latency."""

    loop = False

    async def main(self) -> None:
        """Whole chunks; the first tiles do not count."""
        env, times = self.env, []
        heard = Listener("times", self, lambda beat: times.append(beat.clock))
        env.streams["out"].monitor.port.connect(heard)
        await self.behave(latency=LATENCY)
        await self.control(loop=self.loop)
        count = max(6, 1200 // env.chunk_beats)
        loads = [(self.address(0), env.chunk) for _ in range(count)]
        stores = [(self.address(1), env.chunk) for _ in range(count)] if self.loop else []
        await self.finish(self.sequence(loads, stores, beats=False))
        assert len(times) == count * env.chunk_beats
        times = times[len(times) // 4 :]
        clocks = (times[-1] - times[0]) / (len(times) - 1)
        limit = self.limit()
        cocotb.log.info("%.4f clocks per beat, at most %.4f", clocks, limit)
        assert clocks <= limit, f"{clocks:.4f} clocks per beat, more than {limit:.4f}"
        SAMPLE_RATE("behind the reader" if self.loop else "by itself")

    def limit(self) -> float:
        """The most clocks per beat."""
        env, slots = self.env, int(self.dut.TileSlots.value)
        tile: int = min(env.chunk_beats, 32 * env.lanes)
        limit = 1.01
        if LATENCY + 2 * tile > slots * tile:  # the slots do not cover the latency
            limit = (LATENCY + PIPELINE + 2 * tile) / (slots * tile)
        # Small tiles have short bursts, and too few of them in flight to cover it. One that is
        # written is in flight for its beats, too.
        flight = LATENCY + 4 + (env.burst_beats if self.loop else 0)
        short: float = flight * env.lanes / (OUTSTANDING * tile)
        return max(limit, short)


@pyuvm.test()
class FullRate(Rate):
    """The reader by itself."""

    silent = ("write_bursts",)


@pyuvm.test()
class FullRateBothWays(Rate):
    """The reader into the writer, which together fill the port."""

    loop = True


@pyuvm.test()
class Stop(SamplePortsTest):
    """stop_i in the middle: everything on the bus completes, nothing follows, and after a reset the
    ports work again."""

    async def main(self) -> None:
        """Three stops at random clocks."""
        env = self.env
        for _ in range(3):
            await self.behave(latency=random.choice((2, LATENCY)), stall=random.choice((0, 300)))
            half = env.base + env.memory.memory.size // 2
            loads = [(self.address(0), env.chunk) for _ in range(4)]
            stores = [
                (half + number * env.chunk * SAMPLE_BYTES, env.chunk - number)
                for number in range(4)
            ]
            running = self.sequence(loads, stores)
            await self.clocks(random.randint(1, 3 * env.chunk_beats))
            env.sample_moment("stop")
            await self.control(stop=True)
            await self.clocks(1)
            await env.until(lambda: all(env.activity.idle), STALLED_FOR)
            before = [board.compared for board in env.bursts]
            for _ in range(2 * LATENCY):
                await self.clocks(1)
                assert all(env.activity.idle), "a port that is stopped is not idle any more"
            assert before == [board.compared for board in env.bursts]
            env.contents.settle()
            await self.reset(3)
            await running
            await self.control(stop=False)
        await self.behave(latency=5)
        await self.finish(self.sequence(*self.mixed(4)))


@pyuvm.test()
class ErrorResponses(SamplePortsTest):
    """A refused beat in each direction: one pulse per beat read and one per burst written;
    everything else completes."""

    async def main(self) -> None:
        """Each of the responses that are errors."""
        env = self.env
        for response in random.sample(ERRORS, len(ERRORS)):
            addresses = self.address(0), self.address(1)
            refused = []
            for start in addresses:
                first, beats = random.choice(bursts(start, env.chunk, env.lanes, env.chunk))
                refused.append(first + random.randrange(beats) * 8 * env.lanes)
            await self.behave(
                latency=random.choice((2, LATENCY)),
                read_error=refused[0],
                write_error=refused[1],
                response=response,
            )
            await self.reset(3)
            loads = [(addresses[0], env.chunk)] * 2
            await self.finish(self.sequence(loads, [(addresses[1], env.chunk)]))
            pulses = {port: len(board.observed) for port, board in env.errors.items()}
            assert pulses == {"reader": 2, "writer": 1}, f"pulses: {pulses}"


@pyuvm.test()
class ResetInTheMiddle(SamplePortsTest):
    """A reset at any time clears everything; everything after it is correct."""

    async def main(self) -> None:
        """Five of them."""
        latency, stall = LATENCY, 0
        for _ in range(5):
            await self.behave(latency=latency, stall=stall)
            running = self.sequence(*self.mixed(4), random.choice(("none", "heavy")))
            await self.clocks(random.randint(1, 5 * self.env.chunk_beats))
            await self.reset(random.randint(1, 3))
            await running
            latency, stall = random.choice((2, 10, LATENCY)), random.choice((0, 300))
        await self.behave(latency=latency, stall=stall)
        await self.finish(self.sequence(*self.mixed(4)))


@pyuvm.test()
class ResetAfterARow(SamplePortsTest):
    """A reset in the clock in which a row's place is returned must not leave one place too many:
    with a sink that accepts nothing, data already read must stay intact."""

    silent = ("write_bursts",)

    async def main(self) -> None:
        """After the first row, and after another one."""
        env = self.env
        await self.behave(latency=2)
        self.left, self.reached = 0, Event()
        heard = Listener("rows", self, self.count)
        env.streams["out"].monitor.port.connect(heard)
        row = 2 * env.lanes  # beats out of a row of tiles
        for rows in (1, random.randint(2, 8)):
            self.left = min(rows * row, 2 * env.chunk_beats // row * row)
            self.reached.clear()
            running = self.sequence([(self.address(0), env.chunk) for _ in range(3)])
            await self.reached.wait()
            await self.reset(1)
            await running
            running = self.sequence([(self.address(0), env.chunk) for _ in range(4)], sink=CLOSED)
            await self.clocks(1000)
            await self.sink("none")
            await self.finish(running)

    def count(self, _: Beat) -> None:
        """A beat was taken."""
        self.left -= 1
        if self.left == 0:
            self.reached.set()
