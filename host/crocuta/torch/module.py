# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A convolution with a filter that is prepared once, as a module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crocuta.errors import InputError, OutOfMemory
from crocuta.many import AnyFilter
from crocuta.torch.checks import check, check_channels
from crocuta.torch.device import current, in_use
from crocuta.torch.functions import gated
from crocuta.torch.operators import causal_conv, folded, kept_filter, number_of, resident_conv


class PreparedConv(torch.nn.Module):
    """A filter that `prepare` made: call it with u (batch, channels, length), and gates if needed.

    Gradients flow to u and the gates.
    """

    weight: torch.Tensor | None

    def __init__(
        self, shape: tuple[int, int], weight: torch.Tensor | None, filter: AnyFilter | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.channels, self.taps = shape
        self._filter = filter
        self._number = None if filter is None else number_of(filter)

    @property
    def closed(self) -> bool:
        """Whether it was given back."""
        return self.weight is None and self._filter is None

    def forward(
        self,
        u: torch.Tensor,
        pregate: torch.Tensor | None = None,
        postgate: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """postgate * (filter conv (pregate * u)), as `fftconv` with the filter's k and D."""
        check("u", u, ("batch", "channels", "length"))
        check_channels(("u", "the filter"), u.shape[1], self.channels)
        if self.weight is not None:
            weight = self.weight
            return gated(u, lambda x: causal_conv(x, weight, None, True), pregate, postgate)
        number = self._number
        if number is None:
            raise InputError("The filter is closed: prepare it again.")
        return gated(u, lambda x: resident_conv(x, number), pregate, postgate)

    def close(self) -> None:
        """Gives back the device's and the host's memory."""
        if self.weight is not None:
            in_use.filters.drop(self.weight.untyped_storage())
        if self._filter is not None:
            self._filter.close()
        self.weight = self._filter = self._number = None

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
    if length is not None and not _is_size(length):
        raise InputError(f"length must be a whole number of at least 1, not {length!r}.")
    if shape is None:
        check("k", k, ("channels", "taps"))
        channels = len(k)  # type: ignore[arg-type]
    elif isinstance(shape, tuple) and len(shape) == 2 and all(map(_is_size, shape)):
        channels = shape[0]
        if not isinstance(k, Iterable):
            raise InputError(f"k must be an iterable of channels, not {type(k).__name__}.")
    else:
        raise InputError(f"shape must be (channels, taps), not {shape!r}.")
    if D is not None:
        check("D", D, ("channels",))
        check_channels(("k", "D"), channels, D.shape[0])
    if shape is None:
        weight = torch.from_numpy(np.array(folded(k[:, :length], D), np.float32))  # type: ignore[index]
        kept_filter(weight, None, length or weight.shape[-1], keep=True)
        return PreparedConv(tuple(weight.shape), weight)
    shape = channels, shape[1] if length is None else min(length, shape[1])
    while True:
        try:
            filter = current().prepare(_rows(k, D, shape[1]), length, shape)
            return PreparedConv(shape, None, filter)
        except OutOfMemory:
            if not in_use.filters.drop_oldest():
                raise


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _rows(
    k: Iterable[torch.Tensor], D: torch.Tensor | None, taps: int
) -> Iterator[npt.NDArray[Any]]:
    """The first taps of each channel, with the skip."""
    for channel, row in enumerate(k):
        check(f"k's channel {channel}", row, ("taps",))
        skip = D[channel : channel + 1] if D is not None and channel < len(D) else None
        yield folded(row[None, :taps], skip)[0]
