# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 3: synthesised on-chip memory against chunk size and mantissa width."""

from __future__ import annotations

import dataclasses

from matplotlib.figure import Figure

from benchmarks.points import Json, Point, Results, Show
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_most
from benchmarks.scale import Scale
from benchmarks.throughput import each_pass
from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.planner.memories import block_rams, memories
from flow import resources, synth

MEGABYTE = 1e6
BYTES = 4608  # in a BRAM36


@dataclasses.dataclass(frozen=True)
class MemoryPoint:
    """A synthesis of the kernel for an UltraScale+."""

    config: str
    alone = False
    group = "synthesis"  # one at a time

    @property
    def label(self) -> str:
        """Its name in the output."""
        return f"synthesis of {self.config}"

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        return 100

    def basis(self) -> Json:
        """The design and its synthesis."""
        return resources.basis(configs.load(self.config))

    def measure(self, show: Show) -> Json:
        """The kernel's resources."""
        config = configs.load(self.config)
        known = resources.committed(resources.DOCS / "resources.json").get(self.config)
        if known and known["basis"] == self.basis():
            return dict(resources.total(known))
        show("yosys", 0)
        report, _ = synth.measured(synth.Synthesis(config, config.top))
        return {name: report[name] for name in resources.KEPT}


def _names(scale: Scale) -> list[str]:
    """The configurations: every chunk of every series, and every mantissa width of the main one."""
    found = [
        scale.config(series, chunk).name
        for series, chunks in scale.memory_chunks.items()
        for chunk in chunks
    ]
    for bits in scale.memory_mantissas:
        found.append(configs.load(f"{scale.main.name}+mantissa_bits-{bits}").name)
    return list(dict.fromkeys(found))


def points(scale: Scale) -> list[Point]:
    """One synthesis per configuration."""
    return [MemoryPoint(name) for name in _names(scale)]


def planned(config: Config) -> float:
    """The planner's number of BRAM36."""
    return sum(block_rams(memories(config), "ultrascale").values())


def _largest(scale: Scale, bits: int) -> int:
    """The largest chunk that fits into the memory according to the planner; 0 if none does."""
    fitting = 0
    for log2 in range(4, 18):
        config = scale.config(scale.series[0], max(scale.chunks))
        sized = dataclasses.replace(config, chunk=1 << log2, mantissa_bits=bits)
        if sized.chunk >= sized.lanes and planned(sized) <= scale.bram36:
            fitting = sized.chunk
    return fitting


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    checks: list[Check] = []
    rows = []
    data: Json = {"bram36_allowed": scale.bram36, "points": []}
    for name in _names(scale):
        config, found = configs.load(name), results[MemoryPoint(name)]
        bram, model = found["bram36"], planned(config)
        away = 100 * abs(model / bram - 1)
        fits = bram <= scale.bram36
        rows.append(
            [
                f"{config.outputs}",
                f"{config.chunk:,}",
                f"{config.mantissa_bits}",
                f"{bram:,.1f}",
                f"{bram * BYTES / MEGABYTE:.2f}",
                f"{model:,.1f}",
                f"{away:.1f} %",
                f"{found['dsp']:,}",
                f"{found['uram']:,}",
                "yes" if fits else "no",
            ]
        )
        entry = {
            "config": name,
            "outputs": config.outputs,
            "chunk": config.chunk,
            "mantissa_bits": config.mantissa_bits,
        }
        data["points"].append({**entry, "planned_bram36": model, "fits": fits, **found})
    main = scale.main
    series = scale.series[0]
    largest = max(
        (point["chunk"] for point in data["points"] if point["fits"]
         and (point["mantissa_bits"], point["outputs"]) == (main.mantissa_bits, main.outputs)),
        default=0,
    )  # fmt: skip
    beyond = max(scale.memory_chunks[series])
    taken = results[MemoryPoint(scale.config(series, beyond).name)]
    by_mantissa = {bits: _largest(scale, bits) for bits in range(14, 25)}
    data |= {"largest_chunk": largest, "largest_chunk_planned": by_mantissa}
    for each in scale.series:
        name = scale.config(each, main.chunk).name
        if main.chunk in scale.memory_chunks.get(each, ()):
            bram = results[MemoryPoint(name)]["bram36"]
            checks.append(at_most(f"{name}: BRAM36 by synthesis", bram, scale.bram36))
    notes = [
        f"From yosys, before placement. A BRAM36 is {BYTES:,} bytes, so {scale.bram36} are"
        f" {scale.bram36 * BYTES / MEGABYTE:.2f} MB. The planner counts memory by memory.",
        f"{series}: with {main.mantissa_bits}-bit mantissas the largest synthesised chunk that fits"
        f" is {largest:,}; C = {beyond:,} takes {taken['bram36']:,.1f} BRAM36. The planner's"
        " largest chunk for each mantissa width: "
        + ", ".join(f"{bits} bits {chunk:,}" for bits, chunk in by_mantissa.items())
        + ".",
    ]
    headings = (
        "outputs",
        "C",
        "mantissa bits",
        "BRAM36",
        "MB",
        "planned",
        "error",
        "DSP48E2",
        "URAM",
        "fits",
    )

    def draw(figure: Figure) -> None:
        axes, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        wide = [point for point in data["points"] if point["mantissa_bits"] == main.mantissa_bits]
        for axis, key, chosen, label in (
            (axes, "chunk", wide, "chunk size C (samples)"),
            (
                right,
                "mantissa_bits",
                [point for point in data["points"]
                 if (point["chunk"], point["outputs"]) == (main.chunk, main.outputs)],
                f"mantissa bits, C = {main.chunk:,}",
            ),
        ):  # fmt: skip
            places = {value: x for x, value in enumerate(sorted({one[key] for one in chosen}))}
            outputs_here = sorted({point["outputs"] for point in chosen}, reverse=True)
            width = 0.8 / len(outputs_here)
            for number, outputs in enumerate(outputs_here):
                selected = [point for point in chosen if point["outputs"] == outputs]
                x = [places[one[key]] + width * (number - (len(outputs_here) - 1) / 2)
                     for one in selected]  # fmt: skip
                words = f"synthesis, {each_pass({'outputs': outputs})}"
                axis.bar(x, [one["bram36"] for one in selected], width, color=COLOURS[2 * number],
                         label=words)  # fmt: skip
                axis.plot(x, [one["planned_bram36"] for one in selected], "o", color=COLOURS[1],
                          label="planner" if number == 0 else None)  # fmt: skip
            axis.set_xticks(list(places.values()), [f"{value:,}" for value in places])
            axis.axhline(scale.bram36, color="#5c6670", linewidth=1)
            axis.set_xlabel(label)
        axes.tick_params(axis="x", labelsize=8)
        axes.annotate(f"{scale.bram36} BRAM36", (-0.5, scale.bram36), va="bottom")
        axes.set_ylabel("BRAM36")
        axes.set_title("On-chip memory")
        axes.legend(loc="upper left")

    tables = [Table("By synthesis", headings, rows)]
    return Section(
        "memory",
        "On-chip memory",
        checks,
        notes,
        tables,
        [Plot("memory", draw)],
        data,
        page=tables,
    )
