# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that compile and simulate: their output in a log, their end with ours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO


class Failed(Exception):
    """A program that ended with another exit code than 0."""


class TimedOut(Failed):
    """A program that took too long."""


def _ends_with_its_parent() -> list[str]:
    """What to put before a command so that it does not outlive a killed test run or worker."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def run(
    command: Sequence[str],
    directory: os.PathLike[str] | str,
    environment: Mapping[str, str],
    log: TextIO,
    *,
    echo: bool = False,
    time_limit: float | None = None,
) -> None:
    """Runs a program; neither it nor what it starts goes on when this returns or raises.

    Args:
        log: takes what it prints.
        echo: show it as it comes, too.
        time_limit: seconds.

    Raises:
        Failed: it failed, or there is no such program.
        TimedOut: it was stopped after the time limit.
    """
    process = subprocess.Popen(
        [*_ends_with_its_parent(), *command],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    late = threading.Event()

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def stop() -> None:
        late.set()
        kill()

    watchdog = threading.Timer(time_limit or threading.TIMEOUT_MAX, stop)
    watchdog.daemon = True
    watchdog.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if echo:
                sys.stdout.write(line)
                sys.stdout.flush()
        code = process.wait()
    finally:
        watchdog.cancel()
        kill()
        process.wait()
    if late.is_set():
        raise TimedOut(f"{Path(command[0]).name} took longer than {time_limit:.0f} s")
    if code != 0:
        raise Failed(f"{Path(command[0]).name} ended with exit code {code}")
