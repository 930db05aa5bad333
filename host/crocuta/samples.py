# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Samples as a user has them, checked and brought into the kernel's float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError
from crocuta.registers import MAX_CHANNELS
from models.crocuta_kernel import SampleArray


def check_dtype(name: object, dtype: np.dtype[Any]) -> None:
    """Raises InputError unless it is float32 or float64."""
    if dtype.newbyteorder("=") not in (np.float32, np.float64):
        raise InputError(
            f"{name} holds {dtype}, not float32 or float64: convert it with .astype(numpy.float32)."
        )


def check_length(name: object, length: int, longest: int) -> None:
    """Raises InputError unless a kernel takes so many samples."""
    if not 1 <= length <= longest:
        raise InputError(f"{name} has {length} samples, but it must have 1 to {longest}.")


def to_single(name: object, samples: npt.NDArray[np.floating[Any]]) -> SampleArray:
    """The samples as float32.

    Raises:
        InputError: one is NaN, infinite or beyond float32's range.
    """
    _check_finite(name, samples, "NaN or infinity")
    with np.errstate(over="ignore"):
        single = samples.astype(np.float32, copy=False)
    _check_finite(name, single, "a number beyond float32's range")
    return single


def _check_finite(name: object, samples: npt.NDArray[np.floating[Any]], problem: str) -> None:
    finite = np.isfinite(samples)
    if not finite.all():
        index = [int(i) for i in np.unravel_index(int(np.argmin(finite)), finite.shape)]
        where = index[0] if len(index) == 1 else tuple(index)
        raise InputError(f"{name} holds {problem}, first at index {where}.")


def to_array(name: str, samples: npt.ArrayLike, longest: int) -> SampleArray:
    """The samples as a float32 array of shape (length,) or (channels, length).

    Raises:
        InputError: they are something else, or no, too many or non-finite samples.
    """
    try:
        array = np.asarray(samples)
    except Exception as error:  # a tensor on a GPU, a ragged list, ...: each raises what it likes
        raise InputError(f"{name} is nothing that numpy makes an array of: {error}.") from None
    check_dtype(name, array.dtype)
    if array.ndim not in (1, 2):
        raise InputError(
            f"{name} has shape {array.shape}: give an array of shape (length,) or"
            " (channels, length)."
        )
    if array.ndim == 2 and not 1 <= len(array) <= MAX_CHANNELS:
        raise InputError(f"{name} has {len(array)} channels, but it must have 1 to {MAX_CHANNELS}.")
    check_length(name, array.shape[-1], longest)
    return to_single(name, array)
