# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for hardware: XRT's Python module, the XDMA driver's files and a board's serial line,
with the RTL behind them.

They reproduce the properties of the real ones that the host's code could get wrong: XRT's buffers
have a copy on each side and give no access to registers, the driver transfers fewer bytes than
requested and requires alignment, and the bridge accepts nothing after an error until the line has
been quiet.
"""

from __future__ import annotations

import enum
import errno
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from crocuta.backends import u200, uart_kernel, xdma_kernel
from crocuta.backends.rtl_kernel import BASES, RtlKernel
from crocuta.backends.u200 import Place
from crocuta.backends.uart_kernel import BOARD, DONE, REFUSED
from crocuta.kernel import Bank
from crocuta.memory import HostMemory, Pages
from crocuta.registers import WIDE, Control, Register

CLOCKS = 2000
"""Clocks simulated at a time while the host waits."""
ARGUMENTS = (
    (Register.MODE, None),
    (Register.CHANNELS, None),
    (Register.LENGTH_X, None),
    (Register.LENGTH_H, None),
    (Register.X, Bank.SAMPLES),
    (Register.H, Bank.SAMPLES),
    (Register.H_SPECTRA, Bank.H_SPECTRA),
    (Register.X_SPECTRA, Bank.X_SPECTRA),
    (Register.Y, Bank.SAMPLES),
    (Register.Z_SPECTRA, Bank.Z_SPECTRA),
    (Register.RING, None),
    (Register.FIRST_CHUNK, None),
)
"""A kernel's arguments in order, with the memory that each pointer is for."""


def arguments_of(rtl: RtlKernel) -> list[tuple[Register, Bank | None]]:
    """The arguments of one kernel, without pointers to memories that it does not use, and without
    those of a ring if it is not chunked."""
    ring = (Register.RING, Register.FIRST_CHUNK)
    return [
        (register, bank)
        for register, bank in ARGUMENTS
        if (bank is None or bank in rtl.memories)
        and not (rtl.config.four_step and register in ring)
    ]


# -------------------------------------------------------------------------------------------------
# XDMA


class Card:
    """A U200 with the shell-less design, that is, the RTL at that design's addresses; or a board
    with other addresses."""

    def __init__(self, rtl: RtlKernel, places: Mapping[Bank, Place] | None = None) -> None:
        self.rtl = rtl
        self.places = u200.places(rtl.config) if places is None else places
        self.answers = True
        """Whether a device answers on the bus."""
        self.most = 100_000
        """Maximum bytes per transfer."""
        self.failure: int | None = None
        """The errno that every transfer fails with, if any."""
        self.changes: dict[int, int] = {}
        """Registers that take this value, whatever is written."""
        self.accesses: list[tuple[str, int]] = []
        self._pointers: dict[int, int] = {}

    def read(self, offset: int) -> int:
        """Reads a word of the BAR; simulated time passes."""
        self.accesses.append(("read", offset))
        if not self.answers:
            return 0xFFFF_FFFF
        if offset == Register.CONTROL:
            self.rtl.run(CLOCKS)
        return self.rtl.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Sets a word of the BAR. Pointers become addresses in the simulated memories."""
        self.accesses.append(("write", offset))
        if not self.answers:
            return
        value = self.changes.get(offset, value)
        pointer = offset & ~7
        banks = {
            int(register): bank for register, bank in arguments_of(self.rtl) if bank is not None
        }
        if pointer not in banks:
            self.rtl.write(offset, value)
            return
        shift = 8 * (offset - pointer)
        whole = self._pointers.get(pointer, 0) & ~(0xFFFF_FFFF << shift) | value << shift
        self._pointers[pointer] = whole
        inside = whole - self.places[banks[pointer]].base + BASES[banks[pointer]]
        self.rtl.write(pointer, inside & 0xFFFF_FFFF)
        self.rtl.write(pointer + 4, inside >> 32 & 0xFFFF_FFFF)

    def memory(self, address: int) -> tuple[HostMemory, int]:
        """The simulated memory at an address, and the address there."""
        for bank, (base, size) in self.places.items():
            if base <= address < base + size:
                return self.rtl.memories[bank], address - base + BASES[bank]
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class XdmaFile(FileIO):
    """One of the driver's character devices."""

    card: Card
    position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if self.is_registers():
            raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))
        assert whence == os.SEEK_SET
        self.position = offset
        return offset

    def is_registers(self) -> bool:
        return str(self.name).endswith("user")

    def _checked(self, buffer: Any, direction: str) -> tuple[np.ndarray[Any, Any], int]:
        """The number of bytes transferred and their place in memory; raises the driver's errors."""
        assert direction in str(self.name)
        if self.card.failure is not None:
            raise OSError(self.card.failure, os.strerror(self.card.failure))
        view = np.frombuffer(buffer, np.uint8)
        if (view.ctypes.data ^ self.position) % 64:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return view[: self.card.most], self.position

    def write(self, buffer: Any, /) -> int:
        view, position = self._checked(buffer, "h2c")
        memory, address = self.card.memory(position)
        memory.upload(address, view)
        return len(view)

    def readinto(self, buffer: Any, /) -> int:
        view, position = self._checked(buffer, "c2h")
        memory, address = self.card.memory(position)
        view[:] = memory.view(address, len(view), np.uint8)
        return len(view)


@contextmanager
def xdma_card(rtl: RtlKernel, folder: Path) -> Iterator[Card]:
    """The driver's files for card 0 in `folder`, in place of those in /dev."""
    card = Card(rtl)
    opened: dict[int, XdmaFile] = {}
    for name in ("user", "h2c_0", "c2h_0"):
        (folder / f"xdma0_{name}").touch()

    class CardFile(XdmaFile):
        def __init__(self, path: Path, mode: str) -> None:
            super().__init__(path, mode)
            self.card = card
            if self.is_registers():
                opened[self.fileno()] = self

    def offset(fd: int, position: int) -> int:
        assert not opened[fd].closed
        if position % 4:
            raise OSError(errno.EPROTO, os.strerror(errno.EPROTO))
        return position - u200.REGISTERS

    def pread(fd: int, count: int, position: int) -> bytes:
        assert count >= 4
        return struct.pack("<I", card.read(offset(fd, position)))

    def pwrite(fd: int, data: bytes, position: int) -> int:
        card.write(offset(fd, position), struct.unpack("<I", data[:4])[0])
        return 4

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xdma_kernel, "DEVICES", folder)
        patch.setattr(xdma_kernel, "FileIO", CardFile)
        patch.setattr(xdma_kernel, "os", SimpleNamespace(pread=pread, pwrite=pwrite))
        yield card


# -------------------------------------------------------------------------------------------------
# A serial line


class Board(Card):
    """A board with boards/ecp5/uart_bridge.sv at one end of a pseudo-terminal."""

    QUIET_SECONDS = 0.1
    """The time of 2^silence_log2 bits, plus a margin for a busy machine."""

    def __init__(self, rtl: RtlKernel) -> None:
        names = {bank: bank.name.lower() for bank in rtl.memories}
        super().__init__(
            rtl,
            {
                bank: Place(BOARD[f"{name}_base"], BOARD[f"{name}_size"])
                for bank, name in names.items()
            },
        )
        self.addresses: Mapping[str, int] = BOARD
        self._end, port_end = os.openpty()
        self.port = os.ttyname(port_end)
        os.close(port_end)
        self.plugged = True
        self.mangle: Callable[[bytes], bytes] = bytes
        """What the line does to an answer."""
        self.quiet = 0
        """How often the line has been quiet in the middle of a command or after an error."""
        self.commands: list[tuple[bytes, int, int]] = []
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Unplugs the line."""
        self.plugged = False
        self._thread.join()

    def _take(self, count: int, *, for_ever: bool = False) -> bytes:
        """Receives bytes; fewer if the line goes quiet or is unplugged."""
        data = b""
        quiet = time.monotonic() + self.QUIET_SECONDS
        while len(data) < count and self.plugged:
            if select.select([self._end], [], [], 0.01)[0]:
                try:
                    data += os.read(self._end, count - len(data))
                except OSError:  # nobody has the port open
                    time.sleep(0.01)
                    continue
                quiet = time.monotonic() + self.QUIET_SECONDS
            elif not for_ever and time.monotonic() > quiet:
                break
        return data

    def _run(self) -> None:
        try:
            while self.plugged:
                answer = self._command()
                if answer is None:
                    os.write(self._end, self.mangle(REFUSED))
                    while self._take(1):
                        pass
                    self.quiet += 1
                elif answer:
                    os.write(self._end, self.mangle(answer))
        except BaseException as error:
            self.problem = error
        finally:
            os.close(self._end)

    def _command(self) -> bytes | None:
        """Executes the next command; returns its answer, or None if the bridge reports an error."""
        letter = self._take(1, for_ever=True)
        if not letter:
            return b""
        head = self._take(6) if letter in (b"R", b"W") else b""
        if len(head) < 6:
            return None
        address, count = struct.unpack("<IH", head)
        self.commands.append((letter, address, count))
        space, first = address >> 30, address & 0x3FFF_FFFF
        size = {0: self.addresses["samples_size"], 2: 0x1000, 3: 4}.get(space, 0)
        if address % 4 or not count or first + 4 * count > size:
            return None
        answer = b""
        for offset in range(first, first + 4 * count, 4):
            if letter == b"R":
                answer += self._word(space, offset).to_bytes(4, "little")
            elif len(data := self._take(4)) == 4:
                self._set(space, offset, int.from_bytes(data, "little"))
            else:
                return None
        return answer or DONE

    def _word(self, space: int, offset: int) -> int:
        if space == 0:
            memory, address = self.memory(offset)
            return int(memory.view(address, 1, np.uint32)[0])
        return self.read(offset) if space == 2 else 80

    def _set(self, space: int, offset: int, value: int) -> None:
        assert space != 3, "the host keeps the rate"
        if space == 0:
            memory, address = self.memory(offset)
            memory.upload(address, np.array([value], np.uint32))
        else:
            self.write(offset, value)


@contextmanager
def uart_board(rtl: RtlKernel) -> Iterator[Board]:
    """A board that is plugged in, with generous timeouts because a simulation is behind it."""
    board = Board(rtl)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(uart_kernel, "ANSWER_SECONDS", 60.0)
            yield board
    finally:
        board.unplug()
        if board.problem:
            raise board.problem


# -------------------------------------------------------------------------------------------------
# XRT


class State(enum.Enum):
    """ert_cmd_state."""

    ERT_CMD_STATE_NEW = 1
    ERT_CMD_STATE_RUNNING = 3
    ERT_CMD_STATE_COMPLETED = 4
    ERT_CMD_STATE_ERROR = 5
    ERT_CMD_STATE_ABORT = 6
    ERT_CMD_STATE_TIMEOUT = 8
    ERT_CMD_STATE_NORESPONSE = 9


class Direction(enum.Enum):
    """xclBOSyncDirection."""

    XCL_BO_SYNC_BO_TO_DEVICE = 0
    XCL_BO_SYNC_BO_FROM_DEVICE = 1


class Pyxrt(ModuleType):
    """The module pyxrt on a machine with one card."""

    def __init__(self, rtl: RtlKernel, *, hw_context: bool) -> None:
        super().__init__("pyxrt")
        self.rtl = rtl
        self.state: State | None = None
        """The state that every wait returns, whatever the kernel does, if any."""
        self.fails = ""
        """The name of the call that raises."""
        self.aborts = False
        """Whether runs can be aborted, which no release of the module supports so far."""
        self.log: list[str] = []
        self.buffers = 0
        """Buffers that have been created and not released."""
        self._pages = {
            bank: Pages(BASES[bank], memory.size, bank) for bank, memory in rtl.memories.items()
        }
        xrt = self

        def called(name: str) -> None:
            xrt.log.append(name)
            if xrt.fails == name:
                raise RuntimeError(f"[XRT] ERROR: {name} failed: Invalid argument\n")

        class Xclbin:
            def __init__(self, path: str) -> None:
                called("xclbin")
                if not Path(path).read_bytes().startswith(b"xclbin2\0"):
                    raise RuntimeError("Invalid xclbin: no magic")

            def get_mems(self) -> list[SimpleNamespace]:
                return [
                    SimpleNamespace(
                        get_index=lambda bank=bank: int(bank) + 3,
                        get_size_kb=lambda bank=bank: rtl.memories[bank].size >> 10,
                    )
                    for bank in rtl.memories
                ]

        class Device:
            def __init__(self, index: int) -> None:
                called("device")
                if index != 0:
                    raise RuntimeError(f"No such device with index '{index}'")
                self.uuid: str | None = None

            def load_xclbin(self, xclbin: Xclbin) -> str:
                called("load_xclbin")
                assert isinstance(xclbin, Xclbin)
                self.uuid = "4c3e"
                return "4c3e"

            def register_xclbin(self, xclbin: Xclbin) -> str:
                called("register_xclbin")
                assert isinstance(xclbin, Xclbin)
                return "4c3e"

        class HwContext:
            slot = 1

            def __init__(self, device: Device, uuid: str) -> None:
                called("hw_context")
                assert uuid == "4c3e"
                device.uuid = uuid

        class Kernel:
            def __init__(self, owner: Device | HwContext, *arguments: str) -> None:
                called("kernel")
                self.slot = getattr(owner, "slot", 0)
                if isinstance(owner, Device):
                    assert arguments[0] == owner.uuid, "the xclbin is not loaded"
                if arguments[-1] != "crocuta":
                    raise RuntimeError(f"No such kernel '{arguments[-1]}'")

            def group_id(self, argument: int) -> int:
                bank = arguments_of(rtl)[argument][1]
                if bank is None:
                    raise RuntimeError(f"No memory for argument {argument}")
                return self.slot << 16 | int(bank) + 3

        class Bo:
            normal = 0
            bank: Bank
            host: np.ndarray[Any, Any]
            _size: int
            _start: int

            def __init__(self, owner: Device | Bo, size: int, *rest: int) -> None:
                called("bo")
                if isinstance(owner, Bo):
                    self._part(owner, size, *rest)
                else:
                    self._allocate(owner, size, *rest)

            def _part(self, whole: Bo, size: int, offset: int) -> None:
                """A sub-buffer."""
                assert offset % 4096 == 0 and 0 < size <= whole._size - offset
                self.whole, self.bank, self._size = whole, whole.bank, size
                self._start = whole._start + offset
                self.host = whole.host[offset:][:size]

            def _allocate(self, device: Device, size: int, flags: int, group: int) -> None:
                assert device.uuid
                assert flags == Bo.normal
                self.bank = Bank((group & 0xFFFF) - 3)
                self._size = size
                self._address = self._start = xrt._pages[self.bank].take(size)
                xrt.buffers += 1
                # Fresh memory has arbitrary contents.
                self.host = np.full(size, 0xA5, np.uint8)
                rtl.memories[self.bank].upload(self._address, self.host)

            def __del__(self) -> None:
                if hasattr(self, "_address"):
                    xrt.buffers -= 1
                    xrt._pages[self.bank].give_back(self._address)

            def size(self) -> int:
                return self._size

            def address(self) -> int:
                return self._start

            def write(self, data: Any, seek: int) -> None:
                raw = np.frombuffer(data, np.uint8)
                assert seek + len(raw) <= self._size
                self.host[seek:][: len(raw)] = raw

            def read(self, size: int, skip: int) -> np.ndarray[Any, Any]:
                assert skip + size <= self._size
                return self.host[skip:][:size].copy().view(np.int8)

            def sync(self, direction: Direction, size: int, offset: int) -> None:
                called("sync")
                memory, address = rtl.memories[self.bank], self._start + offset
                if direction is Direction.XCL_BO_SYNC_BO_TO_DEVICE:
                    memory.upload(address, self.host[offset:][:size])
                else:
                    self.host[offset:][:size] = memory.download(address, size, np.uint8)

        class Run:
            def __init__(self, kernel: Kernel) -> None:
                assert isinstance(kernel, Kernel)
                self.arguments: dict[int, int | Bo] = {}

            def set_arg(self, index: int, value: int | Bo) -> None:
                bank = arguments_of(rtl)[index][1]
                if bank is None:
                    assert type(value) is int
                    assert -(1 << 31) <= value < 1 << 31
                else:
                    assert isinstance(value, Bo)
                    if value.bank != bank:
                        raise RuntimeError(f"bad memory for argument {index}: Invalid argument")
                self.arguments[index] = value

            def __getattr__(self, name: str) -> Any:
                if name == "abort" and xrt.aborts:
                    return self._abort
                raise AttributeError(name)

            def _abort(self) -> None:
                called("abort")
                rtl.write(Register.CONTROL, Control.SW_RESET)

            def state(self) -> State:
                if not rtl.read(Register.CONTROL) & Control.IDLE:
                    return State.ERT_CMD_STATE_RUNNING
                return State.ERT_CMD_STATE_TIMEOUT

            def start(self) -> None:
                called("start")
                assert set(self.arguments) == set(range(len(arguments_of(rtl))))
                for index, value in self.arguments.items():
                    register = arguments_of(rtl)[index][0]
                    number = value.address() if isinstance(value, Bo) else value
                    rtl.write(register, number & 0xFFFF_FFFF)
                    if register in WIDE:
                        rtl.write(register + 4, number >> 32)
                rtl.write(Register.GLOBAL_INTERRUPT, 1)
                rtl.write(Register.INTERRUPT_ENABLE, 1)
                rtl.write(Register.CONTROL, Control.START)

            def wait(self, timeout_ms: int) -> State:
                assert timeout_ms > 0, "0 waits for ever"
                if xrt.state:
                    return xrt.state
                deadline = time.monotonic() + timeout_ms / 1000
                while not rtl.run(CLOCKS):
                    if time.monotonic() > deadline:
                        return State.ERT_CMD_STATE_TIMEOUT
                rtl.write(Register.INTERRUPT_STATUS, 1)
                rtl.write(Register.CONTROL, Control.CONTINUE)
                return State.ERT_CMD_STATE_COMPLETED

        self.device, self.xclbin, self.kernel = Device, Xclbin, Kernel
        self.bo, self.run = Bo, Run
        self.ert_cmd_state, self.xclBOSyncDirection = State, Direction
        if hw_context:
            self.hw_context = HwContext
