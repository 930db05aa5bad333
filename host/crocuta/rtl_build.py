# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles the kernel's RTL to a shared library, unless that was done before."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

from cocotb_tools.runner import as_sv_literal
from filelock import FileLock

from crocuta.errors import KernelError
from crocuta.kernel import memory_bytes
from models.configs import ROOT, Config
from tb import verilator
from tb.benches import twiddle_directory
from tb.runner import BenchFailure, design_files

BUILD = ROOT / "build" / "rtl"
HARNESS = Path(__file__).with_name("rtl_kernel.cpp")
CONTROL = Path(__file__).with_name("rtl_kernel.vlt")
TOP = "kernel_tb"
BENCH_FILES = (ROOT / "tb" / "kernel_tb.sv", ROOT / "tb" / "axi_memory.sv")
VERILATOR_FLAGS = (
    "--cc",
    "--exe",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--no-assert",
    # GCC takes minutes for Verilator's longest functions; and only the parts of a function that
    # name no instance are shared by all (rtl_kernel.vlt).
    "--output-split-cfuncs",
    "300",
    "--timescale",
    "1ns/1ps",
    "-Wno-fatal",
    "-CFLAGS",
    "-fPIC -fvisibility=hidden -DVL_USER_FATAL -DVL_USER_STOP",
    "-LDFLAGS",
    "-shared",
)
MAKE_FLAGS = (
    "-j2",
    *verilator.MAKE_SETTINGS,
    "OPT_FAST=-O2 -march=native",
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O2",
)

Announce = Callable[[], AbstractContextManager[object]]
"""Called when compiling begins; the context it returns ends with it."""


def parameters(config: Config) -> dict[str, int | str]:
    """kernel_tb's parameters: memories for the longest x, h and y in every configuration."""
    samples, spectra, _ = memory_bytes(config)
    beat_bytes = config.axi_bits // 8
    return {
        **config.parameters(),
        "TwiddleDir": twiddle_directory(config),
        "SamplesWords": samples // beat_bytes,
        "SpectraWords": spectra // beat_bytes,
    }


def simulator() -> str:
    """The simulator's name and version."""
    return f"Verilator {verilator.version()}"


def library(config: Config, announce: Announce = nullcontext) -> Path:
    """The compiled kernel. Compiles when a source, parameter, flag or the tool has changed.

    Raises:
        KernelError: it does not compile; names the log.
    """
    directory = BUILD / config.name
    path = directory / f"libcrocuta_{config.name}.so"
    stamp = directory / "stamp"
    try:
        sources = [CONTROL, HARNESS, *design_files(TOP, BENCH_FILES)]
        environment = verilator.environment()
    except BenchFailure as error:
        raise KernelError(str(error)) from None
    verilate, make = _commands(config, directory, sources)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / "lock"):
            digest = _digest([verilate, make, _processor()], sources)
            if stamp.is_file() and stamp.read_text() == digest and path.is_file():
                return path
            stamp.unlink(missing_ok=True)
            _check_tools()
            with announce(), (directory / "build.log").open("w") as log:
                shutil.rmtree(directory / "obj", ignore_errors=True)
                _execute(verilate, environment, log)
                reused = _reuse_library(directory / "obj")
                _execute(make, environment, log)
                if not reused:
                    _keep_library(directory / "obj")
            # A process that has the old library loaded keeps it.
            (directory / "obj" / path.name).replace(path)
            shutil.rmtree(directory / "obj")
            stamp.write_text(digest)
    except OSError as error:
        raise KernelError(f"The kernel's RTL could not be compiled: {error}.") from None
    return path


def _check_tools() -> None:
    for tool in ("perl", "make", "c++"):
        if shutil.which(tool) is None:
            raise KernelError(f"There is no {tool}, which compiling the RTL needs: run `make env`.")


def _commands(
    config: Config, directory: Path, sources: Sequence[Path]
) -> tuple[list[str], list[str]]:
    """What makes C++ of the RTL, and what compiles that."""
    objects = directory / "obj"
    verilate = [
        verilator.program(),
        *VERILATOR_FLAGS,
        "--top-module",
        TOP,
        "--Mdir",
        str(objects),
        "-o",
        f"libcrocuta_{config.name}.so",
        *(f"-G{name}={as_sv_literal(value)}" for name, value in parameters(config).items()),
        *map(str, sources),
    ]
    return verilate, ["make", "-C", str(objects), "-f", f"V{TOP}.mk", *MAKE_FLAGS]


def _execute(command: list[str], environment: dict[str, str], log: TextIO) -> None:
    done = subprocess.run(
        command, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise KernelError(
            f"The kernel's RTL did not compile ({Path(command[0]).name}): see {log.name}."
        )


def _processor() -> str:
    """The processor that -march=native compiles for."""
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("flags")), platform.machine())


def _digest(recipe: object, sources: Sequence[Path]) -> str:
    """What the library depends on, hashed."""
    digest = hashlib.sha256(json.dumps([simulator(), recipe]).encode())
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _library_cache() -> Path:
    """Where Verilator's own library lies compiled, the same for every configuration."""
    recipe = [simulator(), verilator.program(), VERILATOR_FLAGS, MAKE_FLAGS, _processor()]
    return BUILD / "library" / hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]


def _reuse_library(objects: Path) -> bool:
    """Puts the compiled library next to the design's objects; tells if there was one."""
    found = list(_library_cache().glob("*.o"))
    for path in found:
        shutil.copy(path, objects)
    return bool(found)


def _keep_library(objects: Path) -> None:
    """Keeps the compiled library for the next build."""
    cache = _library_cache()
    partial = cache.with_name(f"{cache.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    for path in objects.glob("verilated*.o"):
        shutil.copy(path, partial)
    try:
        partial.rename(cache)
    except OSError:  # another process was first
        shutil.rmtree(partial)
