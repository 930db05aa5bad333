# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs: job_control behind its registers, with a host on one side and a core on the other. The
environment compares the inputs of both, in every clock, with the model of the jobs."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Iterator

import cocotb
import pyuvm
from cocotb.triggers import FallingEdge

from crocuta.kernel import POINTERS, arguments
from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import MAX_CHANNELS, Job, Mode
from crocuta.models.layout import PAGE_BYTES
from tb.agents.axi_lite import AxiLiteItem
from tb.envs.control_registers import (
    ABORT,
    ARGUMENT_WORDS,
    CONTINUE,
    START,
    ControlTest,
    argument_items,
    good_job,
)
from tb.envs.job_model import (
    COUNTERS,
    FIRST_PORT_ERROR,
    FIRST_TIMEOUT,
    JUDGED,
    PORTS,
    QUIET,
    STARTED,
    ring_sizes,
    used,
)
from tb.lib.coverage import covergroup
from tb.lib.profiles import PROFILES
from tb.lib.registers import ERRORS, HIGH, OFFSETS, REGISTERS, bit

DONE, IDLE, READY = (bit("control", name) for name in ("done", "idle", "ready"))
# Verilator may keep several copies of a register: a value deposited in one is not in the others.
ONE_NAME = cocotb.SIM_NAME.lower().startswith("icarus")
RESULTS = ("status", "error", "chunks_done", "clocks", "clocks_high", *COUNTERS[1:])


class JobTest(ControlTest):
    """Operations shared by the tests of jobs."""

    async def interrupts(self, enable: int, line: int) -> None:
        """Sets the enables and clears the status."""
        await self.write("interrupt_enable", enable)
        await self.write("global_interrupt", line)
        await self.write("interrupt_status", await self.read("interrupt_status"))

    async def pulses(self, clocks: int) -> None:
        """Drives random pulses on all counters and now and then on the flags."""
        for _ in range(clocks):
            await self.core(
                pulses=random.getrandbits(len(COUNTERS)),
                saturated=int(random.random() < 0.05),
                non_finite=int(random.random() < 0.05),
            )
        await self.core(pulses=0, saturated=0, non_finite=0)

    async def start_with_noise(self, job: Job) -> None:
        """Starts a job; before the core starts, it drives pulses that must not count."""
        await self.arguments(job)
        self.env.started.clear()
        await self.write("control", START)
        noise = {name: random.getrandbits(1) for name in ("saturated", "non_finite")}
        every = {"pulses": (1 << len(COUNTERS)) - 1, "error": (1 << PORTS) - 1}
        await self.core(random.randint(1, STARTED - 7), **noise, **every)
        await self.core(saturated=0, non_finite=0, pulses=0, error=0)
        assert not self.env.started.is_set(), "the core was started too soon"
        await self.wait_started()

    async def error(self, errors: int) -> None:
        """Drives errors for one clock."""
        await self.core(error=errors)
        await self.core(error=0)

    async def results(self) -> None:
        """Reads all results of a job."""
        for name in RESULTS:
            await self.read(name)

    async def acknowledge(self) -> None:
        """Acknowledges the job's end."""
        await self.write("control", CONTINUE)

    async def wait_aborted(self) -> None:
        """Polls the control register until the abort has left the kernel idle."""
        for _ in range(50):
            control = await self.read("control")
            if not control & ABORT:
                assert control == IDLE, f"control is {control:#x} after an abort"
                assert not await self.read("interrupt_status")
                return
        raise AssertionError("the abort did not end")

    async def code(self) -> str:
        """The name of the error."""
        return ERRORS[await self.read("error")]


@pyuvm.test()
class JobsOneByOne(JobTest):
    """Start, run, done, continue; flags, counters and interrupts with every enable."""

    async def main(self) -> None:
        """Runs a job for each setting of the interrupts, each twice."""
        for setting in [*range(8), *random.sample(range(8), 4)]:
            await self.interrupts(setting & 3, setting >> 2)
            assert await self.read("control") == IDLE
            await self.core(controller_done=0, ports_idle=0)
            await self.start_with_noise(good_job(self.config))
            assert await self.read("control") == READY
            assert await self.read("control") == 0, "ap_ready clears when read"
            await self.write("interrupt_status", setting & 2)
            await self.pulses(random.randint(1, 60))
            assert not await self.read("control") & DONE
            await self.finish()
            assert await self.read("control") == DONE
            assert await self.code() == "none"
            await self.write("interrupt_status", setting & 1)
            assert await self.read("interrupt_status") == 0, "the event is not repeated"
            await self.results()
            # Neither pulses nor errors count after the end.
            await self.core(pulses=0x7F, saturated=1, non_finite=1, error=1)
            await self.core(pulses=0, saturated=0, non_finite=0, error=0)
            await self.results()
            await self.acknowledge()


@pyuvm.test()
class LongCounts(JobTest):
    """Every counter by itself, and the clocks of jobs of several lengths."""

    async def main(self) -> None:
        """Gives each counter in turn one more pulse."""
        clocks = set()
        for turn in range(3):
            await self.core(controller_done=0)
            await self.start(good_job(self.config))
            for counter in range(len(COUNTERS)):
                await self.core(counter + 1 + turn, pulses=1 << counter)
            await self.core(1 + 250 * turn, pulses=0)
            await self.finish()
            for counter, name in enumerate(COUNTERS):
                assert await self.read(name) == counter + 1 + turn, name
                if name + HIGH in OFFSETS:
                    assert await self.read(name + HIGH) == 0, name
            clocks.add(await self.read("clocks"))
            await self.results()
            await self.acknowledge()
        assert len(clocks) == 3


@pyuvm.test(skip=not ONE_NAME)
class EveryCounterBit(JobTest):
    """A carry into each bit of each counter; the next job clears every bit."""

    async def jump(self, values: dict[str, int]) -> None:
        """Sets counters, and their model, to what they would reach in hours."""
        await FallingEdge(self.dut.clk_i)
        for name, value in values.items():
            getattr(self.dut.u_job_control, f"{name}_o").value = value
        # The model is one clock behind, so for the model this is still the clock of the jump.
        await FallingEdge(self.dut.clk_i)
        self.env.predictor.job.counts.update(values)

    async def main(self) -> None:
        """In each turn sets every counter to one below a carry into another bit."""
        widths = {name: 64 if name + HIGH in OFFSETS else 32 for name in (*COUNTERS, "clocks")}
        await self.core(controller_done=0)
        await self.start(good_job(self.config))
        carried = set()
        sample = covergroup("control_registers.carry", {"bit": tuple(map(str, range(1, 64)))})
        for turn in range(63):
            carries = {
                name: (turn + 9 * number) % (width - 1) + 1
                for number, (name, width) in enumerate(widths.items())
            }
            await self.jump({name: (1 << carry) - 1 for name, carry in carries.items()})
            await self.core(pulses=(1 << len(COUNTERS)) - 1)
            await self.core(pulses=0)
            for name, carry in carries.items():
                low, high = await self.read(name), 0
                if name + HIGH in OFFSETS:
                    high = await self.read(name + HIGH)
                # The clocks continue until they are read.
                over = (low | high << 32) - (1 << carry)
                assert 0 <= over < 1000 if name == "clocks" else over == 0, (name, carry, over)
                carried.add((name, carry))
                sample(str(carry))
        assert len(carried) == sum(width - 1 for width in widths.values())
        await self.jump({name: (1 << width) - 5000 for name, width in widths.items()})
        await self.results()
        await self.finish()
        await self.acknowledge()
        await self.run(good_job(self.config))
        for name in COUNTERS:
            assert await self.read(name) == 0, name
        await self.results()


@pyuvm.test()
class EndNeedsEverythingIdle(JobTest):
    """Done comes only after controller and ports have been idle together for a while."""

    async def main(self) -> None:
        """Makes each idle alone, and both for each number of clocks that is too short."""
        await self.core(controller_done=0, ports_idle=0)
        await self.start(good_job(self.config))
        for clocks in range(1, QUIET):
            first, second = random.sample(("controller_done", "ports_idle"), 2)
            await self.core(QUIET + 4, **{first: 1, second: 0})
            await self.core(clocks, **{second: 1})
            again = random.choice((first, second))
            await self.core(random.choice((1, 1, QUIET + 4)), **{again: 0})
            assert not await self.read("control") & DONE
        await self.finish()
        assert await self.code() == "none"


class ArgumentTest(JobTest):
    """Jobs with good and bad arguments."""

    async def good(self, mode: Mode) -> None:
        """Writes a good job's arguments, and keeps them."""
        job = good_job(self.config)
        limit = 1 << self.config.max_length_log2
        pointers = dict.fromkeys(used(mode, self.config), 7 * PAGE_BYTES)
        length_x = min(job.length_x, limit) or 1
        self.job = dataclasses.replace(
            job, mode=mode, length_x=length_x, ring=0, first_chunk=0, **pointers
        )
        await self.arguments(self.job)

    async def judged(self, code: str) -> None:
        """Starts a job that must end with an error code before the core is reset or started."""
        await self.write("control", START)
        await self.wait_done()
        assert await self.code() == code
        assert await self.read("clocks") < STARTED
        await self.acknowledge()


@pyuvm.test()
class BadArguments(ArgumentTest):
    """Each bad argument has its code, the lowest first; the core is neither reset nor started."""

    def bad(self) -> list[tuple[str, dict[str, int]]]:
        """(code, arguments to spoil): each kind of bad value by itself."""
        limit = 1 << self.config.max_length_log2
        kinds: list[tuple[str, dict[str, int]]] = [
            ("mode", {"mode": value}) for value in (2, 3, 1 << 31, random.getrandbits(31) | 2)
        ]
        kinds += [
            ("channels", {"channels": value})
            for value in (0, MAX_CHANNELS + 1, 1 << 31, 0xFFFF_FFFF)
        ]
        for name in ("length_x", "length_h"):
            kinds += [(name, {name: value}) for value in (0, limit + 1, 2 * limit, 0xFFFF_FFFF)]
        for name in [name for name in arguments(self.config) if name in POINTERS]:
            kinds += [("pointer", {name: PAGE_BYTES + (1 << bit)}) for bit in (0, 5, 11)]
        if self.config.four_step:
            return kinds
        # One row is too few for a chunk of each; a place in a ring needs a ring.
        rings = (1, 3, 2 * ring_sizes(self.config)[-1], 1 << 31, 0xFFFF_FFFF)
        kinds += [("ring", {"ring": value}) for value in rings]
        kinds += [("ring", {"first_chunk": value}) for value in (1, random.getrandbits(31) | 2)]
        return kinds

    async def spoilt(self, spoil: dict[str, int], code: str) -> None:
        """Runs a job with bad arguments."""
        mode = Mode.PREPARE if "h" in spoil else Mode.CONVOLVE
        await self.good(mode)
        await self.access(*argument_items(spoil))
        await self.judged(code)

    async def main(self) -> None:
        """Tries each alone, then some together."""
        self.env.started.clear()
        for code, spoil in self.bad():
            await self.spoilt(spoil, code)
        if not self.config.four_step:
            # The longest row leaves no room in any ring for a chunk of the other one.
            limit, most = 1 << self.config.max_length_log2, ring_sizes(self.config)[-1]
            for name in ("length_x", "length_h"):
                await self.spoilt({name: limit, "ring": most}, "ring")
        for _ in range(12):
            kinds = [kind for kind in random.sample(self.bad(), 3) if "h" not in kind[1]]
            spoil = {name: value for _, one in kinds for name, value in one.items()}
            if kinds and "mode" not in spoil:
                await self.spoilt(spoil, min((code for code, _ in kinds), key=ERRORS.index))
        assert not self.env.started.is_set(), "the core was started"


@pyuvm.test()
class EveryArgumentBit(ArgumentTest):
    """Each bit of each argument counts: one bit too many is bad, and one bit alone is enough."""

    def bad(self) -> Iterator[tuple[Mode, str, str, int]]:
        """(mode, code, argument, value): each with one bit that makes it bad."""
        limit_log2 = self.config.max_length_log2
        limits = {"channels": MAX_CHANNELS.bit_length() - 1}
        limits |= {"length_x": limit_log2, "length_h": limit_log2}
        for name, log2 in limits.items():
            values = [1 << log2 | 1 << place for place in range(log2)]
            for value in values + [1 << place for place in range(log2 + 1, 32)]:
                mode = Mode.CONVOLVE if name == "length_x" else random.choice(list(Mode))
                yield mode, name, name, value
        for place in range(1, 32):
            mode = random.choice(list(Mode))
            yield mode, "mode", "mode", mode | 1 << place
        for mode in Mode:
            for name in used(mode, self.config):
                for place in range(12):
                    yield mode, "pointer", name, PAGE_BYTES | 1 << place
        most = ring_sizes(self.config)[-1]
        for place in () if self.config.four_step else range(32):
            yield Mode.CONVOLVE, "ring", "first_chunk", 1 << place
            for other in (most, 1):
                if other != 1 << place:
                    yield Mode.CONVOLVE, "ring", "ring", other | 1 << place
            if 1 << place > most:
                yield Mode.CONVOLVE, "ring", "ring", 1 << place

    async def main(self) -> None:
        """Runs all bad ones, then good jobs with one bit per argument."""
        self.env.started.clear()
        bad = list(self.bad())
        for mode in Mode:
            await self.good(mode)
            good = dataclasses.asdict(self.job)
            for _, code, name, value in [entry for entry in bad if entry[0] == mode]:
                # Only the low word: the high word of a pointer stays good.
                await self.write(name, value)
                await self.judged(code)
                await self.write(name, int(good[name]) & 0xFFFF_FFFF)
        assert not self.env.started.is_set(), "the core was started"
        limit_log2 = self.config.max_length_log2
        for turn in range(52):
            pointers = {
                name: 1 << 12 + (turn + 11 * number) % 52 for number, name in enumerate(POINTERS)
            }
            job = Job(
                random.choice(list(Mode)),
                1 << turn % MAX_CHANNELS.bit_length(),
                1 << turn % (limit_log2 + 1),
                1 << (turn + 5) % (limit_log2 + 1),
                **pointers,
            )
            await self.run(job)
            assert await self.code() == "none", job
            await self.acknowledge()


@pyuvm.test()
class EdgesOfArguments(JobTest):
    """The largest and the smallest arguments are good, and their neighbours bad."""

    async def main(self) -> None:
        """Tries each length and the channels at both limits, in both modes."""
        limit = 1 << self.config.max_length_log2
        for mode in Mode:
            for channels, length_x, length_h in (
                (1, 1, 1),
                (MAX_CHANNELS, limit, limit),
                (1, limit, 1),
                (MAX_CHANNELS, 1, limit),
            ):
                job = dataclasses.replace(
                    good_job(self.config),
                    **{name: random.getrandbits(52) << 12 for name in POINTERS},
                    mode=mode,
                    channels=channels,
                    length_x=length_x,
                    length_h=length_h,
                    ring=0,
                    first_chunk=0,
                )
                await self.run(job)
                assert await self.code() == "none", job
                await self.acknowledge()


@pyuvm.test(skip=configs.load_model(os.environ["CROCUTA_CONFIG"]).four_step)
class EdgesOfRings(ArgumentTest):
    """A ring with a row for every chunk is good, and one with a row less is bad."""

    async def main(self) -> None:
        """Tries every size, with chunks of which there is only one sample, in x and in h."""
        chunk = self.config.chunk
        await self.good(Mode.CONVOLVE)
        good = self.job
        for ring in ring_sizes(self.config)[1:]:
            most = (ring - 1) * chunk
            split = random.randint(1, ring - 1) * chunk
            for length_x, length_h, fits in (
                (1, most, True),
                (most, chunk, True),
                (1, most + 1, False),
                (most + 1, 1, False),
                (split, ring * chunk - split + 1, False),
                (split, ring * chunk - split, True),
            ):
                # The largest may be too long, which is worse.
                if max(length_x, length_h) > 1 << self.config.max_length_log2:
                    continue
                job = dataclasses.replace(
                    good,
                    length_x=length_x,
                    length_h=length_h,
                    ring=ring,
                    first_chunk=random.getrandbits(32),
                )
                if fits:
                    await self.run(job)
                    assert await self.code() == "none", job
                    await self.acknowledge()
                else:
                    await self.arguments(job)
                    await self.judged("ring")
        # Each bit of a length says that there is a part of a chunk.
        for place in range(self.config.chunk_log2):
            for name in ("length_x", "length_h"):
                shortest = dataclasses.replace(good, length_x=1, length_h=1, ring=2, first_chunk=0)
                await self.arguments(shortest)
                await self.write(name, chunk | 1 << place)
                await self.judged("ring")


@pyuvm.test()
class ErrorsWhileRunning(JobTest):
    """The first error stops the ports, waits for them, and is the code; the next job runs."""

    async def main(self) -> None:
        """Tries each error alone, then combinations."""
        for turn in range(PORTS + 6):
            await self.core(controller_done=random.getrandbits(1), ports_idle=0)
            await self.start(good_job(self.config))
            await self.pulses(random.randint(0, 20))
            errors = 1 << turn if turn < PORTS else random.randint(1, (1 << PORTS) - 1)
            first = (errors & -errors).bit_length() - 1
            await self.error(errors)
            # Later errors do not matter, nor does the controller, which will never finish.
            await self.error(random.randint(1, (1 << PORTS) - 1))
            # Everything until the ports are idle is counted.
            await self.pulses(random.randint(1, 8))
            await self.core(random.randint(QUIET, 40), controller_done=0)
            assert not await self.read("control") & (DONE | IDLE)
            for clocks in (random.randint(1, QUIET - 1), QUIET - 1):
                await self.core(clocks, ports_idle=1)
                await self.core(ports_idle=0)
            assert not await self.read("control") & (DONE | IDLE)
            await self.core(ports_idle=1)
            await self.wait_done()
            code = ERRORS[FIRST_PORT_ERROR + first]
            assert await self.code() == code
            await self.results()
            if turn % 3 == 0:  # a job that is rejected does not release the ports
                await self.acknowledge()
                await self.write("channels", 0)
                await self.write("control", START)
                await self.wait_done()
                assert await self.code() == "channels"
            await self.acknowledge()
            await self.run(good_job(self.config))
            assert await self.code() == "none"
            await self.acknowledge()


@pyuvm.test()
class ErrorAtTheLastMoment(JobTest):
    """An error that comes while the end is being confirmed still counts; one later does not."""

    async def main(self) -> None:
        """Tries each clock of the end."""
        codes = []
        for wait in range(1, QUIET + 3):
            await self.core(controller_done=0, ports_idle=1)
            await self.start(good_job(self.config))
            await self.core(wait, controller_done=1)
            await self.error(0b100)
            await self.wait_done()
            codes.append(await self.code())
            await self.acknowledge()
        assert codes == [*["x_read"] * QUIET, *["none"] * 2]


@pyuvm.test()
class BackToBack(JobTest):
    """The next job is written and started while one runs; it starts after ap_continue."""

    async def main(self) -> None:
        """Runs several jobs."""
        jobs = [good_job(self.config) for _ in range(6)]
        await self.core(controller_done=0)
        await self.start(jobs[0])
        for job in jobs[1:]:
            await self.arguments(job)
            await self.write("control", START)
            assert await self.read("control") & START
            await self.core(random.randint(1, 30))
            self.env.started.clear()
            await self.finish()
            await self.core(60)
            assert not self.env.started.is_set(), "the next job began without ap_continue"
            await self.core(controller_done=0)
            await self.acknowledge()
            await self.wait_started()
            assert not await self.read("control") & (START | DONE)
        await self.finish()
        await self.acknowledge()
        assert await self.read("control") == IDLE


@pyuvm.test()
class ContinueAndStart(JobTest):
    """Acknowledging and starting, in one write and in any other way, runs the next job."""

    async def main(self) -> None:
        """Tries one write, two writes, and a start that is written repeatedly."""
        await self.run(good_job(self.config))
        for _ in range(3):
            self.env.started.clear()
            await self.core(controller_done=0)
            await self.write("control", START | CONTINUE)
            await self.wait_started()
            await self.finish()
        # A start that is written in the clock of the latch starts another job.
        for delay in range(4):
            await self.core(controller_done=0)
            self.env.started.clear()
            again = AxiLiteItem(True, OFFSETS["control"], START, delay=delay)
            await self.access(AxiLiteItem(True, OFFSETS["control"], START | CONTINUE, beside=again))
            await self.wait_started()
            await self.finish()
            while await self.read("control") & START:
                self.env.started.clear()
                await self.core(controller_done=0)
                await self.acknowledge()
                await self.wait_started()
                await self.finish()


@pyuvm.test()
class Aborts(JobTest):
    """Writing sw_reset ends any job once the ports are idle; the next job runs."""

    async def main(self) -> None:
        """Tries each state by itself; the model predicts the clocks."""
        await self.interrupts(3, 1)
        await self.nothing_runs()
        await self.running()
        await self.preparing()
        await self.twice()

    async def abort(self, strobe: int = 0xF) -> None:
        """Writes the bit."""
        await self.access(AxiLiteItem(True, OFFSETS["control"], ABORT, strobe))

    async def next_one(self) -> None:
        """Runs the next job."""
        self.env.started.clear()
        await self.run(good_job(self.config))
        assert await self.code() == "none"

    async def nothing_runs(self) -> None:
        """Aborts when idle, when an end waits for its acknowledge, and when a start waits behind
        one."""
        await self.abort()
        await self.wait_aborted()
        await self.next_one()
        await self.abort(0b1101)
        assert await self.read("control") & DONE, "the byte was not written"
        await self.abort(0b0010)
        await self.wait_aborted()
        assert await self.code() == "none", "no job was aborted"
        await self.next_one()
        await self.core(controller_done=0)
        await self.write("control", START)
        self.env.started.clear()
        await self.abort()
        await self.wait_aborted()
        await self.write("control", START | ABORT)
        await self.wait_aborted()
        await self.core(60)
        assert not self.env.started.is_set(), "a forgotten start"
        await self.next_one()
        await self.acknowledge()

    async def running(self) -> None:
        """Checks that the abort waits for the ports, even if written twice or with a start."""
        for turn in range(4):
            await self.core(controller_done=0, ports_idle=0)
            await self.start(good_job(self.config))
            await self.pulses(random.randint(0, 20))
            if turn == 1:
                await self.error(1 << 3)
            await self.abort()
            self.env.started.clear()
            if turn == 2:
                await self.write("control", ABORT)
            elif turn == 3:
                await self.write("control", START | CONTINUE)
            await self.core(random.randint(QUIET, 40))
            for clocks in (random.randint(1, QUIET - 1), QUIET - 1):
                await self.core(clocks, ports_idle=1)
                await self.core(ports_idle=0)
            assert await self.read("control") & (ABORT | IDLE | DONE | START) == ABORT
            assert self.dut.stop_o.value == 1
            await self.core(ports_idle=1)
            await self.wait_aborted()
            assert await self.code() == ("x_write" if turn == 1 else "aborted")
            await self.results()
            assert not self.env.started.is_set(), "a start during an abort"
            await self.next_one()
            await self.acknowledge()

    async def preparing(self) -> None:
        """Aborts at every distance from the start, with good and with bad arguments; and while an
        error, the end or a timeout comes."""
        codes = set()
        around = range(STARTED - 4, STARTED + 10)
        for meeting, delays in (
            ("nothing", range(STARTED)),
            ("bad argument", range(6)),
            ("error", around),
            ("end", around),
            ("timeout", around),
        ):
            for delay in delays:
                await self.arguments(good_job(self.config))
                if meeting == "bad argument":
                    await self.write("length_h", 0)
                await self.write("watchdog", 4 if meeting == "timeout" else 0)
                await self.core(
                    controller_done=int(meeting == "end"),
                    ports_idle=int(meeting == "end"),
                    pending=0,
                )
                self.env.started.clear()
                playing = cocotb.start_soon(self.meet(meeting))
                item = AxiLiteItem(True, OFFSETS["control"], ABORT, delay=delay)
                await self.access(AxiLiteItem(True, OFFSETS["control"], START, beside=item))
                await self.core(12)
                await self.core(ports_idle=1, pending=0)
                await self.wait_aborted()
                playing.cancel()
                codes.add(await self.code())
        assert codes == {"none", "length_h", "aborted", "x_read", "h_read_timeout"}
        await self.next_one()

    async def twice(self) -> None:
        """A second abort at every distance from the first, until the job has ended and later."""
        await self.acknowledge()
        await self.arguments(good_job(self.config))
        await self.core(controller_done=0, ports_idle=1, pending=0)
        for delay in range(2, JUDGED + 8):
            second = AxiLiteItem(True, OFFSETS["control"], ABORT, delay=delay)
            first = AxiLiteItem(True, OFFSETS["control"], ABORT, beside=second)
            await self.access(AxiLiteItem(True, OFFSETS["control"], START, beside=first))
            await self.wait_aborted()
            assert await self.code() == "aborted"
        await self.next_one()

    async def meet(self, meeting: str) -> None:
        """Events soon after the core has started."""
        await self.env.started.wait()
        if meeting == "error":
            await self.core(3)
            await self.error(0b110100)
        elif meeting == "timeout":
            await self.core(pending=0b110000)


@pyuvm.test()
class Timeouts(JobTest):
    """A memory that does not answer ends the job after the watchdog's clocks, with its port's
    code; no other job starts until it has answered."""

    async def main(self) -> None:
        """Tries each port, then several; while a job runs and while one stops."""
        assert await self.read("watchdog") == 1 << 24
        for turn in range(PORTS + 6):
            port = turn if turn < PORTS else random.randrange(PORTS)
            pending = 1 << port
            if turn >= PORTS:
                pending |= random.getrandbits(PORTS) & -pending
            await self.write("watchdog", random.choice((1, 2, 3, random.randint(4, 60))))
            await self.core(controller_done=0, ports_idle=0, progress=0)
            await self.start(good_job(self.config))
            if turn % 3 == 1:
                await self.error(1)
            elif turn % 3 == 2:
                await self.write("control", ABORT)
            await self.core(pending=pending)
            await (self.wait_aborted() if turn % 3 == 2 else self.wait_done())
            assert await self.code() == ERRORS[FIRST_TIMEOUT + port]
            assert self.dut.stop_o.value == 1
            await self.results()
            await self.unanswered()

    async def unanswered(self) -> None:
        """Checks that jobs end at once until the answers have come."""
        left = bit("status", "unanswered")
        assert await self.read("status") & left
        for spoil, code in ((1, "unanswered"), (0, "channels")):
            await self.acknowledge()
            self.env.started.clear()
            await self.arguments(good_job(self.config))
            if not spoil:
                await self.write("channels", 0)
            await self.write("control", START)
            await self.wait_done()
            assert await self.code() == code
            assert not self.env.started.is_set(), "the core was started"
            assert self.dut.stop_o.value == 1, "bursts may be presented"
        await self.core(pending=0)
        assert not await self.read("status") & left
        await self.acknowledge()
        await self.run(good_job(self.config))
        assert await self.code() == "none"
        await self.acknowledge()


@pyuvm.test()
class Patience(JobTest):
    """The watchdog counts only while a burst waits without activity, and not at all at 0."""

    async def main(self) -> None:
        """Tries pauses just short of it, answers in its very clock, progress on any port, and no
        watchdog."""
        limit = 12
        await self.write("watchdog", limit)
        await self.core(controller_done=0, ports_idle=0)
        await self.start(good_job(self.config))
        for _ in range(20):
            await self.core(limit - 1, pending=random.randint(1, 63), progress=0)
            await self.core(progress=1)
        await self.core(limit - 1, progress=0)
        await self.core(5 * limit, pending=0)
        for clocks in (limit - 1, limit):
            await self.core(clocks, pending=random.randint(1, 63))
            await self.core(4, pending=0)
            assert not await self.read("control") & DONE
        await self.write("watchdog", 0)
        await self.core(4, progress=1)
        await self.core(10 * limit, pending=4, progress=0)
        assert not await self.read("control") & DONE
        await self.core(progress=1)
        await self.core(progress=0, pending=0)
        await self.finish()
        assert await self.code() == "none"


@pyuvm.test()
class BurstsIdentifier(JobTest):
    """The bursts' ID changes with the first job after a reset, while the core is in reset, and at
    no other time."""

    async def main(self) -> None:
        """Runs jobs and resets."""
        resets = changes = 0
        last = None
        watched = 0

        async def watch() -> None:
            nonlocal changes, last, watched
            while True:
                await FallingEdge(self.dut.clk_i)
                now = int(self.dut.axi_id_o.value)
                if last is not None and now != last:
                    assert self.dut.core_rst_no.value == 0, "the ID changed while bursts may run"
                    changes += 1
                last = now
                watched += 1

        watching = cocotb.start_soon(watch())
        for count in (0, 2, 0, 0, 1, 3):
            await self.reset(random.choice((1, 2, 5)))
            resets += count > 0
            for _ in range(count):
                await self.run(good_job(self.config))
                await self.acknowledge()
            assert changes == resets
        watching.cancel()
        assert watched > 100


@pyuvm.test()
class HostMeetsEvents(JobTest):
    """Host accesses in the very clock of an event: no event is lost."""

    async def main(self) -> None:
        """Tries each access at every distance from the start, and from the end."""
        status = OFFSETS["interrupt_status"]
        await self.arguments(good_job(self.config))
        await self.interrupts(3, 1)
        for delay in range(8):
            for meeting in (
                AxiLiteItem(False, OFFSETS["control"], delay=delay),
                AxiLiteItem(True, status, 3, delay=delay),
            ):
                await self.core(controller_done=0)
                self.env.started.clear()
                await self.access(AxiLiteItem(True, OFFSETS["control"], START, beside=meeting))
                await self.wait_started()
                await self.read("control")
                await self.read("interrupt_status")
                await self.finish()
                await self.acknowledge()
        for delay in range(12):
            for meeting in (
                AxiLiteItem(False, OFFSETS["control"], delay=delay),
                AxiLiteItem(True, OFFSETS["control"], CONTINUE | START, delay=delay),
                AxiLiteItem(True, status, 1, delay=delay),
            ):
                await self.core(controller_done=0)
                self.env.started.clear()
                await self.write("control", START)
                await self.wait_started()
                await self.core(controller_done=1, ports_idle=1)
                await self.access(meeting)
                await self.read("interrupt_status")
                await self.wait_done()
                await self.write("control", CONTINUE)
                while not await self.read("control") & IDLE:
                    await self.acknowledge()


@pyuvm.test()
class RandomTraffic(JobTest):
    """A host that reads and writes anything at any time while jobs run, end and fail."""

    async def main(self) -> None:
        """Tries every kind of access in every state, then random ones."""
        playing = cocotb.start_soon(self.play())
        for turn in range(60):
            if turn % 6 == 0:
                await self.arguments(good_job(self.config))
            if turn % 10 == 9:
                await self.write("channels", 0)
            await self.write("control", random.choice((START, START | CONTINUE, CONTINUE)))
            for _ in range(random.randint(1, 10)):
                await self.access(self.any())
        playing.cancel()
        await self.core(error=0, controller_done=1, ports_idle=1)
        for state in ("idle", "preparing", "running", "stopping", "done"):
            for access in self.every():
                await self.reach(state)
                await self.access(access)
            for command in (START, START | CONTINUE):
                await self.reach(state)
                await self.write("control", command)
                await self.read("control")

    def any(self) -> AxiLiteItem:
        """Performs a random access."""
        register = random.choice(REGISTERS)
        write = random.random() < 0.4
        beside = None
        if random.random() < 0.3:
            beside = AxiLiteItem(False, random.choice(REGISTERS).offset, delay=random.randint(0, 3))
        return AxiLiteItem(
            write,
            register.offset,
            random.getrandbits(32),
            random.choice((0xF, random.randrange(16))),
            lead=random.choice((0, 0, -2, 2)),
            profile=random.choice(PROFILES),
            beside=beside,
        )

    def every(self) -> list[AxiLiteItem]:
        """Reads and writes each region; the writes start and end nothing."""
        names = ("control", random.choice(ARGUMENT_WORDS), random.choice(RESULTS))
        addresses = [*(OFFSETS[name] for name in names), 0xF00]
        return [
            AxiLiteItem(write, address, 0 if address == OFFSETS["control"] else 1)
            for address in addresses
            for write in (False, True)
        ]

    async def reach(self, state: str) -> None:
        """Brings a job to a state."""
        await self.core(controller_done=1, ports_idle=1)
        while not await self.read("control") & IDLE:
            await self.acknowledge()
        if state == "idle":
            return
        await self.arguments(good_job(self.config))
        await self.core(controller_done=0)
        self.env.started.clear()
        await self.write("control", START)
        if state == "preparing":
            return
        await self.wait_started()
        await self.core(3)
        if state == "stopping":
            await self.core(ports_idle=0)
            await self.error(1)
        elif state == "done":
            await self.finish()

    async def play(self) -> None:
        """A core that runs for some clocks, and sometimes fails."""
        while True:
            await self.env.started.wait()
            self.env.started.clear()
            await self.core(controller_done=0, ports_idle=random.getrandbits(1))
            await self.pulses(random.randint(0, 20))
            if random.random() < 0.4:
                await self.error(random.randint(1, (1 << PORTS) - 1))
                await self.core(random.randint(1, 20))
            await self.core(random.randint(1, 20), ports_idle=1)
            await self.core(controller_done=1)


@pyuvm.test()
class ResetInTheMiddle(JobTest):
    """After a reset at any moment everything has its initial state, and a job runs."""

    async def main(self) -> None:
        """Resets in every state of a job, then at random clocks."""
        for moment in ("idle", "preparing", "running", "stopping", "done", *range(6)):
            await self.interrupts(random.getrandbits(2), random.getrandbits(1))
            if moment != "idle":
                await self.arguments(good_job(self.config))
                await self.core(ports_idle=0, controller_done=0)
                self.env.started.clear()
                await self.write("control", START)
                if moment in ("running", "stopping", "done"):
                    await self.wait_started()
                    await self.core(2)
                if moment == "stopping":
                    await self.error(random.randint(1, (1 << PORTS) - 1))
                elif moment == "done":
                    await self.finish()
                elif moment not in ("preparing", "running"):
                    await self.env.drain(0, random.randint(0, 40))
                    if random.getrandbits(1):
                        await self.error(1)
            await self.reset(random.choice((1, 2, 4)))
            await FallingEdge(self.dut.clk_i)
            for register in REGISTERS:
                value = await self.read(register.name)
                assert value == register.reset_value(self.config), register.name
            await self.run(good_job(self.config))
            assert await self.code() == "none"
            await self.acknowledge()
