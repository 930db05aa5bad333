# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of fft_round_trip_tb: the forward engine followed by the inverse one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cocotb

from crocuta.models.cfp import Format
from crocuta.models.reference import snr_db
from crocuta.models.transform import fft_engine
from tb.agents.beat import Beat
from tb.envs.fft_engine import (
    EngineEnv,
    config_of,
    engine_beats,
    engine_latency,
    from_order,
    to_order,
)
from tb.envs.pipeline import Predictor
from tb.envs.scoreboard import Expected
from tb.lib.words import beat_ints, beat_words


def least_snr_db(fmt: Format) -> float:
    """Minimum SNR in dB: a round trip loses a few bits of the mantissa, whatever the data."""
    return 6.02 * fmt.mantissa_bits - 24


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
        self.held: deque[tuple[int, int] | None] = deque([None] * (2 * engine_beats(self.config)))

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
        self.held.extend((value, columns) for value in out)
        given = words.to_complex()
        if given.any():
            snr = snr_db(given, result.words.to_complex())
            cocotb.log.info("round trip: %.1f dB", snr)
            assert snr > least_snr_db(fmt), snr

    def beat(self, beat: Beat) -> None:
        """Expects what the beat pushes out."""
        values = self.held.popleft()
        if values is not None:
            self.expected.write(Expected(values, beat.clock + self.latency))


class RoundTripEnv(EngineEnv):
    """Both engines."""

    block = "fft_round_trip"
    predictor_class = RoundTripPredictor
