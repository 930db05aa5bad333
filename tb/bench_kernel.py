# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel end to end, bit-exact against the model: lengths, channels, memories of any
behaviour, reset, errors and bad arguments."""

from __future__ import annotations

import dataclasses
import os
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from models import configs
from models.chunk_controller import PAGE_BYTES, Mode
from models.crocuta_kernel import chunk_count
from tb import control
from tb.kernel import BASES, NON_FINITE, SATURATED, Kernel, SampleArray, log_seed

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
C = CONFIG.chunk
# Icarus simulates some 1,000 clocks of the tiny kernel a second, and 130 of the small one: it gets
# fewer jobs, to show that its four states and event order come to the same bits.
FAST = cocotb.SIM_NAME.lower().startswith("verilator")
SMALLEST = C == 64
ERROR_PORTS = {
    ("samples", "read"): 6,
    ("samples", "write"): 7,
    ("x_spectra", "read"): 8,
    ("x_spectra", "write"): 9,
    ("h_spectra", "read"): 10,
    ("h_spectra", "write"): 11,
}


def signal(channels: int, length: int) -> SampleArray:
    """Random rows of a random class of data."""
    rng = np.random.default_rng(random.getrandbits(32))
    shape = (channels, length)
    kind = random.choice(("normal", "mean", "constant", "impulse", "wide", "zeros"))
    values = {
        "normal": rng.normal(size=shape),
        "mean": 1 + 0.1 * rng.normal(size=shape),
        "constant": np.full(shape, rng.normal()),
        "impulse": (np.arange(length) == rng.integers(length)) * np.ones((channels, 1)),
        "wide": rng.normal(size=shape) * 2.0 ** rng.integers(-40, 40, shape),
        "zeros": np.zeros(shape),
    }[kind]
    return np.asarray(values, np.float32)


async def started(dut: Any) -> Kernel:
    """A kernel ready for jobs."""
    log_seed()
    kernel = Kernel(dut, CONFIG)
    await kernel.start()
    return kernel


@cocotb.test(skip=not (FAST or SMALLEST))
async def lengths(dut: Any) -> None:
    """Every class of lengths of x and h, at full speed of memory."""
    kernel = await started(dut)
    pairs = [(1, 1), (C + 1, C - 1)]
    if FAST:
        pairs += [
            (C, C),
            (2 * C + 7, 3 * C),
            (C - 1, 1),
            (3 * C, C + 1),
            (1, 4 * C),
            (4 * C - 1, 2 * C),
            (5 * C + 3, 5 * C + 3),
        ]
        pairs += [(random.randint(1, 6 * C), random.randint(1, 6 * C)) for _ in range(4)]
    for length_x, length_h in pairs:
        await kernel.convolve(signal(1, length_x), signal(1, length_h))
    assert kernel.compared == sum(pair[0] for pair in pairs)


@cocotb.test(skip=not (FAST or SMALLEST))
async def channels(dut: Any) -> None:
    """Channels follow each other without a gap, memories behave at random."""
    kernel = await started(dut)
    for count in (2, 3, 5) if FAST else (2,):
        kernel.random_profile()
        length_x = random.randint(1, 3 * C)
        await kernel.convolve(signal(count, length_x), signal(count, random.randint(1, 3 * C)))
    assert kernel.compared


@cocotb.test(skip=not (FAST or SMALLEST))
async def profiles(dut: Any) -> None:
    """Latency, bandwidth and stalls of the three memories at random."""
    kernel = await started(dut)
    for _ in range(6 if FAST else 2):
        kernel.random_profile()
        await kernel.convolve(
            signal(1, random.randint(1, 5 * C)), signal(1, random.randint(1, 5 * C))
        )
    assert kernel.compared


@cocotb.test()
async def clocks(dut: Any) -> None:
    """Without stalls of memory a job takes its passes and little more; the counters add up."""
    kernel = await started(dut)
    length_x, length_h = (5 * C, 5 * C) if FAST else (2 * C, 2 * C)
    await kernel.convolve(signal(1, length_x), signal(1, length_h))
    chunks, pairs = chunk_count(length_x, CONFIG), chunk_count(length_h, CONFIG)
    passes = sum(min(k + 1, pairs) for k in range(chunks))
    beats = await kernel.host.read(control.MAC_BEATS, 64)
    taken = await kernel.host.read(control.CLOCKS, 64)
    stalls = [await kernel.host.read(offset, 64) for offset in control.STALLS]
    assert beats == passes * CONFIG.chunk_beats
    assert await kernel.host.read(control.CHUNKS_DONE) == chunks
    assert beats + sum(stalls) <= taken
    # The pipelines fill once: some 40 clocks a level for both engines, and a few memory latencies.
    fill = 3 * CONFIG.chunk_beats + 45 * CONFIG.chunk_log2 + 500
    cocotb.log.info("%d clocks for %d MAC beats, stalls %s", taken, beats, stalls)
    assert taken <= 1.05 * beats + fill + 130 * chunks


@cocotb.test(skip=not (FAST or SMALLEST))
async def bandwidth(dut: Any) -> None:
    """With 85 % of the memories' bandwidth a job takes no more than 1/0.85 of its clocks."""
    kernel = await started(dut)
    convolution = kernel.place(signal(1, 5 * C), signal(1, 5 * C))
    assert await kernel.run(convolution.job(Mode.PREPARE)) == 0
    taken = {}
    for per_mille in (1000, 850):
        for memory in kernel.memories.values():
            memory.set(bandwidth=per_mille)
        assert await kernel.run(convolution.job(Mode.CONVOLVE)) == 0
        taken[per_mille] = await kernel.host.read(control.CLOCKS, 64)
    kernel.check(convolution)
    cocotb.log.info("clocks by bandwidth in 1/1000: %s", taken)
    assert taken[850] <= taken[1000] / 0.85


@cocotb.test(skip=not (FAST or SMALLEST))
async def bad_arguments(dut: Any) -> None:
    """Each ends the job at once with its code and touches no memory; the next job works."""
    kernel = await started(dut)
    convolution = kernel.place(signal(1, 3), signal(1, 5))
    good = convolution.job(Mode.CONVOLVE)
    too_long = (1 << CONFIG.max_length_log2) + 1
    prepare = dataclasses.replace(good, mode=Mode.PREPARE)
    jobs = [
        (dataclasses.replace(good, channels=0), 2),
        (dataclasses.replace(good, length_x=0), 3),
        (dataclasses.replace(good, length_x=too_long), 3),
        (dataclasses.replace(good, length_h=0), 4),
        (dataclasses.replace(prepare, length_h=too_long), 4),
    ]
    for job, pointers in (
        (good, ("x", "h_spectra", "x_spectra", "y")),
        (prepare, ("h", "h_spectra")),
    ):
        for pointer in pointers:
            astray = getattr(job, pointer) + random.randrange(1, PAGE_BYTES)
            jobs.append((dataclasses.replace(job, **{pointer: astray}), 5))
    for job, code in jobs:
        assert await kernel.run(job, limit=200) == code, job
        await kernel.host.write(0x10, 2)
    await kernel.host.write(control.CONTROL, control.START)
    assert await kernel.finish(200) == 1
    for memory in kernel.memories.values():
        assert memory.get("beats_read") == memory.get("beats_written") == 0
    await kernel.convolve(convolution.x, convolution.h)


@cocotb.test(skip=not (FAST or SMALLEST))
async def error_responses(dut: Any) -> None:
    """An error on any beat of any port ends the job with the port's code; the next job works."""
    kernel = await started(dut)
    length = 3 * C
    codes_seen = set()
    x, h = signal(1, length), signal(1, length)
    for (name, direction), code in ERROR_PORTS.items():
        convolution = kernel.place(x, h)
        prepare = (name, direction) == ("h_spectra", "write")
        assert await kernel.run(convolution.job(Mode.PREPARE)) == 0
        kernel.random_profile()
        span = length * 4 if name == "samples" else 2 * C * 8
        base = BASES[name]  # of x, too, and of the spectra
        if (name, direction) == ("samples", "write"):
            base = convolution.y_address
        beat = kernel.memories[name].beat_bytes
        address = base + random.randrange(span // beat) * beat
        kernel.memories[name].set(**{f"{direction}_error": 1, f"{direction}_error_addr": address})
        error = await kernel.run(convolution.job(Mode.PREPARE if prepare else Mode.CONVOLVE))
        assert error == code, f"{name} {direction} at {address:#x}: error {error}"
        kernel.memories[name].set(**{f"{direction}_error": 0})
        codes_seen.add(code)
        await kernel.convolve(x, h)
    assert codes_seen == set(ERROR_PORTS.values())


@cocotb.test(skip=not (FAST or SMALLEST))
async def reset_anywhere(dut: Any) -> None:
    """A reset at a random clock of any phase; the next job works."""
    kernel = await started(dut)
    x, h = signal(1, 2 * C + 3), signal(1, 2 * C)
    convolution = kernel.place(x, h)
    longest = 12 * CONFIG.chunk_beats
    for mode in list(Mode) * (6 if FAST else 2):
        await kernel.launch(convolution.job(mode))
        await ClockCycles(dut.clk_i, random.randint(1, longest))
        await kernel.reset()
        await kernel.convolve(x, h)


@cocotb.test(skip=not (FAST or SMALLEST))
async def special_values(dut: Any) -> None:
    """NaN, infinity, subnormals and overflow: flags as the model's, no harm to anything else."""
    kernel = await started(dut)
    x, h = np.ones((1, C + 9), np.float32), signal(1, C // 2)
    x[0, 3::7] = np.nan
    x[0, 5] = -np.inf
    x[0, 6] = 1e-40
    await kernel.convolve(x, h)
    assert await kernel.host.read(control.FLAGS) & NON_FINITE
    huge = np.full((1, C), 3e38, np.float32)
    await kernel.convolve(huge, huge)
    assert await kernel.host.read(control.FLAGS) == SATURATED
    await kernel.convolve(np.ones((1, 5), np.float32), np.ones((1, 5), np.float32))
    assert await kernel.host.read(control.FLAGS) == 0


@cocotb.test(skip=not (FAST or SMALLEST))
async def queued_jobs(dut: Any) -> None:
    """The next job's arguments are written and started while one runs."""
    kernel = await started(dut)
    first = kernel.place(signal(1, C + 1), signal(1, C))
    await kernel.launch(first.job(Mode.PREPARE))
    while not await kernel.host.read(control.CONTROL) & control.READY:
        pass
    await kernel.launch(first.job(Mode.CONVOLVE))
    assert await kernel.finish(100_000) == 0
    assert await kernel.finish(100_000) == 0
    kernel.check(first)
    assert kernel.compared == C + 1
