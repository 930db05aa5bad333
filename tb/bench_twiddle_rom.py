# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""twiddle_rom, every level, forward and conjugate, against the twiddle of the block that each
butterfly unit has before it."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from models.cfp import IntArray
from models.twiddle_rom import twiddle_rom
from tb.clock import start_clock
from tb.pipeline import GAPS, Pipeline

LATENCY = 3


def unit_blocks(level: int, lanes: int, chunk: int) -> IntArray:
    """The block that unit u works on at beat t of a level, as (beats, units).

    Follows the positions through the levels: each pairs two lanes, and a level that is not wiring
    between lanes first exchanges lane bit 0 with a time bit.
    """
    beats = chunk // lanes
    positions = np.arange(chunk).reshape(lanes, beats).T
    for later in range(lanes.bit_length(), level + 1):
        distance = chunk >> later
        pairs = positions.reshape(-1, 2, distance, lanes // 2, 2)
        positions = pairs.swapaxes(1, 4).reshape(beats, lanes)
    pair_bit = max(0, lanes.bit_length() - 1 - level)
    first_lanes = [lane for lane in range(lanes) if not lane >> pair_bit & 1]
    first = positions[:, first_lanes]
    half = chunk >> level
    second = positions[:, [lane | 1 << pair_bit for lane in first_lanes]]
    assert (second - first == half).all()
    blocks: IntArray = first // (2 * half)
    return blocks


def expected_beats(lanes: int, chunk: int, bits: int) -> list[int]:
    """The outputs of twiddle_rom_tb for each beat of a chunk."""
    total = [0] * (chunk // lanes)
    low = 0
    for level in range(1, chunk.bit_length()):
        table = twiddle_rom(level, True, bits)
        blocks = unit_blocks(level, lanes, chunk)
        for im in (table.im, -table.im):
            for part in (table.re, im):
                for column in (part[blocks] & ((1 << bits) - 1)).T.tolist():
                    total = [value | word << low for value, word in zip(total, column, strict=True)]
                    low += bits
    return total


@cocotb.test()
async def all_levels(dut: Any) -> None:
    """Several chunks with every gap profile, and resets in the middle."""
    start_clock(dut)
    lanes, chunk = int(dut.Lanes.value), int(dut.Chunk.value)
    beats = expected_beats(lanes, chunk, int(dut.TwiddleBits.value))
    roms = Pipeline(dut, LATENCY, (), lanes=1)
    for profile in GAPS:
        await roms.reset(random.randint(1, 2))
        stop = random.randint(1, len(beats))
        sent = beats + beats[:stop]
        await roms.send([()] * len(sent), sent, profile)
    await roms.drain()
    # What a reset cuts off is at most the latency.
    assert roms.compared >= len(GAPS) * (len(beats) + 1 - LATENCY)
