# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A benchmark part's report: checks, tables and plots, as JSON, pictures and one page."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.points import Json
from crocuta.cli.picture import BLUE, GREY, RED, STYLE
from crocuta.kernel import ASSUMED_CLOCK_MHZ
from crocuta.models.files import write_generated
from flow.digest import design_digest
from flow.pages import write_page

COLOURS = (BLUE, RED, "#2a9d8f", "#e9a23b", "#6d5a9c", "#8c6d46", GREY, "#c9ced3")
ASSUMPTION = (
    "Clocks are counted in the RTL, simulated clock by clock; times assume"
    f" {ASSUMED_CLOCK_MHZ} MHz, a rate that no Vivado run has confirmed."
)


@dataclasses.dataclass(frozen=True)
class Check:
    """One target, and whether it was met."""

    what: str
    met: bool
    found: str
    """The figure and the target."""


def at_least(what: str, value: float, target: float, unit: str = "", digits: int = 1) -> Check:
    """Checks that a figure is not below its target."""
    found = f"{value:,.{digits}f}{unit}, at least {target:,.{digits}f}{unit}"
    return Check(what, value >= target, found)


def at_most(what: str, value: float, target: float, unit: str = "", digits: int = 1) -> Check:
    """Checks that a figure is not above its target."""
    found = f"{value:,.{digits}f}{unit}, at most {target:,.{digits}f}{unit}"
    return Check(what, value <= target, found)


@dataclasses.dataclass(frozen=True)
class Table:
    """A table; cells with numbers are right-aligned."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Plot:
    """A plot: its file name without suffix, and the function that draws it."""

    name: str
    draw: Callable[[Figure], None]
    size: tuple[float, float] = (9, 4.8)


@dataclasses.dataclass(frozen=True)
class Section:
    """A part's report."""

    name: str
    title: str
    checks: Sequence[Check]
    notes: Sequence[str]
    """Paragraphs on what is measured, what is assumed and what it means."""
    tables: Sequence[Table]
    plots: Sequence[Plot]
    data: Json
    """All figures."""
    page: Sequence[Table] = ()
    """The tables that docs/performance.md shows."""

    @property
    def missed(self) -> list[Check]:
        """The targets that were not met."""
        return [check for check in self.checks if not check.met]


def _save(plot: Plot, path: Path, fonts: str = "none") -> None:
    """Writes a plot as PNG or SVG, by the path's suffix; the same figures give the same bytes.

    `fonts` is matplotlib's svg.fonttype: "none" keeps text as text, "path" draws it.
    """
    with rc_context({**STYLE, "svg.hashsalt": "crocuta", "svg.fonttype": fonts}):
        figure = Figure(figsize=plot.size, dpi=130, layout="constrained")
        plot.draw(figure)
        kept = {"Date": None, "Creator": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=kept, facecolor="white")


def write_headline(plot: Plot, path: Path) -> None:
    """Writes an SVG that looks the same everywhere: text drawn as paths, on a white background that
    stays legible in a dark page."""
    _save(plot, path, fonts="path")


def write(section: Section, directory: Path, command: str) -> dict[str, Any]:
    """Writes a section's JSON and plots; returns the template's variables for the page."""
    directory.mkdir(parents=True, exist_ok=True)
    data = {
        "part": section.name,
        "title": section.title,
        "command": command,
        "design": design_digest(),
        "assumed_clock_mhz": ASSUMED_CLOCK_MHZ,
        "met": not section.missed,
        "checks": [dataclasses.asdict(check) for check in section.checks],
        "notes": list(section.notes),
        **section.data,
    }
    text = json.dumps(data, indent=1, allow_nan=False) + "\n"
    write_generated(directory / f"{section.name}.json", text)
    pictures = []
    for plot in section.plots:
        _save(plot, directory / f"{plot.name}.png")
        path = directory / f"{plot.name}.svg"
        _save(plot, path)
        pictures.append(_inline(path.read_text(encoding="utf-8"), plot.name))
    return {"section": section, "command": command, "pictures": pictures}


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+\d.,]+( ?(%|dB|x|ms|us|s))?|-", cell) is not None


def _markdown(table: Table) -> str:
    """A Markdown table, with columns of numbers right-aligned."""
    columns = list(zip(*table.rows, strict=True))
    rules = ["---:" if all(map(_is_number, column)) else "---" for column in columns]
    lines = [list(table.headings), rules, *table.rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"**{table.title}**\n\n{text}" if table.title else text


def filled(page: str, section: Section, command: str) -> str:
    """A Markdown page with a section's verdict and tables between the marks for them.

    Raises:
        ValueError: the page does not have these marks exactly once.
    """
    met = len(section.checks) - len(section.missed)
    verdict = f"`{command}`, design {design_digest()}"
    if section.checks:
        verdict += f": {met} of {len(section.checks)} targets met"
    missed = "\n".join(f"- Missed: {check.what}: {check.found}." for check in section.missed)
    body = "\n\n".join(filter(None, [f"{verdict}.", missed, *map(_markdown, section.page)]))
    place = re.compile(rf"(<!-- bench {section.name} -->\n).*?(<!-- bench end -->)", re.DOTALL)
    result, count = place.subn(lambda marks: f"{marks[1]}\n{body}\n\n{marks[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} places for the part {section.name!r}")
    return result


def _inline(svg: str, name: str) -> Markup:
    """An SVG to embed in a page: without its XML header, and with ids unique to the picture."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    return Markup(body)  # safe: generated here, not user input


def write_index(directory: Path, parts: Sequence[dict[str, Any]], about: Json) -> Path:
    """Writes the page with all parts; returns its path."""
    path = directory / "index.html"
    write_page(
        "benchmarks.html",
        path,
        parts=parts,
        about=about,
        assumption=ASSUMPTION,
        numeric=_is_number,
    )
    return path
