# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""four_step_forward and four_step_inverse in their environments: tiles, rows, chunks, flushes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import cocotb
import pyuvm

from crocuta.models.convolution.four_step_controller import Kind
from tb.agents.beat import CLOSED
from tb.envs.four_step_paths import LATE_CLOCKS, Command, FourStepTest
from tb.lib.profiles import PROFILES

FLUSH = Command(Kind.FLUSH)


@pyuvm.test()
class AnyChunks(FourStepTest):
    """Chunks of transforms of one row to the most, in any order, with flushes in between."""

    async def main(self) -> None:
        """Each number of rows, without a pause and with some on every stream."""
        await self.sinks("none", "none")
        for profiles in (("none",), PROFILES):
            for levels in range(self.env.predictor.config.column_levels + 1):
                await self.rows_log2(levels)
                await self.sinks(*(random.choice(profiles) for _ in self.env.sinks))
                await self.run(self.any_commands(levels, 2 if self.env.slow else 6), profiles)


@pyuvm.test()
class Schedule(FourStepTest):
    """What the controller commands of two channels: tiles, flush, rows, tiles at once, flush."""

    async def main(self) -> None:
        """Both halves' orders; chunk follows chunk without a clock in between."""
        levels = 1 if self.env.slow else 2
        await self.rows_log2(levels)
        await self.sinks("none", "none")
        rows = [Command(Kind.ROW, row) for row in range(1 << levels)]
        tiles = [Command(Kind.TILE) for _ in rows]
        await self.run([*tiles, FLUSH, *rows, *tiles, FLUSH, *rows, FLUSH])
        # One beat a clock: as many clocks as beats, and a few to begin.
        beats = self.env.predictor.config.chunk_beats * 2 * len(rows)
        entered = sum(self.env.moved.values())
        running = self.start([*rows, *tiles])
        clocks = 0
        taken = 2 if "h" in self.env.sources else 1  # a row's beat of x and of H
        wanted = entered + len(rows) + len(tiles) + beats // 2 * (taken + 1)
        while sum(self.env.moved.values()) < wanted:
            await self.idle(1)
            clocks += 1
        assert beats <= clocks <= beats + 12, (clocks, beats)
        for task in running:
            await task
        await self.run([FLUSH])


@pyuvm.test()
class Flushes(FourStepTest):
    """A FLUSH with nothing before it, several of them, and one after less than the engine holds."""

    async def main(self) -> None:
        """Rows where there are tiles, chunks where there are none."""
        await self.sinks("none", "none")
        await self.run([FLUSH, FLUSH, Command(Kind.CHUNK), FLUSH, FLUSH])
        await self.rows_log2(1)
        await self.run([Command(Kind.TILE), FLUSH, FLUSH, Command(Kind.ROW, 1), FLUSH])
        for _ in range(1 if self.env.slow else 3):
            await self.run([Command(Kind.ROW, 0), Command(Kind.TILE), FLUSH], ("long", "heavy"))


@pyuvm.test()
class Stalls(FourStepTest):
    """Each stream by itself stands still for long: nothing is lost, and all goes on."""

    async def main(self) -> None:
        """Outputs first, as many beats as there are places wait; then inputs."""
        await self.rows_log2(1)
        config = self.env.predictor.config
        chunks = 4 if self.env.slow else 4 + 512 // config.chunk_beats
        kinds = (Kind.ROW, Kind.TILE)
        for closed in range(len(self.env.sinks)):
            await self.sinks(*(CLOSED if n == closed else "none" for n in range(2)))
            running = self.start([Command(random.choice(kinds)) for _ in range(chunks)] + [FLUSH])
            await self.idle(3000)
            await self.sinks("none", "light")
            await self.finish(running)
        commands = [Command(Kind.ROW, 1), Command(Kind.TILE), FLUSH]
        for name in self.env.sources:
            moved = self.env.moved[name]
            running = self.start(commands, ("none", "light"), late=name)
            await self.idle(LATE_CLOCKS - 10)
            assert self.env.moved[name] == moved
            await self.finish(running)


@pyuvm.test()
class Waits(FourStepTest):
    """wait_samples_o, _x_o, _z_o and _h_o are high while that source alone holds the engine up: its
    beats are next, there is a place for them behind the engine, and none comes."""

    async def main(self) -> None:
        """Nothing to do, each source, a FLUSH, and an engine with no place behind it."""
        self.chunk_beats = self.env.predictor.config.chunk_beats
        await self.rows_log2(1)
        await self.sinks("none", "none")
        await self.waits()
        sources_of = self.env.predictor.sources_of
        kinds = (Kind.TILE, Kind.ROW)
        lacking = [(name, kind) for kind in kinds for name in sources_of(kind)]
        for name, kind in random.sample(lacking, len(lacking)):
            await self.without(name, kind)
        await self.command(FLUSH)
        while not all(board.drained for board in self.env.boards.values()):
            await self.waits(clocks=1)
        await self.waits()
        self.env.check_flags()
        if not self.env.slow:
            for kind in kinds:
                await self.no_place(Command(kind), sources_of(kind))

    async def command(self, *commands: Command) -> None:
        """Sends commands without their beats."""
        await self.stream("command", [(int(kind), row) for kind, row in commands], "none")

    def beats(self, name: str) -> list[tuple[int]]:
        """A chunk of one of the sources."""
        make = self.env.samples if name == "samples" else self.env.words
        return list(make(self.rng, "spectrum"))

    async def settle(self) -> None:
        """What was sent enters, after half a chunk of zeros at most."""
        for _ in range(self.chunk_beats // 2 + 8):
            await self.idle(1)
            self.env.waiting()

    async def without(self, name: str, kind: Kind) -> None:
        """A chunk that lacks all beats of one source, then some, then none. No port reports a late
        x of the product: the forward half reports what it waits for."""
        late = (name,) if name in self.env.waits else ()
        others = [other for other in self.env.predictor.sources_of(kind) if other != name]
        await self.command(Command(kind))
        if others:  # x and H both late: what lacks is x
            await self.settle()
            await self.waits()
        sending = [
            cocotb.start_soon(self.stream(each, self.beats(each), "none")) for each in others
        ]
        await self.settle()
        await self.waits(*late)
        beats = self.beats(name)
        some = random.randint(1, len(beats) - 1)
        for part, lacks in ((beats[:some], late), (beats[some:], ())):
            sending.append(cocotb.start_soon(self.stream(name, part, "none")))
            await self.settle()
            await sending[-1]
            await self.settle()
            await self.waits(*lacks)
        for task in sending:
            await task

    async def no_place(self, chunk: Command, names: Sequence[str]) -> None:
        """With the outputs closed, the engine takes what it holds and as many beats as there are
        places in the FIFO behind it, a power of two. After just those it waits for a place, and
        then for the next beat."""
        chunks = [chunk] * (4 + 512 // self.chunk_beats)
        beats = {name: [beat for _ in chunks for beat in self.beats(name)] for name in names}
        late = {names[-1]} & {*self.env.waits}
        await self.sinks(CLOSED, CLOSED)
        before = self.env.moved[names[0]]
        running = [cocotb.start_soon(self.command(*chunks))]
        running += [cocotb.start_soon(self.stream(name, beats[name], "none")) for name in names]
        await self.idle(2 * len(beats[names[0]]))
        taken = self.env.moved[names[0]] - before
        assert taken < len(beats[names[0]])
        held = self.chunk_beats - 1 + (self.chunk_beats // 2 if chunk.kind == Kind.TILE else 0)
        places = taken - held
        assert places > 1 and places.bit_count() == 1, f"{taken} beats entered: {places} places"
        await self.waits()
        await self.reset()
        for task in running:
            await task
        running = [cocotb.start_soon(self.command(*chunks, FLUSH))]
        running += [
            cocotb.start_soon(self.stream(name, beats[name], "none")) for name in names[:-1]
        ]
        await self.stream(names[-1], beats[names[-1]][:taken], "none")
        await self.settle()
        await self.waits()
        await self.sinks("none", "none")
        await self.settle()
        await self.waits(*late)
        await self.stream(names[-1], beats[names[-1]][taken:], "none")
        await self.finish(running)


@pyuvm.test()
class Flags(FourStepTest):
    """saturated_o rises for overflows wherever they are, and for nothing else."""

    async def main(self) -> None:
        """Huge words and samples among ordinary ones."""
        await self.sinks("none", "none")
        for levels, kinds in ((0, (Kind.CHUNK,)), (1, (Kind.TILE, Kind.ROW))):
            await self.rows_log2(levels)
            for kind in kinds:
                for words in ("spectrum", "huge", "zero"):
                    await self.run([Command(kind), FLUSH], words=words)


@pyuvm.test()
class NotFinite(FourStepTest):
    """non_finite_o rises for NaNs and infinities, of which none is left in what comes out."""

    async def main(self) -> None:
        """One in a chunk of samples, in a tile or by itself; the inverse half has no such flag."""
        await self.sinks("none", "none")
        await self.rows_log2(1)
        await self.run([Command(Kind.ROW), Command(Kind.TILE), FLUSH])
        patterns = (0x7F80_0000, 0xFF80_0000, 0x7FC0_0001, None)
        for pattern in patterns if "samples" in self.env.sources else ():
            levels = random.randint(0, 1)
            await self.rows_log2(levels)
            kind = Kind.TILE if levels else Kind.CHUNK
            beats = self.env.samples(self.rng, "spectrum")
            if pattern is not None:
                at = random.randrange(len(beats))
                beats[at] = (beats[at][0] & ~0xFFFF_FFFF | pattern,)
            commands = [(int(kind), 0), (int(Kind.FLUSH), 0)]
            sending = cocotb.start_soon(self.stream("command", commands, "none"))
            await self.stream("samples", beats, "light")
            await self.idle(2)
            assert self.env.predictor.non_finite == (pattern is not None)
            await self.finish([sending])


@pyuvm.test()
class ResetInTheMiddle(FourStepTest):
    """A reset anywhere: nothing of before comes out, and what follows is right."""

    async def main(self) -> None:
        """In chunks, in flushes, with beats in the FIFO."""
        for number in range(2 if self.env.slow else 6):
            levels = random.randint(0, self.env.predictor.config.column_levels)
            await self.rows_log2(levels)
            await self.sinks(*(random.choice(("none", CLOSED, "heavy")) for _ in range(2)))
            running = self.start(self.any_commands(levels, 3), ("none", "light"))
            await self.idle(random.randint(1, 600 if number % 2 else 60))
            await self.reset(random.randint(1, 3))
            for task in running:
                await task
            await self.sinks("none", "none")
            await self.run(self.any_commands(levels, 2))
        # Whatever was drawn, both outputs have something to compare.
        await self.rows_log2(1)
        await self.run([Command(Kind.ROW), Command(Kind.TILE), FLUSH])
