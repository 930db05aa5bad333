# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environments of four_step_forward and four_step_inverse: commands for chunks, two sources
and two outputs."""

from __future__ import annotations

import functools
import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge, with_timeout
from pyuvm import uvm_analysis_port, uvm_component

from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Cfp, Format
from crocuta.models.convolution.four_step_controller import Kind
from crocuta.models.convolution.overlap_add import real_word
from crocuta.models.transform import fft_engine
from crocuta.models.transform.twist import twist, untwist
from tb.agents.agent import Listener, configure, read
from tb.agents.beat import Beat, BeatAgent, BeatConfig, BeatSequence
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.fft_engine import config_of, from_order, to_order
from tb.envs.forward_path import sample_ints, samples_of
from tb.envs.pipeline import is_slow
from tb.envs.scoreboard import Expected, Scoreboard
from tb.lib.clock import PERIOD_NS
from tb.lib.coverage import ANSWERS, covergroup
from tb.lib.words import beat_ints, beat_words, random_words

KINDS = ("flush", "tile", "row", "chunk")
LATE_CLOCKS = 2000
CLOCKS_A_BEAT = 1000
"""Clocks that a test allows for each beat of its chunks."""
Streams = Mapping[str, tuple[str, tuple[str, ...], str]]
"""valid, data and ready of each stream."""
COMMAND = ("command_valid_i", ("kind_i", "row_i"), "command_ready_o")
FORWARD_SOURCES: Streams = {
    "command": COMMAND,
    "samples": ("samples_valid_i", ("samples_i",), "samples_ready_o"),
    "x": ("x_valid_i", ("x_i",), "x_ready_o"),
}
FORWARD_SINKS: Streams = {
    "tile": ("tile_valid_o", ("beat_o",), "tile_ready_i"),
    "row": ("row_valid_o", ("beat_o",), "row_ready_i"),
}
INVERSE_SOURCES: Streams = {
    "command": COMMAND,
    "x": ("x_valid_i", ("x_i",), "x_ready_o"),
    "h": ("h_valid_i", ("h_i",), "h_ready_o"),
    "z": ("z_valid_i", ("z_i",), "z_ready_o"),
}
INVERSE_SINKS: Streams = {
    "row": ("row_valid_o", ("row_o",), "row_ready_i"),
    "samples": ("samples_valid_o", ("samples_o",), "samples_ready_i"),
}


class Command(NamedTuple):
    """The next chunk."""

    kind: Kind
    row: int = 0


class FourStepPredictor(uvm_component):
    """Collects each command's beats from its sources, and predicts the beats of each output."""

    outputs: tuple[str, ...]
    """The streams that come out."""

    def build_phase(self) -> None:
        """Creates a listener for each source and a port for each output."""
        env = self.get_parent()
        self.dut = env.dut
        self.config = config_of(self.dut)
        self.fmt = Format.of(self.config)
        names = [name for name in env.sources if name != "command"]
        self.heard = {
            name: Listener(name, self, functools.partial(self._beat, name)) for name in names
        }
        self.command = Listener("command", self, self._command)
        self.expected = {name: uvm_analysis_port(name, self) for name in self.outputs}
        self.buffers: dict[str, deque[int]] = {name: deque() for name in names}
        self._sample = covergroup(
            f"{env.block}.chunk",
            {"kind": KINDS, "before": ("reset", *KINDS), "rows": ("one", "two", "some", "most")},
            {"kind_x_before": ("kind", "before")},
            {
                "kind_x_before": [
                    pair for one in ("tile", "row") for pair in ((one, "chunk"), ("chunk", one))
                ]
            },
        )
        self._sample_flags = covergroup(f"{env.block}.flags", {"saturated": ANSWERS})
        self.reset()

    def reset(self) -> None:
        """Discards everything."""
        for buffer in self.buffers.values():
            buffer.clear()
        self.commands: deque[Command] = deque()
        self.before = "reset"
        self.saturated = False
        self.non_finite = False

    @property
    def levels(self) -> int:
        """log2 of the transform's rows."""
        return int(self.dut.rows_log2_i.value)

    @property
    def idle(self) -> bool:
        """Whether every command has had all its beats."""
        return not self.commands

    def _command(self, beat: Beat) -> None:
        command = Command(Kind(beat.values[0]), beat.values[1])
        kind = KINDS[command.kind]
        most = self.config.column_levels
        rows = ("one", "two", "some")[min(self.levels, 2)] if self.levels < most else "most"
        self._sample(kind, self.before, rows)
        self.before = kind
        self.commands.append(command)
        self._advance()

    def _beat(self, name: str, beat: Beat) -> None:
        self.buffers[name].append(beat.values[0])
        self._advance()

    def _advance(self) -> None:
        count = self.config.chunk_beats
        while self.commands:
            kind, row = self.commands[0]
            taken = {name: self.buffers[name] for name in self.sources_of(kind)}
            if any(len(buffer) < count for buffer in taken.values()):
                return
            self.commands.popleft()
            if kind != Kind.FLUSH:
                beats = {name: [b.popleft() for _ in range(count)] for name, b in taken.items()}
                output, values, saturated = self.chunk(kind, row, beats)
                self.saturated |= saturated
                for value in values:
                    self.expected[output].write(Expected((value,)))

    def sources_of(self, kind: Kind) -> tuple[str, ...]:
        """The sources of a chunk's beats."""
        raise NotImplementedError

    def chunk(
        self, kind: Kind, row: int, beats: dict[str, list[int]]
    ) -> tuple[str, list[int], bool]:
        """A chunk's output, its beats there, and whether an exponent overflowed."""
        raise NotImplementedError

    def check_flags(self, saturated: bool, non_finite: bool) -> None:
        """After everything has left, checks that a flag rose if and only if it should have."""
        self._sample_flags(ANSWERS[self.saturated])
        assert saturated == self.saturated, "saturated_o"
        assert non_finite == self.non_finite, "non_finite_o"
        self.saturated = self.non_finite = False


class ForwardPredictor(FourStepPredictor):
    """Predicts tiles of columns from samples, and spectra from rows."""

    outputs = ("tile", "row")

    def sources_of(self, kind: Kind) -> tuple[str, ...]:
        """The stream of samples, or that of rows."""
        return {Kind.FLUSH: (), Kind.ROW: ("x",)}.get(kind, ("samples",))

    def chunk(
        self, kind: Kind, row: int, beats: dict[str, list[int]]
    ) -> tuple[str, list[int], bool]:
        """The models, one after the other."""
        config, fmt, levels = self.config, self.fmt, self.levels
        saturated = False
        columns = levels if kind == Kind.TILE else 0
        if kind == Kind.ROW:
            words = fft_engine.from_lanes(beat_words(beats["x"], config.lanes, fmt))
            turned = twist(words[None], slice(row, row + 1), 1 << levels, config)
            words, saturated = turned.words[0], turned.saturated
        else:
            samples = np.stack([samples_of(beat, config.lanes) for beat in beats["samples"]])
            converted = float_to_cfp(samples, fmt)
            self.non_finite |= converted.non_finite
            words = from_order(converted.words, config, False, columns)
        done = fft_engine.forward(words, config, columns or None)
        out = beat_ints(to_order(done.words, config, True, columns), fmt)
        return "tile" if kind == Kind.TILE else "row", out, saturated or done.saturated


class InversePredictor(FourStepPredictor):
    """Predicts untwisted rows from products, and samples from tiles of columns."""

    outputs = ("row", "samples")

    def sources_of(self, kind: Kind) -> tuple[str, ...]:
        """The stream of tiles, or those of both factors."""
        return {Kind.FLUSH: (), Kind.TILE: ("z",)}.get(kind, ("x", "h"))

    def chunk(
        self, kind: Kind, row: int, beats: dict[str, list[int]]
    ) -> tuple[str, list[int], bool]:
        """The models, one after the other."""
        config, fmt, levels = self.config, self.fmt, self.levels
        saturated = False
        columns = levels if kind == Kind.TILE else 0
        words = {name: beat_words(some, config.lanes, fmt) for name, some in beats.items()}
        if kind == Kind.TILE:
            entering = words["z"]
        else:
            product = multiply(words["x"], words["h"], fmt)
            entering, saturated = product.word, product.saturated
        entering = from_order(entering, config, True, columns)
        done = fft_engine.inverse(entering, config, columns or None)
        saturated |= done.saturated
        if kind == Kind.ROW:
            turned = untwist(done.words[None], slice(row, row + 1), 1 << levels, config)
            out = beat_ints(fft_engine.to_lanes(turned.words[0], config), fmt)
            return "row", out, saturated or turned.saturated
        left = to_order(done.words, config, False, columns)
        real = cfp_to_float(real_word(left.re, left.exponent, fmt), fmt)
        values = [value for (value,) in sample_ints(real.samples)]
        return "samples", values, saturated or real.saturated


class FourStepEnv(BlockEnv):
    """An agent for each stream, a scoreboard for each output, and counts of the flags' pulses."""

    predictor_class: type[FourStepPredictor]
    sources: Streams
    """The input streams."""
    sinks: Streams
    """The output streams."""
    pulses: tuple[str, ...]
    waits: tuple[str, ...]
    """The sources for each of which a port says that the engine waits for it alone."""

    def build_phase(self) -> None:
        """Makes the parts."""
        super().build_phase()
        self.agents: dict[str, BeatAgent] = {}
        roles: tuple[tuple[Literal["source", "sink"], Streams], ...]
        roles = (("source", self.sources), ("sink", self.sinks))
        for role, streams in roles:
            for name, (valid, data, ready) in streams.items():
                label = f"{name}_{role}"
                # Commands never come in consecutive clocks: one waits until another has begun.
                covered = None if name == "command" else f"{self.block}.{label}"
                config = BeatConfig(self.dut, covered, valid, data, ready, role=role)
                configure(self, label, config)
                self.agents[label] = BeatAgent.create(label, self)
        self.predictor: FourStepPredictor = self.predictor_class.create("predictor", self)
        self.boards = {name: Scoreboard.create(f"{name}_out", self) for name in self.sinks}
        self.scoreboards += self.boards.values()
        self.raised: dict[str, int] = dict.fromkeys(self.pulses, 0)
        self.pulse_agents = {}
        for port in self.pulses:
            configure(self, port, BeatConfig(self.dut, None, port, ()))
            self.pulse_agents[port] = BeatAgent.create(port, self)
        self.heard = {
            port: Listener(f"heard_{port}", self, functools.partial(self._raise, port))
            for port in self.pulses
        }
        self.sample_waits = covergroup(f"{self.block}.waits", {"for": ("nothing", *self.waits)})
        self.moved = dict.fromkeys(self.sources, 0)
        self.counted = {
            name: Listener(f"count_{name}", self, functools.partial(self._count, name))
            for name in self.sources
        }

    def _raise(self, port: str, _: Beat) -> None:
        self.raised[port] += 1

    def _count(self, name: str, _: Beat) -> None:
        self.moved[name] += 1

    def connect_phase(self) -> None:
        """Connects inputs to the predictor, and predictions and outputs to the scoreboards."""
        super().connect_phase()
        for name in self.sources:
            heard = self.predictor.command if name == "command" else self.predictor.heard[name]
            self.agents[f"{name}_source"].monitor.port.connect(heard)
            self.agents[f"{name}_source"].monitor.port.connect(self.counted[name])
        for name, board in self.boards.items():
            self.predictor.expected[name].connect(board.expect)
            self.agents[f"{name}_sink"].monitor.port.connect(board.observe)
        for port, agent in self.pulse_agents.items():
            agent.monitor.port.connect(self.heard[port])

    def on_reset(self, clock: int) -> None:
        """Handles a reset, which discards everything in flight."""
        super().on_reset(clock)
        self.predictor.reset()
        self.raised = dict.fromkeys(self.pulses, 0)

    def waiting(self) -> set[str]:
        """The sources for which the engine waits in this clock, as the ports say; they have no
        beat."""
        found = {name for name in self.waits if read(getattr(self.dut, f"wait_{name}_o"))}
        ready = {name for name in found if read(getattr(self.dut, self.sources[name][0]))}
        assert not ready, f"waits for {ready}, where there is a beat"
        return found

    def check_flags(self) -> None:
        """After a FLUSH, compares the flags that rose with the expected ones."""
        raised = {port: self.raised.get(port, 0) > 0 for port in ("saturated_o", "non_finite_o")}
        self.predictor.check_flags(raised["saturated_o"], raised["non_finite_o"])
        self.raised = dict.fromkeys(self.pulses, 0)

    def words(self, rng: np.random.Generator, kind: str) -> list[tuple[int]]:
        """The beats of a chunk of random words; their order does not matter."""
        config, fmt = self.predictor.config, self.predictor.fmt
        words: Cfp = random_words(rng, kind, config.chunk, fmt)
        beats = words.reshape(config.chunk_beats, config.lanes)
        return [(beat,) for beat in beat_ints(beats, fmt)]

    def samples(self, rng: np.random.Generator, kind: str) -> list[tuple[int]]:
        """The beats of a chunk of samples."""
        config = self.predictor.config
        values = rng.normal(size=(config.chunk_beats, config.lanes)).astype(np.float32)
        if kind == "huge":
            values *= np.float32(1e38)
        return sample_ints(values)

    @property
    def slow(self) -> bool:
        """Whether a chunk takes seconds in this simulator."""
        return is_slow(self.predictor.config.chunk)


class FourStepForwardEnv(FourStepEnv):
    """The forward half."""

    block = "four_step_forward"
    predictor_class = ForwardPredictor
    sources = FORWARD_SOURCES
    sinks = FORWARD_SINKS
    pulses = ("saturated_o", "non_finite_o")
    waits = ("samples", "x")


class FourStepInverseEnv(FourStepEnv):
    """The inverse half."""

    block = "four_step_inverse"
    predictor_class = InversePredictor
    sources = INVERSE_SOURCES
    sinks = INVERSE_SINKS
    pulses = ("saturated_o",)
    waits = ("z", "h")


class FourStepTest(BlockTest):
    """What the tests of both halves do."""

    drain_limit = 20_000

    def build_phase(self) -> None:
        """The environment of the top."""
        top: Any = cocotb.top
        forward = top._name == "four_step_forward"
        self.env_class = FourStepForwardEnv if forward else FourStepInverseEnv
        top.rows_log2_i.value = 0
        super().build_phase()

    async def sinks(self, *profiles: str) -> None:
        """Sets the profiles with which the outputs accept beats."""
        for name, profile in zip(self.env.sinks, profiles, strict=True):
            await BeatSequence(profile).start(self.env.agents[f"{name}_sink"].sequencer)

    async def rows_log2(self, levels: int) -> None:
        """Sets another number of rows; nothing may be in flight."""
        await RisingEdge(self.dut.clk_i)
        self.dut.rows_log2_i.value = levels

    async def stream(
        self, name: str, beats: Sequence[tuple[int, ...]], profile: str, after: int = 0
    ) -> None:
        """Sends beats to one of the sources after a number of clocks."""
        await self.idle(after)
        if beats:
            await BeatSequence(profile, beats).start(self.env.agents[f"{name}_source"].sequencer)

    def start(
        self,
        commands: Sequence[Command],
        profiles: Sequence[str] = ("none",),
        words: str = "spectrum",
        late: str = "",
    ) -> list[Any]:
        """Sends commands and their beats, each stream with one of the profiles, and the stream
        `late` LATE_CLOCKS after the others."""
        beats: dict[str, list[tuple[int, ...]]] = {name: [] for name in self.env.sources}
        for command in commands:
            beats["command"].append((int(command.kind), command.row))
            for name in self.env.predictor.sources_of(command.kind):
                make = self.env.samples if name == "samples" else self.env.words
                beats[name] += make(self.rng, words)
        return [
            cocotb.start_soon(
                self.stream(name, some, random.choice(profiles), LATE_CLOCKS * (name == late))
            )
            for name, some in beats.items()
        ]

    async def run(
        self,
        commands: Sequence[Command],
        profiles: Sequence[str] = ("none",),
        words: str = "spectrum",
    ) -> None:
        """Sends commands that end with a FLUSH, so that everything comes out again."""
        assert commands[-1].kind == Kind.FLUSH
        await self.finish(self.start(commands, profiles, words))

    async def finish(self, tasks: Sequence[Any]) -> None:
        """Waits until everything sent has entered and, after the final FLUSH, has come out."""
        limit = CLOCKS_A_BEAT * self.env.predictor.config.chunk_beats * PERIOD_NS
        for task in tasks:
            await with_timeout(task, limit, "ns")
        await self.env.drain(self.drain_limit, 10)
        assert all(board.drained for board in self.env.boards.values()), "a FLUSH left beats behind"
        assert self.env.predictor.idle
        self.env.check_flags()

    def any_commands(self, levels: int, count: int) -> list[Command]:
        """Random chunks of a transform of 2**levels rows, and a FLUSH at the end."""
        found = []
        for _ in range(count):
            kind = random.choice((Kind.TILE, Kind.ROW)) if levels else Kind.CHUNK
            if random.random() < 0.2:
                kind = Kind.FLUSH
            found.append(Command(kind, random.randrange(1 << levels)))
        return [*found, Command(Kind.FLUSH)]

    async def waits(self, *names: str, clocks: int = 20) -> None:
        """Checks in each of these clocks that the engine waits for these sources and no other."""
        for _ in range(clocks):
            await FallingEdge(self.dut.clk_i)
            found = self.env.waiting()
            assert found == {*names}, f"waits for {found or 'nothing'}, not {names or 'nothing'}"
        for name in names or ("nothing",):
            self.env.sample_waits(name)

    async def idle(self, clocks: int) -> None:
        """Clocks in which the test does nothing."""
        for _ in range(clocks):
            await FallingEdge(self.dut.clk_i)
