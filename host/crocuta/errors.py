# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The package's exceptions and warnings. Each message is one sentence that says what to do."""

from __future__ import annotations

from crocuta.registers import ErrorCode


class InputError(ValueError):
    """An unusable argument or file. Nothing has been changed."""


class KernelError(Exception):
    """A failed job or an unavailable kernel."""

    def __reduce__(self) -> tuple[object, ...]:
        """For another process: as it is, whatever its class is made from."""
        return _as_it_was, (type(self), self.args, vars(self))


def _as_it_was(
    kind: type[KernelError], arguments: tuple[object, ...], attributes: dict[str, object]
) -> KernelError:
    error = kind.__new__(kind)
    error.args = arguments
    vars(error).update(attributes)
    return error


class BuildError(Exception):
    """A design that cannot be compiled: a tool, a file or the cache is missing or unusable."""


class JobError(KernelError):
    """A job that the kernel ended early. The next job runs."""

    def __init__(self, sentence: str, code: ErrorCode | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        """The kernel's error code; None if the backend cannot read it."""


class OutOfMemory(KernelError):
    """A buffer that does not fit one of the kernel's memories."""

    def __init__(self, bank: str, need: int, free: int, size: int) -> None:
        super().__init__(
            f"The job needs {need} bytes in one piece of the memory of {bank}, which has {free}"
            f" left of {size}: {need - free} are missing; close filters, or give fewer channels or"
            " shorter arrays."
        )
        self.missing = need - free


class JobTimeout(KernelError):
    """A job that took too long. It was aborted and the next one runs; if the backend cannot abort,
    the job may still be running, as the message says."""

    def __init__(self, seconds: float, *, aborted: bool = True) -> None:
        remedy = (
            "was aborted: the device still works; give a longer timeout= if the job needs one"
            if aborted
            else "may go on: close this device and open it again, with a longer timeout= if the job"
            " needs one"
        )
        super().__init__(f"The job was not finished in {seconds:g} s and {remedy}.")


class MemoryLost(KernelError):
    """A memory stopped answering the kernel: both must be reset together."""

    def __init__(self, sentence: str, code: ErrorCode) -> None:
        super().__init__(sentence)
        self.code = code
        """The error code, which names the port."""
