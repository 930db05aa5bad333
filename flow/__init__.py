# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The project's own tools."""

from crocuta import stops

stops.watch_commands()
