# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The .mem files that the RTL reads: the engine's twiddles, and the twist's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crocuta.models.cfp import IntArray
from crocuta.models.configs import Config
from crocuta.models.files import write_generated
from crocuta.models.transform.twiddle_rom import Twiddles, column_rows, level_rows
from crocuta.models.transform.twist_rom import lane_rom, twist_rom


def tables(config: Config) -> dict[str, str]:
    """The text of every table of `config`, by file name: level_NN.mem for the engine's levels and,
    for a four-step kernel, column_NN.mem for its column levels and twist_*.mem.

    One hexadecimal line per row: unit 0's re in the low bits, then its im, then unit 1's. Parts of
    twiddles and of the twist's lane constants have T-1 unsigned bits, those of the twist's coarse
    and fine tables T.
    """
    bits = config.twiddle_bits - 1
    levels = range(1, config.chunk_log2 + 1)
    files = {f"level_{level:02d}.mem": _text(level_rows(level, config), bits) for level in levels}
    if config.column_levels:
        for level in range(1, config.column_levels + 1):
            files[f"column_{level:02d}.mem"] = _text(column_rows(level, config), bits)
        coarse, fine = twist_rom(config)
        files["twist_coarse.mem"] = _text(_one_unit(coarse), bits + 1)
        files["twist_fine.mem"] = _text(_one_unit(fine), bits + 1)
        files["twist_lane.mem"] = _text(_one_unit(lane_rom(config)), bits)
    return files


def _one_unit(entries: Twiddles) -> Twiddles:
    def column(part: IntArray) -> IntArray:
        return part[:, np.newaxis]

    return Twiddles(column(entries.re), column(entries.im))


def _text(rows: Twiddles, bits: int) -> str:
    """One line per row, with `bits` bits per part."""
    digits = -(-2 * rows.re.shape[1] * bits // 4)
    lines = []
    for re, im in zip(rows.re.tolist(), rows.im.tolist(), strict=True):
        word = 0
        for unit, (unit_re, unit_im) in enumerate(zip(re, im, strict=True)):
            word |= (unit_re | unit_im << bits) << (2 * bits * unit)
        lines.append(f"{word:0{digits}x}")
    return "\n".join(lines) + "\n"


def write(config: Config, directory: Path) -> Path:
    """Writes the `tables` of `config` into `directory`, and returns it."""
    for name, text in tables(config).items():
        write_generated(directory / name, text)
    return directory
