# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m flow.stale`: lists the figures in docs/ that describe an earlier design, one per line.

Measuring them again takes hours, so they do not fail a change to the design; CI and `make signoff`
report them.
"""

from __future__ import annotations

import json
import os
import re

from flow import resources, signoff
from flow.digest import design_digest

BENCHMARK = re.compile(r"^`make bench PART=(\w+)`, design (\w+)", re.MULTILINE)
"""A part of docs/performance.md, as `make bench` writes it."""


def benchmarks(page: str) -> list[str]:
    """A sentence if parts of docs/performance.md are out of date."""
    present = design_digest()
    old = [part for part, design in BENCHMARK.findall(page) if design != present]
    if not old:
        return []
    return [f"docs/performance.md is about earlier designs ({', '.join(old)}): run `make bench`."]


def notices() -> list[str]:
    """A sentence for each page with out-of-date figures."""
    table = json.loads((resources.DOCS / "resources.json").read_text(encoding="utf-8"))
    performance = (resources.DOCS / "performance.md").read_text(encoding="utf-8")
    lapse = signoff.lapse()
    return [*resources.stale(table), *benchmarks(performance), *([lapse] if lapse else [])]


def main() -> None:
    """Prints the sentences, on GitHub as notices of the run."""
    prefix = "::notice::" if os.environ.get("GITHUB_ACTIONS") else "Notice: "
    for notice in notices():
        print(prefix + notice)


if __name__ == "__main__":
    main()
