# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The control registers on their bus, while no job runs. The environment compares every answer
with the register model, and the interrupt in every clock."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import cocotb
import pyuvm
from pyuvm import uvm_reg, uvm_reg_field, uvm_sequence, uvm_status_e

from tb.agents.axi_lite import AxiLiteItem
from tb.envs.control_registers import ARGUMENT_WORDS, ControlTest
from tb.envs.register_model import RegisterModel
from tb.lib.coverage import covergroup
from tb.lib.profiles import PROFILES
from tb.lib.registers import BY_OFFSET, OFFSETS, REGISTERS, SIZE

EVERY_BYTE = 0xF
INTERRUPTS = ("global_interrupt", "interrupt_enable", "interrupt_status")


class RegisterSequence(uvm_sequence):
    """One of UVM's standard register sequences: accesses through the register model."""

    def __init__(self, model: RegisterModel) -> None:
        super().__init__(type(self).__name__)
        self.model = model
        self.checked = 0

    async def read(self, register: uvm_reg) -> int:
        """Through the adapter and the bus agent."""
        status, value = await register.read()
        assert status == uvm_status_e.UVM_IS_OK
        return int(value)

    async def write(self, register: uvm_reg, value: int) -> None:
        """Through the adapter and the bus agent."""
        assert await register.write(value) == uvm_status_e.UVM_IS_OK

    async def check(self, register: uvm_reg, wanted: int) -> None:
        """Reads and compares."""
        value = await self.read(register)
        assert value == wanted, f"{register.get_name()} is {value:#x} instead of {wanted:#x}"
        self.checked += 1

    def fields(self, *access: str) -> Iterator[tuple[uvm_reg, uvm_reg_field]]:
        """All fields with one of these kinds of access."""
        for register in self.model.get_registers():
            for field in register.get_fields():
                if field.get_access() in access:
                    yield register, field


class ResetValuesSequence(RegisterSequence):
    """Every register has its value after a reset."""

    async def body(self) -> None:
        """Reads each once."""
        for register in self.model.get_registers():
            await self.check(register, register.get_reset())


class ReadWriteSequence(RegisterSequence):
    """A register keeps its value even when all others are written."""

    async def body(self) -> None:
        """Writes random words twice."""
        for _ in range(2):
            values = {}
            for register in {register for register, _ in self.fields("RW")}:
                value = random.getrandbits(32)
                await self.write(register, value)
                writable = sum(field.get_register_mask() for field in register.get_fields())
                values[register] = value & writable
            for register, value in values.items():
                await self.check(register, value)


class ReadOnlySequence(RegisterSequence):
    """Writes change neither read-only registers nor bits that are not writable."""

    async def body(self) -> None:
        """Writes ones, zeros and random words to each; if a write has an effect, each other bit."""
        registers = {register for register, _ in self.fields("RO")}
        acting = {register for register, _ in self.fields("W1S", "WO")}
        for register in sorted(registers - acting, key=uvm_reg.get_offset):
            before = await self.read(register)
            for value in (0xFFFF_FFFF, 0, random.getrandbits(32)):
                await self.write(register, value)
                await self.check(register, before)
        for register in sorted(acting, key=uvm_reg.get_offset):
            looked_at = sum(
                field.get_register_mask()
                for field in register.get_fields()
                if field.get_access() not in ("RO", "RC")
            )
            before = await self.read(register)
            for value in [1 << bit for bit in range(32) if not looked_at >> bit & 1]:
                await self.write(register, value)
                await self.check(register, before)


class ToggleSequence(RegisterSequence):
    """A written one toggles a bit, both ways; a written zero does not."""

    async def body(self) -> None:
        """Writes every combination of bits over every other."""
        for register in {register for register, _ in self.fields("W1T")}:
            for before, value in itertools.product(range(4), range(4)):
                await self.write(register, await self.read(register) ^ before)
                await self.check(register, before)
                await self.write(register, value)
                await self.check(register, before ^ value)
            await self.write(register, await self.read(register))
            await self.check(register, 0)


class BitBashSequence(RegisterSequence):
    """Toggles each bit of each writable register by itself, both ways; all others do not change."""

    async def body(self) -> None:
        """Writes a random word with each bit toggled in turn."""
        for register in {register for register, _ in self.fields("RW")}:
            writable = sum(field.get_register_mask() for field in register.get_fields())
            base = random.getrandbits(32)
            for bit in range(32):
                value = base ^ 1 << bit
                await self.write(register, value)
                await self.check(register, value & writable)


class StandardTest(ControlTest):
    """Runs a register sequence."""

    sequence: type[RegisterSequence]

    async def main(self) -> None:
        """Once."""
        sequence = self.sequence(self.env.predictor.registers)
        await sequence.start()
        assert sequence.checked, "no register was checked"
        cocotb.log.info("%d checks of registers", sequence.checked)


@pyuvm.test()
class ResetValues(StandardTest):
    """Every register after a reset, including one that follows writes."""

    sequence = ResetValuesSequence

    async def main(self) -> None:
        """Runs three times; the words in between and after read 0."""
        await super().main()
        for offset in range(0, SIZE, 4):
            await self.access(AxiLiteItem(False, offset))
        for clocks in (1, 4):
            for register in REGISTERS[1:]:
                await self.write(register.name, random.getrandbits(32))
            await self.reset(clocks)
            await super().main()


@pyuvm.test()
class ReadWrite(StandardTest):
    """Writable registers keep what was written."""

    sequence = ReadWriteSequence


@pyuvm.test()
class ReadOnly(StandardTest):
    """Registers that cannot be written do not change."""

    sequence = ReadOnlySequence


@pyuvm.test()
class WriteOneToggles(StandardTest):
    """Writing ones toggles bits of the interrupt status."""

    sequence = ToggleSequence


@pyuvm.test()
class BitBash(StandardTest):
    """Every bit that can be written, one by one."""

    sequence = BitBashSequence


@pyuvm.test()
class Strobes(ControlTest):
    """Only the bytes with a strobe are written."""

    async def main(self) -> None:
        """Writes each byte of each register alone, and all but that byte; every strobe to some
        registers; then random strobes. Address bits 1:0 do not matter."""
        names = [
            register.name
            for register in REGISTERS
            if {field.access for field in register.fields} & {"RW", "W1T"}
            and register.name != "control"
        ]
        for name in names:
            strobes = [1 << byte for byte in range(4)]
            strobes += [EVERY_BYTE ^ strobe for strobe in strobes]
            for strobe in range(16) if name in ("mode", *INTERRUPTS) else strobes:
                await self.strobed(name, strobe)
                await self.read(name)
        for _ in range(100):
            name = random.choice([*ARGUMENT_WORDS, *INTERRUPTS, "control", "error", "clocks"])
            strobe = random.randrange(16)
            await self.strobed(name, strobe & ~1 if name == "control" else strobe)
            await self.read(random.choice(REGISTERS).name)
        for register in REGISTERS:
            await self.read(register.name)

    async def strobed(self, name: str, strobe: int) -> None:
        """A random word with a strobe."""
        address = OFFSETS[name] + random.randrange(4)
        item = AxiLiteItem(True, address, random.getrandbits(32), strobe)
        item.profile = random.choice(PROFILES)
        item.lead = random.choice((-1, 0, 0, 1))
        await self.access(item)


@pyuvm.test()
class Unmapped(ControlTest):
    """Writes to unused addresses are answered and change nothing; reads return 0."""

    async def main(self) -> None:
        """Accesses gaps in the map, its end, and aliases of registers in the upper address bits."""
        for name in ARGUMENT_WORDS:
            await self.write(name, random.getrandbits(32))
        gaps = [offset for offset in range(0, 0x100, 4) if offset not in BY_OFFSET]
        gaps.append(0xF00)
        aliases = [
            register.offset | 1 << random.randint(8, 11) for register in REGISTERS for _ in (0, 1)
        ]
        for address in [*gaps, *aliases, SIZE - 4]:
            await self.access(
                AxiLiteItem(True, address, random.getrandbits(32) | 0xFF, EVERY_BYTE),
                AxiLiteItem(False, address + random.randrange(4)),
            )
        for register in REGISTERS:
            await self.read(register.name)


@pyuvm.test()
class ChannelOrder(ControlTest):
    """The address of a write long before its data, and the data long before the address."""

    async def main(self) -> None:
        """Tries every distance both ways, together with reads."""
        for lead in [*range(-12, 13), *(random.randint(-40, 40) for _ in range(10))]:
            name = random.choice(ARGUMENT_WORDS)
            read = AxiLiteItem(False, OFFSETS[name], delay=random.randint(0, abs(lead) + 2))
            item = AxiLiteItem(True, OFFSETS[name], random.getrandbits(32), lead=lead, beside=read)
            await self.access(item)
            await self.read(name)


@pyuvm.test()
class Traffic(ControlTest):
    """Simultaneous reads and writes, or one before the other's response; responses stall."""

    async def main(self) -> None:
        """Random pairs with every profile."""
        for turn in range(240):
            self.profile = PROFILES[turn % len(PROFILES)]
            first = self.any()
            first.beside = self.any()
            first.beside.delay = random.choice((0, 0, 1, 2, 3))
            await self.access(first)

    def any(self) -> AxiLiteItem:
        """A random access that starts no job."""
        write = random.random() < 0.5
        names = [*ARGUMENT_WORDS[:4], *INTERRUPTS, *(() if write else ("control", "version"))]
        return AxiLiteItem(
            write,
            OFFSETS[random.choice(names)],
            random.getrandbits(32),
            random.choice((EVERY_BYTE, EVERY_BYTE, random.randrange(16))),
            profile=self.profile,
        )


@pyuvm.test()
class InterruptLine(ControlTest):
    """The interrupt is the global enable AND the OR of the status bits, in every clock."""

    async def main(self) -> None:
        """Random enables and toggles."""
        for _ in range(40):
            for name in INTERRUPTS:
                await self.write(name, random.getrandbits(32))
            for name in (*INTERRUPTS, "control"):
                await self.read(name)


@pyuvm.test()
class ResetDuringAccess(ControlTest):
    """A reset at any clock of accesses: they get no response, and the next ones are correct."""

    async def main(self) -> None:
        """Tries each distance a few times, with all orders of address and data."""
        cut = 0
        sample = covergroup(
            "control_registers.reset_access",
            {"write": ("cut short", "answered"), "read": ("cut short", "answered")},
        )
        for wait in [*range(8), *(random.randint(0, 12) for _ in range(12)), 40]:
            name = random.choice(ARGUMENT_WORDS)
            read = AxiLiteItem(False, OFFSETS[name], delay=random.randint(0, 4))
            item = AxiLiteItem(
                True, OFFSETS[name], random.getrandbits(32), lead=random.randint(-4, 4), beside=read
            )
            task = cocotb.start_soon(self.access(item))
            await self.env.drain(0, wait)
            await self.reset(random.choice((1, 2, 3)))
            await task
            cut += item.cut_short
            sample(*(("answered", "cut short")[each.cut_short] for each in (item, read)))
            for _ in range(2):
                await self.read(name)
                await self.write(name, random.getrandbits(32))
        assert cut, "no access was cut short"
