# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The forward engine into the inverse one: bit for bit as the models, and close to the input."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from models import fft_engine
from models.cfp import Cfp, Format
from models.reference import snr_db
from tb.clock import start_clock
from tb.envs.fft_engine import config_of, engine_latency
from tb.pipeline import GAPS, Pipeline, beat_ints, is_slow
from tb.words import random_words


def least_snr_db(fmt: Format) -> float:
    """A round trip loses a few bits of the mantissa, whatever the data."""
    return 6.02 * fmt.mantissa_bits - 24


@cocotb.test()
async def round_trip(dut: Any) -> None:
    """Chunks of samples come back after twice Chunk/Lanes - 1 beats and both latencies."""
    start_clock(dut)
    config = config_of(dut)
    fmt = Format.of(config)
    latency = engine_latency(config, False) + engine_latency(config, True)
    pipeline = Pipeline(dut, latency, ("beat_i",), lanes=config.lanes)
    rng = np.random.default_rng(random.getrandbits(64))
    await pipeline.reset()
    held: list[int | None] = [None] * (2 * (config.chunk_beats - 1))

    async def send(chunk: Cfp, profile: str) -> Cfp:
        nonlocal held
        spectrum = fft_engine.forward(chunk, config)
        result = fft_engine.inverse(spectrum.words, config)
        assert not spectrum.saturated and not result.saturated
        held += beat_ints(fft_engine.to_lanes(result.words, config), fmt)
        beats = [(beat,) for beat in beat_ints(fft_engine.to_lanes(chunk, config), fmt)]
        out, held = held[: len(beats)], held[len(beats) :]
        await pipeline.send(beats, out, profile)
        return result.words

    profiles = GAPS[:1] if is_slow(config.chunk) else GAPS
    for profile in profiles:
        chunk = random_words(rng, random.choice(("samples", "spectrum")), config.chunk, fmt)
        snr = snr_db(chunk.to_complex(), (await send(chunk, profile)).to_complex())
        cocotb.log.info("%s gaps: %.1f dB", profile, snr)
        assert snr > least_snr_db(fmt)
    for _ in range(2):
        await send(random_words(rng, "zero", config.chunk, fmt), "none")
    await pipeline.drain()
    assert pipeline.compared == len(profiles) * config.chunk_beats + 2
    assert not pipeline.flags
