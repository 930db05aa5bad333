# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of inverse_path, with a stand-in for the MAC: totals to samples."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.cfp import Cfp, Format
from crocuta.models.convolution.overlap_add import overlap_add
from crocuta.models.transform import fft_engine
from tb.agents.beat import Beat
from tb.envs.forward_path import sample_ints
from tb.envs.paths import PathEnv, PathPredictor
from tb.lib.coverage import covergroup
from tb.lib.words import beat_ints, beat_words

# Clocks from a beat leaving the engine to the flags of its sum and of its samples in saturated_o.
SUM_FLAG_CLOCKS = 14
SAMPLE_FLAG_CLOCKS = 18


class InversePredictor(PathPredictor):
    """The engine's predictor, followed by overlap-add and the conversion."""

    def build_phase(self) -> None:
        """Finds the scoreboard of the ends of chunks."""
        super().build_phase()
        parent = self.get_parent()
        self.mac_clocks = int(parent.dut.MacClocks.value)
        self.done = parent.pulse_boards["chunk_done"].expect
        self._sample_end = covergroup(
            "inverse_path.end", {"chunk": ("sent on", "dropped"), "tail": ("none", "added")}
        )

    def direction(self, dut: Any) -> bool:
        """Inverse."""
        return True

    def reset(self) -> None:
        """Starts with no chunk in flight and no tail."""
        super().reset()
        self.no_tails: deque[int] = deque()
        self.drops: deque[int] = deque()
        self.tail: list[Cfp | None] = [None] * self.chunk_beats
        self.number = 0

    def _beat(self, beat: Beat) -> None:
        value, no_tail, drop = beat.values
        if not self.collected:
            self.no_tails.append(no_tail)
            self.drops.append(drop)
        super()._beat(Beat(beat.clock + self.mac_clocks, (value,), beat.wait))

    def flag(self, clock: int) -> None:
        """Expects the engine's flag a clock later: it is registered once more."""
        super().flag(clock + 1)

    def expect(self, value: int, clock: int) -> None:
        """Handles a beat that leaves the engine."""
        fmt = Format.of(self.config)
        z = beat_words([value], self.config.lanes, fmt)[0]
        tail = None if self.no_tails[0] else self.tail[self.number]
        assert self.no_tails[0] or tail is not None, "a chunk expects a tail and none precedes it"
        overlapped = overlap_add(z, tail, fmt)
        self.tail[self.number] = overlapped.tail
        converted = cfp_to_float(overlapped.y, fmt)
        drop = self.drops[0]
        for saturated, late in (
            (overlapped.saturated, SUM_FLAG_CLOCKS),
            (converted.saturated and not drop, SAMPLE_FLAG_CLOCKS),
        ):
            if saturated:
                super().flag(clock + late)
        if drop:
            self.get_parent().inside -= 1
        else:
            (samples,) = sample_ints(converted.samples[None])[0]
            super().expect(samples, clock)
        self.number = (self.number + 1) % self.chunk_beats
        if self.number == 0:
            self.drops.popleft()
            no_tail = self.no_tails.popleft()
            self._sample_end(("sent on", "dropped")[drop], ("added", "none")[no_tail])
            if not drop:
                self.done.write(clock)


class InverseEnv(PathEnv):
    """The path from the spectral MAC to the samples."""

    block = "inverse_path"
    predictor_class = InversePredictor
    inputs = ("beat_i", "no_tail_i", "drop_i")
    output = "samples_o"
    pulses = ("saturated_o", "chunk_done_o")

    def chunk(
        self, words: Cfp, no_tail: bool, drop: bool, rng: np.random.Generator
    ) -> list[tuple[int, int, int]]:
        """The beats of a chunk; only the first beat's marks count, the others' are random."""
        config = self.predictor.config
        beats = beat_ints(fft_engine.to_beats(words, config), Format.of(config))
        no_tails, drops = (
            [int(first), *rng.integers(0, 2, len(beats) - 1).tolist()] for first in (no_tail, drop)
        )
        return list(zip(beats, no_tails, drops, strict=True))
