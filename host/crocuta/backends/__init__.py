# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What runs a job: the model, the simulated RTL, a card, a board."""
