# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of forward_path: samples to the words of their spectra."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Format
from tb.agents.beat import Beat
from tb.envs.paths import PathEnv, PathPredictor
from tb.envs.pipeline import PLACES
from tb.lib.coverage import seldom
from tb.lib.words import beat_ints

CONVERT_CLOCKS = 3
VALUES = ("nan", "inf", "-inf")
"""Classes of non-finite samples."""


def sample_ints(samples: npt.NDArray[np.float32]) -> list[tuple[int]]:
    """Packs samples of shape (beats, lanes) into one integer per beat, lane 0 in the low bits."""
    rows = samples.astype(np.float32).view(np.uint32).tolist()
    return [(sum(word << 32 * lane for lane, word in enumerate(row)),) for row in rows]


def samples_of(value: int, lanes: int) -> npt.NDArray[np.float32]:
    """Unpacks the samples of a beat: the inverse of `sample_ints`."""
    words = [value >> 32 * lane & 0xFFFF_FFFF for lane in range(lanes)]
    return np.array(words, np.uint32).view(np.float32)


class ForwardPredictor(PathPredictor):
    """Converts each beat, and passes it to the engine's predictor a fixed latency later."""

    def build_phase(self) -> None:
        """Finds the scoreboard of the flag of NaNs and infinities."""
        super().build_phase()
        self.non_finite = self.get_parent().pulse_boards["non_finite"].expect
        self._sample_non_finite = seldom(
            "forward_path.non_finite", {"value": VALUES, "place": PLACES}
        )

    def direction(self, dut: Any) -> bool:
        """Forward."""
        return False

    def _beat(self, beat: Beat) -> None:
        fmt = Format.of(self.config)
        samples = samples_of(beat.values[0], self.config.lanes)
        converted = float_to_cfp(samples, fmt)
        clock = beat.clock + CONVERT_CLOCKS
        if converted.non_finite:
            self.non_finite.write(clock + 1)
            self._sample_value(samples)
        (word,) = beat_ints(converted.words[None], fmt)
        super()._beat(Beat(clock, (word,), beat.wait))

    def _sample_value(self, samples: npt.NDArray[np.float32]) -> None:
        """Samples the beat's NaNs and infinities."""
        number = len(self.collected)
        place = PLACES[(number > 0) + (number == self.chunk_beats - 1)]
        for value in samples[~np.isfinite(samples)]:
            self._sample_non_finite(str(value), place)


class ForwardEnv(PathEnv):
    """The environment of the path into the spectral MAC."""

    block = "forward_path"
    predictor_class = ForwardPredictor
    inputs = ("samples_i",)
    output = "beat_o"
    pulses = ("saturated_o", "non_finite_o")

    def chunk(self, samples: npt.NDArray[np.float32]) -> list[tuple[int]]:
        """The beats of a chunk: lane l of beat t carries sample l * beats + t."""
        config = self.predictor.config
        return sample_ints(samples.reshape(config.lanes, config.chunk_beats).T)
