# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Memories that the host accesses by address, and the allocation of their pages to buffers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from crocuta.errors import OutOfMemory
from crocuta.kernel import Bank, banks
from crocuta.models.configs import Config
from crocuta.models.layout import PAGE_BYTES, SAMPLE_BYTES, WORD_BYTES

ROOM = 1 << 16
"""The least number of samples for which there is room."""


def memory_bytes(config: Config) -> tuple[int, ...]:
    """The sizes of a simulated or modelled kernel's memories in bytes, in the order of `banks`.

    Powers of two that hold x, h and y of the longest length and their spectra. For a four-step
    kernel there is room for two filters, because a job's second channel takes fewer clocks than its
    first. If the longest length is short, more channels fit.
    """
    longest = max(1 << config.max_length_log2, config.chunk, ROOM)
    spectra = longest * WORD_BYTES * (2 if config.four_step else 1)
    return tuple(
        4 * longest * SAMPLE_BYTES if bank == Bank.SAMPLES else spectra for bank in banks(config)
    )


class Memory(Protocol):
    """A memory that the host accesses by address, from `base`."""

    @property
    def base(self) -> int:
        """The address of the first byte, a multiple of 4 KiB."""

    @property
    def size(self) -> int:
        """Bytes."""

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Copies an array to consecutive bytes from `address`."""

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of `count` items from `address`."""


class HostMemory:
    """A memory in the host's address space, as one array of bytes."""

    def __init__(self, contents: npt.NDArray[np.uint8], base: int) -> None:
        self.contents = contents
        self.base = base
        self.size = len(contents)

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Copies an array to consecutive bytes from `address`."""
        raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        self.contents[address - self.base :][: len(raw)] = raw

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of `count` items from `address`."""
        return self.view(address, count, dtype).copy()

    def view(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A view of `count` items from `address`."""
        size = count * np.dtype(dtype).itemsize
        return self.contents[address - self.base :][:size].view(dtype)


class Pages:
    """Which pages of a memory are in use."""

    def __init__(self, base: int, size: int, bank: Bank) -> None:
        self._base = base
        self._size = size
        self._bank = bank
        self._used: dict[int, int] = {}  # first byte of a block to its end

    def take(self, size: int) -> int:
        """Takes the first free block that is large enough; see `Kernel.allocate`."""
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
        """Frees the block that `take` returned."""
        del self._used[address]


class PageBuffer:
    """See `Buffer`: whole pages of a memory."""

    def __init__(self, memory: Memory, pages: Pages, size: int) -> None:
        self.address = pages.take(size)
        self._memory = memory
        self._pages = pages

    def upload(self, data: npt.NDArray[Any], offset: int = 0) -> None:
        """Copies an array to consecutive bytes from `offset`."""
        self._memory.upload(self.address + offset, data)

    def download(self, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of its first `count` items."""
        return self._memory.download(self.address, count, dtype)

    def free(self) -> None:
        """Releases it."""
        self._pages.give_back(self.address)
