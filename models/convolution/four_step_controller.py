# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The four-step schedule: the commands that four_step_controller issues for a job.

A channel is P tiles of columns and P rows. To the engines, each of them is a chunk:

    forward engine   tiles of x | flush | rows                 | tiles of the next channel ...
    inverse engine                      | rows | flush | tiles of y   | rows ...

The forward engine writes the tiles of x to memory, at x_spectra, and takes them back as rows. Each
row of the spectrum is multiplied by H. The inverse engine writes the products' transforms to memory
as rows of z, at z_spectra, and takes them back as tiles of y. An engine holds its latest
chunks until more beats follow, so a flush pushes out what must be in memory before the next chunks
can begin. With one row, nothing goes through memory: a channel is one chunk, from x to y.

`schedule` is one sequential program. The RTL preserves the order only within each consumer's stream
(see `streams`).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import NamedTuple

from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.layout import SAMPLE_BYTES, WORD_BYTES, row_bytes, row_count


class Kind(enum.IntEnum):
    """The kinds of chunks that an engine processes."""

    FLUSH = 0
    """Zeros that push out all that the engine holds, and are then discarded."""
    TILE = 1
    """A tile of columns. Forward: samples in, to x_store out. Inverse: z_read in, samples out."""
    ROW = 2
    """A row of several. Forward: x_read in, twisted. Inverse: untwisted, z_store out."""
    CHUNK = 3
    """The only row, neither twisted nor stored in memory. Samples in, samples out."""


HELD = {Kind.TILE: 2, Kind.ROW: 1, Kind.CHUNK: 1}
"""The chunks that have to follow one into an engine before all of it has left. An engine holds a
chunk less a beat, and half a chunk more of tiles, whose order of rows it restores."""


@dataclasses.dataclass(frozen=True)
class Load:
    """sample_reader: load the tile (P = 1: chunk) at `addr`; `samples` exist from there."""

    addr: int
    samples: int


@dataclasses.dataclass(frozen=True)
class Forward:
    """The forward engine's next chunk; `row` is the index of a ROW."""

    kind: Kind
    row: int = 0


@dataclasses.dataclass(frozen=True)
class XStore:
    """spectrum_writer of x: store the next tile, whose first beat in row 0 is at `addr`."""

    addr: int


@dataclasses.dataclass(frozen=True)
class XRead:
    """spectrum_reader of x: read the row at `addr`, all of whose tiles have been acknowledged."""

    addr: int


@dataclasses.dataclass(frozen=True)
class HStore:
    """spectrum_writer of H: store the next row at `addr`."""

    addr: int


@dataclasses.dataclass(frozen=True)
class HRead:
    """spectrum_reader of H: read the row at `addr`."""

    addr: int


@dataclasses.dataclass(frozen=True)
class Inverse:
    """The inverse engine's next chunk; `row` is the index of a ROW."""

    kind: Kind
    row: int = 0


@dataclasses.dataclass(frozen=True)
class ZStore:
    """spectrum_writer of z: store the next row at `addr`."""

    addr: int


@dataclasses.dataclass(frozen=True)
class ZRead:
    """spectrum_reader of z: read the tile whose first beat in row 0 is at `addr`, once all rows
    have been acknowledged."""

    addr: int


@dataclasses.dataclass(frozen=True)
class YStore:
    """sample_writer: store the next tile (P = 1: chunk) at `addr`; `samples` exist from there."""

    addr: int
    samples: int


Command = Load | Forward | XStore | XRead | HStore | HRead | Inverse | ZStore | ZRead | YStore

STREAMS: dict[str, type[Command]] = {
    "load": Load,
    "forward": Forward,
    "x_store": XStore,
    "x_read": XRead,
    "h_store": HStore,
    "h_read": HRead,
    "inverse": Inverse,
    "z_store": ZStore,
    "z_read": ZRead,
    "y_store": YStore,
}
"""The consumers' streams and the commands of each."""


def streams(config: Config, job: Job) -> dict[str, list[Command]]:
    """The schedule as seen by each consumer: its commands in order, by stream name."""
    commands = list(schedule(config, job))
    return {
        name: [command for command in commands if isinstance(command, kind)]
        for name, kind in STREAMS.items()
    }


class Sizes(NamedTuple):
    """The sizes of a job's transform."""

    rows: int
    """P."""
    tile_samples: int
    """G: consecutive samples that a lane of a tile has of each row, and beats of each row."""


def sizes(config: Config, job: Job) -> Sizes:
    """Computes a job's `Sizes`."""
    rows = row_count(config, max(job.length_x, job.length_h))
    return Sizes(rows, config.chunk_beats // rows)


def schedule(config: Config, job: Job) -> Iterator[Command]:
    """All commands of a valid job, each after those that it depends on."""
    convolve = job.mode == Mode.CONVOLVE
    for channel in range(job.channels):
        yield from _columns(config, job, channel)
        # The first two tiles have pushed out the previous channel's last row.
        if convolve and channel:
            yield from _outputs(config, job, channel - 1)
        yield from _rows(config, job, channel)
    yield Forward(Kind.FLUSH)
    if convolve:
        yield from _outputs(config, job, job.channels - 1)
        yield Inverse(Kind.FLUSH)


def _tiles(config: Config, job: Job, base: int, length: int) -> Iterator[tuple[int, int]]:
    """For each tile of a channel's samples, its byte address and the samples from there on."""
    rows, each = sizes(config, job)
    for tile in range(rows):
        yield base + tile * each * SAMPLE_BYTES, max(0, length - tile * each)


def _columns(config: Config, job: Job, channel: int) -> Iterator[Command]:
    """The commands for a channel's forward columns."""
    rows, each = sizes(config, job)
    base, length = (job.h, job.length_h) if job.mode == Mode.PREPARE else (job.x, job.length_x)
    for tile, load in enumerate(_tiles(config, job, base + channel * row_bytes(length), length)):
        yield Load(*load)
        yield Forward(Kind.TILE if rows > 1 else Kind.CHUNK)
        if rows > 1:
            yield XStore(job.x_spectra + tile * each * config.lanes * WORD_BYTES)
    if rows > 1:
        yield Forward(Kind.FLUSH)


def _rows(config: Config, job: Job, channel: int) -> Iterator[Command]:
    """The commands for a channel's rows."""
    rows, size = sizes(config, job).rows, spectrum_bytes(config)
    for row in range(rows):
        h = job.h_spectra + (channel * rows + row) * size
        if rows > 1:
            yield XRead(job.x_spectra + row * size)
            yield Forward(Kind.ROW, row)
        if job.mode == Mode.PREPARE:
            yield HStore(h)
            continue
        yield HRead(h)
        yield Inverse(Kind.ROW if rows > 1 else Kind.CHUNK, row)
        if rows > 1:
            yield ZStore(job.z_spectra + row * size)


def _outputs(config: Config, job: Job, channel: int) -> Iterator[Command]:
    """The commands for a channel's inverse columns."""
    rows, each = sizes(config, job)
    if rows > 1:
        yield Inverse(Kind.FLUSH)
    y = job.y + channel * row_bytes(job.length_x)
    for tile, store in enumerate(_tiles(config, job, y, job.length_x)):
        if rows > 1:
            yield ZRead(job.z_spectra + tile * each * config.lanes * WORD_BYTES)
            yield Inverse(Kind.TILE)
        yield YStore(*store)
