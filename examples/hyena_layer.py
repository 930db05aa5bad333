# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a HyenaDNA layer goes on this computer's CPU, and what a card would change.
It prints the table of docs/pytorch.md.

The convolutions are timed in a few channels and scaled to all: by an FFT of twice the length, as
the model's code does it, and by one of a good size. Times are CPU seconds of one thread, because
what else runs on the computer matters less to them.

python examples/hyena_layer.py [--length 450002] [--channels 256] [--timed 2]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import scipy.fft
import torch
from torch import nn
from torch.nn import functional

import crocuta.torch
from crocuta.models import configs
from crocuta.planner.clocks import convolve_clocks, prepare_clocks

CARD = "u200"
ASSUMED_HZ = 300e6


def cpu_seconds(function: Callable[[], object], times: int = 3) -> float:
    """CPU seconds of a call: the least of some, for other programs make them more."""
    seconds = []
    for _ in range(times):
        began = time.process_time()
        function()
        seconds.append(time.process_time() - began)
    return min(seconds)


def fft_convolution(u: torch.Tensor, k: torch.Tensor, size: int) -> torch.Tensor:
    """The causal convolution by FFTs of `size`."""
    product = torch.fft.rfft(u, size) * torch.fft.rfft(k, size)
    return torch.fft.irfft(product, size)[..., : u.shape[-1]]


def dense(length: int, channels: int) -> Callable[[], torch.Tensor]:
    """Projections, short convolution, norms and MLP of a layer."""
    norms = nn.LayerNorm(channels), nn.LayerNorm(channels)
    into, out = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
    short = nn.Conv1d(3 * channels, 3 * channels, 3, groups=3 * channels, padding=2)
    wide, narrow = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
    x = torch.randn(1, length, channels)

    def layer() -> torch.Tensor:
        v = short(into(norms[0](x)).mT)[..., :length].mT[..., :channels]
        y = x + out(v)
        hidden = functional.gelu(wide(norms[1](y)), approximate="tanh")
        result: torch.Tensor = y + narrow(hidden)
        return result

    return layer


def implicit_filter(length: int, channels: int) -> Callable[[], torch.Tensor]:
    """The MLP that generates the filters."""
    layers = [nn.Linear(5, 64), nn.Linear(64, 64), nn.Linear(64, 64)]
    last = nn.Linear(64, channels, bias=False)
    z, window = torch.randn(length, 5), torch.rand(length, channels)

    def taps() -> torch.Tensor:
        h = z
        for linear in layers:
            h = torch.sin(10 * linear(h))
        result: torch.Tensor = last(h) * window
        return result

    return taps


def main() -> dict[str, float]:
    """Returns CPU seconds of the parts, and of the card's clocks at the assumed rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--length", type=int, default=450_002)
    parser.add_argument("--channels", type=int, default=256)
    parser.add_argument("--timed", type=int, default=2, help="channels convolved for the timing")
    options = parser.parse_args()
    length, channels, timed = options.length, options.channels, options.timed
    scale = channels / timed

    torch.set_num_threads(1)  # threads that wait for each other take CPU seconds, too
    torch.manual_seed(1)
    u, k = torch.randn(1, timed, length), torch.randn(timed, length)
    gate = torch.randn(1, channels, length)
    good = scipy.fft.next_fast_len(2 * length - 1, real=True)
    with torch.inference_mode():
        seconds = {
            "dense layers: projections, short convolution, norms, MLP": cpu_seconds(
                dense(length, channels), 1
            ),
            "MLP of the filters": cpu_seconds(implicit_filter(length, channels), 1),
            "two gates": 2 * cpu_seconds(lambda: gate * gate),
            f"convolution as in the model's code, n = 2L = {2 * length:,}": scale
            * cpu_seconds(lambda: fft_convolution(u, k, 2 * length)),
            f"convolution of a good size, n = {good:,}": scale
            * cpu_seconds(lambda: fft_convolution(u, k, good)),
        }
        with crocuta.torch.use("float"):
            bank = crocuta.torch.prepare(k)
            seconds["convolution on the backend `float`, in float64"] = scale * cpu_seconds(
                lambda: bank(u)
            )
    rest, shipped, sized = sum(list(seconds.values())[:3]), *list(seconds.values())[3:5]
    layer = {
        "the layer, with the convolution of its code": rest + shipped,
        "the layer, with the convolution of a good size": rest + sized,
        "the layer without its convolution": rest,
    }
    print("| part | CPU s | ratio |\n|---|---:|---:|")
    for name, value in (seconds | layer).items():
        print(f"| {name} | {value:.3g} | {value / sized:.2f} |")

    config = configs.load(CARD)
    clocks = convolve_clocks(config, length, length, channels).total
    once = prepare_clocks(config, length, channels).total
    print(f"\n{CARD}, predicted: {clocks:,} clocks to convolve, {once:,} to prepare, once;")
    print(f"  {clocks / ASSUMED_HZ:.3f} s and {once / ASSUMED_HZ:.3f} s at an assumed 300 MHz,")
    print(f"  and {2 * 4 * channels * length / 1e9:.2f} GB of samples to move")
    seconds["card, assumed"] = clocks / ASSUMED_HZ
    return seconds


if __name__ == "__main__":
    main()
