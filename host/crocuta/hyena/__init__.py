# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA: DNA as tokens, the model in PyTorch, and its long convolutions on a device.

    from crocuta import hyena

    model = hyena.load("hyenadna-medium-450k")      # or hyena.random("tiny-1k", seed=1)
    hidden = model(hyena.tokens("ACGTTGCA"))        # (1, 8, d_model)

Random filters, FASTA files and tokens need only numpy; the model needs PyTorch, which
`crocuta[torch]` installs.

Formulas: Poli et al., "Hyena Hierarchy" (arXiv 2302.10866), and Nguyen et al., "HyenaDNA"
(arXiv 2306.15794).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from crocuta import extras
from crocuta.hyena.config import SIZES, HyenaConfig
from crocuta.hyena.dna import BASES, GENOME, Record, read_bases, read_fasta, tokens
from crocuta.hyena.filters import embed, implicit_filter

if TYPE_CHECKING:
    from crocuta.hyena.acceleration import Acceleration, accelerate
    from crocuta.hyena.model import HyenaDNA, fftconv
    from crocuta.hyena.weights import load, random

__all__ = [
    "BASES",
    "GENOME",
    "SIZES",
    "Acceleration",
    "HyenaConfig",
    "HyenaDNA",
    "Record",
    "accelerate",
    "embed",
    "fftconv",
    "implicit_filter",
    "load",
    "random",
    "read_bases",
    "read_fasta",
    "tokens",
]

_WITH_TORCH = {
    "Acceleration": "crocuta.hyena.acceleration",
    "HyenaDNA": "crocuta.hyena.model",
    "accelerate": "crocuta.hyena.acceleration",
    "fftconv": "crocuta.hyena.model",
    "load": "crocuta.hyena.weights",
    "random": "crocuta.hyena.weights",
}
"""Names that need PyTorch, with their modules: imported only when used, as PyTorch loads slowly."""


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    extras.need("torch", f"crocuta.hyena.{name}", "torch", "safetensors")
    return getattr(importlib.import_module(_WITH_TORCH[name]), name)
