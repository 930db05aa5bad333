# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Two jobs of the kernel, compared with the model as in its own bench, while all its ports are
recorded in every clock: `flow/netlist.py` replays the recording on a netlist of the kernel."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cocotb
import pyuvm
from cocotb.triggers import FallingEdge

from crocuta.models import configs
from tb.envs.kernel_sequences import KernelTest

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
C = CONFIG.chunk
PORTS: list[str] = json.loads(os.environ.get("RECORD_PORTS", "[]"))
"""The kernel's ports except its clock, in the recording's order."""


@pyuvm.test()
class Record(KernelTest):
    """A filter and a convolution of two chunks each: every port is used."""

    recorded = False

    async def reset(self, clocks: int = 2, interrupt: bool = True) -> None:
        """Resets; the recording starts with the first reset, before anything is known."""
        if not self.recorded:
            self.recorded = True
            cocotb.start_soon(self.record(Path(os.environ["RECORD_FILE"])))
        await super().reset(clocks, interrupt)

    async def record(self, path: Path) -> None:
        """Writes a line per clock: every port's bits just before the rising edge."""
        top = self.dut.gen_four_step if CONFIG.four_step else self.dut.gen_chunked
        kernel = top.u_kernel
        ports = [getattr(kernel, name) for name in PORTS]
        with path.open("w", encoding="utf-8") as file:
            while True:
                await FallingEdge(self.dut.clk_i)
                file.write(" ".join(str(port.value) for port in ports) + "\n")

    async def main(self) -> None:
        """Runs samples of all signs and magnitudes through both engines and the accumulator."""
        await self.convolve(C + 5, C + 3)
