# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The benches' scoreboards: what they accept, and everything that they must reject."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyuvm import uvm_root

from tb.agents.beat import Beat
from tb.envs.scoreboard import Expected, PulseScoreboard, Scoreboard


@pytest.fixture
def beats() -> Iterator[Scoreboard]:
    board = Scoreboard("beats", None)
    board.build_phase()
    yield board
    uvm_root().clear_children()


@pytest.fixture
def pulses() -> Iterator[PulseScoreboard]:
    board = PulseScoreboard("pulses", None)
    board.build_phase()
    yield board
    uvm_root().clear_children()


def test_beats_that_are_equal_at_their_clocks_pass(beats: Scoreboard) -> None:
    beats.expect.write(Expected((1, 2), 7))
    beats.expect.write(Expected((3, 4)))
    assert not beats.drained
    beats.observe.write(Beat(7, (1, 2)))
    beats.observe.write(Beat(70, (3, 4)))
    assert beats.drained
    beats.expect.write(Expected((5, 6), 100))
    beats.flush(100)
    beats.check_phase()
    assert beats.compared == 2


@pytest.mark.parametrize(
    ("beat", "problem"),
    [
        (Beat(7, (1, 3)), "is 1 3 instead of 1 2"),
        (Beat(8, (1, 2)), "came at clock 8, not 7"),
        (Beat(6, (1, 2)), "came at clock 6, not 7"),
    ],
)
def test_a_beat_that_is_not_equal_fails(beats: Scoreboard, beat: Beat, problem: str) -> None:
    beats.expect.write(Expected((1, 2), 7))
    with pytest.raises(AssertionError, match=problem):
        beats.observe.write(beat)


def test_a_beat_too_many_fails_also_after_a_reset(beats: Scoreboard) -> None:
    with pytest.raises(AssertionError, match="unexpected beat at clock 3"):
        beats.observe.write(Beat(3, (1,)))
    beats.expect.write(Expected((1,), 9))
    beats.flush(9)
    with pytest.raises(AssertionError, match="unexpected beat at clock 10"):
        beats.observe.write(Beat(10, (1,)))


def test_a_beat_that_was_due_before_a_reset_fails(beats: Scoreboard) -> None:
    beats.expect.write(Expected((1,), 8))
    with pytest.raises(AssertionError, match="1 beats did not come before the reset"):
        beats.flush(9)


def test_a_beat_that_never_comes_fails(beats: Scoreboard) -> None:
    beats.expect.write(Expected((1,)))
    beats.observe.write(Beat(1, (1,)))
    beats.expect.write(Expected((2,)))
    with pytest.raises(AssertionError, match="1 beats never came"):
        beats.check_phase()


def test_nothing_compared_fails(beats: Scoreboard) -> None:
    with pytest.raises(AssertionError, match="nothing was compared"):
        beats.check_phase()


def test_pulses_at_their_clocks_pass_in_any_order(pulses: PulseScoreboard) -> None:
    pulses.observe.write(Beat(3, ()))
    pulses.expect.write(3)
    pulses.expect.write(5)
    assert not pulses.drained
    pulses.observe.write(Beat(5, ()))
    assert pulses.drained
    pulses.expect.write(9)  # would have come during the reset
    pulses.flush(9)
    pulses.expect.write(20)
    pulses.observe.write(Beat(20, ()))
    pulses.check_phase()
    assert pulses.compared == 3


@pytest.mark.parametrize("at_reset", [False, True])
def test_a_pulse_without_cause_fails(pulses: PulseScoreboard, at_reset: bool) -> None:
    pulses.expect.write(3)
    for clock in (3, 4):
        pulses.observe.write(Beat(clock, ()))
    with pytest.raises(AssertionError, match=r"pulses without cause at clocks \[4\]"):
        pulses.flush(9) if at_reset else pulses.check_phase()


@pytest.mark.parametrize("at_reset", [False, True])
def test_a_pulse_that_does_not_come_fails(pulses: PulseScoreboard, at_reset: bool) -> None:
    for clock in (3, 8):
        pulses.expect.write(clock)
    pulses.observe.write(Beat(3, ()))
    with pytest.raises(AssertionError, match=r"no pulse at clocks \[8\]"):
        pulses.flush(9) if at_reset else pulses.check_phase()


def test_a_reset_forgets_the_pulses_before_it(pulses: PulseScoreboard) -> None:
    pulses.expect.write(3)
    pulses.observe.write(Beat(3, ()))
    pulses.flush(9)
    pulses.expect.write(3)
    with pytest.raises(AssertionError, match=r"no pulse at clocks \[3\]"):
        pulses.check_phase()
