# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The jobs of a regression: which benches, simulators, configurations and seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from crocuta.models.configs import Config, ConfigError, load_model
from flow import evidence
from tb.registry import BENCHES, Bench

RANDOM = "random"
"""Instead of a configuration: a legal kernel drawn by the seed."""


class RegressionError(Exception):
    """A regression that cannot start."""


@dataclass(frozen=True)
class Job:
    """One bench in one simulator, at one configuration and with one seed."""

    test: str
    number: int
    """The bench's index in its test; a Bench holds functions, which cannot be pickled."""
    config: str
    sim: str
    seed: int

    @property
    def bench(self) -> Bench:
        """The registry's entry."""
        return BENCHES[self.test][self.number]

    @property
    def kind(self) -> str:
        """Identifies the job apart from its seed."""
        bench = self.bench
        return f"{self.test}.{bench.name}.{bench.module_name}.{self.config}.{self.sim}"

    @property
    def name(self) -> str:
        """Identifies the job."""
        return f"{self.kind}.{self.seed}"

    @property
    def build(self) -> str:
        """Identifies the build that it runs on."""
        return f"{self.sim}.{self.config}.{self.bench.name}"

    @property
    def command(self) -> str:
        """The command that repeats it."""
        alike = sum(bench.name == self.bench.name for bench in BENCHES[self.test])
        name = self.bench.name if alike == 1 else self.bench.module_name
        chosen = f"TEST={self.test} BENCH={name} SIM={self.sim} CONFIG={self.config}"
        return f"make sim {chosen} SEED={self.seed}"


def seed_of(base: int, kind: str, index: int) -> int:
    """The seed of a job, a function of the job and the regression's seed alone."""
    digest = hashlib.sha256(f"{base}/{kind}/{index}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF


def misfit(bench: Bench, config: Config) -> str:
    """Why the configuration has no such block, as one of the other schedule has none; or ""."""
    try:
        bench.parameters(config)
    except ConfigError as error:
        return str(error)
    return ""


def runs_of(bench: Bench) -> list[tuple[str, str]]:
    """The configurations and simulators at which a regression of everything runs it."""
    return [*bench.runs, *((at, "verilator") for at in bench.corners)]


def is_variation(name: str, config: Config) -> bool:
    """Whether a configuration's name is this one's, or that of a variation of it."""
    return f"{name}+".startswith(f"{config.name}+")


def differs(bench: Bench, config: Config) -> bool:
    """Whether its top is another one there than at any configuration that it lists."""
    there = bench.parameters(config)
    return all(bench.parameters(load_model(name)) != there for name in bench.configs)


def select(
    seeds: int, base: int, test: str = "", sim: str = "", config: str = "", icarus_seeds: int = 0
) -> list[Job]:
    """The jobs of a regression; raises RegressionError if there are none, or no such test.

    Args:
        seeds: seeds per bench; an exhaustive bench gets one.
        base: the seed from which all others derive.
        test: if not empty, only this test of the registry.
        sim: if not empty, only this simulator.
        config: if not empty, only this configuration and its variations, or several with commas.
            At one that the registry does not list, the benches that fit it and depend on it, in
            Verilator unless `sim` says otherwise.
        icarus_seeds: seeds per bench in Icarus; 0: a quarter of `seeds`, because Icarus takes most
            of the time, or all of them if `sim` selects Icarus.
    """
    if test and test not in BENCHES:
        choice = ", ".join(sorted(BENCHES))
        raise RegressionError(f"There is no test {test!r}; choose one of: {choice}.")
    asked = [load_model(name) for name in config.split(",") if name]
    listed = {at for benches in BENCHES.values() for bench in benches for at, _ in runs_of(bench)}
    own = [each for each in asked if not any(is_variation(at, each) for at in listed)]
    own_sim = sim or "verilator"
    in_icarus = icarus_seeds or (seeds if sim else -(-seeds // 4))
    jobs = []
    for name, benches in BENCHES.items():
        for number, bench in enumerate(benches if test in ("", name) else ()):
            runs = [
                (at, on)
                for at, on in runs_of(bench)
                if sim in ("", on) and (not asked or any(is_variation(at, each) for each in asked))
            ]
            if own_sim in bench.sims:
                fitting = [each for each in own if not misfit(bench, each) and differs(bench, each)]
                runs += [(each.name, own_sim) for each in fitting]
            for at, on in runs:
                count = in_icarus if on == "icarus" else seeds
                for index in range(1 if bench.exhaustive else count):
                    kind = Job(name, number, at, on, 0).kind
                    jobs.append(Job(name, number, at, on, seed_of(base, kind, index)))
    if not jobs:
        raise RegressionError("No bench in the registry matches TEST, SIM and CONFIG.")
    return jobs


def inputs_of(jobs: Sequence[Job]) -> dict[str, str]:
    """What the outcomes of jobs depend on, by kind: see flow.evidence."""
    kinds = {job.kind: job for job in jobs}
    return {kind: evidence.of_bench(job.bench, job.config, job.sim) for kind, job in kinds.items()}
