# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""sample_reader and sample_writer with chunks that are tiles of columns, in their environment:
every beat, every burst address and length, and the whole memory afterwards."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import pyuvm
from cocotb.triggers import RisingEdge
from pyuvm import uvm_factory

from crocuta.models.layout import SAMPLE_BYTES
from tb.agents.agent import Listener
from tb.benches.ports.bench_sample_ports import LATENCY, PIPELINE, SamplePortsTest
from tb.envs.ports import LateStoreSequence, StreamSequence
from tb.envs.sample_ports import Command
from tb.lib.coverage import seldom

SAMPLE_ROWS = seldom("sample_ports.rows", {"change": ("first", "fewer", "more", "the same")})
SAMPLE_RATE = seldom("sample_ports.column_rate", {"rows": ("two", "most")})


class ColumnsTest(SamplePortsTest):
    """Commands of tiles: x in the lower half of the memory, y in the upper one."""

    def build_phase(self) -> None:
        """Starts without a number of rows."""
        super().build_phase()
        self.rows = 0

    async def set_rows(self, rows: int) -> None:
        """Sets the number of rows of both ports' tiles, while they are idle."""
        change = (rows > self.rows) - (rows < self.rows)
        SAMPLE_ROWS(("the same", "more", "fewer")[change] if self.rows else "first")
        await RisingEdge(self.dut.clk_i)
        self.rows = rows
        self.dut.rows_log2_i.value = rows.bit_length() - 1

    def tiles(self, half: int, length: int) -> list[Command]:
        """All tiles of a channel with this number of samples."""
        env = self.env
        each = env.chunk_beats // self.rows
        base = env.base + half * env.memory.memory.size // 2
        return [
            (base + tile * each * SAMPLE_BYTES, max(0, length - tile * each))
            for tile in range(self.rows)
        ]

    def length(self) -> int:
        """Lengths of a channel: at and around the ends of rows, lanes and lanes' parts."""
        env = self.env
        most: int = self.rows * env.chunk
        each = env.chunk_beats // self.rows
        end = random.choice((env.chunk, env.chunk_beats, each, 2 * env.lanes, 1))
        near = end * random.randint(1, most // end) + random.choice((-1, 0, 0, 1))
        return min(max(1, random.choice((near, near, most, random.randint(1, most)))), most)

    def every_rows(self) -> list[int]:
        """All numbers of rows, in random order."""
        found = [1 << p for p in range(self.env.most_rows.bit_length())]
        random.shuffle(found)
        return found


@pyuvm.test()
class EveryTile(ColumnsTest):
    """Channels in all their tiles, both ways at once, of every number of rows: every sample is
    read and written in its place, exactly those that exist."""

    async def main(self) -> None:
        """With memories and pauses of all kinds."""
        for rows in self.every_rows():
            for _ in range(2 if rows * self.env.chunk < 4096 else 1):
                await self.behave(
                    latency=random.choice((2, 20, LATENCY)),
                    bandwidth=random.choice((1000, 1000, 300)),
                    stall=random.choice((0, 0, 300)),
                )
                await self.set_rows(rows)
                loads, stores = self.tiles(0, self.length()), self.tiles(1, self.length())
                profile = random.choice(("none", "none", "light", "heavy"))
                await self.finish(self.sequence(loads, stores, profile))
        # All samples are in the first tile: the others have none.
        await self.set_rows(self.env.most_rows)
        loads, stores = (
            self.tiles(half, random.randint(1, self.env.chunk_beats // self.rows))
            for half in range(2)
        )
        await self.finish(self.sequence(loads, stores, "none"))


@pyuvm.test()
class BeatsFirst(EveryTile):
    """The same with tiles in all of the writer's slots before its first command."""

    def override(self, factory: uvm_factory) -> None:
        """The commands are late."""
        super().override(factory)
        factory.set_type_override_by_type(StreamSequence, LateStoreSequence)


@pyuvm.test()
class FullRate(ColumnsTest):
    """One beat per clock from a memory with 60 clocks of latency, down to one AXI beat per burst,
    from the reader into the writer."""

    async def main(self) -> None:
        """Two rows, and the most; the first tiles do not count."""
        env = self.env
        times: list[int] = []
        heard = Listener("times", self, lambda beat: times.append(beat.clock))
        env.streams["out"].monitor.port.connect(heard)
        await self.behave(latency=LATENCY)
        await self.control(loop=True)
        for rows in (2, env.most_rows):
            await self.set_rows(rows)
            times.clear()
            count = max(1, 1200 // (env.chunk_beats * rows))
            loads = [tile for _ in range(count) for tile in self.tiles(0, rows * env.chunk)]
            stores = [tile for _ in range(count) for tile in self.tiles(1, rows * env.chunk)]
            await self.finish(self.sequence(loads, stores, beats=False))
            settled = times[len(times) // 4 :]
            clocks = (settled[-1] - settled[0]) / (len(settled) - 1)
            limit = self.limit()
            cocotb.log.info("%d rows: %.4f clocks per beat, at most %.4f", rows, clocks, limit)
            assert clocks <= limit
            SAMPLE_RATE("two" if rows == 2 else "most")

    def limit(self) -> float:
        """No clock is lost if the slots cover the latency and a tile's requests, one per clock;
        otherwise each of them costs a round trip."""
        env, slots = self.env, int(self.dut.TileSlots.value)
        tile = min(env.chunk_beats, 32 * env.lanes)
        bursts = tile // min(tile, env.chunk_beats // self.rows) * env.lanes
        trip, held = LATENCY + bursts + 2 * tile, slots * tile
        covered = 1.01 if trip <= held else (trip + PIPELINE) / held
        # So many of them are on their way at a time.
        short: float = (LATENCY + 4) * bursts / (env.outstanding * tile)
        return max(covered, short)


@pyuvm.test()
class ResetInTheMiddle(ColumnsTest):
    """A reset at any time clears everything; everything after it, with other rows, is correct."""

    async def main(self) -> None:
        """Several of them."""
        for rows in self.every_rows():
            await self.behave(latency=random.choice((2, LATENCY)), stall=random.choice((0, 300)))
            await self.set_rows(rows)
            running: Any = self.sequence(
                self.tiles(0, self.length()), self.tiles(1, self.length()), "light"
            )
            await self.clocks(random.randint(1, 2 * rows * self.env.chunk_beats))
            await self.reset(random.randint(1, 3))
            await running
        await self.set_rows(self.env.most_rows)
        await self.finish(self.sequence(self.tiles(0, self.length()), self.tiles(1, self.length())))
