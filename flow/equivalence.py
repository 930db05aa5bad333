# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a changed module computes the same as before, proved by yosys.

Some changes leave the very netlist as it was, at several sizes: that takes seconds to see. Other
proofs are by induction over the registers, within a minute: first of the module alone, whose
instances become ports, so that every value that goes into them has to be the same too; then with
all that is below it, which takes too long for modules with a memory or with products. What is the
same only because of what the module's surroundings never do comes out as not proved. So does a
change in a conditional generate block that the parameters of the proofs leave out.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from pyslang.syntax import SyntaxKind, SyntaxNode, SyntaxTree

from crocuta.design.sources import design_files, twiddle_directory
from crocuta.models.configs import load_engine
from flow.formal_yosys import RUN
from flow.mutants import FAULT_Q
from tb.registry import MANY_LANES

SECONDS, NETLIST_SECONDS = 60, 240
"""Limits of a proof, and of a comparison of netlists: those of a whole kernel take a minute."""
STEPS = 4
"""Clocks of the induction."""
PROVED = f"yosys: equal by induction over {STEPS} clocks"
SAME = "yosys: the same netlist"
TABLES = "TwiddleDir"
"""The parameter of modules with tables, which take the parameters of CONFIG; all others have their
defaults."""
BRANCHES = {"Outputs": 2, "FourStep": 1, "Inverse": 1, "RowsLog2": 3, "Resident": 1}
"""Parameters that expressions compare, too, and a value from which on these have the other result;
below it is 0. With its default alone, a fault in what that leaves out would be proved to change
nothing."""
CONFIG = "tiny-long"
SIZES = (CONFIG, "tiny", MANY_LANES[0])
"""Configurations at whose sizes netlists are compared."""
STATIC = {SyntaxKind.ParameterDeclaration, SyntaxKind.ParameterValueAssignment}
"""What decides the parameters of an instance, which the proof of a module alone does not see."""
CONDITIONAL = {SyntaxKind.IfGenerate, SyntaxKind.CaseGenerate}

NETLIST = """\
read_slang --std 1800-2017 {parameters} --top {top} {files}
proc
flatten
opt_expr
opt_clean -purge
write_verilog -noattr -norename {output}
"""
ALONE = """\
read_slang --std 1800-2017 --keep-hierarchy {parameters} --top {top} {files}
proc
memory_map {top}
opt_clean
rename -hide w:*{hidden}
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


def same(path: Path, changed: str) -> str:
    """How it is seen that a module of rtl/ has the same netlist with `changed` as its file, at all
    SIZES and BRANCHES; "" if it has not. A change of a parameter counts as another netlist, because
    other sizes may show it."""
    original = path.read_text(encoding="ascii")
    if is_hidden(original, changed) or not same_static(original, changed):
        return ""
    sizes = [parameters_of(config) for config in SIZES]
    options = [*sizes, *branches_of(path, sizes[0])[1:]]
    both = [(netlist(path, original, each), netlist(path, changed, each)) for each in options]
    return SAME if all(before == after != "" for before, after in both) else ""


@cache
def netlist(path: Path, text: str, parameters: str) -> str:
    """A digest of a module's netlist with `text` as its file; "" if the module refuses the
    parameters, and a digest of the text if yosys takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        other, output = Path(folder) / path.name, Path(folder) / "netlist.v"
        other.write_text(text, encoding="ascii")
        files = files_with(path, other)
        script = NETLIST.format(parameters=parameters, top=path.stem, files=files, output=output)
        try:
            run(script, Path(folder), NETLIST_SECONDS)
        except subprocess.CalledProcessError:
            return ""
        except subprocess.TimeoutExpired:
            found = text
        else:
            found = output.read_text(encoding="utf-8").replace(folder, "")
    return hashlib.sha256(found.encode()).hexdigest()


def proof(path: Path, changed: str, *, whole: bool = True) -> str:
    """How it is proved that a module of rtl/ computes the same with `changed` as its file; "" if
    it is not. Unless `whole`, only the proofs of the module alone are tried, which take seconds."""
    original = path.read_text(encoding="ascii")
    options = branches_of(path, parameters_of(CONFIG) if TABLES in original else "")
    if is_hidden(original, changed) and not any(
        netlist(path, original, each) != netlist(path, changed, each) for each in options
    ):
        return ""
    proved_each = (
        proved_alone(path, changed, each) or (whole and proved(WHOLE, path, changed, each))
        for each in options
    )
    return PROVED if all(proved_each) else ""


def is_hidden(original: str, changed: str) -> bool:
    """Whether the change is in a conditional generate block."""
    pairs = enumerate(zip(original, changed, strict=False))
    first = next((at for at, (old, new) in pairs if old != new), len(original) - 1)
    return is_conditional(SyntaxTree.fromText(original).root, first)


def is_conditional(node: SyntaxNode, at: int) -> bool:
    """Whether this place of a file is in a conditional generate block."""
    span = node.sourceRange
    if not span.start.offset <= at < span.end.offset:
        return False
    parts = (part for part in node if isinstance(part, SyntaxNode))
    return node.kind in CONDITIONAL or any(is_conditional(part, at) for part in parts)


def branches_of(path: Path, parameters: str) -> list[str]:
    """yosys's options for a module: these, then with each of its parameters that are in BRANCHES
    changed, as far as the module allows that."""
    text = path.read_text(encoding="ascii")
    found = re.findall(r"^ *parameter +(?:int|bit) +(\w+) *= *(?:1'b)?(\d+)", text, re.MULTILINE)
    options = [parameters]
    for name, default in found:
        if name in BRANCHES:
            value = BRANCHES[name] if int(default) < BRANCHES[name] else 0
            options.append(f"{parameters} -G {name}={value}")
    return [each for each in options if each == parameters or netlist(path, text, each)]


def proved_alone(path: Path, changed: str, parameters: str = "") -> bool:
    """Whether it is proved without what is below the module, whose parameters then must not have
    changed."""
    original = path.read_text(encoding="ascii")
    return same_static(original, changed) and proved(ALONE, path, changed, parameters)


def same_static(original: str, changed: str) -> bool:
    """Whether the parameters, and those of the instances, are the same."""
    before, after = (static_of(SyntaxTree.fromText(text).root) for text in (original, changed))
    return before == after


def static_of(node: SyntaxNode) -> list[str]:
    """The text of each node of STATIC at or below this one."""
    if node.kind in STATIC:
        return [str(node)]
    parts = [part for part in node if isinstance(part, SyntaxNode)]
    return [text for part in parts for text in static_of(part)]


def parameters_of(name: str) -> str:
    """yosys's options for the parameters of a module at a configuration."""
    config = load_engine(name)
    values = {**config.engine_parameters(), TABLES: f'"{twiddle_directory(config)}"'}
    # Those that the module does not have are ignored.
    return " ".join(f"-G {name}={value}" for name, value in values.items())


def proved(script: str, path: Path, changed: str, parameters: str) -> bool:
    """Whether yosys proves it, reading both versions with one of the scripts and one of the options
    of `branches_of`."""
    values = {"top": path.stem, "parameters": parameters, "hidden": FAULT_Q}
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / path.name
        other.write_text(changed, encoding="ascii")
        text = ""
        for name, read in (("gold", path), ("gate", other)):
            files = files_with(path, read)
            text += script.format(files=files, name=name, **values)
        try:
            run(text + COMPARE.format(steps=STEPS), Path(folder), SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return False
    return True


def files_with(path: Path, read: Path) -> str:
    """The files of a module of rtl/ and of all below it, for yosys, with `read` instead of its
    own."""
    return " ".join(str(read if file == path else file) for file in design_files(path.stem))


def run(script: str, folder: Path, seconds: float) -> None:
    """Runs a script of yosys in a folder.

    Raises:
        subprocess.CalledProcessError: it failed.
        subprocess.TimeoutExpired: it took too long.
    """
    path = folder / "script.ys"
    path.write_text(script, encoding="utf-8")
    command = [*RUN, str(path)]
    subprocess.run(command, capture_output=True, timeout=seconds, cwd=folder, check=True)
