# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of fft_round_trip_tb: the forward engine into the inverse one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cocotb
import numpy as np

from crocuta.models.cfp import Format
from crocuta.models.reference import snr_db
from crocuta.models.transform import fft_engine
from tb.agents.beat import Beat
from tb.envs.fft_engine import config_of, engine_latency
from tb.envs.pipeline import PipelineEnv, Predictor, is_slow
from tb.lib.words import beat_ints, beat_words, random_words


def least_snr_db(fmt: Format) -> float:
    """A round trip loses a few bits of the mantissa, whatever the data."""
    return 6.02 * fmt.mantissa_bits - 24


class RoundTripPredictor(Predictor):
    """Both models, and that their result is close to what went in."""

    def build_phase(self) -> None:
        """Nothing is on its way yet."""
        super().build_phase()
        self.config = config_of(self.get_parent().dut)
        self.fmt = Format.of(self.config)
        self.chunk_beats = self.config.chunk_beats
        self.latency = engine_latency(self.config, False) + engine_latency(self.config, True)
        self.reset()

    def reset(self) -> None:
        """Forgets everything; each engine holds Chunk/Lanes - 1 beats."""
        super().reset()
        self.held: deque[int | None] = deque([None] * (2 * (self.config.chunk_beats - 1)))

    def chunk(self, frame: Sequence[Beat]) -> None:
        """There and back."""
        config, fmt = self.config, self.fmt
        beats = beat_words([beat.values[0] for beat in frame], config.lanes, fmt)
        words = fft_engine.from_lanes(beats)
        spectrum = fft_engine.forward(words, config)
        result = fft_engine.inverse(spectrum.words, config)
        assert not spectrum.saturated and not result.saturated
        self.held.extend(beat_ints(fft_engine.to_lanes(result.words, config), fmt))
        given = words.to_complex()
        if given.any():
            snr = snr_db(given, result.words.to_complex())
            cocotb.log.info("round trip: %.1f dB", snr)
            assert snr > least_snr_db(fmt), snr

    def beat(self, beat: Beat) -> None:
        """Brings out what it pushes."""
        value = self.held.popleft()
        if value is not None:
            self.expect(value, beat.clock + self.latency)


class RoundTripEnv(PipelineEnv):
    """Both engines."""

    block = "fft_round_trip"
    predictor_class = RoundTripPredictor

    def beats(self, rng: np.random.Generator, kind: str) -> list[tuple[int]]:
        """A random chunk as the beats that carry it in."""
        config = self.predictor.config
        words = random_words(rng, kind, config.chunk, Format.of(config))
        lanes = fft_engine.to_lanes(words, config)
        return [(beat,) for beat in beat_ints(lanes, Format.of(config))]

    @property
    def slow(self) -> bool:
        """Whether a chunk takes seconds in this simulator."""
        return is_slow(self.predictor.config.chunk)
