# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that only some parts of Crocuta need, which pip installs as extras."""

from __future__ import annotations

from importlib.util import find_spec

from crocuta.errors import KernelError
from crocuta.models.configs import ROOT

IN_CHECKOUT = (ROOT / "flow" / "install.sh").is_file()
"""Whether this is a checkout, where `make env` installs everything, not an installed wheel."""


def command(extra: str) -> str:
    """The command that installs an extra."""
    if IN_CHECKOUT:
        return "`make env TORCH=1`" if extra == "torch" else "`make env`"
    return f'`pip install "crocuta[{extra}]"`'


def need(extra: str, what: str, *packages: str) -> None:
    """Raises KernelError if a package that `what` needs, and that an extra installs, is missing."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise KernelError(f"{what} needs {' and '.join(missing)}: run {command(extra)}.")
