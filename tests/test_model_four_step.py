# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The four-step model against float64: its parts, whole convolutions, the bound on their error."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from crocuta import hyena
from crocuta.models import configs
from crocuta.models.arithmetic.cfp_butterfly import cfp_butterfly
from crocuta.models.arithmetic.cfp_multiply import rotate
from crocuta.models.cfp import Cfp, ComplexArray, Format
from crocuta.models.configs import Config, ConfigError
from crocuta.models.errors import Errors, errors, four_step_bound
from crocuta.models.kernel import crocuta_kernel
from crocuta.models.kernel.crocuta_kernel import Result, SampleArray
from crocuta.models.kernel.four_step_kernel import columns, convolve, inverse_columns, prepare
from crocuta.models.layout import row_count
from crocuta.models.reference import causal_convolution, snr_db
from crocuta.models.transform import fft_engine, rom_files
from crocuta.models.transform.twiddle_rom import Twiddles, block_turns, column_heap, twiddle_rom
from crocuta.models.transform.twist import lane_constants, row_steps, twist, twist_factors, untwist
from crocuta.models.transform.twist_rom import lane_rom, twist_rom
from tests.test_model_configs import ENTRIES
from tests.test_model_errors import data as every_kind
from tests.test_model_kernel import data

TINY = configs.load_model("tiny-long")
SMALL = configs.load_model("small-long")
CARD = configs.load_model("u200-card")


def reversed_bits(rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    bits = rows.bit_length() - 1
    return np.array([int(f"{j:0{bits}b}"[::-1], 2) if bits else 0 for j in range(rows)])


def random_words(shape: tuple[int, ...], config: Config, rng: np.random.Generator) -> Cfp:
    """Normalised words of similar magnitude."""
    fmt = Format.of(config)
    top = fmt.mantissa_max
    re, im = rng.integers(-top, top, (2, *shape))
    return Cfp(re, im, rng.integers(-1, 2, shape).astype(np.int32) - fmt.mantissa_bits)


def exact_columns(words: ComplexArray, rows: int) -> ComplexArray:
    """The levels of the tree on all words, one by one, in float64."""
    size = words.size
    flat = words.ravel()
    for level in range(1, rows.bit_length()):
        root = np.exp(1j * np.pi * block_turns(level, True))[:, None]
        blocks = flat.reshape(len(root), 2, size >> level)
        a, b = blocks[:, 0], root * blocks[:, 1]
        flat = np.stack([a + b, a - b], axis=1).ravel()
    return flat.reshape(rows, -1)


def relative(exact: ComplexArray, found: ComplexArray) -> float:
    """The rms error over the rms, in dB."""
    return float(20 * np.log10(np.linalg.norm(found - exact) / np.linalg.norm(exact)))


# The parts.


def test_the_column_twiddles_are_the_engines() -> None:
    """One table for every number of rows: each level is a part of the heap."""
    heap = column_heap(7, 25)
    assert len(heap.re) == 128
    for level in range(1, 8):
        table = twiddle_rom(level, True, 25)
        part = slice(1 << (level - 1), 1 << level)
        assert np.array_equal(heap.re[part], table.re)
        assert np.array_equal(heap.im[part], table.im)
    assert np.array_equal(column_heap(3, 25).im, heap.im[:8])


@pytest.mark.parametrize("rows", [1, 2, 4, 8, 32])
def test_columns_are_the_first_levels_of_one_transform(rows: int, seed: int) -> None:
    words = random_words((rows, SMALL.chunk), SMALL, np.random.default_rng(seed))
    found, saturated = columns(words, SMALL)
    assert not saturated
    if rows == 1:
        assert np.array_equal(found.re, words.re)
        return
    assert relative(exact_columns(words.to_complex(), rows), found.to_complex()) < -94
    back, saturated = inverse_columns(found, SMALL)
    assert not saturated
    assert relative(words.to_complex(), back.to_complex()) < -92


def exchanged(beats: Cfp, distance: int) -> Cfp:
    """A commutator's definition: lane bit 0 and the time bit of `distance`, exchanged."""
    count, lanes = beats.shape
    split = (count // (2 * distance), 2, distance, lanes // 2, 2)
    return beats.map(lambda part: part.reshape(split).swapaxes(1, 4).reshape(count, lanes))


def joined(even: Cfp, odd: Cfp) -> Cfp:
    """Even and odd lanes, side by side."""
    pairs = ((even.re, odd.re), (even.im, odd.im), (even.exponent, odd.exponent))
    return Cfp(*(np.stack(pair, axis=2).reshape(len(pair[0]), -1) for pair in pairs))


def column_twiddles(level: int, config: Config) -> Twiddles:
    """Those of the beats of a tile: the heap's entries by the time bits from the level's commutator
    up, without the top one."""
    heap = column_heap(config.column_levels, config.twiddle_bits)
    blocks = np.arange(config.chunk_beats) // (config.chunk_beats >> level)
    entry = (1 << (level - 1)) + (blocks & ((1 << (level - 1)) - 1))
    return Twiddles(heap.re[entry, None], heap.im[entry, None])


def tile_forward(beats: Cfp, levels: int, config: Config) -> Cfp:
    """What the forward engine does to the beats of a tile, stage by stage."""
    fmt, count = Format.of(config), config.chunk_beats
    for level in range(1, levels + 1):
        beats = exchanged(beats, count >> level)
        w = column_twiddles(level, config)
        turned = rotate(beats[:, 1::2], w.re, w.im, config.twiddle_bits, fmt).word
        plus, minus, _ = cfp_butterfly(beats[:, ::2], turned, fmt)
        beats = joined(plus, minus)
    return exchanged(beats, count // 2)


def tile_inverse(beats: Cfp, levels: int, config: Config) -> Cfp:
    """The same for the inverse engine."""
    fmt, count = Format.of(config), config.chunk_beats
    beats = exchanged(beats, count // 2)
    for level in range(levels, 0, -1):
        w = column_twiddles(level, config)
        plus, minus, _ = cfp_butterfly(beats[:, ::2], beats[:, 1::2], fmt)
        turned = rotate(minus, w.re, -w.im, config.twiddle_bits, fmt).word
        beats = exchanged(joined(plus, turned), count >> level)
    return Cfp(beats.re, beats.im, beats.exponent - np.int32(levels))


def equal(a: Cfp, b: Cfp) -> bool:
    parts = ((a.re, b.re), (a.im, b.im), (a.exponent, b.exponent))
    return all(np.array_equal(*pair) for pair in parts)


@pytest.mark.parametrize("name", ["tiny-long", "small-long", "small-long+lanes-2"])
def test_tiles_beat_by_beat(name: str, seed: int) -> None:
    """Commutators, column levels and the restoring commutator, tile by tile: `columns`, its order
    in lanes, and back."""
    config = configs.load_model(name)
    lanes, beats = config.lanes, config.chunk_beats
    for levels in range(1, config.column_levels + 1):
        rows = 1 << levels
        each = beats // rows
        words = random_words((rows, config.chunk), config, np.random.default_rng([seed, rows]))
        by_lanes = words.reshape(rows, lanes, beats)
        want = columns(words, config).words.reshape(rows, lanes, beats)
        back = inverse_columns(want.reshape(*words.shape), config).words.reshape(rows, lanes, beats)
        for first in range(0, beats, each):
            part = np.s_[:, :, first : first + each]
            tile, done, undone = (some[part].reshape(-1) for some in (by_lanes, want, back))
            enters = fft_engine.tile_to_lanes(tile, rows, config)
            leaves = fft_engine.tile_to_steps(done, rows, config)
            assert equal(tile_forward(enters, levels, config), leaves)
            returns = fft_engine.tile_to_lanes(undone, rows, config)
            assert equal(tile_inverse(leaves, levels, config), returns)
            # Row j's G beats follow one another, from beat `first` of its strided lanes.
            for step, row in enumerate(fft_engine.step_rows(rows).tolist()):
                lane_words = done.reshape(rows, lanes, each)[row].map(np.transpose)
                assert equal(leaves[step * each : (step + 1) * each], lane_words)
            assert equal(fft_engine.tile_from_lanes(enters, rows, config), tile)
            assert equal(fft_engine.tile_from_steps(leaves, rows, config), done)


def test_columns_and_rows_are_one_transform(seed: int) -> None:
    """Columns, twist and rows give the spectrum of all words in tree order: numpy's FFT of them."""
    rows = 8
    words = random_words((rows, TINY.chunk), TINY, np.random.default_rng(seed))
    whole = dataclasses.replace(configs.load("tiny"), chunk=rows * TINY.chunk)
    row, _ = twist(columns(words, TINY).words, slice(0, rows), rows, TINY)
    found, _ = fft_engine.forward(row, TINY)
    exact = fft_engine.reference_forward(words.to_complex().ravel(), whole)
    assert relative(exact, found.to_complex().ravel()) < -88


@pytest.mark.parametrize("name", ["tiny-long", "small-long", "u200-long", "u200-long-4m"])
def test_twist_factors(name: str, seed: int) -> None:
    """Off by no more than four entries and three roundings allow; negated in T bits."""
    rng = np.random.default_rng(seed)
    for bits in (12, 25, 27):
        config = configs.load_model(f"{name}+twiddle_bits-{bits}")
        most = 1 << (bits - 1)
        rows = config.rows_max
        while rows > 1:
            j = int(rng.integers(rows))
            w = twist_factors(slice(j, j + 1), rows, config)
            step = 4 * reversed_bits(rows)[j] + 1 - rows
            turns = step * np.arange(config.chunk) % (4 * rows * config.chunk)
            exact = np.exp(2j * np.pi * turns / (4 * rows * config.chunk))
            off = np.abs((w.re + 1j * w.im)[0] / most - exact) * 2.0 ** (bits - 0.5)
            assert off.max() < 7 and np.sqrt(np.mean(off**2)) < np.sqrt(7)
            assert max(np.abs(w.re).max(), np.abs(w.im).max()) < most
            rows //= 4


def test_twist_tables_and_steps() -> None:
    rom = twist_rom(configs.load_model("u200-long"))
    assert (len(rom.coarse.re), len(rom.fine.re)) == (2048, 1024)  # 21 bits: 11 and 10
    assert rom.coarse.re[0] == rom.fine.re[0] == 1 << 24 and rom.coarse.im[0] == 0
    assert row_steps(8, TINY).tolist() == (4 * reversed_bits(8) - 7).tolist()
    # Of fewer rows the same table: the phase counts in quarter turns of the longest transform.
    assert row_steps(2, TINY).tolist() == [4 * -1, 4 * 3]
    assert row_steps(1, TINY).tolist() == [0]


@pytest.mark.parametrize("name", ["tiny-long", "small-long", "u200-long-4m"])
def test_lane_constants_are_in_a_table_of_their_own(name: str) -> None:
    """A lane's phase has no fine part: by row and lane, the entry that its upper bits index."""
    config = configs.load_model(name)
    table = lane_rom(config)
    steps = row_steps(config.rows_max, config)
    phases = steps[:, None] * np.arange(config.lanes)
    size = len(table.re)
    assert size == config.rows_max * config.lanes
    found, quarters = lane_constants(steps, config)
    assert np.array_equal(table.re[phases % size], found.re)
    assert np.array_equal(table.im[phases % size], found.im)
    assert np.array_equal(phases // size & 3, quarters)
    assert min(table.re.min(), table.im.min()) >= 0


def entries(text: str, bits: int) -> Twiddles:
    """The parts of a table's lines of one unit."""
    words = [int(line, 16) for line in text.splitlines()]
    mask = (1 << bits) - 1
    return Twiddles(np.array([w & mask for w in words]), np.array([w >> bits for w in words]))


def test_the_rtls_tables(tmp_path: Path) -> None:
    """The files of both parts of a four-step transform, in the format of the RTL's memories."""
    files = {file.name: file.read_text() for file in rom_files.write(TINY, tmp_path).iterdir()}
    names = {f"level_{level:02d}.mem" for level in range(1, 7)}
    assert {name for name in files if name.startswith("level")} == names
    assert set(files) - names == {
        *(f"column_{level:02d}.mem" for level in (1, 2, 3)),
        *(f"twist_{part}.mem" for part in ("coarse", "fine", "lane")),
    }
    for level in (1, 2, 3):  # the first of each pair of blocks
        table = twiddle_rom(level, True, 25)
        found = entries(files[f"column_{level:02d}.mem"], 24)
        assert np.array_equal(found.re, table.re[::2]) and np.array_equal(found.im, table.im[::2])
    rom = twist_rom(TINY)
    for table, name, bits in (
        (rom.coarse, "coarse", 25),
        (rom.fine, "fine", 25),
        (lane_rom(TINY), "lane", 24),
    ):
        found = entries(files[f"twist_{name}.mem"], bits)
        assert np.array_equal(found.re, table.re) and np.array_equal(found.im, table.im)
    assert set(rom_files.tables(configs.load("tiny"))) == names


def test_untwist_is_the_inverse(seed: int) -> None:
    words = random_words((32, SMALL.chunk), SMALL, np.random.default_rng(seed))
    there, _ = twist(words, slice(0, 32), 32, SMALL)
    back, _ = untwist(there, slice(0, 32), 32, SMALL)
    assert -110 < relative(words.to_complex(), back.to_complex()) < -96


# Whole convolutions.


def run(x: SampleArray, h: SampleArray, config: Config, length: int | None = None) -> Result:
    return convolve(x, prepare(h, config, max(len(x), length or 0)), config)


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 127, 128, 129, 200, 256, 257, 511, 512])
@pytest.mark.parametrize("taps", [1, 65, 700])
def test_any_length(length: int, taps: int, seed: int) -> None:
    """At and around the ends of rows and transforms, prepared for x or for longer ones."""
    rng = np.random.default_rng([seed, length, taps])
    x, h = data("gaussian", length, rng), data("gaussian", taps, rng)
    exact = causal_convolution(x, h)
    for longest in (length, 512):
        spectra = prepare(h, TINY, longest)
        assert len(spectra.words.re) == row_count(TINY, longest)
        result = convolve(x, spectra, TINY)
        assert result.y.shape == (length,) and result.y.dtype == np.float32
        assert not result.saturated and not result.non_finite
        error = np.abs(exact - result.y).max()
        assert error < 2.0**-15 * np.linalg.norm(x) * np.linalg.norm(h[:512])


@pytest.mark.parametrize("lanes", [2, 4, 8, 16])
@pytest.mark.parametrize("rows", [1, 2, 8])
@pytest.mark.parametrize("bits", [14, 18, 24])
def test_lanes_rows_and_widths(lanes: int, rows: int, bits: int, seed: int) -> None:
    """6 dB per bit, whatever the lanes and rows, because the levels hardly matter."""
    chunk = 16 * lanes**2
    config = dataclasses.replace(
        TINY, lanes=lanes, chunk=chunk, max_length_log2=(chunk * 8).bit_length() - 1,
        mantissa_bits=bits, twiddle_bits=27 if bits == 24 else 25,
    )  # fmt: skip
    config.check_kernel()
    rng = np.random.default_rng([seed, lanes, rows])
    length = rows * chunk - chunk // 3
    x, h = data("gaussian", length, rng), data("gaussian", length, rng)
    spectra = prepare(h, config)
    assert len(spectra.words.re) == rows
    measured = snr_db(causal_convolution(x, h), convolve(x, spectra, config).y)
    assert 6.02 * bits - 24 < measured < 6.02 * bits - 10


@pytest.mark.parametrize(
    ("x_class", "bound"),
    [("gaussian", 86), ("mean", 74), ("tone", 76), ("bursts", 80), ("impulse", 86)],
)
def test_classes_of_data(x_class: str, bound: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = data(x_class, 20_000, rng), data("gaussian", 20_000, rng)
    result = run(x, h, SMALL)
    assert not result.saturated and not result.non_finite
    assert snr_db(causal_convolution(x, h), result.y) > bound


def test_dna(seed: int) -> None:
    """A genome's start by a HyenaDNA filter."""
    length = 1 << 15
    x = hyena.embed(hyena.read_bases(length), seed).astype(np.float32)
    h = hyena.implicit_filter(length, 128, seed).astype(np.float32)
    assert snr_db(causal_convolution(x, h), run(x, h, SMALL).y) > 84


def test_one_row_is_a_chunk(seed: int) -> None:
    """Without columns or twist the bits are those of a chunk's convolution."""
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 64, rng), data("mean", 60, rng)
    chunked = configs.load("tiny")
    y = crocuta_kernel.convolve(x, crocuta_kernel.prepare(h, chunked), chunked).y
    # The chunked kernel's sum of one pair, zero + x * h, only normalises.
    assert np.abs(run(x, h, TINY).y - y).max() < 2.0**-14 * np.abs(y).max()


def test_the_order_of_the_work_changes_no_bit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits however many columns or rows are processed at once."""
    rng = np.random.default_rng(seed)
    x, h = data("bursts", 500, rng), data("mean", 480, rng)
    y = run(x, h, TINY).y
    for words in (24, 200):
        monkeypatch.setattr("crocuta.models.kernel.four_step_kernel.GROUP_WORDS", words)
        assert run(x, h, TINY).y.tobytes() == y.tobytes()


def test_flags(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 500, rng), data("gaussian", 500, rng)
    assert not run(x, h, TINY).saturated
    loud = configs.load_model("tiny-long+exponent_bits-8")
    large = np.full(500, 3e38, np.float32)
    assert run(large, h, loud).saturated
    assert run(large, large, TINY).saturated  # y beyond float32
    x[77] = np.nan
    result = run(x, h, TINY)
    assert result.non_finite and np.isfinite(result.y).all()
    assert prepare(x, TINY).non_finite
    small = np.full(500, 1e-38, np.float32)  # at the smallest exponents: zero on the way, no flag
    quiet = run(small, h, loud)
    assert not quiet.saturated and not quiet.y.any()


def test_progress_and_refusals(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h = data("gaussian", 500, rng), data("gaussian", 100, rng)
    seen: list[tuple[int, int]] = []
    convolve(x, prepare(h, TINY, 500), TINY, lambda done, of: seen.append((done, of)))
    assert seen[-1] == (8, 8)
    with pytest.raises(ValueError, match="prepared for at most 128 samples"):
        convolve(x, prepare(h, TINY), TINY)
    with pytest.raises(ValueError, match="16 rows is longer"):
        prepare(h, TINY, 513)
    with pytest.raises(ConfigError, match="its schedule is four-step, not chunked"):
        crocuta_kernel.prepare(h, TINY)
    with pytest.raises(ConfigError, match="its schedule is chunked, not four-step"):
        prepare(h, configs.load("tiny"))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("model", "its schedule is four-step, not chunked"),
        ("board", "no memory for the rows of z of a four-step kernel: choose a chunked one"),
    ],
)
def test_what_takes_chunked_kernels_only(entry: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ENTRIES[entry](TINY)


@pytest.mark.parametrize("entry", ["name", "parameters", "simulated kernel", "bench", "Vivado"])
def test_a_model_without_rtl(entry: str) -> None:
    with pytest.raises(ConfigError, match=r"no RTL of a four-step kernel of one row: choose"):
        ENTRIES[entry](configs.load_model("tiny-long+max_length_log2-6"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("tiny-long+max_length_log2-10", "needs max_length_log2 in 6..9, not 10"),
        ("tiny-long+max_length_log2-5", "needs max_length_log2 in 6..9, not 5"),
        ("tiny-long+outputs-2", "outputs must be 1"),
        ("tiny-long+resident-9", "resident must be in 0..8"),
        ("tiny+resident-1", "resident must be 0"),
    ],
)
def test_rules(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        configs.load_model(name)
    assert sentence in str(wrong.value)


def test_names() -> None:
    """All have RTL."""
    long = set(configs.names()) - set(configs.chunked_names())
    assert long == {"tiny-long", "small-long", "u200-long", "u200-long-4m", "u200-card"}
    assert all(configs.load(name).rows_max > 1 for name in long)


# The bound.


def measured(x: np.ndarray, h: np.ndarray, config: Config) -> Errors:
    single_x, single_h = x.astype(np.float32), h.astype(np.float32)
    spectra = prepare(single_h, config, len(x))
    y = convolve(single_x, spectra, config).y
    return errors(causal_convolution(x, h), y, x, h, config, len(spectra.words.re))


@pytest.mark.parametrize(
    "name",
    [
        "tiny-long",
        *(f"tiny-long+mantissa_bits-{bits}+twiddle_bits-27" for bits in (14, 24)),
        "tiny-long+twiddle_bits-12",
        "tiny-long+mantissa_bits-24+twiddle_bits-14",
        "tiny-long+lanes-4+chunk-128+max_length_log2-9",
        "small-long",
    ],
)
def test_the_bound_holds_for_every_input(name: str, seed: int) -> None:
    """Random, tonal, cancelling, impulsive, loud among quiet, extreme in range; one row to many."""
    config = configs.load_model(name)
    rng = np.random.default_rng(seed)
    excesses = []
    for rows in (1, 2, config.rows_max):
        length = rows * config.chunk - 5
        kinds, filters = every_kind(length, rng), every_kind(length - 7, rng)
        pairs = [(x, h) for x in kinds for h in filters if (x, h) != ("quiet", "quiet")]
        for index in rng.permutation(len(pairs))[: 6 if config.chunk == 64 else 3]:
            x, h = pairs[index]
            found = measured(kinds[x], filters[h], config)
            assert found.within_bound, (x, h, rows, found.excess)
            excesses.append(found.excess)
    assert max(excesses) > 0.1  # the bound says something: it is within 20 dB


def test_the_bound_finds_what_is_wrong(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of 1/500 in a single entry of the twist's table breaks the bound."""
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=500), rng.normal(size=500)
    assert measured(x, h, TINY).within_bound

    def broken(config: Config) -> object:
        rom = twist_rom(config)
        rom.coarse.im[3] += 1 << 15
        return rom

    monkeypatch.setattr("crocuta.models.transform.twist_rom.twist_rom", broken)
    assert not measured(x, h, TINY).within_bound


def test_each_mantissa_bit_is_six_decibels() -> None:
    bounds = [
        four_step_bound(configs.load_model(f"u200-long+mantissa_bits-{bits}+twiddle_bits-27"), 64)
        for bits in range(14, 25)
    ]
    assert np.diff(np.log2(bounds)) == pytest.approx(-1, abs=0.05)
    assert 20 * np.log10(four_step_bound(CARD, 64)) == pytest.approx(-80, abs=1)
