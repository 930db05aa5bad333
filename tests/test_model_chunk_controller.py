# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The schedule against brute force: it is executed symbolically, not compared with itself."""

from __future__ import annotations

import dataclasses
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import (
    FLUSH,
    HRead,
    HStore,
    Job,
    Load,
    Mode,
    Pass,
    XRead,
    XStore,
    YStore,
    bursts_per_chunk,
    mac_beats,
    passes,
    schedule,
    stored_chunks,
    streams,
)

TINY = configs.load("tiny")
TWO = configs.load("tiny+outputs-2")
X, H, Y, X_SPECTRA, H_SPECTRA = (n << 40 for n in range(1, 6))

lengths = st.integers(1, 9 * TINY.chunk)
schedules = pytest.mark.parametrize("config", [TINY, TWO], ids=["one", "two"])
"""Both numbers of output chunks per pass."""
Pairs = list[tuple[Load, int]]


def convolve(channels: int, length_x: int, length_h: int) -> Job:
    """A CONVOLVE job with arrays far apart."""
    return Job(
        Mode.CONVOLVE, channels, length_x, length_h,
        x=X, h_spectra=H_SPECTRA, x_spectra=X_SPECTRA, y=Y,
    )  # fmt: skip


@dataclasses.dataclass
class Machine:
    """Executes a schedule with chunk numbers in place of data."""

    config: Config
    loaded: deque[Load] = dataclasses.field(default_factory=deque)
    h: deque[int] = dataclasses.field(default_factory=deque)
    kept: int | None = None
    """The previous pass's H."""
    x: deque[XRead] = dataclasses.field(default_factory=deque)
    stores: deque[int] = dataclasses.field(default_factory=deque)
    memory: dict[int, tuple[int, Load]] = dataclasses.field(default_factory=dict)
    """Spectra of X: address -> (number of the store, the samples that it came from). A number below
    zero is of an earlier job."""
    written: int = 0
    accumulators: list[Pairs | None] = dataclasses.field(default_factory=lambda: [None, None])
    tail: Pairs | None = None
    """The latest complete output chunk."""
    sums: deque[tuple[Pairs | None, Pairs]] = dataclasses.field(default_factory=deque)
    """Complete output chunks to store, each with the one whose tail is added."""
    outputs: list[tuple[YStore, Pairs | None, Pairs]] = dataclasses.field(default_factory=list)
    flushed: bool = False

    def engine(self) -> Load:
        """The next transformed chunk, which comes out only when the one behind it is loaded."""
        assert len(self.loaded) >= 2, "the engine holds a chunk until the next one is loaded"
        return self.loaded.popleft()

    def run(self, job: Job) -> None:
        """Executes all commands."""
        for command in schedule(self.config, job):
            match command:
                case Load():
                    self.loaded.append(command)
                case HRead():
                    self.h.append(command.addr)
                case XRead():
                    self.x.append(command)
                case XStore():
                    self.stores.append(command.addr)
                case Pass():
                    self.execute(command)
                case YStore():
                    self.outputs.append((command, *self.sums.popleft()))
                case HStore():
                    raise AssertionError("CONVOLVE does not write H")

    def execute(self, command: Pass) -> None:
        """One pass."""
        assert not command.prepare and not self.flushed
        assert command.last in (0, 1, 2) and command.last | command.first <= command.outputs
        assert command.last or not command.no_tail
        if command.flush:
            assert command == FLUSH
            self.flushed = True
            return
        h = (self.h.popleft() if command.h else None, self.kept)
        self.kept = h[0]
        if not command.outputs:
            assert command == Pass(h=True)
            return
        x = self.operand(command)
        for output in range(self.config.outputs):
            bit = 1 << output
            if not command.outputs & bit:
                continue
            if command.first & bit:
                assert self.accumulators[output] is None
                self.accumulators[output] = []
            pairs, factor = self.accumulators[output], h[output]
            assert pairs is not None and factor is not None
            pairs.append((x, factor))
            if command.last & bit:
                if command.engine:
                    self.sums.append((None if command.no_tail else self.tail, pairs))
                else:
                    assert command.no_tail, "only the tail of an earlier job's output chunk counts"
                self.tail = pairs
                self.accumulators[output] = None

    def operand(self, command: Pass) -> Load:
        """A pass's X, which may also be stored."""
        if command.engine:
            x = self.engine()
        else:
            read = self.x.popleft()
            number, x = self.memory[read.addr]
            bursts = bursts_per_chunk(self.config)
            if number < 0:
                assert (self.written * bursts - read.sequence) % (1 << 32) < 1 << 31
            else:
                assert read.sequence == number * bursts
        if command.store:
            assert command.engine
            addr = self.stores.popleft()
            assert all(read.addr != addr for read in self.x), "overwritten before it was read"
            self.memory[addr] = (self.written, x)
            self.written += 1
        return x


@schedules
@given(st.integers(1, 3), lengths, lengths)
def test_convolve_is_every_pair_once(
    config: Config, channels: int, length_x: int, length_h: int
) -> None:
    """Output chunk k of each channel sums exactly the pairs i + j = k, the oldest X first."""
    job = convolve(channels, length_x, length_h)
    machine = Machine(config)
    machine.run(job)
    chunk, size = TINY.chunk, TINY.chunk * 8
    starts = list(range(0, length_x, chunk))
    ph_row = len(range(0, length_h, chunk))
    stride_x = (length_x * 4 + 4095) & ~4095
    outputs = iter(machine.outputs)
    for channel in range(channels):
        before: Pairs | None = None
        for k, start in enumerate(starts):
            store, tail, pairs = next(outputs)
            samples = min(chunk, length_x - start)
            assert store == YStore(Y + channel * stride_x + start * 4, samples)
            assert tail == before
            before = pairs
            expected = [
                (
                    Load(X + channel * stride_x + i * chunk * 4, min(chunk, length_x - i * chunk)),
                    H_SPECTRA + (channel * ph_row + k - i) * size,
                )
                for i in range(k + 1)
                if k - i < ph_row
            ]
            assert pairs == expected
    assert next(outputs, None) is None
    assert machine.flushed
    assert list(machine.loaded) == [Load(0, 0)]
    assert not (machine.h or machine.x or machine.stores or machine.sums)
    assert machine.accumulators == [None, None]


@schedules
@given(
    st.integers(1, 3),
    st.integers(1, 6),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.integers(0, 1),
    st.integers(0, 100),
)
def test_the_jobs_of_a_stream_are_one_convolution(
    config: Config, channels: int, ph: int, counts: list[int], spare: int, turns: int
) -> None:
    """Output chunk k of the stream sums every pair i + j = k, with X of earlier jobs from the ring,
    and adds the tail of chunk k - 1. Nothing is read that the ring does not hold any more."""
    chunk, size = TINY.chunk, TINY.chunk * 8
    ring = (1 << (ph + max(counts) - 1).bit_length()) << spare
    machine = Machine(config)
    xs: list[list[Load]] = [[] for _ in range(channels)]
    sums: list[Pairs | None] = [None] * channels
    first = 0
    for number, count in enumerate(counts):
        # A position further on is as good, if it is in the same row.
        shift = turns * ring if first >= ph else 0
        x, stride = X + (number << 32), -(-count * chunk * 4 // 4096) * 4096
        job = dataclasses.replace(
            convolve(channels, count * chunk, ph * chunk), x=x, ring=ring, first_chunk=first + shift
        )
        assert passes(config, job) == sum(
            isinstance(each, Pass) and each.outputs != 0 and not each.flush
            for each in schedule(config, job)
        )
        past = machine.memory
        machine = Machine(config)
        machine.memory = {addr: (-1, load) for addr, (_, load) in past.items()}
        machine.run(job)
        assert machine.flushed and list(machine.loaded) == [Load(0, 0)]
        assert not (machine.h or machine.x or machine.stores or machine.sums)
        assert machine.written == channels * count == channels * stored_chunks(config, job)
        outputs = iter(machine.outputs)
        for channel in range(channels):
            row = x + channel * stride
            xs[channel] += [Load(row + n * chunk * 4, chunk) for n in range(count)]
            for k in range(first, first + count):
                store, tail, pairs = next(outputs)
                assert store.addr == Y + channel * stride + (k - first) * chunk * 4
                assert pairs == [
                    (xs[channel][i], H_SPECTRA + (channel * ph + k - i) * size)
                    for i in range(k + 1)
                    if k - i < ph
                ]
                assert tail == sums[channel]
                sums[channel] = pairs
        assert next(outputs, None) is None
        first += count


@schedules
@given(st.integers(1, 4), lengths, lengths)
def test_closed_forms_count_the_schedule(
    config: Config, channels: int, length_x: int, length_h: int
) -> None:
    """Pass counts, and one command for each operand of a pass."""
    job = convolve(channels, length_x, length_h)
    by_stream = streams(config, job)
    *some, flush = [command for command in by_stream["pass"] if isinstance(command, Pass)]
    assert flush == FLUSH
    normal = [command for command in some if command.outputs]
    assert len(some) - len(normal) <= config.outputs - 1
    assert len(normal) == passes(config, job)
    assert mac_beats(config, job) == len(normal) * 32
    assert len(by_stream["h_read"]) == sum(c.h for c in some)
    assert len(by_stream["x_read"]) == sum(not c.engine for c in normal)
    assert len(by_stream["x_store"]) == sum(c.store for c in normal)
    assert len(by_stream["x_store"]) == channels * stored_chunks(config, job)
    if config is TINY:
        assert all(command.h for command in normal)


@given(lengths, lengths)
def test_two_outputs_take_about_half_the_passes(length_x: int, length_h: int) -> None:
    """For P chunks by PH: (P + 1)^2 / 4 or P (P + 2) / 4 if PH >= P, otherwise PH + 1 per pair of
    output chunks."""
    job = convolve(1, length_x, length_h)
    p, ph = -(-length_x // TINY.chunk), -(-length_h // TINY.chunk)
    if ph >= p:
        assert passes(TWO, job) == (p + 1) ** 2 // 4
    # A group of two has one pass more than the longer of its two sums, or as many.
    groups = range(p - 1, 0, -2)
    assert passes(TWO, job) == sum(min(k + 1, ph + 1) for k in groups) + p % 2


@schedules
@given(st.integers(1, 4), lengths)
def test_prepare_transforms_every_chunk(config: Config, channels: int, length_h: int) -> None:
    """Each chunk of h is loaded once and stored once, densely."""
    job = Job(Mode.PREPARE, channels, length_h=length_h, h=H, h_spectra=H_SPECTRA)
    by_stream = streams(config, job)
    stride = (length_h * 4 + 4095) & ~4095
    expected = [
        Load(H + channel * stride + start * 4, min(TINY.chunk, length_h - start))
        for channel in range(channels)
        for start in range(0, length_h, TINY.chunk)
    ]
    assert by_stream["load"] == [*expected, Load(0, 0)]
    assert by_stream["h_store"] == [
        HStore(H_SPECTRA + n * TINY.chunk * 8) for n in range(len(expected))
    ]
    assert by_stream["pass"] == [Pass(prepare=True)] * len(expected)
    assert not any(by_stream[name] for name in ("x_read", "h_read", "x_store", "y_store"))
    assert passes(config, job) == 0


@schedules
@given(st.integers(1, 3), lengths, lengths)
def test_loads_run_one_chunk_ahead(
    config: Config, channels: int, length_x: int, length_h: int
) -> None:
    """When X comes out of the engine, only the next one has been loaded."""
    loads = used = 0
    for command in schedule(config, convolve(channels, length_x, length_h)):
        if isinstance(command, Load):
            loads += 1
        if isinstance(command, Pass) and not command.flush:
            used += command.engine
            assert loads == used + 1


@pytest.mark.parametrize(
    ("name", "expected"), [("tiny", 1), ("small", 4), ("edge-ecp5", 32), ("u200", 128)]
)
def test_bursts_of_the_configurations(name: str, expected: int) -> None:
    """Bursts of at most 64 beats and 4 KiB."""
    assert bursts_per_chunk(configs.load(name)) == expected


def test_the_main_job() -> None:
    """450,000 by 450,000 at u200: seven chunks, 28 passes, 229,376 clocks; 16 passes of two."""
    two, one = configs.load("u200"), configs.load("u200+outputs-1")
    job = convolve(1, 450_000, 450_000)
    assert passes(one, job) == 28
    assert mac_beats(one, job) == 229_376
    assert passes(two, job) == 16
    assert mac_beats(two, job) == 131_072
