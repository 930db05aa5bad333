# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How a bench fails."""

from __future__ import annotations


class BenchFailure(Exception):
    """A bench that did not build, failed, or ran no test; the message names the log."""
