# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The schedule: the commands chunk_controller issues for one job, in the order of their meaning.

`schedule` is one sequential program. The RTL keeps only the order within each consumer's stream
(see `streams`): the consumers wait for one another through data alone.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator

from models.configs import Config

SAMPLE_BYTES = 4
WORD_BYTES = 8
PAGE_BYTES = 4096
MAX_CHANNELS = 1 << 16
MAX_BURST_BEATS = 64


class Mode(enum.IntEnum):
    """What a job does."""

    PREPARE = 0
    """Makes the filter's spectra."""
    CONVOLVE = 1


@dataclasses.dataclass(frozen=True)
class Job:
    """One job's arguments: lengths in samples, pointers in bytes, 4 KiB aligned.

    PREPARE uses length_h, h and h_spectra; CONVOLVE uses all but h.
    """

    mode: Mode
    channels: int = 1
    length_x: int = 0
    length_h: int = 0
    x: int = 0
    h: int = 0
    h_spectra: int = 0
    x_spectra: int = 0
    y: int = 0


@dataclasses.dataclass(frozen=True)
class Load:
    """sample_reader: bring the chunk at `addr`, of which `samples` exist (0: a dummy chunk)."""

    addr: int
    samples: int


@dataclasses.dataclass(frozen=True)
class XRead:
    """spectrum_reader of X: bring a chunk whose bursts `sequence`.. must have been written."""

    addr: int
    sequence: int


@dataclasses.dataclass(frozen=True)
class HRead:
    """spectrum_reader of H: bring a chunk."""

    addr: int


@dataclasses.dataclass(frozen=True)
class XStore:
    """spectrum_writer of X: store the next chunk at `addr`."""

    addr: int


@dataclasses.dataclass(frozen=True)
class HStore:
    """spectrum_writer of H: store the next chunk at `addr`."""

    addr: int


@dataclasses.dataclass(frozen=True)
class Pass:
    """pass_sequencer: one pass of Config.chunk_beats beats."""

    first: bool = False
    """The accumulator starts anew."""
    last: bool = False
    """The sum goes to the inverse engine."""
    flush: bool = False
    """Zeros in the place of both operands, to push the last chunk out of the inverse engine."""
    engine: bool = False
    """X comes from the forward engine, not from memory."""
    store: bool = False
    """The engine's beats go to memory too."""
    prepare: bool = False
    """The engine's beats go to the H spectra, and nothing to the MAC."""


@dataclasses.dataclass(frozen=True)
class YStore:
    """sample_writer: store `samples` (1..chunk) samples of the next chunk at `addr`."""

    addr: int
    samples: int


@dataclasses.dataclass(frozen=True)
class Overlap:
    """overlap_add: the next chunk; `first` of a channel has nothing to add."""

    first: bool


Command = Load | XRead | HRead | XStore | HStore | Pass | YStore | Overlap

STREAMS: dict[str, type[Command]] = {
    "load": Load,
    "x_read": XRead,
    "h_read": HRead,
    "x_store": XStore,
    "h_store": HStore,
    "pass": Pass,
    "y_store": YStore,
    "overlap": Overlap,
}
"""The consumers' streams and what goes through each."""


def chunks(config: Config, length: int) -> int:
    """The chunks of a row of `length` samples."""
    return -(-length // config.chunk)


def row_bytes(length: int) -> int:
    """The distance in bytes between the rows (channels) of x, h or y: whole pages."""
    return -(-length * SAMPLE_BYTES // PAGE_BYTES) * PAGE_BYTES


def spectrum_bytes(config: Config) -> int:
    """The bytes of one chunk's spectrum in memory."""
    return config.chunk * WORD_BYTES


def bursts_per_chunk(config: Config) -> int:
    """The bursts one chunk's spectrum is read or written in."""
    beat_bytes = config.lanes * WORD_BYTES
    return config.chunk_beats // min(MAX_BURST_BEATS, PAGE_BYTES // beat_bytes, config.chunk_beats)


def schedule(config: Config, job: Job) -> Iterator[Command]:
    """All commands of a valid job, each after everything that it waits for."""
    if job.mode == Mode.PREPARE:
        yield from _prepare(config, job)
    else:
        yield from _convolve(config, job)


def streams(config: Config, job: Job) -> dict[str, list[Command]]:
    """The schedule as each consumer sees it: stream name -> its commands in order."""
    commands = list(schedule(config, job))
    return {
        name: [command for command in commands if isinstance(command, kind)]
        for name, kind in STREAMS.items()
    }


def passes(config: Config, job: Job) -> int:
    """The MAC passes of a job: one for each pair of chunks, the flush not counted."""
    if job.mode == Mode.PREPARE:
        return 0
    p = chunks(config, job.length_x)
    ph = min(chunks(config, job.length_h), p)
    return job.channels * (ph * (ph + 1) // 2 + (p - ph) * ph)


def mac_beats(config: Config, job: Job) -> int:
    """The clocks the MAC computes in: what a job takes when nothing else is slower."""
    return passes(config, job) * config.chunk_beats


def _row_chunks(
    config: Config, base: int, length: int, channels: int
) -> Iterator[tuple[int, int, int, int]]:
    """(channel, chunk, byte address, samples) of every chunk of linear rows."""
    for channel in range(channels):
        for index in range(chunks(config, length)):
            addr = base + channel * row_bytes(length) + index * config.chunk * SAMPLE_BYTES
            yield channel, index, addr, min(config.chunk, length - index * config.chunk)


def _loads(config: Config, base: int, length: int, channels: int) -> Iterator[Load]:
    """One Load a chunk, and a dummy: only the frame behind it pushes a chunk out of the engine."""
    for _, _, addr, samples in _row_chunks(config, base, length, channels):
        yield Load(addr, samples)
    yield Load(0, 0)


def _prepare(config: Config, job: Job) -> Iterator[Command]:
    loads = _loads(config, job.h, job.length_h, job.channels)
    yield next(loads)
    for number in range(job.channels * chunks(config, job.length_h)):
        yield next(loads)
        yield HStore(job.h_spectra + number * spectrum_bytes(config))
        yield Pass(prepare=True)


def _convolve(config: Config, job: Job) -> Iterator[Command]:
    size = spectrum_bytes(config)
    p = chunks(config, job.length_x)
    ph_row = chunks(config, job.length_h)
    ph = min(ph_row, p)
    loads = _loads(config, job.x, job.length_x, job.channels)
    yield next(loads)
    for channel, k, y_addr, samples in _row_chunks(config, job.y, job.length_x, job.channels):
        yield next(loads)
        oldest = max(0, k - ph + 1)
        store = k + 1 < p and ph > 1
        for i in range(oldest, k + 1):
            yield HRead(job.h_spectra + (channel * ph_row + k - i) * size)
            if i < k:
                # Every channel writes all its chunks but the last, so this counts the bursts
                # that the writer has to have finished before this chunk may be read.
                written = channel * (p - 1) + i
                sequence = written * bursts_per_chunk(config)
                yield XRead(job.x_spectra + i * size, sequence % (1 << 32))
            elif store:
                yield XStore(job.x_spectra + i * size)
            yield Pass(first=i == oldest, last=i == k, engine=i == k, store=i == k and store)
        yield YStore(y_addr, samples)
        yield Overlap(first=k == 0)
    yield Pass(first=True, last=True, flush=True)
