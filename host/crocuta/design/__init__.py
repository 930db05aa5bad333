# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The RTL as part of the package: its files, its parameters, and how it is compiled."""
