# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Ends a command that is stopped by Ctrl-C, SIGTERM, a closing terminal or a pipe without a reader.

Its child processes end too, it prints at most one sentence, and the exit code is 128 + the signal's
number. Python's own way, an exception, would leave threads and their processes running, and wait
for them.

It loads nothing that takes long until it needs it, so that a command can watch before it loads the
rest of itself.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOW_CURSOR = "\x1b[?25h"

WAKE = signal.SIGURG
"""Does nothing but to interrupt the main thread's wait."""

_last: list[Callable[[], object]] = []
_waking = False


class Stopped(KeyboardInterrupt):
    """Raised by `raising` in the main thread."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def last(call: Callable[[], object]) -> Iterator[None]:
    """A context in which `call` runs before a stopped process ends, to remove half a file, say."""
    _last.append(call)
    try:
        yield
    finally:
        _last.remove(call)


def kill_below() -> None:
    """Kills every process started by this one, and their children."""
    import psutil

    this = psutil.Process()
    for _ in range(3):  # one may start another in the meantime
        below = this.children(recursive=True)
        for process in below:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(below, timeout=1)
        if not below:
            return


def end(number: int) -> NoReturn:
    """Ends this process and its children as after a signal."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    with suppress(Exception):
        kill_below()
    for call in reversed(_last):
        with suppress(Exception):
            call()
    with suppress(OSError):
        if sys.stderr.isatty():
            os.write(2, SHOW_CURSOR.encode())  # a progress bar hides it
    os._exit(128 + number)


def _end(number: int, _: FrameType | None) -> None:
    end(number)


def _broken_pipe(number: int, _: FrameType | None) -> None:
    """Ends the process if stdout or stderr has lost its reader; sockets raise SIGPIPE too."""
    outputs = select.poll()
    outputs.register(1, 0)
    outputs.register(2, 0)
    if any(event & select.POLLERR for _, event in outputs.poll(0)):
        end(number)


def _wake_main_thread() -> None:
    """From now on, a signal interrupts the main thread, which runs Python's handlers.

    Otherwise a signal that another thread receives, or the main thread just before it waits for a
    lock, would be handled only after that wait.
    """
    global _waking
    if _waking:
        return
    _waking = True
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    main = threading.main_thread().ident
    assert main is not None

    def wake() -> None:
        while True:
            if set(os.read(reader, 64)) - {WAKE}:
                for delay in (0, 0.01, 0.1, 1):
                    time.sleep(delay)
                    signal.pthread_kill(main, WAKE)

    signal.signal(WAKE, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=wake, name="signals", daemon=True).start()


def watch() -> None:
    """From now on, a signal ends this process and its children at once.

    A signal that is ignored at the start, as under nohup, stays ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    signal.signal(signal.SIGPIPE, _broken_pipe)
    _wake_main_thread()


def watch_commands() -> None:
    """Watches if Python is about to run a module of the package whose __init__ calls this, as in
    `python -m PACKAGE.MODULE`; what the module imports then loads under watch."""
    if sys.argv[:1] == ["-m"]:  # until the module is found
        watch()


@contextmanager
def raising(*, patient: bool = False) -> Iterator[None]:
    """A context in which the first signal raises Stopped, so that a report can be written.

    A second signal ends the process at once. If `patient`, it is ignored, because a process group
    may get several signals, and the exception is raised once all child processes are dead.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def stop(number: int, _: FrameType | None) -> None:
        if patient:
            for each in SIGNALS:
                signal.signal(each, signal.SIG_IGN)
            kill_below()
        else:
            restore()
        raise Stopped(number)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, stop)
    _wake_main_thread()
    try:
        yield
    finally:
        restore()


def run(main: Callable[..., None]) -> None:
    """Runs a command whose options are `main`'s arguments, by typer."""
    watch()
    import typer

    typer.run(main)
