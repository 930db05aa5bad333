# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA in PyTorch, against the original's hidden states and against its formulas in numpy."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="torch is not installed: run `make env TORCH=1`")

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from crocuta import hyena
from crocuta.errors import InputError
from crocuta.hyena.config import HyenaConfig
from crocuta.hyena.model import HyenaDNA
from crocuta.models import reference
from crocuta.models.configs import ROOT

DATA = ROOT / "data"
EXPECTED = load_file(DATA / "hyenadna_a.expected.safetensors")
Array = npt.NDArray[np.float64]
Tensors = dict[str, Tensor]
FREQ = "backbone.layers.0.mixer.filter_fn.implicit_filter.{}.freq"
EMBEDDING = "backbone.embeddings.word_embeddings.weight"


def snr(expected: Tensor, found: Tensor) -> float:
    return reference.snr_db(expected.double().numpy(), found.detach().double().numpy())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small model in the form that users have: a config.json and a model.safetensors."""
    shutil.copy(DATA / "hyenadna_a.config.json", tmp_path / "config.json")
    shutil.copy(DATA / "hyenadna_a.weights.safetensors", tmp_path / "model.safetensors")
    return tmp_path


def rewrite(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    """Changes the tensors of the file."""
    file = folder / "model.safetensors"
    tensors = change(load_file(file))
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, file)


def reconfigure(folder: Path, **values: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@torch.no_grad()
def test_hidden_states_are_the_originals(folder: Path) -> None:
    model = hyena.load(folder)
    hidden = model(EXPECTED["tokens"])
    assert snr(EXPECTED["hidden_float32"], hidden) > 110, "the same sums in another order"
    assert snr(EXPECTED["hidden_float64"], hidden) > 85
    # The original rounds the residual to float32 even then.
    assert snr(EXPECTED["hidden_float64"], model.double()(EXPECTED["tokens"])) > 140


# -------------------------------------------------------------------------------------------------
# The formulas


def formula(model: HyenaDNA, tokens: npt.NDArray[np.int64]) -> Array:
    """Hidden states of one sequence, directly from the formulas in float64."""
    w = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    config, length = model.config, len(tokens)

    def norm(x: Array, name: str) -> Array:
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        scaled = (x - mean) / np.sqrt(variance + config.epsilon)
        return np.asarray(scaled * w[f"{name}.weight"] + w[f"{name}.bias"])

    def linear(x: Array, name: str) -> Array:
        return np.asarray(x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0.0))

    def mixer(x: Array, name: str) -> Array:
        projected = linear(x, f"{name}.in_proj")
        taps, short = w[f"{name}.short_filter.weight"], np.zeros_like(projected)
        for channel in range(projected.shape[1]):
            full = np.convolve(projected[:, channel], taps[channel, 0, ::-1])
            short[:, channel] = full[:length] + w[f"{name}.short_filter.bias"][channel]
        *x_parts, v = np.split(short, config.order + 1, axis=1)
        t = np.linspace(0, 1, config.max_length)[:length, None]
        angle = 2 * np.pi * np.arange(length)[:, None] / config.max_length
        bands = np.linspace(1e-4, (config.emb_dim - 1) // 2 - 1, (config.emb_dim - 1) // 2)
        k = np.concatenate([t, np.cos(bands * angle), -np.sin(bands * angle)], axis=1)
        layers = f"{name}.filter_fn.implicit_filter"
        for index in range(1 + config.inner_mlps):
            k = np.sin(w[f"{layers}.1.freq"] * linear(k, f"{layers}.{2 * index}"))
        k = linear(k, f"{layers}.{2 + 2 * config.inner_mlps}")
        decay = np.linspace(math.log(100) / 1.5, math.log(100) / 0.3, k.shape[1])
        if config.modulate:
            k = k * (np.exp(-t * decay) + config.shift)
        for step in range(config.order - 1):
            gated = v * x_parts[config.order - 1 - step]
            v = w[f"{name}.filter_fn.bias"][step * config.d_model :][: config.d_model] * gated
            for channel in range(config.d_model):
                taps = k[:, step * config.d_model + channel]
                v[:, channel] += np.convolve(gated[:, channel], taps)[:length]
        return linear(v * x_parts[0], f"{name}.out_proj")

    def mlp(x: Array, name: str) -> Array:
        x = linear(x, f"{name}.fc1")
        cubic = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return linear(0.5 * x * (1 + np.tanh(cubic)), f"{name}.fc2")

    x = w[EMBEDDING][tokens]
    for index in range(config.n_layer):
        name = f"backbone.layers.{index}"
        x = x + mixer(norm(x, f"{name}.norm1"), f"{name}.mixer")
        x = x + mlp(norm(x, f"{name}.norm2"), f"{name}.mlp")
    return norm(x, "backbone.ln_f")


def vivid(model: HyenaDNA, seed: int) -> HyenaDNA:
    """Weights with which every part of the model matters."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.ndim > 1 or parameter.abs().max() == 0:
            fan = parameter[0].numel() if parameter.ndim > 1 else 10
            parameter.data.normal_(0, fan**-0.5, generator=generator)
    for name, parameter in model.named_parameters():
        if name.endswith("freq"):
            parameter.data.uniform_(1, 3, generator=generator)
    return model


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"order": 3},
        {"order": 4, "emb_dim": 3, "inner_mlps": 1, "shift": 0.2},
        {"short_taps": 5, "modulate": False, "emb_dim": 9, "n_layer": 1, "epsilon": 0.1},
    ],
)
@torch.no_grad()
def test_every_order_is_the_formula(changes: dict[str, Any], seed: int) -> None:
    """And each sequence of a batch, at lengths up to the model's."""
    model = vivid(hyena.random("tiny-1k", seed, d_model=6, max_length=90, **changes), seed).double()
    rng = np.random.default_rng(seed)
    for length in (1, 2, 57, 90):
        tokens = rng.integers(0, 16, (2, length))
        hidden = model(tokens)
        assert hidden.shape == (2, length, 6)
        for row, found in zip(tokens, hidden, strict=True):
            # The positions are float32, as in the original's files.
            assert reference.snr_db(formula(model, row), found.numpy()) > 100


@torch.no_grad()
def test_logits_and_shapes(seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=8)
    tokens = hyena.tokens("ACGTNacgtn")
    hidden = model(tokens)
    assert torch.equal(hidden, model(torch.from_numpy(tokens)[None].int()))
    assert hidden.shape == (1, 10, 8) and hidden.dtype == torch.float32
    logits = model.logits(hidden)
    assert logits.shape == (1, 10, 16)
    assert torch.allclose(logits, hidden @ model.state_dict()[EMBEDDING].T)
    assert model.bfloat16()(tokens).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (np.zeros(0, np.int64), r"The tokens have shape \(0,\): give \(length,\) or"),
        (np.zeros((1, 2, 3), np.int64), r"The tokens have shape \(1, 2, 3\)"),
        (np.zeros(3), "Tokens must be integers, not float64."),
        (np.full(1027, 7), "There are 1,027 tokens, but this model takes at most 1,026: split"),
        (np.array([7, 16]), "The tokens reach from 7 to 16, but must be 0 to 15."),
        (np.array([-1]), "The tokens reach from -1 to -1"),
        ("ACGT", "Tokens are integers in a tensor or an array, not str: hyena.tokens makes them"),
        ([[7], [7, 8]], "Tokens are integers in a tensor or an array, not list: hyena.tokens mak"),
    ],
)
def test_tokens_that_are_none(tokens: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        hyena.random("tiny-1k", 1, d_model=4)(tokens)


def test_gradients_reach_every_parameter(seed: int) -> None:
    model = vivid(hyena.random("tiny-1k", seed, d_model=4, order=3), seed)
    loss = model.logits(model(hyena.tokens("ACGTTGCATT"))).square().mean()
    for name, gradient in zip(
        dict(model.named_parameters()),
        torch.autograd.grad(loss, list(model.parameters())),
        strict=True,
    ):
        assert gradient.abs().max() > 0, name


@torch.no_grad()
def test_a_kept_filter_follows_its_parameters(seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=4)
    tokens = hyena.tokens("ACGTTGCATTACG")
    layer: Any = model.backbone.layers[0]
    filter_fn = layer.mixer.filter_fn
    first = model(tokens)
    assert filter_fn.filter(13) is filter_fn.filter(13)
    assert filter_fn.filter(12).shape[1] == 12
    filter_fn.implicit_filter[6].weight.mul_(-50)
    second = model(tokens)
    assert not torch.allclose(first, second)
    filter_fn.modulation.deltas.zero_()
    assert not torch.equal(second, model(tokens))
    model.load_state_dict(hyena.random("tiny-1k", seed, d_model=4).state_dict())
    assert torch.equal(first, model(tokens))
    with torch.inference_mode():
        assert torch.equal(first, model(tokens))


@torch.no_grad()
def test_a_kept_filter_is_not_that_of_a_tensor_in_the_same_place(seed: int) -> None:
    """Parameters of another type are others, even if the first ones' memory is used again."""
    filter_fn: Any = hyena.random("tiny-1k", seed, d_model=4).backbone.layers[0]
    filter_fn = filter_fn.mixer.filter_fn
    parameter = filter_fn.implicit_filter[6].weight
    reused = 0
    for step in range(20):
        filter_fn.filter(50)
        place = parameter.data_ptr()
        parameter.data = torch.empty(0)  # frees it
        parameter.data = torch.full((4, 64), float(step))
        reused += parameter.data_ptr() == place
        assert torch.equal(filter_fn.filter(50), filter_fn._filter(50))
    assert reused, "what is tested never happened"


# -------------------------------------------------------------------------------------------------
# Random weights and sizes


def test_random_weights_depend_on_the_seed_alone(seed: int) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, second = (hyena.random("tiny-1k", seed).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    other = hyena.random("tiny-1k", seed + 1).state_dict()
    mixer = "backbone.layers.1.mixer"
    for name, deviation in (
        (EMBEDDING, 0.02),
        (f"{mixer}.in_proj.weight", 0.02),
        (f"{mixer}.out_proj.weight", 0.01),
        (f"{mixer}.short_filter.weight", 1 / 3),
        (f"{mixer}.filter_fn.bias", 1.0),
        (f"{mixer}.filter_fn.implicit_filter.2.weight", 0.02),
    ):
        assert float(first[name].std()) == pytest.approx(deviation, rel=0.25), name
        assert not torch.equal(first[name], other[name]), name
    assert (first[f"{mixer}.filter_fn.implicit_filter.5.freq"] == 10).all()


def test_sizes() -> None:
    """Parameters of the models as published (HyenaDNA, table of the released models)."""
    assert {name: size.max_length for name, size in hyena.SIZES.items()} == {
        "tiny-1k": 1_026,
        "tiny-1k-d256": 1_026,
        "tiny-16k": 16_386,
        "small-32k": 32_770,
        "medium-160k": 160_002,
        "medium-450k": 450_002,
        "large-1m": 1_000_002,
    }
    model = hyena.random("large-1m", 1, max_length=10)
    assert model.config.d_model == 256 and len(model.backbone.layers) == 8
    assert sum(each.numel() for each in model.parameters()) == pytest.approx(6.6e6, rel=0.01)


@pytest.mark.parametrize(
    ("size", "changes", "sentence"),
    [
        ("tiny-2k", {}, "There is no HyenaDNA 'tiny-2k'; choose one of: tiny-1k, tiny-1k-d256,"),
        (3, {}, "There is no HyenaDNA 3; choose one of: tiny-1k, tiny-1k-d256,"),
        ("tiny-1k", {"layers": 1}, "A HyenaDNA's configuration has no layers."),
        ("tiny-1k", {"order": 1}, "order must be a whole number of at least 2, not 1."),
        ("tiny-1k", {"d_model": 4.0}, "d_model must be a whole number of at least 1, not 4.0."),
        ("tiny-1k", {"emb_dim": 4}, "emb_dim must be odd, not 4."),
        ("tiny-1k", {"shift": -1}, "shift must be a number of at least 0, not -1."),
        ("tiny-1k", {"modulate": 1}, "modulate must be true or false, not 1."),
        ("tiny-1k", {"n_layer": True}, "n_layer must be a whole number of at least 1, not True."),
    ],
)
def test_a_model_that_is_none(size: Any, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        hyena.random(size, 1, **changes)


# -------------------------------------------------------------------------------------------------
# Files


def prefixed(prefix: str, layer: bool = False) -> Callable[[Tensors], Tensors]:
    def change(tensors: Tensors) -> Tensors:
        names = {name: prefix + name for name in tensors}
        if layer:
            for part in (".mixer.", ".mlp."):
                names = {old: new.replace(part, f"{part}layer.") for old, new in names.items()}
        return {names[name]: tensor for name, tensor in tensors.items()}

    return change


def without(*names: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {key: value for key, value in tensors.items() if key not in names}


@pytest.mark.parametrize(
    "change",
    [
        prefixed("model."),
        prefixed("hyena."),
        prefixed("model.", layer=True),
        without(FREQ.format(3), FREQ.format(5)),
        without(FREQ.format(1), FREQ.format(3)),
        lambda tensors: {**tensors, "lm_head.weight": tensors[EMBEDDING]},
        lambda tensors: {name: tensor.double() for name, tensor in tensors.items()},
    ],
    ids=["ckpt", "hugging face", "checkpointing", "freq 1", "freq 5", "tied head", "float64"],
)
@torch.no_grad()
def test_names_of_every_kind_of_file(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    plain = hyena.load(folder)(EXPECTED["tokens"])
    rewrite(folder, change)
    model = hyena.load(folder)
    assert torch.equal(model(EXPECTED["tokens"]), plain)
    assert model.lm_head.weight is model.backbone.embeddings.word_embeddings.weight
    assert not model.training


@torch.no_grad()
def test_a_head_of_its_own(folder: Path) -> None:
    rewrite(folder, lambda tensors: {**tensors, "lm_head.weight": 2 * tensors[EMBEDDING]})
    model = hyena.load(folder)
    hidden = model(EXPECTED["tokens"][:, :9])
    assert torch.allclose(model.logits(hidden), 2 * hidden @ model.state_dict()[EMBEDDING].T)


@torch.no_grad()
def test_a_configuration_of_hugging_face(folder: Path) -> None:
    plain = hyena.load(folder)(EXPECTED["tokens"])
    (folder / "config.json").write_text(
        json.dumps(
            {
                "activation_freq": 10, "architectures": ["HyenaDNAForCausalLM"], "d_inner": 32,
                "d_model": 16, "emb_dim": 5, "embed_dropout": 0.1, "filter_order": 64,
                "hyena_dropout": 0.0, "hyena_filter_dropout": 0.0, "hyena_order": 2,
                "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "max_seq_len": 1026,
                "model_type": "hyenadna", "n_layer": 2, "num_inner_mlps": 2,
                "pad_vocab_size_multiple": 8, "short_filter_order": 3, "train_freq": True,
                "tie_word_embeddings": False, "use_bias": True, "vocab_size": 12,
            }
        )
    )  # fmt: skip
    assert torch.equal(hyena.load(folder)(EXPECTED["tokens"]), plain)


def resized(tensors: Tensors) -> Tensors:
    return {**tensors, EMBEDDING: tensors[EMBEDDING][:12]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            without("backbone.ln_f.bias", "backbone.layers.1.norm1.weight"),
            r"lacks backbone\.layers\.1\.norm1\.weight, backbone\.ln_f\.bias\.$",
        ),
        (without(*(FREQ.format(n) for n in (1, 3, 5))), r"lacks .*1\.freq, .*3\.freq, .*5\.fr"),
        (
            lambda tensors: {**tensors, "head.weight": torch.ones(2)},
            r"has, beyond the model's tensors, head\.weight\.$",
        ),
        (
            lambda tensors: without(EMBEDDING)({**tensors, "emb.weight": tensors[EMBEDDING]}),
            r"lacks .*word_embeddings\.weight and has, beyond the model's tensors, emb\.weight\.$",
        ),
        (lambda _: {"a": torch.ones(2)}, r"lacks .* and 56 more and has, .* a\.$"),
        (
            lambda tensors: {**tensors, FREQ.format(3): torch.ones(1, 64)},
            r"has different .*1\.freq, .*3\.freq, .*5\.freq, which must be the same\.$",
        ),
        (resized, r"word_embeddings\.weight of shape \(12, 16\) .* requires \(16, 16\) of float"),
        (
            lambda tensors: {**tensors, EMBEDDING: tensors[EMBEDDING].long()},
            r"of shape \(16, 16\) and type int64, but config\.json requires",
        ),
        (
            lambda tensors: {**tensors, f"model.{EMBEDDING}": tensors[EMBEDDING]},
            r"has backbone\..*weight twice, once as model\.backbone\..*weight\.$",
        ),
    ],
    ids=[
        "missing", "no freq", "surplus", "renamed", "other file", "two freqs", "shape", "type",
        "twice",
    ],
)  # fmt: skip
def test_tensors_that_are_not_the_models(
    folder: Path, change: Callable[[Tensors], Tensors], sentence: str
) -> None:
    rewrite(folder, change)
    with pytest.raises(InputError, match=sentence) as found:
        hyena.load(folder)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"layer": {"l_max": None}}, "lacks max_seq_len."),
        ({"d_model": None, "n_layer": None}, "lacks d_model, n_layer."),
        ({"layer": 3}, "does not describe a HyenaDNA."),
        ({"attn_layer_idx": [1]}, r"sets attn_layer_idx to \[1\], which is not supported."),
        ({"d_model": "16"}, "config.json, d_model must be a whole number of at least 1, not '16'."),
        ({"d_model": 24}, r"of shape \(16, 16\) .* requires \(16, 24\)"),
    ],
)
def test_configurations_that_are_not(
    folder: Path, values: dict[str, object], sentence: str
) -> None:
    reconfigure(folder, **values)
    with pytest.raises(InputError, match=sentence):
        hyena.load(folder)


def test_files_that_are_not(folder: Path) -> None:
    with pytest.raises(InputError, match=r"^The directory must be a path, not 3\.$"):
        hyena.load(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^The seed must be a whole number, not 'a'\.$"):
        hyena.random("tiny-1k", "a")  # type: ignore[arg-type]
    weights, config = folder / "model.safetensors", folder / "config.json"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(InputError, match=r"model\.safetensors cannot be read: .*\.$"):
        hyena.load(folder)
    weights.unlink()
    with pytest.raises(InputError, match=r"model\.safetensors does not exist: convert"):
        hyena.load(folder)
    config.write_text("{")
    with pytest.raises(InputError, match=r"config\.json is not JSON\.$"):
        hyena.load(folder)
    config.unlink()
    with pytest.raises(InputError, match=r"config\.json does not exist\.$"):
        hyena.load(folder)
    if os.geteuid():  # root may read everything
        config.touch(mode=0)
        with pytest.raises(InputError, match=r"config\.json cannot be read: permission denied\.$"):
            hyena.load(folder)


def test_a_configuration_as_a_size(seed: int) -> None:
    config = HyenaConfig(d_model=4, n_layer=1, d_inner=7, max_length=20, order=3)
    model = hyena.random(config, seed)
    assert model.config == config
    assert hyena.random(config, seed, d_model=5).config.d_inner == 20
