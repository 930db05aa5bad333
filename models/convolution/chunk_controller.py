# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The schedule: the commands that chunk_controller issues for a job.

`schedule` is one sequential program. The RTL preserves the order only within each consumer's stream
(see `streams`); the consumers wait for one another only through data.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
from collections.abc import Iterator

from crocuta.models.configs import Config
from crocuta.models.layout import (
    SAMPLE_BYTES,
    WORD_BYTES,
    chunk_count,
    row_bytes,
    spectrum_burst_beats,
)

MAX_CHANNELS = 1 << 16


class Mode(enum.IntEnum):
    """The kind of job."""

    PREPARE = 0
    """Computes the filter's spectra."""
    CONVOLVE = 1


@dataclasses.dataclass(frozen=True)
class Job:
    """A job's arguments: lengths in samples, pointers in bytes, multiples of 4 KiB.

    PREPARE uses length_h, h and h_spectra; CONVOLVE uses all but h. z_spectra is a four-step job's.

    With `ring`, x continues a stream: `first_chunk` chunks came before it. Each channel's spectra
    of x are kept at x_spectra from job to job, in a ring of `ring` rows, a power of two: chunk n of
    the stream is in row n modulo `ring`. The ring holds as many chunks as h has, and those of x.
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
    z_spectra: int = 0
    ring: int = 0
    first_chunk: int = 0


@dataclasses.dataclass(frozen=True)
class Load:
    """sample_reader: load the chunk at `addr`, of which `samples` exist (0: a dummy chunk)."""

    addr: int
    samples: int


@dataclasses.dataclass(frozen=True)
class XRead:
    """spectrum_reader of X: read a chunk, once the bursts from `sequence` on have been written."""

    addr: int
    sequence: int


@dataclasses.dataclass(frozen=True)
class HRead:
    """spectrum_reader of H: read a chunk."""

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
    """pass_sequencer: one pass of Config.chunk_beats beats.

    `outputs`, `first` and `last` have a bit per output chunk that a pass may add to. Bit 0
    multiplies X by the incoming H, bit 1 (Config.outputs = 2) by that of the previous pass.
    """

    outputs: int = 0
    """The output chunks that the pass adds to."""
    first: int = 0
    """Those whose accumulator starts from zero."""
    last: int = 0
    """Those whose total is sent to the inverse engine: at most one."""
    h: bool = False
    """H comes from memory."""
    flush: bool = False
    """Zeros for both operands, to push the last chunk out of the inverse engine."""
    engine: bool = False
    """X comes from the forward engine, not from memory."""
    store: bool = False
    """The engine's beats are also written to memory."""
    prepare: bool = False
    """The engine's beats are written to the H spectra, and the MAC gets nothing."""
    no_tail: bool = False
    """There is no tail to add: the completed output chunk is its channel's first, or computed again
    only for its own tail."""


FLUSH = Pass(outputs=1, first=1, last=1, flush=True, no_tail=True)


@dataclasses.dataclass(frozen=True)
class YStore:
    """sample_writer: store `samples` (1..chunk) samples of the next chunk at `addr`."""

    addr: int
    samples: int


Command = Load | XRead | HRead | XStore | HStore | Pass | YStore

STREAMS: dict[str, type[Command]] = {
    "load": Load,
    "x_read": XRead,
    "h_read": HRead,
    "x_store": XStore,
    "h_store": HStore,
    "pass": Pass,
    "y_store": YStore,
}
"""The consumers' streams and the commands of each."""


def spectrum_bytes(config: Config) -> int:
    """The bytes of one chunk's spectrum in memory."""
    return config.chunk * WORD_BYTES


def bursts_per_chunk(config: Config) -> int:
    """The number of bursts for one chunk's spectrum."""
    return config.chunk_beats // spectrum_burst_beats(config.lanes, config.chunk)


def schedule(config: Config, job: Job) -> Iterator[Command]:
    """All commands of a valid job, each after everything that it depends on."""
    if job.mode == Mode.PREPARE:
        yield from _prepare(config, job)
    else:
        yield from _convolve(config, job)


def streams(config: Config, job: Job) -> dict[str, list[Command]]:
    """The schedule as seen by each consumer: its commands in order, by stream name."""
    commands = list(schedule(config, job))
    return {
        name: [command for command in commands if isinstance(command, kind)]
        for name, kind in STREAMS.items()
    }


def past_chunks(config: Config, job: Job) -> int:
    """The chunks before x, of the same stream, whose spectra a job reads: those that the filter
    reaches from the last of them."""
    return min(job.first_chunk, chunk_count(config, job.length_h)) if job.ring else 0


def newest_chunks(config: Config, p: int, past: int = 0) -> range:
    """The newest output chunk of each group. Groups have Config.outputs chunks; the first one may
    have fewer.

    If the first `past` of the p chunks are of earlier jobs, the groups begin with the last of them.
    It is computed again for its tail, which the next one needs.
    """
    first = max(0, past - 1)
    return range(first + (p - 1 - first) % config.outputs, p, config.outputs)


def oldest_chunk(config: Config, newest: int, ph: int) -> int:
    """The first X that a group of output chunks needs, for `ph` chunks of h."""
    return max(0, newest - config.outputs - ph + 2)


def passes(config: Config, job: Job) -> int:
    """The MAC passes of a job, one per chunk of X that a group of output chunks needs, not counting
    those that only fetch H, nor the flush."""
    if job.mode == Mode.PREPARE:
        return 0
    past, ph = past_chunks(config, job), chunk_count(config, job.length_h)
    groups = newest_chunks(config, past + chunk_count(config, job.length_x), past)
    return job.channels * sum(newest - oldest_chunk(config, newest, ph) + 1 for newest in groups)


def stored_chunks(config: Config, job: Job) -> int:
    """The chunks of X that a channel of a CONVOLVE job writes: all but those of the last group, and
    none if the filter has one chunk, which needs no older X. In a stream all, for the next job."""
    if job.ring:
        return chunk_count(config, job.length_x)
    if chunk_count(config, job.length_h) == 1:
        return 0
    return max(0, chunk_count(config, job.length_x) - config.outputs)


def mac_beats(config: Config, job: Job) -> int:
    """The clocks in which the MAC is busy: the duration of a job if nothing else is slower."""
    return passes(config, job) * config.chunk_beats


def _row_chunks(
    config: Config, base: int, length: int, channels: int
) -> Iterator[tuple[int, int, int, int]]:
    """(channel, chunk, byte address, samples) of every chunk of linear rows."""
    for channel in range(channels):
        for index in range(chunk_count(config, length)):
            addr = base + channel * row_bytes(length) + index * config.chunk * SAMPLE_BYTES
            yield channel, index, addr, min(config.chunk, length - index * config.chunk)


def _loads(config: Config, base: int, length: int, channels: int) -> Iterator[Load]:
    """One Load per chunk, and a dummy: a chunk leaves the engine only when another follows it."""
    for _, _, addr, samples in _row_chunks(config, base, length, channels):
        yield Load(addr, samples)
    yield Load(0, 0)


def _prepare(config: Config, job: Job) -> Iterator[Command]:
    loads = _loads(config, job.h, job.length_h, job.channels)
    yield next(loads)
    for number in range(job.channels * chunk_count(config, job.length_h)):
        yield next(loads)
        yield HStore(job.h_spectra + number * spectrum_bytes(config))
        yield Pass(prepare=True)


def _convolve(config: Config, job: Job) -> Iterator[Command]:
    size = spectrum_bytes(config)
    past, ph = past_chunks(config, job), chunk_count(config, job.length_h)
    p = past + chunk_count(config, job.length_x)
    groups = newest_chunks(config, p, past)
    stored = stored_chunks(config, job)
    loads = _loads(config, job.x, job.length_x, job.channels)
    outputs = _row_chunks(config, job.y, job.length_x, job.channels)
    yield next(loads)
    if config.outputs == 2 and groups[0] < ph:
        yield HRead(job.h_spectra + groups[0] * size)
        yield Pass(h=True)
    for channel, newest in itertools.product(range(job.channels), groups):
        oldest = oldest_chunk(config, newest, ph)
        fresh = max(0, newest - config.outputs + 1)
        for i in range(oldest, newest + 1):
            one = _pass(config, i, newest, ph, past)
            if i >= max(fresh, past):
                yield next(loads)
                one = dataclasses.replace(one, engine=True, store=i < past + stored)
            j = _h_chunk(config, i, newest, groups, ph)
            if j is not None:
                row = channel
                if config.outputs == 2 and i == p - 1:
                    row += 1
                if row < job.channels:
                    yield HRead(job.h_spectra + (row * ph + j) * size)
                    one = dataclasses.replace(one, h=True)
            x_addr = job.x_spectra + i * size
            if job.ring:
                row = channel * job.ring + (job.first_chunk - past + i) % job.ring
                x_addr = job.x_spectra + row * size
            if not one.engine:
                # The writer must have completed this many bursts before the chunk may be read;
                # below zero, an earlier job wrote it.
                sequence = (channel * stored + i - past) * bursts_per_chunk(config)
                yield XRead(x_addr, sequence % (1 << 32))
            elif one.store:
                yield XStore(x_addr)
            yield one
            if one.last and one.engine:
                _, _, y_addr, samples = next(outputs)
                yield YStore(y_addr, samples)
    yield FLUSH


def _pass(config: Config, i: int, newest: int, ph: int, past: int) -> Pass:
    """X_i's pass of a group: the output chunks it adds to, each with its oldest X first. Of the
    past's only the last is computed."""
    taking, first, last = 0, 0, 0
    for bit in range(config.outputs):
        k = newest - config.outputs + 1 + bit
        if k >= past - 1 and 0 <= k - i < ph:
            taking |= 1 << bit
            first |= (i == max(0, k - ph + 1)) << bit
            last |= (i == k) << bit
    return Pass(taking, first, last, no_tail=bool(last) and i < max(1, past))


def _h_chunk(config: Config, i: int, newest: int, groups: range, ph: int) -> int | None:
    """The chunk of h that X_i's pass of a group fetches, if any.

    The pass of the newer X of a pair of output chunks multiplies only by the kept H. It fetches the
    highest H of the next group: that of the second output chunk's first pair, if that includes
    chunk 0 of x.
    """
    if config.outputs == 1 or i < newest:
        return newest - config.outputs + 1 - i
    following = newest + 2 if newest != groups[-1] else groups[0]
    return following if following < ph else None
