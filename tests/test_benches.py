# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Every bench in the registry, in each simulator and at each configuration that is not left to
regressions; of some benches' corner configurations, one per day."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Mapping

import pytest

from crocuta.models import configs
from flow import runner
from flow.jobs import misfit
from tb.lib.agreed import BRIEF
from tb.registry import BENCHES, SIMS, Bench

# The whole kernel first: of all tests these take longest, and one of them at the end would keep a
# single core busy.
NAMES = sorted(BENCHES, key=lambda name: (name != "kernel", name))
ALL = [(test, bench) for test in NAMES for bench in BENCHES[test]]
RUNS = [
    pytest.param(
        bench,
        config,
        sim,
        id="-".join(filter(None, (test, bench.top, bench.variant, config, sim))),
    )
    for test, bench in ALL
    for config, sim in bench.runs
    if (config, sim) not in bench.long
]

RUNNING = [run.values[0] for run in RUNS]


def brief(bench: Bench) -> Bench:
    """The bench, restricted to what other configurations cannot show."""
    return dataclasses.replace(bench, env={**bench.env, BRIEF: "1"})


CORNERS = [pytest.param(bench, id=f"{test}-{bench.name}") for test, bench in ALL if bench.corners]


@pytest.mark.parametrize("bench", CORNERS)
def test_one_corner_a_day(bench: Bench, seed: int) -> None:
    config = bench.corners[int(os.environ["ROTATION"]) % len(bench.corners)]
    runner.run(brief(bench), configs.load_model(config), "verilator", seed)


@pytest.mark.parametrize(("bench", "config", "sim"), RUNS)
def test_bench(bench: Bench, config: str, sim: str, seed: int) -> None:
    chosen = brief(bench) if (config, sim) in bench.brief else bench
    runner.run(chosen, configs.load_model(config), sim, seed)


def test_registry_names_what_exists() -> None:
    for test, bench in ALL:
        assert bench.configs, f"{test} {bench.top} runs at no configuration"
        assert all(configs.load_model(name).name == name for name in bench.configs), (
            f"{test} {bench.top}"
        )
        assert bench.sims, f"{test} {bench.top} runs on no simulator"
        assert set(bench.sims) <= set(SIMS), f"{test} {bench.top}"
        runs = set(bench.runs)
        every = {(config, sim) for config in bench.configs for sim in bench.sims}
        assert every == runs | set(bench.endless), f"{test} {bench.top}"
        assert set(bench.brief) <= runs - set(bench.long), f"{test} {bench.top}"
        assert set(bench.long) <= runs, f"{test} {bench.top} leaves out what it does not run"
        assert all(configs.load_model(name).name == name for name in bench.corners), bench.top
        assert not {*bench.corners} & {*bench.configs}, f"{test} {bench.top} runs a corner twice"
    tops = {(test, bench.top) for test, bench in ALL}
    left = tops - {(test, bench.top) for test, bench in ALL if bench in RUNNING}
    assert not left, f"everything is left to regressions: {left}"


def test_a_bench_refuses_the_schedule_that_it_never_runs_at() -> None:
    """Otherwise `make sim CONFIG=` would run it where nobody knows that it works."""
    tiny, long = configs.load_model("tiny"), configs.load_model("tiny-long")
    for test, bench in ALL:
        runs = {configs.load_model(name).four_step for name in (*bench.configs, *bench.corners)}
        for config, other in ((tiny, long), (long, tiny)):
            if config.four_step in runs or misfit(bench, config):
                continue
            # The block is the same for both.
            assert bench.parameters(config) == bench.parameters(other), f"{test} {bench.name}"


def test_benches_do_not_share_a_build() -> None:
    builds = Counter((bench.top, bench.variant, bench.module) for _, bench in ALL)
    twice = [build for build, count in builds.items() if count > 1]
    assert not twice, f"give them a variant: {twice}"
    # Two modules may drive one build only if its parameters are the same.
    seen: dict[tuple[str, str, str], Mapping[str, int | str]] = {}
    for _, bench in ALL:
        for config in bench.configs:
            parameters = bench.parameters(configs.load_model(config))
            build = (bench.top, bench.variant, config)
            assert seen.setdefault(build, parameters) == parameters, bench
