# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The registry of all benches, which `make sim TEST=name` and pytest run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crocuta.design import cache
from crocuta.design.sources import twiddle_directory
from crocuta.models.configs import CHUNKED, FOUR_STEP, Config, ConfigError
from crocuta.models.layout import row_bytes
from tb.lib.agreed import BOARD_CHUNKS, MANY_ROWS_CHUNK, RAM_WIDTH, RAM_WORDS

SIMS = ("verilator", "icarus")
SMALLEST = ("tiny", "tiny-long")
"""A configuration of each schedule, whose benches coverage is measured with and mutants meet."""
LARGER = ("small", "small-long")
"""The next larger ones, which mutants meet too."""
BOTH_OUTPUTS = ("tiny", "small", "tiny+outputs-2", "small+outputs-2")
"""One and two output chunks per pass."""
AT_SMALL = tuple(("small", sim) for sim in SIMS)
"""Left to regressions by `make test`, because tiny shows the same."""
BEYOND_TINY = (
    ("tiny+outputs-2", "icarus"),
    *((config, sim) for config in ("small", "small+outputs-2") for sim in SIMS),
)
"""Of a block, left to regressions by `make test`, which runs it within the whole kernel."""
LONG_TOO = ("tiny", "small", "tiny-long", "small-long")
"""Rows alone, and rows and columns."""
LONG_AT_TINY = tuple(("tiny-long", sim) for sim in SIMS)
LONG_AT_SMALL = tuple(("small-long", sim) for sim in SIMS)
ICARUS_AT_SMALL = (("small-long", "icarus"),)
BRIDGE_MODULES = ("uart_bridge", "uart_rx", "uart_tx")
BOARD_MODULES = ("axi_ram", "crocuta_board", "delay", *BRIDGE_MODULES)
# fft_engine at the corners of its parameters.
ENGINE_SIZES = (
    ("forward", (2, 16, 18, 9, 25)),
    ("inverse", (16, 16, 18, 9, 25)),  # only wiring between lanes
    ("forward", (16, 64, 14, 8, 12)),
    ("inverse", (8, 256, 14, 10, 27)),
    ("forward", (8, 128, 24, 10, 27)),
    ("inverse", (4, 64, 24, 8, 18)),
    ("forward", (2, 4096, 18, 9, 18)),
    ("inverse", (2, 4096, 18, 9, 18)),
)
VERILATOR_LATER = (("tiny", "verilator"),)
"""Left to regressions by `make test`: Icarus runs these parameters, Verilator others of the same
module."""
LARGE_SIZES = ((2, 4096, 18, 9, 18), (8, 256, 14, 10, 27))
"""The slowest of these, none of them a corner case of its own: for regressions."""
SIMULATION = "host/crocuta/simulation"
MEMORY = f"{SIMULATION}/axi_memory.sv"
KERNEL_SOURCES = (
    *(
        f"{SIMULATION}/{name}.sv"
        for name in ("kernel_tb", "job_observer", "four_step_observer", "feed_observer")
    ),
    MEMORY,
)
CORE_SOURCES = (
    *(f"tb/benches/kernel/{name}.sv" for name in ("four_step_core_tb", "late_answers")),
    "tb/benches/kernel/port_observer.sv",
    *(f"{SIMULATION}/{name}.sv" for name in ("four_step_observer", "feed_observer")),
    MEMORY,
)
SPECTRUM_SOURCES = (
    "tb/benches/ports/spectrum_ports.vlt",
    "tb/benches/ports/spectrum_ports_tb.sv",
    MEMORY,
)
WIDEST = "tiny+mantissa_bits-24+exponent_bits-10+twiddle_bits-27"
NARROWEST = "tiny+mantissa_bits-14+exponent_bits-8+twiddle_bits-12"
"""The narrowest and the widest words; Icarus runs the second, where each stage saturates."""
MANY_LANES = ("tiny+lanes-16+chunk-512", "tiny+lanes-8+chunk-256+outputs-2")
"""The shortest chunks with many lanes, which fill the command streams."""
ONE_ROW = "tiny-long+max_length_log2-6"
"""A four-step kernel without columns."""
SOME_RESIDENT, ALL_RESIDENT = "tiny-long+resident-3", "tiny-long+resident-8"
"""Four-step kernels that keep some of their rows on the chip, and all of them."""
FEW_ROWS = (
    "tiny-long+lanes-4+chunk-256+resident-1",
    "tiny-long+lanes-4+chunk-256+max_length_log2-10+resident-2",
)
"""Four-step kernels of two rows and of four, half of them on the chip, each with several bursts."""
FEW_CHUNKS = "tiny+lanes-4+chunk-128+max_length_log2-8"
"""A chunked kernel for at most two chunks."""
KERNEL_CORNERS = (*MANY_LANES, WIDEST, ALL_RESIDENT, "small-long", *FEW_ROWS, FEW_CHUNKS)
"""What regressions run the whole kernel at besides: short chunks, 8 and 16 lanes, wide words, all
rows on the chip, more and longer ones in memory, and the shortest sequences."""
SEVERAL_BURSTS = 512
"""A chunk whose spectrum has four bursts."""
BENCH_ROWS = 4
"""The most rows of the jobs of the benches of a four-step transform's halves and core."""
ENGINE_TESTS = ("fft", "fft_sizes")
"""Benches of an engine alone, which take its configurations, not only the kernel's."""


def no_parameters(config: Config) -> dict[str, int | str]:
    """No parameters: for a top that takes none from the configuration."""
    return {}


@dataclass(frozen=True)
class Bench:
    """One cocotb module with one SystemVerilog top."""

    top: str
    """The top module: rtl/TOP.sv, or one of `sources`."""
    module: str
    """The cocotb module, e.g. "tb.benches.transform.bench_fft"."""
    about: str
    """A line for the list of tests."""
    parameters: Callable[[Config], Mapping[str, int | str]] = no_parameters
    """Returns the top's parameters at a configuration; str becomes a SystemVerilog string."""
    configs: tuple[str, ...] = ("tiny", "small")
    """The configurations at which pytest runs it; `make sim CONFIG=` accepts any."""
    sims: tuple[str, ...] = SIMS
    """The simulators it runs on."""
    sources: tuple[str, ...] = ()
    """Files in addition to rtl/, relative to the project: SystemVerilog, or .vlt for Verilator."""
    variant: str = ""
    """Distinguishes benches that build one top with different parameters."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for the cocotb module."""
    endless: tuple[tuple[str, str], ...] = ()
    """Configurations and simulators that would take hours, which nothing runs."""
    long: tuple[tuple[str, str], ...] = ()
    """Configurations and simulators that `make test` leaves to `make regress`."""
    brief: tuple[tuple[str, str], ...] = ()
    """Configurations and simulators that `make test` runs with BRIEF in the bench's environment."""
    corners: tuple[str, ...] = ()
    """More configurations, for `make regress` in Verilator. `make test` runs one of them, chosen by
    date, with BRIEF in the bench's environment."""
    exhaustive: bool = False
    """Whether every seed covers all cases, so that a regression needs only one."""

    @property
    def module_name(self) -> str:
        """The module without its package, e.g. "bench_fft"."""
        return self.module.rsplit(".", 1)[-1]

    @property
    def runs(self) -> list[tuple[str, str]]:
        """The configurations and simulators at which it runs, without its corners."""
        every = [(config, sim) for config in self.configs for sim in self.sims]
        return [run for run in every if run not in self.endless]

    @property
    def name(self) -> str:
        """The top and the variant, which share one build per configuration."""
        return f"{self.top}-{self.variant}" if self.variant else self.top


def ram_init_file(config: Config) -> dict[str, int | str]:
    """Writes a RAM's initialisation file and returns its parameters."""
    folder = cache.tables({"ram.mem": "".join(f"{word:x}\n" for word in RAM_WORDS)})
    sizes = {"Width": RAM_WIDTH, "Depth": len(RAM_WORDS)}
    return {**sizes, "Style": "distributed", "InitFile": str(folder / "ram.mem")}


def board_files(modules: Sequence[str]) -> tuple[str, ...]:
    """The paths of modules of the ECP5 board."""
    return tuple(f"boards/ecp5/{name}.sv" for name in modules)


def fixed(**parameters: int | str) -> Callable[[Config], dict[str, int | str]]:
    """Returns a function that gives the same parameters at every configuration."""
    return lambda config: dict(parameters)


def at(
    schedule: str, parameters: Callable[[Config], dict[str, int | str]]
) -> Callable[[Config], dict[str, int | str]]:
    """These parameters, but at configurations of one schedule alone: the other has no such block,
    or the bench does not know it there."""

    def checked(config: Config) -> dict[str, int | str]:
        config.check_schedule(schedule)
        return parameters(config)

    return checked


def check_rows(config: Config) -> None:
    """Raises ConfigError at a configuration of fewer than BENCH_ROWS rows."""
    config.check_schedule(FOUR_STEP)
    if config.rows_max < BENCH_ROWS:
        raise ConfigError(
            f"configuration {config.name}: its longest transform has {config.rows_max} rows, and"
            f" the bench runs jobs of {BENCH_ROWS}"
        )


def chunk_parameters(config: Config) -> dict[str, int | str]:
    """The parameters that the control of the passes depends on."""
    config.check_schedule(CHUNKED)
    return {"Lanes": config.lanes, "Chunk": config.chunk, "Outputs": config.outputs}


def four_step_core_parameters(config: Config) -> dict[str, int | str]:
    """The core's parameters, and memories of several channels of the most rows."""
    check_rows(config)
    config.check_rtl()
    names = ("lanes", "chunk", "mantissa_bits", "exponent_bits", "twiddle_bits", "resident")
    sizes = {name.title().replace("_", ""): getattr(config, name) for name in names}
    words = 4 * config.rows_max * config.chunk_beats
    return {
        **sizes,
        "MaxLengthLog2": config.max_length_log2,
        "TwiddleDir": twiddle_directory(config),
        "Words": max(words, 8192),
    }


def resident_core_parameters(resident: int) -> Callable[[Config], dict[str, int | str]]:
    """The same with rows of the transform on the chip: at most `resident`."""
    return at(
        FOUR_STEP,
        lambda config: four_step_core_parameters(
            dataclasses.replace(config, resident=min(resident, config.rows_max))
        ),
    )


def row_parameters(config: Config) -> dict[str, int | str]:
    """The parameters that a four-step schedule depends on."""
    config.check_schedule(FOUR_STEP)
    return {"Lanes": config.lanes, "Chunk": config.chunk, "MaxLengthLog2": config.max_length_log2}


def short_rows(log2_chunks: int) -> Callable[[Config], dict[str, int | str]]:
    """chunk_controller's parameters with rows of at most 2^log2_chunks chunks."""
    return lambda config: (
        chunk_parameters(config) | {"MaxLengthLog2": config.chunk_log2 + log2_chunks}
    )


def axi_masters_parameters(config: Config) -> dict[str, int | str]:
    """Masters as wide as the ports, with a small limit of outstanding bursts, reached quickly."""
    return {"DataBits": config.axi_bits, "MaxOutstanding": 4}


def axi_memory_parameters(config: Config) -> dict[str, int | str]:
    """A memory of eight pages."""
    return {"DataBits": config.axi_bits, "Words": 8 * 4096 * 8 // config.axi_bits}


def spectrum_tiles_parameters(config: Config) -> dict[str, int | str]:
    """Both ports' parameters, and a memory of the most rows."""
    config.check_schedule(FOUR_STEP)
    return {
        "Lanes": config.lanes,
        "Chunk": config.chunk,
        "MantissaBits": config.mantissa_bits,
        "ExponentBits": config.exponent_bits,
        "RowsLog2": config.rows_max.bit_length() - 1,
        "Words": config.rows_max * config.chunk_beats,
    }


def spectrum_ports_parameters(config: Config) -> dict[str, int | str]:
    """The parameters of both ports, and a memory of eight chunks."""
    names = ("Lanes", "Chunk", "MantissaBits", "ExponentBits")
    parameters = config.engine_parameters()
    return {**{name: parameters[name] for name in names}, "Words": 8 * config.chunk_beats}


def engine(inverse: bool = False, **changes: int) -> Callable[[Config], dict[str, int | str]]:
    """fft_engine's parameters at a configuration with `changes`."""

    def parameters(config: Config) -> dict[str, int | str]:
        changed = dataclasses.replace(config, **changes)  # type: ignore[arg-type]
        return {
            **changed.engine_parameters(),
            "Inverse": int(inverse),
            "TwiddleDir": twiddle_directory(changed),
        }

    return parameters


def kernel_parameters(config: Config) -> dict[str, int | str]:
    """kernel_tb's parameters, its twiddle tables included."""
    return {
        **config.parameters(),
        "FourStep": config.four_step,
        "TwiddleDir": twiddle_directory(config),
    }


def kernel_bench_parameters(config: Config) -> dict[str, int | str]:
    """The kernel's parameters, with memories for MANY_ROWS rows if these take only seconds."""
    sizes: dict[str, int | str] = {}
    if config.chunk <= MANY_ROWS_CHUNK:
        beat_bytes = config.axi_bits // 8
        sizes = {"SamplesWords": (4 << 20) // beat_bytes, "SpectraWords": 512 * config.chunk_beats}
    return kernel_parameters(config) | sizes


def board_parameters(config: Config) -> dict[str, int | str]:
    """The board's parameters, with memories that hold the bench's rows of h, x and y, and their
    spectra: of 1,024 beats or more."""
    config.check_board()
    bits = 8 * 3 * row_bytes(BOARD_CHUNKS * config.chunk + 1)
    return {
        **config.parameters(),
        "TwiddleDir": twiddle_directory(config),
        "SamplesBeats": max(1024, 1 << (bits // config.axi_bits - 1).bit_length()),
        "SpectraBeats": max(1024, 1 << (BOARD_CHUNKS * config.chunk_beats - 1).bit_length()),
    }


def sample_columns_parameters(config: Config) -> dict[str, int | str]:
    """Chunks that are tiles of columns, and a memory of two channels of the most rows."""
    config.check_schedule(FOUR_STEP)
    return {
        "Lanes": config.lanes,
        "Chunk": config.chunk,
        "RowsLog2": config.rows_max.bit_length() - 1,
        "Words": config.rows_max * config.chunk // config.lanes,
    }


def sample_ports_parameters(config: Config) -> dict[str, int | str]:
    """A memory of 16 chunks of samples."""
    words = 16 * config.chunk // (2 * config.lanes)
    return {"Lanes": config.lanes, "Chunk": config.chunk, "Words": words}


ARITHMETIC = {14: (8, 18), 18: (9, 25), 24: (10, 27)}
"""Mantissa bits -> exponent and twiddle bits: the narrowest, the widest and the default format."""


def arithmetic(
    top: str, about: str, mantissa_bits: int, variant: str = "", **parameters: int
) -> Bench:
    """A bench of an arithmetic module in one of the ARITHMETIC formats."""
    exponent_bits, _ = ARITHMETIC[mantissa_bits]
    return Bench(
        top=top,
        module="tb.benches.arithmetic.bench_cfp",
        about=f"{about}, {mantissa_bits}-bit mantissas",
        parameters=fixed(MantissaBits=mantissa_bits, ExponentBits=exponent_bits, **parameters),
        configs=("tiny",),
        variant=f"{variant}-m{mantissa_bits}" if variant else f"m{mantissa_bits}",
        long=() if mantissa_bits == 18 else VERILATOR_LATER,
    )


def four_step_path_parameters(config: Config) -> dict[str, int | str]:
    """The parameters of both halves of a four-step transform."""
    check_rows(config)
    return path_parameters()(config)


def path_parameters(**changes: int) -> Callable[[Config], dict[str, int | str]]:
    """The parameters of both paths and of the round trip: an engine's without its direction."""

    def parameters(config: Config) -> dict[str, int | str]:
        sizes = engine(False, **changes)(config)
        del sizes["Inverse"]
        return sizes

    return parameters


def twiddle_parameters(config: Config) -> dict[str, int | str]:
    """The parameters that the twiddle tables depend on, and their directory."""
    sizes = config.engine_parameters()
    names = ("Lanes", "Chunk", "TwiddleBits", "ColumnLevels")
    sizes = {name: size for name, size in sizes.items() if name in names}
    return {**sizes, "TwiddleDir": twiddle_directory(config)}


def word_parameters(config: Config) -> dict[str, int | str]:
    """The lanes, the chunk size and the word format."""
    sizes = config.engine_parameters()
    return {name: sizes[name] for name in ("Lanes", "Chunk", "MantissaBits", "ExponentBits")}


def mac_parameters(config: Config) -> dict[str, int | str]:
    """The parameters of the words, and the output chunks per pass."""
    return word_parameters(config) | {"Outputs": config.outputs}


REGISTER_SIZES = (
    *("Lanes", "Chunk", "MantissaBits", "ExponentBits", "TwiddleBits", "MaxLengthLog2"),
)


def register_parameters(config: Config) -> dict[str, int | str]:
    """The parameters that the registers read back."""
    sizes = {name: size for name, size in config.parameters().items() if name in REGISTER_SIZES}
    return {**sizes, "FourStep": config.four_step}


BENCHES: dict[str, tuple[Bench, ...]] = {
    "agents": (
        Bench(
            top="agents_tb",
            module="tb.benches.agents.bench_agents",
            about="the agents back to back, and that their monitors see broken rules",
            configs=("tiny",),
            sources=("tb/benches/agents/agents_tb.sv",),
            long=(("tiny", "verilator"),),
        ),
    ),
    "cells": (
        Bench(
            top="ram",
            module="tb.benches.cells.bench_ram",
            about="block RAM: contents, latency and the held output",
            parameters=fixed(Width=45, Depth=64, Style="block"),
            configs=("tiny",),
        ),
        Bench(
            top="ram",
            module="tb.benches.cells.bench_ram",
            about="LUT RAM whose depth is no power of two",
            parameters=fixed(Width=27, Depth=40, Style="distributed"),
            configs=("tiny",),
            variant="distributed",
        ),
        Bench(
            top="ram",
            module="tb.benches.cells.bench_ram",
            about="UltraRAM",
            parameters=fixed(Width=72, Depth=48, Style="ultra"),
            configs=("tiny",),
            variant="ultra",
        ),
        Bench(
            top="rom_tb",
            module="tb.benches.cells.bench_rom",
            about="initial words from a file",
            parameters=ram_init_file,
            configs=("tiny",),
            sources=("tb/benches/cells/rom_tb.sv",),
            exhaustive=True,
        ),
        Bench(
            top="fifo",
            module="tb.benches.cells.bench_fifo",
            about="order, full, empty, level and latency, clock by clock",
            parameters=fixed(Width=13, Depth=16, Style="distributed"),
            configs=("tiny",),
        ),
        Bench(
            top="fifo",
            module="tb.benches.cells.bench_fifo",
            about="the smallest depth, in block RAM",
            parameters=fixed(Width=37, Depth=2, Style="block"),
            configs=("tiny",),
            variant="depth2",
        ),
        Bench(
            top="credit_counter",
            module="tb.benches.cells.bench_credit_counter",
            about="available exactly while a place is free",
            parameters=fixed(Credits=7, Skip=0),
            configs=("tiny",),
        ),
        Bench(
            top="credit_counter",
            module="tb.benches.cells.bench_credit_counter",
            about="the first reserves that only fill the engine are free",
            parameters=fixed(Credits=8, Skip=21),
            configs=("tiny",),
            variant="skip",
        ),
        Bench(
            top="delay",
            module="tb.benches.cells.bench_delay",
            about="one clock, the shortest",
            parameters=fixed(Width=45, Clocks=1),
            configs=("tiny",),
            variant="one",
        ),
        Bench(
            top="delay",
            module="tb.benches.cells.bench_delay",
            about="every word, Clocks later",
            parameters=fixed(Width=27, Clocks=19),
            configs=("tiny",),
        ),
        Bench(
            top="valid_delay",
            module="tb.benches.cells.bench_delay",
            about="one clock, the shortest",
            parameters=fixed(Clocks=1),
            configs=("tiny",),
            variant="one",
        ),
        Bench(
            top="valid_delay",
            module="tb.benches.cells.bench_delay",
            about="every bit, Clocks later, and none after a reset",
            parameters=fixed(Clocks=20),
            configs=("tiny",),
        ),
    ),
    "cfp": (
        *(
            Bench(
                top="round_nearest_even",
                module="tb.benches.arithmetic.bench_cfp",
                about=f"every bit pattern around a tie, {m} bits",
                parameters=fixed(OutBits=m),
                configs=("tiny",),
                variant=f"m{m}",
                long=() if m == 18 else VERILATOR_LATER,
            )
            for m in ARITHMETIC
        ),
        *(
            arithmetic("cfp_normalise", f"of {about}", 18, variant, InBits=in_bits)
            for in_bits, about, variant in (
                (20, "the narrowest sums", "narrow"),
                (37, "products", "product"),
                (43, "rotated words", "rotator"),
            )
        ),
        *(arithmetic("cfp_normalise", "of sums", m, InBits=m + 3) for m in ARITHMETIC),
        *(arithmetic("cfp_align", "every distance", m) for m in ARITHMETIC),
        *(arithmetic("cfp_add", "cancellation, ties, limits", m) for m in ARITHMETIC),
        *(arithmetic("cfp_butterfly", "cancellation, ties, limits", m) for m in ARITHMETIC),
        *(
            Bench(
                top="factor_multiply",
                module="tb.benches.arithmetic.bench_cfp",
                about=f"unit factors, one, ties, {t} bits",
                parameters=fixed(FactorBits=t),
                configs=("tiny",),
                variant=f"f{t}",
                long=() if t == 25 else VERILATOR_LATER,
            )
            for t in (12, 18, 25, 27)
        ),
        *(
            arithmetic(
                "cfp_multiply", "as the rotator", m, "rotator", FactorBits=t, ProductBits=m + t
            )
            for m, (_, t) in ARITHMETIC.items()
        ),
        *(
            arithmetic(
                "cfp_multiply",
                "as the product of words",
                m,
                "product",
                FactorBits=m,
                ProductBits=2 * m + 1,
            )
            for m in ARITHMETIC
        ),
        *(arithmetic("float_to_cfp", "ties, carries, specials", m) for m in ARITHMETIC),
        *(arithmetic("cfp_to_float", "every length, both ends", m) for m in ARITHMETIC),
    ),
    "axi_masters": (
        Bench(
            top="axi_masters_tb",
            module="tb.benches.ports.bench_axi_masters",
            about="bursts, strobes, errors, the outstanding limit, stop and reset",
            parameters=axi_masters_parameters,
            sources=("tb/benches/ports/axi_masters_tb.sv",),
            long=AT_SMALL,
        ),
        Bench(
            top="axi_masters_tb",
            module="tb.benches.ports.bench_axi_masters",
            about="the same with a limit that is no power of two",
            parameters=lambda config: {**axi_masters_parameters(config), "MaxOutstanding": 5},
            configs=("tiny",),
            sims=("verilator",),
            sources=("tb/benches/ports/axi_masters_tb.sv",),
            variant="outstanding-5",
            long=(("tiny", "verilator"),),
        ),
    ),
    "four_step_core": (
        Bench(
            top="four_step_core_tb",
            module="tb.benches.kernel.bench_four_step_core",
            about="whole convolutions of every number of rows, bit by bit",
            parameters=four_step_core_parameters,
            configs=("tiny-long", "small-long"),
            sources=CORE_SOURCES,
            endless=ICARUS_AT_SMALL,
            long=(*LONG_AT_TINY, ("small-long", "verilator")),
        ),
        Bench(
            top="four_step_core_tb",
            module="tb.benches.kernel.bench_four_step_core",
            about="the same with one row on the chip",
            parameters=resident_core_parameters(1),
            configs=("tiny-long",),
            sources=CORE_SOURCES,
            variant="resident-1",
            long=LONG_AT_TINY,
        ),
        Bench(
            top="four_step_core_tb",
            module="tb.benches.kernel.bench_four_step_core",
            about="the same with three rows on the chip",
            parameters=resident_core_parameters(3),
            configs=("tiny-long", "small-long"),
            sources=CORE_SOURCES,
            variant="resident-3",
            endless=ICARUS_AT_SMALL,
            long=(("tiny-long", "icarus"), ("small-long", "verilator")),
        ),
        Bench(
            top="four_step_core_tb",
            module="tb.benches.kernel.bench_four_step_core",
            about="the same with all rows on the chip",
            parameters=resident_core_parameters(1 << 28),
            configs=("tiny-long", "small-long"),
            sources=CORE_SOURCES,
            variant="resident-all",
            endless=ICARUS_AT_SMALL,
            long=(*LONG_AT_TINY, ("small-long", "verilator")),
        ),
    ),
    "four_step_controller": (
        Bench(
            top="four_step_controller",
            module="tb.benches.convolution.bench_four_step_controller",
            about="every command stream against the four-step schedule's model",
            parameters=row_parameters,
            configs=("tiny-long", ONE_ROW, "small-long"),
            long=((ONE_ROW, "icarus"), *LONG_AT_SMALL),
        ),
        Bench(
            top="four_step_controller",
            module="tb.benches.convolution.bench_channels",
            about="every command of the most channels",
            parameters=row_parameters,
            variant="channels",
            configs=("tiny-long",),
            sims=("verilator",),
            long=(("tiny-long", "verilator"),),
            exhaustive=True,
        ),
    ),
    "chunk_controller": (
        Bench(
            top="chunk_controller",
            module="tb.benches.convolution.bench_chunk_controller",
            about="every command stream against the schedule's model",
            parameters=chunk_parameters,
            configs=BOTH_OUTPUTS,
            long=BEYOND_TINY,
        ),
        Bench(
            top="chunk_controller",
            module="tb.benches.convolution.bench_chunk_controller",
            about="rows of at most 8 chunks: the largest counts",
            parameters=short_rows(3),
            configs=BOTH_OUTPUTS,
            long=(*(("tiny", sim) for sim in SIMS), *BEYOND_TINY),
            variant="short",
        ),
        Bench(
            top="chunk_controller",
            module="tb.benches.convolution.bench_chunk_controller",
            about="rows always shorter than a chunk",
            parameters=short_rows(-1),
            configs=("tiny", "tiny+outputs-2"),
            variant="partial",
            long=(("tiny", "icarus"), *(("tiny+outputs-2", sim) for sim in SIMS)),
        ),
        Bench(
            top="chunk_controller",
            module="tb.benches.convolution.bench_channels",
            about="every command of the most channels",
            parameters=chunk_parameters,
            variant="channels",
            configs=("tiny", "tiny+outputs-2"),
            sims=("verilator",),
            long=(("tiny", "verilator"), ("tiny+outputs-2", "verilator")),
            exhaustive=True,
        ),
        Bench(
            top="pass_sequencer",
            module="tb.benches.convolution.bench_pass_sequencer",
            about="each beat fires exactly when it may and takes what it needs",
            parameters=chunk_parameters,
            configs=BOTH_OUTPUTS,
            long=BEYOND_TINY,
        ),
    ),
    "fft": (
        Bench(
            top="fft_engine",
            module="tb.benches.transform.bench_fft",
            about="forward engine: order, words, latency, gaps, resets, saturation, columns",
            parameters=engine(),
            configs=LONG_TOO,
            variant="forward",
            long=(*AT_SMALL, *LONG_AT_SMALL),
        ),
        Bench(
            top="fft_engine",
            module="tb.benches.transform.bench_fft",
            about="inverse engine: the same",
            parameters=engine(inverse=True),
            configs=LONG_TOO,
            variant="inverse",
            long=(*AT_SMALL, ("tiny-long", "icarus"), *LONG_AT_SMALL),
        ),
        Bench(
            top="fft_engine",
            module="tb.benches.transform.bench_fft",
            about="forward engine with the tables of a plain FFT",
            parameters=at(CHUNKED, engine(right_angle=False)),
            configs=("tiny",),
            variant="plain",
            env={"FFT_RIGHT_ANGLE": "0"},
        ),
        *(
            Bench(
                top="commutator",
                module="tb.benches.transform.bench_commutator",
                about=f"the exchange over {distance} beats, against its definition",
                parameters=fixed(Lanes=4, WordBits=11, Distance=distance, Bypass=1),
                configs=("tiny",),
                variant=f"{distance}",
                long=() if distance in (1, 128) else VERILATOR_LATER,
            )
            for distance in (1, 2, 4, 8, 64, 128)
        ),
        Bench(
            top="fft_round_trip_tb",
            module="tb.benches.transform.bench_fft_round_trip",
            about="forward into inverse: the models' words, and close to the input",
            parameters=path_parameters(),
            configs=("tiny", "small", "tiny-long"),
            sources=("tb/benches/transform/fft_round_trip_tb.sv",),
            long=(*AT_SMALL, ("tiny-long", "icarus")),
        ),
        Bench(
            top="twiddle_rom_tb",
            module="tb.benches.transform.bench_twiddle_rom",
            about="every level's twiddles, forward and conjugate, of rows and columns",
            parameters=twiddle_parameters,
            configs=LONG_TOO,
            long=LONG_AT_SMALL,
            sources=("tb/benches/transform/twiddle_rom_tb.sv",),
        ),
    ),
    "fft_sizes": tuple(
        Bench(
            top="fft_engine",
            module="tb.benches.transform.bench_fft",
            about=f"{name} engine at Lanes, Chunk, MantissaBits, ExponentBits, TwiddleBits {sizes}",
            parameters=at(
                CHUNKED,
                engine(
                    inverse=name == "inverse",
                    lanes=sizes[0],
                    chunk=sizes[1],
                    mantissa_bits=sizes[2],
                    exponent_bits=sizes[3],
                    twiddle_bits=sizes[4],
                ),
            ),
            configs=("tiny",),
            sims=("verilator",),
            variant=f"{name}-{'-'.join(map(str, sizes))}",
            long=(("tiny", "verilator"),) if sizes in LARGE_SIZES else (),
        )
        for name, sizes in ENGINE_SIZES
    ),
    "twist": (
        *(
            Bench(
                top="twist",
                module="tb.benches.transform.bench_twist",
                about=f"{name} twist: rows in any order, gaps, resets, saturation",
                parameters=at(FOUR_STEP, engine(inverse=name == "inverse")),
                configs=("tiny-long", "small-long"),
                variant=name,
                long=LONG_AT_SMALL,
            )
            for name in ("forward", "inverse")
        ),
        *(
            Bench(
                top="twist",
                module="tb.benches.transform.bench_twist",
                about=f"twist at Lanes, Chunk, MantissaBits, ExponentBits, TwiddleBits {sizes}",
                parameters=at(
                    FOUR_STEP,
                    engine(
                        inverse=sizes[0] == 16,
                        lanes=sizes[0],
                        chunk=sizes[1],
                        mantissa_bits=sizes[2],
                        exponent_bits=sizes[3],
                        twiddle_bits=sizes[4],
                        max_length_log2=sizes[1].bit_length() + 1,
                    ),
                ),
                configs=("tiny-long",),
                sims=("verilator",),
                variant="-".join(map(str, sizes)),
                long=(("tiny-long", "verilator"),),
            )
            for sizes in ((16, 512, 24, 10, 12), (8, 256, 14, 8, 27))
        ),
    ),
    "spectral_mac": (
        Bench(
            top="spectral_mac",
            module="tb.benches.convolution.bench_spectral_mac",
            about="passes of a chunk, any marks and gaps, resets, saturation",
            parameters=mac_parameters,
            configs=BOTH_OUTPUTS,
            long=BEYOND_TINY,
        ),
    ),
    "overlap_add": (
        Bench(
            top="overlap_add",
            module="tb.benches.convolution.bench_overlap_add",
            about="chunks of channels, zero parts, gaps, resets, saturation",
            parameters=word_parameters,
            long=AT_SMALL,
        ),
    ),
    "paths": (
        Bench(
            top="forward_path",
            module="tb.benches.convolution.bench_forward_path",
            about="samples to spectra: gaps, stalls, places, resets, NaNs and infinities",
            parameters=at(CHUNKED, path_parameters()),
            configs=("tiny",),
        ),
        Bench(
            top="forward_path",
            module="tb.benches.convolution.bench_forward_path",
            about="float32 samples that overflow: 14-bit mantissas, 8-bit exponents, 8192 samples",
            parameters=at(
                CHUNKED,
                path_parameters(chunk=8192, mantissa_bits=14, exponent_bits=8, twiddle_bits=18),
            ),
            configs=("tiny",),
            sims=("verilator",),
            variant="overflows",
            env={"FORWARD_OVERFLOWS": "1"},
            long=(("tiny", "verilator"),),
        ),
        Bench(
            top="inverse_path_tb",
            module="tb.benches.convolution.bench_inverse_path",
            about="totals to samples: tails, gaps, stalls, places, resets, saturation",
            parameters=at(CHUNKED, path_parameters()),
            configs=("tiny", "tiny+exponent_bits-8"),
            sources=("tb/benches/convolution/inverse_path_tb.sv",),
            long=(("tiny+exponent_bits-8", "icarus"),),
        ),
    ),
    "four_step_paths": tuple(
        Bench(
            top=f"four_step_{name}",
            module="tb.benches.convolution.bench_four_step_paths",
            about=f"the {name} half: tiles, rows, chunks, flushes, stalls, resets, flags",
            parameters=four_step_path_parameters,
            configs=("tiny-long", "small-long"),
            long=(("tiny-long", "icarus"), *LONG_AT_SMALL),
        )
        for name in ("forward", "inverse")
    ),
    "control_registers": (
        Bench(
            top="control_registers_tb",
            module="tb.benches.kernel.bench_control_registers",
            about="AXI4-Lite accesses, identity and interrupts",
            parameters=register_parameters,
            configs=("tiny", "small", "tiny-long"),
            sources=("tb/benches/kernel/control_registers_tb.sv",),
            long=(*AT_SMALL, ("tiny-long", "icarus")),
        ),
        Bench(
            top="control_registers_tb",
            module="tb.benches.kernel.bench_job_control",
            about="ap_ctrl_chain jobs on a core played by the bench: ends, errors, counters",
            parameters=register_parameters,
            sources=("tb/benches/kernel/control_registers_tb.sv",),
            configs=("tiny", "tiny-long"),
            long=(("tiny", "icarus"), ("tiny-long", "icarus")),
        ),
    ),
    "spectrum_ports": (
        Bench(
            top="spectrum_ports_tb",
            module="tb.benches.ports.bench_spectrum_tiles",
            about="tiles of columns: every number of rows, full rate, reset",
            parameters=spectrum_tiles_parameters,
            configs=("tiny-long", "small-long"),
            sources=SPECTRUM_SOURCES,
            long=LONG_AT_SMALL,
            variant="tiles",
        ),
        Bench(
            top="spectrum_ports_tb",
            module="tb.benches.ports.bench_spectrum_tiles",
            about="the same with several bursts of a row in a tile",
            parameters=lambda config: spectrum_tiles_parameters(
                dataclasses.replace(config, chunk=SEVERAL_BURSTS, max_length_log2=12)
            ),
            configs=("tiny-long",),
            sims=("verilator",),
            sources=SPECTRUM_SOURCES,
            long=(("tiny-long", "verilator"),),
            variant="tiles-bursts",
        ),
        Bench(
            top="spectrum_ports_tb",
            module="tb.benches.ports.bench_spectrum_ports",
            about="round trips, reads that wait for writes, throughput, stop, errors and reset",
            parameters=spectrum_ports_parameters,
            sources=SPECTRUM_SOURCES,
            long=AT_SMALL,
        ),
        Bench(
            top="spectrum_ports_tb",
            module="tb.benches.ports.bench_spectrum_ports",
            about="the same with chunks of four bursts",
            parameters=lambda config: spectrum_ports_parameters(
                dataclasses.replace(config, chunk=SEVERAL_BURSTS)
            ),
            configs=("tiny",),
            sims=("verilator",),
            sources=SPECTRUM_SOURCES,
            variant="bursts",
            long=(("tiny", "verilator"),),
        ),
    ),
    "sample_ports": (
        Bench(
            top="sample_ports_tb",
            module="tb.benches.ports.bench_sample_columns",
            about="tiles of columns: every number of rows, lengths, full rate, reset",
            parameters=sample_columns_parameters,
            configs=("tiny-long", "small-long"),
            sources=(
                "tb/benches/ports/sample_ports_tb.sv",
                MEMORY,
            ),
            long=LONG_AT_SMALL,
            variant="columns",
        ),
        Bench(
            top="sample_ports_tb",
            module="tb.benches.ports.bench_sample_ports",
            about="lane striding: every length, throughput on one port, stop, errors and reset",
            parameters=sample_ports_parameters,
            sources=(
                "tb/benches/ports/sample_ports_tb.sv",
                MEMORY,
            ),
            long=tuple(("small", sim) for sim in SIMS),
        ),
        Bench(
            top="sample_ports_tb",
            module="tb.benches.ports.bench_sample_ports",
            about="lane striding with two tiles of slots",
            parameters=fixed(Lanes=2, Chunk=64, TileSlots=2, Words=256),
            configs=("tiny",),
            sources=(
                "tb/benches/ports/sample_ports_tb.sv",
                MEMORY,
            ),
            long=tuple(("tiny", sim) for sim in SIMS),
            variant="slots2",
        ),
        Bench(
            top="sample_ports_tb",
            module="tb.benches.ports.bench_sample_ports",
            about="lane striding of the smallest chunk: bursts of one beat",
            parameters=fixed(Lanes=2, Chunk=8, Words=32),
            configs=("tiny",),
            sources=(
                "tb/benches/ports/sample_ports_tb.sv",
                MEMORY,
            ),
            long=tuple(("tiny", sim) for sim in SIMS),
            variant="smallest",
        ),
        Bench(
            top="sample_ports_tb",
            module="tb.benches.ports.bench_sample_ports",
            about="lane striding with 8 lanes, chunks of several tiles and pages",
            parameters=fixed(Lanes=8, Chunk=4096, Words=4096),
            configs=("tiny",),
            sims=("verilator",),
            sources=(
                "tb/benches/ports/sample_ports_tb.sv",
                MEMORY,
            ),
            long=(("tiny", "verilator"),),
            variant="lanes8",
        ),
        Bench(
            top="sample_ports_tb",
            module="tb.benches.ports.bench_sample_ports",
            about="lane striding with 16 lanes",
            parameters=fixed(Lanes=16, Chunk=512, Words=256),
            configs=("tiny",),
            sims=("verilator",),
            sources=(
                "tb/benches/ports/sample_ports_tb.sv",
                MEMORY,
            ),
            long=(("tiny", "verilator"),),
            variant="lanes16",
        ),
    ),
    "axi_memory": (
        Bench(
            top="axi_memory",
            module="tb.benches.agents.bench_axi_memory",
            about="the benches' memory: contents, latency, bandwidth, errors, protocol checks",
            parameters=axi_memory_parameters,
            sources=(MEMORY,),
            long=(("tiny", "icarus"), *AT_SMALL),
        ),
    ),
    "kernel": (
        Bench(
            top="kernel_tb",
            module="tb.benches.kernel.bench_kernel",
            about="the whole kernel: lengths, data, memories, queues, reset, errors, bad arguments",
            parameters=kernel_bench_parameters,
            configs=(*BOTH_OUTPUTS, NARROWEST, "tiny-long", SOME_RESIDENT),
            sources=KERNEL_SOURCES,
            long=(
                *((config, "icarus") for config in ("tiny", "small+outputs-2")),
                *((config, sim) for config in ("small", "tiny+outputs-2") for sim in SIMS),
                (NARROWEST, "verilator"),
                *LONG_AT_TINY,
            ),
            brief=(
                *((config, "icarus") for config in (NARROWEST, SOME_RESIDENT)),
                *((config, "verilator") for config in ("small+outputs-2", SOME_RESIDENT)),
            ),
            corners=KERNEL_CORNERS,
        ),
    ),
    "uart_bridge": (
        Bench(
            top="uart_bridge",
            module="tb.benches.boards.bench_uart_bridge",
            about="the ECP5 board's way in: commands, rates, bad input, a host whose clock is off",
            parameters=fixed(ClocksPerBit=8, MemWords=1500, SilenceLog2=6),
            configs=("tiny",),
            sources=board_files(BRIDGE_MODULES),
        ),
    ),
    "board": (
        Bench(
            top="axi_ram_tb",
            module="tb.benches.boards.bench_axi_ram",
            about="the ECP5 board's memories, from both sides: contents, rates, refusals, resets",
            parameters=fixed(DataBits=128, Beats=1024),
            configs=("tiny",),
            sources=("tb/benches/boards/axi_ram_tb.sv", *board_files(("axi_ram",))),
        ),
        Bench(
            top="crocuta_board",
            module="tb.benches.boards.bench_board",
            about="the ECP5 board, through its serial line: convolutions, memory that is not there",
            parameters=board_parameters,
            configs=("tiny",),
            sims=("verilator",),
            sources=board_files(BOARD_MODULES),
        ),
    ),
    "longconv": (
        Bench(
            top="kernel_tb",
            module="tb.benches.kernel.bench_longconv",
            about="DNA by a HyenaDNA filter, 450,002 samples where they fit (CONFIG=u200)",
            parameters=kernel_bench_parameters,
            configs=("small", "small+outputs-2", "small-long"),
            sims=("verilator",),
            sources=KERNEL_SOURCES,
            long=(("small", "verilator"),),
        ),
    ),
}
