# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The HyenaDNA filter against a scalar evaluation of its formulas, and DNA from a FASTA file."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from crocuta.errors import InputError
from crocuta.hyena import (
    BASES,
    GENOME,
    embed,
    implicit_filter,
    read_bases,
    read_fasta,
    tokens,
)


def layer(
    rng: np.random.Generator, inputs: list[float], outputs: int, bias: bool = True
) -> list[float]:
    """One nn.Linear with weights drawn as the model draws them."""
    bound = 1 / math.sqrt(len(inputs))
    weight = rng.uniform(-bound, bound, (len(inputs), outputs))
    offset = rng.uniform(-bound, bound, outputs) if bias else np.zeros(outputs)
    return [
        math.fsum([offset[n], *(value * weight[k, n] for k, value in enumerate(inputs))])
        for n in range(outputs)
    ]


def tap(
    n: int, length: int, channel: int, seed: int, d_model: int, order: int, emb_dim: int
) -> float:
    """One tap of the filter: positional embedding, two hidden layers of sines, window."""
    rng = np.random.default_rng(seed)
    t = n / (length - 1)
    w = 2 * math.pi * n / length
    bands = (emb_dim - 1) // 2
    step = (bands - 1 - 1e-4) / (bands - 1)
    f = [1e-4 + k * step for k in range(bands)]
    z = [t, *(math.cos(k * w) for k in f), *(-math.sin(k * w) for k in f)]
    for _ in range(3):
        z = [math.sin(10 * value) for value in layer(rng, z, order)]
    out = layer(rng, z, d_model, bias=False)[channel]
    # From 0.01 at t = 1/0.3 x the slow end to 0.01 at 0.3 of the length: log-spaced decays.
    slow, fast = -math.log(0.01) / 1.5, -math.log(0.01) / 0.3
    decay = slow + (fast - slow) * channel / (d_model - 1)
    return out * (math.exp(-t * decay) + 0.05)


@pytest.mark.parametrize(("channel", "emb_dim"), [(0, 5), (7, 5), (15, 7)])
def test_taps_are_the_formula(channel: int, emb_dim: int, seed: int) -> None:
    length, d_model, order = 400, 16, 12
    taps = implicit_filter(length, channel, seed, d_model=d_model, order=order, emb_dim=emb_dim)
    assert taps.shape == (length,) and taps.dtype == np.float64
    for n in (0, 1, 17, 200, length - 1):
        expected = tap(n, length, channel, seed, d_model, order, emb_dim)
        assert taps[n] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_window_decays_and_keeps_its_shift() -> None:
    """The last channel decays fastest; the shift keeps every tap away from zero."""
    length = 2000
    for channel, share in ((0, 0.046), (255, 2e-7)):
        window = implicit_filter(length, channel, 3) / implicit_filter(length, channel, 3, shift=0)
        # 1 + shift / exp(-t * decay): the decay at the end of the window.
        assert 0.05 / (window[-1] - 1) == pytest.approx(share, rel=0.1)
    fast = np.abs(implicit_filter(length, 255, 3))
    assert fast.argmax() < length // 5, "the peak is at the beginning"
    assert 0 < fast[length // 2 :].max() < fast.max() / 4
    assert np.abs(implicit_filter(length, 0, 3)).max() <= 64 / 8 * 1.05


def test_filters_depend_on_seed_and_channel_alone() -> None:
    first = implicit_filter(300, 9, 1)
    assert np.array_equal(first, implicit_filter(300, 9, 1))
    assert not np.allclose(first, implicit_filter(300, 9, 2))
    assert not np.allclose(first, implicit_filter(300, 10, 1))


def write_fasta(path: Path, sequence: str, width: int = 80) -> Path:
    lines = [sequence[n : n + width] for n in range(0, len(sequence), width)]
    with gzip.open(path, "wt", encoding="ascii") as file:
        file.write("\n".join([">a name, ACGT", *lines, ""]))
    return path


@pytest.mark.parametrize("width", [60, 80])
def test_bases_of_a_fasta_file(width: int, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = rng.integers(0, 5, 1000)
    text = "".join(BASES[n] for n in known)
    path = write_fasta(tmp_path / "x.fna.gz", text, width)
    for count in (1, 79, 80, 81, 999, 1000):
        bases = read_bases(count, path)
        assert bases.dtype == np.uint8
        assert bases.tolist() == known[:count].tolist()
    with pytest.raises(ValueError, match=r"x\.fna\.gz holds 1000 bases, fewer than the 1001"):
        read_bases(1001, path)


def test_other_letters(tmp_path: Path) -> None:
    """Lower case (masked) bases are bases; ambiguity codes are N."""
    path = write_fasta(tmp_path / "x.fna.gz", "acgtnRYKM")
    assert read_bases(9, path).tolist() == [0, 1, 2, 3, 4, 4, 4, 4, 4]


def test_the_genome() -> None:
    """E. coli 536 as delivered: its first bases, and about half of them G or C."""
    bases = read_bases(450_002)
    with gzip.open(GENOME, "rt", encoding="ascii") as file:
        assert "NC_008253" in file.readline()
        first = file.readline().strip()
    assert "".join(BASES[n] for n in bases[: len(first)]) == first
    share = np.bincount(bases, minlength=5) / len(bases)
    assert share[4] == 0
    assert 0.45 < share[1] + share[2] < 0.56
    assert (share[:4] > 0.2).all()


def test_embedding_is_one_value_for_each_base() -> None:
    bases = np.array([0, 1, 2, 3, 4, 2, 0], np.uint8)
    values = embed(bases, 5)
    assert values.shape == (7,) and values.dtype == np.float64
    assert len(set(values.tolist())) == 5
    assert values[0] == values[6] and values[2] == values[5]
    assert np.array_equal(values, embed(bases, 5))
    assert not np.array_equal(values, embed(bases, 6))


FASTA = b"\n>one two\nACGT\nacg t\r\n>\nNNRY\n\n>3\n" + b"AC" * 5000
# Without its time: the tests' names, which hold it, must be the same in every process.
COMPRESSED = gzip.compress(FASTA, mtime=0)


@pytest.mark.parametrize("compressed", [False, True])
def test_fasta_of_several_records(compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.fa"
    path.write_bytes(COMPRESSED if compressed else FASTA)
    records = read_fasta(path)
    assert [record.name for record in records] == ["one", "2", "3"]
    assert [record.bases.tolist()[:8] for record in records] == [
        [0, 1, 2, 3, 0, 1, 2, 3],
        [4, 4, 4, 4],
        [0, 1] * 4,
    ]
    assert len(records[2].bases) == 10_000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"x\.fa is not a FASTA file: its first line must start with '>'\."),
        (b"ACGT\n>a\nACGT\n", r"x\.fa is not a FASTA file"),
        (b">a\nACGT\n>b\n\n", r"The record b of \S+x\.fa is empty\."),
        (
            b">a\nAC\nGU\n",
            r"The record a of \S+x\.fa holds 'U' at position 4, which is not a base",
        ),
        (b">a\nAC-GT\n", r"holds '-' at position 3"),
        (COMPRESSED[:-9], r"x\.fa cannot be read: compressed file ended before"),
        (COMPRESSED[:12] + b"\xff" * 30, r"x\.fa cannot be read: "),
    ],
)
def test_files_that_are_no_fasta(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_fasta(tmp_path / "x.fa")
    with pytest.raises(InputError, match=r"no\.fa does not exist\."):
        read_fasta(tmp_path / "no.fa")


def test_tokens() -> None:
    """The original's numbers: 7 to 11 for A, C, G, T and N."""
    expected = [7, 8, 9, 10, 11, 7, 8, 9, 10, 11, 11]
    assert tokens("ACGTNacgtnR").tolist() == expected
    assert tokens(b"ACGTNacgtnR").dtype == np.int64
    assert tokens(np.array([0, 4], np.uint8)).tolist() == [7, 11]
    for wrong in ("AC T", "ACé"):
        with pytest.raises(
            InputError, match=r"The sequence holds '[ ?]' at position 3, which is no"
        ):
            tokens(wrong)
    with pytest.raises(InputError, match="The bases must be numbers from 0 to 4, or text"):
        tokens(np.array([5]))
