# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The yosys that SymbiYosys calls: pyosys, which is native and includes slang.

`python formal_yosys.py -ql LOG SCRIPT` writes yosys' log to LOG, and its errors to stdout too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RUN = (sys.executable, str(Path(__file__).resolve()), "--run")


def main(arguments: list[str]) -> int:
    """Runs a script in a separate process, because an error in yosys ends the process."""
    if arguments[:1] == ["--run"]:
        from pyosys import libyosys

        libyosys.Design().run_pass(["script", arguments[1]])
        return 0
    if len(arguments) != 3 or arguments[0] != "-ql":
        print("usage: formal_yosys.py -ql LOG SCRIPT", file=sys.stderr)
        return 2
    log, script = arguments[1:]
    with Path(log).open("w", encoding="utf-8") as file:
        done = subprocess.run([*RUN, script], stdout=file, stderr=subprocess.STDOUT)
    for line in Path(log).read_text(encoding="utf-8", errors="replace").splitlines():
        if "ERROR" in line:
            print(line, flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
