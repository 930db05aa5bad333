# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The sizes of HyenaDNA models: the published ones, or those in a config.json."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from crocuta.errors import InputError


@dataclass(frozen=True)
class HyenaConfig:
    """The sizes of a HyenaDNA model.

    Raises:
        InputError: a value is out of range.
    """

    d_model: int
    """Channels."""
    n_layer: int
    d_inner: int
    """Width of the MLP behind each mixer."""
    max_length: int
    """Tokens that the filters span; positions are fractions of it."""
    vocab_size: int = 12
    vocab_multiple: int = 8
    """The embedding's rows are rounded up to a multiple of this."""
    order: int = 2
    """Gates of a mixer; it has order - 1 long convolutions."""
    emb_dim: int = 5
    """Size of the positional embedding, an odd number."""
    filter_order: int = 64
    """Width of the filter's MLP."""
    inner_mlps: int = 2
    """Hidden layers of the filter's MLP."""
    short_taps: int = 3
    frequency: float = 10.0
    """Initial frequency of the sines."""
    modulate: bool = True
    """Whether the filters are multiplied by an exponential window."""
    shift: float = 0.05
    """What the window decays to."""
    epsilon: float = 1e-5
    """Added to the variance in the layer norms."""
    embed_dropout: float = 0.1
    resid_dropout: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            least = {"order": 2, "emb_dim": 3, "inner_mlps": 0}.get(field.name, 1)
            if field.type == "int":
                good = type(value) is int and value >= least
                wanted = f"a whole number of at least {least}"
            elif field.type == "float":
                good = isinstance(value, int | float) and value >= 0
                wanted = "a number of at least 0"
            else:
                good, wanted = isinstance(value, bool), "true or false"
            if not good or isinstance(value, bool) != (field.type == "bool"):
                raise InputError(f"{field.name} must be {wanted}, not {value!r}.")
        if self.emb_dim % 2 == 0:
            raise InputError(f"emb_dim must be odd, not {self.emb_dim}.")

    @property
    def rows(self) -> int:
        """Rows of the embedding."""
        return -(-self.vocab_size // self.vocab_multiple) * self.vocab_multiple

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads the sizes from a config.json of the original code or of Hugging Face.

        Raises:
            InputError: the file does not exist, or describes another model.
        """
        try:
            given = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise InputError(f"{path} does not exist.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {(error.strerror or '').lower()}.") from None
        except ValueError:
            raise InputError(f"{path} is not JSON.") from None
        if not isinstance(given, dict) or not isinstance(given.get("layer", {}), dict):
            raise InputError(f"{path} does not describe a HyenaDNA.")
        flat = {**given, **given.get("layer", {})}
        for name, plain in PLAIN.items():
            if flat.get(name, plain[0]) not in plain:
                raise InputError(f"{path} sets {name} to {flat[name]!r}, which is not supported.")
        values = {
            field.name: flat[key]
            for field in dataclasses.fields(cls)
            for key in NAMES.get(field.name, (field.name,))
            if flat.get(key) is not None
        }
        if "d_model" in values:
            values.setdefault("d_inner", 4 * values["d_model"])
        missing = [
            NAMES.get(field.name, (field.name,))[0]
            for field in dataclasses.fields(cls)
            if field.default is dataclasses.MISSING and field.name not in values
        ]
        if missing:
            raise InputError(f"{path} lacks {', '.join(missing)}.")
        try:
            return cls(**values)
        except InputError as error:
            raise InputError(f"In {path}, {error}") from None


NAMES = {
    "max_length": ("max_seq_len", "l_max"),
    "vocab_multiple": ("pad_vocab_size_multiple",),
    "order": ("hyena_order", "order"),
    "inner_mlps": ("num_inner_mlps",),
    "short_taps": ("short_filter_order",),
    "frequency": ("activation_freq", "w"),
    "epsilon": ("layer_norm_epsilon",),
}
"""Sizes with other names in a config.json: first Hugging Face's name, then the original's."""
PLAIN: Mapping[str, tuple[Any, ...]] = {
    "_name_": ("hyena",),
    "attn_layer_idx": (None, []),
    "bidirectional": (False, None),
    "normalized": (False, None),
    "inner_factor": (1, None),
    "num_heads": (1, None),
    "num_blocks": (1, None),
    "outer_mixing": (False, None),
    "post_order_ffn": (False, None),
    "max_position_embeddings": (0, None),
}
"""Variants of the original's code that no published HyenaDNA uses, and the values without them."""


def _size(max_length: int, d_model: int, n_layer: int) -> HyenaConfig:
    return HyenaConfig(d_model, n_layer, 4 * d_model, max_length)


SIZES = {
    "tiny-1k": _size(1_026, 128, 2),
    "tiny-1k-d256": _size(1_026, 256, 2),
    "tiny-16k": _size(16_386, 128, 2),
    "small-32k": _size(32_770, 256, 4),
    "medium-160k": _size(160_002, 256, 8),
    "medium-450k": _size(450_002, 256, 8),
    "large-1m": _size(1_000_002, 256, 8),
}
"""The published models, by name."""
