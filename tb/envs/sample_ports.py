# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of sample_reader and sample_writer on one memory: agents on their streams and on
the memory's port, and a predictor that knows both models.

Every beat, every burst, every error pulse and the whole memory are compared, and at every clock
whether idle and pending tell the truth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cocotb
import numpy as np
import numpy.typing as npt
from cocotb.triggers import FallingEdge, RisingEdge, gather
from cocotbext.axi import AxiResp
from pyuvm import (
    uvm_analysis_port,
    uvm_component,
    uvm_driver,
    uvm_scoreboard,
    uvm_sequence,
    uvm_sequence_item,
    uvm_sequencer,
    uvm_subscriber,
)

from crocuta.models.layout import SAMPLE_BYTES
from crocuta.models.ports.sample_reader import (
    BURST_BEATS,
    Samples,
    bursts,
    read_chunk,
)
from crocuta.models.ports.sample_writer import write_chunk
from tb.agents.agent import Listener, configure, read
from tb.agents.axi_memory import (
    DIRECTIONS,
    ERRORS,
    LENGTHS,
    AxiMemoryAgent,
    AxiMemoryConfig,
    Burst,
    Refusal,
    Request,
)
from tb.agents.beat import Beat, BeatAgent, BeatConfig, BeatItem
from tb.envs.base import BlockEnv
from tb.envs.scoreboard import Expected, PulseScoreboard, Scoreboard
from tb.lib.clock import clock_now
from tb.lib.coverage import ANSWERS, seldom

OUTSTANDING = 16
"""Bursts that each master has on its way at most."""
ERROR_CLOCKS = 1
"""From the transfer of an error response to its pulse."""
PORTS = ("reader", "writer")
WAYS = ("load", "store")
SOURCES = ("load", "store", "in")
STREAMS = (*SOURCES, "out")
SIZES = ("none", "one", "some", "all")

SAMPLE_LENGTH = seldom(
    "sample_ports.chunk",
    {"way": WAYS, "samples": SIZES},
    {"way_x_samples": ("way", "samples")},
    {"way_x_samples": [("store", "none")]},  # a dummy chunk is read alone
)
SAMPLE_STREAM = seldom(
    "sample_ports.stream",
    {"name": STREAMS, "offered": ANSWERS, "taken": ANSWERS},
    {"name_x_offered_x_taken": ("name", "offered", "taken")},
    # What is not offered is not taken.
    {"name_x_offered_x_taken": [(None, "no", "yes")]},
)
SAMPLE_BURST = seldom(
    "sample_ports.burst",
    {"direction": DIRECTIONS, "beats": LENGTHS},
    {"direction_x_beats": ("direction", "beats")},
)
SAMPLE_MOMENT = {
    what: seldom(f"sample_ports.{what}", {"reading": ANSWERS, "writing": ANSWERS})
    for what in ("stop", "reset")
}
SAMPLE_ERROR = seldom(
    "sample_ports.error",
    {"way": DIRECTIONS, "response": [response.name for response in ERRORS]},
    {"way_x_response": ("way", "response")},
)

Command = tuple[int, int]
"""The byte address of a chunk and the number of its samples that exist."""


class Store(NamedTuple):
    """What the writer was given of a chunk."""

    first: int
    """The sample of the memory at which the chunk begins."""
    values: Samples
    """The samples that exist."""
    known: npt.NDArray[np.bool_]
    """Those of them whose beats have come."""


class ControlsItem(uvm_sequence_item):
    """The levels of stop_i and loop_i from now on."""

    def __init__(self, name: str = "controls", stop: bool = False, loop: bool = False) -> None:
        super().__init__(name)
        self.stop = stop
        self.loop = loop


class ControlsSequence(uvm_sequence):
    """Sets the levels."""

    def __init__(self, name: str = "controls", stop: bool = False, loop: bool = False) -> None:
        super().__init__(name)
        self.item = ControlsItem(stop=stop, loop=loop)

    async def body(self) -> None:
        """Sends them."""
        await self.start_item(self.item)
        await self.finish_item(self.item)


class ControlsDriver(uvm_driver):
    """Sets stop_i and loop_i after a rising edge."""

    async def run_phase(self) -> None:
        """Both low from the first clock on."""
        dut = self.get_parent().dut
        dut.stop_i.value = dut.loop_i.value = 0
        while True:
            item = await self.seq_item_port.get_next_item()
            await RisingEdge(dut.clk_i)
            dut.stop_i.value, dut.loop_i.value = int(item.stop), int(item.loop)
            self.seq_item_port.item_done()


class StreamSequence(uvm_sequence):
    """Sends beats on one stream with the pauses of a profile; or tells a sink how to stall."""

    def __init__(self, name: str = "stream") -> None:
        super().__init__(name)
        self.beats: Sequence[tuple[int, ...]] = ()
        self.profile = "none"
        self.ended = False
        """Whether a sink's sequence that goes on by itself has to end."""

    async def body(self) -> None:
        """One item."""
        await self.send(self.beats, self.profile)

    async def send(self, beats: Sequence[tuple[int, ...]], profile: str) -> None:
        """Returns when the last beat is taken or a reset cut them short."""
        item = BeatItem(beats=beats, profile=profile)
        await self.start_item(item)
        await self.finish_item(item)


class PortsSequence(uvm_sequence):
    """Loads, stores and their beats, all at once, with the pauses of one profile on all streams.

    A test that wants other pauses overrides StreamSequence.
    """

    def __init__(self, name: str = "ports") -> None:
        super().__init__(name)
        self.beats: dict[str, list[tuple[int, ...]]] = {stream: [] for stream in SOURCES}
        self.profile = "none"
        self.sink_profile: str | None = None
        """How the reader's beats are taken, if not with the pauses of `profile`."""

    async def body(self) -> None:
        """Returns when all beats are taken or a reset cut them short."""
        sequencers = self.sequencer.streams
        sink = self.stream("out", [])
        sink.profile = self.sink_profile or self.profile
        sources = [self.stream(name, beats) for name, beats in self.beats.items() if beats]
        stalling = cocotb.start_soon(sink.start(sequencers["out"]))
        await gather(*(source.start(sequencers[source.get_name()]) for source in sources))
        sink.ended = True
        await stalling

    def stream(self, name: str, beats: list[tuple[int, ...]]) -> StreamSequence:
        """One stream's sequence."""
        sequence: StreamSequence = StreamSequence.create(name)
        sequence.beats, sequence.profile = beats, self.profile
        return sequence


class PortsSequencer(uvm_sequencer):
    """The virtual sequencer of PortsSequence."""

    streams: dict[str, uvm_sequencer]


class PortsPredictor(uvm_component):
    """Follows the commands and the writer's beats, and says what comes of them."""

    env: SamplePortsEnv

    def build_phase(self) -> None:
        """Listens on the streams, and writes the beats and bursts to come, and the stores."""
        self.listeners = {
            name: Listener(name, self, heard)
            for name, heard in {
                "load": self._load,
                "store": self._store,
                "in": self._in,
                "out": self._out,
            }.items()
        }
        self.beats = uvm_analysis_port("beats", self)
        self.read_bursts = uvm_analysis_port("read_bursts", self)
        self.write_bursts = uvm_analysis_port("write_bursts", self)
        self.stores = uvm_analysis_port("stores", self)
        self.taken = 0
        """Commands and beats that were accepted."""
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self.commands: deque[Command] = deque()
        self.rows: deque[int] = deque()

    def _sample(self, way: str, samples: int) -> None:
        size = (samples > 0) + (samples > 1) + (samples == self.env.chunk)
        SAMPLE_LENGTH(way, SIZES[size])

    def _bursts(self, command: Command, outlet: uvm_analysis_port) -> None:
        for burst in bursts(*command, self.env.lanes, self.env.chunk):
            outlet.write(Expected(burst))

    def _load(self, beat: Beat) -> None:
        env = self.env
        address, samples = beat.values
        self.taken += 1
        self._sample("load", samples)
        self._bursts((address, samples), self.read_bursts)
        image = env.contents.image
        rows = read_chunk(image, address - env.base, samples, env.lanes, env.chunk)
        for row in env.packed(rows):
            self.beats.write(Expected((row,)))

    def _store(self, beat: Beat) -> None:
        address, samples = beat.values
        self.taken += 1
        self._sample("store", samples)
        self._bursts((address, samples), self.write_bursts)
        self.commands.append((address, samples))
        self._whole_chunks()

    def _in(self, beat: Beat) -> None:
        self.taken += 1
        self.rows.append(beat.values[0])
        self._whole_chunks()

    def _out(self, beat: Beat) -> None:
        """In a loop the writer takes what the reader brings."""
        if read(self.env.dut.loop_i):
            self._in(beat)

    def _whole_chunks(self) -> None:
        while self.commands and len(self.rows) >= self.env.chunk_beats:
            self.stores.write(self._next_store())

    def _next_store(self) -> Store:
        """The oldest store with the beats that have come, which leave the queues."""
        env = self.env
        address, samples = self.commands.popleft()
        count = min(len(self.rows), env.chunk_beats)
        known = np.zeros((env.chunk_beats, env.lanes), np.uint32)
        rows = known.copy()
        known[:count] = 1
        data = b"".join(self.rows.popleft().to_bytes(env.lanes * 4, "little") for _ in range(count))
        rows[:count] = np.frombuffer(data, "<u4").reshape(count, env.lanes)
        values, marks = np.zeros(samples, np.uint32), np.zeros(samples, np.uint32)
        write_chunk(values, 0, samples, rows)
        write_chunk(marks, 0, samples, known)
        return Store((address - env.base) // SAMPLE_BYTES, values, marks.astype(bool))

    def unfinished(self) -> list[Store]:
        """The chunk of which only a part has come, if there is one."""
        return [self._next_store()] if self.commands and self.rows else []


class BurstScoreboard(Scoreboard):
    """The bursts of one direction, in order: addresses and beats."""


class SilentScoreboard(BurstScoreboard):
    """In its place where no burst may come."""

    def check_phase(self) -> None:
        """Nothing was expected, and nothing came."""
        assert not self.expected, f"{self.get_name()}: {self.expected[0]} never came"
        assert not self.compared, f"{self.get_name()}: {self.compared} bursts"


class ContentsScoreboard(uvm_scoreboard):
    """The whole memory, the samples that nothing may touch included."""

    env: SamplePortsEnv
    drained = True

    def build_phase(self) -> None:
        """One port: chunks that the writer has been given."""
        self.observe = Listener("observe", self, self._store)
        self.image: Samples = np.zeros(0, np.uint32)
        self.since: list[Store] = []
        """Since the memory was last compared or reset."""
        self.compared = 0

    def _store(self, store: Store) -> None:
        dut, where = self.env.dut, slice(store.first, store.first + len(store.values))
        old = self.image.copy() if read(dut.write_error_i) else self.image
        self.image[where] = store.values
        self.since.append(store)
        if read(dut.write_error_i):
            first = (read(dut.write_error_addr_i) - self.env.base) // SAMPLE_BYTES
            refused = slice(first, first + 2 * self.env.lanes)
            self.image[refused] = old[refused]

    def actual(self) -> Samples:
        """The memory as it is."""
        memory = self.env.memory.memory
        return np.frombuffer(memory.read(self.env.base, memory.size), "<u4").astype(np.uint32)

    def compare(self) -> None:
        """Everything that was given has been written."""
        wrong = np.flatnonzero(self.actual() != self.image)
        assert not len(wrong), (
            f"{len(wrong)} samples differ, the first at {self.env.base + int(wrong[0]) * 4:#x}"
        )
        self.kept = self.image.copy()
        self.since.clear()
        self.compared += len(self.image)

    def settle(self) -> None:
        """Whatever was on its way may have been written or not; nothing else was. What is in
        memory now is what counts."""
        actual = self.actual()
        right = actual == self.kept
        for store in [*self.since, *self.env.predictor.unfinished()]:
            where = slice(store.first, store.first + len(store.values))
            right[where] |= store.known & (actual[where] == store.values)
        wrong = np.flatnonzero(~right)
        assert not len(wrong), (
            f"{len(wrong)} samples are neither old nor new, the first at"
            f" {self.env.base + int(wrong[0]) * 4:#x}"
        )
        self.image, self.kept = actual, actual.copy()
        self.since.clear()
        self.compared += len(actual)

    def flush(self, clock: int) -> None:
        """A reset; the first one finds a memory that nobody has written yet."""
        if len(self.image):
            self.settle()
            return
        self.image = self.env.noise(self.env.memory.memory.size // SAMPLE_BYTES)
        self.kept = self.image.copy()
        self.env.memory.memory.write(self.env.base, self.image.astype("<u4").tobytes())

    def check_phase(self) -> None:
        """The memory at the end."""
        self.compare()


class ActivityScoreboard(uvm_scoreboard):
    """idle_o and pending_o of both ports against what the clocks before have left on the bus; it
    tells of error_o, too.

    A port with a burst presented or unanswered is pending and not idle, nor is a writer idle that
    has accepted a command whose bursts are not answered, unless it is told to stop. After a reset
    both are idle at once.
    """

    env: SamplePortsEnv

    def build_phase(self) -> None:
        """Hears of stores and of what is complete, and tells of error pulses."""
        self.stores = Listener("stores", self, self._store)
        self.bursts = Listener("bursts", self, self._burst)
        self.errors = [uvm_analysis_port(f"{port}_error", self) for port in PORTS]
        self.compared = 0
        self.flush(0)

    def _store(self, _: Expected) -> None:
        self.owed += 1

    def _burst(self, burst: Burst) -> None:
        self.owed -= burst.request.write

    def flush(self, clock: int) -> None:
        """A reset: nothing is on its way."""
        self.owed = 0
        """Bursts of accepted stores without an answer."""
        self.debts = (False, False, 0)
        self.idle = (True, True)
        self.pending = (False, False)

    @property
    def drained(self) -> bool:
        """Whether both ports were idle in the last clock."""
        return all(self.idle) and not any(self.pending)

    @property
    def busy(self) -> tuple[bool, bool]:
        """Whether the reader's and the writer's half of the bus have a burst now."""
        watch = self.env.memory.monitor.watch
        return (
            bool(watch.reads) or watch.ar.standing is not None,
            bool(watch.writes) or watch.aw.standing is not None,
        )

    async def run_phase(self) -> None:
        """Clock by clock: what happens in a clock counts from the next one on."""
        dut = self.env.dut
        states = dut.states_o
        after_reset = True
        while True:
            await FallingEdge(dut.clk_i)
            if not read(dut.rst_ni):
                after_reset = True
                continue
            state = read(states)
            self.idle = (bool(state & 1), bool(state & 8))
            self.pending = (bool(state & 2), bool(state & 16))
            for error, pulse in zip(self.errors, (state & 4, state & 32), strict=True):
                if pulse:
                    error.write(Beat(clock_now(), ()))
            reading, writing, owed = self.debts
            if after_reset:
                assert all(self.idle), "not idle after a reset"
            assert not (reading and self.idle[0]), "the reader is idle with a burst on the bus"
            assert not (writing and self.idle[1]), "the writer is idle with a burst on the bus"
            assert not (owed and self.idle[1]) or read(dut.stop_i), (
                f"the writer is idle and waits for {owed} responses"
            )
            assert self.pending[0] or not reading, "the reader has a burst and is not pending"
            assert self.pending[1] or not writing, "the writer has a burst and is not pending"
            self.compared += 1
            after_reset = False
            await RisingEdge(dut.clk_i)
            self.debts = (*self.busy, self.owed)

    def check_phase(self) -> None:
        """Nothing is on its way at the end."""
        assert self.compared, "idle and pending were never compared"
        assert self.drained, "a port is not idle at the end"
        assert not any(self.busy) and not self.owed, "a burst is not complete at the end"


class StreamCoverage(uvm_subscriber):
    """Whether a stream's beats were offered and taken, as its beats tell of the clocks before."""

    def build_phase(self) -> None:
        """Before the first beat."""
        self.stream = self.get_name().removesuffix("_coverage")
        self.last: int | None = None

    def write(self, beat: Beat) -> None:
        """A beat was taken."""
        SAMPLE_STREAM(self.stream, "yes", "yes")
        if beat.wait:
            SAMPLE_STREAM(self.stream, "yes", "no")
        if self.last is not None and beat.clock - self.last - 1 > beat.wait:
            SAMPLE_STREAM(self.stream, "no", "no")
        self.last = beat.clock


class BurstCoverage(uvm_subscriber):
    """The bursts on the memory's port: how long, and how they were answered."""

    def build_phase(self) -> None:
        """The longest burst is the port's."""
        self.config = self.cdb_get("config")

    def write(self, burst: Burst) -> None:
        """A burst is complete."""
        beats = burst.request.beats
        length = 0 if beats == 1 else 1 + (beats == self.config.longest)
        SAMPLE_BURST(DIRECTIONS[burst.request.write], LENGTHS[length])
        for response in set(burst.responses) - {AxiResp.OKAY}:
            SAMPLE_ERROR(DIRECTIONS[burst.request.write], AxiResp(response).name)


class SamplePortAgent(AxiMemoryAgent):
    """The memory's agent with the coverage of these ports."""

    coverage_class = BurstCoverage


class SamplePortsEnv(BlockEnv):
    """Both ports on their memory."""

    block = "sample_ports"

    def build_phase(self) -> None:
        """Makes the parts."""
        super().build_phase()
        dut = self.dut
        self.lanes, self.chunk = int(dut.Lanes.value), int(dut.Chunk.value)
        self.chunk_beats = self.chunk // self.lanes
        self.rng = np.random.default_rng(cocotb.RANDOM_SEED)
        self.streams = {name: self._stream(name, ("addr", "samples")) for name in ("load", "store")}
        self.streams["in"] = self._stream("in", ("samples",))
        configure(
            self,
            "out",
            BeatConfig(dut, None, "out_valid_o", ("out_samples_o",), "out_ready_i", "sink"),
        )
        self.streams["out"] = BeatAgent("out", self)
        beat_bytes = 8 * self.lanes
        self.base = int(dut.Base.value)
        port = AxiMemoryConfig(
            dut,
            self.block,
            "port",
            dut.u_memory.mem,
            beat_bytes,
            longest=min(BURST_BEATS, self.chunk_beats // (2 * self.lanes)),
            max_outstanding=OUTSTANDING,
            handshakes="handshakes_o",
            base=self.base,
        )
        configure(self, "memory", port)
        self.memory = SamplePortAgent("memory", self)
        self.controls = ControlsDriver("controls", self)
        self.control_sequencer = uvm_sequencer("control_sequencer", self)
        self.sequencer = PortsSequencer("sequencer", self)
        self.predictor = PortsPredictor("predictor", self)
        self.contents = ContentsScoreboard("contents", self)
        self.activity = ActivityScoreboard("activity", self)
        self.predictor.env = self.contents.env = self.activity.env = self
        self.beats = Scoreboard("beats", self)
        self.read_bursts = BurstScoreboard.create("read_bursts", self)
        self.write_bursts = BurstScoreboard.create("write_bursts", self)
        self.errors = {port: PulseScoreboard(f"{port}_errors", self) for port in PORTS}
        self.scoreboards: list[Any] = [
            self.contents,
            self.activity,
            self.beats,
            self.read_bursts,
            self.write_bursts,
            *self.errors.values(),
        ]
        self.stream_coverage = {name: StreamCoverage(f"{name}_coverage", self) for name in STREAMS}

    def _stream(self, name: str, data: tuple[str, ...]) -> BeatAgent:
        ports = tuple(f"{name}_{part}_i" for part in data)
        config = BeatConfig(
            self.dut, None, f"{name}_valid_i", ports, f"{name}_ready_o", role="source"
        )
        configure(self, name, config)
        return BeatAgent(name, self)

    def connect_phase(self) -> None:
        """Streams to the predictor, its predictions and the port to the scoreboards."""
        super().connect_phase()
        predictor, monitor = self.predictor, self.memory.monitor
        for name, agent in self.streams.items():
            agent.monitor.port.connect(predictor.listeners[name])
            agent.monitor.port.connect(self.stream_coverage[name].analysis_export)
        self.sequencer.streams = {name: agent.sequencer for name, agent in self.streams.items()}
        self.controls.seq_item_port.connect(self.control_sequencer.seq_item_export)
        predictor.beats.connect(self.beats.expect)
        self.streams["out"].monitor.port.connect(self.beats.observe)
        predictor.read_bursts.connect(self.read_bursts.expect)
        predictor.write_bursts.connect(self.write_bursts.expect)
        predictor.write_bursts.connect(self.activity.stores)
        predictor.stores.connect(self.contents.observe)
        monitor.requests.connect(Listener("requests", self, self._request))
        monitor.refusals.connect(Listener("refusals", self, self._refusal))
        monitor.port.connect(self.activity.bursts)
        for error, scoreboard in zip(self.activity.errors, self.errors.values(), strict=True):
            error.connect(scoreboard.observe)

    def _request(self, request: Request) -> None:
        scoreboard = self.write_bursts if request.write else self.read_bursts
        scoreboard.observe.write(Beat(request.clock, (request.address, request.beats)))

    def _refusal(self, refusal: Refusal) -> None:
        scoreboard = self.errors["writer" if refusal.write else "reader"]
        scoreboard.expect.write(refusal.clock + ERROR_CLOCKS)

    def on_reset(self, clock: int) -> None:
        """The memory is settled before the predictor forgets what was on its way."""
        if len(self.contents.image):
            self.sample_moment("reset")
        super().on_reset(clock)
        self.predictor.reset()

    def sample_moment(self, what: str) -> None:
        """A stop or a reset now."""
        SAMPLE_MOMENT[what](*(ANSWERS[busy] for busy in self.activity.debts[:2]))

    def noise(self, count: int) -> Samples:
        """Any bit patterns: nothing here computes with them."""
        return self.rng.integers(0, 1 << 32, count, np.uint32)

    def packed(self, rows: Samples) -> list[int]:
        """Beats of samples, each as one number with the first lane lowest."""
        return [int.from_bytes(row.tobytes(), "little") for row in rows.astype("<u4")]

    async def until(self, reached: Callable[[], bool], limit: int) -> None:
        """Waits for something; fails after so many clocks without a transfer."""
        still, before = 0, -1
        while not reached():
            await FallingEdge(self.dut.clk_i)
            moved = self.predictor.taken + sum(
                scoreboard.compared for scoreboard in (self.beats, *self.bursts)
            )
            still = 0 if moved != before else still + 1
            before = moved
            assert still < limit, "stuck, and did not come: " + ", ".join(
                f"{len(scoreboard.expected)} {scoreboard.get_name()}"
                for scoreboard in (self.beats, *self.bursts)
            )

    @property
    def bursts(self) -> tuple[Scoreboard, Scoreboard]:
        """The scoreboards of the bursts read and written."""
        return self.read_bursts, self.write_bursts

    async def drain(self, limit: int, more: int) -> None:
        """Waits for what is expected, unless nothing moves for `limit` clocks; compares the memory;
        and `more` clocks in which nothing may follow."""
        await self.until(lambda: all(board.drained for board in self.scoreboards), limit)
        self.contents.compare()
        for _ in range(more):
            await FallingEdge(self.dut.clk_i)
