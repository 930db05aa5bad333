# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A bank of filters that is never in the host's memory as a whole, and a batch convolved with it.

python examples/filter_bank.py [--backend model] [--config small] [--channels 16] [--taps 20000]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch

import crocuta.torch


def decays(channels: int, taps: int) -> Iterator[torch.Tensor]:
    """One channel after the other: noise that decays at a rate of its own."""
    for channel in range(channels):
        rate = 2.0**channel / taps
        yield torch.randn(taps) * torch.exp(-rate * torch.arange(taps))


def main() -> torch.Tensor:
    """Returns the batch's output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="float")
    parser.add_argument("--config", default="small")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--taps", type=int, default=20_000)
    options = parser.parse_args()

    torch.manual_seed(1)
    shape = options.channels, options.taps
    with crocuta.torch.use(options.backend, config=options.config) as device:
        bank = crocuta.torch.prepare(decays(*shape), shape=shape)
        print(bank)
        x = torch.randn(2, *shape, dtype=torch.bfloat16)
        with device.metered() as meter:
            y = bank(x)
    print(f"y: {tuple(y.shape)}, {y.dtype}; {meter.jobs.total()} jobs")
    for job, count in meter.jobs.items():
        print(f"  {count} x {job.channels} channels of {job.length_x} samples")
    print(f"{meter.uploaded / 1e6:.1f} MB up, {meter.downloaded / 1e6:.1f} MB down")
    return y


if __name__ == "__main__":
    main()
