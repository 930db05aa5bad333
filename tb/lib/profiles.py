# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Profiles of an interface's pauses: the idle clocks before each beat."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

PROFILES = ("none", "single", "light", "heavy", "bursty", "long")
"""none; one clock each time; seldom and short; often; runs of beats, then a pause; seldom and long.
"""


def idle_clocks(profile: str) -> Iterator[int]:
    """Yields the idle clocks before each beat, endlessly."""
    while True:
        if profile == "none":
            yield 0
        elif profile == "single":
            yield 1
        elif profile == "light":
            yield random.randint(1, 3) if random.random() < 0.1 else 0
        elif profile == "heavy":
            yield random.randint(0, 3)
        elif profile == "bursty":
            yield from (random.randint(2, 12), *[0] * random.randint(1, 24))
        elif profile == "long":
            yield random.randint(20, 80) if random.random() < 0.03 else 0
        else:
            raise ValueError(f"there is no profile {profile!r}")


def pauses(profile: Callable[[], str]) -> Iterator[bool]:
    """Yields for each clock whether to pause, for cocotbext-axi's channels.

    Args:
        profile: returns the current profile, which may change at any time.
    """
    while True:
        followed = profile()
        clocks = idle_clocks(followed)
        while profile() == followed:
            yield from [True] * next(clocks)
            yield False
