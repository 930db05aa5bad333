# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""HyenaDNA with its convolutions on a device: the original's hidden states, equal bits from the RTL
and its model, models by others, and the report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: run `make env TORCH=1`")

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from typer.testing import CliRunner, Result

import crocuta
import crocuta.torch
from crocuta import hyena
from crocuta.cli.app import app
from crocuta.errors import InputError, KernelError
from crocuta.hyena.model import HyenaDNA
from crocuta.models import reference
from crocuta.models.configs import ROOT
from crocuta.models.convolution.chunk_controller import Mode
from tests.examples import run_examples

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
        spectrum = torch.fft.rfft(k, 2 * x.shape[-1])
        if x.dim() > 3:
            spectrum = spectrum[:, None]
        y = torch.fft.irfft(torch.fft.rfft(x, 2 * x.shape[-1]) * spectrum)[..., : x.shape[-1]]
        return y + x * self.skips(self.bias if bias is None else bias)[..., None]

    def skips(self, bias: Tensor) -> Tensor:
        return bias


class WithoutSkips(ForeignFilter):
    """It has skips and does not use them, whatever it is called with."""

    def skips(self, bias: Tensor) -> Tensor:
        return 0 * bias


class Bidirectional(ForeignFilter):
    """Looks ahead, too, which the device does not."""

    def forward(self, x: Tensor, L: int, k: Any = None, bias: Any = None) -> Tensor:
        return super().forward(x, L, k, bias) + super().forward(x.flip(-1), L, k, bias).flip(-1)


class ForeignMixer(nn.Module):
    """A mixer that calls it as they do; with heads, as the code for training does."""

    def __init__(
        self, channels: int, order: int, longest: int, kind: type[ForeignFilter], heads: int
    ) -> None:
        super().__init__()
        self.channels, self.order, self.heads = channels, order, heads
        self.in_proj = nn.Linear(channels, channels * (order + 1))
        self.filter_fn = kind(channels // max(1, heads) * (order - 1), longest)

    def forward(self, u: Tensor) -> Tensor:
        length = u.shape[1]
        *x, v = self.in_proj(u).transpose(1, 2).split(self.channels, dim=1)
        k = self.filter_fn.filter(length)[0].transpose(0, 1)
        k = k.reshape(self.order - 1, -1, length)
        bias = self.filter_fn.bias.reshape(self.order - 1, -1)
        if self.heads:
            *x, v = (each.reshape(len(u), self.heads, -1, 1, length) for each in (*x, v))
            bias = bias[:, None, :, None]
        for step, gate in enumerate(reversed(x[1:])):
            v = self.filter_fn(v * gate, length, k=k[step], bias=bias[step])
        return u + (v * x[0]).reshape(len(u), self.channels, length).transpose(1, 2) / 10


def foreign(
    seed: int, order: int = 3, kind: type[ForeignFilter] = ForeignFilter, heads: int = 0
) -> tuple[nn.Module, Tensor]:
    """A model, and an input for it."""
    torch.manual_seed(seed)
    mixers = (ForeignMixer(4, order, 300, kind, heads) for _ in range(2))
    return nn.Sequential(*mixers), torch.randn(2, 200, 4)


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
    assert all(1e10 * layer.error < layer.energy for layer in acceleration.layers)  # 100 dB
    assert acceleration.report()["model_calls"] == 3
    # Restored: as it was before, down to the attributes.
    assert not jobs_of(scipy, lambda: model(u))
    assert snr(changed, model(u)) > 90
    assert [set(vars(module)) for module in model.modules()] == attributes
    assert snr(mixer.filter_fn(u[:, :50].transpose(1, 2).repeat(1, 2, 1), 50), alone) > 90


@pytest.mark.parametrize("kind", [ForeignFilter, WithoutSkips])
@pytest.mark.parametrize("heads", [0, 1, 2])
@torch.no_grad()
def test_foreign_models_of_other_kinds(
    scipy: crocuta.Device, seed: int, kind: type[ForeignFilter], heads: int
) -> None:
    """Heads are axes of their own; some filters have skips and do not use them."""
    model, u = foreign(seed, 3, kind, heads)
    expected = model(u)
    with hyena.accelerate(model) as acceleration:
        assert snr(expected, model(u)) > 100
    assert acceleration.report()["total"]["jobs"] == 4 * (1 + 2 * max(1, heads))


@torch.no_grad()
def test_foreign_models_that_the_device_cannot_compute(scipy: crocuta.Device, seed: int) -> None:
    model = nn.Sequential(foreign(seed, 2)[0], foreign(seed, 2, Bidirectional)[0])
    before = [dict(vars(module)) for module in model.modules()]
    with pytest.raises(InputError, match=r"The module 1\.0\.filter_fn does not compute a causal"):
        hyena.accelerate(model)
    assert [vars(module) for module in model.modules()] == before
    model, u = foreign(seed, 2)
    mixer: Any = model[0]
    x = u.transpose(1, 2)
    with hyena.accelerate(model), pytest.raises(InputError, match="x has 200 samples but L is 300"):
        mixer.filter_fn(x, 300)

    class Gpu(ForeignFilter):
        """Does nothing on a CPU."""

        def skips(self, bias: Tensor) -> Tensor:
            raise RuntimeError("No CUDA GPUs are available")

    model, u = foreign(seed, 2, Gpu)
    with hyena.accelerate(model):
        assert model(u).shape == u.shape


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
            jobs = jobs_of(scipy, lambda given=tokens: model(given))
            prepared.append(sum(n for job, n in jobs.items() if job.mode == Mode.PREPARE))
        assert prepared == [2, 0, 2, 2]
        with torch.inference_mode():
            again = jobs_of(scipy, lambda: model(torch.full((2, 100), 8)))
        assert {job.mode for job in again} == {Mode.CONVOLVE}


@torch.no_grad()
def test_several_devices_share_the_channels(seed: int) -> None:
    model = hyena.random("tiny-1k", seed, d_model=5, n_layer=1)
    tokens = torch.from_numpy(np.random.default_rng(seed).integers(7, 12, (2, 100)))
    with crocuta.torch.use("model", "tiny"), hyena.accelerate(model):
        expected = model(tokens)
    with crocuta.open_many(["model"] * 2, "tiny") as devices:
        crocuta.torch.use(devices)
        with hyena.accelerate(model) as acceleration:
            assert torch.equal(model(tokens), expected)
    total = acceleration.report()["total"]
    assert total["jobs"] == 2 * (1 + 2) and total["uploaded_bytes"] > tokens.numel() * 5 * 4


def test_what_cannot_be_accelerated(scipy: crocuta.Device, seed: int) -> None:
    with pytest.raises(InputError, match="The model has no module with a function fftconv, nor on"):
        hyena.accelerate(nn.Linear(2, 2))
    with pytest.raises(InputError, match=r"^model must be a torch\.nn\.Module, not str\.$"):
        hyena.accelerate("tiny-1k")
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


def test_the_pages_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    run_examples(ROOT / "docs" / "hyenadna.md", capsys)


# -------------------------------------------------------------------------------------------------
# The command line


GENOME = b">first of three\n" + b"ACGTTGCANN" * 12 + b"\n>second\nacgtac\n>third\n" + b"G" * 1027


def embed(*arguments: object, backend: str = "model") -> Result:
    options = ["--backend", backend, "--config", "tiny"]
    return CliRunner().invoke(app, ["hyenadna", *map(str, arguments), *options])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with the small model in a and g.fa."""
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    shutil.copy(DATA / "hyenadna_a.config.json", "a/config.json")
    shutil.copy(DATA / "hyenadna_a.weights.safetensors", "a/model.safetensors")
    Path("g.fa").write_bytes(GENOME)
    return tmp_path


@torch.no_grad()
def test_hidden_states_of_a_file(folder: Path) -> None:
    result = embed(
        "g.fa", "--model", "a", "--record", "first", "--record", "second", "-o", "e.npz",
        "--logits", "l.safetensors", "--report", "r.json", "--picture", "p.png", "--snr",
        "--verify", backend="rtl",
    )  # fmt: skip
    assert result.exit_code == 0, (result.output, result.exception)
    model = hyena.load("a")
    report = json.loads(Path("r.json").read_text(), parse_constant=pytest.fail)
    logits = load_file("l.safetensors")
    with np.load("e.npz") as file:
        assert file.files == ["first", "second"]
        for record, decibels in zip(hyena.read_fasta("g.fa"), report["snr_db"], strict=False):
            states = torch.from_numpy(file[record.name])
            exact = model(hyena.tokens(record.bases))[0]
            assert states.shape == (len(record.bases), 16) and states.dtype == torch.float32
            double = model.double()(hyena.tokens(record.bases))[0]
            model.float()
            assert snr(double, states) == pytest.approx(decibels, abs=1e-6) and decibels > 60
            assert snr(model.logits(exact), logits[record.name]) > 55
    assert report["mismatches"] == 0 and report["warnings"] == []
    assert report["records"] == [{"name": "first", "bases": 120}, {"name": "second", "bases": 6}]
    assert report["model"]["directory"] == "a" and report["model"]["max_length"] == 1026
    assert report["simulator"].startswith("Verilator ")
    assert report["total"]["convolve_clocks"] > 0 and report["total"]["calls"] == 4
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")
    assert (
        "equal to the model's, bit for bit" in result.stdout
        and "convolution 4 of 4" in result.stderr
    )


@torch.no_grad()
def test_a_part_of_a_record_and_random_weights(folder: Path) -> None:
    options = ("--random", "tiny-1k", "--seed", 3, "--layers", 1, "--channels", 4)
    result = embed(
        "g.fa", *options, "--record", "third", "--start", 28, "-o", "e.npy", "--picture", "p.png"
    )
    assert result.exit_code == 0, (result.output, result.exception)
    assert "clocks, predicted" in result.stdout
    exact = hyena.random("tiny-1k", 3, n_layer=1, d_model=4)(hyena.tokens("G" * 1000))[0]
    assert snr(exact, torch.from_numpy(np.load("e.npy"))) > 60
    again = embed("g.fa", *options, "--record", "third", "--bases", 1000, "-o", "f.npy")
    assert again.exit_code == 0
    assert Path("e.npy").read_bytes() == Path("f.npy").read_bytes()


RANDOM = ("--random", "tiny-1k")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("g.fa", *RANDOM, "-o", "e.npz"),
            "The record third has 1,027 bases and the model takes 1",
        ),
        (
            ("g.fa", *RANDOM, "--bases", 6, "-o", "e.npy"),
            "g.fa has 3 records: choose one with --rec",
        ),
        (
            ("g.fa", *RANDOM, "--bases", 9, "-o", "e.npz"),
            "second has 6 bases, too few for --start 1",
        ),
        (("g.fa", *RANDOM, "--start", 7, "-o", "e.npz"), "too few for --start 7."),
        (("g.fa", *RANDOM, "--start", 0, "-o", "e.npz"), "--start and --bases must be at least 1."),
        (("g.fa", *RANDOM, "--record", "x", "-o", "e"), "no record x; its records are first, seco"),
        (("g.fa", *RANDOM, "--record", "first", "-o", "e.wav"), "e.wav cannot hold hidden states"),
        (("g.fa", *RANDOM, "-o", "g.fa"), "-o and the input g.fa are one file"),
        (("g.fa", "--model", "a", "-o", "a/config.json"), "-o and the input a/config.json are one"),
        (("g.fa", *RANDOM, "-o", "e.npz", "--picture", "e.npz"), "--picture and -o are one file"),
        (("g.fa", "-o", "e.npy"), "Name a directory with --model, or a size with --random, not bo"),
        (
            ("g.fa", *RANDOM, "--model", "a", "-o", "e.npy"),
            "Name a directory with --model, or a si",
        ),
        (("g.fa", "--random", "big", "-o", "e.npy"), "There is no HyenaDNA 'big'; choose one of"),
        (("g.fa", "--model", "a", "--layers", 1, "-o", "e.npy"), "--layers and --channels are for"),
        (("g.fa", "--model", "b", "-o", "e.npy"), "b/config.json does not exist."),
        (("h.fa", *RANDOM, "-o", "e.npy"), "h.fa does not exist."),
        (("a/config.json", *RANDOM, "-o", "e.npy"), "a/config.json is not a FASTA file"),
        (("twice.fa", *RANDOM, "-o", "e.npz"), "twice.fa has several records of one name: rename"),
    ],
)
def test_bad_arguments_of_the_command(
    folder: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    Path("twice.fa").write_bytes(b">a\nAC\n>a\nGT\n")
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*.*")}
    result = embed(*arguments)
    assert result.exit_code == 2, (result.output, result.exception)
    assert sentence in result.stderr and result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.endswith(".\n")
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*.*")} == before


def test_other_bits_than_the_models_are_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs are there to look at, and the status is not 0."""
    convolve = crocuta.Device.convolve

    def wrong(device: crocuta.Device, *arguments: Any) -> Any:
        y = convolve(device, *arguments)
        y.flat[0] += 1 if device.simulator else 0
        return y

    monkeypatch.setattr(crocuta.Device, "convolve", wrong)
    result = embed(
        "g.fa", *RANDOM, "--channels", 2, "--layers", 1, "--record", "second", "-o", "e.npy",
        "--verify", backend="rtl",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "The kernel is wrong: " in result.stderr and "differ from the m" in result.stdout
    assert np.load("e.npy").shape == (6, 2)
