# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""One long convolution through the kernel, HyenaDNA's: DNA by an implicit filter, bit-exact.

Its length is 450,002 where the configuration's memories hold that, and 12 chunks and a bit else;
LENGTH= in the environment sets another. BANDWIDTH= gives the memories so many beats in 1000 clocks.
"""

from __future__ import annotations

import os
from typing import Any

import cocotb
import numpy as np

from models import configs, crocuta_kernel, hyena, reference
from models.chunk_controller import Mode
from tb import control
from tb.kernel import Kernel, log_seed

CONFIG = configs.load(os.environ["CROCUTA_CONFIG"])
FULL_LENGTH = 450_002
CHUNKS = 12
SNR_DB = 82  # at the default widths
CHANNEL = 128


@cocotb.test()
async def longconv(dut: Any) -> None:
    """Every output equals the model's; the model is within its bound of float64."""
    log_seed()
    fitting = FULL_LENGTH if CONFIG.chunk * 64 > FULL_LENGTH else CHUNKS * CONFIG.chunk + 3
    length = int(os.environ.get("LENGTH", fitting))
    seed = cocotb.RANDOM_SEED
    x = hyena.embed(hyena.read_bases(length), seed).astype(np.float32)
    h = hyena.implicit_filter(length, CHANNEL, seed).astype(np.float32)
    kernel = Kernel(dut, CONFIG)
    await kernel.start()
    for memory in kernel.memories.values():
        memory.set(bandwidth=int(os.environ.get("BANDWIDTH", "1000")))
    convolution = kernel.place(x[None], h[None])
    limit = 100_000 + 2 * CONFIG.chunk_beats * crocuta_kernel.chunk_count(length, CONFIG) ** 2
    assert await kernel.run(convolution.job(Mode.PREPARE), limit) == 0
    assert await kernel.run(convolution.job(Mode.CONVOLVE), limit) == 0
    kernel.check(convolution)
    assert kernel.compared == length
    row = kernel.memories["samples"].read(convolution.y_address, 4 * length)
    snr = reference.snr_db(reference.causal_convolution(x, h), np.frombuffer(row, np.float32))
    taken = await kernel.host.read(control.CLOCKS, 64)
    cocotb.log.info(
        "%d x %d taps: %d clocks, %.3f samples a clock, SNR %.1f dB",
        length,
        length,
        taken,
        length / taken,
        snr,
    )
    assert snr >= SNR_DB
