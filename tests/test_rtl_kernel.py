# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated kernel as a library, against the model with the same registers."""

from __future__ import annotations

import dataclasses
import gc
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from crocuta.backends import register_kernel, rtl_kernel
from crocuta.backends.model_kernel import ModelKernel
from crocuta.backends.register_kernel import RegisterKernel
from crocuta.backends.rtl_kernel import BASES, BREACHES, RtlKernel
from crocuta.backends.timing import Timing
from crocuta.design import rtl_build
from crocuta.design.rtl_build import SIMULATION
from crocuta.device import Device
from crocuta.errors import InputError, JobError, KernelError, MemoryLost, OutOfMemory
from crocuta.kernel import Bank, Counters, JobReport, Progress, banks
from crocuta.models import configs
from crocuta.models.convolution.chunk_controller import Job, Mode, spectrum_bytes
from crocuta.models.kernel import crocuta_kernel
from crocuta.models.kernel.crocuta_kernel import SampleArray
from crocuta.models.layout import row_count
from crocuta.registers import WIDE, Control, ErrorCode, Register
from crocuta.stops import Stopped

TINY = configs.load("tiny")
LONG = configs.load_model("tiny-long")


@pytest.fixture(scope="module")
def shared() -> Iterator[RtlKernel]:
    with RtlKernel(TINY) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def shared_four_step() -> Iterator[RtlKernel]:
    with RtlKernel(LONG) as kernel:
        yield kernel


def fresh(shared: RtlKernel) -> RtlKernel:
    """The kernel after a reset, with the default timing and no errors."""
    for bank in shared.memories:
        shared.set_timing(bank, Timing())
        shared.hold(bank)
        for write in (False, True):
            shared.set_error(bank, write=write, address=None)
    shared.reset()
    return shared


@pytest.fixture
def kernel(shared: RtlKernel) -> RtlKernel:
    """A chunked kernel after a reset."""
    return fresh(shared)


@pytest.fixture
def four_step(shared_four_step: RtlKernel) -> RtlKernel:
    """A four-step kernel after a reset."""
    return fresh(shared_four_step)


def rows(seed: int, channels: int, length: int) -> SampleArray:
    return np.random.default_rng(seed).normal(size=(channels, length)).astype(np.float32)


class Convolution(NamedTuple):
    y: SampleArray
    prepare: JobReport
    convolve: JobReport


def convolve(
    kernel: RegisterKernel,
    x: SampleArray,
    h: SampleArray,
    progress: Progress | None = None,
    length: int | None = None,
) -> Convolution:
    """Convolves through a temporary device, which leaves the kernel open. `length`: what the filter
    is prepared for."""
    device = Device(kernel)
    filter = device.prepare(h, length)
    return Convolution(device.convolve(x, filter, progress), filter.report, device.report)


def counted(done: JobReport) -> Counters:
    assert done.counters
    return done.counters


def assert_same(found: Convolution, expected: Convolution) -> None:
    np.testing.assert_array_equal(found.y.view(np.uint32), expected.y.view(np.uint32))
    for one, other in (
        (found.prepare, expected.prepare),
        (found.convolve, expected.convolve),
    ):
        assert (one.saturated, one.non_finite) == (other.saturated, other.non_finite)


@pytest.mark.parametrize(
    ("channels", "length_x", "length_h"),
    [(1, 1, 1), (1, 64, 65), (1, 1000, 200), (3, 100, 700), (5, 257, 64)],
)
def test_convolution_equals_the_model(
    kernel: RtlKernel, seed: int, channels: int, length_x: int, length_h: int
) -> None:
    x, h = rows(seed, channels, length_x), rows(seed + 1, channels, length_h)
    steps: list[tuple[int, int]] = []
    found = convolve(kernel, x, h, lambda done, total: steps.append((done, total)))
    with ModelKernel(TINY) as model:
        assert_same(found, convolve(model, x, h))
    assert found.y.shape == x.shape
    chunks = channels * -(-length_x // TINY.chunk)
    assert steps[-1] == (chunks, chunks)
    assert steps == sorted(steps)


def test_spectra_in_memory_equal_the_model(kernel: RtlKernel, seed: int) -> None:
    h = rows(seed, 1, 300)[0]
    convolve(kernel, np.ones(10, np.float32), h)
    slots = crocuta_kernel.spectra_slots(crocuta_kernel.prepare(h, TINY).words, TINY)
    memory = kernel.memories[Bank.H_SPECTRA]
    np.testing.assert_array_equal(memory.view(memory.base, slots.size, np.uint64), slots.ravel())


@pytest.mark.parametrize("slow", banks(TINY))
def test_timing_changes_clocks_and_nothing_else(kernel: RtlKernel, seed: int, slow: Bank) -> None:
    x, h = rows(seed, 1, 1000)[0], rows(seed + 1, 1, 300)[0]
    fast = convolve(kernel, x, h)
    kernel.set_timing(slow, Timing(latency=90, bandwidth=150, stall=200, seed=seed & 0xFFFF))
    kernel.reset()
    late = convolve(kernel, x, h)
    assert_same(late, fast)
    clocks = (counted(fast.prepare).clocks, counted(fast.convolve).clocks)
    assert (counted(late.prepare).clocks, counted(late.convolve).clocks) > clocks


def slow(seed: int) -> Timing:
    return Timing(latency=90, bandwidth=400, stall=200, seed=seed & 0xFFFF)


@pytest.mark.parametrize("timing", [lambda seed: Timing(), slow], ids=["fast", "slow"])
def test_stopped_clocks_change_nothing(
    kernel: RtlKernel, seed: int, timing: Callable[[int], Timing]
) -> None:
    runs, waits = [], []
    x, h = rows(seed, 2, 900), rows(seed + 1, 2, 300)
    for on in (True, False):
        kernel.stop_clocks(on)
        for bank in kernel.memories:
            kernel.set_timing(bank, timing(seed + bank))
        kernel.reset()
        began = kernel.clocks
        runs.append(convolve(kernel, x, h))
        waits.append(kernel.clocks - began)
    kernel.stop_clocks(True)
    assert_same(*runs)
    assert counted(runs[0].prepare) == counted(runs[1].prepare)
    assert counted(runs[0].convolve) == counted(runs[1].convolve)
    assert waits[0] == waits[1]


def test_counters_add_up(kernel: RtlKernel, seed: int) -> None:
    before = kernel.clocks
    done = convolve(kernel, rows(seed, 1, 640)[0], rows(seed, 1, 640)[0])
    counters = counted(done.convolve)
    assert counters.mac_beats == 55 * TINY.chunk_beats
    assert counters.mac_beats + sum(counters.stalls().values()) <= counters.clocks
    assert counted(done.prepare).clocks + counters.clocks < kernel.clocks - before
    # All chunks of x but the last are written to its spectra, and h is prepared; nothing is read
    # unnecessarily.
    assert kernel.beats(Bank.H_SPECTRA) == (55 * TINY.chunk_beats, 10 * TINY.chunk_beats)
    assert kernel.beats(Bank.X_SPECTRA) == (45 * TINY.chunk_beats, 9 * TINY.chunk_beats)


JOB = Job(
    Mode.CONVOLVE,
    channels=1,
    length_x=200,
    length_h=100,
    x=BASES[Bank.SAMPLES],
    h=BASES[Bank.SAMPLES] + 4096,
    h_spectra=BASES[Bank.H_SPECTRA],
    x_spectra=BASES[Bank.X_SPECTRA],
    y=BASES[Bank.SAMPLES] + 8192,
    z_spectra=BASES[Bank.Z_SPECTRA],
)
PREPARE = dataclasses.replace(JOB, mode=Mode.PREPARE)
BAD_JOBS = [
    (dataclasses.replace(JOB, mode=7), ErrorCode.MODE),  # type: ignore[arg-type]
    (dataclasses.replace(JOB, channels=0), ErrorCode.CHANNELS),
    (dataclasses.replace(JOB, channels=65537), ErrorCode.CHANNELS),
    (dataclasses.replace(JOB, length_x=0), ErrorCode.LENGTH_X),
    (dataclasses.replace(JOB, length_x=(1 << 22) + 1), ErrorCode.LENGTH_X),
    (dataclasses.replace(PREPARE, length_h=0), ErrorCode.LENGTH_H),
    (dataclasses.replace(JOB, length_h=1 << 31), ErrorCode.LENGTH_H),
    (dataclasses.replace(JOB, y=JOB.y + 64), ErrorCode.POINTER),
    (dataclasses.replace(PREPARE, h=JOB.h + 4), ErrorCode.POINTER),
    (dataclasses.replace(JOB, first_chunk=1), ErrorCode.RING),
    (dataclasses.replace(JOB, ring=1), ErrorCode.RING),
    (dataclasses.replace(JOB, ring=24), ErrorCode.RING),
    (dataclasses.replace(JOB, ring=1 << 17), ErrorCode.RING),
    (dataclasses.replace(JOB, length_x=0, channels=0, y=1), ErrorCode.CHANNELS),
]


@pytest.mark.parametrize(("job", "code"), BAD_JOBS)
def test_bad_arguments_are_refused_and_touch_no_memory(
    kernel: RtlKernel, job: Job, code: ErrorCode
) -> None:
    with ModelKernel(TINY) as model:
        both: tuple[RegisterKernel, ...] = (kernel, model)
        for one in both:
            with pytest.raises(JobError, match=rf"error {code.value}: ") as refused:
                register_kernel.run(one, job)
            assert refused.value.code == code
    assert all(kernel.beats(bank) == (0, 0) for bank in kernel.memories)
    register_kernel.run(kernel, PREPARE)
    register_kernel.run(kernel, JOB)


@pytest.mark.parametrize(
    ("bank", "write", "address", "code"),
    [
        (Bank.SAMPLES, False, JOB.x + 64, ErrorCode.SAMPLES_READ),
        (Bank.SAMPLES, True, JOB.y + 64, ErrorCode.SAMPLES_WRITE),
        (Bank.X_SPECTRA, False, JOB.x_spectra + 64, ErrorCode.X_READ),
        (Bank.X_SPECTRA, True, JOB.x_spectra + 64, ErrorCode.X_WRITE),
        (Bank.H_SPECTRA, False, JOB.h_spectra + 64, ErrorCode.H_READ),
        (Bank.H_SPECTRA, True, JOB.h_spectra + 64, ErrorCode.H_WRITE),
    ],
)
def test_memory_errors_end_the_job_and_the_next_one_runs(
    kernel: RtlKernel, seed: int, bank: Bank, write: bool, address: int, code: ErrorCode
) -> None:
    x, h = rows(seed, 1, JOB.length_x)[0], rows(seed + 1, 1, JOB.length_h)[0]
    kernel.set_error(bank, write=write, address=address)
    with pytest.raises(JobError) as stopped:
        register_kernel.run(kernel, PREPARE)
        register_kernel.run(kernel, JOB)
    assert stopped.value.code == code
    kernel.set_error(bank, write=write, address=None)
    with ModelKernel(TINY) as model:
        assert_same(convolve(kernel, x, h), convolve(model, x, h))


# The four-step kernel.

CHUNK = LONG.chunk
ROW_BYTES = spectrum_bytes(LONG)
LONG_JOB = dataclasses.replace(
    JOB, length_x=3 * CHUNK + 5, length_h=4 * CHUNK, y=BASES[Bank.SAMPLES] + 3 * 4096
)
LONG_PREPARE = dataclasses.replace(LONG_JOB, mode=Mode.PREPARE, length_h=100)


def assert_good(kernel: RtlKernel, seed: int, channels: int = 1) -> None:
    """A convolution of four rows has the model's bits."""
    x, h = rows(seed, channels, 3 * CHUNK + 5), rows(seed + 1, channels, 100)
    length = x.shape[-1]
    with ModelKernel(LONG) as model:
        expected = convolve(model, x, h, length=length)
    assert_same(convolve(kernel, x, h, length=length), expected)


def test_four_step_equals_the_model(four_step: RtlKernel, seed: int) -> None:
    """Every number of rows, around its borders, one job after another; the counters are those that
    the simulation saw."""
    rng = np.random.default_rng(seed)
    lengths = [
        (length, taps, prepared)
        for most in (1, 2, 4, 8)
        for length, taps, prepared in (
            (most * CHUNK, most * CHUNK, most * CHUNK),
            (most * CHUNK // 2 + 1, 1, most * CHUNK // 2 + 1),
            (1, most * CHUNK // 2 + 1, 1),
            (most * CHUNK - 1, 3, most * CHUNK),
        )
    ]
    with ModelKernel(LONG) as model:
        for number, index in enumerate(rng.permutation(len(lengths))):
            length, taps, prepared = lengths[index]
            channels = 1 + number % 3
            x, h = rows(seed + number, channels, length), rows(seed + 100 + number, channels, taps)
            steps: list[tuple[int, int]] = []
            seen = lambda done, total, steps=steps: steps.append((done, total))  # noqa: E731
            found = convolve(four_step, x, h, seen, prepared)
            assert_same(found, convolve(model, x, h, length=prepared))
            count = channels * row_count(LONG, max(prepared, taps))
            assert steps[-1] == (count, count) and steps == sorted(steps)
            counters, observed = counted(found.convolve), four_step.observed()
            assert counters.mac_beats == count * LONG.chunk_beats
            assert (counters.mac_beats, *counters.stalls().values()) == observed.counts
            assert not observed.wrong
            assert counters.mac_beats + sum(counters.stalls().values()) <= counters.clocks


def test_four_step_memories_change_clocks_and_nothing_else(four_step: RtlKernel, seed: int) -> None:
    """The stalls go to the memory that is slow."""
    x, h = rows(seed, 3, 500), rows(seed + 1, 3, 300)
    fast = convolve(four_step, x, h)
    clocks = counted(fast.convolve).clocks
    for bank, causes in {
        Bank.SAMPLES: ("samples", "output"),
        Bank.X_SPECTRA: ("x", "store"),
        Bank.Z_SPECTRA: ("x", "store"),
        Bank.H_SPECTRA: ("h",),
    }.items():
        fresh(four_step).set_timing(bank, Timing(bandwidth=150, stall=200, seed=seed & 0xFFFF))
        four_step.reset()
        late = convolve(four_step, x, h)
        assert_same(late, fast)
        counters = counted(late.convolve)
        assert counters.clocks > clocks
        stalls = counters.stalls()
        assert all(stalls[cause] > counted(fast.convolve).stalls()[cause] for cause in causes)
        assert tuple(stalls.values()) == four_step.observed().counts[1:]


LONG_BAD_JOBS = [
    (dataclasses.replace(LONG_JOB, length_x=513), ErrorCode.LENGTH_X),
    (dataclasses.replace(LONG_PREPARE, length_x=513), ErrorCode.LENGTH_X),
    (dataclasses.replace(LONG_PREPARE, length_x=0), ErrorCode.LENGTH_X),
    (dataclasses.replace(LONG_JOB, length_h=513), ErrorCode.LENGTH_H),
    (dataclasses.replace(LONG_JOB, length_h=0), ErrorCode.LENGTH_H),
    (dataclasses.replace(LONG_PREPARE, x_spectra=JOB.x_spectra + 4), ErrorCode.POINTER),
    (dataclasses.replace(LONG_JOB, x_spectra=JOB.x_spectra + 4), ErrorCode.POINTER),
    (dataclasses.replace(LONG_JOB, z_spectra=JOB.z_spectra + 2048), ErrorCode.POINTER),
]


def test_four_step_refuses_bad_arguments(four_step: RtlKernel, seed: int) -> None:
    with ModelKernel(LONG) as model:
        both: tuple[RegisterKernel, ...] = (four_step, model)
        for job, code in LONG_BAD_JOBS:
            for one in both:
                with pytest.raises(JobError) as refused:
                    register_kernel.run(one, job)
                assert refused.value.code == code
    assert all(four_step.beats(bank) == (0, 0) for bank in Bank)
    # Pointers that a mode does not use.
    register_kernel.run(four_step, dataclasses.replace(LONG_PREPARE, x=1, y=1, z_spectra=1))
    register_kernel.run(four_step, dataclasses.replace(LONG_JOB, h=1))
    assert_good(four_step, seed)


@pytest.mark.parametrize(
    ("bank", "write", "address", "code"),
    [
        (Bank.SAMPLES, False, LONG_JOB.x + 64, ErrorCode.SAMPLES_READ),
        (Bank.SAMPLES, True, LONG_JOB.y + 64, ErrorCode.SAMPLES_WRITE),
        (Bank.X_SPECTRA, False, LONG_JOB.x_spectra + 64, ErrorCode.X_READ),
        (Bank.X_SPECTRA, True, LONG_JOB.x_spectra + 64, ErrorCode.X_WRITE),
        (Bank.Z_SPECTRA, False, LONG_JOB.z_spectra + 64, ErrorCode.X_READ),
        (Bank.Z_SPECTRA, True, LONG_JOB.z_spectra + 64, ErrorCode.X_WRITE),
        (Bank.H_SPECTRA, False, LONG_JOB.h_spectra + 64, ErrorCode.H_READ),
        (Bank.H_SPECTRA, True, LONG_JOB.h_spectra + 64, ErrorCode.H_WRITE),
    ],
)
def test_four_step_ends_at_a_memory_error(
    four_step: RtlKernel, seed: int, bank: Bank, write: bool, address: int, code: ErrorCode
) -> None:
    four_step.set_error(bank, write=write, address=address)
    with pytest.raises(JobError) as stopped:
        register_kernel.run(four_step, LONG_PREPARE)
        register_kernel.run(four_step, LONG_JOB)
    assert stopped.value.code == code
    four_step.set_error(bank, write=write, address=None)
    assert_good(four_step, seed, channels=2)


@pytest.mark.parametrize("end", ["abort", "reset"])
def test_four_step_cut_short(four_step: RtlKernel, seed: int, end: str) -> None:
    """Anywhere in a job of either mode; the next job has the model's bits."""
    rng = np.random.default_rng(seed)
    for job, clocks in ((LONG_PREPARE, 500), (LONG_JOB, 900)):
        for _ in range(4):
            for field in dataclasses.fields(job):
                register, value = Register[field.name.upper()], getattr(job, field.name)
                four_step.write(register, value & 0xFFFF_FFFF)
                if register in WIDE:
                    four_step.write(register + 4, value >> 32)
            four_step.write(Register.CONTROL, Control.START)
            four_step.run(int(rng.integers(clocks)))
            if end == "abort":
                four_step.abort()
                assert four_step.read(Register.ERROR) == ErrorCode.ABORTED
            else:
                four_step.reset()
            assert_good(four_step, seed)
            four_step.check_protocol()


@pytest.mark.parametrize(
    ("bank", "channel", "code"),
    [
        (Bank.SAMPLES, "r", ErrorCode.SAMPLES_READ_TIMEOUT),
        (Bank.SAMPLES, "w", ErrorCode.SAMPLES_WRITE_TIMEOUT),
        (Bank.X_SPECTRA, "ar", ErrorCode.X_READ_TIMEOUT),
        (Bank.X_SPECTRA, "b", ErrorCode.X_WRITE_TIMEOUT),
        (Bank.Z_SPECTRA, "r", ErrorCode.X_READ_TIMEOUT),
        (Bank.Z_SPECTRA, "aw", ErrorCode.X_WRITE_TIMEOUT),
        (Bank.H_SPECTRA, "r", ErrorCode.H_READ_TIMEOUT),
        (Bank.H_SPECTRA, "aw", ErrorCode.H_WRITE_TIMEOUT),
    ],
)
def test_four_step_memory_that_does_not_answer(
    four_step: RtlKernel, seed: int, bank: Bank, channel: str, code: ErrorCode
) -> None:
    """The watchdog ends the job; once the memory has answered, the next one runs."""
    four_step.write(Register.WATCHDOG, 500)
    four_step.hold(bank, channel)
    with pytest.raises(MemoryLost) as lost:
        register_kernel.run(four_step, LONG_PREPARE)
        register_kernel.run(four_step, LONG_JOB)
    assert lost.value.code == code
    four_step.hold(bank)
    four_step.run(2000)
    four_step.abort()
    assert four_step.at_rest
    assert_good(four_step, seed)


def test_identity_names_the_schedule(four_step: RtlKernel, kernel: RtlKernel) -> None:
    register_kernel.check_identity(four_step)
    found = [each.read(Register.IDENTITY2) >> 16 for each in (four_step, kernel)]
    assert found == [1, 0]


def test_a_kernel_that_hangs_is_found(kernel: RtlKernel) -> None:
    kernel.write(Register.WATCHDOG, 0)
    kernel.set_timing(Bank.H_SPECTRA, Timing(bandwidth=0))
    with pytest.raises(KernelError, match="hangs"):
        register_kernel.run(kernel, PREPARE)


def test_a_memory_that_does_not_answer_is_found(kernel: RtlKernel) -> None:
    kernel.set_timing(Bank.H_SPECTRA, Timing(bandwidth=0))
    with pytest.raises(MemoryLost) as lost:
        register_kernel.run(kernel, PREPARE)
    assert lost.value.code == ErrorCode.H_WRITE_TIMEOUT
    assert not kernel.at_rest
    with pytest.raises(MemoryLost):
        kernel.abort()


def test_protocol_breach_is_found(kernel: RtlKernel) -> None:
    beyond = JOB.x + (1 << 30)
    with pytest.raises(KernelError, match="port samples: a burst is out of the memory"):
        register_kernel.run(kernel, dataclasses.replace(PREPARE, h=beyond))


def test_arrays_must_fit(kernel: RtlKernel) -> None:
    with pytest.raises(InputError, match="x has 3 channels and the filter has 2"):
        convolve(kernel, np.ones((3, 9), np.float32), np.ones((2, 9), np.float32))
    # Samples go in groups of channels; a filter's spectra have to be there as a whole.
    taps = np.ones((64, 1 << 20), np.float32)
    with pytest.raises(OutOfMemory, match=r"in one piece of the memory of h_spectra"):
        Device(kernel).prepare(taps)


def test_identity_is_checked(kernel: RtlKernel) -> None:
    register_kernel.check_identity(kernel)

    class Other(ModelKernel):
        def read(self, offset: int) -> int:
            changed = offset == self.changed
            return super().read(offset) ^ (0x10_0000 if changed else 0)

        changed = Register.VERSION

    with Other(TINY) as other:
        with pytest.raises(KernelError, match="one release"):
            register_kernel.check_identity(other)
        other.changed = Register.IDENTITY2
        with pytest.raises(KernelError, match="not of configuration tiny"):
            register_kernel.check_identity(other)


def test_control_register_is_ap_ctrl_chain(kernel: RtlKernel) -> None:
    assert kernel.read(Register.CONTROL) == Control.IDLE
    register_kernel.run(kernel, PREPARE)
    assert kernel.read(Register.CONTROL) == Control.IDLE | Control.READY
    assert kernel.read(Register.CONTROL) == Control.IDLE
    assert not kernel.run(1)


def test_memory_outlives_its_kernel() -> None:
    with RtlKernel(TINY) as kernel:
        contents = kernel.memories[Bank.SAMPLES].contents
        contents[5] = 7
    gc.collect()
    assert contents[5] == 7


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_signal_while_the_simulation_is_created_is_all_that_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its handler runs as the C++ function returns, before anything keeps what it created."""

    class Library:
        def crocuta_create(self) -> int:
            raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(rtl_kernel, "_load", lambda _: Library())
    with pytest.raises(Stopped):
        RtlKernel(TINY)
    gc.collect()


def test_constants_are_those_of_the_bench() -> None:
    bench = (SIMULATION / "kernel_tb.sv").read_text()
    bases = re.findall(r"Base\s*= 64'h([0-9a-f_]+);", bench)
    assert [int(base.replace("_", ""), 16) for base in bases] == list(BASES.values())
    memory = (SIMULATION / "axi_memory.sv").read_text()
    assert len(re.findall(r"= 4'd\d", memory)) == len(BREACHES)


def test_unchanged_rtl_is_not_compiled_again() -> None:
    compiled: list[bool] = []

    @contextmanager
    def announce() -> Iterator[None]:
        compiled.append(True)
        yield

    path = rtl_build.library(TINY)
    before = path.stat().st_mtime_ns
    assert rtl_build.library(TINY, announce) == path
    assert path.stat().st_mtime_ns == before
    assert not compiled


def test_rtl_that_does_not_compile_names_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtl_build, "TOP", "no_such_top")
    with pytest.raises(KernelError, match="no_such_top"):
        rtl_build.library(TINY)
    monkeypatch.setattr(rtl_build, "TOP", "kernel_tb")
    broken = tmp_path / "kernel_tb.sv"
    broken.write_text("module kernel_tb;\n  wire a = ;\nendmodule\n")
    monkeypatch.setattr(rtl_build, "BENCH_FILES", (broken,))
    with pytest.raises(
        KernelError, match=r"did not compile \(verilator\): see (.*build.log)"
    ) as told:
        rtl_build.library(TINY)
    log = re.search(r"see (.*)\.$", str(told.value))
    assert log and "%Error: kernel_tb.sv:2" in Path(log[1]).read_text()
