# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""twist in its environment: every row of every transform, forward and inverse, bit for bit."""

from __future__ import annotations

import random

import cocotb
import pyuvm

from tb.envs.base import BlockTest
from tb.envs.pipeline import PAUSES, cut, send, send_with_pauses
from tb.envs.twist import Row, TwistEnv
from tb.lib.profiles import PROFILES
from tb.lib.words import KINDS

QUIET = tuple(kind for kind in KINDS if kind != "huge")
ROWS = 24
"""Maximum number of rows that a test sends."""


class TwistTest(BlockTest):
    """Sends rows; the environment checks the rest."""

    env_class = TwistEnv

    async def row(self, kind: str, profile: str, row: Row | None = None) -> None:
        """A row of random words."""
        await send(self.env, self.env.beats(self.rng, kind, row), profile)


@pyuvm.test()
class EveryRow(TwistTest):
    """Rows of transforms of all sizes without a gap: the first, the last and others."""

    async def main(self) -> None:
        """Runs them in any order, with mixed sizes."""
        rows = self.env.rows()
        ends = [row for row in rows if row.number in (0, 1, (1 << row.columns) - 1)]
        others = [row for row in rows if row not in ends]
        for row in random.sample(ends, len(ends)) + others[: 2 if self.env.slow else ROWS]:
            await self.row(random.choice(QUIET), "none", row)


@pyuvm.test()
class Gaps(TwistTest):
    """All kinds of words with all profiles of gaps, and pauses between rows."""

    async def main(self) -> None:
        """Runs every profile and every kind at least once."""
        profiles = random.sample(PROFILES, len(PROFILES))
        kinds = random.sample(QUIET, len(QUIET))
        for number in range(2 if self.env.slow else max(len(profiles), len(kinds))):
            await self.row(kinds[number % len(kinds)], profiles[number % len(profiles)])
            if random.random() < 0.3:
                await self.env.drain(0, random.randint(1, 30))
        for pause in PAUSES:
            await send_with_pauses(self.env, self.env.beats(self.rng, "any"), pause)


@pyuvm.test()
class ResetInTheMiddle(TwistTest):
    """A reset anywhere in a row: nothing of it comes out, and later rows are correct."""

    async def main(self) -> None:
        """Sends rows and part of one, then resets; finally sends whole rows."""
        for clocks in (1, 2, 3, random.randint(4, 9)):
            for _ in range(random.randint(clocks == 2, 2)):
                await self.row("any", "light")
            if random.random() < 0.5:
                await self.env.drain(self.drain_limit, 0)
            if clocks != 2:  # this reset falls between two rows
                await send(self.env, cut(self.env.beats(self.rng, "any")), "light")
            await self.reset(clocks)
        await self.row("any", "light")


@pyuvm.test()
class ResetWhileSending(TwistTest):
    """A reset at a random clock while beats enter without a pause, even a row's first ones."""

    async def main(self) -> None:
        """The driver abandons the row; the next one is whole."""
        for number in range(6):
            row = self.env.beats(self.rng, "spectrum")
            sending = cocotb.start_soon(send(self.env, row, "none"))
            latest = self.env.predictor.latency if number % 2 else len(row)
            await self.env.drain(0, random.randint(1, latest))
            await self.reset(random.randint(1, 3))
            await sending
        await self.row("spectrum", "none")


@pyuvm.test()
class Saturation(TwistTest):
    """saturated_o rises for every overflow in its clock, and for nothing else."""

    async def main(self) -> None:
        """Sends rows with overflows between others."""
        for kind in ("any", *["huge"] * (2 if self.env.slow else 10), "any"):
            await self.row(kind, random.choice(PROFILES))

    def check_phase(self) -> None:
        """Checks that something overflowed."""
        assert self.env.flag_scoreboard.expected, "no overflow was provoked"
