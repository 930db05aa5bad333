# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make resources`: synthesises all configurations and writes docs/resources.md.

docs/resources.json keeps each configuration's figures together with everything that they depend on
(their basis). A test can therefore check at once whether the table is about the present design, and
needs to synthesise only the smallest configuration.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from crocuta import stops
from crocuta.design.sources import rtl_files
from crocuta.models import configs
from crocuta.models.configs import ROOT, Config
from crocuta.models.files import write_generated
from crocuta.models.transform import rom_files
from flow import synth
from flow.digest import design_digest
from flow.synth import Figures, Json, console, fail, number

DOCS = ROOT / "docs"
COMMAND = "make resources"
KEPT = ("lut", "ff", "dsp", "bram36", "uram")
# The largest growth of a figure, in per cent, that needs no new table.
PERCENT = 3
# The parts of a basis, and their names in messages.
CAUSES = {
    "design": "the RTL",
    "yosys": "yosys",
    "flow": "the synthesis script",
    "parameters": "the configuration",
    "twiddles": "the twiddle tables",
}
# Fields of a configuration that do not affect the hardware.
NOT_HARDWARE = ("name", "about", "bram36_max", "uram_max")


def basis(config: Config) -> Json:
    """Everything that a configuration's figures depend on."""
    with tempfile.TemporaryDirectory() as directory:
        paths = sorted(rom_files.write(config, Path(directory)).glob("*.mem"))
        tables = [path.read_text(encoding="utf-8") for path in paths]
    values = {name: value for name, value in asdict(config).items() if name not in NOT_HARDWARE}
    return {
        "design": design_digest(),
        "yosys": version("pyosys"),
        "flow": synth.digest([synth.tool(), synth.UNITS, synth.CELLS])[:12],
        "parameters": values,
        "twiddles": synth.digest(tables)[:12],
    }


def entry(config: Config, report: Json) -> Json:
    """The part of flow.synth's report to keep: the tree of blocks, in the order of
    rtl/crocuta.f."""
    order = {path.stem: index for index, path in enumerate(rtl_files())}
    blocks = sorted(report["blocks"], key=lambda block: [order[name] for name in block["path"]])
    return {
        "basis": basis(config),
        "blocks": {
            "/".join(block["path"]): {name: block[name] for name in ("instances", *KEPT)}
            for block in blocks
        },
    }


def total(found: Json) -> Figures:
    """A configuration's totals: the figures of the outermost block."""
    top: Figures = next(iter(found["blocks"].values()))
    return {name: top[name] for name in KEPT}


def own(found: Json) -> dict[str, Figures]:
    """Each module's resources, summed over its instances and without the modules inside them, in
    the order of rtl/crocuta.f."""
    figures: dict[str, Counter[str]] = {path.stem: Counter() for path in rtl_files()}
    for path, block in found["blocks"].items():
        above, _, module = path.rpartition("/")
        figures[module].update(block)
        if above:
            inner = {name: block[name] for name in KEPT}
            figures[above.rpartition("/")[2]].subtract(inner)
    return {module: dict(counted) for module, counted in figures.items() if counted}


def grown(now: Figures, before: Figures) -> list[str]:
    """The figures that have grown by more than PERCENT."""
    return [
        f"{number(now[name])} {synth.FIGURES[name]} instead of {number(before[name])}"
        for name in KEPT
        if 100 * now[name] > (100 + PERCENT) * before[name]
    ]


def stale(data: Mapping[str, Json]) -> list[str]:
    """A sentence for each way in which the table is out of date."""
    found = []
    for name in configs.names():
        config = configs.load(name)
        if name not in data:
            found.append(f"docs/resources.md lacks {name}: run `{COMMAND}`.")
            continue
        present = basis(config)
        for part, cause in CAUSES.items():
            if data[name]["basis"].get(part) != present[part]:
                which = f" {name}" if part in ("parameters", "twiddles") else ""
                found.append(
                    f"{cause[0].upper()}{cause[1:]}{which} changed since docs/resources.md was"
                    f" made: run `{COMMAND}`."
                )
                break
    gone = [name for name in data if name not in configs.names()]
    found += [f"docs/resources.md has {name}, which is gone: run `{COMMAND}`." for name in gone]
    # A change to the RTL is one sentence, not one per configuration.
    return list(dict.fromkeys(found))


def over_budget(data: Mapping[str, Json]) -> list[str]:
    """A sentence for each limit of a configuration that its figures exceed."""
    kept = [name for name in configs.names() if name in data]
    return [
        problem
        for name in kept
        for problem in synth.over_budget(total(data[name]), configs.load(name))
    ]


def row(*cells: object) -> str:
    """A line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def table(*headings: str) -> list[str]:
    """The head of a table whose figures come last."""
    names = [synth.FIGURES[name] for name in KEPT]
    right = ["---:"] * len(names)
    return [row(*headings, *names), row("---", *["---:"] * (len(headings) - 1), *right)]


def cells(figures: Figures) -> list[str]:
    """The cells with a block's or a module's figures."""
    return [number(figures[name]) for name in KEPT]


def page(data: Mapping[str, Json]) -> str:
    """docs/resources.md."""
    designs, tools = (
        ", ".join(sorted({found["basis"][part] for found in data.values()}))
        for part in ("design", "yosys")
    )
    lines = [
        f"<!-- Written by `{COMMAND}` from docs/resources.json. -->",
        "# Resources",
        "",
        "The UltraScale+ resources of every configuration in models/configs.toml, including",
        f"those meant for other FPGAs. `{COMMAND}` writes this page. Design `{designs}`,",
        "a digest of `rtl/`.",
        "",
        *table("configuration", "lanes", "chunk", "twiddle bits"),
    ]
    for name, found in data.items():
        values = found["basis"]["parameters"]
        sizes = [f"{values[size]:,}" for size in ("lanes", "chunk", "twiddle_bits")]
        lines.append(row(f"[`{name}`](#{name})", *sizes, *cells(total(found))))
    lines += [
        "",
        f"Measured by yosys {tools} (`synth_xilinx` for UltraScale+, as `flow/synth.py` runs",
        "it), before placement. yosys packs no registers into DSP48E2s and leaves the adders",
        "next to them in LUTs, so LUT and FF are pessimistic: only Vivado can give final",
        "figures. LUT counts logic, RAMs and shift registers; two RAMB18E2 count as one BRAM36;",
        "`-` means none. The LUT total depends on which units abc maps together, by 0.4 % where",
        "this was tried.",
        "",
        "Each configuration has two tables. *By module*, in the order of `rtl/crocuta.f`, sums",
        "all instances of a module without the listed modules inside them, so that a column adds",
        "up to the total. *By place* includes everything inside, which follows in the next lines.",
        "Modules without a line, such as `ram`, `fifo` and `cfp_normalise`, count towards their",
        "parents.",
    ]
    for name, found in data.items():
        lines += ["", f"## {name}", "", "By module:", "", *table("module", "instances")]
        for module, figures in own(found).items():
            lines.append(row(f"`{module}`", f"{figures['instances']:,}", *cells(figures)))
        lines += [row("total", "", *cells(total(found)))]
        lines += ["", "By place:", "", *table("place", "instances")]
        for path, block in found["blocks"].items():
            place = path.partition("/")[2] or path
            lines.append(row(f"`{place}`", f"{block['instances']:,}", *cells(block)))
    return "\n".join(lines) + "\n"


def text(data: Mapping[str, Json]) -> str:
    """docs/resources.json."""
    return json.dumps(data, indent=1) + "\n"


def committed(path: Path) -> Json:
    """The data in the last commit, or in the file outside git; empty if there is neither."""
    command = ["git", "show", f"HEAD:./{path.name}"]
    try:
        shown = subprocess.run(command, cwd=path.parent, capture_output=True, text=True)
        found = shown.stdout if shown.returncode == 0 else path.read_text(encoding="utf-8")
    except FileNotFoundError:
        found = path.read_text(encoding="utf-8") if path.is_file() else "{}"
    data: Json = json.loads(found)
    return data


def change(now: float, before: float | None) -> str:
    """A figure and its change."""
    if before is None or now == before:
        difference = "new" if before is None else "="
    else:
        difference = f"{100 * (now / before - 1):+.1f} %" if before else "new"
    return f"{number(now)} ({difference})"


def show(data: Mapping[str, Json], before: Mapping[str, Json]) -> None:
    """Prints the totals and their changes."""
    shown = Table(title="Resources, and the change since the last commit", box=SIMPLE)
    shown.add_column("configuration", no_wrap=True)
    for name in KEPT:
        shown.add_column(synth.FIGURES[name], justify="right")
    for config, found in data.items():
        was = total(before[config]) if config in before else {}
        figures = total(found)
        shown.add_row(config, *(change(figures[name], was.get(name)) for name in KEPT))
    console.print(shown)


def main(
    docs: Annotated[Path, typer.Option(help="output directory of resources.md and .json")] = DOCS,
) -> None:
    """Synthesises every configuration and writes the table; fails only on errors and limits."""
    data: dict[str, Json] = {}
    beyond: list[str] = []
    names = configs.names()
    before = committed(docs / "resources.json")
    for index, name in enumerate(names, start=1):
        start = time.monotonic()
        config = configs.load(name)
        try:
            report, _ = synth.measured(synth.Synthesis(config, config.top))
        except synth.SynthesisError as error:
            raise fail(f"{error}. The table is unchanged.", 1) from None
        data[name] = entry(config, report)
        beyond += synth.over_budget(report, config)
        console.print(f"{name}: {index} of {len(names)}, {time.monotonic() - start:.0f} s")
    write_generated(docs / "resources.json", text(data))
    write_generated(docs / "resources.md", page(data))
    show(data, before)
    console.print(f"Written: {docs / 'resources.md'}")
    if beyond:
        raise fail(" ".join(beyond), 1)


if __name__ == "__main__":
    stops.run(main)
