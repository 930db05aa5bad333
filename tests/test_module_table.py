# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The table of modules in docs/architecture.md matches the headers in rtl/."""

from __future__ import annotations

from pathlib import Path

import pytest

from crocuta.design import sources
from flow import module_table


def test_the_table_is_up_to_date() -> None:
    text = module_table.PAGE.read_text(encoding="utf-8")
    assert text == module_table.page(text), "docs/architecture.md: run `make modules`"
    rows = [line for line in text.splitlines() if line.startswith("| [`")]
    assert len(rows) == len(sources.rtl_files())


def test_a_module_says_what_it_does_and_how_long_it_takes() -> None:
    assert module_table.summary(sources.rtl_file("cfp_add")) == (
        "the sum of two CFP words, rounded once",
        "9 clocks",
    )
    for path in sources.rtl_files():
        what, latency = module_table.summary(path)
        assert what
        # Constants, and the sums of all others.
        stateless = path.stem.endswith(("_pkg", "_kernel"))
        assert bool(latency) != stateless, path.name


def test_a_header_without_the_modules_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module_table, "ROOT", tmp_path)
    path = tmp_path / "thing.sv"
    path.write_text("// c\n// l\n//\n// another: does something.\nmodule thing; endmodule\n")
    with pytest.raises(ValueError, match=r"The header of thing.sv must begin with `thing: `"):
        module_table.summary(path)
