# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts LUTs, flip-flops and multipliers of a configuration, module by module.

Fitted to docs/resources.json, where mantissas have 18 bits and exponents 9. For other widths the
arithmetic is scaled in proportion, which has not been measured, and 16 lanes are beyond the fitted
range. What a four-step kernel alone has is from syntheses of u200-long, u200-card and tiny-long's
core.
"""

from __future__ import annotations

import dataclasses
import math

from crocuta.models.configs import Config
from crocuta.planner.clocks import burst_beats
from crocuta.planner.memories import BLOCK_BEATS, BLOCK_ROWS

ECP5_LUT = 50536 / 35426
"""LUT4 for a LUT of an UltraScale+: edge-ecp5 by yosys' synth_ecp5 has 31,672 LUT4, 6,405 CCU2C of
two LUT4 and 1,009 TRELLIS_DPR16X4 of six."""
ECP5_FF = 71399 / 58001
"""Flip-flops per UltraScale+ flip-flop: UltraScale+ has shift registers in LUTs, ECP5 has not."""


@dataclasses.dataclass(frozen=True)
class Logic:
    """Resources other than memory."""

    lut: float = 0
    ff: float = 0

    def __add__(self, other: Logic) -> Logic:
        return Logic(self.lut + other.lut, self.ff + other.ff)

    def __mul__(self, factor: float) -> Logic:
        return Logic(self.lut * factor, self.ff * factor)


TILE_ORDER = Logic(300, 230)
"""A port that takes tiles of columns, beside what it has in any case."""


def lut_ram(width: int, depth: int) -> float:
    """LUTs of a RAM in LUTs: 14 bits of 32 words, or 7 bits of 64, take eight, and a multiplexer of
    64-word parts takes one per bit."""
    if depth <= 32:
        return 8 * -(-width // 14)
    parts = -(-depth // 64)
    return 8 * -(-width // 7) * parts + width * (parts - 1)


def modules(config: Config) -> dict[str, Logic]:
    """UltraScale+ resources by module, all its instances together."""
    middle = _four_step(config) if config.four_step else _chunked(config)
    return {**_engines(config), **_sample_ports(config), **middle}


def _scale(config: Config) -> float:
    return config.mantissa_bits / 18


def _rotator(config: Config) -> Logic:
    """A cfp_multiply by a twiddle."""
    narrow = 25 - config.twiddle_bits
    return Logic(231 - 2.3 * narrow, 749 - 13.7 * narrow)


def _engines(config: Config) -> dict[str, Logic]:
    w, k, beat = config.lanes, config.chunk_log2, config.beat_bits
    units = k * w  # butterflies, and rotators, of both engines
    return {
        "cfp_butterfly": Logic(611, 831) * units * _scale(config),
        "twiddle_rom": _twiddles(config) * 2,
        "commutator": _commutators(config) * 2,
        "fft_level": Logic(1.5 * beat + 38 + 2 * math.log2(w), 39) * k,
        "fft_engine": Logic(6 * w + 8, beat + 3),
    }


def _sample_ports(config: Config) -> dict[str, Logic]:
    w = config.lanes
    return {
        "sample_reader": Logic(147 + 131 * w + 22.75 * w * w, 372 + 156.5 * w + 66.25 * w * w),
        "float_to_cfp": Logic(62, 86) * w * _scale(config),
        "cfp_to_float": Logic(202, 147) * w * _scale(config),
        "sample_writer": Logic(638 - 100 * w + 49.6 * w * w, 388 + 265 * w + 64.2 * w * w),
    }


def _spectrum_writer(config: Config) -> Logic:
    w = config.lanes
    fifo = lut_ram(config.beat_bits, 2 * burst_beats(config))
    return Logic(160 + 74 * w + fifo, 192 + 190.5 * w)


def _spectrum_reader(config: Config) -> Logic:
    return Logic(199, 190 + 46.4 * config.lanes)


def _chunked(config: Config) -> dict[str, Logic]:
    """The modules of a chunked kernel alone, and its rotators."""
    w, k, beat = config.lanes, config.chunk_log2, config.beat_bits
    time = math.log2(config.chunk_beats)
    scale = _scale(config)
    banks = max(0, config.chunk_beats // 4096 - 1)
    in_luts = config.chunk_beats < BLOCK_BEATS
    real = w * (config.mantissa_bits + config.exponent_bits)
    rams = 2 * config.outputs - 1  # of the MAC: accumulators, and the H kept with two outputs
    accumulator = lut_ram(beat, config.chunk_beats) if in_luts else beat * banks
    tail = lut_ram(real, config.chunk_beats) if in_luts else real * banks
    return {
        "cfp_add": (Logic(459, 600) * config.outputs + Logic(296, 431)) * w * scale,
        "cfp_multiply": _rotator(config) * k * w * scale
        + Logic(220, 667) * w * config.outputs * scale,
        "forward_path": Logic(60 + 4.4 * k, 33 + 1.1 * k),
        "spectrum_writer": _spectrum_writer(config) * 2,
        "spectrum_reader": _spectrum_reader(config) * 2,
        "spectral_mac": Logic(
            30 + 2.5 * time + rams * accumulator, beat * (3 if in_luts else 2) + 19 + time
        )
        + Logic(1.1 * beat, beat * (10 if in_luts else 8) + 40) * (config.outputs - 1),
        "overlap_add": Logic(
            20 + 1.65 * real + tail, real * (5 if in_luts else 4) + 19 + 1.6 * time
        ),
        "inverse_path": Logic(108 + 4.4 * k, 59 + 1.1 * k),
        "chunk_controller": Logic(1690 - 20 * k, 1747 - 14 * k)
        + Logic(276, 100) * (config.outputs - 1),
        "pass_sequencer": Logic(38 + 1.25 * time, 24 + time),
        "job_control": Logic(335, 546),
        "control_registers": Logic(1930, 1158),
        "crocuta_kernel": Logic(beat + 4, 2 * beat + 4),
    }


def _four_step(config: Config) -> dict[str, Logic]:
    """The modules of a four-step kernel alone, and its rotators."""
    w, scale = config.lanes, _scale(config)
    tables = w * (config.twiddle_bits - 1) * config.column_levels  # of twiddles of columns
    rotators = w * (config.chunk_log2 + 2)
    return {
        "cfp_multiply": (_rotator(config) * rotators + Logic(220, 667) * w) * scale,
        "factor_multiply": Logic(280, 940) * 2 * w,
        "twist": Logic(284 + 86 * w, 276 + 133 * w) * 2,
        "four_step_forward": Logic(252 + 119 * w, 110 + 36 * w),
        "spectrum_writer": _spectrum_writer(config) * 3 + TILE_ORDER,
        "spectrum_reader": _spectrum_reader(config) * 3 + TILE_ORDER,
        "four_step_inverse": Logic(279 + 180 * w, 136 + 50 * w),
        "four_step_controller": Logic(1560, 1600),
        "job_control": Logic(260, 545),
        "control_registers": Logic(1727, 1158),
        # Tiles pass levels beside the butterflies and rotators, and one more commutator.
        "fft_level, tiles": Logic(3.74, 1.4) * config.beat_bits * config.chunk_log2,
        "fft_engine, tiles": Logic(1.09, 1.19) * config.beat_bits,
        "commutator, tiles": Logic(3.2, 8.27) * config.beat_bits,
        "twiddle_rom, tiles": Logic(0.46, 0.1) * 2 * tables,
        "sample_reader, tiles": Logic(59, 16) * (w - 2),
        "sample_writer, tiles": Logic(81, 14) * (w - 2),
        "resident_rows": Logic(540, 128) * (w if config.resident else 0),
    }


def _commutators(config: Config) -> Logic:
    """The commutators of an engine: two multiplexers of half a beat each, and delayed beats."""
    beat, later = config.beat_bits, config.chunk_log2 - config.lanes_log2
    distances = [1 << power for power in range(later)]
    short = [distance for distance in distances if 4 <= distance < BLOCK_BEATS]
    long = [distance for distance in distances if distance >= BLOCK_BEATS]
    ram = sum(lut_ram(beat, distance) for distance in short)
    lut = ram + later * (beat + 15 + 1.8 * config.lanes)
    ff = beat * (4.07 * len(long) + 5.15 * len(short) + 2.45) + 23 * later
    return Logic(lut, ff)


def _twiddles(config: Config) -> Logic:
    """The twiddles of an engine: tables in LUTs, quarter turns, and counters."""
    later = config.chunk_log2 - config.lanes_log2
    block = sum(1 << level >= BLOCK_ROWS for level in range(later - 1))
    short = later - block
    bits = config.lanes * (config.twiddle_bits - 1)
    count = later * later
    lut = bits * max(0.0, 1.65 * later - 1.8 + 1.07 * max(0, short - 5)) + count
    ff = bits * max(0.0, 2.67 * short - 4.95 + 1.9 * block) + count
    return Logic(lut, ff)


def logic(config: Config, family: str) -> Logic:
    """The LUTs and flip-flops of the kernel."""
    total = sum(modules(config).values(), Logic())
    if family == "ecp5":
        total = Logic(total.lut * ECP5_LUT, total.ff * ECP5_FF)
    return Logic(round(total.lut), round(total.ff))


def multipliers(config: Config) -> int:
    """Real products: a DSP48E2 or MULT18X18D each, for mantissas of at most 18 bits and twiddles of
    at most 27 or 18. Four per rotator, and per lane and output of the MAC; a product of two
    twiddles' parts of more than 18 bits takes two DSP48E2."""
    rotators = config.chunk_log2 + config.outputs
    if config.four_step:
        # Two twists: their rotators, and a product of factors per lane.
        rotators += 2 + 2 * (2 if config.twiddle_bits > 18 else 1)
    return 4 * config.lanes * rotators
