# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The project's own lint rules, each on code that breaks it and on code that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from flow import lint

MODULE = """
module probe #(
  parameter int Width = 8,
  localparam int Offset = -3
) (
  input  logic signed [3:0]       value_i,
  input  logic        [3:0]       bits_i,
  output logic        [Width-1:0] value_o
);
  assign value_o = {expression};
endmodule
"""


def found(tmp_path: Path, expression: str) -> list[str]:
    """The signed casts of a module with this expression."""
    path = tmp_path / "probe.sv"
    path.write_text(MODULE.replace("{expression}", expression), encoding="utf-8")
    return lint.signed_casts([path])


@pytest.mark.parametrize(
    "expression",
    [
        "Width'(value_i)",
        "8'($signed(bits_i))",
        "8'(bits_i) + 8'(value_i)",
        "Width'(value_i >>> 1)",
        "Width'($signed(bits_i[2:0])) - 8'd1",
    ],
)
def test_size_cast_of_a_signed_value(tmp_path: Path, expression: str) -> None:
    """Found once, with its file and line."""
    (problem,) = found(tmp_path, expression)
    assert problem.startswith("probe.sv:10: ")


@pytest.mark.parametrize(
    "expression",
    [
        "{{(Width - 4){value_i[3]}}, value_i}",
        "Width'(bits_i)",
        "Width'($unsigned(value_i[3:1]))",
        "Width'(Offset)",
        "3'(value_i) == 3'd2",
        "Width'(bits_i == 4'd3)",
    ],
)
def test_other_casts_pass(tmp_path: Path, expression: str) -> None:
    """A repeated sign bit, unsigned values, constants, and a narrower size."""
    assert found(tmp_path, expression) == []


def test_design_repeats_its_signs() -> None:
    """The RTL and the boards obey the rule."""
    assert lint.check_sign_extension()
