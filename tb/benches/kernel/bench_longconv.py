# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A long convolution from HyenaDNA through the kernel: DNA by an implicit filter, bit-exact.

Its length is 450,002 if the configuration's memories hold that, otherwise a little over 12 chunks;
LENGTH= in the environment sets another. BANDWIDTH= sets the memories' beats per 1,000 clocks, and
CHANNELS= the number of channels, each with its own embedding and filter.
"""

from __future__ import annotations

import os

import cocotb
import numpy as np
import pyuvm

from crocuta import hyena
from crocuta.models import configs, reference
from tb.agents.axi_memory import Behaviour
from tb.envs.crocuta_kernel import KernelEnv
from tb.envs.kernel_job import accuracy_bound
from tb.envs.kernel_sequences import ConvolutionSequence, CountersSequence, KernelTest
from tb.lib.coverage import covergroup

CONFIG = configs.load_model(os.environ["CROCUTA_CONFIG"])
FULL_LENGTH = 450_002
CHUNKS = 12
ROUNDINGS = 20
"""How many times less than the samples' bound the error is as a whole, because roundings seldom add
up. The bound knows that y may be small where x and h are not; a signal-to-noise ratio does not."""
CHANNEL = 128


class LongconvEnv(KernelEnv):
    """At the real length only the memories themselves check their ports in every clock."""

    watched = False


@pyuvm.test()
class Longconv(KernelTest):
    """Every output equals the model's; the model is within its bound of float64."""

    env_class = LongconvEnv

    async def main(self) -> None:
        """Runs both jobs."""
        fitting = FULL_LENGTH if CONFIG.chunk * 64 > FULL_LENGTH else CHUNKS * CONFIG.chunk + 3
        length = int(os.environ.get("LENGTH", min(fitting, 1 << CONFIG.max_length_log2)))
        seed, channels = cocotb.RANDOM_SEED, range(int(os.environ.get("CHANNELS", "1")))
        bases = hyena.read_bases(length)
        x = np.stack([hyena.embed(bases, seed + n) for n in channels]).astype(np.float32)
        filters = [hyena.implicit_filter(length, CHANNEL, seed + n) for n in channels]
        h = np.stack(filters).astype(np.float32)
        bandwidth = int(os.environ.get("BANDWIDTH", "1000"))
        await self.behave(dict.fromkeys(self.env.memories, Behaviour(bandwidth=bandwidth)))
        job = (await self.start(ConvolutionSequence(x, h))).job
        row = self.env.memories["samples"].memory.read(job.y, 4 * length)
        exact = reference.causal_convolution(x[0], h[0])
        found = np.frombuffer(row, np.float32)
        snr = reference.snr_db(exact, found)
        bound = np.linalg.norm(accuracy_bound(x[0], h[0], CONFIG))
        share = float(np.linalg.norm(exact - found) / bound)
        taken = (await self.start(CountersSequence())).clocks
        cocotb.log.info(
            "%d x %d x %d taps: %d clocks, %.3f samples a clock, SNR %.1f dB, 1/%.0f of the bound",
            len(channels),
            length,
            length,
            taken,
            len(channels) * length / taken,
            snr,
            1 / share,
        )
        assert share <= 1 / ROUNDINGS
        covergroup("longconv.schedule", {"outputs": ("1", "2")})(str(CONFIG.outputs))
