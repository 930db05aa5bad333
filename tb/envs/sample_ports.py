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

from crocuta.models.layout import SAMPLE_BYTES
from crocuta.models.ports.sample_reader import (
    BURST_BEATS,
    Samples,
    bursts,
    read_chunk,
)
from crocuta.models.ports.sample_writer import write_chunk
from tb.agents.agent import read
from tb.agents.beat import Beat
from tb.envs.ports import PortsEnv, PortsPredictor, Store
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

Command = tuple[int, int]
"""The byte address of a chunk and the number of its samples that exist."""


class SamplePredictor(PortsPredictor):
    """Follows the commands and the writer's beats, and says what comes of them."""

    def reset(self) -> None:
        """Forgets everything."""
        self.commands: deque[Command] = deque()
        self.rows: deque[int] = deque()

    def _sample(self, way: str, samples: int) -> None:
        size = (samples > 0) + (samples > 1) + (samples == self.env.chunk)
        SAMPLE_LENGTH(way, SIZES[size])

    def _bursts(self, command: Command, outlet: uvm_analysis_port) -> None:
        for burst in bursts(*command, self.env.lanes, self.env.chunk):
            outlet.write(Expected(burst))

    def load(self, beat: Beat) -> None:
        """The samples as they are in memory now."""
        env = self.env
        address, samples = beat.values
        self.taken += 1
        self._sample("load", samples)
        self._bursts((address, samples), self.read_bursts)
        image = env.contents.image
        rows = read_chunk(image, address - env.base, samples, env.lanes, env.chunk)
        for row in env.packed(rows):
            self.beats.write(Expected((row,)))

    def store(self, beat: Beat) -> None:
        """Its beats may have come already."""
        address, samples = beat.values
        self.taken += 1
        self._sample("store", samples)
        self._bursts((address, samples), self.write_bursts)
        self.commands.append((address, samples))
        self._whole_chunks()

    def enter(self, beat: Beat) -> None:
        """It may be the last of a chunk."""
        self.taken += 1
        self.rows.append(beat.values[0])
        self._whole_chunks()

    def leave(self, beat: Beat) -> None:
        """In a loop the writer takes what the reader brings."""
        if read(self.env.dut.loop_i):
            self.enter(beat)

    def _whole_chunks(self) -> None:
        while self.commands and len(self.rows) >= self.env.chunk_beats:
            self.stores.write(self._next_store())

    def _next_store(self) -> Store:
        """The oldest store with the beats that have come, which leave the queues."""
        env = self.env
        address, samples = self.commands.popleft()
        count = min(len(self.rows), env.chunk_beats)
        known = np.zeros((env.chunk_beats, env.lanes), np.uint32)
        rows = known.copy()
        known[:count] = 1
        data = b"".join(self.rows.popleft().to_bytes(env.lanes * 4, "little") for _ in range(count))
        rows[:count] = np.frombuffer(data, "<u4").reshape(count, env.lanes)
        values, marks = np.zeros(samples, np.uint32), np.zeros(samples, np.uint32)
        write_chunk(values, 0, samples, rows)
        write_chunk(marks, 0, samples, known)
        return Store((address - env.base) // SAMPLE_BYTES, values, marks.astype(bool))

    def unfinished(self) -> list[Store]:
        """The chunk of which only a part has come, if there is one."""
        return [self._next_store()] if self.commands and self.rows else []


class SamplePortsEnv(PortsEnv):
    """Both ports on their memory. With loop_i the writer takes what the reader brings."""

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
    def burst_beats(self) -> int:
        """The beats of the longest burst."""
        return min(BURST_BEATS, self.chunk_beats // (2 * self.lanes))

    def packed(self, rows: Samples) -> list[int]:
        """Beats of samples, each as one number with the first lane lowest."""
        return [int.from_bytes(row.tobytes(), "little") for row in rows.astype("<u4")]
