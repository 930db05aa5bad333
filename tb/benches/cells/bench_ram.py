# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""ram against a Python list: contents, one clock of latency and the held output."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from tb.lib.clock import drive, start_clock
from tb.lib.coverage import ANSWERS, covered, seldom

SAMPLE = seldom(
    "ram.access", {"write": ANSWERS, "read": ANSWERS}, {"write_x_read": ("write", "read")}
)


@cocotb.test()
@covered
async def random_accesses(dut: Any) -> None:
    """Random writes and reads, never of one address in one clock, with pauses of the read side."""
    start_clock(dut, write_i=0, read_i=0)
    depth = int(dut.Depth.value)
    width = int(dut.Width.value)
    words: list[int | None] = [None] * depth
    compared = 0
    expected: int | None = None
    for clock in range(20 * depth + 400):
        write = random.random() < 0.6
        waddr = random.randrange(depth)
        word = random.getrandbits(width)
        raddr = random.randrange(depth)
        read = random.random() < 0.7 and not (write and raddr == waddr)
        inputs = {"write_i": int(write), "waddr_i": waddr, "wdata_i": word, "read_i": int(read)}
        await drive(dut, raddr_i=raddr, **inputs)
        # The output still shows the word of the previous read.
        if expected is not None:
            assert int(dut.rdata_o.value) == expected, f"clock {clock}"
            compared += 1
        SAMPLE(ANSWERS[write], ANSWERS[read])
        if read:
            expected = words[raddr]
        if write:
            words[waddr] = word
    assert compared > 300, compared
