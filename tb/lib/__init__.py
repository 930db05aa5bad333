# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Helpers shared by agents, environments and benches."""
