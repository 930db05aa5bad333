# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of fft_engine: forward, inverse and as a plain FFT."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from crocuta.models import configs
from crocuta.models.arithmetic.cfp_butterfly import cfp_butterfly
from crocuta.models.arithmetic.cfp_multiply import rotate
from crocuta.models.cfp import Cfp, Format
from crocuta.models.configs import Config
from crocuta.models.transform import fft_engine
from crocuta.models.transform.twiddle_rom import twiddle_rom
from tb.agents.beat import Beat
from tb.envs.pipeline import PipelineEnv, Predictor, is_slow
from tb.lib.coverage import covergroup
from tb.lib.level_order import blocks, pair_positions
from tb.lib.words import beat_ints, beat_words, random_words

FLAG_CLOCKS = 2  # from an overflow's result to saturated_o: a register a level, one for all


def config_of(dut: Any) -> Config:
    """The configuration that the engine's parameters and its tables amount to."""
    named = configs.load_engine(os.environ["CROCUTA_CONFIG"])
    return Config(
        name="bench",
        about="",
        lanes=int(dut.Lanes.value),
        chunk=int(dut.Chunk.value),
        mantissa_bits=int(dut.MantissaBits.value),
        exponent_bits=int(dut.ExponentBits.value),
        twiddle_bits=int(dut.TwiddleBits.value),
        right_angle=named.right_angle and os.environ.get("FFT_RIGHT_ANGLE", "1") == "1",
        max_length_log2=22,
    )


class Held(NamedTuple):
    """What a commutator keeps back: beats until more follow, and clocks."""

    beats: int
    clocks: int


def commutator(config: Config, level: int) -> Held:
    """The commutator between this level and the one before; none where lanes are wired."""
    distance = config.chunk >> level
    if level <= config.lanes_log2:
        return Held(0, 0)
    return Held(distance, 3 if distance >= 4 else 1)


def level_clocks(inverse: bool) -> int:
    """The latency of fft_level."""
    return 17 if inverse else 20


def engine_latency(config: Config, inverse: bool) -> int:
    """Clocks from a beat in to the beat it pushes out, as the header of fft_engine has it."""
    commutators = sum(commutator(config, level).clocks for level in range(1, config.chunk_log2 + 1))
    return level_clocks(inverse) * config.chunk_log2 + commutators + inverse


def overflows(words: Cfp, config: Config, inverse: bool) -> list[tuple[int, int]]:
    """Where a chunk overflows: (beat of the chunk that pushes the flag out, clocks after it).

    The beat counts on into the chunks that follow.
    """
    fmt = Format.of(config)
    beats, clocks = 0, FLAG_CLOCKS
    found = []
    levels = range(1, config.chunk_log2 + 1)
    re, im, exponent = words.re.copy(), words.im.copy(), words.exponent.copy()
    for level in reversed(levels) if inverse else levels:
        if not inverse:
            beats += commutator(config, level).beats
            clocks += commutator(config, level).clocks
        table = twiddle_rom(level, config.right_angle, config.twiddle_bits)
        block = blocks(level, config.lanes, config.chunk)
        first, second = pair_positions(level, config.lanes, config.chunk)
        for beat in range(config.chunk_beats):
            a, b = (Cfp(re[at[beat]], im[at[beat]], exponent[at[beat]]) for at in (first, second))
            t_re, t_im = table.re[block[beat]], table.im[block[beat]]
            if inverse:
                plus, minus, butterfly_over = cfp_butterfly(a, b, fmt)
                minus, rotate_over = rotate(minus, t_re, -t_im, config.twiddle_bits, fmt)
            else:
                turned, rotate_over = rotate(b, t_re, t_im, config.twiddle_bits, fmt)
                plus, minus, butterfly_over = cfp_butterfly(a, turned, fmt)
            for at, word in ((first, plus), (second, minus)):
                re[at[beat]], im[at[beat]] = word.re, word.im
                exponent[at[beat]] = word.exponent
            end = clocks + level_clocks(inverse)
            if rotate_over:
                found.append((beat + beats, end if inverse else end - 9))
            if butterfly_over:
                found.append((beat + beats, end - 8 if inverse else end))
        clocks += level_clocks(inverse)
        if inverse:
            beats += commutator(config, level).beats
            clocks += commutator(config, level).clocks
    return found


class EnginePredictor(Predictor):
    """Transforms each chunk with the model; a beat pushes out the one Chunk/Lanes - 1 before it."""

    def build_phase(self) -> None:
        """Nothing is on its way yet."""
        super().build_phase()
        dut = self.get_parent().dut
        self.config = config_of(dut)
        self.inverse = self.direction(dut)
        self.latency = engine_latency(self.config, self.inverse)
        self.chunk_beats = self.config.chunk_beats
        self.cover()
        self.reset()

    def direction(self, dut: Any) -> bool:
        """Whether it is the inverse engine."""
        return bool(int(dut.Inverse.value))

    def cover(self) -> None:
        """Which chunks came."""
        self._sample = covergroup(
            "fft_engine.chunk",
            {"direction": ("forward", "inverse"), "saturated": ("no", "yes")},
            {"direction_x_saturated": ("direction", "saturated")},
        )
        self.SPREADS = ("equal", "some bits", "more than the mantissa")
        self._sample_spread = covergroup("fft_engine.first_level", {"spread": self.SPREADS})

    def reset(self) -> None:
        """Forgets everything; the first Chunk/Lanes - 1 beats bring out nothing."""
        super().reset()
        self.held: deque[int | None] = deque([None] * (self.config.chunk_beats - 1))
        self.count = 0
        self.pushed: list[tuple[int, int]] = []

    def beat(self, beat: Beat) -> None:
        """Brings out what it pushes, flags included."""
        value = self.held.popleft()
        if value is not None:
            self.expect(value, beat.clock + self.latency)
        for number, late in self.pushed:
            if number == self.count:
                self.flag(beat.clock + late)
        self.pushed = [entry for entry in self.pushed if entry[0] > self.count]
        self.count += 1

    def flag(self, clock: int) -> None:
        """The flag will rise in this clock."""
        self.flags.write(clock)

    def transform(self, beats: Sequence[int]) -> tuple[Cfp, Any, list[int]]:
        """A chunk's words in their order, what the model makes of them, and its beats."""
        config = self.config
        forward = (fft_engine.forward, fft_engine.from_lanes, fft_engine.to_beats)
        inverse = (
            fft_engine.inverse,
            lambda beats: fft_engine.from_beats(beats, config),
            fft_engine.to_lanes,
        )
        model, order_in, order_out = inverse if self.inverse else forward
        words = order_in(beat_words(beats, config.lanes, Format.of(config)))
        result = model(words, config)
        return words, result, beat_ints(order_out(result.words, config), Format.of(config))

    def cut_short(self, frame: Sequence[Beat], clock: int) -> None:
        """The flags that its beats have raised: what would have followed them plays no part."""
        beats = [beat.values[0] for beat in frame]
        words, result, _ = self.transform(beats + [0] * (self.chunk_beats - len(frame)))
        if result.saturated:
            for number, late in overflows(words, self.config, self.inverse):
                if number < len(frame) and frame[number].clock + late < clock:
                    self.flag(frame[number].clock + late)

    def chunk(self, frame: Sequence[Beat]) -> None:
        """Transforms it."""
        config = self.config
        words, result, beats = self.transform([beat.values[0] for beat in frame])
        self.held.extend(beats)
        self.sample(words, result.saturated)
        if result.saturated:
            start = self.count + 1 - config.chunk_beats
            clocks = [earlier.clock for earlier in frame]
            for number, late in overflows(words, config, self.inverse):
                if number < config.chunk_beats - 1:
                    self.flag(clocks[number] + late)
                else:
                    self.pushed.append((start + number, late))

    def sample(self, words: Cfp, saturated: bool) -> None:
        """Coverage of a chunk."""
        direction = "inverse" if self.inverse else "forward"
        self._sample(direction, "yes" if saturated else "no")
        self._spreads(words)

    def _spreads(self, words: Cfp) -> None:
        """How far apart the exponents of the chunk's halves are: what its first butterflies align
        in the forward engine."""
        half = self.config.chunk // 2
        spread = np.abs(words.exponent[:half] - words.exponent[half:])
        for name, some in zip(
            self.SPREADS,
            (spread == 0, (spread > 0) & (spread <= 18), spread > self.config.mantissa_bits),
            strict=True,
        ):
            if some.any():
                self._sample_spread(name)


class EngineEnv(PipelineEnv):
    """An engine of either direction."""

    block = "fft_engine"
    predictor_class = EnginePredictor

    def beats(self, rng: np.random.Generator, kind: str) -> list[tuple[int]]:
        """A random chunk as the beats that carry it in."""
        config = self.predictor.config
        words = random_words(rng, kind, config.chunk, Format.of(config))
        order = fft_engine.to_beats if self.predictor.inverse else fft_engine.to_lanes
        return [(beat,) for beat in beat_ints(order(words, config), Format.of(config))]

    @property
    def slow(self) -> bool:
        """Whether a chunk takes seconds in this simulator."""
        return is_slow(self.predictor.config.chunk)
