# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Interrupted commands: they and their child processes end at once, without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from crocuta import stops
from crocuta.models.configs import ROOT

SIM = ("flow.simulate", "axi_memory", "--sim", "icarus")
"""A simulation that takes some seconds."""
SLEEPS = """
import subprocess, sys, threading
from crocuta import stops
def main() -> None:
    run = lambda: subprocess.run(["sleep", "600"], start_new_session=True)
    thread = threading.Thread(target=run)
    with stops.last(lambda: print("last words", flush=True)):
        thread.start()
        thread.join()
stops.run(main)
"""
"""A command that waits for a thread, whose child process has a session of its own."""


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def below(process: subprocess.Popen[str], name: str) -> Sequence[psutil.Process]:
    """The command's child processes of this name, once there is one."""
    for _ in range(6000):
        assert process.poll() is None, process.communicate()
        with suppress(psutil.NoSuchProcess):  # one that has just ended
            found = psutil.Process(process.pid).children(recursive=True)
            if named := [child for child in found if child.name() == name]:
                return named
        time.sleep(0.01)
    raise AssertionError(f"it starts no {name}")


def check_ended(process: subprocess.Popen[str], started: Sequence[psutil.Process]) -> str:
    """Checks that the command has ended with all its children; returns its output."""
    output, errors = process.communicate(timeout=30)
    assert "Traceback" not in (output or "") + errors
    assert "Error" not in errors
    _, alive = psutil.wait_procs(started, timeout=5)
    assert not alive
    return output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_command_ends_with_all_it_started(number: signal.Signals) -> None:
    process = start("-c", SLEEPS)
    started = below(process, "sleep")
    process.send_signal(number)
    assert check_ended(process, started) == "last words\n"
    assert process.returncode == 128 + number


@pytest.mark.parametrize("handled", ["watch()", "raising()"])
def test_a_signal_that_another_thread_received_ends_a_command_that_waits(handled: str) -> None:
    """Python's handlers run in the main thread, which a signal that comes elsewhere, or just before
    the main thread begins to wait, does not wake."""
    receives = f"""
import signal, threading, time
from crocuta import stops
stops.watch()
def receive():
    time.sleep(0.2)  # until the main thread waits
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()
thread = threading.Thread(target=receive, daemon=True)
def wait():
    thread.start()
    thread.join()
if "{handled}" == "watch()":
    wait()
try:
    with stops.raising():
        wait()
except stops.Stopped as stopped:
    raise SystemExit(128 + stopped.number)
"""
    process = start("-c", receives)
    check_ended(process, ())
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_simulation_ends(number: signal.Signals) -> None:
    process = start("-m", *SIM)
    started = below(process, "vvp")
    process.send_signal(number)
    output = check_ended(process, started)
    assert process.returncode == 128 + number
    assert "passed" not in output


SCRIPT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["crocuta"]


@pytest.mark.parametrize(
    "how",
    [
        ("-m", "crocuta"),
        ("-c", "from {} import {} as main; main()".format(*SCRIPT.split(":"))),
        ("-m", "flow.simulate"),
        ("-m", "benchmarks"),
    ],
    ids=["crocuta", "script", "flow", "benchmarks"],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_while_it_loads_ends(
    how: tuple[str, str], number: signal.Signals
) -> None:
    process = start("-X", "importtime", *how, "--help")
    assert process.stderr
    # -v prints each module that is loaded; numpy's first ones come early in the package's own load.
    loaded = next(line for line in process.stderr if "numpy" in line)
    process.send_signal(number)
    assert "numpy" in loaded and not check_ended(process, ())
    assert process.returncode == 128 + number


def test_a_simulation_ends_when_nobody_reads_it() -> None:
    process = start("-m", *SIM)
    started = below(process, "vvp")
    assert process.stdout
    assert process.stdout.readline().startswith("tb.benches.agents.bench_axi_memory")
    process.stdout.close()
    process.stdout = None
    check_ended(process, started)
    assert process.returncode == 128 + signal.SIGPIPE


def test_a_socket_that_nobody_reads_is_no_reason_to_end() -> None:
    stopping = "import os, signal; from crocuta import stops; stops.watch()\n"
    ours = "os.kill(os.getpid(), signal.SIGPIPE); print('goes on')"
    done = subprocess.run(
        [sys.executable, "-c", stopping + ours], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "goes on\n")


def test_what_is_ignored_stays_ignored() -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from crocuta import stops; stops.watch(); os.kill(os.getpid(), signal.SIGHUP)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_who_has_a_report_to_write_is_told() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(stops.Stopped) as stopped, stops.raising():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert stopped.value.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_stopped_pytest_shows_what_failed(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        "import subprocess\n"
        "def test_failing():\n    raise AssertionError('shown')\n"
        "def test_waiting():\n    subprocess.run(['sleep', '600'])\n"
    )
    pytest_here = ("-m", "pytest", "--confcutdir", str(ROOT / "tests"), "-p", "tests.conftest")
    process = start(*pytest_here, str(tmp_path / "test_some.py"))
    started = below(process, "sleep")
    process.send_signal(signal.SIGTERM)
    assert "AssertionError: shown" in check_ended(process, started)
    assert process.returncode == 128 + signal.SIGTERM
