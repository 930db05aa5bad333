# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""spectrum_reader and spectrum_writer with chunks that are tiles of columns, in their environment:
every beat, every burst address and length, and the whole memory afterwards."""

from __future__ import annotations

import random

import cocotb
import pyuvm
from cocotb.triggers import RisingEdge
from pyuvm import uvm_factory

from tb.agents.agent import Listener
from tb.agents.beat import Beat
from tb.benches.ports.bench_spectrum_ports import LATENCY, PROFILES, SpectrumPortsTest
from tb.envs.ports import LateStoreSequence, StreamSequence
from tb.lib.coverage import seldom

SAMPLE_ROWS = seldom("spectrum_ports.rows", {"bursts_of_a_row": ("one", "several")})
SAMPLE_RATE = seldom("spectrum_ports.tile_rate", {"rows": ("two", "most")})
SAMPLE_AGAIN = seldom("spectrum_ports.again", {"rows": ("other", "the same")})
SKIPPED = 3
"""Tiles at the start and at the end that do not count for the rate."""


class TilesTest(SpectrumPortsTest):
    """Commands for tiles; the slot of a command is the tile's index."""

    @property
    def most(self) -> int:
        """The most rows."""
        return 1 << int(self.dut.RowsLog2.value)

    def address(self, slot: int) -> int:
        """A tile's first beat in row 0."""
        env = self.env
        return int(env.base + slot * (env.chunk_beats // env.rows) * env.beat_bytes)

    async def set_rows(self, rows: int) -> None:
        """Sets the number of rows of both ports' tiles, while they are idle."""
        await RisingEdge(self.dut.clk_i)
        self.env.rows = rows
        self.dut.rows_log2_i.value = rows.bit_length() - 1
        one = self.env.burst_beats == self.env.chunk_beats // rows
        SAMPLE_ROWS("one" if one else "several")

    async def every_tile(self) -> None:
        """Writes all tiles in random order, and reads each as soon as it has been written."""
        pauses = await self.profile(**random.choice(PROFILES))
        slots = random.sample(range(self.env.rows), self.env.rows)
        loads = [self.load(slot, self.give()) for slot in slots]
        await self.finish(self.sequence(loads, slots, pauses))

    def every_rows(self) -> list[int]:
        """All numbers of rows from two on, in random order."""
        found = [1 << p for p in range(1, self.most.bit_length())]
        random.shuffle(found)
        return found


@pyuvm.test()
class EveryTile(TilesTest):
    """All tiles of every number of rows: every word in its place, nothing read before it is
    acknowledged, and the whole memory written."""

    async def main(self) -> None:
        """With memories and pauses of all kinds."""
        for rows in self.every_rows():
            await self.set_rows(rows)
            await self.every_tile()


@pyuvm.test()
class BeatsFirst(EveryTile):
    """The same with the first tile's beats before its command, whose first burst is then requested
    in the next clock."""

    def override(self, factory: uvm_factory) -> None:
        """The commands are late."""
        super().override(factory)
        factory.set_type_override_by_type(StreamSequence, LateStoreSequence)


@pyuvm.test()
class FullRate(TilesTest):
    """One beat per clock in each direction at a latency of 60, while the other one is busy."""

    async def main(self) -> None:
        """With two rows, and with the most."""
        env = self.env
        times: dict[str, list[int]] = {"in": [], "out": []}

        def heard(name: str) -> Listener:
            def note(beat: Beat) -> None:
                times[name].append(beat.clock)

            return Listener(f"{name}_times", self, note)

        for name in times:
            env.streams[name].monitor.port.connect(heard(name))
        await self.profile()
        for rows in (2, self.most):
            await self.set_rows(rows)
            await self.every_tile()
            await self.profile()
            for clocks in times.values():
                clocks.clear()
            count = max(10, 600 // env.chunk_beats)
            slots = [number % rows for number in range(count)]
            # The tiles that are read hold old data: they are not those being written.
            loads = [self.load((slot + rows // 2) % rows) for slot in slots]
            await self.finish(self.sequence(loads, [], "none"))
            for _ in slots:
                self.give()
            await self.finish(self.sequence([], slots, "none"))
            for name, clocks in times.items():
                some = clocks[SKIPPED * env.chunk_beats : -SKIPPED * env.chunk_beats]
                rate = (some[-1] - some[0]) / (len(some) - 1)
                cocotb.log.info("%s, %d rows: %.4f clocks per beat", name, rows, rate)
                assert rate <= 1.02, f"{name}: {rate:.4f} clocks per beat"
            SAMPLE_RATE("two" if rows == 2 else "most")


@pyuvm.test()
class ResetInTheMiddle(TilesTest):
    """A reset at any time clears everything; everything after it, with the same or another number
    of rows, is correct."""

    async def main(self) -> None:
        """After each number of rows."""
        for turn, rows in enumerate(self.every_rows()):
            await self.set_rows(rows)
            pauses = await self.profile(latency=random.choice((2, LATENCY)))
            slots = random.sample(range(rows), rows)
            loads = [self.load(slot, self.give()) for slot in slots]
            running = self.sequence(loads, slots, pauses)
            await self.clocks(random.randint(1, 2 * rows * self.env.chunk_beats))
            await self.begin_again(random.randint(1, 3))
            await running
            if turn % 2:
                await self.set_rows(random.choice(self.every_rows()))
            SAMPLE_AGAIN("other" if turn % 2 else "the same")
            await self.every_tile()
