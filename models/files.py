# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Generated files that other processes may be reading, and what the design's files are."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from models.configs import ROOT


def write_generated(path: Path, text: str) -> None:
    """Writes `text` to `path`, and its folders, unless it is there already.

    The file appears complete or not at all: simulations that run side by side read the same one.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


VERIFIED = {
    ".": ("configs.toml", "requirements.txt"),
    "boards": ("**/*.sv",),
    "formal": ("*.sv", "*.svh", "*.toml", "through/*"),
    "models": ("**/*.py",),
    "registers": ("*.rdl",),
    "rtl": ("*.sv", "*.f"),
    "tb": ("**/*.py", "**/*.sv", "**/*.vlt", "**/*.toml", "*.mk"),
}
"""Where what is verified, and what verifies it, is: the files of each folder."""
EXPLAINED = {"tb/mutation_survivors.toml"}
"""What is read after the runs, and may grow with what they find."""


def _code(path: Path) -> str:
    """A file without what changes nothing: the comments and the layout of SystemVerilog."""
    text = path.read_text(encoding="utf-8")
    if path.suffix not in (".sv", ".svh"):
        return text
    return " ".join(re.sub("//.*", "", text).split())


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.name} {_code(path)}\0".encode())
    return digest.hexdigest()[:12]


def design_digest(root: Path = ROOT) -> str:
    """Twelve hexadecimal digits that change with rtl/, its comments and layout apart: which design
    a report is about."""
    return _digest((root / "rtl").glob("*.sv"))


def verification_digest(root: Path = ROOT) -> str:
    """The same of all that a verification depends on: rtl/ and boards/, and the benches, models,
    proofs, registers and configurations that it is held against. A report that has another one
    says nothing about what is here now."""
    paths = {
        path
        for folder, kinds in VERIFIED.items()
        for kind in kinds
        for path in (root / folder).glob(kind)
        if path.is_file()
    }
    return _digest(paths - {root / name for name in EXPLAINED})
