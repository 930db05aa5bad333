# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Long causal convolutions of PyTorch tensors on a device.

    import crocuta.torch

    crocuta.torch.use("model", config="small")
    y = crocuta.torch.fft_causal_conv1d(x, weight)  # (B, D, L) and (D, K)

The operators have gradients, which the device computes too, and work under torch.compile.
docs/pytorch.md has the details.
"""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt

import crocuta
from crocuta import extras
from crocuta.device import Device
from crocuta.errors import InputError, KernelError, OutOfMemory
from crocuta.many import AnyDevice, AnyFilter, Devices
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.registers import MAX_CHANNELS

try:
    import torch
except ModuleNotFoundError:
    raise ImportError(f"crocuta.torch needs torch: run {extras.command('torch')}.") from None

__all__ = ["PreparedConv", "current", "fft_causal_conv1d", "fftconv", "prepare", "use"]

AnyDeviceT = TypeVar("AnyDeviceT", bound=AnyDevice)
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
KEPT = 64
"""Prepared filters that are kept at most; fewer if the device's memory is full."""


# -------------------------------------------------------------------------------------------------
# The device in use


class _InUse:
    """The device of this process's operators, and the filters that it keeps for them."""

    def __init__(self) -> None:
        self.device: AnyDevice | None = None
        self.opened: AnyDevice | None = None
        """The device, if `use` opened it and closes it."""
        self.filters = _Filters()
        self.warned = False
        """Whether the user knows that float64 is not double precision."""


@overload
def use(backend: str, config: str = "u200", **options: Any) -> Device: ...
@overload
def use(backend: AnyDeviceT) -> AnyDeviceT: ...
def use(backend: str | AnyDevice, config: str = "u200", **options: Any) -> AnyDevice:
    """Opens the device on which all operators of this module run from now on.

    The device that an earlier call opened is closed.

    Args:
        backend: a backend's name or an open device, which stays the caller's to close; several
            devices that `crocuta.open_many` made are one.
        config: the kernel's configuration, if a backend is named.
        options: as for `crocuta.open`.

    Raises:
        InputError: there is no such backend, configuration or option.
        KernelError: the kernel cannot be had; the device in use before is kept.
    """
    device: AnyDevice
    if isinstance(backend, Device | Devices):
        if options or config != "u200":
            raise InputError("The device is open already: give use() no other arguments with it.")
        device = backend
    else:
        device = crocuta.open(cast(str, backend), config, **options)
    previous = _in_use.opened
    _in_use.filters = _Filters()
    _in_use.device = device
    _in_use.opened = None if device is backend else device
    if previous is not None and previous is not device:
        previous.close()
    return device


def current() -> AnyDevice:
    """The device in use; its `report` describes the last convolution.

    Raises:
        KernelError: there is none.
    """
    if _in_use.device is None:
        raise KernelError(
            "No device is in use: call crocuta.torch.use() first, as in use('model')."
        )
    return _in_use.device


@dataclass
class _Kept:
    """A filter made of a view of a weight, and of a skip."""

    filter: AnyFilter
    weight: tuple[object, ...]
    skip: tuple[object, ...]
    skip_storage: weakref.ref[object] | None
    used: int


def _view(tensor: torch.Tensor) -> tuple[object, ...]:
    """What tells a tensor from the others in its storage, and from what it was before a write."""
    return (
        tensor._version,
        tensor.dtype,
        tensor.storage_offset(),
        tuple(tensor.shape),
        tensor.stride(),
        tensor.is_neg(),
    )


class _Filters:
    """Filters by the storage of their weights: dropped when the storage is freed, written to, or
    when others were used more recently and the device has no more room."""

    def __init__(self) -> None:
        self._kept: weakref.WeakKeyDictionary[object, list[_Kept]] = weakref.WeakKeyDictionary()
        self._count = itertools.count()

    def __len__(self) -> int:
        return sum(map(len, list(self._kept.values())))

    def find(
        self, weight: torch.Tensor, skip: torch.Tensor | None, length: int
    ) -> AnyFilter | None:
        """The filter of these tensors for x of this length, if it is kept."""
        storage = None if skip is None else skip.untyped_storage()
        wanted = _view(weight), () if skip is None else _view(skip)
        for kept in self._kept.get(weight.untyped_storage(), []):
            same_skip = (kept.skip_storage and kept.skip_storage()) is storage
            if (kept.weight, kept.skip) == wanted and same_skip and length <= kept.filter.longest:
                kept.used = next(self._count)
                return kept.filter
        return None

    def keep(self, filter: AnyFilter, weight: torch.Tensor, skip: torch.Tensor | None) -> None:
        """Keeps a filter made of these tensors, and none of what their storage held before."""
        storage = weight.untyped_storage()
        siblings = [
            kept for kept in self._kept.get(storage, []) if kept.weight[0] == weight._version
        ]
        siblings.append(
            _Kept(
                filter,
                _view(weight),
                () if skip is None else _view(skip),
                None if skip is None else weakref.ref(skip.untyped_storage()),
                next(self._count),
            )
        )
        self._kept[storage] = siblings
        while len(self) > KEPT:
            self.drop_oldest()

    def drop_oldest(self) -> bool:
        """Drops the filter that was used the longest time ago; false if there is none."""
        found = [(kept.used, storage) for storage, all in self._kept.items() for kept in all]
        if not found:
            return False
        oldest, storage = min(found, key=lambda each: each[0])
        self._kept[storage] = [kept for kept in self._kept[storage] if kept.used != oldest]
        return True

    def clear(self) -> bool:
        """Drops all; false if there were none."""
        found = len(self) > 0
        self._kept.clear()
        return found

    def drop(self, storage: object) -> None:
        """Drops the filters of a storage."""
        self._kept.pop(storage, None)


_in_use = _InUse()


# -------------------------------------------------------------------------------------------------
# The operator


def _samples(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """A tensor as numpy reads it: float32, or float64, which the device rounds."""
    if tensor.dtype != torch.float64:
        tensor = tensor.float()
    elif not _in_use.warned:
        _in_use.warned = True
        warnings.warn(
            "float64 is not computed in double precision: samples are rounded to float32, and the"
            " error is the configuration's (docs/accuracy.md).",
            stacklevel=2,
        )
    array: npt.NDArray[Any] = tensor.detach().resolve_neg().numpy()
    return array


def _taps(weight: torch.Tensor, skip: torch.Tensor | None) -> npt.NDArray[Any]:
    """The filter with the skip in its first tap."""
    taps = _samples(weight)
    if skip is not None:
        first = taps[:, 0] + _samples(skip).astype(np.float64)
        taps = taps.copy()
        taps[:, 0] = first
    return taps


def _tracked(*tensors: torch.Tensor | None) -> bool:
    """Whether a write to one of these tensors would be noticed."""
    return not any(tensor.is_inference() for tensor in tensors if tensor is not None)


def _prepare(
    weight: torch.Tensor, skip: torch.Tensor | None, length: int, keep: bool
) -> AnyFilter | None:
    """The filter of these tensors for x of this length; None if the device's memory cannot hold all
    channels at once."""
    device, filters = current(), _in_use.filters
    keep = keep and _tracked(weight, skip)
    filter = filters.find(weight, skip, length) if keep else None
    while filter is None:
        if len(weight) > MAX_CHANNELS:
            return None
        try:
            filter = device.prepare(_taps(weight, skip), length)
        except OutOfMemory:
            if not filters.drop_oldest():
                if len(weight) == 1:
                    raise
                return None
        else:
            if keep:
                filters.keep(filter, weight, skip)
    return filter


def _convolve(
    x: npt.NDArray[Any], weight: torch.Tensor, skip: torch.Tensor | None, keep: bool
) -> SampleArray:
    """The convolution of x (B, D, L), in groups of channels if it does not fit the device."""
    device, channels = current(), len(weight)
    while filter := _prepare(weight, skip, x.shape[-1], keep):
        try:
            return device.convolve(x, filter)
        except OutOfMemory:
            filter, keep = None, False
            if not _in_use.filters.clear():
                if channels == 1:
                    raise
                break
    half = channels // 2
    parts = (slice(half), slice(half, None))
    return np.concatenate(
        [
            _convolve(x[:, part], weight[part], None if skip is None else skip[part], keep=False)
            for part in parts
        ],
        axis=1,
    )


@torch.library.custom_op(
    "crocuta::causal_conv",
    mutates_args=(),
    schema="(Tensor x, Tensor weight, Tensor? skip, bool keep) -> Tensor",
)
def _causal_conv(
    x: torch.Tensor, weight: torch.Tensor, skip: torch.Tensor | None, keep: bool
) -> torch.Tensor:
    if not len(x):
        return torch.empty(x.shape, dtype=x.dtype)
    return torch.from_numpy(_convolve(_samples(x), weight, skip, keep)).to(x.dtype)


@_causal_conv.register_fake
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
        dx = _causal_conv(flipped, weight, skip, ctx.keep).flip(-1)
    wide = torch.promote_types(dy.dtype, torch.float32)
    if wants_weight:
        batch, channels, length = x.shape
        taps = weight.shape[-1]
        lags = _causal_conv(
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


_causal_conv.register_autograd(_backward, setup_context=_save)

_numbers = itertools.count()
_resident: weakref.WeakValueDictionary[int, AnyFilter] = weakref.WeakValueDictionary()
"""Filters that are on the device alone, by a number that an operator can take."""


@torch.library.custom_op(
    "crocuta::resident_conv", mutates_args=(), schema="(Tensor x, int number) -> Tensor"
)
def _resident_conv(x: torch.Tensor, number: int) -> torch.Tensor:
    if not len(x):
        return torch.empty(x.shape, dtype=x.dtype)
    return torch.from_numpy(current().convolve(_samples(x), _resident[number])).to(x.dtype)


@_resident_conv.register_fake
def _(x: torch.Tensor, number: int) -> torch.Tensor:
    return torch.empty(x.shape, dtype=x.dtype, device=x.device)


def _save_number(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    _, ctx.number = inputs


def _resident_backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    return _resident_conv(dy.flip(-1), ctx.number).flip(-1), None


_resident_conv.register_autograd(_resident_backward, setup_context=_save_number)


# -------------------------------------------------------------------------------------------------
# The interface


def _check(name: str, tensor: object, axes: tuple[str, ...]) -> None:
    """Raises InputError unless it is a tensor with these axes that the device can take."""
    if not isinstance(tensor, torch.Tensor):
        raise InputError(f"{name} must be a tensor, not {type(tensor).__name__}.")
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
    if tensor.dim() != len(axes):
        wanted = f"({', '.join(axes)})" if len(axes) > 1 else f"({axes[0]},)"
        raise InputError(f"{name} has shape {tuple(tensor.shape)}: give {wanted}.")
    for axis, size in zip(axes, tensor.shape, strict=True):
        if size == 0 and axis != "batch":
            raise InputError(f"{name} has no {axis}: its shape is {tuple(tensor.shape)}.")


def _check_channels(names: tuple[str, str], found: int, wanted: int) -> None:
    if found != wanted:
        raise InputError(
            f"{names[0]} has {found} channels and {names[1]} {wanted}: give one filter for each"
            " channel."
        )


def _check_conv(u: str, x: torch.Tensor, k: str, weight: torch.Tensor) -> None:
    _check(u, x, ("batch", "channels", "length"))
    _check(k, weight, ("channels", "taps"))
    _check_channels((u, k), x.shape[1], weight.shape[0])


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
    _check_conv("x", x, "weight", weight)
    y: torch.Tensor = _causal_conv(x, weight, None, True)
    return y


def _gated(
    u: torch.Tensor,
    convolve: Callable[[torch.Tensor], torch.Tensor],
    pregate: torch.Tensor | None,
    postgate: torch.Tensor | None,
) -> torch.Tensor:
    for name, gate in (("pregate", pregate), ("postgate", postgate)):
        if gate is not None:
            _check(name, gate, ("batch", "channels", "length"))
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
    _check_conv("u", u, "k", k)
    if D is not None:
        _check("D", D, ("channels",))
        _check_channels(("u", "D"), u.shape[1], D.shape[0])
    return _gated(u, lambda x: _causal_conv(x, k, D, True), pregate, postgate)


class PreparedConv(torch.nn.Module):
    """A filter that `prepare` made: call it with u (batch, channels, length), and gates if needed.

    Gradients flow to u and the gates.
    """

    weight: torch.Tensor | None

    def __init__(
        self, shape: tuple[int, int], weight: torch.Tensor | None, resident: AnyFilter | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.channels, self.taps = shape
        self._resident = resident
        self._number = next(_numbers)
        if resident is not None:
            _resident[self._number] = resident

    @property
    def closed(self) -> bool:
        """Whether it was given back."""
        return self.weight is None and self._resident is None

    def forward(
        self,
        u: torch.Tensor,
        pregate: torch.Tensor | None = None,
        postgate: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """postgate * (filter conv (pregate * u)), as `fftconv` with the filter's k and D."""
        _check("u", u, ("batch", "channels", "length"))
        _check_channels(("u", "the filter"), u.shape[1], self.channels)
        if self.weight is not None:
            weight = self.weight
            return _gated(u, lambda x: _causal_conv(x, weight, None, True), pregate, postgate)
        if self._resident is None:
            raise InputError("The filter is closed: prepare it again.")
        number = self._number
        return _gated(u, lambda x: _resident_conv(x, number), pregate, postgate)

    def close(self) -> None:
        """Gives back the device's and the host's memory."""
        if self.weight is not None:
            _in_use.filters.drop(self.weight.untyped_storage())
        if self._resident is not None:
            self._resident.close()
        self.weight = self._resident = None

    def extra_repr(self) -> str:
        """What print(module) shows."""
        return f"channels={self.channels}, taps={self.taps}"


def prepare(
    k: torch.Tensor | Iterable[torch.Tensor],
    D: torch.Tensor | None = None,
    length: int | None = None,
    shape: tuple[int, int] | None = None,
) -> PreparedConv:
    """A filter as a module, with its spectra on the device in use. It does not follow later changes
    of k and D, and has no gradients for them: train with `fftconv`.

    Args:
        k: (channels, taps), the filters. The module keeps a copy, and serves whichever device is in
            use. With `shape`, an iterable of the channels' taps, such as a generator: they are
            never in the host's memory as a whole, and the filter stays on this device.
        D: (channels,), the skip; none unless given.
        length: of the longest u, as many samples as taps unless given. Taps beyond it are left out,
            and a longer u is served all the same, if need be by a filter prepared anew.
        shape: (channels, taps) of an iterable.

    Raises:
        InputError: an argument is something else, holds NaN or infinity.
        KernelError: no device is in use, or its job failed.
    """
    if length is not None and length < 1:
        raise InputError(f"length must be at least 1, not {length}.")
    if shape is None:
        _check("k", k, ("channels", "taps"))
        channels = len(k)  # type: ignore[arg-type]
    else:
        channels = shape[0]
    if D is not None:
        _check("D", D, ("channels",))
        _check_channels(("k", "D"), channels, D.shape[0])
    if shape is None:
        weight = torch.from_numpy(np.array(_taps(k[:, :length], D), np.float32))  # type: ignore[index]
        _prepare(weight, None, length or weight.shape[-1], keep=True)
        return PreparedConv(tuple(weight.shape), weight)
    shape = channels, shape[1] if length is None else min(length, shape[1])
    while True:
        try:
            filter = current().prepare(_rows(k, D, shape[1]), length, shape)
            return PreparedConv(shape, None, filter)
        except OutOfMemory:
            if not _in_use.filters.drop_oldest():
                raise


def _rows(
    k: Iterable[torch.Tensor], D: torch.Tensor | None, taps: int
) -> Iterator[npt.NDArray[Any]]:
    """The first taps of each channel, with the skip."""
    for channel, row in enumerate(k):
        _check(f"k's channel {channel}", row, ("taps",))
        skip = D[channel : channel + 1] if D is not None and channel < len(D) else None
        yield _taps(row[None, :taps], skip)[0]
