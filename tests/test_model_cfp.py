# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The arithmetic models against exact rational arithmetic, one word at a time."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crocuta.models.arithmetic.cfp_add import cfp_add
from crocuta.models.arithmetic.cfp_align import cfp_align
from crocuta.models.arithmetic.cfp_butterfly import cfp_butterfly
from crocuta.models.arithmetic.cfp_multiply import multiply, rotate
from crocuta.models.arithmetic.cfp_normalise import MAX_SHIFT, Normalised, cfp_normalise
from crocuta.models.arithmetic.cfp_to_float import cfp_to_float
from crocuta.models.arithmetic.float_to_cfp import float_to_cfp
from crocuta.models.arithmetic.round_nearest_even import round_nearest_even
from crocuta.models.cfp import GUARD_BITS, Cfp, Format, pack, stack, unpack, zeros
from crocuta.models.configs import Config
from crocuta.models.convolution.overlap_add import overlap_add
from crocuta.models.convolution.spectral_mac import spectral_mac

formats = st.builds(Format, st.integers(14, 24), st.integers(8, 10))


class Word(NamedTuple):
    """A CFP word in Python's integers."""

    re: int
    im: int
    exponent: int

    def value(self) -> tuple[Fraction, Fraction]:
        return self.re * power(self.exponent), self.im * power(self.exponent)

    def cfp(self) -> Cfp:
        return Cfp(
            np.array([self.re]), np.array([self.im]), np.array([self.exponent], dtype=np.int32)
        )


def power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


def word_of(words: Cfp, index: int = 0) -> Word:
    return Word(int(words.re[index]), int(words.im[index]), int(words.exponent[index]))


def integers_of(bits: int) -> st.SearchStrategy[int]:
    """Signed integers of `bits` bits of all magnitudes, their extremes and bit patterns."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    short = st.integers(1, bits).flatmap(lambda n: st.integers(-(1 << (n - 1)), (1 << (n - 1)) - 1))
    near_powers = st.builds(
        lambda n, sign, offset: sign * (1 << n) + offset,
        st.integers(0, bits - 1), st.sampled_from([-1, 1]), st.integers(-2, 2),
    ).filter(lambda value: low <= value <= high)  # fmt: skip
    return st.one_of(
        st.integers(low, high), short, near_powers, st.sampled_from([low, low + 1, 0, high])
    )


@st.composite
def words_of(draw: st.DrawFn, fmt: Format, real: bool = False) -> Word:
    """A word of the format; a zero has zero's exponent."""
    re = draw(integers_of(fmt.mantissa_bits))
    im = 0 if real else draw(integers_of(fmt.mantissa_bits))
    exponent = draw(
        st.one_of(
            st.integers(fmt.exponent_min, fmt.exponent_max),
            st.integers(-30, 30),
            st.integers(fmt.exponent_min, fmt.exponent_min + 3),
            st.integers(fmt.exponent_max - 3, fmt.exponent_max),
        )
    )
    return Word(re, im, exponent if re or im else fmt.exponent_min)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Format, Word, Word]:
    """Two words of one format, often with close exponents, and often almost cancelling."""
    fmt = draw(formats)
    a = draw(words_of(fmt))
    b = draw(words_of(fmt))
    kind = draw(st.sampled_from(["any", "near", "cancel"]))
    limit = fmt.mantissa_max
    if kind == "near" and (b.re or b.im) and (a.re or a.im):
        exponent = a.exponent + draw(st.integers(-36, 36))
        b = b._replace(exponent=max(fmt.exponent_min, min(exponent, fmt.exponent_max)))
    elif kind == "cancel":
        sign = draw(st.sampled_from([-1, 1]))
        re, im = (
            max(-limit - 1, min(sign * part + draw(st.integers(-2, 2)), limit))
            for part in (a.re, a.im)
        )
        b = Word(re, im, a.exponent if re or im else fmt.exponent_min)
    return fmt, a, b


def redundant_sign_bits(value: int, bits: int) -> int:
    return bits - 1 - (value if value >= 0 else ~value).bit_length()


def exact_normalise(
    re: int, im: int, exponent: int, in_bits: int, fmt: Format
) -> tuple[Word, bool]:
    """The format's rules, written with exact fractions."""
    shift = min(MAX_SHIFT, redundant_sign_bits(re, in_bits), redundant_sign_bits(im, in_bits))
    drop = in_bits - fmt.mantissa_bits
    # Python rounds fractions to nearest, ties to even.
    re, im = (min(round(part * power(shift - drop)), fmt.mantissa_max) for part in (re, im))
    exponent += drop - shift
    if (re, im) == (0, 0) or exponent < fmt.exponent_min:
        return Word(0, 0, fmt.exponent_min), False
    if exponent <= fmt.exponent_max:
        return Word(re, im, exponent), False
    re, im = (
        0 if part == 0 else fmt.mantissa_max if part > 0 else -fmt.mantissa_max - 1
        for part in (re, im)
    )
    return Word(re, im, fmt.exponent_max), True


def check_zero_rule(word: Word, fmt: Format) -> None:
    assert -fmt.mantissa_max - 1 <= min(word.re, word.im)
    assert max(word.re, word.im) <= fmt.mantissa_max
    assert fmt.exponent_min <= word.exponent <= fmt.exponent_max
    if word.re == word.im == 0:
        assert word.exponent == fmt.exponent_min


def check_rounded(
    exact: tuple[Fraction, Fraction], result: Normalised, fmt: Format, coarsest: Fraction
) -> None:
    """A single rounding: within one unit in the last place, or saturated, or below the smallest.

    `coarsest` is the last place after the largest shift. A lazy normaliser rounds to it however
    small the value is, so a product of unnormalised words may vanish.
    """
    word = word_of(result.word)
    check_zero_rule(word, fmt)
    largest = max(abs(part) for part in exact)
    if result.saturated:
        assert largest > 0
        assert word.exponent == fmt.exponent_max
        for part, got in zip(exact, (word.re, word.im), strict=True):
            limit = fmt.mantissa_max if part > 0 else -fmt.mantissa_max - 1
            assert got in (0, limit)
        return
    ulp = power(word.exponent)
    if word.re == word.im == 0:
        assert largest < power(fmt.exponent_min + fmt.mantissa_bits - 1) or largest <= coarsest / 2
        return
    for number, value in zip(exact, word.value(), strict=True):
        assert abs(number - value) < ulp


@given(st.data())
def test_round_nearest_even_is_exact(data: st.DataObject) -> None:
    drop = data.draw(st.integers(1, 30))
    out = data.draw(st.integers(2, 25))
    kept = data.draw(integers_of(out))
    fraction = data.draw(
        st.one_of(
            st.integers(0, (1 << drop) - 1),
            st.sampled_from([0, (1 << drop) - 1, 1 << (drop - 1), (1 << (drop - 1)) - 1]),
        )
    )
    value = kept * (1 << drop) + fraction
    expected = min(round(Fraction(value, 1 << drop)), (1 << (out - 1)) - 1)
    assert int(round_nearest_even(np.array([value]), drop, out)[0]) == expected


def test_round_nearest_even_of_every_short_value() -> None:
    """All 7-bit values to 4 bits, including ties and the values that saturate."""
    values = np.arange(-64, 64)
    got = round_nearest_even(values, 3, 4)
    assert got.tolist() == [min(round(Fraction(int(v), 8)), 7) for v in values]
    assert int(got[-1]) == 7, "15/2 + 3/8 saturates"
    assert [int(round_nearest_even(np.array([v]), 3, 4)[0]) for v in (-12, -4, 4, 12, 20)] == [
        -2, 0, 0, 2, 2,
    ]  # fmt: skip


@given(st.data(), formats, st.integers(2, 27))
def test_cfp_normalise_is_exact(data: st.DataObject, fmt: Format, drop: int) -> None:
    in_bits = fmt.mantissa_bits + drop
    re, im = data.draw(integers_of(in_bits)), data.draw(integers_of(in_bits))
    exponent = data.draw(
        st.one_of(
            st.integers(2 * fmt.exponent_min, 2 * fmt.exponent_max),
            st.integers(fmt.exponent_max - drop - 1, fmt.exponent_max - drop + 5),
            st.integers(fmt.exponent_min - drop - 1, fmt.exponent_min - drop + 5),
        )
    )
    arguments = np.array([re]), np.array([im]), np.array([exponent], dtype=np.int32)
    result = cfp_normalise(*arguments, in_bits, fmt)
    assert (word_of(result.word), result.saturated) == exact_normalise(
        re, im, exponent, in_bits, fmt
    )
    check_rounded(
        (re * power(exponent), im * power(exponent)),
        result,
        fmt,
        power(exponent + in_bits - fmt.mantissa_bits - MAX_SHIFT),
    )


def test_cfp_normalise_works_word_by_word() -> None:
    """Overflow, underflow and zero of one word leave its neighbours alone."""
    fmt = Format(18, 9)
    re = np.array([1 << 18, 1 << 18, 0, -3, 5])
    im = np.array([-1, 0, 0, 1 << 19, 7])
    exponent = np.array([0, 300, 0, -300, 254], dtype=np.int32)
    result = cfp_normalise(re, im, exponent, 21, fmt)
    assert result.saturated
    for n in range(len(re)):
        alone, _ = exact_normalise(int(re[n]), int(im[n]), int(exponent[n]), 21, fmt)
        assert word_of(result.word, n) == alone


@given(pairs())
def test_cfp_align_keeps_value_and_side(case: tuple[Format, Word, Word]) -> None:
    """The larger word is exact; the smaller is exact, or floored with a sticky bit that makes it
    odd."""
    fmt, a, b = case
    al = cfp_align(a.cfp(), b.cfp())
    exponent = int(al.exponent[0])
    assert exponent == max(a.exponent, b.exponent) - GUARD_BITS
    for word, parts in ((a, (al.a_re, al.a_im)), (b, (al.b_re, al.b_im))):
        for exact, part in zip(word.value(), parts, strict=True):
            scaled, got = exact / power(exponent), int(part[0])
            if scaled.denominator == 1:
                assert got == scaled
            else:
                assert word.exponent < exponent + GUARD_BITS
                assert got == scaled.__floor__() | 1
            assert -(1 << (fmt.mantissa_bits + 1)) <= got < 1 << (fmt.mantissa_bits + 1)


def check_sum(fmt: Format, a: Word, b: Word, sign: int, word: Word, saturated: bool | None) -> None:
    """a + sign * b within its rounding error; to nearest if the operands are normalised."""
    exact = tuple(left + sign * right for left, right in zip(a.value(), b.value(), strict=True))
    check_zero_rule(word, fmt)
    largest = max(abs(part) for part in exact)
    if saturated is not False and word.exponent == fmt.exponent_max:
        return  # compared by the caller
    if word.re == word.im == 0:
        assert largest < power(fmt.exponent_min + fmt.mantissa_bits - 1)
        return
    ulp = power(word.exponent)
    # With a left shift of at most one place, the sticky bit stays below the half bit, and rounding
    # is that of the exact sum. A longer shift takes an unnormalised word: an error below one unit.
    nearest = word.exponent >= max(a.exponent, b.exponent)
    for part, got in zip(exact, (word.re, word.im), strict=True):
        if nearest:
            assert got == min(round(part / ulp), fmt.mantissa_max)
        else:
            assert abs(part / ulp - got) < 1


@given(pairs())
@example((Format(18, 9), Word(131071, 0, 255), Word(131071, 0, 255)))
@example((Format(18, 9), Word(-131072, 5, 255), Word(-131072, -5, 255)))
@example((Format(14, 8), Word(1, 0, -128), Word(0, 1, -128)))
def test_cfp_add_and_butterfly(case: tuple[Format, Word, Word]) -> None:
    fmt, a, b = case
    total = cfp_add(a.cfp(), b.cfp(), fmt)
    check_sum(fmt, a, b, 1, word_of(total.word), total.saturated)
    exact = tuple(left + right for left, right in zip(a.value(), b.value(), strict=True))
    check_rounded((exact[0], exact[1]), total, fmt, Fraction(0))
    swapped = cfp_add(b.cfp(), a.cfp(), fmt)
    assert word_of(swapped.word) == word_of(total.word)
    wings = cfp_butterfly(a.cfp(), b.cfp(), fmt)
    assert word_of(wings.sum) == word_of(total.word)
    check_sum(fmt, a, b, -1, word_of(wings.difference), None)
    # -b is a word unless a mantissa is the most negative one; otherwise the difference is a sum.
    if min(b.re, b.im) > -fmt.mantissa_max - 1:
        negative = Word(-b.re, -b.im, b.exponent)
        other = cfp_add(a.cfp(), negative.cfp(), fmt)
        assert word_of(other.word) == word_of(wings.difference)
        assert wings.saturated == (total.saturated or other.saturated)


@given(pairs())
def test_close_sums_are_exact_in_the_format_s_terms(case: tuple[Format, Word, Word]) -> None:
    """If alignment shifts nothing out, the sum is the normalised exact integer sum."""
    fmt, a, b = case
    assume(abs(a.exponent - b.exponent) <= GUARD_BITS)
    low = max(a.exponent, b.exponent) - GUARD_BITS
    re, im = (
        int((left + right) / power(low)) for left, right in zip(a.value(), b.value(), strict=True)
    )
    result = cfp_add(a.cfp(), b.cfp(), fmt)
    in_bits = fmt.mantissa_bits + GUARD_BITS + 1
    assert (word_of(result.word), result.saturated) == exact_normalise(re, im, low, in_bits, fmt)


@given(st.data(), formats)
def test_adding_zero_changes_no_value(data: st.DataObject, fmt: Format) -> None:
    word = data.draw(words_of(fmt))
    assume(word.exponent >= fmt.exponent_min + MAX_SHIFT - 1)
    result = cfp_add(word.cfp(), zeros(1, fmt), fmt)
    assert word_of(result.word).value() == word.value()
    assert not result.saturated


@given(st.data(), formats)
def test_a_word_less_itself_is_zero(data: st.DataObject, fmt: Format) -> None:
    word = data.draw(words_of(fmt))
    result = cfp_butterfly(word.cfp(), word.cfp(), fmt)
    assert word_of(result.difference) == Word(0, 0, fmt.exponent_min)


@given(pairs())
def test_multiply_is_exact(case: tuple[Format, Word, Word]) -> None:
    fmt, x, h = case
    result = multiply(x.cfp(), h.cfp(), fmt)
    re, im = x.re * h.re - x.im * h.im, x.re * h.im + x.im * h.re
    exponent = x.exponent + h.exponent
    in_bits = 2 * fmt.mantissa_bits + 1
    expected = exact_normalise(re, im, exponent, in_bits, fmt)
    assert (word_of(result.word), result.saturated) == expected
    check_rounded(
        (re * power(exponent), im * power(exponent)),
        result,
        fmt,
        power(exponent + in_bits - fmt.mantissa_bits - MAX_SHIFT),
    )


def test_multiply_of_the_most_negative_mantissas() -> None:
    """The largest product: its real part cancels, its imaginary part is 2^(2M-1)."""
    for m in range(14, 25):
        fmt = Format(m, 9)
        low = -fmt.mantissa_max - 1
        word = Word(low, low, 0)
        result = multiply(word.cfp(), word.cfp(), fmt)
        assert word_of(result.word).value() == (Fraction(0), power(2 * m - 1))
        word, other = Word(low, low, 0), Word(low, fmt.mantissa_max, 0)
        product = multiply(word.cfp(), other.cfp(), fmt)
        re = low * low - low * fmt.mantissa_max
        im = low * fmt.mantissa_max + low * low
        assert word_of(product.word) == exact_normalise(re, im, 0, 2 * m + 1, fmt)[0]


@given(st.data(), formats, st.integers(12, 27), st.floats(0, 1))
def test_rotate_is_exact(data: st.DataObject, fmt: Format, twiddle_bits: int, turns: float) -> None:
    word = data.draw(words_of(fmt))
    scale = 1 << (twiddle_bits - 1)
    limit = scale - 1
    t_re, t_im = (
        max(-limit, min(round(part * scale), limit))
        for part in (float(np.cos(2 * np.pi * turns)), float(np.sin(2 * np.pi * turns)))
    )
    result = rotate(word.cfp(), np.array([t_re]), np.array([t_im]), twiddle_bits, fmt)
    re, im = word.re * t_re - word.im * t_im, word.re * t_im + word.im * t_re
    in_bits = fmt.mantissa_bits + twiddle_bits
    assert max(abs(re), abs(im)) < 1 << (in_bits - 1), "in_bits hold every product"
    exponent = word.exponent + 1 - twiddle_bits
    expected = exact_normalise(re, im, exponent, in_bits, fmt)
    assert (word_of(result.word), result.saturated) == expected
    # A rotation does not lengthen: the value is exactly that of word * t / 2^(T-1), without scale.
    exact = re * power(exponent), im * power(exponent)
    check_rounded(exact, result, fmt, power(exponent + twiddle_bits - MAX_SHIFT))


def float_of(pattern: int) -> np.float32:
    return np.float32(np.array([pattern], dtype=np.uint32).view(np.float32)[0])


patterns = st.one_of(
    st.integers(0, (1 << 32) - 1),
    st.builds(
        lambda sign, exponent, fraction: sign << 31 | exponent << 23 | fraction,
        st.integers(0, 1),
        st.integers(0, 255),
        st.builds(
            lambda ones, offset: ((1 << ones) + offset) & 0x7FFFFF,
            st.integers(0, 23), st.integers(-2, 2),
        ),
    ),
)  # fmt: skip


def exact_float_to_cfp(pattern: int, fmt: Format) -> Word:
    biased = pattern >> 23 & 0xFF
    zero = Word(0, 0, fmt.exponent_min)
    if biased in (0, 255):
        return zero
    value = Fraction(float(float_of(pattern)))
    # 2^n <= |value| < 2^(n + 1): a mantissa of M - 1 magnitude bits, one up if rounding carries.
    exponent = biased - 127 - (fmt.mantissa_bits - 2)
    mantissa = round(value / power(exponent))
    if abs(mantissa) == 1 << (fmt.mantissa_bits - 1):
        mantissa, exponent = mantissa // 2, exponent + 1
    return Word(mantissa, 0, exponent) if exponent >= fmt.exponent_min else zero


@given(patterns, formats)
@example(0x00000001, Format(18, 9))
@example(0x007FFFFF, Format(24, 10))
@example(0x00800000, Format(24, 10))
@example(0x7F7FFFFF, Format(14, 8))
@example(0xFF7FFFFF, Format(24, 8))
def test_float_to_cfp_is_exact(pattern: int, fmt: Format) -> None:
    samples = np.array([pattern], dtype=np.uint32).view(np.float32)
    result = float_to_cfp(samples, fmt)
    word = word_of(result.words)
    assert word == exact_float_to_cfp(pattern, fmt)
    assert result.non_finite == (pattern >> 23 & 0xFF == 255)
    check_zero_rule(word, fmt)
    if word.re:
        assert 1 << (fmt.mantissa_bits - 2) <= abs(word.re) <= fmt.mantissa_max, "normalised"


@pytest.mark.parametrize("m", range(14, 25))
@pytest.mark.parametrize("e", [8, 9, 10])
def test_float_to_cfp_in_every_format(m: int, e: int, seed: int) -> None:
    """Special values, the limits of the exponents, ties, carries and random bit patterns."""
    fmt = Format(m, e)
    rng = np.random.default_rng([seed, m, e])
    half = 1 << (24 - m)  # the bit worth one half of a mantissa's last
    fractions = [0, 1, half, half - 1, half + 1, 3 * half, 0x7FFFFF, 0x7FFFFF - half, 0x400000]
    edges = [
        sign << 31 | biased << 23 | (fraction & 0x7FFFFF)
        for sign in (0, 1)
        for biased in (0, 1, 2, 20, 40, 127, 254, 255)
        for fraction in fractions
    ]
    table = np.array([*edges, *rng.integers(0, 1 << 32, 100)], dtype=np.uint32)
    words = float_to_cfp(table.view(np.float32), fmt)
    assert words.non_finite
    for n, pattern in enumerate(table.tolist()):
        assert word_of(words.words, n) == exact_float_to_cfp(pattern, fmt), hex(pattern)

    def non_finite(*samples: float) -> bool:
        return float_to_cfp(np.array(samples, np.float32), fmt).non_finite

    assert not non_finite(0.0, -0.0, 1.0, -3.4e38, 1e-45)
    assert non_finite(1.0, np.nan)
    assert non_finite(-np.inf, 1.0)


@given(pairs())
def test_overlap_add_is_one_sum_of_reals(case: tuple[Format, Word, Word]) -> None:
    """Re z plus the tail before it; neither is disturbed by the size of z's imaginary part."""
    fmt, z, before = case
    first = overlap_add(z.cfp(), None, fmt)
    tail = word_of(first.tail)
    check_zero_rule(tail, fmt)
    assert tail.value() == (z.value()[1], Fraction(0))
    real = Word(z.re, 0, z.exponent if z.re else fmt.exponent_min)
    old = Word(before.re, 0, before.exponent if before.re else fmt.exponent_min)
    for result, other in ((first, Word(0, 0, fmt.exponent_min)),
                          (overlap_add(z.cfp(), old.cfp(), fmt), old)):  # fmt: skip
        expected = cfp_add(real.cfp(), other.cfp(), fmt)
        assert word_of(result.y) == word_of(expected.word)
        assert result.saturated == expected.saturated
        assert word_of(result.tail) == tail


@given(formats, st.data())
def test_a_sum_that_saturates_is_beyond_float32(fmt: Format, data: st.DataObject) -> None:
    """The conversion to float32 reports each overflow of a sum, too: at the end of the inverse path
    the sum's own flag never comes alone."""
    m, top = fmt.mantissa_bits, fmt.exponent_max
    sign = data.draw(st.sampled_from((-1, 1)))
    mantissas = st.integers(1 << (m - 2), (1 << (m - 1)) - 1)
    z, tail = (Word(sign * data.draw(mantissas), 0, top) for _ in range(2))
    result = overlap_add(z.cfp(), tail.cfp(), fmt)
    assert result.saturated == (not -1 << (m - 1) <= z.re + tail.re < 1 << (m - 1))
    assert cfp_to_float(result.y, fmt).saturated


@given(pairs(), st.data())
def test_spectral_mac_adds_the_product(
    case: tuple[Format, Word, Word], data: st.DataObject
) -> None:
    fmt, x, h = case
    product = multiply(x.cfp(), h.cfp(), fmt)
    for accumulator in (None, data.draw(words_of(fmt))):
        start = zeros(1, fmt) if accumulator is None else accumulator.cfp()
        total = cfp_add(start, product.word, fmt)
        result = spectral_mac(None if accumulator is None else start, x.cfp(), h.cfp(), fmt)
        assert word_of(result.word) == word_of(total.word)
        assert result.saturated == (product.saturated or total.saturated)


@given(st.data(), formats)
def test_cfp_to_float_is_exact(data: st.DataObject, fmt: Format) -> None:
    word = data.draw(words_of(fmt, real=True))
    result = cfp_to_float(word.cfp(), fmt)
    got = float(result.samples[0])
    exact = word.value()[0]
    if abs(exact) >= power(128):
        assert result.saturated
        assert Fraction(got) == (1 if exact > 0 else -1) * (power(128) - power(104))
    elif abs(exact) < power(-126):
        assert not result.saturated
        assert got == 0 and not np.signbit(result.samples[0])
    else:
        assert not result.saturated
        assert Fraction(got) == exact
        # The conversion back gives the same value, normalised.
        back = float_to_cfp(result.samples, fmt)
        if word_of(back.words).re:
            assert word_of(back.words).value() == word.value()
        else:
            assert abs(exact) < power(fmt.exponent_min + fmt.mantissa_bits - 1)


@pytest.mark.parametrize("m", [14, 18, 24])
def test_cfp_to_float_at_both_ends(m: int) -> None:
    """Mantissas of every length, just within float32's range and just beyond."""
    fmt = Format(m, 9)
    for bits in range(1, m):
        for mantissa in (1 << (bits - 1), -(1 << (bits - 1)), (1 << bits) - 1, 1 - (1 << bits)):
            for exponent, inside in ((128 - bits, True), (129 - bits, False)):
                result = cfp_to_float(Word(mantissa, 0, exponent).cfp(), fmt)
                assert result.saturated == (not inside)
                exact = mantissa * power(exponent)
                largest = np.copysign(np.finfo(np.float32).max, mantissa)
                assert Fraction(float(result.samples[0])) == (exact if inside else largest)
            for exponent, inside in ((-125 - bits, True), (-126 - bits, False)):
                result = cfp_to_float(Word(mantissa, 0, exponent).cfp(), fmt)
                assert not result.saturated
                exact = mantissa * power(exponent)
                assert Fraction(float(result.samples[0])) == (exact if inside else 0)


@given(patterns, st.integers(8, 10))
def test_floats_of_few_bits_come_back(pattern: int, exponent_bits: int) -> None:
    """At M = 24 a mantissa has 23 magnitude bits: a float that needs no more stays exact."""
    fmt = Format(24, exponent_bits)
    samples = np.array([pattern & ~1], dtype=np.uint32).view(np.float32)
    word = float_to_cfp(samples, fmt)
    assume(not word.non_finite and bool(word.words.re[0]))
    assert cfp_to_float(word.words, fmt).samples.tobytes() == samples.tobytes()


@given(st.data(), formats)
def test_pack_is_the_memory_format(data: st.DataObject, fmt: Format) -> None:
    word = data.draw(words_of(fmt))
    slots = pack(word.cfp(), fmt)
    assert slots.dtype == np.uint64
    m, e = fmt.mantissa_bits, fmt.exponent_bits
    expected = word.re % (1 << m) | word.im % (1 << m) << m | word.exponent % (1 << e) << 2 * m
    assert int(slots[0]) == expected
    assert word_of(unpack(slots, fmt)) == word


def test_words_are_arrays() -> None:
    """Shape, indexing, stacking and complex values."""
    fmt = Format.of(Config("t", "", 2, 64, 16, 8, 20, True, 22))
    assert fmt == Format(16, 8)
    assert (fmt.mantissa_max, fmt.exponent_max, fmt.exponent_min) == (32767, 127, -128)
    words = zeros((2, 3), fmt)
    assert words.shape == (2, 3)
    assert words[1].shape == (3,)
    assert words.reshape(3, 2).shape == (3, 2)
    assert stack([words[0], words[1]]).shape == (2, 3)
    assert not words.to_complex().any()
    assert (words.exponent == -128).all()
    assert Word(-3, 5, -2).cfp().to_complex().tolist() == [-0.75 + 1.25j]
