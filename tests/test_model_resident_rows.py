# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Rows on the chip: whatever the ports wait for, no word is overwritten before it has been read or
read before it has been written, and no port waits forever."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

from crocuta.models import configs
from crocuta.models.configs import ConfigError
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel.schedules import scratch_bytes
from crocuta.models.ports.resident_rows import Interlock, memory_address, resident_rows
from crocuta.models.ports.spectrum_ports import bursts
from crocuta.models.transform.fft_engine import step_rows

TINY = configs.load_model("tiny-long")


class Done(NamedTuple):
    """The parts, of one tile and one row each, that every port has moved."""

    x_written: int = 0
    x_read: int = 0
    z_written: int = 0
    z_read: int = 0


class Ports:
    """What the four ports of a CONVOLVE may do next, by the order of the engines and of the
    controller alone: all else may stall for as long as it likes."""

    def __init__(self, rows: int, resident: int, channels: int, interlock: bool = True) -> None:
        self.rows, self.resident, self.interlock = rows, min(resident, rows), interlock
        self.each = rows * rows  # parts of a channel
        self.parts = channels * self.each
        steps = step_rows(rows).tolist()
        # By number in its channel: the part's tile and row.
        self.tiles = [(tile, row) for tile in range(rows) for row in steps]
        self.by_rows = [(tile, row) for row in range(rows) for tile in range(rows)]
        here = [row < self.resident for _, row in self.tiles]
        self.before: list[int] = np.concatenate([[0], np.cumsum(here)]).tolist()

    def on_chip(self, parts: int) -> int:
        """Those of the first parts, tile by tile, that are on the chip."""
        channels, rest = divmod(parts, self.each)
        return channels * self.before[self.each] + self.before[rest]

    def next(self, done: Done) -> list[Done]:
        """The states that one more part leads to."""
        found = []
        # A tile leaves the forward engine when the rows of the channel before have entered it.
        if done.x_written < self.parts:
            channel, part = divmod(done.x_written, self.each)
            free = True
            if self.interlock and self.tiles[part][1] < self.resident:
                lock = Interlock(self.before[self.each])
                lock.write(self.on_chip(done.x_written))
                lock.read(self.on_chip(done.z_read))
                free = lock.open
            if free and done.x_read >= channel * self.each:
                found.append(done._replace(x_written=done.x_written + 1))
        # Rows are read when all of their tiles are written.
        if done.x_read < self.parts:
            channel = done.x_read // self.each
            if done.x_written >= (channel + 1) * self.each:
                found.append(done._replace(x_read=done.x_read + 1))
        # A row of z depends on a whole row of x and follows the tiles of the previous channel.
        if done.z_written < self.parts:
            channel, row = done.z_written // self.each, done.z_written // self.rows
            if done.x_read >= (row + 1) * self.rows and done.z_read >= channel * self.each:
                found.append(done._replace(z_written=done.z_written + 1))
        if done.z_read < self.parts:
            channel = done.z_read // self.each
            if done.z_written >= (channel + 1) * self.each:
                found.append(done._replace(z_read=done.z_read + 1))
        return found

    def check(self, done: Done, after: Done) -> None:
        """A part that is on the chip: it is written where nothing is left to read, and read where
        the same channel's was written."""
        port = next(name for name in Done._fields if getattr(after, name) != getattr(done, name))
        channel, number = divmod(getattr(done, port), self.each)
        tile, row = (self.tiles if port in ("x_written", "z_read") else self.by_rows)[number]
        if row >= self.resident:
            return
        by_tiles = self.tiles.index((tile, row))
        by_rows = self.by_rows.index((tile, row))
        count = {
            name: sum(
                1 for c in range(-(-getattr(done, name) // self.each))
                if c * self.each + place < getattr(done, name)
            )
            for name, place in (
                ("x_written", by_tiles), ("x_read", by_rows),
                ("z_written", by_rows), ("z_read", by_tiles),
            )
        }  # fmt: skip
        # x is written, x read, z written, z read, and so on; each in its turn.
        turns = list(Done._fields)
        for other in turns:
            ahead = turns.index(other) < turns.index(port)
            assert count[other] == channel + ahead, f"{port} of tile {tile}, row {row}: {count}"


@pytest.mark.parametrize(("rows", "channels"), [(2, 4), (4, 3)])
def test_every_order(rows: int, channels: int) -> None:
    """All orders in which the ports can come to move their parts."""
    for resident in range(1, rows + 1):
        ports = Ports(rows, resident, channels)
        seen, waiting, ends = {Done()}, [Done()], 0
        while waiting:
            done = waiting.pop()
            following = ports.next(done)
            if not following:
                assert done == (ports.parts,) * 4, f"stuck at {done}"
                ends += 1
            for after in following:
                ports.check(done, after)
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
        assert ends == 1 and len(seen) > 4 * ports.parts


@pytest.mark.parametrize("rows", [8, 16])
def test_orders_at_random(rows: int, seed: int) -> None:
    """More rows, each port preferred or held up for a while."""
    rng = np.random.default_rng([seed, rows])
    for resident in {1, int(rng.integers(2, rows)), rows - 1, rows}:
        ports, done = Ports(rows, resident, 3), Done()
        while following := ports.next(done):
            weights = rng.permutation(4)
            for _ in range(int(rng.integers(1, 2 * rows))):
                if not (following := ports.next(done)):
                    break
                moved = [next(i for i in range(4) if after[i] != done[i]) for after in following]
                after = following[int(np.argmax(weights[moved]))]
                ports.check(done, after)
                done = after
        assert done == (ports.parts,) * 4, f"stuck at {done}"


def test_without_the_interlock_words_are_lost() -> None:
    """Some order overwrites what has not been read: the other tests would see it."""
    ports, done = Ports(4, 3, 2, interlock=False), Done()
    with pytest.raises(AssertionError, match="x_written of tile 0"):
        while following := ports.next(done):
            # x is written as early as possible, z read as late as possible.
            ports.check(done, following[0])
            done = following[0]


@pytest.mark.parametrize("resident", [0, 1, 3, 8])
def test_where_rows_lie(resident: int) -> None:
    """The first ones on the chip, the others in memory: dense, and as much as a job takes."""
    config = dataclasses.replace(TINY, resident=resident)
    size, base = spectrum_bytes(config), 5 * spectrum_bytes(config)
    for rows in (2, 4, 8):
        job = Job(Mode.CONVOLVE, 1, rows * config.chunk, 1)
        here = resident_rows(config, rows)
        places = [memory_address(config, row * size, base) for row in range(rows)]
        assert places[:here] == [None] * here
        found = [place for place in places if place is not None]
        assert found == [base + number * size for number in range(rows - here)]
        assert len(found) * size == scratch_bytes(config, job)
        # A burst is of one row.
        for addr, beats in bursts(config, 0, rows):
            ends = {memory_address(config, at, base) is None for at in (
                addr, addr + (beats * config.lanes - 1) * 8)}  # fmt: skip
            assert len(ends) == 1


def test_any_number_of_rows() -> None:
    for resident in range(9):
        assert configs.load_model(f"tiny-long+resident-{resident}").resident == resident
    with pytest.raises(ConfigError, match=r"resident must be in 0\.\.8"):
        configs.load_model("tiny-long+resident-9")
