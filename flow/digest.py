# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Digests of the design and of everything that verifies it: a report stores the one it is about."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from crocuta.models.configs import ROOT

VERIFIED = {
    ".": ("requirements.txt",),
    "boards": ("**/*.sv",),
    "flow": (
        "runner.py",
        "*.vlt",
        "coverage*",
        "equivalence.py",
        "mut*.py",
        "formal*.py",
        "soak*.py",
    ),
    "formal": ("**/*.sv", "*.svh", "*.toml"),
    "host/crocuta/backends": ("rtl_kernel.py",),
    "host/crocuta/design": ("*",),
    "host/crocuta/simulation": ("*.sv", "*.cpp", "*.vlt"),
    "models": ("**/*.py", "*.toml"),
    "registers": ("*.rdl",),
    "rtl": ("**/*.sv", "*.f"),
    "tb": ("**/*.py", "**/*.sv", "**/*.vlt", "**/*.toml"),
}
"""The design and everything that verifies it: file patterns by directory."""


def _code(path: Path) -> str:
    """A file's text; SystemVerilog without comments and layout, which change nothing."""
    text = path.read_text(encoding="utf-8")
    if path.suffix not in (".sv", ".svh"):
        return text
    return " ".join(re.sub("//.*", "", text).split())


def digest(paths: Iterable[Path], text: str = "") -> str:
    """Twelve hexadecimal digits that identify the files' names and code, and `text`."""
    found = hashlib.sha256(text.encode())
    for path in sorted(paths, key=lambda path: (path.name, path)):  # wherever a file lies
        found.update(f"{path.name} {_code(path)}\0".encode())
    return found.hexdigest()[:12]


def design_digest(root: Path = ROOT) -> str:
    """Twelve hexadecimal digits that identify rtl/, whatever its comments and layout."""
    return digest((root / "rtl").rglob("*.sv"))


def verification_digest(root: Path = ROOT) -> str:
    """The same for everything that a verification depends on: rtl/, boards/, benches, models,
    proofs, registers and configurations. A report with another digest is out of date."""
    paths = {
        path
        for folder, kinds in VERIFIED.items()
        for kind in kinds
        for path in (root / folder).glob(kind)
        if path.is_file()
    }
    return digest(paths)
