# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Runs compilers and simulators: output to a log, and no process left behind when this one ends."""

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
    """A program that exited with a code other than 0."""


class TimedOut(Failed):
    """A program that exceeded its time limit."""


def _ends_with_its_parent() -> list[str]:
    """A command prefix that makes a program end with this process, even if this one is killed."""
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
    """Runs a program. Neither it nor its children survive this function.

    Args:
        log: receives the program's output.
        echo: whether to print the output as it comes, too.
        time_limit: in seconds.

    Raises:
        Failed: the program failed or does not exist.
        TimedOut: the program was stopped at the time limit.
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
