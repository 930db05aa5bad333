# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A convolution in the kernel's RTL, simulated clock by clock: the points of three parts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.points import Json, Show, files_digest
from crocuta.backends.rtl_kernel import RtlKernel
from crocuta.backends.timing import Timing
from crocuta.design import rtl_build
from crocuta.device import Device
from crocuta.errors import KernelError
from crocuta.kernel import Counters
from crocuta.models import configs, reference
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import Job, Mode, Pass, mac_beats, schedule
from crocuta.models.kernel import schedules
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import chunk_count
from flow.digest import design_digest

SEED = 1
TIMING = Timing()
# Observed on one core; only the progress bar uses them.
CLOCKS_PER_SECOND = 30_000
COMPILE_SECONDS = 90


@dataclasses.dataclass(frozen=True)
class JobPoint:
    """A job on Gaussian noise: `length` samples by as many taps, on `channels` channels, in the
    kernel of either schedule."""

    config: str
    length: int
    channels: int = 1
    alone = False

    @property
    def label(self) -> str:
        """Its name in the output."""
        channels = f", {self.channels} channels" if self.channels > 1 else ""
        return f"{self.config}, {self.length:,} samples{channels}"

    @property
    def loaded(self) -> Config:
        """The kernel's configuration."""
        return configs.load_model(self.config)

    @property
    def job(self) -> Job:
        """The job to measure."""
        return Job(Mode.CONVOLVE, self.channels, self.length, self.length)

    @property
    def timing(self) -> Timing:
        """How the memories behave."""
        return TIMING

    @property
    def group(self) -> str:
        """The compiled kernel, which one point builds and the others share."""
        return self.loaded.name

    def basis(self) -> Json:
        """The design, the memory model and the simulator, but not the compiler's options."""
        return {
            "design": design_digest(),
            "parameters": self.loaded.parameters() | {"right_angle": self.loaded.right_angle},
            "bench": files_digest(*rtl_build.BENCH_FILES),
            "simulator": rtl_build.simulator(),
            "memory": dataclasses.asdict(self.timing),
            "seed": SEED,
        }

    def samples(self) -> tuple[SampleArray, SampleArray]:
        """x and h, (channels, length) each."""
        rng = np.random.default_rng(SEED)
        x, h = rng.normal(size=(2, self.channels, self.length)).astype(np.float32)
        return x, h

    def kernel(self, show: Show) -> RtlKernel:
        """The kernel, compiled if it has to be."""

        @contextmanager
        def compiling() -> Iterator[None]:
            show("compiling", 0)
            yield

        return RtlKernel(self.loaded, self.timing, compiling)

    def compare(self, x: SampleArray, h: SampleArray, y: SampleArray, show: Show) -> int:
        """The number of outputs that differ from the model's: 0.

        Raises:
            KernelError: some differ.
        """
        show("comparing with the model", 1)
        differ = 0
        for channel in range(len(x)):
            spectra = schedules.prepare(h[channel], self.loaded, self.length)
            model = schedules.convolve(x[channel], spectra, self.loaded).y
            differ += int((model.view(np.uint32) != y[channel].view(np.uint32)).sum())
        if differ:
            raise KernelError(
                f"The kernel is wrong: {differ:,} of {y.size:,} outputs of {self.label} differ"
                " from the model."
            )
        return differ


@dataclasses.dataclass(frozen=True)
class KernelPoint(JobPoint):
    """A job of a chunked kernel."""

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        clocks = mac_beats(self.loaded, self.job) + 4 * self.loaded.chunk_beats
        return COMPILE_SECONDS + clocks / CLOCKS_PER_SECOND

    def shape(self) -> Json:
        """The figures of the configuration, the job and its schedule.

        `pairs` is the number of pairs of chunks to multiply in all channels, and `schedule_beats`
        the clocks of the passes that do it. `kept_beats` counts the clocks of the pass before them,
        which fetches the first kept H while the first chunk is loaded.
        """
        config, p = self.loaded, chunk_count(self.loaded, self.length)
        first = next(one for one in schedule(config, self.job) if isinstance(one, Pass))
        return {
            "chunk": config.chunk,
            "lanes": config.lanes,
            "outputs": config.outputs,
            "channels": self.channels,
            "chunks": p,
            "samples": self.channels * self.length,
            "pairs": self.channels * p * (p + 1) // 2,
            "schedule_beats": mac_beats(config, self.job),
            "kept_beats": 0 if first.outputs else config.chunk_beats,
        }

    def measure(self, show: Show) -> Json:
        """Clocks, stalls and beats at each port; every output is compared with the model's."""
        x, h = self.samples()
        began = time.perf_counter()
        kernel = self.kernel(show)
        compiled = time.perf_counter()
        with Device(kernel) as device:
            filter = device.prepare(h)
            prepared = _beats(kernel)
            clocks, started, spent = kernel.clocks, time.perf_counter(), time.thread_time()
            y = device.convolve(x, filter, lambda done, of: show("simulating", done / of))
            seconds, cpu = time.perf_counter() - started, time.thread_time() - spent
            clocks = kernel.clocks - clocks
            moved = {name: beats - prepared[name] for name, beats in _beats(kernel).items()}
            prepare, convolve = filter.report.counters, device.report.counters
        assert prepare and convolve, "a simulated kernel has counters"
        differ = self.compare(x, h, y, show)
        exact = [reference.causal_convolution(*pair) for pair in zip(x, h, strict=True)]
        snr = reference.snr_db(np.stack(exact), y)
        return {
            **self.shape(),
            "prepare": counts(prepare),
            "convolve": counts(convolve),
            "beats": moved,
            "beat_bytes": self.loaded.axi_bits // 8,
            "outputs_differ": differ,
            "snr_db": round(snr, 2),
            "simulation": {
                "clocks": clocks,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(cpu, 2),
                "clocks_per_second": round(clocks / seconds),
                "clocks_per_cpu_second": round(clocks / cpu),
                "compile_seconds": round(compiled - began, 1),
            },
        }


def _beats(kernel: RtlKernel) -> dict[str, int]:
    """The beats transferred so far, by port and direction."""
    counts = {}
    for bank in kernel.memories:
        read, written = kernel.beats(bank)
        counts[f"{bank.name.lower()} read"] = read
        counts[f"{bank.name.lower()} written"] = written
    return counts


def counts(counters: Counters) -> Json:
    """A job's counters."""
    return {
        "clocks": counters.clocks,
        "mac_beats": counters.mac_beats,
        "stalls": counters.stalls(),
    }


LOSSES = {
    "load": "first chunk in",
    "samples": "waiting for samples",
    "x": "waiting for X spectra",
    "h": "waiting for H spectra",
    "store": "waiting to store",
    "output": "waiting for room",
    "flush": "last chunk out",
    "rest": "pipelines and memory latency",
}
"""Why the MAC is idle in a clock."""


def losses(result: Json) -> dict[str, int]:
    """The clocks of a convolution in which the MAC is idle, by cause; they add up to all of them.

    The first chunk takes C / W clocks to enter the forward engine, which the kernel counts as
    waiting for samples, except during the pass that fetches an H meanwhile. The last chunk takes as
    many to leave the inverse engine, which the kernel does not count.
    """
    counted = result["convolve"]
    beats = result["chunk"] // result["lanes"]
    stalls = counted["stalls"]
    lost = counted["clocks"] - counted["mac_beats"]
    found = {
        "load": beats,
        **stalls,
        "samples": stalls["samples"] - (beats - result["kept_beats"]),
        "flush": beats,
    }
    return {**found, "rest": lost - sum(found.values())}
