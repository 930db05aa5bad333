# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""twiddle_rom at every level, forward and conjugate, against the twiddle of the block that each
butterfly unit is working on."""

from __future__ import annotations

import itertools
import os
import random
from typing import Any

import cocotb

from crocuta.models import configs
from crocuta.models.transform.twiddle_rom import twiddle_rom
from tb.lib.clock import start_clock
from tb.lib.coverage import ANSWERS, covered, seldom
from tb.lib.level_order import blocks
from tb.lib.pipeline import Pipeline
from tb.lib.profiles import PROFILES

LATENCY = 3
LEVELS = ("wired", "of one row", "of more")
"""How many rows a level's table has, or whether its lanes are wired."""
SAMPLE = seldom(
    "twiddle_rom.chunk", {"gaps": PROFILES, "level": LEVELS, "columns": ANSWERS, "before": ANSWERS}
)


def expected_beats(
    lanes: int, chunk: int, bits: int, right_angle: bool, columns: int = 0
) -> list[int]:
    """The outputs of twiddle_rom_tb for each beat of a row, or of a tile of the columns of the most
    rows, which are those of any tile where they are used."""
    total = [0] * (chunk // lanes)
    low = 0
    for level in range(1, chunk.bit_length()):
        stage = level - lanes.bit_length() + 1
        if 0 < stage <= columns:
            table = twiddle_rom(stage, right_angle, bits)
            block = blocks(level, lanes, chunk, columns)
        else:
            table = twiddle_rom(level, right_angle, bits)
            block = blocks(level, lanes, chunk)
        for im in (table.im, -table.im):
            for part in (table.re, im):
                for column in (part[block] & ((1 << bits) - 1)).T.tolist():
                    total = [value | word << low for value, word in zip(total, column, strict=True)]
                    low += bits
    return total


@cocotb.test()
@covered
async def all_levels(dut: Any) -> None:
    """Several chunks with every gap profile, and resets in the middle."""
    start_clock(dut)
    lanes, chunk = int(dut.Lanes.value), int(dut.Chunk.value)
    right_angle = configs.load_engine(os.environ["CROCUTA_CONFIG"]).right_angle
    columns = int(dut.ColumnLevels.value)
    kinds = [
        expected_beats(lanes, chunk, int(dut.TwiddleBits.value), right_angle, levels)
        for levels in (0, columns)
    ]
    roms = Pipeline(dut, LATENCY, ("columns_i",), lanes=1)
    for profile in PROFILES:
        await roms.reset(random.randint(1, 2))
        modes = [random.getrandbits(1) for _ in range(6 if columns else 2)]
        stop = random.randint(1, chunk // lanes)
        for before, mode in itertools.pairwise(modes):
            for level in range(1, chunk.bit_length()):
                place = LEVELS[(1 << level > lanes) + (1 << level > 2 * lanes)]
                SAMPLE(profile, place, ANSWERS[mode], ANSWERS[before])
        for number, mode in enumerate(modes):
            sent = kinds[mode][: stop if number == len(modes) - 1 else None]
            await roms.send([(mode,)] * len(sent), sent, profile)
    await roms.drain()
    # A reset cuts off at most the latency.
    assert roms.compared >= len(PROFILES) * (chunk // lanes + 1 - LATENCY)
