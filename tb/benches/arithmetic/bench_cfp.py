# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Each arithmetic module against its model, bit for bit: a new vector in every clock, and every
output compared after exactly the latency in the module's header."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from crocuta.design.sources import rtl_file
from crocuta.models.cfp import Format
from tb.benches.arithmetic import cfp_vectors
from tb.benches.arithmetic.cfp_vectors import Vectors
from tb.lib.clock import start_clock
from tb.lib.coverage import covergroup, export

SIZES = {"MantissaBits": "m", "OutBits": "m", "FactorBits": "f", "InBits": "in"}
"""The parameters that determine which events can occur, and their short names."""
BUILDERS: dict[str, Callable[[np.random.Generator, Format], Vectors]] = {
    "cfp_align": cfp_vectors.align_vectors,
    "cfp_add": cfp_vectors.add_vectors,
    "cfp_butterfly": cfp_vectors.butterfly_vectors,
    "float_to_cfp": cfp_vectors.float_to_cfp_vectors,
    "cfp_to_float": cfp_vectors.cfp_to_float_vectors,
}


def vectors_of(name: str, parameter: Callable[[str], int], rng: np.random.Generator) -> Vectors:
    """The vectors for a module and its parameters."""
    if name == "round_nearest_even":
        return cfp_vectors.rounding_vectors(rng, parameter("OutBits"))
    if name == "factor_multiply":
        return cfp_vectors.factor_vectors(rng, parameter("FactorBits"))
    fmt = Format(parameter("MantissaBits"), parameter("ExponentBits"))
    if name == "cfp_normalise":
        return cfp_vectors.normalise_vectors(rng, fmt, parameter("InBits"))
    if name == "cfp_multiply":
        return cfp_vectors.multiply_vectors(
            rng, fmt, parameter("FactorBits"), parameter("ProductBits")
        )
    return BUILDERS[name](rng, fmt)


def cover(dut: Any, vectors: Vectors) -> None:
    """Samples the vectors' events in a covergroup of the module at these parameters."""
    if not vectors.required:
        return
    parts = [
        f"{short}{int(getattr(dut, parameter).value)}"
        for parameter, short in SIZES.items()
        if hasattr(dut, parameter)
    ]
    group = f"{dut._name}.{'_'.join(parts)}"
    sample = covergroup(group, {"event": tuple(vectors.required)})
    for event in vectors.required:
        if vectors.covered[event]:
            sample(event)
    export()


def stated_latency(name: str) -> int:
    """The latency in the header of rtl/NAME.sv."""
    text = rtl_file(name).read_text(encoding="utf-8")
    found = re.findall(r"^// .*\bLatency: (\d+)\b", text, flags=re.MULTILINE)
    assert len(found) == 1, f"{name}.sv states {len(found)} latencies"
    return int(found[0])


@cocotb.test()
async def every_clock(dut: Any) -> None:
    """Runs all vectors back to back."""
    rng = np.random.default_rng(random.getrandbits(64))
    vectors = vectors_of(dut._name, lambda of: int(getattr(dut, of).value), rng)
    cover(dut, vectors)
    missing = [event for event in vectors.required if not vectors.covered[event]]
    assert not missing, f"the vectors never cause: {', '.join(missing)}"
    latency = stated_latency(dut._name)
    inputs = [(getattr(dut, name), values) for name, values in vectors.inputs.items()]
    outputs = [(getattr(dut, name), name, values) for name, values in vectors.outputs.items()]
    count = len(inputs[0][1])
    for port, values in inputs:
        assert len(values) == count
        port.value = 0
    for _, _, values in outputs:
        assert len(values) == count
    if latency:
        start_clock(dut)
    compared = 0
    for clock in range(count + latency):
        if latency:
            await RisingEdge(dut.clk_i)
        if clock < count:
            for port, values in inputs:
                port.value = values[clock]
        if latency:
            await FallingEdge(dut.clk_i)
        else:
            await Timer(1, unit="ns")
        n = clock - latency
        if n < 0:
            continue
        for port, name, values in outputs:
            got = int(port.value)  # raises at X
            if got != values[n]:
                given = ", ".join(f"{key} {value[n]:x}" for key, value in vectors.inputs.items())
                raise AssertionError(
                    f"vector {n} of {count} ({given}): {name} is {got:x} instead of {values[n]:x}"
                )
            compared += 1
    assert compared == count * len(outputs) > 2000, compared
    dut._log.info("%d outputs of %d vectors equal", compared, count)
