# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.mutate`: mutation testing: do the benches notice single faults in the RTL?

A mutant is one fault in one file: see flow/mutants.py. A bench whose design includes the file kills
the mutant by failing; one that hangs counts apart. What survives and is proved by yosys to compute
the same does not count; each other survivor needs an explanation in flow/mutation_survivors.toml.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crocuta import stops
from crocuta.design import cache
from crocuta.design.sources import RTL, design_files, rtl_file, rtl_files
from crocuta.models.configs import ROOT, load_engine
from flow import equivalence
from flow.digest import verification_digest
from flow.mutants import OPERATORS, Mutant, choose, mutants_of
from flow.pages import write_page
from tb.registry import BENCHES, LARGER, SIMS, SMALLEST, Bench

DIRECTORY = ROOT / "build" / "mutation"
SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")
COPIED = ("rtl", "models", "host", "tb", "flow", "registers", "data", "pyproject.toml")
LEAST_PERCENT = 97.0
SPARED = {"crocuta_pkg.sv", "sizes_pkg.sv", "cfp_pkg.sv"}
"""Files without logic to mutate: constants, and functions for parameters."""
KERNELS = ("crocuta_kernel", "four_step_kernel")
"""The top of each schedule."""
SLACK_S = 30
"""Seconds added to a mutant's time limit, on top of a multiple of the fault-free time."""

console = Console(highlight=False, soft_wrap=True)


class MutationError(Exception):
    """A run that cannot give a result."""


@dataclass
class Verdict:
    """The outcome of a mutant."""

    file: str
    line: int
    source: str
    change: str
    operator: str = ""
    killed_by: str = ""
    hung: bool = False
    """It was killed by the time limit alone."""
    equivalent: str = ""
    """How it was proved that it computes the same, so it does not count."""
    invalid: str = ""
    """It did not compile, so it does not count."""
    reason: str = ""
    """Why it is acceptable that a survivor survives."""

    @property
    def fate(self) -> str:
        """A name of Tally's."""
        if self.invalid or self.equivalent:
            return "invalid" if self.invalid else "equivalent"
        if self.killed_by:
            return "hung" if self.hung else "killed"
        return "survived"

    @property
    def place(self) -> tuple[str, int, str]:
        """See Mutant."""
        return self.file, self.line, self.change


class Target(NamedTuple):
    """A bench in one simulator at one configuration."""

    test: str
    bench: Bench
    config: str
    sim: str

    @property
    def name(self) -> str:
        """For people."""
        parts = (self.test, self.bench.name, self.bench.module_name, self.config, self.sim)
        return " ".join(parts)


def is_tiny(config: str) -> bool:
    """Whether it is the smallest configuration, or one with changes to it."""
    return config.partition("+")[0] in SMALLEST


def is_apart(config: str) -> bool:
    """Whether it shows what tiny does not: more lanes and tiles, or exponents as float32 has."""
    return config.partition("+")[0] in LARGER or "exponent_bits-8" in config


def targets_of(
    files: set[str], tests: Collection[str] = (), only_sim: str = ""
) -> dict[str, list[Target]]:
    """For each file of rtl/, the benches whose designs include it, at configurations of those
    schedules whose kernels include it. kernel_tb includes both kernels, of which a configuration
    simulates one. Only benches of `tests` and in `only_sim`, if these are not empty."""
    found: dict[str, list[Target]] = defaultdict(list)
    kernels = {top: set(design_files(top)) for top in KERNELS}
    for test, benches in BENCHES.items():
        for bench in benches if test in (tests or BENCHES) else ():
            sim = "icarus" if "icarus" in bench.sims else bench.sims[0]
            at = [(config, sim) for config in bench.configs if is_tiny(config)]
            # Larger ones, and narrow exponents, in Verilator: in Icarus they take minutes.
            if "verilator" in bench.sims:
                others = [each for each in (*bench.configs, *bench.corners) if is_apart(each)]
                at = [(config, on) for config, on in at if config not in others]
                at += [(config, "verilator") for config in others]
            extra = [ROOT / name for name in bench.sources if name.endswith(".sv")]
            for path in design_files(bench.top, extra):
                if path.is_relative_to(RTL) and path.name in files:
                    met = [
                        (config, on)
                        for config, on in at
                        if path in kernels[load_engine(config).top] and only_sim in ("", on)
                    ]
                    if met:
                        found[path.name] += [Target(test, bench, *each) for each in met]
    return found


def run_target(work: Path, target: Target, seed: int, limit: float) -> tuple[str, float]:
    """Runs a bench in a copy of the project.

    Returns "passed", "failed", "hung" or "did not build", and the seconds that it took.
    """
    command = [sys.executable, "-m", "flow.simulate", target.test, "--bench", target.bench.name]
    command += ["--sim", target.sim, "--config", target.config, "--seed", str(seed)]
    command.append("--fail-fast")
    # A mutant's build is never used again and must not evict useful ones from the cache.
    mutants = {
        "PYTHONPATH": f"{work / 'host'}:{work}",
        "CROCUTA_CACHE": str(cache.root() / "mutants"),
    }
    begin = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=work,
        env={**os.environ, **mutants},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        text, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "hung", time.monotonic() - begin
    seconds = time.monotonic() - begin
    if process.returncode == 0:
        return "passed", seconds
    if "did not build" in text:
        return "did not build", seconds
    if process.returncode != 1:
        raise MutationError(f"{target.name}: {text.strip().splitlines()[-1]}")
    return "failed", seconds


class Bank:
    """Copies of the project, one per process."""

    def __init__(self, jobs: int) -> None:
        self.free: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            work = DIRECTORY / f"work{number}"
            for name in COPIED:
                source, copy = ROOT / name, work / name
                if source.is_dir():
                    shutil.rmtree(copy, ignore_errors=True)
                    shutil.copytree(source, copy, symlinks=True)
                else:
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, copy)
            self.free.put(work)


def baseline(bank: Bank, targets: Sequence[Target], seed: int, jobs: int) -> dict[str, float]:
    """The seconds that every bench takes without a fault; raises MutationError if one fails."""

    def run(target: Target) -> tuple[Target, str, float]:
        work = bank.free.get()
        try:
            return target, *run_target(work, target, seed, 1800)
        finally:
            bank.free.put(work)

    seconds = {}
    with Progress(console=console) as progress, ThreadPoolExecutor(jobs) as pool:
        bar = progress.add_task("Benches without a fault", total=len(targets))
        for future in as_completed([pool.submit(run, target) for target in targets]):
            target, outcome, taken = future.result()
            if outcome != "passed":
                raise MutationError(f"Without a fault, {target.name} {outcome}: fix that first.")
            seconds[target.name] = taken
            progress.advance(bar)
    return seconds


def judge(
    bank: Bank, mutant: Mutant, targets: Sequence[Target], seconds: Mapping[str, float], seed: int
) -> Verdict:
    """Runs the mutant's benches, the quickest first, until one fails."""
    work = bank.free.get()
    source_path = rtl_file(Path(mutant.file).stem)
    path = work / source_path.relative_to(ROOT)
    original = source_path.read_text(encoding="ascii")
    source = original.splitlines()[mutant.line - 1].strip()
    verdict = Verdict(mutant.file, mutant.line, source, mutant.change, mutant.operator)
    try:
        changed = mutant.apply(original)
        path.write_text(changed, "ascii")
        for target in sorted(targets, key=lambda target: seconds[target.name]):
            limit = 3 * seconds[target.name] + SLACK_S
            outcome, _ = run_target(work, target, seed, limit)
            if outcome == "did not build":
                verdict.invalid = target.name
                break
            if outcome != "passed":
                verdict.killed_by, verdict.hung = target.name, outcome == "hung"
                break
        else:
            verdict.equivalent = equivalence.proof(source_path, changed)
    finally:
        path.write_text(original, "ascii")
        bank.free.put(work)
    return verdict


def killed_before(mutants: Sequence[Mutant]) -> list[Verdict]:
    """The last run's verdicts for the places where no mutant survived.

    Raises:
        MutationError: there was no last run, or it was of another design.
    """
    path = DIRECTORY / "summary.json"
    if not path.is_file():
        raise MutationError(f"There is no {path}: run `make mutate`.")
    last = json.loads(path.read_text(encoding="utf-8"))
    if last["design"] != verification_digest():
        raise MutationError(f"{path} is about another design or other benches: run `make mutate`.")
    verdicts = [Verdict(**verdict) for verdict in last["all"]]
    alive = {v.place for v in verdicts if not (v.killed_by or v.invalid)}
    return [v for v in verdicts if v.place in {m.place for m in mutants} - alive]


def explain(verdicts: Sequence[Verdict]) -> None:
    """Adds the reasons in mutation_survivors.toml to the survivors."""
    with SURVIVORS.open("rb") as file:
        entries = tomllib.load(file).get("survivors", [])
    reasons = {(e["file"], e["source"], e["change"]): e["reason"] for e in entries}
    for verdict in verdicts:
        verdict.reason = reasons.get((verdict.file, verdict.source, verdict.change), "")


@dataclass
class Tally:
    """The mutants of a file, of an operator, or all."""

    killed: int = 0
    hung: int = 0
    survived: int = 0
    equivalent: int = 0
    invalid: int = 0

    @property
    def mutants(self) -> int:
        """Those that count."""
        return self.killed + self.hung + self.survived

    @property
    def percent(self) -> float:
        """Those killed of those killed or alive: what hung is neither."""
        return 100.0 * self.killed / max(1, self.killed + self.survived)


def tally(verdicts: Sequence[Verdict]) -> Tally:
    """Counts verdicts."""
    return Tally(**Counter(verdict.fate for verdict in verdicts))


def report(verdicts: Sequence[Verdict], seed: int, seconds: float, only: str = "") -> bool:
    """Writes and prints the summary; returns whether enough mutants were killed and all survivors
    are explained. `only`: the modules or benches to which the run was restricted."""
    survived = [verdict for verdict in verdicts if verdict.fate == "survived"]
    explain(survived)
    total = tally(verdicts)
    groups = {
        name: {key: tally([v for v in verdicts if getattr(v, name) == key]) for key in keys}
        for name, keys in (
            ("operator", [each for each in OPERATORS if any(v.operator == each for v in verdicts)]),
            ("file", sorted({verdict.file for verdict in verdicts})),
        )
    }
    summary = {
        "mutants": total.mutants,
        **asdict(total),
        "percent": round(total.percent, 2),
        "target": LEAST_PERCENT,
        "design": verification_digest(),
        "seed": seed,
        "only": only,
        "seconds": round(seconds),
        "operators": {name: asdict(each) for name, each in groups["operator"].items()},
        "survivors": [asdict(verdict) for verdict in survived],
        "all": [asdict(verdict) for verdict in verdicts],
    }
    path = DIRECTORY / "summary.json"
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    alive = [v for v in verdicts if v.fate != "killed"]
    values = {"groups": groups, "total": total, "summary": summary, "alive": alive}
    write_page("mutation.html", DIRECTORY / "index.html", **values)
    for name, tallies in groups.items():
        table = Table(name, "mutants", "killed", "hung", "survived", box=None)
        for key, each in tallies.items():
            counts = (each.mutants, each.killed, each.hung, each.survived)
            table.add_row(key, *map(str, counts))
        console.print(table)
    for verdict in survived:
        place = f"{verdict.file}:{verdict.line}"
        console.print(f"survived: {place}: {verdict.change}: {verdict.source}", markup=False)
        console.print(f"  {verdict.reason or 'not explained'}", markup=False)
    console.print(
        f"{total.killed} of {total.killed + total.survived} mutants killed, {total.percent:.1f} %"
        f" (target {LEAST_PERCENT:g} %); besides, {total.hung} hung, {total.equivalent} compute the"
        f" same, {total.invalid} did not compile: {DIRECTORY / 'index.html'}",
        markup=False,
    )
    return total.percent >= LEAST_PERCENT and all(verdict.reason for verdict in survived)


def main(
    count: Annotated[int, typer.Option(min=1, help="mutants to draw")] = 400,
    seed: Annotated[int, typer.Option(help="draws the mutants and seeds the benches")] = 1,
    file: Annotated[str, typer.Option(help="mutate only this file of rtl/, or several")] = "",
    test: Annotated[str, typer.Option(help="only the benches of this test, or several")] = "",
    sim: Annotated[str, typer.Option(help="only this simulator: icarus or verilator")] = "",
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one per core")] = 0,
    again: Annotated[bool, typer.Option(help="only the survivors of the last run")] = False,
) -> None:
    """Injects faults into the RTL and reports how many the benches find."""
    begin = time.monotonic()
    paths = sorted(rtl_files())
    files, tests = ([name for name in text.split(",") if name] for text in (file, test))
    chosen = [p for p in paths if p.name not in SPARED and p.name in (files or [p.name])]
    jobs = jobs or len(os.sched_getaffinity(0))
    verdicts: list[Verdict] = []
    try:
        absent = [name for name in files if name not in [path.name for path in chosen]]
        if absent:
            raise MutationError(f"There is nothing to mutate in rtl/{absent[0]}.")
        absent = [name for name in tests if name not in BENCHES]
        if absent:
            raise MutationError(f"There is no test {absent[0]!r}; `make sim` lists them.")
        if sim not in ("", *SIMS):
            raise MutationError(f"There is no simulator {sim!r}; choose one of: {', '.join(SIMS)}.")
        mutants = choose({path.name: mutants_of(path) for path in chosen}, count, seed)
        if again:
            verdicts = killed_before(mutants)
            known = {verdict.place for verdict in verdicts}
            mutants = [mutant for mutant in mutants if mutant.place not in known]
        by_file = targets_of({mutant.file for mutant in mutants}, tests, sim)
        unmet = sorted({mutant.file for mutant in mutants} - by_file.keys())
        if unmet:
            raise MutationError(f"None of these benches simulates {unmet[0]}.")
        bank = Bank(jobs)
        unique = {target.name: target for targets in by_file.values() for target in targets}
        console.print(f"{len(mutants)} mutants, {len(unique)} benches, seed {seed}")
        seconds = baseline(bank, list(unique.values()), seed, jobs)
        with Progress(console=console) as progress, ThreadPoolExecutor(jobs) as pool:
            bar = progress.add_task("Mutants", total=len(mutants))
            futures = [
                pool.submit(judge, bank, mutant, by_file[mutant.file], seconds, seed)
                for mutant in mutants
            ]
            for future in as_completed(futures):
                verdict = future.result()
                verdicts.append(verdict)
                fate = verdict.fate
                if verdict.killed_by:
                    fate += (
                        f" by {verdict.killed_by}"
                        if fate == "killed"
                        else f" in {verdict.killed_by}"
                    )
                place = f"{verdict.file}:{verdict.line}"
                console.print(f"{place}: {verdict.change}: {fate}", markup=False)
                survivors = tally(verdicts).survived
                progress.update(bar, advance=1, description=f"Mutants, {survivors} survive")
    except MutationError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    verdicts.sort(key=lambda verdict: (verdict.file, verdict.line, verdict.change))
    only = " ".join(filter(None, (file, test, sim)))
    if not report(verdicts, seed, time.monotonic() - begin, only):
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
