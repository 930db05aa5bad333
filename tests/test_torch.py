# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of PyTorch tensors: values, gradients, types and strides, compilation, filters that
are kept, and one sentence for whatever goes wrong."""

from __future__ import annotations

import gc
import random
import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="torch is not installed: run `make env TORCH=1`")

import torch
from torch.autograd import forward_ad

import crocuta
import crocuta.torch as ct
from crocuta.errors import InputError, KernelError, OutOfMemory
from crocuta.models import configs, reference
from crocuta.models.errors import errors
from crocuta.torch import filters
from crocuta.torch.checks import FLOATS
from crocuta.torch.device import in_use
from crocuta.torch.operators import causal_conv, resident_conv

TINY = configs.load("tiny")


@pytest.fixture(params=["float", "model"])
def device(request: pytest.FixtureRequest) -> Iterator[crocuta.Device]:
    """A device in use."""
    with ct.use(request.param, "tiny") as device:
        yield device


@pytest.fixture
def scipy() -> Iterator[crocuta.Device]:
    """The float backend in use."""
    with ct.use("float", "tiny") as device:
        yield device


def exact(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The convolution in float64, with PyTorch's own gradients."""
    length, taps = x.shape[-1], weight.shape[-1]
    size = length + taps
    spectrum = torch.fft.rfft(x.double(), size) * torch.fft.rfft(weight.double(), size)
    return torch.fft.irfft(spectrum, size)[..., :length]


def within_bound(y: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether every channel of y is within the accuracy page's bound."""
    return all(
        errors(
            reference.causal_convolution(x[b, d].numpy(), weight[d].numpy()),
            y[b, d].numpy(),
            x[b, d].numpy(),
            weight[d].numpy(),
            TINY,
        ).within_bound
        for b in range(x.shape[0])
        for d in range(x.shape[1])
    )


def strided(shape: tuple[int, ...], dtype: torch.dtype, rng: random.Random) -> torch.Tensor:
    """Random numbers in random strides: axes in any order, with gaps."""
    order = rng.sample(range(len(shape)), len(shape))
    steps = [rng.choice((1, 1, 2, 3)) for _ in shape]
    stored = torch.randn([shape[axis] * steps[axis] for axis in order])
    view = stored.permute([order.index(axis) for axis in range(len(shape))])
    view = view[tuple(slice(None, None, step) for step in steps)].to(dtype)
    assert view.shape == shape
    return view


# -------------------------------------------------------------------------------------------------
# Values


@pytest.mark.filterwarnings("ignore:float64 is not")
@pytest.mark.parametrize(("backend", "cases"), [("model", 200), ("float", 50)])
def test_random_shapes_types_strides_and_lengths(backend: str, cases: int, seed: int) -> None:
    rng = random.Random(seed)
    torch.manual_seed(seed)
    with ct.use(backend, "tiny"):
        for _ in range(cases):
            batch, channels = rng.choice((1, 1, 2)), rng.choice((1, 1, 2, 3))
            length = rng.choice(
                (1, 2, rng.randint(1, 64), rng.randint(1, 64), rng.randint(65, 200))
            )
            taps = rng.choice((1, length, rng.randint(1, 200)))
            x = strided((batch, channels, length), rng.choice(FLOATS), rng)
            weight = strided((channels, taps), rng.choice(FLOATS), rng)
            y = ct.fft_causal_conv1d(x, weight)
            assert y.dtype == x.dtype
            assert y.shape == x.shape
            if x.dtype.itemsize == 2:  # rounds more than the bound allows
                x = x[:1]
                single = ct.fft_causal_conv1d(x.float(), weight)
                assert torch.equal(y[:1], single.to(x.dtype))
                y = single
            assert within_bound(y, x.double(), weight.double())


def test_simulated_hardware_has_the_models_bits(seed: int) -> None:
    torch.manual_seed(seed)
    x, weight, skip = torch.randn(2, 3, 150), torch.randn(3, 200), torch.randn(3)
    gates = torch.randn(2, 2, 3, 150)
    results = []
    for backend in ("model", "rtl"):
        with ct.use(backend, "tiny"):
            tensors = [t.clone().requires_grad_() for t in (x, weight, skip)]
            y = ct.fftconv(*tensors, *gates)
            y.square().sum().backward()
            results.append([y.detach(), *(t.grad for t in tensors)])
    for modelled, simulated in zip(*results, strict=True):
        assert torch.equal(modelled, simulated)


def test_skip_and_gates(device: crocuta.Device, seed: int) -> None:
    torch.manual_seed(seed)
    u, k, skip = torch.randn(2, 3, 100), torch.randn(3, 150), torch.randn(3)
    pre, post = torch.randn(2, 2, 3, 100)
    whole = ct.fftconv(u, k, skip, pre, post)
    x = u * pre
    folded = k.clone()
    folded[:, 0] += skip
    assert within_bound(ct.fftconv(u, k, skip, pre), x, folded)
    assert torch.equal(whole, ct.fft_causal_conv1d(x, folded) * post)
    assert torch.equal(ct.fftconv(u, k), ct.fft_causal_conv1d(u, k))
    half = ct.fftconv(u.bfloat16(), k, skip, pre, post)
    assert half.dtype == torch.bfloat16
    module = ct.prepare(k, skip)
    assert torch.equal(module(u, pre, post), whole)
    cut = ct.prepare(k.double(), skip, length=100)
    assert cut.taps == 100
    torch.testing.assert_close(cut(u, pre, post), whole, rtol=1e-3, atol=1e-3)


def test_no_sequences(scipy: crocuta.Device) -> None:
    assert ct.fft_causal_conv1d(torch.ones(0, 2, 5), torch.ones(2, 3)).shape == (0, 2, 5)


def test_float64_is_announced_once(scipy: crocuta.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_use, "warned", False)
    x, weight = torch.randn(1, 1, 9, dtype=torch.float64), torch.randn(1, 3)
    with pytest.warns(UserWarning, match="float64 is not computed in double precision"):
        y = ct.fft_causal_conv1d(x, weight)
    assert y.dtype == torch.float64
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ct.fft_causal_conv1d(x, weight)


# -------------------------------------------------------------------------------------------------
# Gradients and compilation


def leaves(seed: int, length: int, taps: int) -> list[torch.Tensor]:
    """u, k, D and the two gates, with gradients."""
    torch.manual_seed(seed)
    shapes = ((2, 3, length), (3, taps), (3,), (2, 3, length), (2, 3, length))
    return [torch.randn(shape, requires_grad=True) for shape in shapes]


def formula(
    u: torch.Tensor, k: torch.Tensor, skip: torch.Tensor, pre: torch.Tensor, post: torch.Tensor
) -> torch.Tensor:
    x = u.double() * pre
    return post.double() * (exact(x, k) + skip[:, None].double() * x)


@pytest.mark.parametrize(("length", "taps"), [(60, 60), (60, 100), (100, 60), (1, 1)])
def test_gradients(scipy: crocuta.Device, seed: int, length: int, taps: int) -> None:
    tensors = leaves(seed, length, taps)
    y, expected = ct.fftconv(*tensors), formula(*tensors)
    dy = torch.randn(y.shape)
    found = torch.autograd.grad(y, tensors, dy, create_graph=True)
    wanted = torch.autograd.grad(expected, tensors, dy.double(), create_graph=True)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other.to(one.dtype), rtol=1e-5, atol=1e-4)
    # The gradients' own, through another random direction.
    again = [torch.randn(one.shape) for one in found]
    for one, other in zip(
        torch.autograd.grad(found, tensors, again),
        torch.autograd.grad(wanted, tensors, again),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-2)


def test_gradients_in_the_arithmetic_of_the_engine(seed: int) -> None:
    tensors = leaves(seed, 100, 150)
    with ct.use("model", "tiny"):
        found = torch.autograd.grad(ct.fftconv(*tensors).sum(), tensors)
    wanted = torch.autograd.grad(formula(*tensors).sum(), tensors)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        assert reference.snr_db(other.numpy(), one.numpy()) > 60


def test_gradients_of_half_precision_are_summed_in_single(scipy: crocuta.Device, seed: int) -> None:
    torch.manual_seed(seed)
    x = torch.randn(2, 3, 50, dtype=torch.float16, requires_grad=True)
    weight = torch.randn(3, 20, requires_grad=True)
    dx, dweight = torch.autograd.grad(ct.fft_causal_conv1d(x, weight).sum(), (x, weight))
    assert (dx.dtype, dweight.dtype) == (torch.float16, torch.float32)
    (expected,) = torch.autograd.grad(exact(x, weight).sum(), weight)
    torch.testing.assert_close(dweight, expected.float(), rtol=1e-5, atol=1e-5)


def test_opcheck(scipy: crocuta.Device) -> None:
    x, weight, skip = leaves(1, 20, 30)[:3]
    strided = x.detach().mT.contiguous().mT.bfloat16()
    for arguments in ((x, weight, skip, True), (strided, weight, None, False)):
        torch.library.opcheck(causal_conv, arguments)


def test_compiled(device: crocuta.Device, seed: int) -> None:
    tensors = leaves(seed, 80, 80)
    compiled = torch.compile(ct.fftconv, fullgraph=True, backend="aot_eager")
    results = []
    for function in (ct.fftconv, compiled):
        y = function(*tensors)
        results.append([y, *torch.autograd.grad(y.square().sum(), tensors)])
    for plain, traced in zip(*results, strict=True):
        assert torch.equal(plain, traced)
    module = ct.prepare(tensors[1], tensors[2])
    traced = torch.compile(module, fullgraph=True, backend="aot_eager")
    assert torch.equal(traced(tensors[0]), module(tensors[0]))
    with torch.no_grad():
        assert torch.equal(compiled(*tensors), results[0][0])


# -------------------------------------------------------------------------------------------------
# Filters that are kept


class Counted:
    """How often filters were prepared."""

    def __init__(self, device: crocuta.Device, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        prepare = device.prepare

        def counted(h: npt.ArrayLike, length: int | None = None) -> crocuta.Filter:
            self.count += 1
            return prepare(h, length)

        monkeypatch.setattr(device, "prepare", counted)

    def since(self) -> int:
        """Preparations since the last question."""
        count, self.count = self.count, 0
        return count


@pytest.fixture
def prepared(scipy: crocuta.Device, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(scipy, monkeypatch)


def test_a_filter_is_prepared_once_until_its_weight_changes(prepared: Counted) -> None:
    x, weight, skip = torch.randn(2, 3, 50), torch.randn(2, 3, 20), torch.randn(3)
    for _ in range(3):
        for k in (weight[0], weight[1]):  # views of one storage
            assert torch.equal(ct.fft_causal_conv1d(x, k), ct.fftconv(x, k))
        ct.fftconv(x, weight[0], skip)
    assert prepared.since() == 3
    weight[0, 1, 2] += 1  # a new version of the storage, views included
    y = ct.fft_causal_conv1d(x, weight[0])
    torch.testing.assert_close(y, exact(x, weight[0]).float())
    assert prepared.since() == 1
    assert len(in_use.filters) == 1
    ct.fftconv(x, weight[0], skip)
    skip += 1
    y = ct.fftconv(x, weight[0], skip)
    torch.testing.assert_close(y, (exact(x, weight[0]) + skip[:, None] * x).float())
    assert prepared.since() == 2


def test_a_filter_is_dropped_with_its_weight(scipy: crocuta.Device) -> None:
    weight = torch.randn(3, 20)
    ct.fft_causal_conv1d(torch.randn(1, 3, 5), weight)
    alias = weight[1:].detach()
    del weight
    assert len(in_use.filters) == len(scipy._filters) == 1
    del alias
    gc.collect()
    assert len(in_use.filters) == len(scipy._filters) == 0


def test_a_skip_in_the_place_of_another_is_another(prepared: Counted) -> None:
    x, weight = torch.randn(1, 3, 50), torch.randn(3, 20)
    for value in range(5):
        skip = torch.full((3,), float(value))
        expected = exact(x, weight) + value * x
        torch.testing.assert_close(ct.fftconv(x, weight, skip), expected.float())
        del skip
    assert prepared.since() == 5


def test_the_least_recently_used_filter_goes(
    prepared: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "KEPT", 2)
    x, weights = torch.randn(1, 1, 5), torch.randn(3, 1, 4)
    weights = [weight.clone() for weight in weights]
    for index in (0, 1, 0, 2, 0, 1):
        ct.fft_causal_conv1d(x, weights[index])
    assert len(in_use.filters) == 2
    assert prepared.since() == 4


def test_gradients_keep_no_filter_of_an_input(scipy: crocuta.Device) -> None:
    x, weight = torch.randn(2, 3, 50, requires_grad=True), torch.randn(3, 20, requires_grad=True)
    for _ in range(3):
        ct.fft_causal_conv1d(x, weight).sum().backward()
    assert len(in_use.filters) == len(scipy._filters) == 1


def test_inference_mode_keeps_no_filter(scipy: crocuta.Device) -> None:
    with torch.inference_mode():
        x, weight = torch.randn(1, 3, 50), torch.randn(3, 20)
        for _ in range(2):
            torch.testing.assert_close(ct.fft_causal_conv1d(x, weight), exact(x, weight).float())
            weight *= 2
    assert len(scipy._filters) == 0


# -------------------------------------------------------------------------------------------------
# Memory


def test_what_does_not_fit_is_done_in_groups(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(seed)
    x, weight, skip = torch.randn(1, 7, 200), torch.randn(7, 500), torch.randn(7)
    with ct.use("model", "tiny"):
        expected = ct.fftconv(x, weight, skip)
    others = [torch.randn(1, 500) for _ in range(3)]
    monkeypatch.setattr(
        "crocuta.backends.model_kernel.memory_bytes", lambda config: (1 << 16, 1 << 16, 5 * 4096)
    )
    with ct.use("model", "tiny") as device:
        for other in others:
            ct.fft_causal_conv1d(x[:, :1], other)
        assert len(device._filters) == 3
        assert torch.equal(ct.fftconv(x, weight, skip), expected)
        module = ct.prepare(weight, skip)
        assert torch.equal(module(x), expected)
        with pytest.raises(OutOfMemory):
            ct.fft_causal_conv1d(torch.ones(1, 1, 20_000), torch.ones(1, 3))


def test_a_filter_from_a_generator_is_on_the_device_alone(scipy: crocuta.Device, seed: int) -> None:
    u, k, skip, pre, post = leaves(seed, 60, 80)
    with torch.no_grad():
        whole = ct.prepare(k, skip, length=60)
        module = ct.prepare(iter(k), skip, length=60, shape=(3, 80))
        assert (module.taps, module.weight) == (60, None)
        assert torch.equal(module(u, pre, post), whole(u, pre, post))
    results = [
        torch.autograd.grad(each(u, pre, post).sum(), (u, pre, post)) for each in (whole, module)
    ]
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
    torch.library.opcheck(resident_conv, (u, module._number))
    traced = torch.compile(module, fullgraph=True, backend="aot_eager")
    assert torch.equal(traced(u), module(u))
    assert module(u[:0]).shape == (0, 3, 60)
    del whole, traced
    gc.collect()
    assert len(scipy._filters) == 1
    y = module(u)
    module.close()
    assert len([filter for filter in scipy._filters if not filter.closed]) == 0
    for with_gradients in (False, True):
        with pytest.raises(InputError, match=r"^The filter is closed: prepare it again\.$"):
            torch.autograd.grad(y.sum(), u) if with_gradients else module(u)
    other = ct.prepare(iter(k), shape=(3, 80))
    y = other(u)
    del other  # its filter lives as long as the graph
    torch.autograd.grad(y.sum(), u)
    for rows, sentence in (
        (iter(k[:2]), "h ends after 2 channels, but shape= says that they are 3."),
        (iter(k[:, :5]), "h's channel 0 has 5 taps, but shape= says that they are 80."),
        (iter(k[None]), "k's channel 0 has shape (3, 80): give (taps,)."),
        ([*k, k[0]], "h goes on after the 3 channels that shape= says."),
    ):
        with pytest.raises(InputError) as refused:
            ct.prepare(rows, skip, shape=(3, 80))
        assert str(refused.value) == sentence


# -------------------------------------------------------------------------------------------------
# What can go wrong


def forward_mode(x: torch.Tensor, weight: torch.Tensor) -> None:
    with forward_ad.dual_level():
        ct.fft_causal_conv1d(forward_ad.make_dual(x, x), weight)


def bad_calls() -> dict[str, tuple[object, ...]]:
    x, weight = torch.randn(2, 3, 50), torch.randn(3, 20)
    conv, gated = ct.fft_causal_conv1d, ct.fftconv
    return {
        "x must be a tensor, not list.": (conv, [1.0], weight),
        "x has shape (3, 50): give (batch, channels, length).": (conv, x[0], weight),
        "weight has shape (20,): give (channels, taps).": (conv, x, weight[0]),
        "x has 3 channels and weight 2: give one filter for each channel.": (conv, x, weight[:2]),
        "u has 3 channels and k 1: give": (gated, x, weight[:1]),
        "x holds int64: give float32, float64,": (conv, x.long(), weight),
        "k holds complex64: give float32,": (gated, x, weight + 0j),
        "x is sparse: give x.to_dense().": (conv, x.to_sparse(), weight),
        "x has no length: its shape is (2, 3, 0).": (conv, x[..., :0], weight),
        "weight has no taps: its shape is (3, 0).": (conv, x, weight[:, :0]),
        "D has shape (3, 1): give (channels,).": (gated, x, weight, torch.ones(3, 1)),
        "u has 3 channels and D 2: give": (gated, x, weight, torch.ones(2)),
        "pregate has shape (2, 3, 49), but it must have that of u, (2, 3, 50).": (
            *(gated, x, weight, None),
            x[..., 1:],
        ),
        "postgate holds bool": (gated, x, weight, None, None, x > 0),
        "x holds NaN or infinity, first at index (0, 0, 0).": (conv, x / 0 * 0, weight),
        "The filter holds NaN or infinity, first at index (0, 0).": (conv, x, weight / 0),
        "D holds NaN or infinity, first at index 0.": (gated, x, weight, torch.ones(3) / 0),
        "x is nested: give torch.nested.to_padded_tensor(x, 0.0), whose": (
            lambda: conv(torch.nested.nested_tensor([x[0], x[1]]), weight),
        ),
        "x has 4,194,305 samples, but the device takes 4,194,304 at most.": (
            *(conv, torch.zeros(1, 1, 1).expand(1, 3, (1 << 22) + 1)),
            weight,
        ),
        "The filter has 4,194,305 taps, but": (conv, x, weight[:, :1].expand(3, (1 << 22) + 1)),
        "x has a forward-mode derivative, which": (
            *(forward_mode, x),
            weight,
        ),
        "x is inside torch.func.grad or another transform of torch.func, which": (
            *(torch.func.grad(lambda x: conv(x, weight).sum()), x),
        ),
        "k is inside torch.func.grad or another": (
            *(torch.func.vmap(lambda k: gated(x, k)), weight.expand(2, -1, -1)),
        ),
        "k must be an iterable of channels, not int.": (ct.prepare, 3, None, None, (3, 20)),
        "x holds a number beyond float32's range": (conv, x.double() * 1e200, weight),
        "length must be a whole number of at least 1, not 0.": (ct.prepare, weight, None, 0),
        "length must be a whole number of at least 1, not 2.5.": (ct.prepare, weight, None, 2.5),
        "shape must be (channels, taps), not 3.": (ct.prepare, iter(weight), None, None, 3),
        "shape must be (channels, taps), not ('a', 2).": (
            *(ct.prepare, iter(weight), None, None),
            ("a", 2),
        ),
        "k has 3 channels and D 2": (ct.prepare, weight, torch.ones(2)),
        "There is no backend 'cuda'; choose one of: ": (ct.use, "cuda"),
    }


@pytest.mark.filterwarnings(
    "ignore:float64 is not",
    "ignore:The PyTorch API of nested",
    "ignore:`torch.jit.script` is deprecated",
)
@pytest.mark.parametrize("sentence", bad_calls())
def test_bad_arguments_are_one_sentence(scipy: crocuta.Device, sentence: str) -> None:
    function, *arguments = bad_calls()[sentence]
    with pytest.raises(InputError) as refused:
        function(*arguments)  # type: ignore[operator]
    text = str(refused.value)
    assert text.startswith(sentence)
    assert text.endswith(".")
    assert "\n" not in text
    x, weight = torch.randn(1, 1, 5), torch.randn(1, 3)
    torch.testing.assert_close(ct.fft_causal_conv1d(x, weight), exact(x, weight).float())


def test_another_device_than_the_cpu_is_refused() -> None:
    class Elsewhere(torch.Tensor):
        device = torch.device("cuda:0")

    with pytest.raises(InputError, match=r"^x is on cuda:0: Crocuta takes tensors from the CPU"):
        ct.fft_causal_conv1d(torch.randn(1, 1, 5).as_subclass(Elsewhere), torch.randn(1, 3))


def test_shapes_without_values(scipy: crocuta.Device) -> None:
    x = torch.empty(2, 3, 50, device="meta", dtype=torch.float16)
    y = ct.fft_causal_conv1d(x, torch.empty(3, 7, device="meta"))
    assert (y.device.type, y.shape, y.dtype) == ("meta", x.shape, x.dtype)


def test_a_closed_filter_is_refused(scipy: crocuta.Device) -> None:
    module = ct.prepare(torch.randn(3, 20))
    assert len(scipy._filters) == 1
    module.close()
    module.close()
    assert module.closed
    assert len(scipy._filters) == 0
    with pytest.raises(InputError, match=r"^The filter is closed: prepare it again\.$"):
        module(torch.randn(1, 3, 5))


def test_use() -> None:
    x, weight = torch.randn(1, 2, 30), torch.randn(2, 30)
    first = ct.use("float", "tiny")
    sentence = (
        r"use\(\) has no option 'lanes'; choose from: timeout, card, xclbin, port, compiling\.$"
    )
    with pytest.raises(InputError, match=sentence):
        ct.use("float", "tiny", lanes=2)
    assert ct.current() is first
    module = ct.prepare(weight)
    y = module(x)
    with crocuta.open("float", "tiny") as own:
        assert ct.use(own) is own
        assert torch.equal(module(x), y)  # prepared anew
        with pytest.raises(KernelError, match="This device is closed"):
            first.prepare(np.ones(3))
        with pytest.raises(InputError, match="The device is open already"):
            ct.use(own, "tiny")  # type: ignore[call-overload]
        with ct.use("float", "tiny"):
            pass
        own.prepare(np.ones(3))  # is its owner's to close
    with pytest.raises(KernelError, match="This device is closed"):
        ct.fft_causal_conv1d(x, weight)


def test_no_device_is_chosen_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_use, "device", None)
    with pytest.raises(KernelError, match=r"^No device is in use: call crocuta\.torch\.use\(\)"):
        ct.fft_causal_conv1d(torch.randn(1, 1, 5), torch.randn(1, 3))
