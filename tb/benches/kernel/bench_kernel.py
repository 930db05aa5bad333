# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel end to end in its environment, bit-exact against the model: lengths, channels, data,
memories of any behaviour, queues, resets, errors and bad arguments."""

from __future__ import annotations

import dataclasses
import itertools
import os
import random
from collections.abc import Iterable
from typing import TypeVar

import cocotb
import numpy as np
import pyuvm
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiResp
from pyuvm import uvm_sequence

from crocuta.kernel import POINTERS
from crocuta.models import configs
from crocuta.models.cfp import Cfp, Format
from crocuta.models.convolution.chunk_controller import Job, Mode, mac_beats
from crocuta.models.kernel.schedules import output_chunks
from crocuta.models.layout import PAGE_BYTES
from tb.agents.axi_memory import ERRORS as ERROR_RESPONSES
from tb.agents.axi_memory import PLACES, Behaviour, all_pairs
from tb.envs.crocuta_kernel import STATES
from tb.envs.job_model import used
from tb.envs.kernel_job import (
    BASES,
    NON_FINITE,
    SATURATED,
    Port,
    memories_of,
)
from tb.envs.kernel_samples import BOUNDS, KINDS, ends_of, impulse, length_at, length_in
from tb.envs.kernel_sequences import (
    AbortSequence,
    AnsweredSequence,
    ConvolutionSequence,
    CountersSequence,
    FilterSequence,
    JobSequence,
    KernelSequence,
    KernelTest,
    QueueSequence,
    RegisterSequence,
    SpectraSequence,
    StreamsSequence,
    UnacknowledgedSequence,
    longest,
)
from tb.lib import agreed
from tb.lib.agreed import MANY_ROWS, MANY_ROWS_CHUNK
from tb.lib.words import random_words

T = TypeVar("T")
CONFIG = configs.load_model(os.environ["CROCUTA_CONFIG"])
C = CONFIG.chunk
LONGEST = longest(CONFIG)
MEMORIES = memories_of(CONFIG)
# Icarus simulates some 1,000 clocks per second of the tiny kernel, and 130 of the small one. It
# runs fewer jobs, to show that its four states and its event order give the same bits.
FAST = cocotb.SIM_NAME.lower().startswith("verilator")
SMALLEST = C == 64
# Whether a corner configuration runs only what others cannot show.
BRIEF = agreed.BRIEF in os.environ
FULL = FAST and SMALLEST and not BRIEF
LIMITED = BRIEF or not (FAST or SMALLEST)
FOUR_STATES = BRIEF and not FAST
"""A brief run in Icarus is for its four states: lengths and data rather than thousands of
clocks."""
HOLD = 1100 if SMALLEST else 3000
"""Clocks for which a transfer that is due on a channel is blocked: long enough to fill most of what
can fill up, and for coverage."""
FILLED = 8 * HOLD
"""Clocks within which everything behind the samples' write addresses must have filled up."""
MANY_CHUNKS = 16 if SMALLEST else 20
"""More chunks than fit in everything that can fill up: the places behind the inverse engine, the
tiles of the writer, and one in the engine."""

RING = 8
"""The most rows of a ring of spectra here; a kernel's ring is no longer than its longest row."""


def some(things: Iterable[T], count: int) -> list[T]:
    """All items in random order if that takes only seconds, otherwise a number of them."""
    found = list(things)
    return random.sample(found, len(found) if FULL else count)


@pyuvm.test(skip=LIMITED and not FOUR_STATES)
class Lengths(KernelTest):
    """Every class of lengths of x with every class of h, with memories at full speed."""

    async def main(self) -> None:
        """Runs a filter of each class with x of each class."""
        await self.behave(dict.fromkeys(MEMORIES, Behaviour(latency=random.randint(2, 9))))
        for bound in some(BOUNDS, 2):
            lengths = sorted((length_in(each, CONFIG) for each in some(BOUNDS, 2)), reverse=True)
            h = self.rows(length_in(bound, CONFIG))
            await self.start(FilterSequence(h, [self.rows(length) for length in lengths]))
        # Rows and spectra of more than a page, and many pairs of chunks.
        for length_x, length_h in some(
            [(16 * C + 5, C), (3, 16 * C + 5), (9 * C + 3, C + 1), (5 * C + 3, 5 * C + 3)], 1
        ):
            await self.convolve(length_x, length_h)


@pyuvm.test(skip=not CONFIG.four_step or not (FAST or SMALLEST))
class Transforms(KernelTest):
    """A four-step kernel's transforms of every number of rows, with samples that end around the
    borders of rows and tiles; jobs of both modes queued behind ones of more and of fewer rows."""

    async def main(self) -> None:
        """Runs a convolution for each end of x and of h, then every change between two jobs."""
        sizes = [1 << p for p in range(CONFIG.rows_max.bit_length())]
        jobs = [
            (p, *ends) for p in sizes for ends in zip(ends_of(p), ends_of(p)[::-1], strict=True)
        ]
        for rows, *ends in some(jobs, 2):
            await self.any_behaviour()
            length_x, length_h = (length_at(end, rows, CONFIG) for end in ends)
            await self.convolve(length_x, length_h, random.randint(1, 3 if FULL else 1))
        base = await self.convolve(LONGEST, LONGEST, 2 if FULL else 1)
        queue = []
        few, many = sorted(random.sample(sizes, 2))
        changes = ((few, many), (many, few), (few, few))
        for modes, change in some(itertools.product(itertools.product(Mode, Mode), changes), 1):
            for mode, size in zip(modes, change, strict=True):
                lengths = [
                    length_at(end, size, CONFIG) for end in ("all", random.choice(ends_of(size)))
                ]
                random.shuffle(lengths)
                queue.append(
                    dataclasses.replace(base, mode=mode, length_x=lengths[0], length_h=lengths[1])
                )
        await self.start(QueueSequence(queue))


@pyuvm.test(skip=LIMITED)
class Data(KernelTest):
    """Every kind of samples in x and in h: flags equal the model's, and other rows are
    unaffected."""

    async def main(self) -> None:
        """Runs each kind once in x and once in h, and each flag alone and with the other."""
        for x_kind, h_kind in some(zip(some(KINDS, 10), some(KINDS, 10), strict=True), 1):
            x = self.rows(random.randint(C // 2 + 1, 2 * C), kind=x_kind)
            h = self.rows(random.randint(C // 2 + 1, C), kind=h_kind)
            await self.start(ConvolutionSequence(x, h))
        for flags in some((SATURATED, NON_FINITE, SATURATED | NON_FINITE, 0), 1):
            kind = "huge" if flags & SATURATED else "ordinary"
            x, h = self.rows(C // 2 + 5, kind=kind), self.rows(C // 2 + 5, kind=kind)
            if flags & NON_FINITE:
                x[0, 3::7] = random.choice((np.nan, np.inf, -np.inf))
            await self.start(ConvolutionSequence(x, h))
            assert self.env.predictor.last.prediction.flags == flags


@pyuvm.test(skip=(LIMITED and not BRIEF) or bool(CONFIG.four_step))
class Saturation(KernelTest):
    """A flag that only one stage raises, for each stage that can, so that no other masks it."""

    async def main(self) -> None:
        """Saturates the MAC and the inverse engine if exponents are narrow, otherwise float32."""
        # Words reach 2^top and floats 2^128, which is not much more than with 8-bit exponents. A
        # stage saturates alone if its result becomes small again, or is not part of this row.
        if CONFIG.exponent_bits == 8:
            top = CONFIG.mantissa_bits - 1 + Format.of(CONFIG).exponent_max
            # The sum of an impulse's spectrum is the sample after the last one of the row.
            size = 1.2 * 2.0 ** (top - CONFIG.chunk_log2 - 60)
            x, h = impulse(C, C // 2, 2.0**60), impulse(C, C // 2, size)
            await self.flagged(ConvolutionSequence(x, h))
            # Two products both saturate and cancel.
            x = np.concatenate((impulse(C, 0, 2.0**8), impulse(C, 0, 2.0**60)), axis=1)
            one = CONFIG.mantissa_bits - 2
            words = Cfp(
                np.repeat((1 << one, -1 << one), C),
                np.zeros(2 * C, np.int64),
                np.repeat((100 - one, top - 2 - one), C),
            )
            await self.flagged(SpectraSequence(x, 2 * C, words))
        x = impulse(C, 0, 2.0**66)
        await self.flagged(ConvolutionSequence(x, x))

    async def flagged(self, sequence: KernelSequence) -> None:
        """Checks that the job raises the one flag, as the model does."""
        await self.start(sequence)
        assert self.env.predictor.last.prediction.flags == SATURATED


@pyuvm.test(skip=LIMITED)
class ForeignSpectra(KernelTest):
    """Filter spectra of arbitrary words up to the largest: products and sums that no h would
    give."""

    async def main(self) -> None:
        """Runs all kinds of words; many of the largest overflow in the products already."""
        for kind in some(("huge", "edges", "tiny", "any"), 1):
            length_h = random.randint(C + 1, 2 * C)
            words = random_words(self.rng, kind, 2 * C, Format.of(CONFIG))
            # Zeros times the largest words do not overflow.
            samples = "ordinary" if kind == "huge" else ""
            x = self.rows(random.randint(C // 2 + 1, 2 * C), kind=samples)
            await self.start(SpectraSequence(x, length_h, words))
            assert kind != "huge" or self.env.predictor.last.prediction.flags & SATURATED


@pyuvm.test(skip=LIMITED)
class Channels(KernelTest):
    """Channels follow one another without a gap, with memories of random behaviour."""

    async def main(self) -> None:
        """Runs two channels and more, with rows that end with a lane, with a beat, or anywhere."""
        lane, beat = C + CONFIG.chunk_beats, C + 2 * CONFIG.lanes
        other = random.randint(1, 3 * C)
        jobs = ((2, lane, beat), (3, beat, lane), (5, other, random.randint(1, 3 * C)))
        for count, length_x, length_h in some(jobs, 1):
            await self.any_behaviour()
            await self.convolve(length_x, length_h, count)


@pyuvm.test(skip=LIMITED or CONFIG.four_step or LONGEST < RING * C)
class Streams(KernelTest):
    """Jobs that continue a stream: with two streams taking turns and with aborts, the outputs of
    each are those of one convolution."""

    async def main(self) -> None:
        """Runs filters shorter and longer than a job's x, with memories of random behaviour."""
        for chunks_h, most, channels in some(((3, 1, 1), (1, 2, 2), (2, 3, 2)), 1):
            await self.any_behaviour()
            length = random.randint(4 * C, 7 * C)
            xs = [self.rows(length, channels, kind="ordinary") for _ in range(2)]
            h = self.rows(chunks_h * C - random.randrange(C), channels, kind="ordinary")
            await self.start(StreamsSequence(xs, h, most))


@pyuvm.test(skip=not FAST or C > MANY_ROWS_CHUNK or BRIEF)
class ManyRows(KernelTest):
    """More channels than 8 bits can count, to the last one."""

    async def main(self) -> None:
        """Runs both jobs on rows of a few samples."""
        await self.convolve(random.randint(1, 9), random.randint(1, 9), MANY_ROWS)


@pyuvm.test(skip=LIMITED)
class Memories(KernelTest):
    """Latency, bandwidth and stalls of the three memories, each independently."""

    async def main(self) -> None:
        """Runs every pair of classes of a memory's settings."""
        for each in some(zip(*(all_pairs() for _ in MEMORIES), strict=True), 1):
            await self.behave(dict(zip(MEMORIES, each, strict=True)))
            await self.convolve(random.randint(C + 1, 4 * C), random.randint(C + 1, 4 * C))


@pyuvm.test(skip=(LIMITED and not BRIEF) or FOUR_STATES)
class HeldChannels(KernelTest):
    """One channel of one port is blocked for thousands of clocks, while all others continue."""

    async def main(self) -> None:
        """Blocks each channel in each mode that uses it, in jobs of many chunks."""
        most = MANY_CHUNKS * C
        x, h = self.rows(most, kind="ordinary"), self.rows(C + 1, kind="ordinary")
        convolve = (await self.start(ConvolutionSequence(x, h))).job
        # The addresses of y first, because the most has to fill up behind them.
        places = [("samples", "aw")]
        others = [(port.memory, channel) for port, channel in self.channels(convolve)]
        places += [place for place in some(others, 2) if place not in places]
        for memory, channel in places:
            await self.held(convolve, memory, channel)
        # The same filter, and a longer one.
        x, h = self.rows(C, kind="ordinary"), self.rows(most, kind="ordinary")
        job = (await self.start(ConvolutionSequence(x, h))).job
        prepare = dataclasses.replace(job, mode=Mode.PREPARE)
        for port, channel in some(self.channels(prepare), 1):
            await self.held(prepare, port.memory, channel)

    async def held(self, job: Job, memory: str, channel: str) -> None:
        """Runs one job, during which the channel is blocked for a while. If it had nothing left to
        do by then, another one in which that is earlier."""
        cocotb.log.info("%s: %s of %s is held", job.mode.name, channel, memory)
        usual = Behaviour(latency=random.randint(2, 40))
        await self.behave(dict.fromkeys(MEMORIES, usual))
        monitor = self.env.memories[memory].monitor
        clocks, waits = random.randint(1, 8 * CONFIG.chunk_beats), False
        while not waits:
            assert clocks, "the hold held nothing"
            sequence = JobSequence(job)
            working = cocotb.start_soon(sequence.start(self.env.sequencer))
            assert await self.env.reach(f"{job.mode.name.lower()} reads")
            await ClockCycles(self.dut.clk_i, clocks)
            await self.behave({memory: dataclasses.replace(usual, hold=channel)})
            await ClockCycles(self.dut.clk_i, 4)  # what was accepted before
            for _ in range(FILLED):
                waits = monitor.waits_for(channel)
                if waits or working.done():
                    break
                await ClockCycles(self.dut.clk_i, 1)
            if waits:
                await ClockCycles(self.dut.clk_i, HOLD)
                # A four-step kernel's rows of z wait for tiles of y before they fill all places.
                fills = not CONFIG.four_step and LONGEST >= MANY_CHUNKS * C
                if (memory, channel) == ("samples", "aw") and fills:
                    assert await self.env.fill("inverse places", FILLED)
                    await ClockCycles(self.dut.clk_i, 8 * CONFIG.chunk_beats)  # the passes stall
                assert monitor.waits_for(channel), "the hold did not last"
            await self.behave({memory: usual})
            await working
            assert sequence.error == "none", f"{job} ended with {sequence.error}"
            clocks //= 2


@pyuvm.test()
class Clocks(KernelTest):
    """Without memory stalls a job takes its passes and little more; the counters add up."""

    async def main(self) -> None:
        """Runs one job."""
        length = 2 * C if LIMITED else 5 * C
        job = await self.convolve(length, length)
        results = await self.start(CountersSequence())
        beats, taken, stalls = results.beats, results.clocks, results.stalls
        count = output_chunks(CONFIG, job)
        assert results.chunks == count
        assert beats + sum(stalls) <= taken
        # The pipelines fill once: some 40 clocks per level for both engines, and a few latencies.
        fill = 3 * CONFIG.chunk_beats + 45 * CONFIG.chunk_log2 + 500
        if CONFIG.four_step:
            # Columns, rows and inverse columns, and what the engines hold four times; each half of
            # the transforms fills its pipelines and waits for its memory once.
            assert beats == count * CONFIG.chunk_beats
            fill = 4 * (45 * CONFIG.chunk_log2 + 60)
            assert taken <= (3 * count + 6) * CONFIG.chunk_beats + fill
            return
        assert beats == mac_beats(CONFIG, job)
        cocotb.log.info("%d clocks for %d MAC beats, stalls %s", taken, beats, stalls)
        assert taken <= 1.05 * beats + fill + 130 * count


@pyuvm.test(skip=LIMITED)
class Bandwidth(KernelTest):
    """With 85 % of the memories' bandwidth a job takes no more than 1/0.85 of its clocks."""

    async def main(self) -> None:
        """Runs the same job at both bandwidths."""
        length = (5 if FAST else 3) * C
        job = await self.convolve(length, length)
        taken = {}
        for bandwidth in (1000, 850):
            await self.behave(dict.fromkeys(MEMORIES, Behaviour(bandwidth=bandwidth)))
            assert await self.run(job) == "none"
            taken[bandwidth] = (await self.start(CountersSequence())).clocks
        cocotb.log.info("clocks by bandwidth in 1/1000: %s", taken)
        assert taken[850] <= taken[1000] / 0.85


@pyuvm.test(skip=LIMITED)
class BadArguments(KernelTest):
    """Each bad argument ends the job at once with its code, touches no memory and leaves no results
    of the previous job; the next job works."""

    async def main(self) -> None:
        """Spoils each argument by itself, between good jobs of both modes that raise all flags."""
        x = np.array([[np.nan, 3e38, 1]], np.float32)
        h = np.array([[3e38, 3e38, np.inf, 2, 1]], np.float32)
        good = dataclasses.asdict((await self.start(ConvolutionSequence(x, h))).job)
        too_long = (1 << CONFIG.max_length_log2) + 1
        bad: list[tuple[Mode, str, int, str]] = [
            (Mode.CONVOLVE, "mode", random.randrange(2, 1 << 32), "mode"),
            (Mode.CONVOLVE, "channels", 0, "channels"),
            (Mode.PREPARE, "channels", (1 << 16) + 1, "channels"),
            (Mode.CONVOLVE, "length_x", 0, "length_x"),
            (Mode.CONVOLVE, "length_x", too_long, "length_x"),
            (Mode.CONVOLVE, "length_h", 0, "length_h"),
            (Mode.PREPARE, "length_h", too_long, "length_h"),
        ]
        if CONFIG.four_step:
            bad += [(Mode.PREPARE, "length_x", value, "length_x") for value in (0, too_long)]
        if not CONFIG.four_step:
            bad += [(Mode.CONVOLVE, "ring", value, "ring") for value in (1, 12, 1 << 31)]
            bad.append((Mode.CONVOLVE, "first_chunk", 1, "ring"))
        for mode in Mode:
            for name in used(mode, CONFIG):
                astray = good[name] + random.randrange(1, PAGE_BYTES)
                bad.append((mode, name, astray, "pointer"))
        for number, (mode, name, value, code) in enumerate(bad):
            arguments = good | {"mode": mode, name: value}
            error = (await self.start(JobSequence(arguments, limit=200))).error
            assert error == code, f"{arguments}: {error}"
            for mode in Mode if number == 0 else [Mode.CONVOLVE]:
                # Arguments that a mode does not use may have any value.
                unused = POINTERS.keys() - used(mode, CONFIG)
                if mode == Mode.PREPARE and not CONFIG.four_step:
                    unused |= {"length_x", "ring", "first_chunk"}
                anything = {name: random.getrandbits(32) for name in unused}
                assert await self.run(good | {"mode": mode} | anything) == "none"


@pyuvm.test(skip=LIMITED)
class ErrorResponses(KernelTest):
    """Any response other than OKAY on any beat of any port ends the job with the port's code,
    nothing wrong is written, and the next job works."""

    async def main(self) -> None:
        """Tries each port with each response, at each place of a burst; then two at once."""
        length = 3 * C
        convolve = await self.convolve(length, length)
        prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
        faults: list[tuple[list[Port], AxiResp, str]] = []
        for port in self.ports(prepare, convolve):
            turn = random.randrange(len(PLACES))
            places = (*PLACES[turn:], *PLACES[:turn])
            faults += [([port], *each) for each in zip(ERROR_RESPONSES, places, strict=True)]
        for job in (prepare, convolve):
            two = random.sample(self.ports(job), 2)
            faults.append((two, random.choice(ERROR_RESPONSES), random.choice(PLACES)))
        for refused, response, place in some(faults, 1):
            job = prepare if Port("h_spectra", True) in refused else convolve
            behaviours = await self.any_behaviour()
            for port in refused:
                which = "write_error" if port.write else "read_error"
                address = self.address(job, port, place)
                old = behaviours[port.memory]
                fault = {which: address, "response": response}
                behaviours[port.memory] = dataclasses.replace(old, **fault)
            await self.behave(behaviours)
            error = await self.run(job)
            assert error in {port.error for port in refused}, f"{refused}, {response}: {error}"
            await self.behave({name: Behaviour.random() for name in MEMORIES})
            if job is prepare or random.random() < 0.2:
                assert await self.run(prepare) == "none"
            assert await self.run(convolve) == "none"

    def address(self, job: Job, port: Port, place: str) -> int:
        """A random beat that a job transfers on a port, at this place of its burst."""
        window = random.choice([one for one in self.predict(job).windows if one.port == port])
        base = window.address + random.randrange(window.rows) * window.stride
        beats = int(self.env.memories[port.memory].config.longest)
        # A burst of 16 lanes' samples may be a single beat.
        inside = random.randrange(1, beats - 1) if beats > 2 else random.randrange(beats)
        beat = {"first": 0, "middle": inside, "last": beats - 1}[place]
        beat_bytes = int(self.env.beat_bytes)
        return base + random.randrange(0, window.used, beats * beat_bytes) + beat * beat_bytes


@pyuvm.test(skip=LIMITED)
class ResetAnywhere(KernelTest):
    """A reset at a random clock of any state: nothing wrong is written, and the next job works."""

    async def main(self) -> None:
        """Resets in each state, then in each mode at any clock."""
        convolve = await self.convolve(2 * C + 3, 2 * C)
        prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
        for place in some([*STATES, *Mode], 1):
            mode = place if isinstance(place, Mode) else Mode("prepare" not in place)
            job = convolve if mode == Mode.CONVOLVE else prepare
            if place == "stopping":
                refused = Behaviour.random("long")
                refused = dataclasses.replace(refused, read_error=job.x)
                await self.behave({"samples": refused})
            working = None
            if place != "idle":
                working = cocotb.start_soon(self.interrupted(job, place == "done"))
            if working is not None and not isinstance(place, Mode):
                assert await self.env.reach(place), f"{place} was not reached"
            late = 12 * CONFIG.chunk_beats if isinstance(place, Mode) else 3
            await ClockCycles(self.dut.clk_i, random.randint(1, late))
            await self.reset(random.randint(2, 4), interrupt=random.random() < 0.7)
            if working is not None:
                await working
            await self.any_behaviour()
            # The filter's spectra exist unless their preparation was cut short.
            if job is prepare or random.random() < 0.3:
                assert await self.run(prepare) == "none"
            assert await self.run(convolve) == "none"

    async def interrupted(self, job: Job, done: bool) -> None:
        """A job that a reset cuts short, or whose end nobody acknowledges."""
        sequence: uvm_sequence = UnacknowledgedSequence(job) if done else JobSequence(job)
        await sequence.start(self.env.sequencer)


@pyuvm.test(skip=(LIMITED and not BRIEF) or FOUR_STATES)
class Aborts(KernelTest):
    """An abort at any instant ends the job with all its bursts complete, and the next job works."""

    async def main(self) -> None:
        """Aborts each mode at once, soon, and at any clock before the job's end."""
        convolve = await self.convolve(4 * C, 3 * C)
        prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
        # In each of the clocks in which a job is latched and judged, and the core is reset.
        await self.behave(dict.fromkeys(MEMORIES, Behaviour(latency=2)))
        for clocks in some(range(30), 2):
            assert (await self.start(AbortSequence(convolve, clocks))).error == "aborted"
        instants = [(job, late) for job in (prepare, convolve) for late in (0, 30, 1000, 1000)]
        for job, late in some(instants, 2):
            await self.behave(dict.fromkeys(MEMORIES, Behaviour(latency=2)))
            assert await self.run(job) == "none"
            # The fastest memory.
            clocks = (await self.start(CountersSequence())).clocks * 3 // 4
            await self.any_behaviour()
            abort = AbortSequence(job, random.randint(0, min(late, clocks)))
            assert (await self.start(abort)).error == "aborted"
            await self.any_behaviour()
            if job is prepare:
                assert await self.run(prepare) == "none"
            assert await self.run(convolve) == "none"


@pyuvm.test(skip=LIMITED)
class LateAborts(KernelTest):
    """An abort in the last clocks of a job, or soon after its end, which nobody has acknowledged:
    in the same clock, the end wins."""

    async def main(self) -> None:
        """Aborts each mode, and a job with a bad argument, around the clock in which it ends, with
        and without an interrupt."""
        convolve = await self.convolve(C, C)
        prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
        await self.behave(dict.fromkeys(MEMORIES, Behaviour(latency=2)))
        for job in (prepare, convolve, dataclasses.replace(convolve, channels=0)):
            await self.start(RegisterSequence("global_interrupt", random.getrandbits(1)))
            error = await self.run(job)
            clocks = (await self.start(CountersSequence())).clocks
            ends = set()
            for late in some(range(-24, 12), 2):
                abort = AbortSequence(job, max(0, clocks + late))
                ends.add((await self.start(abort)).error)
            assert ends <= {error, "aborted"}
            assert len(ends) == 2 or error != "none" or not FULL
        assert await self.run(convolve) == "none"


@pyuvm.test(skip=(LIMITED and not BRIEF) or FOUR_STATES)
class SilentMemories(KernelTest):
    """A memory that stops answering ends the job with its port's timeout. No job starts until it
    has answered everything; then the next one works."""

    async def main(self) -> None:
        """Tries each channel of each port."""
        convolve = await self.convolve(4 * C, 3 * C)
        prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
        for port, channel in some(self.channels(prepare, convolve), 2):
            job = prepare if port == Port("h_spectra", True) else convolve
            cocotb.log.info("%s: %s of %s is silent", job.mode.name, channel, port.memory)
            await self.start(RegisterSequence("watchdog", random.randint(400, 900)))
            usual = Behaviour(latency=random.randint(2, 40))
            await self.behave(dict.fromkeys(MEMORIES, usual))
            await self.behave({port.memory: dataclasses.replace(usual, hold=channel)})
            predictor = self.env.predictor
            sequence = JobSequence(job)
            working = cocotb.start_soon(sequence.start(self.env.sequencer))
            await ClockCycles(self.dut.clk_i, 100)
            predictor.silent = port
            await working
            assert sequence.error == f"{port.error}_timeout"
            assert await self.run(job) == "unanswered"
            await self.behave({port.memory: usual})
            await self.start(AnsweredSequence())
            predictor.silent = None
            await self.start(RegisterSequence("watchdog", 1 << 24))
            if job is prepare:
                assert await self.run(prepare) == "none"
            assert await self.run(convolve) == "none"


@pyuvm.test(skip=LIMITED)
class QueuedJobs(KernelTest):
    """The next job's arguments are written and started while one runs; the host is interrupted
    at the end, or polls."""

    async def main(self) -> None:
        """Queues both modes behind both."""
        convolve = await self.convolve(C + 1, C)
        prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
        jobs = [prepare, convolve, convolve, prepare]
        for interrupt in some((True, False), 1):
            await self.reset(interrupt=interrupt)
            await self.start(QueueSequence(jobs if FULL else jobs[:2]))


@pyuvm.test(skip=not FAST)
class RandomJobs(KernelTest):
    """Everything at once: any rows, memories and channels, queues, errors and resets."""

    async def main(self) -> None:
        """Runs one thing after another."""
        for _ in range(5 if FULL else 1):
            await self.any_behaviour()
            channels = random.choice((1, 1, 2, 3))
            x = self.rows(self.length(), channels, random.choice(KINDS))
            h = self.rows(self.length(), channels, random.choice(KINDS))
            sequence = await self.start(ConvolutionSequence(x, h))
            convolve = sequence.job
            prepare = dataclasses.replace(convolve, mode=Mode.PREPARE)
            await self.any_behaviour()
            action = random.choice(("queue", "error", "reset"))
            if action == "queue":
                await self.start(QueueSequence(random.choices((prepare, convolve), k=3)))
            elif action == "error":
                behaviours = {
                    name: dataclasses.replace(
                        Behaviour.random(),
                        read_error=base + random.randrange(0, PAGE_BYTES, self.env.beat_bytes),
                        write_error=base + random.randrange(0, PAGE_BYTES, self.env.beat_bytes),
                    )
                    for name, base in ((name, BASES[name]) for name in MEMORIES)
                }
                await self.behave(behaviours)
                await self.run(convolve)
            else:
                job = JobSequence(random.choice((prepare, convolve)))
                working = cocotb.start_soon(job.start(self.env.sequencer))
                await ClockCycles(self.dut.clk_i, random.randint(1, 30 * CONFIG.chunk_beats))
                await self.reset(random.randint(2, 4))
                await working

    def length(self) -> int:
        """A length of any class."""
        return length_in(random.choice(BOUNDS), CONFIG)
