# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The runner fails when it should, and its command line says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crocuta.models import configs
from crocuta.models.configs import ROOT
from flow import jobs, runner, simulate
from tb.registry import BENCHES, Bench, fixed

TINY = configs.load("tiny")


def bench(name: str, code: str, path: Path, **parameters: int | str) -> Bench:
    """A FIFO bench with this code, importable by the simulator."""
    (path / f"{name}.py").write_text(code)
    return Bench("fifo", name, "", fixed(**parameters), variant=name)


def run(failing: Bench, path: Path, sim: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(path)
    with pytest.raises(runner.BenchFailure) as failure:
        runner.run(failing, TINY, sim, 1)
    return str(failure.value)


@pytest.mark.parametrize("sim", ["verilator", "icarus"])
def test_failed_test_is_a_failure(
    sim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import cocotb\n@cocotb.test()\nasync def wrong(dut):\n    assert dut.ready_o.value == 5\n"
    )
    message = run(bench("runner_fails", code, tmp_path), tmp_path, sim, monkeypatch)
    assert "1 of 1 tests (wrong)" in message
    assert "sim.log" in message
    assert "SEED=1" in message


def test_assertions_show_values_in_the_benches_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the benches' assertions are rewritten: doing so for everything that they import, such as
    numpy, takes longer than most simulations."""
    code = (
        "import cocotb, numpy\nfrom tb.lib import coverage\n@cocotb.test()\nasync def shown(dut):\n"
        "    rewritten = [type(it.__loader__).__name__ for it in (coverage, numpy)]\n"
        "    assert rewritten == ['AssertionRewritingHook', 'SourceFileLoader'], rewritten\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    runner.run(bench("runner_shows", code, tmp_path), TINY, "icarus", 1, test_dir=tmp_path)


def test_no_test_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = run(
        bench("runner_empty", "import cocotb\n", tmp_path), tmp_path, "icarus", monkeypatch
    )
    assert "runner_empty" in message


def test_crash_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import cocotb, os\n@cocotb.test()\nasync def crash(dut):\n    os._exit(3)\n"
    message = run(bench("runner_crash", code, tmp_path), tmp_path, "icarus", monkeypatch)
    assert "stopped before its results were written" in message


@pytest.mark.parametrize(
    ("sim", "top", "parameters"),
    [
        ("verilator", "fifo", {"Depth": 3}),
        ("verilator", "ram", {"Style": "registers"}),
        ("verilator", "ram", {"Style": "ultra", "InitFile": "words.mem"}),
        ("icarus", "fifo", {"Depth": 3}),
        ("icarus", "fifo", {"Depth": 12}),
        ("icarus", "ram", {"Width": 0}),
        ("icarus", "ram", {"Style": "registers"}),
    ],
)
def test_bad_parameters_stop_the_simulation(
    sim: str, top: str, parameters: dict[str, int | str]
) -> None:
    variant = "bad-" + "-".join(f"{name}{value}" for name, value in parameters.items())
    with pytest.raises(runner.BenchFailure):
        runner.run(
            Bench(top, f"tb.benches.cells.bench_{top}", "", fixed(**parameters), variant=variant),
            TINY,
            sim,
            1,
        )
    logs = (runner.BUILD / sim / "tiny" / f"{top}-{variant}").rglob("*.log")
    assert any(f"{top}: " in log.read_text() for log in logs), "the module's own message is missing"


def test_unchanged_design_is_not_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROCUTA_CACHE", str(tmp_path))
    cell = Bench(
        "credit_counter",
        "tb.benches.cells.bench_credit_counter",
        "",
        fixed(Credits=5),
        variant="again",
    )
    first = runner.build(cell, TINY, "icarus")
    assert runner.build(cell, TINY, "icarus") == first
    # Neither the bench's name nor the path of its logs is part of the design.
    changed = Bench("credit_counter", cell.module, "", fixed(Credits=6), variant="again")
    assert runner.build(changed, TINY, "icarus") != first
    assert len(list((tmp_path / "entries").iterdir())) == 2


def start(waiting: Bench, path: Path, seed: int) -> subprocess.Popen[str]:
    """A bench of `bench` in a process of its own."""
    code = (
        "import sys; from crocuta.models import configs; from flow import runner\n"
        "from tb.registry import Bench, fixed\n"
        f"bench = Bench({waiting.top!r}, {waiting.module!r}, '',"
        f" fixed(**{dict(waiting.parameters(TINY))!r}), variant={waiting.variant!r})\n"
        f"print(runner.run(bench, configs.load('tiny'), 'icarus', {seed}))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(path), "WAIT_IN": str(path)},
        stdout=subprocess.PIPE,
        text=True,
    )


WAITS = """
import os, time
from pathlib import Path
import cocotb
@cocotb.test()
async def meet(dut):
    here = Path(os.environ["WAIT_IN"])
    (here / f"seed.{os.getpid()}").touch()
    for _ in range(3000):
        if len(list(here.glob("seed.*"))) >= 2 or (here / "go").exists():
            return
        time.sleep(0.01)
    raise AssertionError("nobody came")
"""


def test_seeds_run_at_once_on_one_build(tmp_path: Path) -> None:
    """Both simulations wait for each other, and each writes its own log and results."""
    meeting = bench("runner_meets", WAITS, tmp_path, Depth=16)
    processes = [start(meeting, tmp_path, seed) for seed in (1, 2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    results = [Path(output.splitlines()[-1]) for output in outputs]
    assert results[0] != results[1]
    for seed, path in zip((1, 2), results, strict=True):
        assert f"Python random module with {seed}\n" in path.with_name("sim.log").read_text()


def test_a_simulation_goes_on_while_its_design_changes(tmp_path: Path) -> None:
    first = bench("runner_waits", WAITS, tmp_path, Depth=16)
    running = start(first, tmp_path, 1)
    while not list(tmp_path.glob("seed.*")):
        assert running.poll() is None
        time.sleep(0.01)
    second = start(bench("runner_waits", WAITS, tmp_path, Depth=32), tmp_path, 2)
    assert [running.wait(60), second.wait(60)] == [0, 0]
    for process in (running, second):
        process.communicate()


def test_a_simulation_ends_with_its_runner(tmp_path: Path) -> None:
    running = start(bench("runner_killed", WAITS, tmp_path, Depth=16), tmp_path, 1)
    while not (found := list(tmp_path.glob("seed.*"))):
        assert running.poll() is None
        time.sleep(0.01)
    simulator = Path("/proc") / found[0].suffix[1:]
    assert "vvp" in (simulator / "cmdline").read_text()
    running.kill()
    running.communicate()
    for _ in range(500):
        if not simulator.exists():
            break
        time.sleep(0.01)
    assert not simulator.exists()


def test_a_hanging_simulation_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("WAIT_IN", str(tmp_path))
    with pytest.raises(runner.BenchFailure, match=r"took longer than 2 s: see .*; repeat with"):
        runner.run(bench("runner_hangs", WAITS, tmp_path), TINY, "icarus", 1, time_limit=2)


def test_results_of_past_days_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BUILD", tmp_path)
    cell = Bench("credit_counter", "tb.benches.cells.bench_credit_counter", "", fixed(Credits=5))
    for seed, days in ((1, 3), (2, 0)):
        results = runner.run(cell, TINY, "icarus", seed)
        past = results.stat().st_mtime - days * 24 * 3600
        os.utime(results.parent, (past, past))
    runner.run(cell, TINY, "icarus", 3)
    assert {path.name for path in results.parent.parent.iterdir()} == {"seed-2", "seed-3"}


TWO_TESTS = """
import cocotb
@cocotb.test()
async def one(dut):
    pass
@cocotb.test()
async def two(dut):
    pass
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COCOTB_TESTCASE", "one"),
        ("COCOTB_TEST_FILTER", "one$"),
        ("COCOTB_RANDOM_SEED", "77"),
        ("COCOTB_LIST_TESTS", "1"),
        ("COVERAGE", "yes, please"),
        ("GPI_USERS", "nothing"),
        ("SIM_CMD_PREFIX", "false"),
        ("WAVES", "perhaps"),
        ("PYTHONOPTIMIZE", "2"),
        ("LIBPYTHON_LOC", "/nowhere.so"),
    ],
)
def test_settings_of_the_shell_change_nothing(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(name, value)
    results = runner.run(bench("runner_two", TWO_TESTS, tmp_path), TINY, "icarus", 5)
    assert results.read_text().count("<testcase ") == 2
    assert "Python random module with 5\n" in results.with_name("sim.log").read_text()


def test_one_test_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    both = bench("runner_two", TWO_TESTS + "# one test alone\n", tmp_path)
    results = runner.run(both, TINY, "icarus", 5, only="two")
    assert results.read_text().count("<testcase ") == 1
    assert runner.check_only("two", [both]) == [both]
    with pytest.raises(runner.BenchFailure, match="no test 'three' here; choose one of: one, two"):
        runner.check_only("three", [both])


def test_a_test_that_does_not_run_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = bench("runner_lost", TWO_TESTS + "del two\n", tmp_path)
    assert "runner_lost did not run two: see " in run(lost, tmp_path, "icarus", monkeypatch)


def test_one_bench_of_a_test() -> None:
    def sim(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flow.simulate", "cells", "--sim", "icarus", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    done = sim("--bench", "credit_counter-skip")
    assert done.returncode == 0
    assert "cells: 1 of 1 benches passed" in done.stdout
    done = sim("--bench", "fifo", "--only", "full_speed")
    assert done.returncode == 0
    assert "TESTS=1 PASS=1" in done.stdout
    done = sim("--bench", "spice")
    assert done.returncode == 2
    assert done.stderr.startswith("cells has no bench 'spice' on icarus; choose one of: credit_")
    done = sim("--only", "half_speed")
    assert done.returncode == 2
    assert done.stderr.startswith("There is no test 'half_speed' here; choose one of: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "There is no test 'nothing'; choose one of: "),
        (["cells", "--sim", "spice"], "There is no simulator 'spice'; choose one of: "),
        (["cells", "--config", "huge"], "There is no configuration 'huge'; choose one of: "),
        (["cells", "--seed", "x"], "SEED must be a whole number, not 'x'."),
    ],
)
def test_bad_names_give_one_sentence(arguments: list[str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flow.simulate", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_a_configuration_has_the_benches_of_its_schedule() -> None:
    benches, tiny = BENCHES["spectrum_ports"], configs.load_model("tiny")
    assert simulate.default_config(benches) == "tiny"
    assert simulate.default_config(BENCHES["four_step_core"]) == "tiny-long"
    left = {bench.name: jobs.misfit(bench, tiny) for bench in benches}
    assert {why for why in left.values() if why} == {
        "configuration tiny: its schedule is chunked, not four-step"
    }
    assert not left["spectrum_ports_tb"]


def test_without_a_name_the_tests_are_listed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flow.simulate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cells" in done.stdout
    assert "credit_counter" in done.stdout
