# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: the kernel's performance, measured in its RTL and checked against targets.

One module per part: `throughput`, `lengths`, `memory`, `accuracy`, `software`, `roofline`,
`planner`, `schedules`. Each lists the points that it needs, which `points` measures once and
stores, and turns them into a `report.Section`.
"""

from crocuta import stops

stops.watch_commands()
