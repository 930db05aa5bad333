# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""inverse_path in its environment: totals of the spectral MAC to float32 samples, bit for bit."""

from __future__ import annotations

import dataclasses
import random

import cocotb
import numpy as np
import pyuvm
from cocotb.triggers import with_timeout

from crocuta.models.cfp import Cfp, Format
from crocuta.models.transform import fft_engine
from tb.agents.beat import CLOSED
from tb.envs.inverse_path import InverseEnv
from tb.envs.paths import PathTest, credits
from tb.envs.pipeline import PAUSES, cut, send_with_pauses
from tb.lib.clock import PERIOD_NS
from tb.lib.profiles import PROFILES
from tb.lib.words import KINDS, random_words

QUIET = tuple(kind for kind in KINDS if kind not in ("huge", "any"))


class InverseTest(PathTest):
    """Sends channels of chunks; the environment checks the rest."""

    env_class = InverseEnv

    def words(self, kind: str = "") -> Cfp:
        """A chunk of words of a kind; "": any kind that does not overflow a float32."""
        config = self.env.predictor.config
        kind = kind or random.choice(QUIET)
        return random_words(self.rng, kind, config.chunk, Format.of(config))

    def chunk(
        self, no_tail: bool, words: Cfp | None = None, drop: bool = False
    ) -> list[tuple[int, int, int]]:
        """Its beats."""
        words = self.words() if words is None else words
        beats: list[tuple[int, int, int]] = self.env.chunk(words, no_tail, drop, self.rng)
        return beats

    def channel(self, chunks: int, drop: bool = False) -> list[tuple[int, int, int]]:
        """The beats of a channel, of whose first chunk only the tail may be needed."""
        return [
            beat
            for number in range(chunks)
            for beat in self.chunk(number == 0, drop=drop and number == 0)
        ]

    async def push_out(self) -> None:
        """Beats that push out what the engine still holds."""
        await self.beats(self.chunk(True, self.words("zero"))[1:], "none")


@pyuvm.test()
class Channels(InverseTest):
    """Channels of one to three chunks of every kind, with gaps at the input and stalls at the
    output."""

    async def main(self) -> None:
        """Runs every profile on either side."""
        sources, sinks = list(PROFILES), list(PROFILES)
        random.shuffle(sources)
        random.shuffle(sinks)
        for source, sink in list(zip(sources, sinks, strict=True))[: 1 if self.env.slow else None]:
            await self.sink(sink)
            for chunks in random.sample((1, 2, 3), 2):
                drop = random.random() < 0.4
                await self.beats(self.channel(chunks, drop), source)
        for drop in (False, True):
            await self.beats(self.channel(2, drop), "none")
        for kind in () if self.env.slow else KINDS:
            await self.beats(self.chunk(True, self.words(kind)), "none")
            await self.beats(self.chunk(False, self.words(kind)), "light")
        for pause in PAUSES:
            await send_with_pauses(self.env, self.chunk(True), pause)
        await self.push_out()
        await self.sink("none")


@pyuvm.test()
class FullRate(InverseTest):
    """One beat per clock enters and leaves: there are enough FIFO places and marks."""

    async def main(self) -> None:
        """Sends more beats than there are places, in channels of one chunk and of more."""
        left = 1 + 2 * credits(self.dut) // self.env.predictor.chunk_beats
        while left > 0:
            chunks = random.randint(1, 3)
            await self.beats(self.channel(chunks, random.random() < 0.3), "none")
            left -= chunks
        assert not self.env.waits, f"beats waited for {self.env.waits} clocks"
        await self.push_out()


@pyuvm.test()
class Full(InverseTest):
    """While no sample is accepted, exactly as many beats enter as there are places. However many
    chunks these are, none is lost and each gets the previous chunk's tail, or none."""

    async def main(self) -> None:
        """Runs after the reset, and again after another one."""
        for _ in range(1 if self.env.slow else 2):
            beats: list[tuple[int, int, int]] = []
            while len(beats) <= credits(self.dut):
                beats += self.channel(random.choice((1, 1, 2, 3)))
            await self.fill(beats)
            await self.push_out()
            await self.env.drain(self.drain_limit, 0)
            await self.reset()


@pyuvm.test()
class Dropped(InverseTest):
    """Dropped chunks need no sink: more of them enter than there are places while it takes
    nothing."""

    async def main(self) -> None:
        """Closes the sink until all have entered."""
        await self.sink(CLOSED)
        chunks = 2 + credits(self.dut) // self.env.predictor.chunk_beats
        beats = [beat for _ in range(chunks) for beat in self.chunk(True, drop=True)]
        await with_timeout(
            cocotb.start_soon(self.beats(beats, "none")),
            (2 * len(beats) + 1000) * PERIOD_NS,
            "ns",
        )
        await self.sink("none")
        await self.beats(self.chunk(False), "none")
        await self.push_out()


@pyuvm.test()
class ResetInTheMiddle(InverseTest):
    """A reset anywhere in a chunk: nothing of it comes out, and later channels are correct."""

    async def main(self) -> None:
        """Sends whole chunks and part of one, then resets; also while beats enter and places are
        occupied."""
        for clocks in (1, 2, 3, random.randint(4, 9)):
            await self.sink(random.choice(PROFILES))
            await self.beats(self.channel(random.randint(1, 3)), "light")
            if clocks != 2:  # this reset falls between two chunks
                await self.beats(cut(self.chunk(False)), "light")
            await self.reset(clocks)
        await self.sink("heavy")
        chunk = self.chunk(True)
        sending = cocotb.start_soon(self.beats(chunk, "none"))
        await self.env.drain(0, random.randint(1, len(chunk) - 1))
        await self.reset(1)
        await sending
        await self.beats(self.channel(2), "none")
        await self.push_out()
        await self.sink("none")


@pyuvm.test()
class Saturation(InverseTest):
    """saturated_o rises for every overflow in the engine, in a sum and of float32, in its clock."""

    async def main(self) -> None:
        """Sends consecutive huge chunks, then makes the engine overflow into a tail that no chunk
        uses. With 8-bit exponents no sample of its chunk exceeds float32."""
        for number, kind in enumerate(("huge", "huge", "samples", "any")):
            await self.beats(self.chunk(number == 0, self.words(kind)), random.choice(PROFILES))
        await self.beats(self.chunk(True, self.words("huge"), drop=True), "none")
        await self.push_out()
        await self.env.drain(self.drain_limit, 60)
        await self.reset()
        for words in (self.imaginary_impulse(), self.words("zero")):
            await self.beats(self.chunk(True, words), "none")
        await self.push_out()

    def imaginary_impulse(self) -> Cfp:
        """The spectrum of i times the largest possible sample. The engine's sum of it overflows
        into the tail, which the next chunk, of another channel, does not use."""
        config = self.env.predictor.config
        fmt = Format.of(config)
        re = np.zeros(config.chunk, np.int64)
        im = re.copy()
        im[config.chunk // 2] = fmt.mantissa_max
        alive = im != 0
        exponent = np.where(alive, 0, fmt.exponent_min).astype(np.int32)
        spectrum = fft_engine.forward(Cfp(re, im, exponent), config).words
        return dataclasses.replace(spectrum, exponent=spectrum.exponent + fmt.exponent_max - 4)

    def check_phase(self) -> None:
        """Checks that something overflowed after the reset, too."""
        assert self.env.pulse_boards["saturated"].expected, "no overflow was provoked"


@pyuvm.test()
class OneLane(InverseTest):
    """A sample beyond float32's range in any lane raises saturated_o, without any other."""

    async def main(self) -> None:
        """Sends a chunk with such a sample in each lane."""
        for lane in range(self.env.predictor.config.lanes):
            await self.beats(self.chunk(True, self.loud_impulse(lane)), random.choice(PROFILES))
        await self.push_out()

    def loud_impulse(self, lane: int) -> Cfp:
        """The spectrum of a sample of 1.5 * 2^128, anywhere in the lane."""
        config = self.env.predictor.config
        fmt = Format.of(config)
        re = np.zeros(config.chunk, np.int64)
        re[lane * config.chunk_beats + random.randrange(config.chunk_beats)] = 3
        exponent = np.where(re != 0, 127, fmt.exponent_min).astype(np.int32)
        return fft_engine.forward(Cfp(re, np.zeros_like(re), exponent), config).words

    def check_phase(self) -> None:
        """Checks that one beat of each chunk raised it."""
        flags = self.env.pulse_boards["saturated"].expected
        assert len(flags) == self.env.predictor.config.lanes
