# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""overlap_add against its model, bit for bit."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from models.cfp import Cfp, Format
from models.overlap_add import overlap_add
from tb.clock import start_clock
from tb.pipeline import GAPS, Pipeline, beat_ints, is_slow
from tb.words import KINDS, random_words

LATENCY = 12
FLAG_LATENCY = 13
QUIET = tuple(kind for kind in KINDS if kind != "huge")


class Overlap(Pipeline):
    """The overlap-add and its model's tail."""

    def __init__(self, dut: Any) -> None:
        self.fmt = Format(int(dut.MantissaBits.value), int(dut.ExponentBits.value))
        lanes = int(dut.Lanes.value)
        super().__init__(dut, LATENCY, ("beat_i", "first_i"), lanes=lanes)
        self.beats = int(dut.Chunk.value) // lanes
        self.rng = np.random.default_rng(random.getrandbits(64))
        self.tail: Cfp | None = None
        self.done: list[int] = []

    async def _check(self, result: int | None) -> None:
        await super()._check(result)
        if int(self.dut.chunk_done_o.value):
            self.done.append(self.clock)

    def real_ints(self, words: Cfp) -> list[int]:
        """Beats of real words, {exponent, mantissa} a lane, as one integer a beat."""
        m, e = self.fmt.mantissa_bits, self.fmt.exponent_bits
        packed = (words.re & ((1 << m) - 1)) | (words.exponent.astype(np.int64) & (1 << e) - 1) << m
        return [
            sum(word << lane * (m + e) for lane, word in enumerate(beat))
            for beat in packed.tolist()
        ]

    async def chunk(
        self, kind: str, first: bool, profile: str, beats: int | None = None
    ) -> list[int]:
        """One chunk, or its first `beats` beats; the clocks of the beats with an overflow."""
        words = random_words(self.rng, kind, self.beats * self.lanes, self.fmt)
        z = words.reshape(self.beats, self.lanes)
        tail = None if first else self.tail
        result = overlap_add(z, tail, self.fmt)
        self.tail = result.tail
        inputs = [(beat, int(first)) for beat in beat_ints(z, self.fmt)][:beats]
        done = len(self.done)
        when = await self.send(inputs, self.real_ints(result.y)[:beats], profile)
        assert self.done[done:] == (when[-1:] if beats is None else []), "chunk_done_o"
        if not result.saturated:
            return []
        return [
            clock
            for i, clock in enumerate(when)
            if overlap_add(z[i], tail and tail[i], self.fmt).saturated
        ]


@cocotb.test()
async def chunks(dut: Any) -> None:
    """Channels of one to three chunks, without gaps and with all kinds of gaps."""
    start_clock(dut)
    overlap = Overlap(dut)
    await overlap.reset()
    count = 0
    profiles = ["none", *GAPS]
    if is_slow(overlap.beats * overlap.lanes):
        profiles = ["none", random.choice(GAPS)]
    for profile in profiles:
        for length in random.sample((1, 2, 3), 2):
            for number in range(length):
                await overlap.chunk(random.choice(QUIET), number == 0, profile)
                count += 1
    # Parts that are zero beside exponents of all sizes, on both sides of the sum.
    for number in range(3):
        await overlap.chunk("any", number == 0, "rare")
    await overlap.drain()
    assert overlap.compared == (count + 3) * overlap.beats
    assert len(overlap.done) == count + 3
    assert not overlap.flags


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset anywhere in a chunk: nothing of it comes out, and the channel after it is right."""
    start_clock(dut)
    overlap = Overlap(dut)
    for _ in range(4):
        await overlap.reset(random.randint(1, 3))
        for number in range(random.randint(0, 2)):
            await overlap.chunk("any", number == 0, "rare")
        await overlap.chunk("any", True, "rare", random.randint(1, overlap.beats - 1))
    await overlap.reset(1)
    before = overlap.compared
    await overlap.chunk("any", True, "none")
    await overlap.chunk("any", False, "none")
    await overlap.drain()
    assert overlap.compared - before == 2 * overlap.beats


@cocotb.test()
async def saturation(dut: Any) -> None:
    """saturated_o rises for exactly the beats with an overflow."""
    start_clock(dut)
    overlap = Overlap(dut)
    await overlap.reset()
    overflows = []
    for number, kind in enumerate(("huge", "huge", "any", "huge", "huge")):
        overflows += await overlap.chunk(kind, number in (0, 2), "often")
    await overlap.drain()
    assert 0 < len(overflows) < overlap.compared
    assert overlap.flags == [clock + FLAG_LATENCY for clock in overflows]
