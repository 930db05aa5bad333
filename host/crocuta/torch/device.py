# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The device that the operators of this process use."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar, cast, overload

import crocuta
from crocuta.device import Device
from crocuta.errors import InputError, KernelError
from crocuta.many import AnyDevice, Devices
from crocuta.torch.filters import Filters

AnyDeviceT = TypeVar("AnyDeviceT", bound=AnyDevice)


class InUse:
    """The device of this process's operators, and the filters that it keeps for them."""

    def __init__(self) -> None:
        self.device: AnyDevice | None = None
        self.opened: AnyDevice | None = None
        """The device, if `use` opened it and closes it."""
        self.filters = Filters()
        self.warned = False
        """Whether the user knows that float64 is not double precision."""


in_use = InUse()


@overload
def use(backend: str, config: str = "u200", **options: Any) -> Device: ...
@overload
def use(backend: AnyDeviceT) -> AnyDeviceT: ...
def use(backend: str | AnyDevice, config: str = "u200", **options: Any) -> AnyDevice:
    """Opens the device on which all operators of this module run from now on.

    The device that an earlier call opened is closed.

    Args:
        backend: a backend's name or an open device, which stays the caller's to close; several
            devices that `crocuta.open_many` made are one.
        config: the kernel's configuration, if a backend is named.
        options: as for `crocuta.open`.

    Raises:
        InputError: there is no such backend or configuration, or an option is wrong.
        KernelError: the kernel cannot be had; the device in use before is kept.
    """
    device: AnyDevice
    if isinstance(backend, Device | Devices):
        if options or config != "u200":
            raise InputError("The device is open already: give use() no other arguments with it.")
        device = backend
    else:
        known = list(inspect.signature(crocuta.open).parameters)[2:]
        unknown = [name for name in options if name not in known]
        if unknown:
            raise InputError(
                f"use() has no option {unknown[0]!r}; choose from: {', '.join(known)}."
            )
        device = crocuta.open(cast(str, backend), config, **options)
    previous = in_use.opened
    in_use.filters = Filters()
    in_use.device = device
    in_use.opened = None if device is backend else device
    if previous is not None and previous is not device:
        previous.close()
    return device


def current() -> AnyDevice:
    """The device in use; its `report` describes the last convolution.

    Raises:
        KernelError: there is none.
    """
    if in_use.device is None:
        raise KernelError(
            "No device is in use: call crocuta.torch.use() first, as in use('model')."
        )
    return in_use.device
