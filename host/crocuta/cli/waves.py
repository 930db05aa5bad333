# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Waves of a convolution: the file, an estimate of its size, and signal lists for viewers.

simulation/kernel_waves.sv decodes the kernel's streams into real numbers, so viewers need not
translate CFP words or float32.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crocuta.cli.files import Output
from crocuta.errors import InputError, KernelError
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, mac_beats
from crocuta.models.layout import chunk_count

KERNEL = "TOP.kernel_tb.gen_chunked.u_kernel"
STREAMS = (
    ("x or h, as read", "u_samples", ("samples_valid", "samples_ready"), ("value",)),
    ("its spectrum", "u_spectrum", ("spectrum_valid", "spectrum_ready"), ("re", "im")),
    ("X from memory", "u_x", ("x_valid", "x_ready"), ("re", "im")),
    ("H from memory", "u_h", ("h_valid", "h_ready"), ("re", "im")),
    ("X into the MAC", "u_mac_x", ("mac_valid",), ("re", "im")),
    ("H into the MAC", "u_mac_h", ("mac_valid",), ("re", "im")),
    ("sum of products", "u_total", ("total_valid",), ("re", "im")),
    ("y, as written", "u_y", ("y_valid", "y_ready"), ("value",)),
)
"""The streams along the data path: name, instance in kernel_waves, handshake, signals per lane."""
BYTES_PER_CLOCK = 71
"""File size per clock, lane and transform level, as measured at tiny."""
MOST_BYTES = 500_000_000


def check_size(config: Config, length: int, taps: int, jobs: int) -> None:
    """Raises InputError if this many convolutions would leave a huge file, or if the kernel has no
    signal lists."""
    if config.four_step:
        raise InputError(
            "There are no lists of a four-step kernel's signals yet: use a chunked configuration,"
            " or `make sim TEST=kernel CONFIG=tiny-long WAVES=1`."
        )
    loads = (chunk_count(config, length) + chunk_count(config, taps)) * config.chunk_beats
    clocks = jobs * (loads + mac_beats(config, Job(Mode.CONVOLVE, 1, length, taps)))
    size = clocks * config.lanes * config.chunk_log2 * BYTES_PER_CLOCK
    if size > MOST_BYTES:
        raise InputError(
            f"The waves of {clocks:,} clocks and more would take about {size / 1e6:,.0f} MB: give"
            " fewer samples and taps, or a smaller configuration such as tiny."
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


def signals(config: Config) -> dict[str, list[str]]:
    """The signals of each stream, in data-path order."""
    return {
        name: [
            *(f"{KERNEL}.{signal}" for signal in handshake),
            *(
                f"{KERNEL}.u_waves.{instance}.gen_lane[{lane}].{part}"
                for lane in range(config.lanes)
                for part in parts
            ),
        ]
        for name, instance, handshake, parts in STREAMS
    }


def _gtkwave(path: Path, config: Config) -> str:
    """GTKWave's save file, with a group per stream."""
    lines = [f'[dumpfile] "{path.resolve()}"', "[timestart] 0", "@28", f"{KERNEL}.ap_clk"]
    for name, listed in signals(config).items():
        lines += ["@800200", f"-{name}", "@28", *listed, "@1000200", f"-{name}"]
    return "\n".join(lines) + "\n"


def _surfer(config: Config) -> str:
    """Surfer's command file, with a divider before each stream."""
    lines = [f"variable_add {KERNEL}.ap_clk"]
    for name, listed in signals(config).items():
        word = name.replace(" ", "_")  # Surfer accepts only one word as a name
        lines += [f"divider_add {word}", *(f"variable_add {signal}" for signal in listed)]
    return "\n".join([*lines, "zoom_fit"]) + "\n"
