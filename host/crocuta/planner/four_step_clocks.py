# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts the clocks of a four-step job.

A channel's columns and rows wait for each other in memory, so its steps take place one after the
other (docs/four_step.md):

    tiles of x, flush | rows, flush, flush | tiles of y, flush

Tiles and rows are P chunks each, a flush is what an engine holds, and `|` a turn: through the
engine, to memory, and back. Another channel adds its tiles, a flush, a turn and its rows; the rest
happens beside the first one's.
"""

from __future__ import annotations

from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.convolution.four_step_controller import sizes
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


def twist_clocks(config: Config) -> int:
    """The latency of a twist."""
    return 29 + max(0, config.lanes - 8)


def held_beats(config: Config) -> int:
    """What an engine holds: a chunk less a beat, and half a chunk in the commutator that restores
    the order of columns."""
    return config.chunk_beats - 1 + config.chunk_beats // 2


def prepare_clocks(
    config: Config, length_x: int, length_h: int, channels: int, memory: Memory
) -> Clocks:
    """The clocks of a PREPARE job, for x of up to `length_x` samples."""
    steps = _Steps(config, Job(Mode.PREPARE, 1, length_x, length_h), length_h, memory)
    fill = steps.front + steps.flush + steps.forward + steps.store
    if steps.rows > 1:
        fill += steps.tiles + steps.slow_flush + steps.turn
    return steps.clocks(channels, fill, ahead=0)


def convolve_clocks(
    config: Config, length_x: int, length_h: int, channels: int, memory: Memory
) -> Clocks:
    """The clocks of a CONVOLVE job with a filter that was prepared for `length_h` samples."""
    steps = _Steps(config, Job(Mode.CONVOLVE, 1, length_x, length_h), length_x, memory)
    fill = steps.front + 2 * steps.flush + steps.forward + steps.inverse + steps.tail
    if steps.rows > 1:
        fill += 2 * (steps.tiles + steps.slow_flush) + steps.turn
        fill += steps.inverse + steps.store + steps.fetch
    # One row: the first H are read while x comes.
    return steps.clocks(channels, fill, ahead=READER_FIFO if steps.rows == 1 else 0)


class _Steps:
    """The clocks of a job's steps."""

    def __init__(self, config: Config, job: Job, length: int, memory: Memory) -> None:
        lanes, latency, bandwidth = config.lanes, memory.latency, memory.bandwidth
        self.bandwidth = bandwidth
        self.rows, each = sizes(config, job)
        self.beats = self.rows * config.chunk_beats
        """All rows of a channel, or all tiles."""

        self.forward = twist_clocks(config) + engine_clocks(config, inverse=False) + RAM_CLOCKS
        """Through the twist and the forward engine."""
        self.inverse = self.forward - engine_clocks(config, inverse=False)
        self.inverse += ROTATE_CLOCKS + engine_clocks(config, inverse=True)
        """Through the product, the inverse engine and the twist."""
        self.flush = held_beats(config)
        self.slow_flush = self.flush / bandwidth
        """A flush whose beats go to memory."""
        self.store = burst_beats(config) / bandwidth + latency + STORE_CLOCKS
        """From the last spectrum behind an engine to its burst's response."""
        self.fetch = latency + FETCH_CLOCKS
        """From there to the first of the next spectra."""
        self.turn = self.forward + self.store + self.fetch

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
        pace = min(
            bandwidth,
            2 * SAMPLE_BURSTS * burst / outstanding,
            SPECTRUM_BURSTS * min(each, burst_beats(config)) / outstanding,
        )
        self.tiles = self.beats / pace
        """All tiles of a channel."""

    def clocks(self, channels: int, fill: float, ahead: int) -> Clocks:
        """The clocks of a job: its products, of which memory has delivered some `ahead`, `fill`
        around those of one channel, and the rest."""
        products = channels * self.beats
        waits = max(0, (products - ahead) / self.bandwidth - products)
        if self.rows > 1:
            waits += (channels - 1) * (self.tiles + self.flush + self.turn)
        fill += START_CLOCKS
        total = round(products + fill + waits)
        return Clocks(total, products, round(fill), total - products - round(fill))


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
