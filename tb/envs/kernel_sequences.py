# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The virtual sequences of the whole kernel, which do what a host does with its registers and
memories, and the base class of its tests."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from cocotb.triggers import ClockCycles, FallingEdge, First, RisingEdge
from pyuvm import uvm_sequence

from crocuta.models import configs, layout
from crocuta.models.cfp import Cfp, Format, pack
from crocuta.models.convolution import chunk_controller
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel import crocuta_kernel
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.kernel.schedules import filter_chunks, scratch_bytes, z_bytes
from crocuta.models.layout import PAGE_BYTES
from tb.agents.agent import read
from tb.agents.axi_lite import AxiLiteItem, AxiLiteSequence
from tb.agents.axi_memory import Backdoor, Behaviour, BehaviourSequence
from tb.envs.base import BlockTest
from tb.envs.crocuta_kernel import (
    CONTINUE,
    DONE,
    READY,
    RESULTS,
    START,
    SW_RESET,
    UNANSWERED,
    KernelEnv,
)
from tb.envs.kernel_job import (
    BASES,
    Port,
    Prediction,
    ceil_to,
    inaccuracy,
    memories_of,
    ports_of,
)
from tb.envs.kernel_samples import HARMLESS, samples
from tb.lib.clock import clock_now
from tb.lib.registers import ARGUMENTS, ERRORS, HIGH, OFFSETS

SETTINGS = (
    *("latency", "bandwidth", "stall", "seed", "hold", "load", "dump", "response"),
    *(f"{way}_error{part}" for way in ("read", "write") for part in ("", "_addr")),
)
"""The inputs of a memory in kernel_tb, without a direction's suffix."""


class CutShortError(Exception):
    """A reset came during the sequence."""


class KernelSequence(uvm_sequence):
    """The operations of a host; every one raises CutShortError if a reset comes."""

    env: KernelEnv

    def __init__(self, name: str = "kernel") -> None:
        super().__init__(name)
        self.cut_short = False

    async def body(self) -> None:
        """Runs `host` until it ends or a reset comes."""
        self.env = self.sequencer.env
        try:
            await self.host()
        except CutShortError:
            self.cut_short = True

    async def host(self) -> None:
        """The sequence itself."""
        raise NotImplementedError

    async def access(self, *items: AxiLiteItem) -> None:
        """Performs register accesses."""
        await AxiLiteSequence(*items).start(self.env.registers.sequencer)
        if any(item.cut_short for item in items):
            raise CutShortError

    async def write(self, name: str, value: int) -> None:
        """Writes a 32-bit register, or a 64-bit one as two words."""
        words = [name, name + HIGH] if name + HIGH in OFFSETS else [name]
        await self.access(
            *(
                AxiLiteItem(True, OFFSETS[word], value >> 32 * number & 0xFFFF_FFFF)
                for number, word in enumerate(words)
            )
        )

    async def read(self, name: str) -> int:
        """Reads a 32-bit or a 64-bit register."""
        words = [name, name + HIGH] if name + HIGH in OFFSETS else [name]
        items = [AxiLiteItem(False, OFFSETS[word]) for word in words]
        await self.access(*items)
        return sum(item.data << 32 * number for number, item in enumerate(items))

    async def arguments(self, values: Job | dict[str, int]) -> None:
        """Writes those arguments that are not in the registers already."""
        wanted = dataclasses.asdict(values) if isinstance(values, Job) else values
        for name, value in wanted.items():
            if self.env.predictor.argument(name) != value:
                await self.write(name, int(value))

    async def start_job(self, values: Job | dict[str, int]) -> None:
        """Writes arguments and start."""
        await self.arguments(values)
        await self.write("control", START)

    async def ask(self, bit: int) -> None:
        """Reads the control register until a bit is set."""
        last = clock_now() + self.env.patience()
        while not await self.read("control") & bit:
            assert clock_now() <= last, f"the kernel did not set bit {bit:#x} of control"

    async def wait(self, limit: int | None = None) -> None:
        """Waits for the end of a job, by interrupt if that is enabled, otherwise by polling."""
        dut = self.env.dut
        if not await self.read("global_interrupt"):
            await self.ask(DONE)
            return
        if read(dut.interrupt_o):
            return
        limit = limit or self.env.patience()
        late = ClockCycles(dut.clk_i, limit)
        first = await First(RisingEdge(dut.interrupt_o), FallingEdge(dut.rst_ni), late)
        assert first is not late, f"no interrupt within {limit} clocks"
        if not read(dut.rst_ni):
            raise CutShortError

    async def acknowledge(self) -> str:
        """Reads the results of the job that ended, all checked by the scoreboard, and acknowledges
        it; returns the error code's name."""
        results = {name: await self.read(name) for name in RESULTS}
        await self.write("interrupt_status", await self.read("interrupt_status"))
        await self.write("control", CONTINUE)
        return ERRORS[results["error"]]

    async def run(self, values: Job | dict[str, int], limit: int | None = None) -> str:
        """Runs one job from start to acknowledge."""
        await self.start_job(values)
        await self.wait(limit)
        return await self.acknowledge()

    def check_accuracy(self, job: Job, x: SampleArray, h: SampleArray) -> None:
        """Compares the rows of y with float64 unless the job raised a flag."""
        env = self.env
        last = env.predictor.last
        assert last is not None
        if last.prediction.flags:
            return
        stride, size = layout.row_bytes(job.length_x), 4 * job.length_x
        for row in range(job.channels):
            stored = env.memories["samples"].memory.read(job.y + row * stride, size)
            problem = inaccuracy(x[row], h[row], np.frombuffer(stored, np.float32), env.config)
            assert not problem, f"row {row} of {job}: {problem}"

    async def abort(self, job: Job, clocks: int) -> str:
        """Starts a job, aborts it so many clocks later, and polls until that is done; returns the
        error code's name."""
        await self.start_job(job)
        await ClockCycles(self.env.dut.clk_i, clocks)
        await self.write("control", SW_RESET)
        last = clock_now() + self.env.patience()
        while await self.read("control") & SW_RESET:
            assert clock_now() <= last, "the abort did not end"
        results = {name: await self.read(name) for name in RESULTS}
        return ERRORS[results["error"]]

    def place(self, x: SampleArray, h: SampleArray, rings: int = 0) -> Job:
        """Places x and h at random in memory, and random bytes wherever the job writes. `rings` is
        the number of rows for streams."""
        config = self.env.config
        spectrum = chunk_controller.spectrum_bytes(config)
        stride = layout.row_bytes(x.shape[1])
        plan = Job(Mode.CONVOLVE, len(x), length_x=x.shape[1], length_h=h.shape[1])
        rows = {
            "x": crocuta_kernel.sample_rows(x).tobytes(),
            "h": crocuta_kernel.sample_rows(h).tobytes(),
            "y": random.randbytes(len(x) * stride),
        }
        pointers = self._put("samples", rows)
        sizes = {
            "h_spectra": len(h) * filter_chunks(config, plan) * spectrum,
            "x_spectra": max(scratch_bytes(config, plan), rings * spectrum),
            **({"z_spectra": z_bytes(config, plan)} if config.four_step else {}),
        }
        for name, size in sizes.items():
            pointers |= self._put(name, {name: random.randbytes(ceil_to(size, PAGE_BYTES))})
        return Job(
            Mode.PREPARE,
            channels=len(x),
            length_x=x.shape[1],
            length_h=h.shape[1],
            **pointers,
        )

    def refill(self, job: Job, x: SampleArray) -> Job:
        """The CONVOLVE job for another x, no longer than the one placed with this job."""
        config, memories = self.env.config, self.env.memories
        # A four-step filter is for the longest x, which CONVOLVE has to be told.
        length_h = max(job.length_h, job.length_x) if config.four_step else job.length_h
        job = dataclasses.replace(job, mode=Mode.CONVOLVE, length_x=x.shape[1], length_h=length_h)
        memories["samples"].memory.write(job.x, crocuta_kernel.sample_rows(x).tobytes())
        size = len(x) * layout.row_bytes(x.shape[1])
        memories["samples"].memory.write(job.y, random.randbytes(size))
        sizes = {"x_spectra": scratch_bytes(config, job), "z_spectra": z_bytes(config, job)}
        for name, size in sizes.items():
            if size:
                data = random.randbytes(ceil_to(size, PAGE_BYTES))
                memories[name].memory.write(getattr(job, name), data)
        return job

    def _put(self, memory: str, contents: dict[str, bytes]) -> dict[str, int]:
        """Places buffers in random order, half of the time with gaps between them."""
        backdoor: Backdoor = self.env.memories[memory].memory
        gap = backdoor.size - sum(map(len, contents.values()))
        assert gap >= 0, f"{memory} holds {backdoor.size} bytes, not {contents}"
        order = list(contents)
        random.shuffle(order)
        address, pointers = BASES[memory], {}
        loose = random.random() < 0.5
        for name in order:
            skip = random.randint(0, gap // PAGE_BYTES) if loose else 0
            gap -= skip * PAGE_BYTES
            address += skip * PAGE_BYTES
            backdoor.write(address, contents[name])
            pointers[name] = address
            address += len(contents[name])
        return pointers


class EnableSequence(KernelSequence):
    """After a reset: enables an interrupt at the end of a job, or none."""

    def __init__(self, interrupt: bool = True) -> None:
        super().__init__("enable")
        self.interrupt = interrupt

    async def host(self) -> None:
        """Both enables."""
        await self.write("global_interrupt", int(self.interrupt))
        await self.write("interrupt_enable", 1)


class JobSequence(KernelSequence):
    """One job; `error` is the name of its error code."""

    def __init__(self, job: Job | dict[str, int], limit: int | None = None) -> None:
        super().__init__("job")
        self.job = job
        self.limit = limit
        self.error = ""

    async def host(self) -> None:
        """Start, wait, results, acknowledge."""
        self.error = await self.run(self.job, self.limit)


class ConvolutionSequence(KernelSequence):
    """Puts rows into memory, prepares the filters and convolves; `job` is the CONVOLVE job."""

    def __init__(self, x: SampleArray, h: SampleArray) -> None:
        super().__init__("convolution")
        self.x, self.h = x, h
        self.job: Job

    async def host(self) -> None:
        """Both jobs."""
        prepare = self.place(self.x, self.h)
        self.job = dataclasses.replace(prepare, mode=Mode.CONVOLVE)
        harmless = True
        for job in (prepare, self.job):
            error = await self.run(job)
            assert error == "none", f"{job} ended with {error}"
            assert self.env.predictor.last is not None
            harmless &= not self.env.predictor.last.prediction.flags
        # A filter that PREPARE flagged, for instance with NaNs, differs for the kernel.
        if harmless:
            self.check_accuracy(self.job, self.x, self.h)


class StreamsSequence(KernelSequence):
    """Two streams through one filter, whose jobs of some chunks of x each take turns. Aborted jobs
    are repeated. The outputs of each are those of one convolution."""

    def __init__(self, xs: Sequence[SampleArray], h: SampleArray, most: int) -> None:
        super().__init__("streams")
        self.xs, self.h, self.most = xs, h, most
        self.jobs: list[Job] = []

    async def host(self) -> None:
        """Runs PREPARE, then the streams' jobs in random order."""
        env, config = self.env, self.env.config
        chunk, channels = config.chunk, len(self.h)
        needed = layout.chunk_count(config, self.h.shape[1]) + self.most
        ring = max(1 << (needed - 1).bit_length(), PAGE_BYTES // spectrum_bytes(config))
        samples = env.memories["samples"].memory
        prepare = self.place(self.xs[0], self.h, len(self.xs) * channels * ring)
        assert await self.run(prepare) == "none"
        size = channels * ring * spectrum_bytes(config)
        firsts = [0] * len(self.xs)
        parts: list[list[SampleArray]] = [[] for _ in self.xs]
        while left := [n for n, x in enumerate(self.xs) if firsts[n] * chunk < x.shape[1]]:
            number = random.choice(left)
            first, count = firsts[number], random.randint(1, self.most)
            x = self.xs[number][:, first * chunk : (first + count) * chunk]
            job = dataclasses.replace(
                prepare,
                mode=Mode.CONVOLVE,
                length_x=x.shape[1],
                x_spectra=prepare.x_spectra + number * size,
                ring=ring,
                first_chunk=first if first < ring else ring + first % ring,
            )
            stride = layout.row_bytes(x.shape[1])
            samples.write(job.x, crocuta_kernel.sample_rows(x).tobytes())
            samples.write(job.y, random.randbytes(channels * stride))
            if random.random() < 0.3:
                assert await self.abort(job, random.randint(0, 1000)) in ("none", "aborted")
            assert await self.run(job) == "none"
            self.jobs.append(job)
            rows = np.frombuffer(samples.read(job.y, channels * stride), np.float32)
            parts[number].append(rows.reshape(channels, -1)[:, : x.shape[1]])
            firsts[number] += count
        for x, outputs in zip(self.xs, parts, strict=True):
            for channel, y in enumerate(np.concatenate(outputs, axis=1)):
                filter_spectra = crocuta_kernel.prepare(self.h[channel], config)
                whole = crocuta_kernel.convolve(x[channel], filter_spectra, config)
                assert np.array_equal(y.view(np.uint32), whole.y.view(np.uint32)), channel


class SpectraSequence(KernelSequence):
    """Convolves x with given spectra: one word for each of a filter's slots."""

    def __init__(self, x: SampleArray, length_h: int, words: Cfp) -> None:
        super().__init__("spectra")
        self.x, self.length_h, self.words = x, length_h, words

    async def host(self) -> None:
        """Runs only the CONVOLVE job."""
        prepare = self.place(self.x, np.zeros((len(self.x), self.length_h), np.float32))
        job = dataclasses.replace(prepare, mode=Mode.CONVOLVE)
        slots = pack(self.words, Format.of(self.env.config))
        self.env.memories["h_spectra"].memory.write(job.h_spectra, slots.tobytes())
        assert await self.run(job) == "none"


class FilterSequence(KernelSequence):
    """One filter for many x, the longest first."""

    def __init__(self, h: SampleArray, rows: Sequence[SampleArray]) -> None:
        super().__init__("filter")
        self.h, self.rows = h, rows

    async def host(self) -> None:
        """Runs PREPARE, then CONVOLVE for each x."""
        prepare = self.place(self.rows[0], self.h)
        assert await self.run(prepare) == "none"
        for x in self.rows:
            job = self.refill(prepare, x)
            error = await self.run(job)
            assert error == "none", f"{job} ended with {error}"
            self.check_accuracy(job, x, self.h)


class QueueSequence(KernelSequence):
    """Jobs that are each written and started while the previous one runs. Before that, writes and
    reads back other arguments, and tries to write everything that is read-only."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        super().__init__("queue")
        self.jobs = jobs

    async def host(self) -> None:
        """Runs the jobs in order."""
        for number, job in enumerate(self.jobs):
            if number:
                await self.ask(READY)
                await self._disturb()
            await self.start_job(job)
            if number:
                await self.wait()
                assert await self.acknowledge() == "none"
        await self.wait()
        assert await self.acknowledge() == "none"

    async def _disturb(self) -> None:
        for name in random.sample(sorted(ARGUMENTS), 3):
            await self.write(name, random.getrandbits(ARGUMENTS[name][1]))
            await self.read(name)
        for name in random.sample(("status", "error", "version", "identity", "clocks"), 2):
            await self.write(name, random.getrandbits(32))
        for name in (*RESULTS, "identity", "identity2", "version"):
            await self.read(name)


class UnacknowledgedSequence(KernelSequence):
    """A job up to its end, without the acknowledge."""

    def __init__(self, job: Job) -> None:
        super().__init__("unacknowledged")
        self.job = job

    async def host(self) -> None:
        """Starts it."""
        await self.start_job(self.job)
        await self.wait()


class AnsweredSequence(KernelSequence):
    """Waits for the bursts of an ended job, whose memory answers again."""

    async def host(self) -> None:
        """Polls. Behind the memory's last beat, a burst may still go to rows on the chip."""
        last = clock_now() + self.env.patience()
        while await self.read("status") & UNANSWERED:
            assert clock_now() <= last, "bursts are still unanswered"


class AbortSequence(KernelSequence):
    """A job that is aborted a number of clocks after its start; `error` is the name of its error
    code."""

    def __init__(self, job: Job, clocks: int) -> None:
        super().__init__("abort")
        self.job, self.clocks = job, clocks
        self.error = ""

    async def host(self) -> None:
        """Starts, aborts, and polls until the abort is done."""
        self.error = await self.abort(self.job, self.clocks)


class RegisterSequence(KernelSequence):
    """Writes one register, and reads some."""

    def __init__(self, name: str, value: int, *reads: str) -> None:
        super().__init__("register")
        self.register, self.value, self.reads = name, value, reads

    async def host(self) -> None:
        """Performs the accesses; their answers are checked."""
        await self.write(self.register, self.value)
        for name in (self.register, *self.reads):
            await self.read(name)


class CountersSequence(KernelSequence):
    """Reads all counters of the last job."""

    async def host(self) -> None:
        """Reads each as two 32-bit words."""
        self.chunks = await self.read("chunks_done")
        self.beats = await self.read("mac_beats")
        self.clocks = await self.read("clocks")
        names = ("samples", "x", "h", "store", "output")
        self.stalls = [await self.read(f"stall_{name}") for name in names]


def longest(config: configs.Config) -> int:
    """The most samples of a row."""
    return config.rows_max * config.chunk if config.four_step else 1 << config.max_length_log2


class KernelTest(BlockTest):
    """Starts sequences; the environment checks everything that the kernel does in response."""

    env_class = KernelEnv

    def build_phase(self) -> None:
        """The ports that no agent drives; the memory of z is a four-step kernel's."""
        super().build_phase()
        self.dut.quiet_i.value = 0
        self.dut.file_i.value = 0
        config = configs.load_model(os.environ["CROCUTA_CONFIG"])
        for name in BASES.keys() - memories_of(config):
            for setting in SETTINGS:
                getattr(self.dut, f"{name}_{setting}_i").value = 0

    async def reset(self, clocks: int = 2, interrupt: bool = True) -> None:
        """Resets, and sets up the interrupts."""
        await super().reset(clocks)
        await self.start(EnableSequence(interrupt))

    async def start(self, sequence: KernelSequence) -> Any:
        """Runs a sequence to its end."""
        await sequence.start(self.env.sequencer)
        assert not sequence.cut_short
        return sequence

    def rows(self, length: int, channels: int = 1, kind: str = "") -> SampleArray:
        """Rows of a kind, cut to what the kernel takes; default: any kind that does no harm to
        other rows."""
        length = min(length, longest(self.env.config))
        return samples(self.rng, kind or random.choice(HARMLESS), channels, length)

    async def convolve(self, length_x: int, length_h: int, channels: int = 1) -> Job:
        """Runs both jobs on random rows; returns the second one's arguments."""
        x, h = self.rows(length_x, channels), self.rows(length_h, channels)
        job: Job = (await self.start(ConvolutionSequence(x, h))).job
        return job

    async def run(self, job: Job | dict[str, int]) -> str:
        """Runs one job; returns the name of its error code."""
        error: str = (await self.start(JobSequence(job))).error
        return error

    def predict(self, job: Job) -> Prediction:
        """What a job will do, with the memories as they are now."""
        prediction: Prediction = self.env.predictor.oracle.predict(0, dataclasses.asdict(job))
        return prediction

    def ports(self, *jobs: Job) -> list[Port]:
        """The ports through which any of these jobs moves beats. With all rows on the chip, none
        does through those of x and z."""
        moved = [self.predict(job).beats for job in jobs]
        return [port for port in ports_of(self.env.config) if any(beats[port] for beats in moved)]

    def channels(self, *jobs: Job) -> list[tuple[Port, str]]:
        """The AXI channels of these ports."""
        return [
            (port, channel)
            for port in self.ports(*jobs)
            for channel in (("aw", "w", "b") if port.write else ("ar", "r"))
        ]

    async def behave(self, behaviours: dict[str, Behaviour]) -> None:
        """Sets how memories behave."""
        for name, behaviour in behaviours.items():
            await BehaviourSequence(behaviour).start(self.env.memories[name].sequencer)

    async def any_behaviour(self) -> dict[str, Behaviour]:
        """Gives each memory a random behaviour of its own."""
        behaviours = {name: Behaviour.random() for name in self.env.memories}
        await self.behave(behaviours)
        return behaviours
