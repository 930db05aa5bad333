# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 8: the clocks of both schedules against length, and their on-chip memory.

The curves are the planner's; what the RTL was simulated for is marked and compared with them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

from matplotlib.figure import Figure

from benchmarks import lengths, memory
from benchmarks.accuracy import ModelPoint
from benchmarks.kernel import JobPoint, KernelPoint
from benchmarks.points import Json, Point, Results, Show
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_most
from benchmarks.scale import Scale
from benchmarks.signals import SIGNALS
from crocuta.device import Device
from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.layout import row_count
from crocuta.planner.schedules import convolve_clocks, prepare_clocks

CLOCKS = 2.0
"""The planner's largest error in percent."""
ALONE = {450_000: 210_000, 4_194_304: 1_650_000}
"""The most clocks of one channel, by length."""
ANOTHER = {450_000: 140_000, 1_000_002: 275_000, 2_097_152: 550_000}
"""The most clocks that another channel adds."""
CLOCKS_PER_SAMPLE = 0.28
"""The most clocks per sample of another channel whose length is a power of two of at least..."""
POWERS_FROM = 131_072
BRAM36 = 260
"""The most block RAMs of a four-step kernel for two million samples."""
SHORTEST, LONGEST = 1_024, 4_194_304
CLOCKS_PER_SECOND = 20_000
COMPILE_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class FourStepPoint(JobPoint):
    """A job of a four-step kernel."""

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        clocks = convolve_clocks(self.loaded, self.length, self.length, self.channels).total
        return COMPILE_SECONDS + 2 * clocks / CLOCKS_PER_SECOND

    def measure(self, show: Show) -> Json:
        """The clocks of both jobs; every output is compared with the model's."""
        x, h = self.samples()
        with Device(self.kernel(show)) as device:
            filter = device.prepare(h)
            y = device.convolve(x, filter, lambda done, of: show("simulating", done / of))
            prepared, convolved = filter.report.counters, device.report.counters
        assert prepared and convolved, "a simulated kernel has counters"
        self.compare(x, h, y, show)
        return {"prepare": prepared.clocks, "convolve": convolved.clocks}


class _Clocks(NamedTuple):
    """Clocks at a length, and whether they are the RTL's."""

    length: int
    config: str
    alone: int
    another: int
    alone_measured: bool
    another_measured: bool = False


def points(scale: Scale) -> list[Point]:
    """The four-step kernels' jobs, and the chunked kernel's of the part `lengths`."""
    return [*_four_step_points(scale), *_chunked_points(scale), *_snr_points(scale)]


def _four_step_points(scale: Scale) -> list[FourStepPoint]:
    return [
        FourStepPoint(name, length, channels)
        for name, chosen in scale.long.items()
        for length in chosen
        for channels in (1, 2)
    ]


def _chunked_points(scale: Scale) -> list[KernelPoint]:
    main = scale.main
    return lengths.curve(scale, scale.series[0], main.chunk)


def _snr_points(scale: Scale) -> list[ModelPoint]:
    """Every class of data, of one length, in every kernel."""
    return [ModelPoint(name, data, scale.rows_length) for data in SIGNALS for name in _rows(scale)]


def _rows(scale: Scale) -> list[str]:
    """The kernels whose accuracy is compared, by rows of the transform: the chunked one first."""
    return [scale.main.name, *scale.rows]


def _snr_table(scale: Scale, results: Results) -> Table:
    headings = ["data", f"chunked, C = {scale.main.chunk:,}"]
    for name in scale.rows:
        config = configs.load_model(name)
        headings.append(f"{row_count(config, scale.rows_length)} rows of {config.chunk:,}")
    rows = [
        [
            words,
            *(
                f"{results[ModelPoint(name, data, scale.rows_length)]['snr_db']:.1f}"
                for name in _rows(scale)
            ),
        ]
        for data, words in SIGNALS.items()
    ]
    title = f"SNR in dB of {scale.rows_length:,} samples, {scale.main.mantissa_bits}-bit mantissas"
    return Table(title, headings, rows)


def _four_step_config(scale: Scale, length: int) -> Config | None:
    """The first four-step kernel that the length fits; None if it fits none."""
    for name in scale.long:
        config = configs.load_model(name)
        if length <= 1 << config.max_length_log2:
            return config
    return None


def _planned(config: Config, length: int) -> tuple[int, int]:
    """The clocks of one channel, and those that another one adds."""
    one, two = (convolve_clocks(config, length, length, channels).total for channels in (1, 2))
    return one, two - one


def _curves(scale: Scale, results: Results) -> tuple[list[_Clocks], list[_Clocks]]:
    """The clocks of both schedules by length."""
    main = scale.main
    chunked_found = {p.length: results[p]["convolve"]["clocks"] for p in _chunked_points(scale)}
    every = {SHORTEST << power for power in range(13)} | set(chunked_found)
    every |= {length for chosen in scale.long.values() for length in chosen}
    top = max(1 << configs.load_model(name).max_length_log2 for name in scale.long)
    chunked, long = [], []
    for length in sorted(length for length in every if length <= min(LONGEST, top)):
        alone, another = _planned(main, length)
        found = chunked_found.get(length)
        chunked.append(_Clocks(length, main.name, found or alone, another, found is not None))
        config = _four_step_config(scale, length)
        assert config is not None
        one, two = (results.get(FourStepPoint(config.name, length, n)) for n in (1, 2))
        if one and two:
            clocks = one["convolve"], two["convolve"] - one["convolve"]
        else:
            clocks = _planned(config, length)
        measured = bool(one and two)
        long.append(_Clocks(length, config.name, *clocks, measured, measured))
    return chunked, long


def crossing(scale: Scale, another: bool) -> int | None:
    """The length from which on a four-step kernel takes fewer clocks than the chunked one, for one
    channel or for each of many; None if there is none."""
    main, found = scale.main, None
    # The chunked kernel's clocks step by a chunk, the four-step one's at powers of two of them.
    longest = min(
        LONGEST, max(1 << configs.load_model(name).max_length_log2 for name in scale.long)
    )
    for chunks in reversed(range(-(-longest // main.chunk))):
        length = chunks * main.chunk + 1
        config = _four_step_config(scale, length)
        assert config is not None
        if _planned(config, length)[another] >= _planned(main, length)[another]:
            break
        found = length
    return found


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    chunked, long = _curves(scale, results)
    checks = list(_checks(results, scale))
    rows = [
        [
            f"{one.length:,}",
            *_cells(one),
            *_cells(other),
            other.config,
        ]
        for one, other in zip(chunked, long, strict=True)
    ]
    used = list(dict.fromkeys([scale.main.name, *(one.config for one in long)]))
    bram = {name: memory.planned(configs.load_model(name)) for name in used}
    table = Table(
        f"{scale.main.name} and four-step kernels: clocks",
        (
            "length",
            "chunked, one channel",
            "another",
            "four-step, one channel",
            "another",
            "kernel",
        ),
        rows,
    )
    memories = Table(
        "On-chip memory, planned",
        ("kernel", "longest", "BRAM36"),
        [
            [name, f"{1 << configs.load_model(name).max_length_log2:,}", f"{bram[name]:,.1f}"]
            for name in used
        ],
    )
    snr = _snr_table(scale, results)
    where = {kind: crossing(scale, kind == "each of many channels") for kind in
             ("one channel", "each of many channels")}  # fmt: skip
    crossings = "; ".join(
        f"{kind}: {f'from {length:,} samples on' if length else 'nowhere'}"
        for kind, length in where.items()
    )
    notes = [
        "Clocks by the planner, and where they have no ~ by the RTL. Another channel's are those of"
        " two less those of one.",
        f"Fewer clocks four-step than chunked: {crossings}.",
    ]

    def draw(figure: Figure) -> None:
        axes, right = figure.subplots(1, 2, width_ratios=(3, 1))
        for (name, curve), colour in zip(
            ((scale.main.name, chunked), ("four-step", long)), COLOURS, strict=False
        ):
            x = [one.length for one in curve]
            axes.loglog(x, [one.alone for one in curve], "-", color=colour,
                        label=f"{name}, one channel")  # fmt: skip
            axes.loglog(x, [one.another for one in curve], "--", color=colour,
                        label=f"{name}, another one")  # fmt: skip
            seen = [one for one in curve if one.alone_measured]
            axes.loglog([one.length for one in seen], [one.alone for one in seen], "o",
                        color=colour)  # fmt: skip
        for kind, style in (("one channel", "-"), ("each of many channels", "--")):
            if where[kind]:
                axes.axvline(where[kind], color="#5c6670", linewidth=1, linestyle=style)
                axes.annotate(f"{where[kind]:,}", (where[kind], 0.02),
                              xycoords=("data", "axes fraction"), rotation=90, ha="right",
                              va="bottom")  # fmt: skip
        axes.set_xlabel("samples and taps")
        axes.set_ylabel("clocks")
        axes.set_title("Clocks of a channel")
        axes.legend(fontsize=9)
        right.bar(range(len(bram)), list(bram.values()), color=COLOURS[: len(bram)])
        right.set_xticks(range(len(bram)), list(bram), rotation=20, fontsize=8)
        right.set_ylabel("BRAM36, planned")
        right.set_title("On-chip memory")

    return Section(
        "schedules",
        "Chunked and four-step",
        checks,
        notes,
        [table, memories, snr],
        [Plot("schedules", draw, (10, 4.8))],
        {
            "crossing": where,
            "bram36": bram,
            "chunked": [one._asdict() for one in chunked],
            "four_step": [one._asdict() for one in long],
        },
        page=[table, memories, snr],
    )


def _cells(one: _Clocks) -> list[str]:
    return [
        f"{'' if measured else '~ '}{clocks:,}"
        for clocks, measured in (
            (one.alone, one.alone_measured),
            (one.another, one.another_measured),
        )
    ]


def _checks(results: Results, scale: Scale) -> Iterator[Check]:
    """The targets of the four-step kernels, and the planner's error."""
    for point in _four_step_points(scale):
        config, length, found = point.loaded, point.length, results[point]
        for kind, planned in (
            ("prepare", prepare_clocks(config, length, length, point.channels)),
            ("convolve", convolve_clocks(config, length, length, point.channels)),
        ):
            away = 100 * abs(planned.total / found[kind] - 1)
            what = f"{point.label}: clocks to {kind}, the planner's error"
            yield at_most(what, away, CLOCKS, " %", 2)
        if point.channels == 1:
            if length in ALONE:
                what = f"{point.label}: clocks of one channel"
                yield at_most(what, found["convolve"], ALONE[length], digits=0)
            continue
        one = results[dataclasses.replace(point, channels=1)]
        another = found["convolve"] - one["convolve"]
        what = f"{point.config}, {length:,} samples: clocks of another channel"
        if length in ANOTHER:
            yield at_most(what, another, ANOTHER[length], digits=0)
        if length >= POWERS_FROM and length == row_count(config, length) * config.chunk:
            yield at_most(f"{what} per sample", another / length, CLOCKS_PER_SAMPLE, digits=3)
    for name in scale.long:
        if 1 << configs.load_model(name).max_length_log2 <= 1 << 21:
            bram = memory.planned(configs.load_model(name))
            yield at_most(f"{name}: BRAM36, planned", bram, BRAM36)
