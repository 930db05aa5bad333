# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, each with one sentence that says what to do."""

from __future__ import annotations

from crocuta.registers import ErrorCode


class InputError(ValueError):
    """An argument or a file that cannot be used. Nothing was done with it."""


class KernelError(Exception):
    """A job that did not end well, or a kernel that cannot be had."""


class BuildError(Exception):
    """A design that cannot be compiled here: a tool, a file or the cache is missing or unusable."""


class JobError(KernelError):
    """A job that the kernel ended early. The next one runs."""

    def __init__(self, sentence: str, code: ErrorCode | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        """Why; None where the backend cannot read it."""


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
    """A job that took too long. It was aborted and the next one runs, unless there was no way to
    abort it and it may still run."""

    def __init__(self, seconds: float, *, aborted: bool = True) -> None:
        remedy = (
            "was aborted: the device works on, but give a longer timeout= if the job needs one"
            if aborted
            else "may go on: close this device and open it again, with a longer timeout= if the job"
            " needs one"
        )
        super().__init__(f"The job was not finished in {seconds:g} s and {remedy}.")


class MemoryLost(KernelError):
    """A memory that stopped answering the kernel: only a reset of both together helps."""

    def __init__(self, sentence: str, code: ErrorCode) -> None:
        super().__init__(sentence)
        self.code = code
        """Which of its ports waits."""
