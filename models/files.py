# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Writes generated files that other processes may be reading."""

from __future__ import annotations

import os
from pathlib import Path


def write_generated(path: Path, text: str) -> None:
    """Writes `text` to `path`, creating folders, unless the file has this text already.

    The file appears complete or not at all, since parallel simulations read the same one.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
