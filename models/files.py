# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Generated files that other processes may be reading, and what the design's files are."""

from __future__ import annotations

import hashlib
import os
import re
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


def design_digest() -> str:
    """Twelve hexadecimal digits that change with rtl/, its comments and layout apart: which design
    a report is about."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "rtl").glob("*.sv")):
        code = re.sub("//.*", "", path.read_text(encoding="ascii"))
        digest.update(" ".join([path.name, *code.split()]).encode() + b"\0")
    return digest.hexdigest()[:12]
