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
from contextlib import AbstractContextManager, ExitStack, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np

import crocuta
from crocuta.device import Device, SaturationWarning
from crocuta.errors import KernelError
from crocuta.kernel import Done
from crocuta.rtl_kernel import RtlKernel, Timing
from models import crocuta_kernel, reference
from models.cfp import FloatArray
from models.configs import Config
from models.crocuta_kernel import SampleArray

ASSUMED_CLOCK_MHZ = 300
COUNTS = (
    "clocks_total",
    "clocks_prepare",
    "clocks_convolve",
    "mac_beats",
    "samples_per_clock",
    "stalls",
    "assumed_ms",
)
"""What a report says of clocks, where they are counted."""

T = TypeVar("T")


class Screen(Protocol):
    """Where a run shows how far it is."""

    def compiling(self) -> AbstractContextManager[object]:
        """The RTL is compiled within this context."""

    def progress(self, done: int, total: int) -> None:
        """Output chunks done, and their number."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A convolution, what it was compared with, and how long it took.

    x, y and the convolution in float64 have one shape, h that of `Device.prepare`.
    """

    config: Config
    backend: str
    simulator: str | None
    x: SampleArray
    h: SampleArray
    timing: Timing
    y: SampleArray
    prepare: Done
    convolve: Done
    exact: FloatArray
    """The convolution in float64."""
    mismatches: int | None
    """Outputs that differ from the model's; None when the model made them."""
    clocks: int | None
    """All clocks that were simulated, those of the host's register accesses too."""
    compile_s: float
    simulate_s: float
    wall_s: float

    @property
    def snr_db(self) -> float:
        """Of y against float64; infinite when they are equal."""
        return reference.snr_db(self.exact, self.y.astype(np.float64))

    def report(self, **more: Any) -> dict[str, Any]:
        """What there is to say, ready for JSON; `more` is added."""
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
                "saturated": self.prepare.saturated or self.convolve.saturated,
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
    """A number as JSON can say it: rounded, or None for an infinity."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def to_json(report: dict[str, Any]) -> bytes:
    """A report as JSON."""
    return (json.dumps(report, indent=2, allow_nan=False) + "\n").encode()


def exact(x: SampleArray, h: SampleArray) -> FloatArray:
    """The convolution in float64, in the shape of x; h as for `Device.prepare`."""
    filters = np.broadcast_to(np.atleast_2d(h), (*np.atleast_2d(x).shape[:-1], h.shape[-1]))
    rows = zip(x.reshape(-1, x.shape[-1]), filters.reshape(-1, h.shape[-1]), strict=True)
    return np.stack([reference.causal_convolution(*row) for row in rows]).reshape(x.shape)


def modelled(x: SampleArray, h: SampleArray, config: Config) -> SampleArray:
    """The model's y, in the shape of x; h as for `Device.prepare`."""
    spectra = [crocuta_kernel.prepare(taps, config) for taps in np.atleast_2d(h)]
    rows = x.reshape(-1, x.shape[-1])
    y = [
        crocuta_kernel.convolve(row, spectra[index % len(spectra)], config).y
        for index, row in enumerate(rows)
    ]
    return np.stack(y).reshape(x.shape)


def _compute_references(x: SampleArray, h: SampleArray, config: Config, answer: Connection) -> None:
    """Sends the model's y and the convolution in float64; nothing if memory does not suffice."""
    with suppress(MemoryError, BrokenPipeError):
        answer.send((modelled(x, h, config), exact(x, h)))


class _References:
    """What the kernel's y is compared with, computed in a process of its own, which leaves this
    one's processor to the simulation."""

    def __init__(self, x: SampleArray, h: SampleArray, config: Config) -> None:
        context = multiprocessing.get_context("spawn")
        self._answer, answer = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_compute_references, args=(x, h, config, answer), daemon=True
        )
        # A terminal sends its interrupt to both: the process that waits takes care of it. What
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
        """The model's y and the convolution in float64, once they are there."""
        try:
            y, exact = self._answer.recv()
        except EOFError:
            raise KernelError(
                "The process that computes what to compare with ended early: it takes more memory"
                " than there is; give shorter arrays or fewer channels."
            ) from None
        return y, exact


def run(
    x: SampleArray,
    h: SampleArray,
    config: Config,
    backend: str,
    screen: Screen,
    *,
    card: int = 0,
    xclbin: Path | None = None,
    port: str | None = None,
    waves: Path | None = None,
) -> Run:
    """Convolves x with h on a backend, in the shapes that `Device.convolve` takes.

    `waves` is an FST file for those of the backend rtl.

    Raises:
        InputError: there is no such backend, or its file.
        KernelError: the kernel could not be had, or a job did not end well.
    """
    began = time.perf_counter()
    timing = Timing()
    # They are computed while the kernel is compiled and simulated.
    with ExitStack() as stack:
        references = None
        if backend != "model":
            references = stack.enter_context(_References(x, h, config))
        kernel = RtlKernel(config, timing, screen.compiling, waves) if backend == "rtl" else None
        device = stack.enter_context(
            Device(kernel)
            if kernel
            else crocuta.open(backend, config.name, card=card, xclbin=xclbin, port=port)
        )
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", SaturationWarning)  # the report says so
        ready = time.perf_counter()
        filter = device.prepare(h)
        y = device.convolve(x, filter, screen.progress)
        ended = time.perf_counter()
        clocks = kernel.clocks if kernel else None
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
        timing,
        y,
        filter.done,
        device.done,
        y64,
        mismatches,
        clocks,
        compile_s=ready - began,
        simulate_s=ended - ready,
        wall_s=time.perf_counter() - began,
    )
