# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `uart`: a board whose bridge, boards/ecp5/uart_bridge.sv, is behind a serial port.

A command goes out whole and is answered before the next one. The bridge tells of one that it does
not take with an E, and takes the next when the line was quiet for a while.
"""

from __future__ import annotations

import errno
import struct
import termios
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import serial

from crocuta.backends.register_kernel import PolledKernel, check_identity
from crocuta.errors import KernelError
from crocuta.kernel import Bank
from crocuta.models.configs import Config

BOARD: dict[str, int] = tomllib.loads(Path(__file__).with_name("ecp5_board.toml").read_text())
WORD_BYTES = 4
TRANSFER_BYTES = 2048
"""At most so many in one command, which the operating system then takes as a whole: the bridge
gives a command up whose bytes stop."""
BITS_A_BYTE = 10
ANSWER_SECONDS = 2.0
"""So long may an answer take beside its bytes."""
QUIET_SECONDS = 1.05 * 2 ** BOARD["silence_log2"] / BOARD["baud"] + 0.05
"""After it the bridge waits for a command, and what it said before has come."""
DONE, REFUSED = b"K", b"E"
RESET = "press the board's reset button, or load its bitstream again"


class Line:
    """The bridge's commands on a serial port.

    Raises:
        KernelError: the port cannot be had, nothing answers, or the bridge refuses a command.
    """

    def __init__(self, port: str) -> None:
        self.port = port
        with self._explained():
            self._serial: Any = serial.Serial(
                port, BOARD["baud"], exclusive=True, write_timeout=ANSWER_SECONDS
            )
        self._in_step = True
        self.start_over()

    def start_over(self) -> None:
        """Lets the bridge forget a command that was interrupted, and forgets its answers."""
        with self._explained():
            time.sleep(QUIET_SECONDS)
            self._serial.reset_input_buffer()
        self._in_step = True

    def close(self) -> None:
        """Lets other programs have the port."""
        self._serial.close()

    def read(self, address: int, size: int) -> bytes:
        """The bytes from an address on; both in whole words."""
        return self._ask(b"R", address, size, b"", size)

    def write(self, address: int, data: bytes) -> None:
        """Sets the bytes from an address on; both in whole words."""
        answer = self._ask(b"W", address, len(data), data, len(DONE))
        if answer != DONE:
            raise self._nonsense(answer)

    def _ask(self, letter: bytes, address: int, size: int, data: bytes, due: int) -> bytes:
        if address % WORD_BYTES or size % WORD_BYTES:
            raise KernelError(f"The board moves whole words, not {size} bytes at 0x{address:x}.")
        command = letter + struct.pack("<IH", address, size // WORD_BYTES) + data
        if not self._in_step:
            self.start_over()
        self._in_step = False
        with self._explained():
            self._serial.timeout = ANSWER_SECONDS + self._seconds(len(command) + due)
            self._serial.write(command)
            answer = bytes(self._serial.read(due))
        self._in_step = len(answer) == due and answer != REFUSED
        if answer == REFUSED or (len(answer) < due and answer.endswith(REFUSED)):
            raise KernelError(
                f"The board behind {self.port} refused to {'read' if letter == b'R' else 'write'}"
                f" {size} bytes at 0x{address:x}: check the cable and that the bitstream is of"
                f" this release, or {RESET}."
            )
        if not answer:
            raise KernelError(
                f"Nothing answers behind {self.port}: check that it is the board's port and that"
                f" its bitstream is loaded, or {RESET}."
            )
        if len(answer) < due:
            raise self._nonsense(answer)
        return answer

    def _seconds(self, size: int) -> float:
        return size * BITS_A_BYTE / BOARD["baud"]

    def _nonsense(self, answer: bytes) -> KernelError:
        return KernelError(
            f"What is behind {self.port} answers {len(answer)} bytes that make no sense"
            f" (0x{answer[:4].hex()}...): check that it is the board's port, or {RESET}."
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what pyserial and the operating system say into a sentence."""
        try:
            yield
        except serial.SerialTimeoutException:
            raise KernelError(
                f"{self.port} takes no bytes: unplug the board and plug it in again."
            ) from None
        except (OSError, ValueError, termios.error) as error:  # pyserial's own is an OSError
            number = error.errno if isinstance(error, OSError) else None
            raise KernelError(f"{self._problem(number, error)}.") from None

    def _problem(self, number: int | None, error: Exception) -> str:
        if number == errno.ENOENT:
            return f"There is no port {self.port}: plug the board in, or look for its other name"
        if number in (errno.EACCES, errno.EPERM):
            return (
                f"{self.port} may not be opened by this user: give the right to it, on most systems"
                " by the group dialout"
            )
        if number in (errno.EAGAIN, errno.EBUSY):
            return f"Another program uses {self.port}: wait until it has closed its device"
        reason = " ".join(str(error).split()).rstrip(".")
        return (
            f"{self.port} does not work as a serial port: {reason}; check the cable, and that it is"
            " the board's port"
        )


def extent(bank: Bank) -> tuple[int, int]:
    """A memory's first address, and its bytes."""
    name = bank.name.lower()
    return BOARD[f"{name}_base"], BOARD[f"{name}_size"]


class UartMemory:
    """See `crocuta.kernel.Memory`: the one that the line reaches."""

    def __init__(self, line: Line, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self._line = line

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Copies an array to consecutive bytes from `address` on."""
        raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        for start in range(0, len(raw), TRANSFER_BYTES):
            part = raw[start : start + TRANSFER_BYTES]
            self._line.write(address + start, part.tobytes())

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A copy of `count` items from `address` on."""
        raw = bytearray()
        size = count * np.dtype(dtype).itemsize
        while len(raw) < size:
            part = min(TRANSFER_BYTES, size - len(raw))
            raw += self._line.read(address + len(raw), part)
        return np.frombuffer(raw, dtype)


class KernelMemory:
    """See `crocuta.kernel.Memory`: one that only the kernel reaches."""

    def __init__(self, base: int, size: int) -> None:
        self.base = base
        self.size = size

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """There is no way."""
        raise KernelError("The board shows the host no spectra.")

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """There is no way."""
        raise KernelError("The board shows the host no spectra.")


class UartKernel(PolledKernel):
    """See `crocuta.kernel.Kernel`.

    Raises:
        KernelError: there is no such board, or another program has it, or it is of another kind.
    """

    poll_seconds = 0.0
    """A command and its answer take long enough."""

    def __init__(self, config: Config, port: str) -> None:
        self.config = config
        self._line = Line(port)
        try:
            self.memories = (
                UartMemory(self._line, *extent(Bank.SAMPLES)),
                KernelMemory(*extent(Bank.X_SPECTRA)),
                KernelMemory(*extent(Bank.H_SPECTRA)),
            )
            check_identity(self, "load its bitstream again")
            self.abort_leftover(f"behind {port}", RESET)
        except BaseException:
            self._line.close()
            raise

    def close(self) -> None:
        """Closes the port, and so lets other programs have the board."""
        self._line.close()

    def read(self, offset: int) -> int:
        """The 32-bit register at a byte offset."""
        word = self._line.read(BOARD["registers_base"] + offset, WORD_BYTES)
        return int.from_bytes(word, "little")

    def write(self, offset: int, value: int) -> None:
        """Sets a 32-bit register."""
        self._line.write(BOARD["registers_base"] + offset, value.to_bytes(WORD_BYTES, "little"))
