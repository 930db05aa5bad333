# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Samples as a user has them, checked and brought into the kernel's float32.

x has the shape (length,), (channels, length) or (batch, channels, length), h has the shape (taps,),
one filter for every channel, or (channels, taps), one for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.registers import MAX_CHANNELS

X_SHAPES = ("(length,)", "(channels, length)", "(batch, channels, length)")
H_SHAPES = ("(taps,)", "(channels, taps)")
SURE_BITS = 24
"""Integers of so many bits are float32 numbers."""


def check_dtype(
    name: object, dtype: np.dtype[Any], convert: str = ".astype(numpy.float32)"
) -> None:
    """Raises InputError unless its numbers are float64 or float32 holds them all.

    Integers are looked at one by one, in `to_single`. `convert` is the method that makes float32 of
    what `name` is.
    """
    if dtype.type is np.float64 or dtype.kind in "iu" or np.can_cast(dtype, np.float32):
        return
    if dtype.kind == "c":
        problem = f"{dtype}, and the kernel convolves real samples: convolve .real and .imag apart"
    elif dtype.kind in "SU":
        problem = "text: give numbers, as float32 or float64"
    elif dtype.kind == "O":
        problem = f"Python objects, not numbers: convert with {convert}"
    elif dtype.names:
        problem = f"records: give one of their fields, {' or '.join(map(repr, dtype.names[:3]))}"
    elif dtype.kind == "V":
        problem = (
            f"items of {dtype.itemsize} bytes that numpy has no type for, as it saves bfloat16:"
            f" convert with {convert} before saving"
        )
    else:
        problem = f"{dtype}, which float32 cannot hold exactly: convert with {convert}"
    raise InputError(f"{name} holds {problem}.")


def check_shape(
    name: object, shape: tuple[int, ...], shapes: tuple[str, ...], longest: int
) -> None:
    """Raises InputError unless it is one of `shapes`, with sizes that a kernel takes."""
    if not 1 <= len(shape) <= len(shapes):
        raise InputError(f"{name} has shape {shape}: give one of {' or '.join(shapes)}.")
    for what, size, most in (
        ("sequences", shape[0] if len(shape) == 3 else 1, None),
        ("channels", shape[-2] if len(shape) > 1 else 1, MAX_CHANNELS),
        ("samples", shape[-1], longest),
    ):
        if size < 1 or (most and size > most):
            limits = f"1 to {most}" if most else "at least 1"
            raise InputError(f"{name} has {size} {what}, but it must have {limits}.")


def check_channels(x_shape: tuple[int, ...], channels: int) -> None:
    """Raises InputError unless a filter of so many channels is one for x, or one for each of its
    channels."""
    found = x_shape[-2] if len(x_shape) > 1 else 1
    if channels not in (1, found):
        raise InputError(
            f"x has {found} channels and the filter has {channels}: give one filter for all"
            " channels, of shape (taps,), or one for each, of shape (channels, taps)."
        )


def to_single(name: object, samples: npt.NDArray[Any]) -> SampleArray:
    """The samples, of a type that `check_dtype` takes, as float32.

    Raises:
        InputError: one is NaN, infinite or beyond float32's range, or an integer that float32
            cannot hold.
    """
    if samples.dtype.kind in "iu":
        _refuse(name, ~_held(samples), "an integer that float32 cannot hold exactly")
    _refuse(name, ~np.isfinite(samples), "NaN or infinity")
    with np.errstate(over="ignore"):
        single = samples.astype(np.float32, copy=False)
    _refuse(name, ~np.isfinite(single), "a number beyond float32's range")
    return single


def _held(integers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of them are float32 numbers: those of 24 bits with zeros behind."""
    lowest_bit = np.maximum(integers & (0 - integers), 1)
    held: npt.NDArray[np.bool_] = np.abs(integers // lowest_bit) <= 1 << SURE_BITS
    return held


def _refuse(name: object, wrong: npt.NDArray[np.bool_], problem: str) -> None:
    if wrong.any():
        index = [int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape)]
        where = index[0] if len(index) == 1 else tuple(index)
        raise InputError(f"{name} holds {problem}, first at index {where}.")


def _is_tensor(samples: object) -> bool:
    """Whether it is a PyTorch tensor, or like one."""
    return all(hasattr(samples, name) for name in ("detach", "cpu", "numpy"))


def to_array(
    name: str, samples: npt.ArrayLike, shapes: tuple[str, ...], longest: int
) -> SampleArray:
    """The samples as a float32 array of one of `shapes`.

    Raises:
        InputError: they are something else, or no, too many or non-finite samples.
    """
    tensor = _is_tensor(samples)
    if isinstance(samples, np.ma.MaskedArray):
        raise InputError(
            f"{name} is a masked array: fill in what is masked first, as {name}.filled(0) does."
        )
    try:
        array = np.asarray(samples)
    except MemoryError:
        raise
    except Exception as error:  # a tensor on a GPU, a ragged list, ...: each raises what it likes
        if tensor:
            raise InputError(
                f"{name} is a tensor that numpy cannot read: give"
                f" {name}.detach().cpu().float().numpy()."
            ) from None
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{name} is nothing that numpy makes an array of: {reason}.") from None
    check_dtype(name, array.dtype, ".float()" if tensor else ".astype(numpy.float32)")
    check_shape(name, array.shape, shapes, longest)
    return to_single(name, array)
