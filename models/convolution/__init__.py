# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Models of the schedule, the spectral MAC and overlap-add."""
