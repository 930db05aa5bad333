# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A Python process of its own, for what depends on the environment or on what is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

from crocuta.models.configs import ROOT


def printed(code: str, **environment: str) -> str:
    """What `code` prints in the project's directory, with these environment variables."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
