# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""fifo against a Python queue, clock by clock: data, order, full, empty, level and latency."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from tb.lib.clock import drive, start_clock
from tb.lib.coverage import ANSWERS, covered, seldom

LATENCY = 2
LEVELS = ("empty", "held", "full")
SAMPLE = seldom(
    "fifo.clock",
    {"level": LEVELS, "push": ANSWERS, "pop": ANSWERS},
    {"level_x_push_x_pop": ("level", "push", "pop")},
)
SAMPLE_SPEED = seldom("fifo.full_speed", {"begins": ("empty", "full")})


class Checked:
    """The FIFO's ports driven and compared with the model in every clock."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.depth = int(dut.Depth.value)
        self.width = int(dut.Width.value)
        self.queue: deque[tuple[int, int]] = deque()  # (clock it was accepted in, word)
        self.clock = 0
        self.compared = 0
        self.seen: set[str] = set()

    async def reset(self, clocks: int = 2) -> None:
        """Resets with traffic at the inputs; the FIFO is empty after it."""
        for _ in range(clocks):
            await drive(self.dut, rst_ni=0, valid_i=1, ready_i=1, data_i=0)
        self.queue.clear()
        await self.step(push=False, pop=False)

    async def step(self, push: bool, pop: bool) -> None:
        """One clock with valid_i = push and ready_i = pop."""
        dut = self.dut
        word = random.getrandbits(self.width)
        await drive(dut, rst_ni=1, valid_i=int(push), ready_i=int(pop), data_i=word)
        self.clock += 1
        valid = bool(self.queue) and self.queue[0][0] <= self.clock - LATENCY
        ready = len(self.queue) - valid < self.depth
        assert int(dut.level_o.value) == len(self.queue), f"level at clock {self.clock}"
        assert bool(dut.valid_o.value) == valid, f"valid_o at clock {self.clock}"
        assert bool(dut.ready_o.value) == ready, f"ready_o at clock {self.clock}"
        level = LEVELS[bool(self.queue) + (len(self.queue) == self.depth + 1)]
        self.seen.add(level)
        SAMPLE(level, ANSWERS[push], ANSWERS[pop])
        if valid:
            assert int(dut.data_o.value) == self.queue[0][1], f"data at clock {self.clock}"
            self.compared += 1
            if pop:
                self.queue.popleft()
        if push and ready:
            self.queue.append((self.clock, word))


@cocotb.test()
@covered
async def random_traffic(dut: Any) -> None:
    """Random pushes and pops of changing density, with resets in the middle."""
    start_clock(dut, rst_ni=0)
    fifo = Checked(dut)
    await fifo.reset()
    for _ in range(24):
        push, pop = random.choice(((0.9, 0.2), (0.2, 0.9), (0.5, 0.5), (1.0, 0.1), (1.0, 0.9)))
        for _ in range(6 * fifo.depth + 40):
            await fifo.step(random.random() < push, random.random() < pop)
        if random.random() < 0.3:
            await fifo.reset(random.randint(1, 3))
    while fifo.queue:
        await fifo.step(push=False, pop=True)
    assert fifo.seen == {"empty", "held", "full"}, fifo.seen
    assert fifo.compared > 300, fifo.compared


@cocotb.test()
@covered
async def full_speed(dut: Any) -> None:
    """One word per clock passes without a gap, even when the FIFO starts full."""
    start_clock(dut, rst_ni=0)
    fifo = Checked(dut)
    await fifo.reset()
    for fill in (0, fifo.depth + 1 + LATENCY):
        for _ in range(fill):
            await fifo.step(push=True, pop=False)
        SAMPLE_SPEED("full" if fill else "empty")
        before = fifo.compared
        for _ in range(100):
            await fifo.step(push=True, pop=True)
        assert fifo.compared - before >= 100 - LATENCY
