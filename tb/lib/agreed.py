# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What a bench and its entry in tb/registry.py have to agree on."""

from __future__ import annotations

import random

BRIEF = "BENCH_BRIEF"
"""Environment variable: run only what other configurations cannot show."""
MANY_ROWS = 300
"""More rows than 8 bits can count."""
MANY_ROWS_CHUNK = 512
"""The largest chunk at which the kernel's bench runs a job with that many rows."""
BOARD_CHUNKS = 3
"""The most chunks of a row that the board's bench convolves."""
RAM_WIDTH = 27
RAM_WORDS = tuple(random.Random(1).choices(range(1 << RAM_WIDTH), k=40))
"""The initial words for the bench of a ram with an initialisation file."""
