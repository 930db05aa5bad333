# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The configurations of configs.toml, checked and with their derived sizes.

A name is one of the file's or one with changes, `u200+chunk-32768+mantissa_bits-16`: of characters
that no shell, makefile or file system takes for its own, as names become those of files.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONFIG_FILE = ROOT / "configs.toml"


class ConfigError(ValueError):
    """A configuration that does not exist or that no hardware can be built from."""


@dataclasses.dataclass(frozen=True)
class Config:
    """One configuration of the engine; field names are the RTL's parameters in snake case."""

    name: str
    about: str
    lanes: int
    chunk: int
    mantissa_bits: int
    exponent_bits: int
    twiddle_bits: int
    right_angle: bool
    max_length_log2: int
    outputs: int = 1  # output chunks that a pass adds to
    bram36_max: int | None = None  # budget of block RAMs of 36 Kb; None: not limited
    uram_max: int | None = None  # budget of UltraRAMs

    def __post_init__(self) -> None:
        def power_of_two(value: int, low: int, high: int) -> bool:
            return low <= value <= high and value & (value - 1) == 0

        def within(value: int, low: int, high: int) -> bool:
            return low <= value <= high

        for ok, problem in (
            (power_of_two(self.lanes, 2, 16), "lanes must be 2, 4, 8 or 16"),
            (power_of_two(self.chunk, 16, 1 << 17), "chunk must be a power of two in 16..131072"),
            (self.chunk >= self.lanes, "chunk must hold at least one beat of lanes"),
            (within(self.mantissa_bits, 14, 24), "mantissa_bits must be 14..24"),
            (within(self.exponent_bits, 8, 10), "exponent_bits must be 8..10"),
            (within(self.twiddle_bits, 12, 27), "twiddle_bits must be 12..27"),
            (within(self.max_length_log2, 4, 28), "max_length_log2 must be 4..28"),
            (within(self.outputs, 1, 2), "outputs must be 1 or 2"),
        ):
            if not ok:
                raise ConfigError(f"configuration {self.name}: {problem}")

    @property
    def chunk_log2(self) -> int:
        """k: the number of levels of the transform."""
        return self.chunk.bit_length() - 1

    @property
    def lanes_log2(self) -> int:
        """w: the number of levels that are wiring between lanes."""
        return self.lanes.bit_length() - 1

    @property
    def chunk_beats(self) -> int:
        """Beats of `lanes` words in one chunk."""
        return self.chunk // self.lanes

    @property
    def word_bits(self) -> int:
        """Bits of one CFP word: two mantissas and the exponent."""
        return 2 * self.mantissa_bits + self.exponent_bits

    @property
    def beat_bits(self) -> int:
        """Bits of one beat of CFP words."""
        return self.lanes * self.word_bits

    @property
    def axi_bits(self) -> int:
        """Bits of one AXI beat: a 64-bit slot for each lane's word."""
        return 64 * self.lanes

    def parameters(self) -> dict[str, int]:
        """The kernel's SystemVerilog parameters."""
        return {
            "Lanes": self.lanes,
            "Chunk": self.chunk,
            "MantissaBits": self.mantissa_bits,
            "ExponentBits": self.exponent_bits,
            "TwiddleBits": self.twiddle_bits,
            "MaxLengthLog2": self.max_length_log2,
            "Outputs": self.outputs,
        }


SETTINGS = tuple(
    field.name for field in dataclasses.fields(Config) if field.name not in ("name", "about")
)
"""What a name may change."""


def names(path: Path = CONFIG_FILE) -> list[str]:
    """The names of all configurations, in the file's order."""
    with path.open("rb") as file:
        return [name for name in tomllib.load(file) if name != "defaults"]


def changed(base: Config, changes: Mapping[str, int]) -> Config:
    """A configuration of the file with changed settings, as `load` has it by its name.

    Args:
        base: one of the file's, without changes.
        changes: values by SETTINGS; `right_angle` is 0 or 1.

    Raises:
        ConfigError: no hardware can be built from it.
    """
    # The same hardware has one name, and so one place for what is built of it.
    different = {
        field: changes[field]
        for field in SETTINGS
        if field in changes and changes[field] != getattr(base, field)
    }
    if not different:
        return base
    values: dict[str, Any] = {
        field: bool(value) if field == "right_angle" else value
        for field, value in different.items()
    }
    return dataclasses.replace(
        base,
        name="+".join([base.name, *(f"{field}-{value}" for field, value in different.items())]),
        about=f"{base.name} with {', '.join(different)} changed",
        **values,
    )


def _change(name: str, text: str) -> tuple[str, int]:
    """One change of a name: setting and value."""
    field, _, value = text.partition("-")
    if field not in SETTINGS:
        raise ConfigError(
            f"configuration {name}: there is no setting {field!r}; choose among:"
            f" {', '.join(SETTINGS)}"
        )
    if not (value.isascii() and value.isdigit()):
        raise ConfigError(
            f"configuration {name}: {field} needs a whole number, as in {field}-16, not {value!r}"
        )
    if field == "right_angle" and int(value) > 1:
        raise ConfigError(f"configuration {name}: right_angle must be 0 or 1")
    return field, int(value)


def load(name: str, path: Path = CONFIG_FILE) -> Config:
    """The configuration called `name`, which may name changes: `u200+chunk-32768`.

    Raises:
        ConfigError: there is none, or no hardware can be built from it; says which ones there are.
    """
    with path.open("rb") as file:
        table = tomllib.load(file)
    base, *texts = name.split("+")
    if base not in table or base == "defaults":
        raise ConfigError(
            f"there is no configuration {base!r}; choose one of: {', '.join(names(path))}"
        )
    try:
        config = Config(name=base, **{**table["defaults"], **table[base]})
    except TypeError as error:
        raise ConfigError(f"configuration {base} in {path.name}: {error}") from None
    changes = [_change(name, text) for text in texts]
    if len(dict(changes)) < len(changes):
        raise ConfigError(f"configuration {name}: a setting is named twice")
    return changed(config, dict(changes))
