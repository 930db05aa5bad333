# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA's implicit long-convolution filter with random weights, and DNA as a real channel.

In numpy. The filter is an MLP of a positional embedding, with sines as activations, times an
exponential window.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crocuta.hyena.dna import BASES
from crocuta.models.cfp import FloatArray


def implicit_filter(
    length: int,
    channel: int,
    seed: int,
    d_model: int = 256,
    shift: float = 0.05,
    emb_dim: int = 5,
    order: int = 64,
    inner_mlps: int = 2,
    frequency: float = 10.0,
) -> FloatArray:
    """The taps of one channel (0..d_model-1) of a HyenaDNA filter: (length,), float64.

    The weights are drawn as PyTorch initialises nn.Linear: uniform within 1/sqrt(fan-in). The
    defaults are those of hyenadna-medium-450k. The window is exp(-delta t) + shift with t from 0 to
    1; the exponential would fall to 1 % at t = 1.5 in the first channel, at t = 0.3 in the last.
    """
    rng = np.random.default_rng(seed)
    t = np.linspace(0.0, 1.0, length)[:, None]
    w = 2 * np.pi * np.arange(length)[:, None] / length
    bands = (emb_dim - 1) // 2
    f = np.linspace(1e-4, bands - 1, bands)[None, :]
    z = np.concatenate([t, np.cos(f * w), -np.sin(f * w)], axis=1)
    fan_in = emb_dim
    for _ in range(1 + inner_mlps):
        bound = 1 / np.sqrt(fan_in)
        weight = rng.uniform(-bound, bound, (fan_in, order))
        bias = rng.uniform(-bound, bound, order)
        z = np.sin(frequency * (z @ weight + bias))
        fan_in = order
    bound = 1 / np.sqrt(order)
    h = z @ rng.uniform(-bound, bound, (order, d_model))[:, channel]
    delta = abs(np.linspace(np.log(0.01) / 1.5, np.log(0.01) / 0.3, d_model)[channel])
    taps: FloatArray = h * (np.exp(-t[:, 0] * delta) + shift)
    return taps


def embed(bases: npt.NDArray[np.uint8], seed: int) -> FloatArray:
    """A real channel of a token embedding, (length,), float64: a normal value for each base."""
    values: FloatArray = np.random.default_rng(seed).normal(size=len(BASES))[bases]
    return values
