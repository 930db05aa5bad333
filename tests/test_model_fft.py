# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The engine's model against numpy's FFT, its orders, and the twiddle tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from crocuta.models import configs
from crocuta.models.arithmetic.cfp_multiply import multiply
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.cfp import Cfp, ComplexArray, FloatArray, Format, zeros
from crocuta.models.configs import Config
from crocuta.models.reference import snr_db
from crocuta.models.transform import fft_engine, rom_files, twiddle_rom
from crocuta.models.transform.fft_engine import (
    forward,
    from_beats,
    from_lanes,
    inverse,
    reference_forward,
    to_beats,
    to_lanes,
    tree_bins,
)

NAMED = [configs.load(name) for name in configs.chunked_names()]
TINY = configs.load("tiny")
TWIDDLE_BITS = {14: 18, 18: 25, 24: 27}
SHAPES = [
    dataclasses.replace(
        TINY,
        name=f"C{1 << k}-W{lanes}-M{m}",
        lanes=lanes,
        chunk=1 << k,
        mantissa_bits=m,
        twiddle_bits=TWIDDLE_BITS[m],
    )
    for k in range(4, 13)
    for lanes in (2, 4, 8, 16)
    for m in TWIDDLE_BITS
]
ORDERS = [config for config in SHAPES if config.mantissa_bits == 18]


def name_of(config: Config) -> str:
    return config.name


def plain(config: Config) -> Config:
    """The configuration as a plain FFT."""
    return dataclasses.replace(config, right_angle=False)


def level_db(config: Config) -> float:
    """Minimum SNR in dB of one forward transform of Gaussian samples; the maximum is 10 dB more.

    A mantissa of M bits, with half a dB lost to rounding at each level.
    """
    return 6.02 * config.mantissa_bits - 13 - 0.4 * config.chunk_log2


def gaussian(rng: np.random.Generator, config: Config) -> Cfp:
    """About 4096 real samples in chunks, (chunks, C)."""
    count = max(1, 4096 // config.chunk)
    samples = rng.normal(size=(count, config.chunk)).astype(np.float32)
    return float_to_cfp(samples, Format.of(config)).words


def reference(chunks: Cfp, config: Config) -> ComplexArray:
    return np.stack([reference_forward(chunk, config) for chunk in chunks.to_complex()])


def same(a: Cfp, b: Cfp) -> bool:
    return all(
        np.array_equal(left, right)
        for left, right in ((a.re, b.re), (a.im, b.im), (a.exponent, b.exponent))
    )


def check_transforms(config: Config, seed: int) -> None:
    """Forward against numpy, and back, through the orders of the lanes."""
    chunks = gaussian(np.random.default_rng([seed, config.chunk]), config)
    spectra = forward(chunks, config)
    assert not spectra.saturated
    words = spectra.words
    measured = snr_db(reference(chunks, config), words.to_complex())
    assert level_db(config) < measured < level_db(config) + 22
    for n in range(len(chunks.re)):
        beats = to_beats(words[n], config)
        assert beats.shape == (config.chunk_beats, config.lanes)
        assert same(from_beats(beats, config), words[n])
        lanes = to_lanes(chunks[n], config)
        assert lanes.shape == (config.chunk_beats, config.lanes)
        assert same(from_lanes(lanes), chunks[n])
    back = inverse(words, config)
    assert not back.saturated
    assert snr_db(chunks.to_complex(), back.words.to_complex()) > level_db(config) - 4


@pytest.mark.parametrize("right_angle", [True, False])
@pytest.mark.parametrize("config", SHAPES, ids=name_of)
def test_transforms_of_every_shape(config: Config, right_angle: bool, seed: int) -> None:
    check_transforms(dataclasses.replace(config, right_angle=right_angle), seed)


@pytest.mark.parametrize("config", NAMED, ids=name_of)
def test_transforms_of_the_configurations(config: Config, seed: int) -> None:
    check_transforms(config, seed)


@pytest.mark.parametrize("mantissa_bits", [14, 18, 24])
@pytest.mark.parametrize("config", [TINY, configs.load("small")], ids=name_of)
def test_product_is_the_right_angle_convolution(
    config: Config, mantissa_bits: int, seed: int
) -> None:
    """inverse(X * H): low and high half of the product as real and imaginary part."""
    config = dataclasses.replace(
        config, mantissa_bits=mantissa_bits, twiddle_bits=TWIDDLE_BITS[mantissa_bits]
    )
    rng = np.random.default_rng(seed)
    x, h = gaussian(rng, config), gaussian(rng, config)
    product = multiply(forward(x, config).words, forward(h, config).words, Format.of(config))
    z = inverse(product.word, config).words.to_complex()
    whole = np.zeros((len(x.re), 2 * config.chunk))
    for row, left, right in zip(whole, x.to_complex(), h.to_complex(), strict=True):
        row[:-1] = np.convolve(left.real, right.real)
    low, high = whole[:, : config.chunk], whole[:, config.chunk :]
    assert snr_db(low, z.real) > level_db(config) - 8
    assert snr_db(high, z.imag) > level_db(config) - 8
    # The plain FFT wraps round instead.
    cyclic = plain(config)
    product = multiply(forward(x, cyclic).words, forward(h, cyclic).words, Format.of(config))
    z = inverse(product.word, cyclic).words.to_complex()
    assert snr_db(low + high, z) > level_db(config) - 14


@pytest.mark.parametrize("right_angle", [True, False])
def test_single_words(right_angle: bool) -> None:
    """Zero stays zero with zero's exponent; one sample at 0 is a flat spectrum, exactly."""
    config = dataclasses.replace(TINY, right_angle=right_angle)
    fmt = Format.of(config)
    zero = zeros(config.chunk, fmt)
    assert same(forward(zero, config).words, zero)
    assert same(inverse(zero, config).words, zero)
    samples = np.zeros(config.chunk, np.float32)
    samples[0] = -1.5
    spectrum = forward(float_to_cfp(samples, fmt).words, config).words
    assert (spectrum.to_complex() == -1.5).all()
    back = inverse(spectrum, config).words.to_complex()
    assert snr_db(samples, back) > 90
    smallest = Cfp(np.array([4] * 64), np.array([0] * 64), np.full(64, fmt.exponent_min, np.int32))
    assert same(inverse(smallest, config).words, zero), "the scale by 1/C may underflow"


def test_exponent_overflow_is_reported() -> None:
    """Sums beyond the format saturate and raise the flag, in both directions."""
    for transform in (forward, inverse):
        fmt = Format.of(TINY)
        most = np.full(TINY.chunk, fmt.mantissa_max)
        exponent = np.full(TINY.chunk, fmt.exponent_max, np.int32)
        result = transform(Cfp(most, most, exponent), TINY)
        assert result.saturated
        assert int(result.words.exponent.max()) <= fmt.exponent_max


@pytest.mark.parametrize("config", [*ORDERS, *NAMED], ids=name_of)
def test_orders_are_bijections(config: Config) -> None:
    """No order loses or duplicates a position, and each follows its definition."""
    every = np.arange(config.chunk)
    position = Cfp(every, every, every)
    lanes, beats = to_lanes(position, config).re, to_beats(position, config).re
    for order in (lanes, beats):
        assert np.array_equal(np.sort(order.ravel()), every)
    lane, beat = np.arange(config.lanes), np.arange(config.chunk_beats)[:, None]
    assert np.array_equal(lanes, lane * config.chunk_beats + beat)
    top = (lane >> 1) * (2 * config.chunk_beats)
    assert np.array_equal(beats, top + 2 * beat + (lane & 1))
    for right_angle in (True, False):
        bins = tree_bins(dataclasses.replace(config, right_angle=right_angle))
        assert np.array_equal(np.sort(bins), every)


def test_plain_tree_order_is_bit_reversed() -> None:
    """With r = 1 a position's bits, reversed, are its bin: the root of leaf p is w^-bin."""
    config = plain(TINY)
    reverse = [int(f"{n:06b}"[::-1], 2) for n in range(64)]
    assert tree_bins(config).tolist() == [-n % 64 for n in reverse]


def leaf_roots(config: Config) -> ComplexArray:
    """The points at which the tree evaluates a chunk's polynomial: the root, split k times over."""
    roots = np.array([1j if config.right_angle else 1.0 + 0j])
    for _ in range(config.chunk_log2):
        root = np.exp(0.5j * (np.angle(roots) % (2 * np.pi)))
        roots = np.stack([root, -root], axis=1).ravel()
    return roots


@pytest.mark.parametrize("right_angle", [True, False])
def test_reference_evaluates_the_polynomial(right_angle: bool, seed: int) -> None:
    """The numpy reference itself, against the definition: X_p = sum of x_n root_p^n."""
    config = dataclasses.replace(TINY, right_angle=right_angle)
    x = np.random.default_rng(seed).normal(size=config.chunk)
    powers = leaf_roots(config)[:, None] ** np.arange(config.chunk)
    expected = powers @ x
    assert snr_db(expected, reference_forward(x.astype(np.complex128), config)) > 250
    assert np.allclose(leaf_roots(config) ** config.chunk, 1j if right_angle else 1)


@pytest.mark.parametrize("right_angle", [True, False])
@pytest.mark.parametrize("twiddle_bits", [12, 18, 25, 27])
def test_twiddles_are_the_roots_rounded(twiddle_bits: int, right_angle: bool) -> None:
    """Each twiddle is within half a unit of its root, clipped below 1; its square is its block's
    root."""
    scale = 1 << (twiddle_bits - 1)
    clipped = 0
    for level in range(1, 17):
        table = twiddle_rom.twiddle_rom(level, right_angle, twiddle_bits)
        turns = twiddle_rom.block_turns(level, right_angle)
        assert len(table.re) == len(turns) == 1 << (level - 1)
        exact = np.exp(1j * np.pi * turns)
        for part, root in ((table.re, exact.real), (table.im, exact.imag)):
            target = np.clip(root * scale, 1 - scale, scale - 1)
            assert np.abs(part - target).max() <= 0.5 + 1e-6
            clipped += int((np.abs(root) * scale > scale - 0.5).sum())
        assert max(np.abs(table.re).max(), np.abs(table.im).max()) <= scale - 1
        # A quarter turn from the even to the odd blocks, exactly.
        assert np.array_equal(table.re[1::2], -table.im[::2][: len(table.re) // 2])
        assert np.array_equal(table.im[1::2], table.re[::2][: len(table.re) // 2])
        assert (table.re[::2] >= 0).all() and (table.im[::2] >= 0).all()
    assert clipped, "a table without a clipped twiddle would not test the clip"


def test_children_s_roots_are_the_twiddle_and_its_negative() -> None:
    """z^2 - r = (z - t)(z + t), at every level."""
    for right_angle in (True, False):
        for level in range(1, 12):
            root = np.exp(2j * np.pi * twiddle_rom.block_turns(level, right_angle))
            child = np.exp(2j * np.pi * twiddle_rom.block_turns(level + 1, right_angle))
            twiddle = np.exp(1j * np.pi * twiddle_rom.block_turns(level, right_angle))
            assert np.allclose(twiddle**2, root)
            assert np.allclose(child[::2], twiddle)
            assert np.allclose(child[1::2], -twiddle)


@pytest.mark.parametrize("config", [*ORDERS, *map(plain, ORDERS), *NAMED[:3]], ids=name_of)
def test_rows_hold_each_even_block_once(config: Config) -> None:
    """Level by level, the units' rows are the table's even entries, without gaps or repetitions."""
    units = config.lanes // 2
    for level in range(1, config.chunk_log2 + 1):
        table = twiddle_rom.twiddle_rom(level, config.right_angle, config.twiddle_bits)
        rows = twiddle_rom.level_rows(level, config)
        if level <= config.lanes_log2:
            assert rows.re.shape == (1, units)
            block = (np.arange(units) >> (config.lanes_log2 - level)) & ~1
            assert np.array_equal(rows.re[0], table.re[block])
            assert np.array_equal(rows.im[0], table.im[block])
        else:
            assert rows.re.shape == (max(1, 1 << (level - config.lanes_log2 - 1)), units)
            # Unit by unit, each unit's pairs of blocks in order.
            assert np.array_equal(rows.re.T.ravel(), table.re[::2])
            assert np.array_equal(rows.im.T.ravel(), table.im[::2])


@pytest.mark.parametrize("config", [*NAMED[:3], *ORDERS[-4:]], ids=name_of)
def test_mem_files_parse_back(config: Config, tmp_path: Path) -> None:
    """The RTL's files hold the rows, with T - 1 bits per part."""
    assert rom_files.write(config, tmp_path / "twiddle") == tmp_path / "twiddle"
    files = sorted((tmp_path / "twiddle").iterdir())
    assert [file.name for file in files] == [
        f"level_{level:02d}.mem" for level in range(1, config.chunk_log2 + 1)
    ]
    bits = config.twiddle_bits - 1
    for level, file in enumerate(files, 1):
        rows = twiddle_rom.level_rows(level, config)
        lines = file.read_text(encoding="ascii").splitlines()
        assert len(lines) == len(rows.re)
        for line, re, im in zip(lines, rows.re.tolist(), rows.im.tolist(), strict=True):
            assert len(line) == -(-config.lanes * bits // 4)
            word = int(line, 16)
            assert word >> (config.lanes * bits) == 0
            fields = [word >> (n * bits) & ((1 << bits) - 1) for n in range(config.lanes)]
            assert (fields[::2], fields[1::2]) == (re, im)
    # Again: existing files are not rewritten, and wrong ones are replaced.
    times = [file.stat().st_mtime_ns for file in files]
    files[0].write_text("0\n")
    rom_files.write(config, tmp_path / "twiddle")
    assert [file.stat().st_mtime_ns for file in files[1:]] == times[1:]
    assert files[0].read_text() != "0\n"


def test_transforms_are_deterministic(seed: int) -> None:
    """The same bits however many chunks are transformed at once."""
    chunks = gaussian(np.random.default_rng(seed), TINY)
    spectra = forward(chunks, TINY).words
    for n in (0, 5):
        assert same(forward(chunks[n], TINY).words, spectra[n])
        assert same(inverse(spectra[n], TINY).words, inverse(spectra, TINY).words[n])


def tone(config: Config, position: int) -> FloatArray:
    """The real tone whose energy the plain FFT concentrates in one pair of positions."""
    frequency = tree_bins(plain(config))[position]
    samples: FloatArray = np.cos(2 * np.pi * frequency * np.arange(config.chunk) / config.chunk)
    return samples


def test_a_tone_is_where_its_bin_is() -> None:
    """The order of the spectrum, checked without the reference."""
    config = plain(TINY)
    for position in (3, 11, 40):
        samples = float_to_cfp(tone(config, position).astype(np.float32), Format.of(config)).words
        energy = np.abs(fft_engine.forward(samples, config).words.to_complex()) ** 2
        bins = tree_bins(config)
        pair = {position, int(np.flatnonzero(bins == -bins[position] % config.chunk)[0])}
        assert {int(n) for n in np.argsort(energy)[-2:]} == pair
        assert energy[list(pair)].sum() > 0.999999 * energy.sum()
