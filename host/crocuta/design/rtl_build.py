# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles the kernel's RTL to a shared library, unless that was done before."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from crocuta.design import cache, processes, verilator
from crocuta.design.sources import design_files, twiddle_directory
from crocuta.errors import BuildError, KernelError
from crocuta.extras import IN_CHECKOUT
from crocuta.memory import memory_bytes
from crocuta.models.configs import Config

SIMULATION = Path(__file__).parent.with_name("simulation")
HARNESS = SIMULATION / "rtl_kernel.cpp"
CONTROL = SIMULATION / "rtl_kernel.vlt"
TOP = "kernel_tb"
BENCH_FILES = tuple(
    SIMULATION / f"{name}.sv" for name in ("kernel_tb", "job_observer", "axi_memory")
)
WAVE_FILES = tuple(
    SIMULATION / name for name in ("cfp_wave.sv", "float_wave.sv", "kernel_waves.sv")
)
"""What a build with waves has besides."""
WAVE_FLAGS = ("--trace-fst", "--trace-max-width", "1024")
VERILATOR_FLAGS = (
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
WAVE_OPTIMISE = ("OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2")
"""Compiled sooner, for the few clocks that anybody looks at."""
OPTIMISE = ("OPT_FAST=-O2 -march=native", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2")

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


def _literal(value: int | str) -> str:
    """A parameter's value in SystemVerilog; text needs no escape: it is a path of the cache."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def simulator() -> str:
    """The simulator's name and version."""
    return f"Verilator {verilator.version()}"


def library(config: Config, announce: Announce = nullcontext, *, waves: bool = False) -> Path:
    """The compiled kernel. Compiles when a source, parameter, flag or the tool has changed.

    Args:
        config: of the kernel.
        announce: called when compiling begins.
        waves: whether it is one that can write them, which has a build of its own.

    Raises:
        KernelError: it does not compile; names the log.
    """
    product = f"libcrocuta_{config.name}.so"
    try:
        recipe = verilator.Recipe(
            top=TOP,
            product=product,
            prefix=f"V{TOP}",
            flags=(
                *VERILATOR_FLAGS,
                *(WAVE_FLAGS if waves else ()),
                *(f"-G{name}={_literal(value)}" for name, value in parameters(config).items()),
            ),
            optimise=WAVE_OPTIMISE if waves else OPTIMISE,
            sources=(
                CONTROL,
                HARNESS,
                *design_files(TOP, BENCH_FILES + (WAVE_FILES if waves else ())),
            ),
        )
        name = f"rtl-{config.name}{'-waves' if waves else ''}-{recipe.digest()}"
        log_path = cache.root() / "logs" / f"{name}.build.log"

        def compile_here(folder: Path) -> None:
            _check_tools()
            log_path.parent.mkdir(exist_ok=True)
            with announce(), log_path.open("w", encoding="utf-8") as log:
                recipe.make(folder, log)
            log_path.unlink()

        def waiting() -> None:
            message = f"Another process compiles the RTL of {config.name}: waiting for it."
            print(message, file=sys.stderr, flush=True)

        return cache.entry(name, compile_here, waiting) / product
    except BuildError as error:
        raise KernelError(str(error)) from None
    except processes.Failed as error:
        raise KernelError(
            f"The kernel's RTL did not compile ({str(error).partition(' ')[0]}): see {log_path}."
        ) from None
    except OSError as error:
        raise KernelError(f"The kernel's RTL could not be compiled: {error}.") from None


def _check_tools() -> None:
    for tool in ("perl", "make", "c++"):
        if shutil.which(tool) is None:
            remedy = "run `make env`" if IN_CHECKOUT else "install g++, make and perl"
            raise KernelError(f"There is no {tool}, which compiling the RTL needs: {remedy}.")
