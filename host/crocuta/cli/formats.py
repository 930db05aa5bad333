# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays in files of the command line: .npy, .npz, .safetensors and .wav.

A file's suffix names its format; every other file, such as a pipe, is a .npy file. Of a .npz or
.safetensors file with several arrays, FILE:NAME is one.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import scipy.io.wavfile

from crocuta import extras
from crocuta.cli.files import reason
from crocuta.errors import InputError
from crocuta.samples import check_dtype, check_shape, to_single

Array = npt.NDArray[Any]
NPZ, SAFETENSORS, WAV = ".npz", ".safetensors", ".wav"
ARCHIVES = (NPZ, SAFETENSORS)
"""Formats of several arrays, each with a name."""
WAV_BYTES = (1 << 32) - (1 << 10)
"""A .wav file counts its bytes in 32 bits."""
SHOWN = 8


@dataclass(frozen=True)
class Samples:
    """What a file holds."""

    array: Array
    rate: int | None = None
    """Samples per second, if it is a .wav file."""


# -------------------------------------------------------------------------------------------------
# Reading


def split(argument: Path) -> tuple[Path, str | None]:
    """The file, and the name of an array in it if the argument is FILE:NAME."""
    file, colon, name = str(argument).rpartition(":")
    if colon and Path(file).suffix in ARCHIVES and not argument.exists():
        return Path(file), name
    return argument, None


def load_samples(argument: Path, role: str, shapes: tuple[str, ...], longest: int) -> Samples:
    """Reads an array, which keeps its type; `to_single` turns it into float32.

    Integers in a .wav file are fractions of full scale, from -1 to 1; its channels are the rows.

    Args:
        argument: a file, or FILE:NAME.
        role: the array of several to take if none is named, such as "x".
        shapes: those that it may have.
        longest: samples that it may have.

    Raises:
        InputError: the contents are something else, or have no, too many or non-finite samples.
    """
    path, name = split(argument)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory, not a {path.suffix or '.npy'} file.")
        if path.suffix == WAV:
            samples = _read_wav(path)
            check_shape(path, samples.array.shape, shapes, longest)
        elif path.suffix == SAFETENSORS:
            samples = Samples(_read_safetensors(path, name, role, shapes, longest))
        elif path.suffix == NPZ:
            samples = Samples(_read_npz(path, name, role, shapes, longest))
        else:
            with path.open("rb") as file:
                state = os.fstat(file.fileno())
                size = state.st_size if stat.S_ISREG(state.st_mode) else None
                samples = Samples(_read_npy(path, file, size, shapes, longest))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}.") from None
    to_single(argument, samples.array)
    return samples


def _chosen(path: Path, names: Sequence[str], name: str | None, role: str) -> str:
    """The array to read: the named one, the only one, or the one with the role's name."""
    wanted = name if name is not None else names[0] if len(names) == 1 else role
    if wanted in names:
        return wanted
    listed = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    if not names:
        raise InputError(f"{path} holds no arrays.")
    if name is None:
        raise InputError(f"{path} holds {listed}: name one, as in {path}:{names[0]}.")
    raise InputError(f"{path} holds no {name}; choose one of: {listed}.")


def _read_npy(
    path: object,
    file: io.BufferedReader,
    size: int | None,
    shapes: tuple[str, ...],
    longest: int,
) -> Array:
    """Reads a .npy file of `size` bytes, if that is known."""
    shape, by_columns, dtype = _read_header(path, file)
    check_dtype(path, dtype)
    check_shape(path, shape, shapes, longest)
    there = None if size is None else size - file.tell()
    samples = _read_samples(path, file, shape[::-1] if by_columns else shape, dtype, there)
    given = samples.T if by_columns else samples
    return given.astype(dtype.newbyteorder("="), copy=False)


def _read_header(
    path: object, file: io.BufferedReader
) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Reads the header: the shape of the array, whether it is stored column by column, and its
    type."""
    if not file.peek(1):
        raise InputError(f"{path} is empty.")
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file)
        return np.lib.format.read_array_header_2_0(file)
    except OSError:
        raise
    except Exception:  # numpy raises many kinds of errors for a broken header
        raise InputError(f"{path} is not a .npy file: write it with numpy.save.") from None


def _read_samples(
    path: object,
    file: io.BufferedReader,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    there: int | None,
) -> npt.NDArray[np.generic]:
    """Reads the array behind the header, where `there` bytes are, if that is known. Raises
    InputError if the file ends before it does."""
    count = int(np.prod(shape, dtype=object))
    if there is None or there >= count * dtype.itemsize:  # allocate nothing for missing data
        samples = np.empty(shape, dtype)
        contents = samples.reshape(-1).view(np.uint8).data
        there = 0
        while there < len(contents) and (got := file.readinto(contents[there:])):
            there += got
        if there == len(contents):
            return samples
    raise InputError(f"{path} ends after {there // dtype.itemsize} of its {count} samples.")


def _read_npz(
    path: Path, name: str | None, role: str, shapes: tuple[str, ...], longest: int
) -> Array:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.removesuffix(".npy") for entry in archive.namelist()]
            chosen = _chosen(path, names, name, role)
            entry = archive.getinfo(archive.namelist()[names.index(chosen)])
            with io.BufferedReader(cast(Any, archive.open(entry))) as file:
                label = f"{path}:{chosen}"
                return _read_npy(label, file, entry.file_size, shapes, longest)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, zipfile.BadZipFile) and not zipfile.is_zipfile(path):
            raise InputError(f"{path} is not a .npz file: write it with numpy.savez.") from None
        raise InputError(f"{path} is damaged: write it again with numpy.savez.") from None


def _read_safetensors(
    path: Path, name: str | None, role: str, shapes: tuple[str, ...], longest: int
) -> Array:
    extras.need("torch", "A .safetensors file", "safetensors")
    from safetensors import SafetensorError, safe_open

    path.open("rb").close()  # for the system's own reason, if it cannot be read
    try:
        with safe_open(path, "numpy") as file:
            chosen = _chosen(path, sorted(file.keys()), name, role)
            label, part = f"{path}:{chosen}", file.get_slice(chosen)
            check_shape(label, tuple(part.get_shape()), shapes, longest)
            kind = part.get_dtype()
            if kind == "BF16":
                return _read_bfloat16(path, chosen)
            try:
                array: Array = file.get_tensor(chosen)
            except (AttributeError, TypeError):  # numpy has no such type
                raise InputError(
                    f"{label} holds {kind}, which float32 cannot be made of: convert with .float()."
                ) from None
            check_dtype(label, array.dtype)
            return array
    except SafetensorError as error:
        why = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{path} is not a .safetensors file: {why}.") from None


def _read_bfloat16(path: Path, name: str) -> Array:
    """numpy has no bfloat16; PyTorch does."""
    extras.need("torch", "bfloat16 in a .safetensors file", "torch")
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        array: Array = file.get_tensor(name).float().numpy()
        return array


def _read_wav(path: Path) -> Samples:
    content = path.read_bytes()
    if not content:
        raise InputError(f"{path} is empty.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", scipy.io.wavfile.WavFileWarning)  # unknown chunks
            rate, array = scipy.io.wavfile.read(io.BytesIO(content))
    except (ValueError, struct.error) as error:
        why = str(error).rstrip(".") if "wave file format" in str(error) else "it is broken"
        raise InputError(f"{path} is no .wav file of PCM or float samples: {why}.") from None
    if array.dtype.kind == "u":  # 8 bits, with silence in the middle
        array = (array.astype(np.float32) - 128) / 128
    elif array.dtype.kind == "i":
        array = array.astype(np.float32) / -np.float32(np.iinfo(array.dtype).min)
    return Samples(np.ascontiguousarray(array.T), int(rate))


# -------------------------------------------------------------------------------------------------
# Writing


def common_rate(*inputs: Samples) -> int | None:
    """The sampling rate of the inputs that are .wav files, if any is.

    Raises:
        InputError: they differ.
    """
    rates = sorted({samples.rate for samples in inputs if samples.rate is not None})
    if len(rates) > 1:
        raise InputError(
            f"The .wav files have {rates[0]} and {rates[1]} samples per second: resample one."
        )
    return rates[0] if rates else None


def check_output(path: str | Path, shape: tuple[int, ...], rate: int | None) -> None:
    """Raises InputError if a file's format cannot hold an array of this shape."""
    suffix = Path(path).suffix
    if suffix == SAFETENSORS:
        extras.need("torch", "A .safetensors file", "safetensors")
    if suffix != WAV:
        return
    if rate is None:
        raise InputError(f"{path} needs a sampling rate: give x as a .wav file, or write a .npy.")
    if len(shape) > 2 or (len(shape) == 2 and shape[0] > 0xFFFF):
        raise InputError(f"{path} cannot hold the shape {shape} of y: write a .npy file.")
    if 4 * int(np.prod(shape, dtype=object)) > WAV_BYTES:
        raise InputError(f"{path} would be larger than a .wav file can be: write a .npy file.")


def encode(
    path: str | Path, arrays: Mapping[str, Array], rate: int | None = None
) -> Sequence[bytes | memoryview]:
    """The contents of a file with named arrays, in the format of its suffix; .npy and .wav have no
    names and hold one. A .wav file gets float32 samples as they are, without scaling or clipping.
    """
    suffix = Path(path).suffix
    if suffix == NPZ:
        file = io.BytesIO()
        np.savez(file, **cast(Any, arrays))
        return [file.getbuffer()]
    if suffix == SAFETENSORS:
        import safetensors.numpy

        return [
            safetensors.numpy.save(
                {name: np.ascontiguousarray(array) for name, array in arrays.items()}
            )
        ]
    (array,) = arrays.values()
    if suffix == WAV:
        file = io.BytesIO()
        scipy.io.wavfile.write(file, rate, array.T)
        return [file.getbuffer()]
    return npy(array)


def npy(array: Array) -> tuple[bytes, memoryview]:
    """The bytes that numpy.save writes for an array, header and contents."""
    array = np.ascontiguousarray(array)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return header.getvalue(), array.reshape(-1).view(np.uint8).data
