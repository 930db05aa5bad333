# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""overlap_add in its environment, bit for bit."""

from __future__ import annotations

import random

import cocotb
import numpy as np
import pyuvm

from crocuta.models.cfp import Cfp
from tb.envs.base import BlockTest
from tb.envs.overlap_add import OverlapEnv
from tb.envs.pipeline import PAUSES, cut, send, send_with_pauses
from tb.lib.profiles import PROFILES
from tb.lib.words import KINDS

QUIET = tuple(kind for kind in KINDS if kind != "huge")


class OverlapTest(BlockTest):
    """Sends channels; the environment checks the rest."""

    env_class = OverlapEnv

    async def channel(self, chunks: int, profile: str, kind: str = "") -> None:
        """A channel of some chunks; kind "": any kind for each."""
        for number in range(chunks):
            words = self.env.beats(self.rng, kind or random.choice(QUIET), number == 0)
            await send(self.env, words, profile)


@pyuvm.test()
class Chunks(OverlapTest):
    """Channels of one to three chunks, without gaps and with all profiles of them."""

    async def main(self) -> None:
        """Runs back to back; finally with zero parts beside exponents of all sizes."""
        profiles = ["none", *PROFILES]
        if self.env.slow:
            profiles = ["none", random.choice(PROFILES)]
        for profile in profiles:
            for chunks in random.sample((1, 2, 3), 2):
                await self.channel(chunks, profile)
        await self.channel(3, "light", "any")
        for pause in PAUSES:
            await send_with_pauses(self.env, self.env.beats(self.rng, "any", True), pause)


@pyuvm.test()
class ResetInTheMiddle(OverlapTest):
    """A reset anywhere in a chunk: nothing of it comes out, and the next channel is correct."""

    async def main(self) -> None:
        """Sends whole chunks and part of one, then resets; one reset falls between two chunks."""
        for clocks in (1, 2, 3, random.randint(4, 9)):
            await self.channel(1 if clocks == 2 else random.randint(0, 2), "light", "any")
            if clocks != 2:
                await send(self.env, cut(self.env.beats(self.rng, "any", True)), "light")
            await self.reset(clocks)
        chunk = self.env.beats(self.rng, "any", True)
        sending = cocotb.start_soon(send(self.env, chunk, "none"))
        await self.env.drain(0, random.randint(1, len(chunk) - 1))
        await self.reset(1)
        await sending
        await self.channel(2, "none", "any")


@pyuvm.test()
class Cancellation(OverlapTest):
    """A head that is the negative of the tail leaves zero, whose exponent is the least."""

    async def main(self) -> None:
        """In every lane that holds the negative."""
        tail, head = self.env.words(self.rng, "spectrum"), self.env.words(self.rng, "spectrum")
        negative = -tail.im
        fits = (negative != 0) & (negative < 1 << (self.env.predictor.fmt.mantissa_bits - 1))
        assert fits.mean() > 0.5, "too few parts cancel"
        head = Cfp(np.where(fits, negative, head.re), head.im, tail.exponent)
        await send(self.env, self.env.chunk(tail, True), "none")
        await send(self.env, self.env.chunk(head, False), "light")


@pyuvm.test()
class Saturation(OverlapTest):
    """saturated_o rises for exactly the beats with an overflow, in their clocks."""

    async def main(self) -> None:
        """A huge tail meets a huge head, then an ordinary one, then a huge one again."""
        for number, kind in enumerate(("huge", "huge", "any", "huge", "huge")):
            await send(self.env, self.env.beats(self.rng, kind, number in (0, 2)), "heavy")

    def check_phase(self) -> None:
        """Checks that some beats overflowed, but not all."""
        overflows = len(self.env.flag_scoreboard.expected)
        assert 0 < overflows < self.env.data_scoreboard.compared, overflows
