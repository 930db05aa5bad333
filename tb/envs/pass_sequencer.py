# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of pass_sequencer: an agent for the passes, one for everything that their beats
consume, a clock-accurate model, and a count of what was consumed."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter, deque

import cocotb
from cocotb.triggers import FallingEdge
from pyuvm import uvm_analysis_port, uvm_component, uvm_scoreboard

from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import FLUSH, Pass
from tb.agents.agent import Listener, configure
from tb.agents.beat import Beat, BeatAgent, BeatConfig, BeatSequence
from tb.agents.operands import (
    OUTPUTS,
    PULSES,
    TAKES,
    OperandsAgent,
    OperandsConfig,
    OperandsSequence,
)
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.scoreboard import Expected, Scoreboard
from tb.lib.coverage import ANSWERS, covergroup, seldom

FIELDS = tuple(field.name for field in dataclasses.fields(Pass))
STALLS = {
    "engine_valid_i": "stall_samples_o",
    "x_valid_i": "stall_x_o",
    "h_valid_i": "stall_h_o",
    "store_x_ready_i": "stall_store_o",
    "store_h_ready_i": "stall_store_o",
    "output_available_i": "stall_output_o",
}
"""What a beat may lack and the counter of that stall; of several causes the first one counts."""
LATENCY = 2
"""Clocks from an accepted pass to its first beat."""
KINDS = ("x", "engine", "engine and store", "h alone", "prepare", "flush")
STUCK_CLOCKS = 2000
"""Clocks without a beat after which none will come."""


def kind_of(command: Pass) -> str:
    """The kind of a pass, one of KINDS."""
    if command.flush:
        return "flush"
    if command.prepare:
        return "prepare"
    if not command.outputs:
        return "h alone"
    if command.engine:
        return "engine and store" if command.store else "engine"
    return "x"


def needs(command: Pass) -> frozenset[str]:
    """What a beat of the pass consumes."""
    if command.flush:
        return frozenset({"output_available_i"})
    if command.prepare:
        return frozenset({"engine_valid_i", "store_h_ready_i"})
    taken = {
        "h_valid_i": command.h,
        "engine_valid_i": command.outputs and command.engine,
        "x_valid_i": command.outputs and not command.engine,
        "output_available_i": command.last,
        "store_x_ready_i": command.store,
    }
    return frozenset(name for name, need in taken.items() if need)


class PassPredictor(uvm_component):
    """Predicts the outputs of each clock from the accepted passes and the clock's operands."""

    def build_phase(self) -> None:
        """Listens on `passes` and `operands`, and writes the expected `outputs`."""
        self.config = configs.load(os.environ["CROCUTA_CONFIG"])
        self.passes = Listener("passes", self, self._accept)
        self.operands = Listener("operands", self, self._clock)
        self.outputs = uvm_analysis_port("outputs", self)
        self.reset()
        block = "pass_sequencer"
        self._sample_pass = covergroup(
            f"{block}.pass",
            {"kind": KINDS, "h": ANSWERS, "no_tail": ANSWERS, "outputs": ("0", "1", "2")},
        )
        possible = {
            "samples": ("engine", "engine and store", "prepare"),
            "x": ("x",),
            "h": ("x", "engine", "engine and store", "h alone"),
            "store": ("engine and store", "prepare"),
            "output": ("x", "engine", "engine and store", "flush"),
        }
        self._sample_stall = seldom(
            f"{block}.stall",
            {"cause": tuple(possible), "kind": KINDS, "lacks_more": ANSWERS},
            {"cause_x_kind": ("cause", "kind")},
            {
                "cause_x_kind": [
                    (cause, kind)
                    for cause, kinds in possible.items()
                    for kind in KINDS
                    if kind not in kinds
                ]
            },
        )
        self._sample_beat = seldom(
            f"{block}.beat",
            {"place": ("first", "between", "last"), "next_waits": ANSWERS},
            {"place_x_next_waits": ("place", "next_waits")},
        )
        self._sample_back_to_back = seldom(f"{block}.back_to_back", {"kind": KINDS})
        self._sample_reset = covergroup(
            f"{block}.reset_at", {"state": ("idle", "before a pass", "within a pass")}
        )

    def reset(self) -> None:
        """Starts without passes."""
        self.waiting: deque[tuple[int, Pass]] = deque()
        """(clock of acceptance, pass), the current pass first."""
        self.beats = 0
        """Beats fired of the current pass."""
        self.ended: int | None = None
        """The clock in which the previous pass fired its last beat."""
        self.pulses: frozenset[str] = frozenset()

    def on_reset(self) -> None:
        """Handles the first clock of a reset."""
        state = "within a pass" if self.beats else "before a pass" if self.waiting else "idle"
        self._sample_reset(state)
        self.reset()

    def _accept(self, beat: Beat) -> None:
        command = Pass(*beat.values)  # type: ignore[arg-type]
        self.waiting.append((beat.clock, command))
        self._sample_pass(
            kind_of(command),
            ANSWERS[bool(command.h)],
            ANSWERS[bool(command.no_tail)],
            str(0 if command.flush else command.outputs.bit_count()),
        )

    def _clock(self, beat: Beat) -> None:
        clock, there = beat.clock, dict(zip(TAKES, beat.values, strict=True))
        active = bool(self.waiting) and self.waiting[0][0] + LATENCY <= clock
        # The order in which the agents report a clock does not matter: a pass that is accepted now
        # waits from the next clock.
        queued = sum(accepted < clock for accepted, _ in self.waiting) - active
        command = self.waiting[0][1] if active else Pass()
        required = needs(command) if active else frozenset()
        lacks = [name for name in STALLS if name in required and not there[name]]
        fire = active and not lacks
        mac = fire and not command.prepare
        values: list[int] = [not queued, mac, *(fire and name in required for name in TAKES)]
        values += [pulse in self.pulses for pulse in PULSES]
        if mac:
            values += [command.outputs, command.first, command.last]
            values += [command.engine, command.flush]
        if fire and "output_available_i" in required:
            # Without a beat from the engine, only the chunk's tail is needed.
            values += [command.no_tail, not (command.engine or command.flush)]
        self.outputs.write(Expected(tuple(map(int, values)), clock))
        self.pulses = frozenset()
        if lacks:
            pulse = STALLS[lacks[0]]
            self.pulses = frozenset({pulse})
            more = len({STALLS[name] for name in lacks}) > 1
            cause = pulse.removeprefix("stall_").removesuffix("_o")
            self._sample_stall(cause, kind_of(command), ANSWERS[more])
        if fire:
            if command.outputs and not command.flush:
                self.pulses = frozenset({"mac_beat_o"})
            if not self.beats and self.ended == clock - 1:
                self._sample_back_to_back(kind_of(command))
            self.beats += 1
            ended = self.beats == self.config.chunk_beats
            place = "first" if self.beats == 1 else "last" if ended else "between"
            self._sample_beat(place, ANSWERS[queued > 0])
            if ended:
                self.beats, self.ended = 0, clock
                self.waiting.popleft()


class TakenScoreboard(uvm_scoreboard):
    """Checks whole passes, whatever the clocks: each consumes a chunk of everything that it needs
    and nothing else, and counts as a chunk of MAC beats if it uses the MAC."""

    chunk_beats: int

    def build_phase(self) -> None:
        """Listens on `passes` and on `observe`, the outputs of each clock."""
        self.passes = Listener("passes", self, self._pass)
        self.observe = Listener("observe", self, self._outputs)
        self.compared = 0
        self.begin()

    def begin(self) -> None:
        """Starts with nothing consumed."""
        self.due: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        """The number of clocks in which each output was 1."""
        self.clocks: list[int] = []
        """The number of clocks in which a beat fired."""

    def _pass(self, beat: Beat) -> None:
        command = Pass(*beat.values)  # type: ignore[arg-type]
        outputs = [TAKES[name] for name in needs(command)]
        if command.outputs and not command.flush:
            outputs.append("mac_beat_o")
        self.due.update(dict.fromkeys(outputs, self.chunk_beats))

    def _outputs(self, beat: Beat) -> None:
        high = [name for name, value in zip(OUTPUTS, beat.values, strict=False) if value]
        self.seen.update(high)
        if any(name in TAKES.values() for name in high):
            self.clocks.append(beat.clock)

    @property
    def taken(self) -> Counter[str]:
        """Counts what was consumed, and the MAC beats."""
        return +Counter({name: self.seen[name] for name in (*TAKES.values(), "mac_beat_o")})

    @property
    def drained(self) -> bool:
        """Whether every pass has been done."""
        return self.due == self.taken

    def flush(self, clock: int) -> None:
        """Handles a reset: checks that the passes before it consumed no more than allowed."""
        more = self.taken - self.due
        assert not more, f"{self.get_name()}: taken without need: {dict(more)}"
        self.compared += self.taken.total()
        self.begin()

    def check_phase(self) -> None:
        """Checks that exactly the right amount was consumed, and that it was not zero."""
        assert self.drained, f"{self.get_name()}: {dict(self.taken)} instead of {dict(self.due)}"
        self.compared += self.taken.total()
        assert self.compared, f"{self.get_name()}: nothing was taken"


class PassSequencerEnv(BlockEnv):
    """The agents of the passes and of the operands, the model, and two scoreboards."""

    block = "pass_sequencer"

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        fields = tuple(f"pass_{name}_i" for name in FIELDS)
        passes = BeatConfig(self.dut, None, "pass_valid_i", fields, "pass_ready_o", "source")
        configure(self, "passes", passes)
        self.passes = BeatAgent.create("passes", self)
        configure(self, "operands", OperandsConfig(self.dut, f"{self.block}.operands"))
        self.operands = OperandsAgent.create("operands", self)
        self.predictor = PassPredictor.create("predictor", self)
        self.outputs = Scoreboard.create("outputs", self)
        self.taken = TakenScoreboard.create("taken", self)
        self.scoreboards += [self.outputs, self.taken]

    def connect_phase(self) -> None:
        """Connects the monitors to the predictor and the scoreboards."""
        super().connect_phase()
        self.taken.chunk_beats = self.predictor.config.chunk_beats
        self.passes.monitor.port.connect(self.predictor.passes)
        self.passes.monitor.port.connect(self.taken.passes)
        self.operands.monitor.inputs.connect(self.predictor.operands)
        self.predictor.outputs.connect(self.outputs.expect)
        self.operands.monitor.port.connect(self.outputs.observe)
        self.operands.monitor.port.connect(self.taken.observe)

    def on_reset(self, clock: int) -> None:
        """Resets the predictor, too."""
        self.predictor.on_reset()
        super().on_reset(clock)


class PassTest(BlockTest):
    """Operations shared by the tests."""

    env_class = PassSequencerEnv
    drain_more = 4

    @property
    def chunk_beats(self) -> int:
        """The beats of a pass."""
        return int(self.env.predictor.config.chunk_beats)

    def random_pass(self) -> Pass:
        """A random pass that the schedule can contain."""
        kind = random.randrange(8)
        outputs: int = self.env.predictor.config.outputs
        if kind == 0:
            return FLUSH
        if kind == 1:
            return Pass(prepare=True)
        if kind == 2 and outputs == 2:
            return Pass(h=True)
        some = random.randint(1, (1 << outputs) - 1)
        engine = random.random() < 0.4
        complete = engine or random.random() < 0.2
        return Pass(
            outputs=some,
            first=some & random.getrandbits(2),
            last=some & -some if complete else 0,
            h=outputs == 1 or random.random() < 0.7,
            engine=engine,
            store=engine and random.random() < 0.6,
            no_tail=complete and (not engine or random.random() < 0.5),
        )

    async def operands(self, profile: str = "none", **others: str) -> None:
        """Sets the profile of all inputs except some."""
        profiles = dict.fromkeys(TAKES, profile) | others
        await OperandsSequence(**profiles).start(self.env.operands.sequencer)

    async def send(self, commands: list[Pass], profile: str = "none") -> None:
        """Sends passes; returns when the last is accepted or a reset comes."""
        beats = [tuple(map(int, dataclasses.astuple(command))) for command in commands]
        await BeatSequence(profile, beats).start(self.env.passes.sequencer)

    async def run(self, commands: list[Pass], profile: str = "none") -> None:
        """Sends passes, if any, and waits for the end of all that were sent."""
        sending = cocotb.start_soon(self.send(commands, profile)) if commands else None
        taken = self.env.taken
        stuck, before = 0, -1
        while (sending is not None and not sending.done()) or not taken.drained:
            await FallingEdge(self.dut.clk_i)
            stuck = 0 if len(taken.clocks) != before else stuck + 1
            before = len(taken.clocks)
            assert stuck < STUCK_CLOCKS, f"stuck: {dict(taken.taken)} of {dict(taken.due)}"
