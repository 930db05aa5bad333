# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The SNR of a configuration, from points measured with the bit-exact model.

`python -m crocuta.planner.accuracy` measures the points again and writes snr.json. Other points
follow a law in which the rounding noise of M-bit words and T-bit twiddles adds up,

    noise / signal = 4^-M (a0 + a1 k + a2 P) + 4^-T (b0 + b1 k)

with k = log2 C levels and P chunks. x and h are Gaussian noise; if all of a signal's energy is at
one frequency, its SNR depends on the filter's gain there.
"""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import typer
from rich.progress import track

from crocuta.models import configs
from crocuta.models.cfp import FloatArray
from crocuta.models.configs import Config
from crocuta.models.layout import chunk_count, row_count

DATA = Path(__file__).with_name("snr.json")
SEED = 1


class Point(NamedTuple):
    """A measured point: bits of a mantissa and of a twiddle, chunk size and number of chunks."""

    mantissa_bits: int
    twiddle_bits: int
    chunk: int
    chunks: int


POINTS = [
    *(Point(m, t, 512, 4) for m, t in itertools.product((14, 16, 18, 21, 24), (14, 18, 22, 27))),
    *(Point(18, 25, chunk, 4) for chunk in (64, 256, 1024, 4096)),
    *(Point(18, 16, chunk, 4) for chunk in (64, 1024, 4096)),
    *(Point(18, 25, 256, chunks) for chunks in (1, 16, 48)),
]


def measure(point: Point) -> float:
    """Measures the SNR in dB at one point, against float64; it does not depend on the lanes."""
    # Imported here, because a plan needs neither the model nor scipy.
    from crocuta.models.kernel import crocuta_kernel
    from crocuta.models.reference import causal_convolution, snr_db

    m, t, chunk, chunks = point
    changes = {"chunk": chunk, "mantissa_bits": m, "twiddle_bits": t}
    config = configs.changed(configs.load("tiny"), changes)
    rng = np.random.default_rng(SEED)
    x, h = rng.normal(size=(2, chunk * chunks)).astype(np.float32)
    y = crocuta_kernel.convolve(x, crocuta_kernel.prepare(h, config), config).y
    return snr_db(causal_convolution(x, h), y)


def snr(config: Config, length: int) -> float:
    """Predicts a configuration's SNR in dB for Gaussian data of a length.

    A four-step transform counts as one chunk: the twist's roundings are few beside the levels'.
    """
    chunk, chunks = config.chunk, chunk_count(config, length)
    if config.four_step:
        chunk, chunks = row_count(config, length) * config.chunk, 1
    point = Point(config.mantissa_bits, config.twiddle_bits, chunk, chunks)
    return float(-10 * np.log10(_terms(point) @ _law()))


def _terms(point: Point) -> FloatArray:
    """The terms that the law's coefficients multiply."""
    m, t, chunk, chunks = point
    levels = chunk.bit_length() - 1
    word, twiddle = 4.0**-m, 4.0**-t
    return np.array([word, word * levels, word * chunks, twiddle, twiddle * levels])


@functools.cache
def _law() -> FloatArray:
    """Fits the law's coefficients, with the least relative errors at the measured points."""
    rows = json.loads(DATA.read_text(encoding="utf-8"))["points"]
    noise = np.array([10 ** (-row[4] / 10) for row in rows])
    terms = np.array([_terms(Point(*row[:4])) for row in rows]) / noise[:, None]
    scale = terms.max(axis=0)
    used = np.arange(len(scale))
    while True:
        found = np.linalg.lstsq(terms[:, used] / scale[used], np.ones(len(noise)), rcond=None)[0]
        if found.min() >= 0:
            break
        # Noise only adds up, so no coefficient may be negative.
        used = np.delete(used, found.argmin())
    coefficients: FloatArray = np.zeros(len(scale))
    coefficients[used] = found / scale[used]
    return coefficients


def main() -> None:
    """Measures every point and writes snr.json."""
    rows = [[*point, round(measure(point), 2)] for point in track(POINTS, "Measuring")]
    about = (
        "SNR in dB of the bit-exact model against float64, Gaussian x and h of whole chunks, by"
        f" `python -m crocuta.planner.accuracy`, seed {SEED}: mantissa_bits, twiddle_bits, chunk,"
        " chunks, SNR"
    )
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    text = f'{{\n "about": {json.dumps(about)},\n "points": [\n{lines}\n ]\n}}\n'
    DATA.write_text(text, encoding="utf-8")
    typer.echo(f"Written: {DATA}")


if __name__ == "__main__":
    typer.run(main)
