# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The agent of a memory behind an AXI4 port, simulation/axi_memory.sv. An active agent controls the
memory's behaviour; the monitor checks the port in every clock; the backdoor accesses the contents.
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiBus, AxiResp
from pyuvm import (
    uvm_analysis_port,
    uvm_driver,
    uvm_monitor,
    uvm_sequence,
    uvm_sequence_item,
    uvm_subscriber,
)

from crocuta.models.layout import PAGE_BYTES
from tb.agents.agent import Agent, read
from tb.agents.handshakes import CHANNELS, VALIDS, Handshakes
from tb.lib.clock import clock_now
from tb.lib.coverage import covergroup

INCR = 1
FIELDS = {
    "aw": ("addr", "len", "size", "burst", "id", "cache", "prot"),
    "ar": ("addr", "len", "size", "burst", "id", "cache", "prot"),
    "w": ("data", "strb", "last"),
    "b": ("resp", "id"),
    "r": ("data", "resp", "last", "id"),
}

# Classes of memory behaviour: latency in clocks, bandwidth in beats per 1,000 clocks, stalls per
# 1,000 clocks of a channel.
LATENCIES = {"short": range(2, 10), "usual": range(10, 100), "long": range(100, 300)}
BANDWIDTHS = {"full": range(1000, 1001), "most": range(700, 1000), "half": range(300, 700)}
STALLS = {"none": range(1), "seldom": range(1, 300), "often": range(300, 600)}

LENGTHS = ("one", "some", "longest")
"""Classes of burst lengths in beats."""
WAITS = ("0", "1", "2 and more")
"""Classes of clocks that an address or a beat waited to be accepted."""
DIRECTIONS = ("read", "write")
ERRORS = (AxiResp.EXOKAY, AxiResp.SLVERR, AxiResp.DECERR)
"""The responses that a master without exclusive accesses treats as errors."""
PLACES = ("first", "middle", "last")
"""Positions of a beat in its burst."""
HELD = 1000
"""Clocks for which a channel must be held back to count as coverage."""


def class_of(value: int, classes: Mapping[str, range]) -> str:
    """The class of a value."""
    return next(name for name, values in classes.items() if value in values)


@dataclass(frozen=True)
class Behaviour:
    """The behaviour of a memory."""

    latency: int = 60
    bandwidth: int = 1000
    stall: int = 0
    read_error: int | None = None
    """The address whose beat gets an error response."""
    write_error: int | None = None
    """The address whose beat is refused."""
    response: AxiResp = AxiResp.SLVERR
    """The error response."""
    hold: str = ""
    """The channel that is blocked, if any."""

    @classmethod
    def random(
        cls, latency: str | None = None, bandwidth: str | None = None, stall: str | None = None
    ) -> Behaviour:
        """A random behaviour of these classes (None: any), without errors."""
        return cls(
            latency=random.choice(LATENCIES[latency or random.choice(list(LATENCIES))]),
            bandwidth=random.choice(BANDWIDTHS[bandwidth or random.choice(list(BANDWIDTHS))]),
            stall=random.choice(STALLS[stall or random.choice(list(STALLS))]),
            response=random.choice(ERRORS),
        )


def all_pairs() -> list[Behaviour]:
    """Nine behaviours in random order that cover every pair of classes."""
    square = list(itertools.product(range(3), range(3)))
    random.shuffle(square)
    latencies, bandwidths, stalls = map(list, (LATENCIES, BANDWIDTHS, STALLS))
    return [
        Behaviour.random(latencies[row], bandwidths[column], stalls[(row + column) % 3])
        for row, column in square
    ]


@dataclass(frozen=True)
class AxiMemoryConfig:
    """A memory and its port."""

    dut: Any
    coverage: str
    """Prefix of the covergroups' names."""
    prefix: str
    """Prefix of the AXI signals: PREFIX_awvalid."""
    contents: Any
    """The array of words in axi_memory."""
    beat_bytes: int
    longest: int
    """Maximum beats per burst."""
    max_outstanding: int
    """Maximum incomplete bursts per direction."""
    settings: str = ""
    """Prefix of the settings' ports: SETTINGSlatency_i."""
    base: int = 0
    """The address of word 0."""
    active: bool = True
    watched: bool = True
    """Whether the monitor checks every clock; otherwise it only reads the memory's own protocol
    check."""
    lengths: tuple[str, ...] = LENGTHS
    """The classes of burst lengths that the port's master issues."""
    never: tuple[tuple[str, str], ...] = ()
    """Directions with the classes of lengths that they never have."""
    waiting: tuple[str, ...] = ("aw", "w", "ar")
    """The channels whose receiver may stall."""
    handshakes: str = ""
    """A port with the handshakes of all channels; faster than reading each signal."""
    active_port: str = ""
    """A port that is high while there is something to sample: a valid, X or a reset."""
    attributes: tuple[int, int] = (0, 0)
    """AxCACHE and AxPROT of every burst."""
    reset_clocks: int = 1
    """The clocks of reset after which no channel may be valid."""

    def setting(self, name: str) -> Any:
        """A port of axi_memory that is not an AXI signal."""
        return getattr(self.dut, f"{self.settings}{name}")


class BehaviourItem(uvm_sequence_item):
    """The memory's behaviour from now on."""

    def __init__(self, name: str = "behaviour", behaviour: Behaviour | None = None) -> None:
        super().__init__(name)
        self.behaviour = behaviour or Behaviour()


class BehaviourSequence(uvm_sequence):
    """Sets the memory's behaviour."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__("behaviour")
        self.item = BehaviourItem(behaviour=behaviour)

    async def body(self) -> None:
        """Sends it."""
        await self.start_item(self.item)
        await self.finish_item(self.item)


class Request(NamedTuple):
    """A requested burst."""

    clock: int
    presented: int
    """The clock in which it was first presented."""
    write: bool
    address: int
    beats: int
    identifier: int


class Burst(NamedTuple):
    """A complete burst: its last beat and its response have been transferred."""

    request: Request
    clock: int
    data: tuple[int, ...]
    strobes: tuple[int, ...]
    """The strobes of a write."""
    responses: tuple[int, ...]
    """One per beat of a read, one for a write."""
    waits: tuple[tuple[str, int], ...]
    """Clocks that the address and each beat waited, with their channels."""
    gap: int
    """The longest time in clocks in which the memory owed it a beat or a response."""


class Refusal(NamedTuple):
    """A beat or a burst with an error response."""

    clock: int
    write: bool
    address: int


class Backdoor:
    """Access to the memory's contents, by address."""

    def __init__(self, config: AxiMemoryConfig) -> None:
        self.words = config.contents
        self.base = config.base
        self.beat_bytes = config.beat_bytes
        self.size = len(self.words) * self.beat_bytes

    def _words(self, address: int, size: int) -> range:
        first, rest = divmod(address - self.base, self.beat_bytes)
        assert rest == 0 and 0 <= first <= first + size // self.beat_bytes <= len(self.words)
        return range(first, first - (-size // self.beat_bytes))

    def write(self, address: int, data: bytes) -> None:
        """Writes whole words."""
        assert len(data) % self.beat_bytes == 0
        for number, index in enumerate(self._words(address, len(data))):
            word = data[number * self.beat_bytes : (number + 1) * self.beat_bytes]
            self.words[index].value = int.from_bytes(word, "little")

    def read(self, address: int, size: int) -> bytes:
        """Reads any number of bytes, starting at a word."""
        words = [read(self.words[index]) for index in self._words(address, size)]
        return b"".join(word.to_bytes(self.beat_bytes, "little") for word in words)[:size]


class Channel:
    """One of the five channels: whatever is presented must remain stable until accepted."""

    def __init__(self, bus: Any, name: str) -> None:
        self.name = name
        self.valid, self.ready = getattr(bus, f"{name}valid"), getattr(bus, f"{name}ready")
        self.fields = [getattr(bus, f"{name}{field}") for field in FIELDS[name]]
        self.reset()

    def reset(self) -> None:
        """Forgets any pending transfer."""
        self.standing: tuple[int, ...] | None = None
        self.stood = 0
        """Clocks that the last transfer waited."""

    def transferred(self, handshake: int) -> tuple[int, ...] | None:
        """The values accepted in this clock, if any; valid in bit 1 and ready in bit 0."""
        valid, ready = handshake & 2, handshake & 1
        if not valid:
            assert self.standing is None, self._breach("was withdrawn")
            return None
        values = tuple([read(field) for field in self.fields])
        if self.standing is None:
            self.stood = 0
        else:
            assert values == self.standing, self._breach("changed")
            self.stood += 1
        self.standing = None if ready else values
        return values if ready else None

    def _breach(self, what: str) -> str:
        return f"{self.valid._path}: it {what} before it was accepted, at clock {clock_now()}"


class Outstanding:
    """A requested burst that is not complete."""

    def __init__(self, request: Request, stood: int) -> None:
        self.request = request
        self.data: list[int] = []
        self.strobes: list[int] = []
        self.responses: list[int] = []
        self.waits = [("aw" if request.write else "ar", stood)]
        self.since = request.clock
        """The clock from which a response is due."""
        self.gap = 0

    def answered(self, last: int) -> None:
        """Records a beat or a response; `last` is the clock of the previous one on its channel."""
        now = clock_now()
        self.gap = max(self.gap, now - max(self.since, last))

    @property
    def whole(self) -> bool:
        """Whether all its beats have been transferred."""
        return len(self.data) == self.request.beats

    def burst(self) -> Burst:
        """The completed burst."""
        return Burst(
            self.request,
            clock_now(),
            tuple(self.data),
            tuple(self.strobes),
            tuple(self.responses),
            tuple(self.waits),
            self.gap,
        )


class PortWatch:
    """The AXI4 rules that apply to this memory and its masters: whole words, INCR, in order.

    `clock` samples the port at a falling edge and reports requests, refusals and complete bursts.
    It raises AssertionError at any violation.
    """

    def __init__(self, config: AxiMemoryConfig, bus: Any) -> None:
        self.config = config
        parts = {"aw": bus.write.aw, "w": bus.write.w, "b": bus.write.b}
        parts |= {"ar": bus.read.ar, "r": bus.read.r}
        self.channels = {name: Channel(part, name) for name, part in parts.items()}
        self.aw, self.w, self.b = (self.channels[name] for name in ("aw", "w", "b"))
        self.ar, self.r = self.channels["ar"], self.channels["r"]
        self.end = config.base + len(config.contents) * config.beat_bytes
        self.handshakes = Handshakes(
            config.dut, config.handshakes, config.active_port, self.channels
        )
        self.reset()

    def reset(self, clocks: int = 0) -> None:
        """Forgets everything in flight, after the given number of clocks of a reset."""
        for channel in self.channels.values():
            channel.reset()
            quiet = clocks < self.config.reset_clocks or not read(channel.valid)
            self._claim(quiet, f"{channel.name}valid in reset")
        self.reads: deque[Outstanding] = deque()
        self.writes: deque[Outstanding] = deque()
        self.answers = dict.fromkeys(("r", "b"), 0)
        """The clock of the last response on each channel."""
        self.standing = False
        """Whether anything is presented and not accepted."""

    @property
    def idle(self) -> bool:
        """Whether nothing is presented or outstanding."""
        return not (self.reads or self.writes or self.standing)

    def clock(self) -> list[Request | Refusal | Burst]:
        """Checks one clock. A response answers only what was transferred in an earlier clock."""
        events: list[Request | Refusal | Burst] = []
        packed = self.handshakes.read()
        if not (packed & VALIDS or self.standing):
            return events
        ar, r, aw, w, b = (packed >> 2 * number & 3 for number in range(len(CHANNELS)))
        values = self.r.transferred(r)
        if values is not None:
            self._read_beat(values, events)
        values = self.b.transferred(b)
        if values is not None:
            self._acknowledge(values, events)
        for channel, handshake, bursts in (
            (self.ar, ar, self.reads),
            (self.aw, aw, self.writes),
        ):
            values = channel.transferred(handshake)
            if values is not None:
                request = self._request(channel, values)
                bursts.append(Outstanding(request, channel.stood))
                events.append(request)
            presented = len(bursts) + (channel.standing is not None)
            self._claim(
                presented <= self.config.max_outstanding,
                f"{presented} bursts outstanding on {channel.name}",
            )
        values = self.w.transferred(w)
        if values is not None:
            self._write_beat(values)
        self.standing = any(each.standing is not None for each in self.channels.values())
        return events

    def _claim(self, right: bool, problem: str) -> None:
        assert right, f"{self.config.prefix}: {problem}, at clock {clock_now()}"

    def _request(self, channel: Channel, values: tuple[int, ...]) -> Request:
        address, length, size, kind, identifier = values[:5]
        beats, beat_bytes = length + 1, self.config.beat_bytes
        last = address + beats * beat_bytes - 1
        where = f"a burst of {beats} beats at {address:#x}"
        self._claim(kind == INCR, f"{where} is not INCR")
        self._claim(values[5:] == self.config.attributes, f"{where} has CACHE, PROT {values[5:]}")
        self._claim(1 << size == beat_bytes, f"{where} has beats of {1 << size} bytes")
        self._claim(address % beat_bytes == 0, f"{where} starts within a word")
        self._claim(address // PAGE_BYTES == last // PAGE_BYTES, f"{where} crosses 4 KiB")
        self._claim(self.config.base <= address and last < self.end, f"{where} is not in memory")
        self._claim(beats <= self.config.longest, f"{where} is too long")
        now = clock_now()
        return Request(now, now - channel.stood, channel is self.aw, address, beats, identifier)

    def _read_beat(self, values: tuple[int, ...], events: list[Request | Refusal | Burst]) -> None:
        data, response, last, identifier = values
        self._claim(bool(self.reads), "a read beat without a request")
        burst = self.reads[0]
        self._claim(identifier == burst.request.identifier, f"RID is {identifier}")
        if response != AxiResp.OKAY:
            address = burst.request.address + len(burst.data) * self.config.beat_bytes
            events.append(Refusal(clock_now(), False, address))
        burst.data.append(data)
        burst.responses.append(response)
        burst.waits.append(("r", self.r.stood))
        burst.answered(self.answers["r"])
        self.answers["r"] = clock_now()
        self._claim(
            last == burst.whole, f"RLAST is {last} at beat {len(burst.data)} of {burst.request}"
        )
        if last:
            events.append(self.reads.popleft().burst())

    def _write_beat(self, values: tuple[int, ...]) -> None:
        data, strobes, last = values
        burst = next((entry for entry in self.writes if not entry.whole), None)
        self._claim(burst is not None, "a write beat without an address")
        assert burst is not None
        burst.data.append(data)
        burst.strobes.append(strobes)
        burst.waits.append(("w", self.w.stood))
        burst.since = clock_now()
        self._claim(
            last == burst.whole, f"WLAST is {last} at beat {len(burst.data)} of {burst.request}"
        )

    def _acknowledge(
        self, values: tuple[int, ...], events: list[Request | Refusal | Burst]
    ) -> None:
        response, identifier = values
        self._claim(bool(self.writes) and self.writes[0].whole, "a response without a write")
        burst = self.writes.popleft()
        self._claim(identifier == burst.request.identifier, f"BID is {identifier}")
        if response != AxiResp.OKAY:
            events.append(Refusal(clock_now(), True, burst.request.address))
        burst.responses.append(response)
        burst.waits.append(("b", self.b.stood))
        burst.answered(self.answers["b"])
        self.answers["b"] = clock_now()
        events.append(burst.burst())


class AxiMemoryDriver(uvm_driver):
    """Sets the memory's behaviour item by item."""

    async def run_phase(self) -> None:
        """Runs from the first clock; the memory takes its stalls' seed at the reset."""
        config = self.cdb_get("config")
        for name in ("load_i", "dump_i"):
            config.setting(name).value = 0
        config.setting("seed_i").value = random.getrandbits(32)
        self._set(config, Behaviour())
        while True:
            item = await self.seq_item_port.get_next_item()
            await RisingEdge(config.dut.clk_i)
            self._set(config, item.behaviour)
            self.seq_item_port.item_done()

    def _set(self, config: AxiMemoryConfig, behaviour: Behaviour) -> None:
        for name in ("latency", "bandwidth", "stall"):
            config.setting(f"{name}_i").value = getattr(behaviour, name)
        for name in ("read_error", "write_error"):
            address = getattr(behaviour, name)
            config.setting(f"{name}_i").value = int(address is not None)
            config.setting(f"{name}_addr_i").value = address or 0
        config.setting("response_i").value = int(behaviour.response)
        hold = 1 << CHANNELS.index(behaviour.hold) if behaviour.hold else 0
        config.setting("hold_i").value = hold


class AxiMemoryMonitor(uvm_monitor):
    """Checks the port: a violation of AXI fails, and so does one that the memory itself reports."""

    def build_phase(self) -> None:
        """Three ports: requests when accepted, refusals, and complete bursts."""
        self.config = self.cdb_get("config")
        self.requests = uvm_analysis_port("requests", self)
        self.refusals = uvm_analysis_port("refusals", self)
        self.port = uvm_analysis_port("port", self)
        bus = AxiBus.from_prefix(self.config.dut, self.config.prefix)
        self.watch = PortWatch(self.config, bus)

    async def run_phase(self) -> None:
        """Samples every clock in which there is something to sample."""
        watch = self.watch
        # Looked up once: an attribute of the top costs as much time as reading a value.
        clk, rst_n = self.config.dut.clk_i, self.config.dut.rst_ni
        outlets = {Request: self.requests, Refusal: self.refusals, Burst: self.port}
        running, clocks = False, 0
        while self.config.watched:
            await watch.handshakes.clock(clk, watch.standing)
            if not read(rst_n):
                if running:
                    self.check_memory()
                watch.reset(clocks)
                running, clocks = False, clocks + 1
                continue
            running, clocks = True, 0
            for event in watch.clock():
                outlets[type(event)].write(event)

    @property
    def idle(self) -> bool:
        """Whether nothing is presented or outstanding, as far as the port is watched."""
        return self.watch.idle

    def waits_for(self, channel: str) -> bool:
        """Whether a transfer on the channel is due: presented, or a response that is owed."""
        watch = self.watch
        if channel == "r":
            return bool(watch.reads)
        if channel == "b":
            return any(burst.whole for burst in watch.writes)
        return watch.channels[channel].standing is not None

    def check_memory(self) -> None:
        """Fails if the memory has reported a violation since the last reset."""
        breach = read(self.config.setting("protocol_breach_o"))
        assert not read(self.config.setting("protocol_error_o")), (
            f"{self.config.prefix}: the memory reports AXI violation {breach}"
        )

    def check_phase(self) -> None:
        """Checks that the memory reports no violation either."""
        self.check_memory()


class AxiMemoryCoverage(uvm_subscriber):
    """Coverage of bursts, their waits and responses, and the memory's behaviour at the time."""

    def build_phase(self) -> None:
        """Creates four covergroups per port."""
        self.config = self.cdb_get("config")
        name = self.config.coverage
        self.sample_burst = covergroup(
            f"{name}.burst",
            {"direction": DIRECTIONS, "beats": self.config.lengths},
            {"direction_x_beats": ("direction", "beats")},
            {"direction_x_beats": self.config.never},
        )
        self.sample_answer = covergroup(
            f"{name}.answer",
            {"direction": DIRECTIONS, "response": [response.name for response in AxiResp]},
            {"direction_x_response": ("direction", "response")},
        )
        self.sample_refused = covergroup(
            f"{name}.refused",
            {"beat": PLACES, "response": [response.name for response in ERRORS]},
        )
        self.sample_wait = covergroup(
            f"{name}.wait",
            {"channel": self.config.waiting, "clocks": WAITS},
            {"channel_x_clocks": ("channel", "clocks")},
        )
        self.sample_held = covergroup(f"{name}.held", {"channel": CHANNELS})
        self.sample_behaviour = covergroup(
            f"{name}.behaviour",
            {"latency": list(LATENCIES), "bandwidth": list(BANDWIDTHS), "stall": list(STALLS)},
            {
                "latency_x_bandwidth": ("latency", "bandwidth"),
                "latency_x_stall": ("latency", "stall"),
                "bandwidth_x_stall": ("bandwidth", "stall"),
            },
        )

    def write(self, burst: Burst) -> None:
        """Samples a complete burst."""
        request, config = burst.request, self.config
        direction = DIRECTIONS[request.write]
        length = (request.beats > 1) + (request.beats == config.longest)
        self.sample_burst(direction, LENGTHS[length])
        for response in set(burst.responses):
            self.sample_answer(direction, AxiResp(response).name)
        for number, response in enumerate(burst.responses):
            if response != AxiResp.OKAY and not request.write and request.beats > 1:
                place = (number > 0) + (number == request.beats - 1)
                self.sample_refused(PLACES[place], AxiResp(response).name)
        # Sampled once per burst, because sampling costs as much time as a clock.
        for channel, wait in {(name, min(clocks, 2)) for name, clocks in burst.waits}:
            if channel in config.waiting:
                self.sample_wait(channel, WAITS[wait])
        held = {channel for channel, clocks in burst.waits if clocks >= HELD}
        if burst.gap >= HELD:
            held.add("b" if request.write else "r")
        for channel in held:
            self.sample_held(channel)
        self.sample_behaviour(
            class_of(read(config.setting("latency_i")), LATENCIES),
            class_of(read(config.setting("bandwidth_i")), BANDWIDTHS),
            class_of(read(config.setting("stall_i")), STALLS),
        )


class AxiMemoryAgent(Agent):
    """The agent of one memory and its port."""

    driver_class = AxiMemoryDriver
    monitor_class = AxiMemoryMonitor
    coverage_class = AxiMemoryCoverage

    def build_phase(self) -> None:
        """Creates the backdoor, too."""
        super().build_phase()
        self.memory = Backdoor(self.config)
