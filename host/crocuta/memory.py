# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Memories that the host reaches by address, and the pages of them that buffers take."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from crocuta.errors import OutOfMemory
from crocuta.kernel import Bank
from crocuta.models.configs import FOUR_STEP, Config
from crocuta.models.convolution.chunk_controller import WORD_BYTES
from crocuta.models.layout import PAGE_BYTES, SAMPLE_BYTES

ROOM = 1 << 16
"""The least number of samples for which there is room."""


def memory_bytes(config: Config) -> tuple[int, int, int]:
    """The sizes of a simulated or modelled kernel's memories, in the order of `Bank`.

    Powers of two in which x, h and y of the longest length fit, and their spectra: of x, a
    four-step kernel has those of the forward and those of the inverse transform. Where the longest
    is short, there is room for several channels.
    """
    longest = max(1 << config.max_length_log2, config.chunk, ROOM)
    scratch = longest * WORD_BYTES * (2 if config.schedule == FOUR_STEP else 1)
    return 4 * longest * SAMPLE_BYTES, scratch, longest * WORD_BYTES


class Memory(Protocol):
    """One memory that the host reaches by address: that of its first byte is `base`."""

    @property
    def base(self) -> int:
        """The address of the first byte, a multiple of 4 KiB."""

    @property
    def size(self) -> int:
        """Bytes."""

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Copies an array to consecutive bytes from `address` on."""

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of `count` items from `address` on."""


class HostMemory:
    """A memory that the host has in reach as one array of bytes."""

    def __init__(self, contents: npt.NDArray[np.uint8], base: int) -> None:
        self.contents = contents
        self.base = base
        self.size = len(contents)

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Copies an array to consecutive bytes from `address` on."""
        raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        self.contents[address - self.base :][: len(raw)] = raw

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of `count` items from `address` on."""
        return self.view(address, count, dtype).copy()

    def view(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The `count` items from `address` on, in place."""
        size = count * np.dtype(dtype).itemsize
        return self.contents[address - self.base :][:size].view(dtype)


class Pages:
    """Which pages of a memory are in use."""

    def __init__(self, base: int, size: int, bank: Bank) -> None:
        self._base = base
        self._size = size
        self._bank = bank
        self._used: dict[int, int] = {}  # first byte to the one behind the last

    def take(self, size: int) -> int:
        """The address of the first piece that is large enough; see `Kernel.allocate`."""
        need = -(-size // PAGE_BYTES) * PAGE_BYTES
        end = self._base + self._size
        largest, start = 0, self._base
        for used, behind in [*sorted(self._used.copy().items()), (end, end)]:
            if used - start >= need:
                self._used[start] = start + need
                return start
            largest = max(largest, used - start)
            start = behind
        raise OutOfMemory(self._bank.name.lower(), need, largest, self._size)

    def give_back(self, address: int) -> None:
        """Frees what `take` answered with that address."""
        del self._used[address]


class PageBuffer:
    """See `Buffer`: whole pages of a memory."""

    def __init__(self, memory: Memory, pages: Pages, size: int) -> None:
        self.address = pages.take(size)
        self._memory = memory
        self._pages = pages

    def upload(self, data: npt.NDArray[Any], offset: int = 0) -> None:
        """Copies an array to its bytes from `offset` on."""
        self._memory.upload(self.address + offset, data)

    def download(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of its first `count` items."""
        return self._memory.download(self.address, count, dtype)

    def free(self) -> None:
        """Gives it back."""
        self._pages.give_back(self.address)
