# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 5: the same arrays in software, and FlashFFTConv's published figures for an H100."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.kernel import SEED, KernelPoint
from benchmarks.points import Json, Point, Results, Show
from benchmarks.report import COLOURS, Plot, Section, Table
from benchmarks.scale import Scale
from crocuta.kernel import ASSUMED_CLOCK_MHZ

DIRECT_LONGEST = 16_384  # numpy.convolve multiplies every pair
LEAST_SECONDS = 1.0
MOST_RUNS = 20

Array = npt.NDArray[np.floating[Any]]

METHODS = {
    "scipy fftconvolve, float32": ("fftconvolve", "float32"),
    "scipy fftconvolve, float64": ("fftconvolve", "float64"),
    "scipy oaconvolve, float32": ("oaconvolve", "float32"),
    "scipy oaconvolve, float64": ("oaconvolve", "float64"),
    "numpy convolve, float32": ("direct", "float32"),
    "numpy convolve, float64": ("direct", "float64"),
    "PyTorch FFT on the CPU, float32": ("torch", "float32"),
}

# Published, not measured here.
FLASH_SOURCE = (
    "FlashFFTConv (Fu et al., arXiv 2311.05908), the table under 'FlashFFTConv Benchmarks' in the"
    " README of its repository (github.com/HazyResearch/flash-fft-conv, commit afceac4): a gated"
    " convolution, forward, on one H100-SXM, scaled to batch 64 and hidden dimension 768. According"
    " to its benchmarks/benchmark_flashfftconv.py, that is float16 and the sequence length is the"
    " FFT's: a causal convolution of L samples, padded, needs twice the length."
)
FLASH_ROWS = 64 * 768
FLASH_MILLISECONDS = {32_768: 26.3, 1_048_576: 1768.9, 2_097_152: 4623.5, 4_194_304: 10049.4}
"""By sequence length, for all rows."""
H100_BYTES = 3.35e12
"""Memory bandwidth of an H100-SXM in bytes per second, from NVIDIA's data sheet."""
U200_BYTES = 4 * 19.2e9
"""Memory bandwidth of a U200's four channels of DDR4-2400 in bytes per second."""


def processor() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _torch() -> Callable[[Array, Array], object]:
    torch = importlib.import_module("torch")

    def convolve(x: Array, h: Array) -> object:
        size = 2 * len(x)
        a, b = (torch.fft.rfft(torch.from_numpy(part), n=size) for part in (x, h))
        return torch.fft.irfft(a * b, n=size)[: len(x)]

    return convolve


def _function(method: str) -> Callable[[Array, Array], object]:
    if method == "torch":
        return _torch()
    if method == "direct":
        return lambda x, h: np.convolve(x, h)[: len(x)]
    function = getattr(scipy.signal, method)
    return lambda x, h: function(x, h)[: len(x)]


def left_out(name: str, length: int) -> str | None:
    """Why a method is not timed, or None."""
    method, _ = METHODS[name]
    if method == "torch" and importlib.util.find_spec("torch") is None:
        return "not installed"
    if method == "direct" and length > DIRECT_LONGEST:
        return "too long"
    return None


@dataclasses.dataclass(frozen=True)
class SoftwarePoint:
    """One convolution of Gaussian noise in a library, including the filter's transform."""

    method: str
    length: int
    alone = True
    group = ""

    @property
    def label(self) -> str:
        """Its name in the output."""
        return f"{self.method}, {self.length:,} samples"

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        return 2 * LEAST_SECONDS

    def basis(self) -> Json:
        """The machine, and the libraries' versions."""
        torch = importlib.util.find_spec("torch")
        return {
            "processor": processor(),
            "cores": os.cpu_count(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "torch": version("torch") if torch else None,
            "runs": [LEAST_SECONDS, MOST_RUNS],
        }

    def measure(self, show: Show) -> Json:
        """The time of the fastest of several runs."""
        show("timing", 0)
        method, dtype = METHODS[self.method]
        convolve = _function(method)
        # The same arrays as in the kernel's point.
        pair = np.random.default_rng(SEED).normal(size=(2, 1, self.length)).astype(np.float32)
        x, h = pair[:, 0].astype(dtype)
        convolve(x, h)
        taken: list[float] = []
        while len(taken) < 3 or (sum(taken) < LEAST_SECONDS and len(taken) < MOST_RUNS):
            began = time.perf_counter()
            convolve(x, h)
            taken.append(time.perf_counter() - began)
        return {"milliseconds": round(1000 * min(taken), 4), "runs": len(taken)}


def _kernel(scale: Scale, length: int) -> KernelPoint:
    return KernelPoint(scale.main.name, length)


def points(scale: Scale) -> list[Point]:
    """Every method at every length, and the kernel."""
    found: list[Point] = [_kernel(scale, length) for length in scale.software]
    for length in scale.software:
        found += [SoftwarePoint(name, length) for name in METHODS if not left_out(name, length)]
    return found


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    clocks_a_ms = 1000 * ASSUMED_CLOCK_MHZ
    rows, data = [], {}
    times: dict[str, dict[int, float]] = {}
    for length in scale.software:
        result = results[_kernel(scale, length)]
        convolve, prepare = result["convolve"]["clocks"], result["prepare"]["clocks"]
        kernel, both = convolve / clocks_a_ms, (convolve + prepare) / clocks_a_ms
        entry: Json = {
            "kernel_clocks": convolve,
            "kernel_clocks_with_filter": convolve + prepare,
            "kernel_ms": kernel,
            "kernel_ms_with_filter": both,
            "software_ms": {},
        }
        times.setdefault("kernel", {})[length] = both
        rows.append([f"{length:,}", "kernel, filter prepared", f"{kernel:.3f} ms", "1.0 x", "-"])
        rows.append([f"{length:,}", "kernel, filter included", f"{both:.3f} ms", "-", "1.0 x"])
        for name in METHODS:
            why = left_out(name, length)
            if why:
                rows.append([f"{length:,}", name, why, "-", "-"])
                continue
            spent = results[SoftwarePoint(name, length)]["milliseconds"]
            times.setdefault(name, {})[length] = spent
            entry["software_ms"][name] = spent
            ratios = f"{spent / kernel:.1f} x", f"{spent / both:.1f} x"
            rows.append([f"{length:,}", name, f"{spent:.3f} ms", *ratios])
        data[length] = entry
    flash, flash_rows = _published(scale, results)
    notes = [
        f"The kernel's times are simulated clocks at an assumed {ASSUMED_CLOCK_MHZ} MHz, with"
        " memories without refresh and without transfers from the host. Software is timed on"
        f" {processor()}, {os.cpu_count()} cores: the fastest of several runs, including the"
        " filter's transform, so the last column compares like with like.",
        "With two arrays of equal length, scipy's oaconvolve uses a single block, as fftconvolve"
        " does.",
        "Cited, not measured: " + FLASH_SOURCE,
        "Per byte: samples per second divided by the memory bandwidth, which is 3.35 TB/s for the"
        " H100-SXM (NVIDIA's data sheet) and 76.8 GB/s for the U200's four channels. The H100 works"
        " in float16 on thousands of rows at once, with gating; the kernel works on float32"
        " samples, one row at a time.",
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, (name, spent) in enumerate(times.items()):
            style = {"color": COLOURS[index % len(COLOURS)], "marker": "o"}
            label = f"{name}, at an assumed {ASSUMED_CLOCK_MHZ} MHz" if name == "kernel" else name
            axes.loglog(list(spent), list(spent.values()), label=label, **style)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        for axis in (axes.yaxis, axes.xaxis):
            axis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("samples and taps")
        axes.set_ylabel("ms, including the filter's transform")
        axes.set_title("The kernel compared with software on this machine")
        axes.legend(loc="upper left", fontsize=9)
        axes.margins(y=0.35)

    headings = ("length", "method", "time", "relative to kernel", "filter included")
    cited = ("what", "causal length", "samples per second", "samples per byte of memory bandwidth")
    published = Table("Compared with an H100, cited", cited, flash_rows)
    return Section(
        "software",
        "Compared with software",
        [],
        notes,
        [Table("Times", headings, rows), published],
        [Plot("software", draw)],
        {"lengths": data, "cited": {"source": FLASH_SOURCE, "points": flash}},
        page=[published],
    )


def _published(scale: Scale, results: Results) -> tuple[list[Json], list[list[str]]]:
    """FlashFFTConv's and the kernel's figures, as samples per second and per byte."""
    found, rows = [], []
    for size, milliseconds in FLASH_MILLISECONDS.items():
        length = size // 2
        rate = FLASH_ROWS * length / (milliseconds / 1000)
        per_byte = rate / H100_BYTES
        found.append(
            {
                "fft_length": size,
                "milliseconds": milliseconds,
                "rows": FLASH_ROWS,
                "causal_samples_a_second": rate,
                "samples_a_byte": per_byte,
            }
        )
        rows.append(["FlashFFTConv, H100-SXM", f"{length:,}", f"{rate:,.0f}", f"{per_byte:.5f}"])
    for length in scale.software:
        clocks = results[_kernel(scale, length)]["convolve"]["clocks"]
        rate = length / clocks * ASSUMED_CLOCK_MHZ * 1e6
        rows.append(
            [f"{scale.main.name}, assumed {ASSUMED_CLOCK_MHZ} MHz", f"{length:,}", f"{rate:,.0f}",
             f"{rate / U200_BYTES:.5f}"]
        )  # fmt: skip
    return found, rows
