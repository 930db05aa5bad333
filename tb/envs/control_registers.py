# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of control_registers with job_control behind it: a host on the AXI4-Lite bus, a
core played by an agent, the register model and the model of the jobs."""

from __future__ import annotations

import dataclasses
import os
import random

from cocotb.triggers import Event, FallingEdge
from pyuvm import uvm_analysis_port, uvm_component, uvm_sequence

from crocuta.kernel import POINTERS
from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import MAX_CHANNELS, Job, Mode
from crocuta.models.layout import chunk_count
from tb.agents.agent import Listener, configure
from tb.agents.axi_lite import (
    AxiLiteAccess,
    AxiLiteAgent,
    AxiLiteConfig,
    AxiLiteItem,
    AxiLiteSequence,
)
from tb.agents.beat import Beat
from tb.agents.core import CoreAgent, CoreConfig, CoreInputs, CoreItem, CoreOutputs, packed
from tb.envs.base import BlockEnv, BlockTest
from tb.envs.job_model import COUNTERS, QUIET, HostActs, JobModel, ring_sizes, used
from tb.envs.register_model import RegisterModel
from tb.envs.scoreboard import Expected, Scoreboard
from tb.lib.coverage import covergroup, seldom
from tb.lib.registers import ARGUMENTS, BY_OFFSET, ERRORS, HIGH, OFFSETS, bit

CONTROL = OFFSETS["control"]
START, DONE, CONTINUE, ABORT = (
    bit("control", name) for name in ("start", "done", "continue", "sw_reset")
)
ARGUMENT_WORDS = tuple(
    word for name in ARGUMENTS for word in (name, name + HIGH) if word in OFFSETS
)
REGIONS = (
    ("control", 0x00),
    ("arguments", OFFSETS["mode"]),
    ("unmapped", OFFSETS["first_chunk"] + 4),
    ("results", OFFSETS["status"]),
    ("unmapped", OFFSETS["stall_output" + HIGH] + 4),
)
EVENTS = ("none", "done", "ready", "both")
"""Names of the interrupt status' values."""
STATES = ("idle", "preparing", "running", "stopping", "done")


def good_job(config: Config) -> Job:
    """A random valid job; what its mode does not use is random and often invalid."""
    limit = 1 << config.max_length_log2
    mode = random.choice(list(Mode))
    uses_length_x = mode == Mode.CONVOLVE or config.four_step
    unused = 0 if uses_length_x else random.choice((0, limit + 1, random.getrandbits(32)))
    pointers = {
        name: random.getrandbits(52) << 12 if name in used(mode, config) else random.getrandbits(64)
        for name in POINTERS
    }
    job = Job(
        mode,
        random.choice((1, MAX_CHANNELS, random.randint(1, MAX_CHANNELS))),
        unused or random.choice((1, limit, random.randint(1, limit))),
        random.choice((1, limit, random.randint(1, limit))),
        **pointers,
    )
    rings: list[int] = [ring for ring in ring_sizes(config) if ring >= needed_rows(config, job)]
    if mode == Mode.PREPARE:
        rings = [random.getrandbits(32)]
    if config.four_step or not rings or random.random() < 0.4:
        return job
    return dataclasses.replace(
        job, ring=random.choice(rings), first_chunk=random.getrandbits(random.choice((0, 4, 32)))
    )


def needed_rows(config: Config, job: Job) -> int:
    """The rows that a job's ring must have."""
    return chunk_count(config, job.length_x) + chunk_count(config, job.length_h)


def argument_items(arguments: dict[str, int]) -> list[AxiLiteItem]:
    """The writes of some arguments, by name."""
    items = []
    for name, value in arguments.items():
        offset, bits = ARGUMENTS[name]
        for word in range(bits // 32):
            data = value >> 32 * word & 0xFFFF_FFFF
            items.append(AxiLiteItem(True, offset + 4 * word, data))
    return items


class RegisterPredictor(uvm_component):
    """Knows every register and the core's inputs in each clock.

    A response's first clock is the one after its access took effect: a read returns the value of
    the previous clock, and a write is visible from this clock.
    """

    def build_phase(self) -> None:
        """Listens to `answered` and `inputs`; writes the expected read data and core inputs."""
        self.config = configs.load_model(os.environ["CROCUTA_CONFIG"])
        self.answered = Listener("answered", self, self._answered)
        self.inputs = Listener("inputs", self, self._clock)
        self.reads = uvm_analysis_port("reads", self)
        self.outputs = uvm_analysis_port("outputs", self)
        self.job = JobModel(self.config)
        self.registers = RegisterModel(self.config)
        self._cover()
        self.reset()

    def _cover(self) -> None:
        block = "control_registers"
        self._sample_register = covergroup(
            f"{block}.register",
            {
                "name": tuple(self.registers.registers),
                "kind": ("read", "write"),
            },
            {"name_x_kind": ("name", "kind")},
        )
        self._sample_busy = covergroup(
            f"{block}.busy",
            {
                "kind": ("read", "write"),
                "region": tuple(dict.fromkeys(name for name, _ in REGIONS)),
                "state": STATES,
            },
            {"kind_x_region_x_state": ("kind", "region", "state")},
        )
        self._sample_start = covergroup(
            f"{block}.start",
            {"state": STATES, "acknowledge": ("no", "yes")},
            {"state_x_acknowledge": ("state", "acknowledge")},
        )
        self._sample_abort = covergroup(
            f"{block}.abort",
            {"state": STATES, "again": ("no", "yes")},
            {"state_x_again": ("state", "again")},
            # A job runs on for one clock after an abort, and writes are two clocks apart.
            {"state_x_again": [("running", "yes")]},
        )
        self._sample_interrupt = covergroup(
            f"{block}.interrupt",
            {"cause": ("ready", "done"), "enable": ("off", "on"), "line": ("off", "on")},
            {"cause_x_enable_x_line": ("cause", "enable", "line")},
        )
        self._sample_error = covergroup(f"{block}.error", {"code": ERRORS})
        self._sample_meeting = covergroup(
            f"{block}.meeting",
            {
                "event": (
                    "start at latch",
                    "acknowledge at done",
                    "read at ready",
                    "read at done",
                    "toggle at ready",
                    "toggle at done",
                    "abort at ready",
                    "abort at done",
                    "abort at error",
                    "abort at timeout",
                )
            },
        )
        self._sample_reset = covergroup(f"{block}.reset_at", {"state": STATES})
        self._sample_toggle = covergroup(
            f"{block}.toggle",
            {"written": EVENTS, "before": EVENTS},
            {"written_x_before": ("written", "before")},
        )
        self._sample_bit = covergroup(f"{block}.turned", {"bit": tuple(map(str, range(32)))})
        self._sample_unmapped = covergroup(
            f"{block}.unmapped",
            {"place": ("gap", "alias", "beyond"), "kind": ("read", "write")},
            {"place_x_kind": ("place", "kind")},
        )
        self._sample_line = seldom(
            f"{block}.line",
            {"enable": ("off", "on"), "status": EVENTS},
            {"enable_x_status": ("enable", "status")},
        )
        self._sample_counter = seldom(f"{block}.counter", {"alone": COUNTERS})
        quiet = tuple(map(str, range(QUIET)))
        self._sample_quiet = covergroup(f"{block}.end", {"too_short": quiet[1:]})
        self._sample_late = covergroup(f"{block}.late_error", {"quiet": quiet})
        edges = ("1", "inside", "most")
        self._sample_good = covergroup(
            f"{block}.good",
            {"argument": ("channels", "length_x", "length_h"), "value": edges},
            {"argument_x_value": ("argument", "value")},
        )

    def _sample_job(self, told: CoreInputs, enable: int) -> None:
        """Coverage of one clock of a job."""
        job = self.job
        self._sample_line(("off", "on")[enable], EVENTS[job.status])
        if job.phase == "running":
            if told.pulses.bit_count() == 1:
                self._sample_counter(COUNTERS[told.pulses.bit_length() - 1])
            if told.error:
                self._sample_late(str(job.quiet))
            elif job.quiet and not job.finished:
                self._sample_quiet(str(job.quiet))
        if job.controller_start:
            most = {"channels": MAX_CHANNELS}
            most |= dict.fromkeys(("length_x", "length_h"), 1 << self.config.max_length_log2)
            for name, limit in most.items():
                value = job.arguments[name]
                if 1 <= value <= limit:
                    edge = "1" if value == 1 else "most" if value == limit else "inside"
                    self._sample_good(name, edge)

    def _sample_access(self, access: AxiLiteAccess) -> None:
        """Coverage of an access: where there is no register, and what a write does."""
        kind = "write" if access.write else "read"
        offset = access.address & ~3
        if offset not in self.registers.by_offset:
            alias = offset & 0xFF in self.registers.by_offset
            place = "gap" if offset < 0x100 else "alias" if alias else "beyond"
            self._sample_unmapped(place, kind)
        elif kind == "write" and offset == OFFSETS["interrupt_status"] and access.strobe & 1:
            self._sample_toggle(EVENTS[access.data & 3], EVENTS[self.job.status])
        elif kind == "write" and access.strobe == 0xF and BY_OFFSET[offset].name in ARGUMENT_WORDS:
            turned = access.data ^ self.word(BY_OFFSET[offset].name)
            if turned.bit_count() == 1:
                self._sample_bit(str(turned.bit_length() - 1))

    def reset(self) -> None:
        """A reset."""
        self.job.reset()
        self.registers.restart()
        self.waiting: list[AxiLiteAccess] = []
        self.told: CoreInputs | None = None

    def on_reset(self) -> None:
        """Handles the first clock of a reset."""
        self._sample_reset(self.job.state)
        self.reset()

    def value(self, register: str, field: str) -> int:
        """The value of a field that only the host writes."""
        return int(self.registers.registers[register].get_field_by_name(field).value)

    def word(self, name: str) -> int:
        """The value of a whole register."""
        value = 0
        for field in self.registers.registers[name].get_fields():
            if field.get_access() == "WO":
                continue
            volatile = field.is_volatile()
            part = self.job.field(name, field.get_name()) if volatile else int(field.value)
            value |= part << field.get_lsb_pos()
        return value

    def _answered(self, access: AxiLiteAccess) -> None:
        self.waiting.append(access)
        register = self.registers.by_offset.get(access.address & ~3)
        if not access.write:
            wanted = 0 if register is None else self.word(register.get_name())
            self.reads.write(Expected((access.address, wanted), access.clock))

    def _argument(self, name: str) -> int:
        if name not in self.registers.registers:
            return 0
        low = self.value(name, "value")
        return low | (self.value(name + HIGH, "value") << 32 if name + HIGH in OFFSETS else 0)

    def _acts(self) -> HostActs:
        start = acknowledge = control_read = abort = False
        toggle = 0
        for access in self.waiting:
            offset = access.address & ~3
            if not access.write:
                control_read = control_read or offset == CONTROL
            elif offset == CONTROL:
                data = sum(access.data & 0xFF << 8 * n for n in range(4) if access.strobe >> n & 1)
                start, acknowledge, abort = (bool(data & b) for b in (START, CONTINUE, ABORT))
            elif access.strobe & 1 and offset == OFFSETS["interrupt_status"]:
                toggle = access.data & 3
        return HostActs(start, acknowledge, toggle, control_read, abort)

    def _clock(self, beat: Beat) -> None:
        job = self.job
        if self.told is not None:
            acts = self._acts()
            enable = self.word("interrupt_enable")
            self._sample(acts, enable, self.told)
            before = job.state
            self._sample_job(self.told, self.value("global_interrupt", "enable"))
            arguments = {name: self._argument(name) for name in ARGUMENTS} if job.latch else {}
            job.step(self.told, acts, enable, arguments, self.value("watchdog", "value"))
            # A read returns what was there before a write that is answered in the same clock.
            for access in sorted(self.waiting, key=lambda access: access.write):
                self.registers.predict(access)
            self.waiting = []
            if job.done_pulse and before != "done":
                self._sample_error(job.error)
        assert not self.waiting, "an answer in the first clock after a reset"
        outputs = tuple(job.outputs(self.value("global_interrupt", "enable")))
        if job.shown:
            outputs += (packed(job.arguments),)
        self.outputs.write(Expected(outputs, beat.clock))
        self.told = CoreInputs(*beat.values)

    def _sample(self, acts: HostActs, enable: int, told: CoreInputs) -> None:
        job = self.job
        for access in self.waiting:
            kind = "write" if access.write else "read"
            offset = access.address & ~3
            self._sample_access(access)
            region = [name for name, first in REGIONS if first <= offset][-1]
            self._sample_busy(kind, region, job.state)
            if offset in self.registers.by_offset:
                self._sample_register(BY_OFFSET[offset].name, kind)
        if acts.start:
            self._sample_start(job.state, "yes" if acts.acknowledge else "no")
        if acts.abort:
            self._sample_abort(job.state, "yes" if job.abort else "no")
        line = ("off", "on")[self.value("global_interrupt", "enable")]
        for mask, cause, event in ((1, "done", job.done_pulse), (2, "ready", job.latch)):
            if event:
                self._sample_interrupt(cause, "on" if enable & mask else "off", line)
                if acts.toggle & mask and enable & mask:
                    self._sample_meeting(f"toggle at {cause}")
        meetings = {
            "start at latch": acts.start and job.latch,
            "acknowledge at done": acts.acknowledge and job.done_pulse,
            "read at ready": acts.control_read and job.latch,
            "read at done": acts.control_read and job.done_pulse,
            "abort at ready": acts.abort and job.latch,
            "abort at done": acts.abort and job.done_pulse,
            "abort at error": job.abort and job.phase == "running" and told.error,
            "abort at timeout": job.abort and job.phase == "running" and job.expired,
        }
        for name, met in meetings.items():
            if met:
                self._sample_meeting(name)


class ControlRegistersEnv(BlockEnv):
    """Host, core, predictor, and scoreboards for reads and for what goes to the core."""

    block = "control_registers"

    def build_phase(self) -> None:
        """Creates the parts."""
        super().build_phase()
        host = AxiLiteConfig(self.dut, "control_registers.host", prefix="s_axi", regions=REGIONS)
        configure(self, "host", host)
        configure(self, "core", CoreConfig(self.dut, "control_registers.core"))
        self.host = AxiLiteAgent.create("host", self)
        self.core = CoreAgent.create("core", self)
        self.predictor = RegisterPredictor.create("predictor", self)
        self.reads = Scoreboard.create("reads", self)
        self.outputs = Scoreboard.create("core_outputs", self)
        self.scoreboards += [self.reads, self.outputs]
        self.answered = Listener("answered", self, self._answered)
        self.seen = Listener("seen", self, self._seen)
        self.started = Event()
        """Set at every start of the core."""

    def connect_phase(self) -> None:
        """Connects the parts, so that predictions come before what they are compared with."""
        super().connect_phase()
        predictor, monitor = self.predictor, self.core.monitor
        predictor.registers.connect(self.host.sequencer)
        self.host.monitor.answered.connect(predictor.answered)
        self.host.monitor.answered.connect(self.answered)
        monitor.inputs.connect(predictor.inputs)
        monitor.port.connect(self.outputs.observe)
        monitor.port.connect(self.seen)
        predictor.reads.connect(self.reads.expect)
        predictor.outputs.connect(self.outputs.expect)

    def _answered(self, access: AxiLiteAccess) -> None:
        if not access.write:
            self.reads.observe.write(Beat(access.clock, (access.address, access.data)))

    def _seen(self, beat: Beat) -> None:
        if beat.values[CoreOutputs._fields.index("controller_start")]:
            self.started.set()

    def on_reset(self, clock: int) -> None:
        """Resets the predictor, too."""
        super().on_reset(clock)
        self.predictor.on_reset()


class CoreSequence(uvm_sequence):
    """What the core sends, item by item."""

    def __init__(self, *items: CoreItem) -> None:
        super().__init__("core")
        self.items = items

    async def body(self) -> None:
        """Returns when the last one has been held for its clocks."""
        for item in self.items:
            await self.start_item(item)
            await self.finish_item(item)


class ControlTest(BlockTest):
    """Operations shared by the tests of both files."""

    env_class = ControlRegistersEnv

    @property
    def config(self) -> Config:
        """The design's configuration."""
        config: Config = self.env.predictor.config
        return config

    async def access(self, *items: AxiLiteItem) -> None:
        """Accesses the bus."""
        await AxiLiteSequence(*items).start(self.env.host.sequencer)

    async def read(self, name: str) -> int:
        """A register."""
        item = AxiLiteItem(False, OFFSETS[name])
        await self.access(item)
        return item.data

    async def write(self, name: str, value: int) -> None:
        """A register."""
        await self.access(AxiLiteItem(True, OFFSETS[name], value))

    async def arguments(self, job: Job) -> None:
        """Writes all of a job's arguments."""
        values = {name: int(value) for name, value in dataclasses.asdict(job).items()}
        await self.access(*argument_items(values))

    async def core(self, clocks: int = 1, **inputs: int) -> None:
        """Sets the core's outputs from the next clock, for some clocks."""
        await CoreSequence(CoreItem(inputs, clocks)).start(self.env.core.sequencer)

    async def start(self, job: Job) -> None:
        """Writes a job, starts it and waits until the core has started."""
        await self.arguments(job)
        self.env.started.clear()
        await self.write("control", START)
        await self.wait_started()

    async def wait_started(self) -> None:
        """Waits until the core starts, or has started since `env.started` was cleared."""
        for _ in range(200):
            if self.env.started.is_set():
                return
            await FallingEdge(self.dut.clk_i)
        raise AssertionError("the core was not started")

    async def finish(self) -> None:
        """Ends what runs, and waits for that as a host does."""
        await self.core(controller_done=1, ports_idle=1)
        await self.wait_done()

    async def wait_done(self) -> None:
        """Polls the control register."""
        for _ in range(50):
            if await self.read("control") & DONE:
                return
        raise AssertionError("the job did not end")

    async def run(self, job: Job) -> None:
        """Runs a job from its arguments to its end, without the acknowledge."""
        await self.core(controller_done=0)
        await self.start(job)
        await self.finish()
