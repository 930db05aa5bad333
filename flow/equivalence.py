# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a changed module computes the same as before, proved by yosys.

The proof is by induction over the registers, at the module's default parameters, within a minute.
Modules with a memory or with products are beyond it, and so is a change whose sameness takes what
the module's surroundings never do: both come out as not proved.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from crocuta.design.sources import design_files
from flow.formal_yosys import RUN

SECONDS = 60
STEPS = 4
"""Clocks of the induction."""
PROVED = f"yosys: equal by induction over {STEPS} clocks, at the default parameters"

SCRIPT = """\
read_slang --std 1800-2017 --top {top} {gold}
proc
flatten
memory_map
opt_clean
rename {top} gold
design -stash gold
read_slang --std 1800-2017 --top {top} {gate}
proc
flatten
memory_map
opt_clean
rename {top} gate
design -stash gate
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
    top = path.stem
    files = design_files(top)
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / path.name
        other.write_text(changed, encoding="ascii")
        script = Path(folder) / "equal.ys"
        gold, gate = (
            " ".join(str(replaced if file == path else file) for file in files)
            for replaced in (path, other)
        )
        text = SCRIPT.format(top=top, gold=gold, gate=gate, steps=STEPS)
        script.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [*RUN, str(script)], capture_output=True, timeout=SECONDS, cwd=folder
            )
        except subprocess.TimeoutExpired:
            return ""
    return PROVED if done.returncode == 0 else ""
