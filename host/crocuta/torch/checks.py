# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the users' tensors."""

from __future__ import annotations

import torch
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd.forward_ad import unpack_dual

from crocuta.errors import InputError

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def check(name: str, tensor: object, axes: tuple[str, ...]) -> None:
    """Raises InputError unless it is a tensor with these axes that the device can take."""
    if not isinstance(tensor, torch.Tensor):
        raise InputError(f"{name} must be a tensor, not {type(tensor).__name__}.")
    if tensor.is_nested:
        raise InputError(
            f"{name} is nested: give torch.nested.to_padded_tensor({name}, 0.0), whose zeros at the"
            " end change no other output."
        )
    if tensor.layout != torch.strided:
        raise InputError(f"{name} is sparse: give {name}.to_dense().")
    if tensor.dtype not in FLOATS:
        raise InputError(
            f"{name} holds {str(tensor.dtype).removeprefix('torch.')}: give float32, float64,"
            f" float16 or bfloat16, as in {name}.float()."
        )
    if tensor.device.type not in ("cpu", "meta"):
        raise InputError(
            f"{name} is on {tensor.device}: Crocuta takes tensors from the CPU, as in {name}.cpu()."
        )
    if not torch.compiler.is_compiling() and is_functorch_wrapped_tensor(tensor):
        raise InputError(
            f"{name} is inside torch.func.grad or another transform of torch.func, which Crocuta"
            " does not support: use backward() or torch.autograd.grad."
        )
    if not torch.compiler.is_compiling() and unpack_dual(tensor).tangent is not None:
        raise InputError(
            f"{name} has a forward-mode derivative, which Crocuta does not compute: use backward()"
            " or torch.autograd.grad."
        )
    if tensor.dim() != len(axes):
        wanted = f"({', '.join(axes)})" if len(axes) > 1 else f"({axes[0]},)"
        raise InputError(f"{name} has shape {tuple(tensor.shape)}: give {wanted}.")
    for axis, size in zip(axes, tensor.shape, strict=True):
        if size == 0 and axis != "batch":
            raise InputError(f"{name} has no {axis}: its shape is {tuple(tensor.shape)}.")


def check_channels(names: tuple[str, str], found: int, wanted: int) -> None:
    """Raises InputError unless two tensors have as many channels."""
    if found != wanted:
        raise InputError(
            f"{names[0]} has {found} channels and {names[1]} {wanted}: give one filter for each"
            " channel."
        )


def check_conv(u: str, x: torch.Tensor, k: str, weight: torch.Tensor) -> None:
    """Raises InputError unless x, which the user knows as `u`, and weight, as `k`, are those of a
    convolution."""
    check(u, x, ("batch", "channels", "length"))
    check(k, weight, ("channels", "taps"))
    check_channels((u, k), x.shape[1], weight.shape[0])
