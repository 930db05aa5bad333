# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""docs/programming.md: its examples run as they are written, its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from crocuta.backends import BACKENDS
from crocuta.models.configs import ROOT
from crocuta.registers import ErrorCode

PAGE = ROOT / "docs" / "programming.md"
EXAMPLES = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, as in one session. What an example prints stands beside its print."""
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text()
    found = list(EXAMPLES.finditer(text))
    assert len(found) == text.count("```python")
    assert found
    session: dict[str, Any] = {}
    for example in found:
        # Blank lines before it, so that a traceback names the page's line.
        lines = "\n" * text.count("\n", 0, example.start(1)) + example[1]
        exec(compile(lines, str(PAGE), "exec"), session)
        printed = re.findall(r"print\(.*\) +# (.*)", example[1])
        assert capsys.readouterr().out.splitlines() == printed
    assert "rtl" in text


def test_the_tables_are_complete() -> None:
    text = PAGE.read_text()
    codes = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    expected = [(str(code.value), code.name) for code in ErrorCode if code != ErrorCode.NONE]
    assert codes == expected
    assert re.findall(r"^\| `(rtl|model|x\w+|uart)`", text, re.MULTILINE) == list(BACKENDS)
