# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The far end of a serial line: sends bytes bit by bit, and receives what the design sends. Also
builds the commands of the board's bridge.

It uses only the two lines and waits by time, some twenty times per byte, so it works for small
benches, whole boards and netlists alike. Its clock is independent of the design's: `skew` detunes
it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cocotb
from cocotb.triggers import Event, FallingEdge, SimTimeoutError, Timer, with_timeout

from tb.agents.agent import read

BITS = 8
HIGH, LOW = 1, 0
DONE, REFUSED = b"K", b"E"
"""The bridge's answers to a completed write, and to an error."""
REGISTERS = 1 << 31
"""The first of the addresses that the bridge maps to the kernel's registers."""
OWN = 3 << 30
"""The address of the bridge's own register, the clocks per bit."""


def command(letter: bytes, address: int, count: int, words: Sequence[int] = ()) -> bytes:
    """A command's bytes: `W` or `R`, address, word count, and the words to write."""
    head = letter + address.to_bytes(4, "little") + count.to_bytes(2, "little")
    return head + b"".join(word.to_bytes(4, "little") for word in words)


class UartTimeout(AssertionError):
    """Fewer bytes came than were due; the message shows those that did."""


class Uart:
    """8 data bits, least significant first, no parity, one stop bit.

    Fails on a missing stop bit, on a start bit that has gone by its middle, and on unknown values.
    """

    def __init__(self, to_design: Any, from_design: Any, bit_ns: float, skew: float = 0.0) -> None:
        """Listens from now on. Create it after a reset, when the lines are known.

        Args:
            to_design: the line that this end drives.
            from_design: the line that the design drives.
            bit_ns: the bit time by the design's clock, in ns.
            skew: relative deviation of this end's bit time: -0.02 is 2 % too fast.
        """
        self.to_design = to_design
        self.from_design = from_design
        self.bit_ns = bit_ns
        self.skew = skew
        self.received = bytearray()
        """Bytes that have arrived and that `receive` has not returned."""
        self._came = Event()
        to_design.value = HIGH
        self._listener = cocotb.start_soon(self._listen())

    def close(self) -> None:
        """Stops listening."""
        self._listener.cancel()

    async def bits(self, count: float) -> None:
        """Waits for a number of this end's bit times."""
        picoseconds = round(count * self.bit_ns * (1 + self.skew) * 1000)
        await Timer(max(picoseconds, 1), "ps")

    async def send(self, data: bytes, gap: float = 0.0) -> None:
        """Sends bytes, with a pause of up to `gap` bits before each."""
        for byte in data:
            if gap:
                await self.bits(random.uniform(0, gap))
            await self._frame(byte, HIGH)

    async def send_broken(self, byte: int) -> None:
        """Sends a byte with a low stop bit, then a high bit."""
        await self._frame(byte, LOW)
        self.to_design.value = HIGH
        await self.bits(1)

    async def _frame(self, byte: int, stop: int) -> None:
        for level in (LOW, *(byte >> bit & 1 for bit in range(BITS)), stop):
            self.to_design.value = level
            await self.bits(1)

    async def receive(self, count: int, timeout_bits: float) -> bytes:
        """The next `count` bytes, each due within `timeout_bits` of the previous one.

        Raises:
            UartTimeout: a byte did not come.
        """
        while len(self.received) < count:
            self._came.clear()
            before = len(self.received)
            limit = round(timeout_bits * self.bit_ns * (1 + self.skew))
            try:
                await with_timeout(self._came.wait(), limit, "ns")
            except SimTimeoutError:
                raise UartTimeout(
                    f"{before} bytes of {count} came: {self.received[-32:].hex(' ')}"
                ) from None
        data = bytes(self.received[:count])
        del self.received[:count]
        return data

    async def _listen(self) -> None:
        line = self.from_design
        while True:
            if read(line):
                await FallingEdge(line)
            await self.bits(0.5)
            assert not read(line), "a start bit of less than half a bit"
            byte = 0
            for bit in range(BITS):
                await self.bits(1)
                byte |= read(line) << bit
            await self.bits(1)
            assert read(line), f"no stop bit after {byte:#04x}"
            self.received.append(byte)
            self._came.set()
