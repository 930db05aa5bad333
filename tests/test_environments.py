# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The benches' environments make their components through the factory, so that a test can override
any of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from crocuta.models.configs import ROOT

PORTS = ("Listener", "uvm_analysis_port")
"""What belongs to its component and has no override."""


def made(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the class of each child that a component makes for itself: CLASS(name, self)."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or len(call.args) < 2:
            continue
        parent = call.args[1]
        if isinstance(parent, ast.Name) and parent.id == "self":
            yield call.lineno, ast.unparse(call.func)


def test_components_come_from_the_factory() -> None:
    found = [
        (path.relative_to(ROOT), line, name)
        for folder in ("agents", "envs")
        for path in sorted((ROOT / "tb" / folder).glob("*.py"))
        for line, name in made(ast.parse(path.read_text()))
        if name not in PORTS
    ]
    assert len(found) > 50
    direct = [f"{path}:{line}: {name}" for path, line, name in found if ".create" not in name]
    assert not direct, "use create()"
