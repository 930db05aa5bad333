# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of chunk_controller: a job's agent, a sink on every command stream, and the
model's schedule in one scoreboard per stream."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable, Iterator

import cocotb
from cocotb.triggers import FallingEdge, gather, with_timeout
from pyuvm import uvm_component, uvm_sequence

from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import STREAMS, Job, Mode, past_chunks, schedule
from crocuta.models.layout import PAGE_BYTES, chunk_count
from tb.agents.agent import Listener, configure, read
from tb.agents.beat import ONE, Beat, BeatAgent, BeatConfig, BeatSequence
from tb.agents.job import JobAgent, JobConfig, JobEvent, JobItem
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.scoreboard import Expected, Scoreboard
from tb.lib.clock import PERIOD_NS, clock_now
from tb.lib.coverage import covergroup, seldom

# Maximum clocks from a job's last accepted command to done.
DONE_CLOCKS = 8
# Clocks without a command after which none will come.
STUCK_CLOCKS = 2000
# A command that waited this long had a closed consumer.
CLOSED_CLOCKS = 250
NAMES = {kind: name for name, kind in STREAMS.items()}
LENGTHS = ("a part", "one chunk", "chunks", "chunks and a part")
CHANNELS = ("1", "2..255", "256..65535", "65536")


def channels_class(channels: int) -> str:
    """The class of CHANNELS, by the number of bits."""
    return CHANNELS[(channels > 1) + (channels > 0xFF) + (channels > 0xFFFF)]


def length_class(length: int, chunk: int) -> str:
    """The class of a row's length."""
    whole, rest = divmod(length, chunk)
    if whole < 2 and not rest:
        return "one chunk"
    return ("chunks" if not rest else "chunks and a part") if whole else "a part"


def page(bits: int) -> int:
    """The address of a page whose number has so many bits, but for the last 2^44 bytes of 2^64."""
    return random.randrange(1 << bits - 1, min(1 << bits, (1 << 52) - (1 << 32))) * PAGE_BYTES


class JobSequence(uvm_sequence):
    """Jobs, one after another; a reset ends the sequence."""

    def __init__(self, *items: JobItem) -> None:
        super().__init__("jobs")
        self.items = items

    async def body(self) -> None:
        """Returns when the last job is done."""
        for item in self.items:
            await self.start_item(item)
            await self.finish_item(item)
            if item.cut_short:
                break


class StreamScoreboard(Scoreboard):
    """Compares commands with a schedule that is generated on the fly, since it may be very long."""

    def build_phase(self) -> None:
        """`taken` is called for each command that was right."""
        super().build_phase()
        self.coming: Iterator[Expected] = iter(())
        self.taken: Callable[[Beat, bool, bool], None]
        self.first = True

    def begin(self, commands: Iterator[Expected]) -> None:
        """Starts a job."""
        assert self.drained, f"{self.get_name()}: a job began before the last one's commands came"
        self.coming = commands
        self.first = True

    def _fill(self) -> None:
        if not self.expected:
            self.expected.extend(command for command in [next(self.coming, None)] if command)

    def _observe(self, beat: Beat) -> None:
        self._fill()
        super()._observe(beat)
        self.taken(beat, self.first, self.drained)
        self.first = False

    @property
    def drained(self) -> bool:
        """Whether all commands of the job have come."""
        self._fill()
        return not self.expected

    def flush(self, clock: int) -> None:
        """Handles a reset, which ends the schedule."""
        self.coming = iter(())
        super().flush(clock)

    def check_phase(self) -> None:
        """Some jobs have no command for a stream; the environment checks that something was
        compared."""
        assert self.drained, f"{self.get_name()}: commands never came"


class SchedulePredictor(uvm_component):
    """Predicts the streams at a job's start, and checks at its end that all commands came."""

    def build_phase(self) -> None:
        """Listens to the job's `events`, and to every accepted command."""
        self.config = configs.load(os.environ["CROCUTA_CONFIG"])
        self.events = Listener("events", self, self._event)
        self.boards: dict[str, StreamScoreboard] = {}
        self.reset()
        block = "chunk_controller"
        self._sample_convolve = covergroup(
            f"{block}.convolve",
            {"x": LENGTHS, "h": LENGTHS, "longer": ("x", "h", "neither")},
            {"x_x_h": ("x", "h")},
        )
        self._sample_groups = covergroup(
            f"{block}.groups",
            {
                "outputs": ("one", "two"),
                "x": ("one", "even", "odd"),
                "h": ("one", "shorter", "as long"),
            },
            {"all": ("outputs", "x", "h")},
            # A filter of one chunk is as long as one of x.
            {"all": [(None, "one", "shorter")]},
        )
        self._sample_stream = covergroup(
            f"{block}.stream",
            {
                "past": ("none", "less than h", "as much as h"),
                "x": ("odd", "even"),
                "place": ("no turn", "in the past", "in x"),
            },
            {"past_x_x": ("past", "x"), "past_x_place": ("past", "place")},
            # The ring has room for all chunks of h and of x, so it turns only once as many as h has
            # came before.
            {
                "past_x_place": [
                    (past, place)
                    for past in ("none", "less than h")
                    for place in ("in the past", "in x")
                ]
            },
        )
        self._sample_prepare = covergroup(f"{block}.prepare", {"h": LENGTHS})
        self._sample_job = covergroup(
            f"{block}.job",
            {"mode": ("prepare", "convolve"), "channels": ("one", "two", "more")},
            {"mode_x_channels": ("mode", "channels")},
        )
        self._sample_command = covergroup(
            f"{block}.command",
            {
                "stream": tuple(STREAMS),
                "place": ("first", "between", "last"),
                "stall": ("none", "stalled"),
            },
            {"stream_x_place_x_stall": ("stream", "place", "stall")},
        )
        self._sample_longest = covergroup(
            f"{block}.longest", {"row": ("x", "h", "both", "a prepared h")}
        )
        self._sample_closed = seldom(f"{block}.closed", {"stream": tuple(STREAMS)})
        self._sample_channels = {
            kind: covergroup(f"{block}.channels", {kind: bins})
            for kind, bins in (("begun", CHANNELS), ("ended", CHANNELS[:-1]))
        }
        self._sample_taking = covergroup(
            f"{block}.taking",
            {
                "consumers": ("one at a time", "together"),
                "order": ("that of the schedule", "another"),
            },
            {"consumers_x_order": ("consumers", "order")},
            # Streams with simultaneous consumers do not wait for one another.
            {"consumers_x_order": [("together", "that of the schedule")]},
        )
        self._sample_reset = covergroup(
            f"{block}.reset_at", {"state": ("idle", "busy", "draining", "done")}
        )

    def reset(self) -> None:
        """Starts without a job."""
        self.running = False
        self.finished = False
        self.last_command: int | None = None
        self.schedule: Iterator[str] = iter(())
        """The streams of the commands still to come, in the schedule's order."""
        self.in_order = True
        self.together = False

    async def run_phase(self) -> None:
        """Whether more than one consumer is ready at a time while a job runs."""
        dut = self.get_parent().dut
        readies = [getattr(dut, f"{name}_ready_i") for name in STREAMS]
        while True:
            await FallingEdge(dut.clk_i)
            if self.running and not self.together:
                self.together = sum(read(ready) for ready in readies) > 1

    def on_reset(self) -> None:
        """Handles the first clock of a reset; draining: all passes were accepted, but not
        everything."""
        state = "done" if self.finished else "idle"
        if self.running:
            state = "draining" if self.boards["pass"].drained else "busy"
        self._sample_reset(state)
        self.reset()

    def attach(self, name: str, board: StreamScoreboard) -> None:
        """A stream's scoreboard."""
        self.boards[name] = board

        def taken(beat: Beat, first: bool, last: bool) -> None:
            self.last_command = beat.clock
            self.in_order = self.in_order and name == next(self.schedule)
            if beat.wait >= CLOSED_CLOCKS:
                self._sample_closed(name)
            stall = "stalled" if beat.wait else "none"
            for place, here in (("first", first), ("last", last)):
                if here:
                    self._sample_command(name, place, stall)
            if not (first or last):
                self._sample_command(name, "between", stall)

        board.taken = taken

    def commands(self, name: str, job: Job) -> Iterator[Expected]:
        """A stream of the job's schedule."""
        for command in schedule(self.config, job):
            if isinstance(command, STREAMS[name]):
                yield Expected(tuple(map(int, dataclasses.astuple(command))))

    def _event(self, event: JobEvent) -> None:
        if event.kind == "start":
            self._sample(event.job)
            for name, board in self.boards.items():
                board.begin(self.commands(name, event.job))
            self.running, self.finished = True, False
            self.schedule = (NAMES[type(each)] for each in schedule(self.config, event.job))
            self.in_order, self.together = True, False
            self.last_command = None
            return
        left = [name for name, board in self.boards.items() if not board.drained]
        assert not left, f"done_o before all commands of {' and '.join(left)} were taken"
        assert self.last_command is not None, "done_o of a job without commands"
        late = event.clock - self.last_command
        assert 1 <= late <= DONE_CLOCKS, f"done_o came {late} clocks after the last command"
        self.running, self.finished = False, True
        self._sample_channels["ended"](channels_class(event.job.channels))
        self._sample_taking(
            "together" if self.together else "one at a time",
            "that of the schedule" if self.in_order and not self.together else "another",
        )

    def _sample(self, job: Job) -> None:
        chunk = self.config.chunk
        channels = ("one", "two", "more")[min(job.channels, 3) - 1]
        self._sample_job(job.mode.name.lower(), channels)
        self._sample_channels["begun"](channels_class(job.channels))
        longest = 1 << (len(self.get_parent().dut.length_x_i) - 1)
        h = length_class(job.length_h, chunk)
        if job.mode == Mode.PREPARE:
            self._sample_prepare(h)
            if job.length_h == longest:
                self._sample_longest("a prepared h")
            return
        rows = (job.length_x == longest) + 2 * (job.length_h == longest)
        if rows:
            self._sample_longest(("x", "h", "both")[rows - 1])
        p, ph = (chunk_count(self.config, length) for length in (job.length_x, job.length_h))
        self._sample_groups(
            ("one", "two")[self.config.outputs - 1],
            "one" if p == 1 else ("even", "odd")[p % 2],
            "one" if ph == 1 else "shorter" if ph < p else "as long",
        )
        if job.ring:
            self._stream(job, p, ph)
        longer = (job.length_x < job.length_h) + 2 * (job.length_x == job.length_h)
        self._sample_convolve(length_class(job.length_x, chunk), h, ("x", "h", "neither")[longer])

    def _stream(self, job: Job, p: int, ph: int) -> None:
        """Coverage of a stream's job: the chunks before its p, and where its ring turns."""
        past = past_chunks(self.config, job)
        rows = range(job.first_chunk - past, job.first_chunk + p)
        # The first row but for the very first one that begins a turn.
        turn = next((n for n in rows[1:] if n % job.ring == 0), None)
        self._sample_stream(
            "none" if not past else "less than h" if past < ph else "as much as h",
            ("even", "odd")[p % 2],
            "no turn" if turn is None else "in the past" if turn < job.first_chunk else "in x",
        )


class ChunkControllerEnv(BlockEnv):
    """The job's agent, an agent and a scoreboard per stream, and the predictor."""

    block = "chunk_controller"

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        configure(self, "job", JobConfig(self.dut, f"{self.block}.jobs"))
        self.job = JobAgent.create("job", self)
        self.predictor = SchedulePredictor.create("predictor", self)
        self.streams: dict[str, BeatAgent] = {}
        self.boards: dict[str, StreamScoreboard] = {}
        for name, kind in STREAMS.items():
            fields = tuple(f"{name}_{field.name}_o" for field in dataclasses.fields(kind))
            config = BeatConfig(
                self.dut, None, f"{name}_valid_o", fields, f"{name}_ready_i", role="sink"
            )
            configure(self, name, config)
            self.streams[name] = BeatAgent.create(name, self)
            self.boards[name] = StreamScoreboard.create(f"{name}_commands", self)
        self.scoreboards += self.boards.values()

    def connect_phase(self) -> None:
        """Connects each stream to its scoreboard."""
        super().connect_phase()
        self.job.monitor.port.connect(self.predictor.events)
        for name, board in self.boards.items():
            self.predictor.attach(name, board)
            self.streams[name].monitor.port.connect(board.observe)

    def on_reset(self, clock: int) -> None:
        """Resets the predictor first, because it reads the scoreboards."""
        self.predictor.on_reset()
        super().on_reset(clock)

    @property
    def compared(self) -> int:
        """The number of correct commands, over all streams."""
        return sum(board.compared for board in self.boards.values())

    def check_phase(self) -> None:
        """Checks that something was compared."""
        assert self.compared, "no command was compared"


class ControllerTest(BlockTest):
    """Operations shared by the tests."""

    env_class = ChunkControllerEnv

    @property
    def config(self) -> Config:
        """The design's configuration."""
        config: Config = self.env.predictor.config
        return config

    @property
    def max_length(self) -> int:
        """The longest row."""
        return 1 << (len(self.dut.length_x_i) - 1)

    def random_job(self, chunks: int, channels: int) -> Job:
        """A job with at most the given numbers of chunks and channels."""
        chunk = self.config.chunk

        def length() -> int:
            limit = min(chunks * chunk, self.max_length)
            whole = chunk * random.randint(0, chunks) + random.choice((-1, 0, 0, 1))
            choices = (1, limit, whole, random.randint(1, limit), random.randint(1, limit))
            return min(max(1, random.choice(choices)), limit)

        job = Job(
            random.choice((Mode.CONVOLVE, Mode.CONVOLVE, Mode.PREPARE)),
            random.randint(1, channels),
            length(),
            length(),
            *self.pointers(),
        )
        return self.stream(job) if random.random() < 0.4 else job

    def stream(self, job: Job, first_chunk: int | None = None) -> Job:
        """The job with a ring, if one has room for it, after so many chunks or any number; PREPARE
        with anything instead."""
        if job.mode == Mode.PREPARE:
            ring = random.getrandbits(len(self.dut.ring_i))
            return dataclasses.replace(job, ring=ring, first_chunk=random.getrandbits(32))
        ph, p = (chunk_count(self.config, length) for length in (job.length_h, job.length_x))
        ring = 1 << (ph + p - 1).bit_length() + random.choice((0, 0, 0, 1))
        if ring > self.max_length // self.config.chunk:
            return job
        places = (0, random.randint(0, ph), random.randint(ph, 2 * ring), random.getrandbits(32))
        place = random.choice(places) if first_chunk is None else first_chunk
        return dataclasses.replace(job, ring=ring, first_chunk=place)

    def pointers(self) -> list[int]:
        """Five pages anywhere in 2^64 bytes, with room for a job's arrays behind each."""
        return [page(random.choice((20, 32, 52, 52))) for _ in range(5)]

    async def profile(self, profile: str, *names: str) -> None:
        """Gives the consumers of some streams, or of all, a profile."""
        agents = [self.env.streams[name] for name in names or STREAMS]
        await gather(*(BeatSequence(profile).start(agent.sequencer) for agent in agents))

    async def take_one(self, name: str, clocks: int) -> None:
        """Accepts a command, which must come within a number of clocks."""
        sequence = BeatSequence(ONE).start(self.env.streams[name].sequencer)
        await with_timeout(sequence, clocks * PERIOD_NS, "ns")

    async def run(self, job: Job, pause: int = 0) -> None:
        """Runs a job to its end or to a reset."""
        await JobSequence(JobItem(job, pause)).start(self.env.job.sequencer)

    async def run_phase(self) -> None:
        """Runs the test with a watchdog."""
        cocotb.start_soon(self.watch())
        await super().run_phase()

    async def watch(self) -> None:
        """Fails if no command comes for too long during a job; never returns."""
        since, taken = clock_now(), self.env.compared
        while True:
            await FallingEdge(self.dut.clk_i)
            if self.env.compared != taken or not self.env.predictor.running:
                since, taken = clock_now(), self.env.compared
            stuck = clock_now() - since
            assert stuck < STUCK_CLOCKS, f"stuck after {taken} commands at clock {clock_now()}"
