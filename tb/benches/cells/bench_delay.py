# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""delay and valid_delay against the list of what went in, clock by clock."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from tb.lib.clock import drive, start_clock
from tb.lib.coverage import covered, seldom

CLOCKS = ("one", "more")
SAMPLE = seldom(
    "delay.word",
    {"kind": ("data", "valid"), "clocks": CLOCKS},
    {"kind_x_clocks": ("kind", "clocks")},
)
SAMPLE_RESET = seldom("delay.reset", {"on_their_way": ("none", "some")})


@cocotb.test()
@covered
async def exactly_the_clocks(dut: Any) -> None:
    """Each word comes out after Clocks clocks; a reset clears every valid bit on its way."""
    clocks = int(dut.Clocks.value)
    resettable = dut._name == "valid_delay"
    data, out = (dut.valid_i, dut.valid_o) if resettable else (dut.data_i, dut.data_o)
    start_clock(dut)
    waiting: list[int] = []
    compared = 0
    cleared = 0
    for clock in range(40 * clocks + 400):
        word = random.getrandbits(len(data))
        reset = resettable and (clock < 2 or random.random() < 0.02)
        await drive(dut, **{data._name: word}, **({"rst_ni": int(not reset)} if resettable else {}))
        # The word that the previous edge took in is now in flight.
        if len(waiting) >= clocks:
            expected = waiting[-clocks]
            assert int(out.value) == expected, f"clock {clock}"
            compared += 1
            SAMPLE("valid" if resettable else "data", CLOCKS[clocks > 1])
        waiting.append(word)
        if reset:
            cleared += sum(waiting)
            SAMPLE_RESET("some" if any(waiting[-clocks:]) else "none")
            waiting = [0] * (clocks + 1)
    assert compared > 400, compared
    assert cleared or not resettable
