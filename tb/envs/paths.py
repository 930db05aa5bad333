# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Common to the environments of forward_path and inverse_path: an engine, followed by a FIFO whose
places are reserved as beats enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cocotb

from crocuta.models.cfp import Cfp
from tb.agents.agent import Listener, configure
from tb.agents.beat import CLOSED, Beat, BeatAgent, BeatConfig, BeatSequence
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.fft_engine import EnginePredictor
from tb.envs.pipeline import is_slow, send
from tb.envs.scoreboard import Expected, PulseScoreboard, Scoreboard
from tb.lib.coverage import covergroup, seldom


def credits(dut: Any) -> int:
    """The beats that can enter after a reset while none is accepted at the output: those that fill
    the engine, and one per place in the FIFO."""
    chunk = int(dut.Chunk.value)
    clocks = 24 * (chunk.bit_length() - 1) + 16
    return chunk // int(dut.Lanes.value) - 1 + (1 << (clocks - 1).bit_length())


class PathPredictor(EnginePredictor):
    """The engine's predictor, whose beats may wait in the FIFO for any time."""

    def cover(self) -> None:
        """Creates the covergroup of the chunks."""
        self._sample_chunk = covergroup(
            f"{self.get_parent().block}.chunk", {"saturated": ("no", "yes")}
        )

    def sample(self, words: Cfp, saturated: bool, columns: int) -> None:
        """Coverage of a chunk."""
        self._sample_chunk("yes" if saturated else "no")

    def expect(self, value: int, clock: int) -> None:
        """Expects an output beat, whenever the FIFO's consumer accepts it."""
        self.expected.write(Expected((value,)))


class PathEnv(BlockEnv):
    """A source and a sink, with scoreboards for the outputs and the pulses."""

    predictor_class: type[PathPredictor]
    inputs: tuple[str, ...]
    output: str
    pulses: tuple[str, ...]

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        source = BeatConfig(
            self.dut, f"{self.block}.source", "valid_i", self.inputs, "ready_o", role="source"
        )
        sink = BeatConfig(
            self.dut, f"{self.block}.sink", "valid_o", (self.output,), "ready_i", role="sink"
        )
        for name, config in (("source", source), ("sink", sink)):
            configure(self, name, config)
        self.source = BeatAgent.create("source", self)
        self.sink = BeatAgent.create("sink", self)
        self.data_scoreboard = Scoreboard.create("beats_out", self)
        self.scoreboards.append(self.data_scoreboard)
        self.pulse_agents: dict[str, BeatAgent] = {}
        self.pulse_boards: dict[str, PulseScoreboard] = {}
        for port in self.pulses:
            name = port.removesuffix("_o")
            configure(self, name, BeatConfig(self.dut, None, port, ()))
            self.pulse_agents[name] = BeatAgent.create(name, self)
            self.pulse_boards[name] = PulseScoreboard.create(f"{name}_pulses", self)
        self.scoreboards += self.pulse_boards.values()
        self.predictor: PathPredictor = self.predictor_class.create("predictor", self)
        places = credits(self.dut)
        self.marks = {places: "as many as there are places", 2 * places: "twice as many"}
        self._sample_run = covergroup(f"{self.block}.run", {"beats": tuple(self.marks.values())})
        self._sample_full = seldom(f"{self.block}.full", {"places": ("some free", "none free")})
        self.places = places
        self.entered = 0
        """Beats that have entered."""
        self.run = 0
        """Consecutive ones among them, up to the previous clock."""
        self.last: int | None = None
        """The clock of the latest one."""
        self.inside = 0
        """Beats since the reset that have not come out, including those that fill the engine."""
        self.waits = 0
        """Clocks that they have waited."""
        self.count = Listener("count", self, self._count)
        self.leave = Listener("leave", self, self._leave)

    def connect_phase(self) -> None:
        """Connects inputs to the predictor, and predictions and outputs to the scoreboards."""
        super().connect_phase()
        self.source.monitor.port.connect(self.predictor.beats)
        self.source.monitor.port.connect(self.count)
        self.sink.monitor.port.connect(self.leave)
        self.predictor.expected.connect(self.data_scoreboard.expect)
        self.predictor.flags.connect(self.pulse_boards["saturated"].expect)
        self.sink.monitor.port.connect(self.data_scoreboard.observe)
        for name, agent in self.pulse_agents.items():
            agent.monitor.port.connect(self.pulse_boards[name].observe)

    def _count(self, beat: Beat) -> None:
        self.entered += 1
        self.waits += beat.wait
        self.run = self.run + 1 if self.last == beat.clock - 1 else 1
        self.last = beat.clock
        if self.run in self.marks:
            self._sample_run(self.marks[self.run])
        self.inside += 1
        self._sample_full("none free" if self.inside == self.places else "some free")

    def _leave(self, beat: Beat) -> None:
        self.inside -= 1

    def on_reset(self, clock: int) -> None:
        """Handles a reset: the predictor first reports what is still due, then forgets."""
        self.predictor.on_reset(clock)
        super().on_reset(clock)
        self.predictor.reset()
        self.inside = 0

    @property
    def slow(self) -> bool:
        """Whether simulating a chunk takes seconds in this simulator."""
        return is_slow(self.predictor.config.chunk)


class PathTest(BlockTest):
    """Operations shared by the tests of both paths."""

    # The last chunk takes this long through the pipelines and the FIFO with a slow sink.
    drain_limit = 20_000

    async def sink(self, profile: str) -> None:
        """Sets the profile with which the consumer accepts beats."""
        await BeatSequence(profile).start(self.env.sink.sequencer)

    async def beats(self, beats: Sequence[tuple[int, ...]], profile: str) -> None:
        """Sends beats."""
        await send(self.env, beats, profile)

    async def fill(self, beats: Sequence[tuple[int, ...]]) -> None:
        """While nothing is accepted, exactly as many beats enter as there are places for."""
        await self.sink(CLOSED)
        before, limit = self.env.entered, credits(self.dut)
        assert len(beats) > limit
        running = cocotb.start_soon(self.beats(beats, "none"))
        await self.env.drain(0, 3 * limit)
        assert self.env.entered - before == limit, (self.env.entered - before, limit)
        await self.sink("heavy")
        await running
        await self.sink("none")
