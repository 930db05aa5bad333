# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The stimulus of a soak: random configurations, and cases of a few jobs with disturbances. A case
is data: its text reproduces it, and a smaller case is a copy with changes."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field

from crocuta.backends.rtl_kernel import CHANNELS
from crocuta.kernel import Bank, banks
from crocuta.memory import memory_bytes
from crocuta.models import configs
from crocuta.models.configs import Config, kernel_chunk_min
from crocuta.models.convolution.chunk_controller import Job, Mode, passes, spectrum_bytes
from crocuta.models.kernel.schedules import filter_chunks, scratch_bytes, z_bytes
from crocuta.models.layout import PAGE_BYTES, chunk_count, row_bytes, row_count
from tb.envs.kernel_job import PORTS, Port, memories_of
from tb.envs.kernel_samples import KINDS

BASES = ("tiny", "tiny-long")
"""A configuration of each schedule; a soak varies its settings."""
LANES = {2: 8, 4: 4, 8: 2, 16: 1}
"""Relative frequencies: many lanes take long to compile and to simulate."""
LARGEST_CHUNK = 4096
LONGEST_LOG2 = (10, 16)
"""Values of max_length_log2 of a chunked kernel."""
SPAN_BYTES = 1 << 20
"""The part of each memory that cases use; all of it is compared after every job."""
LONE_SHARE = 0.1
"""The share of cases in which a single sample overflows float32. In the others, several lanes raise
the flag, which hides one that does not."""
STREAM_SHARE = 0.35
"""The share of a chunked kernel's cases in which x is a stream."""
BUDGET = 6000
"""Maximum beats of a case, about: passes and loads, or tiles and rows."""

Act = Literal["run", "queue", "bad", "error", "abort", "reset", "silent"]
ACTS: tuple[Act, ...] = get_args(Act)
"""run: nothing but stalls; queue: the next job is started while it runs; bad: a bad argument;
error: an AXI error response; silent: a channel is blocked until the watchdog ends the job."""
WEIGHTS = (6, 2, 1, 3, 3, 2, 2)
MEMORIES = tuple(bank.name.lower() for bank in Bank)
"""By the numbers that a case gives them; a chunked kernel has the first three."""
ALL_PORTS = (*PORTS, *(Port("z_spectra", write) for write in (False, True)))
"""The same of ports."""
READ_CHANNELS, WRITE_CHANNELS = CHANNELS[:2], CHANNELS[2:]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Memory(_Data):
    """The timing of one memory: see crocuta.backends.timing."""

    latency: int = 60
    bandwidth: int = 1000
    stall: int = 0


class Stall(_Data):
    """A channel of one memory that is blocked for a number of clocks of a job."""

    at: int
    bank: int = Field(ge=0, lt=len(MEMORIES))
    """In MEMORIES."""
    channel: str
    clocks: int


class Step(_Data):
    """A disturbance of a job. A job that does not complete runs again, undisturbed."""

    act: Act = "run"
    at: int = 0
    """abort, reset, queue: the clock of the job; error: the number of the beat among those that the
    job transfers through the port; bad: selects the argument."""
    port: int = Field(default=0, ge=0, lt=len(ALL_PORTS))
    """error, silent: in ALL_PORTS."""
    channel: str = "r"
    """silent: the channel of the port."""
    response: int = 2
    """error: 1 (EXOKAY), 2 (SLVERR) or 3 (DECERR)."""
    watchdog: int = 1000
    """silent: in clocks."""
    stalls: tuple[Stall, ...] = ()


class Block(_Data):
    """Chunks of a stream, which one job convolves."""

    chunks: int = Field(default=1, ge=1)
    step: Step = Step()
    plain: bool = False
    """Then another job convolves all of x, which is no stream's."""


class Case(_Data):
    """PREPARE and CONVOLVE of random rows, in random places of memory."""

    seed: int
    """Seed of the samples, the addresses and the memory's initial contents."""
    channels: int = Field(default=1, ge=1)
    length_x: int = Field(ge=1)
    length_h: int = Field(ge=1)
    kind_x: str = "ordinary"
    kind_h: str = "ordinary"
    memories: tuple[Memory, ...] = Field(default=(), max_length=len(MEMORIES))
    """In the order of MEMORIES; those that are missing are as usual."""
    prepare: Step = Step()
    convolve: Step = Step()
    blocks: tuple[Block, ...] = ()
    """x is a stream: a job for each block, then `convolve` with the rest of x."""
    turns: int = Field(default=0, ge=0)
    """Of its ring: by so many the stream is further on once its past is as long as the filter."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those of all jobs."""
        return self.prepare, *(block.step for block in self.blocks), self.convolve


class Part(NamedTuple):
    """What a job convolves of x."""

    start: int
    """Its first sample."""
    job: Job
    """Without its pointers."""
    step: Step
    plain: bool
    """See Block."""


class Script(_Data):
    """Cases to run one after another on one kernel."""

    config: str
    stop_clocks: bool = True
    """See RtlKernel.stop_clocks."""
    cases: tuple[Case, ...]


def read_scripts(path: Path) -> list[Script]:
    """The scripts in a file, one per line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Script.model_validate_json(line) for line in lines if line.strip()]


def text_of(script: Script) -> str:
    """The line of a file that reproduces it, without default values."""
    return script.model_dump_json(exclude_defaults=True)


def random_config(rng: random.Random) -> Config:
    """A random legal kernel of either schedule, small enough to run thousands of jobs in
    minutes."""
    base = configs.load_model(rng.choice(BASES))
    lanes = rng.choices(list(LANES), list(LANES.values()))[0]
    least = kernel_chunk_min(lanes)
    if base.four_step:
        least = max(least, 4 * lanes * lanes)  # of at least two rows
    chunk = min(least << rng.choices(range(7), (4, 3, 2, 1, 1, 1, 1))[0], LARGEST_CHUNK)
    changes = {
        "lanes": lanes,
        "chunk": chunk,
        "mantissa_bits": rng.choice((14, 18, 24, rng.randint(14, 24))),
        "exponent_bits": rng.randint(8, 10),
        "twiddle_bits": rng.choice((12, 25, 27, rng.randint(12, 27))),
    }
    chunk_log2 = chunk.bit_length() - 1
    if base.four_step:
        limit = configs.changed(base, changes | {"max_length_log2": chunk_log2}).rows_log2_limit
        room = _chunks(chunk // lanes)
        most = max(log2 for log2 in range(1, limit + 1) if _four_step_chunks(1 << log2) <= room)
        rows_log2 = rng.randint(1, most)
        changes["max_length_log2"] = chunk_log2 + rows_log2
        changes["resident"] = rng.choice((0, 1, rng.randint(0, 1 << rows_log2), 1 << rows_log2))
    else:
        low, high = LONGEST_LOG2
        changes["max_length_log2"] = rng.randint(max(low, chunk_log2), high)
        changes["outputs"] = rng.randint(1, 2)
    return configs.changed(base, changes)


def cases(seed: int, config: Config) -> Iterator[Case]:
    """Yields random cases for a kernel, endlessly."""
    rng = random.Random(seed)
    while True:
        case = _case(rng, config)
        if fits(case, config):
            yield case


def job_of(case: Case) -> Job:
    """The job that convolves all of x, without its pointers."""
    return Job(
        Mode.CONVOLVE, channels=case.channels, length_x=case.length_x, length_h=case.length_h
    )


def parts_of(case: Case, config: Config) -> list[Part]:
    """The parts of x, of which the last one may be too short: see `fits`."""
    whole = job_of(case)
    if not case.blocks:
        return [Part(0, whole, case.convolve, False)]
    chunks = [block.chunks for block in case.blocks]
    rest = case.length_x - sum(chunks) * config.chunk
    reach, most = chunk_count(config, case.length_h), max(*chunks, chunk_count(config, rest))
    ring = 1 << (reach + most - 1).bit_length()
    found, first = [], 0
    for block in (*case.blocks, None):
        length = block.chunks * config.chunk if block else rest
        job = dataclasses.replace(
            whole,
            length_x=length,
            ring=ring,
            first_chunk=first + (case.turns * ring if first >= reach else 0),
        )
        step, plain = (block.step, block.plain) if block else (case.convolve, False)
        found.append(Part(first * config.chunk, job, step, plain))
        first += chunk_count(config, length)
    return found


def fits(case: Case, config: Config) -> bool:
    """Whether its rows fit the memories, and its beats the time."""
    if max(case.length_x, case.length_h) > 1 << config.max_length_log2:
        return False
    whole, channels, parts = job_of(case), case.channels, parts_of(case, config)
    plain = sum(part.plain for part in parts)
    ring = parts[-1].job.ring
    if case.blocks:
        rows = (1 << config.max_length_log2) // config.chunk
        if config.four_step or parts[-1].job.length_x < 1 or ring > rows:
            return False
        if parts[-1].job.first_chunk >= 1 << 31:
            return False
    x_rows = sum(_pages(row_bytes(part.job.length_x) * channels) for part in parts)
    x_rows += row_bytes(case.length_x) * channels if plain else 0
    x_spectra = _pages(channels * ring * spectrum_bytes(config))
    x_spectra += _pages(scratch_bytes(config, whole)) if plain or not ring else 0
    needed = {
        Bank.SAMPLES: 2 * x_rows + channels * row_bytes(case.length_h),
        Bank.X_SPECTRA: x_spectra,
        Bank.H_SPECTRA: _pages(channels * filter_chunks(config, whole) * spectrum_bytes(config)),
        Bank.Z_SPECTRA: _pages(z_bytes(config, whole)),
    }
    sizes = zip(banks(config), memory_bytes(config), strict=True)
    if any(needed[bank] > min(SPAN_BYTES, size) for bank, size in sizes):
        return False
    if config.four_step:
        chunks = _four_step_chunks(row_count(config, max(case.length_x, case.length_h)))
        return channels * chunks <= _chunks(config.chunk_beats)
    jobs = [*(part.job for part in parts), *[dataclasses.replace(whole, channels=1)] * plain]
    chunks_h = chunk_count(config, case.length_h)
    chunks = sum(
        passes(config, dataclasses.replace(job, channels=1)) + chunk_count(config, job.length_x)
        for job in jobs
    )
    return channels * (chunks + chunks_h) <= _chunks(config.chunk_beats)


def _chunks(chunk_beats: int) -> int:
    """The most chunks that may pass through a kernel in a case."""
    return max(BUDGET // chunk_beats, 16)


def _four_step_chunks(rows: int) -> int:
    """Those of a channel with so many rows: three times the rows, and what the engines hold."""
    return 3 * rows + 6


def _pages(size: int) -> int:
    return -(-size // PAGE_BYTES) * PAGE_BYTES


def _case(rng: random.Random, config: Config) -> Case:
    kinds = (rng.choice(KINDS), rng.choice(KINDS))
    if rng.random() < LONE_SHARE:
        kinds = ("loud impulse", "loud impulse")
    length_x, blocks = _length(rng, config), list[Block]()
    if not config.four_step and rng.random() < STREAM_SHARE:
        length_x = min(rng.randint(1, 9) * config.chunk + length_x, 1 << config.max_length_log2)
        blocks = _blocks(rng, config, chunk_count(config, length_x) - 1)
    return Case(
        seed=rng.getrandbits(32),
        channels=rng.choice((1, 1, 1, 2, 3, rng.randint(1, 40))),
        length_x=length_x,
        length_h=_length(rng, config),
        kind_x=kinds[0],
        kind_h=kinds[1],
        memories=tuple(_memory(rng) for _ in memories_of(config)),
        prepare=_step(rng, config, _ports(Mode.PREPARE, config)),
        convolve=_step(rng, config, _ports(Mode.CONVOLVE, config)),
        blocks=tuple(blocks),
        turns=rng.choice((0, 0, 1, rng.getrandbits(20))) if blocks else 0,
    )


def _blocks(rng: random.Random, config: Config, chunks: int) -> list[Block]:
    """Blocks of a stream, of at most so many chunks."""
    found: list[Block] = []
    while chunks > 0 and len(found) < 5:
        size = rng.randint(1, min(chunks, rng.choice((1, 2, 4))))
        step = _step(rng, config, _ports(Mode.CONVOLVE, config))
        found.append(Block(chunks=size, step=step, plain=rng.random() < 0.3))
        chunks -= size
    return found


def _ports(mode: Mode, config: Config) -> list[int]:
    """The ports that a job of a mode uses, in ALL_PORTS."""
    idle = [Port("h_spectra", mode == Mode.CONVOLVE)]
    if mode == Mode.PREPARE:
        idle += [Port("samples", True), *ALL_PORTS[-2:]]
        idle += [] if config.four_step else [port for port in PORTS if port.memory == "x_spectra"]
    ports = ALL_PORTS if config.four_step else PORTS
    return [number for number, port in enumerate(ports) if port not in idle]


def _length(rng: random.Random, config: Config) -> int:
    """A random length: short, around a multiple of the chunk, any, or the longest."""
    c, limit = config.chunk, 1 << config.max_length_log2
    length = rng.choice(
        (
            rng.randint(1, 8),
            rng.randint(1, c),
            max(1, rng.randint(1, 4) * c + rng.randint(-1, 1)),
            max(1, rng.randint(1, 12) * c + rng.randint(-1, 1)),
            rng.randint(1, 6 * c),
            rng.randint(1, config.lanes * 8) + c * rng.randint(0, 3),
            limit,
        )
    )
    return min(length, limit)


def _memory(rng: random.Random) -> Memory:
    if rng.random() < 0.2:
        return Memory(latency=2)
    return Memory(
        latency=rng.choice((rng.randint(2, 10), rng.randint(10, 100), rng.randint(100, 300))),
        bandwidth=rng.choice((1000, rng.randint(700, 999), rng.randint(300, 700))),
        stall=rng.choice((0, rng.randint(1, 300), rng.randint(300, 600))),
    )


def _clock(rng: random.Random, config: Config) -> int:
    """A random clock: soon after a job's start, or at any time of a short or a long job."""
    beats = config.chunk_beats
    return rng.randint(0, rng.choice((30, 4 * beats, 20 * beats, 100 * beats)))


def _step(rng: random.Random, config: Config, used: list[int]) -> Step:
    act, memories = rng.choices(ACTS, WEIGHTS)[0], len(memories_of(config))
    port = rng.choice(used) if rng.random() < 0.95 else rng.randrange(2 * memories)
    stalls = []
    if act != "silent" and rng.random() < 0.35:
        for _ in range(rng.choice((1, 1, 2, 3))):
            stall = Stall(
                at=_clock(rng, config),
                bank=rng.randrange(memories),
                channel=rng.choice(CHANNELS),
                clocks=rng.choice((rng.randint(10, 300), rng.randint(1000, 6000))),
            )
            stalls.append(stall)
    step: dict[str, object] = {"act": act, "stalls": tuple(stalls)}
    if act in ("error", "bad"):
        step["at"] = rng.getrandbits(16)
    elif act in ("queue", "abort", "reset"):
        step["at"] = _clock(rng, config)
    if act in ("error", "silent"):
        step["port"] = port
    if act == "error":
        step["response"] = rng.randint(1, 3)
    if act == "silent":
        step["channel"] = rng.choice(WRITE_CHANNELS if ALL_PORTS[port].write else READ_CHANNELS)
        step["watchdog"] = rng.randint(400, 2000)
    return Step.model_validate(step)


def smaller(case: Case) -> Iterator[Case]:
    """Yields smaller cases, each with one thing less, the largest reduction first."""

    def changed(**values: object) -> Case:
        return case.model_copy(update=values)

    for name in ("channels", "length_x", "length_h"):
        value = getattr(case, name)
        for less in sorted({1, value // 4, value // 2, value - value // 8, value - 1}):
            if 1 <= less < value:
                yield changed(**{name: less})
    for name in ("kind_x", "kind_h"):
        if getattr(case, name) != "ordinary":
            yield changed(**{name: "ordinary"})
    if case.memories:
        yield changed(memories=())
    for bank, memory in enumerate(case.memories):
        if memory != Memory():
            memories = [*case.memories[:bank], Memory(), *case.memories[bank + 1 :]]
            yield changed(memories=tuple(memories))
    for number, block in enumerate(case.blocks):
        before, after = case.blocks[:number], case.blocks[number + 1 :]
        yield changed(blocks=before + after)
        for less in [{"plain": False}] * block.plain + [{"chunks": 1}] * (block.chunks > 1):
            yield changed(blocks=(*before, block.model_copy(update=less), *after))
        for step in _smaller_steps(block.step):
            yield changed(blocks=(*before, block.model_copy(update={"step": step}), *after))
    if case.turns:
        yield changed(turns=0)
    for name in ("prepare", "convolve"):
        for step in _smaller_steps(getattr(case, name)):
            yield changed(**{name: step})


def _smaller_steps(step: Step) -> Iterator[Step]:
    """Yields steps with one thing less."""
    if step.act != "run":
        yield Step(stalls=step.stalls)
    for number in range(len(step.stalls)):
        yield step.model_copy(update={"stalls": step.stalls[:number] + step.stalls[number + 1 :]})
    for number, stall in enumerate(step.stalls):
        if stall.clocks > 10:
            short = stall.model_copy(update={"clocks": stall.clocks // 2})
            stalls = (*step.stalls[:number], short, *step.stalls[number + 1 :])
            yield step.model_copy(update={"stalls": stalls})
    if step.at:
        yield step.model_copy(update={"at": step.at // 2})
