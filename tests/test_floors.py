# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Imports only go down: the floors of the project, of the product and of the benches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from crocuta.models.configs import ROOT

FLOORS = (
    ("crocuta.models",),
    ("crocuta.registers", "crocuta.kernel", "crocuta.stops"),
    ("crocuta.errors",),
    ("crocuta.extras", "crocuta.memory", "crocuta.meter", "crocuta.samples"),
    ("crocuta.design", "crocuta.groups", "crocuta.planner", "crocuta.stream"),
    ("crocuta.backends",),
    ("crocuta.device",),
    ("crocuta.many",),
    ("crocuta",),
    ("crocuta.cluster", "crocuta.torch"),
    ("crocuta.hyena",),
    ("crocuta.cli",),
    ("crocuta.__main__",),
    ("tb.lib",),
    ("tb.agents",),
    ("tb.envs", "tb.registry"),
    ("tb.benches",),
    ("flow",),
    ("benchmarks",),
)
"""Rooms from the ground up, each a module or a package with all that is in it. A module imports its
own room and the floors below it, and nothing else of the project's."""
FOLDERS = {
    "crocuta.models": "models",
    "crocuta": "host/crocuta",
    "tb": "tb",
    "flow": "flow",
    "benchmarks": "benchmarks",
}
OURS = {"models", "crocuta", "tb", "flow", "benchmarks", "tests", "conftest", "standins"}
"""The first parts of the project's names; `models` is known as crocuta.models alone."""
HEIGHTS = {room: height for height, floor in enumerate(FLOORS) for room in floor}


def modules() -> dict[str, Path]:
    """All Python of the product, the benches and the flows, tests/ apart, by its name."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            if package == "crocuta" and parts[0] in ("models", "rtl", "data"):
                continue  # links
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def room(module: str) -> str | None:
    """A module's floor, or None if it is on none."""
    parts = module.split(".")
    rooms = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    # What lies beside crocuta's packages has a floor of its own: crocuta alone is __init__.py.
    return next((name for name in rooms if name in HEIGHTS and name != "crocuta"), None) or (
        "crocuta" if module == "crocuta" else None
    )


def imported(tree: ast.Module, module: str) -> Iterator[str]:
    """The project's modules that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} has a relative import in line {node.lineno}"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.append(full if full in MODULES else str(node.module))
        yield from (name for name in names if name.split(".")[0] in OURS)


def wrong_imports(module: str, text: str) -> list[str]:
    """The imports of a module that go up, sideways or nowhere."""
    own = room(module)
    wrong = []
    for name in imported(ast.parse(text), module):
        target = room(name)
        if name not in MODULES or target is None:
            wrong.append(f"{module} imports {name}, which does not exist or has no floor")
        elif own is None or (target != own and HEIGHTS[target] >= HEIGHTS[own]):
            wrong.append(f"{module} imports {name}, which is on no lower floor")
    return wrong


def test_imports_go_down() -> None:
    wrong = [
        each
        for module, path in MODULES.items()
        for each in wrong_imports(module, path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_module_has_a_floor() -> None:
    packages = {"tb"}  # its __init__.py alone
    assert {module for module in MODULES if room(module) is None} == packages
    python = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("[a-z]*/**/*.py")}
    assert python - {"build"} == {folder.split("/")[0] for folder in FOLDERS.values()} | {
        "tests",
        "examples",
    }
    assert {room(module) for module in MODULES} - {None} == set(HEIGHTS)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("crocuta.models.cfp", "from crocuta.registers import VERSION"),
        ("crocuta.models.cfp", "from models import configs"),
        ("crocuta.models.cfp", "import flow.synth"),
        ("crocuta.errors", "from crocuta import device"),
        ("crocuta.kernel", "from crocuta.errors import KernelError"),
        ("crocuta.planner.clocks", "from crocuta.design import sources"),
        ("crocuta.design.sources", "from crocuta.backends.rtl_kernel import BASES"),
        ("crocuta.backends", "import crocuta"),
        ("crocuta.device", "def late():\n    from crocuta.cli import runs"),
        ("crocuta.device", "import crocuta.torch"),
        ("crocuta.cli.app", "import tb.registry"),
        ("crocuta.cli.app", "from tb import registry"),
        ("tb.lib.words", "from tb.agents.beat import Beat"),
        ("tb.agents.beat", "from tb.envs.base import Env"),
        ("tb.envs.base", "from tb.benches.kernel import bench_kernel"),
        ("tb.registry", "import flow.runner"),
        ("flow.runner", "from benchmarks import points"),
        ("flow.runner", "from tests import conftest"),
        ("flow.runner", "import crocuta.jobs"),
    ],
)
def test_a_wrong_import_is_found(module: str, line: str) -> None:
    assert module in MODULES
    assert len(wrong_imports(module, f"import os\nimport numpy as np\n{line}\n")) == 1
