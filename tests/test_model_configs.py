# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Valid configurations: models/configs.py has the RTL's rules, everything that builds a kernel
applies them, and any invalid input gets one sentence."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyslang
import pytest
import typer
from pyslang import ast, syntax
from typer.testing import CliRunner

import crocuta
from crocuta.backends.model_kernel import ModelKernel
from crocuta.cli.app import app
from crocuta.design import rtl_build
from crocuta.design.sources import design_files
from crocuta.models import configs
from crocuta.models.configs import CONFIG_FILE, Config, ConfigError, kernel_chunk_min
from crocuta.models.kernel import crocuta_kernel
from crocuta.planner import planner
from flow import build, synth
from flow import simulate as sim
from tb import registry as benches

TINY = configs.load("tiny")
KERNEL, ENGINE = "crocuta_kernel", "fft_engine"
GOOD = {**TINY.parameters(), "Outputs": 2}


# The RTL's own verdict: every instance's checks at time 0, evaluated by slang.


SCOPES = (
    ast.RootSymbol,
    ast.InstanceSymbol,
    ast.InstanceBodySymbol,
    ast.GenerateBlockSymbol,
    ast.GenerateBlockArraySymbol,
)


@functools.cache
def trees(top: str) -> list[syntax.SyntaxTree]:
    return [syntax.SyntaxTree.fromFile(str(path)) for path in design_files(top)]


def rtl_verdict(top: str, parameters: Mapping[str, int]) -> tuple[int, list[str]]:
    """The number of checks under `top`, and the messages of those that fail."""
    options = ast.CompilationOptions()
    options.topModules = {top}
    options.paramOverrides = [f"{name}={value}" for name, value in parameters.items()]
    compilation = ast.Compilation(pyslang.Bag([options]))
    for tree in trees(top):
        compilation.addSyntaxTree(tree)
    count = 0
    failing: list[str] = []

    def check(block: ast.ProceduralBlockSymbol) -> None:
        context = ast.EvalContext(block)

        def condition(statement: object) -> None:
            nonlocal count
            if isinstance(statement, ast.ConditionalStatement):
                text = str(statement.ifTrue.syntax).strip()
                assert "$fatal" in text, f"an initial block with a condition but no $fatal: {text}"
                count += 1
                if bool(statement.conditions[0].expr.eval(context).value):
                    failing.append(text)

        block.body.visit(condition)

    def visit(symbol: object) -> ast.VisitAction:
        if isinstance(symbol, SCOPES):
            return ast.VisitAction.Advance
        if (
            isinstance(symbol, ast.ProceduralBlockSymbol)
            and symbol.procedureKind == ast.ProceduralBlockKind.Initial
        ):
            check(symbol)
        return ast.VisitAction.Skip

    compilation.getRoot().visit(visit)
    errors = [str(found.code) for found in compilation.getAllDiagnostics() if found.isError()]
    return count, failing + errors


def config_of(parameters: Mapping[str, int]) -> Config:
    return Config(
        name="corner",
        about="",
        lanes=parameters["Lanes"],
        chunk=parameters["Chunk"],
        mantissa_bits=parameters["MantissaBits"],
        exponent_bits=parameters["ExponentBits"],
        twiddle_bits=parameters["TwiddleBits"],
        right_angle=True,
        max_length_log2=parameters["MaxLengthLog2"],
        outputs=parameters["Outputs"],
    )


def model_refuses(top: str, parameters: Mapping[str, int]) -> bool:
    try:
        config = config_of(parameters)
        if top == KERNEL:
            config.check_kernel()
    except ConfigError:
        return True
    return False


def corners() -> Iterator[tuple[str, dict[str, int]]]:
    """Both sides of every rule, one at a time, and the smallest chunks for all lanes."""
    for name, values in {
        "MantissaBits": (-18, 0, 13, 14, 24, 25),
        "ExponentBits": (7, 8, 10, 11),
        "TwiddleBits": (11, 12, 27, 28),
        "MaxLengthLog2": (3, 4, 28, 29),
        "Outputs": (0, 1, 2, 3),
        "Lanes": (0, 1, 3),
        "Chunk": (0, 32, 96, 1 << 18),
    }.items():
        for value in values:
            yield KERNEL, {**GOOD, name: value}
    for lanes in (2, 4, 8, 16):
        for chunk in (kernel_chunk_min(lanes) // 2, kernel_chunk_min(lanes)):
            yield KERNEL, {**GOOD, "Lanes": lanes, "Chunk": chunk}
        for chunk in (8, 16):
            yield ENGINE, {**GOOD, "Lanes": lanes, "Chunk": chunk}
    yield ENGINE, {**GOOD, "Lanes": 32}
    yield ENGINE, {**GOOD, "Chunk": 1 << 18}
    # The widest and the narrowest words.
    for m, e, t in ((14, 8, 12), (24, 10, 27)):
        yield KERNEL, {**GOOD, "MantissaBits": m, "ExponentBits": e, "TwiddleBits": t}


def test_rules_are_the_rtls() -> None:
    """At every corner the independent verdicts of models/configs.py and of the RTL agree."""
    verdicts = []
    for top, parameters in corners():
        if top == ENGINE:
            count, found = rtl_verdict(
                top, {name: parameters[name] for name in TINY.engine_parameters()}
            )
        else:
            count, found = rtl_verdict(top, parameters)
        refused = model_refuses(top, parameters)
        assert bool(found) == refused, (top, parameters, found)
        assert refused or count > 70  # an engine's; a kernel has hundreds
        verdicts.append(refused)
    assert 20 < sum(verdicts) < len(verdicts) - 15


# Everything that builds a kernel.

NO_KERNEL = {
    "tiny+right_angle-0": "right_angle must be 1",
    "tiny+chunk-32": "a kernel of 2 lanes needs a chunk of 64 or more, not 32",
    "tiny+lanes-16": "a kernel of 16 lanes needs a chunk of 512 or more, not 64",
    "u200+chunk-128": "a kernel of 8 lanes needs a chunk of 256 or more, not 128",
}
ONES = np.ones(8, np.float32)
ENTRIES: dict[str, Callable[[Config], object]] = {
    "name": lambda config: configs.load(config.name),
    "changes": lambda config: configs.changed(TINY, {"right_angle": 0}),
    "parameters": lambda config: config.parameters(),
    "model": lambda config: crocuta_kernel.prepare(ONES, config),
    "model kernel": ModelKernel,
    "simulated kernel": rtl_build.parameters,
    "bench": benches.kernel_parameters,
    "board": benches.board_parameters,
    "Vivado": build.prepare,
    "yosys": lambda config: synth.Synthesis(config, KERNEL),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("name", NO_KERNEL)
def test_no_kernel_is_made(name: str, entry: str) -> None:
    config = configs.load_engine(name)
    with pytest.raises(ConfigError) as wrong:
        ENTRIES[entry](config)
    sentence = NO_KERNEL["tiny+right_angle-0" if entry == "changes" else name]
    assert sentence in str(wrong.value)


@pytest.mark.parametrize("backend", ["model", "rtl"])
@pytest.mark.parametrize("name", NO_KERNEL)
def test_a_user_gets_a_sentence(
    name: str, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(crocuta.InputError) as wrong:
        crocuta.open(backend, name)
    assert NO_KERNEL[name] in str(wrong.value)
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", ONES)
    for arguments in (
        ["conv", "x.npy", "x.npy", "-o", "y.npy", "--backend", backend, "--config", name],
        ["demo", "--bases", "100", "--directory", "out", "--config", name],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        assert NO_KERNEL[name] in result.stderr
        assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_benches_of_an_engine_take_its_configurations(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Config] = []
    monkeypatch.setattr("flow.runner.run", lambda bench, config, *more, **rest: seen.append(config))
    sim.main("fft", "icarus", "tiny+right_angle-0", "1")
    assert seen and not any(config.right_angle for config in seen)
    seen.clear()
    for test in ("kernel", "longconv", "spectral_mac"):
        with pytest.raises(typer.Exit):
            sim.main(test, "verilator", "tiny+chunk-32", "1")
        assert "needs a chunk of 64 or more" in capsys.readouterr().err
    assert not seen


def test_plans_are_of_kernels() -> None:
    for device in planner.devices().values():
        sizes = list(planner._sizes(device, planner.Demand(1000, 1000)))
        assert sizes
        for size in sizes:
            size.configuration().check_kernel()


# Whatever a user writes into CONFIG= or models/configs.toml.


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "there is no configuration ''"),
        ("defaults", "there is no configuration 'defaults'"),
        ("tiny+lanes--2", "lanes needs a whole number"),
        ("tiny+lanes-2.0", "lanes needs a whole number"),
        ("tiny+lanes-0x2", "lanes needs a whole number"),
        ("tiny+lanes-٢", "lanes needs a whole number"),
        ("tiny+lanes-1", "lanes must be 2, 4, 8 or 16"),
        ("tiny+lanes-" + "9" * 5000, "lanes needs a whole number"),
        ("tiny+chunk-262144", "chunk must be a power of two in 16..131072"),
        ("tiny+mantissa_bits-13", "mantissa_bits must be 14..24"),
        ("tiny+exponent_bits-11", "exponent_bits must be 8..10"),
        ("tiny+twiddle_bits-28", "twiddle_bits must be 12..27"),
        ("tiny+max_length_log2-29", "max_length_log2 must be 4..28"),
        ("tiny+outputs-3", "outputs must be 1 or 2"),
        ("tiny+name-3", "there is no setting 'name'"),
    ],
)
def test_bad_names(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        configs.load(name)
    assert sentence in str(wrong.value)


DEFAULTS = CONFIG_FILE.read_text(encoding="utf-8").partition("[tiny]")[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[mine]\nabout = "x"\nlanes = "2"\nchunk = 64', "lanes must be a whole number, not '2'"),
        ('[mine]\nabout = "x"\nlanes = 2.0\nchunk = 64', "lanes must be a whole number, not 2.0"),
        ('[mine]\nabout = "x"\nlanes = true\nchunk = 64', "lanes must be a whole number, not True"),
        ('[mine]\nabout = "x"\nlanes = -2\nchunk = 64', "lanes must be 2, 4, 8 or 16"),
        ('[mine]\nabout = "x"\nlanes = [2]\nchunk = 64', "lanes must be a whole number, not [2]"),
        ("[mine]\nabout = 3\nlanes = 2\nchunk = 64", "about must be text, not 3"),
        ('[mine]\nabout = "x"\nlanes = 2', "[mine] lacks chunk"),
        ('[mine]\nabout = "x"\nlanes = 2\nchunks = 64', "[mine] has no setting chunks"),
        ('[mine]\nname = "x"\nlanes = 2\nchunk = 64', "[mine] has no setting name"),
        (
            '[mine]\nabout = "x"\nlanes = 2\nchunk = 64\nright_angle = 1',
            "right_angle must be true or false, not 1",
        ),
        (
            '[mine]\nabout = "x"\nlanes = 2\nchunk = 64\nright_angle = false',
            "right_angle must be 1",
        ),
        ('[mine]\nabout = "x"\nlanes = 2\nchunk = 32', "needs a chunk of 64 or more"),
        (
            '[mine]\nabout = "x"\nlanes = 2\nchunk = 64\nbram36_max = -1',
            "bram36_max must be 0 or more",
        ),
        (
            '[mine]\nabout = "x"\nlanes = 2\nchunk = 64\nuram_max = "no"',
            "uram_max must be a whole number, not 'no'",
        ),
        ('["a b"]\nabout = "x"\nlanes = 2\nchunk = 64', "[a b] is no name of a configuration"),
        ('["a+b"]\nabout = "x"\nlanes = 2\nchunk = 64', "[a+b] is no name of a configuration"),
        ('["../b"]\nabout = "x"\nlanes = 2\nchunk = 64', "is no name of a configuration"),
        ("[mine", "is not TOML"),
        ("[mine]\nlanes = 2\nlanes = 4", "is not TOML"),
    ],
)
def test_bad_files(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "configs.toml"
    path.write_text(DEFAULTS + text + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        configs.load("mine", path)
    assert sentence in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "configs.toml"
    for use in (configs.names, lambda path: configs.load("tiny", path)):
        with pytest.raises(ConfigError, match=r"cannot be read: no such file or directory"):
            use(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        configs.names(path)
    path.write_text("tiny = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tiny = 3 stands outside of all tables"):
        configs.names(path)
    path.write_text('[tiny]\nabout = "no defaults"\nlanes = 2\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\[tiny\] lacks chunk, mantissa_bits, "):
        configs.load("tiny", path)


def test_the_models_own_copies_are_checked_too() -> None:
    """dataclasses.replace does not get round the rules."""
    wrong: dict[str, Any] = {"lanes": 3, "chunk": 65, "exponent_bits": 9.0, "right_angle": 1}
    for name, value in wrong.items():
        with pytest.raises(ConfigError):
            dataclasses.replace(TINY, **{name: value})
