# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA with its convolutions on a device: the hidden states of the original, equal bits from the
RTL and its model, models by others, and the report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.needs import need_torch

need_torch()

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch import Tensor, nn  # noqa: E402

import crocuta  # noqa: E402
import crocuta.torch  # noqa: E402
from crocuta import hyena  # noqa: E402
from crocuta.errors import InputError, KernelError  # noqa: E402
from crocuta.hyena.model import HyenaDNA, fftconv  # noqa: E402
from crocuta.models import reference  # noqa: E402
from crocuta.models.configs import ROOT  # noqa: E402
from crocuta.models.convolution.chunk_controller import Mode  # noqa: E402

DATA = ROOT / "data"
EXPECTED = load_file(DATA / "hyenadna_a.expected.safetensors")


def snr(expected: Tensor, found: Tensor) -> float:
    return reference.snr_db(expected.double().numpy(), found.detach().double().numpy())


@pytest.fixture
def small_model(tmp_path: Path) -> HyenaDNA:
    shutil.copy(DATA / "hyenadna_a.config.json", tmp_path / "config.json")
    shutil.copy(DATA / "hyenadna_a.weights.safetensors", tmp_path / "model.safetensors")
    return hyena.load(tmp_path)


@pytest.fixture
def scipy() -> Iterator[crocuta.Device]:
    """The float backend in use."""
    with crocuta.torch.use("float", "tiny") as device:
        yield device


@torch.no_grad()
def test_hidden_states_of_the_original(small_model: HyenaDNA, scipy: crocuta.Device) -> None:
    with hyena.accelerate(small_model):
        assert snr(EXPECTED["hidden_float64"], small_model(EXPECTED["tokens"])) > 85


@torch.no_grad()
def test_the_hardware_computes_the_original(small_model: HyenaDNA) -> None:
    """1,000 tokens through the RTL and through its model: the same bits."""
    hidden, reports = [], []
    for backend in ("model", "rtl"):
        with (
            crocuta.torch.use(backend, "small"),
            hyena.accelerate(small_model, snr=backend == "model") as acceleration,
        ):
            hidden.append(small_model(EXPECTED["tokens"]))
            reports.append(acceleration.report())
    assert torch.equal(hidden[0], hidden[1])
    assert snr(EXPECTED["hidden_float64"], hidden[0]) > 60
    modelled, simulated = reports
    assert json.loads(json.dumps(simulated, allow_nan=False)) == simulated
    for layer, counted in zip(modelled["layers"], simulated["layers"], strict=True):
        assert layer["convolve_clocks"] is layer["assumed_ms"] is counted["snr_db"] is None
        assert layer["snr_db"] > 70
        assert counted["convolve_clocks"] == pytest.approx(
            layer["predicted_convolve_clocks"], rel=0.1
        )
        assert counted["prepare_clocks"] == pytest.approx(
            layer["predicted_prepare_clocks"], rel=0.1
        )
        assert counted["assumed_ms"] == counted["convolve_clocks"] / 300_000
    assert [layer["name"] for layer in simulated["layers"]] == [
        f"backbone.layers.{index}.mixer" for index in range(2)
    ]
    total = simulated["total"]
    assert total["convolve_clocks"] == sum(each["convolve_clocks"] for each in simulated["layers"])
    assert total["uploaded_bytes"] >= 2 * 4 * 16 * (1000 + 1000)
    assert 0 < simulated["host_s"] < simulated["model_s"]
    assert simulated["host_s"] + total["convolution_s"] == pytest.approx(simulated["model_s"])


@pytest.mark.parametrize("order", [2, 3])
@torch.no_grad()
def test_orders_and_batches(order: int, seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=4, n_layer=2, order=order)
    tokens = torch.from_numpy(np.random.default_rng(seed).integers(7, 12, (3, 150)))
    exact = model.double()(tokens)
    model.float()
    hidden = []
    for backend, least in (("float", 100), ("model", 60), ("rtl", 60)):
        with crocuta.torch.use(backend, "tiny"), hyena.accelerate(model) as acceleration:
            hidden.append(model(tokens))
            assert snr(exact, hidden[-1]) > least, backend
            assert [layer.calls for layer in acceleration.layers] == [order - 1] * 2
    assert torch.equal(hidden[1], hidden[2])


# -------------------------------------------------------------------------------------------------
# Other people's implementations


class ForeignFilter(nn.Module):
    """A filter with the names that HyenaDNA's implementations share."""

    def __init__(self, channels: int, longest: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.randn(channels))
        self.register_buffer("positions", torch.linspace(0, 1, longest)[None, :, None])
        self.mlp = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, channels, bias=False))
        self.generated = 0

    def filter(self, L: int, *args: Any, **kwargs: Any) -> Tensor:
        self.generated += 1
        positions = self.get_buffer("positions")[:, :L]
        found: Tensor = self.mlp(positions) * torch.exp(-3 * positions)
        return found

    def forward(
        self, x: Tensor, L: int, k: Any = None, bias: Any = None, *args: Any, **kwargs: Any
    ) -> Tensor:
        if k is None:
            k = self.filter(L)[0].T
        k = k[0] if isinstance(k, tuple) else k
        return fftconv(x, k, self.bias if bias is None else bias)


class ForeignMixer(nn.Module):
    """A mixer that calls it as they do."""

    def __init__(self, channels: int, order: int, longest: int) -> None:
        super().__init__()
        self.channels, self.order = channels, order
        self.in_proj = nn.Linear(channels, channels * (order + 1))
        self.filter_fn = ForeignFilter(channels * (order - 1), longest)

    def forward(self, u: Tensor) -> Tensor:
        length = u.shape[1]
        *x, v = self.in_proj(u).transpose(1, 2).split(self.channels, dim=1)
        k = self.filter_fn.filter(length)[0].transpose(0, 1)
        k = k.reshape(self.order - 1, self.channels, length)
        bias = self.filter_fn.bias.reshape(self.order - 1, self.channels)
        for step, gate in enumerate(reversed(x[1:])):
            v = self.filter_fn(v * gate, length, k=k[step], bias=bias[step])
        return u + (v * x[0]).transpose(1, 2) / 10


def foreign(seed: int, order: int = 3) -> tuple[nn.Module, Tensor]:
    """A model, and an input for it."""
    torch.manual_seed(seed)
    return nn.Sequential(*(ForeignMixer(4, order, 300) for _ in range(2))), torch.randn(2, 200, 4)


def jobs_of(device: crocuta.Device, call: Any) -> dict[Any, int]:
    """The jobs that a call gives a device."""
    with device.metered() as meter:
        call()
    return dict(meter.jobs)


@torch.no_grad()
def test_a_foreign_model(scipy: crocuta.Device, seed: int) -> None:
    model, u = foreign(seed)
    names, exact = list(model.state_dict()), model.double()(u.double())
    model.float()
    attributes = [set(vars(module)) for module in model.modules()]
    with hyena.accelerate(model, snr=True) as acceleration, scipy.metered() as meter:
        found = model(u)
        assert snr(exact, found) > 100
        assert torch.equal(found, model(u))
        assert list(model.state_dict()) == names
        # Filters are generated and prepared once: 2 mixers of 2 convolutions.
        assert sum(n for job, n in meter.jobs.items() if job.mode == Mode.PREPARE) == 4
        mixer: Any = model[0]
        assert mixer.filter_fn.generated == 2  # one of them for `exact`
        mixer.filter_fn.bias.mul_(2)
        mixer.filter_fn.mlp[2].weight.mul_(-3)
        changed = model(u)
        assert not torch.allclose(changed, found)
        alone = mixer.filter_fn(u[:, :50].transpose(1, 2).repeat(1, 2, 1), 50)
    assert [layer.name for layer in acceleration.layers] == ["0.filter_fn", "1.filter_fn"]
    assert [layer.calls for layer in acceleration.layers] == [7, 6]
    assert all((layer.snr_db or 999) > 100 for layer in acceleration.layers)
    assert acceleration.report()["model_calls"] == 3
    # Restored: as it was before, down to the attributes.
    assert not jobs_of(scipy, lambda: model(u))
    assert snr(changed, model(u)) > 90
    assert [set(vars(module)) for module in model.modules()] == attributes
    assert snr(mixer.filter_fn(u[:, :50].transpose(1, 2).repeat(1, 2, 1), 50), alone) > 90


def test_gradients_through_a_device(scipy: crocuta.Device, seed: int) -> None:
    model, u = foreign(seed, order=2)
    loss = model(u).square().sum()
    expected = torch.autograd.grad(loss, list(model.parameters()))
    with hyena.accelerate(model):
        jobs = jobs_of(scipy, lambda: model(u))
        assert jobs, "on the device"
        found = torch.autograd.grad(model(u).square().sum(), list(model.parameters()))
    for wanted, gradient in zip(expected, found, strict=True):
        assert snr(wanted, gradient) > 60


@torch.no_grad()
def test_a_filter_is_prepared_once(scipy: crocuta.Device, seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=4, n_layer=1, order=3)
    with hyena.accelerate(model):
        prepared = []
        for length in (100, 100, 90, 100):
            tokens = torch.full((2, length), 8)
            jobs = jobs_of(scipy, lambda given=tokens: model(given))  # type: ignore[misc]
            prepared.append(sum(n for job, n in jobs.items() if job.mode == Mode.PREPARE))
        assert prepared == [2, 0, 2, 2]
        with torch.inference_mode():
            again = jobs_of(scipy, lambda: model(torch.full((2, 100), 8)))
        assert all(job.mode == Mode.CONVOLVE for job in again)


def test_what_cannot_be_accelerated(scipy: crocuta.Device, seed: int) -> None:
    with pytest.raises(InputError, match="The model has no module with a function fftconv, nor on"):
        hyena.accelerate(nn.Linear(2, 2))
    model = hyena.random("tiny-1k", seed, d_model=4)
    acceleration = hyena.accelerate(model)
    with pytest.raises(InputError, match="accelerated already: call restore"):
        hyena.accelerate(model)
    acceleration.restore()
    acceleration.restore()
    hyena.accelerate(model).restore()
    scipy.close()
    with hyena.accelerate(model), pytest.raises(KernelError, match="This device is closed"):
        model(hyena.tokens("ACGT"))
    model(hyena.tokens("ACGT"))


def test_an_error_leaves_the_model_as_it_was(scipy: crocuta.Device, seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=4)
    with hyena.accelerate(model) as acceleration, torch.no_grad():
        with pytest.raises(InputError, match="There are 1,027 tokens"):
            model(hyena.tokens("A" * 1027))
        model(hyena.tokens("ACGT"))
        assert acceleration.report()["model_calls"] == 2


@torch.no_grad()
def test_progress_of_the_jobs(seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=2, n_layer=1)
    seen: list[tuple[int, int]] = []
    with (
        crocuta.torch.use("model", "tiny"),
        hyena.accelerate(model, progress=lambda done, total: seen.append((done, total))),
    ):
        model(hyena.tokens("ACGT" * 50))
    assert seen and seen[-1][0] == seen[-1][1] > 2
