# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Very long causal convolutions on the Crocuta kernel, from numpy.

    import crocuta

    with crocuta.open("rtl", config="small") as device:
        filter = device.prepare(h)
        y = device.convolve(x, filter)

See docs/programming.md for details, and `python -m crocuta --help` for the command line.
"""

from crocuta.device import (
    Device,
    Filter,
    RangeWarning,
    SaturationWarning,
    UnderflowWarning,
    open,
)
from crocuta.errors import InputError, JobError, JobTimeout, KernelError, MemoryLost, OutOfMemory

__version__ = "0.1.0"

__all__ = [
    "Device",
    "Filter",
    "InputError",
    "JobError",
    "JobTimeout",
    "KernelError",
    "MemoryLost",
    "OutOfMemory",
    "RangeWarning",
    "SaturationWarning",
    "UnderflowWarning",
    "__version__",
    "open",
]
