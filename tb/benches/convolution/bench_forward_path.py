# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""forward_path in its environment: float32 samples to spectra, bit for bit."""

from __future__ import annotations

import os
import random

import cocotb
import numpy as np
import pyuvm

from tb.envs.forward_path import ForwardEnv
from tb.envs.kernel_samples import KINDS, samples
from tb.envs.paths import PathTest, credits
from tb.envs.pipeline import PAUSES, cut, send_with_pauses
from tb.lib.profiles import PROFILES

QUIET = tuple(kind for kind in KINDS if kind != "huge")
OVERFLOWS = os.environ.get("FORWARD_OVERFLOWS") == "1"
"""Whether the format is small enough, and the chunk long enough, for float32 samples to
overflow."""


class ForwardTest(PathTest):
    """Sends chunks; the environment checks the rest."""

    env_class = ForwardEnv

    def chunk(self, kind: str = "") -> list[tuple[int]]:
        """A chunk of samples of a kind; "": any kind."""
        chunk = self.env.predictor.config.chunk
        row = samples(self.rng, kind or random.choice(QUIET), 1, chunk)
        beats: list[tuple[int]] = self.env.chunk(row)
        return beats

    async def push_out(self) -> None:
        """Beats that push out what the engine still holds."""
        await self.beats(self.chunk("zeros")[1:], "none")


@pyuvm.test(skip=OVERFLOWS)
class Chunks(ForwardTest):
    """Every kind of samples, with gaps at the input and stalls at the output."""

    async def main(self) -> None:
        """Runs every profile on either side, and every kind."""
        sources, sinks, kinds = list(PROFILES), list(PROFILES), list(KINDS)
        for profiles in (sources, sinks, kinds):
            random.shuffle(profiles)
        for number in range(2 if self.env.slow else len(kinds)):
            await self.sink(sinks[number % len(sinks)])
            await self.beats(self.chunk(kinds[number]), sources[number % len(sources)])
        for pause in PAUSES:
            await send_with_pauses(self.env, self.chunk(), pause)
        await self.push_out()
        await self.sink("none")


@pyuvm.test(skip=OVERFLOWS)
class FullRate(ForwardTest):
    """One beat per clock enters and leaves: there are enough places behind the engine."""

    async def main(self) -> None:
        """Sends more beats than there are places."""
        chunks = 1 + 2 * credits(self.dut) // self.env.predictor.chunk_beats
        for _ in range(chunks):
            await self.beats(self.chunk("ordinary"), "none")
        assert not self.env.waits, f"beats waited for {self.env.waits} clocks"
        await self.push_out()


@pyuvm.test(skip=OVERFLOWS)
class Full(ForwardTest):
    """While no beat is accepted, exactly as many enter as there are places for, and none is
    lost."""

    async def main(self) -> None:
        """Runs after the reset, and again after another one."""
        chunks = 2 + credits(self.dut) // self.env.predictor.chunk_beats
        for _ in range(1 if self.env.slow else 2):
            await self.fill([beat for _ in range(chunks) for beat in self.chunk()])
            await self.push_out()
            await self.env.drain(self.drain_limit, 0)
            await self.reset()


@pyuvm.test(skip=OVERFLOWS)
class ResetInTheMiddle(ForwardTest):
    """A reset anywhere in a chunk: nothing of it comes out, and later chunks are correct."""

    async def main(self) -> None:
        """Sends whole chunks and part of one, then resets; also while beats enter and places are
        occupied."""
        for clocks in (1, 2, 3, random.randint(4, 9)):
            await self.sink(random.choice(PROFILES))
            for _ in range(random.randint(clocks == 2, 2)):
                await self.beats(self.chunk(), "light")
            if clocks != 2:  # this reset falls between two chunks
                await self.beats(cut(self.chunk()), "light")
            await self.reset(clocks)
        await self.sink("heavy")
        chunk = self.chunk()
        sending = cocotb.start_soon(self.beats(chunk, "none"))
        await self.env.drain(0, random.randint(1, len(chunk) - 1))
        await self.reset(1)
        await sending
        await self.beats(self.chunk(), "none")
        await self.push_out()
        await self.sink("none")


@pyuvm.test(skip=OVERFLOWS)
class NotFinite(ForwardTest):
    """non_finite_o rises for exactly the beats with a NaN or an infinity, in their clocks."""

    async def main(self) -> None:
        """Puts one such sample in a chunk, in each lane: in the first beat, in the last, in
        between."""
        config = self.env.predictor.config
        beats = config.chunk_beats
        self.chunks = 0
        for place in ("first", "last", "inside"):
            for lane in range(config.lanes):
                beat = {"first": 0, "last": beats - 1, "inside": random.randint(1, beats - 2)}
                chunk = samples(self.rng, "ordinary", 1, config.chunk)
                value = random.choice((np.nan, np.inf, -np.inf))
                chunk[0, lane * beats + beat[place]] = value
                await self.beats(self.env.chunk(chunk), random.choice(PROFILES))
                self.chunks += 1
        await self.push_out()

    def check_phase(self) -> None:
        """Checks that one beat of each chunk had one."""
        assert len(self.env.pulse_boards["non_finite"].expected) == self.chunks


@pyuvm.test(skip=not OVERFLOWS)
class Saturation(ForwardTest):
    """saturated_o rises for every overflow in the engine, in its clock."""

    async def main(self) -> None:
        """Sends a chunk of the largest samples, all of one sign, between others."""
        chunk = self.env.predictor.config.chunk
        largest = np.full(chunk, np.finfo(np.float32).max, np.float32)
        for beats in (self.chunk("ordinary"), self.env.chunk(largest), self.chunk("ordinary")):
            await self.beats(beats, "none")
        await self.push_out()

    def check_phase(self) -> None:
        """Checks that something overflowed."""
        assert self.env.pulse_boards["saturated"].expected, "no overflow was provoked"
