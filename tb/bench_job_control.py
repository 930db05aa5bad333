# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""job_control behind its registers: the bench is the host on one side and the core on the other."""

from __future__ import annotations

import dataclasses
import os
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from models import configs
from models.chunk_controller import MAX_CHANNELS, PAGE_BYTES, Job, Mode
from tb import control
from tb.control import ARGUMENTS, Host

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
LIMIT = 1 << CONFIG.max_length_log2
RESET_CLOCKS = 4
QUIET_CLOCKS = 8
BAD_MODE, BAD_CHANNELS, BAD_LENGTH_X, BAD_LENGTH_H, BAD_POINTER = range(1, 6)
FIRST_PORT_ERROR = 6
USED = {
    Mode.PREPARE: ("h", "h_spectra"),
    Mode.CONVOLVE: ("x", "h_spectra", "x_spectra", "y"),
}


def good_job() -> Job:
    """A random valid job; what its mode does not use is random and often invalid."""
    mode = random.choice(list(Mode))
    unused = 0 if mode == Mode.CONVOLVE else random.choice((0, LIMIT + 1, random.getrandbits(32)))
    pointers = {
        name: random.getrandbits(52) << 12 if name in USED[mode] else random.getrandbits(64)
        for name in ("x", "h", "h_spectra", "x_spectra", "y")
    }
    length = random.choice((1, LIMIT, random.randint(1, LIMIT)))
    return Job(
        mode,
        random.choice((1, MAX_CHANNELS, random.randint(1, MAX_CHANNELS))),
        unused or length,
        random.choice((1, LIMIT, random.randint(1, LIMIT))),
        **pointers,
    )


@dataclasses.dataclass
class Run:
    """One start of the core."""

    arguments: dict[str, int]
    reset_clocks: int


class Core:
    """The core's side: watches every clock and acts as told."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.runs: list[Run] = []
        self.reset_clocks = 0
        self.resets = 0
        cocotb.start_soon(self._watch())

    def arguments(self) -> dict[str, int]:
        """The job's arguments as the core sees them."""
        return {name: int(getattr(self.dut, f"{name}_o").value) for name in ARGUMENTS}

    async def _watch(self) -> None:
        dut = self.dut
        running: dict[str, int] | None = None
        booting = True  # the core's reset ends a clock after the kernel's
        while True:
            await FallingEdge(dut.clk_i)
            booting = dut.rst_ni.value != 1 or (booting and dut.core_rst_no.value == 0)
            if booting:
                running = None
                self.reset_clocks = 0
                continue
            if dut.core_rst_no.value == 0:
                running = None
                self.resets += self.reset_clocks == 0
                self.reset_clocks += 1
            if dut.controller_start_o.value == 1:
                assert dut.core_rst_no.value == 1 and dut.stop_o.value == 0
                assert running is None, "two starts after one reset"
                running = self.arguments()
                self.runs.append(Run(running, self.reset_clocks))
                self.reset_clocks = 0
                dut.controller_done_i.value = 0

    async def started(self) -> None:
        """Waits for the next start."""
        count = len(self.runs)
        for _ in range(200):
            await FallingEdge(self.dut.clk_i)
            if len(self.runs) > count:
                return
        raise AssertionError("the core was not started")

    async def set(self, **inputs: int) -> None:
        """Drives inputs after the next edge."""
        await RisingEdge(self.dut.clk_i)
        for name, value in inputs.items():
            getattr(self.dut, name).value = value

    async def clocks(self, count: int) -> None:
        """Lets clocks pass."""
        for _ in range(count):
            await RisingEdge(self.dut.clk_i)

    async def finish(self) -> None:
        """The job's natural end."""
        await self.set(controller_done_i=1, ports_idle_i=1)

    async def pulse_error(self, errors: int) -> None:
        """One clock of error inputs."""
        await self.set(error_i=errors)
        await self.set(error_i=0)


async def bench(dut: Any) -> tuple[Host, Core]:
    """Host and core after reset."""
    host = Host(dut)
    await host.start()
    core = Core(dut)
    await core.clocks(2)
    return host, core


async def wait_done(host: Host) -> None:
    """Polls CTRL as a host does."""
    for _ in range(50):
        if await host.read(control.CONTROL) & control.DONE:
            return
    raise AssertionError("the job did not end")


def check_arguments(run: Run, job: Job) -> None:
    """The core saw the job's arguments."""
    assert run.arguments == {name: int(value) for name, value in dataclasses.asdict(job).items()}
    assert run.reset_clocks == RESET_CLOCKS


@cocotb.test()
async def jobs_one_by_one(dut: Any) -> None:
    """Start, run, done, continue; the bits of CTRL at each step; flags, counters, interrupts."""
    host, core = await bench(dut)
    await host.write(control.GLOBAL_ENABLE, 1)
    await host.write(control.ENABLE, 3)
    for _ in range(8):
        job = good_job()
        await host.arguments(job)
        assert await host.read(control.CONTROL) == control.IDLE
        started = cocotb.start_soon(core.started())
        await core.set(ports_idle_i=0, controller_done_i=1)  # as the last job left it
        await host.write(control.CONTROL, control.START)
        await started
        check_arguments(core.runs[-1], job)
        assert await host.read(control.CONTROL) == control.READY
        assert await host.read(control.CONTROL) == 0, "ap_ready clears when read"
        assert await host.read(control.STATUS) == 2 and dut.interrupt_o.value == 1
        await host.write(control.STATUS, 2)
        await FallingEdge(dut.clk_i)
        assert dut.interrupt_o.value == 0
        counts = [0] * 7
        for _ in range(random.randint(1, 60)):
            pulses = random.getrandbits(7)
            await core.set(count_i=pulses)
            for bit in range(7):
                counts[bit] += pulses >> bit & 1
        saturated, non_finite = random.getrandbits(1), random.getrandbits(1)
        await core.set(count_i=0, saturated_i=saturated, non_finite_i=non_finite)
        await core.set(saturated_i=0, non_finite_i=0)
        await core.clocks(random.randint(0, 20))
        assert not await host.read(control.CONTROL) & control.DONE
        await core.finish()
        await wait_done(host)
        assert await host.read(control.CONTROL) == control.DONE
        assert await host.read(control.STATUS) == 1 and dut.interrupt_o.value == 1
        await host.write(control.STATUS, 1)
        assert await host.read(control.STATUS) == 0, "the event is not repeated"
        assert await host.read(control.FLAGS) == saturated | non_finite << 1
        assert await host.read(control.ERROR) == 0
        assert await host.read(control.CHUNKS_DONE) == counts[0]
        for offset, count in zip((control.MAC_BEATS, *control.STALLS), counts[1:], strict=True):
            assert await host.read(offset, 64) == count, hex(offset)
        # Pulses after the end count no more.
        await core.set(count_i=0x7F, saturated_i=1, error_i=1)
        await core.set(count_i=0, saturated_i=0, error_i=0)
        assert await host.read(control.MAC_BEATS, 64) == counts[1]
        assert await host.read(control.FLAGS) == saturated | non_finite << 1
        await host.write(control.CONTROL, control.CONTINUE)
        assert await host.read(control.CONTROL) == control.IDLE
        await core.set(controller_done_i=0)
    assert len(core.runs) == 8


@cocotb.test()
async def clocks_counter(dut: Any) -> None:
    """Clocks from start to done, compared with the bench's own count."""
    host, core = await bench(dut)
    for wait in (0, 37, 500):
        await host.arguments(good_job())
        started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, control.START)
        await started
        await core.clocks(wait)
        await core.finish()
        await wait_done(host)
        clocks = await host.read(control.CLOCKS, 64)
        overhead = clocks - wait
        dut._log.info(f"{clocks} clocks, of which {overhead} around the run")
        assert 20 < overhead < 45
        await core.clocks(10)
        assert await host.read(control.CLOCKS, 64) == clocks
        await host.write(control.CONTROL, control.CONTINUE)


@cocotb.test()
async def end_needs_everything_idle(dut: Any) -> None:
    """Done comes only after controller and ports have been idle together for a while."""
    host, core = await bench(dut)
    await host.arguments(good_job())
    started = cocotb.start_soon(core.started())
    await host.write(control.CONTROL, control.START)
    await started
    for _ in range(10):
        first, second = random.sample(("controller_done_i", "ports_idle_i"), 2)
        await core.set(**{first: 1, second: 0})
        await core.clocks(QUIET_CLOCKS + 4)
        await core.set(**{second: 1})
        await core.clocks(random.randint(0, QUIET_CLOCKS - 2))
        await core.set(controller_done_i=1, ports_idle_i=0)
        assert not await host.read(control.CONTROL) & control.DONE
    await core.finish()
    await wait_done(host)


def bad_jobs() -> list[tuple[int, dict[str, int]]]:
    """(code, arguments to spoil): each kind of bad value by itself."""
    kinds: list[tuple[int, dict[str, int]]] = [
        (BAD_MODE, {"mode": value}) for value in (2, 3, 1 << 31, random.getrandbits(31) | 2)
    ]
    kinds += [
        (BAD_CHANNELS, {"channels": value}) for value in (0, MAX_CHANNELS + 1, 1 << 31, 0xFFFFFFFF)
    ]
    for name, code in (("length_x", BAD_LENGTH_X), ("length_h", BAD_LENGTH_H)):
        kinds += [(code, {name: value}) for value in (0, LIMIT + 1, 2 * LIMIT, 0xFFFFFFFF)]
    for name in ("x", "h", "h_spectra", "x_spectra", "y"):
        kinds += [(BAD_POINTER, {name: (1 << 12) + (1 << bit)}) for bit in (0, 5, 11)]
    return kinds


async def run_bad(host: Host, core: Core, arguments: dict[str, int], code: int) -> None:
    """A job that has to end with a code and without touching the core."""
    for name, value in arguments.items():
        offset, bits = ARGUMENTS[name]
        await host.write(offset, value, bits)
    await host.write(control.CONTROL, control.START)
    await wait_done(host)
    assert await host.read(control.ERROR) == code, arguments
    assert await host.read(control.CLOCKS, 64) < 5
    assert not core.runs and not core.resets, arguments
    await host.write(control.CONTROL, control.CONTINUE)


@cocotb.test()
async def bad_arguments(dut: Any) -> None:
    """Each bad argument has its code, the lowest first; the core is neither reset nor started."""
    host, core = await bench(dut)
    for code, spoil in bad_jobs():
        name = next(iter(spoil))
        job = good_job()
        mode = Mode.PREPARE if name == "h" else Mode.CONVOLVE
        arguments = {key: int(value) for key, value in dataclasses.asdict(job).items()}
        arguments |= dict.fromkeys(USED[mode], 7 * PAGE_BYTES)
        arguments |= {"mode": int(mode), "length_x": min(job.length_x, LIMIT) or 1} | spoil
        await run_bad(host, core, arguments, code)
    for _ in range(20):
        kinds = random.sample(bad_jobs(), 3)
        arguments = {
            "mode": int(Mode.CONVOLVE), "channels": 1, "length_x": 1, "length_h": 1,
            "x": 0, "h": 0, "h_spectra": 0, "x_spectra": 0, "y": 0,
        }  # fmt: skip
        kinds = [(code, spoil) for code, spoil in kinds if "h" not in spoil and "mode" not in spoil]
        for _, spoil in kinds:
            arguments |= spoil
        if kinds:
            await run_bad(host, core, arguments, min(code for code, _ in kinds))


@cocotb.test()
async def errors_while_running(dut: Any) -> None:
    """The first error stops the ports, waits for them, and is the code; the next job runs."""
    host, core = await bench(dut)
    for turn in range(14):
        await host.arguments(good_job())
        await core.set(controller_done_i=0, ports_idle_i=0)
        started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, control.START)
        await started
        await core.clocks(random.randint(0, 30))
        errors = 1 << turn if turn < 6 else random.randint(1, 63)
        first = (errors & -errors).bit_length() - 1
        assert dut.stop_o.value == 0
        await core.pulse_error(errors)
        await FallingEdge(dut.clk_i)
        assert dut.stop_o.value == 1
        # Later errors do not matter, nor does the controller, which will never finish.
        await core.pulse_error(random.randint(1, 63))
        await core.clocks(random.randint(QUIET_CLOCKS, 40))
        assert await host.read(control.CONTROL) & (control.DONE | control.IDLE) == 0
        await core.set(ports_idle_i=1)
        await core.clocks(QUIET_CLOCKS // 2)
        await core.set(ports_idle_i=0)
        assert await host.read(control.CONTROL) & (control.DONE | control.IDLE) == 0
        await core.set(ports_idle_i=1)
        await wait_done(host)
        assert await host.read(control.ERROR) == FIRST_PORT_ERROR + first
        assert dut.stop_o.value == 1, "nothing may move until the next job's reset"
        if turn % 3 == 0:
            await host.write(control.CONTROL, control.CONTINUE)
            await host.write(ARGUMENTS["channels"][0], 0)
            await host.write(control.CONTROL, control.START)
            await wait_done(host)
            assert await host.read(control.ERROR) == BAD_CHANNELS
            assert dut.stop_o.value == 1, "a job that does not run does not release the ports"
        await host.write(control.CONTROL, control.CONTINUE)
        await host.arguments(good_job())
        started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, control.START)
        await started
        await core.finish()
        await wait_done(host)
        assert await host.read(control.ERROR) == 0
        await host.write(control.CONTROL, control.CONTINUE)
    assert len(core.runs) == 28 and core.resets == 28


@cocotb.test()
async def error_at_the_last_moment(dut: Any) -> None:
    """An error that comes while the end is being confirmed still counts."""
    host, core = await bench(dut)
    for wait in range(QUIET_CLOCKS - 1):
        await host.arguments(good_job())
        await core.set(controller_done_i=0, ports_idle_i=1)
        started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, control.START)
        await started
        await core.finish()
        await core.clocks(wait)
        await core.pulse_error(0b100)
        await wait_done(host)
        assert await host.read(control.ERROR) == FIRST_PORT_ERROR + 2, wait
        await host.write(control.CONTROL, control.CONTINUE)


@cocotb.test()
async def back_to_back(dut: Any) -> None:
    """The next job is written and started while one runs; it begins after ap_continue."""
    host, core = await bench(dut)
    jobs = [good_job() for _ in range(6)]
    await host.arguments(jobs[0])
    started = cocotb.start_soon(core.started())
    await host.write(control.CONTROL, control.START)
    await started
    for number, job in enumerate(jobs):
        check_arguments(core.runs[-1], job)
        last = number + 1 == len(jobs)
        if not last:
            await host.arguments(jobs[number + 1])
            await host.write(control.CONTROL, control.START)
            assert await host.read(control.CONTROL) & control.START
        await core.clocks(random.randint(0, 30))
        assert core.arguments() == core.runs[-1].arguments, "a running job's arguments changed"
        await core.finish()
        await wait_done(host)
        await core.clocks(60)
        assert len(core.runs) == number + 1, "the next job began without ap_continue"
        assert await host.read(control.ERROR) == 0
        if not last:
            started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, control.CONTINUE)
        if not last:
            await started
            assert not await host.read(control.CONTROL) & (control.START | control.DONE)
    assert await host.read(control.CONTROL) == control.IDLE


@cocotb.test()
async def continue_and_start_in_one_write(dut: Any) -> None:
    """Acknowledging and starting together runs the next job."""
    host, core = await bench(dut)
    await host.arguments(good_job())
    for command in (control.START, control.START | control.CONTINUE):
        started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, command)
        await started
        await core.finish()
        await wait_done(host)
    assert len(core.runs) == 2


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset at any moment everything is as at the beginning, and a job runs."""
    host, core = await bench(dut)
    for _ in range(8):
        await host.arguments(good_job())
        await core.set(ports_idle_i=random.getrandbits(1), controller_done_i=0)
        await host.write(control.CONTROL, control.START)
        await core.clocks(random.randint(0, 40))
        if random.getrandbits(1):
            await core.pulse_error(1)
        await host.reset()
        await FallingEdge(dut.clk_i)
        assert dut.stop_o.value == 0 and dut.interrupt_o.value == 0
        assert await host.read(control.CONTROL) == control.IDLE
        for offset in (control.ERROR, control.FLAGS, control.CLOCKS, ARGUMENTS["channels"][0]):
            assert await host.read(offset) == 0
        job = good_job()
        await host.arguments(job)
        started = cocotb.start_soon(core.started())
        await host.write(control.CONTROL, control.START)
        await started
        check_arguments(core.runs[-1], job)
        await core.finish()
        await wait_done(host)
        assert await host.read(control.ERROR) == 0
        await host.write(control.CONTROL, control.CONTINUE)
