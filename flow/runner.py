# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs one bench in one simulator, with cocotb's runners."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

import cocotb_tools.config
from cocotb_tools import runner as cocotb_runner
from filelock import FileLock

from crocuta.design import cache, processes, rtl_build, verilator
from crocuta.design.sources import design_files
from crocuta.errors import BuildError
from crocuta.models.configs import ROOT, Config
from tb.registry import SIMS, Bench

BUILD = ROOT / "build" / "sim"
"""Output directory of every build and seed: logs, results, waves."""
VERILATOR_CONTROL = Path(__file__).with_name("verilator.vlt")
TAIL_LINES = 30
TIME_LIMIT_S = 3600  # a simulation that hangs must not hang the suite
RESULTS_KEPT_S = 24 * 3600
TIMESCALE = "1ns/1ps"

WAVES_MODULE = """
module waves;
  string file;
  initial if ($value$plusargs("dumpfile_path=%s", file)) begin
    $dumpfile(file);
    $dumpvars(0, {top});
  end
endmodule
"""
OTHERS_SETTINGS = re.compile(
    "(COCOTB|COVERAGE|GPI|PYGPI|VERILATOR|IVERILOG|SIM_CMD)(_.*)?|GUI|LIBPYTHON_LOC|MODULE|"
    "PYTHON(HASHSEED|HOME|INSPECT|OPTIMIZE|STARTUP)|RANDOM_SEED|TEST(CASE|FILTER)?|TOPLEVEL.*|WAVES"
)
"""Environment variables that would change what a simulation does or how much of it runs."""


class BenchFailure(BuildError):
    """A bench did not build, failed or ran no test; the message names the log."""


class _Logged(cocotb_runner.Runner):
    """Common to both simulators: output goes to a log file and, if `echo`, to the screen."""

    echo = False
    time_limit: float = TIME_LIMIT_S
    timed_out = False

    def _set_env_common(self) -> None:
        ours = dict(self.env)
        super()._set_env_common()
        self.env.update(ours)
        self.env["GPI_LOG_LEVEL"] = "ERROR"  # start-up chatter would hide the results
        self.env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
        # Assertions are rewritten to show their values, but only in the benches: rewriting numpy
        # takes longer than most simulations.
        self.env["COCOTB_REWRITE_ASSERTION_FILES"] = "tb/*.py"
        self.env["PYTHONHASHSEED"] = "0"  # or the order of sets would change what a seed repeats
        # A shared build must not be linked with the library of the environment that compiled it.
        libraries = [str(cocotb_tools.config.libs_dir), self.env.get("LD_LIBRARY_PATH", "")]
        self.env["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, libraries))

    def _execute_cmds(
        self,
        cmds: Sequence[list[str]],
        cwd: os.PathLike[str] | str,
        stdout: TextIO | None = None,
    ) -> None:
        assert stdout is not None, "every command has a log file"
        for cmd in cmds:
            try:
                processes.run(
                    cmd, cwd, self.env, stdout, echo=self.echo, time_limit=self.time_limit
                )
            except processes.Failed as error:
                self.timed_out = isinstance(error, processes.TimedOut)
                raise RuntimeError(str(error)) from None


class _Verilator(_Logged, cocotb_runner.Verilator):
    """Verilator's programs."""


class _Icarus(_Logged, cocotb_runner.Icarus):
    """The version of the installed Icarus Verilog."""


def _icarus_version() -> str:
    if shutil.which("iverilog") is None:
        raise BenchFailure("Icarus Verilog is missing: run `make env` or install `iverilog`.")
    answer = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[0]


def covers() -> bool:
    """Whether RTL_COVERAGE=1 requests line, branch and toggle coverage from Verilator."""
    return os.environ.get("RTL_COVERAGE", "0") not in ("", "0")


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return "\n".join(lines[-TAIL_LINES:])


def _flags(sim: str, waves: bool) -> tuple[str, ...]:
    if sim == "icarus":
        return ("-g2012", "-Wall", "-Wno-timescale")
    flags = ["-O3", "--x-assign", "unique", "--x-initial", "unique", "--assert", "--timing"]
    flags += ["--vpi", "--timescale", TIMESCALE]
    if waves:
        flags.append("--trace-fst")
    if covers():
        flags += ["--coverage-line", "--coverage-toggle", "--coverage-max-width", "2048"]
    return tuple(flags)


def sources_of(bench: Bench, sim: str) -> list[Path]:
    """The files that a bench's build compiles."""
    extra = [ROOT / name for name in bench.sources]
    control = [path for path in extra if path.suffix == ".vlt"]
    sources = design_files(bench.top, [path for path in extra if path.suffix != ".vlt"])
    return [VERILATOR_CONTROL, *control, *sources] if sim == "verilator" else sources


def _parameters(bench: Bench, config: Config, option: str) -> list[str]:
    return [
        f"{option}{name}={cocotb_runner.as_sv_literal(value)}"
        for name, value in sorted(bench.parameters(config).items())
    ]


def _verilator_recipe(bench: Bench, config: Config, waves: bool) -> verilator.Recipe:
    large = config.chunk >= rtl_build.LARGE_CHUNK
    sources = sources_of(bench, "verilator")
    # Making every signal visible through VPI would dominate compile time and simulation speed, so a
    # control file exposes only the top's signals to cocotb, or those that the bench's own names.
    visible = [] if any(path.suffix == ".vlt" for path in sources[1:]) else [bench.top]
    return verilator.Recipe(
        top=bench.top,
        product=bench.top,
        flags=(
            *_flags("verilator", waves),
            *("-LDFLAGS", "-L../cocotb -lcocotbvpi_verilator"),
            *_parameters(bench, config, "-G"),
        ),
        # Better code pays off only in long runs; -O1 does in the first run of any bench, but not
        # with the counters of coverage, which take the compiler minutes.
        optimise=(
            ("OPT_FAST=-O2 -march=native", "OPT_SLOW=-O1")
            if large
            else ("OPT_FAST=-O0" if covers() else "OPT_FAST=-O1", "OPT_SLOW=-O0")
        ),
        sources=(
            *sources,
            cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp",
        ),
        texts=tuple(
            ("visible.vlt", f'`verilator_config\npublic_flat_rw -module "{top}" -var "*"\n')
            for top in visible
        ),
        links=(("cocotb", cocotb_tools.config.libs_dir),),
        precompile=not large,
    )


def _icarus_build(
    bench: Bench, config: Config, waves: bool
) -> tuple[str, Callable[[Path, TextIO, float], None]]:
    """A digest of everything that goes into an Icarus build, the tool included."""
    sources = sources_of(bench, "icarus")
    texts = {"cmds.f": f"+timescale+{TIMESCALE}\n"}
    tops = [bench.top]
    if waves:
        tops.append("waves")
        texts["waves.sv"] = WAVES_MODULE.format(top=bench.top)
    names = [*map(verilator.relative, sources), *(name for name in texts if name.endswith(".sv"))]
    command = ["iverilog", "-o", "../sim.vvp", *(part for top in tops for part in ("-s", top))]
    command += [*_flags("icarus", waves), *_parameters(bench, config, f"-P{bench.top}.")]
    command += ["-f", "cmds.f", *names]

    def make(folder: Path, log: TextIO, time_limit: float) -> None:
        work = folder / "work"
        work.mkdir()
        verilator.copy_sources(sources, work)
        for name, text in texts.items():
            (work / name).write_text(text, encoding="utf-8")
        settings = verilator.environment() | {"TMPDIR": str(work)}
        processes.run(command, work, settings, log, time_limit=time_limit)
        shutil.rmtree(work)

    contents = [path.read_bytes() for path in sources]
    return cache.digest(_icarus_version(), command, texts, *contents), make


def _built(bench: Bench, config: Config, sim: str, waves: bool, time_limit: float) -> Path:
    """The cache directory with a build of the current sources."""
    log_path = build_directory(bench, config, sim, waves) / "build.log"
    make: Callable[[Path, TextIO, float], None]
    if sim == "verilator":
        recipe = _verilator_recipe(bench, config, waves)
        digest, make = recipe.digest(), recipe.make
    else:
        digest, make = _icarus_build(bench, config, waves)

    def compile_here(folder: Path) -> None:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("w", encoding="utf-8") as log:
            make(folder, log, time_limit)

    def waiting() -> None:
        print(f"Waiting for another process to compile {bench.top}.", flush=True)

    try:
        return cache.entry(f"{sim}-{bench.name}-{digest}", compile_here, waiting)
    except processes.Failed:
        print(_tail(log_path))
        hint = (
            " (waves need the headers in liblz4-dev and zlib1g-dev)"
            if waves and "lz4" in log_path.read_text(errors="replace")
            else ""
        )
        raise BenchFailure(f"{bench.top} did not build in {sim}{hint}: see {log_path}") from None
    except OSError as error:
        raise BenchFailure(f"{bench.top} did not build in {sim}: {error}.") from None


def declared_tests(source: Path) -> list[str]:
    """The names of the cocotb tests in a bench module's source."""
    body = ast.parse(source.read_text(encoding="utf-8"), str(source)).body
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [
        node.name
        for node in body
        if isinstance(node, kinds) and any(map(_is_test, node.decorator_list))
    ]


def _is_test(decorator: ast.expr) -> bool:
    """@cocotb.test, @pyuvm.test or @test, with or without arguments."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(target) in ("cocotb.test", "pyuvm.test", "test")


def tests_of(bench: Bench) -> list[str]:
    """The names of a bench's tests; raises BenchFailure if its module is missing or has none."""
    try:
        spec = importlib.util.find_spec(bench.module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise BenchFailure(f"There is no module {bench.module}.")
    names = declared_tests(Path(spec.origin))
    if not names:
        raise BenchFailure(f"{bench.module} has no test.")
    return names


def check_only(only: str, benches: Sequence[Bench]) -> list[Bench]:
    """The benches that have a test called `only`; raises BenchFailure if none has."""
    tests = [(bench, tests_of(bench)) for bench in benches]
    found = [bench for bench, names in tests if only in names]
    if not found:
        choice = ", ".join(dict.fromkeys(name for _, names in tests for name in names))
        raise BenchFailure(f"There is no test {only!r} here; choose one of: {choice}.")
    return found


def _check_results(
    results: Path, bench: Bench, expected: Sequence[str], where: str, crashed: bool
) -> None:
    """Raises BenchFailure unless all expected tests are in the results file and passed."""
    if not results.is_file():
        raise BenchFailure(f"{bench.module} stopped before its results were written: {where}")
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    ran = [case for case in cases if case.find("skipped") is None]
    failed = [
        case.get("name", "?")
        for case in ran
        if case.find("failure") is not None or case.find("error") is not None
    ]
    if failed:
        raise BenchFailure(
            f"{bench.module} failed {len(failed)} of {len(ran)} tests"
            f" ({', '.join(failed)}): {where}"
        )
    # A parametrised test is listed as NAME/PARAMETER=VALUE; a skipped one is listed, too.
    missing = set(expected) - {case.get("name", "").partition("/")[0] for case in cases}
    if missing:
        raise BenchFailure(f"{bench.module} did not run {', '.join(sorted(missing))}: {where}")
    if not ran:
        raise BenchFailure(f"{bench.module} ran no test: {where}")
    if crashed:
        raise BenchFailure(f"{bench.module}: the simulator ended with an error: {where}")


def default_seed(text: str = "") -> int:
    """The seed in `text`, otherwise in the environment variable SEED, otherwise a new one."""
    text = text or os.environ.get("SEED", "")
    try:
        return int(text) if text else secrets.randbits(31)
    except ValueError:
        raise BenchFailure(f"SEED must be a whole number, not {text!r}.") from None


def build_directory(bench: Bench, config: Config, sim: str, waves: bool = False) -> Path:
    """The directory with a bench's logs and results; benches of one top and variant share it."""
    kind = "-waves" * waves + "-coverage" * (covers() and sim == "verilator")
    return BUILD / sim / config.name / (bench.name + kind)


def build(
    bench: Bench, config: Config, sim: str, waves: bool = False, time_limit: float = TIME_LIMIT_S
) -> Path:
    """Compiles a bench's design unless it is cached; returns the build's directory.

    Raises:
        BenchFailure: the design did not compile.
    """
    if sim not in bench.sims:
        raise BenchFailure(f"{bench.module} runs on {' and '.join(bench.sims)}, not on {sim}.")
    return _built(bench, config, sim, waves, time_limit)


def _results_directory(build: Path, bench: Bench, seed: int) -> Path:
    """A directory for one seed's log and results; removes those of past days."""
    parent = build / bench.module_name
    directory = parent / f"seed-{seed}"
    directory.mkdir(parents=True, exist_ok=True)
    os.utime(directory)
    for old in parent.iterdir():
        if old.stat().st_mtime < time.time() - RESULTS_KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    return directory


def run(
    bench: Bench,
    config: Config,
    sim: str,
    seed: int | None = None,
    waves: bool = False,
    *,
    echo: bool = False,
    only: str = "",
    fail_fast: bool = False,
    test_dir: Path | None = None,
    time_limit: float = TIME_LIMIT_S,
) -> Path:
    """Builds what changed, runs the bench and returns its results file (JUnit XML).

    Args:
        seed: cocotb's and the simulator's random seed; default: SEED or a new one.
        waves: write an FST file of all signals.
        echo: print the simulation's output as well as logging it.
        only: the name of the only test to run.
        fail_fast: stop after the first test that fails.
        test_dir: directory of the log and the results; default: one per build and seed.
        time_limit: seconds after which the simulation, or a compile before it, is ended.

    Raises:
        BenchFailure: the design did not build, a test failed, or one of the tests did not run.
    """
    seed = default_seed() if seed is None else seed
    expected = [only] if only else tests_of(bench)
    for name in filter(OTHERS_SETTINGS.fullmatch, list(os.environ)):
        del os.environ[name]
    built = build(bench, config, sim, waves, time_limit)
    try:
        if test_dir is None:
            parent = build_directory(bench, config, sim, waves)
            test_dir = _results_directory(parent, bench, seed)
        with FileLock(test_dir / "lock"):
            print(f"{bench.module} on {bench.top}: {sim}, {config.name}, SEED={seed}", flush=True)
            runner: _Verilator | _Icarus = _Verilator() if sim == "verilator" else _Icarus()
            runner.echo, runner.time_limit = echo, time_limit
            chosen = {"COCOTB_TEST_FILTER": rf"\.{re.escape(only)}(/.*)?$"} if only else {}
            if fail_fast:
                chosen["COCOTB_MAX_FAILURES"] = "1"
            extra = {"CROCUTA_CONFIG": config.name, **bench.env, **chosen}
            return _simulate(runner, bench, seed, built, test_dir, waves, extra, expected)
    except OSError as error:
        raise BenchFailure(f"{bench.module} did not run: {error}.") from None


def _simulate(
    runner: _Verilator | _Icarus,
    bench: Bench,
    seed: int,
    built: Path,
    test_dir: Path,
    waves: bool,
    extra_env: Mapping[str, str],
    expected: Sequence[str],
) -> Path:
    log = test_dir / "sim.log"
    results = test_dir / "results.xml"
    in_verilator = isinstance(runner, _Verilator)
    waves_file = test_dir / ("dump.fst" if in_verilator else f"{bench.top}.fst")
    verilator_seed = seed % 0x7FFF_FFFF or 1  # 0 would make Verilator choose one itself
    plusargs = (
        [
            "+verilator+rand+reset+2",
            f"+verilator+seed+{verilator_seed}",
            f"+verilator+coverage+file+{test_dir / 'coverage.dat'}",
        ]
        if in_verilator
        else [f"+dumpfile_path={waves_file}"]
    )
    crashed = False
    try:
        runner.test(
            test_module=bench.module,
            hdl_toplevel=bench.top,
            hdl_toplevel_lang="verilog",
            seed=seed,
            plusargs=plusargs,
            extra_env=extra_env,
            waves=waves,
            build_dir=built,
            test_dir=test_dir,
            results_xml=str(results),
            log_file=log,
        )
    except (RuntimeError, SystemExit):  # the results, or their absence, say what happened
        crashed = True
    where = f"see {log}; repeat with SEED={seed}"
    try:
        if runner.timed_out:
            raise BenchFailure(
                f"{bench.module} took longer than {runner.time_limit:.0f} s: {where}"
            )
        _check_results(results, bench, expected, where, crashed)
    except BenchFailure:
        if not runner.echo:
            print(_tail(log))
        raise
    finally:
        if waves and waves_file.is_file():
            print(f"Waves: surfer {waves_file}  (or gtkwave)")
    return results


def check_sim(sim: str) -> None:
    """Raises BenchFailure unless `sim` names a simulator that the benches support."""
    if sim not in SIMS:
        raise BenchFailure(f"There is no simulator {sim!r}; choose one of: {', '.join(SIMS)}.")
