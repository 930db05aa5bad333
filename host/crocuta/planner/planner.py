# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the fastest configuration for a job that fits an FPGA."""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from crocuta.models import configs
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import MAX_CHANNELS, Job, Mode, spectrum_bytes
from crocuta.models.kernel.schedules import filter_chunks, scratch_bytes
from crocuta.models.layout import row_bytes
from crocuta.planner import accuracy, schedules
from crocuta.planner.clocks import Memory
from crocuta.planner.logic import logic, multipliers
from crocuta.planner.memories import block_rams, memories

DEVICES = Path(__file__).with_name("devices.toml")
LANES = (2, 4, 8, 16)
OUTPUTS = (1, 2)
CHUNK_LOG2 = range(6, 18)
MANTISSA_BITS = range(14, 25)
TWIDDLE_BITS = range(14, 28)
MAX_LENGTH = 1 << 28
BUSY_PORTS = 3
"""Ports of a kernel that are busy at once. Those of x and y and of H, both of either schedule, and
of x's spectra; a four-step kernel's fourth port is busy in place of one of these."""

NAMES = {
    "ultrascale": {"lut": "LUT", "ff": "FF", "dsp": "DSP48E2", "bram": "BRAM36"},
    "ecp5": {"lut": "LUT4", "ff": "FF", "dsp": "MULT18X18D", "bram": "DP16KD"},
}
"""Names of the resources in each family."""
BLOCK_KB = {"ultrascale": 4.5, "ecp5": 2.25}
"""KB per block RAM; an MB is 1,000 of them."""


class PlanError(ValueError):
    """An impossible demand; the message is one sentence."""


@dataclasses.dataclass(frozen=True)
class Device:
    """An FPGA: see devices.toml."""

    name: str
    about: str
    family: str
    base: str
    clock_mhz: float
    bram: int
    mantissa_bits_max: int
    twiddle_bits_max: int
    memory_bits: int
    banks: int
    has: dict[str, int]
    memory: dict[str, Any]
    long_base: str | None = None

    def limits(self, bram: int | None) -> dict[str, int]:
        """The maximum of each resource that a plan may use."""
        rest = {name: self.has[name] for name in ("dsp", "lut", "ff")}
        return {"bram": self.bram if bram is None else bram, **rest}


@dataclasses.dataclass(frozen=True)
class Demand:
    """The job to plan for, and its limits."""

    length: int
    filter_length: int
    channels: int = 1
    snr_db: float | None = None
    bram: int | None = None
    clock_mhz: float | None = None
    memory: Memory = dataclasses.field(default_factory=Memory)
    banks: int | None = None
    """Memory banks of the board; None: the device's."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """A configuration and its predicted figures."""

    config: Config
    passes: int
    prepare_clocks: int
    clocks: int
    ms: float
    bram: float
    mb: float
    dsp: int
    lut: int
    ff: int
    snr_db: float
    binds: str
    """The resource used to the largest part."""
    part: float
    """That part: above 1, the configuration does not fit."""
    channels: int
    """Channels that the board's memories hold at once, each with its filter; 0: not even one."""


@functools.cache
def devices() -> dict[str, Device]:
    """The FPGAs that can be planned for, by name."""
    with DEVICES.open("rb") as file:
        return {name: Device(name=name, **values) for name, values in tomllib.load(file).items()}


def device(name: str) -> Device:
    """Returns the FPGA called `name`.

    Raises:
        PlanError: there is none; the message lists them all.
    """
    if name not in devices():
        raise PlanError(f"There is no device {name!r}; choose one of: {', '.join(devices())}.")
    return devices()[name]


def blocks_of(text: str, family: str) -> int:
    """Block RAMs in a size: `2.8MB`, `512KB`, or a number of block RAMs.

    Raises:
        PlanError: the text is not a size.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *(MB|KB|)", text.strip(), flags=re.IGNORECASE)
    if not found or (not found[2] and "." in found[1]):
        raise PlanError(
            "The block RAM must be a size such as 2.8MB, 512KB or a number of block RAMs,"
            f" not {text!r}."
        )
    if not found[2]:
        return int(found[1])
    kilobytes = float(found[1]) * (1000 if found[2].upper() == "MB" else 1)
    return int(kilobytes / BLOCK_KB[family])


def count_of(text: str, what: str) -> int:
    """Parses a number of samples or channels: `450000`, `450_000`, `1e6`, `450k`, `1M` or `4Mi`.

    Raises:
        PlanError: it is not a whole number.
    """
    found = re.fullmatch(r"([0-9.e+]+) *([kKMG]?)(i?)", text.strip().replace("_", ""))
    try:
        if not found or (found[3] and not found[2]):
            raise ValueError
        base = 1024 if found[3] else 1000
        number = Decimal(found[1]) * base ** " KMG".index(found[2].upper() or " ")
        if number != int(number):
            raise ValueError
    except (ArithmeticError, ValueError):
        raise PlanError(
            f"The {what} must be a whole number such as 450000, 1e6, 450k or 4Mi, not {text!r}."
        ) from None
    return int(number)


def channels_at_once(config: Config, length: int, taps: int, memory: Mapping[str, int]) -> int:
    """Channels whose x and y, filter spectra and spectra of one x fit the board's memories. Taps
    are stored where x and y are later."""
    job = Job(Mode.CONVOLVE, 1, length, taps)
    if scratch_bytes(config, job) > memory["x_spectra"]:
        return 0
    return min(
        MAX_CHANNELS,
        memory["samples"] // max(2 * row_bytes(length), row_bytes(taps)),
        memory["h_spectra"] // (filter_chunks(config, job) * spectrum_bytes(config)),
    )


def _per_port(demand: Demand, target: Device) -> Memory:
    """The memory behind each port. Banks fewer than the busy ports are shared, as if all of these
    were busy all the time."""
    share = min(1, (demand.banks or target.banks) / BUSY_PORTS)
    return dataclasses.replace(demand.memory, bandwidth=share * demand.memory.bandwidth)


def predict(config: Config, demand: Demand, target: Device) -> Plan:
    """Predicts a configuration's clocks, resources and SNR."""
    taps, channels, memory = demand.filter_length, demand.channels, _per_port(demand, target)
    job = schedules.convolve_clocks(config, demand.length, taps, channels, memory)
    bram = sum(block_rams(memories(config), target.family).values())
    gates = logic(config, target.family)
    taken = {"bram": bram, "dsp": multipliers(config), "lut": gates.lut, "ff": gates.ff}
    limits = target.limits(demand.bram)
    parts = {name: taken[name] / max(limits[name], 1e-9) for name in taken}
    binds = max(parts, key=lambda name: parts[name])
    return Plan(
        config=config,
        passes=job.passes // config.chunk_beats,
        prepare_clocks=schedules.prepare_clocks(
            config, demand.length, taps, channels, memory
        ).total,
        clocks=job.total,
        ms=job.total / (demand.clock_mhz or target.clock_mhz) / 1000,
        bram=bram,
        mb=bram * BLOCK_KB[target.family] / 1000,
        dsp=multipliers(config),
        lut=int(gates.lut),
        ff=int(gates.ff),
        snr_db=accuracy.snr(config, demand.length),
        binds=binds,
        part=parts[binds],
        channels=channels_at_once(config, demand.length, taps, target.memory),
    )


class _Size(NamedTuple):
    """A configuration of the file, and changes to it other than those of widths."""

    base: Config
    changes: dict[str, int]

    def configuration(self, **bits: int) -> Config:
        """It, with these widths."""
        return configs.changed(self.base, {**self.changes, **bits})


@functools.cache
def _base(name: str) -> Config:
    return configs.load_model(name)


def _sizes(target: Device, demand: Demand) -> Iterator[_Size]:
    """The lanes, chunks and outputs with which a kernel of the length can be built, with beats no
    wider than the memory's ports, and the same of a four-step kernel."""
    base = _base(target.base)
    longest = (max(demand.length, demand.filter_length) - 1).bit_length()
    every = {"max_length_log2": max(base.max_length_log2, longest)}
    if demand.bram is not None and base.bram36_max is not None:
        every["bram36_max"] = max(demand.bram, base.bram36_max)
    for lanes in (lanes for lanes in LANES if 64 * lanes <= target.memory_bits):
        for chunk in (1 << log2 for log2 in CHUNK_LOG2):
            if chunk < configs.kernel_chunk_min(lanes):
                continue
            size = {"lanes": lanes, "chunk": chunk}
            for outputs in OUTPUTS:
                yield _Size(base, {**every, **size, "outputs": outputs})
            if target.long_base:
                long = _base(target.long_base)
                most = dataclasses.replace(long, lanes=lanes, chunk=chunk)
                limit = most.chunk_log2 + most.rows_log2_limit
                if max(longest, most.chunk_log2 + 1) <= limit:
                    size["max_length_log2"] = min(limit, max(long.max_length_log2, longest))
                    yield _Size(long, size)


def _narrowest(target: Device, demand: Demand, size: _Size) -> Config | None:
    """The plan of this size with the fewest bits that reaches the SNR; None if none does."""
    found: list[tuple[tuple[float, float], Config]] = []
    for mantissa in MANTISSA_BITS:
        for twiddle in TWIDDLE_BITS:
            if mantissa > target.mantissa_bits_max or twiddle > target.twiddle_bits_max:
                continue
            config = size.configuration(mantissa_bits=mantissa, twiddle_bits=twiddle)
            if accuracy.snr(config, demand.length) >= (demand.snr_db or 0):
                rams = sum(block_rams(memories(config), target.family).values())
                found.append(((rams, logic(config, target.family).lut), config))
                break
    return min(found, key=lambda item: item[0])[1] if found else None


def candidates(target: Device, demand: Demand) -> list[Plan]:
    """A plan per size: with the base configuration's bits if those reach the SNR and fit, otherwise
    with the fewest bits that reach it."""
    found = []
    for size in _sizes(target, demand):
        config = size.configuration()
        # Predicting clocks is slow: do it only for plans that reach the SNR.
        enough = demand.snr_db is None or accuracy.snr(config, demand.length) >= demand.snr_db
        plan = predict(config, demand, target) if enough else None
        if demand.snr_db is not None and not (plan and plan.part <= 1):
            narrowest = _narrowest(target, demand, size)
            plan = predict(narrowest, demand, target) if narrowest else None
        if plan:
            found.append(plan)
    return found


def _check(demand: Demand) -> None:
    for what, value, most in (
        ("length", demand.length, MAX_LENGTH),
        ("filter's length", demand.filter_length, MAX_LENGTH),
        ("number of channels", demand.channels, 1 << 16),
    ):
        if not 1 <= value <= most:
            raise PlanError(f"The {what} must be 1 to {most:,}, not {value:,}.")
    for what, amount in (("clock", demand.clock_mhz), ("memory's latency", demand.memory.latency)):
        if amount is not None and amount <= 0:
            raise PlanError(f"The {what} must be more than 0, not {amount:g}.")
    if demand.banks is not None and demand.banks < 1:
        raise PlanError(f"The number of memory banks must be 1 or more, not {demand.banks}.")
    if not 0 < demand.memory.bandwidth <= 1:
        raise PlanError(
            f"The bandwidth must be above 0 and at most 1, not {demand.memory.bandwidth:g}."
        )


def plans(target: Device, demand: Demand) -> tuple[list[Plan], list[Plan]]:
    """Returns the plans that fit, fastest first, and faster ones that do not fit.

    Raises:
        PlanError: nothing fits.
    """
    _check(demand)
    found = sorted(candidates(target, demand), key=lambda plan: (plan.clocks, plan.bram, plan.lut))
    if not found:
        best = max(
            accuracy.snr(
                size.configuration(
                    mantissa_bits=target.mantissa_bits_max, twiddle_bits=target.twiddle_bits_max
                ),
                demand.length,
            )
            for size in _sizes(target, demand)
        )
        raise PlanError(
            f"No configuration reaches {demand.snr_db:g} dB: {target.mantissa_bits_max}-bit"
            f" mantissas, the widest that plans for {target.name} cover, reach {best:.1f} dB."
        )
    fitting = [plan for plan in found if plan.part <= 1]
    if not fitting:
        smallest = min(found, key=lambda plan: plan.part)
        names = NAMES[target.family]
        amount = getattr(smallest, smallest.binds)
        limit = target.limits(demand.bram)[smallest.binds]
        raise PlanError(
            f"No configuration fits {target.name}: the smallest, {smallest.config.name}, needs"
            f" {amount:,g} {names[smallest.binds]}, and the limit is {limit:,}."
        )
    faster = [plan for plan in found if plan.part > 1 and plan.clocks < fitting[0].clocks]
    return fitting, faster
