# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of twist: words of rows, rotated by the factors of each row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from pyuvm import uvm_analysis_port

from crocuta.models.arithmetic.cfp_multiply import rotate
from crocuta.models.cfp import Format
from crocuta.models.transform.fft_engine import to_lanes
from crocuta.models.transform.twiddle_rom import Twiddles
from crocuta.models.transform.twist import twist_factors
from tb.agents.beat import Beat
from tb.envs.fft_engine import config_of
from tb.envs.pipeline import PipelineEnv, Predictor, is_slow
from tb.lib.coverage import ANSWERS, covergroup
from tb.lib.words import beat_ints, beat_words, random_words

MOST_LANES = 8
"""With more, the lanes' constants take longer than the beat's factor."""


class Row(NamedTuple):
    """A row's index and the number of rows."""

    columns: int
    """log2 of the transform's rows."""
    number: int


def latency(lanes: int) -> int:
    """Clocks from a beat to its product, as in the header of twist."""
    return 29 + max(0, lanes - MOST_LANES)


class TwistPredictor(Predictor):
    """Predicts the product of every word and the factor of its row and place, with the model."""

    def build_phase(self) -> None:
        """Creates the covergroup of the rows, and writes the clocks of their `firsts` beats."""
        super().build_phase()
        self.firsts = uvm_analysis_port("firsts", self)
        dut = self.get_parent().dut
        self.config = config_of(dut)
        self.fmt = Format.of(self.config)
        self.chunk_beats = self.config.chunk_beats
        self.inverse = bool(int(dut.Inverse.value))
        self.latency = latency(self.config.lanes)
        self.ROWS = ("two", "some", "most")
        self.PLACES = ("first", "one between", "last")
        self._sample = covergroup(
            "twist.row",
            {
                "direction": ("forward", "inverse"),
                "rows": self.ROWS,
                "place": self.PLACES,
                "other_rows_before": ANSWERS,
                "saturated": ANSWERS,
            },
            {"rows_x_place": ("rows", "place"), "direction_x_rows": ("direction", "rows")},
            {"rows_x_place": [("two", "one between")]},
        )
        self.reset()

    def reset(self) -> None:
        """Forgets the row."""
        super().reset()
        self.row: Row | None = None
        self.before: Row | None = None
        self.factors: Twiddles | None = None
        self.number = 0
        self.saturated = False

    def beat(self, beat: Beat) -> None:
        """Rotates a beat; the first of a row tells which row it is."""
        value, columns, number = beat.values
        config = self.config
        if self.number == 0:
            self.firsts.write(beat.clock)
            self.row = Row(columns, number)
            found = twist_factors(slice(number, number + 1), 1 << columns, config)
            shape = (config.lanes, config.chunk_beats)
            self.factors = Twiddles(*(part.reshape(shape).T for part in found))
        assert self.factors is not None
        re, im = self.factors.re[self.number], self.factors.im[self.number]
        words = beat_words([value], config.lanes, self.fmt)[0]
        turned = rotate(words, re, -im if self.inverse else im, config.twiddle_bits, self.fmt)
        (out,) = beat_ints(turned.word[None], self.fmt)
        self.expect(out, beat.clock + self.latency)
        if turned.saturated:
            self.saturated = True
            self.flags.write(beat.clock + self.latency + 1)
        self.number += 1
        if self.number == self.chunk_beats:
            self.sample()
            self.before, self.number, self.saturated = self.row, 0, False

    def sample(self) -> None:
        """Samples a row."""
        assert self.row is not None
        columns, number = self.row
        rows = self.ROWS[2 if columns == self.config.column_levels else min(columns - 1, 1)]
        place = self.PLACES[(number > 0) + (number == (1 << columns) - 1)]
        other = self.before is not None and self.before.columns != columns
        direction = "inverse" if self.inverse else "forward"
        self._sample(direction, rows, place, ANSWERS[other], ANSWERS[self.saturated])


class TwistEnv(PipelineEnv):
    """The environment of a twist of either direction."""

    block = "twist"
    predictor_class = TwistPredictor
    inputs = ("beat_i", "columns_i", "row_i")

    def build_phase(self) -> None:
        """Adds the mark of a row's first beat."""
        super().build_phase()
        self.first_agent, self.first_scoreboard = self.pulse_agent("first_o")

    def connect_phase(self) -> None:
        """Compares its clocks, too."""
        super().connect_phase()
        self.predictor.firsts.connect(self.first_scoreboard.expect)
        self.first_agent.monitor.port.connect(self.first_scoreboard.observe)

    def rows(self) -> list[Row]:
        """All rows of all transforms, in any order."""
        levels = range(1, self.predictor.config.column_levels + 1)
        found = [Row(columns, j) for columns in levels for j in range(1 << columns)]
        return random.sample(found, len(found))

    def beats(
        self, rng: np.random.Generator, kind: str, row: Row | None = None
    ) -> Sequence[tuple[int, ...]]:
        """The beats of a row of random words, any row if none is given. Only the first beat tells
        which row it is: the others carry random indices."""
        config, fmt = self.predictor.config, Format.of(self.predictor.config)
        columns, number = row or random.choice(self.rows())
        words = to_lanes(random_words(rng, kind, config.chunk, fmt), config)
        first, *others = beat_ints(words, fmt)
        ports = (self.dut.columns_i, self.dut.row_i)
        noise = ([random.getrandbits(len(port)) for port in ports] for _ in others)
        return [(first, columns, number), *((beat, *next(noise)) for beat in others)]

    @property
    def slow(self) -> bool:
        """Whether simulating a row takes seconds in this simulator."""
        return is_slow(self.predictor.config.chunk)
