# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make bench` at sizes that a test can wait for: every part, its files, and its verdicts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks import __main__ as bench
from benchmarks import accuracy, kernel, lengths, memory, points, report, software, throughput
from benchmarks.kernel import KernelPoint
from benchmarks.points import Json, Show, Store
from benchmarks.scale import FULL, QUICK, Scale

SMALL = Scale(
    series=("tiny",),
    length=2_000,
    chunks=(64, 128),
    channels=2,
    lengths={128: (128, 1_000, 2_000), 64: (1_000,)},
    memory_chunks=(64,),
    memory_mantissas=(),
    bram36=64,
    accuracy_length=2_000,
    mantissas=(18, 24),
    software=(1_000, 2_000),
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def missed(directory: Path, request: pytest.FixtureRequest) -> list[str]:
    """The targets that the small benchmark misses; it ran in `directory`."""
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)
    # Timing what a library does is not what this test is for.
    patch.setattr(software, "LEAST_SECONDS", 0.01)
    return bench.run(SMALL, list(bench.PARTS), directory, 1, quick=True)


def part(directory: Path, name: str) -> Json:
    found: Json = json.loads((directory / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", bench.PARTS)
def test_every_part_leaves_its_figures(directory: Path, missed: list[str], name: str) -> None:
    found = part(directory, name)
    assert found["assumed_clock_mhz"] == 300
    assert found["command"] == f"make bench PART={name} QUICK=1"
    sentences = [f"{c['what']}: {c['found']}." for c in found["checks"] if not c["met"]]
    assert found["met"] == (not sentences) and set(sentences) <= set(missed)
    for suffix in ("png", "svg"):
        assert (directory / f"{name}.{suffix}").stat().st_size > 5000
    assert f'id="{name}"' in (directory / "index.html").read_text()


def test_every_clock_is_accounted_for(directory: Path, missed: list[str]) -> None:
    for entry in part(directory, "throughput")["series"]["tiny"]["points"]:
        counted = entry["convolve"]
        assert counted["clocks"] == counted["mac_beats"] + sum(entry["lost"].values())
        assert counted["mac_beats"] == entry["schedule_beats"]
        assert min(entry["lost"].values()) >= 0
        assert entry["outputs_differ"] == 0


def test_points_are_measured_once(
    directory: Path, missed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(self: KernelPoint, show: Show) -> Json:
        raise AssertionError(f"{self.label} was measured again")

    monkeypatch.setattr(KernelPoint, "measure", measure)
    again = bench.run(SMALL, ["throughput"], directory, 1, quick=True)
    assert set(again) <= set(missed)
    # Another design is another point.
    monkeypatch.setattr(kernel, "design_digest", lambda: "another")
    assert Store(directory / "points").find(KernelPoint("tiny", SMALL.length)) is None


def test_a_point_that_fails_ends_the_run(directory: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Failing:
        label = "failing"
        cost = 1.0
        alone = False

        def basis(self) -> Json:
            return {}

        def measure(self, show: Show) -> Json:
            raise ValueError("no")

    store = Store(directory / "failing")
    with pytest.raises(ValueError, match="no"):
        points.measured([Failing()], store, 1, bench.console)
    assert store.find(Failing()) is None


def test_a_missed_target_is_named(
    directory: Path, missed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throughput, "SLOPE", 1.5)
    again = bench.run(SMALL, ["throughput"], directory, 1, quick=True)
    assert any("slope" in sentence and "at least 1.5" in sentence for sentence in again)


def test_the_command_fails_when_a_target_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    app = typer.Typer()
    app.command()(bench.main)
    for sentences, code in (([], 0), (["a target: 1, at least 2."], 1)):
        monkeypatch.setattr(bench, "run", lambda *_, found=sentences, **__: found)
        done = CliRunner().invoke(app, ["--quick"])
        assert done.exit_code == code
        assert all(f"Missed: {sentence}" in done.output for sentence in sentences)
    monkeypatch.undo()
    done = CliRunner().invoke(app, ["--quick", "--part", "speed"])
    assert done.exit_code == 2 and "no part 'speed'" in done.output


def test_fit_of_a_power_law() -> None:
    chunks = [64, 128, 256]
    slope, factor, residuals = throughput.power_law(chunks, [3 * chunk**0.9 for chunk in chunks])
    assert slope == pytest.approx(0.9) and factor == pytest.approx(3)
    assert np.allclose(residuals, 0)


def test_loss_is_from_the_best_to_the_last() -> None:
    assert lengths.loss([7.0, 8.0, 7.6]) == pytest.approx(5)
    assert lengths.loss([7.0, 7.9]) == 0


def test_bfloat16_rounds_to_nearest_even() -> None:
    values = np.array([1, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -3.14159], np.float32)
    expected = np.array([1, 1, 1 + 2**-6, 1 + 2**-7, -3.140625], np.float32)
    assert np.array_equal(accuracy.to_bfloat16(values), expected)


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_scales_name_what_there_is(scale: Scale) -> None:
    for name, found in bench.PARTS.items():
        named = found.points(scale)
        assert named, name
        assert all(point.cost > 0 for point in named)
    assert set(scale.software) <= set(scale.lengths[max(scale.chunks)])
    assert scale.main.name in {point.config for point in memory.points(scale)}  # type: ignore[attr-defined]


def test_checks() -> None:
    assert report.at_least("x", 2, 2).met and not report.at_least("x", 1.9, 2).met
    assert report.at_most("x", 2, 2).met and not report.at_most("x", 2.1, 2).met
