# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The whole model end to end against scipy's float64, and against a plain loop over chunk pairs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from crocuta.models import configs
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.cfp import Cfp, FloatArray, Format, unpack
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import (
    HRead,
    Job,
    Mode,
    Pass,
    XRead,
    XStore,
    schedule,
)
from crocuta.models.convolution.overlap_add import overlap_add
from crocuta.models.convolution.spectral_mac import spectral_mac
from crocuta.models.kernel.crocuta_kernel import (
    Result,
    SampleArray,
    Spectra,
    convolve,
    prepare,
    sample_rows,
    spectra_slots,
)
from crocuta.models.layout import chunk_count, row_bytes
from crocuta.models.reference import causal_convolution, snr_db
from crocuta.models.transform import fft_engine
from crocuta.models.transform.fft_engine import from_beats

TINY = configs.load("tiny")
SMALL = configs.load("small")
U200 = configs.load("u200")
FULL_LENGTH = 450_000

# Full-scale data whose convolution has as much energy as its parts: rounding, chunk after chunk,
# costs at most some 15 dB of the SNR that 18-bit mantissas give.
FULL_DB = 82


def data(name: str, length: int, rng: np.random.Generator) -> SampleArray:
    """One channel of a class of data, float32."""
    n = np.arange(length)
    samples: FloatArray = rng.normal(size=length)
    if name == "mean":
        samples = 1 + 0.1 * samples
    elif name == "decaying":
        samples *= np.exp(-4 * n / length)
    elif name == "tone":
        samples = np.sin(2 * np.pi * 0.012345 * n + 1)
    elif name == "steps":
        samples = np.sign(samples) * 3.0
    elif name == "bursts":
        samples *= 10.0 ** (4 * np.sign(np.sin(2 * np.pi * n / (length / 3 + 1))))
    elif name == "small":
        samples *= 1e-15
    elif name == "impulse":
        samples = np.where(n == length // 2, -0.7, 0.0)
    else:
        assert name == "gaussian"
    return samples.astype(np.float32)


def run(x: SampleArray, h: SampleArray, config: Config) -> Result:
    return convolve(x, prepare(h, config), config)


def naive(x: SampleArray, h: Spectra, config: Config) -> SampleArray:
    """One pair of chunks at a time, in the order of the passes: the oldest X first."""
    fmt = Format.of(config)
    xs = prepare(x, config).words
    count = chunk_count(config, len(x))
    y = np.zeros((count, config.chunk), np.float32)
    tail = None
    for k in range(count):
        accumulator: Cfp | None = None
        for i in range(k + 1):
            if k - i < len(h.words.re):
                accumulator = spectral_mac(accumulator, xs[i], h.words[k - i], fmt).word
        assert accumulator is not None
        z = fft_engine.inverse(accumulator, config).words
        overlapped = overlap_add(z, tail, fmt)
        tail = overlapped.tail
        y[k] = cfp_to_float(overlapped.y, fmt).samples
    return y.ravel()[: len(x)]


def by_passes(x: SampleArray, h: Spectra, config: Config) -> SampleArray:
    """chunk_controller's passes one by one, with the kept H and an accumulator per output chunk."""
    fmt, size = Format.of(config), config.chunk * 8
    xs = prepare(x, config).words
    fresh = iter(range(chunk_count(config, len(x))))
    job = Job(Mode.CONVOLVE, 1, len(x), len(h.words.re) * config.chunk)
    memory: dict[int, Cfp] = {}
    read_h = read_x = store_x = 0
    kept: Cfp | None = None
    accumulators: list[Cfp | None] = [None, None]
    tail: Cfp | None = None
    y = []
    for command in schedule(config, job):
        match command:
            case HRead():
                read_h = command.addr
            case XRead():
                read_x = command.addr
            case XStore():
                store_x = command.addr
            case Pass(flush=False):
                factors = (h.words[read_h // size] if command.h else None, kept)
                kept = factors[0]
                if not command.outputs:
                    continue
                word = xs[next(fresh)] if command.engine else memory[read_x]
                if command.store:
                    memory[store_x] = word
                for output, factor in enumerate(factors):
                    if not command.outputs >> output & 1:
                        continue
                    assert factor is not None
                    start = None if command.first >> output & 1 else accumulators[output]
                    total = spectral_mac(start, word, factor, fmt).word
                    accumulators[output] = total
                    if command.last >> output & 1:
                        z = fft_engine.inverse(total, config).words
                        overlapped = overlap_add(z, None if command.no_tail else tail, fmt)
                        tail = overlapped.tail
                        y.append(cfp_to_float(overlapped.y, fmt).samples)
    assert next(fresh, None) is None
    return np.concatenate(y)[: len(x)]


@pytest.mark.parametrize(
    ("x_class", "h_class", "bound"),
    [
        ("mean", "gaussian", FULL_DB),
        ("gaussian", "gaussian", 86),
        ("gaussian", "decaying", 86),
        ("tone", "gaussian", FULL_DB),
    ],
)
def test_450_000_samples(x_class: str, h_class: str, bound: float) -> None:
    """The main job at u200's widths reaches the SNR that the documentation states.

    The data are always the same: a mean or a tone meets a single value of the filter's spectrum,
    and a random filter's gain there would change the SNR by several dB.
    """
    rng = np.random.default_rng(1)
    x, h = data(x_class, FULL_LENGTH, rng), data(h_class, FULL_LENGTH, rng)
    result = run(x, h, U200)
    assert not result.saturated and not result.non_finite
    measured = snr_db(causal_convolution(x, h), result.y)
    print(f"{x_class} by {h_class}: {measured:.1f} dB")
    assert measured > bound


LENGTHS = [
    (1, 1), (1, 64), (63, 63), (64, 64), (65, 65), (64, 1), (1, 300), (127, 65), (128, 128),
    (129, 257), (257, 127), (641, 101), (641, 64), (101, 641), (499, 499), (1009, 997), (640, 577),
]  # fmt: skip


@pytest.mark.parametrize(("length_x", "length_h"), LENGTHS)
def test_any_length(length_x: int, length_h: int, seed: int) -> None:
    """Lengths of x and h, against scipy and bit for bit against the plain loop."""
    rng = np.random.default_rng([seed, length_x, length_h])
    x, h = data("gaussian", length_x, rng), data("gaussian", length_h, rng)
    spectra = prepare(h, TINY)
    result = convolve(x, spectra, TINY)
    assert result.y.shape == (length_x,) and result.y.dtype == np.float32
    assert not result.saturated and not result.non_finite
    error = np.abs(causal_convolution(x, h) - result.y).max()
    assert error < 2.0**-15 * np.linalg.norm(x) * np.linalg.norm(h[: TINY.chunk + length_x])
    assert result.y.tobytes() == naive(x, spectra, TINY).tobytes()


@pytest.mark.parametrize("length", [1, 1023, 1024, 1025, 3001, 5 * 1024, 1021 * 7])
def test_any_length_of_larger_chunks(length: int, seed: int) -> None:
    rng = np.random.default_rng([seed, length])
    x, h = data("gaussian", length, rng), data("decaying", length, rng)
    result = run(x, h, SMALL)
    assert len(result.y) == length
    assert snr_db(causal_convolution(x, h), result.y) > 76


@pytest.mark.parametrize("config", [TINY, SMALL], ids=["tiny", "small"])
@pytest.mark.parametrize("h_class", ["gaussian", "decaying", "steps", "impulse", "small"])
@pytest.mark.parametrize(
    "x_class", ["gaussian", "mean", "tone", "steps", "bursts", "small", "impulse"]
)
def test_classes_of_data(x_class: str, h_class: str, config: Config, seed: int) -> None:
    """No class of data needs special care: no overflow, no scale to choose."""
    rng = np.random.default_rng(seed)
    length = 9 * config.chunk + 13
    x, h = data(x_class, length, rng), data(h_class, length, rng)
    result = run(x, h, config)
    assert not result.saturated and not result.non_finite
    assert snr_db(causal_convolution(x, h), result.y) > 72


@pytest.mark.parametrize(("mantissa_bits", "bound"), [(14, 58), (16, 70), (20, 94), (24, 116)])
def test_each_bit_is_six_decibels(mantissa_bits: int, bound: float, seed: int) -> None:
    config = dataclasses.replace(SMALL, mantissa_bits=mantissa_bits, twiddle_bits=27)
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 20_000, rng), data("gaussian", 20_000, rng)
    measured = snr_db(causal_convolution(x, h), run(x, h, config).y)
    assert bound < measured < bound + 15


@pytest.mark.parametrize("chunks", [(1, 1), (6, 6), (9, 2), (3, 8), (20, 19)])
def test_order_of_the_work_changes_no_bit(
    chunks: tuple[int, int], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many chunks are processed at once, the bits equal those of the plain loop."""
    rng = np.random.default_rng(seed)
    x = data("bursts", chunks[0] * 64 - 5, rng)
    h = data("mean", chunks[1] * 64 - 9, rng)
    spectra = prepare(h, TINY)
    expected = naive(x, spectra, TINY)
    for words in (1, 3 * 64, 1 << 16):
        monkeypatch.setattr("crocuta.models.kernel.crocuta_kernel.GROUP_WORDS", words)
        again = prepare(h, TINY)
        assert np.array_equal(again.words.re, spectra.words.re)
        assert np.array_equal(again.words.exponent, spectra.words.exponent)
        assert convolve(x, again, TINY).y.tobytes() == expected.tobytes()


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize(
    "chunks", [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1), (6, 6), (7, 7), (9, 2), (8, 3), (5, 4)]
)
def test_the_schedule_changes_no_bit(chunks: tuple[int, int], outputs: int, seed: int) -> None:
    """One or two output chunks per pass give the same bits, since both add the oldest X first."""
    config = configs.load(f"tiny+outputs-{outputs}")
    rng = np.random.default_rng(seed)
    x = data("bursts", chunks[0] * 64 - 5, rng)
    h = data("mean", chunks[1] * 64 - 9, rng)
    spectra = prepare(h, TINY)
    assert by_passes(x, spectra, config).tobytes() == convolve(x, spectra, TINY).y.tobytes()


def test_filter_longer_than_the_sequence(seed: int) -> None:
    """Taps that no sample reaches change no bit."""
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 200, rng), data("gaussian", 1000, rng)
    whole = run(x, h, TINY)
    assert whole.y.tobytes() == run(x, h[:256], TINY).y.tobytes()
    assert snr_db(causal_convolution(x, h), whole.y) > 78


def test_zeros_and_impulses_are_exact() -> None:
    """Exact results stay exact."""
    zero, one = np.zeros(300, np.float32), np.zeros(300, np.float32)
    one[0] = 1
    assert not run(zero, one, TINY).y.any()
    assert not run(one, zero, TINY).y.any()
    # The spectrum of an impulse at 0 is flat and exact: only the inverse transform rounds.
    y = run(one, one, TINY).y
    assert np.abs(y - one).max() < 2**-16


def test_scale_by_powers_of_two_changes_no_mantissa(seed: int) -> None:
    """The SNR of a format with exponents does not depend on the level."""
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 500, rng), data("gaussian", 321, rng)
    y = run(x, h, TINY).y
    for exponent in (-40, 30):
        scale = np.float32(2.0**exponent)
        assert np.array_equal(run(x * scale, h, TINY).y, y * scale)
        assert np.array_equal(run(x, h * scale, TINY).y, y * scale)
    assert np.array_equal(run(-x, h, TINY).y, -y) or snr_db(-y, run(-x, h, TINY).y) > 80


def test_overflow_saturates_and_is_reported() -> None:
    """Beyond float32: the largest finite value with the right sign, and the flag."""
    x, h = np.full(100, 1e30, np.float32), np.full(100, -1e20, np.float32)
    result = run(x, h, TINY)
    assert result.saturated and not result.non_finite
    assert (result.y == np.finfo(np.float32).min).all()
    # What is too small for float32 is +0, silently.
    result = run(x * np.float32(1e-55), h * np.float32(1e-35), TINY)
    assert not result.saturated
    assert not result.y.any() and not np.signbit(result.y).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_samples_are_zeros_and_reported(bad: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 300, rng), data("gaussian", 150, rng)
    x[77] = 0
    clean = run(x, h, TINY)
    x[77] = bad
    result = run(x, h, TINY)
    assert result.non_finite and not clean.non_finite
    assert result.y.tobytes() == clean.y.tobytes()
    h[5] = bad
    assert prepare(h, TINY).non_finite


def test_progress_counts_the_output_chunks() -> None:
    x = np.ones(5 * 64 + 1, np.float32)
    calls: list[tuple[int, int]] = []
    convolve(x, prepare(x, TINY), TINY, lambda done, count: calls.append((done, count)))
    assert calls == [(n, 6) for n in range(1, 7)]


def test_memory_image(seed: int) -> None:
    """Spectra as 64-bit slots in beat order, samples in rows of whole pages."""
    rng = np.random.default_rng(seed)
    spectra = prepare(data("gaussian", 150, rng), TINY).words
    slots = spectra_slots(spectra, TINY)
    assert slots.shape == (3, 32, 2) and slots.dtype == np.uint64
    for chunk in range(3):
        words = from_beats(unpack(slots[chunk], Format.of(TINY)), TINY)
        assert np.array_equal(words.re, spectra[chunk].re)
        assert np.array_equal(words.im, spectra[chunk].im)
        assert np.array_equal(words.exponent, spectra[chunk].exponent)
    channels = rng.normal(size=(2, 1025)).astype(np.float32)
    rows = sample_rows(channels)
    assert rows.shape == (4096,)
    assert np.array_equal(rows[:1025], channels[0]) and not rows[1025:2048].any()
    assert np.array_equal(rows[2048:3073], channels[1]) and not rows[3073:].any()


def test_sizes() -> None:
    assert [chunk_count(TINY, n) for n in (1, 63, 64, 65, 128)] == [1, 1, 1, 2, 2]
    assert chunk_count(U200, FULL_LENGTH) == 7
    assert [row_bytes(n) for n in (1, 1024, 1025)] == [4096, 4096, 8192]


def test_reference_is_the_definition(seed: int) -> None:
    """The float64 reference against sums of products, and the SNR against its formula."""
    rng = np.random.default_rng(seed)
    for length_x, length_h in ((1, 1), (50, 7), (7, 50)):
        x, h = rng.normal(size=length_x), rng.normal(size=length_h)
        expected = [
            sum(h[m] * x[n - m] for m in range(min(n + 1, length_h))) for n in range(length_x)
        ]
        assert np.allclose(causal_convolution(x, h), expected, rtol=0, atol=1e-12)
    signal = np.array([3.0, -4.0])
    assert snr_db(signal, signal) == np.inf
    assert snr_db(signal, signal * 1.01) == pytest.approx(40)
    assert snr_db(np.zeros(2), signal) == -np.inf
