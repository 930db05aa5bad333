# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What a configuration will take of an FPGA and of time, without building it."""
