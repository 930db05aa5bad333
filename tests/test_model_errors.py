# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The bound on a chunk's error: it holds for every kind of data and every width, and is tight
enough to be useful."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from crocuta.models import configs
from crocuta.models.cfp import FloatArray
from crocuta.models.configs import Config
from crocuta.models.errors import Errors, chunk_rms, error_bound, errors, levels
from crocuta.models.kernel.crocuta_kernel import convolve, prepare
from crocuta.models.reference import causal_convolution, snr_db

TINY = configs.load("tiny")


def data(length: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    """One channel of each kind."""
    n = np.arange(length)
    noise = rng.normal(size=length)
    return {
        "noise": noise,
        "tone": np.sin(2 * np.pi * rng.uniform(0, 0.5) * n + rng.uniform(0, 6)),
        "ones": np.ones(length),
        "alternating": (-1.0) ** n,
        "impulse": np.where(n == rng.integers(length), rng.uniform(1, 2), 0.0),
        "spike": np.where(n == length // 3, 1e6, noise),
        "offset": 1e4 + noise,
        "bursts": noise * 10.0 ** (4 * np.sign(np.sin(2 * np.pi * n / (length / 3 + 1)))),
        "range": noise * 10.0 ** rng.uniform(-30, 5, length),
        "difference": np.where(n == 0, 1.0, np.where(n == 1, -1.0, 0.0)),
        "decaying": noise * np.exp(-8 * n / length),
        "quiet": noise * 1e-30,
    }


def measured(x: npt.NDArray[Any], h: npt.NDArray[Any], config: Config) -> Errors:
    single_x, single_h = x.astype(np.float32), h.astype(np.float32)
    y = convolve(single_x, prepare(single_h, config), config).y
    return errors(causal_convolution(x, h), y, x, h, config)


@pytest.mark.parametrize(
    "name",
    [
        "tiny",
        *(f"tiny+mantissa_bits-{bits}+twiddle_bits-27" for bits in (14, 16, 21, 24)),
        "tiny+twiddle_bits-12",
        "tiny+mantissa_bits-24+twiddle_bits-14",
        "small",
    ],
)
def test_the_bound_holds_for_every_input(name: str, seed: int) -> None:
    """Every kind by every kind, or some of them. The bound is useful: within 20 dB."""
    config = configs.load(name)
    rng = np.random.default_rng(seed)
    length = 3 * config.chunk + 5
    kinds, filters = data(length, rng), data(length - 7, rng)
    pairs = [(x, h) for x in kinds for h in filters]
    if config != TINY:
        pairs = [pairs[index] for index in rng.permutation(len(pairs))[:30]]
    excesses = {}
    for x, h in pairs:
        if (x, h) == ("quiet", "quiet"):  # below float32: tested with the command line
            continue
        found = measured(kinds[x], filters[h], config)
        assert found.within_bound, (x, h, found.excess)
        excesses[x, h] = found.excess
    assert max(excesses.values()) > 0.1


def test_the_snr_is_no_measure(seed: int) -> None:
    """The SNR may be low although nothing is wrong, and high although quiet samples are lost; the
    bound tells both cases from real errors."""
    rng = np.random.default_rng(seed)
    n = np.arange(2000)
    x = rng.normal(size=2000)
    decaying = data(30, rng)["decaying"]
    good = measured(x, decaying, TINY)
    assert good.quiet_db > 80
    # The filter removes the signal.
    cancelling = measured((-1.0) ** n, np.ones(500), TINY)
    assert cancelling.within_bound and cancelling.quiet_db < 75
    # One loud sample: the chunks that it affects are inaccurate, the others are not.
    spike = np.where(n == 1000, 1e6, x)
    found = measured(spike, decaying, TINY)
    y = causal_convolution(spike, decaying)
    single = convolve(spike.astype(np.float32), prepare(decaying.astype(np.float32), TINY), TINY).y
    assert snr_db(y, single) > 80
    assert found.within_bound and found.quiet_db < 10
    far = np.abs(np.arange(len(found.rms)) - 1000 // 64) > 2
    assert (found.rms[far] < 1e-4).all() and found.rms.max() > 1e-2
    # One wrong sample among the quiet ones.
    y[100] += 0.01 * np.abs(y[:900]).max()
    wrong = errors(y, single, spike, decaying, TINY)
    assert not wrong.within_bound and wrong.worst == 1
    assert snr_db(y, single) > 80


def test_levels_are_reached(seed: int) -> None:
    """A tone at which the filter's gain is largest makes outputs of that level."""
    h = np.zeros(3)
    h[0], h[1] = 2.0, -2.0
    x = (-1.0) ** np.arange(640)
    level, highest = levels(x, h, TINY)
    assert level[1:] == pytest.approx(2 * 4, rel=1e-2)  # both chunks that contribute to an output
    assert level[0] == pytest.approx(4, rel=1e-2)
    assert highest == pytest.approx(4, rel=1e-2)
    rms = chunk_rms(causal_convolution(x, h), 64)
    assert (rms <= level * 1.001).all() and rms[3] == pytest.approx(4, rel=1e-2)


def test_each_mantissa_bit_is_six_decibels() -> None:
    bounds = [
        error_bound(configs.load(f"u200+mantissa_bits-{bits}+twiddle_bits-27"), 7)
        for bits in range(14, 25)
    ]
    assert np.diff(np.log2(bounds)) == pytest.approx(-1, abs=0.02)
    assert 20 * np.log10(error_bound(configs.load("u200"), 7)) == pytest.approx(-80.2, abs=0.1)


def test_small_numbers_of_float64() -> None:
    """Their squares are zero in float64."""
    x = np.full(64, 1e-300)
    assert chunk_rms(x, 64) == pytest.approx([1e-300])
    assert snr_db(x, np.zeros(64)) == 0
    assert snr_db(x, x * 1.01) == pytest.approx(40)
    found = errors(x, np.zeros(64), x, np.ones(1), TINY)
    assert not found.within_bound and found.relative_db == pytest.approx(0, abs=1e-6)
    nothing = errors(np.zeros(64), np.zeros(64), np.zeros(64), np.ones(1), TINY)
    assert nothing.within_bound and nothing.quiet_db == np.inf
