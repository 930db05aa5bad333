# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The demonstration: the start of E. coli's genome through one HyenaDNA filter."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crocuta import extras, hyena
from crocuta.backends.timing import Timing
from crocuta.cli import runs
from crocuta.cli.screen import ProgressScreen
from crocuta.errors import InputError
from crocuta.models.configs import Config
from crocuta.models.kernel.crocuta_kernel import SampleArray

DIRECTORY = Path("build") / "demo"
BACKENDS = ("rtl", "model")
BASES = 450_002
"""The sequence of the main job: how many bases are used if nobody says."""
D_MODEL = 256
SHIFT = 0.05


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The demonstration's inputs: `bases` bases, and a filter with as many taps."""

    bases: int
    channel: int
    """The filter's channel; 0 decays slowest."""
    seed: int
    """Seeds the filter's random weights and the random values of the bases."""

    def check(self, longest: int) -> None:
        """Raises InputError if the genome or the filter bank does not have these inputs, or if the
        genome is missing."""
        for name, value, low, high in (
            ("--bases", self.bases, 1, longest),
            ("--channel", self.channel, 0, D_MODEL - 1),
            ("--seed", self.seed, 0, 2**32 - 1),
        ):
            if not low <= value <= high:
                raise InputError(f"{name} must be {low} to {high}, not {value}.")
        self.read()

    def read(self) -> npt.NDArray[np.uint8]:
        """The bases as indices into hyena.BASES."""
        return hyena.read_bases(self.bases)

    def x(self) -> SampleArray:
        """One real channel of an embedding: a random value for each of A, C, G, T and N."""
        return hyena.embed(self.read(), self.seed).astype(np.float32)

    def h(self) -> SampleArray:
        """The filter."""
        taps = hyena.implicit_filter(self.bases, self.channel, self.seed, D_MODEL, SHIFT)
        return taps.astype(np.float32)

    def report(self) -> dict[str, Any]:
        """The report's description of the inputs."""
        return {
            "input": f"{hyena.GENOME.name}, bases 1 to {self.bases}",
            "filter": {"channel": self.channel, "d_model": D_MODEL, "shift": SHIFT},
            "seeds": {
                "embedding": self.seed,
                "filter": self.seed,
                "memory": Timing().seed,
            },
        }


def check_tools() -> None:
    """Raises KernelError unless the picture can be drawn: better now than after the simulation."""
    extras.need("demo", "The demonstration's picture", "matplotlib")


def check_backend(backend: str) -> None:
    """Raises InputError unless the demonstration runs on the backend."""
    if backend not in BACKENDS:
        raise InputError(f"--backend must be {' or '.join(BACKENDS)}, not {backend!r}.")


def run(inputs: Inputs, config: Config, backend: str, screen: ProgressScreen) -> runs.Run:
    """Convolves on the simulated kernel, comparing every output with the model, or on the model."""
    with screen.step("Embedding the genome, generating the filter"):
        x, h = inputs.x(), inputs.h()
    return runs.run(x, h, config, backend, screen)


def draw(run: runs.Run, inputs: Inputs) -> bytes:
    """Draws the run as a PNG."""
    # Only here: matplotlib takes longer to load than a small convolution.
    from crocuta.cli import picture

    return picture.draw(run, inputs.read(), f"channel {inputs.channel}, seed {inputs.seed}")
