# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Moves the long convolutions of a model to the device in use, without changing the model's code.

`accelerate` replaces attributes of each module that convolves, and `restore` puts them back. A
module must have one of two interfaces:

- `fftconv(u, k, D=None, pregate=None, postgate=None)`, a function that the module calls, with the
  arguments and the result of `crocuta.torch.fftconv`. `crocuta.hyena.HyenaDNA` has it.
- `filter(L)`, `bias` and `forward(x, L, k=None, bias=None)`, as the `filter_fn` of other HyenaDNA
  implementations has them: x is (batch, channels, L) or (batch, heads, channels, 1, L), k is
  (channels, L), and bias holds the skips. A trial on a small input shows whether `forward` computes
  what the device would.
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
    """What the convolutions of one module cost."""

    name: str
    """The module's name in the model."""
    calls: int = 0
    seconds: float = 0.0
    """Wall-clock time on the host from the call of a convolution to its result, gates included. If
    the kernel is simulated or modelled, most of it is spent on that."""
    meter: Meter = dataclasses.field(default_factory=Meter)
    energy: float = 0.0
    """Energy of the exact results, if the SNR is measured."""
    error: float = 0.0
    """Energy of the differences from the exact results."""

    @property
    def snr_db(self) -> float | None:
        """SNR of all results together against float64; None if not measured, or without errors."""
        if not self.energy or not self.error:
            return None
        return 10 * float(torch.tensor(self.energy / self.error, dtype=torch.float64).log10())


class Acceleration:
    """A model whose long convolutions run on the device; see `accelerate`.

    As a context manager, it restores the model at the end of the block.
    """

    def __init__(self, model: nn.Module, snr: bool, progress: Progress | None) -> None:
        self.layers: list[Layer] = []
        """The modules that convolve, in the model's order."""
        self.calls = 0
        """Calls of the model."""
        self.seconds = 0.0
        """Wall-clock time of these calls, without that spent on measuring the SNR."""
        self.config: Config | None = None
        """The device's configuration, after the first convolution."""
        self._snr = snr
        self._progress = progress
        self._undo: list[Callable[[], None]] = []
        self._began: list[float] = []
        self._aside = 0.0  # seconds of the current call spent on the SNR
        found = [each for each in model.named_modules() if _seam(each[1])]
        if not found:
            raise InputError(
                "The model has no module with a function fftconv, nor one with filter(L), bias and"
                " forward(x, L, k, bias): there is nothing to run on the device."
            )
        if any(module in _accelerated for _, module in found):
            raise InputError(
                "The model is accelerated already: call restore() of that acceleration first."
            )
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
        """Replaces the attributes through which a module convolves."""
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
        """Sets an attribute of the instance, hiding that of its class."""
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
        """Gives the model its own convolutions back. The report stays available."""
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
        """Convolves on the device in use, and records the costs."""
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

        Clocks are None if the backend does not count them. Predicted clocks are the planner's;
        times in ms assume a clock of ASSUMED_CLOCK_MHZ.
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
    """The times of the convolutions, without preparation, in ms at the assumed clock rate."""
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
    """Whether a module has one of the two interfaces that `accelerate` needs."""
    if callable(getattr(module, "fftconv", None)):
        return True
    if not callable(getattr(module, "filter", None)) or not hasattr(module, "bias"):
        return False
    return {"k", "bias"} <= inspect.signature(module.forward).parameters.keys()


@torch.no_grad()
def _has_skips(module: nn.Module, name: str) -> bool:
    """Whether a foreign `filter_fn` adds the skips: some do, in others it is an option.

    Raises:
        InputError: its forward computes something other than a causal convolution.
    """
    assert isinstance(module.bias, Tensor)
    generator = torch.Generator().manual_seed(1)
    x, k, bias = (
        torch.randn(shape, generator=generator).to(module.bias)
        for shape in ((2, module.bias.numel(), 8), (module.bias.numel(), 8), module.bias.numel())
    )
    try:
        found = module.forward(x, 8, k=k, bias=bias)
    except Exception:  # it may need a GPU, so trust that it follows the interface
        return True
    for skips in (bias, None):
        expected = host.fftconv(x, k, skips)
        if found.shape == x.shape and (found - expected).norm() < 0.1 * expected.norm():
            return skips is not None
    raise InputError(
        f"The module {name} does not compute a causal convolution of x with k, plus the skips: the"
        " device cannot replace it."
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
            f"x has {x.shape[-1]} samples but L is {L}: a model that cuts sequences into blocks"
            " cannot run on the device."
        )
    if x.dim() == 3:
        return convolve(x, k, D)
    rows = x.movedim(-3, -2)  # each head becomes a sequence of the batch
    y = convolve(rows.reshape(-1, *rows.shape[-2:]), k, D)
    return y.reshape(rows.shape).movedim(-2, -3)


def accelerate(
    model: nn.Module, *, snr: bool = False, progress: Progress | None = None
) -> Acceleration:
    """Runs the model's long convolutions on the device that `crocuta.torch.use` opened.

    Works for `HyenaDNA` and for any model whose modules have one of the two interfaces described at
    the top of this file. Weights, shapes, hooks and the state dict do not change.

    Args:
        model: the model, changed in place until `restore`.
        snr: also compute each convolution in float64, and report the SNR.
        progress: called from time to time during each job, with the output chunks done and the
            number of all.

    Returns:
        An object that restores the model and reports clocks, times and transfers of each layer.

    Raises:
        InputError: no module of the model has such an interface, or the model is accelerated
            already.
        KernelError: no device is in use.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model must be a torch.nn.Module, not {type(model).__name__}.")
    crocuta.torch.current()
    return Acceleration(model, snr, progress)
