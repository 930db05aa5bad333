# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A clock-accurate model of control_registers and job_control together, written from their
specification: the register fields that hardware changes, and the core's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import MAX_CHANNELS, Mode
from crocuta.models.layout import PAGE_BYTES
from tb.agents.core import CoreInputs, CoreOutputs
from tb.lib.registers import ERRORS, HIGH

FIRST_PORT_ERROR = ERRORS.index("samples_read")
FIRST_TIMEOUT = ERRORS.index("samples_read_timeout")
PORTS = len(ERRORS) - FIRST_TIMEOUT
COUNTERS = (
    "chunks_done",
    "mac_beats",
    "stall_samples",
    "stall_x",
    "stall_h",
    "stall_store",
    "stall_output",
)
"""The counters, in the order of the bench's pulses."""
USED = {
    Mode.PREPARE: ("h", "h_spectra"),
    Mode.CONVOLVE: ("x", "h_spectra", "x_spectra", "y"),
}
"""The pointers that a mode of a chunked kernel uses; `used` has those of both schedules."""
# Clocks from the pulse that latches the arguments.
JUDGED, RESET_FROM, RESET_TO, RELEASED, STARTED = 3, 4, 7, 7, 19
# The end must hold for this many clocks, and is seen a clock later.
QUIET = 8

Phase = Literal["idle", "preparing", "running", "stopping"]


@dataclass(frozen=True)
class HostActs:
    """The effects of the host's accesses at the end of a clock."""

    start: bool = False
    acknowledge: bool = False
    toggle: int = 0
    control_read: bool = False
    abort: bool = False


def used(mode: Mode, config: Config) -> tuple[str, ...]:
    """The pointers that a mode uses: in a four-step kernel, both modes have scratch memory, and z
    has its own."""
    if not config.four_step:
        return USED[mode]
    return (*USED[mode], "z_spectra" if mode == Mode.CONVOLVE else "x_spectra")


def argument_error(arguments: Mapping[str, int], config: Config) -> str:
    """The error code of the first bad argument."""
    limit = 1 << config.max_length_log2
    if arguments["mode"] not in list(Mode):
        return "mode"
    mode = Mode(arguments["mode"])
    if not 1 <= arguments["channels"] <= MAX_CHANNELS:
        return "channels"
    if (mode == Mode.CONVOLVE or config.four_step) and not 1 <= arguments["length_x"] <= limit:
        return "length_x"
    if not 1 <= arguments["length_h"] <= limit:
        return "length_h"
    if any(arguments[name] % PAGE_BYTES for name in used(mode, config)):
        return "pointer"
    if mode == Mode.CONVOLVE and not config.four_step and not ring_fits(arguments, config):
        return "ring"
    return "none"


def ring_fits(arguments: Mapping[str, int], config: Config) -> bool:
    """Whether there is no ring, or one of as many rows as the job needs and the kernel allows."""
    ring = arguments["ring"]
    if not ring:
        return arguments["first_chunk"] == 0
    needed = sum(-(-arguments[name] // config.chunk) for name in ("length_x", "length_h"))
    return ring in ring_sizes(config) and ring >= needed


def ring_sizes(config: Config) -> list[int]:
    """The rows that a ring may have: powers of two up to the chunks of the longest row."""
    return [1 << log2 for log2 in range(config.max_length_log2 - config.chunk_log2 + 1)]


def lowest(bits: int) -> int:
    """The index of the lowest bit that is set."""
    return (bits & -bits).bit_length() - 1


class JobModel:
    """The state in one clock; `step` advances to the next."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Starts in the first clock after a reset."""
        self.start = self.done = self.ready = self.abort = False
        self.status = 0
        self.phase: Phase = "idle"
        self.age = 0
        """Clocks since the arguments were latched."""
        self.done_pulse = False
        self.stop = False
        self.core_rst_n = False
        self.shown = False
        """Whether the arguments belong to a job that has started."""
        self.arguments: dict[str, int] = {}
        self.quiet = 0
        self.finished = False
        """Whether the core was idle in the previous clock."""
        self.pending = 0
        """The ports that waited in the previous clock."""
        self.progress = False
        self.left = 0
        """Clocks until the watchdog ends the job."""
        self.expired = False
        self._clear()

    def _clear(self) -> None:
        self.error = "none"
        self.flags = {"saturated": 0, "non_finite": 0}
        self.counts = dict.fromkeys((*COUNTERS, "clocks"), 0)

    @property
    def latch(self) -> bool:
        """The pulse that latches the arguments."""
        return self.phase == "preparing" and self.age == 0

    @property
    def controller_start(self) -> bool:
        """The pulse that starts the core."""
        return self.phase == "preparing" and self.age == STARTED

    @property
    def state(self) -> str:
        """The job's phase as the host sees it."""
        if self.phase != "idle":
            return self.phase
        if self.done or self.done_pulse:
            return "done"
        return "preparing" if self.start else "idle"

    def outputs(self, global_enable: int) -> CoreOutputs:
        """The value in this clock."""
        interrupt = int(global_enable and self.status != 0)
        return CoreOutputs(
            interrupt, int(self.core_rst_n), int(self.stop), int(self.controller_start)
        )

    def field(self, register: str, field: str) -> int:
        """A field that hardware changes."""
        if register == "control":
            idle = self.at_rest and not (self.start or self.done or self.abort)
            fields = {"start": self.start, "done": self.done, "ready": self.ready, "idle": idle}
            return int({**fields, "sw_reset": self.abort}[field])
        if register == "interrupt_status":
            return self.status >> ("done", "ready").index(field) & 1
        if (register, field) == ("status", "unanswered"):
            return int(self.phase == "idle" and self.pending != 0)
        if register == "status":
            return self.flags[field]
        if register == "error":
            return ERRORS.index(self.error)
        if register.endswith(HIGH):
            return self.counts[register.removesuffix(HIGH)] >> 32
        return self.counts[register] & 0xFFFF_FFFF

    @property
    def at_rest(self) -> bool:
        """Whether no job is running and the registers show it."""
        return self.phase == "idle" and not self.done_pulse

    def step(
        self,
        inputs: CoreInputs,
        acts: HostActs,
        enable: int,
        arguments: Mapping[str, int],
        watchdog: int,
    ) -> None:
        """Advances to the next clock.

        Args:
            inputs: the core's outputs in this clock.
            acts: the host's accesses that take effect at its end.
            enable: the events that set the interrupt status.
            arguments: the argument registers in this clock.
            watchdog: the watchdog register in this clock.
        """
        finished = inputs.ports_idle and (inputs.controller_done or self.phase == "stopping")
        latch, done = self.latch, self.done_pulse
        begin = self.at_rest and self.start and not self.done
        waits = self.phase in ("running", "stopping") and self.pending and not self.progress
        expired, aborted, at_rest = self.expired and self.pending, self.abort, self.at_rest
        # An event takes precedence over the host, and an abort over both.
        if acts.abort or self.abort:
            self.start = self.done = self.ready = False
            self.status = 0
        else:
            self.status = (self.status ^ acts.toggle) | (enable & (latch << 1 | done))
            self.start = acts.start or (self.start and not latch)
            self.done = done or (self.done and not acts.acknowledge)
            self.ready = latch or (self.ready and not acts.control_read)
        self.abort = acts.abort or (self.abort and not at_rest)
        self.done_pulse = False
        if begin:
            self.phase, self.age = "preparing", 0
        elif self.phase == "preparing":
            if latch:
                self.arguments = dict(arguments)
                self._clear()
            else:
                self.counts["clocks"] += 1
            self._prepare(aborted)
        elif self.phase != "idle":
            self._run(inputs, bool(expired), aborted)
        self.finished = bool(finished)
        self.expired = bool(waits) and self.left == 1
        self.left = max(self.left - 1, 0) if waits else watchdog
        self.pending, self.progress = inputs.pending, bool(inputs.progress)
        resets = self.phase == "preparing" and RESET_FROM <= self.age <= RESET_TO
        self.core_rst_n = not resets
        self.shown = (self.shown or self.controller_start) and not resets

    def _prepare(self, aborted: bool) -> None:
        self.age += 1
        if self.age == JUDGED:
            self.error = "aborted" if aborted else argument_error(self.arguments, self.config)
            if self.error == "none" and self.pending:
                self.error = "unanswered"
            if self.error != "none":
                self._end()
        elif self.age == STARTED and aborted:
            self.error = "aborted"
            self._end()
        elif self.age == RELEASED:
            self.stop = False
        elif self.age == STARTED + 1:
            self.phase, self.quiet = "running", 0

    def _run(self, inputs: CoreInputs, expired: bool, aborted: bool) -> None:
        self.counts["clocks"] += 1
        for bit, name in enumerate(COUNTERS):
            self.counts[name] += inputs.pulses >> bit & 1
        self.flags["saturated"] |= inputs.saturated
        self.flags["non_finite"] |= inputs.non_finite
        self.quiet = self.quiet + 1 if self.finished else 0
        if expired:
            self.error = ERRORS[FIRST_TIMEOUT + lowest(self.pending)]
            self.stop = True
            self._end()
        elif self.phase == "running" and inputs.error:
            self._stop(ERRORS[FIRST_PORT_ERROR + lowest(inputs.error)])
        elif self.quiet == QUIET:
            self._end()
        elif self.phase == "running" and aborted:
            self._stop("aborted")

    def _stop(self, error: str) -> None:
        self.error = error
        self.phase, self.stop, self.quiet = "stopping", True, 0

    def _end(self) -> None:
        self.phase, self.done_pulse = "idle", True
