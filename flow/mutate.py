# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.mutate`: mutation testing: do the benches notice single faults in the RTL?

A mutant is one fault in one file: see flow/mutants.py. A bench whose design includes the file kills
the mutant by failing; one that hangs counts apart. A mutant that does not compile, or that yosys
proves to compute the same, does not count, and another one is drawn; each survivor needs an
explanation in flow/mutation_survivors.toml.
The report is written after every verdict, so an interrupted run can be resumed, and so can one on
an earlier design: a verdict stands as long as the benches that gave it, and those that have not
changed since are not asked again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
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
from flow import equivalence, evidence, runner
from flow.digest import digest, verification_digest
from flow.mutants import OPERATORS, Mutant, mutants_of, order
from flow.pages import write_page
from tb.registry import BENCHES, LARGER, SIMS, SMALLEST, Bench

DIRECTORY = ROOT / "build" / "mutation"
KEPT = ROOT / "docs" / "signoff" / "mutation.json"
"""What a sign-off has kept of the last run, perhaps on another machine."""
SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")
COPIED = ("rtl", "boards", "models", "host", "tb", "flow", "registers", "data", "pyproject.toml")
LEAST_PERCENT = 97.0
SPARED = {"crocuta_pkg.sv", "sizes_pkg.sv", "cfp_pkg.sv"}
"""Files without logic to mutate: constants, and functions for parameters."""
KERNELS = ("crocuta_kernel", "four_step_kernel")
"""The top of each schedule."""
BUILD_S = {"icarus": 0.05, "verilator": 0.5}
"""Seconds per file that a build takes, roughly: a mutant needs one, a bench without a fault seldom.
"""
LIMIT_TIMES, SLACK_S = 3, 30
"""A mutant's bench hangs after so many times the expected seconds, and these in addition."""

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
    start: int = 0
    """Where the fault begins in the file."""
    killed_by: str = ""
    hung: bool = False
    """It was killed by the time limit alone."""
    equivalent: str = ""
    """How it was proved that it computes the same, so it does not count."""
    invalid: str = ""
    """It did not compile, so it does not count."""
    inputs: str = ""
    """What it depends on: the bench that decided, or the module that computes the same."""
    passed: list[str] = field(default_factory=list)
    """The same of the benches that did not notice it: see flow.evidence."""
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
    def place(self) -> tuple[str, int, str, str]:
        """See Mutant."""
        return self.file, self.start, self.operator, self.change


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

    @property
    def inputs(self) -> str:
        """What its outcome depends on: see flow.evidence."""
        return evidence.of_bench(self.bench, self.config, self.sim)


@dataclass
class Faultless:
    """A bench's run without a fault."""

    seconds: float
    inputs: str
    """What it depends on."""


def module_inputs(file: str) -> str:
    """What it depends on whether a change to a file of rtl/ leaves its module as it was."""
    return digest(design_files(Path(file).stem))


def is_tiny(config: str) -> bool:
    """Whether it is the smallest configuration, or one with changes to it."""
    return config.partition("+")[0] in SMALLEST


def is_apart(config: str) -> bool:
    """Whether it shows what tiny does not: more lanes and tiles, or exponents as float32 has."""
    return config.partition("+")[0] in LARGER or "exponent_bits-8" in config


def quicker(bench: Bench, config: str) -> str:
    """The simulator that is done sooner: Icarus, unless the bench takes minutes in it."""
    slow = (config, "icarus") in bench.long and "verilator" in bench.sims
    return "icarus" if "icarus" in bench.sims and not slow else "verilator"


def targets_of(
    files: set[str], tests: Collection[str] = (), only_sim: str = ""
) -> dict[str, list[Target]]:
    """For each file of rtl/, the benches whose designs include it; if a design includes both
    kernels, of which a configuration simulates one, only at those whose kernel includes the file.
    Only benches of `tests` and in `only_sim`, if these are not empty."""
    found: dict[str, list[Target]] = defaultdict(list)
    kernels = {top: set(design_files(top)) for top in KERNELS}
    for test, benches in BENCHES.items():
        for bench in benches if test in (tests or BENCHES) else ():
            at = [(config, quicker(bench, config)) for config in bench.configs if is_tiny(config)]
            # Larger ones, and narrow exponents, only in Verilator.
            if "verilator" in bench.sims:
                others = [each for each in (*bench.configs, *bench.corners) if is_apart(each)]
                at = [(config, on) for config, on in at if config not in others]
                at += [(config, "verilator") for config in others]
            extra = [ROOT / name for name in bench.sources if name.endswith(".sv")]
            design = design_files(bench.top, extra)
            either = all(rtl_file(top) in design for top in KERNELS)
            for path in design:
                if path.is_relative_to(RTL) and path.name in files:
                    met = [
                        (config, on)
                        for config, on in at
                        if only_sim in ("", on)
                        and not (either and path not in kernels[load_engine(config).top])
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


@contextlib.contextmanager
def workers(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that begin nothing more after an error."""
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def baseline(
    bank: Bank, targets: Sequence[Target], seed: int, jobs: int, keep: Callable[[str, float], None]
) -> None:
    """Runs every bench without a fault and gives its name and seconds to `keep`; raises
    MutationError if one fails."""

    def run(target: Target) -> tuple[Target, str, float]:
        work = bank.free.get()
        try:
            return target, *run_target(work, target, seed, 1800)
        finally:
            bank.free.put(work)

    with Progress(console=console) as progress, workers(jobs) as pool:
        bar = progress.add_task("Benches without a fault", total=len(targets))
        for future in as_completed([pool.submit(run, target) for target in targets]):
            target, outcome, taken = future.result()
            if outcome != "passed":
                raise MutationError(f"Without a fault, {target.name} {outcome}: fix that first.")
            keep(target.name, taken)
            progress.advance(bar)


def judge(
    bank: Bank,
    mutant: Mutant,
    targets: Sequence[Target],
    faultless: Mapping[str, Faultless],
    seed: int,
    passed: Collection[str] = (),
) -> Verdict:
    """Runs the mutant's benches, the quickest first, builds included, until one fails; but for
    those that have passed before: see Verdict."""

    def expected(target: Target) -> float:
        files = len(runner.sources_of(target.bench, target.sim))
        return faultless[target.name].seconds + BUILD_S[target.sim] * files

    work = bank.free.get()
    source_path = rtl_file(Path(mutant.file).stem)
    path = work / source_path.relative_to(ROOT)
    original = source_path.read_text(encoding="ascii")
    source = original.splitlines()[mutant.line - 1].strip()
    verdict = Verdict(
        mutant.file, mutant.line, source, mutant.change, mutant.operator, min(mutant.edits).start
    )
    try:
        changed = mutant.apply(original)
        path.write_text(changed, "ascii")
        ordered = sorted(targets, key=expected)
        for target in ordered:
            inputs = faultless[target.name].inputs
            if inputs in passed:
                verdict.passed.append(inputs)
                continue
            limit = LIMIT_TIMES * expected(target) + SLACK_S
            outcome, _ = run_target(work, target, seed, limit)
            if outcome != "passed":
                verdict.inputs = inputs
                verdict.hung = outcome == "hung"
                if outcome == "did not build":
                    verdict.invalid = target.name
                else:
                    verdict.killed_by = target.name
                break
            verdict.passed.append(inputs)
            if target is ordered[0]:
                # Most mutants end there, and of the others no bench tells the same netlist apart.
                verdict.equivalent = equivalence.same(source_path, changed) or equivalence.proof(
                    source_path, changed, whole=False
                )
            if verdict.equivalent:
                break
        if not (verdict.killed_by or verdict.invalid or verdict.equivalent):
            verdict.equivalent = equivalence.proof(source_path, changed)
        if verdict.equivalent:
            verdict.inputs = module_inputs(mutant.file)
    finally:
        path.write_text(original, "ascii")
        bank.free.put(work)
    return verdict


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


@dataclass
class Run:
    """A run's mutants and their verdicts so far."""

    seed: int
    only: str = ""
    """The modules or benches to which the run is restricted."""
    design: str = field(default_factory=verification_digest)
    """The digest when it began."""
    planned: int = 0
    seconds: float = 0.0
    benches: dict[str, Faultless] = field(default_factory=dict)
    """The benches that passed without a fault."""
    verdicts: list[Verdict] = field(default_factory=list)
    lapsed: list[Verdict] = field(default_factory=list)
    """Earlier ones, of which a bench has changed since."""

    @property
    def survivors(self) -> list[Verdict]:
        """Those that no bench killed, with their reasons."""
        found = [verdict for verdict in self.verdicts if verdict.fate == "survived"]
        explain(found)
        return found

    @property
    def held(self) -> bool:
        """Whether all mutants were tried, enough killed and all survivors explained."""
        complete = len(self.verdicts) == self.planned
        enough = tally(self.verdicts).percent >= LEAST_PERCENT
        return complete and enough and all(verdict.reason for verdict in self.survivors)

    def groups(self) -> dict[str, dict[str, Tally]]:
        """The mutants of each operator and of each file."""
        found = {verdict.operator for verdict in self.verdicts}
        keys = {
            "operator": [name for name in OPERATORS if name in found],
            "file": sorted({verdict.file for verdict in self.verdicts}),
        }
        return {
            name: {k: tally([v for v in self.verdicts if getattr(v, name) == k]) for k in each}
            for name, each in keys.items()
        }

    def write(self) -> None:
        """Writes summary.json and index.html."""
        self.verdicts.sort(key=lambda verdict: (verdict.file, verdict.line, verdict.change))
        total, groups, survivors = tally(self.verdicts), self.groups(), self.survivors
        summary = {
            "mutants": total.mutants,
            **asdict(total),
            "left": self.planned - len(self.verdicts),
            "percent": round(total.percent, 2),
            "target": LEAST_PERCENT,
            "design": self.design,
            "seed": self.seed,
            "only": self.only,
            "seconds": round(self.seconds),
            "operators": {name: asdict(each) for name, each in groups["operator"].items()},
            "survivors": [asdict(verdict) for verdict in survivors],
            "benches": {name: asdict(each) for name, each in self.benches.items()},
            "all": [asdict(verdict) for verdict in self.verdicts],
            "lapsed": [asdict(verdict) for verdict in self.lapsed],
        }
        path = DIRECTORY / "summary.json"
        half = path.with_suffix(".new")
        half.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        half.replace(path)
        alive = [verdict for verdict in self.verdicts if verdict.fate != "killed"]
        values = {"groups": groups, "total": total, "summary": summary, "alive": alive}
        write_page("mutation.html", DIRECTORY / "index.html", **values)

    def show(self) -> None:
        """Prints the summary."""
        for name, tallies in self.groups().items():
            table = Table(name, "mutants", "killed", "hung", "survived", box=None)
            for key, each in tallies.items():
                counts = (each.mutants, each.killed, each.hung, each.survived)
                table.add_row(key, *map(str, counts))
            console.print(table)
        for verdict in self.survivors:
            place = f"{verdict.file}:{verdict.line}"
            console.print(f"survived: {place}: {verdict.change}: {verdict.source}", markup=False)
            console.print(f"  {verdict.reason or 'not explained'}", markup=False)
        total = tally(self.verdicts)
        console.print(
            f"{total.killed} of {total.killed + total.survived} mutants killed,"
            f" {total.percent:.1f} % (target {LEAST_PERCENT:g} %); besides, {total.hung} hung,"
            f" {total.equivalent} compute the same, {total.invalid} did not compile:"
            f" {DIRECTORY / 'index.html'}",
            markup=False,
        )


def due(mutants: Iterable[Mutant], count: int, verdicts: Iterable[Verdict]) -> list[Mutant]:
    """The first mutants, `count` of them besides those that are known not to count."""
    idle = {verdict.place for verdict in verdicts if verdict.equivalent or verdict.invalid}
    found: list[Mutant] = []
    for mutant in mutants:
        if count <= 0:
            break
        found.append(mutant)
        count -= mutant.place not in idle
    return found


def stands(
    verdict: Verdict, by_file: Mapping[str, Sequence[Target]], inputs: Mapping[str, str]
) -> bool:
    """Whether the benches that gave a verdict are unchanged; `inputs` has what each depends on."""
    if verdict.equivalent:
        return verdict.inputs == module_inputs(verdict.file)
    decided = verdict.killed_by or verdict.invalid
    if decided:
        return verdict.inputs == inputs.get(decided)
    return {inputs[target.name] for target in by_file[verdict.file]} <= set(verdict.passed)


def resumed(
    seed: int,
    only: str,
    mutants: Sequence[Mutant],
    by_file: Mapping[str, Sequence[Target]],
    inputs: Mapping[str, str],
) -> Run:
    """The last run with its verdicts, as far as `mutants` has them and they stand.

    Raises:
        MutationError: there was no last run, or it had other options.
    """
    path = DIRECTORY / "summary.json"
    path = path if path.is_file() else KEPT
    if not path.is_file():
        raise MutationError(f"There is no {path}: run `make mutate` without AGAIN=1.")
    last = json.loads(path.read_text(encoding="utf-8"))
    run = Run(seed, only)
    if (last["seed"], last["only"]) != (seed, only):
        restricted = f" and was restricted to {last['only']}" if last["only"] else ""
        raise MutationError(f"The last run had SEED={last['seed']}{restricted}: use that.")
    places = {mutant.place for mutant in mutants}
    for each in last["all"] + last.get("lapsed", []):
        verdict = Verdict(**each)
        if verdict.place in places:
            kept = run.verdicts if stands(verdict, by_file, inputs) else run.lapsed
            kept.append(verdict)
    run.seconds = last["seconds"]
    benches = {name: Faultless(**each) for name, each in last.get("benches", {}).items()}
    run.benches = {name: b for name, b in benches.items() if b.inputs == inputs.get(name)}
    return run


def run_mutants(
    run: Run,
    mutants: Sequence[Mutant],
    by_file: Mapping[str, Sequence[Target]],
    inputs: Mapping[str, str],
    bank: Bank,
    jobs: int,
) -> None:
    """Judges the mutants, and writes the report now and after every verdict."""
    begin = time.monotonic() - run.seconds
    run.write()

    def keep(name: str, seconds: float) -> None:
        run.benches[name] = Faultless(seconds, inputs[name])
        run.seconds = time.monotonic() - begin
        run.write()

    needed = {target.name: target for mutant in mutants for target in by_file[mutant.file]}
    passed = {verdict.place: verdict.passed for verdict in run.lapsed}
    unknown = [target for name, target in needed.items() if name not in run.benches]
    baseline(bank, unknown, run.seed, jobs, keep)
    with Progress(console=console) as progress, workers(jobs) as pool:
        bar = progress.add_task("Mutants", total=len(mutants))
        futures = [
            pool.submit(
                judge,
                bank,
                mutant,
                by_file[mutant.file],
                run.benches,
                run.seed,
                passed.get(mutant.place, ()),
            )
            for mutant in mutants
        ]
        for future in as_completed(futures):
            verdict = future.result()
            run.verdicts.append(verdict)
            run.lapsed = [each for each in run.lapsed if each.place != verdict.place]
            run.seconds = time.monotonic() - begin
            run.write()
            fate = verdict.fate
            if verdict.killed_by:
                fate += f" {'in' if verdict.hung else 'by'} {verdict.killed_by}"
            place = f"{verdict.file}:{verdict.line}"
            console.print(f"{place}: {verdict.change}: {fate}", markup=False)
            survivors = tally(run.verdicts).survived
            progress.update(bar, advance=1, description=f"Mutants, {survivors} survive")


def main(
    count: Annotated[int, typer.Option(min=1, help="mutants that have to count")] = 400,
    seed: Annotated[int, typer.Option(help="draws the mutants and seeds the benches")] = 1,
    file: Annotated[str, typer.Option(help="mutate only this file of rtl/, or several")] = "",
    test: Annotated[str, typer.Option(help="only the benches of this test, or several")] = "",
    sim: Annotated[str, typer.Option(help="only this simulator: icarus or verilator")] = "",
    jobs: Annotated[int, typer.Option(min=0, help="processes; 0: one per core")] = 0,
    again: Annotated[bool, typer.Option(help="resume the last run")] = False,
) -> None:
    """Injects faults into the RTL and reports how many the benches find."""
    paths = sorted(rtl_files())
    files, tests = ([name for name in text.split(",") if name] for text in (file, test))
    chosen = [p for p in paths if p.name not in SPARED and p.name in (files or [p.name])]
    jobs = jobs or len(os.sched_getaffinity(0))
    only = " ".join(filter(None, (file, test, sim)))
    try:
        absent = [name for name in files if name not in [path.name for path in chosen]]
        if absent:
            raise MutationError(f"There is nothing to mutate in rtl/{absent[0]}.")
        absent = [name for name in tests if name not in BENCHES]
        if absent:
            raise MutationError(f"There is no test {absent[0]!r}; `make sim` lists them.")
        if sim not in ("", *SIMS):
            raise MutationError(f"There is no simulator {sim!r}; choose one of: {', '.join(SIMS)}.")
        every = order({path.name: mutants_of(path) for path in chosen}, seed)
        mutated = {mutant.file for mutant in due(every, count, ())}
        by_file = targets_of(mutated, tests, sim)
        unmet = sorted(mutated - by_file.keys())
        if unmet:
            raise MutationError(f"None of these benches simulates {unmet[0]}.")
        every = [mutant for mutant in every if mutant.file in mutated]
        benches = {target.name: target for targets in by_file.values() for target in targets}
        inputs = {name: target.inputs for name, target in benches.items()}
        run = resumed(seed, only, every, by_file, inputs) if again else Run(seed, only)
        bank = Bank(jobs)
        mutants: list[Mutant] = []
        while (drawn := due(every, count, run.verdicts)) != mutants:
            mutants = drawn
            places = {mutant.place for mutant in mutants}
            run.verdicts = [verdict for verdict in run.verdicts if verdict.place in places]
            known = {verdict.place for verdict in run.verdicts}
            left = [mutant for mutant in mutants if mutant.place not in known]
            run.planned = len(mutants)
            judged = f", {len(known)} of them judged" if known else ""
            console.print(f"{len(mutants)} mutants{judged}, {len(benches)} benches, seed {seed}")
            run_mutants(run, left, by_file, inputs, bank, jobs)
    except MutationError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    run.write()
    run.show()
    if not run.held:
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
