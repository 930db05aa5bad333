# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The backend `float`: the kernel's jobs with scipy's FFT in float64, for development and
comparison.

Samples are float32, as in hardware, but there are no chunks and no short mantissas: y is rounded
only once. Like the hardware, it saturates and flushes subnormals to zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.fft

from crocuta.backends.model_kernel import ModelKernel
from crocuta.kernel import Bank
from crocuta.memory import memory_bytes
from crocuta.models.cfp import FloatArray
from crocuta.models.configs import Config
from crocuta.models.kernel import schedules
from crocuta.registers import Register

MEMORY_BYTES = 1 << 30
"""Minimum size of the memories; the operating system allocates only the pages in use."""
FLOAT32 = np.finfo(np.float32)


class FloatKernel(ModelKernel):
    """See `crocuta.kernel.Kernel`. A filter's "spectra" are its taps, in float64."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, tuple(max(size, MEMORY_BYTES) for size in memory_bytes(config)))

    @property
    def has_rings(self) -> bool:
        """It has no spectra of x."""
        return False

    def _taps(self, channel: int) -> FloatArray:
        """A view of one channel's taps, padded with zeros."""
        count = schedules.filter_chunks(self.config, self._job()) * self.config.chunk
        memory = self.memories[Bank.H_SPECTRA]
        return memory.view(self._spectra_address(channel), count, np.float64)

    def _prepare(self, channel: int) -> None:
        h = self._row(Register.H, channel, self._argument(Register.LENGTH_H))
        taps = self._taps(channel)
        taps[len(h) :] = 0
        taps[: len(h)] = _normal(h, self._flag)

    def _convolve(self, channel: int, poll: Callable[[], None]) -> None:
        length = self._argument(Register.LENGTH_X)
        taps = self._taps(channel)[: min(length, self._argument(Register.LENGTH_H))]
        x = _normal(self._row(Register.X, channel, length), self._flag)
        size = scipy.fft.next_fast_len(length + len(taps) - 1, real=True)
        product = scipy.fft.rfft(x, size)
        product *= scipy.fft.rfft(taps, size)
        y = scipy.fft.irfft(product, size, overwrite_x=True)[:length]
        self._row(Register.Y, channel, length)[:] = _normal(y, self._flag)
        chunks = schedules.output_chunks(self.config, self._job())
        self._words[Register.CHUNKS_DONE] = (channel + 1) * chunks
        poll()


def _normal(values: npt.NDArray[np.floating], flag: Callable[[bool, bool], None]) -> FloatArray:
    """Values as the kernel reads and writes them: NaN and float32 subnormals become zero, and
    numbers out of range saturate."""
    magnitude = np.abs(values)
    non_finite = not np.isfinite(magnitude).all()
    saturated = bool((magnitude > FLOAT32.max).any())
    flag(saturated, non_finite)
    normal = np.where(magnitude < FLOAT32.tiny, 0, values).astype(np.float64, copy=False)
    if saturated or non_finite:
        normal = np.nan_to_num(np.clip(normal, FLOAT32.min, FLOAT32.max))
    return normal
