# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts a job of the kernel from its arguments and the memories' contents: the bytes that it
writes, the addresses that it reads, and the registers at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from crocuta.models import layout, reference
from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Cfp, FloatArray, Format, pack, stack, unpack
from crocuta.models.configs import Config
from crocuta.models.convolution import chunk_controller
from crocuta.models.convolution.chunk_controller import Job, Mode, past_chunks
from crocuta.models.kernel import crocuta_kernel, four_step_kernel
from crocuta.models.kernel.crocuta_kernel import SampleArray, Spectra
from crocuta.models.kernel.schedules import transform_rows
from crocuta.models.layout import PAGE_BYTES, SAMPLE_BYTES, WORD_BYTES
from crocuta.models.transform import fft_engine
from crocuta.models.transform.fft_engine import from_beats
from crocuta.models.transform.twist import untwist
from tb.agents.axi_memory import Request
from tb.envs.job_model import argument_error
from tb.lib.registers import bit

BASES = {
    "samples": 0x0010_FFFF_F000,
    "x_spectra": 0x0020_FFFF_F000,
    "z_spectra": 0x0040_FFFF_F000,
    "h_spectra": 0x0030_FFFF_F000,
}
"""The addresses of the memories in kernel_tb. A four-step kernel alone has a port to that of z."""
SATURATED, NON_FINITE = (bit("status", name) for name in ("saturated", "non_finite"))


class Port(NamedTuple):
    """One direction of a memory's port."""

    memory: str
    write: bool

    @property
    def error(self) -> str:
        """The name of its error code; z has those of x."""
        memory = self.memory.removesuffix("_spectra").replace("z", "x")
        return f"{memory}_{'write' if self.write else 'read'}"


PORTS = tuple(
    Port(memory, write) for memory in BASES if memory != "z_spectra" for write in (False, True)
)
"""Those of a chunked kernel."""


def memories_of(config: Config) -> tuple[str, ...]:
    """The memories that the kernel has a port to, in the order of BASES."""
    return tuple(name for name in BASES if config.four_step or name != "z_spectra")


def ports_of(config: Config) -> tuple[Port, ...]:
    """The kernel's ports, each memory's read port first."""
    return tuple(Port(memory, write) for memory in memories_of(config) for write in (False, True))


def ceil_to(value: int, step: int) -> int:
    """Rounds up to a multiple."""
    return -(-value // step) * step


def accuracy_bound(x: SampleArray, h: SampleArray, config: Config) -> FloatArray:
    """The largest allowed deviation of a sample of y from float64, for rows that raise no flag.

    Two roundings per level, each at most the sum of the mantissas' and the twiddles' last bits,
    scaled by the energies of the chunks that are multiplied. In addition, subnormal samples count
    as zero, and float64's own transform rounds, too. Includes a margin of about two. A four-step
    transform is one chunk, with six more roundings for the twists and their factors.
    """
    size, levels = config.chunk, config.chunk_log2
    if config.four_step:
        size *= layout.row_count(config, max(len(x), len(h)))
        levels = size.bit_length() + 5

    def energies(row: FloatArray) -> FloatArray:
        chunks = np.zeros((-(-len(row) // size), size))
        chunks.ravel()[: len(row)] = row
        return np.asarray(np.linalg.norm(chunks, axis=1))

    x64, h64 = x.astype(np.float64), h.astype(np.float64)
    pairs = np.convolve(energies(x64), energies(h64))[: -(-len(x) // size)]
    pairs[1:] += pairs[:-1].copy()  # the tail of the previous chunk
    last_bits = 2.0 ** (1 - config.mantissa_bits) + 2.0 ** (1 - config.twiddle_bits)
    rounding = 2 * levels * last_bits * np.repeat(pairs, size)[: len(x)]
    subnormal = 2.0**-126 * (1 + np.abs(x64).sum() + np.abs(h64).sum())
    exact = 2.0**-48 * float(np.linalg.norm(x64) * np.linalg.norm(h64))
    return np.asarray(rounding + subnormal + exact)


def inaccuracy(x: SampleArray, h: SampleArray, y: SampleArray, config: Config) -> str:
    """What is wrong with y = x * h compared with float64, independently of the models; "" if
    nothing is."""
    exact = reference.causal_convolution(x, h)
    off = np.abs(exact - y) - accuracy_bound(x, h, config)
    worst = int(off.argmax())
    if off[worst] <= 0:
        return ""
    return f"y[{worst}] is {y[worst]} and not {exact[worst]}, {off[worst]} beyond the bound"


@dataclass(frozen=True)
class Area:
    """Bytes that a job writes, up to the end of their last page."""

    memory: str
    address: int
    before: bytes
    after: bytes
    grain: int
    """Bytes per sample or word."""
    between: tuple[bytes, ...] = ()
    """Other contents allowed before the job's end."""

    def problem(self, got: bytes, ended: bool) -> str:
        """What is wrong with the contents, after the job or after it was cut short."""
        words = np.frombuffer(got, f"V{self.grain}")
        choices = (self.after,) if ended else (self.before, self.after, *self.between)
        right = np.zeros(len(words), bool)
        for choice in choices:
            right |= words == np.frombuffer(choice, f"V{self.grain}")
        wrong = np.flatnonzero(~right)
        if not len(wrong):
            return ""
        first = self.address + int(wrong[0]) * self.grain
        return f"{self.memory}: {len(wrong)} of {len(words)} words are wrong, first at {first:#x}"


@dataclass(frozen=True)
class Window:
    """The address ranges of some rows, within which a job's bursts must lie."""

    port: Port
    address: int
    rows: int
    stride: int
    used: int
    """Bytes per row, rounded up to whole beats."""

    def holds(self, request: Request, beat_bytes: int) -> bool:
        """Whether a burst is within one of the rows."""
        row, offset = divmod(request.address - self.address, self.stride)
        return 0 <= row < self.rows and offset + request.beats * beat_bytes <= self.used


@dataclass
class Prediction:
    """A job that has started."""

    clock: int
    arguments: Mapping[str, int]
    error: str
    """The error code of the first bad argument, or none."""
    flags: int = 0
    chunks: int = 0
    mac_beats: int = 0
    areas: list[Area] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    beats: dict[Port, int] = field(default_factory=dict)
    """The traffic."""
    rows: list[SampleArray] = field(default_factory=list)
    """The samples that it reads."""

    @property
    def job(self) -> Job:
        """Its arguments, if the mode is valid."""
        values = dict(self.arguments)
        return Job(Mode(values.pop("mode")), **values)

    def allows(self, port: Port, request: Request, beat_bytes: int) -> bool:
        """Whether a burst is where the job may read or write."""
        return any(
            window.port == port and window.holds(request, beat_bytes) for window in self.windows
        )


def row_slots(words: Cfp, config: Config) -> npt.NDArray[np.uint64]:
    """Rows of a four-step transform as they lie in memory, (rows, beats, lanes): a lane's words are
    neighbours in the row."""
    lanes = words.map(lambda part: part.reshape(-1, config.lanes, config.chunk_beats))
    return pack(lanes.map(lambda part: part.transpose(0, 2, 1)), Format.of(config))


class FourSteps:
    """What a four-step kernel computes of a channel, step by step, so that each memory's contents
    are known: the rows of `x` after the columns, of its spectrum `h` (PREPARE: the result) and of
    `z`, and y."""

    y: SampleArray

    def __init__(self, samples: SampleArray, rows: int, h: Spectra | None, config: Config) -> None:
        fmt = Format.of(config)
        padded = np.zeros((rows, config.chunk), np.float32)
        kept = samples[: padded.size]
        padded.ravel()[: len(kept)] = kept
        self.x = float_to_cfp(padded, fmt).words
        if rows > 1:
            self.x = four_step_kernel.columns(self.x, config).words
        spectra = four_step_kernel.prepare(samples, config, rows * config.chunk)
        self.h = spectra.words
        self.saturated, self.non_finite = spectra.saturated, spectra.non_finite
        if h is None:
            return
        words = fft_engine.inverse(multiply(self.h, h.words, fmt)[0], config).words
        self.z = untwist(words, slice(0, rows), rows, config)[0] if rows > 1 else words
        result = four_step_kernel.convolve(samples, h, config)
        self.y = result.y
        self.saturated |= result.saturated
        self.non_finite |= result.non_finite


class Contents(Protocol):
    """What a memory holds."""

    def read(self, address: int, size: int) -> bytes:
        """So many bytes from an address on."""


class Oracle:
    """Predicts jobs with the models of either schedule."""

    def __init__(self, config: Config, memories: Mapping[str, Contents]) -> None:
        self.config = config
        self.memories = memories
        self.beat_bytes = config.axi_bits // 8

    def predict(self, clock: int, arguments: Mapping[str, int]) -> Prediction:
        """Predicts a job that starts now."""
        error = argument_error(arguments, self.config)
        prediction = Prediction(clock, dict(arguments), error)
        prediction.beats = dict.fromkeys(ports_of(self.config), 0)
        if error == "none":
            if self.config.four_step:
                self._four_step(prediction)
            elif prediction.job.mode == Mode.PREPARE:
                self._prepare(prediction)
            else:
                self._convolve(prediction)
        return prediction

    def _rows(self, prediction: Prediction, address: int, length: int) -> list[SampleArray]:
        """Rows of samples that the job reads."""
        stride, size = layout.row_bytes(length), length * SAMPLE_BYTES
        used = ceil_to(size, self.beat_bytes)
        rows = prediction.job.channels
        port = Port("samples", False)
        prediction.windows.append(Window(port, address, rows, stride, used))
        prediction.beats[port] = rows * used // self.beat_bytes
        return [
            np.frombuffer(self.memories["samples"].read(address + row * stride, size), np.float32)
            for row in range(rows)
        ]

    def _spectra(self, prediction: Prediction, port: Port, address: int, chunks: int) -> None:
        """Chunks that the job reads or writes."""
        size = chunks * chunk_controller.spectrum_bytes(self.config)
        prediction.windows.append(Window(port, address, 1, size, size))

    def _area(self, memory: str, address: int, after: bytes, *between: bytes) -> Area:
        """Words from an address; the rest of their last page must not change."""
        before = self.memories[memory].read(address, ceil_to(len(after), PAGE_BYTES))
        grain = SAMPLE_BYTES if memory == "samples" else WORD_BYTES
        whole, *others = (image + before[len(image) :] for image in (after, *between))
        return Area(memory, address, before, whole, grain, tuple(others))

    def _slots(self, spectra: Spectra) -> bytes:
        return crocuta_kernel.spectra_slots(spectra.words, self.config).tobytes()

    def _four_step(self, prediction: Prediction) -> None:
        """A job of a four-step kernel: one transform of P rows a channel."""
        job, config = prediction.job, self.config
        convolve = job.mode == Mode.CONVOLVE
        rows = transform_rows(config, job)
        outside = max(0, rows - config.resident) if rows > 1 else 0
        base, length = (job.x, job.length_x) if convolve else (job.h, job.length_h)
        prediction.rows = self._rows(prediction, base, length)
        prediction.chunks = job.channels * rows
        beats = prediction.beats
        h_port = Port("h_spectra", not convolve)
        self._spectra(prediction, h_port, job.h_spectra, prediction.chunks)
        beats[h_port] = prediction.chunks * config.chunk_beats
        found = []
        filters = self._filters(job, rows) if convolve else [None] * job.channels
        for channel, (samples, h) in enumerate(zip(prediction.rows, filters, strict=True)):
            steps = FourSteps(samples, rows, h, config)
            prediction.flags |= SATURATED * steps.saturated | NON_FINITE * steps.non_finite
            found.append(steps)
            if convolve:
                address = job.y + channel * layout.row_bytes(job.length_x)
                prediction.areas.append(self._area("samples", address, steps.y.tobytes()))
        if convolve:
            prediction.mac_beats = prediction.chunks * config.chunk_beats
            stride, used = layout.row_bytes(job.length_x), job.length_x * SAMPLE_BYTES
            whole = ceil_to(used, self.beat_bytes)
            port = Port("samples", True)
            prediction.windows.append(Window(port, job.y, job.channels, stride, whole))
            beats[port] = job.channels * whole // self.beat_bytes
        else:
            after = b"".join(self._slots(Spectra(each.h, False, False)) for each in found)
            prediction.areas = [self._area("h_spectra", job.h_spectra, after)]
        if not outside:
            return
        for memory, address, part in (
            ("x_spectra", job.x_spectra, "x"),
            ("z_spectra", job.z_spectra, "z"),
        )[: 1 + convolve]:
            for write in (False, True):
                self._spectra(prediction, Port(memory, write), address, outside)
                beats[Port(memory, write)] = job.channels * outside * config.chunk_beats
            # Every channel overwrites the previous one's rows.
            *others, last = (
                row_slots(getattr(each, part), config)[-outside:].tobytes() for each in found
            )
            prediction.areas.append(self._area(memory, address, last, *others))

    def _prepare(self, prediction: Prediction) -> None:
        job, config = prediction.job, self.config
        prediction.rows = self._rows(prediction, job.h, job.length_h)
        spectra = [crocuta_kernel.prepare(row, config) for row in prediction.rows]
        for each in spectra:
            prediction.flags |= SATURATED * each.saturated | NON_FINITE * each.non_finite
        prediction.chunks = job.channels * layout.chunk_count(config, job.length_h)
        after = b"".join(map(self._slots, spectra))
        prediction.areas = [self._area("h_spectra", job.h_spectra, after)]
        port = Port("h_spectra", True)
        self._spectra(prediction, port, job.h_spectra, prediction.chunks)
        prediction.beats[port] = prediction.chunks * config.chunk_beats

    def _filters(self, job: Job, count: int) -> list[Spectra]:
        """The spectra of h in memory, `count` chunks a channel."""
        size = count * chunk_controller.spectrum_bytes(self.config)
        spectra = []
        for channel in range(job.channels):
            stored = self.memories["h_spectra"].read(job.h_spectra + channel * size, size)
            spectra.append(Spectra(self._words(stored), saturated=False, non_finite=False))
        return spectra

    def _words(self, stored: bytes) -> Cfp:
        """The words of chunks in memory."""
        config, fmt = self.config, Format.of(self.config)
        slots = np.frombuffer(stored, np.uint64).reshape(-1, config.chunk_beats, config.lanes)
        return stack([from_beats(unpack(chunk, fmt), config) for chunk in slots])

    def _ring(self, prediction: Prediction, spectra: list[Spectra]) -> list[Spectra]:
        """Each channel's spectra behind those of the past, which are in its ring; its new ones will
        be, too."""
        job, config = prediction.job, self.config
        size, past = chunk_controller.spectrum_bytes(config), past_chunks(config, job)
        image = bytearray(
            self.memories["x_spectra"].read(job.x_spectra, job.channels * job.ring * size)
        )
        joined = []
        for channel, new in enumerate(spectra):
            first = job.first_chunk - past
            places = [
                slice(start, start + size)
                for n in range(past + len(new.words.re))
                for start in [(channel * job.ring + (first + n) % job.ring) * size]
            ]
            before = [self._words(bytes(image[place])) for place in places[:past]]
            for place, slots in zip(
                places[past:], crocuta_kernel.spectra_slots(new.words, config), strict=True
            ):
                image[place] = slots.tobytes()
            words = crocuta_kernel.concatenate([*before, new.words])
            joined.append(new._replace(words=words))
        prediction.areas.append(self._area("x_spectra", job.x_spectra, bytes(image)))
        return joined

    def _convolve(self, prediction: Prediction) -> None:
        job, config = prediction.job, self.config
        prediction.rows = self._rows(prediction, job.x, job.length_x)
        filters = self._filters(job, layout.chunk_count(config, job.length_h))
        stride, used = layout.row_bytes(job.length_x), job.length_x * SAMPLE_BYTES
        spectra = [crocuta_kernel.prepare(x, config) for x in prediction.rows]
        if job.ring:
            spectra = self._ring(prediction, spectra)
        for channel, (x, h) in enumerate(zip(spectra, filters, strict=True)):
            result = crocuta_kernel.convolve_spectra(x, job.length_x, h, config)
            prediction.flags |= SATURATED * result.saturated | NON_FINITE * result.non_finite
            address = job.y + channel * stride
            prediction.areas.append(self._area("samples", address, result.y.tobytes()))
        chunks = layout.chunk_count(config, job.length_x)
        prediction.chunks = job.channels * chunks
        prediction.mac_beats = chunk_controller.mac_beats(config, job)
        ports = prediction.beats
        beats = ceil_to(used, self.beat_bytes)
        prediction.windows.append(Window(Port("samples", True), job.y, job.channels, stride, beats))
        ports[Port("samples", True)] = job.channels * beats // self.beat_bytes
        streams = chunk_controller.streams(config, job)
        h_chunks = job.channels * layout.chunk_count(config, job.length_h)
        stored = chunk_controller.stored_chunks(config, job)
        most_x = job.channels * job.ring if job.ring else stored
        for port, stream, address, most in (
            (Port("h_spectra", False), "h_read", job.h_spectra, h_chunks),
            (Port("x_spectra", False), "x_read", job.x_spectra, most_x),
            (Port("x_spectra", True), "x_store", job.x_spectra, most_x),
        ):
            ports[port] = len(streams[stream]) * config.chunk_beats
            if streams[stream]:
                self._spectra(prediction, port, address, most)
        if streams["x_store"] and not job.ring:
            # Every channel overwrites the previous channel's chunks.
            *others, last = (
                self._slots(each._replace(words=each.words[:stored])) for each in spectra
            )
            prediction.areas.append(self._area("x_spectra", job.x_spectra, last, *others))
