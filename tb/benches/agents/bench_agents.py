# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agents back to back, without a design between them: each sees what the other sends, and
breaking any rule that a monitor checks makes it fail."""

from __future__ import annotations

import itertools
import random

import cocotb
import pyuvm
from cocotb.triggers import ClockCycles

from tb.agents.axi_lite import AxiLiteItem, AxiLiteSequence
from tb.agents.beat import CLOSED, ONE, BeatSequence
from tb.envs.agents import WORDS, AgentsEnv
from tb.envs.base import BlockTest
from tb.lib.coverage import covergroup, export
from tb.lib.profiles import PROFILES

NONE, TURNED, WITHDRAWN, CHANGED, REPEATED, UNKNOWN = range(6)
READ_REFUSED, B_WITHDRAWN, B_CHANGED, READ_TO_NOTHING, B_TO_NOTHING = range(6, 11)
READ_LOST, READ_IN_RESET = 11, 12
"""agents_tb's faults."""
FAULTS = (
    "turned",
    "withdrawn",
    "changed",
    "repeated",
    "unknown",
    "read refused",
    "B withdrawn",
    "B changed",
    "read to nothing",
    "B to nothing",
    "read lost",
    "read in reset",
)
HAS_X = cocotb.SIM_NAME.lower().startswith("icarus")
sample = covergroup(
    "agents.fault", {"kind": [kind for kind in FAULTS if HAS_X or kind != "unknown"]}
)
STROBES = (0x0, 0x1, 0x3, 0x5, 0xF)


class AgentsTest(BlockTest):
    """Sends and stalls."""

    env_class = AgentsEnv
    fault = NONE

    async def run_phase(self) -> None:
        """Runs with the fault, if there is one."""
        self.dut.fault_i.value = self.fault
        if self.fault:
            sample(FAULTS[self.fault - 1])
            export()  # the end of a test that fails does not
        await super().run_phase()

    async def send(self, count: int, profile: str) -> None:
        """Sends random beats; those that a reset swallows are no longer expected."""
        beats = self.env.beats(count)
        self.env.expect(beats)
        await BeatSequence(profile, beats).start(self.env.streams["source"].sequencer)

    async def stall(self, profile: str) -> None:
        """Sets the sink's profile."""
        await BeatSequence(profile).start(self.env.streams["sink"].sequencer)

    async def access(self, count: int) -> None:
        """Performs random accesses, the first of them a read, some of them simultaneous reads and
        writes."""
        for number in range(count):
            items = [
                AxiLiteItem(
                    number > 0 and random.random() < 0.5,
                    4 * random.randrange(low, low + WORDS // 2) + random.choice((0, 0, 0, 2)),
                    random.getrandbits(32),
                    STROBES[number % len(STROBES)] if number < 10 else random.getrandbits(4),
                    lead=random.randint(-3, 3),
                    delay=random.randint(0, 2),
                    profile=random.choice(PROFILES),
                )
                for low in (0, WORDS // 2)
            ]
            if random.random() < 0.3 and items[0].write != items[1].write:
                items[0].beside = items[1]
            await AxiLiteSequence(items[0]).start(self.env.host.sequencer)


@pyuvm.test()
class Beats(AgentsTest):
    """Every profile of gaps with every profile of stalls, and a sink that accepts single beats."""

    async def main(self) -> None:
        """Checks that both monitors see what was sent, in order."""
        pairs = list(itertools.product(PROFILES, PROFILES))
        random.shuffle(pairs)
        for gaps, stalls in pairs:
            await self.stall(stalls)
            await self.send(random.randint(1, 40), gaps)
        await self.stall(CLOSED)
        sending = cocotb.start_soon(self.send(5, "none"))
        await ClockCycles(self.dut.clk_i, 10)
        assert len(self.env.boards["sink"].expected) == 5, "a closed sink took a beat"
        for left in range(4, -1, -1):
            await self.stall(ONE)
            await ClockCycles(self.dut.clk_i, random.randint(1, 5))
            assert len(self.env.boards["sink"].expected) == left, "not one beat was taken"
        await sending
        await self.access(5)


@pyuvm.test()
class Accesses(AgentsTest):
    """Reads and writes of an independently written memory, with stalls on both sides."""

    async def main(self) -> None:
        """Checks what is read, and at the end the memory's contents."""
        for stall in PROFILES:
            self.env.stall = stall
            await self.access(40)
        for word in range(WORDS):
            await AxiLiteSequence(AxiLiteItem(False, 4 * word)).start(self.env.host.sequencer)
            stored = int.from_bytes(self.env.ram.read(4 * word, 4), "little")
            assert stored == self.env.memory.words[word]
        await self.send(5, "none")


@pyuvm.test()
class Resets(AgentsTest):
    """A reset in the middle: its length is observed, the item is cut short, the next one works."""

    async def main(self) -> None:
        """Applies resets of every length while both buses are busy."""
        wanted = [2]
        for clocks in (1, 2, 3, random.randint(4, 20)):
            await self.stall("heavy")
            sending = cocotb.start_soon(self.send(200, "light"))
            item = AxiLiteItem(False, 0, delay=1000)
            asking = cocotb.start_soon(AxiLiteSequence(item).start(self.env.host.sequencer))
            await ClockCycles(self.dut.clk_i, random.randint(5, 100))
            await self.reset(clocks)
            await sending
            await asking
            assert item.cut_short
            wanted.append(clocks)
            await self.send(20, "none")
            await self.access(5)
        assert [reset.clocks for reset in self.env.resets] == wanted


class FaultTest(AgentsTest):
    """A monitor or a scoreboard fails in traffic that passes without the fault."""

    async def traffic(self) -> None:
        """Sends beats with stalls."""
        await self.stall("single")
        await self.send(20, "none")

    async def main(self) -> None:
        """Expects an AssertionError before the end; anything else is an error of the test."""
        await self.traffic()
        raise RuntimeError("the fault went unnoticed")


class AccessFaultTest(FaultTest):
    """The same on the AXI4-Lite bus."""

    async def traffic(self) -> None:
        """Performs writes, and reads whose responses stall."""
        for word in range(32):
            for write in (True, False):
                item = AxiLiteItem(write, 4 * word, random.getrandbits(32), profile="heavy")
                await AxiLiteSequence(item).start(self.env.host.sequencer)


@pyuvm.test(expect_fail=True)
class BeatTurned(FaultTest):
    """A wrong bit."""

    fault = TURNED


@pyuvm.test(expect_fail=True)
class BeatWithdrawn(FaultTest):
    """Valid falls before ready."""

    fault = WITHDRAWN


@pyuvm.test(expect_fail=True)
class BeatChanged(FaultTest):
    """The data changes before ready."""

    fault = CHANGED


@pyuvm.test(expect_fail=True)
class BeatRepeated(FaultTest):
    """A beat comes twice."""

    fault = REPEATED


@pyuvm.test(expect_fail=True, skip=not HAS_X)
class BeatUnknown(FaultTest):
    """X in a beat, if the simulator has X."""

    fault = UNKNOWN


@pyuvm.test(expect_fail=True)
class AnswerTurned(AccessFaultTest):
    """A wrong bit in what is read."""

    fault = TURNED


@pyuvm.test(expect_fail=True)
class AnswerWithdrawn(AccessFaultTest):
    """RVALID falls before RREADY."""

    fault = WITHDRAWN


@pyuvm.test(expect_fail=True)
class AnswerChanged(AccessFaultTest):
    """RDATA changes before RREADY."""

    fault = CHANGED


@pyuvm.test(expect_fail=True)
class AnswerRefused(AccessFaultTest):
    """A response that the slave must not give."""

    fault = REPEATED


@pyuvm.test(expect_fail=True)
class ReadRefused(AccessFaultTest):
    """An error response to a read."""

    fault = READ_REFUSED


@pyuvm.test(expect_fail=True)
class WriteAnswerWithdrawn(AccessFaultTest):
    """BVALID falls before BREADY."""

    fault = B_WITHDRAWN


@pyuvm.test(expect_fail=True)
class WriteAnswerChanged(AccessFaultTest):
    """BRESP changes before BREADY."""

    fault = B_CHANGED


@pyuvm.test(expect_fail=True)
class ReadAnswerToNothing(AccessFaultTest):
    """RVALID without a read."""

    fault = READ_TO_NOTHING


@pyuvm.test(expect_fail=True)
class WriteAnswerToNothing(AccessFaultTest):
    """BVALID without a write."""

    fault = B_TO_NOTHING


@pyuvm.test(expect_fail=True)
class AnswerInReset(AccessFaultTest):
    """RVALID during reset."""

    fault = READ_IN_RESET

    async def traffic(self) -> None:
        """Applies a reset of more than one clock."""
        await self.reset(3)


@pyuvm.test(expect_fail=True)
class AnswerLost(AgentsTest):
    """A read without a response, which the check at the end finds."""

    fault = READ_LOST

    async def main(self) -> None:
        """Sends correct traffic apart from that."""
        await self.send(5, "none")
        self.env.memory.compared = 1
        cocotb.start_soon(AxiLiteSequence(AxiLiteItem(False, 0)).start(self.env.host.sequencer))
        await ClockCycles(self.dut.clk_i, 20)


@pyuvm.test(expect_fail=True)
class BeatLeftStanding(AgentsTest):
    """A beat that is offered and never accepted, which the check at the end finds."""

    async def main(self) -> None:
        """Sends nothing else; the scoreboard expects nothing."""
        await self.send(5, "none")
        await self.access(20)
        await self.stall(CLOSED)
        beats = self.env.beats(1)
        cocotb.start_soon(BeatSequence("none", beats).start(self.env.streams["source"].sequencer))
        await ClockCycles(self.dut.clk_i, 20)
