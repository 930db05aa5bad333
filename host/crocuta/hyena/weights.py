# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA models with weights from a file, or with random ones."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from crocuta.errors import InputError
from crocuta.hyena.config import SIZES, HyenaConfig
from crocuta.hyena.model import HyenaDNA, Sine

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
PREFIXES = ("model.", "hyena.")
"""Prefixes of tensor names in checkpoints of the original code and of Hugging Face."""
HEAD = "lm_head.weight"
SHOWN = 3


def load(directory: str | Path) -> HyenaDNA:
    """Loads a model from a directory with a config.json and a model.safetensors, for inference.

    Tensors have the original's names, with or without the prefixes of its checkpoints and of
    Hugging Face, and with or without the `.layer` that gradient checkpointing adds. The sines of a
    filter share their frequency, which the file may hold once or once per layer. Without
    `lm_head.weight`, the head shares the embedding's weights.

    Raises:
        InputError: a file is missing or broken, or its tensors do not fit the model.
    """
    if not isinstance(directory, str | Path):
        raise InputError(f"The directory must be a path, not {directory!r}.")
    path = Path(directory) / WEIGHTS_FILE
    model = _blank(HyenaConfig.read(Path(directory) / CONFIG_FILE))
    assign(model, _read(path), path)
    return model.eval()


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file."""
    if not path.is_file():
        raise InputError(f"{path} does not exist: convert the weights to safetensors.")
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{path} cannot be read: {reason}.") from None


def plain_name(name: str) -> str:
    """The model's name for a tensor in a file."""
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name.replace(".mixer.layer.", ".mixer.").replace(".mlp.layer.", ".mlp.")


def assign(model: HyenaDNA, tensors: dict[str, Tensor], source: object) -> None:
    """Sets all weights of a model, as float32.

    Raises:
        InputError: tensors are missing or superfluous, or one has a wrong shape or type. The
            message names `source`, and the model is unchanged.
    """
    given: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if plain_name(name) in given:
            raise InputError(f"{source} has {plain_name(name)} twice, once as {name}.")
        given[plain_name(name)] = tensor
    wanted = model.state_dict()
    _share_frequencies(model, given, source)
    if HEAD not in given:
        given[HEAD] = given.get("backbone.embeddings.word_embeddings.weight", wanted[HEAD])
    missing, surplus = sorted(wanted.keys() - given), sorted(given.keys() - wanted)
    problems = [
        f"{verb} {_listed(names)}"
        for verb, names in (("lacks", missing), ("has, beyond the model's tensors,", surplus))
        if names
    ]
    if problems:
        raise InputError(f"{source} {' and '.join(problems)}.")
    for name, tensor in given.items():
        if tensor.shape != wanted[name].shape or not tensor.is_floating_point():
            raise InputError(
                f"{source} has {name} of shape {tuple(tensor.shape)} and type"
                f" {str(tensor.dtype).removeprefix('torch.')}, but {CONFIG_FILE} requires"
                f" {tuple(wanted[name].shape)} of floating-point numbers."
            )
    if not torch.equal(given[HEAD], given["backbone.embeddings.word_embeddings.weight"]):
        model.lm_head.weight = nn.Parameter(torch.empty_like(wanted[HEAD]))
    model.load_state_dict(given)


def _share_frequencies(model: HyenaDNA, given: dict[str, Tensor], source: object) -> None:
    """Gives every sine of a filter their common frequency if the file holds it only once."""
    for prefix, module in model.named_modules():
        names = [
            f"{prefix}.{child}.freq"
            for child, layer in getattr(module, "_modules", {}).items()
            if isinstance(layer, Sine)
        ]
        there = [name for name in names if name in given]
        if any(not torch.equal(given[name], given[there[0]]) for name in there):
            raise InputError(f"{source} has different {_listed(there)}, which must be the same.")
        for name in names if there else ():
            given.setdefault(name, given[there[0]])


def _listed(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def random(size: str | HyenaConfig, seed: int, **changes: Any) -> HyenaDNA:
    """A model for inference with random weights, drawn as the original code draws them.

    Args:
        size: one of `SIZES`, such as "tiny-1k" or "large-1m", or a configuration.
        seed: seed of the weights. PyTorch's global random numbers are not used.
        changes: new values for fields of the configuration. `d_model=` also sets `d_inner`, unless
            that is given.

    Raises:
        InputError: the size or a field does not exist, or a value is out of range.
    """
    if not isinstance(seed, int):
        raise InputError(f"The seed must be a whole number, not {seed!r}.")
    if not isinstance(size, HyenaConfig):
        if size not in SIZES:
            raise InputError(f"There is no HyenaDNA {size!r}; choose one of: {', '.join(SIZES)}.")
        size = SIZES[size]
    wrong = changes.keys() - {field.name for field in dataclasses.fields(HyenaConfig)}
    if wrong:
        raise InputError(f"A HyenaDNA's configuration has no {', '.join(sorted(wrong))}.")
    if "d_model" in changes:
        changes.setdefault("d_inner", 4 * changes["d_model"])
    model = _blank(dataclasses.replace(size, **changes))
    draw(model, torch.Generator().manual_seed(seed))
    return model.eval()


def _blank(config: HyenaConfig) -> HyenaDNA:
    """A model whose weights are still to be set; PyTorch's global random state is preserved."""
    with torch.random.fork_rng(devices=[]):
        return HyenaDNA(config)


@torch.no_grad()
def draw(model: HyenaDNA, generator: torch.Generator) -> None:
    """Draws all weights: normal, with standard deviation 0.02 for linear layers and embeddings,
    less for layers that add to the residual, and 1 for the skips; the short filters have PyTorch's
    own distribution."""
    narrow = 0.02 / math.sqrt(2 * model.config.n_layer)
    for name, parameter in sorted(model.named_parameters()):
        kind = name.split(".")[-2]
        if name.endswith("filter_fn.bias"):
            parameter.normal_(0, 1, generator=generator)
        elif kind == "short_filter":
            bound = 1 / math.sqrt(model.config.short_taps)
            parameter.uniform_(-bound, bound, generator=generator)
        elif name.endswith("freq") or kind in ("norm1", "norm2", "ln_f"):
            continue  # as they were made: the frequency, ones and zeros
        elif name.endswith("bias"):
            parameter.zero_()
        else:
            deviation = narrow if kind in ("out_proj", "fc2") else 0.02
            parameter.normal_(0, deviation, generator=generator)
