# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of the valid-gated pipelines: each beat in may push a beat out, a fixed number of
clocks later."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cocotb
from pyuvm import uvm_analysis_port, uvm_component

from tb.agents.agent import Listener, configure
from tb.agents.beat import Beat, BeatAgent, BeatConfig, BeatSequence
from tb.envs.base import BlockEnv
from tb.envs.scoreboard import Expected, PulseScoreboard, Scoreboard
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup

PLACES = ("first", "middle", "last")
"""Positions of a beat in a chunk."""
PAUSES = (3, 20)
"""A short and a long pause in clocks, allowing for the driver's own."""
STALLS = ("none", "short", "long")
"""Classes of the input's pause before a beat: 0, 1 to 7, more clocks."""

# Chunks of these sizes or larger take seconds each.
SLOW_CHUNK = {"verilator": 4096, "icarus": 512}


def is_slow(chunk: int) -> bool:
    """Whether a bench should limit itself to a few chunks of this size in this simulator."""
    sim = "icarus" if cocotb.SIM_NAME.lower().startswith("icarus") else "verilator"
    return chunk >= SLOW_CHUNK[sim]


class Predictor(uvm_component):
    """Collects incoming chunks and predicts the outputs and their clocks; subclasses add the model.

    Predictions are based on the ports, not on the sequences, so that a driver's fault shows.
    """

    chunk_beats: int

    def build_phase(self) -> None:
        """Listens on `beats`, and writes `expected` beats and `flags`, the flag's clocks."""
        self.beats = Listener("beats", self, self._beat)
        self.expected = uvm_analysis_port("expected", self)
        self.flags = uvm_analysis_port("flags", self)
        self.collected: list[Beat] = []
        self.last_clock: int | None = None
        block = self.get_parent().block
        self._sample_place = covergroup(
            f"{block}.beat",
            {"place": PLACES, "stall": STALLS},
            {"stall_x_boundary": ("stall", "place")},
        )
        self._sample_reset = covergroup(f"{block}.reset_at", {"place": ("boundary", "inside")})

    def _beat(self, beat: Beat) -> None:
        self.collected.append(beat)
        count = len(self.collected)
        pause = 0 if self.last_clock is None else beat.clock - self.last_clock - 1
        place = (count > 1) + (count == self.chunk_beats)
        self._sample_place(PLACES[place], STALLS[(pause > 0) + (pause > 7)])
        self.last_clock = beat.clock
        if count == self.chunk_beats:
            self.chunk(self.collected)
            self.collected = []
        self.beat(beat)

    def chunk(self, incoming: Sequence[Beat]) -> None:
        """Called for the last beat of a chunk, before `beat`."""

    def beat(self, beat: Beat) -> None:
        """Called for every incoming beat."""
        raise NotImplementedError

    def expect(self, value: int, clock: int) -> None:
        """Expects an output beat in this clock."""
        self.expected.write(Expected((value,), clock))

    def cut_short(self, incoming: Sequence[Beat], clock: int) -> None:
        """Called when no more of this chunk will come: expects what its beats have caused before
        the clock."""

    def on_reset(self, clock: int) -> None:
        """Handles the first clock of a reset, before the scoreboards compare."""
        if self.collected:
            self.cut_short(self.collected, clock)

    def extract_phase(self) -> None:
        """The end of the test cuts a chunk short, as a reset does."""
        self.on_reset(clock_now())

    def reset(self) -> None:
        """Forgets everything."""
        if self.last_clock is not None:
            self._sample_reset("inside" if self.collected else "boundary")
        self.collected = []
        self.last_clock = None


class PipelineEnv(BlockEnv):
    """Agents for source, output and flag, a predictor, and a scoreboard per output."""

    predictor_class: type[Predictor]
    inputs: tuple[str, ...] = ("beat_i",)
    outputs: tuple[str, ...] = ("beat_o",)
    flag: str | None = "saturated_o"

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        ports = {
            "source": BeatConfig(
                self.dut, f"{self.block}.source", "valid_i", self.inputs, role="source"
            ),
            "output": BeatConfig(self.dut, f"{self.block}.output", "valid_o", self.outputs),
        }
        for name, config in ports.items():
            configure(self, name, config)
        self.source = BeatAgent.create("source", self)
        self.output = BeatAgent.create("output", self)
        self.predictor: Predictor = self.predictor_class.create("predictor", self)
        self.data_scoreboard = Scoreboard.create("beats_out", self)
        self.scoreboards.append(self.data_scoreboard)
        if self.flag is not None:
            self.flag_agent, self.flag_scoreboard = self.pulse_agent(self.flag)

    def pulse_agent(self, port: str) -> tuple[BeatAgent, PulseScoreboard]:
        """Adds a passive agent and a scoreboard for a pulse."""
        name = port.removesuffix("_o")
        configure(self, name, BeatConfig(self.dut, None, port, ()))
        scoreboard = PulseScoreboard.create(f"{name}_pulses", self)
        self.scoreboards.append(scoreboard)
        return BeatAgent.create(name, self), scoreboard

    def connect_phase(self) -> None:
        """Connects inputs to the predictor, and predictions and outputs to the scoreboards."""
        super().connect_phase()
        self.source.monitor.port.connect(self.predictor.beats)
        self.predictor.expected.connect(self.data_scoreboard.expect)
        self.output.monitor.port.connect(self.data_scoreboard.observe)
        if self.flag is not None:
            self.predictor.flags.connect(self.flag_scoreboard.expect)
            self.flag_agent.monitor.port.connect(self.flag_scoreboard.observe)

    def on_reset(self, clock: int) -> None:
        """Handles a reset: the predictor first reports what is still due, then forgets."""
        self.predictor.on_reset(clock)
        super().on_reset(clock)
        self.predictor.reset()


async def send(env: Any, beats: Sequence[tuple[int, ...]], profile: str) -> None:
    """Sends beats, if there are any, to a pipeline's source."""
    if beats:
        await BeatSequence(profile, beats).start(env.source.sequencer)


async def send_with_pauses(env: Any, beats: Sequence[tuple[int, ...]], pause: int) -> None:
    """Sends a chunk with a pause before its first beat, one inside and one before its last."""
    middle = random.randint(0, len(beats) - 1)
    for part in (beats[:middle], beats[middle:-1], beats[-1:]):
        await env.drain(0, pause)
        await send(env, part, "none")


def cut(beats: Sequence[Any]) -> Sequence[Any]:
    """Some of the first beats, not all."""
    return beats[: random.randint(1, max(1, len(beats) - 1))]
