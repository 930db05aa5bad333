# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make env`: where and when the environment is created and recreated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from crocuta.models.configs import ROOT

FILES = ("Makefile", "requirements.txt", "pyproject.toml", "flow/install.sh")
INSTALLS = '#!/bin/sh\nmkdir -p .venv; pwd -P > .venv/installed; echo "installed by [$PYTHON]$1"\n'
ANEW = f'#!/bin/sh\n[ "$1" = -m ] && echo anew && exit 3\nexec {sys.executable} "$@"\n'


def project(folder: Path) -> Path:
    """A directory with the parts of the project that `make env` needs."""
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(*command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    ours = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}  # a `make test` has its own
    environment = {name: text for name, text in os.environ.items() if name not in ours}
    return subprocess.run(
        command, cwd=folder, env={**environment, **variables}, capture_output=True, text=True
    )


def test_make_installs_when_it_has_to(tmp_path: Path) -> None:
    folder = project(tmp_path / "é")
    (folder / "flow" / "install.sh").write_text(INSTALLS)

    def env(*options: str, **variables: str) -> str:
        done = run("make", "env", *options, folder=folder, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix(".venv is ready.\n")

    assert env() == "installed by []\n"
    assert env() == ""
    assert env("TORCH=1") == "installed by []torch\n"
    assert env("PYTHON=python3.12") == "installed by [python3.12]\n"
    assert env(PYTHON="python3.13") == "installed by [python3.13]\n"
    assert env() == ""
    folder = folder.rename(tmp_path / "moved")
    assert env() == "installed by []\n"
    shutil.copytree(folder, tmp_path / "copied")
    folder = tmp_path / "copied"
    assert env() == "installed by []\n"
    assert env() == ""


def test_an_environment_made_elsewhere_is_made_anew(tmp_path: Path) -> None:
    folder = project(tmp_path / "copy")
    (folder / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    python = tmp_path / "python"
    python.write_text(ANEW)
    python.chmod(0o755)
    done = run("flow/install.sh", folder=folder, PYTHON=str(python))
    assert done.returncode == 3
    assert done.stdout.endswith("anew\n")


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="the environment is no .venv")
def test_an_environment_that_fits_is_left_alone(tmp_path: Path) -> None:
    stamp = ROOT / ".venv" / "installed"
    newest = max((ROOT / name).stat().st_mtime for name in FILES if name != "Makefile")
    if not stamp.exists() or stamp.stat().st_mtime < newest:
        pytest.skip("the environment is older than its versions")
    before = stamp.stat().st_mtime_ns
    python = tmp_path / "python"
    python.write_text(ANEW)
    python.chmod(0o755)
    done = run("flow/install.sh", folder=ROOT, PYTHON=str(python))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stamp.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["a b", "a:b", "a;b", "a$b", "a'b", "50%"])
def test_a_folder_that_tools_cannot_work_in_is_refused(tmp_path: Path, name: str) -> None:
    folder = project(tmp_path / name)
    done = run("flow/install.sh", folder=folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Some of Crocuta's tools cannot work in {folder}: move it")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == [
        "Makefile",
        "flow",
        "pyproject.toml",
        "requirements.txt",
    ]


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="the environment is no .venv")
def test_python_starts_in_any_locale_wherever_the_project_lies() -> None:
    """Python reads these files before anything else, in the locale's encoding."""
    files = list(Path(sysconfig.get_path("purelib")).glob("*.pth"))
    assert any("crocuta" in path.name for path in files)
    assert all(path.read_bytes().isascii() for path in files)


@pytest.mark.parametrize(
    ("ci", "code", "sentence"), [("", 5, "torch is not installed"), ("true", 4, "CI skips no")]
)
def test_tests_without_torch_are_skipped_and_fail_in_ci(ci: str, code: int, sentence: str) -> None:
    hidden = "import sys, pytest; sys.modules['torch'] = None; sys.exit(pytest.main(sys.argv[1:]))"
    options = ("--collect-only", "-q", "-p", "no:cacheprovider", "tests/test_torch.py")
    done = run(sys.executable, "-c", hidden, *options, folder=ROOT, CI=ci)
    text = done.stdout + done.stderr
    assert (done.returncode, sentence in text, "run `make env TORCH=1`" in text) == (
        code,
        True,
        True,
    )
