# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of four_step_controller: a job's agent, a sink on every command stream, writers
that acknowledge the stores, and the model's schedule in one scoreboard per stream."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, gather, with_timeout
from pyuvm import uvm_component

from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.convolution.four_step_controller import (
    HELD,
    STREAMS,
    Kind,
    schedule,
    sizes,
)
from crocuta.models.ports import spectrum_ports
from tb.agents.agent import Listener, configure, read
from tb.agents.beat import ONE, Beat, BeatAgent, BeatConfig, BeatSequence
from tb.agents.job import JobAgent, JobConfig, JobEvent, JobItem
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.chunk_controller import JobSequence, StreamScoreboard, page
from tb.envs.scoreboard import Expected
from tb.lib.clock import PERIOD_NS, clock_now
from tb.lib.coverage import covergroup

# Maximum clocks from a job's last accepted command to done.
DONE_CLOCKS = 8
# Clocks without a command after which none will come.
STUCK_CLOCKS = 2000
PLACES = ("one sample", "a part of a row", "whole rows", "rows and a part")
PACES = ("at once", "one a clock", "seldom")
"""How fast a writer acknowledges bursts."""


def length_class(length: int, chunk: int) -> str:
    """The class of a length."""
    whole, rest = divmod(length, chunk)
    if length == 1:
        return "one sample"
    return "a part of a row" if not whole else "rows and a part" if rest else "whole rows"


class Writers(uvm_component):
    """The writers of x and z: they acknowledge, burst by burst, chunks that have been pushed out of
    an engine and whose store command has been accepted. Drives the counts since the job started."""

    def build_phase(self) -> None:
        """Listens to the streams that lead to a burst."""
        self.dut: Any = cocotb.top
        self.config = configs.load_model(os.environ["CROCUTA_CONFIG"])
        self.pace = {"x": "at once", "z": "at once"}
        self.closed: set[str] = set()
        self.listeners = {
            name: Listener(f"{name}_taken", self, self._taken(name))
            for name in ("forward", "inverse", "x_store", "z_store")
        }
        self.begin(None)

    def begin(self, job: Job | None) -> None:
        """Starts a job, or none."""
        self.job = job
        self.held: dict[str, deque[Kind]] = {"forward": deque(), "inverse": deque()}
        self.left: dict[str, Counter[Kind]] = {name: Counter() for name in self.held}
        self.stores = {"x": 0, "z": 0}
        self.written = {"x": 0, "z": 0}

    def bursts(self, name: str) -> int:
        """The bursts of a tile of x, or of a row of z."""
        assert self.job is not None
        rows = sizes(self.config, self.job).rows if name == "x" else 1
        return len(spectrum_ports.bursts(self.config, 0, rows))

    def enter(self, engine: str, kind: Kind) -> None:
        """A chunk enters an engine, or a flush, and those leave that it pushes out as a whole."""
        held = self.held[engine]
        if kind != Kind.FLUSH:
            held.append(kind)
        while held and (kind == Kind.FLUSH or len(held) > HELD[held[0]]):
            self.left[engine][held.popleft()] += 1

    def due(self, name: str) -> int:
        """The bursts that may be acknowledged: those of whole chunks that have left their engine,
        and those of z only after their rows have left the forward engine."""
        if self.job is None:
            return 0
        tiles, rows = self.left["forward"][Kind.TILE], self.left["forward"][Kind.ROW]
        back = self.left["inverse"][Kind.ROW]
        left = tiles if name == "x" else min(rows, back)
        return min(left, self.stores[name]) * self.bursts(name)

    def _taken(self, name: str) -> Callable[[Beat], None]:
        """The callback for a stream's commands."""

        def taken(beat: Beat) -> None:
            if name in self.held:
                kind, _ = beat.values
                self.enter(name, Kind(kind))
            else:
                self.stores[name.removesuffix("_store")] += 1

        return taken

    async def run_phase(self) -> None:
        """Runs in every clock."""
        ports = {"x": self.dut.x_written_i, "z": self.dut.z_written_i}
        while True:
            await RisingEdge(self.dut.clk_i)
            if not read(self.dut.rst_ni):
                self.begin(None)
            for name, port in ports.items():
                port.value = self.written[name]
                ready = self.due(name) - self.written[name]
                if name in self.closed or not ready:
                    continue
                pace = self.pace[name]
                if pace == "at once":
                    self.written[name] += ready
                elif pace == "one a clock" or random.random() < 0.1:
                    self.written[name] += 1


class FourStepPredictor(uvm_component):
    """Predicts the streams at a job's start, and checks at its end that all commands came."""

    def build_phase(self) -> None:
        """Listens to the job's `events`, and to every accepted command."""
        self.dut: Any = cocotb.top
        self.config = configs.load_model(os.environ["CROCUTA_CONFIG"])
        self.events = Listener("events", self, self._event)
        self.boards: dict[str, StreamScoreboard] = {}
        self.writers: Writers
        block = "four_step_controller"
        self._sample_job = covergroup(
            f"{block}.job",
            {
                "mode": ("prepare", "convolve"),
                "channels": ("one", "two", "more"),
                "rows": ("one", "some", "most"),
            },
            {"mode_x_channels_x_rows": ("mode", "channels", "rows")},
        )
        self._sample_length = covergroup(
            f"{block}.length",
            {"length": PLACES, "rows": ("as many as it needs", "more")},
            {"length_x_rows": ("length", "rows")},
        )
        self._sample_next = covergroup(
            f"{block}.next_rows", {"rows": ("the same", "fewer", "more")}
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
        self._sample_wait = covergroup(
            f"{block}.wait",
            {"engine": ("forward", "inverse"), "acknowledged": PACES},
            {"engine_x_acknowledged": ("engine", "acknowledged")},
        )
        self.sample_closed = covergroup(f"{block}.closed", {"stream": tuple(STREAMS)})
        self.sample_order = covergroup(f"{block}.order", {"taken": ("program", "one open")})
        self._sample_many = covergroup(
            f"{block}.many", {"channels": ("up to 256", "more", "65,536")}
        )
        self._sample_gap = covergroup(
            f"{block}.load_gap", {"clocks": ("1", "across channels", "stalled")}
        )
        self._sample_reset = covergroup(
            f"{block}.reset_at", {"state": ("idle", "busy", "waiting", "done")}
        )
        self.last_rows: int | None = None
        self.reset()

    @property
    def most(self) -> int:
        """The most rows."""
        longest: int = 1 << (len(self.dut.length_x_i) - 1)
        return longest // self.config.chunk

    def reset(self) -> None:
        """Starts without a job."""
        self.running = False
        self.finished = False
        self.last_command: int | None = None
        self.last_load = 0
        self.read_back = {"x": 0, "z": 0}

    def on_reset(self) -> None:
        """Handles the first clock of a reset; waiting: for acknowledgements still to come."""
        state = "done" if self.finished else "idle"
        if self.running:
            owed = [name for name in ("x", "z") if self.writers.due(name) > self._seen(name)]
            state = "waiting" if owed else "busy"
        self._sample_reset(state)
        self.reset()

    def _seen(self, name: str) -> int:
        return read(getattr(self.dut, f"{name}_written_i"))

    def attach(self, name: str, board: StreamScoreboard) -> None:
        """A stream's scoreboard."""
        self.boards[name] = board

        def taken(beat: Beat, first: bool, last: bool) -> None:
            if name == "load" and not first:
                gap = beat.clock - self.last_load
                self._sample_gap("1" if gap == 1 else "stalled" if beat.wait else "across channels")
            if name == "load":
                self.last_load = beat.clock
            self.last_command = beat.clock
            stall = "stalled" if beat.wait else "none"
            for place, here in (("first", first), ("last", last)):
                if here:
                    self._sample_command(name, place, stall)
            if not (first or last):
                self._sample_command(name, "between", stall)
            if name in ("x_read", "z_read"):
                self._read(name[0])

        board.taken = taken

    def _read(self, name: str) -> None:
        """Checks that the whole channel that is read back has been acknowledged."""
        job = self.writers.job
        assert job is not None
        rows = sizes(self.config, job).rows
        channel, place = divmod(self.read_back[name], rows)
        needed = (channel + 1) * rows * self.writers.bursts(name)
        found = self._seen(name)
        assert found >= needed, f"{name} is read with {found} of {needed} bursts acknowledged"
        self.read_back[name] += 1
        if not place:
            self._sample_wait("forward" if name == "x" else "inverse", self.writers.pace[name])

    def commands(self, name: str, job: Job) -> Iterator[Expected]:
        """A stream of the job's schedule."""
        for command in schedule(self.config, job):
            if isinstance(command, STREAMS[name]):
                yield Expected(tuple(map(int, dataclasses.astuple(command))))

    def _event(self, event: JobEvent) -> None:
        if event.kind == "start":
            self.reset()
            self._sample(event.job)
            self.writers.begin(event.job)
            for name, board in self.boards.items():
                board.begin(self.commands(name, event.job))
            self.running = True
            return
        left = [name for name, board in self.boards.items() if not board.drained]
        assert not left, f"done_o before all commands of {' and '.join(left)} were taken"
        assert self.last_command is not None, "done_o of a job without commands"
        late = event.clock - self.last_command
        assert 1 <= late <= DONE_CLOCKS, f"done_o came {late} clocks after the last command"
        rows = sizes(self.config, event.job).rows
        assert 1 << read(self.dut.rows_log2_o) == rows, "rows_log2_o is not the number of rows"
        self.running, self.finished = False, True

    def _sample(self, job: Job) -> None:
        rows = sizes(self.config, job).rows
        kind = "one" if rows == 1 else "most" if rows == self.most else "some"
        channels = ("one", "two", "more")[min(job.channels, 3) - 1]
        self._sample_job(job.mode.name.lower(), channels, kind)
        many = (job.channels > 256) + (job.channels == 1 << 16)
        self._sample_many(("up to 256", "more", "65,536")[many])
        length = job.length_x if job.mode == Mode.CONVOLVE else job.length_h
        needed = sizes(self.config, Job(job.mode, 1, length, length)).rows
        self._sample_length(
            length_class(length, self.config.chunk),
            "more" if rows > needed else "as many as it needs",
        )
        if self.last_rows is not None:
            change = (rows > self.last_rows) - (rows < self.last_rows)
            self._sample_next(("the same", "more", "fewer")[change])
        self.last_rows = rows


class FourStepControllerEnv(BlockEnv):
    """The job's agent, an agent and a scoreboard per stream, the writers and the predictor."""

    block = "four_step_controller"

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        configure(self, "job", JobConfig(self.dut, f"{self.block}.jobs"))
        self.job = JobAgent.create("job", self)
        self.predictor = FourStepPredictor.create("predictor", self)
        self.writers = Writers.create("writers", self)
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
        """Connects each stream to its scoreboard, and those that lead to bursts to the writers."""
        super().connect_phase()
        self.predictor.writers = self.writers
        self.job.monitor.port.connect(self.predictor.events)
        for name, board in self.boards.items():
            self.predictor.attach(name, board)
            self.streams[name].monitor.port.connect(board.observe)
        for name, listener in self.writers.listeners.items():
            self.streams[name].monitor.port.connect(listener)

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


class FourStepTest(BlockTest):
    """Operations shared by the tests."""

    env_class = FourStepControllerEnv

    @property
    def config(self) -> Config:
        """The design's configuration."""
        config: Config = self.env.predictor.config
        return config

    @property
    def most(self) -> int:
        """The most rows."""
        rows: int = self.env.predictor.most
        return rows

    def job(self, mode: Mode, channels: int, length: int, rows: int) -> Job:
        """A job with a number of rows that transforms `length` samples."""
        chunk = self.config.chunk
        longest = rows * chunk - random.choice((0, 0, random.randrange(chunk // 2)))
        lengths = (length, max(longest, length))
        if mode == Mode.PREPARE:
            lengths = (lengths[1], lengths[0])
        return Job(mode, channels, *lengths, *self.pointers())

    def random_job(self, channels: int) -> Job:
        """A job with at most this number of channels, any number of rows and any length in them."""
        rows = 1 << random.randrange(self.most.bit_length())
        most = rows * self.config.chunk
        whole = self.config.chunk * random.randint(1, rows)
        choices = (1, most, whole, whole - 1, whole + 1, random.randint(1, most))
        length = min(max(1, random.choice(choices)), most)
        mode = random.choice((Mode.CONVOLVE, Mode.CONVOLVE, Mode.PREPARE))
        return self.job(mode, random.randint(1, channels), length, rows)

    def pointers(self) -> list[int]:
        """Five pages anywhere in 2^64 bytes, with room for a job's arrays behind each."""
        return [page(random.choice((20, 32, 52, 52))) for _ in range(5)]

    def pace(self, *paces: str) -> None:
        """Sets how fast the writers acknowledge, each to one of `paces`."""
        self.env.writers.pace = {name: random.choice(paces) for name in ("x", "z")}

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
        """Fails if for too long during a job no command comes and no burst is acknowledged, for
        which the next command may have to wait; never returns."""
        since, last = clock_now(), (0, 0)
        while True:
            await FallingEdge(self.dut.clk_i)
            now = (self.env.compared, sum(self.env.writers.written.values()))
            if now != last or not self.env.predictor.running:
                since, last = clock_now(), now
            stuck = clock_now() - since
            assert stuck < STUCK_CLOCKS, f"stuck after {now[0]} commands at clock {clock_now()}"
