# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The forward engine followed by the inverse one: equal to the models, and close to the input."""

from __future__ import annotations

import random

import pyuvm

from tb.envs.base import BlockTest
from tb.envs.fft_round_trip import RoundTripEnv
from tb.envs.pipeline import PAUSES, cut, send, send_with_pauses
from tb.lib.profiles import PROFILES


@pyuvm.test()
class RoundTrip(BlockTest):
    """Chunks come back after the beats that both engines hold and their latencies."""

    env_class = RoundTripEnv

    async def chunk(self, kind: str, profile: str) -> None:
        """A chunk of random words."""
        await send(self.env, self.env.beats(self.rng, kind), profile)

    async def main(self) -> None:
        """Runs every profile of gaps, with resets inside a chunk and between two."""
        for profile in () if self.env.slow else PROFILES:
            await self.chunk(random.choice(("samples", "spectrum")), profile)
        for pause in PAUSES[: 1 if self.env.slow else 2]:
            await send_with_pauses(self.env, self.env.beats(self.rng, "samples"), pause)
        if not self.env.slow:
            for _ in range(3):
                await self.chunk("zero", "none")
            await self.env.drain(self.drain_limit, 0)
        await send(self.env, cut(self.env.beats(self.rng, "samples")), "none")
        await self.reset(1)
        await self.chunk("spectrum", "none")
        if not self.env.slow:
            await self.reset(random.randint(3, 9))
        for kind in ("spectrum", "zero", "zero", "zero"):
            await self.chunk(kind, "none")
