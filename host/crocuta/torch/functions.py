# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The convolutions as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch

from crocuta.errors import InputError
from crocuta.torch.checks import check, check_channels, check_conv
from crocuta.torch.operators import causal_conv


def fft_causal_conv1d(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """y[b, d, n] = sum over m <= n of weight[d, m] x[b, d, n-m], as cuDNN's function of this name.

    Args:
        x: (batch, channels, length), float32, float64, float16 or bfloat16, in any strides.
        weight: (channels, taps) of one of these types; weight[:, 0] meets the current sample.

    Returns:
        y in the shape and type of x.

    Raises:
        InputError: an argument is something else, holds NaN or infinity.
        KernelError: no device is in use, or its job failed.
    """
    check_conv("x", x, "weight", weight)
    y: torch.Tensor = causal_conv(x, weight, None, True)
    return y


def gated(
    u: torch.Tensor,
    convolve: Callable[[torch.Tensor], torch.Tensor],
    pregate: torch.Tensor | None,
    postgate: torch.Tensor | None,
) -> torch.Tensor:
    """postgate * convolve(pregate * u) in the type of u; raises InputError if a gate is none."""
    for name, gate in (("pregate", pregate), ("postgate", postgate)):
        if gate is not None:
            check(name, gate, ("batch", "channels", "length"))
            if gate.shape != u.shape:
                raise InputError(
                    f"{name} has shape {tuple(gate.shape)}, but it must have that of u,"
                    f" {tuple(u.shape)}."
                )
    x = u if pregate is None else u * pregate
    y = convolve(x)
    if postgate is not None:
        y = y * postgate
    result: torch.Tensor = y.to(u.dtype)
    return result


def fftconv(
    u: torch.Tensor,
    k: torch.Tensor,
    D: torch.Tensor | None = None,
    pregate: torch.Tensor | None = None,
    postgate: torch.Tensor | None = None,
) -> torch.Tensor:
    """postgate * (k conv x + D * x) with x = pregate * u: the operator of Hyena, H3 and their kin.

    The skip D becomes part of the filter's first tap; the gates are applied on the host.

    Args:
        u: (batch, channels, length), as x of `fft_causal_conv1d`.
        k: (channels, taps), the filters.
        D: (channels,), the skip; none unless given.
        pregate: in the shape of u; none unless given.
        postgate: the same.

    Returns:
        The result in the shape and type of u.

    Raises:
        InputError: an argument is something else, holds NaN or infinity.
        KernelError: no device is in use, or its job failed.
    """
    check_conv("u", u, "k", k)
    if D is not None:
        check("D", D, ("channels",))
        check_channels(("u", "D"), u.shape[1], D.shape[0])
    return gated(u, lambda x: causal_conv(x, k, D, True), pregate, postgate)
