# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""ram against a Python list: contents, one clock of latency, the held output, the initial file."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import cocotb

from tb.clock import drive, start_clock


def initial_words(depth: int) -> list[int | None]:
    """The words before the first write; None where there is no initial file."""
    if "RAM_INIT_FILE" not in os.environ:
        return [None] * depth
    text = Path(os.environ["RAM_INIT_FILE"]).read_text(encoding="ascii")
    return [int(line, 16) for line in text.split()]


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    """Random writes and reads, never of one address in one clock, with pauses of the read side."""
    start_clock(dut)
    depth = int(dut.Depth.value)
    width = int(dut.Width.value)
    words = initial_words(depth)
    rom = None not in words
    compared = 0
    if rom:
        for address in range(depth):
            await drive(dut, write_i=0, waddr_i=0, wdata_i=0, read_i=1, raddr_i=address)
            await drive(dut, read_i=0)
            assert int(dut.rdata_o.value) == words[address], f"initial word {address}"
    expected: int | None = None
    for clock in range(20 * depth + 400):
        write = random.random() < 0.6
        waddr = random.randrange(depth)
        word = random.getrandbits(width)
        raddr = random.randrange(depth)
        read = random.random() < 0.7 and not (write and raddr == waddr)
        inputs = {"write_i": int(write), "waddr_i": waddr, "wdata_i": word, "read_i": int(read)}
        await drive(dut, raddr_i=raddr, **inputs)
        # The output still shows what the read before this clock's asked for.
        if expected is not None:
            assert int(dut.rdata_o.value) == expected, f"clock {clock}"
            compared += 1
        if read:
            expected = words[raddr]
        if write:
            words[waddr] = word
    assert compared > 300, compared
