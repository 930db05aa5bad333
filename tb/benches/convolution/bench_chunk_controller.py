# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""chunk_controller in its environment: every command stream against the model of the schedule."""

from __future__ import annotations

import itertools
import random

import cocotb
import pyuvm

from crocuta.models.convolution.chunk_controller import STREAMS, Job, Mode, Pass, schedule, streams
from tb.agents.agent import Listener
from tb.agents.beat import CLOSED, Beat
from tb.envs.chunk_controller import NAMES, ControllerTest
from tb.lib.coverage import seldom
from tb.lib.profiles import PROFILES

# Clocks from one pass to the next: within an output chunk or two, across chunks, across channels.
WITHIN, ACROSS_CHUNKS, ACROSS_CHANNELS = 2, 4, 5
# Clocks from the start to the first pass: with one output per pass; with two, fetching H first or
# not.
FIRST_PASS, FIRST_H, FIRST_WITHOUT_H = 9, 7, 10
# Streams that only their own consumers may hold up; all others depend on the passes.
APART = ("load", "y_store")
# More than any of the jobs with a closed stream takes.
OTHERS_CLOCKS = 1500
SAMPLE_RATE = {
    point: seldom("chunk_controller.rate", {point: tuple(map(str, clocks))})
    for point, clocks in (
        ("first_pass", (FIRST_H, FIRST_PASS, FIRST_WITHOUT_H)),
        ("next_pass", (1, WITHIN, ACROSS_CHUNKS, ACROSS_CHANNELS)),
    )
}


@pyuvm.test()
class RandomJobs(ControllerTest):
    """Every stream equals the model's, whatever its consumer does."""

    async def main(self) -> None:
        """Each profile of stalls on all streams, then a different one on each."""
        for turn in range(24):
            if turn < len(PROFILES):
                await self.profile(PROFILES[turn])
            else:
                for name in STREAMS:
                    await self.profile(random.choice(PROFILES), name)
            await self.run(self.random_job(chunks=7, channels=3), random.choice((0, 0, 1, 5)))


@pyuvm.test()
class Lengths(ControllerTest):
    """Every kind of row with every kind of filter, in both modes."""

    async def main(self) -> None:
        """Around multiples of the chunk, where rows are long enough for them."""
        chunk = self.config.chunk
        lengths = [1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 3 * chunk, 1024]
        lengths = sorted({min(length, self.max_length, 5 * chunk) for length in lengths})
        await self.profile("none")
        for length_x, length_h in itertools.product(lengths, repeat=2):
            channels = random.choice((1, 2, 3))
            await self.run(Job(Mode.CONVOLVE, channels, length_x, length_h, *self.pointers()))
        for length_h in lengths:
            length_x = random.randint(1, self.max_length)
            for channels in (1, 2, 3):
                await self.run(Job(Mode.PREPARE, channels, length_x, length_h, *self.pointers()))


@pyuvm.test()
class Streams(ControllerTest):
    """Jobs that continue a stream, with every number of chunks of x, of h, and before."""

    async def main(self) -> None:
        """As many chunks before as it takes for the ring to turn anywhere."""
        chunk, most = self.config.chunk, self.max_length // self.config.chunk
        await self.profile("none")
        for chunks_x, chunks_h in itertools.product((1, 2, 3, 4), (1, 2, 3)):
            for first in (0, *range(1, 5), random.randint(5, 1000)):
                length_x, length_h = (
                    min(count, most) * chunk - random.randrange(chunk)
                    for count in (chunks_x, chunks_h)
                )
                job = Job(
                    Mode.CONVOLVE,
                    random.choice((1, 1, 2)),
                    max(1, length_x),
                    max(1, length_h),
                    *self.pointers(),
                )
                await self.run(self.stream(job, first))
        # Each bit of the place in the stream says that the past is as long as h.
        for bit in range(32):
            first = 1 << bit | random.randint(0, 1)
            await self.run(self.stream(self.one_after_two(), min(first, (1 << 32) - 1)))

    def one_after_two(self) -> Job:
        """A job of one chunk of x and two of h, or as many as there may be."""
        chunk = self.config.chunk
        length_x, length_h = (min(size, self.max_length) for size in (chunk, 2 * chunk))
        return Job(Mode.CONVOLVE, 1, length_x, length_h, *self.pointers())


@pyuvm.test()
class LongestRows(ControllerTest):
    """The largest lengths, or as many chunks as simulate within seconds."""

    async def main(self) -> None:
        """Both, each with a single sample, and one sample less."""
        chunks = min(self.max_length // self.config.chunk + 1, 16)
        length = min(self.max_length, chunks * self.config.chunk)
        for length_x, length_h in (
            (length, length),
            (length, 1),
            (1, length),
            (length - 1, length),
        ):
            for mode in Mode:
                bases = (1 << 60, 2 << 60, 3 << 60, 4 << 60, 0)
                await self.run(Job(mode, 2, max(length_x, 1), length_h, *bases))


@pyuvm.test()
class OneStreamClosed(ControllerTest):
    """If one consumer stays closed for long, the job waits, stays correct, and ends when it opens.
    Meanwhile the streams that do not depend on the closed one finish."""

    async def main(self) -> None:
        """Each stream in turn, with enough of every command to fill its FIFO where rows are long
        enough."""
        chunk = self.config.chunk
        length_x, length_h = (min(count * chunk, self.max_length) for count in (6, 2))
        await self.profile("none")
        for name, board in self.env.boards.items():
            job = Job(
                Mode.PREPARE if name == "h_store" else Mode.CONVOLVE,
                12,
                length_x - random.randrange(min(chunk, length_x)),
                length_h,
                *self.pointers(),
            )
            used = bool(streams(self.config, job)[name])
            await self.profile(CLOSED, name)
            compared = board.compared
            running = cocotb.start_soon(self.run(job))
            await self.env.drain(0, 300)
            assert not used or not running.done(), f"done while {name} was closed"
            assert board.compared == compared, f"a command of {name} was taken"
            if used:
                await self.others_end(name)
            await self.profile("none", name)
            await running

    async def others_end(self, closed: str) -> None:
        """Checks that all streams that do not depend on the closed one deliver all their
        commands."""
        with_passes = closed not in APART
        boards = {
            name: board
            for name, board in self.env.boards.items()
            if name != closed and (name in APART or not with_passes)
        }
        for _ in range(OTHERS_CLOCKS):
            if all(board.drained for board in boards.values()):
                break
            await self.env.drain(0, 1)
        held = [name for name, board in boards.items() if not board.drained]
        assert not held, f"{closed} was closed, and it held up {' and '.join(held)}"


@pyuvm.test()
class ConsumersInProgramOrder(ControllerTest):
    """The laziest consumers: each command is accepted only after all before it."""

    async def main(self) -> None:
        """Checks that every command comes before any later one has been accepted."""
        await self.profile(CLOSED)
        for _ in range(6):
            job = self.random_job(chunks=7, channels=2)
            running = cocotb.start_soon(self.run(job))
            for command in schedule(self.config, job):
                await self.take_one(NAMES[type(command)], 100)
            await running


@pyuvm.test()
class ConsumersInReverseOrder(ControllerTest):
    """Each consumer waits until all the others have accepted everything that they can."""

    async def main(self) -> None:
        """One stream open at a time, long enough."""
        for _ in range(4):
            await self.profile(CLOSED)
            running = cocotb.start_soon(self.run(self.random_job(chunks=5, channels=2)))
            for name in itertools.cycle(random.sample(list(STREAMS), len(STREAMS))):
                await self.profile("none", name)
                await self.env.drain(0, 60)
                await self.profile(CLOSED, name)
                if running.done():
                    break


@pyuvm.test()
class BackToBack(ControllerTest):
    """The next job starts in the clock after done, and is complete."""

    async def main(self) -> None:
        """Short jobs of both modes, without a pause."""
        await self.profile("none")
        for _ in range(24):
            await self.run(self.random_job(chunks=2, channels=2))


@pyuvm.test()
class ResetInTheMiddle(ControllerTest):
    """After a reset at any moment the next job is complete and nothing else comes."""

    async def main(self) -> None:
        """Resets at random clocks, in jobs whose last commands are not accepted, and after a
        job."""
        for turn in range(12):
            await self.profile(random.choice(("none", "heavy", "light")))
            running = cocotb.start_soon(self.run(self.random_job(chunks=7, channels=3)))
            await self.env.drain(0, turn if turn < 6 else random.randint(0, 120))
            await self.again(running)
        for name in ("load", "y_store"):
            await self.profile("none")
            await self.profile(CLOSED, name)
            job = Job(Mode.CONVOLVE, 1, 1, 1, *self.pointers())
            running = cocotb.start_soon(self.run(job))
            await self.env.drain(0, 60)
            assert not running.done()
            await self.again(running)
        await self.reset()

    async def again(self, running: cocotb.task.Task[None]) -> None:
        """Resets, and runs a job."""
        await self.reset(random.choice((1, 2, 4)))
        await self.profile("none")
        await running
        await self.run(self.random_job(chunks=4, channels=2))


@pyuvm.test()
class ManyChannels(ControllerTest):
    """More channels than 8 bits can count, to the end; of the largest count only the first
    commands."""

    async def main(self) -> None:
        """Rows of one sample; then the time of more than a hundred passes, and a reset."""
        await self.profile("none")
        for mode in Mode:
            await self.run(Job(mode, 300, 1, 1, *self.pointers()))
        length = min(2 * self.config.chunk, self.max_length)
        job = Job(Mode.CONVOLVE, 1 << 16, length, length, *self.pointers())
        before = self.env.boards["pass"].compared
        running = cocotb.start_soon(self.run(job))
        await self.env.drain(0, 600)
        assert not running.done()
        assert self.env.boards["pass"].compared - before > 100
        await self.reset()
        await running


@pyuvm.test()
class Rate(ControllerTest):
    """With ready consumers the passes come at the rate in chunk_controller's header."""

    async def main(self) -> None:
        """Compares the clocks between passes with what lies between them."""
        await self.profile("none")
        seen: list[Beat] = []
        listener = Listener("rate", self, seen.append)
        self.env.streams["pass"].monitor.port.connect(listener)
        starts: list[int] = []
        begin = Listener("begin", self, lambda event: starts.append(event.clock))
        self.env.job.monitor.port.connect(begin)
        for chunks_x, chunks_h, first in ((6, 6, 0), (5, 5, 0), (4, 1, 0), (4, 3, 5), (3, 2, 1)):
            seen.clear()
            starts.clear()
            length_x, length_h = (
                min(count * self.config.chunk, self.max_length) for count in (chunks_x, chunks_h)
            )
            job = Job(Mode.CONVOLVE, 3, length_x, length_h, *self.pointers())
            if first:
                job = self.stream(job, first)
            await self.run(job)
            passes = [each for each in schedule(self.config, job) if isinstance(each, Pass)]
            clocks = [beat.clock for beat in seen]
            assert clocks[0] - starts[0] == self.first(passes[0])
            gaps = self.gaps(passes, job.channels)
            assert [after - before for before, after in itertools.pairwise(clocks)] == gaps
            first = clocks[0] - starts[0]
            SAMPLE_RATE["first_pass"](str(first))
            for gap in gaps:
                SAMPLE_RATE["next_pass"](str(gap))
            cocotb.log.info("first pass after %d clocks, then every %s", first, sorted(set(gaps)))

    def first(self, command: Pass) -> int:
        """Clocks from the start to the first pass."""
        if self.config.outputs == 1:
            return FIRST_PASS
        return FIRST_WITHOUT_H if command.outputs else FIRST_H

    def gaps(self, passes: list[Pass], channels: int) -> list[int]:
        """Clocks from each pass to the next."""
        alone = sum(not command.outputs for command in passes)
        per_channel = (len(passes) - 1 - alone) // channels
        gaps = []
        for number, (before, after) in enumerate(itertools.pairwise(passes), 1 - alone):
            if before.outputs and not before.last >> (self.config.outputs - 1):
                gaps.append(WITHIN)
            elif not before.outputs or number % per_channel:
                gaps.append(ACROSS_CHUNKS)
            else:
                gaps.append(1 if after.flush else ACROSS_CHANNELS)
        return gaps
