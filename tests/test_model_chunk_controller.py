# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The schedule against brute force: it is executed on symbols, not compared with itself."""

from __future__ import annotations

import dataclasses
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import configs
from models.chunk_controller import (
    HRead,
    HStore,
    Job,
    Load,
    Mode,
    Overlap,
    Pass,
    XRead,
    XStore,
    YStore,
    bursts_per_chunk,
    mac_beats,
    passes,
    schedule,
    streams,
)

TINY = configs.load("tiny")
X, H, Y, X_SPECTRA, H_SPECTRA = (n << 40 for n in range(1, 6))

lengths = st.integers(1, 9 * TINY.chunk)


def convolve(channels: int, length_x: int, length_h: int) -> Job:
    """A CONVOLVE job with arrays far apart."""
    return Job(
        Mode.CONVOLVE, channels, length_x, length_h,
        x=X, h_spectra=H_SPECTRA, x_spectra=X_SPECTRA, y=Y,
    )  # fmt: skip


@dataclasses.dataclass
class Machine:
    """Executes a schedule on chunk numbers in the place of data."""

    loaded: deque[Load] = dataclasses.field(default_factory=deque)
    h: deque[int] = dataclasses.field(default_factory=deque)
    x: deque[XRead] = dataclasses.field(default_factory=deque)
    stores: deque[int] = dataclasses.field(default_factory=deque)
    memory: dict[int, tuple[int, Load]] = dataclasses.field(default_factory=dict)
    """Spectra of X: address -> (number of the store, the samples it was made of)."""
    written: int = 0
    accumulator: list[tuple[Load, int]] | None = None
    sums: deque[list[tuple[Load, int]]] = dataclasses.field(default_factory=deque)
    outputs: list[tuple[YStore, Overlap, list[tuple[Load, int]]]] = dataclasses.field(
        default_factory=list
    )
    flushed: bool = False

    def engine(self) -> Load:
        """The next transformed chunk: it comes out when the one behind it is there too."""
        assert len(self.loaded) >= 2, "the engine holds a chunk until the next one is loaded"
        return self.loaded.popleft()

    def run(self, job: Job) -> None:
        """Executes all commands."""
        pending: YStore | None = None
        for command in schedule(TINY, job):
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
                    pending = command
                case Overlap():
                    assert pending is not None
                    self.outputs.append((pending, command, self.sums.popleft()))
                    pending = None
                case HStore():
                    raise AssertionError("CONVOLVE does not write H")

    def execute(self, command: Pass) -> None:
        """One pass."""
        assert not command.prepare and not self.flushed
        if command.flush:
            self.flushed = True
            return
        if command.engine:
            x = self.engine()
        else:
            read = self.x.popleft()
            number, x = self.memory[read.addr]
            assert read.sequence == number * bursts_per_chunk(TINY)
        if command.store:
            assert command.engine
            self.memory[self.stores.popleft()] = (self.written, x)
            self.written += 1
        if command.first:
            assert self.accumulator is None
            self.accumulator = []
        assert self.accumulator is not None
        self.accumulator.append((x, self.h.popleft()))
        if command.last:
            self.sums.append(self.accumulator)
            self.accumulator = None


@given(st.integers(1, 3), lengths, lengths)
def test_convolve_is_every_pair_once(channels: int, length_x: int, length_h: int) -> None:
    """Output chunk k of each channel sums exactly the pairs i + j = k, the oldest X first."""
    job = convolve(channels, length_x, length_h)
    machine = Machine()
    machine.run(job)
    chunk, size = TINY.chunk, TINY.chunk * 8
    starts = list(range(0, length_x, chunk))
    ph_row = len(range(0, length_h, chunk))
    stride_x = (length_x * 4 + 4095) & ~4095
    outputs = iter(machine.outputs)
    for channel in range(channels):
        for k, start in enumerate(starts):
            store, overlap, pairs = next(outputs)
            samples = min(chunk, length_x - start)
            assert store == YStore(Y + channel * stride_x + start * 4, samples)
            assert overlap.first == (k == 0)
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
    assert machine.accumulator is None


@given(st.integers(1, 4), lengths, lengths)
def test_closed_forms_count_the_schedule(channels: int, length_x: int, length_h: int) -> None:
    """Pass counts, and one command for each thing a pass takes."""
    job = convolve(channels, length_x, length_h)
    by_stream = streams(TINY, job)
    normal = [c for c in by_stream["pass"] if isinstance(c, Pass) and not c.flush]
    assert len(normal) == passes(TINY, job)
    assert mac_beats(TINY, job) == len(normal) * 32
    assert len(by_stream["h_read"]) == len(normal)
    assert len(by_stream["x_read"]) == sum(not c.engine for c in normal)
    assert len(by_stream["x_store"]) == sum(c.store for c in normal)
    assert by_stream["pass"][-1] == Pass(first=True, last=True, flush=True)


@given(st.integers(1, 4), lengths)
def test_prepare_transforms_every_chunk(channels: int, length_h: int) -> None:
    """Each chunk of h is loaded once and stored once, densely."""
    job = Job(Mode.PREPARE, channels, length_h=length_h, h=H, h_spectra=H_SPECTRA)
    by_stream = streams(TINY, job)
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
    assert passes(TINY, job) == 0


@given(st.integers(1, 3), lengths, lengths)
def test_loads_run_one_chunk_ahead(channels: int, length_x: int, length_h: int) -> None:
    """When the passes of an output chunk come, its X and the next one are loaded, no more."""
    loads = done = 0
    for command in schedule(TINY, convolve(channels, length_x, length_h)):
        if isinstance(command, Load):
            loads += 1
        if isinstance(command, Pass) and not command.flush:
            assert loads == done + 2
            done += command.last


@pytest.mark.parametrize(
    ("name", "expected"), [("tiny", 1), ("small", 4), ("edge-ecp5", 32), ("u200", 128)]
)
def test_bursts_of_the_configurations(name: str, expected: int) -> None:
    """Bursts of at most 64 beats and 4 KiB."""
    assert bursts_per_chunk(configs.load(name)) == expected


def test_the_main_job() -> None:
    """450,000 by 450,000 at u200: seven chunks, 28 passes, 229,376 clocks."""
    u200 = configs.load("u200")
    job = convolve(1, 450_000, 450_000)
    assert passes(u200, job) == 28
    assert mac_beats(u200, job) == 229_376
