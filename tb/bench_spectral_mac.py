# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""spectral_mac against its model, bit for bit, with any number of passes."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from models.cfp import Cfp, Format, zeros
from models.cfp_add import cfp_add
from models.cfp_multiply import multiply
from models.spectral_mac import spectral_mac
from tb.clock import start_clock
from tb.pipeline import GAPS, Pipeline, beat_ints, is_slow
from tb.words import KINDS, random_words

LATENCY = 17
PRODUCT_FLAG_LATENCY = 9
SUM_FLAG_LATENCY = 18
QUIET = tuple(kind for kind in KINDS if kind != "huge")


class Mac(Pipeline):
    """The MAC and its model's accumulator."""

    def __init__(self, dut: Any) -> None:
        self.fmt = Format(int(dut.MantissaBits.value), int(dut.ExponentBits.value))
        lanes = int(dut.Lanes.value)
        super().__init__(dut, LATENCY, ("x_i", "h_i", "first_i", "last_i"), lanes=lanes)
        self.beats = int(dut.Chunk.value) // lanes
        self.slow = is_slow(self.beats * lanes)
        self.rng = np.random.default_rng(random.getrandbits(64))
        self.accumulator: Cfp | None = None

    def words(self, kind: str) -> Cfp:
        """One pass's random words."""
        words = random_words(self.rng, kind, self.beats * self.lanes, self.fmt)
        return words.reshape(self.beats, self.lanes)

    async def apply(
        self,
        x: Cfp,
        h: Cfp,
        first: bool,
        last: bool,
        profile: str,
        beats: int | None = None,
    ) -> list[int]:
        """One pass, or its first `beats` beats; the clocks in which it raises the flag."""
        start = None if first else self.accumulator
        total = spectral_mac(start, x, h, self.fmt)
        self.accumulator = total.word
        inputs = [
            (x_beat, h_beat, int(first), int(last))
            for x_beat, h_beat in zip(beat_ints(x, self.fmt), beat_ints(h, self.fmt), strict=True)
        ][:beats]
        out = beat_ints(total.word, self.fmt) if last else [None] * self.beats
        when = await self.send(inputs, out[:beats], profile)
        flags = []
        for i, clock in enumerate(when) if total.saturated else ():
            product = multiply(x[i], h[i], self.fmt)
            if product.saturated:
                flags.append(clock + PRODUCT_FLAG_LATENCY)
            before = zeros(self.lanes, self.fmt) if start is None else start[i]
            if cfp_add(before, product.word, self.fmt).saturated:
                flags.append(clock + SUM_FLAG_LATENCY)
        return flags

    async def chunk(self, passes: int, profile: str) -> None:
        """The passes of an output chunk with words of random kinds."""
        for number in range(passes):
            x, h = self.words(random.choice(QUIET)), self.words(random.choice(QUIET))
            await self.apply(x, h, number == 0, number == passes - 1, profile)


@cocotb.test()
async def passes(dut: Any) -> None:
    """Chunks of one to six passes, back to back, without gaps and with all kinds of gaps."""
    start_clock(dut)
    mac = Mac(dut)
    await mac.reset()
    counts = [2, 1] if mac.slow else [1, 2, 3, 6, 1]
    for count in counts:
        await mac.chunk(count, "none")
    profiles = random.sample(GAPS[1:], 1 if mac.slow else len(GAPS) - 1)
    for profile in profiles:
        await mac.chunk(random.randint(1, 2 if mac.slow else 4), profile)
    await mac.drain()
    assert mac.compared == (len(counts) + len(profiles)) * mac.beats
    assert not mac.flags


@cocotb.test()
async def any_marks(dut: Any) -> None:
    """first_i and last_i in any combination: last alone does not restart the accumulator."""
    start_clock(dut)
    mac = Mac(dut)
    await mac.reset()
    marks = [(first, last) for first in (False, True) for last in (False, True)]
    random.shuffle(marks)
    for first, last in [(True, False), *marks, (False, True)]:
        await mac.apply(mac.words("any"), mac.words("spectrum"), first, last, "rare")
    await mac.drain()
    assert mac.compared == 3 * mac.beats


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """A reset anywhere in a pass: nothing of it comes out, and the chunk after it is right."""
    start_clock(dut)
    mac = Mac(dut)
    for _ in range(1 if mac.slow else 4):
        await mac.reset(random.randint(1, 3))
        await mac.chunk(random.randint(1, 2), "rare")
        x, h, last = mac.words("any"), mac.words("any"), random.random() < 0.5
        await mac.apply(x, h, True, last, "rare", random.randint(1, mac.beats - 1))
    await mac.reset(1)
    before = mac.compared
    await mac.chunk(2, "none")
    await mac.drain()
    assert mac.compared - before == mac.beats


@cocotb.test()
@cocotb.parametrize(factor=["spectrum", "huge"])
async def saturation(dut: Any, factor: str) -> None:
    """saturated_o rises for every beat with an overflow, and for no other.

    With h near 1 it is mostly the sums that overflow, with a huge h the products.
    """
    start_clock(dut)
    mac = Mac(dut)
    await mac.reset()
    flags = []
    chunks = 1 if mac.slow else 3
    for number in range(2 * chunks):
        x, h = mac.words("huge"), mac.words(factor)
        if factor == "spectrum":
            h = Cfp(h.re, h.im, np.full_like(h.exponent, 1 - mac.fmt.mantissa_bits))
        flags += await mac.apply(x, h, number in (0, 4), number % 2 == 1, "often")
    # A chunk without an overflow after them.
    assert not await mac.apply(mac.words("any"), mac.words("any"), True, True, "often")
    await mac.drain()
    assert flags, "no overflow was provoked"
    assert mac.flags == sorted(set(flags))
    assert mac.compared == (chunks + 1) * mac.beats
