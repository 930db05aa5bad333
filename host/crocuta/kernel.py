# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What every backend offers: a kernel's registers, its memories, and waiting for its interrupt."""

from __future__ import annotations

import enum
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from models.chunk_controller import SAMPLE_BYTES, WORD_BYTES
from models.configs import Config


class KernelError(Exception):
    """A job that did not end well, or a kernel that cannot be had; says what to do about it."""


class Bank(enum.IntEnum):
    """The memories, each behind a port of its own."""

    SAMPLES = 0
    """x, h and y."""
    X_SPECTRA = 1
    H_SPECTRA = 2


class Memory(Protocol):
    """One memory. Addresses are the kernel's own: the first byte is at `base`."""

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


class Kernel(Protocol):
    """One kernel: simulated, modelled or on a card."""

    @property
    def config(self) -> Config:
        """The configuration it was built in."""

    @property
    def simulator(self) -> str | None:
        """The simulator's name and version, if it is simulated clock by clock."""

    @property
    def memories(self) -> tuple[Memory, Memory, Memory]:
        """The memories in the order of `Bank`."""

    def read(self, offset: int) -> int:
        """The 32-bit register at a byte offset."""

    def write(self, offset: int, value: int) -> None:
        """Sets a 32-bit register."""

    def wait(self, poll: Callable[[], None]) -> None:
        """Returns when the interrupt is there; calls `poll` now and then.

        Raises:
            KernelError: the kernel does nothing any more.
        """

    def close(self) -> None:
        """Gives everything back; the kernel is of no use afterwards."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def memory_bytes(config: Config) -> tuple[int, int, int]:
    """The sizes of a simulated or modelled kernel's memories, in the order of `Bank`.

    Powers of two in which x, h and y of the longest length fit, and their spectra.
    """
    longest = max(1 << config.max_length_log2, config.chunk)
    return 4 * longest * SAMPLE_BYTES, longest * WORD_BYTES, longest * WORD_BYTES


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
