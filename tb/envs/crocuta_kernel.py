# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of the whole kernel of either schedule on its memories: kernel_tb.

The predictor follows the host's register writes, and predicts each job from the registers and the
memories when it starts. Scoreboards compare the memories' contents, the traffic on the ports and
the registers' answers.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from cocotb.triggers import FallingEdge, RisingEdge
from pyuvm import uvm_analysis_port, uvm_component, uvm_monitor, uvm_scoreboard, uvm_sequencer

from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import Job, Mode, past_chunks, spectrum_bytes
from crocuta.models.kernel.schedules import transform_rows
from crocuta.models.layout import PAGE_BYTES, chunk_count
from tb.agents.agent import Listener, configure, read
from tb.agents.axi_lite import AxiLiteAccess, AxiLiteAgent, AxiLiteConfig
from tb.agents.axi_memory import AxiMemoryAgent, AxiMemoryConfig, Refusal, Request
from tb.agents.beat import Beat, BeatAgent, BeatConfig
from tb.agents.reset import ResetConfig
from tb.envs.base import BlockEnv
from tb.envs.kernel_job import (
    BASES,
    NON_FINITE,
    SATURATED,
    Oracle,
    Port,
    Prediction,
    memories_of,
    ports_of,
)
from tb.envs.kernel_samples import (
    BOUNDS,
    ENDS,
    KINDS,
    ONE_ROW_LACKS,
    TAILS,
    bound_of,
    end_of,
    kind_of,
    tail_of,
)
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup, seldom
from tb.lib.registers import ARGUMENTS, BY_OFFSET, ERRORS, HIGH, OFFSETS, REGISTERS, bit

MODIFIABLE_BUFFERABLE = 0b0011  # AxCACHE of the kernel's bursts
MAX_OUTSTANDING = 16
"""MaxOutstanding of axi_read_master and axi_write_master."""
OF_TILES = {"samples": 64, "x_spectra": 32, "z_spectra": 32}
"""The same in a four-step kernel's ports of tiles, whose bursts may be short."""
STOP_CLOCKS = 2
"""Clocks from an error response to the last clock in which a new burst may be presented."""
HELD_BACK = 1
"""Bursts that may be presented later by each direction of a port behind resident_rows: the one that
its master had presented and resident_rows could not pass on, as an earlier one had yet to be
accepted or to be written to on-chip memory. AXI lets no master withdraw it."""
END_CLOCKS = 2
"""Clocks between the write that starts a job and the pulse at its end that are not counted."""
BEGIN_CLOCKS = 20
"""Clocks from that write to the first in which the core works: a job that ends by then has never
begun."""
RESET_CLOCKS = 2
"""Clocks of the shortest reset: job_control resets the rest a clock after itself."""
START, DONE, IDLE, READY, CONTINUE, SW_RESET = (
    bit("control", name) for name in ("start", "done", "idle", "ready", "continue", "sw_reset")
)
UNANSWERED = bit("status", "unanswered")
OVERHEAD = 20_000
"""The time limit of a job without beats, in clocks."""
PATIENCE = 20
"""A job's time limit with slow memories, as a multiple of the clocks of its beats."""
STALLS = ("samples", "x", "h", "store", "output")
"""What a pass may wait for, in job_observer's order."""
COUNTS = ("mac_beats", *(f"stall_{name}" for name in STALLS))
"""job_observer's counters, in its order."""
RESULTS = ("status", "error", "chunks_done", "clocks", *COUNTS)
LIMITS = (
    "forward places",
    "inverse places",
    "load",
    "h_read",
    "h_store",
    "pass",
)
"""What may become completely full: the FIFOs behind the engines, and the controller's streams
(except those of X, which have fewer commands than there are passes)."""
FOUR_STEP_LIMITS = (*LIMITS[:-1], "forward")
"""The same of a four-step kernel."""
STATES = (
    "idle",
    "done",
    "stopping",
    *(f"{mode.name.lower()} {what}" for mode in Mode for what in ("begins", "reads", "writes")),
)
"""States of the kernel as seen on its ports: a job writes from its first burst of results."""
PLACES = ("on the chip", "on both sides")
"""Where the rows of a job are in a kernel that keeps some on the chip."""
BEFORE = ("reset", "job", "queue", "bad argument", "error")
"""What preceded a job; queue: it was started before the previous end was acknowledged."""


class Observation(NamedTuple):
    """job_observer's values and the clock at the pulse that ends a job."""

    clock: int
    counts: dict[str, int]
    """By COUNTS."""
    limits: tuple[str, ...]
    """The LIMITS that were reached."""


class Ended(NamedTuple):
    """A job whose end the host has seen."""

    observed: Observation
    prediction: Prediction
    error: str
    interrupt: bool
    """Whether the host was interrupted; else it polled."""


class ExpectedRead(NamedTuple):
    """The limits of what a read may return."""

    access: AxiLiteAccess
    least: int
    most: int
    bits: int = -1
    """Mask of the bits that may be set."""


class JobMonitor(uvm_monitor):
    """Reads job_observer at the end of every job."""

    def build_phase(self) -> None:
        """One port: observations."""
        self.dut = self.get_parent().dut
        self.port = uvm_analysis_port("port", self)

    def counts(self) -> dict[str, int]:
        """The values that the counters should have in this clock."""
        packed = read(self.dut.observed_counts_o)
        return {name: packed >> 32 * i & 0xFFFF_FFFF for i, name in enumerate(COUNTS)}

    async def run_phase(self) -> None:
        """From one job's end to the next."""
        dut = self.dut
        while True:
            await RisingEdge(dut.observed_done_o)
            await FallingEdge(dut.clk_i)
            if not read(dut.rst_ni):
                continue
            assert not read(dut.observed_wrong_o), (
                f"a pass took a beat too early, too late or not whole before clock {clock_now()}"
            )
            reached = read(dut.observed_limits_o)
            names = FOUR_STEP_LIMITS if self.get_parent().config.four_step else LIMITS
            limits = tuple(name for i, name in enumerate(names) if reached >> i & 1)
            self.port.write(Observation(clock_now(), self.counts(), limits))


class KernelPredictor(uvm_component):
    """Follows the kernel's state, as far as its ports show it."""

    def build_phase(self) -> None:
        """Listens to the registers, the interrupt and the memories' ports; writes jobs when `begun`
        and when `ended`, and the `reads` that the registers must answer."""
        self.registers = Listener("registers", self, self._access)
        self.interrupt = Listener("interrupt", self, self._interrupted)
        self.observed = Listener("observed", self, self._observed)
        self.begun = uvm_analysis_port("begun", self)
        self.ended = uvm_analysis_port("ended", self)
        self.reads = uvm_analysis_port("reads", self)
        self.oracle: Oracle
        self.counts: Callable[[], dict[str, int]]
        self.config = self.get_parent().config
        self.constants = {
            OFFSETS[name]: register.reset_value(self.config)
            for name, register in ((each.name, each) for each in REGISTERS)
            if name in ("version", "identity", "identity2")
        }
        words = [word for name in ARGUMENTS for word in (name, name + HIGH) if word in OFFSETS]
        offsets = [OFFSETS[word] for word in words]
        self.writable = {each for each in offsets if BY_OFFSET[each].exists(self.config)}
        self.reset()

    def reset(self) -> None:
        """Starts as after a reset."""
        self.words = dict.fromkeys(self.writable, 0)
        self.words[OFFSETS["watchdog"]] = BY_OFFSET[OFFSETS["watchdog"]].reset_value(self.config)
        self.aborting = False
        """From a written sw_reset to the read that shows that it is done."""
        self.abort_clock = 0
        """The clock from which on the kernel's abort is high."""
        self.silent: Port | None = None
        """The port whose memory has stopped answering, as the test says."""
        self.enabled = self.pending = self.done = self.ready = False
        self.event_enable = self.event = 0
        self.running: Prediction | None = None
        self.last: Ended | None = None
        self.observation: Observation | None = None
        self.before = "reset"
        self.written_while_busy = False
        self.refusals: list[tuple[int, int]] = []
        self.traffic: set[bool] = set()
        """Whether the running job has requested reads, and writes of results."""

    @property
    def state(self) -> str:
        """The current state, one of STATES."""
        if self.running is None:
            return "done" if self.done else "idle"
        if self.refusals:
            return "stopping"
        if self.running.error != "none":
            return "idle"
        what = "begins" if not self.traffic else "writes" if True in self.traffic else "reads"
        return f"{self.running.job.mode.name.lower()} {what}"

    # The memories' ports.

    def requested(self, port: Port, _: Request) -> None:
        """A burst was requested."""
        self.traffic.add(port.write and not is_scratch(port))

    def refused(self, port: Port, refusal: Refusal) -> None:
        """An answer was an error."""
        self.refusals.append((refusal.clock, ERRORS.index(port.error)))

    # The registers and the interrupt.

    def _access(self, access: AxiLiteAccess) -> None:
        if access.write:
            self._write(access)
        else:
            self._read(access)

    def _write(self, access: AxiLiteAccess) -> None:
        offset, data = access.address, access.data
        if offset in self.words:
            self.words[offset] = data
            self.written_while_busy |= self.running is not None
        elif offset == OFFSETS["control"]:
            self.pending |= bool(data & START)
            if data & SW_RESET or self.aborting:
                if not self.aborting:
                    self.abort_clock = access.clock - access.wait
                self.aborting, self.pending = True, False
                if self.observation is not None:
                    self._cut_short()
            if data & CONTINUE:
                self.done = False
            self._begin(access.clock)
        elif offset == OFFSETS["global_interrupt"]:
            self.enabled = bool(data & 1)
        elif offset == OFFSETS["interrupt_enable"]:
            assert data < 2, "the predictor does not follow interrupts at a job's begin"
            self.event_enable = data
        elif offset == OFFSETS["interrupt_status"]:
            self.event ^= data & 1

    def argument(self, name: str) -> int:
        """The value of an argument in the registers; 0 if its register does not exist."""
        offset, bits = ARGUMENTS[name]
        words = [self.words.get(offset + 4 * word, 0) for word in range(bits // 32)]
        return sum(value << 32 * word for word, value in enumerate(words))

    def _begin(self, clock: int) -> None:
        if not self.pending or self.running is not None or self.done or self.aborting:
            if self.pending:
                self.before = "queue"
            return
        self.pending, self.ready = False, True
        self.traffic.clear()
        self.refusals.clear()
        arguments = {name: self.argument(name) for name in ARGUMENTS}
        if self.silent is None:
            self.running = self.oracle.predict(clock, arguments)
        else:
            self.running = Prediction(clock, arguments, "unanswered")
        self.begun.write(self.running)

    def _observed(self, observation: Observation) -> None:
        assert self.running is not None, f"the end of no job, at clock {observation.clock}"
        self.observation = observation
        if self.aborting:
            self._cut_short()

    def _cut_short(self) -> None:
        """Handles the end of a job that an abort has met. One that was not whole by the clock after
        the abort, or not refused by the clock of the abort, is aborted, and so is a good one that
        has not begun."""
        observed, prediction = self.observation, self.running
        assert observed is not None
        assert prediction is not None
        good = prediction.error == "none"
        unbegun = good and observed.clock - prediction.clock <= BEGIN_CLOCKS
        aborted = unbegun or observed.clock - self.abort_clock > good
        self._ended("aborted" if aborted else self._outcome(prediction), interrupt=False)
        self.done = False

    def _outcome(self, prediction: Prediction) -> str:
        """A job's error code, unless a port's error or an abort comes first."""
        if prediction.error == "none" and self.silent is not None:
            return f"{self.silent.error}_timeout"
        return prediction.error

    def _interrupted(self, beat: Beat) -> None:
        assert self.enabled, f"an interrupt that is not enabled, at clock {beat.clock}"
        if not self.event:
            self._end(beat.clock, interrupt=True)
        assert self.event, f"an interrupt without a cause, at clock {beat.clock}"

    def _end(self, clock: int, *, interrupt: bool) -> None:
        prediction = self.running
        assert prediction is not None, f"the end of a job that nobody started, at clock {clock}"
        observed = self.observation
        assert observed is not None, f"a job ended that still runs, at clock {clock}"
        late = clock - observed.clock
        assert late == 1 or (late > 1 and not interrupt), f"the end came {late} clocks late"
        self._ended(self._outcome(prediction), interrupt=interrupt)
        self.event |= self.event_enable

    def _ended(self, error: str, *, interrupt: bool) -> None:
        """Ends the job with this code, unless a port's error came first."""
        prediction, observed, self.observation = self.running, self.observation, None
        assert prediction is not None
        assert observed is not None
        if self.refusals:
            error = ERRORS[min(self.refusals)[1]]
        if error == "none":
            beats = observed.counts["mac_beats"]
            assert beats == prediction.mac_beats, f"{beats} MAC beats, not {prediction.mac_beats}"
        self.running, self.done = None, True
        self.last = Ended(observed, prediction, error, interrupt)
        self.ended.write(self.last)
        self.written_while_busy = False
        if not self.pending:
            bad = prediction.error != "none"
            self.before = "bad argument" if bad else "job" if error == "none" else "error"

    def _read(self, access: AxiLiteAccess) -> None:
        offset, data = access.address, access.data
        if offset == OFFSETS["control"]:
            if self.aborting:
                self._aborted(access)
                return
            if data & DONE and self.running is not None:
                self._end(access.clock, interrupt=False)
            idle = self.running is None and not self.pending and not self.done
            bits = ((self.pending, START), (self.done, DONE), (idle, IDLE), (self.ready, READY))
            wanted = sum(mask for value, mask in bits if value)
            self.reads.write(ExpectedRead(access, wanted, wanted))
            self.ready = False
            return
        self.reads.write(ExpectedRead(access, *self._expected(offset)))

    def _aborted(self, access: AxiLiteAccess) -> None:
        """Checks the control register during an abort: when sw_reset clears, everything has."""
        if access.data & SW_RESET:
            self.reads.write(ExpectedRead(access, SW_RESET, SW_RESET))
            return
        assert self.running is None, f"sw_reset is clear in a job, at clock {access.clock}"
        self.aborting = self.done = self.ready = False
        self.event = 0
        self.reads.write(ExpectedRead(access, IDLE, IDLE))

    def _expected(self, offset: int) -> tuple[int, ...]:
        """Minimum and maximum of a register's value, and the bits that may be set."""
        simple = {
            **self.words,
            **self.constants,
            OFFSETS["global_interrupt"]: int(self.enabled),
            OFFSETS["interrupt_enable"]: self.event_enable,
        }
        if offset in simple:
            return simple[offset], simple[offset]
        if offset == OFFSETS["interrupt_status"]:
            return self.event, self.event if self.running is None else 1
        name = next((name for name in RESULTS if OFFSETS[name] == offset), None)
        if name is None:
            return 0, 0  # high words of counters, and unused addresses
        if self.running is not None:
            return self._so_far(name, self.running)
        return self._result(name, self.last) if self.last is not None else (0, 0)

    def _so_far(self, name: str, running: Prediction) -> tuple[int, ...]:
        """Limits of a result register during the job: what it may have counted so far."""
        if name == "error":
            return 0, max((code for _, code in self.refusals), default=0)
        if name == "status":
            return 0, SATURATED | NON_FINITE, self._flags(running)
        most = {
            "chunks_done": running.chunks,
            "clocks": max(0, clock_now() - running.clock - END_CLOCKS),
            **self.counts(),
        }
        return 0, most[name]

    def _flags(self, prediction: Prediction) -> int:
        """The flags that a job may raise, even if chunks of x were refused and it read others."""
        codes = {code for _, code in self.refusals}
        return prediction.flags | SATURATED * (ERRORS.index("x_write") in codes)

    def _result(self, name: str, end: Ended) -> tuple[int, ...]:
        """Limits of a result register after the end. For a job that was stopped, the chunks and the
        flags are not known exactly: they lie between none and all."""
        prediction, whole = end.prediction, end.error == "none"
        if name == "error":
            return (ERRORS.index(end.error),) * 2
        if name == "clocks":
            return (end.observed.clock - prediction.clock - END_CLOCKS,) * 2
        if name in COUNTS:
            return (end.observed.counts[name],) * 2
        if name == "chunks_done":
            return prediction.chunks if whole else 0, prediction.chunks
        if self.silent is not None:
            idle = self.get_parent().memories[self.silent.memory].monitor.idle
            return 0 if idle else UNANSWERED, UNANSWERED | SATURATED | NON_FINITE
        if whole or prediction.error != "none":
            return (prediction.flags,) * 2
        return 0, SATURATED | NON_FINITE, self._flags(prediction)


class KernelScoreboard(uvm_scoreboard):
    """Base class of the scoreboards of jobs."""

    def build_phase(self) -> None:
        """Two ports: jobs `begun` and `ended`."""
        self.env = self.get_parent()
        self.begun = Listener("begun", self, self._begun)
        self.ended = Listener("ended", self, self._ended)
        self.running: Prediction | None = None
        self.compared = 0

    def _begun(self, prediction: Prediction) -> None:
        self.running = prediction

    def _ended(self, end: Ended) -> None:
        self.check(end.prediction, end.error)
        self.running = None

    def check(self, prediction: Prediction, error: str) -> None:
        """Handles a job that ended or was cut short by a reset (error "reset")."""
        raise NotImplementedError

    @property
    def drained(self) -> bool:
        """Whether no job is running."""
        return self.running is None

    def flush(self, clock: int) -> None:
        """A reset."""
        if self.running is not None:
            self.check(self.running, "reset")
        self.running = None

    def check_phase(self) -> None:
        """Checks that no job is left over, and that something was compared."""
        assert self.running is None, f"{self.get_name()}: a job never ended"
        assert self.compared, f"{self.get_name()}: nothing was compared"


class ContentsScoreboard(KernelScoreboard):
    """Compares the bytes that a job writes; if it was cut short, each may also be unchanged."""

    def check(self, prediction: Prediction, error: str) -> None:
        """Reads the memories."""
        for area in prediction.areas:
            got = self.env.memories[area.memory].memory.read(area.address, len(area.before))
            problem = area.problem(got, error == "none")
            assert not problem, f"{problem}; {error} ended {prediction.arguments}"
            self.compared += len(got) // area.grain


class TrafficScoreboard(KernelScoreboard):
    """Checks the bursts: only within the job's ranges, none after an error, none left at the end,
    and as many beats as in the schedule."""

    def build_phase(self) -> None:
        """Also records what the memories have transferred before a job."""
        super().build_phase()
        self.ports = ports_of(self.env.config)
        self.before = dict.fromkeys(self.ports, 0)
        self.refused: int | None = None
        self.held_back: Counter[Port] = Counter()
        """Bursts of the last job presented more than STOP_CLOCKS after its error, or after its
        timeout."""
        self.timed_out: Ended | None = None

    def _ended(self, end: Ended) -> None:
        super()._ended(end)
        if end.error.endswith("_timeout"):
            self.timed_out = end

    def flush(self, clock: int) -> None:
        """The memories' counters start again."""
        super().flush(clock)
        self.before = dict.fromkeys(self.ports, 0)
        self.refused = None
        self.held_back.clear()

    def _begun(self, prediction: Prediction) -> None:
        super()._begun(prediction)
        self.before = self._moved()
        self.refused = None
        self.held_back.clear()

    def _moved(self) -> dict[Port, int]:
        names = {port: f"beats_{'written' if port.write else 'read'}_o" for port in self.ports}
        return {
            port: read(self.env.memories[port.memory].config.setting(name))
            for port, name in names.items()
        }

    def requested(self, port: Port, request: Request) -> None:
        """A burst was requested."""
        where = f"{port.memory}: {request}"
        # A silent memory may later accept what was presented when the job timed out, and then what
        # that kept from being presented.
        job = self.running
        if job is None and self.timed_out is not None:
            end = self.timed_out
            late = request.presented > end.observed.clock
            job = None if late and not self._was_held_back(port) else end.prediction
        assert job is not None, f"{where} without a job"
        assert job.allows(port, request, self.env.beat_bytes), (
            f"{where} is none of {[w for w in job.windows if w.port == port]}"
        )
        if self.refused is not None and request.presented > self.refused + STOP_CLOCKS:
            assert self._was_held_back(port), (
                f"{where} was requested after the error at clock {self.refused}"
            )
        self.compared += 1

    def _was_held_back(self, port: Port) -> bool:
        """Whether a burst may be presented this late; counts those that were."""
        self.held_back[port] += 1
        allowed = HELD_BACK if self.env.config.resident and is_scratch(port) else 0
        return self.held_back[port] <= allowed

    def refused_at(self, _: Port, refusal: Refusal) -> None:
        """An answer was an error: nothing may be requested from now on."""
        if self.refused is None:
            self.refused = refusal.clock

    def check(self, prediction: Prediction, error: str) -> None:
        """Compares the number of beats."""
        if error == "reset":
            return
        for name, agent in self.env.memories.items():
            left = error == "unanswered" or error.endswith("_timeout")
            assert left or agent.monitor.idle, f"{name}: bursts are left at the end of a job"
            agent.monitor.check_memory()
        now = self._moved()
        for port, wanted in prediction.beats.items():
            moved = now[port] - self.before[port]
            right = moved == wanted if error == "none" else moved <= wanted
            assert right, f"{port}: {moved} beats instead of {wanted}"
            self.compared += 1


class ReadScoreboard(uvm_scoreboard):
    """Compares the registers' answers."""

    drained = True

    def build_phase(self) -> None:
        """One port: reads with what they may return."""
        self.expect = Listener("expect", self, self._read)
        self.compared = 0

    def _read(self, expected: ExpectedRead) -> None:
        access, least, most, bits = expected
        assert least <= access.data <= most and not access.data & ~bits, (
            f"register {access.address:#x} read {access.data:#x} at clock {access.clock}, not"
            f" {least:#x} to {most:#x} of bits {bits:#x}"
        )
        self.compared += 1

    def flush(self, clock: int) -> None:
        """A reset changes nothing about the reads before it."""

    def check_phase(self) -> None:
        """Checks that something was read."""
        assert self.compared, "no register was read"


def is_scratch(port: Port) -> bool:
    """Whether it leads to what a job writes and reads back."""
    return port.memory in ("x_spectra", "z_spectra")


def str_of(port: Port) -> str:
    """A port's name, as in coverage: its error code's, but z's own."""
    return port.error.replace("x", "z") if port.memory == "z_spectra" else port.error


class KernelCoverage(uvm_component):
    """Coverage of jobs by arguments, data and circumstances."""

    def build_phase(self) -> None:
        """The covergroups."""
        self.env = self.get_parent()
        self.begun = Listener("begun", self, self._begun)
        self.ended = Listener("ended", self, self._ended)
        modes = tuple(mode.name.lower() for mode in Mode)
        answers = ("no", "yes")
        self.sample_lengths = covergroup(
            "kernel.lengths", {"x": BOUNDS, "h": BOUNDS}, {"x_x_h": ("x", "h")}
        )
        self.sample_rows = covergroup(
            "kernel.rows",
            {"mode": modes, "channels": ("one", "two", "more"), "tail": TAILS},
            {"mode_x_channels": ("mode", "channels"), "mode_x_tail": ("mode", "tail")},
        )
        self.sample_stream = covergroup(
            "kernel.stream",
            {"past": ("none", "less than h", "as much as h"), "channels": ("one", "more")},
        )
        self.sample_data = covergroup(
            "kernel.data", {"mode": modes, "kind": KINDS}, {"mode_x_kind": ("mode", "kind")}
        )
        self.sample_flags = covergroup(
            "kernel.flags",
            {"mode": modes, "saturated": answers, "non_finite": answers},
            {"all": ("mode", "saturated", "non_finite")},
            # Transforms of floats stay far below the largest word.
            {"all": [("prepare", "yes", None)]},
        )
        self.sample_jobs = covergroup(
            "kernel.jobs",
            {"mode": modes, "after": BEFORE},
            {"mode_x_after": ("mode", "after")},
        )
        self.sample_host = covergroup(
            "kernel.host", {"end": ("interrupt", "polled"), "written_while_busy": answers}
        )
        config = self.env.config
        ports = ports_of(config)
        # At the smallest configuration even the most rows of z fill no more than a page.
        z_bytes = (config.rows_max - config.resident) * spectrum_bytes(config)
        short = [port for port in ports if port.memory == "z_spectra" and z_bytes <= PAGE_BYTES]
        self.sample_arrays = covergroup(
            "kernel.arrays",
            {"port": [str_of(port) for port in ports], "row": ("within a page", "longer")},
            {"port_x_row": ("port", "row")},
            {"port_x_row": [(str_of(port), "longer") for port in short]},
        )
        self.sample_error = covergroup("kernel.error", {"code": ERRORS[1:]})
        self.sample_stall = covergroup(
            "kernel.stall", {"cause": STALLS, "end": ("whole", "stopped")}
        )
        if config.resident:
            self.sample_place = covergroup(
                "kernel.place",
                {"mode": modes, "rows": PLACES, "channels": ("one", "several")},
                {"mode_x_rows": ("mode", "rows"), "rows_x_channels": ("rows", "channels")},
            )
            self.sample_boundary = seldom(
                "kernel.boundary",
                {"port": [str_of(port) for port in ports_of(config) if is_scratch(port)],
                 "row": ("the first", "another")},
                {"port_x_row": ("port", "row")},
            )  # fmt: skip
        limits = FOUR_STEP_LIMITS if config.four_step else LIMITS
        self.sample_limit = covergroup("kernel.limit", {"reached": limits})
        self.sample_reset = covergroup("kernel.reset_at", {"state": STATES})
        self.previous: Job | None = None
        if not config.four_step:
            return
        self.sample_transform = covergroup(
            "kernel.transform",
            {"mode": modes, "rows": ("one", "two", "some", "most"), "end": ENDS},
            {"mode_x_rows_x_end": ("mode", "rows", "end")},
            {"mode_x_rows_x_end": [(None, "one", end) for end in ONE_ROW_LACKS]},
        )
        self.sample_next = covergroup(
            "kernel.next",
            {"mode": modes, "before": modes, "rows": ("fewer", "the same", "more")},
            {"mode_x_before_x_rows": ("mode", "before", "rows")},
        )
        """A job that was queued behind another."""

    def requested(self, port: Port, request: Request) -> None:
        """A burst was requested."""
        config, job = self.env.config, self.env.predictor.running
        if not config.resident or not is_scratch(port) or job is None:
            return
        (window,) = (window for window in job.windows if window.port == port)
        row = (request.address - window.address) // spectrum_bytes(config)
        self.sample_boundary(str_of(port), "another" if row else "the first")

    def _begun(self, prediction: Prediction) -> None:
        if prediction.error != "none":
            return
        job, before, config = prediction.job, self.env.predictor.before, self.env.config
        mode = job.mode.name.lower()
        self.sample_jobs(mode, before)
        if self.previous is not None and config.four_step and before == "queue":
            rows, old = (transform_rows(config, each) for each in (job, self.previous))
            change = ("the same", "more", "fewer")[(rows > old) - (rows < old)]
            self.sample_next(mode, self.previous.mode.name.lower(), change)
        self.previous = job

    def _ended(self, end: Ended) -> None:
        busy = self.env.predictor.written_while_busy
        self.sample_host(("polled", "interrupt")[end.interrupt], ("no", "yes")[busy])
        for cause in STALLS:
            if end.observed.counts[f"stall_{cause}"]:
                self.sample_stall(cause, "whole" if end.error == "none" else "stopped")
        for limit in end.observed.limits:
            self.sample_limit(limit)
        if end.error != "none":
            self.sample_error(end.error)
            return
        prediction, config = end.prediction, self.env.config
        job = prediction.job
        mode, length = job.mode.name.lower(), len(prediction.rows[0])
        if job.mode == Mode.CONVOLVE:
            self.sample_lengths(bound_of(length, config), bound_of(job.length_h, config))
        rows = transform_rows(config, job) if config.four_step else 1
        if config.resident and rows > 1:
            several = ("one", "several")[job.channels > 1]
            self.sample_place(mode, PLACES[rows > config.resident], several)
        channels = ("one", "two", "more")[min(job.channels, 3) - 1]
        self.sample_rows(mode, channels, tail_of(length, config))
        if job.mode == Mode.CONVOLVE and job.ring:
            past, most = past_chunks(config, job), chunk_count(config, job.length_h)
            self.sample_stream(
                "none" if not past else "less than h" if past < most else "as much as h",
                "one" if channels == "one" else "more",
            )
        if config.four_step:
            few = ("one", "two", "some")[min(rows.bit_length(), 3) - 1]
            kind = "most" if rows == config.rows_max else few
            self.sample_transform(mode, kind, end_of(length, rows, config))
        for window in prediction.windows:
            longer = window.used > PAGE_BYTES
            self.sample_arrays(str_of(window.port), ("within a page", "longer")[longer])
        for row in prediction.rows:
            self.sample_data(mode, kind_of(row))
        flags = (bool(prediction.flags & mask) for mask in (SATURATED, NON_FINITE))
        self.sample_flags(mode, *(("no", "yes")[flag] for flag in flags))


class KernelSequencer(uvm_sequencer):
    """The virtual sequencer: the handles that the whole kernel's sequences need."""

    env: KernelEnv


class KernelEnv(BlockEnv):
    """The environment: the kernel, its host and its memories."""

    block = "kernel"
    watched = True
    """Whether the memories' ports are checked in every clock."""
    was_reset = False

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        self.config = config = configs.load_model(os.environ["CROCUTA_CONFIG"])
        self.beat_bytes = config.axi_bits // 8
        configure(self, "reset", ResetConfig(self.dut, "kernel.reset", shortest=RESET_CLOCKS))
        regions = (("control", 0), ("arguments", OFFSETS["mode"]), ("results", OFFSETS["status"]))
        registers = AxiLiteConfig(
            self.dut,
            "kernel.registers",
            regions=regions,
            handshakes="s_axi_control_handshakes_o",
            active_port="s_axi_control_active_o",
            plain=True,
        )
        configure(self, "registers", registers)
        self.registers = AxiLiteAgent.create("registers", self)
        configure(self, "interrupt", BeatConfig(self.dut, None, "interrupt_o", ()))
        self.interrupt = BeatAgent.create("interrupt", self)
        self.memories = {name: self._memory(name) for name in memories_of(config)}
        self.jobs = JobMonitor.create("jobs", self)
        self.predictor = KernelPredictor.create("predictor", self)
        self.coverage = KernelCoverage.create("coverage", self)
        self.contents = ContentsScoreboard.create("contents", self)
        self.traffic = TrafficScoreboard.create("traffic", self)
        self.reads = ReadScoreboard.create("reads", self)
        self.scoreboards: list[Any] = [self.contents, self.traffic, self.reads]
        self.sequencer = KernelSequencer.create("sequencer", self)
        self.sequencer.env = self

    def _memory(self, name: str) -> AxiMemoryAgent:
        config = self.config
        page_beats = PAGE_BYTES // self.beat_bytes
        spectra = name != "samples"
        # Chunks of spectra move in whole bursts, tiles in what they have of a row: a part of it.
        lengths: tuple[str, ...] = ("longest",) if spectra else ("one", "some", "longest")
        never: tuple[tuple[str, str], ...] = ()
        if config.four_step and name in ("x_spectra", "z_spectra"):
            tiles, rows = ("write", "read") if name == "x_spectra" else ("read", "write")
            lengths, never = ("some", "longest"), ((tiles, "longest"), (rows, "some"))
        # A tile of samples is 16 rows of the lanes, or a shorter chunk.
        tile = min(16, config.chunk_beats // (2 * config.lanes))
        port = AxiMemoryConfig(
            self.dut,
            f"kernel.{name}",
            name,
            getattr(self.dut, f"u_{name}").mem,
            self.beat_bytes,
            longest=min(64, page_beats, config.chunk_beats) if spectra else tile,
            max_outstanding=OF_TILES.get(name, MAX_OUTSTANDING)
            if config.four_step
            else MAX_OUTSTANDING,
            settings=f"{name}_",
            attributes=(MODIFIABLE_BUFFERABLE, 0),
            handshakes=f"{name}_handshakes_o",
            active_port=f"{name}_active_o",
            base=BASES[name],
            reset_clocks=RESET_CLOCKS,
            watched=self.watched,
            lengths=lengths,
            never=never,
        )
        configure(self, name, port)
        agent: AxiMemoryAgent = AxiMemoryAgent.create(name, self)
        return agent

    def connect_phase(self) -> None:
        """Connects registers and interrupt to the predictor, its jobs to the scoreboards, and the
        ports to everything that observes traffic."""
        super().connect_phase()
        predictor = self.predictor
        predictor.oracle = Oracle(
            self.config, {name: agent.memory for name, agent in self.memories.items()}
        )
        predictor.counts = self.jobs.counts
        self.jobs.port.connect(predictor.observed)
        self.registers.port.connect(predictor.registers)
        self.interrupt.port.connect(predictor.interrupt)
        predictor.reads.connect(self.reads.expect)
        for listener in (self.coverage, self.contents, self.traffic):
            predictor.begun.connect(listener.begun)
            predictor.ended.connect(listener.ended)
        for name, agent in self.memories.items():
            self._listen(agent.monitor.requests, name, predictor.requested)
            self._listen(agent.monitor.requests, name, self.traffic.requested)
            self._listen(agent.monitor.requests, name, self.coverage.requested)
            self._listen(agent.monitor.refusals, name, predictor.refused)
            self._listen(agent.monitor.refusals, name, self.traffic.refused_at)

    def _listen(self, outlet: Any, memory: str, heard: Any) -> None:
        """Passes on what a monitor writes, with its port."""
        name = f"{memory}_{heard.__self__.get_name()}_{heard.__name__}"
        outlet.connect(Listener(name, self, lambda event: heard(Port(memory, event.write), event)))

    def on_reset(self, clock: int) -> None:
        """Handles a reset, which cuts jobs short."""
        if self.was_reset:
            self.coverage.sample_reset(self.predictor.state)
        self.was_reset = True
        super().on_reset(clock)
        self.predictor.reset()

    async def fill(self, name: str, limit: int) -> bool:
        """Waits until one of LIMITS has been reached in this job; whether it was in time."""
        for _ in range(limit):
            if read(self.dut.observed_limits_o) >> LIMITS.index(name) & 1:
                return True
            await FallingEdge(self.dut.clk_i)
        return False

    def patience(self) -> int:
        """The clocks within which the running job must end."""
        running = self.predictor.running
        beats = sum(running.beats.values()) if running else 0
        return OVERHEAD + PATIENCE * (beats + 4 * self.config.chunk_beats)

    async def reach(self, state: str) -> bool:
        """Waits until the kernel is in a state; returns false when a job would have ended."""
        begun = clock_now()
        while self.predictor.state != state:
            if clock_now() - begun > self.patience():
                return False
            await FallingEdge(self.dut.clk_i)
        return True
