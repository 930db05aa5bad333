# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: what the kernel reaches, measured in its RTL and held against its targets.

One module a part: `throughput`, `lengths`, `memory`, `accuracy`, `software`, `roofline`, `planner`.
Each names the points it needs, which `points` measures once and keeps, and makes a `report.Section`
of them.
"""
