# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Very long causal convolutions on the Crocuta kernel, from numpy.

    import crocuta

    with crocuta.open("rtl", config="small") as device:
        filter = device.prepare(h)
        y = device.convolve(x, filter)

See docs/programming.md for details, and `python -m crocuta --help` for the command line.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crocuta.device import (
        Device,
        Filter,
        RangeWarning,
        SaturationWarning,
        UnderflowWarning,
        open,
    )
    from crocuta.errors import (
        InputError,
        JobError,
        JobTimeout,
        KernelError,
        MemoryLost,
        OutOfMemory,
    )
    from crocuta.many import Devices, ManyFilter, open_many

__version__ = "0.1.0"

__all__ = [
    "Device",
    "Devices",
    "Filter",
    "InputError",
    "JobError",
    "JobTimeout",
    "KernelError",
    "ManyFilter",
    "MemoryLost",
    "OutOfMemory",
    "RangeWarning",
    "SaturationWarning",
    "Stream",
    "UnderflowWarning",
    "__version__",
    "open",
    "open_many",
]


# The names are loaded when they are first used: loading numpy takes so long that Ctrl-C may come in
# the middle of it, and the command line has to be ready for it before.
def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for home in ("errors", "device", "many"):
        module = importlib.import_module(f"crocuta.{home}")
        if hasattr(module, name):
            break
    return getattr(module, name)
