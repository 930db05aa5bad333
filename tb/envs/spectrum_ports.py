# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of spectrum_reader and spectrum_writer on one memory: agents on their streams
and on the memory's port, and a predictor that knows how words are stored in slots.

Every beat, every burst, every error pulse and the whole memory are compared, and in every clock the
writer's count of acknowledged bursts. At each burst that is read, its data must be acknowledged.
"""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge
from pyuvm import uvm_analysis_port, uvm_scoreboard

from crocuta.models import configs
from crocuta.models.layout import MAX_BURST_BEATS, PAGE_BYTES, SAMPLE_BYTES
from crocuta.models.ports.spectrum_ports import bursts
from tb.agents.agent import Listener, read
from tb.agents.axi_memory import Burst, Request
from tb.agents.beat import Beat
from tb.envs.ports import OUTSTANDING, PortsEnv, PortsPredictor, Store, Words
from tb.envs.scoreboard import Expected
from tb.lib.clock import clock_now
from tb.lib.coverage import ANSWERS, seldom

"""The longest burst, unless a page or a chunk is shorter."""
SLOT_BITS = 64
COUNT = 1 << 32
"""The writer's count of bursts is modulo this."""
WRITTEN_CLOCKS = 2
"""Clocks from the transfer of a response to the count that includes it."""

SAMPLE_READ = seldom("spectrum_ports.read", {"waits": ANSWERS})
SAMPLE_COUNTER = seldom("spectrum_ports.counter", {"wraps": ANSWERS})
EARLY = ("none", "some", "a burst")
SAMPLE_EARLY = seldom("spectrum_ports.early", {"beats": EARLY})
"""The beats of a chunk that come before its command."""


def ahead(count: int, other: int) -> int:
    """How far one count of bursts is ahead of another."""
    return (count - other + COUNT // 2) % COUNT - COUNT // 2


class SpectrumPredictor(PortsPredictor):
    """Predicts the results of the commands and the writer's beats, burst by burst.

    A load returns the contents of its slots once the writer has been given everything that the load
    waits for; a test must not overwrite them before the load.
    """

    env: SpectrumPortsEnv

    def build_phase(self) -> None:
        """Also writes what each read burst waits for."""
        super().build_phase()
        self.required = uvm_analysis_port("required", self)

    def reset(self) -> None:
        """Forgets everything."""
        self.addresses: deque[int] = deque()
        """Addresses of the bursts to be written whose beats have not all come."""
        self.rows: deque[int] = deque()
        """Beats that do not belong to a complete burst yet."""
        self.loads: deque[tuple[int, int]] = deque()
        """Addresses of bursts to be read, and the count at which their data has been given."""
        self.given = 0
        """The bursts given to the writer, modulo COUNT."""

    @property
    def holds(self) -> bool:
        """A beat in the FIFO keeps the writer from being idle."""
        return bool(self.rows)

    def _bursts(self, address: int) -> list[int]:
        env = self.env
        return [first for first, _ in bursts(env.config, address, env.rows)]

    def load(self, beat: Beat) -> None:
        """Burst b waits until the writer has had sequence + b + 1 of them acknowledged."""
        env = self.env
        address, sequence = beat.values
        self.taken += 1
        last = sequence + env.bursts_in_chunk
        waits = ahead(last, read(env.dut.written_o)) > 0
        SAMPLE_READ(ANSWERS[waits])
        if waits:
            SAMPLE_COUNTER(ANSWERS[last >= COUNT])
        for number, first in enumerate(self._bursts(address)):
            required = (sequence + number + 1) % COUNT
            self.read_bursts.write(Expected((first, env.burst_beats)))
            self.required.write(required)
            self.loads.append((first, required))
        self._loadable()

    def store(self, beat: Beat) -> None:
        """Handles a store command, whose beats may have come already."""
        self.taken += 1
        early = 0 if self.addresses else len(self.rows)
        SAMPLE_EARLY(EARLY[(early > 0) + (early >= self.env.burst_beats)])
        for first in self._bursts(beat.values[0]):
            self.write_bursts.write(Expected((first, self.env.burst_beats)))
            self.addresses.append(first)
        self._whole_bursts()

    def enter(self, beat: Beat) -> None:
        """Handles a beat, which may be the last of a burst."""
        self.taken += 1
        self.rows.append(beat.values[0])
        self._whole_bursts()

    def _whole_bursts(self) -> None:
        env = self.env
        while self.addresses and len(self.rows) >= env.burst_beats:
            first = (self.addresses.popleft() - env.base) // SAMPLE_BYTES
            values = env.in_slots([self.rows.popleft() for _ in range(env.burst_beats)])
            self.stores.write(Store(first, values, np.ones(len(values), np.bool_)))
            self.given = (self.given + 1) % COUNT
            self._loadable()

    def _loadable(self) -> None:
        env = self.env
        while self.loads and ahead(self.given, self.loads[0][1]) >= 0:
            first = (self.loads.popleft()[0] - env.base) // SAMPLE_BYTES
            image = env.contents.image[first : first + env.burst_words]
            for beat in env.in_beats(image):
                self.beats.write(Expected((beat,)))


class InterlockScoreboard(uvm_scoreboard):
    """Checks that no burst is read before the write of its data has been acknowledged, and that
    written_o is the number of acknowledged bursts in every clock."""

    def build_phase(self) -> None:
        """Listens to what bursts wait for, to requests, and to what is complete."""
        self.env: SpectrumPortsEnv = self.get_parent()
        self.expect = Listener("expect", self, lambda required: self.required.append(required))
        self.requests = Listener("requests", self, self._request)
        self.bursts = Listener("bursts", self, self._burst)
        self.compared = 0
        self.flush(0)

    def flush(self, clock: int) -> None:
        """Handles a reset: nothing has been written."""
        self.begin(0)

    def begin(self, count: int) -> None:
        """Sets the number from which the writer counts."""
        self.start = count
        self.required: deque[int] = deque()
        self.acknowledged: list[int] = []
        """The clock of each answer."""
        self.counted = 0
        """How many of them written_o includes."""

    @property
    def drained(self) -> bool:
        """Whether everything to be read has been requested."""
        return not self.required

    def _burst(self, burst: Burst) -> None:
        if burst.request.write:
            self.acknowledged.append(burst.clock)

    def _request(self, request: Request) -> None:
        if request.write:
            return
        number = ahead(self.required.popleft(), self.start)
        if number > 0:
            assert number <= len(self.acknowledged), (
                f"{request.address:#x} is read after {len(self.acknowledged)} answers, not {number}"
            )
            answered = self.acknowledged[number - 1]
            assert answered < request.presented, (
                f"{request.address:#x} is read from clock {request.presented} on, and its data is"
                f" acknowledged at clock {answered}"
            )
        self.compared += 1

    async def run_phase(self) -> None:
        """Compares the count in every clock."""
        dut = self.env.dut
        written = dut.written_o
        while True:
            await FallingEdge(dut.clk_i)
            if not read(dut.rst_ni):
                continue
            latest = clock_now() - WRITTEN_CLOCKS
            answers = self.acknowledged
            while self.counted < len(answers) and answers[self.counted] <= latest:
                self.counted += 1
            count, due = read(written), (self.start + self.counted) % COUNT
            assert count == due, f"written_o is {count}, and {due} bursts are acknowledged"

    def check_phase(self) -> None:
        """Checks that nothing is left to be read."""
        assert not self.required, f"{len(self.required)} bursts were never read"


class SpectrumPortsEnv(PortsEnv):
    """Both ports on their memory."""

    block = "spectrum_ports"
    fields: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "load": ("addr", "sequence"),
        "store": ("addr",),
        "in": ("beat",),
        "out": ("beat",),
    }
    predictor_class = SpectrumPredictor

    def build_phase(self) -> None:
        """Creates the interlock, too."""
        dut: Any = cocotb.top
        # Those of a tile may be shorter than the longest.
        self.lengths = ("some", "longest") if int(dut.RowsLog2.value) else ("longest",)
        self.rows = 1
        """Those of whose columns the chunks are tiles."""
        super().build_phase()
        loaded = configs.load_model(os.environ["CROCUTA_CONFIG"])
        self.config = dataclasses.replace(loaded, chunk=self.chunk)
        self.word_bits = 2 * int(self.dut.MantissaBits.value) + int(self.dut.ExponentBits.value)
        self.interlock = InterlockScoreboard.create("interlock", self)
        self.scoreboards.append(self.interlock)

    def connect_phase(self) -> None:
        """Connects the interlock to what loads wait for and to the bus."""
        super().connect_phase()
        self.predictor.required.connect(self.interlock.expect)
        self.memory.monitor.requests.connect(self.interlock.requests)
        self.memory.monitor.port.connect(self.interlock.bursts)

    @property
    def outstanding(self) -> int:
        """More of those of a tile, which may be short."""
        dut: Any = self.dut
        return 2 * OUTSTANDING if int(dut.RowsLog2.value) else OUTSTANDING

    @property
    def beat_bytes(self) -> int:
        """Those of a beat in memory."""
        return self.lanes * SLOT_BITS // 8

    @property
    def burst_beats(self) -> int:
        """The beats of every burst."""
        each = self.chunk_beats // self.rows
        return min(MAX_BURST_BEATS, PAGE_BYTES // self.beat_bytes, each)

    @property
    def burst_words(self) -> int:
        """The 32-bit words of a burst in memory."""
        return self.burst_beats * self.beat_bytes // SAMPLE_BYTES

    @property
    def bursts_in_chunk(self) -> int:
        """The bursts of a chunk."""
        return self.chunk_beats // self.burst_beats

    @property
    def beat_bits(self) -> int:
        """Those of a beat on the streams."""
        return self.lanes * self.word_bits

    def in_slots(self, beats: list[int]) -> Words:
        """Packs beats as in memory: each word in 64 bits, with zeros above."""
        mask = (1 << self.word_bits) - 1
        slots = [
            beat >> lane * self.word_bits & mask for beat in beats for lane in range(self.lanes)
        ]
        return np.array(slots, "<u8").view("<u4").astype(np.uint32)

    def in_beats(self, image: Words) -> list[int]:
        """Unpacks memory to beats, ignoring the bits above each word."""
        mask = (1 << self.word_bits) - 1
        rows = image.astype("<u4").view("<u8").reshape(-1, self.lanes).tolist()
        return [
            sum((slot & mask) << lane * self.word_bits for lane, slot in enumerate(row))
            for row in rows
        ]

    async def count_from(self, count: int) -> None:
        """Presets the idle writer's count so that it soon wraps."""
        await RisingEdge(self.dut.clk_i)
        self.dut.u_writer.written_q.value = count
        self.predictor.given = count
        self.interlock.begin(count)
        await FallingEdge(self.dut.clk_i)
