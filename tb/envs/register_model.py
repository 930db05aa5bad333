# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""UVM's register layer over tb/lib/registers.py: the block, the bus adapter, and the effect of bus
accesses on the mirrored values."""

from __future__ import annotations

from pyuvm import (
    uvm_access_e,
    uvm_endianness_e,
    uvm_predict_e,
    uvm_reg,
    uvm_reg_adapter,
    uvm_reg_block,
    uvm_reg_bus_op,
    uvm_reg_field,
    uvm_sequencer,
    uvm_status_e,
)

from crocuta.models.configs import Config
from tb.agents.axi_lite import OKAY, AxiLiteAccess, AxiLiteItem
from tb.lib.registers import REGISTERS, Register


class RegisterAdapter(uvm_reg_adapter):
    """Translates between register and bus operations."""

    def reg2bus(self, rw: uvm_reg_bus_op) -> AxiLiteItem:
        """A whole word."""
        return AxiLiteItem(rw.kind == uvm_access_e.UVM_WRITE, rw.addr, rw.data)

    def bus2reg(self, bus_item: AxiLiteItem, rw: uvm_reg_bus_op) -> None:
        """The answer."""
        rw.data = bus_item.data
        good = bus_item.response == OKAY
        rw.status = uvm_status_e.UVM_IS_OK if good else uvm_status_e.UVM_NOT_OK


def written(field: uvm_reg_field, data: int, strobe: int) -> int:
    """The effective data of a write to a field: bytes without a strobe keep the old value, or are
    zero in a field that reacts to ones."""
    mask = sum(0xFF << 8 * byte for byte in range(4) if strobe >> byte & 1)
    enabled = field.extract_from_register(mask)
    value = int(field.extract_from_register(data) & enabled)
    keeps = not field.get_access().startswith("W1")
    return value | (int(field.value) & ~enabled if keeps else 0)


class RegisterModel(uvm_reg_block):
    """All registers of a kernel, under their names in tb/lib/registers.py."""

    def __init__(self, config: Config) -> None:
        super().__init__("registers")
        self.bus = self.create_map("bus", 0, 4, uvm_endianness_e.UVM_LITTLE_ENDIAN)
        there = [each for each in REGISTERS if each.exists(config)]
        self.registers = {each.name: self._register(each, config) for each in there}
        self.by_offset = {each.offset: self.registers[each.name] for each in there}
        self.lock_model()
        self.restart()

    def connect(self, sequencer: uvm_sequencer) -> None:
        """Routes register accesses to the bus agent."""
        self.bus.set_sequencer(sequencer, RegisterAdapter("adapter"))

    def _register(self, description: Register, config: Config) -> uvm_reg:
        register = uvm_reg(description.name, 32)
        register.configure(self)
        for each in description.fields:
            uvm_reg_field(each.name).configure(
                register,
                each.bits,
                each.lsb,
                each.access,
                each.volatile,
                each.reset_value(config),
                has_reset=True,
                is_rand=False,
                individually_accessible=False,
            )
        self.bus.add_reg(register, description.offset, "RW")
        return register

    def restart(self) -> None:
        """Resets only the fields, because an access may be in progress."""
        for field in self.get_fields():
            field.reset()

    def predict(self, access: AxiLiteAccess) -> None:
        """Updates the mirror after an answered access. A field that hardware also changes mirrors
        the value last read."""
        register = self.by_offset.get(access.address & ~3)
        if register is None:
            return
        if access.write:
            value = sum(
                written(field, access.data, access.strobe) << field.get_lsb_pos()
                for field in register.get_fields()
            )
            register.predict(value, kind=uvm_predict_e.UVM_PREDICT_WRITE)
        else:
            register.predict(access.data, kind=uvm_predict_e.UVM_PREDICT_READ)
