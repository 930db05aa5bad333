# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of spectral_mac: passes of products summed a chunk at a time."""

from __future__ import annotations

import numpy as np

from models.cfp import Cfp, Format, zeros
from models.cfp_add import cfp_add
from models.cfp_multiply import multiply
from models.spectral_mac import spectral_mac
from tb.agents.beat import Beat
from tb.envs.coverage import covergroup
from tb.envs.pipeline import PipelineEnv, Predictor, beat_ints, beat_words
from tb.words import random_words

LATENCY = 17
PRODUCT_FLAG_LATENCY = 9
SUM_FLAG_LATENCY = 18
MARKS = ("neither", "first", "last", "both")


class MacPredictor(Predictor):
    """Keeps the accumulator beat by beat, as the RAM does."""

    def build_phase(self) -> None:
        """Sizes from the parameters."""
        super().build_phase()
        dut = self.get_parent().dut
        self.fmt = Format(int(dut.MantissaBits.value), int(dut.ExponentBits.value))
        self.lanes = int(dut.Lanes.value)
        self.chunk_beats = int(dut.Chunk.value) // self.lanes
        self._sample = covergroup(
            "spectral_mac.pass",
            {"marks": MARKS, "before": ("reset", *MARKS)},
            {"marks_x_before": ("marks", "before")},
            # After a reset the accumulator holds nothing that a pass could add to.
            {"marks_x_before": [("neither", "reset"), ("last", "reset")]},
        )
        self._sample_saturated = covergroup(
            "spectral_mac.saturated", {"cause": ("none", "product", "sum")}
        )
        self.reset()

    def reset(self) -> None:
        """The accumulator's contents no longer count."""
        super().reset()
        self.accumulator: list[Cfp | None] = [None] * self.chunk_beats
        self.number = 0
        self.marks = "reset"

    def beat(self, beat: Beat) -> None:
        """One beat of products."""
        x_value, h_value, first, last = beat.values
        x, h = (beat_words([value], self.lanes, self.fmt)[0] for value in (x_value, h_value))
        if self.number == 0:
            before, self.marks = self.marks, MARKS[first + 2 * last]
            self._sample(self.marks, before)
        start = None if first else self.accumulator[self.number]
        assert first or start is not None, "a pass without a first one before it"
        total = spectral_mac(start, x, h, self.fmt)
        self.accumulator[self.number] = total.word
        self.number = (self.number + 1) % self.chunk_beats
        if last:
            word = Cfp(total.word.re[None], total.word.im[None], total.word.exponent[None])
            self.expect(beat_ints(word, self.fmt)[0], beat.clock + LATENCY)
        if not total.saturated:
            self._sample_saturated("none")
            return
        product = multiply(x, h, self.fmt)
        if product.saturated:
            self._sample_saturated("product")
            self.flags.write(beat.clock + PRODUCT_FLAG_LATENCY)
        if cfp_add(start or zeros(self.lanes, self.fmt), product.word, self.fmt).saturated:
            self._sample_saturated("sum")
            self.flags.write(beat.clock + SUM_FLAG_LATENCY)


class MacEnv(PipelineEnv):
    """The MAC with its four inputs."""

    block = "spectral_mac"
    predictor_class = MacPredictor
    inputs = ("x_i", "h_i", "first_i", "last_i")

    def words(self, rng: np.random.Generator, kind: str) -> list[int]:
        """A chunk of random words, beat by beat."""
        mac = self.predictor
        words = random_words(rng, kind, mac.chunk_beats * mac.lanes, mac.fmt)
        return beat_ints(words.reshape(mac.chunk_beats, mac.lanes), mac.fmt)

    def units(self, rng: np.random.Generator) -> list[int]:
        """Words near 1: what they are multiplied with keeps its size."""
        mac = self.predictor
        words = random_words(rng, "spectrum", mac.chunk_beats * mac.lanes, mac.fmt)
        words = Cfp(words.re, words.im, np.full_like(words.exponent, 1 - mac.fmt.mantissa_bits))
        return beat_ints(words.reshape(mac.chunk_beats, mac.lanes), mac.fmt)

    @property
    def slow(self) -> bool:
        """Whether a chunk takes seconds; the predictor works beat by beat."""
        return self.predictor.chunk_beats > 64
