# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make netlist`: simulates the netlists from `make ooc` against vectors of the model and the RTL.

Finds synthesis errors before a card does. `make ooc` writes functional-simulation netlists of the
routed kernel and of each arithmetic module on its own. A testbench in plain Verilog runs each one
clock by clock, in any simulator with models of the FPGA's cells: Vivado's xsim has them; Icarus
needs a file of its own, because it cannot read AMD's.

An arithmetic module's vectors come from its model. The kernel's are recorded at the RTL's ports
during jobs that are checked against the model (bench_record.py). Bits that are unknown in the RTL
are not compared.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console

from crocuta.errors import BuildError
from crocuta.models.configs import Config
from crocuta.models.files import write_generated
from flow import build, runner
from flow.synth import fail
from tb.benches.arithmetic import bench_cfp
from tb.registry import KERNEL_SOURCES, Bench, kernel_parameters

SIMS = ("xsim", "icarus")
CLOCKS = ("clk_i", "ap_clk")
MOST_SHOWN = 10
"""Mismatches after which a testbench stops."""

app = typer.Typer(add_completion=False)
console = Console(highlight=False, soft_wrap=True)

Port = tuple[str, int]
"""A name and a width in bits."""


class Trace(NamedTuple):
    """Values at a design's ports, clock by clock."""

    clock: str
    """The name of the clock port."""
    inputs: list[Port]
    outputs: list[Port]
    rows: list[tuple[int, int, int]]
    """Per clock: input bits, a mask of the known output bits, and output bits. The first port is in
    the most significant bits."""


def width(ports: Sequence[Port]) -> int:
    """The total width in bits."""
    return sum(bits for _, bits in ports)


def joined(ports: Sequence[Port], values: Mapping[str, int]) -> int:
    """The ports' values, concatenated."""
    word = 0
    for name, bits in ports:
        word = word << bits | values[name] & (1 << bits) - 1
    return word


def sides(ports: Sequence[build.Port]) -> tuple[str, list[Port], list[Port]]:
    """The clock, the other inputs and the outputs of a design."""
    (clock,) = (name for _, name, _ in ports if name in CLOCKS)
    inputs = [(name, bits) for way, name, bits in ports if way == "input" and name != clock]
    return clock, inputs, [(name, bits) for way, name, bits in ports if way == "output"]


def cell_trace(cell: build.Cell, seed: int) -> Trace:
    """An arithmetic module's trace: one vector per clock, with the model's results."""
    rng = np.random.default_rng(seed)
    vectors = bench_cfp.vectors_of(cell.module, lambda of: cell.parameters[of], rng)
    latency = bench_cfp.stated_latency(cell.module)
    clock, inputs, outputs = sides(build.ports(cell.module, cell.parameters))
    count = len(next(iter(vectors.inputs.values())))
    known = (1 << width(outputs)) - 1
    rows = []
    for n in range(count + latency):
        given = {name: values[min(n, count - 1)] for name, values in vectors.inputs.items()}
        answer = n - latency
        expected = {name: values[max(answer, 0)] for name, values in vectors.outputs.items()}
        care = known if answer >= 0 else 0
        rows.append((joined(inputs, given), care, joined(outputs, expected) & care))
    return Trace(clock, inputs, outputs, rows)


def bits_of(text: str) -> int:
    """A binary number, with unknown digits read as 0."""
    return int(re.sub("[^01]", "0", text), 2)


def kernel_trace(config: Config, directory: Path, seed: int) -> Trace:
    """The kernel's trace: jobs in the RTL, run in Icarus because it simulates unknowns."""
    clock, inputs, outputs = sides(build.kernel_ports(config))
    ports = [*inputs, *outputs]
    record = directory / "ports.txt"
    bench = Bench(
        top="kernel_tb",
        module="tb.benches.kernel.bench_record",
        about="a recording",
        parameters=kernel_parameters,
        configs=(config.name,),
        sims=("icarus",),
        sources=KERNEL_SOURCES,
        env={
            "RECORD_FILE": str(record),
            "RECORD_PORTS": json.dumps([name for name, _ in ports]),
        },
    )
    try:
        runner.run(bench, config, "icarus", seed)
    except BuildError as error:
        raise fail(f"The kernel's jobs could not be recorded: {error}.", 1) from None
    rows = []
    for line in record.read_text(encoding="utf-8").splitlines():
        words = line.split()
        assert [len(word) for word in words] == [bits for _, bits in ports]
        given = "".join(words[: len(inputs)])
        seen = "".join(words[len(inputs) :])
        care = re.sub("[01]", "1", re.sub("[^01]", "-", seen))
        rows.append((bits_of(given), bits_of(care), bits_of(seen)))
    return Trace(clock, inputs, outputs, rows)


def slices(ports: Sequence[Port]) -> list[tuple[str, str]]:
    """Each port's name and bit range in the concatenation."""
    places = []
    low = width(ports)
    for name, bits in ports:
        low -= bits
        places.append((name, f"[{low + bits - 1}:{low}]"))
    return places


def testbench(top: str, trace: Trace, vectors: Path) -> str:
    """A plain-Verilog testbench that runs the rows in `vectors` and prints PASS or mismatches."""
    ins, outs = width(trace.inputs), width(trace.outputs)
    wires = [f"    .{trace.clock}(clock)"]
    wires += [f"    .{name}(inputs{part})" for name, part in slices(trace.inputs)]
    wires += [f"    .{name}(outputs{part})" for name, part in slices(trace.outputs)]
    connections = ",\n".join(wires)
    compared = "\n".join(
        f"""        if (((outputs{part} ^ values{part}) & care{part}) !== 0)
          $display("clock %0d: {name} is %h instead of %h", row, outputs{part}, values{part});"""
        for name, part in slices(trace.outputs)
    )
    return f"""// {top} in simulation, written by flow/netlist.py.
`timescale 1ns / 1ps
module replay;
  reg clock = 1'b0;
  reg [{ins - 1}:0] inputs = 0;
  reg [{outs - 1}:0] care, values;
  wire [{outs - 1}:0] outputs;
  reg [{ins + 2 * outs - 1}:0] vectors [0:{len(trace.rows) - 1}];
  integer row, wrong;

  {top} dut (
{connections}
  );

  initial begin
    $readmemh("{vectors}", vectors);
    wrong = 0;
    #1000;  // the FPGA's own reset
    for (row = 0; row < {len(trace.rows)} && wrong < {MOST_SHOWN}; row = row + 1) begin
      {{inputs, care, values}} = vectors[row];
      #4 clock = 1'b0;
      #4;
      if (((outputs ^ values) & care) !== 0) begin
        wrong = wrong + 1;
{compared}
      end
      #1 clock = 1'b1;
      #1;
    end
    if (wrong == 0) $display("PASS %0d", row);
    $finish;
  end
endmodule
"""


def commands(sim: str, netlist: Path, cells: Sequence[Path]) -> list[list[str]]:
    """Commands that compile and run replay.v with a netlist in a simulator."""
    # Vivado's netlists end with glbl, the module that resets their cells.
    tops = ["replay"]
    if re.search(r"^module glbl\b", netlist.read_text(encoding="utf-8"), flags=re.MULTILINE):
        tops.append("glbl")
    files = ["replay.v", str(netlist), *map(str, cells)]
    if sim == "xsim":
        return [
            ["xvlog", *files],
            ["xelab", "-L", "unisims_ver", *tops, "-s", "replay"],
            ["xsim", "replay", "-runall"],
        ]
    roots = [word for top in tops for word in ("-s", top)]
    return [["iverilog", "-g2012", *roots, "-o", "replay.vvp", *files], ["vvp", "-n", "replay.vvp"]]


def replay(
    top: str, trace: Trace, netlist: Path, directory: Path, sim: str, cells: Sequence[Path] = ()
) -> int:
    """Runs a trace through the netlist of `top`; returns the number of bits compared.

    Raises:
        Exit: it does not compile, or it mismatches; a message has been printed.
    """
    known = 0
    for _, care, _ in trace.rows:
        known |= care
    assert known == (1 << width(trace.outputs)) - 1, f"{top}: an output is never compared"
    directory.mkdir(parents=True, exist_ok=True)
    ins, outs = width(trace.inputs), width(trace.outputs)
    digits = -(-(ins + 2 * outs) // 4)
    lines = (
        f"{given << 2 * outs | care << outs | value:0{digits}x}"
        for given, care, value in trace.rows
    )
    vectors = directory / "vectors.mem"
    write_generated(vectors, "\n".join(lines) + "\n")
    write_generated(directory / "replay.v", testbench(top, trace, vectors))
    output = ""
    for command in commands(sim, netlist, cells):
        done = subprocess.run(
            command, cwd=directory, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output = done.stdout
        (directory / f"{command[0]}.log").write_text(output, encoding="utf-8")
        if done.returncode != 0:
            raise fail(f"{command[0]} failed on {netlist}: see {directory}/{command[0]}.log.", 1)
    if f"PASS {len(trace.rows)}" not in output.splitlines():
        found = re.search(r"^clock \d+: .*", output, flags=re.MULTILINE)
        what = found[0] if found else f"no result, see {directory}"
        raise fail(f"{netlist} does not match the design ({what}).", 1)
    return sum(care.bit_count() for _, care, _ in trace.rows)


@app.command()
def main(
    config: build.ConfigOption = "u200",
    sim: Annotated[str, typer.Option(help="xsim, or icarus with --cells")] = "xsim",
    cells: Annotated[Path | None, typer.Option(help="cell models for icarus")] = None,
    seed: Annotated[int, typer.Option(help="seed of the vectors")] = 1,
) -> None:
    """Runs vectors through the netlists that `make ooc` wrote."""
    configuration = build.chosen(config)
    if sim not in SIMS:
        raise fail(f"There is no simulator {sim!r}; choose one of: {', '.join(SIMS)}.", 2)
    folder = build.BUILD / config / "ooc" / "netlists"
    if not (folder / f"{build.TOP}.v").exists():
        raise fail(f"There is no {folder}/{build.TOP}.v: run `make ooc CONFIG={config}` first.", 2)
    for tool in ("xvlog", "xelab", "xsim") if sim == "xsim" else ("iverilog", "vvp"):
        if shutil.which(tool) is None:
            raise fail(f"There is no {tool} on PATH: run `source settings64.sh` first.", 2)
    models = [cells] if cells else []
    work = build.BUILD / config / "netlist"
    for cell in build.cells(configuration):
        trace = cell_trace(cell, seed)
        netlist = folder / f"{cell.name}.v"
        bits = replay(cell.name, trace, netlist, work / cell.name, sim, models)
        console.print(f"  {cell.name:26} {len(trace.rows):>7} clocks {bits:>12} bits equal")
    work.mkdir(parents=True, exist_ok=True)
    trace = kernel_trace(configuration, work, seed)
    bits = replay(build.TOP, trace, folder / f"{build.TOP}.v", work / build.TOP, sim, models)
    console.print(f"  {configuration.top:26} {len(trace.rows):>7} clocks {bits:>12} bits equal")


if __name__ == "__main__":
    app()
