# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `xdma`: a card with the design built without a shell, through AMD's XDMA driver.

The driver presents a card as character devices: one for its registers, accessed a word at a time,
and one per direction for its memory.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.backends import u200
from crocuta.backends.register_kernel import PolledKernel, check_identity
from crocuta.errors import KernelError
from crocuta.models.configs import Config
from crocuta.models.layout import PAGE_BYTES
from crocuta.registers import Register

DEVICES = Path("/dev")
TRANSFER_BYTES = 1 << 24
"""Maximum bytes per call; the driver pins them in memory."""
NO_ANSWER = 0xFFFF_FFFF
"""What a read of the bus returns when no device answers."""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns errors of the operating system into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise KernelError(
            f"There is no {path}: load AMD's xdma driver, with the bitstream on the card."
        ) from None
    except PermissionError:
        raise KernelError(
            f"This user may not open {path}: give permission with a udev rule."
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise KernelError(
            f"The driver reports an error on {path}: {reason}; see dmesg, and load the"
            " bitstream again to reset the card."
        ) from None


def aligned(size: int) -> npt.NDArray[np.uint8]:
    """A page-aligned buffer: the driver may refuse others."""
    whole = np.empty(size + PAGE_BYTES, np.uint8)
    return whole[-whole.ctypes.data % PAGE_BYTES :][:size]


class XdmaMemory:
    """A `crocuta.kernel.Memory` of the card."""

    def __init__(self, base: int, size: int, to_card: FileIO, from_card: FileIO) -> None:
        self.base = base
        self.size = size
        self._to_card = to_card
        self._from_card = from_card

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Writes an array to consecutive bytes from `address` on."""
        raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        buffer = aligned(len(raw))
        buffer[:] = raw
        _transfer(self._to_card, self._to_card.write, address, buffer)

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Reads `count` items from `address` on."""
        buffer = aligned(count * np.dtype(dtype).itemsize)
        _transfer(self._from_card, self._from_card.readinto, address, buffer)
        return buffer.view(dtype)


def _transfer(
    file: FileIO,
    move: Callable[[memoryview], int | None],
    address: int,
    buffer: npt.NDArray[np.uint8],
) -> None:
    """Transfers a buffer to or from an address, in as many calls as necessary."""
    path = Path(str(file.name))
    view = buffer.data
    done = 0
    while done < len(view):
        with _explained(path):
            # pread allocates an unaligned buffer and the driver returns wrong data for preadv:
            # seek, then read.
            file.seek(address + done)
            moved = move(view[done : done + TRANSFER_BYTES])
        if not moved:
            raise KernelError(
                f"{path} moved no bytes at address 0x{address + done:x}: reset the card by loading"
                " its bitstream again."
            )
        done += moved


class XdmaKernel(PolledKernel):
    """See `crocuta.kernel.Kernel`.

    Raises:
        KernelError: the card is missing, in use by another program, or of another configuration.
    """

    def __init__(self, config: Config, card: int = 0) -> None:
        self.config = config
        with ExitStack() as files:
            names = ("user", "h2c_0", "c2h_0")
            self._registers, to_card, from_card = (
                files.enter_context(self._open(DEVICES / f"xdma{card}_{name}")) for name in names
            )
            self.path = Path(str(self._registers.name))
            self.memories = {
                bank: XdmaMemory(place.base, place.size, to_card, from_card)
                for bank, place in u200.places(config).items()
            }
            self._lock()
            check_identity(self)
            self.abort_leftover(f"behind {self.path}", "load the card's bitstream again")
            self._files = files.pop_all()

    @staticmethod
    def _open(path: Path) -> FileIO:
        with _explained(path):
            return FileIO(path, "r+")

    def _lock(self) -> None:
        """Locks the card for this program."""
        with _explained(self.path):
            try:
                fcntl.flock(self._registers, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise KernelError(
                    f"Another program uses {self.path}: wait until it has closed its device."
                ) from None

    def close(self) -> None:
        """Closes the character devices, so that other programs can use the card."""
        self._files.close()

    def read(self, offset: int) -> int:
        """Reads the 32-bit register at a byte offset."""
        value = self._read(offset)
        if value == NO_ANSWER and self._read(Register.VERSION) == NO_ANSWER:
            raise KernelError(
                f"Nothing answers on {self.path}: load the card's bitstream, then rescan the PCIe"
                " bus."
            )
        return value

    def _read(self, offset: int) -> int:
        with _explained(self.path):
            word = os.pread(self._registers.fileno(), 4, u200.REGISTERS + offset)
        return int(struct.unpack("<I", word)[0])

    def write(self, offset: int, value: int) -> None:
        """Writes a 32-bit register."""
        word = struct.pack("<I", value)
        with _explained(self.path):
            os.pwrite(self._registers.fileno(), word, u200.REGISTERS + offset)
