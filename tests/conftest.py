# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""One random seed for the whole run, printed first and set with SEED= or --seed. An interrupted run
ends at once."""

from __future__ import annotations

import datetime
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec

import pytest
from hypothesis import settings
from xdist.workermanage import NodeManager

from crocuta import stops
from flow.runner import BenchFailure, default_seed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", help="the random seed; default: SEED, or a new one")
    parser.addoption(
        "--cpu", type=int, default=0, help="show so many tests that took most seconds of CPU"
    )


STOPPED_BY: list[int] = []
NEEDED_IN_CI = ("torch", "safetensors")
"""Packages that CI requires; elsewhere tests that need a missing one are skipped."""
BEGAN = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    stops.watch()
    # Threads of PyTorch and numpy that wait for one another burn CPU time, and pytest's workers
    # have all cores busy anyway.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Under nohup or a script's `&`, pytest ignores signals that the tests' child processes must not
    # ignore.
    for number in stops.SIGNALS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    if not hasattr(config, "workerinput"):  # the controller shows the failures so far
        raising = ExitStack()
        raising.enter_context(stops.raising())
        config.add_cleanup(raising.close)
    missing = [name for name in NEEDED_IN_CI if find_spec(name) is None]
    if missing and os.environ.get("CI"):
        raise pytest.UsageError(
            f"CI skips no tests, but {' and '.join(missing)} are missing: run `make env TORCH=1`."
        )
    if config.getoption("--seed"):
        os.environ["SEED"] = config.getoption("--seed")
    try:
        # In the environment, so that xdist's workers use the same seed.
        os.environ["SEED"] = str(default_seed())
    except BenchFailure as error:
        raise pytest.UsageError(str(error)) from None
    # The date picks the corner configuration to run; ROTATION repeats one.
    os.environ.setdefault("ROTATION", str(datetime.date.today().toordinal()))
    # Hypothesis reads its options later. No deadline: a busy machine must not fail an example.
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = os.environ["SEED"]
    settings.register_profile("crocuta", deadline=None)
    settings.load_profile("crocuta")


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    if isinstance(excinfo.value, stops.Stopped):
        stops.kill_below()
        NodeManager.EXIT_TIMEOUT = 1  # seconds to wait for workers that have died
        STOPPED_BY.append(excinfo.value.number)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if STOPPED_BY:
        session.exitstatus = 128 + STOPPED_BY[0]


def pytest_report_header() -> str:
    seed, rotation = os.environ["SEED"], os.environ["ROTATION"]
    return f"seed: {seed}, rotation: {rotation} (repeat with SEED={seed} ROTATION={rotation})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Records the CPU time of a test and its child processes; a fixture counts towards the first
    test that uses it.

    Unlike the seconds of --durations, it does not depend on the machine's load.
    """
    item.stash[BEGAN] = sum(os.times()[:4])
    return (yield)


def pytest_runtest_teardown(item: pytest.Item) -> None:
    item.user_properties.append(("cpu", round(sum(os.times()[:4]) - item.stash[BEGAN], 2)))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    count = config.getoption("--cpu")
    if not count:
        return
    reports = [report for group in terminalreporter.stats.values() for report in group]
    taken = {
        report.nodeid: dict(report.user_properties)["cpu"]
        for report in reports
        if "cpu" in dict(getattr(report, "user_properties", ()))
    }
    terminalreporter.section(f"{sum(taken.values()):.0f} s of CPU, most of them in")
    for name, seconds in sorted(taken.items(), key=lambda entry: -entry[1])[:count]:
        terminalreporter.write_line(f"{seconds:8.1f} s  {name}")


@pytest.fixture
def seed() -> int:
    """The run's random seed."""
    return int(os.environ["SEED"])
