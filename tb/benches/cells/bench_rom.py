# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A ram with an initialisation file: every word, in any order, with pauses."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from tb.lib.agreed import RAM_WORDS
from tb.lib.clock import drive, start_clock
from tb.lib.coverage import covered, seldom

PLACES = ("first", "inside", "last")
PAUSES = ("1", "2")
SAMPLE = seldom("rom.word", {"place": PLACES, "held": PAUSES}, {"place_x_held": ("place", "held")})


@cocotb.test()
@covered
async def initial_words(dut: Any) -> None:
    """Reads all words once in order, then at random."""
    words = RAM_WORDS
    assert len(words) == int(dut.Depth.value)
    start_clock(dut, read_i=0)
    addresses = [*range(len(words)), *random.choices(range(len(words)), k=300)]
    addresses += [0, len(words) - 1] * 20
    for address in addresses:
        await drive(dut, read_i=1, raddr_i=address)
        await drive(dut, read_i=0, raddr_i=random.randrange(len(words)))
        clocks = random.choice((1, 1, 2))
        SAMPLE(PLACES[(address > 0) + (address == len(words) - 1)], str(clocks))
        for _ in range(clocks):
            assert int(dut.rdata_o.value) == words[address], f"word {address}"
            await drive(dut)
