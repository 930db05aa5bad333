# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Vectors for the arithmetic modules: stimulus, expected results from the models, and coverage.

A builder creates the Vectors of one module from its parameters. `covered` counts the events that
the vectors cause, and `required` names those that must occur.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from crocuta.models.arithmetic.cfp_add import cfp_add
from crocuta.models.arithmetic.cfp_align import cfp_align
from crocuta.models.arithmetic.cfp_butterfly import cfp_butterfly
from crocuta.models.arithmetic.cfp_multiply import cfp_multiply
from crocuta.models.arithmetic.cfp_normalise import MAX_SHIFT, cfp_normalise
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.arithmetic.factor_multiply import factor_multiply
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.arithmetic.round_nearest_even import round_nearest_even
from crocuta.models.cfp import GUARD_BITS, Cfp, Format, IntArray, pack

COUNT = 600
"""Number of vectors per class of stimulus."""

SHIFTS = [f"shift {n}" for n in range(MAX_SHIFT + 1)]
ROUNDINGS = ["tie up", "tie down", "rounding saturates"]
LIMITS = ["overflow", "overflow, one part zero", "underflow", "zero"]
DISTANCES = [
    *(f"{small} shifted by {n}" for small in "ab" for n in range(33)),
    *(f"only the highest of {n} bits lost" for n in range(GUARD_BITS + 1, 16)),
]


@dataclass
class Vectors:
    """One value per clock for each port, as unsigned bits."""

    inputs: dict[str, list[int]]
    outputs: dict[str, list[int]]
    covered: Counter[str]
    required: list[str] = field(default_factory=list)


def bits(values: IntArray, width: int) -> list[int]:
    """Encodes signed numbers in the `width` bits of a port."""
    result: list[int] = (values.astype(np.int64) & ((1 << width) - 1)).tolist()
    return result


def each_flag(flag: Callable[[IntArray], bool], suspects: IntArray) -> list[int]:
    """The flag of every vector, from a model that returns one flag for all vectors in a call.

    `suspects` is 1 where the flag may be set; all other vectors are checked in a single call.
    """
    assert not flag(np.flatnonzero(suspects == 0)), "a flag where none can be"
    result = np.zeros(len(suspects), np.int64)
    for n in np.flatnonzero(suspects):
        result[n] = flag(np.array([n]))
    flags: list[int] = result.tolist()
    return flags


def concatenate(parts: Iterable[Cfp]) -> Cfp:
    """Concatenates words."""
    words = list(parts)
    return Cfp(
        np.concatenate([word.re for word in words]),
        np.concatenate([word.im for word in words]),
        np.concatenate([word.exponent for word in words]),
    )


class Source:
    """Random words of one format, in the classes that the arithmetic treats differently."""

    def __init__(self, rng: np.random.Generator, fmt: Format) -> None:
        self.rng = rng
        self.fmt = fmt
        self.low, self.high = -fmt.mantissa_max - 1, fmt.mantissa_max

    def word(self, re: IntArray, im: IntArray, exponent: IntArray) -> Cfp:
        """Words clipped to the format; a zero gets zero's exponent."""
        re, im = (np.clip(part, self.low, self.high).astype(np.int64) for part in (re, im))
        exponent = np.clip(exponent, self.fmt.exponent_min, self.fmt.exponent_max)
        exponent = np.where((re | im) != 0, exponent, self.fmt.exponent_min)
        return Cfp(re, im, exponent.astype(np.int32))

    def mantissas(self, normalised: bool = False) -> tuple[IntArray, IntArray]:
        """Two random parts, of all lengths unless they are normalised."""
        re, im = self.rng.integers(self.low, self.high, (2, COUNT), endpoint=True)
        if not normalised:
            re = re >> self.rng.integers(0, self.fmt.mantissa_bits, COUNT)
            im = im >> self.rng.integers(0, self.fmt.mantissa_bits, COUNT)
        return re, im

    def extremes(self) -> tuple[IntArray, IntArray]:
        """Two parts at the limits of their range and around zero."""
        few = np.array([self.low, self.low + 1, self.low // 2, -1, 0, 1, self.high - 1, self.high])
        re, im = self.rng.choice(few, (2, COUNT))
        return re, im

    def exponents(self, low: int | None = None, high: int | None = None) -> IntArray:
        """Random exponents, of the whole range or of a part."""
        low = self.fmt.exponent_min if low is None else low
        high = self.fmt.exponent_max if high is None else high
        drawn: IntArray = self.rng.integers(low, high, COUNT, endpoint=True)
        return drawn

    def high_exponents(self) -> IntArray:
        """Exponents at the upper end."""
        return self.exponents(self.fmt.exponent_max - 2)

    def low_exponents(self) -> IntArray:
        """Exponents at the lower end."""
        return self.exponents(high=self.fmt.exponent_min + 2)

    def some_zero(self) -> Cfp:
        """Words that are zero in one part or in both."""
        re, im = self.mantissas()
        keep = self.rng.integers(0, 4, COUNT)
        return self.word(re * (keep & 1), im * (keep >> 1), self.exponents())

    def one_part(self, real: IntArray, parts: tuple[IntArray, IntArray]) -> Cfp:
        """Large words with only a real part where `real` is 1, and only an imaginary one where it
        is 0."""
        return self.word(parts[0] * real, parts[1] * (1 - real), self.high_exponents())

    def pairs(self) -> tuple[Cfp, Cfp]:
        """The two operands of a sum, class by class."""
        middle = self.exponents(-40, 40)
        sign = self.rng.choice(np.array([-1, 1]), COUNT)
        a_any = self.word(*self.mantissas(), self.exponents())
        a_close = self.word(*self.mantissas(True), middle)
        cancelling = self.word(*self.mantissas(), middle)
        near = np.arange(COUNT) % 81 - 40
        jitter = self.rng.integers(-2, 3, (2, COUNT))
        # Distance 1 and an odd small word: exactly half a unit, even at the largest mantissa.
        odd_re, odd_im = (part | 1 for part in self.mantissas(True))
        top = np.where(self.rng.random(COUNT) < 0.2, self.high, self.mantissas(True)[0])
        one = np.where(self.rng.random(COUNT) < 0.5, sign, odd_re)
        real = self.rng.integers(0, 2, COUNT)
        # One bit: the highest that the alignment shifts out, and a lower one in the other part.
        lost = abs(near) - 1 - GUARD_BITS - self.rng.integers(0, [[1], [3]], (2, COUNT))
        single = np.left_shift(sign, np.clip(lost, 0, self.fmt.mantissa_bits - 2))
        table = [
            (a_any, self.word(*self.mantissas(), self.exponents())),
            (a_close, self.word(*self.mantissas(True), a_close.exponent)),
            (a_close, self.word(*self.mantissas(True), a_close.exponent + near)),
            (self.word(single[0], single[1], middle), self.word(*self.mantissas(), middle + near)),
            (self.word(*self.mantissas(), middle + near), self.word(single[0], single[1], middle)),
            (
                cancelling,
                self.word(
                    sign * cancelling.re + jitter[0],
                    sign * cancelling.im + jitter[1],
                    cancelling.exponent,
                ),
            ),
            (self.some_zero(), self.some_zero()),
            (
                self.word(*self.extremes(), middle),
                self.word(*self.extremes(), middle + self.rng.integers(-2, 3, COUNT)),
            ),
            (self.word(top, self.mantissas()[0], middle), self.word(one, odd_im, middle - 1)),
            (
                self.word(*self.mantissas(True), self.high_exponents()),
                self.word(*self.extremes(), self.high_exponents()),
            ),
            (
                self.one_part(real, self.mantissas(True)),
                self.one_part(real, self.extremes()),
            ),
            (
                self.word(*self.mantissas(), self.low_exponents()),
                self.word(*self.mantissas(), self.low_exponents()),
            ),
        ]
        first = concatenate(a for a, _ in table)
        second = concatenate(b for _, b in table)
        return first, second


def normalise_events(
    re: IntArray, im: IntArray, exponent: IntArray, in_bits: int, fmt: Format
) -> Counter[str]:
    """What happens to each wide value on its way through the normaliser."""
    events: Counter[str] = Counter()
    drop = in_bits - fmt.mantissa_bits
    for value_re, value_im, value_exponent in zip(
        re.tolist(), im.tolist(), exponent.tolist(), strict=True
    ):
        longest = max((v if v >= 0 else ~v).bit_length() for v in (value_re, value_im))
        shift = min(MAX_SHIFT, in_bits - 1 - longest)
        events[f"shift {shift}"] += 1
        rounded = []
        for value in (value_re << shift, value_im << shift):
            kept, rest = value >> drop, value & ((1 << drop) - 1)
            if rest == 1 << (drop - 1):
                events["tie up" if kept & 1 else "tie down"] += 1
            elif abs(rest - (1 << (drop - 1))) == 1:
                events["one off a tie"] += 1
            kept += rest > 1 << (drop - 1) or (rest == 1 << (drop - 1) and kept & 1 == 1)
            if kept > fmt.mantissa_max:
                events["rounding saturates"] += 1
            rounded.append(kept)
        final = value_exponent + drop - shift
        if rounded == [0, 0]:
            events["zero"] += 1
        elif final > fmt.exponent_max:
            events["overflow"] += 1
            if 0 in rounded:
                events["overflow, one part zero"] += 1
        elif final < fmt.exponent_min:
            events["underflow"] += 1
    return events


def align_events(a: Cfp, b: Cfp) -> Counter[str]:
    """Which word is shifted, by how much (32 stands for any longer shift), and what is lost."""
    events: Counter[str] = Counter()
    difference = a.exponent.astype(np.int64) - b.exponent
    small_re = np.where(difference < 0, a.re, b.re)
    for distance, mantissa in zip(difference.tolist(), small_re.tolist(), strict=True):
        if distance <= 0:
            events[f"a shifted by {min(-distance, 32)}"] += 1
        if distance >= 0:
            events[f"b shifted by {min(distance, 32)}"] += 1
        out = (mantissa << GUARD_BITS) & ((1 << abs(distance)) - 1)
        if distance and out == 1 << (abs(distance) - 1):
            events[f"only the highest of {abs(distance)} bits lost"] += 1
    return events


def rounding_vectors(rng: np.random.Generator, out_bits: int) -> Vectors:
    """round_nearest_even: {value to keep, half, sticky}."""
    low, high = -(1 << (out_bits + 1)), (1 << (out_bits + 1)) - 1
    values = np.concatenate(
        [
            rng.integers(low, high, 4 * COUNT, endpoint=True),
            np.arange(low, low + 32),
            np.arange(-32, 32),
            np.arange(high - 31, high + 1),
        ]
    )
    covered: Counter[str] = Counter()
    for value in values.tolist():
        parity = "odd" if value & 4 else "even"
        covered[f"{parity} and {value & 3:02b}"] += 1
        covered["rounding saturates"] += value >= high - 1
    return Vectors(
        {"value_i": bits(values, out_bits + 2)},
        {"rounded_o": bits(round_nearest_even(values, 2, out_bits), out_bits)},
        covered,
        [f"{parity} and {n:02b}" for parity in ("odd", "even") for n in range(4)]
        + ["rounding saturates"],
    )


def normalise_vectors(rng: np.random.Generator, fmt: Format, in_bits: int) -> Vectors:
    """cfp_normalise: wide parts of all lengths, ties at every shift, limits of the exponent."""
    drop = in_bits - fmt.mantissa_bits
    low, high = -(1 << (in_bits - 1)), (1 << (in_bits - 1)) - 1

    def wide() -> tuple[IntArray, IntArray]:
        re, im = rng.integers(low, high, (2, COUNT), endpoint=True)
        shorter = rng.integers(0, 6, COUNT)
        return re >> shorter, im >> (shorter + rng.integers(0, 3, COUNT))

    def exponents(target: int, spread: int) -> IntArray:
        """Exponents for which the resulting word's exponent is near `target`."""
        drawn: IntArray = target - drop + rng.integers(-spread, spread, COUNT, endpoint=True)
        return drawn

    shift = np.arange(COUNT) % 4
    unit = np.left_shift(1, np.maximum(drop - shift, 0))
    # Shifting out the sign bits leaves a mantissa's worth of units, of which half are used.
    kept = rng.integers(-fmt.mantissa_max - 1, fmt.mantissa_max, (2, COUNT), endpoint=True)
    ties_re, ties_im = kept * unit + unit // 2
    off = rng.choice(np.array([-1, 1]), (2, COUNT))
    # At most one unit below the power of two that the shift moves to the top.
    edge = np.right_shift(high, shift) - rng.integers(0, np.maximum(unit // 2, 1))
    extremes = rng.choice(np.array([low, low + 1, low >> 1, -1, 0, 1, high - 1, high]), (2, COUNT))
    zero = np.zeros(COUNT, np.int64)
    some = rng.integers(0, 4, COUNT)
    one_re, one_im = wide()
    table = [
        (*wide(), exponents(0, fmt.exponent_max // 2)),
        (ties_re, ties_im, exponents(0, 20)),
        (ties_re + off[0], ties_im + off[1], exponents(0, 20)),
        (edge, wide()[1] >> 3, exponents(0, 20)),
        (wide()[0] >> 3, edge, exponents(0, 20)),
        (*extremes, exponents(0, 20)),
        (one_re * (some & 1), one_im * (some >> 1), exponents(0, 20)),
        (zero, zero, exponents(0, fmt.exponent_max)),
        (*wide(), exponents(fmt.exponent_max, 4)),
        (one_re * (some & 1), one_im * (some >> 1), exponents(fmt.exponent_max + 5, 4)),
        (*wide(), exponents(fmt.exponent_min, 4)),
        (*extremes, exponents(2 * fmt.exponent_max, 8)),
        (*extremes, exponents(2 * fmt.exponent_min, 8)),
    ]
    re, im = (np.clip(np.concatenate([row[part] for row in table]), low, high) for part in (0, 1))
    exponent = np.concatenate([row[2] for row in table]).astype(np.int32)
    result = cfp_normalise(re, im, exponent, in_bits, fmt)
    required = [*SHIFTS, *ROUNDINGS, "one off a tie", *LIMITS]
    return Vectors(
        {
            "re_i": bits(re, in_bits),
            "im_i": bits(im, in_bits),
            "exponent_i": bits(exponent, fmt.exponent_bits + 3),
        },
        {
            "word_o": pack(result.word, fmt).tolist(),
            "saturated_o": each_flag(
                lambda n: cfp_normalise(re[n], im[n], exponent[n], in_bits, fmt).saturated,
                result.word.exponent == fmt.exponent_max,
            ),
        },
        normalise_events(re, im, exponent, in_bits, fmt),
        required,
    )


def align_vectors(rng: np.random.Generator, fmt: Format) -> Vectors:
    """cfp_align: every distance, with either word the smaller."""
    a, b = Source(rng, fmt).pairs()
    al = cfp_align(a, b)
    width = fmt.mantissa_bits + GUARD_BITS
    return Vectors(
        {"a_i": pack(a, fmt).tolist(), "b_i": pack(b, fmt).tolist()},
        {
            "a_re_o": bits(al.a_re, width),
            "a_im_o": bits(al.a_im, width),
            "b_re_o": bits(al.b_re, width),
            "b_im_o": bits(al.b_im, width),
            "exponent_o": bits(al.exponent, fmt.exponent_bits + 1),
        },
        align_events(a, b),
        DISTANCES,
    )


def add_vectors(rng: np.random.Generator, fmt: Format) -> Vectors:
    """cfp_add."""
    a, b = Source(rng, fmt).pairs()
    result = cfp_add(a, b, fmt)
    al = cfp_align(a, b)
    in_bits = fmt.mantissa_bits + GUARD_BITS + 1
    covered = normalise_events(
        al.a_re + al.b_re, al.a_im + al.b_im, al.exponent, in_bits, fmt
    ) + align_events(a, b)
    return Vectors(
        {"a_i": pack(a, fmt).tolist(), "b_i": pack(b, fmt).tolist()},
        {
            "sum_o": pack(result.word, fmt).tolist(),
            "saturated_o": each_flag(
                lambda n: cfp_add(a[n], b[n], fmt).saturated,
                result.word.exponent == fmt.exponent_max,
            ),
        },
        covered,
        [*DISTANCES, *SHIFTS, *ROUNDINGS, *LIMITS],
    )


def butterfly_vectors(rng: np.random.Generator, fmt: Format) -> Vectors:
    """cfp_butterfly: each of the two results must meet every event."""
    a, b = Source(rng, fmt).pairs()
    result = cfp_butterfly(a, b, fmt)
    al = cfp_align(a, b)
    in_bits = fmt.mantissa_bits + GUARD_BITS + 1
    covered = align_events(a, b)
    required = list(DISTANCES)
    for name, sign in (("sum", 1), ("difference", -1)):
        events = normalise_events(
            al.a_re + sign * al.b_re, al.a_im + sign * al.b_im, al.exponent, in_bits, fmt
        )
        covered += Counter({f"{name}: {event}": count for event, count in events.items()})
        required += [f"{name}: {event}" for event in [*SHIFTS, *ROUNDINGS, *LIMITS]]
    largest = np.maximum(result.sum.exponent, result.difference.exponent)
    return Vectors(
        {"a_i": pack(a, fmt).tolist(), "b_i": pack(b, fmt).tolist()},
        {
            "sum_o": pack(result.sum, fmt).tolist(),
            "difference_o": pack(result.difference, fmt).tolist(),
            "saturated_o": each_flag(
                lambda n: cfp_butterfly(a[n], b[n], fmt).saturated,
                largest == fmt.exponent_max,
            ),
        },
        covered,
        required,
    )


def twiddles(rng: np.random.Generator, twiddle_bits: int) -> tuple[IntArray, IntArray]:
    """Factors of at most unit length: any angle, the axes, coarse steps (ties), short ones."""
    scale = 1 << (twiddle_bits - 1)
    angle = rng.random(COUNT) * 2 * np.pi
    kind = np.arange(COUNT) % 4
    angle = np.where(kind == 1, np.round(angle / (np.pi / 4)) * (np.pi / 4), angle)
    length = np.where(kind == 3, 2.0 ** -rng.integers(0, 8, COUNT), 1.0)
    step = np.where(kind == 2, scale // 8, 1)
    re, im = (
        np.clip(np.trunc(part * length * scale / step) * step, 1 - scale, scale - 1)
        for part in (np.cos(angle), np.sin(angle))
    )
    return re.astype(np.int64), im.astype(np.int64)


def rotator_operands(source: Source, twiddle_bits: int) -> tuple[Cfp, IntArray, IntArray, IntArray]:
    """Words and twiddles, class by class."""
    rng = source.rng
    low = np.full(COUNT, source.low)
    diagonal = rng.choice(np.array([source.low, source.high]), COUNT)
    words = [
        source.word(*source.mantissas(), source.exponents(-40, 40)),
        source.word(*source.mantissas(True), source.exponents(-40, 40)),
        source.word(*source.extremes(), source.exponents(-40, 40)),
        source.some_zero(),
        source.word(*source.mantissas(True), source.high_exponents()),
        source.word(*source.extremes(), source.high_exponents()),
        source.word(*source.mantissas(), source.low_exponents()),
        # The most negative mantissa times almost -1 rounds up beyond the largest mantissa.
        source.word(low, 0 * low, source.exponents(-40, 40)),
        # Rotated by 45 degrees onto an axis: one part is zero, the other longer than a mantissa.
        source.word(diagonal, diagonal, source.high_exponents()),
    ]
    factors = [twiddles(rng, twiddle_bits) for _ in words]
    almost = (1 << (twiddle_bits - 1)) - 1
    few = rng.choice(np.array([0, almost, -almost]), COUNT)
    factors[-2] = (few, np.where(few == 0, almost, 0))
    eighth = np.full(COUNT, int(almost * np.sqrt(0.5)))
    factors[-1] = (eighth, eighth * rng.choice(np.array([-1, 1]), COUNT))
    t_re = np.concatenate([re for re, _ in factors])
    t_im = np.concatenate([im for _, im in factors])
    return concatenate(words), t_re, t_im, np.full(len(t_re), 1 - twiddle_bits)


def product_operands(source: Source) -> tuple[Cfp, IntArray, IntArray, IntArray]:
    """Two words, class by class."""
    rng, fmt = source.rng, source.fmt
    middle = source.exponents(-40, 40)
    zero = np.zeros(COUNT, np.int64)
    low, one = zero + source.low, zero + 1
    power = 1 << rng.integers(fmt.mantissa_bits - 6, fmt.mantissa_bits - 1, COUNT)
    table = [
        (
            source.word(*source.mantissas(), middle),
            source.word(*source.mantissas(), source.exponents(-40, 40)),
        ),
        (
            source.word(*source.mantissas(True), middle),
            source.word(*source.mantissas(True), source.exponents(-40, 40)),
        ),
        (source.some_zero(), source.some_zero()),
        # Includes the largest products.
        (source.word(*source.extremes(), middle), source.word(*source.extremes(), middle)),
        (source.word(low, low, middle), source.word(low, low, middle)),
        # Ties: an odd mantissa times a power of two.
        (source.word(*source.mantissas(True), middle), source.word(power, zero, middle)),
        # One less than a power of two rounds up beyond the largest mantissa.
        (source.word(low, one, middle), source.word(low, one, middle)),
        (
            source.word(*source.mantissas(True), source.exponents(fmt.exponent_max // 2)),
            source.word(*source.extremes(), source.exponents(fmt.exponent_max // 2)),
        ),
        (
            source.word(*source.mantissas(True), source.exponents(high=fmt.exponent_min // 2)),
            source.word(*source.mantissas(True), source.exponents(high=fmt.exponent_min // 2)),
        ),
        (
            source.word(*source.extremes(), source.exponents()),
            source.word(*source.extremes(), source.exponents()),
        ),
    ]
    x, h = concatenate(row[0] for row in table), concatenate(row[1] for row in table)
    return x, h.re, h.im, h.exponent.astype(np.int64)


def multiply_vectors(
    rng: np.random.Generator, fmt: Format, factor_bits: int, product_bits: int
) -> Vectors:
    """cfp_multiply, as the rotator or, with one bit more, as the product of two words."""
    source = Source(rng, fmt)
    if product_bits == fmt.mantissa_bits + factor_bits:
        a, b_re, b_im, b_exponent = rotator_operands(source, factor_bits)
    else:
        a, b_re, b_im, b_exponent = product_operands(source)
    result = cfp_multiply(a, b_re, b_im, b_exponent, product_bits, fmt)
    re, im = a.re * b_re - a.im * b_im, a.re * b_im + a.im * b_re
    assert max(abs(re).max(), abs(im).max()) < 1 << (product_bits - 1)
    return Vectors(
        {
            "a_i": pack(a, fmt).tolist(),
            "b_re_i": bits(b_re, factor_bits),
            "b_im_i": bits(b_im, factor_bits),
            "b_exponent_i": bits(b_exponent, fmt.exponent_bits),
        },
        {
            "product_o": pack(result.word, fmt).tolist(),
            "saturated_o": each_flag(
                lambda n: (
                    cfp_multiply(a[n], b_re[n], b_im[n], b_exponent[n], product_bits, fmt).saturated
                ),
                result.word.exponent == fmt.exponent_max,
            ),
        },
        normalise_events(re, im, a.exponent + b_exponent, product_bits, fmt),
        [*SHIFTS, *ROUNDINGS, *LIMITS],
    )


def factor_vectors(rng: np.random.Generator, factor_bits: int) -> Vectors:
    """factor_multiply: factors on the unit circle and inside it, one, ties, tiny parts."""
    one = 1 << (factor_bits - 1)

    def factors(radius: float | np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[IntArray]:
        turns = 2 * np.pi * rng.random(COUNT)
        return [np.rint(radius * one * part(turns)).astype(np.int64) for part in (np.cos, np.sin)]

    ones = [one * rng.integers(-1, 1, COUNT, endpoint=True), np.zeros(COUNT, np.int64)]
    halves = [np.full(COUNT, one // 2), np.zeros(COUNT, np.int64)]
    near_one = [one - rng.integers(0, 3, COUNT), rng.integers(-2, 3, COUNT)]
    small = rng.integers(-3, 4, (2, COUNT)).astype(np.int64)
    kinds = (
        (factors(1.0), factors(1.0)),
        (factors(rng.random(COUNT)), factors(1.0)),
        (ones, factors(1.0)),
        (halves, factors(1.0)),
        (near_one, near_one),
        (near_one, small),
        (factors(1.0), small),
    )
    pairs = [pair if rng.random() < 0.5 else pair[::-1] for pair in kinds]
    (a_re, a_im), (b_re, b_im) = (
        [np.concatenate([pair[side][part] for pair in pairs]) for part in (0, 1)] for side in (0, 1)
    )
    re, im = factor_multiply(a_re, a_im, b_re, b_im, factor_bits)
    covered: Counter[str] = Counter()
    for exact, found in (
        (a_re * b_re - a_im * b_im, re),
        (a_re * b_im + a_im * b_re, im),
    ):
        dropped = exact & (one - 1)
        covered["tie"] += int((dropped == one // 2).sum())
        covered["rounded up"] += int((dropped > one // 2).sum())
        covered["rounded down"] += int(((dropped > 0) & (dropped < one // 2)).sum())
        covered["saturated"] += int((exact + one // 2 >= one * one).sum())
        covered["negative"] += int((found < 0).sum())
    inputs = {"a_re_i": a_re, "a_im_i": a_im, "b_re_i": b_re, "b_im_i": b_im}
    return Vectors(
        {name: bits(values, factor_bits + 1) for name, values in inputs.items()},
        {"re_o": bits(re, factor_bits), "im_o": bits(im, factor_bits)},
        covered,
        ["tie", "rounded up", "rounded down", "saturated", "negative"],
    )


def float_to_cfp_vectors(rng: np.random.Generator, fmt: Format) -> Vectors:
    """float_to_cfp: random bit patterns, ties, carries, and the limits of float32."""
    drop = 25 - fmt.mantissa_bits
    half = 1 << (drop - 1)
    sign = rng.integers(0, 2, COUNT) << 31
    ordinary = rng.integers(1, 255, COUNT) << 23
    fraction = rng.integers(0, 1 << 23, COUNT)
    ties = (fraction & ~(2 * half - 1)) | half
    # Within two units of the next power of two.
    carries = (1 << 23) - 1 - rng.integers(0, 4 * half, COUNT)
    edges = rng.choice(np.array([0, 1, 2, 253, 254, 255]), COUNT) << 23
    edge_fractions = rng.choice(np.array([0, 1, half, (1 << 22), (1 << 23) - 1]), COUNT)
    low = rng.integers(1, 60, COUNT) << 23
    patterns = np.concatenate(
        [
            rng.integers(0, 1 << 32, COUNT),
            sign | ordinary | fraction,
            sign | ordinary | ties,
            sign | ordinary | carries,
            sign | edges | edge_fractions,
            sign | low | fraction,
            sign | fraction,
        ]
    ).astype(np.uint32)
    samples = patterns.view(np.float32)
    result = float_to_cfp(samples, fmt)
    covered: Counter[str] = Counter()
    for pattern, word in zip(patterns.tolist(), result.words.re.tolist(), strict=True):
        biased, rest = pattern >> 23 & 0xFF, pattern & 0x7FFFFF
        if biased == 255:
            covered["NaN" if rest else "infinity"] += 1
        elif biased == 0:
            covered["subnormal" if rest else "zero"] += 1
        elif word == 0:
            covered["underflow"] += 1
        else:
            if pattern & (2 * half - 1) == half:
                covered["tie up" if pattern & (2 * half) else "tie down"] += 1
            if rest + half > 0x7FFFFF:
                covered["carry"] += 1
            covered["negative" if pattern >> 31 else "positive"] += 1
    required = ["NaN", "infinity", "subnormal", "zero", "tie up", "tie down", "carry"]
    # The smallest normal float's mantissa has its last bit at 2^(-149 + drop).
    underflows = ["underflow"] if -149 + drop < fmt.exponent_min else []
    return Vectors(
        {"float_i": patterns.tolist()},
        {
            "word_o": pack(result.words, fmt).tolist(),
            "non_finite_o": each_flag(
                lambda n: float_to_cfp(samples[n], fmt).non_finite, ~np.isfinite(samples)
            ),
        },
        covered,
        [*required, "negative", "positive", *underflows],
    )


def cfp_to_float_vectors(rng: np.random.Generator, fmt: Format) -> Vectors:
    """cfp_to_float: mantissas of every length, and both ends of float32."""
    source = Source(rng, fmt)
    top = rng.integers(0, fmt.mantissa_bits, COUNT)
    table = [
        (source.mantissas()[0], source.exponents(-60, 60)),
        (source.mantissas(True)[0], source.exponents(-60, 60)),
        (source.extremes()[0], source.exponents(-60, 60)),
        (source.mantissas()[0], source.exponents()),
        (source.mantissas()[0], np.minimum(128 - top + source.exponents(-3, 3), 127)),
        (source.mantissas()[0], np.maximum(-126 - top + source.exponents(-3, 3), -128)),
        (source.extremes()[0], np.minimum(128 - top, 127)),
        (source.extremes()[0], np.maximum(-126 - top, -128)),
        (source.mantissas()[0], source.high_exponents()),
        (source.mantissas()[0], source.low_exponents()),
        (np.zeros(COUNT, np.int64), source.exponents()),
    ]
    # A zero with any exponent, because the exponent may be that of a complex word's other part.
    mantissa = np.concatenate([row[0] for row in table])
    exponent = np.concatenate([row[1] for row in table]).astype(np.int32)
    words = Cfp(mantissa, np.zeros_like(mantissa), exponent)
    result = cfp_to_float(words, fmt)
    patterns = result.samples.view(np.uint32)
    covered: Counter[str] = Counter()
    for value, power, pattern in zip(
        mantissa.tolist(), exponent.tolist(), patterns.tolist(), strict=True
    ):
        sign = "negative" if value < 0 else "positive"
        length = abs(value).bit_length()
        if value == 0:
            covered["zero"] += 1
        elif length + power > 128:
            covered[f"{sign} overflow"] += 1
        elif length + power < -125:
            covered[f"{sign} underflow"] += 1
        else:
            covered[f"{sign} of {length} bits"] += 1
            covered["smallest exponent"] += pattern >> 23 & 0xFF == 1
            covered["largest exponent"] += pattern >> 23 & 0xFF == 254
    required = [
        f"{sign} {what}"
        for sign in ("positive", "negative")
        for what in [
            "overflow",
            "underflow",
            *(f"of {length} bits" for length in range(1, fmt.mantissa_bits)),
        ]
    ]
    required += [
        "zero",
        f"negative of {fmt.mantissa_bits} bits",
        "smallest exponent",
        "largest exponent",
    ]
    return Vectors(
        {
            "mantissa_i": bits(mantissa, fmt.mantissa_bits),
            "exponent_i": bits(exponent, fmt.exponent_bits),
        },
        {
            "float_o": patterns.tolist(),
            "saturated_o": each_flag(
                lambda n: cfp_to_float(words[n], fmt).saturated,
                (patterns & 0x7FFFFFFF) == 0x7F7FFFFF,
            ),
        },
        covered,
        required,
    )
