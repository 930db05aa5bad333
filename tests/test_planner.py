# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions against measurements, and the planner's messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from crocuta.backends import u200
from crocuta.backends.rtl_kernel import RtlKernel
from crocuta.backends.timing import Timing
from crocuta.backends.uart_kernel import BOARD
from crocuta.cli.app import app
from crocuta.device import Device
from crocuta.errors import OutOfMemory
from crocuta.kernel import banks
from crocuta.memory import Pages
from crocuta.models import configs
from crocuta.models.configs import ROOT, ConfigError
from crocuta.models.convolution.chunk_controller import (
    Job,
    Mode,
    passes,
    spectrum_bytes,
)
from crocuta.models.layout import chunk_count, row_bytes, row_count
from crocuta.planner import accuracy, planner, schedules
from crocuta.planner.accuracy import POINTS, Point
from crocuta.planner.clocks import Memory, convolve_clocks, prepare_clocks
from crocuta.planner.four_step_clocks import START_CLOCKS
from crocuta.planner.logic import logic, multipliers
from crocuta.planner.memories import Ram, block_rams, blocks, memories, ultra_rams
from crocuta.planner.planner import Demand, PlanError
from flow import runner
from flow import simulate as sim
from tb.registry import BENCHES

RESOURCES: dict[str, Any] = json.loads((ROOT / "docs" / "resources.json").read_text())
U200 = planner.device("u200")
LENGTH = 450_000


def close(found: float, measured: float, percent: float) -> None:
    assert abs(found - measured) <= percent / 100 * measured, (found, measured)


# Block RAM and logic, against synthesis.


@pytest.mark.parametrize("name", RESOURCES)
def test_block_rams_are_those_of_synthesis(name: str) -> None:
    found = block_rams(memories(configs.load(name)), "ultrascale")
    measured = dict.fromkeys(found, 0.0)
    blocks_by_path = RESOURCES[name]["blocks"]
    for path, block in blocks_by_path.items():
        inner = [other for other in blocks_by_path if other.rpartition("/")[0] == path]
        own = block["bram36"] - sum(blocks_by_path[other]["bram36"] for other in inner)
        module = path.rpartition("/")[2]
        if own:
            measured[module] += own
    close(sum(found.values()), sum(measured.values()), 5)
    # The twiddle tables' memories separately, exactly.
    assert {**found, "twiddle_rom": 0} == {**measured, "twiddle_rom": 0}
    close(found["twiddle_rom"], measured["twiddle_rom"], 2)


# BRAM36 by module, from synthesis by yosys.
FOUR_STEP_BLOCKS = {
    "tiny-long": {
        "sample_reader": 2,
        "four_step_forward": 1.5,
        "spectrum_reader": 4.5,
        "four_step_inverse": 1.5,
        "sample_writer": 2,
    },
    "u200-long": {
        "sample_reader": 7.5,
        "twiddle_rom": 23,
        "commutator": 70,
        "four_step_forward": 5,
        "twist": 12,
        "spectrum_reader": 15,
        "four_step_inverse": 5,
        "sample_writer": 7.5,
    },
}


@pytest.mark.parametrize("name", FOUR_STEP_BLOCKS)
def test_block_rams_of_a_four_step_kernel(name: str) -> None:
    found = block_rams(memories(configs.load_model(name)), "ultrascale")
    assert {module: count for module, count in found.items() if count} == FOUR_STEP_BLOCKS[name]
    assert multipliers(configs.load_model("tiny-long")) == 104


def test_block_rams_of_an_ecp5() -> None:
    """The cells to which yosys' synth_ecp5 maps edge-ecp5."""
    found = block_rams(memories(configs.load("edge-ecp5")), "ecp5")
    assert sum(found.values()) == 75


@pytest.mark.parametrize(
    ("width", "depth", "family", "number"),
    [
        (72, 512, "ultrascale", 1),
        (73, 512, "ultrascale", 1.5),
        (36, 512, "ultrascale", 0.5),
        (90, 512, "ultrascale", 1.5),
        (90, 513, "ultrascale", 2.5),
        (512, 512, "ultrascale", 7.5),
        (360, 8192, "ultrascale", 80),
        (36, 512, "ecp5", 1),
        (36, 513, "ecp5", 2),
    ],
)
def test_shapes_of_block_rams(width: int, depth: int, family: str, number: float) -> None:
    assert blocks(Ram("one", width, depth), family) == number
    assert blocks(Ram("one", width, depth, block=False), family) == 0


def test_rows_on_the_chip_are_ultra_rams() -> None:
    """As many as yosys maps resident_rows to: five columns of 72 bits, 16 deep; without them the
    same block RAMs."""
    card = configs.load_model("u200-card")
    assert card.uram_max is not None and card.bram36_max is not None
    assert ultra_rams(memories(card)) == 80 <= card.uram_max
    assert sum(block_rams(memories(card), "ultrascale").values()) <= card.bram36_max
    none = configs.load_model("u200-card+resident-0")
    assert ultra_rams(memories(none)) == 0
    assert sum(block_rams(memories(none), "ultrascale").values()) == sum(
        block_rams(memories(card), "ultrascale").values()
    )
    assert ultra_rams([Ram("one", 73, 4097, block=False, ultra=True)]) == 4


@pytest.mark.parametrize("name", RESOURCES)
def test_logic_is_that_of_synthesis(name: str) -> None:
    config = configs.load(name)
    measured = RESOURCES[name]["blocks"][config.top]
    found = logic(config, "ultrascale")
    close(found.lut, measured["lut"], 2)
    close(found.ff, measured["ff"], 2)
    assert multipliers(config) == measured["dsp"]


# Clocks, against the RTL's counters.


# The benchmark compares more.
@pytest.fixture(scope="module", params=["tiny", "tiny+outputs-2"])
def kernel(request: pytest.FixtureRequest) -> Iterator[RtlKernel]:
    with RtlKernel(configs.load(request.param)) as shared:
        yield shared


# Channels, and lengths in chunks plus samples.
JOBS = [
    (1, (0, 1), (0, 1)),
    (1, (1, 0), (1, 0)),
    (1, (1, 1), (1, 1)),
    (1, (2, -1), (1, 0)),
    (1, (3, 0), (2, 0)),
    (1, (5, 0), (3, 0)),
    (1, (10, 1), (10, 1)),
    (3, (2, 0), (2, 0)),
    (4, (1, 0), (1, 0)),
    (4, (7, -1), (7, -1)),
]


on_each_memory = pytest.mark.parametrize(
    "memory", [Memory(), Memory(latency=200), Memory(bandwidth=0.85)], ids=["as is", "late", "slow"]
)


def device_with(kernel: RtlKernel, memory: Memory) -> Device:
    """A device on the simulated kernel, whose memories are all like this one."""
    for bank in kernel.memories:
        kernel.set_timing(bank, Timing(memory.latency, round(1000 * memory.bandwidth)))
    kernel.reset()
    return Device(kernel)


@on_each_memory
def test_clocks_are_those_of_the_rtl(kernel: RtlKernel, memory: Memory) -> None:
    config = kernel.config
    device = device_with(kernel, memory)
    for channels, x, h in JOBS if memory == Memory() else JOBS[3:-1]:
        length_x, length_h = (chunk * config.chunk + more for chunk, more in (x, h))
        with device.prepare(np.ones((channels, length_h), np.float32)) as filter:
            device.convolve(np.ones((channels, length_x), np.float32), filter)
            prepared, convolved = filter.report.counters, device.report.counters
        assert prepared and convolved
        close(prepare_clocks(config, length_h, channels, memory).total, prepared.clocks, 2)
        found = convolve_clocks(config, length_x, length_h, channels, memory)
        close(found.total, convolved.clocks, 2)
        assert found.passes == convolved.mac_beats
        assert found.total == found.passes + found.fill + found.waits


# Channels, chunks of the filter, new chunks in a job, and jobs.
STREAMS = [(1, 1, 1, 2), (1, 4, 4, 2), (1, 3, 11, 2), (2, 4, 1, 6), (3, 2, 2, 2), (4, 1, 1, 2)]


@on_each_memory
def test_clocks_of_streams_are_those_of_the_rtl(kernel: RtlKernel, memory: Memory) -> None:
    """Job by job, while the past grows; the bits are those of one convolution."""
    config = kernel.config
    device = device_with(kernel, memory)
    random = np.random.default_rng(1)
    for channels, taps, chunks, jobs in STREAMS:
        size = chunks * config.chunk
        x = random.normal(size=(channels, jobs * size)).astype(np.float32)
        h = random.normal(size=(channels, taps * config.chunk)).astype(np.float32)
        with device.prepare(h) as filter:
            parts = []
            with device.stream(filter, chunks) as stream:
                for number, block in enumerate(np.split(x, jobs, axis=-1)):
                    parts.append(stream.push(block))
                    measured = device.report.counters
                    assert measured
                    lengths = size, taps * config.chunk
                    found = convolve_clocks(config, *lengths, channels, memory, number * chunks)
                    close(found.total, measured.clocks, 2)
                    assert found.passes == measured.mac_beats
            assert np.array_equal(np.concatenate(parts, axis=-1), device.convolve(x, filter))


def test_clocks_are_those_of_a_four_step_kernel() -> None:
    config = configs.load_model("tiny-long")
    with Device(RtlKernel(config)) as device:
        for channels, length in ((1, 33), (3, 64), (1, 65), (2, 512)):
            x = np.ones((channels, length), np.float32)
            with device.prepare(x) as filter:
                device.convolve(x, filter)
                prepared, convolved = filter.report.counters, device.report.counters
            assert prepared and convolved
            found = schedules.prepare_clocks(config, length, length, channels)
            close(found.total, prepared.clocks, 0.5)
            found = schedules.convolve_clocks(config, length, length, channels)
            close(found.total, convolved.clocks, 0.5)


def test_clocks_of_u200() -> None:
    """The README's figures, which take minutes to measure."""
    config, length = configs.load("u200"), 450_002
    close(prepare_clocks(config, length).total, 66_274, 0.1)
    close(convolve_clocks(config, length, length).total, 149_061, 1)
    close(convolve_clocks(config, length, length, memory=Memory(bandwidth=0.85)).total, 171_313, 1)
    one = configs.load("u200+outputs-1")
    close(convolve_clocks(one, length, length).total, 247_362, 0.1)
    close(convolve_clocks(one, length, length, memory=Memory(bandwidth=0.85)).total, 287_482, 1)


HALF_ON_CHIP = "tiny-long+lanes-8+chunk-512+exponent_bits-8+max_length_log2-10+resident-1"
# Configuration, samples, channels, latency and bandwidth of the memories, and the clocks to prepare
# and to convolve, counted in four_step_core's RTL from its start to its end.
FOUR_STEP_CLOCKS = [
    ("tiny-long", 64, 3, 60, 1.0, 489, 673),
    ("tiny-long", 33, 1, 60, 1.0, 418, 595),
    ("tiny-long", 64, 1, 200, 1.0, 705, 889),
    ("tiny-long", 128, 3, 60, 0.85, 1986, 2616),
    ("tiny-long", 256, 3, 200, 1.0, 3418, 4383),
    ("tiny-long", 257, 1, 60, 1.0, 1285, 2094),
    ("tiny-long", 512, 4, 60, 1.0, 3974, 4799),
    ("u200-long", 16_384, 2, 60, 1.0, 6_839, 9_297),
    ("u200-long", 32_768, 2, 60, 1.0, 26_353, 36_487),
    ("u200-long", 65_536, 2, 60, 1.0, 42_737, 56_967),
    ("u200-long", 131_072, 1, 60, 1.0, 39_124, 61_546),
    ("u200-long", 131_072, 2, 60, 1.0, 75_505, 97_927),
    ("u200-long", 450_002, 1, 60, 1.0, 137_428, 208_841),
    ("u200-long", 450_000, 2, 60, 1.0, 272_113, 343_526),
    ("u200-long", 450_000, 1, 60, 0.85, 160_950, 244_289),
    ("u200-long", 1_000_002, 1, 60, 1.0, 268_500, 405_581),
    ("u200-long", 1_000_002, 2, 60, 1.0, 534_257, 671_338),
    ("u200-long", 2_097_152, 1, 60, 1.0, 530_771, 799_080),
    ("u200-long", 2_097_152, 2, 60, 1.0, 1_058_672, 1_326_981),
    ("u200-long-4m", 4_194_304, 1, 60, 1.0, 1_060_098, 1_595_615),
    ("u200-long-4m", 4_194_304, 2, 60, 1.0, 2_115_382, 2_650_899),
    # Rows on the chip: more of them than there are, some, and all.
    ("tiny-long+resident-3", 128, 4, 60, 1.0, 1965, 3018),
    ("tiny-long+resident-3", 256, 2, 200, 1.0, 2339, 3864),
    ("tiny-long+resident-3", 512, 1, 60, 1.0, 1260, 2128),
    ("tiny-long+resident-3", 512, 4, 60, 1.0, 3816, 5659),
    ("tiny-long+resident-3", 512, 2, 60, 0.85, 2215, 3423),
    (HALF_ON_CHIP, 1024, 4, 60, 1.0, 3448, 5363),
    (HALF_ON_CHIP, 1024, 4, 200, 1.0, 4828, 7863),
    ("u200-card", 30_000, 2, 60, 1.0, 21_966, 30_154),
    ("u200-card", 450_000, 1, 60, 1.0, 134_838, 203_690),
]


@pytest.mark.parametrize(
    ("name", "length", "channels", "latency", "bandwidth", "prepared", "convolved"),
    FOUR_STEP_CLOCKS,
)
def test_clocks_of_a_four_step_kernel(
    name: str,
    length: int,
    channels: int,
    latency: int,
    bandwidth: float,
    prepared: int,
    convolved: int,
) -> None:
    config, memory = configs.load_model(name), Memory(latency, bandwidth)
    found = schedules.prepare_clocks(config, length, length, channels, memory)
    close(found.total - START_CLOCKS, prepared, 2)
    found = schedules.convolve_clocks(config, length, length, channels, memory)
    close(found.total - START_CLOCKS, convolved, 2)
    assert found.passes == channels * row_count(config, length) * config.chunk_beats
    assert found.total == found.passes + found.fill + found.waits


# SNR, against the bit-exact model.


@pytest.mark.parametrize("point", [Point(14, 18, 512, 4), Point(18, 25, 256, 4)])
def test_snr_is_measured_again(point: Point) -> None:
    rows = json.loads(accuracy.DATA.read_text())["points"]
    kept = {Point(*row[:4]): row[4] for row in rows}
    assert set(kept) == set(POINTS)
    assert abs(accuracy.measure(point) - kept[point]) < 0.1


def test_snr_between_the_points() -> None:
    tiny = configs.load("tiny")
    for *point, measured in json.loads(accuracy.DATA.read_text())["points"]:
        mantissa, twiddle, chunk, chunks = point
        changes = {"chunk": chunk, "mantissa_bits": mantissa, "twiddle_bits": twiddle}
        found = accuracy.snr(configs.changed(tiny, changes), chunk * chunks)
        assert abs(found - measured) < (2 if twiddle < mantissa + 4 else 1), point
    # The README's.
    assert abs(accuracy.snr(configs.load("u200"), LENGTH) - 88.4) < 1


# Plans.


def test_the_main_job() -> None:
    fitting, faster = planner.plans(U200, Demand(LENGTH, LENGTH, snr_db=85))
    assert fitting[0].config == configs.load("u200")
    assert fitting[0].passes == 16
    assert [plan.clocks for plan in fitting] == sorted(plan.clocks for plan in fitting)
    assert all(plan.part <= 1 and plan.snr_db >= 85 for plan in fitting)
    assert all(plan.part > 1 and plan.clocks < fitting[0].clocks for plan in faster)
    assert {plan.config.chunk for plan in faster} == {131_072}


def test_passes_are_those_of_the_schedule() -> None:
    for length, taps in ((LENGTH, LENGTH), (LENGTH, 70_000), (100, LENGTH)):
        config = configs.load("u200")
        job = Job(Mode.CONVOLVE, length_x=length, length_h=taps)
        assert planner.predict(config, Demand(length, taps), U200).passes == passes(config, job)


def test_every_plan_has_a_name_that_loads() -> None:
    for name, target in planner.devices().items():
        for demand in (Demand(5000, 5000), Demand(9_000_000, 300, snr_db=60, bram=700)):
            found = planner.candidates(target, demand)
            assert found, name
            for plan in found:
                assert configs.load_model(plan.config.name) == plan.config
                assert 1 << plan.config.max_length_log2 >= demand.length
                assert plan.config.bram36_max is None or plan.config.bram36_max >= 622


def test_fewer_bits_where_those_of_the_base_do_not_fit() -> None:
    full, _ = planner.plans(U200, Demand(LENGTH, LENGTH))
    narrow, _ = planner.plans(U200, Demand(LENGTH, LENGTH, snr_db=60, bram=560))
    assert full[0].bram > 560 >= narrow[0].bram
    assert narrow[0].config.mantissa_bits < 18
    assert narrow[0].snr_db >= 60


@pytest.mark.parametrize(
    ("text", "family", "number"),
    [("2.8MB", "ultrascale", 622), ("9 kb", "ultrascale", 2), ("9KB", "ecp5", 4), ("7", "ecp5", 7)],
)
def test_sizes_of_block_ram(text: str, family: str, number: int) -> None:
    assert planner.blocks_of(text, family) == number


# The command line.


def crocuta(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_command_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    done = crocuta("plan", "--length", LENGTH, "--bram", "2.8MB", "--clock", 250, "--json", path)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "CONFIG=u200, for instance: make synth CONFIG=u200"
    for wanted in ("65,536", "BRAM36 93 %", "ms at 250 MHz", "would be faster"):
        assert wanted in done.stdout
    report = json.loads(path.read_text())
    assert report["chosen"] == "u200"
    assert report["limits"]["bram"] == 622
    plans = report["plans"]
    assert plans[0]["ms"] == pytest.approx(plans[0]["clocks"] / 250_000)
    assert configs.load_model(plans[1]["config"]).chunk == plans[1]["settings"]["chunk"]


def test_many_long_channels_take_a_four_step_kernel() -> None:
    done = crocuta("plan", "--length", "1e6", "--channels", "8", "--rows", "3")
    assert done.exit_code == 0, done.output
    last = done.stdout.splitlines()[-1]
    assert last == "CONFIG=u200-long, for instance: make synth CONFIG=u200-long"
    # The same with a third of the bandwidth per port.
    one = planner.predict(configs.load_model("u200-long"), Demand(LENGTH, LENGTH), U200)
    shared = planner.predict(configs.load_model("u200-long"), Demand(LENGTH, LENGTH, banks=1), U200)
    assert 2.5 < shared.clocks / one.clocks < 3.1


@pytest.mark.parametrize(
    ("length", "channels", "limits", "latency", "chosen"),
    [
        (450_000, 1, {}, 60, "u200"),
        (720_000, 1, {}, 60, "u200"),
        (720_000, 64, {}, 60, "u200-long"),
        (1_050_000, 1, {}, 60, "u200"),
        (1_050_000, 64, {}, 60, "u200-long"),
        # Samples of 128 rows are read in bursts of one beat, too few for so slow a memory...
        (1_050_000, 64, {}, 200, "u200"),
        # ...unless its bandwidth is the limit.
        (1_050_000, 64, {"banks": 1}, 200, "u200-long"),
        (1_050_000, 64, {"memory": Memory(200, 0.5)}, 200, "u200-long"),
        (2_097_152, 1, {}, 60, "u200-long"),
        (450_000, 1, {"bram": 200}, 60, "u200-long"),
    ],
)
def test_the_schedule_follows_the_demand(
    length: int, channels: int, limits: dict[str, Any], latency: int, chosen: str
) -> None:
    """By length, channels, block RAM, banks, latency and bandwidth: the faster one that fits."""
    demand = Demand(length, length, channels, **{"memory": Memory(latency), **limits})
    both = [
        planner.predict(configs.load_model(name), demand, U200) for name in ("u200", "u200-long")
    ]
    best = min((plan for plan in both if plan.part <= 1), key=lambda plan: plan.clocks)
    assert best.config.name == chosen


def test_command_line_of_another_device() -> None:
    done = crocuta("plan", "--length", 5000, "--device", "ecp5-85k")
    assert done.exit_code == 0, done.output
    assert "DP16KD" in done.stdout
    name = done.stdout.splitlines()[-1].rpartition("=")[2]
    assert name.startswith("edge-ecp5")
    assert configs.load(name).lanes in (2, 4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--bram", 3], "No configuration fits u200: the smallest, u200+lanes-2+chunk-"),
        (["--snr", 120], "No configuration reaches 120 dB: 18-bit mantissas, the widest"),
        (["--device", "u9"], "There is no device 'u9'; choose one of: u200, ecp5-85k."),
        (["--bram", "much"], "The block RAM must be a size such as 2.8MB, 512KB or a number"),
        (["--filter-length", 0], "The filter's length must be 1 to 268,435,456, not 0."),
        (["--channels", 65537], "The number of channels must be 1 to 65,536, not 65,537."),
        (["--clock", 0], "The clock must be more than 0, not 0."),
        (["--bandwidth", 1.5], "The bandwidth must be above 0 and at most 1, not 1.5."),
    ],
)
def test_impossible_demands_give_one_sentence(arguments: list[object], sentence: str) -> None:
    done = crocuta("plan", "--length", 450_000, *arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("450000", 450_000),
        ("450_000", 450_000),
        ("1e6", 1_000_000),
        ("1.5e6", 1_500_000),
        ("450k", 450_000),
        ("1M", 1_000_000),
        ("0.5M", 500_000),
        ("4Mi", 1 << 22),
        ("64 Ki", 1 << 16),
    ],
)
def test_counts(text: str, number: int) -> None:
    assert planner.count_of(text, "length") == number


@pytest.mark.parametrize("text", ["", "k", "1.5", "-5", "1 000", "1m", "1e999999999M"])
def test_what_is_no_count(text: str) -> None:
    result = crocuta("plan", f"--length={text}")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("The length must be ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("device", "length", "taps"),
    [
        ("u200", 1_000_000, 450_000),
        ("u200", 1 << 22, 1 << 22),
        ("u200", 1000, 1 << 22),
        ("ecp5-85k", 1000, 1000),
        ("ecp5-85k", 2048, 4096),
        ("ecp5-85k", 100, 4000),
    ],
)
def test_the_memories_hold_so_many_channels(device: str, length: int, taps: int) -> None:
    """Exactly as many as the host can allocate."""
    target = planner.device(device)
    config = configs.load(target.base)
    most = planner.channels_at_once(config, length, taps, target.memory)

    def fits(channels: int) -> bool:
        samples, x_spectra, h_spectra = (
            Pages(0, target.memory[bank.name.lower()], bank) for bank in banks(config)
        )
        try:
            rows = samples.take(channels * row_bytes(taps))
            h_spectra.take(channels * chunk_count(config, taps) * spectrum_bytes(config))
            samples.give_back(rows)
            samples.take(channels * row_bytes(length))
            samples.take(channels * row_bytes(length))
            x_spectra.take(chunk_count(config, length) * spectrum_bytes(config))
        except OutOfMemory:
            return False
        return True

    assert most >= 1
    assert fits(most)
    assert not fits(most + 1)


def test_boards_have_the_memories_of_their_designs() -> None:
    card, board = (planner.device(device).memory for device in ("u200", "ecp5-85k"))
    for bank, place in u200.places(configs.load("u200")).items():
        name = bank.name.lower()
        assert card[name] == place.size
        assert board[name] == BOARD[f"{name}_size"]


def test_the_plan_says_what_the_memories_hold() -> None:
    text = crocuta("plan", "--length", "1e6", "--channels", "5k", "--filter-length", "450k").stdout
    assert "(DDR4, a bank of 16 GiB for each port) holds 2,048 channels at once" in text
    assert "5,000 take 3 jobs." in text
    text = crocuta("plan", "--length", "20000", "--device", "ecp5-85k").stdout
    assert "does not hold one channel: shorten x or the filter" in text


def test_the_list_of_benches_names_each_in_full(capfd: pytest.CaptureFixture[str]) -> None:
    sim.list_tests()
    lines = [line.split() for line in capfd.readouterr().out.splitlines()]
    for test, registered in BENCHES.items():
        for bench in registered:
            whole = f"{test} {bench.name} {bench.about} {', '.join(bench.sims)}"
            assert whole.split() in lines


def test_planning_knows_its_limits() -> None:
    with pytest.raises(PlanError, match=r"needs [\d,.]+ BRAM36, and the limit is 3"):
        planner.plans(U200, Demand(LENGTH, LENGTH, bram=3))


# Names of configurations' variations.


def test_a_name_with_changes() -> None:
    config = configs.load("u200+mantissa_bits-16+chunk-32768")
    assert (config.chunk, config.mantissa_bits, config.lanes) == (32768, 16, 8)
    # One name for one hardware.
    assert config.name == "u200+chunk-32768+mantissa_bits-16"
    assert configs.load(config.name) == config
    assert configs.load("u200+chunk-65536") == configs.load("u200")
    assert configs.load_engine("tiny+right_angle-0").right_angle is False


def test_changes_are_those_of_the_name() -> None:
    u200 = configs.load("u200")
    for changes in (
        {},
        {"chunk": 65536},
        {"mantissa_bits": 16, "chunk": 32768},
        {"bram36_max": 700, "lanes": 4},
        {"right_angle": 1, "lanes": 8},
        {"outputs": 1},
    ):
        name = "+".join(["u200", *(f"{field}-{value}" for field, value in changes.items())])
        assert configs.changed(u200, changes) == configs.load(name)
    with pytest.raises(ConfigError, match=r"configuration u200\+chunk-1000: chunk must be a power"):
        configs.changed(u200, {"chunk": 1000})


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("huge+chunk-64", "there is no configuration 'huge'; choose one of: tiny, "),
        ("u200+depth-3", "there is no setting 'depth'; choose among: lanes, chunk, "),
        ("u200+", "there is no setting ''"),
        ("u200+chunk", "chunk needs a whole number, as in chunk-16, not ''"),
        ("u200+chunk-2k", "chunk needs a whole number, as in chunk-16, not '2k'"),
        ("u200+chunk-1000", "chunk must be a power of two in 16..131072"),
        ("u200+right_angle-2", "right_angle must be 0 or 1"),
        ("u200+lanes-2+lanes-4", "a setting is named twice"),
    ],
)
def test_bad_names(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        configs.load(name)
    assert sentence in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_simulation_takes_such_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[configs.Config] = []
    monkeypatch.setattr(runner, "run", lambda bench, config, *more, **rest: seen.append(config))
    sim.main("cells", "icarus", "tiny+chunk-128", "1")
    assert {config.chunk for config in seen} == {128}
    assert {config.name for config in seen} == {"tiny+chunk-128"}
