# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The Python examples on a page of the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_examples(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs a page's examples as written, one after the other, as in one session. What an example
    prints stands beside its print."""
    text = page.read_text()
    found = list(EXAMPLES.finditer(text))
    assert len(found) == text.count("```python")
    assert found
    session: dict[str, Any] = {}
    for example in found:
        # Blank lines before it, so that a traceback names the page's line.
        lines = "\n" * text.count("\n", 0, example.start(1)) + example[1]
        exec(compile(lines, str(page), "exec"), session)
        printed = re.findall(r"print\(.*\) +# (.*)", example[1])
        assert capsys.readouterr().out.splitlines() == printed
