# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Common to the environments of the readers and writers: a reader and a writer on one memory, with
an agent on each stream and one on the memory's port.

The wrappers use the same names for their streams: `load` and `store` carry the commands, `in` the
writer's beats, and `out` the reader's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import cocotb
import numpy as np
import numpy.typing as npt
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, gather
from cocotbext.axi import AxiResp
from pyuvm import (
    uvm_analysis_port,
    uvm_component,
    uvm_driver,
    uvm_factory,
    uvm_scoreboard,
    uvm_sequence,
    uvm_sequence_item,
    uvm_sequencer,
    uvm_subscriber,
)

from crocuta.models.layout import SAMPLE_BYTES
from tb.agents.agent import Listener, configure, read
from tb.agents.axi_memory import (
    DIRECTIONS,
    ERRORS,
    LENGTHS,
    AxiMemoryAgent,
    AxiMemoryConfig,
    Behaviour,
    BehaviourSequence,
    Burst,
    Refusal,
    Request,
)
from tb.agents.beat import CLOSED, Beat, BeatAgent, BeatConfig, BeatItem
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.scoreboard import PulseScoreboard, Scoreboard
from tb.lib.clock import clock_now
from tb.lib.coverage import ANSWERS, seldom

OUTSTANDING = 16
"""Maximum outstanding bursts per master."""
ERROR_CLOCKS = 1
"""Clocks from the transfer of an error response to the pulse on error_o."""
SETTLED = 8
"""Clocks after which a port with nothing left to do must be idle."""
STALLED_FOR = 3000
"""Clocks without any transfer after which a test gives up."""
PORTS = ("reader", "writer")
SOURCES = ("load", "store", "in")
STREAMS = (*SOURCES, "out")

Words = npt.NDArray[np.uint32]
"""The memory's contents as 32-bit words."""


class Store(NamedTuple):
    """Data that the writer has been given."""

    first: int
    """Index of the 32-bit word in memory at which it starts."""
    values: Words
    """The values to be written there."""
    known: npt.NDArray[np.bool_]
    """Which of the values have already arrived."""


class ControlsItem(uvm_sequence_item):
    """New levels of some controls."""

    def __init__(self, name: str = "controls", levels: Mapping[str, bool] | None = None) -> None:
        super().__init__(name)
        self.levels = levels or {}


class ControlsSequence(uvm_sequence):
    """Sets the levels."""

    def __init__(self, **levels: bool) -> None:
        super().__init__("controls")
        self.item = ControlsItem(levels=levels)

    async def body(self) -> None:
        """Sends them."""
        await self.start_item(self.item)
        await self.finish_item(self.item)


class ControlsDriver(uvm_driver):
    """Sets the controls of the environment after a rising edge."""

    async def run_phase(self) -> None:
        """All low from the first clock on."""
        env = self.get_parent()
        for name in env.controls:
            getattr(env.dut, f"{name}_i").value = 0
        while True:
            item = await self.seq_item_port.get_next_item()
            await RisingEdge(env.dut.clk_i)
            for name, level in item.levels.items():
                getattr(env.dut, f"{name}_i").value = int(level)
            self.seq_item_port.item_done()


class StreamSequence(uvm_sequence):
    """Sends beats on one stream with the pauses of a profile, or sets a sink's stall profile."""

    def __init__(self, name: str = "stream") -> None:
        super().__init__(name)
        self.beats: Sequence[tuple[int, ...]] = ()
        self.profile = "none"
        self.ended = False
        """Whether an endless sequence of a sink must end."""

    async def body(self) -> None:
        """One item."""
        await self.send(self.beats, self.profile)

    async def send(self, beats: Sequence[tuple[int, ...]], profile: str) -> None:
        """Returns when the last beat has been accepted or a reset has cut them short."""
        item = BeatItem(beats=beats, profile=profile)
        await self.start_item(item)
        await self.finish_item(item)


class StretchedSequence(StreamSequence):
    """Periods of full speed, of many pauses and of complete silence, independently per stream. No
    two silences follow each other: together they may be longer than STALLED_FOR."""

    async def body(self) -> None:
        """Runs to the last beat; a sink continues until `ended` is set."""
        dut: Any = cocotb.top
        longest = 8 * int(dut.Lanes.value) ** 2
        left, source = list(self.beats), bool(self.beats)
        profile = ""
        while left if source else not self.ended:
            clocks = random.randint(1, longest)
            silence = () if profile == CLOSED else (CLOSED,)
            profile = random.choice(("none", "none", "heavy", *silence))
            if not source:
                await self.send((), profile)
            elif profile != CLOSED:
                await self.send(left[:clocks], profile)
                del left[:clocks]
                continue
            await ClockCycles(dut.clk_i, clocks)


class LateStoreSequence(StreamSequence):
    """The stores come when the writer holds as many beats as it can; the other streams are as
    usual."""

    async def body(self) -> None:
        """Waits for four slots of the largest tiles."""
        if self.get_name() == "store":
            dut: Any = cocotb.top
            await ClockCycles(dut.clk_i, 4 * 32 * int(dut.Lanes.value) + 50)
        await super().body()


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
        """Returns when all beats have been accepted or a reset has cut them short."""
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
    """Predicts the results of the commands and the writer's beats; subclasses interpret the
    commands."""

    def build_phase(self) -> None:
        """Listens to the streams, and writes expected beats, bursts and stores."""
        self.env: Any = self.get_parent()
        heard = {"load": self.load, "store": self.store, "in": self.enter, "out": self.leave}
        self.listeners = {name: Listener(name, self, hear) for name, hear in heard.items()}
        self.beats = uvm_analysis_port("beats", self)
        self.read_bursts = uvm_analysis_port("read_bursts", self)
        self.write_bursts = uvm_analysis_port("write_bursts", self)
        self.stores = uvm_analysis_port("stores", self)
        self.taken = 0
        """Commands and beats that were accepted."""
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        raise NotImplementedError

    def load(self, beat: Beat) -> None:
        """The reader accepted a command."""
        raise NotImplementedError

    def store(self, beat: Beat) -> None:
        """The writer accepted a command."""
        raise NotImplementedError

    def enter(self, beat: Beat) -> None:
        """The writer accepted a beat."""
        raise NotImplementedError

    def leave(self, beat: Beat) -> None:
        """The reader's beat was taken."""

    @property
    def holds(self) -> bool:
        """Whether beats that wait for their command or for the rest of their burst keep the writer
        from being idle."""
        return False

    def unfinished(self) -> list[Store]:
        """Data that has partly arrived when a reset comes, and may already be in memory."""
        return []


class SilentScoreboard(Scoreboard):
    """Replaces a scoreboard if nothing may come."""

    def check_phase(self) -> None:
        """Checks that nothing was expected and nothing came."""
        assert not self.expected, f"{self.get_name()}: {self.expected[0]} never came"
        assert not self.compared, f"{self.get_name()}: {self.compared} came"


class ContentsScoreboard(uvm_scoreboard):
    """Compares the whole memory, including the words that must not change."""

    drained = True

    def build_phase(self) -> None:
        """One port: what the writer has been given."""
        self.env: Any = self.get_parent()
        self.observe = Listener("observe", self, self._store)
        self.image: Words = np.zeros(0, np.uint32)
        self.since: list[Store] = []
        """Stores since the memory was last compared or reset."""
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

    def actual(self) -> Words:
        """The current contents of the memory."""
        memory = self.env.memory.memory
        return np.frombuffer(memory.read(self.env.base, memory.size), "<u4").astype(np.uint32)

    def compare(self) -> None:
        """Checks that everything given to the writer is in memory."""
        wrong = np.flatnonzero(self.actual() != self.image)
        assert not len(wrong), (
            f"{len(wrong)} words differ, the first at {self.env.base + int(wrong[0]) * 4:#x}"
        )
        self.kept = self.image.copy()
        self.since.clear()
        self.compared += len(self.image)

    def settle(self) -> None:
        """Handles a reset: data in flight may or may not have been written, and nothing else. From
        here on, the memory's contents are the reference."""
        actual = self.actual()
        right = actual == self.kept
        for store in [*self.since, *self.env.predictor.unfinished()]:
            where = slice(store.first, store.first + len(store.values))
            right[where] |= store.known & (actual[where] == store.values)
        wrong = np.flatnonzero(~right)
        assert not len(wrong), (
            f"{len(wrong)} words are neither old nor new, the first at"
            f" {self.env.base + int(wrong[0]) * 4:#x}"
        )
        self.image, self.kept = actual, actual.copy()
        self.since.clear()
        self.compared += len(actual)

    def flush(self, clock: int) -> None:
        """A reset; the first one fills the memory with noise."""
        if len(self.image):
            self.settle()
            return
        self.image = self.env.noise(self.env.memory.memory.size // SAMPLE_BYTES)
        self.kept = self.image.copy()
        self.env.memory.memory.write(self.env.base, self.image.astype("<u4").tobytes())

    def check_phase(self) -> None:
        """Compares the memory at the end."""
        self.compare()


class ActivityScoreboard(uvm_scoreboard):
    """Checks idle_o and pending_o of both ports against the bursts left on the bus by earlier
    clocks, and publishes error_o.

    A port with a burst presented or unanswered is pending and not idle. A port in the environment's
    `waiting` is also not idle, unless stopped, while bursts of an accepted command are unanswered.
    A port that has had nothing to do for a while is idle, and after a reset both are idle at once.
    """

    def build_phase(self) -> None:
        """Listens to commands and to complete bursts, and writes error pulses."""
        self.env: Any = self.get_parent()
        self.loads = Listener("loads", self, lambda _: self._owe(False, 1))
        self.stores = Listener("stores", self, lambda _: self._owe(True, 1))
        self.bursts = Listener("bursts", self, lambda burst: self._owe(burst.request.write, -1))
        self.errors = [uvm_analysis_port(f"{port}_error", self) for port in PORTS]
        self.compared = 0
        self.flush(0)

    def _owe(self, write: bool, bursts: int) -> None:
        self.owed[write] += bursts

    def flush(self, clock: int) -> None:
        """Handles a reset: nothing is outstanding."""
        self.owed = [0, 0]
        """Bursts of accepted commands without an answer."""
        self.debts = (False, False)
        """Whether the reader and the writer had a burst on the bus in the previous clock."""
        self.work = (False, False)
        """Whether they had more to do."""
        self.still = [SETTLED, SETTLED]
        """The clocks for which they have had nothing to do."""
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
        """Samples every clock; an event counts from the next clock."""
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
            if after_reset:
                assert all(self.idle), "not idle after a reset"
            stopped = bool(read(dut.stop_i))
            for number in range(len(PORTS)):
                self._check(number, stopped)
            self.compared += 1
            after_reset = False
            await RisingEdge(dut.clk_i)
            self.debts = self.busy
            self.work = (self.owed[0] > 0, self.owed[1] > 0 or self.env.predictor.holds)

    def _check(self, number: int, stopped: bool) -> None:
        port, idle, pending = PORTS[number], self.idle[number], self.pending[number]
        debt, work = self.debts[number], self.work[number] and not stopped
        assert not (debt and idle), f"the {port} is idle with a burst on the bus"
        assert pending or not debt, f"the {port} has a burst and is not pending"
        if port in self.env.waiting:
            assert not (work and idle), f"the {port} is idle and has work left"
        self.still[number] = 0 if debt or work else self.still[number] + 1
        settled = self.env.settled
        if self.still[number] > settled:
            assert idle, f"the {port} has had nothing to do for {settled} clocks and is not idle"
            assert not pending, f"the {port} is pending without a burst"

    def check_phase(self) -> None:
        """Checks that nothing is outstanding at the end."""
        assert self.compared, "idle and pending were never compared"
        assert self.drained, "a port is not idle at the end"
        assert not any(self.busy) and not any(self.owed), "a burst is not complete at the end"


class StreamCoverage(uvm_subscriber):
    """Whether a stream's beats were offered and accepted in the past, derived from its beats."""

    def build_phase(self) -> None:
        """Starts before the first beat."""
        self.stream = self.get_name().removesuffix("_coverage")
        self.sample = self.get_parent().sample_stream
        self.last: int | None = None

    def write(self, beat: Beat) -> None:
        """Handles an accepted beat."""
        self.sample(self.stream, "yes", "yes")
        if beat.wait:
            self.sample(self.stream, "yes", "no")
        if self.last is not None and beat.clock - self.last - 1 > beat.wait:
            self.sample(self.stream, "no", "no")
        self.last = beat.clock


class BurstCoverage(uvm_subscriber):
    """Coverage of the bursts on the memory's port: their lengths and responses."""

    def build_phase(self) -> None:
        """Two covergroups."""
        self.config = self.cdb_get("config")
        name = self.config.coverage
        self.sample_burst = seldom(
            f"{name}.burst",
            {"direction": DIRECTIONS, "beats": self.config.lengths},
            {"direction_x_beats": ("direction", "beats")},
        )
        self.sample_error = seldom(
            f"{name}.error",
            {"way": DIRECTIONS, "response": [response.name for response in ERRORS]},
            {"way_x_response": ("way", "response")},
        )

    def write(self, burst: Burst) -> None:
        """A burst is complete."""
        beats, direction = burst.request.beats, DIRECTIONS[burst.request.write]
        longest = beats == self.config.longest
        self.sample_burst(direction, LENGTHS[2 if longest and beats > 1 else beats > 1])
        for response in set(burst.responses) - {AxiResp.OKAY}:
            self.sample_error(direction, AxiResp(response).name)


class PortAgent(AxiMemoryAgent):
    """The memory's agent with the coverage of these ports."""

    coverage_class = BurstCoverage


class PortsEnv(BlockEnv):
    """Both ports on their memory; subclasses name the streams' data and the predictor."""

    fields: ClassVar[Mapping[str, tuple[str, ...]]]
    """The data of each stream, NAME in STREAM_NAME_i or _o."""
    controls: tuple[str, ...] = ("stop",)
    predictor_class: type[PortsPredictor]
    waiting: tuple[str, ...] = PORTS
    """The ports that are not idle while a command waits."""
    lengths: tuple[str, ...] = LENGTHS
    """The classes of burst lengths that occur."""

    @property
    def burst_beats(self) -> int:
        """The beats of the longest burst."""
        raise NotImplementedError

    @property
    def settled(self) -> int:
        """The clocks within which a port with nothing left to do must be idle."""
        return SETTLED

    @property
    def outstanding(self) -> int:
        """Maximum outstanding bursts per direction."""
        return OUTSTANDING

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        dut = self.dut
        self.lanes, self.chunk = int(dut.Lanes.value), int(dut.Chunk.value)
        self.chunk_beats = self.chunk // self.lanes
        self.base = int(dut.Base.value)
        self.rng = np.random.default_rng(cocotb.RANDOM_SEED)
        self.sample_stream = seldom(
            f"{self.block}.stream",
            {"name": STREAMS, "offered": ANSWERS, "taken": ANSWERS},
            {"name_x_offered_x_taken": ("name", "offered", "taken")},
            # Without an offer nothing is accepted.
            {"name_x_offered_x_taken": [(None, "no", "yes")]},
        )
        self.samples = {
            what: seldom(f"{self.block}.{what}", {"reading": ANSWERS, "writing": ANSWERS})
            for what in ("stop", "reset")
        }
        self.streams = {name: self._stream(name) for name in STREAMS}
        port = AxiMemoryConfig(
            dut,
            self.block,
            "port",
            dut.u_memory.mem,
            8 * self.lanes,
            longest=self.burst_beats,
            max_outstanding=self.outstanding,
            handshakes="handshakes_o",
            base=self.base,
            lengths=self.lengths,
        )
        configure(self, "memory", port)
        self.memory = PortAgent.create("memory", self)
        self.controls_driver = ControlsDriver.create("controls", self)
        self.control_sequencer = uvm_sequencer.create("control_sequencer", self)
        self.sequencer = PortsSequencer.create("sequencer", self)
        self.predictor: Any = self.predictor_class.create("predictor", self)
        self.contents = ContentsScoreboard.create("contents", self)
        self.activity = ActivityScoreboard.create("activity", self)
        self.beats = Scoreboard.create("beats", self)
        self.read_bursts = Scoreboard.create("read_bursts", self)
        self.write_bursts = Scoreboard.create("write_bursts", self)
        self.errors = {port: PulseScoreboard.create(f"{port}_errors", self) for port in PORTS}
        self.scoreboards: list[Any] = [
            self.contents,
            self.activity,
            self.beats,
            *self.bursts,
            *self.errors.values(),
        ]
        self.stream_coverage = {
            name: StreamCoverage.create(f"{name}_coverage", self) for name in STREAMS
        }

    def _stream(self, name: str) -> BeatAgent:
        sink = name == "out"
        way, back = "oi" if sink else "io"
        config = BeatConfig(
            self.dut,
            None,
            f"{name}_valid_{way}",
            tuple(f"{name}_{part}_{way}" for part in self.fields[name]),
            f"{name}_ready_{back}",
            "sink" if sink else "source",
        )
        configure(self, name, config)
        agent: BeatAgent = BeatAgent.create(name, self)
        return agent

    def connect_phase(self) -> None:
        """Connects the streams to the predictor, and its predictions and the port to the
        scoreboards."""
        super().connect_phase()
        predictor, monitor = self.predictor, self.memory.monitor
        for name, agent in self.streams.items():
            agent.monitor.port.connect(predictor.listeners[name])
            agent.monitor.port.connect(self.stream_coverage[name].analysis_export)
        self.sequencer.streams = {name: agent.sequencer for name, agent in self.streams.items()}
        self.controls_driver.seq_item_port.connect(self.control_sequencer.seq_item_export)
        predictor.beats.connect(self.beats.expect)
        self.streams["out"].monitor.port.connect(self.beats.observe)
        predictor.read_bursts.connect(self.read_bursts.expect)
        predictor.read_bursts.connect(self.activity.loads)
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
        """Settles the memory before the predictor forgets the data in flight."""
        if len(self.contents.image):
            self.sample_moment("reset")
        super().on_reset(clock)
        self.predictor.reset()

    def sample_moment(self, what: str) -> None:
        """Samples a stop or a reset."""
        self.samples[what](*(ANSWERS[busy] for busy in self.activity.debts))

    def noise(self, count: int) -> Words:
        """Random bit patterns, because nothing here computes with them."""
        return self.rng.integers(0, 1 << 32, count, np.uint32)

    async def until(self, reached: Callable[[], bool], limit: int) -> None:
        """Waits for a condition; fails after a number of clocks without a transfer."""
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
        """Waits for everything expected, for at most `limit` clocks without a transfer; compares
        the memory; then waits `more` clocks in which nothing may follow."""
        await self.until(lambda: all(board.drained for board in self.scoreboards), limit)
        self.contents.compare()
        for _ in range(more):
            await FallingEdge(self.dut.clk_i)


class PortsTest(BlockTest):
    """Sends commands and beats; the environment checks the results."""

    drain_limit = STALLED_FOR
    silent: Sequence[str] = ()
    """The scoreboards of bursts and beats that may see none."""

    def override(self, factory: uvm_factory) -> None:
        """Silent scoreboards."""
        for name in self.silent:
            path = f"{self.get_full_name()}.env.{name}"
            factory.set_inst_override_by_type(Scoreboard, SilentScoreboard, path)

    async def behave(self, **behaviour: Any) -> None:
        """Sets the memory's behaviour; it takes a new seed at the next reset."""
        await BehaviourSequence(Behaviour(**behaviour)).start(self.env.memory.sequencer)

    async def control(self, **levels: bool) -> None:
        """Sets stop_i and whatever else there is."""
        await ControlsSequence(**levels).start(self.env.control_sequencer)

    async def finish(self, running: Any) -> None:
        """Waits until everything has been sent and received."""
        await self.env.until(running.done, STALLED_FOR)
        await self.env.drain(STALLED_FOR, 3)

    async def clocks(self, count: int) -> None:
        """Waits."""
        for _ in range(count):
            await FallingEdge(self.dut.clk_i)

    async def sink(self, profile: str) -> None:
        """Sets the profile with which the reader's beats are accepted."""
        sequence = StreamSequence("out")
        sequence.profile = profile
        await sequence.start(self.env.streams["out"].sequencer)
