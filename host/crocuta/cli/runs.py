# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""One convolution on a backend, checked against the model and against float64, and its report."""

from __future__ import annotations

import dataclasses
import json
import math
import multiprocessing
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from crocuta import backends
from crocuta.backends import Options
from crocuta.backends.timing import Timing
from crocuta.device import Device, RangeWarning
from crocuta.errors import KernelError
from crocuta.kernel import ASSUMED_CLOCK_MHZ, JobReport
from crocuta.models import reference
from crocuta.models.arithmetic.float_to_cfp import smallest_sample
from crocuta.models.cfp import FloatArray, Format
from crocuta.models.configs import Config
from crocuta.models.errors import Errors, errors
from crocuta.models.kernel import schedules
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import row_count
from crocuta.planner import accuracy

COUNTS = (
    "clocks_total",
    "clocks_prepare",
    "clocks_convolve",
    "mac_beats",
    "samples_per_clock",
    "stalls",
    "assumed_ms",
)
"""The report's fields about clocks, for backends that count them."""

QUIET_DB = 20
"""Report if the quiet half of a chunk is this much closer to the error than with noise."""
FLOAT32_TINY = float(np.finfo(np.float32).tiny)

Samples = npt.NDArray[Any]
"""A user's array: float64, or a type that float32 holds exactly."""
T = TypeVar("T")


class Screen(Protocol):
    """Shows a run's progress."""

    def compiling(self) -> AbstractContextManager[object]:
        """A context in which the RTL is compiled."""

    def progress(self, done: int, total: int) -> None:
        """Reports output chunks done, and their total."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A convolution, its references, and the time it took.

    x, y and the float64 reference have the same shape; h has one that `Device.prepare` accepts.
    """

    config: Config
    backend: str
    simulator: str | None
    x: Samples
    h: Samples
    timing: Timing
    y: SampleArray
    prepare: JobReport
    convolve: JobReport
    exact: FloatArray
    """The float64 reference, of x and h as given."""
    errors: Errors
    """The errors of the worst channel."""
    mismatches: int | None
    """Outputs that differ from the model's; None if no hardware computed them."""
    clocks: int | None
    """All clocks simulated, including those of the host's register accesses."""
    compile_s: float
    simulate_s: float
    wall_s: float

    @property
    def snr_db(self) -> float:
        """SNR of y against float64; infinite if they are equal."""
        return reference.snr_db(self.exact, self.y.astype(np.float64))

    @property
    def saturated(self) -> bool | None:
        """Whether the kernel reported saturation; None if the backend cannot tell."""
        flags = self.prepare.saturated, self.convolve.saturated
        return None if None in flags else any(flags)

    @property
    def faults(self) -> list[str]:
        """Reasons why y's error is beyond the configuration's bound, a sentence each."""
        found = []
        if self.saturated:
            found.append("A number was too large and saturated: scale x or h down.")
        if self.prepare.non_finite or self.convolve.non_finite:
            found.append("The kernel replaced NaN or infinity by zero.")
        if self.errors.within_bound or found:
            return found
        least = smallest_sample(Format.of(self.config))
        for what, array, below in (
            ("samples of x", self.x, least),
            ("taps of h", self.h, least),
            ("outputs", self.exact, FLOAT32_TINY),
        ):
            magnitude = np.abs(np.asarray(array, np.float64))
            above = self.errors.reference if array is self.exact else 0
            count = np.count_nonzero((magnitude > above) & (magnitude < below))
            if count:
                found.append(
                    f"{count:,} {what} are smaller than {below:.2g} and became zero: scale up."
                )
        if not found:
            found.append(
                f"The error of chunk {self.errors.worst} is {self.errors.excess:.3g} times what the"
                " configuration explains: intermediate numbers were too small for"
                f" {self.config.exponent_bits}-bit exponents, or the kernel is wrong."
            )
        return found

    @property
    def warnings(self) -> list[str]:
        """Warnings about the use of y, a sentence each."""
        found = self.faults
        expected = accuracy.snr(self.config, self.x.shape[-1])
        if not found and self.errors.quiet_db < expected - QUIET_DB:
            found.append(
                f"Half of a chunk's outputs are at most {self.errors.quiet_db:.0f} dB above the"
                f" error, where noise would have {expected:.0f} dB: x is loud where y is quiet;"
                " docs/accuracy.md lists remedies."
            )
        return found

    def report(self, **more: Any) -> dict[str, Any]:
        """The report, ready for JSON, extended by `more`."""
        config = self.config
        prepare, convolve = self.prepare.counters, self.convolve.counters
        counts: dict[str, Any] = dict.fromkeys(COUNTS)
        if prepare and convolve:
            total = prepare.clocks + convolve.clocks
            counts = {
                "clocks_total": total,
                "clocks_prepare": prepare.clocks,
                "clocks_convolve": convolve.clocks,
                "mac_beats": convolve.mac_beats,
                "samples_per_clock": self.x.size / convolve.clocks,
                "stalls": {"prepare": prepare.stalls(), "convolve": convolve.stalls()},
                "assumed_ms": total / ASSUMED_CLOCK_MHZ / 1000,
            }

        def simulated(value: T) -> T | None:
            return value if self.simulator else None

        return {
            key: _finite(value)
            for key, value in {
                "config": config.name,
                "schedule": config.schedule,
                "backend": self.backend,
                "simulator": self.simulator,
                "shape_x": list(self.x.shape),
                "shape_h": list(self.h.shape),
                "length_x": self.x.shape[-1],
                "length_h": self.h.shape[-1],
                "chunk": config.chunk,
                "lanes": config.lanes,
                "mantissa_bits": config.mantissa_bits,
                "exponent_bits": config.exponent_bits,
                "twiddle_bits": config.twiddle_bits,
                "assumed_clock_mhz": ASSUMED_CLOCK_MHZ,
                **counts,
                "memory": simulated(dataclasses.asdict(self.timing)),
                "bit_exact": None if self.mismatches is None else self.mismatches == 0,
                "mismatches": self.mismatches,
                "snr_db": self.snr_db,
                "worst_chunk": self.errors.worst,
                "worst_chunk_rms_error": float(self.errors.rms[self.errors.worst]),
                "worst_chunk_error_db": self.errors.relative_db,
                "error_bound_db": self.errors.bound_db,
                "within_bound": self.errors.within_bound,
                "quiet_db": self.errors.quiet_db,
                "saturated": self.saturated,
                "warnings": self.warnings,
                "sim_clocks": self.clocks,
                "sim_clocks_per_s": self.clocks / self.simulate_s if self.clocks else None,
                "compile_s": simulated(self.compile_s),
                "simulate_s": simulated(self.simulate_s),
                "wall_s": self.wall_s,
                "seeds": simulated({"memory": self.timing.seed}),
                **more,
            }.items()
        }


def _finite(value: Any) -> Any:
    """A number for JSON, with nine digits; None for infinity."""
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value


def to_json(report: dict[str, Any]) -> bytes:
    """A report as JSON."""
    return (json.dumps(report, indent=2, allow_nan=False) + "\n").encode()


def _rows(x: Samples, h: Samples) -> Iterator[tuple[Samples, Samples]]:
    """Pairs of a channel of x and its filter."""
    filters = np.broadcast_to(np.atleast_2d(h), (*np.atleast_2d(x).shape[:-1], h.shape[-1]))
    yield from zip(x.reshape(-1, x.shape[-1]), filters.reshape(-1, h.shape[-1]), strict=True)


def exact(x: Samples, h: Samples) -> FloatArray:
    """The float64 convolution, in the shape of x; h as for `Device.prepare`."""
    rows = [reference.causal_convolution(*row) for row in _rows(x, h)]
    return np.stack(rows).reshape(x.shape)


def worst_errors(y64: FloatArray, y: SampleArray, x: Samples, h: Samples, config: Config) -> Errors:
    """The errors of y against float64 in the channel closest to, or furthest beyond, its bound."""
    length = x.shape[-1]
    rows = row_count(config, max(length, h.shape[-1])) if config.four_step else 1
    channels = zip(y64.reshape(-1, length), y.reshape(-1, length), _rows(x, h), strict=True)
    return max(
        (errors(double, single, *pair, config, rows) for double, single, pair in channels),
        key=lambda found: found.excess,
    )


def modelled(x: Samples, h: Samples, config: Config) -> SampleArray:
    """The model's y, in the shape of x; h as for `Device.prepare`."""
    single_x, single_h = x.astype(np.float32), h.astype(np.float32)
    length = x.shape[-1]
    spectra = [schedules.prepare(taps, config, length) for taps in np.atleast_2d(single_h)]
    rows = single_x.reshape(-1, length)
    y = [
        schedules.convolve(row, spectra[index % len(spectra)], config).y
        for index, row in enumerate(rows)
    ]
    return np.stack(y).reshape(x.shape)


def _compute_references(x: Samples, h: Samples, config: Config, answer: Connection) -> None:
    """Sends the model's y and the float64 convolution, or nothing if there is not enough memory."""
    with suppress(MemoryError, BrokenPipeError):
        answer.send((modelled(x, h, config), exact(x, h)))


class _References:
    """Computes the references of the kernel's y in a separate process, leaving this process's core
    to the simulation."""

    def __init__(self, x: Samples, h: Samples, config: Config) -> None:
        context = multiprocessing.get_context("spawn")
        self._answer, answer = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_compute_references, args=(x, h, config, answer), daemon=True
        )
        # A terminal sends its interrupt to both processes, and the waiting one handles it. What
        # starts first unblocks the signal.
        resource_tracker.ensure_running()
        old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)
        answer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def result(self) -> tuple[SampleArray, FloatArray]:
        """Waits for the model's y and the float64 convolution and returns them."""
        try:
            y, exact = self._answer.recv()
        except EOFError:
            raise KernelError(
                "The process that computes the references ran out of memory: give shorter arrays or"
                " fewer channels."
            ) from None
        return y, exact


def run(
    x: Samples,
    h: Samples,
    config: Config,
    backend: str,
    screen: Screen,
    options: Options | None = None,
) -> Run:
    """Convolves x with h on a backend, in the shapes that `Device.convolve` takes.

    Raises:
        InputError: the backend or one of its files does not exist.
        KernelError: the kernel is not available, or a job failed.
    """
    began = time.perf_counter()
    options = dataclasses.replace(options or Options(), compiling=screen.compiling)
    # The references are computed while the kernel is compiled and simulated.
    with ExitStack() as stack:
        references = None
        if backend not in backends.WITHOUT_HARDWARE:
            references = stack.enter_context(_References(x, h, config))
        kernel = backends.make(backend, config, options)
        device = stack.enter_context(Device(kernel))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", RangeWarning)  # the report has them
        ready = time.perf_counter()
        filter = device.prepare(h, x.shape[-1])
        y = device.convolve(x, filter, screen.progress)
        ended = time.perf_counter()
        clocks = kernel.clocks
        device.close()
        if references is None:
            mismatches, y64 = None, exact(x, h)
        else:
            expected, y64 = references.result()
            mismatches = int((y.view(np.uint32) != expected.view(np.uint32)).sum())
    return Run(
        config,
        backend,
        device.simulator,
        x,
        h,
        options.timing,
        y,
        filter.report,
        device.report,
        y64,
        worst_errors(y64, y, x, h, config),
        mismatches,
        clocks,
        compile_s=ready - began,
        simulate_s=ended - ready,
        wall_s=time.perf_counter() - began,
    )
