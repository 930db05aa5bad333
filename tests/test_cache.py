# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled designs are stored once per user, atomically, and found from everywhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crocuta.design import cache, verilator
from crocuta.errors import BuildError
from crocuta.models import configs
from crocuta.models.configs import ROOT
from flow import runner
from tb.registry import BENCHES

TINY = configs.load("tiny")
DESIGN = ("flow", "host", "models", "registers", "rtl", "tb")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.setenv("CROCUTA_CACHE", str(tmp_path / "cache"))
    return cache.root()


def fill(folder: Path, text: str = "made") -> None:
    (folder / "product").write_text(text)


def test_an_entry_is_made_once(root: Path) -> None:
    path = cache.entry("thing-1", fill)
    assert path == root / "entries" / "thing-1"
    assert (path / "product").read_text() == "made"
    assert cache.entry("thing-1", lambda folder: fill(folder, "made again")) == path
    assert (path / "product").read_text() == "made"


def test_what_fails_is_no_entry(root: Path) -> None:
    def break_off(folder: Path) -> None:
        fill(folder, "half")
        raise ValueError

    with pytest.raises(ValueError):
        cache.entry("thing-1", break_off)
    assert not list((root / "unfinished").iterdir())
    cache.entry("thing-1", fill)


MAKING = """
import sys, time
from pathlib import Path
from crocuta.design import cache
def make(folder):
    (folder / "product").write_text("half")
    print("making", flush=True)
    sys.stdin.readline()
    (folder / "product").write_text("made")
cache.entry("thing-1", make, lambda: print("waiting", flush=True))
print("done", flush=True)
"""


def making() -> subprocess.Popen[str]:
    """A process that creates an entry, and stops half-way until it reads a line."""
    command = [sys.executable, "-c", MAKING]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_who_waits_is_told_and_takes_what_another_made(root: Path) -> None:
    with making() as first, making() as second:
        said = {line(first), line(second)}
        assert said == {"making", "waiting"}
        for process in (first, second):
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.close()
            process.stdin = None
        assert {line(first), line(second)} == {"done"}
    assert (root / "entries" / "thing-1" / "product").read_text() == "made"


def test_who_is_killed_leaves_nothing_that_counts(root: Path) -> None:
    with making() as process:
        assert line(process) == "making"
        process.send_signal(signal.SIGKILL)
    assert list((root / "unfinished").iterdir())
    assert (cache.entry("thing-1", fill) / "product").read_text() == "made"
    assert not list((root / "unfinished").iterdir())


def test_what_was_not_used_for_longest_goes_first(root: Path) -> None:
    for number in range(4):
        path = cache.entry(f"thing-{number}", lambda folder: fill(folder, 1000 * "x"))
        used = time.time() - 10_000 + number
        os.utime(path, (used, used))
    cache.entry("thing-0", fill)
    cache.evict(2500)
    assert sorted(path.name for path in (root / "entries").iterdir()) == ["thing-0", "thing-3"]
    cache.evict(0)  # but not what is in use
    assert [path.name for path in (root / "entries").iterdir()] == ["thing-0"]


def test_tables_of_one_text_are_in_one_place(root: Path) -> None:
    first = cache.tables({"a.mem": "1\n", "b.mem": "2\n"})
    assert cache.tables({"b.mem": "2\n", "a.mem": "1\n"}) == first
    assert cache.tables({"a.mem": "2\n", "b.mem": "2\n"}) != first
    assert (first / "a.mem").read_text() == "1\n"


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("/proc/nowhere", "CROCUTA_CACHE is /proc/nowhere, which cannot be made: name another"),
        ("/tmp/a folder", "CROCUTA_CACHE is /tmp/a folder, which is not an absolute path of ASCII"),
        ("here", "CROCUTA_CACHE is here, which is not an absolute path"),
        ("/proc/self", "CROCUTA_CACHE is /proc/self, which cannot be written"),
    ],
)
def test_a_cache_that_cannot_be_used_is_refused(
    named: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROCUTA_CACHE", named)
    if named == "/proc/self":
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(BuildError, match=sentence):
        cache.root()
    assert not Path("/tmp/a folder").exists()


def test_the_cache_is_where_caches_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROCUTA_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.root() == tmp_path / "xdg" / "crocuta"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.root() == tmp_path / ".cache" / "crocuta"
    for home in ("/proc/nowhere", str(tmp_path / "é space")):
        monkeypatch.setenv("HOME", home)
        fallback = cache.root()
        assert fallback == Path(f"/tmp/crocuta-{os.getuid()}")
        assert fallback.stat().st_mode & 0o077 == 0


def stock_path(folder: Path) -> str:
    """A PATH as on a stock Debian or Ubuntu, with python3 but no python."""
    for directory in ("/usr/bin", "/bin"):
        for program in Path(directory).iterdir():
            link = folder / program.name
            if program.name != "python" and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def test_verilator_compiles_where_there_is_no_python(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    path = stock_path(folder)
    assert shutil.which("python", path=path) is None
    entries = root / "entries"
    entries.mkdir()
    environment = {name: text for name, text in os.environ.items() if name != "CROCUTA_CACHE"}
    fifo = [
        sys.executable,
        "-m",
        "flow.simulate",
        "cells",
        "--bench",
        "fifo",
        "--only",
        "full_speed",
    ]
    # Verilator's own library comes from the user's cache, because compiling it takes a minute.
    subprocess.run(fifo, cwd=ROOT, env=environment, capture_output=True, check=True)
    code = "from crocuta.design import cache; print(cache.root())"
    users = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    for library in (Path(users.stdout.strip()) / "entries").glob("library-*"):
        (entries / library.name).symlink_to(library)
    done = subprocess.run(
        fifo, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(entries.glob("verilator-fifo-*"))


def test_settings_of_the_shell_do_not_reach_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CXXFLAGS", "CPPFLAGS", "MAKEFLAGS", "OPT_FAST", "CPATH", "VERILATOR_BIN"):
        monkeypatch.setenv(name, "-nonsense")
    assert "-nonsense" not in verilator.environment().values()


def test_a_copy_of_the_project_takes_what_is_compiled(tmp_path: Path) -> None:
    """The same in a path with letters and spaces that simulators do not accept."""
    cells = (("rom_tb", "icarus"), ("fifo", "verilator"))
    for name, sim in cells:
        bench = next(bench for bench in BENCHES["cells"] if bench.name == name)
        runner.build(bench, TINY, sim)
    copy = tmp_path / "é space"
    copy.mkdir()
    for name in DESIGN:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored, symlinks=True)
    for name, sim in cells:
        done = subprocess.run(
            [sys.executable, "-m", "flow.simulate", "cells", "--bench", name, "--sim", sim],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": f"{copy / 'host'}:{copy}"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        results = copy / "build" / "sim" / sim / "tiny" / name
        assert list(results.rglob("results.xml"))
        assert not list(results.glob("build.log")), "it was compiled again"
