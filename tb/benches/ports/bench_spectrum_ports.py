# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""spectrum_reader and spectrum_writer on one memory in their environment: bit-exact round trips,
reads that wait for the writes they need, one beat per clock, stop, reset and error responses."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cocotb
import pyuvm
from cocotb.task import Task
from cocotb.triggers import FallingEdge
from pyuvm import uvm_factory

from tb.agents.agent import Listener, read
from tb.agents.axi_memory import ERRORS
from tb.agents.beat import CLOSED
from tb.agents.handshakes import CHANNELS
from tb.envs.ports import STALLED_FOR, PortsSequence, PortsTest, StreamSequence, StretchedSequence
from tb.envs.spectrum_ports import COUNT, SpectrumPortsEnv
from tb.lib.clock import clock_now
from tb.lib.coverage import ANSWERS, seldom

SLOTS = 7
"""Chunks used in the memory of eight: half a chunk stays free at both ends."""
CARRY = 3
"""The slot within which addresses carry into their upper half, if a chunk has several bursts."""
FIFO_DEPTH = 512
"""The beats that the reader holds."""
LATENCY = 60

MEMORIES = ("fast", "slow", "stalling")
MOMENTS = ("before", "within", "after")
TIMES = ("once", "twice")
SAMPLE_MEMORY = seldom("spectrum_ports.memory", {"kind": MEMORIES, "gaps": ANSWERS})
SAMPLE_RATE = seldom("spectrum_ports.rate", {"way": ("write", "read", "both")})
SAMPLE_FIFO = seldom("spectrum_ports.fifo", {"level": ("empty", "full")})
SAMPLE_IDLE = seldom(
    "spectrum_ports.idle",
    {"holds": ("read", "write", "beats"), "stopped": ANSWERS},
    {"holds_x_stopped": ("holds", "stopped")},
)
SAMPLE_MOMENT = {
    what: seldom(f"spectrum_ports.{what}_at", {"of_writing": MOMENTS}) for what in ("stop", "reset")
}
SAMPLE_REFUSED = seldom("spectrum_ports.refused", {"reads": TIMES})

Chunk = list[tuple[int]]
"""The beats of a chunk."""


class SpectrumPortsTest(PortsTest):
    """Commands of spectra, and how many bursts the writer has been given."""

    env_class = SpectrumPortsEnv

    def build_phase(self) -> None:
        """Starts with nothing given to the writer."""
        super().build_phase()
        self.given = 0

    @property
    def many(self) -> int:
        """Rounds of a random test."""
        return 8 if self.env.chunk_beats <= 64 else 3

    def address(self, slot: int) -> int:
        """The address of a slot: half a chunk from the memory's start, rounded to whole bursts."""
        env = self.env
        burst_bytes = env.burst_beats * env.beat_bytes
        first = env.bursts_in_chunk // 2 + slot * env.bursts_in_chunk
        return int(env.base + first * burst_bytes)

    def written(self) -> int:
        """The bursts that are acknowledged."""
        return read(self.dut.written_o)

    def give(self) -> int:
        """Gives the writer one more chunk; returns the sequence number of its first burst."""
        first = self.given
        self.given = (self.given + self.env.bursts_in_chunk) % COUNT
        return first

    def load(self, slot: int, sequence: int | None = None) -> tuple[int, int]:
        """The command to read a slot; None: its data has long been in memory."""
        if sequence is None:
            sequence = self.written() - self.env.bursts_in_chunk
        return self.address(slot), sequence % COUNT

    def noise(self, chunks: int = 1) -> Chunk:
        """Chunks of words with random bits."""
        env = self.env
        return [(random.getrandbits(env.beat_bits),) for _ in range(chunks * env.chunk_beats)]

    def sequence(
        self, loads: Sequence[tuple[int, int]], stores: Sequence[int], profile: str = "none"
    ) -> Task[None]:
        """Sends loads and stores of these slots and their beats, all at once."""
        sequence = PortsSequence.create("ports")
        sequence.profile = profile
        sequence.beats |= {
            "load": list(loads),
            "store": [(self.address(slot),) for slot in stores],
            "in": self.noise(len(stores)),
        }
        return cocotb.start_soon(sequence.start(self.env.sequencer))

    def stream(self, name: str, beats: Sequence[tuple[int, ...]]) -> Task[None]:
        """Beats on one stream."""
        sequence = StreamSequence.create(name)
        sequence.beats = beats
        return cocotb.start_soon(sequence.start(self.env.streams[name].sequencer))

    async def profile(
        self, latency: int = LATENCY, bandwidth: int = 1000, stall: int = 0, pauses: str = "none"
    ) -> str:
        """Sets the memory's behaviour; the profile of everything around it, for the sequences."""
        await self.behave(latency=latency, bandwidth=bandwidth, stall=stall)
        SAMPLE_MEMORY(MEMORIES[2 if stall else bandwidth < 1000], ANSWERS[pauses != "none"])
        return pauses

    async def both_ways(self) -> Task[None]:
        """Writes slots and reads each as soon as it has been written, with any memory and
        pauses."""
        pauses = await self.profile(**random.choice(PROFILES))
        slots = random.sample(range(SLOTS), 4)
        return self.sequence([self.load(slot, self.give()) for slot in slots], slots, pauses)

    async def moment(self, number: int, what: str) -> None:
        """Waits for a moment before, during or after the writing of the chunks given."""
        env, moment = self.env, MOMENTS[number % len(MOMENTS)]
        if moment == "before":
            await self.clocks(random.randint(2, 5))
        elif moment == "within":
            await env.until(lambda: env.activity.debts[1], STALLED_FOR)
        else:
            await env.until(lambda: self.written() == self.given, STALLED_FOR)
            await self.clocks(random.randint(1, env.chunk_beats))
        begun = env.activity.debts[1] or self.written() > 0
        SAMPLE_MOMENT[what](MOMENTS[begun + (self.written() == self.given)])

    async def begin_again(self, clocks: int) -> None:
        """A reset; the writer counts from 0."""
        await self.reset(clocks)
        self.given = 0


PROFILES: tuple[dict[str, Any], ...] = (
    {},
    {"latency": 2},
    {"latency": 200, "bandwidth": 700},
    {"stall": 300},
    {"pauses": "heavy"},
    {"latency": 17, "bandwidth": 350, "stall": 200, "pauses": "bursty"},
)


@pyuvm.test()
class RoundTrips(SpectrumPortsTest):
    """Chunks written in any order and read in another, under all kinds of memory."""

    profiles = PROFILES

    async def main(self) -> None:
        """The memory is compared after each kind."""
        for profile in self.profiles:
            pauses = await self.profile(**profile)
            others = [slot for slot in range(SLOTS) if slot != CARRY]
            slots = [CARRY, *random.sample(others, self.many // 2)]
            random.shuffle(slots)
            first = [self.give() for _ in slots]
            order = random.choices(range(len(slots)), k=len(slots))
            loads = [self.load(slots[number], first[number]) for number in order]
            await self.finish(self.sequence(loads, slots, pauses))
            assert self.written() == self.given
        beats = len(self.profiles) * len(slots) * self.env.chunk_beats
        assert self.env.beats.compared == beats
        assert not any(board.observed for board in self.env.errors.values())


@pyuvm.test()
class DensityChanges(RoundTrips):
    """The same with periods of full speed, of many pauses and of complete silence."""

    profiles = ({"latency": 2}, {"stall": 100})

    def override(self, factory: uvm_factory) -> None:
        """Every stream's sequence is stretched."""
        super().override(factory)
        factory.set_type_override_by_type(StreamSequence, StretchedSequence)

    async def finish(self, running: Any) -> None:
        """Drains what the reader still holds at full speed."""
        await self.env.until(running.done, STALLED_FOR)
        await self.sink("none")
        await super().finish(running)


class ReadFirstSequence(PortsSequence):
    """The loads are accepted before any of the data that they wait for exists."""

    async def body(self) -> None:
        """The loads, some clocks, and the rest."""
        clk: Any = cocotb.top.clk_i  # type: ignore[attr-defined]
        loads, self.beats["load"] = self.beats["load"], []
        await self.stream("load", loads).start(self.sequencer.streams["load"])
        for _ in range(random.randint(0, 40)):
            await FallingEdge(clk)
        await super().body()


@pyuvm.test()
class Interlock(SpectrumPortsTest):
    """Reads requested before their chunk exists return the new data, however late it comes."""

    def override(self, factory: uvm_factory) -> None:
        """Reads come first."""
        super().override(factory)
        factory.set_type_override_by_type(PortsSequence, ReadFirstSequence)

    async def main(self) -> None:
        """A slot is written again once it has been read."""
        env = self.env
        for profile in (
            {"latency": 300},
            {"latency": 90, "stall": 200, "pauses": "heavy"},
            {"latency": 2},
        ):
            pauses = await self.profile(**profile)
            for _ in range(self.many):
                slot = random.randrange(SLOTS)
                running = self.sequence([self.load(slot, self.give())], [slot], pauses)
                await env.until(running.done, STALLED_FOR)
                await env.until(lambda: env.beats.drained, STALLED_FOR)
            await self.finish(running)
        assert env.beats.compared == 3 * self.many * env.chunk_beats


@pyuvm.test()
class InterlockByBursts(SpectrumPortsTest):
    """A burst is read as soon as it is acknowledged and not before, even when the counter wraps."""

    async def main(self) -> None:
        """Burst by burst, with the memory's latency known."""
        env, latency = self.env, 100
        await self.profile(latency=latency)
        burst, bursts = env.burst_beats, env.bursts_in_chunk
        start = COUNT - bursts - bursts // 2
        await env.count_from(start)
        self.given = start
        for _ in range(3):
            chunk, sequence = self.noise(), self.give()
            await self.stream("load", [self.load(CARRY, sequence)])
            await self.stream("store", [(self.address(CARRY),)])
            for number in range(bursts):
                before = env.beats.compared
                await self.clocks(2 * latency)
                assert env.beats.compared == before
                asked = clock_now()
                await self.stream("in", chunk[number * burst : (number + 1) * burst])
                await env.until(lambda: env.beats.compared == before + burst, STALLED_FOR)  # noqa: B023
                assert self.written() == (sequence + number + 1) % COUNT
                # Input, acknowledgement, read latency, output, and a few clocks.
                assert clock_now() - asked <= 3 * burst + 2 * latency + 20
            await env.drain(STALLED_FOR, 3)
        assert self.written() == (start + 3 * bursts) % COUNT


class Rate(SpectrumPortsTest):
    """One beat per clock at a latency of 60."""

    def build_phase(self) -> None:
        """Sends whole chunks, enough of them that the start does not count."""
        super().build_phase()
        self.times: dict[str, list[int]] = {"r": [], "w": [], "out": []}

    @property
    def rounds(self) -> int:
        """Chunks each way."""
        return max(4, 1024 // int(self.env.chunk_beats))

    async def watch(self) -> None:
        """Notes the clocks of all beats, on the bus and out of the reader."""
        heard = Listener("times", self, lambda beat: self.times["out"].append(beat.clock))
        self.env.streams["out"].monitor.port.connect(heard)
        await self.profile()
        cocotb.start_soon(self._transfers())

    async def _transfers(self) -> None:
        handshakes = self.dut.handshakes_o
        while True:
            await FallingEdge(self.dut.clk_i)
            packed = read(handshakes)
            for channel in ("r", "w"):
                if packed >> 2 * CHANNELS.index(channel) & 3 == 3:
                    self.times[channel].append(clock_now())

    def span(self, name: str) -> int:
        """Clocks from the first beat to the last; checks that all came."""
        times = self.times[name]
        assert len(times) == self.rounds * self.env.chunk_beats, f"{len(times)} beats on {name}"
        clocks = times[-1] - times[0] + 1
        cocotb.log.info("%d beats on %s in %d clocks", len(times), name, clocks)
        return clocks


@pyuvm.test()
class WriteRate(Rate):
    """Writing alone."""

    silent = ("read_bursts", "beats")

    async def main(self) -> None:
        """Every clock writes a beat."""
        await self.watch()
        await self.finish(self.sequence([], [n % SLOTS for n in range(self.rounds)]))
        assert self.span("w") == len(self.times["w"])
        SAMPLE_RATE("write")


@pyuvm.test()
class ReadRate(Rate):
    """Reading alone."""

    silent = ("write_bursts",)

    async def main(self) -> None:
        """Every clock reads a beat, and another one goes out."""
        await self.watch()
        await self.finish(self.sequence([self.load(n % SLOTS) for n in range(self.rounds)], []))
        assert self.span("r") == len(self.times["r"])
        assert self.span("out") == len(self.times["out"])
        SAMPLE_RATE("read")


@pyuvm.test()
class RateBothWays(Rate):
    """Both share the memory's one beat per clock."""

    async def main(self) -> None:
        """The lower slots are read and the upper ones written."""
        await self.watch()
        lower = SLOTS // 2
        loads = [self.load(n % lower) for n in range(self.rounds)]
        begin = clock_now()
        await self.finish(self.sequence(loads, [lower + n % lower for n in range(self.rounds)]))
        for name in ("r", "w"):
            self.span(name)
        clocks = max(self.times["r"][-1], self.times["w"][-1]) - begin
        # The start: the first burst is collected and the read's latency passes.
        limit = 2 * len(self.times["r"]) + self.env.burst_beats + LATENCY + 20
        assert clocks <= limit, f"{clocks} clocks, more than {limit}"
        SAMPLE_RATE("both")


@pyuvm.test()
class PrefetchStops(SpectrumPortsTest):
    """While its beats are not accepted, the reader fills its FIFO with whole bursts and requests no
    more."""

    silent = ("write_bursts",)

    async def main(self) -> None:
        """Closed from the start, within the second burst, and anywhere."""
        env, burst = self.env, self.env.burst_beats
        await self.profile()
        # A reset between two beats of a burst: space is counted afresh after it.
        running = self.sequence([self.load(0)], [])
        await env.until(lambda: env.beats.compared >= burst // 2, STALLED_FOR)
        await self.begin_again(2)
        await running
        for closed_at in (0, burst // 2 + 1, random.randint(1, 3 * burst)):
            before, read_before = env.beats.compared, env.read_bursts.compared
            # A full FIFO, the three bursts that may leave it, and one that must then wait.
            count = FIFO_DEPTH // env.chunk_beats + 5
            await self.sink("none" if closed_at else CLOSED)
            loading = self.stream("load", [self.load(n % SLOTS) for n in range(count)])
            await env.until(lambda: env.beats.compared - before >= closed_at, STALLED_FOR)  # noqa: B023
            await self.sink(CLOSED)
            await self.clocks(2 * FIFO_DEPTH + 200)
            taken = env.beats.compared - before
            held = (env.read_bursts.compared - read_before) * burst - taken
            assert not env.memory.monitor.watch.reads, "a burst is still coming"
            assert FIFO_DEPTH - burst < held <= FIFO_DEPTH, f"{held} beats held"
            SAMPLE_FIFO("full")
            assert not env.activity.idle[0]
            await self.sink("none")
            await self.finish(loading)
            SAMPLE_FIFO("empty")
        assert env.beats.compared > 2 * FIFO_DEPTH


@pyuvm.test()
class Idle(SpectrumPortsTest):
    """A port with a command that cannot proceed, or with beats in it, is idle only if stopped."""

    async def main(self) -> None:
        """Tries each of these; then checks that a burst is requested only when it is complete."""
        env, chunk = self.env, self.noise()
        await self.profile()
        for what in ("read", "write", "beats"):
            if what == "read":
                await self.stream("load", [self.load(0, self.give())])
            elif what == "write":
                await self.stream("store", [(self.address(0),)])
            else:
                await self.stream("in", chunk[:1])
            await self.clocks(10)
            for stopped in (False, True, False):
                await self.control(stop=stopped)
                SAMPLE_IDLE(what, ANSWERS[stopped])
                await self.clocks(3)
                assert env.activity.idle == (what != "read" or stopped, what == "read" or stopped)
            await self.begin_again(2)
            await self.clocks(2)
            assert env.activity.drained
        # The beat that the reset took away does not count.
        burst = env.burst_beats
        await self.stream("store", [(self.address(0),)])
        await self.stream("in", chunk[: burst - 1])
        await self.clocks(2 * burst + 10)
        assert env.write_bursts.compared == 0, "a burst was requested without its last beat"
        await self.stream("in", chunk[burst - 1 :])
        self.give()
        await self.finish(self.sequence([self.load(0)], []))
        assert self.written() == self.given


@pyuvm.test()
class Stop(SpectrumPortsTest):
    """A stop at any moment: both ports become idle, with only whole bursts transferred."""

    async def main(self) -> None:
        """And they work after a reset."""
        env, stopped_early = self.env, 0
        for number in range(self.many):
            running = await self.both_ways()
            await self.moment(number, "stop")
            env.sample_moment("stop")
            await self.control(stop=True)
            await self.clocks(2)
            await env.until(lambda: env.activity.drained, STALLED_FOR)
            before = [board.compared for board in env.bursts]
            for _ in range(2 * LATENCY):
                await self.clocks(1)
                assert env.activity.drained, "a port that is stopped is not idle any more"
            assert before == [board.compared for board in env.bursts]
            stopped_early += self.written() != self.given
            env.contents.settle()
            await self.begin_again(2)
            await running
            await self.control(stop=False)
            await self.sink("none")
            await self.finish(self.sequence([self.load(0, self.give())], [0]))
        assert stopped_early > 0


@pyuvm.test()
class ErrorResponses(SpectrumPortsTest):
    """A bad beat is reported once for each time that it is read or written, and nothing stops."""

    async def main(self) -> None:
        """Tries each error response; the bad beat is in the first slot, which is read twice, or in
        the second."""
        env = self.env
        for number, response in enumerate(random.sample(ERRORS, len(ERRORS))):
            pulses = {port: len(board.observed) for port, board in env.errors.items()}
            memory = dict(random.choice(PROFILES))
            pauses = memory.pop("pauses", "none")
            slot = number % 2
            bad = self.address(slot) + random.randrange(env.chunk_beats) * env.beat_bytes
            await self.behave(**memory, read_error=bad, response=response)
            first = [self.give() for _ in range(2)]
            loads = [self.load(slot, first[slot]) for slot in (0, 1, 0)]
            await self.finish(self.sequence(loads, [0, 1], pauses))
            times = 2 - slot
            SAMPLE_REFUSED(TIMES[times - 1])
            await self.behave(**memory, write_error=bad, response=response)
            for _ in range(3):
                self.give()
            await self.finish(self.sequence([], [0, 1, 2], pauses))
            assert self.written() == self.given
            pulses = {
                port: len(board.observed) - pulses[port] for port, board in env.errors.items()
            }
            assert pulses == {"reader": times, "writer": 1}, f"pulses: {pulses}"


@pyuvm.test()
class ResetInTheMiddle(SpectrumPortsTest):
    """After a reset at any moment nothing is left over, and chunks pass as usual."""

    async def main(self) -> None:
        """The memory keeps its contents, of which some may be half written."""
        env = self.env
        for number in range(self.many):
            running = await self.both_ways()
            await self.moment(number, "reset")
            await self.begin_again(1 + number % 3)
            await running
            assert self.written() == 0
            slot = random.randrange(SLOTS)
            await self.sink("none")
            before = env.beats.compared
            await self.finish(self.sequence([self.load(slot, self.give())], [slot]))
            assert env.beats.compared == before + env.chunk_beats


@pyuvm.test()
class BeatsFirst(SpectrumPortsTest):
    """A command that comes after its beats, so that its first burst is requested in the next clock:
    nothing that a reset left of another command, at any of its bursts, may count."""

    async def main(self) -> None:
        """The reader then waits for each burst of that chunk."""
        env, burst = self.env, self.env.burst_beats
        await self.profile()
        for number in range(1, env.bursts_in_chunk + 1):
            await self.stream("store", [(self.address(0),)])
            await self.stream("in", self.noise()[: number * burst])
            await env.until(lambda: self.written() == self.given + number, STALLED_FOR)  # noqa: B023
            # So short that no driver's noise replaces what the reset leaves.
            await self.begin_again(1)
            beats = self.stream("in", self.noise())
            await self.clocks(3 * burst)
            await self.stream("store", [(self.address(1),)])
            await beats
            await self.finish(self.sequence([self.load(1, self.give())], []))
            assert self.written() == env.bursts_in_chunk
