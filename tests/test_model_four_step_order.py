# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The order of a four-step kernel's work: its commands, tiles, rows and bursts, put together beat
by beat, give the bits of the model of whole sequences."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

import numpy as np
import pytest

from crocuta.models import cfp, configs
from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Cfp, Format
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.convolution.four_step_controller import (
    HELD,
    STREAMS,
    Forward,
    HRead,
    HStore,
    Inverse,
    Kind,
    Load,
    XRead,
    XStore,
    YStore,
    ZRead,
    ZStore,
    schedule,
    sizes,
    streams,
)
from crocuta.models.convolution.overlap_add import real_word
from crocuta.models.kernel import four_step_kernel
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.kernel.schedules import scratch_bytes
from crocuta.models.layout import PAGE_BYTES, SAMPLE_BYTES, row_bytes
from crocuta.models.ports import sample_reader, sample_writer, spectrum_ports
from crocuta.models.ports.resident_rows import Interlock, ResidentRows, resident_rows
from crocuta.models.transform import fft_engine
from crocuta.models.transform.fft_engine import step_rows
from crocuta.models.transform.twist import twist, untwist

TINY = configs.load_model("tiny-long")
SMALL = configs.load_model("small-long")


class Machine:
    """Executes a schedule on images of the memories. Each engine holds chunks until others follow;
    stores wait for their data, and nothing is read that a store still owes."""

    def __init__(self, config: Config, samples: int, h_slots: int, scratch: int) -> None:
        self.config, self.fmt = config, Format.of(config)
        self.samples = np.full(samples, 0x7FC00000, np.uint32)
        self.h = np.zeros(h_slots, np.uint64)
        self.x, self.z = (np.zeros(scratch, np.uint64) for _ in range(2))

    def run(self, job: Job) -> None:
        self.rows = sizes(self.config, job).rows
        chip = np.zeros(self.config.resident * self.config.chunk, np.uint64)
        self.x_ports = ResidentRows(self.config, chip, self.x, job.x_spectra)
        self.z_ports = ResidentRows(self.config, chip, self.z, job.z_spectra)
        # Of a tile, what is written to the chip.
        self.chip_beats = (
            resident_rows(self.config, self.rows) * self.config.chunk_beats // self.rows
        )
        self.interlock = Interlock(self.rows * self.chip_beats)
        self.waits = job.mode == Mode.CONVOLVE and self.chip_beats > 0
        # What is on its way: by name, data and commands that wait for it.
        self.data: dict[str, deque[Any]] = {
            name: deque() for name in ("load", "x_read", "h_read", "z_read", "spectrum", *STREAMS)
        }
        self.owed: dict[str, deque[Any]] = {
            name: deque() for name in ("x_store", "h_store", "z_store", "y_store", "inverse")
        }
        self.held: dict[str, deque[Any]] = {"forward": deque(), "inverse": deque()}
        for command in schedule(self.config, dataclasses.replace(job, x_spectra=0, z_spectra=0)):
            self.step(command)
            self.settle()
        left = {name: len(items) for name, items in (*self.data.items(), *self.owed.items())}
        assert not any(left.values()), left
        assert not any(self.held.values()), "a chunk is left in an engine"

    def step(self, command: Any) -> None:
        config, rows = self.config, self.rows
        match command:
            case Load(addr, samples):
                beats = sample_reader.read_chunk(
                    self.samples, addr, samples, config.lanes, config.chunk, rows
                )
                self.data["load"].append(beats)
            case XRead(addr):
                assert not self.owed["x_store"], "a row is read before all of its tiles"
                self.data["x_read"].append(cfp.unpack(self.x_ports.read_chunk(addr), self.fmt))
            case ZRead(addr):
                assert not self.owed["z_store"], "a tile is read before all of its rows"
                slots = self.z_ports.read_chunk(addr, rows)
                self.data["z_read"].append(cfp.unpack(slots, self.fmt))
                self.interlock.read(self.chip_beats)
            case HRead(addr):
                slots = spectrum_ports.read_chunk(config, self.h, addr)
                self.data["h_read"].append(cfp.unpack(slots, self.fmt))
            case Forward(kind, row):
                self.forward(kind, row)
            case Inverse():
                self.owed["inverse"].append(command)
            case XStore():
                self.owed["x_store"].append(command)
            case HStore():
                self.owed["h_store"].append(command)
            case ZStore():
                self.owed["z_store"].append(command)
            case YStore():
                self.owed["y_store"].append(command)

    def settle(self) -> None:
        """Everything whose command and data are both there."""
        config, waits = self.config, self.owed
        while waits["x_store"] and self.data["x_store"] and (self.interlock.open or not self.waits):
            slots = cfp.pack(self.data["x_store"].popleft(), self.fmt)
            self.x_ports.write_chunk(waits["x_store"].popleft().addr, slots, self.rows)
            self.interlock.write(self.chip_beats)
        while waits["h_store"] and self.data["spectrum"]:
            slots = cfp.pack(self.data["spectrum"].popleft(), self.fmt)
            spectrum_ports.write_chunk(config, self.h, waits["h_store"].popleft().addr, slots)
        while waits["inverse"]:
            kind, row = waits["inverse"][0].kind, waits["inverse"][0].row
            if kind in (Kind.ROW, Kind.CHUNK):
                if not self.data["spectrum"]:
                    break
                product = multiply(
                    self.data["spectrum"].popleft(), self.data["h_read"].popleft(), self.fmt
                ).word
                chunk = product
            elif kind == Kind.TILE:
                chunk = self.data["z_read"].popleft()
            else:
                chunk = None
            waits["inverse"].popleft()
            self.inverse(kind, row, chunk)
        while waits["z_store"] and self.data["z_store"]:
            slots = cfp.pack(self.data["z_store"].popleft(), self.fmt)
            self.z_ports.write_chunk(waits["z_store"].popleft().addr, slots)
        while waits["y_store"] and self.data["y_store"]:
            command, beats = waits["y_store"].popleft(), self.data["y_store"].popleft()
            sample_writer.write_chunk(self.samples, command.addr, command.samples, beats, self.rows)

    def through(self, engine: str, chunk: Any) -> list[Any]:
        """A chunk enters an engine: those that it pushes out as a whole, a flush all of them."""
        held = self.held[engine]
        if chunk[0] == Kind.FLUSH:
            left, self.held[engine] = list(held), deque()
            return left
        held.append(chunk)
        left = []
        while len(held) > HELD[held[0][0]]:
            left.append(held.popleft())
        return left

    def forward(self, kind: Kind, row: int) -> None:
        """A chunk enters the forward engine, and others may leave."""
        words: Cfp | None = None
        if kind in (Kind.TILE, Kind.CHUNK):
            words = float_to_cfp(self.data["load"].popleft().view(np.float32), self.fmt).words
        elif kind == Kind.ROW:
            words = self.data["x_read"].popleft()
        for chunk in self.through("forward", (kind, row, words)):
            self.forwarded(*chunk)

    def forwarded(self, kind: Kind, row: int, words: Cfp) -> None:
        """A chunk leaves the forward engine."""
        config = self.config
        if kind == Kind.TILE:
            self.data["x_store"].append(self.columns(words, fft_engine.forward))
            return
        natural = fft_engine.from_lanes(words)
        if kind == Kind.ROW:
            part = slice(row, row + 1)
            natural = twist(natural.reshape(1, -1), part, self.rows, config).words[0]
        spectrum = fft_engine.forward(natural, config).words
        self.data["spectrum"].append(fft_engine.to_beats(spectrum, config))

    def inverse(self, kind: Kind, row: int, words: Cfp | None) -> None:
        """The same of the inverse engine."""
        for chunk in self.through("inverse", (kind, row, words)):
            self.inverted(*chunk)

    def inverted(self, kind: Kind, row: int, words: Cfp) -> None:
        """A chunk leaves the inverse engine."""
        config = self.config
        if kind == Kind.TILE:
            beats = self.columns(words, fft_engine.inverse)
        else:
            natural = fft_engine.inverse(fft_engine.from_beats(words, config), config).words
            if kind == Kind.ROW:
                part = slice(row, row + 1)
                natural = untwist(natural.reshape(1, -1), part, self.rows, config).words[0]
            beats = fft_engine.to_lanes(natural, config)
        if kind == Kind.ROW:
            self.data["z_store"].append(beats)
            return
        y = cfp_to_float(real_word(beats.re, beats.exponent, self.fmt), self.fmt).samples
        self.data["y_store"].append(y.view(np.uint32))

    def columns(self, beats: Cfp, transform: Any) -> Cfp:
        """A tile through the column levels and the restoring commutator; on both sides of them a
        part of its beats belongs to each row: in their order, and in that of `step_rows`."""
        rows, shape = self.rows, beats.shape
        levels = rows.bit_length() - 1
        steps = step_rows(rows)
        forward = transform is fft_engine.forward
        parts = beats.map(lambda part: part.reshape(rows, -1))
        if not forward:
            parts = parts[np.argsort(steps)]
        done: Cfp = transform(parts.reshape(1, -1), self.config, levels).words.reshape(rows, -1)
        return (done[steps] if forward else done).reshape(*shape)


def convolved(x: SampleArray, h: SampleArray, config: Config, length: int) -> SampleArray:
    """The y of channels of x by the machine."""
    channels = len(x)
    pages = [channels * row_bytes(n) for n in (h.shape[1], x.shape[1], x.shape[1])]
    starts = np.cumsum([PAGE_BYTES, *pages])
    rows = sizes(config, Job(Mode.PREPARE, 1, length, h.shape[1])).rows
    words = rows * config.chunk
    convolve = Job(
        Mode.CONVOLVE, channels, x.shape[1], words,
        x=int(starts[1]), y=int(starts[2]), h_spectra=PAGE_BYTES,
        x_spectra=2 * PAGE_BYTES, z_spectra=PAGE_BYTES,
    )  # fmt: skip
    scratch = (convolve.x_spectra + scratch_bytes(config, convolve)) // 8
    machine = Machine(
        config, int(starts[3]) // SAMPLE_BYTES, PAGE_BYTES // 8 + channels * words, scratch
    )
    for base, array in ((starts[0], h), (starts[1], x)):
        for channel, row in enumerate(array):
            first = (int(base) + channel * row_bytes(array.shape[1])) // SAMPLE_BYTES
            machine.samples[first : first + len(row)] = row.view(np.uint32)
    prepare = Job(
        Mode.PREPARE, channels, words, h.shape[1],
        h=int(starts[0]), h_spectra=PAGE_BYTES, x_spectra=convolve.x_spectra,
    )  # fmt: skip
    machine.run(prepare)
    before = machine.samples.copy()
    machine.run(convolve)
    y = np.empty_like(x)
    changed = np.flatnonzero(machine.samples != before)
    for channel in range(channels):
        first = (convolve.y + channel * row_bytes(x.shape[1])) // SAMPLE_BYTES
        place = slice(first, first + x.shape[1])
        y[channel] = machine.samples[place].view(np.float32)
        changed = changed[(changed < place.start) | (changed >= place.stop)]
    assert not changed.size, "samples were written outside of y"
    return y


@pytest.mark.parametrize(
    ("config", "rows"),
    [
        *((TINY, rows) for rows in (1, 2, 4, 8)),
        *((SMALL, rows) for rows in (1, 2, 4, 8, 16, 32)),
    ],
    ids=lambda value: value.name if isinstance(value, Config) else str(value),
)
def test_beat_by_beat(config: Config, rows: int, seed: int) -> None:
    """Two channels, ends within rows and columns, x shorter than what the filter serves."""
    rng = np.random.default_rng([seed, rows])
    most = rows * config.chunk
    lengths = [most - int(rng.integers(1, config.chunk)), most, int(rng.integers(1, most))]
    channels = 2
    if most > 4096:  # one run takes seconds
        lengths, channels = lengths[:1], 1
    for length in lengths:
        x = rng.normal(size=(channels, length)).astype(np.float32)
        h = rng.normal(size=(channels, most - 5)).astype(np.float32)
        y = convolved(x, h, config, most)
        for channel in range(channels):
            spectra = four_step_kernel.prepare(h[channel], config, most)
            expected = four_step_kernel.convolve(x[channel], spectra, config).y
            assert y[channel].tobytes() == expected.tobytes()


@pytest.mark.parametrize("resident", [1, 3, 8])
@pytest.mark.parametrize("rows", [2, 4, 8])
def test_rows_on_the_chip(resident: int, rows: int, seed: int) -> None:
    """Three channels: the same bits, and the memory holds the other rows alone."""
    config = dataclasses.replace(TINY, resident=resident)
    rng = np.random.default_rng([seed, resident, rows])
    most = rows * config.chunk
    x = rng.normal(size=(3, most - int(rng.integers(config.chunk)))).astype(np.float32)
    h = rng.normal(size=(3, most)).astype(np.float32)
    y = convolved(x, h, config, most)
    for channel in range(3):
        spectra = four_step_kernel.prepare(h[channel], config, most)
        expected = four_step_kernel.convolve(x[channel], spectra, config).y
        assert y[channel].tobytes() == expected.tobytes()


@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
def test_the_fewest_samples_a_lane(lanes: int, seed: int) -> None:
    """As many rows as the rule allows: a lane's part of a row in a tile is one AXI beat."""
    chunk = max(32 * lanes, 4 * lanes**2)
    config = dataclasses.replace(TINY, lanes=lanes, chunk=chunk, max_length_log2=28)
    config = dataclasses.replace(config, max_length_log2=config.chunk_log2 + config.rows_log2_limit)
    config.check_kernel()
    rows = config.rows_max
    assert config.chunk_beats // rows == 2 * lanes
    bursts = sample_reader.bursts(0, rows * chunk, lanes, chunk, rows)
    assert {beats for _, beats in bursts} == {1} and len(bursts) == rows * lanes
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1, rows * chunk - 9)).astype(np.float32)
    y = convolved(x, x, config, rows * chunk)
    spectra = four_step_kernel.prepare(x[0], config, rows * chunk)
    assert y[0].tobytes() == four_step_kernel.convolve(x[0], spectra, config).y.tobytes()


def test_every_burst_stays_within_a_page(seed: int) -> None:
    """And each sample and each beat is moved exactly once."""
    for name in ("tiny-long", "small-long", "u200-long", "u200-long-4m", "u200-card"):
        config = configs.load_model(name)
        rows = config.rows_max
        while rows:
            each = config.chunk_beats // rows
            seen = np.zeros(rows * config.chunk, np.int64)
            for tile in range(min(rows, 3)):
                first = tile * each * SAMPLE_BYTES
                samples = rows * config.chunk - tile * each
                found = sample_reader.bursts(first, samples, config.lanes, config.chunk, rows)
                for addr, beats in found:
                    size = beats * 2 * config.lanes * SAMPLE_BYTES
                    assert addr // PAGE_BYTES == (addr + size - 1) // PAGE_BYTES
                    seen[addr // SAMPLE_BYTES :][: size // SAMPLE_BYTES] += 1
            assert seen.max() == 1 and seen.sum() == min(rows, 3) * config.chunk
            beat_bytes = 8 * config.lanes
            beats_seen = np.zeros(rows * config.chunk_beats, np.int64)
            for tile in range(min(rows, 3)):
                for addr, beats in spectrum_ports.bursts(config, tile * each * beat_bytes, rows):
                    last = addr + beats * beat_bytes - 1
                    assert addr // PAGE_BYTES == last // PAGE_BYTES and 1 <= beats <= 64
                    beats_seen[addr // beat_bytes :][:beats] += 1
            assert beats_seen.max() == 1
            assert beats_seen.sum() == min(rows, 3) * config.chunk_beats
            rows //= 2


def test_samples_that_exist(seed: int) -> None:
    """Only AXI beats with one of them are moved, and nothing behind them is read or written."""
    rng = np.random.default_rng(seed)
    for _ in range(50):
        rows = int(rng.choice([1, 2, 4, 8]))
        tile = int(rng.integers(rows))
        each = TINY.chunk_beats // rows
        exist = max(0, int(rng.integers(1, rows * TINY.chunk + 1)) - tile * each)
        memory = rng.integers(1, 1 << 32, rows * TINY.chunk, dtype=np.uint32)
        addr = tile * each * SAMPLE_BYTES
        beats = sample_reader.read_chunk(memory, addr, exist, TINY.lanes, TINY.chunk, rows)
        where = sample_reader.positions(TINY.lanes, TINY.chunk, rows)
        assert np.array_equal(beats != 0, where < exist)
        moved = set[int]()
        for start, count in sample_reader.bursts(addr, exist, TINY.lanes, TINY.chunk, rows):
            for beat in range(start // 16, start // 16 + count):
                moved.add(beat)
        needed = (addr // SAMPLE_BYTES + where[where < exist]) // 4
        assert moved == set(needed.tolist())
        written = np.zeros_like(memory)
        sample_writer.write_chunk(written, addr, exist, beats, rows)
        assert np.count_nonzero(written) == np.count_nonzero(where < exist)
        assert np.array_equal(written[written != 0], memory[written != 0])


def test_steps_of_a_tile() -> None:
    assert step_rows(1).tolist() == [0] and step_rows(2).tolist() == [0, 1]
    assert step_rows(8).tolist() == [0, 2, 4, 6, 1, 3, 5, 7]


def test_streams_of_one_row() -> None:
    """No memory pass: x to y, and H."""
    found = streams(TINY, Job(Mode.CONVOLVE, 3, 60, 64, x_spectra=4096))
    assert [len(found[name]) for name in STREAMS] == [3, 4, 0, 0, 0, 3, 4, 0, 0, 3]
    kinds = [command.kind for command in found["forward"] if isinstance(command, Forward)]
    assert kinds == [Kind.CHUNK] * 3 + [Kind.FLUSH]


def test_counts_of_a_job() -> None:
    """2 P chunks and a flush a channel for each engine, and a flush at the end."""
    found = streams(TINY, Job(Mode.CONVOLVE, 3, 200, 512, x_spectra=4096))
    assert {name: len(commands) for name, commands in found.items()} == {
        "load": 24, "forward": 52, "x_store": 24, "x_read": 24, "h_store": 0, "h_read": 24,
        "inverse": 52, "z_store": 24, "z_read": 24, "y_store": 24,
    }  # fmt: skip
    prepared = streams(TINY, Job(Mode.PREPARE, 2, 512, 9, x_spectra=4096))
    assert len(prepared["h_store"]) == 16 and len(prepared["forward"]) == 35
    assert not prepared["inverse"] and not prepared["y_store"] and not prepared["z_read"]
