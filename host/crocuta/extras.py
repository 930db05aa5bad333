# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that only a part of Crocuta needs: pip installs them as extras of it."""

from __future__ import annotations

from importlib.util import find_spec

from crocuta.errors import KernelError
from crocuta.models.configs import ROOT

IN_CHECKOUT = (ROOT / "flow" / "install.sh").is_file()
"""Whether this is the repository, whose `make env` installs everything, and no installed wheel."""


def command(extra: str) -> str:
    """What the user has to run to have an extra."""
    if IN_CHECKOUT:
        return "`make env TORCH=1`" if extra == "torch" else "`make env`"
    return f'`pip install "crocuta[{extra}]"`'


def need(extra: str, what: str, *packages: str) -> None:
    """Raises KernelError unless `what` finds these packages, which an extra installs."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise KernelError(f"{what} needs {' and '.join(missing)}: run {command(extra)}.")
