# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of spectral_mac: passes accumulate products chunk by chunk, for one output chunk
or two."""

from __future__ import annotations

import numpy as np

from crocuta.models.arithmetic.cfp_add import cfp_add
from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.cfp import Cfp, Format, zeros
from crocuta.models.convolution.spectral_mac import spectral_mac
from tb.agents.beat import Beat
from tb.envs.pipeline import PipelineEnv, Predictor
from tb.lib.coverage import covergroup
from tb.lib.words import beat_ints, beat_words, random_words

LATENCY = {1: 17, 2: 20}
"""Indexed by the number of outputs per pass."""
PRODUCT_FLAG_LATENCY = {1: 9, 2: 11}
SUM_FLAG_LATENCY = {1: 18, 2: 20}
MARKS = ("neither", "first", "last", "both")
SUMS = ("none", "0", "1", "both")
"""Classes of passes, by the outputs that they add to."""


class MacPredictor(Predictor):
    """Keeps the accumulator beat by beat, as the RAM does."""

    def build_phase(self) -> None:
        """Sizes from the parameters."""
        super().build_phase()
        dut = self.get_parent().dut
        self.fmt = Format(int(dut.MantissaBits.value), int(dut.ExponentBits.value))
        self.lanes = int(dut.Lanes.value)
        self.chunk_beats = int(dut.Chunk.value) // self.lanes
        self.outputs = int(dut.Outputs.value)
        self._sample = covergroup(
            "spectral_mac.pass",
            {"marks": MARKS, "before": ("reset", *MARKS)},
            {"marks_x_before": ("marks", "before")},
            # After a reset the accumulator has no valid sum for a pass to add to.
            {"marks_x_before": [("neither", "reset"), ("last", "reset")]},
        )
        self._sample_sums = covergroup(
            "spectral_mac.outputs",
            {"sums": SUMS, "before": ("reset", *SUMS)},
            {"sums_x_before": ("sums", "before")},
            # Output 1 uses the previous pass's H.
            {"sums_x_before": [("1", "reset"), ("both", "reset")]},
        )
        self._sample_saturated = covergroup(
            "spectral_mac.saturated", {"cause": ("none", "product", "sum")}
        )
        self.reset()

    def reset(self) -> None:
        """Invalidates the accumulator's contents."""
        super().reset()
        self.accumulators: list[list[Cfp | None]] = [
            [None] * self.chunk_beats for _ in range(self.outputs)
        ]
        self.kept: list[Cfp | None] = [None] * self.chunk_beats
        self.number = 0
        self.marks = ["reset"] * self.outputs
        self.sums = "reset"

    def beat(self, beat: Beat) -> None:
        """Predicts one beat of products."""
        x_value, h_value, outputs, first, last = beat.values
        x, h = (beat_words([value], self.lanes, self.fmt)[0] for value in (x_value, h_value))
        if self.number == 0:
            before, self.sums = self.sums, SUMS[outputs]
            self._sample_sums(self.sums, before)
        factors = (h, self.kept[self.number])
        self.kept[self.number] = h
        overflows = set()
        for output in range(self.outputs):
            if outputs >> output & 1:
                factor = factors[output]
                assert factor is not None, "output 1 in the first pass"
                marks = (first >> output & 1, last >> output & 1)
                overflows |= self._add(output, x, factor, *marks, beat.clock)
        if not overflows:
            self._sample_saturated("none")
        for cause, latency in (("product", PRODUCT_FLAG_LATENCY), ("sum", SUM_FLAG_LATENCY)):
            if cause in overflows:
                self._sample_saturated(cause)
                self.flags.write(beat.clock + latency[self.outputs])
        self.number = (self.number + 1) % self.chunk_beats

    def _add(self, output: int, x: Cfp, h: Cfp, first: int, last: int, clock: int) -> set[str]:
        """Adds to one output's accumulator; returns what overflowed."""
        if self.number == 0:
            before, self.marks[output] = self.marks[output], MARKS[first + 2 * last]
            self._sample(self.marks[output], before)
        start = None if first else self.accumulators[output][self.number]
        assert first or start is not None, "the first pass is not marked as such"
        total = spectral_mac(start, x, h, self.fmt)
        self.accumulators[output][self.number] = total.word
        if last:
            word = Cfp(total.word.re[None], total.word.im[None], total.word.exponent[None])
            self.expect(beat_ints(word, self.fmt)[0], clock + LATENCY[self.outputs])
        if not total.saturated:
            return set()
        product = multiply(x, h, self.fmt)
        added = cfp_add(start or zeros(self.lanes, self.fmt), product.word, self.fmt)
        return {
            cause
            for cause, found in (("product", product.saturated), ("sum", added.saturated))
            if found
        }


class MacEnv(PipelineEnv):
    """The MAC with its inputs."""

    block = "spectral_mac"
    predictor_class = MacPredictor
    inputs = ("x_i", "h_i", "outputs_i", "first_i", "last_i")

    def words(self, rng: np.random.Generator, kind: str) -> list[int]:
        """A chunk of random words, beat by beat."""
        mac = self.predictor
        words = random_words(rng, kind, mac.chunk_beats * mac.lanes, mac.fmt)
        return beat_ints(words.reshape(mac.chunk_beats, mac.lanes), mac.fmt)

    def units(self, rng: np.random.Generator) -> list[int]:
        """Words near 1, so that products keep their magnitude."""
        mac = self.predictor
        words = random_words(rng, "spectrum", mac.chunk_beats * mac.lanes, mac.fmt)
        words = Cfp(words.re, words.im, np.full_like(words.exponent, 1 - mac.fmt.mantissa_bits))
        return beat_ints(words.reshape(mac.chunk_beats, mac.lanes), mac.fmt)

    @property
    def slow(self) -> bool:
        """Whether a chunk takes seconds to simulate; the predictor works beat by beat."""
        return self.predictor.chunk_beats > 64
