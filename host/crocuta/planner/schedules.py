# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What other schedules would take: `python -m crocuta.planner.schedules` prints the table of
docs/planning.md.

RTL exists of the first two, `outputs = 1` and `outputs = 2` (models' chunk_controller); the
others are on paper. A schedule is its passes, a pass the beats
that each of its streams moves a clock: reads of the spectra of X and H, writes of those of X, and
the samples, which move while a chunk comes from the forward engine (half a beat in, half a beat
out). Streams have channels of their own or share all of them evenly, which is the best that could
be done. A pass in which a channel has more to move than it can takes so much longer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.layout import chunk_count
from crocuta.planner.clocks import READER_FIFO, Memory, convolve_clocks
from crocuta.planner.logic import multipliers
from crocuta.planner.memories import Ram, block_rams, memories

LENGTH = 450_000
CHANNELS = 4
PACKED = 3 / 4
"""Four beats of 8 words of 45 bits, 1,440 bits, in three of 512."""
BANDWIDTHS = (1.0, 0.85)


@dataclasses.dataclass(frozen=True)
class Pass:
    """What the streams of one pass move, in beats a clock."""

    x: float = 0
    h: float = 0
    store: float = 0
    samples: float = 0


Schedule = Callable[[int], list[Pass]]
"""From the number of chunks P, filter and sequence alike, to the passes."""


@dataclasses.dataclass(frozen=True)
class Option:
    """A way to be faster."""

    name: str
    schedule: Schedule
    x_channels: int = 1
    h_channels: int = 1
    sample_channels: int = 1
    """Two: y has one of its own."""
    shared: bool = False
    """All streams share all channels."""
    packed: bool = False
    multipliers: int = 0
    """Complex ones a lane, beside those there are."""
    chunks_on_chip: int = 0
    readers: int = 0
    lanes: int = 8

    def channels(self) -> int:
        """The memory channels in use."""
        return CHANNELS if self.shared else self.x_channels + self.h_channels + self.sample_channels

    def load(self, one: Pass) -> float:
        """The beats a clock that the busiest channel would have to move in a pass."""
        wide = self.lanes / 8
        spectra = wide * (PACKED if self.packed else 1)
        x, h = (one.x + one.store) * spectra, one.h * spectra
        samples = one.samples * wide
        if self.shared:
            return (x + h + samples) / CHANNELS
        return max(x / self.x_channels, h / self.h_channels, samples / self.sample_channels)


def _engine(k: int, p: int) -> Pass:
    """What comes with chunk k straight from the forward engine, its pair's H apart."""
    return Pass(store=1.0 if k + 1 < p else 0.0, samples=1)


def one_pair(p: int) -> list[Pass]:
    """A pair of chunks a pass."""
    passes = []
    for k in range(p):
        passes += [Pass(x=1, h=1)] * k
        passes.append(dataclasses.replace(_engine(k, p), h=1))
    return passes


def two_on_chip(p: int) -> list[Pass]:
    """A pair a pass, with H_0 and H_1 kept on chip."""
    passes = []
    for k in range(p):
        passes += [Pass(x=1, h=float(k - i > 1)) for i in range(k)]
        passes.append(_engine(k, p))
    return passes


def two_pairs(p: int) -> list[Pass]:
    """Two pairs of one output chunk a pass, an odd one last."""
    passes = []
    for k in range(p):
        passes += [Pass(x=2, h=2)] * (k // 2)
        alone = k % 2 == 0
        passes.append(dataclasses.replace(_engine(k, p), x=0 if alone else 1, h=1 if alone else 2))
    return passes


def _groups(p: int) -> list[tuple[int, ...]]:
    """Output chunks in twos, the first alone if their number is odd."""
    first: list[tuple[int, ...]] = [(0,)] if p % 2 else []
    return first + [(k, k + 1) for k in range(p % 2, p, 2)]


def two_outputs(p: int) -> list[Pass]:
    """X_i by H_(k-i) for chunk k and by H_(k+1-i) for chunk k + 1 in one pass. The second is the
    first of the pass before, kept on chip; in the last pass, with nothing new to multiply by, the
    next two chunks' highest H comes instead. The last two X are not stored."""
    passes = []
    for group in _groups(p):
        passes += [Pass(x=1, h=1)] * group[0]
        store = float(group[-1] + 1 < p)
        passes += [Pass(h=1, store=store, samples=1) for _ in group]
    return passes


def two_outputs_two_streams(p: int) -> list[Pass]:
    """Likewise, with both H from memory: one is even, one odd."""
    passes = []
    for group in _groups(p):
        both = float(len(group))
        passes += [Pass(x=1, h=both)] * group[0]
        passes.append(dataclasses.replace(_engine(group[0], p), h=both))
        passes += [dataclasses.replace(_engine(k, p), h=1) for k in group[1:]]
    return passes


def two_by_two(p: int) -> list[Pass]:
    """Two output chunks and two X a pass: four products a lane and clock, of three H, one kept."""
    passes = []
    for group in _groups(p):
        count = group[-1] + 1  # chunks of X that take part
        for start in range(0, count, 2):
            mine = range(start, min(start + 2, count))
            fresh = [_engine(i, p) for i in mine if i in group]
            passes.append(
                Pass(
                    x=len(mine) - len(fresh),
                    h=len(mine),
                    store=sum(one.store for one in fresh),
                    samples=sum(one.samples for one in fresh),
                )
            )
    return passes


OPTIONS = (
    Option("`outputs = 1`: a pair a pass", one_pair),
    Option(
        "`outputs = 2`: two outputs a pass, H kept for a pass",
        two_outputs,
        multipliers=1,
        chunks_on_chip=2,
    ),
    Option("a pair a pass, packed, y apart", one_pair, packed=True, sample_channels=2),
    Option("a pair a pass, two H kept on chip", two_on_chip, chunks_on_chip=2),
    Option("two pairs a pass", two_pairs, shared=True, multipliers=1, readers=2),
    Option(
        "two pairs a pass, packed",
        two_pairs,
        shared=True,
        packed=True,
        multipliers=1,
        readers=2,
    ),
    Option("16 lanes", one_pair, shared=True, lanes=16),
    Option("16 lanes, packed", one_pair, shared=True, packed=True, lanes=16),
    Option(
        "two outputs a pass, H kept, packed, y apart",
        two_outputs,
        packed=True,
        sample_channels=2,
        multipliers=1,
        chunks_on_chip=2,
    ),
    Option(
        "two outputs a pass, two streams of H",
        two_outputs_two_streams,
        h_channels=2,
        multipliers=1,
        chunks_on_chip=1,
        readers=1,
    ),
    Option(
        "two outputs a pass, two streams of H, packed",
        two_outputs_two_streams,
        h_channels=2,
        packed=True,
        multipliers=1,
        chunks_on_chip=1,
        readers=1,
    ),
    Option(
        "two outputs by two X a pass, H kept, packed",
        two_by_two,
        shared=True,
        packed=True,
        multipliers=3,
        chunks_on_chip=2,
        readers=2,
    ),
)


@dataclasses.dataclass(frozen=True)
class Figures:
    """What an option takes for LENGTH by LENGTH samples."""

    passes: int
    mac_clocks: int
    clocks: tuple[int, ...]
    """At each of BANDWIDTHS, fill included."""
    load: float
    """Beats a clock of the busiest channel in the busiest pass."""
    channels: int
    bram: float
    dsp: int


def configuration(option: Option) -> Config:
    """The configuration an option starts from."""
    return configs.changed(configs.load("u200"), {"lanes": option.lanes, "outputs": 1})


def figures(option: Option, length: int = LENGTH) -> Figures:
    """What an option takes."""
    config = configuration(option)
    passes = option.schedule(chunk_count(config, length))
    beats = config.chunk_beats
    fill = convolve_clocks(config, length, length, memory=Memory()).fill
    clocks = tuple(
        round(fill + beats * sum(max(1, option.load(one) / bandwidth) for one in passes))
        for bandwidth in BANDWIDTHS
    )
    extra = [
        Ram("spectra", config.beat_bits, beats, count=option.chunks_on_chip),
        Ram("spectrum_reader", config.beat_bits, READER_FIFO, count=option.readers),
    ]
    return Figures(
        passes=len(passes),
        mac_clocks=len(passes) * beats,
        clocks=clocks,
        load=max(option.load(one) for one in passes),
        channels=option.channels(),
        bram=sum(block_rams([*memories(config), *extra], "ultrascale").values()),
        dsp=multipliers(config) + 4 * config.lanes * option.multipliers,
    )


def table() -> str:
    """All options, in Markdown."""
    head = ["schedule", "passes", "MAC clocks", "clocks", "at 85 %", "channels", "load"]
    lines = [[*head, "BRAM36", "DSP48E2"], ["---", *["---:"] * 8]]
    for option in OPTIONS:
        one = figures(option)
        cells = [f"{one.passes}", f"{one.mac_clocks:,}", *(f"{each:,}" for each in one.clocks)]
        cells += [f"{one.channels}", f"{one.load:.2f}", f"{one.bram:g}", f"{one.dsp}"]
        lines.append([option.name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(table())
