# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Bit-exact numpy models of the Crocuta RTL: one module per block, with the block's name."""
