# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.simulate`: runs the benches of one test, or lists the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from crocuta import stops
from crocuta.errors import BuildError
from crocuta.models import configs
from flow import runner
from flow.jobs import misfit
from tb.registry import BENCHES, ENGINE_TESTS, SIMS, Bench

console = Console(highlight=False, soft_wrap=True)


def fail(message: str, code: int) -> typer.Exit:
    """Prints an error message on stderr and returns the exception to raise."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
    return typer.Exit(code)


def list_tests() -> None:
    """Prints one line per bench."""
    table = Table("TEST", "BENCH", "checks", "simulators", box=None, pad_edge=False)
    for name, benches in sorted(BENCHES.items()):
        for bench in benches:
            table.add_row(name, bench.name, bench.about, ", ".join(bench.sims))
    # Wrap in a narrow terminal rather than truncate: the names are there to be typed.
    whole = console.measure(table, options=console.options.update(max_width=1000))
    console.width = max(console.width, whole.maximum)
    console.print(table)
    console.print(f"Simulators: {', '.join(SIMS)}. Configurations: {', '.join(configs.names())}.")


def default_config(benches: Sequence[Bench]) -> str:
    """The smallest configuration that some of a test's benches run at."""
    names = [name for bench in benches for name in bench.configs]
    return "tiny" if "tiny" in names else names[0]


def main(
    test: Annotated[str, typer.Argument(help="the test; default: list all tests")] = "",
    sim: Annotated[str, typer.Option(help="verilator or icarus")] = "verilator",
    config: Annotated[
        str, typer.Option(help="a configuration, or a variation of one; default: tiny or tiny-long")
    ] = "",
    seed: Annotated[str, typer.Option(help="random seed; default: SEED or a new one")] = "",
    waves: Annotated[bool, typer.Option("--waves", help="write an FST file")] = False,
    bench_name: Annotated[str, typer.Option("--bench", help="TOP, TOP-VARIANT or module")] = "",
    only: Annotated[str, typer.Option(help="only this cocotb test")] = "",
    fail_fast: Annotated[bool, typer.Option(help="end a bench at its first failure")] = False,
) -> None:
    """Runs every bench of TEST, or one, in one simulator at one configuration."""
    if not test:
        list_tests()
        return
    try:
        if test not in BENCHES:
            choice = ", ".join(sorted(BENCHES))
            raise runner.BenchFailure(f"There is no test {test!r}; choose one of: {choice}.")
        runner.check_sim(sim)
        config = config or default_config(BENCHES[test])
        loaded = (configs.load_engine if test in ENGINE_TESTS else configs.load_model)(config)
        number = runner.default_seed(seed)
        benches = [bench for bench in BENCHES[test] if sim in bench.sims]
        if bench_name:
            names = sorted({bench.name for bench in benches})
            benches = [bench for bench in benches if bench_name in (bench.name, bench.module_name)]
            if not benches:
                raise runner.BenchFailure(
                    f"{test} has no bench {bench_name!r} on {sim}; choose one of:"
                    f" {', '.join(names)}."
                )
        elif any(not misfit(bench, loaded) for bench in benches):
            for bench in benches:
                if why := misfit(bench, loaded):
                    console.print(f"Left out: {bench.name}, because {why}.")
            benches = [bench for bench in benches if not misfit(bench, loaded)]
        if not benches:
            raise runner.BenchFailure(f"No bench of {test} runs on {sim}.")
        if only:
            benches = runner.check_only(only, benches)
    except configs.ConfigError as error:
        message = str(error)
        raise fail(f"{message[0].upper()}{message[1:]}.", 2) from None
    except BuildError as error:
        raise fail(str(error), 2) from None
    failures = 0
    for bench in benches:
        try:
            runner.run(bench, loaded, sim, number, waves, echo=True, only=only, fail_fast=fail_fast)
        except (BuildError, configs.ConfigError) as error:
            failures += 1
            fail(str(error), 1)
    if failures:
        raise typer.Exit(1)
    console.print(f"{test}: {len(benches)} of {len(benches)} benches passed on {sim} at {config}.")


if __name__ == "__main__":
    stops.run(main)
