# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""control_registers on its bus: values after reset, strobes, read-only words, interrupts."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from models import configs
from tb import control
from tb.control import ARGUMENTS, Host

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
END = 0x1000
IDENTITY = {
    control.VERSION: 0x0100,
    control.IDENTITY: CONFIG.chunk_log2
    | CONFIG.lanes << 8
    | CONFIG.mantissa_bits << 16
    | CONFIG.exponent_bits << 24,
    control.IDENTITY_2: CONFIG.twiddle_bits | CONFIG.max_length_log2 << 8,
}
WRITABLE = {offset + byte for offset, bits in ARGUMENTS.values() for byte in range(bits // 8)}


async def host(dut: Any) -> Host:
    """A host after reset."""
    result = Host(dut)
    await result.start()
    return result


@cocotb.test()
async def values_after_reset(dut: Any) -> None:
    """Every word of the 4 KiB: the identity, ap_idle, and zeros."""
    bus = await host(dut)
    expected = {control.CONTROL: control.IDLE} | IDENTITY
    for offset in range(0, END, 4):
        value = await bus.read(offset)
        assert value == expected.get(offset, 0), f"{offset:#x}: {value:#x}"
    assert dut.interrupt_o.value == 0


@cocotb.test()
async def strobed_writes(dut: Any) -> None:
    """Random bytes anywhere reach the arguments and nothing else, also with gaps on the bus."""
    bus = await host(dut)
    bytes_now = bytearray(0x1000)
    for offset, value in ({control.CONTROL: control.IDLE} | IDENTITY).items():
        bytes_now[offset : offset + 4] = value.to_bytes(4, "little")
    for turn in range(150):
        if turn % 30 == 0:
            bus.pauses(random.choice((0.0, 0.3, 0.7)))
        # The control words come last in the map's first 16 bytes, and have tests of their own.
        span = random.choice((0x60, 0x60, 0xE0, END))
        offset = random.randrange(0x10, span)
        data = random.randbytes(min(random.randint(1, 9), span - offset))
        await bus.write_bytes(offset, data)
        for index, byte in enumerate(data, offset):
            if index in WRITABLE:
                bytes_now[index] = byte
        start = max(0x10, offset - 8)
        answer = await bus.axi.read(start, min(24, END - start))
        assert answer.data == bytes_now[start : start + len(answer.data)], hex(offset)
    answer = await bus.axi.read(0, 0x100)
    assert answer.data == bytes_now[:0x100]


@cocotb.test()
async def write_address_and_data_in_any_order(dut: Any) -> None:
    """AW long before W and W long before AW."""
    bus = await host(dut)
    write = bus.axi.write_if
    for turn in range(20):
        late, other = (write.aw_channel, write.w_channel)[:: random.choice((1, -1))]
        assert late is not other
        late.pause = True
        value = random.getrandbits(32)
        task = cocotb.start_soon(bus.write(ARGUMENTS["channels"][0], value))
        for _ in range(random.randint(3, 12)):
            await RisingEdge(dut.clk_i)
        assert not task.done(), turn
        late.pause = False
        await task
        assert await bus.read(ARGUMENTS["channels"][0]) == value


@cocotb.test()
async def interrupt_enables_and_status(dut: Any) -> None:
    """ISR bits toggle on a written 1; the interrupt is GIE and any status bit."""
    bus = await host(dut)
    status = 0
    for _ in range(40):
        enable, toggle, everything = (random.getrandbits(32) for _ in range(3))
        await bus.write(control.GLOBAL_ENABLE, everything)
        await bus.write(control.ENABLE, enable)
        await bus.write(control.STATUS, toggle)
        status ^= toggle & 3
        assert await bus.read(control.GLOBAL_ENABLE) == everything & 1
        assert await bus.read(control.ENABLE) == enable & 3
        assert await bus.read(control.STATUS) == status
        await FallingEdge(dut.clk_i)
        assert int(dut.interrupt_o.value) == (everything & 1 and status != 0)
        # Without the strobe of the byte nothing happens.
        for offset in (control.STATUS, control.ENABLE, control.GLOBAL_ENABLE, control.CONTROL):
            await bus.write_bytes(offset + 1, random.randbytes(3))
        assert await bus.read(control.STATUS) == status
        assert await bus.read(control.ENABLE) == enable & 3
        assert await bus.read(control.CONTROL) == control.IDLE
