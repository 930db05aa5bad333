# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""four_step_controller in its environment: every command stream against the model of the
schedule."""

from __future__ import annotations

import itertools
import random

import cocotb
import pyuvm

from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.convolution.four_step_controller import STREAMS, schedule, sizes, streams
from crocuta.models.ports import spectrum_ports
from tb.agents.agent import Listener
from tb.agents.beat import CLOSED, Beat
from tb.envs.four_step_controller import PACES, FourStepTest
from tb.lib.profiles import PROFILES

NAMES = {kind: name for name, kind in STREAMS.items()}
# Clocks from the start to the first command, and between those of one channel and the next.
FIRST, ACROSS_CHANNELS = 9, 3
# Streams that nothing but their own consumers may hold up.
APART = ("load", "y_store")
# More than any of the jobs with a closed stream takes.
OTHERS_CLOCKS = 3000
# More than a command takes for which no acknowledgement is missing.
SOON = 100


@pyuvm.test()
class RandomJobs(FourStepTest):
    """Every stream equals the model's, whatever the consumers and the writers do."""

    async def main(self) -> None:
        """Runs each profile of stalls on all streams, then a different one on each."""
        for turn in range(16):
            self.pace(*PACES)
            if turn < len(PROFILES):
                await self.profile(PROFILES[turn])
            else:
                for name in STREAMS:
                    await self.profile(random.choice(PROFILES), name)
            await self.run(self.random_job(channels=3), random.choice((0, 0, 1, 5)))


@pyuvm.test()
class Lengths(FourStepTest):
    """Every number of rows, with lengths around the ends of rows and of tiles' parts of them."""

    async def main(self) -> None:
        """Both modes, filled and for a longer filter."""
        await self.profile("none")
        chunk = self.config.chunk
        rows = 1
        while rows <= self.most:
            most = rows * chunk
            each = self.config.chunk_beats // rows
            lengths = {1, each, each + 1, chunk - 1, chunk, most - 1, most, most // 2 + 1}
            lengths |= {most - chunk + 1, min(chunk + 1, most)}
            for length in sorted(length for length in lengths if length >= 1):
                for mode in Mode:
                    await self.run(self.job(mode, random.choice((1, 2, 3)), length, rows))
            rows *= 2


@pyuvm.test()
class LateAcknowledgements(FourStepTest):
    """Data is read back once its whole channel has been acknowledged, and no earlier."""

    async def main(self) -> None:
        """Keeps each writer silent for long, then one burst short of a channel, then releases
        it."""
        await self.profile("none")
        if self.most == 1:
            await self.run(self.job(Mode.CONVOLVE, 2, self.config.chunk, 1))
            return
        writers = self.env.writers
        for rows, name in itertools.product((2, self.most), ("x", "z")):
            reads = self.env.boards[f"{name}_read"]
            writers.closed = {name}
            before = reads.compared
            running = cocotb.start_soon(
                self.run(self.job(Mode.CONVOLVE, 3, rows * self.config.chunk - 1, rows))
            )
            await self.env.drain(0, 400)
            assert reads.compared == before and not running.done()
            short = writers.due(name)
            assert short == rows * writers.bursts(name), "a channel would not complete"
            writers.written[name] = short - 1
            await self.env.drain(0, 400)
            assert reads.compared == before and not running.done()
            writers.closed = set()
            await self.env.drain(0, 40)
            assert reads.compared >= before + rows
            await running
        # Each pace of either writer, whatever the other tests draw.
        for pace in PACES:
            self.pace(pace)
            await self.run(self.job(Mode.CONVOLVE, 1, 2 * self.config.chunk, 2))


@pyuvm.test()
class OneStreamClosed(FourStepTest):
    """If one consumer stays closed for long, the job waits, stays correct, and ends when it opens.
    Meanwhile loads and outputs finish."""

    async def main(self) -> None:
        """Each stream in turn, with enough of every command to fill its FIFO."""
        await self.profile("none")
        rows = min(4, self.most)
        for name, board in self.env.boards.items():
            mode = Mode.PREPARE if name == "h_store" else Mode.CONVOLVE
            job = self.job(mode, 6, rows * self.config.chunk - 3, rows)
            used = bool(streams(self.config, job)[name])
            await self.profile(CLOSED, name)
            compared = board.compared
            running = cocotb.start_soon(self.run(job))
            await self.env.drain(0, 200)
            assert not used or not running.done(), f"done while {name} was closed"
            assert board.compared == compared, f"a command of {name} was taken"
            for _ in range(OTHERS_CLOCKS):
                if all(self.env.boards[apart].drained for apart in APART if apart != name):
                    break
                await self.env.drain(0, 1)
            held = [each for each in APART if each != name and not self.env.boards[each].drained]
            assert not held, f"{name} was closed, and it held up {' and '.join(held)}"
            if used:
                self.env.predictor.sample_closed(name)
            await self.profile("none", name)
            await running


@pyuvm.test()
class ConsumersInProgramOrder(FourStepTest):
    """The laziest consumers: each command is accepted only after all before it."""

    async def main(self) -> None:
        """Checks that every command comes by itself."""
        await self.profile(CLOSED)
        for _ in range(5):
            self.pace("at once", "one a clock")
            job = self.random_job(channels=3)
            running = cocotb.start_soon(self.run(job))
            rows = sizes(self.config, job).rows
            # At one a clock, those of a channel of x, all of which may still be to come.
            bursts = rows * len(spectrum_ports.bursts(self.config, 0, rows))
            for command in schedule(self.config, job):
                await self.take_one(NAMES[type(command)], SOON + bursts)
            await running
            self.env.predictor.sample_order("program")


@pyuvm.test()
class ConsumersInReverseOrder(FourStepTest):
    """Each consumer waits until all the others have accepted everything that they can."""

    async def main(self) -> None:
        """One stream open at a time, for long."""
        for _ in range(4):
            await self.profile(CLOSED)
            running = cocotb.start_soon(self.run(self.random_job(channels=2)))
            for name in itertools.cycle(random.sample(list(STREAMS), len(STREAMS))):
                await self.profile("none", name)
                await self.env.drain(0, 40)
                await self.profile(CLOSED, name)
                if running.done():
                    break
            self.env.predictor.sample_order("one open")


@pyuvm.test()
class BackToBack(FourStepTest):
    """The next job, of another number of rows, starts in the clock after done, and is complete."""

    async def main(self) -> None:
        """Short jobs of both modes, without a pause."""
        await self.profile("none")
        for _ in range(16):
            await self.run(self.random_job(channels=2))


@pyuvm.test()
class ResetInTheMiddle(FourStepTest):
    """After a reset at any moment the next job is complete and nothing else comes."""

    async def main(self) -> None:
        """Resets at random clocks, with silent writers, and after a job."""
        for turn in range(16):
            self.env.writers.closed = {"x", "z"} if turn % 4 == 3 else set()
            await self.profile(random.choice(("none", "heavy", "light")))
            running = cocotb.start_soon(self.run(self.random_job(channels=3)))
            await self.env.drain(0, turn if turn < 6 else random.randint(0, 160))
            await self.reset(random.choice((1, 2, 4)))
            self.env.writers.closed = set()
            await self.profile("none")
            await running
            await self.run(self.random_job(channels=2))
        await self.reset()


@pyuvm.test()
class ManyChannels(FourStepTest):
    """More channels than 8 bits can count, to the end; of the largest count only the first
    commands."""

    async def main(self) -> None:
        """Rows of a sample; then some hundred clocks of the longest job, and a reset."""
        await self.profile("none")
        for mode in Mode:
            await self.run(self.job(mode, 300, 1, 1))
        job = self.job(Mode.CONVOLVE, 1 << 16, self.config.chunk, min(2, self.most))
        before = self.env.boards["forward"].compared
        running = cocotb.start_soon(self.run(job))
        await self.env.drain(0, 600)
        assert not running.done()
        assert self.env.boards["forward"].compared - before > 100
        await self.reset()
        await running


@pyuvm.test()
class Rate(FourStepTest):
    """With ready consumers the commands come at the rate in the module's header."""

    async def main(self) -> None:
        """Compares the clocks between loads, and from the start to the first."""
        await self.profile("none")
        seen: list[Beat] = []
        self.env.streams["load"].monitor.port.connect(Listener("rate", self, seen.append))
        starts: list[int] = []
        begin = Listener("begin", self, lambda event: starts.append(event.clock))
        self.env.job.monitor.port.connect(begin)
        rows = self.most
        job: Job = self.job(Mode.CONVOLVE, 3, rows * self.config.chunk, rows)
        await self.run(job)
        clocks = [beat.clock for beat in seen]
        assert clocks[0] - starts[0] == FIRST
        gaps = [after - before for before, after in itertools.pairwise(clocks)]
        expected = [1 if number % rows else ACROSS_CHANNELS for number in range(1, 3 * rows)]
        assert gaps == expected
