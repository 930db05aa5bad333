# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""UVM agents, one an interface: sequencer, driver, monitor, configuration and coverage each."""
