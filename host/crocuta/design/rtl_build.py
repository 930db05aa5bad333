# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles the kernel's RTL to a shared library, unless the cache has it."""

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
    SIMULATION / f"{name}.sv"
    for name in ("kernel_tb", "job_observer", "four_step_observer", "feed_observer", "axi_memory")
)
WAVE_FILES = tuple(SIMULATION / f"{name}.sv" for name in ("cfp_wave", "float_wave"))
"""Of a build with waves, besides the module that is bound into a kernel of each schedule."""
WAVE_FLAGS = ("--trace-fst", "--trace-max-width", "1024")
"""Additional Verilator flags for a build with waves."""
VERILATOR_FLAGS = (
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--no-assert",
    "--timescale",
    "1ns/1ps",
    "-Wno-fatal",
    "-CFLAGS",
    "-fPIC -fvisibility=hidden -DVL_USER_FATAL -DVL_USER_STOP",
    "-LDFLAGS",
    "-shared",
)
WAVE_OPTIMISE = ("OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2")
"""Faster to compile, for runs of a few clocks: GCC takes minutes to optimise the functions that
declare the signals."""
FAST_FLAGS = ("--output-split-cfuncs", "300")
"""GCC takes minutes for Verilator's longest functions, and only parts of a function that name no
instance can be shared by all instances (rtl_kernel.vlt)."""
FAST_OPTIMISE = ("OPT_FAST=-O2 -march=native", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2")
SOON_OPTIMISE = ("OPT_FAST=-O1 -march=native", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2")
LARGE_CHUNK = 16384
"""At this chunk size and above, simulations are long enough to justify a slower compile."""

Announce = Callable[[], AbstractContextManager[object]]
"""Called when compiling begins; returns a context that ends with it."""


def parameters(config: Config) -> dict[str, int | str]:
    """kernel_tb's parameters, with memories for the longest x, h and y in every configuration."""
    samples, *_, spectra = memory_bytes(config)
    beat_bytes = config.axi_bits // 8
    return {
        **config.parameters(),
        "FourStep": config.four_step,
        "TwiddleDir": twiddle_directory(config),
        "SamplesWords": samples // beat_bytes,
        "SpectraWords": spectra // beat_bytes,
    }


def _wave_files(config: Config) -> tuple[Path, ...]:
    name = "four_step_waves" if config.four_step else "kernel_waves"
    return (*WAVE_FILES, SIMULATION / f"{name}.sv")


def _literal(value: int | str) -> str:
    """A parameter's value in SystemVerilog; text needs no escape: it is a path of the cache."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def simulator() -> str:
    """The simulator's name and version."""
    return f"Verilator {verilator.version()}"


def library(config: Config, announce: Announce = nullcontext, *, waves: bool = False) -> Path:
    """Returns the compiled kernel, compiling it if a source, parameter, flag or the tool has
    changed.

    Args:
            config: the kernel's configuration.
            announce: called when compiling begins.
            waves: whether the kernel can record waves, which takes a separate build.

    Raises:
        KernelError: it does not compile; the message names the log.
    """
    product = f"libcrocuta_{config.name}.so"
    large = config.chunk >= LARGE_CHUNK
    try:
        recipe = verilator.Recipe(
            top=TOP,
            product=product,
            prefix=f"V{TOP}",
            flags=(
                *VERILATOR_FLAGS,
                *(WAVE_FLAGS if waves else ()),
                *(FAST_FLAGS if large else ()),
                *(f"-G{name}={_literal(value)}" for name, value in parameters(config).items()),
            ),
            optimise=WAVE_OPTIMISE if waves else FAST_OPTIMISE if large else SOON_OPTIMISE,
            precompile=not large,
            sources=(
                CONTROL,
                HARNESS,
                *design_files(TOP, BENCH_FILES + (_wave_files(config) if waves else ())),
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
            message = f"Waiting for another process that is compiling the RTL of {config.name}."
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
            raise KernelError(f"Compiling the RTL needs {tool}, which is missing: {remedy}.")
