# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The classes of data for which accuracy is measured, with the same samples in every run."""

from __future__ import annotations

from functools import cache

import numpy as np

from crocuta import hyena
from crocuta.cli.demo import D_MODEL, SHIFT
from crocuta.models.kernel.crocuta_kernel import SampleArray

SEED = 1
CHANNEL = 128  # of the HyenaDNA filter

SIGNALS = {
    "mean": "mean 1 and noise 0.1, Gaussian filter",
    "gaussian": "Gaussian noise, Gaussian filter",
    "decaying": "Gaussian noise, decaying filter",
    "tone": "tone, Gaussian filter",
    "dna": "DNA, HyenaDNA filter",
}


DRAWN = {
    "gaussian": SIGNALS["gaussian"],
    "mean": SIGNALS["mean"],
    "offset": "mean 1 and noise 1, Gaussian filter",
    "any tone": "tone of any frequency and phase, Gaussian filter",
}
"""Classes of which there is more than one draw of x and h."""


@cache
def signal(name: str, length: int, draw: int = SEED) -> tuple[SampleArray, SampleArray]:
    """x and h of a class, float32, `length` samples each; `draw` is the random numbers' seed."""
    rng = np.random.default_rng(draw)
    n = np.arange(length)
    if name == "dna":
        x = hyena.embed(hyena.read_bases(length), SEED)
        h = hyena.implicit_filter(length, CHANNEL, SEED, D_MODEL, SHIFT)
        return x.astype(np.float32), h.astype(np.float32)
    x, h = rng.normal(size=(2, length))
    if name == "mean":
        x = 1 + 0.1 * x
    elif name == "decaying":
        h = h * np.exp(-4 * n / length)
    elif name == "offset":
        x = 1 + x
    elif name == "tone":
        x = np.sin(2 * np.pi * 0.012345 * n + 1)
    elif name == "any tone":
        x = np.sin(2 * np.pi * (rng.uniform(0, 0.5) * n + rng.uniform()))
    elif name != "gaussian":
        raise ValueError(f"there is no class {name!r}")
    return x.astype(np.float32), h.astype(np.float32)
