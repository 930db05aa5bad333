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
from tb.profiles import PROFILES
from tb.words import KINDS

QUIET = tuple(kind for kind in KINDS if kind != "huge")


class MacTest(BlockTest):
    """Sends passes; the environment checks the rest."""

    env_class = MacEnv

    def beats(
        self, first: bool, last: bool, x: Sequence[int] = (), h: Sequence[int] = ()
    ) -> list[tuple[int, ...]]:
        """A pass of the words given, or of random ones."""
        x = x or self.env.words(self.rng, random.choice(QUIET))
        h = h or self.env.words(self.rng, random.choice(QUIET))
        return [(*pair, int(first), int(last)) for pair in zip(x, h, strict=True)]

    async def chunk(self, passes: int, profile: str) -> None:
        """The passes of an output chunk."""
        for number in range(passes):
            await send(self.env, self.beats(number == 0, number == passes - 1), profile)


@pyuvm.test()
class Passes(MacTest):
    """Chunks of one to six passes, back to back, without gaps and with all profiles of them."""

    async def main(self) -> None:
        """Without gaps first."""
        slow = self.env.slow
        for count in (2, 1) if slow else (1, 2, 3, 6, 1):
            await self.chunk(count, "none")
        for profile in random.sample(PROFILES[1:], 1 if slow else len(PROFILES) - 1):
            await self.chunk(random.randint(1, 2 if slow else 4), profile)
        for pause in PAUSES:
            await send_with_pauses(self.env, self.beats(True, True), pause)


@pyuvm.test()
class AnyMarks(MacTest):
    """first_i and last_i in any order: last alone does not restart the accumulator."""

    async def main(self) -> None:
        """Every pair of marks after every other."""
        marks = [(True, False)]
        pairs = [(a, b) for a in range(4) for b in range(4)]
        random.shuffle(pairs)
        for pair in pairs[: 2 if self.env.slow else None]:
            marks += [(bool(mark & 1), bool(mark & 2)) for mark in pair]
        for first, last in [*marks, (False, True)]:
            await send(self.env, self.beats(first, last), "light")


@pyuvm.test()
class ResetInTheMiddle(MacTest):
    """A reset anywhere in a pass: nothing of it comes out, and the chunk after it is right."""

    async def main(self) -> None:
        """Some passes, part of one, a reset; one reset falls between two passes."""
        for clocks in (1,) if self.env.slow else (1, 2, 3, random.randint(4, 9)):
            await self.chunk(random.randint(1, 2), "light")
            if clocks != 2:
                await send(self.env, cut(self.beats(True, random.random() < 0.5)), "light")
            await self.reset(clocks)
        sending = cocotb.start_soon(send(self.env, self.beats(True, True), "none"))
        await self.env.drain(0, random.randint(1, self.env.predictor.chunk_beats - 1))
        await self.reset(1)
        await sending
        await self.chunk(1, "none")
        await self.chunk(2, "none")


@pyuvm.test()
class Saturation(MacTest):
    """saturated_o rises for every beat with an overflow, at its clock, and for no other."""

    async def main(self) -> None:
        """With h near 1 it is mostly the sums that overflow, with a huge h the products."""
        for _ in range(1 if self.env.slow else 2):
            for huge in (False, True):
                for number in range(3):
                    x = self.env.words(self.rng, "huge")
                    h = self.env.words(self.rng, "huge") if huge else self.env.units(self.rng)
                    await send(self.env, self.beats(number == 0, number == 2, x, h), "heavy")
                await send(self.env, self.beats(True, True), "heavy")

    def check_phase(self) -> None:
        """Some overflow was provoked."""
        assert self.env.flag_scoreboard.expected, "no overflow was provoked"
