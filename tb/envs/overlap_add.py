# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of overlap_add: each chunk's head is added to the previous chunk's tail."""

from __future__ import annotations

import numpy as np

from crocuta.models.cfp import Cfp, Format
from crocuta.models.convolution.overlap_add import overlap_add
from tb.agents.beat import Beat
from tb.envs.pipeline import PipelineEnv, Predictor, is_slow
from tb.lib.coverage import ANSWERS, covergroup
from tb.lib.words import beat_ints, beat_words, random_words

LATENCY = 12
FLAG_LATENCY = 13


class OverlapPredictor(Predictor):
    """Keeps the tail beat by beat, as the RAM does."""

    def build_phase(self) -> None:
        """Sizes from the parameters."""
        super().build_phase()
        dut = self.get_parent().dut
        self.fmt = Format(int(dut.MantissaBits.value), int(dut.ExponentBits.value))
        self.lanes = int(dut.Lanes.value)
        self.chunk_beats = int(dut.Chunk.value) // self.lanes
        self.done = self.get_parent().done_scoreboard
        self._sample = covergroup(
            "overlap_add.chunk",
            {"first": ANSWERS, "saturated": ANSWERS, "cancels": ANSWERS},
            {"first_x_saturated": ("first", "saturated")},
            # Nothing is added to a first chunk.
            {"first_x_saturated": [("yes", "yes")]},
        )
        self.reset()

    def reset(self) -> None:
        """The tail's contents no longer count."""
        super().reset()
        self.tail: list[Cfp | None] = [None] * self.chunk_beats
        self.number = 0

    def beat(self, beat: Beat) -> None:
        """Predicts one beat of sums."""
        value, first = beat.values
        z = beat_words([value], self.lanes, self.fmt)[0]
        tail = None if first else self.tail[self.number]
        assert first or tail is not None, "a chunk expects a tail and none precedes it"
        result = overlap_add(z, tail, self.fmt)
        self.tail[self.number] = result.tail
        self.expect(self.real_int(result.y), beat.clock + LATENCY)
        if result.saturated:
            self.flags.write(beat.clock + FLAG_LATENCY)
        cancels = tail is not None and bool(((result.y.re == 0) & (z.re != 0)).any())
        self._sample(ANSWERS[first], ANSWERS[result.saturated], ANSWERS[cancels])
        self.number = (self.number + 1) % self.chunk_beats
        if self.number == 0:
            self.done.expect.write(beat.clock)

    def real_int(self, y: Cfp) -> int:
        """Packs a beat of real words, {exponent, mantissa} per lane, into one integer."""
        m, e = self.fmt.mantissa_bits, self.fmt.exponent_bits
        packed = (y.re & ((1 << m) - 1)) | (y.exponent.astype(np.int64) & (1 << e) - 1) << m
        return sum(word << lane * (m + e) for lane, word in enumerate(packed.tolist()))


class OverlapEnv(PipelineEnv):
    """The overlap-add, whose chunk_done_o is also compared in every clock."""

    block = "overlap_add"
    predictor_class = OverlapPredictor
    inputs = ("beat_i", "no_tail_i")

    def build_phase(self) -> None:
        """Adds an agent for the pulse."""
        super().build_phase()
        self.done_agent, self.done_scoreboard = self.pulse_agent("chunk_done_o")

    def connect_phase(self) -> None:
        """Connects the pulse to its scoreboard."""
        super().connect_phase()
        self.done_agent.monitor.port.connect(self.done_scoreboard.observe)

    def words(self, rng: np.random.Generator, kind: str) -> Cfp:
        """A chunk of random words."""
        overlap = self.predictor
        words: Cfp = random_words(rng, kind, overlap.chunk_beats * overlap.lanes, overlap.fmt)
        return words.reshape(overlap.chunk_beats, overlap.lanes)

    def chunk(self, words: Cfp, first: bool) -> list[tuple[int, int]]:
        """A chunk's beats, from its words."""
        return [(beat, int(first)) for beat in beat_ints(words, self.predictor.fmt)]

    def beats(self, rng: np.random.Generator, kind: str, first: bool) -> list[tuple[int, int]]:
        """A chunk of random words, as beats."""
        return self.chunk(self.words(rng, kind), first)

    @property
    def slow(self) -> bool:
        """Whether simulating a chunk takes seconds in this simulator."""
        return is_slow(self.predictor.chunk_beats * self.predictor.lanes)
