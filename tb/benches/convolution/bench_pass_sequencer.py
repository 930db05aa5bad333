# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""pass_sequencer in its environment: passes wait in a queue, and a clock fires at most one beat."""

from __future__ import annotations

import random

import cocotb
import pyuvm
from cocotb.triggers import ClockCycles

from crocuta.models.convolution.chunk_controller import FLUSH, Pass
from tb.agents.beat import CLOSED
from tb.agents.operands import TAKES
from tb.envs.pass_sequencer import STALLS, PassTest, needs
from tb.lib.profiles import PROFILES

OLDEST = Pass(outputs=1, first=1, h=True)
AGAIN = Pass(outputs=1, last=1, h=True, no_tail=True)
NEWEST = Pass(outputs=1, last=1, h=True, engine=True)
STORED = Pass(outputs=1, last=1, h=True, engine=True, store=True)
CLOSED_CLOCKS = 20
IRREGULAR = [profile for profile in PROFILES if profile != "single"]
"""Two operands that are each available every other clock may never coincide."""


class KindsTest(PassTest):
    """Knows a pass of each kind."""

    def each_kind(self) -> list[Pass]:
        """With two outputs, H may come by itself."""
        kinds = [OLDEST, NEWEST, STORED, Pass(prepare=True), FLUSH]
        return [*kinds, Pass(h=True)] if self.env.predictor.config.outputs == 2 else kinds


@pyuvm.test()
class RandomOperands(KindsTest):
    """Each beat fires exactly when it may and consumes exactly its operands; none is lost."""

    async def main(self) -> None:
        """Runs with operands and passes that come and go, each with its own profile."""
        for profile in PROFILES:
            operands = {name: random.choice(IRREGULAR) for name in TAKES}
            operands[random.choice(list(TAKES))] = random.choice(PROFILES)
            await self.operands(**operands)
            count = max(3, 250 // self.chunk_beats)
            await self.run([self.random_pass() for _ in range(count)], profile)
        kinds = self.each_kind()
        random.shuffle(kinds)
        await self.operands("heavy")
        await self.run(kinds)


@pyuvm.test()
class EachStallCause(PassTest):
    """Each missing operand stalls a pass, and the right counter counts the stall."""

    async def main(self) -> None:
        """First only that operand is missing; then only what the beat needs is there."""
        cases = [
            ("engine_valid_i", NEWEST),
            ("engine_valid_i", STORED),
            ("engine_valid_i", Pass(prepare=True)),
            ("x_valid_i", OLDEST),
            ("h_valid_i", OLDEST),
            ("h_valid_i", NEWEST),
            ("h_valid_i", STORED),
            ("store_x_ready_i", STORED),
            ("store_h_ready_i", Pass(prepare=True)),
            ("output_available_i", NEWEST),
            ("output_available_i", STORED),
            ("output_available_i", AGAIN),
            ("output_available_i", FLUSH),
        ]
        if self.env.predictor.config.outputs == 2:
            cases.append(("h_valid_i", Pass(h=True)))
        taken = self.env.taken
        for name, command in cases:
            await self.operands(**{name: CLOSED})
            before, stalls = len(taken.clocks), taken.seen[STALLS[name]]
            await self.send([command])
            await ClockCycles(self.dut.clk_i, CLOSED_CLOCKS)
            assert len(taken.clocks) == before, f"a beat fired without {name}"
            stalled = taken.seen[STALLS[name]] - stalls
            assert stalled >= CLOSED_CLOCKS - 5, f"{stalled} stalls without {name}"
            await self.operands(CLOSED, **dict.fromkeys(needs(command), "none"))
            await self.run([])


@pyuvm.test()
class FullRate(KindsTest):
    """With all operands available, passes follow one another without losing a clock."""

    async def main(self) -> None:
        """Many, two and more of each kind."""
        await self.operands()
        commands = [self.random_pass() for _ in range(max(8, 600 // self.chunk_beats))]
        commands += 2 * self.each_kind()
        random.shuffle(commands)
        await self.run(commands)
        clocks = self.env.taken.clocks
        beats = len(commands) * self.chunk_beats
        span = clocks[-1] - clocks[0] + 1
        cocotb.log.info("%d passes of %d beats in %d clocks", len(commands), beats, span)
        assert span == len(clocks) == beats


@pyuvm.test()
class ResetInTheMiddle(PassTest):
    """After a reset at any moment the next pass has all its beats, and no old ones come."""

    async def main(self) -> None:
        """Resets before the first beat, in the middle of a pass, and after the end."""
        moments = [*range(4), *(random.randint(4, 2 * self.chunk_beats) for _ in range(4))]
        for number, clocks in enumerate(moments):
            await self.operands("light", **{random.choice(list(TAKES)): "bursty"})
            running = cocotb.start_soon(self.send([self.random_pass() for _ in range(5)]))
            await ClockCycles(self.dut.clk_i, 1 + clocks)
            await self.reset((1, 2, 4)[number % 3])
            await running
            await self.run([OLDEST, STORED])
            assert self.env.taken.seen["mac_beat_o"] == 2 * self.chunk_beats
            assert self.env.taken.seen["store_x_valid_o"] == self.chunk_beats
        await self.reset()
        await self.run([NEWEST])
