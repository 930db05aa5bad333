# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""One random seed for the whole run: printed first, repeated with SEED= or --seed."""

from __future__ import annotations

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
    # Hypothesis reads the option after this; a busy machine must not fail its examples.
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = os.environ["SEED"]
    settings.register_profile("crocuta", deadline=None)
    settings.load_profile("crocuta")


def pytest_report_header() -> str:
    return f"seed: {os.environ['SEED']} (repeat with SEED={os.environ['SEED']})"


@pytest.fixture
def seed() -> int:
    """The run's random seed."""
    return int(os.environ["SEED"])
