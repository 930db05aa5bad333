# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""UVM environments, one per block: agents, predictor, scoreboard, coverage and sequences."""
