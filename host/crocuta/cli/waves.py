# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Waves of a convolution: the file, an estimate of its size, and signal lists for viewers.

simulation/kernel_waves.sv and four_step_waves.sv decode the kernel's streams into real numbers, so
viewers need not translate CFP words or float32.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from crocuta.cli.files import Output
from crocuta.errors import InputError, KernelError
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, mac_beats
from crocuta.models.layout import chunk_count, row_count


class Group(NamedTuple):
    """Signals that belong together: a stream, or what controls others."""

    name: str
    signals: tuple[str, ...]
    """Relative to the kernel; of a stream its handshake."""
    stream: str = ""
    """Its instance in kernel_waves or four_step_waves."""
    parts: tuple[str, ...] = ()
    """The real numbers of each lane."""


KERNEL = "TOP.kernel_tb.gen_chunked.u_kernel"
FOUR_STEP_CORE = "TOP.kernel_tb.gen_four_step.u_kernel.u_core"
SAMPLE, WORD = ("value",), ("re", "im")
GROUPS = (
    Group("x or h, as read", ("samples_valid", "samples_ready"), "u_samples", SAMPLE),
    Group("its spectrum", ("spectrum_valid", "spectrum_ready"), "u_spectrum", WORD),
    Group("X from memory", ("x_valid", "x_ready"), "u_x", WORD),
    Group("H from memory", ("h_valid", "h_ready"), "u_h", WORD),
    Group("X into the MAC", ("mac_valid",), "u_mac_x", WORD),
    Group("H into the MAC", ("mac_valid",), "u_mac_h", WORD),
    Group("sum of products", ("total_valid",), "u_total", WORD),
    Group("y, as written", ("y_valid", "y_ready"), "u_y", SAMPLE),
)
"""A chunked kernel's, along the data path."""
FOUR_STEP_GROUPS = (
    Group("x or h, as read", ("samples_valid", "samples_ready"), "u_samples", SAMPLE),
    Group(
        "into the forward engine",
        ("u_waves.forward_kind", "u_forward.row", "u_forward.enter", "u_forward.restart"),
    ),
    Group("tiles of x, to memory", ("tile_valid", "tile_ready"), "u_x_tile", WORD),
    Group("rows of x, from memory", ("x_valid", "x_ready"), "u_x_row", WORD),
    Group("rows of the spectrum", ("row_valid", "row_ready"), "u_spectrum", WORD),
    Group("H from memory", ("h_valid", "h_ready"), "u_h", WORD),
    Group(
        "into the inverse engine",
        ("u_waves.inverse_kind", "u_inverse.row", "u_inverse.enter", "u_inverse.restart"),
    ),
    Group("rows of z, to memory", ("z_row_valid", "z_row_ready"), "u_z_row", WORD),
    Group("tiles of z, from memory", ("z_valid", "z_ready"), "u_z_tile", WORD),
    Group("y, as written", ("y_valid", "y_ready"), "u_y", SAMPLE),
)
"""A four-step kernel's. A chunk's kind is FLUSH, TILE, ROW or CHUNK, the only row."""
CHIP_SIGNALS = (
    *("x_write", "x_waddr", "x_read", "x_raddr", "open"),
    *("z_write", "z_waddr", "z_read", "z_raddr"),
)
CHIP_GROUP = Group(
    "rows on the chip", tuple(f"u_resident.gen_rows.{name}" for name in CHIP_SIGNALS)
)
"""Those of a kernel that keeps some there: tiles of x wait while `open` is low."""
BYTES_PER_CLOCK, FOUR_STEP_BYTES_PER_CLOCK = 71, 175
"""File size per clock, lane and transform level, as measured at tiny and tiny-long."""
MOST_BYTES = 500_000_000


def check_size(config: Config, length: int, taps: int, jobs: int) -> None:
    """Raises InputError if this many convolutions would leave a huge file."""
    if config.four_step:
        # PREPARE and CONVOLVE pass two and three times through the engines.
        clocks = jobs * 5 * row_count(config, max(length, taps)) * config.chunk_beats
        per_clock = FOUR_STEP_BYTES_PER_CLOCK
    else:
        loads = (chunk_count(config, length) + chunk_count(config, taps)) * config.chunk_beats
        clocks = jobs * (loads + mac_beats(config, Job(Mode.CONVOLVE, 1, length, taps)))
        per_clock = BYTES_PER_CLOCK
    size = clocks * config.lanes * config.chunk_log2 * per_clock
    if size > MOST_BYTES:
        raise InputError(
            f"The waves of {clocks:,} clocks and more would take about {size / 1e6:,.0f} MB: give"
            " fewer samples and taps, or a smaller configuration such as"
            f" {'tiny-long' if config.four_step else 'tiny'}."
        )


@contextmanager
def recorded(path: Path, config: Config) -> Iterator[Path]:
    """Yields the file to record waves in. It gets its final name, and signal lists next to it, when
    the block ends, even if the kernel failed.

    Raises:
        InputError: it cannot be written.
    """
    lists = {Output(path.with_suffix(end)): text for end, text in _lists(path, config).items()}
    Output(path)
    part = path.parent / f".crocuta-{secrets.token_hex(8)}.part"
    try:
        try:
            yield part
        except KernelError:
            if part.exists():
                _keep(part, path, lists)
            raise
        _keep(part, path, lists)
    finally:
        for left in (part, part.with_name(f"{part.name}.hier")):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _keep(part: Path, path: Path, lists: dict[Output, str]) -> None:
    part.replace(path)
    for output, text in lists.items():
        output.write(text.encode())


def _lists(path: Path, config: Config) -> dict[str, str]:
    """The signal lists by file suffix."""
    return {".gtkw": _gtkwave(path, config), ".sucl": _surfer(config)}


def kernel_scope(config: Config) -> str:
    """The scope of the kernel's signals in the file."""
    return FOUR_STEP_CORE if config.four_step else KERNEL


def signals(config: Config) -> dict[str, list[str]]:
    """The signals of each group, in data-path order."""
    groups = list(FOUR_STEP_GROUPS if config.four_step else GROUPS)
    if config.resident:
        groups.append(CHIP_GROUP)
    scope = kernel_scope(config)
    return {
        group.name: [
            *(f"{scope}.{signal}" for signal in group.signals),
            *(
                f"{scope}.u_waves.{group.stream}.gen_lane[{lane}].{part}"
                for lane in range(config.lanes)
                for part in group.parts
            ),
        ]
        for group in groups
    }


def _clock(config: Config) -> str:
    return f"{kernel_scope(config)}.{'clk_i' if config.four_step else 'ap_clk'}"


def _gtkwave(path: Path, config: Config) -> str:
    """GTKWave's save file, with a group per stream."""
    lines = [f'[dumpfile] "{path.resolve()}"', "[timestart] 0", "@28", _clock(config)]
    for name, listed in signals(config).items():
        lines += ["@800200", f"-{name}", "@28", *listed, "@1000200", f"-{name}"]
    return "\n".join(lines) + "\n"


def _surfer(config: Config) -> str:
    """Surfer's command file, with a divider before each stream."""
    lines = [f"variable_add {_clock(config)}"]
    for name, listed in signals(config).items():
        word = name.replace(" ", "_")  # Surfer accepts only one word as a name
        lines += [f"divider_add {word}", *(f"variable_add {signal}" for signal in listed)]
    return "\n".join([*lines, "zoom_fit"]) + "\n"
