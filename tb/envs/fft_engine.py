# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of fft_engine: forward, inverse and as a plain FFT, of rows and columns."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Iterable, Sequence
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
from tb.envs.scoreboard import Expected
from tb.lib.coverage import covergroup
from tb.lib.level_order import blocks, pair_positions
from tb.lib.words import beat_ints, beat_words, random_words

FLAG_CLOCKS = 2  # from an overflow's result to saturated_o: a register per level, and one for all


def config_of(dut: Any) -> Config:
    """The configuration that corresponds to the engine's parameters and tables."""
    named = configs.load_engine(os.environ["CROCUTA_CONFIG"])
    chunk_log2 = int(dut.Chunk.value).bit_length() - 1
    column_levels = int(dut.ColumnLevels.value) if hasattr(dut, "ColumnLevels") else 0
    return Config(
        name="bench",
        about="",
        lanes=int(dut.Lanes.value),
        chunk=int(dut.Chunk.value),
        mantissa_bits=int(dut.MantissaBits.value),
        exponent_bits=int(dut.ExponentBits.value),
        twiddle_bits=int(dut.TwiddleBits.value),
        right_angle=named.right_angle and os.environ.get("FFT_RIGHT_ANGLE", "1") == "1",
        max_length_log2=chunk_log2 + column_levels,
        schedule=configs.FOUR_STEP if column_levels else configs.CHUNKED,
    )


class Held(NamedTuple):
    """What a commutator holds back: beats until more follow, and clocks."""

    beats: int
    clocks: int


def commutator(config: Config, level: int) -> Held:
    """The commutator between this level and the previous one; none where lanes are wired."""
    if level <= config.lanes_log2:
        return Held(0, 0)
    return held(config.chunk >> level)


def held(distance: int) -> Held:
    """What a commutator over a number of beats holds back."""
    return Held(distance, 3 if distance >= 4 else 1)


def restoring(config: Config) -> Held:
    """The commutator that only columns need; none in an engine of rows."""
    return held(config.chunk_beats // 2) if config.column_levels else Held(0, 0)


def engine_beats(config: Config) -> int:
    """The most beats that the engine holds: as many more push all of them out."""
    return config.chunk_beats - 1 + restoring(config).beats


def level_clocks(inverse: bool) -> int:
    """The latency of fft_level."""
    return 17 if inverse else 20


def engine_latency(config: Config, inverse: bool) -> int:
    """Clocks from a beat in to the beat that it pushes out, as in the header of fft_engine."""
    commutators = sum(commutator(config, level).clocks for level in range(1, config.chunk_log2 + 1))
    commutators += restoring(config).clocks
    return level_clocks(inverse) * config.chunk_log2 + commutators + inverse


def overflows(words: Cfp, config: Config, inverse: bool, columns: int = 0) -> list[tuple[int, int]]:
    """Where a chunk overflows: (beat of the chunk that pushes the flag out, clocks after it).

    The beat enters the levels, and counts on into the chunks that follow. With `columns`, the chunk
    is a tile of the columns of 2**columns rows, which the other levels pass.
    """
    fmt = Format.of(config)
    beats, clocks = 0, FLAG_CLOCKS + (restoring(config).clocks if inverse else 0)
    found = []
    levels = range(1, config.chunk_log2 + 1)
    re, im, exponent = words.re.copy(), words.im.copy(), words.exponent.copy()
    for level in reversed(levels) if inverse else levels:
        if not inverse:
            beats += commutator(config, level).beats
            clocks += commutator(config, level).clocks
        active = not columns or 0 < level - config.lanes_log2 <= columns
        if active:
            tree_level = level - config.lanes_log2 if columns else level
            table = twiddle_rom(tree_level, config.right_angle, config.twiddle_bits)
            block = blocks(level, config.lanes, config.chunk, columns)
            first, second = pair_positions(level, config.lanes, config.chunk, columns)
        for beat in range(config.chunk_beats if active else 0):
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


class EngineBeats:
    """The beats in an engine since its reset, each a value and its mode, in the order in which they
    leave. A beat that enters the levels pushes out the one a chunk less a beat before it. Before
    them or, forward, behind them is the commutator that restores the order of columns, over half a
    chunk. It is bypassed by rows, but forward only by those that come before any tile."""

    def __init__(self, config: Config, inverse: bool) -> None:
        """The first beats push out nothing."""
        self.inverse = inverse
        self.half = restoring(config).beats
        self.levels: deque[tuple[int, int] | None] = deque([None] * (config.chunk_beats - 1))
        self.restored: deque[tuple[int, int]] = deque()
        self.entered = 0
        """Beats that have entered the levels."""
        self.waiting = 0
        """Beats in the commutator before them."""
        self.tiles = False

    def chunk(self, beats: Iterable[tuple[int, int]]) -> None:
        """The transform of a chunk, of which all but the last beat have entered."""
        self.levels.extend(beats)

    def enter(self, columns: int) -> tuple[int, int] | None:
        """A beat of a mode enters: what it pushes out."""
        if self.inverse:
            fills = columns > 0 and self.waiting < self.half
            self.waiting = self.waiting + fills if columns else 0
            if fills:
                return None
        self.entered += 1
        leaves = self.levels.popleft()
        if leaves is None or self.inverse:
            return leaves
        self.tiles = self.tiles or leaves[1] > 0
        if not self.tiles:
            return leaves
        self.restored.append(leaves)
        return self.restored.popleft() if len(self.restored) > self.half else None


class EnginePredictor(Predictor):
    """Transforms each chunk with the model."""

    def build_phase(self) -> None:
        """Starts with nothing in flight."""
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
        """Creates the covergroup of the chunks."""
        self._sample = covergroup(
            "fft_engine.chunk",
            {"direction": ("forward", "inverse"), "saturated": ("no", "yes")},
            {"direction_x_saturated": ("direction", "saturated")},
        )
        self.MODES = ("row", "two rows", "some rows", "most rows")
        self._sample_mode = covergroup(
            "fft_engine.columns",
            {"columns": self.MODES, "before": ("reset", *self.MODES), "saturated": ("no", "yes")},
            {
                "columns_x_before": ("columns", "before"),
                "columns_x_saturated": ("columns", "saturated"),
            },
        )
        self.SPREADS = ("equal", "some bits", "more than the mantissa")
        self._sample_spread = covergroup("fft_engine.first_level", {"spread": self.SPREADS})

    def reset(self) -> None:
        """Forgets everything; the first beats push out nothing."""
        super().reset()
        self.held = EngineBeats(self.config, self.inverse)
        self.before = "reset"
        self.leaving = 0
        self.start = 0
        self.clocks: list[int] = []
        self.pushed: list[tuple[int, int]] = []

    def _beat(self, beat: Beat) -> None:
        before = self.collected
        if self.inverse and before and self.columns(before) and not self.columns([beat]):
            assert len(before) == restoring(self.config).beats, "a row inside a tile"
            self.collected = []  # zeros that pushed the tile into the levels
        if not self.collected:
            waiting = self.held.waiting if self.columns([beat]) else 0
            self.start = self.held.entered + waiting
        super()._beat(beat)

    def beat(self, beat: Beat) -> None:
        """Expects what the beat pushes out, flags included."""
        leaves = self.held.enter(self.columns([beat]))
        if leaves is not None:
            value, self.leaving = leaves
            self.expect(value, beat.clock + self.latency)
        if self.held.entered > len(self.clocks):
            self.clocks.append(beat.clock)
            self.pushed = [entry for entry in self.pushed if not self.raised(*entry)]

    def expect(self, value: int, clock: int) -> None:
        """Expects an output beat, with the mode of its chunk."""
        self.expected.write(Expected((value, self.leaving), clock))

    def columns(self, incoming: Sequence[Beat]) -> int:
        """The mode of a chunk, the same in all its beats."""
        if not self.config.column_levels:
            return 0
        (columns,) = {beat.values[1] for beat in incoming}
        return columns

    def raised(self, number: int, late: int) -> bool:
        """Expects a flag if the beat that pushes it out has entered the levels."""
        if number >= len(self.clocks):
            return False
        self.flag(self.clocks[number] + late)
        return True

    def flag(self, clock: int) -> None:
        """Expects the flag to rise in this clock."""
        self.flags.write(clock)

    def transform(self, beats: Sequence[int], columns: int) -> tuple[Cfp, Any, list[int]]:
        """A chunk's words in order, the model's result, and its beats."""
        config, fmt = self.config, Format.of(self.config)
        model = fft_engine.inverse if self.inverse else fft_engine.forward
        words = from_order(beat_words(beats, config.lanes, fmt), config, self.inverse, columns)
        result = model(words, config, columns or None)
        out = to_order(result.words, config, not self.inverse, columns)
        return words, result, beat_ints(out, fmt)

    def cut_short(self, incoming: Sequence[Beat], clock: int) -> None:
        """The flags that its beats have raised, whatever would have followed them."""
        beats = [beat.values[0] for beat in incoming]
        columns = self.columns(incoming)
        words, result, _ = self.transform(beats + [0] * (self.chunk_beats - len(incoming)), columns)
        if result.saturated:
            for number, late in overflows(words, self.config, self.inverse, columns):
                entry = self.start + number
                if entry < len(self.clocks) and self.clocks[entry] + late < clock:
                    self.flag(self.clocks[entry] + late)

    def chunk(self, incoming: Sequence[Beat]) -> None:
        """Transforms it."""
        config = self.config
        columns = self.columns(incoming)
        words, result, beats = self.transform([beat.values[0] for beat in incoming], columns)
        self.held.chunk((beat, columns) for beat in beats)
        self.sample(words, result.saturated, columns)
        if result.saturated:
            for number, late in overflows(words, config, self.inverse, columns):
                entry = (self.start + number, late)
                if not self.raised(*entry):
                    self.pushed.append(entry)

    def sample(self, words: Cfp, saturated: bool, columns: int) -> None:
        """Coverage of a chunk."""
        direction = "inverse" if self.inverse else "forward"
        answer = "yes" if saturated else "no"
        self._sample(direction, answer)
        most = columns == self.config.column_levels
        mode = self.MODES[3 if most and columns else min(columns, 2)]
        self._sample_mode(mode, self.before, answer)
        self.before = mode
        if not columns:
            self._spreads(words)

    def _spreads(self, words: Cfp) -> None:
        """The class of the distance between the exponents of the chunk's halves, which the first
        butterflies of the forward engine align."""
        half = self.config.chunk // 2
        spread = np.abs(words.exponent[:half] - words.exponent[half:])
        for name, some in zip(
            self.SPREADS,
            (spread == 0, (spread > 0) & (spread <= 18), spread > self.config.mantissa_bits),
            strict=True,
        ):
            if some.any():
                self._sample_spread(name)


def to_order(words: Cfp, config: Config, tree: bool, columns: int) -> Cfp:
    """Packs a chunk into beats: in natural order, or transformed, in tree order."""
    if columns:
        tile = fft_engine.tile_to_steps if tree else fft_engine.tile_to_lanes
        return tile(words, 1 << columns, config)
    return (fft_engine.to_beats if tree else fft_engine.to_lanes)(words, config)


def from_order(beats: Cfp, config: Config, tree: bool, columns: int) -> Cfp:
    """The inverse of `to_order`."""
    if columns:
        tile = fft_engine.tile_from_steps if tree else fft_engine.tile_from_lanes
        return tile(beats, 1 << columns, config)
    return fft_engine.from_beats(beats, config) if tree else fft_engine.from_lanes(beats)


class EngineEnv(PipelineEnv):
    """The environment of an engine of either direction."""

    block = "fft_engine"
    predictor_class = EnginePredictor
    inputs = ("beat_i", "columns_i")
    outputs = ("beat_o", "columns_o")
    mode = 0
    """That of the latest chunk since reset."""

    @property
    def modes(self) -> range:
        """The possible modes of a chunk: a row, or a tile of the columns of 2, 4, ... rows."""
        return range(self.predictor.config.column_levels + 1)

    def beats(
        self, rng: np.random.Generator, kind: str, columns: int | None = None
    ) -> list[tuple[int, ...]]:
        """The beats of a random chunk, of any mode if none is given; before a row that follows a
        tile in the inverse engine also the zeros that push the tile into the levels."""
        config = self.predictor.config
        if columns is None:
            columns = random.choice(self.modes)
        pushes = restoring(config).beats if self.predictor.inverse and not columns else 0
        zeros = [(0, self.mode)] * (pushes if self.mode else 0)
        self.mode = columns
        words = random_words(rng, kind, config.chunk, Format.of(config))
        beats = to_order(words, config, self.predictor.inverse, columns)
        # An engine of rows alone ignores the mode.
        mode = columns if config.column_levels else random.getrandbits(1)
        return [*zeros, *((beat, mode) for beat in beat_ints(beats, Format.of(config)))]

    def on_reset(self, clock: int) -> None:
        """Handles a reset, after which no chunk has come."""
        super().on_reset(clock)
        self.mode = 0

    @property
    def slow(self) -> bool:
        """Whether simulating a chunk takes seconds in this simulator."""
        return is_slow(self.predictor.config.chunk)
