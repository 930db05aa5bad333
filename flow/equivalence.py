# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a changed module computes the same as before, proved by yosys.

The proof is by induction over the registers, within a minute: first of the module alone, whose
instances become ports, so that every value that goes into them has to be the same too; then with
all that is below it, which takes too long for modules with a memory or with products. What is the
same only because of what the module's surroundings never do comes out as not proved. So does a
change in a conditional generate block, which the parameters of the proof may leave out.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from pyslang.syntax import SyntaxKind, SyntaxNode, SyntaxTree

from crocuta.design.sources import design_files, twiddle_directory
from crocuta.models.configs import load_engine
from flow.formal_yosys import RUN

SECONDS = 60
STEPS = 4
"""Clocks of the induction."""
PROVED = f"yosys: equal by induction over {STEPS} clocks"
TABLES = "TwiddleDir"
"""The parameter of modules with tables, which take the parameters of CONFIG; all others have their
defaults."""
BRANCHES = {"Outputs": 2, "FourStep": 1, "Inverse": 1, "RowsLog2": 3, "Resident": 1}
"""Parameters that expressions compare, too, and a value for which these have the other result. With
its default alone, a fault in what that leaves out would be proved to change nothing."""
CONFIG = "tiny-long"
STATIC = {SyntaxKind.ParameterDeclaration, SyntaxKind.ParameterValueAssignment}
"""What decides the parameters of an instance, which the proof of a module alone does not see."""
CONDITIONAL = {SyntaxKind.IfGenerate, SyntaxKind.CaseGenerate}

ALONE = """\
read_slang --std 1800-2017 --keep-hierarchy {parameters} --top {top} {files}
proc
memory_map {top}
opt_clean
expose -evert {top}
rename {top} {name}
design -stash {name}
"""
WHOLE = """\
read_slang --std 1800-2017 {parameters} --top {top} {files}
proc
flatten
memory_map
opt_clean
rename {top} {name}
design -stash {name}
"""
COMPARE = """\
design -copy-from gold gold
design -copy-from gate gate
equiv_make gold gate equal
hierarchy -top equal
async2sync
opt_clean
equiv_simple -seq 1
equiv_induct -seq {steps}
equiv_status -assert
"""


def proof(path: Path, changed: str) -> str:
    """How it is proved that a module of rtl/ computes the same with `changed` as its file; "" if
    it is not."""
    original = path.read_text(encoding="ascii")
    pairs = enumerate(zip(original, changed, strict=False))
    first = next((at for at, (old, new) in pairs if old != new), len(original) - 1)
    if is_conditional(SyntaxTree.fromText(original).root, first):
        return ""
    for branch in branches_of(changed):
        if not (proved_alone(path, changed, branch) or proved(WHOLE, path, changed, branch)):
            return ""
    return PROVED


def is_conditional(node: SyntaxNode, at: int) -> bool:
    """Whether this place of a file is in a conditional generate block."""
    span = node.sourceRange
    if not span.start.offset <= at < span.end.offset:
        return False
    parts = (part for part in node if isinstance(part, SyntaxNode))
    return node.kind in CONDITIONAL or any(is_conditional(part, at) for part in parts)


def branches_of(text: str) -> list[str]:
    """yosys's options for a module's parameters that are in BRANCHES: none, then one at a time."""
    found = re.findall(r"^ *parameter +(?:int|bit) +(\w+)", text, re.MULTILINE)
    return ["", *(f" -G {name}={BRANCHES[name]}" for name in found if name in BRANCHES)]


def proved_alone(path: Path, changed: str, branch: str = "") -> bool:
    """Whether it is proved without what is below the module, whose parameters then must not have
    changed."""
    texts = (path.read_text(encoding="ascii"), changed)
    before, after = (static_of(SyntaxTree.fromText(text).root) for text in texts)
    return before == after and proved(ALONE, path, changed, branch)


def static_of(node: SyntaxNode) -> list[str]:
    """The text of each node of STATIC at or below this one."""
    if node.kind in STATIC:
        return [str(node)]
    parts = [part for part in node if isinstance(part, SyntaxNode)]
    return [text for part in parts for text in static_of(part)]


def parameters_of(text: str) -> str:
    """yosys's options for the parameters of a module."""
    if TABLES not in text:
        return ""
    config = load_engine(CONFIG)
    values = {**config.engine_parameters(), TABLES: f'"{twiddle_directory(config)}"'}
    # Those that the module does not have are ignored.
    return " ".join(f"-G {name}={value}" for name, value in values.items())


def proved(script: str, path: Path, changed: str, branch: str) -> bool:
    """Whether yosys proves it, reading both versions with one of the scripts and one of the options
    of `branches_of`."""
    top = path.stem
    files = design_files(top)
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / path.name
        other.write_text(changed, encoding="ascii")
        text = ""
        for name, replaced in (("gold", path), ("gate", other)):
            names = " ".join(str(replaced if file == path else file) for file in files)
            parameters = parameters_of(changed) + branch
            text += script.format(top=top, files=names, name=name, parameters=parameters)
        commands = Path(folder) / "equal.ys"
        commands.write_text(text + COMPARE.format(steps=STEPS), encoding="utf-8")
        try:
            done = subprocess.run(
                [*RUN, str(commands)], capture_output=True, timeout=SECONDS, cwd=folder
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0
