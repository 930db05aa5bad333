# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The resource table is about the present design, and a stale table is noticed."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from crocuta.design.sources import rtl_files
from crocuta.models import configs
from crocuta.models.configs import Config
from flow import resources, synth
from flow.synth import Figures, Json

KEPT = resources.DOCS / "resources.json"
TINY = configs.load("tiny")
NAMES = configs.names()


@pytest.fixture
def data() -> Json:
    """The table as it is committed."""
    loaded: Json = json.loads(KEPT.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def reports() -> dict[str, Json]:
    """Invented synthesis reports, by configuration."""
    made: dict[str, Json] = {}
    for name in NAMES:
        figures = {"instances": 1, "lut": 1000, "ff": 2000, "dsp": 8, "bram36": 4.5, "uram": 0}
        part = {**figures, "instances": 2, "lut": 900, "bram36": 3}
        kernel = [configs.load(name).top]
        inner = [*kernel, "job_control"]
        made[name] = {**figures, "blocks": [{"path": kernel, **figures}, {"path": inner, **part}]}
    return made


@pytest.fixture
def fresh(reports: dict[str, Json]) -> Json:
    """A table of the present design from these reports."""
    return {name: resources.entry(configs.load(name), reports[name]) for name in NAMES}


def test_every_limit_holds(data: Json) -> None:
    assert resources.over_budget(data) == []


def test_the_page_is_what_the_data_gives(data: Json) -> None:
    assert KEPT.read_text(encoding="utf-8") == resources.text(data)
    found = (resources.DOCS / "resources.md").read_text(encoding="utf-8")
    assert found == resources.page(data), "docs/resources.md: run `make resources`"
    # In the order of models/configs.toml, the modules in that of rtl/crocuta.f.
    assert [line[3:] for line in found.splitlines() if line.startswith("## ")] == list(data)
    assert list(data) == [name for name in NAMES if name in data]
    order = [path.stem for path in rtl_files()]
    for name, each in data.items():
        modules, top = resources.own(each), configs.load(name).top
        assert list(modules) == sorted({*synth.units(top), top}, key=order.index)
        # No module is lost or counted twice.
        assert resources.total(each) == {
            figure: sum(figures[figure] for figures in modules.values())
            for figure in resources.KEPT
        }
        assert all(value >= 0 for figures in modules.values() for value in figures.values())


def test_tiny_takes_what_the_table_says(data: Json) -> None:
    report, _ = synth.measured(synth.Synthesis(TINY, TINY.top))
    found = resources.entry(TINY, report)
    now, kept = resources.total(found), resources.total(data["tiny"])
    # Both ways: a stored figure that is too high would hide growth.
    problems = [*resources.grown(now, kept), *resources.grown(kept, now)]
    if problems:
        pytest.fail(
            f"tiny takes other than docs/resources.md says, by more than {resources.PERCENT} %: "
            f"{', '.join(problems)}. Run `make resources`.",
            pytrace=False,
        )
    # The table's entries against the modules that flow.synth sums itself.
    by_module = resources.own(found)
    for module, figures in by_module.items():
        parts = [part for part in report["modules"] if part["module"] == module]
        for figure in resources.KEPT:
            assert figures[figure] == sum(part["total"][figure] for part in parts)
        assert figures["instances"] == sum(part["instances"] for part in parts)


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("design", "0" * 12, "The RTL changed since docs/resources.md was made: run "),
        ("yosys", "0.1", "Yosys changed since docs/resources.md was made: run "),
        ("flow", "0" * 12, "The synthesis script changed since docs/resources.md was made: run "),
        ("parameters", {}, "The configuration u200 changed since docs/resources.md was made: "),
        ("twiddles", "", "The twiddle tables u200 changed since docs/resources.md was made: "),
    ],
)
def test_stale_data_are_found(fresh: Json, part: str, value: object, sentence: str) -> None:
    assert resources.stale(fresh) == []
    fresh["u200"]["basis"][part] = value
    (problem,) = resources.stale(fresh)
    assert problem.startswith(sentence)
    assert problem.endswith("run `make resources`.")


def test_a_change_of_the_rtl_is_one_sentence(fresh: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "design_digest", lambda: "0" * 12)
    (problem,) = resources.stale(fresh)
    assert problem == "The RTL changed since docs/resources.md was made: run `make resources`."


def test_configurations_that_come_or_go_are_found(fresh: Json) -> None:
    fresh["gone"] = fresh.pop("tiny")
    assert resources.stale(fresh) == [
        "docs/resources.md lacks tiny: run `make resources`.",
        "docs/resources.md has gone, which is gone: run `make resources`.",
    ]


def test_the_limits_hold_in_the_table(fresh: Json) -> None:
    top = next(iter(fresh["u200"]["blocks"].values()))
    top["bram36"] = configs.load("u200").bram36_max
    assert resources.over_budget(fresh) == []
    top["bram36"] += 0.5
    (problem,) = resources.over_budget(fresh)
    assert problem.startswith("u200 needs 622.5 BRAM36, more than its limit of 622")


@pytest.mark.parametrize("figure", resources.KEPT)
def test_growth_beyond_3_percent(figure: str) -> None:
    before: Figures = dict.fromkeys(resources.KEPT, 1000)
    for now in (0, 1000, 1029, 1030):
        assert resources.grown({**before, figure: now}, before) == []
    (problem,) = resources.grown({**before, figure: 1031}, before)
    assert problem == f"1,031 {synth.FIGURES[figure]} instead of 1,000"
    # A resource that was not used before.
    nothing = {**before, figure: 0}
    assert resources.grown(nothing, nothing) == []
    assert len(resources.grown({**nothing, figure: 0.5}, nothing)) == 1


def run(docs: Path) -> Result:
    app = Typer()
    app.command()(resources.main)
    return CliRunner().invoke(app, ["--docs", str(docs)])


@pytest.fixture
def known(reports: dict[str, Json], monkeypatch: pytest.MonkeyPatch) -> dict[str, Json]:
    """Makes the command use these reports; an empty one is a failure."""

    class Known:
        def __init__(self, config: Config, top: str) -> None:
            self.name = config.name

    def measured(synthesis: Known) -> tuple[Json, Path]:
        if not reports[synthesis.name]:
            raise synth.SynthesisError("yosys could not check x: a loop")
        return reports[synthesis.name], Path("unused")

    monkeypatch.setattr(synth, "Synthesis", Known)
    monkeypatch.setattr(synth, "measured", measured)
    return reports


def test_the_command_writes_the_table(fresh: Json, known: dict[str, Json], tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.exit_code == 0, done.output
    assert "(new)" in done.stdout
    assert (tmp_path / "resources.json").read_text() == resources.text(fresh)
    assert (tmp_path / "resources.md").read_text() == resources.page(fresh)
    # Any growth is allowed here, and shown.
    old = copy.deepcopy(fresh)
    top = next(iter(old["tiny"]["blocks"].values()))
    top["lut"] /= 1.25
    top["uram"], top["ff"] = 1, 0
    (tmp_path / "resources.json").write_text(resources.text(old))
    done = run(tmp_path)
    assert done.exit_code == 0, done.output
    assert all(text in done.stdout for text in ("(+25.0 %)", "(-100.0 %)", "(new)", "(=)"))
    assert (tmp_path / "resources.json").read_text() == resources.text(fresh)


def test_the_command_fails_at_a_limit_with_the_table_written(
    known: dict[str, Json], tmp_path: Path
) -> None:
    for report in (known["u200"], known["u200"]["blocks"][0]):
        report["uram"] = 1
    done = run(tmp_path)
    assert done.exit_code == 1
    assert done.stderr.startswith("u200 needs 1 URAM, more than its limit of 0")
    assert done.stderr.count("\n") == 1
    written = json.loads((tmp_path / "resources.json").read_text())
    assert resources.total(written["u200"])["uram"] == 1


def test_the_command_changes_nothing_when_a_synthesis_fails(
    known: dict[str, Json], tmp_path: Path
) -> None:
    known["edge-ecp5"] = {}
    done = run(tmp_path)
    assert done.exit_code == 1
    sentence = "yosys could not check x: a loop. The table is unchanged.\n"
    assert done.stderr == sentence
    assert list(tmp_path.iterdir()) == []


def test_the_basis_is_of_what_decides() -> None:
    basis = resources.basis(TINY)
    for same in ({"about": "x"}, {"bram36_max": 1}, {"name": "other"}):
        assert resources.basis(dataclasses.replace(TINY, **same)) == basis
    for other, parts in (
        ({"max_length_log2": 21}, {"parameters"}),
        ({"right_angle": False}, {"parameters", "twiddles"}),
    ):
        found = resources.basis(dataclasses.replace(TINY, **other))
        assert {part for part in basis if found[part] != basis[part]} == parts
