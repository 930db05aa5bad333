# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The registry of all benches: `make sim TEST=name` and pytest both run what it lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from models.configs import Config

SIMS = ("verilator", "icarus")


def no_parameters(config: Config) -> dict[str, int | str]:
    """The parameters of a top that takes none from the configuration."""
    return {}


@dataclass(frozen=True)
class Bench:
    """One cocotb module run on one SystemVerilog top."""

    top: str
    """The top module: rtl/TOP.sv, or one of `sources`."""
    module: str
    """The cocotb module, e.g. "tb.bench_fft"."""
    about: str
    """One line for the list of tests."""
    parameters: Callable[[Config], dict[str, int | str]] = no_parameters
    """The top's parameters at a configuration; strings arrive as SystemVerilog strings."""
    configs: tuple[str, ...] = ("tiny", "small")
    """The configurations pytest runs it at; `make sim CONFIG=` takes any."""
    sims: tuple[str, ...] = SIMS
    """The simulators it runs on."""
    sources: tuple[str, ...] = ()
    """Files beside rtl/, relative to the project: SystemVerilog, or .vlt for Verilator alone."""
    variant: str = ""
    """Tells apart benches that build one top with different parameters."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for the cocotb module."""


BENCHES: dict[str, tuple[Bench, ...]] = {}
