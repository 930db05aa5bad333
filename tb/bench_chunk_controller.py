# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""chunk_controller against the model of the schedule, stream by stream."""

from __future__ import annotations

import dataclasses
import itertools
import os
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from models import configs
from models.chunk_controller import STREAMS, Command, Job, Mode, schedule, streams
from tb.clock import drive, start_clock
from tb.valid_ready import Sink, clock_now

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
MAX_CLOCKS_PER_PASS = 8
FIELDS = {
    name: tuple(f"{name}_{field.name}_o" for field in dataclasses.fields(kind))
    for name, kind in STREAMS.items()
}


class Harness:
    """The controller, with a sink on every stream."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.max_length = 1 << (len(dut.length_x_i) - 1)
        self.sinks = {
            name: Sink(dut, f"{name}_valid_o", f"{name}_ready_i", FIELDS[name]) for name in STREAMS
        }
        self.compared = 0

    async def start(self) -> None:
        """Clock and reset."""
        start_clock(self.dut)
        await self.reset()

    async def reset(self) -> None:
        """Reset for some clocks; nothing stays from before it."""
        await drive(self.dut, rst_ni=0, start_i=0)
        for _ in range(3):
            await drive(self.dut)
        for sink in self.sinks.values():
            sink.clear()
        await drive(self.dut, rst_ni=1)
        assert self.dut.done_o.value == 0
        for name in STREAMS:
            assert getattr(self.dut, f"{name}_valid_o").value == 0, name

    def job(self, chunks: int, channels: int) -> Job:
        """A random job of up to so many chunks and channels."""

        def length() -> int:
            limit = min(chunks * CONFIG.chunk, self.max_length)
            whole = CONFIG.chunk * random.randint(0, chunks) + random.choice((-1, 0, 1))
            choices = (1, limit, whole, random.randint(1, limit), random.randint(1, limit))
            return min(max(1, random.choice(choices)), limit)

        def pointer() -> int:
            return random.getrandbits(random.choice((20, 32, 40, 52))) << 12

        return Job(
            random.choice((Mode.CONVOLVE, Mode.CONVOLVE, Mode.PREPARE)),
            random.randint(1, channels),
            length(),
            length(),
            *(pointer() & ((1 << 60) - 1) for _ in range(5)),
        )

    async def begin(self, job: Job) -> None:
        """Gives the arguments and the start pulse."""
        for sink in self.sinks.values():
            sink.clear()
        arguments = {
            f"{field.name}_i": getattr(job, field.name) for field in dataclasses.fields(job)[1:]
        }
        convolve = int(job.mode == Mode.CONVOLVE)
        await drive(self.dut, convolve_i=convolve, start_i=1, **arguments)
        await drive(self.dut, start_i=0)
        assert self.dut.done_o.value == 0

    async def finish(self, job: Job) -> None:
        """Waits for the end of the job and compares; done comes after everything was taken."""
        expected = streams(CONFIG, job)
        total = sum(map(len, expected.values()))
        taken, quiet = -1, 0
        while self.dut.done_o.value != 1:
            await FallingEdge(self.dut.clk_i)
            now = sum(len(sink.items) for sink in self.sinks.values())
            quiet = quiet + 1 if now == taken else 0
            taken = now
            assert quiet < 2000, f"stuck after {taken} of {total} commands of {job}"
        for _ in range(20):
            await drive(self.dut)
            assert self.dut.done_o.value == 1
        for name, commands in expected.items():
            self.compare(name, commands, job)
        self.compared += total

    def compare(self, name: str, commands: list[Command], job: Job) -> None:
        """One stream against the model's."""
        want = [tuple(map(int, dataclasses.astuple(command))) for command in commands]
        got = self.sinks[name].items
        for index, (left, right) in enumerate(zip(got, want, strict=False)):
            assert left == right, f"{name}[{index}] of {job}: {left} instead of {right}"
        assert len(got) == len(want), f"{name}: {len(got)} of {len(want)} commands of {job}"


async def harness(dut: Any) -> Harness:
    """A harness after reset."""
    bench = Harness(dut)
    await bench.start()
    return bench


@cocotb.test()
async def random_jobs(dut: Any) -> None:
    """Every stream is the model's, whatever the ready of each stream does."""
    bench = await harness(dut)
    for _ in range(40):
        for sink in bench.sinks.values():
            sink.stall = random.choice((0.0, 0.3, 0.9))
        job = bench.job(chunks=7, channels=3)
        await bench.begin(job)
        await bench.finish(job)
    assert bench.compared > 100


@cocotb.test()
async def longest_rows(dut: Any) -> None:
    """The largest lengths there are, where they are few enough chunks to run."""
    bench = await harness(dut)
    chunks = min(bench.max_length // CONFIG.chunk + 1, 16)
    length = min(bench.max_length, chunks * CONFIG.chunk)
    for length_x, length_h in ((length, length), (length, 1), (1, length), (length - 1, length)):
        for mode in Mode:
            job = Job(mode, 2, max(length_x, 1), length_h, 1 << 60, 2 << 60, 3 << 60, 4 << 60)
            await bench.begin(job)
            await bench.finish(job)
    assert bench.compared > 0


@cocotb.test()
async def one_stream_closed(dut: Any) -> None:
    """With one consumer shut for long the job waits, is right, and ends when it opens."""
    bench = await harness(dut)
    # Enough of every command to fill its FIFO, where rows are long enough for it at all.
    length_x = min(6 * CONFIG.chunk, bench.max_length)
    length_h = min(2 * CONFIG.chunk, bench.max_length)
    for name, closed in bench.sinks.items():
        job = Job(
            Mode.PREPARE if name == "h_store" else Mode.CONVOLVE,
            12,
            length_x - random.randrange(min(CONFIG.chunk, length_x)),
            length_h,
        )
        used = bool(streams(CONFIG, job)[name])
        closed.closed = True
        await bench.begin(job)
        for _ in range(300):
            await FallingEdge(dut.clk_i)
            assert dut.done_o.value == 0 or not used
        assert not closed.items
        closed.closed = False
        await bench.finish(job)
    assert bench.compared > 0


@cocotb.test()
async def consumers_in_program_order(dut: Any) -> None:
    """The laziest consumers: each command is taken only when all before it were taken."""
    bench = await harness(dut)
    names = {kind: name for name, kind in STREAMS.items()}
    for _ in range(6):
        job = bench.job(chunks=7, channels=2)
        for sink in bench.sinks.values():
            sink.closed = True
        await bench.begin(job)
        for command in schedule(CONFIG, job):
            sink = bench.sinks[names[type(command)]]
            before = len(sink.items)
            sink.closed = False
            for _ in range(100):
                await FallingEdge(dut.clk_i)
                # The sink looks at the same edge; a clock later its list is sure to be complete.
                if sink.valid.value == 1 and sink.ready is not None and sink.ready.value == 1:
                    break
            sink.closed = True
            await RisingEdge(dut.clk_i)
            assert len(sink.items) == before + 1, f"{command} did not come, of {job}"
        await bench.finish(job)
    assert bench.compared > 0


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset at any moment the next job is complete and nothing else."""
    bench = await harness(dut)
    for _ in range(12):
        for sink in bench.sinks.values():
            sink.stall = random.choice((0.0, 0.6))
        await bench.begin(bench.job(chunks=7, channels=3))
        for _ in range(random.randint(0, 120)):
            await FallingEdge(dut.clk_i)
        await bench.reset()
        job = bench.job(chunks=4, channels=2)
        await bench.begin(job)
        await bench.finish(job)
    assert bench.compared > 0


@cocotb.test()
async def many_channels(dut: Any) -> None:
    """The largest channel count is accepted: the first commands are right, then reset."""
    bench = await harness(dut)
    length = min(2 * CONFIG.chunk, bench.max_length)
    job = Job(Mode.CONVOLVE, 1 << 16, length, length, 0, 0, 0, 0, 0)
    await bench.begin(job)
    for _ in range(600):
        await FallingEdge(dut.clk_i)
        assert dut.done_o.value == 0
    # Each stream begins with the same channels as that of a smaller job.
    expected = streams(CONFIG, dataclasses.replace(job, channels=200))
    for name, sink in bench.sinks.items():
        want = [tuple(map(int, dataclasses.astuple(c))) for c in expected[name]]
        assert sink.items == want[: len(sink.items)], name
    assert len(bench.sinks["pass"].items) > 100
    await bench.reset()


@cocotb.test()
async def rate(dut: Any) -> None:
    """With ready consumers a pass comes often enough for the shortest chunks."""
    bench = await harness(dut)
    length = min(6 * CONFIG.chunk, bench.max_length)
    job = Job(Mode.CONVOLVE, 3, length, length, 0, 0, 0, 0, 0)
    begin = clock_now()
    await bench.begin(job)
    await bench.finish(job)
    clocks = bench.sinks["pass"].clocks
    gaps = sorted({after - before for before, after in itertools.pairwise(clocks)})
    dut._log.info(f"first pass {clocks[0] - begin} clocks after start, then every {gaps} clocks")
    assert gaps[-1] <= MAX_CLOCKS_PER_PASS
