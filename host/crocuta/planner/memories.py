# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts the RAMs of an FPGA for each memory of a configuration.

Listed are the large instances of `ram` in rtl/. Those of style `block` become block RAM, those of
style `ultra` UltraRAM, the rest LUTs. A block RAM has a few shapes; yosys chooses the cheapest one,
the same for a whole memory. An UltraRAM has one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from crocuta.models.configs import Config
from crocuta.models.transform.twist_rom import fine_bits, twist_rom
from crocuta.planner.clocks import READER_FIFO, TILE_SLOTS, burst_beats, path_clocks, tile_beats
from crocuta.planner.four_step_clocks import twist_clocks

BLOCK_BEATS = 128
"""A RAM of this many beats is block RAM; a shorter one is LUTs."""
BLOCK_ROWS = 256
"""The same limit for a twiddle table, in rows."""
ULTRA_WIDTH, ULTRA_DEPTH = 72, 4096
"""Of a URAM288."""


@dataclasses.dataclass(frozen=True)
class Ram:
    """`count` equal memories."""

    place: str
    width: int
    depth: int
    block: bool = True
    rom: bool = False
    count: int = 1
    ultra: bool = False


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
    samples = Ram("", 64 * config.lanes, TILE_SLOTS * tile_beats(config) // 2)
    middle = _four_step(config) if config.four_step else _chunked(config)
    return [
        dataclasses.replace(samples, place="sample_reader"),
        *_engines(config),
        *middle,
        dataclasses.replace(samples, place="sample_writer"),
    ]


def _engines(config: Config) -> list[Ram]:
    """Of both engines."""
    found = []
    for level in range(1, config.chunk_log2 + 1):
        if level > config.lanes_log2:
            found += _commutator(config, config.chunk >> level)
        rows = 1 << max(0, level - config.lanes_log2 - 1)
        bits = config.lanes * (config.twiddle_bits - 1)
        found.append(Ram("twiddle_rom", bits, rows, rows >= BLOCK_ROWS, rom=True, count=2))
    if config.column_levels:
        found += _commutator(config, config.chunk_beats // 2)
    return found


def _commutator(config: Config, distance: int) -> list[Ram]:
    """Of one in each engine."""
    if distance < 4:
        return []
    return [Ram("commutator", config.beat_bits, distance, distance >= BLOCK_BEATS, count=2)]


def _chunked(config: Config) -> list[Ram]:
    """Between the engines: an accumulator per output chunk, and the H kept with two outputs."""
    beats, beat = config.chunk_beats, config.beat_bits
    real = config.lanes * (config.mantissa_bits + config.exponent_bits)
    block = beats >= BLOCK_BEATS
    credit = _places(path_clocks(config))
    return [
        Ram("forward_path", beat, credit),
        *_spectrum_ports(config, writers=2, readers=2),
        Ram("spectral_mac", beat, beats, block, count=2 * config.outputs - 1),
        Ram("overlap_add", real, beats, block),
        Ram("inverse_path", 32 * config.lanes, credit),
    ]


def _four_step(config: Config) -> list[Ram]:
    """Around the engines: the twists' tables, and what waits for memory."""
    fine = fine_bits(config)
    # Sines of fine angles are small: synthesis leaves out the bits that are always zero.
    sine_bits = int(twist_rom(config).fine.im.max()).bit_length()
    tables = (
        (2 * config.twiddle_bits, config.max_length_log2 - fine),
        (config.twiddle_bits + sine_bits, fine),
        (2 * (config.twiddle_bits - 1), config.column_levels + config.lanes_log2),
    )
    credit = _places(path_clocks(config) + twist_clocks(config))
    return [
        Ram("four_step_forward", config.beat_bits, credit),
        *(
            Ram("twist", bits, 1 << rows, 1 << rows >= BLOCK_ROWS, rom=True, count=2)
            for bits, rows in tables
        ),
        *_spectrum_ports(config, writers=3, readers=3),
        *_resident_rows(config),
        Ram("four_step_inverse", config.beat_bits, credit),
    ]


def _resident_rows(config: Config) -> list[Ram]:
    """Of the transform's rows on the chip."""
    beats = config.resident * config.chunk_beats
    return [Ram("resident_rows", config.beat_bits, beats, block=False, ultra=True)] if beats else []


def _places(clocks: int) -> int:
    """The places of a FIFO for the beats of so many clocks."""
    return 1 << (clocks - 1).bit_length()


def _spectrum_ports(config: Config, writers: int, readers: int) -> list[Ram]:
    beat = config.beat_bits
    return [
        Ram("spectrum_writer", beat, 2 * burst_beats(config), block=False, count=writers),
        Ram("spectrum_reader", beat, READER_FIFO, count=readers),
    ]


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


def ultra_rams(rams: Iterable[Ram]) -> int:
    """UltraRAMs; yosys finds fewer where half of one's width is enough for the last column."""
    return sum(
        ram.count * -(-ram.width // ULTRA_WIDTH) * -(-ram.depth // ULTRA_DEPTH)
        for ram in rams
        if ram.ultra
    )
