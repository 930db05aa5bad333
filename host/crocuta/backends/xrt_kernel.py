# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `xrt`: a card with a Vitis shell, through XRT's Python module.

XRT's module has no access to registers. The configuration is therefore verified by a computation,
and a job that the kernel ended early is recognised by what it left unwritten; its counters are
unknown. XRT aborts jobs through the kernel's sw_reset, but no release of its Python module so far
can request it: after a timeout the device must be closed, which makes XRT abort the job.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta.errors import InputError, JobError, JobTimeout, KernelError, OutOfMemory
from crocuta.groups import marks
from crocuta.kernel import POINTERS, Bank, JobReport, Meanwhile, Progress, arguments, patience
from crocuta.models.configs import Config
from crocuta.models.convolution.chunk_controller import (
    Job,
    Mode,
    spectrum_bytes,
)
from crocuta.models.kernel import crocuta_kernel, schedules
from crocuta.models.layout import PAGE_BYTES, WORD_BYTES

NAME = "crocuta"
"""The kernel's name in the xclbin."""
BLANK = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
"""A value that no spectrum contains, since the top of a slot is zero."""
LONGEST_CHUNK = 1 << 17
ABORT_SECONDS = 12.0
"""Default time limit for a job, in seconds; XRT's own is 10."""
WAIT_MS = 100
"""Length of one wait, in which Python does not react to a keyboard interrupt."""


def _smi(command: str) -> str:
    """A command of XRT's tool, with both of its names."""
    return f"`xrt-smi {command}` (before XRT 2024.2 `xbutil {command}`)"


def _emulated() -> bool:
    """Whether XRT runs Vitis' emulation, where the kernel is a simulation without a time limit."""
    return bool(os.environ.get("XCL_EMULATION_MODE"))


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turns XRT's errors into a sentence."""
    try:
        yield
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise KernelError(f"{what}; XRT says: {reason}.") from None


def _module() -> Any:
    try:
        pyxrt = importlib.import_module("pyxrt")
    except ModuleNotFoundError:
        raise KernelError(
            "There is no Python module pyxrt: install XRT, and run `source"
            " /opt/xilinx/xrt/setup.sh` before Python."
        ) from None
    except ImportError as error:
        raise KernelError(
            f"XRT's Python module pyxrt does not load: {error}; use the Python version that XRT was"
            " built for."
        ) from None
    if not hasattr(pyxrt.xclbin, "get_mems"):
        raise KernelError(
            "This pyxrt cannot say how large the card's memories are: install XRT 2021.2 or newer."
        )
    return pyxrt


class XrtBuffer:
    """A `crocuta.kernel.Buffer` made of XRT's buffer object."""

    def __init__(self, pyxrt: Any, bo: Any) -> None:
        self.bo = bo
        self.address = int(bo.address())
        self.size = int(bo.size())
        self._direction = pyxrt.xclBOSyncDirection

    def upload(self, data: npt.NDArray[Any], offset: int = 0) -> None:
        """Writes an array to its bytes from `offset` on."""
        raw = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        with _explained("The card's memory cannot be written"):
            self.bo.write(raw, offset)
            self.bo.sync(self._direction.XCL_BO_SYNC_BO_TO_DEVICE, len(raw), offset)

    def download(self, count: int, dtype: npt.DTypeLike, offset: int = 0) -> npt.NDArray[Any]:
        """Reads `count` items from `offset` on."""
        size = count * np.dtype(dtype).itemsize
        with _explained("The card's memory cannot be read"):
            self.bo.sync(self._direction.XCL_BO_SYNC_BO_FROM_DEVICE, size, offset)
            return np.asarray(self.bo.read(size, offset)).view(dtype)

    def free(self) -> None:
        """Drops the reference, upon which XRT frees the buffer."""
        self.bo = None


class XrtKernel:
    """See `crocuta.kernel.Kernel`.

    Raises:
        InputError: there is no such xclbin.
        KernelError: XRT or the card is missing, or the kernel has another configuration.
    """

    simulator = clocks = None
    at_rest = True
    """See `crocuta.kernel.Kernel.at_rest`."""

    def __init__(self, config: Config, xclbin: Path, card: int = 0) -> None:
        self.config = config
        self._arguments = arguments(config)
        pyxrt = self._pyxrt = _module()
        if not xclbin.is_file():
            raise InputError(f"{xclbin} does not exist: `make xclbin` builds one.")
        with _explained(f"XRT has no card {card} to open: {_smi('examine')} lists them"):
            self._device = pyxrt.device(card)
        with _explained(f"{xclbin} cannot be loaded: build it for this card's platform"):
            image = pyxrt.xclbin(str(xclbin))
            if hasattr(pyxrt, "hw_context"):
                context = pyxrt.hw_context(self._device, self._device.register_xclbin(image))
                self._kernel = pyxrt.kernel(context, NAME)
            else:  # an older XRT
                self._kernel = pyxrt.kernel(self._device, self._device.load_xclbin(image), NAME)
            self._groups = {
                POINTERS[name]: int(self._kernel.group_id(index))
                for index, name in enumerate(self._arguments)
                if name in POINTERS
            }
            sizes = {mem.get_index(): mem.get_size_kb() << 10 for mem in image.get_mems()}
        # The upper 16 bits of a group are the number of the hardware context. If a group is not a
        # single memory, only XRT knows when it is full.
        self._sizes = {
            bank: sizes.get(group & 0xFFFF, sys.maxsize) for bank, group in self._groups.items()
        }
        self._buffers: weakref.WeakValueDictionary[tuple[Bank, int], XrtBuffer] = (
            weakref.WeakValueDictionary()
        )
        # XRT needs a buffer for every pointer, even if the mode does not use it.
        self._unused = {bank: self.allocate(bank, PAGE_BYTES) for bank in self._groups}
        self._check_config()

    @property
    def has_rings(self) -> bool:
        """See `crocuta.kernel.Kernel.has_rings`."""
        return not self.config.four_step

    def close(self) -> None:
        """Releases everything in the order that XRT needs: buffers, kernel, device."""
        self._unused.clear()
        self._kernel = self._device = None

    def allocate(self, bank: Bank, size: int) -> XrtBuffer:
        """See `crocuta.kernel.Kernel.allocate`."""
        need = -(-size // PAGE_BYTES) * PAGE_BYTES
        name = bank.name.lower()
        taken = sum(
            buffer.size
            for (of, _), buffer in self._buffers.items()
            if self._groups[of] == self._groups[bank] and buffer.bo
        )
        free = self._sizes[bank] - taken
        if need > free:
            raise OutOfMemory(name, need, free, self._sizes[bank])
        with _explained(
            f"XRT has no {need} bytes of the memory of {name} left: close what uses it"
        ):
            bo = self._pyxrt.bo(self._device, need, self._pyxrt.bo.normal, self._groups[bank])
        buffer = XrtBuffer(self._pyxrt, bo)
        self._buffers[bank, buffer.address] = buffer
        return buffer

    def execute(
        self,
        job: Job,
        progress: Progress | None = None,
        timeout: float | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> JobReport:
        """See `crocuta.kernel.Kernel.execute`; flags and counters are unknown."""
        marked: tuple[XrtBuffer, int, int] | None = None
        if job.mode == Mode.PREPARE:
            buffer, inside = self._containing(Bank.H_SPECTRA, job.h_spectra)
            chunks = job.channels * schedules.filter_chunks(self.config, job)
            size = chunks * spectrum_bytes(self.config)
            ((offset, count),) = marks(1, size, in_order=True)
            marked = buffer, inside + offset, count // WORD_BYTES
            buffer.upload(np.full(count // WORD_BYTES, BLANK), inside + offset)
        limit = timeout
        if limit is None:
            limit = math.inf if _emulated() else patience(self.config, job)
        deadline = time.monotonic() + limit
        self.at_rest = False
        with _explained("XRT does not run the job"):
            run = self._start(job)
            try:
                if meanwhile:
                    meanwhile()
                while not self._ended(run):
                    if time.monotonic() > deadline:
                        raise TimeoutError
            except TimeoutError:
                self.at_rest = self._aborted(run)
                raise JobTimeout(limit, aborted=self.at_rest) from None
            except (KeyboardInterrupt, MemoryError):
                self.at_rest = self._aborted(run)
                raise
        self.at_rest = True
        if marked and self._is_blank(*marked):
            raise JobError(
                "The kernel stopped before it had written all spectra of the filter, and XRT cannot"
                f" read why: check the card's memory with {_smi('validate')}."
            )
        return JobReport()

    @staticmethod
    def _is_blank(buffer: XrtBuffer, offset: int, words: int) -> bool:
        """Whether any of these words is still blank."""
        return bool((buffer.download(words, np.uint64, offset) == BLANK).any())

    def _containing(self, bank: Bank, address: int) -> tuple[XrtBuffer, int]:
        """The buffer in which an address is, and where in it; one for unused pointers if none."""
        for (of, start), buffer in self._buffers.items():
            if of == bank and buffer.bo and start <= address < start + buffer.size:
                return buffer, address - start
        return self._unused[bank], 0

    def _start(self, job: Job) -> Any:
        """Starts a job and returns XRT's run object."""
        run = self._pyxrt.run(self._kernel)
        for index, name in enumerate(self._arguments):
            value = int(getattr(job, name))
            if name in POINTERS:
                buffer, offset = self._containing(POINTERS[name], value)
                bo = buffer.bo
                if offset:  # a part of it, as a buffer of its own
                    bo = self._pyxrt.bo(bo, buffer.size - offset, offset)
                run.set_arg(index, bo)
            else:
                run.set_arg(index, value)
        run.start()
        return run

    def _aborted(self, run: Any) -> bool:
        """Aborts a job, if XRT's module can; returns whether the job has ended."""
        if not hasattr(run, "abort"):
            return False
        run.abort()
        states = self._pyxrt.ert_cmd_state
        ended = (
            states.ERT_CMD_STATE_COMPLETED,
            states.ERT_CMD_STATE_ABORT,
            states.ERT_CMD_STATE_TIMEOUT,
        )
        deadline = time.monotonic() + ABORT_SECONDS
        while run.state() not in ended:
            if time.monotonic() > deadline:
                return False
            run.wait(WAIT_MS)
        return True

    def _ended(self, run: Any) -> bool:
        """Waits for at most WAIT_MS."""
        states = self._pyxrt.ert_cmd_state
        state = run.wait(WAIT_MS)
        if state in (
            states.ERT_CMD_STATE_ERROR,
            states.ERT_CMD_STATE_ABORT,
            states.ERT_CMD_STATE_NORESPONSE,
        ):
            raise KernelError(
                f"XRT ended the job with state {state}: reset the card with {_smi('reset')}."
            )
        return bool(state == states.ERT_CMD_STATE_COMPLETED)

    def _check_config(self) -> None:
        """Raises KernelError unless a chunk's spectrum equals that of the configuration's model."""
        config = self.config
        h = np.random.default_rng(0).normal(size=config.chunk).astype(np.float32)
        samples = self.allocate(Bank.SAMPLES, h.nbytes)
        spectra = self.allocate(Bank.H_SPECTRA, LONGEST_CHUNK * WORD_BYTES)
        samples.upload(h)
        job = Job(
            Mode.PREPARE,
            length_x=config.chunk,
            length_h=config.chunk,
            h=samples.address,
            h_spectra=spectra.address,
        )
        self.execute(job)
        model = schedules.prepare(h, config, config.chunk)
        expected = crocuta_kernel.spectra_slots(model.words, config).ravel()
        if not np.array_equal(spectra.download(config.chunk, np.uint64), expected):
            raise KernelError(
                f"The kernel in the xclbin is not of configuration {config.name}, or does not work:"
                " choose the configuration with which it was built."
            )
