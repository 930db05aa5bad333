# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The regression runs every job once, survives its workers, and reports what failed."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from distributed import Client, LocalCluster
from typer import Typer
from typer.testing import CliRunner, Result

from crocuta.models import configs
from flow import evidence, jobs, regress, runner
from flow.jobs import Job, RegressionError
from flow.regress import Engine, Settings
from tb.registry import BENCHES, MANY_LANES, NARROWEST, SMALLEST, WIDEST, Bench, fixed

FAILS = """import cocotb
from cocotb.triggers import Timer
@cocotb.test()
async def sometimes(dut):
    assert dut.Depth.value == 16
@cocotb.test()
async def wrong(dut):
    await Timer(50, unit="ns")
    assert dut.ready_o.value == 5
"""


def same(name: str) -> float:
    return 1.0


def sleeping(job: Job, settings: Settings, waves: bool) -> regress.Result:
    """A job that records its start in a file, and sleeps."""
    (settings.directory / f"{job.seed}.{os.getpid()}").touch()
    time.sleep(0.6)
    return regress.Result(job, 0.6, 0.0)


def next_beginning(directory: Path) -> tuple[int, int]:
    """The next job to start, and its process."""
    before = set(directory.glob("*.*"))
    while not (new := set(directory.glob("*.*")) - before):
        time.sleep(0.01)
    seed, pid = new.pop().name.split(".")
    return int(seed), int(pid)


def built(job: Job, settings: Settings, waves: bool) -> regress.Result:
    return regress.Result(job, 0.0, 0.0)


def jobs_of(count: int) -> list[Job]:
    return [Job("cells", 0, "tiny", "icarus", seed) for seed in range(count)]


def test_a_killed_worker_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL to one of two workers in the middle of its job: every result arrives exactly once."""
    monkeypatch.setattr(regress, "DIRECTORY", tmp_path / "regress")
    with regress.connected("", 2) as client:
        settings = Settings(tmp_path, "killed")
        engine = Engine(client, jobs_of(10), settings, same, built, sleeping)
        results = []
        victim: tuple[int, int] | None = None
        for what, result in engine.results():
            if what == "run":
                results.append(result)
                if victim is None:
                    victim = next_beginning(tmp_path)
                    os.kill(victim[1], signal.SIGKILL)
    assert Counter(result.job.seed for result in results) == Counter(range(10))
    assert not [result for result in results if result.failure]
    # The killed worker's job ran again on another one; so may a job whose result it had not yet
    # delivered.
    assert victim is not None
    begun = Counter(int(path.name.split(".")[0]) for path in tmp_path.glob("*.*"))
    assert begun[victim[0]] == 2
    assert set(begun) == set(range(10))


def test_a_job_that_kills_its_workers_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regress, "DIRECTORY", tmp_path / "regress")
    with regress.connected("", 1) as client:
        settings = Settings(tmp_path, "deadly", waves_limit=0)
        engine = Engine(client, jobs_of(3), settings, same, built, deadly)
        results = {r.job.seed: r.failure for what, r in engine.results() if what == "run"}
    assert results == {0: "", 1: "Every worker that ran this job died.", 2: ""}


def deadly(job: Job, settings: Settings, waves: bool) -> regress.Result:
    if job.seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return regress.Result(job, 0.0, 0.0)


@contextlib.contextmanager
def in_process() -> Iterator[Client]:
    """The client of a worker in this process, which sees the tests' monkeypatches."""
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The client that the tests share."""
    with in_process() as client:
        yield client


@pytest.fixture
def directory(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of regressions, which run in this process."""
    path = tmp_path / "regress"
    monkeypatch.setattr(regress, "DIRECTORY", path)
    monkeypatch.setattr(regress, "quiet", contextlib.nullcontext)
    monkeypatch.setattr(
        regress, "connected", lambda scheduler, workers: contextlib.nullcontext(client)
    )
    return path


def command(*arguments: str) -> Result:
    app = Typer()
    app.command()(regress.main)
    return CliRunner().invoke(app, arguments)


def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three benches: good, failing, and one that cannot be built."""
    (tmp_path / "regress_fails.py").write_text(FAILS)
    monkeypatch.syspath_prepend(tmp_path)
    broken = tmp_path / "broken.sv"
    broken.write_text("module broken; wire [3:0; endmodule\n")
    counter = next(bench for bench in BENCHES["cells"] if bench.top == "credit_counter")
    benches = {
        "good": (Bench(counter.top, counter.module, "", counter.parameters, ("tiny",)),),
        "bad": (
            Bench("fifo", "regress_fails", "", fixed(Depth=16), ("tiny",), ("icarus",)),
            Bench("broken", "regress_fails", "", configs=("tiny",), sources=(str(broken),)),
        ),
    }
    monkeypatch.setattr(jobs, "BENCHES", benches)


def test_reports(tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry(tmp_path, monkeypatch)
    done = command("--seeds", "2", "--seed", "5", "--sim", "icarus")
    assert done.exit_code == 1, done.output
    summary = json.loads((directory / "summary.json").read_text())
    assert (summary["ok"], summary["seed"], summary["planned"]) == (False, 5, 6)
    attempts = summary["attempts"]
    assert len({(attempt["kind"], attempt["seed"]) for attempt in attempts}) == 6
    failed = {attempt["kind"] for attempt in attempts if attempt["failure"]}
    assert failed == {
        "bad.fifo.regress_fails.tiny.icarus",
        "bad.broken.regress_fails.tiny.icarus",
    }
    page = (directory / "index.html").read_text()
    for attempt in attempts:
        assert f"SEED={attempt['seed']}" in done.stdout
        if attempt["test"] == "good":
            assert attempt["tests"] == {"random_traffic": True}
            continue
        assert attempt["command"] in page
        assert attempt["command"] in done.stdout
        if attempt["bench"] == "fifo":
            assert attempt["tests"] == {"sometimes": True, "wrong": False}
            log = Path(attempt["directory"]) / "sim.log"
            assert f"random module with {attempt['seed']}\n" in log.read_text()
            assert Path(attempt["waves"]).stat().st_size > 0
            assert os.path.relpath(attempt["waves"], directory) in page
            assert "passed when it was repeated" not in attempt["failure"]
        else:
            assert "did not build" in attempt["failure"]
    suites = ElementTree.parse(directory / "junit.xml").getroot().findall("testsuite")
    assert sum(int(suite.get("tests", "")) for suite in suites) == 2 + 4 + 2
    assert sum(int(suite.get("failures", "")) for suite in suites) == 2 + 2
    assert len(list((directory / "runs").rglob("results.xml"))) == 4
    # The next regression knows the run times.
    assert regress.expected_seconds()("good.credit_counter.bench_credit_counter.tiny.icarus") > 0.1


def test_everything_passed(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry(tmp_path, monkeypatch)
    done = command("--seeds", "1", "--test", "good", "--sim", "icarus", "--seed", "1")
    assert done.exit_code == 0, done.output
    assert "1 of 1 jobs, 0 failed" in done.stdout


REPORTED = threading.Event()
BEGUN = itertools.count(1)


def interrupting(job: Job, settings: Settings, waves: bool) -> regress.Result:
    """The process's third job sends SIGTERM once another job's result has been reported."""
    if next(BEGUN) == 3:
        assert REPORTED.wait(30)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)
    return regress.Result(job, 0.0, 0.0)


def test_what_was_done_before_an_interruption_is_reported(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = regress.attempt

    def note(result: regress.Result, inputs: str) -> object:
        REPORTED.set()
        return attempt(result, inputs)

    monkeypatch.setattr(regress, "attempt", note)
    # An interrupted Future.result() can leave a client whose later results are all cancelled.
    monkeypatch.setattr(regress, "connected", lambda scheduler, workers: in_process())
    monkeypatch.setattr(
        Engine, "__init__", functools.partialmethod(Engine.__init__, build=built, run=interrupting)
    )
    before = signal.getsignal(signal.SIGTERM)
    try:
        done = command("--test", "cells", "--sim", "icarus", "--seeds", "1", "--seed", "1")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done.exit_code == 128 + signal.SIGTERM, done.output
    summary = json.loads((directory / "summary.json").read_text())
    assert summary["interrupted"] == signal.SIGTERM
    assert 0 < len(summary["attempts"]) < summary["planned"] == len(BENCHES["cells"])
    assert " did not run," in done.stdout
    assert "; interrupted after" in done.stdout


MENDED = threading.Event()
RAN: list[Job] = []


def mended_later(job: Job, settings: Settings, waves: bool) -> regress.Result:
    """Every third seed fails as long as the fault is there; all create a directory."""
    failure = "a fault" if job.seed % 3 == 0 and not MENDED.is_set() else ""
    directory = settings.directory / "runs" / job.name
    if not waves:
        RAN.append(job)
        directory.mkdir(parents=True)
    return regress.Result(job, 0.0, 1.0, failure, str(directory))


def test_what_passed_is_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AGAIN=1 runs failed and new jobs once, and counts them with the rest."""
    work = functools.partialmethod(Engine.__init__, build=built, run=mended_later)
    monkeypatch.setattr(Engine, "__init__", work)
    RAN.clear()
    MENDED.clear()
    options = ("--test", "cells", "--sim", "icarus", "--seeds", "3")

    def summary() -> dict[str, Any]:
        document: dict[str, Any] = json.loads((directory / "summary.json").read_text())
        return document

    done = command(*options, "--again")
    assert done.exit_code == 2 and "There is no regression in" in done.output
    assert command(*options, "--seed", "1").exit_code == 1
    first, began = summary(), list(RAN)
    failed = {each["seed"] for each in first["attempts"] if each["failure"]}
    assert {each["failure"] for each in first["attempts"]} == {"", "a fault"}
    assert 0 < len(failed) < first["planned"] == len(began)
    # Another seed is another regression.
    done = command(*options, "--seed", "2", "--again")
    assert done.exit_code == 2 and "The last regression had SEED=1" in done.output
    MENDED.set()
    RAN.clear()
    done = command(*options, "--again")
    assert done.exit_code == 0, done.output
    second = summary()
    assert {job.seed for job in RAN} == failed and len(RAN) == len(failed)
    assert second["ok"] and second["continued"] == [first["revision"]]
    assert sorted(each["seed"] for each in second["attempts"]) == sorted(job.seed for job in began)
    assert second["seconds"] > first["seconds"]
    # What has changed runs again, and leaves nothing of its earlier runs.
    of_bench, changed = evidence.of_bench, began[0].bench

    def differs(bench: Bench, config: str, sim: str) -> str:
        return "another" if bench.name == changed.name else of_bench(bench, config, sim)

    monkeypatch.setattr(evidence, "of_bench", differs)
    RAN.clear()
    done = command(*options, "--again")
    assert done.exit_code == 0, done.output
    alike = [job for job in began if job.bench.name == changed.name]
    assert sorted(job.name for job in RAN) == sorted(job.name for job in alike)
    assert 0 < len(alike) < len(began) == len(summary()["attempts"])
    assert len(list((directory / "runs").iterdir())) == len(began)


def test_waves_have_a_limit(
    client: Client, tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: Job, settings: Settings, waves: bool) -> regress.Result:
        return regress.Result(job, 0.0, 0.0, "" if waves else "failed", waves="w" if waves else "")

    settings = Settings(tmp_path, "limited", waves_limit=2)
    results = [
        result
        for what, result in Engine(client, jobs_of(5), settings, same, built, fail).results()
        if what == "run"
    ]
    assert Counter(result.job.seed for result in results) == Counter(range(5))
    assert {result.failure[:6] for result in results} == {"failed"}, results
    repeated = [result for result in results if result.waves]
    assert len(repeated) == 2
    assert all("passed when it was repeated" in result.failure for result in repeated)


def test_another_checkout_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(RegressionError, match="does not share this checkout"):
        regress.check_workers(client, Settings(tmp_path, "mine"))
    (tmp_path / "token").write_text("mine")
    assert regress.check_workers(client, Settings(tmp_path, "mine")) == 1
    (tmp_path / "token").write_text("another")
    result = regress.run_job(jobs_of(1)[0], Settings(tmp_path, "mine"))
    assert "does not share the checkout" in result.failure


def test_workers_of_several_threads_are_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("mine")
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
        pytest.raises(RegressionError, match="has 2 threads: start it with --nthreads 1"),
    ):
        regress.check_workers(client, Settings(tmp_path, "mine"))


@pytest.mark.parametrize("coverage", ["0", "1"])
def test_corner_configurations_run(coverage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in a regression, and the variations of the smallest configurations also where
    coverage is measured."""
    monkeypatch.setenv("RTL_COVERAGE", coverage)
    chosen = jobs.select(1, 7, sim="verilator", config=",".join(SMALLEST))
    corners = {job.config for job in chosen if job.test == "kernel"}
    assert corners >= {WIDEST, NARROWEST, *MANY_LANES}
    benches = [bench for benches in BENCHES.values() for bench in benches]
    wanted = {(bench.name, corner) for bench in benches for corner in bench.corners}
    assert wanted <= {(job.bench.name, job.config) for job in jobs.select(1, 7, sim="verilator")}
    small = {(name, corner) for name, corner in wanted if corner.partition("+")[0] in SMALLEST}
    assert small <= {(job.bench.name, job.config) for job in chosen}


def test_seeds() -> None:
    everything = jobs.select(3, 7, icarus_seeds=3)
    assert len({job.name for job in everything}) == len(everything)
    assert everything == jobs.select(3, 7, icarus_seeds=3)
    assert {job.seed for job in everything}.isdisjoint(job.seed for job in jobs.select(3, 8))
    # A job's seeds do not depend on what else runs.
    smallest = {job.config.partition("+")[0] for job in jobs.select(1, 7, config="tiny,tiny-long")}
    assert smallest == {"tiny", "tiny-long"}
    some = jobs.select(2, 7, test="cells", sim="icarus")
    assert set(some) < set(everything)
    assert {job.sim for job in some} == {"icarus"}
    counts = Counter(job.kind for job in everything)
    for job in everything:
        assert counts[job.kind] == (1 if job.bench.exhaustive else 3), job
    for seeds, icarus_seeds, ratio in ((4, 0, 4), (5, 0, 2.5), (6, 3, 2)):
        chosen = jobs.select(seeds, 7, test="cfp", icarus_seeds=icarus_seeds)
        fewer = Counter(job.sim for job in chosen)
        assert fewer["verilator"] == ratio * fewer["icarus"] > 0


def test_a_configuration_of_ones_own() -> None:
    """At one that no bench lists, all that fit it run, unless their top is the same elsewhere."""
    own = "tiny-long+lanes-4+chunk-128+resident-3"
    chosen = jobs.select(2, 7, config=own)
    assert {(job.config, job.sim) for job in chosen} == {(own, "verilator")}
    tops = Counter(job.bench.top for job in chosen)
    assert tops.keys() >= {"kernel_tb", "four_step_core_tb", "fft_engine", "twist"}
    assert not tops.keys() & {"chunk_controller", "forward_path", "fifo", "cfp_add", "commutator"}
    assert tops["kernel_tb"] == 2 * 2  # kernel and longconv
    again = jobs.select(2, 7, config="tiny-long+resident-3+chunk-128+lanes-4")
    assert again == chosen
    both = jobs.select(2, 7, config=f"{own},tiny+chunk-128")
    assert {job.config for job in both} == {own, "tiny+chunk-128"}
    assert set(chosen) < set(both)
    in_icarus = jobs.select(2, 7, sim="icarus", config=own)
    assert {(job.config, job.sim) for job in in_icarus} == {(own, "icarus")}


def test_a_random_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the seed's, and another one for another seed."""
    seen = []

    def chosen(found: list[jobs.Job], *_: object) -> None:
        seen.append({job.config for job in found})
        raise jobs.RegressionError("no need to run them")

    monkeypatch.setattr(regress, "regress", chosen)
    for seed in (1, 1, 2):
        done = command("--config", jobs.RANDOM, "--seed", str(seed))
        (config,) = seen[-1]
        assert f"CONFIG={config}" in done.stdout
    assert seen[0] == seen[1] != seen[2]


def test_commands_repeat_one_bench() -> None:
    """BENCH= in a job's command selects its bench and no other."""
    for job in jobs.select(1, 0):
        chosen = job.command.split("BENCH=")[1].split()[0]
        found = [b for b in BENCHES[job.test] if chosen in (b.name, b.module_name)]
        assert found == [job.bench], job.command


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--test", "nothing"], "There is no test 'nothing'; choose one of: "),
        (["--sim", "spice"], "There is no simulator 'spice'; choose one of: "),
        (["--config", "huge"], "There is no configuration 'huge'; choose one of: "),
        (
            ["--config", "u200", "--test", "cfp"],
            "No bench in the registry matches TEST, SIM and CONFIG.",
        ),
        (["--seed", "x"], "SEED must be a whole number, not 'x'."),
        (["--test", "cells", "--scheduler", "tcp://127.0.0.1:1"], "There is no Dask scheduler at "),
    ],
)
def test_bad_arguments_give_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regress, "DIRECTORY", tmp_path)
    monkeypatch.setattr(regress, "FARM_WAIT_S", 1)
    done = command(*arguments)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_an_interrupted_attempt_keeps_its_files(tmp_path: Path) -> None:
    names = [regress.fresh_directory(tmp_path / "a" / "job.5").name for _ in range(3)]
    assert names == ["job.5", "job.5.try2", "job.5.try3"]


def test_the_runner_is_asked_with_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "regress_hangs.py").write_text(
        "import cocotb, time\n@cocotb.test()\nasync def hang(dut):\n    time.sleep(60)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    hanging = Bench("fifo", "regress_hangs", "", fixed(Depth=16), ("tiny",), variant="hangs")
    monkeypatch.setattr(jobs, "BENCHES", {"cells": (hanging,)})
    job = Job("cells", 0, "tiny", "icarus", 1)
    runner.build(hanging, configs.load("tiny"), "icarus")
    result = regress.run_job(job, Settings(tmp_path, "t", time_limit=2))
    assert "took longer than 2 s" in result.failure
    assert result.seconds < 20
