# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make lint`: every static check of the RTL, the Python code and the Tcl.

`python -m flow.lint [CHECK...]` runs only the checks named; `--format` reformats files instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from pyslang import ast, driver, syntax
from rich.console import Console

from crocuta import stops
from crocuta.design import verilator
from crocuta.design.rtl_build import SIMULATION
from crocuta.design.sources import RTL, design_files, rtl_files
from crocuta.errors import BuildError
from crocuta.models import configs
from crocuta.models.configs import ROOT

PYTHON_FOLDERS = ("models", "host", "tb", "flow", "benchmarks", "tests", "examples")
SOURCE_SUFFIXES = {".py", ".sv", ".svh", ".vlt", ".cpp", ".tcl", ".xdc", ".lpf", ".sh", ".toml"}
SOURCE_SUFFIXES |= {".yml", ".rules", ".f", ".rdl"}
LICENCE_LINES = ("Copyright 2026 The Crocuta authors", "SPDX-License-Identifier: Apache-2.0")
NOT_OURS = {".git", ".venv", "build", "__pycache__"}

# Casts to a parameter's width are redundant at some values and needed at others. Every `unique
# case` has a default, which leads out of unencoded states. An initial block loads a ROM, beside
# the always_ff that every ram has.
SLANG_FLAGS = (
    "-Wextra -Wpedantic -Werror -Wno-useless-cast -Wno-case-redundant-default"
    " -Wno-multiple-always-assigns"
)

console = Console(highlight=False, soft_wrap=True)


def program(name: str) -> str:
    """The path of a program in this Python environment."""
    return str(Path(sys.executable).parent / name)


def passes(command: Sequence[str], env: dict[str, str] | None = None, subject: str = "") -> bool:
    """Runs a command in the project's root and prints its output and subject if it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        print("\n".join(filter(None, [done.stdout.strip(), subject])))
    return done.returncode == 0


def report(problems: Sequence[str]) -> bool:
    """Prints the problems; returns whether there were none."""
    for problem in problems:
        print(problem)
    return not problems


def board_files() -> list[Path]:
    """The boards' SystemVerilog; a module there replaces the one of the same name in rtl/."""
    return sorted((ROOT / "boards").glob("*/*.sv"))


def bench_files() -> list[Path]:
    """The SystemVerilog of the benches and of the simulated kernel."""
    return sorted([*(ROOT / "tb").rglob("*.sv"), *SIMULATION.glob("*.sv")])


def check_list() -> bool:
    """rtl/crocuta.f lists every file in rtl/ exactly once, packages first."""
    listed = rtl_files()
    problems = [f"rtl/crocuta.f lists {p.name} twice" for p in set(listed) if listed.count(p) > 1]
    problems += [
        f"rtl/crocuta.f lists {p.name}, which is missing" for p in listed if not p.exists()
    ]
    problems += [
        f"rtl/crocuta.f does not list {p.name}"
        for p in sorted(RTL.rglob("*.sv"))
        if p not in listed
    ]
    packages = [p for p in listed if p.stem.endswith("_pkg")]
    if packages != listed[: len(packages)]:
        problems.append("rtl/crocuta.f must list the packages first")
    return report(problems)


def check_licence() -> bool:
    """Every source file states its copyright and licence in its first lines."""
    problems = []
    for directory, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in NOT_OURS and not f.endswith("_cache")]
        for name in names:
            path = Path(directory) / name
            if path.suffix in SOURCE_SUFFIXES or name == "Makefile" or ".ci" in path.parts:
                head = path.read_text(encoding="utf-8").splitlines()[:4]
                if path.name != "crocuta.f" and any(
                    not any(line.endswith(wanted) for line in head) for wanted in LICENCE_LINES
                ):
                    problems.append(f"{path.relative_to(ROOT)} lacks its copyright or SPDX line")
    return report(problems)


def check_verilator() -> bool:
    """Verilator's warnings for every module alone, and for the kernel at every configuration,
    chunked ones with one and with two output chunks per pass."""
    kernels = [configs.load_model(name) for name in configs.names()]
    kernels += [
        configs.load(f"{name}+outputs-{n}") for name in configs.chunked_names() for n in (1, 2)
    ]
    kernels = list({config.name: config for config in kernels}.values())
    tops = {config.top for config in kernels}
    modules = [path.stem for path in rtl_files() if not path.stem.endswith("_pkg")]
    jobs: list[tuple[str, dict[str, int], list[Path]]] = [
        (name, {}, []) for name in modules if name not in tops
    ]
    jobs += [(config.top, config.parameters(), []) for config in kernels if config.top in modules]
    jobs += [(path.stem, {}, board_files()) for path in board_files()]

    def lint(job: tuple[str, dict[str, int], list[Path]]) -> bool:
        top, parameters, extra = job
        command = [verilator.program(), "--lint-only", "--quiet", "-Wall", "--top-module", top]
        command += [f"-G{name}={value}" for name, value in parameters.items()]
        command += [str(path) for path in design_files(top, extra)]
        return passes(command, verilator.environment(), f"-- {top} {parameters or ''}")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return all(list(pool.map(lint, jobs)))


def check_verible() -> bool:
    """Verible's style rules (flow/verible.rules)."""
    rules = f"--rules_config={ROOT / 'flow' / 'verible.rules'}"
    files = [str(path.relative_to(ROOT)) for path in rtl_files() + board_files() + bench_files()]
    return passes([program("verible-verilog-lint"), rules, *files])


def check_slang() -> bool:
    """slang's strict elaboration of all modules together, without and with a board."""
    boards = board_files()
    beside = [path for path in rtl_files() if path.name not in {board.name for board in boards}]
    return all([elaborates(rtl_files()), elaborates(beside + boards)])


def parsed(paths: Sequence[Path], flags: str) -> driver.Driver | None:
    """A slang driver that has parsed these files, or None if it could not."""
    slang = driver.Driver()
    slang.addStandardArgs()
    files = " ".join(f'"{path}"' for path in paths)
    if not slang.parseCommandLine(f"slang --std 1800-2017 {flags} {files}"):
        return None
    return slang if slang.processOptions() and slang.parseAllSources() else None


def elaborates(paths: Sequence[Path]) -> bool:
    """Whether slang elaborates these files without a warning."""
    slang = parsed(paths, SLANG_FLAGS)
    return slang is not None and slang.runFullCompilation(True)


def check_sign_extension() -> bool:
    """No size cast widens a signed value: some releases of Vivado zero-extend it."""
    boards = board_files()
    beside = [path for path in rtl_files() if path.name not in {board.name for board in boards}]
    found: set[str] = set()
    # One and two outputs per pass together elaborate every generate block of every module.
    for paths in (rtl_files(), beside + boards):
        for outputs in (1, 2):
            found.update(signed_casts(paths, f"-G Outputs={outputs}"))
    return report(sorted(found))


def signed_casts(paths: Sequence[Path], flags: str = "") -> list[str]:
    """Where these files cast a signed value to a larger size, except constants, which are folded
    before any tool extends them."""
    slang = parsed(paths, flags)
    if slang is None:
        return ["slang cannot read the files"]
    sources = slang.sourceManager
    found: list[str] = []

    def visit(node: object) -> None:
        if not isinstance(node, ast.ConversionExpression) or node.syntax is None:
            return
        operand = node.operand
        cast = node.syntax.kind == syntax.SyntaxKind.CastExpression
        # Not just wider: slang gives an operator inside the cast the width of the cast.
        narrower = node.type.bitWidth < operand.type.bitWidth
        if cast and not narrower and operand.type.isSigned and operand.constant is None:
            start = node.syntax.sourceRange.start
            text = " ".join(str(node.syntax).split())
            place = f"{Path(sources.getFileName(start)).name}:{sources.getLineNumber(start)}"
            found.append(f"{place}: {text} extends a signed value; replicate its sign bit instead")

    slang.createCompilation().getRoot().visit(visit)
    return found


def python_folders() -> list[str]:
    """The directories with Python code."""
    return [name for name in PYTHON_FOLDERS if any((ROOT / name).rglob("*.py"))]


def check_ruff() -> bool:
    """ruff's rules for the Python code."""
    return passes([program("ruff"), "check", "--output-format=concise", *python_folders()])


def check_ruff_format() -> bool:
    """ruff's layout of the Python code."""
    return passes(
        [program("ruff"), "format", "--check", "--output-format=concise", *python_folders()]
    )


def tcl_files() -> list[str]:
    """The Tcl scripts and the constraints."""
    files = [path for suffix in ("tcl", "xdc") for path in ROOT.glob(f"*/*.{suffix}")]
    return [str(path.relative_to(ROOT)) for path in sorted(files)]


def check_tclint() -> bool:
    """tclint's rules for Tcl and constraints, Vivado's commands and options among them."""
    commands = ["--trust-plugins", "--commands", "flow/vivado_commands.py"]
    return passes([program("tclint"), *commands, *tcl_files()])


def check_tclfmt() -> bool:
    """tclfmt's layout of Tcl and constraints."""
    return passes([program("tclfmt"), "--check", *tcl_files()])


def check_mypy() -> bool:
    """mypy's strict checks of the Python code."""
    # models/ is checked as host/crocuta/models, the name that imports use.
    return passes([program("mypy"), *(name for name in python_folders() if name != "models")])


# Those that take longest begin first.
CHECKS: dict[str, Callable[[], bool]] = {
    "mypy": check_mypy,
    "verilator": check_verilator,
    "list": check_list,
    "licence": check_licence,
    "verible": check_verible,
    "slang": check_slang,
    "sign-extension": check_sign_extension,
    "ruff": check_ruff,
    "ruff-format": check_ruff_format,
    "tclint": check_tclint,
    "tclfmt": check_tclfmt,
}


def rewrite() -> None:
    """Formats Python and Tcl in place. The RTL is formatted by hand, with aligned tables."""
    passes([program("ruff"), "check", "--fix", "--quiet", *python_folders()])
    passes([program("ruff"), "format", *python_folders()])
    passes([program("tclfmt"), "--in-place", *tcl_files()])


def main(
    checks: Annotated[list[str] | None, typer.Argument(help="checks to run; default: all")] = None,
    format_files: Annotated[bool, typer.Option("--format", help="reformat files in place")] = False,
) -> None:
    """Runs the checks and reports which failed."""
    if format_files:
        rewrite()
        return
    names = checks or list(CHECKS)
    unknown = sorted(set(checks or ()) - CHECKS.keys())
    if unknown:
        print(f"There is no check {unknown[0]!r}; choose from: {', '.join(CHECKS)}.")
        raise typer.Exit(2)

    def check(name: str) -> bool:
        try:
            return CHECKS[name]()
        except BuildError as error:
            print(error)
            return False

    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, ok in zip(names, pool.map(check, names), strict=True):
            about = (CHECKS[name].__doc__ or "").strip()
            console.print(f"{'[green]ok    ' if ok else '[red]FAILED'}[/] {name}: {about}")
            if not ok:
                failed.append(name)
    if failed:
        console.print(f"Lint failed: {', '.join(failed)}.", style="red")
        raise typer.Exit(1)


if __name__ == "__main__":
    stops.run(main)
