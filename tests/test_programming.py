# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""docs/programming.md: its examples run as written, and its tables match the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crocuta.backends import BACKENDS
from crocuta.models.configs import ROOT
from crocuta.registers import ErrorCode
from tests.examples import run_examples

PAGE = ROOT / "docs" / "programming.md"


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(PAGE, capsys)
    assert "rtl" in PAGE.read_text()


def test_the_tables_are_complete() -> None:
    text = PAGE.read_text()
    codes = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    expected = [(str(code.value), code.name) for code in ErrorCode if code != ErrorCode.NONE]
    assert codes == expected
    assert re.findall(r"^\| `(rtl|model|float|x\w+|uart)`", text, re.MULTILINE) == list(BACKENDS)
