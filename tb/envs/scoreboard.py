# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Scoreboards: they check equality, and fail on leftovers and on having compared nothing."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pyuvm import uvm_scoreboard

from tb.agents.agent import Listener
from tb.agents.beat import Beat


class Expected(NamedTuple):
    """An expected beat."""

    values: tuple[int, ...]
    clock: int | None = None
    """The expected clock; None: any."""


class Scoreboard(uvm_scoreboard):
    """Compares beats in order, and the clock of each if one is expected."""

    def build_phase(self) -> None:
        """Two ports: `expect` and `observe`."""
        self.expected: deque[Expected] = deque()
        self.compared = 0
        self.expect = Listener("expect", self, self.expected.append)
        self.observe = Listener("observe", self, self._observe)

    def _observe(self, beat: Beat) -> None:
        assert self.expected, f"{self.get_name()}: unexpected beat at clock {beat.clock}: {beat}"
        values, clock = self.expected.popleft()
        if beat.values != values:
            got, wanted = (" ".join(f"{value:x}" for value in row) for row in (beat.values, values))
            raise AssertionError(
                f"{self.get_name()}: beat {self.compared} at clock {beat.clock} is {got}"
                f" instead of {wanted}"
            )
        assert clock in (None, beat.clock), (
            f"{self.get_name()}: beat {self.compared} came at clock {beat.clock}, not {clock}"
        )
        self.compared += 1

    @property
    def drained(self) -> bool:
        """Whether everything expected has come."""
        return not self.expected

    def flush(self, clock: int) -> None:
        """Handles a reset at this clock: beats in flight will not come."""
        late = [item for item in self.expected if item.clock is not None and item.clock < clock]
        assert not late, f"{self.get_name()}: {len(late)} beats did not come before the reset"
        self.expected.clear()

    def check_phase(self) -> None:
        """Fails on leftovers and on having compared nothing."""
        assert not self.expected, f"{self.get_name()}: {len(self.expected)} beats never came"
        assert self.compared, f"{self.get_name()}: nothing was compared"


class PulseScoreboard(uvm_scoreboard):
    """Compares the clocks of pulses, at each reset and at the end, because a pulse may be expected
    only after it has come. It may compare nothing, if a data scoreboard stands beside it."""

    def build_phase(self) -> None:
        """Two ports: `expect` and `observe`."""
        self.expected: set[int] = set()
        self.observed: set[int] = set()
        self.compared = 0
        self.expect = Listener("expect", self, self.expected.add)
        self.observe = Listener("observe", self, lambda beat: self.observed.add(beat.clock))

    @property
    def drained(self) -> bool:
        """Whether everything expected has come."""
        return self.expected <= self.observed

    def _compare(self) -> None:
        missing, more = self.expected - self.observed, self.observed - self.expected
        assert not missing, f"{self.get_name()}: no pulse at clocks {sorted(missing)}"
        assert not more, f"{self.get_name()}: pulses without cause at clocks {sorted(more)}"
        self.compared += len(self.expected)

    def flush(self, clock: int) -> None:
        """Handles a reset: all pulses due before it must have come, and no others."""
        self.expected.difference_update([due for due in self.expected if due >= clock])
        self._compare()
        self.expected.clear()
        self.observed.clear()

    def check_phase(self) -> None:
        """Checks that expected and observed clocks are equal."""
        self._compare()
