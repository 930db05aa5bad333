# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""fft_engine in its environment: forward, inverse and as a plain FFT, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Sequence

import cocotb
import pyuvm

from tb.envs.base import BlockTest
from tb.envs.fft_engine import EngineEnv, engine_beats
from tb.envs.pipeline import PAUSES, cut, send, send_with_pauses
from tb.lib.profiles import PROFILES
from tb.lib.words import KINDS

QUIET = tuple(kind for kind in KINDS if kind != "huge")


class EngineTest(BlockTest):
    """Sends chunks; the environment checks the rest."""

    env_class = EngineEnv

    async def chunk(self, kind: str, profile: str, columns: int | None = None) -> None:
        """A chunk of random words, of any mode if none is given."""
        await send(self.env, self.env.beats(self.rng, kind, columns), profile)

    async def push_out(self) -> None:
        """Beats that push out what the engine still holds."""
        zeros = self.env.beats(self.rng, "zero", self.env.mode)
        left = engine_beats(self.env.predictor.config)
        while left:
            await send(self.env, zeros[:left], "none")
            left -= min(left, len(zeros))


def all_pairs(values: Sequence[int]) -> list[int]:
    """The shortest sequence with every value after every other and itself: a de Bruijn sequence."""
    found = []
    for number, value in enumerate(values):
        found.append(value)
        for other in values[number + 1 :]:
            found += [value, other]
    return [*found, values[0]]


@pyuvm.test()
class BackToBack(EngineTest):
    """Chunks without a gap: one beat per clock enters and leaves."""

    async def main(self) -> None:
        """Runs similar magnitudes first, then any."""
        kinds = ("samples", "any") if self.env.slow else ("samples", "spectrum", "spectrum", "any")
        for kind in kinds:
            await self.chunk(kind, "none")
        await self.push_out()


@pyuvm.test()
class Modes(EngineTest):
    """Rows and columns of any number of rows, each mode after each other, with and without
    overflows."""

    async def main(self) -> None:
        """Runs all pairs of modes, in any order, without draining in between."""
        modes = random.sample(self.env.modes, len(self.env.modes))
        for columns in all_pairs(modes)[: 2 if self.env.slow else None]:
            kind = random.choice(("spectrum", "any", "huge"))
            await self.chunk(kind, random.choice(("none", "none", "light")), columns)
        await self.push_out()
        for columns in () if self.env.slow else self.env.modes:
            await self.reset(random.randint(1, 2))
            for kind in ("huge", "any"):
                await self.chunk(kind, "none", columns)
        await self.push_out()


@pyuvm.test()
class Gaps(EngineTest):
    """All kinds of words with all profiles of gaps, and pauses between chunks."""

    async def main(self) -> None:
        """Runs every profile and every kind at least once."""
        profiles, kinds = list(PROFILES), list(QUIET)
        random.shuffle(kinds)
        chunks = 0 if self.env.slow else max(len(profiles), len(kinds))
        for number in range(chunks):
            await self.chunk(kinds[number % len(kinds)], profiles[number % len(profiles)])
            if random.random() < 0.3:
                await self.env.drain(0, random.randint(1, 30))
        for pause in PAUSES[: 1 if self.env.slow else 2]:
            await send_with_pauses(self.env, self.env.beats(self.rng, "any"), pause)
        await self.push_out()


@pyuvm.test()
class ResetInTheMiddle(EngineTest):
    """A reset anywhere in a chunk: nothing of it comes out, and later chunks are correct."""

    async def main(self) -> None:
        """Sends chunks and part of one, then resets; finally sends whole chunks."""
        for clocks in (1,) if self.env.slow else (1, 2, 3, random.randint(4, 9)):
            for _ in range(0 if self.env.slow else random.randint(clocks == 2, 2)):
                await self.chunk("any", "light")
            if random.random() < 0.5:
                await self.env.drain(self.drain_limit, 0)
            if clocks != 2:  # this reset falls between two chunks
                kind = "any" if self.env.slow else random.choice(("any", "huge"))
                await send(self.env, cut(self.env.beats(self.rng, kind)), "light")
                if kind == "huge":  # some of the flags that it raises come before the reset
                    await self.env.drain(0, random.randint(0, self.env.predictor.latency))
            await self.reset(clocks)
        await self.chunk("any", "light")
        await self.push_out()


@pyuvm.test()
class ResetWhileSending(EngineTest):
    """A reset at a random clock while beats enter without a pause."""

    async def main(self) -> None:
        """The driver abandons the chunk; the next one is whole."""
        for _ in range(1 if self.env.slow else 4):
            chunk = self.env.beats(self.rng, "spectrum")
            sending = cocotb.start_soon(send(self.env, chunk, "none"))
            await self.env.drain(0, random.randint(1, len(chunk)))
            await self.reset(random.randint(1, 3))
            await sending
        await self.chunk("spectrum", "none")
        await self.push_out()


@pyuvm.test()
class Saturation(EngineTest):
    """saturated_o rises for every overflow in any level, in its clock, and for nothing else."""

    async def main(self) -> None:
        """Sends chunks with overflows between others."""
        for kind in ("huge",) if self.env.slow else ("any", "huge", "any", "huge", "huge"):
            await self.chunk(kind, random.choice(PROFILES))
            await self.chunk("zero", "none")
        await self.push_out()

    def check_phase(self) -> None:
        """Checks that something overflowed."""
        assert self.env.flag_scoreboard.expected, "no overflow was provoked"
