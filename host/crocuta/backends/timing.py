# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How a simulated kernel's memories behave."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Timing:
    """How a memory behaves: the defaults are 200 ns at 300 MHz and a beat in every clock."""

    latency: int = 60
    """Clocks from a burst's address to its first beat, at least 2."""
    bandwidth: int = 1000
    """Beats in 1000 clocks, of reads and writes together."""
    stall: int = 0
    """Chance in 1/1000 that a channel is stalled in a clock."""
    seed: int = 1
    """Of the stalls."""
