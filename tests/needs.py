# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What some tests need besides `make env`."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


def need_torch() -> None:
    """Skips the calling module without torch. In CI, that is a failure: nobody would notice."""
    if find_spec("torch") is None or find_spec("safetensors") is None:
        sentence = "These tests need torch and safetensors: run `make env TORCH=1`."
        if os.environ.get("CI"):
            raise RuntimeError(sentence)
        pytest.skip(sentence, allow_module_level=True)
