# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How much is measured: all of it, or a subset that a developer waits for."""

from __future__ import annotations

import dataclasses

from models import configs
from models.configs import Config


@dataclasses.dataclass(frozen=True)
class Scale:
    """What each part measures; a configuration is one of configs.toml, with changes or not."""

    series: tuple[str, ...]
    """One curve each, over chunk sizes and lengths: a name is all that a new one takes."""
    length: int
    """The main job's samples and taps."""
    chunks: tuple[int, ...]
    channels: int
    """Of the job that shows what is lost when one follows another."""
    lengths: dict[int, tuple[int, ...]]
    """By chunk, the lengths of x and h."""
    memory_chunks: tuple[int, ...]
    memory_mantissas: tuple[int, ...]
    bram36: int
    """The memory that the main job may take."""
    accuracy_length: int
    mantissas: tuple[int, ...]
    software: tuple[int, ...]
    """Lengths that software convolves; each is one of `lengths` of the largest chunk."""

    def config(self, series: str, chunk: int) -> Config:
        """A series' configuration with its chunk."""
        return configs.load(f"{series}+chunk-{chunk}")

    @property
    def main(self) -> Config:
        """The first series with the largest chunk."""
        return self.config(self.series[0], max(self.chunks))


FULL = Scale(
    series=("u200",),
    length=450_000,
    chunks=(1024, 2048, 4096, 8192, 16384, 32768, 65536),
    channels=4,
    lengths={
        65536: (16_384, 65_536, 131_072, 262_144, 450_000, 720_896, 1_000_002),
        4096: (4_096, 16_384, 65_536, 131_072, 262_144, 450_000, 1_000_002),
    },
    memory_chunks=(4096, 16384, 32768, 65536, 131072),
    memory_mantissas=(14, 16, 20, 24),
    bram36=622,
    accuracy_length=450_000,
    mantissas=tuple(range(14, 25)),
    software=(16_384, 65_536, 450_000, 1_000_002),
)

QUICK = Scale(
    series=("tiny",),
    length=30_000,
    chunks=(64, 128, 256),
    channels=2,
    lengths={256: (256, 2_048, 8_192, 30_000), 64: (64, 2_048, 10_000)},
    memory_chunks=(64, 256),
    memory_mantissas=(),
    bram36=64,
    accuracy_length=30_000,
    mantissas=(14, 18, 24),
    software=(2_048, 30_000),
)
