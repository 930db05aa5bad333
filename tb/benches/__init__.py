# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The benches, in the folders of rtl/, each with its SystemVerilog top."""
