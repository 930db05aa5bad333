# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The convolutions as operators of PyTorch, with gradients, and with shapes for tracing."""

from __future__ import annotations

import itertools
import warnings
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crocuta.errors import InputError, OutOfMemory
from crocuta.many import AnyFilter
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.registers import MAX_CHANNELS
from crocuta.samples import to_single
from crocuta.torch.device import current, in_use


def samples(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """A tensor as numpy reads it: float32, or float64, which the device rounds."""
    if tensor.dtype != torch.float64:
        tensor = tensor.float()
    elif not in_use.warned:
        in_use.warned = True
        warnings.warn(
            "float64 is not computed in double precision: samples are rounded to float32, and the"
            " error is the configuration's (docs/accuracy.md).",
            stacklevel=2,
        )
    array: npt.NDArray[Any] = tensor.detach().resolve_neg().numpy()
    return array


def folded(weight: torch.Tensor, skip: torch.Tensor | None) -> npt.NDArray[Any]:
    """The filter with the skip in its first tap.

    Raises:
        InputError: one of them holds NaN, infinity, or a number beyond float32's range.
    """
    taps = samples(weight)
    to_single("The filter", taps)
    if skip is not None:
        to_single("D", samples(skip))
        first = taps[:, 0] + samples(skip).astype(np.float64)
        taps = taps.copy()
        taps[:, 0] = first
    return taps


def _tracked(*tensors: torch.Tensor | None) -> bool:
    """Whether a write to one of these tensors would be noticed."""
    return not any(tensor.is_inference() for tensor in tensors if tensor is not None)


def kept_filter(
    weight: torch.Tensor, skip: torch.Tensor | None, length: int, keep: bool
) -> AnyFilter | None:
    """The filter of these tensors for x of this length; None if the device's memory cannot hold all
    channels at once."""
    device, filters = current(), in_use.filters
    most = 1 << device.config.max_length_log2
    for name, size, unit in (("x", length, "samples"), ("The filter", weight.shape[-1], "taps")):
        if size > most:
            raise InputError(f"{name} has {size:,} {unit}, but the device takes {most:,} at most.")
    keep = keep and _tracked(weight, skip)
    filter = filters.find(weight, skip, length) if keep else None
    while filter is None:
        if len(weight) > MAX_CHANNELS:
            return None
        try:
            filter = device.prepare(folded(weight, skip), length)
        except OutOfMemory:
            if not filters.drop_oldest():
                if len(weight) == 1:
                    raise
                return None
        else:
            if keep:
                filters.keep(filter, weight, skip)
    return filter


def convolve(
    x: npt.NDArray[Any], weight: torch.Tensor, skip: torch.Tensor | None, keep: bool
) -> SampleArray:
    """The convolution of x (B, D, L), in groups of channels if it does not fit the device."""
    device, channels = current(), len(weight)
    while filter := kept_filter(weight, skip, x.shape[-1], keep):
        try:
            return device.convolve(x, filter)
        except OutOfMemory:
            filter, keep = None, False
            if not in_use.filters.clear():
                if channels == 1:
                    raise
                break
    half = channels // 2
    parts = (slice(half), slice(half, None))
    return np.concatenate(
        [
            convolve(x[:, part], weight[part], None if skip is None else skip[part], keep=False)
            for part in parts
        ],
        axis=1,
    )


@torch.library.custom_op(
    "crocuta::causal_conv",
    mutates_args=(),
    schema="(Tensor x, Tensor weight, Tensor? skip, bool keep) -> Tensor",
)
def causal_conv(
    x: torch.Tensor, weight: torch.Tensor, skip: torch.Tensor | None, keep: bool
) -> torch.Tensor:
    """x (B, D, L) with weight (D, K), whose first taps skip (D,) is added to, in the type of x.

    `keep` tells whether the prepared filter stays on the device while the tensors live.
    """
    if not len(x):
        return torch.empty(x.shape, dtype=x.dtype)
    return torch.from_numpy(convolve(samples(x), weight, skip, keep)).to(x.dtype)


@causal_conv.register_fake
def _(x: torch.Tensor, weight: torch.Tensor, skip: torch.Tensor | None, keep: bool) -> torch.Tensor:
    return torch.empty(x.shape, dtype=x.dtype, device=x.device)


def _save(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    x, weight, skip, ctx.keep = inputs
    ctx.save_for_backward(x, weight, skip)


def _backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    """Both gradients are correlations: convolutions of flipped signals."""
    x, weight, skip = ctx.saved_tensors
    wants_x, wants_weight, wants_skip, _ = ctx.needs_input_grad
    dx = dweight = dskip = None
    flipped = dy.flip(-1)
    if wants_x:
        dx = causal_conv(flipped, weight, skip, ctx.keep).flip(-1)
    wide = torch.promote_types(dy.dtype, torch.float32)
    if wants_weight:
        batch, channels, length = x.shape
        taps = weight.shape[-1]
        lags = causal_conv(
            flipped.to(wide).reshape(1, batch * channels, length),
            x.reshape(batch * channels, length),
            None,
            False,
        )
        lags = lags.flip(-1)[..., :taps].reshape(batch, channels, -1).sum(0)
        lags = torch.nn.functional.pad(lags, (0, taps - lags.shape[-1]))
        dweight = lags.to(weight.dtype)
    if wants_skip:
        dskip = (dy.to(wide) * x.to(wide)).sum((0, 2)).to(skip.dtype)
    return dx, dweight, dskip, None


causal_conv.register_autograd(_backward, setup_context=_save)

_numbers = itertools.count()
_resident: weakref.WeakValueDictionary[int, AnyFilter] = weakref.WeakValueDictionary()
"""Filters that are on the device alone, by a number that an operator can take."""


def number_of(filter: AnyFilter) -> int:
    """A number for `resident_conv`, as long as the filter lives."""
    number = next(_numbers)
    _resident[number] = filter
    return number


@torch.library.custom_op(
    "crocuta::resident_conv", mutates_args=(), schema="(Tensor x, int number) -> Tensor"
)
def resident_conv(x: torch.Tensor, number: int) -> torch.Tensor:
    """x (B, D, L) with the filter of a number, in the type of x."""
    filter = _resident.get(number)
    if filter is None:
        raise InputError("The filter is closed: prepare it again.")
    if not len(x):
        return torch.empty(x.shape, dtype=x.dtype)
    return torch.from_numpy(current().convolve(samples(x), filter)).to(x.dtype)


@resident_conv.register_fake
def _(x: torch.Tensor, number: int) -> torch.Tensor:
    return torch.empty(x.shape, dtype=x.dtype, device=x.device)


def _save_number(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    _, ctx.number = inputs
    ctx.filter = _resident.get(ctx.number)  # lives as long as the graph


def _resident_backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    return resident_conv(dy.flip(-1), ctx.number).flip(-1), None


resident_conv.register_autograd(_resident_backward, setup_context=_save_number)
