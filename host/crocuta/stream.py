# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of x that comes in blocks, without end, with the bits of one convolution.

An output chunk depends on the last chunks of x alone, as many as the filter has and one for the
overlap of the chunk before. Convolving these again with the new ones, in chunks that begin where
those of the whole x would, gives the same bits: a kernel adds the products for an output chunk in
the same order wherever in a job it is.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError, OutOfMemory
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.samples import X_SHAPES, check_channels, to_array

ANY_LENGTH = 1 << 62


class Stream:
    """A stream of x through a filter: `push` blocks, `flush` at the end. `Device.stream` opens it.

    Args:
        convolve: a convolution of x with the filter, from its beginning.
        channels: of the filter; one serves every channel of x.
        taps: of the filter, in whole chunks.
        chunk: samples.
        longest: samples of a convolution at most, more than `taps`.
    """

    def __init__(
        self,
        convolve: Callable[[SampleArray], SampleArray],
        *,
        channels: int,
        taps: int,
        chunk: int,
        longest: int,
    ) -> None:
        self._convolve = convolve
        self._channels = channels
        self._taps = taps
        self._chunk = chunk
        self._longest = longest
        self._axes: tuple[int, ...] | None = None  # of every block, but for its length
        self._samples: SampleArray | None = None  # what the next outputs depend on
        self._history = 0  # how many of these samples have their outputs
        self._ended = False
        self.samples = 0
        """Those whose outputs were given."""

    @property
    def pending(self) -> int:
        """Samples that were pushed and whose outputs were not given: less than a chunk, unless a
        job failed."""
        return 0 if self._samples is None else self._samples.shape[-1] - self._history

    def push(self, block: npt.ArrayLike) -> SampleArray:
        """The outputs that are complete: of all whole chunks. They may be none.

        If a job fails, its samples are kept, and the next call tries again.

        Args:
            block: as x of `Device.convolve`, of any length, 0 too; all blocks have the same shape
                but for the length.

        Raises:
            InputError: it is something else, or the stream has ended; nothing was done.
            KernelError: it does not fit the device's memory, or a job failed.
        """
        self._check_open()
        axes = np.shape(block)
        if not axes or axes[-1]:
            array = to_array("block", block, X_SHAPES, ANY_LENGTH)
            check_channels(array.shape, self._channels)
            self._append(array)
        elif self._samples is None:
            return np.zeros(axes, np.float32)
        return self._outputs(self.pending // self._chunk * self._chunk)

    def flush(self) -> SampleArray:
        """The outputs of the samples that are left, less than a chunk. The stream ends.

        Raises:
            InputError: it has ended before, or nothing was pushed.
            KernelError: as for `push`; another call tries again.
        """
        self._check_open()
        if self._samples is None:
            raise InputError("Nothing was pushed into the stream: push a block first.")
        outputs = self._outputs(self.pending)
        self._ended = True
        self._samples = None
        return outputs

    def _check_open(self) -> None:
        if self._ended:
            raise InputError("The stream has ended: open another one with device.stream(filter).")

    def _append(self, block: SampleArray) -> None:
        if self._samples is None:
            self._samples = block.copy()
            return
        if block.shape[:-1] != self._samples.shape[:-1]:
            raise InputError(
                f"block has shape {block.shape}, but those before had"
                f" {(*self._samples.shape[:-1], 'any length')}: keep the other axes."
            )
        self._samples = np.concatenate([self._samples, block], axis=-1)

    def _outputs(self, count: int) -> SampleArray:
        """The outputs of the next `count` samples, which end with a chunk unless x ends."""
        assert self._samples is not None
        parts = [np.zeros((*self._samples.shape[:-1], 0), np.float32)]
        most = (self._longest - self._taps) // self._chunk
        while count:
            size = min(count, most * self._chunk)
            try:
                y = self._convolve(self._samples[..., : self._history + size])
            except OutOfMemory:
                if most == 1:
                    raise
                most = min(most, -(-size // self._chunk)) // 2 or 1
                continue
            parts.append(y[..., self._history :])
            self.samples += size
            count -= size
            end = self._history + size
            self._history = min(end, self._taps)
            self._samples = self._samples[..., end - self._history :]
        self._samples = self._samples.copy()  # and not a view that keeps the block
        return np.concatenate(parts, axis=-1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended = True
        self._samples = None
