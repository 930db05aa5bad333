# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make bench` at sizes small enough for a test: every part, its files, and its verdicts."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks import __main__ as bench
from benchmarks import (
    accuracy,
    kernel,
    lengths,
    memory,
    points,
    report,
    schedules,
    software,
    throughput,
)
from benchmarks.accuracy import FormatPoint, ModelPoint
from benchmarks.kernel import KernelPoint, losses
from benchmarks.memory import MemoryPoint
from benchmarks.points import Json, Show, Store
from benchmarks.scale import FASTEST, FULL, QUICK, QUICK_FASTEST, QUICK_SIMPLE, SIMPLE, Scale
from benchmarks.schedules import FourStepPoint
from benchmarks.software import SoftwarePoint
from crocuta.kernel import Bank, banks
from crocuta.memory import memory_bytes
from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import spectrum_bytes
from crocuta.models.kernel.schedules import filter_chunks
from crocuta.models.layout import row_bytes
from crocuta.planner.clocks import convolve_clocks, prepare_clocks
from flow import stale

# Measured on kernels that other tests compile, too; a stand-in measures other chunk sizes.
SMALL = Scale(
    series=(QUICK_SIMPLE, QUICK_FASTEST),
    length=2_000,
    chunks=(64, 1024),
    lengths={(QUICK_SIMPLE, 1024): (1_000, 2_000), (QUICK_FASTEST, 64): (64, 1_000)},
    memory_chunks={QUICK_SIMPLE: (64, 1024)},
    memory_mantissas=(),
    bram36=64,
    accuracy_length=2_000,
    mantissas=(18, 24),
    long={"tiny-long": (64, 512)},
    others={},
    bandwidth=850,
    rows=("tiny-long",),
    rows_length=512,
    draws=2,
    software=(1_000, 2_000),
)
measure_kernel, measure_memory = KernelPoint.measure, MemoryPoint.measure


def planned(point: KernelPoint, show: Show) -> Json:
    """The result of a point if the planner were exact."""
    config, length = point.loaded, point.length
    clocks = convolve_clocks(config, length, length, point.channels)
    shape = point.shape()
    beats = config.chunk_beats
    samples = shape["chunks"] * point.channels * beats // 2
    stalls = dict.fromkeys(("samples", "x", "h", "store", "output"), 0)
    stalls |= {"samples": beats - shape["kept_beats"], "x": clocks.waits}
    return {
        **shape,
        "prepare": {"clocks": prepare_clocks(config, length, point.channels).total},
        "convolve": {"clocks": clocks.total, "mac_beats": clocks.passes, "stalls": stalls},
        "beats": {"samples read": samples, "h read": clocks.passes, "x read": clocks.passes},
        "beat_bytes": config.axi_bits // 8,
        "outputs_differ": 0,
        "snr_db": 90.0,
    }


def planned_four_step(point: FourStepPoint, show: Show) -> Json:
    """The same of a four-step job."""
    return {kind: {"clocks": clocks} for kind, clocks in point.planned().items()}


def synthesised(point: MemoryPoint, show: Show) -> Json:
    """The same with a planner that is 2 % off."""
    bram36 = 1.02 * memory.planned(configs.load(point.config))
    return {"lut": 1, "ff": 1, "dsp": 1, "bram36": bram36, "uram": 0}


def stand_in(patch: pytest.MonkeyPatch) -> None:
    """Replaces all measurements by plausible results."""
    bits = {"float32": 24, "float16": 11, "bfloat16": 8}

    def model(self: ModelPoint, show: Show) -> Json:
        snr = 6.0 * configs.load_model(self.config).mantissa_bits - 20
        return {"snr_db": snr, "error_db": -snr, "excess": 0.1, "saturated": False}

    def other(self: FormatPoint, show: Show) -> Json:
        return {"snr_db": 6.0 * bits[self.format]}

    def timed(self: SoftwarePoint, show: Show) -> Json:
        return {"milliseconds": self.length / 1000, "runs": 1}

    patch.setattr(KernelPoint, "measure", planned)
    patch.setattr(MemoryPoint, "measure", synthesised)
    patch.setattr(ModelPoint, "measure", model)
    patch.setattr(FormatPoint, "measure", other)
    patch.setattr(SoftwarePoint, "measure", timed)
    patch.setattr(FourStepPoint, "measure", planned_four_step)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def missed(directory: Path, request: pytest.FixtureRequest) -> list[str]:
    """The targets that the small benchmark misses; it ran in `directory`."""
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)

    def measure(self: KernelPoint, show: Show) -> Json:
        return (measure_kernel if self.loaded.chunk == 64 else planned)(self, show)

    def synthesise(self: MemoryPoint, show: Show) -> Json:
        return (measure_memory if self.config == QUICK_SIMPLE else synthesised)(self, show)

    patch.setattr(KernelPoint, "measure", measure)
    patch.setattr(MemoryPoint, "measure", synthesise)
    # This test does not need accurate timings of libraries.
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


@pytest.mark.parametrize("series", SMALL.series)
def test_every_clock_is_accounted_for(directory: Path, missed: list[str], series: str) -> None:
    for entry in part(directory, "throughput")["series"][series]["points"]:
        counted = entry["convolve"]
        assert counted["clocks"] == counted["mac_beats"] + sum(entry["lost"].values())
        assert counted["mac_beats"] == entry["schedule_beats"]
        assert min(entry["lost"].values()) >= 0
        assert entry["outputs_differ"] == 0


def test_planner_is_as_good_as_it_has_to_be(directory: Path, missed: list[str]) -> None:
    found = part(directory, "planner")
    assert found["met"], found["checks"]
    labels = [entry["of"] for entry in found["clocks"]]
    for series in SMALL.series:
        assert f"{series}, 2,000 samples: clocks to convolve" in labels
    assert found["BRAM36"][0]["of"] == f"{QUICK_SIMPLE}: BRAM36"


@pytest.mark.parametrize("scale", [FULL, QUICK], ids=["full", "quick"])
def test_whole_benchmark_on_stand_ins(
    scale: Scale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    docs = tmp_path / "docs"
    docs.mkdir()
    page = docs / "performance.md"
    page.write_text((bench.DOCS / "performance.md").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(bench, "DOCS", docs)
    missed = bench.run(scale, list(bench.PARTS), tmp_path, 2, quick=scale is QUICK)
    assert not missed
    text = page.read_text(encoding="utf-8")
    series = part(tmp_path, "throughput")["series"]
    assert list(series) == list(scale.series)
    if scale is QUICK:
        assert sorted(docs.iterdir()) == [page]
        return
    for name in bench.PARTS:
        assert f"`make bench PART={name}`, design " in text
    assert "Not measured" not in text
    for name in bench.HEADLINES:
        assert "<text" not in (docs / f"bench_{name}.svg").read_text()
    assert series[FASTEST]["slope_of_passes_alone"] < throughput.SLOPE
    assert series[SIMPLE]["slope"] >= throughput.SLOPE
    for entry in (one for each in series.values() for one in each["points"]):
        assert entry["share_percent"] >= entry["one_channel"]["share_percent"]
        fill = 2 * entry["chunk"] / entry["lanes"] / entry["schedule_beats"]
        assert fill <= throughput.FILL
        assert entry["channels"] == 1 or 2 * fill > throughput.FILL


def test_a_page_without_a_place_is_not_written(tmp_path: Path) -> None:
    section = report.Section("lengths", "", [], [], [], [], {})
    page = "a\n<!-- bench lengths -->\nold\n<!-- bench end -->\nb\n"
    filled = report.filled(page, section, "make bench")
    assert "old" not in filled and filled.startswith("a\n") and filled.endswith("\nb\n")
    assert report.filled(filled, section, "make bench") == filled
    with pytest.raises(ValueError, match="0 places for the part 'lengths'"):
        report.filled("a\n", section, "make bench")


def test_a_page_is_stale_when_the_design_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [report.at_least("rate", 1, 1)]
    page = "".join(f"<!-- bench {name} -->\n<!-- bench end -->\n" for name in ("lengths", "memory"))
    for name, results in (("lengths", checks), ("memory", [])):
        section = report.Section(name, "", results, [], [], [], {})
        page = report.filled(page, section, f"make bench PART={name}")
    assert stale.benchmarks(page) == []
    monkeypatch.setattr(stale, "design_digest", lambda: "0123456789ab")
    (sentence,) = stale.benchmarks(page)
    assert "(lengths, memory): run `make bench`" in sentence


@pytest.mark.parametrize(
    ("config", "clocks", "counted", "kept", "waiting", "rest"),
    [
        (SIMPLE, 247_361, {"samples": 8763, "store": 451}, 0, 571, 579),
        (FASTEST, 149_061, {"samples": 509, "h": 64, "store": 451}, 8192, 509, 581),
    ],
)
def test_way_in_is_counted_once(
    config: str, clocks: int, counted: dict[str, int], kept: int, waiting: int, rest: int
) -> None:
    """Counters of the RTL (`make demo`): with two output chunks per pass, a pass that fetches an H
    runs while the first chunk is loaded, and the kernel does not count that time as waiting for
    samples."""
    shape = KernelPoint(config, 450_000).shape()
    assert shape["kept_beats"] == kept
    stalls = dict.fromkeys(("samples", "x", "h", "store", "output"), 0) | counted
    convolve = {"clocks": clocks, "mac_beats": shape["schedule_beats"], "stalls": stalls}
    found = losses({**shape, "convolve": convolve})
    assert (found["load"], found["flush"]) == (8192, 8192)
    assert (found["samples"], found["rest"]) == (waiting, rest)


def test_channels_are_as_few_as_do() -> None:
    for name, count in (
        ("outputs-1", 4), ("outputs-1+chunk-32768", 1), ("outputs-2", 8),
        ("outputs-2+chunk-32768", 2), ("outputs-2+chunk-16384", 1),
    ):  # fmt: skip
        assert throughput.channels(configs.load(f"u200+{name}"), 450_000) == count


def test_slope_cannot_be_above_that_of_the_passes() -> None:
    assert throughput.slope_target(0.961) == 0.95
    assert throughput.slope_target(0.933) == pytest.approx(0.923)


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


def test_one_kernel_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points of one configuration run one after another, while others run in parallel."""
    running: list[str] = []
    most = 0

    def measure(self: KernelPoint, show: Show) -> Json:
        nonlocal most
        assert self.config not in running
        running.append(self.config)
        most = max(most, len(running))
        time.sleep(0.05)
        running.remove(self.config)
        return {}

    monkeypatch.setattr(KernelPoint, "measure", measure)
    found = [KernelPoint(name, length) for name in ("tiny", "small") for length in (100, 200, 300)]
    results = points.measured({"one": found[:4], "other": found}, Store(tmp_path), 2, bench.console)
    assert list(results.keys() ^ found) == [] and most == 2


def test_a_point_that_fails_ends_the_run(directory: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Failing:
        label = "failing"
        cost = 1.0
        alone = False
        group = ""

        def basis(self) -> Json:
            return {}

        def measure(self, show: Show) -> Json:
            raise ValueError("no")

    store = Store(directory / "failing")
    with pytest.raises(ValueError, match="no"):
        points.measured({"failing": [Failing()]}, store, 1, bench.console)
    assert store.find(Failing()) is None


def test_a_missed_target_is_named(
    directory: Path, missed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throughput, "SHARE", 101)
    monkeypatch.setattr(throughput, "SLOPE_MARGIN", -0.5)
    again = bench.run(SMALL, ["throughput"], directory, 1, quick=True)
    for series in SMALL.series:
        lost = [sentence for sentence in again if sentence.startswith(f"{series}, C = 64: ")]
        assert len(lost) == 1 and "at least 101.0 %; clocks lost: " in lost[0]
        assert any(sentence.startswith(f"{series}: slope of log") for sentence in again)


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
    assert set(scale.software) <= set(scale.lengths[scale.series[0], max(scale.chunks)])
    assert scale.main.name in {point.config for point in memory.points(scale)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_the_channels_of_a_four_step_point_fit_one_job(scale: Scale) -> None:
    for point in schedules.four_step_points(scale):
        config, channels = point.loaded, point.channels
        room = dict(zip(banks(config), memory_bytes(config), strict=True))
        assert 2 * channels * row_bytes(point.length) <= room[Bank.SAMPLES]
        spectra = filter_chunks(config, point.job) * spectrum_bytes(config)
        assert channels * spectra <= room[Bank.H_SPECTRA]


def test_checks() -> None:
    assert report.at_least("x", 2, 2).met and not report.at_least("x", 1.9, 2).met
    assert report.at_most("x", 2, 2).met and not report.at_most("x", 2.1, 2).met


def test_the_schedules_cross(missed: list[str], directory: Path) -> None:
    found = part(directory, "schedules")
    four_step = found["curves"]["tiny-long"]
    assert [one["length"] for one in four_step] == [64, 512]
    assert all(one["alone_measured"] and one["another_measured"] for one in four_step)
    simulated = {(one["length"], one["channels"], one["bandwidth"]): one
                 for one in found["simulated"]}  # fmt: skip
    assert set(simulated) == {(64, 1, 1000), (64, 2, 1000), (512, 1, 1000), (512, 2, 1000),
                              (512, 1, 850), (512, 2, 850)}  # fmt: skip
    for (length, channels, _), one in simulated.items():
        assert (one["samples"], one["outputs_differ"]) == (channels * length, 0)
        assert one["convolve"]["mac_beats"] == channels * length // 2
    assert schedules.crossing(FULL, another=False) == 1_179_649
    assert schedules.crossing(FULL, another=True) == 655_361
    # A few short chunks are fastest chunked.
    assert schedules.crossing(QUICK, another=False) is None
