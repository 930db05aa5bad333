# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Identifies what a report describes: digests of the design and of everything it was verified
with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from crocuta.models.configs import ROOT

VERIFIED = {
    ".": ("requirements.txt",),
    "boards": ("**/*.sv",),
    "flow": ("runner.py", "*.vlt", "coverage*", "mutate.py", "formal*.py", "soak*.py"),
    "formal": ("**/*.sv", "*.svh", "*.toml"),
    "host/crocuta/design": ("*",),
    "host/crocuta/simulation": ("*.sv",),
    "models": ("**/*.py", "*.toml"),
    "registers": ("*.rdl",),
    "rtl": ("**/*.sv", "*.f"),
    "tb": ("**/*.py", "**/*.sv", "**/*.vlt", "**/*.toml"),
}
"""Where what is verified, and what verifies it, is: the files of each folder."""


def _code(path: Path) -> str:
    """A file without what changes nothing: the comments and the layout of SystemVerilog."""
    text = path.read_text(encoding="utf-8")
    if path.suffix not in (".sv", ".svh"):
        return text
    return " ".join(re.sub("//.*", "", text).split())


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda path: (path.name, path)):  # wherever a file lies
        digest.update(f"{path.name} {_code(path)}\0".encode())
    return digest.hexdigest()[:12]


def design_digest(root: Path = ROOT) -> str:
    """Twelve hexadecimal digits that change with rtl/, its comments and layout apart: which design
    a report is about."""
    return _digest((root / "rtl").rglob("*.sv"))


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
    return _digest(paths)
