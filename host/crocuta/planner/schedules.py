# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts the clocks of a job by the kernel's schedule."""

from __future__ import annotations

from crocuta.models.configs import Config
from crocuta.planner import clocks, four_step_clocks
from crocuta.planner.clocks import Clocks, Memory


def prepare_clocks(
    config: Config,
    length_x: int,
    length_h: int,
    channels: int = 1,
    memory: Memory | None = None,
) -> Clocks:
    """The clocks of a PREPARE job for x of up to `length_x` samples."""
    memory = memory or Memory()
    if config.four_step:
        return four_step_clocks.prepare_clocks(config, length_x, length_h, channels, memory)
    return clocks.prepare_clocks(config, length_h, channels, memory)


def convolve_clocks(
    config: Config,
    length_x: int,
    length_h: int,
    channels: int = 1,
    memory: Memory | None = None,
) -> Clocks:
    """The clocks of a CONVOLVE job with a filter of `length_h` taps."""
    memory = memory or Memory()
    if config.four_step:
        return four_step_clocks.convolve_clocks(config, length_x, length_h, channels, memory)
    return clocks.convolve_clocks(config, length_x, length_h, channels, memory)
