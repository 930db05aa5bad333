# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m crocuta`: convolutions, the demonstration and plans, from the command line."""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import perf_counter as clock
from typing import Annotated

import numpy as np
import typer

from crocuta import __version__, backends, extras, stops
from crocuta.backends import Options
from crocuta.cli import demo as demonstration
from crocuta.cli import runs
from crocuta.cli.files import Output, OutputError, check_apart, output_directory
from crocuta.cli.formats import (
    ARCHIVES,
    WAV,
    check_output,
    common_rate,
    encode,
    load_samples,
    split,
)
from crocuta.cli.plans import show, to_json
from crocuta.cli.screen import ProgressScreen, console, errors, layer_table, results
from crocuta.cli.waves import check_size, recorded
from crocuta.errors import InputError, KernelError
from crocuta.hyena import SIZES
from crocuta.models import configs
from crocuta.planner import planner
from crocuta.planner.clocks import Memory
from crocuta.samples import H_SHAPES, X_SHAPES, check_channels

app = typer.Typer(
    name="crocuta",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _config_names() -> str:
    try:
        return ", ".join(configs.names())
    except configs.ConfigError:  # the command that loads one says what is wrong
        return "a name in models/configs.toml"


CONFIG_HELP = (
    f"The kernel's configuration: {_config_names()}, or a variation such as u200+chunk-32768."
)


def _discard_stdout() -> None:
    """Prevents a second failure when Python flushes its streams at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def one_sentence() -> Iterator[None]:
    """Reports errors as one sentence. Exit status 2 for bad input, 128 + the signal's number after
    a signal, 1 for everything else."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # it may not be able to encode a file's name
            stream.reconfigure(errors="backslashreplace")
    try:
        with stops.raising(patient=True):
            yield
    except (InputError, planner.PlanError) as error:
        code, message = 2, str(error)
    except configs.ConfigError as error:
        code, message = 2, f"{str(error)[0].upper()}{str(error)[1:]}."
    except (KernelError, OutputError) as error:
        code, message = 1, str(error)
    except MemoryError:
        code, message = 1, "There is not enough memory: give shorter arrays, or free some memory."
    except OSError as error:  # files report their own errors, so this is the screen
        _discard_stdout()
        code, message = 1, f"The results cannot be shown: {(error.strerror or str(error)).lower()}."
    except KeyboardInterrupt as error:
        number = signal.Signals(getattr(error, "number", signal.SIGINT))
        code, message = 128 + number, f"Stopped by {number.name}: nothing was written."
    else:
        return
    with suppress(OSError):
        errors.print(message, style="red", markup=False)
    raise typer.Exit(code)


def check(run: runs.Run) -> None:
    """Raises KernelError if outputs differ from the model, or if y's error is beyond the bound of
    the configuration."""
    if run.mismatches:
        raise KernelError(
            f"The kernel is wrong: {run.mismatches} of {run.x.size} outputs differ from the model."
        )
    if run.faults:
        raise KernelError(f"y is wrong. {' '.join(run.faults)}")


@app.command()
def conv(
    x: Annotated[
        Path,
        typer.Argument(
            help="Samples of shape (length,), (channels, length) or (batch, channels, length): a"
            " .npy, .npz, .safetensors or .wav file, or FILE:NAME for one of several arrays."
        ),
    ],
    h: Annotated[
        Path,
        typer.Argument(
            help="Filters of shape (taps,), one for all channels, or (channels, taps), one for"
            " each: files as for x."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="The file to write y to, in x's shape; formats as for x."
        ),
    ],
    backend: Annotated[
        str,
        typer.Option(
            help="rtl: the simulated hardware; model: its model in numpy; float: scipy's FFT; xrt,"
            " xdma: a card, with or without a Vitis shell; uart: a board behind a serial port."
        ),
    ] = "rtl",
    config: Annotated[str, typer.Option(help=CONFIG_HELP)] = "u200",
    report: Annotated[
        str | None, typer.Option(help="A .json file for clocks, stalls and accuracy.")
    ] = None,
    waves: Annotated[
        str | None,
        typer.Option(help="For rtl: an .fst file of all signals, with lists for two viewers."),
    ] = None,
    card: Annotated[int, typer.Option(help="The card's number, from 0.")] = 0,
    xclbin: Annotated[
        Path | None, typer.Option(help="For xrt: the file that `make xclbin` built.")
    ] = None,
    port: Annotated[
        str | None, typer.Option(help="For uart: the serial port, such as /dev/ttyUSB0.")
    ] = None,
) -> None:
    """Convolve x with h, channel by channel: y = numpy.convolve(x, h)[:len(x)], as float32.

    x may have 1 to 4,194,304 samples per channel and h as many taps, as float32, float64 or a type
    that float32 holds exactly. Of several arrays in a file, those named x and h are read unless
    others are named. Integers in a .wav file are fractions of full scale; y is written to one as
    float32, without scaling. Every output of the hardware is compared with the model's. The first
    run of a configuration compiles the hardware.
    """
    with one_sentence():
        backends.check(backend)
        options = Options(card=card, xclbin=xclbin, port=port)
        loaded = configs.load_model(config)
        backends.check_config(backend, loaded)
        longest = 1 << loaded.max_length_log2
        outputs = {"-o": Output(output)}
        if report is not None:
            outputs["--report"] = Output(report)
        check_apart(outputs, (split(x)[0], split(h)[0]))
        read_x = load_samples(x, "x", X_SHAPES, longest)
        read_h = load_samples(h, "h", H_SHAPES, longest)
        samples, taps, rate = read_x.array, read_h.array, common_rate(read_x, read_h)
        check_output(output, samples.shape, rate)
        check_channels(samples.shape, np.atleast_2d(taps).shape[0])
        with ExitStack() as stack:
            if waves is not None:
                if backend != "rtl":
                    raise InputError("Only the backend rtl has waves.")
                jobs = samples.size // samples.shape[-1]
                check_size(loaded, samples.shape[-1], taps.shape[-1], jobs)
                part = stack.enter_context(recorded(Path(waves), loaded))
                options = dataclasses.replace(options, waves=part)
            screen = stack.enter_context(ProgressScreen())
            run = runs.run(samples, taps, loaded, backend, screen, options)
        outputs["-o"].write(*encode(output, {"y": run.y}, rate))
        if report is not None:
            outputs["--report"].write(runs.to_json(run.report()))
        taken = any(file.is_stdout for file in outputs.values())
        (errors if taken else console).print(results(run))
        check(run)


@app.command()
def demo(
    bases: Annotated[
        int | None,
        typer.Option(
            help=f"The number of bases to use; default: {demonstration.BASES:,}, or as many as the"
            " configuration takes."
        ),
    ] = None,
    config: Annotated[str, typer.Option(help=CONFIG_HELP)] = "u200",
    channel: Annotated[int, typer.Option(help="The filter's channel, 0 to 255.")] = 128,
    seed: Annotated[int, typer.Option(help="Seeds the filter's weights and the embedding.")] = 1,
    backend: Annotated[
        str, typer.Option(help="rtl: the simulated hardware; model: its model in numpy.")
    ] = "rtl",
    directory: Annotated[Path, typer.Option(help="Directory for the report and the picture.")] = (
        demonstration.DIRECTORY
    ),
) -> None:
    """Convolve the start of E. coli's genome with a HyenaDNA filter of the same length.

    Writes report.json and demo.png. The hardware's first run also compiles it, which takes minutes.
    """
    with one_sentence():
        began = clock()
        demonstration.check_backend(backend)
        loaded = configs.load_model(config)
        backends.check_config(backend, loaded)
        longest = 1 << loaded.max_length_log2
        bases = min(demonstration.BASES, longest) if bases is None else bases
        inputs = demonstration.Inputs(bases, channel, seed)
        inputs.check(longest)
        demonstration.check_tools()
        with output_directory(directory):
            report_file = Output(directory / "report.json")
            picture_file = Output(directory / "demo.png")
            with ProgressScreen() as screen:
                run = demonstration.run(inputs, loaded, backend, screen)
                with screen.step("Drawing"):
                    picture_file.write(demonstration.draw(run, inputs))
            report = run.report(**inputs.report(), wall_s=clock() - began)
            report_file.write(runs.to_json(report))
        console.print(results(run))
        console.print(f"Report: {directory / 'report.json'}\nPicture: {directory / 'demo.png'}")
        check(run)


@app.command()
def hyenadna(
    fasta: Annotated[Path, typer.Argument(help="DNA: a FASTA file, compressed by gzip or not.")],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="The file for the hidden states, (bases, channels) as float32: .npy for one"
            " record, .npz or .safetensors for any number, by their names.",
        ),
    ],
    model: Annotated[
        Path | None, typer.Option(help="A directory with config.json and model.safetensors.")
    ] = None,
    random: Annotated[
        str | None,
        typer.Option(help=f"Random weights in a published size: {', '.join(SIZES)}."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seeds the random weights.")] = 1,
    layers: Annotated[int | None, typer.Option(help="Random weights: number of layers.")] = None,
    channels: Annotated[
        int | None, typer.Option(help="Random weights: number of channels.")
    ] = None,
    record: Annotated[list[str] | None, typer.Option(help="A record to use; default: all.")] = None,
    start: Annotated[int, typer.Option(help="The first base to use of each record.")] = 1,
    bases: Annotated[
        int | None, typer.Option(help="Number of bases to use; default: all that follow.")
    ] = None,
    logits: Annotated[
        str | None, typer.Option(help="A file for the logits of the next token; formats as for -o.")
    ] = None,
    backend: Annotated[str, typer.Option(help="The backend that convolves, as for conv.")] = "rtl",
    config: Annotated[str, typer.Option(help=CONFIG_HELP)] = "u200",
    report: Annotated[
        str | None, typer.Option(help="A .json file for clocks, times and transfers.")
    ] = None,
    picture: Annotated[str | None, typer.Option(help="A .png file of states and clocks.")] = None,
    snr: Annotated[
        bool, typer.Option("--snr", help="Also compute everything in float64, and compare.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Also compute with the bit-exact model, and compare.")
    ] = False,
    card: Annotated[int, typer.Option(help="The card's number, from 0.")] = 0,
    xclbin: Annotated[
        Path | None, typer.Option(help="For xrt: the file that `make xclbin` built.")
    ] = None,
    port: Annotated[str | None, typer.Option(help="For uart: the serial port.")] = None,
) -> None:
    """Compute HyenaDNA's hidden states of DNA, with the long convolutions on a device.

    Everything else runs in PyTorch on the host. Each base is one token, without special ones, and
    a record may have as many as the model's maximum length.
    """
    with one_sentence():
        backends.check(backend)
        configs.load(config)
        extras.need("torch", "HyenaDNA", "torch", "safetensors")
        if picture is not None:
            extras.need("demo", "The picture", "matplotlib")
        # Only here: PyTorch loads slowly.
        from crocuta.cli import hyenadna as embedding

        named = {"-o": output, "--logits": logits, "--report": report, "--picture": picture}
        outputs = {option: Output(name) for option, name in named.items() if name is not None}
        weights = [] if model is None else [model / "config.json", model / "model.safetensors"]
        check_apart(outputs, (fasta, *weights))
        changes = {"n_layer": layers, "d_model": channels}
        inputs = embedding.read(
            fasta,
            record or [],
            start,
            bases,
            model,
            random,
            seed,
            {name: value for name, value in changes.items() if value is not None},
        )
        names = [each.name for each in inputs.records]
        for name in (output, logits):
            suffix = Path(name or "").suffix
            if name and suffix == WAV:
                raise InputError(f"{name} cannot hold hidden states: write a .npy file.")
            if name and suffix not in ARCHIVES and len(names) > 1:
                raise InputError(
                    f"{fasta} has {len(names)} records: choose one with --record, or write a .npz."
                )
        if len(set(names)) < len(names):
            raise InputError(f"{fasta} has several records of one name: rename them.")
        options = Options(card=card, xclbin=xclbin, port=port)
        with ProgressScreen() as screen:
            run = embedding.run(inputs, backend, config, options, screen, snr=snr, verify=verify)
            if picture is not None:
                with screen.step("Drawing"):
                    from crocuta.cli import hyenadna_picture

                    outputs["--picture"].write(hyenadna_picture.draw(inputs, run))
        for option, name, arrays in (("-o", output, run.hidden), ("--logits", logits, run.logits)):
            if name is not None:
                outputs[option].write(*encode(name, dict(zip(names, arrays, strict=True))))
        if report is not None:
            outputs["--report"].write(runs.to_json(run.report))
        taken = any(file.is_stdout for file in outputs.values())
        (errors if taken else console).print(layer_table(run.report))
        embedding.check(run)


@app.command()
def plan(
    length: Annotated[str, typer.Option(help="Samples of x: 450000, 450k, 1e6 or 4Mi.")],
    filter_length: Annotated[
        str | None, typer.Option(help="Taps of the filter; default: as many as samples.")
    ] = None,
    channels: Annotated[str, typer.Option(help="Channels, each with its own filter.")] = "1",
    device: Annotated[str, typer.Option(help=f"{', '.join(planner.devices())}.")] = "u200",
    bram: Annotated[
        str | None, typer.Option(help="The block RAM to use at most: 2.8MB, or a number of RAMs.")
    ] = None,
    clock: Annotated[float | None, typer.Option(help="MHz, assumed.")] = None,
    snr: Annotated[float | None, typer.Option(help="The minimum SNR in dB.")] = None,
    latency: Annotated[int, typer.Option(help="The memory's latency in clocks.")] = 60,
    bandwidth: Annotated[
        float, typer.Option(help="The memory's bandwidth: beats per clock and port, at most 1.")
    ] = 1.0,
    banks: Annotated[
        int | None, typer.Option(help="Memory banks to use; default: all of the device's.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Number of configurations to show.")] = 8,
    json: Annotated[str | None, typer.Option(help="A .json file for all configurations.")] = None,
) -> None:
    """Choose the fastest configuration that fits an FPGA, for a given job.

    Nothing is built: clocks, memory, logic and SNR are predicted, as docs/planning.md explains.
    """
    with one_sentence():
        target = planner.device(device)
        samples = planner.count_of(length, "length")
        demand = planner.Demand(
            samples,
            samples
            if filter_length is None
            else planner.count_of(filter_length, "filter's length"),
            planner.count_of(channels, "number of channels"),
            snr,
            planner.blocks_of(bram, target.family) if bram else None,
            clock,
            Memory(latency, bandwidth),
            banks,
        )
        file = None if json is None else Output(json)
        fitting, faster = planner.plans(target, demand)
        if file:
            file.write(to_json(target, demand, fitting, faster))
        screen = errors if file and file.is_stdout else console
        show(screen, target, demand, fitting, faster, rows)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.print(f"crocuta {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Very long causal convolutions on the Crocuta FPGA kernel, here simulated clock by clock."""
