# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The formats that `conv` reads and writes: the same numbers in each, and a sentence for each file
that cannot be."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.io.wavfile
from typer.testing import CliRunner, Result

from crocuta.cli import runs
from crocuta.cli.app import app
from crocuta.models import configs

Array = npt.NDArray[Any]
TINY = configs.load("tiny")


def conv(*arguments: object) -> Result:
    """A convolution on the quickest backend."""
    options = ["--backend", "model", "--config", "tiny"]
    return CliRunner().invoke(app, ["conv", *map(str, arguments), *options])


def refused(result: Result, sentence: str, code: int = 2) -> None:
    assert result.exit_code == code, (result.output, result.exception)
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1 and result.stderr.endswith(".\n")


@pytest.fixture
def x(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Array:
    """Two channels, and x.npy, h.npy with them in the current directory."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    channels = rng.integers(-(1 << 15), 1 << 15, (2, 300)).astype(np.int16)
    np.save("x.npy", channels.astype(np.float32) / 32768)
    np.save("h.npy", rng.normal(size=90).astype(np.float32))
    return channels


def save_tensors(file: str, **tensors: Array) -> None:
    safetensors = pytest.importorskip("safetensors.numpy", reason="the extra torch is missing")
    safetensors.save_file(tensors, file)


def load_tensor(file: str) -> Array:
    import safetensors.numpy

    (tensor,) = safetensors.numpy.load_file(file).values()
    return np.asarray(tensor)


def expected() -> Array:
    return runs.modelled(np.load("x.npy"), np.load("h.npy"), TINY)


def succeeds(*arguments: object) -> None:
    result = conv(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)


def test_every_format_gives_the_same_numbers(x: Array) -> None:
    samples, taps = np.load("x.npy"), np.load("h.npy")
    np.savez("both.npz", x=samples, h=taps, other=np.array(["text"]))
    np.savez_compressed("one.npz", anything=np.asfortranarray(samples))
    save_tensors("both.safetensors", x=samples, h=taps, z=taps)
    save_tensors("one.safetensors", filter=taps)
    scipy.io.wavfile.write("x.wav", 8000, x.T)
    scipy.io.wavfile.write("float.wav", 8000, samples.T)
    wanted = expected()
    for first, second in (
        ("both.npz", "both.npz"),
        ("one.npz", "both.npz:h"),
        ("both.safetensors", "one.safetensors"),
        ("both.safetensors:x", "both.safetensors:z"),
        ("x.wav", "h.npy"),
        ("float.wav", "one.safetensors:filter"),
    ):
        succeeds(first, second, "-o", "y.npz")
        with np.load("y.npz") as file:
            assert file.files == ["y"]
            np.testing.assert_array_equal(file["y"], wanted)
    succeeds("x.npy", "h.npy", "-o", "y.safetensors")
    np.testing.assert_array_equal(load_tensor("y.safetensors"), wanted)
    succeeds("x.wav", "h.npy", "-o", "y.wav")
    rate, y = scipy.io.wavfile.read("y.wav")
    assert rate == 8000 and y.dtype == np.float32 and np.abs(y).max() > 1, "it is not clipped"
    np.testing.assert_array_equal(y.T, wanted)


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [
        (np.uint8, lambda v: (v.astype(float) - 128) / 128),
        (np.int16, lambda v: v / 2.0**15),
        (np.int32, lambda v: v / 2.0**31),
        (np.float32, lambda v: v),
        (np.float64, lambda v: v),
    ],
)
def test_scaling_of_a_wav_file(
    x: Array, dtype: type[Any], scale: Callable[[Array], Array], seed: int
) -> None:
    """One channel is a row of its own: (length,)."""
    values = np.random.default_rng(seed).normal(size=50) * 40
    array = (values + (128 if dtype is np.uint8 else 0)).astype(dtype)
    scipy.io.wavfile.write("x.wav", 44_100, array)
    np.save("h.npy", np.ones(1, np.float32))
    succeeds("x.wav", "h.npy", "-o", "y.npy")
    y = np.load("y.npy")
    assert y.shape == (50,)
    np.testing.assert_allclose(y, scale(array), rtol=1e-4, atol=1e-5 * np.abs(y).max())


def test_24_bits(x: Array) -> None:
    wave = pytest.importorskip("wave")
    values = [0, 1 << 22, -(1 << 23), (1 << 23) - 1]
    with wave.open("x.wav", "wb") as file:
        file.setparams((1, 3, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(v.to_bytes(3, "little", signed=True) for v in values))
    np.save("h.npy", np.ones(1, np.float32))
    succeeds("x.wav", "h.npy", "-o", "y.npy")
    np.testing.assert_allclose(np.load("y.npy"), [0, 0.5, -1, 1], atol=1e-5)


def test_bfloat16_tensors(x: Array) -> None:
    torch = pytest.importorskip("torch", reason="the extra torch is missing")
    from safetensors.torch import save_file

    taps = torch.from_numpy(np.load("h.npy")).bfloat16()
    save_file({"h": taps, "half": taps.half()}, "h.safetensors")
    np.save("h.npy", taps.float().numpy())
    for name in ("h", "half"):
        succeeds("x.npy", f"h.safetensors:{name}", "-o", "y.npy")
        np.testing.assert_array_equal(np.load("y.npy"), expected())


def test_a_name_with_a_colon(x: Array) -> None:
    """A file of that name is meant first."""
    np.savez("a.npz", b=np.load("h.npy"))
    Path("a.npz:b").write_bytes(Path("h.npy").read_bytes())
    Path("c:x.npy").write_bytes(Path("x.npy").read_bytes())
    succeeds("c:x.npy", "a.npz:b", "-o", "y.npy")
    np.testing.assert_array_equal(np.load("y.npy"), expected())


def npz(**arrays: Array) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def wav(array: Array) -> bytes:
    file = io.BytesIO()
    scipy.io.wavfile.write(file, 8000, array)
    return file.getvalue()


def damaged() -> bytes:
    content = bytearray(npz(x=np.ones(1000, np.float32)))
    content[2000] ^= 1
    return bytes(content)


def truncated() -> bytes:
    """An entry with fewer samples than its header says."""
    file, entry = io.BytesIO(), io.BytesIO()
    np.save(entry, np.ones(50, np.float32))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", entry.getvalue()[:-4])
    return file.getvalue()


ONES = np.ones(9, np.float32)
BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "several": ("x.npz", lambda: npz(a=ONES, b=ONES), "holds a, b: name one, as in x.npz:a."),
    "none": ("x.npz", npz, "x.npz holds no arrays."),
    "no npz": ("x.npz", lambda: b"1 2 3", "x.npz is not a .npz file: write it with numpy.savez."),
    "empty npz": ("x.npz", bytes, "x.npz is not a .npz file"),
    "damaged": ("x.npz", damaged, "x.npz is damaged: write it again with numpy.savez."),
    "truncated": ("x.npz", truncated, "x.npz:x ends after 49 of its 50 samples."),
    "text": ("x.npz", lambda: npz(x=np.array(["a"])), "x.npz:x holds text"),
    "shape": ("x.npz", lambda: npz(x=np.array(1.0)), "x.npz:x has shape ()"),
    "NaN": ("x.npz", lambda: npz(x=ONES * np.nan), "x.npz holds NaN or infinity, first at ind"),
    "empty wav": ("x.wav", bytes, "x.wav is empty."),
    "no wav": ("x.wav", lambda: b"RIFF" * 30, "x.wav is no .wav file of PCM or float samples: "),
    "cut wav": (
        "x.wav",
        lambda: wav(ONES)[:30],
        "x.wav is no .wav file of PCM or float samples: i",
    ),
    "compressed": (
        "x.wav",
        lambda: wav(ONES)[:20] + b"\x55\x00" + wav(ONES)[22:],
        "samples: Unknown wave file format: MPEGLAYER3. Supported formats: PCM, IEEE_FLOAT.",
    ),
    "no samples": ("x.wav", lambda: wav(ONES[:0]), "x.wav has 0 samples"),
    "wav NaN": ("x.wav", lambda: wav(ONES * np.nan), "x.wav holds NaN or infinity"),
}


@pytest.mark.parametrize("case", BAD)
def test_files_that_cannot_be_read(x: Array, case: str) -> None:
    name, content, sentence = BAD[case]
    Path(name).write_bytes(content())
    before = sorted(Path().iterdir())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(conv(name, "h.npy", "-o", "y.npy"), sentence)
    assert sorted(Path().iterdir()) == before


def test_tensors_that_cannot_be_read(x: Array) -> None:
    torch = pytest.importorskip("torch", reason="the extra torch is missing")
    from safetensors.torch import save_file

    save_file({"a": torch.ones(3, dtype=torch.float8_e4m3fn), "b": torch.ones(3)}, "x.safetensors")
    for file, sentence in (
        ("x.safetensors", "x.safetensors holds a, b: name one, as in x.safetensors:a."),
        ("x.safetensors:a", "x.safetensors:a holds F8_E4M3, which float32 cannot be made of"),
        ("x.safetensors:c", "x.safetensors holds no c; choose one of: a, b."),
        ("none.safetensors:c", "none.safetensors does not exist."),
        ("none.npz:c", "none.npz does not exist."),
        ("x.npy:c", "x.npy:c does not exist."),
    ):
        refused(conv(file, "h.npy", "-o", "y.npy"), sentence)
    Path("x.safetensors").write_bytes(b"\x10" + bytes(20))
    refused(
        conv("x.safetensors", "h.npy", "-o", "y"), "x.safetensors is not a .safetensors file: E"
    )
    Path("d.wav").mkdir()
    refused(conv("d.wav", "h.npy", "-o", "y.npy"), "d.wav is a directory, not a .wav file.")


def test_outputs_that_cannot_be(x: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "run", lambda *_, **__: pytest.fail("it ran"))
    scipy.io.wavfile.write("x.wav", 8000, x.T)
    scipy.io.wavfile.write("h.wav", 44_100, np.load("h.npy"))
    np.savez("x.npz", x=np.ones((2, 2, 9), np.float32), h=ONES)
    refused(conv("x.npy", "h.npy", "-o", "y.wav"), "y.wav needs a sampling rate: give x as a .wav")
    refused(conv("x.npz", "h.wav", "-o", "y.wav"), "y.wav cannot hold the shape (2, 2, 9) of y: ")
    refused(conv("x.wav", "h.wav", "-o", "y.wav"), "have 8000 and 44100 samples per second: resa")
    refused(conv("x.npz:x", "x.npz:h", "-o", "x.npz"), "-o and the input x.npz are one file")
    assert not list(Path().glob("y*"))


def test_without_safetensors(x: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crocuta.extras.find_spec", lambda _: None)
    Path("x.safetensors").write_bytes(b"")
    for arguments in (
        ("x.safetensors", "h.npy", "-o", "y"),
        ("x.npy", "h.npy", "-o", "y.safetensors"),
    ):
        refused(conv(*arguments), "A .safetensors file needs safetensors: run", code=1)
