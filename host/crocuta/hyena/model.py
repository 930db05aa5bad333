# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA in PyTorch.

Modules and parameters have the names of the original code. The long convolutions go through
`HyenaMixer.fftconv`, an attribute that `crocuta.hyena.accelerate` replaces.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import cast

import scipy.fft
import torch
from torch import Tensor, nn
from torch.nn import functional

from crocuta.errors import InputError
from crocuta.hyena.config import HyenaConfig

Fftconv = Callable[[Tensor, Tensor, Tensor, Tensor | None, Tensor | None], Tensor]
"""A long convolution: `fftconv` below, or a replacement with the same arguments."""
DECAY = math.log(0.01)
"""The window of the slowest channel falls to 1 % in 1.5 times the maximum length, that of the
fastest in 0.3 times."""


def fftconv(
    u: Tensor,
    k: Tensor,
    D: Tensor | None = None,
    pregate: Tensor | None = None,
    postgate: Tensor | None = None,
) -> Tensor:
    """postgate * (conv(u * pregate, k) + D * u * pregate), causal, channel by channel.

    Computed with PyTorch's FFT, in float32, or in float64 if u or k is float64.

    Args:
        u: (batch, channels, length).
        k: (channels, taps), the filters.
        D: (channels,), added to the filters' first taps.
        pregate: (batch, channels, length).
        postgate: (batch, channels, length).

    Returns:
        y, with the shape and dtype of u.
    """
    gated = u if pregate is None else u * pregate
    length = u.shape[-1]
    double = torch.float64 in (u.dtype, k.dtype)
    wide = torch.float64 if double else torch.float32
    size = scipy.fft.next_fast_len(length + min(k.shape[-1], length) - 1, real=True)
    spectrum = torch.fft.rfft(gated.to(wide), size) * torch.fft.rfft(k[..., :length].to(wide), size)
    y: Tensor = torch.fft.irfft(spectrum, size)[..., :length]
    if D is not None:
        y = y + gated * D[:, None]
    y = y.to(u.dtype)
    if postgate is not None:
        y = y * postgate
    return y


class Sine(nn.Module):
    """sin(freq * x), with a frequency for each channel."""

    def __init__(self, width: int, frequency: float) -> None:
        super().__init__()
        self.freq = nn.Parameter(torch.full((1, width), float(frequency)))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return torch.sin(self.freq * x)


class Positions(nn.Module):
    """Positions as fractions t of the maximum length, and their embedding z."""

    z: Tensor
    t: Tensor

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        length, bands = config.max_length, (config.emb_dim - 1) // 2
        t = torch.linspace(0, 1, length, dtype=torch.float64)[:, None]
        angle = 2 * math.pi / length * torch.arange(length, dtype=torch.float64)[:, None]
        phase = angle * torch.linspace(1e-4, bands - 1, bands, dtype=torch.float64)
        z = torch.cat([t, phase.cos(), -phase.sin()], dim=1)
        self.register_buffer("z", z[None].float())
        self.register_buffer("t", t[None].float())


class Window(nn.Module):
    """An exponential window for each channel."""

    deltas: Tensor

    def __init__(self, channels: int, config: HyenaConfig) -> None:
        super().__init__()
        self.shift = config.shift
        deltas = torch.linspace(DECAY / 1.5, DECAY / 0.3, channels)
        self.register_buffer("deltas", deltas[None, None])

    def forward(self, t: Tensor) -> Tensor:
        """(1, length, channels) from (1, length, 1)."""
        return torch.exp(-t * self.deltas.abs()) + self.shift


class KeptFilter:
    """Caches the latest filter of a module until a parameter or buffer changes.

    The filter is an MLP of every position, so it is worth keeping. Besides, the device recognises a
    prepared filter by its tensor: a new tensor would have to be prepared again.
    """

    def __init__(self) -> None:
        self._state: object = None
        self._taps = torch.empty(0)

    def taps(self, module: nn.Module, length: int, compute: Callable[[int], Tensor]) -> Tensor:
        """compute(length), from the cache if possible; never while gradients are recorded."""
        tensors = *module.parameters(), *module.buffers()
        if (
            torch.is_grad_enabled()
            or torch.compiler.is_compiling()
            or any(tensor.is_inference() for tensor in tensors)  # which may change unnoticed
        ):
            return compute(length)
        # Weak references to storages, because a new tensor may reuse the address of a freed one.
        state = (
            length,
            *(
                (
                    weakref.ref(each.untyped_storage()),
                    each.storage_offset(),
                    each._version,
                    each.dtype,
                )
                for each in tensors
            ),
        )
        if self._state != state:
            with torch.inference_mode(False), torch.no_grad():  # so that the taps have a version
                self._taps = compute(length)
            self._state = state
        return self._taps


class HyenaFilter(nn.Module):
    """The filters of a mixer, computed by an MLP of the position, and their skips."""

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        channels = config.d_model * (config.order - 1)
        width = config.filter_order
        sine = Sine(width, config.frequency)
        layers: list[nn.Module] = [nn.Linear(config.emb_dim, width), sine]
        for _ in range(config.inner_mlps):
            layers += [nn.Linear(width, width), sine]
        self.implicit_filter = nn.Sequential(*layers, nn.Linear(width, channels, bias=False))
        self.pos_emb = Positions(config)
        self.modulation = Window(channels, config)
        self.modulate = config.modulate
        self.bias = nn.Parameter(torch.randn(channels))
        self._kept = KeptFilter()

    def filter(self, length: int) -> Tensor:
        """The filters' first `length` taps: (1, length, channels).

        Without gradients, they are computed again only after a parameter has changed.
        """
        return self._kept.taps(self, length, self._filter)

    def _filter(self, length: int) -> Tensor:
        positions = self.pos_emb
        h = cast(Tensor, self.implicit_filter(positions.z[:, :length]))
        return h * self.modulation(positions.t[:, :length]) if self.modulate else h


class HyenaMixer(nn.Module):
    """The Hyena operator of order n: n - 1 times a gate and a long convolution, and a last gate."""

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        self.order, self.channels = config.order, config.d_model
        width = config.d_model * (config.order + 1)
        self.in_proj = nn.Linear(config.d_model, width)
        self.out_proj = nn.Linear(config.d_model, config.d_model)
        self.short_filter = nn.Conv1d(
            width, width, config.short_taps, groups=width, padding=config.short_taps - 1
        )
        self.filter_fn = HyenaFilter(config)
        self.fftconv: Fftconv = fftconv

    def forward(self, u: Tensor) -> Tensor:
        """Maps u, (batch, length, d_model), to the same shape."""
        length = u.shape[1]
        projected = self.short_filter(self.in_proj(u).transpose(1, 2))[..., :length]
        last, *gates, v = projected.split(self.channels, dim=1)
        filters = self.filter_fn.filter(length)[0].T.view(self.order - 1, self.channels, length)
        skips = self.filter_fn.bias.view(self.order - 1, self.channels)
        for step, gate in enumerate(reversed(gates)):
            post = last if step == len(gates) - 1 else None
            v = self.fftconv(v, filters[step], skips[step], gate, post)
        return cast(Tensor, self.out_proj(v.transpose(1, 2)))


class Mlp(nn.Module):
    """The MLP after a mixer."""

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.d_model, config.d_inner)
        self.fc2 = nn.Linear(config.d_inner, config.d_model)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return cast(Tensor, self.fc2(functional.gelu(self.fc1(x), approximate="tanh")))


class Block(nn.Module):
    """A mixer and an MLP, each with a norm before it and a residual connection around it."""

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.d_model, config.epsilon)
        self.mixer = HyenaMixer(config)
        self.norm2 = nn.LayerNorm(config.d_model, config.epsilon)
        self.mlp = Mlp(config)
        self.dropout = nn.Dropout(config.resid_dropout)

    def forward(self, residual: Tensor) -> Tensor:
        """The same shape and type."""
        kind = self.norm1.weight.dtype
        residual = residual + self.dropout(self.mixer(self.norm1(residual.to(kind))))
        return residual + cast(Tensor, self.dropout(self.mlp(self.norm2(residual.to(kind)))))


class Embeddings(nn.Module):
    """A vector for each token."""

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.rows, config.d_model)


class Backbone(nn.Module):
    """Everything but the head."""

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.dropout = nn.Dropout(config.embed_dropout)
        self.layers = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.d_model, config.epsilon)

    def forward(self, tokens: Tensor) -> Tensor:
        """Hidden states (batch, length, d_model) of tokens (batch, length)."""
        embedded = self.dropout(self.embeddings.word_embeddings(tokens))
        residual = embedded.to(torch.promote_types(embedded.dtype, torch.float32))
        for layer in self.layers:
            residual = layer(residual)
        return cast(Tensor, self.ln_f(residual.to(self.ln_f.weight.dtype)))


class HyenaDNA(nn.Module):
    """A HyenaDNA model. Calling it gives hidden states; `logits` turns those into the next token's.

    The weights are PyTorch's defaults until `load` or `random` sets them.
    """

    def __init__(self, config: HyenaConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.lm_head = nn.Linear(config.d_model, config.rows, bias=False)
        self.lm_head.weight = self.backbone.embeddings.word_embeddings.weight

    def forward(self, tokens: object) -> Tensor:
        """The hidden states of a batch of token sequences.

        Args:
            tokens: (length,) or (batch, length) integers, as a tensor or an array; length is at
                most `config.max_length`.

        Returns:
            (batch, length, d_model).

        Raises:
            InputError: the tokens have another shape or type, or are out of range.
        """
        try:
            given = torch.as_tensor(tokens)
        except (TypeError, ValueError, RuntimeError):  # text, ragged lists and so on
            raise InputError(
                f"Tokens are integers in a tensor or an array, not {type(tokens).__name__}:"
                " hyena.tokens makes them of DNA."
            ) from None
        if given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
            raise InputError(
                f"Tokens must be integers, not {str(given.dtype).removeprefix('torch.')}."
            )
        if not 1 <= given.ndim <= 2 or not given.numel():
            raise InputError(
                f"The tokens have shape {tuple(given.shape)}: give (length,) or (batch, length)."
            )
        if given.shape[-1] > self.config.max_length:
            raise InputError(
                f"There are {given.shape[-1]:,} tokens, but this model takes at most"
                f" {self.config.max_length:,}: split them, or take a longer model."
            )
        low, high = int(given.min()), int(given.max())
        if low < 0 or high >= self.config.rows:
            raise InputError(
                f"The tokens reach from {low} to {high}, but must be 0 to {self.config.rows - 1}."
            )
        batch = given.to(self.lm_head.weight.device, torch.int64).view(-1, given.shape[-1])
        return cast(Tensor, self.backbone(batch))

    def logits(self, hidden: Tensor) -> Tensor:
        """The logits of the next token: (batch, length, config.rows)."""
        return cast(Tensor, self.lm_head(hidden))
