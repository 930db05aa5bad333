# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent of an AXI4-Lite slave port: cocotbext-axi's master performs the accesses, and the
monitor checks the protocol and reports every access."""

from __future__ import annotations

import logging
import warnings
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from cocotb.triggers import FallingEdge, RisingEdge, gather, select
from cocotbext.axi import AxiLiteBus, AxiLiteMaster
from cocotbext.axi.axil_channels import (
    AxiLiteARTransaction,
    AxiLiteAWTransaction,
    AxiLiteWTransaction,
)
from pyuvm import (
    uvm_analysis_port,
    uvm_driver,
    uvm_monitor,
    uvm_sequence,
    uvm_sequence_item,
    uvm_subscriber,
)

from tb.agents.agent import Agent, read
from tb.agents.handshakes import CHANNELS, VALIDS, Handshakes
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup
from tb.lib.profiles import pauses

# At every reset cocotbext-axi ends its tasks with a call that cocotb has renamed.
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"cocotbext\.")

OKAY = 0
RESPONSES = ("okay", "exokay", "slverr", "decerr")


@dataclass(frozen=True)
class AxiLiteConfig:
    """A port, and the accesses that a host makes on it."""

    dut: Any
    coverage: str
    """Prefix of the covergroups' names."""
    prefix: str = "s_axi_control"
    active: bool = True
    regions: tuple[tuple[str, int], ...] = (("all", 0),)
    """Address regions for coverage: names and first addresses, in order."""
    responses: tuple[str, ...] = ("okay",)
    """Names from RESPONSES that the slave may give; any other fails."""
    handshakes: str = ""
    """A port with the handshakes of all channels; faster than reading each signal."""
    active_port: str = ""
    """A port that is high while there is something to sample: a valid, X or a reset."""
    plain: bool = False
    """Whether the host writes only whole words, address and data together, and always accepts
    responses at once."""

    def region(self, address: int) -> str:
        """The name of an address's region."""
        return [name for name, first in self.regions if first <= address][-1]


class AxiLiteItem(uvm_sequence_item):
    """A read or a write of one word; when finished, `data` and `response` are those received."""

    def __init__(
        self,
        write: bool,
        address: int,
        data: int = 0,
        strobe: int = 0xF,
        *,
        lead: int = 0,
        delay: int = 0,
        profile: str = "none",
        beside: AxiLiteItem | None = None,
    ) -> None:
        super().__init__("write" if write else "read")
        self.write = write
        self.address = address
        self.data = data
        self.strobe = strobe
        self.lead = lead
        """Clocks from the address of a write to its data; negative: the data comes first."""
        self.delay = delay
        """Clocks before the access begins."""
        self.profile = profile
        """The profile with which responses are stalled from now on."""
        self.beside = beside
        """A simultaneous access; one in the same direction follows at once, before the response."""
        self.response: int | None = None
        self.cut_short = False
        """Whether a reset came before the response."""


class AxiLiteAccess(NamedTuple):
    """An access with its response."""

    clock: int
    """The clock in which the response was accepted, or first presented."""
    write: bool
    address: int
    data: int
    strobe: int
    """The write strobe; 0 for a read."""
    response: int
    lead: int = 0
    """Clocks from the address of a write to its data."""
    wait: int = 0
    """Clocks that the response waited to be accepted."""


class AxiLiteSequence(uvm_sequence):
    """Accesses, one after another."""

    def __init__(self, *items: AxiLiteItem) -> None:
        super().__init__("accesses")
        self.items = items

    async def body(self) -> None:
        """Returns when the last access has been answered, or as soon as a reset cuts one short."""
        for item in self.items:
            await self.start_item(item)
            await self.finish_item(item)
            if item.cut_short:
                break


class AxiLiteDriver(uvm_driver):
    """Performs one item after another, each with its `beside` access at the same time."""

    async def run_phase(self) -> None:
        """Runs from the end of the first reset."""
        config = self.cdb_get("config")
        self.dut = config.dut
        logging.getLogger(f"cocotb.{self.dut._name}.{config.prefix}").setLevel(logging.WARNING)
        bus = AxiLiteBus.from_prefix(self.dut, config.prefix)
        master = AxiLiteMaster(bus, self.dut.clk_i, self.dut.rst_ni, reset_active_level=False)
        self.writes, self.reads = master.write_if, master.read_if
        self.profile = "none"
        for channel in (self.writes.b_channel, self.reads.r_channel):
            channel.set_pause_generator(pauses(lambda: self.profile))
        await RisingEdge(self.dut.rst_ni)
        while True:
            item = await self.seq_item_port.get_next_item()
            self.profile = item.profile
            items = [item]
            while (beside := items[-1].beside) is not None:
                items.append(beside)
            await select(gather(*map(self._access, items)), FallingEdge(self.dut.rst_ni))
            for each in items:
                each.cut_short = each.response is None
            if not read(self.dut.rst_ni):
                await RisingEdge(self.dut.rst_ni)
            self.seq_item_port.item_done()

    async def _access(self, item: AxiLiteItem) -> None:
        for _ in range(item.delay):
            await RisingEdge(self.dut.clk_i)
        if not item.write:
            await self.reads.ar_channel.send(AxiLiteARTransaction(araddr=item.address))
            answer = await self.reads.r_channel.recv()
            item.data, item.response = int(answer.rdata), int(answer.rresp)
            return
        sends = [
            (self.writes.aw_channel, AxiLiteAWTransaction(awaddr=item.address)),
            (self.writes.w_channel, AxiLiteWTransaction(wdata=item.data, wstrb=item.strobe)),
        ]
        (first, one), (second, other) = sends if item.lead >= 0 else reversed(sends)
        await first.send(one)
        for _ in range(abs(item.lead)):
            await RisingEdge(self.dut.clk_i)
        await second.send(other)
        item.response = int((await self.writes.b_channel.recv()).bresp)


class _Channel:
    """One channel's rules: valid and payload must remain stable until ready."""

    def __init__(self, dut: Any, prefix: str, name: str, payload: tuple[str, ...]) -> None:
        self.name = f"{prefix}_{name}"
        self.valid = getattr(dut, f"{self.name}valid")
        self.ready = getattr(dut, f"{self.name}ready")
        self.payload = [getattr(dut, f"{self.name}{part}") for part in payload]
        self.reset()

    def reset(self) -> None:
        """Forgets the pending transfer."""
        self.standing: tuple[int, ...] | None = None
        self.began = False
        self.waited = 0

    def sample(self, handshake: int) -> tuple[int, ...] | None:
        """The payload transferred in this clock, if any, with valid in bit 1 and ready in bit 0;
        `began`: first presented in this clock."""
        valid, ready = handshake & 2, handshake & 1
        self.began = False
        if not valid:
            assert self.standing is None, f"{self.name}valid fell before it was accepted"
            return None
        values = tuple([read(part) for part in self.payload])
        self.began = self.standing is None
        self.waited = 0 if self.began else self.waited + 1
        assert self.began or values == self.standing, f"{self.name} changed before it was accepted"
        self.standing = None if ready else values
        return values if ready else None


class AxiLiteMonitor(uvm_monitor):
    """Writes every access twice: when its response is first presented, and when it is accepted.

    Fails on X, on a transfer withdrawn or changed before it was accepted, on an unrequested or a
    missing response, on a response code that the slave must not give, on traffic in reset, and on
    READY in reset, when an access would be lost.
    """

    def build_phase(self) -> None:
        """The ports: `answered` when a response is first presented, `port` when it is accepted."""
        self.answered = uvm_analysis_port("answered", self)
        self.port = uvm_analysis_port("port", self)
        self.config = self.cdb_get("config")
        channels = {"aw": ("addr",), "w": ("data", "strb"), "b": ("resp",)}
        channels |= {"ar": ("addr",), "r": ("data", "resp")}
        self.channels = {
            name: _Channel(self.config.dut, self.config.prefix, name, payload)
            for name, payload in channels.items()
        }
        self.handshakes = Handshakes(
            self.config.dut, self.config.handshakes, self.config.active_port, self.channels
        )
        self.waiting: dict[str, deque[tuple[int, tuple[int, ...]]]] = {}
        self._forget()

    def _forget(self) -> None:
        self.waiting = {name: deque() for name in ("aw", "w", "ar")}
        self.standing = False
        """Whether anything is presented and not accepted."""
        for channel in self.channels.values():
            channel.reset()

    async def run_phase(self) -> None:
        """Samples every clock in which there is something to sample."""
        clk, rst_n = self.config.dut.clk_i, self.config.dut.rst_ni
        in_reset = False
        began: int | None = clock_now()
        while True:
            await self.handshakes.clock(clk, self.standing)
            if began is not None and clock_now() == began:
                # The clock's random initial level, or that at which an earlier test failed, fell
                # before anything had settled.
                continue
            began = None
            if read(rst_n):
                in_reset = False
                self._clock()
                continue
            for name, channel in self.channels.items():
                assert not in_reset or not read(channel.valid), f"{channel.name}valid in reset"
                taken = name in self.waiting and channel.ready.value == 1
                assert not taken, f"{channel.name}ready in reset"
            in_reset = True
            self._forget()

    def _clock(self) -> None:
        """Handles requests before responses: a response must not precede its request."""
        packed = self.handshakes.read()
        if not (packed & VALIDS or self.standing):
            return
        of = {name: packed >> 2 * number & 3 for number, name in enumerate(CHANNELS)}
        for name in ("aw", "w", "ar"):
            values = self.channels[name].sample(of[name])
            if values is not None:
                self.waiting[name].append((clock_now(), values))
        for name, requests in (("b", ("aw", "w")), ("r", ("ar",))):
            channel = self.channels[name]
            taken = channel.sample(of[name]) is not None
            if not channel.began and not taken:
                continue
            missing = [request for request in requests if not self.waiting[request]]
            assert not missing, f"{channel.name}valid came before {' and '.join(missing)}"
            access = self._access([self.waiting[request][0] for request in requests], channel)
            if channel.began:
                self.answered.write(access)
            if taken:
                for request in requests:
                    self.waiting[request].popleft()
                self.port.write(access)
        self.standing = any(each.standing is not None for each in self.channels.values())

    def _access(
        self, requests: list[tuple[int, tuple[int, ...]]], channel: _Channel
    ) -> AxiLiteAccess:
        (clock, (address,)), *rest = requests
        *values, response = [read(part) for part in channel.payload]
        assert RESPONSES[response] in self.config.responses, f"{channel.name}resp is {response}"
        if not rest:
            return AxiLiteAccess(
                clock_now(), False, address, values[0], 0, response, wait=channel.waited
            )
        ((data_clock, (data, strobe)),) = rest
        return AxiLiteAccess(
            clock_now(),
            True,
            address,
            data,
            strobe,
            response,
            lead=data_clock - clock,
            wait=channel.waited,
        )

    def check_phase(self) -> None:
        """Checks that every access was answered."""
        left = [name for name, requests in self.waiting.items() if requests]
        assert not left, f"{self.config.prefix}: no answer to {' and '.join(left)}"


class AxiLiteCoverage(uvm_subscriber):
    """Coverage of accesses: regions, strobes, timing and responses."""

    STROBES = ("none", "one byte", "some bytes", "gaps", "all bytes")
    ORDERS = ("data first", "together", "address first")
    PLACES = ("word", "inside a word")
    WAITS = ("0", "1", "2 and more")

    def build_phase(self) -> None:
        """The covergroups; a plain host has fewer."""
        self.config = config = self.cdb_get("config")
        name = config.coverage
        self._access = covergroup(
            f"{name}.access",
            {
                "region": tuple(dict.fromkeys(region for region, _ in config.regions)),
                "kind": ("read", "write"),
                "response": config.responses,
            },
            {"region_x_kind": ("region", "kind")},
        )
        if config.plain:
            return
        self._write = covergroup(f"{name}.write", {"strobe": self.STROBES, "order": self.ORDERS})
        self._answer = covergroup(
            f"{name}.answer",
            {"kind": ("read", "write"), "wait": self.WAITS, "address": self.PLACES},
            {"kind_x_wait": ("kind", "wait"), "kind_x_address": ("kind", "address")},
        )

    @classmethod
    def strobe_class(cls, strobe: int) -> str:
        """The class of a strobe: consecutive bytes, or with gaps."""
        count = strobe.bit_count()
        if 1 < count < 4:
            run = strobe // (strobe & -strobe)
            return "some bytes" if run & (run + 1) == 0 else "gaps"
        return {0: "none", 1: "one byte", 4: "all bytes"}[count]

    def write(self, access: AxiLiteAccess) -> None:
        """Samples an answered access."""
        kind = "write" if access.write else "read"
        region = self.config.region(access.address)
        self._access(region, kind, RESPONSES[access.response])
        if self.config.plain:
            return
        place = self.PLACES[access.address % 4 != 0]
        self._answer(kind, self.WAITS[min(access.wait, 2)], place)
        if access.write:
            order = self.ORDERS[1 + (access.lead > 0) - (access.lead < 0)]
            self._write(self.strobe_class(access.strobe), order)


class AxiLiteAgent(Agent):
    """The agent of an AXI4-Lite slave port."""

    driver_class = AxiLiteDriver
    monitor_class = AxiLiteMonitor
    coverage_class = AxiLiteCoverage
