# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Long causal convolutions of PyTorch tensors on a device.

    import crocuta.torch

    crocuta.torch.use("model", config="small")
    y = crocuta.torch.fft_causal_conv1d(x, weight)  # (B, D, L) and (D, K)

The operators have gradients, which the device computes too, and work under torch.compile.
docs/pytorch.md has the details.
"""

from crocuta import extras

try:
    import torch  # noqa: F401
except ModuleNotFoundError:
    raise ImportError(f"crocuta.torch needs torch: run {extras.command('torch')}.") from None

from crocuta.torch.device import current, use
from crocuta.torch.functions import fft_causal_conv1d, fftconv
from crocuta.torch.module import PreparedConv, prepare

__all__ = ["PreparedConv", "current", "fft_causal_conv1d", "fftconv", "prepare", "use"]
