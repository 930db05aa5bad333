# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""credit_counter against a count kept in Python, clock by clock."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from tb.lib.clock import drive, start_clock
from tb.lib.coverage import ANSWERS, covered, seldom

PLACES = ("none", "some", "all")
SAMPLE = seldom(
    "credit_counter.clock",
    {"free": PLACES, "reserve": ANSWERS, "release": ANSWERS},
    {"free_x_reserve_x_release": ("free", "reserve", "release")},
    # No credit is reserved while none is available, and none returned that was not taken.
    {"free_x_reserve_x_release": [("none", "yes", None), ("all", None, "yes")]},
)
SAMPLE_SKIP = seldom("credit_counter.reserve", {"skipped": ANSWERS})


@cocotb.test()
@covered
async def random_traffic(dut: Any) -> None:
    """Reserves while available and releases what is out, at changing densities, with resets."""
    start_clock(dut, rst_ni=0)
    credits = int(dut.Credits.value)
    skips = int(dut.Skip.value)
    reserves = 0
    exhausted = 0
    for _ in range(12):
        for _ in range(random.randint(1, 3)):
            await drive(dut, rst_ni=0, reserve_i=0, release_i=0)
        free, skip = credits, skips
        # The first clock out of reset still shows reset's "not available".
        await drive(dut, rst_ni=1)
        assert not dut.available_o.value
        for reserving, releasing in ((1.0, 0.0), (0.9, 0.3), (0.3, 0.9), (0.7, 0.7), (1.0, 1.0)):
            for clock in range(3 * credits + skips + 20):
                reserve = free > 0 and random.random() < reserving
                release = free < credits and random.random() < releasing
                await drive(dut, reserve_i=int(reserve), release_i=int(release))
                assert bool(dut.available_o.value) == (free > 0), f"clock {clock}: {free} free"
                exhausted += free == 0
                place = PLACES[(free > 0) + (free == credits)]
                SAMPLE(place, ANSWERS[reserve], ANSWERS[release])
                if reserve:
                    SAMPLE_SKIP(ANSWERS[skip > 0])
                reserves += reserve
                if reserve and skip > 0:
                    skip -= 1
                elif reserve:
                    free -= 1
                free += release
    assert exhausted > 50 and reserves > 300, (exhausted, reserves)
