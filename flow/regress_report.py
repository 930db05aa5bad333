# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The reports of a regression in build/regress: a summary, a JUnit file and a page."""

from __future__ import annotations

import functools
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from xml.etree import ElementTree

from flow.digest import verification_digest
from flow.pages import write_page


@dataclass
class PytestResult:
    """The outcome of the tests without a simulator."""

    passed: int
    failed: int
    ok: bool
    seconds: float
    cpu: float
    log: str
    results: str
    command: str

    @property
    def sentence(self) -> str:
        """A summary for people."""
        state = "passed" if self.ok else "FAILED"
        counts = f"{self.passed} passed, {self.failed} failed"
        return f"pytest {state}: {counts}, {self.cpu:.0f} s of CPU"


@dataclass
class Attempt:
    """A job that ran, or whose build failed."""

    kind: str
    test: str
    bench: str
    module: str
    config: str
    sim: str
    seed: int
    seconds: float
    cpu: float
    failure: str
    directory: str
    tests: dict[str, bool]
    waves: str
    command: str
    inputs: str = ""
    """See flow.evidence."""

    @property
    def name(self) -> str:
        """Identifies the job."""
        return f"{self.kind}.{self.seed}"


@dataclass
class Summary:
    """A regression."""

    seed: int
    revision: str
    planned: int
    design: str = field(default_factory=verification_digest)
    """The digest when it began."""
    workers: int = 0
    seconds: float = 0.0
    interrupted: int = 0
    """The signal that ended it, or 0."""
    pytest: PytestResult | None = None
    builds: dict[str, float] = field(default_factory=dict)
    """Seconds of each build."""
    build_cpu: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    continued: list[str] = field(default_factory=list)
    """The revisions of earlier runs whose results it kept."""

    @property
    def failures(self) -> list[Attempt]:
        """The jobs that failed."""
        return [attempt for attempt in self.attempts if attempt.failure]

    @property
    def ok(self) -> bool:
        """Whether everything ran and passed."""
        complete = len(self.attempts) == self.planned and not self.interrupted
        return complete and not self.failures and (self.pytest is None or self.pytest.ok)

    @property
    def sentence(self) -> str:
        """A summary for people."""
        left = self.planned - len(self.attempts)
        parts = [f"{len(self.attempts)} of {self.planned} jobs", f"{len(self.failures)} failed"]
        if self.pytest:
            parts.append(self.pytest.sentence)
        if left:
            parts.append(f"{left} did not run")
        cpu = self.build_cpu, sum(attempt.cpu for attempt in self.attempts)
        parts.append(f"{cpu[0]:.0f} s of CPU for builds and {cpu[1]:.0f} s for simulations")
        if self.continued:
            parts.append(f"continued from {', '.join(self.continued)}")
        end = "interrupted after" if self.interrupted else "in"
        return f"{', '.join(parts)}; {end} {self.seconds:.0f} s on {self.workers} workers."

    def expected(self) -> dict[str, float]:
        """Mean seconds of builds and kinds of job, which order the next regression."""
        count = Counter(attempt.kind for attempt in self.attempts)
        total: Counter[str] = Counter()
        for attempt in self.attempts:
            total[attempt.kind] += attempt.seconds  # type: ignore[assignment]
        return self.builds | {kind: round(total[kind] / count[kind], 2) for kind in count}


def read(directory: Path) -> Summary | None:
    """The summary of the last regression, or None."""
    try:
        document = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    values = {name.name: document[name.name] for name in fields(Summary) if name.name in document}
    values["attempts"] = [Attempt(**attempt) for attempt in document["attempts"]]
    values["pytest"] = PytestResult(**document["pytest"]) if document["pytest"] else None
    return Summary(**values)


@dataclass
class Cell:
    """All seeds of one bench in one simulator at one configuration."""

    runs: int = 0
    passed: int = 0
    seconds: float = 0.0


def table(summary: Summary) -> tuple[list[tuple[str, str]], dict[tuple[str, str], list[Cell]]]:
    """The columns (configuration, simulator) and a row of cells for each (test, bench)."""
    columns = sorted({(attempt.config, attempt.sim) for attempt in summary.attempts}, reverse=True)
    rows: dict[tuple[str, str], list[Cell]] = {}
    for attempt in sorted(summary.attempts, key=lambda attempt: attempt.kind):
        bench = f"{attempt.bench}, {attempt.module}"
        row = rows.setdefault((attempt.test, bench), [Cell() for _ in columns])
        cell = row[columns.index((attempt.config, attempt.sim))]
        cell.runs += 1
        cell.passed += not attempt.failure
        cell.seconds += attempt.seconds
    return columns, rows


def by_test(rows: dict[tuple[str, str], list[Cell]]) -> dict[str, Cell]:
    """The rows of `table`, summed by test; the test that took longest comes first."""
    tests: dict[str, Cell] = {}
    for (test, _), cells in rows.items():
        total = tests.setdefault(test, Cell())
        for cell in cells:
            total.runs += cell.runs
            total.passed += cell.passed
            total.seconds += cell.seconds
    return dict(sorted(tests.items(), key=lambda item: -item[1].seconds))


def junit(summary: Summary) -> ElementTree.Element:
    """JUnit XML: a job is a suite and a bench's test a case; pytest's own suites follow."""
    root = ElementTree.Element("testsuites", name="regression")
    for attempt in summary.attempts:
        cases = attempt.tests or {"build and run": not attempt.failure}
        if attempt.failure and all(cases.values()):
            cases = {**cases, "run": False}
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=attempt.kind,
            tests=str(len(cases)),
            failures=str(sum(not passed for passed in cases.values())),
            errors="0",
            time=str(attempt.seconds),
        )
        for name, passed in cases.items():
            label = f"{name}[SEED={attempt.seed}]"
            case = ElementTree.SubElement(suite, "testcase", classname=attempt.kind, name=label)
            if not passed:
                failure = ElementTree.SubElement(case, "failure", message=attempt.failure)
                failure.text = f"{attempt.command}\n{attempt.failure}"
    if summary.pytest and Path(summary.pytest.results).is_file():
        root.extend(ElementTree.parse(summary.pytest.results).getroot().iter("testsuite"))
    return root


def link(path: str, directory: Path) -> str:
    """A path relative to the page in `directory`, for a link."""
    return os.path.relpath(path, directory)


def log_of(attempt: Attempt) -> Path:
    """The simulation's log, or that of the build."""
    directory = Path(attempt.directory)
    log = directory / "sim.log"
    return log if log.is_file() else directory / "build.log"


def write(summary: Summary, directory: Path) -> None:
    """Writes summary.json, junit.xml and index.html."""
    document = {
        "ok": summary.ok,
        **asdict(summary),
        "expected": summary.expected(),
    }
    text = json.dumps(document, indent=1) + "\n"
    (directory / "summary.json").write_text(text, encoding="utf-8")
    tree = ElementTree.ElementTree(junit(summary))
    tree.write(directory / "junit.xml", encoding="utf-8", xml_declaration=True)
    columns, rows = table(summary)
    write_page(
        "regress.html",
        directory / "index.html",
        summary=summary,
        columns=columns,
        rows=rows,
        tests=by_test(rows),
        link=functools.partial(link, directory=directory),
        log_of=log_of,
    )
