# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What the RTL's packages and headers say is what the models and the planner count with."""

from __future__ import annotations

import itertools
import re

import pytest
from pyslang import SVInt, ast

from crocuta.design.sources import rtl_file
from crocuta.models import configs, layout
from crocuta.models.cfp import Format
from crocuta.models.convolution.four_step_controller import Kind
from crocuta.planner import clocks, four_step_clocks
from flow import module_table

PACKAGES = ("sizes_pkg", "cfp_pkg", "four_step_pkg")


@pytest.fixture(scope="module")
def rtl() -> ast.ScriptSession:
    """Evaluates expressions of the packages' names."""
    session = ast.ScriptSession()
    for name in PACKAGES:
        session.eval(rtl_file(name).read_text(encoding="utf-8"))
    assert not session.getDiagnostics()
    return session


def value(session: ast.ScriptSession, expression: str) -> int:
    """A SystemVerilog expression's value."""
    found = session.eval(expression).value
    assert isinstance(found, SVInt), [str(d.code) for d in session.getDiagnostics()]
    return int(found)


def latency(module: str) -> int:
    """The clocks in a module's header."""
    text = module_table.summary(rtl_file(module))[1]
    found = re.match(r"(\d+) clocks?", text)
    assert found, f"{module}: {text}"
    return int(found[1])


def test_sizes(rtl: ast.ScriptSession) -> None:
    for name, here in {
        "PageBytes": layout.PAGE_BYTES,
        "WordBytes": layout.WORD_BYTES,
        "SampleBytes": layout.SAMPLE_BYTES,
        "MaxBurstBeats": layout.MAX_BURST_BEATS,
        "MaxTileRows": layout.MAX_TILE_ROWS,
        "ReaderBeats": clocks.READER_FIFO,
        "TileSlots": clocks.TILE_SLOTS,
    }.items():
        assert value(rtl, f"sizes_pkg::{name}") == here, name


def test_bursts_and_tiles(rtl: ast.ScriptSession) -> None:
    for lanes, chunk_log2 in itertools.product((2, 4, 8, 16), range(6, 18)):
        chunk = 1 << chunk_log2
        if chunk < 2 * lanes * lanes:
            continue
        burst, tile = layout.spectrum_burst_beats(lanes, chunk), layout.tile_beats(lanes, chunk)
        assert value(rtl, f"sizes_pkg::spectrum_burst_beats({lanes}, {chunk})") == burst
        assert value(rtl, f"sizes_pkg::tile_beats({lanes}, {chunk})") == tile
        assert value(rtl, f"sizes_pkg::tile_rows({lanes}, {chunk})") * 2 * lanes == tile


def test_counters_hold_the_longest_row(rtl: ast.ScriptSession) -> None:
    for longest, chunk_log2 in itertools.product(range(4, 29), range(4, 18)):
        chunks = -(-(1 << longest) >> chunk_log2)
        bits = value(rtl, f"sizes_pkg::chunk_count_bits({longest}, {1 << chunk_log2})")
        assert bits == max(1, chunks).bit_length()
        pages = layout.row_bytes(1 << longest) // layout.PAGE_BYTES
        assert value(rtl, f"sizes_pkg::row_stride_bits({longest})") == pages.bit_length()


def test_powers_of_two(rtl: ast.ScriptSession) -> None:
    for number in (*range(-2, 70), 4095, 4096, 1 << 30, -(1 << 31)):
        expected = number > 0 and number.bit_count() == 1
        assert value(rtl, f"sizes_pkg::is_power_of_two({number})") == expected, number


def test_zero(rtl: ast.ScriptSession) -> None:
    for mantissa, exponent in itertools.product((14, 18, 24), (8, 9, 10)):
        bits = 2 * mantissa + exponent
        smallest = Format(mantissa, exponent).exponent_min % (1 << exponent)
        assert value(rtl, f"cfp_pkg::Zero[63-:{bits}]") == smallest << (2 * mantissa)


def test_latencies(rtl: ast.ScriptSession) -> None:
    for name, module in {
        "FloatToCfpClocks": "float_to_cfp",
        "AddClocks": "cfp_add",
        "ButterflyClocks": "cfp_butterfly",
        "MultiplyClocks": "cfp_multiply",
        "CfpToFloatClocks": "cfp_to_float",
        "FactorMultiplyClocks": "factor_multiply",
    }.items():
        assert value(rtl, f"cfp_pkg::{name}") == latency(module), module
    assert value(rtl, "cfp_pkg::twist_clocks(8)") == latency("twist")
    for name in ("tiny-long", "u200-long", "u200-long+lanes-16+max_length_log2-19"):
        config = configs.load_model(name)
        clocks_here = four_step_clocks.twist_clocks(config)
        assert value(rtl, f"cfp_pkg::twist_clocks({config.lanes})") == clocks_here
    assert latency("cfp_multiply") == clocks.ROTATE_CLOCKS
    assert latency("cfp_butterfly") == clocks.BUTTERFLY_CLOCKS
    assert latency("twiddle_rom") == clocks.ROM_CLOCKS
    words = module_table.summary(rtl_file("commutator"))[1]
    assert f"{clocks.RAM_CLOCKS} clocks (Distance >= 4) or 1 clock" in words


def test_kinds(rtl: ast.ScriptSession) -> None:
    for kind in Kind:
        assert value(rtl, f"four_step_pkg::Kind{kind.name.capitalize()}") == kind


def test_a_beat_is_through_before_its_fifo_is_full(rtl: ast.ScriptSession) -> None:
    total = latency("spectral_mac") + 3  # with two outputs
    for name in configs.chunked_names():
        config = configs.load(name)
        path = value(rtl, f"cfp_pkg::path_clocks({config.chunk})")
        assert path == clocks.path_clocks(config)
        assert latency("float_to_cfp") + clocks.engine_clocks(config, inverse=False) < path
        before = latency("mac_operands") + total
        assert before + clocks.engine_clocks(config, inverse=True) < path
