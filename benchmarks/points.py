# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Measured points: each is measured once and stored until something that it depends on changes."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from crocuta.models.files import write_generated

Json = dict[str, Any]
Show = Callable[[str, float], None]
"""Called with the current step and the fraction of the point that is done, 0 to 1."""


class Point(Protocol):
    """A measurement: a frozen dataclass whose fields define what to measure."""

    @property
    def label(self) -> str:
        """Its name in the output."""

    @property
    def cost(self) -> float:
        """Estimated seconds on one core, for the progress bar."""

    @property
    def alone(self) -> bool:
        """Whether nothing else may run at the same time."""

    @property
    def group(self) -> str:
        """Points of one group run one after another, because they share what the first one builds;
        a point of group "" stands alone."""

    def basis(self) -> Json:
        """Everything that the result depends on besides the fields."""

    def measure(self, show: Show) -> Json:
        """Measures the point; returns a JSON-serialisable result."""


Results = Mapping[Any, Json]
"""The result of each point."""


@functools.cache
def files_digest(*paths: Path) -> str:
    """Twelve hexadecimal digits that change with the files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


class Stopped(Exception):
    """Another point failed, or the user interrupted the run."""


class Store:
    """A directory of measured points, one file per point."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, point: Point) -> Path:
        """The path of a point's file, whose name changes with everything the point depends on."""
        what = {"kind": type(point).__name__, "fields": _fields(point), "basis": point.basis()}
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        return self.directory / f"{type(point).__name__.lower()}-{digest[:16]}.json"

    def find(self, point: Point) -> Json | None:
        """The stored result of a point, or None."""
        path = self.path(point)
        if not path.is_file():
            return None
        found: Json = json.loads(path.read_text(encoding="utf-8"))["result"]
        return found

    def keep(self, point: Point, result: Json) -> None:
        """Stores a point's result atomically."""
        kept = {"label": point.label, "fields": _fields(point), "basis": point.basis()}
        text = json.dumps({**kept, "result": result}, indent=1, allow_nan=False)
        write_generated(self.path(point), text + "\n")


def _fields(point: Point) -> Json:
    return dataclasses.asdict(point)  # type: ignore[call-overload, no-any-return]


class _Board:
    """Progress on the terminal: one line per part, and one per point being measured."""

    def __init__(self, console: Console, parts: Mapping[str, Sequence[Point]]) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.console = console
        self.lock = threading.Lock()
        self.parts = {name: set(points) for name, points in parts.items()}
        self.left = {name: len(points) for name, points in self.parts.items()}
        self.tasks = {
            name: self.progress.add_task(name, total=sum(point.cost for point in points))
            for name, points in self.parts.items()
            if points
        }

    def show(self, task: TaskID, point: Point, doing: str, part: float) -> None:
        """Shows how far a point is."""
        self.progress.update(task, description=f"{point.label}: {doing}", completed=part)

    def done(self, task: TaskID, point: Point, seconds: float) -> None:
        """Reports that a point has been measured."""
        self.progress.remove_task(task)
        lacking = []
        with self.lock:
            for name, points in self.parts.items():
                if point in points:
                    self.progress.advance(self.tasks[name], point.cost)
                    self.left[name] -= 1
                    lacking.append(f"{name} {self.left[name]}")
        self.console.print(f"measured  {point.label}  {seconds:.0f} s; left: {', '.join(lacking)}")


def measured(
    parts: Mapping[str, Sequence[Point]], store: Store, jobs: int, console: Console
) -> Results:
    """The results of all parts' points; measures missing ones on `jobs` threads.

    Threads suffice because the simulated kernel and numpy release Python's global lock. Each point
    is stored as soon as it is measured, so an interruption loses only those in progress.
    """
    results: dict[Any, Json] = {}
    waiting: list[Point] = []
    for point in dict.fromkeys(itertools.chain(*parts.values())):
        found = store.find(point)
        if found is None:
            waiting.append(point)
        else:
            results[point] = found
    console.print(f"{len(results) + len(waiting)} points, {len(results)} measured before")
    lacking = {name: [p for p in points if p in set(waiting)] for name, points in parts.items()}
    board = _Board(console, lacking)

    stopped = threading.Event()

    def measure(point: Point) -> None:
        began = time.perf_counter()
        task = board.progress.add_task(point.label, total=1)

        def show(doing: str, part: float) -> None:
            if stopped.is_set():
                raise Stopped
            board.show(task, point, doing, part)

        result = point.measure(show)
        store.keep(point, result)
        results[point] = result
        board.done(task, point, time.perf_counter() - began)

    with board.progress:
        together = [point for point in waiting if not point.alone]
        try:
            _in_threads(measure, together, jobs, stopped)
        except BaseException:
            stopped.set()
            raise
        # These need an otherwise idle machine.
        for point in waiting:
            if point.alone:
                measure(point)
    return results


def _in_threads(
    measure: Callable[[Point], None], points: Iterable[Point], jobs: int, stopped: threading.Event
) -> None:
    """Measures the points, the longest group first; the first error stops them all."""
    groups: dict[object, list[Point]] = {}
    for point in sorted(points, key=lambda point: -point.cost):
        groups.setdefault(point.group or point, []).append(point)

    def measure_group(group: Sequence[Point]) -> None:
        for point in group:
            measure(point)

    longest = sorted(groups.values(), key=lambda group: -sum(point.cost for point in group))
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(measure_group, group) for group in longest]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
