# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts a job's clocks: passes, fill, and waits for the port of X.

The passes come from the schedule. The fill is the sum of the latencies of the RTL's pipelines and
of the memory. The waits come from the port of X's spectra, where reads and writes share one beat
per clock and a chunk can be read only after it has been written: that port and the passes are
simulated in steps of a few clocks until their pattern repeats.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import deque
from collections.abc import Sequence

from crocuta.models import layout
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import (
    Job,
    Mode,
    newest_chunks,
    oldest_chunk,
    past_chunks,
    stored_chunks,
)
from crocuta.models.convolution.chunk_controller import passes as job_passes
from crocuta.models.layout import chunk_count

READER_FIFO = 512
"""Beats that a spectrum_reader holds or has requested."""
FOLLOWED_BEATS = 4096
"""Longer passes are simulated as if they had this many beats: nothing new happens after that."""
TILE_SLOTS = 4
"""Tiles of sample_reader and sample_writer."""
SHORT_CHUNKS = 4
"""New chunks of a channel that show what happens between two of a stream's channels: so few that
their passes have no pattern yet, which would end the simulation."""

# rtl/cfp_pkg.sv has the first two, rtl/sizes_pkg.sv those above: tests/test_constants.py.
ROTATE_CLOCKS = 8
BUTTERFLY_CLOCKS = 9
ROM_CLOCKS = 3
RAM_CLOCKS = 3
"""Latency of a commutator whose delay is a RAM; with registers it is one clock."""

# Latency of the modules around the engines, from the RTL's counters.
FRONT_CLOCKS = 12
PREPARE_TAIL_CLOCKS = 42
CONVOLVE_TAIL_CLOCKS = 83
TILE_CLOCKS = 7
WRITE_START = 5
ACKNOWLEDGE = 1
READ_START = 4


@dataclasses.dataclass(frozen=True)
class Memory:
    """Timing of the memory behind each port; the defaults are those of every bench."""

    latency: int = 60
    """Clocks from a burst's address to its first beat, and from its last to its response."""
    bandwidth: float = 1.0
    """Beats per clock and port, reads and writes together."""


@dataclasses.dataclass(frozen=True)
class Clocks:
    """A job's clocks; `total` is the rounded sum of the others."""

    total: int
    passes: int
    """C / W for each pass, in which the MAC computes."""
    fill: int
    """Before the first pass, and after the last one."""
    waits: int
    """Within the passes."""


def burst_beats(config: Config) -> int:
    """Beats of a burst of spectra."""
    return layout.spectrum_burst_beats(config.lanes, config.chunk)


def tile_beats(config: Config) -> int:
    """Engine beats per tile of samples."""
    return layout.tile_beats(config.lanes, config.chunk)


def path_clocks(config: Config) -> int:
    """More than a beat takes through an engine and what is around it: the size of the FIFO behind
    it."""
    return 24 * config.chunk_log2 + 16


def engine_clocks(config: Config, inverse: bool) -> int:
    """The latency of an engine, without the beats that it holds."""
    later = config.chunk_log2 - config.lanes_log2
    short = min(2, later)
    level = ROTATE_CLOCKS + BUTTERFLY_CLOCKS + (0 if inverse else ROM_CLOCKS)
    commutators = RAM_CLOCKS * (later - short) + short
    return config.chunk_log2 * level + commutators + (1 if inverse else 0)


def tile_axi_beats(config: Config, samples: int, tile: int) -> int:
    """AXI beats of one tile, one burst per lane, in a chunk with this many samples."""
    beat_samples = 2 * config.lanes
    size = tile_beats(config)
    beats = 0
    for lane in range(config.lanes):
        start = lane * config.chunk_beats + tile * size
        beats += -(-min(size, max(0, samples - start)) // beat_samples)
    return beats


def prepare_clocks(
    config: Config, length_h: int, channels: int = 1, memory: Memory | None = None
) -> Clocks:
    """The clocks of a PREPARE job."""
    memory = memory or Memory()
    count = channels * chunk_count(config, length_h)
    beats = config.chunk_beats
    passes = count * beats
    burst = burst_beats(config)
    supply = max(passes, _last_start(config, count, memory) + beats)
    # The last burst is written once it is complete, as was the first one.
    last = max(supply + burst / memory.bandwidth, burst + passes / memory.bandwidth)
    fill = _front(config, length_h, memory) + burst + memory.latency + PREPARE_TAIL_CLOCKS
    return _clocks(passes, fill, last - burst - passes)


def convolve_clocks(
    config: Config,
    length_x: int,
    length_h: int,
    channels: int = 1,
    memory: Memory | None = None,
    past: int | None = None,
) -> Clocks:
    """The clocks of a CONVOLVE job. In a stream, `past` is the number of chunks before x."""
    memory = memory or Memory()
    job = Job(Mode.CONVOLVE, 1, length_x, length_h)
    if past is not None:
        rows = chunk_count(config, length_x) + chunk_count(config, length_h)
        job = dataclasses.replace(job, ring=1 << (rows - 1).bit_length(), first_chunk=past)
    passes = channels * config.chunk_beats * job_passes(config, job)
    schedule, before = _groups(config, job), past_chunks(config, job)
    front = _front(config, length_x, memory)
    if before:
        # The first passes run while x is loaded and transformed.
        busy = channels * _sum(config, schedule, memory, before, front)
        busy += (channels - 1) * _between(config, job, memory)
        front = max(front - _sum(config, _early(schedule), memory, before), 0)
        busy -= front
    else:
        busy = channels * _sum(config, schedule, memory, before)
    count = channels * chunk_count(config, length_x)
    supply = _last_start(config, count, memory) + config.chunk_beats
    last = max(busy, supply, passes + _port_waits(config, count, memory))
    return _clocks(passes, front + _tail(config, length_x, memory), last - passes)


def _clocks(passes: int, fill: float, waits: float) -> Clocks:
    total = round(passes + fill + waits)
    return Clocks(total, passes, round(fill), total - passes - round(fill))


def _front(config: Config, length: int, memory: Memory) -> float:
    """Until the first chunk has left the forward engine: the chunk itself and the pipeline."""
    first = tile_axi_beats(config, min(length, config.chunk), 0)
    return (
        config.chunk_beats
        + memory.latency
        + first / memory.bandwidth
        + engine_clocks(config, inverse=False)
        + 2 * config.lanes
        + FRONT_CLOCKS
    )


def _tail(config: Config, length: int, memory: Memory) -> float:
    """From the last pass to the end: the last chunk is flushed out and written to memory."""
    beats, size = config.chunk_beats, tile_beats(config)
    samples = (length - 1) % config.chunk + 1
    last = (min(samples, beats) - 1) // size
    missing = beats - (last + 1) * size
    written = tile_axi_beats(config, samples, last) / memory.bandwidth
    edge = CONVOLVE_TAIL_CLOCKS + 4 * config.lanes
    end = max(edge, edge + memory.latency + written - missing)
    return beats + engine_clocks(config, inverse=True) + end


def _last_start(config: Config, count: int, memory: Memory) -> float:
    """When the last of `count` chunks leaves the forward engine, counted from the first one, if
    only the reader of samples limits: it requests a tile once the tile four before has been
    used."""
    size = tile_beats(config)
    reads = config.lanes * size // (2 * config.lanes)
    turn = memory.latency + reads / memory.bandwidth + size + TILE_CLOCKS
    tiles = (count - 1) * config.chunk_beats // size
    if turn <= TILE_SLOTS * size:
        return tiles * size
    # Tile 1 is the first chunk's last; each round has four tiles.
    turns, rest = divmod(tiles, TILE_SLOTS)
    return turns * turn + rest * size


def _port_waits(config: Config, count: int, memory: Memory) -> float:
    """Clocks lost at the port of samples, where samples come in and go out in every clock, half a
    beat each. The first and the last chunk do not coincide, and buffered tiles make up for some."""
    held = 3 + TILE_SLOTS * tile_beats(config) // config.chunk_beats
    return max(0, count - held) * config.chunk_beats * (1 / memory.bandwidth - 1)


@dataclasses.dataclass(frozen=True)
class _Group:
    """Output chunks that are computed together."""

    oldest: int
    """The first chunk of X in the passes."""
    fresh: int
    """The first chunk of X that comes straight from the engine."""
    newest: int
    store: bool
    """Whether the chunks from the engine are written to memory."""
    alone: bool = False
    """Whether they have to wait for a pass of its own that fetches their first H: in a stream. X of
    the past is there at once, a chunk from the engine only later."""

    @property
    def passes(self) -> int:
        return self.newest - self.oldest + 1


def _groups(config: Config, job: Job) -> tuple[_Group, ...]:
    """The passes of a channel."""
    ph, stored = chunk_count(config, job.length_h), stored_chunks(config, job)
    past = past_chunks(config, job)
    groups = newest_chunks(config, past + chunk_count(config, job.length_x), past)
    return tuple(
        _Group(
            oldest_chunk(config, newest, ph),
            min(max(past, newest - config.outputs + 1), newest + 1),
            newest,
            newest < past + stored,
            alone=past > 0 and config.outputs == 2 and newest == groups[0] < ph,
        )
        for newest in groups
    )


def _next(groups: tuple[_Group, ...], chunks: int) -> tuple[_Group, ...]:
    """The passes of the next channel, its chunks counted from `chunks` on."""
    return tuple(
        dataclasses.replace(
            group,
            oldest=group.oldest + chunks,
            fresh=group.fresh + chunks,
            newest=group.newest + chunks,
            alone=False,
        )
        for group in groups
    )


def _early(groups: tuple[_Group, ...]) -> tuple[_Group, ...]:
    """The passes before the first that takes a chunk from the engine."""
    found: list[_Group] = []
    for group in groups:
        if group.fresh > group.oldest:
            found.append(dataclasses.replace(group, newest=group.fresh - 1))
        if group.fresh <= group.newest:
            break
    return tuple(found)


def _between(config: Config, job: Job, memory: Memory) -> float:
    """The clocks that the passes of a stream's channel take longer after another channel than as
    the first one, from a job with few chunks: mostly less than 0.

    A channel's first passes read X of the past. They are fetched during the passes before, but the
    kernel counts the bursts that a read waits for over all channels: it fetches the last X of the
    past only when the last X of the channel before is stored.
    """
    past = past_chunks(config, job)
    chunks = min(chunk_count(config, job.length_x), SHORT_CHUNKS)
    short = _groups(config, dataclasses.replace(job, length_x=chunks * config.chunk))
    front = _front(config, job.length_x, memory)
    both = short + _next(short, chunks)
    one, two = (_sum(config, groups, memory, past, front) for groups in (short, both))
    return two - 2 * one


def _sum(
    config: Config, groups: tuple[_Group, ...], memory: Memory, past: int, front: float = 0
) -> float:
    """The clocks until the last beat of passes, with `past` chunks in memory; the engine has its
    first chunk after `front` clocks."""
    beats = config.chunk_beats
    followed = min(beats, FOLLOWED_BEATS)
    timing = burst_beats(config), memory.latency, memory.bandwidth
    more = (beats - followed) / memory.bandwidth
    early = _early(groups)
    alone = any(group.alone for group in early)
    front -= more * (sum(group.passes for group in early) + alone)
    found = _followed(groups, followed, *timing, past, max(0, front))
    return found + more * (sum(group.passes for group in groups) + alone)


@functools.lru_cache(maxsize=1024)
def _followed(
    groups: tuple[_Group, ...],
    beats: int,
    burst: int,
    latency: int,
    bandwidth: float,
    past: int,
    front: float,
) -> float:
    """See `_sum`."""
    port = _Port(groups, beats, burst, latency, bandwidth, past, front)
    pace = beats / bandwidth
    total, extras = 0.0, deque[float](maxlen=12)
    for number, group in enumerate(groups):
        if len(extras) == 12 and max(extras) - min(extras) < 1:
            # The pattern repeats, except that the last chunk is not stored.
            left = sum(other.passes for other in groups[number:])
            return total + left * pace + (len(groups) - number) * extras[-1]
        clocks = port.group(group)
        extras.append(clocks - group.passes * pace)
        total += clocks
    return total


class _Port:
    """Simulates the port of X's spectra and the passes that wait for it, in steps of some
    clocks."""

    def __init__(
        self,
        groups: Sequence[_Group],
        beats: int,
        burst: int,
        latency: int,
        bandwidth: float,
        past: int,
        front: float,
    ) -> None:
        self.beats, self.burst = beats, burst
        self.latency, self.bandwidth, self.front = latency, bandwidth, front
        self.step = max(1, min(burst // 4, beats // 128))
        self.time = 0.0
        # Reader: chunks to come, the current burst, and beats in total.
        self.reads = iter(i for group in groups for i in range(group.oldest, group.fresh))
        self.place = (next(self.reads, None), 0)
        self.after = next(self.reads, None)
        self.issued = self.delivered = self.popped = 0.0
        self.coming: deque[tuple[float, float]] = deque()  # time, and beats requested by then
        self.arrived = 0.0  # beats the memory can have delivered
        # Writer, likewise.
        self.pushed = self.written = 0.0
        self.complete: deque[tuple[float, float]] = deque()
        self.writable = 0.0
        self.responses: deque[tuple[float, int]] = deque()
        self.past = past * beats // burst  # bursts that earlier jobs wrote
        self.acknowledged = self.past
        self.filter = float(READER_FIFO)  # beats of H in its FIFO

    def group(self, group: _Group) -> float:
        """The clocks of a group's passes."""
        start = self.time
        if group.alone:
            self._wait(self.latency + READ_START + self.beats)
        for i in range(group.oldest, group.newest + 1):
            engine = i >= group.fresh
            store = engine and group.store
            if engine:
                self._wait(self.front)
            if not self._quick(engine, store):
                self._walk(engine, store)
        return self.time - start

    def _quick(self, engine: bool, store: bool) -> bool:
        """Completes a whole pass at once if nothing can wait in it."""
        if self.bandwidth < 1 or store or self.written < self.pushed or self.responses:
            return False
        if self.issued - self.popped < READER_FIFO or self.delivered < self.issued:
            return False
        if not engine:
            if not self._readable(self.beats // self.burst):
                return False
            for _ in range(self.beats // self.burst):
                self._next()
            self.popped += self.beats
            self.issued += self.beats
            self.delivered = self.arrived = self.issued
        self.time += self.beats
        return True

    def _readable(self, ahead: int = 1) -> bool:
        """Whether the next `ahead` bursts may be read."""
        bursts = self.beats // self.burst
        i, burst = self.place
        later = burst + ahead - 1 - bursts
        if i is None or i * bursts + min(burst + ahead, bursts) > self.acknowledged:
            return False
        if later < 0:
            return True
        return self.after is not None and self.after * bursts + later < self.acknowledged

    def _next(self) -> None:
        i, burst = self.place
        if burst + 1 < self.beats // self.burst:
            self.place = (i, burst + 1)
        else:
            self.place, self.after = (self.after, 0), next(self.reads, None)

    def _wait(self, until: float) -> None:
        while self.time < until:
            self._move()
            self.time += self.step

    def _walk(self, engine: bool, store: bool) -> None:
        done = 0.0
        while done < self.beats:
            self._move()
            able = min(self.step, self.beats - done, self.filter)
            if store:
                able = min(able, 2 * self.burst + 1 - (self.pushed - self.written))
            elif not engine:
                able = min(able, self.delivered - self.popped)
            done += able
            self.filter -= able
            self.time += self.step
            if store:
                before = self.pushed // self.burst
                self.pushed += able
                if self.pushed // self.burst > before:
                    whole = self.pushed // self.burst * self.burst
                    self.complete.append((self.time + WRITE_START, whole))
            elif not engine:
                self.popped += able

    def _move(self) -> None:
        """Advances the memory by a step."""
        now, step = self.time, self.step
        while self.responses and self.responses[0][0] <= now:
            self.acknowledged = self.responses.popleft()[1]
        while self.issued + self.burst - self.popped <= READER_FIFO and self._readable():
            self.issued += self.burst
            self.coming.append((now + self.latency + READ_START, self.issued))
            self._next()
        while self.coming and self.coming[0][0] <= now:
            self.arrived = self.coming.popleft()[1]
        while self.complete and self.complete[0][0] <= now:
            self.writable = self.complete.popleft()[1]
        room = step * self.bandwidth
        write = min(room, self.writable - self.written)
        read = min(room, self.arrived - self.delivered)
        if write + read > room:
            write = min(write, max(room / 2, room - read))
            read = room - write
        self.delivered += read
        before = self.written // self.burst
        self.written += write
        if self.written // self.burst > before:
            response = now + step + self.latency + ACKNOWLEDGE
            self.responses.append((response, self.past + int(self.written // self.burst)))
        self.filter = min(READER_FIFO, self.filter + room)
