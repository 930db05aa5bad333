# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""DNA: FASTA files, bases, and HyenaDNA's tokens."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError
from crocuta.models.configs import ROOT

GENOME = ROOT / "data" / "NC_008253.fna.gz"
BASES = "ACGTN"
CODES = "RYSWKMBDHV"
"""IUPAC's codes for a base that is one of several; HyenaDNA knows them as N."""
FIRST_TOKEN = 7
"""HyenaDNA's token of A; C, G, T and N follow. Below are [CLS], [SEP], [BOS], [MASK], [PAD],
[RESERVED] and [UNK]."""
GZIP_MAGIC = b"\x1f\x8b"

Bases = npt.NDArray[np.uint8]
"""Indices into BASES."""


def _table() -> Bases:
    """The index of each letter, in upper and lower case; 255 for anything but a base."""
    table = np.full(256, 255, np.uint8)
    for letters, index in ((BASES, None), (CODES, BASES.index("N"))):
        for number, letter in enumerate(letters):
            for each in (letter, letter.lower()):
                table[ord(each)] = number if index is None else index
    return table


TABLE = _table()


@dataclass(frozen=True)
class Record:
    """A sequence of a FASTA file."""

    name: str
    """Its header up to the first space."""
    bases: Bases


def to_bases(name: object, text: bytes) -> Bases:
    """Letters of DNA as indices into BASES. Lower case, which marks repeats, makes no difference.

    Raises:
        InputError: a letter is neither a base nor an IUPAC code for several.
    """
    bases = TABLE[np.frombuffer(text, np.uint8)]
    wrong = bases == 255
    if wrong.any():
        index = int(wrong.argmax())
        raise InputError(
            f"{name} holds {chr(text[index])!r} at position {index + 1}, which is not a base: give"
            f" A, C, G, T, N or one of {CODES}."
        )
    return bases


def tokens(dna: str | bytes | Bases) -> npt.NDArray[np.int64]:
    """HyenaDNA's tokens, one per base and without special tokens: (length,), int64.

    Args:
        dna: letters in upper or lower case, or bases from `read_fasta`.

    Raises:
        InputError: a letter is not a base.
    """
    if isinstance(dna, str):
        dna = dna.encode("ascii", "replace")
    bases = to_bases("The sequence", dna) if isinstance(dna, bytes) else np.asarray(dna)
    if bases.size and (
        bases.dtype.kind not in "iu" or bases.min() < 0 or bases.max() >= len(BASES)
    ):
        raise InputError(f"The bases must be numbers from 0 to {len(BASES) - 1}, or text.")
    return bases.astype(np.int64) + FIRST_TOKEN


def read_fasta(path: str | Path) -> list[Record]:
    """The records of a FASTA file, plain or gzipped.

    Raises:
        InputError: the file does not exist, or is not FASTA.
    """
    try:
        data = Path(path).read_bytes()
        if data.startswith(GZIP_MAGIC):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason.lower().rstrip('.')}.") from None
    first, *records = (b"\n" + data).replace(b"\r", b"\n").split(b"\n>")
    if first.strip() or not records:
        raise InputError(f"{path} is not a FASTA file: its first line must start with '>'.")
    found = []
    for number, record in enumerate(records, 1):
        header, _, lines = record.partition(b"\n")
        name = (header.split() or [str(number).encode()])[0].decode("utf-8", "replace")
        text = lines.translate(None, b" \t\n")
        if not text:
            raise InputError(f"The record {name} of {path} is empty.")
        found.append(Record(name, to_bases(f"The record {name} of {path}", text)))
    return found


def read_bases(count: int, path: Path = GENOME) -> Bases:
    """The first `count` bases of a FASTA file's first record.

    Raises:
        InputError: the record has fewer, or the file does not exist.
    """
    bases = read_fasta(path)[0].bases[:count]
    if len(bases) < count:
        raise InputError(f"{path.name} holds {len(bases)} bases, fewer than the {count} requested.")
    return bases
