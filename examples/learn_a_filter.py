# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Learns a long filter from its input and output: forward and backward run on the device.

python examples/learn_a_filter.py [--backend model] [--config small] [--length 2000] [--steps 30]
"""

from __future__ import annotations

import argparse

import torch

import crocuta.torch


def main() -> float:
    """Returns the ratio of the last loss to the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="float")
    parser.add_argument("--config", default="small")
    parser.add_argument("--length", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args()

    torch.manual_seed(1)
    batch, channels, length = 4, 2, options.length
    wanted = torch.randn(channels, length) * torch.exp(-torch.arange(length) / (length / 8))
    x = torch.randn(batch, channels, length)
    weight = torch.zeros(channels, length, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=0.05)
    losses: list[float] = []
    with crocuta.torch.use(options.backend, config=options.config) as device:
        target = crocuta.torch.fft_causal_conv1d(x, wanted)
        with device.metered() as meter:
            for step in range(options.steps):
                loss = (crocuta.torch.fft_causal_conv1d(x, weight) - target).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                if step % 10 == 0:
                    print(f"step {step}: loss {losses[-1]:.4g}")
    print(f"step {options.steps}: loss {losses[-1]:.4g}, {meter.jobs.total()} jobs on the device")
    return losses[-1] / losses[0]


if __name__ == "__main__":
    main()
