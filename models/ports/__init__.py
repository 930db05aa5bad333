# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""How samples lie in memory and in the lanes."""
