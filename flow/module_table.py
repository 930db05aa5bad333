# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make modules`: writes the table of modules in docs/architecture.md from the headers in rtl/."""

from __future__ import annotations

import re
from pathlib import Path

from crocuta.design.sources import FILE_LIST, RTL
from crocuta.models.configs import ROOT
from crocuta.models.files import write_generated

PAGE = ROOT / "docs" / "architecture.md"
BEGIN = "<!-- Written by `make modules` from the headers of rtl/. -->"
END = "<!-- End of what `make modules` writes. -->"


def header(path: Path) -> str:
    """A file's header comment on one line, without copyright and licence."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").strip())
    return " ".join(" ".join(lines).split())


def summary(path: Path) -> tuple[str, str]:
    """What a module does, from its header's first sentence, and its latency ("" if not stated).

    Raises:
        ValueError: the header does not begin with the module's name.
    """
    text = header(path)
    name, colon, rest = text.partition(": ")
    if not colon or name != path.stem:
        raise ValueError(f"The header of {path.relative_to(ROOT)} must begin with `{path.stem}: `.")
    what = re.split(r"(?<=\.) |\. *$|; ", rest, maxsplit=1)[0].rstrip(".:")
    found = re.search(r"Latency: (.*?)(?:\.(?= |$)|; )", rest)
    return what, found[1] if found else ""


def table() -> str:
    """The table, in the order of rtl/crocuta.f and under its headings."""
    rows = ["| module | what | latency |", "|---|---|---|"]
    for line in FILE_LIST.read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("// "):
            rows.append(f"| **{line[3:]}** | | |")
        elif line:
            what, latency = summary(RTL / line)
            link = f"[`{Path(line).stem}`](../rtl/{line})"
            cells = (cell.replace("*", r"\*").replace("|", r"\|") for cell in (what, latency))
            rows.append(f"| {link} | {' | '.join(cells)} |")
    return "\n".join(rows)


def page(text: str) -> str:
    """The page with the current table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    """Writes the table into the page."""
    write_generated(PAGE, page(PAGE.read_text(encoding="utf-8")))
    print(f"Wrote {PAGE.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
