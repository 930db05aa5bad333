# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.mutate`: mutation testing: do the benches notice single faults in the RTL?

A mutant is one change in one file: an operator replaced, a condition negated, the arms of a
conditional swapped, a constant changed, or an assignment dropped. A bench whose design includes the
file kills the mutant by failing or hanging. Each survivor needs an explanation in
flow/mutation_survivors.toml.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any, NamedTuple

import typer
from pyslang.parsing import Token
from pyslang.syntax import SyntaxKind, SyntaxNode, SyntaxTree
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crocuta import stops
from crocuta.design import cache
from crocuta.design.sources import RTL, design_files, rtl_file, rtl_files
from crocuta.models.configs import ROOT
from flow.digest import verification_digest
from tb.registry import BENCHES, Bench

DIRECTORY = ROOT / "build" / "mutation"
SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")
COPIED = ("rtl", "models", "host", "tb", "flow", "registers", "data", "pyproject.toml")
SMALLEST = ("tiny", "tiny-long")
"""The configurations whose benches look for mutants, with or without changes."""
LEAST_PERCENT = 95.0
SPARED = {"crocuta_pkg.sv", "ram.sv"}
"""Files without logic to mutate: functions for parameters, and an inferred memory."""
SLACK_S = 30
"""Seconds added to a mutant's time limit, on top of a multiple of the fault-free time."""

REPLACED = {
    "+": "-",
    "-": "+",
    "*": "+",
    "&&": "||",
    "||": "&&",
    "&": "|",
    "|": "&",
    "^": "|",
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "<<": ">>",
    ">>": "<<",
    ">>>": ">>",
}
STATIC = {
    SyntaxKind.InitialBlock,
    SyntaxKind.ParameterDeclaration,
    SyntaxKind.ParameterDeclarationStatement,
    SyntaxKind.ParameterValueAssignment,
    SyntaxKind.VariableDimension,
    SyntaxKind.SimpleRangeSelect,
    SyntaxKind.AscendingRangeSelect,
    SyntaxKind.DescendingRangeSelect,
    SyntaxKind.EventControlWithExpression,
    SyntaxKind.ForLoopStatement,
    SyntaxKind.GenvarDeclaration,
}
"""Constructs that are static or no logic: neither they nor anything below them is mutated."""
DYNAMIC = {
    SyntaxKind.ContinuousAssign,
    SyntaxKind.AlwaysBlock,
    SyntaxKind.AlwaysCombBlock,
    SyntaxKind.AlwaysFFBlock,
    SyntaxKind.NamedPortConnection,
    SyntaxKind.FunctionDeclaration,
}

console = Console(highlight=False, soft_wrap=True)


class MutationError(Exception):
    """A run that cannot give a result."""


class Mutant(NamedTuple):
    """One change of one file."""

    file: str
    line: int
    start: int
    end: int
    text: str
    """The replacement of file[start:end]."""
    change: str
    """For people."""

    @property
    def place(self) -> tuple[str, int, str]:
        """Identifies the mutant's verdict; mutants that make the same change in a line share it."""
        return self.file, self.line, self.change


@dataclass
class Verdict:
    """The outcome of a mutant."""

    file: str
    line: int
    source: str
    change: str
    killed_by: str = ""
    invalid: str = ""
    """It did not compile, so it does not count."""
    reason: str = ""
    """Why it is acceptable that a survivor survives."""

    @property
    def place(self) -> tuple[str, int, str]:
        """See Mutant."""
        return self.file, self.line, self.change


class Target(NamedTuple):
    """A bench in one simulator at the tiny configuration, or at a variation of it."""

    test: str
    bench: Bench
    config: str
    sim: str

    @property
    def name(self) -> str:
        """For people."""
        parts = (self.test, self.bench.name, self.bench.module_name, self.config, self.sim)
        return " ".join(parts)


def text_of(node: Any) -> tuple[int, int]:
    """The offsets in its file at which a node starts and ends."""
    span = node.sourceRange
    return span.start.offset, span.end.offset


def changes(node: Any, source: str, dynamic: bool = False) -> Iterator[tuple[int, int, str]]:
    """Every change below a node: start, end and replacement text."""
    if isinstance(node, Token) or node.kind in STATIC:
        return
    dynamic = dynamic or node.kind in DYNAMIC
    parts = list(node)
    start, end = text_of(node)
    if dynamic:
        kind = str(node.kind).rpartition(".")[2]
        tokens = [part for part in parts if isinstance(part, Token)]
        if kind in ("UnaryLogicalNotExpression", "UnaryBitwiseNotExpression"):
            yield start, start + 1, ""
        elif kind == "ConditionalExpression":
            left, right = (source[slice(*text_of(parts[i]))] for i in (-3, -1))
            yield text_of(parts[-3])[0], end, f"{right} : {left}"
        elif kind == "NonblockingAssignmentExpression":
            target = source[slice(*text_of(parts[0]))]
            yield start, end, f"{target} <= {target}"
        elif kind == "ConditionalPredicate":
            yield start, end, f"!({source[start:end]})"
        elif kind == "IntegerVectorExpression" and source[start:end] in ("1'b0", "1'b1"):
            yield start, end, "1'b1" if source[start:end] == "1'b0" else "1'b0"
        elif kind == "IntegerLiteralExpression":
            yield start, end, str(int(source[start:end]) + 1)
        elif kind.endswith("Expression") and len(parts) >= 3 and len(tokens) == 1:
            operator = tokens[0]
            if operator.rawText in REPLACED:
                at = operator.location.offset
                yield at, at + len(operator.rawText), REPLACED[operator.rawText]
    # A cast's size, a replication count and a constant index are static.
    skipped = {SyntaxKind.CastExpression: 1, SyntaxKind.MultipleConcatenationExpression: 2}
    for part in parts[skipped.get(node.kind, 0) :]:
        if isinstance(part, SyntaxNode):
            conditions = node.kind in (SyntaxKind.IfGenerate, SyntaxKind.LoopGenerate)
            if not (conditions and str(part.kind).endswith("Expression")):
                yield from changes(part, source, dynamic)


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a file."""
    source = path.read_text(encoding="ascii")
    found = []
    for start, end, text in changes(SyntaxTree.fromFile(str(path)).root, source):
        line = source.count("\n", 0, start) + 1
        was = " ".join(source[start:end].split())
        change = f"{was!r} becomes {' '.join(text.split())!r}"
        found.append(Mutant(path.name, line, start, end, text, change))
    return found


def choose(pool: Mapping[str, Sequence[Mutant]], count: int, seed: int) -> list[Mutant]:
    """Draws `count` mutants, from each file in proportion to the square root of its number."""
    generator = random.Random(seed)
    weights = {name: len(mutants) ** 0.5 for name, mutants in pool.items() if mutants}
    order = []
    for name, weight in weights.items():
        mutants = list(pool[name])
        generator.shuffle(mutants)
        # Ordering all mutants by n / weight, n counted per file, interleaves the files by weight.
        order += [((n + generator.random()) / weight, mutant) for n, mutant in enumerate(mutants)]
    order.sort(key=lambda entry: entry[0])
    return [mutant for _, mutant in order[:count]]


def targets_of(files: set[str]) -> dict[str, list[Target]]:
    """For each file of rtl/, the benches whose designs include it."""
    found: dict[str, list[Target]] = defaultdict(list)
    for test, benches in BENCHES.items():
        for bench in benches:
            at = [config for config in bench.configs if config.partition("+")[0] in SMALLEST]
            sim = "icarus" if "icarus" in bench.sims else bench.sims[0]
            extra = [ROOT / name for name in bench.sources if name.endswith(".sv")]
            for path in design_files(bench.top, extra):
                if path.is_relative_to(RTL) and path.name in files:
                    found[path.name] += [Target(test, bench, config, sim) for config in at]
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
    verdict = Verdict(mutant.file, mutant.line, source, mutant.change)
    try:
        path.write_text(original[: mutant.start] + mutant.text + original[mutant.end :], "ascii")
        for target in sorted(targets, key=lambda target: seconds[target.name]):
            limit = 3 * seconds[target.name] + SLACK_S
            outcome, _ = run_target(work, target, seed, limit)
            if outcome == "did not build":
                verdict.invalid = target.name
                break
            if outcome != "passed":
                verdict.killed_by = f"{target.name} ({outcome})"
                break
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


def report(verdicts: Sequence[Verdict], seed: int, seconds: float) -> bool:
    """Writes and prints the summary; returns whether enough mutants were killed and all survivors
    are explained."""
    valid = [verdict for verdict in verdicts if not verdict.invalid]
    survived = [verdict for verdict in valid if not verdict.killed_by]
    explain(survived)
    percent = 100.0 * (len(valid) - len(survived)) / max(1, len(valid))
    summary = {
        "mutants": len(valid),
        "killed": len(valid) - len(survived),
        "percent": round(percent, 2),
        "target": LEAST_PERCENT,
        "design": verification_digest(),
        "seed": seed,
        "seconds": round(seconds),
        "invalid": len(verdicts) - len(valid),
        "survived": [asdict(verdict) for verdict in survived],
        "all": [asdict(verdict) for verdict in verdicts],
    }
    path = DIRECTORY / "summary.json"
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    table = Table("file", "mutants", "killed", box=None)
    total, killed = Counter(v.file for v in valid), Counter(v.file for v in valid if v.killed_by)
    for name in sorted(total):
        table.add_row(name, str(total[name]), str(killed[name]))
    console.print(table)
    for verdict in survived:
        place = f"{verdict.file}:{verdict.line}"
        console.print(f"survived: {place}: {verdict.change}: {verdict.source}", markup=False)
        console.print(f"  {verdict.reason or 'not explained'}", markup=False)
    console.print(
        f"{len(valid) - len(survived)} of {len(valid)} mutants killed, {percent:.1f} %"
        f" (target {LEAST_PERCENT:g} %), {len(verdicts) - len(valid)} did not compile: {path}",
        markup=False,
    )
    return percent >= LEAST_PERCENT and all(verdict.reason for verdict in survived)


def main(
    count: Annotated[int, typer.Option(min=1, help="mutants to draw")] = 240,
    seed: Annotated[int, typer.Option(help="draws the mutants and seeds the benches")] = 1,
    file: Annotated[str, typer.Option(help="mutate only this file of rtl/")] = "",
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one per core")] = 0,
    again: Annotated[bool, typer.Option(help="only the survivors of the last run")] = False,
) -> None:
    """Injects faults into the RTL and reports how many the benches find."""
    begin = time.monotonic()
    paths = sorted(rtl_files())
    chosen = [p for p in paths if p.name not in SPARED and file in ("", p.name)]
    jobs = jobs or len(os.sched_getaffinity(0))
    verdicts: list[Verdict] = []
    try:
        if not chosen:
            raise MutationError(f"There is nothing to mutate in rtl/{file}.")
        mutants = choose({path.name: mutants_of(path) for path in chosen}, count, seed)
        if again:
            verdicts = killed_before(mutants)
            known = {verdict.place for verdict in verdicts}
            mutants = [mutant for mutant in mutants if mutant.place not in known]
        by_file = targets_of({mutant.file for mutant in mutants})
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
                fate = f"killed by {verdict.killed_by}" if verdict.killed_by else "survived"
                if verdict.invalid:
                    fate = "did not compile"
                place = f"{verdict.file}:{verdict.line}"
                console.print(f"{place}: {verdict.change}: {fate}", markup=False)
                survivors = sum(not (v.killed_by or v.invalid) for v in verdicts)
                progress.update(bar, advance=1, description=f"Mutants, {survivors} survive")
    except MutationError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    verdicts.sort(key=lambda verdict: (verdict.file, verdict.line, verdict.change))
    if not report(verdicts, seed, time.monotonic() - begin):
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
