# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts the RAMs of an FPGA for each memory of a configuration.

Listed are the large instances of `ram` in rtl/. Those of style `block` become block RAM, the rest
LUTs. A block RAM has a few shapes; yosys chooses the cheapest one, the same for a whole memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from crocuta.models.configs import Config
from crocuta.planner.clocks import READER_FIFO, TILE_SLOTS, burst_beats, path_clocks, tile_beats

BLOCK_BEATS = 128
"""A RAM of this many beats is block RAM; a shorter one is LUTs."""
BLOCK_ROWS = 256
"""The same limit for a twiddle table, in rows."""


@dataclasses.dataclass(frozen=True)
class Ram:
    """`count` equal memories."""

    place: str
    width: int
    depth: int
    block: bool = True
    rom: bool = False
    count: int = 1


@dataclasses.dataclass(frozen=True)
class Shape:
    """A shape of a block RAM."""

    width: int
    depth: int
    blocks: float
    """Cost in the FPGA's block RAMs."""
    cost: int
    """Cost that yosys minimises."""
    rom: bool = True
    """Whether the shape fits a ROM too."""


SHAPES: dict[str, tuple[Shape, ...]] = {
    # A RAMB18E2 and a RAMB36E2; in the widest shape one port reads and the other writes.
    "ultrascale": (
        *(Shape(w, d, 0.5, 129) for w, d in ((36, 512), (18, 1024), (9, 2048), (4, 4096))),
        *(Shape(w, d, 1, 257) for w, d in ((72, 512), (36, 1024), (18, 2048), (9, 4096))),
        *(Shape(w, d, 1, 257) for w, d in ((4, 8192), (2, 16384), (1, 32768))),
    ),
    # A DP16KD is 36 bits wide only with one port per direction, which a ROM lacks.
    "ecp5": (
        Shape(36, 512, 1, 128, rom=False),
        Shape(18, 1024, 1, 128),
        Shape(9, 2048, 1, 128),
        Shape(4, 4096, 1, 128),
        Shape(2, 8192, 1, 128),
        Shape(1, 16384, 1, 128),
    ),
}


def memories(config: Config) -> list[Ram]:
    """The large memories of the kernel, in data-path order."""
    lanes, beats, beat = config.lanes, config.chunk_beats, config.beat_bits
    tile_rows = lanes * tile_beats(config) // (2 * lanes)
    credit = 1 << (path_clocks(config) - 1).bit_length()
    found = [Ram("sample_reader", 64 * lanes, TILE_SLOTS * tile_rows)]
    for level in range(1, config.chunk_log2 + 1):
        distance = config.chunk >> level
        if level > config.lanes_log2 and distance >= 4:
            block = distance >= BLOCK_BEATS
            found.append(Ram("commutator", beat, distance, block, count=2))
        rows = 1 << max(0, level - config.lanes_log2 - 1)
        bits = lanes * (config.twiddle_bits - 1)
        found.append(Ram("twiddle_rom", bits, rows, rows >= BLOCK_ROWS, rom=True, count=2))
    real = lanes * (config.mantissa_bits + config.exponent_bits)
    found += [
        Ram("forward_path", beat, credit),
        Ram("spectrum_writer", beat, 2 * burst_beats(config), block=False, count=2),
        Ram("spectrum_reader", beat, READER_FIFO, count=2),
        # An accumulator per output chunk, and the H kept with two outputs.
        Ram("spectral_mac", beat, beats, beats >= BLOCK_BEATS, count=2 * config.outputs - 1),
        Ram("overlap_add", real, beats, beats >= BLOCK_BEATS),
        Ram("inverse_path", 32 * lanes, credit),
        Ram("sample_writer", 64 * lanes, TILE_SLOTS * tile_rows),
    ]
    return found


def blocks(ram: Ram, family: str) -> float:
    """The block RAMs of one memory."""
    if not ram.block:
        return 0.0
    choices = []
    for shape in SHAPES[family]:
        if ram.rom and not shape.rom:
            continue
        number = -(-ram.width // shape.width) * -(-ram.depth // shape.depth)
        choices.append((number * shape.cost, number * shape.blocks))
    return min(choices)[1]


def block_rams(rams: Iterable[Ram], family: str) -> dict[str, float]:
    """Block RAMs by module: 36 Kb each for ultrascale, 18 Kb for ecp5."""
    total: dict[str, float] = {}
    for ram in rams:
        total[ram.place] = total.get(ram.place, 0) + ram.count * blocks(ram, family)
    return total
