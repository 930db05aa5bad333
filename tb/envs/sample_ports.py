# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of sample_reader and sample_writer on one memory: agents on their streams and on
the memory's port, and a predictor that knows both models.

Every beat, every burst, every error pulse and the whole memory are compared, and at every clock
whether idle and pending tell the truth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pyuvm import uvm_analysis_port

from crocuta.models.layout import MAX_TILE_ROWS, SAMPLE_BYTES, tile_beats
from crocuta.models.ports.sample_reader import Samples, bursts, read_chunk
from crocuta.models.ports.sample_writer import write_chunk
from tb.agents.agent import read
from tb.agents.beat import Beat
from tb.envs.ports import OUTSTANDING, SETTLED, PortsEnv, PortsPredictor, Store
from tb.envs.scoreboard import Expected
from tb.lib.coverage import seldom

WAYS = ("load", "store")
SIZES = ("none", "one", "some", "all")

SAMPLE_LENGTH = seldom(
    "sample_ports.chunk",
    {"way": WAYS, "samples": SIZES},
    {"way_x_samples": ("way", "samples")},
    {"way_x_samples": [("store", "none")]},  # a dummy chunk is read alone
)

SAMPLE_TILE = seldom(
    "sample_ports.tile",
    {
        "way": WAYS,
        "rows": ("one", "some"),
        "end": ("none", "a lane's part", "behind it"),
    },
    {"way_x_rows_x_end": ("way", "rows", "end")},
    # With one row a lane's part is all of it, and the only tile has samples.
    {"way_x_rows_x_end": [(None, "one", "behind it"), (None, "one", "none")]},
)
"""Where the samples that exist end: within or behind what a lane has of the row."""

EARLY = ("none", "some", "every slot")
SAMPLE_EARLY = seldom("sample_ports.early", {"beats": EARLY})
"""The beats of a chunk, or the tiles, that come before its command."""

Command = tuple[int, int]
"""The byte address of a chunk and the number of its samples that exist."""


class SamplePredictor(PortsPredictor):
    """Predicts beats, bursts and memory contents from the commands and the writer's beats."""

    def reset(self) -> None:
        """Forgets everything."""
        self.commands: deque[Command] = deque()
        self.rows: deque[int] = deque()

    @property
    def holds(self) -> bool:
        """A chunk whose beats have not all come keeps the writer from being idle."""
        return bool(self.commands)

    def _sample(self, way: str, samples: int) -> None:
        env = self.env
        if env.most_rows > 1:
            each = env.chunk_beats // env.rows
            behind = samples % env.chunk % env.chunk_beats
            end = "none" if not samples else "a lane's part" if behind < each else "behind it"
            SAMPLE_TILE(way, "one" if env.rows == 1 else "some", end)
            return
        size = (samples > 0) + (samples > 1) + (samples == env.chunk)
        SAMPLE_LENGTH(way, SIZES[size])

    def _bursts(self, command: Command, outlet: uvm_analysis_port) -> None:
        for burst in bursts(*command, self.env.lanes, self.env.chunk, self.env.rows):
            outlet.write(Expected(burst))

    def load(self, beat: Beat) -> None:
        """Expects the samples currently in memory."""
        env = self.env
        address, samples = beat.values
        self.taken += 1
        self._sample("load", samples)
        self._bursts((address, samples), self.read_bursts)
        image = env.contents.image
        rows = read_chunk(image, address - env.base, samples, env.lanes, env.chunk, env.rows)
        for row in env.packed(rows):
            self.beats.write(Expected((row,)))

    def store(self, beat: Beat) -> None:
        """Handles a store command, whose beats may have come already."""
        address, samples = beat.values
        self.taken += 1
        self._sample("store", samples)
        early = 0 if self.commands else len(self.rows)
        SAMPLE_EARLY(EARLY[(early > 0) + (early >= self.env.slot_beats)])
        self._bursts((address, samples), self.write_bursts)
        self.commands.append((address, samples))
        self._whole_chunks()

    def enter(self, beat: Beat) -> None:
        """Handles a beat, which may be the last of a chunk."""
        self.taken += 1
        self.rows.append(beat.values[0])
        self._whole_chunks()

    def leave(self, beat: Beat) -> None:
        """In a loop, passes the reader's beat to the writer."""
        if read(self.env.dut.loop_i):
            self.enter(beat)

    def _whole_chunks(self) -> None:
        while self.commands and len(self.rows) >= self.env.chunk_beats:
            for store in self._next_stores():
                self.stores.write(store)

    def _next_stores(self) -> list[Store]:
        """Removes the oldest store and its beats from the queues; returns the part of every lane in
        every row."""
        env = self.env
        address, samples = self.commands.popleft()
        count = min(len(self.rows), env.chunk_beats)
        known = np.zeros((env.chunk_beats, env.lanes), np.uint32)
        rows = known.copy()
        known[:count] = 1
        data = b"".join(self.rows.popleft().to_bytes(env.lanes * 4, "little") for _ in range(count))
        rows[:count] = np.frombuffer(data, "<u4").reshape(count, env.lanes)
        values, marks = np.zeros(samples, np.uint32), np.zeros(samples, np.uint32)
        write_chunk(values, 0, samples, rows, env.rows)
        write_chunk(marks, 0, samples, known, env.rows)
        each = env.chunk_beats // env.rows
        first = (address - env.base) // SAMPLE_BYTES
        starts = range(0, env.rows * env.chunk, env.chunk_beats)
        parts = [slice(start, min(start + each, samples)) for start in starts if start < samples]
        return [Store(first + each.start, values[each], marks[each] != 0) for each in parts]

    def unfinished(self) -> list[Store]:
        """The incomplete chunk, if there is one."""
        return self._next_stores() if self.commands and self.rows else []


class SamplePortsEnv(PortsEnv):
    """Both ports on their memory. With loop_i the writer receives the reader's beats."""

    block = "sample_ports"
    fields: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "load": ("addr", "samples"),
        "store": ("addr", "samples"),
        "in": ("samples",),
        "out": ("samples",),
    }
    controls = ("stop", "loop")
    predictor_class = SamplePredictor
    waiting = ("writer",)

    @property
    def most_rows(self) -> int:
        """The most rows of whose columns a chunk may be a tile."""
        return 1 << int(self.dut.RowsLog2.value)

    @property
    def rows(self) -> int:
        """Those of the chunks now."""
        return 1 << read(self.dut.rows_log2_i) if self.most_rows > 1 else 1

    @property
    def settled(self) -> int:
        """A chunk's last beats may be of samples that do not exist. If the memory was slow, the
        FIFOs of lanes_to_rows are full of beats before them, and pass one a clock. The words of the
        last row follow by 2 * lanes clocks and take as many; then the writer walks over the bursts
        of the tiles it holds, at worst one in every slot and one that waits for it, one lane of a
        part a clock."""
        held = max(32, 8 * self.lanes)
        tiles = int(self.dut.TileSlots.value) + 1
        return SETTLED + held + (4 + tiles * self.parts) * self.lanes

    @property
    def parts(self) -> int:
        """The bursts of a lane's part of a tile."""
        return max(1, tile_beats(self.lanes, self.chunk) * self.most_rows // self.chunk_beats)

    @property
    def outstanding(self) -> int:
        """More where a lane's part of a tile is several bursts."""
        return OUTSTANDING if self.parts == 1 else 4 * OUTSTANDING

    @property
    def slot_beats(self) -> int:
        """The beats of the tiles in all slots of the writer."""
        return int(self.dut.TileSlots.value) * tile_beats(self.lanes, self.chunk)

    @property
    def burst_beats(self) -> int:
        """The beats of the longest burst."""
        return min(MAX_TILE_ROWS, self.chunk_beats // (2 * self.lanes))

    def packed(self, rows: Samples) -> list[int]:
        """Packs samples into beats, each one integer with lane 0 in the low bits."""
        return [int.from_bytes(row.tobytes(), "little") for row in rows.astype("<u4")]
