# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.soak`: runs random kernels through random jobs, stalls, AXI errors, resets and
aborts for hours in Verilator.

A session runs a few minutes of cases on one random design, in a process of its own, which may crash
or hang. A failure is reduced to a few small cases and written to a file that reproduces it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from crocuta import stops
from crocuta.backends.rtl_kernel import RtlKernel
from crocuta.design import cache
from crocuta.errors import BuildError, KernelError
from crocuta.models import configs
from crocuta.models.configs import ROOT, ConfigError
from flow import evidence, runner
from flow.digest import verification_digest
from flow.pages import write_page
from flow.soak_cases import Case, Script, cases, random_config, read_scripts, smaller, text_of
from flow.soak_cases import fits as case_fits
from flow.soak_driver import Driver, play, problem_of

DIRECTORY = ROOT / "build" / "soak"
SESSION_S = 60
"""Seconds of cases per design: the more designs, the better, but the largest one takes minutes to
compile."""
SILENT_S = 300
"""Seconds without a finished case after which a session counts as hung: no case takes that long."""
COMPILE_S = 3600
SHRINK_S = 60
"""Seconds for reducing a failure."""
SOAK_FOLDER = "soak"
CACHE_BYTES = 1 << 30
"""Limit of the soaks' own directory in the cache: their designs are not useful for long."""
REPORT_S = 5
LEAST_JOBS = 10_000
"""Minimum for a soak that the sign-off accepts."""

console = Console(highlight=False, soft_wrap=True)


class SoakRefusal(Exception):
    """A soak that cannot start."""


@dataclass
class Failure:
    """A failure that a session found."""

    seed: int
    """The session's seed."""
    number: int
    """Of the case."""
    problem: str
    script: str
    """The cases that reproduce it, as text."""
    file: str = ""
    command: str = ""


@dataclass
class Session:
    """The results of a session on one design."""

    seed: int
    config: str
    compile_seconds: float = 0.0
    seconds: float = 0.0
    cases: int = 0
    jobs: int = 0
    clocks: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    acts: dict[str, int] = field(default_factory=dict)
    failure: Failure | None = None
    complete: bool = False


@dataclass
class Summary:
    """The results of a soak."""

    seed: int
    only: str = ""
    """The configuration to which it is restricted."""
    design: str = field(default_factory=verification_digest)
    """The digest when it began."""
    inputs: str = field(default_factory=evidence.of_soak)
    """What its outcome depends on."""
    seconds: float = 0.0
    sessions: list[Session] = field(default_factory=list)
    interrupted: int = 0

    @property
    def failures(self) -> list[Failure]:
        """What was found."""
        return [session.failure for session in self.sessions if session.failure]

    @property
    def jobs(self) -> int:
        """The total number compared."""
        return sum(session.jobs for session in self.sessions)

    def total(self, name: str) -> dict[str, int]:
        """The counts of all sessions, "ends" or "acts", the most frequent first."""
        counts: Counter[str] = Counter()
        for session in self.sessions:
            counts.update(getattr(session, name))
        return dict(counts.most_common())

    @property
    def sentence(self) -> str:
        """A summary for people."""
        minutes = max(self.seconds, 1) / 60
        return (
            f"{self.jobs} jobs on {sum(s.jobs > 0 for s in self.sessions)} designs,"
            f" {len(self.failures)} failures, in {minutes:.1f} min:"
            f" {self.jobs / minutes:.0f} jobs per minute"
        )


def session_seed(base: int, number: int) -> int:
    """The seed of a session, a function of its arguments alone."""
    return int.from_bytes(hashlib.sha256(f"soak/{base}/{number}".encode()).digest()[:4], "big")


def session_config(seed: int, name: str) -> configs.Config:
    """The session's design: the given one, or a random one."""
    return configs.load_model(name) if name else random_config(random.Random(seed))


# In a session's process.


def shrink(
    script: Script, fails: Callable[[Script], str], fits: Callable[[Case], bool], seconds: float
) -> Script:
    """The smallest script, found within a time limit, for which `fails` reports a failure."""
    end = time.monotonic() + seconds

    def attempt(shorter: Sequence[Case]) -> bool:
        if time.monotonic() > end:
            return False
        candidate = script.model_copy(update={"cases": tuple(shorter)})
        return bool(fails(candidate))

    kept = list(script.cases)
    count = 1
    while count < len(kept):  # usually the last case alone, or a few before it
        if attempt(kept[-count:]):
            kept = kept[-count:]
            break
        count *= 2
    for number in reversed(range(len(kept) - 1)):
        shorter = kept[:number] + kept[number + 1 :]
        if attempt(shorter):
            kept = shorter
    for number in reversed(range(len(kept))):
        found = True
        while found:
            found = False
            for case in smaller(kept[number]):
                if fits(case) and attempt([*kept[:number], case, *kept[number + 1 :]]):
                    kept[number], found = case, True
                    break
    return script.model_copy(update={"cases": tuple(kept)})


def soak(
    session: Session,
    deadline: float,
    tell: Callable[[Session], object],
    count: int = 0,
    make: Callable[[configs.Config], RtlKernel] = RtlKernel,
) -> None:
    """Runs cases until the deadline, until `count` of them, or until a failure."""
    config = configs.load_model(session.config)
    begin = time.monotonic()
    kernel = make(config)
    session.compile_seconds = round(time.monotonic() - begin, 1)
    tell(session)
    end = min(deadline, time.time() + SESSION_S)
    stop_clocks = session.seed % 4 != 0
    kernel.stop_clocks(stop_clocks)
    driver, done = Driver(kernel), list[Case]()
    begin, told = time.monotonic(), 0.0

    def update() -> None:
        session.seconds = round(time.monotonic() - begin, 1)
        session.cases, session.jobs = len(done), driver.jobs
        session.clocks = kernel.clocks
        session.ends, session.acts = dict(driver.ends), dict(driver.acts)
        tell(session)

    for case in islice(cases(session.seed, config), count or None):
        if time.time() > end:
            break
        done.append(case)
        if time.monotonic() > told + 1:
            told = time.monotonic()
            update()
        problem = problem_of(driver, case)
        if problem:
            script = Script(config=config.name, stop_clocks=stop_clocks, cases=tuple(done))
            session.failure = Failure(session.seed, len(done) - 1, problem, text_of(script))
            update()

            def fails(candidate: Script) -> str:
                return play(candidate, make(config))

            small = shrink(script, fails, lambda each: case_fits(each, config), SHRINK_S)
            # If the script passes on a new kernel, there is no more than the original finding.
            session.failure.problem = fails(small) or problem
            session.failure.script = text_of(small)
            break
    update()


def work(session: Session, deadline: float, count: int, folder: str, outlet: Connection) -> None:
    """The main function of a session's process."""
    os.environ["CROCUTA_CACHE"] = folder
    try:
        soak(session, deadline, outlet.send, count)
    except (BuildError, KernelError) as error:
        session.failure = Failure(session.seed, session.cases, str(error), "")
    with contextlib.suppress(BuildError):
        if Path(folder).name == SOAK_FOLDER:
            cache.evict(CACHE_BYTES)
    session.complete = True
    outlet.send(session)


# In the command's process.


@dataclass
class Worker:
    """A running session."""

    session: Session
    process: Any
    inlet: Connection
    heard: float

    def overdue(self) -> bool:
        """Whether it hangs."""
        limit = SILENT_S if self.session.compile_seconds else COMPILE_S
        return time.monotonic() > self.heard + limit + SHRINK_S

    def crashed(self, what: str) -> None:
        """Handles a session that died: all its cases so far reproduce that."""
        session = self.session
        if session.failure is None:
            config = configs.load_model(session.config)
            done = tuple(islice(cases(session.seed, config), session.cases + 1))
            script = Script(config=config.name, stop_clocks=session.seed % 4 != 0, cases=done)
            session.failure = Failure(session.seed, session.cases, what, text_of(script))


def start(session: Session, deadline: float, count: int, folder: str) -> Worker:
    """Starts a session's process."""
    context = multiprocessing.get_context("spawn")
    inlet, outlet = context.Pipe(duplex=False)
    arguments = (session, deadline, count, folder, outlet)
    process = context.Process(target=work, args=arguments, daemon=True)
    process.start()
    outlet.close()
    return Worker(session, process, inlet, time.monotonic())


def keep(failure: Failure, directory: Path) -> None:
    """Writes the file that repeats a failure."""
    if not failure.script:
        return
    path = directory / "failures" / f"{failure.seed}-{failure.number}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(failure.script + "\n", encoding="utf-8")
    failure.file = str(path)
    failure.command = f"make soak REPEAT={path.relative_to(ROOT)}"


def write(summary: Summary, directory: Path) -> None:
    """Writes summary.json and index.html."""
    document = {
        "jobs": summary.jobs,
        "cases": sum(session.cases for session in summary.sessions),
        "clocks": sum(session.clocks for session in summary.sessions),
        "designs": sum(session.jobs > 0 for session in summary.sessions),
        "ends": summary.total("ends"),
        "acts": summary.total("acts"),
        "failures": [asdict(failure) for failure in summary.failures],
        "target": LEAST_JOBS,
        **asdict(summary),
    }
    path = directory / "summary.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    write_page("soak.html", directory / "index.html", summary=summary)


def resumed(directory: Path) -> Summary:
    """The soak to add to; raises SoakRefusal if there is none, or of another design."""
    path = directory / "summary.json"
    if not path.is_file():
        raise SoakRefusal(f"there is no {path}: run `make soak` without AGAIN=1")
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["inputs"] != evidence.of_soak():
        raise SoakRefusal(f"{path} is about another design: run `make soak` without AGAIN=1")
    done = []
    for each in found["sessions"]:
        failure = Failure(**each["failure"]) if each["failure"] else None
        done.append(Session(**{**each, "failure": failure}))
    return Summary(found["seed"], found["only"], seconds=found["seconds"], sessions=done)


def sessions(seed: int, config: str, number: int) -> Iterator[Session]:
    """Yields the sessions of a soak from a number on, endlessly."""
    while True:
        each = session_seed(seed, number)
        yield Session(each, session_config(each, config).name)
        number += 1


def run(summary: Summary, hours: float, jobs: int, count: int, config: str, limit: int) -> None:
    """Runs sessions in parallel until the time is over, or `limit` of them, and reports them."""
    before = summary.seconds
    begin = time.monotonic()
    # A random design is never used again and must not evict useful ones from the cache.
    folder = str(cache.root() if config else cache.root() / SOAK_FOLDER)
    deadline = time.time() + 3600 * hours
    source = islice(sessions(summary.seed, config, len(summary.sessions)), limit or None)
    workers: list[Worker] = []
    columns = (TextColumn("{task.description}"), TimeElapsedColumn(), TimeRemainingColumn())
    reported = 0.0
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("soak", total=3600 * hours)
        try:
            while True:
                while len(workers) < jobs and time.time() < deadline:
                    session = next(source, None)
                    if session is None:
                        break
                    if evidence.of_soak() != summary.inputs:
                        raise SoakRefusal("the design changed while it was soaked: start again")
                    summary.sessions.append(session)
                    workers.append(start(session, deadline, count, folder))
                if not workers:
                    break
                wait([worker.inlet for worker in workers], timeout=1)
                if time.time() > deadline:
                    # A session that is still compiling comes too late.
                    late = [each for each in workers if not each.session.compile_seconds]
                    for worker in late:
                        worker.process.kill()
                        summary.sessions.remove(worker.session)
                    workers = [worker for worker in workers if worker not in late]
                workers = [each for each in workers if not listen(each, summary, progress)]
                taken = time.monotonic() - begin
                summary.seconds = round(before + taken, 1)
                progress.update(bar, completed=taken, description=summary.sentence)
                if time.monotonic() > reported + REPORT_S:
                    reported = time.monotonic()
                    write(summary, DIRECTORY)
        finally:
            for worker in workers:
                worker.process.kill()
            summary.seconds = round(before + time.monotonic() - begin, 1)


def listen(worker: Worker, summary: Summary, progress: Progress) -> bool:
    """Handles a session's message; returns whether the session has ended."""
    try:
        while worker.inlet.poll():
            session = worker.inlet.recv()
            place = next(i for i, each in enumerate(summary.sessions) if each.seed == session.seed)
            summary.sessions[place] = worker.session = session
            worker.heard = time.monotonic()
    except EOFError:
        worker.process.join()
        if not worker.session.complete:
            worker.crashed(f"The simulation crashed: exit code {worker.process.exitcode}.")
            worker.session.complete = True
    if worker.overdue():
        worker.process.kill()
        worker.crashed(f"The simulation hung: nothing for {SILENT_S} s.")
        worker.session.complete = True
    if not worker.session.complete:
        return False
    worker.process.join()
    session, failure = worker.session, worker.session.failure
    state = "[red]FAILED[/]" if failure else "ok    "
    speed = session.jobs / max(session.seconds, 0.1)
    progress.console.print(
        f"{state} {session.config}  {session.jobs} jobs, {speed:.1f}/s; compiled in"
        f" {session.compile_seconds:.0f} s"
    )
    if failure:
        keep(failure, DIRECTORY)
        progress.console.print(f"       {failure.problem}", style="red", markup=False)
        progress.console.print(f"       {failure.command}", markup=False)
    return True


def repeat(path: Path) -> int:
    """Runs the scripts in a file; returns how many fail."""
    failed = 0
    for script in read_scripts(path):
        problem = play(script, RtlKernel(configs.load_model(script.config)))
        failed += bool(problem)
        console.print(f"{script.config}: {problem or 'passed'}", markup=False)
    return failed


def main(
    hours: Annotated[float, typer.Option(min=0.001, help="how long, in hours")] = 1.0,
    seed: Annotated[str, typer.Option(help="the seed that all others follow from")] = "",
    config: Annotated[str, typer.Option(help="this configuration alone")] = "",
    count: Annotated[int, typer.Option(min=0, help="cases of a session; 0: any")] = 0,
    limit: Annotated[int, typer.Option(min=0, help="sessions; 0: any")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one a core")] = 0,
    script: Annotated[str, typer.Option("--repeat", help="only the scripts of a file")] = "",
    again: Annotated[bool, typer.Option(help="add to the last soak")] = False,
) -> None:
    """Runs random kernels through random jobs and disturbances."""
    try:
        if script:
            if not Path(script).is_file():
                raise SoakRefusal(f"There is no file {script}.")
            raise typer.Exit(1 if repeat(Path(script)) else 0)
        if config:
            configs.load_model(config).check_rtl()
        if again:
            summary = resumed(DIRECTORY)
            if seed and runner.default_seed(seed) != summary.seed:
                raise SoakRefusal(f"the last soak had SEED={summary.seed}: use that")
            if config != summary.only:
                restricted = summary.only or "random ones"
                raise SoakRefusal(f"the last soak was of {restricted}: use the same CONFIG")
            console.print(f"{hours:g} h more after {summary.sentence}")
        else:
            summary = Summary(runner.default_seed(seed), config)
            shutil.rmtree(DIRECTORY, ignore_errors=True)
            DIRECTORY.mkdir(parents=True)
            console.print(f"A soak of {hours:g} h, repeated with SEED={summary.seed}")
        try:
            with stops.raising():
                run(summary, hours, jobs or len(os.sched_getaffinity(0)), count, config, limit)
        except stops.Stopped as stopped:
            summary.interrupted = stopped.number
        write(summary, DIRECTORY)
    except (SoakRefusal, BuildError, ConfigError, runner.BenchFailure) as error:
        message = str(error)
        sentence = f"{message[0].upper()}{message[1:].removesuffix('.')}."
        Console(stderr=True, soft_wrap=True).print(sentence, style="red", markup=False)
        raise typer.Exit(2) from None
    console.print(summary.sentence, style="red" if summary.failures else "green", markup=False)
    console.print(f"Report: {DIRECTORY / 'index.html'}", markup=False)
    if summary.interrupted:
        raise typer.Exit(128 + summary.interrupted)
    if summary.failures or not summary.jobs:
        raise typer.Exit(1)


if __name__ == "__main__":
    # Import by name: the sessions' processes unpickle functions of flow.soak, not of __main__.
    from flow.soak import main as command

    stops.run(command)
