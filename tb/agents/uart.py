# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The other end of a serial line: sends bytes bit by bit, and takes what the design sends. Beside
it, the commands that the board's bridge takes on such a line.

It touches the two lines alone and waits by time, some twenty times a byte, so that it serves small
benches, whole boards and netlists alike. Its clock is its own: `skew` makes it wrong.
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
"""The bridge's answers to a write that is done, and to what it does not do."""
REGISTERS = 1 << 31
"""The first of the addresses that the bridge passes on to the kernel's registers."""
OWN = 3 << 30
"""The address of the bridge's own register, the clocks per bit."""


def command(letter: bytes, address: int, count: int, words: Sequence[int] = ()) -> bytes:
    """A command's bytes: `W` or `R`, where, how many words, and those to write."""
    head = letter + address.to_bytes(4, "little") + count.to_bytes(2, "little")
    return head + b"".join(word.to_bytes(4, "little") for word in words)


class UartTimeout(AssertionError):
    """Fewer bytes came than were due; the message tells which did."""


class Uart:
    """8 data bits, least significant first, no parity, one stop bit.

    A byte without its stop bit, a start bit that is gone by its middle and unknown values fail.
    """

    def __init__(self, to_design: Any, from_design: Any, bit_ns: float, skew: float = 0.0) -> None:
        """Listens from now on: after a reset, when the lines are known.

        Args:
            to_design: the line that this drives.
            from_design: the line that the design drives.
            bit_ns: the time of a bit by the design's clock.
            skew: how much longer a bit is at this end, as a part of it: -0.02 is 2 % too fast.
        """
        self.to_design = to_design
        self.from_design = from_design
        self.bit_ns = bit_ns
        self.skew = skew
        self.received = bytearray()
        """What has come and was not taken by `receive`."""
        self._came = Event()
        to_design.value = HIGH
        self._listener = cocotb.start_soon(self._listen())

    def close(self) -> None:
        """Stops listening."""
        self._listener.cancel()

    async def bits(self, count: float) -> None:
        """Waits for the time of so many bits at this end."""
        picoseconds = round(count * self.bit_ns * (1 + self.skew) * 1000)
        await Timer(max(picoseconds, 1), "ps")

    async def send(self, data: bytes, gap: float = 0.0) -> None:
        """Sends bytes, with up to `gap` bits of a pause before each."""
        for byte in data:
            if gap:
                await self.bits(random.uniform(0, gap))
            await self._frame(byte, HIGH)

    async def send_broken(self, byte: int) -> None:
        """Sends a byte with a low stop bit, and a high bit after it."""
        await self._frame(byte, LOW)
        self.to_design.value = HIGH
        await self.bits(1)

    async def _frame(self, byte: int, stop: int) -> None:
        for level in (LOW, *(byte >> bit & 1 for bit in range(BITS)), stop):
            self.to_design.value = level
            await self.bits(1)

    async def receive(self, count: int, timeout_bits: float) -> bytes:
        """The next `count` bytes, each due within `timeout_bits` of the one before.

        Raises:
            UartTimeout: it did not come.
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
