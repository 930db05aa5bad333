# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of x that comes in blocks, without end, with the bits of one convolution.

An output chunk depends on the last chunks of x alone, as many as the filter has and one for the
overlap of the chunk before. Convolving these again with the new ones, in chunks that begin where
those of the whole x would, gives the same bits: a kernel adds the products for an output chunk in
the same order wherever in a job it is.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError, OutOfMemory
from crocuta.models.configs import FOUR_STEP, Config
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import chunk_count
from crocuta.samples import X_SHAPES, check_channels, to_array

ANY_LENGTH = 1 << 62


class Stream:
    """A stream of x through a filter: `push` blocks, `flush` at the end. `Device.stream` opens it.

    Args:
        convolve: a convolution of x with the filter, from its beginning.
        config: of the kernel.
        channels: of the filter; one serves every channel of x.
        taps: of the filter.
        chunks: new ones of a job, at least.

    Raises:
        InputError: the kernel has no streams, the filter is too long, or `chunks` is no number.
    """

    def __init__(
        self,
        convolve: Callable[[SampleArray], SampleArray],
        config: Config,
        *,
        channels: int,
        taps: int,
        chunks: Any,
    ) -> None:
        if config.schedule == FOUR_STEP:
            raise InputError(
                f"A kernel of configuration {config.name} transforms sequences as a whole: choose a"
                " chunked one for streams."
            )
        longest = (1 << config.max_length_log2) // config.chunk
        self._past_chunks = chunk_count(config, taps)
        if self._past_chunks >= longest:
            raise InputError(
                f"The filter has {taps} taps: a stream's may have"
                f" {(longest - 1) * config.chunk}, a chunk less than the longest."
            )
        if not isinstance(chunks, numbers.Integral) or isinstance(chunks, bool) or chunks < 1:
            raise InputError(f"chunks must be a number of at least 1, not {chunks!r}.")
        self._convolve = convolve
        self._channels = channels
        self._chunk = config.chunk
        self._least = int(chunks)
        self._most = longest - self._past_chunks  # new chunks of a job
        self._axes: tuple[int, ...] | None = None  # of every block, but for its length
        self._past = np.zeros(0, np.float32)  # what the next outputs depend on
        self._blocks: list[SampleArray] = []  # what follows, without outputs
        self._outputs: list[SampleArray] = []  # computed, and not given because a job failed
        self._waiting = 0  # samples in _blocks
        self._ended = False
        self.samples = 0
        """Those whose outputs were given."""

    @property
    def pending(self) -> int:
        """Samples that were pushed and whose outputs were not given."""
        computed: int = sum(part.shape[-1] for part in self._outputs)
        return self._waiting + computed

    def push(self, block: npt.ArrayLike) -> SampleArray:
        """The outputs that are complete: of all whole chunks, once there are as many new ones as a
        job needs. They may be none.

        If a job fails, nothing is lost, and the next call tries again.

        Args:
            block: as x of `Device.convolve`, of any length, 0 too; all blocks have the same shape
                but for the length.

        Raises:
            InputError: it is something else, or the stream has ended; nothing was done.
            KernelError: it does not fit the device's memory, or a job failed.
        """
        self._check_open()
        try:
            shape = np.shape(block)
        except ValueError:  # to_array says what is wrong
            shape = ()
        if shape[-1:] == (0,):
            self._check_axes(shape)
            if self._axes is None:
                return np.zeros(shape, np.float32)
        else:
            array = to_array("block", block, X_SHAPES, ANY_LENGTH)
            check_channels(array.shape, self._channels)
            self._check_axes(array.shape)
            if self._axes is None:
                self._axes = array.shape[:-1]
                self._past = np.zeros((*self._axes, 0), np.float32)
            self._blocks.append(array.copy())
            self._waiting += array.shape[-1]
        whole = self._waiting // self._chunk
        return self._give(whole * self._chunk if whole >= self._least else 0)

    def flush(self) -> SampleArray:
        """The outputs of the samples that are left. The stream ends.

        Raises:
            InputError: it has ended before, or nothing was pushed.
            KernelError: as for `push`; another call tries again.
        """
        self._check_open()
        if self._axes is None:
            raise InputError("Nothing was pushed into the stream: push a block first.")
        outputs = self._give(self._waiting)
        self._end()
        return outputs

    def _check_open(self) -> None:
        if self._ended:
            raise InputError("The stream has ended: open another one with device.stream(filter).")

    def _check_axes(self, shape: tuple[int, ...]) -> None:
        if self._axes is not None and shape[:-1] != self._axes:
            raise InputError(
                f"block has shape {shape}, but those before had"
                f" {(*self._axes, 'any length')}: keep the other axes."
            )

    def _give(self, count: int) -> SampleArray:
        """The outputs of the next `count` samples, which end with a chunk unless x ends."""
        if count:
            self._compute(count)
        assert self._axes is not None
        outputs = np.concatenate([np.zeros((*self._axes, 0), np.float32), *self._outputs], axis=-1)
        self._outputs = []
        self.samples += outputs.shape[-1]
        return outputs

    def _compute(self, count: int) -> None:
        """Computes them, in as many jobs as it takes; those before a failure are kept."""
        x = np.concatenate([self._past, *self._blocks], axis=-1)
        done, reach = self._past.shape[-1], self._past_chunks * self._chunk
        try:
            while count:
                size = min(count, self._most * self._chunk)
                try:
                    y = self._convolve(x[..., max(0, done - reach) : done + size])
                except OutOfMemory:
                    if self._most == 1:
                        raise
                    self._most = min(self._most, -(-size // self._chunk)) // 2 or 1
                    continue
                self._outputs.append(y[..., -size:])
                done += size
                count -= size
        finally:  # copies, and not views that keep all of x
            self._past = x[..., max(0, done - reach) : done].copy()
            self._blocks = [x[..., done:].copy()]
            self._waiting = x.shape[-1] - done

    def _end(self) -> None:
        self._ended = True
        self._past = np.zeros(0, np.float32)
        self._blocks, self._outputs = [], []
        self._waiting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()
