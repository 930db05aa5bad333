# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The configurations of models/configs.toml, checked and with their derived sizes.

A name is that of a configuration in the file, or one with changes,
`u200+chunk-32768+mantissa_bits-16`. Its characters have no special meaning to shells, make or file
systems, because names become file names.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
CONFIG_FILE = Path(__file__).with_name("configs.toml")


class ConfigError(ValueError):
    """A configuration that does not exist or that no hardware can be built from."""


CHUNKED, FOUR_STEP = SCHEDULES = ("chunked", "four-step")
"""What a kernel does with a sequence longer than a chunk: convolve it chunk by chunk, or as one
transform, whose rows are chunks (docs/four_step.md)."""


def kernel_chunk_min(lanes: int) -> int:
    """The smallest chunk of a kernel with this many lanes.

    32 beats, because of the latencies of accumulator and bursts, and at least 2 * lanes beats, so
    that a lane's part of a chunk is a whole number of beats of samples.
    """
    return max(32, 2 * lanes) * lanes


@dataclasses.dataclass(frozen=True)
class Config:
    """One configuration of the engine; field names are the RTL's parameters in snake case.

    Every Config is a valid engine. `check_kernel` has the additional rules for a kernel; the RTL
    checks the same ones at time 0 of a simulation (tests/test_model_configs.py compares them).
    """

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
    schedule: str = "chunked"  # or "four-step": rows of one chunk each, of one long transform
    resident: int = 0  # rows of a four-step transform that on-chip memory keeps
    bram36_max: int | None = None  # budget of block RAMs of 36 Kb; None: not limited
    uram_max: int | None = None  # budget of UltraRAMs

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, wanted = getattr(self, field.name), TYPES[str(field.type)]
            # Exactly these types: True is not a number of lanes, and neither is 8.0.
            if type(value) not in wanted.types:
                self._refuse(f"{field.name} must be {wanted.words}, not {value!r}")

        def power_of_two(value: int, low: int, high: int) -> bool:
            return low <= value <= high and value & (value - 1) == 0

        def within(value: int, low: int, high: int) -> bool:
            return low <= value <= high

        for ok, problem in (
            (power_of_two(self.lanes, 2, 16), "lanes must be 2, 4, 8 or 16"),
            (power_of_two(self.chunk, 16, 1 << 17), "chunk must be a power of two in 16..131072"),
            (within(self.mantissa_bits, 14, 24), "mantissa_bits must be 14..24"),
            (within(self.exponent_bits, 8, 10), "exponent_bits must be 8..10"),
            (within(self.twiddle_bits, 12, 27), "twiddle_bits must be 12..27"),
            (within(self.max_length_log2, 4, 28), "max_length_log2 must be 4..28"),
            (within(self.outputs, 1, 2), "outputs must be 1 or 2"),
            (self.schedule in SCHEDULES, f"schedule must be {' or '.join(SCHEDULES)}"),
            (self.resident >= 0, "resident must be 0 or more"),
            ((self.bram36_max or 0) >= 0, "bram36_max must be 0 or more"),
            ((self.uram_max or 0) >= 0, "uram_max must be 0 or more"),
        ):
            if not ok:
                self._refuse(problem)

    def check_kernel(self) -> None:
        """Checks the rules for a kernel, which go beyond an engine's.

        Raises:
            ConfigError: one of them is violated.
        """
        if not self.right_angle:
            self._refuse(
                "the kernel convolves modulo z^C - i, so right_angle must be 1; only an engine"
                " alone can be a plain FFT"
            )
        if self.chunk < kernel_chunk_min(self.lanes):
            self._refuse(
                f"a kernel of {self.lanes} lanes needs a chunk of {kernel_chunk_min(self.lanes)} or"
                f" more, not {self.chunk}"
            )
        if self.four_step:
            self._check_four_step()
        elif self.resident:
            self._refuse("resident rows are those of schedule four-step, so resident must be 0")

    def _check_four_step(self) -> None:
        longest = self.chunk_log2 + self.rows_log2_limit
        if not self.chunk_log2 <= self.max_length_log2 <= longest:
            self._refuse(
                f"a four-step kernel of {self.lanes} lanes and a chunk of {self.chunk} needs"
                f" max_length_log2 in {self.chunk_log2}..{longest}, not {self.max_length_log2}"
            )
        if self.outputs != 1:
            self._refuse("a four-step kernel has no passes to share, so outputs must be 1")
        if self.resident > self.rows_max:
            self._refuse(
                f"resident must be in 0..{self.rows_max}, the rows of the longest transform, not"
                f" {self.resident}"
            )

    def check_schedule(self, schedule: str) -> None:
        """Whether a kernel can be built from it, and is of that schedule.

        Raises:
            ConfigError: none can, or it is of another one.
        """
        self.check_kernel()
        if self.schedule != schedule:
            self._refuse(f"its schedule is {self.schedule}, not {schedule}")

    def check_rtl(self) -> None:
        """Whether there is RTL of its kernel, not only a model.

        Raises:
            ConfigError: there is none.
        """
        if self.four_step and self.rows_max == 1:
            self._refuse(
                "there is no RTL of a four-step kernel of one row: choose the backend model, or a"
                " chunked kernel"
            )

    def check_board(self) -> None:
        """Whether the boards without external memory take its kernel.

        Raises:
            ConfigError: they do not.
        """
        if self.four_step:
            self._refuse(
                "the ECP5 boards have no memory for the rows of z of a four-step kernel: choose a"
                " chunked one, such as edge-ecp5"
            )

    def _refuse(self, problem: str) -> NoReturn:
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

    @property
    def rows_max(self) -> int:
        """The rows, of a chunk each, of a four-step kernel's longest transform."""
        return (1 << self.max_length_log2) // self.chunk

    @property
    def rows_log2_limit(self) -> int:
        """log2 of the most rows that a four-step kernel can have: what a lane of a tile takes from
        a row is one AXI beat, of 2 * lanes samples, or more."""
        return self.chunk_log2 - 2 * self.lanes_log2 - 1

    @property
    def column_levels(self) -> int:
        """The levels that transform the columns of a four-step kernel's longest transform."""
        return self.max_length_log2 - self.chunk_log2 if self.four_step else 0

    @property
    def four_step(self) -> int:
        """Whether the schedule is four-step, 0 or 1, as in the kernel's registers."""
        return int(self.schedule == FOUR_STEP)

    @property
    def top(self) -> str:
        """The kernel's top module."""
        return "four_step_kernel" if self.four_step else "crocuta_kernel"

    def engine_parameters(self) -> dict[str, int]:
        """The SystemVerilog parameters of one engine."""
        columns = {"ColumnLevels": self.column_levels} if self.column_levels else {}
        return {**self._word_parameters(), **columns}

    def _word_parameters(self) -> dict[str, int]:
        return {
            "Lanes": self.lanes,
            "Chunk": self.chunk,
            "MantissaBits": self.mantissa_bits,
            "ExponentBits": self.exponent_bits,
            "TwiddleBits": self.twiddle_bits,
        }

    def parameters(self) -> dict[str, int]:
        """The SystemVerilog parameters of the kernel, `top`.

        Raises:
            ConfigError: no kernel can be built from it.
        """
        self.check_kernel()
        self.check_rtl()
        return {
            **self._word_parameters(),
            "MaxLengthLog2": self.max_length_log2,
            **({"Resident": self.resident} if self.four_step else {"Outputs": self.outputs}),
        }


class _Wanted(NamedTuple):
    """The type of a setting."""

    types: tuple[type, ...]
    words: str


TYPES = {
    "str": _Wanted((str,), "text"),
    "int": _Wanted((int,), "a whole number"),
    "bool": _Wanted((bool,), "true or false"),
    "int | None": _Wanted((int, type(None)), "a whole number"),
}
"""By the field's annotation."""

SETTINGS = tuple(
    field.name
    for field in dataclasses.fields(Config)
    if field.name not in ("name", "about", "schedule")
)
"""The settings that can be changed in a name."""


def _table(path: Path) -> dict[str, dict[str, Any]]:
    """Reads the file's tables.

    Raises:
        ConfigError: the file cannot be read or is malformed.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path} cannot be read: {reason}") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigError(f"{path} is not TOML: {error}") from None
    table.setdefault("defaults", {})
    for name, values in table.items():
        if not isinstance(values, dict):
            raise ConfigError(f"{path.name}: {name} = {values!r} stands outside of all tables")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ConfigError(
                f"{path.name}: [{name}] is no name of a configuration: use letters, digits, _, -"
                " and dots"
            )
        unknown = ", ".join(values.keys() - {"about", "schedule", *SETTINGS})
        if unknown:
            raise ConfigError(
                f"{path.name}: [{name}] has no setting {unknown}; choose among: about,"
                f" schedule, {', '.join(SETTINGS)}"
            )
    return table


def names(path: Path = CONFIG_FILE) -> list[str]:
    """The names of all configurations, in the file's order.

    Raises:
        ConfigError: the file is unusable.
    """
    return [name for name in _table(path) if name != "defaults"]


def chunked_names(path: Path = CONFIG_FILE) -> list[str]:
    """The names of those with a chunked kernel.

    Raises:
        ConfigError: the file is unusable.
    """
    return [name for name in names(path) if not load_engine(name, path).four_step]


def changed(base: Config, changes: Mapping[str, int]) -> Config:
    """A kernel's configuration with changed settings, equal to the one that `load` returns for its
    name.

    Args:
        base: a configuration of the file, without changes.
        changes: values by name in SETTINGS; `right_angle` is 0 or 1.

    Raises:
        ConfigError: no kernel can be built from it.
    """
    config = _changed(base, changes)
    config.check_kernel()
    return config


def _changed(base: Config, changes: Mapping[str, int]) -> Config:
    """The same for an engine, with an engine's rules only."""
    # Equal hardware gets one name, and therefore one build folder.
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
    """Parses one change in a name: setting and value."""
    field, _, value = text.partition("-")
    if field not in SETTINGS:
        raise ConfigError(
            f"configuration {name}: there is no setting {field!r}; choose among:"
            f" {', '.join(SETTINGS)}"
        )
    # No setting has more than nine digits; int() itself refuses thousands of them.
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ConfigError(
            f"configuration {name}: {field} needs a whole number, as in {field}-16, not {value!r}"
        )
    if field == "right_angle" and int(value) > 1:
        raise ConfigError(f"configuration {name}: right_angle must be 0 or 1")
    return field, int(value)


def load(name: str, path: Path = CONFIG_FILE) -> Config:
    """The configuration called `name`, which may contain changes, of a kernel that there is RTL of:
    `u200+chunk-32768`.

    Raises:
        ConfigError: there is none, or it is not a valid kernel; the message lists the choices.
    """
    config = load_model(name, path)
    config.check_rtl()
    return config


def load_model(name: str, path: Path = CONFIG_FILE) -> Config:
    """The same of a kernel that may have only a model.

    Raises:
        ConfigError: there is none, or no kernel can be modelled of it; says which ones there are.
    """
    config = load_engine(name, path)
    config.check_kernel()
    return config


def load_engine(name: str, path: Path = CONFIG_FILE) -> Config:
    """The configuration of an engine alone, which has fewer rules than a kernel: it may be a plain
    FFT, and its chunk may be smaller.

    Raises:
        ConfigError: there is none, or it is not a valid engine; the message lists the choices.
    """
    table = _table(path)
    base, *texts = name.split("+")
    if base not in table or base == "defaults":
        raise ConfigError(
            f"there is no configuration {base!r}; choose one of: {', '.join(names(path))}"
        )
    values = {**table["defaults"], **table[base]}
    missing = [
        field.name
        for field in dataclasses.fields(Config)
        if field.default is dataclasses.MISSING and field.name not in ("name", *values)
    ]
    if missing:
        raise ConfigError(f"{path.name}: [{base}] lacks {', '.join(missing)}")
    config = Config(name=base, **values)
    changes = [_change(name, text) for text in texts]
    if len(dict(changes)) < len(changes):
        raise ConfigError(f"configuration {name}: a setting is named twice")
    return _changed(config, dict(changes))
