# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What the outcome of a bench, of their coverage or of a soak depends on, as a digest.

An outcome stands as long as its digest does, whatever else in the project has changed since: a new
test of one block does not make the runs of all other benches worthless.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from crocuta.design.sources import rtl_files
from crocuta.models.configs import ROOT, load_model
from flow import runner
from flow.digest import digest
from tb.registry import Bench

REGISTRY = "tb.registry"
"""Lists all benches: of it, only a bench's own entry counts."""
APART = {REGISTRY, __name__}
"""What decides no outcome."""
RUNNER = "flow.runner"
PINS = ROOT / "requirements.txt"
SIMULATION = ROOT / "host" / "crocuta" / "simulation"


def path_of(module: str) -> Path | None:
    """The file of a module of this project, or None."""
    place = module.replace(".", "/")
    files = (
        base / f"{place}{end}" for base in (ROOT, ROOT / "host") for end in (".py", "/__init__.py")
    )
    return next((file for file in files if file.is_file()), None)


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of this project that a module imports, wherever in its text."""

    def names(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            within = [f"{node.module}.{each.name}" for each in node.names]
            yield from (name if path_of(name) else str(node.module) for name in within)

    path = path_of(module)
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path)) if path else ast.Module([], [])
    return frozenset(name for node in ast.walk(tree) for name in names(node) if path_of(name))


@cache
def behind(module: str) -> frozenset[Path]:
    """The files of a module and of all that it imports, directly or not, but for those APART."""
    reached, waiting = APART | {module}, [module]
    while waiting:
        found = imports(waiting.pop()) - reached
        reached |= found
        waiting += found
    return frozenset(path for path in map(path_of, reached - APART) if path)


def of_bench(bench: Bench, config: str, sim: str) -> str:
    """Twelve hexadecimal digits that identify all that the outcome of a bench's run depends on,
    apart from its seed."""
    about = load_model(config)
    parameters = {
        # A path of the cache is another one on each machine, but ends in a digest of its contents.
        name: Path(value).name if isinstance(value, str) else value
        for name, value in bench.parameters(about).items()
    }
    entry = (bench.top, bench.module, sorted(bench.env.items()), parameters, str(about), sim)
    python = behind(bench.module) | behind(RUNNER)
    return digest(
        {*python, *runner.sources_of(bench, sim), PINS}, json.dumps(entry, sort_keys=True)
    )


def of_coverage(kinds: Mapping[str, str]) -> str:
    """The same of the coverage by jobs of these kinds, with what each of them depends on."""
    exclusions = ROOT / "flow" / "coverage_exclusions.toml"
    return digest({*behind("flow.coverage"), exclusions}, json.dumps(dict(kinds), sort_keys=True))


def of_soak() -> str:
    """The same of a soak."""
    bench = [path for path in SIMULATION.iterdir() if path.suffix in (".sv", ".cpp", ".vlt")]
    return digest({*behind("flow.soak"), *bench, *rtl_files(), PINS})
