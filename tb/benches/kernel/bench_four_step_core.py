# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""four_step_core on its memories, with any number of rows on the chip: PREPARE and CONVOLVE of
every number of rows against the model of whole sequences, bit by bit, with the flags, what
job_control counts and what the ports say of their bursts, and the clocks that a channel takes."""

from __future__ import annotations

import dataclasses
import os
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.convolution.four_step_controller import sizes
from crocuta.models.kernel import four_step_kernel
from crocuta.models.kernel.crocuta_kernel import Result, SampleArray, Spectra, sample_rows
from crocuta.models.kernel.schedules import scratch_bytes
from crocuta.models.layout import PAGE_BYTES, row_bytes
from tb.agents.agent import read
from tb.agents.job import arguments_of
from tb.envs.kernel_samples import ENDS, ONE_ROW_LACKS, ends_of, length_at
from tb.lib.clock import clock_now, start_clock
from tb.lib.coverage import ANSWERS, covergroup, export

CONFIG = configs.load_model(os.environ["CROCUTA_CONFIG"])
LATENCY = 60
QUIET = 8
"""Clocks for which all has to be idle at the end of a job."""
STILL = 8_000 + 4 * CONFIG.chunk
"""Clocks in which nothing moves on any port only in a job that is stuck: more than any hold."""
LIMIT = 20_000 + 20 * CONFIG.chunk
"""Clocks in which a job begins a burst on each of its ports."""
STOPPED = 2_000
"""Clocks in which what has begun ends."""
TURNS = 600
"""Clocks of a channel between one half and the next: pipelines, and a round trip to memory each."""
CHANGE = 8
"""Clocks between bursts of the chip and such of AXI: a tile has up to four changes, half of them of
what is written."""
NAN = 0x7FC00000
FIRST_PAGES = 4
"""The pages in any of which the contents of a memory may begin."""
SCRATCH = ("x_spectra", "z_spectra")
MEMORIES = ("samples", "x_spectra", "z_spectra", "h_spectra")
PORTS = tuple(f"{memory} {way}" for memory in MEMORIES for way in ("read", "write"))
"""Each memory's reads and writes, in the order of error_o, pending_o, hold_i and fault_i."""
HELD = 6_000
"""Clocks for which a port stands still: more than all jobs here take of Chunk = 64."""
MANY = 8
"""Channels of two rows, of which more is computed than waits on the chip for the memory of y."""
FAST = cocotb.SIM_NAME.lower().startswith("verilator") and CONFIG.chunk == 64
"""Whether a job takes a fraction of a second."""
ROWS = tuple(str(1 << p) for p in range(CONFIG.rows_max.bit_length()))
SAMPLE = covergroup(
    "four_step_core.job",
    {"rows": ROWS, "channels": ("one", "several"), "x": ("as long", "shorter")},
    {"rows_x_channels": ("rows", "channels"), "rows_x_x": ("rows", "x")},
)

SAMPLE_PLACE = covergroup(
    "four_step_core.place",
    {"rows": ("in memory", "in both", "on the chip"), "channels": ("one", "several")},
    {"rows_x_channels": ("rows", "channels")},
)
"""Where the rows between columns and rows are, of a job that has any."""
RESPONSES = {"EXOKAY": 1, "SLVERR": 2, "DECERR": 3}
UNANSWERED = {"none": (), "samples": (0, 1000, 1000, 1000), "z": (1000, 1000, 0, 1000)}
"""The memory that has stopped answering when a job is stopped, and the bandwidths."""
SAMPLE_STOP = covergroup("four_step_core.stop", {"unanswered": tuple(UNANSWERED)})
SAMPLE_LENGTH = covergroup(
    "four_step_core.length",
    {"rows": ROWS, "x": ENDS, "h": ENDS},
    {"rows_x_x": ("rows", "x"), "rows_x_h": ("rows", "h")},
    {name: [("1", end) for end in ONE_ROW_LACKS] for name in ("rows_x_x", "rows_x_h")},
)
SAMPLE_HELD = covergroup("four_step_core.held", {"port": PORTS})
SAMPLE_ERROR = covergroup(
    "four_step_core.error",
    {"port": PORTS, "response": tuple(RESPONSES)},
)
SAMPLE_RESET = covergroup("four_step_core.reset_at", {"pending": PORTS})
"""Ports with bursts that a reset cuts short."""
PULSES = ("chunk", "MAC beat", *(f"stall for {at}" for at in ("samples", "x", "h", "store", "y")))
"""In the order of totals_o."""
COUNT_BITS, BEATS_BITS = 32, 64
SAMPLE_COUNTED = covergroup("four_step_core.counted", {"pulse": PULSES})
SAMPLE_FLAGS = covergroup(
    "four_step_core.flags",
    {"mode": ("PREPARE", "CONVOLVE"), "saturated": ANSWERS, "non_finite": ANSWERS},
    {"mode_x_non_finite": ("mode", "non_finite")},
)
"""A filter alone does not saturate: its spectra are far from the largest exponent."""
SAMPLE_LATE = covergroup("four_step_core.late", {"answers": ANSWERS})
"""Jobs between whose answers there are such to bursts from before the reset."""
SAMPLE_RATE = covergroup("four_step_core.rate", {"measured": ("yes",)})


class Core:
    """The core and its memories."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.config = dataclasses.replace(CONFIG, resident=int(dut.Resident.value))
        self.memories = {name: getattr(dut, f"u_{name}").mem for name in MEMORIES}
        self.beat_words = 2 * CONFIG.lanes
        self.flags = (False, False)
        """saturated_o and non_finite_o of the last job."""
        start_clock(
            dut, rst_ni=0, stop_i=0, start_i=0, latency_i=2, bandwidth_i=self.ports(1000),
            stall_i=0, seed_i=random.getrandbits(31), hold_i=0, fault_i=0, fault_addr_i=0,
            response_i=0, id_i=0, late_i=0,
        )  # fmt: skip

    @staticmethod
    def ports(*values: int) -> int:
        """A setting of all memories, or of each."""
        each = values if len(values) == 4 else values * 4
        return sum(value << 16 * number for number, value in enumerate(each))

    def put(self, address: int, samples: SampleArray) -> None:
        """Samples into memory, whole beats."""
        words = np.full(-(-len(samples) // self.beat_words) * self.beat_words, NAN, np.uint32)
        words[: len(samples)] = samples.view(np.uint32)
        first = address // (4 * self.beat_words)
        for number, beat in enumerate(words.reshape(-1, self.beat_words)):
            value = int.from_bytes(beat.astype("<u4").tobytes(), "little")
            self.memories["samples"][first + number].value = value

    def get(self, address: int, count: int) -> SampleArray:
        """Samples from memory."""
        first, bytes_each = address // (4 * self.beat_words), 4 * self.beat_words
        beats = range(first, first - (-count // self.beat_words))
        words = b"".join(
            read(self.memories["samples"][beat]).to_bytes(bytes_each, "little") for beat in beats
        )
        return np.frombuffer(words, "<f4")[:count]

    def most_channels(self, rows: int) -> int:
        """The channels whose h, x and y of so many rows the memory of samples holds, wherever the
        first one begins."""
        size = len(self.memories["samples"]) * 4 * self.beat_words - FIRST_PAGES * PAGE_BYTES
        return int(size // (3 * row_bytes(rows * CONFIG.chunk)))

    def spectra(self, job: Job) -> dict[str, list[int]]:
        """What the memories of spectra hold, a row further than a job could reach if no row was on
        the chip."""
        rows = sizes(CONFIG, job).rows
        beats = dict.fromkeys(SCRATCH, (rows + 1) * CONFIG.chunk_beats)
        beats["h_spectra"] = (job.channels * rows + 1) * CONFIG.chunk_beats
        return {
            name: [read(self.memories[name][at]) for at in range(self.first(job, name) + count)]
            for name, count in beats.items()
        }

    @staticmethod
    def first(job: Job, name: str) -> int:
        """The first beat of a job's spectra in a memory."""
        return int(getattr(job, name) // (CONFIG.axi_bits // 8))

    async def start(self, job: Job, late: bool | None = None) -> int:
        """A job from its reset to its first clock, which is returned. Unless `late` says whether,
        answers to bursts from before the reset come in every other job."""
        dut = self.dut
        late = random.random() < 0.5 if late is None else late
        SAMPLE_LATE(ANSWERS[late])
        await RisingEdge(dut.clk_i)
        dut.rst_ni.value = 0
        dut.stop_i.value = 0
        dut.id_i.value = random.getrandbits(1)
        dut.late_i.value = late
        for name in arguments_of(dut):
            getattr(dut, f"{name}_i").value = getattr(job, name)
        dut.convolve_i.value = int(job.mode == Mode.CONVOLVE)
        for _ in range(4):
            await RisingEdge(dut.clk_i)
        dut.rst_ni.value = 1
        await RisingEdge(dut.clk_i)
        dut.start_i.value = 1
        begun = clock_now()
        await RisingEdge(dut.clk_i)
        dut.start_i.value = 0
        return begun

    async def run(self, job: Job, late: bool | None = None) -> int:
        """Runs a job, from reset to completion; returns the clocks from its start."""
        dut, begun = self.dut, await self.start(job, late)
        quiet = still = 0
        while quiet < QUIET and still < STILL:
            await FallingEdge(dut.clk_i)
            assert not read(dut.error_o)
            quiet = quiet + 1 if read(dut.done_o) and read(dut.idle_o) else 0
            still = 0 if read(dut.progress_o) else still + 1
        clocks = clock_now() - begun
        self.check_ports()
        assert still < STILL, f"stuck at clock {clock_now()}, pending_o {read(dut.pending_o):08b}"
        self.check_beats(job)
        self.check_counts(job)
        self.flags = (bool(read(dut.saturated_o)), bool(read(dut.non_finite_o)))
        return clocks

    def check_ports(self) -> None:
        """Since reset, no rule of AXI was broken, no handshake was X, pending_o and progress_o were
        what moved on the ports, and every beat was taken when it should be."""
        assert not read(self.dut.protocol_error_o), "the AXI protocol is broken"
        assert not read(self.dut.unknown_o), "a valid or a ready was X"
        wrong = read(self.dut.wrong_o)
        ports = [port for number, port in enumerate(PORTS) if wrong >> number & 1]
        assert not ports, f"pending_o or progress_o of {', '.join(ports)} was wrong"
        assert not wrong, "a beat was taken too early, too late or incompletely"

    def check_beats(self, job: Job) -> None:
        """Each port moved as many beats as the job's samples, spectra and rows in memory have."""
        beat_bytes = CONFIG.axi_bits // 8
        convolve = job.mode == Mode.CONVOLVE
        rows = sizes(CONFIG, job).rows
        h = job.channels * rows * CONFIG.chunk_beats
        scratch = job.channels * scratch_bytes(self.config, job) // beat_bytes
        length = job.length_x if convolve else min(job.length_h, rows * CONFIG.chunk)
        samples = job.channels * -(-4 * length // beat_bytes)
        expected = {
            "samples read": samples,
            "samples write": samples * convolve,
            "x_spectra read": scratch,
            "x_spectra write": scratch,
            "z_spectra read": scratch * convolve,
            "z_spectra write": scratch * convolve,
            "h_spectra read": h * convolve,
            "h_spectra write": h * (not convolve),
        }
        moved = split(read(self.dut.beats_o), BEATS_BITS, len(PORTS))
        found = dict(zip(PORTS, moved, strict=True))
        assert found == expected, f"beats: {found}, not {expected}"

    def check_counts(self, job: Job) -> None:
        """The pulses for job_control: chunks and MAC beats as many as the job has, and the stalls
        that the streams show."""
        totals = split(read(self.dut.totals_o), COUNT_BITS, len(PULSES))
        chunks = job.channels * sizes(CONFIG, job).rows
        products = chunks * CONFIG.chunk_beats if job.mode == Mode.CONVOLVE else 0
        assert totals[:2] == [chunks, products], f"{totals[:2]}, not {[chunks, products]}"
        counts = split(read(self.dut.counts_o), COUNT_BITS, len(PULSES) - 1)
        assert totals[1:] == counts, f"{dict(zip(PULSES[1:], totals[1:], strict=True))}: {counts}"
        for pulse, count in zip(PULSES, totals, strict=True):
            if count:
                SAMPLE_COUNTED(pulse)

    def check_flags(self, job: Job, *results: Result | Spectra) -> None:
        """The flags are those of the models' results for the job's channels."""
        expected = (
            any(each.saturated for each in results),
            any(each.non_finite for each in results),
        )
        assert self.flags == expected, f"saturated, non-finite: {self.flags}, not {expected}"
        SAMPLE_FLAGS(job.mode.name, *(ANSWERS[flag] for flag in self.flags))

    def check_spectra(self, before: dict[str, list[int]], job: Job) -> None:
        """What a PREPARE and its CONVOLVE wrote to the memories of x and z are the rows that are
        not on the chip, to that of h its spectra, and no more."""
        beats = scratch_bytes(self.config, job) // (CONFIG.axi_bits // 8)
        rows = sizes(CONFIG, job).rows
        written = dict.fromkeys(SCRATCH, beats)
        written["h_spectra"] = job.channels * rows * CONFIG.chunk_beats
        after = self.spectra(job)
        for name, count in written.items():
            start = self.first(job, name)
            changed = {at for at, beat in enumerate(after[name]) if beat != before[name][at]}
            assert changed <= {*range(start, start + count)}, f"{name} was written elsewhere"
            assert count == 0 or changed, f"{name} was not written"
        if rows > 1:
            where = (
                "on the chip" if not beats else "in both" if self.config.resident else "in memory"
            )
            SAMPLE_PLACE(where, "one" if job.channels == 1 else "several")

    async def end(self) -> None:
        """Waits until a job that has been stopped has ended all its bursts."""
        waited = quiet = 0
        while quiet < QUIET:
            await FallingEdge(self.dut.clk_i)
            quiet = quiet + 1 if read(self.dut.idle_o) and not read(self.dut.pending_o) else 0
            waited += 1
            assert waited < STOPPED, "ports that do not end what they have begun"
        self.check_ports()

    def uses(self, port: str, job: Job) -> bool:
        """Whether a job transfers anything on a port."""
        memory, way = port.split()
        convolve = job.mode == Mode.CONVOLVE
        if memory == "h_spectra":
            return convolve == (way == "read")
        if memory == "samples":
            return convolve or way == "read"
        return scratch_bytes(self.config, job) > 0 and (convolve or memory == "x_spectra")

    def place(self, x: SampleArray, h: SampleArray, length: int) -> tuple[Job, Job]:
        """Puts rows into memory: the job that prepares the filters for a length, and the one that
        convolves."""
        channels, taps = h.shape
        h_at = random.randrange(FIRST_PAGES) * PAGE_BYTES
        x_at = h_at + channels * row_bytes(taps)
        y_at = x_at + channels * row_bytes(x.shape[1])
        spectra = {
            name: random.randrange(FIRST_PAGES) * PAGE_BYTES for name in (*SCRATCH, "h_spectra")
        }
        prepare = Job(Mode.PREPARE, channels, length, taps, h=h_at, **spectra)
        words = sizes(CONFIG, prepare).rows * CONFIG.chunk
        convolve = Job(Mode.CONVOLVE, channels, x.shape[1], words, x=x_at, y=y_at, **spectra)
        self.put(h_at, sample_rows(h))
        self.put(x_at, sample_rows(x))
        behind = np.full(channels * row_bytes(x.shape[1]) // 4, NAN, np.uint32).view(np.float32)
        self.put(y_at, behind)
        return prepare, convolve

    def check(self, job: Job, x: SampleArray, h: SampleArray) -> None:
        """Compares every output of a CONVOLVE and its flags, and what lies behind y with what was
        there."""
        size = job.channels * row_bytes(job.length_x) // 4
        image = self.get(job.y, size).reshape(job.channels, -1)
        results = []
        for channel in range(job.channels):
            spectra = four_step_kernel.prepare(h[channel], CONFIG, job.length_h)
            results.append(four_step_kernel.convolve(x[channel], spectra, CONFIG))
            expected = results[-1].y
            found = image[channel, : job.length_x]
            wrong = np.flatnonzero(found.view(np.uint32) != expected.view(np.uint32))
            assert not wrong.size, (
                f"channel {channel}: {wrong.size} of {len(expected)} outputs differ, first"
                f" {wrong[0]}: {found[wrong[0]]}, not {expected[wrong[0]]}"
            )
            rest = image[channel, job.length_x :].view(np.uint32)
            assert (rest == NAN).all(), "samples behind y were written"
        self.check_flags(job, *results)

    async def convolve(
        self, x: SampleArray, h: SampleArray, length: int, late: bool | None = None
    ) -> tuple[int, int]:
        """Prepares filters for a length and convolves all channels: the clocks of both jobs."""
        prepare, convolve = self.place(x, h, length)
        before = self.spectra(convolve)
        first = await self.run(prepare, late)
        self.check_flags(prepare, *(four_step_kernel.prepare(row, CONFIG, length) for row in h))
        clocks = first, await self.run(convolve, late)
        self.check_spectra(before, convolve)
        self.check(convolve, x, h)
        return clocks


def split(value: int, bits: int, count: int) -> list[int]:
    """The numbers that a port packs, the first in its low bits."""
    return [value >> bits * n & ((1 << bits) - 1) for n in range(count)]


def noise(*shape: int) -> SampleArray:
    """Gaussian samples."""
    rng = np.random.default_rng(random.getrandbits(64))
    return rng.normal(size=shape).astype(np.float32)


@cocotb.test()
async def every_number_of_rows(dut: Any) -> None:
    """Jobs of all numbers of rows, one after the other, on memories that stall port by port."""
    core = Core(dut)
    order = [1 << p for p in range(CONFIG.rows_max.bit_length())]
    random.shuffle(order)
    for rows in order:
        most = rows * CONFIG.chunk
        several = random.randint(2, min(3, core.most_channels(rows)))
        for channels, shorter in ((1, False), (several, True)):
            await RisingEdge(dut.clk_i)
            dut.latency_i.value = random.choice((2, 20, LATENCY))
            slow = [random.choice((1000, 1000, 300)) for _ in range(4)]
            dut.bandwidth_i.value = core.ports(*slow)
            dut.stall_i.value = core.ports(*(random.choice((0, 0, 300)) for _ in range(4)))
            length = random.randint(most // 2 + 1, most)
            x = noise(channels, random.randint(1, length) if shorter else length)
            h = noise(channels, random.randint(1, most))
            await core.convolve(x, h, most)
            SAMPLE(
                str(rows),
                "one" if channels == 1 else "several",
                "shorter" if shorter else "as long",
            )
    export()


@cocotb.test()
async def stop_in_the_middle(dut: Any) -> None:
    """Jobs are stopped at random, and when a memory has not answered for long, so that in the end
    ports wait for one another: what has begun ends, and the next job is right."""
    core = Core(dut)
    rows = CONFIG.rows_max
    length = rows * CONFIG.chunk
    job = Job(Mode.CONVOLVE, 3, length, length, x_spectra=PAGE_BYTES, z_spectra=2 * PAGE_BYTES)
    per_channel = 2 * rows * CONFIG.chunk_beats
    for silent, ports in UNANSWERED.items():
        await core.start(job)
        if silent == "z":  # at its last row: nothing of z can be read, and x waits for that
            last = job.z_spectra + scratch_bytes(core.config, job) - spectrum_bytes(CONFIG)
            for _ in range(4 * per_channel):
                await FallingEdge(dut.clk_i)
                if read(dut.z_spectra_awvalid) and read(dut.z_spectra_awaddr) == last:
                    break
        else:
            await ClockCycles(dut.clk_i, random.randint(per_channel // 2, 3 * per_channel))
        if ports:
            await RisingEdge(dut.clk_i)
            dut.bandwidth_i.value = core.ports(*ports)
            await ClockCycles(dut.clk_i, 4 * per_channel)
        await RisingEdge(dut.clk_i)
        dut.bandwidth_i.value = core.ports(1000)
        dut.stop_i.value = 1
        await core.end()
        SAMPLE_STOP(silent)
        await core.convolve(noise(1, 2 * CONFIG.chunk), noise(1, 5), 2 * CONFIG.chunk)
    export()


@cocotb.test()
async def lengths(dut: Any) -> None:
    """x and h end at and around the ends of rows and of what tiles hold of them."""
    core = Core(dut)
    for rows in (1 << p for p in range(CONFIG.rows_max.bit_length())):
        pairs = list(zip(ends_of(rows), ends_of(rows)[::-1], strict=True))
        for ends in pairs if FAST else random.sample(pairs, 1):
            length_x, length_h = (length_at(end, rows, CONFIG) for end in ends)
            channels = random.randint(1, 2)
            await core.convolve(
                noise(channels, length_x), noise(channels, length_h), max(length_x, length_h)
            )
            SAMPLE_LENGTH(str(rows), *ends)
    export()


@cocotb.test()
async def flags(dut: Any) -> None:
    """A sample that is not finite raises non_finite_o in the job that reads it; outputs beyond
    float32 raise saturated_o."""
    core = Core(dut)
    rows = random.choice((1, 2))
    for in_x, in_h, scale in ((0, 0, 1e30), (1, 0, 1), (0, 1, 1), (0, 0, 1)):
        length = rows * CONFIG.chunk
        x, h = noise(1, length) * np.float32(scale), noise(1, length) * np.float32(scale)
        for samples in (x,) * in_x + (h,) * in_h:
            samples[0, random.randrange(length)] = random.choice((np.nan, np.inf, -np.inf))
        await core.convolve(x, h, length)
    export()


@cocotb.test()
async def held_ports(dut: Any) -> None:
    """Each port by itself stands still for thousands of clocks in the middle of a job, which waits
    for it: nothing is lost."""
    core = Core(dut)
    cases = [(port, CONFIG.rows_max if FAST else 2, 2) for port in PORTS]
    if FAST:  # in the end nothing reads z, whose rows the next channel's tiles must not overwrite
        cases += [("samples write", 2, MANY), ("samples write", CONFIG.rows_max, MANY // 2)]
    for port, rows, channels in cases:
        most = rows * CONFIG.chunk
        x, h = noise(channels, most), noise(channels, most)
        prepare, convolve = core.place(x, h, most)
        job = prepare if port == "h_spectra write" else convolve
        if job is convolve:
            await core.run(prepare)
        running = cocotb.start_soon(core.run(job))
        # In the first channel's columns, or in its rows: before the second channel uses the port.
        await ClockCycles(dut.clk_i, random.randint(1, most // CONFIG.lanes))
        dut.hold_i.value = 1 << PORTS.index(port)
        await ClockCycles(dut.clk_i, HELD if FAST else most)
        if core.uses(port, job):
            assert not running.done(), f"the job ended without its {port}"
            SAMPLE_HELD(port)
        await RisingEdge(dut.clk_i)
        dut.hold_i.value = 0
        await running
        if job is prepare:
            await core.run(convolve)
        core.check(convolve, x, h)
    export()


@cocotb.test()
async def error_responses(dut: Any) -> None:
    """An error response on any port raises its error_o and no other; the job that is then stopped
    ends, and the next one is right."""
    core = Core(dut)
    rows = CONFIG.rows_max if FAST else 4
    x, h = noise(1, rows * CONFIG.chunk), noise(1, rows * CONFIG.chunk)
    for number, port in enumerate(PORTS):
        prepare, convolve = core.place(x, h, rows * CONFIG.chunk)
        job = prepare if port == "h_spectra write" else convolve
        if not core.uses(port, job):
            continue
        response = list(RESPONSES)[number % len(RESPONSES)]
        scratch = scratch_bytes(core.config, convolve)
        base, size = {
            "samples read": (job.x, rows * CONFIG.chunk * 4),
            "samples write": (job.y, rows * CONFIG.chunk * 4),
            "x_spectra": (job.x_spectra, scratch),
            "z_spectra": (job.z_spectra, scratch),
            "h_spectra": (job.h_spectra, rows * spectrum_bytes(CONFIG)),
        }[port if "samples" in port else port.split()[0]]
        dut.fault_addr_i.value = base + random.randrange(0, size, CONFIG.axi_bits // 8)
        dut.response_i.value = RESPONSES[response]
        dut.fault_i.value = 1 << number
        await core.start(job)
        for _ in range(LIMIT):
            await FallingEdge(dut.clk_i)
            if found := read(dut.error_o):
                break
        assert found == 1 << number, f"{response} to {port}: error_o is {found:#b}"
        await RisingEdge(dut.clk_i)
        dut.stop_i.value = 1
        await core.end()
        SAMPLE_ERROR(port, response)
        await RisingEdge(dut.clk_i)
        dut.fault_i.value = 0
        if FAST or number == 0:
            await core.convolve(noise(1, 2 * CONFIG.chunk), noise(1, 5), 2 * CONFIG.chunk)
    export()


@cocotb.test()
async def reset_anywhere(dut: Any) -> None:
    """A reset while any port has bursts to end: the next job, of any other number of rows, is
    right."""
    core = Core(dut)
    for number in range(len(PORTS) if FAST else 2):
        rows = random.choice((2, CONFIG.rows_max)) if FAST else 2
        x, h = noise(2, rows * CONFIG.chunk), noise(2, rows * CONFIG.chunk)
        prepare, convolve = core.place(x, h, rows * CONFIG.chunk)
        job = prepare if PORTS[number] == "h_spectra write" else convolve
        await core.start(job)
        await ClockCycles(dut.clk_i, random.randint(1, 2 * CONFIG.chunk_beats))
        if core.uses(PORTS[number], job):
            for _ in range(LIMIT):
                await FallingEdge(dut.clk_i)
                if read(dut.pending_o) >> number & 1:
                    break
            assert read(dut.pending_o) >> number & 1, f"no burst of {PORTS[number]}"
        for each, port in enumerate(PORTS):
            if read(dut.pending_o) >> each & 1:
                SAMPLE_RESET(port)
        dut.rst_ni.value = 0
        await ClockCycles(dut.clk_i, random.randint(1, 3))
        length = random.randint(1, CONFIG.rows_max * CONFIG.chunk if FAST else CONFIG.chunk)
        await core.convolve(noise(1, length), noise(1, length), length)
    export()


@cocotb.test()
async def clocks_of_a_channel(dut: Any) -> None:
    """Several channels of the most rows at a latency of 60 and full bandwidth: 2 P + 1.5 chunks a
    channel, and what the pipelines and the memories take; with rows on the chip 1.5 more, as tiles
    of x wait for those of z to be read."""
    core = Core(dut)
    await RisingEdge(dut.clk_i)
    dut.latency_i.value = LATENCY
    clocks = {}
    most = CONFIG.rows_max * CONFIG.chunk
    length = int(os.environ.get("LENGTH", most))
    several = int(os.environ.get("CHANNELS", "2"))
    for channels in (1, several):
        x, h = noise(channels, length), noise(channels, length)
        _, clocks[channels] = await core.convolve(x, h, length, late=False)
    more = (clocks[several] - clocks[1]) / (several - 1)
    rows = sizes(CONFIG, Job(Mode.PREPARE, 1, length, length)).rows
    chunks = 2 * rows + (3 if core.config.resident else 1.5)
    cocotb.log.info(
        "%d samples: one channel %d clocks, another one %.0f, %.3f of %g chunks",
        length, clocks[1], more, more / (chunks * CONFIG.chunk_beats), chunks,
    )  # fmt: skip
    mixed = 0 < core.config.resident < rows
    assert more <= chunks * CONFIG.chunk_beats + TURNS + (4 * rows * CHANGE if mixed else 0)
    SAMPLE_RATE("yes")
    export()
