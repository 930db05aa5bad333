# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make ooc`, `bitstream`, `program`, `flash`, `xo` and `xclbin`: from the RTL to an FPGA.

Prepares the inputs of a configuration in build/vivado/CONFIG (the twiddle tables; crocuta.v, a
wrapper that sets the kernel's parameters, in plain Verilog because Vivado does not package a
SystemVerilog top; design.tcl, which names the tables and the memory behind each port), runs the Tcl
in vivado/ and checks its products. Exit status 2: a tool, file or
name is missing or misspelt; 1: the design failed to build or to pass its gate.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from pyslang import driver
from rich.console import Console

from crocuta import stops
from crocuta.backends import u200
from crocuta.design.sources import rtl_files
from crocuta.kernel import Bank, banks
from crocuta.models import configs
from crocuta.models.configs import ROOT, Config
from crocuta.models.transform import rom_files
from flow import ecp5
from flow.synth import fail

BUILD = ROOT / "build" / "vivado"
TOP = "crocuta"
PLATFORM = "xilinx_u200_gen3x16_xdma_2_202110_1"
MODES = ("hw", "hw_emu")
OLDEST_VIVADO = "2022.1"
"""The first release whose command reference has every command and option that the flows use."""
PLATFORMS = Path("/opt/xilinx/platforms")
"""Installation directory of AMD's platform packages."""
STRATEGY = "run.impl_1.strategy=Performance_ExtraTimingOpt"
"""Implementation strategy for v++, with the directives of vivado/common.tcl."""

app = typer.Typer(add_completion=False, no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

ConfigOption = Annotated[str, typer.Option(help="a configuration in models/configs.toml")]
TargetOption = Annotated[str, typer.Option(help="the FPGA or card to build for")]
Port = tuple[str, str, int]
"""Direction ("input" or "output"), name and width in bits."""


def ports(module: str, parameters: Mapping[str, int]) -> list[Port]:
    """The ports of a module of rtl/."""
    slang = driver.Driver()
    slang.addStandardArgs()
    values = " ".join(f"-G {name}={value}" for name, value in parameters.items())
    files = " ".join(f'"{path}"' for path in rtl_files())
    slang.parseCommandLine(f"slang --std 1800-2017 --top {module} {values} {files}")
    slang.processOptions()
    slang.parseAllSources()
    (top,) = slang.createCompilation().getRoot().topInstances
    directions = {"In": "input", "Out": "output"}
    return [
        (directions[port.direction.name], port.name, port.type.bitWidth)
        for port in top.body.portList
    ]


def kernel_ports(config: Config) -> list[Port]:
    """The kernel's ports in this configuration, without those to memories that it does not use."""
    return [port for port in ports(config.top, config.parameters()) if not _unused(config, port)]


def master(bank: Bank) -> str:
    """The AXI4 master that leads to a memory."""
    return f"m_axi_{bank.name.lower()}"


def _unused(config: Config, port: Port) -> bool:
    unused = set(Bank).difference(banks(config))
    return any(port[1].startswith(f"{master(bank)}_") for bank in unused)


def wrapper(
    name: str,
    module: str,
    instance: str,
    ports: Sequence[Port],
    values: Mapping[str, int | str],
    closed: Sequence[Port] = (),
) -> str:
    """Verilog of a module `name` without parameters that wraps `module`. Its other ports, `closed`,
    are inputs that are always 0 and outputs that lead nowhere."""
    width = max(len(f"[{bits - 1}:0]") for _, _, bits in ports)
    declarations = [
        f"  {direction:6} wire {f'[{bits - 1}:0]' if bits > 1 else '':{width}} {port}"
        for direction, port, bits in ports
    ]
    parameters = [
        f'    .{parameter}("{value}")' if isinstance(value, str) else f"    .{parameter}({value})"
        for parameter, value in values.items()
    ]
    connections = [f"    .{port}({port})" for _, port, _ in ports]
    zeros = {port: f"{bits}'b0" for way, port, bits in closed if way == "input"}
    connections += [f"    .{port}({zeros.get(port, '')})" for _, port, _ in closed]
    return "\n".join(
        [
            f"// {module} with its parameters set; written by flow/build.py.",
            f"module {name} (",
            ",\n".join(declarations),
            ");",
            f"  {module} #(",
            ",\n".join(parameters),
            f"  ) {instance} (",
            ",\n".join(connections),
            "  );",
            "endmodule",
            "",
        ]
    )


def top_verilog(config: Config, tables: Path) -> str:
    """Verilog of the kernel, wrapped as `crocuta`."""
    values: dict[str, int | str] = {**config.parameters(), "TwiddleDir": str(tables)}
    closed = [port for port in ports(config.top, config.parameters()) if _unused(config, port)]
    return wrapper(TOP, config.top, "kernel", kernel_ports(config), values, closed)


def design_tcl(config: Config, tables: Path) -> str:
    """Tcl with what the scripts must know of a configuration."""
    names = "".join(f"    {{{tables / name}}}\n" for name in rom_files.tables(config))
    memories = " ".join(f"{master(bank)} {n}" for bank, n in u200.memories(config).items())
    return (
        f"# The design of {config.name}; written by flow/build.py.\n"
        f"set schedule {config.schedule}\n"
        f"# The tables that the RTL reads.\nset tables {{\n{names}}}\n"
        "# The kernel's AXI4 masters, and the number of the card's memory behind each.\n"
        f"set memories {{{memories}}}\n"
    )


def link_settings(config: Config) -> str:
    """The settings of v++: one kernel in SLR0, a clock of 300 MHz, and a memory for each port."""
    unit = f"{TOP}_1"
    lines = [
        "kernel_frequency=0:300",
        "",
        "[connectivity]",
        f"nk={TOP}:1:{unit}",
        f"slr={unit}:SLR0",
        *(f"sp={unit}.{master(bank)}:DDR[{n}]" for bank, n in u200.memories(config).items()),
    ]
    return "\n".join(lines) + "\n"


class Cell(NamedTuple):
    """An arithmetic module that is synthesised on its own, under a name of its own."""

    name: str
    module: str
    parameters: dict[str, int]

    def verilog(self) -> str:
        """Verilog of the wrapper."""
        return wrapper(
            self.name, self.module, "u_cell", ports(self.module, self.parameters), self.parameters
        )


def cells(config: Config) -> list[Cell]:
    """A configuration's arithmetic modules, once in each format that the kernel uses."""
    mantissa, twiddle = config.mantissa_bits, config.twiddle_bits
    sizes = {"MantissaBits": mantissa, "ExponentBits": config.exponent_bits}
    by_twiddle = {"FactorBits": twiddle, "ProductBits": mantissa + twiddle}
    of_words = {"FactorBits": mantissa, "ProductBits": 2 * mantissa + 1}
    return [
        Cell("cell_multiply_by_twiddle", "cfp_multiply", sizes | by_twiddle),
        Cell("cell_multiply_words", "cfp_multiply", sizes | of_words),
        *(
            Cell(f"cell_{module.replace('cfp_', '', 1)}", module, sizes)
            # Only a chunked kernel accumulates.
            for module in ("cfp_butterfly", *(["cfp_add"] * (not config.four_step)))
        ),
        *(Cell(f"cell_{module}", module, sizes) for module in ("float_to_cfp", "cfp_to_float")),
    ]


def prepare(config: Config) -> Path:
    """Writes the tables, the top and design.tcl of a configuration; returns their directory."""
    directory = BUILD / config.name
    tables = directory / "twiddles"
    made = {f"{TOP}.v": top_verilog(config, tables), "design.tcl": design_tcl(config, tables)}
    rom_files.write(config, tables)
    for name, text in made.items():
        (directory / name).write_text(text, encoding="utf-8")
    return directory


def prepare_cells(config: Config) -> None:
    """Writes a wrapper for each cell into a directory that holds nothing else; returns it."""
    directory = BUILD / config.name / "cells"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for cell in cells(config):
        (directory / f"{cell.name}.v").write_text(cell.verilog(), encoding="utf-8")


def chosen(name: str) -> Config:
    """The configuration called `name`."""
    try:
        return configs.load(name)
    except configs.ConfigError as error:
        message = str(error)
        raise fail(f"{message[0].upper()}{message[1:]}.", 2) from None


def need(*tools: str) -> None:
    """Exits with a message if a tool is not on PATH or Vivado is too old."""
    missing = " and no ".join(tool for tool in tools if shutil.which(tool) is None)
    if missing:
        raise fail(
            f"There is no {missing} on PATH: run `source settings64.sh` of a Vivado or Vitis"
            " installation first.",
            2,
        )
    answer = subprocess.run(["vivado", "-version"], capture_output=True, text=True).stdout
    release = re.search(r"v(\d{4}\.\d)", answer)
    if release and release[1] < OLDEST_VIVADO:
        raise fail(f"Vivado {release[1]} is too old: the flows need {OLDEST_VIVADO} or newer.", 2)


def need_platform(name: str) -> None:
    """Exits with a message unless v++ can find the platform, by its name or by its path."""
    if name.endswith(".xpfm"):
        if not Path(name).is_file():
            raise fail(f"There is no {name}: PLATFORM names a platform, or its .xpfm file.", 2)
        return
    places = [
        Path(place) for place in os.environ.get("PLATFORM_REPO_PATHS", "").split(":") if place
    ]
    places.append(PLATFORMS)
    if "XILINX_VITIS" in os.environ:
        vitis = Path(os.environ["XILINX_VITIS"])
        places += [vitis / "platforms", vitis / "base_platforms"]
    file = f"{name}.xpfm"
    if not any((at / file).is_file() for place in places for at in (place, place / name)):
        raise fail(
            f"There is no platform {name}: install its development package, or add its directory to"
            " PLATFORM_REPO_PATHS.",
            2,
        )


def call(command: Sequence[str], directory: Path, products: Sequence[Path]) -> None:
    """Runs a tool in `directory`; exits if it fails or does not write all of `products`."""
    status = subprocess.run(command, cwd=directory).returncode
    if status == 2:  # the Tcl has printed what is missing
        raise typer.Exit(2)
    if status != 0:
        raise fail(f"{command[0]} failed: see its log in {directory}.", 1)
    for product in products:
        if not product.exists():
            raise fail(f"{command[0]} reported success but did not write {product}.", 1)


def vivado(flow: str, config: Config, products: Sequence[str], *arguments: str) -> Path:
    """Runs vivado/FLOW.tcl; returns the directory with its results."""
    directory = prepare(config)
    command = ["vivado", "-mode", "batch", "-notrace", "-nojournal", "-log", f"{flow}.log"]
    command += ["-source", str(ROOT / "vivado" / f"{flow}.tcl")]
    command += ["-tclargs", config.name, str(config.axi_bits), *arguments]
    results = directory / flow
    call(command, directory, [results / name for name in products])
    return results


def show(results: Path) -> None:
    """Prints the gate's figures, the cell counts and the figures that are not gated."""
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    for name, value in (summary["gate"] | summary["cells"]).items():
        console.print(f"  {name.replace('_', ' '):26} {value:>12}")
    for name, value in summary["seen"].items():
        console.print(f"  {name.replace('_', ' '):26} {value:>12}  in the whole card, not gated")
    console.print(f"Passed; reports and summary.json in {results}.")


@app.command()
def ooc(config: ConfigOption = "u200") -> None:
    """Synthesises, places and routes the kernel alone at 300 MHz."""
    configuration = chosen(config)
    need("vivado")
    prepare_cells(configuration)
    netlists = [
        f"netlists/{name}.v" for name in (TOP, *(cell.name for cell in cells(configuration)))
    ]
    show(vivado("ooc", configuration, ["summary.json", *netlists]))


def u200_bitstream(config: Config) -> None:
    """Builds the whole card without a Vitis platform."""
    need("vivado")
    products = ["summary.json", f"{TOP}.bit", f"{TOP}.mcs"]
    show(vivado("bitstream", config, products))


TARGETS: dict[str, tuple[str, Callable[[Config], None]]] = {
    "u200": ("u200", u200_bitstream),
    **{target.name: ("edge-ecp5", partial(ecp5.build, target=target)) for target in ecp5.TARGETS},
}
"""Targets of `make bitstream`: the default configuration and the function that builds it."""


@app.command()
def bitstream(config: ConfigOption = "", target: TargetOption = "u200") -> None:
    """Builds a whole FPGA, by default in the target's default configuration."""
    if target not in TARGETS:
        raise fail(f"There is no target {target!r}; choose one of: {', '.join(TARGETS)}.", 2)
    default, builder = TARGETS[target]
    builder(chosen(config or default))


def load(action: str, product: str, config: str, warning: str = "") -> None:
    """Runs one action of vivado/card.tcl on a product of `bitstream`, after printing `warning`."""
    configuration = chosen(config)
    need("vivado")
    path = BUILD / config / "bitstream" / product
    if not path.exists():
        raise fail(f"There is no {path}: run `make bitstream CONFIG={config}` first.", 2)
    if warning:
        console.print(warning)
    vivado("card", configuration, [], action)


@app.command()
def program(config: ConfigOption = "u200") -> None:
    """Loads the bitstream into a U200 over USB; it is lost at power-off."""
    load("program", f"{TOP}.bit", config)
    console.print("Loaded. Reboot the host (warm) so that it enumerates the card.")


@app.command()
def flash(config: ConfigOption = "u200") -> None:
    """Writes the bitstream into the flash of a U200 over USB."""
    warning = "This overwrites the card's boot image: a Vitis platform in its flash is lost."
    load("flash", f"{TOP}.mcs", config, warning)
    console.print("Written. The card boots from it after a power cycle.")


@app.command()
def xo(config: ConfigOption = "u200") -> None:
    """Packages the kernel for Vitis."""
    configuration = chosen(config)
    need("vivado")
    console.print(f"Written: {vivado('xo', configuration, [f'{TOP}.xo']) / f'{TOP}.xo'}")


def check_tables(directory: Path) -> None:
    """Exits with a message if v++ missed a twiddle table, which it reports as a mere warning."""
    for log in directory.rglob("*.log"):
        if "could not open $readmem" in log.read_text(encoding="utf-8", errors="replace"):
            raise fail(f"v++ did not find the twiddle tables and built empty ROMs: see {log}.", 1)


def check_reset(packaged: Path) -> None:
    """Says what to do unless the xclbin's metadata, plain XML, declares the kernel's reset."""
    if b'swReset="true"' not in packaged.read_bytes():
        console.print(
            "v++ left the kernel's software reset out of the xclbin: XRT aborts jobs only with"
            f' sw_reset_kernels="/{TOP}/" in section [Runtime] of xrt.ini.'
        )


@app.command()
def xclbin(
    config: ConfigOption = "u200",
    mode: Annotated[str, typer.Option(help="hw, or hw_emu to simulate")] = "hw",
    platform: Annotated[str, typer.Option(help="the card's Vitis platform")] = PLATFORM,
) -> None:
    """Links the kernel into a Vitis platform."""
    configuration = chosen(config)
    if mode not in MODES:
        raise fail(f"There is no mode {mode!r}; choose one of: {', '.join(MODES)}.", 2)
    need("vivado", "v++", *(["emconfigutil"] if mode == "hw_emu" else []))
    need_platform(platform)
    kernel = vivado("xo", configuration, [f"{TOP}.xo"]) / f"{TOP}.xo"
    directory = BUILD / config / mode
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    linked, packaged = directory / f"{TOP}.link.xclbin", directory / f"{TOP}.xclbin"
    settings = directory / "link.cfg"
    settings.write_text(link_settings(configuration), encoding="utf-8")
    common = ["--target", mode, "--platform", platform]
    link = ["v++", "--link", *common, "--config", str(settings)]
    link += ["--temp_dir", "temp", "--save-temps"]
    link += ["-g"] if mode == "hw_emu" else ["--vivado.prop", STRATEGY]
    call([*link, "--output", str(linked), str(kernel)], directory, [linked])
    check_tables(directory)
    package = ["v++", "--package", *common, "--package.out_dir", str(directory)]
    call([*package, "--output", str(packaged), str(linked)], directory, [packaged])
    check_reset(packaged)
    if mode == "hw_emu":
        emulation = ["emconfigutil", "--platform", platform, "--od", str(directory)]
        call(emulation, directory, [directory / "emconfig.json"])
        environment = f"XCL_EMULATION_MODE=hw_emu EMCONFIG_PATH={directory}"
        console.print(f"Written: {packaged}; run the host program with {environment}.")
    else:
        info = f"xclbinutil --info --input {packaged}"
        console.print(f"Written: {packaged}; `{info}` shows its clock rate.")


if __name__ == "__main__":
    stops.watch()
    app()
