# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The handshakes of an AXI port's five channels. Most clocks have none, and a monitor that reads
them packed into one port of the top knows that from one value, or sleeps until there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocotb.triggers import FallingEdge, ValueChange

from tb.agents.agent import read

CHANNELS = ("ar", "r", "aw", "w", "b")
"""The five channels from bit 0: two bits each, {valid, ready}."""
VALIDS = 0b10_10_10_10_10
"""The valid bits."""


class Handshakes:
    """Samples valid and ready of all channels."""

    def __init__(self, dut: Any, port: str, active: str, channels: Mapping[str, Any]) -> None:
        """`port` names the top's port that has them, or is "": then those of `channels`, objects
        with `valid` and `ready`, are read one by one. `active` names the port that is high while
        there is something to sample, or is ""."""
        self.packed = getattr(dut, port) if port else None
        self.active = getattr(dut, active) if active else None
        self.channels = [channels[name] for name in CHANNELS]

    async def clock(self, clk: Any, standing: bool) -> None:
        """Waits for a falling edge of `clk`: that of the next clock with something to sample if
        nothing is `standing`, or earlier."""
        if not standing and self.active is not None and self.active.value == 0:
            await ValueChange(self.active)
        await FallingEdge(clk)

    def read(self) -> int:
        """All of them; raises AssertionError if one is X or Z."""
        if self.packed is not None:
            return read(self.packed)
        bits = [read(each.valid) << 1 | read(each.ready) for each in self.channels]
        return sum(pair << 2 * number for number, pair in enumerate(bits))
