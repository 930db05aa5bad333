# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The RTL as a product's part: its files, its parameters, how it is compiled."""
