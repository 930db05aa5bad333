# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `rtl`: the kernel's RTL, simulated clock by clock in this process."""

from __future__ import annotations

import ctypes
import dataclasses
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crocuta.backends.register_kernel import RegisterKernel, check_identity
from crocuta.backends.timing import Timing
from crocuta.design import rtl_build
from crocuta.errors import KernelError
from crocuta.kernel import Bank, banks
from crocuta.memory import HostMemory
from crocuta.models.configs import Config
from crocuta.registers import Register

BASES = {bank: (bank + 1 << 36) + 0xFFFF_F000 for bank in Bank}
"""The memories' addresses in host/crocuta/simulation/kernel_tb.sv."""
RUN_CLOCKS = 4096  # between two polls: often enough for a progress bar
SILENT_CLOCKS = 200_000  # longer than any pass: a kernel that moves no beat for this long hangs
WATCHDOG_CLOCKS = SILENT_CLOCKS // 2  # so that the kernel's own watchdog is first

BREACHES = (
    "none",
    "a burst crosses 4 KiB",
    "a burst is not INCR",
    "the beats of a burst are not whole words",
    "an address is not a multiple of the word",
    "a burst is out of the memory's range",
    "AR or AW changed before it was accepted",
    "W changed before it was accepted",
    "WLAST does not match AWLEN",
)
"""axi_memory's breach_e."""


CHANNELS = ("ar", "r", "aw", "w", "b")
"""The channels of a port, in the order of axi_memory's hold_i."""
SLVERR = 2


class Observed(NamedTuple):
    """What job_observer predicted for the last job that ended, from the beats it saw."""

    ended: int
    """Jobs that ended since the kernel was made."""
    clock: int
    """Of the end."""
    counts: tuple[int, ...]
    """What the counters of COUNTERS should be, but for the clocks."""
    wrong: bool
    """A pass has taken a beat too early, too late or incompletely since the last job began."""


def _load(path: str) -> ctypes.CDLL:
    """Loads the library and declares its functions' types."""
    library = ctypes.CDLL(path)
    kernel, u64 = ctypes.c_void_p, ctypes.c_uint64
    for name, result, arguments in (
        ("create", kernel, []),
        ("destroy", None, [kernel]),
        ("error", ctypes.c_char_p, [kernel]),
        ("clocks", u64, [kernel]),
        ("reset", ctypes.c_int64, [kernel]),
        ("write", ctypes.c_int64, [kernel, ctypes.c_uint32, ctypes.c_uint32]),
        ("read", ctypes.c_int64, [kernel, ctypes.c_uint32]),
        ("run", ctypes.c_int64, [kernel, u64]),
        ("stop_clocks", None, [kernel, ctypes.c_int]),
        ("memory", ctypes.c_void_p, [kernel, ctypes.c_int, ctypes.POINTER(u64)]),
        (
            "set_timing",
            None,
            [kernel, ctypes.c_int, *[ctypes.c_uint16] * 3, ctypes.c_uint32],
        ),
        ("set_error", None, [kernel, *[ctypes.c_int] * 3, u64, ctypes.c_int]),
        ("hold", None, [kernel, *[ctypes.c_int] * 2]),
        ("observed", None, [kernel, ctypes.POINTER(u64)]),
        ("open_waves", ctypes.c_int64, [kernel, ctypes.c_char_p]),
        ("close_waves", None, [kernel]),
        ("memory_state", None, [kernel, ctypes.c_int, ctypes.POINTER(u64)]),
    ):
        function = getattr(library, f"crocuta_{name}", None)
        if function:  # two exist only in a build with waves
            function.restype, function.argtypes = result, arguments
    return library


class _Simulation:
    """A simulated kernel in C++, which lives as long as anything refers to its memories."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.pointer = ctypes.c_void_p(library.crocuta_create())
        if not self.pointer:
            raise KernelError("The simulated kernel could not be created: its message is above.")
        # Unlike a `__del__`, it never meets a simulation whose creation a signal has interrupted.
        weakref.finalize(self, library.crocuta_destroy, self.pointer).atexit = False

    def contents(self, memory: int) -> npt.NDArray[np.uint8]:
        """A view of a memory's bytes."""
        size = ctypes.c_uint64()
        address = self.library.crocuta_memory(self.pointer, memory, ctypes.byref(size))
        buffer = (ctypes.c_uint8 * size.value).from_address(address)
        buffer.simulation = self  # type: ignore[attr-defined]
        return np.ctypeslib.as_array(buffer)


class PortMemory:
    """The simulated memory behind one of the kernel's ports."""

    def __init__(self, simulation: _Simulation, number: int, base: int) -> None:
        self._simulation, self._number = simulation, number
        self.memory = HostMemory(simulation.contents(number), base)

    def set_timing(self, timing: Timing) -> None:
        """Changes its timing; the seed takes effect at the next reset."""
        self._simulation.library.crocuta_set_timing(
            self._simulation.pointer, self._number, *dataclasses.astuple(timing)
        )

    def set_error(self, *, write: bool, address: int | None, response: int = SLVERR) -> None:
        """See `RtlKernel.set_error`."""
        self._simulation.library.crocuta_set_error(
            self._simulation.pointer,
            self._number,
            write,
            address is not None,
            address or 0,
            response,
        )

    def hold(self, *channels: str) -> None:
        """See `RtlKernel.hold`."""
        mask = sum(1 << CHANNELS.index(channel) for channel in channels)
        self._simulation.library.crocuta_hold(self._simulation.pointer, self._number, mask)

    def state(self) -> tuple[int, int, int]:
        """Beats read and written since the reset, and the first breach of the protocol."""
        state = (ctypes.c_uint64 * 3)()
        self._simulation.library.crocuta_memory_state(self._simulation.pointer, self._number, state)
        read, written, breach = state
        return read, written, breach


class RtlKernel(RegisterKernel):
    """See `crocuta.kernel.Kernel`. Compiles the RTL first if it has changed.

    The memories are exposed as numpy arrays: `memories[Bank.SAMPLES].contents` is what the hardware
    reads and writes. `ports` has the memory behind each of its ports, by name. `waves` is an FST
    file for all signals, complete once the kernel is closed.

    Raises:
        KernelError: the RTL does not compile.
    """

    memories: dict[Bank, HostMemory]

    def __init__(
        self,
        config: Config,
        timing: Timing | None = None,
        announce: rtl_build.Announce = nullcontext,
        waves: Path | None = None,
    ) -> None:
        self.config = config
        timing = timing or Timing()
        path = rtl_build.library(config, announce, waves=waves is not None)
        self.simulator = rtl_build.simulator()
        self._simulation = _Simulation(_load(str(path)))
        self._library, self._kernel = self._simulation.library, self._simulation.pointer
        self._waves = waves is not None
        if waves:
            self._checked(self._library.crocuta_open_waves(self._kernel, bytes(waves)))
        self.ports = {
            bank.name.lower(): PortMemory(self._simulation, bank, BASES[bank])
            for bank in Bank
            if bank != Bank.Z_SPECTRA or config.four_step
        }
        self.memories = {bank: self._port(bank).memory for bank in banks(config)}
        for bank in self.memories:
            self.set_timing(bank, dataclasses.replace(timing, seed=timing.seed + bank))
        self.reset()
        check_identity(self)

    def close(self) -> None:
        """Releases the simulation's memory, once no array refers to it."""
        if self._waves:
            self._library.crocuta_close_waves(self._kernel)
        del self.memories, self.ports, self._simulation, self._library, self._kernel

    def _checked(self, result: int) -> int:
        if result < 0:
            message = self._library.crocuta_error(self._kernel).decode(errors="replace")
            raise KernelError(f"The simulation failed: {message}.")
        return result

    @property
    def clocks(self) -> int:
        """Clocks since the kernel was created."""
        return int(self._library.crocuta_clocks(self._kernel))

    def reset(self) -> None:
        """Resets the kernel and the memories' timing, but not their contents."""
        self._checked(self._library.crocuta_reset(self._kernel))
        self.write(Register.WATCHDOG, WATCHDOG_CLOCKS)
        self.at_rest = True

    def stop_clocks(self, on: bool) -> None:
        """Whether to stop the clocks of modules that hold no beat; the default.

        Results and clock counts are the same; the simulation takes longer without it.
        """
        self._library.crocuta_stop_clocks(self._kernel, on)

    def _port(self, bank: Bank) -> PortMemory:
        return self.ports[bank.name.lower()]

    def set_timing(self, bank: Bank, timing: Timing) -> None:
        """Changes a memory's timing; the seed takes effect at the next reset."""
        self._port(bank).set_timing(timing)

    def set_error(
        self, bank: Bank, *, write: bool, address: int | None, response: int = SLVERR
    ) -> None:
        """Makes the memory answer the beat at `address` with an AXI response that is an error;
        None: no beat."""
        self._port(bank).set_error(write=write, address=address, response=response)

    def hold(self, bank: Bank, *channels: str) -> None:
        """Lets nothing move on these of the memory's CHANNELS until the next call, which may name
        none."""
        self._port(bank).hold(*channels)

    def observed(self) -> Observed:
        """What the simulation saw of the last job that ended."""
        state = (ctypes.c_uint64 * 9)()
        self._library.crocuta_observed(self._kernel, state)
        ended, clock, *counts, wrong = state
        return Observed(ended, clock, tuple(counts), bool(wrong))

    def beats(self, bank: Bank) -> tuple[int, int]:
        """Beats read from and written to a memory since the reset."""
        read, written, _ = self._port(bank).state()
        return read, written

    def read(self, offset: int) -> int:
        """Reads the 32-bit register at a byte offset."""
        return self._checked(self._library.crocuta_read(self._kernel, offset))

    def write(self, offset: int, value: int) -> None:
        """Writes a 32-bit register."""
        self._checked(self._library.crocuta_write(self._kernel, offset, value))

    def run(self, clocks: int) -> bool:
        """Runs at most `clocks` clocks, until the interrupt; returns whether it is pending."""
        return bool(self._checked(self._library.crocuta_run(self._kernel, clocks)))

    def pause(self) -> None:
        """Lets the kernel run for a short time."""
        self.run(RUN_CLOCKS)

    def wait(self, poll: Callable[[], None]) -> None:
        """Runs until the interrupt, calling `poll` every RUN_CLOCKS clocks.

        Raises:
            KernelError: no beat moved for SILENT_CLOCKS clocks, or the AXI protocol was violated.
        """
        moved_at, beats = self.clocks, 0
        while not self.run(RUN_CLOCKS):
            poll()
            states = [port.state() for port in self.ports.values()]
            self._check_protocol(states)
            if sum(read + written for read, written, _ in states) != beats:
                moved_at, beats = self.clocks, sum(read + written for read, written, _ in states)
            if self.clocks - moved_at > SILENT_CLOCKS:
                raise KernelError(
                    f"The kernel hangs: no beat moved for {SILENT_CLOCKS} clocks."
                    " Investigate in a bench with WAVES=1."
                )
        self.check_protocol()

    def check_protocol(self) -> None:
        """Raises KernelError if the kernel has violated the AXI protocol since the reset."""
        self._check_protocol([port.state() for port in self.ports.values()])

    def _check_protocol(self, states: list[tuple[int, int, int]]) -> None:
        for name, (_, _, breach) in zip(self.ports, states, strict=True):
            if breach:
                raise KernelError(
                    f"The kernel violated the AXI protocol on its port {name}: {BREACHES[breach]}."
                )
