# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Drivers of the design's own valid/ready ports that behave the same in both simulators: inputs
change after a rising edge, and the levels at the following falling edge decide a transfer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import cocotb
from cocotb.task import Task
from cocotb.triggers import FallingEdge, RisingEdge

from tb.lib.clock import clock_now
from tb.lib.profiles import pauses


class Source:
    """Sends queued items, each a value per field, with the gaps of `profile`."""

    def __init__(self, dut: Any, valid: str, ready: str, fields: tuple[str, ...]) -> None:
        """Drives these ports of `dut` from now on."""
        self.dut = dut
        self.valid = getattr(dut, valid)
        self.ready = getattr(dut, ready)
        self.fields = [getattr(dut, name) for name in fields]
        self.profile = "none"
        self.queue: deque[tuple[int, ...]] = deque()
        self.sent = 0
        self.task: Task[None] | None = None
        self.clear()

    def clear(self) -> None:
        """Clears the queue and starts again, for a reset."""
        if self.task is not None:
            self.task.cancel()
        self.queue.clear()
        self.valid.value = 0
        for field in self.fields:
            field.value = 0
        self.task = cocotb.start_soon(self._run())

    def send(self, items: Iterable[tuple[int, ...]]) -> None:
        """Queues items."""
        self.queue.extend(items)

    async def _run(self) -> None:
        clk, rst_n = self.dut.clk_i, self.dut.rst_ni
        gaps = pauses(lambda: self.profile)
        await RisingEdge(clk)
        while True:
            if not self.queue or next(gaps):
                self.valid.value = 0
                await RisingEdge(clk)
                continue
            for field, value in zip(self.fields, self.queue[0], strict=True):
                field.value = value
            self.valid.value = 1
            taken = False
            while not taken:
                await FallingEdge(clk)
                taken = self.ready.value == 1 and rst_n.value == 1
                await RisingEdge(clk)
            self.queue.popleft()
            self.sent += 1


class Sink:
    """Collects items, with the stalls of `profile`."""

    def __init__(self, dut: Any, valid: str, ready: str | None, fields: tuple[str, ...]) -> None:
        """Drives these ports of `dut` from now on."""
        self.dut = dut
        self.valid = getattr(dut, valid)
        self.ready = None if ready is None else getattr(dut, ready)
        self.fields = [getattr(dut, name) for name in fields]
        self.profile = "none"
        self.items: list[tuple[int, ...]] = []
        self.clocks: list[int] = []
        cocotb.start_soon(self._run())

    def clear(self) -> None:
        """Clears the collected items."""
        self.items.clear()
        self.clocks.clear()

    async def _run(self) -> None:
        clk, rst_n = self.dut.clk_i, self.dut.rst_ni
        stalls = pauses(lambda: self.profile)
        while True:
            await RisingEdge(clk)
            ready = True
            if self.ready is not None:
                ready = not next(stalls)
                self.ready.value = int(ready)
            await FallingEdge(clk)
            if ready and rst_n.value == 1 and self.valid.value == 1:
                self.items.append(tuple(int(field.value) for field in self.fields))
                self.clocks.append(clock_now())
