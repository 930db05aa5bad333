# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Part 4: the bit-exact model's SNR against float64, compared with other number formats."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import scipy.signal
from matplotlib.figure import Figure

from benchmarks import signals
from benchmarks.points import Json, Point, Results, Show, files_digest
from benchmarks.report import COLOURS, Check, Plot, Section, Table, at_least
from benchmarks.scale import Scale
from benchmarks.signals import SIGNALS, signal
from crocuta import hyena
from crocuta.models import configs
from crocuta.models.configs import ROOT
from crocuta.models.errors import errors
from crocuta.models.kernel import schedules
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import row_count
from crocuta.models.reference import causal_convolution, snr_db

TARGET_DB = 80.0  # for the main job's mantissas and every class of data

FORMATS = {
    "float32": "float32 throughout, scipy.signal.fftconvolve",
    "float16": "x and h stored as float16, float64 arithmetic",
    "bfloat16": "x and h stored as bfloat16, float64 arithmetic",
}


def to_bfloat16(samples: SampleArray) -> SampleArray:
    """float32 rounded to bfloat16's 8 bits, to nearest even."""
    bits = samples.view(np.uint32)
    rounded = bits + 0x7FFF + ((bits >> 16) & 1)
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)


def _models_digest() -> str:
    """A digest of the arithmetic: without the schedule, the ports and the configuration file."""
    names = {"configs", "files", "chunk_controller", "sample_reader", "sample_writer", "hyena"}
    paths = sorted((ROOT / "models").rglob("*.py"))
    return files_digest(*(path for path in paths if path.stem not in names))


def _data_digest() -> str:
    """A digest of the data: the code that generates them, and numpy, whose random numbers they
    use."""
    paths = Path(signals.__file__), Path(hyena.__file__)
    return f"{files_digest(*paths)} numpy {np.__version__}"


@dataclasses.dataclass(frozen=True)
class ModelPoint:
    """The kernel's model, run on a class of data."""

    config: str
    data: str
    length: int
    draw: int = signals.SEED
    alone = False
    group = ""

    @property
    def label(self) -> str:
        """Its name in the output."""
        draw = f", draw {self.draw}" if self.draw != signals.SEED else ""
        return f"SNR of {self.config}, {self.data}{draw}, {self.length:,} samples"

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        return self.length / 30_000

    def basis(self) -> Json:
        """The models."""
        config = configs.load_model(self.config)
        return {
            "models": _models_digest(),
            "parameters": config.parameters() | {"right_angle": config.right_angle},
            "data": _data_digest(),
        }

    def measure(self, show: Show) -> Json:
        """The SNR of the model's output, and its rms error relative to the rms that y would have if
        the filter's gain were the same at all frequencies."""
        show("model", 0)
        config = configs.load_model(self.config)
        x, h = signal(self.data, self.length, self.draw)
        result = schedules.convolve(
            x,
            schedules.prepare(h, config, self.length),
            config,
            lambda done, of: show("model", done / of),
        )
        exact = causal_convolution(x, h)
        rows = row_count(config, self.length) if config.four_step else 1
        found = errors(exact, result.y, x, h, config, rows)
        level = np.linalg.norm(x.astype(np.float64)) * np.linalg.norm(h.astype(np.float64))
        error = np.linalg.norm(result.y - exact)
        return {
            "snr_db": round(snr_db(exact, result.y), 2),
            "error_db": round(float(20 * np.log10(error / level)), 2),
            "excess": float(f"{found.excess:.3g}"),
            "saturated": bool(result.saturated),
        }


@dataclasses.dataclass(frozen=True)
class FormatPoint:
    """Another number format, run on a class of data."""

    format: str
    data: str
    length: int
    alone = False
    group = ""

    @property
    def label(self) -> str:
        """Its name in the output."""
        return f"SNR of {self.format}, {self.data}"

    @property
    def cost(self) -> float:
        """Estimated seconds."""
        return 1

    def basis(self) -> Json:
        """The data and the versions of numpy and scipy."""
        return {"data": _data_digest(), "scipy": scipy.__version__}

    def measure(self, show: Show) -> Json:
        """The SNR of the format's output."""
        show("scipy", 0)
        x, h = signal(self.data, self.length)
        if self.format == "float32":
            y = scipy.signal.fftconvolve(x, h)[: self.length]
            assert y.dtype == np.float32, "scipy must keep the type"
        elif self.format == "float16":
            y = causal_convolution(x.astype(np.float16), h.astype(np.float16))
        else:
            y = causal_convolution(to_bfloat16(x), to_bfloat16(h))
        return {"snr_db": round(snr_db(causal_convolution(x, h), y), 2)}


def _model(scale: Scale, bits: int, data: str) -> ModelPoint:
    name = configs.load(f"{scale.main.name}+mantissa_bits-{bits}").name
    return ModelPoint(name, data, scale.accuracy_length)


def points(scale: Scale) -> list[Point]:
    """Every class of data with every mantissa width and every format."""
    found: list[Point] = []
    for data in SIGNALS:
        found += [_model(scale, bits, data) for bits in scale.mantissas]
        found += [FormatPoint(name, data, scale.accuracy_length) for name in FORMATS]
    return found


def section(scale: Scale, results: Results) -> Section:
    """The part's report."""
    main = scale.main
    table: Json = {}
    checks: list[Check] = []
    for data, words in SIGNALS.items():
        by_bits = {bits: results[_model(scale, bits, data)] for bits in scale.mantissas}
        other = {
            name: results[FormatPoint(name, data, scale.accuracy_length)]["snr_db"]
            for name in FORMATS
        }
        table[data] = {
            "mantissa": {bits: found["snr_db"] for bits, found in by_bits.items()},
            **other,
        }
        snr = by_bits[main.mantissa_bits]["snr_db"]
        better = max(other["float16"], other["bfloat16"])
        name = f"{main.mantissa_bits}-bit mantissas, {words}"
        checks.append(at_least(f"{name}: SNR", snr, TARGET_DB, " dB"))
        checks.append(at_least(f"{name}: SNR, against half-precision inputs", snr, better, " dB"))
        flagged = [bits for bits, found in by_bits.items() if found["saturated"]]
        checks.append(
            Check(f"{words}: nothing saturates", not flagged, f"{flagged or 'no'} widths")
        )
        # The bound holds for every input, unlike an SNR: docs/accuracy.md.
        excess = max(found["excess"] for found in by_bits.values())
        checks.append(
            Check(f"{words}: every chunk's error is within its bound", excess <= 1, f"{excess:.3g}")
        )
    headings = ("data", *(f"{bits} bits" for bits in scale.mantissas), *FORMATS)
    rows = [
        [
            SIGNALS[data],
            *(f"{found['mantissa'][bits]:.1f}" for bits in scale.mantissas),
            *(f"{found[name]:.1f}" for name in FORMATS),
        ]
        for data, found in table.items()
    ]
    notes = [
        f"SNR in dB against float64 for {scale.accuracy_length:,} samples by as many taps at"
        f" {main.name} with each mantissa width and {main.twiddle_bits}-bit twiddles, from the"
        " bit-exact model.",
        *(f"{name}: {words}." for name, words in FORMATS.items()),
        "The half-precision columns show the loss from storing the inputs alone; half-precision"
        " arithmetic would lose more.",
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for colour, (data, found) in zip(COLOURS, table.items(), strict=False):
            values = [found["mantissa"][bits] for bits in scale.mantissas]
            axes.plot(scale.mantissas, values, "o-", color=colour, label=SIGNALS[data])
        for style, name in zip(("--", "-.", ":"), FORMATS, strict=True):
            value = table["gaussian"][name]
            axes.axhline(value, color="#5c6670", linewidth=1, linestyle=style)
            axes.annotate(
                f"{name}, Gaussian noise", (0.005, value), ha="left", va="bottom",
                xycoords=("axes fraction", "data"),
            )  # fmt: skip
        axes.axvline(main.mantissa_bits, color="#c9ced3", linewidth=1)
        axes.set_xlabel("mantissa bits")
        axes.set_ylabel("SNR against float64 (dB)")
        axes.set_title(f"Accuracy of {scale.accuracy_length:,} samples by as many taps")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.08))

    tables = [Table("SNR in dB", headings, rows)]
    return Section(
        "accuracy",
        "Accuracy",
        checks,
        notes,
        tables,
        [Plot("accuracy", draw)],
        {"length": scale.accuracy_length, "snr_db": table},
        page=tables,
    )
