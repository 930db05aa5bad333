# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts the clocks of a four-step job.

A channel's columns and rows wait for each other in memory, so its steps take place one after the
other (docs/four_step.md):

    tiles of x, flush | rows, flush, flush | tiles of y, flush

Tiles and rows are P chunks each, a flush is what an engine holds, 1.5 chunks of tiles or one of
rows, and `|` a turn: through the engine, to memory, and back. Another channel adds its tiles, a
flush, a turn and its rows; the rest happens beside the first one's.

Rows that stay on the chip do without the memory's latency and bandwidth. But then the tiles of the
next channel wait, beat by beat, until those of z have been read, so that they overlap with nothing
else:

    rows, flush | rows of z, flush | tiles of z and of the next channel's x | ...
"""

from __future__ import annotations

from itertools import pairwise

from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.convolution.four_step_controller import sizes
from crocuta.models.transform.fft_engine import step_rows
from crocuta.planner.clocks import (
    RAM_CLOCKS,
    READER_FIFO,
    ROTATE_CLOCKS,
    Clocks,
    Memory,
    burst_beats,
    engine_clocks,
    tile_beats,
)

# The most bursts of tiles that a port has outstanding: rtl/ports.
SAMPLE_BURSTS = 64
SPECTRUM_BURSTS = 32

# Latencies of the modules around the engines, from the RTL's clocks.
START_CLOCKS = 28
"""Of the kernel's job control, around its core's clocks."""
FRONT_CLOCKS = 15
STORE_CLOCKS = 12
FETCH_CLOCKS = 5
TAIL_CLOCKS = 19
UNWRITTEN_CLOCKS = 14
BURST_CLOCKS = 8
"""For which a burst is outstanding, besides the memory's latency."""
CHIP_STORE_CLOCKS = 3
"""Of a burst to the chip, instead of the memory's latency."""
CHIP_SWITCH_CLOCKS = 1
"""Of a writer from AXI to the chip. A reader takes the chip's latency to go to AXI."""
FOLLOW_CLOCKS = 14
"""From the last beat of a tile of z to the next channel's first row, if all are on the chip."""


def twist_clocks(config: Config) -> int:
    """The latency of a twist."""
    return 29 + max(0, config.lanes - 8)


def held_beats(config: Config, tiles: bool) -> int:
    """What an engine holds: a chunk less a beat, and of tiles half a chunk more, in the commutator
    that restores the order of columns."""
    return config.chunk_beats - 1 + (config.chunk_beats // 2 if tiles else 0)


def prepare_clocks(
    config: Config, length_x: int, length_h: int, channels: int, memory: Memory
) -> Clocks:
    """The clocks of a PREPARE job, for x of up to `length_x` samples."""
    steps = _Steps(config, Job(Mode.PREPARE, 1, length_x, length_h), length_h, memory)
    fill = steps.front + steps.row_flush + steps.forward + steps.store
    if steps.rows > 1:
        fill += steps.tiles + steps.slow_flush + steps.turn
    more = steps.tiles + steps.flush + steps.turn
    return steps.clocks(channels, fill, more, channels * steps.beats / memory.bandwidth)


def convolve_clocks(
    config: Config, length_x: int, length_h: int, channels: int, memory: Memory
) -> Clocks:
    """The clocks of a CONVOLVE job with a filter that was prepared for `length_h` samples."""
    steps = _Steps(config, Job(Mode.CONVOLVE, 1, length_x, length_h), length_x, memory)
    fill = steps.front + steps.row_flush + steps.forward + steps.inverse + steps.tail
    if steps.rows > 1:
        fill += 2 * steps.tiles + steps.slow_flush + steps.turn
        fill += steps.slow_row_flush + steps.z_turn + steps.flush
    else:
        fill += steps.row_flush
    more = steps.tiles + steps.flush + steps.turn
    if config.resident:
        more = steps.tiles + 2 * steps.row_flush + steps.forward + steps.z_turn + steps.follow
    # The first H are read while tiles of x come.
    if steps.rows == 1:
        taken = (channels * steps.beats - READER_FIFO) / memory.bandwidth
    else:
        h = (steps.beats - READER_FIFO) / memory.bandwidth
        taken = channels * max(h, steps.x_rows)
    return steps.clocks(channels, fill, more, taken)


class _Steps:
    """The clocks of a job's steps."""

    def __init__(self, config: Config, job: Job, length: int, memory: Memory) -> None:
        lanes, latency, bandwidth = config.lanes, memory.latency, memory.bandwidth
        self.rows, each = sizes(config, job)
        self.beats = self.rows * config.chunk_beats
        """All rows of a channel, or all tiles."""

        self.forward = twist_clocks(config) + engine_clocks(config, inverse=False) + RAM_CLOCKS
        """Through the twist and the forward engine."""
        self.inverse = self.forward - engine_clocks(config, inverse=False)
        self.inverse += ROTATE_CLOCKS + engine_clocks(config, inverse=True)
        """Through the product, the inverse engine and the twist."""
        self.flush = held_beats(config, tiles=True)
        self.row_flush = held_beats(config, tiles=False)
        """A flush of rows."""
        self.store = burst_beats(config) / bandwidth + latency + STORE_CLOCKS
        """From the last spectrum behind an engine to its burst's response."""
        fetch = latency + FETCH_CLOCKS
        """From there to the first of the next spectra."""
        self.turn = self.forward + self.store + fetch
        """Of x, from the last tile to the first row."""
        self.z_turn = self.inverse + self.store + fetch
        """Of z, from the last row to the first tile."""
        share = 1.0
        """Of the rows, those in memory."""
        if config.resident:
            share = max(0, self.rows - config.resident) / self.rows
            self._keep_rows(config, memory, each)
        speed = min(1, bandwidth / share) if share else 1.0
        self.slow_flush = self.flush / speed
        self.slow_row_flush = self.row_flush / speed
        """Flushes whose beats go to memory."""

        # Samples go tile by tile of the ports, which are smaller than those of columns.
        size = tile_beats(config)
        burst = min(each, size) // (2 * lanes)
        last = config.chunk_beats // size - 1
        moved = [
            max(beats / bandwidth, 2 * beats / burst)  # an address every other clock
            for beats in (
                _axi_beats(config, self.rows, length, 0, 0),
                _axi_beats(config, self.rows, length, self.rows - 1, last),
            )
        ]
        self.front = latency + moved[0] + 2 * lanes + FRONT_CLOCKS
        """From the start to the first beat in the forward engine."""
        self.tail = latency + moved[1] + 4 * lanes + TAIL_CLOCKS
        """From the last beat of y behind the engine to the end of the job."""
        if not moved[1]:
            self.tail = lanes * (4 + max(1, size // each)) + UNWRITTEN_CLOCKS

        outstanding = latency + BURST_CLOCKS
        pace = min(speed, 2 * SAMPLE_BURSTS * burst / outstanding)
        if share:
            most = SPECTRUM_BURSTS * min(each, burst_beats(config)) / outstanding
            pace = min(pace, most / share)
        self.tiles = self.beats / pace
        """All tiles of a channel."""
        self.x_rows = self.beats * (1 - share + share / bandwidth)
        """All rows of x of a channel."""

    def _keep_rows(self, config: Config, memory: Memory, each: int) -> None:
        """Changes the turns for a kernel that keeps rows on the chip."""
        latency, reading = memory.latency, _read_clocks(config)
        self.follow = FOLLOW_CLOCKS
        """From the last beat of z's tiles to the first row of the next channel."""
        if self.rows <= config.resident:
            saved = 2.0 * latency - CHIP_STORE_CLOCKS - reading
            saved += burst_beats(config) * (1 / memory.bandwidth - 1)
            self.turn -= saved
            self.z_turn -= saved
            return
        # The last row is in memory, the first one on the chip. While it and others of the chip are
        # read, the first ones of memory come.
        here = [row < config.resident for row in step_rows(self.rows).tolist()]
        leading = here.index(False) * each
        switches = sum(now and not later for now, later in pairwise(here)) * self.rows
        ahead = min(latency, config.resident * config.chunk_beats)
        self.turn -= ahead - 2 * reading - CHIP_SWITCH_CLOCKS * switches
        self.z_turn -= min(latency, leading) - reading - reading * switches
        self.follow += 2 * latency - ahead

    def clocks(self, channels: int, fill: float, more: float, taken: float) -> Clocks:
        """The clocks of a job: its products, which memory lets take at least `taken`, `fill` around
        those of one channel, and `more` around those of each further one."""
        products = channels * self.beats
        waits = max(0, taken - products)
        if self.rows > 1:
            waits += (channels - 1) * more
        fill += START_CLOCKS
        total = round(products + fill + waits)
        return Clocks(total, products, round(fill), total - products - round(fill))


def _read_clocks(config: Config) -> int:
    """The latency of the on-chip memory: rtl/ports/resident_rows.sv."""
    return 2 - (-config.resident * config.chunk_beats // 16384)


def _axi_beats(config: Config, rows: int, length: int, tile: int, part: int) -> int:
    """The AXI beats of one of a port's tiles, `part` of a tile of columns."""
    each, size = config.chunk_beats // rows, tile_beats(config)
    beats = 0
    for row in range(part * size // each, -(-(part + 1) * size // each)):
        first = max(0, part * size - row * each)  # of this row's beats of the tile
        here = min(each, size)
        for lane in range(config.lanes):
            start = row * config.chunk + lane * config.chunk_beats + tile * each + first
            beats += -(-min(here, max(0, length - start)) // (2 * config.lanes))
    return beats
