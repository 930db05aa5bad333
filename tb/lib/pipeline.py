# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Driver and scoreboard of the valid-gated pipelines: a beat pushes out its result a fixed number
of clocks later, whatever gaps surround it, and nothing else ever comes out."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import Any

from cocotb.triggers import FallingEdge, RisingEdge

from tb.lib.profiles import idle_clocks


def lane_words(beat: int, lanes: int, bits: int) -> str:
    """A beat's lanes in hexadecimal, lane 0 first, for messages."""
    return " ".join(f"{beat >> lane * bits & ((1 << bits) - 1):x}" for lane in range(lanes))


class Pipeline:
    """Drives a pipeline and compares its outputs with the expected ones in every clock.

    Between beats the inputs carry the complement of the previous beat, and in reset random bits,
    which exposes a design that takes data without valid_i.
    """

    def __init__(
        self, dut: Any, latency: int, inputs: Sequence[str], output: str = "beat_o", lanes: int = 1
    ) -> None:
        """`inputs` and `output` name the ports; `latency` is in clocks, from valid_i to valid_o."""
        self.dut = dut
        self.latency = latency
        self.inputs = [getattr(dut, name) for name in inputs]
        self.masks = [(1 << len(port)) - 1 for port in self.inputs]
        self.output = getattr(dut, output)
        self.lanes = lanes
        self.flag = dut.saturated_o if hasattr(dut, "saturated_o") else None
        self.sent: tuple[int, ...] = (0,) * len(inputs)
        self.waiting: deque[int | None] = deque()
        self.clock = 0
        self.compared = 0
        self.flags: list[int] = []
        """The clocks with saturated_o high."""

    async def reset(self, clocks: int = 2) -> None:
        """Resets, with valid_i high throughout; everything in flight is lost."""
        dut = self.dut
        for _ in range(clocks):
            await RisingEdge(dut.clk_i)
            dut.rst_ni.value = 0
            dut.valid_i.value = 1
            for port in self.inputs:
                port.value = random.getrandbits(len(port))
            await FallingEdge(dut.clk_i)
        await RisingEdge(dut.clk_i)
        dut.rst_ni.value = 1
        dut.valid_i.value = 0
        self.waiting = deque([None] * self.latency)
        await self._check(None)

    async def send(
        self,
        beats: Sequence[tuple[int, ...]],
        expected: Sequence[int | None],
        profile: str = "none",
    ) -> list[int]:
        """Sends beats and checks all outputs meanwhile.

        Args:
            beats: the inputs' values for each beat.
            expected: what each beat pushes out `latency` clocks later; None: nothing.
            profile: one of PROFILES.

        Returns:
            The clock in which each beat entered.
        """
        dut = self.dut
        when = []
        for values, result, idle in zip(beats, expected, idle_clocks(profile), strict=False):
            await self.idle(idle)
            await RisingEdge(dut.clk_i)
            for port, value in zip(self.inputs, values, strict=True):
                port.value = value
            dut.valid_i.value = 1
            self.sent = values
            await self._check(result)
            when.append(self.clock)
        assert len(when) == len(beats) == len(expected)
        return when

    async def idle(self, clocks: int) -> None:
        """Lets clocks pass without a beat."""
        for clock in range(clocks):
            await RisingEdge(self.dut.clk_i)
            if clock == 0:
                self.dut.valid_i.value = 0
                for port, mask, value in zip(self.inputs, self.masks, self.sent, strict=True):
                    port.value = value ^ mask
            await self._check(None)

    async def drain(self, more: int = 20) -> None:
        """Waits for everything in flight, then `more` clocks in which nothing may come out."""
        await self.idle(self.latency + more)
        assert not any(value is not None for value in self.waiting)

    async def _check(self, result: int | None) -> None:
        await FallingEdge(self.dut.clk_i)
        self.clock += 1
        self.waiting.append(result)
        expected = self.waiting.popleft()
        valid = int(self.dut.valid_o.value)  # raises at X, as below
        assert valid == (expected is not None), (
            f"valid_o is {valid} at clock {self.clock}, after {self.compared} beats out"
        )
        if expected is not None:
            beat = int(self.output.value)
            if beat != expected:
                bits = len(self.output) // self.lanes
                raise AssertionError(
                    f"beat {self.compared} out at clock {self.clock}:"
                    f" {lane_words(beat, self.lanes, bits)} instead of"
                    f" {lane_words(expected, self.lanes, bits)}"
                )
            self.compared += 1
        if self.flag is not None and int(self.flag.value):
            self.flags.append(self.clock)
