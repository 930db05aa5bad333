# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a design: its SystemVerilog and the tables that its memories begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from crocuta.design import cache
from crocuta.errors import BuildError
from crocuta.models.configs import ROOT, Config
from crocuta.models.transform import twiddle_rom

RTL = ROOT / "rtl"
FILE_LIST = RTL / "crocuta.f"


def rtl_files() -> list[Path]:
    """The files that rtl/crocuta.f lists, in its order."""
    lines = FILE_LIST.read_text(encoding="utf-8").splitlines()
    return [RTL / line for line in lines if line and not line.startswith("//")]


def rtl_file(module: str) -> Path:
    """The file of rtl/ that holds a module or package, which has its name."""
    return next(path for path in rtl_files() if path.stem == module)


def design_files(top: str, extra: Sequence[Path] = ()) -> list[Path]:
    """The files of rtl/ and `extra` that `top` reaches, packages first.

    Only these are compiled, so a change elsewhere neither rebuilds nor breaks a bench. Relies on
    one module or package per file of rtl/, with the file's name.
    """
    library = {path.stem: path for path in rtl_files()}
    library.update({path.stem: path for path in extra})
    if top not in library:
        raise BuildError(f"There is no module {top}: neither rtl/ nor a bench's sources have it.")
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
    """The folder of a configuration's twiddle tables, which this writes."""
    return str(cache.tables(twiddle_rom.tables(config)))
