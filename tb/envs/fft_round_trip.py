# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of fft_round_trip_tb: the forward engine followed by the inverse one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cocotb

from crocuta.models.cfp import Format
from crocuta.models.configs import Config
from crocuta.models.reference import snr_db
from crocuta.models.transform import fft_engine
from tb.agents.beat import Beat
from tb.envs.fft_engine import (
    EngineBeats,
    EngineEnv,
    config_of,
    engine_latency,
    from_order,
    to_order,
)
from tb.envs.pipeline import Predictor
from tb.envs.scoreboard import Expected
from tb.lib.words import beat_ints, beat_words


def least_snr_db(config: Config) -> float:
    """Minimum SNR in dB, whatever the data; models/errors.py has the terms.

    Each of k levels of two transforms rounds all words after the sum and half of them after the
    rotation, independently. Twiddles are off on half the words of every level, in both transforms
    alike, so that these errors may add in phase.
    """
    k = config.chunk_log2
    word = 2.0 ** (1.5 - config.mantissa_bits)
    twiddle = 2.0 ** (0.5 - config.twiddle_bits)
    return -10 * math.log10(word**2 * 3 * k + twiddle**2 * 2 * k)


class RoundTripPredictor(Predictor):
    """Runs both models, and checks that their result is close to the input."""

    def build_phase(self) -> None:
        """Starts with nothing in flight."""
        super().build_phase()
        self.config = config_of(self.get_parent().dut)
        self.inverse = False
        self.fmt = Format.of(self.config)
        self.chunk_beats = self.config.chunk_beats
        self.latency = engine_latency(self.config, False) + engine_latency(self.config, True)
        self.reset()

    def reset(self) -> None:
        """Forgets everything; each engine holds some beats."""
        super().reset()
        self.forward = EngineBeats(self.config, False)
        self.back = EngineBeats(self.config, True)

    def chunk(self, incoming: Sequence[Beat]) -> None:
        """Transforms a chunk forward and back."""
        config, fmt = self.config, self.fmt
        beats = beat_words([beat.values[0] for beat in incoming], config.lanes, fmt)
        columns = incoming[0].values[1] if config.column_levels else 0
        words = from_order(beats, config, False, columns)
        spectrum = fft_engine.forward(words, config, columns or None)
        result = fft_engine.inverse(spectrum.words, config, columns or None)
        assert not spectrum.saturated and not result.saturated
        out = beat_ints(to_order(result.words, config, False, columns), fmt)
        self.forward.chunk((0, columns) for _ in out)
        self.back.chunk((value, columns) for value in out)
        given = words.to_complex()
        if given.any():
            snr = snr_db(given, result.words.to_complex())
            cocotb.log.info("round trip: %.1f dB", snr)
            assert snr > least_snr_db(config), snr

    def beat(self, beat: Beat) -> None:
        """Expects what the beat pushes out."""
        pushed = self.forward.enter(beat.values[1] if self.config.column_levels else 0)
        values = pushed and self.back.enter(pushed[1])
        if values is not None:
            self.expected.write(Expected(values, beat.clock + self.latency))


class RoundTripEnv(EngineEnv):
    """Both engines."""

    block = "fft_round_trip"
    predictor_class = RoundTripPredictor

    @property
    def modes(self) -> range:
        """After a tile only tiles until a reset: between the engines, nothing pushes tiles out of
        the inverse one's commutator."""
        return range(1 if self.mode else 0, self.predictor.config.column_levels + 1)
