# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `uart`: a board on a serial port, through its bridge, boards/ecp5/uart_bridge.sv.

Each command is sent whole and answered before the next one. The bridge answers a command that it
refuses with an E, and accepts the next one after the line has been quiet for a while.
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
from crocuta.kernel import Bank, banks
from crocuta.models.configs import Config

BOARD: dict[str, int] = tomllib.loads(Path(__file__).with_name("ecp5_board.toml").read_text())
WORD_BYTES = 4
TRANSFER_BYTES = 2048
"""Maximum words per command. The operating system takes this many bytes at once, and the bridge
gives up a command whose bytes stop."""
BITS_A_BYTE = 10
ANSWER_SECONDS = 2.0
"""Response timeout in seconds, excluding transfer time."""
QUIET_SECONDS = 1.05 * 2 ** BOARD["silence_log2"] / BOARD["baud"] + 0.05
"""After this pause, in seconds, the bridge waits for a command and its earlier answers have
arrived."""
DONE, REFUSED = b"K", b"E"
RESET = "press the board's reset button, or load its bitstream again"


class Line:
    """The bridge's commands on a serial port.

    Raises:
        KernelError: the port is unavailable, nothing answers, or the bridge refuses a command.
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
        """Makes the bridge drop an interrupted command, and discards its answers."""
        with self._explained():
            time.sleep(QUIET_SECONDS)
            self._serial.reset_input_buffer()
        self._in_step = True

    def close(self) -> None:
        """Closes the port for other programs to use."""
        self._serial.close()

    def read(self, address: int, size: int) -> bytes:
        """Reads bytes from an address on; address and size are in whole words."""
        return self._ask(b"R", address, size, b"", size)

    def write(self, address: int, data: bytes) -> None:
        """Writes bytes from an address on; address and size are in whole words."""
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
                f" {size} bytes at 0x{address:x}: check the cable and that the bitstream is from"
                f" this release, or {RESET}."
            )
        if not answer:
            raise KernelError(
                f"Nothing answers on {self.port}: check that it is the board's port and that"
                f" its bitstream is loaded, or {RESET}."
            )
        if len(answer) < due:
            raise self._nonsense(answer)
        return answer

    def _seconds(self, size: int) -> float:
        return size * BITS_A_BYTE / BOARD["baud"]

    def _nonsense(self, answer: bytes) -> KernelError:
        return KernelError(
            f"{self.port} answered with {len(answer)} bytes that make no sense"
            f" (0x{answer[:4].hex()}...): check that it is the board's port, or {RESET}."
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns errors of pyserial and the operating system into a sentence."""
        try:
            yield
        except serial.SerialTimeoutException:
            raise KernelError(
                f"{self.port} accepts no bytes: unplug the board and plug it in again."
            ) from None
        except (OSError, ValueError, termios.error) as error:  # pyserial's errors are OSErrors
            number = error.errno if isinstance(error, OSError) else None
            raise KernelError(f"{self._problem(number, error)}.") from None

    def _problem(self, number: int | None, error: Exception) -> str:
        if number == errno.ENOENT:
            return f"There is no port {self.port}: plug the board in, or look for its other name"
        if number in (errno.EACCES, errno.EPERM):
            return (
                f"This user may not open {self.port}: give permission, on most systems through the"
                " group dialout"
            )
        if number in (errno.EAGAIN, errno.EBUSY):
            return f"Another program uses {self.port}: wait until it has closed its device"
        reason = " ".join(str(error).split()).rstrip(".")
        return (
            f"{self.port} does not work as a serial port: {reason}; check the cable, and that it is"
            " the board's port"
        )


def extent(bank: Bank) -> tuple[int, int]:
    """A memory's first address and its size in bytes."""
    name = bank.name.lower()
    return BOARD[f"{name}_base"], BOARD[f"{name}_size"]


class UartMemory:
    """The `crocuta.kernel.Memory` that the serial line reaches."""

    def __init__(self, line: Line, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self._line = line

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Writes an array to consecutive bytes from `address` on."""
        raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        for start in range(0, len(raw), TRANSFER_BYTES):
            part = raw[start : start + TRANSFER_BYTES]
            self._line.write(address + start, part.tobytes())

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Reads `count` items from `address` on."""
        raw = bytearray()
        size = count * np.dtype(dtype).itemsize
        while len(raw) < size:
            part = min(TRANSFER_BYTES, size - len(raw))
            raw += self._line.read(address + len(raw), part)
        return np.frombuffer(raw, dtype)


class KernelMemory:
    """A `crocuta.kernel.Memory` that only the kernel reaches."""

    def __init__(self, base: int, size: int) -> None:
        self.base = base
        self.size = size

    def upload(self, address: int, data: npt.NDArray[Any]) -> None:
        """Raises KernelError: the host cannot reach this memory."""
        raise KernelError("The board gives the host no access to spectra.")

    def download(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Raises KernelError: the host cannot reach this memory."""
        raise KernelError("The board gives the host no access to spectra.")


class UartKernel(PolledKernel):
    """See `crocuta.kernel.Kernel`.

    Raises:
        KernelError: the board is missing, in use by another program, or of another configuration.
    """

    poll_seconds = 0.0
    """No pause between polls: a command and its answer take long enough."""

    def __init__(self, config: Config, port: str) -> None:
        self.config = config
        self._line = Line(port)
        try:
            self.memories = {
                bank: UartMemory(self._line, *extent(bank))
                if bank == Bank.SAMPLES
                else KernelMemory(*extent(bank))
                for bank in banks(config)
            }
            check_identity(self, "load its bitstream again")
            self.abort_leftover(f"behind {port}", RESET)
        except BaseException:
            self._line.close()
            raise

    def close(self) -> None:
        """Closes the port, so that other programs can use the board."""
        self._line.close()

    def read(self, offset: int) -> int:
        """Reads the 32-bit register at a byte offset."""
        word = self._line.read(BOARD["registers_base"] + offset, WORD_BYTES)
        return int.from_bytes(word, "little")

    def write(self, offset: int, value: int) -> None:
        """Writes a 32-bit register."""
        self._line.write(BOARD["registers_base"] + offset, value.to_bytes(WORD_BYTES, "little"))
