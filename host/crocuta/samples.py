# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Checks a user's samples and converts them to the kernel's float32.

x has shape (length,), (channels, length) or (batch, channels, length). h has shape (taps,), one
filter for all channels, or (channels, taps), one per channel.
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
"""Integers of at most this many bits are exact in float32."""


def check_dtype(
    name: object, dtype: np.dtype[Any], convert: str = ".astype(numpy.float32)"
) -> None:
    """Raises InputError unless the type is float64, or one whose numbers float32 can hold.

    Wide integers are checked one by one, in `to_single`. `convert` names the method that converts
    `name` to float32.
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
    """Raises InputError unless the shape is one of `shapes`, with sizes that a kernel supports."""
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
    """Raises InputError unless a filter with this many channels has one for all channels of x, or
    one for each."""
    found = x_shape[-2] if len(x_shape) > 1 else 1
    if channels not in (1, found):
        raise InputError(
            f"x has {found} channels and the filter has {channels}: give one filter for all"
            " channels, of shape (taps,), or one for each, of shape (channels, taps)."
        )


def to_single(name: object, samples: npt.NDArray[Any]) -> SampleArray:
    """Converts samples of a type that `check_dtype` accepts to float32.

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
    """Which integers float32 holds exactly: those with at most 24 significant bits."""
    lowest_bit = np.maximum(integers & (0 - integers), 1)
    held: npt.NDArray[np.bool_] = np.abs(integers // lowest_bit) <= 1 << SURE_BITS
    return held


def _refuse(name: object, wrong: npt.NDArray[np.bool_], problem: str) -> None:
    if wrong.any():
        index = [int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape)]
        where = index[0] if len(index) == 1 else tuple(index)
        raise InputError(f"{name} holds {problem}, first at index {where}.")


def _is_tensor(samples: object) -> bool:
    """Whether it is a PyTorch tensor, or similar."""
    return all(hasattr(samples, name) for name in ("detach", "cpu", "numpy"))


def to_array(
    name: str, samples: npt.ArrayLike, shapes: tuple[str, ...], longest: int
) -> SampleArray:
    """Converts samples to a float32 array of one of `shapes`.

    Raises:
        InputError: they are not numbers of such a shape, or there are none, too many or non-finite
            ones.
    """
    tensor = _is_tensor(samples)
    if isinstance(samples, np.ma.MaskedArray):
        raise InputError(
            f"{name} is a masked array: fill the masked samples first, as in {name}.filled(0)."
        )
    try:
        array = np.asarray(samples)
    except MemoryError:
        raise
    except Exception as error:  # tensors on a GPU, ragged lists and so on raise various errors
        if tensor:
            raise InputError(
                f"{name} is a tensor that numpy cannot read: give"
                f" {name}.detach().cpu().float().numpy()."
            ) from None
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{name} cannot be made a numpy array: {reason}.") from None
    check_dtype(name, array.dtype, ".float()" if tensor else ".astype(numpy.float32)")
    check_shape(name, array.shape, shapes, longest)
    return to_single(name, array)
