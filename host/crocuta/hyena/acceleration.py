# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the long convolutions of a model on the device in use, without a change of its code.

`accelerate` replaces one of two attributes of each module that convolves, and `restore` puts the
old one back:

- `fftconv(u, k, D=None, pregate=None, postgate=None)`, a function that the module calls, with the
  arguments and the result of `crocuta.torch.fftconv`. `crocuta.hyena.HyenaDNA` has it.
- `filter(L)`, `bias` and `forward(x, L, k=None, bias=None)` of a module such as the `filter_fn` of
  other HyenaDNAs: x is (batch, channels, L) or (batch, heads, channels, 1, L), k (channels, L),
  bias the skips. A small input shows whether `forward` computes what the device would.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import time
import weakref
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

import crocuta.torch
from crocuta.errors import InputError
from crocuta.hyena import model as host
from crocuta.hyena.model import KeptFilter
from crocuta.kernel import ASSUMED_CLOCK_MHZ, Progress
from crocuta.meter import Meter
from crocuta.models.configs import CHUNKED, Config
from crocuta.models.convolution.chunk_controller import Job, Mode
from crocuta.planner import clocks

_accelerated: weakref.WeakSet[nn.Module] = weakref.WeakSet()


@dataclasses.dataclass
class Layer:
    """What the convolutions of one module took."""

    name: str
    """The module's name in the model."""
    calls: int = 0
    seconds: float = 0.0
    """Of the host's clock, from the call of a convolution to its result, gates included. Where the
    kernel is simulated or modelled, most of it is that."""
    meter: Meter = dataclasses.field(default_factory=Meter)
    energy: float = 0.0
    """Of the exact results, if the SNR is measured."""
    error: float = 0.0
    """Energy of the differences from them."""

    @property
    def snr_db(self) -> float | None:
        """SNR of all results together against float64; None unless measured, or if all equal."""
        if not self.energy or not self.error:
            return None
        return 10 * float(torch.tensor(self.energy / self.error, dtype=torch.float64).log10())


class Acceleration:
    """A model whose long convolutions are on the device; see `accelerate`.

    In a `with` statement, the model is restored at its end.
    """

    def __init__(self, model: nn.Module, snr: bool, progress: Progress | None) -> None:
        self.layers: list[Layer] = []
        """In the order of the model's modules."""
        self.calls = 0
        """Of the model."""
        self.seconds = 0.0
        """Of the host's clock in these calls."""
        self.config: Config | None = None
        """Of the device that computed."""
        self._snr = snr
        self._progress = progress
        self._undo: list[Callable[[], None]] = []
        self._began: list[float] = []
        self._aside = 0.0  # seconds of the current call that went into the SNR
        found = [each for each in model.named_modules() if _seam(each[1])]
        if not found:
            raise InputError(
                "The model has no module with a function fftconv, nor one with filter(L), bias and"
                " forward(x, L, k, bias): there is nothing to put on the device."
            )
        if any(module in _accelerated for _, module in found):
            raise InputError("The model is accelerated already: call restore() of that first.")
        try:
            for name, module in found:
                layer = Layer(name)
                self.layers.append(layer)
                self._replace(module, layer)
        except BaseException:
            self.restore()
            raise
        for hook in (
            model.register_forward_pre_hook(lambda *_: self._began.append(time.perf_counter())),
            model.register_forward_hook(self._ended, always_call=True),
        ):
            self._undo.append(hook.remove)

    def _ended(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._began.pop() - self._aside
        self._aside = 0.0
        self.calls += 1

    def _replace(self, module: nn.Module, layer: Layer) -> None:
        """Replaces the attributes of a module that lead to its convolutions."""
        convolve = functools.partial(self._convolve, layer)
        if callable(getattr(module, "fftconv", None)):
            self._set(module, "fftconv", convolve)
        else:
            kept, compute = KeptFilter(), module.filter
            assert callable(compute)
            skips = _has_skips(module, layer.name)

            def filter(length: int, *arguments: Any, **options: Any) -> Tensor:
                if arguments or options or not isinstance(length, int):
                    return compute(length, *arguments, **options)
                return kept.taps(module, length, compute)

            self._set(module, "filter", filter)
            self._set(module, "forward", functools.partial(_forward, module, convolve, skips))
        _accelerated.add(module)
        self._undo.append(lambda: _accelerated.discard(module))

    def _set(self, module: nn.Module, name: str, value: object) -> None:
        """Sets an attribute of the instance, which hides that of its class."""
        own = name in vars(module)
        before = vars(module).get(name)
        vars(module)[name] = value

        def undo() -> None:
            if own:
                vars(module)[name] = before
            else:
                del vars(module)[name]

        self._undo.append(undo)

    def restore(self) -> None:
        """Gives the model its own convolutions back. The report stays."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.restore()

    def _convolve(
        self,
        layer: Layer,
        u: Tensor,
        k: Tensor,
        D: Tensor | None = None,
        pregate: Tensor | None = None,
        postgate: Tensor | None = None,
    ) -> Tensor:
        """One convolution on the device in use, with its costs."""
        device = crocuta.torch.current()
        self.config = device.config
        began = time.perf_counter()
        with device.metered(self._progress) as meter:
            y = crocuta.torch.fftconv(u, k, D, pregate, postgate)
        layer.seconds += time.perf_counter() - began
        layer.calls += 1
        layer.meter.add(meter)
        if self._snr:
            began = time.perf_counter()
            with torch.no_grad():
                double = [None if t is None else t.double() for t in (u, k, D, pregate, postgate)]
                exact = host.fftconv(*double)
                layer.energy += float(exact.square().sum())
                layer.error += float((exact - y.double()).square().sum())
            self._aside += time.perf_counter() - began
        return y

    def report(self) -> dict[str, Any]:
        """What was done so far, ready for JSON.

        Clocks are None where the backend does not count them. The predicted ones are the
        planner's, and so is their time, at the assumed rate.
        """
        layers = [self._layer(layer) for layer in self.layers]
        summed = {
            key: _sum([layer[key] for layer in layers])
            for key in ("calls", "jobs", *_clock_keys(), "convolution_s", "uploaded_bytes",
                        "downloaded_bytes")
        }  # fmt: skip
        return {
            "config": self.config and self.config.name,
            "assumed_clock_mhz": ASSUMED_CLOCK_MHZ,
            "model_calls": self.calls,
            "model_s": self.seconds,
            "host_s": max(0.0, self.seconds - float(summed["convolution_s"] or 0)),
            "layers": layers,
            "total": {**summed, **_times(summed)},
        }

    def _layer(self, layer: Layer) -> dict[str, Any]:
        meter = layer.meter
        predicted = _predicted(self.config, meter.jobs)
        counted = {
            "prepare_clocks": meter.clocks[Mode.PREPARE],
            "convolve_clocks": meter.clocks[Mode.CONVOLVE],
            "predicted_prepare_clocks": predicted and predicted[Mode.PREPARE],
            "predicted_convolve_clocks": predicted and predicted[Mode.CONVOLVE],
        }
        return {
            "name": layer.name,
            "calls": layer.calls,
            "jobs": sum(meter.jobs.values()),
            **counted,
            **_times(counted),
            "convolution_s": layer.seconds,
            "uploaded_bytes": meter.uploaded,
            "downloaded_bytes": meter.downloaded,
            "snr_db": layer.snr_db,
        }


def _clock_keys() -> tuple[str, ...]:
    kinds = ("prepare_clocks", "convolve_clocks")
    return *kinds, *(f"predicted_{kind}" for kind in kinds)


def _times(clocks: dict[str, Any]) -> dict[str, float | None]:
    """The times of the convolutions alone, in ms at the assumed rate."""
    return {
        key: None if clocks[f"{prefix}convolve_clocks"] is None
        else clocks[f"{prefix}convolve_clocks"] / ASSUMED_CLOCK_MHZ / 1000
        for key, prefix in (("assumed_ms", ""), ("predicted_ms", "predicted_"))
    }  # fmt: skip


def _sum(values: list[Any]) -> Any:
    return None if None in values else sum(values)


def _predicted(config: Config | None, jobs: Counter[Job]) -> dict[Mode, int] | None:
    """The clocks that the planner predicts for all jobs of each mode; None if it cannot."""
    if config is None or config.schedule != CHUNKED:
        return None
    total = dict.fromkeys(Mode, 0)
    for job, count in jobs.items():
        if job.mode == Mode.PREPARE:
            one = clocks.prepare_clocks(config, job.length_h, job.channels)
        else:
            one = clocks.convolve_clocks(config, job.length_x, job.length_h, job.channels)
        total[job.mode] += count * one.total
    return total


def _seam(module: nn.Module) -> bool:
    """Whether `accelerate` can put a module's convolutions on the device."""
    if callable(getattr(module, "fftconv", None)):
        return True
    if not callable(getattr(module, "filter", None)) or not hasattr(module, "bias"):
        return False
    return {"k", "bias"} <= inspect.signature(module.forward).parameters.keys()


@torch.no_grad()
def _has_skips(module: nn.Module, name: str) -> bool:
    """Whether a foreign `filter_fn` adds the skips, as some do and others can be told not to.

    Raises:
        InputError: its forward computes something else than a causal convolution.
    """
    assert isinstance(module.bias, Tensor)
    generator = torch.Generator().manual_seed(1)
    x, k, bias = (
        torch.randn(shape, generator=generator).to(module.bias)
        for shape in ((2, module.bias.numel(), 8), (module.bias.numel(), 8), module.bias.numel())
    )
    try:
        found = module.forward(x, 8, k=k, bias=bias)
    except Exception:  # it may need a GPU: what the protocol says has to do
        return True
    for skips in (bias, None):
        expected = host.fftconv(x, k, skips)
        if found.shape == x.shape and (found - expected).norm() < 0.1 * expected.norm():
            return skips is not None
    raise InputError(
        f"The module {name} does not compute a causal convolution of x with k, and its skips: the"
        " device cannot do it."
    )


def _forward(
    module: nn.Module,
    convolve: Callable[..., Tensor],
    skips: bool,
    x: Tensor,
    L: int,
    k: Tensor | tuple[Tensor, ...] | None = None,
    bias: Tensor | None = None,
    *_: Any,
    **__: Any,
) -> Tensor:
    """The forward of a foreign `filter_fn`, on the device."""
    if k is None:
        assert callable(module.filter)
        found = module.filter(L)
        k = (found[0] if isinstance(found, tuple) else found)[0].T
    elif isinstance(k, tuple):
        k = k[0]
    if bias is None:
        assert isinstance(module.bias, Tensor)
        bias = module.bias
    D = bias.reshape(-1) if skips else None
    if x.shape[-1] != L:
        raise InputError(
            f"x has {x.shape[-1]} samples and L is {L}: a model that cuts sequences into blocks"
            " cannot be put on the device."
        )
    if x.dim() == 3:
        return convolve(x, k, D)
    rows = x.movedim(-3, -2)  # channels behind the heads, which are so many sequences
    y = convolve(rows.reshape(-1, *rows.shape[-2:]), k, D)
    return y.reshape(rows.shape).movedim(-2, -3)


def accelerate(
    model: nn.Module, *, snr: bool = False, progress: Progress | None = None
) -> Acceleration:
    """From now on, the model's long convolutions run on the device that `crocuta.torch.use` opened.

    Works for `HyenaDNA` and for any model whose modules have one of the two seams that the
    module's description names. Weights, shapes, hooks and the state dict stay what they are.

    Args:
        model: the model, which is changed in place until `restore`.
        snr: also compute each convolution in float64 and report the SNR.
        progress: called now and then during each job with the output chunks done and their number.

    Returns:
        What undoes it, and reports clocks, times and transfers of each layer.

    Raises:
        InputError: there is nothing in the model that could be put on the device, or it is there.
        KernelError: no device is in use.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model must be a torch.nn.Module, not {type(model).__name__}.")
    crocuta.torch.current()
    return Acceleration(model, snr, progress)
