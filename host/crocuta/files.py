# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The files of the command line: checked before any work begins, complete or not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from crocuta.errors import InputError
from crocuta.samples import check_dtype, check_length, to_single
from models.crocuta_kernel import SampleArray


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def load_samples(path: Path, longest: int) -> SampleArray:
    """A .npy file's one-dimensional float32 or float64 array, as float32.

    Raises:
        InputError: the file holds something else, or no, too many or non-finite samples.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory, not a .npy file.")
        with path.open("rb") as file:
            shape, dtype = _read_header(path, file)
            check_dtype(path, dtype)
            if len(shape) != 1:
                raise InputError(
                    f"{path} has shape {shape}: give an array of one dimension, such as x.ravel()."
                )
            check_length(path, shape[0], longest)
            samples = np.fromfile(file, dtype, shape[0])
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}.") from None
    if len(samples) < shape[0]:
        raise InputError(f"{path} ends after {len(samples)} of its {shape[0]} samples.")
    return to_single(path, samples)


def _read_header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """The shape and type of the array that follows in the file."""
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(file)
        else:
            header = np.lib.format.read_array_header_2_0(file)
    except OSError:
        raise
    except Exception:  # a broken header makes numpy raise errors of many kinds
        if file.seek(0, os.SEEK_END) == 0:
            raise InputError(f"{path} is empty.") from None
        raise InputError(f"{path} is not a .npy file: write it with numpy.save.") from None
    return header[0], header[2]


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when the block ends well; opened at once.

    So a place that cannot be written is known before the work, and no half of a file is left.

    Raises:
        InputError: it cannot be written.
    """
    part = path.parent / f".crocuta-{secrets.token_hex(8)}.part"
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory: name a file in it.")
        with part.open("xb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {_reason(error)}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
