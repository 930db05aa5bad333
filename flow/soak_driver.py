# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a soak's cases on a simulated kernel. After every job it compares the whole memories, the
registers, the counters and the traffic with the model and job_observer."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from crocuta.backends.rtl_kernel import RtlKernel
from crocuta.backends.timing import Timing
from crocuta.errors import KernelError
from crocuta.memory import HostMemory
from crocuta.models import layout
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes, streams
from crocuta.models.kernel.crocuta_kernel import SampleArray, sample_rows
from crocuta.models.kernel.schedules import filter_chunks, scratch_bytes, z_bytes
from crocuta.models.layout import PAGE_BYTES, SAMPLE_BYTES
from crocuta.registers import (
    COUNTERS,
    WIDE,
    Control,
    ErrorCode,
    GlobalInterrupt,
    InterruptEnable,
    InterruptStatus,
    Register,
    Status,
)
from flow.soak_cases import (
    ALL_PORTS,
    MEMORIES,
    SPAN_BYTES,
    Case,
    Memory,
    Script,
    Stall,
    Step,
    job_of,
    parts_of,
)
from tb.envs.kernel_job import (
    BASES,
    NON_FINITE,
    SATURATED,
    Oracle,
    Port,
    Prediction,
    inaccuracy,
    ports_of,
)
from tb.envs.kernel_samples import samples

PATIENCE = 60
"""A job's time limit with slow memories, as a multiple of the clocks of its beats."""
OVERHEAD = 50_000
"""The clocks of a job without beats, at most."""
POLL_CLOCKS = 64
UNANSWERED = "unanswered"
ARGUMENTS = tuple(Register[field.name.upper()] for field in dataclasses.fields(Job))
BAD = (
    {"mode": 2},
    {"mode": 1 << 31},
    {"channels": 0},
    {"channels": 65537},
    {"length_x": 0},
    {"length_h": 0},
    {"length_x": -1},
    {"length_h": -1},
    {"h_spectra": 64},
    {"x_spectra": 1 << 11},
    {"y": 4},
    {"x": 1},
    {"h": 256},
    {"z_spectra": 128},
    {"ring": 3},
    {"first_chunk": 1},
)
"""Arguments to add to good ones; -1: a length of one more than the longest."""


class SoakError(Exception):
    """The kernel did something else than it should."""


class SpanOfMemory:
    """The part of a memory that cases use, as the oracle reads it."""

    def __init__(self, memory: HostMemory) -> None:
        self.base = memory.base
        self.bytes = memory.contents[:SPAN_BYTES]

    def read(self, address: int, size: int) -> bytes:
        """So many bytes from an address on."""
        return self.bytes[address - self.base :][:size].tobytes()


@dataclass
class Running:
    """A job that was started."""

    prediction: Prediction
    clock: int
    """In which the write that started it was answered, and the counter begins to count."""
    ended: int
    """Jobs that had ended before."""
    before: dict[str, np.ndarray[tuple[int], np.dtype[np.uint8]]]
    """What the memories held."""
    beats: dict[Port, int]
    """What they had moved."""


class Driver:
    """A kernel, and the cases that it is put through."""

    def __init__(self, kernel: RtlKernel) -> None:
        self.kernel = kernel
        self.spans = {name: SpanOfMemory(port.memory) for name, port in kernel.ports.items()}
        self.oracle = Oracle(kernel.config, self.spans)
        self.jobs = 0
        """Those that were compared, whatever their end."""
        self.ends: Counter[str] = Counter()
        """By the code, or "reset"."""
        self.acts: Counter[str] = Counter()
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._held: dict[str, list[str]] = {name: [] for name in kernel.ports}
        self._limit = 0
        for span in self.spans.values():
            span.bytes[:] = np.random.default_rng(1).integers(0, 256, len(span.bytes), np.uint8)
        self._reset()

    # What a host does.

    def _read(self, register: Register) -> int:
        value = self.kernel.read(register)
        return value | self.kernel.read(register + 4) << 32 if register in WIDE else value

    def _write(self, register: Register, value: int) -> None:
        self.kernel.write(register, value & 0xFFFF_FFFF)
        if register in WIDE:
            self.kernel.write(register + 4, value >> 32)

    def _reset(self) -> None:
        self.kernel.reset()
        self._write(Register.GLOBAL_INTERRUPT, GlobalInterrupt.ENABLE)
        self._write(Register.INTERRUPT_ENABLE, InterruptEnable.DONE)

    def _arguments(self, values: Mapping[str, int]) -> None:
        for register in ARGUMENTS:
            self._write(register, values[register.name.lower()])

    def _advance(self, clocks: int) -> bool:
        """Runs so many clocks, or until the interrupt; returns whether it is pending."""
        end = self.kernel.clocks + clocks
        while True:
            while self._events and self._events[0][0] <= self.kernel.clocks:
                heapq.heappop(self._events)[2]()
            now = self.kernel.clocks
            if now >= end:
                return False
            until = min(end, self._events[0][0]) if self._events else end
            if self.kernel.run(until - now):
                return True

    def _stalls(self, stalls: tuple[Stall, ...]) -> None:
        """Holds channels from and to clocks that are counted from now."""
        now = self.kernel.clocks

        def hold(stall: Stall) -> None:
            name = MEMORIES[stall.bank]
            self._held[name].append(stall.channel)
            self.kernel.ports[name].hold(*set(self._held[name]))

        def release(stall: Stall) -> None:
            name = MEMORIES[stall.bank]
            self._held[name].remove(stall.channel)
            self.kernel.ports[name].hold(*set(self._held[name]))

        for stall in stalls:
            for at, call in ((stall.at, hold), (stall.at + stall.clocks, release)):
                entry = (now + at, next(self._numbers), lambda call=call, s=stall: call(s))
                heapq.heappush(self._events, entry)

    def _release(self) -> None:
        """Nothing is held any more."""
        self._events.clear()
        for name, held in self._held.items():
            held.clear()
            self.kernel.ports[name].hold()

    # Jobs.

    def _beats(self) -> dict[Port, int]:
        moved = {name: port.state() for name, port in self.kernel.ports.items()}
        return {port: moved[port.memory][port.write] for port in ports_of(self.kernel.config)}

    def _begin(self, prediction: Prediction, start: Control) -> Running:
        """The write to CONTROL that lets a job begin whose arguments are written."""
        before = {name: span.bytes.copy() for name, span in self.spans.items()}
        beats, ended = self._beats(), self.kernel.observed().ended
        self.kernel.write(Register.CONTROL, start)
        return Running(prediction, self.kernel.clocks, ended, before, beats)

    def _start(self, values: Mapping[str, int], error: str = "") -> Running:
        """Writes arguments and starts a job; `error` says how it ends at once, if not by them."""
        self._arguments(values)
        prediction = Prediction(0, values, error) if error else self.oracle.predict(0, values)
        self._limit = OVERHEAD + PATIENCE * sum(prediction.beats.values())
        return self._begin(prediction, Control.START)

    def _wait(self) -> None:
        """Until the interrupt."""
        if not self._advance(self._limit):
            raise SoakError(f"the job has not ended after {self._limit} clocks")

    def _acknowledge(self) -> None:
        status = self._read(Register.INTERRUPT_STATUS)
        if status != InterruptStatus.DONE:
            raise SoakError(f"the interrupt's status is {status:#x} at the end of a job")
        if not self._read(Register.CONTROL) & Control.DONE:
            raise SoakError("control does not say done at the end of a job")
        self._write(Register.INTERRUPT_STATUS, InterruptStatus.DONE)

    def _judge(self, running: Running, allowed: set[str]) -> str:
        """Compares everything about a job that ended; returns its code's name."""
        prediction = running.prediction
        error = ErrorCode(self._read(Register.ERROR)).name.lower()

        def fail(problem: str) -> NoReturn:
            raise SoakError(f"{problem}; {error} ended {prediction.arguments}")

        if error not in allowed:
            fail(f"the job should have ended with {' or '.join(sorted(allowed))}")
        whole = error == "none"
        clocks, *counts = (self._read(register) for register in COUNTERS)
        observed = self.kernel.observed()
        if observed.ended != running.ended + 1:
            fail(f"{observed.ended - running.ended} jobs ended and not one")
        took = observed.clock - running.clock
        if clocks != took:
            fail(f"clocks is {clocks} and not {took}")
        if tuple(counts) != observed.counts:
            fail(f"the counters are {counts} and not {list(observed.counts)}")
        if observed.wrong:
            fail("a pass took a beat too early, too late or incompletely")
        if whole and counts[0] != prediction.mac_beats:
            fail(f"mac_beats is {counts[0]} and not {prediction.mac_beats}")
        chunks = self._read(Register.CHUNKS_DONE)
        if not (prediction.chunks if whole else 0) <= chunks <= prediction.chunks:
            fail(f"chunks_done is {chunks} of {prediction.chunks}")
        self._judge_status(prediction, error, fail)
        self._compare(running, whole, error)
        return error

    def _judge_status(
        self, prediction: Prediction, error: str, fail: Callable[[str], NoReturn]
    ) -> None:
        status = self._read(Register.STATUS)
        flags = status & (SATURATED | NON_FINITE)
        most = prediction.flags
        if error == "x_write":
            most |= SATURATED  # it may have read what was there before
        least = most if error == "none" else 0
        if flags & ~most or least & ~flags:
            fail(f"the flags are {flags:#x} and not {prediction.flags:#x}")
        silent = error.endswith("_timeout") or error == UNANSWERED
        if bool(status & Status.UNANSWERED) != silent:
            fail(f"status is {status:#x}")

    def _compare(self, running: Running, whole: bool, error: str) -> None:
        """The memories and the traffic, after a job or a reset."""
        prediction = running.prediction
        for area in prediction.areas:
            got = self.spans[area.memory].read(area.address, len(area.before))
            problem = area.problem(got, whole)
            if problem:
                raise SoakError(f"{problem}; {error} ended {prediction.arguments}")
            start = area.address - BASES[area.memory]
            raw = np.frombuffer(got, np.uint8)
            running.before[area.memory][start : start + len(raw)] = raw
        for name, span in self.spans.items():
            wrong = np.flatnonzero(running.before[name] != span.bytes)
            if len(wrong):
                where = BASES[name] + int(wrong[0])
                raise SoakError(
                    f"{name}: {len(wrong)} bytes changed that are none of the job's, first at"
                    f" {where:#x}; {error} ended {prediction.arguments}"
                )
        self.kernel.check_protocol()
        if error != "reset":
            moved = self._beats()
            for port, most in prediction.beats.items():
                count = moved[port] - running.beats[port]
                if count > most or (whole and count < most):
                    raise SoakError(f"{port}: {count} beats and not {most}; {error} ended it")
        self.jobs += 1
        self.ends[error] += 1

    def _whole(self, values: Mapping[str, int]) -> None:
        """One job, undisturbed, to its end."""
        running = self._start(values)
        self._wait()
        self._acknowledge()
        self._judge(running, {"none"})
        self.kernel.write(Register.CONTROL, Control.CONTINUE)

    # Cases.

    def run(self, case: Case) -> None:
        """Goes through a case.

        Raises:
            SoakError: something was not as predicted.
            KernelError: the simulation failed, or the kernel violated the AXI protocol.
        """
        x, h, prepare, jobs = self._place(case)
        for number, port in enumerate(self.kernel.ports.values()):
            memory = case.memories[number] if number < len(case.memories) else Memory()
            timing = Timing(memory.latency, memory.bandwidth, memory.stall, case.seed + number)
            port.set_timing(timing)
        clean = True
        for job, step in ((prepare, case.prepare), *jobs):
            values = {**dataclasses.asdict(job), "mode": int(job.mode)}
            kind = "stream" if job.ring and job.mode == Mode.CONVOLVE else job.mode.name.lower()
            self.acts[f"{kind} {step.act}{' stalled' if step.stalls else ''}"] += 1
            self._stalls(step.stalls)
            complete = ACTIONS[step.act](self, values, step)
            self._release()
            if not complete:
                self._whole(values)
            clean = clean and not self._read(Register.STATUS) & (SATURATED | NON_FINITE)
        if clean:
            plain = [[job] for job, _ in jobs if not job.ring]
            stream = [job for job, _ in jobs if job.ring]
            for whole in [*plain, *[stream] * bool(stream)]:
                self._accuracy(whole, x, h)

    def _accuracy(self, jobs: Sequence[Job], x: SampleArray, h: SampleArray) -> None:
        """Their y, one after another, against float64."""
        for row in range(len(x)):
            parts = []
            for job in jobs:
                stride, size = layout.row_bytes(job.length_x), SAMPLE_BYTES * job.length_x
                parts.append(self.spans["samples"].read(job.y + row * stride, size))
            y = np.frombuffer(b"".join(parts), np.float32)
            problem = inaccuracy(x[row], h[row], y, self.kernel.config)
            if problem:
                raise SoakError(f"row {row} of {jobs}: {problem}")

    def _place(self, case: Case) -> tuple[SampleArray, SampleArray, Job, list[tuple[Job, Step]]]:
        """Puts the rows anywhere into memory, and random bytes where the jobs write.

        Returns x, h, the job that prepares, and those that convolve.
        """
        rng, config = np.random.default_rng(case.seed), self.kernel.config
        x = samples(rng, case.kind_x, case.channels, case.length_x)
        h = samples(rng, case.kind_h, case.channels, case.length_h)
        order = random.Random(case.seed)
        plan, parts = job_of(case), parts_of(case, config)
        plain = any(part.plain for part in parts)
        spectrum, ring = spectrum_bytes(config), parts[0].job.ring
        images = {"h": sample_rows(h).view(np.uint8)}
        for number, part in enumerate(parts):
            rows = x[:, part.start :][:, : part.job.length_x]
            images[f"x{number}"] = sample_rows(rows).view(np.uint8)
        if plain:
            images["x"] = sample_rows(x).view(np.uint8)
        scratch = {"x_spectra": scratch_bytes(config, plan)} if plain or not ring else {}
        rings = {"ring": case.channels * ring * spectrum} if ring else {}
        filters = case.channels * filter_chunks(config, plan) * spectrum
        sizes_y = {name.replace("x", "y"): len(raw) for name, raw in images.items()}
        pointers: dict[str, int] = {}
        for memory, sizes in (
            ("samples", sizes_y | {name: len(raw) for name, raw in images.items()}),
            ("x_spectra", scratch | rings),
            ("h_spectra", {"h_spectra": filters}),
            ("z_spectra", {"z_spectra": z_bytes(config, plan)}),
        ):
            if memory not in self.spans:
                continue
            span = self.spans[memory]
            pages = {name: -(-size // PAGE_BYTES) for name, size in sizes.items()}
            gap = len(span.bytes) // PAGE_BYTES - sum(pages.values())
            page = 0
            for name in order.sample(sorted(pages), len(pages)):
                skipped = order.randint(0, gap) if order.random() < 0.5 else 0
                gap -= skipped
                page += skipped
                pointers[name] = span.base + page * PAGE_BYTES
                contents = span.bytes[page * PAGE_BYTES :][: pages[name] * PAGE_BYTES]
                contents[:] = rng.integers(0, 256, len(contents), np.uint8)
                page += pages[name]
        for name, raw in images.items():
            self.kernel.ports["samples"].memory.upload(pointers[name], raw)

        def placed(job: Job, number: object) -> Job:
            return dataclasses.replace(
                job,
                x=pointers[f"x{number}"],
                h=pointers["h"],
                h_spectra=pointers["h_spectra"],
                x_spectra=pointers["ring" if job.ring else "x_spectra"],
                y=pointers[f"y{number}"],
                z_spectra=pointers.get("z_spectra", 0),
            )

        jobs: list[tuple[Job, Step]] = []
        for number, part in enumerate(parts):
            jobs.append((placed(part.job, number), part.step))
            if part.plain:
                jobs.append((placed(plan, ""), Step()))
        prepare = dataclasses.replace(jobs[-1][0], mode=Mode.PREPARE, length_x=case.length_x)
        return x, h, prepare, jobs

    # Acts: each returns whether the job is complete.

    def _run(self, values: Mapping[str, int], _: Step) -> bool:
        self._whole(values)
        return True

    def _queue(self, values: Mapping[str, int], step: Step) -> bool:
        """Starts the same job again while it runs, after other arguments were written."""
        rng = random.Random(step.at)
        running = self._start(values)
        self._advance(step.at)
        if self._read(Register.CONTROL) & Control.START:
            raise SoakError("the arguments of a job were not taken over")
        for register in rng.sample(ARGUMENTS, 3):
            self._write(register, rng.getrandbits(64 if register in WIDE else 32))
            self._read(register)
        for register in (Register.STATUS, Register.ERROR, Register.CHUNKS_DONE, *COUNTERS):
            self._read(register)
        self._arguments(values)
        self.kernel.write(Register.CONTROL, Control.START)
        self._wait()
        self._acknowledge()
        self._judge(running, {"none"})
        for area in running.prediction.areas:
            start = area.address - BASES[area.memory]
            written = self.spans[area.memory].bytes[start : start + len(area.after)]
            if values["ring"] and area.memory == "x_spectra":
                written[:] = np.frombuffer(area.before, np.uint8)  # with the past
            else:
                written[:] = np.random.default_rng(step.at).integers(0, 256, len(written), np.uint8)
        running = self._begin(self.oracle.predict(0, values), Control.CONTINUE)
        self._wait()
        self._acknowledge()
        self._judge(running, {"none"})
        self.kernel.write(Register.CONTROL, Control.CONTINUE)
        return True

    def _bad(self, values: Mapping[str, int], step: Step) -> bool:
        """An argument that is refused, unless the job's mode has no use for it."""
        name, value = next(iter(BAD[step.at % len(BAD)].items()))
        if value == -1:
            value = (1 << self.kernel.config.max_length_log2) + 1
        elif name == "first_chunk" and values["ring"]:
            value = values[name]  # in a ring any place is good, but only this is the stream's
        elif name not in ("mode", "channels", "length_x", "length_h"):
            value += values[name]
        running = self._start({**values, name: value})
        self._wait()
        self._acknowledge()
        self._judge(running, {running.prediction.error})
        self.kernel.write(Register.CONTROL, Control.CONTINUE)
        return False

    def _error(self, values: Mapping[str, int], step: Step) -> bool:
        """One beat is answered with an error."""
        port = ALL_PORTS[step.port]
        memory = self.kernel.ports[port.memory]
        addresses = self._addresses(port, values)
        allowed = {port.error if addresses else "none"}
        address = addresses[step.at % len(addresses)] if addresses else BASES[port.memory]
        memory.set_error(write=port.write, address=address, response=step.response)
        running = self._start(values)
        self._wait()
        self._acknowledge()
        self._judge(running, allowed)
        memory.set_error(write=port.write, address=None)
        self.kernel.write(Register.CONTROL, Control.CONTINUE)
        return not addresses

    def _addresses(self, port: Port, values: Mapping[str, int]) -> list[int]:
        """Where a job moves beats through a port."""
        config, beat = self.kernel.config, self.kernel.config.axi_bits // 8
        prediction = self.oracle.predict(0, values)
        if port.memory == "samples" or config.four_step:
            starts = [
                (window.address + row * window.stride, window.used)
                for window in prediction.windows
                if window.port == port
                for row in range(window.rows)
            ]
        else:
            kind = f"{port.memory[0]}_{'store' if port.write else 'read'}"
            stream = streams(config, prediction.job)[kind]
            size = spectrum_bytes(config)
            starts = sorted({(command.addr, size) for command in stream})  # type: ignore[union-attr]
        return [address for start, size in starts for address in range(start, start + size, beat)]

    def _abort(self, values: Mapping[str, int], step: Step) -> bool:
        """The host ends the job."""
        running = self._start(values)
        if self._advance(step.at):
            self._acknowledge()
            self._judge(running, {"none"})
            self.kernel.write(Register.CONTROL, Control.CONTINUE)
            return True
        self.kernel.write(Register.CONTROL, Control.SW_RESET)
        last = self.kernel.clocks + self._limit
        while self._read(Register.CONTROL) & Control.SW_RESET:
            self._advance(POLL_CLOCKS)
            if self.kernel.clocks > last:
                raise SoakError(f"an abort has not ended after {self._limit} clocks")
        if (control := self._read(Register.CONTROL)) != Control.IDLE:
            raise SoakError(f"control is {control:#x} after an abort")
        if self._read(Register.INTERRUPT_STATUS) or self.kernel.run(1):
            raise SoakError("an interrupt is pending after an abort")
        # The job may have ended while the host wrote.
        return self._judge(running, {"aborted", "none"}) == "none"

    def _reset_act(self, values: Mapping[str, int], step: Step) -> bool:
        """The kernel and the memories are reset together."""
        running = self._start(values)
        self._advance(step.at)
        self._release()
        self._reset()
        for register in (Register.STATUS, Register.ERROR, Register.CHUNKS_DONE, *COUNTERS):
            if value := self._read(register):
                raise SoakError(f"{register.name.lower()} is {value:#x} after a reset")
        if (control := self._read(Register.CONTROL)) != Control.IDLE:
            raise SoakError(f"control is {control:#x} after a reset")
        self._compare(running, False, "reset")
        return False

    def _silent(self, values: Mapping[str, int], step: Step) -> bool:
        """A channel on which nothing moves: the watchdog ends the job, and until the memory has
        answered after all, no other begins."""
        port = ALL_PORTS[step.port]
        memory = self.kernel.ports[port.memory]
        usual = self._read(Register.WATCHDOG)
        self._write(Register.WATCHDOG, step.watchdog)
        memory.hold(step.channel)
        running = self._start(values)
        used = running.prediction.beats[port] > 0
        self._wait()
        self._acknowledge()
        self._judge(running, {f"{port.error}_timeout" if used else "none"})
        self.kernel.write(Register.CONTROL, Control.CONTINUE)
        if used:
            refused = self._start(values, UNANSWERED)
            # A burst that was presented before the end may be written after it.
            refused.prediction.areas = running.prediction.areas
            self._wait()
            self._acknowledge()
            self._judge(refused, {UNANSWERED})
            self.kernel.write(Register.CONTROL, Control.CONTINUE)
        memory.hold()
        last = self.kernel.clocks + OVERHEAD
        while self._read(Register.STATUS) & Status.UNANSWERED:
            self._advance(POLL_CLOCKS)
            if self.kernel.clocks > last:
                raise SoakError("the memory has answered, and status still says unanswered")
        self._write(Register.WATCHDOG, usual)
        if used:
            # What was held has been written since, and nothing else.
            self._compare(running, False, "reset")
            self.jobs -= 1
            self.ends["reset"] -= 1
        return not used


ACTIONS: dict[str, Callable[[Driver, Mapping[str, int], Step], bool]] = {
    "run": Driver._run,
    "queue": Driver._queue,
    "bad": Driver._bad,
    "error": Driver._error,
    "abort": Driver._abort,
    "reset": Driver._reset_act,
    "silent": Driver._silent,
}


def problem_of(driver: Driver, case: Case) -> str:
    """What went wrong in a case; "" if nothing did."""
    try:
        driver.run(case)
    except (SoakError, KernelError) as error:
        return str(error)
    return ""


def play(script: Script, kernel: RtlKernel) -> str:
    """Runs a script on a new kernel; what went wrong, or ""."""
    kernel.stop_clocks(script.stop_clocks)
    driver = Driver(kernel)
    return next(filter(None, (problem_of(driver, case) for case in script.cases)), "")
