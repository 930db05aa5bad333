# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The kernel with on-chip memories, only through the board's serial line, against the model."""

from __future__ import annotations

import itertools
import os
import random
import struct
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.models.kernel import crocuta_kernel
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import row_bytes
from crocuta.registers import WIDE, Control, ErrorCode, Register
from tb.agents.uart import DONE, OWN, REGISTERS, Uart, command
from tb.lib.agreed import BOARD_CHUNKS
from tb.lib.clock import PERIOD_NS, start_clock
from tb.lib.coverage import covered, covergroup

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
CLOCKS_AT_FIRST = 80
FAST = 4
"""The fewest clocks per bit, because the bench mostly waits for bits."""
BEYOND = 1 << 24
"""An address that no memory of the board has."""
LONGEST = 1 << CONFIG.max_length_log2
"""The most samples of a row that the board takes."""
H, X, Y = (place * row_bytes(BOARD_CHUNKS * CONFIG.chunk + 1) for place in range(3))


SAMPLE_LENGTH = covergroup("board.convolution", {"samples": ("a chunk or less", "more")})
SAMPLE_ERROR = covergroup("board.error", {"pointer": ("x", "y", "h_spectra", "x_spectra")})


class Board:
    """The board at the far end of a serial line."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut

    async def start(self) -> None:
        """Resets, and sets up a fast line."""
        dut = self.dut
        start_clock(dut, rst_ni=0, rx_i=1)
        await ClockCycles(dut.clk_i, 10)
        dut.rst_ni.value = 1
        await ClockCycles(dut.clk_i, 10)
        self.uart = Uart(dut.rx_i, dut.tx_o, CLOCKS_AT_FIRST * PERIOD_NS)
        await self.write(OWN, [FAST])
        await ClockCycles(dut.clk_i, 2 * CLOCKS_AT_FIRST)
        self.uart.bit_ns = FAST * PERIOD_NS

    async def write(self, address: int, words: Sequence[int]) -> None:
        """Writes words from a byte address."""
        await self.uart.send(command(b"W", address, len(words), words))
        answer = await self.uart.receive(len(DONE), 1000)
        assert answer == DONE, f"{answer!r} to a write at {address:#x}"

    async def read(self, address: int, count: int) -> list[int]:
        """Reads words from a byte address."""
        await self.uart.send(command(b"R", address, count))
        data = await self.uart.receive(4 * count, 1000)
        return list(struct.unpack(f"<{count}I", data))

    async def run(self, job: Job) -> int:
        """Runs a job to its end; returns its error code."""
        words = [0] * ((Register.Y + 8 - Register.MODE) // 4)
        for field in fields(job):
            register = Register[field.name.upper()]
            if register > Register.Y:  # of streams and four-step kernels
                continue
            value = getattr(job, field.name)
            words[(register - Register.MODE) // 4] = value & 0xFFFF_FFFF
            if register in WIDE:
                words[(register + 4 - Register.MODE) // 4] = value >> 32
        await self.write(REGISTERS | Register.MODE, words)
        await self.write(REGISTERS | Register.CONTROL, [Control.START])
        for _ in range(1000):
            (state,) = await self.read(REGISTERS | Register.CONTROL, 1)
            if state & Control.DONE:
                break
        else:
            raise AssertionError("the job does not end")
        (error,) = await self.read(REGISTERS | Register.ERROR, 1)
        await self.write(REGISTERS | Register.CONTROL, [Control.CONTINUE])
        return error

    async def convolve(self, x: SampleArray, h: SampleArray) -> None:
        """Runs both jobs; every output must equal the model's, and nothing else be written."""
        await self.write(H, h.view(np.uint32).tolist())
        await self.write(X, x.view(np.uint32).tolist())
        behind = random.getrandbits(32)
        await self.write(Y + 4 * len(x), [behind])
        assert await self.run(Job(Mode.PREPARE, length_h=len(h), h=H)) == ErrorCode.NONE
        job = Job(Mode.CONVOLVE, length_x=len(x), length_h=len(h), x=X, y=Y)
        assert await self.run(job) == ErrorCode.NONE
        SAMPLE_LENGTH("more" if len(x) > CONFIG.chunk else "a chunk or less")
        found = await self.read(Y, len(x) + 1)
        expected = crocuta_kernel.convolve(x, crocuta_kernel.prepare(h, CONFIG), CONFIG).y
        assert len(found) == len(x) + 1 > 1
        assert found[:-1] == expected.view(np.uint32).tolist(), f"{len(x)} x {len(h)} taps"
        assert found[-1] == behind
        cocotb.log.info("%d x %d taps: all outputs equal", len(x), len(h))


def row(length: int) -> SampleArray:
    """Random samples."""
    generator = np.random.default_rng(random.getrandbits(32))
    return generator.normal(size=length).astype(np.float32)


@cocotb.test()
@covered
async def convolution(dut: Any) -> None:
    """Random rows and filters, one after another."""
    board = Board(dut)
    await board.start()
    longest = min(BOARD_CHUNKS * CONFIG.chunk, LONGEST)
    await board.convolve(row(random.randint(1, longest)), row(random.randint(1, longest)))


@cocotb.test()
@covered
async def errors(dut: Any) -> None:
    """A job on memory that does not exist ends with its error, and the next one works as usual."""
    board = Board(dut)
    await board.start()
    lengths = itertools.cycle((min(CONFIG.chunk + 3, LONGEST), random.randint(1, CONFIG.chunk)))
    faults = [
        ({"x": BEYOND}, ErrorCode.SAMPLES_READ),
        ({"y": BEYOND}, ErrorCode.SAMPLES_WRITE),
        ({"h_spectra": BEYOND}, ErrorCode.H_READ),
    ]
    # One chunk more than a pass has outputs: before that, no pass needs an earlier spectrum of x.
    length = CONFIG.outputs * CONFIG.chunk + 1
    if length <= LONGEST:
        faults.append(({"x_spectra": BEYOND}, ErrorCode.X_WRITE))
    length = min(length, LONGEST)
    for changes, expected in faults:
        places = {"x": X, "y": Y, **changes}
        job = Job(Mode.CONVOLVE, length_x=length, length_h=length, **places)
        error = await board.run(job)
        assert error == expected, (changes, error)
        SAMPLE_ERROR(*changes)
        await board.convolve(row(next(lengths)), row(5))
