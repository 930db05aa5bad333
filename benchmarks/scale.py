# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What to measure: everything, or a subset that finishes while a developer waits."""

from __future__ import annotations

import dataclasses

from crocuta.models import configs
from crocuta.models.configs import Config


def schedules(name: str) -> tuple[str, str]:
    """A configuration with the fastest and with the simple schedule, by their shortest names."""
    return configs.load(f"{name}+outputs-2").name, configs.load(f"{name}+outputs-1").name


FASTEST, SIMPLE = schedules("u200")
QUICK_FASTEST, QUICK_SIMPLE = schedules("tiny")


@dataclasses.dataclass(frozen=True)
class Scale:
    """What each part measures, at configurations in models/configs.toml or variations of them."""

    series: tuple[str, ...]
    """Configurations to plot against chunk size, one curve each; the first is the main one."""
    length: int
    """The main job's samples and taps."""
    chunks: tuple[int, ...]
    lengths: dict[tuple[str, int], tuple[int, ...]]
    """By series and chunk, the lengths of x and h."""
    memory_chunks: dict[str, tuple[int, ...]]
    """By series."""
    memory_mantissas: tuple[int, ...]
    bram36: int
    """The number of block RAMs that the main job may use."""
    accuracy_length: int
    mantissas: tuple[int, ...]
    long: dict[str, tuple[int, ...]]
    """By four-step configuration, shortest first, the lengths of x and h."""
    others: dict[str, tuple[int, ...]]
    """The same of more four-step configurations to compare with these."""
    bandwidth: int
    """A four-step job of `rows_length` is measured at this bandwidth of the memories, too: beats in
    1000 clocks."""
    rows: tuple[str, ...]
    """Four-step configurations whose accuracy is compared..."""
    rows_length: int
    """...at this length."""
    draws: int
    """Draws of x and h of each class of data whose accuracy varies."""
    software: tuple[int, ...]
    """Lengths to convolve in software, each among `lengths` of the main configuration."""

    def config(self, series: str, chunk: int) -> Config:
        """A series' configuration at one chunk size."""
        return configs.load(f"{series}+chunk-{chunk}")

    @property
    def main(self) -> Config:
        """The first series with the largest chunk."""
        return self.config(self.series[0], max(self.chunks))


LENGTHS = (16_384, 65_536, 131_072, 262_144, 450_000, 720_896, 1_000_002)
FULL = Scale(
    series=(FASTEST, SIMPLE),
    length=450_000,
    chunks=(1024, 2048, 4096, 8192, 16384, 32768, 65536),
    lengths={
        (FASTEST, 65536): LENGTHS,
        (SIMPLE, 65536): LENGTHS,
        (FASTEST, 4096): (4_096, *LENGTHS),
    },
    memory_chunks={
        FASTEST: (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072),
        SIMPLE: (1024, 2048, 4096, 8192, 16384, 32768, 65536),
    },
    memory_mantissas=(14, 16, 20, 24),
    bram36=622,
    accuracy_length=450_000,
    mantissas=tuple(range(14, 25)),
    long={
        "u200-long": (
            *(16_384, 32_768, 65_536, 131_072, 262_144, 450_000, 524_288),
            *(1_000_002, 1_048_576, 2_097_152),
        ),
        "u200-long-4m": (4_194_304,),
    },
    others={"u200-card": (131_072, 450_000)},
    bandwidth=850,
    rows=("u200-long+chunk-65536", "u200-long", "u200-long+chunk-8192+max_length_log2-19"),
    rows_length=450_000,
    draws=10,
    software=(16_384, 65_536, 450_000, 1_000_002),
)

QUICK = Scale(
    series=(QUICK_FASTEST, QUICK_SIMPLE),
    length=30_000,
    chunks=(64, 128, 256),
    lengths={
        (QUICK_FASTEST, 256): (256, 2_048, 8_192, 30_000),
        (QUICK_SIMPLE, 64): (64, 2_048, 10_000),
    },
    memory_chunks={QUICK_FASTEST: (256,), QUICK_SIMPLE: (64,)},
    memory_mantissas=(),
    bram36=64,
    accuracy_length=30_000,
    mantissas=(14, 18, 24),
    long={"tiny-long": (64, 512)},
    others={"tiny-long+resident-3": (512,)},
    bandwidth=850,
    rows=("tiny-long", "tiny-long+chunk-128"),
    rows_length=512,
    draws=3,
    software=(2_048, 30_000),
)
