# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m crocuta hyenadna`: hidden states of DNA, with the convolutions on a device."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import crocuta
import crocuta.torch
from crocuta import hyena
from crocuta.backends import Options
from crocuta.cli.screen import ProgressScreen
from crocuta.device import RangeWarning
from crocuta.errors import InputError, KernelError
from crocuta.hyena.dna import Record
from crocuta.hyena.model import HyenaDNA
from crocuta.models import reference

SHOWN = 5
States = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What the command line asks for."""

    records: tuple[Record, ...]
    model: HyenaDNA
    source: dict[str, Any]
    """The report's description of where the model comes from."""

    @property
    def convolutions(self) -> int:
        """Calls of the device for all records."""
        config = self.model.config
        return len(self.records) * config.n_layer * (config.order - 1)


@dataclasses.dataclass(frozen=True)
class Run:
    """Hidden states, and what they cost."""

    hidden: tuple[States, ...]
    """(length, d_model) of each record."""
    logits: tuple[States, ...]
    """(length, tokens), likewise."""
    report: dict[str, Any]


def read(
    path: Path,
    names: Sequence[str],
    start: int,
    bases: int | None,
    directory: Path | None,
    size: str | None,
    seed: int,
    changes: dict[str, int],
) -> Inputs:
    """Reads the model and the records, and checks that one takes the others.

    Args:
        path: a FASTA file.
        names: the records to take; all unless any is named.
        start: the first base to take of each, counted from 1.
        bases: how many to take; all that follow unless given.
        directory: of a config.json and a model.safetensors, or None.
        size: of a model with random weights, or None.
        seed: of these weights.
        changes: of its configuration.

    Raises:
        InputError: one of them cannot be used.
    """
    if (directory is None) == (size is None):
        raise InputError("Name a directory with --model, or a size with --random, not both.")
    if start < 1 or (bases is not None and bases < 1):
        raise InputError("--start and --bases must be at least 1.")
    if directory is not None:
        if changes:
            raise InputError("--layers and --channels are for --random: a file has its own.")
        model = hyena.load(directory)
        source: dict[str, Any] = {"directory": str(directory)}
    else:
        model = hyena.random(str(size), seed, **changes)
        source = {"random": size, "seed": seed}
    records = hyena.read_fasta(path)
    known = [record.name for record in records]
    for name in names:
        if known.count(name) != 1:
            listed = ", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
            problem = "no record" if name not in known else "several records"
            raise InputError(f"{path} has {problem} {name}; its records are {listed}.")
    taken = []
    for record in records:
        if names and record.name not in names:
            continue
        part = record.bases[start - 1 :][:bases]
        if len(part) < (bases or 1):
            raise InputError(
                f"The record {record.name} has {len(record.bases):,} bases, too few for --start"
                f" {start}" + (f" and --bases {bases}." if bases else ".")
            )
        if len(part) > model.config.max_length:
            raise InputError(
                f"The record {record.name} has {len(part):,} bases and the model takes"
                f" {model.config.max_length:,}: take a part with --start and --bases."
            )
        taken.append(Record(record.name, part))
    return Inputs(tuple(taken), model, source)


def run(
    inputs: Inputs,
    backend: str,
    config: str,
    options: Options,
    screen: ProgressScreen,
    *,
    snr: bool,
    verify: bool,
) -> Run:
    """Computes the hidden states of all records.

    Args:
        inputs: what `read` made.
        backend: of the device.
        config: its configuration.
        options: of opening it.
        screen: shows the progress.
        snr: also compute everything in float64, and report the SNR.
        verify: also compute everything with the bit-exact model, and compare.

    Raises:
        InputError: the backend or one of its files does not exist.
        KernelError: the kernel is not available, a job failed, or its bits are not the model's.
    """
    began = time.perf_counter()
    config_of = dataclasses.asdict(inputs.model.config)
    with warnings.catch_warnings(record=True) as caught, torch.inference_mode():
        warnings.simplefilter("always", RangeWarning)
        hidden, report, simulator = _forward(inputs, backend, config, options, screen, snr)
        more: dict[str, Any] = {}
        if verify:
            expected, _, _ = _forward(inputs, "model", config, Options(), screen, False)
            pairs = zip(hidden, expected, strict=True)
            more["mismatches"] = sum(
                int((a.view(np.uint32) != b.view(np.uint32)).sum()) for a, b in pairs
            )
        logits = tuple(inputs.model.logits(torch.from_numpy(states)).numpy() for states in hidden)
        if snr:
            with screen.step("Computing in float64"):
                inputs.model.double()
                exact = [inputs.model(hyena.tokens(each.bases))[0] for each in inputs.records]
                inputs.model.float()
            more["snr_db"] = [
                _decibels(wanted.numpy(), found)
                for wanted, found in zip(exact, hidden, strict=True)
            ]
    sentences = [str(each.message) for each in caught if issubclass(each.category, RangeWarning)]
    return Run(
        hidden,
        logits,
        {
            "backend": backend,
            "simulator": simulator,
            "model": {**inputs.source, **config_of},
            "records": [
                {"name": record.name, "bases": len(record.bases)} for record in inputs.records
            ],
            **report,
            **more,
            "warnings": sorted(set(sentences)),
            "wall_s": time.perf_counter() - began,
        },
    )


def _forward(
    inputs: Inputs,
    backend: str,
    config: str,
    options: Options,
    screen: ProgressScreen,
    snr: bool,
) -> tuple[tuple[States, ...], dict[str, Any], str | None]:
    """Hidden states, the acceleration's report, and the simulator's name."""
    given = {field: getattr(options, field) for field in ("card", "xclbin", "port")}
    device = crocuta.torch.use(backend, config, compiling=screen.compiling, **given)
    with device, screen.layers(inputs.convolutions, backend) as show:

        def progress(done: int, total: int) -> None:
            show(sum(layer.calls for layer in acceleration.layers), done, total)

        with hyena.accelerate(inputs.model, snr=snr, progress=progress) as acceleration:
            hidden = tuple(
                inputs.model(hyena.tokens(record.bases))[0].numpy() for record in inputs.records
            )
        show(inputs.convolutions, 1, 1)
        return hidden, acceleration.report(), device.simulator


def _decibels(exact: npt.NDArray[Any], found: npt.NDArray[Any]) -> float | None:
    decibels = reference.snr_db(exact, found.astype(np.float64))
    return decibels if np.isfinite(decibels) else None


def check(run: Run) -> None:
    """Raises KernelError if hidden states differ from the model's."""
    if run.report.get("mismatches"):
        raise KernelError(
            f"The kernel is wrong: {run.report['mismatches']} hidden states differ from those of"
            " the model."
        )
