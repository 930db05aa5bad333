# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""One random seed for the whole run: printed first, repeated with SEED= or --seed."""

from __future__ import annotations

import datetime
import os

import pytest
from hypothesis import settings

from tb.runner import BenchFailure, default_seed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", help="the random seed; default: SEED, or a new one")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--seed"):
        os.environ["SEED"] = config.getoption("--seed")
    try:
        # In the environment, so that xdist's workers take the same one.
        os.environ["SEED"] = str(default_seed())
    except BenchFailure as error:
        raise pytest.UsageError(str(error)) from None
    # The day picks the corner that is tried; so does ROTATION, to repeat it.
    os.environ.setdefault("ROTATION", str(datetime.date.today().toordinal()))
    # Hypothesis reads the option after this; a busy machine must not fail its examples.
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = os.environ["SEED"]
    settings.register_profile("crocuta", deadline=None)
    settings.load_profile("crocuta")


def pytest_report_header() -> str:
    seed, rotation = os.environ["SEED"], os.environ["ROTATION"]
    return f"seed: {seed}, rotation: {rotation} (repeat with SEED={seed} ROTATION={rotation})"


@pytest.fixture
def seed() -> int:
    """The run's random seed."""
    return int(os.environ["SEED"])
