# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""UVM agents, one per interface: sequencer, driver, monitor, configuration and coverage."""
