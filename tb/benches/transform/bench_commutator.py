# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""commutator against the definition of the exchange, beat for beat."""

from __future__ import annotations

import itertools
import random
from typing import Any

import cocotb

from tb.lib.clock import start_clock
from tb.lib.coverage import covered, seldom
from tb.lib.pipeline import Pipeline
from tb.lib.profiles import PROFILES

BLOCKS = 5
DISTANCES = ("1", "2", "4", "8", "64", "128")
HALVES = ("first", "second")
SWITCHED = ("exchanged", "passed")
SAMPLE = seldom(
    "commutator.block",
    {"distance": DISTANCES, "gaps": PROFILES},
    {"distance_x_gaps": ("distance", "gaps")},
)
SAMPLE_SWITCH = seldom(
    "commutator.switch",
    {"distance": DISTANCES, "block": SWITCHED, "before": SWITCHED},
    {"distance_x_block_x_before": ("distance", "block", "before")},
)
SAMPLE_RESET = seldom(
    "commutator.reset",
    {"distance": DISTANCES, "half": HALVES},
    {"distance_x_half": ("distance", "half")},
    {"distance_x_half": [("1", "first")]},
)
BEFORE = ("reset", "blocks", "part of a block", "bypass")
SAMPLE_BYPASS = seldom(
    "commutator.bypass",
    {"distance": DISTANCES, "before": BEFORE},
    {"distance_x_before": ("distance", "before")},
)


class Commutator(Pipeline):
    """The commutator, and the definition that it must follow."""

    def __init__(self, dut: Any) -> None:
        self.distance = int(dut.Distance.value)
        self.bits = int(dut.WordBits.value)
        latency = 3 if self.distance >= 4 else 1
        ports = ("beat_i", "switch_i", "bypass_i")
        super().__init__(dut, latency, ports, lanes=int(dut.Lanes.value))
        self.held: list[int | None] = []

    async def reset(self, clocks: int = 2) -> None:
        """Resets; the first Distance beats push out nothing again."""
        await super().reset(clocks)
        self.held = [None] * self.distance

    def exchanged(self, words: list[list[int]], switches: list[bool]) -> list[list[int]]:
        """Lane bit 0 and the time bit that counts Distance beats, exchanged in every word of the
        blocks that are switched."""
        result = [[-1] * self.lanes for _ in words]
        for time, beat in enumerate(words):
            for lane, word in enumerate(beat):
                lane_bit, time_bit = lane & 1, time // self.distance & 1
                if not switches[time // (2 * self.distance)]:
                    time_bit = lane_bit
                to_time = time + (lane_bit - time_bit) * self.distance
                result[to_time][lane - lane_bit + time_bit] = word
        return result

    def pack(self, beat: list[int]) -> int:
        """A beat's words as one integer."""
        return sum(word << lane * self.bits for lane, word in enumerate(beat))

    async def blocks(self, count: int, profile: str, cut: int = 0) -> None:
        """Sends blocks of 2 * Distance random beats; the last one without its last `cut`."""
        if cut:
            SAMPLE_RESET(str(self.distance), HALVES[cut <= self.distance])
        else:
            SAMPLE(str(self.distance), profile)
        words = [
            [random.getrandbits(self.bits) for _ in range(self.lanes)]
            for _ in range(2 * self.distance * count)
        ]
        switches = [random.random() < 0.6 for _ in range(count)]
        for pair in itertools.pairwise(switches):
            before, after = (SWITCHED[not switched] for switched in pair)
            SAMPLE_SWITCH(str(self.distance), after, before)
        self.held += [self.pack(beat) for beat in self.exchanged(words, switches)]
        beats = []
        for time, beat in enumerate(words[: len(words) - cut]):
            block, half = divmod(time // self.distance, 2)
            # In the first half of a block it does not matter.
            beats.append((self.pack(beat), switches[block] if half else random.getrandbits(1), 0))
        out, self.held = self.held[: len(beats)], self.held[len(beats) :]
        await self.send(beats, out, profile)

    async def bypass(self, count: int, profile: str) -> None:
        """Sends beats that pass at once; what the commutator holds never comes out."""
        values = [random.getrandbits(self.lanes * self.bits) for _ in range(count)]
        self.held = [None] * self.distance
        await self.send([(beat, random.getrandbits(1), 1) for beat in values], values, profile)


@cocotb.test()
@covered
async def order(dut: Any) -> None:
    """Blocks with every gap profile, one after another."""
    start_clock(dut)
    commutator = Commutator(dut)
    await commutator.reset()
    for profile in PROFILES:
        await commutator.blocks(BLOCKS, profile)
    await commutator.drain()
    expected = (2 * BLOCKS * len(PROFILES) - 1) * commutator.distance
    assert commutator.compared == expected, commutator.compared


@cocotb.test()
@covered
async def reset_in_the_middle(dut: Any) -> None:
    """A reset anywhere in a block: beats held inside never come out."""
    start_clock(dut)
    commutator = Commutator(dut)
    for number in range(8):
        await commutator.reset(random.randint(1, 2))
        half = commutator.distance
        early = half > 1 and number % 2
        cut = random.randint(half + 1, 2 * half - 1) if early else random.randint(1, half)
        await commutator.blocks(random.randint(1, 2), random.choice(PROFILES), cut)
    await commutator.reset(1)
    before = commutator.compared
    await commutator.blocks(2, "light")
    await commutator.drain()
    assert commutator.compared - before == 3 * commutator.distance


@cocotb.test()
@covered
async def bypass(dut: Any) -> None:
    """Beats that bypass the commutator, between blocks, in the middle of one, and after a reset."""
    start_clock(dut)
    commutator = Commutator(dut)
    await commutator.reset()
    order = random.sample(BEFORE, len(BEFORE))
    for before in (*order, *random.choices(BEFORE, k=6)):
        if before == "reset":
            await commutator.reset(random.randint(1, 2))
        elif before != "bypass":
            cut = random.randint(1, 2 * commutator.distance - 1) if before != "blocks" else 0
            await commutator.blocks(random.randint(1, 2), random.choice(PROFILES), cut)
        await commutator.bypass(random.randint(1, 3), random.choice(PROFILES))
        SAMPLE_BYPASS(str(commutator.distance), before)
    await commutator.blocks(2, "light")
    await commutator.drain()
