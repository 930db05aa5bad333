# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Prepares an ECP5 netlist for nextpnr: fixes the places of multipliers and memories, and
duplicates registers that drive half the chip.

nextpnr's placer starts from fixed cells. With only the pins fixed, all FFT levels start in one
heap and are torn apart when the placer spreads it over the chip. With each level's multipliers
fixed along the data flow, each level's logic gathers around them.

    y = 10    forward level 1 ------------------------->     DSP blocks, along their rows; block RAM
    y = 34    inverse level 1 <- MAC <- forward level k      12 rows below each
    y = 58    ------------------------> inverse level k

nextpnr does not duplicate registers, so a register with a high fan-out gets one copy per module
that it drives; the reset then takes two clocks, not one, to reach every level.
"""

from __future__ import annotations

import copy
import re
from collections import Counter, defaultdict
from typing import Any

Module = dict[str, Any]
"""A module in yosys' JSON netlist."""
Sink = tuple[str, str, int]
"""A cell's name, its port and the index of a bit in the port."""

# The LFE5U-85F has rows of blocks of four multipliers, and of four block RAMs in the same columns.
BLOCK_COLUMNS = (*range(4, 59, 9), *range(69, 115, 9))
MULTIPLIER_ROWS = (10, 34, 58)
MULTIPLIERS = (0, 1, 4, 5)  # in a block: their column offsets, and their numbers
MEMORY_ROWS = (22, 46, 70, 82)
MEMORIES = 4  # in a block, two columns each
MOST_SINKS = 200
"""Registers with a higher fan-out are duplicated."""
FEW_SINKS = 8
"""Modules with fewer loads get no copy."""
MODULE_DEPTH = 5
"""Depth of the hierarchy that counts as modules: from u_board down to an engine's level."""

# Instances with multipliers, in the order of the data flow.
FLOW = (
    r"u_forward_path\.u_engine\.gen_stage\[(\d+)\]",
    r"u_spectral_mac\.gen_lane\[(\d+)\]",
    r"u_inverse_path\.u_engine\.gen_stage\[(\d+)\]",
)
# Instances with memories alone: the entry of FLOW they belong to, and which of its instances (first
# or last) they go next to.
BESIDE = (
    (r"u_sample_reader\.", 0, 0),
    (r"u_forward_path\.u_fifo\.", 0, -1),
    (r"u_[xh]_writer\.", 0, -1),
    (r"u_[xh]_reader\.|u_spectral_mac\.u_accumulator\.", 1, 0),
    (r"u_inverse_path\.u_(fifo|overlap_add)\b", 2, -1),
    (r"u_sample_writer\.", 2, -1),
)


def of_type(module: Module, kind: str) -> list[str]:
    """The names of all cells of a type, sorted."""
    return sorted(name for name, cell in module["cells"].items() if cell["type"] == kind)


def flow(module: Module) -> list[tuple[int, str, list[str]]]:
    """Instances with multipliers, in order: index in FLOW, prefix of their cells, multipliers."""
    found: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for name in of_type(module, "MULT18X18D"):
        for index, pattern in enumerate(FLOW):
            match = re.search(pattern, name)
            if match:
                found[index, int(match[1]), name[: match.end()]].append(name)
    return [(index, prefix, names) for (index, _, prefix), names in sorted(found.items())]


def fix_macros(module: Module) -> int:
    """Fixes the places of multipliers and of the memories next to them; returns how many it fixed.

    The board's memories are left to the placer. So is everything if an instance has more
    multipliers than a block, or if there are more instances than blocks.
    """
    cells = module["cells"]
    parts = flow(module)
    blocks = [
        (column, row)
        for index, row in enumerate(MULTIPLIER_ROWS)
        for column in (reversed(BLOCK_COLUMNS) if index % 2 else BLOCK_COLUMNS)
    ]
    if len(parts) > len(blocks) or any(len(names) > len(MULTIPLIERS) for *_, names in parts):
        return 0
    fixed = 0
    near: list[tuple[str, tuple[int, int]]] = []
    at: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (index, prefix, names) in enumerate(parts):
        column, row = block = blocks[number * len(blocks) // len(parts)]
        for name, place in zip(names, MULTIPLIERS, strict=False):
            cells[name]["attributes"]["BEL"] = f"X{column + place}/Y{row}/MULT18_{place}"
            fixed += 1
        near.append((re.escape(prefix), block))
        at[index].append(block)
    near += [(pattern, at[index][end]) for pattern, index, end in BESIDE if index in at]
    free = {(c, r, n) for c in BLOCK_COLUMNS for r in MEMORY_ROWS for n in range(MEMORIES)}
    memories = of_type(module, "DP16KD")
    for pattern, (x, y) in near:
        for name in [name for name in memories if re.search(pattern, name)][: len(free)]:
            best = min(
                free,
                key=lambda bel: (abs(bel[0] + 2 * bel[2] - x) + abs(bel[1] - y - 12), bel),
            )
            free.remove(best)
            column, row, place = best
            cells[name]["attributes"]["BEL"] = f"X{column + 2 * place}/Y{row}/EBR{place}"
            fixed += 1
    return fixed


def modules_of(sinks: list[Sink]) -> list[list[Sink]]:
    """The sinks grouped by module; a module with few of them joins its parent's group."""
    found: dict[str, list[Sink]] = defaultdict(list)
    for sink in sinks:
        found[".".join(sink[0].split(".")[:-1][:MODULE_DEPTH])].append(sink)
    merged: dict[str, list[Sink]] = defaultdict(list)
    for name, group in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        while len(group) < FEW_SINKS and "." in name and name not in merged:
            name = name.rpartition(".")[0]
        if len(group) < FEW_SINKS and merged and name not in merged:
            name = next(iter(merged))
        merged[name] += group
    return list(merged.values())


def copy_registers(module: Module) -> int:
    """Duplicates each register, or LUT fed by one alone, that drives more than MOST_SINKS inputs.

    Every module that it drives gets a copy with the inputs of the original. Returns the number of
    copies.
    """
    cells = module["cells"]
    drivers: dict[int, tuple[str, str]] = {}
    sinks: dict[int, list[Sink]] = defaultdict(list)
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            for index, bit in enumerate(bits):
                if isinstance(bit, str):
                    continue
                if cell["port_directions"][port] == "output":
                    drivers[bit] = (name, port)
                else:
                    sinks[bit].append((name, port, index))
    last = max(drivers, default=0)
    copies = 0
    # By cell: a register may be copied both for its own sinks and for those of its inverter.
    twins: Counter[str] = Counter()
    for bit, inputs in sinks.items():
        if len(inputs) <= MOST_SINKS or bit not in drivers:
            continue
        name, port = drivers[bit]
        chain = [(name, port)]
        if cells[name]["type"] == "LUT4":
            before = {
                bits[0]
                for other, bits in cells[name]["connections"].items()
                if other != port and not isinstance(bits[0], str)
            }
            if len(before) != 1 or not before <= drivers.keys():
                continue
            chain.append(drivers[before.pop()])
        if cells[chain[-1][0]]["type"] != "TRELLIS_FF":
            continue
        for group in modules_of(inputs)[1:]:
            replaced: dict[int, int] = {}
            for source, output in reversed(chain):
                twin = copy.deepcopy(cells[source])
                old = twin["connections"][output][0]
                last += 1
                replaced[old] = last
                for bits in twin["connections"].values():
                    bits[:] = [replaced.get(one, one) for one in bits]
                cells[f"{source}$copy{twins[source]}"] = twin
                twins[source] += 1
            for cell, at, index in group:
                cells[cell]["connections"][at][index] = last
            copies += 1
    return copies
