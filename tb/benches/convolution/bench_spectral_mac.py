# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""spectral_mac in its environment, bit for bit, with any number of passes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import cocotb
import pyuvm

from tb.envs.base import BlockTest
from tb.envs.pipeline import PAUSES, cut, send, send_with_pauses
from tb.envs.spectral_mac import MacEnv
from tb.lib.profiles import PROFILES
from tb.lib.words import KINDS

QUIET = tuple(kind for kind in KINDS if kind != "huge")
Marks = tuple[int, int, int]
"""outputs_i, first_i and last_i."""
ONLY: Marks = (1, 1, 1)
"""The only pass of an output chunk."""
H_ALONE: Marks = (0, 0, 0)


def group(passes: int, late: bool) -> list[Marks]:
    """The passes of two output chunks, the first with a given number; the second one starts with
    the same pass or, if `late`, with the next."""
    marks = []
    for number in range(passes + 1):
        taking = (number < passes, number >= late)
        first, last = (number == 0, number == late), (number == passes - 1, number == passes)
        outputs, *ends = (
            sum(1 << n for n in range(2) if taking[n] and here[n]) for here in (taking, first, last)
        )
        marks.append((outputs, ends[0], ends[1]))
    return marks


class MacTest(BlockTest):
    """Sends passes; the environment checks the rest."""

    env_class = MacEnv

    @property
    def two(self) -> bool:
        """Whether a pass may add to two output chunks."""
        two: bool = self.env.predictor.outputs == 2
        return two

    def beats(
        self, marks: Marks, x: Sequence[int] = (), h: Sequence[int] = ()
    ) -> list[tuple[int, ...]]:
        """A pass of given or random words."""
        x = x or self.env.words(self.rng, random.choice(QUIET))
        h = h or self.env.words(self.rng, random.choice(QUIET))
        return [(*pair, *marks) for pair in zip(x, h, strict=True)]

    async def chunk(self, passes: int, profile: str) -> None:
        """The passes of an output chunk, or of two."""
        if self.two:
            late = random.random() < 0.5
            marks = group(passes, late)
            if not late and (self.env.predictor.sums == "reset" or random.random() < 0.3):
                marks.insert(0, H_ALONE)
        else:
            marks = [(1, int(n == 0), int(n == passes - 1)) for n in range(passes)]
        for each in marks:
            await send(self.env, self.beats(each), profile)


@pyuvm.test()
class Passes(MacTest):
    """Chunks of one to six passes, back to back, without gaps and with all profiles of them."""

    async def main(self) -> None:
        """Runs without gaps first."""
        slow = self.env.slow
        for count in (2, 1) if slow else (1, 2, 3, 6, 1):
            await self.chunk(count, "none")
        for profile in random.sample(PROFILES[1:], 1 if slow else len(PROFILES) - 1):
            await self.chunk(random.randint(1, 2 if slow else 4), profile)
        for pause in PAUSES:
            await send_with_pauses(self.env, self.beats(ONLY), pause)


@pyuvm.test()
class AnyMarks(MacTest):
    """The marks in any order: last alone does not restart an accumulator."""

    async def main(self) -> None:
        """Runs every pair of marks after every other; with two outputs, every set after every
        other."""
        pairs = [(a, b) for a in range(4) for b in range(4)]
        random.shuffle(pairs)
        pairs = pairs[: 2 if self.env.slow else None]
        if self.two:
            marks = [(1, 1, 0), (2, 2, 0)]
            for pair in pairs:
                for outputs in pair:
                    last = outputs & random.choice((0, 1, 2))
                    marks.append((outputs, outputs & random.getrandbits(2), last))
        else:
            marks = [(1, 1, 0)]
            marks += [(1, mark & 1, mark >> 1) for pair in pairs for mark in pair]
        for each in [*marks, (1, 0, 1)]:
            await send(self.env, self.beats(each), "light")


@pyuvm.test()
class ResetInTheMiddle(MacTest):
    """A reset anywhere in a pass: nothing of it comes out, and the next chunk is correct."""

    async def main(self) -> None:
        """Sends passes and part of one, then resets; one reset falls between two passes."""
        for clocks in (1,) if self.env.slow else (1, 2, 3, random.randint(4, 9)):
            await self.chunk(random.randint(1, 2), "light")
            if clocks != 2:
                last = int(random.random() < 0.5)
                await send(self.env, cut(self.beats((1, 1, last))), "light")
            await self.reset(clocks)
        sending = cocotb.start_soon(send(self.env, self.beats(ONLY), "none"))
        await self.env.drain(0, random.randint(1, self.env.predictor.chunk_beats - 1))
        await self.reset(1)
        await sending
        await self.chunk(1, "none")
        await self.chunk(2, "none")


@pyuvm.test()
class Saturation(MacTest):
    """saturated_o rises for every beat with an overflow, in its clock, and for no other."""

    async def main(self) -> None:
        """With h near 1 mostly the sums overflow, and with a huge h the products. Products that are
        added to no output chunk raise no flag."""
        every = 3 if self.two else 1
        for _ in range(1 if self.env.slow else 2):
            for huge in (False, True):
                if self.two:
                    x, h = (self.env.words(self.rng, "huge") for _ in range(2))
                    await send(self.env, self.beats(H_ALONE, x, h), "none")
                for number in range(3):
                    x = self.env.words(self.rng, "huge")
                    h = self.env.words(self.rng, "huge") if huge else self.env.units(self.rng)
                    last = every & random.choice((1, 2)) if number == 2 else 0
                    marks = (every, every * (number == 0), last)
                    await send(self.env, self.beats(marks, x, h), "heavy")
                await send(self.env, self.beats(ONLY), "heavy")

    def check_phase(self) -> None:
        """Checks that something overflowed."""
        assert self.env.flag_scoreboard.expected, "no overflow was provoked"
