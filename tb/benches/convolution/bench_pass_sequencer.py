# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""pass_sequencer against its rules: a queue of beats, of which each clock may fire the first."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter, deque
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import FLUSH, Pass
from tb.lib.clock import drive, start_clock
from tb.lib.valid_ready import Source

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
COMMAND = tuple(f"pass_{field.name}_i" for field in dataclasses.fields(Pass))
# In the order in which a stall is attributed: (input, what it stalls on).
SOURCES = (
    ("engine_valid_i", "stall_samples_o"),
    ("x_valid_i", "stall_x_o"),
    ("h_valid_i", "stall_h_o"),
    ("store_x_ready_i", "stall_store_o"),
    ("store_h_ready_i", "stall_store_o"),
    ("output_available_i", "stall_output_o"),
)
ACTIONS = {
    "engine_valid_i": "engine_ready_o",
    "x_valid_i": "x_ready_o",
    "h_valid_i": "h_ready_o",
    "store_x_ready_i": "store_x_valid_o",
    "store_h_ready_i": "store_h_valid_o",
    "output_available_i": "output_reserve_o",
}
COUNTERS = ("mac_beat_o", *dict.fromkeys(stall for _, stall in SOURCES))
LATENCY = 2
OLDEST = Pass(outputs=1, first=1, h=True)
NEWEST = Pass(outputs=1, last=1, h=True, engine=True)


def needs(command: Pass) -> set[str]:
    """The inputs a beat of the pass waits for."""
    if command.flush:
        return {"output_available_i"}
    if command.prepare:
        return {"engine_valid_i", "store_h_ready_i"}
    result = {"h_valid_i"} if command.h else set()
    if command.outputs:
        result.add("engine_valid_i" if command.engine else "x_valid_i")
    if command.last:
        result.add("output_available_i")
    if command.store:
        result.add("store_x_ready_i")
    return result


def counts(command: Pass) -> bool:
    """Whether its beats are counted as the MAC's."""
    return bool(command.outputs) and not command.flush


def random_pass() -> Pass:
    """Any pass the schedule can contain."""
    kind = random.randrange(8)
    if kind == 0:
        return FLUSH
    if kind == 1:
        return Pass(prepare=True)
    if kind == 2 and CONFIG.outputs == 2:
        return Pass(h=True)
    outputs = random.randint(1, (1 << CONFIG.outputs) - 1)
    engine = random.random() < 0.4
    return Pass(
        outputs=outputs,
        first=outputs & random.getrandbits(2),
        last=outputs & -outputs if engine else 0,
        h=CONFIG.outputs == 1 or random.random() < 0.7,
        engine=engine,
        store=engine and random.random() < 0.6,
        no_tail=engine and random.random() < 0.5,
    )


class Harness:
    """The sequencer with random operands, and the model that follows it clock by clock."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.source = Source(dut, "pass_valid_i", "pass_ready_o", COMMAND)
        self.chance = dict.fromkeys(ACTIONS, 1.0)
        self.fired: Counter[str] = Counter()
        self.clear()
        cocotb.start_soon(self.drive())
        cocotb.start_soon(self.follow())

    def clear(self) -> None:
        """The model's state after a reset."""
        self.waiting: deque[tuple[int, Pass]] = deque()  # (clock of its first beat, pass)
        self.beats = 0  # done of the pass at the head
        self.clock = 0
        self.pulses: set[str] = set()
        self.idle_clocks = 0

    async def reset(self) -> None:
        """Reset; the commands not yet done are forgotten."""
        await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 0
        self.source.clear()
        for _ in range(3):
            await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 1

    async def drive(self) -> None:
        """Random operands, new in every clock."""
        while True:
            await RisingEdge(self.dut.clk_i)
            for name, chance in self.chance.items():
                getattr(self.dut, name).value = int(random.random() < chance)

    async def follow(self) -> None:
        """Compares every output in every clock."""
        while True:
            await FallingEdge(self.dut.clk_i)
            if self.dut.rst_ni.value != 1:
                self.clear()
                continue
            self.check()
            self.clock += 1

    def check(self) -> None:
        """One clock."""
        dut = self.dut
        for name in COUNTERS:
            assert int(getattr(dut, name).value) == (name in self.pulses), name
        self.pulses = set()
        active = bool(self.waiting) and self.waiting[0][0] <= self.clock
        command = self.waiting[0][1] if active else Pass()
        required = needs(command) if active else set()
        lacking = [stall for name, stall in SOURCES if name in required and not self.has(name)]
        fire = active and not lacking
        for name, action in ACTIONS.items():
            assert int(getattr(dut, action).value) == (fire and name in required), action
        mac = fire and not command.prepare
        assert int(dut.mac_valid_o.value) == mac
        if mac:
            assert int(dut.mac_outputs_o.value) == command.outputs
            assert int(dut.mac_first_o.value) == command.first
            assert int(dut.mac_last_o.value) == command.last
            assert int(dut.mac_x_engine_o.value) == command.engine
            assert int(dut.mac_zero_o.value) == command.flush
        if fire and command.last:
            assert int(dut.output_no_tail_o.value) == command.no_tail
        if fire:
            self.fired.update(required)
            if counts(command):
                self.pulses = {"mac_beat_o"}
                self.fired["mac"] += 1
            self.beats += 1
            if self.beats == CONFIG.chunk_beats:
                self.beats = 0
                self.waiting.popleft()
        elif active:
            self.pulses = {lacking[0]}
        if self.has("pass_valid_i") and self.has("pass_ready_o"):
            fields = (int(getattr(dut, name).value) for name in COMMAND)
            self.waiting.append((self.clock + LATENCY, Pass(*fields)))  # type: ignore[arg-type]

    def has(self, name: str) -> bool:
        """A signal is 1."""
        return bool(getattr(self.dut, name).value)

    def send(self, commands: list[Pass]) -> None:
        """Queues commands."""
        self.source.send(tuple(map(int, dataclasses.astuple(command))) for command in commands)

    async def run(self, commands: list[Pass]) -> None:
        """Sends the commands and waits until all are done."""
        before = self.source.sent
        self.send(commands)
        while self.source.sent - before < len(commands) or self.waiting:
            await FallingEdge(self.dut.clk_i)


async def harness(dut: Any) -> Harness:
    """A harness after reset."""
    start_clock(dut)
    await drive(dut, rst_ni=0)
    bench = Harness(dut)
    await bench.reset()
    return bench


@cocotb.test()
async def random_operands(dut: Any) -> None:
    """Beats fire exactly when they may, take exactly their operands, and none is lost."""
    bench = await harness(dut)
    total: Counter[str] = Counter()
    for _ in range(6):
        for name in ACTIONS:
            bench.chance[name] = random.choice((0.3, 0.7, 0.95, 1.0))
        bench.source.gap = random.choice((0.0, 0.5, 0.99))
        commands = [random_pass() for _ in range(max(4, 600 // CONFIG.chunk_beats))]
        await bench.run(commands)
        for command in commands:
            total.update(dict.fromkeys(needs(command), CONFIG.chunk_beats))
            if counts(command):
                total["mac"] += CONFIG.chunk_beats
    assert total["mac"] > 0
    assert bench.fired == total


@cocotb.test()
async def each_stall_cause(dut: Any) -> None:
    """Each operand alone holds a pass up, and the stall is counted under its name."""
    bench = await harness(dut)
    for name, command in (
        ("engine_valid_i", NEWEST),
        ("engine_valid_i", Pass(prepare=True)),
        ("x_valid_i", OLDEST),
        ("h_valid_i", OLDEST),
        ("h_valid_i", Pass(h=True)),
        ("store_x_ready_i", dataclasses.replace(NEWEST, store=True)),
        ("store_h_ready_i", Pass(prepare=True)),
        ("output_available_i", NEWEST),
        ("output_available_i", FLUSH),
    ):
        bench.chance = {other: 0.0 if other == name else 1.0 for other in ACTIONS}
        task = cocotb.start_soon(bench.run([command]))
        for _ in range(20):
            await FallingEdge(dut.clk_i)
        assert getattr(dut, dict(SOURCES)[name]).value == 1, name
        assert bench.beats == 0
        # The others do not matter now: only what the beat needs does.
        bench.chance = {other: float(other in needs(command)) for other in ACTIONS}
        await task
    assert bench.fired["mac"] == 5 * CONFIG.chunk_beats


@cocotb.test()
async def full_rate(dut: Any) -> None:
    """With everything there, passes follow each other without a lost clock."""
    bench = await harness(dut)
    commands = [random_pass() for _ in range(max(8, 1000 // CONFIG.chunk_beats))]
    task = cocotb.start_soon(bench.run(commands))
    while not bench.waiting:
        await FallingEdge(dut.clk_i)
    clocks = 0
    while not task.done():
        await FallingEdge(dut.clk_i)
        clocks += 1
    extra = clocks - len(commands) * CONFIG.chunk_beats
    dut._log.info(f"{len(commands)} passes of {CONFIG.chunk_beats} beats, {extra} clocks more")
    assert 0 <= extra <= LATENCY + 1


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset in the middle of a pass the next one has all its beats."""
    bench = await harness(dut)
    for _ in range(4):
        for name in ACTIONS:
            bench.chance[name] = random.choice((0.8, 1.0))
        bench.send([random_pass() for _ in range(5)])
        for _ in range(random.randint(1, 2 * CONFIG.chunk_beats)):
            await FallingEdge(dut.clk_i)
        await bench.reset()
        bench.fired.clear()
        await bench.run([OLDEST, dataclasses.replace(NEWEST, store=True)])
        assert bench.fired["mac"] == 2 * CONFIG.chunk_beats
        assert bench.fired["store_x_ready_i"] == CONFIG.chunk_beats
