# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Common to all agents: their configuration, and active and passive agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocotb.handle import SimHandleBase
from pyuvm import ConfigDB, uvm_agent, uvm_analysis_export, uvm_component, uvm_sequencer

from tb.lib.clock import clock_now


def read(signal: Any) -> int:
    """A signal's value.

    Raises:
        AssertionError: a bit of it is X or Z.
    """
    # cocotb's own value is an array of bits, which takes four times as long to make.
    value = signal._handle.get_signal_val_binstr()
    try:
        return int(value, 2)
    except ValueError:
        raise AssertionError(f"{signal._path} is {value} at clock {clock_now()}") from None


class Listener(uvm_analysis_export):
    """Passes everything that an analysis port writes to a function of its parent."""

    def __init__(self, name: str, parent: uvm_component, heard: Callable[[Any], None]) -> None:
        super().__init__(name, parent)
        self.write = heard


def configure(parent: uvm_component, name: str, config: Any) -> None:
    """Sets the configuration of `parent`'s child `name` and of everything below it."""
    ConfigDB().set(parent, name, "config", config)
    ConfigDB().set(parent, f"{name}.*", "config", config)


class Agent(uvm_agent):
    """An interface's agent. Subclasses name the classes of its parts; the factory creates them."""

    sequencer_class: type[Any] = uvm_sequencer
    driver_class: type[Any]
    monitor_class: type[Any]
    coverage_class: type[Any]

    def build_phase(self) -> None:
        """Creates the parts; a passive agent has no sequencer and no driver."""
        self.config = self.cdb_get("config")
        self.monitor = self.monitor_class.create("monitor", self)
        self.coverage = self.coverage_class.create("coverage", self)
        self.sequencer = self.driver = None
        if self.config.active:
            self.sequencer = self.sequencer_class.create("sequencer", self)
            self.driver = self.driver_class.create("driver", self)

    def connect_phase(self) -> None:
        """Connects the sequencer to the driver, and the monitor to coverage and agent ports."""
        self.port = self.monitor.port
        self.monitor.port.connect(self.coverage.analysis_export)
        if self.driver is not None and self.sequencer is not None:
            self.driver.seq_item_port.connect(self.sequencer.seq_item_export)


def signals(dut: SimHandleBase, names: tuple[str, ...]) -> list[Any]:
    """The ports of these names."""
    return [getattr(dut, name) for name in names]
