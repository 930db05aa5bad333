# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Convolves an endless x that arrives in blocks, with the bits of one convolution.

Jobs convolve whole chunks. An output chunk depends only on the latest chunks of x: as many as the
filter has, and one more for the overlap from the previous output chunk. The kernel keeps their
spectra in a ring in its memory. Where it cannot, a job convolves the samples again, together with
the new ones. The bits are the same, because chunks start where those of the whole x would, and the
kernel adds the products of an output chunk in the same order wherever in a job the chunk is.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError, OutOfMemory
from crocuta.models.configs import Config
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import chunk_count
from crocuta.samples import X_SHAPES, check_channels, to_array

ANY_LENGTH = 1 << 62


class Past(Protocol):
    """What a stream keeps of the samples that it has convolved."""

    most: int
    """The new chunks that a job may have."""

    def convolve(self, x: SampleArray) -> SampleArray:
        """The outputs of the stream's next samples, which begin a chunk.

        Raises:
            KernelError: they do not fit the device's memory, or a job failed. The next call is with
                the same samples, or the first of them.
        """

    def close(self) -> None:
        """Ends the stream."""


class KeptSamples:
    """A `Past` of samples, which every job convolves again.

    Args:
        convolve: convolves x with the filter.
        config: the kernel's configuration.
        taps: taps of the filter.
    """

    def __init__(
        self, convolve: Callable[[SampleArray], SampleArray], config: Config, taps: int
    ) -> None:
        chunks = chunk_count(config, taps)
        self._convolve = convolve
        self._reach = chunks * config.chunk
        self.most = (1 << config.max_length_log2) // config.chunk - chunks
        self.samples: SampleArray | None = None
        """The latest ones, on which later outputs depend."""

    def convolve(self, x: SampleArray) -> SampleArray:
        """See `Past.convolve`."""
        both = x if self.samples is None else np.concatenate([self.samples, x], axis=-1)
        y = self._convolve(both)[..., -x.shape[-1] :]
        self.samples = both[..., -self._reach :].copy()  # a view would keep all of x in memory
        return y

    def close(self) -> None:
        """Forgets the samples."""
        self.samples = None


class Stream:
    """A stream of x through a filter, opened by `Device.stream`: `push` blocks, then `flush`.

    Args:
        begin: makes what the stream keeps, before its first job. Its arguments are the sequences in
            a block and the chunks that a job should have.
        config: the kernel's configuration.
        channels: channels of the filter; a filter of one channel serves every channel of x.
        taps: taps of the filter.
        chunks: a job waits until there are at least this many new chunks.

    Raises:
        InputError: the configuration has no streams, the filter is too long, or `chunks` is not a
            positive integer.
    """

    def __init__(
        self,
        begin: Callable[[int, int], Past],
        config: Config,
        *,
        channels: int,
        taps: int,
        chunks: Any,
    ) -> None:
        if config.four_step:
            raise InputError(
                f"A kernel of configuration {config.name} transforms whole sequences: choose a"
                " chunked configuration for streams."
            )
        longest = (1 << config.max_length_log2) // config.chunk
        if chunk_count(config, taps) >= longest:
            raise InputError(
                f"The filter has {taps} taps, but a stream's may have at most"
                f" {(longest - 1) * config.chunk}: one chunk less than the longest filter."
            )
        if not isinstance(chunks, numbers.Integral) or isinstance(chunks, bool) or chunks < 1:
            raise InputError(f"chunks must be a number of at least 1, not {chunks!r}.")
        self._begin = begin
        self._past: Past | None = None
        self._channels = channels
        self._chunk = config.chunk
        self._least = int(chunks)
        self._most = longest  # new chunks in one job, as far as memory goes
        self._axes: tuple[int, ...] | None = None  # shape of every block, without its length
        self._blocks: list[SampleArray] = []  # samples whose outputs are still to be computed
        self._outputs: list[SampleArray] = []  # computed, but not returned because a job failed
        self._waiting = 0  # samples in _blocks
        self._ended = False
        self.samples = 0
        """Samples whose outputs have been returned."""

    @property
    def pending(self) -> int:
        """Samples pushed whose outputs have not been returned yet."""
        computed: int = sum(part.shape[-1] for part in self._outputs)
        return self._waiting + computed

    def push(self, block: npt.ArrayLike) -> SampleArray:
        """Adds a block of x and returns the outputs that are complete, often none.

        Outputs are computed in whole chunks, as soon as there are enough new ones for a job. If a
        job fails, nothing is lost, and the next call tries again.

        Args:
            block: like x of `Device.convolve`, of any length, even 0. All blocks have the same
                shape, except for the length.

        Returns:
            The next outputs, float32, in the shape of the block except for the length.

        Raises:
            InputError: the block is something else, or the stream has ended; nothing was done.
            KernelError: the samples do not fit the device's memory, or a job failed.
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
            self._blocks.append(array.copy())
            self._waiting += array.shape[-1]
        whole = self._waiting // self._chunk
        return self._give(whole * self._chunk if whole >= self._least else 0)

    def flush(self) -> SampleArray:
        """Ends the stream and returns the outputs of all remaining samples.

        Raises:
            InputError: the stream has ended already, or nothing was pushed.
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
                f"block has shape {shape}, but earlier ones had"
                f" {(*self._axes, 'any length')}: change nothing but the length."
            )

    def _give(self, count: int) -> SampleArray:
        """Returns outputs after computing those of the next `count` samples: whole chunks, except
        at the end of x."""
        if count:
            self._compute(count)
        assert self._axes is not None
        outputs = np.concatenate([np.zeros((*self._axes, 0), np.float32), *self._outputs], axis=-1)
        self._outputs = []
        self.samples += outputs.shape[-1]
        return outputs

    def _compute(self, count: int) -> None:
        """Computes the next `count` outputs in as many jobs as it takes; if one fails, the outputs
        of those before it are kept."""
        assert self._axes is not None
        if self._past is None:
            sequences = int(np.prod(self._axes)) // self._channels
            self._past = self._begin(sequences, max(self._least, -(-count // self._chunk)))
        x = np.concatenate(self._blocks, axis=-1)
        done = 0
        try:
            while count:
                size = min(count, min(self._most, self._past.most) * self._chunk)
                try:
                    y = self._past.convolve(x[..., done : done + size])
                except OutOfMemory:
                    if size <= self._chunk:
                        raise
                    self._most = -(-size // self._chunk) // 2
                    continue
                self._outputs.append(y)
                done += size
                count -= size
        finally:  # a copy, because a view would keep all of x in memory
            self._blocks = [x[..., done:].copy()]
            self._waiting = x.shape[-1] - done

    def _end(self) -> None:
        self._ended = True
        if self._past is not None:
            self._past.close()
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
