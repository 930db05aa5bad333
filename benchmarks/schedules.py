# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 8: the clocks of both schedules against length, their on-chip memory and their accuracy.

Curves are the planner's, because most lengths take too long to simulate; marks are the RTL's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from statistics import median
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import lengths, memory
from benchmarks.accuracy import ModelPoint
from benchmarks.kernel import TIMING, JobPoint, KernelPoint, counts
from benchmarks.points import Json, Point, Results, Show
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_least, at_most
from benchmarks.scale import Scale
from benchmarks.signals import DRAWN, SIGNALS
from crocuta.backends.timing import Timing
from crocuta.device import Device
from crocuta.errors import KernelError
from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.layout import row_count
from crocuta.planner.clocks import Memory
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
SNR = {"gaussian": 85.0, "offset": 85.0, "mean": 80.0, "any tone": 80.0}
"""The least SNR in dB of every draw, by class of data."""
MEDIAN_SNR = 85.0
"""The least median over the draws of a class."""
DNA_SNR = 85.0
SHORTEST, LONGEST = 1_024, 4_194_304
CLOCKS_PER_SECOND = 10_000
COMPILE_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class FourStepPoint(JobPoint):
    """A job of a four-step kernel."""

    bandwidth: int = TIMING.bandwidth
    """Of the memories: beats in 1000 clocks."""

    @property
    def label(self) -> str:
        """Its name in the output."""
        return super().label + self.less

    @property
    def less(self) -> str:
        """What a label says of a lower bandwidth; empty at the usual one."""
        usual = self.bandwidth == TIMING.bandwidth
        return "" if usual else f", {self.bandwidth / 10:g} % of the bandwidth"

    @property
    def timing(self) -> Timing:
        """How the memories behave."""
        return dataclasses.replace(TIMING, bandwidth=self.bandwidth)

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        planned = self.planned()
        return COMPILE_SECONDS + sum(planned.values()) / CLOCKS_PER_SECOND

    def planned(self) -> dict[str, int]:
        """The planner's clocks to prepare and to convolve."""
        job = self.loaded, self.length, self.length, self.channels
        memory = Memory(self.timing.latency, self.bandwidth / 1000)
        return {
            "prepare": prepare_clocks(*job, memory).total,
            "convolve": convolve_clocks(*job, memory).total,
        }

    def measure(self, show: Show) -> Json:
        """The counters of both jobs; every output is compared with the model's."""
        x, h = self.samples()
        kernel = self.kernel(show)
        with Device(kernel) as device:
            show("preparing", 0)
            filter = device.prepare(h)
            y = device.convolve(x, filter, lambda done, of: show("simulating", done / of))
            prepared, convolved = filter.report.counters, device.report.counters
            jobs = kernel.observed().ended
        assert prepared and convolved, "a simulated kernel has counters"
        if jobs != 2:
            raise KernelError(f"The channels of {self.label} took {jobs} jobs instead of 2.")
        differ = self.compare(x, h, y, show)
        found = {"prepare": counts(prepared), "convolve": counts(convolved)}
        return {"samples": x.size, "outputs_differ": differ, **found}


class _Clocks(NamedTuple):
    """Clocks of one channel and of another one, and whether they are the RTL's."""

    length: int
    config: str
    alone: int
    another: int
    alone_measured: bool = False
    another_measured: bool = False


def points(scale: Scale) -> list[Point]:
    """The four-step kernels' jobs, the chunked kernel's of the part `lengths`, and accuracy."""
    found: list[Point] = [
        *four_step_points(scale),
        *_chunked_points(scale),
        *_snr_points(scale),
        *_drawn_points(scale),
    ]
    return list(dict.fromkeys(found))


def four_step_points(scale: Scale) -> list[FourStepPoint]:
    """The jobs of four-step kernels: every length for one channel and for two."""
    found = [
        FourStepPoint(name, length, channels)
        for name, chosen in (scale.long | scale.others).items()
        for length in chosen
        for channels in (1, 2)
    ]
    slow = [
        dataclasses.replace(point, bandwidth=scale.bandwidth)
        for point in found
        if point.config in scale.long and point.length == scale.rows_length
    ]
    return [*found, *slow]


def _chunked_points(scale: Scale) -> list[KernelPoint]:
    main = scale.main
    return lengths.curve(scale, scale.series[0], main.chunk)


# Accuracy.


def _snr_points(scale: Scale) -> list[ModelPoint]:
    """Every class of data, of one length, in every kernel."""
    return [ModelPoint(name, data, scale.rows_length) for data in SIGNALS for name in _rows(scale)]


def _drawn(scale: Scale, name: str, data: str) -> list[ModelPoint]:
    """One class of data in one kernel, every draw."""
    return [ModelPoint(name, data, scale.rows_length, draw) for draw in range(1, scale.draws + 1)]


def _drawn_kernels(scale: Scale) -> tuple[str, str]:
    """The kernels for the draws: chunked and four-step."""
    return scale.main.name, _four_step_config(scale, scale.rows_length).name


def _drawn_points(scale: Scale) -> list[ModelPoint]:
    return [
        point
        for data in DRAWN
        for name in _drawn_kernels(scale)
        for point in _drawn(scale, name, data)
    ]


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


def _drawn_table(scale: Scale, results: Results) -> Table:
    def cells(name: str, data: str) -> list[str]:
        found = [results[point] for point in _drawn(scale, name, data)]
        snr, error = ([one[what] for one in found] for what in ("snr_db", "error_db"))
        return [
            f"{min(snr):.1f}",
            f"{median(snr):.1f}",
            f"{max(snr):.1f}",
            f"{min(error):.1f} to {max(error):.1f}",
        ]

    chunked, long = _drawn_kernels(scale)
    figures = ("lowest SNR", "median", "highest", "error")
    headings = ["data", *(f"{name}: {what}" for name in (chunked, long) for what in figures)]
    rows = [[DRAWN[data], *cells(chunked, data), *cells(long, data)] for data in DRAWN]
    return Table(f"The same in dB over {scale.draws} draws of x and h", headings, rows)


# Clocks.


def _four_step_config(scale: Scale, length: int) -> Config:
    """The first four-step kernel that the length fits."""
    for name in scale.long:
        config = configs.load_model(name)
        if length <= 1 << config.max_length_log2:
            return config
    raise ValueError(f"no four-step kernel of the benchmark takes {length} samples")


@cache
def _planned(config: Config, length: int) -> tuple[int, int]:
    """The clocks of one channel, and those that another one adds."""
    one, two = (convolve_clocks(config, length, length, channels).total for channels in (1, 2))
    return one, two - one


def _chunked_clocks(scale: Scale, results: Results, length: int) -> _Clocks:
    """The chunked kernel's: the RTL's where it was simulated."""
    name = scale.main.name
    alone, another = _planned(scale.main, length)
    found = {point.length: point for point in _chunked_points(scale)}.get(length)
    if found is None:
        return _Clocks(length, name, alone, another)
    return _Clocks(length, name, results[found]["convolve"]["clocks"], another, True)


def _four_step_clocks(config: Config, results: Results, length: int) -> _Clocks:
    """A four-step kernel's."""
    points = [FourStepPoint(config.name, length, channels) for channels in (1, 2)]
    if all(point in results for point in points):
        one, two = (results[point]["convolve"]["clocks"] for point in points)
        return _Clocks(length, config.name, one, two - one, True, True)
    return _Clocks(length, config.name, *_planned(config, length))


def _longest(scale: Scale) -> int:
    """The longest length that one of the four-step kernels takes."""
    top = max(configs.load_model(name).max_length_log2 for name in scale.long)
    return min(LONGEST, 1 << top)


def _table_lengths(scale: Scale) -> list[int]:
    """The lengths of the table: powers of two, and what was simulated in both kernels."""
    powers = {SHORTEST << power for power in range(13)}
    both = {point.length for point in _chunked_points(scale)} & {
        length for chosen in scale.long.values() for length in chosen
    }
    every = {length for chosen in scale.long.values() for length in chosen if length < SHORTEST}
    return sorted(length for length in powers | both | every if length <= _longest(scale))


def _steps(config: Config, longest: int) -> list[int]:
    """The lengths between which a kernel's clocks change little: multiples of a chunk, and for
    a four-step kernel the powers of two of them; each with the length after it."""
    chunks = range(1, longest // config.chunk + 1)
    if config.four_step:
        chunks_kept = [count for count in chunks if count & (count - 1) == 0]
        longest = min(longest, 1 << config.max_length_log2)
    else:
        chunks_kept = list(chunks)
    ends = [count * config.chunk for count in chunks_kept]
    shorter = [SHORTEST << power for power in range(13)]
    found = {*ends, *(end + 1 for end in ends), *shorter}
    return sorted(length for length in found if length <= longest)


def crossing(scale: Scale, another: bool) -> int | None:
    """The length from which on a four-step kernel takes fewer clocks than the chunked one, for one
    channel or for each of many; None if there is none."""
    main, found = scale.main, None
    # The chunked kernel's clocks step by a chunk, the four-step one's at powers of two of them.
    for chunks in reversed(range(-(-_longest(scale) // main.chunk))):
        length = chunks * main.chunk + 1
        config = _four_step_config(scale, length)
        if _planned(config, length)[another] >= _planned(main, length)[another]:
            break
        found = length
    return found


def _clocks_table(scale: Scale, results: Results) -> Table:
    rows = []
    for length in _table_lengths(scale):
        config = _four_step_config(scale, length)
        chunked = _chunked_clocks(scale, results, length)
        long = _four_step_clocks(config, results, length)
        rows.append([f"{length:,}", *_cells(chunked), *_cells(long), config.name])
    headings = (
        "length",
        "chunked, one channel",
        "another",
        "four-step, one channel",
        "another",
        "kernel",
    )
    return Table(f"{scale.main.name} and four-step kernels: clocks", headings, rows)


def _cells(one: _Clocks) -> list[str]:
    return [
        f"{'' if measured else '~ '}{clocks:,}"
        for clocks, measured in (
            (one.alone, one.alone_measured),
            (one.another, one.another_measured),
        )
    ]


def error(found: int, planned: int) -> float:
    """The planner's error in percent."""
    return 100 * (planned / found - 1)


def _errors(point: FourStepPoint, result: Json) -> dict[str, float]:
    """The planner's errors in percent, by job."""
    return {
        kind: error(result[kind]["clocks"], planned) for kind, planned in point.planned().items()
    }


def _pairs(scale: Scale) -> Iterator[tuple[FourStepPoint, FourStepPoint]]:
    """The points of one channel and of two of the same job."""
    for point in four_step_points(scale):
        if point.channels == 1:
            yield point, dataclasses.replace(point, channels=2)


def _measured_table(scale: Scale, results: Results) -> Table:
    rows = []
    for point, both in _pairs(scale):
        one, two = results[point], results[both]
        another = two["convolve"]["clocks"] - one["convolve"]["clocks"]
        errors = [*_errors(point, one).values(), *_errors(both, two).values()]
        rows.append(
            [
                point.config + point.less,
                f"{row_count(point.loaded, point.length)}",
                f"{point.length:,}",
                f"{one['prepare']['clocks']:,}",
                f"{one['convolve']['clocks']:,}",
                f"{another:,}",
                f"{another / point.length:.4f}",
                f"{max(errors, key=abs):+.2f} %",
            ]
        )
    headings = (
        "kernel",
        "rows",
        "length",
        "prepare",
        "one channel",
        "another",
        "another, per sample",
        "planner's largest error",
    )
    return Table("Clocks of four-step kernels, simulated", headings, rows)


def _kernels(scale: Scale) -> list[Config]:
    """The kernels of the plot, the chunked one first."""
    return [scale.main, *(configs.load_model(name) for name in scale.long | scale.others)]


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    kernels = _kernels(scale)
    bram = {config.name: memory.planned(config) for config in kernels}
    memories = Table(
        "On-chip memory, planned",
        ("kernel", "longest", "BRAM36"),
        [
            [config.name, f"{1 << config.max_length_log2:,}", f"{bram[config.name]:,.1f}"]
            for config in kernels
        ],
    )
    where = {
        "one channel": crossing(scale, another=False),
        "each of many channels": crossing(scale, another=True),
    }
    crossings = Table(
        "Where four-step kernels take fewer clocks than the chunked one",
        ("job", "from this length on"),
        [[kind, f"{length:,}" if length else "nowhere"] for kind, length in where.items()],
    )
    tables = [
        _clocks_table(scale, results),
        crossings,
        memories,
        _measured_table(scale, results),
        _snr_table(scale, results),
        _drawn_table(scale, results),
    ]
    notes = [
        "Clocks by the planner, and where they have no ~ by the RTL, whose every output equals the"
        " model's. Another channel's are those of two less those of one.",
        "error: the rms error of y relative to the rms that y would have if the filter's gain were"
        " the same at all frequencies.",
    ]

    def draw(figure: Figure) -> None:
        alone, another, right = figure.subplots(1, 3, width_ratios=(3, 3, 1.4))
        another.sharey(alone)
        for axes, kind in ((alone, "one channel"), (another, "each of many channels")):
            _draw_clocks(axes, scale, results, kind == "each of many channels")
            if where[kind]:
                axes.axvline(where[kind], color="#5c6670", linewidth=1, linestyle="--")
                axes.annotate(f"{where[kind]:,} ", (where[kind], 0.02),
                              xycoords=("data", "axes fraction"), rotation=90, ha="right",
                              va="bottom")  # fmt: skip
            axes.set_xlabel("samples and taps")
            axes.set_title(f"Clocks, {kind}")
        alone.set_ylabel("clocks")
        alone.legend(fontsize=9)
        right.bar(range(len(bram)), list(bram.values()), color=COLOURS[: len(bram)])
        right.set_xticks(range(len(bram)), list(bram), rotation=30, ha="right", fontsize=8)
        right.set_title("BRAM36, planned")

    data = {
        "crossing": where,
        "bram36": bram,
        "curves": {
            config.name: [
                _clocks_at(scale, config, results, length)._asdict()
                for length in _marked(scale, config)
            ]
            for config in kernels
        },
        "simulated": [
            {**dataclasses.asdict(point), "planned": point.planned(), **results[point]}
            for point in four_step_points(scale)
        ],
        "draws": {
            f"{name}, {data}": [results[point] for point in _drawn(scale, name, data)]
            for name in _drawn_kernels(scale)
            for data in DRAWN
        },
    }
    return Section(
        "schedules",
        "Chunked and four-step",
        [*_checks(results, scale), *_snr_checks(results, scale)],
        notes,
        tables,
        [Plot("schedules", draw, (13, 4.8))],
        data,
        page=tables,
    )


def _clocks_at(scale: Scale, config: Config, results: Results, length: int) -> _Clocks:
    if config.four_step:
        return _four_step_clocks(config, results, length)
    return _chunked_clocks(scale, results, length)


def _marked(scale: Scale, config: Config) -> list[int]:
    """The lengths at which a kernel was simulated."""
    if config.four_step:
        return list((scale.long | scale.others)[config.name])
    return [point.length for point in _chunked_points(scale)]


def _draw_clocks(axes: Axes, scale: Scale, results: Results, another: bool) -> None:
    """A curve per kernel, with marks where it was simulated."""
    for config, colour in zip(_kernels(scale), COLOURS, strict=False):
        steps = _steps(config, _longest(scale))
        axes.loglog(
            steps,
            [_planned(config, length)[another] for length in steps],
            color=colour,
            linewidth=1.2,
            label=config.name,
        )
        found = [_clocks_at(scale, config, results, length) for length in _marked(scale, config)]
        seen = [one for one in found if (one.another_measured if another else one.alone_measured)]
        axes.loglog(
            [one.length for one in seen],
            [one.another if another else one.alone for one in seen],
            "o",
            markersize=4,
            color=colour,
        )
    axes.plot([], [], "o", markersize=4, color="#5c6670", label="simulated in the RTL")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _checks(results: Results, scale: Scale) -> Iterator[Check]:
    """The targets of the four-step kernels' clocks, and the planner's error."""
    for point in four_step_points(scale):
        for kind, away in _errors(point, results[point]).items():
            what = f"{point.label}: clocks to {kind}, the planner's error"
            yield at_most(what, abs(away), CLOCKS, " %", 2)
    for point, both in _pairs(scale):
        config, length = point.loaded, point.length
        one, two = (results[each]["convolve"]["clocks"] for each in (point, both))
        what = f"{point.label}: clocks of another channel"
        if point.bandwidth < TIMING.bandwidth:
            yield from _slower(results, point, both)
            continue
        if point.config in scale.others:
            continue
        if length in ALONE:
            yield at_most(f"{point.label}: clocks of one channel", one, ALONE[length], digits=0)
        if length in ANOTHER:
            yield at_most(what, two - one, ANOTHER[length], digits=0)
        if length >= POWERS_FROM and length == row_count(config, length) * config.chunk:
            yield at_most(f"{what} per sample", (two - one) / length, CLOCKS_PER_SAMPLE, digits=3)
    for config in _kernels(scale)[1:]:
        if config.max_length_log2 <= 21:
            yield at_most(f"{config.name}: BRAM36, planned", memory.planned(config), BRAM36)


def _slower(results: Results, *points: FourStepPoint) -> Iterator[Check]:
    """With less bandwidth, a job slows by no more than the bandwidth."""
    for point in points:
        full = results[dataclasses.replace(point, bandwidth=TIMING.bandwidth)]
        ratio = results[point]["convolve"]["clocks"] / full["convolve"]["clocks"]
        what = f"{point.label}: times as many clocks"
        yield at_most(what, ratio, TIMING.bandwidth / point.bandwidth, digits=4)


def _snr_checks(results: Results, scale: Scale) -> Iterator[Check]:
    """The targets of the four-step kernel's accuracy."""
    _, name = _drawn_kernels(scale)
    for data, words in DRAWN.items():
        found = [results[point]["snr_db"] for point in _drawn(scale, name, data)]
        what = f"{name}, {words}, {scale.draws} draws"
        yield at_least(f"{what}: lowest SNR", min(found), SNR[data], " dB")
        yield at_least(f"{what}: median SNR", median(found), MEDIAN_SNR, " dB")
    dna = results[ModelPoint(name, "dna", scale.rows_length)]["snr_db"]
    yield at_least(f"{name}, {SIGNALS['dna']}: SNR", dna, DNA_SNR, " dB")
    for point in dict.fromkeys([*_snr_points(scale), *_drawn_points(scale)]):
        if configs.load_model(point.config).four_step:
            excess = results[point]["excess"]
            what = f"{point.label}: the error is within its bound"
            yield Check(what, excess <= 1, f"{excess:.3g}")


def simulated(point: FourStepPoint, result: Json) -> Sequence[tuple[str, float, float]]:
    """(what, measured, planned) for a simulation's two jobs."""
    return [
        (f"{point.label}: clocks to {kind}", result[kind]["clocks"], planned)
        for kind, planned in point.planned().items()
    ]
