# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The PyTorch examples: those of docs/pytorch.md and README.md as written, and the programs of
examples/ in small sizes."""

from __future__ import annotations

import runpy
import sys
from typing import Any

import pytest

from crocuta.models.configs import ROOT
from tests.examples import run_examples

pytest.importorskip("torch", reason="torch is not installed: run `make env TORCH=1`")

import torch

EXAMPLES = {path.stem: path for path in (ROOT / "examples").glob("*.py")}
SMALL = {
    "filter_bank": "--backend model --config tiny --channels 3 --taps 300",
    "hyena_layer": "--length 500 --channels 4",
    "learn_a_filter": "--length 200",
}


@pytest.mark.parametrize("name", ["README.md", "docs/pytorch.md"])
def test_pages(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_examples(ROOT / name, capsys)


def example(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What an example's main() returns, in a small size."""
    monkeypatch.setattr(sys, "argv", [name, *SMALL[name].split()])
    return runpy.run_path(str(EXAMPLES[name]))["main"]()


def test_every_example_is_tested() -> None:
    assert set(EXAMPLES) == set(SMALL)


def test_a_filter_bank(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    y = example("filter_bank", monkeypatch)
    assert (y.shape, y.dtype) == ((2, 3, 300), torch.bfloat16)
    assert "2 x 3 channels of 300 samples" in capsys.readouterr().out


def test_a_filter_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert example("learn_a_filter", monkeypatch) < 0.1


def test_the_times_of_a_layer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = example("hyena_layer", monkeypatch)
    assert len(seconds) == 7
    assert min(seconds.values()) > 0
    assert "n = 2L = 1,000" in capsys.readouterr().out
