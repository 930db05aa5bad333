# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""All links, files, commands, tests and configurations in the pages exist."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crocuta.models.configs import ROOT, ConfigError, load_engine
from flow.jobs import RANDOM
from tb.registry import BENCHES

PAGES = (
    *sorted(ROOT.glob("*.md")),
    # Except resources.md, whose instance names look like paths: test_resources.py checks it.
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.stem != "resources"),
    ROOT / "formal" / "README.md",
    ROOT / "data" / "README.md",
)
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4,}(\S.*)$", re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PLACEHOLDER = re.compile(r"CONFIG|MODULE|NAME|TARGET|TEST")
OUTPUTS = {"bitstream", "build", "hw", "hw_emu", "netlist", "netlists", "ooc", "runs", "xo"}
"""build/ and directories in it, which a page may name on their own once it has given their path."""
TARGETS = frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub generates for the page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Relative links without a file, or with an anchor that the file lacks."""
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            yield f"link {link}: no such file"
        elif anchor and anchor not in anchors(target):
            yield f"link {link}: no such heading"


def missing_paths(page: Path, code: str) -> Iterator[str]:
    """Paths within the repository that do not exist. A placeholder, as in bench_NAME.py, matches
    any name."""
    if not re.fullmatch(r"[\w*-][\w.*-]*/[\w.*/-]*", code):
        return
    if code.split("/")[0] in OUTPUTS:
        return
    pattern = PLACEHOLDER.sub("*", code).rstrip("/")
    if not any(any(base.glob(pattern)) for base in (ROOT, page.parent)):
        yield f"path {code}: no such file"


def wrong_commands(code: str) -> Iterator[str]:
    """Targets of make, modules, tests and configurations that do not exist."""
    for target in re.findall(r"(?<![\w-])make\s+([a-z]+)", code):
        if target not in TARGETS:
            yield f"make {target}: no such target"
    for module in re.findall(r"(?:python|\$\(RUN\)) -m\s+([\w.]+)", code):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            yield f"python -m {module}: no such module"
    for test in re.findall(r"\bTEST=([a-z]\w*)", code):
        if test not in BENCHES:
            yield f"TEST={test}: no such test"
    for config in re.findall(r"\bCONFIG=([a-z][\w+-]*)", code):
        try:
            if config != RANDOM:
                load_engine(config)
        except ConfigError:
            yield f"CONFIG={config}: no such configuration"


def problems(page: Path, text: str) -> list[str]:
    """Everything that a page names and that does not exist."""
    found = list(broken_links(page, text))
    blocks = FENCED.findall(text)
    text = FENCED.sub("", text)
    blocks += INDENTED.findall(text)
    inline = [" ".join(span.split()) for span in INLINE.findall(INDENTED.sub("", text))]
    for code in inline:
        found += missing_paths(page, code)
    for code in (*inline, *blocks):
        found += wrong_commands(code)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_names_what_exists(page: Path) -> None:
    assert problems(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](docs/gone.md)", "link docs/gone.md: no such file"),
        ("[a](docs/build.md#gone)", "link docs/build.md#gone: no such heading"),
        ("see `scripts/lint.py`", "path scripts/lint.py: no such file"),
        ("in `rtl/gone/`", "path rtl/gone/: no such file"),
        ("run `make\nnothing`", "make nothing: no such target"),
        ("    make nothing CONFIG=tiny", "make nothing: no such target"),
        ("```\n.venv/bin/python -m flow.gone\n```", "python -m flow.gone: no such module"),
        ("`python -m gone.module`", "python -m gone.module: no such module"),
        ("`make sim TEST=gone`", "TEST=gone: no such test"),
        ("`make synth CONFIG=u200+gone-1`", "CONFIG=u200+gone-1: no such configuration"),
    ],
)
def test_what_is_gone_is_found(text: str, found: str) -> None:
    assert problems(ROOT / "README.md", text) == [found]


def test_what_exists_is_not_reported() -> None:
    text = """[a](docs/build.md#the-gate) [b](https://example.org/c.md)
`tb/benches/` `tests/test_*.py` `formal/MODULE_formal.sv` `build/regress/index.html`
`.venv/bin/python` `python -m flow.stale` `and/or more`

    make sim TEST=fft CONFIG=tiny+chunk-128
"""
    assert problems(ROOT / "README.md", text) == []
