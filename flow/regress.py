# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.regress`: the benches over many seeds, and the other tests once.

Dask runs the jobs on a LocalCluster, or on a farm, given its scheduler. All builds run first, then
the simulations, the longest ones first. If a worker dies, its jobs run again elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree

import dask
import typer
from distributed import Client, Future, KilledWorker, LocalCluster, as_completed
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from crocuta import stops
from crocuta.errors import BuildError
from crocuta.models.configs import ROOT, ConfigError, load_model
from flow import runner, signoff
from flow.digest import verification_digest
from flow.jobs import RANDOM, Job, RegressionError, inputs_of, select
from flow.regress_report import Attempt, PytestResult, Summary, read, write
from flow.soak_cases import random_config

DIRECTORY = ROOT / "build" / ("coverage/regress" if runner.covers() else "regress")
BUILDS_FIRST = 1_000_000
"""Priority of builds; a simulation's is its expected seconds."""
FARM_WAIT_S = 60

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Settings:
    """Settings for the workers."""

    directory: Path
    """The regression's directory, in the checkout that all workers share."""
    token: str
    """Identifies the regression; stored in a file in `directory`."""
    time_limit: float = 1200
    waves_limit: int = 5
    rtl_coverage: str = ""
    """The value of RTL_COVERAGE, because a farm's workers do not share the environment."""


@dataclass
class Result:
    """The outcome of a build or of a job."""

    job: Job
    seconds: float
    cpu: float
    """CPU seconds; fewer than `seconds` on a busy machine."""
    failure: str = ""
    """One sentence, or "" if it passed."""
    directory: str = ""
    """The directory with the log and the results."""
    tests: dict[str, bool] = field(default_factory=dict)
    """The cocotb tests that ran, and whether they passed."""
    waves: str = ""
    """The waves file of a repeated failure, or why there is none."""


Work = Callable[[Job, Settings, bool], Result]


def fresh_directory(path: Path) -> Path:
    """Creates `path`, or another next to it if a worker that died, or seems to have, used it."""
    number = 1
    while True:
        attempt = path if number == 1 else path.with_name(f"{path.name}.try{number}")
        with contextlib.suppress(FileExistsError):
            attempt.mkdir(parents=True)
            return attempt
        number += 1


def checkout(directory: Path) -> tuple[Path, str]:
    """Runs on a worker: its checkout's path and the token of the regression that it sees there."""
    token = directory / "token"
    return ROOT, token.read_text(encoding="ascii") if token.is_file() else ""


def check_checkout(settings: Settings) -> None:
    """Raises BenchFailure if this worker's checkout is not the regression's."""
    if checkout(settings.directory) != (ROOT, settings.token):
        raise runner.BenchFailure(f"A worker does not share the checkout: its {ROOT} differs.")


def prepare(settings: Settings) -> None:
    """Checks the checkout and sets the environment, before each build and run."""
    check_checkout(settings)
    os.environ["RTL_COVERAGE"] = settings.rtl_coverage


def quiet() -> contextlib.AbstractContextManager[object]:
    """Keeps a worker's output off the screen; the logs have it."""
    return contextlib.redirect_stdout(io.StringIO())


class Watch:
    """Measures one build or run; a worker runs only one at a time."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), self._children()

    @staticmethod
    def _children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def read(self) -> tuple[float, float]:
        """Seconds since the start, and CPU seconds of child processes."""
        begin, cpu = self._begin
        return time.perf_counter() - begin, self._children() - cpu


def build_job(job: Job, settings: Settings, waves: bool = False) -> Result:
    """Compiles the build that a job needs."""
    watch, failure = Watch(), ""
    try:
        prepare(settings)
        with quiet():
            config = load_model(job.config)
            runner.build(job.bench, config, job.sim, waves, settings.time_limit)
    except BuildError as error:
        failure = str(error)
    directory = runner.build_directory(job.bench, load_model(job.config), job.sim, waves)
    return Result(job, *watch.read(), failure, str(directory))


def test_results(path: Path) -> list[tuple[str, bool]]:
    """The tests in a JUnit file and whether they passed; skipped ones are left out."""
    if not path.is_file():
        return []
    return [
        (case.get("name", "?"), case.find("failure") is None and case.find("error") is None)
        for case in ElementTree.parse(path).getroot().iter("testcase")
        if case.find("skipped") is None
    ]


def run_job(job: Job, settings: Settings, waves: bool = False) -> Result:
    """Runs a job on its build; the result records a failure, nothing is raised."""
    watch, failure = Watch(), ""
    directory = fresh_directory(settings.directory / ("waves" if waves else "runs") / job.name)
    try:
        prepare(settings)
        with quiet():
            runner.run(
                job.bench,
                load_model(job.config),
                job.sim,
                job.seed,
                waves,
                test_dir=directory,
                time_limit=settings.time_limit,
            )
    except BuildError as error:
        failure = str(error)
    result = Result(job, *watch.read(), failure, str(directory))
    result.tests = dict(test_results(directory / "results.xml"))
    if waves:
        found = sorted(directory.glob("*.fst"))
        result.waves = str(found[0]) if found else failure
    return result


class Engine:
    """Submits builds and jobs to Dask and collects their results."""

    def __init__(
        self,
        client: Client,
        jobs: Sequence[Job],
        settings: Settings,
        expected: Callable[[str], float],
        build: Work = build_job,
        run: Work = run_job,
    ) -> None:
        """`expected` estimates the seconds of a build or of a kind of job: long ones go first."""
        self.client = client
        self.settings = settings
        self.expected = expected
        self.work: dict[str, Work] = {"build": build, "run": run, "waves": run}
        self.waiting: dict[str, list[Job]] = {}
        for job in jobs:
            self.waiting.setdefault(job.build, []).append(job)
        self.under_way: dict[Any, tuple[str, Job]] = {}
        self.failed: dict[str, Result] = {}
        self.repeated = 0
        self.futures = as_completed()

    def results(self) -> Iterator[tuple[str, Result]]:
        """Yields ("build" or "run", result) as each one ends, every job once.

        If a failed job is repeated with waves, its result comes after the repetition.
        """
        for jobs in self.waiting.values():
            self._submit("build", jobs[0], BUILDS_FIRST + self.expected(jobs[0].build))
        for future in self.futures:
            what, job = self.under_way.pop(future.key)
            result = self._result(future, job)
            future.release()
            if what == "build":
                yield what, result
                yield from self._start(job.build, result)
            elif what == "waves":
                yield "run", self._with_waves(result)
            elif result.failure and self.repeated < self.settings.waves_limit:
                self.repeated += 1
                self.failed[job.name] = result
                self._submit("waves", job, self.expected(job.kind))
            else:
                yield what, result

    def _submit(self, what: str, job: Job, priority: float) -> None:
        name = job.build if what == "build" else job.name
        future = self.client.submit(
            self.work[what],
            job,
            self.settings,
            what == "waves",
            key=(f"{what}-{self.settings.token}", name),
            priority=priority,
            pure=False,
        )
        self.under_way[future.key] = what, job
        self.futures.add(future)

    def _start(self, build: str, result: Result) -> Iterator[tuple[str, Result]]:
        """Submits the jobs of a build, or fails them if the build failed."""
        for job in self.waiting.pop(build):
            if result.failure:
                yield "run", Result(job, 0.0, 0.0, result.failure, result.directory)
            else:
                self._submit("run", job, self.expected(job.kind))

    def _with_waves(self, repeated: Result) -> Result:
        result = self.failed.pop(repeated.job.name)
        result.waves = repeated.waves or repeated.failure
        if not repeated.failure:
            result.failure += " (It passed when it was repeated with waves.)"
        return result

    @staticmethod
    def _result(future: Future[Result], job: Job) -> Result:
        try:
            # Blocks if the worker with the result has died: Dask then computes it again.
            result: Result = future.result()
        except KilledWorker:
            return Result(job, 0.0, 0.0, "Every worker that ran this job died.")
        except Exception as error:
            return Result(job, 0.0, 0.0, f"The job did not run: {type(error).__name__}: {error}")
        return result


def expected_seconds() -> Callable[[str], float]:
    """Estimates seconds of builds and kinds of job from the previous regression, or guesses."""
    known: Mapping[str, float] = {}
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads((DIRECTORY / "summary.json").read_text(encoding="utf-8"))["expected"]

    def seconds(name: str) -> float:
        guess = (4.0 if "icarus" in name else 2.0) * (3.0 if ".small." in name else 1.0)
        return known.get(name, guess)

    return seconds


@contextlib.contextmanager
def connected(scheduler: str, workers: int) -> Iterator[Client]:
    """A client of the scheduler at an address, or of a cluster on this machine's cores."""
    # A worker gets a job only when it is free, so long ones do not queue behind each other.
    dask.config.set({"distributed.scheduler.worker-saturation": 1.0})
    if scheduler:
        try:
            client = Client(scheduler, timeout=FARM_WAIT_S)
        except (OSError, ValueError) as error:
            raise RegressionError(f"There is no Dask scheduler at {scheduler}: {error}.") from None
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            local_directory=str(DIRECTORY / "dask"),
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def check_workers(client: Client, settings: Settings) -> int:
    """The number of workers; raises RegressionError unless each has one thread in this checkout."""
    try:
        client.wait_for_workers(1, timeout=FARM_WAIT_S)
    except TimeoutError:
        raise RegressionError(f"The scheduler has no worker after {FARM_WAIT_S} s.") from None
    answers = client.run(checkout, settings.directory, on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, Exception):
            raise RegressionError(
                f"The worker {worker} cannot import the project ({answer}): start it in {ROOT}"
                " with its .venv."
            )
        if answer != (ROOT, settings.token):
            raise RegressionError(
                f"The worker {worker} does not share this checkout: {ROOT} must be the same"
                " directory on every machine."
            )
    for worker, about in client.scheduler_info(n_workers=-1)["workers"].items():
        if about["nthreads"] != 1:
            raise RegressionError(
                f"The worker {worker} has {about['nthreads']} threads: start it with --nthreads 1."
            )
    return len(answers)


def run_pytest(seed: int, workers: int) -> PytestResult:
    """Runs all tests but the benches, once."""
    results, log = DIRECTORY / "pytest.xml", DIRECTORY / "pytest.log"
    command = [sys.executable, "-m", "pytest", "-n", str(workers), f"--seed={seed}"]
    command += [f"--junitxml={results}", "--deselect", "tests/test_benches.py::test_bench["]
    watch = Watch()
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    tests = test_results(results)
    seconds, cpu = watch.read()
    return PytestResult(
        passed=sum(passed for _, passed in tests),
        failed=sum(not passed for _, passed in tests),
        ok=done.returncode == 0,
        seconds=round(seconds, 1),
        cpu=round(cpu, 1),
        log=str(log),
        results=str(results),
        command=f"SEED={seed} .venv/bin/python -m pytest"
        " --deselect 'tests/test_benches.py::test_bench['",
    )


def revision() -> str:
    """The commit, followed by + if files differ from it; "" outside git."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        commit = git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if commit and git("status", "--porcelain", "-uno") else "")
    except OSError:
        return ""


def attempt(result: Result, inputs: str) -> Attempt:
    """A result, and what it depends on, in the form that the reports store."""
    job = result.job
    return Attempt(
        kind=job.kind,
        test=job.test,
        bench=job.bench.name,
        module=job.bench.module_name,
        config=job.config,
        sim=job.sim,
        seed=job.seed,
        seconds=round(result.seconds, 2),
        cpu=round(result.cpu, 2),
        failure=result.failure,
        directory=result.directory,
        tests=result.tests,
        waves=result.waves,
        command=job.command,
        inputs=inputs,
    )


def progress_bar() -> Progress:
    """Shows counts, a bar in seconds of work, and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]} done, {task.fields[failed]} failed"),
        TextColumn("{task.fields[left]} left"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def simulate(engine: Engine, summary: Summary, jobs: int, inputs: Mapping[str, str]) -> None:
    """Runs all jobs and prints a line for each."""
    names = [job.build for group in engine.waiting.values() for job in group[:1]]
    names += [job.kind for group in engine.waiting.values() for job in group]
    counts: dict[str, Any] = {"done": 0, "failed": 0, "left": jobs}
    with progress_bar() as progress:
        total = sum(map(engine.expected, names))
        bar = progress.add_task("regression", total=total, **counts)
        for what, result in engine.results():
            job = result.job
            name = job.build if what == "build" else job.kind
            if what == "build":
                summary.builds[name] = round(result.seconds, 2)
                summary.build_cpu += result.cpu
            else:
                summary.attempts.append(attempt(result, inputs[job.kind]))
                counts["done"] += 1
                counts["left"] -= 1
                counts["failed"] += bool(result.failure)
            state = (
                "[red]FAILED[/]" if result.failure else "built " if what == "build" else "ok    "
            )
            seed = "" if what == "build" else f"  SEED={job.seed}"
            progress.console.print(f"{state} {name}{seed}  {result.seconds:.1f} s")
            if result.failure and what == "run":
                progress.console.print(f"       {result.failure}", style="red", markup=False)
                progress.console.print(f"       {job.command}", markup=False)
            progress.update(bar, advance=engine.expected(name), **counts)


def continued(
    before: Summary, jobs: Sequence[Job], inputs: Mapping[str, str]
) -> tuple[Summary, list[Job]]:
    """The results of an earlier regression that stand, and the jobs still to pass; removes what
    else the former has left."""
    asked = {job.name for job in jobs}
    kept = [
        each
        for each in before.attempts
        if each.name in asked and not each.failure and each.inputs == inputs[each.kind]
    ]
    pytest_stands = before.pytest and before.pytest.ok and before.design == verification_digest()
    summary = Summary(
        seed=before.seed,
        revision=revision(),
        planned=len(jobs),
        seconds=before.seconds,
        pytest=before.pytest if pytest_stands else None,
        builds=dict(before.builds),
        build_cpu=before.build_cpu,
        attempts=kept,
        continued=[*before.continued, before.revision],
    )
    directories = {Path(each.directory) for each in kept}
    for folder in (DIRECTORY / "runs", DIRECTORY / "waves"):
        for path in folder.glob("*"):
            if path not in directories:
                shutil.rmtree(path, ignore_errors=True)
    passed = {each.name for each in kept}
    return summary, [job for job in jobs if job.name not in passed]


def regress(
    jobs: Sequence[Job],
    base: int,
    scheduler: str,
    workers: int,
    limit: float,
    everything: bool,
    before: Summary | None = None,
) -> Summary:
    """Runs the whole regression, or the part that did not pass in `before`; writes its reports.

    An interrupted regression writes reports, too.
    """
    expected, inputs = expected_seconds(), inputs_of(jobs)
    summary = Summary(seed=base, revision=revision(), planned=len(jobs))
    if before:
        summary, jobs = continued(before, jobs, inputs)
        console.print(f"{len(summary.attempts)} of them have passed, {len(jobs)} are left")
    else:
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        DIRECTORY.mkdir(parents=True)
    coverage = os.environ.get("RTL_COVERAGE", "")
    settings = Settings(DIRECTORY, secrets.token_hex(8), limit, rtl_coverage=coverage)
    (DIRECTORY / "token").write_text(settings.token, encoding="ascii")
    begin = time.perf_counter() - summary.seconds
    try:
        with stops.raising(), connected(scheduler, workers) as client:
            summary.workers = check_workers(client, settings)
            if everything and summary.pytest is None:
                with console.status("Tests without a simulator, in pytest"):
                    summary.pytest = run_pytest(base, workers)
                console.print(summary.pytest.sentence)
            engine = Engine(client, jobs, settings, expected)
            simulate(engine, summary, len(jobs), inputs)
    except stops.Stopped as stopped:
        summary.interrupted = stopped.number
    summary.seconds = round(time.perf_counter() - begin, 1)
    write(summary, DIRECTORY)
    return summary


def main(
    seeds: Annotated[int, typer.Option(min=1, help="seeds per bench")] = 3,
    seed: Annotated[str, typer.Option(help="base seed, from which all others derive")] = "",
    test: Annotated[str, typer.Option(help="only this test")] = "",
    sim: Annotated[str, typer.Option(help="only this simulator")] = "",
    config: Annotated[
        str, typer.Option(help=f"only this configuration and its variations; {RANDOM}: any kernel")
    ] = "",
    icarus_seeds: Annotated[int, typer.Option(min=0, help="seeds in Icarus; 0: a quarter")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one per core")] = 0,
    scheduler: Annotated[str, typer.Option(help="a Dask scheduler's address")] = "",
    limit: Annotated[float, typer.Option(min=1, help="seconds allowed per simulation")] = 1200,
    again: Annotated[bool, typer.Option(help="keep what passed last and still stands")] = False,
    lacking: Annotated[bool, typer.Option(help="only what `make signoff` still lacks")] = False,
) -> None:
    """Runs the benches over many seeds, and the other tests once unless options select benches."""
    try:
        before = read(DIRECTORY) if again else None
        if again and before is None:
            raise RegressionError(
                f"There is no regression in {DIRECTORY} to continue: run it without AGAIN=1."
            )
        base = runner.default_seed(seed or (str(before.seed) if before else ""))
        if before and before.seed != base:
            raise RegressionError(f"The last regression had SEED={before.seed}: use that.")
        if sim:
            runner.check_sim(sim)
        if config == RANDOM:
            config = random_config(random.Random(base)).name
            console.print(f"CONFIG={config}")
        chosen = select(seeds, base, test, sim, config, icarus_seeds)
        if lacking:
            chosen = signoff.lacking(chosen)
        workers = jobs or len(os.sched_getaffinity(0))
        console.print(f"{len(chosen)} jobs, repeated with SEED={base}")
        everything = not (test or sim or config)
        summary = regress(chosen, base, scheduler, workers, limit, everything, before)
    except (RegressionError, BuildError, ConfigError) as error:
        message = str(error)
        sentence = f"{message[0].upper()}{message[1:].removesuffix('.')}."
        Console(stderr=True, soft_wrap=True).print(sentence, style="red", markup=False)
        raise typer.Exit(2) from None
    console.print(summary.sentence, style="green" if summary.ok else "red", markup=False)
    console.print(f"Report: {DIRECTORY / 'index.html'}", markup=False)
    if not summary.ok:
        raise typer.Exit(128 + summary.interrupted if summary.interrupted else 1)


if __name__ == "__main__":
    # Import by name: the workers unpickle functions of flow.regress, not of __main__.
    from flow.regress import main as command

    stops.run(command)
