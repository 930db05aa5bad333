# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""fft_engine, forward, inverse and as a plain FFT, against models.fft_engine, bit for bit."""

from __future__ import annotations

import os
import random
from typing import Any, NamedTuple

import cocotb
import numpy as np

from models import fft_engine
from models.cfp import Cfp, Format
from models.cfp_butterfly import cfp_butterfly
from models.cfp_multiply import rotate
from models.configs import Config
from models.twiddle_rom import twiddle_rom
from tb.clock import start_clock
from tb.level_order import blocks, pair_positions
from tb.pipeline import GAPS, Pipeline, beat_ints, is_slow
from tb.words import KINDS, random_words

FLAG_CLOCKS = 2  # from an overflow's result to saturated_o: a register a level, one for all


def config_of(dut: Any) -> Config:
    """The configuration that the engine's parameters amount to."""
    return Config(
        name="bench",
        about="",
        lanes=int(dut.Lanes.value),
        chunk=int(dut.Chunk.value),
        mantissa_bits=int(dut.MantissaBits.value),
        exponent_bits=int(dut.ExponentBits.value),
        twiddle_bits=int(dut.TwiddleBits.value),
        right_angle=os.environ.get("FFT_RIGHT_ANGLE", "1") == "1",
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


class Engine(Pipeline):
    """An engine, its model, and frames on their way through both."""

    def __init__(self, dut: Any) -> None:
        self.config = config_of(dut)
        self.fmt = Format.of(self.config)
        self.inverse = bool(int(dut.Inverse.value))
        super().__init__(
            dut, engine_latency(self.config, self.inverse), ("beat_i",), lanes=self.config.lanes
        )
        self.rng = np.random.default_rng(random.getrandbits(64))
        # What the beats before the next one push out: nothing at first.
        self.held: list[int | None] = []
        # Since the reset: the clock of each beat in, and the overflows of each frame.
        self.when: list[int] = []
        self.overflows: list[tuple[int, int]] = []

    async def reset(self, clocks: int = 2) -> None:
        """Resets; the first Chunk/Lanes - 1 beats bring out nothing again."""
        await super().reset(clocks)
        self.held = [None] * (self.config.chunk_beats - 1)
        self.when = []
        self.overflows = []

    def words(self, kind: str) -> Cfp:
        """A random chunk in the order of the positions."""
        return random_words(self.rng, kind, self.config.chunk, self.fmt)

    async def frame(self, words: Cfp, profile: str, beats: int | None = None) -> bool:
        """Sends a chunk or its first `beats` beats; returns the model's saturation flag."""
        config = self.config
        model = fft_engine.inverse if self.inverse else fft_engine.forward
        orders = (fft_engine.to_lanes, fft_engine.to_beats)
        order_in, order_out = reversed(orders) if self.inverse else orders
        result = model(words, config)
        self.held += beat_ints(order_out(result.words, config), self.fmt)
        count = config.chunk_beats if beats is None else beats
        out, self.held = self.held[:count], self.held[count:]
        beats_in = [(beat,) for beat in beat_ints(order_in(words, config), self.fmt)[:count]]
        if result.saturated and not is_slow(config.chunk):
            start = len(self.when)
            self.overflows += [(start + beat, late) for beat, late in self.overflows_of(words)]
        self.when += await self.send(beats_in, out, profile)
        return result.saturated

    def overflows_of(self, words: Cfp) -> list[tuple[int, int]]:
        """Where a chunk overflows: (beat of the chunk that pushes the flag out, clocks after it).

        The beat counts on into the frames that follow.
        """
        config, fmt = self.config, self.fmt
        beats, clocks = 0, FLAG_CLOCKS
        found = []
        levels = range(1, config.chunk_log2 + 1)
        re, im, exponent = words.re.copy(), words.im.copy(), words.exponent.copy()
        for level in reversed(levels) if self.inverse else levels:
            if not self.inverse:
                beats += commutator(config, level).beats
                clocks += commutator(config, level).clocks
            table = twiddle_rom(level, config.right_angle, config.twiddle_bits)
            block = blocks(level, config.lanes, config.chunk)
            first, second = pair_positions(level, config.lanes, config.chunk)
            for beat in range(config.chunk_beats):
                a, b = (
                    Cfp(re[at[beat]], im[at[beat]], exponent[at[beat]]) for at in (first, second)
                )
                t_re, t_im = table.re[block[beat]], table.im[block[beat]]
                if self.inverse:
                    plus, minus, butterfly_over = cfp_butterfly(a, b, fmt)
                    minus, rotate_over = rotate(minus, t_re, -t_im, config.twiddle_bits, fmt)
                else:
                    turned, rotate_over = rotate(b, t_re, t_im, config.twiddle_bits, fmt)
                    plus, minus, butterfly_over = cfp_butterfly(a, turned, fmt)
                for at, word in ((first, plus), (second, minus)):
                    re[at[beat]], im[at[beat]] = word.re, word.im
                    exponent[at[beat]] = word.exponent
                end = clocks + level_clocks(self.inverse)
                if rotate_over:
                    found.append((beat + beats, end if self.inverse else end - 9))
                if butterfly_over:
                    found.append((beat + beats, end - 8 if self.inverse else end))
            clocks += level_clocks(self.inverse)
            if self.inverse:
                beats += commutator(config, level).beats
                clocks += commutator(config, level).clocks
        return found

    def check_flags(self) -> None:
        """saturated_o was high in exactly the clocks that the overflows cause."""
        expected = {self.when[beat] + late for beat, late in self.overflows}
        assert self.flags == sorted(expected), f"flags at {self.flags}, not {sorted(expected)}"


@cocotb.test()
async def back_to_back(dut: Any) -> None:
    """Frames without a gap: one beat a clock goes in and comes out."""
    start_clock(dut)
    engine = Engine(dut)
    await engine.reset()
    count = 1 if is_slow(engine.config.chunk) else 4
    for _ in range(count):
        await engine.frame(engine.words("spectrum" if engine.inverse else "samples"), "none")
    await engine.frame(engine.words("any"), "none")  # pushes the last one out
    await engine.drain()
    assert engine.compared == count * engine.config.chunk_beats + 1
    assert not engine.flags


@cocotb.test()
async def gaps(dut: Any) -> None:
    """Frames of all kinds of words with all kinds of gaps."""
    start_clock(dut)
    engine = Engine(dut)
    await engine.reset()
    kinds = [kind for kind in KINDS if kind != "huge"]
    profiles = list(GAPS[1:])
    slow = is_slow(engine.config.chunk)
    if slow:
        profiles = random.sample(("rare", "pauses"), 1)
    for profile in profiles:
        await engine.frame(engine.words(random.choice(kinds)), profile)
        if random.random() < 0.5:
            await engine.drain(random.randint(0, 10))
    more = [] if slow else kinds
    for kind in more:
        await engine.frame(engine.words(kind), "rare")
    await engine.frame(engine.words("zero"), "none", engine.config.chunk_beats - 1)
    await engine.drain()
    assert engine.compared == (len(profiles) + len(more)) * engine.config.chunk_beats
    assert not engine.flags


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset anywhere in a frame: nothing of it comes out, and the frames after it are right."""
    start_clock(dut)
    engine = Engine(dut)
    beats = engine.config.chunk_beats
    for _ in range(1 if is_slow(engine.config.chunk) else 3):
        await engine.reset(random.randint(1, 3))
        if not is_slow(engine.config.chunk):
            for _ in range(random.randint(0, 2)):
                await engine.frame(engine.words("any"), "rare")
        await engine.frame(engine.words("any"), "rare", random.randint(1, max(1, beats - 1)))
    await engine.reset(1)
    before = engine.compared
    await engine.frame(engine.words("any"), "rare")
    await engine.frame(engine.words("any"), "none", beats - 1)
    await engine.drain()
    assert engine.compared - before == beats


@cocotb.test()
async def saturation(dut: Any) -> None:
    """saturated_o rises for every overflow in any level, and for nothing else."""
    start_clock(dut)
    engine = Engine(dut)
    await engine.reset()
    for kind in ("huge",) if is_slow(engine.config.chunk) else ("any", "huge", "any", "huge"):
        before = len(engine.flags)
        saturated = await engine.frame(engine.words(kind), "rare")
        await engine.frame(engine.words("zero"), "none")  # pushes it out and raises no flag
        await engine.drain()
        assert saturated == (kind == "huge")
        assert (len(engine.flags) > before) == saturated, f"model: {saturated}"
    if not is_slow(engine.config.chunk):
        engine.check_flags()
