# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a design: its SystemVerilog and the initial contents of its memories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from crocuta.design import cache
from crocuta.errors import BuildError
from crocuta.models.configs import ROOT, Config
from crocuta.models.transform import rom_files

RTL = ROOT / "rtl"
FILE_LIST = RTL / "crocuta.f"


def rtl_files() -> list[Path]:
    """The files listed in rtl/crocuta.f, in order."""
    lines = FILE_LIST.read_text(encoding="utf-8").splitlines()
    return [RTL / line for line in lines if line and not line.startswith("//")]


def rtl_file(module: str) -> Path:
    """The file of rtl/ with the module or package `name`."""
    return next(path for path in rtl_files() if path.stem == module)


def design_files(top: str, extra: Sequence[Path] = ()) -> list[Path]:
    """Returns the files of rtl/ and `extra` that `top` depends on, packages first.

    Only these are compiled, so a change elsewhere neither rebuilds nor breaks a bench. This relies
    on each file of rtl/ holding one module or package with the file's name.
    """
    library = {path.stem: path for path in rtl_files()}
    library.update({path.stem: path for path in extra})
    if top not in library:
        raise BuildError(f"Neither rtl/ nor the bench's sources contain a module {top}.")
    reached = {top, *(path.stem for path in extra)}
    waiting = sorted(reached)
    while waiting:
        text = library[waiting.pop()].read_text(encoding="utf-8")
        text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
        for name in set(re.findall(r"\w+", text)) & library.keys() - reached:
            reached.add(name)
            waiting.append(name)
    return [library[name] for name in sorted(reached, key=lambda n: (not n.endswith("_pkg"), n))]


def twiddle_directory(config: Config) -> str:
    """Writes a configuration's twiddle tables and returns their folder."""
    return str(cache.tables(rom_files.tables(config)))
